//! The templates of lifecycles: Django's language, as w.c.s. has it, over the answers of a submission.
//!
//! A request's URL, its keys, a mail's text, a digest and the condition of a jump are templates. They are
//! written by those who make forms, over answers that strangers sent, so that a rendering always ends and
//! stays small: steps, the bytes that filters touch, the length of templates and of what they make are
//! bounded by [`Limits`].
//!
//! ```text
//!   "{{ form_var_name|upper }}"  ──translate──►  "{{ (v0)|f_upper }}" + names + constants  ──minijinja──►  text
//! ```
//!
//! The language is read here, strictly: what Django does not know is refused with line and column, before
//! anything is run. The library then gives the machine: loops, conditions, fuel. Names are looked up only
//! where the template has them, so that nothing is computed that nobody asked for; what is not there is
//! [`Datum::Nothing`], written as nothing. A template that is one expression keeps the type of its value.

mod compare;
mod datum;
mod engine;
mod expression;
pub(crate) mod filters;
mod translate;

#[cfg(test)]
mod tests;

use chrono::DateTime;
use chrono_tz::Tz;
pub use fieldpost_model::project::Language;
use fieldpost_model::time::Timestamp;

pub use datum::{Datum, FileDatum};
use expression::{Names, Parser};

/// What a rendering may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a template may be, in bytes.
    pub template_bytes: usize,
    /// How many steps it may take.
    pub steps: u64,
    /// How many bytes its filters may read and write.
    pub work_bytes: usize,
    /// How long the text may be that it makes, in bytes.
    pub output_bytes: usize,
}

/// The limits where nobody says otherwise.
pub const DEFAULT_LIMITS: Limits = Limits {
    template_bytes: 64 * 1_024,
    steps: 500_000,
    work_bytes: 64 * 1_024 * 1_024,
    output_bytes: 4 * 1_024 * 1_024,
};

impl Default for Limits {
    fn default() -> Self {
        DEFAULT_LIMITS
    }
}

/// Where and when a template is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// Now.
    pub now: Timestamp,
    /// The time zone that dates and times are told in.
    pub zone: Tz,
    /// The language of dates.
    pub language: Language,
    /// What it may cost.
    pub limits: Limits,
}

impl Surroundings {
    /// That moment in UTC and English, within the usual limits.
    pub const fn at(now: Timestamp) -> Self {
        Self { now, zone: Tz::UTC, language: Language::English, limits: DEFAULT_LIMITS }
    }

    /// A moment as people of this place tell it.
    pub fn local(&self, time: Timestamp) -> Option<DateTime<Tz>> {
        Some(time.to_utc()?.with_timezone(&self.zone))
    }
}

/// What the names in a template stand for.
pub trait Variables {
    /// The value of a name; `None` where there is none of that name.
    fn variable(&self, name: &str) -> Option<Datum>;
}

/// Variables of which there are none.
#[derive(Clone, Copy, Debug)]
pub struct NoVariables;

impl Variables for NoVariables {
    fn variable(&self, _name: &str) -> Option<Datum> {
        None
    }
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong, as the end of a sentence. It tells nothing of what was answered.
    pub reason: String,
}

impl std::fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, column, reason } = self;
        match column {
            Some(column) => {
                write!(formatter, "The template fails in line {line}, column {column}: {reason}.")
            }
            None => write!(formatter, "The template fails in line {line}: {reason}."),
        }
    }
}

impl std::error::Error for TemplateError {}

/// A mistake, at a byte of what was read.
#[derive(Debug)]
struct Fault {
    at: Option<usize>,
    reason: String,
}

impl Fault {
    fn at(at: usize, reason: String) -> Self {
        Self { at: Some(at), reason }
    }

    /// A mistake of the tag that is being read.
    fn here(reason: String) -> Self {
        Self { at: None, reason }
    }

    /// The mistake, told from a text that has what was read behind its first `offset` bytes.
    fn moved(self, offset: usize) -> Self {
        Self { at: Some(self.at.unwrap_or(0) + offset), reason: self.reason }
    }

    fn in_template(self, template: &str) -> TemplateError {
        let before = template.get(..self.at.unwrap_or(0)).unwrap_or(template);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let line = before.matches('\n').count() + 1;
        TemplateError { line, column: Some(column), reason: self.reason }
    }
}

