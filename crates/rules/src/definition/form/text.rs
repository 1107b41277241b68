//! Texts of a form: names, labels, templates, conditions, lists of words.

use fieldpost_model::json::Value;

use crate::definition::fields::{Field, Place};
use crate::lifecycle::template::{self, TemplateError};

/// The longest label, name of a status and other line, in characters.
const MAX_LINE: usize = 500;

/// The longest template or condition, in bytes.
const MAX_TEMPLATE_BYTES: usize = 65_536;

/// The longest variable name or id, in bytes.
const MAX_ID_BYTES: usize = 64;

/// Reads one line, which may be empty.
pub(super) fn read_line(field: &Field<'_, '_>) -> Option<String> {
    let line = field.any_text()?;
    if line.chars().count() <= MAX_LINE && !line.chars().any(char::is_control) {
        return Some(line.to_owned());
    }
    field.place.report("out-of-range", format!("must be one line of at most {MAX_LINE} characters"))
}

/// Reads a text of any number of lines.
pub(super) fn read_lines(field: &Field<'_, '_>, most: usize) -> Option<String> {
    let text = field.any_text()?;
    if text.chars().count() <= most {
        return Some(text.to_owned());
    }
    field.place.report("out-of-range", format!("must have at most {most} characters"))
}

/// Reads a list of lines, none of them empty, each once.
pub(super) fn read_texts(field: &Field<'_, '_>, most: usize) -> Vec<String> {
    let elements = field.elements();
    if elements.len() > most {
        let message = format!("at most {most} can be named, these are {}", elements.len());
        field.place.report::<()>("out-of-range", message);
        return Vec::new();
    }
    let mut texts: Vec<String> = Vec::new();
    for field in elements {
        let Some(text) = field.text().and_then(|_| read_line(&field)) else { continue };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Writes a list of texts.
pub(super) fn write_texts(texts: &[String]) -> Value<'static> {
    Value::Array(texts.iter().cloned().map(Value::from).collect())
}

/// Reads a template, which is not empty.
pub(super) fn read_template(field: &Field<'_, '_>) -> Option<String> {
    field.text().and_then(|_| read_any_template(field))
}

/// Reads a template, which may be empty.
pub(super) fn read_any_template(field: &Field<'_, '_>) -> Option<String> {
    let template = read_bounded(field)?;
    match template::check(template) {
        Ok(()) => Some(template.to_owned()),
        Err(error) => field.place.report_with_hint("bad-template", told(&error), OF_TEMPLATES),
    }
}

/// Reads a condition, which is not empty.
pub(super) fn read_condition(field: &Field<'_, '_>) -> Option<String> {
    let condition = field.text().and_then(|_| read_bounded(field))?;
    match template::check_condition(condition) {
        Ok(()) => Some(condition.to_owned()),
        Err(error) => field.place.report_with_hint("bad-condition", told(&error), OF_CONDITIONS),
    }
}

const OF_TEMPLATES: &str = "templates are written as those of Django: `{{ form_var_name }}`, \
                            `{% if form_var_urgent %}now{% endif %}`";
const OF_CONDITIONS: &str =
    "a condition compares answers, as `form_var_amount > 5`, or is a template that makes a text";

/// What is wrong with a template, as the words of a problem.
fn told(error: &TemplateError) -> String {
    let TemplateError { line, column, reason } = error;
    match column {
        Some(column) => format!("line {line}, column {column}: {reason}"),
        None => format!("line {line}: {reason}"),
    }
}

fn read_bounded<'f>(field: &'f Field<'_, '_>) -> Option<&'f str> {
    let text = field.any_text()?;
    if text.len() <= MAX_TEMPLATE_BYTES {
        return Some(text);
    }
    field.place.report("out-of-range", format!("must have at most {MAX_TEMPLATE_BYTES} bytes"))
}

/// Reads an object of templates under names that people chose.
pub(super) fn read_templates(field: &Field<'_, '_>) -> Vec<(String, String)> {
    let entries = field.entries().into_iter();
    let named = entries.filter_map(|(name, field)| {
        if name.is_empty() {
            return field.place.report("bad-name", "a name must not be empty");
        }
        Some((name.to_owned(), read_any_template(&field)?))
    });
    named.collect()
}

/// Writes templates under their names.
pub(super) fn write_templates(templates: &[(String, String)]) -> Value<'static> {
    Value::object(templates.iter().cloned())
}

/// Reads a variable name: letters, digits and `_`, a letter first. It is the same in a template, an
/// address and a column.
pub(super) fn read_variable(field: &Field<'_, '_>) -> Option<String> {
    let name = field.text()?;
    if is_variable(name) {
        return Some(name.to_owned());
    }
    let like: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .collect();
    let message = format!(
        "`{name}` is no variable name: letters without accents, digits and `_`, a letter first, at most \
         {MAX_ID_BYTES} of them"
    );
    if is_variable(&like) {
        let hint = format!("write it as `{like}`; what people read is the `label`");
        return field.place.report_with_hint("bad-name", message, hint);
    }
    field.place.report("bad-name", message)
}

fn is_variable(name: &str) -> bool {
    name.len() <= MAX_ID_BYTES
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Reports what could not be an id of a status, an action or a field.
pub(super) fn check_id(place: &Place<'_>, id: &str) -> Option<()> {
    let fits = (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits {
        return Some(());
    }
    place.report_with_hint(
        "bad-name",
        format!("`{id}` is no id: letters, digits, `-` and `_`, 1 to {MAX_ID_BYTES} of them"),
        "what people are to read can be written as `name` or `label`",
    )
}
