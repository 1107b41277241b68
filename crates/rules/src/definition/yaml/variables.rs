//! `${NAME}` in texts.

use std::borrow::Cow;

use fieldpost_model::json::Value;

use super::super::problem::Problem;

/// Replaces every `${NAME}` in the texts of a value, and tells those that it cannot. Keys stay as
/// they are.
pub(super) fn replace(
    value: Value<'static>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> (Value<'static>, Vec<Problem>) {
    let mut replacer = Replacer { lookup, problems: Vec::new() };
    let value = replacer.value(value, "");
    (value, replacer.problems)
}

/// Writes a text so that reading it changes nothing in it.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if text.contains("${") { Cow::Owned(text.replace("${", "$${")) } else { Cow::Borrowed(text) }
}

struct Replacer<'l> {
    lookup: &'l dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

impl Replacer<'_> {
    fn value(&mut self, value: Value<'static>, path: &str) -> Value<'static> {
        match value {
            Value::String(text) if text.contains("${") => {
                Value::String(Cow::Owned(self.text(&text, path)))
            }
            Value::Array(elements) => Value::Array(
                elements
                    .into_iter()
                    .enumerate()
                    .map(|(index, element)| self.value(element, &format!("{path}[{index}]")))
                    .collect(),
            ),
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| {
                        let separator = if path.is_empty() { "" } else { "." };
                        let value = self.value(value, &format!("{path}{separator}{key}"));
                        (key, value)
                    })
                    .collect(),
            ),
            value => value,
        }
    }

    fn text(&mut self, text: &str, path: &str) -> String {
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
            replaced.push_str(&self.variable(name, path));
            rest = after;
        }
        replaced.push_str(rest);
        replaced
    }

    fn variable(&mut self, name: &str, path: &str) -> String {
        let mut report = |message: String, hint: &str| {
            self.problems.push(Problem {
                path: path.to_owned(),
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
