//! A lane's token bucket: how often its destination may be called.
//!
//! The bucket holds what a tenth of a second fills, and one token at least. So the calls are spread
//! over the time rather than sent in bursts: a destination that counts within any second, or any
//! minute, sees hardly more than it allows, however long the lane was idle before.

use std::time::{Duration, Instant};

use fieldpost_model::connection::Rate;

/// The time within which unused calls can be made up for.
const BURST: Duration = Duration::from_millis(100);

/// The part of a token that may be missing: rounding must not ask for another turn of the clock.
const ROUNDING: f64 = 1e-6;

/// The bucket of one lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        let mut bucket = Self { rate, tokens: 0.0, filled_at: now };
        bucket.tokens = bucket.size();
        bucket
    }

    /// The rate that it is made for.
    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    fn per_second(&self) -> f64 {
        f64::from(self.rate.calls) / self.rate.per.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn size(&self) -> f64 {
        (self.per_second() * BURST.as_secs_f64()).max(1.0)
    }

    /// How many calls can be made from now on within a time.
    pub(super) fn calls_within(&self, time: Duration, now: Instant) -> usize {
        let calls = self.tokens_at(now) + self.per_second() * time.as_secs_f64() + ROUNDING;
        let calls = calls.clamp(0.0, f64::from(u32::MAX));
        // Between 0 and 2³² by the line above.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what fits"
        )]
        let calls = calls as usize;
        calls
    }

    /// When the next call may be made; `now` or earlier means at once.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        let missing = 1.0 - self.tokens_at(now);
        if missing <= 0.0 {
            return now;
        }
        now + Duration::from_secs_f64(missing / self.per_second().max(f64::MIN_POSITIVE))
    }

    /// Takes a token, where there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let tokens = self.tokens_at(now);
        let is_there = tokens >= 1.0 - ROUNDING;
        if is_there {
            self.tokens = (tokens - 1.0).max(0.0);
            self.filled_at = now;
        }
        is_there
    }

    fn tokens_at(&self, now: Instant) -> f64 {
        let filled = now.saturating_duration_since(self.filled_at).as_secs_f64();
        (self.tokens + filled * self.per_second()).min(self.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(calls: u32, seconds: u64) -> Rate {
        Rate { calls, per: Duration::from_secs(seconds) }
    }

    /// When calls are made, in milliseconds, by a lane that always has something to send.
    fn calls(rate: Rate, count: usize) -> Vec<u128> {
        let start = Instant::now();
        let mut bucket = Bucket::new(rate, start);
        let mut now = start;
        let mut made = Vec::new();
        while made.len() < count {
            now = bucket.ready_at(now);
            assert!(bucket.take(now), "ready means ready");
            made.push((now - start).as_millis());
        }
        made
    }

    #[test]
    fn spreads_calls_over_the_time() {
        assert_eq!(calls(rate(10, 1), 4), [0, 100, 200, 300]);
        assert_eq!(calls(rate(1, 60), 3), [0, 60_000, 120_000]);
        assert_eq!(calls(rate(50, 1), 7), [0, 0, 0, 0, 0, 20, 40]);
    }

    #[test]
    fn no_window_sees_much_more_than_the_rate() {
        for per_second in [1_u32, 3, 10, 50, 200] {
            let made = calls(rate(per_second, 1), 1_000);
            let most = made
                .iter()
                .map(|at| made.iter().filter(|other| (*at..at + 1_000).contains(*other)).count())
                .max();
            let allowed = per_second as usize + (per_second as usize).div_ceil(10);
            assert!(most.unwrap() <= allowed, "{per_second}: {most:?}");
        }
    }

    #[test]
    fn a_long_pause_saves_up_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::new(rate(10, 1), start);
        let later = start + Duration::from_hours(1);
        assert!(bucket.take(later));
        assert!(!bucket.take(later));
        assert_eq!(bucket.calls_within(Duration::from_secs(30), later), 300);
    }

    #[test]
    fn tells_how_many_calls_a_time_allows() {
        let start = Instant::now();
        let half_a_minute = Duration::from_secs(30);
        let mut bucket = Bucket::new(rate(1, 3_600), start);
        assert_eq!(bucket.calls_within(half_a_minute, start), 1);
        assert!(bucket.take(start));
        assert_eq!(bucket.calls_within(half_a_minute, start), 0);
        let wait = bucket.ready_at(start).duration_since(start);
        for (seconds, calls) in [(31, 0), (30, 1), (0, 1)] {
            let now = start + wait.saturating_sub(Duration::from_secs(seconds));
            assert_eq!(bucket.calls_within(half_a_minute, now), calls, "{seconds}");
        }
    }
}
