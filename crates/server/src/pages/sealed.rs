//! Texts that this installation gave away and gets back: signed, for one purpose and for a time.
//!
//! Every hub of the installation recognises them, also after a restart, and nothing has to be remembered
//! of strangers. They are signed, not hidden: what stands in them is known to whoever they are given to.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes of the time that stands before each text.
const TIME_BYTES: usize = 8;
const SIGNATURE_BYTES: usize = 32;

/// What a text is signed for: one for a purpose is good for no other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    /// What the installation signs with.
    pub(super) installation: &'a Secret,
    /// What it is for.
    pub(super) what: &'a str,
    /// The project and what else it belongs to.
    pub(super) of: &'a [&'a str],
}

impl Purpose<'_> {
    fn signature(&self, content: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
        let key = self.installation.expose().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(b"fieldpost pages");
        for part in std::iter::once(&self.what).chain(self.of) {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.update(&length.to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(content);
        Some(mac.finalize().into_bytes().into())
    }

    /// Signs a text, which is good from that moment on.
    pub(super) fn seal(&self, since: Timestamp, text: &[u8]) -> String {
        let mut content = since.0.to_be_bytes().to_vec();
        content.extend_from_slice(text);
        let Some(signature) = self.signature(&content) else { return String::new() };
        content.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(content)
    }

    /// The text that was signed for this purpose, and since when it has been good; `None` where it was not,
    /// or is too old.
    pub(super) fn open(
        &self,
        sealed: &str,
        now: Timestamp,
        lasts: Duration,
    ) -> Option<(Timestamp, Vec<u8>)> {
        let content = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (content, signature) =
            content.split_at_checked(content.len().checked_sub(SIGNATURE_BYTES)?)?;
        let expected = self.signature(content)?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_slice(), signature)) {
            return None;
        }
        let (time, text) = content.split_first_chunk::<TIME_BYTES>()?;
        let since = Timestamp(i64::from_be_bytes(*time));
        // A minute is how far the clocks of two hubs may be apart.
        let begins = since - Duration::from_mins(1);
        (begins <= now && now <= since + lasts).then(|| (since, text.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_good_for_its_purpose_and_its_time() {
        let (installation, other) = (Secret::new("one"), Secret::new("two"));
        let purpose = |installation, what, of| Purpose { installation, what, of };
        let now = Timestamp(1_000_000_000);
        let hour = Duration::from_hours(1);
        let sealed = purpose(&installation, "state", &["a", "b"]).seal(now, b"text");
        let text = |purpose: Purpose<'_>, sealed: &str, now| {
            purpose.open(sealed, now, hour).map(|(_, text)| text)
        };
        let good = purpose(&installation, "state", &["a", "b"]);
        assert_eq!(text(good, &sealed, now).as_deref(), Some(b"text".as_slice()));
        assert!(text(good, &sealed, now + hour).is_some());
        let mut changed = sealed.clone().into_bytes();
        changed[12] = if changed[12] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        for (purpose, sealed, now) in [
            (good, sealed.as_str(), now + hour + Duration::from_secs(1)),
            (good, &sealed, now - Duration::from_mins(2)),
            (good, &changed, now),
            (good, "", now),
            (good, "AAAA", now),
            (purpose(&other, "state", &["a", "b"]), &sealed, now),
            (purpose(&installation, "session", &["a", "b"]), &sealed, now),
            (purpose(&installation, "state", &["ab", ""]), &sealed, now),
        ] {
            assert_eq!(text(purpose, sealed, now), None, "{purpose:?} {sealed}");
        }
    }
}
