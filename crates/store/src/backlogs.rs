//! What waits in each lane of a project, at one look.
//!
//! The lanes are found by hopping from one to the next along the index of what is due, so that the
//! look costs the same however much waits; nothing is counted further than [`LANE_COUNT`].

use std::collections::HashMap;

use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::lanes::{LANE_COUNT, LaneBacklog};

/// What waits in a lane, for overviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The lane's name: a connection's, or that of a forwarder's parking lane.
    pub lane: String,
    /// Deliveries that wait or are being sent, counted up to [`LANE_COUNT`].
    pub waiting: u64,
    /// Whether there are more than that.
    pub is_more: bool,
    /// Since when the oldest one waits. Of more than [`LANE_COUNT`] retries, only those that are due
    /// first are looked at.
    pub oldest: Option<Timestamp>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
}

/// The lanes of a project that have anything in the queue, as a common table.
const LANES: &str = "WITH RECURSIVE lanes (lane) AS (
             SELECT min(lane) FROM queue WHERE project = $1
             UNION ALL
             SELECT (SELECT min(q.lane) FROM queue q
                     WHERE q.project = $1 AND q.lane > lanes.lane)
             FROM lanes WHERE lanes.lane IS NOT NULL
         )";

impl Store {
    /// What waits in each lane of a project, as those see it who look after lanes; a lane that has
    /// nothing in the queue is left out.
    pub async fn lane_backlogs(
        &self,
        project: &str,
    ) -> Result<HashMap<String, LaneBacklog>, StoreError> {
        let most = LANE_COUNT + 1;
        let of_lane = "FROM queue q WHERE q.project = $1 AND q.lane = lanes.lane";
        let counted = format!("FROM (SELECT rank {of_lane} AND q.rank < 4 LIMIT {most}) counted");
        let sql = format!(
            "{LANES}
             SELECT lane, (SELECT count(*) {counted}),
                 (SELECT count(CASE WHEN rank > 1 THEN 1 END) {counted}),
                 (SELECT min(q.next_at) {of_lane} AND q.rank = 0 AND q.owner IS NULL),
                 (SELECT min(q.next_at) {of_lane} AND q.rank = 1 AND q.owner IS NULL)
             FROM lanes WHERE lane IS NOT NULL"
        );
        let found = self.query(sql, vec![project.into()], |row| {
            let [waiting, behind] = [row.integer(1)?, row.integer(2)?].map(i64::cast_unsigned);
            let backlog = LaneBacklog {
                waiting: waiting.min(LANE_COUNT),
                is_more: waiting > LANE_COUNT,
                behind: behind.min(LANE_COUNT),
                oldest_first_try: row.optional_integer(3)?.map(Timestamp),
                next_retry: row.optional_integer(4)?.map(Timestamp),
            };
            Ok((row.text(0)?, backlog))
        });
        Ok(found.await?.into_iter().collect())
    }

    /// What waits in each lane of a project that has anything in the queue.
    pub async fn backlogs(&self, project: &str) -> Result<Vec<Backlog>, StoreError> {
        let found = self
            .query(backlogs_sql(), vec![project.into()], |row| {
                let counted = row.integer(1)?.cast_unsigned();
                let first_try = row.optional_integer(2)?;
                let retry = row.optional_integer(3)?;
                let oldest_retry = row.optional_integer(4)?;
                Ok(Backlog {
                    lane: row.text(0)?,
                    waiting: counted.min(LANE_COUNT),
                    is_more: counted > LANE_COUNT,
                    oldest: earlier(first_try, oldest_retry),
                    next_at: earlier(first_try, retry),
                })
            })
            .await?;
        Ok(found.into_iter().filter(|backlog| backlog.waiting > 0).collect())
    }

    /// The lanes of a project that have anything in the queue.
    pub(crate) async fn lanes(&self, project: &str) -> Result<Vec<String>, StoreError> {
        let sql = format!("{LANES} SELECT lane FROM lanes WHERE lane IS NOT NULL");
        self.query(sql, vec![project.into()], |row| row.text(0)).await
    }
}

fn earlier(one: Option<i64>, other: Option<i64>) -> Option<Timestamp> {
    one.into_iter().chain(other).min().map(Timestamp)
}

/// First tries stand in the queue by the time since which they wait, retries by the time of their
/// next try: the oldest of those is found by its id.
pub(crate) fn backlogs_sql() -> String {
    let most = LANE_COUNT + 1;
    let of_lane = "FROM queue q WHERE q.project = $1 AND q.lane = lanes.lane";
    format!(
        "{LANES}
         SELECT lane,
             (SELECT count(*) FROM (SELECT 1 {of_lane} AND q.rank < 4 LIMIT {most}) counted),
             (SELECT min(q.next_at) {of_lane} AND q.rank = 0 AND q.owner IS NULL),
             (SELECT min(q.next_at) {of_lane} AND q.rank = 1 AND q.owner IS NULL),
             (SELECT d.registered_at FROM deliveries d WHERE d.project = $1 AND d.id =
                 (SELECT delivery FROM
                      (SELECT q.delivery {of_lane} AND q.rank = 1 ORDER BY q.next_at LIMIT {most}) r
                  ORDER BY delivery LIMIT 1))
         FROM lanes WHERE lane IS NOT NULL"
    )
}
