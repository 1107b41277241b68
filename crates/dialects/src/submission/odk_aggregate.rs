//! Submissions as ODK Aggregate publishes them: `{"formId": …, "data": [{…}]}`.
//!
//! A value stands under its own name, without its groups; the form says which group it belongs to.
//! Repeats are nested. A position is four members (`gps:Latitude` and so on), a choice a list of
//! one, a file an object with a link to it or with its bytes in Base64, and what the server adds
//! has `*` around its name.

use std::collections::BTreeMap;

use fieldpost_model::form::{AnswerType, Field, FieldKind, Form};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{
    Attachment, AttachmentContent, FormReference, Metadata, Submission,
};

use super::tree::{Raw, lexical};
use super::{metadata, openrosa, tree};
use crate::view::{Members, each, member_text};

/// The parts of a position, in the order of an answer's text.
const POSITION: [&str; 4] = ["Latitude", "Longitude", "Altitude", "Accuracy"];

/// Reads the submissions of an envelope.
pub(super) fn submissions(envelope: &Value<'_>, form: Option<&Form>) -> Vec<Submission> {
    let data = envelope.get("data").and_then(Value::as_array).unwrap_or_default();
    data.iter().map(|record| submission(envelope, record, form)).collect()
}

fn submission(envelope: &Value<'_>, record: &Value<'_>, form: Option<&Form>) -> Submission {
    let members = tree::raw(record.as_object().unwrap_or_default());
    let (of_server, answers): (Vec<_>, Vec<_>) = members
        .into_iter()
        .partition(|(name, _)| name.len() > 2 && name.starts_with('*') && name.ends_with('*'));

    let mut files = Vec::new();
    let flat = flat(&answers, &mut files);
    let tree = match form {
        Some(form) => nest_all(&form.fields, flat),
        None => flat,
    };
    let mut metadata = metadata_of(&of_server);
    let values = openrosa::answers(tree::members(&tree), form, &mut metadata);
    let own = |name: &str| envelope.get(name).and_then(lexical).filter(|text| !text.is_empty());
    let mut attachments = files;
    let missing = metadata::files(&values)
        .into_iter()
        .filter(|name| !attachments.iter().any(|file| file.name == *name))
        .collect();
    attachments.extend(metadata::expected(missing));
    Submission {
        form: FormReference {
            id: own("formId"),
            version: own("formVersion"),
            ..FormReference::default()
        },
        metadata,
        values,
        attachments,
        is_untyped: form.is_none(),
        is_encrypted: false,
    }
}

fn metadata_of(of_server: &[(&str, &Value<'_>)]) -> Metadata {
    let mut metadata = Metadata::default();
    for (name, value) in of_server {
        match (*name, lexical(value).filter(|text| !text.is_empty())) {
            ("*meta-instance-id*", Some(id)) => metadata.instance_id = Some(id),
            ("*meta-submission-date*", Some(time)) => metadata.submitted_at = Some(time),
            _ => metadata.other.push(((*name).to_owned(), (*value).clone().into_owned())),
        }
    }
    metadata
}

/// The members with positions and files as the texts that a device would have sent.
fn flat(members: &[Raw<'_, '_>], files: &mut Vec<Attachment>) -> Value<'static> {
    let mut flat = Members::default();
    let mut positions: BTreeMap<&str, [Option<String>; 4]> = BTreeMap::new();
    for &(name, value) in members {
        if let Some((name, part)) = part_of_position(name) {
            // The answer takes the place of its first part.
            if !positions.contains_key(name) {
                flat.set(name, Value::Null);
            }
            if let Some(slot) = positions.entry(name).or_default().get_mut(part) {
                *slot = lexical(value);
            }
        } else {
            flat.set(name, value_of(value, files));
        }
    }
    for (name, parts) in positions {
        if let Some(text) = position(&parts) {
            flat.set(name, Value::string(text));
            continue;
        }
        // Half a position is none, but what there is of it stays.
        for (label, part) in POSITION.iter().zip(parts) {
            if let Some(part) = part {
                flat.set(&format!("{name}:{label}"), Value::string(part));
            }
        }
    }
    flat.into_value()
}

fn part_of_position(name: &str) -> Option<(&str, usize)> {
    let (name, part) = name.rsplit_once(':')?;
    Some((name, POSITION.iter().position(|known| *known == part)?))
}

/// `latitude longitude altitude accuracy`, as far as they go.
fn position(parts: &[Option<String>; 4]) -> Option<String> {
    let [Some(latitude), Some(longitude), altitude, accuracy] = parts else { return None };
    // The parts are told by their place in the text, so the accuracy needs an altitude before it.
    let altitude = altitude.as_deref().or(accuracy.as_ref().map(|_| "0"));
    let parts = [Some(latitude.as_str()), Some(longitude), altitude, accuracy.as_deref()];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

fn value_of(value: &Value<'_>, files: &mut Vec<Attachment>) -> Value<'static> {
    match value {
        Value::Object(members) => match file(value) {
            Some(file) => {
                let name = Value::string(file.name.clone());
                files.push(file);
                name
            }
            None => flat(&tree::raw(members), files),
        },
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| value_of(value, files)).collect())
        }
        other => other.clone().into_owned(),
    }
}

/// The file that an object describes: a name, with a link or with the bytes.
fn file(value: &Value<'_>) -> Option<Attachment> {
    let name = member_text(value, "filename")?.to_owned();
    let content = match (member_text(value, "url"), member_text(value, "bytes")) {
        (Some(url), _) => AttachmentContent::Link(url.to_owned()),
        (None, Some(bytes)) => AttachmentContent::Embedded(bytes.to_owned()),
        (None, None) => return None,
    };
    Some(Attachment { name, content_type: member_text(value, "type").map(str::to_owned), content })
}

/// The flat members in the groups of the form; what it does not know stays beside them.
fn nest_all(fields: &[Field], flat: Value<'static>) -> Value<'static> {
    let Value::Object(members) = flat else { return flat };
    let order: Vec<String> = members.iter().map(|(name, _)| name.to_string()).collect();
    let mut given: BTreeMap<String, Value<'static>> =
        members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
    let mut nested = nest(fields, &mut given);
    for name in order {
        if let Some(value) = given.remove(&name) {
            nested.set(&name, value);
        }
    }
    nested.into_value()
}

/// The members that these fields and the groups among them ask for. Where two groups have a field of
/// one name, the server kept one value and did not say whose; the first group gets it.
fn nest(fields: &[Field], given: &mut BTreeMap<String, Value<'static>>) -> Members<'static> {
    let mut nested = Members::default();
    for field in fields {
        match &field.kind {
            FieldKind::Group(fields) => {
                let inside = nest(fields, given);
                if !inside.is_empty() {
                    nested.set(&field.name, inside.into_value());
                }
            }
            FieldKind::Repeat(fields) => {
                if let Some(value) = given.remove(&field.name) {
                    let occurrences =
                        each(&value).iter().map(|one| nest_all(fields, one.clone())).collect();
                    nested.set(&field.name, Value::Array(occurrences));
                }
            }
            FieldKind::Leaf(leaf) => {
                if let Some(value) = given.remove(&field.name) {
                    nested.set(&field.name, one_of_list(leaf.answer, value));
                }
            }
        }
    }
    nested
}

/// No choice at all is `null` where the server lists choices; nothing else needs a change.
fn one_of_list(answer: AnswerType, value: Value<'static>) -> Value<'static> {
    match (answer, value) {
        (AnswerType::SelectMany, Value::Null) => Value::Array(Vec::new()),
        (_, value) => value,
    }
}
