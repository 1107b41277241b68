//! The steps of a run: how each is told, and which one somebody means.

use fieldpost_model::json::Value;

use super::super::show::{elements, number, text};
use super::took;
use crate::client::Json;
use crate::failure::Failure;
use crate::output;

/// A step in a line or two: its number, how it ended, and its error.
pub(super) fn told_step(step: &Json) -> String {
    let name = text(step, "name");
    let name = if name.is_empty() { String::new() } else { format!(" {name}") };
    let attempt = number(step, "attempt");
    let again = if attempt > 1 { format!(", try {attempt}") } else { String::new() };
    let state = text(step, "state");
    let state = match &*state {
        "success" => output::good(state),
        "running" => state.into_owned(),
        _ => output::bad(state),
    };
    let took = took(step);
    let took = if took.is_empty() { took } else { format!(" after {took}") };
    let error = error_of_step(step);
    let head = output::strong(format!("step {} {}", text(step, "number"), text(step, "step")));
    format!("\n{head}{name}{again}: {state}{took}{error}")
}

/// The error of a step with its place in the job, and below it what else is known: why, and how it can be
/// mended.
fn error_of_step(step: &Json) -> String {
    let Some(found) = step.get("error").filter(|found| **found != Value::Null) else {
        return String::new();
    };
    let known = |key: &str| {
        let of_details = found.get("details").map(|details| text(details, key));
        let told = [Some(text(found, key)), of_details].into_iter().flatten();
        told.map(std::borrow::Cow::into_owned).find(|told| !told.is_empty())
    };
    let kind = text(found, "name");
    let message = format!("{kind}: {}{}", text(found, "message"), place_in_job(found));
    let fix = known("fix").map(|fix| format!("hint: {fix}"));
    let lines = [Some(message), known("description"), fix].into_iter().flatten();
    lines.flat_map(|line| ["\n  ".to_owned(), line.replace('\n', "\n  ")]).collect()
}

/// Where in its job an error is, as far as that is known.
fn place_in_job(error: &Json) -> String {
    let at = error.get("pos").map(|at| (number(at, "line"), number(at, "column")));
    let (line, operation) = (number(error, "line"), text(error, "operationName"));
    match at {
        Some((line, column)) => format!(" (line {line}, column {column})"),
        None if line > 0 && !operation.is_empty() => format!(" (in {operation}, line {line})"),
        None if line > 0 => format!(" (line {line})"),
        None => String::new(),
    }
}

/// The number of the one execution of a step that has this name in a run.
pub(super) fn number_of(run: &Json, step: &str) -> Result<u64, Failure> {
    let steps = elements(run, "steps");
    let of_that_name = steps.iter().filter(|own| text(own, "step") == step);
    let found: Vec<u64> = of_that_name.map(|own| number(own, "number")).collect();
    match found.as_slice() {
        [number] => Ok(*number),
        [] => {
            let mut names: Vec<_> = steps.iter().map(|own| text(own, "step")).collect();
            names.dedup();
            Err(Failure::new(format!("no step `{step}` has run in it"))
                .hint(format!("its steps are {}", names.join(", "))))
        }
        several => {
            let numbers: Vec<_> = several.iter().map(u64::to_string).collect();
            Err(Failure::new(format!("the step `{step}` has run several times in it"))
                .hint(format!("give one of the numbers {}", numbers.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(text: &str) -> Json {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[test]
    fn the_error_of_a_step_is_told_with_its_place() {
        for (step, expected) in [
            (r#"{"state": "success"}"#, ""),
            (
                r#"{"error": {"name": "JobError", "message": "no", "pos": {"line": 3, "column": 9}}}"#,
                "\n  JobError: no (line 3, column 9)",
            ),
            (
                r#"{"error": {"name": "AdaptorError", "message": "NO_URL", "line": 2, "operationName": "get",
                    "details": {"description": "no URL", "fix": "give one"}}}"#,
                "\n  AdaptorError: NO_URL (in get, line 2)\n  no URL\n  hint: give one",
            ),
            (
                r#"{"error": {"name": "ImportError", "message": "x\u001b", "fix": "install it"}}"#,
                "\n  ImportError: x\\u{1b}\n  hint: install it",
            ),
        ] {
            assert_eq!(error_of_step(&json_of(step)), expected);
        }
    }

    #[test]
    fn a_step_is_found_by_its_name() {
        let run = json_of(
            r#"{"steps": [{"step": "a", "number": 1}, {"step": "b", "number": 2}, {"step": "b", "number": 3}]}"#,
        );
        assert_eq!(number_of(&run, "a").unwrap(), 1);
        for (step, told) in [("b", "give one of the numbers 2, 3"), ("c", "its steps are a, b")] {
            let failure = number_of(&run, step).unwrap_err().to_string();
            assert!(failure.contains(told), "{failure}");
        }
    }
}
