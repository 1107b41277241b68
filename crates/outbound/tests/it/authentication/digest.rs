//! HTTP Digest.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::forwarder::Method;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::Call;
use fieldpost_testkit::authority::DigestAuthority;
use fieldpost_testkit::{Answer, FakeDestination};

use crate::common::{call, client, connection, error, project, send};

fn connection_to(authority: &DigestAuthority, path: &str, password: &str) -> Connection {
    let mut connection = connection(&authority.destination().url(path));
    connection.authentication = Authentication::Digest {
        username: authority.username().to_owned(),
        password: Secret::new(password),
    };
    connection
}

// MUST-19
/// One extra round trip for all calls together; the counter rises, and the body comes whole.
#[tokio::test]
async fn a_nonce_is_answered_again_and_again() {
    for algorithms in [&["MD5"][..], &["SHA-256"], &["MD5-sess"], &["SHA-256-sess", "MD5"]] {
        let authority = DigestAuthority::start(algorithms).await;
        let client = client();
        let connection = connection_to(&authority, "/hook?x=%2f&y", authority.password());
        let prepared = client.prepare(&project(), &connection).unwrap();
        let query = [("a b".to_owned(), "c&d".to_owned())];
        for calls in 1..=5 {
            let call = Call { method: Method::Put, query: &query, ..call() };
            let exchange = client.send(&prepared, call).await;
            assert_eq!(exchange.error, None, "{algorithms:?}");
            assert_eq!(exchange.response.unwrap().body, b"welcome");
            assert_eq!((authority.accepted(), authority.refused()), (calls, 1));
            let request = exchange.request.unwrap();
            let recorded = request.headers.iter().find(|(name, _)| name == "authorization");
            assert_eq!(recorded.unwrap().1, "Digest •••••••");
        }
        let received = authority.destination().received();
        assert_eq!(received.len(), 6);
        assert_eq!(received[0].header("authorization"), None);
        assert!(received.iter().all(|request| request.text() == "{\"a\":1}"));
    }
}

#[tokio::test]
async fn servers_of_the_old_kind_are_answered() {
    let authority = DigestAuthority::start_without_quality(&["MD5"]).await;
    let connection = connection_to(&authority, "/", authority.password());
    assert_eq!(send(&client(), &connection, call()).await.error, None);
    assert_eq!(authority.accepted(), 1);
}

#[tokio::test]
async fn a_stale_nonce_costs_one_round_trip() {
    let authority = DigestAuthority::start(&["SHA-256"]).await;
    let client = client();
    let connection = connection_to(&authority, "/", authority.password());
    let prepared = client.prepare(&project(), &connection).unwrap();
    for round in 1..=3 {
        assert_eq!(client.send(&prepared, call()).await.error, None);
        assert_eq!((authority.accepted(), authority.refused()), (round, round));
        authority.forget_nonces();
    }
}

/// Calls that run side by side do not overtake each other's counters.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_calls_are_all_accepted() {
    let authority = DigestAuthority::start(&["SHA-256"]).await;
    let client = client();
    let connection = connection_to(&authority, "/", authority.password());
    let prepared = client.prepare(&project(), &connection).unwrap();
    for round in 1..=3 {
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let (client, prepared) = (client.clone(), prepared.clone());
                tokio::spawn(async move { client.send(&prepared, call()).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().error, None);
        }
        assert_eq!(authority.accepted(), round * 40);
        // Every call that ran beside others needed a nonce of its own, once and for all.
        assert!(authority.refused() <= 40, "{}", authority.refused());
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_after_one_answer() {
    let authority = DigestAuthority::start(&["SHA-256"]).await;
    let connection = connection_to(&authority, "/", "hunter2 and more");
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(error(&exchange), (ErrorKind::Status, "401 Unauthorized"));
    assert_eq!((authority.accepted(), authority.refused()), (0, 2));
    assert!(!format!("{exchange:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_destination_that_asks_for_something_else_is_told_of() {
    let destination = FakeDestination::start().await;
    let mut connection = connection(&destination.url("/"));
    connection.authentication =
        Authentication::Digest { username: "ann".to_owned(), password: Secret::new("hunter2") };
    let basic = Answer::status(401).header("www-authenticate", "Basic realm=\"x\"");
    for (answer, why) in [
        (Answer::status(401), "it does not say how to prove oneself, so Digest cannot be answered"),
        (basic, "it asks for Basic, not for Digest"),
    ] {
        destination.answer("/", answer);
        let exchange = send(&client(), &connection, call()).await;
        let expected = format!("401 Unauthorized ({why})");
        assert_eq!(error(&exchange), (ErrorKind::Status, expected.as_str()));
    }
    // Whoever asks for nothing gets what it takes.
    destination.answer("/", Answer::status(200));
    assert_eq!(send(&client(), &connection, call()).await.error, None);
    assert_eq!(destination.received().len(), 3);
}

/// Both round trips share one time limit.
#[tokio::test]
async fn the_answer_must_come_in_time() {
    let destination = FakeDestination::start().await;
    let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    let first = Answer::status(401).header("www-authenticate", challenge);
    let first = first.delay(Duration::from_millis(400));
    destination.answer_in_turn("/", [first], Answer::hang());
    let mut connection = connection(&destination.url("/"));
    connection.timeout = Duration::from_millis(900);
    connection.authentication =
        Authentication::Digest { username: "ann".to_owned(), password: Secret::new("hunter2") };
    let large = Call { body: Bytes::from(vec![b'x'; 100_000]), ..call() };
    let exchange = send(&client(), &connection, large).await;
    assert_eq!(error(&exchange), (ErrorKind::Timeout, "No answer within 900ms"));
    assert!(exchange.duration < Duration::from_millis(1_500), "{:?}", exchange.duration);
    assert_eq!(destination.received().len(), 2);
}
