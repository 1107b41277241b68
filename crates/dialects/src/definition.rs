//! Definitions of forms: an XForm, or the same in JSON, as a person writes it by hand.
//!
//! ```json
//! {"id": "births", "title": "Births", "version": "1", "questions": [
//!     {"path": "name", "type": "text", "label": "Name of the child"},
//!     {"path": "sex", "type": "select-one", "choices": ["f", {"value": "m", "label": "Boy"}]},
//!     {"path": "contact", "type": "repeat"},
//!     {"path": "contact/phone", "type": "text", "labels": {"en": "Phone", "fr": "Téléphone"}}]}
//! ```
//!
//! Questions stand in their order, each with the path of names to it; what is not named as a repeat is a
//! group. The JSON says what kind of answer each takes and what people read, and nothing of conditions:
//! no device shows a form by it. It is what the format `schema_json` gives of a form, too.

use std::sync::Arc;

use fieldpost_model::form::{
    AnswerType, Automatic, Choice, Field, FieldKind, Form, Label, Labels, Leaf,
};
use fieldpost_model::json::Value;

use crate::openrosa::{MAX_FORM_CHOICES, MAX_FORM_FIELDS, MAX_PATH_LENGTH, read_form};
use crate::text::looks_like_xml;
use crate::unreadable::excerpt;
use crate::xml::is_element_name;
use crate::{Received, Unreadable, json};

/// The name of a submission's outermost element, by which a form in JSON says nothing.
const ROOT: &str = "data";
/// How deep groups may stand in each other.
const MAX_GROUP_DEPTH: usize = 32;

/// What a form says of itself.
const OF_FORM: [&str; 7] = ["id", "name", "title", "version", "xmlns", "languages", "questions"];
/// What a question says.
const OF_QUESTION: [&str; 10] = [
    "path",
    "name",
    "type",
    "label",
    "labels",
    "required",
    "relevant",
    "choices",
    "choices_from",
    "automatic",
];

