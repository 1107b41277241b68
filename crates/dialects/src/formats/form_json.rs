//! A form as CommCare HQ's Form API gives it.
//!
//! The document leads, not the typed submission: the API knows no types, and a repeat is a list only
//! where it was answered more than once. Times with an offset are turned to UTC wherever they stand,
//! as HQ does; programs that read it compare them as text.

use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

use super::ServerFacts;
use crate::commcare::form_of_xml;
use crate::submission::moment_with_offset;
use crate::view::{Members, member_text};
use crate::xml::Root;

/// The object of a form. `view` is the view of its XML: that of the dialect `xml` (the root element
/// as its one member) or that of `commcare`. `None` where it is neither.
pub fn form_json(view: &Value<'_>, facts: &ServerFacts<'_>) -> Option<Value<'static>> {
    let view = of_api(view)?;
    let form = in_utc(view.get("form")?.clone());
    let meta = view.get("metadata");
    let own = |name: &str| view.get(name).cloned().unwrap_or(Value::Null);
    let time = |time: Timestamp| Value::from(time.to_string());
    let optional =
        |text: Option<&str>| text.map_or(Value::Null, |text| Value::from(text.to_owned()));

    let mut object = Members::default();
    for (name, value) in [
        ("id", own("id")),
        ("domain", Value::from(facts.project.to_owned())),
        ("app_id", optional(facts.application)),
        ("build_id", optional(facts.build)),
        ("type", own("type")),
        ("uiversion", own("uiversion")),
        ("version", own("version")),
        ("received_on", time(facts.received_at)),
        ("server_modified_on", time(facts.modified_at)),
        ("indexed_on", time(facts.indexed_at)),
        ("edited_on", facts.edited_at.map_or(Value::Null, time)),
        ("edited_by_user_id", Value::Null),
        ("archived", Value::Bool(false)),
        ("problem", Value::Null),
        ("initial_processing_complete", Value::Bool(true)),
        ("is_phone_submission", Value::Bool(facts.is_from_device)),
        ("submit_ip", optional(facts.sender_address)),
        ("resource_uri", optional(facts.resource)),
        ("metadata", meta.map_or(Value::Null, metadata)),
        ("attachments", attachments(facts)),
        ("form", form),
    ] {
        object.set(name, value);
    }
    Some(object.into_value())
}

/// The view in the shape of the API, as far as the XML tells.
fn of_api(view: &Value<'_>) -> Option<Value<'static>> {
    match view.as_object()? {
        [(root, content)] if content.get("#type").is_none() => {
            let root = Root { name: root.to_string(), content: content.clone().into_owned() };
            Some(form_of_xml(root).view.into_owned())
        }
        _ => view.get("form")?.as_object().map(|_| view.clone().into_owned()),
    }
}

/// The block `meta` under the names that every form of the API has.
fn metadata(meta: &Value<'_>) -> Value<'static> {
    let own = |name: &str| match meta.get(name) {
        Some(Value::String(text)) if !text.is_empty() => in_utc(Value::from(text.to_string())),
        _ => Value::Null,
    };
    let version = member_text(meta, "appVersion").unwrap_or_default();
    let number = |digits: &str| Value::number(digits.to_owned()).unwrap_or(Value::Null);
    Value::object([
        ("deviceID", own("deviceID")),
        ("timeStart", own("timeStart")),
        ("timeEnd", own("timeEnd")),
        ("username", own("username")),
        ("userID", own("userID")),
        ("instanceID", own("instanceID")),
        ("appVersion", own("appVersion")),
        ("app_build_version", build_number(version).map_or(Value::Null, number)),
        ("commcare_version", commcare_version(version).map_or(Value::Null, own_text)),
        ("geo_point", Value::Null),
        ("location", own("location")),
        ("deprecatedID", own("deprecatedID")),
        ("doc_type", Value::from("Metadata")),
    ])
}

fn own_text(text: &str) -> Value<'static> {
    Value::from(text.to_owned())
}

/// `10` out of `… App v10. …`.
fn build_number(version: &str) -> Option<&str> {
    let (_, rest) = version.split_once("App v").or_else(|| version.split_once("App #"))?;
    leading(rest, |character| character.is_ascii_digit())
}

/// `2.19.8` out of `CommCare ODK, version "2.19.8"(350848). …`, else `2.19` out of
/// `… CommCare Version 2.19. …`.
fn commcare_version(version: &str) -> Option<&str> {
    let (_, rest) =
        version.split_once("version \"").or_else(|| version.split_once("CommCare Version "))?;
    let number = leading(rest, |character| character.is_ascii_digit() || character == '.')?;
    Some(number.trim_end_matches('.')).filter(|number| !number.is_empty())
}

fn leading(text: &str, is_wanted: impl Fn(char) -> bool) -> Option<&str> {
    let end = text.find(|character| !is_wanted(character)).unwrap_or(text.len());
    text.get(..end).filter(|found| !found.is_empty())
}

/// The value with every time that has an offset turned to UTC.
fn in_utc(value: Value<'_>) -> Value<'static> {
    match value {
        Value::String(text) => match moment_with_offset(&text) {
            Some(time) => Value::from(time.to_string()),
            None => Value::from(text.into_owned()),
        },
        Value::Array(values) => Value::Array(values.into_iter().map(in_utc).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.into_owned().into(), in_utc(value)))
                .collect(),
        ),
        other => other.into_owned(),
    }
}

fn attachments(facts: &ServerFacts<'_>) -> Value<'static> {
    Value::object(facts.files.iter().map(|file| {
        let described = Value::object([
            ("content_type", Value::from(file.content_type.clone())),
            ("length", Value::from(file.length)),
            ("url", Value::from(file.url.clone())),
        ]);
        (file.name.clone(), described)
    }))
}
