//! What people do with a submission by the API of the hub's own pages: they add files, and change answers.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

/// A hub with a form whose submissions take files and edits, and the path of the lifecycle of one of them.
async fn hub_with_one(engine: Engine) -> (TestHub, String) {
    let hub = TestHub::start_on(engine).await;
    let mut definition = hub.definition();
    definition["roles"] = json!({ "agents": {} });
    definition["forms"] = json!({ "request": {
        "title": "A request",
        "fields": [
            { "name": "what", "label": "What", "type": "string", "required": true },
            { "name": "amount", "label": "How many", "type": "numeric" },
            { "name": "lines", "label": "Lines", "type": "block", "fields": [
                { "name": "text", "label": "Text", "type": "string" } ] },
            { "name": "photo", "label": "Photo", "type": "file" },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents", "_nobody": null },
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "attach": true, "id": "paper", "label": "Add a paper", "by": ["_receiver"] },
                    { "edit": true, "id": "mend", "by": ["_receiver"], "then": "mended" },
                    { "attach": true, "id": "kept", "by": ["_nobody"] },
                    { "edit": true, "id": "secretly", "by": ["_nobody"] },
                ] },
                "mended": { "name": "Mended", "actions": [ { "comment": true, "by": ["_receiver"] } ] },
            },
        },
    } });
    hub.apply(definition).await;
    let sent = json!({
        "_uuid": "0000-1", "_xform_id_string": "request", "what": "a lamp", "amount": "12",
    });
    assert_eq!(hub.send("secret-of-the-kobo-1", sent.to_string()).await.status(), 200);
    let submissions = hub.items("projects/clinic/submissions?form=request").await;
    let path = format!("projects/clinic/submissions/{}/lifecycle", text(&submissions[0]["id"]));
    eventually("the lifecycle has begun", async || {
        hub.json(&path).await["status"].is_object().then_some(())
    })
    .await;
    (hub, path)
}

/// Adds a file as a page does.
pub(crate) async fn attach(hub: &TestHub, path: &str, parts: &[(&str, &str)]) -> Response {
    let written = |(head, text): &(&str, &str)| {
        format!("--b\r\ncontent-disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    let body = parts.iter().map(written).collect::<Vec<_>>().concat();
    hub.request(Method::POST, path)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body + "--b--\r\n")
        .send()
        .await
        .unwrap()
}

fn edit(action: &str, data: &Value) -> Value {
    json!({ "kind": "edit", "action": action, "data": data })
}

async fn answers(hub: &TestHub, path: &str) -> Value {
    hub.json(path.trim_end_matches("/lifecycle")).await["values"].clone()
}

/// The submission as it is written.
async fn written(hub: &TestHub, path: &str) -> String {
    hub.get(path.trim_end_matches("/lifecycle")).await.text().await.unwrap()
}

#[tokio::test]
async fn a_file_is_added_part_by_part() {
    for engine in BOTH {
        let (hub, path) = hub_with_one(engine).await;
        let standing = hub.json(&path).await;
        let told = standing["actions"].as_array().unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|it| (text(&it["kind"]), text(&it["action"]), text(&it["label"])))
            .collect();
        assert_eq!(
            told,
            [("attach", "paper", "Add a paper"), ("edit", "mend", "Change the answers")]
        );
        // What nobody gave a name is called in the reader's language.
        let french = hub.request(Method::GET, &path).header("accept-language", "fr-BE, en;q=0.5");
        let french = json_of(french.send().await.unwrap()).await;
        let labels: Vec<_> =
            french["actions"].as_array().unwrap().iter().map(|it| text(&it["label"])).collect();
        assert_eq!(labels, ["Add a paper", "Modifier les réponses"]);
        let file = "name=\"file\"; filename=\"plan.txt\"";
        let added =
            attach(&hub, &path, &[("name=\"action\"", "paper"), (file, "up and down")]).await;
        assert_eq!(added.status(), 200, "{}", added.text().await.unwrap());
        let standing = json_of(added).await;
        let parts: Vec<&Value> = standing["history"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|event| event["parts"].as_array().unwrap())
            .collect();
        assert_eq!(parts.len(), 1, "{standing}");
        assert_eq!((text(&parts[0]["kind"]), text(&parts[0]["text"])), ("attachment", "plan.txt"));
        // Without one of the two parts it is not known what is wanted.
        for lacking in [vec![("name=\"action\"", "paper")], vec![(file, "up and down")]] {
            problem(attach(&hub, &path, &lacking).await, 400, "bad-body").await;
        }
        // What only somebody else may do is refused, and nobody does what there is not.
        for (action, status) in [("kept", 403), ("other", 404)] {
            let parts = [("name=\"action\"", action), (file, "up and down")];
            problem(attach(&hub, &path, &parts).await, status, "lifecycle-refused").await;
        }
    }
}

#[tokio::test]
async fn answers_that_are_named_are_changed_and_all_others_stay() {
    for engine in BOTH {
        let (hub, path) = hub_with_one(engine).await;
        let data = json!({
            "amount": "12.50", "lines": [{ "text": "one" }, { "text": "two" }],
            "photo": { "filename": "lamp.txt", "content_type": "text/plain", "content": "YQ==" },
        });
        let done = hub.post(&path, &edit("mend", &data)).await;
        assert_eq!(done.status(), 200, "{}", done.text().await.unwrap());
        assert_eq!(json_of(done).await["status"]["id"], "mended", "where the action leads");
        let values = answers(&hub, &path).await;
        assert_eq!(values["what"], "a lamp");
        assert!(written(&hub, &path).await.contains(r#""amount":12.50,"#), "digits stay");
        assert_eq!(values["lines"], json!([{ "text": "one" }, { "text": "two" }]));
        assert_eq!(values["photo"]["filename"], "lamp.txt");
        let file = path.replace("/lifecycle", "/attachments/lamp.txt");
        assert_eq!(hub.get(&file).await.text().await.unwrap(), "a");
        // Where it is now nobody may change it.
        let late = hub.post(&path, &edit("mend", &json!({ "amount": "1" }))).await;
        assert_eq!(late.status(), 403);
        assert_eq!(answers(&hub, &path).await, values);
    }
}

#[tokio::test]
async fn answers_that_do_not_fit_change_nothing_and_are_told_by_their_fields() {
    let (hub, path) = hub_with_one(Engine::Sqlite).await;
    let before = answers(&hub, &path).await;
    for (data, places) in [
        (json!({ "amount": "many", "what": "a bench" }), vec![("amount", "not-a-number")]),
        (json!({ "what": "" }), vec![("what", "required")]),
        (json!({ "wath": "a bench" }), vec![("wath", "unknown-key")]),
        (
            json!({ "lines": [{ "text": "x", "other": "y" }] }),
            vec![("lines[0].other", "unknown-key")],
        ),
    ] {
        let told = problem(hub.post(&path, &edit("mend", &data)).await, 422, "unfit-answers").await;
        let problems = told["problems"].as_array().unwrap().iter();
        let found: Vec<_> = problems.map(|it| (text(&it["path"]), text(&it["code"]))).collect();
        assert_eq!(found, places, "{data}");
    }
    // Another one may; and what is no object is none.
    assert_eq!(hub.post(&path, &edit("secretly", &json!({ "what": "x" }))).await.status(), 403);
    problem(hub.post(&path, &edit("mend", &json!(["x"]))).await, 400, "bad-body").await;
    assert_eq!(answers(&hub, &path).await, before);
}
