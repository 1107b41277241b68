//! A lane's circuit breaker: when a destination is left alone, and when it is tried again.
//!
//! ```text
//!             most calls of the window failed                 the pause is over
//!   closed ───────────────────────────────────► open ◄──────────────────────────► probing
//!     ▲          the destination asked for time   ▲    the probe failed: twice       │
//!     │                                           └────────── the pause ─────────────┤
//!     └──────────────────────────────── any call went well ──────────────────────────┘
//! ```
//!
//! A lane whose breaker is open keeps its queue, and its deliveries keep their tries: hammering a
//! dead server helps nobody, and using up the tries of ten thousand deliveries on one outage would
//! end them all for one cause. The first pause is a second, so that a restart of the destination
//! costs hardly more than itself. What a destination refuses (most 4xx) says that it is well.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// When a lane's breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failed calls within the window that open it, where the share is reached as well.
    pub failures: u32,
    /// The share of failed calls within the window, in percent.
    pub share_percent: u32,
    /// How far back calls count.
    pub window: Duration,
    /// The first pause. It doubles with each probe that fails.
    pub first_pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures: 10,
            share_percent: 50,
            window: Duration::from_mins(1),
            first_pause: Duration::from_secs(1),
            max_pause: Duration::from_mins(1),
        }
    }
}

/// What a call says about its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// It is there and decides: it took the payload, or refused it.
    Well,
    /// It did not answer, or could not do its work.
    Trouble,
    /// It asked to be left alone for so long.
    Asked(Duration),
    /// Nothing: the call was not made, or not to its end.
    Nothing,
}

/// The longest that a destination's own wish holds its lane, before one call asks it again. The
/// delivery that it was told for waits for as long as was asked.
const LONGEST_WISH: Duration = Duration::from_mins(5);

/// The parts that the window is counted in.
const PARTS: u32 = 6;

/// How many calls may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// As many as the connection allows.
    All,
    /// One, to see how the destination is.
    Probe,
    /// None before that time.
    NoneBefore(Instant),
    /// None before the probe has come back.
    AwaitProbe,
}

fieldpost_model::names! {
    /// Why a lane is left alone.
    pub enum Cause {
        /// Its calls failed.
        Failures = "failures",
        /// The destination asked for time.
        Asked = "asked",
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { until: Instant, cause: Cause },
    Probing { sent: bool, cause: Cause },
}

/// Calls of a part of the window.
#[derive(Clone, Copy, Debug)]
struct Part {
    since: Instant,
    calls: u32,
    failed: u32,
}

/// The breaker of one lane.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: State,
    window: VecDeque<Part>,
    /// Probes that failed since it opened.
    failed_probes: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::Closed, window: VecDeque::new(), failed_probes: 0 }
    }
}

impl Breaker {
    /// How many calls may be under way now.
    pub(crate) fn allowance(&self, now: Instant) -> Allowance {
        match self.state {
            State::Closed => Allowance::All,
            State::Open { until, .. } if until > now => Allowance::NoneBefore(until),
            State::Open { .. } | State::Probing { sent: false, .. } => Allowance::Probe,
            State::Probing { sent: true, .. } => Allowance::AwaitProbe,
        }
    }

    /// Why the lane is left alone, and until when; `None` where it is not.
    pub(crate) fn open(&self) -> Option<(Cause, Option<Instant>)> {
        match self.state {
            State::Closed => None,
            State::Open { until, cause } => Some((cause, Some(until))),
            State::Probing { cause, .. } => Some((cause, None)),
        }
    }

    /// A call is started. `true`: it is the probe, whose end decides.
    pub(crate) fn started(&mut self) -> bool {
        let (State::Open { cause, .. } | State::Probing { cause, .. }) = self.state else {
            return false;
        };
        self.state = State::Probing { sent: true, cause };
        true
    }

    /// A person asks for a call now, whatever the breaker thinks.
    pub(crate) fn try_now(&mut self) {
        if let State::Open { cause, .. } = self.state {
            self.state = State::Probing { sent: false, cause };
        }
    }

