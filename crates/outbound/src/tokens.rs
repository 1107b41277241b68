//! Tokens that live longer than a call, and who may ask for the next one.
//!
//! A token is asked for once and then shown with every call until it expires. Hubs that share a
//! database share their tokens as well: destinations count logins, and some forget the old token
//! as soon as they hand out a new one, so that two hubs which each log in for themselves would
//! throw each other out for ever.
//!
//! A [`TokenStore`] is where they meet. It holds one token for each [`TokenKey`] and lets one
//! caller at a time ask for the next one. Every token written has a higher generation than the one
//! before; whoever finds that its token no longer works asks for one *beyond* its generation, so
//! that a hundred callers with the same stale token lead to one new token and not to a hundred.
//!
//! [`MemoryTokens`] is the store of a hub that shares with nobody.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use tokio::time::Instant;

/// Whose token it is, and what it was asked for with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenKey {
    /// The project.
    pub project: ProjectName,
    /// The connection's name.
    pub connection: String,
    /// SHA-256 over everything that the token is asked for with: kind, URLs, names and secrets.
    /// Whoever changes one of them is never shown a token that was got with the old ones.
    pub fingerprint: [u8; 32],
}

/// A token as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptToken {
    /// The token, with whatever belongs to it; opaque to the store, and as secret as a password.
    pub text: Secret,
    /// From when on it must not be shown any more, by the wall clock; `None` where nobody said.
    pub expires_at: Option<Timestamp>,
    /// How many tokens were written under this key before and with this one; the first has 1.
    pub generation: u64,
}

/// What came of asking for the turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The turn is the caller's. It names the fence when it writes the token or gives the turn back.
    Ours {
        /// Tells this turn from every other of the same key.
        fence: u64,
    },
    /// Somebody else has the turn. It is free again no later than after this time.
    Taken {
        /// What is left of the other one's lease.
        for_at_most: Duration,
    },
    /// Nobody has to ask: a token beyond the one that the caller knows is there already.
    Newer(KeptToken),
}

/// What came of writing a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The token is kept under this generation, and the turn is free again.
    Kept {
        /// One more than the generation before, and beyond the one that the caller knew.
        generation: u64,
    },
    /// The turn had run out and somebody else has had it since: nothing was written.
    TurnLost,
}

/// Why a store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenStoreError(
    /// The cause, free of secrets.
    pub String,
);

/// What an operation of a [`TokenStore`] will come to.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, TokenStoreError>> + Send + 'a>>;

/// Where hubs that share a database share their tokens.
///
/// A store decides about leases by one clock of its own, never by that of a caller.
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// The token that is kept, expired or not.
    fn read<'a>(&'a self, key: &'a TokenKey) -> Pending<'a, Option<KeptToken>>;

    /// Asks for the turn to get a token beyond generation `beyond` (0 where the caller knows
    /// none), and takes it for at most `lease`. The decision is atomic over all hubs: of many
    /// callers one is told [`Turn::Ours`]. Who never writes and never gives back loses the turn
    /// when the lease ends.
    fn take_turn<'a>(
        &'a self,
        key: &'a TokenKey,
        beyond: u64,
        lease: Duration,
    ) -> Pending<'a, Turn>;

    /// Writes the token that was got in a turn, under the next generation, and frees the turn.
    /// That is beyond the one that the turn was asked for with, also where the token of that one
    /// is no longer there: whoever asks for more than it knows is never given less.
    /// Where the turn is no longer the caller's, nothing changes. A lease that ran out unnoticed,
    /// because nobody else asked, does not lose the turn.
    fn write<'a>(
        &'a self,
        key: &'a TokenKey,
        fence: u64,
        text: Secret,
        expires_at: Option<Timestamp>,
    ) -> Pending<'a, Written>;

    /// Frees the turn without a token, so that the next caller need not wait for the lease to end.
    /// Where the turn is no longer the caller's, nothing changes.
    fn give_back<'a>(&'a self, key: &'a TokenKey, fence: u64) -> Pending<'a, ()>;
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.fingerprint;
        let Self { project, connection, .. } = self;
        write!(formatter, "TokenKey({project}/{connection}, {first:02x}{second:02x}…)")
    }
}

