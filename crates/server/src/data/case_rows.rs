//! What a change by version 2 of CommCare HQ's Case API wants of one case, read strictly: what the form that
//! makes the change cannot say is refused before anything is done.

use std::collections::BTreeMap;

use fieldpost_dialects::{is_element_name, is_xml_text};
use fieldpost_model::case::CaseRelationship;
use fieldpost_model::json::Value;

use super::cases::{not_a_field, not_an_object};
use crate::api::shortened;
use crate::problem::Problem;

/// Bytes of an external id: an index finds it whole.
const MOST_EXTERNAL_ID_BYTES: usize = 1_000;
/// What stands beside the properties.
const KNOWN: [&str; 5] = ["case_name", "case_type", "owner_id", "external_id", "user_id"];

/// What a request wants of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Whether it is to be made; `None` where that depends on what is there.
    pub(super) create: Option<bool>,
    pub(super) case_id: Option<String>,
    pub(super) temporary_id: Option<String>,
    /// What stands beside the properties.
    pub(super) known: BTreeMap<String, String>,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) indices: BTreeMap<String, Option<Tie>>,
    pub(super) close: bool,
}

/// A tie to another case; `None` in its place unties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tie {
    pub(super) to: Target,
    pub(super) case_type: String,
    pub(super) relationship: CaseRelationship,
}

/// How the other case is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Id(String),
    External(String),
    Temporary(String),
}

impl Row {
    /// The id of another system, where there is one.
    pub(super) fn external_id(&self) -> Option<&str> {
        self.known.get("external_id").map(String::as_str).filter(|id| !id.is_empty())
    }
}

/// What is wrong with a change.
pub(super) fn refused(detail: impl Into<String>) -> Problem {
    Problem::bad_request("bad-case", detail)
}

/// Reads what a request wants of one case.
pub(super) fn read_row(value: &Value<'_>) -> Result<Row, Problem> {
    let mut row = Row::default();
    for (name, value) in value.as_object().ok_or_else(|| not_an_object(value))? {
        match &**name {
            "create" | "close" => {
                let truth = value.as_bool().ok_or_else(|| {
                    let value = value.to_json();
                    let value = shortened(&value);
                    refused(format!("'{name}' must be true or false, received {value}"))
                })?;
                if *name == "create" { row.create = Some(truth) } else { row.close = truth }
            }
            "case_id" => row.case_id = Some(text(name, value)?),
            "temporary_id" => row.temporary_id = Some(text(name, value)?),
            "properties" => {
                for (name, value) in value.as_object().ok_or_else(|| not_an_object(value))? {
                    property_name(name)?;
                    row.properties.insert(name.to_string(), text(name, value)?);
                }
            }
            "indices" => {
                for (name, value) in value.as_object().ok_or_else(|| not_an_object(value))? {
                    xml_name(name)?;
                    row.indices.insert(name.to_string(), read_tie(name, value)?);
                }
            }
            known if KNOWN.contains(&known) => {
                let text = text(known, value)?;
                if known == "external_id" {
                    external_id(&text)?;
                }
                row.known.insert(known.to_owned(), text);
            }
            other => return Err(not_a_field(other)),
        }
    }
    Ok(row)
}

fn text(name: &str, value: &Value<'_>) -> Result<String, Problem> {
    let name = shortened(name);
    let Some(text) = value.as_str() else {
        let value = value.to_json();
        return Err(refused(format!(
            "Error with case property '{name}'. Values must be strings, received '{}'",
            shortened(&value)
        )));
    };
    if is_xml_text(text) {
        return Ok(text.to_owned());
    }
    Err(refused(format!(
        "Error with case property '{name}'. It has a character that XML cannot hold"
    ))
    .hint("leave control characters out"))
}

/// An external id is found again as it was written, or not taken.
pub(super) fn external_id(id: &str) -> Result<(), Problem> {
    let wrong = if id.len() > MOST_EXTERNAL_ID_BYTES {
        format!("it has more than {MOST_EXTERNAL_ID_BYTES} bytes")
    } else if id.chars().any(char::is_control) || !is_xml_text(id) {
        "it has a control character".to_owned()
    } else if id.trim() != id {
        "it begins or ends with a blank".to_owned()
    } else {
        return Ok(());
    };
    let detail = format!("The external ID '{}' cannot be taken: {wrong}", shortened(id));
    Err(refused(detail))
}

/// A property is written as an element, and must be one that nothing else is called.
fn property_name(name: &str) -> Result<(), Problem> {
    if KNOWN.contains(&name) || ["case_id", "name", "date_opened"].contains(&name) {
        let detail = format!("'{name}' is no property: it stands beside `properties`");
        return Err(refused(detail));
    }
    xml_name(name)
}

fn xml_name(name: &str) -> Result<(), Problem> {
    if is_element_name(name) {
        return Ok(());
    }
    Err(refused(format!(
        "Error with case property '{}'. Case property names must be valid XML identifiers.",
        shortened(name)
    )))
}

