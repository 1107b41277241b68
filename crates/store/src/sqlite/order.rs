//! Keeping order on SQLite: the writer is alone, so that it looks and then acts.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::numbered;
use crate::error::StoreError;
use crate::order::{Arriving, collapse_within, demote, promote};
use crate::statement::as_integer;

/// A delivery that waited, and the new one that took its place.
pub(super) struct Replaced {
    pub(super) older: Uuid,
    pub(super) newer: Uuid,
}

/// Gives positions to what arrives, in this order, and lets it take the place of what it collapses
/// with: of this batch, and of what waits.
pub(super) fn arrange(
    connection: &Connection,
    mut arriving: Vec<Arriving<'_>>,
) -> Result<Vec<Replaced>, StoreError> {
    let count = as_integer(arriving.len());
    let last: i64 = connection
        .prepare_cached("UPDATE OR FAIL positions SET last = last + ?1 RETURNING last")?
        .query_row([count], |row| row.get(0))?;
    for (arriving, position) in arriving.iter_mut().zip(last - count + 1..) {
        arriving.ordered.position = position;
    }
    let mut replaced = Vec::new();
    for newer in collapse_within(arriving) {
        replace(connection, newer, &mut replaced)?;
    }
    Ok(replaced)
}

/// Ends what waits for the same key and is not being sent.
fn replace(
    connection: &Connection,
    newer: Arriving<'_>,
    replaced: &mut Vec<Replaced>,
) -> Result<(), StoreError> {
    let Arriving { project, delivery, ordered } = newer;
    let mut leave = connection.prepare_cached(
        "DELETE FROM queue WHERE project = ?1 AND collapse = ?2 AND sequence = ?3 AND rank < 4
         AND owner IS NULL RETURNING delivery, position, rank, next_at",
    )?;
    let mut rows = leave.query(params![project, ordered.collapse, ordered.sequence])?;
    let mut left = Vec::new();
    while let Some(row) = rows.next()? {
        left.push(Uuid::from_bytes(row.get(0)?));
        ordered.replace(row.get(1)?, row.get(2)?, row.get(3)?);
    }
    for older in left {
        connection
            .prepare_cached(
                "UPDATE OR FAIL deliveries SET state = 'superseded', superseded_by = ?3,
                     next_attempt_at = NULL
                 WHERE project = ?1 AND id = ?2",
            )?
            .execute(params![project, older.as_bytes(), delivery.as_bytes()])?;
        replaced.push(Replaced { older, newer: delivery });
    }
    Ok(())
}

/// The newest delivery that waits to take the place of this one.
pub(super) fn newer(
    connection: &Connection,
    project: &str,
    delivery: Uuid,
    sequence: &str,
    collapse: &str,
) -> Result<Option<Uuid>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT delivery FROM queue WHERE project = ?1 AND collapse = ?3 AND sequence = ?4
             AND rank < 4 AND position > (
                 SELECT position FROM queue WHERE project = ?1 AND delivery = ?2)
             ORDER BY position DESC LIMIT 1",
        )?
        .query_row(params![project, delivery.as_bytes(), collapse, sequence], |row| {
            row.get(0).map(Uuid::from_bytes)
        })
        .optional()?)
}

/// Settles a sequence: its head and nothing else may be claimed. Answers whether something may be
/// that was blocked.
pub(super) fn settle(
    connection: &Connection,
    project: &str,
    sequence: &str,
) -> Result<bool, StoreError> {
    connection.prepare_cached(&DEMOTE)?.execute([project, sequence])?;
    let promoted = connection.prepare_cached(&PROMOTE)?.execute([project, sequence])?;
    Ok(promoted > 0)
}

static DEMOTE: LazyLock<String> = LazyLock::new(|| numbered(&demote("SELECT $2 AS sequence")));
static PROMOTE: LazyLock<String> = LazyLock::new(|| numbered(&promote("SELECT $2 AS sequence")));