/// A template that was read.
#[derive(Debug)]
struct Translated {
    jinja: String,
    names: Names,
    /// Whether it is one expression, whose type is kept.
    is_expression: bool,
}

/// Whether the text is a template that can be rendered.
pub fn check(template: &str) -> Result<(), TemplateError> {
    read(template, &DEFAULT_LIMITS).map(|_| ())
}

/// Whether the text is a condition: an expression such as `form_var_age >= 18`, or a template.
pub fn check_condition(condition: &str) -> Result<(), TemplateError> {
    read_condition(condition, &DEFAULT_LIMITS).map(|_| ())
}

/// What a template's value follows from, beside what is written in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The names that it has, but for those of the moment.
    pub names: Vec<String>,
    /// Whether it looks at the time.
    pub time: bool,
}

/// What a template reads, whichever way it takes when it is rendered.
pub fn reads(template: &str, limits: &Limits) -> Result<Reads, TemplateError> {
    let Names { variables, asks_the_time, .. } = read(template, limits)?.names;
    let (of_the_moment, names): (Vec<_>, Vec<_>) =
        variables.into_iter().partition(|name| engine::OF_THE_MOMENT.contains(&&**name));
    Ok(Reads { names, time: asks_the_time || !of_the_moment.is_empty() })
}

/// The text that a template makes.
pub fn render(
    template: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Result<String, TemplateError> {
    if !translate::has_tags(template) {
        within(template, &surroundings.limits)?;
        return Ok(template.to_owned());
    }
    Ok(evaluate(template, variables, surroundings)?.written())
}

/// The text that a template makes, in which what it names is escaped for HTML.
pub fn render_html(
    template: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Result<String, TemplateError> {
    let mut translated = read(template, &surroundings.limits)?;
    if translated.is_expression {
        translated.jinja = engine::as_value(&translated.jinja);
    }
    engine::text(&translated, template, variables, surroundings, true)
}

/// The value that a template makes: that of its one expression, or a text.
pub fn evaluate(
    template: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Result<Datum, TemplateError> {
    let translated = read(template, &surroundings.limits)?;
    run(&translated, template, variables, surroundings)
}

/// Whether a condition holds.
pub fn holds(
    condition: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Result<bool, TemplateError> {
    let translated = read_condition(condition, &surroundings.limits)?;
    let value = run(&translated, condition, variables, surroundings)?;
    Ok(match value {
        // A template with more than one expression in it makes a text, and `False` is what it writes
        // for no.
        Datum::Text(text) if !translated.is_expression => {
            !matches!(text.trim(), "" | "False" | "false" | "0")
        }
        value => value.is_true(),
    })
}

fn run(
    translated: &Translated,
    template: &str,
    variables: &dyn Variables,
    surroundings: &Surroundings,
) -> Result<Datum, TemplateError> {
    if translated.is_expression {
        return engine::value(translated, template, variables, surroundings);
    }
    engine::text(translated, template, variables, surroundings, false).map(Datum::Text)
}

fn within(template: &str, limits: &Limits) -> Result<(), TemplateError> {
    if template.len() <= limits.template_bytes {
        return Ok(());
    }
    let reason = format!("it is longer than {} bytes", limits.template_bytes);
    Err(TemplateError { line: 1, column: None, reason })
}

fn read(template: &str, limits: &Limits) -> Result<Translated, TemplateError> {
    within(template, limits)?;
    let mut names = Names::default();
    let only = translate::only_value(template);
    let jinja = match only {
        Some((at, inside)) => {
            Parser::new(inside, &mut names).and_then(Parser::value).map_err(|fault| fault.moved(at))
        }
        None => translate::translate(template, &mut names),
    };
    let jinja = jinja.map_err(|fault| fault.in_template(template))?;
    Ok(Translated { jinja, names, is_expression: only.is_some() })
}

fn read_condition(condition: &str, limits: &Limits) -> Result<Translated, TemplateError> {
    if translate::has_tags(condition) {
        return read(condition, limits);
    }
    within(condition, limits)?;
    let mut names = Names::default();
    let jinja = Parser::new(condition, &mut names)
        .and_then(Parser::condition)
        .map_err(|fault| fault.in_template(condition))?;
    Ok(Translated { jinja, names, is_expression: true })
}
