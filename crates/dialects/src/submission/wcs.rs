//! A record that a w.c.s. pushed, as a submission.
//!
//! The answers stand in three places, of which the later counts more: `fields`, the fields of the workflow, and
//! what the workflow adds as `extra`. A body without any of them is a bundle of keys of somebody's own, and they
//! are the answers. What has a label and an id (`x`, `x_raw`) is known by the id; the label is kept as
//! `x_display` where the form does not know what the id means. A position becomes what devices write, latitude
//! first; a table becomes rows of `c1`, `c2`, ….
//!
//! The form may be one that nobody has described: everything is a text then, as in any such submission, and
//! the names of its files are among them.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::form::{AnswerType, Field, FieldKind, Form, Leaf};
use fieldpost_model::form_definition::column_key;
use fieldpost_model::json::{Member, Value};
use fieldpost_model::submission::{
    Attachment, AttachmentContent, FormReference, Group, Metadata, Position, Submission,
};

use sha2::{Digest as _, Sha256};

use super::normalised;
use crate::formats;
use crate::view::member_text;
use crate::wcs::instance_id;
use crate::wcs::read::{self, Names, base_name};

/// What stands behind the name of an answer that says the same otherwise.
const BESIDE: [&str; 3] = ["_raw", "_structured", "_digests"];
/// What stands behind the name of an answer whose label is kept.
const LABEL: &str = "_display";
/// What only a file has beside its name.
const OF_FILES: [&str; 5] = ["content", "b64_content", "url", "content_type", "field_id"];
/// What is kept of a record beside its answers, by the names that it has.
const KEPT_BESIDE: [&str; 7] = [
    "id",
    "display_id",
    "url",
    "api_url",
    "backoffice_url",
    "last_update_time",
    "criticality_level",
];

/// Reads a record; `None` where it is no object, or one without a single answer.
pub(super) fn submission(view: &Value<'_>, form: Option<&Form>) -> Option<Submission> {
    let own = view.as_object()?;
    let told = read::answers(view).unwrap_or_default();
    let has_answers = ["fields", "data"].iter().any(|key| view.get(key).is_some());
    let members = if has_answers { told.as_slice() } else { own };
    if members.is_empty() && !has_answers {
        return None;
    }
    let fields = form.map(|form| &*form.fields);
    let mut reader = Reader::default();
    let said = reader.members(members, fields);
    Some(Submission {
        form: FormReference::default(),
        metadata: metadata(view),
        values: normalised::group(fields, &said),
        attachments: reader.attachments,
        is_untyped: form.is_none(),
        is_encrypted: false,
    })
}

/// Takes out of what a form does not know the answers to other fields, such as those of its lifecycle: as JSON
/// by their names. `None` where there are none.
pub fn take_asked(fields: &[Field], values: &mut Group) -> Option<Value<'static>> {
    let is_asked = |name: &str| {
        let name = name.strip_suffix(LABEL).unwrap_or(name);
        fields.iter().any(|field| field.name == name)
    };
    let (asked, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut values.extra).into_iter().partition(|(name, _)| is_asked(name));
    values.extra = others;
    if asked.is_empty() {
        return None;
    }
    let members: Vec<Member<'_>> =
        asked.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect();
    let said = Reader::default().members(&members, Some(fields));
    let mut group = normalised::group(Some(fields), &said);
    group.members.retain(|(name, _)| said.iter().any(|(sent, _)| sent == name));
    // Labels of what is chosen are the lifecycle's own to know.
    group.extra.clear();
    Some(formats::values(&group))
}

fn metadata(view: &Value<'_>) -> Metadata {
    let text = |name: &str| member_text(view, name).map(str::to_owned);
    let user = |name: &str| view.path(&["user", name]);
    let named = user("name").or_else(|| user("email")).and_then(Value::as_str);
    let ids = user("NameID").and_then(Value::as_array).unwrap_or_default();
    let name_id = ids.first().and_then(Value::as_str).map(str::to_owned);
    let number = user("id").and_then(|id| id.as_number().or_else(|| id.as_str()));
    let mut other: Vec<(String, Value<'static>)> = Vec::new();
    let mut keep = |name: &str, value: Option<&Value<'_>>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            other.push((name.to_owned(), value.clone().into_owned()));
        }
    };
    for name in KEPT_BESIDE {
        keep(name, view.get(name));
    }
    let of_status = |name: &str| view.path(&["workflow", "status", name]);
    keep("status", of_status("id"));
    keep("status_name", of_status("name"));
    keep("channel", view.path(&["submission", "channel"]));
    keep("backoffice", view.path(&["submission", "backoffice"]));
    let place = view.path(&["geolocations", "base"]);
    Metadata {
        instance_id: instance_id(view),
        instance_name: text("display_name"),
        user: named.map(str::to_owned),
        user_id: name_id.or_else(|| number.map(str::to_owned)),
        submitted_at: text("received_at").or_else(|| text("receipt_time")),
        position: place.and_then(read::position),
        other,
        ..Metadata::default()
    }
}

