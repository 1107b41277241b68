//! Each of the five passes, by what it makes of a job.

use fieldpost_script::compile::{Adaptor, RUNTIME, compile};

use crate::support::{adaptor, body, common, compiled};

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(body(source), expected, "of {source}");
}

#[track_caller]
fn check_unchanged(source: &str) {
    check(source, source);
}

#[test]
fn a_lazy_state_becomes_a_function_of_the_state() {
    check("get($.data)", "get(state => state.data)");
    check("get($.a.b.c)", "get(state => state.a.b.c)");
    check("get($['a'][0])", "get(state => state['a'][0])");
    check("get($.a?.b.c)", "get(state => state.a?.b.c)");
    check("get($?.a)", "get(state => state?.a)");
    check("get(!$.a)", "get(state => !state.a)");
    check("get(($.a))", "get(state => (state.a))");
    check("get($.a, $.b)", "get(state => state.a, state => state.b)");
    check("get('/x', $.a)", "get('/x', state => state.a)");
    check("get($.a + ' ' + $.b)", "get(state => state.a + ' ' + state.b)");
    check("get(cities[$.a])", "get(state => cities[state.a])");
    check("get($.a ? $.b : c)", "get(state => state.a ? state.b : c)");
    check("get(`a ${$.b} ${$.c}`)", "get(state => `a ${state.b} ${state.c}`)");
    check("get({ a: $.b })", "get(state => ({ a: state.b }))");
    check("get({ a: $.b }.a)", "get(state => ({ a: state.b }.a))");
    check("get([$.a, ...$.b])", "get(state => [state.a, ...state.b])");
    check("get(new Date($.a))", "get(state => new Date(state.a))");
    check("get(tag`a${$.b}`)", "get(state => tag`a${state.b}`)");
    check("get($.a = 1)", "get(state => state.a = 1)");
}

#[test]
fn the_nearest_call_takes_the_lazy_state() {
    check("fnIf(Boolean($.a), fn(f))", "fnIf(Boolean(state => state.a), fn(f))");
    check("each($.items, fn(f))", "each(state => state.items, fn(f))");
    check("combine(get($.a), get($.b))", "combine(get(state => state.a), get(state => state.b))");
    check("each(a, combine(get({ b: $.c })))", "each(a, combine(get(state => ({ b: state.c }))))");
    check("fn({ a: $.b, c: map($.d) })", "fn(state => ({ a: state.b, c: map(state => state.d) }))");
    check("fn(() => { get($.a) })", "fn(() => { get(state => state.a) })");
    check("http.get($.a)", "http.get(state => state.a)");
    check(
        "const later = get($.a);\nfn(later)",
        "const later = get(state => state.a);\nexport default [\nfn(later)",
    );
    check("fn(fs[$.a](b))", "fn((state => fs[state.a])(b))");
    check("fn((state => $.a)(b))", "fn((state => state.a)(b))");
}

#[test]
fn in_a_function_of_the_state_only_the_name_changes() {
    check("get(state => $.a)", "get(state => state.a)");
    check("get((state) => `a ${$.b}`)", "get((state) => `a ${state.b}`)");
    check("get((state => $.a))", "get((state => state.a))");
    check("get(async state => $.a)", "get(async state => state.a)");
    check("get(state => ({ a: $.b }))", "get(state => ({ a: state.b }))");
}

#[test]
fn a_call_on_the_lazy_state_belongs_to_it() {
    check("fn($.call())", "fn(state => state.call())");
    check("fn($.call($.age))", "fn(state => state.call(state.age))");
    check("fn($.a.call().b)", "fn(state => state.a.call().b)");
    check("each($.items.filter(x => x.ok), f)", "each(state => state.items.filter(x => x.ok), f)");
    check("fn($.items.map(x => $.a))", "fn(state => state.items.map(x => state.a))");
    check("fn($.call() + 1)", "fn(state => state.call() + 1)");
    check("fn($.call?.())", "fn(state => state.call?.())");
    check(
        "const a = $.call();\nfn(a)",
        "const a = (state => state.call());\nexport default [\nfn(a)",
    );
}

