//! What becomes of a delivery after a try: the retry schedule and the state that follows.
//!
//! The decision is a function of what was tried and how it ended. It reads no clock and rolls no
//! dice: the caller brings the time and the jitter, so that every row of this table has a test.
//!
//! | outcome | state | next try | also |
//! |---|---|---|---|
//! | any 2xx, 204 too | `succeeded` | none | |
//! | 3xx that the client does not follow | `failed`, or `cancelled` once given up | by schedule | the reason says so |
//! | 408, 425, 429, any 5xx | `failed`, or `cancelled` once given up | by schedule | |
//! | 429 or 503 that says when to come back | `failed`, or `cancelled` once given up | by schedule, not before it | the try does not count |
//! | 410 | `failed`, never given up | by schedule | the forwarder is paused |
//! | any other 4xx that the forwarder lists in `codes` | `failed`, or `cancelled` once given up | by schedule | |
//! | any other 4xx | `rejected` | none | |
//! | a status outside 200–599 | `failed`, or `cancelled` once given up | by schedule | |
//! | no answer: DNS, connection, TLS, timeout, broken body | `failed`, or `cancelled` once given up | by schedule | |
//! | a token endpoint gave no token, whatever it answered | `failed`, or `cancelled` once given up | by schedule | the payload is not at fault |
//! | the hub's guard refused the address | `failed`, or `cancelled` once given up | by schedule | it may be allowed later |
//! | the request could not be built | `broken` | none | |
//! | the hub stopped before the answer came | `failed` | at once | the try does not count |
//!
//! The pause after the n-th try is `first × factor^(n−1)`, at most `max`, and up to a tenth longer
//! by jitter: a stated pause is always a lower bound. Where the answer carries a `Retry-After`, the
//! next try is not before that either. A delivery is given up when a try fails
//! `give_up_after` or later after the budget began, and never before it had `minimum_tries`. Who
//! asks to be spared for a while uses up no try, but only for as long as the budget lasts: from then
//! on every try counts, so that politeness alone keeps nothing waiting for ever.

use std::time::{Duration, UNIX_EPOCH};

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::retry::{CodePattern, RetryPolicy};
use fieldpost_model::time::Timestamp;

/// The most that jitter adds to a pause, as a share of the pause.
pub const MAX_JITTER: f64 = 0.1;

/// The longest wait that a destination can ask for with `Retry-After`. What asks for more gets
/// this much, so that a destination cannot park a delivery for years.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer came.
    Answered {
        /// Its status code.
        status: u16,
        /// When the destination asked to be tried again, as [`retry_after`] read it.
        retry_after: Option<Timestamp>,
    },
    /// No whole answer came.
    Failed {
        /// Which part went wrong.
        kind: ErrorKind,
    },
}

/// What a delivery went through so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The tries since the budget began, this one included.
    pub attempts: u32,
    /// When the budget began: when the delivery was made, or requeued.
    pub registered_at: Timestamp,
    /// When this try ended.
    pub now: Timestamp,
}

/// What becomes of the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its state from now on.
    pub state: DeliveryState,
    /// When it is due again; `None` where the state is final.
    pub next_attempt_at: Option<Timestamp>,
    /// Whether the try counts as one of the budget.
    pub counts: bool,
    /// Whether its forwarder is paused: the destination said that it is gone for good.
    pub pause_forwarder: bool,
    /// Why, in a sentence. `None` for a success, and where the attempt's own error says it all.
    pub reason: Option<String>,
}

/// Decides what becomes of a delivery after a try. `jitter` is a random number in `[0, 1)`; what
/// lies outside is brought to the nearest end.
pub fn decide(policy: &RetryPolicy, tried: &Tried, outcome: &Outcome, jitter: f64) -> Decision {
    match *outcome {
        Outcome::Answered { status, retry_after } => {
            let due = next_try(policy, tried, retry_after, jitter);
            let asks_for_patience = matches!(status, 429 | 503) && retry_after.is_some();
            let decision = answered(policy, tried, status, due);
            let counts = !asks_for_patience || is_out_of_time(policy, tried);
            Decision { counts, ..decision }
        }
        Outcome::Failed { kind: ErrorKind::Build } => finished(DeliveryState::Broken, None),
        Outcome::Failed { kind: ErrorKind::Interrupted } => Decision {
            state: DeliveryState::Failed,
            next_attempt_at: Some(tried.now),
            counts: false,
            pause_forwarder: false,
            reason: Some("The hub stopped before the answer came.".to_owned()),
        },
        Outcome::Failed { .. } => {
            try_again(policy, tried, next_try(policy, tried, None, jitter), None)
        }
    }
}

