//! Lanes through the hub: rates, destinations that are left alone, and pauses.

use std::time::{Duration, Instant};

use fieldpost_engine::{Asked, Cause, LaneShown, LaneState};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_testkit::Answer;
use rstest::rstest;
use uuid::Uuid;

use crate::world::{Engine, World};

/// Far enough away that nothing is tried again while a test runs.
const FAR: &str = r#""retry": {"first": "1h"}"#;
const SOON: Duration = Duration::from_secs(10);

/// A hub whose connection `there` has these keys beside its URL, and whose one forwarder has those.
async fn start(engine: Engine, connection: &str, forwarder: &str) -> World {
    let world = World::start_with(engine, "").await;
    let url = world.destination.url("/");
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"}}}},
                 "connections": {{"there": {{"url": "{url}", {connection}}}}},
                 "forwarders": {{"all": {{"to": "there", {forwarder}}}}}}}"#
        ))
        .await;
    world
}

async fn keep_some(world: &World, count: usize) -> Vec<Uuid> {
    let mut kept = Vec::new();
    for number in 0..count {
        kept.push(world.keep(&format!("{{\"n\":{number}}}")).await);
    }
    kept
}

async fn lane(world: &World) -> LaneShown {
    world.hub.lanes("clinic").await.unwrap().remove(0)
}

/// Waits until the lane stands like this.
async fn wait_until(world: &World, state: LaneState) -> LaneShown {
    let started = Instant::now();
    loop {
        let shown = lane(world).await;
        if shown.state == state {
            return shown;
        }
        assert!(started.elapsed() < SOON, "the lane never was {state}: {shown:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_destination_is_called_no_faster_than_its_rate(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = start(engine, r#""rate": "20/s""#, FAR).await;
    let started = Instant::now();
    keep_some(&world, 30).await;
    world.destination.wait_for(30, SOON).await;
    let took = started.elapsed();
    // Two go at once, the others one after the other.
    assert!(took >= Duration::from_millis(28 * 50), "30 calls within {took:?}");
    assert!(took < Duration::from_secs(5), "and the rate is made use of: {took:?}");
}

// MUST-32
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_destination_is_left_alone_and_comes_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let retry = r#""retry": {"first": "20ms", "factor": 1, "give_up_after": "1h"}"#;
    let world = start(engine, r#""concurrency": 4"#, retry).await;
    world.destination.answer("/", Answer::status(500));
    let kept = keep_some(&world, 20).await;
    let shown = wait_until(&world, LaneState::LeftAlone).await;
    assert_eq!(shown.cause, Some(Cause::Failures));
    assert!(shown.again_at.is_some());
    assert_eq!(shown.backlog.waiting, 20, "its queue is kept");
    // Ten failures open it; those under way at that moment still come in.
    let calls = world.destination.received().len();
    assert!((10..=14).contains(&calls), "{calls} calls");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let probed = world.destination.received().len();
    assert!((1..=2).contains(&(probed - calls)), "one probe after a second: {}", probed - calls);
    world.destination.answer("/", Answer::status(200));
    world.hub.try_now("clinic", "there").await.unwrap();
    for id in kept {
        world.wait_for(id, DeliveryState::Succeeded).await;
    }
    assert_eq!(wait_until(&world, LaneState::Open).await.backlog.waiting, 0);
}

// MUST-32
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_asks_for_time_gets_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = start(engine, r#""concurrency": 1"#, r#""retry": {"first": "10ms"}"#).await;
    let busy = || Answer::status(429).header("retry-after", "2");
    world.destination.answer_in_turn("/", [busy()], Answer::status(200));
    let started = Instant::now();
    let kept = keep_some(&world, 5).await;
    let shown = wait_until(&world, LaneState::LeftAlone).await;
    assert_eq!(shown.cause, Some(Cause::Asked));
    for id in kept {
        world.wait_for(id, DeliveryState::Succeeded).await;
    }
    // The others wait as well, although nobody refused them.
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(world.destination.received().len(), 6);
}

// MUST-32
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refusing_destination_is_well(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = start(engine, r#""concurrency": 4"#, FAR).await;
    world.destination.answer("/", Answer::status(422));
    for id in keep_some(&world, 30).await {
        world.wait_for(id, DeliveryState::Rejected).await;
    }
    assert_eq!(lane(&world).await.state, LaneState::Open);
}

/// What is paused: the connection, or the whole project.
#[derive(Clone, Copy, Debug)]
enum Paused {
    Connection,
    Project,
}

impl Paused {
    async fn set(self, world: &World, paused: bool) {
        let (hub, asked) = (&world.hub, Asked::default());
        let set = match self {
            Self::Connection => hub.set_connection_paused("clinic", "there", paused, &asked).await,
            Self::Project => hub.set_project_paused("clinic", paused, &asked).await,
        };
        set.unwrap();
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_waits_and_is_sent_at_once_when_it_is_resumed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Paused::Connection, Paused::Project)] paused: Paused,
) {
    let world = start(engine, r#""concurrency": 4"#, FAR).await;
    world.destination.answer("/", Answer::status(503));
    let failed = world.keep("{\"n\":1}").await;
    world.wait_for(failed, DeliveryState::Failed).await;
    paused.set(&world, true).await;
    world.destination.answer("/", Answer::status(200));
    let fresh = world.keep("{\"n\":2}").await;
    assert_eq!(wait_until(&world, LaneState::Paused).await.backlog.waiting, 2);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.destination.received().len(), 1, "nothing is sent");
    paused.set(&world, false).await;
    // Also the one whose next try is an hour away.
    world.wait_for(failed, DeliveryState::Succeeded).await;
    world.wait_for(fresh, DeliveryState::Succeeded).await;
}

/// A connection gets another name while a call is under way and others are held ready behind it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_ready_goes_over_the_connection_that_took_the_others_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = start(engine, r#""concurrency": 1"#, FAR).await;
    world.destination.answer("/", Answer::status(200).delay(Duration::from_millis(500)));
    let kept = keep_some(&world, 3).await;
    world.destination.wait_for(1, SOON).await;
    let url = world.destination.url("/renamed");
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                 "sources": {{"inbox": {{"dialect": "json", "secret": "secret-inbox-1"}}}},
                 "connections": {{"renamed": {{"url": "{url}"}}}},
                 "forwarders": {{"all": {{"to": "renamed", {FAR}}}}}}}"#
        ))
        .await;
    for id in kept {
        world.wait_for(id, DeliveryState::Succeeded).await;
    }
    let received = world.destination.received();
    let paths: Vec<&str> = received.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/", "/renamed", "/renamed"]);
}
