//! Lists of deliveries that cost the same however many there are.
//!
//! A list runs along an index: all deliveries by their id, those of one forwarder, those in a state
//! that somebody may have to look at, or what waits. What else is asked for is looked at row by row,
//! through a bounded number of rows; then the list ends early and says from where to go on. Of
//! several states each is a list of its own, and the lists are merged.

use std::cmp::Ordering;

use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_model::names;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::deliveries::{COLUMNS, IN_TROUBLE, delivery_conditions, read_delivery, tables};
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::queries::DeliveryQuery;
use crate::statement::{Conditions, as_integer};

/// Rows that one list looks through for what no index tells.
pub const ROWS_LOOKED_THROUGH: usize = 50_000;

names! {
    /// What a list of deliveries is sorted by.
    pub enum DeliveryOrder {
        /// The newest first.
        Newest = "newest",
        /// The oldest first.
        Oldest = "oldest",
    }
}

names! {
    /// What waits, by the time at which it is tried next.
    pub enum NextTryOrder {
        /// The one that is tried first comes first.
        Soonest = "soonest",
        /// The one that is tried last comes first.
        Latest = "latest",
    }
}

impl DeliveryOrder {
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Newest => ("<", ">=", "DESC"),
            Self::Oldest => (">", "<=", "ASC"),
        }
    }

    fn compare(self, one: Uuid, other: Uuid) -> Ordering {
        match self {
            Self::Newest => other.cmp(&one),
            Self::Oldest => one.cmp(&other),
        }
    }
}

/// Where a page of deliveries begins, and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryPage {
    /// What it is sorted by.
    pub order: DeliveryOrder,
    /// The last one that was looked at before.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: usize,
}

/// A page of deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveriesFound {
    /// In their order; there may be few or none although there are more to look at.
    pub found: Vec<Delivery>,
    /// From where to go on; `None` where all was looked at.
    pub next: Option<Uuid>,
}

/// What waits, by the time at which it is tried next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingFound {
    /// In their order.
    pub found: Vec<Delivery>,
    /// From where to go on: the time of the last one, and its id.
    pub next: Option<(Timestamp, Uuid)>,
}

/// A part of a list: one state, or any.
struct Part {
    found: Vec<Delivery>,
    /// It is complete up to here; `None` where nothing more is there.
    until: Option<Uuid>,
}

impl Store {
    /// A page of deliveries.
    pub async fn list_deliveries(
        &self,
        project: &str,
        query: &DeliveryQuery,
        page: DeliveryPage,
    ) -> Result<DeliveriesFound, StoreError> {
        let mut parts = Vec::new();
        if query.states.is_empty() {
            parts.push(self.list_part(project, query, page).await?);
        }
        for state in &query.states {
            let is_possible = query.state.is_none_or(|only| only == *state);
            let of_state =
                DeliveryQuery { state: Some(*state), states: Vec::new(), ..query.clone() };
            if is_possible {
                parts.push(self.list_part(project, &of_state, page).await?);
            }
        }
        Ok(merge(parts, page))
    }

    /// One more than asked for, where there are as many.
    async fn list_part(
        &self,
        project: &str,
        query: &DeliveryQuery,
        page: DeliveryPage,
    ) -> Result<Part, StoreError> {
        let (before, from_on, direction) = page.order.sql();
        let boundary = if query.is_looked_through() {
            self.boundary(project, query, page).await?
        } else {
            None
        };
        let mut conditions = delivery_conditions(&self.engine, project, query);
        let (from, id) = tables(query.state);
        if let Some(after) = page.after {
            conditions.add(&format!("{id} {before} ?"), after);
        }
        if let Some(boundary) = boundary {
            conditions.add(&format!("{id} {from_on} ?"), boundary);
        }
        let limit = conditions.bind(as_integer(page.limit + 1));
        let sql = format!(
            "SELECT {COLUMNS} FROM {from}{} ORDER BY {id} {direction} LIMIT {limit}",
            conditions.sql()
        );
        let found = self.query(sql, conditions.parameters, read_delivery).await?;
        let last = found.last().filter(|_| found.len() > page.limit).map(|last| last.id);
        Ok(Part { until: last.or(boundary), found })
    }

    /// The last row that a list looks at; `None` where it comes to the end before.
    async fn boundary(
        &self,
        project: &str,
        query: &DeliveryQuery,
        page: DeliveryPage,
    ) -> Result<Option<Uuid>, StoreError> {
        let (before, _, direction) = page.order.sql();
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        let waits = query.state.is_some_and(DeliveryState::is_waiting);
        let (table, id) = if waits { ("queue", "delivery") } else { ("deliveries", "id") };
        match (&query.forwarder, query.state) {
            _ if waits => {}
            (Some(forwarder), _) => conditions.add("forwarder = ?", forwarder.as_str()),
            (None, Some(state)) if is_in_trouble(state) => {
                conditions.add("state = ?", state.name());
                conditions.add_plain(IN_TROUBLE);
            }
            (None, _) => {}
        }
        if let Some(since) = query.since {
            conditions.add(&format!("{id} >= ?"), first_id_at(since));
        }
        if let Some(until) = query.until {
            conditions.add(&format!("{id} < ?"), first_id_at(until));
        }
        if let Some(after) = page.after {
            conditions.add(&format!("{id} {before} ?"), after);
        }
        let skipped = conditions.bind(as_integer(ROWS_LOOKED_THROUGH - 1));
        let sql = format!(
            "SELECT {id} FROM {table}{} ORDER BY {id} {direction} LIMIT 1 OFFSET {skipped}",
            conditions.sql()
        );
        let found = self.query(sql, conditions.parameters, |row| row.id(0)).await?;
        Ok(found.into_iter().next())
    }

