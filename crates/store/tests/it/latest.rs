//! Which place the newest state takes: that of the older ones, unless something stands behind them
//! that it must not overtake.

use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{Accept, NewDelivery, Replay, Replayed, Verdict};
use rstest::rstest;
use uuid::Uuid;

use crate::order::{drain, keep, latest, order_key, ordered};
use crate::support::{
    CONNECTION, Change, Engine, PROJECT, TestStore, delivery_to, message, outcome, released,
};

/// How an older state comes to stand behind a newer one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ComesBack {
    Requeued,
    Resent,
    Replayed,
}

/// A delivery that takes the place of what waits for the same case.
fn state_of(case: &str) -> NewDelivery {
    let mut delivery = delivery_to(CONNECTION);
    delivery.order_key = Some(format!("case:{case}"));
    delivery.collapse_key = Some(case.to_owned());
    delivery
}

/// Has an ended delivery sent once more; the answer is the delivery that waits.
async fn come_back(store: &TestStore, ended: Uuid, how: ComesBack) -> Uuid {
    let ended = store.find(ended).await;
    match how {
        ComesBack::Requeued => {
            store.requeue(PROJECT, &ended, CONNECTION, false).await.unwrap();
            ended.id
        }
        ComesBack::Resent => {
            let copy = Uuid::now_v7();
            store.resend(PROJECT, &ended, copy, CONNECTION, false).await.unwrap();
            copy
        }
        ComesBack::Replayed => {
            let again = state_of("a");
            let replay = Replay {
                project: PROJECT.into(),
                configuration_version: 1,
                message: ended.payload_id,
                released: None,
                still_quarantined: None,
                deliveries: vec![again.clone()],
                runs: Vec::new(),
                payloads: Vec::new(),
            };
            assert_eq!(store.replay(&replay).await, Ok(Replayed::Done));
            again.id
        }
    }
}

// MUST-35
#[rstest]
#[tokio::test]
async fn the_newest_state_does_not_overtake_an_older_one_that_came_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(ComesBack::Requeued, ComesBack::Resent, ComesBack::Replayed)] how: ComesBack,
) {
    let store = TestStore::new(engine).await;
    let refused = keep(&store, [latest("a")]).await[0];
    let rejected = Verdict::Final(DeliveryState::Rejected);
    store.record(outcome(&store.claim_one().await, rejected)).await.unwrap();
    let older = keep(&store, [latest("a")]).await[0];
    let again = come_back(&store, refused, how).await;
    let newest = keep(&store, ["a", "a"].map(latest)).await;
    assert_eq!(store.find(older).await.superseded_by, Some(newest[0]));
    assert_eq!(store.find(newest[0]).await.superseded_by, Some(newest[1]));
    assert_eq!(drain(&store).await, [again, newest[1]], "the newest state is the last");
}

/// What waits from a time in which the forwarder sent every single change.
#[rstest]
#[tokio::test]
async fn the_newest_state_does_not_overtake_what_was_kept_to_be_sent_in_any_case(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let kept = keep(&store, [latest("a"), ordered("a"), latest("a"), latest("a")]).await;
    assert_eq!(drain(&store).await, [kept[1], kept[3]]);
}

/// One message that calls for several deliveries of one key, with these keys to be replaced by.
fn several(collapse_keys: &[Option<&str>]) -> Accept {
    message("x").change(|accept| {
        accept.deliveries = collapse_keys
            .iter()
            .map(|key| NewDelivery {
                order_key: Some("*".to_owned()),
                collapse_key: key.map(str::to_owned),
                ..delivery_to(CONNECTION)
            })
            .collect();
    })
}

fn ids(accept: &Accept) -> Vec<Uuid> {
    accept.deliveries.iter().map(|delivery| delivery.id).collect()
}

