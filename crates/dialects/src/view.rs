//! Building views, and reading what is in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fieldpost_model::json::Value;
use sha2::{Digest, Sha256};

/// Up to this many members an object is searched from its beginning; beyond it, by an index.
/// Without the index a document of a million different siblings would take a million squared.
const SEARCHED_MEMBERS: usize = 16;

/// An object under construction. A name that comes again turns its value into an array, so values
/// that are arrays themselves must not be added.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    list: Vec<(Cow<'a, str>, Value<'a>)>,
    index: BTreeMap<String, usize>,
}

impl<'a> Members<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a value under that name, beside those that have it already.
    pub(crate) fn add(&mut self, name: &str, value: Value<'a>) {
        let position = self.position(name);
        match position.and_then(|position| self.list.get_mut(position)) {
            Some((_, Value::Array(values))) => values.push(value),
            Some((_, first)) => {
                let earlier = std::mem::replace(first, Value::Null);
                *first = Value::Array(vec![earlier, value]);
            }
            None => self.append(name, value),
        }
    }

    /// Sets the value of that name, in the place of the one that was there.
    pub(crate) fn set(&mut self, name: &str, value: Value<'a>) {
        let position = self.position(name);
        match position.and_then(|position| self.list.get_mut(position)) {
            Some((_, present)) => *present = value,
            None => self.append(name, value),
        }
    }

    pub(crate) fn into_value(self) -> Value<'a> {
        Value::Object(self.list)
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.list.len() <= SEARCHED_MEMBERS {
            self.list.iter().position(|(present, _)| present == name)
        } else {
            self.index.get(name).copied()
        }
    }

    fn append(&mut self, name: &str, value: Value<'a>) {
        self.list.push((Cow::Owned(name.to_owned()), value));
        if self.list.len() == SEARCHED_MEMBERS + 1 {
            let names = self.list.iter().map(|(name, _)| name.to_string());
            self.index = names.zip(0..).collect();
        } else if self.list.len() > SEARCHED_MEMBERS {
            self.index.insert(name.to_owned(), self.list.len() - 1);
        }
    }
}

/// The text of a string, or of an element with attributes, where XML keeps it in `#text`.
pub(crate) fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.as_str().or_else(|| value.get("#text")?.as_str())
}

/// The text of a member, if it is there and not empty.
pub(crate) fn member_text<'v>(value: &'v Value<'_>, name: &str) -> Option<&'v str> {
    value.get(name).and_then(text).filter(|text| !text.is_empty())
}

/// The values that a name stands for: those of the array, or the one.
pub(crate) fn each<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// The children of an element: its members without attributes and text.
pub(crate) fn children<'v, 'a>(
    element: &'v Value<'a>,
) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
    let members = element.as_object().unwrap_or_default();
    members
        .iter()
        .map(|(name, value)| (&**name, value))
        .filter(|(name, _)| !name.starts_with(['@', '#']))
}

/// SHA-256 of the view in its canonical form.
pub(crate) fn hash(view: &Value<'_>) -> [u8; 32] {
    Sha256::digest(view.canonical()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_becomes_an_array() {
        for others in [0, SEARCHED_MEMBERS - 1, SEARCHED_MEMBERS, SEARCHED_MEMBERS + 1, 1_000] {
            let mut object = Members::default();
            object.add("a", Value::string("1"));
            for other in 0..others {
                object.add(&format!("other{other}"), Value::string("x"));
            }
            object.add("a", Value::string("2"));
            object.add("a", Value::string("3"));
            object.add("b", Value::string("4"));
            object.set("b", Value::string("5"));
            let value = object.into_value();
            assert_eq!(
                value.get("a"),
                Some(&Value::Array(vec![
                    Value::string("1"),
                    Value::string("2"),
                    Value::string("3")
                ])),
                "{others} others"
            );
            assert_eq!(value.get("b"), Some(&Value::string("5")), "{others} others");
            assert_eq!(value.as_object().unwrap().len(), others + 2);
        }
    }
}
