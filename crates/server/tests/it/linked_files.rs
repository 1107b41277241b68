//! Linked files, as the API shows and fetches them; and the form inside an event of ODK Central.

use fieldpost_testkit::Answer;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

const KOBO: &str = "secret-of-the-kobo-1";

/// Makes the project one that fetches files, or one that does not.
async fn define(hub: &TestHub, fetches: bool) {
    let mut definition = hub.definition();
    definition["connections"]["files"] = json!({
        "url": hub.destination.url("/"),
        "auth": { "bearer": "a-token-of-kobo" },
    });
    if fetches {
        definition["sources"]["kobo"]["fetch_files"] = json!("files");
    }
    definition["sources"]["central"] =
        json!({ "dialect": "odk-central", "secret": "secret-of-central-1" });
    hub.apply(definition).await;
}

/// Sends a submission that links to a file; the answer is the path of the submission in the API.
async fn send(hub: &TestHub) -> String {
    let file = json!({
        "download_url": hub.destination.url("/a.jpg"), "mimetype": "image/jpeg", "filename": "u/a.jpg",
    });
    let body = json!({ "_xform_id_string": "visit", "_uuid": "1", "_attachments": [file] });
    assert_eq!(hub.send(KOBO, body.to_string()).await.status(), StatusCode::OK);
    let submission = hub.items("projects/clinic/submissions").await.remove(0);
    format!("projects/clinic/submissions/{}", text(&submission["id"]))
}

async fn fetched(hub: &TestHub, submission: &str, state: &str) -> Value {
    eventually("the file is as expected", async || {
        let file = hub.items(&format!("{submission}/attachments")).await.remove(0);
        (file["fetch"]["state"] == state).then_some(file)
    })
    .await
}

#[tokio::test]
async fn a_linked_file_is_shown_fetched_and_asked_for_again() {
    let hub = TestHub::start_on(Engine::Postgres).await;
    define(&hub, true).await;
    hub.destination.answer("/a.jpg", Answer::status(410));
    let submission = send(&hub).await;
    let file = fetched(&hub, &submission, "failed").await;
    assert_eq!((&file["sha256"], &file["bytes"]), (&Value::Null, &Value::Null));
    let fetch = &file["fetch"];
    assert_eq!((&fetch["connection"], &fetch["attempts"]), (&json!("files"), &json!(1)));
    assert_eq!((&fetch["next_attempt_at"], &fetch["fetched_at"]), (&Value::Null, &Value::Null));
    assert_eq!(fetch["last_error"], "410 Gone");
    hub.destination.answer("/a.jpg", Answer::status(200).body("photo"));
    let order = format!("{submission}/fetch");
    for files in [1, 0] {
        let answer = hub.post(&order, &json!({})).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert_eq!(json_of(answer).await, json!({ "files": files }));
        let file = fetched(&hub, &submission, "fetched").await;
        assert_eq!(file["bytes"], 5);
        assert!(file["fetch"]["fetched_at"].is_string() && file["fetch"]["last_error"].is_null());
    }
    let content = hub.get(&format!("{submission}/attachments/a.jpg")).await;
    assert_eq!(content.headers()["content-type"], "image/jpeg");
    assert_eq!(content.text().await.unwrap(), "photo");
    // A connection that files are fetched by is in use.
    problem(hub.delete("projects/clinic/connections/files").await, 409, "in-use").await;
    let database = json!({ "url": "postgres://db.example.org/a" });
    let refused = hub.put("projects/clinic/connections/files", &database).await;
    let told = problem(refused, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["path"], "sources.kobo.fetch_files");
    let unknown = json!({ "dialect": "kobo", "fetch_files": "file" });
    let refused = hub.put("projects/clinic/sources/kobo", &unknown).await;
    let told = problem(refused, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["code"], "unknown-connection");
}

#[tokio::test]
async fn what_no_source_wants_fetched_stays_a_link() {
    let hub = TestHub::start().await;
    define(&hub, false).await;
    let submission = send(&hub).await;
    let file = hub.items(&format!("{submission}/attachments")).await.remove(0);
    assert_eq!(
        (&file["link"], &file["fetch"]),
        (&json!(hub.destination.url("/a.jpg")), &Value::Null)
    );
    problem(hub.post(&format!("{submission}/fetch"), &json!({})).await, 409, "no-fetching").await;
    let nowhere = "projects/clinic/submissions/0195a7c2-0000-7000-8000-000000000000/fetch";
    problem(hub.post(nowhere, &json!({})).await, 404, "not-found").await;
    assert!(hub.destination.received().is_empty());
}

#[tokio::test]
async fn the_original_of_an_event_of_central_is_the_form_inside() {
    let hub = TestHub::start().await;
    define(&hub, false).await;
    let document = "<?xml version='1.0'?>\n<data id=\"trees\">\t<meta><instanceID>uuid:1</instanceID></meta></data>\n";
    let event = json!({ "type": "submission.create", "id": "uuid:1", "data": { "xml": document } });
    assert_eq!(hub.send("secret-of-central-1", event.to_string()).await.status(), StatusCode::OK);
    let submission = hub.items("projects/clinic/submissions").await.remove(0);
    let path = format!("projects/clinic/submissions/{}/original", text(&submission["id"]));
    let original = hub.get(&path).await;
    assert_eq!(original.headers()["content-type"], "text/xml");
    assert_eq!(original.text().await.unwrap(), document);
    // Those who read as from CommCare HQ find the same.
    let form = hub.read("/a/clinic/api/form/v1/").await["objects"][0].clone();
    let told = &form["attachments"]["form.xml"];
    assert_eq!(
        (&told["length"], &told["content_type"]),
        (&json!(document.len()), &json!("text/xml"))
    );
}
