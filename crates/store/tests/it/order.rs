//! Order: one after the other per key, what a refused one holds, and what takes the place of what.

use std::time::Duration;

use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_store::{
    Accept, Claimed, Lane, NewDelivery, Recorded, Replay, Replayed, Signal, Verdict,
};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, assert_conflict, delivery_to,
    lane, message, outcome, release, succeeded,
};

const REFUSED: Verdict = Verdict::Final(DeliveryState::Rejected);

/// A message whose delivery is kept in order by this key.
pub(crate) fn ordered(key: &str) -> Accept {
    message(key).to(CONNECTION).change(|accept| {
        accept.deliveries[0].order_key = Some(format!("case:{key}"));
    })
}

/// A message whose delivery takes the place of those that wait for the same key.
pub(crate) fn latest(key: &str) -> Accept {
    ordered(key).change(|accept| accept.deliveries[0].collapse_key = Some(key.to_owned()))
}

pub(crate) fn order_key(key: &str) -> impl Fn(&mut NewDelivery) {
    move |delivery| delivery.order_key = Some(key.to_owned())
}

/// Keeps messages one after the other; the answer is their deliveries.
pub(crate) async fn keep(
    store: &TestStore,
    accepts: impl IntoIterator<Item = Accept>,
) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for accept in accepts {
        ids.push(accept.deliveries[0].id);
        store.accept(accept).await.unwrap();
    }
    ids
}

/// Claims all that may be claimed; the answer is their ids, sorted.
pub(crate) async fn claim_all(store: &TestStore) -> Vec<Claimed> {
    let mut claimed = store.claim_some(1_000, LONG).await;
    claimed.sort_by_key(|claimed| claimed.id);
    claimed
}

pub(crate) fn ids(claimed: &[Claimed]) -> Vec<Uuid> {
    claimed.iter().map(|claimed| claimed.id).collect()
}

/// Lets what may be claimed succeed, and so on until nothing may; the answer is the order.
pub(crate) async fn drain(store: &TestStore) -> Vec<Uuid> {
    let mut order = Vec::new();
    loop {
        let claimed = claim_all(store).await;
        if claimed.is_empty() {
            return order;
        }
        for claimed in claimed {
            order.push(claimed.id);
            assert_eq!(store.record(succeeded(&claimed)).await, Ok(Recorded::Written));
        }
    }
}

/// Ends a claimed delivery so that it holds those behind it.
pub(crate) async fn refuse_and_hold(
    store: &TestStore,
    claimed: &Claimed,
    state: DeliveryState,
) -> Delivery {
    let mut refused = outcome(claimed, Verdict::Final(state));
    refused.holds_followers = true;
    assert_eq!(store.record(refused).await, Ok(Recorded::Written));
    store.find(claimed.id).await
}