/// Reads a `Retry-After` header: seconds, or an HTTP date in any of its three forms. A date that
/// has passed means now, one beyond [`MAX_RETRY_AFTER`] means that; anything else is `None`.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Timestamp> {
    let header = header.trim();
    let asked = if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits that no integer holds still ask for a very long wait, and get the longest.
        header.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(header).ok()?;
        // HTTP dates begin with 1970, so the difference exists.
        (Timestamp::default() + date.duration_since(UNIX_EPOCH).ok()?).since(now)
    };
    Some(now + asked.min(MAX_RETRY_AFTER))
}

/// The pause after the try of that number (1 for the first), before jitter.
pub fn pause_after(policy: &RetryPolicy, attempts: u32) -> Duration {
    let growth = policy.factor.max(1.0).powf(f64::from(attempts.saturating_sub(1)));
    let seconds = policy.first.as_secs_f64() * growth;
    // Growth soon leaves what a duration can hold; the cap holds there as well.
    Duration::try_from_secs_f64(seconds).map_or(policy.max, |pause| pause.min(policy.max))
}

/// When a waiting delivery would be tried, should every try fail at once: at most `count` times, the
/// first of them `next`. `tries` are those of the budget that began at `registered_at`. Jitter makes
/// each a little later, and so may the destination.
pub fn planned_tries(
    policy: &RetryPolicy,
    tries: u32,
    registered_at: Timestamp,
    next: Timestamp,
    count: usize,
) -> Vec<Timestamp> {
    let mut planned = Vec::new();
    let mut tried = Tried { attempts: tries, registered_at, now: next };
    while planned.len() < count {
        planned.push(tried.now);
        tried.attempts = tried.attempts.saturating_add(1);
        let Some(next) =
            try_again(policy, &tried, next_try(policy, &tried, None, 0.0), None).next_attempt_at
        else {
            break;
        };
        tried.now = next;
    }
    planned
}

/// Where an answer leads, given when the next try would be due.
fn answered(policy: &RetryPolicy, tried: &Tried, status: u16, due: Timestamp) -> Decision {
    match status {
        200..=299 => finished(DeliveryState::Succeeded, None),
        300..=399 => try_again(policy, tried, due, Some(redirected(status))),
        410 => Decision {
            state: DeliveryState::Failed,
            next_attempt_at: Some(due),
            counts: true,
            pause_forwarder: true,
            reason: Some(
                "The destination answered 410: it is gone for good, so the forwarder was paused."
                    .to_owned(),
            ),
        },
        400..=499 if !is_tried_again(policy, status) => {
            finished(DeliveryState::Rejected, Some(refusal(status)))
        }
        _ => try_again(policy, tried, due, Some(format!("The destination answered {status}."))),
    }
}

/// Why a refusal is final, and whose matter it is. Another try would end alike; once it is mended,
/// a person requeues the delivery.
fn refusal(status: u16) -> String {
    let whose = match status {
        401 | 403 => "does not accept the connection's credentials",
        404 => "knows nothing at the connection's address",
        _ => "refused this payload for good",
    };
    format!("The destination {whose}: it answered {status}.")
}

/// Whether a status is one to try again: always, or because the forwarder lists it.
fn is_tried_again(policy: &RetryPolicy, status: u16) -> bool {
    matches!(status, 408 | 425 | 429)
        || policy.codes.iter().any(|pattern| match *pattern {
            CodePattern::Exactly(code) => code == status,
            CodePattern::Class(digit) => digit == status / 100,
        })
}

/// Why a redirect is no success, and what to do about it.
fn redirected(status: u16) -> String {
    format!(
        "The destination answered {status}, a redirect that the hub does not follow: it could change \
         the method, or lead where it must not. Change the URL in the connection to where it leads."
    )
}

/// The state of a delivery that is waiting for nothing any more.
fn finished(state: DeliveryState, reason: Option<String>) -> Decision {
    Decision { state, next_attempt_at: None, counts: true, pause_forwarder: false, reason }
}

