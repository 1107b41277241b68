//! However an address is spelled, the guard sees what would be dialled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{
    Authentication, Connection, CredentialsPlace, Login, LoginBody, Oauth2, Oauth2Grant, TokenPlace,
};
use fieldpost_model::secret::Secret;
use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_testkit::{Answer, FakeDestination};
use tokio::net::TcpListener;

use crate::common::{call, connection, error, post, send, settings};

/// Spellings of this very machine. With `private` they reach it, which proves that the test would
/// see a call that slips past the guard.
const LOOPBACK: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "127.000.000.001",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "0x7F.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "0177.1",
    "0177.0.0.1",
    "0177.0x0.0.1",
    "017700000001",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127。0。0。1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127.0.\t0.1",
    "127.0.\n0.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[0000:0000:0000:0000:0000:FFFF:7F00:0001]",
    "localhost",
    "LOCALHOST",
    "ｌｏｃａｌｈｏｓｔ",
    "%6cocalhost",
    "user@127.0.0.1",
    "user:password@127.0.0.1",
    "example.org@127.0.0.1",
    "example.org:80@127.0.0.1",
    "example.org%2f@127.0.0.1",
    "a@b@127.0.0.1",
];

/// Addresses that are refused by default, and are not tried with `private`.
const ELSEWHERE: &[&str] = &[
    "0",
    "0x0",
    "0.0.0.0",
    "00000000000",
    "0.1",
    "10.0.0.1",
    "10.1",
    "167772161",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "0xc0a80001",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::10.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0:a9fe:a9fe]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[2002:a00:1::]",
    "[fe80::5efe:10.0.0.1]",
    "169.254.169.254.",
    "0251.254.0xa9fe",
    "１６９.２５４.１６９.２５４",
    "169。254。169。254",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[5f00::1]",
    "user:password@[::1]",
];

/// What is no host at all.
const NO_HOST: &[&str] = &[
    "",
    "256.256.256.256",
    "127.0.0.1.1",
    "0x100000000",
    "4294967296",
    "0400.0.0.1",
    "[::1",
    "::1",
    "[::1%25lo]",
    "[::1%lo]",
    "[fe80::1%25eth0]",
    "[::ffff:127.0.0.256]",
    "[1.2.3.4]",
    "exa mple.org",
    "%00",
    "127.0.0.1%00",
    "%zz",
];

