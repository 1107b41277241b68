//! What is erased of messages is erased of forms, submissions and cases.

use std::time::Duration;

use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accept, Accepted, CaseHistory, Criterion, FiledCase, FiledSubmission, Filing, Original,
    RetentionKind, RetentionStep, SubmissionOrder, SubmissionPage, SubmissionQuery, Traces,
    WantedVersion,
};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, begin, case, change, file, filed, new_form, revision, submission};
use crate::support::{Change, Engine, PROJECT, TestStore, assert_conflict, now};

/// A form about the cases `a` and `b`, edited once; the answer is the submission and its messages.
pub(super) async fn two_versions(store: &TestStore) -> (FiledSubmission, [Uuid; 2]) {
    let one = FiledSubmission {
        position: Some("{}".to_owned()),
        user: Some("Nurse".to_owned()),
        original: Some(Original { content_type: None, bytes: "<data/>".into() }),
        ..submission("uuid:one")
    };
    let filing = Filing {
        forms: vec![new_form(FORM)],
        files: vec![file(one.id, "a.jpg", Some([3; 32]))],
        cases: vec![case("a", 0, "uuid:one", one.id), case("b", 0, "uuid:one", one.id)],
        submissions: vec![one.clone()],
        ..Filing::default()
    };
    let edit = FiledSubmission { id: one.id, expected: 1, ..submission("uuid:two") };
    let edit = Filing { submissions: vec![edit], ..Filing::default() };
    let messages = [keep(store, filed("one", filing)).await, keep(store, filed("two", edit)).await];
    (one, messages)
}

/// Another form about the case `b`.
pub(super) async fn visit(store: &TestStore) -> (FiledSubmission, Uuid) {
    let visit = submission("uuid:visit");
    let filing = Filing {
        cases: vec![case("b", 1, "uuid:visit", visit.id)],
        submissions: vec![visit.clone()],
        ..Filing::default()
    };
    let message = keep(store, filed("visit", filing)).await;
    (visit, message)
}

pub(super) async fn keep(store: &TestStore, accept: Accept) -> Uuid {
    let id = accept.message.id;
    let accept = accept.change(|accept| {
        accept.message.identity = Some(format!("message {}", accept.message.id));
    });
    assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version: 1 }));
    id
}

/// Erases one kind of all that is there now.
pub(super) async fn retain(store: &TestStore, kind: RetentionKind) {
    let now = now() + Duration::from_millis(5);
    let again = Duration::from_mins(1);
    let step = RetentionStep { project: PROJECT, kind, cutoff: now, now, again, limit: 100 };
    store.retain_next(step).await.unwrap();
}

/// As somebody who is asked to erase a person does it.
pub(super) async fn erase(store: &TestStore, criterion: Criterion) -> Traces {
    let traces = store.find_traces(PROJECT, &criterion).await.unwrap();
    if traces.cases.is_empty() {
        store.erase_cases(PROJECT, &traces, now()).await.unwrap();
        store.erase_messages(PROJECT, &traces.messages, now()).await.unwrap();
    } else {
        store.erase_messages(PROJECT, &traces.messages, now()).await.unwrap();
        store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    }
    traces
}

pub(super) async fn forms_of(store: &TestStore, case_id: &str) -> Vec<String> {
    let forms = store.case_forms(PROJECT, case_id, 0, 10).await.unwrap();
    forms.into_iter().map(|(_, form)| form).collect()
}

/// That nothing is there of the first form any more but what others say.
async fn assert_gone(store: &TestStore, one: &FiledSubmission) {
    assert_eq!(store.submission(PROJECT, one.id).await.unwrap(), None);
    assert_eq!(store.submission_versions(PROJECT, one.id, None, 9).await.unwrap(), []);
    assert_eq!(store.submission_original(PROJECT, one.id, 1).await.unwrap(), None);
    assert_eq!(store.files_of(PROJECT, one.id).await.unwrap(), []);
    let instances = store.instances(PROJECT, &["uuid:one", "uuid:two"]).await.unwrap();
    assert!(instances.is_empty(), "{instances:?}");
}

#[rstest]
#[tokio::test]
async fn the_answers_go_with_the_bytes_and_cases_stay(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, _) = two_versions(&store).await;
    retain(&store, RetentionKind::Bodies).await;
    let wanted = WantedVersion::Newest;
    assert_eq!(store.submission_content(PROJECT, one.id, wanted).await.unwrap(), None);
    assert!(store.submission_contents(PROJECT, &[one.id]).await.unwrap().is_empty());
    assert_eq!(store.submission_original(PROJECT, one.id, 1).await.unwrap(), None);
    let stored = store.submission(PROJECT, one.id).await.unwrap().unwrap();
    assert_eq!((stored.position, stored.version), (None, 2));
    let versions = store.submission_versions(PROJECT, one.id, None, 9).await.unwrap();
    assert!(versions.iter().all(|version| version.is_erased), "{versions:?}");
    let files = store.files_of(PROJECT, one.id).await.unwrap();
    assert_eq!(
        files.iter().map(|file| (&*file.name, file.sha256)).collect::<Vec<_>>(),
        [("a.jpg", None)]
    );
    assert_eq!(revision(&store, "a").await, 1);
    assert_eq!(forms_of(&store, "a").await, ["uuid:one"]);
}

