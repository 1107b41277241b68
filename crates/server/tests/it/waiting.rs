//! Why deliveries wait, as lists and lanes tell it: for another one, for a pause, for an ill
//! destination, for a rate.

use std::time::{Duration, Instant};

use fieldpost_model::time::Timestamp;
use fieldpost_testkit::Answer;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, json_of, text};

const DELIVERIES: &str = "projects/clinic/deliveries";
const LANES: &str = "projects/clinic/lanes";

/// The only delivery of a message.
async fn delivery_of(hub: &TestHub, message: &Value) -> Value {
    let path = format!("{DELIVERIES}?payload_id={}", text(&message["id"]));
    let mut found = hub.items(&path).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[track_caller]
fn check_waits(delivery: &Value, because: &str) {
    assert_eq!(delivery["waits_because"], because, "{delivery}");
}

#[tokio::test]
async fn what_holds_others_is_found_and_followers_say_for_whom_they_wait() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let mut definition = hub.definition();
        definition["forwarders"]["all"]["order_by"] = json!("connection");
        definition["forwarders"]["all"]["on_rejected"] = json!("hold");
        hub.apply(definition).await;
        hub.destination.answer("/", Answer::status(422).body("no district"));
        let refused = hub.keep("1").await;
        let list = format!("{DELIVERIES}?payload_id={}", text(&refused["id"]));
        let refused = hub.wait_for(&list, "rejected").await;
        let told = text(&refused["last_error"]);
        assert_eq!(told.matches("422").count(), 1, "{told}");
        assert!(told.ends_with("it answered 422 Unprocessable Entity: no district"), "{told}");
        let mut followers = Vec::new();
        for body in ["2", "3"] {
            let message = hub.keep(body).await;
            followers.push(delivery_of(&hub, &message).await);
        }
        for follower in &followers {
            check_waits(follower, "order");
            assert_eq!(follower["waits_for"], refused["id"]);
        }
        let held = hub.items(&format!("{DELIVERIES}?holds=true")).await;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!((&held[0]["id"], &held[0]["holds_count"]), (&refused["id"], &json!(2)));
        assert_eq!(held[0]["waits_because"], json!(null));
        let lanes = hub.items(LANES).await;
        assert_eq!((&lanes[0]["waiting"], &lanes[0]["waiting_behind"]), (&json!(2), &json!(2)));

        // Being due now does not help it.
        let path = format!("{DELIVERIES}/{}", text(&followers[0]["id"]));
        let retried = json_of(hub.post(&format!("{path}/retry"), &json!({})).await).await;
        assert_eq!(retried["waits_for"], refused["id"]);
        assert_eq!(hub.json(&path).await["waits_because"], "order");

        hub.destination.answer("/", Answer::status(200));
        let requeue = json!({ "action": "requeue", "filter": { "holds": "true" } });
        let action = json_of(hub.post(&format!("{DELIVERIES}/actions"), &requeue).await).await;
        assert_eq!((&action["state"], &action["touched"]), (&json!("done"), &json!(1)));
        assert_eq!(action["filter"], json!({ "holds": "true" }));
        let requeued = hub.wait_for(&list, "succeeded").await;
        assert_eq!(requeued["made_at"], refused["made_at"], "a requeue does not make it anew");
        assert_ne!(requeued["registered_at"], refused["registered_at"]);
        for follower in &followers {
            let path = format!("{DELIVERIES}?payload_id={}", text(&follower["payload_id"]));
            let arrived = hub.wait_for(&path, "succeeded").await;
            assert_eq!(arrived["waits_for"], json!(null));
        }
        assert!(hub.items(&format!("{DELIVERIES}?holds=true")).await.is_empty());
    }
}

#[tokio::test]
async fn a_pause_is_told_by_lists_and_lanes() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        for (path, because, paused_by) in [
            ("projects/clinic", "paused-project", json!("project")),
            ("projects/clinic/connections/there", "paused-connection", json!("connection")),
            ("projects/clinic/forwarders/all", "paused-forwarder", json!(null)),
        ] {
            hub.post(&format!("{path}/pause"), &json!({})).await;
            let message = hub.keep("{}").await;
            check_waits(&delivery_of(&hub, &message).await, because);
            let lane = hub.items(LANES).await.remove(0);
            assert_eq!(lane["paused_by"], paused_by, "{lane}");
            let is_parked = paused_by.is_null();
            let expected = if is_parked { (json!(0), json!(1)) } else { (json!(1), json!(0)) };
            assert_eq!((lane["waiting"].clone(), lane["parked"].clone()), expected, "{path}");
            hub.post(&format!("{path}/resume"), &json!({})).await;
            let list = format!("{DELIVERIES}?payload_id={}", text(&message["id"]));
            let arrived = hub.wait_for(&list, "succeeded").await;
            assert_eq!(arrived["waits_because"], json!(null));
        }
    }
}

#[tokio::test]
async fn a_lane_that_is_left_alone_holds_up_what_is_due() {
    let hub = TestHub::start().await;
    hub.destination.answer("/", Answer::status(503).header("retry-after", "3600"));
    let first = hub.keep("1").await;
    hub.wait_for(&format!("{DELIVERIES}?payload_id={}", text(&first["id"])), "failed").await;
    let again_at = eventually("the lane is left alone", async || {
        let lane = hub.items(LANES).await.remove(0);
        lane["again_at"].is_string().then(|| lane["again_at"].clone())
    })
    .await;
    let second = hub.keep("2").await;
    let waiting = delivery_of(&hub, &second).await;
    check_waits(&waiting, "left-alone");
    // The hub tells it by how long it still lasts, so that it may differ by a breath.
    let time = |value: &Value| Timestamp::parse(text(value)).unwrap();
    let (lane, told) = (time(&again_at), time(&waiting["waits_until"]));
    let apart = lane.max(told).since(lane.min(told));
    assert!(apart < Duration::from_mins(1), "{again_at} {waiting}");
    // What was told to come back in an hour waits for that, not for its lane.
    assert_eq!(delivery_of(&hub, &first).await["waits_because"], json!(null));
}

#[tokio::test]
async fn a_rate_is_told_by_lists_and_lanes() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["connections"]["there"]["rate"] = json!("1/h");
    hub.apply(definition).await;
    hub.deliver("1").await;
    let second = hub.keep("2").await;
    check_waits(&delivery_of(&hub, &second).await, "rate");
    let lane = hub.items(LANES).await.remove(0);
    assert_eq!((&lane["rate"], &lane["waiting"]), (&json!("1/h"), &json!(1)));
}

/// Who watches an action wants its id before anything else.
#[tokio::test]
async fn an_action_is_told_at_once_where_nobody_wants_to_wait() {
    let hub = TestHub::start().await;
    hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
    for body in ["1", "2", "3", "4", "5", "6"] {
        hub.keep(body).await;
    }
    let replay = json!({
        "action": "replay", "filter": {}, "forwarder": "all", "rate": 1, "wait": false,
    });
    let begun_at = Instant::now();
    let answer = hub.post("projects/clinic/messages/actions", &replay).await;
    assert_eq!(answer.status(), 202);
    assert!(begun_at.elapsed() < Duration::from_secs(2), "{:?}", begun_at.elapsed());
    assert!(json_of(answer).await["id"].is_string());
}
