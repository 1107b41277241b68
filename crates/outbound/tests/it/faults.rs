//! Whatever a destination does, a call ends in time, with a name for what went wrong.

use std::time::{Duration, Instant};

use fieldpost_model::attempt::ErrorKind;
use fieldpost_outbound::Exchange;
use fieldpost_testkit::{Answer, FakeDestination, misbehaving};
use tokio::net::TcpListener;

use crate::common::{call, client, connection, error, post, project, send};

/// Sends with this time limit.
async fn post_within(url: &str, timeout: Duration) -> Exchange {
    let mut connection = connection(url);
    connection.timeout = timeout;
    send(&client(), &connection, call()).await
}

#[tokio::test]
async fn a_closed_port_is_a_connect_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let exchange = post(&format!("http://{address}/")).await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Connect);
    let expected = format!("No connection to {address}: Connection refused");
    assert!(message.starts_with(&expected), "{message}");
    assert!(exchange.request.is_some() && exchange.response.is_none());
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_error() {
    let exchange = post("http://nonexistent.invalid/").await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Dns);
    assert!(message.starts_with("nonexistent.invalid does not resolve: "), "{message}");
}

#[tokio::test]
async fn https_to_a_plain_server_is_a_tls_error() {
    let destination = FakeDestination::start().await;
    let exchange = post(&destination.url("/").replace("http:", "https:")).await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Tls, "{message}");
    let address = destination.address();
    let expected =
        format!("TLS with {address} failed: it does not speak TLS; is the URL meant to be http:?");
    assert!(message.starts_with(&expected), "{message}");
}

// MUST-23
/// The limit covers everything, wherever the time goes.
#[tokio::test]
async fn time_runs_out_everywhere() {
    let silent = misbehaving::never_answers().await;
    let trickling = misbehaving::trickles(Duration::from_millis(100)).await;
    let slow = FakeDestination::start().await;
    slow.answer("/", Answer::status(200).delay(Duration::from_mins(1)));
    let limit = Duration::from_millis(700);
    for (url, message, answered) in [
        (silent.url("/"), "No answer within 700ms", false),
        (silent.url("/").replace("http:", "https:"), "No answer within 700ms", false),
        (slow.url("/"), "No answer within 700ms", false),
        (trickling.url("/"), "The answer had not ended within 700ms", true),
    ] {
        let begun = Instant::now();
        let exchange = post_within(&url, limit).await;
        let took = begun.elapsed();
        assert_eq!(error(&exchange), (ErrorKind::Timeout, message), "{url}");
        assert!(took >= limit && took < limit + Duration::from_secs(5), "{url}: {took:?}");
        assert!(exchange.duration >= limit && exchange.duration <= took, "{url}");
        assert_eq!(exchange.response.is_some(), answered, "{url}");
    }
}

/// What had come before the time ran out is kept.
#[tokio::test]
async fn a_trickled_body_is_kept_as_far_as_it_came() {
    let trickling = misbehaving::trickles(Duration::from_millis(50)).await;
    let exchange = post_within(&trickling.url("/"), Duration::from_millis(500)).await;
    let body = exchange.response.unwrap().body;
    assert!(body.len() >= 3 && body.iter().all(|byte| *byte == b'.'), "{body:?}");
}

/// Nobody takes the connection: the operator's limit ends the dialling before the connection's own.
#[tokio::test]
async fn dialling_has_a_limit_of_its_own() {
    // The handshake of TLS counts as dialling, and this server never takes part in one.
    let silent = misbehaving::never_answers().await;
    let url = silent.url("/").replace("http:", "https:");
    let begun = Instant::now();
    let exchange = post_within(&url, Duration::from_secs(20)).await;
    let message = format!("No connection to {} within 2s", silent.address());
    assert_eq!(error(&exchange), (ErrorKind::Timeout, message.as_str()));
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn broken_connections_are_told_apart() {
    let closing = FakeDestination::start().await;
    closing.answer("/", Answer::refuse());
    let reset = misbehaving::resets_at_once().await;
    let in_body = misbehaving::resets_in_the_body().await;
    let short = misbehaving::answers("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort").await;
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nwhat";
    let chunked = misbehaving::answers(chunked).await;
    for (url, kind, message, body) in [
        (closing.url("/"), ErrorKind::Connect, "closed the connection without an answer", None),
        (reset.url("/"), ErrorKind::Connect, " broke: ", None),
        (in_body.url("/"), ErrorKind::Body, "broke off: ", Some("so far")),
        (short.url("/"), ErrorKind::Body, "broke off: ", Some("short")),
        (chunked.url("/"), ErrorKind::Body, "broke off: ", Some("")),
    ] {
        let exchange = post(&url).await;
        let (found, text) = error(&exchange);
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(message), "{text}");
        let kept = exchange.response.map(|response| String::from_utf8(response.body).unwrap());
        assert_eq!(kept.as_deref(), body, "{message}");
    }
}

/// A refusal that breaks off is still a refusal.
#[tokio::test]
async fn a_status_outweighs_a_broken_body() {
    let server =
        misbehaving::answers("HTTP/1.1 400 No\r\ncontent-length: 100\r\n\r\nbecause").await;
    let exchange = post(&server.url("/")).await;
    assert_eq!(error(&exchange), (ErrorKind::Status, "400 Bad Request: because"));
}

/// More than was announced belongs to nobody; the next call must not read it as its answer.
#[tokio::test]
async fn bytes_beyond_the_announced_length_are_dropped() {
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\n\r\n";
    let server = misbehaving::answers(two).await;
    let client = client();
    let prepared = client.prepare(&project(), &connection(&server.url("/"))).unwrap();
    for calls in 1..=3 {
        let exchange = client.send(&prepared, call()).await;
        assert_eq!(exchange.error, None);
        assert_eq!(exchange.response.unwrap().body, b"ok");
        assert_eq!(server.connections(), calls);
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_body_error() {
    for bytes in ["SSH-2.0-OpenSSH_9\r\n\r\n", "\0\0\0\0", "HTTP/9.9 200 OK\r\n\r\n"] {
        let server = misbehaving::answers(bytes).await;
        let exchange = post(&server.url("/")).await;
        let (kind, message) = error(&exchange);
        assert_eq!(kind, ErrorKind::Body, "{message}");
        assert!(message.contains(" answered what is not HTTP: "), "{message}");
    }
}

#[tokio::test]
async fn an_endless_head_is_cut() {
    for one_header in [true, false] {
        let server = misbehaving::endless_head(one_header).await;
        let exchange = post(&server.url("/")).await;
        let (kind, message) = error(&exchange);
        assert_eq!(kind, ErrorKind::Body, "{message}");
    }
}