    /// What waits in some lanes, by the time at which it is tried next: each lane is read along the
    /// index by which it is claimed from, in one direction or the other. No lanes means all.
    pub async fn list_by_next_try(
        &self,
        project: &str,
        lanes: &[String],
        order: NextTryOrder,
        after: Option<(Timestamp, Uuid)>,
        limit: usize,
    ) -> Result<WaitingFound, StoreError> {
        let lanes = if lanes.is_empty() { self.lanes(project).await? } else { lanes.to_vec() };
        let (beyond, direction) = match order {
            NextTryOrder::Soonest => (">", "ASC"),
            NextTryOrder::Latest => ("<", "DESC"),
        };
        let mut waiting: Vec<(Timestamp, Uuid)> = Vec::new();
        for lane in lanes {
            for rank in 0..4 {
                let mut conditions = Conditions::default();
                conditions.add("project = ?", project);
                conditions.add("lane = ?", lane.as_str());
                conditions.add_plain(&format!("rank = {rank}"));
                if let Some((time, id)) = after {
                    let (time, id) = (conditions.bind(time), conditions.bind(id));
                    conditions.add_plain(&format!("(next_at, delivery) {beyond} ({time}, {id})"));
                }
                let most = conditions.bind(as_integer(limit + 1));
                let sql = format!(
                    "SELECT next_at, delivery FROM queue{}
                     ORDER BY next_at {direction}, delivery {direction} LIMIT {most}",
                    conditions.sql()
                );
                let read =
                    self.query(sql, conditions.parameters, |row| Ok((row.time(0)?, row.id(1)?)));
                waiting.extend(read.await?);
            }
        }
        waiting.sort_unstable();
        if order == NextTryOrder::Latest {
            waiting.reverse();
        }
        let is_more = waiting.len() > limit;
        waiting.truncate(limit);
        let ids: Vec<Uuid> = waiting.iter().map(|(_, id)| *id).collect();
        let mut found = self.deliveries_of(project, &ids).await?;
        found.sort_by_key(|delivery| ids.iter().position(|id| *id == delivery.id));
        Ok(WaitingFound { found, next: waiting.last().copied().filter(|_| is_more) })
    }

    async fn deliveries_of(
        &self,
        project: &str,
        ids: &[Uuid],
    ) -> Result<Vec<Delivery>, StoreError> {
        let Some(last) = ids.last() else { return Ok(Vec::new()) };
        // Few different numbers of places, so that few statements are kept prepared.
        let mut padded = ids.to_vec();
        padded.resize(ids.len().next_power_of_two(), *last);
        let sql = format!(
            "SELECT {COLUMNS} FROM deliveries WHERE project = $1 AND id IN ({})",
            places(2, padded.len())
        );
        self.query(sql, with_ids(vec![project.into()], &padded), read_delivery).await
    }
}

const fn is_in_trouble(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Cancelled | DeliveryState::Rejected | DeliveryState::Broken)
}

impl DeliveryQuery {
    /// Whether rows have to be looked at one by one, since no index has all that is asked for.
    fn is_looked_through(&self) -> bool {
        if self.payload.is_some() || self.key.is_some() || !self.ids.is_empty() {
            // These are few.
            return false;
        }
        let asks_rows = self.connection.is_some()
            || self.source.is_some()
            || self.origin.is_some()
            || self.status.is_some()
            || self.error_kind.is_some()
            || self.text.is_some()
            || self.cancelled_by.is_some()
            || self.holds;
        match self.state {
            _ if asks_rows => true,
            Some(state) => self.forwarder.is_some() || !is_in_trouble(state),
            None => false,
        }
    }
}

/// Puts parts of a list together, as far as all of them are complete.
fn merge(parts: Vec<Part>, page: DeliveryPage) -> DeliveriesFound {
    let until = parts.iter().filter_map(|part| part.until);
    let until = until.min_by(|one, other| page.order.compare(*one, *other));
    let mut found: Vec<Delivery> = parts.into_iter().flat_map(|part| part.found).collect();
    if let Some(until) = until {
        found.retain(|delivery| page.order.compare(delivery.id, until).is_le());
    }
    found.sort_by(|one, other| page.order.compare(one.id, other.id));
    if found.len() <= page.limit {
        return DeliveriesFound { found, next: until };
    }
    found.truncate(page.limit);
    let next = found.last().map(|last| last.id);
    DeliveriesFound { found, next }
}
