//! Paths into an answer: `$.data.tokens[0].id`.
//!
//! A small part of JSON path, the part that leads to one place: member names after a dot or in
//! `['…']`, and positions in `[…]`.

use fieldpost_model::json::Value;

/// A path into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Position(usize),
}

impl JsonPath {
    /// Reads a path; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(name) => member(name)?,
                None => bracket(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// Where the path leads to.
    pub fn find<'v, 'a>(&self, value: &'v Value<'a>) -> Option<&'v Value<'a>> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Member(name) => value.get(name),
            Step::Position(position) => value.as_array()?.get(*position),
        })
    }
}

/// A name up to the next dot or bracket, and what follows.
fn member(text: &str) -> Option<(Step, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end)?;
    (!name.is_empty()).then(|| (Step::Member(name.to_owned()), after))
}

/// A position or a quoted name up to the closing bracket, and what follows.
fn bracket(text: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (name, after) = quoted.split_once(quote)?;
            return Some((Step::Member(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (position, after) = text.split_once(']')?;
    Some((Step::Position(position.parse().ok()?), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let json = br#"{"a":{"b":["x",{"c d":"y"}]},"":"e","token":"t"}"#;
        let value = Value::parse(json).unwrap();
        let path = JsonPath::parse(path).unwrap();
        assert_eq!(path.find(&value).and_then(Value::as_str), expected, "{path:?}");
    }

    #[test]
    fn leads_to_one_place() {
        check("$.token", Some("t"));
        check(" $.a.b[0] ", Some("x"));
        check("$['a'][\"b\"][1]['c d']", Some("y"));
        check("$.a.b[1].c d", Some("y"));
        check("$['']", Some("e"));
        check("$", None);
        check("$.a.b[2]", None);
        check("$.a[0]", None);
        check("$.token.x", None);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "token", ".a", "$a", "$.", "$..a", "$[", "$[x]", "$[-1]", "$['a'", "$['a]"]
        {
            assert_eq!(JsonPath::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_the_reader(text in "\\PC{0,20}") {
            drop(JsonPath::parse(&format!("${text}")));
        }
    }
}
