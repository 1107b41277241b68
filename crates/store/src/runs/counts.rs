//! How the runs of a workflow have gone since a time, and how many of it are still to come to an end.
//!
//! Both are counted within bounds, along an index each: the newest runs of the workflow, and what it has
//! in the queue. So a workflow that runs a million times a day costs no more than that bound, and one that
//! runs twice is not lost behind it.

use std::collections::BTreeMap;

use fieldpost_model::run::{RunOrigin, RunState};
use fieldpost_model::time::Timestamp;

use super::erase::BY_WORKFLOW;
use crate::Store;
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::statement::as_integer;

/// Of one workflow so many runs are counted, and so many that wait; beyond that it is only told that there
/// are more.
pub const MOST_RUNS_COUNTED: usize = 10_000;

/// What stands where a run has its state, in the row that counts what is in the queue.
const QUEUE: &str = "queue";

/// How the runs of a workflow stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunTallies {
    /// The runs that were made since the time, by why they were made and where they stand; what waits and
    /// what goes on is `Available`.
    pub made: BTreeMap<(RunOrigin, RunState), u64>,
    /// Whether there are more, older ones.
    pub made_is_more: bool,
    /// Runs that have not ended, whenever they were made.
    pub waiting: u64,
    /// Whether there are more.
    pub waiting_is_more: bool,
}

impl RunTallies {
    /// The runs for which something holds.
    pub fn of(&self, holds: impl Fn(RunOrigin, RunState) -> bool) -> u64 {
        let found = self.made.iter().filter(|((origin, state), _)| holds(*origin, *state));
        found.map(|(_, count)| count).sum()
    }
}

/// The statement; it takes the project, the workflow, the first id and the bound.
pub(crate) fn tallies_sql(indexed_by: &str) -> String {
    format!(
        "SELECT state, origin, count(*) FROM (
             SELECT r.state AS state, r.origin AS origin FROM runs r {indexed_by}
             WHERE r.project = $1 AND r.workflow = $2 AND r.id >= $3
             ORDER BY r.id DESC LIMIT $4
         ) made GROUP BY state, origin
         UNION ALL
         SELECT '{QUEUE}', '', count(*) FROM (
             SELECT 1 FROM run_queue q WHERE q.project = $1 AND q.workflow = $2 LIMIT $4
         ) waiting"
    )
}

impl Store {
    /// How the runs of a workflow stand that were made at a time or later, to the millisecond, and how many
    /// of it have not ended.
    pub async fn run_tallies(
        &self,
        project: &str,
        workflow: &str,
        since: Timestamp,
    ) -> Result<RunTallies, StoreError> {
        self.run_tallies_within(project, workflow, since, MOST_RUNS_COUNTED).await
    }

    /// The same with a bound of one's own.
    pub async fn run_tallies_within(
        &self,
        project: &str,
        workflow: &str,
        since: Timestamp,
        most: usize,
    ) -> Result<RunTallies, StoreError> {
        let sql = tallies_sql(&self.engine.indexed_by(Some(BY_WORKFLOW)));
        let limit = as_integer(most.saturating_add(1));
        let parameters =
            vec![project.into(), workflow.into(), first_id_at(since).into(), limit.into()];
        let rows = self
            .query(sql, parameters, |row| {
                let count = row.integer(2)?.unsigned_abs();
                if row.text(0)? == QUEUE {
                    return Ok((None, count));
                }
                let origin = row.named(1, RunOrigin::from_name)?;
                Ok((Some((origin, row.named(0, RunState::from_name)?)), count))
            })
            .await?;
        let bound = u64::try_from(most).unwrap_or(u64::MAX);
        let mut tallies = RunTallies::default();
        for (of, count) in rows {
            match of {
                Some(of) => _ = tallies.made.insert(of, count),
                None => tallies.waiting = count,
            }
        }
        tallies.made_is_more = tallies.made.values().sum::<u64>() > bound;
        tallies.waiting_is_more = tallies.waiting > bound;
        tallies.waiting = tallies.waiting.min(bound);
        Ok(tallies)
    }
}
