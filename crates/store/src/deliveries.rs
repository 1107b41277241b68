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
use crate::order::{Among, settle_around};
use crate::queries::DeliveryQuery;
use crate::records::{Lane, Page, Signal};
use crate::statement::{Batch, Conditions, Row, as_integer};
use crate::text::storable_key;
use crate::{Engine, Store};

pub(crate) const COLUMNS: &str = "id, forwarder, connection, event, payload_kind, payload_id, key, state, \
                       origin, resend_of, attempts, registered_at, next_attempt_at, last_status, \
                       last_error, superseded_by, \
                       CASE WHEN state IN ('rejected', 'broken', 'cancelled') THEN \
                           (SELECT count(*) FROM queue held WHERE held.project = deliveries.project \
                            AND held.delivery = deliveries.id AND held.rank = 4) ELSE 0 END, \
                       subject";

/// The newest deliveries that are looked at for the name of a connection.
const LOOKED_BACK: usize = 10_000;

const BEING_SENT: &str = "it is being sent right now, or its state has changed";

/// Ends a delivery that has left the queue.
pub(crate) const END: &str =
    "UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL, last_error = $3
     WHERE project = $1 AND id = $2 AND state IN ('pending', 'failed')
     AND NOT EXISTS (SELECT 1 FROM queue WHERE project = $1 AND delivery = $2)";
