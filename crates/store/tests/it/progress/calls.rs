//! Calls are deliveries, and their ends are told to their lifecycles even if the hub dies in between.

use std::time::Duration;

use fieldpost_model::delivery::{DeliveryState, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::incident::{IncidentKind, NoticeChannel, NoticeKind, Sample, Sighting};
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    CallChange, CallEnd, EndedCall, NewIncident, NewNotice, ProgressKey, ProgressStep,
    RetentionKind, RetentionStep, Verdict,
};
use rstest::rstest;
use uuid::Uuid;

use super::{FORM, begin, call, first_step, keep, next_step, progress, read, step, tracked};
use crate::support::{Engine, LONG, PROJECT, TestStore, outcome, succeeded};

#[rstest]
#[tokio::test]
async fn a_call_that_has_ended_is_found_until_its_lifecycle_was_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let calls = vec![call(one.id, 1), call(one.id, 2), call(one.id, 3)];
    let ids: Vec<_> = calls.iter().map(|call| call.delivery.id).collect();
    step(&store, &ProgressStep { calls, ..first_step(one.id, progress(1, 1)) }).await;
    assert_eq!(store.ended_calls(None, 9).await, Ok(Vec::new()));
    let delivery = store.find(ids[0]).await;
    assert_eq!((delivery.event, delivery.payload_kind), (Event::Call, PayloadKind::Call));
    assert_eq!((delivery.message, &*delivery.forwarder), (None, "lifecycle:births"));
    // One succeeds, one is to be tried again, one is given up.
    let mut claimed = store.claim_some(9, LONG).await;
    claimed.sort_by_key(|it| it.id);
    let carried = claimed[0].about.as_ref().unwrap();
    assert_eq!(carried.kind, PayloadKind::Call);
    assert_eq!(carried.facts.as_deref(), Some(r#"{"url":"https://ministry.example/"}"#));
    store.record(succeeded(&claimed[0])).await.unwrap();
    store.record(outcome(&claimed[1], Verdict::RetryIn(LONG))).await.unwrap();
    store.record(outcome(&claimed[2], Verdict::Final(DeliveryState::Rejected))).await.unwrap();
    let ended = |place: usize, number, state| EndedCall {
        project: PROJECT.into(),
        submission: one.id,
        number,
        delivery: ids[place],
        state,
    };
    let both = [ended(0, 1, DeliveryState::Succeeded), ended(2, 3, DeliveryState::Rejected)];
    assert_eq!(store.ended_calls(None, 9).await.as_deref(), Ok(&both[..]));
    assert_eq!(store.ended_calls(None, 1).await.as_deref(), Ok(&both[..1]));
    assert_eq!(store.ended_calls(Some(ids[0]), 9).await.as_deref(), Ok(&both[1..]));
    assert_eq!(store.call_of(PROJECT, ids[0]).await, Ok(Some((one.id, 1))));
    let told = next_step(&read(&store, one.id).await);
    step(&store, &ProgressStep { ended_call: Some(ids[0]), ..told }).await;
    assert_eq!(store.ended_calls(None, 9).await.as_deref(), Ok(&both[1..]));
    assert_eq!(store.call_of(PROJECT, ids[0]).await, Ok(None));
    // Nobody has told of the other one before the hub went down; and a person ends what still waits.
    let store = store.restart().await;
    let waiting = store.find(ids[1]).await;
    store.cancel(PROJECT, &waiting, "given up").await.unwrap();
    let found = store.ended_calls(None, 9).await.unwrap();
    assert_eq!(found, [ended(1, 2, DeliveryState::Cancelled), both[1].clone()]);
    // A call whose delivery is gone has ended as well.
    store.execute("DELETE FROM deliveries").await;
    let found = store.ended_calls(None, 9).await.unwrap();
    let cancelled = DeliveryState::Cancelled;
    assert_eq!(found, [ended(1, 2, cancelled), ended(2, 3, cancelled)]);
}

#[rstest]
#[tokio::test]
async fn a_delivery_that_is_no_call_is_of_no_lifecycle(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    assert_eq!(store.call_of(PROJECT, delivery.id).await, Ok(None));
    store.record(succeeded(&store.claim_one().await)).await.unwrap();
    assert_eq!(store.ended_calls(None, 9).await, Ok(Vec::new()));
}

/// A call of an action that failed, or went well.
fn end(subject: &str, error: Option<&str>) -> CallEnd {
    let seen = |error: &str| Sighting {
        at: Timestamp(5_000_000),
        error: Some(error.to_owned()),
        status: Some(422),
        url: Some("https://ministry.example/register".to_owned()),
        sample: Some(Sample {
            delivery: Uuid::from_u128(7),
            message: None,
            key: Some("births/1".to_owned()),
        }),
    };
    CallEnd { subject: subject.to_owned(), trouble: error.map(seen) }
}

#[rstest]
#[tokio::test]
async fn how_calls_ended_is_noted_until_somebody_has_made_something_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let told = async |call_ends: Vec<CallEnd>| {
        let before = store.progress(PROJECT, ProgressKey::Submission(one.id)).await.unwrap();
        let next = match &before {
            Some(before) => next_step(before),
            None => first_step(one.id, progress(1, 1)),
        };
        step(&store, &ProgressStep { call_ends, ..next }).await;
    };
    // While nothing is wrong, nobody is told that all is well.
    told(vec![end("births/new/a", None)]).await;
    assert_eq!(store.call_ends(9).await, Ok(Vec::new()));
    let failed = end("births/new/a", Some("422 Unprocessable Entity"));
    told(vec![failed.clone(), end("births/new/b", None)]).await;
    // What has not been looked at yet may be over again.
    told(vec![end("births/new/a", None)]).await;
    let noted = store.call_ends(9).await.unwrap();
    let ends: Vec<CallEnd> = noted.iter().map(|noted| noted.end.clone()).collect();
    assert_eq!(ends.len(), 2, "{ends:?}");
    assert!(ends.contains(&failed) && ends.contains(&end("births/new/a", None)));
    let bad = noted.iter().find(|noted| noted.end == failed).unwrap();
    let good = noted.iter().find(|noted| noted.end != failed).unwrap();
    let last = failed.trouble.clone();
    let new = NewIncident {
        id: Uuid::now_v7(),
        kind: IncidentKind::Call,
        subject: failed.subject.clone(),
        failures: 1,
        given_up: 0,
        last: last.clone(),
        unsteady_within: LONG,
    };
    let opens = CallChange::Opens { new: &new, notices: &[], runs: &[] };
    assert_eq!(store.settle_call_ends(PROJECT, &[bad], &opens).await, Ok(true));
    // Another hub has read the same, and comes too late.
    let late = NewIncident { id: Uuid::now_v7(), ..new.clone() };
    let opens = CallChange::Opens { new: &late, notices: &[], runs: &[] };
    assert_eq!(store.settle_call_ends(PROJECT, &[bad], &opens).await, Ok(false));
    assert_eq!(store.settle_call_ends(PROJECT, &[good], &opens).await, Ok(false));
    assert_eq!(store.settle_call_ends(PROJECT, &[good], &CallChange::Nothing).await, Ok(true));
    told(vec![failed.clone()]).await;
    let noted = store.call_ends(9).await.unwrap();
    let [again] = &noted[..] else { panic!("{noted:?}") };
    let lasts = CallChange::Lasts { incident: new.id, failures: 1, last: last.as_ref() };
    assert_eq!(store.settle_call_ends(PROJECT, &[again], &lasts).await, Ok(true));
    let open = store.open_incidents_of(PROJECT).await.unwrap();
    let [open] = &open[..] else { panic!("{open:?}") };
    assert_eq!((open.id, open.failures, &open.last), (new.id, 2, &last));
    // While it lasts, one that goes well is told. It goes with the submission, and so does what was seen of it.
    told(vec![end("births/new/a", None)]).await;
    assert_eq!(store.call_ends(9).await.unwrap().len(), 1);
    assert_eq!(store.remove_submission(PROJECT, one.id, Timestamp(9_000_000)).await, Ok(true));
    assert_eq!(store.call_ends(9).await, Ok(Vec::new()));
}

