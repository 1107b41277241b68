//! What a collection takes: the bounds of its name, of a key and of a value.
//!
//! They are the same for jobs, for the API and for the command line, so that what one of them has kept
//! the others can read, change and remove.

/// How many bytes the name of a collection may have, and a key.
pub const MOST_NAME_BYTES: usize = 255;
/// How many characters a value may have; OpenFn's own bound.
pub const MOST_VALUE_CHARACTERS: usize = 1_000_000;

/// Why something is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The name of a collection or a key is none.
    BadName(String),
    /// A value is too long.
    TooLong(String),
}

/// Whether something may be the name of a collection, or a key: what it is, as a sentence begins with it.
pub fn check_name(what: &str, name: &str) -> Result<(), NotKept> {
    if name.is_empty() || name.len() > MOST_NAME_BYTES {
        let message = format!("{what} has between one and {MOST_NAME_BYTES} bytes: {name:.80?}");
        return Err(NotKept::BadName(message));
    }
    // PostgreSQL has no text with this character.
    if name.contains('\0') {
        return Err(NotKept::BadName(format!("{what} has no character U+0000: {name:.80?}")));
    }
    Ok(())
}

/// Whether an item may be kept: its key, and its value as JSON text.
pub fn check_item(key: &str, value: &str) -> Result<(), NotKept> {
    check_name("A key of a collection", key)?;
    // A character has a byte at least, so short values need no counting.
    if value.len() > MOST_VALUE_CHARACTERS && value.chars().count() > MOST_VALUE_CHARACTERS {
        return Err(NotKept::TooLong(format!(
            "The value of {key:?} is too long: a value may have {MOST_VALUE_CHARACTERS} characters"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_have_bounds() {
        let longest = "k".repeat(MOST_NAME_BYTES);
        for (name, expected) in [
            ("a", true),
            ("", false),
            (&longest, true),
            (&format!("{longest}k"), false),
            ("a\0b", false),
            ("a b/ä*", true),
        ] {
            assert_eq!(check_name("A key", name).is_ok(), expected, "{name:?}");
        }
        let longest = "é".repeat(MOST_VALUE_CHARACTERS);
        assert_eq!(check_item("a", &longest), Ok(()));
        let refused = check_item("a", &format!("{longest}é"));
        assert!(matches!(refused, Err(NotKept::TooLong(_))), "{refused:?}");
        assert!(matches!(check_item("", "1"), Err(NotKept::BadName(_))));
    }
}
