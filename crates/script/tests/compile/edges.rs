//! Texts as people and their editors make them: marks, line ends, comments, every script of the
//! world; and the way from a place of the module back to the author's.

use fieldpost_script::compile::{Position, compile};

use crate::support::{body, common, compiled, try_compile};

#[test]
fn a_byte_order_mark_and_a_line_for_the_shell_go() {
    assert_eq!(compiled("\u{feff}fn(a)").module, compiled("fn(a)").module);
    let shell = compiled("#!/usr/bin/env openfn\nfn(a)");
    assert_eq!(shell.module, "import { fn } from \"common\";\nexport default [\nfn(a),\n];");
    let operation = &shell.operations[0];
    assert_eq!(operation.position, Position { line: 2, column: 1 });
    assert_eq!(compiled("\u{feff}fn(a)").operations[0].position, Position { line: 1, column: 1 });
}

#[test]
fn line_ends_stay_as_they_are() {
    assert_eq!(
        compile("a();\r\nb($.c);\r\n", &[]).unwrap().module,
        "export default [\na(),\r\nb(state => state.c),\n];\r\n"
    );
    assert_eq!(
        compile("a()\u{2028}b()", &[]).unwrap().module,
        "export default [\na(),\u{2028}b(),\n];"
    );
}

#[test]
fn comments_and_every_script_stay() {
    let source = "/* Größe 😀 */ fn(`日本 ${$.名前}`, $.größe /* é */) // ende";
    let expected =
        "/* Größe 😀 */ fn(state => `日本 ${state.名前}`, state => state.größe /* é */), // ende";
    assert_eq!(body(source), expected);
}

#[test]
fn semicolons_are_optional() {
    assert_eq!(body("fn(a)\nfn(b)\n\n\nfn(c)"), "fn(a),\nfn(b),\n\n\nfn(c)");
    assert_eq!(body("fn(a)\n(b)"), "fn(a)\n(b)", "as JavaScript reads it: one call");
}

#[test]
fn newer_javascript_is_understood() {
    for source in [
        "class A { #a = 1; static b = 2; get c() { return this.#a } }\nfn(new A())",
        "fn(10n, 1_000, 0b1)",
        "fn(s => { s.a ??= 1; s.b &&= 2; s.c ||= 3; return s?.d?.[0] })",
        "const a = await b;\nfor await (const c of a) {}\nfn(a)",
        "fn(async s => { for await (const a of s) {} return s })",
        "import x from './x.json' with { type: 'json' };\nfn(x)",
        "fn(s => { try { a() } catch { b() } })",
        "label: for (;;) { break label }\nfn(a)",
        "fn(/(?<a>b)/v)",
        "'use strict';\nfn(a)",
    ] {
        assert!(try_compile(source).is_ok(), "{source}: {:?}", try_compile(source).err());
    }
}

/// The text of the module at each marked word comes from that word of the job.
#[track_caller]
fn check_places(source: &str, words: &[&str]) {
    let compiled = compile(source, &[common()]).unwrap();
    let place = |text: &str, at: usize| {
        let before = text.get(..at).unwrap();
        let line = before.split('\n').count();
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let narrow = |number: usize| u32::try_from(number).unwrap();
        Position { line: narrow(line), column: narrow(column) }
    };
    for word in words {
        let there = place(&compiled.module, compiled.module.find(word).expect(word));
        let here = place(source, source.find(word).expect(word));
        assert_eq!(compiled.positions.source_position(there), Some(here), "{word} of {source}");
    }
}

#[test]
fn places_of_the_module_lead_back() {
    check_places("one();\nconst two = 2;\nthree(é, four)", &["one", "two", "three", "four"]);
    check_places("one({ a: $.two, b: [\n $.three ] })", &["one", "two", "three", "b:"]);
    check_places("one(two).catch(three).then(four)", &["one", "two", "three", "four"]);
    check_places("one(two)\n  .then(three)\n  .then(() => four)", &["one", "two", "three", "four"]);
    check_places("export default [one];\ntwo($.three);\n// four", &["one", "two", "three", "four"]);
    check_places("/* zero */ one(\r\n  two\r\n);\r\nthree()", &["zero", "one", "two", "three"]);
}

#[test]
fn what_the_compiler_added_leads_to_what_called_for_it() {
    let compiled = compiled("const a = 1;\n  get($.b).then(c)");
    let at = |line: u32, column: u32| {
        let place = compiled.positions.source_position(Position { line, column });
        place.map(|place| (place.line, place.column))
    };
    let lines: Vec<&str> = compiled.module.lines().collect();
    assert_eq!(lines[4], "  _defer(get(state => state.b), p => p.then(c)),");
    assert_eq!(at(5, 3), Some((2, 3)), "`_defer` is told at `get`");
    assert_eq!(at(5, 14), Some((2, 7)), "`state =>` is told at `$`");
    assert_eq!(at(5, 23), Some((2, 7)), "`state` is told at `$`");
    assert_eq!(at(1, 1), Some((1, 1)), "imports are told at the first line");
    assert_eq!(at(100, 1), None);
    assert_eq!(at(1, 1000), None);
}
