//! The second factor of a user: begun, confirmed by a code, asked for at each sign-in.

use fieldpost_model::secret::Secret;
use fieldpost_rules::account::totp;
use fieldpost_store::{StoreError, User};
use uuid::Uuid;

use super::{AccountError, Visitor};
use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::{digest, random_bytes};

/// Recovery codes that a user gets.
const RECOVERY_CODES: usize = 10;
/// Bytes of randomness in each: 16 letters.
const RECOVERY_BYTES: usize = 10;
/// Letters between dashes.
const GROUP: usize = 4;
/// Who the app says that a code is for.
const ISSUER: &str = "Fieldpost";

/// A second factor that is still to be confirmed.
#[derive(Clone, Debug)]
pub struct BegunSecondFactor {
    /// The secret, as apps take it by hand.
    pub secret: Secret,
    /// The same as a link, which apps read from a picture.
    pub link: Secret,
}

impl Hub {
    /// Makes a second factor, which counts once it is confirmed. Who does it knows the password:
    /// whoever finds a browser open must not shut its owner out.
    pub async fn begin_second_factor(
        &self,
        user: &User,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<BegunSecondFactor, AccountError> {
        self.require_password(user, password, visitor).await?;
        let secret = totp::base32(&random_bytes::<{ totp::SECRET_BYTES }>());
        let link = Secret::new(totp::link(ISSUER, &user.email, &secret));
        let secret = Secret::new(secret);
        if self.store().begin_second_factor(user.id, &secret).await? {
            Ok(BegunSecondFactor { secret, link })
        } else {
            Err(HubError::NotAllowed {
                code: "second-factor-on",
                message: "this account has a second factor".to_owned(),
                hint: "remove it first, with your password".to_owned(),
            }
            .into())
        }
    }

    /// Confirms a second factor by a code of it; the answer is the recovery codes.
    pub async fn confirm_second_factor(
        &self,
        user: &User,
        code: &Secret,
    ) -> Result<Vec<Secret>, AccountError> {
        let found = self.store().second_factor(user.id).await?;
        let Some(factor) = found.filter(|factor| factor.confirmed_at.is_none()) else {
            return Err(HubError::NotAllowed {
                code: "no-second-factor-begun",
                message: "there is no second factor to confirm".to_owned(),
                hint: "begin one with POST account/second-factor".to_owned(),
            }
            .into());
        };
        let bytes = totp::from_base32(factor.secret.expose()).unwrap_or_default();
        let Some(step) = totp::accepted_step(&bytes, code.expose(), self.now(), None) else {
            return Err(AccountError::Unfit {
                field: "code",
                what: "this is not the code that the app shows now".to_owned(),
                hint: "is the clock of the phone right? type the newest code".to_owned(),
            });
        };
        let (codes, digests) = new_recovery_codes();
        if !self.store().confirm_second_factor(user.id, &factor, step, &digests).await? {
            let what = "the second factor was begun anew meanwhile";
            return Err(StoreError::Conflict(what.to_owned()).into());
        }
        Ok(codes)
    }

    /// Makes other recovery codes, in the place of those that are left; who does it knows the
    /// password.
    pub async fn renew_recovery_codes(
        &self,
        user: &User,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<Vec<Secret>, AccountError> {
        self.require_password(user, password, visitor).await?;
        let (codes, digests) = new_recovery_codes();
        if !self.store().replace_recovery_codes(user.id, &digests).await? {
            return Err(HubError::NotAllowed {
                code: "no-second-factor",
                message: "this account has no second factor".to_owned(),
                hint: "recovery codes come with one".to_owned(),
            }
            .into());
        }
        Ok(codes)
    }

    /// Removes a second factor; who does it knows the password.
    pub async fn remove_second_factor(
        &self,
        user: &User,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<(), AccountError> {
        self.require_password(user, password, visitor).await?;
        self.store().remove_second_factor(user.id).await?;
        Ok(())
    }

    /// Takes a code of the second factor, or a recovery code: each once.
    pub(super) async fn take_code(
        &self,
        account: Uuid,
        code: &Secret,
    ) -> Result<bool, AccountError> {
        let Some(factor) = self.store().second_factor(account).await? else { return Ok(false) };
        let bytes = totp::from_base32(factor.secret.expose()).unwrap_or_default();
        let accepted = totp::accepted_step(&bytes, code.expose(), self.now(), factor.last_step);
        if let Some(step) = accepted {
            return Ok(self.store().take_step(account, step).await?);
        }
        let digest = recovery_digest(code.expose());
        Ok(self.store().take_recovery_code(account, digest).await?)
    }
}

/// Recovery codes, and their digests.
fn new_recovery_codes() -> (Vec<Secret>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| new_recovery_code()).collect();
    let digests = codes.iter().map(|code| recovery_digest(code)).collect();
    (codes.into_iter().map(Secret::new).collect(), digests)
}

fn new_recovery_code() -> String {
    let letters = totp::base32(&random_bytes::<RECOVERY_BYTES>()).to_ascii_lowercase();
    let mut code = String::new();
    for (index, letter) in letters.chars().enumerate() {
        if index > 0 && index.is_multiple_of(GROUP) {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

/// The digest of a recovery code, however it is typed.
fn recovery_digest(code: &str) -> [u8; 32] {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    digest(&letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_four_groups_and_read_as_typed() {
        let code = new_recovery_code();
        let groups: Vec<usize> = code.split('-').map(str::len).collect();
        assert_eq!(groups, [4, 4, 4, 4], "{code}");
        assert_ne!(code, new_recovery_code());
        let typed = format!(" {} ", code.replace('-', " ").to_uppercase());
        assert_eq!(recovery_digest(&code), recovery_digest(&typed));
        assert_ne!(recovery_digest(&code), recovery_digest(&new_recovery_code()));
    }
}
