//! What comes back is kept whole, within bounds.

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::Authentication;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::Call;
use fieldpost_testkit::{Answer, FakeDestination, misbehaving};

use crate::common::{call, client, connection, error, post, project, send, settings};

// MUST-20
#[tokio::test]
async fn every_2xx_is_a_success() {
    let destination = FakeDestination::start().await;
    for status in [200, 201, 202, 204, 226, 299] {
        destination.answer("/", Answer::status(status).header("x-a", "1"));
        let exchange = post(&destination.url("/")).await;
        assert_eq!(exchange.error, None, "{status}");
        let response = exchange.response.unwrap();
        assert_eq!(response.status, status);
        assert!(response.headers.contains(&("x-a".to_owned(), "1".to_owned())));
    }
}

#[tokio::test]
async fn other_statuses_are_told_with_the_destinations_words() {
    let destination = FakeDestination::start().await;
    let long = "é".repeat(201);
    let long_message = format!("400 Bad Request: {}…", "é".repeat(200));
    for (status, content_type, body, message) in [
        (503, "text/plain", "  come\r\n back\tlater ", "503 Service Unavailable: come back later"),
        (422, "application/json", "{\"e\": 1}", "422 Unprocessable Entity: {\"e\": 1}"),
        (400, "", &long, &long_message),
        (404, "text/html", "", "404 Not Found"),
        (500, "image/png", "text", "500 Internal Server Error"),
        (500, "application/octet-stream", "text", "500 Internal Server Error"),
        (500, "text/plain", "\u{0}binary", "500 Internal Server Error"),
        (599, "text/plain", "odd", "599 unknown status: odd"),
        (304, "text/plain", "", "304 Not Modified"),
        (300, "text/plain", "choose", "300 Multiple Choices: choose"),
    ] {
        let mut answer = Answer::status(status).body(body.to_owned());
        if !content_type.is_empty() {
            answer = answer.header("content-type", content_type);
        }
        destination.answer("/", answer);
        let exchange = post(&destination.url("/")).await;
        assert_eq!(error(&exchange), (ErrorKind::Status, message));
        let response = exchange.response.unwrap();
        assert_eq!((response.status, response.body), (status, body.as_bytes().to_vec()));
    }
}

/// A body that is cut in the midst of a character is still quoted.
#[tokio::test]
async fn a_cut_body_is_quoted_to_its_last_whole_character() {
    let destination = FakeDestination::start().await;
    let body = format!("a{}", " é".repeat(1_000));
    destination.answer("/", Answer::status(500).body(body));
    let exchange = post(&destination.url("/")).await;
    assert!(error(&exchange).1.starts_with("500 Internal Server Error: a é é"));
    assert_eq!(exchange.response.unwrap().body.len(), 1_000);
}

#[tokio::test]
async fn retry_after_is_handed_on_as_it_came() {
    let destination = FakeDestination::start().await;
    for value in ["120", "Fri, 31 Dec 2032 23:59:59 GMT", "soon"] {
        destination.answer("/", Answer::status(429).header("retry-after", value));
        assert_eq!(post(&destination.url("/")).await.retry_after.as_deref(), Some(value));
    }
}

#[tokio::test]
async fn bodies_are_kept_up_to_the_limit() {
    let destination = FakeDestination::start().await;
    for (length, kept, truncated) in
        [(0, 0, false), (999, 999, false), (1_000, 1_000, false), (1_001, 1_000, true)]
    {
        destination.answer("/", Answer::status(200).body("x".repeat(length)));
        let response = post(&destination.url("/")).await.response.unwrap();
        assert_eq!((response.body.len(), response.truncated), (kept, truncated), "{length}");
    }
}

/// One byte over what is read at most, and the connection is not used again.
#[tokio::test]
async fn the_connection_of_an_overlong_body_is_dropped() {
    let destination = FakeDestination::start().await;
    let client = client();
    let prepared = client.prepare(&project(), &connection(&destination.url("/"))).unwrap();
    for (length, connections) in [(10_000, 1), (10_000, 1), (100_000, 1), (0, 2)] {
        destination.answer("/", Answer::status(200).body("x".repeat(length)));
        let exchange = client.send(&prepared, call()).await;
        assert_eq!(exchange.error, None);
        assert_eq!(exchange.response.unwrap().truncated, length > 1_000);
        assert_eq!(destination.connections(), connections, "{length}");
    }
}

