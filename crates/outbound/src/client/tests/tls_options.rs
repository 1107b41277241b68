//! Whom the client believes, whom it shows itself to, and what it says when that fails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use pkcs8::der::Encode as _;
use pkcs8::der::asn1::OctetString;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{EncryptedPrivateKeyInfo, PrivateKeyInfoRef};

use super::*;
use crate::probe::{ProbeCall, ProbeMethod, Step, StepName};

/// The name of every server here.
const NAME: &str = "warehouse.example.org";

/// A client of this machine's authorities, whose every name leads to this machine.
fn plain_client() -> Client {
    client(RootCertStore::empty(), Box::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])))
}

/// A connection to that port, with TLS options.
fn connection_with(port: u16, tls: Tls) -> Connection {
    Connection { tls, ..connection(&format!("https://{NAME}:{port}/")) }
}

/// A part of a PEM text.
fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn trusting(authority: &Authority) -> Tls {
    let authorities = Some(pem("CERTIFICATE", authority.der()));
    Tls { authorities, ..Tls::default() }
}

/// The options that show this identity.
fn showing(identity: &Identity, tls: Tls) -> Tls {
    let chain: String = identity.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    let key = pem("PRIVATE KEY", identity.key.secret_der());
    Tls { client_certificate: Some(chain), client_key: Some(Secret::new(key)), ..tls }
}

/// The same, with the key encrypted: a passphrase opens it, whose hash is made in so many rounds.
fn showing_sealed(identity: &Identity, tls: Tls, passphrase: Option<&str>, rounds: u32) -> Tls {
    let key = identity.key.secret_der();
    let parameters =
        Parameters::generate_pbkdf2_sha256_aes256cbc(rounds, b"salt-of-tests", [7; 16]).unwrap();
    let sealed = PrivateKeyInfoRef::try_from(key).unwrap();
    let sealed = sealed.encrypt_with_params(parameters, "open sesame").unwrap();
    let mut tls = showing(identity, tls);
    tls.client_key = Some(Secret::new(pem("ENCRYPTED PRIVATE KEY", sealed.as_bytes())));
    tls.client_key_passphrase = passphrase.map(Secret::new);
    tls
}

#[track_caller]
fn check_tls(exchange: Exchange, host: &str, expected: Option<&str>) {
    match (exchange.error, expected) {
        (None, None) => assert_eq!(exchange.response.unwrap().body, b"ok"),
        (Some(error), Some(expected)) => {
            assert_eq!(error.kind, ErrorKind::Tls, "{}", error.message);
            let expected = format!("TLS with {host} failed: {expected}");
            assert!(error.message.starts_with(&expected), "{}", error.message);
        }
        (error, expected) => panic!("{error:?} where {expected:?} was expected"),
    }
}

#[tokio::test]
async fn certificates_are_checked_and_their_faults_named() {
    let (authority, trusted) = authority();
    let client = client(trusted.clone(), Box::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])));
    let good = || identity(NAME, Some(&authority));
    for (server, expected) in [
        (good().server(None), None),
        (
            identity(NAME, None).server(None),
            Some("its certificate is signed by itself or by an authority that this machine does"),
        ),
        (
            identity_with(NAME, Some(&authority), |it| it.not_after = date_time_ymd(2020, 1, 1))
                .server(None),
            Some("its certificate has expired"),
        ),
        (
            identity_with(NAME, Some(&authority), |it| it.not_before = date_time_ymd(2222, 1, 1))
                .server(None),
            Some("its certificate is not valid yet"),
        ),
        (
            identity_with(NAME, Some(&authority), |it| {
                it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            })
            .server(None),
            Some("its certificate is that of an authority"),
        ),
        (
            identity("other.example.org", Some(&authority)).server(None),
            Some("its certificate is for another name"),
        ),
        (good().server(Some(trusted.clone())), Some("it asks for a client certificate")),
    ] {
        let host = format!("{NAME}:{}", serve(server).await);
        check_tls(post(&client, &format!("https://{host}/")).await, &host, expected);
    }
}