    /// A call is done, and was a probe or not. `true`: the breaker opened or closed by it.
    pub(crate) fn done(
        &mut self,
        feedback: Feedback,
        is_probe: bool,
        policy: &BreakerPolicy,
        now: Instant,
    ) -> bool {
        match (feedback, self.state) {
            (Feedback::Well, State::Closed) => {
                self.count(false, policy, now);
                false
            }
            (Feedback::Well, _) => {
                *self = Self::default();
                true
            }
            (Feedback::Trouble, State::Closed) => {
                self.count(true, policy, now);
                let is_open = self.has_tripped(policy);
                if is_open {
                    self.open_for(policy.first_pause, Cause::Failures, now);
                }
                is_open
            }
            (Feedback::Trouble, State::Probing { cause, .. }) if is_probe => {
                self.failed_probes = self.failed_probes.saturating_add(1);
                let doubled = policy.first_pause.saturating_mul(1 << self.failed_probes.min(16));
                self.open_for(doubled.min(policy.max_pause), cause, now);
                false
            }
            (Feedback::Asked(pause), state) => {
                let until = now + pause.min(LONGEST_WISH);
                let later = match state {
                    State::Open { until: other, .. } => until.max(other),
                    _ => until,
                };
                self.state = State::Open { until: later, cause: Cause::Asked };
                matches!(state, State::Closed)
            }
            (Feedback::Nothing, State::Probing { cause, .. }) if is_probe => {
                self.state = State::Probing { sent: false, cause };
                false
            }
            // What was under way when the breaker opened ends as it may: it tells nothing new, however
            // late it ends.
            (Feedback::Trouble, State::Open { .. } | State::Probing { .. })
            | (Feedback::Nothing, _) => false,
        }
    }

    fn open_for(&mut self, pause: Duration, cause: Cause, now: Instant) {
        self.window.clear();
        self.state = State::Open { until: now + pause, cause };
    }

    fn count(&mut self, failed: bool, policy: &BreakerPolicy, now: Instant) {
        while self.window.front().is_some_and(|part| now - part.since > policy.window) {
            self.window.pop_front();
        }
        let is_full = |part: &Part| now - part.since >= policy.window / PARTS;
        if self.window.back().is_none_or(is_full) {
            self.window.push_back(Part { since: now, calls: 0, failed: 0 });
        }
        if let Some(part) = self.window.back_mut() {
            part.calls = part.calls.saturating_add(1);
            part.failed = part.failed.saturating_add(u32::from(failed));
        }
    }

