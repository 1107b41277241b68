//! The locks of keys on PostgreSQL: whoever changes what is kept in order takes them first, and only then
//! looks.

use std::time::{Duration, Instant};

use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_store::{Accept, Lane, Recorded, Verdict};
use uuid::Uuid;

use crate::order::{keep, ordered, refuse_and_hold};
use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, connect, lane, message,
    outcome, release, succeeded,
};

/// Where the forwarder sends to now.
const ELSEWHERE: &str = "hospital";

/// Does something while somebody else has the locks of all keys; the other one changes this, once
/// the first one waits, and ends.
async fn under_locks<T>(
    store: &TestStore,
    what: &str,
    acting: impl Future<Output = T>,
    change: &str,
) -> T {
    let url = store.settings().database.clone().unwrap();
    let (client, watcher) = (connect(&url).await, connect(&url).await);
    client
        .batch_execute(
            "BEGIN; SELECT pg_advisory_xact_lock(5073697969740447744 + number)
             FROM generate_series(0, 1023) number",
        )
        .await
        .unwrap();
    let looking = async {
        let waits = "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database
             WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted";
        let begun = Instant::now();
        while watcher.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what} waits for no lock");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let rows = "SELECT 1 FROM queue FOR UPDATE NOWAIT";
        assert!(client.query(rows, &[]).await.is_ok(), "{what} holds a row of the queue");
        let rows = "SELECT 1 FROM deliveries FOR UPDATE NOWAIT";
        assert!(client.query(rows, &[]).await.is_ok(), "{what} holds a delivery");
        client.batch_execute(change).await.unwrap();
        client.batch_execute("COMMIT").await.unwrap();
    };
    tokio::join!(acting, looking).0
}

async fn holder(store: &TestStore) -> Delivery {
    keep(store, [ordered("a")]).await;
    refuse_and_hold(store, &store.claim_one().await, DeliveryState::Rejected).await
}

/// All words of a person take the lock of the key before any row: two of them never wait for each
/// other.
#[tokio::test]
async fn the_lock_of_the_key_is_taken_before_any_row() {
    let store = TestStore::new(Engine::Postgres).await;
    let held = holder(&store).await;
    let requeue = store.requeue(PROJECT, &held, ELSEWHERE, false);
    assert_eq!(under_locks(&store, "requeue", requeue, "").await, Ok(()));
    let resend = store.resend(PROJECT, &held, Uuid::now_v7(), ELSEWHERE, false);
    assert_eq!(under_locks(&store, "resend", resend, "").await, Ok(()));
    let again = store.find(held.id).await;
    let cancel = store.cancel(PROJECT, &again, "by hand");
    assert_eq!(under_locks(&store, "cancel", cancel, "").await, Ok(()));
}

/// So does whatever the hub does by itself.
#[tokio::test]
async fn housekeeping_takes_the_lock_of_the_key_before_any_row() {
    let store = TestStore::new(Engine::Postgres).await;
    let kept = keep(&store, ["a", "b"].map(ordered)).await;
    let claimed = store.claim_some(8, LONG).await;
    let (one, other) = (&claimed[0], &claimed[1]);
    let retry = Verdict::RetryIn(LONG);
    let recording = store.record(outcome(one, retry));
    assert_eq!(under_locks(&store, "record", recording, "").await, Ok(Recorded::Written));
    let releasing = store.release(vec![release(other)]);
    assert_eq!(under_locks(&store, "release", releasing, "").await, Ok(()));
    let ministry = lane(CONNECTION);
    let due = store.make_due(&ministry);
    assert_eq!(under_locks(&store, "making due", due, "").await, Ok(1));

    let parking = Lane::parking(FORWARDER);
    let park = store.move_lane(CONNECTION, &parking, CONNECTION, false);
    assert_eq!(under_locks(&store, "parking", park, "").await, Ok(2));
    let unpark = store.move_lane(&parking, CONNECTION, CONNECTION, true);
    assert_eq!(under_locks(&store, "unparking", unpark, "").await, Ok(2));
    let lead = store.move_lane(CONNECTION, ELSEWHERE, ELSEWHERE, false);
    assert_eq!(under_locks(&store, "leading elsewhere", lead, "").await, Ok(2));
    let cancel = store.cancel_forwarder(PROJECT, FORWARDER, "removed");
    assert_eq!(under_locks(&store, "cancelling", cancel, "").await, Ok(2));
    for id in kept {
        assert_eq!(store.find(id).await.state, DeliveryState::Cancelled);
    }
}

/// Another forwarder's delivery about the case `a`, over a third connection.
fn over_the_depot() -> Accept {
    message("x").to("depot").change(|accept| {
        accept.deliveries[0].order_key = Some("case:a".to_owned());
        accept.deliveries[0].forwarder = "deaths".to_owned();
    })
}

/// Somebody else leads what waits over a third connection, just before.
fn led_over_the_depot(moved: Uuid, blocked: Uuid) -> String {
    format!(
        "UPDATE queue SET sequence = 'depot/case:a', fence = fence + 1 WHERE delivery = '{moved}';
         UPDATE deliveries SET connection = 'depot' WHERE id = '{moved}';
         UPDATE queue SET rank = 2 WHERE delivery = '{blocked}'"
    )
}

/// What is settled is what the sequences are when the locks are there, not what was read before.
#[tokio::test]
async fn what_somebody_else_has_moved_meanwhile_is_settled_where_it_was() {
    let parking = Lane::parking(FORWARDER);
    for is_cancelled in [false, true] {
        let store = TestStore::new(Engine::Postgres).await;
        let parked = ordered("a").change(|accept| accept.deliveries[0].parked = true);
        let first = keep(&store, [parked]).await[0];
        let others = keep(&store, [over_the_depot()]).await[0];
        let change = led_over_the_depot(first, others);
        if is_cancelled {
            let cancel = store.cancel_forwarder(PROJECT, FORWARDER, "removed");
            assert_eq!(under_locks(&store, "cancelling", cancel, &change).await, Ok(1));
        } else {
            let stay = store.move_lane(&parking, &parking, ELSEWHERE, false);
            assert_eq!(under_locks(&store, "moving", stay, &change).await, Ok(1));
        }
        let claimed = store.claim_lane(lane("depot"), 8, LONG).await.claimed;
        assert_eq!(claimed.len(), 1, "it waits for nobody: {is_cancelled}");
        assert_eq!(claimed[0].id, others);
        assert_eq!(store.record(succeeded(&claimed[0])).await, Ok(Recorded::Written));
        assert_eq!(store.repair_order(PROJECT).await, Ok(0));
    }
}
