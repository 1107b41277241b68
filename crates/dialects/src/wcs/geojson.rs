//! Submissions on a map: a feature each, `[lon, lat]`.

use fieldpost_model::form_definition::{DisplayLocation, FieldType, FormField, keyed};
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{AnswerValue, Node};

use super::display::{display, html_escaped};
use super::pieces::{Object, Tree};
use super::record::{Record, Site, Viewer};

/// The colour of a status that has none.
const NO_COLOUR: &str = "#ffffff";

/// Which answers a feature has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'s> {
    /// Those that lists show.
    Listed,
    /// All of them.
    All,
    /// Those of the fields with these ids.
    Ids(&'s [String]),
}

impl Shown<'_> {
    pub(super) fn has(self, field: &FormField) -> bool {
        match self {
            Self::Listed => field.display_locations.contains(&DisplayLocation::Listings),
            Self::All => true,
            Self::Ids(ids) => ids.contains(&field.id),
        }
    }
}

/// The feature of a submission; nothing where it has no place.
pub fn feature(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    shown: Shown<'_>,
) -> Option<Value<'static>> {
    let geometry = geometry(record)?;
    let progress = record.progress;
    let addresses = site.addresses(&record.definition.name, &record.id());
    let status = viewer.status.or_true(progress.status.as_deref());
    let status = status.and_then(|id| record.definition.lifecycle.status(id));
    let colour = status.and_then(|status| status.colour.as_deref()).unwrap_or(NO_COLOUR);
    let mut properties = Object::default();
    properties.set("id", progress.display_id.clone());
    properties.set("raw_id", record.id());
    properties.set("text", record.text());
    properties.set("name", html_escaped(&record.display_name()));
    properties.set("url", addresses.backoffice.clone());
    properties.set("status_name", Tree::text_or_null(status.map(|status| status.name.as_str())));
    properties.set("status_colour", colour.to_owned());
    properties.set("view_label", "View");
    properties.set("display_fields", display_fields(record, &addresses.files, shown));
    Some(Value::object([
        ("type", Value::from("Feature")),
        ("geometry", geometry),
        ("properties", Tree::from(properties).into_value()),
    ]))
}

/// The feature as old releases wrote it: its place and where it is handled.
pub fn classic_feature(record: &Record<'_>, site: &Site<'_>) -> Option<Value<'static>> {
    let addresses = site.addresses(&record.definition.name, &record.id());
    Some(Value::object([
        ("geometry", geometry(record)?),
        ("type", Value::from("Feature")),
        ("properties", Value::object([("url", addresses.backoffice)])),
    ]))
}

fn geometry(record: &Record<'_>) -> Option<Value<'static>> {
    let position = record.progress.geolocation.as_ref()?;
    let mut coordinates = position.clone();
    coordinates.altitude = None;
    Some(Value::object([
        ("type", Value::from("Point")),
        ("coordinates", coordinates.coordinates()),
    ]))
}

fn display_fields(record: &Record<'_>, front: &str, shown: Shown<'_>) -> Tree {
    let values = &record.submission.values;
    let fields = keyed(&record.definition.fields).into_iter();
    let fields = fields.filter(|(_, field)| shown.has(field)).map(|(key, field)| {
        let text = display(field, &key, values);
        let mut object = Object::default();
        object.set("varname", Tree::text_or_null(field.name.as_deref()));
        object.set("label", field.label.clone());
        object.set("html_value", html_escaped(&text));
        object.set("value", text);
        let file = (field.field_type == FieldType::File).then(|| file_url(record, front, &key));
        object.set_some("file_url", file.flatten());
        object.into()
    });
    Tree::List(fields.collect())
}

fn file_url(record: &Record<'_>, front: &str, key: &str) -> Option<String> {
    match record.submission.values.get(key)? {
        Node::Answer(answer) if answer.value == AnswerValue::File => {
            let file = record.file(answer.written())?;
            Some(format!("{front}download?hash={}", hexadecimal::encode(&file.sha256)))
        }
        _ => None,
    }
}
