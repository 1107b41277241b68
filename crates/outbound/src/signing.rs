//! Signatures by the Standard Webhooks specification.
//!
//! What is signed is `id.timestamp.body`, with HMAC-SHA256 under a secret that sender and receiver
//! share. While a secret is being changed both the new and the old one sign, so that a receiver
//! can change over at any moment without missing a delivery.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// What every secret begins with; base64 follows.
const SECRET_PREFIX: &str = "whsec_";

/// A secret that cannot sign. It never shows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be {SECRET_PREFIX} followed by the base64 of at least one byte")]
pub struct UnusableSecret;

/// Signs with one secret, or with two while they are being changed.
#[derive(Clone)]
pub struct Signer {
    /// Keyed once; each signature starts from a copy, which is cheaper than keying anew.
    keyed: Vec<Hmac<Sha256>>,
}

impl Signer {
    /// Takes the secrets in the order in which their signatures shall stand.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Result<Self, UnusableSecret> {
        let keyed = secrets.into_iter().map(key).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { keyed })
    }

    /// The value of `webhook-signature`: one `v1,<base64>` for each secret, separated by spaces.
    pub fn sign(&self, id: Uuid, unix_seconds: i64, body: &[u8]) -> String {
        let prefix = format!("{id}.{unix_seconds}.");
        let mut signatures = String::new();
        for keyed in &self.keyed {
            if !signatures.is_empty() {
                signatures.push(' ');
            }
            let mut mac = keyed.clone();
            mac.update(prefix.as_bytes());
            mac.update(body);
            signatures.push_str("v1,");
            STANDARD.encode_string(mac.finalize().into_bytes(), &mut signatures);
        }
        signatures
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer with {} secrets", self.keyed.len())
    }
}

/// Reads one secret.
fn key(secret: &Secret) -> Result<Hmac<Sha256>, UnusableSecret> {
    let encoded = secret.expose().trim().strip_prefix(SECRET_PREFIX).ok_or(UnusableSecret)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| UnusableSecret)?;
    if bytes.is_empty() {
        return Err(UnusableSecret);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| UnusableSecret)
}
