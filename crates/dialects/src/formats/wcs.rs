//! A submission as a w.c.s. workflow pushes its records.
//!
//! Fields are flat there: a group's name stands before those inside, with `_` between. A choice has
//! two members, the label and, as `…_raw`, what is stored; a repeat is a block: a text, and as `…_raw`
//! the list of what was answered. Numbers are texts. What w.c.s. knows and a form does not (users,
//! workflow, roles) is told as of a record that nobody has worked on yet.

use fieldpost_model::form::{AnswerType, Choice, Field, FieldKind, Form, Leaf};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{
    Answer, AnswerValue, Geometry, GeometryKind, Group, Node, json_number,
};

use super::{FormPayload, StoredFile};
use crate::names::instance_id;
use crate::view::Members;

/// How many characters of a time are its date and seconds: w.c.s. writes no zone.
const SECONDS: usize = "2026-01-01T00:00:00".len();

/// Writes the record. Its id has the form before it, as in `births/42`: only so it can be told from that
/// of another form, and those who read w.c.s. know both ways.
pub fn wcs(payload: &FormPayload<'_>) -> Value<'static> {
    let (submission, facts) = (payload.submission, payload.facts);
    let number = facts.number.map(|number| number.to_string());
    let own =
        number.unwrap_or_else(|| instance_id(payload.id).unwrap_or_else(|| payload.id.to_owned()));
    let title = payload.form.map_or(payload.form_name, |form| form.title.as_str());
    let display_name = format!("{title} #{own}");
    let text = match &submission.metadata.instance_name {
        Some(name) => format!("{display_name} ({name})"),
        None => display_name.clone(),
    };
    let mut fields = Members::default();
    let writer = Fields { files: facts.files };
    writer.add(&mut fields, payload.form.map(|form: &Form| &*form.fields), &submission.values, "");
    let time = |time: fieldpost_model::time::Timestamp| {
        let written = time.to_string();
        Value::from(written.get(..SECONDS).unwrap_or(&written).to_owned())
    };
    let sent = Value::object([
        ("backoffice", Value::Bool(!facts.is_from_device)),
        ("channel", Value::from("web")),
    ]);
    let mut record = Members::default();
    for (name, value) in [
        ("id", Value::from(format!("{}/{own}", payload.form_name))),
        ("internal_id", Value::from(own)),
        ("uuid", instance_id(payload.id).map_or(Value::Null, Value::from)),
        ("display_name", Value::from(display_name)),
        ("text", Value::from(text)),
        ("receipt_time", time(facts.received_at)),
        ("last_update_time", time(facts.modified_at)),
        ("criticality_level", Value::from(0_i64)),
        ("fields", fields.into_value()),
        ("submission", sent),
    ] {
        record.set(name, value);
    }
    if let Some(position) = first_position(&submission.values) {
        record.set("geolocations", Value::object([("base", position)]));
    }
    record.into_value()
}

struct Fields<'p> {
    files: &'p [StoredFile],
}

impl Fields<'_> {
    /// Adds the answers of a group; `before` is what their names begin with.
    fn add(
        &self,
        object: &mut Members<'static>,
        fields: Option<&[Field]>,
        group: &Group,
        before: &str,
    ) {
        for (name, node) in &group.members {
            let field = fields.and_then(|fields| fields.iter().find(|field| field.name == *name));
            let name = format!("{before}{name}");
            match node {
                Node::Answer(answer) => {
                    for (suffix, value) in self.answer(field.and_then(Field::as_leaf), answer) {
                        object.set(&format!("{name}{suffix}"), value);
                    }
                }
                Node::Group(group) => {
                    let fields = field.map(Field::children);
                    self.add(object, fields, group, &format!("{name}_"));
                }
                Node::Repeat(nodes) => self.add_block(object, field, nodes, &name),
            }
        }
        for (name, value) in group.extra.iter().filter(|(name, _)| !name.starts_with(['@', '#'])) {
            object.set(&format!("{before}{name}"), value.clone());
        }
    }

    fn add_block(
        &self,
        object: &mut Members<'static>,
        field: Option<&Field>,
        nodes: &[Node],
        name: &str,
    ) {
        let fields =
            field.filter(|field| matches!(field.kind, FieldKind::Repeat(_))).map(Field::children);
        let rows = nodes.iter().map(|node| match node {
            Node::Group(group) => {
                let mut row = Members::default();
                self.add(&mut row, fields, group, "");
                row.into_value()
            }
            Node::Answer(answer) => Value::string(answer.written().to_owned()),
            Node::Repeat(_) => Value::Null,
        });
        let rows: Vec<Value<'static>> = rows.collect();
        object.set(name, Value::from(rows.len().to_string()));
        object.set(&format!("{name}_raw"), Value::Array(rows));
    }

    /// An answer, and what stands beside it under the same name with a suffix.
    fn answer(&self, leaf: Option<&Leaf>, answer: &Answer) -> Vec<(&'static str, Value<'static>)> {
        let written = answer.written().trim();
        let text = || Value::string(written.to_owned());
        let choices = leaf.map(|leaf| &*leaf.choices).unwrap_or_default();
        match &answer.value {
            AnswerValue::Empty => vec![("", Value::Null)],
            AnswerValue::Boolean(truth) => vec![("", Value::Bool(*truth))],
            AnswerValue::Choices(chosen) => {
                let labels: Vec<&str> = chosen.iter().map(|one| label(choices, one)).collect();
                let raw = chosen.iter().cloned().map(Value::from).collect();
                vec![("", Value::from(labels.join(", "))), ("_raw", Value::Array(raw))]
            }
            AnswerValue::Text if leaf.is_some_and(|it| it.answer == AnswerType::SelectOne) => {
                vec![("", Value::from(label(choices, written).to_owned())), ("_raw", text())]
            }
            AnswerValue::Geometry(place) if place.kind == GeometryKind::Point => {
                vec![("", map(place).unwrap_or_else(text))]
            }
            AnswerValue::File => vec![("", self.file(written))],
            _ => vec![("", text())],
        }
    }

    /// A file: what it is and where it can be had. Its content stays where it is.
    fn file(&self, name: &str) -> Value<'static> {
        let stored = self.files.iter().find(|file| file.name == name);
        let optional = |text: Option<&String>| text.cloned().map_or(Value::Null, Value::from);
        Value::object([
            ("filename", Value::from(name.to_owned())),
            ("content_type", optional(stored.map(|file| &file.content_type))),
            ("url", optional(stored.map(|file| &file.url))),
        ])
    }
}

/// What people read of a choice; the choice itself, where nothing says.
fn label<'c>(choices: &'c [Choice], value: &'c str) -> &'c str {
    let choice = choices.iter().find(|choice| choice.value == value);
    choice.and_then(|choice| choice.labels.in_language(None)).unwrap_or(value)
}

fn map(place: &Geometry) -> Option<Value<'static>> {
    let position = place.positions.first()?;
    let (lat, lon) = (json_number(&position.latitude), json_number(&position.longitude));
    Some(Value::object([("lat", lat), ("lon", lon)]))
}

fn first_position(group: &Group) -> Option<Value<'static>> {
    group.members.iter().find_map(|(_, node)| match node {
        Node::Answer(answer) => match &answer.value {
            AnswerValue::Geometry(place) if place.kind == GeometryKind::Point => map(place),
            _ => None,
        },
        Node::Group(group) => first_position(group),
        Node::Repeat(_) => None,
    })
}
