//! What is refused, with its code, its place in the author's text, and the line.

use fieldpost_script::compile::{CHAIN_LINKS_MAX, NESTING_MAX, SOURCE_BYTES_MAX};

use crate::support::try_compile;

#[track_caller]
fn check(source: &str, code: &str, place: &str, frame: &str) {
    let error = try_compile(source).expect_err(source);
    let position = error.position.map(|place| format!("{}:{}", place.line, place.column));
    assert_eq!((error.code(), position.as_deref()), (code, Some(place)), "{source}: {error}");
    assert_eq!(error.frame, frame, "of {source}");
    assert!(!error.to_string().is_empty());
}

#[test]
fn a_syntax_error_is_told_at_its_place() {
    check("fn(", "job-syntax", "1:4", "1 | fn(\n  |    ^");
    check("fn(a);\nfn(b c);", "job-syntax", "2:6", "2 | fn(b c);\n  |      ^");
    check("const a = 1;\r\nconst a = 2;", "job-syntax", "1:7", "1 | const a = 1;\n  |       ^");
    check("é😀 = ;", "job-syntax", "1:2", "1 | é😀 = ;\n  |  ^");
    check("\u{feff}let let = 1", "job-syntax", "1:5", "1 | let let = 1\n  |     ^^^");
    check(
        "fn(() => { await a })",
        "job-syntax",
        "1:12",
        "1 | fn(() => { await a })\n  |            ^^^^^",
    );
    check("return 1", "job-syntax", "1:1", "1 | return 1\n  | ^^^^^^");
    check("with (a) b", "job-syntax", "1:1", "1 | with (a) b\n  | ^^^^");
    check("fn(<a/>)", "job-syntax", "1:4", "1 | fn(<a/>)\n  |    ^");
    check("let a: string", "job-syntax", "1:6", "1 | let a: string\n  |      ^");
}

#[test]
fn a_lazy_state_without_an_operation_is_told_at_its_place() {
    let code = "lazy-state-outside-operation";
    check("const x = $.data;", code, "1:11", "1 | const x = $.data;\n  |           ^");
    check("\n$.data = 20;", code, "2:1", "2 | $.data = 20;\n  | ^");
    check("fn(() => { $.a = 1 })", code, "1:12", "1 | fn(() => { $.a = 1 })\n  |            ^");
    check(
        "fn(state => { return $.a })",
        code,
        "1:22",
        "1 | fn(state => { return $.a })\n  |                      ^",
    );
    check(
        "fn(function (state) { $.a })",
        code,
        "1:23",
        "1 | fn(function (state) { $.a })\n  |                       ^",
    );
    check(
        "const f = state => $.a;",
        code,
        "1:20",
        "1 | const f = state => $.a;\n  |                    ^",
    );
    check(
        "export const x = { a: $.b };",
        code,
        "1:23",
        "1 | export const x = { a: $.b };\n  |                       ^",
    );
    check("fn(class { a = $.b })", code, "1:16", "1 | fn(class { a = $.b })\n  |                ^");
}

#[test]
fn a_lazy_state_in_another_function_is_told_at_its_place() {
    let code = "lazy-state-parameter";
    check("get(s => $.a)", code, "1:10", "1 | get(s => $.a)\n  |          ^");
    check(
        "get((state, b) => $.a)",
        code,
        "1:19",
        "1 | get((state, b) => $.a)\n  |                   ^",
    );
    check("get(() => $.a)", code, "1:11", "1 | get(() => $.a)\n  |           ^");
    check(
        "get((...state) => $.a)",
        code,
        "1:19",
        "1 | get((...state) => $.a)\n  |                   ^",
    );
    check(
        "get((state = {}) => $.a)",
        code,
        "1:21",
        "1 | get((state = {}) => $.a)\n  |                     ^",
    );
    check(
        "get(({ data }) => $.a)",
        code,
        "1:19",
        "1 | get(({ data }) => $.a)\n  |                   ^",
    );
    check("get(...$.a)", "lazy-state-spread", "1:8", "1 | get(...$.a)\n  |        ^");
}

