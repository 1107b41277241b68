//! What the hub answers when it does not do what it was asked.

use fieldpost_model::time::Timestamp;
use fieldpost_rules::definition::Problem;
use fieldpost_store::StoreError;
use thiserror::Error;

/// Why the hub did not do what it was asked. Each has a stable code for machines, and a hint.
#[derive(Clone, Debug, Error)]
pub enum HubError {
    /// There is no such thing.
    #[error("there is no {noun} \"{name}\" here")]
    NotFound {
        /// What kind of thing.
        noun: &'static str,
        /// What it was asked for by.
        name: String,
    },
    /// A definition is wrong; every problem of it is told at once.
    #[error("the definition is not valid")]
    Invalid(Vec<Problem>),
    /// What was asked for does not fit the present state.
    #[error("{message}")]
    NotAllowed {
        /// A stable word.
        code: &'static str,
        /// What is the matter, in a sentence.
        message: String,
        /// What to do instead.
        hint: String,
    },
    /// What was to be changed is not what whoever changes it has seen.
    #[error("{message}")]
    NotAsExpected {
        /// A stable word.
        code: &'static str,
        /// What is the matter, in a sentence.
        message: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// What is asked for was there, and has been erased.
    #[error("the {what} was erased at {at}")]
    Erased {
        /// What is gone.
        what: &'static str,
        /// Since when.
        at: Timestamp,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HubError {
    /// A stable kebab-case word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not-found",
            Self::Invalid(_) => "invalid-definition",
            Self::NotAllowed { code, .. } | Self::NotAsExpected { code, .. } => code,
            Self::Erased { .. } => "erased",
            Self::Store(StoreError::Busy) => "busy",
            Self::Store(StoreError::Unavailable(_)) => "store-unavailable",
            Self::Store(StoreError::Conflict(_)) => "conflict",
            Self::Store(StoreError::Refused(_) | StoreError::Open(_)) => "store-refused",
            Self::Store(StoreError::Keys(_)) => "key-trouble",
        }
    }

    pub(crate) fn not_found(noun: &'static str, name: &impl ToString) -> Self {
        Self::NotFound { noun, name: name.to_string() }
    }
}