/// What stands under a name, as far as a form says it.
#[derive(Clone, Copy)]
enum Wanted<'f> {
    /// Nobody knows.
    Anything,
    /// This.
    Kind(&'f FieldKind),
    /// The form knows nothing of the name: it stays as it is.
    Nothing,
}

/// Brings answers into the shape of the hub's own JSON, and takes files out of them.
#[derive(Default)]
struct Reader {
    attachments: Vec<Attachment>,
    names: Names,
}

impl Reader {
    fn members(
        &mut self,
        members: &[Member<'_>],
        fields: Option<&[Field]>,
    ) -> Vec<Member<'static>> {
        let sent: HashMap<&str, &Value<'_>> =
            members.iter().map(|(name, value)| (&**name, value)).collect();
        let known: Option<HashMap<&str, &FieldKind>> =
            fields.map(|fields| fields.iter().map(|field| (&*field.name, &field.kind)).collect());
        let kind = |name: &str| known.as_ref().and_then(|known| known.get(name).copied());
        let is_beside = |name: &str| {
            let mut bases = BESIDE.iter().filter_map(|suffix| name.strip_suffix(suffix));
            kind(name).is_none() && bases.any(|base| sent.contains_key(base))
        };
        let mut said = Vec::with_capacity(members.len());
        for (name, value) in members.iter().filter(|(name, _)| !is_beside(name)) {
            let wanted = match (&known, kind(name)) {
                (None, _) => Wanted::Anything,
                (Some(_), Some(kind)) => Wanted::Kind(kind),
                (Some(_), None) => Wanted::Nothing,
            };
            let raw = format!("{name}_raw");
            let raw = sent.get(&*raw).filter(|it| !it.is_null() && kind(&raw).is_none());
            let answer = raw.map_or(value, |raw| *raw);
            said.push((Cow::Owned(name.to_string()), self.value(answer, wanted)));
            let label = format!("{name}{LABEL}");
            if let (Some(text), Some(raw)) = (value.as_str(), raw)
                && !sent.contains_key(&*label)
                && says_more(text, raw, wanted)
            {
                said.push((Cow::Owned(label), Value::string(text.to_owned())));
            }
        }
        said
    }