/// Due again at `due`, unless the budget is spent.
fn try_again(
    policy: &RetryPolicy,
    tried: &Tried,
    due: Timestamp,
    reason: Option<String>,
) -> Decision {
    if tried.attempts >= policy.minimum_tries && is_out_of_time(policy, tried) {
        let elapsed = tried.now.since(tried.registered_at);
        let tries = if tried.attempts == 1 { "try" } else { "tries" };
        let given_up = format!("given up after {} {tries} in {}", tried.attempts, rough(elapsed));
        let reason = match reason {
            Some(reason) => format!("{given_up}: {reason}"),
            None => given_up,
        };
        return finished(DeliveryState::Cancelled, Some(reason));
    }
    Decision {
        state: DeliveryState::Failed,
        next_attempt_at: Some(due),
        counts: true,
        pause_forwarder: false,
        reason,
    }
}

/// Whether the time of the budget is over. Tries may be left to it all the same.
fn is_out_of_time(policy: &RetryPolicy, tried: &Tried) -> bool {
    tried.now.since(tried.registered_at) >= policy.give_up_after
}

/// When the next try is due: by schedule with jitter, and not before the destination asked for it.
fn next_try(
    policy: &RetryPolicy,
    tried: &Tried,
    retry_after: Option<Timestamp>,
    jitter: f64,
) -> Timestamp {
    let pause = pause_after(policy, tried.attempts);
    let jitter = if jitter.is_nan() { 0.0 } else { jitter.clamp(0.0, 1.0) };
    let scheduled = tried.now + pause + pause.mul_f64(jitter * MAX_JITTER);
    retry_after.map_or(scheduled, |asked| asked.max(scheduled))
}

