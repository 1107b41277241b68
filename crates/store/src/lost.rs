//! Claims whose answer was lost.
//!
//! The database may have given us deliveries although we were never told: it went away between the
//! commit and the answer, what they carry could not be read, or whoever asked stopped waiting.
//! Nobody would send them before the lease is over. So every claim is made under a name of its
//! own, a claim that ended without an answer is noted here, and before the next claim whatever is
//! held under that name is given back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Store;
use crate::error::StoreError;
use crate::statement::Batch;

/// The claims that ended without an answer, and the names of claims to come.
#[derive(Debug, Default)]
pub(crate) struct LostClaims {
    made: AtomicU64,
    /// The names that they were made under.
    lost: Mutex<Vec<String>>,
}

impl LostClaims {
    /// Begins a claim of this start. Unless it is [answered](Begun::answered), it is lost.
    pub(crate) fn begin(&self, start: &str) -> Begun<'_> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Begun { claims: self, owner: Some(format!("{start}/{number}")) }
    }

    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim that was begun and not answered yet.
pub(crate) struct Begun<'c> {
    claims: &'c LostClaims,
    owner: Option<String>,
}

impl Begun<'_> {
    /// The name that the claim is made under.
    pub(crate) fn owner(&self) -> &str {
        self.owner.as_deref().unwrap_or_default()
    }

    /// The answer is here: what was claimed is known.
    pub(crate) fn answered(mut self) {
        self.owner = None;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.claims.list().extend(self.owner.take());
    }
}

impl Store {
    /// Gives back what lost claims hold. Until that succeeds they stay lost.
    pub(crate) async fn free_lost_claims(&self) -> Result<(), StoreError> {
        let lost: Vec<String> = self.lost_claims.list().clone();
        if lost.is_empty() {
            return Ok(());
        }
        // On SQLite, a claim that nobody waited for may not have been made yet: the writer comes to it
        // before it comes to this.
        self.change(Batch::default()).await?;
        self.release_of(&lost).await?;
        self.free_runs_of(&lost).await?;
        self.lost_claims.list().retain(|owner| !lost.contains(owner));
        Ok(())
    }
}
