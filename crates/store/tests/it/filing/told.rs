//! What events have told of cases and forms goes with what it was told of.

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::event::Event;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    CaseHistory, Criterion, FiledCase, Filing, Listener, NewPayload, Replayed, RetentionKind,
    StoreError, TOLD_MEANWHILE, Telling, ToldAgain, Verdict,
};
use rstest::rstest;
use uuid::Uuid;

use super::erased::{erase, keep, retain, two_versions};
use super::{case, filed, submission};
use crate::payloads::{carrying, of_case};
use crate::support::{
    CONNECTION, Change, Engine, PROJECT, TestStore, assert_conflict, now, outcome,
};

/// Another form about the case `b`, of which somebody is told; the answer is the message, the delivery and
/// what it carries.
async fn told_visit(store: &TestStore) -> (Uuid, Uuid, NewPayload) {
    let (visit, told) = (submission("uuid:visit"), of_case("b"));
    let filing = Filing {
        cases: vec![case("b", 1, "uuid:visit", visit.id)],
        submissions: vec![visit],
        ..Filing::default()
    };
    let delivery = carrying(&told, Event::Case);
    let id = delivery.id;
    let accept = filed("visit", filing).change(|accept| {
        accept.deliveries = vec![delivery];
        accept.payloads = vec![told.clone()];
    });
    (keep(store, accept).await, id, told)
}

/// Has the only delivery that waits end, with what was sent.
async fn send(store: &TestStore) {
    let claimed = store.claim_one().await;
    let sent = outcome(&claimed, Verdict::Final(DeliveryState::Rejected));
    let sent = fieldpost_store::Outcome { request_body: Some("<case/>".into()), ..sent };
    store.record(sent).await.unwrap();
}

async fn is_kept(store: &TestStore, payload: &NewPayload) -> bool {
    store.payload(PROJECT, payload.id).await.unwrap().is_some()
}

async fn requeue(store: &TestStore, delivery: Uuid) -> Result<(), StoreError> {
    let delivery = store.find(delivery).await;
    store.requeue(PROJECT, &delivery, CONNECTION, false).await
}

#[rstest]
#[tokio::test]
async fn it_goes_with_the_bytes_of_its_message(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(RetentionKind::Bodies, RetentionKind::Messages)] kind: RetentionKind,
) {
    let store = TestStore::new(engine).await;
    two_versions(&store).await;
    let (_, delivery, told) = told_visit(&store).await;
    retain(&store, kind).await;
    assert!(is_kept(&store, &told).await, "it waits");
    send(&store).await;
    let later = told_later(&store).await;
    store.execute("DELETE FROM retention_cursors").await;
    retain(&store, kind).await;
    assert!(!is_kept(&store, &told).await);
    assert!(is_kept(&store, &later).await, "it waits");
    assert_conflict(&requeue(&store, delivery).await);
}

/// Another message that waits to tell of a case.
async fn told_later(store: &TestStore) -> NewPayload {
    let told = of_case("d");
    let accept = filed("later", Filing::default()).change(|accept| {
        accept.deliveries = vec![carrying(&told, Event::Case)];
        accept.payloads = vec![told.clone()];
    });
    keep(store, accept).await;
    told
}

#[rstest]
#[tokio::test]
async fn what_others_told_of_the_case_of_a_person_goes_with_the_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(0, 1)] way: usize,
) {
    let store = TestStore::new(engine).await;
    let (one, messages) = two_versions(&store).await;
    let (visited, delivery, told) = told_visit(&store).await;
    let criterion = match way {
        0 => Criterion::Message(messages[0]),
        _ => Criterion::Identity("uuid:one".to_owned()),
    };
    let traces = store.find_traces(PROJECT, &criterion).await.unwrap();
    assert_eq!((traces.submissions.as_slice(), traces.touched.len()), (&[one.id][..], 2));
    let waiting = store.waiting_of(PROJECT, &traces).await.unwrap();
    assert_eq!(waiting.iter().map(|it| it.id).collect::<Vec<_>>(), [delivery]);
    send(&store).await;
    let sent = store.attempt_body(PROJECT, delivery, 1).await.unwrap();
    assert_eq!(sent, Some(Some(b"<case/>".to_vec())));
    store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    assert!(!is_kept(&store, &told).await);
    assert_eq!(store.attempt_body(PROJECT, delivery, 1).await, Ok(Some(None)));
    assert_conflict(&requeue(&store, delivery).await);
    let message = store.message(PROJECT, visited).await.unwrap().unwrap();
    assert_eq!(message.erased_at, None, "the other form is its own");
}

