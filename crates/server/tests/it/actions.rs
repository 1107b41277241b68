//! Acting on many: previews, progress, stopping, undoing; replaying a time range.

use std::time::Duration;

use fieldpost_testkit::Answer;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

const ACTIONS: &str = "projects/clinic/deliveries/actions";
const REPLAYS: &str = "projects/clinic/messages/actions";

/// Messages that are kept in a test of many.
const MANY: u64 = 600;

async fn order(hub: &TestHub, path: &str, body: &Value) -> (u16, Value) {
    let answer = hub.post(path, body).await;
    (answer.status().as_u16(), json_of(answer).await)
}

/// A hub whose forwarder is paused, with so many deliveries that wait.
async fn hub_with_waiting(engine: Engine, count: u64) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
    let posts = (0..count).map(|number| hub.send(crate::hub::SECRET, number.to_string()));
    for answer in futures_util::future::join_all(posts).await {
        assert_eq!(answer.status(), 200);
    }
    hub
}

async fn ended(hub: &TestHub, id: &Value) -> Value {
    let path = format!("{ACTIONS}/{}", text(id));
    eventually("the action has ended", async || {
        let action = hub.json(&path).await;
        (action["state"] != "running").then_some(action)
    })
    .await
}

#[tokio::test]
async fn an_action_is_previewed_kept_and_undone() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_with_waiting(engine, 5).await;
        let cancel = json!({ "action": "cancel", "filter": { "state": "pending" } });
        let mut dry = cancel.clone();
        dry["dry_run"] = json!(true);
        let (status, preview) = order(&hub, ACTIONS, &dry).await;
        assert_eq!(status, 200);
        assert_eq!(
            preview,
            json!({
                "matched": 5, "touched": 5, "passed_over": 0, "states": { "pending": 5 }, "copies": 0,
            })
        );
        assert_eq!(hub.items(ACTIONS).await, Vec::<Value>::new(), "a preview is no action");

        let (status, action) = order(&hub, ACTIONS, &cancel).await;
        assert_eq!(status, 200, "{action}");
        let told = |key: &str| action[key].clone();
        assert_eq!((told("action"), told("state")), (json!("cancel"), json!("done")));
        assert_eq!((told("matched"), told("touched")), (json!(5), json!(5)));
        assert_eq!(told("filter"), json!({ "state": "pending" }));
        assert_eq!(told("started_by"), "administrator");
        assert!(told("finished_at").is_string());
        assert_eq!((told("forwarder"), told("rate")), (json!(null), json!(null)));
        let id = text(&action["id"]);
        assert_eq!(hub.json(&format!("{ACTIONS}/{id}")).await, action);
        assert_eq!(hub.items(ACTIONS).await, std::slice::from_ref(&action));

        // What it cancelled is requeued by its id, and nothing else.
        let by_hand = json!({ "action": "requeue", "filter": { "cancelled_by": id } });
        let (_, undone) = order(&hub, ACTIONS, &by_hand).await;
        assert_eq!((&undone["touched"], &undone["state"]), (&json!(5), &json!("done")));
        let waiting = hub.items("projects/clinic/deliveries?state=pending").await;
        assert_eq!(waiting.len(), 5);

        let stop = hub.post(&format!("{ACTIONS}/{id}/stop"), &json!({})).await;
        problem(stop, 409, "action-ended").await;
        let nobody = "0195a7c2-0000-7000-8000-000000000000";
        problem(hub.get(&format!("{ACTIONS}/{nobody}")).await, 404, "not-found").await;
        let stop = hub.post(&format!("{ACTIONS}/{nobody}/stop"), &json!({})).await;
        problem(stop, 404, "not-found").await;
    }
}

/// The ids of an action's copies are younger than the action: it ends.
#[tokio::test]
async fn many_are_resent_once_each_and_no_copy_again() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_with_waiting(engine, MANY).await;
        let (_, begun) = order(&hub, ACTIONS, &json!({ "action": "resend", "filter": {} })).await;
        assert_eq!(begun["matched"], MANY, "{begun}");
        let action = ended(&hub, &begun["id"]).await;
        assert_eq!((&action["state"], &action["touched"]), (&json!("done"), &json!(MANY)));
        let status = hub.json("status").await;
        assert_eq!(status["waiting"], 2 * MANY);
    }
}

