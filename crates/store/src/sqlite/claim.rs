//! Claiming due deliveries on SQLite: one job of the writer, then the contents through a reader.
//!
//! There is one process, and its clock may jump. So what is held stays held until its holder is
//! done with it, however late that is by the clock; nobody else could take over. A first try is
//! due whatever the clock says.

use std::time::Duration;

use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::claimed::{self, Held, claimed_columns, claimed_condition};
use crate::error::StoreError;
use crate::records::{Claimed, Lane, LaneDemand, LaneOutlook};
use crate::statement::{Row, as_integer};

/// Holds what is due in a lane, first tries before retries. Until its lease is over it is out of
/// everybody's reach; from then on it may be cancelled by hand.
pub(super) fn hold(
    connection: &Connection,
    demand: &LaneDemand,
    now: Timestamp,
    until: Timestamp,
    owner: &str,
) -> Result<(Vec<Held>, LaneOutlook), StoreError> {
    let LaneDemand { lane, limit, .. } = demand;
    let mut due: Vec<Uuid> = Vec::new();
    for (rank, latest) in [(0, i64::MAX), (1, now.0)] {
        let wanted = limit.saturating_sub(due.len());
        let mut statement = connection.prepare_cached(
            "SELECT delivery FROM queue
             WHERE project = ?1 AND lane = ?2 AND rank = ?3 AND next_at <= ?4 AND owner IS NULL
             ORDER BY next_at, delivery LIMIT ?5",
        )?;
        let rows = statement.query_map(
            params![&*lane.project, lane.name, rank, latest, as_integer(wanted)],
            |row| row.get(0).map(Uuid::from_bytes),
        )?;
        due.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    let mut held = Vec::with_capacity(due.len());
    for delivery in due {
        let claim = connection
            .prepare_cached(
                "UPDATE OR FAIL queue SET next_at = ?3, owner = ?4, fence = fence + 1
                 WHERE project = ?1 AND delivery = ?2 RETURNING fence, sequence, collapse",
            )?
            .query_row(params![&*lane.project, delivery.as_bytes(), until.0, owner], |row| {
                Ok(Held {
                    lane: lane.clone(),
                    delivery,
                    fence: row.get(0)?,
                    sequence: row.get(1)?,
                    collapse: row.get(2)?,
                })
            })?;
        held.push(claim);
    }
    let more = held.len() >= *limit;
    let next_due_in = if more { None } else { next_due(connection, lane, now)? };
    Ok((held, LaneOutlook { lane: lane.clone(), more, next_due_in }))
}

/// How long until the lane's next retry is due; a first try is due at once.
fn next_due(
    connection: &Connection,
    lane: &Lane,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let next: Option<i64> = connection
        .prepare_cached(
            "SELECT next_at FROM queue WHERE project = ?1 AND lane = ?2 AND rank = 1
             AND next_at > ?3 AND owner IS NULL ORDER BY next_at LIMIT 1",
        )?
        .query_row(params![&*lane.project, lane.name, now.0], |row| row.get(0))
        .optional()?;
    Ok(next.map(|at| Timestamp(at).since(now)))
}

/// What a delivery carries.
pub(super) const CONTENTS: &str = concat!(
    "SELECT ",
    claimed_columns!(),
    " FROM deliveries d
     LEFT JOIN payloads p ON p.project = d.project AND p.id = d.subject
     LEFT JOIN messages m ON m.project = d.project AND m.id = d.payload_id
     LEFT JOIN message_bodies b ON b.body = m.body
     WHERE d.project = ?1 AND d.id = ?2 AND ",
    claimed_condition!()
);

/// Reads what the held deliveries carry. One that was taken away meanwhile is left out.
pub(super) fn contents(connection: &Connection, held: &[Held]) -> Result<Vec<Claimed>, StoreError> {
    let mut statement = connection.prepare_cached(CONTENTS)?;
    let mut claimed = Vec::with_capacity(held.len());
    for held in held {
        let mut rows = statement.query(params![&*held.lane.project, held.delivery.as_bytes()])?;
        let Some(row) = rows.next()? else { continue };
        claimed.extend(claimed::read(&Row::Sqlite(row), held)?);
    }
    Ok(claimed)
}
