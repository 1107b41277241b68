//! Files count from a version of their submission on, and what has come under a name stays.

use fieldpost_store::{
    Accepted, DedupeKey, FiledFile, FiledSubmission, Filing, Released, Replay, Replayed,
};
use rstest::rstest;
use uuid::Uuid;

use super::locks::Holder;
use super::{FORM, begin, file, filed, new_form, submission};
use crate::support::{Change, Engine, PROJECT, TestStore, message, released};

async fn files(store: &TestStore, submission: Uuid, version: i64) -> Vec<(String, Option<u8>)> {
    let files = store.files_at(PROJECT, submission, version).await.unwrap();
    files.into_iter().map(|file| (file.name, file.sha256.map(|sha256| sha256[0]))).collect()
}

#[rstest]
#[tokio::test]
async fn an_edit_leaves_the_files_of_earlier_versions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    let came = |name: &str, sha256: u8| file(first.id, name, Some([sha256; 32]));
    let again = Filing { files: vec![came("a.jpg", 1), came("b.jpg", 2)], ..Filing::default() };
    store.accept(filed("first", again)).await.unwrap();
    let edit = FiledSubmission { id: first.id, expected: 1, ..submission("uuid:edit") };
    let edit = Filing {
        submissions: vec![edit],
        files: vec![came("a.jpg", 3), file(first.id, "b.jpg", None), came("c.jpg", 4)],
        ..Filing::default()
    };
    assert_eq!(store.accept(filed("edit", edit)).await, Ok(Accepted::Kept { version: 1 }));
    // A file of the first version comes late.
    let late = FiledFile { version: 1, ..came("d.jpg", 5) };
    let late = Filing { files: vec![late], ..Filing::default() };
    store.accept(filed("first", late)).await.unwrap();

    let told = |files: &[(&str, u8)]| -> Vec<(String, Option<u8>)> {
        files.iter().map(|(name, sha256)| ((*name).to_owned(), Some(*sha256))).collect()
    };
    let newest = told(&[("a.jpg", 3), ("b.jpg", 2), ("c.jpg", 4), ("d.jpg", 5)]);
    assert_eq!(files(&store, first.id, 2).await, newest);
    let before = told(&[("a.jpg", 1), ("b.jpg", 2), ("d.jpg", 5)]);
    assert_eq!(files(&store, first.id, 1).await, before);
    let of = store.files_of(PROJECT, first.id).await.unwrap();
    assert_eq!(of, store.files_at(PROJECT, first.id, 2).await.unwrap());
}

#[rstest]
#[tokio::test]
async fn of_two_contents_under_one_name_the_first_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    let bring = |sha256: u8| {
        let files = vec![file(first.id, "a.jpg", Some([sha256; 32]))];
        filed("first", Filing { files, ..Filing::default() })
    };
    let (one, other) = tokio::join!(store.accept(bring(1)), store.accept(bring(2)));
    let answers = [one.unwrap(), other.unwrap()];
    let stale = answers.iter().filter(|answer| **answer == Accepted::Stale).count();
    assert_eq!(stale, 1, "{answers:?}");
    let there = files(&store, first.id, 1).await[0].1.unwrap();
    assert_eq!(store.accept(bring(3 - there)).await, Ok(Accepted::Stale));
    let answer = store.accept(bring(there)).await;
    assert!(matches!(answer, Ok(Accepted::Duplicate { .. })), "{answer:?}");
}

/// What was set aside with files and is released where the same was kept meanwhile brings its files.
#[rstest]
#[tokio::test]
async fn a_repetition_that_was_set_aside_brings_its_files(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let late = submission("uuid:late");
    let photo = |id: Uuid| vec![file(id, "a.jpg", Some([7; 32]))];
    let aside = Filing { files: photo(late.id), ..Filing::default() };
    let aside = filed("late", aside).change(|accept| accept.message.dedupe = None);
    let aside = aside.unreadable("not known yet");
    let id = aside.message.id;
    store.accept(aside).await.unwrap();
    let kept = Filing {
        forms: vec![new_form(FORM)],
        submissions: vec![late.clone()],
        ..Filing::default()
    };
    let kept = filed("late", kept);
    let (holder, dedupe) = (kept.message.id, kept.message.dedupe.clone());
    store.accept(kept).await.unwrap();

    let release = |filing: Filing, dedupe: Option<DedupeKey>| Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: id,
        released: Some(Released { filing: Some(Box::new(filing)), ..released("late", dedupe) }),
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    // Planned before the other was kept: as a submission of its own.
    let own = submission("uuid:late");
    let early = Filing { files: photo(own.id), submissions: vec![own], ..Filing::default() };
    let answer = store.replay(&release(early, dedupe.clone())).await;
    assert_eq!(answer, Ok(Replayed::Stale));
    let again = Filing { files: photo(late.id), ..Filing::default() };
    let answer = store.replay(&release(again, dedupe)).await;
    assert_eq!(answer, Ok(Replayed::DuplicateOf(holder)));
    assert_eq!(files(&store, late.id, 1).await, [("a.jpg".to_owned(), Some(7))]);
}

/// Whoever releases takes rows in the order of those who accept: the message comes last.
#[tokio::test]
async fn a_release_waits_for_the_quarantine_without_its_message() {
    let store = TestStore::new(Engine::Postgres).await;
    let aside = message("<broken").unreadable("not XML");
    let id = aside.message.id;
    store.accept(aside).await.unwrap();
    let holder = Holder::of_rows(&store, "SELECT 1 FROM quarantine_counts FOR UPDATE").await;
    let dedupe = message("form").known_as("form-1").message.dedupe;
    let release = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: id,
        released: Some(released("form-1", dedupe)),
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    let watching = async {
        holder.blocks_somebody().await;
        holder.assert_free("messages").await;
        holder.end().await;
    };
    let (done, ()) = tokio::join!(store.replay(&release), watching);
    assert_eq!(done, Ok(Replayed::Done));
}