#[rstest]
#[tokio::test]
async fn a_case_goes_with_its_last_form(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, _) = two_versions(&store).await;
    // What comes later is not old enough yet.
    let later = now() + Duration::from_hours(1);
    let visit = submission("uuid:visit");
    let filing = Filing {
        cases: vec![case("b", 1, "uuid:visit", visit.id)],
        submissions: vec![visit.clone()],
        ..Filing::default()
    };
    let accept = filed("visit", filing).change(|accept| {
        let seconds = u64::try_from(later.0 / 1_000_000).unwrap();
        let at = uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0);
        accept.message.id = Uuid::new_v7(at);
        accept.message.received_at = later;
    });
    keep(&store, accept).await;
    retain(&store, RetentionKind::Messages).await;
    assert_gone(&store, &one).await;
    assert_eq!((revision(&store, "a").await, revision(&store, "b").await), (0, 2));
    assert_eq!(forms_of(&store, "a").await, [""; 0]);
    assert_eq!(forms_of(&store, "b").await, ["uuid:one", "uuid:visit"], "its history is its own");
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), [""; 0]);
    let page = SubmissionPage { order: SubmissionOrder::Newest, after: None, limit: 9 };
    let listed = store.submissions(PROJECT, &SubmissionQuery::default(), page).await.unwrap();
    assert_eq!(listed.found.iter().map(|it| it.id).collect::<Vec<_>>(), [visit.id]);
}

#[rstest]
#[tokio::test]
async fn a_form_that_is_erased_leaves_its_cases_to_be_made_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(0, 1, 2)] way: usize,
) {
    let store = TestStore::new(engine).await;
    let (one, messages) = two_versions(&store).await;
    let (visit, visited) = visit(&store).await;
    let criterion = match way {
        0 => Criterion::Message(messages[0]),
        1 => Criterion::Identity(format!("message {}", messages[1])),
        _ => Criterion::Identity("uuid:one".to_owned()),
    };
    let traces = erase(&store, criterion).await;
    assert_eq!(traces.messages, messages, "each version is a trace");
    assert_gone(&store, &one).await;
    assert_eq!(revision(&store, "a").await, 0);
    assert_eq!(forms_of(&store, "b").await, ["uuid:visit"]);
    assert!(store.message_content(PROJECT, visited).await.unwrap().is_some());
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), ["b"]);

    let rebuilt = |expected: i64| FiledCase {
        history: CaseHistory::Replace(vec![change("b", "uuid:visit", visit.id)]),
        ..case("b", expected, "uuid:visit", visit.id)
    };
    let project = PROJECT.into();
    assert_conflict(&store.put_rebuilt_case(&project, rebuilt(2), Timestamp(9)).await);
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), ["b"]);
    assert_eq!(revision(&store, "b").await, 3);
    store.put_rebuilt_case(&project, rebuilt(3), Timestamp(9)).await.unwrap();
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), [""; 0]);
    assert_eq!(store.case_forms(PROJECT, "b", 0, 9).await.unwrap(), [(1, "uuid:visit".to_owned())]);
}

#[rstest]
#[tokio::test]
async fn a_case_that_is_erased_goes_as_a_whole_and_others_keep_their_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, messages) = two_versions(&store).await;
    let (visit, visited) = visit(&store).await;
    let traces = erase(&store, Criterion::Key("b".to_owned())).await;
    assert_eq!(traces.messages, [messages[0], messages[1], visited]);
    assert_gone(&store, &one).await;
    assert_eq!(store.submission(PROJECT, visit.id).await.unwrap(), None);
    assert_eq!(revision(&store, "b").await, 0);
    assert_eq!(forms_of(&store, "b").await, [""; 0]);
    assert_eq!(revision(&store, "a").await, 0, "no form of it is left");
}

#[rstest]
#[tokio::test]
async fn what_still_waits_keeps_its_submission(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let first = begin(&store).await;
    let one = submission("uuid:waits");
    let filing = Filing { submissions: vec![one.clone()], ..Filing::default() };
    keep(&store, filed("waits", filing).to("ministry")).await;
    for kind in [RetentionKind::Bodies, RetentionKind::Messages] {
        retain(&store, kind).await;
        let content = store.submission_content(PROJECT, one.id, WantedVersion::Newest).await;
        assert!(content.unwrap().is_some(), "{kind}");
    }
    assert_eq!(store.submission(PROJECT, first.id).await.unwrap(), None);
}
