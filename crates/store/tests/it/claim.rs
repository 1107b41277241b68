//! Claiming what is due: leases, fences, lanes.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Claimed, Clock, DefinitionChange, LARGE_PAYLOAD, Lane, LaneDemand, Recorded, Release, Verdict,
    clock,
};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rstest::rstest;
use tokio::time::sleep;
use uuid::Uuid;

use crate::support::{
    AFTER_SHORT, CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, SHORT, TestStore,
    assert_conflict, connect, lane, message, outcome, release, succeeded,
};

async fn keep_many(store: &TestStore, count: usize, connection: &str) {
    let accepts = (0..count).map(|number| message(&number.to_string()).to(connection));
    for answer in join_all(accepts.map(|accept| store.accept(accept))).await {
        answer.unwrap();
    }
}

// MUST-22
#[rstest]
#[tokio::test]
async fn the_oldest_come_first_and_no_more_than_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut kept = Vec::new();
    for number in 0..5 {
        let accept = message(&number.to_string()).to(CONNECTION);
        kept.push(accept.deliveries[0].id);
        store.accept(accept).await.unwrap();
    }
    let some = store.claim_lane(lane(CONNECTION), 3, LONG).await;
    let ids: Vec<Uuid> = some.claimed.iter().map(|claimed| claimed.id).collect();
    assert_eq!(ids, kept[..3]);
    assert!(some.outlook[0].more);
    assert_eq!(some.outlook[0].next_due_in, None);

    let rest = store.claim_lane(lane(CONNECTION), 3, LONG).await;
    let ids: Vec<Uuid> = rest.claimed.iter().map(|claimed| claimed.id).collect();
    assert_eq!(ids, kept[3..]);
    assert!(!rest.outlook[0].more);
    // What is next is the end of the leases, where they end.
    match (engine, rest.outlook[0].next_due_in) {
        (Engine::Sqlite, None) => {}
        (Engine::Postgres, Some(next)) => {
            assert!(next <= LONG && next + Duration::from_mins(1) > LONG, "{next:?}");
        }
        (_, next) => panic!("{next:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn first_tries_come_before_retries(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep_many(&store, 2, CONNECTION).await;
    for claimed in store.claim_some(2, LONG).await {
        store.record(outcome(&claimed, Verdict::RetryIn(Duration::ZERO))).await.unwrap();
    }
    keep_many(&store, 2, CONNECTION).await;
    let three = store.claim_some(3, LONG).await;
    let tries: Vec<u32> = three.iter().map(|claimed| claimed.tries).collect();
    assert_eq!(tries, [0, 0, 1]);
    let tries: Vec<u32> = store.claim_some(3, LONG).await.iter().map(|one| one.tries).collect();
    assert_eq!(tries, [1]);
}

#[rstest]
#[tokio::test]
async fn what_is_not_due_stays_and_says_when(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.deliver_one().await;
    let claimed = store.claim_one().await;
    let pause = Duration::from_secs(30);
    store.record(outcome(&claimed, Verdict::RetryIn(pause))).await.unwrap();
    let claims = store.claim_lane(lane(CONNECTION), 8, LONG).await;
    assert!(claims.claimed.is_empty());
    let next = claims.outlook[0].next_due_in.unwrap();
    assert!(next <= pause && next + Duration::from_secs(20) > pause, "{next:?}");
    let empty = store.claim_lane(lane("hospital"), 8, LONG).await;
    assert_eq!((empty.outlook[0].more, empty.outlook[0].next_due_in), (false, None));
}

// MUST-17, MUST-23
/// Where other hubs can take over.
#[tokio::test]
async fn a_lease_holds_until_it_ends_and_then_the_fence_is_higher() {
    let store = TestStore::new(Engine::Postgres).await;
    let id = store.deliver_one().await.id;
    let lost = store.claim_some(8, SHORT).await.remove(0);
    let meanwhile = store.claim_lane(lane(CONNECTION), 8, LONG).await;
    assert!(meanwhile.claimed.is_empty());
    assert!(meanwhile.outlook[0].next_due_in.unwrap() <= SHORT);
    sleep(AFTER_SHORT).await;

    let ours = store.claim_one().await;
    assert_eq!(ours.id, id);
    assert!(ours.fence > lost.fence, "{} then {}", lost.fence, ours.fence);
    the_loser_is_not_heard(&store, &lost, &ours).await;
}

/// The machine's clock, and the microseconds that it is ahead of itself.
fn settable_clock() -> (Arc<AtomicI64>, Clock) {
    let ahead = Arc::new(AtomicI64::new(0));
    let (steps, machine) = (Arc::clone(&ahead), clock::system());
    (ahead, Arc::new(move || Timestamp(machine().0 + steps.load(Ordering::SeqCst))))
}

/// Where there is one process only, and its clock may jump.
#[tokio::test]
async fn on_sqlite_what_is_held_stays_held_and_first_tries_are_due_whatever_the_clock_says() {
    let year = 365 * 24 * 3600 * 1_000_000;
    let (ahead, clock) = settable_clock();
    let store = TestStore::with(Engine::Sqlite, |settings| settings.clock = clock).await;
    keep_many(&store, 2, CONNECTION).await;
    let held = store.claim_some(1, SHORT).await.remove(0);
    ahead.store(-year, Ordering::SeqCst);
    let failed = store.claim_one().await;
    assert_eq!(failed.tries, 0);
    store.record(outcome(&failed, Verdict::RetryIn(SHORT))).await.unwrap();
    ahead.store(year, Ordering::SeqCst);
    let again = store.claim_lane(lane(CONNECTION), 8, LONG).await;
    assert_eq!(again.claimed.len(), 1, "the retry, and not what is held: {again:?}");
    assert_eq!((again.claimed[0].id, again.outlook[0].next_due_in), (failed.id, None));

    // The holder gives it back, and is heard no more.
    store.release(vec![release(&held)]).await.unwrap();
    ahead.store(-year, Ordering::SeqCst);
    let ours = store.claim_one().await;
    assert_eq!(ours.id, held.id);
    assert!(ours.fence > held.fence, "{} then {}", held.fence, ours.fence);
    the_loser_is_not_heard(&store, &held, &ours).await;
}

/// A clock that is set while a call is under way does not take the delivery out of the sender's hands;
/// that its lease is over does.
#[tokio::test]
async fn on_sqlite_a_lease_lasts_whatever_the_clock_says() {
    let year = 365 * 24 * 3600 * 1_000_000;
    let (ahead, clock) = settable_clock();
    let store = TestStore::with(Engine::Sqlite, |settings| settings.clock = clock).await;
    let delivery = store.deliver_one().await;
    let held = store.claim_one().await;
    ahead.store(year, Ordering::SeqCst);
    assert_conflict(&store.retry(PROJECT, &delivery).await);
    assert_conflict(&store.cancel(PROJECT, &delivery, "by hand").await);
    assert_eq!(store.move_lane(CONNECTION, "hospital", "hospital", true).await, Ok(0));
    assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(0));
    assert_eq!(store.record(outcome(&held, Verdict::RetryIn(SHORT))).await, Ok(Recorded::Written));

    ahead.store(2 * year, Ordering::SeqCst);
    assert_eq!(store.claim_some(1, SHORT).await.len(), 1);
    ahead.store(-year, Ordering::SeqCst);
    sleep(AFTER_SHORT).await;
    assert_eq!(store.retry(PROJECT, &delivery).await, Ok(()));
}

