//! The same message twice.

use std::time::Duration;

use fieldpost_model::message::MessageState;
use fieldpost_store::{Accepted, Store};
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{CONNECTION, Change, Engine, PROJECT, TestStore, message, now};

const KEPT: Accepted = Accepted::Kept { version: 1 };

// MUST-8
#[rstest]
#[tokio::test]
async fn the_same_content_is_a_duplicate_and_sets_nothing_off(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let original = message("A").known_as("form-1").to(CONNECTION);
    let repetition = message("A").known_as("form-1").to(CONNECTION);
    let (of, id) = (original.message.id, repetition.message.id);
    assert_eq!(store.accept(original).await, Ok(KEPT));
    assert_eq!(store.accept(repetition).await, Ok(Accepted::Duplicate { of }));
    assert_eq!(store.waiting().await, Ok(1));

    let kept = store.message(PROJECT, id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.duplicate_of), (MessageState::Duplicate, Some(of)));
    assert_eq!(store.message_content(PROJECT, id).await.unwrap().unwrap().1, b"A");
}

// MUST-9
#[rstest]
#[tokio::test]
async fn other_content_is_a_new_version_and_so_is_the_way_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for (version, content) in [(1, "A"), (2, "B"), (3, "A")] {
        let accept = message(content).known_as("form-1").to(CONNECTION);
        let id = accept.message.id;
        assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version }));
        assert_eq!(store.message(PROJECT, id).await.unwrap().unwrap().version, version);
        let repetition = message(content).known_as("form-1");
        let repeated = repetition.message.id;
        assert_eq!(store.accept(repetition).await, Ok(Accepted::Duplicate { of: id }));
        assert_eq!(store.message(PROJECT, repeated).await.unwrap().unwrap().version, version);
    }
    assert_eq!(store.waiting().await, Ok(3));
}

/// What the answers to equal messages, sent at once, must be: one kept, all others duplicates of it.
fn assert_one_kept(sent: &[uuid::Uuid], answers: &[Accepted]) {
    let kept: Vec<_> = sent
        .iter()
        .zip(answers)
        .filter(|(_, answer)| **answer == KEPT)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(kept.len(), 1, "{answers:?}");
    let duplicate = Accepted::Duplicate { of: kept[0] };
    let duplicates = answers.iter().filter(|answer| **answer == duplicate).count();
    assert_eq!(duplicates, answers.len() - 1, "{answers:?}");
}

async fn send_equal(stores: &[&Store], number: usize) {
    let accepts: Vec<_> =
        (0..64).map(|_| message("A").known_as(&format!("form-{number}")).to(CONNECTION)).collect();
    let sent: Vec<_> = accepts.iter().map(|accept| accept.message.id).collect();
    let answers = join_all(
        accepts.into_iter().zip(stores.iter().cycle()).map(|(accept, store)| store.accept(accept)),
    )
    .await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_one_kept(&sent, &answers);
    assert_eq!(stores[0].waiting().await, Ok(number as u64 + 1));
}

// MUST-10
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_64_equal_ones_at_once_one_is_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for number in 0..4 {
        send_equal(&[&store], number).await;
    }
}

// MUST-10
#[tokio::test(flavor = "multi_thread")]
async fn of_64_equal_ones_over_two_hubs_one_is_kept() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    for number in 0..8 {
        send_equal(&[&one, &other], number).await;
    }
}

/// Many identities, each several times, in opposite orders through two hubs: nobody waits for
/// somebody who waits for him.
#[tokio::test(flavor = "multi_thread")]
async fn hubs_that_claim_the_same_identities_do_not_lock_each_other_out() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    let numbered =
        |number: u32| message(&format!("v{}", number % 3)).known_as(&format!("f{}", number % 40));
    for _ in 0..4 {
        let forwards = (0..400).map(|number| one.accept(numbered(number)));
        let backwards = (0..400).rev().map(|number| other.accept(numbered(number)));
        let (one, other) = tokio::join!(join_all(forwards), join_all(backwards));
        for answer in one.into_iter().chain(other) {
            assert!(
                matches!(answer, Ok(Accepted::Kept { .. } | Accepted::Duplicate { .. })),
                "{answer:?}"
            );
        }
    }
}

// MUST-11
#[rstest]
#[tokio::test]
async fn a_window_forgets(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let window = Duration::from_mins(1);
    let start = now();
    let sent_after = |pause: Duration| {
        message("A").known_as("content").to(CONNECTION).change(|accept| {
            accept.message.received_at = start + pause;
            accept.message.dedupe.as_mut().unwrap().window = Some(window);
        })
    };
    let original = sent_after(Duration::ZERO);
    let of = original.message.id;
    assert_eq!(store.accept(original).await, Ok(KEPT));
    let last_moment = sent_after(window.checked_sub(Duration::from_micros(1)).unwrap());
    assert_eq!(store.accept(last_moment).await, Ok(Accepted::Duplicate { of }));
    let over = sent_after(window);
    let anew = over.message.id;
    assert_eq!(store.accept(over).await, Ok(KEPT));
    // The window begins again with what was kept.
    let within = sent_after(window + window / 2);
    assert_eq!(store.accept(within).await, Ok(Accepted::Duplicate { of: anew }));
}

// MUST-11
#[rstest]
#[tokio::test]
async fn without_a_key_nothing_is_a_duplicate(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for _ in 0..2 {
        let accept = message("A").change(|accept| accept.message.identity = Some("same".into()));
        assert_eq!(store.accept(accept).await, Ok(KEPT));
    }
}

#[rstest]
#[tokio::test]
async fn sources_and_projects_do_not_know_each_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.create_project("other", "Other", now()).await.unwrap();
    let equal = || message("A").known_as("form-1");
    assert_eq!(store.accept(equal()).await, Ok(KEPT));
    let other_source = equal().change(|accept| accept.message.source = "elsewhere".into());
    assert_eq!(store.accept(other_source).await, Ok(KEPT));
    let other_project = equal().change(|accept| accept.project = "other".into());
    assert_eq!(store.accept(other_project).await, Ok(KEPT));
}
