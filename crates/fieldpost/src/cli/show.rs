//! What several commands show alike, and read alike: members of the API's objects as text, JSON, ids.

use std::borrow::Cow;
use std::fmt::Display;
use std::io;

use fieldpost_model::json::Value;
use fieldpost_rules::definition::{with_short_certificates, yaml};
use uuid::Uuid;

use super::Ending;
use crate::client::Json;
use crate::failure::Failure;
use crate::output;

/// Reads an id that somebody gave to a command.
pub(super) fn id(text: &str) -> Result<Uuid, String> {
    Uuid::try_parse(text).map_err(|_| {
        format!("\"{text}\" is not an id; lists show ids, such as {}", Uuid::from_u128(EXAMPLE_ID))
    })
}

/// An id that shows what ids look like.
const EXAMPLE_ID: u128 = 0x0195_a7c2_0000_7000_8000_0000_0000_0000;

/// The member of an object as text that people can read as it is; empty where there is none.
pub(super) fn text<'v>(object: &'v Json, key: &str) -> Cow<'v, str> {
    match object.get(key) {
        Some(Value::String(text)) => legible(text),
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(other) => Cow::Owned(legible(&other.to_json()).into_owned()),
    }
}

/// A text with what would steer the terminal written out: a name that came in by a form must not colour
/// what stands behind it, move the cursor, or turn the order of letters around.
pub(crate) fn legible(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut legible = String::with_capacity(text.len());
    for letter in text.chars() {
        if steers(letter) {
            legible.extend(letter.escape_unicode());
        } else {
            legible.push(letter);
        }
    }
    Cow::Owned(legible)
}

/// Whether a letter does something to a terminal that ends of lines and tabs do not.
fn steers(letter: char) -> bool {
    let turns_around = matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    turns_around || letter.is_control() && !matches!(letter, '\n' | '\t')
}

/// The member of an object as a number of things; 0 where there is none.
pub(crate) fn number(object: &Json, key: &str) -> u64 {
    object.get(key).and_then(Value::as_number).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether the member of an object is true.
pub(super) fn is(object: &Json, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The elements of an array within an object.
pub(super) fn elements<'v>(object: &'v Json, key: &str) -> &'v [Json] {
    object.get(key).and_then(Value::as_array).unwrap_or_default()
}

/// The object with one more member, or another value of it.
pub(super) fn with(object: Json, key: &'static str, value: Json) -> Json {
    let mut members = match object {
        Value::Object(members) => members,
        _ => Vec::new(),
    };
    members.retain(|(name, _)| name != key);
    members.push((Cow::Borrowed(key), value));
    Value::Object(members)
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
pub(super) fn json(value: &Json) -> io::Result<()> {
    output::line(value.to_json_pretty())
}

/// Writes a list as a JSON array.
pub(super) fn json_list(items: Vec<Json>) -> io::Result<()> {
    json(&Value::Array(items))
}

/// Ends a command that lists: as a JSON array for machines, as a table for people, who are told where there
/// is nothing.
pub(super) fn list(
    items: Vec<Json>,
    as_json: bool,
    nothing: &str,
    table: fn(&[Json]) -> comfy_table::Table,
) -> Result<Ending, Failure> {
    if as_json {
        json_list(items)?;
    } else if items.is_empty() {
        output::note(nothing);
    } else {
        output::print_table(&table(&items))?;
    }
    Ok(Ending::Well)
}

/// Says which of several things were refused, and why.
pub(super) fn tell_refusals<I: Display>(refused: &[(I, Failure)]) {
    for (id, failure) in refused {
        output::note(format!("{id}\n{failure}"));
    }
}

/// Writes an object's members, one a line, aligned. Those without a value are left out.
pub(super) fn members(pairs: &[(&str, String)]) -> io::Result<()> {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().filter(|(_, value)| !value.is_empty()).try_for_each(|(name, value)| {
        output::line(format!("{} {value}", output::faint(format!("{name:width$}"))))
    })
}

/// Writes how the project file has something, below a heading.
pub(super) fn definition(object: &Json) -> io::Result<()> {
    let Some(definition) = object.get("definition") else { return Ok(()) };
    output::line(output::strong("\nin the project file"))?;
    let definition = with_short_certificates(definition);
    yaml::write(&definition).lines().try_for_each(|line| output::line(format!("  {line}")))
}

/// Writes how the project file has a workflow, below a heading: with its place, since `${` means another thing in
/// a job than elsewhere.
pub(super) fn workflow_definition(object: &Json, name: &str) -> io::Result<()> {
    let Some(definition) = object.get("definition") else { return Ok(()) };
    output::line(output::strong("\nin the project file"))?;
    let workflow = Value::object([(name.to_owned(), definition.clone())]);
    let text = yaml::write(&Value::object([("workflows", workflow)]));
    text.lines().try_for_each(|line| output::line(format!("  {line}")))
}

/// One thing, or several: `1 delivery`, `2 deliveries`.
pub(super) fn counted(count: u64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        for (text, expected) in [
            ("Ann\n\té", "Ann\n\té"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\u{202e}b\r", "a\\u{202e}b\\u{d}"),
            ("\u{9b}2J\u{2069}", "\\u{9b}2J\\u{2069}"),
        ] {
            assert_eq!(legible(text), expected);
        }
    }

    #[test]
    fn what_is_no_id_is_said_in_a_sentence() {
        let id_text = "0195a7c2-0000-7000-8000-000000000000";
        assert_eq!(id(id_text).unwrap().to_string(), id_text);
        for wrong in ["xyz", "", "0195a7c2"] {
            let told = format!("\"{wrong}\" is not an id; lists show ids, such as {id_text}");
            assert_eq!(id(wrong), Err(told));
        }
    }
}
