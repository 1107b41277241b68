//! Lanes as people see them: how much waits in one, and letting it go at once.

use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::records::{Lane, Signal};
use crate::statement::{Batch, Parameter};

/// Waiting deliveries are counted up to here: a number that is only shown must not cost a walk
/// over a million rows.
pub const LANE_COUNT: u64 = 10_000;

/// Retries that one step makes due: so few that nobody waits for it noticeably.
const STEP: usize = 500;

/// What waits in a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneBacklog {
    /// Deliveries that wait or are being sent, counted up to [`LANE_COUNT`].
    pub waiting: u64,
    /// Whether there are more than that.
    pub is_more: bool,
    /// How many of those counted wait for another one, which goes before them in order.
    pub behind: u64,
    /// Since when the oldest one waits for its first try.
    pub oldest_first_try: Option<Timestamp>,
    /// When the next retry is due.
    pub next_retry: Option<Timestamp>,
}

impl Store {
    /// What waits in a lane.
    pub async fn lane_backlog(&self, lane: &Lane) -> Result<LaneBacklog, StoreError> {
        let least = |rank: u8| {
            format!(
                "(SELECT min(next_at) FROM queue
                  WHERE project = $1 AND lane = $2 AND rank = {rank} AND owner IS NULL)"
            )
        };
        let sql = format!(
            "SELECT count(*), count(CASE WHEN rank > 1 THEN 1 END), {}, {}
             FROM (SELECT rank FROM queue
                   WHERE project = $1 AND lane = $2 AND rank < 4 LIMIT {}) counted",
            least(0),
            least(1),
            LANE_COUNT + 1,
        );
        let found = self
            .query(sql, of(lane), |row| {
                let counted = u64::from(row.count(0)?);
                Ok(LaneBacklog {
                    waiting: counted.min(LANE_COUNT),
                    is_more: counted > LANE_COUNT,
                    behind: u64::from(row.count(1)?).min(LANE_COUNT),
                    oldest_first_try: row.optional_integer(2)?.map(Timestamp),
                    next_retry: row.optional_integer(3)?.map(Timestamp),
                })
            })
            .await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Makes retries of a lane due now that would be due later. One bounded step; the answer is how
    /// many, and 0 means that none is left.
    pub async fn make_due(&self, lane: &Lane) -> Result<u64, StoreError> {
        self.make_some_due(lane, STEP).await
    }

    /// Has a lane tried now, whatever its breaker says: one delivery of it is due, and every hub is
    /// told.
    pub async fn try_now(&self, lane: &Lane) -> Result<(), StoreError> {
        self.make_some_due(lane, 1).await?;
        self.signal(Signal::TryNow(lane.clone()));
        Ok(())
    }

    async fn make_some_due(&self, lane: &Lane, most: usize) -> Result<u64, StoreError> {
        let now = self.now_sql();
        // On SQLite a row stays its holder's until he is done with it.
        let waits = format!("rank = 1 AND next_at > {now} AND owner IS NULL");
        let later = self
            .query(
                format!(
                    "SELECT delivery FROM queue WHERE project = $1 AND lane = $2 AND {waits}
                     ORDER BY next_at LIMIT {most}"
                ),
                of(lane),
                |row| row.id(0),
            )
            .await?;
        if later.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::default();
        self.lock_deliveries(&mut batch, &lane.project, &later);
        let first = batch.0.len();
        for delivery in later {
            let parameters = vec![Parameter::from(&*lane.project), delivery.into()];
            // The conditions stand again: somebody may have claimed it since.
            batch.any(
                format!(
                    "UPDATE queue SET next_at = {now}
                     WHERE project = $1 AND delivery = $2 AND {waits}"
                ),
                parameters.clone(),
            );
            batch.any(
                format!(
                    "UPDATE deliveries SET next_attempt_at = {now}
                     WHERE project = $1 AND id = $2 AND state = 'failed'"
                ),
                parameters,
            );
        }
        let counts = self.change(batch).await?;
        self.signal(Signal::Due(lane.clone()));
        Ok(counts.iter().skip(first).step_by(2).sum())
    }
}

fn of(lane: &Lane) -> Vec<Parameter> {
    vec![(&*lane.project).into(), lane.name.as_str().into()]
}
