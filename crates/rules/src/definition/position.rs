//! Mistakes in the order in which they stand in a document, so that whoever mends them goes through it once.
//!
//! A document can have millions of values below keys as long as itself, and few of them are wrong. So it is the path of
//! each mistake that is followed into the document, and nothing is kept of the places that nobody asks for.

use std::collections::HashMap;

use fieldpost_model::json::Value;

use super::fields::{MAX_TOLD, MORE, more};
use super::problem::Problem;

/// Puts what is wrong with a document into the order of its places. What is missing comes where its object stands; what
/// the document says nothing of, but the project that it is applied to, comes last. What is wrong at one place stays in
/// its order. Of more than can be told, the first are told, and how many more there are.
pub fn in_order(value: &Value<'_>, mut problems: Vec<Problem>) -> Vec<Problem> {
    if problems.len() > 1 {
        let mut keys = Keys::default();
        problems.sort_by_cached_key(|problem| place(value, problem, &mut keys));
    }
    let is_counted = problems.last().is_some_and(|problem| problem.code == MORE);
    if !is_counted && problems.len() > MAX_TOLD {
        let left_out = problems.len() - MAX_TOLD;
        problems.truncate(MAX_TOLD);
        problems.push(more(left_out));
    }
    problems
}

/// Where something stands among the rest, by the index of each key and element on the way to it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    Within(Vec<usize>),
    /// In the project that the document is applied to.
    Elsewhere,
    Last,
}

/// The keys of the objects that a path led through, each by where it is in memory.
type Keys<'v> = HashMap<*const Value<'v>, HashMap<&'v str, usize>>;

/// The place of a problem, or the nearest one around it that there is.
fn place<'v>(document: &'v Value<'v>, problem: &Problem, keys: &mut Keys<'v>) -> Position {
    if problem.code == MORE {
        return Position::Last;
    }
    let (mut value, mut rest) = (document, problem.path.as_str());
    let mut indices = Vec::new();
    while let Some((index, inner, left)) = step(value, rest, keys) {
        indices.push(index);
        (value, rest) = (inner, left);
    }
    if indices.is_empty() && rest.contains(['.', '[']) {
        return Position::Elsewhere;
    }
    Position::Within(indices)
}

/// The first step of a path into a value: its index, what is there, and the rest of the path.
fn step<'v, 'p>(
    value: &'v Value<'v>,
    path: &'p str,
    keys: &mut Keys<'v>,
) -> Option<(usize, &'v Value<'v>, &'p str)> {
    if path.is_empty() {
        return None;
    }
    if let Some(elements) = value.as_array() {
        let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
        let index = index.parse().ok()?;
        return Some((index, elements.get(index)?, rest.strip_prefix('.').unwrap_or(rest)));
    }
    let members = value.as_object()?;
    let known = keys.entry(std::ptr::from_ref(value)).or_insert_with(|| {
        members.iter().enumerate().map(|(index, (key, _))| (key.as_ref(), index)).collect()
    });
    // Keys can have any sign in them: the longest that there is.
    let mut key = path;
    loop {
        if let Some(&index) = known.get(key) {
            let rest = path.get(key.len()..).unwrap_or_default();
            let (_, inner) = members.get(index)?;
            return Some((index, inner, rest.strip_prefix('.').unwrap_or(rest)));
        }
        key = key.get(..key.rfind(['.', '['])?).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_in_the_order_of_their_places() {
        let value = Value::parse(br#"{"b": {"x": [1, {"y": 2}], "z": 3}, "a": 4}"#).unwrap();
        let problem = |path: &str| Problem {
            path: path.to_owned(),
            code: "wrong-value",
            message: String::new(),
            hint: None,
        };
        let paths = [
            "elsewhere.c.d",
            "a",
            "b.z.missing",
            "b.z",
            "b.x[1].y",
            "b.x[0]",
            "b.missing",
            "nowhere",
            "",
        ];
        let told = in_order(&value, paths.map(problem).to_vec());
        let told: Vec<&str> = told.iter().map(|it| it.path.as_str()).collect();
        let expected =
            ["nowhere", "", "b.missing", "b.x[0]", "b.x[1].y", "b.z.missing", "b.z", "a"];
        assert_eq!(told[..8], expected);
        assert_eq!(told[8..], ["elsewhere.c.d"], "what the document says nothing of comes last");
    }

    fn wrong(path: String) -> Problem {
        Problem { path, code: "wrong-value", message: String::new(), hint: None }
    }

    /// Keys as long as a document times all that stands in it would be more than any memory.
    #[test]
    fn places_in_a_long_key_take_no_more_than_the_document() {
        let key = "k".repeat(1_000_000);
        let elements = vec!["0"; 1_000_000].join(",");
        let text = format!("{{\"{key}\": [{elements}], \"a.b\": {{\"c[0]\": 1, \"d\": 2}}}}");
        let value = Value::parse(text.as_bytes()).unwrap();
        let paths = ["a.b.d", "a.b.c[0]", &format!("{key}[999999]"), &format!("{key}[7]")];
        let told = in_order(&value, paths.map(|path| wrong(path.to_owned())).to_vec());
        let told: Vec<&str> = told.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(told, [paths[3], paths[2], paths[1], paths[0]]);
    }

    #[test]
    fn of_more_mistakes_than_can_be_told_the_first_are_and_how_many_more() {
        let value = Value::parse(br#"{"a": [0, 1, 2], "b": 1}"#).unwrap();
        let mut problems = vec![wrong("b".to_owned()); MAX_TOLD + 6];
        problems.push(wrong("a[2]".to_owned()));
        let told = in_order(&value, problems);
        assert_eq!((told.len(), told[0].path.as_str()), (MAX_TOLD + 1, "a[2]"));
        let last = told.last().unwrap();
        assert_eq!((last.code, last.path.as_str()), (MORE, ""));
        assert!(last.message.contains("7 more"), "{last}");
        assert_eq!(in_order(&value, told.clone()), told, "what is counted is not counted again");
    }
}
