//! Calls of lifecycles, a form for each fact: what is sent, what is stored, and what follows an error.
//!
//! In each form the first status makes the call and then goes on to `after`; so a submission that ends in `after`
//! went on, one that is still in `new` was stopped, and one in `error` was led there. The rows hold:
//!
//! - **what is stored** under the name of the call: `_time`, `_status`, `_app_error_code`, `_app_error_header`,
//!   `_response`, `_error_response`, `_content_type`, `_length`, `_connection_error`; nothing but the status of an
//!   answer without content;
//! - **the policies**, each kind of error with the usual one and with the other two; an error that the program tells
//!   of comes before the status; a jump takes the place of recording;
//! - **what is recorded**: the summaries, the first ten thousand bytes, Base64 of what is no text;
//! - **the id** that an answer gives a submission, at both places that it may stand at;
//! - **files** as answers, whose own `err` says nothing while the header does.

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually};
use crate::wcs_project::{BY_CLERKS, definition, good, submit};
use crate::wcs_still::Still;
use fieldpost_testkit::Answer;

/// One call: what it is answered, what is said of it, and what must have come of that.
struct Row {
    name: &'static str,
    answer: Answer,
    /// What the call says beside its connection, path and name.
    call: Value,
    /// The status that the submission is in at last.
    status: &'static str,
    /// What stands in the data, by the ends of the names: each value; null where nothing may stand.
    data: Value,
    /// The summary of the recorded error; empty where none may be.
    summary: &'static str,
}

fn json_answer(status: u16, body: &str) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_owned())
}

fn row(
    name: &'static str,
    answer: Answer,
    call: Value,
    (status, data, summary): (&'static str, Value, &'static str),
) -> Row {
    Row { name, answer, call, status, data, summary }
}

