//! Project files: YAML 1.2 text to a value and back.
//!
//! The text is read by an event parser and turned into a [`Value`] here, since going by way of
//! machine numbers would change what people wrote: `1.10`, an id of thirty digits. Types are those
//! of YAML's core schema, so that `on`, `yes` and `no` are text; and a number written with leading
//! zeros, which only a code or a telephone number has, is text as well.
//!
//! `${NAME}` is replaced in texts after the file was read: whatever the value holds, it stays one
//! text and cannot become a key or another value. `$${` stands for `${` itself. In jobs and in the
//! conditions of edges, which are JavaScript, both mean nothing.

use fieldpost_model::json::Value;

use super::problem::Problem;

mod emit;
mod load;
mod plain;
mod variables;

#[cfg(test)]
mod tests;

pub(super) use emit::scalar;
pub use emit::{write, write_as_is};

/// The longest project file, in bytes.
pub const MAX_BYTES: usize = 4 * 1_024 * 1_024;

/// How many values a project file can hold, with those that its aliases repeat.
pub const MAX_VALUES: usize = 250_000;

/// Reads a project file. `lookup` gives the value of a `${NAME}`; for text from a page or the API
/// it must give none, so that nobody can read the environment of the server.
pub fn read(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Value<'static>, Vec<Problem>> {
    let (value, problems) = read_on(text, lookup).map_err(|problem| vec![problem])?;
    if problems.is_empty() { Ok(value) } else { Err(problems) }
}

/// Reads a project file, and reads on where a variable cannot be replaced: it is empty then, and
/// told beside the value. So whatever else is wrong with the file can be told together with it.
pub fn read_on(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<(Value<'static>, Vec<Problem>), Problem> {
    Ok(variables::replace(load::load(text)?, lookup))
}

/// Reads a file in which `${` means nothing: one of another system.
pub fn read_as_is(text: &str) -> Result<Value<'static>, Problem> {
    load::load(text)
}

/// Puts the files of one project together. Sections are joined; whatever is defined twice must be
/// the same both times.
pub fn merge(files: Vec<Value<'static>>) -> Result<Value<'static>, Vec<Problem>> {
    let (merged, problems) = merge_on(files);
    if problems.is_empty() { Ok(merged) } else { Err(problems) }
}

/// The same, going on where something is defined twice: the first one counts then, and that is told beside what was put
/// together. So whatever else is wrong with the files can be told together with it.
pub fn merge_on(files: Vec<Value<'static>>) -> (Value<'static>, Vec<Problem>) {
    let mut problems = Vec::new();
    let merged = files.into_iter().reduce(|mut merged, file| {
        merge_into(&mut merged, file, "", SECTION_DEPTH, &mut problems);
        merged
    });
    (merged.unwrap_or(Value::Null), problems)
}

/// The levels of a document that files can share: its top, and the names in its sections. A single
/// connection spread over two files would be a riddle to its readers.
const SECTION_DEPTH: usize = 2;

fn merge_into(
    merged: &mut Value<'static>,
    file: Value<'static>,
    path: &str,
    depth: usize,
    problems: &mut Vec<Problem>,
) {
    match (merged, file) {
        (merged @ Value::Null, file) => *merged = file,
        (_, Value::Null) => {}
        (Value::Object(members), Value::Object(added)) if depth > 0 => {
            for (key, value) in added {
                let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                match members.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, present)) => merge_into(present, value, &path, depth - 1, problems),
                    None => members.push((key, value)),
                }
            }
        }
        (merged, file) if *merged == file => {}
        _ => problems.push(Problem {
            path: path.to_owned(),
            code: "conflicting-definitions",
            message: "two files define this, and differently".to_owned(),
            hint: Some("leave it in one of them".to_owned()),
        }),
    }
}

fn bad_yaml(message: String, hint: Option<&str>) -> Problem {
    Problem { path: String::new(), code: "bad-yaml", message, hint: hint.map(str::to_owned) }
}
