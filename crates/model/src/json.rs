//! JSON without loss: numbers keep their text, objects their order.
//!
//! Filters compare numbers as decimals of any size and what is forwarded must not change, so a
//! number is its text here, never a float.

use std::borrow::Cow;

/// A JSON value. Borrows from the text that it was read from where it can.
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
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}
