//! Submissions along the lifecycles of their forms.

mod calls;
mod counts;
mod erased;
mod lists;
mod nonces;
mod recorded;
mod rewritten;
mod stepping;
mod storm;
mod untold;

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::incident::{NoticeChannel, NoticeKind};
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::Progress;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accepted, FiledSubmission, Filing, NewCall, NewDelivery, NewNotice, NewPayload, ProgressKey,
    ProgressStep, Stepped, StoredProgress,
};
use uuid::Uuid;

use crate::filing::{filed, new_form, submission};
use crate::support::{CONNECTION, PROJECT, TestStore, delivery_to};

/// The form that submissions are of unless a test says otherwise.
const FORM: &str = "births";

/// A submission of a form that has a lifecycle, which is to be told of it.
fn tracked(form: &str) -> FiledSubmission {
    let id = Uuid::now_v7();
    FiledSubmission {
        id,
        form: form.to_owned(),
        untold: Some(r#"{"submitted":{}}"#.to_owned()),
        ..submission(&id.to_string())
    }
}

/// Makes a form known with its first submission.
async fn begin(store: &TestStore, first: &FiledSubmission) {
    keep(store, first, true).await;
}

/// Keeps a submission.
async fn keep(store: &TestStore, filed_submission: &FiledSubmission, is_first: bool) -> Uuid {
    let forms = if is_first { vec![new_form(&filed_submission.form)] } else { Vec::new() };
    let filing = Filing { forms, submissions: vec![filed_submission.clone()], ..Filing::default() };
    let accept = filed(&Uuid::now_v7().to_string(), filing);
    let message = accept.message.id;
    assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version: 1 }));
    message
}

/// The form with so many submissions.
async fn begin_many(store: &TestStore, form: &str, count: usize) -> Vec<Uuid> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let one = tracked(form);
        keep(store, &one, number == 0).await;
        ids.push(one.id);
    }
    ids
}

/// Progress in the status `new`, received at that second.
fn progress(number: u64, second: i64) -> Progress {
    let mut progress =
        Progress::draft(Uuid::now_v7(), number, Timestamp(second.saturating_mul(1_000_000)));
    progress.status = Some("new".to_owned());
    progress.display_id = format!("1-{number}");
    progress
}

/// The first step of a submission.
fn first_step(submission: Uuid, progress: Progress) -> ProgressStep {
    ProgressStep {
        project: PROJECT.into(),
        configuration_version: 1,
        submission,
        form: FORM.to_owned(),
        expected: 0,
        expected_version: 1,
        progress,
        standing: Some(StatusKind::Pending),
        acting: vec!["agents".to_owned()],
        concerned: vec!["agents".to_owned(), fieldpost_store::SUBMITTER.to_owned()],
        due_at: None,
        told: vec![1],
        ended_call: None,
        problems: Vec::new(),
        call_ends: Vec::new(),
        calls: Vec::new(),
        notices: Vec::new(),
        files: Vec::new(),
        rewritten: Vec::new(),
        kept_files: None,
        kept_step_files: None,
        anonymised: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    }
}

/// The step after what is kept, which changes nothing yet.
fn next_step(stored: &StoredProgress) -> ProgressStep {
    ProgressStep {
        form: stored.form.clone(),
        expected: stored.revision,
        expected_version: stored.version,
        told: Vec::new(),
        due_at: stored.due_at,
        ..first_step(stored.submission, stored.progress.clone())
    }
}

async fn step(store: &TestStore, step: &ProgressStep) {
    let stepped = store.keep_step(step).await;
    assert_eq!(stepped, Ok(Stepped::Written { revision: step.expected + 1 }));
}

async fn read(store: &TestStore, submission: Uuid) -> StoredProgress {
    let key = ProgressKey::Submission(submission);
    store.progress(PROJECT, key).await.unwrap().unwrap()
}

/// A call of a submission.
fn call(submission: Uuid, number: u64) -> NewCall {
    let payload = NewPayload {
        id: Uuid::now_v7(),
        kind: PayloadKind::Call,
        submission: Some(submission),
        case: None,
        facts: r#"{"url":"https://ministry.example/"}"#.to_owned(),
        original: None,
    };
    let delivery = NewDelivery {
        event: Event::Call,
        forwarder: format!("lifecycle:{FORM}"),
        payload: Some(payload.id),
        ..delivery_to(CONNECTION)
    };
    NewCall { number, delivery, payload }
}

/// A mail.
fn notice() -> NewNotice {
    NewNotice {
        id: Uuid::now_v7(),
        incident: None,
        kind: NoticeKind::ALL[0],
        channel: NoticeChannel::ALL[0],
        recipient: "agent@ministry.example".to_owned(),
        subject: "A new birth".to_owned(),
        text: "There is one.".to_owned(),
        html: None,
        unsubscribe: None,
        impossible: None,
    }
}
