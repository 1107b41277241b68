//! What is erased in time, or because somebody asked for it; what waits, and what is left.

use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_model::incident::{IncidentKind, NoticeChannel, NoticeKind};
use fieldpost_model::message::MessageState;
use fieldpost_model::project::Retention;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accept, Accepted, Criterion, Due, Erased, Erasure, NewIncident, NewNotice, RetentionKind,
    RetentionStep, Traces, Verdict,
};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, assert_conflict, first, message, now,
    outcome, succeeded,
};

const AGAIN: Duration = Duration::from_mins(1);

/// A step that erases what is there now.
fn step(kind: RetentionKind) -> RetentionStep<'static> {
    let now = now() + Duration::from_millis(5);
    RetentionStep { project: PROJECT, kind, cutoff: now, now, again: AGAIN, limit: 100 }
}

fn later(step: RetentionStep<'static>) -> RetentionStep<'static> {
    RetentionStep { now: step.now + AGAIN, ..step }
}

/// A message of somebody with one delivery, about the key `case-1`.
fn of_somebody(name: &str) -> Accept {
    let body = format!("a body about {name}");
    message(&body).known_as(&format!("id:{name}")).to(CONNECTION).change(|accept| {
        accept.message.identity = Some(name.to_owned());
        accept.deliveries[0].key = Some("case-1".to_owned());
    })
}

/// Keeps a message; the answer is its id and its delivery's.
async fn keep(store: &TestStore, accept: Accept) -> (Uuid, Uuid) {
    let ids = (accept.message.id, accept.deliveries[0].id);
    assert!(matches!(store.accept(accept).await, Ok(Accepted::Kept { .. })));
    ids
}

/// Sends the only delivery that is due, with an answer that tells something.
async fn send(store: &TestStore, verdict: Verdict) -> Delivery {
    let claimed = store.claim_one().await;
    let is_well = verdict == Verdict::Final(DeliveryState::Succeeded);
    let mut outcome = outcome(&claimed, verdict);
    outcome.request_body = Some("another body about him".into());
    if !is_well {
        let message = "503 Service Unavailable: no such person".to_owned();
        outcome.last_error = Some(message.clone());
        outcome.attempt.error = Some(AttemptError { kind: ErrorKind::Status, message });
    }
    store.record(outcome).await.unwrap();
    store.find(claimed.id).await
}

// MUST-41
#[rstest]
#[tokio::test]
async fn old_bytes_go_and_what_waits_keeps_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (sent, delivery) = keep(&store, of_somebody("Amina")).await;
    let rejected = send(&store, Verdict::Final(DeliveryState::Rejected)).await;
    assert!(rejected.last_error.is_some());
    let (waiting, _) = keep(&store, of_somebody("Bakary")).await;
    let step = step(RetentionKind::Bodies);
    let done = store.retain_next(step).await.unwrap();
    assert_eq!((done.looked_at, done.erased.messages, done.erased.attempts), (2, 1, 1));
    assert!(store.message_content(PROJECT, sent).await.unwrap().is_none());
    let message = store.message(PROJECT, sent).await.unwrap().unwrap();
    assert_eq!((message.erased_at, message.identity.as_deref()), (Some(step.now), Some("Amina")));
    assert_eq!((message.state, message.bytes), (MessageState::Kept, 18));
    let attempt = store.attempts(PROJECT, delivery).await.unwrap().remove(0);
    assert_eq!(attempt.response.unwrap().body, b"");
    // An error quotes what was answered; of which kind it was stays.
    let error = attempt.error.unwrap();
    assert_eq!((error.kind, &*error.message), (ErrorKind::Status, ""));
    assert_eq!(store.find(delivery).await.last_error, None);
    assert_eq!(store.attempt_body(PROJECT, delivery, 1).await, Ok(Some(None)));
    let erasures = store.attempt_erasures(PROJECT, delivery).await.unwrap();
    assert_eq!(erasures, [(1, step.now)]);

    // A second look finds nothing more; nobody can let it wait again.
    assert_eq!(store.retain_next(step).await.unwrap().looked_at, 0);
    let rejected = store.find(delivery).await;
    assert_conflict(&store.requeue(PROJECT, &rejected, CONNECTION, false).await);
    assert_conflict(&store.resend(PROJECT, &rejected, Uuid::now_v7(), CONNECTION, false).await);

    // What waited has its bytes, and is looked at again once it has ended.
    assert!(store.message_content(PROJECT, waiting).await.unwrap().is_some());
    assert_eq!(store.retain_again(step).await.unwrap().looked_at, 0);
    assert_eq!(store.retain_again(later(step)).await.unwrap().erased.messages, 0);
    send(&store, Verdict::Final(DeliveryState::Succeeded)).await;
    assert_eq!(store.retain_again(later(later(step))).await.unwrap().erased.messages, 1);
    assert!(store.message_content(PROJECT, waiting).await.unwrap().is_none());
}