#[tokio::test]
async fn a_replay_is_marked_bounded_in_time_and_in_rate() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.deliver(r#"{"form": "early"}"#).await;
        let message = hub.keep("{}").await;
        let since = text(&message["received_at"]).to_owned();
        for number in 0..8 {
            hub.keep(&number.to_string()).await;
        }
        let last = hub.keep(r#"{"form": "late"}"#).await;
        let until = text(&last["received_at"]).to_owned();
        hub.destination.wait_for(11, Duration::from_secs(10)).await;
        let mut definition = hub.definition();
        definition["forwarders"]["numbers"] =
            json!({ "from": "inbox", "unless": {}, "to": "there" });
        hub.apply(definition).await;

        let filter = json!({ "since": since, "until": until });
        let mut replay = json!({
            "action": "replay", "filter": filter, "forwarder": "numbers", "rate": 20,
            "dry_run": true,
        });
        let (_, preview) = order(&hub, REPLAYS, &replay).await;
        assert_eq!(preview["matched"], 9);
        replay["dry_run"] = json!(false);
        let begun_at = std::time::Instant::now();
        let (_, begun) = order(&hub, REPLAYS, &replay).await;
        let action = ended(&hub, &begun["id"]).await;
        // `unless: {}` leaves out all objects: the one of the range is passed over.
        assert_eq!((&action["touched"], &action["passed_over"]), (&json!(8), &json!(1)));
        assert_eq!((&action["rate"], &action["forwarder"]), (&json!(20), &json!("numbers")));
        // 20 a second is two each tenth of a second: the fourth pair comes 0.3 s after the first.
        assert!(begun_at.elapsed() >= Duration::from_millis(300), "{:?}", begun_at.elapsed());
        let received = hub.destination.wait_for(19, Duration::from_secs(10)).await;
        let replayed: Vec<_> =
            received.iter().filter(|one| one.header("fieldpost-replay") == Some("true")).collect();
        assert_eq!(replayed.len(), 8);
        let bodies: Vec<&str> = replayed.iter().map(|one| one.text()).collect();
        let mut sorted = bodies.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["0", "1", "2", "3", "4", "5", "6", "7"]);
        assert!(received[..11].iter().all(|one| one.header("fieldpost-replay").is_none()));
        let listed = hub.items("projects/clinic/deliveries?forwarder=numbers").await;
        assert!(listed.iter().all(|one| one["origin"] == "replay") && listed.len() == 8);
    }
}

#[tokio::test]
async fn a_replay_takes_only_what_has_the_content_asked_for() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        for body in [
            r#"{"form": "births", "child": {"weight": 3.10, "sex": "f"}}"#,
            r#"{"form": "births", "child": {"weight": "3.10", "sex": "m"}}"#,
            r#"{"form": "births", "child": {"weight": 2.9, "sex": "f"}}"#,
            r#"{"form": "deaths"}"#,
        ] {
            hub.deliver(body).await;
        }
        for (more, touched) in [
            (json!({ "match": "{\"form\": \"births\"}" }), 3),
            (json!({ "value": ["child.weight=3.10"] }), 2),
            (json!({ "value": ["child.sex=f", "form=births"] }), 2),
            (json!({ "value": ["child.sex=f"], "match": "{\"child\": {\"weight\": 3.1}}" }), 1),
            (json!({ "value": ["child.sex=x"] }), 0),
            (json!({ "value": [] }), 4),
        ] {
            let mut filter = more.clone();
            filter["source"] = json!("inbox");
            let mut replay = json!({
                "action": "replay", "filter": filter, "forwarder": "all", "rate": 0, "dry_run": true
            });
            let (_, preview) = order(&hub, REPLAYS, &replay).await;
            assert_eq!(preview["matched"], 4, "those to be looked into: {more}");
            replay["dry_run"] = json!(false);
            let (_, begun) = order(&hub, REPLAYS, &replay).await;
            let action = ended(&hub, &begun["id"]).await;
            let counts = (&action["touched"], &action["passed_over"]);
            assert_eq!(counts, (&json!(touched), &json!(4 - touched)), "{more}");
            assert_eq!(action["filter"]["match"], more["match"], "{more}");
        }
        let wrong = |filter: Value| json!({ "action": "replay", "filter": filter, "forwarder": "all", "dry_run": true });
        let many = vec!["a=1"; 21];
        for filter in [json!({ "value": ["a"] }), json!({ "match": "{" }), json!({ "value": many })]
        {
            let refused = hub.post(REPLAYS, &wrong(filter.clone())).await;
            problem(refused, 400, "bad-parameter").await;
        }
    }
}

