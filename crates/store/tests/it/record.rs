//! Recording attempts and what they led to.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::{Attempt, AttemptError, AttemptRequest, AttemptResponse, ErrorKind};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_store::{Recorded, Verdict};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    CONNECTION, Change, Engine, LONG, PROJECT, TestStore, lane, message, now, outcome, succeeded,
};

fn everything_filled() -> Attempt {
    Attempt {
        number: 1,
        started_at: now(),
        duration: Duration::from_micros(1_234_567),
        request: Some(AttemptRequest {
            method: "PATCH".to_owned(),
            url: "https://ministry.example/births?key=•••••••&q=%20".to_owned(),
            headers: vec![
                ("webhook-id".to_owned(), "1".to_owned()),
                ("x".to_owned(), "\0\"ß".to_owned()),
                ("x".to_owned(), String::new()),
            ],
            body_sha256: std::array::from_fn(|byte| u8::try_from(byte * 8).unwrap()),
            bytes: 5_000_000_000,
        }),
        response: Some(AttemptResponse {
            status: 599,
            headers: vec![("set-cookie".to_owned(), "a=b".to_owned())],
            body: (0..=255).collect(),
            truncated: true,
        }),
        error: Some(AttemptError { kind: ErrorKind::Status, message: "599 «oh»".to_owned() }),
    }
}

// MUST-19
#[rstest]
#[tokio::test]
async fn attempts_read_back_as_they_were(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = store.deliver_one().await.id;
    let full = everything_filled();
    let nothing_sent = Attempt {
        request: None,
        response: None,
        error: Some(AttemptError { kind: ErrorKind::Build, message: String::new() }),
        duration: Duration::ZERO,
        ..full.clone()
    };
    let nothing_back = Attempt { response: None, error: None, ..full.clone() };
    let empty_answer = Attempt {
        response: full.response.clone().map(|answer| AttemptResponse {
            headers: Vec::new(),
            body: Vec::new(),
            truncated: false,
            ..answer
        }),
        error: None,
        ..full.clone()
    };
    let bodies = [Some(Bytes::from_static(b"\0built")), None, Some(Bytes::new()), None];
    let mut written = Vec::new();
    for (number, (attempt, body)) in
        (1..).zip([full, nothing_sent, nothing_back, empty_answer].into_iter().zip(&bodies))
    {
        let attempt = Attempt { number, ..attempt };
        let claimed = store.claim_one().await;
        assert_eq!((claimed.attempts, claimed.tries), (number - 1, number - 1));
        let mut outcome = outcome(&claimed, Verdict::RetryIn(Duration::ZERO));
        outcome.attempt = attempt.clone();
        outcome.request_body.clone_from(body);
        assert_eq!(store.record(outcome).await, Ok(Recorded::Written));
        written.push(attempt);
    }
    assert_eq!(store.attempts(PROJECT, id).await.unwrap(), written);
    for (number, body) in (1..).zip(bodies) {
        let stored = store.attempt_body(PROJECT, id, number).await;
        assert_eq!(stored, Ok(Some(body.map(|body| body.to_vec()))), "attempt {number}");
    }
    assert_eq!(store.attempt_body(PROJECT, id, 5).await, Ok(None));
}

// MUST-16
#[rstest]
#[case::succeeded(DeliveryState::Succeeded)]
#[case::rejected(DeliveryState::Rejected)]
#[case::cancelled(DeliveryState::Cancelled)]
#[case::broken(DeliveryState::Broken)]
#[tokio::test]
async fn a_final_verdict_ends_the_delivery(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] state: DeliveryState,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.bring_to(state).await;
    assert_eq!((delivery.state, delivery.attempts), (state, 1));
    assert_eq!(delivery.next_attempt_at, None);
    let well = state == DeliveryState::Succeeded;
    assert_eq!(delivery.last_status, Some(if well { 200 } else { 503 }));
    assert_eq!(delivery.last_error.is_none(), well);
    assert_eq!(store.waiting().await, Ok(0));
}

