//! Lists of deliveries: sorted both ways, merged from several states, and ended early where too many
//! rows would have to be looked at.

use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::delivery::{DeliveryOrigin, DeliveryState};
use fieldpost_store::{
    DeliveriesFound, DeliveryOrder, DeliveryPage, DeliveryQuery, NextTryOrder, ROWS_LOOKED_THROUGH,
    Verdict,
};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, message, outcome, succeeded,
};

fn page(order: DeliveryOrder, after: Option<Uuid>, limit: usize) -> DeliveryPage {
    DeliveryPage { order, after, limit }
}

/// All pages of a list, and how many they were.
async fn all(
    store: &TestStore,
    query: &DeliveryQuery,
    order: DeliveryOrder,
    limit: usize,
) -> (Vec<Uuid>, usize) {
    let (mut ids, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let found = store.list_deliveries(PROJECT, query, page(order, after, limit)).await.unwrap();
        let DeliveriesFound { found, next } = found;
        assert!(found.len() <= limit);
        ids.extend(found.into_iter().map(|delivery| delivery.id));
        pages += 1;
        let Some(next) = next else { return (ids, pages) };
        after = Some(next);
    }
}

/// Deliveries in every state but `superseded`, two of each, oldest first.
async fn of_each_state(store: &TestStore) -> Vec<(Uuid, DeliveryState)> {
    let mut made = Vec::new();
    for _ in 0..2 {
        for state in DeliveryState::ALL.iter().copied() {
            if state == DeliveryState::Superseded {
                continue;
            }
            let accept = message("x").to(&format!("to-{state}"));
            let id = accept.deliveries[0].id;
            store.accept(accept).await.unwrap();
            let lane = crate::support::lane(&format!("to-{state}"));
            if state != DeliveryState::Pending {
                let claimed = store.claim_lane(lane, 1, LONG).await.claimed.remove(0);
                let verdict = match state {
                    DeliveryState::Failed => Verdict::RetryIn(LONG),
                    end => Verdict::Final(end),
                };
                store.record(outcome(&claimed, verdict)).await.unwrap();
            }
            made.push((id, state));
        }
    }
    made
}

#[rstest]
#[tokio::test]
async fn several_states_are_one_list(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    use DeliveryState::{Broken, Cancelled, Failed, Pending, Rejected, Succeeded};
    let store = TestStore::new(engine).await;
    let made = of_each_state(&store).await;
    for states in [
        vec![],
        vec![Pending],
        vec![Pending, Failed],
        vec![Rejected, Broken, Cancelled],
        vec![Failed, Succeeded, Rejected],
        DeliveryState::ALL.to_vec(),
    ] {
        let is_one = |state: &DeliveryState| states.is_empty() || states.contains(state);
        let mut expected: Vec<Uuid> =
            made.iter().filter(|(_, state)| is_one(state)).map(|(id, _)| *id).collect();
        let query = DeliveryQuery { states: states.clone(), ..DeliveryQuery::default() };
        for limit in [1, 2, 3, 50] {
            let (oldest, _) = all(&store, &query, DeliveryOrder::Oldest, limit).await;
            assert_eq!(oldest, expected, "{states:?}, {limit} at a time");
        }
        expected.reverse();
        for limit in [1, 2, 3, 50] {
            let (newest, _) = all(&store, &query, DeliveryOrder::Newest, limit).await;
            assert_eq!(newest, expected, "{states:?}, {limit} at a time");
        }
        let count = store.count_deliveries(PROJECT, &query).await;
        assert_eq!(count, Ok(expected.len() as u64), "{states:?}");
    }
    let contrary = DeliveryQuery {
        state: Some(Pending),
        states: vec![Failed, Succeeded],
        ..DeliveryQuery::default()
    };
    assert_eq!(all(&store, &contrary, DeliveryOrder::Newest, 50).await, (vec![], 1));
}

#[rstest]
#[tokio::test]
async fn deliveries_are_found_by_how_they_failed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("x").to(CONNECTION).to(CONNECTION);
    store.accept(accept).await.unwrap();
    let claimed = store.claim_some(2, LONG).await;
    let mut timed_out = outcome(&claimed[0], Verdict::RetryIn(Duration::ZERO));
    timed_out.attempt.error =
        Some(AttemptError { kind: ErrorKind::Timeout, message: "too slow".to_owned() });
    timed_out.attempt.response = None;
    store.record(timed_out).await.unwrap();
    store.record(succeeded(&claimed[1])).await.unwrap();
    let (slow, well) = (claimed[0].id, claimed[1].id);

    let found = async |query: DeliveryQuery| all(&store, &query, DeliveryOrder::Newest, 50).await.0;
    let failed_by = |kind| DeliveryQuery { error_kind: Some(kind), ..DeliveryQuery::default() };
    assert_eq!(found(failed_by(ErrorKind::Timeout)).await, [slow]);
    assert_eq!(found(failed_by(ErrorKind::Dns)).await, [] as [Uuid; 0]);
    let answered = |least, greatest| DeliveryQuery {
        status: Some((least, greatest)),
        ..DeliveryQuery::default()
    };
    assert_eq!(found(answered(200, 299)).await, [well]);
    assert_eq!(found(answered(201, 599)).await, [] as [Uuid; 0]);
    // Only the last try counts.
    let again = store.claim_one().await;
    store.record(outcome(&again, Verdict::RetryIn(LONG))).await.unwrap();
    assert_eq!(found(failed_by(ErrorKind::Timeout)).await, [] as [Uuid; 0]);
    assert_eq!(found(answered(503, 503)).await, [slow]);
    let made_so = |origin| DeliveryQuery { origin: Some(origin), ..DeliveryQuery::default() };
    assert_eq!(found(made_so(DeliveryOrigin::Replay)).await, [] as [Uuid; 0]);
    assert_eq!(found(made_so(DeliveryOrigin::Event)).await.len(), 2);
}

