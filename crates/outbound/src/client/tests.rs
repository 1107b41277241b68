//! The client with a name service and a certificate authority that belong to the test.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{Authentication, IncidentPolicy, Tls};
use fieldpost_model::forwarder::Method;
use fieldpost_model::time::Timestamp;
use fieldpost_testkit::FakeDestination;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use super::*;
use crate::resolver::{LOOKUP_TIMEOUT, Lookup};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority, and what it takes to trust it.
fn authority() -> (Authority, RootCertStore) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "An authority of the tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = Authority::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(authority.der().clone()).unwrap();
    (authority, trusted)
}

/// A certificate for `name`, by the authority or, where there is none, by itself.
fn identity(name: &str, expired: bool, signed_by: Option<&Authority>) -> ServerIdentity {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    if expired {
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = match signed_by {
        Some(authority) => params.signed_by(&key, authority),
        None => params.self_signed(&key),
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerIdentity { chain: vec![certificate.unwrap().der().clone()], key }
}

struct ServerIdentity {
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ServerIdentity {
    /// A server that shows this certificate, and asks for the client's where it is told to.
    fn server(self, asks_client: Option<RootCertStore>) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&version::TLS12])
            .unwrap();
        let builder = match asks_client {
            Some(roots) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            ),
            None => builder.with_no_client_auth(),
        };
        builder.with_single_cert(self.chain, self.key).unwrap()
    }
}

/// Serves HTTPS on a port of this machine, answering `200` to whatever comes.
async fn serve(configuration: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                stream.read_buf(&mut Vec::new()).await.ok()?;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    port
}

fn client(trusted: RootCertStore, lookup: Box<Lookup>) -> Client {
    let allow_networks = "127.0.0.1".parse().unwrap();
    let settings = OutboundSettings { allow_networks, ..OutboundSettings::default() };
    let resolver =
        GuardedResolver::with_lookup(settings.allow_networks.clone(), lookup, LOOKUP_TIMEOUT);
    Client::assembled_from(settings, resolver, trusted, Arc::new(MemoryTokens::default())).unwrap()
}

async fn post(client: &Client, url: &str) -> Exchange {
    let connection = Connection {
        name: "warehouse".to_owned(),
        url: url.to_owned(),
        authentication: Authentication::None,
        notify: Vec::new(),
        timeout: Duration::from_secs(5),
        concurrency: 1,
        signing_secret: None,
        previous_signing_secret: None,
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
    };
    let call = Call {
        method: Method::Post,
        query: &[],
        headers: &[],
        content_type: None,
        body: Bytes::from_static(b"body"),
        delivery_id: Uuid::nil(),
        now: Timestamp(0),
    };
    client.send(&client.prepare(&"clinic".into(), &connection).unwrap(), call).await
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
    const NAME: &str = "warehouse.example.org";
    let (authority, trusted) = authority();
    let client = client(trusted.clone(), Box::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])));
    let good = || identity(NAME, false, Some(&authority));
    for (server, expected) in [
        (good().server(None), None),
        (
            identity(NAME, false, None).server(None),
            Some("its certificate is signed by itself or by an authority that this machine does"),
        ),
        (identity(NAME, true, Some(&authority)).server(None), Some("its certificate has expired")),
        (
            identity("other.example.org", false, Some(&authority)).server(None),
            Some("its certificate is for another name"),
        ),
        (good().server(Some(trusted.clone())), Some("it asks for a client certificate")),
    ] {
        let host = format!("{NAME}:{}", serve(server).await);
        check_tls(post(&client, &format!("https://{host}/")).await, &host, expected);
    }
}

/// A name whose address turns private between two calls is refused at the second, and what is
/// dialled is what was looked at.
#[tokio::test]
async fn a_name_that_turns_private_is_refused() {
    let destination = FakeDestination::start().await;
    let turned = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&turned);
    let lookup = move |_: &str| {
        let private = asked.load(Ordering::SeqCst);
        Ok(vec![if private { [10, 0, 0, 1].into() } else { Ipv4Addr::LOCALHOST.into() }])
    };
    let client = client(RootCertStore::empty(), Box::new(lookup));
    let url = format!("http://warehouse.example.org:{}/", destination.address().port());
    assert_eq!(post(&client, &url).await.error, None);
    // The open connection would be used again; another port needs another lookup.
    turned.store(true, Ordering::SeqCst);
    let error = post(&client, "http://warehouse.example.org:1/").await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(
        error.message,
        "warehouse.example.org is not called: the address 10.0.0.1 is refused (private network, \
         10.0.0.0/8). Hint: --allow-network 10.0.0.1/32 allows it, --allow-network private all \
         such networks."
    );
}

#[test]
fn an_unusable_user_agent_is_named() {
    let settings =
        OutboundSettings { user_agent: "a\r\nb".to_owned(), ..OutboundSettings::default() };
    let error = Client::new(settings).unwrap_err().to_string();
    assert!(error.starts_with(r#"The user agent "a\r\nb" cannot be sent."#), "{error}");
}

#[test]
fn this_machine_trusts_somebody() {
    assert!(tls::trusted_authorities().len() > 10);
}
