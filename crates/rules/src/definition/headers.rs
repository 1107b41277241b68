//! Headers and query parameters that a definition adds to requests.

use fieldpost_model::json::Value;
use fieldpost_model::secret::PLACEHOLDER;

use super::fields::{Field, Place};
use crate::redact;

/// The longest name of a header, in bytes.
const MAX_HEADER_NAME: usize = 256;

/// The longest value of a header, in bytes; servers commonly take 8 KiB for all of them.
const MAX_HEADER_VALUE: usize = 8_192;

/// Headers that the hub writes itself, or that speak about the one connection they travel on.
const FORBIDDEN: [&str; 12] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Beginnings of the names of headers that carry the identity of a delivery.
const FORBIDDEN_PREFIXES: [&str; 2] = ["webhook-", "fieldpost-"];

/// Reads the headers that are added to each request. Names keep the letters they are written in.
pub(super) fn read_headers(field: &Field<'_, '_>) -> Vec<(String, String)> {
    report_repeated_headers(field);
    field
        .entries()
        .into_iter()
        .filter_map(|(name, field)| {
            let field = if redact::is_credential_header(name) { field.hidden() } else { field };
            check_header_name(&field.place, name)?;
            Some((name.to_owned(), read_header_value(&field)?))
        })
        .collect()
}

/// Reads the query parameters that are added to a URL.
pub(super) fn read_query(field: &Field<'_, '_>) -> Vec<(String, String)> {
    read_pairs(field, redact::is_credential_parameter)
}

/// Reads the headers that a request must carry. Any name of no credential will do, since nothing
/// is sent; they are kept in lower case, as those of a message are.
pub(super) fn read_expected_headers(field: &Field<'_, '_>) -> Vec<(String, String)> {
    report_repeated_headers(field);
    report_credentials(field, "header", redact::is_credential_header);
    let mut headers = read_pairs(field, redact::is_credential_header);
    for (name, _) in &mut headers {
        name.make_ascii_lowercase();
    }
    headers
}

/// Reads the query parameters that a request must carry.
pub(super) fn read_expected_query(field: &Field<'_, '_>) -> Vec<(String, String)> {
    report_credentials(field, "query parameter", redact::is_credential_parameter);
    read_pairs(field, redact::is_credential_parameter)
}

/// Reports conditions on credentials. What is kept of a message has them masked, so that such a
/// condition would hold when the message arrives, and never again: not when it is replayed,
/// explained or tried.
fn report_credentials(field: &Field<'_, '_>, noun: &str, is_credential: fn(&str) -> bool) {
    for (name, _) in field.value.as_object().unwrap_or_default() {
        if is_credential(name) {
            field.place.key(name).report_with_hint::<()>(
                "credential-condition",
                format!(
                    "the {noun} `{name}` carries a credential, which is masked before a message \
                     is kept; no condition can look at it"
                ),
                "let the source ask for it: write `auth` there",
            );
        }
    }
}

/// Reports headers whose names differ in case only, since they are one header.
fn report_repeated_headers(field: &Field<'_, '_>) {
    let members = field.value.as_object().unwrap_or_default();
    for (index, (name, _)) in members.iter().enumerate() {
        if members.iter().take(index).any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            field.place.key(name).report::<()>(
                "duplicate-value",
                format!("the header `{name}` is there twice; headers do not tell case apart"),
            );
        }
    }
}

/// Reads an object of texts.
fn read_pairs(field: &Field<'_, '_>, is_credential: fn(&str) -> bool) -> Vec<(String, String)> {
    field
        .entries()
        .into_iter()
        .filter_map(|(name, field)| {
            let field = if is_credential(name) { field.hidden() } else { field };
            Some((name.to_owned(), field.scalar_text()?.to_owned()))
        })
        .collect()
}

/// Checks that a header may be set by a definition.
pub(super) fn check_header_name(place: &Place<'_>, name: &str) -> Option<()> {
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token || name.len() > MAX_HEADER_NAME {
        return place.report(
            "bad-header",
            format!(
                "the name of a header is letters, digits and `-`, at most {MAX_HEADER_NAME} bytes"
            ),
        );
    }
    let lower = name.to_ascii_lowercase();
    if FORBIDDEN.contains(&lower.as_str())
        || FORBIDDEN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
    {
        return place.report_with_hint(
            "bad-header",
            format!("the header `{name}` is written by the hub itself"),
            "leave it out",
        );
    }
    Some(())
}

/// Reads the value of a header. What it says is not shown: where it breaks lines, somebody may be
/// smuggling a header, and where not, it may be a credential.
pub(super) fn read_header_value(field: &Field<'_, '_>) -> Option<String> {
    let value = field.scalar_text()?;
    if value == PLACEHOLDER {
        return Some(value.to_owned());
    }
    let is_visible = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if !is_visible || value.len() > MAX_HEADER_VALUE {
        return field.place.report(
            "bad-header",
            format!(
                "the value of a header is one line of ASCII text, at most {MAX_HEADER_VALUE} bytes"
            ),
        );
    }
    Some(value.to_owned())
}

/// Writes headers or query parameters as an object.
pub(super) fn write_pairs(
    pairs: &[(String, String)],
    shown: impl Fn(&str, &str) -> String,
) -> Value<'static> {
    Value::Object(
        pairs
            .iter()
            .map(|(name, value)| (name.clone().into(), shown(name, value).into()))
            .collect(),
    )
}
