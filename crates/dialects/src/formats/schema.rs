//! What an application asks: the questions of its forms, as JSON.

use fieldpost_model::form::{Choice, Field, FieldKind, Form, Labels, Leaf};
use fieldpost_model::json::Value;

use super::ApplicationPayload;

/// The application with the questions of its forms, in their order. A group and a repeat stand among
/// the questions, before those inside: their labels are what people know a part of a form by.
pub fn application_schema(payload: &ApplicationPayload<'_>) -> Value<'static> {
    let forms = payload.forms.iter().map(form_schema).collect();
    Value::object([
        ("id", Value::from(payload.id.to_owned())),
        ("project", Value::from(payload.domain.to_owned())),
        ("application", optional(payload.application)),
        ("build", optional(payload.build)),
        ("saved_at", Value::from(payload.saved_at.to_string())),
        ("forms", Value::Array(forms)),
    ])
}

/// One form, as [`read_definition`](crate::read_definition) reads it.
pub fn form_schema(form: &Form) -> Value<'static> {
    let mut questions = Vec::new();
    add(&mut questions, &form.fields, &mut Vec::new());
    let languages = form.languages.iter().cloned().map(Value::from).collect();
    Value::object([
        ("name", Value::from(form.name.clone())),
        ("title", Value::from(form.title.clone())),
        ("id", optional(form.form_id.as_deref())),
        ("xmlns", optional(form.xmlns.as_deref())),
        ("version", optional(form.version.as_deref())),
        ("languages", Value::Array(languages)),
        ("questions", Value::Array(questions)),
    ])
}

fn add<'f>(questions: &mut Vec<Value<'static>>, fields: &'f [Field], path: &mut Vec<&'f str>) {
    for field in fields {
        path.push(&field.name);
        questions.push(question(field, &path.join("/")));
        add(questions, field.children(), path);
        path.pop();
    }
}

fn question(field: &Field, path: &str) -> Value<'static> {
    let kind = match &field.kind {
        FieldKind::Group(_) => "group",
        FieldKind::Repeat(_) => "repeat",
        FieldKind::Leaf(leaf) => leaf.answer.name(),
    };
    let described = [
        ("path", Value::from(path.to_owned())),
        ("type", Value::from(kind)),
        ("label", optional(field.labels.in_language(None))),
        ("labels", labels(&field.labels)),
        ("required", optional(field.required.as_deref())),
        ("relevant", optional(field.relevant.as_deref())),
    ];
    Value::object(described.into_iter().chain(field.as_leaf().map(choices).into_iter().flatten()))
}

fn choices(leaf: &Leaf) -> Vec<(&'static str, Value<'static>)> {
    let mut members = Vec::new();
    if !leaf.choices.is_empty() {
        members.push(("choices", Value::Array(leaf.choices.iter().map(choice).collect())));
    }
    if let Some(file) = &leaf.choices_from {
        members.push(("choices_from", Value::from(file.clone())));
    }
    if let Some(automatic) = leaf.automatic {
        members.push(("automatic", Value::from(automatic.name())));
    }
    members
}

fn choice(choice: &Choice) -> Value<'static> {
    Value::object([
        ("value", Value::from(choice.value.clone())),
        ("label", optional(choice.labels.in_language(None))),
        ("labels", labels(&choice.labels)),
    ])
}

/// The texts by their languages; none where there is but one text, for everybody.
fn labels(labels: &Labels) -> Value<'static> {
    Value::object(labels.0.iter().filter_map(|label| {
        let language = label.language.as_deref()?.to_owned();
        Some((language, Value::from(label.text.clone())))
    }))
}

fn optional(text: Option<&str>) -> Value<'static> {
    text.map_or(Value::Null, |text| Value::from(text.to_owned()))
}
