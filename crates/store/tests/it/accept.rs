//! Keeping messages with the work that they call for.

use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::message::{Message, MessageState};
use fieldpost_store::{Accepted, Lane, MessageQuery, StoreError};
use futures_util::future::join_all;
use rstest::rstest;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, LONG, PROJECT, TestStore, assert_refused, delivery_to,
    first, lane, message,
};

#[rstest]
#[tokio::test]
async fn a_message_reads_back_as_it_was_given(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    for body in [Vec::new(), every_byte, vec![0xa5; 5 * 1024 * 1024]] {
        let accept = message("").change(|accept| {
            accept.message.body = body.clone().into();
            accept.message.identity = Some("Zoë/١٢٣/🦜".to_owned());
            accept.message.request.query =
                vec![("a".into(), "1".into()), ("a".into(), "\0\"\\\u{1f}".into())];
            accept.message.request.headers = vec![
                ("x-b".into(), "ß".into()),
                ("x-a".into(), String::new()),
                ("x-b".into(), "again".into()),
            ];
        });
        let given = accept.message.clone();
        assert_eq!(store.accept(accept).await, Ok(Accepted::Kept { version: 1 }));

        let expected = Message {
            id: given.id,
            source: given.source,
            received_at: given.received_at,
            state: MessageState::Kept,
            duplicate_of: None,
            reason: None,
            content_type: given.content_type,
            bytes: body.len() as u64,
            identity: given.identity,
            version: 1,
            seen: 1,
            erased_at: None,
        };
        assert_eq!(store.message(PROJECT, given.id).await, Ok(Some(expected)));
        let (request, bytes) = store.message_content(PROJECT, given.id).await.unwrap().unwrap();
        assert_eq!(request, given.request);
        assert!(bytes == body, "the bytes differ");
    }
}

// MUST-1
#[rstest]
#[tokio::test]
async fn deliveries_and_queue_are_there_when_it_answers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accept = message("{}").to(CONNECTION).change(|accept| {
        let mut parked = delivery_to("hospital");
        parked.parked = true;
        parked.forwarder = "paused".to_owned();
        accept.deliveries[0].key = Some("case-7".to_owned());
        accept.deliveries[0].event = Event::CaseUpdated;
        accept.deliveries.push(parked);
    });
    let given = accept.clone();
    store.accept(accept).await.unwrap();

    let delivery = store.find(given.deliveries[0].id).await;
    let expected = Delivery {
        id: given.deliveries[0].id,
        forwarder: FORWARDER.to_owned(),
        connection: CONNECTION.to_owned(),
        event: Event::CaseUpdated,
        payload_kind: PayloadKind::Message,
        payload_id: given.message.id,
        message: Some(given.message.id),
        key: Some("case-7".to_owned()),
        state: DeliveryState::Pending,
        origin: DeliveryOrigin::Event,
        resend_of: None,
        attempts: 0,
        registered_at: delivery.registered_at,
        next_attempt_at: Some(delivery.registered_at),
        last_status: None,
        last_error: None,
        superseded_by: None,
        holds: false,
    };
    assert_eq!(delivery, expected);
    assert_eq!(store.waiting().await, Ok(2));

    let claimed = store.claim_one().await;
    assert_eq!((claimed.id, claimed.message), (delivery.id, Some(given.message.id)));
    assert_eq!(claimed.lane, lane(CONNECTION));
    assert_eq!(claimed.forwarder, FORWARDER);
    assert_eq!((claimed.event, claimed.origin), (Event::CaseUpdated, DeliveryOrigin::Event));
    assert_eq!(claimed.key.as_deref(), Some("case-7"));
    assert_eq!((claimed.attempts, claimed.tries, claimed.resend_of), (0, 0, None));
    assert_eq!(claimed.registered_at, delivery.registered_at);
    assert_eq!(claimed.content.source, "intake");
    assert_eq!(claimed.content.content_type.as_deref(), Some("application/json"));
    assert_eq!(claimed.content.bytes, 2);
    assert_eq!(claimed.content.body.as_deref(), Some(&b"{}"[..]));
    assert_eq!(claimed.configuration_version, 1);

    // What is parked waits in the forwarder's own lane, not in the connection's.
    assert!(store.claim_lane(lane("hospital"), 8, LONG).await.claimed.is_empty());
    let parked = store.claim_lane(lane(&Lane::parking("paused")), 8, LONG).await.claimed;
    assert_eq!(parked.len(), 1);
}