#[rstest]
#[tokio::test]
async fn an_interrupted_erasure_of_a_case_goes_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (_, messages) = two_versions(&store).await;
    let (visited, _, told) = told_visit(&store).await;
    send(&store).await;
    let criterion = Criterion::Key("b".to_owned());
    let traces = store.find_traces(PROJECT, &criterion).await.unwrap();
    assert_eq!(traces.messages, [messages[0], messages[1], visited]);
    store.erase_messages(PROJECT, &messages, now()).await.unwrap();
    // Here the hub is killed.
    let traces = erase(&store, criterion).await;
    assert!(traces.messages.contains(&visited), "{traces:?}");
    assert!(!is_kept(&store, &told).await);
    assert!(store.message_content(PROJECT, visited).await.unwrap().is_none());
    assert_eq!(super::revision(&store, "b").await, 0);
}

#[rstest]
#[tokio::test]
async fn nothing_of_a_person_goes_while_others_wait_to_tell_of_a_case(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] is_being_sent: bool,
) {
    let store = TestStore::new(engine).await;
    let (_, messages) = two_versions(&store).await;
    let traces = store.find_traces(PROJECT, &Criterion::Message(messages[0])).await.unwrap();
    // It comes in after what waited was cancelled.
    let (visited, delivery, told) = told_visit(&store).await;
    let claimed = if is_being_sent { Some(store.claim_one().await) } else { None };
    let refused = store.erase_cases(PROJECT, &traces, now()).await;
    assert_eq!(refused, Err(StoreError::Conflict(TOLD_MEANWHILE.to_owned())));
    assert!(is_kept(&store, &told).await);
    let again = store.find_traces(PROJECT, &Criterion::Message(messages[0])).await.unwrap();
    assert_eq!(again, traces, "all is there still, and leads to it");
    if let Some(claimed) = claimed {
        let sent = outcome(&claimed, Verdict::Final(DeliveryState::Rejected));
        store.record(sent).await.unwrap();
    } else {
        let waiting = store.find(delivery).await;
        store.cancel(PROJECT, &waiting, "erased").await.unwrap();
    }
    store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    assert!(!is_kept(&store, &told).await);
    let message = store.message(PROJECT, visited).await.unwrap().unwrap();
    assert_eq!(message.erased_at, None, "the other form is its own");
}

/// What is told again of the case `b`, planned from this revision.
fn told_again(telling: &Telling, revision: i64) -> ToldAgain {
    let told = of_case("b");
    ToldAgain {
        project: PROJECT.into(),
        configuration_version: 1,
        case: "b".to_owned(),
        revision,
        message: telling.message,
        instead_of: vec![telling.cancelled],
        deliveries: vec![carrying(&told, Event::Case)],
        runs: Vec::new(),
        payloads: vec![told],
    }
}

