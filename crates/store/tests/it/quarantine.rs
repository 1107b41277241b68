//! What could not be read.

use fieldpost_model::message::MessageState;
use fieldpost_store::{Accepted, MessageQuery, Released, Replay, Replayed, Signal, StoreError};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, PROJECT, TestStore, assert_conflict, delivery_to, first, message,
    released,
};

/// A replay that finds nothing to do.
fn replay(message: Uuid) -> Replay {
    Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message,
        released: None,
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    }
}

#[rstest]
#[tokio::test]
async fn a_content_is_kept_once_and_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("<broken").unreadable("not XML");
    let id = accept.message.id;
    assert_eq!(store.accept(accept).await, Ok(Accepted::Quarantined { id, seen: 1 }));
    for seen in 2..5 {
        let again = message("<broken").unreadable("not XML");
        assert_eq!(store.accept(again).await, Ok(Accepted::Quarantined { id, seen }));
    }
    let quarantined =
        MessageQuery { state: Some(MessageState::Quarantined), ..MessageQuery::default() };
    let found = store.messages(PROJECT, &quarantined, first(10)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].seen, found[0].reason.as_deref()), (4, Some("not XML")));
    assert_eq!(store.message_content(PROJECT, id).await.unwrap().unwrap().1, b"<broken");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn at_once_it_is_the_same(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    // Ten contents over two sources, in changing order.
    let accepts = (0..200).map(|number: u32| {
        let content = (number * 7 + number / 10) % 10;
        message(&format!("<{content}")).unreadable("not XML").change(|accept| {
            accept.message.source = format!("source-{}", number % 2);
        })
    });
    let answers = join_all(accepts.map(|accept| store.accept(accept))).await;
    let mut highest = std::collections::HashMap::new();
    for answer in answers {
        let Ok(Accepted::Quarantined { id, seen }) = answer else { panic!("{answer:?}") };
        let highest = highest.entry(id).or_insert(0);
        *highest = seen.max(*highest);
    }
    assert_eq!(highest.values().sum::<u32>(), 200, "every arrival counts once: {highest:?}");
}

#[rstest]
#[tokio::test]
async fn a_source_holds_no_more_than_its_limit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::with(engine, |settings| settings.quarantine_limit = 3).await;
    let bad = |number: u32| message(&format!("<{number}")).unreadable("not XML");
    let mut ids = Vec::new();
    for number in 0..3 {
        let accept = bad(number);
        ids.push(accept.message.id);
        let answer = store.accept(accept).await.unwrap();
        assert!(matches!(answer, Accepted::Quarantined { seen: 1, .. }), "{answer:?}");
    }
    let one_past = bad(3);
    let refused = one_past.message.id;
    assert_eq!(store.accept(one_past).await, Ok(Accepted::QuarantineFull));
    assert_eq!(store.message(PROJECT, refused).await, Ok(None));
    // Known contents are still counted, other sources still have room, and so have readable ones.
    let again = store.accept(bad(1)).await;
    assert_eq!(again, Ok(Accepted::Quarantined { id: ids[1], seen: 2 }));
    let elsewhere = bad(3).change(|accept| accept.message.source = "elsewhere".into());
    let id = elsewhere.message.id;
    assert_eq!(store.accept(elsewhere).await, Ok(Accepted::Quarantined { id, seen: 1 }));
    assert_eq!(store.accept(message("fine")).await, Ok(Accepted::Kept { version: 1 }));

    // One is released: there is room for one, and for one only.
    let release = Replay {
        released: Some(Released { identity: None, ..released("", None) }),
        ..replay(ids[0])
    };
    assert_eq!(store.replay(&release).await, Ok(Replayed::Done));
    let fits = bad(3);
    let id = fits.message.id;
    assert_eq!(store.accept(fits).await, Ok(Accepted::Quarantined { id, seen: 1 }));
    assert_eq!(store.accept(bad(4)).await, Ok(Accepted::QuarantineFull));
}

#[rstest]
#[tokio::test]
async fn a_replay_releases_once_with_its_deliveries(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("<broken").unreadable("not XML");
    let id = accept.message.id;
    store.accept(accept).await.unwrap();
    let release = Replay {
        released: Some(released("form-1", None)),
        deliveries: vec![delivery_to(CONNECTION)],
        ..replay(id)
    };
    let stale = Replay { configuration_version: 2, ..release.clone() };
    assert_eq!(store.replay(&stale).await, Ok(Replayed::Stale));
    assert_eq!(store.waiting().await, Ok(0));

    assert_eq!(store.replay(&release).await, Ok(Replayed::Done));
    let released = store.message(PROJECT, id).await.unwrap().unwrap();
    assert_eq!((released.state, released.reason), (MessageState::Kept, None));
    assert_eq!(released.identity.as_deref(), Some("form-1"));
    let claimed = store.claim_one().await;
    assert_eq!(
        (claimed.message, claimed.content.body.as_deref()),
        (Some(id), Some(&b"<broken"[..]))
    );

    // Released is released: a second one conflicts, and adds nothing.
    let second = Replay { deliveries: vec![delivery_to(CONNECTION)], ..release };
    assert_conflict(&store.replay(&second).await);
    assert_eq!(store.waiting().await, Ok(1));
}

