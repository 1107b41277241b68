//! Order while a forwarder is led to another connection: step by step, whatever waits, is being sent
//! or holds at that moment. `ministry` is where it sent to, `hospital` where it sends to now.

use std::time::{Duration, Instant};

use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_store::{Accept, Claimed, Lane, Recorded, Signal, Verdict};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, connect, delivery_to, lane,
    message, outcome, succeeded,
};

/// Where the forwarder sends to now.
const ELSEWHERE: &str = "hospital";
/// Another forwarder, which sends about the same cases.
const OTHER: &str = "deaths";

/// A message of one forwarder about a case, over a connection.
fn about(case: &str, forwarder: &str, connection: &str) -> Accept {
    message(case).to(connection).change(|accept| {
        accept.deliveries[0].order_key = Some(format!("case:{case}"));
        forwarder.clone_into(&mut accept.deliveries[0].forwarder);
    })
}

/// Keeps a message of [`FORWARDER`]; the answer is its delivery.
async fn keep(store: &TestStore, case: &str, connection: &str) -> Uuid {
    keep_of(store, case, FORWARDER, connection).await
}

async fn keep_of(store: &TestStore, case: &str, forwarder: &str, connection: &str) -> Uuid {
    let accept = about(case, forwarder, connection);
    let id = accept.deliveries[0].id;
    store.accept(accept).await.unwrap();
    id
}

/// Claims all that may be claimed of a lane.
async fn claim(store: &TestStore, name: &str) -> Vec<Claimed> {
    let mut claimed = store.claim_lane(lane(name), 1_000, LONG).await.claimed;
    claimed.sort_by_key(|claimed| claimed.id);
    claimed
}

/// Claims the only one that may be claimed of a lane.
#[track_caller]
fn only(claimed: Vec<Claimed>, expected: Uuid) -> Claimed {
    let ids: Vec<Uuid> = claimed.iter().map(|claimed| claimed.id).collect();
    assert_eq!(ids, [expected]);
    claimed.into_iter().next().unwrap()
}

async fn assert_nothing_goes(store: &TestStore) {
    assert!(claim(store, CONNECTION).await.is_empty(), "something goes over {CONNECTION}");
    assert!(claim(store, ELSEWHERE).await.is_empty(), "something goes over {ELSEWHERE}");
}

/// Lets what may be claimed succeed, over whatever connection, until nothing may; the answer is the
/// order.
async fn drain(store: &TestStore) -> Vec<Uuid> {
    let mut order = Vec::new();
    loop {
        let mut claimed = claim(store, CONNECTION).await;
        claimed.extend(claim(store, ELSEWHERE).await);
        if claimed.is_empty() {
            assert_eq!(store.waiting().await, Ok(0), "something is stuck");
            assert_eq!(store.repair_order(PROJECT).await, Ok(0));
            return order;
        }
        for claimed in claimed {
            order.push(claimed.id);
            assert_eq!(store.record(succeeded(&claimed)).await, Ok(Recorded::Written));
        }
    }
}

async fn succeed(store: &TestStore, claimed: &Claimed) {
    assert_eq!(store.record(succeeded(claimed)).await, Ok(Recorded::Written));
}

/// Ends a claimed delivery so that it holds those behind it.
async fn refuse_and_hold(store: &TestStore, claimed: &Claimed) -> Delivery {
    let mut refused = outcome(claimed, Verdict::Final(DeliveryState::Rejected));
    refused.holds_followers = true;
    assert_eq!(store.record(refused).await, Ok(Recorded::Written));
    store.find(claimed.id).await
}

/// The parking loop goes once over what lies in the old lane.
async fn go_along(store: &TestStore) -> u64 {
    store.move_lane(CONNECTION, ELSEWHERE, ELSEWHERE, false).await.unwrap()
}

/// Another hub on the same database, where there can be one.
async fn other_hub(store: &TestStore, engine: Engine) -> Option<TestStore> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(store.another_hub().await),
    }
}

