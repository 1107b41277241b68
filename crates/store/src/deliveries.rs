//! Reading deliveries, and the words that act on them.
//!
//! A delivery that is being sent right now is held by a lease. While the lease lasts, nothing that a
//! person does takes it out of the sender's hands: the action is refused with a conflict, and the
//! person sees the attempt's result a moment later. Once it is over, whoever held it has stalled or
//! died and is in nobody's way.

use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::attempts::status;
use crate::bulk::cancelled_by;
use crate::error::StoreError;
use crate::messages::{add_text_search, first_id_at};
use crate::records::{DeliveryQuery, Lane, Page, Signal, StateCounts};
use crate::statement::{Batch, Conditions, Parameter, Row, as_integer};
use crate::text::storable_key;
use crate::{Engine, Store};

pub(crate) const COLUMNS: &str = "id, forwarder, connection, event, payload_kind, payload_id, key, state, \
                       origin, resend_of, attempts, registered_at, next_attempt_at, last_status, \
                       last_error";

const BEING_SENT: &str = "it is being sent right now, or its state has changed";

/// Deliveries that one step of a bulk change touches: so few that nobody waits for it noticeably.
const BULK_STEP: usize = 500;
/// Deliveries that one step cancels, with two statements each.
const CANCEL_STEP: usize = 100;

/// The condition that the forwarder of what stands in the queue is defined no more.
const NO_FORWARDER: &str = "NOT EXISTS (SELECT 1 FROM definitions d WHERE d.project = queue.project
     AND d.kind = 'forwarder' AND d.name = queue.forwarder)";
/// Ends a delivery that has left the queue.
const END: &str =
    "UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL, last_error = $3
     WHERE project = $1 AND id = $2 AND state IN ('pending', 'failed')
     AND NOT EXISTS (SELECT 1 FROM queue WHERE project = $1 AND delivery = $2)";

impl Store {
    /// Deliveries, newest first.
    pub async fn deliveries(
        &self,
        project: &str,
        query: &DeliveryQuery,
        page: Page,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut conditions = delivery_conditions(&self.engine, project, query);
        let (from, id) = tables(query.state);
        if let Some(before) = page.before {
            conditions.add(&format!("{id} < ?"), before);
        }
        let limit = conditions.bind(as_integer(page.limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM {from}{} ORDER BY {id} DESC LIMIT {limit}",
            conditions.sql()
        );
        self.query(sql, conditions.parameters, read_delivery).await
    }

    /// How many deliveries a query describes.
    pub async fn count_deliveries(
        &self,
        project: &str,
        query: &DeliveryQuery,
    ) -> Result<u64, StoreError> {
        let conditions = delivery_conditions(&self.engine, project, query);
        let (from, _) = tables(query.state);
        let sql = format!("SELECT count(*) FROM {from}{}", conditions.sql());
        let counts = self.query(sql, conditions.parameters, |row| row.integer(0)).await?;
        Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
    }

    /// One delivery.
    pub async fn delivery(&self, project: &str, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM deliveries WHERE project = $1 AND id = $2");
        let found = self.query(sql, vec![project.into(), id.into()], read_delivery).await?;
        Ok(found.into_iter().next())
    }

    /// How many deliveries of each forwarder stand in each state, succeeded ones left out.
    pub async fn open_counts(
        &self,
        project: &str,
    ) -> Result<Vec<(String, StateCounts)>, StoreError> {
        let rows = self
            .query(
                // What waits is counted in the queue: first tries are pending, retries have failed.
                format!(
                    "SELECT forwarder, CASE rank WHEN 0 THEN 'pending' ELSE 'failed' END, count(*)
                     FROM queue WHERE project = $1 GROUP BY forwarder, rank
                     UNION ALL
                     SELECT forwarder, state, count(*) FROM deliveries
                     WHERE project = $1 AND {IN_TROUBLE} GROUP BY forwarder, state
                     ORDER BY 1"
                ),
                vec![project.into()],
                |row| {
                    let state = row.named(1, DeliveryState::from_name)?;
                    Ok((row.text(0)?, state, u64::try_from(row.integer(2)?).unwrap_or(0)))
                },
            )
            .await?;
        let mut counts: Vec<(String, StateCounts)> = Vec::new();
        for (forwarder, state, count) in rows {
            match counts.last_mut() {
                Some((last, states)) if *last == forwarder => {
                    states.insert(state, count);
                }
                _ => counts.push((forwarder, StateCounts::from([(state, count)]))),
            }
        }
        Ok(counts)
    }

    /// How many deliveries wait to be sent, over all projects.
    pub async fn waiting(&self) -> Result<u64, StoreError> {
        let counts = self
            .query("SELECT count(*) FROM queue".to_owned(), Vec::new(), |row| row.integer(0))
            .await?;
        Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
    }

    /// Makes a waiting delivery due now, within the same budget.
    pub async fn retry(&self, project: &str, delivery: &Delivery) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_retry(&mut batch, project, delivery);
        self.change(batch).await?;
        self.told_waiting(project, delivery.id, &delivery.connection, delivery.state);
        Ok(())
    }

