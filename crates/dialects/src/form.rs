//! Web forms: `application/x-www-form-urlencoded` and `multipart/form-data`.
//!
//! The view is an object from names to strings; a name that comes again has an array. A file is
//! told by its name, type, length and SHA-256: its bytes stay in the message, and the hash keeps two
//! posts apart that differ in nothing but the file.

use bytes::Bytes;
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use futures_util::{FutureExt, stream};
use multer::{Field, Multipart};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::convert::Infallible;

use crate::unreadable::excerpt;
use crate::view::Members;
use crate::{Decoded, Received, Shape, Unreadable, text};

/// How many fields a form may have.
pub const MAX_FIELDS: usize = 10_000;

/// Reads a form in the encoding that its content type names. It has no identity.
pub(crate) fn decode<'a>(received: &Received<'a>) -> Result<Decoded<'a>, Unreadable> {
    let media_type = text::media_type(received.content_type);
    let view = match media_type.as_deref() {
        Some("application/x-www-form-urlencoded") => url_encoded(received)?,
        Some("multipart/form-data") => multipart(received)?,
        other => {
            return Err(Unreadable::new(
                "form-content-type",
                format!(
                    "The content type is {}; a form is application/x-www-form-urlencoded or \
                     multipart/form-data.",
                    other.map_or("missing".to_owned(), |name| format!("'{}'", excerpt(name)))
                ),
            ));
        }
    };
    Ok(Decoded::new(Shape::Message, view))
}

fn url_encoded<'a>(received: &Received<'a>) -> Result<Value<'a>, Unreadable> {
    let mut fields = Members::default();
    let pairs = text::utf_8(received, "form-encoding")?
        .trim_ascii_end()
        .split('&')
        .filter(|pair| !pair.is_empty());
    for (count, pair) in pairs.enumerate() {
        if count == MAX_FIELDS {
            return Err(too_many_fields());
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = unescape(name)?;
        let value = unescape(value)?;
        fields.add(&name, Value::String(value));
    }
    Ok(fields.into_value())
}

/// Undoes `+` and `%41`. A `%` without two digits after it stands for itself, as browsers have it.
fn unescape(written: &str) -> Result<Cow<'_, str>, Unreadable> {
    let decode = |written: &str| {
        percent_decode_str(written).decode_utf8().map(Cow::into_owned).map_err(|_| {
            Unreadable::new("form-encoding", "A field of the form is not UTF-8 once unescaped.")
        })
    };
    if written.contains('+') {
        decode(&written.replace('+', " ")).map(Cow::Owned)
    } else if written.contains('%') {
        decode(written).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(written))
    }
}

fn multipart<'a>(received: &Received<'_>) -> Result<Value<'a>, Unreadable> {
    let boundary = multer::parse_boundary(received.content_type.unwrap_or_default())
        .map_err(|_| syntax("the content type names no boundary between its parts"))?;
    let whole = stream::iter([Ok::<_, Infallible>(Bytes::copy_from_slice(received.body))]);
    let mut parts = Multipart::new(whole, boundary);
    let mut fields = Members::default();
    let mut count = 0;
    while let Some(part) = at_once(parts.next_field())? {
        count += 1;
        if count > MAX_FIELDS {
            return Err(too_many_fields());
        }
        let name = part.name().ok_or_else(|| syntax("a part of it has no name"))?.to_owned();
        fields.add(&name, field(part)?);
    }
    Ok(fields.into_value())
}

fn field<'a>(part: Field<'_>) -> Result<Value<'a>, Unreadable> {
    let file_name = part.file_name().map(str::to_owned);
    let content_type = part.content_type().map(ToString::to_string);
    let bytes = at_once(part.bytes())?;
    if let Some(file_name) = file_name {
        let mut file = Members::default();
        file.add("filename", Value::string(file_name));
        file.add("content_type", content_type.map_or(Value::Null, Value::string));
        file.add("bytes", Value::Number(Cow::Owned(bytes.len().to_string())));
        file.add("sha256", Value::string(hexadecimal::encode(&Sha256::digest(&bytes))));
        return Ok(file.into_value());
    }
    String::from_utf8(bytes.into()).map(Value::string).map_err(|_| {
        Unreadable::new(
            "form-encoding",
            "A field of the form is not UTF-8; a file must be sent with a file name.",
        )
    })
}

