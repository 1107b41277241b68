//! Files of one name and different contents: each answer keeps its own, in documents, downloads and calls, whatever
//! else is called so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_testkit::Answer;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, text};
use crate::wcs_project::{BY_CLERKS, definition, good, submit};

const RECORD: &str = "/p/clinic/api/forms/papers/1/";
/// The name that every file here has.
const NAME: &str = "scan.pdf";

/// A hub with a form of two files, files in rows, and one that the lifecycle takes from an answer.
async fn hub(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = definition(&hub);
    definition["forms"] = json!({ "papers": {
        "title": "Papers",
        "fields": [
            { "name": "photo", "label": "Photo", "type": "file" },
            { "name": "plan", "label": "Plan", "type": "file" },
            { "name": "rows", "label": "Rows", "type": "block", "fields": [
                { "name": "proof", "label": "Proof", "type": "file" } ] },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "backoffice_fields": [{ "name": "receipt", "label": "Receipt", "type": "file" }],
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "call": { "connection": "there", "path": "/pay", "name": "c", "post": true,
                                "post_data": { "own": "{{ form_var_photo }}" },
                                "response": "attachment", "file_field": "receipt" } },
                    { "edit": true, "by": ["_receiver"] },
                ] },
            },
        },
    } });
    hub.apply(definition).await;
    let answer = Answer::status(200)
        .header("content-type", "application/pdf")
        .header("content-disposition", "attachment; filename=\"scan.pdf\"")
        .body("receipt");
    hub.destination.answer("/pay", answer);
    hub
}

fn file(content: &str) -> Value {
    json!({ "filename": NAME, "content_type": "application/pdf", "content": STANDARD.encode(content) })
}

fn content(file: &Value) -> String {
    let bytes = STANDARD.decode(text(&file["content"])).unwrap_or_else(|_| panic!("{file}"));
    String::from_utf8(bytes).unwrap()
}

/// What each file of a document holds: photo, plan and those of the rows.
fn contents(document: &Value) -> Vec<String> {
    let fields = &document["fields"];
    let rows = fields["rows_raw"].as_array().unwrap();
    let files = [&fields["photo"], &fields["plan"]];
    files.into_iter().chain(rows.iter().map(|row| &row["proof"])).map(content).collect()
}

async fn document(hub: &TestHub, query: &str) -> Value {
    good(BY_CLERKS.get(hub, &format!("{RECORD}{query}")).await).await
}

async fn downloaded(hub: &TestHub, file: &Value) -> String {
    let url = text(&file["url"]);
    let (_, path) = url.split_once("/p/clinic").unwrap();
    let answer = BY_CLERKS.get(hub, &format!("/p/clinic{path}")).await;
    assert_eq!(answer.status(), 200, "{url}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn each_answer_keeps_its_file_whatever_others_are_called() {
    for engine in BOTH {
        let hub = hub(engine).await;
        let data = json!({
            "photo": file("photo"), "plan": file("plan"),
            "rows": [{ "proof": file("first") }, { "proof": file("second") }],
        });
        submit(&hub, "papers", &json!({ "data": data })).await;
        let before = eventually("the call has brought the receipt", async || {
            let document = document(&hub, "").await;
            document["workflow"]["fields"]["receipt"].is_object().then_some(document)
        })
        .await;
        assert_eq!(contents(&before), ["photo", "plan", "first", "second"]);
        assert_eq!(content(&before["workflow"]["fields"]["receipt"]), "receipt");
        // The call told the same of them, and its own part the photo's.
        let received = hub.destination.received();
        let sent = received.iter().find(|it| it.path.ends_with("/pay")).unwrap().json();
        assert_eq!(contents(&sent), ["photo", "plan", "first", "second"]);
        assert_eq!(content(&sent["extra"]["own"]), "photo");
        for (file, expected) in [
            (&before["fields"]["photo"], "photo"),
            (&before["fields"]["plan"], "plan"),
            (&before["workflow"]["fields"]["receipt"], "receipt"),
        ] {
            assert_eq!(downloaded(&hub, file).await, expected);
        }
        // One of them is exchanged; it is called as all others are.
        let changed = json!({ "data": { "plan": file("another plan") } });
        good(BY_CLERKS.post(&hub, RECORD, &changed).await).await;
        let after = document(&hub, "").await;
        assert_eq!(contents(&after), ["photo", "another plan", "first", "second"]);
        assert_eq!(content(&after["workflow"]["fields"]["receipt"]), "receipt");
        assert_eq!(downloaded(&hub, &after["fields"]["plan"]).await, "another plan");
        assert_eq!(downloaded(&hub, &after["fields"]["photo"]).await, "photo");
    }
}