/// A new incident about what failed.
fn incident_of(failed: &CallEnd) -> NewIncident {
    NewIncident {
        id: Uuid::now_v7(),
        kind: IncidentKind::Call,
        subject: failed.subject.clone(),
        failures: 1,
        given_up: 0,
        last: failed.trouble.clone(),
        unsteady_within: LONG,
    }
}

/// A call that failed before it could be made: there is no delivery to find its words by.
fn impossible(subject: &str) -> CallEnd {
    let mut failed = end(subject, Some("Amina lives in no such street"));
    if let Some(seen) = &mut failed.trouble {
        (seen.sample, seen.status) = (None, None);
    }
    failed
}

fn mail_about(incident: Uuid) -> NewNotice {
    NewNotice {
        id: Uuid::now_v7(),
        incident: Some(incident),
        kind: NoticeKind::Opened,
        channel: NoticeChannel::Mail,
        recipient: "ops@example.org".to_owned(),
        subject: "a call fails".to_owned(),
        text: "Amina lives in no such street".to_owned(),
        html: None,
        unsubscribe: None,
        // It has been dealt with: what waits is still sent.
        impossible: Some("there is no relay".to_owned()),
    }
}

/// How the words of an incident are to go.
#[derive(Clone, Copy, Debug)]
enum Goes {
    WithTheSubmission,
    Anonymised,
    ByRetention,
}

