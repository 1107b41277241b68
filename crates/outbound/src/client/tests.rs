//! The client with a name service and a certificate authority that belong to the test.

mod tls_options;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{
    Authentication, CredentialsPlace, IncidentPolicy, Oauth2, Oauth2Grant, Tls,
};
use fieldpost_model::forwarder::Method;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_testkit::authority::TokenAuthority;
use fieldpost_testkit::{Answer, FakeDestination};
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
use crate::fetch::Fetch;
use crate::resolver::{LOOKUP_TIMEOUT, Lookup};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority, and what it takes to trust it.
fn authority() -> (Authority, RootCertStore) {
    authority_of("An authority of the tests")
}

/// An authority of that name.
fn authority_of(name: &str) -> (Authority, RootCertStore) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = Authority::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(authority.der().clone()).unwrap();
    (authority, trusted)
}

/// A certificate for `name`, by the authority or, where there is none, by itself.
fn identity(name: &str, signed_by: Option<&Authority>) -> Identity {
    identity_with(name, signed_by, |_| {})
}

/// The same, with a change.
fn identity_with(
    name: &str,
    signed_by: Option<&Authority>,
    change: impl FnOnce(&mut CertificateParams),
) -> Identity {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = match signed_by {
        Some(authority) => params.signed_by(&key, authority),
        None => params.self_signed(&key),
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    Identity { chain: vec![certificate.unwrap().der().clone()], key }
}

struct Identity {
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
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
    serve_with(configuration, |_| "200 OK".to_owned()).await
}

/// Serves HTTPS on a port of this machine. `answer` makes status and headers of a request's text.
async fn serve_with(
    configuration: ServerConfig,
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                let mut request = Vec::new();
                stream.read_buf(&mut request).await.ok()?;
                let head = answer(&String::from_utf8_lossy(&request));
                let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 2\r\n\r\nok");
                stream.write_all(answer.as_bytes()).await.ok()?;
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

fn connection(url: &str) -> Connection {
    Connection {
        name: "warehouse".to_owned(),
        url: url.to_owned(),
        authentication: Authentication::None,
        notify: Vec::new(),
        timeout: Duration::from_secs(5),
        concurrency: 1,
        signing_secret: None,
        previous_signing_secret: None,
        credential: Vec::new(),
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
    }
}

async fn send(client: &Client, connection: &Connection) -> Exchange {
    let call = Call {
        method: Method::Post,
        query: &[],
        headers: &[],
        content_type: None,
        body: Bytes::from_static(b"body"),
        delivery_id: Uuid::nil(),
        now: Timestamp(0),
        asking: None,
    };
    match client.prepare(&"clinic".into(), connection) {
        Ok(prepared) => client.send(&prepared, call).await,
        Err(error) => Exchange::unsent(Duration::ZERO, error),
    }
}

async fn post(client: &Client, url: &str) -> Exchange {
    send(client, &connection(url)).await
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

/// A redirect to a name is looked up and judged like every call.
#[tokio::test]
async fn a_redirect_to_a_name_that_is_private_is_refused() {
    let destination = FakeDestination::start().await;
    let port = destination.address().port();
    let location = format!("http://inside.example.org:{port}/");
    destination.answer("/", Answer::status(307).header("location", &location));
    let lookup = |name: &str| {
        let private = name == "inside.example.org";
        Ok(vec![if private { [10, 0, 0, 1].into() } else { Ipv4Addr::LOCALHOST.into() }])
    };
    let client = client(RootCertStore::empty(), Box::new(lookup));
    let error = post(&client, &format!("http://outside.example.org:{port}/")).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Refused);
    let expected = "inside.example.org is not called: the address 10.0.0.1 is refused";
    assert!(error.message.starts_with(expected), "{}", error.message);
    assert_eq!(destination.received().len(), 1);
}

/// A token endpoint whose name leads inside is refused as the destination itself would be.
#[tokio::test]
async fn a_token_endpoint_whose_name_turns_private_is_refused() {
    let authority = TokenAuthority::start().await;
    let turned = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&turned);
    let lookup = move |name: &str| {
        let private = name == "login.example.org" && asked.load(Ordering::SeqCst);
        Ok(vec![if private { [10, 0, 0, 1].into() } else { Ipv4Addr::LOCALHOST.into() }])
    };
    let client = client(RootCertStore::empty(), Box::new(lookup));
    let mut connection = connection(&authority.destination().url("/api"));
    let port = authority.destination().address().port();
    let token_url = |port: u16| {
        Authentication::Oauth2(Oauth2 {
            grant: Oauth2Grant::ClientCredentials,
            token_url: format!("http://login.example.org:{port}/token"),
            client_id: Some("hub".to_owned()),
            client_secret: Some(Secret::new("hunter2")),
            credentials_in: CredentialsPlace::Header,
            scopes: Vec::new(),
        })
    };
    connection.authentication = token_url(port);
    assert_eq!(send(&client, &connection).await.error, None);
    turned.store(true, Ordering::SeqCst);
    connection.authentication = token_url(1);
    let error = send(&client, &connection).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Refused);
    let expected = "The token endpoint login.example.org:1 gave no token: login.example.org is not";
    assert!(error.message.starts_with(expected), "{}", error.message);
}

/// What the operator opened for connections holds for the origin of the connection, and opens nothing else to
/// whoever writes links: at once, behind a redirect, by address and by name.
#[tokio::test]
async fn a_link_leads_to_the_own_origin_or_to_public_addresses() {
    let destination = FakeDestination::start().await;
    let inside = FakeDestination::start().await;
    let client = client(RootCertStore::empty(), Box::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])));
    let prepared = client.prepare(&"clinic".into(), &connection(&destination.url("/api"))).unwrap();
    let named = format!("http://inside.example.org:{}/", inside.address().port());
    for (path, target) in [("/moved", inside.url("/secret")), ("/named", named.clone())] {
        destination.answer(path, Answer::status(302).header("location", &target));
    }
    destination.answer("/back", Answer::status(302).header("location", "/file"));
    for (link, refused) in [
        (destination.url("/file"), false),
        (destination.url("/back"), false),
        (inside.url("/secret"), true),
        (named, true),
        (destination.url("/moved"), true),
        (destination.url("/named"), true),
    ] {
        let (pieces, mut coming) = tokio::sync::mpsc::channel(8);
        let fetch = Fetch { link: &link, timeout: Duration::from_mins(1), now: Timestamp(0) };
        let (exchange, ()) = tokio::join!(client.fetch(&prepared, fetch, pieces), async {
            while coming.recv().await.is_some() {}
        });
        let Some(error) = exchange.error else {
            assert!(!refused, "{link}");
            continue;
        };
        assert_eq!((error.kind, refused), (ErrorKind::Refused, true), "{}", error.message);
        for part in ["127.0.0.1 is refused", "from public addresses and from the origin"] {
            assert!(error.message.contains(part), "{}", error.message);
        }
        assert!(!error.message.contains("allow-network"), "{}", error.message);
    }
    assert_eq!(inside.connections(), 0);
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
