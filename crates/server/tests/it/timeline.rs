//! Where a message came from and what became of it, as one document.

use serde_json::{Value, json};

use crate::hub::{Engine, SECRET, TestHub, problem, text};

async fn timeline(hub: &TestHub, message: &Value) -> Value {
    hub.json(&format!("projects/clinic/messages/{}/timeline", text(message))).await
}

#[tokio::test]
async fn a_timeline_tells_the_whole_way() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let mut definition = hub.definition();
        definition["forwarders"]["births"] =
            json!({ "from": "inbox", "match": { "form": "births" }, "to": "there" });
        hub.apply(definition).await;
        let delivery = hub.deliver(r#"{"form": "deaths", "n": 1}"#).await;
        let told = timeline(&hub, &delivery["payload_id"]).await;
        assert_eq!(told["message"]["id"], delivery["payload_id"]);
        assert_eq!(told["source"], json!({ "name": "inbox", "dialect": "json" }));
        let decoded = json!({ "shape": "message", "form": null, "key": null, "members": 2 });
        assert_eq!(told["decoded"], decoded);
        let matched = |forwarder: &str| {
            let all = told["matches"].as_array().unwrap();
            all.iter().find(|one| one["forwarder"] == forwarder).unwrap()["matched"].clone()
        };
        assert_eq!((matched("all"), matched("births")), (json!(true), json!(false)));
        assert_eq!(told["deliveries"].as_array().unwrap().len(), 1);
        assert_eq!(told["deliveries"][0]["id"], delivery["id"]);
        let tries = told["deliveries"][0]["tries"].as_array().unwrap();
        assert_eq!(tries.len(), 1);
        assert_eq!((&tries[0]["number"], &tries[0]["status"]), (&json!(1), &json!(200)));
        assert_eq!(tries[0]["error"], Value::Null);
        assert_eq!(told["versions"].as_array().unwrap().len(), 1);
        assert_eq!(told["replays"], json!([]));

        let path = format!("projects/clinic/messages/{}/replay", text(&delivery["payload_id"]));
        hub.post(&path, &json!({})).await;
        let told = timeline(&hub, &delivery["payload_id"]).await;
        assert_eq!(told["deliveries"].as_array().unwrap().len(), 2);
        assert_eq!(told["replays"][0]["forwarder"], "all");
        assert_eq!(told["replays"][0]["id"], told["deliveries"][1]["id"]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_has_a_timeline_too() {
    let hub = TestHub::start().await;
    let refused = problem(hub.send(SECRET, "<a/>").await, 400, "json-syntax").await;
    let told = timeline(&hub, &refused["message_id"]).await;
    assert_eq!((&told["decoded"], &told["matches"]), (&Value::Null, &json!([])));
    assert_eq!(told["unreadable"]["code"], "json-syntax");
    assert!(!text(&told["unreadable"]["reason"]).is_empty());
    let nothing = "0195a7c2-0000-7000-8000-000000000000";
    for id in [nothing, "no-id"] {
        let path = format!("projects/clinic/messages/{id}/timeline");
        problem(hub.get(&path).await, 404, "not-found").await;
    }
}
