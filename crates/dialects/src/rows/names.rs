//! Names of tables and columns, made of what forms call things.
//!
//! A name is in lower case, has letters, digits and `_` only, and at most so many bytes as a database
//! takes; so it can be written without quotes, and nothing of a form is ever read as a statement.
//! Different paths may come to the same name. Then none of them has it: each gets a digest of its
//! own path at its end, so that the name of a column depends on nothing that another submission may
//! lack.

use fieldpost_model::hexadecimal;
use fieldpost_model::rows::{ColumnName, MAX_IDENTIFIER};
use sha2::{Digest as _, Sha256};

/// Names that no question's column has: those of columns that every table of PostgreSQL has already,
/// and that of what no form knows, which a row may lack.
pub(super) const NEVER: [&str; 8] =
    ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", EXTRA];

/// The column of what no form knows.
pub(super) const EXTRA: &str = "extra";

/// How many bytes of a digest stand at the end of a name.
const DIGEST_BYTES: usize = 4;

/// What the names of PostgreSQL's own tables and schemas begin with.
const OF_THE_SYSTEM: &str = "pg_";

/// A text as an identifier, of any length.
pub(super) fn identifier(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() {
            name.extend(character.to_lowercase().filter(|it| it.is_alphanumeric()));
        } else {
            name.push('_');
        }
    }
    if name.is_empty() || name.starts_with(|first: char| first.is_numeric()) {
        name.insert(0, '_');
    }
    name
}

/// A path as an identifier, of any length.
pub(super) fn joined(path: &[String]) -> String {
    identifier(&path.join("_"))
}

/// The name at its length, or its beginning with a digest of what it is the name of.
pub(super) fn fitted(plain: &str, source: &str) -> String {
    if plain.len() <= MAX_IDENTIFIER { plain.to_owned() } else { suffixed(plain, source) }
}

/// The name with a digest of what it is the name of.
pub(super) fn suffixed(plain: &str, source: &str) -> String {
    let digest = Sha256::digest(source.as_bytes());
    let digest = hexadecimal::encode(digest.get(..DIGEST_BYTES).unwrap_or_default());
    format!("{}_{digest}", beginning(plain, MAX_IDENTIFIER - digest.len() - 1))
}

fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

/// The name of a column of this plain name.
pub(super) fn column_name(plain: &str, source: &str, is_taken: bool) -> ColumnName {
    let alternative = suffixed(plain, source);
    let name = if is_taken { alternative.clone() } else { fitted(plain, source) };
    ColumnName { name, alternative, source: source.to_owned() }
}

/// A table that is called after a form or a type of cases.
pub(super) fn table_after(name: &str) -> String {
    let plain = identifier(name);
    // Whoever looks for such a table finds PostgreSQL's own.
    let plain = if plain.starts_with(OF_THE_SYSTEM) { format!("_{plain}") } else { plain };
    fitted(&plain, name)
}

/// Reads the name that a person gave a table: `births` or `clinic.births`, taken as it is written.
pub(super) fn read_table(text: &str) -> Result<(Option<String>, String), String> {
    let (schema, name) = match text.trim().split_once('.') {
        Some((schema, name)) => (Some(schema.trim()), name.trim()),
        None => (None, text.trim()),
    };
    for part in schema.into_iter().chain([name]) {
        let is_name = !part.is_empty() && !part.chars().any(char::is_control);
        if !is_name || part.contains('.') {
            return Err(format!("`{text}` does not name a table: write `name`, or `schema.name`"));
        }
        if part.len() > MAX_IDENTIFIER {
            return Err(format!(
                "`{part}` has {} bytes: the name of a table has at most {MAX_IDENTIFIER}",
                part.len()
            ));
        }
        if part.to_lowercase().starts_with(OF_THE_SYSTEM) {
            return Err(format!(
                "`{part}` is a name of PostgreSQL's own: a table of yours cannot begin with \
                 `{OF_THE_SYSTEM}`"
            ));
        }
    }
    Ok((schema.map(str::to_owned), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (text, expected) in [
            ("age", "age"),
            ("Age", "age"),
            ("first-name", "first_name"),
            ("__version__", "__version__"),
            ("2nd", "_2nd"),
            ("", "_"),
            (r#"a"; DROP TABLE b; --"#, "a___drop_table_b____"),
            ("naïve", "naïve"),
            ("名前", "名前"),
            ("İ", "i"),
            ("\0", "_"),
        ] {
            assert_eq!(identifier(text), expected, "{text:?}");
        }
        assert_eq!(joined(&["a".to_owned(), "B c".to_owned()]), "a_b_c");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let longest = "n".repeat(MAX_IDENTIFIER);
        assert_eq!(fitted(&longest, "n"), longest);
        let (one, other) =
            (fitted(&format!("{longest}a"), "a"), fitted(&format!("{longest}b"), "b"));
        assert_eq!((one.len(), other.len()), (MAX_IDENTIFIER, MAX_IDENTIFIER));
        assert_ne!(one, other);
        // Cut between characters, never within one.
        let wide = "é".repeat(MAX_IDENTIFIER);
        assert!(fitted(&wide, "e").len() <= MAX_IDENTIFIER);
        assert_eq!(suffixed("age", "a/ge"), suffixed("age", "a/ge"));
        assert_ne!(suffixed("age", "a/ge"), suffixed("age", "ag/e"));
    }

    #[test]
    fn tables_are_named_by_people_or_after_forms() {
        let named =
            |schema: Option<&str>, name: &str| Ok((schema.map(str::to_owned), name.to_owned()));
        assert_eq!(read_table("births"), named(None, "births"));
        assert_eq!(read_table(" Clinic . Births "), named(Some("Clinic"), "Births"));
        let long = "n".repeat(MAX_IDENTIFIER + 1);
        for text in ["", ".", "a.", ".b", "a.b.c", "a\0b", "pg_class", "pg_temp.x", &long] {
            assert!(read_table(text).is_err(), "{text:?}");
        }
        assert_eq!(table_after("birth-registration"), "birth_registration");
        assert_eq!(table_after("pg_class"), "_pg_class");
    }
}
