//! Requests of jobs: what goes along over redirects, what may be dialled, and where they end.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::connection::{Authentication, Tls};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{
    AnswerRoom, Client, FreeAnswer, FreeFailure, FreeRequest, OutboundSettings, Terms,
};
use fieldpost_testkit::misbehaving;
use fieldpost_testkit::{Answer, FakeDestination};

use crate::common::{SECONDS, client, connection, project, settings};

fn request(method: &str, url: &str) -> FreeRequest {
    FreeRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Bytes::new(),
        // Longer than any machine takes: what is to run out of time says so itself.
        timeout: Duration::from_mins(1),
        max_redirects: 5,
        max_bytes: 1_000,
        now: Timestamp(SECONDS * 1_000_000),
        room: AnswerRoom::of_step(),
    }
}

fn terms(client: &Client, authentication: &Authentication) -> Terms {
    client.terms(authentication, None, None, None).unwrap()
}

async fn ask(request: FreeRequest) -> Result<FreeAnswer, FreeFailure> {
    let client = client();
    client.request(&terms(&client, &Authentication::None), request).await
}

fn basic() -> Authentication {
    Authentication::Basic { username: "u".to_owned(), password: Secret::new("p") }
}

#[tokio::test]
async fn what_proves_who_asks_stays_at_its_origin() {
    let (home, elsewhere) = (FakeDestination::start().await, FakeDestination::start().await);
    home.answer("/a", Answer::status(307).header("location", &elsewhere.url("/b")));
    elsewhere.answer("/b", Answer::status(307).header("location", &home.url("/c")));
    let client = client();
    let mut request = request("POST", &home.url("/a"));
    request.body = Bytes::from_static(b"it");
    request.headers = [("x-api-key", "k"), ("cookie", "c"), ("x-own", "o"), ("host", "h")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let answer = client.request(&terms(&client, &basic()), request).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.url.as_str(), home.url("/c"));
    let (at_home, there) = (home.received(), elsewhere.received());
    for (request, is_own) in [(&at_home[0], true), (&there[0], false), (&at_home[1], true)] {
        assert_eq!(request.header("authorization").is_some(), is_own, "{request:?}");
        assert_eq!((request.header("x-own"), request.text()), (Some("o"), "it"));
    }
    assert!(at_home[0].header("x-api-key").is_some() && at_home[0].header("cookie").is_some());
    assert!(there[0].header("x-api-key").is_none() && there[0].header("cookie").is_none());
    assert_eq!(there[0].header("host"), Some(elsewhere.address().to_string().as_str()));
}

#[tokio::test]
async fn credentials_of_one_origin_are_shown_to_no_other() {
    let (home, elsewhere) = (FakeDestination::start().await, FakeDestination::start().await);
    let client = client();
    let origin = home.url("/");
    let terms = client.terms(&basic(), None, Some(&origin), None).unwrap();
    client.request(&terms, request("GET", &elsewhere.url("/"))).await.unwrap();
    client.request(&terms, request("GET", &home.url("/"))).await.unwrap();
    assert_eq!(elsewhere.received()[0].header("authorization"), None);
    assert_eq!(home.received()[0].header("authorization"), Some("Basic dTpw"));
}