// MUST-16, MUST-21
#[rstest]
#[tokio::test]
async fn a_retry_is_due_after_its_pause(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = store.deliver_one().await.id;
    let claimed = store.claim_one().await;
    let pause = Duration::from_millis(300);
    let before = now();
    store.record(outcome(&claimed, Verdict::RetryIn(pause))).await.unwrap();
    let after = now();
    let delivery = store.find(id).await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 1));
    let due = delivery.next_attempt_at.unwrap();
    assert!(before + pause <= due && due <= after + pause, "{before} {due} {after}");
    assert_eq!(delivery.last_error.as_deref(), Some("the destination answered with 503"));

    let claims = store.claim_lane(lane(CONNECTION), 8, LONG).await;
    assert!(claims.claimed.is_empty());
    tokio::time::sleep(claims.outlook[0].next_due_in.unwrap()).await;
    let again = store.claim_one().await;
    assert_eq!((again.id, again.attempts, again.tries), (id, 1, 1));
    store.record(succeeded(&again)).await.unwrap();
    let delivery = store.find(id).await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Succeeded, 2));
    assert_eq!((delivery.last_status, delivery.last_error), (Some(200), None));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_outcomes_at_once_are_each_their_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let accepts = (0..300).map(|number| message(&number.to_string()).to(CONNECTION));
    join_all(accepts.map(|accept| store.accept(accept))).await;
    let claimed = store.claim_some(300, LONG).await;
    assert_eq!(claimed.len(), 300);
    let outcomes: Vec<_> = claimed
        .iter()
        .enumerate()
        .map(|(number, claimed)| {
            let verdict = match number % 4 {
                0 => Verdict::RetryIn(LONG),
                1 => Verdict::Final(DeliveryState::Rejected),
                _ => Verdict::Final(DeliveryState::Succeeded),
            };
            let mut outcome = outcome(claimed, verdict);
            // Every tenth has lost its lease.
            outcome.fence -= i64::from(number % 10 == 9);
            outcome
        })
        .collect();
    let recorded = join_all(outcomes.iter().cloned().map(|outcome| store.record(outcome))).await;
    for (number, (recorded, outcome)) in recorded.iter().zip(&outcomes).enumerate() {
        let delivery = store.find(outcome.delivery).await;
        let attempts = store.attempts(PROJECT, outcome.delivery).await.unwrap();
        if number % 10 == 9 {
            assert_eq!(*recorded, Ok(Recorded::LeaseLost));
            assert_eq!((delivery.state, attempts.len()), (DeliveryState::Pending, 0));
            continue;
        }
        assert_eq!(*recorded, Ok(Recorded::Written));
        assert_eq!(attempts, std::slice::from_ref(&outcome.attempt));
        let expected = match outcome.verdict {
            Verdict::RetryIn(_) => DeliveryState::Failed,
            Verdict::Final(state) => state,
        };
        assert_eq!(delivery.state, expected);
    }
}

// MUST-23
/// The old and the new holder of a lease speak at the same moment: the new one is heard.
#[rstest]
#[tokio::test]
async fn of_two_holders_in_one_batch_the_newer_is_heard(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let delivery = store.deliver_one().await;
    let id = delivery.id;
    let old = store.claim_some(1, Duration::ZERO).await.remove(0);
    // The lease is over: it is free to be tried again by hand.
    store.retry(PROJECT, &delivery).await.unwrap();
    let new = store.claim_one().await;
    let rejected = outcome(&old, Verdict::Final(DeliveryState::Rejected));
    let recorded = tokio::join!(store.record(rejected), store.record(succeeded(&new)));
    assert_eq!(recorded, (Ok(Recorded::LeaseLost), Ok(Recorded::Written)));
    assert_eq!(store.find(id).await.state, DeliveryState::Succeeded);
    assert_eq!(store.attempts(PROJECT, id).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn nul_in_an_error_does_not_lose_the_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = store.deliver_one().await.id;
    let mut outcome = outcome(&store.claim_one().await, Verdict::Final(DeliveryState::Rejected));
    outcome.last_error = Some("said \0".to_owned());
    outcome.attempt.error =
        Some(AttemptError { kind: ErrorKind::Body, message: "said \0".to_owned() });
    assert_eq!(store.record(outcome).await, Ok(Recorded::Written));
    assert_eq!(store.find(id).await.last_error.as_deref(), Some("said \u{2400}"));
}

#[rstest]
#[tokio::test]
async fn an_unknown_delivery_is_nobodys(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    store.deliver_one().await;
    let mut outcome = succeeded(&store.claim_one().await);
    outcome.delivery = Uuid::now_v7();
    assert_eq!(store.record(outcome).await, Ok(Recorded::LeaseLost));
}
