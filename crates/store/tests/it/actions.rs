//! What a person does with deliveries: retry, cancel, requeue, resend; pausing and removing.

use std::time::Duration;

use fieldpost_model::delivery::{DeliveryOrigin, DeliveryState};
use fieldpost_store::{DefinitionChange, DefinitionKind, Lane, QueuePlace, Recorded, Verdict};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, assert_conflict, connect,
    delivery_to, lane, message, outcome, succeeded,
};

/// Every state that a delivery can be in when somebody acts on it.
const STATES: [DeliveryState; 6] = [
    DeliveryState::Pending,
    DeliveryState::Failed,
    DeliveryState::Succeeded,
    DeliveryState::Cancelled,
    DeliveryState::Rejected,
    DeliveryState::Broken,
];

// MUST-25
#[rstest]
#[tokio::test]
async fn retry_makes_due_what_waits_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for state in STATES {
        let store = TestStore::new(engine).await;
        let delivery = store.bring_to(state).await;
        let retried = store.retry(PROJECT, &delivery).await;
        if !state.is_waiting() {
            assert_conflict(&retried);
            assert_eq!(store.find(delivery.id).await, delivery);
            continue;
        }
        assert_eq!(retried, Ok(()));
        let after = store.find(delivery.id).await;
        assert_eq!((after.state, after.attempts), (state, delivery.attempts));
        let claimed = store.claim_one().await;
        assert_eq!((claimed.id, claimed.tries), (delivery.id, delivery.attempts));
    }
}

// MUST-25
#[rstest]
#[tokio::test]
async fn cancel_ends_what_waits_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for state in STATES {
        let store = TestStore::new(engine).await;
        let delivery = store.bring_to(state).await;
        let cancelled = store.cancel(PROJECT, &delivery, "by hand").await;
        if !state.is_waiting() {
            assert_conflict(&cancelled);
            assert_eq!(store.find(delivery.id).await, delivery);
            continue;
        }
        assert_eq!(cancelled, Ok(()));
        let after = store.find(delivery.id).await;
        assert_eq!((after.state, after.next_attempt_at), (DeliveryState::Cancelled, None));
        assert_eq!(after.last_error.as_deref(), Some("by hand"));
        assert_eq!(store.waiting().await, Ok(0));
    }
}

// MUST-25
#[rstest]
#[tokio::test]
async fn requeue_gives_what_is_final_a_fresh_budget_under_its_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for state in STATES {
        let store = TestStore::new(engine).await;
        let delivery = store.bring_to(state).await;
        let requeued = store.requeue(PROJECT, &delivery, CONNECTION, false).await;
        if state.is_waiting() {
            assert_conflict(&requeued);
            assert_eq!(store.find(delivery.id).await, delivery);
            assert_eq!(store.waiting().await, Ok(1));
            continue;
        }
        assert_eq!(requeued, Ok(()));
        let after = store.find(delivery.id).await;
        assert_eq!((after.state, after.attempts), (DeliveryState::Pending, 1));
        assert!(after.registered_at > delivery.registered_at);
        let claimed = store.claim_one().await;
        assert_eq!(claimed.id, delivery.id);
        assert_eq!((claimed.attempts, claimed.tries), (1, 0));
        assert_eq!(claimed.registered_at, after.registered_at);
        // Its next attempt is the second.
        store.record(succeeded(&claimed)).await.unwrap();
        assert_eq!(store.find(delivery.id).await.attempts, 2);
        assert_eq!(store.attempts(PROJECT, delivery.id).await.unwrap().len(), 2);
    }
}

