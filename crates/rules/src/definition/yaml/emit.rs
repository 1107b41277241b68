//! From a value to YAML for people.
//!
//! Objects and lists are written as blocks, short lists of plain values in brackets. A text is
//! written bare where every reader of YAML, old ones too, reads it as that text; anything else is
//! quoted as JSON quotes, which YAML 1.2 understands. A text of several lines, such as a certificate,
//! stands as it is below a `|`.

use fieldpost_model::json::Value;

use super::plain;
use super::variables::escaped;

/// How long a list in brackets may be, in characters.
const LONGEST_INLINE_LIST: usize = 60;

/// What YAML 1.1 read as booleans and some readers still do.
const OLD_BOOLEANS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];

/// Writes a project file. What is written reads back as the same value.
pub fn write(value: &Value<'_>) -> String {
    write_as_is(&escaped(value))
}

/// Writes a file in which `${` means nothing: one of another system.
pub fn write_as_is(value: &Value<'_>) -> String {
    let mut text = match value {
        // Below nothing, lines of a text could be taken for marks between documents.
        Value::String(text) => quoted_if_needed(text),
        _ => lines(value).join("\n"),
    };
    text.push('\n');
    text
}

/// A value other than a filled array or object, on one line, for people to read.
pub(in super::super) fn scalar(value: &Value<'_>) -> String {
    match value {
        Value::String(text) => quoted_if_needed(text),
        _ => value.to_json(),
    }
}

/// The lines of a value, the first one not indented.
fn lines(value: &Value<'_>) -> Vec<String> {
    if let Some(line) = inline(value) {
        return vec![line];
    }
    match value {
        Value::Object(members) => {
            members.iter().flat_map(|(key, value)| member_lines(key, value)).collect()
        }
        Value::Array(elements) => elements.iter().flat_map(element_lines).collect(),
        Value::String(text) => block_lines(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn member_lines(key: &str, value: &Value<'_>) -> Vec<String> {
    let key = quoted_if_needed(key);
    if let Some(text) = inline(value) {
        return vec![format!("{key}: {text}")];
    }
    let mut below = lines(value).into_iter();
    let first = match value {
        Value::String(_) => format!("{key}: {}", below.next().unwrap_or_default()),
        _ => format!("{key}:"),
    };
    std::iter::once(first).chain(below.map(|line| indented("  ", &line))).collect()
}

/// A line within something; one that is empty stays so.
fn indented(indent: &str, line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("{indent}{line}") }
}

/// A text of several lines as it is, below a sign that says whether it ends with a line break.
/// `None` for one line, and where a reader could not tell the spaces of a text from those before
/// it: that the first line tells.
fn block_lines(text: &str) -> Option<Vec<String>> {
    let (sign, body) = text.strip_suffix('\n').map_or(("|-", text), |body| ("|", body));
    let is_tame = |line: &str| {
        !line.ends_with(char::is_whitespace)
            && !line.chars().any(|character| character.is_control() || needs_escape(character))
    };
    let ends_well = !body.starts_with(char::is_whitespace) && !body.ends_with('\n');
    if !text.contains('\n') || body.is_empty() || !ends_well || !body.split('\n').all(is_tame) {
        return None;
    }
    Some(std::iter::once(sign).chain(body.split('\n')).map(str::to_owned).collect())
}

fn element_lines(element: &Value<'_>) -> Vec<String> {
    lines(element)
        .into_iter()
        .enumerate()
        .map(|(index, line)| match index {
            0 => format!("- {line}"),
            _ => indented("  ", &line),
        })
        .collect()
}

/// A value on one line, where that can be read.
fn inline(value: &Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => block_lines(text).is_none().then(|| quoted_if_needed(text)),
        Value::Object(members) => members.is_empty().then(|| "{}".to_owned()),
        Value::Array(elements) => {
            let is_plain =
                |element: &&Value<'_>| !matches!(element, Value::Array(_) | Value::Object(_));
            let texts: Option<Vec<String>> = elements
                .iter()
                .map(|element| is_plain(&element).then(|| inline(element))?)
                .collect();
            let list = format!("[{}]", texts?.join(", "));
            (list.chars().count() <= LONGEST_INLINE_LIST).then_some(list)
        }
        _ => Some(value.to_json()),
    }
}

fn quoted_if_needed(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { quoted(text) }
}

/// Whether a text reads as itself without quotes, wherever it stands.
fn is_bare(text: &str) -> bool {
    let begins_well =
        text.starts_with(|first: char| first.is_alphanumeric() || "/_".contains(first));
    let is_tame = text
        .chars()
        .all(|character| character.is_alphanumeric() || " _./@:+~-".contains(character));
    begins_well
        && is_tame
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !is_like_a_number(text)
        && !OLD_BOOLEANS.contains(&text.to_lowercase().as_str())
        && plain::resolve(text) == Some(Value::string(text))
}

/// Whether some reader may take a text for a number, a date or a time of day.
fn is_like_a_number(text: &str) -> bool {
    let is_digit = |first: char| first.is_ascii_digit();
    text.starts_with(is_digit)
        && (text.chars().all(|character| is_digit(character) || "+-._: eEtTzZ".contains(character))
            || ["0x", "0o", "0b"].iter().any(|prefix| text.to_lowercase().starts_with(prefix)))
}

/// JSON's quotes, in which YAML also wants its own line breaks and what cannot be printed escaped.
fn quoted(text: &str) -> String {
    Value::string(text)
        .to_json()
        .chars()
        .map(|character| {
            if needs_escape(character) {
                format!("\\u{:04x}", u32::from(character))
            } else {
                character.to_string()
            }
        })
        .collect()
}

/// Whether YAML reads a character as a line break, or not at all, where JSON reads it as itself.
const fn needs_escape(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    )
}
