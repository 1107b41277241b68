//! Collections over the API: looked at, kept and removed.

use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, json_of, problem, text};

const VISITS: &str = "projects/clinic/collections/visits/items";

fn keys(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| text(&item["key"])).collect()
}

#[tokio::test]
async fn items_are_kept_listed_by_pattern_and_removed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        assert_eq!(hub.items("projects/clinic/collections").await, [Value::Null; 0]);
        let items: Vec<Value> = ["2025-b", "2026-a", "2026-b", "2026-c", "x/y ä"]
            .iter()
            .map(|key| json!({ "key": key, "value": { "of": key } }))
            .chain([json!({ "key": "2026-a", "value": null })])
            .collect();
        let kept = json_of(hub.post(VISITS, &json!({ "items": items })).await).await;
        assert_eq!(kept, json!({ "upserted": 5 }), "of several with one key the last one counts");

        let collections = hub.items("projects/clinic/collections").await;
        assert_eq!(
            (&collections[0]["name"], &collections[0]["items"]),
            (&json!("visits"), &json!(5))
        );
        let first = hub.json(&format!("{VISITS}?key=2026-*&limit=2")).await;
        assert_eq!(keys(first["items"].as_array().unwrap()), ["2026-a", "2026-b"]);
        assert_eq!(first["items"][0]["value"], json!(null));
        let next = text(&first["next"]);
        let second = hub.json(&format!("{VISITS}?key=2026-*&limit=2&cursor={next}")).await;
        assert_eq!(keys(second["items"].as_array().unwrap()), ["2026-c"]);
        assert_eq!(second["next"], json!(null));
        let at = text(&first["items"][0]["created_at"]);
        for (query, expected) in [
            (format!("created_before={at}"), 0),
            (format!("created_after={at}"), 5),
            ("updated_after=2100-01-01T00:00:00Z".to_owned(), 0),
            ("updated_before=2100-01-01T00:00:00Z&key=*b*".to_owned(), 2),
        ] {
            assert_eq!(hub.items(&format!("{VISITS}?{query}")).await.len(), expected, "{query}");
        }
        let one = hub.json(&format!("{VISITS}/x%2Fy%20%C3%A4")).await;
        assert_eq!(one["value"], json!({ "of": "x/y ä" }));

        let would = hub.delete(&format!("{VISITS}?key=2026-*&dry_run")).await;
        assert_eq!(json_of(would).await, json!({ "removed": 3 }));
        let done = hub.delete(&format!("{VISITS}?key=2026-*&created_after={at}")).await;
        assert_eq!(json_of(done).await, json!({ "removed": 3 }));
        assert_eq!(hub.delete(&format!("{VISITS}/2025-b")).await.status(), 204);
        problem(hub.delete(&format!("{VISITS}/2025-b")).await, 404, "not-found").await;
        assert_eq!(keys(&hub.items(VISITS).await), ["x/y ä"]);

        let noted = hub.items("projects/clinic/audit").await;
        let of = |action: &str| -> Vec<Value> {
            let noted = noted.iter().filter(|entry| entry["action"] == action);
            noted.map(|entry| json!([entry["target"], entry["detail"]["items"]])).collect()
        };
        assert_eq!(of("collection.items-kept"), [json!(["visits", 5])]);
        let removed = of("collection.items-removed");
        assert!(removed.contains(&json!(["visits", 1])), "no key stands in the log: {removed:?}");
        assert!(removed.contains(&json!(["visits", 3])), "{removed:?}");
    }
}

#[tokio::test]
async fn numbers_of_an_item_keep_their_text() {
    let hub = TestHub::start().await;
    let value = r#"{"b":1.10,"a":123456789012345678901234567890}"#;
    let body = format!(r#"{{"items":[{{"key":"k","value":{value}}}]}}"#);
    let url = hub.url(&format!("/api/v1/{VISITS}"));
    let request = hub.client.post(url).bearer_auth(crate::hub::TOKEN);
    assert_eq!(request.body(body).send().await.unwrap().status(), 200);
    let told = hub.get(&format!("{VISITS}/k")).await.text().await.unwrap();
    assert!(told.contains(value), "{told}");
}

#[tokio::test]
async fn what_a_collection_does_not_take_is_refused_whole() {
    let hub = TestHub::start().await;
    let keep = async |items: Value| hub.post(VISITS, &json!({ "items": items })).await;
    let good = json!({ "key": "good", "value": 1 });
    for key in [String::new(), "k".repeat(256), "a\0b".to_owned()] {
        let items = json!([good, { "key": key, "value": 1 }]);
        problem(keep(items).await, 422, "unfit-item").await;
    }
    let many: Vec<Value> =
        (0..=1_000).map(|key| json!({ "key": key.to_string(), "value": 1 })).collect();
    problem(keep(json!(many)).await, 400, "bad-body").await;
    problem(keep(json!([{ "key": "a" }])).await, 400, "bad-body").await;
    let long = format!("projects/clinic/collections/{}/items", "n".repeat(256));
    problem(hub.post(&long, &json!({ "items": [good] })).await, 422, "unfit-item").await;
    assert_eq!(hub.items("projects/clinic/collections").await, [Value::Null; 0]);
    assert_eq!(keep(json!(many[..1_000])).await.status(), 200);

    problem(hub.delete(VISITS).await, 400, "missing-parameter").await;
    problem(hub.get(&format!("{VISITS}/nothing")).await, 404, "not-found").await;
    let told = problem(hub.get("projects/clinic/collections/visit/items").await, 404, "not-found");
    assert_eq!(told.await["hint"], "did you mean `visits`?");
    let other = "projects/clinic/collections/other/items?key=*";
    problem(hub.delete(other).await, 404, "not-found").await;
    assert_eq!(hub.items(&format!("{VISITS}?key=none*")).await.len(), 0);
}
