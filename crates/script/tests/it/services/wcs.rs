use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use fieldpost_testkit::authority::wcs_signature;
use fieldpost_testkit::{Answer, FakeDestination, ReceivedRequest};
use serde_json::{Value, json};

use super::{asked, json_answer, parameter, run};

const KEY: &str = "s3cret key é";

fn credential(server: &FakeDestination) -> Value {
    json!({ "baseUrl": server.url(""), "orig": "partner", "key": KEY, "email": "agent@example.org" })
}

/// What is wrong with a signature; the nonces are those that were taken already.
fn fault(request: &ReceivedRequest, nonces: &Mutex<HashSet<String>>) -> Option<&'static str> {
    let Some((message, _)) = request.query.split_once("&signature=") else {
        return Some("Missing signature.");
    };
    if parameter(request, "orig").as_deref() != Some("partner") {
        return Some("Invalid orig.");
    }
    if parameter(request, "signature") != wcs_signature("sha256", KEY, message) {
        return Some("Invalid signature.");
    }
    let timestamp = parameter(request, "timestamp").unwrap_or_default();
    if timestamp.len() != 20 || !timestamp.ends_with('Z') {
        return Some("Invalid timestamp.");
    }
    let nonce = parameter(request, "nonce").filter(|nonce| nonce.len() == 32);
    let is_new = nonce.is_some_and(|nonce| nonces.lock().unwrap().insert(nonce));
    (!is_new).then_some("Nonce already used.")
}

/// The records of a form: id and time of the last change.
type Records = Arc<Mutex<Vec<(u32, String)>>>;

/// A site with a form `births`. `meanwhile` is told of each list after it was given.
async fn site(
    records: &Records,
    meanwhile: impl Fn(&mut Vec<(u32, String)>, &ReceivedRequest) + Send + Sync + 'static,
) -> FakeDestination {
    let server = FakeDestination::start().await;
    let nonces = Mutex::new(HashSet::new());
    let records = records.clone();
    server.answer_with("*", move |request| {
        if let Some(fault) = fault(request, &nonces) {
            return json_answer(
                403,
                &json!({ "err": 1, "err_class": "Access denied", "err_desc": fault }),
            );
        }
        if request.path != "/api/forms/births/list" {
            return json_answer(200, &json!({ "err": 0, "data": { "id": "12" } }));
        }
        let mut records = records.lock().unwrap();
        let answer = list(&records, request);
        meanwhile(&mut records, request);
        answer
    });
    server
}

fn list(records: &[(u32, String)], request: &ReceivedRequest) -> Answer {
    let since =
        parameter(request, "filter-start-mtime-value").unwrap_or_default().replace(' ', "T");
    let mut rows: Vec<_> = records.iter().filter(|(_, time)| *time >= since).collect();
    rows.sort();
    match parameter(request, "order_by").as_deref() {
        _ if parameter(request, "anonymise").is_some() => rows.reverse(),
        Some("id") => {}
        Some("-last_update_time") => rows.sort_by(|a, b| b.1.cmp(&a.1)),
        other => panic!("{other:?}"),
    }
    let number = |name: &str| parameter(request, name).map(|text| text.parse::<usize>().unwrap());
    let rows = rows.into_iter().skip(number("offset").unwrap_or(0));
    let rows = rows.take(number("limit").unwrap_or(usize::MAX));
    let rows: Vec<_> =
        rows.map(|(id, time)| json!({ "id": id.to_string(), "last_update_time": time })).collect();
    json_answer(200, &json!(rows))
}

fn records(times: &[(u32, &str)]) -> Records {
    let record = |(id, time): &(u32, &str)| (*id, format!("2026-01-01T{time}"));
    Arc::new(Mutex::new(times.iter().map(record).collect()))
}

