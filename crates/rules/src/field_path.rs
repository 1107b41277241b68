//! Paths into a message's content, as people read and write them: `form.meta.id`, `people[0].name`.
//!
//! A path is keys with dots between them. A key that could be taken for more than a key is quoted as
//! in JSON, `"a.b".c`; `[2]` is an element by its position, and `[]` any of them. Lists need not be
//! written: a key that is asked of a list is asked of each of its elements, since nobody who looks
//! for a name wants to count first.

use fieldpost_model::json::{Value, numbers_equal};

use crate::filter::contains;

/// A path into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Position(usize),
    Any,
}

impl FieldPath {
    /// Reads a path; `None` where it is none. The empty path leads to the whole value.
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
                position(inside)?
            } else {
                let key = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
                key_of(key)?
            };
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// Whether any value that the path leads to is one that is wanted.
    pub fn leads_to<'v>(
        &self,
        value: &'v Value<'v>,
        is_wanted: &mut dyn FnMut(&'v Value<'v>) -> bool,
    ) -> bool {
        follow(&self.0, value, is_wanted)
    }

    /// The keys of a path that is made of keys alone; `None` where it has positions.
    pub fn into_keys(self) -> Option<Vec<String>> {
        let key = |step| match step {
            Step::Key(key) => Some(key),
            Step::Position(_) | Step::Any => None,
        };
        self.0.into_iter().map(key).collect()
    }
}

fn follow<'v>(
    steps: &[Step],
    value: &'v Value<'v>,
    is_wanted: &mut dyn FnMut(&'v Value<'v>) -> bool,
) -> bool {
    let Some((step, rest)) = steps.split_first() else { return is_wanted(value) };
    match (step, value) {
        (Step::Key(key), Value::Object(_)) => {
            value.get(key).is_some_and(|value| follow(rest, value, is_wanted))
        }
        (Step::Key(_), Value::Array(elements)) => {
            elements.iter().any(|element| follow(steps, element, is_wanted))
        }
        (Step::Any, Value::Array(elements)) => {
            elements.iter().any(|element| follow(rest, element, is_wanted))
        }
        (Step::Position(position), Value::Array(elements)) => {
            elements.get(*position).is_some_and(|element| follow(rest, element, is_wanted))
        }
        _ => false,
    }
}

/// The inside of a bracket, and what follows it.
fn position(text: &str) -> Option<(Step, &str)> {
    let (inside, after) = text.split_once(']')?;
    let step = if inside.is_empty() { Step::Any } else { Step::Position(inside.parse().ok()?) };
    Some((step, after))
}

/// A key up to the next dot or bracket, or in quotes, and what follows it.
fn key_of(text: &str) -> Option<(Step, &str)> {
    if text.starts_with('"') {
        let end = quoted_length(text)?;
        let (quoted, after) = text.split_at_checked(end)?;
        let key = Value::parse(quoted.as_bytes()).ok()?.as_str()?.to_owned();
        return Some((Step::Key(key), after));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (key, after) = text.split_at_checked(end)?;
    (!key.is_empty()).then(|| (Step::Key(key.to_owned()), after))
}

/// The length of a quoted text that this one begins with, both quotes included.
pub(crate) fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().skip(1).find_map(|(place, character)| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends.then_some(place + 1)
    })
}

/// Extends a path by a key. One that could be taken for more than a key is quoted.
pub fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let is_plain = !key.is_empty()
        && !key.contains(|character: char| {
            matches!(character, '.' | '[' | ']' | '"' | '`' | '=') || character.is_whitespace()
        });
    if is_plain {
        path.push_str(key);
    } else {
        path.push_str(&Value::string(key).to_json());
    }
}

/// What a field must be: `form.age=42`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldCondition {
    path: FieldPath,
    text: String,
    json: Option<Value<'static>>,
}

impl FieldCondition {
    /// Reads a condition, a path and what stands there with a `=` between them; `None` where it is
    /// none.
    pub fn parse(text: &str) -> Option<Self> {
        let equals = equals_place(text)?;
        let (path, value) = text.split_at_checked(equals)?;
        let value = value.strip_prefix('=')?;
        let json = Value::parse(value.as_bytes()).ok().map(Value::into_owned);
        Some(Self { path: FieldPath::parse(path)?, text: value.to_owned(), json })
    }