/// The tokens of one process, which end with it.
#[derive(Debug, Default)]
pub struct MemoryTokens {
    entries: Mutex<HashMap<TokenKey, Entry>>,
}

/// What is known under one key.
#[derive(Debug, Default)]
struct Entry {
    kept: Option<KeptToken>,
    turn: Option<TurnTaken>,
    /// The fence that was given out last.
    last_fence: u64,
}

#[derive(Debug)]
struct TurnTaken {
    fence: u64,
    until: Instant,
    /// The generation that the caller wants to get beyond.
    beyond: u64,
}

impl MemoryTokens {
    fn entries(&self) -> MutexGuard<'_, HashMap<TokenKey, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, key: &TokenKey, beyond: u64, lease: Duration) -> Turn {
        let now = Instant::now();
        let mut entries = self.entries();
        let entry = entries.entry(key.clone()).or_default();
        match (&entry.kept, &entry.turn) {
            (Some(kept), _) if kept.generation > beyond => Turn::Newer(kept.clone()),
            (_, Some(taken)) if taken.until > now => {
                Turn::Taken { for_at_most: taken.until.saturating_duration_since(now) }
            }
            _ => {
                entry.last_fence += 1;
                let fence = entry.last_fence;
                entry.turn = Some(TurnTaken { fence, until: now + lease, beyond });
                Turn::Ours { fence }
            }
        }
    }

    fn keep(
        &self,
        key: &TokenKey,
        fence: u64,
        text: Secret,
        expires_at: Option<Timestamp>,
    ) -> Written {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(key) else { return Written::TurnLost };
        let Some(turn) = entry.turn.take_if(|turn| turn.fence == fence) else {
            return Written::TurnLost;
        };
        let kept = entry.kept.as_ref().map_or(0, |kept| kept.generation);
        let generation = kept.max(turn.beyond) + 1;
        entry.kept = Some(KeptToken { text, expires_at, generation });
        // What was got with credentials that have been changed since is of no use to anybody.
        entries.retain(|other, _| !other.is_outdated_by(key));
        Written::Kept { generation }
    }

    fn free(&self, key: &TokenKey, fence: u64) {
        let mut entries = self.entries();
        if let Some(entry) = entries.get_mut(key) {
            entry.turn.take_if(|turn| turn.fence == fence);
        }
    }
}

impl TokenKey {
    /// Whether `newer` is of the same connection and was made with other credentials.
    fn is_outdated_by(&self, newer: &Self) -> bool {
        self.project == newer.project
            && self.connection == newer.connection
            && self.fingerprint != newer.fingerprint
    }
}

impl TokenStore for MemoryTokens {
    fn read<'a>(&'a self, key: &'a TokenKey) -> Pending<'a, Option<KeptToken>> {
        let kept = self.entries().get(key).and_then(|entry| entry.kept.clone());
        Box::pin(std::future::ready(Ok(kept)))
    }

