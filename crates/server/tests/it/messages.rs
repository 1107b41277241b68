//! Messages: looking at one from all sides, and matching it again.

use serde_json::json;

use crate::hub::{Engine, SECRET, TestHub, json_of, problem, text};

#[tokio::test]
async fn a_message_is_seen_from_all_sides() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let message = hub.keep("{\"n\": 1.50, \"big\": 123456789012345678901234567890}").await;
        let path = format!("projects/clinic/messages/{}", text(&message["id"]));
        assert_eq!(hub.json(&path).await, message);
        let keys: Vec<&String> = message.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "id",
                "source",
                "received_at",
                "state",
                "duplicate_of",
                "reason",
                "content_type",
                "bytes",
                "identity",
                "version",
                "seen",
                "erased_at",
            ]
        );
        let received_at = text(&message["received_at"]);
        assert!(received_at.ends_with('Z') && received_at.len() == 27, "{received_at}");

        let body = hub.get(&format!("{path}/body")).await;
        assert_eq!(body.headers()["content-type"], "application/json");
        assert_eq!(body.headers()["x-content-type-options"], "nosniff");
        assert_eq!(body.headers()["content-security-policy"], "default-src 'none'; sandbox");
        assert!(body.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));

        let view = hub.get(&format!("{path}/view")).await.text().await.unwrap();
        assert_eq!(view, r#"{"n":1.50,"big":123456789012345678901234567890}"#);
    }
}

// MUST-15
#[tokio::test]
async fn an_explanation_says_why() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["forwarders"]["births"] = json!({
        "from": "inbox", "match": { "form": "births" }, "to": "there", "paused": true,
    });
    hub.apply(definition).await;
    let message = hub.keep(r#"{"form": "deaths"}"#).await;
    let path = format!("projects/clinic/messages/{}/explain", text(&message["id"]));
    let told = hub.items(&path).await;
    assert_eq!((&told[0]["forwarder"], &told[0]["matched"]), (&json!("all"), &json!(true)));
    let births = &told[1];
    assert_eq!((&births["matched"], &births["paused"]), (&json!(false), &json!(true)));
    let condition = &births["conditions"][1];
    assert_eq!(condition["part"], "match");
    assert_eq!((&condition["path"], &condition["holds"]), (&json!("form"), &json!(false)));
    assert_eq!(condition["expected"], "\"births\"");
    assert_eq!(condition["found"], "\"deaths\"");
    assert_eq!(condition["comparison"], "different");
    assert!(!text(&condition["note"]).is_empty());
}

// MUST-27
#[tokio::test]
async fn a_quarantined_message_is_released_by_a_replay() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let refused = problem(hub.send(SECRET, "<a/>").await, 400, "json-syntax").await;
        let path = format!("projects/clinic/messages/{}", text(&refused["message_id"]));
        let view = hub.get(&format!("{path}/view")).await;
        problem(view, 409, "json-syntax").await;
        problem(hub.get(&format!("{path}/explain")).await, 409, "json-syntax").await;

        let again = json_of(hub.post(&format!("{path}/replay"), &json!({})).await).await;
        assert_eq!(again["deliveries"], json!([]));
        assert!(again["unreadable"].is_string());

        let mut definition = hub.definition();
        definition["sources"]["inbox"]["dialect"] = json!("xml");
        hub.apply(definition).await;
        let replayed = json_of(hub.post(&format!("{path}/replay"), &json!({})).await).await;
        assert_eq!(replayed["unreadable"], json!(null));
        assert_eq!(replayed["deliveries"][0]["forwarder"], "all");
        assert_eq!(hub.json(&path).await["state"], "kept");
        let list =
            format!("projects/clinic/deliveries?payload_id={}", text(&refused["message_id"]));
        let delivery = hub.wait_for(&list, "succeeded").await;
        assert_eq!(delivery["origin"], "replay");
        assert_eq!(delivery["id"], replayed["deliveries"][0]["id"]);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let hub = TestHub::start().await;
    let id = "0195a7c2-0000-7000-8000-000000000000";
    for part in ["", "/body", "/request", "/view", "/explain"] {
        let path = format!("projects/clinic/messages/{id}{part}");
        problem(hub.get(&path).await, 404, "not-found").await;
        let path = format!("projects/clinic/messages/no-id{part}");
        problem(hub.get(&path).await, 404, "not-found").await;
    }
    let replay = hub.post(&format!("projects/clinic/messages/{id}/replay"), &json!({})).await;
    problem(replay, 404, "not-found").await;
    problem(hub.get("projects/nowhere/messages").await, 404, "not-found").await;

    // One project's messages are nobody else's.
    let message = hub.keep("{}").await;
    hub.post("projects", &json!({ "name": "north" })).await;
    let path = format!("projects/north/messages/{}", text(&message["id"]));
    problem(hub.get(&path).await, 404, "not-found").await;
    problem(hub.get(&format!("{path}/body")).await, 404, "not-found").await;
}
