//! JSON as the script wrote it, for readers that are stricter than JavaScript.

use serde_json::value::RawValue;

/// JSON text without halves of letters. JavaScript's strings may end within a letter that takes two
/// units, and its JSON says so with an escape that no reader of UTF-8 takes; such a half becomes
/// U+FFFD. Whole letters it writes as they are, so every escape of this range is a half.
pub(super) fn well_formed(mut text: String) -> String {
    let halves: Vec<usize> = text
        .match_indices("\\u")
        .map(|(at, _)| at)
        .filter(|at| is_escape(text.as_bytes(), *at))
        .filter(|at| is_half(text.get(at + 2..at + 6).unwrap_or_default()))
        .collect();
    for at in halves {
        text.replace_range(at..at + 6, "\\ufffd");
    }
    text
}

/// Whether the backslash at this place begins an escape, and is not the end of an escaped backslash.
fn is_escape(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
}

fn is_half(digits: &str) -> bool {
    u16::from_str_radix(digits, 16).is_ok_and(|unit| (0xd800..0xe000).contains(&unit))
}

/// A value as JSON text that is not parsed any further.
pub(super) fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(well_formed(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_letters_are_replaced_and_nothing_else() {
        for (text, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""a\uDE00b\ud800""#, r#""a\ufffdb\ufffd""#),
            (r#""\u0001\\ud800\\\ud800""#, r#""\u0001\\ud800\\\ufffd""#),
            (r#""😀""#, r#""😀""#),
            (r#""\ud7ff\ue000""#, r#""\ud7ff\ue000""#),
        ] {
            assert_eq!(well_formed(text.to_owned()), expected);
        }
    }
}
