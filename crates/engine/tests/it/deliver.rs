//! The way out.

use std::time::Duration;

use fieldpost_engine::Asked;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_rules::delivery::Action;
use fieldpost_store::DeliveryQuery;
use fieldpost_testkit::Answer;
use rstest::rstest;

use crate::world::{Engine, World};

const QUICK: &str =
    r#""all": {"on": "message", "to": "there", "retry": {"first": "50ms", "factor": 2}}"#;
const SOON: Duration = Duration::from_secs(5);

// MUST-18, MUST-20
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tries_again_until_it_arrives(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start_with(engine, QUICK).await;
    world.destination.fail_then_succeed("/", 2, 503);
    let id = world.keep("{\"a\":1}").await;
    let delivery = world.wait_for(id, DeliveryState::Succeeded).await;
    assert_eq!((delivery.attempts, delivery.last_status), (3, Some(200)));
    assert_eq!((delivery.next_attempt_at, delivery.last_error), (None, None));
    let attempts = world.hub.store().attempts("clinic", delivery.id).await.unwrap();
    let statuses: Vec<_> =
        attempts.iter().map(|attempt| attempt.response.as_ref().unwrap().status).collect();
    assert_eq!(statuses, [503, 503, 200]);
    assert_eq!(attempts[0].error.as_ref().unwrap().kind, ErrorKind::Status);
    let received = world.destination.received();
    let ids: Vec<_> = received.iter().map(|request| request.header("webhook-id")).collect();
    let id = delivery.id.to_string();
    assert_eq!(ids, [Some(&*id); 3], "one id over all attempts");
}

// MUST-20, MUST-25
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payload_is_rejected_and_can_be_requeued(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, QUICK).await;
    world.destination.answer("/", Answer::status(422).body("no such district"));
    let id = world.keep("{\"a\":1}").await;
    let delivery = world.wait_for(id, DeliveryState::Rejected).await;
    assert!(delivery.last_error.as_ref().unwrap().contains("no such district"));
    assert!(world.hub.act("clinic", Action::Retry, delivery.id).await.is_err());
    world.destination.answer("/", Answer::status(204));
    world.hub.act("clinic", Action::Requeue, delivery.id).await.unwrap();
    let again = world.wait_for(id, DeliveryState::Succeeded).await;
    assert_eq!((again.id, again.attempts), (delivery.id, 2));
}

// MUST-20
/// A token endpoint that says no does not refuse the payload.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_endpoint_that_refuses_is_asked_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    let refusals = [Answer::status(400).body("invalid_client"), Answer::status(401)];
    let granted = Answer::status(200).body(r#"{"access_token": "granted"}"#);
    world.destination.answer_in_turn("/token", refusals, granted);
    let (url, token_url) = (world.destination.url("/"), world.destination.url("/token"));
    let auth = format!(
        r#"{{"oauth2_client": {{"token_url": "{token_url}", "client_id": "hub", "client_secret": "hunter2"}}}}"#
    );
    let text = format!(
        r#"{{"project": "clinic",
             "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"}}}},
             "connections": {{"there": {{"url": "{url}", "auth": {auth}}}}},
             "forwarders": {{{QUICK}}}}}"#
    );
    world.apply_text(&text).await;
    let id = world.keep("{\"a\":1}").await;
    let delivery = world.wait_for(id, DeliveryState::Succeeded).await;
    let attempts = world.hub.store().attempts("clinic", delivery.id).await.unwrap();
    let kinds: Vec<_> =
        attempts.iter().map(|attempt| attempt.error.as_ref().map(|error| error.kind)).collect();
    let refused = Some(ErrorKind::Authentication);
    assert_eq!(kinds, [refused, refused, None]);
    assert!(
        attempts[0].error.as_ref().unwrap().message.contains("400 Bad Request: invalid_client")
    );
    let received = world.destination.received();
    let arrived: Vec<_> = received.iter().filter(|request| request.path == "/").collect();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].header("authorization"), Some("Bearer granted"));
}