#[test]
fn what_is_no_lazy_state_stays() {
    check_unchanged("get('$.a')");
    check_unchanged("get(`$.a`)");
    check_unchanged("get(/$.a/)");
    check_unchanged("get(a.$.b)");
    check("get(a) // $.b", "get(a), // $.b");
    check_unchanged("get(fn($))");
    check_unchanged("get({ $: 1 })");
    check_unchanged("get($$.a)");
    check_unchanged("fn(($) => { return $.a.b; })");
    check_unchanged("fn(s => { const $ = 10; s.a = $.b; return s; })");
    check_unchanged("fn(s => { function $() {} return $.a; })");
    check_unchanged("fn(s => { try { a() } catch ($) { b($.c) } })");
    let constant = "const x = { a: $.b, c: [{ d: get($.e) }] };";
    assert!(compiled(constant).module.starts_with(&format!("{}\n{constant}", imports("get"))));
    check("const $ = 1;\nfn($.a)", "const $ = 1;\nexport default [\nfn(state => state.a)");
}

fn imports(names: &str) -> String {
    format!("import {{ {names} }} from \"common\";")
}

#[test]
fn promises_on_operations_are_deferred() {
    check("fn(x).then(f)", "_defer(fn(x), p => p.then(f))");
    check("fn(x).then(f).then(g)", "_defer(fn(x), p => p.then(f).then(g))");
    check("fn(x).catch(f)", "_defer(fn(x), undefined, f)");
    check("fn(x).catch(f).then(g)", "_defer(fn(x), p => p.then(g), f)");
    check("fn(x).catch(f).then(g).catch(h)", "_defer(fn(x), p => p.then(g).catch(h), f)");
    check("fn(x).then(f).catch(g)", "_defer(fn(x), p => p.then(f).catch(g))");
    check("fn(x).finally(f)", "_defer(fn(x), p => p.finally(f))");
    check("fn(x).catch()", "_defer(fn(x), undefined, undefined)");
    check("fn(get(x).then(f))", "fn(_defer(get(x), p => p.then(f)))");
    check(
        "fn(get(x).then(f), post(x).then(g))",
        "fn(_defer(get(x), p => p.then(f)), _defer(post(x), p => p.then(g)))",
    );
    check(
        "fn(get(x).then(f)).then(g)",
        "_defer(fn(_defer(get(x), p => p.then(f))), p => p.then(g))",
    );
    check("http.get(x).then(f)", "_defer(http.get(x), p => p.then(f))");
    check("fn(x)(y).then(f)", "_defer(fn(x)(y), p => p.then(f))");
    check("(fn(x).then(f)).catch(g)", "_defer(fn(x), p => (p.then(f)).catch(g))");
    check("(fn(x)).then(f)", "_defer((fn(x)), p => p.then(f))");
    check("fn(x)?.then(f)", "_defer(fn(x), p => p?.then(f))");
    check(
        "fn(x).catch(get(y).then(f))",
        "_defer(fn(x), undefined, _defer(get(y), p => p.then(f)))",
    );
    check("fn(x).then(get(y).then(f))", "_defer(fn(x), p => p.then(get(y).then(f)))");
    check("fn(x)\n  // why\n  .then(f)", "_defer(fn(x), p => p\n  // why\n  .then(f))");
    check(
        "fn(x) /* a */ .catch(/* b */ f /* c */)",
        "_defer(fn(x), undefined, /* a */\n/* b */\nf/* c */\n)",
    );
    check("get($.a).then($.b)", "_defer(get(state => state.a), p => p.then(state => state.b))");
}

#[test]
fn other_promises_stay() {
    check_unchanged("fn(s => { return get(x).then(f) })");
    check_unchanged("fn(s => get(x).then(f))");
    check_unchanged("fn(promise.then(f))");
    check_unchanged("fn(x.then)");
    check_unchanged("fn(get(x)['then'](f))");
    check("{ get(x).then(f) }\nfn(x)", "{ get(x).then(f) }\nexport default [\nfn(x)");
    check(
        "const a = await get(x).then(f);\nfn(a)",
        "const a = await get(x).then(f);\nexport default [\nfn(a)",
    );
    check(
        "get({ a: $.b, c: get(x).then(f) })",
        "get(state => ({ a: state.b, c: get(x).then(f) }))",
    );
}

#[test]
fn the_helper_takes_no_name_of_the_job() {
    let source = "const _defer = 1, p = 2;\nfn(_defer).then(() => p)";
    let module = compiled(source).module;
    assert!(module.contains("import { defer as _defer1 } from \"@openfn/runtime\";"), "{module}");
    assert!(module.contains("_defer1(fn(_defer), p1 => p1.then(() => p))"), "{module}");
}

