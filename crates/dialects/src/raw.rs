//! Bytes that nobody reads: kept, counted and passed on as they are.

use fieldpost_model::json::Value;

use crate::{Content, Decoded, Received, Shape};

/// Takes anything. The view is the text where the bytes are UTF-8, else null.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Decoded<'a> {
    let view = std::str::from_utf8(received.body).map_or(Value::Null, Value::string);
    Decoded { content: Content::Bytes, ..Decoded::new(Shape::Message, view) }
}