#[rstest]
#[tokio::test]
async fn within_a_batch_nothing_is_overtaken_either(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let many = several(&[Some("a"), None, Some("a"), Some("a"), Some("b")]);
    let [_, plain, _, a, b] = ids(&many)[..] else { panic!("five deliveries") };
    store.accept(many).await.unwrap();
    // What is kept already has its place before all of these; but not to be overtaken by theirs.
    let more = several(&[Some("c"), Some("b")]);
    let [c, newer_b] = ids(&more)[..] else { panic!("two deliveries") };
    store.accept(more).await.unwrap();
    assert_eq!(store.find(b).await.superseded_by, Some(newer_b));
    assert_eq!(drain(&store).await, [plain, a, c, newer_b]);
}

#[rstest]
#[tokio::test]
async fn the_newest_state_has_the_place_of_the_older_where_that_overtakes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let of_others = |accept: Accept| {
        accept.change(|accept| accept.deliveries[0].forwarder = "deaths".to_owned())
    };
    let kept = keep(
        &store,
        [ordered("a"), latest("a"), of_others(latest("a")), latest("b"), latest("a"), latest("a")],
    )
    .await;
    let waits_for = async |id: Uuid| store.standing(PROJECT, id).await.unwrap().waits_for;
    assert_eq!(waits_for(kept[5]).await, Some(kept[0]));
    assert_eq!(waits_for(kept[3]).await, None);
    assert_eq!(drain(&store).await, [kept[0], kept[3], kept[5], kept[2]]);
}

/// Everything of a connection in one order: the newest about one case does not overtake what was kept
/// before it about another.
#[rstest]
#[tokio::test]
async fn in_the_order_of_a_connection_the_newest_state_goes_to_the_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let of = |case: &str| {
        latest(case).change(|accept| accept.deliveries.iter_mut().for_each(order_key("*")))
    };
    let kept = keep(&store, ["child", "parent", "child"].map(of)).await;
    assert_eq!(drain(&store).await, kept[1..]);
}

/// Releases a message that was set aside, with the newest state of the case `a`; the answer is its delivery.
async fn release(store: &TestStore) -> Uuid {
    let broken = message("broken").unreadable("broken");
    let (id, newest) = (broken.message.id, state_of("a"));
    store.accept(broken).await.unwrap();
    let replay = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: id,
        released: Some(released("released", None)),
        still_quarantined: None,
        deliveries: vec![newest.clone()],
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    assert_eq!(store.replay(&replay).await, Ok(Replayed::Done));
    newest.id
}

/// What is released arrives then: by the rules of what arrives by itself.
#[rstest]
#[tokio::test]
async fn what_is_released_has_the_place_of_the_older_where_that_overtakes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] is_another_behind: bool,
) {
    let store = TestStore::new(engine).await;
    let others = latest("a").change(|accept| accept.deliveries[0].forwarder = "deaths".to_owned());
    let behind = if is_another_behind { ordered("a") } else { ordered("b") };
    let kept = keep(&store, [latest("a"), others, behind]).await;
    let newest = release(&store).await;
    assert_eq!(store.find(kept[0]).await.superseded_by, Some(newest));
    // It is replaced as any other is.
    let last = keep(&store, [latest("a")]).await[0];
    assert_eq!(store.find(newest).await.superseded_by, Some(last));
    let sent = drain(&store).await;
    let place = |id: Uuid| sent.iter().position(|it| *it == id).unwrap();
    assert_eq!(sent.len(), 3, "{sent:?}");
    let follows = place(last) > place(kept[1]);
    assert_eq!(follows, is_another_behind, "{sent:?}");
    assert!(!is_another_behind || place(last) > place(kept[2]), "{sent:?}");
}

/// What is being sent is not taken back, and goes first.
#[rstest]
#[tokio::test]
async fn what_is_released_leaves_alone_what_is_being_sent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = keep(&store, [latest("a")]).await[0];
    let claimed = store.claim_one().await;
    let second = keep(&store, [latest("a")]).await[0];
    let newest = release(&store).await;
    assert_eq!(store.find(second).await.superseded_by, Some(newest));
    assert_eq!(store.find(first).await.superseded_by, None);
    assert!(store.claim_some(9, crate::support::LONG).await.is_empty(), "one after the other");
    store.record(crate::support::succeeded(&claimed)).await.unwrap();
    assert_eq!(drain(&store).await, [newest]);
}