#[rstest]
#[tokio::test]
async fn what_is_due_is_counted_before_and_only_so_far(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for name in ["Amina", "Bakary", "Chidi"] {
        keep(&store, of_somebody(name)).await;
        send(&store, Verdict::Final(DeliveryState::Rejected)).await;
    }
    keep(&store, of_somebody("Djeneba")).await;
    send(&store, Verdict::Final(DeliveryState::Succeeded)).await;
    keep(&store, of_somebody("Efua")).await;
    // The last success is over by then.
    let now = step(RetentionKind::Bodies).now + AGAIN;
    let due = async |retention: Retention, most: usize| {
        store.due_for_erasure(PROJECT, retention, now, most).await.unwrap()
    };
    let none = Retention::default();
    let all = Some(Duration::ZERO);
    assert!(due(none, 5).await.is_nothing());
    // What waits is not among them.
    let bodies = Due { bodies: 4, ..Due::default() };
    assert_eq!(due(Retention { bodies: all, ..none }, 5).await, bodies);
    let after_success = Due { bodies: 1, ..Due::default() };
    assert_eq!(due(Retention { after_success: all, ..none }, 5).await, after_success);
    assert_eq!(due(Retention { bodies: all, after_success: all, ..none }, 5).await, bodies);
    let attempts = Due { attempts: 4, ..Due::default() };
    assert_eq!(due(Retention { attempts: all, ..none }, 4).await, attempts);
    // A message is counted once.
    let messages = Due { messages: 4, ..Due::default() };
    assert_eq!(due(Retention { messages: all, bodies: all, ..none }, 5).await, messages);
    // What is young stays.
    let hour = Some(Duration::from_hours(1));
    let long = Retention { messages: hour, bodies: hour, attempts: hour, after_success: hour };
    assert!(due(long, 5).await.is_nothing());
    // One past the bound it is only told that there are more.
    let more = Due { messages: 4, attempts: 3, more: true, ..Due::default() };
    assert_eq!(due(Retention { messages: all, ..none }, 4).await, Due { attempts: 0, ..more });
    let more = Due { messages: 0, ..more };
    assert_eq!(due(Retention { attempts: all, ..none }, 3).await, more);

    // So many are erased, and then there is nothing more.
    let erased = store.retain_next(step(RetentionKind::Bodies)).await.unwrap().erased;
    assert_eq!(erased.messages, bodies.bodies);
    assert!(due(Retention { bodies: all, ..none }, 5).await.is_nothing());
}

#[rstest]
#[tokio::test]
async fn a_new_body_never_shows_as_an_erased_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let old = message("old");
    let id = old.message.id;
    store.accept(old).await.unwrap();
    assert_eq!(store.retain_next(step(RetentionKind::Bodies)).await.unwrap().erased.messages, 1);
    let new = message("new");
    let new_id = new.message.id;
    store.accept(new).await.unwrap();
    assert!(store.message_content(PROJECT, id).await.unwrap().is_none());
    assert_eq!(store.message_content(PROJECT, new_id).await.unwrap().unwrap().1, b"new");
}

#[rstest]
#[tokio::test]
async fn a_tombstone_counts_and_tells_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (id, delivery) = keep(&store, of_somebody("Amina")).await;
    send(&store, Verdict::Final(DeliveryState::Rejected)).await;
    let step = step(RetentionKind::Messages);
    let erased = store.retain_next(step).await.unwrap().erased;
    assert_eq!(erased, Erased { messages: 1, deliveries: 1, attempts: 1 });
    let message = store.message(PROJECT, id).await.unwrap().unwrap();
    assert_eq!((message.identity, message.content_type, message.reason), (None, None, None));
    assert_eq!((message.bytes, message.erased_at), (18, Some(step.now)));
    let delivery = store.find(delivery).await;
    assert_eq!((delivery.key, delivery.last_error), (None, None));
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Rejected, 1));
    assert!(store.attempts(PROJECT, delivery.id).await.unwrap().is_empty());
    // The same content is news from here on.
    assert_eq!(store.accept(of_somebody("Amina")).await, Ok(Accepted::Kept { version: 1 }));
}