fn stored() -> Vec<Row> {
    let none = || json!({});
    vec![
        row(
            "good",
            json_answer(200, r#"{"x":1.50}"#),
            none(),
            (
                "after",
                json!({
                    "time": "2026-01-01T00:00:00", "status": 200, "app_error_code": 0,
                    "response": { "x": 1.5 }, "error_response": null, "app_error_header": null,
                }),
                "",
            ),
        ),
        row(
            "zero",
            json_answer(200, r#"{"err":0}"#),
            none(),
            ("after", json!({ "app_error_code": 0, "response": { "err": 0 } }), ""),
        ),
        row(
            "nothing",
            Answer::status(204),
            none(),
            ("after", json!({ "status": 204, "response": null, "error_response": null }), ""),
        ),
        row(
            "app",
            json_answer(200, r#"{"err":1,"err_desc":"some error"}"#),
            none(),
            (
                "after",
                json!({
                    "status": 200, "app_error_code": 1, "response": null,
                    "error_response": { "err": 1, "err_desc": "some error" },
                }),
                "err: 1, err_desc: some error",
            ),
        ),
        row(
            "word",
            json_answer(200, r#"{"err":"bug"}"#),
            none(),
            ("after", json!({ "app_error_code": "bug" }), "err: bug"),
        ),
        row(
            "header",
            json_answer(200, r#"{"err":0}"#).header("x-error-code", "7"),
            none(),
            (
                "after",
                json!({ "app_error_code": 7, "app_error_header": "7", "response": null }),
                "err: 7",
            ),
        ),
        row(
            "missing",
            json_answer(404, r#"{"err_desc":"who"}"#),
            none(),
            (
                "new",
                json!({ "status": 404, "response": null, "error_response": { "err_desc": "who" } }),
                "404 Not Found (err_desc: who)",
            ),
        ),
        row(
            "refused",
            Answer::refuse(),
            json!({ "on_error": { "network": "ignore" } }),
            ("after", json!({ "status": null, "response": null, "app_error_code": null }), "*"),
        ),
        row(
            "file",
            Answer::status(200).header("content-type", "application/pdf").body("%PDF"),
            json!({ "response": "attachment" }),
            (
                "after",
                json!({ "content_type": "application/pdf", "length": 4, "response": null }),
                "",
            ),
        ),
        row(
            "err-in-file",
            json_answer(200, r#"{"err":1}"#),
            json!({ "response": "attachment" }),
            ("after", json!({ "app_error_code": 0, "length": 9 }), ""),
        ),
        row(
            "header-of-file",
            json_answer(200, "{}").header("x-error-code", "3"),
            json!({ "response": "attachment" }),
            ("after", json!({ "app_error_code": 3, "length": null }), "err: 3"),
        ),
    ]
}

fn policies() -> Vec<Row> {
    let on = |kind: &str, what: Value| json!({ "on_error": { kind: what } });
    let jump = || json!({ "jump": "error" });
    let app = || json_answer(200, r#"{"err":1}"#);
    let bad = || Answer::status(200).body("hello");
    let only = |status| (status, json!({}), "");
    let told = |status, summary| (status, json!({}), summary);
    vec![
        row("app-stop", app(), on("app", json!("stop")), told("new", "err: 1")),
        row("app-jump", app(), on("app", jump()), only("error")),
        row("404-stop", Answer::status(404), json!({}), told("new", "404 Not Found")),
        row(
            "404-on",
            Answer::status(404),
            on("4xx", json!("ignore")),
            told("after", "404 Not Found"),
        ),
        row("404-jump", Answer::status(404), on("4xx", jump()), only("error")),
        row("500-stop", Answer::status(500), json!({}), told("new", "500 Internal Server Error")),
        row(
            "500-on",
            Answer::status(500),
            on("5xx", json!("ignore")),
            told("after", "500 Internal Server Error"),
        ),
        row("500-jump", Answer::status(500), on("5xx", jump()), only("error")),
        row("bad-on", bad(), json!({}), told("after", "*")),
        row("bad-stop", bad(), on("bad_data", json!("stop")), told("new", "*")),
        row("bad-jump", bad(), on("bad_data", jump()), only("error")),
        row("lost-stop", Answer::refuse(), json!({}), told("new", "*")),
        row("lost-jump", Answer::refuse(), on("network", jump()), only("error")),
        // What the program says comes before the status.
        row("both", json_answer(404, r#"{"err":1}"#), on("app", jump()), only("error")),
        row("both-on", json_answer(404, r#"{"err":1}"#), json!({}), told("new", "404 Not Found")),
    ]
}

fn form(row: &Row) -> Value {
    let mut call = json!({
        "connection": "there", "path": format!("/{}", row.name), "name": "c", "label": "The call",
        "record_errors": true,
    });
    for (key, value) in row.call.as_object().unwrap() {
        call[key] = value.clone();
    }
    form_that_calls(&call)
}

fn form_that_calls(call: &Value) -> Value {
    json!({
        "fields": [{ "name": "word", "label": "Word", "type": "string" }],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [{ "call": call }, { "jump": "after" }] },
                "after": { "name": "After", "endpoint": true },
                "error": { "name": "Error", "endpoint": true },
            },
        },
    })
}

async fn hub_that_calls(engine: Engine, forms: &[(&str, Value)]) -> Still {
    let project = |hub: &TestHub| {
        let mut project = definition(hub);
        for (name, form) in forms {
            project["forms"][*name] = form.clone();
        }
        project
    };
    Still::start(engine, project).await
}

/// The document of a form's only submission, once its call has ended.
async fn ended(hub: &TestHub, form: &str) -> Value {
    let path = format!("/p/clinic/api/forms/{form}/1/");
    eventually(&format!("the call of {form} has ended"), async || {
        let document = good(BY_CLERKS.get(hub, &path).await).await;
        let is_told = document.pointer("/workflow/data/c_time").is_some();
        is_told.then_some(document)
    })
    .await
}

/// All parts of a kind in the history of a document.
fn parts<'d>(document: &'d Value, kind: &str) -> Vec<&'d Value> {
    let entries = document["evolution"].as_array().unwrap().iter();
    let parts = entries.filter_map(|entry| entry.get("parts")?.as_array());
    parts.flatten().filter(|part| part["type"] == kind).collect()
}

fn flaws(row: &Row, document: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut check = |what: &str, found: &Value, expected: &Value| {
        if found != expected {
            flaws.push(format!("{} {what}: {found} and not {expected}", row.name));
        }
    };
    check("status", &document["workflow"]["status"]["id"], &row.status.into());
    for (end, expected) in row.data.as_object().unwrap() {
        check(end, &document["workflow"]["data"][format!("c_{end}")], expected);
    }
    let errors = parts(document, "wscall-error");
    let summaries: Vec<&str> = errors.iter().filter_map(|part| part["summary"].as_str()).collect();
    match row.summary {
        "" => check("parts", &json!(summaries), &json!([])),
        "*" => check("parts", &json!(summaries.len()), &json!(1)),
        summary => check("parts", &json!(summaries), &json!([summary])),
    }
    for part in errors {
        check("label", &part["label"], &"The call".into());
    }
    flaws
}

#[tokio::test]
async fn each_answer_is_stored_and_followed_as_it_says() {
    for engine in BOTH {
        let rows: Vec<Row> = stored().into_iter().chain(policies()).collect();
        let forms: Vec<(&str, Value)> = rows.iter().map(|row| (row.name, form(row))).collect();
        let still = hub_that_calls(engine, &forms).await;
        let mut found = Vec::new();
        for row in &rows {
            still.hub.destination.answer(&format!("/{}", row.name), row.answer.clone());
            submit(&still.hub, row.name, &json!({ "data": { "word": "x" } })).await;
        }
        for row in &rows {
            found.extend(flaws(row, &ended(&still.hub, row.name).await));
        }
        assert!(found.is_empty(), "{engine:?}: {found:#?}");
        let refused = ended(&still.hub, "refused").await;
        let told = &refused["workflow"]["data"]["c_connection_error"];
        assert!(told.as_str().is_some_and(|told| !told.is_empty()), "{refused}");
        let file = ended(&still.hub, "file").await;
        let attached = parts(&file, "workflow-attachment");
        assert_eq!(attached[0]["content"], "JVBERg==", "{file}");
        assert_eq!(attached[0]["content_type"], "application/pdf");
    }
}

#[tokio::test]
async fn an_error_is_recorded_up_to_a_bound_and_as_it_came() {
    let call = |name: &str| {
        form_that_calls(&json!({
            "connection": "there", "path": format!("/{name}"), "name": "c", "record_errors": true,
        }))
    };
    let forms = [("long", call("long")), ("bytes", call("bytes"))];
    let still = hub_that_calls(Engine::Sqlite, &forms).await;
    still.hub.destination.answer("/long", Answer::status(404).body("x".repeat(10_001)));
    still.hub.destination.answer("/bytes", Answer::status(404).body(vec![0xff, 0x00]));
    for form in ["long", "bytes"] {
        submit(&still.hub, form, &json!({ "data": {} })).await;
    }
    let long = ended(&still.hub, "long").await;
    let part = parts(&long, "wscall-error")[0];
    assert_eq!(part["data"], "x".repeat(10_000));
    assert_eq!((&part["label"], part.get("data_b64")), (&Value::Null, None));
    let bytes = ended(&still.hub, "bytes").await;
    let part = parts(&bytes, "wscall-error")[0];
    assert_eq!((&part["data_b64"], part.get("data")), (&json!("/wA="), None));
}

#[tokio::test]
async fn an_answer_gives_the_submission_its_id() {
    let call = |name: &str, method: &str| {
        form_that_calls(&json!({
            "connection": "there", "path": format!("/{name}"), "name": "c", "method": method,
        }))
    };
    let rows = [
        ("beside", "POST", r#"{"display_id":"X-1"}"#, "X-1"),
        ("inside", "POST", r#"{"err":0,"data":{"display_id":"X-2"}}"#, "X-2"),
        ("number", "POST", r#"{"data":{"display_id":17}}"#, "17"),
        // Only a POST that went well gives one.
        ("got", "GET", r#"{"display_id":"X-3"}"#, "1"),
        ("failed", "POST", r#"{"err":1,"display_id":"X-4"}"#, "1"),
    ];
    let forms: Vec<(&str, Value)> =
        rows.iter().map(|(name, method, _, _)| (*name, call(name, method))).collect();
    let still = hub_that_calls(Engine::Sqlite, &forms).await;
    for (name, _, body, _) in rows {
        still.hub.destination.answer(&format!("/{name}"), json_answer(200, body));
        submit(&still.hub, name, &json!({ "data": {} })).await;
    }
    for (name, _, _, expected) in rows {
        let document = ended(&still.hub, name).await;
        assert_eq!(document["display_id"], expected, "{name}");
        // The addresses stay.
        assert_eq!(document["id"], "1", "{name}");
    }
}

#[tokio::test]
async fn a_call_sends_the_document_and_what_it_adds() {
    let own = json!({ "a/b/0/x": "{{ form_var_word }}", "n": "{{ 1 }}", "f//g": "plain" });
    let call = |post: bool| {
        form_that_calls(&json!({
            "connection": "there", "path": "/sent", "name": "c", "post": post, "post_data": own,
            "query": { "word": "{{ form_var_word }}" },
        }))
    };
    let still =
        hub_that_calls(Engine::Sqlite, &[("whole", call(true)), ("own", call(false))]).await;
    still.hub.destination.answer("/sent", json_answer(200, "{}"));
    let nested = json!({ "a": { "b": [{ "x": "ä b" }] }, "n": 1, "f/g": "plain" });
    for (place, form) in [(0, "own"), (1, "whole")] {
        submit(&still.hub, form, &json!({ "data": { "word": "ä b" } })).await;
        ended(&still.hub, form).await;
        let received = still.hub.destination.received();
        let sent = received.get(place).unwrap();
        assert_eq!(sent.header("accept"), Some("application/json"));
        assert_eq!(sent.header("content-type"), Some("application/json"));
        let body = sent.json();
        if form == "own" {
            assert_eq!(body, nested);
            continue;
        }
        assert_eq!(body["extra"], nested, "{body}");
        assert_eq!((&body["fields"]["word"], &body["id"]), (&json!("ä b"), &json!("1")));
        for key in ["uuid", "workflow", "roles", "submission", "evolution", "actions"] {
            assert!(body.get(key).is_some(), "{key}");
        }
    }
}