// MUST-42
#[rstest]
#[tokio::test]
async fn what_comes_over_the_new_connection_waits_for_what_stands_in_the_old_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let other = other_hub(&store, engine).await;
    let hub = other.as_ref().unwrap_or(&store);
    let a = [keep(&store, "a", CONNECTION).await, keep(&store, "a", CONNECTION).await];
    let b = keep(&store, "b", CONNECTION).await;
    // From here on it sends elsewhere; the other hub is the first to know.
    let a_later = keep(hub, "a", ELSEWHERE).await;
    let b_later = keep(hub, "b", ELSEWHERE).await;
    let c = keep(hub, "c", ELSEWHERE).await;
    let others = keep_of(hub, "b", OTHER, ELSEWHERE).await;
    succeed(hub, &only(claim(hub, ELSEWHERE).await, c)).await;
    assert_eq!(store.standing(PROJECT, a_later).await.unwrap().waits_for, Some(a[0]));
    assert_eq!(store.standing(PROJECT, others).await.unwrap().waits_for, Some(b_later));
    assert_eq!(store.in_line(PROJECT, &[b_later]).await.unwrap()[&b_later].waits_for, Some(b));
    assert_eq!(store.repair_order(PROJECT).await, Ok(0), "that is no fault");

    // Being sent is standing in the way as well; what ends lets go, over the other connection.
    let heads = claim(&store, CONNECTION).await;
    assert_eq!(heads.iter().map(|head| head.id).collect::<Vec<_>>(), [a[0], b]);
    assert_nothing_goes(&store).await;
    let mut listener = store.listen();
    succeed(&store, &heads[1]).await;
    let mut told = Vec::new();
    while let Ok(signal) = listener.try_recv() {
        told.push(signal);
    }
    assert!(told.contains(&Signal::Due(lane(ELSEWHERE))), "{told:?}");
    let sent = only(claim(hub, ELSEWHERE).await, b_later);
    assert_nothing_goes(&store).await;
    succeed(hub, &sent).await;
    succeed(hub, &only(claim(hub, ELSEWHERE).await, others)).await;

    // The next one of the key is the old connection's, before anything was moved and after.
    succeed(&store, &heads[0]).await;
    assert_eq!(go_along(hub).await, 1);
    assert_eq!(store.find(a[1]).await.connection, ELSEWHERE);
    assert_eq!(drain(&store).await, [a[1], a_later]);
}

/// How a call ends that was under way when its forwarder was led elsewhere, and what is sent then.
#[derive(Clone, Copy, Debug, PartialEq)]
enum CallEnds {
    Well,
    TriedAgain,
    Refused,
    Holding,
    WithoutTheHub,
}

// MUST-42
#[rstest]
#[tokio::test]
async fn nothing_overtakes_a_call_that_was_under_way(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(
        CallEnds::Well,
        CallEnds::TriedAgain,
        CallEnds::Refused,
        CallEnds::Holding,
        CallEnds::WithoutTheHub
    )]
    call_ends: CallEnds,
    #[values(false, true)] ends_before_the_move: bool,
) {
    let store = TestStore::new(engine).await;
    let other = other_hub(&store, engine).await;
    let hub = other.as_ref().unwrap_or(&store);
    let first = keep(&store, "a", CONNECTION).await;
    let lease = if call_ends == CallEnds::WithoutTheHub { Duration::ZERO } else { LONG };
    let call = store.claim_some(1, lease).await.remove(0);
    let second = keep(&store, "a", CONNECTION).await;
    let third = keep(hub, "a", ELSEWHERE).await;
    let end = async || match call_ends {
        CallEnds::Well => succeed(&store, &call).await,
        CallEnds::TriedAgain => {
            store.record(outcome(&call, Verdict::RetryIn(Duration::ZERO))).await.unwrap();
        }
        CallEnds::Refused => {
            let refused = Verdict::Final(DeliveryState::Rejected);
            store.record(outcome(&call, refused)).await.unwrap();
        }
        CallEnds::Holding => drop(refuse_and_hold(&store, &call).await),
        // Its lease is over, and nobody knows what became of the call.
        CallEnds::WithoutTheHub => {}
    };
    if ends_before_the_move {
        end().await;
        let moved = go_along(hub).await;
        let stands = !matches!(call_ends, CallEnds::Well | CallEnds::Refused);
        assert_eq!(moved, 1 + u64::from(stands));
    } else {
        let stays = u64::from(call_ends == CallEnds::WithoutTheHub);
        assert_eq!(go_along(hub).await, 1 + stays, "what is being sent stays");
        if stays == 0 {
            assert_nothing_goes(hub).await;
        }
        end().await;
        go_along(hub).await;
    }
    assert!(claim(&store, CONNECTION).await.is_empty());
    match call_ends {
        CallEnds::Well | CallEnds::Refused => {
            assert_eq!(drain(&store).await, [second, third]);
        }
        CallEnds::TriedAgain | CallEnds::WithoutTheHub => {
            assert_eq!(drain(&store).await, [first, second, third]);
        }
        CallEnds::Holding => {
            assert_nothing_goes(&store).await;
            let held = store.find(first).await;
            assert_eq!((held.holds, &*held.connection), (true, ELSEWHERE));
            store.requeue(PROJECT, &held, ELSEWHERE, false).await.unwrap();
            assert_eq!(drain(&store).await, [first, second, third]);
        }
    }
}

