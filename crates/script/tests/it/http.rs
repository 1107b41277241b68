//! The adaptor `http` against a server: what goes out, what comes back, and what goes wrong.

use std::sync::Mutex;

use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_script::host::StepHost;
use fieldpost_script::host::http::{HttpLimits, HttpService};
use fieldpost_script::protocol::LogLine;
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};

use crate::support::{limits, pool, raw};

fn client() -> Client {
    let allow_networks = "private".parse().unwrap();
    Client::new(OutboundSettings { allow_networks, ..OutboundSettings::default() }).unwrap()
}

/// The adaptor's name.
pub(crate) const HTTP: &str = "@openfn/language-http";

/// A host that makes requests, and writes the log down.
pub(crate) fn host(lines: &Mutex<Vec<LogLine>>) -> StepHost<'_> {
    StepHost::new(|line| lines.lock().unwrap().push(line))
        .with(HttpService::new(client(), HttpLimits::default()))
}

/// Runs a job of the adaptor `http` with this credential; gives its state or its error.
async fn run(source: &str, configuration: &Value) -> Result<Value, Value> {
    run_by(&host(&Mutex::default()), source, configuration).await
}

async fn run_by(host: &StepHost<'_>, source: &str, configuration: &Value) -> Result<Value, Value> {
    let mut work = Job::compile("a", source, &[HTTP]).unwrap().work;
    work.limits = limits();
    work.configuration = Some(raw(&configuration.to_string()));
    work.remove = vec!["configuration".to_owned()];
    let (outcome, _) = settle(pool().step(work, host).await, "a", None);
    if let Some(error) = outcome.error {
        return Err(serde_json::to_value(error).unwrap());
    }
    Ok(serde_json::from_str(outcome.state.unwrap().get()).unwrap())
}

