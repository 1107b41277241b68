//! The `fields` of a document: each answer under its variable name, as its type is written.
//!
//! What has no variable name is in no document. Where two fields have one name, the first that was
//! answered counts. What was not answered is `null`.

use fieldpost_model::form_definition::{AnonymiseMode, FieldType, FormField, Item, keyed};
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, AnswerValue, GeometryKind, Group, Node, json_number};

use super::display::{digests, display, label, table_row};
use super::pieces::{Object, Tree};
use super::record::Record;

/// How the fields of one record are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'f> {
    /// The record, for its files.
    pub(super) record: &'f Record<'f>,
    /// The address that files can be had at begins with this one.
    pub(super) front: &'f str,
    /// How files are written.
    pub(super) files: Files,
    /// Whether only fields are written whose answers tell nobody's name.
    pub(super) is_anonymous: bool,
}

/// How files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    /// With their content.
    Contents,
    /// With the address that they can be had at, without content.
    Links,
    /// Not at all: lists of old.
    Omitted,
    /// As old releases did: name, type and content, nothing else.
    Bare,
}

impl Fields<'_> {
    /// The fields with their answers.
    pub(super) fn write(&self, fields: &[FormField], values: &Group) -> Object {
        let mut object = Object::default();
        let mut answered: Vec<&str> = Vec::new();
        for (key, field) in keyed(fields) {
            let Some(name) = field.name.as_deref().filter(|name| !answered.contains(name)) else {
                continue;
            };
            let is_left_out = (field.field_type == FieldType::File && self.files == Files::Omitted)
                || (self.is_anonymous && field.anonymise != AnonymiseMode::No);
            if is_left_out {
                continue;
            }
            if is_answered(field, &key, values) {
                answered.push(name);
            } else if object.get(name).is_some() {
                continue;
            }
            self.add(&mut object, name, field, &key, values);
        }
        object
    }

    fn add(&self, object: &mut Object, name: &str, field: &FormField, key: &str, values: &Group) {
        let beside = |suffix: &str| format!("{name}{suffix}");
        match (field.field_type, values.get(key)) {
            (FieldType::Computed, _) => {
                let value = values.extra.iter().find(|(present, _)| present == key);
                object.set(name, value.map_or(Value::Null, |(_, value)| value.clone()));
            }
            (FieldType::Block, node) => {
                let rows = rows(node);
                let shown = rows.map(|_| display(field, key, values));
                object.set(name, Tree::text_or_null(shown.as_deref()));
                object
                    .set(&beside("_raw"), rows.map_or(Tree::NULL, |rows| self.block(field, rows)));
                let digests = rows.map(|rows| super::record::texts(&digests(field, rows)));
                object.set_some(&beside("_digests"), digests);
            }
            (FieldType::Table | FieldType::TableRows, node) => {
                object.set(name, rows(node).map_or(Tree::NULL, |rows| table(field, rows)));
            }
            (FieldType::Item, node) => {
                let id = node.and_then(chosen);
                let shown = id.map(|id| label(&field.items, id));
                object.set(name, Tree::text_or_null(shown));
                object.set(&beside("_raw"), Tree::text_or_null(id));
                let item = field.items.iter().find(|item| Some(item.id.as_str()) == id);
                object.set_some(&beside("_structured"), item.map(structured));
            }
            (FieldType::Items, node) => {
                let ids = node.and_then(choices);
                let shown = ids.map(|_| display(field, key, values));
                object.set(name, Tree::text_or_null(shown.as_deref()));
                object.set(&beside("_raw"), ids.map_or(Tree::NULL, super::record::texts));
                object.set_some(&beside("_structured"), ids.and_then(|ids| all(field, ids)));
            }
            (FieldType::File, node) => object.set(name, self.file(field, node)),
            (_, Some(Node::Answer(answer))) => object.set(name, simple(field, answer)),
            _ => object.set(name, Value::Null),
        }
    }

    fn block(&self, field: &FormField, rows: &[Node]) -> Tree {
        let row = |row: &Node| match row {
            Node::Group(group) => self.write(&field.fields, group).into(),
            _ => Tree::NULL,
        };
        Tree::List(rows.iter().map(row).collect())
    }

    /// A file: what it is, its content or where that can be had.
    fn file(&self, field: &FormField, node: Option<&Node>) -> Tree {
        let Some(Node::Answer(answer)) = node else { return Tree::NULL };
        let name = answer.written();
        if name.is_empty() {
            return Tree::NULL;
        }
        let stored = self.record.file(name);
        let told = self.record.submission.attachments.iter().find(|file| file.name == name);
        let content_type = stored
            .map(|file| file.content_type.as_str())
            .or_else(|| told.and_then(|file| file.content_type.as_deref()));
        let mut object = Object::default();
        object.set("filename", name.to_owned());
        object.set("content_type", Tree::text_or_null(content_type));
        if let Some(file) = stored {
            if matches!(self.files, Files::Contents | Files::Bare) {
                object.set("content", Tree::Content(file.sha256));
            }
            if self.files == Files::Contents {
                object.set("content_is_base64", true);
            }
            if self.files != Files::Bare {
                let hash = hexadecimal::encode(&file.sha256);
                object.set("url", format!("{}download?hash={hash}", self.front));
            }
        }
        if self.files != Files::Bare {
            object.set("field_id", field.id.clone());
        }
        object.into()
    }
}