#[tokio::test]
async fn a_gigabyte_is_a_success_that_costs_little() {
    let server = misbehaving::long_body(1 << 30).await;
    let before = peak_memory();
    let exchange = post(&server.url("/")).await;
    assert_eq!(exchange.error, None);
    let response = exchange.response.unwrap();
    assert_eq!((response.body.len(), response.truncated), (settings().response_body_kept, true));
    let grown = peak_memory() - before;
    assert!(grown < 16 * 1_024, "memory grew by {grown} kB");
}

/// The most memory that this process ever held, in kilobytes; zero where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// 16 KiB of headers are kept; the one that goes beyond is left out.
#[tokio::test]
async fn headers_are_kept_up_to_a_limit() {
    let destination = FakeDestination::start().await;
    let answer = Answer::status(200)
        .header("x-first", &"a".repeat(8_000))
        .header("x-second", &"b".repeat(8_000))
        .header("x-third", &"c".repeat(8_000));
    destination.answer("/", answer);
    let exchange = post(&destination.url("/")).await;
    assert_eq!(exchange.error, None);
    let headers = exchange.response.unwrap().headers;
    let has = |name: &str| headers.iter().any(|(known, _)| known == name);
    assert!(has("x-first") && has("x-second") && !has("x-third"), "{headers:?}");
}

/// A destination that repeats our credentials gets them neither into our error messages nor into
/// what is kept of its answer.
#[tokio::test]
async fn echoed_credentials_stay_out_of_messages_and_records() {
    let destination = FakeDestination::start().await;
    destination.answer_with("/", |request| {
        let echo = request.header("authorization").unwrap_or_default().to_owned();
        Answer::status(401)
            .header("set-cookie", "session=1")
            .header("x-echo", &echo)
            .header("location", "/login?access_token=abc&was=hunter2-hunter2")
            .body(format!("{echo} hunter2-hunter2"))
    });
    let mut connection = connection(&destination.url("/"));
    connection.authentication = Authentication::Basic {
        username: "ann".to_owned(),
        password: Secret::new("hunter2-hunter2"),
    };
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(error(&exchange).1, "401 Unauthorized: Basic ••••••• •••••••");
    let response = exchange.response.unwrap();
    assert_eq!(String::from_utf8(response.body).unwrap(), "Basic ••••••• •••••••");
    for (name, value) in [
        ("set-cookie", "•••••••"),
        ("x-echo", "Basic •••••••"),
        ("location", "/login?access_token=•••••••&was=•••••••"),
    ] {
        let header = (name.to_owned(), value.to_owned());
        assert!(response.headers.contains(&header), "{header:?} in {:?}", response.headers);
    }
}

/// An answer that is no text, or was cut within a character or within the secret itself, tells no
/// more than another one. What the forwarder and the URL bring counts like the connection's own.
#[tokio::test]
async fn credentials_stay_out_of_whatever_comes_back() {
    let destination = FakeDestination::start().await;
    let kept = settings().response_body_kept;
    let mut connection = connection(&destination.url("/?key=s3cr3t-of-url"));
    connection.authentication = Authentication::Headers(vec![
        ("x-one".to_owned(), Secret::new("Token s3cr3t-of-connection")),
        ("x-two".to_owned(), Secret::new("abc")),
    ]);
    let headers = [("x-api-key".to_owned(), "s3cr3t-of-forwarder".to_owned())];
    let query = [("token".to_owned(), "s3cr3t of query".to_owned())];
    for secret in [
        "s3cr3t-of-connection",
        "s3cr3t-of-forwarder",
        "s3cr3t-of-url",
        "s3cr3t of query",
        "s3cr3t+of+query",
    ] {
        let secret = secret.as_bytes();
        let of_bytes = [b"\xff\xfe ", secret].concat();
        let cut_in_secret = [&vec![b'x'; kept - secret.len() + 2], secret].concat();
        let cut_in_character =
            [secret, &vec![b'x'; kept - secret.len() - 1], "é".as_bytes()].concat();
        for body in [of_bytes, cut_in_secret, cut_in_character] {
            destination.answer("*", Answer::status(200).body(body));
            let call = Call { headers: &headers, query: &query, ..call() };
            let exchange = send(&client(), &connection, call).await;
            assert_eq!(exchange.error, None);
            let body = exchange.response.unwrap().body;
            let shown = String::from_utf8_lossy(&body);
            assert!(!shown.contains("s3cr3t") && body.len() <= kept, "{shown}");
        }
    }
    // What is shorter than four characters stands in ordinary words.
    destination.answer("*", Answer::status(200).body("abcdef"));
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(exchange.response.unwrap().body, b"abcdef");
}
