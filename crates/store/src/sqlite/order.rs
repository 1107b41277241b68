//! Keeping order on SQLite: the writer is alone, so that it looks and then acts.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::numbered;
use crate::arriving::{Arriving, Older, collapse_within};
use crate::error::StoreError;
use crate::order::{Among, demote, key_of, promote, promote_after};
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
    let Arriving { project, forwarder, delivery, ordered } = newer;
    let mut left: Vec<(Uuid, Older)> = connection
        .prepare_cached(REPLACE)?
        .query_map(params![project, ordered.sequence, ordered.collapse], |row| {
            let (position, rank, next_at) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let older = Older { position, rank, next_at, last_other: None };
            Ok((Uuid::from_bytes(row.get(0)?), older))
        })?
        .collect::<Result<_, _>>()?;
    if left.is_empty() {
        return Ok(());
    }
    let order_key = key_of(&ordered.sequence);
    let last_other: Option<i64> = connection
        .prepare_cached(LAST_OTHER)?
        .query_row(params![project, forwarder, order_key, ordered.collapse], |row| row.get(0))
        .optional()?;
    for (_, older) in &mut left {
        older.last_other = last_other;
        ordered.replace(*older);
    }
    for (older, _) in left {
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
        .prepare_cached(NEWER)?
        .query_row(params![project, sequence, collapse, delivery.as_bytes()], |row| {
            row.get(0).map(Uuid::from_bytes)
        })
        .optional()?)
}

/// Settles a sequence to which something has come: its head and nothing else may be claimed.
pub(super) fn settle(
    connection: &Connection,
    project: &str,
    sequence: &str,
) -> Result<(), StoreError> {
    connection.prepare_cached(&DEMOTE)?.execute([project, sequence])?;
    connection.prepare_cached(&PROMOTE)?.execute([project, sequence])?;
    Ok(())
}

/// Settles a sequence after something of a forwarder has left it, or has come back to it. Answers the
/// lanes in which something may be claimed now that was blocked.
pub(super) fn settle_after(
    connection: &Connection,
    project: &str,
    sequence: &str,
    forwarder: &str,
) -> Result<Vec<String>, StoreError> {
    connection.prepare_cached(&DEMOTE)?.execute([project, sequence])?;
    let mut promote = connection.prepare_cached(&PROMOTE_AFTER)?;
    let lanes =
        promote.query_map([project, sequence, forwarder, key_of(sequence)], |row| row.get(0))?;
    Ok(lanes.collect::<Result<_, _>>()?)
}

/// Takes out what waits for a key and is not being sent. Unless the index is named, SQLite would
/// rather walk through the project: without statistics it takes a project for ten rows.
const REPLACE: &str = "DELETE FROM queue INDEXED BY queue_collapsing WHERE project = ?1 AND sequence = ?2 AND collapse = ?3
     AND rank < 4 AND owner IS NULL RETURNING delivery, position, rank, next_at";

/// Finds the last position of a thread that something has which does not collapse by a key. What does is
/// seldom more than the one that is being sent.
const LAST_OTHER: &str = "SELECT position FROM queue INDEXED BY queue_of_forwarder
     WHERE project = ?1 AND forwarder = ?2 AND order_key = ?3 AND collapse IS NOT ?4
     ORDER BY position DESC LIMIT 1";

/// Finds the newest that waits for a key, behind a delivery.
const NEWER: &str = "SELECT delivery FROM queue INDEXED BY queue_collapsing
     WHERE project = ?1 AND sequence = ?2 AND collapse = ?3 AND rank < 4 AND position > (
         SELECT position FROM queue WHERE project = ?1 AND delivery = ?4)
     ORDER BY position DESC LIMIT 1";

static DEMOTE: LazyLock<String> =
    LazyLock::new(|| numbered(&demote(Among::List, "SELECT $2 AS sequence")));
static PROMOTE: LazyLock<String> =
    LazyLock::new(|| numbered(&promote(Among::List, "SELECT $2 AS sequence")));
static PROMOTE_AFTER: LazyLock<String> = LazyLock::new(|| {
    let touched = "SELECT $2 AS sequence, $3 AS forwarder, $4 AS order_key";
    format!("{} RETURNING lane", numbered(&promote_after(Among::List, touched)))
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate;
    use crate::order::let_next_go;

    /// How SQLite finds the rows of a statement, step by step.
    fn plan(sql: &str) -> String {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::sqlite(&mut connection).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        // Which values are bound makes no difference.
        let values = vec!["x"; statement.parameter_count()];
        let steps: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(values), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        steps.join("\n")
    }

    /// Settling must not depend on how many wait behind the head.
    #[test]
    fn settling_looks_up_the_head_and_what_is_ahead_and_nothing_else() {
        let demote = plan(&DEMOTE);
        assert!(demote.contains("SEARCH queue USING PRIMARY KEY (project=? AND delivery=?)"));
        assert!(demote.contains("SEARCH ahead USING COVERING INDEX queue_unblocked"), "{demote}");
        assert!(demote.contains("SEARCH first USING COVERING INDEX queue_in_order"), "{demote}");
        assert!(demote.contains("SEARCH sent USING INDEX queue_unblocked"), "{demote}");
        let by_key = "(project=? AND forwarder=? AND order_key=?)";
        for sql in [&*PROMOTE, &*PROMOTE_AFTER, &numbered(&let_next_go(Among::List))] {
            let plan = plan(sql);
            assert!(plan.contains("SEARCH queue USING PRIMARY KEY (project=? AND delivery=?)"));
            assert!(plan.contains("queue_in_order (project=? AND sequence=?)"), "{plan}");
            assert!(plan.contains(&format!("queue_of_forwarder {by_key}")), "{plan}");
            let ahead = "queue_unblocked (project=? AND sequence=? AND rank<?)";
            assert!(plan.contains(ahead), "{plan}");
            assert!(!plan.contains("SCAN queue") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
        assert!(!demote.contains("SCAN queue") && !demote.contains("TEMP B-TREE"), "{demote}");
        assert!(
            plan(&numbered(&let_next_go(Among::List))).contains("SEARCH leaving USING PRIMARY KEY")
        );
    }

    /// A connection's whole backlog may lie in one sequence.
    #[test]
    fn collapsing_looks_at_its_own_key_only() {
        for sql in [REPLACE, NEWER] {
            let plan = plan(sql);
            let by_key = "INDEX queue_collapsing (project=? AND collapse=? AND sequence=?";
            assert!(plan.contains(by_key), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
        let plan = plan(LAST_OTHER);
        let by_key = "SEARCH queue USING INDEX queue_of_forwarder (project=? AND forwarder=? AND";
        assert!(plan.contains(by_key) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
