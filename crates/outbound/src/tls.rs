//! Whom the hub believes to be who they say, over TLS.
//!
//! The machine's own certificate store decides where there is one, so that an operator can add the
//! authority of an intranet by the means of the operating system. A machine without a store (a
//! bare container) uses the authorities that are built in. A connection can trust further
//! authorities, show a certificate of its own, or give up checking altogether.

mod sealed_key;

use std::sync::Arc;

use fieldpost_model::connection::Tls;
use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Why a connection's TLS options cannot be used. It never shows a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableTls {
    #[error("its own certificate authorities cannot be read: {0}")]
    Authorities(String),
    #[error("its client certificate cannot be read: {0}")]
    ClientCertificate(String),
    #[error("the key of its client certificate cannot be read: {0}")]
    ClientKey(String),
    #[error("it has a client certificate without a key, or a key without a certificate")]
    HalfAnIdentity,
    #[error("its client certificate and key cannot be used together: {0}")]
    Identity(rustls::Error),
    #[error("the TLS library refused its configuration: {0}")]
    Library(#[from] rustls::Error),
}

/// The authorities of this machine, or the ones built in where it has none.
pub(crate) fn trusted_authorities() -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, unusable) = authorities.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::debug!(
            unusable,
            errors = found.errors.len(),
            "No certificate store on this machine; the built-in authorities are used"
        );
        authorities.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    authorities
}

/// The TLS configuration of outgoing connections: TLS 1.2 and 1.3, HTTP/1.1, the machine's
/// authorities, and what `tls` has beside them.
///
/// The cryptography is named here and not taken from a process-wide default, so that the client
/// works wherever it is made, in a test as in the hub.
pub(crate) fn configuration(
    mut authorities: RootCertStore,
    tls: &Tls,
) -> Result<ClientConfig, UnusableTls> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    if let Some(pem) = &tls.authorities {
        for certificate in certificates(pem).map_err(UnusableTls::Authorities)? {
            let added = authorities.add(certificate);
            added.map_err(|error| UnusableTls::Authorities(error.to_string()))?;
        }
    }
    let builder = if tls.skip_verification {
        let takes_any = Arc::new(TakesAnyCertificate::new(&provider));
        builder.dangerous().with_custom_certificate_verifier(takes_any)
    } else {
        builder.with_root_certificates(authorities)
    };
    let mut configuration = with_identity(builder, tls)?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

/// Has the client show its certificate where the server asks for one.
fn with_identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    tls: &Tls,
) -> Result<ClientConfig, UnusableTls> {
    match (&tls.client_certificate, &tls.client_key) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate).map_err(UnusableTls::ClientCertificate)?;
            let key = sealed_key::read(key, tls.client_key_passphrase.as_ref())
                .map_err(UnusableTls::ClientKey)?;
            builder.with_client_auth_cert(chain, key).map_err(UnusableTls::Identity)
        }
        _ => Err(UnusableTls::HalfAnIdentity),
    }
}

/// Every certificate of a PEM text; one at least.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let explain = |error: PemError| explain_pem(&error, "CERTIFICATE");
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(explain)?;
    if certificates.is_empty() {
        return Err(explain(PemError::NoItemsFound));
    }
    Ok(certificates)
}

/// Says what is wrong with a PEM text. The library's words are only used where they cannot quote
/// from it: it may be a key.
fn explain_pem(error: &PemError, label: &str) -> String {
    match error {
        PemError::NoItemsFound => {
            format!("there is no part that begins with -----BEGIN {label}-----")
        }
        PemError::MissingSectionEnd { .. } => "a part of it has no end".to_owned(),
        _ => format!("it is not a PEM text with a part -----BEGIN {label}-----"),
    }
}

/// Takes whatever certificate a server shows. That the server holds the certificate's key is still
/// checked; whose certificate it is, is not.
#[derive(Debug)]
struct TakesAnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl TakesAnyCertificate {
    fn new(provider: &CryptoProvider) -> Self {
        Self { algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for TakesAnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
