//! What a step writes anew in its submission: what was computed, and what makes it anonymous.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::event::Event;
use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::progress::StoredFile;
use fieldpost_store::{
    Accepted, FiledFile, FiledSubmission, Filing, NewDelivery, Original, ProgressStep,
    RewrittenVersion, Verdict, WantedVersion,
};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, call, first_step, keep, next_step, progress, read, step, tracked};
use crate::filing::{filed, new_form};
use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, delivery_to, outcome, succeeded,
};

/// A submission with two files, edited once; the answer is it, and its messages.
async fn two_versions(store: &TestStore) -> (FiledSubmission, [Uuid; 2]) {
    let one = FiledSubmission {
        position: Some("{\"type\":\"Point\"}".to_owned()),
        user: Some("Nurse".to_owned()),
        user_id: Some("n".to_owned()),
        original: Some(Original { content_type: None, bytes: "<data/>".into() }),
        ..tracked(FORM)
    };
    let file = |name: &str, sha256| FiledFile {
        submission: one.id,
        name: name.to_owned(),
        sha256: Some(sha256),
        bytes: Some(5),
        ..FiledFile::default()
    };
    let filing = Filing {
        forms: vec![new_form(FORM)],
        files: vec![file("face.jpg", [3; 32]), file("house.jpg", [4; 32])],
        submissions: vec![one.clone()],
        ..Filing::default()
    };
    let accept = filed("one", filing).to(CONNECTION);
    let first = accept.message.id;
    assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version: 1 }));
    let edit = FiledSubmission {
        expected: 1,
        content_hash: [2; 32],
        values: r#"{"name":"Amina","weight":3}"#.to_owned(),
        ..one.clone()
    };
    let second = keep(store, &edit, false).await;
    (one, [first, second])
}

fn rewritten(version: i64) -> RewrittenVersion {
    RewrittenVersion {
        version,
        values: r#"{"weight":3}"#.to_owned(),
        extra: "{}".to_owned(),
        metadata: "{}".to_owned(),
        position: None,
        forgets_user: true,
    }
}

async fn values(store: &TestStore, id: Uuid, version: i64) -> Option<String> {
    let wanted = WantedVersion::Number(version);
    let content = store.submission_content(PROJECT, id, wanted).await.unwrap();
    content.map(|content| content.values)
}

async fn names(store: &TestStore, id: Uuid) -> Vec<String> {
    let files = store.files_of(PROJECT, id).await.unwrap();
    files.into_iter().map(|file| file.name).collect()
}

#[rstest]
#[tokio::test]
async fn what_was_computed_stands_in_its_version_and_nothing_else_is_touched(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, [first, _]) = two_versions(&store).await;
    let computed = RewrittenVersion {
        values: r#"{"name":"Amina","weight":3,"grams":3000}"#.to_owned(),
        position: one.position.clone(),
        forgets_user: false,
        ..rewritten(2)
    };
    let first_of = ProgressStep { expected_version: 2, ..first_step(one.id, progress(1, 1)) };
    step(&store, &ProgressStep { rewritten: vec![computed.clone()], ..first_of }).await;
    assert_eq!(values(&store, one.id, 2).await.as_ref(), Some(&computed.values));
    assert_eq!(values(&store, one.id, 1).await.as_ref(), Some(&one.values));
    let stored = store.submission(PROJECT, one.id).await.unwrap().unwrap();
    assert_eq!((stored.user.as_deref(), stored.position), (Some("Nurse"), one.position.clone()));
    assert_eq!(names(&store, one.id).await, ["face.jpg", "house.jpg"]);
    assert!(store.submission_original(PROJECT, one.id, 1).await.unwrap().is_some());
    let (_, body) = store.message_content(PROJECT, first).await.unwrap().unwrap();
    assert_eq!(body, b"one".as_slice());
}

