//! What is erased in time, and what somebody has erased.

use fieldpost_testkit::Answer;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

const ERASURES: &str = "projects/clinic/erasures";

fn path(message: &Value) -> String {
    format!("projects/clinic/messages/{}", text(&message["id"]))
}

/// A hub whose project keeps things as this says.
async fn hub_that_keeps(engine: Engine, retention: Value) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = hub.definition();
    definition["retention"] = retention;
    hub.apply(definition).await;
    hub
}

/// Waits until the bytes of a message are gone; the answer is the message.
async fn erased(hub: &TestHub, message: &Value) -> Value {
    eventually("its bytes are gone", async || {
        let message = hub.json(&path(message)).await;
        message["erased_at"].is_string().then_some(message)
    })
    .await
}

#[tokio::test]
async fn a_person_is_found_by_either_spelling_of_an_instance_id() {
    let id = "0ce4f0c8-6c6b-4ac4-9c5d-5f2f6b6c3d11";
    let prefixed = format!("uuid:{id}");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        for (kept, asked) in [(id, &*prefixed), (&*prefixed, id)] {
            let body = format!(r#"{{"_uuid": "{kept}"}}"#);
            assert_eq!(hub.send("secret-of-the-kobo-1", body).await.status(), 200);
            for identity in [asked, kept] {
                let dry = json!({ "identity": identity, "dry_run": true });
                let would = json_of(hub.post(ERASURES, &dry).await).await;
                assert_eq!(would["messages"], 1, "{identity} of {kept}");
            }
            let erased = json_of(hub.post(ERASURES, &json!({ "identity": asked })).await).await;
            assert_eq!(erased["messages"], 1, "{asked} of {kept}");
            assert!(!hub.json("projects/clinic/messages").await.to_string().contains(id));
        }
    }
}

#[tokio::test]
async fn nothing_is_kept_after_success_where_nothing_is_to_be() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_that_keeps(engine, json!({ "after_success": "0s" })).await;
        hub.destination.fail_then_succeed("/", 1, 503);
        let message = hub.keep(r#"{"name": "Amina"}"#).await;
        let list = format!("projects/clinic/deliveries?payload_id={}", text(&message["id"]));
        let delivery = hub.wait_for(&list, "failed").await;
        assert_eq!(hub.get(&format!("{}/body", path(&message))).await.status(), 200);
        let delivery = format!("projects/clinic/deliveries/{}", text(&delivery["id"]));
        hub.post(&format!("{delivery}/retry"), &json!({})).await;
        let gone = erased(&hub, &message).await;
        assert_eq!((&gone["state"], &gone["bytes"]), (&json!("kept"), &message["bytes"]));
        for part in ["body", "request", "view", "explain"] {
            let told = problem(hub.get(&format!("{}/{part}", path(&message))).await, 410, "erased");
            assert!(text(&told.await["detail"]).contains(text(&gone["erased_at"])), "{part}");
        }
        problem(hub.post(&format!("{}/replay", path(&message)), &json!({})).await, 410, "erased")
            .await;
        for action in ["resend", "requeue"] {
            let answer = hub.post(&format!("{delivery}/{action}"), &json!({})).await;
            problem(answer, 410, "erased").await;
        }
        let many = json!({ "action": "resend", "filter": {} });
        let answer = hub.post("projects/clinic/deliveries/actions", &many).await;
        let action = json_of(answer).await;
        assert_eq!((&action["touched"], &action["passed_over"]), (&json!(0), &json!(1)));
        let attempts = hub.items(&format!("{delivery}/attempts")).await;
        assert_eq!(attempts.len(), 2);
        assert!(attempts.iter().all(|attempt| attempt["erased_at"].is_string()), "{attempts:?}");
        for part in ["request", "response"] {
            let answer = hub.get(&format!("{delivery}/attempts/1/{part}")).await;
            problem(answer, 410, "erased").await;
        }
    }
}

#[tokio::test]
async fn what_is_old_goes_and_what_waits_stays() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_that_keeps(engine, json!({ "bodies": "1s", "attempts": "1s" })).await;
        let arrived = hub.deliver("{}").await;
        hub.destination.answer("/", Answer::status(503));
        let waiting = hub.keep("[]").await;
        let message = json!({ "id": arrived["payload_id"] });
        erased(&hub, &message).await;
        let attempts = format!("projects/clinic/deliveries/{}/attempts", text(&arrived["id"]));
        eventually("the attempts are gone", async || {
            hub.items(&attempts).await.is_empty().then_some(())
        })
        .await;
        let delivery = hub.json(attempts.trim_end_matches("/attempts")).await;
        assert_eq!((&delivery["attempts"], &delivery["state"]), (&json!(1), &json!("succeeded")));
        assert_eq!(hub.json(&path(&waiting)).await["erased_at"], json!(null));
        assert_eq!(hub.get(&format!("{}/body", path(&waiting))).await.status(), 200);
        // It arrives with all its bytes.
        hub.destination.answer("/", Answer::status(200));
        let retry = json!({ "action": "retry", "filter": {} });
        hub.post("projects/clinic/deliveries/actions", &retry).await;
        let list = format!("projects/clinic/deliveries?payload_id={}", text(&waiting["id"]));
        hub.wait_for(&list, "succeeded").await;
        assert_eq!(hub.destination.received().last().unwrap().body, "[]");
    }
}

