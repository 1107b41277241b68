//! The body of a call: the whole document, what the call adds of its own, or both.
//!
//! Keys such as `a/b/0/x` become nested JSON: names make objects, numbers arrays. `//` is a slash that
//! separates nothing. Values keep their types. What cannot be nested (an array with a gap, a place that
//! is an array for one key and an object for another) is refused, and no call is made.

use fieldpost_model::json::{MAX_DEPTH, Value};

use super::history::with_files;
use super::pieces::{Object, Tree};
use super::record::Record;

/// The body of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing is sent.
    None,
    /// This document is.
    Json(Tree),
}

/// Makes the body: the document, where it is sent, with what the call adds under `extra`; else what
/// the call adds alone.
pub fn body(document: Option<Tree>, own: Option<Tree>) -> Body {
    match (document, own) {
        (None, None) => Body::None,
        (None, Some(own)) => Body::Json(own),
        (Some(document), None) => Body::Json(document),
        (Some(Tree::Object(mut document)), Some(own)) => {
            document.set("extra", own);
            Body::Json(document.into())
        }
        (Some(document), Some(own)) => {
            let mut object = Object::default();
            object.set("document", document);
            object.set("extra", own);
            Body::Json(object.into())
        }
    }
}

/// What a call adds of its own, with the contents of the files that it names.
pub fn own(record: &Record<'_>, value: &Value<'static>) -> Tree {
    with_files(record, value, true)
}

/// Why keys cannot be nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub kind: FlawKind,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// A number is missing before it.
    Gap,
    /// Where it has a number another has a name, or a value where it goes on.
    Mixed,
    /// Another key means the same place.
    Repeated,
    /// It goes deeper than JSON may.
    TooDeep,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = &self.key;
        match self.kind {
            FlawKind::Gap => write!(formatter, "The array is incomplete before the key {key}."),
            FlawKind::Mixed => write!(
                formatter,
                "The key {key} has a name where another has a number or a value, or the other way."
            ),
            FlawKind::Repeated => write!(formatter, "The place of the key {key} is taken."),
            FlawKind::TooDeep => {
                write!(formatter, "The key {key} has more than {MAX_DEPTH} levels.")
            }
        }
    }
}

impl std::error::Error for Flaw {}

