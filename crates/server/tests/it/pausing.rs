//! Connections and whole projects are paused and resumed.

use fieldpost_rules::redact::mask_webhook;
use fieldpost_testkit::Answer;
use serde_json::json;

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

#[tokio::test]
async fn a_paused_connection_lets_everything_wait_and_sends_it_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        check(&hub, "projects/clinic/connections/there").await;
        let nowhere = hub.post("projects/clinic/connections/nowhere/pause", &json!({})).await;
        problem(nowhere, 404, "not-found").await;
    }
}

#[tokio::test]
async fn a_paused_project_lets_everything_wait_and_sends_it_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        check(&hub, "projects/clinic").await;
        let listed = hub.items("projects").await;
        assert_eq!((listed.len(), &listed[0]["paused"]), (1, &json!(false)));
        let nowhere = hub.post("projects/nowhere/pause", &json!({})).await;
        problem(nowhere, 404, "not-found").await;
    }
}

/// Pauses what is there, and resumes it in each of the ways.
async fn check(hub: &TestHub, path: &str) {
    let applied = hub.definition();
    let mut unpaused = hub.definition();
    unpaused["paused"] = json!(false);
    unpaused["connections"]["there"]["paused"] = json!(false);
    for resumed_by_hand in [true, false] {
        let paused = json_of(hub.post(&format!("{path}/pause"), &json!({})).await).await;
        assert_eq!(paused["paused"], true);
        let again = hub.post(&format!("{path}/pause"), &json!({})).await;
        assert_eq!(again.status(), 200);
        let received = hub.destination.received().len();
        let message = hub.keep(&format!(r#"{{"by-hand": {resumed_by_hand}}}"#)).await;
        let delivery = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        hub.wait_for(&delivery, "pending").await;
        // A file that does not speak of the pause leaves it, whatever else it changes.
        let mut other = applied.clone();
        other["connections"]["there"]["timeout"] = json!("7s");
        hub.apply(other).await;
        assert_eq!(hub.json(path).await["paused"], true);
        assert_eq!(hub.destination.received().len(), received);

        if resumed_by_hand {
            let resumed = json_of(hub.post(&format!("{path}/resume"), &json!({})).await).await;
            assert_eq!(resumed["paused"], false);
        } else {
            hub.apply(unpaused.clone()).await;
        }
        hub.wait_for(&delivery, "succeeded").await;
        assert_eq!(hub.json(path).await["paused"], false);
    }
}

#[tokio::test]
async fn a_pause_says_since_when_by_whom_and_why_for_as_long_as_it_lasts() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        for place in ["", "/connections/there", "/forwarders/all"] {
            check_reason(&hub, place).await;
        }
    }
}

/// Pauses something in each of the ways, and looks at what is told of the pause.
async fn check_reason(hub: &TestHub, place: &str) {
    let path = &format!("projects/clinic{place}");
    let pause = async || hub.json(path).await["pause"].clone();
    let (pausing, resuming) = (format!("{path}/pause"), format!("{path}/resume"));
    assert_eq!(pause().await, json!(null));
    let moved = json!({ "reason": "their server is being moved" });
    let paused = json_of(hub.post(&pausing, &moved).await).await["pause"].clone();
    assert_eq!(paused["by"], "administrator");
    assert_eq!(paused["reason"], moved["reason"]);
    let since = text(&paused["since"]);
    assert_eq!(pause().await, paused);

    // Pausing again tells nothing new, unless it says why.
    hub.post(&pausing, &json!({})).await;
    assert_eq!(pause().await, paused);
    hub.post(&pausing, &json!({ "reason": "until Monday" })).await;
    let again = json!({ "since": since, "by": "administrator", "reason": "until Monday" });
    assert_eq!(pause().await, again);

    // It outlasts every change that leaves the pause.
    let mut changed = hub.definition();
    changed["notify"] = json!(["ops@example.org"]);
    changed["connections"]["there"]["timeout"] = json!("7s");
    changed["forwarders"]["all"]["retry"] = json!({ "first": "1m" });
    hub.apply(changed).await;
    assert_eq!(pause().await, again);

    hub.post(&resuming, &json!({ "reason": "it answers again" })).await;
    assert_eq!(pause().await, json!(null));

    // A file can pause as well; it says no more than who applied it.
    let mut file = hub.definition();
    file.pointer_mut(place).unwrap()["paused"] = json!(true);
    hub.apply(file).await;
    let paused = pause().await;
    assert_eq!((&paused["by"], &paused["reason"]), (&json!("administrator"), &json!(null)));
    assert!(text(&paused["since"]) > since, "{paused}");
    hub.post(&resuming, &json!({})).await;
}

