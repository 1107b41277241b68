//! What belongs to the history of a message: its versions, and the tries of its deliveries.

use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{Accept, DedupeKey, Replay, Replayed, Verdict};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, message, outcome, released, succeeded,
};

/// A message that its dialect knows by an identity.
fn submission(identity: &str, body: &str) -> Accept {
    message(body).known_as(identity).change(|accept| {
        if let Some(dedupe) = &mut accept.message.dedupe {
            dedupe.key = format!("id:{identity}");
        }
    })
}

async fn versions(store: &TestStore, id: Uuid, most: usize) -> Vec<(Uuid, u32)> {
    let message = store.message(PROJECT, id).await.unwrap().unwrap();
    let found = store.versions(PROJECT, &message, most).await.unwrap();
    found.into_iter().map(|version| (version.id, version.version)).collect()
}

#[rstest]
#[tokio::test]
async fn a_message_knows_its_versions(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let mut ids = Vec::new();
    for body in ["first", "second", "second", "third"] {
        let accept = submission("birth-7", body);
        ids.push(accept.message.id);
        store.accept(accept).await.unwrap();
        store.accept(submission("birth-8", body)).await.unwrap();
    }
    let all = vec![(ids[3], 3), (ids[1], 2), (ids[0], 1)];
    for id in [ids[0], ids[1], ids[2], ids[3]] {
        assert_eq!(versions(&store, id, 100).await, all);
    }
    assert_eq!(versions(&store, ids[0], 2).await, all[..2]);

    let newest = store.newest_of(PROJECT, "intake", "birth-7").await;
    assert_eq!(newest, Ok(Some(ids[3])));
    assert_eq!(store.newest_of(PROJECT, "intake", "birth").await, Ok(None));
    assert_eq!(store.newest_of(PROJECT, "elsewhere", "birth-7").await, Ok(None));
    let alone = message("x");
    let id = alone.message.id;
    store.accept(alone).await.unwrap();
    assert_eq!(versions(&store, id, 100).await, [(id, 1)]);
}

/// Versions that wait for one commit are told apart all the same.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn versions_that_come_at_once_all_have_their_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const AT_ONCE: u32 = 20;
    let store = TestStore::new(engine).await;
    let accepts: Vec<Accept> =
        (0..AT_ONCE).map(|number| submission("birth-7", &number.to_string())).collect();
    let one = accepts[0].message.id;
    for kept in join_all(accepts.into_iter().map(|accept| store.accept(accept))).await {
        kept.unwrap();
    }
    let found: Vec<u32> =
        versions(&store, one, 100).await.into_iter().map(|(_, version)| version).collect();
    assert_eq!(found, (1..=AT_ONCE).rev().collect::<Vec<_>>());
}

#[rstest]
#[tokio::test]
async fn a_message_that_is_released_takes_its_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = submission("birth-7", "first");
    let unreadable = message("second").unreadable("not JSON");
    let ids = [kept.message.id, unreadable.message.id];
    let dedupe = DedupeKey { key: "id:birth-7".to_owned(), content_hash: [9; 32], window: None };
    store.accept(kept).await.unwrap();
    store.accept(unreadable).await.unwrap();
    let replay = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: ids[1],
        released: Some(released("birth-7", Some(dedupe))),
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    assert_eq!(store.replay(&replay).await, Ok(Replayed::Done));
    assert_eq!(versions(&store, ids[0], 100).await, [(ids[1], 2), (ids[0], 1)]);
}

#[rstest]
#[tokio::test]
async fn tries_are_read_for_many_deliveries(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("x").to(CONNECTION).to(CONNECTION);
    let ids: Vec<Uuid> = accept.deliveries.iter().map(|delivery| delivery.id).collect();
    store.accept(accept).await.unwrap();
    let claimed = store.claim_some(2, LONG).await;
    let failed = outcome(&claimed[0], Verdict::RetryIn(std::time::Duration::ZERO));
    store.record(failed).await.unwrap();
    store.record(succeeded(&claimed[1])).await.unwrap();
    let again = store.claim_one().await;
    store.record(outcome(&again, Verdict::Final(DeliveryState::Rejected))).await.unwrap();

    let read = async |ids: &[Uuid], most| -> Vec<(Uuid, u32, Option<u16>)> {
        let tries = store.tries(PROJECT, ids, most).await.unwrap();
        tries.into_iter().map(|one| (one.delivery, one.number, one.status)).collect()
    };
    let (twice, once) = (again.id, claimed[1].id);
    let mut all = [(twice, 1, Some(503)), (twice, 2, Some(503)), (once, 1, Some(200))];
    all.sort_unstable();
    assert_eq!(read(&ids, 100).await, all);
    assert_eq!(read(&ids, 2).await, all[..2]);
    assert_eq!(read(&[once], 100).await, [(once, 1, Some(200))]);
    assert_eq!(read(&[], 100).await, []);
}