// MUST-34
#[rstest]
#[tokio::test]
async fn of_one_key_one_at_a_time_is_sent_in_the_order_of_keeping(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a", "a", "b", "a", "b"].map(ordered)).await;
    let free = store.deliver_one().await.id;
    let first = claim_all(&store).await;
    assert_eq!(ids(&first), [kept[0], kept[2], free], "the heads, and what is in no order");
    assert_eq!(first[0].sequence.as_deref(), Some("ministry/case:a"));
    assert_eq!(first[2].sequence, None);
    let claims = store.claim_lane(lane(CONNECTION), 8, LONG).await;
    assert!(claims.claimed.is_empty());
    assert_eq!(store.waiting().await, Ok(6));
    let standing = store.standing(PROJECT, kept[3]).await.unwrap();
    assert_eq!((standing.waits_for, standing.followers), (Some(kept[0]), 0));
    let standing = store.standing(PROJECT, kept[0]).await.unwrap();
    assert_eq!((standing.waits_for, standing.followers), (None, 2));
    let in_line = store.in_line(PROJECT, &kept).await.unwrap();
    let waits_for = |id: &Uuid| in_line.get(id).and_then(|found| found.waits_for);
    let (a, b) = (Some(kept[0]), Some(kept[2]));
    assert_eq!(kept.iter().map(waits_for).collect::<Vec<_>>(), [None, a, None, a, b]);
    assert_eq!(store.in_line(PROJECT, &[]).await.unwrap().len(), 0);
    store.record(succeeded(&first[0])).await.unwrap();
    assert_eq!(ids(&claim_all(&store).await), [kept[1]]);
    store.record(succeeded(&first[1])).await.unwrap();
    assert_eq!(ids(&claim_all(&store).await), [kept[4]]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_in_one_batch_has_one_head(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    join_all((0..100).map(|number| store.accept(ordered(&(number % 7).to_string())))).await;
    // One message can call for several of one key.
    let twice = message("x").to(CONNECTION).to(CONNECTION).change(|accept| {
        accept.deliveries.iter_mut().for_each(order_key("case:x"));
    });
    store.accept(twice).await.unwrap();
    assert_eq!(store.claim_some(1_000, LONG).await.len(), 8);
}

#[rstest]
#[tokio::test]
async fn a_failing_one_holds_only_its_own_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a", "a", "b", "b"].map(ordered)).await;
    let heads = claim_all(&store).await;
    store.record(outcome(&heads[0], Verdict::RetryIn(LONG))).await.unwrap();
    store.record(succeeded(&heads[1])).await.unwrap();
    assert_eq!(ids(&claim_all(&store).await), [kept[3]]);
    // A person's hurry is for the one that is ahead.
    store.retry(PROJECT, &store.find(kept[1]).await).await.unwrap();
    assert!(claim_all(&store).await.is_empty());
    store.retry(PROJECT, &store.find(kept[0]).await).await.unwrap();
    assert_eq!(ids(&claim_all(&store).await), [kept[0]]);
}

#[rstest]
#[tokio::test]
async fn what_ends_lets_the_next_one_go(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a"; 6].map(ordered)).await;
    // In the middle of the queue nobody waits for it alone.
    store.cancel(PROJECT, &store.find(kept[2]).await, "by hand").await.unwrap();
    let head = store.claim_one().await;
    assert_eq!(head.id, kept[0]);
    // Without `hold`, a refused one is in nobody's way.
    store.record(outcome(&head, REFUSED)).await.unwrap();
    assert!(!store.find(kept[0]).await.holds);
    let head = store.claim_one().await;
    assert_eq!(head.id, kept[1]);
    assert_conflict(&store.cancel(PROJECT, &store.find(kept[1]).await, "by hand").await);
    store.release(vec![release(&head)]).await.unwrap();
    store.cancel(PROJECT, &store.find(kept[1]).await, "by hand").await.unwrap();
    assert_eq!(drain(&store).await, kept[3..]);
}

// MUST-34
#[rstest]
#[case::rejected(DeliveryState::Rejected)]
#[case::broken(DeliveryState::Broken)]
#[case::given_up(DeliveryState::Cancelled)]
#[tokio::test]
async fn a_refused_one_holds_those_behind_it_until_it_succeeds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] state: DeliveryState,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a", "a", "b"].map(ordered)).await;
    let heads = claim_all(&store).await;
    let held = refuse_and_hold(&store, &heads[0], state).await;
    assert_eq!((held.state, held.holds, held.next_attempt_at), (state, true, None));
    assert_eq!(store.standing(PROJECT, held.id).await.unwrap().followers, 1);
    assert_eq!(store.waiting().await, Ok(2), "what has ended does not wait");
    let later = keep(&store, [ordered("a")]).await;
    assert!(claim_all(&store).await.is_empty(), "also what comes later waits");
    let counts = store.open_counts(PROJECT).await.unwrap();
    let (counts, are_more) = counts.of_forwarder(FORWARDER, CONNECTION);
    assert_eq!((counts[&DeliveryState::Pending], counts[&state], are_more), (3, 1, false));

    let copy = Uuid::now_v7();
    store.resend(PROJECT, &held, copy, CONNECTION, false).await.unwrap();
    assert!(claim_all(&store).await.is_empty(), "a copy goes to the end of the key");

    store.requeue(PROJECT, &held, CONNECTION, false).await.unwrap();
    assert!(!store.find(held.id).await.holds);
    let again = store.claim_one().await;
    assert_eq!((again.id, again.tries), (kept[0], 0));
    assert_eq!(store.record(succeeded(&heads[0])).await, Ok(Recorded::LeaseLost));
    store.record(succeeded(&again)).await.unwrap();
    assert_eq!(drain(&store).await, [kept[1], later[0], copy]);
    // The other key was never held up.
    assert_eq!(store.record(succeeded(&heads[1])).await, Ok(Recorded::Written));
}

