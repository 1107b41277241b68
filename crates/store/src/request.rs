//! Requests and headers as JSON text, the way they lie in the database.

use std::borrow::Cow;

use fieldpost_model::attempt::AttemptRequest;
use fieldpost_model::json::Value;
use fieldpost_model::message::MessageRequest;

use crate::error::StoreError;
use crate::statement::unreadable;

type Pairs = [(String, String)];

fn pairs_value(pairs: &Pairs) -> Value<'_> {
    Value::Array(
        pairs.iter().map(|(name, value)| Value::Array(vec![string(name), string(value)])).collect(),
    )
}

fn string(text: &str) -> Value<'_> {
    Value::String(Cow::Borrowed(text))
}

fn text(value: Option<&Value<'_>>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn pairs(value: Option<&Value<'_>>) -> Option<Vec<(String, String)>> {
    let pair = |pair: &Value<'_>| match pair.as_array()? {
        [name, value] => Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())),
        _ => None,
    };
    value?.as_array()?.iter().map(pair).collect()
}

/// Headers as a JSON array of pairs: order and repetition survive.
pub(crate) fn headers_text(headers: &Pairs) -> String {
    pairs_value(headers).to_json()
}

/// Reads what [`headers_text`] wrote.
pub(crate) fn read_headers(stored: &str) -> Result<Vec<(String, String)>, StoreError> {
    let value = Value::parse(stored.as_bytes()).ok();
    pairs(value.as_ref()).ok_or_else(|| unreadable("list of headers", stored))
}

/// The request of a message.
pub(crate) fn request_text(request: &MessageRequest) -> String {
    Value::Object(vec![
        ("method".into(), string(&request.method)),
        ("path".into(), string(&request.path)),
        ("query".into(), pairs_value(&request.query)),
        ("headers".into(), pairs_value(&request.headers)),
    ])
    .to_json()
}

/// Reads what [`request_text`] wrote.
pub(crate) fn read_request(stored: &str) -> Result<MessageRequest, StoreError> {
    let read = || {
        let value = Value::parse(stored.as_bytes()).ok()?;
        Some(MessageRequest {
            method: text(value.get("method"))?,
            path: text(value.get("path"))?,
            query: pairs(value.get("query"))?,
            headers: pairs(value.get("headers"))?,
        })
    };
    read().ok_or_else(|| unreadable("request", stored))
}

/// The request of an attempt, without what has columns of its own.
pub(crate) fn attempt_request_text(request: &AttemptRequest) -> String {
    Value::Object(vec![
        ("method".into(), string(&request.method)),
        ("url".into(), string(&request.url)),
        ("headers".into(), pairs_value(&request.headers)),
    ])
    .to_json()
}

/// Reads what [`attempt_request_text`] wrote.
pub(crate) fn read_attempt_request(
    stored: &str,
    body_sha256: [u8; 32],
    bytes: u64,
) -> Result<AttemptRequest, StoreError> {
    let read = || {
        let value = Value::parse(stored.as_bytes()).ok()?;
        Some(AttemptRequest {
            method: text(value.get("method"))?,
            url: text(value.get("url"))?,
            headers: pairs(value.get("headers"))?,
            body_sha256,
            bytes,
        })
    };
    read().ok_or_else(|| unreadable("request", stored))
}