// MUST-42
/// A person requeues a holder before anything has been moved.
#[rstest]
#[tokio::test]
async fn a_holder_that_goes_elsewhere_is_still_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = keep(&store, "a", CONNECTION).await;
    let others = keep_of(&store, "a", OTHER, CONNECTION).await;
    let held = refuse_and_hold(&store, &only(claim(&store, CONNECTION).await, first)).await;
    let there = keep_of(&store, "a", OTHER, ELSEWHERE).await;
    let later = keep(&store, "a", ELSEWHERE).await;
    // The other forwarder's thread goes through both connections, too: it is at neither end of it.
    assert_nothing_goes(&store).await;
    store.requeue(PROJECT, &held, ELSEWHERE, false).await.unwrap();
    assert_eq!(store.find(first).await.connection, ELSEWHERE);
    let again = only(claim(&store, ELSEWHERE).await, first);
    assert_eq!(again.sequence.as_deref(), Some("hospital/case:a"));
    // Over the old connection nobody is held any more.
    let sent = only(claim(&store, CONNECTION).await, others);
    succeed(&store, &again).await;
    assert_nothing_goes(&store).await;
    succeed(&store, &sent).await;
    assert_eq!(drain(&store).await, [there, later]);
}

// MUST-42
#[rstest]
#[tokio::test]
async fn a_forwarder_that_is_led_back_at_once_keeps_its_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let other = other_hub(&store, engine).await;
    let hub = other.as_ref().unwrap_or(&store);
    let first = keep(&store, "a", CONNECTION).await;
    let call = only(claim(&store, CONNECTION).await, first);
    let second = keep(hub, "a", ELSEWHERE).await;
    let third = keep(&store, "a", CONNECTION).await;
    let fourth = keep(hub, "a", ELSEWHERE).await;
    assert_nothing_goes(&store).await;
    succeed(&store, &call).await;
    assert!(claim(&store, CONNECTION).await.is_empty(), "the second one is not sent yet");
    // Of two hubs that know different definitions, each moves what the other has moved.
    assert_eq!(go_along(hub).await, 1);
    let back = store.move_lane(ELSEWHERE, CONNECTION, CONNECTION, true).await;
    assert_eq!(back, Ok(3));
    assert_eq!(go_along(hub).await, 3);
    assert_eq!(drain(&store).await, [second, third, fourth]);
}

#[rstest]
#[tokio::test]
async fn what_is_cancelled_or_removed_lets_go_over_the_other_connection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for is_removed in [false, true] {
        let store = TestStore::new(engine).await;
        let first = keep(&store, "a", CONNECTION).await;
        let second = keep(&store, "a", CONNECTION).await;
        let others = keep_of(&store, "a", OTHER, CONNECTION).await;
        let third = keep(&store, "a", ELSEWHERE).await;
        let there = keep_of(&store, "a", OTHER, ELSEWHERE).await;
        if is_removed {
            store
                .execute("INSERT INTO definitions (project, kind, name, definition) VALUES ('clinic', 'forwarder', 'deaths', '{}')")
                .await;
            assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(3));
            assert_eq!(drain(&store).await, [others, there]);
            continue;
        }
        // In the middle it is in nobody's way alone.
        store.cancel(PROJECT, &store.find(second).await, "by hand").await.unwrap();
        let held = refuse_and_hold(&store, &only(claim(&store, CONNECTION).await, first)).await;
        assert_nothing_goes(&store).await;
        store.cancel(PROJECT, &held, "by hand").await.unwrap();
        succeed(&store, &only(claim(&store, ELSEWHERE).await, third)).await;
        assert_eq!(drain(&store).await, [others, there]);
    }
}

