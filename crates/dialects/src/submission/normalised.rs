//! Answers in the hub's own JSON, read back: what [`formats::normalised`](crate::formats::normalised)
//! writes, and what the store keeps of a submission.
//!
//! The form says what an answer is, and the JSON says it again: a number, a list, a geometry. Where the
//! two no longer agree, since the form was changed meanwhile, the answer stays as a text that does not
//! fit, or beside what the form knows.

use fieldpost_model::form::{AnswerType, Field, FieldKind, Form};
use fieldpost_model::json::Value;
use fieldpost_model::submission::{
    Answer, AnswerValue, Attachment, AttachmentContent, FormReference, Geometry, GeometryKind,
    Group, Metadata, Node, Position, Submission,
};

use super::answers;
use crate::formats::EXTRA;
use crate::view::member_text;

/// The submission in a document; `None` where it is no object with `values`.
pub(super) fn submission(view: &Value<'_>, form: Option<&Form>) -> Option<Submission> {
    let said = view.get("values")?.as_object()?;
    let fields = form.map(|form| &*form.fields);
    let mut submission = described(view);
    submission.values = group(fields, said);
    submission.is_untyped = fields.is_none();
    let names = view.get("attachments").and_then(Value::as_array).unwrap_or_default();
    submission.attachments = names.iter().filter_map(|name| name.as_str()).map(expected).collect();
    Some(submission)
}

/// A submission as the store keeps it: answers, what the form does not know, and what is known beside.
pub fn stored(
    form: Option<&Form>,
    values: &Value<'_>,
    extra: &Value<'_>,
    description: &Value<'_>,
) -> Submission {
    let fields = form.map(|form| &*form.fields);
    let mut submission = described(description);
    submission.values = group(fields, values.as_object().unwrap_or_default());
    for (name, value) in extra.as_object().unwrap_or_default() {
        submission.values.extra.push((name.to_string(), value.clone().into_owned()));
    }
    submission.is_untyped = fields.is_none();
    submission
}

/// Where a submission was filled in, as the store keeps it: a point of GeoJSON.
pub fn stored_position(position: &Value<'_>) -> Option<Position> {
    match geometry(position)?.value {
        AnswerValue::Geometry(Geometry { kind: GeometryKind::Point, positions }) => {
            positions.into_iter().next()
        }
        _ => None,
    }
}

/// What a document says beside the answers.
fn described(view: &Value<'_>) -> Submission {
    let text = |name: &str| member_text(view, name).map(str::to_owned);
    let form =
        |name: &str| view.path(&["form", name]).and_then(|value| value.as_str()).map(str::to_owned);
    let is = |name: &str| view.get(name).and_then(Value::as_bool).unwrap_or_default();
    let other = view.get("meta").and_then(Value::as_object).unwrap_or_default();
    Submission {
        form: FormReference {
            id: form("id"),
            xmlns: form("xmlns"),
            version: form("version"),
            application: form("application"),
            ..FormReference::default()
        },
        metadata: Metadata {
            instance_id: text("instance_id"),
            deprecated_id: text("deprecated_id"),
            instance_name: text("instance_name"),
            device: text("device"),
            user: text("user"),
            user_id: text("user_id"),
            started_at: text("started_at"),
            ended_at: text("ended_at"),
            submitted_at: text("submitted_at"),
            position: None,
            other: other
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone().into_owned()))
                .collect(),
        },
        is_encrypted: is("encrypted"),
        ..Submission::default()
    }
}

fn expected(name: &str) -> Attachment {
    Attachment { name: name.to_owned(), content_type: None, content: AttachmentContent::Expected }
}

