//! What is sent is what is recorded, but for credentials.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::Authentication;
use fieldpost_model::forwarder::Method;
use fieldpost_model::lifecycle::CallMethod;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::{Asking, Call};
use fieldpost_testkit::{Answer, FakeDestination, misbehaving};

use crate::common::{DELIVERY, SECONDS, call, client, connection, error, project, send};

const MASKED: &str = "•••••••";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

// MUST-19
/// The record holds the request line and every header, as they were on the wire.
#[tokio::test]
async fn the_record_is_what_was_on_the_wire() {
    let server = misbehaving::answers(OK).await;
    let mut connection = connection(&server.url("/hook/ü?kept=%2F&key=hunter2#fragment"));
    connection.authentication = Authentication::Bearer { token: Secret::new("s3cr3t-token") };
    connection.signing_secret = Some(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let exchange = send(
        &client(),
        &connection,
        Call {
            method: Method::Put,
            query: &pairs(&[("added", "a b&c"), ("api_key", "hunter3")]),
            headers: &pairs(&[("X-Site", "Zürich"), ("fieldpost-resend-of", "1"), ("x-two", "a")]),
            ..call()
        },
    )
    .await;
    assert_eq!(exchange.error, None);

    let wire = server.requests().concat();
    let wire = String::from_utf8(wire).unwrap();
    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"a\":1}");
    let mut lines = head.split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "PUT /hook/%C3%BC?kept=%2F&key=hunter2&added=a+b%26c&api_key=hunter3 HTTP/1.1"
    );
    let mut sent: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();

    let request = exchange.request.unwrap();
    assert_eq!(request.method, "PUT");
    assert_eq!(
        request.url,
        server.url("/hook/%C3%BC?kept=%2F&key=•••••••&added=a+b%26c&api_key=•••••••")
    );
    assert_eq!(request.bytes, 7);
    let digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
    assert_eq!(request.body_sha256.map(|byte| format!("{byte:02x}")).concat(), digest);

    let authorization = sent.iter_mut().find(|(name, _)| name == "authorization").unwrap();
    assert_eq!(authorization.1, "Bearer s3cr3t-token");
    authorization.1 = format!("Bearer {MASKED}");
    sent.sort();
    let mut recorded = request.headers;
    recorded.sort();
    assert_eq!(recorded, sent);
    let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "fieldpost-resend-of",
            "host",
            "user-agent",
            "webhook-id",
            "webhook-signature",
            "webhook-timestamp",
            "x-site",
            "x-two",
        ]
    );
}

