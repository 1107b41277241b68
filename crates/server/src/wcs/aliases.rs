//! The numbers that stand for cases where nobody is named.
//!
//! The id of a case, and the number that its card has, may follow from what anybody can guess of somebody: from the id that
//! another system has for them. So a row without names has another number, which follows from the id by a secret of
//! the project: the same case has the same number for as long as the project has its secret, and nobody else can tell
//! whose it is.

use fieldpost_model::progress::Progress;
use fieldpost_store::StoreError;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Asked;

/// Numbers have so many bits: every language of JSON has room for them.
const BITS: u32 = 52;

/// What the numbers of a project's cases are made with.
#[derive(Clone)]
pub(super) struct Aliases(Hmac<Sha256>);

impl Aliases {
    /// Those of the project that is asked.
    pub(super) async fn of(asked: &Asked) -> Result<Self, StoreError> {
        let secret = asked.app.hub.store().project_secret(asked.project()).await?;
        Self::by(&secret)
    }

    fn by(secret: &[u8]) -> Result<Self, StoreError> {
        let mac = Hmac::new_from_slice(secret);
        mac.map(Self).map_err(|error| StoreError::Keys(error.to_string()))
    }

    fn number(&self, case_id: &str) -> u64 {
        let mut mac = self.0.clone();
        mac.update(b"fieldpost card without names\0");
        mac.update(case_id.as_bytes());
        let digest = <[u8; 32]>::from(mac.finalize().into_bytes());
        let beginning = digest.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(beginning) >> (u64::BITS - BITS)
    }

    /// The way of a card without its case, which a number stands for.
    pub(super) fn stand_for(&self, progress: &Progress) -> Option<Progress> {
        let number = self.number(progress.natural_id.as_deref()?);
        let alias = number.to_string();
        Some(Progress { natural_id: None, display_id: alias, number, ..progress.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_one_number_by_each_secret() {
        let [one, other] = [[1; 32], [2; 32]].map(|secret| Aliases::by(&secret).unwrap());
        assert_eq!(one.number("a"), one.number("a"));
        assert_ne!(one.number("a"), one.number("b"));
        assert_ne!(one.number("a"), other.number("a"));
        assert!(one.number("a") < 1 << BITS);
        assert_ne!(one.number("a"), fieldpost_dialects::wcs::case::number("a"));
    }
}
