//! Keys that seal, and the ring that holds them: the one in use and those that were in use before.
//!
//! A key is written as `fpk1_` and the base64 of its 32 bytes, in the alphabet that is safe in
//! addresses. What may be shown of a key is its id alone: a few digits of a digest, by which a
//! sealed text names the key that opens it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::hexadecimal;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// What the text of a key begins with: what it is, and in which version.
const PREFIX: &str = "fpk1_";
/// The length of a key.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes of the digest that make the id of a key.
const ID_BYTES: usize = 4;
/// Sets the digest apart from every other digest of the same bytes.
const ID_CONTEXT: &[u8] = b"fieldpost key id";

/// The name of a key: eight hexadecimal digits that give nothing of the key away.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// The digits of an id; `None` for any other text.
    pub(crate) fn from_digits(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = text.len() == 2 * ID_BYTES && text.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A key. It prints as its id.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey {
    bytes: [u8; KEY_BYTES],
    id: KeyId,
}

impl SealingKey {
    /// Makes a new key from the system's random bytes.
    pub fn generate() -> Result<Self, NoKey> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| NoKey::NoRandomBytes(error.to_string()))?;
        Ok(Self::from_bytes(bytes))
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        let digest = Sha256::new().chain_update(ID_CONTEXT).chain_update(bytes).finalize();
        let digits = hexadecimal::encode(digest.get(..ID_BYTES).unwrap_or_default());
        Self { bytes, id: KeyId(digits) }
    }

    fn parse(word: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(word.strip_prefix(PREFIX)?).ok()?;
        Some(Self::from_bytes(bytes.try_into().ok()?))
    }

    /// The key's name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key as text, for the one place that keeps it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealingKey({})", self.id)
    }
}

/// Why a text holds no keys, or none could be made. The text itself is not shown.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoKey {
    /// There is no key in it.
    #[error("it holds no key; `fieldpost key generate` makes one")]
    Empty,
    /// Something in it is no key.
    #[error(
        "entry {0}, not shown here, is no key: a key is {PREFIX} and 43 letters, digits, - and _, \
         as `fieldpost key generate` writes it"
    )]
    NotAKey(usize),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandomBytes(String),
}

/// The key that seals, and the others that open as well. It prints ids only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    active: SealingKey,
    others: Vec<SealingKey>,
}

impl KeyRing {
    /// A ring with one key.
    pub const fn of(active: SealingKey) -> Self {
        Self { active, others: Vec::new() }
    }

    /// Reads keys, one a line or with commas between them; the first one is in use. What follows
    /// `#` on a line is for people.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let entries = text
            .lines()
            .filter_map(|line| line.split('#').next())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        let mut ring: Option<Self> = None;
        for (number, entry) in (1..).zip(entries) {
            let key = SealingKey::parse(entry).ok_or(NoKey::NotAKey(number))?;
            ring = Some(match ring {
                None => Self::of(key),
                Some(ring) => ring.and(key),
            });
        }
        ring.ok_or(NoKey::Empty)
    }

    /// Adds a key that opens; one that is there already is not added twice.
    #[must_use]
    pub fn and(mut self, key: SealingKey) -> Self {
        if self.get(key.id()).is_none() {
            self.others.push(key);
        }
        self
    }

    /// Puts another key into use; the present ones still open.
    #[must_use]
    pub(crate) fn renewed(&self, active: SealingKey) -> Self {
        self.keys().cloned().fold(Self::of(active), Self::and)
    }

    /// The key that seals.
    pub fn active(&self) -> &SealingKey {
        &self.active
    }

    /// All keys, the active one first.
    pub fn keys(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&self.active).chain(&self.others)
    }

    /// The key of that name.
    pub fn get(&self, id: &KeyId) -> Option<&SealingKey> {
        self.keys().find(|key| key.id() == id)
    }

    /// The names of all keys, for people.
    pub fn ids(&self) -> String {
        self.keys().map(|key| key.id().as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The keys as the text of a key file.
    pub fn expose(&self) -> String {
        let mut text =
            "# What seals the secrets of a Fieldpost hub. The first key is in use; others \
                        still open what\n# they sealed. Keep a copy apart from the backups of the \
                        database.\n"
                .to_owned();
        for key in self.keys() {
            text.push_str(&key.expose());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::from_bytes([byte; KEY_BYTES])
    }

    #[test]
    fn a_key_has_a_text_and_an_id_of_its_own() {
        // SHA-256 of "fieldpost key id" and 32 zeros, worked out by another program.
        let zeros = key(0);
        assert_eq!(zeros.expose(), format!("fpk1_{}", "A".repeat(43)));
        assert_eq!(zeros.id().as_str(), "15a23405");
        assert_eq!(SealingKey::parse(&zeros.expose()), Some(zeros.clone()));
        assert_ne!(key(1).id(), zeros.id());
        let (one, other) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
        assert_ne!(one, other);
    }

    #[test]
    fn a_ring_is_read_in_its_order_and_written_back() {
        let (first, second) = (key(1).expose(), key(2).expose());
        let expected = KeyRing::of(key(1)).and(key(2));
        for text in [
            format!("{first}\n{second}\n"),
            format!("{first},{second}"),
            format!(" {first} , {second},"),
            format!(
                "# a comment, with a comma\n\n{first} # in use\r\n#{}\n{second}",
                key(3).expose()
            ),
            format!("{first}\n{second}\n{first}\n"),
        ] {
            assert_eq!(KeyRing::parse(&text), Ok(expected.clone()), "{text}");
        }
        assert_eq!(KeyRing::parse(&expected.expose()), Ok(expected.clone()));
        assert_eq!(expected.active(), &key(1));
        assert_eq!(expected.get(key(2).id()), Some(&key(2)));
        assert_eq!(expected.get(key(3).id()), None);
        assert_eq!(expected.renewed(key(2)), KeyRing::of(key(2)).and(key(1)));
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        let good = key(1).expose();
        for (text, expected) in [
            (String::new(), NoKey::Empty),
            ("# nothing\n\n".to_owned(), NoKey::Empty),
            ("hunter2".to_owned(), NoKey::NotAKey(1)),
            (format!("{good},{}", good.replace("fpk1_", "fpk2_")), NoKey::NotAKey(2)),
            (format!("{good}A"), NoKey::NotAKey(1)),
            (good.trim_end_matches(|_| true).to_owned() + "fpk1_", NoKey::NotAKey(1)),
            (format!("{good}\n{}", good.get(..47).unwrap()), NoKey::NotAKey(2)),
        ] {
            let refused = KeyRing::parse(&text).unwrap_err();
            assert_eq!(refused, expected, "{text}");
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn keys_print_as_their_ids() {
        let ring = KeyRing::of(key(1)).and(key(2));
        let printed = format!("{ring:?} {}", ring.ids());
        for key in ring.keys() {
            assert!(printed.contains(key.id().as_str()), "{printed}");
            assert!(!printed.contains(key.expose().get(5..15).unwrap()), "{printed}");
        }
    }
}