#[rstest]
#[tokio::test]
async fn what_an_incident_tells_of_a_submission_goes_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Goes::WithTheSubmission, Goes::Anonymised, Goes::ByRetention)] goes: Goes,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    keep(&store, &one, true).await;
    let failed = impossible("births/new/a");
    let first = ProgressStep {
        standing: Some(StatusKind::Done),
        call_ends: vec![failed.clone()],
        ..first_step(one.id, progress(1, 1))
    };
    step(&store, &first).await;
    let noted = store.call_ends(9).await.unwrap();
    let new = incident_of(&failed);
    let notices = [mail_about(new.id)];
    let opens = CallChange::Opens { new: &new, notices: &notices, runs: &[] };
    let ends: Vec<_> = noted.iter().collect();
    assert_eq!(store.settle_call_ends(PROJECT, &ends, &opens).await, Ok(true));
    let last = async || store.incident(PROJECT, new.id).await.unwrap().unwrap().last.unwrap();
    let before = last().await;
    assert!(before.error.is_some() && before.url.is_some(), "{before:?}");
    assert_eq!(store.notices_of(PROJECT, new.id, 9).await.unwrap().len(), 1);
    match goes {
        Goes::WithTheSubmission => {
            let gone = store.remove_submission(PROJECT, one.id, Timestamp(9_000_000)).await;
            assert_eq!(gone, Ok(true));
        }
        Goes::Anonymised => {
            let anonymised = Some(AnonymiseMode::Final);
            let next = next_step(&read(&store, one.id).await);
            step(&store, &ProgressStep { anonymised, ..next }).await;
        }
        Goes::ByRetention => {
            let later = store.present().await.unwrap() + Duration::from_hours(1);
            let retention = RetentionStep {
                project: PROJECT,
                kind: RetentionKind::Bodies,
                cutoff: later,
                now: later,
                again: Duration::from_mins(1),
                limit: 100,
            };
            assert_eq!(store.retain_next(retention).await.unwrap().looked_at, 1);
            assert!(read(&store, one.id).await.is_erased);
        }
    }
    let after = last().await;
    assert_eq!((after.error, after.url), (None, None));
    assert_eq!(store.notices_of(PROJECT, new.id, 9).await, Ok(Vec::new()));
}

#[rstest]
#[tokio::test]
async fn a_step_that_anonymises_leaves_no_words_of_a_call_that_it_was_told_of(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let failed = end("births/new/a", Some("422 (err_desc: Amina)"));
    let call_ends = vec![failed.clone()];
    step(&store, &ProgressStep { call_ends, ..first_step(one.id, progress(1, 1)) }).await;
    let read_before = store.call_ends(9).await.unwrap();
    let next = ProgressStep {
        call_ends: vec![failed.clone()],
        anonymised: Some(AnonymiseMode::Final),
        ..next_step(&read(&store, one.id).await)
    };
    step(&store, &next).await;
    let noted = store.call_ends(9).await.unwrap();
    // That they failed is still to be told.
    assert_eq!(noted.len(), 2, "{noted:?}");
    for noted in &noted {
        let seen = noted.end.trouble.as_ref().unwrap();
        assert_eq!((&seen.error, &seen.url, seen.status), (&None, &None, Some(422)));
    }
    // Whoever read the words before does not bring them back.
    let new = incident_of(&failed);
    let opens = CallChange::Opens { new: &new, notices: &[], runs: &[] };
    let stale: Vec<_> = read_before.iter().collect();
    assert_eq!(store.settle_call_ends(PROJECT, &stale, &opens).await, Ok(false));
    assert_eq!(store.incident(PROJECT, new.id).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn a_failure_is_looked_at_again_where_its_incident_ended_meanwhile(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let one = tracked(FORM);
    begin(&store, &one).await;
    let failed = end("births/new/a", Some("422"));
    let new = incident_of(&failed);
    assert_eq!(store.open_incident(PROJECT, &new, &[], &[]).await, Ok(true));
    let call_ends = vec![failed.clone()];
    step(&store, &ProgressStep { call_ends, ..first_step(one.id, progress(1, 1)) }).await;
    let noted = store.call_ends(9).await.unwrap();
    let ends: Vec<_> = noted.iter().collect();
    assert_eq!(store.recover_incident(PROJECT, new.id, &[], &[]).await, Ok(true));
    let lasts = CallChange::Lasts { incident: new.id, failures: 1, last: failed.trouble.as_ref() };
    assert_eq!(store.settle_call_ends(PROJECT, &ends, &lasts).await, Ok(false));
    assert_eq!(store.call_ends(9).await.as_ref(), Ok(&noted));
}
