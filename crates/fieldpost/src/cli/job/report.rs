//! What is said of a run on standard error: the log while it goes on, and each error with the line
//! of the job that it came from.

use fieldpost_script::compile::{self, CompileError};
use fieldpost_script::protocol::{Level, LogLine, StepError};
use fieldpost_script::runtime::outcome::{advice, in_words};

use super::super::show::legible;
use super::read::{Prepared, Source};
use crate::failure::Failure;
use crate::output;

/// Shows the log of a run.
pub(super) struct Console {
    /// Whether nothing is shown.
    pub(super) silent: bool,
    /// Whether what the runtime says is shown as well, where it is no warning.
    pub(super) runtime: bool,
}

impl Console {
    /// Shows a line, where it is to be shown.
    pub(super) fn log(&self, line: LogLine) {
        let LogLine { level, source, message } = line;
        if self.silent || !self.runtime && source == "R/T" && level < Level::Warn {
            return;
        }
        let level = match level {
            Level::Debug => output::faint("debug"),
            Level::Info => "info ".to_owned(),
            Level::Warn => output::noteworthy("warn "),
            Level::Error => output::bad("error"),
        };
        output::note(format!("{source} {level} {}", legible(&message)));
    }
}

/// A job that the compiler refuses.
pub(super) fn not_compiled(source: &Source, error: &CompileError) -> Failure {
    let frame = Some(error.frame.as_str()).filter(|frame| !frame.is_empty());
    Failure::new(format!("{}: {error} [{}]", source.place, error.code()))
        .details(frame.map(|frame| legible(frame).into_owned()))
        .maybe_hint(error.hint())
}

/// The error of a step that the run survived.
pub(super) fn failed(prepared: &Prepared, step: &str, error: &StepError) -> String {
    let mut said = format!("{}: {}", output::bad("failed"), sentence(prepared, step, error));
    for line in frame(prepared, step, error).into_iter().chain(description(error)) {
        said.push_str("\n  ");
        said.push_str(&line.replace('\n', "\n  "));
    }
    if let Some(hint) = hint(prepared, step, error) {
        said.push_str("\nhint: ");
        said.push_str(&hint);
    }
    said
}

/// The error that ended a run before its time.
pub(super) fn broken_off(prepared: &Prepared, step: &str, error: &StepError) -> Failure {
    Failure::new(sentence(prepared, step, error))
        .details(frame(prepared, step, error).into_iter().chain(description(error)))
        .maybe_hint(hint(prepared, step, error))
}

fn description(error: &StepError) -> Option<String> {
    advice(error).0.map(|words| legible(&words).into_owned())
}

/// How an error can be mended.
fn hint(prepared: &Prepared, step: &str, error: &StepError) -> Option<String> {
    let unknown = error.subtype.as_deref() == Some("ReferenceError");
    let hint = advice(error).1.or_else(|| {
        let no_adaptors = prepared.source_of(step).is_some_and(|source| !source.has_adaptors);
        (unknown && no_adaptors)
            .then(|| "name the adaptor whose functions the job uses: -a common".to_owned())
    });
    hint.map(|hint| legible(&hint).into_owned())
}

fn sentence(prepared: &Prepared, step: &str, error: &StepError) -> String {
    let place = prepared.source_of(step).map_or(step, |source| source.place.as_str());
    format!("{place}: {}", legible(&in_words(error)))
}

fn place_of(error: &StepError) -> Option<compile::Position> {
    let pos = error.pos.map(|pos| compile::Position { line: pos.line, column: pos.column });
    pos.or_else(|| Some(compile::Position { line: error.line?, column: 1 }))
}

/// The line that an error came from, with a mark below the place.
fn frame(prepared: &Prepared, step: &str, error: &StepError) -> Option<String> {
    let text = &prepared.source_of(step)?.text;
    compile::frame_at(text, place_of(error)?).map(|frame| legible(&frame).into_owned())
}
