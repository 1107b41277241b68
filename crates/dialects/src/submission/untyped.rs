//! From a tree of raw values to answers, where no form says what they are.
//!
//! What stands several times is a list, what has elements inside is a group, and everything else is
//! a text. So the one contact of a submission is a group, and two are a list; only a form can tell.

use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, Group, Node};

use super::tree::{Raw, lexical, members};
use crate::view::children;

/// Reads what stands inside an element. Attributes and stray text are not answers.
pub(super) fn group(raw: Vec<Raw<'_, '_>>) -> Group {
    let mut group = Group::default();
    for (name, value) in raw {
        if name.starts_with(['@', '#']) {
            group.extra.push((name.to_owned(), value.clone().into_owned()));
        } else {
            group.members.push((name.to_owned(), node(value)));
        }
    }
    group
}

fn node(value: &Value<'_>) -> Node {
    match value {
        Value::Array(values) => Node::Repeat(values.iter().map(node).collect()),
        Value::Object(_) if has_more_than_text(value) => Node::Group(group(members(value))),
        _ => Node::Answer(lexical(value).map_or(Answer::ABSENT, Answer::text)),
    }
}

/// Whether there are elements inside, or attributes that would be lost with a text alone.
fn has_more_than_text(value: &Value<'_>) -> bool {
    children(value).next().is_some() || members(value).iter().any(|(name, _)| name.starts_with('@'))
}