#[tokio::test]
async fn a_lane_tells_the_pause_that_holds_it_back() {
    let hub = TestHub::start().await;
    let lane = async || hub.items("projects/clinic/lanes").await.remove(0);
    assert_eq!(lane().await["pause"], json!(null));
    let connection = "projects/clinic/connections/there";
    hub.post(&format!("{connection}/pause"), &json!({ "reason": "they move" })).await;
    let shown = lane().await;
    assert_eq!(
        (&shown["paused_by"], &shown["pause"]["reason"]),
        (&json!("connection"), &json!("they move"))
    );
    hub.post("projects/clinic/pause", &json!({ "reason": "holidays" })).await;
    let shown = lane().await;
    assert_eq!(
        (&shown["paused_by"], &shown["pause"]["reason"]),
        (&json!("project"), &json!("holidays"))
    );
}

#[tokio::test]
async fn a_forwarder_whose_destination_is_gone_says_why_it_is_paused() {
    let hub = TestHub::start().await;
    hub.destination.answer("/", Answer::status(410));
    hub.keep("{}").await;
    let forwarder = eventually("a pause", async || {
        let forwarder = hub.json("projects/clinic/forwarders/all").await;
        (forwarder["paused"] == true).then_some(forwarder)
    })
    .await;
    let why = "the destination answered 410: it is gone for good";
    assert_eq!(forwarder["pause"]["by"], "Fieldpost");
    assert_eq!(forwarder["pause"]["reason"], why);
}

#[tokio::test]
async fn what_holds_twice_is_held_until_both_are_resumed() {
    let hub = TestHub::start().await;
    hub.post("projects/clinic/pause", &json!({})).await;
    hub.post("projects/clinic/connections/there/pause", &json!({})).await;
    let message = hub.keep("{}").await;
    let delivery = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
    hub.post("projects/clinic/resume", &json!({})).await;
    hub.wait_for(&delivery, "pending").await;
    assert!(hub.destination.received().is_empty());
    hub.post("projects/clinic/connections/there/resume", &json!({})).await;
    hub.wait_for(&delivery, "succeeded").await;
}

#[tokio::test]
async fn what_a_project_settles_is_shown_and_replaced() {
    let hub = TestHub::start().await;
    let path = "projects/clinic/settings";
    assert_eq!(hub.json(path).await, json!({}));
    let settings = json!({
        "paused": true,
        "notify": ["ops@example.org", "https://chat.example.org/hook?token=hidden-token"],
        "reports": { "day": ["ops@example.org"] },
        "retention": { "messages": "365d", "after_success": "1h" },
    });
    let answer = hub.put(path, &settings).await;
    assert_eq!(answer.status(), 200);
    let mut shown = json_of(answer).await;
    let masked = mask_webhook("https://chat.example.org/hook?token=hidden-token");
    assert!(masked.starts_with("https://chat.example.org/•••••••#"), "{masked}");
    assert_eq!(shown["notify"][1], masked);
    assert_eq!(hub.json(path).await, shown);
    assert_eq!(hub.json("projects/clinic").await["paused"], true);
    let exported = hub.json("projects/clinic/export?format=json").await;
    assert_eq!(exported["retention"], settings["retention"]);

    // What is shown can be given back, its secrets hidden.
    shown["retention"] = json!({ "messages": "30d" });
    assert_eq!(hub.put(path, &shown).await.status(), 200);
    let (_, stored) = hub.hub.definition("clinic").await.unwrap();
    assert!(stored.settings.notify[1].address().ends_with("hidden-token"));
    assert_eq!(stored.settings.retention.after_success, None);

    let wrong = hub.put(path, &json!({ "retention": { "mesages": "1d" } })).await;
    let told = problem(wrong, 422, "invalid-definition").await;
    assert_eq!(told["problems"][0]["path"], "retention.mesages");
    problem(hub.get("projects/nowhere/settings").await, 404, "not-found").await;
    problem(hub.put("projects/nowhere/settings", &json!({})).await, 404, "not-found").await;
}
