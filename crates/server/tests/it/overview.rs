//! A project at one look, and its traffic over time.

use fieldpost_testkit::Answer;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, SECRET, TestHub, eventually, problem, text};
use crate::wcs_project;

const OVERVIEW: &str = "projects/clinic/overview";

/// The overview, once it tells of so many messages and arrived deliveries.
async fn overview(hub: &TestHub, received: u64, delivered: u64) -> Value {
    eventually(&format!("{received} messages and {delivered} deliveries are told of"), async || {
        let told = hub.json(OVERVIEW).await;
        let counts = (&told["received"]["today"], &told["delivered"]["today"]);
        (counts == (&json!(received), &json!(delivered))).then_some(told)
    })
    .await
}

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    list.as_array().unwrap().iter().find(|item| item["name"] == name).unwrap()
}

#[tokio::test]
async fn what_is_filled_in_here_came_in_as_well() {
    for engine in BOTH {
        let hub = wcs_project::hub_on(engine).await;
        for name in ["a", "b"] {
            let body = json!({ "data": { "name": name } });
            wcs_project::submit(&hub, "request", &body).await;
        }
        eventually("both are told of", async || {
            let told = hub.json(OVERVIEW).await;
            (told["received"]["today"] == 2).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_overview_tells_what_came_in_and_went_out() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let empty = hub.json(OVERVIEW).await;
        assert_eq!(empty["received"], json!({ "today": 0, "last_hour": 0 }));
        assert_eq!(empty["oldest_waiting"], Value::Null);
        assert_eq!(named(&empty["sources"], "kobo")["state"], "never");
        assert_eq!(named(&empty["connections"], "there")["state"], "idle");

        let delivery = hub.deliver("1").await;
        hub.deliver("2").await;
        hub.send(SECRET, "no json").await;
        let told = overview(&hub, 3, 2).await;
        assert_eq!(told["received"], json!({ "today": 3, "last_hour": 3 }));
        assert_eq!(told["delivered"], json!({ "today": 2, "last_hour": 2 }));
        assert_eq!(told["quarantined_today"], 1);
        assert_eq!((&told["waiting"], &told["given_up_today"]), (&json!(0), &json!(0)));
        assert_eq!(told["incidents_open"], 0);
        let source = named(&told["sources"], "inbox");
        assert_eq!((&source["today"], &source["state"]), (&json!(3), &json!("well")));
        assert_eq!((&source["dialect"], &source["incident"]), (&json!("json"), &Value::Null));
        assert!(text(&source["last_received_at"]) >= text(&delivery["made_at"]), "{source}");
        let connection = named(&told["connections"], "there");
        assert_eq!((&connection["today"], &connection["state"]), (&json!(2), &json!("well")));
        assert!(connection["last_delivered_at"].is_string(), "{connection}");
        let warnings = connection["warnings"].as_array().unwrap();
        assert!(warnings.iter().any(|one| one["code"] == "no-mail-relay"), "{warnings:?}");
    }
}

#[tokio::test]
async fn an_overview_tells_what_waits_and_why() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.post("projects/clinic/connections/there/pause", &json!({})).await;
        let message = hub.keep("1").await;
        hub.keep("2").await;
        let told = overview(&hub, 2, 0).await;
        assert_eq!((&told["waiting"], &told["waiting_is_more"]), (&json!(2), &json!(false)));
        let oldest = &told["oldest_waiting"];
        assert_eq!(oldest["connection"], "there");
        // A delivery that was claimed just before the pause waits anew from then on.
        assert!(text(&oldest["since"]) >= text(&message["received_at"]), "{oldest}");
        let connection = named(&told["connections"], "there");
        assert_eq!((&connection["state"], &connection["waiting"]), (&json!("paused"), &json!(2)));
        assert_eq!(connection["oldest_waiting_since"], oldest["since"]);
        assert_eq!(connection["next_try_at"], Value::Null);

        // What a paused forwarder has waiting waits for its connection.
        hub.post("projects/clinic/connections/there/resume", &json!({})).await;
        overview(&hub, 2, 2).await;
        hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
        hub.keep("3").await;
        let told = overview(&hub, 3, 2).await;
        assert_eq!(named(&told["connections"], "there")["waiting"], 1);
    }
}

#[tokio::test]
async fn a_connection_in_trouble_says_so() {
    let hub = TestHub::start().await;
    hub.destination.answer("/", Answer::status(500));
    let mut definition = hub.definition();
    definition["connections"]["there"]["incident"] = json!({ "failures": 1 });
    hub.apply(definition).await;
    hub.keep("1").await;
    let told = eventually("the connection is in trouble", async || {
        let told = hub.json(OVERVIEW).await;
        (told["incidents_open"] == 1).then_some(told)
    })
    .await;
    let connection = named(&told["connections"], "there");
    assert_eq!(connection["state"], "in_trouble");
    assert!(connection["since"].is_string() && connection["incident"].is_string(), "{connection}");
    assert!(text(&connection["last_error"]).contains("500"), "{connection}");
    assert!(connection["next_try_at"].is_string(), "{connection}");
}