// MUST-12
#[rstest]
#[case::stale_plan(PROJECT, 2)]
#[case::older_plan(PROJECT, 0)]
#[case::unknown_project("nobody", 1)]
#[tokio::test]
async fn a_stale_plan_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] project: &str,
    #[case] version: i64,
) {
    let store = TestStore::new(engine).await;
    let accept = message("{}").to(CONNECTION).known_as("a").change(|accept| {
        accept.project = project.into();
        accept.configuration_version = version;
    });
    let id = accept.message.id;
    assert_eq!(store.accept(accept.clone()).await, Ok(Accepted::Stale));
    assert_eq!(store.message(project, id).await, Ok(None));
    assert_eq!(store.message_content(project, id).await, Ok(None));
    assert_eq!(store.delivery(project, accept.deliveries[0].id).await, Ok(None));
    assert_eq!(store.waiting().await, Ok(0));
    // Neither was its identity taken: planned anew, the same message is the first.
    let planned_anew = accept.change(|accept| {
        accept.project = PROJECT.into();
        accept.configuration_version = 1;
    });
    assert_eq!(store.accept(planned_anew).await, Ok(Accepted::Kept { version: 1 }));
}

#[rstest]
#[tokio::test]
async fn in_a_batch_only_the_offender_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for offender in [0, 31, 63] {
        let accepts = (0..64).map(|number| {
            message(&format!("{offender}/{number}")).to(CONNECTION).change(|accept| {
                if number == offender {
                    accept.deliveries.push(accept.deliveries[0].clone());
                }
            })
        });
        let accepts: Vec<_> = accepts.collect();
        let answers = join_all(accepts.iter().cloned().map(|accept| store.accept(accept))).await;
        for (number, (answer, accept)) in answers.iter().zip(&accepts).enumerate() {
            let kept = store.message(PROJECT, accept.message.id).await.unwrap().is_some();
            if number == offender {
                assert_refused(answer);
                assert!(!kept);
            } else {
                assert_eq!(*answer, Ok(Accepted::Kept { version: 1 }));
                assert!(kept);
            }
        }
    }
    assert_eq!(store.waiting().await, Ok(3 * 63));
}

#[rstest]
#[tokio::test]
async fn a_message_id_is_taken_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let accept = message("a").to(CONNECTION);
    let again = message("b").to(CONNECTION).change(|again| again.message.id = accept.message.id);
    store.accept(accept).await.unwrap();
    assert_refused(&store.accept(again).await);
    assert_eq!(store.waiting().await, Ok(1));
}

/// What the database could not hold as it is must not cost the message.
#[rstest]
#[tokio::test]
async fn nul_and_overlong_keys_cost_no_message(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    // Noise, so that a database that compresses is not helped.
    let mut state = 1_u32;
    let long: String = (0..9_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from((state >> 16) % 90).unwrap())
        })
        .collect();
    let nul = "uuid:\0\0".to_owned();
    for text in [nul, long] {
        let accepts: Vec<_> = (0..3)
            .map(|number| {
                message(&text).to(CONNECTION).known_as(&text).change(|accept| {
                    accept.message.content_type = Some("text/\0plain".to_owned());
                    accept.message.source = format!("source-{number}");
                    accept.deliveries[0].key = Some(text.clone());
                })
            })
            .collect();
        let answers = join_all(accepts.iter().cloned().map(|accept| store.accept(accept))).await;
        assert_eq!(answers, vec![Ok(Accepted::Kept { version: 1 }); 3]);
        let (_, bytes) =
            store.message_content(PROJECT, accepts[0].message.id).await.unwrap().unwrap();
        assert!(bytes == text.as_bytes(), "the body is exact all the same");
        let again = message(&text).known_as(&text).change(|again| {
            again.message.source = "source-0".to_owned();
        });
        let of = accepts[0].message.id;
        assert_eq!(store.accept(again).await, Ok(Accepted::Duplicate { of }));
        let by_key = fieldpost_store::DeliveryQuery {
            key: Some(text),
            ..fieldpost_store::DeliveryQuery::default()
        };
        assert_eq!(store.count_deliveries(PROJECT, &by_key).await, Ok(3));
    }
    let unreadable = message("\0").unreadable("a NUL: \0");
    let id = unreadable.message.id;
    assert_eq!(store.accept(unreadable).await, Ok(Accepted::Quarantined { id, seen: 1 }));
    let reason = store.message(PROJECT, id).await.unwrap().unwrap().reason.unwrap();
    assert_eq!(reason, "a NUL: \u{2400}");
}

