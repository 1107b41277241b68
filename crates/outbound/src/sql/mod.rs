//! Statements that a job has a database do.
//!
//! A job names the database and what it wants done; the hub opens the session by the guarded way that
//! tables are written by (`tables`), sends the statement with its values apart from it, and
//! brings the rows as JSON. What is no number, truth or text in JSON is told with its type, so that the
//! other side can make of it what a client of PostgreSQL in Node.js does: days and times, bytes.
//!
//! Rows are counted while they come: see [`SqlBounds`].
//!
//! Values never become part of the statement: each goes as text beside it, and the database reads it as
//! the type that the statement wants there. So no value can be anything but a value.
//!
//! ```text
//! session ── one statement after the other     pool ── sessions that wait for the next step
//! values ── what goes with a statement     cells ── what comes back, by type
//! numeric ── decimal numbers of any size   interval ── spans of time
//! ```

mod cells;
mod interval;
mod numeric;
mod pool;
mod session;
mod values;

use std::time::Duration;

use fieldpost_model::connection::Tls;
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;

use crate::room::AnswerRoom;

pub use pool::{SqlLoan, SqlPool};
pub use session::SqlSession;

/// A database, and who opens it.
#[derive(Clone, Debug)]
pub struct SqlTarget {
    /// The name or address of its server.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name of the database.
    pub database: String,
    /// Who opens it.
    pub user: String,
    /// And proves it by this.
    pub password: Option<Secret>,
    /// How TLS is spoken; `None`: not at all.
    pub tls: Option<Tls>,
}

/// What a statement may take.
#[derive(Clone, Copy, Debug)]
pub struct SqlBounds<'a> {
    /// How long it may take, its turn and its answer included.
    pub time: Duration,
    /// How many bytes its rows may take in memory.
    pub bytes: usize,
    /// The places of whoever asks; those of the hub are beside them.
    pub room: &'a AnswerRoom,
}

/// What a statement brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlAnswer {
    /// How many rows it brought or changed; `None` where that cannot be told.
    pub affected: Option<u64>,
    /// The columns of the rows, in their order.
    pub columns: Vec<SqlColumn>,
    /// The rows, each with a value for each column.
    pub rows: Vec<Vec<Value<'static>>>,
}

/// A column of what a statement brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its type, by PostgreSQL's name: `int8`, `timestamptz`, `_text` for a list of texts.
    pub kind: String,
}

/// Why a statement came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFailure {
    /// The SQLSTATE where the database said no, and a word for programs where there was no answer.
    pub code: String,
    /// What was said, in a sentence. It may quote values of the statement.
    pub message: String,
    /// What it is about, where the database says so.
    pub about: Box<SqlSubject>,
}

/// What the database says beside the reason of a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlSubject {
    /// What else it said.
    pub detail: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// The constraint.
    pub constraint: Option<String>,
}

impl SqlFailure {
    fn new(code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { code, message, about: Box::default() }
    }
}
