//! Messages that tell of a case as a whole bring no submission: what is erased of them is erased of cases,
//! and what is there of them keeps the case.

use std::time::Duration;

use fieldpost_store::{Accept, Criterion, Filing, RetentionKind};
use rstest::rstest;
use uuid::Uuid;

use super::erased::{erase, forms_of, keep, retain, two_versions};
use super::{case, filed, revision};
use crate::support::{Change, Engine, PROJECT, TestStore, now};

/// A message that tells of a case as a whole, which has been changed so often.
fn push(case_id: &str, expected: i64) -> Accept {
    let name = format!("push-{case_id}-{expected}");
    let accept = filed(&name, Filing::default());
    let filed_case = case(case_id, expected, &name, accept.message.id);
    accept.change(|accept| {
        let filing = Filing { cases: vec![filed_case], ..Filing::default() };
        accept.filing = Some(Box::new(filing));
    })
}

/// A message that comes later than what retention is to erase.
fn later(accept: Accept) -> Accept {
    let later = now() + Duration::from_hours(1);
    accept.change(|accept| {
        let seconds = u64::try_from(later.0 / 1_000_000).unwrap();
        let at = uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0);
        let id = Uuid::new_v7(at);
        accept.message.id = id;
        accept.message.received_at = later;
        for filed in accept.filing.iter_mut().flat_map(|filing| &mut filing.cases) {
            filed.history = case(&filed.case.id, 0, "later", id).history;
        }
    })
}

async fn has_body(store: &TestStore, message: Uuid) -> bool {
    store.message_content(PROJECT, message).await.unwrap().is_some()
}

#[rstest]
#[tokio::test]
async fn a_case_goes_with_the_person_whom_pushes_told_of(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(0, 1, 2)] way: usize,
) {
    let store = TestStore::new(engine).await;
    let pushed = keep(&store, push("p", 0)).await;
    let other = keep(&store, push("other", 0)).await;
    let criterion = match way {
        0 => Criterion::Message(pushed),
        1 => Criterion::Identity(format!("message {pushed}")),
        _ => Criterion::Key("p".to_owned()),
    };
    let traces = erase(&store, criterion).await;
    assert_eq!(traces.messages, [pushed]);
    assert_eq!((revision(&store, "p").await, revision(&store, "other").await), (0, 1));
    assert_eq!(forms_of(&store, "p").await, [""; 0]);
    assert!(!has_body(&store, pushed).await);
    assert!(has_body(&store, other).await);
}

#[rstest]
#[tokio::test]
async fn a_push_that_is_erased_leaves_its_case_to_be_made_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, messages) = two_versions(&store).await;
    let pushed = keep(&store, push("b", 1)).await;
    let traces = erase(&store, Criterion::Message(pushed)).await;
    assert_eq!((traces.messages, traces.submissions), (vec![pushed], vec![pushed]));
    assert_eq!(forms_of(&store, "b").await, ["uuid:one"]);
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), ["b"]);
    assert!(store.submission(PROJECT, one.id).await.unwrap().is_some());
    assert!(has_body(&store, messages[0]).await);
}

#[rstest]
#[tokio::test]
async fn a_case_goes_with_the_last_push(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    keep(&store, push("p", 0)).await;
    keep(&store, push("p", 1)).await;
    retain(&store, RetentionKind::Bodies).await;
    assert_eq!(revision(&store, "p").await, 2, "its bytes alone take no case along");
    retain(&store, RetentionKind::Messages).await;
    assert_eq!(revision(&store, "p").await, 0);
    assert_eq!(forms_of(&store, "p").await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_case_of_which_pushes_tell_outlives_its_forms(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] without_bytes: bool,
) {
    let store = TestStore::new(engine).await;
    two_versions(&store).await;
    let pushed = keep(&store, later(push("b", 1))).await;
    if without_bytes {
        // As they are where a project erases what has arrived everywhere.
        store
            .execute(&format!("UPDATE messages SET erased_at = 5 WHERE {}", by_id(engine, pushed)))
            .await;
    }
    retain(&store, RetentionKind::Messages).await;
    assert_eq!((revision(&store, "a").await, revision(&store, "b").await), (0, 2));
    assert_eq!(forms_of(&store, "b").await, ["uuid:one", "later"], "its history is its own");
    let traces = erase(&store, Criterion::Key("b".to_owned())).await;
    assert_eq!(traces.messages, [pushed], "what is left of it is still found");
    assert_eq!(revision(&store, "b").await, 0);
}

/// The condition that a row has this id.
fn by_id(engine: Engine, id: Uuid) -> String {
    match engine {
        Engine::Sqlite => format!("id = x'{}'", id.simple()),
        Engine::Postgres => format!("id = '{id}'"),
    }
}
