//! Any JSON text, scalars too, whatever the content type says.
//!
//! A content type cannot be trusted to say what is JSON: `curl -d` calls everything a form. It is
//! asked only where the body is no JSON and does not look like any; then a web form, which OpenFn
//! takes beside JSON, is read as one.

use fieldpost_model::json::Value;

use crate::{Decoded, Received, Shape, Unreadable, form, text};

/// Reads any JSON text, or a web form. It has no identity: nothing in it says what it is.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    match document(received) {
        Ok(view) => Ok(Decoded::new(Shape::Message, view)),
        Err(_) if is_form(received) => form::decode(received),
        Err(unreadable) => Err(unreadable),
    }
}

/// Whether the content type says form, and the body does not begin like a JSON object or array
/// that broke off.
fn is_form(received: &Received<'_>) -> bool {
    let is_cut_json = matches!(received.body.trim_ascii_start().first(), Some(b'{' | b'['));
    !is_cut_json
        && matches!(
            text::media_type(received.content_type).as_deref(),
            Some("application/x-www-form-urlencoded" | "multipart/form-data")
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, body: &str, expected: Result<&str, &str>) {
        let body = body.as_bytes();
        let received = Received { content_type: Some(content_type), body };
        let view = decode(&received).map(|decoded| decoded.view.to_json());
        assert_eq!(
            view.as_deref().map_err(|unreadable| unreadable.code),
            expected,
            "{content_type}: {body:?}"
        );
    }

    #[test]
    fn a_form_is_read_where_the_body_is_no_json() {
        let form = "application/x-www-form-urlencoded";
        check(form, "a=1&b=c+d", Ok(r#"{"a":"1","b":"c d"}"#));
        check(form, "", Ok("{}"));
        check(form, r#"{"a": 1}"#, Ok(r#"{"a":1}"#));
        check(form, r#" {"a": "#, Err("json-syntax"));
        check(form, "[1,", Err("json-syntax"));
        let multipart = "multipart/form-data; boundary=next";
        let body = "--next\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--next--";
        check(multipart, body, Ok(r#"{"a":"1"}"#));
        check(multipart, "--next", Err("form-syntax"));
        check("text/plain", "a=1", Err("json-syntax"));
        check("application/json", "a=1", Err("json-syntax"));
    }
}