// MUST-26
#[rstest]
#[tokio::test]
async fn resend_makes_a_copy_and_leaves_the_original(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for state in STATES {
        let store = TestStore::new(engine).await;
        let delivery = store.bring_to(state).await;
        let copy = Uuid::now_v7();
        assert_eq!(store.resend(PROJECT, &delivery, copy, CONNECTION, false).await, Ok(()));
        assert_eq!(store.find(delivery.id).await, delivery);
        let copy = store.find(copy).await;
        assert_eq!((copy.state, copy.attempts), (DeliveryState::Pending, 0));
        assert_eq!((copy.resend_of, copy.origin), (Some(delivery.id), DeliveryOrigin::Resend));
        assert_eq!(copy.payload_id, delivery.payload_id);
        let claimed = store.claim_some(8, LONG).await;
        let claimed = claimed.iter().find(|claimed| claimed.id == copy.id).unwrap();
        assert_eq!(
            (claimed.resend_of, claimed.content.body.as_deref()),
            (Some(delivery.id), Some(&b"one"[..]))
        );

        // The same new id again, or a delivery that is gone: nothing is made.
        assert!(store.resend(PROJECT, &delivery, copy.id, CONNECTION, false).await.is_err());
        let mut gone = delivery.clone();
        gone.id = Uuid::now_v7();
        assert_conflict(&store.resend(PROJECT, &gone, Uuid::now_v7(), CONNECTION, false).await);
    }
}

// MUST-14
#[rstest]
#[tokio::test]
async fn what_is_requeued_or_resent_for_a_paused_forwarder_is_parked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.bring_to(DeliveryState::Rejected).await;
    store.requeue(PROJECT, &delivery, CONNECTION, true).await.unwrap();
    store.resend(PROJECT, &delivery, Uuid::now_v7(), CONNECTION, true).await.unwrap();
    assert!(store.claim_some(8, LONG).await.is_empty());
    assert_eq!(store.claim_lane(parking(), 8, LONG).await.claimed.len(), 2);
}

#[rstest]
#[tokio::test]
async fn nobody_takes_a_delivery_out_of_its_senders_hands(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    let claimed = store.claim_one().await;
    assert_conflict(&store.retry(PROJECT, &delivery).await);
    assert_conflict(&store.cancel(PROJECT, &delivery, "by hand").await);
    assert_conflict(&store.requeue(PROJECT, &delivery, CONNECTION, false).await);
    assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(0));
    assert_eq!(store.find(delivery.id).await, delivery);
    assert!(store.claim_some(8, LONG).await.is_empty());
    let recorded = store.record(succeeded(&claimed)).await;
    assert_eq!(recorded, Ok(Recorded::Written));
}

#[rstest]
#[tokio::test]
async fn of_two_people_one_acts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let delivery = store.bring_to(DeliveryState::Rejected).await;
    let requeued =
        join_all((0..8).map(|_| store.requeue(PROJECT, &delivery, CONNECTION, false))).await;
    assert_eq!(requeued.iter().filter(|end| end.is_ok()).count(), 1, "{requeued:?}");
    assert_eq!(store.waiting().await, Ok(1));
    let cancelled = join_all((0..8).map(|_| store.cancel(PROJECT, &delivery, "no"))).await;
    assert_eq!(cancelled.iter().filter(|end| end.is_ok()).count(), 1, "{cancelled:?}");
}

fn parking() -> Lane {
    lane(&Lane::parking(FORWARDER))
}

#[rstest]
#[tokio::test]
async fn lanes_are_moved_in_bounded_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accepts = (0..700).map(|number| message(&number.to_string()).to(CONNECTION));
    join_all(accepts.map(|accept| store.accept(accept))).await;
    let foreign = message("x").change(|accept| {
        let mut foreign = delivery_to(CONNECTION);
        foreign.forwarder = "deaths".to_owned();
        accept.deliveries.push(foreign);
    });
    store.accept(foreign).await.unwrap();
    // One is being sent, and one waits for long.
    let claimed = store.claim_some(2, LONG).await;
    store.record(outcome(&claimed[1], Verdict::RetryIn(LONG))).await.unwrap();

    let parking = Lane::parking(FORWARDER);
    let moved = store.move_in_steps(CONNECTION, &parking, CONNECTION, false).await.unwrap();
    assert_eq!(moved.iter().sum::<u64>(), 699);
    assert!(moved.iter().all(|step| *step <= 500), "{moved:?}");
    // What is left is the other forwarder's; what is being sent stays where it is.
    let left = store.claim_some(1_000, LONG).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].forwarder, "deaths");
    assert_eq!(store.record(succeeded(&claimed[0])).await, Ok(Recorded::Written));

    // Back again, everything due at once.
    assert_eq!(store.move_lane(&parking, CONNECTION, CONNECTION, true).await, Ok(699));
    assert_eq!(store.claim_some(1_000, LONG).await.len(), 699);
}

