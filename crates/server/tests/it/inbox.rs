//! The inbox: what it takes, and what it says to what it does not.

use std::sync::Arc;

use fieldpost_testkit::TemporaryPostgres;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::hub::{
    Engine, MAX_BODY, SECRET, TestHub, WEBHOOK, eventually, json_of, problem, recorder, text,
};

// MUST-2
#[tokio::test]
async fn a_message_is_kept_byte_for_byte() {
    let hub = TestHub::start().await;
    // Numbers beyond any machine's, a key twice, odd spaces: none of it is touched.
    let body = "{ \"a\": 123456789012345678901234567890.10,\n\t\"b\": 1e400, \"a\": -0 }";
    let message = hub.keep(body).await;
    assert_eq!(message["source"], "inbox");
    assert_eq!(message["state"], "kept");
    assert_eq!(message["bytes"], body.len());
    assert_eq!(message["content_type"], "application/json");
    let path = format!("projects/clinic/messages/{}", text(&message["id"]));
    assert_eq!(hub.get(&format!("{path}/body")).await.text().await.unwrap(), body);
    let received = hub.destination.wait_for(1, std::time::Duration::from_secs(10)).await;
    assert_eq!(received[0].body, body);
}

#[tokio::test]
async fn any_json_is_a_message() {
    let hub = TestHub::start().await;
    for body in ["{}", "[]", "null", "0", "\"text\"", " true "] {
        hub.keep(body).await;
    }
    let (open, close) = ("[".repeat(128), "]".repeat(128));
    hub.keep(&format!("{open}{close}")).await;
}

// MUST-7
#[tokio::test]
async fn the_query_and_the_headers_are_kept_with_the_secret_masked() {
    let hub = TestHub::start().await;
    let answer = hub
        .client
        .post(hub.url(&format!("/inbox/{SECRET}?form=births&form=b%20c&token=hidden")))
        .header("x-form", "births")
        .header("x-odd", reqwest::header::HeaderValue::from_bytes(b"caf\xe9").unwrap())
        .header("authorization", "Bearer hidden")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let message = hub.items("projects/clinic/messages").await.remove(0);
    let path = format!("projects/clinic/messages/{}/request", text(&message["id"]));
    let request = hub.json(&path).await;
    assert_eq!(request["method"], "POST");
    assert_eq!(request["path"], "/inbox/•••••••");
    assert_eq!(
        request["query"],
        json!([["form", "births"], ["form", "b c"], ["token", "•••••••"]])
    );
    assert_eq!(request["headers"]["x-form"], "births");
    assert_eq!(request["headers"]["x-odd"], "caf\u{fffd}");
    assert!(!request.to_string().contains("hidden"));
    assert!(!request.to_string().contains(SECRET));
}

// MUST-4
#[tokio::test]
async fn unknown_disabled_and_mistaken_requests_are_told_apart() {
    let hub = TestHub::start().await;
    problem(hub.send("no-such-secret", "{}").await, 404, "unknown-inbox").await;
    problem(hub.send("", "{}").await, 404, "unknown-inbox").await;
    problem(hub.send(&format!("{SECRET}/more"), "{}").await, 404, "unknown-inbox").await;

    let answer = hub.client.get(hub.url(&format!("/inbox/{SECRET}"))).send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "POST");
    let told = problem(answer, 405, "method-not-allowed").await;
    assert!(text(&told["hint"]).contains("POST"));
    assert!(!told.to_string().contains(SECRET));

    let mut definition = hub.definition();
    definition["sources"]["inbox"]["enabled"] = json!(false);
    hub.apply(definition).await;
    let told = problem(hub.send(SECRET, "{}").await, 403, "source-disabled").await;
    assert!(!told.to_string().contains(SECRET));
    assert!(hub.items("projects/clinic/messages").await.is_empty());
}

/// What must be kept as quarantined and answered with 400.
async fn check_quarantined(hub: &TestHub, secret: &str, body: impl Into<Vec<u8>>, code: &str) {
    let body: Vec<u8> = body.into();
    let told = problem(hub.send(secret, body.clone()).await, 400, code).await;
    let path = format!("projects/clinic/messages/{}", text(&told["message_id"]));
    let message = hub.json(&path).await;
    assert_eq!(message["state"], "quarantined", "{code}");
    assert_eq!(message["reason"], told["detail"], "{code}");
    let kept = hub.get(&format!("{path}/body")).await.bytes().await.unwrap();
    assert_eq!(kept, body, "{code}");
}