#[rstest]
#[tokio::test]
async fn a_held_key_goes_on_when_its_refused_one_is_cancelled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a", "a"].map(ordered)).await;
    let held = refuse_and_hold(&store, &store.claim_one().await, DeliveryState::Rejected).await;
    let mut listener = store.listen();
    store.cancel(PROJECT, &held, "by hand").await.unwrap();
    let ended = store.find(held.id).await;
    assert_eq!((ended.state, ended.holds), (DeliveryState::Cancelled, false));
    let reason = ended.last_error.unwrap();
    assert_eq!(reason, "by hand: the destination answered with 503");
    let mut told = Vec::new();
    while let Ok(signal) = listener.try_recv() {
        told.push(signal);
    }
    assert!(told.contains(&Signal::Due(lane(CONNECTION))), "{told:?}");
    assert_eq!(drain(&store).await, kept[1..]);
    assert_conflict(&store.cancel(PROJECT, &held, "by hand").await);
}

#[rstest]
#[tokio::test]
async fn what_is_in_no_order_holds_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.deliver_one().await;
    let refused = refuse_and_hold(&store, &store.claim_one().await, DeliveryState::Rejected).await;
    assert!(!refused.holds);
    let next = store.deliver_one().await;
    assert_eq!(store.claim_one().await.id, next.id);
}

#[rstest]
#[tokio::test]
async fn requeues_and_replays_go_to_the_end_of_their_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = latest("a");
    let message = first.message.id;
    let kept = keep(&store, [first]).await;
    store.record(succeeded(&store.claim_one().await)).await.unwrap();
    let later = keep(&store, [latest("a")]).await;
    store.requeue(PROJECT, &store.find(kept[0]).await, CONNECTION, false).await.unwrap();
    let mut again = delivery_to(CONNECTION);
    (again.order_key, again.collapse_key) = (Some("case:a".to_owned()), Some("a".to_owned()));
    again.hops = 3;
    let replay = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message,
        released: None,
        still_quarantined: None,
        deliveries: vec![again.clone()],
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    assert_eq!(store.replay(&replay).await, Ok(Replayed::Done));
    // What is older takes the place of nothing.
    assert_eq!(drain(&store).await, [later[0], kept[0], again.id]);
}

// MUST-35
#[rstest]
#[tokio::test]
async fn what_waits_collapses_into_the_newest(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let other = latest("a").change(|accept| accept.deliveries[0].forwarder = "deaths".to_owned());
    let kept = keep(&store, [latest("a"), latest("b"), other]).await;
    let mut listener = store.listen();
    let newer = keep(&store, [latest("a")]).await;
    let older = store.find(kept[0]).await;
    assert_eq!((older.state, older.superseded_by), (DeliveryState::Superseded, Some(newer[0])));
    assert_eq!((older.next_attempt_at, older.attempts, older.last_error), (None, 0, None));
    let superseded = DeliveryState::Superseded;
    let told = Signal::Delivery { project: PROJECT.into(), id: kept[0], state: superseded };
    assert_eq!(listener.recv().await.unwrap(), told);
    assert_eq!(store.waiting().await, Ok(3));
    // It has the place of the one it replaced; another key and another forwarder stay.
    let behind = store.standing(PROJECT, kept[2]).await.unwrap();
    assert_eq!(behind.waits_for, Some(newer[0]));
    assert_eq!(drain(&store).await, [kept[1], newer[0], kept[2]]);
    let newest = store.find(newer[0]).await;
    assert_eq!((newest.state, newest.superseded_by), (DeliveryState::Succeeded, None));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn however_many_come_at_once_one_is_left_to_send(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accepts: Vec<Accept> = (0..200).map(|_| latest("a")).collect();
    let all: Vec<Uuid> = accepts.iter().map(|accept| accept.deliveries[0].id).collect();
    join_all(accepts.into_iter().map(|accept| store.accept(accept))).await;
    assert_eq!(store.waiting().await, Ok(1));
    let newest = store.claim_one().await.id;
    for id in all.into_iter().filter(|id| *id != newest) {
        // Every chain of pointers ends at the one that is sent.
        let mut at = store.find(id).await;
        for _ in 0..200 {
            let Some(newer) = at.superseded_by else { break };
            assert_eq!(at.state, DeliveryState::Superseded);
            at = store.find(newer).await;
        }
        assert_eq!(at.id, newest);
    }
}

// MUST-35
#[rstest]
#[tokio::test]
async fn what_is_being_sent_stays_and_is_not_tried_again_where_a_newer_one_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for (verdict, expected) in [
        (Verdict::RetryIn(Duration::ZERO), DeliveryState::Superseded),
        (Verdict::Final(DeliveryState::Succeeded), DeliveryState::Succeeded),
        (REFUSED, DeliveryState::Rejected),
    ] {
        let store = TestStore::new(engine).await;
        let older = keep(&store, [latest("a")]).await[0];
        let sent = store.claim_one().await;
        let kept = keep(&store, [latest("a"), latest("a")]).await;
        assert_eq!(store.find(older).await.state, DeliveryState::Pending);
        assert!(claim_all(&store).await.is_empty(), "the newer one waits for the answer");
        let mut listener = store.listen();
        store.record(outcome(&sent, verdict)).await.unwrap();
        let told = Signal::Delivery { project: PROJECT.into(), id: older, state: expected };
        assert_eq!(listener.recv().await.unwrap(), told);
        assert_eq!(listener.recv().await.unwrap(), Signal::Due(lane(CONNECTION)));
        let after = store.find(older).await;
        let newer = (expected == DeliveryState::Superseded).then_some(kept[1]);
        assert_eq!((after.state, after.superseded_by), (expected, newer));
        assert_eq!((after.attempts, after.next_attempt_at), (1, None));
        assert_eq!(drain(&store).await, [kept[1]]);
    }
}

