//! The dialects from outside: samples, kinds of documents, refusals, and laws that always hold.

#![cfg(test)]

mod cases;
mod commcare;
mod forms;
mod properties;
mod refusals;
mod samples;
mod wcs;
mod xml;

use fieldpost_model::json::Value;

/// The bytes of a file in `examples/payloads`.
#[track_caller]
fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/../../examples/payloads/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A form among the fixtures. Those with an XLSForm of the name beside them were made from it by
/// pyxform; the others are written by hand.
#[track_caller]
fn xform(name: &str) -> fieldpost_model::form::Form {
    let body = fixture(&format!("xforms/{name}.xml"));
    let received = fieldpost_dialects::Received { content_type: None, body: &body };
    fieldpost_dialects::openrosa::read_form(&received).unwrap_or_else(|error| panic!("{error}"))
}

/// The bytes of a file among the fixtures.
#[track_caller]
fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether `docs/dialects.md` explains a code.
fn is_documented(code: &str) -> bool {
    include_str!("../../../../docs/dialects.md").contains(&format!("\n| `{code}` |"))
}

/// The JSON document in some bytes.
#[track_caller]
fn json(text: &[u8]) -> Value<'_> {
    Value::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
