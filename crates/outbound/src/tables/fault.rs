//! Why rows were not written, and whose matter it is.
//!
//! A database has no status codes; those of HTTP say the same, and all that is decided from an
//! answer (whether to try again, whether the destination is in trouble) is decided from them.
//!
//! | SQLSTATE | means | as | becomes of the delivery |
//! |---|---|---|---|
//! | – | nobody there, no TLS, no answer in time | – | tried again |
//! | 08, 40, 53, 55, 57, 58, XX, 25006 | the server is busy, stopping, full, or a standby | 503 | tried again |
//! | 28, 3D, 3F, 42501 | the user may not, or where it should go is not there | – | tried again; the connection is in trouble |
//! | any other | the database does not take these rows | 422 | rejected |
//!
//! What is told of an answer never has values in it: PostgreSQL quotes them in some of its messages,
//! and then the sentence is ours.

use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, AttemptResponse, ErrorKind};
use fieldpost_model::json::Value;
use tokio_postgres::error::DbError;

use crate::response::excerpt;

/// The status of rows that were written.
pub(super) const WRITTEN: u16 = 200;
/// The status of rows that the database does not take.
const REFUSED: u16 = 422;
/// The status of a database that may take them later.
const LATER: u16 = 503;

/// Why rows were not written.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There was no answer.
    Unanswered(AttemptError),
    /// The database said no.
    Answered(Box<Refusal>),
}

/// What a database said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The SQLSTATE.
    pub(super) code: String,
    /// The kind of statement.
    statement: &'static str,
    /// The table, as people write it; empty where it was about none.
    table: String,
    /// What it said, free of values.
    said: String,
}

/// Whose matter a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matter {
    /// The server's: it passes.
    Passing,
    /// That of whoever looks after the connection.
    Connection,
    /// That of what was sent, or of the table.
    Rows,
}

/// What was being done, for an error to name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing<'d> {
    pub(super) statement: &'static str,
    pub(super) table: &'d str,
    /// The host and the port.
    pub(super) authority: &'d str,
}

impl Doing<'_> {
    /// The fault that an error of the client is.
    pub(super) fn fault(&self, error: &tokio_postgres::Error) -> Fault {
        match error.as_db_error() {
            Some(said) => Fault::Answered(Box::new(Refusal {
                code: said.code().code().to_owned(),
                statement: self.statement,
                table: self.table.to_owned(),
                said: without_values(said),
            })),
            None => Fault::Unanswered(AttemptError {
                kind: ErrorKind::Connect,
                message: format!("The connection to {} broke: {}", self.authority, deepest(error)),
            }),
        }
    }
}

/// The words of the innermost error.
pub(crate) fn deepest(error: &tokio_postgres::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(inner) = deepest.source() {
        deepest = inner;
    }
    deepest.to_string()
}

impl Fault {
    /// There was no answer in that time.
    pub(crate) fn timed_out(limit: Duration) -> Self {
        let message = format!("No answer within {limit:?}");
        Self::Unanswered(AttemptError { kind: ErrorKind::Timeout, message })
    }

    /// Whether what is known of the tables is not true any more.
    pub(super) fn is_stale_knowledge(&self) -> bool {
        // Columns and tables that are gone, or that somebody else has made meanwhile.
        let is_stale =
            |code: &str| matches!(code, "42703" | "42P01" | "42701" | "42P07" | "23505" | "42804");
        matches!(self, Self::Answered(refusal) if is_stale(&refusal.code))
    }

    /// Whether the connection is good for nothing any more.
    pub(super) fn is_broken_connection(&self) -> bool {
        match self {
            Self::Unanswered(error) => error.kind == ErrorKind::Connect,
            // The server ends sessions so when it stops or is told to.
            Self::Answered(refusal) => refusal.code.starts_with("57P"),
        }
    }

    /// What an attempt records of it.
    pub(crate) fn record(self) -> (Option<AttemptResponse>, AttemptError) {
        let refusal = match self {
            Self::Unanswered(error) => return (None, error),
            Self::Answered(refusal) => refusal,
        };
        let matter = matter(&refusal.code);
        let (kind, status) = match matter {
            Matter::Passing => (ErrorKind::Status, Some(LATER)),
            Matter::Rows => (ErrorKind::Status, Some(REFUSED)),
            Matter::Connection => (ErrorKind::Authentication, None),
        };
        let error = AttemptError { kind, message: refusal.sentence() };
        (status.map(|status| refusal.response(status)), error)
    }
}

impl Refusal {
    /// The database's own code.
    pub(crate) fn sqlstate(&self) -> &str {
        &self.code
    }

    /// `INSERT into births: … (SQLSTATE 23514)`.
    pub(crate) fn sentence(&self) -> String {
        let Self { code, statement, table, said } = self;
        let of = if table.is_empty() { String::new() } else { format!(" `{table}`") };
        let hint = hint(code).map(|hint| format!(". Hint: {hint}")).unwrap_or_default();
        format!("{statement}{of}: {said} (SQLSTATE {code}){hint}")
    }