async fn the_loser_is_not_heard(store: &TestStore, lost: &Claimed, ours: &Claimed) {
    let id = ours.id;
    // Who lost the lease writes nothing, whatever he has to say.
    for verdict in [Verdict::Final(DeliveryState::Succeeded), Verdict::RetryIn(Duration::ZERO)] {
        assert_eq!(store.record(outcome(lost, verdict)).await, Ok(Recorded::LeaseLost));
    }
    store.release(vec![release(lost)]).await.unwrap();
    assert!(store.claim_some(8, LONG).await.is_empty(), "the lease is still ours");
    let delivery = store.find(id).await;
    assert_eq!((delivery.attempts, delivery.last_status), (0, None));
    assert!(store.attempts(PROJECT, id).await.unwrap().is_empty());

    assert_eq!(store.record(succeeded(ours)).await, Ok(Recorded::Written));
    assert_eq!(store.record(succeeded(ours)).await, Ok(Recorded::LeaseLost), "once is once");
}

/// As long as nobody else took it, what really happened is better written than sent again.
#[rstest]
#[tokio::test]
async fn an_overdue_record_counts_while_nobody_else_has_claimed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.deliver_one().await;
    let claimed = store.claim_some(1, Duration::ZERO).await.remove(0);
    assert_eq!(store.record(succeeded(&claimed)).await, Ok(Recorded::Written));
    assert_eq!(store.waiting().await, Ok(0));
}