#[rstest]
#[tokio::test]
async fn an_anonymous_submission_has_only_what_it_was_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, [first, _]) = two_versions(&store).await;
    let letter = |byte| StoredFile {
        name: "letter.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes: 5,
        sha256: [byte; 32],
    };
    let first_of = ProgressStep { expected_version: 2, ..first_step(one.id, progress(1, 1)) };
    let files = vec![letter(8), letter(9)];
    step(&store, &ProgressStep { files, ..first_of }).await;
    let anonymous = ProgressStep {
        rewritten: vec![rewritten(2)],
        kept_files: Some(vec!["house.jpg".to_owned()]),
        kept_step_files: Some(vec![[9; 32]]),
        anonymised: Some(AnonymiseMode::Intermediate),
        ..next_step(&read(&store, one.id).await)
    };
    step(&store, &anonymous).await;
    assert_eq!(values(&store, one.id, 2).await.as_deref(), Some(r#"{"weight":3}"#));
    // A version that was not given says nothing from here on.
    assert_eq!(values(&store, one.id, 1).await, None);
    let stored = store.submission(PROJECT, one.id).await.unwrap().unwrap();
    assert_eq!((stored.user, stored.user_id, stored.position), (None, None, None));
    let versions = store.submission_versions(PROJECT, one.id, None, 9).await.unwrap();
    assert!(versions.iter().all(|it| it.user.is_none() && it.user_id.is_none()), "{versions:?}");
    assert_eq!(store.submission_original(PROJECT, one.id, 1).await, Ok(None));
    let files = store.files_of_progress(PROJECT, &[one.id]).await.unwrap();
    let files: Vec<_> = files[&one.id].iter().map(|file| (&*file.name, file.sha256[0])).collect();
    assert_eq!(files, [("house.jpg", 4), ("letter.pdf", 9)]);
    // It is not for good yet: what brought it is there.
    assert!(store.message_content(PROJECT, first).await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn for_good_the_bytes_of_what_brought_it_go_but_not_of_what_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, [first, second]) = two_versions(&store).await;
    let calls = vec![call(one.id, 1), call(one.id, 2)];
    let [ended, waits] = [calls[0].clone(), calls[1].clone()];
    let first_of = ProgressStep { expected_version: 2, ..first_step(one.id, progress(1, 1)) };
    step(&store, &ProgressStep { calls, ..first_of }).await;
    let mut forwarded = None;
    for claimed in store.claim_some(9, LONG).await {
        if claimed.id == ended.delivery.id {
            let mut sent = outcome(&claimed, Verdict::Final(DeliveryState::Rejected));
            sent.request_body = Some("Amina".into());
            sent.last_error = Some("400 Bad Request: Amina is known".to_owned());
            store.record(sent).await.unwrap();
        } else {
            let again = Duration::from_hours(1);
            store.record(outcome(&claimed, Verdict::RetryIn(again))).await.unwrap();
            forwarded = Some(claimed.id).filter(|id| *id != waits.delivery.id).or(forwarded);
        }
    }
    let anonymous = |stored| ProgressStep {
        rewritten: vec![rewritten(1), rewritten(2)],
        kept_files: Some(Vec::new()),
        anonymised: Some(AnonymiseMode::Final),
        ..next_step(stored)
    };
    let stored = read(&store, one.id).await;
    let told = NewDelivery {
        event: Event::Submission,
        payload: Some(Uuid::now_v7()),
        ..delivery_to("statistics")
    };
    let payload = fieldpost_store::NewPayload {
        id: told.payload.unwrap(),
        facts: "{\"anonymous\":true}".to_owned(),
        ..call(one.id, 3).payload
    };
    let payloads = vec![payload.clone()];
    let with_event = ProgressStep { deliveries: vec![told], payloads, ..anonymous(&stored) };
    step(&store, &with_event).await;
    let has_bytes =
        async |message| store.message_content(PROJECT, message).await.unwrap().is_some();
    assert!(has_bytes(first).await, "it is still being forwarded");
    assert!(!has_bytes(second).await);
    let facts = async |id| store.payload_facts(PROJECT, id).await.unwrap();
    assert_eq!(facts(ended.payload.id).await, None);
    assert_eq!(facts(waits.payload.id).await.as_ref(), Some(&waits.payload.facts));
    assert_eq!(facts(payload.id).await.as_ref(), Some(&payload.facts));
    let attempts = store.attempts(PROJECT, ended.delivery.id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(store.attempt_body(PROJECT, ended.delivery.id, 1).await, Ok(Some(None)));
    assert_eq!(store.find(ended.delivery.id).await.last_error, None);
    assert_eq!(values(&store, one.id, 1).await.as_deref(), Some(r#"{"weight":3}"#));
    assert_eq!(values(&store, one.id, 2).await.as_deref(), Some(r#"{"weight":3}"#));
    assert_eq!(names(&store, one.id).await, Vec::<String>::new());
    // Once that is sent, whoever asks again takes the rest.
    let delivery = store.find(forwarded.unwrap()).await;
    store.retry(PROJECT, &delivery).await.unwrap();
    let claimed = store.claim_one().await;
    store.record(succeeded(&claimed)).await.unwrap();
    step(&store, &anonymous(&read(&store, one.id).await)).await;
    assert!(!has_bytes(first).await);
}
