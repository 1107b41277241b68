//! Filters of forms and cases, tried on what came in.

use serde_json::{Value, json};

use crate::filed::{PROJECT, create, hub, submit_case};
use crate::hub::{Engine, TestHub, json_of, problem, text};

async fn trial(hub: &TestHub, filter: Value) -> Value {
    let answer = hub.post(&format!("{PROJECT}/filters/try"), &filter).await;
    assert_eq!(answer.status(), 200, "{filter}");
    json_of(answer).await
}

/// Three touches of two cases: each made, the first updated.
async fn three_forms(hub: &TestHub) {
    submit_case(hub, "f-1", "c1", &create("Ann", "household", "Kibera")).await;
    submit_case(hub, "f-2", "c2", &create("Bo", "patient", "Kibera")).await;
    submit_case(hub, "f-3", "c1", "<n:update><n:village>Kawangware</n:village></n:update>").await;
}

#[tokio::test]
async fn a_filter_of_cases_is_tried_on_each_touch_of_a_case() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        three_forms(&hub).await;
        for (filter, looked_at, expected) in [
            (json!({ "on": "case" }), 3, vec!["c1", "c2", "c1"]),
            (json!({ "on": "case", "last": 2 }), 2, vec!["c1", "c2"]),
            (json!({ "on": "case-created" }), 3, vec!["c2", "c1"]),
            (json!({ "on": "case-updated" }), 3, vec!["c1"]),
            (json!({ "on": "case", "case_types": ["patient"] }), 3, vec!["c2"]),
            // Each as its form left it.
            (
                json!({ "on": "case", "match": { "properties": { "village": "Kibera" } } }),
                3,
                vec!["c2", "c1"],
            ),
            (json!({ "on": "case", "without_users": ["ann", "u1"] }), 3, vec![]),
            (json!({ "on": "case", "from": "phones" }), 0, vec![]),
        ] {
            let found = trial(&hub, filter.clone()).await;
            let subjects = found["subjects"].as_array().unwrap();
            let ids: Vec<&str> = subjects.iter().map(|it| text(&it["id"])).collect();
            assert_eq!(
                (&found["looked_at"], ids),
                (&json!(looked_at), expected.clone()),
                "{filter}"
            );
            assert_eq!(found["matched"], expected.len(), "{filter}");
            assert_eq!(found["examples"].as_array().unwrap().len(), expected.len(), "{filter}");
            assert!(subjects.iter().all(|it| it["kind"] == "case"), "{filter}");
        }
        let found = trial(&hub, json!({ "on": "case-created", "case_types": ["household"] })).await;
        let near = found["near"].as_array().unwrap();
        let near: Vec<(&Value, &Value)> =
            near.iter().map(|miss| (&miss["about"]["id"], &miss["remark"])).collect();
        let was_there = json!("The case was there before.");
        assert_eq!(near, [(&json!("c1"), &was_there), (&json!("c2"), &Value::Null)]);
    }
}

#[tokio::test]
async fn a_filter_of_forms_is_tried_on_the_forms() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        three_forms(&hub).await;
        let submissions = hub.items(&format!("{PROJECT}/submissions?sort=newest")).await;
        let found = trial(&hub, json!({ "on": "form", "users": ["ann"] })).await;
        let expected: Vec<Value> = submissions
            .iter()
            .map(|submission| json!({ "kind": "submission", "id": submission["id"] }))
            .collect();
        assert_eq!((&found["matched"], &found["subjects"]), (&json!(3), &json!(expected)));
        let found = trial(&hub, json!({ "on": "form", "users": ["bo"] })).await;
        assert_eq!((&found["looked_at"], &found["matched"]), (&json!(3), &json!(0)));
        let near = &found["near"][0];
        assert_eq!(near["about"], expected[0]);
        assert_eq!(near["conditions"][0]["holds"], false);

        let path = format!("{PROJECT}/filters/try");
        let wrong = hub.post(&path, &json!({ "on": "form", "case_types": ["x"] })).await;
        problem(wrong, 422, "invalid-definition").await;
        let idle = hub.post(&path, &json!({ "on": "app-schema" })).await;
        problem(idle, 409, "does-not-apply").await;
    }
}

#[tokio::test]
async fn a_filter_is_tried_on_one_message() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        three_forms(&hub).await;
        let messages = hub.items(&format!("{PROJECT}/messages")).await;
        let [_, second, first] = &messages[..] else { panic!("{messages:?}") };
        for (filter, message, expected) in [
            (json!({ "on": "case" }), second, vec!["c2"]),
            (json!({ "on": "case" }), first, vec!["c1"]),
            (json!({ "on": "case", "case_types": ["patient"] }), first, vec![]),
        ] {
            let mut wanted = filter.clone();
            wanted["message"] = message["id"].clone();
            let found = trial(&hub, wanted).await;
            let ids = found["subjects"].as_array().unwrap().iter();
            let ids: Vec<&str> = ids.map(|it| text(&it["id"])).collect();
            assert_eq!((&found["looked_at"], ids), (&json!(1), expected), "{filter}");
        }
        // A message is tried whatever source it is of, and the source is one of the conditions.
        let source = text(&first["source"]);
        for (from, matched) in [(source, 1), ("phones", 0)] {
            let found = trial(&hub, json!({ "from": from, "message": first["id"] })).await;
            assert_eq!((&found["looked_at"], &found["matched"]), (&json!(1), &json!(matched)));
        }
        let path = format!("{PROJECT}/filters/try");
        let nothing = json!({ "message": "0195a7c2-0000-7000-8000-000000000000" });
        problem(hub.post(&path, &nothing).await, 404, "not-found").await;
        problem(hub.post(&path, &json!({ "message": "1" })).await, 422, "invalid-definition").await;
    }
}