/// What others have waiting in the lane is passed by once, not once for each step.
#[rstest]
#[tokio::test]
async fn a_walk_is_as_long_as_the_lane(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let many = message("x").change(|accept| {
        accept.deliveries = (0..1_400).map(|_| delivery_to(CONNECTION)).collect();
        for (number, delivery) in accept.deliveries.iter_mut().enumerate() {
            // They lie in the order of their ids, since all came at one moment.
            if !matches!(number, 3 | 499 | 500 | 1_399) {
                delivery.forwarder = "deaths".to_owned();
            }
        }
        accept.deliveries.sort_by_key(|delivery| delivery.id);
    });
    store.accept(many).await.unwrap();
    let moved = store.move_in_steps(CONNECTION, "hospital", "hospital", false).await.unwrap();
    assert_eq!(moved.iter().sum::<u64>(), 4);
    assert_eq!(moved.len(), 3, "{moved:?}");
    assert_eq!(store.move_in_steps("hospital", CONNECTION, CONNECTION, false).await, Ok(vec![4]));
    let nothing = store.move_in_steps("nowhere", CONNECTION, CONNECTION, false).await;
    assert_eq!(nothing, Ok(vec![0]));
}

/// While a lane is emptied by claims, moving it must not touch what was claimed just now.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn moving_a_lane_breaks_no_lease(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let accepts = (0..400).map(|number| message(&number.to_string()).to(CONNECTION));
    join_all(accepts.map(|accept| store.accept(accept))).await;
    let claiming = async {
        let mut claimed = Vec::new();
        for _ in 0..40 {
            claimed.extend(store.claim_some(5, LONG).await);
        }
        claimed
    };
    let moving = async {
        for _ in 0..20 {
            let to = Lane::parking(FORWARDER);
            store.move_lane(CONNECTION, &to, CONNECTION, true).await.unwrap();
            store.move_lane(&to, CONNECTION, CONNECTION, true).await.unwrap();
        }
    };
    let (claimed, ()) = tokio::join!(claiming, moving);
    let ids: std::collections::HashSet<Uuid> = claimed.iter().map(|claimed| claimed.id).collect();
    assert_eq!(ids.len(), claimed.len(), "nothing was claimed twice");
    for recorded in join_all(claimed.iter().map(|claimed| store.record(succeeded(claimed)))).await {
        assert_eq!(recorded, Ok(Recorded::Written));
    }
}