#[tokio::test]
async fn an_authority_of_the_connection_is_trusted_beside_the_machines() {
    let (own, _) = authority_of("The connection's own");
    let (machines, trusted) = authority();
    let client = client(trusted, Box::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])));
    for (signed_by, tls, expected) in [
        (&own, Tls::default(), Some("its certificate is signed by itself or by an authority")),
        (&own, trusting(&own), None),
        (&machines, trusting(&own), None),
        (&machines, Tls::default(), None),
    ] {
        let port = serve(identity(NAME, Some(signed_by)).server(None)).await;
        let host = format!("{NAME}:{port}");
        check_tls(send(&client, &connection_with(port, tls)).await, &host, expected);
    }
    // Calling oneself like an authority is not enough.
    let (impostor, _) = authority_of("The connection's own");
    let port = serve(identity(NAME, Some(&impostor)).server(None)).await;
    let exchange = send(&client, &connection_with(port, trusting(&own))).await;
    let expected = "its certificate was not signed by the authority that it names";
    check_tls(exchange, &format!("{NAME}:{port}"), Some(expected));
    // What is trusted is a name under that authority, and no other.
    let port = serve(identity("other.example.org", Some(&own)).server(None)).await;
    let exchange = send(&client, &connection_with(port, trusting(&own))).await;
    check_tls(exchange, &format!("{NAME}:{port}"), Some("its certificate is for another name"));
}

#[tokio::test]
async fn a_server_that_asks_is_shown_the_clients_certificate() {
    let (servers, _) = authority();
    let (clients, trusted) = authority_of("Who knows clients");
    let good = identity("hub.example.org", Some(&clients));
    let foreign = identity("hub.example.org", Some(&servers));
    let asking = serve(identity(NAME, Some(&servers)).server(Some(trusted))).await;
    let host = format!("{NAME}:{asking}");
    let trust = || trusting(&servers);
    for (tls, expected) in [
        (showing(&good, trust()), None),
        (showing_sealed(&good, trust(), Some("open sesame"), 2_048), None),
        (trust(), Some("it asks for a client certificate")),
        (
            showing(&foreign, trust()),
            Some("it does not accept the connection's client certificate"),
        ),
    ] {
        check_tls(send(&plain_client(), &connection_with(asking, tls)).await, &host, expected);
    }
}

#[tokio::test]
async fn whoever_skips_the_verification_takes_any_certificate() {
    let skip = || Tls { skip_verification: true, ..Tls::default() };
    let expired = |it: &mut CertificateParams| it.not_after = date_time_ymd(2020, 1, 1);
    for server in [
        identity("other.example.org", None).server(None),
        identity_with(NAME, None, expired).server(None),
    ] {
        let port = serve(server).await;
        let client = plain_client();
        let exchange = send(&client, &connection_with(port, skip())).await;
        assert_eq!(exchange.error, None);
        // A careful connection does not travel over what the careless one has opened.
        let exchange = send(&client, &connection_with(port, Tls::default())).await;
        assert_eq!(exchange.error.unwrap().kind, ErrorKind::Tls);
    }
}

/// Where a redirect leads is chosen by the destination: neither is the connection's certificate
/// shown there, nor does what the connection trusts hold. On the same origin everything does.
#[tokio::test]
async fn tls_options_hold_for_the_connections_own_origin_alone() {
    let (own, known_to_own) = authority_of("The connection's own");
    let (machines, trusted) = authority();
    let client = client(trusted, Box::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])));
    let hub = identity("hub.example.org", Some(&own));
    let elsewhere = |signed_by| identity("other.example.org", signed_by);
    let unknown = "its certificate is signed by itself or by an authority that this machine";
    for (server, tls, expected) in [
        (elsewhere(Some(&machines)).server(None), trusting(&own), None),
        (elsewhere(Some(&own)).server(None), trusting(&own), Some(unknown)),
        (
            elsewhere(None).server(None),
            Tls { skip_verification: true, ..Tls::default() },
            Some(unknown),
        ),
        (
            elsewhere(Some(&machines)).server(Some(known_to_own)),
            showing(&hub, trusting(&own)),
            Some("it asks for a client certificate"),
        ),
    ] {
        let host = format!("other.example.org:{}", serve(server).await);
        let location = format!("307 Temporary Redirect\r\nlocation: https://{host}/");
        let origin = identity(NAME, Some(&own)).server(None);
        let port = serve_with(origin, move |request| match request.split(' ').nth(1) {
            Some("/") => "307 Temporary Redirect\r\nlocation: /same".to_owned(),
            Some("/same") => location.clone(),
            _ => "404 Not Found".to_owned(),
        });
        let exchange = send(&client, &connection_with(port.await, tls)).await;
        let steps = exchange.response.iter().flat_map(|response| &response.headers);
        let steps = steps.filter(|(name, _)| name == "fieldpost-redirected").count();
        assert_eq!(steps, if expected.is_none() { 2 } else { 0 });
        check_tls(exchange, &host, expected);
    }
}

