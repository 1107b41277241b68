//! A long queue: a claim from it costs what a claim from a short one costs.
//!
//! The benchmark `backlog` measures the same with a million; here ten thousand have to do, beside
//! other tests on a busy machine. So the times are compared generously, and what PostgreSQL says of
//! itself is asked as well: how many rows it has looked at.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rstest::rstest;
use tokio::time::sleep;

use crate::support::{
    CONNECTION, Change, Engine, LONG, TestStore, connect, delivery_to, lane, message, release,
};

/// Deliveries that wait in the long queue, and in the short one.
const MANY: usize = 10_000;
const FEW: usize = 100;
/// Deliveries of one message: so the queue fills quickly.
const OF_ONE_MESSAGE: usize = 10;
/// Deliveries of one claim.
const CLAIMED: usize = 16;
/// Claims of which the median counts.
const CLAIMS: usize = 41;
/// How much longer a claim may take among [`MANY`] than among [`FEW`]. On PostgreSQL
/// one that looked through all of them takes four times as long and more.
const MOST_TIMES: f64 = 3.0;

async fn store_with(engine: Engine, waiting: usize) -> TestStore {
    let store = TestStore::new(engine).await;
    let messages = (0..waiting / OF_ONE_MESSAGE).map(|number| {
        store.accept(message(&number.to_string()).change(|accept| {
            accept.deliveries = (0..OF_ONE_MESSAGE).map(|_| delivery_to(CONNECTION)).collect();
        }))
    });
    for kept in join_all(messages).await {
        kept.unwrap();
    }
    if engine == Engine::Postgres {
        // What autovacuum does in the time that so many take to come in.
        store.execute("ANALYZE").await;
    }
    store
}

/// Claims and gives back; the answer is how long the claim took.
async fn claim_and_give_back(store: &TestStore) -> Duration {
    let begun = Instant::now();
    let claims = store.claim_lane(lane(CONNECTION), CLAIMED, LONG).await;
    let took = begun.elapsed();
    assert_eq!(claims.claimed.len(), CLAIMED);
    store.release(claims.claimed.iter().map(release).collect()).await.unwrap();
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[rstest]
#[tokio::test]
async fn a_claim_costs_the_same_however_many_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (short, long) = (store_with(engine, FEW).await, store_with(engine, MANY).await);
    let (mut short_times, mut long_times) = (Vec::new(), Vec::new());
    // In turns, so that what else the machine does is in both.
    for _ in 0..CLAIMS {
        short_times.push(claim_and_give_back(&short).await);
        long_times.push(claim_and_give_back(&long).await);
    }
    let (short, long) = (median(short_times), median(long_times));
    let times = long.as_secs_f64() / short.as_secs_f64();
    assert!(times <= MOST_TIMES, "{long:?} among {MANY}, {short:?} among {FEW}");
}

/// The other engine's plans are looked at where its statements are made, in `sqlite/plans.rs`.
#[tokio::test]
async fn on_postgresql_a_claim_reads_no_more_rows_than_it_takes() {
    let store = store_with(Engine::Postgres, MANY).await;
    let url = store.settings().database.clone().unwrap();
    store.execute("SELECT pg_stat_reset()").await;
    for _ in 0..CLAIMS {
        claim_and_give_back(&store).await;
    }
    // A server process tells what it has read when it ends.
    drop(store);
    let client = connect(&url).await;
    let read =
        "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint, coalesce(sum(seq_tup_read), 0)::bigint
                FROM pg_stat_user_tables
                WHERE relname IN ('queue', 'deliveries', 'messages', 'message_bodies')";
    let taken = i64::try_from(CLAIMS * CLAIMED).unwrap();
    let begun = Instant::now();
    loop {
        let row = client.query_one(read, &[]).await.unwrap();
        let (by_index, by_scan): (i64, i64) = (row.get(0), row.get(1));
        if by_index >= taken {
            // Claiming finds a row in the queue twice, and its delivery, its message and its body;
            // giving back finds it once more.
            assert!(
                by_index <= 10 * taken,
                "{by_index} rows were read by index for {taken} claimed"
            );
            assert!(by_scan <= 10 * taken, "{by_scan} rows were read by scans for {taken} claimed");
            return;
        }
        assert!(begun.elapsed() < LONG, "only {by_index} rows were read, it is said");
        sleep(Duration::from_millis(20)).await;
    }
}
