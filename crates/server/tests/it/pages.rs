//! Pages for people, and answers for the machines that watch.

use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::hub::{Engine, SECRET, TestHub, eventually, problem, recorder};

#[tokio::test]
async fn pages_run_nothing_foreign() {
    let hub = TestHub::start().await;
    for (path, content_type, kept) in [
        ("/", "text/html; charset=utf-8", "no-store"),
        ("/projects/clinic/messages?state=kept", "text/html; charset=utf-8", "no-store"),
        ("/sign-in", "text/html; charset=utf-8", "no-store"),
        ("/api/docs", "text/html; charset=utf-8", "no-cache"),
        ("/api/docs.css", "text/css; charset=utf-8", "no-cache"),
    ] {
        let answer = hub.client.get(hub.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers();
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["cache-control"], kept);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src '") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        let text = answer.text().await.unwrap();
        assert!(!text.is_empty(), "{path}");
        for foreign in ["https://", "http://", "<style", " style=", " onclick="] {
            assert!(!text.contains(foreign), "{path} has {foreign}");
        }
        assert!(!text.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_address_is_a_page_to_people_and_a_problem_to_machines() {
    let hub = TestHub::start().await;
    let nothing = hub.client.get(hub.url("/nothing")).send().await.unwrap();
    problem(nothing, 404, "no-such-page").await;
    let looking = hub.client.get(hub.url("/nothing")).header("accept", "text/html");
    let page = looking.send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let file = hub.client.get(hub.url("/assets/nothing-a1b2.js")).send().await.unwrap();
    problem(file, 404, "no-such-page").await;
    let data = hub.client.get(hub.url("/projects")).header("accept", "application/json");
    problem(data.send().await.unwrap(), 404, "no-such-page").await;
    let mistyped = hub.client.post(hub.url(&format!("/inbx/{SECRET}"))).send().await.unwrap();
    let told = problem(mistyped, 404, "no-such-page").await;
    assert!(!told.to_string().contains(SECRET));
    for path in ["/healthz", "/projects"] {
        let wrong = hub.client.post(hub.url(path)).send().await.unwrap();
        problem(wrong, 405, "method-not-allowed").await;
    }
}

#[tokio::test]
async fn a_running_hub_is_alive_and_ready() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut hub = TestHub::start_on(engine).await;
        for path in ["/healthz", "/readyz"] {
            let answer = hub.client.get(hub.url(path)).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
        }
        let status = hub.json("status").await;
        assert_eq!(status["version"], "1.2.3");
        assert_eq!(status["waiting"], 0);
        let name = match engine {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        };
        assert_eq!(status["engine"], name);
        hub.stop().await;
    }
}

#[tokio::test]
async fn a_stopping_hub_is_not_ready_and_finishes_what_is_under_way() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut hub = TestHub::start().await;
    let mut slow = TcpStream::connect(hub.address).await.unwrap();
    let head = format!("POST /inbox/{SECRET} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut waiting = TcpStream::connect(hub.address).await.unwrap();
    waiting.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    hub.shutdown.cancel();
    eventually("nothing more is accepted", async || {
        TcpStream::connect(hub.address).await.is_err().then_some(())
    })
    .await;
    let mut answer = String::new();
    waiting.write_all(b"\r\n").await.unwrap();
    waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("not-ready"), "{answer}");
    answer.clear();
    slow.write_all(b"}").await.unwrap();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    hub.stop().await;
}

#[tokio::test]
async fn metrics_count_and_never_name_a_message() {
    let hub =
        TestHub::start_with(Engine::Sqlite, |_, settings| settings.metrics = Some(recorder()))
            .await;
    hub.post("projects/clinic/forwarders/all/pause", &serde_json::json!({})).await;
    let message = hub.keep("{}").await;
    problem(hub.send(SECRET, vec![b' '; 1_000_001]).await, 413, "body-too-large").await;
    let text = hub.client.get(hub.url("/metrics")).send().await.unwrap().text().await.unwrap();
    for line in [
        "fieldpost_requests_total{surface=\"inbox\",status=\"200\"}",
        "fieldpost_requests_total{surface=\"inbox\",status=\"413\"}",
        "fieldpost_messages_total{project=\"clinic\",source=\"inbox\",state=\"kept\"}",
        "fieldpost_deliveries_waiting 1",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains(message["id"].as_str().unwrap()) && !text.contains(SECRET));
}

/// A way to a database that can be frozen: from then on its connections are there and say nothing.
async fn freezable(database: &str, frozen: CancellationToken) -> String {
    let mut url: reqwest::Url = database.parse().unwrap();
    let behind = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (behind, frozen) = (behind.clone(), frozen.clone());
            tokio::spawn(async move {
                let mut far = TcpStream::connect(behind).await.unwrap();
                let copied = copy_bidirectional(&mut near, &mut far);
                if frozen.run_until_cancelled(copied).await.is_none() {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    url.to_string()
}

#[tokio::test]
async fn a_store_that_hangs_holds_up_neither_readiness_nor_metrics() {
    let frozen = CancellationToken::new();
    let database = fieldpost_testkit::postgres::database().await;
    let database = freezable(&database, frozen.clone()).await;
    let hub = TestHub::start_with(Engine::Sqlite, |store, settings| {
        store.database = Some(database);
        settings.metrics = Some(recorder());
    })
    .await;
    hub.keep("{}").await;
    frozen.cancel();
    let begun = Instant::now();
    let answer = hub.client.get(hub.url("/metrics")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let counted = answer.text().await.unwrap();
    assert!(counted.contains("fieldpost_requests_total"), "{counted}");
    assert!(!counted.contains("fieldpost_deliveries_waiting"), "{counted}");
    problem(hub.client.get(hub.url("/readyz")).send().await.unwrap(), 503, "not-ready").await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn without_a_recorder_there_are_no_metrics() {
    let hub = TestHub::start().await;
    let answer = hub.client.get(hub.url("/metrics")).send().await.unwrap();
    problem(answer, 404, "no-such-page").await;
}
