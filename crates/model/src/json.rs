//! JSON without loss: numbers keep their text, objects their order.
//!
//! Filters compare numbers as decimals of any size and what is forwarded must not change, so a
//! number is its text here, never a float. Reading is strict (RFC 8259) and borrows from the text;
//! the rooms of this module are [`parse`](Value::parse), writing ([`Value::to_json`],
//! [`Value::canonical`]), [`number`] and the road in from other formats by way of serde.
//!
//! There is no `Serialize`: serde's data model knows numbers only as machine integers and floats,
//! so `1.10` or a number of thirty digits could not pass through it unchanged. Write with
//! [`Value::to_json`] instead.

use std::borrow::Cow;

mod deserialize;
pub mod number;
mod parse;
mod write;

pub use number::numbers_equal;
pub use parse::ParseError;

/// How deep arrays and objects may be nested, in levels. Deeper texts are refused: reading,
/// writing and matching descend level by level, and nobody's form needs more.
pub const MAX_DEPTH: usize = 128;

/// A JSON value. Borrows from the text that it was read from where it can.
///
/// `==` compares as written: order of members and text of numbers count. To compare by meaning,
/// compare [`Value::canonical`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as the text it was written as (valid by RFC 8259).
    Number(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object's members in the order of their text; a key stands once, with its last value.
    Object(Vec<Member<'a>>),
}

/// One key of an object with its value.
pub type Member<'a> = (Cow<'a, str>, Value<'a>);

impl<'a> Value<'a> {
    /// A string.
    pub fn string(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    /// A number, where the text is one by RFC 8259.
    pub fn number(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        let text = text.into();
        number::is_number(&text).then_some(Self::Number(text))
    }

    /// An object of these members; where a key stands more than once, its last value counts.
    pub fn object<K: Into<Cow<'a, str>>, V: Into<Self>>(
        members: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let members = members.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self::Object(unique_members(members))
    }

    /// The value of a key; nothing where the key is not there or this is no object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let members = self.as_object()?;
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at the end of a path of keys, `["form", "meta", "instanceID"]`.
    pub fn path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a number.
    pub fn as_number(&self) -> Option<&str> {
        match self {
            Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&[Member<'a>]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What people call this kind of value.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The same value, independent of the text that it was read from.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(text) => Value::Number(Cow::Owned(text.into_owned())),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Value::into_owned).collect())
            }
            Self::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Cow::Owned(number.to_string()))
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(Cow::Owned(number.to_string()))
    }
}

impl<'a> From<Vec<Self>> for Value<'a> {
    fn from(elements: Vec<Value<'a>>) -> Self {
        Self::Array(elements)
    }
}

/// Below this many members, comparing every pair of keys is quicker than sorting them.
const FEW_MEMBERS: usize = 16;

/// Leaves one member for each key: the last value, in the place where the key stood first, which
/// is what `JSON.parse` does in a browser. Objects of millions of keys are sorted, not compared
/// pair by pair, and not hashed: a sender who picks the keys gains nothing.
fn unique_members(members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    if members.len() <= FEW_MEMBERS {
        let repeated = members
            .iter()
            .enumerate()
            .any(|(place, (key, _))| members.iter().skip(place + 1).any(|(other, _)| other == key));
        if !repeated {
            return members;
        }
    }
    // Lengths differ more often than first letters, and compare in one step.
    let mut order: Vec<(&str, usize)> =
        members.iter().enumerate().map(|(place, (key, _))| (&**key, place)).collect();
    order.sort_unstable_by(|(left, left_place), (right, right_place)| {
        (left.len(), left, left_place).cmp(&(right.len(), right, right_place))
    });
    if !order.windows(2).any(|pair| matches!(pair, [(left, _), (right, _)] if left == right)) {
        return members;
    }
    // For the place where a key stands first, the place of its last value.
    let mut last_places: Vec<Option<usize>> = vec![None; members.len()];
    for same_key in order.chunk_by(|(left, _), (right, _)| left == right) {
        if let (Some((_, first)), Some((_, last))) = (same_key.first(), same_key.last())
            && let Some(place) = last_places.get_mut(*first)
        {
            *place = Some(*last);
        }
    }
    let mut members: Vec<Option<Member<'_>>> = members.into_iter().map(Some).collect();
    last_places
        .into_iter()
        .flatten()
        .filter_map(|place| members.get_mut(place).and_then(Option::take))
        .collect()
}

#[cfg(test)]
mod tests;