/// Makes nested JSON of keys with slashes.
pub fn unflatten(members: Vec<(String, Value<'static>)>) -> Result<Value<'static>, Flaw> {
    let mut root = Node::Empty;
    for (key, value) in members {
        let flaw = |kind| Flaw { key: key.clone(), kind };
        let path = split(&key);
        if path.len() >= MAX_DEPTH {
            return Err(flaw(FlawKind::TooDeep));
        }
        root.insert(&path, &key, value).map_err(flaw)?;
    }
    match root {
        Node::Empty => Ok(Value::Object(Vec::new())),
        root => root.into_value(),
    }
}

#[derive(Debug)]
enum Node {
    Empty,
    Value(Value<'static>),
    /// Members by name, each with the key that made it.
    Object(Vec<(String, Self)>),
    /// Elements by number, each with the first key that led to it.
    Array(Vec<(usize, String, Self)>),
}

enum Step {
    Name(String),
    Number(usize),
}

/// The steps of a key: cut at slashes that stand alone.
fn split(key: &str) -> Vec<Step> {
    let mut steps = vec![String::new()];
    let mut rest = key;
    while let Some((before, after)) = rest.split_once('/') {
        let behind = after.trim_start_matches('/');
        let slashes = 1 + after.len() - behind.len();
        if let Some(step) = steps.last_mut() {
            step.push_str(before);
            // Two slashes are one that separates nothing; an odd one out stays as it is.
            step.extend(std::iter::repeat_n(
                '/',
                if slashes == 1 { 0 } else { slashes.div_ceil(2) },
            ));
        }
        if slashes == 1 {
            steps.push(String::new());
        }
        rest = behind;
    }
    if let Some(step) = steps.last_mut() {
        step.push_str(rest);
    }
    let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let step = |step: String| match step.parse() {
        Ok(number) if is_number(&step) => Step::Number(number),
        _ => Step::Name(step),
    };
    steps.into_iter().map(step).collect()
}

impl Node {
    fn insert(&mut self, path: &[Step], key: &str, value: Value<'static>) -> Result<(), FlawKind> {
        let Some((first, rest)) = path.split_first() else {
            return match self {
                Self::Empty => {
                    *self = Self::Value(value);
                    Ok(())
                }
                Self::Value(_) => Err(FlawKind::Repeated),
                _ => Err(FlawKind::Mixed),
            };
        };
        if matches!(self, Self::Empty) {
            *self = match first {
                Step::Name(_) => Self::Object(Vec::new()),
                Step::Number(_) => Self::Array(Vec::new()),
            };
        }
        match (self, first) {
            (Self::Object(members), Step::Name(name)) => {
                let place = members.iter().position(|(present, _)| present == name);
                let place = place.unwrap_or_else(|| {
                    members.push((name.clone(), Self::Empty));
                    members.len() - 1
                });
                members.get_mut(place).map_or(Ok(()), |(_, node)| node.insert(rest, key, value))
            }
            (Self::Array(elements), Step::Number(number)) => {
                let place = elements.iter().position(|(present, _, _)| present == number);
                let place = place.unwrap_or_else(|| {
                    elements.push((*number, key.to_owned(), Self::Empty));
                    elements.len() - 1
                });
                elements.get_mut(place).map_or(Ok(()), |(_, _, node)| node.insert(rest, key, value))
            }
            _ => Err(FlawKind::Mixed),
        }
    }

    fn into_value(self) -> Result<Value<'static>, Flaw> {
        Ok(match self {
            Self::Empty => Value::Null,
            Self::Value(value) => value,
            Self::Object(members) => {
                let members = members.into_iter();
                let members = members.map(|(name, node)| Ok((name.into(), node.into_value()?)));
                Value::Object(members.collect::<Result<_, Flaw>>()?)
            }
            Self::Array(mut elements) => {
                elements.sort_by_key(|(number, _, _)| *number);
                let elements =
                    elements.into_iter().enumerate().map(|(place, (number, key, node))| {
                        if place == number {
                            node.into_value()
                        } else {
                            Err(Flaw { key, kind: FlawKind::Gap })
                        }
                    });
                Value::Array(elements.collect::<Result<_, Flaw>>()?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unflattened(json: &str) -> Result<String, (String, FlawKind)> {
        let Value::Object(members) = Value::parse(json.as_bytes()).unwrap().into_owned() else {
            panic!("{json}");
        };
        let members = members.into_iter().map(|(key, value)| (key.into_owned(), value)).collect();
        let nested = unflatten(members).map_err(|flaw| (flaw.key, flaw.kind))?;
        Ok(nested.to_json())
    }

    #[test]
    fn keys_with_slashes_are_nested() {
        for (flat, nested) in [
            ("{}", "{}"),
            (r#"{"a":1,"b":"2"}"#, r#"{"a":1,"b":"2"}"#),
            (r#"{"a/b/0/x":"1234"}"#, r#"{"a":{"b":[{"x":"1234"}]}}"#),
            (
                r#"{"a/1":true,"a/0":[1.50,null],"b":{"c/d":1}}"#,
                r#"{"a":[[1.50,null],true],"b":{"c/d":1}}"#,
            ),
            (r#"{"a//b/c":1,"d///e":2}"#, r#"{"a/b":{"c":1},"d//e":2}"#),
            (r#"{"0/x":1,"1/x":2}"#, r#"[{"x":1},{"x":2}]"#),
            (r#"{"a/b":1,"a/c":2,"a/d/e":3}"#, r#"{"a":{"b":1,"c":2,"d":{"e":3}}}"#),
            (
                r#"{"a/10":10,"a/2":2,"a/0":0,"a/1":1,"a/3":3,"a/4":4,"a/5":5,"a/6":6,"a/7":7,"a/8":8,"a/9":9}"#,
                r#"{"a":[0,1,2,3,4,5,6,7,8,9,10]}"#,
            ),
            (r#"{"a/-1":1,"a/1b":2,"/":3}"#, r#"{"a":{"-1":1,"1b":2},"":{"":3}}"#),
        ] {
            assert_eq!(unflattened(flat).as_deref(), Ok(nested), "{flat}");
        }
    }

    #[test]
    fn what_cannot_be_nested_is_refused() {
        for (flat, key, kind) in [
            (r#"{"a/0":0,"a/2":2}"#, "a/2", FlawKind::Gap),
            (r#"{"a/1/x":0}"#, "a/1/x", FlawKind::Gap),
            (r#"{"a/0":0,"a/b":1}"#, "a/b", FlawKind::Mixed),
            (r#"{"a/b":0,"a/0":1}"#, "a/0", FlawKind::Mixed),
            (r#"{"a":0,"a/b":1}"#, "a/b", FlawKind::Mixed),
            (r#"{"a/b":0,"a":1}"#, "a", FlawKind::Mixed),
            (r#"{"a/0":0,"a/00":1}"#, "a/00", FlawKind::Repeated),
        ] {
            assert_eq!(unflattened(flat), Err((key.to_owned(), kind)), "{flat}");
        }
        let deepest = "a/".repeat(MAX_DEPTH - 2) + "a";
        assert!(unflatten(vec![(deepest.clone(), Value::Null)]).is_ok());
        let deeper = unflatten(vec![(format!("{deepest}/a"), Value::Null)]);
        assert_eq!(deeper.unwrap_err().kind, FlawKind::TooDeep);
    }

    #[test]
    fn a_body_is_the_document_with_what_is_added() {
        let document = || {
            let mut object = Object::default();
            object.set("id", "1");
            Tree::from(object)
        };
        let own = || Value::object([("a", 1_i64)]);
        let text = |body| match body {
            Body::None => "none".to_owned(),
            Body::Json(tree) => tree.into_value().to_json(),
        };
        assert_eq!(text(body(None, None)), "none");
        assert_eq!(text(body(None, Some(own().into()))), r#"{"a":1}"#);
        assert_eq!(text(body(Some(document()), None)), r#"{"id":"1"}"#);
        assert_eq!(
            text(body(Some(document()), Some(own().into()))),
            r#"{"id":"1","extra":{"a":1}}"#
        );
    }
}
