//! A case as the hub's own API has it, and as a feature of GeoJSON.

use std::collections::BTreeMap;

use fieldpost_model::case::Case;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Geometry, GeometryKind, Position};
use fieldpost_model::time::Timestamp;

use super::normalised::geometry;
use crate::submission::position;

/// How many numbers a position has that CommCare's phones write: latitude, longitude, altitude,
/// accuracy. A property of two numbers may be anything, a blood pressure for one.
const NUMBERS_OF_A_POSITION: usize = 4;

/// The case as `/api/v1` gives it.
pub fn case_view(case: &Case) -> Value<'static> {
    let text = |text: &str| Value::string(text.to_owned());
    let time =
        |time: Option<Timestamp>| time.map_or(Value::Null, |time| Value::from(time.to_string()));
    let closing = case.closing.as_ref();
    Value::object([
        ("id", text(&case.id)),
        ("type", text(&case.case_type)),
        ("name", text(&case.name)),
        ("owner", text(&case.owner)),
        ("external_id", text(&case.external_id)),
        ("closed", Value::Bool(case.is_closed())),
        ("opened_at", time(case.opened_at)),
        ("opened_by", text(&case.opened_by)),
        ("modified_at", time(case.modified_at)),
        ("modified_by", text(&case.modified_by)),
        ("closed_at", time(closing.map(|closing| closing.at))),
        ("closed_by", closing.map_or(Value::Null, |closing| text(&closing.by))),
        ("server_modified_at", Value::from(case.server_modified_at.to_string())),
        ("properties", texts(&case.properties)),
        ("indices", indices(case)),
        ("attachments", attachments(case)),
        ("deleted", Value::Bool(case.deleted)),
    ])
}

fn texts(texts: &BTreeMap<String, String>) -> Value<'static> {
    Value::object(texts.iter().map(|(name, text)| (name.clone(), Value::from(text.clone()))))
}

fn indices(case: &Case) -> Value<'static> {
    Value::object(case.indices.iter().map(|(name, index)| {
        let index = Value::object([
            ("case_id", index.case_id.clone()),
            ("case_type", index.case_type.clone()),
            ("relationship", index.relationship.name().to_owned()),
        ]);
        (name.clone(), index)
    }))
}

fn attachments(case: &Case) -> Value<'static> {
    Value::object(case.attachments.iter().map(|(name, file)| {
        let file = Value::object([
            ("origin", Value::from(file.origin.name())),
            ("source", Value::from(file.source.clone())),
            ("content_type", file.content_type.clone().map_or(Value::Null, Value::from)),
            ("form_id", Value::from(file.form_id.clone())),
        ]);
        (name.clone(), file)
    }))
}

/// The case as a feature: at the position in the property of that name, else in the first that holds
/// one as phones write it.
pub fn case_feature(case: &Case, property: Option<&str>) -> Value<'static> {
    let place = match property {
        Some(name) => case.properties.get(name).and_then(|text| position(text)),
        None => case.properties.values().find_map(|text| position_of_phone(text)),
    };
    let place = place.map(|position| {
        geometry(&Geometry { kind: GeometryKind::Point, positions: vec![position] })
    });
    let told = [
        ("case_type", &case.case_type),
        ("case_name", &case.name),
        ("owner_id", &case.owner),
        ("external_id", &case.external_id),
    ];
    let told = told.map(|(name, text)| (name.to_owned(), Value::from(text.clone())));
    let closed = [("closed".to_owned(), Value::Bool(case.is_closed()))];
    let own = case.properties.iter().map(|(name, text)| (name.clone(), Value::from(text.clone())));
    Value::object([
        ("type", Value::from("Feature")),
        ("id", Value::from(case.id.clone())),
        ("geometry", place.unwrap_or(Value::Null)),
        ("properties", Value::object(told.into_iter().chain(closed).chain(own))),
    ])
}

fn position_of_phone(text: &str) -> Option<Position> {
    let numbers = text.split_whitespace().count();
    (numbers == NUMBERS_OF_A_POSITION).then(|| position(text))?
}
