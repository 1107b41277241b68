//! The fake destination does what it is told, and remembers.

#![expect(clippy::expect_used, reason = "a failure to set the scene up fails the test")]

use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends one request by hand and returns everything that came back before the connection ended.
async fn post(destination: &FakeDestination, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(destination.address()).await.expect("it listens");
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers with text");
    answer
}

async fn status(destination: &FakeDestination, target: &str) -> String {
    let answer = post(destination, target, "").await;
    answer.get(9..12).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn remembers_what_it_was_sent() {
    let destination = FakeDestination::start().await;
    assert!(post(&destination, "/a?b=c", "{\"d\":1}").await.starts_with("HTTP/1.1 200 OK"));
    let requests = destination.wait_for(1, Duration::from_secs(5)).await;
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/a"));
    assert_eq!((request.query.as_str(), request.text()), ("b=c", "{\"d\":1}"));
    assert_eq!(request.json()["d"], 1);
    assert_eq!(request.header("x-one"), Some("1"));
    assert_eq!(destination.connections(), 1);
}

#[tokio::test]
async fn answers_as_it_was_told() {
    let destination = FakeDestination::start().await;
    destination.fail_then_succeed("/flaky", 2, 503);
    destination.answer_with("/echo", |request| Answer::status(201).body(request.body.clone()));
    destination.answer("/slow", Answer::status(202).delay(Duration::from_millis(200)));
    destination.answer("/busy", Answer::status(429).header("retry-after", "7"));
    destination.answer("/refused", Answer::refuse());
    destination.answer("*", Answer::status(404));

    for expected in ["503", "503", "200", "200"] {
        assert_eq!(status(&destination, "/flaky").await, expected);
    }
    assert!(post(&destination, "/echo", "again").await.ends_with("\r\n\r\nagain"));
    let begun = Instant::now();
    assert_eq!(status(&destination, "/slow").await, "202");
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert!(post(&destination, "/busy", "").await.contains("retry-after: 7"));
    assert_eq!(post(&destination, "/refused", "").await, "");
    assert_eq!(status(&destination, "/other").await, "404");

    destination.answer("/hangs", Answer::hang());
    let hangs = tokio::time::timeout(Duration::from_millis(200), post(&destination, "/hangs", ""));
    assert!(hangs.await.is_err());
    assert_eq!(destination.received().len(), 10);
}

#[tokio::test]
async fn goes_down_and_comes_back_at_the_same_address() {
    let mut destination = FakeDestination::start().await;
    destination.go_down().await;
    assert!(TcpStream::connect(destination.address()).await.is_err());
    destination.come_back().await;
    assert_eq!(status(&destination, "/").await, "200");
}

#[tokio::test]
async fn says_what_it_waited_for() {
    let destination = FakeDestination::start().await;
    let waiting = tokio::spawn(async move {
        destination.wait_for(1, Duration::from_millis(10)).await;
    });
    let panic = waiting.await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.ends_with("waited 10ms for 1 requests, received 0"), "{message}");
}
