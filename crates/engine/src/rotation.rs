//! Changing the key that seals the secrets in the store, while the hub goes on.

use std::sync::Arc;

use fieldpost_store::{KeyStatus, StoreError};

use crate::error::HubError;
use crate::hub::Hub;

impl Hub {
    /// The keys, and what is sealed with each.
    pub async fn key_status(&self) -> Result<KeyStatus, HubError> {
        Ok(self.store().key_status().await?)
    }

    /// Puts the next key into use, which is on disk when this returns, and begins to seal anew
    /// whatever was sealed with another one. [`Hub::key_status`] tells how far that has come. A hub
    /// that dies in the middle goes on with its next start or the next rotation.
    pub async fn rotate_key(&self) -> Result<KeyStatus, HubError> {
        self.store().begin_rotation().await.map_err(|error| match error {
            StoreError::Conflict(_) => HubError::NotAllowed {
                code: "rotation-under-way",
                message: "the key is being rotated already".to_owned(),
                hint: "`fieldpost key status` shows how far it has come".to_owned(),
            },
            error => error.into(),
        })?;
        let store = Arc::clone(self.store());
        self.spawn(async move {
            if let Err(error) = store.reseal().await {
                tracing::error!(%error, "the rotation of the key ended early: {error}");
            }
        });
        self.key_status().await
    }
}
