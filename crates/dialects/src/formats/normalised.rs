//! Typed JSON, the hub's own: a number is a number, a repeat is a list however often it was
//! answered, what was not answered is `null`, and what the form does not know is under `_extra`.

use fieldpost_model::json::Value;
use fieldpost_model::submission::{
    Answer, AnswerValue, Geometry, GeometryKind, Group, Node, Position, Submission,
};

/// The member that holds what the form does not know. Names in forms may begin with `_`, but no
/// tool of the field makes this one.
pub(crate) const EXTRA: &str = "_extra";

/// A whole submission.
pub fn normalised(submission: &Submission) -> Value<'static> {
    let files = submission.attachments.iter();
    let files = files.map(|file| Value::string(file.name.clone())).collect();
    let answered = [("values", values(&submission.values)), ("attachments", Value::Array(files))];
    Value::object(head(submission).into_iter().chain(answered).chain([meta(submission)]))
}

/// What is known of a submission beside its answers and files, as [`normalised`] has it.
pub fn description(submission: &Submission) -> Value<'static> {
    Value::object(head(submission).into_iter().chain([meta(submission)]))
}

fn head(submission: &Submission) -> Vec<(&'static str, Value<'static>)> {
    let (form, metadata) = (&submission.form, &submission.metadata);
    let form = Value::object([
        ("id", optional(form.id.as_ref())),
        ("xmlns", optional(form.xmlns.as_ref())),
        ("version", optional(form.version.as_ref())),
        ("application", optional(form.application.as_ref())),
    ]);
    vec![
        ("form", form),
        ("instance_id", optional(metadata.instance_id.as_ref())),
        ("deprecated_id", optional(metadata.deprecated_id.as_ref())),
        ("instance_name", optional(metadata.instance_name.as_ref())),
        ("device", optional(metadata.device.as_ref())),
        ("user", optional(metadata.user.as_ref())),
        ("user_id", optional(metadata.user_id.as_ref())),
        ("started_at", optional(metadata.started_at.as_ref())),
        ("ended_at", optional(metadata.ended_at.as_ref())),
        ("submitted_at", optional(metadata.submitted_at.as_ref())),
        ("untyped", Value::Bool(submission.is_untyped)),
        ("encrypted", Value::Bool(submission.is_encrypted)),
    ]
}

/// What the sender says beside, by the sender's names.
fn meta(submission: &Submission) -> (&'static str, Value<'static>) {
    let other = submission.metadata.other.iter();
    ("meta", Value::object(other.map(|(name, value)| (name.clone(), value.clone()))))
}

fn optional(text: Option<&String>) -> Value<'static> {
    text.cloned().map_or(Value::Null, Value::from)
}

/// The answers alone.
pub fn values(group: &Group) -> Value<'static> {
    let members = group.members.iter().map(|(name, node)| (name.clone(), of_node(node)));
    let extra = (!group.extra.is_empty())
        .then(|| (EXTRA.to_owned(), Value::object(group.extra.iter().cloned())));
    Value::object(members.chain(extra))
}

/// The answers, and apart from them what the form does not know, as the store keeps the two.
pub fn values_apart(group: &Group) -> (Value<'static>, Value<'static>) {
    let mut known = values(group);
    let mut extra = Value::Object(Vec::new());
    if let Value::Object(members) = &mut known
        && let Some(place) = members.iter().position(|(member, _)| member == EXTRA)
    {
        extra = members.remove(place).1;
    }
    (known, extra)
}

fn of_node(node: &Node) -> Value<'static> {
    match node {
        Node::Answer(answer) => of_answer(answer),
        Node::Group(group) => values(group),
        Node::Repeat(nodes) => Value::Array(nodes.iter().map(of_node).collect()),
    }
}

fn of_answer(answer: &Answer) -> Value<'static> {
    let written = || Value::string(answer.written().to_owned());
    match &answer.value {
        AnswerValue::Empty => Value::Null,
        AnswerValue::Text | AnswerValue::DateTime(_) | AnswerValue::Unfit => written(),
        AnswerValue::Integer(number) => Value::from(*number),
        AnswerValue::Decimal(number) => Value::Number(number.clone().into()),
        AnswerValue::Boolean(truth) => Value::Bool(*truth),
        AnswerValue::Choices(choices) => {
            Value::Array(choices.iter().map(|choice| Value::string(choice.clone())).collect())
        }
        AnswerValue::Geometry(place) => with_accuracy(place),
        AnswerValue::File => Value::object([("filename", written())]),
    }
}

/// A geometry of GeoJSON.
pub fn geometry(place: &Geometry) -> Value<'static> {
    Value::object([("type", Value::string(place.kind.name())), ("coordinates", coordinates(place))])
}

fn coordinates(place: &Geometry) -> Value<'static> {
    let mut positions = place.positions.iter().map(Position::coordinates);
    match place.kind {
        GeometryKind::Point => positions.next().unwrap_or(Value::Array(Vec::new())),
        GeometryKind::Line => Value::Array(positions.collect()),
        // The one ring is the outer one; devices draw no holes.
        GeometryKind::Polygon => Value::Array(vec![Value::Array(positions.collect())]),
    }
}

/// A geometry with how well its positions are known, where the device says so. GeoJSON has no place
/// for that; ODK Central's, beside the coordinates, is the one that programs know.
fn with_accuracy(place: &Geometry) -> Value<'static> {
    let accuracies: Vec<Value<'static>> = place
        .positions
        .iter()
        .map(|position| {
            position.accuracy.clone().map_or(Value::Null, |text| Value::Number(text.into()))
        })
        .collect();
    let is_known = accuracies.iter().any(|accuracy| !accuracy.is_null());
    let properties = match place.kind {
        GeometryKind::Point => accuracies.into_iter().next().map(|one| ("accuracy", one)),
        _ => Some(("accuracies", Value::Array(accuracies))),
    };
    let properties =
        properties.filter(|_| is_known).map(|one| ("properties", Value::object([one])));
    Value::object(
        [("type", Value::string(place.kind.name())), ("coordinates", coordinates(place))]
            .into_iter()
            .chain(properties),
    )
}
