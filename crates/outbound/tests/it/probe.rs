//! Trying a connection step by step.

use bytes::Bytes;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{Client, OutboundSettings, ProbeCall, ProbeMethod, Step, StepName};
use fieldpost_testkit::authority::{DigestAuthority, TokenAuthority};
use fieldpost_testkit::{Answer, FakeDestination};
use tokio::net::TcpListener;

use super::authentication::oauth2::{connection_with, oauth2};
use crate::common::{SECONDS, client, connection, project};

fn probe_call(method: ProbeMethod) -> ProbeCall {
    ProbeCall {
        method,
        query: Vec::new(),
        headers: Vec::new(),
        body: Bytes::new(),
        content_type: None,
        now: Timestamp(SECONDS * 1_000_000),
    }
}

async fn probe(connection: &Connection, method: ProbeMethod) -> Vec<Step> {
    client().probe(&project(), connection, probe_call(method)).await
}

fn names(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.name.name()).collect()
}

#[track_caller]
fn fact<'a>(step: &'a Step, name: &str) -> &'a str {
    let found = step.facts.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("{name} in {step:?}")).1
}

#[track_caller]
fn last(steps: &[Step]) -> (&Step, ErrorKind, &str) {
    let step = steps.last().unwrap();
    assert!(!step.ok && steps.iter().rev().skip(1).all(|step| step.ok), "{steps:?}");
    let error = step.error.as_ref().unwrap();
    (step, error.kind, &error.message)
}

