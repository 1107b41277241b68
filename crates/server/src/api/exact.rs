//! Answers that are not ours: bytes that a sender or a destination made.
//!
//! They are handed out exactly, with the content type that they came with, and in a way that no
//! browser runs anything in them, should somebody open one.

use axum::body::Body;
use axum::response::Response;
use fieldpost_model::json::Value;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// What stands in for a content type that was not sent, or cannot be sent back.
const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Exact bytes, as a file to keep.
pub(super) fn bytes(content_type: Option<&str>, bytes: Vec<u8>, file_name: &str) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let content_type = content_type.and_then(|text| HeaderValue::from_str(text).ok());
    let disposition = format!("attachment; filename=\"{file_name}\"");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(UNKNOWN));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    protect(&mut response);
    response
}

/// JSON that was not made from our own types.
pub(super) fn json(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    protect(&mut response);
    response
}

fn protect(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// JSON within one of our own types, numbers and order as they are.
#[derive(Clone, Debug)]
pub(super) struct ExactJson(Box<RawValue>);

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
    use super::*;

    #[test]
    fn numbers_and_order_survive() {
        let text = r#"{"b":1.10,"a":123456789012345678901234567890}"#;
        let exact = ExactJson::from(Value::parse(text.as_bytes()).unwrap());
        assert_eq!(serde_json::to_string(&exact).unwrap(), text);
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
