//! Signed URLs, as w.c.s. and the other Publik services ask for them: who calls, when, and an HMAC
//! over the query.
//!
//! What is signed is the query as it stands in the request line, byte for byte, up to
//! `&signature=`. So the parameters are written first, the URL is asked for the query that it will
//! really send, and that is signed. The receiver takes a signature for half a minute, and a nonce
//! once, so each request is signed anew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection::{self, OnBehalfOf, SigningAlgorithm};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use url::Url;
use uuid::Uuid;

use super::without_parameters;
use crate::address::unbuildable;
use crate::request::Assembled;

/// A key that signs queries.
pub(crate) struct SignedUrl {
    origin: String,
    /// The parameter that names the user, encoded.
    user: Option<String>,
    algorithm: SigningAlgorithm,
    /// Keyed once; each signature starts from a copy.
    keyed: Keyed,
}

#[derive(Clone)]
enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl SignedUrl {
    /// Reads the key and whose it is.
    pub(super) fn prepare(
        settings: &connection::SignedUrl,
        secrets: &mut Vec<Secret>,
    ) -> Result<Self, AttemptError> {
        let connection::SignedUrl { origin, key, algorithm, on_behalf_of } = settings;
        secrets.push(key.clone());
        let user = on_behalf_of.as_ref().map(|user| match user {
            OnBehalfOf::Email(address) => format!("email={}", encoded(address)),
            OnBehalfOf::NameId(id) => format!("NameID={}", encoded(id)),
        });
        let keyed = Keyed::new(*algorithm, key.expose().as_bytes())?;
        Ok(Self { origin: origin.clone(), user, algorithm: *algorithm, keyed })
    }

    /// Signs a request.
    pub(super) fn show(&self, request: &mut Assembled, now: Timestamp) {
        self.sign(&mut request.url, now, &Uuid::new_v4().simple().to_string());
    }

    fn sign(&self, url: &mut Url, now: Timestamp, nonce: &str) {
        // RFC 3339 to the second: what follows are the decimals.
        let now = now.to_string();
        let seconds = now.split(['.', 'Z']).next().unwrap_or_default();
        let mut parts: Vec<String> = Vec::new();
        parts.extend(url.query().filter(|query| !query.is_empty()).map(str::to_owned));
        parts.push(format!("orig={}", encoded(&self.origin)));
        parts.extend(self.user.clone());
        parts.push(format!("algo={}", self.algorithm.name()));
        parts.push(format!("timestamp={}", encoded(&format!("{seconds}Z"))));
        parts.push(format!("nonce={nonce}"));
        url.set_query(Some(&parts.join("&")));
        let signed = url.query().unwrap_or_default();
        let signature = encoded(&STANDARD.encode(self.keyed.sign(signed.as_bytes())));
        let signed = format!("{signed}&signature={signature}");
        url.set_query(Some(&signed));
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

impl Keyed {
    fn new(algorithm: SigningAlgorithm, key: &[u8]) -> Result<Self, AttemptError> {
        match algorithm {
            SigningAlgorithm::Sha1 => Hmac::new_from_slice(key).map(Self::Sha1),
            SigningAlgorithm::Sha256 => Hmac::new_from_slice(key).map(Self::Sha256),
            SigningAlgorithm::Sha512 => Hmac::new_from_slice(key).map(Self::Sha512),
        }
        .map_err(|_| unbuildable("The key of the connection's signed URLs cannot sign"))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        fn finish(mut mac: impl Mac, message: &[u8]) -> Vec<u8> {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        match self.clone() {
            Self::Sha1(mac) => finish(mac, message),
            Self::Sha256(mac) => finish(mac, message),
            Self::Sha512(mac) => finish(mac, message),
        }
    }
}

/// Text as it stands in a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Midnight of the first of January 2026.
    const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

    #[track_caller]
    fn check_signature(algorithm: SigningAlgorithm, key: &str, message: &str, signature: &str) {
        let keyed = Keyed::new(algorithm, key.as_bytes()).unwrap();
        assert_eq!(STANDARD.encode(keyed.sign(message.as_bytes())), signature, "{message}");
    }

    /// The signatures were computed with another implementation of HMAC.
    #[test]
    fn signs_the_message_byte_for_byte() {
        use SigningAlgorithm::{Sha1, Sha256};
        check_signature(
            Sha256,
            "1234",
            "format=json&orig=coucou&algo=sha256&timestamp=2026-01-01T00:00:00Z&nonce=abcdef",
            "jJ5dq1WGAqIYxiazK0+QY5vnDzgkk7/Pq3DqMsf/xWk=",
        );
        check_signature(
            Sha1,
            "1234",
            "format=json&orig=coucou&algo=sha1&timestamp=2026-01-01T00:00:00Z",
            "T0kAR9QDLOMuFxOeSOgQoyAYmTE=",
        );
        check_signature(
            Sha256,
            "1234",
            "orig=coucou&email=jean.darmette%40triffouilis.fr&algo=sha256\
             &timestamp=2026-01-01T00%3A00%3A00Z&nonce=0123456789abcdef",
            "baNi5ZvV8+xCvHLmXsQZYI+lR7Fz+yVfkN7rrJevwMY=",
        );
        check_signature(
            Sha256,
            "s3cret",
            "orig=partner&NameID=0123456789&filter=pending&algo=sha256\
             &timestamp=2026-01-01T00%3A00%3A00Z&nonce=f00d",
            "dknudVnQOsp0yapOjchc2EUTe6FW3WwaUNQAK4saWzk=",
        );
        check_signature(
            Sha256,
            "",
            "algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1",
            "pMoKWSWibux5xYEiCIg3MXNC1OeMejLLze0PBzYJlz8=",
        );
    }

    fn signer(on_behalf_of: Option<OnBehalfOf>, algorithm: SigningAlgorithm) -> SignedUrl {
        let settings = connection::SignedUrl {
            origin: "coucou".to_owned(),
            key: Secret::new("1234"),
            algorithm,
            on_behalf_of,
        };
        SignedUrl::prepare(&settings, &mut Vec::new()).unwrap()
    }

    fn signed(signer: &SignedUrl, url: &str) -> String {
        let mut url: Url = url.parse().unwrap();
        signer.sign(&mut url, NOW, "0123456789abcdef");
        url.into()
    }

    #[test]
    fn the_parameters_stand_behind_the_query_in_their_order() {
        let user = OnBehalfOf::Email("jean.darmette@triffouilis.fr".to_owned());
        assert_eq!(
            signed(&signer(Some(user), SigningAlgorithm::Sha256), "https://example.org/api"),
            "https://example.org/api?orig=coucou&email=jean.darmette%40triffouilis.fr&algo=sha256\
             &timestamp=2026-01-01T00%3A00%3A00Z&nonce=0123456789abcdef\
             &signature=baNi5ZvV8%2BxCvHLmXsQZYI%2BlR7Fz%2ByVfkN7rrJevwMY%3D"
        );
        let name_id = OnBehalfOf::NameId("a b".to_owned());
        let url = signed(&signer(Some(name_id), SigningAlgorithm::Sha512), "http://h/?x=%2f'&y");
        assert!(
            url.starts_with("http://h/?x=%2f%27&y&orig=coucou&NameID=a+b&algo=sha512&timestamp="),
            "{url}"
        );
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