/// Ends a delivery that held others and has left the queue. What it ended by stays to be read.
const LET_GO: &str = "UPDATE deliveries SET state = 'cancelled',
         last_error = CASE WHEN last_error IS NULL THEN $3 ELSE $3 || ': ' || last_error END
     WHERE project = $1 AND id = $2 AND state IN ('rejected', 'broken', 'cancelled')
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

    /// Whether anything of a connection is there: something that waits, or one of the newest
    /// deliveries. A name that stands nowhere costs no walk over all of them.
    pub async fn is_sent_to(&self, project: &str, connection: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM queue WHERE project = $1 AND lane = $2
                   UNION ALL
                   SELECT 1 FROM (SELECT connection FROM deliveries WHERE project = $1
                                  ORDER BY id DESC LIMIT $3) newest
                   WHERE connection = $2 LIMIT 1";
        let parameters = vec![project.into(), connection.into(), as_integer(LOOKED_BACK).into()];
        Ok(!self.query(sql.to_owned(), parameters, |_| Ok(())).await?.is_empty())
    }

    /// One delivery.
    pub async fn delivery(&self, project: &str, id: Uuid) -> Result<Option<Delivery>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM deliveries WHERE project = $1 AND id = $2");
        let found = self.query(sql, vec![project.into(), id.into()], read_delivery).await?;
        Ok(found.into_iter().next())
    }

    /// How many deliveries wait to be sent, over all projects.
    pub async fn waiting(&self) -> Result<u64, StoreError> {
        let counts = self
            .query("SELECT count(*) FROM queue WHERE rank < 4".to_owned(), Vec::new(), |row| {
                row.integer(0)
            })
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

    /// Ends a delivery that waits, or lets those go that a final one holds.
    pub async fn cancel(
        &self,
        project: &str,
        delivery: &Delivery,
        reason: &str,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_cancel(&mut batch, project, delivery, reason);
        self.change(batch).await?;
        self.told_cancelled(project, delivery);
        Ok(())
    }

    pub(crate) fn add_cancel(
        &self,
        batch: &mut Batch,
        project: &str,
        delivery: &Delivery,
        reason: &str,
    ) {
        let (rank, end) = if delivery.holds { ("rank = 4", LET_GO) } else { ("rank < 4", END) };
        self.let_next_go(batch, project, delivery.id);
        let leave = format!("{} AND {rank}", self.leave_queue_sql());
        batch.one(BEING_SENT, leave, vec![project.into(), delivery.id.into()]);
        batch.one(BEING_SENT, end, vec![project.into(), delivery.id.into(), reason.into()]);
    }

    /// Lets a final delivery wait again, with a fresh budget, under the same id. `connection` is
    /// where it goes today, `parked` whether its forwarder is paused. What is kept in order goes to
    /// the end of its key; but what holds others is ahead of them again.
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
        self.lock_deliveries(batch, project, &[delivery.id]);
        self.require_carried(batch, project, delivery);
        // The queue goes first, as in every other word. That is also why settling finds the sequence
        // that a holder has left: the delivery still names the connection.
        self.enqueue(batch, project, delivery.id, &delivery.forwarder, connection, parked);
        batch.one(
            "its state has changed",
            format!(
                "UPDATE deliveries SET state = 'pending', tries = 0, registered_at = {now},
                     next_attempt_at = {now}, connection = $3
                 WHERE project = $1 AND id = $2 AND state NOT IN ('pending', 'failed')"
            ),
            vec![project.into(), delivery.id.into(), connection.into()],
        );
    }

    /// Makes a new delivery of the same payload, under the id `new`. `connection` is where it goes
    /// today, `parked` whether its forwarder is paused. What is kept in order goes to the end of its
    /// key.
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
        self.require_carried(batch, project, delivery);
        batch.one(
            "the delivery is gone",
            format!(
                "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                     payload_id, key, state, origin, resend_of, attempts, tries, registered_at,
                     next_attempt_at, hops, order_key, subject)
                 SELECT project, $3, forwarder, $5, event, payload_kind, payload_id, key,
                     'pending', $4, id, 0, 0, {now}, {now}, hops, order_key, subject
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

    /// Adds the statements that put a delivery into its lane, due now, behind all of its key; one that
    /// holds others is at its old place among them, over the connection of today. Its fences begin with the present, beyond all that it had
    /// before: whoever still holds it from an earlier time in the queue must not be taken for the
    /// holder of today.
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
        // Whoever has taken it already is given it again.
        self.lock_deliveries(batch, project, &[id]);
        let position = self.next_position(batch);
        batch.one(
            "it is in the queue already",
            format!(
                "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence, owner,
                     position, sequence)
                 SELECT project, id, $3, CASE WHEN order_key IS NULL THEN 0 ELSE 2 END, {now}, $4,
                     {now}, NULL, CASE WHEN order_key IS NULL THEN NULL ELSE {position} END,
                     CAST($5 AS TEXT) || '/' || order_key
                 FROM deliveries WHERE project = $1 AND id = $2
                 ON CONFLICT (project, delivery) DO UPDATE SET
                     lane = excluded.lane, rank = 2, next_at = excluded.next_at,
                     fence = excluded.fence, sequence = excluded.sequence
                 WHERE queue.rank = 4"
            ),
            vec![project.into(), id.into(), lane.into(), forwarder.into(), connection.into()],
        );
        settle_around(Among::on(&self.engine), batch, project, &[id]);
    }

    /// Tells of a delivery that was ended. One that followed it may be due now.
    pub(crate) fn told_cancelled(&self, project: &str, delivery: &Delivery) {
        let Delivery { id, connection, .. } = delivery;
        self.told_waiting(project, *id, connection, DeliveryState::Cancelled);
    }

    /// Tells of a delivery that was ended with many others.
    pub(crate) fn told_ended(&self, project: &str, id: Uuid) {
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

    /// Takes a delivery out of the queue, unless it is being sent.
    pub(crate) fn leave_queue_sql(&self) -> String {
        format!("DELETE FROM queue WHERE project = $1 AND delivery = $2 AND {}", self.free_sql())
    }

    /// The condition that nobody is sending what stands in the queue: nobody holds it, or whoever
    /// did has let the lease run out, and must not stand in a person's way.
    pub(crate) fn free_sql(&self) -> String {
        let now = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.lease_now().0.to_string(),
            Engine::Postgres(_) => self.now_sql(),
        };
        format!("(owner IS NULL OR next_at <= {now})")
    }

    /// The present as SQL: the database's own clock on PostgreSQL, this process's on SQLite.
    pub(crate) fn now_sql(&self) -> String {
        match &self.engine {
            Engine::Sqlite(_) => (self.clock)().0.to_string(),
            Engine::Postgres(_) => crate::postgres::NOW.to_owned(),
        }
    }
}

