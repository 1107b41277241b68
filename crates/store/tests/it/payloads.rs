//! What deliveries carry that is not just their message.

use std::time::Duration;

use fieldpost_model::delivery::{Delivery, DeliveryState, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accept, Accepted, ClaimedPayload, DeliveryQuery, FormOrigin, FormWork, LARGE_PAYLOAD,
    NewDelivery, NewPayload, Original, PutForm, Replay, Replayed, RetentionKind, RetentionStep,
    STALE_PLAN, StoreError, StoredPayload, Verdict,
};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::order::latest;
use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, delivery_to, first, message, now,
    outcome, succeeded,
};

const FACTS: &str = r#"{"state":{"name":"Zo\u00eb"}}"#;

/// What tells of a case.
pub(crate) fn of_case(case_id: &str) -> NewPayload {
    NewPayload {
        id: Uuid::now_v7(),
        kind: PayloadKind::Case,
        submission: Some(Uuid::now_v7()),
        case: Some(case_id.to_owned()),
        facts: FACTS.to_owned(),
        original: None,
    }
}

/// A form that is not the body of its message, of so many bytes.
fn of_form(bytes: usize) -> NewPayload {
    let content_type = Some("text/xml".to_owned());
    let original = Original { content_type, bytes: "x".repeat(bytes).into() };
    NewPayload {
        kind: PayloadKind::Submission,
        case: None,
        original: Some(original),
        ..of_case("")
    }
}

pub(crate) fn carrying(payload: &NewPayload, event: Event) -> NewDelivery {
    NewDelivery { event, payload: Some(payload.id), ..delivery_to(CONNECTION) }
}

/// A message with one delivery that carries this.
pub(crate) fn told(body: &str, payload: NewPayload, event: Event) -> Accept {
    message(body).change(|accept| {
        accept.deliveries = vec![carrying(&payload, event)];
        accept.payloads = vec![payload];
    })
}

async fn found_by(store: &TestStore, id: Uuid) -> Vec<Uuid> {
    let query = DeliveryQuery { payload: Some(id), ..DeliveryQuery::default() };
    let found = store.deliveries(PROJECT, &query, first(9)).await.unwrap();
    found.into_iter().map(|delivery| delivery.id).collect()
}

async fn is_kept(store: &TestStore, payload: &NewPayload) -> bool {
    store.payload(PROJECT, payload.id).await.unwrap().is_some()
}

#[rstest]
#[tokio::test]
async fn deliveries_of_an_event_share_what_they_carry(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let case = of_case("c");
    let accept = told("body", case.clone(), Event::Case)
        .change(|accept| accept.deliveries.push(carrying(&case, Event::CaseCreated)))
        .to(CONNECTION);
    let (id, ids) = (accept.message.id, accept.deliveries.iter().map(|it| it.id));
    let [one, other, plain] = *ids.collect::<Vec<_>>() else { panic!("three deliveries") };
    assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version: 1 }));
    let store = store.restart().await;

    let stored = StoredPayload {
        id: case.id,
        message: Some(id),
        kind: PayloadKind::Case,
        submission: case.submission,
        case: Some("c".to_owned()),
        facts: FACTS.to_owned(),
        original: None,
    };
    assert_eq!(store.payload(PROJECT, case.id).await, Ok(Some(stored)));
    for delivery in [one, other] {
        let Delivery { payload_kind, payload_id, message, .. } = store.find(delivery).await;
        assert_eq!((payload_kind, payload_id, message), (PayloadKind::Case, case.id, Some(id)));
    }
    let delivery = store.find(plain).await;
    assert_eq!((delivery.payload_kind, delivery.payload_id), (PayloadKind::Message, id));
    assert_eq!(found_by(&store, id).await, [plain, other, one]);
    assert_eq!(found_by(&store, case.id).await, [other, one]);
    assert!(found_by(&store, Uuid::now_v7()).await.is_empty());

    let claimed = store.claim_some(9, LONG).await;
    let carried = ClaimedPayload {
        id: case.id,
        kind: PayloadKind::Case,
        facts: Some(FACTS.to_owned()),
        facts_length: u64::try_from(FACTS.len()).unwrap(),
        original: None,
        original_bytes: None,
    };
    let about: Vec<_> = claimed.iter().map(|claimed| claimed.about.clone()).collect();
    assert_eq!(about, [Some(carried.clone()), Some(carried), None]);
    let bodies = claimed.iter().map(|it| it.content.body.as_deref().unwrap());
    assert_eq!(bodies.collect::<Vec<_>>(), [&b""[..], b"", b"body"], "a case needs no body");
    assert!(claimed.iter().all(|it| it.message == Some(id) && it.content.source == "intake"));
}

