//! Text that must never be shown: passwords, tokens, inbox secrets.

use std::fmt;

/// A secret's text. It neither prints nor serialises; `expose` is where it is used.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

/// What stands in the place of a secret wherever a definition is shown. Setting a secret to this
/// text keeps the one that is stored.
pub const PLACEHOLDER: &str = "•••••••";

impl Secret {
    /// Takes the secret's text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PLACEHOLDER)
    }
}