/// The members of an object. Without a form each is what it looks like.
pub(super) fn group(fields: Option<&[Field]>, said: &[fieldpost_model::json::Member<'_>]) -> Group {
    let mut group = Group::default();
    let find = |name: &str| said.iter().find(|(member, _)| member == name).map(|(_, value)| value);
    for field in fields.unwrap_or_default() {
        let node = node(&field.kind, find(&field.name).unwrap_or(&Value::Null));
        group.members.push((field.name.clone(), node));
    }
    let is_known = |name: &str| group.members.iter().any(|(member, _)| member == name);
    let others: Vec<_> = said.iter().filter(|(name, _)| !is_known(name)).collect();
    for (name, value) in others {
        if name == EXTRA {
            let extra = value.as_object().unwrap_or_default().iter();
            group.extra.extend(extra.map(|(name, it)| (name.to_string(), it.clone().into_owned())));
        } else if fields.is_some() {
            group.extra.push((name.to_string(), value.clone().into_owned()));
        } else {
            group.members.push((name.to_string(), untyped(value)));
        }
    }
    group
}

fn node(kind: &FieldKind, value: &Value<'_>) -> Node {
    match (kind, value) {
        (FieldKind::Group(fields), Value::Object(members)) => {
            Node::Group(group(Some(fields), members))
        }
        (FieldKind::Group(fields), _) => Node::Group(group(Some(fields), &[])),
        (FieldKind::Repeat(fields), Value::Array(rows)) => {
            let rows = rows
                .iter()
                .map(|row| Node::Group(group(Some(fields), row.as_object().unwrap_or_default())));
            Node::Repeat(rows.collect())
        }
        (FieldKind::Repeat(_), _) => Node::Repeat(Vec::new()),
        (FieldKind::Leaf(leaf), value) => Node::Answer(answer(leaf.answer, value)),
    }
}

/// What nobody says the type of.
fn untyped(value: &Value<'_>) -> Node {
    match value {
        Value::Array(values) => Node::Repeat(values.iter().map(untyped).collect()),
        Value::Object(members) => Node::Group(group(None, members)),
        Value::Null => Node::Answer(Answer::ABSENT),
        Value::String(text) => Node::Answer(Answer::text(text.to_string())),
        value => Node::Answer(Answer::text(value.to_json())),
    }
}

fn answer(kind: AnswerType, value: &Value<'_>) -> Answer {
    let read = match value {
        Value::Null => return Answer::ABSENT,
        Value::String(text) => Some(answers::answer(kind, text.to_string())),
        Value::Number(number) => Some(answers::answer(kind, number.to_string())),
        Value::Bool(truth) => Some(answers::answer(kind, truth.to_string())),
        Value::Array(chosen) if matches!(kind, AnswerType::SelectMany | AnswerType::Rank) => {
            choices(chosen)
        }
        Value::Object(_) if kind == AnswerType::File => {
            let name = member_text(value, "filename");
            name.map(|name| Answer { lexical: Some(name.to_owned()), value: AnswerValue::File })
        }
        Value::Array(_) | Value::Object(_) => geometry(value),
    };
    read.unwrap_or_else(|| Answer { lexical: Some(value.to_json()), value: AnswerValue::Unfit })
}

/// What was chosen: a choice may hold white space, so the list itself counts.
fn choices(chosen: &[Value<'_>]) -> Option<Answer> {
    let chosen: Option<Vec<String>> =
        chosen.iter().map(|choice| choice.as_str().map(str::to_owned)).collect();
    let chosen = chosen?;
    Some(Answer { lexical: Some(chosen.join(" ")), value: AnswerValue::Choices(chosen) })
}

/// A geometry of GeoJSON, with how well its positions are known.
fn geometry(value: &Value<'_>) -> Option<Answer> {
    let kind = GeometryKind::from_name(member_text(value, "type")?)?;
    let coordinates = value.get("coordinates")?.as_array()?;
    let properties = value.get("properties");
    let accuracies = properties.and_then(|it| it.get("accuracies")).and_then(Value::as_array);
    let accuracy = |place: usize| {
        let all = accuracies.and_then(|all| all.get(place));
        let one = all.or_else(|| properties?.get("accuracy"))?;
        one.as_number().map(str::to_owned)
    };
    let positions: Option<Vec<Position>> = match kind {
        GeometryKind::Point => Some(vec![position(coordinates, accuracy(0))?]),
        GeometryKind::Line => line(coordinates, accuracy),
        GeometryKind::Polygon => line(coordinates.first()?.as_array()?, accuracy),
    };
    let positions = positions?;
    let lexical = positions.iter().map(written).collect::<Vec<_>>().join(";");
    let value = AnswerValue::Geometry(Geometry { kind, positions });
    Some(Answer { lexical: Some(lexical), value })
}

fn line(points: &[Value<'_>], accuracy: impl Fn(usize) -> Option<String>) -> Option<Vec<Position>> {
    let points = points.iter().enumerate();
    points.map(|(place, point)| position(point.as_array()?, accuracy(place))).collect()
}

fn position(coordinates: &[Value<'_>], accuracy: Option<String>) -> Option<Position> {
    let number = |place: usize| Some(coordinates.get(place)?.as_number()?.to_owned());
    Some(Position { longitude: number(0)?, latitude: number(1)?, altitude: number(2), accuracy })
}

/// A position as devices write it: latitude first.
fn written(position: &Position) -> String {
    let Position { longitude, latitude, altitude, accuracy } = position;
    match (altitude, accuracy) {
        (None, None) => format!("{latitude} {longitude}"),
        (Some(altitude), None) => format!("{latitude} {longitude} {altitude}"),
        (altitude, Some(accuracy)) => {
            let altitude = altitude.as_deref().unwrap_or("0");
            format!("{latitude} {longitude} {altitude} {accuracy}")
        }
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::form::Leaf;

    use super::*;
    use crate::formats;

    fn leaf(name: &str, kind: AnswerType) -> Field {
        Field::new(name, FieldKind::Leaf(Leaf::of(kind)))
    }

    fn form() -> Form {
        Form {
            fields: vec![
                leaf("name", AnswerType::Text),
                leaf("age", AnswerType::Integer),
                leaf("weight", AnswerType::Decimal),
                leaf("born", AnswerType::Date),
                leaf("at", AnswerType::DateTime),
                leaf("agreed", AnswerType::Boolean),
                leaf("kind", AnswerType::SelectOne),
                leaf("kinds", AnswerType::SelectMany),
                leaf("where", AnswerType::Geopoint),
                leaf("area", AnswerType::Geoshape),
                leaf("photo", AnswerType::File),
                Field::new("home", FieldKind::Group(vec![leaf("city", AnswerType::Text)])),
                Field::new("people", FieldKind::Repeat(vec![leaf("first", AnswerType::Text)])),
            ],
            ..Form::default()
        }
    }

    fn json(text: &str) -> Value<'static> {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    const WHOLE: &str = r#"{"name":"Ada","age":7,"weight":3.250,"born":"2026-01-02",
        "at":"2026-01-02T03:04:05.000Z","agreed":true,"kind":"a b","kinds":["a b","c"],
        "where":{"type":"Point","coordinates":[2.50,48.1,30],"properties":{"accuracy":4.5}},
        "area":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]},
        "photo":{"filename":"a.jpg"},"home":{"city":"Lyon"},
        "people":[{"first":"B","_extra":{"old":1}},{"first":null}],"_extra":{"more":[1,{"a":null}]}}"#;

    #[test]
    fn what_was_written_is_read_back() {
        let values = json(WHOLE);
        let read = group(Some(&form().fields), values.as_object().unwrap());
        assert_eq!(formats::values(&read).to_json(), values.to_json());
        assert_eq!(
            read.answer(&["kinds"]).unwrap().value,
            AnswerValue::Choices(vec!["a b".to_owned(), "c".to_owned()])
        );
        assert_eq!(read.answer(&["where"]).unwrap().written(), "48.1 2.50 30 4.5");
        assert_eq!(
            read.answer(&["weight"]).unwrap().value,
            AnswerValue::Decimal("3.250".to_owned())
        );
    }

    #[test]
    fn what_does_not_fit_is_kept() {
        let values = json(
            r#"{"name":7,"age":"seven","agreed":[1],"where":{"type":"Point"},"photo":"a.jpg","gone":{"x":1}}"#,
        );
        let read = group(Some(&form().fields), values.as_object().unwrap());
        for (name, value, lexical) in [
            ("name", AnswerValue::Text, "7"),
            ("age", AnswerValue::Unfit, "seven"),
            ("agreed", AnswerValue::Unfit, "[1]"),
            ("where", AnswerValue::Unfit, r#"{"type":"Point"}"#),
            ("photo", AnswerValue::File, "a.jpg"),
            ("kind", AnswerValue::Empty, ""),
        ] {
            let answer = read.answer(&[name]).unwrap();
            assert_eq!((&answer.value, answer.written()), (&value, lexical), "{name}");
        }
        assert_eq!(read.extra, [("gone".to_owned(), json(r#"{"x":1}"#))]);
    }

    #[test]
    fn a_document_is_read_back_whole() {
        let document = json(&format!(
            r#"{{"form":{{"id":"births","xmlns":null,"version":"3","application":null}},
                "instance_id":"uuid:1","deprecated_id":null,"instance_name":"Ada","device":"d",
                "user":"u","user_id":"7","started_at":null,"ended_at":null,"submitted_at":"2026-01-01",
                "untyped":false,"encrypted":false,"values":{WHOLE},"attachments":["a.jpg"],"meta":{{"k":[1]}}}}"#
        ));
        let read = submission(&document, Some(&form())).unwrap();
        assert_eq!(formats::normalised(&read).to_json(), document.to_json());
        assert!(!read.is_untyped);
        assert!(submission(&json(r#"{"values":[]}"#), None).is_none());
        let stored = stored(
            Some(&form()),
            document.get("values").unwrap(),
            &json(r#"{"beside":1}"#),
            &document,
        );
        assert_eq!(stored.metadata, read.metadata);
        assert_eq!(stored.values.extra.last().unwrap().0, "beside");
    }

    #[test]
    fn without_a_form_everything_is_what_it_looks_like() {
        let read = group(None, json(r#"{"a":"x","b":[{"c":1}],"d":null}"#).as_object().unwrap());
        assert_eq!(formats::values(&read).to_json(), r#"{"a":"x","b":[{"c":"1"}],"d":null}"#);
    }
}