/// Another hub claims in the moment between the choice of what to move and the move.
#[tokio::test]
async fn a_move_leaves_what_is_claimed_in_that_moment() {
    let store = TestStore::new(Engine::Postgres).await;
    let other = store.another_hub().await;
    let delivery = store.deliver_one().await;
    let client = connect(store.settings().database.as_ref().unwrap()).await;
    let claim = "BEGIN; UPDATE queue SET owner = 'other/1', fence = fence + 1,
                 next_at = next_at + 600000000";
    client.batch_execute(claim).await.unwrap();
    let parking = Lane::parking(FORWARDER);
    let moving = other.move_lane(CONNECTION, &parking, CONNECTION, true);
    let claiming = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (moved, ()) = tokio::join!(moving, claiming);
    assert_eq!(moved, Ok(0));
    assert_conflict(&store.retry(PROJECT, &delivery).await);
    assert!(store.claim_some(8, LONG).await.is_empty(), "the lease still holds");
    assert!(store.claim_lane(lane(&parking), 8, LONG).await.claimed.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_removed_forwarders_queue_is_cancelled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accepts: Vec<_> = (0..250)
        .map(|number| {
            message(&number.to_string()).to(CONNECTION).change(|accept| {
                accept.deliveries[0].parked = number % 2 == 0;
            })
        })
        .collect();
    join_all(accepts.iter().cloned().map(|accept| store.accept(accept))).await;
    let foreign = message("x").change(|accept| {
        let mut foreign = delivery_to(CONNECTION);
        foreign.forwarder = "deaths".to_owned();
        accept.deliveries.push(foreign);
    });
    store.accept(foreign).await.unwrap();
    let tried = store.claim_some(1, LONG).await.remove(0);
    store.record(outcome(&tried, Verdict::RetryIn(Duration::from_mins(1)))).await.unwrap();

    let cancelled = store.cancel_forwarder(PROJECT, FORWARDER, "the forwarder is gone").await;
    assert_eq!(cancelled, Ok(250));
    assert_eq!(store.waiting().await, Ok(1));
    for accept in &accepts {
        let delivery = store.find(accept.deliveries[0].id).await;
        assert_eq!(delivery.state, DeliveryState::Cancelled);
        assert_eq!(delivery.last_error.as_deref(), Some("the forwarder is gone"));
    }
}

fn forwarder() -> DefinitionChange {
    DefinitionChange::Set(DefinitionKind::Forwarder, FORWARDER.to_owned(), "{}".to_owned())
}

#[rstest]
#[tokio::test]
async fn a_sweep_spares_a_forwarder_that_is_there_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    store.change_configuration(PROJECT, 1, vec![forwarder()]).await.unwrap();
    assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(0));
    assert_eq!(store.find(delivery.id).await, delivery);
    let removed = DefinitionChange::Remove(DefinitionKind::Forwarder, FORWARDER.to_owned());
    store.change_configuration(PROJECT, 2, vec![removed]).await.unwrap();
    assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(1));
}

/// The forwarder is saved in the moment between the choice of what to cancel and the cancelling.
#[tokio::test]
async fn a_sweep_spares_a_forwarder_that_is_saved_in_that_moment() {
    let store = TestStore::new(Engine::Postgres).await;
    let delivery = store.deliver_one().await;
    let client = connect(store.settings().database.as_ref().unwrap()).await;
    client.batch_execute("BEGIN; LOCK TABLE queue IN EXCLUSIVE MODE").await.unwrap();
    let saving = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let save = "INSERT INTO definitions (project, kind, name, definition) VALUES ('clinic', 'forwarder', 'births', '{}'); COMMIT";
        client.batch_execute(save).await.unwrap();
    };
    let sweep = store.cancel_forwarder(PROJECT, FORWARDER, "removed");
    let (cancelled, ()) = tokio::join!(sweep, saving);
    assert_eq!(cancelled, Ok(0));
    assert_eq!(store.find(delivery.id).await, delivery);
    assert_eq!(store.claim_one().await.id, delivery.id);
}

#[rstest]
#[tokio::test]
async fn what_goes_again_goes_over_the_connection_of_today(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.bring_to(DeliveryState::Rejected).await;
    let copy = Uuid::now_v7();
    store.resend(PROJECT, &delivery, copy, "hospital", false).await.unwrap();
    store.requeue(PROJECT, &delivery, "hospital", false).await.unwrap();
    for id in [delivery.id, copy] {
        assert_eq!(store.find(id).await.connection, "hospital");
    }
    assert!(store.claim_some(8, LONG).await.is_empty());
    assert_eq!(store.claim_lane(lane("hospital"), 8, LONG).await.claimed.len(), 2);
}