#[rstest]
#[tokio::test]
async fn what_collapses_and_fails_alone_is_tried_again_until_a_newer_one_comes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let older = keep(&store, [latest("a")]).await[0];
    store.record(outcome(&store.claim_one().await, Verdict::RetryIn(LONG))).await.unwrap();
    assert_eq!(store.find(older).await.state, DeliveryState::Failed);
    let newer = keep(&store, [latest("a")]).await;
    assert_eq!(store.find(older).await.state, DeliveryState::Superseded);
    assert_eq!(drain(&store).await, newer, "it is a first try, and does not wait for the pause");
}

#[rstest]
#[tokio::test]
async fn a_try_that_does_not_count_leaves_the_budget_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = store.deliver_one().await.id;
    for (counts, tries) in [(false, 0), (true, 1), (false, 1)] {
        let mut outcome = outcome(&store.claim_one().await, Verdict::RetryIn(Duration::ZERO));
        outcome.counts = counts;
        store.record(outcome).await.unwrap();
        assert_eq!(store.standing(PROJECT, id).await.unwrap().tries, tries);
    }
    let claimed = store.claim_one().await;
    assert_eq!((claimed.attempts, claimed.tries), (3, 1));
    assert_eq!(store.attempts(PROJECT, id).await.unwrap().len(), 3);
}

// MUST-36
#[rstest]
#[tokio::test]
async fn hops_stay_with_a_delivery_and_its_copies(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("x").to(CONNECTION).change(|accept| accept.deliveries[0].hops = 3);
    let id = accept.deliveries[0].id;
    store.accept(accept).await.unwrap();
    let original = store.find(id).await;
    store.resend(PROJECT, &original, Uuid::now_v7(), CONNECTION, false).await.unwrap();
    store.deliver_one().await;
    let hops: Vec<u32> = claim_all(&store).await.iter().map(|claimed| claimed.hops).collect();
    assert_eq!(hops, [3, 3, 0]);
}

#[rstest]
#[tokio::test]
async fn what_is_parked_keeps_its_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let parked = ordered("a").change(|accept| accept.deliveries[0].parked = true);
    let other = ordered("a").change(|accept| accept.deliveries[0].forwarder = "deaths".to_owned());
    let kept = keep(&store, [parked, other]).await;
    assert!(claim_all(&store).await.is_empty(), "it waits for the one that is parked");
    let parking = Lane::parking(FORWARDER);
    let moved = store.move_lane(&parking, CONNECTION, CONNECTION, true).await;
    assert_eq!(moved, Ok(1));
    assert_eq!(drain(&store).await, kept);
}

