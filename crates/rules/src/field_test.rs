//! Conditions on fields that a database can decide: `values.village=Kibera`, `values.age>=18`.
//!
//! The paths are those of [`field_path`](crate::field_path), without positions: names with dots between
//! them, and quotes around a name that could be taken for more. What is asked of the field stands behind:
//!
//! | written | holds where |
//! |---|---|
//! | `path=text`, `path:text` | it is exactly this |
//! | `path!=text` | it is something else, or nothing |
//! | `path~text` | this is a part of it, in upper or lower case |
//! | `path<5`, `path<=5`, `path>5`, `path>=5` | it is less or more: as a number, if this is one |
//! | `path` | there is something |
//! | `!path` | there is nothing |

use fieldpost_model::names;

use crate::field_path::{FieldPath, quoted_length};

names! {
    /// What is asked of a field.
    pub enum FieldComparison {
        /// It is exactly this.
        Equals = "equals",
        /// It is something else, or nothing.
        Differs = "differs",
        /// This is a part of it.
        Contains = "contains",
        /// It is less.
        Below = "below",
        /// It is this or less.
        AtMost = "at-most",
        /// It is more.
        Above = "above",
        /// It is this or more.
        AtLeast = "at-least",
        /// There is something.
        Present = "present",
        /// There is nothing.
        Absent = "absent",
    }
}

/// How comparisons are written. Of two that begin alike the longer one comes first.
const WRITTEN: [(&str, FieldComparison); 8] = [
    ("!=", FieldComparison::Differs),
    ("<=", FieldComparison::AtMost),
    (">=", FieldComparison::AtLeast),
    ("=", FieldComparison::Equals),
    (":", FieldComparison::Equals),
    ("~", FieldComparison::Contains),
    ("<", FieldComparison::Below),
    (">", FieldComparison::Above),
];

/// What is asked of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTest {
    /// The names that lead to it; at least one.
    pub path: Vec<String>,
    /// What is asked.
    pub comparison: FieldComparison,
    /// What it is compared with; empty where nothing is compared.
    pub value: String,
}

impl FieldTest {
    /// Reads a condition; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let absent = text.strip_prefix('!');
        let text = absent.unwrap_or(text);
        let (path, rest) = text.split_at_checked(path_length(text)?)?;
        let (comparison, value) = match (absent, rest) {
            (None, "") => (FieldComparison::Present, ""),
            (Some(_), "") => (FieldComparison::Absent, ""),
            (Some(_), _) => return None,
            (None, rest) => WRITTEN
                .iter()
                .find_map(|(sign, it)| rest.strip_prefix(sign).map(|value| (*it, value)))?,
        };
        let path = FieldPath::parse(path)?.into_keys()?;
        (!path.is_empty()).then(|| Self { path, comparison, value: value.to_owned() })
    }
}

/// The length of the path that a condition begins with; `None` where a quote is not closed.
fn path_length(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let Some(place) = rest.find(['"', '=', ':', '!', '~', '<', '>']) else {
            return Some(text.len());
        };
        if !rest.get(place..)?.starts_with('"') {
            return Some(from + place);
        }
        from += place + quoted_length(rest.get(place..)?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &[&str], comparison: FieldComparison, value: &str) {
        let expected = FieldTest {
            path: path.iter().map(|&name| name.to_owned()).collect(),
            comparison,
            value: value.to_owned(),
        };
        assert_eq!(FieldTest::parse(text), Some(expected), "{text}");
    }

    #[test]
    fn every_comparison_is_read() {
        check("values.village=Kibera", &["values", "village"], FieldComparison::Equals, "Kibera");
        check("values.village:Kibera", &["values", "village"], FieldComparison::Equals, "Kibera");
        check("a!=b", &["a"], FieldComparison::Differs, "b");
        check("a~b", &["a"], FieldComparison::Contains, "b");
        check("a<5", &["a"], FieldComparison::Below, "5");
        check("a<=5", &["a"], FieldComparison::AtMost, "5");
        check("a>5", &["a"], FieldComparison::Above, "5");
        check("a>=5", &["a"], FieldComparison::AtLeast, "5");
        check("a.b", &["a", "b"], FieldComparison::Present, "");
        check("!a.b", &["a", "b"], FieldComparison::Absent, "");
    }

    #[test]
    fn what_stands_behind_the_comparison_is_taken_as_it_is() {
        check("a=", &["a"], FieldComparison::Equals, "");
        check("a=b=c", &["a"], FieldComparison::Equals, "b=c");
        check("a==b", &["a"], FieldComparison::Equals, "=b");
        check("a: b ", &["a"], FieldComparison::Equals, " b ");
        check("at=2026-01-31T10:00", &["at"], FieldComparison::Equals, "2026-01-31T10:00");
        check("group/field=é", &["group/field"], FieldComparison::Equals, "é");
    }

    #[test]
    fn names_in_quotes_hide_what_stands_in_them() {
        check("\"a=b\".c=d", &["a=b", "c"], FieldComparison::Equals, "d");
        check("\"a.b\"", &["a.b"], FieldComparison::Present, "");
        check("!\"a:b\"", &["a:b"], FieldComparison::Absent, "");
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "=1", "!", "!=1", ".a=1", "a..b", "a[0]=1", "a[]=1", "\"a", "a!b", "!a=b"]
        {
            assert_eq!(FieldTest::parse(text), None, "{text}");
        }
    }
}
