//! What is known of a run that goes on, and what follows from it: pure.
//!
//! A run that was begun by a hub that died, or that waits for the next try of a step, is claimed
//! with everything that was recorded of it. From that comes which steps need not run again, when
//! the next try of one is due, and how much of the run's time is used up.

use std::time::Duration;

use fieldpost_model::run::{JobPlace, RunState, RunStep, StepState};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::StepRetry;
use fieldpost_script::protocol::{Severity, StepError};
use fieldpost_script::runtime::walk::Begun;
use fieldpost_store::RunError;

/// What OpenFn calls a step that took longer than it may.
const TIMEOUT: &str = "TimeoutError";

/// What is done about a try of a step that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It ended, and the run goes on from what it left.
    Ended,
    /// It was broken off: it is run again.
    BrokenOff,
    /// It failed, and the next try is due then.
    Again(Timestamp),
    /// It ended the run.
    EndsRun,
}

/// What a walk is told of a recorded try.
pub(super) fn begun(step: &RunStep) -> Begun {
    let RunStep { number, step, after, attempt, .. } = step;
    Begun { number: *number, step: step.clone(), after: *after, attempt: *attempt }
}

/// What is done about a recorded try.
pub(super) fn known(step: &RunStep, retry: Option<&StepRetry>) -> Known {
    let error = step.error.as_deref().and_then(|error| serde_json::from_str(error).ok());
    let finished = step.finished_at.unwrap_or(step.started_at);
    match step.state {
        StepState::Success => Known::Ended,
        StepState::Running | StepState::Cancel => Known::BrokenOff,
        state => match next_try(retry, step.attempt, error.as_ref(), finished) {
            Some(due) => Known::Again(due),
            None if state == StepState::Fail => Known::Ended,
            None => Known::EndsRun,
        },
    }
}

/// When the try after this one is due: none where the step may not be tried again, or another try
/// would end the same way.
pub(super) fn next_try(
    retry: Option<&StepRetry>,
    attempt: u32,
    error: Option<&StepError>,
    finished: Timestamp,
) -> Option<Timestamp> {
    let retry = retry.filter(|retry| attempt < retry.tries)?;
    let may_pass = error.is_none_or(|error| match error.severity {
        Severity::Fail | Severity::Exception => true,
        Severity::Kill => error.name == TIMEOUT,
        Severity::Crash => false,
    });
    may_pass.then(|| finished + pause(retry, attempt))
}

/// The pause after a try that failed.
fn pause(retry: &StepRetry, attempt: u32) -> Duration {
    let steps = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let seconds = retry.first.as_secs_f64() * retry.factor.powi(steps);
    Duration::try_from_secs_f64(seconds).unwrap_or(retry.max).min(retry.max)
}

/// How long steps of the run were under way, so far as that is recorded; steps that were at once
/// count once, and what lies between them not at all.
pub(super) fn used(steps: &[RunStep]) -> Duration {
    let mut spans: Vec<(Timestamp, Timestamp)> =
        steps.iter().filter_map(|step| Some((step.started_at, step.finished_at?))).collect();
    spans.sort_unstable();
    let mut used = Duration::ZERO;
    let mut reached = Timestamp(i64::MIN);
    for (start, end) in spans {
        used += end.since(start.max(reached));
        reached = reached.max(end);
    }
    used
}

/// Where a step stands that ended so.
pub(super) fn step_state(error: Option<&StepError>) -> StepState {
    match error.map(|error| error.severity) {
        None => StepState::Success,
        Some(Severity::Fail) => StepState::Fail,
        Some(Severity::Crash) => StepState::Crash,
        Some(Severity::Kill) => StepState::Kill,
        Some(Severity::Exception) => StepState::Exception,
    }
}

/// Where a run stands that an error has ended.
pub(super) fn run_state(error: &StepError) -> RunState {
    match error.severity {
        Severity::Fail => RunState::Failed,
        Severity::Crash => RunState::Crashed,
        Severity::Kill => RunState::Killed,
        Severity::Exception => RunState::Exception,
    }
}