    pub(crate) fn add_retry(&self, batch: &mut Batch, project: &str, delivery: &Delivery) {
        batch.one(
            BEING_SENT,
            format!(
                "UPDATE queue SET next_at = {}, owner = NULL WHERE project = $1 AND delivery = $2
                 AND {}",
                self.now_sql(),
                self.free_sql()
            ),
            vec![project.into(), delivery.id.into()],
        );
        batch.one(
            BEING_SENT,
            format!(
                "UPDATE deliveries SET next_attempt_at = {} WHERE project = $1 AND id = $2
                 AND state IN ('pending', 'failed')",
                self.now_sql()
            ),
            vec![project.into(), delivery.id.into()],
        );
    }

    /// Ends a delivery that waits.
    pub async fn cancel(
        &self,
        project: &str,
        delivery: &Delivery,
        reason: &str,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_cancel(&mut batch, project, delivery, reason);
        self.change(batch).await?;
        self.told_cancelled(project, delivery.id);
        Ok(())
    }

    pub(crate) fn add_cancel(
        &self,
        batch: &mut Batch,
        project: &str,
        delivery: &Delivery,
        reason: &str,
    ) {
        let leave = self.leave_queue_sql();
        batch.one(BEING_SENT, leave, vec![project.into(), delivery.id.into()]);
        batch.one(BEING_SENT, END, vec![project.into(), delivery.id.into(), reason.into()]);
    }

    /// Lets a final delivery wait again, with a fresh budget, under the same id. `connection` is
    /// where it goes today, `parked` whether its forwarder is paused.
    pub async fn requeue(
        &self,
        project: &str,
        delivery: &Delivery,
        connection: &str,
        parked: bool,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_requeue(&mut batch, project, delivery, connection, parked);
        self.change(batch).await?;
        self.told_waiting(project, delivery.id, connection, DeliveryState::Pending);
        Ok(())
    }

    pub(crate) fn add_requeue(
        &self,
        batch: &mut Batch,
        project: &str,
        delivery: &Delivery,
        connection: &str,
        parked: bool,
    ) {
        let now = self.now_sql();
        self.require_bytes(batch, project, delivery.payload_id);
        batch.one(
            "its state has changed",
            format!(
                "UPDATE deliveries SET state = 'pending', tries = 0, registered_at = {now},
                     next_attempt_at = {now}, connection = $3
                 WHERE project = $1 AND id = $2 AND state NOT IN ('pending', 'failed')"
            ),
            vec![project.into(), delivery.id.into(), connection.into()],
        );
        self.enqueue(batch, project, delivery.id, &delivery.forwarder, connection, parked);
    }

    /// Makes a new delivery of the same payload, under the id `new`. `connection` is where it goes
    /// today, `parked` whether its forwarder is paused.
    pub async fn resend(
        &self,
        project: &str,
        delivery: &Delivery,
        new: Uuid,
        connection: &str,
        parked: bool,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_resend(&mut batch, project, delivery, new, connection, parked);
        self.change(batch).await?;
        self.told_waiting(project, new, connection, DeliveryState::Pending);
        Ok(())
    }

