//! Rows of tables in a database of somebody else.
//!
//! A forwarder whose format is `table` keeps the submissions of a form, or the cases of a type, as a
//! table of PostgreSQL: no job to write, no mapping to keep up. The rows come from the pure half
//! (`fieldpost_dialects::rows`); here they are written.
//!
//! ```text
//! target ── where it is           statements ── every word of SQL
//! session ── the guarded way in   plan ── what a table lacks, and where each cell goes
//! pool ── sessions that wait      write ── one delivery
//! bounded ── how much is read     fault ── why not, and whose matter it is
//! ```
//!
//! A database has neither methods nor statuses. An attempt shows those of HTTP that say the same, so
//! that everything which is decided from an attempt is decided alike.

mod bounded;
mod fault;
mod plan;
mod pool;
mod session;
mod statements;
mod target;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use fieldpost_model::attempt::{AttemptError, AttemptRequest};
use fieldpost_model::rows::Rows;
use sha2::{Digest as _, Sha256};

use crate::address::unbuildable;
use crate::client::Client;
use crate::exchange::Exchange;
use crate::prepared::Prepared;
use crate::response::Deadline;

pub(crate) use pool::Database;
pub(crate) use session::{Door, Duplex, Session};
pub(crate) use target::{Target, is_database};

pub(crate) use fault::{Fault, deepest};

use fault::{WRITTEN, answer};

/// What an attempt calls the writing of rows.
const METHOD: &str = "UPSERT";

/// Rows that are to be written.
#[derive(Clone, Debug)]
pub struct TableCall<'a> {
    /// The rows.
    pub rows: &'a Rows,
    /// The same as JSON, as people see what was sent.
    pub body: Bytes,
}

impl Client {
    /// What would be written, as it would be recorded. Nothing leaves.
    pub fn preview_table(
        &self,
        prepared: &Prepared,
        call: &TableCall<'_>,
    ) -> Result<AttemptRequest, AttemptError> {
        Ok(record(database_of(prepared)?, call))
    }

    /// Writes rows to the database that the connection is. It ends by the connection's time limit,
    /// whatever the database does.
    pub async fn write_table(&self, prepared: &Prepared, call: TableCall<'_>) -> Exchange {
        let deadline = Deadline::starting_now(prepared.timeout);
        let database = match database_of(prepared) {
            Ok(database) => database,
            Err(error) => return Exchange::unsent(deadline.elapsed(), error),
        };
        let request = record(database, &call);
        let written = deadline.keep(Box::pin(database.write(call.rows))).await;
        let written = written.unwrap_or_else(|_elapsed| Err(Fault::timed_out(deadline.limit())));
        let (response, error) = match written {
            Ok(written) => (Some(answer(WRITTEN, &written.to_json())), None),
            Err(fault) => {
                let (response, error) = fault.record();
                (response, Some(error))
            }
        };
        let error = error.map(|AttemptError { kind, message }| AttemptError {
            kind,
            message: prepared.scrub(&message, &[]),
        });
        let duration = deadline.elapsed();
        Exchange { duration, request: Some(request), response, error, retry_after: None }
    }
}

/// The database that a connection is.
fn database_of(prepared: &Prepared) -> Result<&Arc<Database>, AttemptError> {
    prepared.database.as_ref().ok_or_else(|| {
        unbuildable(
            "The connection is no database: rows of a table go to one whose URL begins with \
             postgres://",
        )
    })
}

/// What is kept of a call.
fn record(database: &Database, TableCall { rows, body }: &TableCall<'_>) -> AttemptRequest {
    AttemptRequest {
        method: METHOD.to_owned(),
        url: format!("{}/{}", database.door.target.shown, rows.main.full_name()),
        headers: Vec::new(),
        body_sha256: Sha256::digest(body).into(),
        bytes: body.len() as u64,
    }
}
