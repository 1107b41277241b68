//! From a tree of raw values to typed answers, led by the form.
//!
//! Every dialect brings what it received into the shape of the XML view first: an object for each
//! element, an array where one stands several times, attributes as `@name`, text as `#text`. The
//! form decides what each node is: a repeat is a list by definition, not because two happen to be
//! there. What the form does not know, and what does not belong where it stands, goes to `extra`.

use std::collections::BTreeMap;

use fieldpost_model::form::{AnswerType, Field, FieldKind, Leaf};
use fieldpost_model::json::{Member, Value};
use fieldpost_model::submission::{Answer, Group, Node};

use super::answers::answer;
use crate::view::{children, each, text};

/// Attributes that say how a document is written, not what was answered.
const OF_THE_DOCUMENT: [&str; 2] = ["@xmlns", "@template"];

/// A raw member.
pub(super) type Raw<'v, 'a> = (&'v str, &'v Value<'a>);

/// The members of an object as raw ones.
pub(super) fn raw<'v, 'a>(members: &'v [Member<'a>]) -> Vec<Raw<'v, 'a>> {
    members.iter().map(|(name, value)| (&**name, value)).collect()
}

/// The raw members of an element that may say something.
pub(super) fn members<'v, 'a>(element: &'v Value<'a>) -> Vec<Raw<'v, 'a>> {
    match element {
        Value::Object(members) => {
            raw(members).into_iter().filter(|(name, _)| !OF_THE_DOCUMENT.contains(name)).collect()
        }
        Value::Null => Vec::new(),
        other if is_blank(other) => Vec::new(),
        // A text where a group should be.
        other => vec![("#text", other)],
    }
}

/// Reads what stands inside an element that has these fields.
pub(super) fn group(fields: &[Field], raw: Vec<Raw<'_, '_>>) -> Group {
    let mut given: BTreeMap<&str, &Value<'_>> = raw.iter().copied().collect();
    let mut misplaced = Vec::new();
    let members = fields
        .iter()
        .map(|field| {
            let (node, left) = node(field, given.remove(field.name.as_str()));
            if let Some(left) = left {
                misplaced.push((field.name.clone(), left));
            }
            (field.name.clone(), node)
        })
        .collect();
    let unknown = raw.into_iter().filter(|(name, _)| given.contains_key(name));
    let mut extra: Vec<_> =
        unknown.map(|(name, value)| (name.to_owned(), value.clone().into_owned())).collect();
    extra.extend(misplaced);
    Group { members, extra }
}

/// The node of a field, and what stood there beside it.
fn node(field: &Field, raw: Option<&Value<'_>>) -> (Node, Option<Value<'static>>) {
    match &field.kind {
        FieldKind::Repeat(fields) => (repeat(fields, raw), None),
        FieldKind::Group(fields) => {
            let (first, others) = raw.map(each).unwrap_or_default().split_first().unzip();
            let content = first.map(members).unwrap_or_default();
            (Node::Group(group(fields, content)), list(owned(others)))
        }
        FieldKind::Leaf(leaf) => {
            let (answer, left) = leaf_answer(leaf, raw);
            (Node::Answer(answer), list(left))
        }
    }
}

/// The times that something was answered. The template that some clients leave in the document is
/// not one of them.
fn repeat(fields: &[Field], raw: Option<&Value<'_>>) -> Node {
    let occurrences = match raw {
        None | Some(Value::Null) => &[],
        Some(raw) => each(raw),
    };
    let is_template =
        |element: &Value<'_>| element.get("@template").is_some() && has_no_text(element);
    Node::Repeat(
        occurrences
            .iter()
            .filter(|element| !is_template(element))
            .map(|element| Node::Group(group(fields, members(element))))
            .collect(),
    )
}

fn has_no_text(element: &Value<'_>) -> bool {
    match element {
        Value::Object(_) => {
            element.get("#text").is_none()
                && children(element).all(|(_, value)| each(value).iter().all(has_no_text))
        }
        other => is_blank(other),
    }
}

fn is_blank(value: &Value<'_>) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The answer of a question, and what stood there beside it: attributes, elements inside, further
/// elements of the name.
fn leaf_answer(leaf: &Leaf, raw: Option<&Value<'_>>) -> (Answer, Vec<Value<'static>>) {
    let Some(raw) = raw else { return (Answer::ABSENT, Vec::new()) };
    let chooses = matches!(leaf.answer, AnswerType::SelectMany | AnswerType::Rank);
    if let (true, Some(choices)) = (chooses, raw.as_array()) {
        // Some servers send choices as a list.
        let words: Option<Vec<String>> = choices.iter().map(plain).collect();
        if let Some(mut words) = words {
            words.retain(|word| !word.trim().is_empty());
            return (answer(leaf.answer, words.join(" ")), Vec::new());
        }
    }
    let Some((first, others)) = each(raw).split_first() else {
        return (Answer::ABSENT, Vec::new());
    };
    let mut left: Vec<Value<'static>> = beside_text(first).into_iter().collect();
    left.extend(owned(Some(others)));
    let answer = lexical(first).map_or(Answer::ABSENT, |text| answer(leaf.answer, text));
    (answer, left)
}

/// The text of a raw value; `None` for `null`, and for a list, which has none.
pub(super) fn lexical(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.to_string()),
        Value::Object(_) => Some(text(value).unwrap_or_default().to_owned()),
    }
}

/// The text of a raw value that is nothing but text.
fn plain(value: &Value<'_>) -> Option<String> {
    if value.as_object().is_some() { None } else { lexical(value) }
}

/// What an element has beside its text.
fn beside_text(element: &Value<'_>) -> Option<Value<'static>> {
    if let Value::Array(_) = element {
        return Some(element.clone().into_owned());
    }
    let members = element.as_object()?.iter();
    let beside: Vec<_> = members
        .filter(|(name, value)| {
            // A text in `#text` is the answer; anything else there is not.
            let is_answer = name == "#text" && value.as_str().is_some();
            !is_answer && !OF_THE_DOCUMENT.contains(&&**name)
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (!beside.is_empty()).then(|| Value::Object(beside).into_owned())
}

fn owned(values: Option<&[Value<'_>]>) -> Vec<Value<'static>> {
    values.unwrap_or_default().iter().map(|value| value.clone().into_owned()).collect()
}

/// Nothing, the one value, or a list of them.
fn list(mut values: Vec<Value<'static>>) -> Option<Value<'static>> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::Array(values)),
    }
}