#[tokio::test]
async fn what_a_shorter_retention_erases_is_counted() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_that_keeps(engine, json!({ "messages": "30d" })).await;
        let arrived = hub.deliver("{}").await;
        let mut definition = hub.definition();
        let apply = "projects/clinic/apply?dry_run=true";
        let mut told = async |retention: Value| {
            definition["retention"] = retention;
            json_of(hub.post(apply, &definition).await).await["erases"].clone()
        };
        let nothing = json!({ "messages": 0, "bodies": 0, "attempts": 0, "more": false });
        assert_eq!(told(json!({ "messages": "31d" })).await, nothing);
        let mut erases = nothing.clone();
        erases["bodies"] = json!(1);
        erases["attempts"] = json!(1);
        let shorter = json!({ "messages": "30d", "bodies": "1ms", "attempts": "1ms" });
        assert_eq!(told(shorter.clone()).await, erases);

        // Settings do what they are told, and answer with the same.
        let settings = "projects/clinic/settings";
        let answer = json_of(hub.put(settings, &json!({ "retention": shorter })).await).await;
        assert_eq!(answer, json!({ "retention": shorter, "erases": erases }));
        assert_eq!(hub.json(settings).await, json!({ "retention": shorter }));
        erased(&hub, &json!({ "id": arrived["payload_id"] })).await;
    }
}

#[tokio::test]
async fn what_was_to_be_kept_for_a_second_after_success_is_not_kept_for_a_minute() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub_that_keeps(engine, json!({ "after_success": "1s" })).await;
        let arrived = hub.deliver("{}").await;
        let message = json!({ "id": arrived["payload_id"] });
        assert_eq!(hub.json(&path(&message)).await["erased_at"], json!(null));
        erased(&hub, &message).await;
    }
}

#[tokio::test]
async fn a_person_is_erased_with_all_versions_and_what_waits() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let name = "Wilhelmina-Featherstonehaugh";
        hub.destination.answer("/", Answer::status(422).body(format!("no {name} here")));
        let send = async |identity: &str, body: String| {
            let request = hub.client.post(hub.url(&format!("/inbox/{}", crate::hub::SECRET)));
            let request = request.header("content-type", "application/json");
            let request = request.header("idempotency-key", identity).body(body);
            request.send().await.unwrap().status().as_u16()
        };
        let one = format!(r#"{{"name": "{name}", "version": 1}}"#);
        assert_eq!(send(name, one.clone()).await, 200);
        hub.wait_for("projects/clinic/deliveries", "rejected").await;
        hub.post("projects/clinic/forwarders/all/pause", &json!({})).await;
        assert_eq!(send(name, format!(r#"{{"name": "{name}", "version": 2}}"#)).await, 200);
        assert_eq!(send("somebody-else", r#"{"name": "else"}"#.to_owned()).await, 200);

        let order = json!({ "identity": name });
        let dry = json!({ "identity": name, "dry_run": true });
        let would = json_of(hub.post(ERASURES, &dry).await).await;
        let expected = json!({
            "id": null, "messages": 2, "deliveries": 2, "attempts": 1, "cancelled": 1,
            "being_sent": 0,
        });
        assert_eq!(would, expected);
        assert_eq!(hub.items(ERASURES).await, Vec::<Value>::new());
        let mut outcome = json_of(hub.post(ERASURES, &order).await).await;
        let id = outcome["id"].take();
        assert_eq!(outcome, expected);
        let book = hub.items(ERASURES).await;
        assert_eq!((&book[0]["id"], &book[0]["criterion"]), (&id, &json!("identity")));
        assert_eq!(book[0]["started_by"], "administrator");

        // Nothing that the hub tells names her any more; everything still counts.
        let mut told = String::new();
        let lists = ["messages", "deliveries", "deliveries/actions", "erasures"];
        for list in lists {
            told += &hub.json(&format!("projects/clinic/{list}")).await.to_string();
        }
        assert!(!told.contains(name), "{told}");
        assert_eq!(hub.items("projects/clinic/messages").await.len(), 3);
        let deliveries = hub.items("projects/clinic/deliveries").await;
        let states: Vec<&str> = deliveries.iter().map(|one| text(&one["state"])).collect();
        assert_eq!(states, ["pending", "cancelled", "rejected"]);
        // The same content is news again.
        assert_eq!(send(name, one).await, 200);
        let newest = hub.items("projects/clinic/messages?limit=1").await.remove(0);
        assert_eq!((&newest["state"], &newest["version"]), (&json!("kept"), &json!(1)));
    }
}

#[tokio::test]
async fn an_erasure_names_one_thing() {
    let hub = TestHub::start().await;
    for body in [
        json!({}),
        json!({ "identity": "a", "key": "b" }),
        json!({ "identity": "" }),
        json!({ "identity": "a", "all": true }),
    ] {
        problem(hub.post(ERASURES, &body).await, 400, "bad-body").await;
    }
    problem(hub.post(ERASURES, &json!({ "message": "7" })).await, 400, "bad-parameter").await;
    let nothing = json_of(hub.post(ERASURES, &json!({ "key": "case-9" })).await).await;
    assert_eq!(nothing["messages"], 0);
    let nowhere = hub.post("projects/nowhere/erasures", &json!({ "key": "a" })).await;
    problem(nowhere, 404, "not-found").await;
}
