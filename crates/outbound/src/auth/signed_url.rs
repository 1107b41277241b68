//! Signed URLs, as w.c.s. and the other Publik services ask for them: who calls, when, and an HMAC
//! over the query. The rule is [`fieldpost_rules::wcs::signature`]; here each request is signed anew,
//! since the receiver takes a signature for half a minute, and a nonce once.

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::signature::Signer;
use url::Url;
use uuid::Uuid;

use super::without_parameters;
use crate::address::unbuildable;
use crate::request::Assembled;

/// A key that signs queries.
pub(crate) struct SignedUrl {
    signer: Signer,
}

impl SignedUrl {
    /// Reads the key and whose it is.
    pub(super) fn prepare(
        settings: &connection::SignedUrl,
        secrets: &mut Vec<Secret>,
    ) -> Result<Self, AttemptError> {
        let connection::SignedUrl { origin, key, algorithm, on_behalf_of } = settings;
        secrets.push(key.clone());
        let signer = Signer::new(Some(origin), key, *algorithm, on_behalf_of.as_ref())
            .ok_or_else(|| unbuildable("The key of the connection's signed URLs cannot sign"))?;
        Ok(Self { signer })
    }

    /// Signs a request.
    pub(super) fn show(&self, request: &mut Assembled, now: Timestamp) {
        self.sign(&mut request.url, now, &Uuid::new_v4().simple().to_string());
    }

    fn sign(&self, url: &mut Url, now: Timestamp, nonce: &str) {
        self.signer.sign(url, now, nonce);
    }
}

/// Takes the signature that was sent out of a URL: what stands in `sent` and not in `plain`. The
/// names alone would not do, since a query may well have an `email` or a `timestamp` of its own.
pub(super) fn take_back(url: &mut Url, sent: &Url, plain: &Url) {
    let mut added: Vec<_> = sent.query_pairs().collect();
    for own in plain.query_pairs() {
        if let Some(index) = added.iter().position(|pair| *pair == own) {
            added.remove(index);
        }
    }
    without_parameters(url, |name, value| {
        let found = added.iter().position(|(known, sent)| known == name && sent == value);
        found.map(|index| added.remove(index)).is_some()
    });
}

#[cfg(test)]
mod tests {
    use fieldpost_model::connection::{OnBehalfOf, SigningAlgorithm};

    use super::*;

    /// Midnight of the first of January 2026.
    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

    fn signer(on_behalf_of: Option<OnBehalfOf>, algorithm: SigningAlgorithm) -> SignedUrl {
        let settings = connection::SignedUrl {
            origin: "coucou".to_owned(),
            key: Secret::new("1234"),
            algorithm,
            on_behalf_of,
        };
        SignedUrl::prepare(&settings, &mut Vec::new()).unwrap()
    }

    #[test]
    fn a_signature_can_be_taken_back_and_nothing_else() {
        let signer = signer(Some(OnBehalfOf::Email("a@b".to_owned())), SigningAlgorithm::Sha1);
        for url in [
            "http://h/?x=%2f&y",
            "http://h/a",
            "http://h/?email=me@h&timestamp=1&nonce=2&signature=3",
            "http://h/?email=a@b&email=a%40b&orig=coucou",
        ] {
            let plain: Url = url.parse().unwrap();
            let mut sent = plain.clone();
            signer.sign(&mut sent, NOW, "1");
            let mut handed_on = sent.clone();
            assert_ne!(handed_on, plain);
            take_back(&mut handed_on, &sent, &plain);
            assert_eq!(handed_on, plain);
            // What was not signed has nothing to be taken back.
            take_back(&mut handed_on, &plain, &plain);
            assert_eq!(handed_on, plain);
        }
    }
}
