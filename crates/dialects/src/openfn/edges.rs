//! Edges: what follows a step, in the words of each format.

use fieldpost_model::json::Value;
use fieldpost_model::workflow::{Edge, When};

use super::reader::Reader;

/// An edge that is always taken.
pub(super) fn always(to: &str) -> Edge {
    edge(to, When::Always)
}

/// An edge without a label.
pub(super) fn edge(to: &str, when: When) -> Edge {
    Edge { to: to.to_owned(), when, label: String::new(), disabled: false }
}

/// The condition that a word or an expression stands for.
pub(super) fn condition(text: &str) -> When {
    match text.trim() {
        "always" | "true" => When::Always,
        "on_job_success" => When::OnJobSuccess,
        "on_job_failure" => When::OnJobFailure,
        expression => When::Expression(expression.to_owned()),
    }
}

/// The word or expression of a condition.
pub(super) fn condition_text(when: &When) -> &str {
    match when {
        When::Always => "always",
        When::OnJobSuccess => "on_job_success",
        When::OnJobFailure => "on_job_failure",
        When::Expression(expression) => expression,
    }
}

/// Reads `next`: the id of a step, or an object of ids with what each edge depends on. The ids are as
/// the file has them.
pub(super) fn read_next(
    reader: &mut Reader<'_>,
    place: &str,
    next: Option<&Value<'_>>,
) -> Vec<Edge> {
    match next {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(to)) => vec![always(to)],
        Some(Value::Object(edges)) => edges
            .iter()
            .filter_map(|(to, value)| read_edge(reader, &format!("{place}.next.{to}"), to, value))
            .collect(),
        Some(_) => {
            reader.note(&format!("{place}.next"), "is neither a step nor an object: left out");
            Vec::new()
        }
    }
}

/// Reads one edge. What OpenFn never takes is kept as disabled, for a person to see.
fn read_edge(reader: &mut Reader<'_>, place: &str, to: &str, value: &Value<'_>) -> Option<Edge> {
    let never = Edge { disabled: true, ..always(to) };
    match value {
        Value::Bool(true) => Some(always(to)),
        Value::Bool(false) | Value::Null => Some(never),
        Value::String(text) => Some(edge(to, condition(text))),
        Value::Object(_) => {
            let label = value.get("label").and_then(Value::as_str).unwrap_or_default().to_owned();
            let disabled = value.get("disabled").and_then(Value::as_bool) == Some(true);
            let when = match value.get("condition") {
                Some(Value::Bool(true)) => When::Always,
                Some(Value::String(text)) => condition(text),
                _ => {
                    if !disabled {
                        reader.note(
                            place,
                            "has no condition, so OpenFn never takes it: it is disabled here",
                        );
                    }
                    return Some(Edge { label, ..never });
                }
            };
            Some(Edge { to: to.to_owned(), when, label, disabled })
        }
        _ => {
            reader.note(place, "is no edge: left out");
            None
        }
    }
}
