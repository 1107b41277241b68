//! The whole way: from the inbox to the destination, with a record of every step; and what people
//! do with deliveries.

use std::time::Duration;

use fieldpost_testkit::Answer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::hub::{Engine, TestHub, json_of, problem, text};

const BODY: &str = "{ \"form\": \"births\",  \"n\": 1.50 }";

fn path(delivery: &Value) -> String {
    format!("projects/clinic/deliveries/{}", text(&delivery["id"]))
}

// MUST-19
#[tokio::test]
async fn a_message_arrives_and_every_step_is_recorded() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.destination.answer("/", Answer::status(201).header("x-id", "7").body("made"));
        let delivery = hub.deliver(BODY).await;
        let keys: Vec<&String> = delivery.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "id",
                "forwarder",
                "connection",
                "event",
                "payload_kind",
                "payload_id",
                "message",
                "key",
                "state",
                "origin",
                "resend_of",
                "attempts",
                "made_at",
                "registered_at",
                "next_attempt_at",
                "last_status",
                "last_error",
                "error_kind",
                "superseded_by",
                "holds",
                "holds_count",
                "waits_because",
                "waits_for",
                "waits_until"
            ]
        );
        assert_eq!(
            (&delivery["forwarder"], &delivery["connection"]),
            (&json!("all"), &json!("there"))
        );
        assert_eq!(
            (&delivery["payload_kind"], &delivery["event"]),
            (&json!("message"), &json!("message"))
        );
        assert_eq!((&delivery["attempts"], &delivery["last_status"]), (&json!(1), &json!(201)));
        assert_eq!(
            (&delivery["next_attempt_at"], &delivery["last_error"]),
            (&json!(null), &json!(null))
        );
        let mut whole = delivery.clone();
        whole["submission"] = json!(null);
        whole["case"] = json!(null);
        whole["followers"] = json!(0);
        whole["planned_attempts"] = json!([]);
        assert_eq!(hub.json(&path(&delivery)).await, whole, "one alone says how it stands as well");

        let received = hub.destination.received().remove(0);
        assert_eq!(received.body, BODY);
        assert_eq!(received.header("webhook-id"), delivery["id"].as_str());

        let attempts = hub.items(&format!("{}/attempts", path(&delivery))).await;
        assert_eq!(attempts.len(), 1);
        let attempt = &attempts[0];
        assert_eq!(attempt["number"], 1);
        assert!(attempt["duration_ms"].is_u64());
        let request = &attempt["request"];
        assert_eq!(request["method"], "POST");
        assert_eq!(request["url"], hub.destination.url("/"));
        assert_eq!(request["headers"]["content-type"], "application/json");
        assert_eq!(request["bytes"], BODY.len());
        let digest = fieldpost_model::hexadecimal::encode(&Sha256::digest(BODY));
        assert_eq!(request["body_sha256"], digest);
        assert_eq!(attempt["response"]["status"], 201);
        assert_eq!(attempt["response"]["headers"]["x-id"], "7");
        assert_eq!(attempt["response"]["body"], "made");
        assert_eq!(attempt["response"]["truncated"], false);
        assert_eq!(attempt["error"], json!(null));

        let sent = hub.get(&format!("{}/attempts/1/request", path(&delivery))).await;
        assert_eq!(sent.headers()["content-type"], "application/json");
        assert_eq!(sent.text().await.unwrap(), BODY);
        let answered = hub.get(&format!("{}/attempts/1/response", path(&delivery))).await;
        assert_eq!(answered.text().await.unwrap(), "made");
        for part in ["request", "response"] {
            for number in ["2", "0", "x", "-1"] {
                let missing =
                    hub.get(&format!("{}/attempts/{number}/{part}", path(&delivery))).await;
                problem(missing, 404, "not-found").await;
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_was_made_for_the_destination_is_kept_as_it_was_sent() {
    let hub = TestHub::start().await;
    let mut definition = hub.definition();
    definition["forwarders"]["all"]["format"] = json!("json");
    hub.apply(definition).await;
    let delivery = hub.deliver(BODY).await;
    let sent = hub.get(&format!("{}/attempts/1/request", path(&delivery))).await;
    assert_eq!(sent.text().await.unwrap(), r#"{"form":"births","n":1.50}"#);
}

#[tokio::test]
async fn what_two_attempts_sent_is_compared() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.destination.answer("/", Answer::status(422));
        let message = hub.keep(BODY).await;
        let list = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        let delivery = hub.wait_for(&list, "rejected").await;
        let mut definition = hub.definition();
        definition["forwarders"]["all"]["format"] = json!("json");
        hub.apply(definition).await;
        hub.destination.answer("/", Answer::status(200));
        hub.post(&format!("{}/requeue", path(&delivery)), &json!({})).await;
        let arrived = hub.wait_for(&list, "succeeded").await;
        assert_eq!(arrived["error_kind"], json!(null));
        let attempt = format!("{}/attempts/2/difference", path(&delivery));
        let told = hub.json(&format!("{attempt}?with=1")).await;
        let bytes = [&told["before"]["bytes"], &told["after"]["bytes"]];
        assert_eq!(bytes, [&json!(BODY.len()), &json!(26)]);
        assert_eq!([&told["before"]["number"], &told["after"]["number"]], [1, 2]);
        assert_eq!(told["same_bytes"], false);
        // They are written in another way, and mean the same.
        assert_eq!((&told["differences"], &told["more"]), (&json!([]), &json!(false)));
        let same = hub.json(&format!("{attempt}?with=2")).await;
        assert_eq!((&same["same_bytes"], &same["differences"]), (&json!(true), &json!([])));
        problem(hub.get(&attempt).await, 400, "missing-parameter").await;
        problem(hub.get(&format!("{attempt}?with=3")).await, 404, "not-found").await;
    }
}

// MUST-19
#[tokio::test]
async fn what_goes_wrong_is_told_with_its_kind() {
    let hub = TestHub::start().await;
    hub.destination.answer("/", Answer::refuse());
    let message = hub.keep("{}").await;
    let list = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
    let delivery = hub.wait_for(&list, "failed").await;
    assert!(delivery["next_attempt_at"].is_string());
    assert!(delivery["last_error"].is_string());
    assert_eq!(delivery["error_kind"], "connect");
    assert_eq!(hub.json(&path(&delivery)).await["error_kind"], "connect");
    let attempts = hub.items(&format!("{}/attempts", path(&delivery))).await;
    assert_eq!(attempts[0]["response"], json!(null));
    assert_eq!(attempts[0]["error"]["kind"], "connect");
    assert!(!text(&attempts[0]["error"]["message"]).is_empty());
    let response = hub.get(&format!("{}/attempts/1/response", path(&delivery))).await;
    let told = problem(response, 404, "not-found").await;
    assert!(text(&told["hint"]).contains("before an answer"));
}

// MUST-25, MUST-26
#[tokio::test]
async fn people_act_on_deliveries() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.destination.answer("/", Answer::status(503));
        let message = hub.keep("{}").await;
        let list = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        let delivery = hub.wait_for(&list, "failed").await;
        let act = async |action: &str| {
            hub.post(&format!("{}/{action}", path(&delivery)), &json!({})).await
        };

        let told = problem(act("requeue").await, 409, "delivery-not-final").await;
        assert!(text(&told["hint"]).contains("retry"));
        assert_eq!(act("cancel").await.status(), 200);
        assert_eq!(hub.json(&path(&delivery)).await["state"], "cancelled");
        problem(act("cancel").await, 409, "delivery-not-waiting").await;
        problem(act("retry").await, 409, "delivery-not-waiting").await;

        hub.destination.answer("/", Answer::status(200));
        let requeued = json_of(act("requeue").await).await;
        assert_eq!(requeued["id"], delivery["id"]);
        let arrived = hub.wait_for(&list, "succeeded").await;
        assert_eq!(arrived["attempts"], 2);

        let resent = json_of(act("resend").await).await;
        assert_eq!(resent["resend_of"], delivery["id"]);
        assert_eq!(resent["origin"], "resend");
        let received = hub.destination.wait_for(3, Duration::from_secs(10)).await;
        assert_eq!(received[2].header("fieldpost-resend-of"), delivery["id"].as_str());

        let missing = "projects/clinic/deliveries/0195a7c2-0000-7000-8000-000000000000";
        for action in ["retry", "cancel", "requeue", "resend"] {
            let answer = hub.post(&format!("{missing}/{action}"), &json!({})).await;
            problem(answer, 404, "not-found").await;
        }
        problem(hub.get(missing).await, 404, "not-found").await;
        problem(hub.get(&format!("{missing}/attempts")).await, 404, "not-found").await;
        problem(hub.get("projects/clinic/deliveries/no-id").await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn a_retry_is_made_at_once() {
    let hub = TestHub::start().await;
    hub.destination.fail_then_succeed("/", 1, 503);
    let message = hub.keep("{}").await;
    let list = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
    let delivery = hub.wait_for(&list, "failed").await;
    let answer = hub.post(&format!("{}/retry", path(&delivery)), &json!({})).await;
    assert_eq!(answer.status(), 200);
    hub.wait_for(&list, "succeeded").await;
}

#[tokio::test]
async fn many_deliveries_are_acted_on_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        hub.deliver("[]").await;
        hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
        for number in 0..5 {
            hub.keep(&number.to_string()).await;
        }
        let actions = "projects/clinic/deliveries/actions";
        let act = async |body: Value| json_of(hub.post(actions, &body).await).await;
        let cancel = json!({ "action": "cancel", "filter": {}, "dry_run": true });
        let expected = json!({
            "matched": 5, "touched": 5, "passed_over": 1, "states": { "pending": 5 }, "copies": 0,
        });
        assert_eq!(act(cancel).await, expected);
        let waiting = hub.items("projects/clinic/deliveries?state=pending").await;
        assert_eq!(waiting.len(), 5);

        let two = [text(&waiting[0]["id"]), text(&waiting[1]["id"])].join(",");
        let named = json!({ "action": "cancel", "filter": { "ids": two }, "dry_run": true });
        assert_eq!(act(named).await["matched"], 2);
        let wrong = json!({ "action": "cancel", "filter": { "ids": "" } });
        problem(hub.post(actions, &wrong).await, 400, "bad-parameter").await;

        let pending = json!({ "state": "pending", "forwarder": "all", "source": "inbox" });
        let cancel = json!({ "action": "cancel", "filter": pending });
        let action = act(cancel).await;
        assert_eq!((&action["touched"], &action["passed_over"]), (&json!(5), &json!(0)));
        assert_eq!(action["state"], "done");
        let cancelled = hub.items("projects/clinic/deliveries?state=cancelled").await;
        assert_eq!(cancelled.len(), 5);
        let counts = "projects/clinic/deliveries/counts";
        let all = json!({ "total": 6, "states": { "cancelled": 5, "succeeded": 1 } });
        assert_eq!(hub.json(counts).await, all);
        let some = json!({ "total": 5, "states": { "cancelled": 5 } });
        assert_eq!(hub.json(&format!("{counts}?state=cancelled")).await, some);
        problem(hub.get(&format!("{counts}?limit=2")).await, 400, "unknown-parameter").await;

        let wrong = hub.post(actions, &json!({ "action": "explode", "filter": {} })).await;
        let told = problem(wrong, 400, "bad-parameter").await;
        assert_eq!(told["hint"], "one of retry, cancel, requeue, resend");
        for body in [
            json!({ "action": "cancel" }),
            json!({ "action": "cancel", "filter": { "stat": "pending" } }),
            json!({ "action": "cancel", "filter": {}, "dryrun": true }),
        ] {
            problem(hub.post(actions, &body).await, 400, "bad-body").await;
        }
        let nowhere = json!({ "action": "cancel", "filter": {} });
        let answer = hub.post("projects/nowhere/deliveries/actions", &nowhere).await;
        problem(answer, 404, "not-found").await;
    }
}
