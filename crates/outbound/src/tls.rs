//! Whom the hub believes to be who they say, over TLS.
//!
//! The machine's own certificate store decides where there is one, so that an operator can add the
//! authority of an intranet by the means of the operating system. A machine without a store (a
//! bare container) uses the authorities that are built in.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

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

/// The TLS configuration of every outgoing connection: TLS 1.2 and 1.3, HTTP/1.1.
///
/// The cryptography is named here and not taken from a process-wide default, so that the client
/// works wherever it is made, in a test as in the hub.
pub(crate) fn configuration(authorities: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let mut configuration = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}
