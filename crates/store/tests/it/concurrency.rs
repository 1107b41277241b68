//! Everything at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{
    Accepted, DeliveryQuery, LaneDemand, MessageQuery, Recorded, StoreError, Verdict, clock,
};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use rstest::rstest;

use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, first, lane, message, outcome, succeeded,
};

/// Not a benchmark: it notices when group commit is gone.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_by_64_senders_take_seconds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let start = Instant::now();
    let answers: Vec<_> = stream::iter(0..10_000)
        .map(|number| store.accept(message(&format!("{{\"number\":{number}}}")).to(CONNECTION)))
        .buffer_unordered(64)
        .collect()
        .await;
    let took = start.elapsed();
    assert!(answers.iter().all(|answer| *answer == Ok(Accepted::Kept { version: 1 })));
    assert_eq!(store.waiting().await, Ok(10_000));
    assert!(took < Duration::from_secs(40), "10,000 messages took {took:?}");
}

/// Accepting, sending with failures, listing and acting on one store: in the end every delivery
/// has been sent once, whatever happened to it on the way.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_loses_and_doubles_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const MESSAGES: usize = 600;
    let store = TestStore::new(engine).await;
    let accepting = stream::iter(0..MESSAGES)
        .map(|number| store.accept(message(&number.to_string()).to(CONNECTION)))
        .buffer_unordered(16)
        .collect::<Vec<_>>();
    let sending = async {
        let mut sent = HashSet::new();
        let mut round = 0;
        while sent.len() < MESSAGES {
            round += 1;
            let claims = store.claim_lane(lane(CONNECTION), 40, LONG).await;
            let outcomes = claims.claimed.iter().enumerate().map(|(number, claimed)| {
                // One in five fails the first time, and is due again at once.
                if claimed.tries == 0 && (number + round) % 5 == 0 {
                    outcome(claimed, Verdict::RetryIn(Duration::ZERO))
                } else {
                    assert!(sent.insert(claimed.id), "sent twice");
                    succeeded(claimed)
                }
            });
            let recorded = join_all(outcomes.map(|outcome| store.record(outcome))).await;
            assert!(recorded.iter().all(|end| *end == Ok(Recorded::Written)), "{recorded:?}");
            if claims.claimed.is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    };
    let watching = async {
        for _ in 0..30 {
            store.messages(PROJECT, &MessageQuery::default(), first(50)).await.unwrap();
            let query =
                DeliveryQuery { state: Some(DeliveryState::Pending), ..DeliveryQuery::default() };
            for delivery in store.deliveries(PROJECT, &query, first(5)).await.unwrap() {
                // Due already: either it changes nothing, or the sender has it.
                store.retry(PROJECT, &delivery).await.ok();
            }
            store.open_counts(PROJECT).await.unwrap();
            store.waiting().await.unwrap();
        }
    };
    let (answers, (), ()) = tokio::join!(accepting, sending, watching);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(store.waiting().await, Ok(0));
    let succeeded =
        DeliveryQuery { state: Some(DeliveryState::Succeeded), ..DeliveryQuery::default() };
    assert_eq!(store.count_deliveries(PROJECT, &succeeded).await, Ok(MESSAGES as u64));
}

/// A panic in one job (here: of the clock) is that job's own misfortune.
#[tokio::test]
async fn a_panic_in_one_job_hurts_nobody_else() {
    let broken = Arc::new(AtomicBool::new(false));
    let clock = {
        let (broken, machine) = (Arc::clone(&broken), clock::system());
        move || {
            assert!(!broken.load(Ordering::SeqCst), "the clock is broken");
            machine()
        }
    };
    let store = TestStore::with(Engine::Sqlite, |settings| settings.clock = Arc::new(clock)).await;
    store.deliver_one().await;
    broken.store(true, Ordering::SeqCst);
    let demand = LaneDemand { lane: lane(CONNECTION), limit: 1, lease: LONG };
    let accepts = (0..16).map(|number| store.accept(message(&number.to_string()).to(CONNECTION)));
    let (claimed, accepted) = tokio::join!(store.claim(vec![demand]), join_all(accepts));
    assert!(matches!(claimed, Err(StoreError::Refused(_))), "{claimed:?}");
    assert_eq!(accepted, vec![Ok(Accepted::Kept { version: 1 }); 16]);
    broken.store(false, Ordering::SeqCst);
    assert_eq!(store.claim_some(100, LONG).await.len(), 17);
}

/// Those who stop waiting for an answer take nothing with them.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_nobody_waits_for_costs_nobody_a_reader(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accepts = (0..500).map(|number| store.accept(message(&number.to_string())));
    join_all(accepts).await;
    for _ in 0..200 {
        let query = MessageQuery { text: Some("nothing".into()), ..MessageQuery::default() };
        let list = store.messages(PROJECT, &query, first(500));
        drop(tokio::time::timeout(Duration::from_micros(200), list).await);
    }
    let lists = (0..50).map(|_| store.projects());
    for list in join_all(lists).await {
        assert_eq!(list.unwrap().len(), 1);
    }
}
