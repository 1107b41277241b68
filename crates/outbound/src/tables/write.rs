//! Writing the rows of one delivery.
//!
//! What a table lacks is made first, in a transaction of its own, since it waits for everybody else
//! who uses the table: one hub at a time, after another look at what is there. The rows are written
//! in one transaction: the main one, unless a newer state of it is there, then those of its repeats
//! in the place of what was there of them. A session that is lost on the way undoes all of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::json::Value;
use fieldpost_model::rows::{Cell, Rows, Table};
use sha2::{Digest as _, Sha256};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::fault::{Doing, Fault};
use super::plan::{Found, FoundColumn, Plan};
use super::pool::Database;
use super::session::Session;
use super::statements::{LOCK, READ_COLUMNS, delete, insert, quoted_table, upsert};

/// How long a table that lacks something is waited for. Whoever waits for it holds up all others.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// How often rows are written anew where what was known of the tables was not true any more.
const LOOKS: usize = 2;

/// What became of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// What was made of the main row: `inserted`, `updated`, or `older`, where a newer one is there.
    result: &'static str,
    /// How many rows each table has now of it.
    rows: Vec<(String, u64)>,
    /// The columns that were made for it, by table.
    made: Vec<(String, Vec<String>)>,
}

impl Written {
    /// As an attempt shows it.
    pub(super) fn to_json(&self) -> Value<'static> {
        let rows = self.rows.iter().map(|(table, rows)| (table.clone(), Value::from(*rows)));
        let list = |names: &Vec<String>| {
            Value::Array(names.iter().map(|name| Value::from(name.clone())).collect())
        };
        let made = self.made.iter().map(|(table, columns)| (table.clone(), list(columns)));
        Value::object([
            ("result", Value::from(self.result)),
            ("rows", Value::object(rows)),
            ("columns_made", Value::object(made)),
        ])
    }
}

impl Database {
    /// Writes the rows. What was begun and not finished is undone.
    pub(super) async fn write(self: &Arc<Self>, rows: &Rows) -> Result<Written, Fault> {
        let (mut session, mut has_waited) = self.session().await?;
        let mut looks = 0;
        loop {
            let written = Writing { database: self, session: &session, rows }.write().await;
            match written {
                Ok(written) => {
                    self.park(session);
                    return Ok(written);
                }
                // The server may have ended a session that waited; nothing was written by it.
                Err(fault) if has_waited && fault.is_broken_connection() => {
                    session = self.door.open().await?;
                    has_waited = false;
                }
                Err(fault) => {
                    looks += 1;
                    self.forget_tables(rows);
                    if !fault.is_stale_knowledge() || looks == LOOKS {
                        return Err(fault);
                    }
                    (session, has_waited) = (self.door.open().await?, false);
                }
            }
        }
    }

    fn forget_tables(&self, rows: &Rows) {
        for table in rows.tables() {
            self.forget(&quoted_table(table));
        }
    }
}

/// The work on one session.
struct Writing<'w> {
    database: &'w Database,
    session: &'w Session,
    rows: &'w Rows,
}

