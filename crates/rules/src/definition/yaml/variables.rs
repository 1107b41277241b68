//! `${NAME}` in texts.

use fieldpost_model::json::Value;

use super::super::problem::Problem;

/// Replaces every `${NAME}` in the texts of a value, and tells those that it cannot. Keys stay as
/// they are, and so does what is JavaScript.
pub(super) fn replace(
    value: Value<'static>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> (Value<'static>, Vec<Problem>) {
    let mut replacer = Replacer { lookup, problems: Vec::new() };
    let value = each_text(value, &mut Vec::new(), &mut |text, place| replacer.text(text, place));
    (value, replacer.problems)
}

/// A value that reads back as this one.
pub(super) fn escaped(value: &Value<'_>) -> Value<'static> {
    let escape = &mut |text: &str, _: &[String]| text.replace("${", "$${");
    each_text(value.clone().into_owned(), &mut Vec::new(), escape)
}

/// Makes something else of each text in which `${` stands and means a variable. `place` are the keys
/// that lead to the value.
fn each_text(
    value: Value<'static>,
    place: &mut Vec<String>,
    change: &mut dyn FnMut(&str, &[String]) -> String,
) -> Value<'static> {
    if let Value::String(text) = &value
        && text.contains("${")
        && !is_code(place)
    {
        return Value::from(change(text, place));
    }
    let mut within = |key: String, value| {
        place.push(key);
        let changed = each_text(value, place, change);
        place.pop();
        changed
    };
    match value {
        Value::Array(elements) => {
            let elements = elements.into_iter().enumerate();
            let changed = elements.map(|(index, value)| within(format!("[{index}]"), value));
            Value::Array(changed.collect())
        }
        Value::Object(members) => {
            let members = members.into_iter();
            let changed = members.map(|(key, value)| {
                let value = within(key.to_string(), value);
                (key, value)
            });
            Value::Object(changed.collect())
        }
        value => value,
    }
}

/// Whether JavaScript stands at a place of a project file, where `${` is the language's own: the jobs
/// of workflows, and the conditions of edges.
fn is_code(place: &[String]) -> bool {
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    matches!(
        place.as_slice(),
        ["workflows", _, "steps", _, "job"]
            | ["workflows", _, "steps", _, "next", ..]
            | ["workflows", _, "start", ..]
    )
}

/// The keys of a place as problems have them: `sources.kobo.auth[0]`.
fn path_of(place: &[String]) -> String {
    place.join(".").replace(".[", "[")
}

struct Replacer<'l> {
    lookup: &'l dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

impl Replacer<'_> {
    fn text(&mut self, text: &str, place: &[String]) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                replaced.push_str(before);
                replaced.push_str("${");
                rest = after;
                continue;
            }
            replaced.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            replaced.push_str(&self.variable(name, place));
            rest = after;
        }
        replaced.push_str(rest);
        replaced
    }

    fn variable(&mut self, name: &str, place: &[String]) -> String {
        let mut report = |message: String, hint: &str| {
            self.problems.push(Problem {
                path: path_of(place),
                code: "bad-variable",
                message,
                hint: Some(hint.to_owned()),
            });
            String::new()
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            // What follows a `${` by chance may be a part of a password; it is not repeated.
            return report(
                "`${` must be followed by a name and `}`".to_owned(),
                "names are letters, digits and `_`; write `$${` for the two characters themselves",
            );
        }
        (self.lookup)(name).unwrap_or_else(|| {
            report(
                format!("the variable `{name}` is not set"),
                "set it where the file is read: on the machine of `fieldpost apply`, or for the \
                 hub in files given with `--project`; text from a page or the API has no variables",
            )
        })
    }
}