/// Counts the connections that are made to this machine, on all its addresses.
async fn counting_listener() -> (u16, Arc<AtomicUsize>) {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

fn connection_to(host: &str, port: u16) -> Connection {
    let mut connection = connection(&format!("http://{host}:{port}/hook"));
    connection.timeout = Duration::from_secs(2);
    connection
}

// MUST-24
#[tokio::test]
async fn no_spelling_leads_past_the_guard() {
    assert!(LOOPBACK.len() + ELSEWHERE.len() + NO_HOST.len() >= 60);
    let (port, dialled) = counting_listener().await;
    let closed = Client::new(OutboundSettings::default()).unwrap();
    for host in LOOPBACK.iter().chain(ELSEWHERE) {
        let exchange = send(&closed, &connection_to(host, port), call()).await;
        let (kind, message) = error(&exchange);
        assert_eq!(kind, ErrorKind::Refused, "{host}: {message}");
        assert!(exchange.response.is_none(), "{host}");
        assert!(
            message.contains("--allow-network ") || message.contains("No setting allows it"),
            "{host}: {message}"
        );
        assert!(!message.contains("password"), "{host}: {message}");
    }
    for host in NO_HOST {
        let exchange = send(&closed, &connection_to(host, port), call()).await;
        assert_eq!(error(&exchange).0, ErrorKind::Build, "{host}");
    }
    assert_eq!(dialled.load(Ordering::SeqCst), 0);
}

/// The same table once more, as the address of a token endpoint and of a login.
#[tokio::test]
async fn no_token_is_asked_for_behind_the_guard() {
    let (port, dialled) = counting_listener().await;
    let closed = Client::new(OutboundSettings::default()).unwrap();
    for host in LOOPBACK.iter().chain(ELSEWHERE).chain(NO_HOST) {
        let url = format!("http://{host}:{port}/token");
        for authentication in [oauth2(&url), login(&url)] {
            let mut connection = connection("http://nonexistent.invalid/");
            connection.authentication = authentication;
            let exchange = send(&closed, &connection, call()).await;
            let (kind, message) = error(&exchange);
            // A user name before the host makes the whole URL unusable.
            assert!([ErrorKind::Refused, ErrorKind::Build].contains(&kind), "{host}: {message}");
            assert!(message.contains("token endpoint") || message.contains("login endpoint"));
            assert!(!message.contains("password"), "{host}: {message}");
            assert!(exchange.request.is_none(), "{host}");
        }
    }
    assert_eq!(dialled.load(Ordering::SeqCst), 0);
}

fn oauth2(url: &str) -> Authentication {
    Authentication::Oauth2(Oauth2 {
        grant: Oauth2Grant::ClientCredentials,
        token_url: url.to_owned(),
        client_id: Some("hub".to_owned()),
        client_secret: Some(Secret::new("hunter2")),
        credentials_in: CredentialsPlace::Body,
        scopes: Vec::new(),
    })
}

fn login(url: &str) -> Authentication {
    Authentication::Login(Login {
        url: url.to_owned(),
        body: LoginBody::Json,
        fields: Vec::new(),
        token_at: vec!["$.token".to_owned()],
        lifetime_at: None,
        lifetime: Duration::from_mins(10),
        send_as: TokenPlace::Query("token".to_owned()),
    })
}

/// Whoever is called may be trusted; where it sends the hub is not.
#[tokio::test]
async fn no_redirect_leads_past_the_guard() {
    let (port, dialled) = counting_listener().await;
    let destination = FakeDestination::start().await;
    let allow_networks = "127.0.0.1".parse().unwrap();
    let narrow = Client::new(OutboundSettings { allow_networks, ..settings() }).unwrap();
    let others = ["127.0.0.2", "127.2", "0x7f000002", "2130706434", "[::ffff:127.0.0.2]", "[::1]"];
    for host in ELSEWHERE.iter().chain(&others) {
        for status in [307, 308] {
            let location = format!("http://{host}:{port}/");
            destination.answer("/", Answer::status(status).header("location", &location));
            let exchange = send(&narrow, &connection(&destination.url("/")), call()).await;
            let (kind, message) = error(&exchange);
            assert_eq!(kind, ErrorKind::Refused, "{host}: {message}");
            assert!(message.contains("is not followed: the address"), "{host}: {message}");
            assert!(!message.contains("password"), "{host}: {message}");
            assert_eq!(exchange.response.unwrap().status, status);
        }
    }
    for host in NO_HOST {
        let location = format!("http://{host}:{port}/");
        if location.parse::<http::HeaderValue>().is_err() {
            continue;
        }
        destination.answer("/", Answer::status(307).header("location", &location));
        let exchange = send(&narrow, &connection(&destination.url("/")), call()).await;
        assert_ne!(exchange.error, None, "{host}");
    }
    assert_eq!(dialled.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_the_operator_opened_is_dialled() {
    let (port, dialled) = counting_listener().await;
    for allow in ["private", "127.0.0.0/8"] {
        let allow_networks = allow.parse().unwrap();
        let open = Client::new(OutboundSettings { allow_networks, ..settings() }).unwrap();
        for host in LOOPBACK {
            let before = dialled.load(Ordering::SeqCst);
            let exchange = send(&open, &connection_to(host, port), call()).await;
            // The listener hangs up at once; the dialling is what counts.
            assert_eq!(error(&exchange).0, ErrorKind::Connect, "{host} with {allow}");
            assert!(dialled.load(Ordering::SeqCst) > before, "{host} with {allow}");
        }
    }
}

/// The hosts before a `\`, `#`, `?` or `/` are called, not the addresses after the `@`.
#[tokio::test]
async fn what_follows_the_host_is_not_dialled() {
    let (port, dialled) = counting_listener().await;
    for separator in ["\\", "#", "?", "/"] {
        let url = format!("http://nonexistent.invalid{separator}@127.0.0.1:{port}/");
        assert_eq!(error(&post(&url).await).0, ErrorKind::Dns, "{url}");
    }
    assert_eq!(dialled.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn only_http_is_spoken() {
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "unix:/run/x", "x"]
    {
        let exchange = post(url).await;
        assert_eq!(error(&exchange).0, ErrorKind::Build, "{url}");
        assert!(exchange.request.is_none());
    }
}

// MUST-20, MUST-24
#[tokio::test]
async fn redirects_that_change_the_method_are_not_followed() {
    let inner = FakeDestination::start().await;
    let outer = FakeDestination::start().await;
    for status in [301, 302, 303] {
        let location = inner.url("/secret?token=hunter2&x=1");
        outer.answer("/", Answer::status(status).header("location", &location));
        let exchange = post(&outer.url("/")).await;
        let (kind, message) = error(&exchange);
        assert_eq!(kind, ErrorKind::Status);
        let expected = inner.url("/secret?token=•••••••&x=1");
        let expected = format!("this redirect is not followed; it points to {expected}");
        assert!(message.starts_with(&status.to_string()), "{message}");
        assert!(message.ends_with(&expected), "{message}");
    }
    assert_eq!(inner.connections(), 0);
}
