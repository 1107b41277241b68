//! What lifecycles have made goes with what it was made of.

use std::time::Duration;

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{HistoryEntry, Part, Progress, StoredFile};
use fieldpost_model::progress_list::Pushdown;
use fieldpost_model::submission::Position;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Criterion, FiledSubmission, LifecycleProblem, ProgressKey, ProgressStep, RetentionKind,
    RetentionStep, Stepped, WantedVersion,
};
use rstest::rstest;
use uuid::Uuid;

use super::{
    FORM, begin_many, call, first_step, keep, next_step, notice, progress, read, step, tracked,
};
use crate::filing::submission;
use crate::support::{CONNECTION, Engine, LONG, PROJECT, TestStore, first, now, succeeded};

/// Progress that tells much of somebody.
fn telling() -> Progress {
    Progress {
        digest: Some("Amina".to_owned()),
        user: Some(UserReference { number: 7, name: "Amina".to_owned(), ..Default::default() }),
        tracking_code: Some("CDFGHJKL".to_owned()),
        geolocation: Some(Position {
            longitude: "2.35".to_owned(),
            latitude: "48.85".to_owned(),
            altitude: None,
            accuracy: None,
        }),
        history: vec![HistoryEntry {
            time: Timestamp(7),
            last_jump_at: None,
            who: None,
            status: Some("new".to_owned()),
            parts: vec![Part::Comment { identifier: None, html: "Amina came".to_owned() }],
        }],
        ..progress(1, 1)
    }
}

/// A submission on its way, with a call that has ended, one that waits, a file, and an edit to be told of.
async fn on_its_way(store: &TestStore) -> (FiledSubmission, Vec<Uuid>, ProgressStep) {
    let one = tracked(FORM);
    let opening = keep(store, &one, true).await;
    let file = StoredFile {
        name: "letter.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes: 5,
        sha256: [9; 32],
    };
    let kept = ProgressStep {
        calls: vec![call(one.id, 1), call(one.id, 2)],
        notices: vec![notice()],
        files: vec![file],
        due_at: Some(Timestamp(5)),
        ..first_step(one.id, telling())
    };
    step(store, &kept).await;
    let claimed = store.claim_some(1, LONG).await;
    store.record(succeeded(&claimed[0])).await.unwrap();
    let edit = FiledSubmission { expected: 1, content_hash: [2; 32], ..one.clone() };
    let second = keep(store, &edit, false).await;
    (one, vec![opening, second], kept)
}

async fn assert_gone(store: &TestStore, kept: &ProgressStep) {
    let id = kept.submission;
    assert_eq!(store.submission(PROJECT, id).await, Ok(None));
    assert_eq!(store.submission_versions(PROJECT, id, None, 9).await, Ok(Vec::new()));
    for key in [ProgressKey::Submission(id), ProgressKey::TrackingCode("CDFGHJKL")] {
        assert_eq!(store.progress(PROJECT, key).await, Ok(None));
    }
    assert_eq!(store.untold(None, 9).await, Ok(Vec::new()));
    assert_eq!(store.ended_calls(None, 9).await, Ok(Vec::new()));
    assert_eq!(store.due_progress(now(), 9).await, Ok(Vec::new()));
    assert_eq!(store.count_progress(PROJECT, &Pushdown::default()).await, Ok(0));
    assert!(store.files_of_progress(PROJECT, &[id]).await.unwrap().is_empty());
    for call in &kept.calls {
        assert_eq!(store.call_of(PROJECT, call.delivery.id).await, Ok(None));
        assert_eq!(store.payload(PROJECT, call.payload.id).await, Ok(None));
        assert!(store.attempts(PROJECT, call.delivery.id).await.unwrap().is_empty());
    }
    assert_eq!(store.waiting().await, Ok(0), "its calls are given up");
    assert_eq!(store.notices(PROJECT, first(9)).await.unwrap().len(), 0);
    let changes = store.changes(PROJECT, 0, 99).await.unwrap();
    let tombstones: Vec<_> =
        changes.iter().filter(|it| it.is_tombstone).map(|it| (&*it.id, it.version)).collect();
    assert_eq!(tombstones, [(&*id.to_string(), 2)]);
}

#[rstest]
#[tokio::test]
async fn a_submission_that_is_erased_takes_its_way_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (_, messages, kept) = on_its_way(&store).await;
    let criterion = Criterion::Message(messages[0]);
    let traces = store.find_traces(PROJECT, &criterion).await.unwrap();
    assert_eq!(traces.messages, messages);
    store.erase_messages(PROJECT, &traces.messages, now()).await.unwrap();
    assert_gone(&store, &kept).await;
}