/// So many deliveries of another connection, newer than what is there already.
async fn bury(store: &TestStore, engine: Engine, count: usize) {
    let columns = "(project, id, forwarder, connection, event, payload_kind, payload_id, state,
                    origin, attempts, tries, registered_at)";
    let values = "'other', 'elsewhere', 'message', 'message'";
    store
        .execute(&match engine {
            Engine::Sqlite => format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
                 INSERT INTO deliveries {columns}
                 SELECT '{PROJECT}', unhex(printf('ffffffff000070008000%012x', i)), {values},
                     zeroblob(16), 'succeeded', 'event', 1, 1, 0 FROM n"
            ),
            Engine::Postgres => format!(
                "INSERT INTO deliveries {columns}
                 SELECT '{PROJECT}', ('ffffffff-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
                     {values}, '00000000-0000-0000-0000-000000000000'::uuid, 'succeeded',
                     'event', 1, 1, 0 FROM generate_series(1, {count}) i"
            ),
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_list_looks_at_a_bounded_number_of_rows(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let buried = store.deliver_one().await.id;
    bury(&store, engine, ROWS_LOOKED_THROUGH - 1).await;
    let to = DeliveryQuery { connection: Some(CONNECTION.to_owned()), ..DeliveryQuery::default() };
    let (found, pages) = all(&store, &to, DeliveryOrder::Newest, 50).await;
    assert_eq!((found, pages), (vec![buried], 2), "the last row that is looked at is it");
    let (found, pages) = all(&store, &to, DeliveryOrder::Oldest, 50).await;
    assert_eq!((found, pages), (vec![buried], 2));

    let one_more = message("y").to("elsewhere").change(|accept| {
        accept.deliveries[0].id = Uuid::from_u128(u128::MAX);
        accept.deliveries[0].forwarder = "other".to_owned();
    });
    store.accept(one_more).await.unwrap();
    let first = store.list_deliveries(PROJECT, &to, page(DeliveryOrder::Newest, None, 50)).await;
    let first = first.unwrap();
    assert_eq!(first.found, [], "it lies one row behind the last that is looked at");
    assert!(first.next.is_some());
    // What an index leads to is found at once, whatever else is there.
    for query in [
        DeliveryQuery { forwarder: Some(FORWARDER.to_owned()), ..DeliveryQuery::default() },
        DeliveryQuery { state: Some(DeliveryState::Pending), ..to.clone() },
        DeliveryQuery { ids: vec![buried], ..DeliveryQuery::default() },
    ] {
        let at_once = store.list_deliveries(PROJECT, &query, page(DeliveryOrder::Newest, None, 50));
        let ids: Vec<Uuid> = at_once.await.unwrap().found.iter().map(|found| found.id).collect();
        assert_eq!(ids, [buried], "{query:?}");
    }
}

#[rstest]
#[tokio::test]
async fn what_waits_is_listed_by_its_next_try(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut retries = Vec::new();
    for minutes in [30, 10, 20] {
        let accept = message("x").to(CONNECTION);
        store.accept(accept).await.unwrap();
        let claimed = store.claim_one().await;
        let pause = Duration::from_mins(minutes);
        store.record(outcome(&claimed, Verdict::RetryIn(pause))).await.unwrap();
        retries.push((minutes, claimed.id));
    }
    retries.sort_unstable();
    let first_try = message("x").to("warehouse");
    let mut expected = vec![first_try.deliveries[0].id];
    store.accept(first_try).await.unwrap();
    expected.extend(retries.iter().map(|(_, id)| *id));
    let reversed: Vec<Uuid> = expected.iter().rev().copied().collect();
    for (order, expected) in [(NextTryOrder::Soonest, &expected), (NextTryOrder::Latest, &reversed)]
    {
        for limit in [1, 2, 50] {
            let (mut ids, mut after) = (Vec::new(), None);
            loop {
                let found =
                    store.list_by_next_try(PROJECT, &[], order, after, limit).await.unwrap();
                ids.extend(found.found.into_iter().map(|delivery| delivery.id));
                match found.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(&ids, expected, "{order}, {limit} at a time");
        }
    }
    let lane = [CONNECTION.to_owned()];
    let of_lane = store.list_by_next_try(PROJECT, &lane, NextTryOrder::Soonest, None, 50).await;
    let ids: Vec<Uuid> = of_lane.unwrap().found.iter().map(|found| found.id).collect();
    assert_eq!(ids, expected[1..]);
}
