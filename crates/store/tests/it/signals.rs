//! Being told what happened, here and at the other hubs.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::message::MessageState;
use fieldpost_store::{Filing, Lane, Signal, Traces};
use rstest::rstest;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::filing::{case, filed, new_form, submission};
use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, PROJECT, TestStore, lane, message, now, release,
    succeeded,
};

/// Listens until all of these have been told, in whatever order.
async fn expect(listener: &mut Receiver<Signal>, mut expected: Vec<Signal>) {
    let listening = async {
        while !expected.is_empty() {
            let signal = listener.recv().await.unwrap();
            expected.retain(|one| *one != signal);
        }
    };
    let ended = timeout(Duration::from_secs(5), listening).await;
    assert!(ended.is_ok(), "never told: {expected:?}");
}

/// Does a bit of everything; the answer is what is told about it.
async fn live(store: &TestStore) -> Vec<Signal> {
    let accept = message("x").to(CONNECTION).known_as("a");
    let (id, delivery) = (accept.message.id, accept.deliveries[0].id);
    let again = message("x").known_as("a");
    let bad = message("<").unreadable("not XML");
    let (duplicate, unreadable) = (again.message.id, bad.message.id);
    let submission = submission("uuid:told");
    let case = case("a \"case\"", 0, "uuid:told", submission.id);
    let told_case = Signal::Case {
        project: PROJECT.into(),
        id: case.case.id.clone(),
        case_type: case.case.case_type.clone(),
    };
    let told_submission = Signal::Submission {
        project: PROJECT.into(),
        id: submission.id,
        form: submission.form.clone(),
    };
    let filing = Filing {
        forms: vec![new_form(&submission.form)],
        submissions: vec![submission],
        cases: vec![case],
        ..Filing::default()
    };
    for accept in [accept, again, bad, filed("told", filing)] {
        store.accept(accept).await.unwrap();
    }
    let claimed = store.claim_one().await;
    store.release(vec![release(&claimed)]).await.unwrap();
    let claimed = store.claim_one().await;
    store.record(succeeded(&claimed)).await.unwrap();
    let done = store.find(delivery).await;
    store.requeue(PROJECT, &done, CONNECTION, false).await.unwrap();
    store.cancel(PROJECT, &done, "by hand").await.unwrap();
    store.change_configuration(PROJECT, 1, Vec::new()).await.unwrap();
    let project = || PROJECT.into();
    let of_message = |id, state| Signal::Message { project: project(), id, state };
    let of_delivery = |state| Signal::Delivery { project: project(), id: delivery, state };
    vec![
        of_message(id, MessageState::Kept),
        of_message(duplicate, MessageState::Duplicate),
        of_message(unreadable, MessageState::Quarantined),
        of_delivery(DeliveryState::Pending),
        of_delivery(DeliveryState::Succeeded),
        of_delivery(DeliveryState::Cancelled),
        Signal::Due(lane(CONNECTION)),
        Signal::Configuration(project()),
        told_submission,
        told_case,
    ]
}

#[rstest]
#[tokio::test]
async fn what_happens_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let mut listener = store.listen();
    let expected = live(&store).await;
    expect(&mut listener, expected).await;
}

/// A form may touch many cases, and whoever is told of all of them may miss what is told after them.
#[rstest]
#[tokio::test]
async fn what_is_to_be_sent_is_told_before_what_was_filed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut listener = store.listen();
    let submission = submission("uuid:told");
    let filing = Filing {
        forms: vec![new_form(&submission.form)],
        submissions: vec![submission],
        ..Filing::default()
    };
    let accept = message("x").to(CONNECTION).change(|it| it.filing = Some(Box::new(filing)));
    store.accept(accept).await.unwrap();
    let mut told = Vec::new();
    while let Ok(signal) = listener.try_recv() {
        told.push(signal);
    }
    let place = |of: fn(&Signal) -> bool| told.iter().position(of).unwrap();
    let due = place(|signal| matches!(signal, Signal::Due(_)));
    assert!(due < place(|signal| matches!(signal, Signal::Submission { .. })), "{told:?}");
}

/// A form that has touched forty cases.
async fn forty_cases(store: &TestStore) -> (uuid::Uuid, uuid::Uuid) {
    let submission = submission("uuid:told");
    let id = submission.id;
    let cases = (0..40).map(|number| case(&format!("c{number:02}"), 0, "uuid:told", id));
    let filing = Filing {
        forms: vec![new_form(&submission.form)],
        cases: cases.collect(),
        submissions: vec![submission],
        ..Filing::default()
    };
    let accept = filed("told", filing);
    let message = accept.message.id;
    store.accept(accept).await.unwrap();
    (message, id)
}

/// How many submissions and cases have been told of since.
fn told_of(listener: &mut Receiver<Signal>) -> (usize, usize) {
    let mut told = (0, 0);
    while let Ok(signal) = listener.try_recv() {
        match signal {
            Signal::Submission { .. } => told.0 += 1,
            Signal::Case { case_type, .. } if case_type == "child" => told.1 += 1,
            _ => {}
        }
    }
    told
}

#[rstest]
#[tokio::test]
async fn of_many_cases_the_first_are_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut listener = store.listen();
    forty_cases(&store).await;
    assert_eq!(told_of(&mut listener), (1, 20));
}

#[rstest]
#[tokio::test]
async fn what_is_erased_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let (message, submission) = forty_cases(&store).await;
    let mut listener = store.listen();
    let one = Traces { cases: vec!["c01".to_owned()], ..Traces::default() };
    store.erase_cases(PROJECT, &one, now()).await.unwrap();
    assert_eq!(told_of(&mut listener), (0, 1));
    store.erase_cases(PROJECT, &one, now()).await.unwrap();
    assert_eq!(told_of(&mut listener), (0, 0), "there was none any more");
    let changes = Traces { submissions: vec![submission], ..Traces::default() };
    store.erase_cases(PROJECT, &changes, now()).await.unwrap();
    assert_eq!(told_of(&mut listener), (1, 20));
    store.erase_messages(PROJECT, &[message], now()).await.unwrap();
    assert_eq!(told_of(&mut listener), (1, 0));
    store.erase_messages(PROJECT, &[message], now()).await.unwrap();
    assert_eq!(told_of(&mut listener), (0, 0), "it was erased before");
}

#[tokio::test]
async fn what_happens_is_told_to_other_hubs() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    let (mut here, mut there) = (one.listen(), other.listen());
    // The other hub's ears may still be on their way.
    for attempt in 0.. {
        assert!(attempt < 50, "the other hub never listened");
        one.create_project(&format!("p{attempt}"), "P", now()).await.unwrap();
        let heard = timeout(Duration::from_millis(100), there.recv()).await;
        if heard.is_ok() {
            break;
        }
    }
    let expected = live(&one).await;
    expect(&mut there, expected.clone()).await;
    expect(&mut here, expected).await;
    // And the other way round. The definitions are of version 2 by now.
    let parking = Lane::parking(FORWARDER);
    let accept = message("y").to(CONNECTION).change(|accept| accept.configuration_version = 2);
    other.accept(accept).await.unwrap();
    other.move_lane(CONNECTION, &parking, CONNECTION, false).await.unwrap();
    expect(&mut here, vec![Signal::Due(lane(&parking))]).await;
}
