//! What a stranger can make large or slow has a bound, and costs nobody else anything.

use std::time::{Duration, Instant};

use fieldpost_server::ServerSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::hub::{Engine, MAX_BODY, SECRET, TestHub};

async fn hub(change: impl FnOnce(&mut ServerSettings)) -> TestHub {
    TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.header_timeout = Duration::from_secs(1);
        settings.body_timeout = Duration::from_secs(1);
        change(settings);
    })
    .await
}

async fn connect(hub: &TestHub) -> TcpStream {
    TcpStream::connect(hub.address).await.unwrap()
}

/// Everything that comes until the connection ends.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let ended = tokio::time::timeout(Duration::from_secs(20), read).await;
    // A connection that is cut has ended as well.
    drop(ended.expect("the hub ends the connection"));
    String::from_utf8_lossy(&answer).into_owned()
}

async fn exchange(hub: &TestHub, request: &[u8]) -> String {
    let mut stream = connect(hub).await;
    stream.write_all(request).await.unwrap();
    rest(stream).await
}

fn post(headers: &str) -> String {
    format!("POST /inbox/{SECRET} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")
}

/// Other traffic goes through, quickly.
async fn check_alive(hub: &TestHub) {
    let begun = Instant::now();
    hub.keep("{}").await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let hub = hub(|_| {}).await;
    let mut slow = connect(&hub).await;
    let mut silent = connect(&hub).await;
    silent.flush().await.unwrap();
    slow.write_all(b"POST /inbox/x HTTP/1.1\r\nhost:").await.unwrap();
    check_alive(&hub).await;
    let begun = Instant::now();
    assert_eq!(rest(slow).await, "");
    assert_eq!(rest(silent).await, "");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_connection_without_a_next_request_is_closed() {
    let hub = hub(|_| {}).await;
    let mut stream = connect(&hub).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let begun = Instant::now();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok"), "{answer}");
    assert!((Duration::from_millis(500)..Duration::from_secs(10)).contains(&begun.elapsed()));
}

// MUST-5
#[tokio::test]
async fn a_body_that_does_not_come_is_answered_in_time() {
    let hub = hub(|_| {}).await;
    let mut stream = connect(&hub).await;
    stream.write_all(post("content-length: 10\r\n").as_bytes()).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    check_alive(&hub).await;
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body-too-slow"), "{answer}");
}

#[tokio::test]
async fn a_declared_length_is_refused_before_anything_is_read() {
    let hub = hub(|_| {}).await;
    let request = post(&format!("content-length: {}\r\n", MAX_BODY + 1));
    let answer = exchange(&hub, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let request = post("content-length: 9223372036854775807\r\n");
    let answer = exchange(&hub, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    check_alive(&hub).await;
}

// MUST-5
#[tokio::test]
async fn an_undeclared_length_is_refused_as_soon_as_it_is_exceeded() {
    let hub = hub(|settings| settings.body_timeout = Duration::from_secs(20)).await;
    let mut stream = connect(&hub).await;
    stream.write_all(post("transfer-encoding: chunked\r\n").as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let sender = tokio::spawn(async move {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        // Endless, and in vain: the hub stops listening.
        while writing.write_all(chunk.as_bytes()).await.is_ok() {}
    });
    let mut answer = vec![0; 12];
    reading.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 413");
    check_alive(&hub).await;
    tokio::time::timeout(Duration::from_secs(10), sender).await.unwrap().unwrap();
}

// MUST-4, MUST-5
#[tokio::test]
async fn all_bodies_together_have_a_bound() {
    // One of the longest bodies fits, and a second one does not.
    let hub = hub(|settings| {
        settings.bodies_in_memory = MAX_BODY;
        settings.body_timeout = Duration::from_secs(20);
    })
    .await;
    let long = format!("\"{}\"", "x".repeat(MAX_BODY - 2));
    let mut first = connect(&hub).await;
    first.write_all(post(&format!("content-length: {MAX_BODY}\r\n")).as_bytes()).await.unwrap();
    first.write_all(b"\"").await.unwrap();
    // Small ones go by.
    check_alive(&hub).await;
    let declared = post(&format!("content-length: {MAX_BODY}\r\n"));
    let chunked = post("transfer-encoding: chunked\r\n")
        + &format!("{:x}\r\n{}\r\n0\r\n\r\n", 100_000, "x".repeat(100_000));
    for request in [declared, chunked] {
        let answer = exchange(&hub, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after") && answer.contains("\"busy\""), "{answer}");
        assert!(answer.contains("bodies-in-memory"), "{answer}");
    }
    first.write_all(long.get(1..).unwrap().as_bytes()).await.unwrap();
    assert!(rest(first).await.starts_with("HTTP/1.1 200 OK"));
    // The room is given back.
    hub.keep(&long).await;
    hub.keep(&long).await;
}

#[tokio::test]
async fn who_asks_before_sending_is_told() {
    let hub = hub(|_| {}).await;
    let mut stream = connect(&hub).await;
    let head = post("content-length: 2\r\nexpect: 100-continue\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    assert!(rest(stream).await.starts_with("HTTP/1.1 200 OK"));

    let head = post(&format!("content-length: {}\r\nexpect: 100-continue\r\n", MAX_BODY + 1));
    assert!(exchange(&hub, head.as_bytes()).await.starts_with("HTTP/1.1 413"));
    let head = head.replace(SECRET, "unknown");
    assert!(exchange(&hub, head.as_bytes()).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_head_has_a_length_and_a_number_of_headers() {
    let hub = hub(|settings| {
        settings.max_header_bytes = 16 * 1024;
        settings.max_headers = 20;
    })
    .await;
    let fill = |count: usize| {
        // Three headers are there already.
        let headers = "x-more: 1\r\n".repeat(count - 3);
        post(&format!("content-length: 2\r\n{headers}")) + "{}"
    };
    assert!(exchange(&hub, fill(20).as_bytes()).await.starts_with("HTTP/1.1 200 OK"));
    let answer = exchange(&hub, fill(21).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = post(&format!("x-long: {}\r\ncontent-length: 2\r\n", "x".repeat(17 * 1024))) + "{}";
    let answer = exchange(&hub, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(17 * 1024));
    let answer = exchange(&hub, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");

    // A flood of headers without an end.
    let mut stream = connect(&hub).await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let flood =
        tokio::spawn(async move { while writing.write_all(b"x-flood: 1\r\n").await.is_ok() {} });
    let mut answer = vec![0; 12];
    reading.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 431");
    tokio::time::timeout(Duration::from_secs(10), flood).await.unwrap().unwrap();
    check_alive(&hub).await;
}

#[tokio::test]
async fn requests_that_two_servers_would_read_differently_are_refused() {
    let hub = hub(|_| {}).await;
    for headers in [
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: +2\r\n",
        "content-length: 2, 3\r\n",
        "transfer-encoding: identity, chunkedx\r\n",
        "transfer-encoding : chunked\r\n",
    ] {
        let answer = exchange(&hub, (post(headers) + "{}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{headers:?}: {answer}");
    }
    for request in
        ["GET / HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET /\r\n\r\n"]
    {
        let answer = exchange(&hub, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
    check_alive(&hub).await;
}

#[tokio::test]
async fn connections_have_a_bound_and_those_beyond_it_wait() {
    let hub = hub(|settings| settings.max_connections = 2).await;
    // The client of the tests holds a connection of its own, which ends by itself when idle.
    let held = [connect(&hub).await, connect(&hub).await, connect(&hub).await];
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let begun = Instant::now();
    assert!(exchange(&hub, request).await.starts_with("HTTP/1.1 200 OK"));
    assert!(begun.elapsed() > Duration::from_millis(500), "it waited for its turn");
    drop(held);
}

// MUST-6
#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let hub = hub(|_| {}).await;
    for cut in ["", "{\"a\"", "{\"a\": 1}"] {
        let mut stream = connect(&hub).await;
        let request = post("content-length: 10\r\n") + cut;
        stream.write_all(request.as_bytes()).await.unwrap();
        drop(stream);
    }
    check_alive(&hub).await;
    for message in hub.items("projects/clinic/messages").await {
        assert_eq!(
            (&message["state"], &message["bytes"]),
            (&"kept".into(), &2.into()),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_the_connection() {
    let hub = hub(|settings| settings.write_timeout = Duration::from_secs(1)).await;
    let long = format!("\"{}\"", "x".repeat(MAX_BODY - 2));
    let message = hub.keep(&long).await;
    let path = format!("/api/v1/projects/clinic/messages/{}/body", message["id"].as_str().unwrap());
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        crate::hub::TOKEN
    );
    let mut stream = connect(&hub).await;
    // More answers than the sockets between us can hold.
    stream.write_all(request.repeat(30).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut answers = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answers));
    drop(ended.await.expect("the hub ended the connection"));
    assert!(answers.len() < 20 * MAX_BODY, "{}", answers.len());
    check_alive(&hub).await;
}
