//! When trouble is an incident, when it is over, and when people are told again.
//!
//! One failed attempt is no news: deliveries are tried again. Many of them, and a large share of
//! all, within a short time are. A destination that answers with a refusal of one payload is well;
//! one that refuses to know the hub at all is not.

use std::collections::VecDeque;
use std::time::Duration;

use fieldpost_model::connection::IncidentPolicy;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::project::ReportEvery;
use fieldpost_model::time::Timestamp;

/// What an attempt says about its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It works.
    Well,
    /// It answers, and does not want this payload.
    Refusal,
    /// Something is wrong with it, or with how it is called.
    Trouble,
    /// Nothing: nobody called it.
    Nothing,
}

/// Refusals that are meant for the hub and not for the payload: it is not let in, or nobody is at
/// home any more.
const REFUSES_THE_HUB: [u16; 4] = [401, 403, 407, 410];

/// Reads the sign in an attempt: `state` is what its delivery became, `status` what the destination
/// answered.
pub fn sign(state: DeliveryState, status: Option<u16>) -> Sign {
    match state {
        DeliveryState::Succeeded => Sign::Well,
        DeliveryState::Failed | DeliveryState::Cancelled => Sign::Trouble,
        DeliveryState::Rejected => match status {
            Some(status) if !REFUSES_THE_HUB.contains(&status) => Sign::Refusal,
            _ => Sign::Trouble,
        },
        DeliveryState::Pending | DeliveryState::Broken | DeliveryState::Superseded => Sign::Nothing,
    }
}

/// Into how many parts a window is divided: as they grow old, they leave it one by one.
const SLOTS: u32 = 20;

/// Counts attempts within a window that moves along. It holds a few numbers, however many attempts
/// there are.
#[derive(Clone, Debug)]
pub struct Window {
    length: Duration,
    slots: VecDeque<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    begins: Timestamp,
    counts: Tally,
}

/// Attempts within a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that failed.
    pub failed: u64,
    /// All.
    pub all: u64,
}

impl Window {
    /// An empty window of this length.
    pub fn new(length: Duration) -> Self {
        Self { length, slots: VecDeque::new() }
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Counts an attempt.
    pub fn count(&mut self, at: Timestamp, failed: bool) {
        self.forget_before(at);
        let slot = self.length / SLOTS;
        // A clock that was set back writes on in the last slot.
        let is_new = self.slots.back().is_none_or(|last| at.since(last.begins) >= slot);
        if is_new && self.slots.back().is_none_or(|last| at >= last.begins) {
            self.slots.push_back(Slot { begins: at, counts: Tally::default() });
        }
        if let Some(last) = self.slots.back_mut() {
            last.counts.all += 1;
            last.counts.failed += u64::from(failed);
        }
    }

    /// What was counted within the window that ends now.
    pub fn tally(&mut self, now: Timestamp) -> Tally {
        self.forget_before(now);
        self.slots.iter().fold(Tally::default(), |sum, slot| Tally {
            failed: sum.failed + slot.counts.failed,
            all: sum.all + slot.counts.all,
        })
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    fn forget_before(&mut self, now: Timestamp) {
        while self.slots.front().is_some_and(|first| now.since(first.begins) > self.length) {
            self.slots.pop_front();
        }
    }
}

/// Whether so many failures are an incident.
pub fn is_trouble(policy: &IncidentPolicy, tally: Tally) -> bool {
    tally.failed > 0
        && tally.failed >= u64::from(policy.failures)
        && tally.failed * 100 >= tally.all * u64::from(policy.share_percent)
}

/// Whether a source is silent from which something was heard last at `heard_at`, or expected since.
pub fn is_silent(every: Duration, heard_at: Timestamp, now: Timestamp) -> bool {
    now.since(heard_at) >= every
}

/// Whether people are to be told again that an incident lasts.
pub fn is_reminder_due(every: Duration, told_at: Timestamp, now: Timestamp) -> bool {
    now.since(told_at) >= every
}

/// How long a notice is tried before it is given up.
pub const NOTICE_GIVEN_UP_AFTER: Duration = Duration::from_hours(3 * 24);
/// The longest pause between two tries of a notice.
const LONGEST_NOTICE_PAUSE: Duration = Duration::from_hours(1);

/// The pause before the next try of a notice, after so many; `None` when it is given up. The pauses
/// double, from `first` to an hour.
pub fn notice_pause(
    first: Duration,
    tries: u32,
    created_at: Timestamp,
    now: Timestamp,
) -> Option<Duration> {
    let factor = 1_u32.checked_shl(tries.saturating_sub(1)).filter(|factor| *factor > 0);
    let pause = factor.and_then(|factor| first.checked_mul(factor)).unwrap_or(Duration::MAX);
    let pause = pause.min(LONGEST_NOTICE_PAUSE.max(first));
    let next = now + pause;
    (next.since(created_at) <= NOTICE_GIVEN_UP_AFTER).then_some(pause)
}

/// A stretch of time that a report is about: from `start`, up to and without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Where it begins.
    pub start: Timestamp,
    /// Where it ends.
    pub end: Timestamp,
}

const DAY: i64 = 24 * 60 * 60 * 1_000_000;
const HOUR: i64 = DAY / 24;
/// 1970 began on a Thursday: the first Monday was the fifth of January.
const FIRST_MONDAY: i64 = 4 * DAY;

impl Period {
    /// The last whole day, or week from Monday to Sunday, that is to be reported on by now, when
    /// reports are sent at this hour. All of it is UTC.
    pub fn due(every: ReportEvery, hour: u32, now: Timestamp) -> Self {
        let (length, origin) = match every {
            ReportEvery::Day => (DAY, 0),
            ReportEvery::Week => (7 * DAY, FIRST_MONDAY),
        };
        let reached = now.0 - i64::from(hour) * HOUR - origin;
        let end = reached.div_euclid(length) * length + origin;
        Self { start: Timestamp(end - length), end: Timestamp(end) }
    }

