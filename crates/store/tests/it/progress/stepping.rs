//! A step is kept whole, or not at all.

use std::collections::BTreeMap;

use fieldpost_model::progress::{HistoryEntry, Part, Progress, StoredFile};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    FiledSubmission, ProgressKey, ProgressStep, Signal, Stepped, Store, StoreError, StoreSettings,
    StoredProgress,
};
use rstest::rstest;
use uuid::Uuid;

use super::{
    FORM, begin, begin_many, call, first_step, keep, next_step, notice, progress, read, step,
    tracked,
};
use crate::support::{Engine, PROJECT, TestStore, now};

#[rstest]
#[tokio::test]
async fn progress_is_read_by_everything_that_it_is_known_by(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 2).await;
    let kept = Progress {
        natural_id: Some("B-7".to_owned()),
        tracking_code: Some("CdfGHjkl".to_owned()),
        history: vec![HistoryEntry {
            time: Timestamp(7),
            last_jump_at: None,
            who: None,
            status: Some("new".to_owned()),
            parts: vec![Part::Comment { identifier: None, html: "<p>Hello</p>".to_owned() }],
        }],
        ..progress(1, 1)
    };
    step(&store, &first_step(ids[0], kept.clone())).await;
    step(&store, &first_step(ids[1], progress(2, 2))).await;
    let expected = StoredProgress {
        submission: ids[0],
        form: FORM.to_owned(),
        revision: 1,
        version: 1,
        place: store.submission(PROJECT, ids[0]).await.unwrap().unwrap().indexed_at.0,
        progress: kept.clone(),
        is_erased: false,
        due_at: None,
        is_behind: false,
    };
    for key in [
        ProgressKey::Submission(ids[0]),
        ProgressKey::Number { form: FORM, number: 1 },
        ProgressKey::NaturalId { form: FORM, id: "B-7" },
        ProgressKey::Uuid(kept.uuid),
        ProgressKey::TrackingCode("CdfGHjkl"),
        ProgressKey::TrackingCode("CDFGHJKL"),
        ProgressKey::TrackingCode("cdfghjkl"),
    ] {
        assert_eq!(store.progress(PROJECT, key).await.as_ref(), Ok(&Some(expected.clone())));
    }
    for key in [
        ProgressKey::Submission(Uuid::nil()),
        ProgressKey::Number { form: FORM, number: 3 },
        ProgressKey::Number { form: "deaths", number: 1 },
        ProgressKey::NaturalId { form: FORM, id: "b-7" },
        ProgressKey::TrackingCode("CdfGHjk"),
    ] {
        assert_eq!(store.progress(PROJECT, key).await, Ok(None), "{key:?}");
    }
    let all = store.progresses(PROJECT, &[ids[0], ids[1], Uuid::nil()]).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[&ids[0]], expected);
}

#[rstest]
#[tokio::test]
async fn a_step_that_was_decided_from_something_older_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let first = first_step(one.id, progress(1, 1));
    let unknown = first_step(Uuid::now_v7(), progress(2, 1));
    assert_eq!(store.keep_step(&unknown).await, Ok(Stepped::Moved));
    let unexpected = ProgressStep { expected: 1, ..first.clone() };
    assert_eq!(store.keep_step(&unexpected).await, Ok(Stepped::Moved));
    let stale = ProgressStep { configuration_version: 2, ..first.clone() };
    assert_eq!(store.keep_step(&stale).await, Ok(Stepped::Stale));
    let before = store.last_change(PROJECT).await.unwrap();
    step(&store, &first).await;
    assert!(store.last_change(PROJECT).await.unwrap() > before);
    // Once more the first, and then one of a version that is not the newest any more.
    let again = ProgressStep { calls: vec![call(one.id, 1)], ..first.clone() };
    assert_eq!(store.keep_step(&again).await, Ok(Stepped::Moved));
    let read_before = read(&store, one.id).await;
    let edit = FiledSubmission { expected: 1, content_hash: [2; 32], ..one.clone() };
    keep(&store, &edit, false).await;
    let older = next_step(&read_before);
    assert_eq!(store.keep_step(&older).await, Ok(Stepped::Moved));
    let mut now = next_step(&read(&store, one.id).await);
    assert_eq!((now.expected, now.expected_version), (1, 2));
    now.progress.status = Some("accepted".to_owned());
    step(&store, &now).await;
    let kept = read(&store, one.id).await;
    assert_eq!((kept.revision, kept.progress.status.as_deref()), (2, Some("accepted")));
    assert_eq!(store.call_of(PROJECT, again.calls[0].delivery.id).await, Ok(None));
    assert_eq!(store.waiting().await, Ok(0), "no step that was not kept has set anything off");
}

