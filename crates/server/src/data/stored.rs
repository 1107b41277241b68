//! A submission from the answers that are kept, for what has no document any more.

use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, FormReference, Group, Metadata, Node, Submission};
use fieldpost_store::{StoredSubmission, SubmissionContent};

use crate::api::parsed_json;

/// The submission, with its answers unless they were erased. All are texts.
pub(super) fn submission(
    stored: &StoredSubmission,
    content: Option<&SubmissionContent>,
) -> Submission {
    let description = content.map_or(Value::Null, |content| parsed_json(&content.metadata));
    let text = |path: &[&str]| description.path(path).and_then(Value::as_str).map(str::to_owned);
    let values = content.map_or(Value::Null, |content| parsed_json(&content.values));
    Submission {
        form: FormReference {
            id: text(&["form", "id"]),
            xmlns: text(&["form", "xmlns"]),
            version: stored.form_version.clone(),
            application: stored.application.clone(),
            build: stored.build.clone(),
            ..FormReference::default()
        },
        metadata: Metadata {
            instance_id: text(&["instance_id"]).or_else(|| stored.instance_id.clone()),
            deprecated_id: text(&["deprecated_id"]),
            instance_name: text(&["instance_name"]),
            device: text(&["device"]),
            user: stored.user.clone(),
            user_id: stored.user_id.clone(),
            started_at: text(&["started_at"]),
            ended_at: text(&["ended_at"]),
            submitted_at: text(&["submitted_at"]),
            ..Metadata::default()
        },
        values: group(&values),
        is_untyped: true,
        is_encrypted: stored.is_encrypted,
        ..Submission::default()
    }
}

fn group(value: &Value<'_>) -> Group {
    let members = value.as_object().unwrap_or_default();
    let members = members.iter().filter_map(|(name, value)| Some((name.to_string(), node(value)?)));
    Group { members: members.collect(), ..Group::default() }
}

/// A node; none for what was not answered.
fn node(value: &Value<'_>) -> Option<Node> {
    Some(match value {
        Value::Null => return None,
        Value::Array(values) if values.iter().all(|value| value.as_str().is_some()) => {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            Node::Answer(Answer::text(texts.join(" ")))
        }
        Value::Array(values) => Node::Repeat(values.iter().filter_map(node).collect()),
        Value::Object(_) => match (place(value), value.get("filename").and_then(Value::as_str)) {
            (Some(place), _) => Node::Answer(Answer::text(place)),
            (None, Some(file)) => Node::Answer(Answer::text(file)),
            (None, None) => Node::Group(group(value)),
        },
        Value::String(text) => Node::Answer(Answer::text(&**text)),
        other => Node::Answer(Answer::text(other.to_json())),
    })
}

/// A geometry of GeoJSON as phones write it: latitude before longitude, positions apart by semicolons.
fn place(value: &Value<'_>) -> Option<String> {
    let coordinates = value.get("coordinates")?.as_array()?;
    let position = |parts: &[Value<'_>]| {
        let part = |place: usize| parts.get(place).map(Value::to_json);
        let (longitude, latitude) = (part(0)?, part(1)?);
        let altitude = part(2);
        let accuracy = value.path(&["properties", "accuracy"]).map(Value::to_json);
        let rest = match (altitude, accuracy) {
            (None, None) => String::new(),
            (altitude, accuracy) => format!(
                " {} {}",
                altitude.unwrap_or_else(|| "0".to_owned()),
                accuracy.unwrap_or_else(|| "0".to_owned())
            ),
        };
        Some(format!("{latitude} {longitude}{rest}"))
    };
    match value.get("type")?.as_str()? {
        "Point" => position(coordinates),
        kind => {
            let ring =
                if kind == "Polygon" { coordinates.first()?.as_array()? } else { coordinates };
            let positions: Option<Vec<String>> =
                ring.iter().map(|parts| position(parts.as_array()?)).collect();
            positions.map(|positions| positions.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "what is expected stands in the table")]
    fn check(json: &str, expected: Option<Node>) {
        assert_eq!(node(&Value::parse(json.as_bytes()).unwrap()), expected, "{json}");
    }

    #[test]
    fn answers_are_what_was_written() {
        let text = |text: &str| Some(Node::Answer(Answer::text(text)));
        check("null", None);
        check("7", text("7"));
        check("1.10", text("1.10"));
        check("true", text("true"));
        check("\"Kibera\"", text("Kibera"));
        check("[\"a\",\"b\"]", text("a b"));
        check("{\"filename\":\"a.jpg\"}", text("a.jpg"));
        check("{\"type\":\"Point\",\"coordinates\":[2.2,48.1]}", text("48.1 2.2"));
        check(
            "{\"type\":\"Point\",\"coordinates\":[2.2,48.1,3],\"properties\":{\"accuracy\":5}}",
            text("48.1 2.2 3 5"),
        );
        check(
            "{\"type\":\"LineString\",\"coordinates\":[[2.2,48.1],[3,4]]}",
            text("48.1 2.2; 4 3"),
        );
        let inside = |text: &str| Group {
            members: vec![("a".to_owned(), Node::Answer(Answer::text(text)))],
            ..Group::default()
        };
        check("{\"a\":1,\"b\":null}", Some(Node::Group(inside("1"))));
        check(
            "[{\"a\":1},{\"a\":2}]",
            Some(Node::Repeat(vec![Node::Group(inside("1")), Node::Group(inside("2"))])),
        );
    }
}
