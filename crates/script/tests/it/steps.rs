//! What one step does: errors with their places, logs, credentials.

use fieldpost_script::adaptors;
use fieldpost_script::protocol::{Level, Severity};
use serde_json::json;

use crate::support::{job, pool, raw, run, run_job};

#[tokio::test]
async fn an_error_names_its_place_in_the_authors_text() {
    let pool = pool();
    for (source, name, severity, place) in [
        ("fn(s => s);\n\nfn(s => s.data.a.deeper);", "RuntimeError", Severity::Fail, Some((3, 17))),
        ("fn(s => {\n  return missing;\n});", "RuntimeCrash", Severity::Crash, Some((2, 10))),
        ("// ünï\nfn(state => $.data.x.y);", "RuntimeError", Severity::Fail, Some((2, 22))),
    ] {
        let ran = run(&pool, source, r#"{"data":{}}"#).await;
        let error = ran.error.unwrap_or_else(|| panic!("{source}: {:?}", ran.state));
        assert_eq!((error.name.as_str(), error.severity), (name, severity), "{source}");
        let found = error.pos.map(|place| (place.line, place.column));
        if let Some((line, _)) = place {
            assert_eq!(found.map(|(line, _)| line), Some(line), "{source}: {error:?}");
            assert_eq!(error.step.as_deref(), Some("a"));
        }
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
