//! The tokens of connections, kept in the store, where all hubs of a database find them.
//!
//! A token's fingerprint is a plain digest over a password and over what can be guessed beside it.
//! Whoever holds a copy of the database could try passwords against it as fast as digests are
//! computed. So the store is handed the fingerprint keyed: with a key of the installation, which
//! lies sealed, and without which there is nothing to try against.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::tokens::{
    KeptToken, Pending, TokenKey, TokenStore, TokenStoreError, Turn, Written,
};
use fieldpost_store::{Store, StoreError, StoredToken, TokenOwner, TokenTurn};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::OnceCell;

use crate::ids::new_secret;

/// The fact that holds the key of fingerprints.
const FINGERPRINT_KEY: &str = "token-fingerprint-key";

/// The tokens of a store.
#[derive(Debug)]
pub struct SharedTokens {
    store: Arc<Store>,
    /// The installation's key of fingerprints, once it was needed. It never changes.
    fingerprint_key: OnceCell<Secret>,
}

impl SharedTokens {
    /// The tokens of this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, fingerprint_key: OnceCell::new() }
    }

    /// Whose token it is, as the store is told.
    async fn owner(&self, key: &TokenKey) -> Result<TokenOwner, TokenStoreError> {
        let made = || self.store.secret_fact_or_make(FINGERPRINT_KEY, new_secret);
        let keyed_with = self.fingerprint_key.get_or_try_init(made).await.map_err(told)?;
        Ok(TokenOwner {
            project: Arc::clone(&key.project),
            connection: key.connection.clone(),
            fingerprint: keyed(&key.fingerprint, keyed_with)?,
        })
    }
}

fn keyed(fingerprint: &[u8; 32], key: &Secret) -> Result<[u8; 32], TokenStoreError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
        .map_err(|error| TokenStoreError(error.to_string()))?;
    mac.update(fingerprint);
    Ok(mac.finalize().into_bytes().into())
}

fn kept(token: StoredToken) -> KeptToken {
    let StoredToken { text, expires_at, generation } = token;
    KeptToken { text, expires_at, generation }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: StoreError) -> TokenStoreError {
    TokenStoreError(error.to_string())
}

impl TokenStore for SharedTokens {
    fn read<'a>(&'a self, key: &'a TokenKey) -> Pending<'a, Option<KeptToken>> {
        Box::pin(async move {
            let found = self.store.token(&self.owner(key).await?).await.map_err(told)?;
            Ok(found.map(kept))
        })
    }

    fn take_turn<'a>(
        &'a self,
        key: &'a TokenKey,
        beyond: u64,
        lease: Duration,
    ) -> Pending<'a, Turn> {
        Box::pin(async move {
            let turn = self.store.take_token_turn(&self.owner(key).await?, beyond, lease).await;
            Ok(match turn.map_err(told)? {
                TokenTurn::Ours(fence) => Turn::Ours { fence },
                TokenTurn::Taken(for_at_most) => Turn::Taken { for_at_most },
                TokenTurn::Newer(token) => Turn::Newer(kept(token)),
            })
        })
    }

    fn write<'a>(
        &'a self,
        key: &'a TokenKey,
        fence: u64,
        text: Secret,
        expires_at: Option<Timestamp>,
    ) -> Pending<'a, Written> {
        Box::pin(async move {
            let owner = self.owner(key).await?;
            let written = self.store.write_token(&owner, fence, &text, expires_at).await;
            Ok(match written.map_err(told)? {
                Some(generation) => Written::Kept { generation },
                None => Written::TurnLost,
            })
        })
    }

    fn give_back<'a>(&'a self, key: &'a TokenKey, fence: u64) -> Pending<'a, ()> {
        Box::pin(async move {
            let owner = self.owner(key).await?;
            self.store.give_token_turn_back(&owner, fence).await.map_err(told)
        })
    }
}