    fn response(&self, status: u16) -> AttemptResponse {
        let body = Value::object([
            ("sqlstate", Value::from(self.code.clone())),
            ("statement", Value::from(self.statement)),
            ("table", Value::from(self.table.clone())),
            ("message", Value::from(self.said.clone())),
        ]);
        answer(status, &body)
    }
}

/// An answer as an attempt records it.
pub(super) fn answer(status: u16, body: &Value<'_>) -> AttemptResponse {
    AttemptResponse {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_json().into_bytes(),
        truncated: false,
    }
}

fn matter(code: &str) -> Matter {
    match code {
        "42501" => Matter::Connection,
        "25006" => Matter::Passing,
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "40" | "53" | "55" | "57" | "58" | "XX" => Matter::Passing,
            "28" | "3D" | "3F" => Matter::Connection,
            _ => Matter::Rows,
        },
    }
}

/// What to do about it.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "28P01" | "28000" => "check the user name and the password of the connection",
        "3D000" => "check the name of the database in the connection's URL",
        "3F000" => "create the schema, or name another in the forwarder's `table`",
        "42501" => {
            "the user needs CREATE on the schema for new tables, must own a table to add columns to \
             it, and needs SELECT, INSERT, UPDATE and DELETE on it"
        }
        "42P10" => "the table was made by somebody else: give it a primary key of the key columns",
        "55P03" => "somebody else held the table locked for too long",
        "54011" => "no more columns fit: send the form in another format, or to another table",
        "54000" => "the row does not fit on a page: withhold what is not needed",
        _ => return None,
    })
}

/// What a database said, free of what it was given.
fn without_values(said: &DbError) -> String {
    let name = |it: Option<&str>| it.map(|it| format!(" `{it}`")).unwrap_or_default();
    let code = said.code().code();
    match code {
        "22001" => "a text is longer than its column takes".to_owned(),
        "22003" => "a number is larger than its column takes".to_owned(),
        "23502" => format!("the column{} must not be empty", name(said.column())),
        "23503" => format!("the foreign key{} points to nothing", name(said.constraint())),
        "23505" => format!("the unique constraint{} is broken", name(said.constraint())),
        "23514" => format!("the check{} refuses the row", name(said.constraint())),
        _ if code.starts_with("22") => "a value does not fit the type of its column".to_owned(),
        _ if code.starts_with("23") => {
            format!("the constraint{} refuses the row", name(said.constraint()))
        }
        // All others name tables, columns and types. What a trigger raises was written to be read.
        _ => excerpt(said.message()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_matter_it_is() {
        for (code, expected) in [
            ("08006", Matter::Passing),
            ("40P01", Matter::Passing),
            ("40001", Matter::Passing),
            ("53300", Matter::Passing),
            ("53100", Matter::Passing),
            ("55P03", Matter::Passing),
            ("57014", Matter::Passing),
            ("57P03", Matter::Passing),
            ("58030", Matter::Passing),
            ("25006", Matter::Passing),
            ("XX000", Matter::Passing),
            ("28P01", Matter::Connection),
            ("3D000", Matter::Connection),
            ("3F000", Matter::Connection),
            ("42501", Matter::Connection),
            ("22P02", Matter::Rows),
            ("23505", Matter::Rows),
            ("42703", Matter::Rows),
            ("42P01", Matter::Rows),
            ("54011", Matter::Rows),
            ("P0001", Matter::Rows),
            ("0A000", Matter::Rows),
            ("", Matter::Rows),
        ] {
            assert_eq!(matter(code), expected, "{code}");
        }
    }

    #[test]
    fn an_attempt_says_what_was_refused() {
        let refusal = |code: &str| Refusal {
            code: code.to_owned(),
            statement: "INSERT INTO",
            table: "births".to_owned(),
            said: "no".to_owned(),
        };
        let (response, error) = Fault::Answered(Box::new(refusal("23514"))).record();
        assert_eq!(error.message, "INSERT INTO `births`: no (SQLSTATE 23514)");
        let response = response.unwrap();
        let body = String::from_utf8(response.body).unwrap();
        let expected =
            r#"{"sqlstate":"23514","statement":"INSERT INTO","table":"births","message":"no"}"#;
        assert_eq!((response.status, body.as_str()), (REFUSED, expected));
        let (response, error) = Fault::Answered(Box::new(refusal("42501"))).record();
        assert_eq!((response, error.kind), (None, ErrorKind::Authentication));
        assert!(error.message.contains(". Hint: the user needs CREATE"), "{}", error.message);
        let (response, _) = Fault::Answered(Box::new(refusal("57P01"))).record();
        assert_eq!(response.unwrap().status, LATER);
    }
}
