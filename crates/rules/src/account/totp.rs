//! The second factor: six digits that an app on a phone shows, new every 30 seconds (RFC 6238, with
//! SHA-1, as all apps know it).
//!
//! Clocks differ a little, so the step before the present one and the one after are taken as well.
//! The answer names the step, so that whoever keeps it can refuse to take it twice.

use fieldpost_model::hexadecimal;
use fieldpost_model::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// Bytes of a made secret: as many as SHA-1 has.
pub const SECRET_BYTES: usize = 20;
/// How long a code is shown, in seconds.
const STEP_SECONDS: i64 = 30;
/// Steps that clocks may be apart.
const TOLERATED_STEPS: i64 = 1;
/// Digits of a code.
pub const DIGITS: usize = 6;
const CODES: u32 = 1_000_000;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of a time.
pub fn step(time: Timestamp) -> i64 {
    time.unix_seconds().div_euclid(STEP_SECONDS)
}

/// The code of a step; `None` for a secret that is no key.
pub fn code(secret: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 0x0f);
    let chosen: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    let number = u32::from_be_bytes(chosen) & 0x7fff_ffff;
    Some(format!("{:0width$}", number % CODES, width = DIGITS))
}

/// The step whose code was sent, where it is one that counts at this time and comes after
/// `last_step`.
pub fn accepted_step(
    secret: &[u8],
    sent: &str,
    now: Timestamp,
    last_step: Option<i64>,
) -> Option<i64> {
    let sent: String = sent.chars().filter(|letter| !letter.is_whitespace()).collect();
    let present = step(now);
    let mut found = None;
    // All steps are looked at, whichever fits.
    for step in present - TOLERATED_STEPS..=present + TOLERATED_STEPS {
        let is_new = last_step.is_none_or(|last| step > last);
        if same(&code(secret, step)?, &sent) && is_new {
            found = Some(step);
        }
    }
    found
}

/// Compares without stopping at the first difference.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    let differences = pairs.fold(0, |differences, (one, other)| differences | (one ^ other));
    one.len() == other.len() && differences == 0
}

/// Base32 without padding (RFC 4648), as apps and links take a secret.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0_u32);
    let digit = |value: u32| {
        let index = usize::try_from(value & 31).unwrap_or(0);
        char::from(BASE32.get(index).copied().unwrap_or(b'A'))
    };
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    text
}

/// The bytes that a text of [`base32`] stands for.
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = BASE32.iter().position(|other| *other == letter.to_ascii_uppercase())?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
        held &= (1 << bits) - 1;
    }
    Some(bytes)
}

/// The link that an app reads, mostly from a picture.
pub fn link(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1\
         &digits={DIGITS}&period={STEP_SECONDS}"
    )
}

/// Percent signs for all that is not a plain letter.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hexadecimal::encode(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the vectors of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The last six of the eight digits that the standard lists.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, step(at(seconds))).as_deref(), Some(expected), "{seconds}");
        }
    }

    #[test]
    fn one_step_aside_is_taken_and_none_twice() {
        let now = at(1_111_111_111);
        let present = step(now);
        for (aside, expected) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let sent = code(SECRET, present + aside).unwrap();
            let accepted = accepted_step(SECRET, &sent, now, None);
            assert_eq!(accepted, expected.then_some(present + aside), "{aside}");
        }
        let sent = code(SECRET, present).unwrap();
        assert_eq!(accepted_step(SECRET, &sent, now, Some(present)), None);
        assert_eq!(accepted_step(SECRET, &sent, now, Some(present - 1)), Some(present));
        let (first, second) = sent.split_at(3);
        let spaced = format!(" {first} {second} ");
        assert_eq!(accepted_step(SECRET, &spaced, now, None), Some(present));
        for wrong in ["", "1", "0504710", "050472"] {
            assert_eq!(accepted_step(SECRET, wrong, now, None), None, "{wrong}");
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(from_base32("M1"), None);
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(from_base32(&base32(&every)).unwrap(), every);
    }

    #[test]
    fn the_link_names_the_account() {
        assert_eq!(
            link("Fieldpost", "amina+x@example.org", "MZXW6"),
            "otpauth://totp/Fieldpost:amina%2Bx%40example.org?secret=MZXW6&issuer=Fieldpost\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