    pub(crate) fn add_resend(
        &self,
        batch: &mut Batch,
        project: &str,
        delivery: &Delivery,
        new: Uuid,
        connection: &str,
        parked: bool,
    ) {
        let now = self.now_sql();
        self.require_bytes(batch, project, delivery.payload_id);
        batch.one(
            "the delivery is gone",
            format!(
                "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                     payload_id, key, state, origin, resend_of, attempts, tries, registered_at,
                     next_attempt_at)
                 SELECT project, $3, forwarder, $5, event, payload_kind, payload_id, key,
                     'pending', $4, id, 0, 0, {now}, {now}
                 FROM deliveries WHERE project = $1 AND id = $2"
            ),
            vec![
                project.into(),
                delivery.id.into(),
                new.into(),
                DeliveryOrigin::Resend.name().into(),
                connection.into(),
            ],
        );
        self.enqueue(batch, project, new, &delivery.forwarder, connection, parked);
    }

    /// Adds the statement that puts a delivery into its lane, due now. Its fences begin with the
    /// present, beyond all that it had before: whoever still holds it from an earlier time in the
    /// queue must not be taken for the holder of today.
    pub(crate) fn enqueue(
        &self,
        batch: &mut Batch,
        project: &str,
        id: Uuid,
        forwarder: &str,
        connection: &str,
        parked: bool,
    ) {
        let lane = if parked { Lane::parking(forwarder) } else { connection.to_owned() };
        let now = self.now_sql();
        batch.one(
            "it is in the queue already",
            format!(
                "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence, owner)
                 VALUES ($1, $2, $3, 0, {now}, $4, {now}, NULL)"
            ),
            vec![project.into(), id.into(), lane.into(), forwarder.into()],
        );
    }

    pub(crate) fn told_cancelled(&self, project: &str, id: Uuid) {
        let state = DeliveryState::Cancelled;
        self.signal(Signal::Delivery { project: project.into(), id, state });
    }

    pub(crate) fn told_waiting(
        &self,
        project: &str,
        id: Uuid,
        connection: &str,
        state: DeliveryState,
    ) {
        self.signal(Signal::Delivery { project: project.into(), id, state });
        self.signal(Signal::Due(Lane { project: project.into(), name: connection.to_owned() }));
    }

    /// Moves what waits in the lane `from` for `forwarder` to the lane `to`, due now where
    /// `due_now`; it goes over `connection` from here on. One bounded step; the answer is how many
    /// were moved, and 0 means all are.
    pub async fn move_lane(
        &self,
        project: &str,
        forwarder: &str,
        from: &str,
        to: &str,
        connection: &str,
        due_now: bool,
    ) -> Result<u64, StoreError> {
        let free = self.free_sql();
        let waiting = self
            .query(
                format!(
                    "SELECT delivery FROM queue WHERE project = $1 AND lane = $2
                     AND forwarder = $3 AND {free} ORDER BY rank, next_at LIMIT {BULK_STEP}"
                ),
                vec![project.into(), from.into(), forwarder.into()],
                |row| row.id(0),
            )
            .await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let list = |from: usize| -> String {
            let places: Vec<String> =
                (from..from + waiting.len()).map(|number| format!("${number}")).collect();
            places.join(", ")
        };
        let ids = || waiting.iter().map(|id| Parameter::from(*id));
        let next_at = if due_now { self.now_sql() } else { "next_at".to_owned() };
        let mut batch = Batch::default();
        // The conditions stand again: somebody may have claimed since the choice.
        let mut parameters = vec![project.into(), from.into(), to.into()];
        parameters.extend(ids());
        batch.any(
            format!(
                "UPDATE queue SET lane = $3, next_at = {next_at}
                 WHERE project = $1 AND lane = $2 AND {free} AND delivery IN ({})",
                list(4)
            ),
            parameters,
        );
        // What was claimed instead is still in the old lane, and goes where it was to go.
        let mut parameters = vec![project.into(), connection.into(), to.into()];
        parameters.extend(ids());
        batch.any(
            format!(
                "UPDATE deliveries SET connection = $2
                 WHERE project = $1 AND connection <> $2 AND id IN ({})
                 AND EXISTS (SELECT 1 FROM queue WHERE project = $1 AND delivery = deliveries.id
                     AND lane = $3)",
                list(4)
            ),
            parameters,
        );
        let moved = self.change(batch).await?.first().copied().unwrap_or(0);
        if moved > 0 {
            self.signal(Signal::Due(Lane { project: project.into(), name: to.to_owned() }));
        }
        Ok(moved)
    }

    /// In which lanes deliveries wait, and for which forwarders. This reads the project's whole
    /// queue: it is for the moment after a change of definitions.
    pub async fn queue_places(&self, project: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.query(
            "SELECT DISTINCT lane, forwarder FROM queue WHERE project = $1 ORDER BY lane, forwarder"
                .to_owned(),
            vec![project.into()],
            |row| Ok((row.text(0)?, row.text(1)?)),
        )
        .await
    }

    /// Cancels what waits for a forwarder that is no more, in whatever lane. One bounded step; it
    /// does nothing where the forwarder is there again.
    pub async fn cancel_forwarder(
        &self,
        project: &str,
        forwarder: &str,
        reason: &str,
    ) -> Result<usize, StoreError> {
        let waiting = self
            .query(
                format!(
                    "SELECT delivery FROM queue WHERE project = $1 AND forwarder = $2
                     AND {} AND {NO_FORWARDER} ORDER BY delivery LIMIT {CANCEL_STEP}",
                    self.free_sql()
                ),
                vec![project.into(), forwarder.into()],
                |row| row.id(0),
            )
            .await?;
        // The forwarder may have been saved since. Only leaving the queue asks for it: what has left
        // must end within the same transaction, or it would wait outside the queue for ever.
        let leave = format!("{} AND {NO_FORWARDER}", self.leave_queue_sql());
        let mut batch = Batch::default();
        for id in &waiting {
            // Any number of rows: what is claimed meanwhile is left to its sender.
            batch.any(leave.as_str(), vec![project.into(), (*id).into()]);
            batch.any(END, vec![project.into(), (*id).into(), reason.into()]);
        }
        let counts = self.change(batch).await?;
        let mut cancelled = 0;
        for (id, counts) in waiting.iter().zip(counts.chunks(2)) {
            if matches!(counts, [1, 1]) {
                cancelled += 1;
                self.told_cancelled(project, *id);
            }
        }
        Ok(cancelled)
    }

    /// Takes a delivery out of the queue, unless it is being sent.
    fn leave_queue_sql(&self) -> String {
        format!("DELETE FROM queue WHERE project = $1 AND delivery = $2 AND {}", self.free_sql())
    }

    /// The condition that nobody is sending what stands in the queue: nobody holds it, or whoever
    /// did has let the lease run out, and must not stand in a person's way.
    fn free_sql(&self) -> String {
        format!("(owner IS NULL OR next_at <= {})", self.now_sql())
    }

    /// The present as SQL: the database's own clock on PostgreSQL, this process's on SQLite.
    pub(crate) fn now_sql(&self) -> String {
        match &self.engine {
            Engine::Sqlite(_) => (self.clock)().0.to_string(),
            Engine::Postgres(_) => crate::postgres::NOW.to_owned(),
        }
    }
}

