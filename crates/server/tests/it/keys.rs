//! The keys are told by their names, and changed by whoever has the token.

use http::StatusCode;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, problem, text};

/// The keys once no rotation is under way.
async fn settled(hub: &TestHub) -> Value {
    eventually("the rotation has ended", async || {
        let keys = hub.json("keys").await;
        (keys["rotation"]["running"] == false).then_some(keys)
    })
    .await
}

#[tokio::test]
async fn a_rotation_is_begun_and_told_of() {
    let hub = TestHub::start().await;
    let before = hub.json("keys").await;
    assert_eq!(before["kept_by"], "hub");
    assert_eq!((&before["unsealed"], before["keys"].as_array().unwrap().len()), (&json!(0), 1));
    assert_eq!(
        (&before["keys"][0]["id"], &before["keys"][0]["present"]),
        (&before["active"], &json!(true))
    );
    let records = before["keys"][0]["records"].as_u64().unwrap();
    assert!(records > 3, "{before}");
    let answer = hub.post("keys/rotate", &json!(null)).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let after = settled(&hub).await;
    assert_ne!(after["active"], before["active"]);
    assert_eq!(text(&after["active"]).len(), 8);
    assert_eq!(
        after["keys"],
        json!([{"id": after["active"], "present": true, "records": records}])
    );
    let rotation = json!({"running": false, "resealed": records, "failed": 0, "error": null});
    assert_eq!(after["rotation"], rotation);
    // The hub goes on.
    hub.deliver(r#"{"form": "births"}"#).await;
}

#[tokio::test]
async fn a_second_rotation_waits_for_the_first() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.hub.store().begin_rotation().await.unwrap();
        assert_eq!(hub.json("keys").await["rotation"]["running"], true);
        let refused = hub.post("keys/rotate", &json!(null)).await;
        problem(refused, 409, "rotation-under-way").await;
        hub.hub.store().reseal().await.unwrap();
        let answer = hub.post("keys/rotate", &json!(null)).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        settled(&hub).await;
    }
}