/// A duration for a sentence: whole units, in the largest unit that there are two of.
fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (length, unit) = [(86_400, "d"), (3_600, "h"), (60, "min")]
        .into_iter()
        .find(|(length, _)| seconds >= 2 * length)
        .unwrap_or((1, "s"));
    format!("{} {unit}", seconds / length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    fn noon() -> Timestamp {
        Timestamp::parse("1994-11-06T12:00:00Z").unwrap()
    }

    fn after(attempts: u32, age: Duration) -> Tried {
        Tried { attempts, registered_at: noon() - age, now: noon() }
    }

    fn answer(status: u16) -> Outcome {
        Outcome::Answered { status, retry_after: None }
    }

    /// One row of the table: the state, the pause to the next try, and a part of the reason.
    #[track_caller]
    fn check(
        tried: Tried,
        outcome: Outcome,
        state: DeliveryState,
        pause: Option<Duration>,
        reason: &str,
    ) {
        let decision = decide(&RetryPolicy::default(), &tried, &outcome, 0.0);
        assert_eq!(decision.state, state, "{decision:?}");
        assert_eq!(decision.next_attempt_at, pause.map(|pause| noon() + pause), "{decision:?}");
        assert_eq!(decision.pause_forwarder, outcome == answer(410));
        assert_eq!(state.is_waiting(), decision.next_attempt_at.is_some());
        let said = decision.reason.unwrap_or_default();
        assert!(said.contains(reason), "{said:?} does not say {reason:?}");
        assert_eq!(said.is_empty(), reason.is_empty(), "{said:?}");
    }

    #[test]
    fn every_success_is_a_success() {
        for status in 200..300 {
            check(after(1, HOUR), answer(status), DeliveryState::Succeeded, None, "");
        }
    }

    // MUST-20
    #[test]
    fn answers_that_may_change_are_tried_again() {
        let pause = Some(Duration::from_secs(15));
        for status in [408, 425, 429, 500, 502, 503, 504, 599, 101, 700] {
            let reason = format!("answered {status}");
            check(after(1, HOUR), answer(status), DeliveryState::Failed, pause, &reason);
        }
        for status in [300, 301, 302, 303, 304, 307, 308, 399] {
            let failed = DeliveryState::Failed;
            check(after(1, HOUR), answer(status), failed, pause, "the hub does not follow");
            check(after(1, HOUR), answer(status), failed, pause, "URL in the connection");
        }
    }

    // MUST-20
    #[test]
    fn refusals_are_final() {
        for status in [400, 401, 403, 404, 405, 409, 413, 415, 422, 451, 499] {
            let reason = format!("answered {status}");
            check(after(1, HOUR), answer(status), DeliveryState::Rejected, None, &reason);
        }
    }

    // MUST-20
    #[test]
    fn gone_pauses_the_forwarder_and_is_never_given_up() {
        let failed = DeliveryState::Failed;
        check(after(1, HOUR), answer(410), failed, Some(Duration::from_secs(15)), "gone");
        check(after(50, DAY * 50), answer(410), failed, Some(HOUR * 6), "paused");
    }

    // MUST-20
    #[test]
    fn failures_without_an_answer_are_tried_again() {
        for kind in ErrorKind::ALL {
            let outcome = Outcome::Failed { kind: *kind };
            let (state, pause, reason) = match kind {
                ErrorKind::Build => (DeliveryState::Broken, None, ""),
                ErrorKind::Interrupted => (DeliveryState::Failed, Some(Duration::ZERO), "stopped"),
                _ => (DeliveryState::Failed, Some(Duration::from_secs(45)), ""),
            };
            check(after(2, HOUR), outcome, state, pause, reason);
        }
    }

    // MUST-21
    #[test]
    fn gives_up_at_the_end_of_the_budget_and_not_before() {
        let just_before = (DAY * 5).saturating_sub(Duration::from_micros(1));
        let (failed, cancelled) = (DeliveryState::Failed, DeliveryState::Cancelled);
        check(
            after(7, just_before),
            answer(503),
            failed,
            Some(HOUR * 3 + HOUR / 60 * 2 + Duration::from_secs(15)),
            "503",
        );
        check(after(7, DAY * 5), answer(503), cancelled, None, "given up after 7 tries in 5 d");
        check(after(7, DAY * 5), answer(503), cancelled, None, "answered 503");
        check(after(7, DAY * 5), answer(302), cancelled, None, "the hub does not follow");
        let timeout = Outcome::Failed { kind: ErrorKind::Timeout };
        check(after(3, DAY * 9), timeout, cancelled, None, "given up after 3 tries in 9 d");
        // However old: two tries are too few.
        check(after(2, DAY * 50), timeout, failed, Some(Duration::from_secs(45)), "");
    }

    #[test]
    fn a_forwarder_can_have_refusals_tried_again() {
        let with = |codes| RetryPolicy { codes, ..RetryPolicy::default() };
        let exactly = with(vec![CodePattern::Exactly(404)]);
        let policy = with(vec![CodePattern::Exactly(404), CodePattern::Class(4)]);
        for (policy, status, state) in [
            (&exactly, 404, DeliveryState::Failed),
            (&exactly, 403, DeliveryState::Rejected),
            (&policy, 403, DeliveryState::Failed),
            (&policy, 499, DeliveryState::Failed),
        ] {
            let decision = decide(policy, &after(1, HOUR), &answer(status), 0.0);
            assert_eq!(decision.state, state, "{status}");
        }
        // A whole class does not hide that the destination is gone.
        assert!(decide(&policy, &after(1, HOUR), &answer(410), 0.0).pause_forwarder);
    }

    // MUST-21
    #[test]
    fn the_pause_grows_to_its_cap() {
        let policy = RetryPolicy::default();
        for (attempts, seconds) in
            [(0, 15), (1, 15), (2, 45), (3, 135), (7, 10_935), (8, 21_600), (u32::MAX, 21_600)]
        {
            assert_eq!(pause_after(&policy, attempts), Duration::from_secs(seconds), "{attempts}");
        }
    }

    #[test]
    fn who_asks_for_patience_uses_up_no_try_within_the_budget() {
        let just_before = (DAY * 5).saturating_sub(Duration::from_micros(1));
        let counts = |status, asks: bool, age| {
            let retry_after = asks.then(|| noon() + HOUR);
            let outcome = Outcome::Answered { status, retry_after };
            decide(&RetryPolicy::default(), &after(1, age), &outcome, 0.0).counts
        };
        for (status, asks, age, expected) in [
            (429, true, HOUR, false),
            (503, true, HOUR, false),
            (503, true, just_before, false),
            (503, true, DAY * 5, true),
            (429, false, HOUR, true),
            (503, false, HOUR, true),
            (500, true, HOUR, true),
            (408, true, HOUR, true),
            (200, true, HOUR, true),
        ] {
            assert_eq!(counts(status, asks, age), expected, "{status} {asks} {age:?}");
        }
        for kind in ErrorKind::ALL {
            let outcome = Outcome::Failed { kind: *kind };
            let decision = decide(&RetryPolicy::default(), &after(1, HOUR), &outcome, 0.0);
            assert_eq!(decision.counts, *kind != ErrorKind::Interrupted, "{kind}");
        }
    }

    #[test]
    fn plans_tries_up_to_the_end_of_the_budget() {
        let plan = |policy: &RetryPolicy, tries, age: Duration, count| -> Vec<u64> {
            planned_tries(policy, tries, noon() - age, noon(), count)
                .iter()
                .map(|at| at.since(noon()).as_secs())
                .collect()
        };
        let usual = RetryPolicy::default();
        assert_eq!(plan(&usual, 0, Duration::ZERO, 5), [0, 15, 60, 195, 600]);
        assert_eq!(plan(&usual, 2, HOUR, 3), [0, 135, 540]);
        assert_eq!(plan(&usual, 0, Duration::ZERO, 0), [0_u64; 0]);
        assert_eq!(plan(&usual, 2, DAY * 5, 5), [0], "the next one is the last");
        assert_eq!(plan(&usual, 0, DAY * 9, 5), [0, 15, 60], "three it gets, however old");
        let brief = RetryPolicy { give_up_after: Duration::from_mins(1), ..usual };
        assert_eq!(plan(&brief, 0, Duration::ZERO, 5), [0, 15, 60]);
    }

    // MUST-21
    #[test]
    fn the_next_try_waits_for_the_destination() {
        let asked = |seconds| Outcome::Answered {
            status: 503,
            retry_after: Some(noon() + Duration::from_secs(seconds)),
        };
        check(
            after(1, HOUR),
            asked(100),
            DeliveryState::Failed,
            Some(Duration::from_secs(100)),
            "503",
        );
        check(
            after(1, HOUR),
            asked(3),
            DeliveryState::Failed,
            Some(Duration::from_secs(15)),
            "503",
        );
    }

    #[test]
    fn reads_retry_after_in_all_its_forms() {
        for (header, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("86400", Some(86_400)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 12:00:37 GMT", Some(37)),
            ("Sunday, 06-Nov-94 12:00:37 GMT", Some(37)),
            ("Sun Nov  6 12:00:37 1994", Some(37)),
            ("Sun, 06 Nov 1994 11:00:00 GMT", Some(0)),
            ("Mon, 06 Nov 2034 11:00:00 GMT", Some(86_400)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("1994-11-06T12:00:37Z", None),
        ] {
            let expected = seconds.map(|seconds| noon() + Duration::from_secs(seconds));
            assert_eq!(retry_after(header, noon()), expected, "{header}");
        }
    }

    #[test]
    fn durations_in_sentences_are_rough() {
        for (seconds, text) in
            [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_300, "2 h"), (172_800, "2 d")]
        {
            assert_eq!(rough(Duration::from_secs(seconds)), text);
        }
    }

    proptest! {
        // MUST-21
        #[test]
        fn jitter_only_adds_and_never_more_than_a_tenth(
            attempts in 1..40_u32,
            jitter in 0.0..1.0_f64,
            factor in 1.0..10.0_f64,
        ) {
            let policy = RetryPolicy { factor, ..RetryPolicy::default() };
            let decision = decide(&policy, &after(attempts, HOUR), &answer(500), jitter);
            let pause = decision.next_attempt_at.unwrap().since(noon());
            let stated = pause_after(&policy, attempts);
            // A time counts microseconds, so that the stated pause is cut to them.
            prop_assert!(pause + Duration::from_micros(2) >= stated);
            prop_assert!(pause <= stated.mul_f64(1.0 + MAX_JITTER));
            prop_assert!(stated <= policy.max);
        }

        // MUST-21
        #[test]
        fn nothing_is_given_up_before_its_minimum_of_tries(
            attempts in 1..10_u32,
            minimum_tries in 0..10_u32,
            age in 0..100_u32,
            status in 100..600_u16,
        ) {
            let policy = RetryPolicy { minimum_tries, ..RetryPolicy::default() };
            let decision = decide(&policy, &after(attempts, DAY * age), &answer(status), 0.5);
            if decision.state == DeliveryState::Cancelled {
                prop_assert!(attempts >= minimum_tries && age >= 5);
            }
        }

        #[test]
        fn any_header_text_is_read_or_left(header in "\\PC*") {
            if let Some(time) = retry_after(&header, noon()) {
                prop_assert!(time >= noon() && time <= noon() + MAX_RETRY_AFTER);
            }
        }
    }
}
