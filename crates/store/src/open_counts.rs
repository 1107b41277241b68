//! How many deliveries have not arrived, by forwarder, connection and state.
//!
//! Nobody reads a number of six digits twice, so that nothing is counted further than
//! [`LANE_COUNT`]: not what waits in one lane, and not what is in one of the states that somebody may
//! have to look at. What was not counted to its end says so.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::delivery::DeliveryState;

use crate::deliveries::IN_TROUBLE;
use crate::error::StoreError;
use crate::lanes::LANE_COUNT;
use crate::records::{Lane, StateCounts};
use crate::statement::as_integer;
use crate::{Engine, Store};

/// Deliveries that have not arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenCounts {
    /// What was counted.
    pub counts: Vec<OpenCount>,
    /// Lanes that hold more than was counted.
    pub more_in_lanes: BTreeSet<String>,
    /// States in which there are more than were counted.
    pub more_in_states: BTreeSet<DeliveryState>,
}

/// Deliveries that are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCount {
    /// Their forwarder.
    pub forwarder: String,
    /// Where they go; for what waits in the parking lane of a paused forwarder the name of that lane.
    pub connection: String,
    /// Where they stand.
    pub state: DeliveryState,
    /// How many they are.
    pub count: u64,
}

impl OpenCounts {
    /// Those of one forwarder that sends to a connection, and whether there may be more.
    pub fn of_forwarder(&self, forwarder: &str, connection: &str) -> (StateCounts, bool) {
        let lanes = [connection.to_owned(), Lane::parking(forwarder)];
        (self.sum(|count| count.forwarder == forwarder), self.are_more(&lanes))
    }

    /// Those that go to a connection, by these lanes, and whether there may be more.
    pub fn of_lanes(&self, lanes: &[String]) -> (StateCounts, bool) {
        (self.sum(|count| lanes.contains(&count.connection)), self.are_more(lanes))
    }

    fn sum(&self, is_one: impl Fn(&OpenCount) -> bool) -> StateCounts {
        let mut sums = StateCounts::new();
        for count in self.counts.iter().filter(|count| is_one(count)) {
            *sums.entry(count.state).or_default() += count.count;
        }
        sums
    }

    fn are_more(&self, lanes: &[String]) -> bool {
        !self.more_in_states.is_empty()
            || lanes.iter().any(|lane| self.more_in_lanes.contains(lane))
    }
}

impl Store {
    /// How many deliveries of a project have not arrived, counted within bounds.
    pub async fn open_counts(&self, project: &str) -> Result<OpenCounts, StoreError> {
        let mut open = OpenCounts::default();
        for lane in self.lanes(project).await? {
            let counts = self.waiting_in(project, &lane).await?;
            let all: u64 = counts.values().sum();
            if all > LANE_COUNT {
                open.more_in_lanes.insert(lane.clone());
            }
            open.counts.extend(counts.into_iter().map(|((forwarder, state), count)| OpenCount {
                forwarder,
                connection: lane.clone(),
                state,
                count,
            }));
        }
        for state in [DeliveryState::Cancelled, DeliveryState::Rejected, DeliveryState::Broken] {
            let counts = self.ended_in(project, state).await?;
            if counts.iter().map(|count| count.count).sum::<u64>() > LANE_COUNT {
                open.more_in_states.insert(state);
            }
            open.counts.extend(counts);
        }
        Ok(open)
    }

    /// What waits in a lane: first tries are pending, retries have failed, whether they are blocked
    /// or not; what holds others waits for nothing.
    async fn waiting_in(
        &self,
        project: &str,
        lane: &str,
    ) -> Result<BTreeMap<(String, DeliveryState), u64>, StoreError> {
        let sql = "SELECT forwarder, rank, count(*) FROM
                       (SELECT forwarder, rank FROM queue
                        WHERE project = $1 AND lane = $2 AND rank < 4 LIMIT $3) waiting
                   GROUP BY forwarder, rank";
        let parameters =
            vec![project.into(), lane.into(), as_integer(LANE_COUNT.saturating_add(1)).into()];
        let found = self.query(sql.to_owned(), parameters, |row| {
            let is_first_try = row.integer(1)? % 2 == 0;
            let state = if is_first_try { DeliveryState::Pending } else { DeliveryState::Failed };
            Ok(((row.text(0)?, state), row.integer(2)?.cast_unsigned()))
        });
        let mut counts = BTreeMap::new();
        for (key, count) in found.await? {
            *counts.entry(key).or_default() += count;
        }
        Ok(counts)
    }

    async fn ended_in(
        &self,
        project: &str,
        state: DeliveryState,
    ) -> Result<Vec<OpenCount>, StoreError> {
        let sql = ended_sql(matches!(self.engine, Engine::Sqlite(_)));
        let most = as_integer(LANE_COUNT.saturating_add(1));
        let parameters = vec![project.into(), state.name().into(), most.into()];
        let found = self.query(sql, parameters, |row| {
            let state = row.named(2, DeliveryState::from_name)?;
            let count = row.integer(3)?.cast_unsigned();
            Ok(OpenCount { forwarder: row.text(0)?, connection: row.text(1)?, state, count })
        });
        found.await
    }
}

/// The newest that ended in a state. Left to itself, SQLite may walk all deliveries instead.
pub(crate) fn ended_sql(is_sqlite: bool) -> String {
    let by = if is_sqlite { "INDEXED BY deliveries_in_trouble" } else { "" };
    format!(
        "SELECT forwarder, connection, state, count(*) FROM
             (SELECT forwarder, connection, state FROM deliveries {by}
              WHERE project = $1 AND state = $2 AND {IN_TROUBLE} ORDER BY id DESC LIMIT $3) ended
         GROUP BY forwarder, connection, state"
    )
}
