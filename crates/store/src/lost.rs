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
use crate::records::{Lane, LaneDemand};
use crate::statement::Batch;

/// A claim by the name that it was made under, and where it looked.
#[derive(Clone, Debug)]
struct Claim {
    owner: String,
    lanes: Vec<Lane>,
}

/// The claims that ended without an answer, and the names of claims to come.
#[derive(Debug, Default)]
pub(crate) struct LostClaims {
    made: AtomicU64,
    lost: Mutex<Vec<Claim>>,
}

impl LostClaims {
    /// Begins a claim of this start. Unless it is [answered](Begun::answered), it is lost.
    pub(crate) fn begin(&self, start: &str, demands: &[LaneDemand]) -> Begun<'_> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let lanes = demands.iter().map(|demand| demand.lane.clone()).collect();
        Begun { claims: self, claim: Some(Claim { owner: format!("{start}/{number}"), lanes }) }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Claim>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim that was begun and not answered yet.
pub(crate) struct Begun<'c> {
    claims: &'c LostClaims,
    claim: Option<Claim>,
}

impl Begun<'_> {
    /// The name that the claim is made under.
    pub(crate) fn owner(&self) -> &str {
        self.claim.as_ref().map_or("", |claim| &claim.owner)
    }

    /// The answer is here: what was claimed is known.
    pub(crate) fn answered(mut self) {
        self.claim = None;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.claims.list().extend(self.claim.take());
    }
}

impl Store {
    /// Gives back what lost claims hold. Until that succeeds they stay lost.
    pub(crate) async fn free_lost_claims(&self) -> Result<(), StoreError> {
        let lost: Vec<Claim> = self.lost_claims.list().clone();
        if lost.is_empty() {
            return Ok(());
        }
        let now = self.now_sql();
        let mut batch = Batch::default();
        for Claim { owner, lanes } in &lost {
            for lane in lanes {
                batch.any(
                    format!(
                        "UPDATE queue SET next_at = {now}, owner = NULL
                         WHERE project = $1 AND lane = $2 AND owner = $3"
                    ),
                    vec![(&*lane.project).into(), lane.name.as_str().into(), owner.as_str().into()],
                );
            }
        }
        self.change(batch).await?;
        let freed = |claim: &Claim| lost.iter().any(|freed| freed.owner == claim.owner);
        self.lost_claims.list().retain(|claim| !freed(claim));
        Ok(())
    }
}
