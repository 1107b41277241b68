//! Servers that speak TLS, with a certificate that was made for them and that nobody trusts who was
//! not told to.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Whether a certificate is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// For years to come.
    Good,
    /// No more, since the beginning of 2020.
    Expired,
}

/// An HTTPS server on a loopback port of its own, which answers `200` to every request. Its
/// certificate is signed by itself. It ends when it is dropped.
#[derive(Debug)]
pub struct TlsDestination {
    address: SocketAddr,
    authority: String,
    server: JoinHandle<()>,
}

impl TlsDestination {
    /// Starts on a free port.
    pub async fn start(validity: Validity) -> Self {
        let (acceptor, authority) = certificate(validity);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port can be listened on");
        let address = listener.local_addr().expect("a listener has an address");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(acceptor.clone(), stream));
            }
        });
        Self { address, authority, server }
    }

    /// The URL of a path (`/hook`) on it.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// The certificate of whom one must trust to trust this server, as PEM text.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for TlsDestination {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Answers one request. Whatever ends the conversation is the client's business, and seen there.
async fn answer(acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = vec![0; 64 * 1024];
    if stream.read(&mut request).await.is_ok() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        drop(stream.write_all(answer).await);
        drop(stream.shutdown().await);
    }
}

/// A certificate for this machine, signed by itself, ready to be shown; and as PEM text.
pub(crate) fn certificate(validity: Validity) -> (TlsAcceptor, String) {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let mut parameters = CertificateParams::new(names).expect("these are names of a machine");
    if validity == Validity::Expired {
        parameters.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().expect("a key can be made");
    let made = parameters.self_signed(&key).expect("a certificate can be made");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider speaks TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![made.der().clone()], key)
        .expect("the key fits the certificate");
    (TlsAcceptor::from(Arc::new(configuration)), pem("CERTIFICATE", made.der()))
}

/// A certificate for whoever must show one, and the key that belongs to it, as PEM texts.
pub fn identity() -> (String, String) {
    identity_of("hub")
}

/// The same in the name of somebody: a host name or an address.
pub(crate) fn identity_of(name: &str) -> (String, String) {
    let parameters = CertificateParams::new([name.to_owned()]).expect("this is a name");
    let key = KeyPair::generate().expect("a key can be made");
    let made = parameters.self_signed(&key).expect("a certificate can be made");
    (pem("CERTIFICATE", made.der()), pem("PRIVATE KEY", &key.serialize_der()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{encoded}\n-----END {label}-----\n")
}
