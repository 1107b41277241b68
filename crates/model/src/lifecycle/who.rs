//! Who may see or do something in a lifecycle.

use std::fmt;

/// Who may see or do something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Whoever has the role that this function is bound to: `_receiver`.
    Function(String),
    /// Whoever has this role, however functions are bound.
    Role(String),
    /// Whoever filled the form in.
    Submitter,
    /// Everybody who is known by name.
    LoggedIn,
    /// Programs that sign, whoever they act for.
    SignedCalls,
    /// Everybody, without proof.
    Anyone,
}

impl Who {
    /// What w.c.s. calls whoever filled the form in.
    pub const SUBMITTER: &'static str = "_submitter";
    /// What w.c.s. calls everybody who is known by name.
    pub const LOGGED_IN: &'static str = "logged-users";
    /// What w.c.s. calls programs that sign.
    pub const SIGNED_CALLS: &'static str = "_signed_calls";
    /// Everybody; w.c.s. has no word for it, and leaves the list empty.
    pub const ANYONE: &'static str = "anyone";

    /// The words that are neither functions nor roles.
    pub const WORDS: [&'static str; 4] =
        [Self::SUBMITTER, Self::LOGGED_IN, Self::SIGNED_CALLS, Self::ANYONE];

    /// Who is meant by a word: what begins with `_` is a function, everything else a role.
    pub fn from_name(name: &str) -> Self {
        match name {
            Self::SUBMITTER => Self::Submitter,
            Self::LOGGED_IN => Self::LoggedIn,
            Self::SIGNED_CALLS => Self::SignedCalls,
            Self::ANYONE => Self::Anyone,
            _ if name.starts_with('_') => Self::Function(name.to_owned()),
            _ => Self::Role(name.to_owned()),
        }
    }

    /// The word for it.
    pub fn name(&self) -> &str {
        match self {
            Self::Function(name) | Self::Role(name) => name,
            Self::Submitter => Self::SUBMITTER,
            Self::LoggedIn => Self::LOGGED_IN,
            Self::SignedCalls => Self::SIGNED_CALLS,
            Self::Anyone => Self::ANYONE,
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
