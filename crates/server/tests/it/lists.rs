//! Lists: filters, pages that stay put, and mistakes that are told.

use serde_json::{Value, json};

use crate::hub::{Engine, SECRET, TestHub, problem, text};

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| text(&item["id"]).to_owned()).collect()
}

#[tokio::test]
async fn pages_stay_put_while_more_comes_in() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        for number in 0..7 {
            hub.keep(&number.to_string()).await;
        }
        let whole = ids(&hub.items("projects/clinic/messages").await);
        assert_eq!(whole.len(), 7);
        let mut sorted = whole.clone();
        sorted.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(whole, sorted, "the newest is first");

        for list in ["messages", "deliveries"] {
            let before = ids(&hub.items(&format!("projects/clinic/{list}")).await);
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = hub.json(&format!("projects/clinic/{list}?limit=3{cursor}")).await;
                seen.extend(ids(page["items"].as_array().unwrap()));
                hub.keep("\"meanwhile\"").await;
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, before, "{list} on {engine:?}");
        }
        let exact = hub.json("projects/clinic/messages?limit=500").await;
        assert_eq!(exact["next"], Value::Null);
    }
}

#[tokio::test]
async fn messages_are_filtered() {
    let hub = TestHub::start().await;
    let first = hub.keep("1").await;
    hub.send(SECRET, "no json").await;
    let kobo = r#"{"_uuid": "19d72997-aaaa", "_xform_id_string": "births"}"#;
    assert_eq!(hub.send("secret-of-the-kobo-1", kobo).await.status(), 200);
    let last = hub.keep("2").await;
    let count =
        async |query: &str| hub.items(&format!("projects/clinic/messages?{query}")).await.len();
    assert_eq!(count("").await, 4);
    assert_eq!(count("source=kobo").await, 1);
    assert_eq!(count("state=quarantined").await, 1);
    assert_eq!(count("state=kept&source=inbox").await, 2);
    assert_eq!(count("text=19d72997").await, 1);
    assert_eq!(count(&format!("text={}", text(&first["id"]))).await, 1);
    let time = |message: &Value| text(&message["received_at"]).replace('+', "%2B");
    assert_eq!(count(&format!("since={}", time(&last))).await, 1);
    assert_eq!(count(&format!("until={}", time(&last))).await, 3);
    assert_eq!(count("since=2100-01-01T00:00:00%2B02:00").await, 0);
}

#[tokio::test]
async fn deliveries_are_filtered() {
    let hub = TestHub::start().await;
    let delivery = hub.deliver("1").await;
    hub.deliver("2").await;
    let count =
        async |query: &str| hub.items(&format!("projects/clinic/deliveries?{query}")).await.len();
    assert_eq!(count("").await, 2);
    for (query, expected) in [
        ("forwarder=all", 2),
        ("connection=there", 2),
        ("source=inbox&state=succeeded", 2),
        ("source=kobo", 0),
        ("state=failed", 0),
        ("key=none", 0),
        ("holds=true", 0),
        ("holds=false", 2),
        ("since=2100-01-01T00:00:00Z", 0),
        ("until=2100-01-01T00:00:00Z", 2),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    assert_eq!(count(&format!("payload_id={}", text(&delivery["payload_id"]))).await, 1);
    assert_eq!(count(&format!("text={}", text(&delivery["id"]))).await, 1);
}

#[tokio::test]
async fn mistakes_in_a_query_are_told() {
    let hub = TestHub::start().await;
    for (path, code, hint) in [
        ("messages?limit=0", "bad-parameter", "a number from 1 to 500"),
        ("messages?limit=501", "bad-parameter", "a number from 1 to 500"),
        ("messages?limit=many", "bad-parameter", "a number from 1 to 500"),
        ("messages?limt=5", "unknown-parameter", "did you mean `limit`?"),
        ("messages?stat=kept", "unknown-parameter", "did you mean `state`?"),
        ("messages?state=lost", "bad-parameter", "one of kept, quarantined, duplicate"),
        ("messages?since=yesterday", "bad-parameter", "write a time as 2026-01-31T14:02:11Z"),
        ("messages?state=kept&state=kept", "repeated-parameter", "leave one of them"),
        ("deliveries?payload_id=7", "bad-parameter", "an id is a UUID, as lists show it"),
        ("deliveries?forwarders=all", "unknown-parameter", "did you mean `forwarder`?"),
        ("sources?limit=5", "unknown-parameter", "this address takes no parameters"),
    ] {
        let told = problem(hub.get(&format!("projects/clinic/{path}")).await, 400, code).await;
        assert_eq!(told["hint"], hint, "{path}");
    }
    for cursor in ["x", "AAAA", "%00", "0195a7c2-0000-7000-8000-000000000000"] {
        let path = format!("projects/clinic/messages?cursor={cursor}");
        problem(hub.get(&path).await, 400, "bad-cursor").await;
    }
}

/// A name with a typing mistake is no empty list; that of something removed is, once nothing is left.
#[tokio::test]
async fn names_that_nothing_has_are_told() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.deliver("1").await;
        for (path, hint) in [
            ("deliveries?forwarder=al", "did you mean `all`?"),
            ("deliveries?forwarder=x", "the project has: all"),
            ("deliveries?connection=thre", "did you mean `there`?"),
            ("deliveries?source=inbx", "did you mean `inbox`?"),
            ("messages?source=inbx", "did you mean `inbox`?"),
        ] {
            let answer = hub.get(&format!("projects/clinic/{path}")).await;
            assert_eq!(problem(answer, 404, "not-found").await["hint"], hint, "{path}");
        }
        let act = async |path: &str, body: Value| {
            let answer = hub.post(&format!("projects/clinic/{path}/actions"), &body).await;
            problem(answer, 404, "not-found").await["hint"].clone()
        };
        let cancel = json!({ "action": "cancel", "filter": { "forwarder": "al" } });
        assert_eq!(act("deliveries", cancel).await, "did you mean `all`?");
        let replay = json!({ "action": "replay", "filter": {}, "forwarder": "al" });
        assert_eq!(act("messages", replay).await, "did you mean `all`?");
        let replay =
            json!({ "action": "replay", "filter": { "source": "inbx" }, "forwarder": "all" });
        assert_eq!(act("messages", replay).await, "did you mean `inbox`?");

        // What was sent for one that was removed meanwhile is found by its name.
        let mut definition = hub.definition();
        definition["forwarders"] = json!({ "other": { "to": "elsewhere" } });
        definition["connections"] = json!({ "elsewhere": { "url": hub.destination.url("/") } });
        definition["sources"] = json!({ "kobo": definition["sources"]["kobo"] });
        hub.apply(definition).await;
        for (path, count) in [
            ("deliveries?forwarder=all", 1),
            ("deliveries?connection=there&source=inbox", 1),
            ("deliveries?forwarder=other", 0),
            ("messages?source=inbox", 1),
        ] {
            assert_eq!(hub.items(&format!("projects/clinic/{path}")).await.len(), count, "{path}");
        }
    }
}
