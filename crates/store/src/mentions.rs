//! Whether a text names somebody: a letter to people, or JSON for machines.
//!
//! A name is what a sender calls a submission, or a case id: sometimes a name indeed, sometimes a
//! bare number. A number stands in every letter, as a count or in a time, so what is short counts
//! only where it is the whole of a value: of a fact, of a cell of a table, of a string of JSON.
//! What is longer counts wherever it stands as a word.

use fieldpost_model::incident::KEY_LABEL;
use fieldpost_model::json::Value;
use uuid::Uuid;

/// The shortest name, in characters, that is looked for within other text.
const SHORTEST_WORD: usize = 5;

/// What stands at least between two cells of a table in a letter.
const BETWEEN_CELLS: &str = "  ";

/// Whether a text, or the strings in it where it is JSON, names one of these.
pub(crate) fn mentions_any(text: &str, names: &[String]) -> bool {
    match Value::parse(text.as_bytes()) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => is_in_value(&value, names),
        _ => names.iter().any(|name| is_word_of(text, name) || is_value_in(text, name)),
    }
}

fn is_in_value(value: &Value<'_>, names: &[String]) -> bool {
    match value {
        Value::String(text) => names.iter().any(|name| text == name || is_word_of(text, name)),
        Value::Array(elements) => elements.iter().any(|element| is_in_value(element, names)),
        Value::Object(members) => members.iter().any(|(_, value)| is_in_value(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a letter says that it is about exactly this, or a row of its table about deliveries does.
fn is_value_in(letter: &str, name: &str) -> bool {
    letter.lines().any(|line| {
        let fact = line.strip_prefix(KEY_LABEL).and_then(|rest| rest.strip_prefix(": "));
        let mut cells = line.split(BETWEEN_CELLS).map(str::trim).filter(|cell| !cell.is_empty());
        let is_delivery = cells.next().is_some_and(|first| Uuid::try_parse(first).is_ok());
        fact == Some(name) || is_delivery && cells.any(|cell| cell == name)
    })
}

/// Whether a name stands in a text with neither a letter nor a digit beside it, whatever the case of
/// its ASCII letters.
fn is_word_of(text: &str, name: &str) -> bool {
    if name.chars().count() < SHORTEST_WORD {
        return false;
    }
    let (text, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    text.match_indices(&name).any(|(start, _)| {
        let (before, rest) = text.split_at_checked(start).unwrap_or_default();
        let after = rest.strip_prefix(&*name).unwrap_or_default();
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "warehouse does not take deliveries.\n\n7 tries failed.\n\n\
                          What the other side said:\n> 422: no such patient AMINA D.\n\n\
                          Form or case: 42\nFailed tries: 7\n\n  delivery  about  answer\n  \
                          019d0c1e-0000-7aa0-8d0c-1e9d0c7aa08d  k-9    no\n  kobo  8\n";

    #[track_caller]
    fn check(text: &str, name: &str, expected: bool) {
        assert_eq!(mentions_any(text, &[name.to_owned()]), expected, "{name} in {text}");
    }

    #[test]
    fn a_letter_names_whom_it_is_about() {
        for (name, expected) in [
            ("Amina D", true),
            ("Amina", true),
            ("42", true),
            ("k-9", true),
            ("Amin", false),
            ("mina D", false),
            ("422", false),
            ("4", false),
            ("7", false),
            ("8", false),
            ("tries", true),
            ("019d", false),
            ("", false),
        ] {
            check(LETTER, name, expected);
        }
    }

    #[test]
    fn json_names_whom_its_strings_do() {
        let json = r#"{"incident": {"key": "Zo\u00eb \"Z\" Q", "failures": 42, "id": "7",
            "error": "no such case: 12345"}, "latest": [{"key": "k9"}]}"#;
        for (name, expected) in [
            ("Zo\u{eb} \"Z\" Q", true),
            ("7", true),
            ("k9", true),
            ("12345", true),
            ("42", false),
            ("2345", false),
            ("incident", false),
            ("case", false),
        ] {
            check(json, name, expected);
        }
    }
}