#[tokio::test]
async fn a_slow_replay_is_stopped_in_the_middle() {
    let hub = TestHub::start().await;
    hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
    for number in 0..40 {
        hub.keep(&number.to_string()).await;
    }
    let replay = json!({ "action": "replay", "filter": {}, "forwarder": "all", "rate": 5 });
    let (status, begun) = order(&hub, REPLAYS, &replay).await;
    assert_eq!((status, &begun["state"]), (202, &json!("running")), "{begun}");
    assert!(begun["touched"].as_u64() >= Some(5), "{begun}");
    let stop = format!("{ACTIONS}/{}/stop", text(&begun["id"]));
    let stopped = json_of(hub.post(&stop, &json!({})).await).await;
    assert_eq!(stopped["state"], "stopped");
    let made = 40 + stopped["touched"].as_u64().unwrap();
    assert!(made < 80, "{stopped}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(hub.json("status").await["waiting"], made, "nothing is made after the stop");
}

#[tokio::test]
async fn wrong_orders_are_refused() {
    let hub = TestHub::start().await;
    for (body, status, code) in [
        (json!({ "action": "retry", "filter": {}, "forwarder": "all" }), 400, "bad-parameter"),
        (json!({ "action": "replay", "filter": {}, "forwarder": "none" }), 404, "not-found"),
        (json!({ "action": "replay", "filter": {} }), 400, "bad-body"),
        (
            json!({ "action": "replay", "forwarder": "all", "filter": { "state": "quarantined" } }),
            400,
            "bad-parameter",
        ),
        (
            json!({ "action": "replay", "filter": {}, "forwarder": "all", "rate": -1 }),
            400,
            "bad-body",
        ),
    ] {
        problem(hub.post(REPLAYS, &body).await, status, code).await;
    }
    let nowhere = json!({ "action": "replay", "filter": {}, "forwarder": "all" });
    problem(hub.post("projects/nowhere/messages/actions", &nowhere).await, 404, "not-found").await;
}

/// One that is being sent when a cancellation comes by is passed over.
#[tokio::test]
async fn what_is_being_sent_is_passed_over() {
    let hub = TestHub::start().await;
    hub.destination.answer("/", Answer::status(200).delay(Duration::from_millis(600)));
    hub.keep("{}").await;
    hub.destination.wait_for(0, Duration::from_secs(1)).await;
    eventually("it is being sent", async || (hub.destination.connections() > 0).then_some(()))
        .await;
    let (_, action) = order(&hub, ACTIONS, &json!({ "action": "cancel", "filter": {} })).await;
    assert_eq!((&action["matched"], &action["touched"]), (&json!(1), &json!(0)), "{action}");
    assert_eq!(action["passed_over"], 1);
}

/// Why something was done is told where it is looked for: with the action, and in the audit log.
#[tokio::test]
async fn a_reason_is_kept_with_what_was_done() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_with_waiting(engine, 2).await;
        let why = "their server is being moved\u{0} \"tonight\"";
        let stored = "their server is being moved\u{2400} \"tonight\"";
        let cancel = json!({ "action": "cancel", "filter": {}, "reason": format!("  {why}\n") });
        let (_, action) = order(&hub, ACTIONS, &cancel).await;
        assert_eq!(action["reason"], stored, "{action}");
        assert_eq!(hub.items(ACTIONS).await[0]["reason"], stored);
        let replay = json!({
            "action": "replay", "filter": {}, "forwarder": "all", "reason": "again", "dry_run": true
        });
        let (status, _) = order(&hub, REPLAYS, &replay).await;
        assert_eq!(status, 200);
        let (_, silent) = order(&hub, ACTIONS, &json!({ "action": "requeue", "filter": {} })).await;
        assert_eq!(silent["reason"], json!(null));
        let delivery = hub.items("projects/clinic/deliveries?limit=1").await.remove(0);
        let delivery = format!("projects/clinic/deliveries/{}", text(&delivery["id"]));
        let message = hub.items("projects/clinic/messages?limit=1").await.remove(0);
        let message = format!("projects/clinic/messages/{}", text(&message["id"]));
        for (path, action) in [
            (format!("{delivery}/cancel"), "delivery.cancelled"),
            (format!("{delivery}/requeue"), "delivery.requeued"),
            (format!("{delivery}/retry"), "delivery.retried"),
            (format!("{delivery}/resend"), "delivery.resent"),
            (format!("{message}/replay"), "message.replayed"),
            ("projects/clinic/connections/there/pause".to_owned(), "connection.paused"),
            ("projects/clinic/connections/there/resume".to_owned(), "connection.resumed"),
            ("projects/clinic/forwarders/all/pause".to_owned(), "forwarder.paused"),
            ("projects/clinic/forwarders/all/resume".to_owned(), "forwarder.resumed"),
            ("projects/clinic/pause".to_owned(), "project.paused"),
            ("projects/clinic/resume".to_owned(), "project.resumed"),
        ] {
            let answer = hub.post(&path, &json!({ "reason": format!("why {action}") })).await;
            assert_eq!(answer.status(), 200, "{path}");
            let entry = hub.items("projects/clinic/audit?limit=1").await.remove(0);
            assert_eq!(entry["action"], action, "{entry}");
            assert_eq!(entry["detail"]["reason"], format!("why {action}"), "{entry}");
        }
        let noted = hub.items("projects/clinic/audit?action=deliveries.acted-on").await;
        let reasons: Vec<&Value> = noted.iter().map(|entry| &entry["detail"]["reason"]).collect();
        assert_eq!(reasons, [&json!(null), &json!(why)], "{noted:?}");

        let long = json!({ "reason": "x".repeat(501) });
        let told = hub.post("projects/clinic/forwarders/all/pause", &long).await;
        problem(told, 400, "bad-parameter").await;
        let forwarder = hub.json("projects/clinic/forwarders/all").await;
        assert_eq!(forwarder["paused"], false, "nothing is done");
        let other = hub.post("projects/clinic/pause", &json!({ "resaon": "x" })).await;
        problem(other, 400, "bad-body").await;
    }
}
