//! What signed requests may say only once, known to all hubs.
//!
//! A nonce is kept as a digest: its caller makes it as long as it likes.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Parameter, as_integer};
use crate::text::storable_key;

impl Store {
    /// Uses a nonce of a caller for so long. `true`: nobody had used it; `false`: it is in use, and stays so
    /// for as long as it was to be.
    pub async fn use_nonce(
        &self,
        project: &str,
        orig: &str,
        nonce: &str,
        keep_for: Duration,
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.any(
            format!(
                "INSERT INTO nonces (project, orig, nonce, until)
                 VALUES ($1, $2, $3, {now} + $4)
                 ON CONFLICT (project, orig, nonce) DO UPDATE SET until = excluded.until
                 WHERE nonces.until <= {now}"
            ),
            vec![
                project.into(),
                storable_key(orig.to_owned()).into(),
                Parameter::Bytes(Sha256::digest(nonce.as_bytes()).to_vec()),
                as_integer(keep_for.as_micros()).into(),
            ],
        );
        Ok(self.change(batch).await?.first() == Some(&1))
    }

    /// Forgets nonces that are over, up to `limit`; how many they were.
    pub async fn sweep_nonces(&self, limit: usize) -> Result<u64, StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!(
                "DELETE FROM nonces WHERE (project, orig, nonce) IN (
                     SELECT project, orig, nonce FROM nonces WHERE until <= {}
                     ORDER BY until LIMIT $1 {})",
                self.now_sql(),
                self.engine.left_to_others()
            ),
            vec![as_integer(limit).into()],
        );
        Ok(self.change(batch).await?.first().copied().unwrap_or(0))
    }
}