#[track_caller]
fn check_module(source: &str, expected: &str) {
    let compiled = compile(source, &[]).unwrap();
    assert_eq!(compiled.module, expected, "of {source}");
}

#[test]
fn operations_move_into_the_exported_array() {
    check_module("", "export default [];\n");
    check_module("fn(a)", "export default [\nfn(a),\n];");
    check_module("fn(a);", "export default [\nfn(a),\n];");
    check_module("fn(a);\n", "export default [\nfn(a),\n];\n");
    check_module("a();\nb();", "export default [\na(),\nb(),\n];");
    check_module("a();b()", "export default [\na(),b(),\n];");
    check_module("const x = 1;\na(x);", "const x = 1;\nexport default [\na(x),\n];");
    check_module("a();\nconst x = 1;\nb();", "\nconst x = 1;\nexport default [\na(),\nb(),\n];");
    check_module(
        "// one\na(); // two\n\n// three\nb();\n// four",
        "export default [\n// one\na(), // two\n\n// three\nb(),\n];\n// four",
    );
    check_module("a() // one\n;", "export default [\na(), // one\n\n];");
    check_module("const x = 1; // of x\na();", "const x = 1; // of x\nexport default [\na(),\n];");
    check_module("a(); /* of b */ b();", "export default [\na(), /* of b */ b(),\n];");
    check_module("(a());", "export default [\n(a()),\n];");
    check_module("function f() { a() }\nf();", "function f() { a() }\nexport default [\nf(),\n];");
    check_module("import a from 'a';\na();", "import a from 'a';\nexport default [\na(),\n];");
    check_module("export const x = 1;\na();", "export const x = 1;\nexport default [\na(),\n];");
}

#[test]
fn what_is_no_call_stays_above() {
    for statement in [
        "a?.()",
        "await a()",
        "new A()",
        "a`b`",
        "a, b()",
        "!a()",
        "x = a()",
        "if (x) a()",
        "'use strict'",
    ] {
        check_module(statement, &format!("{statement}\nexport default [];\n"));
    }
}

#[test]
fn an_array_of_the_authors_own_is_continued() {
    check_module("export default [];\na();", "export default [\na()\n];");
    check_module("export default [a];\nb();", "export default [a,\nb()\n];");
    check_module("export default [a, ];\nb();\nc();", "export default [a,\nb(),\nc()\n, ];");
    check_module(
        "b(); // why\nexport default [a /* a */];",
        "\nexport default [a,b() // why\n /* a */];",
    );
    check_module("export default [a, ...more];\nb();", "export default [a, ...more,\nb()\n];");
    check_module("export default ([a]);\nb();", "export default ([a,\nb()\n]);");
    check_module(
        "export default [];\na($.b).then(c);",
        "import { defer as _defer } from \"@openfn/runtime\";\nexport default [\n_defer(a(state => state.b), p => p.then(c))\n];",
    );
}

#[test]
fn another_default_export_is_left_alone() {
    for source in [
        "const ops = [];\nexport default ops;\na();",
        "export default state => state;\na();",
        "export default function () {}\na();",
        "const ops = [];\nexport { ops as default };\na();",
        "export { default } from 'x';\na();",
        "export default [a, b];",
    ] {
        check_module(source, source);
    }
}

#[track_caller]
fn check_operations(source: &str, expected: &[&str]) {
    let operations = compiled(source).operations;
    let told = operations.iter().map(|operation| {
        let name = operation.name.as_deref().unwrap_or("?");
        format!("{name} {}:{}", operation.position.line, operation.position.column)
    });
    assert_eq!(told.collect::<Vec<_>>(), expected, "of {source}");
}

#[test]
fn operations_are_told_by_name_and_place() {
    check_operations("fn(a);\n  http.get($.b);", &["fn 1:1", "http.get 2:3"]);
    check_operations("const a = 1;\nget(a).then(f).catch(g);", &["get 2:1"]);
    check_operations("post(b); const c = 1; fn(c)", &["post 1:1", "fn 1:23"]);
    check_operations("(fn(a)); fn(a)(b); a[0]();", &["fn 1:2", "? 1:10", "? 1:20"]);
    check_operations("export default [fn(a), b];\nget(c);", &["fn 1:17", "b 1:24", "get 2:1"]);
    check_operations("export default [fn(a), ...b, fn(c)];", &["fn 1:17"]);
    check_operations("const a = [];\nexport default a;", &[]);
}