#[rstest]
#[tokio::test]
async fn beyond_the_bound_on_what_waits_it_is_busy_and_recovers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::with(engine, |settings| settings.accept_queue = 4).await;
    let answers = join_all((0..256).map(|number| store.accept(message(&number.to_string())))).await;
    let kept = answers.iter().filter(|answer| answer.is_ok()).count();
    let busy = answers.iter().filter(|answer| **answer == Err(StoreError::Busy)).count();
    assert_eq!(kept + busy, 256, "{answers:?}");
    assert!(kept >= 4 && busy > 0, "{kept} kept, {busy} refused");
    let messages = store.messages(PROJECT, &MessageQuery::default(), first(300)).await.unwrap();
    assert_eq!(messages.len(), kept);
    for number in 0..8 {
        let answer = store.accept(message(&format!("later {number}"))).await;
        assert_eq!(answer, Ok(Accepted::Kept { version: 1 }));
    }
}

#[rstest]
#[tokio::test]
async fn beyond_the_bound_on_bytes_it_is_busy_and_recovers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let megabyte = "x".repeat(1024 * 1024);
    let store =
        TestStore::with(engine, |settings| settings.accept_queue_bytes = 3 * 1024 * 1024).await;
    let answers = join_all((0..64).map(|_| store.accept(message(&megabyte)))).await;
    let kept = answers.iter().filter(|answer| answer.is_ok()).count();
    let busy = answers.iter().filter(|answer| **answer == Err(StoreError::Busy)).count();
    assert_eq!(kept + busy, 64, "{answers:?}");
    assert!(kept >= 2 && busy > 0, "{kept} kept, {busy} refused");
    assert_eq!(store.accept(message(&megabyte)).await, Ok(Accepted::Kept { version: 1 }));
}

#[rstest]
#[tokio::test]
async fn headers_count_among_the_bytes_that_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store =
        TestStore::with(engine, |settings| settings.accept_queue_bytes = 3 * 1024 * 1024).await;
    let megabyte = "x".repeat(1024 * 1024);
    let accept = || {
        message("x").change(|accept| {
            accept.message.request.headers = vec![("x-large".to_owned(), megabyte.clone())];
        })
    };
    let answers = join_all((0..64).map(|_| store.accept(accept()))).await;
    let busy = answers.iter().filter(|answer| **answer == Err(StoreError::Busy)).count();
    assert!((1..=62).contains(&busy), "{busy} refused");
}

#[rstest]
#[tokio::test]
async fn alone_a_message_may_be_larger_than_the_bound(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::with(engine, |settings| settings.accept_queue_bytes = 1024).await;
    for body in ["x".repeat(2 * 1024), "x".repeat(1024 * 1024)] {
        assert_eq!(store.accept(message(&body)).await, Ok(Accepted::Kept { version: 1 }));
    }
    let large = "x".repeat(2 * 1024);
    let answers = join_all((0..64).map(|_| store.accept(message(&large)))).await;
    let busy = answers.iter().filter(|answer| **answer == Err(StoreError::Busy)).count();
    assert!((1..=63).contains(&busy), "{busy} refused");
}
