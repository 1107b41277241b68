//! Any JSON text, scalars too, whatever the content type says.

use fieldpost_model::json::Value;

use crate::{Decoded, Received, Shape, Unreadable, text};

/// Reads any JSON text. It has no identity: nothing in it says what it is.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    Ok(Decoded::new(Shape::Message, document(received)?))
}

/// The JSON document in a body; every dialect that is written in JSON begins with it.
pub(crate) fn document<'a>(received: &Received<'a>) -> Result<Value<'a>, Unreadable> {
    let text = text::utf_8(received, "json-encoding")?;
    Value::parse(text.as_bytes()).map_err(|error| {
        let reason = match error.code {
            "json-empty" => "The body is empty; JSON was expected.".to_owned(),
            _ => format!("The body is not valid JSON: {error}."),
        };
        Unreadable::new(error.code, reason)
    })
}