/// Whether a field has an answer that another of its name does not replace.
fn is_answered(field: &FormField, key: &str, values: &Group) -> bool {
    if field.field_type == FieldType::Computed {
        return values.extra.iter().any(|(name, value)| name == key && !value.is_null());
    }
    match values.get(key) {
        Some(Node::Answer(answer)) => match &answer.value {
            AnswerValue::Empty => false,
            AnswerValue::Choices(chosen) => !chosen.is_empty(),
            _ => true,
        },
        Some(Node::Repeat(rows)) => !rows.is_empty(),
        Some(Node::Group(_)) => true,
        None => false,
    }
}

/// The rows of a block or table, where there are any.
fn rows(node: Option<&Node>) -> Option<&[Node]> {
    match node {
        Some(Node::Repeat(rows)) if !rows.is_empty() => Some(rows),
        _ => None,
    }
}

fn chosen(node: &Node) -> Option<&str> {
    match node {
        Node::Answer(answer) => Some(answer.written()).filter(|id| !id.is_empty()),
        _ => None,
    }
}

fn choices(node: &Node) -> Option<&[String]> {
    match node {
        Node::Answer(Answer { value: AnswerValue::Choices(chosen), .. }) => Some(chosen),
        _ => None,
    }
}

/// An item with all that is known of it.
fn structured(item: &Item) -> Object {
    let mut object = Object::default();
    object.set("id", item.id.clone());
    object.set("text", item.text.clone());
    for (name, value) in &item.attributes {
        object.set(name, value.clone());
    }
    object
}

/// What is known of all that was chosen; nothing where nothing is known of any.
fn all(field: &FormField, ids: &[String]) -> Option<Tree> {
    let known = |id: &String| field.items.iter().find(|item| item.id == *id);
    let items: Vec<Tree> =
        ids.iter().filter_map(known).map(|item| structured(item).into()).collect();
    (!items.is_empty()).then_some(Tree::List(items))
}

fn table(field: &FormField, rows: &[Node]) -> Tree {
    Tree::List(rows.iter().map(|row| super::record::texts(&table_row(field, row))).collect())
}

/// An answer that is one value. Numbers are texts: so w.c.s. keeps all their digits.
fn simple(field: &FormField, answer: &Answer) -> Tree {
    match &answer.value {
        AnswerValue::Empty => Tree::NULL,
        AnswerValue::Boolean(truth) => (*truth).into(),
        AnswerValue::Decimal(number) => number.clone().into(),
        AnswerValue::Integer(number) => number.to_string().into(),
        AnswerValue::Choices(chosen) if field.field_type == FieldType::RankedItems => {
            let mut ranks = Object::default();
            for (id, rank) in chosen.iter().zip(1_i64..) {
                ranks.set(id, rank);
            }
            ranks.into()
        }
        AnswerValue::Geometry(place) if place.kind == GeometryKind::Point => {
            place.positions.first().map_or(Tree::NULL, |position| {
                let mut point = Object::default();
                point.set("lat", json_number(&position.latitude));
                point.set("lon", json_number(&position.longitude));
                point.into()
            })
        }
        _ => answer.written().to_owned().into(),
    }
}
