//! The refusal to read a message, in words that help.

use std::fmt;

/// How much of a payload a reason may quote, in characters: enough to find the place, too little
/// to leak a person's data into logs.
const EXCERPT_LENGTH: usize = 40;

/// Why a message could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// A stable kebab-case word; docs/dialects.md lists them all.
    pub code: &'static str,
    /// A sentence with a hint. It quotes at most a few words of the payload.
    pub reason: String,
}

impl Unreadable {
    /// A refusal with that code and that sentence.
    pub(crate) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.reason, self.code)
    }
}

impl std::error::Error for Unreadable {}

/// The beginning of a piece of payload, fit to be quoted in a reason.
pub(crate) fn excerpt(text: &str) -> String {
    let mut characters = text.chars();
    let mut excerpt: String = characters
        .by_ref()
        .take(EXCERPT_LENGTH)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if characters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_on_one_line() {
        assert_eq!(excerpt("instanceID"), "instanceID");
        assert_eq!(excerpt("a\nb\u{1b}c"), "a b c");
        assert_eq!(excerpt(&"é".repeat(EXCERPT_LENGTH)), "é".repeat(EXCERPT_LENGTH));
        let cut = excerpt(&"é".repeat(EXCERPT_LENGTH + 1));
        assert_eq!(cut, format!("{}…", "é".repeat(EXCERPT_LENGTH)));
    }
}