/// Sends with an authentication, and compares the headers of the given name as they arrived and as
/// they were recorded.
async fn check_authentication(
    authentication: Authentication,
    name: &str,
    arrived: &[&str],
    recorded: &[&str],
) {
    let destination = FakeDestination::start().await;
    let mut connection = connection(&destination.url("/"));
    connection.authentication = authentication;
    let given = pairs(&[("authorization", "forwarder"), ("X-KEY", "forwarder")]);
    let call = Call { headers: &given, ..call() };
    let exchange = send(&client(), &connection, call).await;
    assert_eq!(exchange.error, None);
    let requests = destination.received();
    let of_name = |headers: &[(String, String)]| -> Vec<String> {
        let found = headers.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(of_name(&requests[0].headers), arrived);
    assert_eq!(of_name(&exchange.request.unwrap().headers), recorded);
}

#[tokio::test]
async fn the_connection_proves_itself_and_wins_over_the_forwarder() {
    let secret = Secret::new;
    check_authentication(Authentication::None, "x-key", &["forwarder"], &[MASKED]).await;
    check_authentication(
        Authentication::Basic { username: "ann".to_owned(), password: secret("pässword:1") },
        "authorization",
        &["Basic YW5uOnDDpHNzd29yZDox"],
        &["Basic •••••••"],
    )
    .await;
    check_authentication(
        Authentication::Bearer { token: secret("abc.def") },
        "authorization",
        &["Bearer abc.def"],
        &["Bearer •••••••"],
    )
    .await;
    check_authentication(
        Authentication::ApiKey { header: "X-Key".to_owned(), key: secret("k1") },
        "x-key",
        &["k1"],
        &[MASKED],
    )
    .await;
    let headers =
        vec![("x-plain-name".to_owned(), secret("one")), ("x-key".to_owned(), secret("two"))];
    let headers = Authentication::Headers(headers);
    check_authentication(headers.clone(), "x-plain-name", &["one"], &[MASKED]).await;
    check_authentication(headers, "x-key", &["two"], &[MASKED]).await;
}

#[tokio::test]
async fn a_user_in_the_url_is_sent_as_basic_credentials() {
    let destination = FakeDestination::start().await;
    let url = format!("http://ann:p%40ss%2Fword@{}/", destination.address());
    let mut connection = connection(&url);
    let exchange = send(&client(), &connection, call()).await;
    let received = destination.received();
    assert_eq!(received[0].header("authorization"), Some("Basic YW5uOnBAc3Mvd29yZA=="));
    let record = format!("{exchange:?}");
    for secret in ["p@ss/word", "p%40ss", "YW5uOnBAc3Mvd29yZA"] {
        assert!(!record.contains(secret), "{record}");
    }

    connection.authentication = Authentication::Bearer { token: Secret::new("abc") };
    send(&client(), &connection, call()).await;
    assert_eq!(destination.received()[1].header("authorization"), Some("Bearer abc"));
}

// MUST-18
#[tokio::test]
async fn deliveries_are_identified_and_signed() {
    let destination = FakeDestination::start().await;
    let mut connection = connection(&destination.url("/"));
    let forged = pairs(&[("webhook-id", "x"), ("webhook-signature", "v1,forged")]);
    let body = Bytes::from_static(br#"{"test": 2432232314}"#);
    let call = || Call { headers: &forged, body: body.clone(), ..call() };
    send(&client(), &connection, call()).await;
    connection.signing_secret =
        Some(Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
    connection.previous_signing_secret =
        Some(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    send(&client(), &connection, call()).await;

    let received = destination.received();
    for request in &received {
        assert_eq!(request.header("webhook-id"), Some(DELIVERY.to_string().as_str()));
        assert_eq!(request.header("webhook-timestamp"), Some(SECONDS.to_string().as_str()));
    }
    assert_eq!(received[0].header("webhook-signature"), None);
    assert_eq!(
        received[1].header("webhook-signature"),
        Some(
            "v1,FbRRYDS4l4dtLrw92SitEQgiEGbbVI88dTMUfojUB2E= \
             v1,6ltHRplMsmoj3iEeqXSFiuqSolc3P2gAhZLiYmX6UnQ="
        )
    );
}

#[tokio::test]
async fn the_forwarder_may_choose_what_the_hub_would_choose() {
    let destination = FakeDestination::start().await;
    let connection = connection(&destination.url("/"));
    let given = pairs(&[
        ("Content-Type", "text/csv"),
        ("user-agent", "mine"),
        ("accept", "text/plain"),
        ("x-many", "1"),
        ("X-Many", "2"),
        ("host", "other.example.org"),
    ]);
    send(&client(), &connection, Call { headers: &given, ..call() }).await;
    send(&client(), &connection, Call { content_type: None, ..call() }).await;
    let received = destination.received();
    for (name, value) in [
        ("content-type", "text/csv"),
        ("user-agent", "mine"),
        ("accept", "text/plain"),
        ("host", "other.example.org"),
    ] {
        assert_eq!(received[0].header(name), Some(value));
        assert_eq!(received[0].headers.iter().filter(|(known, _)| known == name).count(), 1);
    }
    let many: Vec<_> = received[0].headers.iter().filter(|(name, _)| name == "x-many").collect();
    assert_eq!(many.len(), 2);
    assert_eq!(received[1].header("content-type"), None);
    assert_eq!(received[1].header("user-agent"), Some("fieldpost-test"));
    assert_eq!(received[1].method, "POST");
}

#[tokio::test]
async fn what_cannot_be_sent_is_named() {
    let destination = FakeDestination::start().await;
    let connection = connection(&destination.url("/"));
    for (name, value) in [
        ("x y", "1"),
        ("", "1"),
        ("x:", "1"),
        ("x-smuggled", "1\r\nx-injected: 2"),
        ("x-smuggled", "1\nx"),
        ("x-smuggled", "1\0"),
        ("Content-Length", "0"),
        ("transfer-encoding", "chunked"),
        ("connection", "x"),
        ("upgrade", "h2c"),
        ("expect", "100-continue"),
    ] {
        let call = Call { headers: &pairs(&[(name, value)]), ..call() };
        let exchange = send(&client(), &connection, call).await;
        let (kind, message) = error(&exchange);
        assert_eq!(kind, ErrorKind::Build, "{name}: {value:?}");
        assert!(message.contains(&format!("{name:?}")), "{message}");
        assert!(exchange.request.is_none() && exchange.response.is_none());
        assert_eq!(destination.connections(), 0);
    }
    for (count, sent) in [(100, true), (101, false)] {
        let many: Vec<_> =
            (0..count).map(|number| (format!("x-{number}"), String::new())).collect();
        let exchange = send(&client(), &connection, Call { headers: &many, ..call() }).await;
        assert_eq!(exchange.request.is_some(), sent, "{count} headers");
    }
    let call = Call { content_type: Some("a\r\nb: c"), ..call() };
    assert_eq!(error(&send(&client(), &connection, call).await).0, ErrorKind::Build);
}

#[tokio::test]
async fn unusable_credentials_are_named_and_not_shown() {
    let secret = || Secret::new("hunter2\r\nx: y");
    let basic = |username: &str, password| Authentication::Basic {
        username: username.to_owned(),
        password,
    };
    let mut connection = connection("http://127.0.0.1:1/");
    for authentication in [
        basic("ann:ann", Secret::new("hunter2")),
        Authentication::Bearer { token: secret() },
        Authentication::ApiKey { header: "x-key".to_owned(), key: secret() },
        Authentication::ApiKey { header: "x key".to_owned(), key: Secret::new("hunter2") },
        Authentication::ApiKey { header: "Content-Length".to_owned(), key: Secret::new("hunter2") },
        Authentication::Headers(vec![("x-a".to_owned(), secret())]),
    ] {
        connection.authentication = authentication;
        let refused = client().prepare(&project(), &connection).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Build);
        assert!(!refused.message.contains("hunter2"), "{}", refused.message);
    }
    connection.authentication = Authentication::None;
    connection.signing_secret = Some(Secret::new("hunter2"));
    let refused = client().prepare(&project(), &connection).unwrap_err();
    assert_eq!(
        refused.message,
        "The connection's signing secret cannot be used: it must be whsec_ followed by the base64 \
         of at least one byte"
    );
}

/// A lane holds its connection; a client that dialled for every call would be slow, and rude.
#[tokio::test]
async fn connections_are_used_again() {
    let destination = FakeDestination::start().await;
    destination.answer("/", Answer::status(500).body("x".repeat(5_000)));
    let client = client();
    let prepared = client.prepare(&project(), &connection(&destination.url("/"))).unwrap();
    for _ in 0..20 {
        client.send(&prepared, call()).await;
    }
    assert_eq!(destination.received().len(), 20);
    assert_eq!(destination.connections(), 1);
}

#[tokio::test]
async fn a_destination_that_restarts_is_reached_again() {
    let mut destination = FakeDestination::start().await;
    let client = client();
    let prepared = client.prepare(&project(), &connection(&destination.url("/"))).unwrap();
    assert_eq!(client.send(&prepared, call()).await.error, None);
    destination.go_down().await;
    assert_eq!(error(&client.send(&prepared, call()).await).0, ErrorKind::Connect);
    destination.come_back().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(client.send(&prepared, call()).await.error, None);
}

#[tokio::test]
async fn what_asks_has_a_method_and_a_path_behind_the_connections_own() {
    for (base, path, expected) in [
        ("/api/", "people/1/", "POST /api/people/1/"),
        ("/api?key=1", "/people?x=%20y#z", "GET /api/people?key=1&x=%20y"),
        ("/", "//other.example.org/a", "PUT /other.example.org/a"),
        ("/a/b", "../../../etc", "PATCH /etc"),
        ("/a", "", "DELETE /a"),
    ] {
        let destination = FakeDestination::start().await;
        let connection = connection(&destination.url(base));
        let (method, _) = expected.split_once(' ').unwrap();
        let method = CallMethod::from_name(method).unwrap();
        let asking = Some(Asking { method, path });
        let exchange = send(&client(), &connection, Call { asking, ..call() }).await;
        assert_eq!(exchange.error, None, "{path}");
        let request = destination.received().remove(0);
        let query =
            if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        assert_eq!(format!("{} {}{query}", request.method, request.path), expected);
    }
}

#[tokio::test]
async fn of_an_answer_that_somebody_waits_for_all_that_is_read_is_kept() {
    let long = vec![b'x'; 8_000];
    for (asking, kept, truncated) in [
        (None, 1_000, true),
        (Some(Asking { method: CallMethod::Post, path: "" }), long.len(), false),
    ] {
        let destination = FakeDestination::start().await;
        destination.answer("/", Answer::status(200).body(long.clone()));
        let connection = connection(&destination.url("/"));
        let exchange = send(&client(), &connection, Call { asking, ..call() }).await;
        let response = exchange.response.unwrap();
        assert_eq!((response.body.len(), response.truncated), (kept, truncated));
    }
}