#[rstest]
#[tokio::test]
async fn a_replay_that_fails_again_says_why_today(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("<broken").unreadable("not XML");
    let id = accept.message.id;
    store.accept(accept).await.unwrap();
    let again = Replay { still_quarantined: Some("not JSON".to_owned()), ..replay(id) };
    assert_eq!(store.replay(&again).await, Ok(Replayed::Done));
    let message = store.message(PROJECT, id).await.unwrap().unwrap();
    assert_eq!(message.state, MessageState::Quarantined);
    assert_eq!(message.reason.as_deref(), Some("not JSON"));
}

// MUST-27
#[rstest]
#[tokio::test]
async fn a_kept_message_is_matched_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("{}");
    let id = accept.message.id;
    store.accept(accept).await.unwrap();
    let mut parked = delivery_to(CONNECTION);
    parked.parked = true;
    let deliveries = vec![delivery_to(CONNECTION), parked, delivery_to("hospital")];
    let again = Replay { deliveries, ..replay(id) };
    assert_eq!(store.replay(&again).await, Ok(Replayed::Done));
    assert_eq!(store.waiting().await, Ok(3));
    assert_eq!(store.claim_one().await.message, Some(id));
    // The same delivery ids again: refused whole.
    let twice = store.replay(&again).await;
    assert!(matches!(twice, Err(StoreError::Refused(_))), "{twice:?}");
    assert_eq!(store.waiting().await, Ok(3));
}

/// What a released message is deduplicated by, as if its content had been `content`.
fn released_as(content: &str) -> Released {
    let dedupe = message(content).known_as("form-1").message.dedupe;
    released("form-1", dedupe)
}

#[rstest]
#[tokio::test]
async fn a_release_of_what_was_kept_meanwhile_makes_a_duplicate(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::with(engine, |settings| settings.quarantine_limit = 1).await;
    let unreadable = message("<broken").unreadable("not XML");
    let id = unreadable.message.id;
    store.accept(unreadable).await.unwrap();
    store.accept(message("older").known_as("form-1")).await.unwrap();
    let kept = message("form").known_as("form-1");
    let of = kept.message.id;
    assert_eq!(store.accept(kept).await, Ok(Accepted::Kept { version: 2 }));

    let release = Replay {
        released: Some(released_as("form")),
        deliveries: vec![delivery_to(CONNECTION)],
        ..replay(id)
    };
    let stale = Replay { configuration_version: 2, ..release.clone() };
    assert_eq!(store.replay(&stale).await, Ok(Replayed::Stale));
    let mut signals = store.listen();
    assert_eq!(store.replay(&release).await, Ok(Replayed::DuplicateOf(of)));
    let signal = Signal::Message { project: PROJECT.into(), id, state: MessageState::Duplicate };
    assert_eq!(signals.try_recv(), Ok(signal));
    let duplicate = store.message(PROJECT, id).await.unwrap().unwrap();
    assert_eq!((duplicate.state, duplicate.duplicate_of), (MessageState::Duplicate, Some(of)));
    assert_eq!((duplicate.reason, duplicate.version), (None, 2));
    assert_eq!(duplicate.identity.as_deref(), Some("form-1"));
    assert_eq!(store.waiting().await, Ok(0));

    // Its place in the quarantine is free, once.
    let next = message("<next").unreadable("not XML");
    let id = next.message.id;
    assert_eq!(store.accept(next).await, Ok(Accepted::Quarantined { id, seen: 1 }));
    assert_conflict(&store.replay(&release).await);
    let full = message("<more").unreadable("not XML");
    assert_eq!(store.accept(full).await, Ok(Accepted::QuarantineFull));
}

#[rstest]
#[tokio::test]
async fn a_release_with_other_content_is_a_new_version(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let unreadable = message("<broken").unreadable("not XML");
    let id = unreadable.message.id;
    store.accept(unreadable).await.unwrap();
    store.accept(message("form").known_as("form-1")).await.unwrap();
    let release = Replay { released: Some(released_as("other")), ..replay(id) };
    assert_eq!(store.replay(&release).await, Ok(Replayed::Done));
    assert_eq!(store.message(PROJECT, id).await.unwrap().unwrap().version, 2);
    let repetition = message("other").known_as("form-1");
    assert_eq!(store.accept(repetition).await, Ok(Accepted::Duplicate { of: id }));
}

/// The same bytes, unreadable once more after a change of the definitions was taken back.
#[rstest]
#[tokio::test]
async fn what_was_released_can_be_quarantined_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = message("<broken").unreadable("not XML");
    let other = message("<other").unreadable("not XML");
    let (first_id, other_id) = (one.message.id, other.message.id);
    store.accept(one).await.unwrap();
    store.accept(other).await.unwrap();
    let release = Replay { released: Some(released_as("form")), ..replay(first_id) };
    assert_eq!(store.replay(&release).await, Ok(Replayed::Done));
    let again = message("<broken").unreadable("not XML");
    let id = again.message.id;
    assert_eq!(store.accept(again).await, Ok(Accepted::Quarantined { id, seen: 1 }));
    // Others are known as before, and so is what was released.
    let other = message("<other").unreadable("not XML");
    assert_eq!(store.accept(other).await, Ok(Accepted::Quarantined { id: other_id, seen: 2 }));
    let repetition = message("form").known_as("form-1");
    assert_eq!(store.accept(repetition).await, Ok(Accepted::Duplicate { of: first_id }));
}