#[rstest]
#[tokio::test]
async fn what_goes_elsewhere_is_sorted_in_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let there = |forwarder: &str| {
        message("x").to("hospital").change(|accept| {
            accept.deliveries[0].order_key = Some("case:a".to_owned());
            accept.deliveries[0].forwarder = forwarder.to_owned();
        })
    };
    let kept = keep(
        &store,
        [ordered("a"), there("deaths"), ordered("a"), there("deaths"), ordered("a"), ordered("b")],
    )
    .await;
    let sent = store.claim_lane(lane("hospital"), 8, LONG).await.claimed.remove(0);
    let moved = store.move_lane(CONNECTION, "hospital", "hospital", true).await.unwrap();
    assert_eq!(moved, 4);
    let claims = store.claim_lane(lane("hospital"), 8, LONG).await.claimed;
    assert_eq!(ids(&claims), [kept[5]], "what is being sent has its turn");
    assert_eq!(claims[0].sequence.as_deref(), Some("hospital/case:b"));
    store.record(succeeded(&sent)).await.unwrap();
    let mut order = vec![sent.id];
    loop {
        let claims = store.claim_lane(lane("hospital"), 8, LONG).await.claimed;
        let [claimed] = claims.as_slice() else { break };
        order.push(claimed.id);
        store.record(succeeded(claimed)).await.unwrap();
    }
    assert_eq!(order, [kept[1], kept[0], kept[2], kept[3], kept[4]]);
}

/// Whoever let its lease run out before the move has lost its claim by it.
#[rstest]
#[tokio::test]
async fn what_goes_elsewhere_leaves_a_late_sender_behind(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep(&store, ["a", "a"].map(ordered)).await;
    let late = store.claim_some(8, Duration::ZERO).await.remove(0);
    let moved = store.move_lane(CONNECTION, "hospital", "hospital", true).await;
    assert_eq!(moved, Ok(2));
    assert_eq!(store.record(succeeded(&late)).await, Ok(Recorded::LeaseLost));
    let claims = store.claim_lane(lane("hospital"), 8, LONG).await.claimed;
    assert_eq!(ids(&claims), [late.id]);
}

#[rstest]
#[tokio::test]
async fn a_removed_forwarder_takes_along_what_it_holds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let others =
        || ordered("a").change(|accept| accept.deliveries[0].forwarder = "deaths".to_owned());
    let kept = keep(&store, [ordered("a"), ordered("a"), others(), ordered("a"), others()]).await;
    let held = refuse_and_hold(&store, &store.claim_one().await, DeliveryState::Rejected).await;
    store
        .execute(
            "INSERT INTO definitions (project, kind, name, definition)
                   VALUES ('clinic', 'forwarder', 'deaths', '{}')",
        )
        .await;
    assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(3));
    assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(0));
    let held = store.find(held.id).await;
    assert_eq!((held.state, held.holds), (DeliveryState::Rejected, false), "it had ended before");
    assert_eq!(store.find(kept[1]).await.state, DeliveryState::Cancelled);
    assert_eq!(drain(&store).await, [kept[2], kept[4]]);
}

#[rstest]
#[tokio::test]
async fn a_fault_in_the_order_is_mended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a", "a", "b", "c", "c"].map(ordered)).await;
    let heads = claim_all(&store).await;
    refuse_and_hold(&store, &heads[2], DeliveryState::Rejected).await;
    for head in &heads[..2] {
        store.release(vec![release(head)]).await.unwrap();
    }
    assert_eq!(store.repair_order(PROJECT).await, Ok(0), "what is held is no fault");
    store.execute("UPDATE queue SET rank = 2 WHERE rank < 4").await;
    assert!(claim_all(&store).await.is_empty());
    assert_eq!(store.repair_order(PROJECT).await, Ok(2));
    assert_eq!(store.repair_order(PROJECT).await, Ok(0));
    assert_eq!(ids(&claim_all(&store).await), [kept[0], kept[2]]);

    let kept = keep(&store, ["d", "d", "d"].map(ordered)).await;
    store.execute("UPDATE queue SET rank = 0 WHERE sequence = 'ministry/case:d'").await;
    assert_eq!(store.repair_order(PROJECT).await, Ok(2));
    assert_eq!(store.repair_order(PROJECT).await, Ok(0));
    assert_eq!(ids(&claim_all(&store).await), [kept[0]]);
}

/// A blocked backlog is not looked at by those who claim something else, and its head is found at
/// once.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_blocked_key_costs_a_claim_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for _ in 0..10 {
        let many = message("x").change(|accept| {
            accept.deliveries = (0..1_000).map(|_| delivery_to(CONNECTION)).collect();
            accept.deliveries.iter_mut().for_each(order_key("*"));
        });
        store.accept(many).await.unwrap();
    }
    let begun = std::time::Instant::now();
    for _ in 0..50 {
        let head = store.claim_one().await;
        store.record(succeeded(&head)).await.unwrap();
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "50 of a key of 10,000 took {took:?}");
    assert_eq!(store.waiting().await, Ok(9_950));
}
