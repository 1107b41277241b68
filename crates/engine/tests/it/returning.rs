//! What becomes of a delivery whose call was under way while its forwarder was changed, and who may
//! decide on it.

use std::time::Duration;

use fieldpost_engine::Asked;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{Lane, Release};
use fieldpost_testkit::Answer;
use rstest::rstest;
use uuid::Uuid;

use crate::world::{Engine, World};

const SOON: Duration = Duration::from_secs(10);
/// How long the destination takes while something is changed.
const CALL: Duration = Duration::from_millis(700);

/// The project `clinic` with the connections `there` and `elsewhere`, or only the latter, and one
/// forwarder that sends to one of them.
async fn apply(world: &World, has_there: bool, to: &str, forwarder: &str) {
    let connection = |path: &str| {
        let url = world.destination.url(path);
        format!(r#"{{"url": "{url}", "concurrency": 1, "notify": ["ops@example.org"]}}"#)
    };
    let there = if has_there { format!(r#""there": {},"#, connection("/")) } else { String::new() };
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                 "sources": {{"kobo": {{"dialect": "kobo", "secret": "secret-inbox-2"}}}},
                 "connections": {{{there} "elsewhere": {}}},
                 "forwarders": {{"all": {{"on": "message", "to": "{to}", "order_by": "case",
                                         {forwarder}}}}}}}"#,
            connection("/elsewhere")
        ))
        .await;
}

async fn update(world: &World, case: &str, number: u32) -> Uuid {
    let body = format!(r#"{{"_uuid": "{case}", "number": {number}}}"#);
    world.post("secret-inbox-2", &body).await.unwrap().message
}

const QUICK: &str = r#""retry": {"first": "1h"}"#;

// MUST-23
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lease_pauses_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    apply(&world, true, "there", QUICK).await;
    let gone = Answer::status(410).delay(CALL);
    world.destination.answer_in_turn("/", [gone], Answer::status(200));
    let message = update(&world, "a", 1).await;
    world.destination.wait_for(1, SOON).await;
    let delivery = world.deliveries_of(message).await[0].id;
    let lane = Lane { project: "clinic".into(), name: "there".to_owned() };
    // The first claim of all. Whoever makes the next one has the say.
    let sequence = Some("there/case:a".to_owned());
    let release = Release { lane, delivery, fence: 1, sequence };
    world.hub.store().release(vec![release]).await.unwrap();
    let delivery = world.wait_for(message, DeliveryState::Succeeded).await;
    assert_eq!((delivery.attempts, world.destination.received().len()), (1, 2));
    world.hub.stop().await;
    let (_, definition) = world.hub.definition("clinic").await.unwrap();
    assert!(!definition.forwarders[0].paused);
}

// MUST-42
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_and_holds_goes_along_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const HOLD: &str = r#""on_rejected": "hold""#;
    let world = World::start_with(engine, "").await;
    apply(&world, true, "there", HOLD).await;
    world.destination.answer("/", Answer::status(422).delay(CALL));
    let refused = update(&world, "a", 2).await;
    world.destination.wait_for(1, SOON).await;
    apply(&world, true, "elsewhere", HOLD).await;
    let follower = update(&world, "a", 3).await;
    assert_eq!(world.deliveries_of(refused).await[0].connection, "there", "it is being sent");
    let refused = world.wait_for(refused, DeliveryState::Rejected).await;
    let moved = async {
        loop {
            let found = world.hub.store().delivery("clinic", refused.id).await.unwrap().unwrap();
            if found.connection == "elsewhere" {
                break found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let moved = tokio::time::timeout(SOON, moved).await.expect("it goes along");
    assert!(moved.holds);
    assert_eq!(world.deliveries_of(follower).await[0].attempts, 0, "it is held");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_a_forwarder_that_is_paused_is_parked_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    apply(&world, true, "there", QUICK).await;
    world.destination.answer("/", Answer::status(503).delay(CALL));
    let message = update(&world, "a", 4).await;
    world.destination.wait_for(1, SOON).await;
    world.hub.set_paused("clinic", "all", true, &Asked::default()).await.unwrap();
    world.wait_for(message, DeliveryState::Failed).await;
    let parking = Lane { project: "clinic".into(), name: Lane::parking("all") };
    let parked = async {
        while world.hub.store().lane_backlog(&parking).await.unwrap().waiting == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, parked).await.expect("it is parked");
}

/// The connection is removed while one delivery is being sent over it and another one is held ready.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_ready_for_a_connection_that_is_no_more_goes_along_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    apply(&world, true, "there", QUICK).await;
    world.destination.answer("/", Answer::status(200).delay(CALL));
    let sent = update(&world, "a", 5).await;
    let ready = update(&world, "b", 6).await;
    world.destination.wait_for(1, SOON).await;
    apply(&world, false, "elsewhere", QUICK).await;
    for message in [sent, ready] {
        world.wait_for(message, DeliveryState::Succeeded).await;
    }
    let paths: Vec<String> =
        world.destination.received().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/", "/elsewhere"]);
}

/// A delivery is on its way while its forwarder is removed, and would be tried again.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_a_forwarder_that_is_no_more_ends_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start_with(engine, "").await;
    apply(&world, true, "there", QUICK).await;
    world.destination.answer("/", Answer::status(503).delay(CALL));
    let sent = update(&world, "a", 7).await;
    let waiting = update(&world, "a", 8).await;
    world.destination.wait_for(1, SOON).await;
    world.apply("").await;
    for message in [sent, waiting] {
        let ended = world.wait_for(message, DeliveryState::Cancelled).await;
        let reason = ended.last_error.unwrap();
        assert!(reason.contains(r#"the forwarder "all" has been removed"#), "{reason}");
    }
    assert_eq!(world.destination.received().len(), 1);
}
