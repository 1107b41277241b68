//! What people are told about, who is told, and how one who had enough is known again.
//!
//! A link to unsubscribe carries what it is about and a signature, so that a link works for as long
//! as the mail is kept, and nobody can end the mails of others. Its key is made once and stays,
//! whatever other keys are changed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::secret::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes of the signature in a link: 128 bits, which nobody guesses.
const SIGNATURE_BYTES: usize = 16;
/// What separates the parts of what is signed; no name and no address holds it.
const SEPARATOR: char = '\n';

/// What a mail is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A destination in trouble.
    Connection(String),
    /// A source from which nothing comes.
    Source(String),
    /// What came in and went out.
    Reports,
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(name) => write!(formatter, "connection:{name}"),
            Self::Source(name) => write!(formatter, "source:{name}"),
            Self::Reports => formatter.write_str("reports"),
        }
    }
}

impl Topic {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("connection", name)) => Some(Self::Connection(name.to_owned())),
            Some(("source", name)) => Some(Self::Source(name.to_owned())),
            None if text == "reports" => Some(Self::Reports),
            _ => None,
        }
    }

    /// The topic in words, as the end of a sentence.
    pub fn in_words(&self) -> String {
        match self {
            Self::Connection(name) => format!("trouble with the connection {name}"),
            Self::Source(name) => format!("the silence of the source {name}"),
            Self::Reports => "what came in and went out".to_owned(),
        }
    }
}

/// That an address gets mails of a project about a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The project.
    pub project: String,
    /// What the mails are about.
    pub topic: Topic,
    /// To whom they go.
    pub address: String,
}

impl Subscription {
    /// The last part of the link that ends this subscription.
    pub(crate) fn token(&self, key: &Secret) -> Option<String> {
        let Self { project, topic, address } = self;
        let text = format!("{project}{SEPARATOR}{topic}{SEPARATOR}{address}");
        let mut bytes = signature(key, &text)?.to_vec();
        bytes.extend_from_slice(text.as_bytes());
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads what [`token`](Self::token) wrote, if it was written with this key.
    pub(crate) fn read(token: &str, key: &Secret) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (signed, text) = bytes.split_at_checked(SIGNATURE_BYTES)?;
        let text = std::str::from_utf8(text).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
        mac.update(text.as_bytes());
        mac.verify_truncated_left(signed).ok()?;
        let mut parts = text.splitn(3, SEPARATOR);
        Some(Self {
            project: parts.next()?.to_owned(),
            topic: Topic::parse(parts.next()?)?,
            address: parts.next()?.to_owned(),
        })
    }
}

fn signature(key: &Secret, text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(topic: Topic) -> Subscription {
        let address = "ops@example.org".to_owned();
        Subscription { project: "clinic".to_owned(), topic, address }
    }

    #[test]
    fn a_token_reads_back_with_its_key_only() {
        let (key, other) = (Secret::new("a key"), Secret::new("another"));
        for topic in [
            Topic::Connection("warehouse".to_owned()),
            Topic::Source("kobo:x".to_owned()),
            Topic::Reports,
        ] {
            let subscription = subscription(topic);
            let token = subscription.token(&key).unwrap();
            assert!(token.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
            assert_eq!(Subscription::read(&token, &key), Some(subscription));
            assert_eq!(Subscription::read(&token, &other), None);
            // Whatever is changed about it, it is worth nothing; the last character may carry bits
            // that mean nothing, which the decoder refuses.
            for place in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(Subscription::read(&changed, &key), None, "{changed}");
            }
        }
        for token in ["", "abc", "=", "AAAAAAAAAAAAAAAAAAAAAA", "ü"] {
            assert_eq!(Subscription::read(token, &key), None, "{token}");
        }
    }
}
