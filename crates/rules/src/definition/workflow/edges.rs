//! The edges of a workflow, read and written.
//!
//! One that is always taken may be written as the name of the step alone; several are an object of
//! steps, each with its condition, or with an object of condition, label and whether it is disabled.

use fieldpost_model::json::Value;
use fieldpost_model::workflow::{Edge, When};

use super::always;
use crate::definition::fields::{Field, Section};
use crate::definition::write::Members;

/// The words for conditions that need no expression, with what they mean.
const WORDS: [(&str, When); 3] = [
    ("always", When::Always),
    ("on_job_success", When::OnJobSuccess),
    ("on_job_failure", When::OnJobFailure),
];

/// The longest expression, in bytes.
const MAX_EXPRESSION_BYTES: usize = 8_192;

/// The longest label, in characters.
const MAX_LABEL: usize = 200;

/// Reads where a run begins. Nothing has run before, so nothing has succeeded or failed.
pub(super) fn read_start(field: &Field<'_, '_>) -> Vec<Edge> {
    let edges = read_edges(field);
    for edge in &edges {
        if matches!(edge.when, When::OnJobSuccess | When::OnJobFailure) {
            field.place.key(&edge.to).report_with_hint::<()>(
                "does-not-apply",
                "no step has run before the start, so none has succeeded or failed",
                "write `always`, or an expression over `state`",
            );
        }
    }
    if edges.is_empty() && field.value.as_object().is_some_and(<[_]>::is_empty) {
        field.place.report_with_hint::<()>(
            "wrong-value",
            "`start` leads to no step",
            "leave it out to begin with the first step",
        );
    }
    edges
}

/// Reads the edges that leave a step.
pub(super) fn read_edges(field: &Field<'_, '_>) -> Vec<Edge> {
    if field.value.as_str().is_some() {
        return field.text().map(always).into_iter().collect();
    }
    if field.value.as_object().is_none() {
        field.wrong_type::<()>("the name of a step, or an object of steps with their conditions");
        return Vec::new();
    }
    field.entries().into_iter().filter_map(|(to, field)| read_edge(to, &field)).collect()
}

fn read_edge(to: &str, field: &Field<'_, '_>) -> Option<Edge> {
    if field.value.as_object().is_none() {
        return Some(Edge { when: read_condition(field)?, ..always(to) });
    }
    let mut fields = field.fields(Section::Inner)?;
    let when = fields.take("condition").map(|field| read_condition(&field));
    let label = fields.take("label").map(|field| read_label(&field));
    let disabled = fields.take("disabled").map(|field| field.boolean());
    fields.close();
    Some(Edge {
        to: to.to_owned(),
        when: when.unwrap_or(Some(When::Always))?,
        label: label.unwrap_or_else(|| Some(String::new()))?,
        disabled: disabled.unwrap_or(Some(false))?,
    })
}

/// Reads a condition: a word, or an expression. `true` is how plans of OpenFn write `always`.
fn read_condition(field: &Field<'_, '_>) -> Option<When> {
    match field.value {
        Value::Bool(true) => return Some(When::Always),
        Value::Bool(false) => {
            return field.place.report_with_hint(
                "wrong-value",
                "an edge that is never taken has to say so",
                "write `{ disabled: true }`",
            );
        }
        _ => {}
    }
    let text = field.text()?;
    if let Some((_, when)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Some(when.clone());
    }
    if text.len() > MAX_EXPRESSION_BYTES {
        return field.place.report_with_hint(
            "out-of-range",
            format!("an expression has at most {MAX_EXPRESSION_BYTES} bytes, not {}", text.len()),
            "decide in a job, and ask here for what it has left in the state",
        );
    }
    Some(When::Expression(text.to_owned()))
}

fn read_label(field: &Field<'_, '_>) -> Option<String> {
    let label = field.any_text()?;
    if label.chars().count() <= MAX_LABEL && !label.chars().any(char::is_control) {
        return Some(label.to_owned());
    }
    let message = format!("a label is one line of at most {MAX_LABEL} characters");
    field.place.report("out-of-range", message)
}

/// Writes edges as shortly as they can be read.
pub(super) fn write_edges(edges: &[Edge]) -> Value<'static> {
    match edges {
        [only] if *only == always(&only.to) => Value::from(only.to.clone()),
        edges => Value::object(edges.iter().map(|edge| (edge.to.clone(), write_edge(edge)))),
    }
}

fn write_edge(edge: &Edge) -> Value<'static> {
    let condition = match &edge.when {
        When::Expression(expression) => expression.clone(),
        when => {
            let word = WORDS.iter().find(|(_, it)| it == when).map_or("always", |(word, _)| word);
            word.to_owned()
        }
    };
    if edge.label.is_empty() && !edge.disabled {
        return Value::from(condition);
    }
    let mut members = Members::default();
    members.put_unless(edge.when == When::Always, "condition", condition);
    members.put_unless(edge.label.is_empty(), "label", edge.label.clone());
    members.put_unless(!edge.disabled, "disabled", edge.disabled);
    members.into_value()
}
