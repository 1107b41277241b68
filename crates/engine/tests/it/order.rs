//! Order through the whole hub: what the destination sees, and in which order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fieldpost_engine::{Asked, HubError, ReceiptOutcome, WaitReason};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::forwarder::{Forwarder, OrderBy, PayloadChoice};
use fieldpost_rules::definition::{Secrets, read_project, write_project};
use fieldpost_rules::delivery::Action;
use fieldpost_store::{DeliveryQuery, Signal};
use fieldpost_testkit::Answer;
use futures_util::future::join_all;
use rstest::rstest;

use crate::world::{Engine, World};

const SOON: Duration = Duration::from_secs(10);
/// How long the destination takes for an answer.
const LATENCY: Duration = Duration::from_millis(20);
/// Cases that are updated.
const CASES: u32 = 100;
/// Updates of each case.
const UPDATES: u32 = 20;
/// Updates that are sent strictly one after the other, to compare with.
const SERIAL: u32 = 200;
/// How much faster keys in parallel must be than one after the other.
const LEAST_FACTOR: f64 = 5.0;
/// Longer than any of it takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// The project `clinic` with one forwarder for the submissions of `kobo`, with these members.
async fn world(engine: Engine, forwarder: &str) -> World {
    let world = World::start_with(engine, "").await;
    apply(&world, forwarder).await;
    world
}

async fn apply(world: &World, forwarder: &str) {
    apply_to(world, "there", forwarder).await;
}

/// The same, with the forwarder led to `there` or `elsewhere`.
async fn apply_to(world: &World, to: &str, forwarder: &str) {
    let url = world.destination.url("/");
    let elsewhere = world.destination.url("/elsewhere");
    let text = format!(
        r#"{{"project": "clinic",
             "sources": {{"kobo": {{"dialect": "kobo", "secret": "secret-inbox-2"}}}},
             "connections": {{"there": {{"url": "{url}", "concurrency": 32,
                                        "notify": ["ops@example.org"]}},
                              "elsewhere": {{"url": "{elsewhere}", "concurrency": 32,
                                            "notify": ["ops@example.org"]}}}},
             "forwarders": {{"all": {{"on": "message", "to": "{to}",
                                     "retry": {{"first": "50ms"}}, {forwarder}}}}}}}"#
    );
    world.apply_text(&text).await;
}

