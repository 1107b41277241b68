//! Settling what was being sent and was not: a claim that is given back, by whomever, goes behind what
//! was sorted in ahead of it meanwhile. And faults, should there ever be any, are found.

use std::time::Duration;

use fieldpost_store::{Accept, Claimed, LaneDemand, Recorded};
use rstest::rstest;
use uuid::Uuid;

use crate::order::{keep, ordered};
use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, lane, message, release, succeeded,
};

/// Where the forwarder sends to now.
const ELSEWHERE: &str = "hospital";

/// A message of another forwarder about the case `a`, over the new connection.
fn there() -> Accept {
    message("x").to(ELSEWHERE).change(|accept| {
        accept.deliveries[0].order_key = Some("case:a".to_owned());
        accept.deliveries[0].forwarder = "deaths".to_owned();
    })
}

fn demand() -> LaneDemand {
    LaneDemand { lane: lane(ELSEWHERE), limit: 8, lease: LONG }
}

async fn claim(store: &TestStore) -> Vec<Claimed> {
    store.claim(vec![demand()]).await.unwrap().claimed
}

fn ids(claimed: &[Claimed]) -> Vec<Uuid> {
    claimed.iter().map(|claimed| claimed.id).collect()
}

/// How a claim comes back without an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum GivenBack {
    Released,
    /// Its answer was lost.
    Lost,
    /// The process has ended.
    AtStart,
}

// MUST-34
#[rstest]
#[tokio::test]
async fn what_is_given_back_goes_behind_what_was_moved_ahead_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(GivenBack::Released, GivenBack::Lost, GivenBack::AtStart)] how: GivenBack,
) {
    let mut store = TestStore::new(engine).await;
    let earlier = keep(&store, [ordered("a")]).await[0];
    let later = keep(&store, [there()]).await[0];
    if how == GivenBack::Lost {
        store.execute("ALTER TABLE message_bodies RENAME TO away").await;
        assert!(store.claim(vec![demand()]).await.is_err());
        store.execute("ALTER TABLE away RENAME TO message_bodies").await;
    }
    let held = if how == GivenBack::Lost { Vec::new() } else { claim(&store).await };
    let moved = store.move_lane(CONNECTION, ELSEWHERE, ELSEWHERE, true).await;
    assert_eq!(moved, Ok(1));
    match how {
        GivenBack::Released => {
            let held = &held[0];
            store.release(vec![release(held)]).await.unwrap();
        }
        GivenBack::Lost => {}
        GivenBack::AtStart => store = store.restart().await,
    }
    let claimed = claim(&store).await;
    assert_eq!(ids(&claimed), [earlier]);
    assert_eq!(store.record(succeeded(&claimed[0])).await, Ok(Recorded::Written));
    assert_eq!(ids(&claim(&store).await), [later]);
}

/// Something is ahead, and neither is it being sent nor is it the first.
#[rstest]
#[tokio::test]
async fn what_is_ahead_of_the_first_is_a_fault(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, ["a", "a", "b", "b"].map(ordered)).await;
    store.execute("UPDATE queue SET rank = 2").await;
    store.execute("UPDATE queue SET rank = 0 WHERE position IN (2, 4)").await;
    let claimed = store.claim_some(1, LONG).await.remove(0);
    assert!(claimed.id == kept[1] || claimed.id == kept[3]);
    assert_eq!(store.repair_order(PROJECT).await, Ok(2), "what is being sent keeps its turn");
    assert_eq!(store.repair_order(PROJECT).await, Ok(0));
    let other = if claimed.id == kept[1] { kept[2] } else { kept[0] };
    assert_eq!(ids(&store.claim_some(8, LONG).await), [other]);
}

/// Many claims of one sequence of claims: bounded parts, however many are given back at once.
#[rstest]
#[tokio::test]
async fn many_are_given_back_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let many = message("x").change(|accept| {
        accept.deliveries = (0..1_500).map(|_| crate::support::delivery_to(CONNECTION)).collect();
        for (number, delivery) in accept.deliveries.iter_mut().enumerate() {
            delivery.order_key = (number % 2 == 0).then(|| format!("case:{number}"));
        }
    });
    store.accept(many).await.unwrap();
    let claimed = store.claim_some(2_000, Duration::from_mins(5)).await;
    assert_eq!(claimed.len(), 1_500);
    store.release(claimed.iter().map(release).collect()).await.unwrap();
    assert_eq!(store.claim_some(2_000, LONG).await.len(), 1_500);
}
