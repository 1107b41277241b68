//! Two hubs on one PostgreSQL: one is stopped in its tracks and goes on much later, one is killed.
//!
//! A stopped process is the hard case: it holds leases, made calls, and will wake up believing that
//! nothing happened. Until then the other hub has taken over, and whatever the sleeper writes about
//! what it lost must come to nothing.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination, postgres};

use crate::crash::{Field, PATHS, check_books, inbox};
use crate::load::Load;
use crate::world::{Hub, LOOK_AGAIN, PATIENCE};

/// What a lease of the field's connections lasts: two calls of their timeout of 2 s, and a margin.
const LEASE: Duration = Duration::from_secs(2 * 2 + 10);
/// What claiming and sending may take beyond that on a busy machine.
const GRACE: Duration = Duration::from_secs(8);
/// How long senders post before something happens.
const A_WHILE: Duration = Duration::from_millis(700);

/// Waits until these messages have arrived everywhere.
async fn wait_for(field: &Field, names: &HashSet<String>, patience: Duration) {
    let started = Instant::now();
    while !names.is_subset(&field.arrived()) {
        let missing = names.difference(&field.arrived()).count();
        assert!(started.elapsed() < patience, "{missing} have not arrived after {patience:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Deliveries that the destination was sent more than once.
fn sent_twice(destination: &FakeDestination) -> Vec<String> {
    let mut times: HashMap<String, usize> = HashMap::new();
    for request in destination.received() {
        *times.entry(request.header("webhook-id").unwrap().to_owned()).or_default() += 1;
    }
    times.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id).collect()
}

/// Lets senders post to a hub for a while; the answer is what got a yes.
async fn post_to(hub: &Hub) -> HashSet<String> {
    let load = Load::start(&inbox(hub), 2);
    tokio::time::sleep(A_WHILE).await;
    load.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_of_one_of_two_hubs() {
    let field = Field::new(Some(postgres::database().await)).await;
    for path in PATHS {
        field.destination.answer(path, Answer::status(200).delay(Duration::from_millis(100)));
    }
    let sleeper = field.start_in(&field.data());
    let mut other = field.start_in(&field.data().with_file_name("other"));

    // Both are at work on what both took in; one falls asleep in the middle of its calls.
    let (first, second) = tokio::join!(post_to(&sleeper), post_to(&other));
    sleeper.signal("STOP");
    let asleep_since = Instant::now();
    let mut acknowledged: HashSet<String> = first.union(&second).cloned().collect();
    acknowledged.extend(post_to(&other).await);
    other.api().wait_until_nothing_waits(LEASE + GRACE).await;
    wait_for(&field, &acknowledged, Duration::ZERO).await;

    // It wakes when everything it held has been done by the other.
    let asleep = asleep_since.elapsed();
    assert!(asleep + GRACE > LEASE, "it held nothing: all was done after {asleep:?}");
    let twice = sent_twice(&field.destination);
    assert!(!twice.is_empty(), "no call of the sleeper was under way");
    sleeper.signal("CONT");
    acknowledged.extend(post_to(&sleeper).await);
    wait_for(&field, &acknowledged, GRACE).await;
    for id in &twice {
        let delivery = other.api().get(&format!("projects/p/deliveries/{id}")).await;
        assert_eq!(
            (delivery["state"].as_str(), delivery["attempts"].as_u64()),
            (Some("succeeded"), Some(1)),
            "the other hub's record stands, and the sleeper's came to nothing: {delivery}"
        );
    }

    // Now the other one dies in the middle of its calls.
    let load = Load::start(&inbox(&other), 2);
    tokio::time::sleep(A_WHILE).await;
    other.kill();
    acknowledged.extend(load.acknowledged());
    load.turn_to(&inbox(&sleeper));
    load.wait_for_more(1, PATIENCE).await;
    acknowledged.extend(load.end().await);
    wait_for(&field, &acknowledged, LEASE + GRACE).await;
    check_books(&sleeper.api(), &acknowledged, &field.destination).await;
}
