//! What a step that failed leaves in the state, and where in the job it failed.

use serde::Deserialize;
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

/// Says where in the author's text an error is that has this message and this place in the compiled
/// module; `None` where the compiler wrote what stands there.
pub type Places = dyn Fn(Position, &str) -> Option<Position> + Send + Sync;

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
    error.pos = error.pos.and_then(|pos| places(pos, &error.message));
    if error.pos.is_none() {
        error.step = None;
    }
}

/// An error in a line: `JobError: no birth (line 3, column 9)`.
pub fn in_words(error: &StepError) -> String {
    let StepError { name, message, .. } = error;
    let place = place_in_words(error).map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{name}: {message}{place}")
}

/// Where in the job an error is: `line 3, column 9`, or `in get, line 3` where no more is known than the
/// operation.
pub fn place_in_words(error: &StepError) -> Option<String> {
    match (error.pos, error.line, &error.operation_name) {
        (Some(Position { line, column }), _, _) => Some(format!("line {line}, column {column}")),
        (None, Some(line), Some(operation)) => Some(format!("in {operation}, line {line}")),
        (None, Some(line), None) => Some(format!("line {line}")),
        (None, None, _) => None,
    }
}

/// What is known of an error beyond its message, and how it can be mended: errors of adaptors have both
/// among their details.
pub fn advice(error: &StepError) -> (Option<String>, Option<String>) {
    #[derive(Default, Deserialize)]
    struct Details {
        description: Option<Value>,
        fix: Option<Value>,
    }
    let details: Details = error
        .details
        .as_ref()
        .and_then(|details| serde_json::from_str(details.get()).ok())
        .unwrap_or_default();
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    (text(details.description), error.fix.clone().or_else(|| text(details.fix)))
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
    fn an_error_is_told_with_its_place_and_how_to_mend_it() {
        let error = |json: &str| -> StepError {
            let fixed = r#""source":"runtime","severity":"fail","message":"no","name""#;
            serde_json::from_str(&format!("{{{fixed}:{json}}}")).unwrap()
        };
        for (json, words) in [
            (r#""A""#, "A: no"),
            (r#""A","pos":{"line":3,"column":9},"line":1"#, "A: no (line 3, column 9)"),
            (r#""A","line":2,"operationName":"get""#, "A: no (in get, line 2)"),
            (r#""A","line":2"#, "A: no (line 2)"),
            (r#""A","operationName":"get""#, "A: no"),
        ] {
            assert_eq!(in_words(&error(json)), words);
        }
        let some = |text: &str| Some(text.to_owned());
        for (json, expected) in [
            (r#""A""#, (None, None)),
            (r#""A","fix":"do it""#, (None, some("do it"))),
            (r#""A","details":{"description":"why","fix":"how"}"#, (some("why"), some("how"))),
            (r#""A","details":{"description":7,"fix":""}"#, (None, None)),
            (r#""A","details":[1]"#, (None, None)),
        ] {
            assert_eq!(advice(&error(json)), expected);
        }
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
