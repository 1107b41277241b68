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

#[tokio::test]
async fn a_schedule_is_checked_while_it_is_written() {
    let hub = TestHub::start().await;
    let check = async |schedule: Value| {
        let answer = hub.post("projects/clinic/schedules/check", &schedule).await;
        assert_eq!(answer.status(), 200);
        json_of(answer).await
    };
    let found = check(json!({ "cron": "0 7 * * *", "time_zone": "Africa/Nairobi" })).await;
    assert_eq!(found["problems"], json!([]));
    let next = found["next"].as_array().unwrap();
    assert_eq!(next.len(), 3);
    for time in next {
        assert!(text(&time["at"]).ends_with("T04:00:00.000000Z"), "{time}");
        assert!(text(&time["local"]).ends_with("T07:00:00+03:00"), "{time}");
    }
    assert!(text(&next[0]["at"]) < text(&next[1]["at"]), "{found}");
    for (schedule, path, code) in [
        (json!({ "cron": "61 * * * *" }), "cron", "bad-cron"),
        (json!({ "cron": "" }), "cron", "bad-cron"),
        (
            json!({ "cron": "0 7 * * *", "time_zone": "Mars/Base" }),
            "time_zone",
            "unknown-time-zone",
        ),
    ] {
        let found = check(schedule).await;
        assert_eq!(found["next"], json!([]));
        let problem = &found["problems"][0];
        assert_eq!((&problem["path"], &problem["code"]), (&json!(path), &json!(code)));
        assert!(problem["hint"].is_string(), "{problem}");
    }
    let nowhere = hub.post("projects/nowhere/schedules/check", &json!({ "cron": "" })).await;
    problem(nowhere, 404, "not-found").await;
    let empty = hub.post("projects/clinic/schedules/check", &json!({})).await;
    problem(empty, 400, "bad-body").await;
}

#[tokio::test]
async fn a_workflow_that_a_clock_sets_off_tells_when_it_is_due() {
    let hub = TestHub::start().await;
    let mut clocked = register();
    clocked["trigger"] = json!({ "cron": "30 6 * * *", "time_zone": "Asia/Kathmandu" });
    let made = json_of(hub.put(PLACE, &clocked).await).await;
    let next = made["trigger"]["next"].as_array().unwrap();
    let clock = |time: &Value| text(&time["local"]).ends_with("T06:30:00+05:45");
    assert!(next.len() == 3 && next.iter().all(clock), "{made}");
    let made = json_of(hub.put(PLACE, &register()).await).await;
    assert_eq!(made["trigger"]["next"], json!([]));
}
