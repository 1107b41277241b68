//! The difference of two JSON values, place by place: what a newer version of a submission changed.
//!
//! Order of members and the writing of numbers make no difference. Of two lists, what they begin and
//! end with alike is left out, so that an element that came in between does not move all the others.

use std::collections::HashMap;

use fieldpost_model::json::{Member, Value, numbers_equal};

use crate::field_path::push_key;

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `form.meta.id`, `people[2].name`; empty for the whole. Elements are counted as in the
    /// later value, or as in the earlier where only that has them.
    pub path: String,
    /// What stood there; `None` where nothing did.
    pub before: Option<Value<'static>>,
    /// What stands there now; `None` where nothing does.
    pub after: Option<Value<'static>>,
}

/// Where two values differ, `most` places at the most, and whether there are more.
pub fn difference(before: &Value<'_>, after: &Value<'_>, most: usize) -> (Vec<Difference>, bool) {
    let mut walk = Walk { path: String::new(), found: Vec::new(), most: most.saturating_add(1) };
    walk.compare(before, after);
    let is_more = walk.found.len() > most;
    walk.found.truncate(most);
    (walk.found, is_more)
}

/// Whether two values mean the same.
fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => numbers_equal(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let others = by_key(other);
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| others.get(&**key).is_some_and(|other| same(value, other)))
        }
        (one, other) => one == other,
    }
}

fn by_key<'m, 'v>(members: &'m [Member<'v>]) -> HashMap<&'m str, &'m Value<'v>> {
    members.iter().map(|(key, value)| (&**key, value)).collect()
}

struct Walk {
    path: String,
    found: Vec<Difference>,
    most: usize,
}

impl Walk {
    fn compare(&mut self, before: &Value<'_>, after: &Value<'_>) {
        if self.found.len() >= self.most {
            return;
        }
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.compare_members(before, after),
            (Value::Array(before), Value::Array(after)) => self.compare_elements(before, after),
            (before, after) if same(before, after) => {}
            (before, after) => self.note(Some(before), Some(after)),
        }
    }

    fn compare_members(&mut self, before: &[Member<'_>], after: &[Member<'_>]) {
        let (earlier, later) = (by_key(before), by_key(after));
        for (key, value) in before {
            self.within(
                |path| push_key(path, key),
                |walk| match later.get(&**key) {
                    Some(after) => walk.compare(value, after),
                    None => walk.note(Some(value), None),
                },
            );
        }
        for (key, value) in after.iter().filter(|(key, _)| !earlier.contains_key(&**key)) {
            self.within(|path| push_key(path, key), |walk| walk.note(None, Some(value)));
        }
    }

    fn compare_elements(&mut self, before: &[Value<'_>], after: &[Value<'_>]) {
        let alike = before.iter().zip(after).take_while(|(one, other)| same(one, other)).count();
        let (before, after) =
            (before.get(alike..).unwrap_or_default(), after.get(alike..).unwrap_or_default());
        let pairs = before.iter().rev().zip(after.iter().rev());
        let alike_at_end = pairs.take_while(|(one, other)| same(one, other)).count();
        let mut before = before.iter().take(before.len() - alike_at_end);
        let mut after = after.iter().take(after.len() - alike_at_end);
        for position in alike.. {
            let pair = (before.next(), after.next());
            if pair == (None, None) || self.found.len() >= self.most {
                return;
            }
            self.within(
                |path| path.extend(["[", &position.to_string(), "]"]),
                |walk| match pair {
                    (Some(before), Some(after)) => walk.compare(before, after),
                    (before, after) => walk.note(before, after),
                },
            );
        }
    }

    /// Goes on one step further in, and comes back.
    fn within(&mut self, enter: impl FnOnce(&mut String), go_on: impl FnOnce(&mut Self)) {
        let outside = self.path.len();
        enter(&mut self.path);
        go_on(self);
        self.path.truncate(outside);
    }

    fn note(&mut self, before: Option<&Value<'_>>, after: Option<&Value<'_>>) {
        if self.found.len() < self.most {
            self.found.push(Difference {
                path: self.path.clone(),
                before: before.map(|value| value.clone().into_owned()),
                after: after.map(|value| value.clone().into_owned()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Differences as `path: before -> after`.
    #[track_caller]
    fn check(before: &str, after: &str, expected: &[&str]) {
        let [before, after] =
            [before, after].map(|text| Value::parse(text.as_bytes()).unwrap().into_owned());
        let shown = |value: Option<Value<'_>>| value.map_or("-".to_owned(), |it| it.to_json());
        let (found, is_more) = difference(&before, &after, 100);
        assert!(!is_more);
        let found: Vec<String> = found
            .into_iter()
            .map(|one| format!("{}: {} -> {}", one.path, shown(one.before), shown(one.after)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_means_the_same_makes_no_difference() {
        check("1", "1.0", &[]);
        check(r#"{"a": 1, "b": [1e2]}"#, r#"{"b": [100], "a": 1.00}"#, &[]);
        check("null", "null", &[]);
    }

    #[test]
    fn each_place_is_told() {
        check("1", "2", &[": 1 -> 2"]);
        check(r#"{"a": 1}"#, "[1]", &[": {\"a\":1} -> [1]"]);
        check(
            r#"{"a": {"b": 1, "gone": [2]}, "same": "x", "k.1": null}"#,
            r#"{"a": {"b": "1", "new": {}}, "same": "x", "k.1": false}"#,
            &["a.b: 1 -> \"1\"", "a.gone: [2] -> -", "a.new: - -> {}", "\"k.1\": null -> false"],
        );
    }

    #[test]
    fn elements_in_between_do_not_move_the_others() {
        check("[1, 2, 3]", "[1, 9, 2, 3]", &["[1]: - -> 9"]);
        check("[1, 2, 3]", "[2, 3]", &["[0]: 1 -> -"]);
        check("[1, 2, 3]", "[1, 7, 3]", &["[1]: 2 -> 7"]);
        check("[1, 1]", "[1]", &["[1]: 1 -> -"]);
        check("[]", "[1, 2]", &["[0]: - -> 1", "[1]: - -> 2"]);
        check(
            r#"[{"n": 1, "x": 1}, {"n": 2}]"#,
            r#"[{"n": 1, "x": 5}, {"n": 2}]"#,
            &["[0].x: 1 -> 5"],
        );
    }

    #[test]
    fn no_more_are_told_than_asked_for() {
        let [before, after] =
            ["[1, 2, 3]", "[4, 5, 6]"].map(|text| Value::parse(text.as_bytes()).unwrap());
        for (most, told, more) in [(0, 0, true), (2, 2, true), (3, 3, false), (4, 3, false)] {
            let (found, is_more) = difference(&before, &after, most);
            assert_eq!((found.len(), is_more), (told, more), "{most}");
        }
    }
}
