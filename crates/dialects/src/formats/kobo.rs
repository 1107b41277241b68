//! A submission as KoboToolbox gives it: one flat object, groups in the keys, answers as texts.
//!
//! What was not answered is left out, as KoboToolbox does; what the form does not know is there like
//! everything else, because KoboToolbox does not ask the form either.

use fieldpost_model::json::Value;
use fieldpost_model::submission::{AnswerValue, Geometry, GeometryKind, Group, Node, Submission};

use super::{ServerFacts, StoredFile};
use crate::names::instance_id;
use crate::view::{Members, text};

/// The name under which the document itself is among the files.
const DOCUMENT: &str = "form.xml";

/// How long a time without a fraction and an offset is, in bytes.
const SECONDS: usize = "2026-01-01T09:00:05".len();

/// How long all keys of an object may be together, in bytes. Each has its whole path, so that one
/// long name around many short ones would make gigabytes out of a megabyte.
pub const MAX_KEYS_LENGTH: usize = 64 * 1024 * 1024;

/// The whole object; `None` where its keys would be longer than [`MAX_KEYS_LENGTH`] together.
pub fn kobo(submission: &Submission, facts: &ServerFacts<'_>) -> Option<Value<'static>> {
    let mut flattening = Flattening { keys_left: MAX_KEYS_LENGTH };
    let (form, metadata) = (&submission.form, &submission.metadata);
    let mut object = Members::default();
    if let Some(number) = facts.number {
        object.set("_id", Value::from(number));
    }
    flattening.add_group(&mut object, &submission.values, "")?;
    for (name, text) in [
        ("__version__", &form.version),
        ("meta/instanceID", &metadata.instance_id),
        ("meta/deprecatedID", &metadata.deprecated_id),
        ("meta/instanceName", &metadata.instance_name),
        ("_xform_id_string", &form.id),
    ] {
        if let Some(text) = text {
            object.set(name, Value::string(text.clone()));
        }
    }
    for (name, value) in &metadata.other {
        let is_of_server = name.starts_with(['_', '*']) || name.contains('/');
        let key = if is_of_server { name.clone() } else { format!("meta/{name}") };
        if name != "_id" {
            flattening.add_extra(&mut object, value, &key)?;
        }
    }
    let id = metadata.instance_id.as_deref().and_then(instance_id);
    let received = facts.received_at.to_string();
    let received = received.get(..SECONDS).unwrap_or(&received).to_owned();
    for (name, value) in [
        ("_uuid", id.map_or(Value::Null, Value::from)),
        ("_attachments", attachments(facts.files)),
        ("_status", Value::string("submitted_via_web")),
        ("_geolocation", geolocation(submission)),
        ("_submission_time", Value::from(received)),
        ("_tags", Value::Array(Vec::new())),
        ("_notes", Value::Array(Vec::new())),
        ("_validation_status", Value::Object(Vec::new())),
        ("_submitted_by", metadata.user.clone().map_or(Value::Null, Value::from)),
    ] {
        object.set(name, value);
    }
    Some(object.into_value())
}

/// Groups on their way into keys.
struct Flattening {
    /// How many bytes of keys may still be written.
    keys_left: usize,
}

impl Flattening {
    /// Adds the answers of a group; `path` is what their keys begin with.
    fn add_group(
        &mut self,
        object: &mut Members<'static>,
        group: &Group,
        path: &str,
    ) -> Option<()> {
        for (name, node) in &group.members {
            let key = self.key(path, name)?;
            match node {
                Node::Answer(answer) if answer.written().is_empty() => {}
                Node::Answer(answer) => {
                    object.set(&key, Value::string(answer.written().to_owned()));
                }
                Node::Group(group) => self.add_group(object, group, &format!("{key}/"))?,
                Node::Repeat(nodes) if nodes.is_empty() => {}
                Node::Repeat(nodes) => {
                    let list = nodes.iter().map(|node| self.occurrence(node, &key));
                    let list = list.collect::<Option<Vec<_>>>()?;
                    object.set(&key, Value::Array(list));
                }
            }
        }
        for (name, value) in group.extra.iter().filter(|(name, _)| !name.starts_with(['@', '#'])) {
            let key = self.key(path, name)?;
            self.add_extra(object, value, &key)?;
        }
        Some(())
    }

    /// One time that something was answered. Keys have the whole path here as well.
    fn occurrence(&mut self, node: &Node, key: &str) -> Option<Value<'static>> {
        Some(match node {
            Node::Answer(answer) => Value::string(answer.written().to_owned()),
            Node::Group(group) => {
                let mut object = Members::default();
                self.add_group(&mut object, group, &format!("{key}/"))?;
                object.into_value()
            }
            Node::Repeat(nodes) => {
                let list = nodes.iter().map(|node| self.occurrence(node, key));
                Value::Array(list.collect::<Option<_>>()?)
            }
        })
    }

    /// Adds what the form does not know, as the XML view has it.
    fn add_extra(
        &mut self,
        object: &mut Members<'static>,
        value: &Value<'_>,
        key: &str,
    ) -> Option<()> {
        match value {
            Value::Array(values) => {
                let list = values.iter().map(|value| self.extra_occurrence(value, key));
                object.set(key, Value::Array(list.collect::<Option<_>>()?));
            }
            Value::Object(members) => {
                for (name, inside) in members.iter().filter(|(name, _)| !name.starts_with('@')) {
                    if name == "#text" {
                        self.add_extra(object, inside, key)?;
                    } else {
                        let key = self.key(&format!("{key}/"), name)?;
                        self.add_extra(object, inside, &key)?;
                    }
                }
            }
            Value::Null => {}
            other if text(other) == Some("") => {}
            other => object.set(key, other.clone().into_owned()),
        }
        Some(())
    }

    fn extra_occurrence(&mut self, value: &Value<'_>, key: &str) -> Option<Value<'static>> {
        if value.as_object().is_none() {
            return Some(value.clone().into_owned());
        }
        let mut object = Members::default();
        self.add_extra(&mut object, value, key)?;
        Some(object.into_value())
    }

    /// A key, if there is still room for it.
    fn key(&mut self, path: &str, name: &str) -> Option<String> {
        self.keys_left = self.keys_left.checked_sub(path.len() + name.len())?;
        Some(format!("{path}{name}"))
    }
}

fn attachments(files: &[StoredFile]) -> Value<'static> {
    let files = files.iter().filter(|file| file.name != DOCUMENT).map(|file| {
        Value::object([
            ("download_url", Value::string(file.url.clone())),
            ("mimetype", Value::string(file.content_type.clone())),
            ("filename", Value::string(file.name.clone())),
            ("media_file_basename", Value::string(file.name.clone())),
        ])
    });
    Value::Array(files.collect())
}

/// `[latitude, longitude]` of the first position that was answered, outside repeats.
fn geolocation(submission: &Submission) -> Value<'static> {
    let position = first_point(&submission.values)
        .and_then(|place| place.positions.first())
        .or(submission.metadata.position.as_ref());
    Value::Array(match position {
        Some(position) => [&position.latitude, &position.longitude]
            .map(|part| Value::Number(part.clone().into()))
            .to_vec(),
        None => vec![Value::Null, Value::Null],
    })
}

fn first_point(group: &Group) -> Option<&Geometry> {
    group.members.iter().find_map(|(_, node)| match node {
        Node::Group(group) => first_point(group),
        Node::Answer(answer) => match &answer.value {
            AnswerValue::Geometry(place) if place.kind == GeometryKind::Point => Some(place),
            _ => None,
        },
        Node::Repeat(_) => None,
    })
}
