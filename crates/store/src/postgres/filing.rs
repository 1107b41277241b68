//! Forms, submissions and cases on PostgreSQL: the locks of all keys, one look at each table, and the rows
//! of each table with one statement.
//!
//! Whoever writes a filing takes the locks of what it is about first, after the project's row and before
//! the identities, in the order of their numbers. So what is read here stays as it is until the transaction
//! ends, and what does not exist yet stays so. A batch without filings asks the server nothing.

use std::sync::LazyLock;

use deadpool_postgres::Transaction;
use fieldpost_model::time::Timestamp;
use futures_util::future::join_all;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::changes::last_place;
use crate::error::StoreError;
use crate::filing::batch::{FilingBatch, LateFiling};
use crate::filing::keys::{Key, Keys, lock};
use crate::filing::known::{Known, KnownCase};
use crate::filing::rows::{Row, Rows};
use crate::filing::tables::{Kind, Table};
use crate::indexed_fields::read_paths;
use crate::records::Accept;
use crate::statement::{Parameter, digest, unreadable};

/// Takes the locks of keys.
static LOCK: LazyLock<String> = LazyLock::new(|| lock("unnest($1::text[]) AS keys (key)"));

/// Each key of `$1` and `$2`, as the statements below join it.
const WANTED: &str = "unnest($1::text[], $2::text[]) AS wanted (project, key)";

/// Begins with the filings of these messages: takes the locks of what they are about, and reads what there
/// is.
pub(super) async fn begin<'a>(
    transaction: &Transaction<'_>,
    accepts: impl Iterator<Item = &'a Accept>,
) -> Result<FilingBatch, StoreError> {
    let Some(keys) = FilingBatch::keys(accepts) else { return Ok(FilingBatch::default()) };
    let statement = transaction.prepare_cached(&LOCK).await?;
    transaction.execute(&statement, &[&keys.locks()]).await?;
    Ok(FilingBatch::with(known(transaction, keys).await?))
}

/// Takes the locks of what a message is about that was set aside before.
pub(super) async fn lock_late(
    transaction: &Transaction<'_>,
    late: &LateFiling,
) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(&LOCK).await?;
    transaction.execute(&statement, &[&late.keys().locks()]).await?;
    Ok(())
}

/// Writes the filing of a message that was set aside before, under its locks; whether it still fits.
pub(super) async fn write_late(
    transaction: &Transaction<'_>,
    late: &LateFiling,
) -> Result<bool, StoreError> {
    match late.rows(known(transaction, late.keys()).await?) {
        Some(rows) => write(transaction, rows).await.map(|()| true),
        None => Ok(false),
    }
}