impl Writing<'_> {
    async fn write(&self) -> Result<Written, Fault> {
        let mut found = HashMap::new();
        for table in self.rows.tables() {
            found.insert(quoted_table(table), self.found(table).await?);
        }
        let mut written = Written::default();
        if self.rows.tables().any(|table| growth(table, &found).is_some()) {
            written.made = self.grow(&mut found).await?;
        }
        self.begin("").await?;
        let main = &self.rows.main;
        let Some(was_new) = self.write_main(main, &found).await? else {
            written.result = "older";
            self.execute(main, "COMMIT", "COMMIT").await?;
            return Ok(written);
        };
        written.result = if was_new { "inserted" } else { "updated" };
        written.rows.push((main.full_name(), 1));
        for table in &self.rows.repeats {
            if exists(table, &found) {
                self.replace(table, &found).await?;
            }
            written.rows.push((table.full_name(), table.rows.len() as u64));
        }
        self.execute(main, "COMMIT", "COMMIT").await?;
        Ok(written)
    }

    /// What is known of a table, or what the database says of it.
    async fn found(&self, table: &Table) -> Result<Arc<Found>, Fault> {
        match self.database.known(&quoted_table(table)) {
            Some(found) => Ok(found),
            None => self.look(table).await,
        }
    }

    /// Asks what a table has, and remembers it.
    async fn look(&self, table: &Table) -> Result<Arc<Found>, Fault> {
        let name = quoted_table(table);
        let rows = self.query(table, "SELECT", READ_COLUMNS, &[(&name, Type::TEXT)]).await?;
        let column = |row: &Row| {
            let (name, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let note: Option<String> = row.try_get(2)?;
            Ok((name, FoundColumn::new(kind, note.as_deref())))
        };
        let found: Result<Found, _> = rows.iter().map(column).collect();
        let found = Arc::new(found.map_err(|error| self.fault(table, "SELECT", &error))?);
        // One that is not there may be there at any time.
        if !found.is_empty() {
            self.database.remember(name, Arc::clone(&found));
        }
        Ok(found)
    }

    /// Makes what is missing, and says which columns that were.
    async fn grow(
        &self,
        found: &mut HashMap<String, Arc<Found>>,
    ) -> Result<Vec<(String, Vec<String>)>, Fault> {
        let main = &self.rows.main;
        let name = quoted_table(main);
        let wait = format!("; SET LOCAL lock_timeout = {}", LOCK_TIMEOUT.as_millis());
        self.begin(&wait).await?;
        self.query(main, "LOCK", LOCK, &[(&lock_key(&name), Type::INT8)]).await?;
        let mut made = Vec::new();
        for table in self.rows.tables() {
            let name = quoted_table(table);
            // Another hub may have made it while this one waited.
            let now = self.look(table).await?;
            found.insert(name.clone(), now);
            let Some((statement, text)) = growth(table, found) else { continue };
            let plan = plan(table, found);
            self.execute(table, statement, &text).await?;
            made.push((table.full_name(), plan.missing.into_iter().map(|it| it.name).collect()));
            found.insert(name, self.look(table).await?);
        }
        self.execute(main, "COMMIT", "COMMIT").await?;
        Ok(made)
    }

    /// Writes the main row: whether it is a new one; nothing where a newer one is there.
    async fn write_main(
        &self,
        table: &Table,
        found: &HashMap<String, Arc<Found>>,
    ) -> Result<Option<bool>, Fault> {
        let plan = plan(table, found);
        let text = upsert(table, &plan.targets, &plan.forgotten, self.rows.newer_by);
        let values = plan.values(table);
        let rows = self.query(table, "INSERT INTO", &text, &[(&values, Type::TEXT)]).await?;
        let is_new = rows.first().map(|row| row.try_get(0)).transpose();
        is_new.map_err(|error| self.fault(table, "INSERT INTO", &error))
    }

    /// Puts the rows of a repeat in the place of those that are there.
    async fn replace(
        &self,
        table: &Table,
        found: &HashMap<String, Arc<Found>>,
    ) -> Result<(), Fault> {
        let id = self.rows.main.rows.first().and_then(|row| row.first());
        let id = id.and_then(Cell::to_text).unwrap_or_default();
        self.query(table, "DELETE FROM", &delete(table), &[(&id, Type::TEXT)]).await?;
        if table.rows.is_empty() {
            return Ok(());
        }
        let plan = plan(table, found);
        let (text, values) = (insert(table, &plan.targets, ""), plan.values(table));
        self.query(table, "INSERT INTO", &text, &[(&values, Type::TEXT)]).await?;
        Ok(())
    }

    /// Begins a transaction that the server ends by itself where nobody waits for it any more.
    async fn begin(&self, more: &str) -> Result<(), Fault> {
        let limit = self.database.timeout.as_millis();
        let text = format!("BEGIN; SET LOCAL statement_timeout = {limit}{more}");
        self.execute(&self.rows.main, "BEGIN", &text).await
    }

    async fn execute(
        &self,
        table: &Table,
        statement: &'static str,
        text: &str,
    ) -> Result<(), Fault> {
        let done = self.session.client.batch_execute(text).await;
        done.map_err(|error| self.fault(table, statement, &error))
    }

    async fn query(
        &self,
        table: &Table,
        statement: &'static str,
        text: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Fault> {
        // Without a statement that is prepared by name: poolers in between lose those.
        let rows = self.session.client.query_typed(text, parameters).await;
        rows.map_err(|error| self.fault(table, statement, &error))
    }

    fn fault(
        &self,
        table: &Table,
        statement: &'static str,
        error: &tokio_postgres::Error,
    ) -> Fault {
        let authority = self.database.door.target.authority();
        Doing { statement, table: &table.full_name(), authority: &authority }.fault(error)
    }
}

/// Whether a table is there.
fn exists(table: &Table, found: &HashMap<String, Arc<Found>>) -> bool {
    found.get(&quoted_table(table)).is_some_and(|found| !found.is_empty())
}

fn plan(table: &Table, found: &HashMap<String, Arc<Found>>) -> Plan {
    let nothing = Found::new();
    Plan::new(table, found.get(&quoted_table(table)).map_or(&nothing, |found| found))
}

/// The statement that makes what a table lacks. One of a repeat is made by its first row.
fn growth(table: &Table, found: &HashMap<String, Arc<Found>>) -> Option<(&'static str, String)> {
    if table.rows.is_empty() {
        return None;
    }
    let nothing = Found::new();
    let known = found.get(&quoted_table(table)).map_or(&nothing, |found| found);
    Plan::new(table, known).growth(table, known)
}

/// What hubs that would change the same tables wait for each other by.
fn lock_key(table: &str) -> i64 {
    let digest = Sha256::digest(format!("fieldpost {table}"));
    let first = digest.first_chunk::<8>().copied().unwrap_or_default();
    i64::from_be_bytes(first)
}