/// What the partial index of deliveries that somebody may have to look at says, so that it is used.
pub(crate) const IN_TROUBLE: &str = "state NOT IN ('pending', 'failed', 'succeeded', 'superseded')";

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
        } else if !matches!(state, DeliveryState::Succeeded | DeliveryState::Superseded) {
            conditions.add_plain(IN_TROUBLE);
        }
    }
    if !query.states.is_empty() {
        let places: Vec<String> =
            query.states.iter().map(|state| conditions.bind(state.name())).collect();
        conditions.add_plain(&format!("state IN ({})", places.join(", ")));
    }
    if let Some((least, greatest)) = query.status {
        conditions.add("last_status >= ?", i64::from(least));
        conditions.add("last_status <= ?", i64::from(greatest));
    }
    if let Some(kind) = query.error_kind {
        conditions.add(
            "EXISTS (SELECT 1 FROM attempts a WHERE a.project = deliveries.project
             AND a.delivery = deliveries.id AND a.number = deliveries.attempts
             AND a.error_kind = ?)",
            kind.name(),
        );
    }
    if let Some(origin) = query.origin {
        conditions.add("origin = ?", origin.name());
    }
    if !query.ids.is_empty() {
        let places: Vec<String> = query.ids.iter().map(|id| conditions.bind(*id)).collect();
        conditions.add_plain(&format!("id IN ({})", places.join(", ")));
    }
    if let Some(payload) = query.payload {
        // By its message, or by what it carries: the message of that is looked up.
        let of = conditions.bind(project);
        conditions.add(
            &format!(
                "payload_id = coalesce((SELECT p.message FROM payloads p
                     WHERE p.project = {of} AND p.id = ?), ?)
                 AND (payload_id = ? OR subject = ?)"
            ),
            payload,
        );
    }
    if let Some(source) = &query.source {
        conditions.add(
            "EXISTS (SELECT 1 FROM messages m WHERE m.project = deliveries.project
             AND m.id = deliveries.payload_id AND m.source = ?)",
            source.as_str(),
        );
    }
    if let Some(action) = query.cancelled_by {
        // What held others says behind it what it had ended by before.
        conditions.add("last_error LIKE ?", format!("{}%", cancelled_by(action)));
        conditions.add_plain("state = 'cancelled'");
        conditions.add_plain(IN_TROUBLE);
    }
    if query.holds {
        conditions.add_plain(
            "EXISTS (SELECT 1 FROM queue holding WHERE holding.project = deliveries.project
             AND holding.delivery = deliveries.id AND holding.rank = 4)",
        );
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
    let (found_by, subject) = (row.id(5)?, row.optional_id(17)?);
    Ok(Delivery {
        id: row.id(0)?,
        forwarder: row.text(1)?,
        connection: row.text(2)?,
        event: row.named(3, Event::from_name)?,
        payload_kind: row.named(4, PayloadKind::from_name)?,
        payload_id: subject.unwrap_or(found_by),
        message: (subject != Some(found_by)).then_some(found_by),
        key: row.optional_text(6)?,
        state: row.named(7, DeliveryState::from_name)?,
        origin: row.named(8, DeliveryOrigin::from_name)?,
        resend_of: row.optional_id(9)?,
        attempts: row.count(10)?,
        registered_at: row.time(11)?,
        next_attempt_at: row.optional_integer(12)?.map(Timestamp),
        last_status,
        last_error: row.optional_text(14)?,
        superseded_by: row.optional_id(15)?,
        holds: row.integer(16)? != 0,
    })
}