fn ids(state: &Value) -> Vec<&str> {
    state["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

async fn pulled(server: &FakeDestination, options: &str, cursor: &Value) -> Value {
    let source = format!("pull('births', {options})");
    run("wcs", &source, &credential(server), &json!({ "cursor": cursor })).await.unwrap()
}

#[tokio::test]
async fn a_pull_goes_on_where_the_last_one_ended() {
    let all = records(&[(1, "10:00:00"), (2, "10:05:10"), (3, "10:05:20")]);
    let server = site(&all, |_, _| {}).await;
    let first = pulled(&server, "{}", &Value::Null).await;
    assert_eq!(ids(&first), ["1", "2", "3"]);
    assert_eq!(parameter(&server.received()[1], "full").as_deref(), Some("on"));
    assert_eq!(parameter(&server.received()[1], "email").as_deref(), Some("agent@example.org"));

    let second = pulled(&server, "{}", &first["cursor"]).await;
    assert_eq!(ids(&second), Vec::<&str>::new());
    all.lock().unwrap()[0].1 = "2026-01-01T10:05:40".to_owned();
    all.lock().unwrap().push((4, "2026-01-01T11:00:00".to_owned()));
    let third = pulled(&server, "{}", &second["cursor"]).await;
    assert_eq!(ids(&third), ["1", "4"]);
    assert_eq!(third["cursor"]["since"], "2026-01-01T11:00");
}

#[tokio::test]
async fn a_change_during_a_pull_is_for_the_next_one() {
    let all = records(&[(1, "10:00:00"), (2, "10:10:00"), (3, "10:20:00")]);
    // The first record changes after it was read; then the last one does, before it is read.
    let server = site(&all, |records, request| {
        if parameter(request, "order_by").as_deref() == Some("id")
            && parameter(request, "offset").is_none()
        {
            records[0].1 = "2026-01-01T10:30:00".to_owned();
            records[2].1 = "2026-01-01T10:40:00".to_owned();
        }
    })
    .await;
    let first = pulled(&server, "{ limit: 2 }", &Value::Null).await;
    assert_eq!(ids(&first), ["1", "2", "3"]);
    let second = pulled(&server, "{ limit: 2 }", &first["cursor"]).await;
    assert_eq!(ids(&second), ["1"]);
}

#[tokio::test]
async fn records_that_go_during_a_pull_hide_no_others() {
    let all = records(&[
        (1, "10:00:00"),
        (2, "10:00:00"),
        (3, "10:00:00"),
        (4, "10:00:00"),
        (5, "10:00:00"),
    ]);
    let server = site(&all, |records, request| {
        let third = parameter(request, "offset").as_deref() == Some("2");
        if third {
            records.retain(|(id, _)| *id > 2);
        }
    })
    .await;
    let state = pulled(&server, "{ limit: 3 }", &Value::Null).await;
    assert_eq!(ids(&state), ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn what_is_pulled_may_be_anonymised() {
    let all = records(&[(1, "10:00:00"), (2, "10:10:00"), (3, "10:20:00")]);
    let server = site(&all, |_, _| {}).await;
    let options = "{ anonymise: true, full: false, limit: 2, query: { filter: 'done' } }";
    let first = pulled(&server, options, &Value::Null).await;
    assert_eq!(ids(&first), ["3", "2", "1"]);
    for request in server.received() {
        assert_eq!(parameter(&request, "anonymise").as_deref(), Some("on"));
        assert_eq!(parameter(&request, "filter").as_deref(), Some("done"));
        assert_eq!(parameter(&request, "full"), None);
    }
    let second = pulled(&server, options, &first["cursor"]).await;
    assert_eq!(ids(&second), Vec::<&str>::new());
}

#[tokio::test]
async fn requests_are_signed_and_go_where_they_say() {
    for (source, wanted, body) in [
        ("get('births', $.data.id)", "GET /api/forms/births/12/", Value::Null),
        (
            "list('births', { order_by: 'id', q: 'a b+é&c=(1)*' })",
            "GET /api/forms/births/list",
            Value::Null,
        ),
        (
            "push('births', { name: $.data.name }, { context: { channel: 'counter' } })",
            "POST /api/formdefs/births/submit",
            json!({ "data": { "name": "Amina" }, "context": { "channel": "counter" } }),
        ),
        (
            "edit('births', 12, { name: 'A' })",
            "POST /api/forms/births/12/",
            json!({ "data": { "name": "A" } }),
        ),
        (
            "trigger('births', 12, 'accepted', { a: 1 })",
            "POST /api/forms/births/12/jump/trigger/accepted/",
            json!({ "a": 1 }),
        ),
        ("hook('births', 12, 'reminder')", "POST /api/forms/births/12/hooks/reminder/", json!({})),
        (
            "request('get', '/api/formdefs/', { query: { q: 'x' } })",
            "GET /api/formdefs/",
            Value::Null,
        ),
    ] {
        let server = site(&records(&[]), |_, _| {}).await;
        let state = json!({ "data": { "id": "12", "name": "Amina" } });
        let state = run("wcs", source, &credential(&server), &state).await.unwrap();
        let received = server.received();
        assert_eq!(asked(&received), [wanted], "{source}");
        if !body.is_null() {
            assert_eq!(received[0].json(), body, "{source}");
        }
        // Nobody who reads the state can use the signature.
        assert!(!state.to_string().contains("signature"), "{state}");
    }
}

#[tokio::test]
async fn an_error_is_one_with_any_status() {
    let server = FakeDestination::start().await;
    let body = json!({ "err": 1, "err_class": "Access denied", "err_code": "missing-user", "err_desc": "No user." });
    server.answer_in_turn("*", [json_answer(200, &body)], json_answer(403, &body));
    let source = "trigger('births', 1, 'x')";
    let error = run("wcs", source, &credential(&server), &json!({})).await.unwrap_err();
    assert_eq!(error["message"], "w.c.s. refused: No user.");
    assert_eq!(error["details"]["code"], "missing-user");
    let error = run("wcs", source, &credential(&server), &json!({})).await.unwrap_err();
    assert!(
        error["message"].as_str().unwrap().ends_with("returned 403: Forbidden: No user."),
        "{error}"
    );
}

#[tokio::test]
async fn a_password_is_as_good_as_a_key() {
    let server = FakeDestination::start().await;
    server.answer("*", json_answer(200, &json!({ "err": 0, "data": [{ "id": "1" }], "count": 1 })));
    let credential = json!({ "baseUrl": server.url(""), "username": "u", "password": "p" });
    let state = run("wcs", "list('births', { response_type: 'dict' })", &credential, &json!({}))
        .await
        .unwrap();
    assert_eq!(ids(&state), ["1"]);
    assert_eq!(server.received()[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(server.received()[0].query, "response_type=dict");
}
