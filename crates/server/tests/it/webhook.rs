//! Webhooks: the table of answers that clients of OpenFn rely on.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::hub::{Engine, MAX_BODY, SECRET, TestHub, WEBHOOK, eventually, text};
use crate::runs::fail_one_of;

/// What a webhook answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks the status and the whole body.
    #[track_caller]
    fn check(&self, status: u16, body: &Value) {
        assert_eq!((self.status.as_u16(), self.json()), (status, body.clone()));
        assert_eq!(self.headers["content-type"], "application/json");
    }
}

async fn call(
    hub: &TestHub,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let mut request = hub.client.request(method, hub.url(path)).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    // Any page may read any answer.
    assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{path}");
    let (status, headers) = (answer.status(), answer.headers().clone());
    Answer { status, headers, body: answer.text().await.unwrap() }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn not_found() -> Value {
    json!({ "error": "Webhook not found" })
}

fn path() -> String {
    format!("/i/{WEBHOOK}")
}

#[tokio::test]
async fn a_post_is_answered_with_a_work_order() {
    let hub = TestHub::start().await;
    let with_more = format!("{}/Patient/7?x=1", path());
    for (method, path) in [
        (Method::POST, path().as_str()),
        (Method::PUT, path().as_str()),
        (Method::PATCH, path().as_str()),
        (Method::POST, with_more.as_str()),
        (Method::POST, "/i/clinic/intake"),
    ] {
        let answer = call(&hub, method.clone(), path, JSON, r#"{"a": 1}"#).await;
        let message = hub.items("projects/clinic/messages?limit=1").await.remove(0);
        answer.check(200, &json!({ "work_order_id": message["id"] }));
        assert_eq!(answer.headers["x-meta-work-order-id"], text(&message["id"]));
        let request = format!("projects/clinic/messages/{}/request", text(&message["id"]));
        let request = hub.json(&request).await;
        assert_eq!(request["method"], method.as_str());
        assert_eq!(request["path"], path.split('?').next().unwrap());
    }
}

#[tokio::test]
async fn a_get_tells_that_the_webhook_is_there() {
    let hub = TestHub::start().await;
    let found = json!({
        "message": "OpenFn webhook trigger found. Make a POST request to execute this workflow.",
    });
    for path in [path().as_str(), "/i/clinic/intake"] {
        call(&hub, Method::GET, path, &[], "").await.check(200, &found);
        let head = call(&hub, Method::HEAD, path, &[], "").await;
        assert_eq!(head.status, StatusCode::OK);
    }
    assert!(hub.items("projects/clinic/messages").await.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let hub = TestHub::start().await;
    for path in [
        "/i/00000000-0000-4000-8000-000000000000",
        "/i/clinic/elsewhere",
        "/i/clinic/intake/more",
        "/i/clinic",
        "/i/intake",
        "/i/nobody/intake",
        "/i/x",
    ] {
        for method in [Method::GET, Method::POST] {
            call(&hub, method, path, JSON, "{}").await.check(404, &not_found());
        }
    }
    let answer = call(&hub, Method::DELETE, &path(), JSON, "").await;
    assert_eq!(answer.headers["allow"], "GET, HEAD, POST, PUT, PATCH, OPTIONS");
    answer.check(405, &json!({ "error": "Method Not Allowed" }));
}

#[tokio::test]
async fn pages_may_ask_before_they_send() {
    let hub = TestHub::start().await;
    for path in [path().as_str(), "/i/nobody/intake"] {
        let answer = call(
            &hub,
            Method::OPTIONS,
            path,
            &[("origin", "https://example.org"), ("access-control-request-method", "POST")],
            "",
        )
        .await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""));
        let allowed = answer.headers["access-control-allow-methods"].to_str().unwrap();
        assert!(allowed.contains("POST"));
        assert_eq!(answer.headers["access-control-allow-headers"], "*, authorization");
    }
}

#[tokio::test]
async fn a_sender_proves_itself_by_key_or_by_password() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["sources"]["inbox"]["auth"] = json!([
        { "api_key": "the-key" },
        { "basic": { "username": "field", "password": "the-password" } },
    ]);
    hub.apply(definition).await;
    let post = async |headers: &[(&'static str, &str)], method: Method| {
        call(&hub, method, &path(), headers, "{}").await
    };
    for method in [Method::GET, Method::POST] {
        let answer = post(JSON, method.clone()).await;
        assert!(answer.headers.contains_key("www-authenticate"));
        answer.check(401, &json!({ "error": "Unauthorized" }));
        post(&[("x-api-key", "another")], method.clone()).await.check(404, &not_found());
        post(&[("authorization", "Basic eDp5")], method.clone()).await.check(404, &not_found());
        post(&[("authorization", "Bearer the-key")], method.clone()).await.check(404, &not_found());
        assert_eq!(post(&[("x-api-key", "the-key")], method.clone()).await.status, 200);
        let basic = "Basic ZmllbGQ6dGhlLXBhc3N3b3Jk";
        assert_eq!(post(&[("authorization", basic)], method).await.status, 200);
    }
    // The inbox has its own proof, which is its address.
    hub.keep("{}").await;
    // Neither key nor password is kept with the message.
    for message in hub.items("projects/clinic/messages").await {
        let path = format!("projects/clinic/messages/{}/request", text(&message["id"]));
        let request = hub.json(&path).await.to_string();
        assert!(!request.contains("the-key") && !request.contains("ZmllbGQ6"), "{request}");
    }
}

#[tokio::test]
async fn a_source_of_json_takes_json_and_forms() {
    let hub = TestHub::start().await;
    let multipart = "--next\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--next--";
    for (content_type, body, view) in [
        ("application/json", r#"{"a":"1"}"#, r#"{"a":"1"}"#),
        ("application/fhir+json; charset=utf-8", r#"{"a":"1"}"#, r#"{"a":"1"}"#),
        ("text/json", "[1]", "[1]"),
        ("application/x-www-form-urlencoded", "a=1", r#"{"a":"1"}"#),
        ("multipart/form-data; boundary=next", multipart, r#"{"a":"1"}"#),
    ] {
        let headers = [("content-type", content_type)];
        let answer = call(&hub, Method::POST, &path(), &headers, body).await;
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.body);
        let id = answer.json()["work_order_id"].clone();
        let message = format!("projects/clinic/messages/{}", text(&id));
        let shown = hub.get(&format!("{message}/view")).await.text().await.unwrap();
        assert_eq!(shown, view, "{content_type}");
        assert_eq!(hub.get(&format!("{message}/body")).await.text().await.unwrap(), body);
    }
    for content_type in ["text/xml", "application/xml", "text/plain", "image/jpeg"] {
        let headers = [("content-type", content_type)];
        call(&hub, Method::POST, &path(), &headers, "<a/>")
            .await
            .check(415, &json!({ "error": "Unsupported Media Type" }));
    }
    assert_eq!(hub.items("projects/clinic/messages").await.len(), 5);
}

#[tokio::test]
async fn a_source_of_xml_takes_xml() {
    let hub = TestHub::start().await;
    let urls = hub.json("projects/clinic/sources/xml/urls").await;
    let headers = [("content-type", "text/xml")];
    let answer = call(&hub, Method::POST, text(&urls["webhook"]), &headers, "<a>1</a>").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn an_empty_post_is_an_empty_object() {
    let hub = TestHub::start().await;
    for headers in [JSON, &[]] {
        let answer = call(&hub, Method::POST, &path(), headers, "").await;
        assert_eq!(answer.status, 200);
        let id = answer.json()["work_order_id"].clone();
        let body = hub.get(&format!("projects/clinic/messages/{}/body", text(&id))).await;
        assert_eq!(body.text().await.unwrap(), "{}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_told() {
    let hub = TestHub::start().await;
    let answer = call(&hub, Method::POST, &path(), JSON, "{\"a\": ").await;
    let told = answer.json();
    assert_eq!((answer.status.as_u16(), text(&told["error"])), (400, "json-syntax"));
    assert!(text(&told["message"]).contains("not valid JSON"));
    let kept = hub.json(&format!("projects/clinic/messages/{}", text(&told["message_id"]))).await;
    assert_eq!(kept["state"], "quarantined");
}

#[tokio::test]
async fn what_is_too_large_is_told_in_text() {
    let hub = TestHub::start().await;
    let answer = call(&hub, Method::POST, &path(), JSON, " ".repeat(MAX_BODY + 1)).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (413, "Request Entity Too Large"));
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
}

#[tokio::test]
async fn a_disabled_webhook_says_so_after_all_other_checks() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["sources"]["inbox"]["enabled"] = json!(false);
    definition["sources"]["inbox"]["auth"] = json!([{ "api_key": "the-key" }]);
    hub.apply(definition).await;
    call(&hub, Method::POST, &path(), JSON, "{}")
        .await
        .check(401, &json!({ "error": "Unauthorized" }));
    let key = ("x-api-key", "the-key");
    call(&hub, Method::POST, &path(), &[key, ("content-type", "text/xml")], "<a/>")
        .await
        .check(415, &json!({ "error": "Unsupported Media Type" }));
    call(&hub, Method::POST, &path(), &[key], "{}").await.check(
        403,
        &json!({
            "error": "trigger_disabled",
            "message": "Unable to process request, trigger is disabled. Enable it on OpenFn to \
                        allow requests to this endpoint.",
        }),
    );
    assert_eq!(call(&hub, Method::GET, &path(), &[key], "").await.status, 200);
}

#[tokio::test]
async fn a_duplicate_is_answered_like_the_first_with_its_own_id() {
    let hub = TestHub::start().await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    let first = call(&hub, Method::POST, &path(), &headers, "{}").await;
    let second = call(&hub, Method::POST, &path(), &headers, "{}").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    let [first, second] = [first, second].map(|answer| answer.json()["work_order_id"].clone());
    assert_ne!(first, second);
    let kept = hub.json(&format!("projects/clinic/messages/{}", text(&second))).await;
    assert_eq!((&kept["state"], &kept["duplicate_of"]), (&json!("duplicate"), &first));
    assert_eq!(hub.items("projects/clinic/deliveries").await.len(), 1);
}

#[tokio::test]
async fn the_inbox_and_the_webhook_are_one_source() {
    let hub = TestHub::start().await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    call(&hub, Method::POST, &path(), &headers, "{}").await;
    let request = hub.client.post(hub.url(&format!("/inbox/{SECRET}")));
    request.header("idempotency-key", "once").body("{}").send().await.unwrap();
    let messages = hub.items("projects/clinic/messages").await;
    let states: Vec<&str> = messages.iter().map(|message| text(&message["state"])).collect();
    assert_eq!(states, ["duplicate", "kept"]);
}

/// A workflow that listens to the inbox, and replies as it says.
async fn listen(hub: &TestHub, reply: Option<Value>) {
    let mut trigger = json!({ "source": "inbox" });
    if let Some(reply) = reply {
        trigger["reply"] = reply;
    }
    let steps = json!({ "load": { "adaptor": "common", "job": "fn(s => s)" } });
    let workflow = json!({ "trigger": trigger, "steps": steps });
    let answer = hub.put("projects/clinic/workflows/answer", &workflow).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_post_that_sets_off_a_run_is_answered_with_its_id() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        listen(&hub, None).await;
        let answer = call(&hub, Method::POST, &path(), JSON, r#"{"a": 1}"#).await;
        let run = hub.items("projects/clinic/runs").await.remove(0);
        answer.check(200, &json!({ "work_order_id": run["id"] }));
        for header in ["x-meta-run-id", "x-meta-work-order-id"] {
            assert_eq!(answer.headers[header], text(&run["id"]));
        }
    }
}

#[tokio::test]
async fn a_post_waits_for_the_run_that_replies() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let codes = json!({ "success_code": 200, "error_code": 422 });
        listen(&hub, Some(codes)).await;
        let path = path();
        let ((), answer) = tokio::join!(
            async {
                eventually("the run is made", async || {
                    let runs = hub.items("projects/clinic/runs").await;
                    (!runs.is_empty()).then_some(())
                })
                .await;
                fail_one_of(&hub, "answer").await;
            },
            call(&hub, Method::POST, &path, JSON, r#"{"a": 1}"#),
        );
        let run = hub.items("projects/clinic/runs").await.remove(0);
        assert_eq!(answer.status.as_u16(), 422);
        assert_eq!(answer.headers["x-meta-run-id"], text(&run["id"]));
        let told = answer.json();
        assert!(text(&told["data"]["message"]).contains("status: failed"), "{told}");
        let meta = &told["meta"];
        assert_eq!((&meta["run_id"], &meta["state"]), (&run["id"], &json!("failed")));
        assert_eq!((&meta["work_order_id"], &meta["error_type"]), (&run["id"], &json!("JobError")));
    }
}

#[tokio::test]
async fn a_post_does_not_wait_for_ever() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.reply_timeout = Duration::from_millis(100);
    })
    .await;
    listen(&hub, Some(json!("after_completion"))).await;
    let answer = call(&hub, Method::POST, &path(), JSON, r#"{"a": 1}"#).await;
    let run = hub.items("projects/clinic/runs").await.remove(0);
    let expected = json!({
        "error": "timeout",
        "message": "Workflow did not complete within timeout period",
        "work_order_id": run["id"],
    });
    answer.check(504, &expected);
    assert_eq!(run["state"], "available");
}