#[test]
fn waiting_where_nobody_can_wait_is_told_at_its_place() {
    check("get($.a + await b)", "job-await", "1:11", "1 | get($.a + await b)\n  |           ^^^^^");
    check(
        "get(a).then(await b)",
        "job-await",
        "1:13",
        "1 | get(a).then(await b)\n  |             ^^^^^",
    );
    check(
        "function* f() { get(yield $.a) }",
        "job-await",
        "1:21",
        "1 | function* f() { get(yield $.a) }\n  |                     ^^^^^",
    );
    for source in [
        "get(await b)",
        "get(async state => await $.a)",
        "get({ a: $.b, c: async () => await d })",
        "get(await a).then(b)",
        "get(a).catch(await b)",
        "get(a).then(async b => await b)",
    ] {
        assert!(try_compile(source).is_ok(), "{source}");
    }
}

#[test]
fn every_bound_refuses_one_more() {
    let code = |source: &str| try_compile(source).err().map(|error| error.code());
    let large = |bytes: usize| format!("//{}", "x".repeat(bytes - 2));
    assert_eq!(code(&large(SOURCE_BYTES_MAX)), None);
    assert_eq!(code(&large(SOURCE_BYTES_MAX + 1)), Some("job-too-large"));
    let nested = |depth: usize| format!("x = {}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(code(&nested(NESTING_MAX)), None);
    assert_eq!(code(&nested(NESTING_MAX + 1)), Some("job-nested-too-deeply"));
    // The `=` is a link as well.
    let chain = |links: usize| format!("x = {}1", "!".repeat(links - 1));
    assert_eq!(code(&chain(CHAIN_LINKS_MAX)), None);
    assert_eq!(code(&chain(CHAIN_LINKS_MAX + 1)), Some("job-chain-too-long"));
}

/// Each of these calls the parser, the passes or the scopes for every level: none ends the process.
#[test]
fn ten_thousand_levels_are_refused_and_all_below_the_bounds_compile() {
    let shapes: &[(&str, &str, &str)] = &[
        ("fn(", "1", ")"),
        ("[", "1", "]"),
        ("({a:", "1", "})"),
        ("() => {", "1", "}"),
        ("{", "1", "}"),
        ("!", "1", ""),
        ("a => ", "1", ""),
        ("a = ", "1", ""),
        ("1 + ", "1", ""),
        ("new ", "A", ""),
        ("1 ? 2 : ", "1", ""),
        ("2 ** ", "1", ""),
        ("if (1) ", "1", ""),
        ("`${", "1", "}`"),
        ("class extends ", "A", "{}"),
        ("for (;;) ", "1", ""),
        ("async a => ", "1", ""),
        ("", "a", ".b"),
        ("", "a", "()"),
        ("", "a", "`b`"),
        ("", "a", "?.b"),
        ("(", "1", ")"),
        ("", "fn(a)", ".then(b)"),
        ("fn($.a, ", "1", ")"),
        ("typeof ", "1", ""),
        ("do ", "1", ";while(1)"),
        ("function f() {", "1", "}"),
        ("switch (1) { case 1:", "1", "}"),
        ("if (1) 1; else ", "1", ""),
        ("(state => ", "$.a", ")"),
        ("fn({ a: $.b, c: ", "1", "})"),
        ("try {", "1", "} finally {}"),
    ];
    for (before, inner, after) in shapes {
        let job = |depth: usize| {
            format!("x = 1;\n{}{inner}{}", before.repeat(depth), after.repeat(depth))
        };
        let error = try_compile(&job(10_000)).expect_err(before);
        let expected = ["job-nested-too-deeply", "job-chain-too-long"];
        assert!(expected.contains(&error.code()), "{before}…{after}: {error}");
        let is_too_deep = |depth: usize| {
            try_compile(&job(depth)).is_err_and(|error| expected.contains(&error.code()))
        };
        // The deepest that the bounds let through, or nearly so, is within the parser's stack: a
        // level has a few brackets or a few links.
        let by_links = (1..=12).map(|links| (CHAIN_LINKS_MAX - 2) / links);
        let by_brackets = (1..=4).map(|brackets| (NESTING_MAX - 1) / brackets);
        let deepest = by_links.chain(by_brackets).find(|depth| !is_too_deep(*depth)).unwrap();
        assert!(deepest > 50, "{before}…{after}: {deepest}");
    }
}