#[rstest]
#[tokio::test]
async fn a_submission_that_is_removed_goes_with_everything(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, messages, kept) = on_its_way(&store).await;
    assert_eq!(store.remove_submission(PROJECT, one.id, now()).await, Ok(true));
    assert_gone(&store, &kept).await;
    for message in messages {
        assert_eq!(store.message_content(PROJECT, message).await, Ok(None));
    }
    assert_eq!(store.remove_submission(PROJECT, one.id, now()).await, Ok(false));
    // A step that was decided before finds nothing any more.
    assert_eq!(store.keep_step(&kept).await, Ok(Stepped::Moved));
}

#[rstest]
#[tokio::test]
async fn a_submission_is_removed_although_a_forwarder_still_waits_for_its_message(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use crate::filing::{filed, new_form};
    use crate::support::Change;

    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    let filing = fieldpost_store::Filing {
        forms: vec![new_form(FORM)],
        submissions: vec![one.clone()],
        ..Default::default()
    };
    let accept = filed("one", filing).to(CONNECTION);
    let message = accept.message.id;
    store.accept(accept).await.unwrap();
    step(&store, &first_step(one.id, telling())).await;
    assert_eq!(store.remove_submission(PROJECT, one.id, now()).await, Ok(true));
    assert_eq!(store.submission(PROJECT, one.id).await, Ok(None));
    let key = ProgressKey::Submission(one.id);
    assert_eq!(store.progress(PROJECT, key).await, Ok(None));
    assert!(store.message_content(PROJECT, message).await.unwrap().is_some());
    assert_eq!(store.claim_one().await.message, Some(message));
    let changes = store.changes(PROJECT, 0, 99).await.unwrap();
    assert_eq!(changes.iter().filter(|it| it.is_tombstone).count(), 1);
}

#[rstest]
#[tokio::test]
async fn with_the_answers_goes_what_happened_and_lists_stay_right(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, _, kept) = on_its_way(&store).await;
    let told = next_step(&read(&store, one.id).await);
    step(&store, &ProgressStep { told: vec![2], ..told }).await;
    // It is under way: somebody has still to read what it says.
    let retention = |later| RetentionStep {
        project: PROJECT,
        kind: RetentionKind::Bodies,
        cutoff: later,
        now: later,
        again: Duration::from_mins(1),
        limit: 100,
    };
    let later = now() + Duration::from_millis(5);
    assert_eq!(store.retain_next(retention(later)).await.unwrap().looked_at, 2);
    assert!(!read(&store, one.id).await.is_erased);
    // It comes to its end, and then the last of its calls.
    for call in &kept.calls {
        let later = later + Duration::from_hours(3 * call.number);
        assert_eq!(store.retain_again(retention(later)).await.unwrap().looked_at, 2);
        assert!(!read(&store, one.id).await.is_erased);
        let done = ProgressStep {
            standing: Some(StatusKind::Done),
            ended_call: Some(call.delivery.id),
            ..next_step(&read(&store, one.id).await)
        };
        step(&store, &done).await;
    }
    let before = read(&store, one.id).await;
    let later = later + Duration::from_hours(12);
    assert_eq!(store.retain_again(retention(later)).await.unwrap().looked_at, 2);
    let wanted = WantedVersion::Newest;
    assert_eq!(store.submission_content(PROJECT, one.id, wanted).await, Ok(None));
    let after = read(&store, one.id).await;
    assert!(after.is_erased && !before.is_erased);
    assert!(after.revision > before.revision, "a step that was decided before is not kept");
    let old = &before.progress;
    let expected = Progress {
        status: old.status.clone(),
        display_id: old.display_id.clone(),
        tracking_code: old.tracking_code.clone(),
        updated_at: old.updated_at,
        arrived_at: old.arrived_at,
        ..Progress::draft(old.uuid, 1, old.received_at)
    };
    assert_eq!(after.progress, expected);
    assert_eq!(after.due_at, None);
    let rows = store.list_progress(PROJECT, &Pushdown::default(), 9).await.unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.status.as_deref(), &row.digest, row.user), (Some("new"), &None, None));
    assert_eq!(row.position, None);
    assert!(store.files_of_progress(PROJECT, &[one.id]).await.unwrap().is_empty());
    let stale = next_step(&before);
    assert_eq!(store.keep_step(&stale).await, Ok(Stepped::Moved));
    step(&store, &next_step(&after)).await;
}

