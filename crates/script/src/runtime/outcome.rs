//! What a step that failed leaves in the state, and where in the job it failed.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::protocol::{Outcome, Position, Severity, StepError};

/// What the run does after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It goes on along the edges.
    GoOn,
    /// It ends here, with the step's error as its reason.
    End,
}

/// Says where in the author's text a place in the compiled module is; `None` where the compiler
/// wrote what stands there.
pub type Places = dyn Fn(Position) -> Option<Position> + Send + Sync;

/// The outcome of a step as the next one sees it: the place of an error is the one in the job as
/// its author wrote it, and an error that the run survives is in `state.errors`.
pub fn settle(mut outcome: Outcome, step: &str, places: Option<&Places>) -> (Outcome, Next) {
    let Some(error) = outcome.error.as_mut() else { return (outcome, Next::GoOn) };
    if let Some(places) = places {
        locate(error, places);
    }
    if error.severity != Severity::Fail {
        outcome.state = None;
        return (outcome, Next::End);
    }
    outcome.state = Some(with_error(outcome.state.as_deref(), step, error));
    (outcome, Next::GoOn)
}

/// Says where in the author's text an error is. One in what the compiler wrote has no place there.
fn locate(error: &mut StepError, places: &Places) {
    error.pos = error.pos.and_then(places);
    if error.pos.is_none() {
        error.step = None;
    }
}

/// The state with one more error, beside those of earlier steps.
fn with_error(state: Option<&RawValue>, step: &str, error: &StepError) -> Box<RawValue> {
    let mut state: Map<String, Value> =
        state.and_then(|state| serde_json::from_str(state.get()).ok()).unwrap_or_default();
    let error = serde_json::to_value(error).unwrap_or_default();
    match state.entry("errors").or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(errors) => {
            errors.insert(step.to_owned(), error);
        }
        other => *other = Value::Object(Map::from_iter([(step.to_owned(), error)])),
    }
    serde_json::value::to_raw_value(&state).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[track_caller]
    fn check(state: Option<&str>, expected: &str) {
        let error = StepError::new("JobError", Severity::Fail, "no");
        let outcome = Outcome { state: state.map(raw), error: Some(error) };
        let (outcome, next) = settle(outcome, "b", None);
        assert_eq!(next, Next::GoOn);
        let state: Value = serde_json::from_str(outcome.state.unwrap().get()).unwrap();
        assert_eq!(state, serde_json::from_str::<Value>(expected).unwrap());
    }

    #[test]
    fn an_error_is_added_to_those_before() {
        let error = r#"{"source":"runtime","name":"JobError","severity":"fail","message":"no"}"#;
        check(None, &format!(r#"{{"errors":{{"b":{error}}}}}"#));
        check(Some(r#"{"data":1}"#), &format!(r#"{{"data":1,"errors":{{"b":{error}}}}}"#));
        check(Some(r#"{"errors":{"a":1}}"#), &format!(r#"{{"errors":{{"a":1,"b":{error}}}}}"#));
        check(Some(r#"{"errors":7}"#), &format!(r#"{{"errors":{{"b":{error}}}}}"#));
    }

    #[test]
    fn a_crash_and_a_kill_end_the_run_without_a_state() {
        for severity in [Severity::Crash, Severity::Kill, Severity::Exception] {
            let error = Some(StepError::new("X", severity, ""));
            let (outcome, next) = settle(Outcome { state: Some(raw("{}")), error }, "a", None);
            assert_eq!(next, Next::End);
            assert!(outcome.state.is_none());
        }
    }
}