    fn value(&mut self, value: &Value<'_>, wanted: Wanted<'_>) -> Value<'static> {
        let is_anything = matches!(wanted, Wanted::Anything);
        match (value, wanted) {
            (Value::Object(_), Wanted::Kind(FieldKind::Leaf(leaf)))
                if leaf.answer == AnswerType::File =>
            {
                let name = self.file(value);
                Value::object([("filename", name)])
            }
            (Value::Object(_), _) if is_file(value) => {
                let name = self.file(value);
                if is_anything { Value::string(name) } else { Value::object([("filename", name)]) }
            }
            (_, Wanted::Kind(FieldKind::Leaf(leaf))) => of_leaf(value, leaf),
            (Value::Object(members), Wanted::Anything) => match written_place(value, members) {
                Some(place) => Value::string(place),
                None => Value::Object(self.members(members, None)),
            },
            (Value::Object(members), Wanted::Kind(FieldKind::Group(fields))) => {
                Value::Object(self.members(members, Some(fields)))
            }
            (Value::Object(_), Wanted::Kind(FieldKind::Repeat(fields))) => {
                let rows = value.get("data").and_then(Value::as_array);
                self.rows(rows.unwrap_or(std::slice::from_ref(value)), Some(fields))
            }
            (Value::Array(rows), Wanted::Kind(FieldKind::Repeat(fields))) => {
                self.rows(rows, Some(fields))
            }
            (Value::Array(rows), Wanted::Anything) => self.rows(rows, None),
            (Value::Object(members), Wanted::Nothing) => {
                let kept = members.iter().map(|(name, value)| {
                    (Cow::Owned(name.to_string()), self.value(value, Wanted::Nothing))
                });
                Value::Object(kept.collect())
            }
            (Value::Array(values), Wanted::Nothing) => {
                let kept = values.iter().map(|value| self.value(value, Wanted::Nothing));
                Value::Array(kept.collect())
            }
            (other, _) => other.clone().into_owned(),
        }
    }

    /// The rows of a block or of a table, or a list of plain values.
    fn rows(&mut self, rows: &[Value<'_>], fields: Option<&[Field]>) -> Value<'static> {
        let rows =
            rows.iter().map(|row| match row {
                Value::Object(_) if is_file(row) && fields.is_none() => {
                    self.value(row, Wanted::Anything)
                }
                Value::Object(members) => Value::Object(self.members(members, fields)),
                Value::Array(cells) => {
                    let cells = cells.iter().enumerate();
                    Value::object(cells.map(|(index, cell)| {
                        (column_key(index), self.value(cell, Wanted::Nothing))
                    }))
                }
                plain => plain.clone().into_owned(),
            });
        Value::Array(rows.collect())
    }

    /// Takes a file in. Another one of its name has another name from then on; the same file is one file.
    fn file(&mut self, value: &Value<'_>) -> String {
        let content = content(value);
        let content_type = member_text(value, "content_type").map(str::to_owned);
        let wanted = base_name(member_text(value, "filename").unwrap_or_default());
        let (name, is_new) = self.names.give(&wanted, digest(&content));
        if is_new {
            self.attachments.push(Attachment { name: name.clone(), content_type, content });
        }
        name
    }
}

/// What one content of a file is told from another by.
fn digest(content: &AttachmentContent) -> [u8; 32] {
    let (kind, text) = match content {
        AttachmentContent::Embedded(text) => ("embedded", text.as_str()),
        AttachmentContent::Link(url) => ("link", url.as_str()),
        AttachmentContent::Expected => ("expected", ""),
    };
    Sha256::new().chain_update(kind).chain_update(text).finalize().into()
}

/// Where the bytes of a file are: in the record, else where the record says that they can be had.
fn content(file: &Value<'_>) -> AttachmentContent {
    let is_plain = file.get("content_is_base64").and_then(Value::as_bool) == Some(false);
    let written = |name: &str| file.get(name).and_then(Value::as_str);
    match (written("b64_content"), written("content"), member_text(file, "url")) {
        (None, Some(text), _) if is_plain => AttachmentContent::Embedded(STANDARD.encode(text)),
        (Some(text), _, _) | (None, Some(text), _) => AttachmentContent::Embedded(text.to_owned()),
        (None, None, Some(url)) => AttachmentContent::Link(url.to_owned()),
        (None, None, None) => AttachmentContent::Expected,
    }
}

fn is_file(value: &Value<'_>) -> bool {
    value.get("filename").is_some_and(|name| name.as_str().is_some())
        && OF_FILES.iter().any(|key| value.get(key).is_some())
}

/// An answer of a type that w.c.s. writes in a way of its own.
fn of_leaf(value: &Value<'_>, leaf: &Leaf) -> Value<'static> {
    let read = match leaf.answer {
        AnswerType::Geopoint => {
            read::position(value).map(|place| Value::string(by_latitude(&place)))
        }
        AnswerType::Rank => ranked(value),
        _ => None,
    };
    read.unwrap_or_else(|| value.clone().into_owned())
}

/// Items by their ranks.
fn ranked(value: &Value<'_>) -> Option<Value<'static>> {
    let rank = |value: &Value<'_>| {
        let text = value.as_number().or_else(|| value.as_str())?;
        text.trim().parse::<f64>().ok().filter(|rank| rank.is_finite())
    };
    let members = value.as_object()?.iter();
    let mut ranks: Vec<(f64, &str)> =
        members.filter_map(|(id, value)| Some((rank(value)?, &**id))).collect();
    ranks.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Some(Value::Array(ranks.into_iter().map(|(_, id)| Value::string(id.to_owned())).collect()))
}

/// A position that nobody says to be one: it has a latitude, a longitude and nothing else.
fn written_place(value: &Value<'_>, members: &[Member<'_>]) -> Option<String> {
    (members.len() == 2).then(|| read::position(value)).flatten().as_ref().map(by_latitude)
}

fn by_latitude(Position { latitude, longitude, .. }: &Position) -> String {
    format!("{latitude} {longitude}")
}

/// Whether the label of what was chosen says something that neither the id nor the form does.
fn says_more(label: &str, raw: &Value<'_>, wanted: Wanted<'_>) -> bool {
    let is_known = match wanted {
        Wanted::Kind(FieldKind::Leaf(leaf)) => !leaf.choices.is_empty(),
        Wanted::Kind(_) => true,
        Wanted::Anything | Wanted::Nothing => false,
    };
    let is_block =
        raw.as_array().is_some_and(|rows| rows.iter().any(|it| it.as_object().is_some()));
    !label.is_empty() && !is_known && !is_block && raw.as_str() != Some(label)
}