#[test]
fn free_names_are_imported_from_the_adaptors() {
    let http = adaptor("@openfn/language-http", &["get", "fn", "request"]);
    let compiled = compile("get('/');\nfn(f);\neach(a, post('/'))", &[http, common()]).unwrap();
    assert_eq!(
        compiled.module.lines().take(3).collect::<Vec<_>>(),
        [
            "import { get, fn } from \"@openfn/language-http\";",
            "import { each, post } from \"common\";",
            "export default [",
        ],
        "the first adaptor that has a name gives it"
    );
    let used: Vec<_> = compiled.imports.iter().map(|used| used.names.join(" ")).collect();
    assert_eq!(used, ["fn get", "each post"]);
    assert!(compiled.imports_from("common") && !compiled.imports_from(RUNTIME));
    let undeclared: Vec<_> = compiled.undeclared.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(undeclared, ["f", "a"]);
}

#[track_caller]
fn check_imported(source: &str, expected: &str) {
    let module = compiled(source).module;
    let import = module.lines().find(|line| line.ends_with(" from \"common\";"));
    assert_eq!(import.unwrap_or_default(), expected, "of {source}");
}

#[test]
fn only_what_is_free_is_imported() {
    check_imported("fn(get)", &imports("fn, get"));
    check_imported("const x = { fn }", &imports("fn"));
    check_imported("const x = { a: fn }", &imports("fn"));
    check_imported("const { a = fn } = b", &imports("fn"));
    check_imported("typeof fn", &imports("fn"));
    check_imported("http.get(util.fn)", &imports("http, util"));
    check_imported("const x = () => { const y = fn; return y }", &imports("fn"));
    for source in [
        "const x = { fn: 1 }",
        "a.fn.get",
        "const fn = 1; fn",
        "import { fn } from 'x'; fn(a)",
        "import * as fn from 'x'; fn.a()",
        "function f(fn) { return fn(get => get) }",
        "var { fn, ...get } = a",
        "class fn { get() {} }",
        "try { a() } catch (fn) { fn }",
        "fn: for (;;) break fn",
        "'fn'",
        "export { fn } from 'x'",
        "function fn() {}",
    ] {
        check_imported(source, "");
    }
    check_imported("{ const fn = 1 } fn()", &imports("fn"));
}

#[test]
fn of_unknown_exports_all_but_globals_are_imported() {
    let unknown = Adaptor { specifier: "x".to_owned(), exports: None, reexport: true };
    let source = "a(JSON, console, state, undefined, Math.max($)); fn($.b); collections.get('c')";
    let compiled = compile(source, &[unknown, adaptor("c", &["collections"])]).unwrap();
    assert_eq!(
        compiled.module.lines().take(3).collect::<Vec<_>>(),
        [
            "import { a, fn } from \"x\";",
            "export * from \"x\";",
            "import { collections } from \"c\";",
        ]
    );
    assert!(compiled.imports_from("c"));
    assert!(compiled.imports[0].whole && !compiled.imports[1].whole);
    let undeclared: Vec<_> = compiled.undeclared.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(undeclared, ["$"]);
}

#[test]
fn imports_of_the_authors_own_are_told() {
    let source = "import a, { b as c, d } from 'x';\nimport * as y from 'y';\nimport 'z';\n\
                  export * from 'v';\nexport { e } from 'w';\nfn(async () => import('u'));\n\
                  import { defer } from '@openfn/runtime';";
    let told = compiled(source).imports;
    let told = told.iter().map(|used| {
        format!("{} {}{}", used.specifier, used.names.join("+"), if used.whole { "*" } else { "" })
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["x b+d+default", "y *", "z ", "v *", "w e", "@openfn/runtime defer", "u *", "common fn"]
    );
}

#[test]
fn a_specifier_is_written_as_a_string() {
    let odd = Adaptor { specifier: "a\"\\\n".to_owned(), ..common() };
    let compiled = compile("fn(a)", &[odd]).unwrap();
    assert!(compiled.module.starts_with("import { fn } from \"a\\\"\\\\\\u{a}\";\n"));
}