#[rstest]
#[tokio::test]
async fn a_form_brings_its_bytes_unless_they_are_many(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let most = usize::try_from(LARGE_PAYLOAD).unwrap();
    for bytes in [most, most + 1] {
        let form = of_form(bytes);
        store.accept(told("{}", form.clone(), Event::Form)).await.unwrap();
        let claimed = store.claim_one().await;
        let about = claimed.about.clone().unwrap();
        assert_eq!(about.original.is_some(), bytes == most);
        assert_eq!(about.original_bytes, Some(bytes as u64));
        assert_eq!((claimed.content.bytes, claimed.content.body.as_deref()), (0, Some(&b""[..])));
        let read = store.payload_original(PROJECT, form.id).await.unwrap();
        assert_eq!(read, form.original);
        store.record(succeeded(&claimed)).await.unwrap();
    }
    // The body of the message is the form.
    let form = NewPayload { original: None, ..of_form(0) };
    store.accept(told("<data/>", form.clone(), Event::Form)).await.unwrap();
    let claimed = store.claim_one().await;
    assert_eq!(claimed.content.body.as_deref(), Some(&b"<data/>"[..]));
    assert_eq!(store.payload_original(PROJECT, form.id).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn facts_are_claimed_unless_they_are_long(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let most = usize::try_from(LARGE_PAYLOAD).unwrap();
    for length in [most, most + 1] {
        let case = NewPayload { facts: "f".repeat(length), ..of_case("c") };
        store.accept(told("{}", case.clone(), Event::Case)).await.unwrap();
        let claimed = store.claim_one().await;
        let about = claimed.about.clone().unwrap();
        assert_eq!(about.facts.is_some(), length == most);
        assert_eq!(about.facts_length, u64::try_from(length).unwrap());
        let facts = store.payload_facts(PROJECT, case.id).await;
        assert_eq!(facts, Ok(Some(case.facts)));
        store.record(succeeded(&claimed)).await.unwrap();
    }
    assert_eq!(store.payload_facts(PROJECT, Uuid::now_v7()).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn what_is_not_kept_keeps_no_payload(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let told = |payload: &NewPayload| told("one", payload.clone(), Event::Case);
    let [kept, again, broken, stale] = ["c"; 4].map(of_case);
    store.accept(told(&kept).known_as("x")).await.unwrap();
    store.accept(told(&again).known_as("x")).await.unwrap();
    store.accept(told(&broken).unreadable("broken")).await.unwrap();
    let old = told(&stale).change(|accept| accept.configuration_version = 7);
    assert_eq!(store.accept(old).await, Ok(Accepted::Stale));
    assert!(is_kept(&store, &kept).await);
    for payload in [again, broken, stale] {
        assert!(!is_kept(&store, &payload).await);
    }
}

#[rstest]
#[tokio::test]
async fn it_is_sent_again_as_often_as_wanted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let case = of_case("c");
    let accept = told("one", case.clone(), Event::CaseUpdated);
    let (id, delivery) = (accept.message.id, accept.deliveries[0].id);
    store.accept(accept).await.unwrap();
    let claimed = store.claim_one().await;
    let rejected = Verdict::Final(DeliveryState::Rejected);
    store.record(outcome(&claimed, rejected.clone())).await.unwrap();

    let copy = Uuid::now_v7();
    let ended = store.find(delivery).await;
    store.resend(PROJECT, &ended, copy, CONNECTION, false).await.unwrap();
    let claimed = store.claim_one().await;
    assert_eq!((claimed.id, claimed.about.clone().map(|it| it.id)), (copy, Some(case.id)));
    store.record(outcome(&claimed, rejected.clone())).await.unwrap();

    store.requeue(PROJECT, &ended, CONNECTION, false).await.unwrap();
    let claimed = store.claim_one().await;
    assert_eq!((claimed.id, claimed.about.clone().map(|it| it.id)), (delivery, Some(case.id)));
    store.record(outcome(&claimed, rejected)).await.unwrap();

    let today = of_case("c");
    let replay = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: id,
        released: None,
        still_quarantined: None,
        deliveries: vec![carrying(&today, Event::Case)],
        runs: Vec::new(),
        payloads: vec![today.clone()],
    };
    assert_eq!(store.replay(&replay).await, Ok(Replayed::Done));
    let claimed = store.claim_one().await;
    assert_eq!(claimed.about.map(|it| it.id), Some(today.id));
    let none = Replay { deliveries: Vec::new(), payloads: vec![of_case("c")], ..replay };
    assert_eq!(store.replay(&none).await, Ok(Replayed::Done));
    assert!(!is_kept(&store, &none.payloads[0]).await);
}

#[rstest]
#[tokio::test]
async fn the_newest_state_takes_the_place_of_what_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let mut carried = Vec::new();
    for _ in 0..3 {
        let case = of_case("c");
        let accept = latest("c").change(|accept| {
            accept.deliveries[0].event = Event::Case;
            accept.deliveries[0].payload = Some(case.id);
            accept.payloads = vec![case.clone()];
        });
        store.accept(accept).await.unwrap();
        carried.push(case.id);
    }
    let claimed = store.claim_one().await;
    assert_eq!(claimed.about.map(|it| it.id), carried.pop());
}

/// What saving a form calls for.
fn saved(version: i64) -> (FormWork, NewPayload) {
    let payload =
        NewPayload { kind: PayloadKind::Application, submission: None, case: None, ..of_case("") };
    let deliveries = vec![carrying(&payload, Event::AppSchema)];
    let payloads = vec![payload.clone()];
    (FormWork { configuration_version: version, deliveries, runs: Vec::new(), payloads }, payload)
}

fn form(name: &str) -> PutForm {
    PutForm {
        name: name.to_owned(),
        title: name.to_owned(),
        form_id: None,
        xmlns: None,
        version: None,
        application: None,
        root: None,
        origin: FormOrigin::Uploaded,
        is_encrypted: false,
        definition: None,
        files: None,
    }
}

#[rstest]
#[tokio::test]
async fn a_form_that_is_saved_calls_for_deliveries_without_a_message(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (work, payload) = saved(2);
    let stale = store.put_form(PROJECT, form("a"), 0, now(), work).await;
    assert_eq!(stale, Err(StoreError::Conflict(STALE_PLAN.to_owned())));
    assert_eq!(store.form(PROJECT, "a").await, Ok(None));
    assert!(!is_kept(&store, &payload).await);

    let (work, payload) = saved(1);
    let id = work.deliveries[0].id;
    assert_eq!(store.put_form(PROJECT, form("a"), 0, now(), work).await, Ok(1));
    let delivery = store.find(id).await;
    let expected = (PayloadKind::Application, payload.id, None);
    assert_eq!((delivery.payload_kind, delivery.payload_id, delivery.message), expected);
    assert_eq!(found_by(&store, payload.id).await, [id]);
    for _ in 0..2 {
        let claimed = store.claim_one().await;
        assert_eq!((claimed.message, claimed.found_by()), (None, payload.id));
        assert_eq!((&*claimed.content.source, claimed.content.bytes), ("", 0));
        assert_eq!(claimed.about.as_ref().and_then(|it| it.facts.as_deref()), Some(FACTS));
        store.record(succeeded(&claimed)).await.unwrap();
        store.requeue(PROJECT, &delivery, CONNECTION, false).await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn payloads_count_among_the_bytes_that_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] in_facts: bool,
) {
    let store =
        TestStore::with(engine, |settings| settings.accept_queue_bytes = 3 * 1024 * 1024).await;
    let accept = || {
        let mut payload = of_form(1024 * 1024);
        if in_facts {
            payload.original = None;
            payload.facts = "x".repeat(1024 * 1024);
        }
        told("{}", payload, Event::Form)
    };
    let answers = join_all((0..64).map(|_| store.accept(accept()))).await;
    let busy = answers.iter().filter(|answer| **answer == Err(StoreError::Busy)).count();
    assert!((1..=62).contains(&busy), "{busy} refused");
}

/// What is kept of a payload that came alone, and of the delivery that carried it: whether its facts are
/// there, the key of the delivery, its attempts, and whether the first of these still has its body.
async fn left(
    store: &TestStore,
    payload: &NewPayload,
    delivery: Uuid,
) -> (bool, bool, usize, bool) {
    let attempts = store.attempts(PROJECT, delivery).await.unwrap();
    let body = store.attempt_body(PROJECT, delivery, 1).await.unwrap();
    (
        is_kept(store, payload).await,
        store.find(delivery).await.key.is_some(),
        attempts.len(),
        matches!(body, Some(Some(_))),
    )
}

/// What no message has set off is found by no message, and has a walk of its own.
#[rstest]
#[tokio::test]
async fn what_came_alone_goes_when_its_time_is_over_and_nothing_needs_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(RetentionKind::Bodies, RetentionKind::Messages, RetentionKind::AfterSuccess)]
    kind: RetentionKind,
) {
    let store = TestStore::new(engine).await;
    let (mut work, payload) = saved(1);
    work.deliveries[0].key = Some("a1".to_owned());
    let id = work.deliveries[0].id;
    store.put_form(PROJECT, form("a"), 0, now(), work).await.unwrap();
    let step = |at: Timestamp| RetentionStep {
        project: PROJECT,
        kind,
        cutoff: at,
        now: at,
        again: Duration::from_mins(1),
        limit: 9,
    };
    // Attempts of tests take some time.
    let after = || step(now() + Duration::from_mins(1));
    let looked_at = async |step| store.retain_alone(step).await.unwrap().looked_at;
    assert_eq!(looked_at(after()).await, 0, "it waits");
    let claimed = store.claim_one().await;
    let sent = fieldpost_store::Outcome { request_body: Some("a1".into()), ..succeeded(&claimed) };
    store.record(sent).await.unwrap();
    assert_eq!(looked_at(step(Timestamp(1))).await, 0, "it is too young");
    assert_eq!(left(&store, &payload, id).await, (true, true, 1, true));
    assert_eq!(looked_at(after()).await, 1);
    let expected = if kind == RetentionKind::Messages {
        (false, false, 0, false)
    } else {
        (false, true, 1, false)
    };
    assert_eq!(left(&store, &payload, id).await, expected);
    assert_eq!(looked_at(after()).await, 0, "nothing is found twice");
    let ended = store.find(id).await;
    let again = store.requeue(PROJECT, &ended, CONNECTION, false).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    // What lost its bytes first loses the rest in its time.
    let rest = store.retain_alone(RetentionStep { kind: RetentionKind::Messages, ..after() });
    assert_eq!(rest.await.unwrap().looked_at, usize::from(kind != RetentionKind::Messages));
    assert_eq!(left(&store, &payload, id).await, (false, false, 0, false));
}