#[rstest]
#[tokio::test]
async fn what_is_released_is_due_at_once_with_no_try_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.deliver_one().await;
    let claimed = store.claim_one().await;
    store.release(vec![release(&claimed)]).await.unwrap();
    let again = store.claim_one().await;
    assert_eq!((again.id, again.attempts, again.tries), (claimed.id, 0, 0));
    assert!(again.fence > claimed.fence);

    // Released into another lane, it waits there.
    let parking = lane(&Lane::parking(FORWARDER));
    store.release(vec![Release { lane: parking.clone(), ..release(&again) }]).await.unwrap();
    assert!(store.claim_some(8, LONG).await.is_empty());
    assert_eq!(store.claim_lane(parking, 8, LONG).await.claimed.len(), 1);
}

// MUST-22
#[rstest]
#[tokio::test]
async fn lanes_are_claimed_apart_in_one_call(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep_many(&store, 5, "one").await;
    keep_many(&store, 1, "two").await;
    let demand = |name: &str, limit| LaneDemand { lane: lane(name), limit, lease: LONG };
    let claims =
        store.claim(vec![demand("two", 3), demand("none", 3), demand("one", 3)]).await.unwrap();
    let of = |name: &str| claims.claimed.iter().filter(|one| one.lane.name == name).count();
    assert_eq!((of("one"), of("two"), of("none")), (3, 1, 0));
    let outlook: Vec<_> =
        claims.outlook.iter().map(|outlook| (outlook.lane.name.as_str(), outlook.more)).collect();
    assert_eq!(outlook, [("two", false), ("none", false), ("one", true)]);
    assert!(store.claim(Vec::new()).await.unwrap().claimed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn hubs_that_claim_at_once_never_get_the_same() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    keep_many(&one, 1_000, CONNECTION).await;
    let got = AtomicUsize::new(0);
    let claimer = async |store: &TestStore| {
        let mut mine = Vec::new();
        // What another one locks at that moment is passed over, so that a claim can come back
        // empty before the end.
        while got.load(Ordering::Relaxed) < 1_000 {
            let claims = store.claim_lane(lane(CONNECTION), 17, LONG).await;
            got.fetch_add(claims.claimed.len(), Ordering::Relaxed);
            mine.extend(claims.claimed.iter().map(|claimed| claimed.id));
        }
        mine
    };
    let mine = tokio::join!(claimer(&one), claimer(&one), claimer(&other), claimer(&other));
    let all: Vec<Uuid> = [mine.0, mine.1, mine.2, mine.3].concat();
    let different: HashSet<&Uuid> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (1_000, 1_000));
}

// MUST-28
#[rstest]
#[tokio::test]
async fn a_restart_frees_what_the_node_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.deliver_one().await;
    let before = store.claim_one().await;
    let store = store.restart().await;
    let after = store.claim_one().await;
    assert_eq!(after.id, before.id);
    assert!(after.fence > before.fence);
    assert_eq!(store.record(succeeded(&before)).await, Ok(Recorded::LeaseLost));
}

#[tokio::test]
async fn a_restart_leaves_other_nodes_their_leases() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    one.deliver_one().await;
    let claimed = other.claim_one().await;
    let one = one.restart().await;
    assert!(one.claim_some(8, LONG).await.is_empty());
    assert_eq!(other.record(succeeded(&claimed)).await, Ok(Recorded::Written));
}

/// The median time of claiming 50 and giving them back, over several rounds.
async fn time_of_a_claim(store: &TestStore) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let claimed = store.claim_some(50, LONG).await;
        times.push(start.elapsed());
        assert_eq!(claimed.len(), 50);
        store.release(claimed.iter().map(release).collect()).await.unwrap();
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Whatever the planner has learned about a long queue, a claim looks only at its lane's head.
#[tokio::test]
async fn a_claim_does_not_read_the_queue_whole() {
    let store = TestStore::new(Engine::Postgres).await;
    keep_many(&store, 100, CONNECTION).await;
    let small = time_of_a_claim(&store).await;
    // A long lane that is due in the year 2100.
    let fill = "INSERT INTO queue
         SELECT 'clinic', gen_random_uuid(), 'ministry', 0, 4102444800000000 + i, 'f', 0, NULL
         FROM generate_series(1, 200000) AS i; ANALYZE queue";
    let url = store.settings().database.clone().unwrap();
    connect(&url).await.batch_execute(fill).await.unwrap();
    let large = time_of_a_claim(&store).await;
    let bound = (small * 5).max(Duration::from_millis(20));
    assert!(large <= bound, "{small:?} with a short queue, {large:?} with a long one");
}

