//! What can go wrong between the flow and its memory.

use thiserror::Error;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// Too much at once: more work is waiting to be written than the setting `accept-queue`
    /// allows, or the database gave this transaction up in favour of another one. Nothing was
    /// written; the same call may go through a moment later.
    #[error("the store has more to write than it can take right now")]
    Busy,
    /// The database cannot be written or reached right now (disk full, server gone). Nothing is
    /// known to be written; the same call may go through later.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The database refused this one piece of work.
    #[error("the store refused this: {0}")]
    Refused(String),
    /// A compare-and-set found another state than expected; what was asked for no longer fits.
    #[error("it has changed meanwhile: {0}")]
    Conflict(String),
    /// The keys do not fit: something is sealed with one that is not here, was changed or moved
    /// since it was sealed, or the file of the keys cannot be used. The sentence names keys by
    /// their ids and shows nothing that is secret.
    #[error("{0}")]
    Keys(String),
    /// The database cannot be opened: wrong version, locked by another process, unreadable.
    #[error("{0}")]
    Open(String),
}

impl StoreError {
    /// Whether the same call may succeed later with nothing changed.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_))
    }
}

impl StoreError {
    /// What goes wrong before the store is open, is told as such, whatever it is.
    pub(crate) fn while_opening(self) -> Self {
        match self {
            Self::Open(sentence) => Self::Open(sentence),
            Self::Keys(sentence) => Self::Keys(sentence),
            Self::Unavailable(cause) | Self::Refused(cause) => {
                Self::Open(format!("the database cannot be opened: {cause}"))
            }
            Self::Busy | Self::Conflict(_) => {
                Self::Open("the database cannot be opened: others are changing it".to_owned())
            }
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            ApiMisuse, ConstraintViolation, ParameterOutOfRange, TooBig, TypeMismatch, Unknown,
        };
        // These are about this one piece of work, or about our own SQL, and so is an error without
        // a code, such as a column of another type. Everything else is about the file or the disk.
        match error.sqlite_error_code() {
            None
            | Some(
                ConstraintViolation | TypeMismatch | TooBig | ParameterOutOfRange | ApiMisuse
                | Unknown,
            ) => Self::Refused(error.to_string()),
            Some(_) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        // Classes 22 (data), 23 (integrity), 42 (our own SQL) and 54 (too large for an index) are
        // about this one piece of work. Class 40 (deadlock, serialisation) is about who was there
        // at the same moment. Everything else (connection lost, shutting down, disk full) passes.
        match error.as_db_error() {
            Some(database) => {
                let code = database.code().code();
                let sentence = format!("{} ({code})", database.message());
                if ["22", "23", "42", "54"].iter().any(|class| code.starts_with(class)) {
                    Self::Refused(sentence)
                } else if code.starts_with("40") {
                    Self::Busy
                } else {
                    Self::Unavailable(sentence)
                }
            }
            None => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => match Self::from(error) {
                // A statement did not fail here, a connection did: whatever the class, it passes.
                Self::Refused(sentence) => Self::Unavailable(sentence),
                other => other,
            },
            other => Self::Unavailable(other.to_string()),
        }
    }
}