#[tokio::test]
async fn tries_that_all_fail_are_told_before_there_is_an_incident() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let fresh = hub.json("projects/clinic/connections/there").await;
        assert_eq!((&fresh["failing"], &fresh["last_failed_at"]), (&json!(false), &Value::Null));
        hub.destination.answer("/", Answer::status(500));
        let message = hub.keep("1").await;
        let told = eventually("the connection is failing", async || {
            let told = hub.json(OVERVIEW).await;
            (named(&told["connections"], "there")["failing"] == true).then_some(told)
        })
        .await;
        let connection = named(&told["connections"], "there");
        assert_eq!((&connection["state"], &connection["incident"]), (&json!("well"), &Value::Null));
        assert_eq!(connection["failed_today"], 1);
        for path in ["connections/there", "forwarders/all"] {
            let shown = hub.json(&format!("projects/clinic/{path}")).await;
            assert_eq!(
                (&shown["failing"], &shown["last_delivered_at"]),
                (&json!(true), &Value::Null)
            );
            assert_eq!(shown["last_failed_at"], connection["last_failed_at"], "{path}");
        }
        let map = hub.json("projects/clinic/map").await;
        let failing =
            map["nodes"].as_array().unwrap().iter().filter(|node| node["failing"] == true);
        let failing: Vec<&str> = failing.map(|node| text(&node["id"])).collect();
        assert_eq!(failing, ["forwarder:all", "connection:there"]);

        hub.destination.answer("/", Answer::status(200));
        let deliveries = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        let delivery = hub.wait_for(&deliveries, "failed").await;
        let retry = format!("projects/clinic/deliveries/{}/retry", text(&delivery["id"]));
        hub.post(&retry, &json!({})).await;
        let well = eventually("the connection is well", async || {
            let shown = hub.json("projects/clinic/connections/there").await;
            (shown["failing"] == false).then_some(shown)
        })
        .await;
        assert!(text(&well["last_delivered_at"]) > text(&well["last_failed_at"]), "{well}");
    }
}

#[tokio::test]
async fn today_begins_where_the_reader_is() {
    let hub = TestHub::start().await;
    hub.deliver("1").await;
    overview(&hub, 1, 1).await;
    let day_ago = fieldpost_store::clock::system()() - std::time::Duration::from_hours(24);
    let told = hub.json(&format!("{OVERVIEW}?today={day_ago}")).await;
    assert_eq!(told["received"]["today"], 1);
    let long_ago = day_ago - std::time::Duration::from_hours(24);
    for wrong in [long_ago.to_string(), "2100-01-01T00:00:00Z".to_owned(), "now".to_owned()] {
        let refused = hub.get(&format!("{OVERVIEW}?today={wrong}")).await;
        problem(refused, 400, "bad-parameter").await;
    }
    problem(hub.get("projects/nowhere/overview").await, 404, "not-found").await;
}

#[tokio::test]
async fn traffic_is_told_over_time() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.deliver("1").await;
        hub.send(SECRET, "no json").await;
        overview(&hub, 2, 1).await;
        for step in ["5m", "1h", "1d"] {
            let told = hub.json(&format!("projects/clinic/traffic?step={step}")).await;
            assert_eq!(told["step"], step);
            let series = told["series"].as_array().unwrap();
            let sums: Vec<(&str, u64)> =
                series.iter().map(|line| (text(&line["kind"]), sum(line))).collect();
            let expected = [
                ("received", 2),
                ("quarantined", 1),
                ("duplicate", 0),
                ("delivered", 1),
                ("failed_try", 0),
                ("given_up", 0),
            ];
            assert_eq!(sums, expected, "{step}");
            let points = series[0]["points"].as_array().unwrap();
            assert_eq!(points[0][0], told["from"]);
            assert!(points.len() >= 90, "{step}: {} points", points.len());
        }
        let by = async |by: &str| -> Vec<(String, String, u64)> {
            let told = hub.json(&format!("projects/clinic/traffic?by={by}")).await;
            let line = |line: &Value| {
                (text(&line["kind"]).to_owned(), text(&line["name"]).to_owned(), sum(line))
            };
            told["series"].as_array().unwrap().iter().map(line).collect()
        };
        let told = |kind: &str, name: &str, count| (kind.to_owned(), name.to_owned(), count);
        let of_source = [told("received", "inbox", 2), told("quarantined", "inbox", 1)];
        assert_eq!(by("source").await, of_source);
        let of_forwarder = [told("matched", "all", 1), told("delivered", "all", 1)];
        assert_eq!(by("forwarder").await, of_forwarder);
        assert_eq!(by("connection").await, [told("delivered", "there", 1)]);
    }
}

fn sum(line: &Value) -> u64 {
    line["points"].as_array().unwrap().iter().map(|point| point[1].as_u64().unwrap()).sum()
}

/// What was counted last is written by a hub that stops.
#[tokio::test]
async fn a_stopping_hub_writes_what_it_counted() {
    let change = |flow: &mut fieldpost_engine::HubSettings| {
        flow.tally_interval = std::time::Duration::from_hours(1);
    };
    let mut hub = TestHub::start_flow(Engine::Sqlite, change).await;
    hub.deliver("1").await;
    let store = std::sync::Arc::clone(hub.hub.store());
    hub.stop().await;
    let last: Vec<&str> =
        store.last_times("clinic").await.unwrap().iter().map(|last| last.kind.name()).collect();
    assert!(last.contains(&"received") && last.contains(&"delivered"), "{last:?}");
}

#[tokio::test]
async fn mistakes_in_a_range_are_told() {
    let hub = TestHub::start().await;
    for query in
        ["step=1w", "by=day", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "form=x"]
    {
        let refused = hub.get(&format!("projects/clinic/traffic?{query}")).await;
        assert_eq!(refused.status(), 400, "{query}");
    }
    problem(hub.get("projects/nowhere/traffic").await, 404, "not-found").await;
}