/// What the partial index of deliveries that ended otherwise than well says, so that it is used.
const IN_TROUBLE: &str = "state NOT IN ('pending', 'failed', 'succeeded')";

/// The tables that a list reads, and the column that it runs along. What waits is few among many,
/// and found by the queue; on SQLite, CROSS JOIN keeps that order.
pub(crate) fn tables(state: Option<DeliveryState>) -> (&'static str, &'static str) {
    if state.is_some_and(DeliveryState::is_waiting) {
        (
            "(SELECT project AS waiting_in, delivery AS waiting FROM queue) q
             CROSS JOIN deliveries",
            "waiting",
        )
    } else {
        ("deliveries", "id")
    }
}

pub(crate) fn delivery_conditions(
    engine: &Engine,
    project: &str,
    query: &DeliveryQuery,
) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.add("project = ?", project);
    let mut equal = |column: &str, value: &Option<String>| {
        if let Some(value) = value {
            conditions.add(&format!("{column} = ?"), value.as_str());
        }
    };
    equal("forwarder", &query.forwarder);
    equal("connection", &query.connection);
    equal("key", &query.key.clone().map(storable_key));
    if let Some(state) = query.state {
        conditions.add("state = ?", state.name());
        if state.is_waiting() {
            conditions.add("waiting_in = ?", project);
            conditions.add_plain("id = waiting");
        } else if state != DeliveryState::Succeeded {
            conditions.add_plain(IN_TROUBLE);
        }
    }
    if let Some(payload) = query.payload {
        conditions.add("payload_id = ?", payload);
    }
    if let Some(source) = &query.source {
        conditions.add(
            "EXISTS (SELECT 1 FROM messages m WHERE m.project = deliveries.project
             AND m.id = deliveries.payload_id AND m.source = ?)",
            source.as_str(),
        );
    }
    if let Some(action) = query.cancelled_by {
        conditions.add("last_error = ?", cancelled_by(action));
        conditions.add_plain("state = 'cancelled'");
        conditions.add_plain(IN_TROUBLE);
    }
    // The id says when a delivery was made; `registered_at` moves with every requeue.
    if let Some(since) = query.since {
        conditions.add("id >= ?", first_id_at(since));
    }
    if let Some(until) = query.until {
        conditions.add("id < ?", first_id_at(until));
    }
    if let Some(text) = &query.text {
        add_text_search(
            engine,
            &mut conditions,
            text,
            &["id", "payload_id"],
            &["key", "last_error"],
        );
    }
    conditions
}

pub(crate) fn read_delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let last_status = row.optional_integer(13)?.map(status).transpose()?;
    Ok(Delivery {
        id: row.id(0)?,
        forwarder: row.text(1)?,
        connection: row.text(2)?,
        event: row.named(3, Event::from_name)?,
        payload_kind: row.named(4, PayloadKind::from_name)?,
        payload_id: row.id(5)?,
        key: row.optional_text(6)?,
        state: row.named(7, DeliveryState::from_name)?,
        origin: row.named(8, DeliveryOrigin::from_name)?,
        resend_of: row.optional_id(9)?,
        attempts: row.count(10)?,
        registered_at: row.time(11)?,
        next_attempt_at: row.optional_integer(12)?.map(Timestamp),
        last_status,
        last_error: row.optional_text(14)?,
    })
}