    fn take_turn<'a>(
        &'a self,
        key: &'a TokenKey,
        beyond: u64,
        lease: Duration,
    ) -> Pending<'a, Turn> {
        Box::pin(std::future::ready(Ok(self.turn(key, beyond, lease))))
    }

    fn write<'a>(
        &'a self,
        key: &'a TokenKey,
        fence: u64,
        text: Secret,
        expires_at: Option<Timestamp>,
    ) -> Pending<'a, Written> {
        Box::pin(std::future::ready(Ok(self.keep(key, fence, text, expires_at))))
    }

    fn give_back<'a>(&'a self, key: &'a TokenKey, fence: u64) -> Pending<'a, ()> {
        self.free(key, fence);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    fn key(connection: &str, fingerprint: u8) -> TokenKey {
        let connection = connection.to_owned();
        TokenKey { project: "clinic".into(), connection, fingerprint: [fingerprint; 32] }
    }

    async fn fence(tokens: &MemoryTokens, key: &TokenKey, beyond: u64) -> u64 {
        fence_for(tokens, key, beyond, LEASE).await
    }

    async fn fence_for(tokens: &MemoryTokens, key: &TokenKey, beyond: u64, lease: Duration) -> u64 {
        match tokens.take_turn(key, beyond, lease).await.unwrap() {
            Turn::Ours { fence } => fence,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn one_caller_at_a_time_asks_and_all_others_get_what_it_got() {
        let (tokens, key) = (MemoryTokens::default(), key("warehouse", 1));
        assert_eq!(tokens.read(&key).await.unwrap(), None);
        let first = fence(&tokens, &key, 0).await;
        let Turn::Taken { for_at_most } = tokens.take_turn(&key, 0, LEASE).await.unwrap() else {
            panic!("two callers have the turn at once");
        };
        assert!(for_at_most > LEASE / 2 && for_at_most <= LEASE, "{for_at_most:?}");
        let expires_at = Some(Timestamp(7));
        let written = tokens.write(&key, first, Secret::new("one"), expires_at).await.unwrap();
        assert_eq!(written, Written::Kept { generation: 1 });
        let kept = KeptToken { text: Secret::new("one"), expires_at, generation: 1 };
        assert_eq!(tokens.read(&key).await.unwrap(), Some(kept.clone()));
        assert_eq!(tokens.take_turn(&key, 0, LEASE).await.unwrap(), Turn::Newer(kept));
        // Who knows the first generation gets the turn for the second.
        let second = fence(&tokens, &key, 1).await;
        let written = tokens.write(&key, second, Secret::new("two"), None).await.unwrap();
        assert_eq!(written, Written::Kept { generation: 2 });
    }

    #[tokio::test]
    async fn a_turn_ends_with_its_lease_or_when_it_is_given_back() {
        let (tokens, key) = (MemoryTokens::default(), key("warehouse", 1));
        let first = fence_for(&tokens, &key, 0, Duration::ZERO).await;
        let second = fence(&tokens, &key, 0).await;
        let late = tokens.write(&key, first, Secret::new("late"), None).await.unwrap();
        assert_eq!(late, Written::TurnLost);
        // What is no longer the caller's cannot be given back either.
        tokens.give_back(&key, first).await.unwrap();
        assert!(matches!(tokens.take_turn(&key, 0, LEASE).await.unwrap(), Turn::Taken { .. }));
        tokens.give_back(&key, second).await.unwrap();
        // Nobody else asks: a lease that ran out meanwhile harms nothing.
        let third = fence_for(&tokens, &key, 0, Duration::ZERO).await;
        assert!(third > second);
        let written = tokens.write(&key, third, Secret::new("good"), None).await.unwrap();
        assert_eq!(written, Written::Kept { generation: 1 });
    }

    /// A token may be gone that somebody still holds: what it gets in its place is newer all the same.
    #[tokio::test]
    async fn the_next_generation_is_beyond_what_the_caller_knows() {
        let (tokens, key) = (MemoryTokens::default(), key("warehouse", 1));
        for (beyond, generation) in [(7, 8), (8, 9), (20, 21)] {
            let fence = fence(&tokens, &key, beyond).await;
            let written = tokens.write(&key, fence, Secret::new("token"), None).await.unwrap();
            assert_eq!(written, Written::Kept { generation });
            assert!(matches!(tokens.take_turn(&key, beyond, LEASE).await, Ok(Turn::Newer(_))));
        }
        // A turn that was lost takes what its caller knew along.
        fence_for(&tokens, &key, 50, Duration::ZERO).await;
        let fence = fence(&tokens, &key, 21).await;
        let written = tokens.write(&key, fence, Secret::new("token"), None).await.unwrap();
        assert_eq!(written, Written::Kept { generation: 22 });
    }

    #[tokio::test]
    async fn changed_credentials_and_other_connections_have_tokens_of_their_own() {
        let tokens = MemoryTokens::default();
        for key in [key("warehouse", 1), key("registry", 1), key("warehouse", 2)] {
            assert_eq!(tokens.read(&key).await.unwrap(), None, "{key:?}");
            let fence = fence(&tokens, &key, 0).await;
            tokens.write(&key, fence, Secret::new("token"), None).await.unwrap();
        }
        assert_eq!(tokens.read(&key("warehouse", 1)).await.unwrap(), None);
        assert!(tokens.read(&key("registry", 1)).await.unwrap().is_some());
        assert!(tokens.read(&key("warehouse", 2)).await.unwrap().is_some());
    }
}
