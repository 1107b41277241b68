//! Actions over many deliveries: kept, worked off in steps, each delivery dealt with once.

use std::time::Duration;

use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState};
use fieldpost_store::{
    BulkAction, BulkChange, BulkKind, BulkState, DeliveryQuery, HeldAction, MessageQuery, Replay,
    Replayed, StateCount, Stretch, Verdict,
};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    AFTER_SHORT, CONNECTION, Change, Engine, LONG, PROJECT, SHORT, TestStore, connect, delivery_to,
    first, message, now, outcome,
};

fn action(kind: BulkKind) -> BulkAction {
    BulkAction {
        project: PROJECT.into(),
        id: Uuid::now_v7(),
        action: kind,
        filter: DeliveryQuery::default().to_json(),
        forwarder: None,
        rate: 0,
        state: BulkState::Running,
        matched: 3,
        cursor: None,
        touched: 0,
        passed_over: 0,
        started_by: "somebody".to_owned(),
        created_at: now(),
        finished_at: None,
        last_error: None,
        reason: Some("the server was moved".to_owned()),
    }
}

/// A store with so many deliveries that wait, oldest first.
async fn with_waiting(engine: Engine, count: usize) -> (TestStore, Vec<Delivery>) {
    let store = TestStore::new(engine).await;
    for number in 0..count {
        store.accept(message(&number.to_string()).to(CONNECTION)).await.unwrap();
    }
    let all = rest(&store, &action(BulkKind::Cancel)).await;
    assert_eq!(all.len(), count);
    (store, all)
}

/// What an action has still to look at.
async fn rest(store: &TestStore, action: &BulkAction) -> Vec<Delivery> {
    let stretch = Stretch { after: action.cursor, below: action.id, limit: 500 };
    store.oldest_deliveries(PROJECT, &DeliveryQuery::default(), stretch).await.unwrap()
}

async fn start(store: &TestStore, kind: BulkKind) -> HeldAction {
    let action = action(kind);
    store.start_bulk(&action).await.unwrap();
    let held = store.hold_bulk(LONG).await.unwrap().unwrap();
    assert_eq!(held.action, action);
    held
}

async fn read(store: &TestStore, held: &HeldAction) -> BulkAction {
    store.bulk_action(PROJECT, held.action.id).await.unwrap().unwrap()
}

fn each(deliveries: &[Delivery], change: &BulkChange) -> Vec<(Delivery, BulkChange)> {
    deliveries.iter().map(|delivery| (delivery.clone(), change.clone())).collect()
}

#[rstest]
#[tokio::test]
async fn a_step_and_its_progress_are_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (store, all) = with_waiting(engine, 3).await;
    let mut held = start(&store, BulkKind::Cancel).await;
    assert_eq!(store.hold_bulk(LONG).await.unwrap().map(|held| held.action), None);
    assert_eq!(store.bulk_step(&mut held, &each(&all[..2], &BulkChange::Cancel)).await, Ok(true));
    let after = read(&store, &held).await;
    assert_eq!((after.touched, after.cursor), (2, Some(all[1].id)));
    assert_eq!(rest(&store, &after).await, all[2..]);
    let cancelled = store.find(all[0].id).await;
    assert_eq!(cancelled.state, DeliveryState::Cancelled);
    let told = cancelled.last_error.unwrap();
    assert_eq!(told, format!("cancelled by the action {}", held.action.id));
    let by_this = DeliveryQuery { cancelled_by: Some(held.action.id), ..DeliveryQuery::default() };
    let found = store.deliveries(PROJECT, &by_this, first(9)).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [all[1].id, all[0].id]);

    store.finish_bulk(&held, None).await.unwrap();
    let after = read(&store, &held).await;
    assert_eq!((after.state, after.finished_at.is_some()), (BulkState::Done, true));
    // What has ended is neither gone on with nor stopped.
    assert_eq!(store.bulk_step(&mut held, &each(&all[2..], &BulkChange::Cancel)).await, Ok(false));
    assert_eq!(store.find(all[2].id).await.state, DeliveryState::Pending);
    assert!(store.stop_bulk(PROJECT, held.action.id).await.is_err());
    assert_eq!(store.forget_bulk(now() + Duration::from_mins(1)).await, Ok(1));
    assert_eq!(store.bulk_actions(PROJECT, first(9)).await, Ok(Vec::new()));
}

