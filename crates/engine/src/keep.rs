//! Keep: the one transaction that a yes to a sender means.

use fieldpost_store::{Accept, Accepted, Store, StoreError};

/// How often a plan is made anew because the definitions changed meanwhile. Each time somebody
/// saved a change within the milliseconds between planning and keeping, so a few are plenty.
pub(crate) const MOST_PLANS: usize = 8;

/// Asks the store to keep a message with all that it calls for. `None`: the plan was made from
/// definitions that have changed, and a new one is needed.
pub(crate) async fn keep(store: &Store, accept: Accept) -> Result<Option<Accepted>, StoreError> {
    match store.accept(accept).await? {
        Accepted::Stale => Ok(None),
        accepted => Ok(Some(accepted)),
    }
}