#[rstest]
#[tokio::test]
async fn a_tracking_code_is_of_one_submission_and_a_natural_id_of_one_of_a_form(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 2).await;
    let others = begin_many(&store, "deaths", 1).await;
    let with = |number, code: &str, natural_id: &str| Progress {
        tracking_code: Some(code.to_owned()),
        natural_id: Some(natural_id.to_owned()),
        ..progress(number, 1)
    };
    step(&store, &first_step(ids[0], with(1, "CDFGHJKL", "B-1"))).await;
    // Its own are no others'.
    let mut own = next_step(&read(&store, ids[0]).await);
    own.progress.digest = Some("Amina".to_owned());
    step(&store, &own).await;
    let other_form =
        |progress| ProgressStep { form: "deaths".to_owned(), ..first_step(others[0], progress) };
    for (step, expected) in [
        (first_step(ids[1], with(2, "CDFGHJKL", "B-2")), Stepped::TakenCode),
        (first_step(ids[1], with(2, "cdfghjkl", "B-2")), Stepped::TakenCode),
        (other_form(with(1, "cdfGHJKL", "B-1")), Stepped::TakenCode),
        (first_step(ids[1], with(2, "QRSTVWXZ", "B-1")), Stepped::TakenNaturalId),
        (other_form(with(1, "QRSTVWXZ", "B-1")), Stepped::Written { revision: 1 }),
        (first_step(ids[1], with(2, "BBBBBBBB", "B-2")), Stepped::Written { revision: 1 }),
    ] {
        assert_eq!(store.keep_step(&step).await, Ok(expected));
    }
}

/// A step with one of everything.
fn large_step(submission: Uuid) -> ProgressStep {
    let file = StoredFile {
        name: "letter.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes: 5,
        sha256: [9; 32],
    };
    ProgressStep {
        calls: vec![call(submission, 1), call(submission, 2)],
        notices: vec![notice()],
        files: vec![file],
        due_at: Some(Timestamp(now().0 - 1)),
        ..first_step(submission, progress(1, 1))
    }
}

/// What a [`large_step`] leaves, or nothing of it.
async fn assert_whole(store: &Store, step: &ProgressStep, is_there: bool) {
    let id = step.submission;
    let progress = store.progress(PROJECT, ProgressKey::Submission(id)).await.unwrap();
    assert_eq!(progress.is_some(), is_there);
    let untold = store.untold_of(PROJECT, id).await.unwrap();
    assert_eq!(untold.is_empty(), is_there);
    assert_eq!(store.waiting().await, Ok(if is_there { 2 } else { 0 }));
    for call in &step.calls {
        let of = store.call_of(PROJECT, call.delivery.id).await.unwrap();
        assert_eq!(of, is_there.then_some((id, call.number)));
        let delivery = store.delivery(PROJECT, call.delivery.id).await.unwrap();
        assert_eq!(delivery.is_some(), is_there);
        let payload = store.payload(PROJECT, call.payload.id).await.unwrap();
        assert_eq!(
            payload.map(|payload| payload.facts),
            is_there.then(|| call.payload.facts.clone())
        );
    }
    let files = store.files_of_progress(PROJECT, &[id]).await.unwrap();
    assert_eq!(files.get(&id), is_there.then_some(&step.files));
    let due = store.due_progress(now(), 9).await.unwrap();
    assert_eq!(due, if is_there { vec![(PROJECT.into(), id)] } else { Vec::new() });
}

#[rstest]
#[tokio::test]
async fn a_step_that_fails_half_way_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let place = store.last_change(PROJECT).await.unwrap();
    let whole = large_step(one.id);
    let twice = vec![whole.notices[0].clone(), whole.notices[0].clone()];
    let broken = ProgressStep { notices: twice, ..whole.clone() };
    let failed = store.keep_step(&broken).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_whole(&store, &whole, false).await;
    assert_eq!(store.last_change(PROJECT).await, Ok(place));
    assert_eq!(store.notices(PROJECT, crate::support::first(9)).await.map(|it| it.len()), Ok(0));
    step(&store, &whole).await;
    assert_whole(&store, &whole, true).await;
    assert_eq!(store.notices(PROJECT, crate::support::first(9)).await.map(|it| it.len()), Ok(1));
    let store = store.restart().await;
    assert_whole(&store, &whole, true).await;
}

