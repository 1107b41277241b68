//! Signing in with a password, and changing it.

use std::net::IpAddr;
use std::time::Duration;

use fieldpost_model::secret::Secret;
use fieldpost_rules::account::{LONGEST_EMAIL, email_key, password};
use fieldpost_store::{CHANGED_CREDENTIALS, StoreError, Tried, User};
use uuid::Uuid;

use super::{AccountError, BegunSession, Visitor, network};
use crate::hub::Hub;
use crate::ids::digest;

/// Tries that an account has within a window, from one address. Whoever tries more cannot keep its
/// owner out, who comes from another one.
const TRIES_OF_ACCOUNT_FROM_ADDRESS: u32 = 10;
/// Tries that an account has within a window, from wherever: a limit for those who have many
/// addresses.
const TRIES_OF_ACCOUNT: u32 = 200;
/// Tries of a password within a window by somebody who is in already.
const TRIES_WITHIN: u32 = 10;
/// Tries that an address has within a window: a whole office may come from one.
const TRIES_OF_ADDRESS: u32 = 50;
/// The window.
const WINDOW: Duration = Duration::from_mins(15);

/// Somebody who wants to come in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The mail address, as it was typed.
    pub email: String,
    /// The password.
    pub password: Secret,
    /// The code of the second factor, or a recovery code.
    pub code: Option<Secret>,
    /// Where they come from.
    pub visitor: Visitor,
}

impl Hub {
    /// Lets somebody in who knows the password and, where there is one, has the second factor.
    pub async fn sign_in(&self, attempt: &SignIn) -> Result<BegunSession, AccountError> {
        // Longer than any account has them: not worth any work.
        let bytes = (attempt.email.len(), attempt.password.expose().len());
        if bytes.0 > LONGEST_EMAIL || bytes.1 > password::MOST_BYTES {
            return Err(AccountError::WrongCredentials(None));
        }
        let key = email_key(&attempt.email);
        let from = attempt.visitor.address;
        let tried =
            [Some(of_account(&key)), Some(of_account_from(&key, from)), from.map(of_address)];
        let tried: Vec<Tried> = tried.into_iter().flatten().collect();
        self.count_try(&tried).await?;
        let user = self.store().user_by_email(&key).await?;
        let id = user.as_ref().map_or(Uuid::nil(), |user| user.id);
        let kept = self.store().password_digest(id).await?;
        let right = self.passwords().is_right(&attempt.password, kept, from).await?;
        let user = match user {
            Some(user) if right && !user.disabled => user,
            other => return Err(AccountError::WrongCredentials(other.map(Box::new))),
        };
        if user.second_factor {
            let Some(code) = &attempt.code else {
                // The try goes on with the code.
                self.store().give_try_back(&tried).await?;
                return Err(AccountError::CodeNeeded(Box::new(user)));
            };
            if !self.take_code(user.id, code).await? {
                return Err(AccountError::WrongCredentials(Some(Box::new(user))));
            }
        }
        self.store().give_try_back(&tried).await?;
        self.store().forget_tries(&of_account_from(&key, from)).await?;
        self.begin_session(user, &attempt.visitor).await
    }

    /// Counts a try at an account by somebody who has a link of it.
    pub(super) async fn count_try_of_account(&self, email: &str) -> Result<(), AccountError> {
        self.count_try(&[of_account(&email_key(email))]).await
    }

    /// Counts a try of an address to come in with something else than an account.
    pub async fn count_try_of_address(&self, visitor: &Visitor) -> Result<(), AccountError> {
        let tried: Vec<Tried> = visitor.address.map(of_address).into_iter().collect();
        self.count_try(&tried).await
    }

    /// Gives an address its try back: it was none after all.
    pub async fn give_try_of_address_back(&self, visitor: &Visitor) -> Result<(), AccountError> {
        let tried: Vec<Tried> = visitor.address.map(of_address).into_iter().collect();
        Ok(self.store().give_try_back(&tried).await?)
    }

    async fn count_try(&self, tried: &[Tried]) -> Result<(), AccountError> {
        match self.store().count_try(tried, WINDOW).await? {
            Some(wait) => Err(AccountError::TooManyTries(wait)),
            None => Ok(()),
        }
    }

    /// Begins the session of somebody whose password and code were right. Where they were changed
    /// while that was looked at, they are wrong by now.
    async fn begin_session(
        &self,
        user: User,
        visitor: &Visitor,
    ) -> Result<BegunSession, AccountError> {
        let (secret, session) = self.new_session(Some(user.id), user.generation, visitor);
        let begun = self.store().begin_session(&session, self.settings().session_idle).await;
        match begun {
            Ok(()) => Ok(BegunSession { user: Some(user), secret }),
            Err(StoreError::Conflict(conflict)) if conflict == CHANGED_CREDENTIALS => {
                Err(AccountError::WrongCredentials(Some(Box::new(user))))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Checks the password of somebody who is in already. Whoever found a browser open has no more
    /// tries than a stranger.
    pub(super) async fn require_password(
        &self,
        user: &User,
        password: &Secret,
        visitor: &Visitor,
    ) -> Result<(), AccountError> {
        let subject = digest(&format!("within/{}", user.id));
        let tried = [Tried { subject, limit: TRIES_WITHIN }];
        self.count_try(&tried).await?;
        let kept = self.store().password_digest(user.id).await?;
        if !self.passwords().is_right(password, kept, visitor.address).await? {
            return Err(AccountError::WrongCredentials(Some(Box::new(user.clone()))));
        }
        Ok(self.store().give_try_back(&tried).await?)
    }

    /// Changes a password, ends all sessions of the user, and begins one with a new secret.
    pub async fn change_password(
        &self,
        user: User,
        current: &Secret,
        new: &Secret,
        visitor: &Visitor,
    ) -> Result<BegunSession, AccountError> {
        self.require_password(&user, current, visitor).await?;
        let digest = self.new_password_digest(new, &user.email, visitor).await?;
        let (secret, session) = self.new_session(Some(user.id), user.generation, visitor);
        self.store().change_password(user.id, &digest, &session).await?;
        Ok(BegunSession { user: Some(user), secret })
    }

    /// The digest of a password that somebody chooses.
    pub(super) async fn new_password_digest(
        &self,
        new: &Secret,
        email: &str,
        visitor: &Visitor,
    ) -> Result<String, AccountError> {
        match password::objection(new.expose(), email) {
            Some((what, hint)) => {
                Err(AccountError::Unfit { field: "password", what: what.to_owned(), hint })
            }
            None => self.passwords().hash(new, visitor.address).await,
        }
    }
}

fn of_account(email_key: &str) -> Tried {
    Tried { subject: digest(&format!("account/{email_key}")), limit: TRIES_OF_ACCOUNT }
}

fn of_account_from(email_key: &str, address: Option<IpAddr>) -> Tried {
    let network = address.map(network).unwrap_or_default();
    let subject = digest(&format!("account/{email_key}/from/{network}"));
    Tried { subject, limit: TRIES_OF_ACCOUNT_FROM_ADDRESS }
}

fn of_address(address: IpAddr) -> Tried {
    let subject = digest(&format!("address/{}", network(address)));
    Tried { subject, limit: TRIES_OF_ADDRESS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_the_sixth_version_are_one() {
        let of = |text: &str| of_address(text.parse().unwrap()).subject;
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