#[rstest]
#[tokio::test]
async fn drafts_that_nobody_touches_are_found_by_their_age(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 4).await;
    for (number, (id, second)) in (1..).zip(ids.iter().zip([30, 10, 20, 5])) {
        let mut draft = progress(number, second);
        if number < 4 {
            draft.status = None;
        }
        step(&store, &ProgressStep { standing: None, ..first_step(*id, draft) }).await;
    }
    let before = async |second: i64, limit| {
        store.drafts_before(PROJECT, FORM, Timestamp(second * 1_000_000), limit).await.unwrap()
    };
    assert_eq!(before(10, 9).await, Vec::<Uuid>::new());
    assert_eq!(before(30, 9).await, [ids[1], ids[2]]);
    assert_eq!(before(99, 2).await, [ids[1], ids[2]]);
    // What its lifecycle is still to be told of may have been sent: it stands in nobody's way.
    let sent = FiledSubmission { id: ids[1], expected: 1, content_hash: [2; 32], ..tracked(FORM) };
    keep(&store, &sent, false).await;
    assert_eq!(before(99, 2).await, [ids[2], ids[0]]);
    assert_eq!(store.drafts_before(PROJECT, "deaths", now(), 9).await, Ok(Vec::new()));
}

/// The bytes of a file that only a step names stay, as long as the step does.
#[rstest]
#[tokio::test]
async fn the_files_of_what_happened_are_no_orphans(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    keep(&store, &one, true).await;
    let mut file = store.files().begin(99).await.unwrap();
    file.write(b"a letter").await.unwrap();
    let file = file.finish().await.unwrap();
    let named = StoredFile {
        name: "letter.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: file.bytes,
        sha256: file.sha256,
    };
    let kept = ProgressStep { files: vec![named], ..first_step(one.id, progress(1, 1)) };
    step(&store, &kept).await;
    let path = crate::files::path_of(&store, &file);
    crate::files::age(&path);
    assert_eq!(store.remove_orphans(file.sha256[0]).await, Ok(0));
    assert!(path.exists());
    assert_eq!(store.remove_submission(PROJECT, one.id, now()).await, Ok(true));
    assert_eq!(store.remove_orphans(file.sha256[0]).await, Ok(1));
    assert!(!path.exists());
}

/// A draft that was left goes; one that somebody has gone on with, or has sent, stays.
#[rstest]
#[tokio::test]
async fn only_a_draft_that_was_left_is_removed_as_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let ids = begin_many(&store, FORM, 4).await;
    for (number, id) in (1..).zip(&ids) {
        let mut draft = progress(number, 10);
        if number < 4 {
            draft.status = None;
        }
        step(&store, &ProgressStep { standing: None, ..first_step(*id, draft) }).await;
    }
    // The second was sent a moment ago: it is kept, and its lifecycle is not told yet.
    let sent = store.submission(PROJECT, ids[1]).await.unwrap().unwrap();
    let sent = FiledSubmission {
        id: ids[1],
        expected: sent.version,
        untold: Some("{}".to_owned()),
        content_hash: [9; 32],
        ..submission(&ids[1].to_string())
    };
    keep(&store, &FiledSubmission { form: FORM.to_owned(), ..sent }, false).await;
    let remove = async |id: Uuid, before: i64| {
        store.remove_draft(PROJECT, id, Timestamp(before * 1_000_000), now()).await
    };
    for (id, before, is_removed) in [
        (ids[0], 10, false),
        (ids[0], 11, true),
        (ids[0], 11, false),
        (ids[1], 99, false),
        (ids[3], 99, false),
    ] {
        assert_eq!(remove(id, before).await, Ok(is_removed), "{id} {before}");
    }
    assert_eq!(store.submission(PROJECT, ids[0]).await, Ok(None));
    for id in &ids[1..] {
        assert!(store.submission(PROJECT, *id).await.unwrap().is_some());
    }
}

/// What went wrong is kept with the step, the last of it, and goes with the submission.
#[rstest]
#[tokio::test]
async fn the_last_problems_of_a_lifecycle_are_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    keep(&store, &one, true).await;
    let problem = |number: i64| LifecycleProblem {
        at: Timestamp(number),
        code: "template-failed".to_owned(),
        place: (number % 2 == 0).then(|| "status new, action 1".to_owned()),
        sentence: format!("It failed for the {number}th time."),
    };
    let met = |number: i64| vec![problem(number), problem(number + 1_000)];
    step(&store, &ProgressStep { problems: met(1), ..first_step(one.id, progress(1, 1)) }).await;
    for number in 2..=25 {
        let next = next_step(&read(&store, one.id).await);
        step(&store, &ProgressStep { problems: met(number), ..next }).await;
    }
    let store = store.restart().await;
    let kept = store.lifecycle_problems(PROJECT, one.id).await.unwrap();
    assert_eq!(kept.len(), 40, "those of twenty steps");
    assert_eq!(kept[..2], met(25)[..]);
    assert_eq!(kept[38..], met(6)[..]);
    assert_eq!(store.remove_submission(PROJECT, one.id, now()).await, Ok(true));
    assert_eq!(store.lifecycle_problems(PROJECT, one.id).await, Ok(Vec::new()));
}
