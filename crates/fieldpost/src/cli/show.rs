//! What several commands show alike: members of the API's objects as text, and JSON.

use std::io;

use serde_json::Value;

use crate::output;

/// The member of an object as text; empty where there is none.
pub(super) fn text<'v>(object: &'v Value, key: &str) -> std::borrow::Cow<'v, str> {
    match object.get(key) {
        Some(Value::String(text)) => text.as_str().into(),
        None | Some(Value::Null) => "".into(),
        Some(other) => other.to_string().into(),
    }
}

/// The text with something in its place where it is empty.
pub(super) fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

/// A time without what nobody reads in a list: `2026-01-31T12:00:00.123456Z` becomes
/// `2026-01-31 12:00:00`.
pub(super) fn short_time(text: &str) -> String {
    text.get(..19).unwrap_or(text).replace('T', " ")
}

/// Writes a value as JSON.
pub(super) fn json(value: &Value) -> io::Result<()> {
    output::line(format!("{value:#}"))
}

/// Writes a list as a JSON array.
pub(super) fn json_list(items: Vec<Value>) -> io::Result<()> {
    json(&Value::Array(items))
}

/// Writes an object's members, one a line, aligned. Those without a value are left out.
pub(super) fn members(pairs: &[(&str, String)]) -> io::Result<()> {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().filter(|(_, value)| !value.is_empty()).try_for_each(|(name, value)| {
        output::line(format!("{} {value}", output::faint(format!("{name:width$}"))))
    })
}

/// One thing, or several: `1 delivery`, `2 deliveries`.
pub(super) fn counted(count: u64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}