// MUST-26
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_resend_is_a_new_delivery_that_names_the_old(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let id = world.keep("{\"a\":1}").await;
    let first = world.wait_for(id, DeliveryState::Succeeded).await;
    let second = world.hub.act("clinic", Action::Resend, first.id).await.unwrap();
    assert_ne!(second.id, first.id);
    let received = world.destination.wait_for(2, SOON).await;
    let original = first.id.to_string();
    assert_eq!(received[1].header("fieldpost-resend-of"), Some(&*original));
    assert_eq!(received[1].body, received[0].body);
}

// MUST-14, MUST-20
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_410_pauses_the_forwarder_and_what_comes_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, QUICK).await;
    world.destination.answer("/", Answer::status(410));
    let first = world.keep("{\"a\":1}").await;
    world.wait_for(first, DeliveryState::Failed).await;
    for _ in 0..100 {
        let (_, definition) = world.hub.definition("clinic").await.unwrap();
        if definition.forwarders[0].paused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let second = world.keep("{\"a\":2}").await;
    let tries = world.destination.received().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(world.destination.received().len(), tries, "a paused forwarder sends nothing");
    assert_eq!(world.deliveries_of(second).await[0].state, DeliveryState::Pending);
    world.destination.answer("/", Answer::status(200));
    world.hub.set_paused("clinic", "all", false, &Asked::default()).await.unwrap();
    world.wait_for(first, DeliveryState::Succeeded).await;
    world.wait_for(second, DeliveryState::Succeeded).await;
}

// MUST-22
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_hanging_destination_holds_up_nobody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    let (hanging, healthy) = (world.destination.url("/hang"), world.destination.url("/fine"));
    world.destination.answer("/hang", Answer::hang());
    let project = format!(
        r#"{{"project": "clinic", "sources": {{"inbox": {{"dialect": "json"}}}},
            "connections": {{"dead": {{"url": "{hanging}", "concurrency": 4, "timeout": "20s"}},
                            "alive": {{"url": "{healthy}"}}}},
            "forwarders": {{"one": {{"on": "message", "to": "dead"}},
                           "two": {{"on": "message", "to": "alive"}}}}}}"#
    );
    let value = fieldpost_model::json::Value::parse(project.as_bytes()).unwrap();
    let draft = fieldpost_rules::definition::read_project(&value).unwrap();
    world.hub.apply(&draft, false, false, &Asked::default()).await.unwrap();
    for number in 0..200 {
        world.keep(&format!("{{\"number\":{number}}}")).await;
    }
    let query = DeliveryQuery { forwarder: Some("two".to_owned()), ..DeliveryQuery::default() };
    let done = DeliveryQuery { state: Some(DeliveryState::Succeeded), ..query };
    for _ in 0..100 {
        if world.hub.store().count_deliveries("clinic", &done).await.unwrap() == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.hub.store().count_deliveries("clinic", &done).await.unwrap(), 200);
    let received = world.destination.received();
    let hanging = received.iter().filter(|request| request.path == "/hang").count();
    assert!(hanging <= 4, "{hanging} calls to the hanging destination, 4 are allowed");
}

