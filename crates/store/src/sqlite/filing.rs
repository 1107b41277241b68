//! Forms, submissions and cases on SQLite: a look at each key of a batch, and the rows at its end.

use std::collections::HashMap;
use std::sync::LazyLock;

use fieldpost_model::ProjectName;
use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::rows::Insert;
use crate::changes::last_place;
use crate::error::StoreError;
use crate::filing::batch::{FilingBatch, LateFiling};
use crate::filing::keys::{Key, Keys};
use crate::filing::known::{Known, KnownCase};
use crate::filing::rows::Rows;
use crate::filing::tables::{self, Table};
use crate::indexed_fields::read_paths;
use crate::noted_answers::KnownAnswers;
use crate::records::Accept;

/// The inserts of all tables that a filing writes, by table.
static INSERTS: LazyLock<HashMap<&'static str, Insert>> = LazyLock::new(|| {
    let insert = |table: &'static Table| {
        let (head, tail) = (table.insert(), table.on_conflict());
        (table.name, Insert::with_tail(&head, table.columns.len(), &tail))
    };
    tables::ALL.iter().map(|table| insert(table)).collect()
});

/// Begins with the filings of these messages.
pub(super) fn begin<'a>(
    connection: &Connection,
    accepts: impl Iterator<Item = &'a Accept>,
) -> Result<FilingBatch, StoreError> {
    let keys = FilingBatch::keys(accepts).unwrap_or_default();
    Ok(FilingBatch::with(known(connection, keys)?))
}

/// Writes the filing of a message that was set aside before; whether it still fits.
pub(super) fn write_late(connection: &Connection, late: &LateFiling) -> Result<bool, StoreError> {
    match late.rows(known(connection, late.keys())?) {
        Some(rows) => write(connection, rows).map(|()| true),
        None => Ok(false),
    }
}

/// Reads what there is by these keys.
fn known(connection: &Connection, keys: Keys) -> Result<Known, StoreError> {
    let mut known = Known::default();
    let Keys {
        forms,
        noting,
        form_ids,
        namespaces,
        submissions,
        filled,
        instances,
        cases,
        growing,
    } = keys;
    for key in forms {
        let sql = "SELECT coalesce((SELECT last FROM form_numbers
                       WHERE project = ?1 AND form = ?2), 0), indexed
                   FROM forms WHERE project = ?1 AND name = ?2";
        let form = look_up(connection, sql, &key, |row| {
            Ok((row.get(0)?, row.get::<_, Option<String>>(1)?))
        })?;
        if let Some((number, paths)) = form {
            known.indexed_fields.insert(key.clone(), read_paths(paths.as_deref())?);
            known.numbers.insert(key.clone(), number);
            known.forms.insert(key);
        }
    }
    for key in noting {
        let answers = noted_answers(connection, &key)?;
        known.noted.insert(key, answers);
    }
    for key in form_ids {
        let sql = "SELECT 1 FROM forms WHERE project = ?1 AND form_id = ?2";
        if look_up(connection, sql, &key, |_| Ok(()))?.is_some() {
            known.form_ids.insert(key);
        }
    }
    for key in namespaces {
        let sql = "SELECT 1 FROM forms WHERE project = ?1 AND xmlns = ?2 AND form_id IS NULL";
        if look_up(connection, sql, &key, |_| Ok(()))?.is_some() {
            known.namespaces.insert(key);
        }
    }
    for key in submissions {
        if let Some(version) = version_of(connection, &key)? {
            known.submissions.insert(key, version);
        }
    }
    for key in filled {
        let mut statement = connection.prepare_cached(
            "SELECT name, version, sha256 FROM submission_files
             WHERE project = ?1 AND submission = ?2 AND sha256 IS NOT NULL",
        )?;
        let rows = statement.query_map(params![&*key.0, key.1.as_bytes()], |row| {
            Ok(((key.0.clone(), key.1, row.get(0)?, row.get(1)?), row.get(2)?))
        })?;
        for row in rows {
            let (key, sha256) = row?;
            known.files.insert(key, sha256);
        }
    }
    for key in instances {
        let sql = "SELECT submission FROM instances WHERE project = ?1 AND instance_id = ?2";
        let submission = look_up(connection, sql, &key, |row| row.get(0).map(Uuid::from_bytes))?;
        known.instances.extend(submission.map(|submission| (key, submission)));
    }
    for key in cases {
        let sql = "SELECT revision, changes, is_deleted FROM cases WHERE project = ?1 AND id = ?2";
        let case = look_up(connection, sql, &key, |row| {
            let (revision, changes) = (row.get(0)?, row.get(1)?);
            Ok(KnownCase { revision, changes, is_deleted: row.get(2)? })
        })?;
        known.cases.extend(case.map(|case| (key, case)));
    }
    for project in growing {
        let last = last_indexed(connection, &project)?;
        known.indexed.insert(project, last);
    }
    Ok(known)
}

fn look_up<T>(
    connection: &Connection,
    sql: &str,
    (project, text): &Key,
    read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(params![&**project, text], read).optional()?)
}

/// The names of the answers that came of a form.
fn noted_answers(
    connection: &Connection,
    (project, form): &Key,
) -> Result<KnownAnswers, StoreError> {
    let sql = "SELECT name, shape, place FROM noted_answers WHERE project = ?1 AND form = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![&**project, form])?;
    let mut answers = KnownAnswers::default();
    while let Some(row) = rows.next()? {
        answers.add(row.get(0)?, row.get(1)?, row.get(2)?);
    }
    Ok(answers)
}

/// The last place that is taken in the list of changes of a project.
fn last_indexed(connection: &Connection, project: &ProjectName) -> Result<Timestamp, StoreError> {
    static LAST: LazyLock<String> = LazyLock::new(|| format!("SELECT {}", last_place("max", "?1")));
    let mut statement = connection.prepare_cached(&LAST)?;
    Ok(Timestamp(statement.query_row(params![&**project], |row| row.get(0))?))
}

fn version_of(
    connection: &Connection,
    (project, id): &(ProjectName, Uuid),
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT version FROM submissions WHERE project = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let version = statement.query_row(params![&**project, id.as_bytes()], |row| row.get(0));
    Ok(version.optional()?)
}

/// Writes what filings have come to.
pub(super) fn write(connection: &Connection, rows: Rows) -> Result<(), StoreError> {
    remove(connection, "case_indices", &rows.untied)?;
    remove(connection, "case_changes", &rows.forgotten)?;
    for (table, rows) in rows.into_tables() {
        let Some(insert) = INSERTS.get(table.name) else { continue };
        insert.run(connection, &rows, |row, values| {
            row.iter().try_for_each(|value| values.put(value).map(drop))
        })?;
    }
    Ok(())
}

/// Removes the rows of these cases.
fn remove(connection: &Connection, table: &str, cases: &[Key]) -> Result<(), StoreError> {
    for (project, case_id) in cases {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE project = ?1 AND case_id = ?2"))?
            .execute(params![&**project, case_id])?;
    }
    Ok(())
}
