//! Workflows over the API: made, shown, changed, removed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, json_of, problem, text};

const PLACE: &str = "projects/clinic/workflows/register";

/// A workflow of two steps that listens to the inbox.
fn register() -> Value {
    json!({
        "title": "Register births",
        "trigger": { "source": "inbox", "match": { "form": "birth" } },
        "steps": {
            "load": { "adaptor": "common", "job": "fn(state => state)", "next": "tell" },
            "tell": { "adaptor": "common", "job": "fn(state => state)" },
        },
    })
}

#[tokio::test]
async fn a_workflow_is_made_shown_replaced_and_removed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let answer = hub.put(PLACE, &register()).await;
        assert_eq!(answer.status(), 201);
        let tag = answer.headers()["etag"].clone();
        let made = json_of(answer).await;
        assert_eq!((text(&made["name"]), text(&made["title"])), ("register", "Register births"));
        let trigger = &made["trigger"];
        assert_eq!((&trigger["kind"], &trigger["source"]), (&json!("message"), &json!("inbox")));
        assert_eq!((&made["steps"], &made["paused"]), (&json!(2), &json!(false)));
        assert_eq!(made["definition"], register());
        assert_eq!(hub.json(PLACE).await, made);
        assert_eq!(hub.items("projects/clinic/workflows").await, std::slice::from_ref(&made));

        let mut changed = register();
        changed["title"] = json!("Births");
        let put = hub.request(Method::PUT, PLACE).header("if-match", tag.clone());
        let answer = put.body(changed.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let replaced = json_of(answer).await;
        assert!(replaced["version"].as_i64() > made["version"].as_i64(), "{replaced}");
        let late = hub.request(Method::PUT, PLACE).header("if-match", tag);
        let late = late.body(register().to_string()).send().await.unwrap();
        assert_eq!(late.status(), 412);

        assert_eq!(hub.delete(PLACE).await.status(), 204);
        problem(hub.get(PLACE).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_workflow_is_told_with_its_place() {
    let hub = TestHub::start().await;
    let mut broken = register();
    broken["trigger"]["source"] = json!("nowhere");
    let told = problem(hub.put(PLACE, &broken).await, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["path"], "workflows.register.trigger.source");
    let mut broken = register();
    broken["steps"]["load"]["next"] = json!("nowhere");
    let told = problem(hub.put(PLACE, &broken).await, 422, "invalid-definition").await;
    let path = text(&told["problems"][0]["path"]);
    assert!(path.starts_with("workflows.register.steps.load.next"), "{told}");
}

#[tokio::test]
async fn a_step_that_nothing_leads_to_is_warned_of() {
    let hub = TestHub::start().await;
    let mut lonely = register();
    lonely["steps"]["load"].as_object_mut().unwrap().remove("next");
    let made = json_of(hub.put(PLACE, &lonely).await).await;
    assert_eq!(made["warnings"][0]["code"], "unreachable-step");
    assert_eq!(hub.json(PLACE).await["warnings"], json!([]));
}

#[tokio::test]
async fn a_workflow_is_paused_and_resumed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.put(PLACE, &register()).await;
        let why = json!({ "reason": "their server is being moved" });
        let paused = json_of(hub.post(&format!("{PLACE}/pause"), &why).await).await;
        assert_eq!((&paused["paused"], &paused["pause"]["reason"]), (&json!(true), &why["reason"]));
        // Saving it without a word of the pause leaves the pause.
        let mut changed = register();
        changed["title"] = json!("Births");
        hub.put(PLACE, &changed).await;
        assert_eq!(hub.json(PLACE).await["definition"]["title"], "Births");
        let resumed = json_of(hub.post(&format!("{PLACE}/resume"), &json!({})).await).await;
        assert_eq!((&resumed["paused"], &resumed["pause"]), (&json!(false), &json!(null)));
        let nowhere = hub.post("projects/clinic/workflows/nowhere/pause", &json!({})).await;
        problem(nowhere, 404, "not-found").await;
    }
}