/// Whether a definition is JSON, not an `XForm`.
pub fn is_json_definition(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Whether a file can be text at all: it begins like a document, in whatever encoding, or has no byte
/// that no text has.
fn is_text(body: &[u8]) -> bool {
    const OF_UTF_16: [&[u8]; 4] = [b"\xFF\xFE", b"\xFE\xFF", b"<\0", b"\0<"];
    looks_like_xml(body)
        || OF_UTF_16.iter().any(|start| body.starts_with(start))
        || std::str::from_utf8(body).is_ok_and(|text| !text.contains('\0'))
}

/// Reads a definition: JSON where it begins like JSON, else an `XForm`.
pub fn read_definition(received: &Received<'_>) -> Result<Form, Unreadable> {
    if is_json_definition(received.body) {
        of_json(&json::document(received)?)
    } else if is_text(received.body) {
        read_form(received)
    } else {
        Err(Unreadable::new(
            "form-definition",
            "The file is no form: it is neither XML nor JSON, nor a workbook. Pictures and other \
             files of a form are uploaded beside it."
                .to_owned(),
        ))
    }
}

fn of_json(view: &Value<'_>) -> Result<Form, Unreadable> {
    refuse_unknown(view, &OF_FORM, "a form")?;
    let own = |name: &str| optional_text(view, name, "a form");
    let (form_id, title) = (own("id")?, own("title")?);
    let xmlns = own("xmlns")?;
    if form_id.is_none() && xmlns.is_none() {
        return Err(refused("it has no \"id\", by which submissions name it"));
    }
    let questions = view
        .get("questions")
        .and_then(Value::as_array)
        .ok_or_else(|| refused("it has no list of \"questions\""))?;
    if questions.is_empty() {
        return Err(refused("its list of \"questions\" is empty: nothing could be filled in"));
    }
    if questions.len() > MAX_FORM_FIELDS {
        return Err(refused(&format!("it has more than {MAX_FORM_FIELDS} questions")));
    }
    let mut fields = Vec::new();
    let mut choices_left = MAX_FORM_CHOICES;
    for question in questions {
        add(&mut fields, question, &mut choices_left)?;
    }
    let shown = title.clone().or_else(|| form_id.clone()).or_else(|| xmlns.clone());
    let name = form_id.as_deref().or(title.as_deref()).or(xmlns.as_deref());
    Ok(Form {
        name: name.and_then(Form::name_from).unwrap_or_else(|| "form".to_owned()),
        title: shown.unwrap_or_default(),
        form_id,
        xmlns,
        version: own("version")?,
        application: None,
        root: ROOT.to_owned(),
        languages: languages(view)?,
        fields,
        media: Vec::new(),
        is_encrypted: false,
    })
}

fn languages(view: &Value<'_>) -> Result<Vec<String>, Unreadable> {
    let Some(languages) = view.get("languages").filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let names = languages.as_array().unwrap_or_default().iter().map(Value::as_str);
    let names: Option<Vec<&str>> = names.collect();
    match names {
        Some(names) if languages.as_array().is_some() => {
            Ok(names.into_iter().map(str::to_owned).collect())
        }
        _ => Err(refused("its \"languages\" are no list of texts")),
    }
}

/// Puts a question in its place.
fn add(
    fields: &mut Vec<Field>,
    question: &Value<'_>,
    choices_left: &mut usize,
) -> Result<(), Unreadable> {
    refuse_unknown(question, &OF_QUESTION, "a question")?;
    let path = match optional_text(question, "path", "a question")? {
        Some(path) => path,
        None => optional_text(question, "name", "a question")?
            .ok_or_else(|| refused("a question has neither \"path\" nor \"name\""))?,
    };
    let shown = excerpt(&path);
    let names: Vec<&str> = path.split('/').collect();
    let is_path = path.len() <= MAX_PATH_LENGTH
        && names.len() <= MAX_GROUP_DEPTH
        && names.iter().all(|name| is_element_name(name));
    let (true, Some((own, groups))) = (is_path, names.split_last()) else {
        return Err(refused(&format!("\"{shown}\" is no path of names")));
    };
    let kind = kind(question, &shown, choices_left)?;
    let mut around = fields;
    for group in groups {
        let place = around.iter().position(|field| field.name == *group).unwrap_or_else(|| {
            around.push(Field::new(*group, FieldKind::Group(Vec::new())));
            around.len() - 1
        });
        around = match around.get_mut(place).map(|field| &mut field.kind) {
            Some(FieldKind::Group(inside) | FieldKind::Repeat(inside)) => inside,
            _ => return Err(refused(&format!("\"{shown}\" stands inside a question"))),
        };
    }
    if around.iter().any(|field| field.name == *own) {
        return Err(refused(&format!(
            "\"{shown}\" stands there twice, or behind what is inside it"
        )));
    }
    let mut field = Field::new(*own, kind);
    field.labels = labels(question)?;
    field.required = optional_text(question, "required", &shown)?;
    field.relevant = optional_text(question, "relevant", &shown)?;
    around.push(field);
    Ok(())
}

fn kind(
    question: &Value<'_>,
    path: &str,
    choices_left: &mut usize,
) -> Result<FieldKind, Unreadable> {
    let written = optional_text(question, "type", path)?.unwrap_or_else(|| "text".to_owned());
    match written.as_str() {
        "group" => return Ok(FieldKind::Group(Vec::new())),
        "repeat" => return Ok(FieldKind::Repeat(Vec::new())),
        _ => {}
    }
    let answer = AnswerType::from_name(&written).ok_or_else(|| {
        let known: Vec<&str> = AnswerType::ALL.iter().map(|answer| answer.name()).collect();
        refused(&format!(
            "\"{path}\" has the type \"{}\"; there are group, repeat, {}",
            excerpt(&written),
            known.join(", ")
        ))
    })?;
    let automatic = match optional_text(question, "automatic", path)? {
        Some(name) => Some(Automatic::from_name(&name).ok_or_else(|| {
            refused(&format!(
                "nothing that \"{path}\" could be filled with is \"{}\"",
                excerpt(&name)
            ))
        })?),
        None => None,
    };
    let choices = choices(question, path)?;
    *choices_left = choices_left
        .checked_sub(choices.len())
        .ok_or_else(|| refused(&format!("it has more than {MAX_FORM_CHOICES} choices")))?;
    let choices_from = optional_text(question, "choices_from", path)?;
    Ok(FieldKind::Leaf(Leaf {
        automatic,
        choices: Arc::from(choices),
        choices_from,
        ..Leaf::of(answer)
    }))
}

fn choices(question: &Value<'_>, path: &str) -> Result<Vec<Choice>, Unreadable> {
    let Some(choices) = question.get("choices").filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let choices = choices
        .as_array()
        .ok_or_else(|| refused(&format!("the \"choices\" of \"{path}\" are no list")))?;
    choices
        .iter()
        .map(|choice| match choice {
            Value::String(value) => {
                Ok(Choice { value: value.to_string(), labels: Labels::default() })
            }
            choice => {
                refuse_unknown(choice, &["value", "label", "labels"], "a choice")?;
                let value = optional_text(choice, "value", path)?
                    .ok_or_else(|| refused(&format!("a choice of \"{path}\" has no \"value\"")))?;
                Ok(Choice { value, labels: labels(choice)? })
            }
        })
        .collect()
}

/// The texts by language, else the one text.
fn labels(of: &Value<'_>) -> Result<Labels, Unreadable> {
    let by_language = of.get("labels").and_then(Value::as_object).unwrap_or_default();
    if by_language.is_empty() {
        return Ok(Labels::plain(optional_text(of, "label", "a label")?.unwrap_or_default()));
    }
    let labels = by_language.iter().map(|(language, text)| {
        let text = text.as_str().ok_or_else(|| refused("a label is no text"))?;
        Ok(Label { language: Some(Arc::from(&**language)), text: text.to_owned() })
    });
    Ok(Labels(labels.collect::<Result<Vec<_>, Unreadable>>()?.into()))
}

/// The text of a member; `null` says nothing.
fn optional_text(of: &Value<'_>, name: &str, what: &str) -> Result<Option<String>, Unreadable> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.to_string())),
        Some(other) => {
            Err(refused(&format!("the \"{name}\" of {what} is {}, no text", a_kind(other))))
        }
    }
}

