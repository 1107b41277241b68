//! Lanes as people see them: counting what waits, and letting it go at once.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{LaneBacklog, Signal, Verdict};
use rstest::rstest;

use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, lane, message, outcome,
};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_counted_by_lane(#[case] engine: Engine) {
    let store = TestStore::new(engine).await;
    assert_eq!(store.lane_backlog(&lane(CONNECTION)).await.unwrap(), LaneBacklog::default());
    for number in 0..3 {
        store.accept(message(&number.to_string()).to(CONNECTION)).await.unwrap();
    }
    store.accept(message("elsewhere").to("hospital")).await.unwrap();
    let waiting = store.lane_backlog(&lane(CONNECTION)).await.unwrap();
    assert_eq!((waiting.waiting, waiting.is_more), (3, false));
    assert!(waiting.oldest_first_try.is_some() && waiting.next_retry.is_none());

    for claimed in store.claim_some(3, LONG).await {
        store.record(outcome(&claimed, Verdict::RetryIn(LONG))).await.unwrap();
    }
    assert!(store.is_sent_to(PROJECT, CONNECTION).await.unwrap());
    assert!(!store.is_sent_to(PROJECT, "nowhere").await.unwrap());
    let failed = store.lane_backlog(&lane(CONNECTION)).await.unwrap();
    assert_eq!(failed.waiting, 3);
    let all = store.lane_backlogs(PROJECT).await.unwrap();
    assert_eq!((all.len(), all.get(CONNECTION)), (2, Some(&failed)));
    assert_eq!(all.get("hospital").map(|it| it.waiting), Some(1));
    assert!(failed.oldest_first_try.is_none() && failed.next_retry.is_some());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_tried_later_can_be_let_go_at_once(#[case] engine: Engine) {
    let store = TestStore::new(engine).await;
    for number in 0..5 {
        store.accept(message(&number.to_string()).to(CONNECTION)).await.unwrap();
    }
    for claimed in store.claim_some(5, LONG).await {
        store.record(outcome(&claimed, Verdict::RetryIn(LONG))).await.unwrap();
    }
    let mut signals = store.listen();
    store.try_now(&lane(CONNECTION)).await.unwrap();
    let told = std::iter::from_fn(|| signals.try_recv().ok());
    assert!(told.into_iter().any(|signal| signal == Signal::TryNow(lane(CONNECTION))));
    // One is due, and no more. It is held from here on, and not made due a second time.
    let held = store.claim_some(5, LONG).await;
    assert_eq!(held.len(), 1);
    assert_eq!(store.make_due(&lane(CONNECTION)).await.unwrap(), 4);
    assert_eq!(store.make_due(&lane(CONNECTION)).await.unwrap(), 0);
    let due = store.claim_some(5, LONG).await;
    assert_eq!(due.len(), 4);
    for claimed in due {
        let delivery = store.find(claimed.id).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 1));
        let next = delivery.next_attempt_at.unwrap();
        assert!(next < delivery.registered_at + LONG - Duration::from_mins(1));
    }
}