#[tokio::test]
async fn a_request_brings_data_and_response() {
    let server = FakeDestination::start().await;
    let answer = Answer::status(200).header("content-type", "application/json").body(r#"{"a":1}"#);
    server.answer("/api/items", answer);
    let credential = json!({ "baseUrl": server.url("/api"), "username": "u", "password": "p" });
    let state =
        run("get('items', { query: { q: ['a b', 1], none: null } });", &credential).await.unwrap();
    assert_eq!(state["data"], json!({ "a": 1 }));
    assert_eq!(state["response"]["statusCode"], 200);
    assert_eq!(state["response"]["url"], server.url("/api/items"));
    assert_eq!(state["response"]["query"], json!({ "q": ["a b", 1], "none": null }));
    let received = server.received();
    assert_eq!(received[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(received[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_refusal_is_an_error() {
    let server = FakeDestination::start().await;
    server.answer("/x", Answer::status(404).header("content-type", "text/plain").body("no"));
    let credential = json!({ "baseUrl": server.url("/") });
    let error = run("post('x', { a: 1 });", &credential).await.unwrap_err();
    assert_eq!(error["name"], "AdaptorError");
    let url = server.url("/x");
    assert_eq!(error["message"], format!("POST to {url} returned 404: Not Found"));
    assert_eq!(error["details"]["body"], "no");
    assert_eq!(server.received()[0].text(), r#"{"a":1}"#);
}

const DOCUMENT: &str = r#"<?xml version="1.0"?><!-- of today --><List a='1'>
  <item id="x" k="a &amp; b"><n>One &#233;</n><![CDATA[<raw>]]></item>
  <item class="p q"/><h:item xmlns:h="u"><n>2</n></h:item></List>"#;

#[tokio::test]
async fn xml_is_read_and_searched() {
    let source = format!("parseXML({}, SCRIPT);", json!(DOCUMENT));
    for (script, expected) in [
        ("$ => $('list').attr('a')", json!(1)),
        (
            "$ => [$('item').length, $('list > item').length, $('list > n').length]",
            json!([2, 2, 0]),
        ),
        ("$ => $('item').first().attr('k')", json!({ "body": "a & b" })),
        (
            "$ => [$('#x').text(), $('.q').length, $(\"[k='a & b']\").length]",
            json!(["One é<raw>", 1, 1]),
        ),
        ("$ => $('n').map((i, it) => $(it).text()).get()", json!(["One é", "2"])),
        ("$ => [$('h\\\\:item').find('n').text()]", json!(["2"])),
        ("$ => [$('n').eq(1).parent().get(0).name, $('n, item').length]", json!(["h:item", 4])),
    ] {
        let state = run(&source.replace("SCRIPT", script), &json!({})).await.unwrap();
        assert_eq!(state["data"], expected, "{script}");
    }
    let error = run(&source.replace("SCRIPT", "$ => $('a:first')"), &json!({})).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("a:first"), "{error}");
}

#[tokio::test]
async fn a_credential_proves_itself_as_it_says() {
    let server = FakeDestination::start().await;
    server.answer_with("/digest", |request| match request.header("authorization") {
        Some(_) => Answer::status(200),
        None => Answer::status(401)
            .header("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""),
    });
    let base = server.url("/");
    let user = json!({ "baseUrl": base, "username": "u", "password": "p", "authType": "digest" });
    run("get('digest');", &user).await.unwrap();
    let headers = json!({ "baseUrl": base, "headers": { "x-key": "k" } });
    run("get('key'); post('form', { a: 'b c' }, { contentType: 'urlencoded' });", &headers)
        .await
        .unwrap();
    let received = server.received();
    assert!(received[1].header("authorization").unwrap().starts_with("Digest username=\"u\""));
    assert_eq!(received[2].header("x-key"), Some("k"));
    let form = (received[3].header("content-type"), received[3].text());
    assert_eq!(form, (Some("application/x-www-form-urlencoded"), "a=b%20c"));
}

#[tokio::test]
async fn a_path_never_leaves_the_origin_of_the_credential() {
    let server = FakeDestination::start().await;
    let credential = json!({ "baseUrl": server.url("/api"), "username": "u", "password": "p" });
    for path in ["../../../evil.example.org/x", "//evil.example.org/x", "\\\\evil.example.org"] {
        run(&format!("get({});", json!(path)), &credential).await.unwrap();
    }
    assert_eq!(server.received().len(), 3);
    let error = run("get('https://evil.example.org/x');", &credential).await.unwrap_err();
    assert_eq!(error["details"]["code"], "BASE_URL_MISMATCH");
}

#[tokio::test]
async fn a_job_cannot_set_the_headers_of_the_hub() {
    let server = FakeDestination::start().await;
    let service = HttpService::new(client(), HttpLimits::default()).with_header("x-hops", "3");
    let host = StepHost::new(|_| {}).with(service);
    let source = "get('a', { headers: { 'X-Hops': '0', 'x-own': '1' } }); get('b');";
    for credential in [json!({}), json!({ "headers": { "X-HOPS": "0", "x-key": "k" } })] {
        let mut credential = credential;
        credential["baseUrl"] = json!(server.url("/"));
        run_by(&host, source, &credential).await.unwrap();
    }
    let received = server.received();
    assert_eq!(received.len(), 4);
    for request in &received {
        assert_eq!(request.header("x-hops"), Some("3"), "{request:?}");
    }
    assert_eq!((received[0].header("x-own"), received[2].header("x-key")), (Some("1"), Some("k")));
}

/// What jobs of the first platform did: one server's answer goes to another one, which sees no credential.
#[tokio::test]
async fn an_answer_is_carried_to_another_server() {
    let (server, inbox) = (FakeDestination::start().await, FakeDestination::start().await);
    let answer = Answer::status(200).header("content-type", "application/json").body(r#"{"a":1}"#);
    server.answer("/api/forms.json", answer);
    let credential = json!({ "baseUrl": server.url("/api"), "username": "u", "password": "p" });
    let post_url = inbox.url("/inbox");
    let job = |function: &str, path: &str| {
        format!(
            "{function}({{ getEndpoint: '{path}', query: {{ since: 7 }}, externalId: 'x1', postUrl: '{post_url}' }});"
        )
    };
    let state = run(&job("fetch", "forms.json"), &credential).await.unwrap();
    assert_eq!(
        (&state["data"], &state["response"]),
        (&json!({ "a": 1 }), &json!({ "body": { "a": 1 } }))
    );
    assert_eq!(server.received()[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(server.received()[0].query, "since=7");
    let sent = inbox.received();
    assert_eq!((&*sent[0].body, sent[0].header("authorization")), (&br#"{"a":1}"#[..], None));

    // What fails is carried by one of them, and ends the other.
    server
        .answer("/api/gone", Answer::status(410).header("content-type", "text/plain").body("gone"));
    let error = run(&job("fetch", "gone"), &credential).await.unwrap_err();
    assert_eq!(error["message"], "The GET failed: the server responded with 410");
    let state = run(&job("fetchWithErrors", "gone"), &credential).await.unwrap();
    assert_eq!(state["response"]["body"], "gone");
    let sent: Value = serde_json::from_slice(&inbox.received()[1].body).unwrap();
    assert_eq!((&sent["externalId"], &sent["response"]["statusCode"]), (&json!("x1"), &json!(410)));

    let posted = format!(
        "postData({{ url: '{post_url}', body: s => s.data, headers: {{ 'x-own': 'v' }} }});"
    );
    run(&posted, &credential).await.unwrap();
    let sent = &inbox.received()[2];
    assert_eq!((sent.header("x-own"), sent.header("authorization")), (Some("v"), None));
    inbox.answer("/inbox", Answer::status(500));
    let error = run(&posted, &credential).await.unwrap_err();
    assert_eq!(error["message"], "The POST failed: the server responded with 500");
}

#[tokio::test]
async fn cookies_are_kept_for_the_next_request() {
    let server = FakeDestination::start().await;
    let with = |answer: Answer| {
        answer
            .header("content-type", "application/json")
            .header("set-cookie", "sid=7; Path=/; HttpOnly")
    };
    server.answer("/login", with(Answer::status(200)).body(r#"{"ok":true}"#));
    server.answer("/list", with(Answer::status(200)).header("set-cookie", "b=2").body("[1]"));
    let credential = json!({ "baseUrl": server.url("/") });
    let source = "get('login', { keepCookie: true });
        get('login', { headers: s => ({ Cookie: s.data.__cookie }), keepCookie: false });";
    let state = run(source, &credential).await.unwrap();
    assert_eq!(state["data"], json!({ "ok": true }));
    assert_eq!(state["references"][1]["__cookie"], "sid=7");
    assert_eq!(server.received()[1].header("cookie"), Some("sid=7"));
    let state = run("get('list', { keepCookie: true });", &credential).await.unwrap();
    assert_eq!(
        (&state["data"]["body"], &state["data"]["__cookie"]),
        (&json!([1]), &json!(["sid=7", "b=2"]))
    );
    assert_eq!(state["data"]["__headers"]["content-type"], "application/json");
}