fn read_tie(name: &str, value: &Value<'_>) -> Result<Option<Tie>, Problem> {
    let name = shortened(name);
    let (mut targets, mut case_type, mut relationship) = (Vec::new(), None, None);
    for (key, value) in value.as_object().ok_or_else(|| not_an_object(value))? {
        let text = text(key, value)?;
        match &**key {
            "case_id" => targets.push(Target::Id(text)),
            "external_id" => targets.push(Target::External(text)),
            "temporary_id" => targets.push(Target::Temporary(text)),
            "case_type" => case_type = Some(text),
            "relationship" => {
                let known = CaseRelationship::from_name(&text).ok_or_else(|| {
                    refused(format!(
                        "Error with index '{name}'. Relationship must be 'child' or 'extension', \
                         received '{}'",
                        shortened(&text)
                    ))
                })?;
                relationship = Some(known);
            }
            other => return Err(not_a_field(other)),
        }
    }
    let [to] = targets.as_slice() else {
        return Err(refused(format!(
            "Error with index '{name}'. It takes exactly one of case_id, external_id, temporary_id."
        )));
    };
    let (Target::Id(id) | Target::External(id) | Target::Temporary(id)) = to;
    if id.is_empty() {
        return Ok(None);
    }
    let missing = |what: &str| refused(format!("Error with index '{name}'. It needs '{what}'."));
    Ok(Some(Tie {
        to: to.clone(),
        case_type: case_type.ok_or_else(|| missing("case_type"))?,
        relationship: relationship.ok_or_else(|| missing("relationship"))?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Result<Row, Problem> {
        read_row(&Value::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn a_row_says_what_is_wanted_of_a_case() {
        let read = row(
            r#"{"create":true,"case_name":"Amina","case_type":"child","owner_id":"o","close":true,
                "properties":{"age":"7"},"indices":{"parent":{"temporary_id":"1",
                "case_type":"household","relationship":"child"},"old":{"case_id":""}}}"#,
        )
        .unwrap();
        let texts = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let tie = Tie {
            to: Target::Temporary("1".to_owned()),
            case_type: "household".to_owned(),
            relationship: CaseRelationship::Child,
        };
        let expected = Row {
            create: Some(true),
            known: texts(&[("case_name", "Amina"), ("case_type", "child"), ("owner_id", "o")]),
            properties: texts(&[("age", "7")]),
            indices: [("parent".to_owned(), Some(tie)), ("old".to_owned(), None)].into(),
            close: true,
            ..Row::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_refusal_repeats_little_of_what_was_sent() {
        let long = "a".repeat(10_000);
        for json in [
            format!(r#"{{"close":"{long}"}}"#),
            format!(r#"{{"{long}":"1"}}"#),
            format!(r#"{{"external_id":"{long}"}}"#),
            format!(r#"{{"properties":{{"{long}":1}}}}"#),
            format!(r#"{{"indices":{{"{long}":{{"case_id":"a"}}}}}}"#),
            format!(r#"{{"indices":{{"{long}":{{}}}}}}"#),
            format!(r#"{{"indices":{{"a":{{"relationship":"{long}"}}}}}}"#),
        ] {
            let told = row(&json).unwrap_err();
            assert!(told.detail().len() < 300, "{}", told.detail());
        }
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told() {
        for (json, detail) in [
            (r#"{"foo":"1"}"#, "'foo' is not a valid field."),
            (
                r#"{"properties":{"x":5}}"#,
                "Error with case property 'x'. Values must be strings, received '5'",
            ),
            (
                r#"{"case_name":5}"#,
                "Error with case property 'case_name'. Values must be strings, received '5'",
            ),
            (
                r#"{"properties":{"a b":"1"}}"#,
                "Error with case property 'a b'. Case property names must be valid XML identifiers.",
            ),
            (
                r#"{"properties":{"case_name":"1"}}"#,
                "'case_name' is no property: it stands beside `properties`",
            ),
            (r#"{"close":"yes"}"#, "'close' must be true or false, received \"yes\""),
            (
                r#"{"indices":{"parent":{"case_id":"a","external_id":"b"}}}"#,
                "Error with index 'parent'. It takes exactly one of case_id, external_id, temporary_id.",
            ),
            (
                r#"{"indices":{"parent":{"case_id":"a","relationship":"child"}}}"#,
                "Error with index 'parent'. It needs 'case_type'.",
            ),
            (
                r#"{"indices":{"parent":{"case_id":"a","case_type":"t","relationship":"cousin"}}}"#,
                "Error with index 'parent'. Relationship must be 'child' or 'extension', received \
                 'cousin'",
            ),
            ("[]", "an object is wanted, not a JSON array"),
        ] {
            assert_eq!(row(json).unwrap_err().detail(), detail, "{json}");
        }
    }
}