/// What kind of value it is, with its article.
fn a_kind(value: &Value<'_>) -> String {
    match value.kind_name() {
        name if value.is_null() => name.to_owned(),
        name if name.starts_with(['a', 'o']) => format!("an {name}"),
        name => format!("a {name}"),
    }
}

fn refuse_unknown(of: &Value<'_>, known: &[&str], what: &str) -> Result<(), Unreadable> {
    let members =
        of.as_object().ok_or_else(|| refused(&format!("{what} is {}, no object", a_kind(of))))?;
    match members.iter().find(|(name, _)| !known.contains(&&**name)) {
        Some((name, _)) => Err(refused(&format!(
            "{what} has \"{}\"; there are {}",
            excerpt(name),
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

fn refused(reason: &str) -> Unreadable {
    Unreadable::new("form-definition", format!("The definition cannot be used: {reason}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{ApplicationPayload, application_schema};
    use fieldpost_model::time::Timestamp;

    fn read(body: &str) -> Result<Form, Unreadable> {
        read_definition(&Received { content_type: None, body: body.as_bytes() })
    }

    const BIRTHS: &str = r#" {"id":"births","title":"Births","version":"1","questions":[
        {"path":"name","type":"text","label":"Name"},
        {"name":"age","type":"integer","required":"true()"},
        {"path":"sex","type":"select-one","choices":["f",{"value":"m","label":"Boy"}]},
        {"path":"loc/gps","type":"geopoint"},
        {"path":"contact","type":"repeat"},
        {"path":"contact/phone","labels":{"en":"Phone","fr":"Téléphone"}},
        {"path":"started","type":"date-time","automatic":"start"}]}"#;

    #[test]
    fn questions_stand_where_their_paths_say() {
        let form = read(BIRTHS).unwrap();
        assert_eq!((&*form.name, &*form.title), ("births", "Births"));
        assert_eq!((form.form_id.as_deref(), form.version.as_deref()), (Some("births"), Some("1")));
        let kind = |path: &[&str]| match &form.field(path).unwrap().kind {
            FieldKind::Group(_) => "group",
            FieldKind::Repeat(_) => "repeat",
            FieldKind::Leaf(leaf) => leaf.answer.name(),
        };
        for (path, expected) in [
            (&["name"][..], "text"),
            (&["age"], "integer"),
            (&["sex"], "select-one"),
            (&["loc"], "group"),
            (&["loc", "gps"], "geopoint"),
            (&["contact"], "repeat"),
            (&["contact", "phone"], "text"),
        ] {
            assert_eq!(kind(path), expected, "{path:?}");
        }
        let sex = form.field(&["sex"]).unwrap().as_leaf().unwrap();
        assert_eq!(sex.choices[1].labels.in_language(None), Some("Boy"));
        let phone = form.field(&["contact", "phone"]).unwrap();
        assert_eq!(phone.labels.in_language(Some("fr")), Some("Téléphone"));
    }

    #[test]
    fn what_is_told_of_an_application_can_be_read_as_its_forms() {
        let form = read(BIRTHS).unwrap();
        let schema = application_schema(&ApplicationPayload {
            id: "a",
            domain: "p",
            application: None,
            build: None,
            saved_at: Timestamp(0),
            forms: std::slice::from_ref(&form),
        });
        let told = schema.get("forms").unwrap().as_array().unwrap()[0].to_json();
        assert_eq!(read(&told).unwrap(), form);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (body, wanted) in [
            ("[]", "a form is an array, no object"),
            (r#"{"id":"a","questions":[]}"#, "\"questions\" is empty"),
            (r#"{"id":"a","questions":[null]}"#, "a question is null, no object"),
            ("{}", "\"id\""),
            (r#"{"id":"a"}"#, "\"questions\""),
            (r#"{"id":1,"questions":[]}"#, "number"),
            (r#"{"id":"a","fields":[]}"#, "\"fields\""),
            (r#"{"id":"a","questions":[1]}"#, "a question is a number"),
            (r#"{"id":"a","questions":[{}]}"#, "neither"),
            (r#"{"id":"a","questions":[{"path":"a b"}]}"#, "no path of names"),
            (r#"{"id":"a","questions":[{"path":"a//b"}]}"#, "no path of names"),
            (r#"{"id":"a","questions":[{"path":"a"},{"path":"a"}]}"#, "twice"),
            (r#"{"id":"a","questions":[{"path":"a"},{"path":"a/b"}]}"#, "inside a question"),
            (r#"{"id":"a","questions":[{"path":"a/b"},{"path":"a","type":"repeat"}]}"#, "behind"),
            (r#"{"id":"a","questions":[{"path":"a","type":"int"}]}"#, "integer"),
            (r#"{"id":"a","questions":[{"path":"a","choices":[{}]}]}"#, "\"value\""),
            (r#"{"id":"a","questions":[{"path":"a","automatic":"x"}]}"#, "\"x\""),
        ] {
            let refusal = read(body).expect_err(body);
            assert_eq!(refusal.code, "form-definition", "{body}");
            assert!(refusal.reason.contains(wanted), "{body}: {}", refusal.reason);
        }
        let questions = |count: usize| {
            let all: Vec<String> = (0..count).map(|it| format!(r#"{{"path":"q{it}"}}"#)).collect();
            format!(r#"{{"id":"a","questions":[{}]}}"#, all.join(","))
        };
        assert!(read(&questions(MAX_FORM_FIELDS)).is_ok());
        assert!(read(&questions(MAX_FORM_FIELDS + 1)).is_err());
        let deep = |depth: usize| {
            format!(r#"{{"id":"a","questions":[{{"path":"{}"}}]}}"#, vec!["g"; depth].join("/"))
        };
        assert!(read(&deep(MAX_GROUP_DEPTH)).is_ok());
        assert!(read(&deep(MAX_GROUP_DEPTH + 1)).is_err());
    }
}
