//! Tokens that open nothing, counted by where they come from.
//!
//! Nobody guesses a token of 256 bits; but a program that was forgotten somewhere tries one that has
//! expired for ever, and a stranger tries whatever there is. Beyond a number they are told to come
//! back later. A token that opens something is never counted, wherever it comes from: a whole office
//! may share an address with whoever is too busy. All of it lies in the memory of this hub.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tokens that an address may send within a window.
pub(crate) const MOST_WRONG: u32 = 500;
/// The window; it begins with the first of them.
const WINDOW: Duration = Duration::from_mins(15);
/// Addresses that are counted at once. Beyond that all are forgotten, and it begins anew.
const MOST_ADDRESSES: usize = 10_000;

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct WrongTokens(Mutex<HashMap<String, Count>>);

#[derive(Clone, Copy, Debug)]
struct Count {
    since: Instant,
    wrong: u32,
}

impl WrongTokens {
    /// How long to wait where there were too many already: what comes then is not even looked at.
    pub(crate) fn must_wait(&self, from: &str, now: Instant) -> Option<Duration> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(from)?;
        let age = now.duration_since(count.since);
        (age < WINDOW && count.wrong >= MOST_WRONG).then(|| WINDOW.saturating_sub(age))
    }

    /// Counts one; how long to wait where there were too many.
    pub(crate) fn count(&self, network: String, now: Instant) -> Option<Duration> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST_ADDRESSES && !counts.contains_key(&network) {
            counts.retain(|_, count| now.duration_since(count.since) < WINDOW);
            if counts.len() >= MOST_ADDRESSES {
                counts.clear();
            }
        }
        let count = counts.entry(network).or_insert(Count { since: now, wrong: 0 });
        if now.duration_since(count.since) >= WINDOW {
            *count = Count { since: now, wrong: 0 };
        }
        count.wrong = count.wrong.saturating_add(1);
        (count.wrong > MOST_WRONG).then(|| WINDOW.saturating_sub(now.duration_since(count.since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_may_be_has_to_wait_until_the_window_ends() {
        let (counts, begun) = (WrongTokens::default(), Instant::now());
        let count = |network: &str, at| counts.count(network.to_owned(), at);
        for _ in 0..MOST_WRONG {
            assert_eq!(count("192.0.2.1", begun), None);
        }
        let later = begun + Duration::from_mins(5);
        assert_eq!(count("192.0.2.1", later), Some(Duration::from_mins(10)));
        assert_eq!(count("192.0.2.2", later), None);
        assert_eq!(count("192.0.2.1", begun + WINDOW), None);
    }

    #[test]
    fn so_many_addresses_are_counted_and_no_more() {
        let (counts, now) = (WrongTokens::default(), Instant::now());
        for number in 0..=MOST_ADDRESSES {
            counts.count(number.to_string(), now);
        }
        assert_eq!(counts.0.lock().unwrap().len(), 1);
    }
}