    fn has_tripped(&self, policy: &BreakerPolicy) -> bool {
        let sum = |field: fn(&Part) -> u32| -> u64 {
            self.window.iter().map(|part| u64::from(field(part))).sum()
        };
        let (calls, failed) = (sum(|part| part.calls), sum(|part| part.failed));
        failed >= u64::from(policy.failures)
            && failed * 100 >= calls * u64::from(policy.share_percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 4,
        share_percent: 50,
        window: Duration::from_mins(1),
        first_pause: Duration::from_secs(1),
        max_pause: Duration::from_secs(5),
    };

    /// A breaker and a clock that is moved by hand.
    struct World {
        breaker: Breaker,
        now: Instant,
    }

    impl World {
        fn new() -> Self {
            Self { breaker: Breaker::default(), now: Instant::now() }
        }

        fn after(&mut self, seconds: f64) -> &mut Self {
            self.now += Duration::from_secs_f64(seconds);
            self
        }

        fn tell(&mut self, feedback: Feedback, times: u32) -> &mut Self {
            for _ in 0..times {
                self.breaker.done(feedback, false, &POLICY, self.now);
            }
            self
        }

        /// A probe is made, and ends like this.
        fn probe(&mut self, feedback: Feedback) -> bool {
            assert_eq!(self.allows(), Allowance::Probe);
            assert!(self.breaker.started());
            assert_eq!(self.allows(), Allowance::AwaitProbe, "one, and no more");
            self.breaker.done(feedback, true, &POLICY, self.now)
        }

        fn allows(&self) -> Allowance {
            self.breaker.allowance(self.now)
        }

        /// How long until a call is allowed.
        #[track_caller]
        fn pause(&self) -> f64 {
            match self.allows() {
                Allowance::NoneBefore(until) => (until - self.now).as_secs_f64(),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn opens_at_the_number_and_the_share_and_not_before() {
        let mut world = World::new();
        world.tell(Feedback::Trouble, 3);
        assert_eq!(world.allows(), Allowance::All);
        world.tell(Feedback::Trouble, 1);
        assert!((world.pause() - 1.0).abs() < 1e-6);

        let mut world = World::new();
        world.tell(Feedback::Well, 5).tell(Feedback::Trouble, 4);
        assert_eq!(world.allows(), Allowance::All, "four of nine are fewer than half");
        world.tell(Feedback::Trouble, 1);
        assert!((world.pause() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let mut world = World::new();
        world.tell(Feedback::Trouble, 3).after(61.0).tell(Feedback::Trouble, 3);
        assert_eq!(world.allows(), Allowance::All);
        // Much that went well an hour ago does not hide that nothing does now.
        let mut world = World::new();
        world.tell(Feedback::Well, 1_000).after(3_600.0).tell(Feedback::Trouble, 4);
        assert!((world.pause() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_probe_decides_and_the_pause_doubles_to_its_cap() {
        let mut world = World::new();
        world.tell(Feedback::Trouble, 4);
        for pause in [1.0, 2.0, 4.0, 5.0, 5.0] {
            assert!((world.pause() - pause).abs() < 1e-6, "{pause}");
            // Late news from before does not lengthen the pause.
            world.tell(Feedback::Trouble, 3);
            assert!((world.pause() - pause).abs() < 1e-6, "{pause}");
            world.after(pause).probe(Feedback::Trouble);
        }
        assert!(world.after(5.0).probe(Feedback::Well));
        assert_eq!(world.allows(), Allowance::All);
        world.tell(Feedback::Trouble, 3);
        assert_eq!(world.allows(), Allowance::All, "it begins anew");
    }

    #[test]
    fn a_probe_that_was_not_made_is_made_again() {
        let mut world = World::new();
        world.tell(Feedback::Trouble, 4).after(1.0).probe(Feedback::Nothing);
        assert_eq!(world.allows(), Allowance::Probe);
    }

    #[test]
    fn a_late_call_from_before_is_not_taken_for_the_probe() {
        let mut world = World::new();
        world.tell(Feedback::Trouble, 4).after(1.0);
        assert!(world.breaker.started());
        world.tell(Feedback::Trouble, 5).tell(Feedback::Nothing, 1);
        assert_eq!(world.allows(), Allowance::AwaitProbe, "neither failed nor to be made again");
        world.breaker.done(Feedback::Trouble, true, &POLICY, world.now);
        assert!((world.pause() - 2.0).abs() < 1e-6, "one probe failed, whatever else did");
        // What arrived after all is good news from whatever time.
        world.tell(Feedback::Well, 1);
        assert_eq!(world.allows(), Allowance::All);
    }

    #[test]
    fn a_destination_that_asks_for_time_gets_it_within_reason() {
        let mut world = World::new();
        world.tell(Feedback::Asked(Duration::from_secs(30)), 1);
        assert!((world.pause() - 30.0).abs() < 1e-6);
        // Of several wishes the longest holds.
        world.tell(Feedback::Asked(Duration::from_secs(10)), 1);
        assert!((world.pause() - 30.0).abs() < 1e-6);
        world.tell(Feedback::Asked(Duration::from_hours(24)), 1);
        assert!((world.pause() - 300.0).abs() < 1e-6);
        assert_eq!(world.breaker.open().unwrap().0, Cause::Asked);
    }

    #[test]
    fn a_person_can_say_try_now() {
        let mut world = World::new();
        world.tell(Feedback::Asked(Duration::from_mins(5)), 1);
        world.breaker.try_now();
        assert_eq!(world.allows(), Allowance::Probe);
        world.tell(Feedback::Well, 1);
        world.breaker.try_now();
        assert_eq!(world.allows(), Allowance::All, "nothing to try where all is well");
    }
}