#[rstest]
#[tokio::test]
async fn one_that_is_being_sent_is_passed_over_and_holds_up_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (store, all) = with_waiting(engine, 3).await;
    let sent = store.claim_some(1, LONG).await.remove(0);
    let mut held = start(&store, BulkKind::Cancel).await;
    assert_eq!(store.bulk_step(&mut held, &each(&all, &BulkChange::Cancel)).await, Ok(true));
    let after = read(&store, &held).await;
    assert_eq!((after.touched, after.passed_over, after.cursor), (2, 1, Some(all[2].id)));
    for delivery in all {
        let expected = delivery.id == sent.id;
        assert_eq!(store.find(delivery.id).await.state.is_waiting(), expected);
    }
}

#[rstest]
#[tokio::test]
async fn a_stopped_action_writes_nothing_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (store, all) = with_waiting(engine, 2).await;
    let mut held = start(&store, BulkKind::Cancel).await;
    store.stop_bulk(PROJECT, held.action.id).await.unwrap();
    assert_eq!(store.bulk_step(&mut held, &each(&all, &BulkChange::Cancel)).await, Ok(false));
    store.finish_bulk(&held, Some("too late")).await.unwrap();
    let after = read(&store, &held).await;
    assert_eq!((after.state, after.touched, after.last_error), (BulkState::Stopped, 0, None));
    assert_eq!(store.waiting().await, Ok(2));
    assert!(store.hold_bulk(LONG).await.unwrap().is_none());
}

/// The next start of a hub goes on where the last one was cut off, and a step whose answer was lost
/// is not done again.
#[rstest]
#[tokio::test]
async fn nothing_is_resent_twice(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (store, all) = with_waiting(engine, 3).await;
    let mut held = start(&store, BulkKind::Resend).await;
    let copies = || {
        all.iter().map(|delivery| {
            let copy = BulkChange::Resend {
                new: Uuid::now_v7(),
                connection: CONNECTION.to_owned(),
                parked: false,
            };
            (delivery.clone(), copy)
        })
    };
    let mut behind = held.clone();
    let step: Vec<_> = copies().take(2).collect();
    assert_eq!(store.bulk_step(&mut held, &step).await, Ok(true));
    // Whoever does not know that it was committed tries once more.
    let again: Vec<_> = copies().take(2).collect();
    assert_eq!(store.bulk_step(&mut behind, &again).await, Ok(false));
    assert_eq!(store.waiting().await, Ok(5));

    let store = store.restart().await;
    let mut taken = store.hold_bulk(LONG).await.unwrap().unwrap();
    assert_eq!(taken.action.cursor, Some(all[1].id));
    assert_eq!(store.bulk_step(&mut held, &again).await, Ok(false));
    let left = rest(&store, &taken.action).await;
    // Its own copies are younger than the action, and are not met.
    assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [all[2].id]);
    let step: Vec<_> = copies().skip(2).collect();
    assert_eq!(store.bulk_step(&mut taken, &step).await, Ok(true));
    assert_eq!(rest(&store, &taken.action).await, []);
    assert_eq!(store.waiting().await, Ok(6));
    assert_eq!(read(&store, &taken).await.touched, 3);
}

/// Only PostgreSQL is shared by several hubs.
#[tokio::test]
async fn another_hub_takes_over_when_the_lease_is_over_on_postgres() {
    let (store, all) = with_waiting(Engine::Postgres, 2).await;
    let other = store.another_hub().await;
    store.start_bulk(&action(BulkKind::Cancel)).await.unwrap();
    let mut held = store.hold_bulk(SHORT).await.unwrap().unwrap();
    assert!(other.hold_bulk(LONG).await.unwrap().is_none());
    tokio::time::sleep(AFTER_SHORT).await;
    let mut taken = other.hold_bulk(LONG).await.unwrap().unwrap();
    assert_eq!(store.bulk_step(&mut held, &each(&all, &BulkChange::Cancel)).await, Ok(false));
    assert_eq!(other.bulk_step(&mut taken, &each(&all, &BulkChange::Cancel)).await, Ok(true));
    other.release_bulk(&taken).await.unwrap();
    assert!(store.hold_bulk(LONG).await.unwrap().is_some(), "what is let go of is free at once");
}