    /// The period of the same length before.
    pub fn before(self) -> Self {
        let length = self.end.0 - self.start.0;
        Self { start: Timestamp(self.start.0 - length), end: self.start }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: IncidentPolicy = IncidentPolicy {
        failures: 5,
        share_percent: 50,
        window: Duration::from_mins(10),
        remind_every: Duration::from_hours(24),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn a_refused_payload_is_no_trouble_and_a_refused_hub_is() {
        use DeliveryState::{Broken, Cancelled, Failed, Rejected, Succeeded};
        for (state, status, expected) in [
            (Succeeded, Some(200), Sign::Well),
            (Failed, Some(503), Sign::Trouble),
            (Failed, Some(429), Sign::Trouble),
            (Failed, None, Sign::Trouble),
            (Cancelled, Some(500), Sign::Trouble),
            (Rejected, Some(400), Sign::Refusal),
            (Rejected, Some(422), Sign::Refusal),
            (Rejected, Some(401), Sign::Trouble),
            (Rejected, Some(403), Sign::Trouble),
            (Rejected, Some(410), Sign::Trouble),
            (Rejected, None, Sign::Trouble),
            (Broken, None, Sign::Nothing),
        ] {
            assert_eq!(sign(state, status), expected, "{state} {status:?}");
        }
    }

    #[track_caller]
    fn check_trouble(failed: u64, all: u64, expected: bool) {
        assert_eq!(is_trouble(&POLICY, Tally { failed, all }), expected, "{failed} of {all}");
    }

    #[test]
    fn trouble_takes_a_number_and_a_share() {
        check_trouble(4, 4, false);
        check_trouble(5, 5, true);
        check_trouble(5, 10, true);
        check_trouble(5, 11, false);
        check_trouble(500, 1_000, true);
        check_trouble(499, 1_000, false);
        check_trouble(0, 0, false);
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut window = Window::new(Duration::from_mins(10));
        for second in 0..4 {
            window.count(at(second), true);
        }
        assert_eq!(window.tally(at(600)), Tally { failed: 4, all: 4 });
        window.count(at(601), false);
        assert_eq!(window.tally(at(601)), Tally { failed: 0, all: 1 }, "the slot began at 0 s");
        window.clear();
        assert_eq!(window.tally(at(601)), Tally::default());
    }

    #[test]
    fn a_clock_that_was_set_back_loses_nothing() {
        let mut window = Window::new(Duration::from_mins(10));
        window.count(at(1_000), true);
        window.count(at(400), true);
        assert_eq!(window.tally(at(1_000)), Tally { failed: 2, all: 2 });
    }

    #[test]
    fn notices_are_tried_with_growing_pauses_for_three_days() {
        let first = Duration::from_secs(30);
        let pause = |tries, age| notice_pause(first, tries, at(0), at(age)).map(|it| it.as_secs());
        assert_eq!(pause(1, 0), Some(30));
        assert_eq!(pause(2, 30), Some(60));
        assert_eq!(pause(7, 4_000), Some(1_920));
        assert_eq!(pause(8, 9_000), Some(3_600));
        assert_eq!(pause(60, 9_000), Some(3_600));
        assert_eq!(pause(70, 3 * 86_400 - 3_600), Some(3_600));
        assert_eq!(pause(71, 3 * 86_400 - 3_599), None);
    }

    #[track_caller]
    fn check_period(every: ReportEvery, now: &str, start: &str, end: &str) {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let period = Period { start: time(start), end: time(end) };
        assert_eq!(Period::due(every, 6, time(now)), period, "{every} at {now}");
    }

    #[test]
    fn a_report_is_about_the_last_whole_period() {
        const SUNDAY: &str = "2026-03-01T00:00:00Z";
        const MONDAY: &str = "2026-03-02T00:00:00Z";
        const TUESDAY: &str = "2026-03-03T00:00:00Z";
        check_period(ReportEvery::Day, "2026-03-03T06:00:00Z", MONDAY, TUESDAY);
        check_period(ReportEvery::Day, "2026-03-03T23:59:59Z", MONDAY, TUESDAY);
        check_period(ReportEvery::Day, "2026-03-03T05:59:59Z", SUNDAY, MONDAY);
        let before = "2026-02-23T00:00:00Z";
        check_period(ReportEvery::Week, "2026-03-02T06:00:00Z", before, MONDAY);
        check_period(ReportEvery::Week, "2026-03-09T05:59:59Z", before, MONDAY);
        check_period(ReportEvery::Week, "2026-03-02T05:59:59Z", "2026-02-16T00:00:00Z", before);
    }

    #[test]
    fn silence_and_reminders_are_due_at_their_time() {
        assert!(!is_silent(Duration::from_secs(10), at(0), at(9)));
        assert!(is_silent(Duration::from_secs(10), at(0), at(10)));
        assert!(!is_silent(Duration::from_secs(10), at(20), at(10)));
        assert!(!is_reminder_due(Duration::from_secs(10), at(0), at(9)));
        assert!(is_reminder_due(Duration::from_secs(10), at(0), at(10)));
    }

    proptest! {
        #[test]
        fn a_window_counts_at_least_what_is_surely_within(
            steps in proptest::collection::vec((0_i64..200, any::<bool>()), 1..60),
        ) {
            let mut window = Window::new(Duration::from_mins(10));
            let (mut now, mut seen) = (0, Vec::new());
            for (step, failed) in steps {
                now += step;
                window.count(at(now), failed);
                seen.push((now, failed));
            }
            let tally = window.tally(at(now));
            let within = |seconds: i64| seen.iter().filter(move |(when, _)| now - when <= seconds);
            // A slot leaves as a whole, by when it began.
            prop_assert!(tally.all >= within(570).count() as u64);
            prop_assert!(tally.all <= within(600).count() as u64);
            prop_assert!(tally.failed <= tally.all);
            prop_assert!(window.slots.len() <= SLOTS as usize + 1);
        }

        #[test]
        fn periods_follow_one_another(now in 0_i64..4_000_000_000, hour in 0_u32..24) {
            for every in [ReportEvery::Day, ReportEvery::Week] {
                let period = Period::due(every, hour, at(now));
                prop_assert!(period.end.0 + i64::from(hour) * HOUR <= at(now).0);
                let next = Period::due(every, hour, Timestamp(period.end.0 * 2 - period.start.0 + i64::from(hour) * HOUR));
                prop_assert_eq!(next.before(), period);
            }
        }
    }
}
