//! Answers as JSON and back, each with the text that was sent and what it means.
//!
//! The answers of a submission itself are not written like this: they are read again by the definition of
//! their form. Those that were added on the way, the backoffice fields, are kept whole.

use fieldpost_model::json::Value;
use fieldpost_model::submission::{
    Answer, AnswerValue, Geometry, GeometryKind, Group, Node, Position,
};

use super::codec::{Members, list_of, optional_of, text, text_of, time_of};

/// Names and what stands under them, as pairs: nothing says that a name comes only once.
pub(super) fn group_value(group: &Group) -> Value<'_> {
    let extra = |(name, value): &(String, Value<'static>)| {
        Value::Array(vec![Value::from(name.clone()), value.clone()])
    };
    Members::default()
        .list("members", &group.members, |(name, node)| {
            Value::Array(vec![Value::from(&**name), node_value(node)])
        })
        .list("extra", &group.extra, extra)
        .object()
}

fn node_value(node: &Node) -> Value<'_> {
    match node {
        Node::Answer(answer) => answer_value(answer),
        Node::Group(group) => Members::default().put("group", Some(group_value(group))).object(),
        Node::Repeat(times) => {
            let times = times.iter().map(node_value).collect();
            Members::default().put("repeat", Some(Value::Array(times))).object()
        }
    }
}

fn answer_value(answer: &Answer) -> Value<'_> {
    let members = Members::default().optional("sent", answer.lexical.as_deref());
    match &answer.value {
        AnswerValue::Empty => members.text("is", "empty"),
        AnswerValue::Text => members.text("is", "text"),
        AnswerValue::Integer(number) => {
            members.text("is", "integer").put("value", Some(Value::from(*number)))
        }
        AnswerValue::Decimal(number) => members.text("is", "decimal").text("value", number),
        AnswerValue::Boolean(truth) => {
            members.text("is", "boolean").put("value", Some(Value::Bool(*truth)))
        }
        AnswerValue::DateTime(time) => {
            members.text("is", "time").put("value", time.map(|time| Value::from(time.0)))
        }
        AnswerValue::Choices(choices) => {
            members.text("is", "choices").list("value", choices, |choice| Value::from(&**choice))
        }
        AnswerValue::Geometry(geometry) => members
            .text("is", "geometry")
            .text("kind", geometry.kind.name())
            .list("value", &geometry.positions, position_value),
        AnswerValue::File => members.text("is", "file"),
        AnswerValue::Unfit => members.text("is", "unfit"),
    }
    .object()
}

pub(super) fn position_value(position: &Position) -> Value<'_> {
    Members::default()
        .text("longitude", &position.longitude)
        .text("latitude", &position.latitude)
        .optional("altitude", position.altitude.as_deref())
        .optional("accuracy", position.accuracy.as_deref())
        .object()
}

// Each of these answers `None` where the value is not what the functions above write.

pub(super) fn group_of(value: &Value<'_>) -> Option<Group> {
    let member = |pair: &Value<'_>| match pair.as_array()? {
        [name, node] => Some((text(name)?, node_of(node)?)),
        _ => None,
    };
    let extra = |pair: &Value<'_>| match pair.as_array()? {
        [name, value] => Some((text(name)?, value.clone().into_owned())),
        _ => None,
    };
    Some(Group {
        members: list_of(value, "members", member)?,
        extra: list_of(value, "extra", extra)?,
    })
}

fn node_of(value: &Value<'_>) -> Option<Node> {
    if let Some(group) = value.get("group") {
        return group_of(group).map(Node::Group);
    }
    if let Some(times) = value.get("repeat") {
        return Some(Node::Repeat(times.as_array()?.iter().map(node_of).collect::<Option<_>>()?));
    }
    let lexical = optional_of(value, "sent")?;
    answer_of(value).map(|meant| Node::Answer(Answer { lexical, value: meant }))
}

fn answer_of(value: &Value<'_>) -> Option<AnswerValue> {
    let meant = || value.get("value");
    Some(match value.get("is")?.as_str()? {
        "empty" => AnswerValue::Empty,
        "text" => AnswerValue::Text,
        "integer" => AnswerValue::Integer(meant()?.as_number()?.parse().ok()?),
        "decimal" => AnswerValue::Decimal(text_of(value, "value")?),
        "boolean" => AnswerValue::Boolean(meant()?.as_bool()?),
        "time" => AnswerValue::DateTime(time_of(value, "value")?),
        "choices" => AnswerValue::Choices(list_of(value, "value", text)?),
        "geometry" => AnswerValue::Geometry(Geometry {
            kind: GeometryKind::from_name(value.get("kind")?.as_str()?)?,
            positions: list_of(value, "value", position_of)?,
        }),
        "file" => AnswerValue::File,
        "unfit" => AnswerValue::Unfit,
        _ => return None,
    })
}

pub(super) fn position_of(value: &Value<'_>) -> Option<Position> {
    Some(Position {
        longitude: text_of(value, "longitude")?,
        latitude: text_of(value, "latitude")?,
        altitude: optional_of(value, "altitude")?,
        accuracy: optional_of(value, "accuracy")?,
    })
}
