//! What is told of a submission after it was edited: its files, as they are and as they were, what calls make of them,
//! and what an import leaves as it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, basic, definition, good, submit};
use crate::wcs_still::Still;

const RECORD: &str = "/p/clinic/api/forms/papers/1/";

/// A hub with a form of two files and an answer, whose record is told of to somebody with each edit.
async fn papers(engine: Engine) -> Still {
    let still = Still::start(engine, project).await;
    let data = json!({
        "name": "Amina", "height": "12.5", "remark": "seen",
        "photo": file("before.png", "image/png", "a photo"), "plan": file("plan.pdf", "application/pdf", "a plan"),
    });
    submit(&still.hub, "papers", &json!({ "data": data })).await;
    still
}

fn project(hub: &TestHub) -> Value {
    let mut definition = definition(hub);
    definition["forms"] = json!({ "papers": {
        "title": "Papers", "submission_roles": ["clerks"],
        "fields": [
            { "name": "name", "label": "Name", "type": "string", "required": true },
            { "name": "height", "label": "Height", "type": "numeric" },
            { "name": "photo", "label": "Photo", "type": "file" },
            { "name": "plan", "label": "Plan", "type": "file" },
        ],
        "lifecycle": {
            "backoffice_fields": [{ "name": "remark", "label": "Remark", "type": "string" }],
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "edit": true, "by": ["clerks"] },
                    { "jump": "told", "trigger": "tell" },
                ] },
                "told": { "name": "Told", "actions": [
                    { "call": { "connection": "there", "path": "/told", "post": true, "post_data": {
                        "own": "{{ form_var_photo }}", "named": "{{ form_var_photo }} of {{ form_var_name }}",
                        "kind": "{{ form_var_photo.content_type }}" } } },
                    { "edit": true, "by": ["clerks"] },
                ] },
            },
        },
    } });
    definition
}

fn file(name: &str, content_type: &str, content: &str) -> Value {
    json!({ "filename": name, "content_type": content_type, "content": STANDARD.encode(content) })
}

async fn document(hub: &TestHub, query: &str) -> Value {
    good(BY_CLERKS.get(hub, &format!("{RECORD}{query}")).await).await
}

/// The names and contents of the two files of a document.
fn files(document: &Value) -> [(String, String); 2] {
    ["photo", "plan"].map(|key| {
        let file = &document["fields"][key];
        let content = STANDARD.decode(text(&file["content"])).unwrap();
        (text(&file["filename"]).to_owned(), String::from_utf8(content).unwrap())
    })
}

fn owned(files: [(&str, &str); 2]) -> [(String, String); 2] {
    files.map(|(name, content)| (name.to_owned(), content.to_owned()))
}

#[tokio::test]
async fn a_document_of_a_moment_has_the_files_of_that_moment() {
    for engine in BOTH {
        let still = papers(engine).await;
        let hub = &still.hub;
        still.turn_to(60);
        let before = hub.hub.now();
        still.turn_to(120);
        // One file is exchanged, the other taken away.
        let changed = json!({ "data": { "photo": file("after.png", "image/png", "another photo"), "plan": null } });
        good(BY_CLERKS.post(hub, RECORD, &changed).await).await;
        let now = document(hub, "").await;
        assert_eq!(text(&now["fields"]["photo"]["filename"]), "after.png");
        assert_eq!(now["fields"]["plan"], Value::Null, "{now}");
        let then = document(hub, &format!("?at={before}")).await;
        let expected = owned([("before.png", "a photo"), ("plan.pdf", "a plan")]);
        assert_eq!(files(&then), expected);
        // The file of then is still to be had by the address that the document of then names.
        let url = text(&then["fields"]["photo"]["url"]);
        let (_, path) = url.split_once("/p/clinic").unwrap();
        let answer = BY_CLERKS.get(hub, &format!("/p/clinic{path}")).await;
        assert_eq!(answer.status(), 200, "{url}");
        assert_eq!(answer.text().await.unwrap(), "a photo");
    }
}

#[tokio::test]
async fn a_template_has_the_file_of_the_newest_version() {
    for engine in BOTH {
        let still = papers(engine).await;
        let hub = &still.hub;
        let changed =
            json!({ "data": { "photo": file("after.jpg", "image/jpeg", "another photo") } });
        good(BY_CLERKS.post(hub, RECORD, &changed).await).await;
        let trigger = format!("{RECORD}jump/trigger/tell/");
        good(BY_PARTNER.post(hub, &trigger, &json!({})).await).await;
        let told = eventually("the call has been made", async || {
            let received = hub.destination.received();
            received
                .iter()
                .find(|it| it.path.ends_with("/told"))
                .map(|it| it.json()["extra"].clone())
        })
        .await;
        assert_eq!(told["own"]["filename"], "after.jpg", "{told}");
        assert_eq!(told["own"]["content"], STANDARD.encode("another photo"), "{told}");
        assert_eq!(
            (&told["named"], &told["kind"]),
            (&json!("after.jpg of Amina"), &json!("image/jpeg"))
        );
    }
}

#[tokio::test]
async fn an_import_changes_what_a_row_says_and_nothing_else() {
    for engine in BOTH {
        let still = papers(engine).await;
        let hub = &still.hub;
        let import = async |format: &str, body: String| {
            let path = format!("/p/clinic/api/cards/papers/import-{format}");
            good(basic(hub, Method::PUT, &path, BY_CLERKS).body(body).send().await.unwrap()).await["data"]
                .clone()
        };
        let done = import("csv", "id,height\n1,13\n".to_owned()).await;
        assert_eq!((&done["updated"], &done["created"]), (&json!(1), &json!(0)), "{done}");
        let after = document(hub, "").await;
        assert_eq!(
            (&after["fields"]["name"], &after["fields"]["height"]),
            (&json!("Amina"), &json!("13"))
        );
        let expected = owned([("before.png", "a photo"), ("plan.pdf", "a plan")]);
        assert_eq!(files(&after), expected, "files stay");
        assert_eq!(after["workflow"]["fields"]["remark"], "seen");
        // The same row again changes nothing, and what is given an empty answer loses it.
        assert_eq!(import("csv", "id,height\n1,13\n".to_owned()).await["skipped"], 1);
        let rows = json!({ "data": [{ "id": "1", "data": { "height": null } }] });
        assert_eq!(import("json", rows.to_string()).await["updated"], 1);
        let after = document(hub, "").await;
        assert_eq!(
            (&after["fields"]["name"], &after["fields"]["height"]),
            (&json!("Amina"), &Value::Null)
        );
        assert_eq!(files(&after), expected);
    }
}