#[tokio::test]
async fn a_server_of_old_is_named() {
    // The alert of a server that wants another version of TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_buf(&mut Vec::new()).await.unwrap();
        stream.write_all(b"\x15\x03\x01\x00\x02\x02\x46").await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let exchange = send(&plain_client(), &connection_with(port, Tls::default())).await;
    let expected = "it only speaks a version of TLS that is no longer safe; 1.2 is the oldest";
    check_tls(exchange, &format!("{NAME}:{port}"), Some(expected));
}

#[test]
fn options_that_cannot_be_used_are_named_and_no_key_is_shown() {
    let (one, _) = authority();
    let good = identity("hub.example.org", Some(&one));
    let other = identity("hub.example.org", Some(&one));
    let with = |change: fn(&mut Tls)| {
        let mut tls = showing(&good, Tls::default());
        change(&mut tls);
        tls
    };
    let mut mixed = showing(&good, Tls::default());
    mixed.client_key = showing(&other, Tls::default()).client_key;
    for (tls, told) in [
        (with(|tls| tls.client_key = None), "a client certificate without a key"),
        (with(|tls| tls.client_certificate = None), "a key without a certificate"),
        (
            with(|tls| tls.client_key = Some(Secret::new("hunter2"))),
            "the key of its client certificate cannot be read: there is no part that begins with \
             -----BEGIN PRIVATE KEY-----",
        ),
        (
            with(|tls| tls.client_key = Some(Secret::new("-----BEGIN PRIVATE KEY-----\nhunter2"))),
            "a part of it has no end",
        ),
        (
            with(|tls| tls.client_certificate = Some("hunter2".to_owned())),
            "its client certificate cannot be read: there is no part that begins with",
        ),
        (
            with(|tls| tls.authorities = Some(String::new())),
            "its own certificate authorities cannot be read: there is no part",
        ),
        (
            with(|tls| tls.authorities = Some(pem("CERTIFICATE", b"hunter2"))),
            "its own certificate authorities cannot be read",
        ),
        (mixed, "its client certificate and key cannot be used together"),
        (
            showing_sealed(&good, Tls::default(), Some("hunter2"), 2_048),
            "the key of its client certificate cannot be read: its passphrase does not open it",
        ),
        (
            showing_sealed(&good, Tls::default(), None, 2_048),
            "it is encrypted, and there is no passphrase that opens it",
        ),
        (
            with(|tls| {
                let parameters =
                    Parameters::generate_pbkdf2_sha256_aes256cbc(2_000_001, b"salt", [7; 16]);
                let sealed = EncryptedPrivateKeyInfo {
                    encryption_algorithm: parameters.unwrap().into(),
                    encrypted_data: OctetString::new(*b"hunter2").unwrap(),
                };
                let sealed = pem("ENCRYPTED PRIVATE KEY", &sealed.to_der().unwrap());
                tls.client_key = Some(Secret::new(sealed));
                tls.client_key_passphrase = Some(Secret::new("hunter2"));
            }),
            "it is encrypted in a way that takes too much work to open",
        ),
        (
            with(|tls| {
                let sealed = pem("ENCRYPTED PRIVATE KEY", b"hunter2");
                tls.client_key = Some(Secret::new(sealed));
                tls.client_key_passphrase = Some(Secret::new("hunter2"));
            }),
            "it is encrypted in a way that cannot be read",
        ),
    ] {
        let error = plain_client().prepare(&"clinic".into(), &connection_with(1, tls)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Tls);
        let expected = "The connection's TLS options cannot be used: ";
        assert!(error.message.starts_with(expected), "{}", error.message);
        assert!(error.message.contains(told), "{}", error.message);
        assert!(!error.message.contains("hunter2"), "{}", error.message);
    }
}

