//! What can be wrong with a definition, told so that it can be put right.

use std::fmt;

/// Every code that a [`Problem`] can have, in the order of the reference.
pub const CODES: [&str; 57] = [
    "automatic-circle",
    "bad-condition",
    "bad-cron",
    "bad-header",
    "bad-job-file",
    "bad-json-path",
    "bad-mail-address",
    "bad-name",
    "bad-path",
    "bad-pem",
    "bad-secret",
    "bad-signing-secret",
    "bad-template",
    "bad-url",
    "bad-variable",
    "bad-yaml",
    "circular-workflow",
    "conflicting-definitions",
    "credential-condition",
    "credentials-in-the-clear",
    "cursor-not-kept",
    "database-needs-table",
    "does-not-apply",
    "duplicate-value",
    "endpoint-with-jump",
    "id-cannot-be-withheld",
    "missing-key",
    "more-mistakes",
    "no-notify",
    "no-role-for-function",
    "no-stored-secret",
    "not-supported-yet",
    "out-of-range",
    "reserved-name",
    "secret-must-be-given-again",
    "short-secret",
    "short-signing-secret",
    "table-needs-database",
    "two-triggers",
    "unknown-api-access",
    "unknown-connection",
    "unknown-field",
    "unknown-function",
    "unknown-key",
    "unknown-role",
    "unknown-source",
    "unknown-status",
    "unknown-step",
    "unknown-time-zone",
    "unreachable-action",
    "unreachable-status",
    "unreachable-step",
    "unverified-tls",
    "withhold-needs-model",
    "wrong-field-type",
    "wrong-type",
    "wrong-value",
];

/// One thing that is wrong with a definition, or, from
/// [`warnings`](super::warnings()), that is likely to be regretted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: the keys from the top, `forwarders.births.to`. Empty for the document as a whole.
    pub path: String,
    /// What, as a stable word: one of [`CODES`].
    pub code: &'static str,
    /// What, in a sentence, with the wrong value unless that could be a secret.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        write!(formatter, "{} [{}]", self.message, self.code)?;
        match &self.hint {
            Some(hint) => write!(formatter, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
