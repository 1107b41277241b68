//! What one step does: errors with their places, logs, credentials.

use fieldpost_script::adaptors;
use fieldpost_script::protocol::{Level, Severity};
use serde_json::json;

use crate::support::{job, pool, raw, run, run_job};

#[tokio::test]
async fn an_error_names_its_place_in_the_authors_text() {
    let pool = pool();
    for (source, name, severity, place) in [
        ("fn(s => s);\n\nfn(s => s.data.a.deeper);", "RuntimeError", Severity::Fail, (3, 18)),
        ("fn(s => s.data.list.map(x => x));", "RuntimeError", Severity::Fail, (1, 21)),
        (
            "fn(s => {\n  return s.data\n    .a\n    .b;\n});",
            "RuntimeError",
            Severity::Fail,
            (4, 6),
        ),
        ("fn(s => s.data());", "RuntimeError", Severity::Fail, (1, 11)),
        ("// ünï\nfn(state => $.data.x.y);", "RuntimeError", Severity::Fail, (2, 22)),
        ("each($.data.x.y, fn(s => s));", "RuntimeError", Severity::Fail, (1, 15)),
        ("fn(s => {\n  return missing;\n});", "RuntimeCrash", Severity::Crash, (2, 10)),
        ("fn(s => String(missing));", "RuntimeCrash", Severity::Crash, (1, 16)),
        ("fn(s => JSON.parse('{'));", "RuntimeCrash", Severity::Crash, (1, 14)),
        ("fn(s => {\n  throw new Error('boom');\n});", "JobError", Severity::Fail, (2, 9)),
        ("fn(s => {\n  throw new Error(`no ${s.data}`);\n});", "JobError", Severity::Fail, (2, 9)),
        (
            "fn(async s => {\n  await null;\n  throw new Error('late');\n});",
            "JobError",
            Severity::Fail,
            (3, 9),
        ),
        (
            "each([1], fn(s => {\n  throw new Error('in each');\n}));",
            "JobError",
            Severity::Fail,
            (2, 9),
        ),
        (
            "fn(s => help(s));\nfunction help(s) {\n  if (s) throw new Error('no');\n}",
            "JobError",
            Severity::Fail,
            (3, 16),
        ),
        ("if (true) throw new Error('at once');\nfn(s => s);", "JobError", Severity::Fail, (1, 17)),
        ("fn(s => util.throwError(404));", "AdaptorError", Severity::Fail, (1, 14)),
    ] {
        let ran = run(&pool, source, r#"{"data":{}}"#).await;
        let error = ran.error.unwrap_or_else(|| panic!("{source}: {:?}", ran.state));
        assert_eq!((error.name.as_str(), error.severity), (name, severity), "{source}");
        let found = error.pos.map(|place| (place.line, place.column));
        assert_eq!(found, Some(place), "{source}: {error:?}");
        assert_eq!(error.step.as_deref(), Some("a"), "{source}");
        if severity == Severity::Fail {
            let kept = &ran.state["errors"]["a"];
            assert_eq!(kept["pos"], json!({ "line": place.0, "column": place.1 }), "{source}");
        }
    }
}

/// What is no error has no place of its own.
#[tokio::test]
async fn a_text_that_is_thrown_names_its_operation() {
    for source in [
        "fn(s => s);\nfn(() => { throw 'no'; });",
        "fn(s => s);\neach([1], fn(() => { throw 7; }));",
    ] {
        let error = run(&pool(), source, "{}").await.error.unwrap();
        assert_eq!((error.name.as_str(), error.line), ("JobError", Some(2)), "{source}");
        let operation = if source.contains("each") { "each" } else { "fn" };
        assert_eq!(error.operation_name.as_deref(), Some(operation), "{source}");
        assert!(error.pos.is_none(), "{source}");
    }
}

#[tokio::test]
async fn a_module_that_is_not_there_can_be_installed() {
    for (module, told) in [
        ("left-pad", "`fieldpost adaptor install left-pad@VERSION`"),
        ("@openfn/language-salesforce@7.0.0", "install @openfn/language-salesforce@7.0.0`"),
        ("./helpers.js", "by their names, and nothing else"),
        ("node:fs", "part of Node.js, which jobs do not have"),
        ("fs", "part of Node.js, which jobs do not have"),
        ("fs/promises", "part of Node.js, which jobs do not have"),
    ] {
        let source = format!("import * as x from '{module}';\nfn(s => ({{ ...s, x }}));");
        let error = run(&pool(), &source, "{}").await.error.unwrap();
        assert_eq!(error.name, "ImportError", "{module}");
        let fix = error.fix.unwrap();
        assert!(fix.contains(told), "{module}: {fix}");
    }
}

#[tokio::test]
async fn an_error_of_an_adaptor_names_its_operation() {
    let source = "fn(s => s);\n\nassert(false, 'no');";
    let ran = run(&pool(), source, "{}").await;
    let error = ran.error.unwrap();
    assert_eq!((error.name.as_str(), error.line), ("AdaptorError", Some(3)));
    assert_eq!(error.operation_name.as_deref(), Some("assert"));
    assert_eq!(ran.state["errors"]["a"]["message"], "no");
    assert_eq!(ran.state["errors"]["a"]["operationName"], "assert");
}

#[tokio::test]
async fn the_console_becomes_the_log() {
    let source = "fn(s => { console.log('one', { a: 1 }, [2], null, undefined, 3); console.warn('two');
        console.error(new TypeError('three')); console.debug('hidden'); console.log(s); console.log('half \\ud83d'); return s })";
    let mut job = job("a", source);
    job.work.configuration = Some(raw(r#"{"token":"very-secret"}"#));
    let ran = run_job(&pool(), &job, "{}").await;
    let lines: Vec<_> = ran.lines.iter().filter(|line| line.source == "JOB").collect();
    assert_eq!(lines[0].message, "one {\n  \"a\": 1\n} [\n  2\n] null undefined 3");
    assert_eq!((lines[1].level, lines[1].message.as_str()), (Level::Warn, "two"));
    assert_eq!((lines[2].level, lines[2].message.as_str()), (Level::Error, "TypeError: three"));
    assert!(lines[3].message.contains("\"token\": \"****\""), "{}", lines[3].message);
    assert_eq!(lines[4].message, "half \u{fffd}");
    assert_eq!(lines.len(), 5, "nothing below the level is sent");
}

#[tokio::test]
async fn secrets_of_the_credential_are_masked_in_logs_and_errors() {
    let source = "fn(s => { const { token } = s.configuration; console.log(`it is ${token}`);
        const error = new Error(`no ${token}`); throw error })";
    let mut job = job("a", source);
    job.work.configuration = Some(raw(r#"{"token":"very-secret","baseUrl":"https://x.org"}"#));
    let ran = run_job(&pool(), &job, "{}").await;
    assert_eq!(ran.log(), ["it is ***"]);
    assert_eq!(ran.error.as_ref().unwrap().message, "no ***");
    assert_eq!(ran.state["errors"]["a"]["message"], "no ***");
    assert!(ran.state.get("configuration").is_none());
}

#[tokio::test]
async fn states_keep_their_letters() {
    let state = json!({"data": {"text": "é€😀\u{0}\u{2028}\"\\", "half": null}});
    let source = "fn(s => { s.data.half = 'a\\ud83d'; return s })";
    let ran = run(&pool(), source, &state.to_string()).await;
    assert_eq!(ran.state["data"]["text"], "é€😀\u{0}\u{2028}\"\\");
    assert_eq!(ran.state["data"]["half"], "a\u{fffd}");
}

#[tokio::test]
async fn the_list_of_exports_is_what_common_exports() {
    let source = "import * as common from '@openfn/language-common';
        fn(s => ({ ...s, data: Object.keys(common).sort() }));";
    let ran = run(&pool(), source, "{}").await;
    let mut listed: Vec<_> = adaptors::exports(adaptors::COMMON).unwrap().to_vec();
    listed.sort_unstable();
    assert_eq!(ran.state["data"], json!(listed));
}

#[tokio::test]
async fn a_job_that_waits_for_nothing_ends_at_once() {
    let ran = run(&pool(), "fn(() => new Promise(() => {}))", "{}").await;
    assert_eq!(ran.kind(), "TimeoutError");
}