#[rstest]
#[tokio::test]
async fn what_is_moved_goes_over_the_connection_of_today(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let sent = store.bring_to(DeliveryState::Rejected).await;
    let held = store.deliver_one().await;
    let claimed = store.claim_one().await;
    let moved = store.deliver_one().await;
    let foreign = message("x").to(CONNECTION).change(|accept| {
        accept.deliveries[0].forwarder = "deaths".to_owned();
    });
    let foreign_id = foreign.deliveries[0].id;
    store.accept(foreign).await.unwrap();
    let step = store.move_lane(CONNECTION, "hospital", "hospital", true).await;
    assert_eq!(step, Ok(1));
    for (id, connection) in [
        (sent.id, CONNECTION),
        (held.id, CONNECTION),
        (foreign_id, CONNECTION),
        (moved.id, "hospital"),
    ] {
        assert_eq!(store.find(id).await.connection, connection);
    }
    assert_eq!(store.claim_lane(lane("hospital"), 8, LONG).await.claimed[0].id, moved.id);
    assert_eq!(store.record(succeeded(&claimed)).await, Ok(Recorded::Written));
}

#[rstest]
#[tokio::test]
async fn the_places_where_deliveries_wait_are_told_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    assert_eq!(store.queue_places(PROJECT).await, Ok(Vec::new()));
    for (connection, parked) in [(CONNECTION, false), (CONNECTION, false), ("hospital", true)] {
        let accept = message("x").to(connection).change(|accept| {
            accept.deliveries[0].parked = parked;
        });
        store.accept(accept).await.unwrap();
    }
    let in_order = message("x").to(CONNECTION).change(|accept| {
        accept.deliveries[0].order_key = Some("of:births/7".to_owned());
    });
    store.accept(in_order).await.unwrap();
    let place = |lane: &str, connection: Option<&str>| QueuePlace {
        lane: lane.to_owned(),
        forwarder: FORWARDER.to_owned(),
        connection: connection.map(str::to_owned),
    };
    let mut places = store.queue_places(PROJECT).await.unwrap();
    places.sort_by_key(|place| (place.lane.clone(), place.connection.clone()));
    let expected = [("!births", None), (CONNECTION, None), (CONNECTION, Some(CONNECTION))];
    assert_eq!(places, expected.map(|(lane, connection)| place(lane, connection)));
    assert_eq!(store.queue_places("other").await, Ok(Vec::new()));
}

/// Whoever held it is gone, or will not be heard.
#[rstest]
#[tokio::test]
async fn a_lease_that_is_over_is_in_nobodys_way(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for removed in [false, true] {
        let store = TestStore::new(engine).await;
        let delivery = store.deliver_one().await;
        let first = store.claim_some(1, Duration::ZERO).await.remove(0);
        assert_eq!(store.retry(PROJECT, &delivery).await, Ok(()));
        let second = store.claim_some(1, Duration::ZERO).await.remove(0);
        assert!(second.fence > first.fence);
        if removed {
            assert_eq!(store.cancel_forwarder(PROJECT, FORWARDER, "removed").await, Ok(1));
        } else {
            assert_eq!(store.cancel(PROJECT, &delivery, "by hand").await, Ok(()));
        }
        for lost in [first, second] {
            assert_eq!(store.record(succeeded(&lost)).await, Ok(Recorded::LeaseLost));
        }
        assert_eq!(store.find(delivery.id).await.state, DeliveryState::Cancelled);
    }
}

/// A sender that stalled and comes to itself after its delivery was requeued.
#[rstest]
#[tokio::test]
async fn an_earlier_holder_is_not_taken_for_the_one_of_today(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    let stalled = store.claim_some(1, Duration::ZERO).await.remove(0);
    store.cancel(PROJECT, &delivery, "by hand").await.unwrap();
    store.requeue(PROJECT, &delivery, CONNECTION, false).await.unwrap();
    let ours = store.claim_one().await;
    assert_eq!(store.record(succeeded(&stalled)).await, Ok(Recorded::LeaseLost));
    assert_eq!(store.record(succeeded(&ours)).await, Ok(Recorded::Written));
}
