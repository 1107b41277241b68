//! Passwords: argon2id, on threads that may be busy, and only so many at once.
//!
//! Each digest takes 19 MiB and tens of milliseconds on purpose. Without a bound, a few hundred
//! strangers who sign in at once would take the memory and the processor that deliveries need. Of
//! the places to wait each address has a share, so that nobody keeps all others out.

use std::net::IpAddr;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use fieldpost_model::secret::Secret;
use fieldpost_store::StoreError;
use tokio::sync::Semaphore;

use super::shares::Shares;
use super::{AccountError, network};
use crate::ids::random_bytes;

/// Memory of one digest, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Threads of one digest.
const LANES: u32 = 1;
/// Bytes of the salt.
const SALT_BYTES: usize = 16;
/// Digests that are made at once.
const AT_ONCE: usize = 2;
/// Callers that may wait for their turn; more are told to come back.
const MOST_WAITING: usize = 64;
/// Callers from one address that may wait, those whose turn it is included.
const MOST_WAITING_FROM_ADDRESS: usize = 8;

/// Makes and compares digests of passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    shares: Shares,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            shares: Shares::new(MOST_WAITING_FROM_ADDRESS),
        }
    }
}

impl Passwords {
    /// The digest of a password, with a salt of its own.
    pub(crate) async fn hash(
        &self,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<String, AccountError> {
        let password = password.clone();
        self.in_turn(from, move || hash(&password)).await?
    }

    /// Whether the digest is that of the password. Without a digest the answer is no, after the
    /// same work.
    pub(crate) async fn is_right(
        &self,
        password: &Secret,
        digest: Option<String>,
        from: Option<IpAddr>,
    ) -> Result<bool, AccountError> {
        let password = password.clone();
        self.in_turn(from, move || match digest {
            Some(digest) => is_right(&password, &digest),
            None => hash(&password).map(|_| false),
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        from: Option<IpAddr>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        // Whoever nobody knows the address of has one share together.
        let share = self.shares.take(from.map(network).unwrap_or_default());
        let share = share.ok_or(StoreError::Busy)?;
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| StoreError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::Busy)?;
        // The turn goes with the work: a client that hangs up does not let the next one in early.
        let done = tokio::task::spawn_blocking(move || {
            let _until_done = (share, place, turn);
            work()
        });
        done.await.map_err(|error| StoreError::Unavailable(error.to_string()).into())
    }
}

fn argon2() -> Result<Argon2<'static>, AccountError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(refused)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Secret) -> Result<String, AccountError> {
    let salt = random_bytes::<SALT_BYTES>();
    let digest: PasswordHash =
        argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(refused)?;
    Ok(digest.to_string())
}

/// The digest says itself how it was made, so that digests of older versions go on working.
fn is_right(password: &Secret, digest: &str) -> Result<bool, AccountError> {
    let digest = PasswordHash::new(digest).map_err(refused)?;
    Ok(argon2()?.verify_password(password.expose().as_bytes(), &digest).is_ok())
}

fn refused(error: impl std::fmt::Display) -> AccountError {
    StoreError::Refused(format!("a password cannot be digested: {error}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_alone_is_right() {
        let passwords = Passwords::default();
        let digest = passwords.hash(&Secret::new("correct horse"), None).await.unwrap();
        assert!(digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{digest}");
        assert_ne!(digest, passwords.hash(&Secret::new("correct horse"), None).await.unwrap());
        for (password, expected) in [("correct horse", true), ("correct horsf", false), ("", false)]
        {
            let right =
                passwords.is_right(&Secret::new(password), Some(digest.clone()), None).await;
            assert_eq!(right.unwrap(), expected, "{password}");
        }
        assert!(!passwords.is_right(&Secret::new("correct horse"), None, None).await.unwrap());
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_sent_away() {
        let passwords = Passwords::default();
        let held = Arc::clone(&passwords.waiting).try_acquire_many_owned(64).unwrap();
        let refused = passwords.hash(&Secret::new("correct horse"), None).await.unwrap_err();
        assert!(matches!(refused, AccountError::Hub(crate::HubError::Store(StoreError::Busy))));
        drop(held);
        assert!(passwords.hash(&Secret::new("correct horse"), None).await.is_ok());
    }

    #[tokio::test]
    async fn one_address_cannot_take_every_place() {
        let passwords = Passwords::default();
        let [one, other]: [IpAddr; 2] = [[192, 0, 2, 1].into(), [192, 0, 2, 2].into()];
        let held: Vec<_> = (0..MOST_WAITING_FROM_ADDRESS)
            .map(|_| passwords.shares.take(network(one)).unwrap())
            .collect();
        let password = Secret::new("correct horse");
        let refused = passwords.hash(&password, Some(one)).await.unwrap_err();
        assert!(matches!(refused, AccountError::Hub(crate::HubError::Store(StoreError::Busy))));
        assert!(passwords.hash(&password, Some(other)).await.is_ok(), "others have their share");
        drop(held);
        assert!(passwords.hash(&password, Some(one)).await.is_ok());
    }
}
