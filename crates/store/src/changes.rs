//! The feed of changes: what is stored of forms, submissions and cases, in the order in which it came to
//! be as it is, for those who keep a copy of it.
//!
//! Everything has a *place*, a number that grows; what is changed moves to the end. So the feed is as long
//! as what is stored, and costs no rows of its own: it is read from the tables of the things themselves,
//! each along an index by place. What is gone leaves a tombstone: its name and its place, nothing of its
//! content. What is stored anew under the same name comes behind its tombstone. Messages are no part of it:
//! they never change, and are listed by their ids.
//!
//! # Nothing is skipped
//!
//! Whoever has read up to a place goes on behind it. That is right only if nothing is ever committed at a
//! place that was passed already. A sequence of the database does not keep that: numbers are given before
//! transactions end, and those end in any order. So whoever takes places in a project first takes the lock
//! of its changes, and holds it until the end of the transaction; then the last place is read, and the next
//! ones are behind it. Hence places are taken in the order of the commits, and a reader that sees one sees
//! all before it. On SQLite there is one writer, and no lock is needed.
//!
//! A place is a moment, in microseconds, of the hub's clock; or, where that is not behind the last one, the
//! next number. Retention that takes answers away and leaves the submission moves nothing.

use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::statement::{Batch, Parameter, Row, as_integer, unreadable};
use crate::{Engine, Store};

names! {
    /// What a change is of.
    pub enum ChangeKind {
        /// A form; its id is its name.
        Form = "form",
        /// A submission.
        Submission = "submission",
        /// A case.
        Case = "case",
    }
}

/// The newest change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place: whoever has read it goes on from here.
    pub sequence: i64,
    /// What it is of.
    pub kind: ChangeKind,
    /// The id of that.
    pub id: String,
    /// Its revision. That of a tombstone is the last one.
    pub version: i64,
    /// When it was changed last.
    pub at: Timestamp,
    /// Whether it is gone.
    pub is_tombstone: bool,
}

/// What whoever takes places in a project's feed is locked by.
pub(crate) fn changes_lock(project: &str) -> String {
    format!("{project}/changes")
}

/// The last place that is taken in the feed of the project that `project` names, as SQL; 0 where there is
/// none. `greatest` is what the engine calls the function.
pub(crate) fn last_place(greatest: &str, project: &str) -> String {
    let last = |table: &str, condition: &str| {
        format!(
            "coalesce((SELECT indexed_at FROM {table} WHERE project = {project} {condition}
                 ORDER BY indexed_at DESC LIMIT 1), 0)"
        )
    };
    format!(
        "{greatest}({}, {}, {}, {}, {})",
        last("forms", ""),
        last("submissions", ""),
        last("cases", "AND is_deleted = 0"),
        last("cases", "AND is_deleted = 1"),
        last("tombstones", "")
    )
}

impl Engine {
    /// The greatest of several values, as SQL.
    pub(crate) fn greatest(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "max",
            Self::Postgres(_) => "greatest",
        }
    }

    /// The next place in the feed of the project `$1`, as SQL. The lock is taken.
    pub(crate) fn next_place(&self, now: Timestamp) -> String {
        let greatest = self.greatest();
        format!("{greatest}({}, 1 + {})", now.0, last_place(greatest, "$1"))
    }
}

impl Store {
    /// What has changed behind a place, the earliest first.
    pub async fn changes(
        &self,
        project: &str,
        since: i64,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        let sql = changes_sql(&self.engine.id_digits("id"));
        let parameters = vec![project.into(), since.into(), as_integer(limit).into()];
        self.query(sql, parameters, read_change).await
    }

    /// The last place that is taken; 0 where nothing has been stored.
    pub async fn last_change(&self, project: &str) -> Result<i64, StoreError> {
        let sql = format!("SELECT {}", last_place(self.engine.greatest(), "$1"));
        let found = self.query(sql, vec![project.into()], |row| row.integer(0)).await?;
        Ok(found.first().copied().unwrap_or(0))
    }

    /// Adds the statement that leaves tombstones of what is about to be deleted: the rows of `table` of
    /// which the condition holds. The lock is taken.
    pub(crate) fn add_tombstones(
        &self,
        batch: &mut Batch,
        kind: ChangeKind,
        condition: &str,
        parameters: Vec<Parameter>,
        now: Timestamp,
    ) {
        let (table, id, version) = match kind {
            ChangeKind::Form => ("forms", "name".to_owned(), "revision"),
            ChangeKind::Submission => ("submissions", self.engine.id_digits("id"), "version"),
            ChangeKind::Case => ("cases", "id".to_owned(), "revision"),
        };
        batch.any(
            format!(
                "INSERT INTO tombstones (project, kind, id, version, at, indexed_at)
                 SELECT project, '{kind}', {id}, {version}, {now}, {next} + n FROM (
                     SELECT {table}.*, row_number() OVER (ORDER BY {table}.indexed_at) AS n
                     FROM {table} WHERE {condition}) gone
                 WHERE true
                 ON CONFLICT (project, kind, id) DO UPDATE SET version = excluded.version,
                     at = excluded.at, indexed_at = excluded.indexed_at",
                now = now.0,
                next = self.engine.next_place(now)
            ),
            parameters,
        );
    }
}

/// A page of the feed: of each table what comes next, and of all that what comes first.
pub(crate) fn changes_sql(id_digits: &str) -> String {
    let branch = |kind: &str, table: &str, columns: &str, condition: &str| {
        format!(
            "SELECT * FROM (SELECT indexed_at, {kind} AS kind, {columns} FROM {table}
                 WHERE project = $1 {condition} AND indexed_at > $2
                 ORDER BY indexed_at LIMIT $3) part"
        )
    };
    let there = "CAST(0 AS BIGINT) AS gone";
    let gone = "CAST(1 AS BIGINT) AS gone";
    let form = format!("name AS id, revision AS version, updated_at AS at, {there}");
    let submission = format!("{id_digits} AS id, version, modified_at AS at, {there}");
    let case = "id, revision AS version, server_modified_at AS at";
    let [case, deleted] = [there, gone].map(|gone| format!("{case}, {gone}"));
    [
        branch("'form'", "forms", &form, ""),
        branch("'submission'", "submissions", &submission, ""),
        branch("'case'", "cases", &case, "AND is_deleted = 0"),
        branch("'case'", "cases", &deleted, "AND is_deleted = 1"),
        branch("kind", "tombstones", &format!("id, version, at, {gone}"), ""),
    ]
    .join(" UNION ALL ")
        + " ORDER BY indexed_at LIMIT $3"
}

fn read_change(row: &Row<'_>) -> Result<Change, StoreError> {
    let kind = row.named(1, ChangeKind::from_name)?;
    let stored = row.text(2)?;
    let id = match kind {
        ChangeKind::Form | ChangeKind::Case => stored,
        ChangeKind::Submission => {
            let id = Uuid::try_parse(&stored).map_err(|_| unreadable("id", &stored))?;
            id.to_string()
        }
    };
    Ok(Change {
        sequence: row.integer(0)?,
        kind,
        id,
        version: row.integer(3)?,
        at: row.time(4)?,
        is_tombstone: row.count(5)? != 0,
    })
}
