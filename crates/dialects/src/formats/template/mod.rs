//! What a forwarder's own template makes of a submission or a case: any text.
//!
//! The language is Jinja, as far as it is needed to write a body: paths, conditions, loops, filters,
//! tests, arithmetic. The variables are the members of the JSON that the format `normalised` has. What
//! is not there is an error that names it, never an empty text: a body with a hole in it is worse than
//! one that is not sent. `null` is written as nothing, lists and objects as JSON, and a number with the
//! digits that were sent.
//!
//! A template is a program that a stranger may have written, and must end:
//!
//! * the steps that it takes, the bytes that its filters touch, the depth of its loops and the length of
//!   what it makes are bounded, each by a constant here;
//! * a text cannot be made longer and longer: [`guard`] lets names stand for what is there, not for what
//!   is joined, so that forty doublings cannot follow each other.
//!
//! An error says the line and what is wrong with the template, never what was in the payload.

mod filters;
mod guard;
mod known;
mod values;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fieldpost_model::forwarder::Rendering;
use fieldpost_model::json::Value as Json;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::Written;

/// How long a template may be, in bytes.
pub const MAX_TEMPLATE_LENGTH: usize = 64 * 1_024;
/// How many steps a template may take.
pub const RENDERING_STEPS: u64 = 2_000_000;
/// How many bytes the filters of a template may read and write.
pub const RENDERING_WORK: u64 = 128 * 1_024 * 1_024;
/// How long the text may be that a template makes, in bytes.
pub const MAX_RENDERED_LENGTH: usize = 16 * 1_024 * 1_024;

/// How deep loops may stand in each other.
const MAX_LOOP_DEPTH: usize = 32;
/// What a template makes, where the forwarder does not say.
const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Whether the text is a template, and all filters, tests and functions that it names are there; a
/// sentence with its line where not.
pub fn check_template(template: &str) -> Result<(), String> {
    check_language(template)?;
    known::check(template, &environment(&Arc::default()))
}

/// Whether the text is a template. What it names is looked for when it comes to that: one that was saved
/// before names were looked for goes on as far as it did.
fn check_language(template: &str) -> Result<(), String> {
    if template.len() > MAX_TEMPLATE_LENGTH {
        return Err(format!(
            "The template is longer than {} kilobytes.",
            MAX_TEMPLATE_LENGTH / 1_024
        ));
    }
    guard::check(template)?;
    let run = Arc::new(Run::default());
    let environment = environment(&run);
    environment
        .template_from_str(template)
        .map(|_| ())
        .map_err(|error| run.sentence(&error, template))
}

/// What the forwarder's template makes of that.
pub(super) fn write(rendering: &Rendering, variables: &Json<'_>) -> Result<Written, String> {
    let template = rendering.template.as_deref().ok_or("The forwarder has no template.")?;
    let bytes = render(template, variables)?;
    let content_type = rendering.content_type.as_deref().unwrap_or(CONTENT_TYPE).to_owned();
    Ok(Written { bytes, content_type })
}

fn render(template: &str, variables: &Json<'_>) -> Result<Vec<u8>, String> {
    check_language(template)?;
    let mut numbers = HashMap::new();
    let missing = Arc::new(Mutex::new(None));
    let variables = values::convert(variables, &missing, &mut numbers);
    let run = Arc::new(Run { missing, numbers, ..Run::default() });
    let environment = environment(&run);
    let mut written = Bounded { bytes: Vec::new(), is_full: false };
    let rendered = environment
        .template_from_str(template)
        .and_then(|template| template.render_captured_to(variables, &mut written).map(|_| ()));
    match rendered {
        Ok(()) => Ok(written.bytes),
        Err(_) if written.is_full => Err(format!(
            "The template makes more than {} megabytes.",
            MAX_RENDERED_LENGTH / (1_024 * 1_024)
        )),
        Err(error) => Err(run.sentence(&error, template)),
    }
}

fn environment<'t>(run: &Arc<Run>) -> Environment<'t> {
    let mut environment = Environment::new();
    // Functions make what is not there: long lists, objects that change.
    let functions: Vec<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
    for name in functions {
        environment.remove_global(&name);
    }
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(RENDERING_STEPS));
    environment.set_recursion_limit(MAX_LOOP_DEPTH);
    filters::add(&mut environment, run);
    let shared = Arc::clone(run);
    environment.set_formatter(move |output, _, value| {
        let mut text = String::new();
        shared.write(value, &mut text)?;
        output.write_str(&text).map_err(Error::from)
    });
    environment
}

/// One making of a text: what it may still do, and what is known of it when it fails.
#[derive(Debug)]
struct Run {
    /// How many bytes filters may still touch.
    work: AtomicU64,
    /// Why a filter refused.
    refusal: Mutex<Option<String>>,
    /// The last name that was not there.
    missing: Arc<Mutex<Option<String>>>,
    /// Numbers that are written otherwise than machines write them: their digits, by their bits.
    numbers: HashMap<u64, String>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            work: AtomicU64::new(RENDERING_WORK),
            refusal: Mutex::default(),
            missing: Arc::default(),
            numbers: HashMap::new(),
        }
    }
}

impl Run {
    /// Takes so many bytes off what may still be done.
    fn charge(&self, bytes: usize) -> Result<(), Error> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let left = self
            .work
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        left.map(|_| ()).map_err(|_| {
            self.refuse(format!(
                "its filters read and write more than {} megabytes",
                RENDERING_WORK / (1_024 * 1_024)
            ))
        })
    }

    /// An error of a filter, for a reason that tells nothing of the payload.
    fn refuse(&self, reason: impl Into<String>) -> Error {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        *refusal = Some(reason.into());
        Error::new(ErrorKind::InvalidOperation, "refused")
    }

    /// What went wrong, for those who wrote the template. The words of the engine are shown where they
    /// are about the template alone; elsewhere they quote values.
    fn sentence(&self, error: &Error, template: &str) -> String {
        let line = error.line().map_or(String::new(), |line| format!(" in line {line}"));
        let told = |mutex: &Mutex<Option<String>>| {
            mutex.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        let reason = match error.kind() {
            ErrorKind::OutOfFuel => format!("it takes more than {RENDERING_STEPS} steps"),
            ErrorKind::UndefinedError => told(&self.missing)
                // A name that was made of an answer is not told.
                .filter(|name| template.contains(name.as_str()))
                .map_or("something is not there".to_owned(), |name| {
                    format!("there is no '{name}'")
                }),
            ErrorKind::SyntaxError
            | ErrorKind::BadEscape
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownMethod
            | ErrorKind::TemplateNotFound
            | ErrorKind::MissingArgument
            | ErrorKind::TooManyArguments => match error.detail() {
                Some(detail) => format!("{}: {detail}", error.kind()),
                None => error.kind().to_string(),
            },
            kind => told(&self.refusal).unwrap_or_else(|| {
                format!("what it does cannot be done with what is there ({kind})")
            }),
        };
        format!("The template fails{line}: {reason}.")
    }

    /// Writes a value as it stands in a text.
    fn write(&self, value: &Value, text: &mut String) -> Result<(), Error> {
        if let Some(written) = value.as_str() {
            text.push_str(written);
        } else if !(value.is_none() || value.is_undefined()) {
            self.write_json(value, text)?;
        }
        Ok(())
    }
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_RENDERED_LENGTH {
            self.is_full = true;
            return Err(io::Error::other("full"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