// MUST-3
#[tokio::test]
async fn what_cannot_be_read_is_kept_and_told() {
    let hub = TestHub::start().await;
    check_quarantined(&hub, SECRET, "", "json-empty").await;
    check_quarantined(&hub, SECRET, "{\"a\": 1", "json-syntax").await;
    check_quarantined(&hub, SECRET, "{\"a\": 1} x", "json-trailing").await;
    check_quarantined(&hub, SECRET, "{\"a\": NaN}", "json-syntax").await;
    check_quarantined(&hub, SECRET, "<a/>", "json-syntax").await;
    check_quarantined(&hub, SECRET, b"{\"a\": \"\xff\xfe\"}", "json-encoding").await;
    let utf_16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_quarantined(&hub, SECRET, [b"\xff\xfe", &utf_16[..]].concat(), "json-encoding").await;
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    check_quarantined(&hub, SECRET, deep, "json-depth").await;
    check_quarantined(&hub, SECRET, "[".repeat(500_000), "json-depth").await;
    check_quarantined(&hub, SECRET, r#"{"a": "\ud800"}"#, "json-surrogate").await;

    let xml = "secret-of-the-xml-1";
    let entities = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
    check_quarantined(&hub, xml, entities, "xml-doctype").await;
    let external = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    check_quarantined(&hub, xml, external, "xml-doctype").await;
    check_quarantined(&hub, xml, "<a><b></a>", "xml-syntax").await;

    // The hub is as it was.
    hub.keep("{}").await;
    assert!(hub.destination.received().len() <= 1);
}

// MUST-3
#[tokio::test]
async fn a_sender_who_would_stop_at_a_refusal_gets_none() {
    let hub = TestHub::start().await;
    let answer = hub.send("secret-of-aggregate-1", "no json").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.text().await.unwrap(), "{}");
    let quarantined = hub.items("projects/clinic/messages?state=quarantined").await;
    assert_eq!(quarantined.len(), 1);
    assert_eq!(quarantined[0]["source"], "aggregate");
}

#[tokio::test]
async fn a_full_quarantine_refuses_in_the_way_that_its_sender_understands() {
    let hub = TestHub::start_with(Engine::Sqlite, |store, _| store.quarantine_limit = 2).await;
    for body in ["x1", "x2"] {
        problem(hub.send(SECRET, body).await, 400, "json-syntax").await;
        assert_eq!(hub.send("secret-of-aggregate-1", body).await.status(), StatusCode::OK);
    }
    problem(hub.send(SECRET, "x3").await, 400, "quarantine-full").await;
    let answer = hub.send("secret-of-aggregate-1", "x3").await;
    let seconds: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&seconds));
    problem(answer, 503, "quarantine-full").await;
    // What can be read is taken all the same.
    hub.keep("{}").await;
}

// MUST-4, MUST-5
#[tokio::test]
async fn a_body_has_a_bound_before_and_after_decompression() {
    let hub = TestHub::start().await;
    let longest = format!("\"{}\"", "x".repeat(MAX_BODY - 2));
    assert_eq!(hub.send(SECRET, longest.clone()).await.status(), StatusCode::OK);
    problem(hub.send(SECRET, longest + " ").await, 413, "body-too-large").await;

    let zeros = gzip(&vec![b' '; 50 * MAX_BODY]);
    assert!(zeros.len() < MAX_BODY);
    let compressed = |encoding: &'static str, body: Vec<u8>| {
        let request = hub.client.post(hub.url(&format!("/inbox/{SECRET}")));
        request.header("content-encoding", encoding).body(body).send()
    };
    problem(compressed("gzip", zeros).await.unwrap(), 413, "body-too-large").await;
    let small = compressed("gzip", gzip(b"{\"a\": 1}")).await.unwrap();
    assert_eq!(small.status(), StatusCode::OK);
    let told = compressed("zstd", vec![1]).await.unwrap();
    problem(told, 415, "unsupported-encoding").await;
    let told = compressed("gzip", b"not gzip".to_vec()).await.unwrap();
    problem(told, 415, "unsupported-encoding").await;
    assert_eq!(hub.items("projects/clinic/messages").await.len(), 2);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

