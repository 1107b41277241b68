//! Text that every database can hold, on both engines alike.
//!
//! PostgreSQL refuses the character U+0000 in text, and an index refuses long values. Neither may
//! cost a message: a form whose identity holds a NUL is still a form. What only serves people and
//! look-ups is therefore fitted before it is written. The exact bytes lie in the message's body,
//! and in requests and headers, which are JSON text, a NUL is an escape sequence anyway.

/// Stands for U+0000, as the picture that Unicode has for it.
const VISIBLE_NUL: &str = "\u{2400}";

/// The longest text that is indexed. A PostgreSQL index row holds less than 2,704 bytes, of which
/// the names before the text take their part.
const MOST_KEY_BYTES: usize = 1_024;

/// The text with every NUL made visible.
pub(crate) fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', VISIBLE_NUL) } else { text }
}

/// A text that is indexed: without NUL, and cut where it is too long for an index.
///
/// Two keys that differ only beyond the cut look alike. Deduplication stays right all the same,
/// since it compares the digest of the content as well.
pub(crate) fn storable_key(text: String) -> String {
    let mut text = storable(text);
    text.truncate(text.floor_char_boundary(MOST_KEY_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_made_visible_and_keys_are_cut_between_characters() {
        assert_eq!(storable("plain".to_owned()), "plain");
        assert_eq!(storable("a\0b".to_owned()), "a\u{2400}b");
        let longest = "x".repeat(MOST_KEY_BYTES);
        assert_eq!(storable_key(longest.clone()), longest);
        assert_eq!(storable_key(longest.clone() + "y"), longest);
        // An ä has two bytes: the one on the border goes as a whole.
        let border = "x".repeat(MOST_KEY_BYTES - 1);
        assert_eq!(storable_key(border.clone() + "ä"), border);
    }
}
