//! A case as JSON, in the shape of forwarders and of the case list of old.

use std::collections::BTreeMap;

use fieldpost_model::case::{Case, CaseAttachment, CaseIndex};
use fieldpost_model::forwarder::ClosedCases;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

use crate::view::Members;

/// The case as JSON, without the cases that point to it. A case of which only the closing is told has
/// neither properties nor indices nor attachments. `address` gives the address of a file.
pub fn case_json(
    case: &Case,
    domain: &str,
    closed: ClosedCases,
    address: impl Fn(&str, &CaseAttachment) -> String,
) -> Value<'static> {
    let [properties, indices, attachments] = if case.is_closed() && closed == ClosedCases::CloseOnly
    {
        [const { Value::Object(Vec::new()) }; 3]
    } else {
        [properties(case), indices(&case.indices), attachments(case, address)]
    };
    let forms: Vec<Value<'static>> = case.forms.iter().cloned().map(Value::from).collect();
    Value::object([
        ("domain", Value::string(domain.to_owned())),
        ("case_id", Value::string(case.id.clone())),
        ("user_id", Value::string(case.modified_by.clone())),
        ("closed", Value::Bool(case.is_closed())),
        ("xform_ids", Value::Array(forms)),
        ("date_closed", time_or_null(case.closing.as_ref().map(|closing| closing.at))),
        ("date_modified", time_or_null(case.modified_at)),
        ("server_date_modified", time_or_null(Some(case.server_modified_at))),
        // The server has called the phone's time of opening so from the beginning.
        ("server_date_opened", time_or_null(case.opened_at)),
        ("properties", properties),
        ("indices", indices),
        ("attachments", attachments),
    ])
}

fn properties(case: &Case) -> Value<'static> {
    let mut properties = Members::default();
    properties.set("case_name", Value::string(case.name.clone()));
    properties.set("case_type", Value::string(case.case_type.clone()));
    properties.set("owner_id", Value::string(case.owner_or_user().to_owned()));
    properties.set("external_id", text_or_null(&case.external_id));
    properties.set("date_opened", time_or_null(case.opened_at));
    for (name, value) in &case.properties {
        properties.set(name, Value::string(value.clone()));
    }
    properties.into_value()
}

fn attachments(case: &Case, address: impl Fn(&str, &CaseAttachment) -> String) -> Value<'static> {
    Value::object(case.attachments.iter().map(|(name, attachment)| {
        let mut file = Members::default();
        file.set("url", Value::string(address(name, attachment)));
        if let Some(content_type) = &attachment.content_type {
            file.set("content_type", Value::string(content_type.clone()));
        }
        (name.clone(), file.into_value())
    }))
}

/// The cases that a case points to.
pub(super) fn indices(indices: &BTreeMap<String, CaseIndex>) -> Value<'static> {
    Value::object(indices.iter().map(|(name, index)| {
        let value = Value::object([
            ("case_id", index.case_id.clone()),
            ("case_type", index.case_type.clone()),
            ("relationship", index.relationship.name().to_owned()),
        ]);
        (name.clone(), value)
    }))
}

pub(super) fn text_or_null(text: &str) -> Value<'static> {
    if text.is_empty() { Value::Null } else { Value::string(text.to_owned()) }
}

pub(super) fn time_or_null(time: Option<Timestamp>) -> Value<'static> {
    time.map_or(Value::Null, |time| Value::string(time.to_string()))
}
