//! Forms and submissions from outside: definitions, answers, and the formats that go out.

mod central;
mod commcare;
mod definitions;
mod documents;
mod formats;
mod kobo;
mod laws;
mod openrosa;
mod refusals;
mod template;
mod written;

use fieldpost_dialects::formats::values;
use fieldpost_dialects::{Received, decode, submission};
use fieldpost_model::form::{Field, FieldKind, Form};
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::Submission;

/// The submissions in a body.
#[track_caller]
fn submissions(dialect: Dialect, body: &str, form: Option<&Form>) -> Vec<Submission> {
    let received = Received { content_type: None, body: body.as_bytes() };
    let decoded = decode(dialect, &received).unwrap_or_else(|error| panic!("{error}"));
    submission::read(dialect, &decoded.view, form)
}

/// The one submission in a body.
#[track_caller]
fn one(dialect: Dialect, body: &str, form: Option<&Form>) -> Submission {
    let mut all = submissions(dialect, body, form);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Its answers as JSON.
fn answers(submission: &Submission) -> String {
    values(&submission.values).to_json()
}

/// The fields of a form in short, a line for each: `  gps: geopoint`.
fn outline(form: &Form) -> String {
    let mut lines = Vec::new();
    outline_fields(&form.fields, 0, &mut lines);
    lines.join("\n")
}

fn outline_fields(fields: &[Field], depth: usize, lines: &mut Vec<String>) {
    for field in fields {
        let kind = match &field.kind {
            FieldKind::Group(_) => "group",
            FieldKind::Repeat(_) => "repeat",
            FieldKind::Leaf(leaf) => leaf.answer.name(),
        };
        lines.push(format!("{}{}: {kind}", "  ".repeat(depth), field.name));
        outline_fields(field.children(), depth + 1, lines);
    }
}
