//! The tokens of connections, kept in the store, where all hubs of a database find them.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::tokens::{
    KeptToken, Pending, TokenKey, TokenStore, TokenStoreError, Turn, Written,
};
use fieldpost_store::{Store, StoreError, StoredToken, TokenOwner, TokenTurn};

/// The tokens of a store.
#[derive(Clone, Debug)]
pub struct SharedTokens {
    store: Arc<Store>,
}

impl SharedTokens {
    /// The tokens of this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

fn owner(key: &TokenKey) -> TokenOwner {
    TokenOwner {
        project: Arc::clone(&key.project),
        connection: key.connection.clone(),
        fingerprint: key.fingerprint,
    }
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
            let found = self.store.token(&owner(key)).await.map_err(told)?;
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
            let turn = self.store.take_token_turn(&owner(key), beyond, lease).await;
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
            let written = self.store.write_token(&owner(key), fence, &text, expires_at).await;
            Ok(match written.map_err(told)? {
                Some(generation) => Written::Kept { generation },
                None => Written::TurnLost,
            })
        })
    }

    fn give_back<'a>(&'a self, key: &'a TokenKey, fence: u64) -> Pending<'a, ()> {
        Box::pin(
            async move { self.store.give_token_turn_back(&owner(key), fence).await.map_err(told) },
        )
    }
}