#[rstest]
#[tokio::test]
async fn what_an_erasure_cancels_of_others_is_noted_until_it_is_told_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (_, messages) = two_versions(&store).await;
    let (visited, delivery, told) = told_visit(&store).await;
    let traces = store.find_traces(PROJECT, &Criterion::Message(messages[0])).await.unwrap();
    let waiting = store.find(delivery).await;
    let noted_at = now();
    store.cancel_to_erase(PROJECT, &traces, &waiting, "erased", noted_at).await.unwrap();
    assert_eq!(store.find(delivery).await.state, DeliveryState::Cancelled);
    let to_tell = async |until| store.cases_to_tell(PROJECT, until, 9).await.unwrap();
    assert_eq!(to_tell(noted_at).await, ["b"]);
    assert_eq!(to_tell(Timestamp(noted_at.0 - 1)).await, [""; 0], "it was noted later");
    store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    assert_eq!(to_tell(noted_at).await, [""; 0], "it is still to be made anew");
    let store = store.restart().await;
    let tellings = store.tellings(PROJECT, "b", 9).await.unwrap();
    let expected = Telling {
        cancelled: delivery,
        message: visited,
        submission: told.submission.unwrap(),
        listener: Listener::Forwarder(waiting.forwarder),
        origin: waiting.origin,
    };
    assert_eq!(tellings, [expected]);

    let before = super::revision(&store, "b").await;
    let too_early = store.tell_again(&told_again(&tellings[0], before)).await;
    assert_eq!(too_early, Ok(Replayed::Stale));
    let history = store.case_changes(PROJECT, "b").await.unwrap();
    let anew = FiledCase {
        history: CaseHistory::Replace(history.clone()),
        ..case("b", before, "uuid:visit", history[0].submission)
    };
    store.put_rebuilt_case(&PROJECT.into(), anew, now()).await.unwrap();
    assert_eq!(store.cases_to_tell(PROJECT, noted_at, 9).await.unwrap(), ["b"]);
    let stale = store.tell_again(&told_again(&tellings[0], before)).await;
    assert_eq!(stale, Ok(Replayed::Stale), "the case has changed since");
    let present = super::revision(&store, "b").await;
    let again = told_again(&tellings[0], present);
    assert_eq!(store.tell_again(&again).await, Ok(Replayed::Done));
    assert_eq!(store.tell_again(&told_again(&tellings[0], present)).await, Ok(Replayed::Stale));
    assert_eq!(store.tellings(PROJECT, "b", 9).await, Ok(Vec::new()));
    let claimed = store.claim_one().await;
    assert_eq!((claimed.id, claimed.message), (again.deliveries[0].id, Some(visited)));
}

/// The person's own messages are erased: nothing of them is told again.
#[rstest]
#[tokio::test]
async fn what_an_erasure_cancels_of_the_person_is_not_noted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    two_versions(&store).await;
    let (visited, delivery, _) = told_visit(&store).await;
    let traces = store.find_traces(PROJECT, &Criterion::Message(visited)).await.unwrap();
    let waiting = store.find(delivery).await;
    store.cancel_to_erase(PROJECT, &traces, &waiting, "erased", now()).await.unwrap();
    assert_eq!(store.tellings(PROJECT, "b", 9).await, Ok(Vec::new()));
}

/// A note of a case that is gone would otherwise be looked at again for good.
#[rstest]
#[tokio::test]
async fn notes_go_only_with_their_case(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let (_, messages) = two_versions(&store).await;
    let (_, delivery, _) = told_visit(&store).await;
    let traces = store.find_traces(PROJECT, &Criterion::Message(messages[0])).await.unwrap();
    let waiting = store.find(delivery).await;
    store.cancel_to_erase(PROJECT, &traces, &waiting, "erased", now()).await.unwrap();
    store.forget_notes(PROJECT, "b").await.unwrap();
    assert_eq!(store.tellings(PROJECT, "b", 9).await.unwrap().len(), 1, "the case is there");
    store
        .execute("INSERT INTO case_rebuilds (project, case_id, since) VALUES ('clinic', 'b', 1)")
        .await;
    store.execute("DELETE FROM cases WHERE id = 'b'").await;
    store.forget_notes(PROJECT, "b").await.unwrap();
    assert_eq!(store.tellings(PROJECT, "b", 9).await, Ok(Vec::new()));
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), [""; 0]);
}
