//! The answers in a body: each field finds its own, under its variable name or its id.
//!
//! What has a label and an id (`x`, `x_raw`) is known by the id. So a document that was pulled can be
//! sent as it is.

use std::collections::HashSet;

use fieldpost_model::form_definition::{FieldType, FormField, column_key, keyed};
use fieldpost_model::json::{Member, Value};
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node};

use super::files::{self, FileFlaw, Files};
use super::scalars::{self, Read};
use super::{WarningCode, Warnings};

/// What a body says of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// This answer.
    Answer(Node),
    /// This value, of a field that asks nobody.
    Value(Value<'static>),
    /// Something that cannot be read.
    Nonsense,
}

/// Reads answers, and keeps what comes beside them.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) files: Files,
    pub(super) warnings: Warnings,
}

/// What stands behind the name of a field with a label.
const BESIDE_CHOICES: &[&str] = &["_raw", "_structured", "_display"];
/// What stands behind the name of a block.
const BESIDE_BLOCKS: &[&str] = &["_raw", "_digests", "_display", "_structured"];

impl Reader {
    /// What the members say of each field, by its key; nothing of fields that they do not name.
    pub(super) fn read(
        &mut self,
        fields: &[FormField],
        members: &[Member<'_>],
        path: &str,
    ) -> Vec<(String, Said)> {
        let keyed = keyed(fields);
        let mut said = Vec::new();
        for (key, field) in &keyed {
            let names = names(key, field);
            let find = |suffix: &str| {
                let wanted = |name: &str| names.iter().any(|one| is_named(name, one, suffix));
                members.iter().find(|(name, _)| wanted(name)).map(|(_, value)| value)
            };
            let raw = (!beside(field).is_empty()).then(|| find("_raw")).flatten();
            if let Some(value) = raw.filter(|value| !value.is_null()).or_else(|| find("")).or(raw) {
                let shown = field.name.as_deref().unwrap_or(key);
                said.push((key.clone(), self.said(field, value, &format!("{path}{shown}"))));
            }
        }
        said
    }

    /// Tells of members that no field of these lists has.
    pub(super) fn warn_of_unknown(
        &mut self,
        lists: &[&[FormField]],
        members: &[Member<'_>],
        path: &str,
    ) {
        let mut known = HashSet::new();
        for fields in lists {
            for (key, field) in keyed(fields) {
                for name in names(&key, field) {
                    known.extend(beside(field).iter().map(|suffix| format!("{name}{suffix}")));
                    known.insert(name.to_owned());
                }
            }
        }
        for (name, _) in members.iter().filter(|(name, _)| !known.contains(&**name)) {
            self.warnings.add(WarningCode::UnknownKey, &format!("{path}{name}"), None);
        }
    }

    /// Tells of required fields without an answer.
    pub(super) fn warn_of_missing(&mut self, fields: &[FormField], values: &Group, path: &str) {
        for (key, field) in keyed(fields) {
            let shown = field.name.as_deref().unwrap_or(&key);
            let node = values.get(&key);
            if field.required && field.condition.is_none() && is_missing(node) {
                self.warnings.add(WarningCode::Required, &format!("{path}{shown}"), None);
            }
            if field.field_type == FieldType::Block
                && let Some(Node::Repeat(rows)) = node
            {
                for (place, row) in rows.iter().enumerate() {
                    if let Node::Group(group) = row {
                        self.warn_of_missing(
                            &field.fields,
                            group,
                            &format!("{path}{shown}[{place}]."),
                        );
                    }
                }
            }
        }
    }

    fn said(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Said {
        if field.field_type == FieldType::Computed {
            return if value.is_null() {
                Said::Nonsense
            } else {
                Said::Value(value.clone().into_owned())
            };
        }
        if value.is_null() {
            return Said::Answer(nothing(field));
        }
        let node = match field.field_type {
            FieldType::Block => self.block(field, value, path),
            FieldType::Table | FieldType::TableRows => self.table(field, value, path),
            FieldType::File => self.file(value, path).map(Node::Answer),
            FieldType::Items => self.items(field, value, path).map(Node::Answer),
            FieldType::RankedItems => self.ranks(field, value, path).map(Node::Answer),
            _ => self.scalar(field, value, path).map(Node::Answer),
        };
        node.map_or(Said::Nonsense, Said::Answer)
    }

    fn scalar(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Option<Answer> {
        let (read, flaw) = match field.field_type {
            FieldType::Bool => (scalars::boolean(value), WarningCode::NotABoolean),
            FieldType::Numeric => (scalars::numeric(value), WarningCode::NotANumber),
            FieldType::Date => (scalars::date(value), WarningCode::NotADate),
            FieldType::Map => (scalars::position(value), WarningCode::NotAPosition),
            FieldType::Item => (self.item(field, value, path), WarningCode::NotAChoice),
            _ => (scalars::text(value), WarningCode::NotAText),
        };
        // An empty text is no answer, whatever was asked for.
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Some(Answer::ABSENT);
        }
        match read {
            Read::Plain(answer) => {
                let text = answer.written();
                if field.field_type == FieldType::Email && !text.contains('@') {
                    self.warnings.add(WarningCode::NotAnAddress, path, Some(value));
                }
                Some(answer)
            }
            Read::Converted(answer) => {
                self.warnings.add(WarningCode::Converted, path, Some(value));
                Some(answer)
            }
            Read::Unreadable => {
                self.warnings.add(flaw, path, Some(value));
                None
            }
        }
    }

    /// The id of an item; where it is the text of one, that one's.
    fn item(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Read<Answer> {
        let id = match value {
            Value::String(text) => text.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return Read::Unreadable,
        };
        if id.is_empty() {
            return Read::Plain(Answer::ABSENT);
        }
        match self.item_id(field, &id, value, path) {
            Some(known) => Read::Converted(Answer::text(known)),
            None => Read::Plain(Answer::text(id)),
        }
    }

    /// The id of the item with that text, where no item has it as id.
    fn item_id(
        &mut self,
        field: &FormField,
        id: &str,
        value: &Value<'_>,
        path: &str,
    ) -> Option<String> {
        if field.items.is_empty() || field.items.iter().any(|item| item.id == id) {
            return None;
        }
        let named = field.items.iter().find(|item| item.text == id);
        if named.is_none() {
            self.warnings.add(WarningCode::UnknownItem, path, Some(value));
        }
        named.map(|item| item.id.clone())
    }

    fn items(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Option<Answer> {
        let Some(elements) = value.as_array() else {
            self.warnings.add(WarningCode::NotAList, path, Some(value));
            return None;
        };
        let mut ids = Vec::new();
        for element in elements {
            match self.item(field, element, path) {
                Read::Plain(answer) => ids.push(answer.written().to_owned()),
                Read::Converted(answer) => {
                    self.warnings.add(WarningCode::Converted, path, Some(element));
                    ids.push(answer.written().to_owned());
                }
                Read::Unreadable => self.warnings.add(WarningCode::NotAChoice, path, Some(element)),
            }
        }
        ids.retain(|id| !id.is_empty());
        Some(choices(ids))
    }

    /// Items with their ranks, or in their order.
    fn ranks(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Option<Answer> {
        let Some(members) = value.as_object() else { return self.items(field, value, path) };
        let rank = |value: &Value<'_>| {
            let text = value.as_number().or_else(|| value.as_str())?;
            text.trim().parse::<f64>().ok().filter(|rank| rank.is_finite())
        };
        let mut ranked = Vec::new();
        for (id, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let known = self.item_id(field, id, &Value::from(&**id), path);
            match rank(value) {
                Some(rank) => ranked.push((rank, known.unwrap_or_else(|| id.to_string()))),
                None => self.warnings.add(WarningCode::NotANumber, path, Some(value)),
            }
        }
        ranked.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        Some(choices(ranked.into_iter().map(|(_, id)| id).collect()))
    }

    fn file(&mut self, value: &Value<'_>, path: &str) -> Option<Answer> {
        match files::read(value) {
            Ok(file) => {
                let (name, is_renamed) = self.files.add(file);
                if is_renamed {
                    self.warnings.add(WarningCode::FileRenamed, path, None);
                }
                Some(Answer { lexical: Some(name), value: AnswerValue::File })
            }
            Err(flaw) => {
                let code = match flaw {
                    FileFlaw::NoFile => WarningCode::NotAFile,
                    FileFlaw::NoContent => WarningCode::FileWithoutContent,
                    FileFlaw::BadBase64 => WarningCode::BadBase64,
                };
                self.warnings.add(code, path, None);
                None
            }
        }
    }

    /// The rows of a block: a list of objects, also inside `data`, also one object alone.
    fn block(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Option<Node> {
        let single;
        let rows = match value.get("data").unwrap_or(value) {
            Value::Array(rows) => rows.as_slice(),
            object @ Value::Object(_) => {
                self.warnings.add(WarningCode::Converted, path, None);
                single = object;
                std::slice::from_ref(single)
            }
            _ => {
                self.warnings.add(WarningCode::NotABlock, path, Some(value));
                return None;
            }
        };
        let mut nodes = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let path = format!("{path}[{place}].");
            match row.as_object() {
                Some(members) => {
                    let said = self.read(&field.fields, members, &path);
                    self.warn_of_unknown(&[&field.fields], members, &path);
                    nodes.push(Node::Group(group(&field.fields, said)));
                }
                None => self.warnings.add(WarningCode::NotABlock, &path, Some(row)),
            }
        }
        Some(Node::Repeat(nodes))
    }

    fn table(&mut self, field: &FormField, value: &Value<'_>, path: &str) -> Option<Node> {
        let Some(rows) = value.as_array() else {
            self.warnings.add(WarningCode::NotATable, path, Some(value));
            return None;
        };
        let mut nodes = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let path = format!("{path}[{place}]");
            let Some(cells) = row.as_array() else {
                self.warnings.add(WarningCode::NotATable, &path, Some(row));
                continue;
            };
            if cells.len() > field.columns.len() {
                self.warnings.add(WarningCode::UnknownKey, &path, None);
            }
            let cells = (0..field.columns.len()).map(|column| {
                let answer = self.cell(cells.get(column), &path);
                (column_key(column), Node::Answer(answer))
            });
            nodes.push(Node::Group(Group { members: cells.collect(), extra: Vec::new() }));
        }
        Some(Node::Repeat(nodes))
    }

    fn cell(&mut self, value: Option<&Value<'_>>, path: &str) -> Answer {
        match value.map(|value| (value, scalars::text(value))) {
            Some((_, Read::Plain(answer))) => answer,
            Some((value, Read::Converted(answer))) => {
                self.warnings.add(WarningCode::Converted, path, Some(value));
                answer
            }
            Some((Value::Null, Read::Unreadable)) | None => Answer::ABSENT,
            Some((value, Read::Unreadable)) => {
                self.warnings.add(WarningCode::NotAText, path, Some(value));
                Answer::ABSENT
            }
        }
    }
}

/// All fields in their order, with what was said of them.
pub(super) fn group(fields: &[FormField], said: Vec<(String, Said)>) -> Group {
    let mut group = Group::default();
    let mut said: Vec<(String, Option<Said>)> =
        said.into_iter().map(|(key, said)| (key, Some(said))).collect();
    for (key, field) in keyed(fields) {
        let found = said.iter_mut().find(|(name, _)| *name == key);
        match found.and_then(|(_, said)| said.take()) {
            Some(Said::Answer(node)) => group.members.push((key, node)),
            Some(Said::Value(value)) => group.extra.push((key, value)),
            Some(Said::Nonsense) | None if field.field_type == FieldType::Computed => {}
            Some(Said::Nonsense) | None => group.members.push((key, nothing(field))),
        }
    }
    group
}

/// No answer to a field.
pub(super) fn nothing(field: &FormField) -> Node {
    match field.field_type {
        FieldType::Block | FieldType::Table | FieldType::TableRows => Node::Repeat(Vec::new()),
        _ => Node::Answer(Answer::ABSENT),
    }
}

fn choices(ids: Vec<String>) -> Answer {
    Answer { lexical: Some(ids.join(" ")), value: AnswerValue::Choices(ids) }
}

fn is_missing(node: Option<&Node>) -> bool {
    match node {
        Some(Node::Answer(answer)) => match &answer.value {
            AnswerValue::Empty => true,
            AnswerValue::Choices(chosen) => chosen.is_empty(),
            _ => false,
        },
        Some(Node::Repeat(rows)) => rows.is_empty(),
        Some(Node::Group(_)) => false,
        None => true,
    }
}

/// What a field can be named by, the best first.
fn names<'f>(key: &'f str, field: &'f FormField) -> Vec<&'f str> {
    let mut names: Vec<&str> = vec![key];
    // A name that an earlier field has too is that field's.
    if field.id != key {
        names.push(&field.id);
    }
    names
}

fn beside(field: &FormField) -> &'static [&'static str] {
    match field.field_type {
        FieldType::Item | FieldType::Items | FieldType::RankedItems => BESIDE_CHOICES,
        FieldType::Block => BESIDE_BLOCKS,
        _ => &[],
    }
}

fn is_named(name: &str, wanted: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix) == Some(wanted)
}