#[tokio::test]
async fn every_step_tells_what_it_found() {
    let destination = FakeDestination::start().await;
    let json = Answer::status(200).header("content-type", "application/json").body("{\"ok\": 1}");
    destination.answer("/hook", json);
    let port = destination.address().port();
    let connection = connection(&format!("http://localhost:{port}/hook?key=hunter2"));
    for method in ProbeMethod::ALL {
        let call = ProbeCall {
            body: Bytes::from_static(if *method == ProbeMethod::Post { b"{}" } else { b"" }),
            content_type: (*method == ProbeMethod::Post).then(|| "application/json".to_owned()),
            ..probe_call(*method)
        };
        let steps = client().probe(&project(), &connection, call).await;
        assert_eq!(names(&steps), ["url", "dns", "tcp", "authentication", "request"]);
        assert!(steps.iter().all(|step| step.ok && step.error.is_none()), "{steps:?}");
        let [url, dns, tcp, authentication, request] = steps.as_slice() else { panic!() };
        assert_eq!((fact(url, "scheme"), fact(url, "host")), ("http", "localhost"));
        assert_eq!(fact(url, "port"), port.to_string());
        assert_eq!(url.hint, None, "nobody is on the way to this machine");
        assert!(dns.facts.contains(&("address".to_owned(), "127.0.0.1".to_owned())), "{dns:?}");
        assert_eq!(fact(tcp, "connected to"), destination.address().to_string());
        assert_eq!(fact(authentication, "kind"), "none");
        assert_eq!(fact(request, "method"), method.name());
        assert_eq!(fact(request, "status"), "200");
        assert_eq!(fact(request, "content type"), "application/json");
        if *method != ProbeMethod::Head {
            assert_eq!(fact(request, "answer"), "{\"ok\": 1}");
        }
        assert!(!format!("{steps:?}").contains("hunter2"), "{steps:?}");
    }
    let received = destination.received();
    let methods: Vec<&str> = received.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS"]);
    assert_eq!(received[0].header("content-length"), None);
    assert_eq!(received[2].text(), "{}");
    assert_eq!(received[2].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_walk_ends_where_it_fails() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let mut with_bad_header = connection("http://127.0.0.1:1/");
    with_bad_header.authentication =
        Authentication::ApiKey { header: "x y".to_owned(), key: Secret::new("hunter2") };
    let mut with_bad_tls = connection("http://127.0.0.1:1/");
    with_bad_tls.tls.authorities = Some("no PEM".to_owned());
    let plain = FakeDestination::start().await;
    let plain = plain.url("/").replace("http:", "https:");
    for (connection, step, kind, told) in [
        (connection("ftp://h/"), StepName::Url, ErrorKind::Build, "begins with ftp:"),
        (connection("http://169.254.169.254/"), StepName::Url, ErrorKind::Refused, "is refused"),
        (with_bad_header, StepName::Authentication, ErrorKind::Build, "in the header \"x y\""),
        (with_bad_tls, StepName::Tls, ErrorKind::Tls, "certificate authorities cannot be read"),
        (connection("http://nonexistent.invalid/"), StepName::Dns, ErrorKind::Dns, "not resolve"),
        (connection(&format!("http://{address}/")), StepName::Tcp, ErrorKind::Connect, "refused"),
        (connection(&plain), StepName::Tls, ErrorKind::Tls, "is the URL meant to be http:?"),
    ] {
        let steps = probe(&connection, ProbeMethod::Get).await;
        let (failed, found, message) = last(&steps);
        assert_eq!((failed.name, found), (step, kind), "{message}");
        assert!(message.contains(told), "{message}");
        assert!(!format!("{steps:?}").contains("hunter2"));
    }
}

/// The guard stands before a probe as before a delivery.
#[tokio::test]
async fn a_probe_opens_nothing() {
    let destination = FakeDestination::start().await;
    let guarded = Client::new(OutboundSettings::default()).unwrap();
    let port = destination.address().port();
    for (host, step) in [("127.0.0.1", StepName::Url), ("localhost", StepName::Dns)] {
        let connection = connection(&format!("http://{host}:{port}/"));
        let steps = guarded.probe(&project(), &connection, probe_call(ProbeMethod::Get)).await;
        let (failed, kind, message) = last(&steps);
        assert_eq!((failed.name, kind), (step, ErrorKind::Refused), "{message}");
        if step == StepName::Dns {
            assert_eq!(fact(failed, "refused address"), "127.0.0.1");
        }
    }
    assert_eq!(destination.connections(), 0);
}

#[tokio::test]
async fn an_unwelcome_answer_comes_with_a_hint() {
    let destination = FakeDestination::start().await;
    let plain = connection(&destination.url("/"));
    let mut with_user = plain.clone();
    with_user.authentication =
        Authentication::Basic { username: "ann".to_owned(), password: Secret::new("hunter2") };
    for (connection, status, method, hint) in [
        (&plain, 401, ProbeMethod::Post, "give the connection an `auth`"),
        (&with_user, 401, ProbeMethod::Post, "does not know these credentials"),
        (&with_user, 403, ProbeMethod::Post, "check the rights"),
        (&plain, 404, ProbeMethod::Post, "check the URL"),
        (&plain, 404, ProbeMethod::Get, "try it with POST"),
        (&plain, 405, ProbeMethod::Get, "do not know GET"),
        (&plain, 405, ProbeMethod::Post, "does not take POST"),
        (&plain, 422, ProbeMethod::Post, "a real sample"),
        (&plain, 302, ProbeMethod::Get, "change the URL"),
        (&plain, 503, ProbeMethod::Get, "in trouble itself"),
    ] {
        let answer = Answer::status(status).header("allow", "POST").body("because of hunter2");
        destination.answer("/", answer);
        let steps = probe(connection, method).await;
        let (failed, kind, message) = last(&steps);
        assert_eq!((failed.name, kind), (StepName::Request, ErrorKind::Status));
        assert!(message.starts_with(&status.to_string()), "{message}");
        assert_eq!(fact(failed, "allowed methods"), "POST");
        let found = failed.hint.as_ref().map_or("", |hint| hint.text.as_str());
        assert!(found.contains(hint), "{status} to {method}: {found}");
        let shows_password = format!("{steps:?}").contains("hunter2");
        assert_eq!(shows_password, connection == &plain, "{steps:?}");
    }
}

#[tokio::test]
async fn a_challenge_is_told_of() {
    let authority = DigestAuthority::start(&["SHA-256"]).await;
    let mut connection = connection(&authority.destination().url("/"));
    for (password, outcome) in [
        (authority.password(), "answered, and the answer accepted"),
        ("wrong", "answered, and the answer refused"),
    ] {
        connection.authentication = Authentication::Digest {
            username: authority.username().to_owned(),
            password: Secret::new(password),
        };
        let steps = probe(&connection, ProbeMethod::Get).await;
        let authentication = &steps[3];
        assert_eq!(fact(authentication, "kind"), "digest");
        assert_eq!(fact(authentication, "challenge"), outcome);
    }
}

/// A probe logs in anew, whatever token is there, and keeps none.
#[tokio::test]
async fn a_token_is_got_anew() {
    let authority = TokenAuthority::start().await;
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    for asked in 1..=2 {
        let steps = client.probe(&project(), &connection, probe_call(ProbeMethod::Get)).await;
        assert!(steps.iter().all(|step| step.ok), "{steps:?}");
        let authentication = &steps[3];
        assert_eq!(names(&steps), ["url", "dns", "tcp", "authentication", "request"]);
        assert_eq!(fact(authentication, "kind"), "oauth2_client");
        let from = format!("token endpoint {}", authority.destination().address());
        assert_eq!(fact(authentication, "from"), from);
        assert_eq!(fact(authentication, "used for"), "3570 s");
        assert_eq!(authority.asked(), asked);
        assert!(!format!("{steps:?}").contains("secret+token"), "{steps:?}");
    }
    authority.refuse_tokens(Some(Answer::status(400).body("invalid_client")));
    let steps = client.probe(&project(), &connection, probe_call(ProbeMethod::Get)).await;
    let (failed, kind, message) = last(&steps);
    assert_eq!((failed.name, kind), (StepName::Authentication, ErrorKind::Authentication));
    assert!(message.ends_with("gave no token: 400 Bad Request: invalid_client"), "{message}");
    assert!(failed.hint.as_ref().unwrap().text.contains("credentials for it"), "{failed:?}");
}

#[tokio::test]
async fn plain_http_to_others_comes_with_a_hint() {
    let connection = connection("http://nowhere.invalid/hook");
    let steps = client().probe(&project(), &connection, probe_call(ProbeMethod::Head)).await;
    let hint = steps[0].hint.as_ref().map(|hint| hint.text.as_str());
    assert!(hint.is_some_and(|hint| hint.contains("use https:")), "{steps:?}");
}