    /// Whether the content has that there. Text and what looks like it are the same here: forms of
    /// some systems send every number as text.
    pub fn holds(&self, content: &Value<'_>) -> bool {
        self.path.leads_to(content, &mut |found| self.is(found))
    }

    fn is(&self, found: &Value<'_>) -> bool {
        match (found, &self.json) {
            (Value::String(found), Some(Value::String(wanted))) if found == wanted => true,
            (Value::String(found), _) => **found == *self.text,
            (Value::Number(found), Some(Value::Number(wanted))) => numbers_equal(found, wanted),
            (Value::Array(elements), Some(Value::Array(_))) => {
                let wanted = self.json.as_ref();
                wanted.is_some_and(|wanted| contains(&Value::Array(elements.clone()), wanted))
            }
            (Value::Array(elements), _) => elements.iter().any(|element| self.is(element)),
            (Value::Object(_), Some(wanted @ Value::Object(_))) => contains(found, wanted),
            (Value::Null | Value::Bool(_), Some(wanted)) => found == wanted,
            _ => false,
        }
    }
}

/// Where the first `=` is that is not within quotes.
fn equals_place(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let place = rest.find(['"', '='])?;
        if rest.get(place..)?.starts_with('=') {
            return Some(from + place);
        }
        from += place + quoted_length(rest.get(place..)?)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTENT: &str = r#"{
        "form": {"age": 42, "name": "Ann", "code": "007", "a.b": {"c": true}, "x=y": 1.50},
        "people": [{"first": "Ann", "tags": ["new"]}, {"first": "Bo", "tags": []}],
        "group/field": "é", "nothing": null, "list": [1, [2, 3]]
    }"#;

    #[track_caller]
    fn check(condition: &str, expected: bool) {
        let content = Value::parse(CONTENT.as_bytes()).unwrap();
        let condition = FieldCondition::parse(condition).unwrap();
        assert_eq!(condition.holds(&content), expected, "{condition:?}");
    }

    #[test]
    fn a_field_is_what_is_wanted() {
        for (holds, fails) in [
            ("form.age=42", "form.age=43"),
            ("form.age=42.0", "form.age=\"42\""),
            ("form.name=Ann", "form.name=ann"),
            ("form.name=\"Ann\"", "form.name="),
            ("form.code=007", "form.code=7"),
            ("form.\"a.b\".c=true", "form.a.b.c=true"),
            ("form.\"x=y\"=1.5", "form.x=y"),
            ("form={\"age\": 42}", "form={\"age\": 41}"),
            ("group/field=é", "group/field=e"),
            ("nothing=null", "nothing="),
            ("people.first=Bo", "people.first=Cy"),
            ("people[].first=Bo", "people[0].first=Bo"),
            ("people[1].first=Bo", "people[2].first=Bo"),
            ("people.tags=new", "people[1].tags=new"),
            ("list=1", "list=4"),
            ("list[1]=[3]", "list=[3]"),
            ("list[1][0]=2", "list[0][0]=1"),
        ] {
            check(holds, true);
            check(fails, false);
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in
            ["", "form", ".a=1", "a.=1", "a..b=1", "a[=1", "a[x]=1", "a[-1]=1", "\"a=1", "a]b.=2"]
        {
            assert_eq!(FieldCondition::parse(text), None, "{text}");
        }
        assert!(FieldCondition::parse("=1").is_some(), "the whole content can be asked for");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(keys in prop::collection::vec("\\PC{0,6}", 1..4)) {
            let mut path = String::new();
            for key in &keys {
                push_key(&mut path, key);
            }
            let steps = keys.into_iter().map(Step::Key).collect();
            prop_assert_eq!(FieldPath::parse(&path), Some(FieldPath(steps)), "{}", path);
        }

        #[test]
        fn nothing_breaks_the_reader(text in "\\PC{0,20}") {
            drop(FieldCondition::parse(&text));
        }
    }
}