async fn known(transaction: &Transaction<'_>, keys: Keys) -> Result<Known, StoreError> {
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

    let sql = format!(
        "SELECT f.project, f.name, coalesce(n.last, 0), f.indexed FROM {WANTED}
         JOIN forms f ON f.project = wanted.project AND f.name = wanted.key
         LEFT JOIN form_numbers n ON n.project = f.project AND n.form = f.name"
    );
    for row in look_up(transaction, &sql, forms.iter()).await? {
        known.numbers.insert(key_of(&row)?, row.try_get(2)?);
        let paths: Option<String> = row.try_get(3)?;
        known.indexed_fields.insert(key_of(&row)?, read_paths(paths.as_deref())?);
        known.forms.insert(key_of(&row)?);
    }
    let sql = format!(
        "SELECT a.project, a.form, a.name, a.shape, a.place FROM {WANTED}
         JOIN noted_answers a ON a.project = wanted.project AND a.form = wanted.key"
    );
    for row in look_up(transaction, &sql, noting.iter()).await? {
        let answers = known.noted.entry(key_of(&row)?).or_default();
        answers.add(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    }
    let sql = format!(
        "SELECT f.project, f.form_id FROM {WANTED}
         JOIN forms f ON f.project = wanted.project AND f.form_id = wanted.key"
    );
    for row in look_up(transaction, &sql, form_ids.iter()).await? {
        known.form_ids.insert(key_of(&row)?);
    }
    let sql = format!(
        "SELECT f.project, f.xmlns FROM {WANTED}
         JOIN forms f ON f.project = wanted.project AND f.xmlns = wanted.key
             AND f.form_id IS NULL"
    );
    for row in look_up(transaction, &sql, namespaces.iter()).await? {
        known.namespaces.insert(key_of(&row)?);
    }
    let ids: Vec<Key> =
        submissions.iter().map(|(project, id)| (project.clone(), id.to_string())).collect();
    let sql = format!(
        "SELECT s.project, s.id, s.version FROM {WANTED}
         JOIN submissions s ON s.project = wanted.project AND s.id = wanted.key::uuid"
    );
    for row in look_up(transaction, &sql, ids.iter()).await? {
        let project: String = row.try_get(0)?;
        known.submissions.insert((project.into(), row.try_get(1)?), row.try_get(2)?);
    }
    let ids: Vec<Key> =
        filled.iter().map(|(project, id)| (project.clone(), id.to_string())).collect();
    let sql = format!(
        "SELECT f.project, f.submission, f.name, f.version, f.sha256 FROM {WANTED}
         JOIN submission_files f ON f.project = wanted.project AND f.submission = wanted.key::uuid
         WHERE f.sha256 IS NOT NULL"
    );
    for row in look_up(transaction, &sql, ids.iter()).await? {
        let project: String = row.try_get(0)?;
        let key = (project.into(), row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        known.files.insert(key, digest(row.try_get(4)?)?);
    }
    let sql = format!(
        "SELECT i.project, i.instance_id, i.submission FROM {WANTED}
         JOIN instances i ON i.project = wanted.project AND i.instance_id = wanted.key"
    );
    for row in look_up(transaction, &sql, instances.iter()).await? {
        known.instances.insert(key_of(&row)?, row.try_get(2)?);
    }
    let sql = format!(
        "SELECT c.project, c.id, c.revision, c.changes, c.is_deleted FROM {WANTED}
         JOIN cases c ON c.project = wanted.project AND c.id = wanted.key"
    );
    for row in look_up(transaction, &sql, cases.iter()).await? {
        let is_deleted: i64 = row.try_get(4)?;
        let (revision, changes) = (row.try_get(2)?, row.try_get(3)?);
        let case = KnownCase { revision, changes, is_deleted: is_deleted != 0 };
        known.cases.insert(key_of(&row)?, case);
    }
    if !growing.is_empty() {
        // Read under the lock of the project's changes: nobody else can take the next place.
        let projects: Vec<&str> = growing.iter().map(|project| &**project).collect();
        let statement = transaction.prepare_cached(&LAST_INDEXED).await?;
        for row in transaction.query(&statement, &[&projects]).await? {
            let project: String = row.try_get(0)?;
            known.indexed.insert(project.into(), Timestamp(row.try_get(1)?));
        }
    }
    Ok(known)
}

/// The last place that is taken in the list of changes of each project.
static LAST_INDEXED: LazyLock<String> = LazyLock::new(|| {
    let last = last_place("greatest", "wanted.project");
    format!("SELECT wanted.project, {last} FROM unnest($1::text[]) AS wanted (project)")
});

fn key_of(row: &tokio_postgres::Row) -> Result<Key, StoreError> {
    let project: String = row.try_get(0)?;
    Ok((project.into(), row.try_get(1)?))
}

async fn look_up(
    transaction: &Transaction<'_>,
    sql: &str,
    keys: impl ExactSizeIterator<Item = &Key>,
) -> Result<Vec<tokio_postgres::Row>, StoreError> {
    if keys.len() == 0 {
        return Ok(Vec::new());
    }
    let (projects, texts): (Vec<&str>, Vec<&str>) =
        keys.map(|(project, text)| (&**project, &**text)).unzip();
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.query(&statement, &[&projects, &texts]).await?)
}

/// Writes what filings have come to; all statements are sent without waiting for one another.
pub(super) async fn write(transaction: &Transaction<'_>, rows: Rows) -> Result<(), StoreError> {
    let mut statements: Vec<(String, Vec<Column>)> = Vec::new();
    for (table, cases) in [("case_indices", &rows.untied), ("case_changes", &rows.forgotten)] {
        if !cases.is_empty() {
            statements.push(removal(table, cases));
        }
    }
    for (table, rows) in rows.into_tables() {
        let sql = format!("{} {} {}", table.insert(), table.unnested(), table.on_conflict());
        statements.push((sql, columns(table, rows)?));
    }
    let mut prepared = Vec::with_capacity(statements.len());
    for (sql, columns) in &statements {
        prepared.push((transaction.prepare_cached(sql).await?, columns));
    }
    let written = join_all(prepared.iter().map(|(statement, columns)| async move {
        let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::as_sql).collect();
        transaction.execute(statement, &parameters).await.map_err(StoreError::from)
    }))
    .await;
    // Once a statement has failed, the server only says of those behind it that the transaction is over.
    written.into_iter().try_for_each(|written| written.map(drop))
}

fn removal(table: &str, cases: &[Key]) -> (String, Vec<Column>) {
    let sql = format!(
        "DELETE FROM {table} t USING {WANTED}
         WHERE t.project = wanted.project AND t.case_id = wanted.key"
    );
    let projects = cases.iter().map(|(project, _)| Some(project.to_string())).collect();
    let ids = cases.iter().map(|(_, case_id)| Some(case_id.clone())).collect();
    (sql, vec![Column::Text(projects), Column::Text(ids)])
}

/// The values of a column, as `unnest` takes them.
enum Column {
    Text(Vec<Option<String>>),
    Integer(Vec<Option<i64>>),
    Id(Vec<Option<Uuid>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn of(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Text => Self::Text(Vec::with_capacity(rows)),
            Kind::Integer => Self::Integer(Vec::with_capacity(rows)),
            Kind::Id => Self::Id(Vec::with_capacity(rows)),
            Kind::Bytes => Self::Bytes(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, value: Parameter) -> Result<(), StoreError> {
        match (self, value) {
            (Self::Text(values), Parameter::Text(value)) => values.push(value),
            (Self::Integer(values), Parameter::Integer(value)) => values.push(value),
            (Self::Id(values), Parameter::Id(value)) => values.push(value),
            (Self::Bytes(values), Parameter::OptionalBytes(value)) => values.push(value),
            (_, value) => return Err(unreadable("column for", &format!("{value:?}"))),
        }
        Ok(())
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Text(values) => values,
            Self::Integer(values) => values,
            Self::Id(values) => values,
            Self::Bytes(values) => values,
        }
    }
}

/// Turns rows into columns.
fn columns(table: &Table, rows: Vec<Row>) -> Result<Vec<Column>, StoreError> {
    let mut columns: Vec<Column> =
        table.columns.iter().map(|(_, kind)| Column::of(*kind, rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value)?;
        }
    }
    Ok(columns)
}
