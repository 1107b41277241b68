//! Answers that are not ours: bytes that a sender or a destination made.
//!
//! They are handed out exactly, with the content type that they came with, and in a way that no
//! browser runs anything in them, should somebody open one.

use axum::body::Body;
use axum::response::Response;
use fieldpost_model::json::Value;
use fieldpost_store::OpenFile;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::uploaded;

/// What stands in for a content type that was not sent, or cannot be sent back.
const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Exact bytes, as a file to keep.
pub(super) fn bytes(content_type: Option<&str>, bytes: Vec<u8>, file_name: &str) -> Response {
    body(content_type, Body::from(bytes), file_name)
}

/// A file of ours that is read while it is sent, as a file to keep.
pub(super) fn file(content_type: Option<&str>, file: OpenFile, file_name: &str) -> Response {
    let length = HeaderValue::from(file.bytes());
    let mut response = body(content_type, uploaded::streamed(file), file_name);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// What is sent as it is made, as a file to keep.
pub(crate) fn body(content_type: Option<&str>, body: Body, file_name: &str) -> Response {
    let mut response = Response::new(body);
    let content_type = content_type.and_then(|text| HeaderValue::from_str(text).ok());
    let disposition = disposition(file_name);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(UNKNOWN));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    protect(&mut response);
    response
}

/// Asks to keep what is sent as a file of that name. What is no plain name is written as RFC 6266 has it.
fn disposition(file_name: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_' | ' ');
    if file_name.chars().all(is_plain) {
        return format!("attachment; filename=\"{file_name}\"");
    }
    let plain: String = file_name.chars().map(|it| if is_plain(it) { it } else { '_' }).collect();
    let whole = utf8_percent_encode(file_name, NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// JSON that was not made from our own types.
pub(super) fn json(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    protect(&mut response);
    response
}

fn protect(response: &mut Response) {
    uploaded::never_run(response.headers_mut());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// JSON within one of our own types, numbers and order as they are.
#[derive(Clone, Debug)]
pub(super) struct ExactJson(Box<RawValue>);

impl ExactJson {
    /// JSON that was kept as text.
    pub(super) fn of_text(text: String) -> Self {
        // What was kept was read as JSON before.
        Self(RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl From<Value<'_>> for ExactJson {
    fn from(value: Value<'_>) -> Self {
        // What was written from a value is JSON; only a mistake of ours could end up as null.
        Self(RawValue::from_string(value.to_json()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl Serialize for ExactJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};

    use super::*;

    #[test]
    fn numbers_and_order_survive() {
        let text = r#"{"b":1.10,"a":123456789012345678901234567890}"#;
        let exact = ExactJson::from(Value::parse(text.as_bytes()).unwrap());
        assert_eq!(serde_json::to_string(&exact).unwrap(), text);
    }

    #[test]
    fn names_of_files_cannot_leave_their_place() {
        for (name, expected) in [
            ("a b-1.jpg", "attachment; filename=\"a b-1.jpg\""),
            ("é.jpg", "attachment; filename=\"_.jpg\"; filename*=UTF-8''%C3%A9%2Ejpg"),
            (
                "a\"; x=\"b",
                "attachment; filename=\"a__ x__b\"; \
                              filename*=UTF-8''a%22%3B%20x%3D%22b",
            ),
            ("a\r\nb/c", "attachment; filename=\"a__b_c\"; filename*=UTF-8''a%0D%0Ab%2Fc"),
        ] {
            assert_eq!(disposition(name), expected);
        }
    }

    #[test]
    fn nothing_in_the_bytes_can_run() {
        let response = bytes(Some("text/html"), b"<script>".to_vec(), "x");
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(header(CONTENT_TYPE), "text/html");
        assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
        assert_eq!(header(CONTENT_DISPOSITION), "attachment; filename=\"x\"");
        for content_type in [None, Some("a\nb")] {
            let response = bytes(content_type, Vec::new(), "x");
            assert_eq!(response.headers().get(CONTENT_TYPE), Some(&UNKNOWN));
        }
    }
}