/// Posts a new state of a case.
async fn update(world: &World, case: &str, number: u32) -> fieldpost_engine::Receipt {
    let body = format!(r#"{{"_uuid": "{case}", "number": {number}}}"#);
    let receipt = world.post("secret-inbox-2", &body).await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
    receipt
}

/// Waits until nothing waits any more.
async fn all_sent(world: &World) {
    let mut signals = world.hub.store().listen();
    let done = async {
        while world.hub.store().waiting().await != Ok(0) {
            // Whatever happens may be the last thing; a missed signal costs a look.
            drop(tokio::time::timeout(Duration::from_millis(100), signals.recv()).await);
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("all is sent in time");
}

/// A call as the destination answered it.
#[derive(Clone, Debug)]
struct Call {
    case: String,
    number: u64,
    succeeds: bool,
}

/// A destination that takes its time and fails one call in ten; the answer is what it noted.
fn unreliable(world: &World) -> Arc<Mutex<Vec<Call>>> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    answer_unreliably(world, "/", &calls, |_| false);
    calls
}

/// Notes the calls at a path, takes its time, and fails one in ten, and whatever is about certain
/// cases.
fn answer_unreliably(
    world: &World,
    path: &str,
    calls: &Arc<Mutex<Vec<Call>>>,
    fails: impl Fn(&str) -> bool + Send + Sync + 'static,
) {
    let (noted, count) = (Arc::clone(calls), AtomicUsize::new(0));
    world.destination.answer_with(path, move |request| {
        // The same in every run, spread like dice.
        let number = count.fetch_add(1, Ordering::Relaxed);
        let body = request.json();
        let case = body["_uuid"].as_str().unwrap().to_owned();
        let is_unlucky = (number.wrapping_mul(2_654_435_761) >> 9).is_multiple_of(10);
        let succeeds = !is_unlucky && !fails(&case);
        let number = body["number"].as_u64().unwrap();
        noted.lock().unwrap().push(Call { case, number, succeeds });
        Answer::status(if succeeds { 200 } else { 503 }).delay(LATENCY)
    });
}

/// Every case arrived whole: its calls in order, each try of an update before the next update, and
/// each update once.
fn assert_in_order(calls: &[Call], cases: u32, updates: u32) {
    let mut by_case: HashMap<&str, Vec<&Call>> = HashMap::new();
    for call in calls {
        by_case.entry(&call.case).or_default().push(call);
    }
    assert_eq!(u32::try_from(by_case.len()), Ok(cases));
    for (case, calls) in by_case {
        let numbers: Vec<u64> = calls.iter().map(|call| call.number).collect();
        assert!(numbers.is_sorted(), "{case}: {numbers:?}");
        let arrived = calls.iter().filter(|call| call.succeeds).map(|call| call.number);
        assert!(arrived.eq(0..u64::from(updates)), "{case}: {calls:?}");
    }
}

// MUST-34
/// 2,000 updates of 100 cases, in the order of each case, and still far faster than one by one.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn cases_arrive_in_order_and_in_parallel(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, r#""order_by": "connection""#).await;
    let calls = unreliable(&world);
    let begun = Instant::now();
    for number in 0..SERIAL {
        update(&world, "one", number).await;
    }
    all_sent(&world).await;
    let serial = begun.elapsed();
    assert_in_order(&calls.lock().unwrap(), 1, SERIAL);

    apply(&world, r#""order_by": "case""#).await;
    calls.lock().unwrap().clear();
    let begun = Instant::now();
    let cases = (0..CASES).map(async |case| {
        for number in 0..UPDATES {
            update(&world, &format!("case-{case}"), number).await;
        }
    });
    join_all(cases).await;
    all_sent(&world).await;
    let parallel = begun.elapsed();
    let calls = calls.lock().unwrap();
    assert_in_order(&calls, CASES, UPDATES);
    assert!(calls.iter().any(|call| !call.succeeds), "some failed, and were tried again");
    let scaled = serial.as_secs_f64() * f64::from(CASES * UPDATES) / f64::from(SERIAL);
    let factor = scaled / parallel.as_secs_f64();
    assert!(
        factor >= LEAST_FACTOR,
        "{parallel:?} in parallel, {serial:?} for a tenth of it one by one: {factor:.1} times"
    );
}

// MUST-42
/// The forwarder is led to another connection, and back, and there again, in the middle of it. Some
/// cases fail at the one place, and some at the other: their heads are on their way, or wait for
/// another try, when it happens. Whatever arrives where, each case arrives in order.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn cases_arrive_in_order_over_both_connections(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const LED: u32 = 12;
    let members = r#""order_by": "case""#;
    let world = world(engine, members).await;
    let calls = Arc::new(Mutex::new(Vec::new()));
    answer_unreliably(&world, "/", &calls, |case| matches!(case, "case-0" | "case-1"));
    answer_unreliably(&world, "/elsewhere", &calls, |case| case == "case-2");
    let posting = join_all((0..LED).map(async |case| {
        for number in 0..UPDATES {
            update(&world, &format!("case-{case}"), number).await;
        }
    }));
    let leading = async {
        for (calls, to) in [(10, "elsewhere"), (40, "there"), (70, "elsewhere")] {
            world.destination.wait_for(calls, SOON).await;
            apply_to(&world, to, members).await;
        }
        // What failed there only waits for another try.
        answer_unreliably(&world, "/elsewhere", &calls, |_| false);
    };
    tokio::join!(posting, leading);
    all_sent(&world).await;
    assert_in_order(&calls.lock().unwrap(), LED, UPDATES);
    let received = world.destination.received();
    let elsewhere = received.iter().filter(|call| call.path == "/elsewhere").count();
    assert!((1..received.len()).contains(&elsewhere), "{elsewhere} of {}", received.len());
}

/// However often a case changes while the destination is busy: what is sent last is its last state,
/// and what was overtaken is not sent at all.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_latest_state_is_sent_and_never_overwritten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for order in ["none", "case", "form", "connection"] {
        let members = format!(r#""payload": "latest", "order_by": "{order}""#);
        let world = world(engine, &members).await;
        // The first try fails late: by then, newer states wait.
        let failing = Answer::status(503).delay(Duration::from_millis(400));
        world.destination.answer_in_turn("/", [failing], Answer::status(200));
        let first = update(&world, "a", 0).await.message;
        world.destination.wait_for(1, SOON).await;
        for number in 1..10 {
            update(&world, "a", number).await;
        }
        all_sent(&world).await;
        let received = world.destination.received();
        let numbers: Vec<u64> =
            received.iter().map(|call| call.json()["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [0, 9], "order_by: {order}");
        let overtaken = world.deliveries_of(first).await.remove(0);
        assert_eq!(overtaken.state, DeliveryState::Superseded);
        let newest = overtaken.superseded_by.unwrap();
        let newest = world.hub.store().delivery("clinic", newest).await.unwrap().unwrap();
        assert_eq!(newest.state, DeliveryState::Succeeded);
        let query =
            DeliveryQuery { state: Some(DeliveryState::Superseded), ..DeliveryQuery::default() };
        assert_eq!(world.hub.store().count_deliveries("clinic", &query).await, Ok(9));
    }
}

/// What waits stays in the order that it was kept in, and whoever changes that is told how much it is.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn another_order_is_warned_of_while_deliveries_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, r#""paused": true"#).await;
    let warned = async |order_by: OrderBy, payload: PayloadChoice| {
        let (_, current) = world.hub.definition("clinic").await.unwrap();
        let draft = Forwarder { order_by, payload, ..current.forwarders[0].clone() };
        world.hub.reordering_warnings(&current, &[draft]).await.unwrap()
    };
    let (latest, snapshot) = (PayloadChoice::Latest, PayloadChoice::Snapshot);
    assert_eq!(warned(OrderBy::None, latest).await, [], "nothing waits");
    for number in 0..3 {
        update(&world, "a", number).await;
    }
    assert_eq!(warned(OrderBy::None, snapshot).await, []);
    for (order_by, payload) in
        [(OrderBy::None, latest), (OrderBy::Case, snapshot), (OrderBy::Connection, latest)]
    {
        let told = warned(order_by, payload).await;
        let [told] = told.as_slice() else { panic!("{order_by:?}, {payload:?}: {told:?}") };
        assert_eq!((&*told.path, told.code), ("forwarders.all.order_by", "waits-in-another-order"));
        assert!(told.message.starts_with("3 deliveries wait for `all`"), "{}", told.message);
    }
    // Whoever applies a file is told the same.
    let (_, mut current) = world.hub.definition("clinic").await.unwrap();
    current.forwarders[0].order_by = OrderBy::Case;
    let text = write_project(&current, Secrets::Hidden);
    let draft = read_project(&text).unwrap();
    let told = world.hub.apply(&draft, false, true, &Asked::default()).await.unwrap().warnings;
    assert_eq!(told.iter().filter(|it| it.code == "waits-in-another-order").count(), 1, "{told:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_update_holds_its_case_until_a_person_decides(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, r#""order_by": "case", "on_rejected": "hold""#).await;
    world.destination.answer_with("/", |request| {
        let is_refused = request.text().contains(r#""number": 0"#);
        Answer::status(if is_refused { 422 } else { 200 })
    });
    let refused = update(&world, "a", 0).await.message;
    let refused = world.wait_for(refused, DeliveryState::Rejected).await;
    assert!(refused.holds);
    let follower = update(&world, "a", 1).await.message;
    let other = update(&world, "b", 1).await.message;
    world.wait_for(other, DeliveryState::Succeeded).await;
    let waiting = world.deliveries_of(follower).await.remove(0);
    assert_eq!(waiting.state, DeliveryState::Pending);
    let outlook = world.hub.delivery_outlook("clinic", &waiting).await.unwrap();
    assert_eq!(outlook.place.waits_for, Some(refused.id));
    assert_eq!(outlook.place.because, Some(WaitReason::Order));
    assert!(outlook.planned_attempts.is_empty(), "no time is planned for what waits for another");
    let outlook = world.hub.delivery_outlook("clinic", &refused).await.unwrap();
    assert_eq!((outlook.place.waits_for, outlook.followers), (None, 1));
    assert_eq!((outlook.place.because, outlook.place.holds), (None, 1));

    // Sent again it is refused again, and holds on.
    world.hub.act("clinic", Action::Requeue, refused.id).await.unwrap();
    for _ in 0..400 {
        if world.hub.store().delivery("clinic", refused.id).await.unwrap().unwrap().attempts == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.deliveries_of(follower).await[0].attempts, 0);
    let ended = world.hub.act("clinic", Action::Cancel, refused.id).await.unwrap();
    assert_eq!((ended.state, ended.holds), (DeliveryState::Cancelled, false));
    world.wait_for(follower, DeliveryState::Succeeded).await;
    assert!(world.hub.act("clinic", Action::Cancel, refused.id).await.is_err());
}

// MUST-36
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_travels_through_five_hubs_and_no_further(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    for (number, (said, sent)) in
        [(None, "1"), (Some("1"), "2"), (Some("4"), "5"), (Some("many"), "1")].iter().enumerate()
    {
        let headers: Vec<(&str, &str)> =
            said.iter().map(|value| ("fieldpost-hops", *value)).collect();
        let body = format!("{{\"number\":{number}}}");
        let receipt = world.post_with("secret-inbox-1", &headers, &body).await.unwrap();
        world.wait_for(receipt.message, DeliveryState::Succeeded).await;
        let received = world.destination.wait_for(number + 1, SOON).await;
        assert_eq!(received[number].header("fieldpost-hops"), Some(*sent), "{said:?}");
    }
    let hops = [("fieldpost-hops", "5")];
    let receipt = world.post_with("secret-inbox-1", &hops, "{\"number\":9}").await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
    assert!(world.deliveries_of(receipt.message).await.is_empty());
    let message = world.hub.store().message("clinic", receipt.message).await.unwrap().unwrap();
    assert!(message.reason.unwrap().contains("5 hubs"));
    let explained = world.hub.explain("clinic", receipt.message).await;
    let Err(HubError::NotAllowed { code, .. }) = explained else { panic!("{explained:?}") };
    assert_eq!(code, "too-many-hops");
    let replayed = world.hub.replay("clinic", receipt.message).await.unwrap();
    assert!(replayed.deliveries.is_empty());
    assert_eq!(world.destination.received().len(), 4);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_next_tries_are_planned(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let retry = r#""retry": {"first": "1h", "factor": 2, "max": "3h"}"#;
    let forwarder = format!(r#""all": {{"on": "message", "to": "there", {retry}}}"#);
    let world = World::start_with(engine, &forwarder).await;
    world.destination.answer("/", Answer::status(503));
    let id = world.keep("{\"a\":1}").await;
    let delivery = world.wait_for(id, DeliveryState::Failed).await;
    let planned = world.hub.delivery_outlook("clinic", &delivery).await.unwrap().planned_attempts;
    assert_eq!(planned.first(), delivery.next_attempt_at.as_ref());
    let pauses: Vec<u64> =
        planned.windows(2).map(|pair| pair[1].since(pair[0]).as_secs() / 3_600).collect();
    assert_eq!(pauses, [2, 3, 3, 3]);

    world.hub.set_paused("clinic", "all", true, &Asked::default()).await.unwrap();
    let outlook = world.hub.delivery_outlook("clinic", &delivery).await.unwrap();
    assert!(outlook.planned_attempts.is_empty(), "what is paused has no plan");
    world.hub.set_paused("clinic", "all", false, &Asked::default()).await.unwrap();

    let mut signals = world.hub.store().listen();
    world.destination.answer("/", Answer::status(200));
    world.hub.act("clinic", Action::Retry, delivery.id).await.unwrap();
    let state = DeliveryState::Succeeded;
    let done = Signal::Delivery { project: "clinic".into(), id: delivery.id, state };
    while signals.recv().await.unwrap() != done {}
    let delivery = world.wait_for(id, state).await;
    let outlook = world.hub.delivery_outlook("clinic", &delivery).await.unwrap();
    assert!(outlook.planned_attempts.is_empty(), "what has ended has no plan");
}
