//! What a command says when it could not do what it was asked: a sentence, what belongs to it, and
//! a hint. How it is shown is decided in one place, here.

use std::fmt::{self, Display};

/// The exit code for what went wrong.
const WRONG: u8 = 1;
/// The exit code for a command that was not understood.
const NOT_UNDERSTOOD: u8 = 2;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    /// Further lines, one for each of several problems.
    details: Vec<String>,
    hint: Option<String>,
    exit_code: u8,
    /// Something that was asked for is not there.
    is_missing: bool,
    /// The command line's own message, which is complete.
    usage: Option<clap::Error>,
    /// Whoever read our output has gone, as `head` does.
    output_closed: bool,
}

impl Failure {
    /// Something went wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            details: Vec::new(),
            hint: None,
            exit_code: WRONG,
            is_missing: false,
            usage: None,
            output_closed: false,
        }
    }

    /// The command does not make sense as it was written.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit_code: NOT_UNDERSTOOD, ..Self::new(message) }
    }

    /// Says what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do about it, where somebody knows.
    pub(crate) fn maybe_hint(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Remembers that the hub has not what was asked for, or not what it is in.
    pub(crate) fn not_found(self, is_missing: bool) -> Self {
        Self { is_missing, ..self }
    }

    /// Says what to do where it is the thing of that name that is not there, and not the project that it is looked for
    /// in, and nobody has said it yet.
    pub(crate) fn hint_where_missing(self, name: &str, hint: &str) -> Self {
        let is_meant = self.is_missing && self.message.contains(&format!("\"{name}\""));
        let is_unsaid = self.hint.is_none();
        self.maybe_hint((is_meant && is_unsaid).then_some(hint))
    }

    /// Whether it names several things that are wrong.
    pub(crate) fn has_details(&self) -> bool {
        !self.details.is_empty()
    }

    /// Lists the problems one by one.
    pub(crate) fn details(mut self, details: impl IntoIterator<Item = impl Display>) -> Self {
        self.details.extend(details.into_iter().map(|detail| detail.to_string()));
        self
    }

    /// Says where it went wrong.
    pub(crate) fn within(mut self, place: impl Display) -> Self {
        if self.usage.is_some() {
            self.hint = Some(format!("the value stands in {place}"));
        } else {
            self.message = format!("{place}: {}", self.message);
        }
        self
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Whether the only thing wrong is that nobody reads our output any more.
    pub(crate) fn is_closed_output(&self) -> bool {
        self.output_closed
    }

    /// The help or the version that was asked for, which is no failure at all.
    pub(crate) fn asked_for(&self) -> Option<&clap::Error> {
        self.usage.as_ref().filter(|error| !error.use_stderr())
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self { usage: Some(error), ..Self::usage("the command was not understood") }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let output_closed = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { output_closed, ..Self::new(error.to_string()) }
    }
}

impl From<fieldpost_store::StoreError> for Failure {
    fn from(error: fieldpost_store::StoreError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<fieldpost_engine::HubError> for Failure {
    fn from(error: fieldpost_engine::HubError) -> Self {
        use fieldpost_engine::HubError;
        let failure = Self::new(error.to_string());
        match error {
            HubError::Invalid(problems) => failure.details(problems),
            HubError::NotAllowed { hint, .. } => failure.hint(hint),
            HubError::NotAsExpected { hint, .. } => failure.hint(hint),
            HubError::NotFound { .. } | HubError::Erased { .. } | HubError::Store(_) => failure,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.usage {
            Some(error) => write!(formatter, "{}", error.to_string().trim_end())?,
            None => write!(formatter, "error: {}", self.message)?,
        }
        for detail in &self.details {
            write!(formatter, "\n  {}", detail.replace('\n', "\n  "))?;
        }
        match &self.hint {
            Some(hint) => write!(formatter, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_sentence_with_what_belongs_to_it() {
        let failure = Failure::new("the file is not valid")
            .details(["one: wrong\n  hint: mend it", "two: wrong"])
            .hint("look again")
            .within("clinic.yaml");
        assert_eq!(
            failure.to_string(),
            "error: clinic.yaml: the file is not valid\n  one: wrong\n    hint: mend it\n  \
             two: wrong\nhint: look again"
        );
        assert_eq!(failure.exit_code(), 1);
        assert_eq!(Failure::usage("no such thing").exit_code(), 2);
    }
}
