//! Turns: who plans what becomes of a submission or a case does so alone, within this hub.
//!
//! A plan names the revision of everything that it changes, and the transaction that keeps it compares
//! them; so two plans for one case never both count. That alone would be right, but under load the
//! slower ones would be made again and again. Here they wait for each other instead, key by key:
//! plans for other submissions and cases go on beside them. Hubs that share a database do not know of
//! each other's turns; between them the comparison decides.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

/// Locks that keys share by chance. More than plans are under way at once, so that few wait for
/// nothing.
const STRIPES: usize = 1_024;

/// The locks.
pub(crate) struct Turns(Box<[Arc<Mutex<()>>]>);

/// A turn; it ends when it is dropped.
pub(crate) struct Turn {
    _guards: Vec<OwnedMutexGuard<()>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Waits until nobody else has any of these keys. They are taken in one order by everybody, so that
    /// nobody waits for somebody who waits for him.
    pub(crate) async fn take<'k>(
        &self,
        project: &str,
        keys: impl IntoIterator<Item = Key<'k>>,
    ) -> Turn {
        let stripes: BTreeSet<usize> = keys.into_iter().map(|key| stripe(project, key)).collect();
        let mut guards = Vec::with_capacity(stripes.len());
        for stripe in stripes {
            if let Some(lock) = self.0.get(stripe) {
                guards.push(Arc::clone(lock).lock_owned().await);
            }
        }
        Turn { _guards: guards }
    }
}

/// What a turn is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key<'k> {
    /// A submission, by the id that its sender gave it.
    Instance(&'k str),
    /// A case.
    Case(&'k str),
}

fn stripe(project: &str, key: Key<'_>) -> usize {
    let mut hasher = DefaultHasher::new();
    (project, key).hash(&mut hasher);
    usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Long enough for whoever could go on to do so.
    const PATIENCE: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn one_key_is_with_one_plan_at_a_time_and_others_go_on() {
        let turns = Turns::default();
        let first = turns.take("clinic", [Key::Case("a"), Key::Case("b"), Key::Case("a")]).await;
        for keys in [vec![Key::Case("b")], vec![Key::Case("c"), Key::Case("a")]] {
            assert!(timeout(PATIENCE, turns.take("clinic", keys)).await.is_err());
        }
        assert_ne!(stripe("clinic", Key::Case("c")), stripe("clinic", Key::Case("a")));
        assert!(timeout(PATIENCE, turns.take("clinic", [Key::Case("c")])).await.is_ok());
        drop(first);
        assert!(timeout(PATIENCE, turns.take("clinic", [Key::Case("a")])).await.is_ok());
    }

    #[tokio::test]
    async fn plans_for_the_same_keys_in_any_order_all_come_to_their_turn() {
        let turns = Arc::new(Turns::default());
        let names: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let plans = (0..20).map(|plan: usize| {
            let (turns, mut names) = (Arc::clone(&turns), names.clone());
            tokio::spawn(async move {
                names.rotate_left(plan * 7);
                let turn = turns.take("clinic", names.iter().map(|name| Key::Case(name))).await;
                tokio::task::yield_now().await;
                drop(turn);
            })
        });
        for plan in plans.collect::<Vec<_>>() {
            plan.await.unwrap();
        }
    }
}