/// Connections that want the same share their open connections; those that differ never do.
#[test]
fn equal_options_share_a_client() {
    let (one, _) = authority();
    let client = plain_client();
    let profile =
        |tls: Tls| client.prepare(&"clinic".into(), &connection_with(1, tls)).unwrap().profile;
    let same = |one: &Tls, other: &Tls| Arc::ptr_eq(&profile(one.clone()), &profile(other.clone()));
    let kinds = [
        Tls::default(),
        trusting(&one),
        Tls { skip_verification: true, ..Tls::default() },
        Tls { skip_verification: true, ..trusting(&one) },
        showing(&identity("hub.example.org", Some(&one)), Tls::default()),
    ];
    let held: Vec<_> = kinds.iter().cloned().map(profile).collect();
    for (index, kind) in kinds.iter().enumerate() {
        for (other_index, other) in kinds.iter().enumerate() {
            assert_eq!(same(kind, other), index == other_index);
        }
    }
    drop(held);
}

async fn probe(client: &Client, connection: &Connection, now: Timestamp) -> Vec<Step> {
    let call = ProbeCall {
        method: ProbeMethod::Head,
        query: Vec::new(),
        headers: Vec::new(),
        body: Bytes::new(),
        content_type: None,
        now,
    };
    client.probe(&"clinic".into(), connection, call).await
}

#[tokio::test]
async fn a_probe_tells_of_the_certificate_and_warns_before_it_ends() {
    let (own, _) = authority();
    let ends = |it: &mut CertificateParams| it.not_after = date_time_ymd(2100, 1, 31);
    let port = serve(identity_with(NAME, Some(&own), ends).server(None)).await;
    let client = plain_client();
    for (now, days, hint) in [
        ("2100-01-01T00:00:00Z", "30", None),
        ("2100-01-17T00:00:00Z", "14", None),
        ("2100-01-17T00:00:01Z", "13", Some("the certificate ends in 13 days: have it renewed")),
        ("2100-01-29T12:00:00Z", "1", Some("the certificate ends in 1 day: have it renewed")),
    ] {
        let now = Timestamp::parse(now).unwrap();
        let steps = probe(&client, &connection_with(port, trusting(&own)), now).await;
        let tls = steps.iter().find(|step| step.name == StepName::Tls).unwrap();
        for (name, value) in [
            ("version", "TLSv1.2"),
            ("certificate for", "CN=warehouse.example.org"),
            ("issued by", "CN=An authority of the tests"),
            ("valid until", "2100-01-31T00:00:00.000000Z"),
            ("days left", days),
        ] {
            assert!(tls.facts.contains(&(name.to_owned(), value.to_owned())), "{name} in {tls:?}");
        }
        assert!(tls.facts.iter().any(|(name, value)| name == "cipher" && value.contains("ECDHE")));
        assert_eq!(tls.hint.as_ref().map(|hint| hint.text.as_str()), hint);
        assert!(steps.iter().all(|step| step.ok), "{steps:?}");
    }
    let skipping = Tls { skip_verification: true, ..Tls::default() };
    let steps = probe(&client, &connection_with(port, skipping), Timestamp(0)).await;
    let tls = steps.iter().find(|step| step.name == StepName::Tls).unwrap();
    assert!(tls.facts.contains(&("verification".to_owned(), "skipped".to_owned())), "{tls:?}");
    assert!(tls.hint.as_ref().unwrap().text.contains("takes any certificate"), "{tls:?}");
    let steps = probe(&client, &connection_with(port, Tls::default()), Timestamp(0)).await;
    let failed = steps.last().unwrap();
    assert_eq!((failed.name, failed.ok), (StepName::Tls, false));
    assert!(failed.error.as_ref().unwrap().message.contains("TLS options can name that authority"));
}