#[tokio::test]
async fn a_digest_is_answered_and_its_nonce_again() {
    let server = FakeDestination::start().await;
    server.answer_with("/", |request| match request.header("authorization") {
        Some(_) => Answer::status(200),
        None => Answer::status(401)
            .header("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""),
    });
    let client = client();
    let digest =
        Authentication::Digest { username: "u".to_owned(), password: Secret::new("hunter2") };
    let terms = terms(&client, &digest);
    for _ in 0..2 {
        let answer = client.request(&terms, request("GET", &server.url("/"))).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let shown: Vec<_> = server
        .received()
        .iter()
        .filter_map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!((server.received().len(), shown.len()), (3, 2));
    assert!(shown[0].contains("nc=00000001") && shown[1].contains("nc=00000002"), "{shown:?}");
    assert!(!shown.concat().contains("hunter2"));
}

#[tokio::test]
async fn a_connection_proves_itself_at_its_origin_alone() {
    let (home, elsewhere) = (FakeDestination::start().await, FakeDestination::start().await);
    let client = client();
    let mut connection = connection(&home.url("/api"));
    connection.authentication = basic();
    let prepared = client.prepare(&project(), &connection).unwrap();
    let terms = client.terms_of(&prepared);
    client.request(&terms, request("GET", &home.url("/other"))).await.unwrap();
    client.request(&terms, request("GET", &elsewhere.url("/"))).await.unwrap();
    assert_eq!(home.received()[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(elsewhere.received()[0].header("authorization"), None);
    assert_eq!(client.token(&prepared, Timestamp(0)).await, Ok(None));
}

#[track_caller]
fn check_failure(answer: Result<FreeAnswer, FreeFailure>, code: &str, part: &str) {
    let failure = answer.unwrap_err();
    assert_eq!(failure.code, code, "{}", failure.message);
    assert!(failure.message.contains(part), "{}", failure.message);
}

#[tokio::test]
async fn addresses_that_nobody_opened_are_not_dialled() {
    let server = FakeDestination::start().await;
    let closed = Client::new(OutboundSettings::default()).unwrap();
    for url in [server.url("/"), server.url("/").replace("127.0.0.1", "localhost")] {
        let terms = terms(&closed, &Authentication::None);
        let answer = closed.request(&terms, request("GET", &url)).await;
        check_failure(answer, "address-refused", "--allow-network");
    }
    // Nor where a redirect leads to one.
    let here = OutboundSettings { allow_networks: "127.0.0.1".parse().unwrap(), ..settings() };
    let here = Client::new(here).unwrap();
    server.answer("/away", Answer::status(302).header("location", "http://127.0.0.2/"));
    server.answer("/data", Answer::status(302).header("location", "http://169.254.169.254/"));
    for path in ["/away", "/data"] {
        let terms = terms(&here, &Authentication::None);
        let answer = here.request(&terms, request("GET", &server.url(path))).await;
        check_failure(answer, "address-refused", "is not followed");
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_asked_says_why() {
    for (method, url, part) in [
        ("GET", "ftp://example.org", "begins with ftp:"),
        ("GET", "nonsense", "cannot be read"),
        ("CONNECT", "http://example.org", "no method"),
        ("G T", "http://example.org", "no method"),
    ] {
        check_failure(ask(request(method, url)).await, "bad-request", part);
    }
    let mut bad = request("GET", "http://127.0.0.1:1/");
    bad.headers.push(("x".to_owned(), "a\nb".to_owned()));
    check_failure(ask(bad).await, "bad-request", "line break");
    let client = client();
    let broken = Tls { authorities: Some("nothing".to_owned()), ..Tls::default() };
    let made = client.terms(&Authentication::None, Some(&broken), None, None);
    assert_eq!(made.unwrap_err().code, "bad-tls-options");
}

#[tokio::test]
async fn failures_have_the_words_of_node() {
    let mut gone = FakeDestination::start().await;
    gone.go_down().await;
    check_failure(ask(request("GET", &gone.url("/"))).await, "ECONNREFUSED", "No connection");
    let silent = misbehaving::never_answers().await;
    let mut hasty = request("GET", &silent.url("/"));
    hasty.timeout = Duration::from_millis(200);
    check_failure(ask(hasty).await, "ETIMEDOUT", "No answer within 200ms");
    let broken = misbehaving::resets_in_the_body().await;
    check_failure(ask(request("GET", &broken.url("/"))).await, "ECONNRESET", "broke off");
    let plain = FakeDestination::start().await;
    let secure = plain.url("/").replace("http:", "https:");
    check_failure(ask(request("GET", &secure)).await, "tls-failed", "TLS");
}

#[tokio::test]
async fn answers_have_a_bound_as_they_come_and_unpacked() {
    let server = FakeDestination::start().await;
    server.answer("/fits", Answer::status(200).body(vec![b'x'; 1_000]));
    server.answer("/more", Answer::status(200).body(vec![b'x'; 1_001]));
    let packed = |bytes: usize| {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&vec![b'x'; bytes]).unwrap();
        Answer::status(200).header("content-encoding", "gzip").body(gzip.finish().unwrap())
    };
    server.answer("/packed", packed(1_000));
    server.answer("/packed-more", packed(1_001));
    for path in ["/fits", "/packed"] {
        let answer = ask(request("GET", &server.url(path))).await.unwrap();
        assert_eq!(answer.body.len(), 1_000, "{path}");
        assert!(answer.headers.get("content-encoding").is_none());
    }
    for path in ["/more", "/packed-more"] {
        let answer = ask(request("GET", &server.url(path))).await;
        check_failure(answer, "answer-too-large", "1000 bytes");
    }
    let endless = misbehaving::long_body(10_000_000).await;
    check_failure(ask(request("GET", &endless.url("/"))).await, "answer-too-large", "1000 bytes");
}

/// So many middling answers a step may have read at once, and so many all steps of a hub together. One past that
/// waits, until its time is over or another is passed on.
#[tokio::test]
async fn middling_answers_wait_for_room_of_their_step_and_of_the_hub() {
    let server = FakeDestination::start().await;
    server.answer("/middling", Answer::status(200).body("x".repeat(128 * 1024)));
    let client = client();
    let terms = terms(&client, &Authentication::None);
    let ask = |room: &AnswerRoom, timeout: u64| {
        let mut request = request("GET", &server.url("/middling"));
        request.max_bytes = 1024 * 1024;
        request.room = room.clone();
        request.timeout = Duration::from_secs(timeout);
        client.request(&terms, request)
    };
    let steps: Vec<AnswerRoom> = (0..4).map(|_| AnswerRoom::of_step()).collect();
    let mut held = Vec::new();
    for step in &steps {
        for _ in 0..8 {
            held.push(ask(step, 60).await.unwrap());
        }
        check_failure(ask(step, 1).await, "ETIMEDOUT", "");
    }
    // The hub has no place left for any further step.
    let other = AnswerRoom::of_step();
    check_failure(ask(&other, 1).await, "ETIMEDOUT", "");
    let (waits, ()) = tokio::join!(ask(&other, 60), async { drop(held.pop()) });
    assert_eq!(waits.unwrap().body.len(), 128 * 1024);
    drop(held);
    assert_eq!(ask(&other, 60).await.unwrap().body.len(), 128 * 1024);
}

/// Two rooms: that of the hub, which is its client's, and that of each step.
#[tokio::test]
async fn large_answers_wait_for_room_and_small_ones_do_not() {
    let server = FakeDestination::start().await;
    server.answer("/large", Answer::status(200).body("x".repeat(2 * 1024 * 1024)));
    server.answer("/small", Answer::status(200).body("x".repeat(1_000)));
    let client = client();
    let terms = terms(&client, &Authentication::None);
    let ask = |path: &str, room: &AnswerRoom, timeout: u64| {
        let mut request = request("GET", &server.url(path));
        request.max_bytes = 3 * 1024 * 1024;
        request.room = room.clone();
        request.timeout = Duration::from_secs(timeout);
        client.request(&terms, request)
    };
    let first_step = AnswerRoom::of_step();
    let first = ask("/large", &first_step, 60).await.unwrap();
    // A step has one at a time; other steps have theirs.
    check_failure(ask("/large", &first_step, 1).await, "ETIMEDOUT", "");
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(ask("/large", &AnswerRoom::of_step(), 60).await.unwrap());
    }
    check_failure(ask("/large", &AnswerRoom::of_step(), 1).await, "ETIMEDOUT", "");
    assert_eq!(ask("/small", &first_step, 60).await.unwrap().body.len(), 1_000);
    drop(first);
    assert_eq!(ask("/large", &first_step, 60).await.unwrap().body.len(), 2 * 1024 * 1024);
}
