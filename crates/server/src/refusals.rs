//! What the audit log is told of refusals: a flood of them is a few rows.
//!
//! The first refusal of a kind is written at once. Those that follow it within a while are counted,
//! and the next row says how many they were: `times`. What is counted lies in the memory of this
//! hub, and goes with it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a refusal of one kind is written.
const EVERY: Duration = Duration::from_mins(5);
/// Kinds that are told apart at once; further ones count as one together.
const MOST_KINDS: usize = 1_000;

/// Counts refusals.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<String, Written>>);

#[derive(Clone, Copy, Debug)]
struct Written {
    at: Instant,
    since: u64,
}

impl Refusals {
    /// Counts a refusal. Where it is to be written, the answer is how many there were of its kind
    /// since the last row, this one included.
    pub(crate) fn count(&self, kind: &str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kind = kind;
        if kinds.len() >= MOST_KINDS && !kinds.contains_key(kind) {
            kinds.retain(|_, written| now.duration_since(written.at) < EVERY);
            if kinds.len() >= MOST_KINDS {
                kind = "";
            }
        }
        let Some(written) = kinds.get_mut(kind) else {
            kinds.insert(kind.to_owned(), Written { at: now, since: 0 });
            return Some(1);
        };
        written.since += 1;
        if now.duration_since(written.at) < EVERY {
            return None;
        }
        let times = written.since;
        *written = Written { at: now, since: 0 };
        Some(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_written_and_the_next_row_says_how_many_followed() {
        let (refusals, begun) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.count("one", begun), Some(1));
        for _ in 0..10_000 {
            assert_eq!(refusals.count("one", begun), None);
        }
        assert_eq!(refusals.count("other", begun), Some(1), "kinds are told apart");
        assert_eq!(refusals.count("one", begun + EVERY), Some(10_001));
        assert_eq!(refusals.count("one", begun + EVERY), None);
    }

    #[test]
    fn a_flood_of_kinds_is_one_kind() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let written = (0..3 * MOST_KINDS)
            .filter(|number| refusals.count(&number.to_string(), now).is_some())
            .count();
        assert_eq!(written, MOST_KINDS + 1);
        assert_eq!(refusals.0.lock().unwrap().len(), MOST_KINDS + 1);
    }
}