// MUST-29
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn stopping_gives_calls_back_and_nothing_gets_a_final_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::start(engine).await;
    world.destination.answer("/", Answer::hang());
    let id = world.keep("{\"a\":1}").await;
    world.destination.wait_for(1, SOON).await;
    world.destination.answer("/", Answer::status(200));
    let begun = std::time::Instant::now();
    world.restart().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    let delivery = world.wait_for(id, DeliveryState::Succeeded).await;
    let attempts = world.hub.store().attempts("clinic", delivery.id).await.unwrap();
    let kinds: Vec<_> =
        attempts.iter().map(|attempt| attempt.error.as_ref().map(|error| error.kind)).collect();
    assert_eq!(kinds, [Some(ErrorKind::Interrupted), None], "what was begun is on record");
    let standing = world.hub.store().standing("clinic", delivery.id).await.unwrap();
    assert_eq!(standing.tries, 1, "the interrupted one does not count");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sends_the_view_as_json_where_asked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world =
        World::start_with(engine, r#""all": {"on": "message", "to": "there", "format": "json"}"#)
            .await;
    let id = world.keep("{ \"n\" : 1.10 }").await;
    let delivery = world.wait_for(id, DeliveryState::Succeeded).await;
    assert_eq!(world.destination.received()[0].text(), "{\"n\":1.10}");
    let body = world.hub.store().attempt_body("clinic", delivery.id, 1).await.unwrap();
    assert_eq!(body.flatten().unwrap(), b"{\"n\":1.10}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn removing_a_forwarder_ends_what_waits_for_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world =
        World::start_with(engine, r#""all": {"on": "message", "to": "there", "paused": true}"#)
            .await;
    let id = world.keep("{\"a\":1}").await;
    world.apply("").await;
    let delivery = world.wait_for(id, DeliveryState::Cancelled).await;
    assert!(delivery.last_error.unwrap().contains("has been removed"));
}

/// A forwarder that is sent elsewhere takes along what waits for it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_follows_its_forwarder_to_another_connection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    let elsewhere = world.destination.url("/elsewhere");
    let project = |to: &str| {
        let connections = format!(
            r#""old": {{"url": "http://127.0.0.1:9/", "timeout": "1s"}}, "new": {{"url": "{elsewhere}"}}"#
        );
        let kept =
            if to == "old" { connections } else { format!(r#""new": {{"url": "{elsewhere}"}}"#) };
        let text = format!(
            r#"{{"project": "clinic", "sources": {{"inbox": {{"dialect": "json"}}}},
                "connections": {{{kept}}},
                "forwarders": {{"one": {{"on": "message", "to": "{to}"}}}}}}"#
        );
        let value = fieldpost_model::json::Value::parse(text.as_bytes()).unwrap().into_owned();
        fieldpost_rules::definition::read_project(&value).unwrap()
    };
    world.hub.apply(&project("old"), true, false, &Asked::default()).await.unwrap();
    let id = world.keep("{\"a\":1}").await;
    world.wait_for(id, DeliveryState::Failed).await;
    world.hub.apply(&project("new"), true, false, &Asked::default()).await.unwrap();
    let moved = tokio::time::timeout(SOON, async {
        loop {
            let delivery = world.deliveries_of(id).await.remove(0);
            if delivery.connection == "new" {
                return delivery;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let delivery = moved.await.expect("what waits is moved");
    world.hub.act("clinic", Action::Retry, delivery.id).await.unwrap();
    world.wait_for(id, DeliveryState::Succeeded).await;
}

/// The same where it was being sent when the forwarder was led elsewhere, and failed afterwards: it
/// does not wait in the lane of a connection that is no more until somebody happens to look.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_on_its_old_way_follows_its_forwarder_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    let (old, new) = (world.destination.url("/old"), world.destination.url("/new"));
    let slow = Answer::status(503).delay(Duration::from_secs(2));
    world.destination.answer("/old", slow);
    let project = |connections: String, to: &str| {
        format!(
            r#"{{"project": "clinic",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"}}}},
                 "connections": {{{connections}}},
                 "forwarders": {{"one": {{"to": "{to}", "retry": {{"first": "1h"}}}}}}}}"#
        )
    };
    world.apply_text(&project(format!(r#""old": {{"url": "{old}"}}"#), "old")).await;
    let id = world.keep("{\"a\":1}").await;
    world.destination.wait_for(1, SOON).await;
    world.apply_text(&project(format!(r#""new": {{"url": "{new}"}}"#), "new")).await;
    let moved = async {
        loop {
            let delivery = world.deliveries_of(id).await.remove(0);
            if (delivery.attempts, &*delivery.connection) == (1, "new") {
                return delivery;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let delivery = tokio::time::timeout(2 * SOON, moved).await.expect("it is moved");
    world.hub.act("clinic", Action::Retry, delivery.id).await.unwrap();
    world.wait_for(id, DeliveryState::Succeeded).await;
}

/// A payload too large to be claimed with its delivery is read when its call begins.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_large_payload_arrives_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let body = format!("\"{}\"", "x".repeat(2_000_000));
    let id = world.keep(&body).await;
    world.wait_for(id, DeliveryState::Succeeded).await;
    assert_eq!(world.destination.received()[0].body, body.as_bytes());
}