#[rstest]
#[tokio::test]
async fn duplicates_are_known_while_only_bytes_are_gone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (id, _) = keep(&store, of_somebody("Amina")).await;
    store.record(succeeded(&store.claim_one().await)).await.unwrap();
    assert_eq!(store.retain_next(step(RetentionKind::Bodies)).await.unwrap().erased.messages, 1);
    assert_eq!(store.accept(of_somebody("Amina")).await, Ok(Accepted::Duplicate { of: id }));
}

#[rstest]
#[tokio::test]
async fn what_was_quarantined_is_kept_again_after_it_was_erased(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::with(engine, |settings| settings.quarantine_limit = 1).await;
    let unreadable = || message("<unreadable").unreadable("no JSON");
    let Ok(Accepted::Quarantined { id, .. }) = store.accept(unreadable()).await else {
        panic!("it is not quarantined")
    };
    let other = message("<another").unreadable("no JSON");
    assert_eq!(store.accept(other).await, Ok(Accepted::QuarantineFull));
    assert_eq!(store.retain_next(step(RetentionKind::Bodies)).await.unwrap().erased.messages, 1);
    let again = store.accept(unreadable()).await;
    let Ok(Accepted::Quarantined { id: new, seen: 1 }) = again else { panic!("{again:?}") };
    assert_ne!(new, id);
    assert!(store.message_content(PROJECT, new).await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn after_success_bytes_go_so_long_after_the_last_success(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (id, delivery) = keep(&store, of_somebody("Amina")).await;
    let alone = message("for nobody");
    let for_nobody = alone.message.id;
    store.accept(alone).await.unwrap();
    assert_eq!(store.accept(of_somebody("Amina")).await, Ok(Accepted::Duplicate { of: id }));
    let kind = RetentionKind::AfterSuccess;
    let first_look = step(kind);
    let done = store.retain_next(first_look).await.unwrap();
    assert_eq!((done.looked_at, done.erased.messages), (3, 0), "one waits, one is a duplicate");
    let claimed = store.claim_one().await;
    store.record(outcome(&claimed, Verdict::RetryIn(Duration::ZERO))).await.unwrap();
    assert_eq!(store.retain_delivered(step(kind), &[delivery]).await.unwrap().erased.messages, 0);
    store.record(succeeded(&store.claim_one().await)).await.unwrap();
    // The success is younger than the cutoff.
    let young = RetentionStep { cutoff: first_look.now - LONG, ..step(kind) };
    assert_eq!(store.retain_delivered(young, &[delivery]).await.unwrap().erased.messages, 0);
    let old = RetentionStep { cutoff: first_look.now + LONG, ..step(kind) };
    assert_eq!(store.retain_delivered(old, &[delivery]).await.unwrap().erased.messages, 1);
    assert!(store.message_content(PROJECT, id).await.unwrap().is_none());
    // What repeats it goes after it, what was for nobody stays.
    let erased = store.retain_again(later(later(old))).await.unwrap().erased;
    assert_eq!(erased.messages, 1);
    assert!(store.message_content(PROJECT, for_nobody).await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn old_attempts_are_deleted_and_still_count(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (_, delivery) = keep(&store, of_somebody("Amina")).await;
    store
        .record(outcome(&store.claim_one().await, Verdict::RetryIn(Duration::ZERO)))
        .await
        .unwrap();
    let between = now() + Duration::from_millis(2);
    tokio::time::sleep(Duration::from_millis(5)).await;
    store.record(outcome(&store.claim_one().await, Verdict::RetryIn(LONG))).await.unwrap();
    let pruned = store.prune_attempts(PROJECT, between, Uuid::nil(), 10).await;
    assert_eq!(pruned, Ok((1, None)));
    let left = store.attempts(PROJECT, delivery).await.unwrap();
    assert_eq!(left.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [2]);
    assert_eq!(store.find(delivery).await.attempts, 2);
    let pruned = store.prune_attempts(PROJECT, now() + LONG, Uuid::nil(), 1).await;
    assert_eq!(pruned, Ok((1, Some(delivery))));
}

/// Two hubs look at the same messages, and one of them finds that the other was faster.
#[rstest]
#[tokio::test]
async fn a_walk_goes_page_by_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    for number in 0..5 {
        store.accept(message(&number.to_string())).await.unwrap();
    }
    let step = RetentionStep { limit: 2, ..step(RetentionKind::Bodies) };
    let mut looked_at = Vec::new();
    loop {
        let done = store.retain_next(step).await.unwrap();
        assert_eq!(done.erased.messages, done.looked_at as u64);
        looked_at.push(done.looked_at);
        if done.looked_at < 2 {
            break;
        }
    }
    assert_eq!(looked_at, [2, 2, 1]);
}

// MUST-41
#[rstest]
#[tokio::test]
async fn all_traces_of_a_person_are_found_and_erased(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (one, delivery) = keep(&store, of_somebody("Amina")).await;
    let (two, _) = keep(
        &store,
        of_somebody("Amina")
            .change(|it| it.message.body = "edited".into())
            .known_as("id:Amina")
            .change(|it| it.message.identity = Some("Amina".to_owned())),
    )
    .await;
    let repeated = of_somebody("Amina").change(|it| it.message.body = "edited".into());
    let repeated = repeated.known_as("id:Amina").change(|it| it.message.identity = None);
    let three = repeated.message.id;
    assert_eq!(store.accept(repeated).await, Ok(Accepted::Duplicate { of: two }));
    let (other, _) = keep(&store, of_somebody("Bakary")).await;
    let all = [one, two, three];
    for criterion in [
        Criterion::Identity("Amina".to_owned()),
        Criterion::Message(one),
        Criterion::Message(three),
    ] {
        let traces = store.find_traces(PROJECT, &criterion).await.unwrap();
        assert_eq!(traces.messages, all, "{criterion:?}");
        assert!(traces.names.contains(&"Amina".to_owned()), "{traces:?}");
    }
    let by_key = store.find_traces(PROJECT, &Criterion::Key("case-1".to_owned())).await.unwrap();
    assert_eq!(by_key.messages, [one, two, three, other]);
    let extent = store.extent(PROJECT, &all).await.unwrap();
    assert_eq!((extent.deliveries, extent.attempts, extent.waiting), (2, 0, 2));

    // What waits has to be cancelled first.
    assert_eq!(store.erase_messages(PROJECT, &[one], now()).await.unwrap().messages, 0);
    let traces = Traces { messages: all.to_vec(), ..Traces::default() };
    let waiting = store.waiting_of(PROJECT, &traces).await.unwrap();
    assert_eq!(waiting.len(), 2);
    for delivery in &waiting {
        store.cancel(PROJECT, delivery, "erased").await.unwrap();
    }
    let erased = store.erase_messages(PROJECT, &all, now()).await.unwrap();
    assert_eq!(erased, Erased { messages: 3, deliveries: 2, attempts: 0 });
    assert_eq!(store.find(delivery).await.key, None);
    let nothing = store.find_traces(PROJECT, &Criterion::Identity("Amina".to_owned())).await;
    assert_eq!(nothing.unwrap().messages, Vec::<Uuid>::new());
    assert!(store.message_content(PROJECT, other).await.unwrap().is_some());

    let entry = Erasure {
        id: Uuid::now_v7(),
        criterion: "identity".to_owned(),
        criterion_sha256: [7; 32],
        erased,
        cancelled: 2,
        started_by: "somebody".to_owned(),
        at: Timestamp(1),
    };
    store.note_erasure(PROJECT, &entry).await.unwrap();
    assert_eq!(store.erasures(PROJECT, first(9)).await, Ok(vec![entry]));
}

/// What people were told of her quotes the destination, and names what her deliveries were about,
/// which is not what she was looked for by.
#[rstest]
#[tokio::test]
async fn what_people_were_told_of_erased_messages_goes_with_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (hers, delivery) = keep(&store, of_somebody("Amina")).await;
    let (_, other) = keep(&store, of_somebody("Bakary")).await;
    let tell = async |text: String| {
        let notice = NewNotice {
            id: Uuid::now_v7(),
            incident: None,
            kind: NoticeKind::Opened,
            channel: NoticeChannel::Mail,
            recipient: "ops@example.org".to_owned(),
            subject: "trouble".to_owned(),
            text,
            html: None,
            unsubscribe: None,
            impossible: None,
        };
        let incident = NewIncident {
            id: Uuid::now_v7(),
            kind: IncidentKind::Connection,
            subject: notice.id.to_string(),
            failures: 1,
            given_up: 0,
            last: None,
            unsteady_within: Duration::ZERO,
        };
        let id = notice.id;
        assert_eq!(store.open_incident(PROJECT, &incident, &[notice], &[]).await, Ok(true));
        id
    };
    tell(format!("> no patient of that name\nForm or case: case-1\nMessage: {hers}\n")).await;
    tell(format!("{{\"latest\":[{{\"delivery\":\"{delivery}\",\"error\":\"no patient\"}}]}}"))
        .await;
    let stays = tell(format!("> no patient of that name\nDelivery: {other}\n")).await;
    // A name that JSON escapes, and one so short that it stands in every letter.
    tell(r#"{"incident":{"key":"Zo\u00eb \"Q\"","failures":7}}"#.to_owned()).await;
    tell("7 tries failed\nForm or case: 7\n".to_owned()).await;
    let counted = tell("7 tries failed\nForm or case: 77\n".to_owned()).await;
    let names = ["Zo\u{eb} \"Q\"", "7"].map(str::to_owned).to_vec();
    store
        .erase_told(PROJECT, &Traces { messages: vec![hers], names, ..Traces::default() })
        .await
        .unwrap();
    let left = store.notices(PROJECT, first(9)).await.unwrap();
    assert_eq!(left.iter().map(|notice| notice.id).collect::<Vec<_>>(), [counted, stays]);
}

/// Nothing is left in the files either: neither in the database's pages nor in its log. Not even by
/// a start that sealed what an older version wrote.
#[rstest]
#[tokio::test]
async fn the_files_hold_nothing_of_whom_was_erased_on_sqlite(
    #[values(false, true)] seals_at_start: bool,
) {
    let mut store = TestStore::new(Engine::Sqlite).await;
    if seals_at_start {
        let unsealed = "INSERT INTO definitions (project, kind, name, definition)
            VALUES ('clinic', 'connection', 'old', '{\"password\":\"secret\"}')";
        store.execute(unsealed).await;
        store = store.restart().await;
        assert_eq!(store.key_status().await.unwrap().unsealed, 0);
    }
    let name = "Wilhelmina-Featherstonehaugh";
    let mut hers = Vec::new();
    for number in 0..200 {
        store.accept(of_somebody(&format!("somebody else {number}"))).await.unwrap();
        if number % 20 == 0 {
            hers.push(keep(&store, of_somebody(&format!("{name}-{number}"))).await.0);
        }
    }
    let large = message(&name.repeat(2_000)).known_as("id:large").to(CONNECTION);
    let large = large.change(|it| it.message.identity = Some(format!("{name}-large")));
    hers.push(keep(&store, large).await.0);
    for claimed in store.claim_some(500, LONG).await {
        let mut outcome = outcome(&claimed, Verdict::Final(DeliveryState::Rejected));
        if hers.contains(&claimed.found_by()) {
            outcome.last_error = Some(format!("no such person: {name}"));
            outcome.request_body = Some(name.repeat(40).into());
        }
        store.record(outcome).await.unwrap();
    }
    let in_files = |store: &TestStore| {
        let mut bytes = Vec::new();
        for file in ["fieldpost.db", "fieldpost.db-wal"] {
            bytes.extend(std::fs::read(store.folder().join(file)).unwrap());
        }
        bytes.windows(name.len()).filter(|window| *window == name.as_bytes()).count()
    };
    assert!(in_files(&store) > 2_000);
    store.erase_messages(PROJECT, &hers, now()).await.unwrap();
    assert_eq!(store.empty_log().await, Ok(true));
    assert_eq!(in_files(&store), 0);
    assert_eq!(store.waiting().await, Ok(0), "the others are as they were");
}
