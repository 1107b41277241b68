//! Sealed text: what lies in a column instead of a secret.
//!
//! ```text
//!   sealed:1:<key id>:<base64 of nonce ‖ ciphertext ‖ tag>
//! ```
//!
//! XChaCha20-Poly1305 keeps the text unreadable and notices every change. Its nonce is long enough
//! to be random. What the text belongs to (`definitions/clinic/connection/ministry`) is
//! authenticated with it: who can write to the database cannot put the secret of one row into
//! another one, where it would be sent to somebody else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use super::key::{KeyId, KeyRing, SealingKey};

/// What every sealed text begins with, whatever its version.
const MARK: &str = "sealed:";
/// What sealed texts of this version begin with.
pub(crate) const PREFIX: &str = "sealed:1:";
/// The length of a nonce.
const NONCE_BYTES: usize = 24;

/// Why a sealed text does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It was sealed with a key that is not in the ring.
    UnknownKey(KeyId),
    /// It was changed, or it belongs to something else.
    Changed,
    /// This version does not know how it was sealed.
    UnknownForm,
}

/// Whether a text is sealed. What older versions wrote is not: it is JSON text.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Seals a text with a nonce that was never used before. `None` where the text is too long for the
/// cipher, which no text in memory is.
pub(crate) fn seal(
    key: &SealingKey,
    nonce: [u8; NONCE_BYTES],
    belongs_to: &str,
    text: &str,
) -> Option<String> {
    let payload = Payload { msg: text.as_bytes(), aad: belongs_to.as_bytes() };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).ok()?;
    let mut bytes = nonce.to_vec();
    bytes.extend(sealed);
    Some(format!("{PREFIX}{}:{}", key.id(), STANDARD_NO_PAD.encode(bytes)))
}

/// Opens a sealed text.
pub(crate) fn open(ring: &KeyRing, belongs_to: &str, sealed: &str) -> Result<String, Unopened> {
    let rest = sealed.strip_prefix(PREFIX).ok_or(Unopened::UnknownForm)?;
    let (id, encoded) = rest.split_once(':').ok_or(Unopened::UnknownForm)?;
    let id = KeyId::from_digits(id).ok_or(Unopened::UnknownForm)?;
    let bytes = STANDARD_NO_PAD.decode(encoded).map_err(|_| Unopened::Changed)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Unopened::Changed)?;
    let key = ring.get(&id).ok_or(Unopened::UnknownKey(id))?;
    let payload = Payload { msg: sealed, aad: belongs_to.as_bytes() };
    let opened = cipher(key).decrypt(&XNonce::from(*nonce), payload);
    let opened = opened.map_err(|_| Unopened::Changed)?;
    String::from_utf8(opened).map_err(|_| Unopened::Changed)
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.bytes()))
}

/// Random bytes for the next sealing.
pub(crate) fn new_nonce() -> Result<[u8; NONCE_BYTES], getrandom::Error> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce)?;
    Ok(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "definitions/clinic/connection/ministry";
    const TEXT: &str = r#"{"password":"hunter2, with an ü"}"#;

    fn sealed(key: &SealingKey, text: &str) -> String {
        seal(key, new_nonce().unwrap(), HERE, text).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_at_its_place_only() {
        let (key, other) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
        let ring = KeyRing::of(other.clone()).and(key.clone());
        let text = sealed(&key, TEXT);
        assert!(text.starts_with(&format!("sealed:1:{}:", key.id())), "{text}");
        assert!(is_sealed(&text) && !is_sealed(TEXT));
        assert_eq!(open(&ring, HERE, &text).as_deref(), Ok(TEXT));
        let elsewhere = open(&ring, "definitions/clinic/connection/attacker", &text);
        assert_eq!(elsewhere, Err(Unopened::Changed));
        let without = open(&KeyRing::of(other), HERE, &text);
        assert_eq!(without, Err(Unopened::UnknownKey(key.id().clone())));
        for plain in ["", "x"] {
            assert_eq!(open(&ring, HERE, &sealed(&key, plain)).as_deref(), Ok(plain));
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = SealingKey::generate().unwrap();
        assert_ne!(sealed(&key, TEXT), sealed(&key, TEXT));
    }

    #[test]
    fn every_change_of_a_sealed_text_is_noticed() {
        let key = SealingKey::generate().unwrap();
        let ring = KeyRing::of(key.clone());
        let text = sealed(&key, TEXT);
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'b' { b'a' } else { b'b' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open(&ring, HERE, &changed).is_err(), "{changed}");
        }
        let begin = |length: usize| text.get(..length).unwrap().to_owned();
        for (changed, expected) in [
            (text.replace("sealed:1", "sealed:2"), Unopened::UnknownForm),
            (begin(PREFIX.len() + 9), Unopened::Changed),
            (begin(PREFIX.len() + 30), Unopened::Changed),
            (begin(text.len() - 1), Unopened::Changed),
            (format!("{text}A"), Unopened::Changed),
            (PREFIX.to_owned(), Unopened::UnknownForm),
        ] {
            assert_eq!(open(&ring, HERE, &changed), Err(expected), "{changed}");
        }
    }

    // draft-irtf-cfrg-xchacha-03, appendix A.3.1: the form is ours, the cipher is everybody's.
    #[test]
    fn the_cipher_is_the_published_one() {
        let key: Vec<u8> = (0x80..=0x9f).collect();
        let nonce: Vec<u8> = (0x40..=0x57).collect();
        let text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
                    for the future, sunscreen would be it.";
        let aad = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let key: [u8; 32] = key.try_into().unwrap();
        let nonce: [u8; 24] = nonce.try_into().unwrap();
        let sealed = XChaCha20Poly1305::new(&Key::from(key))
            .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &aad })
            .unwrap();
        let tag = fieldpost_model::hexadecimal::encode(&sealed[sealed.len() - 16..]);
        assert_eq!(tag, "c0875924c1c7987947deafd8780acf49");
        assert!(sealed.starts_with(&[0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b]));
    }
}