// MUST-8, MUST-10
#[tokio::test]
async fn the_same_identity_from_64_connections_at_once_is_one_message() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = Arc::new(TestHub::start_on(engine).await);
        let posts: Vec<_> = (0..64)
            .map(|_| {
                let hub = Arc::clone(&hub);
                tokio::spawn(async move {
                    let answer = hub
                        .client
                        .post(hub.url(&format!("/inbox/{SECRET}")))
                        .header("idempotency-key", "one and the same")
                        .body(r#"{"a": 1}"#)
                        .send()
                        .await
                        .unwrap();
                    (answer.status(), answer.text().await.unwrap())
                })
            })
            .collect();
        for post in posts {
            assert_eq!(post.await.unwrap(), (StatusCode::OK, "{}".to_owned()));
        }
        let of_state = |state: &'static str| {
            let path = format!("projects/clinic/messages?limit=100&state={state}");
            let hub = Arc::clone(&hub);
            async move { hub.items(&path).await }
        };
        let kept = of_state("kept").await;
        assert_eq!((kept.len(), of_state("duplicate").await.len()), (1, 63), "{engine:?}");
        assert_eq!(kept[0]["identity"], "one and the same");
        assert_eq!(hub.items("projects/clinic/deliveries").await.len(), 1);
    }
}

// MUST-4
#[tokio::test]
async fn a_store_that_is_away_asks_the_sender_to_come_back() {
    let mut postgres = TemporaryPostgres::start_private().await;
    let database = postgres.database().await;
    let hub = TestHub::start_with(Engine::Sqlite, |store, settings| {
        store.database = Some(database);
        settings.metrics = Some(recorder());
    })
    .await;
    hub.keep("{}").await;
    postgres.stop();
    let answer = hub.send(SECRET, "{}").await;
    let seconds: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&seconds));
    let told = problem(answer, 503, "store-unavailable").await;
    assert!(!told.to_string().contains("postgres"), "{told}");

    let answer = hub.client.post(hub.url(&format!("/i/{WEBHOOK}"))).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let seconds = answer.headers()["retry-after"].to_str().unwrap().to_owned();
    let told = json_of(answer).await;
    assert_eq!(told["error"], "service_unavailable");
    assert_eq!(told["retry_after"].to_string(), seconds);

    problem(hub.get("projects/clinic/messages").await, 503, "store-unavailable").await;
    let answer = hub.client.get(hub.url("/readyz")).send().await.unwrap();
    problem(answer, 503, "not-ready").await;
    let answer = hub.client.get(hub.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = hub.client.get(hub.url("/metrics")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let counted = answer.text().await.unwrap();
    assert!(counted.contains("fieldpost_requests_total"), "{counted}");
    assert!(!counted.contains("fieldpost_deliveries_waiting"), "{counted}");

    postgres.start();
    eventually("the store is back", async || {
        (hub.send(SECRET, "{}").await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn forms_are_read_by_a_source_of_json() {
    let hub = TestHub::start().await;
    let answer = hub
        .client
        .post(hub.url(&format!("/inbox/{SECRET}")))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("form=births&n=1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let message = hub.items("projects/clinic/messages").await.remove(0);
    let path = format!("projects/clinic/messages/{}", text(&message["id"]));
    assert_eq!(hub.json(&format!("{path}/view")).await, json!({"form": "births", "n": "1"}));
    assert_eq!(hub.get(&format!("{path}/body")).await.text().await.unwrap(), "form=births&n=1");
}

#[tokio::test]
async fn nothing_leaks_from_a_success() {
    let hub = TestHub::start().await;
    let answer = hub.send(SECRET, "{}").await;
    let headers: Vec<String> = answer.headers().keys().map(ToString::to_string).collect();
    assert_eq!(headers, ["content-type", "content-length", "date"]);
    assert_eq!(json_of(answer).await, Value::Object(serde_json::Map::new()));
}