/// The error of a run, by the name that OpenFn gives to the reason.
pub(super) fn run_error(error: &StepError, step: Option<&str>) -> RunError {
    RunError {
        error_type: error.subtype.clone().unwrap_or_else(|| error.name.clone()),
        message: error.message.clone(),
        step: step.map(str::to_owned),
        place: place_of(error),
    }
}

/// Where in the job an error is: its own place, or the line of the operation that failed.
fn place_of(error: &StepError) -> Option<JobPlace> {
    match error.pos {
        Some(pos) => Some(JobPlace { line: pos.line, column: Some(pos.column) }),
        None => Some(JobPlace { line: error.line?, column: None }),
    }
}

/// A time in the unit that OpenFn's messages have.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: StepRetry = StepRetry {
        tries: 4,
        first: Duration::from_secs(10),
        factor: 3.0,
        max: Duration::from_mins(1),
    };

    fn step(state: StepState, attempt: u32, error: Option<&StepError>) -> RunStep {
        RunStep {
            number: 1,
            step: "a".to_owned(),
            name_in_state: "a".to_owned(),
            after: None,
            state,
            attempt,
            started_at: Timestamp(0),
            finished_at: Some(Timestamp(1_000_000)),
            input_bytes: None,
            output_bytes: None,
            error: error.map(|error| serde_json::to_string(error).unwrap()),
            log_lines: 0,
        }
    }

    fn at(seconds: i64) -> Known {
        Known::Again(Timestamp(seconds * 1_000_000))
    }

    #[test]
    fn a_failed_step_is_tried_again_after_growing_pauses() {
        let error = StepError::new("JobError", Severity::Fail, "no");
        for (attempt, expected) in
            [(1, at(11)), (2, at(31)), (3, at(61)), (4, Known::Ended), (5, Known::Ended)]
        {
            let failed = step(StepState::Fail, attempt, Some(&error));
            assert_eq!(known(&failed, Some(&RETRY)), expected, "after try {attempt}");
        }
        assert_eq!(known(&step(StepState::Fail, 1, Some(&error)), None), Known::Ended);
    }

    #[test]
    fn what_another_try_would_not_mend_is_not_tried_again() {
        for (name, severity, state, expected) in [
            ("TimeoutError", Severity::Kill, StepState::Kill, at(11)),
            ("OOMError", Severity::Kill, StepState::Kill, Known::EndsRun),
            ("RuntimeCrash", Severity::Crash, StepState::Crash, Known::EndsRun),
            ("ExecutionError", Severity::Exception, StepState::Exception, at(11)),
        ] {
            let error = StepError::new(name, severity, "");
            assert_eq!(known(&step(state, 1, Some(&error)), Some(&RETRY)), expected, "{name}");
            assert_eq!(known(&step(state, 1, Some(&error)), None), Known::EndsRun, "{name}");
        }
        assert_eq!(known(&step(StepState::Running, 1, None), Some(&RETRY)), Known::BrokenOff);
        assert_eq!(known(&step(StepState::Success, 1, None), Some(&RETRY)), Known::Ended);
    }

    #[test]
    fn a_pause_never_grows_beyond_its_bound() {
        let steep = StepRetry { tries: u32::MAX, factor: 1e300, ..RETRY };
        assert_eq!(pause(&steep, 400), RETRY.max);
    }

    #[test]
    fn time_is_counted_once() {
        let span = |from: i64, to: i64| RunStep {
            started_at: Timestamp(from),
            finished_at: Some(Timestamp(to)),
            ..step(StepState::Success, 1, None)
        };
        let steps = [span(100, 200), span(0, 10), span(150, 160), span(190, 250)];
        assert_eq!(used(&steps), Duration::from_micros(160));
        assert_eq!(used(&[]), Duration::ZERO);
    }
}
