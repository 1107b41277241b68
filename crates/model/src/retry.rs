//! When a delivery that failed is tried again, as data. The decision itself is in `rules`.

use std::time::Duration;

/// Status codes that a forwarder wants tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePattern {
    /// One code, `404`.
    Exactly(u16),
    /// A hundred codes, `5xx`; the number is the first digit.
    Class(u16),
}

/// A forwarder's retry schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The pause after the first failure.
    pub first: Duration,
    /// What each further pause grows by.
    pub factor: f64,
    /// The longest pause.
    pub max: Duration,
    /// How long after its registration a delivery is given up, once it had `minimum_tries`.
    pub give_up_after: Duration,
    /// Tries that every delivery gets, however old it is.
    pub minimum_tries: u32,
    /// Codes that are tried again, beside 408, 425, 429 and every 5xx, which always are.
    pub codes: Vec<CodePattern>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(15),
            factor: 3.0,
            max: Duration::from_hours(6),
            give_up_after: Duration::from_hours(120),
            minimum_tries: 3,
            codes: Vec::new(),
        }
    }
}