#[rstest]
#[tokio::test]
async fn a_claim_costs_the_same_with_a_long_history_and_a_long_queue(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep_many(&store, 100, CONNECTION).await;
    let small = time_of_a_claim(&store).await;
    for _ in 0..10 {
        keep_many(&store, 1_000, CONNECTION).await;
        let claimed = store.claim_some(1_000, LONG).await;
        for recorded in join_all(claimed.iter().map(|one| store.record(succeeded(one)))).await {
            assert_eq!(recorded, Ok(Recorded::Written));
        }
    }
    for _ in 0..5 {
        keep_many(&store, 2_000, CONNECTION).await;
    }
    let large = time_of_a_claim(&store).await;
    let bound = (small * 5).max(Duration::from_millis(25));
    assert!(large <= bound, "{small:?} with a short queue, {large:?} with a long one");
}

/// An answer that is lost between the commit and the caller: here, the contents of what was claimed
/// are away for a moment.
#[rstest]
#[tokio::test]
async fn a_claim_whose_answer_was_lost_comes_back_with_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep_many(&store, 1, CONNECTION).await;
    let held = store.claim_one().await;
    keep_many(&store, 2, CONNECTION).await;
    keep_many(&store, 1, "hospital").await;
    store.execute("ALTER TABLE message_bodies RENAME TO away").await;
    let demand = |name: &str| LaneDemand { lane: lane(name), limit: 8, lease: LONG };
    let demands = vec![demand(CONNECTION), demand("hospital")];
    for _ in 0..3 {
        let lost = store.claim(demands.clone()).await;
        assert!(lost.is_err(), "{lost:?}");
    }
    store.execute("ALTER TABLE away RENAME TO message_bodies").await;
    let claims = store.claim(demands).await.unwrap();
    assert_eq!(claims.claimed.len(), 3, "all but what is held: {claims:?}");
    assert_eq!(store.record(succeeded(&held)).await, Ok(Recorded::Written));
    // The next start frees what claims of the last one hold.
    let store = store.restart().await;
    assert_eq!(store.claim_some(8, LONG).await.len(), 2);
}

/// What another version wrote, or a hand: the others are sent all the same.
#[rstest]
#[tokio::test]
async fn a_delivery_that_cannot_be_read_holds_up_nobody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let strange = store.deliver_one().await.id;
    store.execute("UPDATE deliveries SET event = 'unheard of'").await;
    keep_many(&store, 3, CONNECTION).await;
    let claimed = store.claim_some(8, LONG).await;
    assert_eq!(claimed.len(), 3);
    assert!(claimed.iter().all(|claimed| claimed.id != strange));
    assert!(store.claim_some(8, LONG).await.is_empty(), "nor is it claimed again and again");
    store.execute("UPDATE deliveries SET event = 'message'").await;
    assert_eq!(store.find(strange).await.state, DeliveryState::Pending);
}

#[tokio::test]
async fn a_claim_that_nobody_waits_for_comes_back_with_the_next() {
    let store = TestStore::new(Engine::Sqlite).await;
    store.deliver_one().await;
    let demand = LaneDemand { lane: lane(CONNECTION), limit: 8, lease: LONG };
    assert!(store.claim(vec![demand]).now_or_never().is_none(), "it was given up under way");
    store.claim_one().await;
}

#[rstest]
#[tokio::test]
async fn claims_carry_bodies_up_to_a_bound(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for bytes in [0, LARGE_PAYLOAD, LARGE_PAYLOAD + 1] {
        let body = "x".repeat(usize::try_from(bytes).unwrap());
        store.accept(message(&body).to(CONNECTION)).await.unwrap();
        let content = store.claim_one().await.content;
        assert_eq!(content.bytes, bytes);
        let carried = (bytes <= LARGE_PAYLOAD).then_some(body.as_bytes());
        assert!(content.body.as_deref() == carried, "a body of {bytes} bytes");
    }
}

#[rstest]
#[tokio::test]
async fn claims_tell_the_version_of_the_definitions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep_many(&store, 2, CONNECTION).await;
    assert_eq!(store.claim_some(1, LONG).await[0].configuration_version, 1);
    let change = vec![DefinitionChange::Title("Ward".to_owned())];
    store.change_configuration(PROJECT, 1, change).await.unwrap();
    assert_eq!(store.claim_some(1, LONG).await[0].configuration_version, 2);
}