#[rstest]
#[tokio::test]
async fn deliveries_and_messages_are_counted_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (store, _) = with_waiting(engine, 3).await;
    store.bring_to(DeliveryState::Pending).await;
    let claimed = store.claim_some(1, LONG).await.remove(0);
    store.record(crate::support::succeeded(&claimed)).await.unwrap();
    let below = Uuid::now_v7();
    store.accept(message("later").to(CONNECTION)).await.unwrap();
    let everything = DeliveryQuery::default();
    let mut counts = store.count_deliveries_by_state(PROJECT, &everything, below).await.unwrap();
    counts.sort_by_key(|counted| counted.state);
    let of =
        |state, count| StateCount { state, holds: false, origin: DeliveryOrigin::Event, count };
    assert_eq!(counts, [of(DeliveryState::Pending, 3), of(DeliveryState::Succeeded, 1)]);
    let pending = DeliveryQuery { state: Some(DeliveryState::Pending), ..everything };
    let counts = store.count_deliveries_by_state(PROJECT, &pending, below).await.unwrap();
    assert_eq!(counts, [of(DeliveryState::Pending, 3)]);
    let messages = MessageQuery::default();
    assert_eq!(store.count_messages(PROJECT, &messages, below).await, Ok(4));
    let stretch = Stretch { after: None, below, limit: 2 };
    let oldest = store.oldest_messages(PROJECT, &messages, stretch).await.unwrap();
    let stretch = Stretch { after: Some(oldest[1].id), ..stretch };
    let next = store.oldest_messages(PROJECT, &messages, stretch).await.unwrap();
    let ids: Vec<Uuid> = oldest.iter().chain(&next).map(|message| message.id).collect();
    assert!(ids.is_sorted() && ids.len() == 4, "{ids:?}");
}

/// Does a step, and counts the locks of keys that it holds when it comes to the queue's first row.
async fn with_locks_before_the_first_row<T>(
    store: &TestStore,
    step: impl Future<Output = T>,
) -> (T, i64) {
    let watcher = connect(store.settings().database.as_ref().unwrap()).await;
    // It may be read, and not be changed.
    watcher.batch_execute("BEGIN; LOCK TABLE queue IN SHARE MODE").await.unwrap();
    let watch = async {
        const STOPPED: &str =
            "SELECT pid FROM pg_locks WHERE relation = 'queue'::regclass AND NOT granted";
        while watcher.query(STOPPED, &[]).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let locks = format!(
            "SELECT count(*) FROM pg_locks
             WHERE locktype = 'advisory' AND granted AND pid IN ({STOPPED})"
        );
        let held: i64 = watcher.query_one(&locks, &[]).await.unwrap().get(0);
        watcher.batch_execute("COMMIT").await.unwrap();
        held
    };
    tokio::join!(step, watch)
}

/// Whoever takes the lock of a key while he holds rows or locks that others wait for stops them all
/// until the server gives one of them up.
#[tokio::test]
async fn a_replay_holds_the_locks_of_all_its_keys_before_its_first_row_on_postgres() {
    let store = TestStore::new(Engine::Postgres).await;
    let mut replays = Vec::new();
    for key in ["case:1", "case:2", "case:3"] {
        let accept = message(key);
        let mut delivery = delivery_to(CONNECTION);
        delivery.order_key = Some(key.to_owned());
        replays.push(Replay {
            project: PROJECT.into(),
            configuration_version: 1,
            message: accept.message.id,
            released: None,
            still_quarantined: None,
            deliveries: vec![delivery],
            runs: Vec::new(),
            payloads: Vec::new(),
        });
        store.accept(accept).await.unwrap();
    }
    let last = replays[2].message;
    let mut held = start(&store, BulkKind::Replay).await;
    let step = store.bulk_replay_step(&mut held, &replays, last, 0);
    let (done, locks) = with_locks_before_the_first_row(&store, step).await;
    assert_eq!(done, Ok(Some(Replayed::Done)));
    assert_eq!(locks, 3, "each key has a lock of its own");
    assert_eq!(store.waiting().await, Ok(3));
}

#[tokio::test]
async fn a_requeue_holds_the_locks_of_all_its_keys_before_its_first_row_on_postgres() {
    let store = TestStore::new(Engine::Postgres).await;
    for key in ["case:1", "case:2"] {
        let accept = message(key).to(CONNECTION);
        let accept = accept.change(|it| it.deliveries[0].order_key = Some(key.to_owned()));
        store.accept(accept).await.unwrap();
    }
    for claimed in store.claim_some(2, LONG).await {
        let rejected = Verdict::Final(DeliveryState::Rejected);
        store.record(outcome(&claimed, rejected)).await.unwrap();
    }
    let mut held = start(&store, BulkKind::Requeue).await;
    let all = rest(&store, &held.action).await;
    let elsewhere = BulkChange::Requeue { connection: "hospital".to_owned(), parked: false };
    let changes = each(&all, &elsewhere);
    let step = store.bulk_step(&mut held, &changes);
    let (done, locks) = with_locks_before_the_first_row(&store, step).await;
    assert_eq!(done, Ok(true));
    assert_eq!(locks, 2, "each key has a lock of its own, whatever the connection");
    assert_eq!(store.waiting().await, Ok(2));
}
