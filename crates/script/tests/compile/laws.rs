//! What holds of every job: laws, tried with jobs that are put together by chance.

use fieldpost_script::compile::{Position, compile};
use proptest::prelude::*;

use crate::support::{common, try_compile};

/// An expression in the dialect, as people and machines write them.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("$.data".to_owned()),
        Just("$.items[0]?.name".to_owned()),
        Just("state".to_owned()),
        Just("'$.x' /* $.y */".to_owned()),
        Just("`é😀 ${1}`".to_owned()),
        Just("x".to_owned()),
        Just("await x".to_owned()),
        Just("/[/$.a]/g".to_owned()),
        Just("$".to_owned()),
        "[0-9]{1,3}",
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (Just("fn get http.post each"), 0..4_usize, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(names, index, arguments)| {
                    let name = names.split(' ').nth(index).unwrap();
                    format!("{name}({})", arguments.join(", "))
                }),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("get({a}).then({b})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("get({a}).catch({b}).then(x)")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("{{ a: {a}, x }}.a")),
            inner.clone().prop_map(|a| format!("[{a}, ...x]")),
            inner.clone().prop_map(|a| format!("state => {a}")),
            inner.clone().prop_map(|a| format!("s => {{ // why\n return {a} }}")),
            inner.clone().prop_map(|a| format!("function ($) {{ return {a} }}")),
            inner.clone().prop_map(|a| format!("`a${{{a}}}b`")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{a} + {b}")),
        ]
    })
}

fn statement() -> impl Strategy<Value = String> {
    let end =
        prop_oneof![Just(";"), Just("\n"), Just("; // why\n"), Just("\r\n"), Just(" /* $.z */ ;")];
    let line = prop_oneof![
        expression().prop_map(|a| format!("fn({a})")),
        expression().prop_map(|a| format!("get({a}).then({a})")),
        expression().prop_map(|a| format!("var v = {a}")),
        expression().prop_map(|a| format!("// Größe\nhttp.get({a})")),
        expression().prop_map(|a| format!("if (x) fn({a})")),
        expression().prop_map(|a| format!("export default [{a},]")),
        Just("function f() { get($.a) }".to_owned()),
        Just("import 'x'".to_owned()),
        Just("'use strict'".to_owned()),
    ];
    (line, end).prop_map(|(line, end)| format!("{line}{end}"))
}

/// Each character of the author's that stays leads back to a character that is the same.
fn leads_back(source: &str, module: &str, map: impl Fn(Position) -> Option<Position>) {
    let lines: Vec<Vec<char>> = source.split('\n').map(|line| line.chars().collect()).collect();
    for (line, text) in (1..).zip(module.split('\n')) {
        for (column, character) in (1..).zip(text.chars()) {
            if character == '\r' || character.is_ascii() {
                continue;
            }
            let place = map(Position { line, column }).expect("a place of the module");
            let (row, column) = (place.line as usize - 1, place.column as usize - 1);
            assert_eq!(lines[row][column], character, "{place} of {source}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What comes out is a module (the compiler parses it again, and so does this test by
    /// compiling it), and compiling it once more changes nothing.
    #[test]
    fn what_comes_out_is_a_module_that_needs_nothing(
        statements in prop::collection::vec(statement(), 0..6)
    ) {
        let source = statements.concat();
        if let Ok(compiled) = try_compile(&source) {
            leads_back(&source, &compiled.module, |at| compiled.positions.source_position(at));
            let again = try_compile(&compiled.module);
            if let Ok(again) = again {
                prop_assert_eq!(&again.module, &compiled.module, "of {}", source);
            }
        }
    }

    /// Text of any kind is compiled or refused, and never ends the process.
    #[test]
    fn any_text_is_compiled_or_refused(source in "[a-z$.(){}\\[\\]=>`'\"/!;:,\\\\ \n\u{e9}\u{2028}-]{0,60}") {
        match compile(&source, &[common()]) {
            Ok(compiled) => prop_assert!(compiled.module.contains("export")),
            Err(error) => {
                prop_assert_ne!(error.code(), "job-compiler", "{}", source);
                prop_assert!(error.position.is_some(), "{}: {}", source, error);
            }
        }
    }

    /// What needs no change stays byte for byte.
    #[test]
    fn what_needs_no_change_stays(
        spaces in "[ \t\n\r]{0,4}",
        comment in "[a-zé😀$.(){}'\"` ]{0,20}",
        text in "[a-zé😀$.(){} ]{0,20}",
        mark in prop::bool::ANY,
    ) {
        let mark = if mark { "\u{feff}" } else { "" };
        let source = format!(
            "{mark}{spaces}// {comment}\n'use strict'; const a = '{text}'{spaces};\n\
             export default [state => {{ state.a = a; return state }}, {spaces}];{spaces}/* {comment} */"
        );
        let compiled = compile(&source, &[common()]).unwrap();
        prop_assert_eq!(compiled.module, source);
    }
}

/// Pieces that nest, end, hide or begin something, when they are put one behind the other.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "`",
    "${",
    "/",
    "/\"/",
    "'",
    "\"",
    "//",
    "/*",
    "*/",
    "\n",
    "\u{2028}",
    ";",
    ",",
    ":",
    "?",
    "!",
    "++",
    "--",
    "=",
    "=>",
    "+",
    ".",
    "?.",
    "...",
    "a",
    "1",
    "$.a",
    "$",
    "\\u{61}",
    " if(a)",
    " else ",
    " for(;;)",
    " while(a)",
    " do ",
    " async ",
    " await ",
    " yield ",
    " of ",
    " in ",
    " new ",
    " typeof ",
    " class ",
    " extends ",
    " function a()",
    " function*a()",
    " switch(a){case ",
    " case ",
    " return ",
    " throw ",
    " import(",
    " export default ",
    " let ",
    " static{",
    " get ",
    "a=>",
    "a:",
    "fn(",
    ".then(",
    ".catch(",
    "try{",
    "}catch{",
    "}finally{",
    " label:",
    " this",
    " super",
    "@a",
    "#a",
    "<!--",
    "-->",
    "\u{a0}",
    "\u{feff}",
    "\\",
    "`${a}`",
    "0.",
    ".5",
    "1e",
    "-",
    "**",
    "??=",
    "&&",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However pieces are repeated, none gets past the bounds to where the parser has no stack left.
    #[test]
    fn no_repetition_ends_the_process(
        head in prop::collection::vec(prop::sample::select(PIECES), 0..5),
        cycle in prop::collection::vec(prop::sample::select(PIECES), 1..6),
        times in prop::sample::select(&[200_usize, 1_500, 40_000]),
        tail in prop::collection::vec(prop::sample::select(PIECES), 0..3),
    ) {
        let source = format!("{}{}{}", head.concat(), cycle.concat().repeat(times), tail.concat());
        if let Err(error) = compile(&source, &[common()]) {
            prop_assert_ne!(error.code(), "job-compiler", "{:?} {:?}", head, cycle);
        }
    }
}
