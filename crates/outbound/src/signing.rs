//! Signatures by the Standard Webhooks specification.
//!
//! What is signed is `id.timestamp.body`, with HMAC-SHA256 under a secret that sender and receiver
//! share. While a secret is being changed both the new and the old one sign, so that a receiver
//! can change over at any moment without missing a delivery.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use fieldpost_model::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// What every secret begins with; base64 follows.
const SECRET_PREFIX: &str = "whsec_";

/// Base64 with and without the `=` at its end: receivers hand out both.
const EITHER_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

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
    let bytes = EITHER_PADDING.decode(encoded).map_err(|_| UnusableSecret)?;
    if bytes.is_empty() {
        return Err(UnusableSecret);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| UnusableSecret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
    /// 24 bytes, the least that the specification asks for.
    const FIRST: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// The bytes 0 to 31.
    const SECOND: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[track_caller]
    fn check(secrets: &[&str], unix_seconds: i64, body: &[u8], signature: &str) {
        let secrets: Vec<Secret> = secrets.iter().copied().map(Secret::new).collect();
        let signer = Signer::new(&secrets).unwrap();
        assert_eq!(signer.sign(ID, unix_seconds, body), signature);
    }

    /// The signatures were computed with another implementation of HMAC.
    #[test]
    fn signs_id_time_and_body() {
        let body = br#"{"test": 2432232314}"#;
        let binary = b"\x00\xff\n\xc3\xa9";
        check(&[FIRST], 1_614_265_330, body, "v1,6ltHRplMsmoj3iEeqXSFiuqSolc3P2gAhZLiYmX6UnQ=");
        check(&[FIRST], 1_614_265_330, b"", "v1,ncYd6ngBMbEEb9SvTL51e9xSxQ/ITzX0pwR19MpcpRk=");
        check(&[FIRST], 0, binary, "v1,4pCpmoxWk864p+su9aBzjyKoOkSnJqh5fvN5MN65Ea4=");
        check(&[FIRST], -1, b"x", "v1,AyiJKPwzGQuklEf2kTKz3Aw8YWulyauv+30mf3wOH68=");
        check(&[SECOND], 1_614_265_330, body, "v1,FbRRYDS4l4dtLrw92SitEQgiEGbbVI88dTMUfojUB2E=");
        check(&[SECOND], 0, binary, "v1,G7kvcKZYrksEuRQMJmomzZPBu0RRtRLrkCyPs7J2mys=");
    }

    #[test]
    fn a_secret_signs_alike_with_and_without_padding() {
        let body = br#"{"test": 2432232314}"#;
        let signature = "v1,FbRRYDS4l4dtLrw92SitEQgiEGbbVI88dTMUfojUB2E=";
        check(&[SECOND.trim_end_matches('=')], 1_614_265_330, body, signature);
        // One byte is little, and the definition warns of it; it signs all the same.
        Signer::new([&Secret::new("whsec_BQ")]).unwrap();
    }

    #[test]
    fn both_secrets_sign_during_a_change() {
        check(
            &[SECOND, FIRST],
            1_614_265_330,
            br#"{"test": 2432232314}"#,
            "v1,FbRRYDS4l4dtLrw92SitEQgiEGbbVI88dTMUfojUB2E= \
             v1,6ltHRplMsmoj3iEeqXSFiuqSolc3P2gAhZLiYmX6UnQ=",
        );
    }

    #[test]
    fn unusable_secrets_are_refused_without_being_shown() {
        for secret in ["", "whsec_", "whsec_?", "whsec_a", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x"]
        {
            assert_eq!(
                Signer::new([&Secret::new(secret)]).unwrap_err(),
                UnusableSecret,
                "{secret}"
            );
        }
        let signer = Signer::new([&Secret::new(FIRST)]).unwrap();
        assert_eq!(format!("{signer:?}"), "Signer with 1 secrets");
    }
}