/// The database's files, as a machine that loses its power at this moment finds them again: while steps are
/// being kept, each is there whole or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_cut_off_is_there_whole_or_not_at_all() {
    let store = TestStore::new(Engine::Sqlite).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let whole = large_step(one.id);
    let folder = store.folder().to_owned();
    // While somebody reads, the log is not begun anew: what is copied one after the other fits.
    let reader = rusqlite::Connection::open(folder.join("fieldpost.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM progress").unwrap();
    let copy = |name: &str| {
        let copied = tempfile::TempDir::new().unwrap();
        for file in ["fieldpost.db", "fieldpost.db-wal", "key"] {
            std::fs::copy(folder.join(file), copied.path().join(file)).unwrap();
        }
        (name.to_owned(), copied)
    };
    let mut copies = vec![copy("before")];
    let stepping = store.keep_step(&whole);
    tokio::pin!(stepping);
    loop {
        tokio::select! {
            biased;
            stepped = &mut stepping => {
                assert_eq!(stepped, Ok(Stepped::Written { revision: 1 }));
                break;
            }
            () = tokio::task::yield_now() => {
                if copies.len() < 40 {
                    copies.push(copy("while"));
                }
            }
        }
    }
    copies.push(copy("after"));
    let mut seen = BTreeMap::new();
    for (name, copied) in copies {
        let found = Store::open(StoreSettings::in_folder(copied.path())).await.unwrap();
        let key = ProgressKey::Submission(one.id);
        let is_there = found.progress(PROJECT, key).await.unwrap().is_some();
        assert_whole(&found, &whole, is_there).await;
        seen.insert(name, is_there);
    }
    assert_eq!((seen["before"], seen["after"]), (false, true));
}

#[rstest]
#[tokio::test]
async fn a_step_is_told_to_whoever_listens_and_stands_in_the_feed_of_changes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 2).await;
    let place = store.last_change(PROJECT).await.unwrap();
    let mut listener = store.listen();
    step(&store, &first_step(ids[0], progress(1, 1))).await;
    let expected =
        Signal::Submission { project: PROJECT.into(), id: ids[0], form: FORM.to_owned() };
    let mut told = Vec::new();
    while let Ok(signal) = listener.try_recv() {
        told.push(signal);
    }
    assert!(told.contains(&expected), "{told:?}");
    let changes = store.changes(PROJECT, place, 9).await.unwrap();
    let changes: Vec<_> = changes.iter().map(|it| (&*it.id, it.version, it.is_tombstone)).collect();
    assert_eq!(changes, [(&*ids[0].to_string(), 1, false)]);
}

#[rstest]
#[tokio::test]
async fn what_is_due_is_found_when_its_time_has_come_and_can_be_put_off(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 4).await;
    for (number, (id, due)) in (1..).zip(ids.iter().zip([Some(30), Some(10), None, Some(20)])) {
        let due_at = due.map(Timestamp);
        step(&store, &ProgressStep { due_at, ..first_step(*id, progress(number, 1)) }).await;
    }
    let due = async |now: i64, limit: usize| -> Vec<Uuid> {
        let due = store.due_progress(Timestamp(now), limit).await.unwrap();
        due.into_iter().map(|(_, id)| id).collect()
    };
    assert_eq!(due(9, 9).await, Vec::<Uuid>::new());
    assert_eq!(due(20, 9).await, [ids[1], ids[3]]);
    assert_eq!(due(99, 2).await, [ids[1], ids[3]]);
    store.put_off(PROJECT, (ids[1], 1), Timestamp(50)).await.unwrap();
    // Whoever read it before a step has nothing to say any more.
    store.put_off(PROJECT, (ids[3], 7), Timestamp(50)).await.unwrap();
    assert_eq!(due(40, 9).await, [ids[3], ids[0]]);
    assert_eq!(read(&store, ids[1]).await.due_at, Some(Timestamp(50)));
}

#[rstest]
#[tokio::test]
async fn an_error_of_the_store_is_none_of_the_answers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let again = call(one.id, 1);
    let twice =
        ProgressStep { calls: vec![again.clone(), again], ..first_step(one.id, progress(1, 1)) };
    let failed = store.keep_step(&twice).await;
    assert!(failed.is_err() && !matches!(failed, Err(StoreError::Busy)), "{failed:?}");
    assert_eq!(store.untold_of(PROJECT, one.id).await.map(|it| it.len()), Ok(1));
}