// MUST-42
/// A forwarder is led elsewhere while it is paused: others that send over the old connection are not
/// held up by it, and those of the new one are.
#[rstest]
#[tokio::test]
async fn what_is_parked_is_in_order_over_the_new_connection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let parked = async |connection: &str| {
        let accept =
            about("a", FORWARDER, connection).change(|accept| accept.deliveries[0].parked = true);
        let id = accept.deliveries[0].id;
        store.accept(accept).await.unwrap();
        id
    };
    let first = parked(CONNECTION).await;
    let others = keep_of(&store, "a", OTHER, CONNECTION).await;
    let second = parked(ELSEWHERE).await;
    let third = keep_of(&store, "a", "births-too", ELSEWHERE).await;
    assert_nothing_goes(&store).await;
    let parking = Lane::parking(FORWARDER);
    let stay = async || store.move_lane(&parking, &parking, ELSEWHERE, false).await;
    assert_eq!(stay().await, Ok(1), "what is in place already is not touched");
    assert_eq!(stay().await, Ok(0));
    assert_eq!(store.find(first).await.connection, ELSEWHERE);
    succeed(&store, &only(claim(&store, CONNECTION).await, others)).await;
    assert_nothing_goes(&store).await;
    assert_eq!(store.move_lane(&parking, ELSEWHERE, ELSEWHERE, true).await, Ok(2));
    assert_eq!(drain(&store).await, [first, second, third]);
}

/// Deliveries that wait over each of both connections, in a long backlog.
const BACKLOG: usize = 5_000;
/// Deliveries that are sent, and that come, beside it.
const SENT: usize = 50;

/// A whole connection in one order, led elsewhere with a long backlog.
async fn long_backlogs(engine: Engine) -> TestStore {
    let store = TestStore::new(engine).await;
    for connection in [CONNECTION, ELSEWHERE] {
        let many = message("x").change(|accept| {
            accept.deliveries = (0..BACKLOG).map(|_| delivery_to(connection)).collect();
            accept.deliveries.iter_mut().for_each(|delivery| {
                delivery.order_key = Some("*".to_owned());
            });
        });
        store.accept(many).await.unwrap();
    }
    if engine == Engine::Postgres {
        // What autovacuum does in the time that so many take to come in.
        store.execute("ANALYZE").await;
    }
    store
}

/// Sends of one side, each one twice, and keeps more for the other.
async fn send_and_keep(store: &TestStore) {
    for _ in 0..SENT {
        let head = store.claim_one().await;
        store.record(outcome(&head, Verdict::RetryIn(Duration::ZERO))).await.unwrap();
        succeed(store, &store.claim_one().await).await;
        let one = message("x").to(ELSEWHERE).change(|accept| {
            accept.deliveries[0].order_key = Some("*".to_owned());
        });
        store.accept(one).await.unwrap();
        assert!(claim(store, ELSEWHERE).await.is_empty());
    }
}

/// Neither what is sent nor what comes looks through what waits.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_backlog_on_both_sides_costs_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = long_backlogs(engine).await;
    let begun = Instant::now();
    send_and_keep(&store).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{SENT} of a key of {BACKLOG} took {took:?}");
    assert_eq!(store.waiting().await.map(usize::try_from), Ok(Ok(2 * BACKLOG)));
}

/// The same, as PostgreSQL itself tells how many rows it has looked at. Behind what is sent stand a
/// hundred thousand that are never reached: in a smaller table it does not make the same plans.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_order_reads_nothing_of_a_backlog() {
    let store = TestStore::new(Engine::Postgres).await;
    let url = store.settings().database.clone().unwrap();
    let many = message("x").change(|accept| {
        accept.deliveries = (0..=SENT).map(|_| delivery_to(CONNECTION)).collect();
        accept.deliveries.iter_mut().for_each(|delivery| {
            delivery.order_key = Some("*".to_owned());
        });
    });
    store.accept(many).await.unwrap();
    store
        .execute(
            "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence, position,
                 sequence)
             SELECT 'clinic', gen_random_uuid(), lane, 2, 0, 'births', 0, nextval('positions'),
                 lane || '/*'
             FROM generate_series(1, 50000), (VALUES ('ministry'), ('hospital')) lanes (lane);
             ANALYZE; SELECT pg_stat_reset()",
        )
        .await;
    send_and_keep(&store).await;
    // A server process tells what it has read when it ends.
    drop(store);
    let client = connect(&url).await;
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let begun = Instant::now();
    while client.query_one(others, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(begun.elapsed() < LONG, "some never end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let read =
        "SELECT idx_tup_fetch, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'queue'";
    let row = client.query_one(read, &[]).await.unwrap();
    let (by_index, by_scan): (i64, i64) = (row.get(0), row.get(1));
    let sent = i64::try_from(SENT).unwrap();
    assert!(by_index >= 4 * sent, "{by_index} rows: each was claimed twice and recorded twice");
    assert!(by_index <= 100 * sent, "{by_index} rows were read by index for {sent} sent");
    assert!(by_scan <= 100 * sent, "{by_scan} rows were read by scans for {sent} sent");
}
