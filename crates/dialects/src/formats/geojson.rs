//! A feature of GeoJSON: the place that a submission is about, with its answers as properties.

use fieldpost_model::json::Value;
use fieldpost_model::submission::{AnswerValue, Geometry, Group, Node, Submission};

use super::normalised::{geometry, values};

/// The feature of a submission, at its [`place`].
pub fn geojson(submission: &Submission, path: Option<&[&str]>) -> Value<'static> {
    let geometry = place(submission, path).unwrap_or(Value::Null);
    let id = submission.metadata.instance_id.clone().map(|id| ("id", Value::from(id)));
    let rest = [("geometry", geometry), ("properties", values(&submission.values))];
    Value::object([("type", Value::string("Feature"))].into_iter().chain(id).chain(rest))
}

/// Where a submission is, as a geometry. `path` is that of the answer that places it; without one it
/// is the first place that was answered, outside repeats, else where the sender says it was filled in.
pub fn place(submission: &Submission, path: Option<&[&str]>) -> Option<Value<'static>> {
    let answered = match path {
        Some(path) => submission.values.answer(path).and_then(|answer| place_of(&answer.value)),
        None => first_place(&submission.values),
    };
    let told = submission.metadata.position.as_ref().filter(|_| path.is_none());
    let told = || {
        let coordinates = ("coordinates", told?.coordinates());
        Some(Value::object([("type", Value::string("Point")), coordinates]))
    };
    answered.map(geometry).or_else(told)
}

fn place_of(value: &AnswerValue) -> Option<&Geometry> {
    match value {
        AnswerValue::Geometry(place) => Some(place),
        _ => None,
    }
}

fn first_place(group: &Group) -> Option<&Geometry> {
    group.members.iter().find_map(|(_, node)| match node {
        Node::Answer(answer) => place_of(&answer.value),
        Node::Group(group) => first_place(group),
        Node::Repeat(_) => None,
    })
}
