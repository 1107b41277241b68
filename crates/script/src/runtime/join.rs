//! The state of a step that waited for all paths that lead to it.
//!
//! It has `data` by the step that each path came from, and `errors` of all of them; of any other
//! key that several have, the last in the order of the definition stays. A path whose state is no
//! object has the whole of it as its data.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

/// What stands for the step where the run itself led to a step that waits for others too.
pub(super) const START: &str = "start";

type Object = BTreeMap<String, Box<RawValue>>;

/// One state of several, each with the step that it came from.
pub(super) fn joined<'a>(
    states: impl Iterator<Item = (&'a str, Option<&'a RawValue>)>,
) -> Box<RawValue> {
    let mut joined = Object::new();
    let mut data = Object::new();
    let mut errors = Object::new();
    for (step, state) in states {
        let Some(state) = state else { continue };
        let Ok(mut state) = serde_json::from_str::<Object>(state.get()) else {
            data.insert(step.to_owned(), state.to_owned());
            continue;
        };
        if let Some(own) = state.remove("data") {
            data.insert(step.to_owned(), own);
        }
        let own = state.remove("errors");
        let own = own.and_then(|errors| serde_json::from_str::<Object>(errors.get()).ok());
        errors.extend(own.into_iter().flatten());
        joined.extend(state);
    }
    joined.insert("data".to_owned(), to_raw_value(&data).unwrap_or_default());
    if !errors.is_empty() {
        joined.insert("errors".to_owned(), to_raw_value(&errors).unwrap_or_default());
    }
    to_raw_value(&joined).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(states: &[(&str, Option<&str>)], expected: &str) {
        let states: Vec<(&str, Option<Box<RawValue>>)> = states
            .iter()
            .map(|(step, state)| {
                (*step, state.map(|state| RawValue::from_string(state.to_owned()).unwrap()))
            })
            .collect();
        let joined = joined(states.iter().map(|(step, state)| (*step, state.as_deref())));
        assert_eq!(joined.get(), expected);
    }

    #[test]
    fn data_is_kept_by_step_and_errors_are_gathered() {
        check(
            &[
                ("b", Some(r#"{"data":{"n":1.10},"cursor":1,"errors":{"b":{"name":"JobError"}}}"#)),
                ("c", Some(r#"{"data":[2],"cursor":2,"errors":{"c":1}}"#)),
            ],
            r#"{"cursor":2,"data":{"b":{"n":1.10},"c":[2]},"errors":{"b":{"name":"JobError"},"c":1}}"#,
        );
    }

    #[test]
    fn what_is_no_state_is_data() {
        check(&[("b", Some("7")), ("c", None)], r#"{"data":{"b":7}}"#);
        check(&[("b", Some(r#"{"x":1}"#))], r#"{"data":{},"x":1}"#);
        check(&[], r#"{"data":{}}"#);
    }
}