/// The result of a future that has all it needs: the whole body is there, so none ever waits.
fn at_once<T>(future: impl Future<Output = multer::Result<T>>) -> Result<T, Unreadable> {
    match future.now_or_never() {
        Some(Ok(result)) => Ok(result),
        Some(Err(_)) | None => Err(syntax("it breaks off, or its parts are not set apart")),
    }
}

fn syntax(what: &str) -> Unreadable {
    Unreadable::new("form-syntax", format!("The body is not a multipart form: {what}."))
}

fn too_many_fields() -> Unreadable {
    Unreadable::new("form-fields", format!("The form has more than {MAX_FIELDS} fields."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL_ENCODED: Option<&str> = Some("application/x-www-form-urlencoded");
    const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=next");

    #[track_caller]
    fn check(content_type: Option<&str>, body: &[u8], expected: Result<&str, &str>) {
        let decoded = decode(&Received { content_type, body });
        match expected {
            Ok(expected) => {
                assert_eq!(decoded.unwrap().view, Value::parse(expected.as_bytes()).unwrap());
            }
            Err(code) => assert_eq!(decoded.unwrap_err().code, code),
        }
    }

    #[test]
    fn reads_url_encoded_fields() {
        check(URL_ENCODED, b"", Ok("{}"));
        check(URL_ENCODED, b"a=1&b=&c&=d", Ok(r#"{"a":"1","b":"","c":"","":"d"}"#));
        check(URL_ENCODED, b"a=1&a=2&&a=3\r\n", Ok(r#"{"a":["1","2","3"]}"#));
        check(URL_ENCODED, b"n%C3%B6=a+b%2B%zz", Ok(r#"{"nö":"a b+%zz"}"#));
        check(URL_ENCODED, b"a=%E9", Err("form-encoding"));
        check(URL_ENCODED, b"a=\xE9", Err("form-encoding"));
    }

    #[test]
    fn reads_multipart_fields_and_files() {
        let body = b"preamble\r\n--next\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
            --next\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xC3\xA9\r\n\
            --next\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"p.jpg\"\r\n\
            Content-Type: image/jpeg\r\n\r\n\xFF\xD8\xFF\r\n--next--\r\n";
        check(
            MULTIPART,
            body,
            Ok(
                r#"{"a":["1","é"],"photo":{"filename":"p.jpg","content_type":"image/jpeg","bytes":3,
                "sha256":"6e568e1f67fba258184c78181539e5e8fdee447e49bb706fc0ea34fbf12336a5"}}"#,
            ),
        );
        check(MULTIPART, b"", Err("form-syntax"));
        check(MULTIPART, b"--next\r\n", Err("form-syntax"));
        check(MULTIPART, body.split_at(body.len() - 10).0, Err("form-syntax"));
        check(
            MULTIPART,
            b"--next\r\nContent-Disposition: form-data\r\n\r\n1\r\n--next--",
            Err("form-syntax"),
        );
        check(
            MULTIPART,
            b"--next\r\nContent-Disposition: form-data; name=a\r\n\r\n\xE9\r\n--next--",
            Err("form-encoding"),
        );
        check(Some("multipart/form-data"), body, Err("form-syntax"));
    }

    #[test]
    fn other_content_types_are_no_forms() {
        check(None, b"a=1", Err("form-content-type"));
        check(Some("text/plain"), b"a=1", Err("form-content-type"));
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let most = "a=1&".repeat(MAX_FIELDS);
        assert!(decode(&Received { content_type: URL_ENCODED, body: most.as_bytes() }).is_ok());
        check(URL_ENCODED, format!("{most}a=1").as_bytes(), Err("form-fields"));

        let part = "--next\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let most = format!("{}--next--", part.repeat(MAX_FIELDS));
        assert!(decode(&Received { content_type: MULTIPART, body: most.as_bytes() }).is_ok());
        let more = format!("{}--next--", part.repeat(MAX_FIELDS + 1));
        check(MULTIPART, more.as_bytes(), Err("form-fields"));
    }
}
