//! Matching a message again: its new deliveries, in one transaction with the version check.

use fieldpost_model::delivery::{DeliveryState, PayloadKind};
use fieldpost_model::message::MessageState;

use crate::error::StoreError;
use crate::records::{Lane, NewDelivery, Released, Replay, Signal};
use crate::statement::{Batch, Parameter, as_integer};
use crate::text::storable_key;
use crate::{Engine, Store};

/// The text of the conflict that a plan from older definitions runs into.
const STALE: &str = "the project's definitions have changed since the plan was made";

impl Store {
    /// Keeps the work that a replay calls for. `false`: the plan is stale, plan again.
    pub async fn replay(&self, replay: &Replay) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        let project = &*replay.project;
        batch.one(
            STALE,
            self.version_check_sql(),
            vec![project.into(), replay.configuration_version.into()],
        );
        if let Some(released) = &replay.released {
            release(&mut batch, replay, released);
        }
        if let Some(reason) = &replay.still_quarantined {
            batch.any(
                "UPDATE messages SET reason = $3
                 WHERE project = $1 AND id = $2 AND state = 'quarantined'",
                vec![project.into(), replay.message.into(), reason.as_str().into()],
            );
        }
        for delivery in &replay.deliveries {
            self.add_delivery(&mut batch, replay, delivery);
        }
        match self.change(batch).await {
            Err(StoreError::Conflict(conflict)) if conflict == STALE => return Ok(false),
            other => other?,
        };
        self.announce(replay);
        Ok(true)
    }

    /// A statement that touches one row if the version is current, and holds off whoever would
    /// change it until the transaction ends. On PostgreSQL it must not write: many replays and all
    /// accepting would wait for each other. On SQLite nobody else writes anyway.
    fn version_check_sql(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => {
                "UPDATE projects SET title = title
                 WHERE project = $1 AND configuration_version = $2"
            }
            Engine::Postgres(_) => {
                "SELECT project FROM projects
                 WHERE project = $1 AND configuration_version = $2 FOR SHARE"
            }
        }
    }

    fn add_delivery(&self, batch: &mut Batch, replay: &Replay, delivery: &NewDelivery) {
        let project = &*replay.project;
        let now = self.now_sql();
        batch.any(
            format!(
                "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                     payload_id, key, state, origin, attempts, tries, registered_at,
                     next_attempt_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, {now}, {now})"
            ),
            vec![
                project.into(),
                delivery.id.into(),
                delivery.forwarder.as_str().into(),
                delivery.connection.as_str().into(),
                delivery.event.name().into(),
                PayloadKind::Message.name().into(),
                replay.message.into(),
                delivery.key.clone().map(storable_key).into(),
                DeliveryState::Pending.name().into(),
                delivery.origin.name().into(),
            ],
        );
        self.enqueue(
            batch,
            project,
            delivery.id,
            &delivery.forwarder,
            &delivery.connection,
            delivery.parked,
        );
    }

    fn announce(&self, replay: &Replay) {
        let project = &replay.project;
        if replay.released.is_some() {
            self.signal(Signal::Message {
                project: project.clone(),
                id: replay.message,
                state: MessageState::Kept,
            });
        }
        for delivery in &replay.deliveries {
            self.signal(Signal::Delivery {
                project: project.clone(),
                id: delivery.id,
                state: DeliveryState::Pending,
            });
            self.signal(Signal::Due(Lane {
                project: project.clone(),
                name: delivery.connection.clone(),
            }));
        }
    }
}

/// The message is kept from here on, and known by its identity: what comes later is compared with
/// it as with any other.
fn release(batch: &mut Batch, replay: &Replay, released: &Released) {
    let project = &*replay.project;
    batch.one(
        "the message is not quarantined any more",
        "UPDATE messages SET state = 'kept', reason = NULL, identity = $3
         WHERE project = $1 AND id = $2 AND state = 'quarantined'",
        vec![
            project.into(),
            replay.message.into(),
            released.identity.clone().map(storable_key).into(),
        ],
    );
    batch.any(
        "UPDATE quarantine_counts SET messages = messages - 1
         WHERE project = $1 AND messages > 0 AND source = (
             SELECT source FROM messages WHERE project = $1 AND id = $2)",
        vec![project.into(), replay.message.into()],
    );
    let Some(dedupe) = &released.dedupe else { return };
    let key = storable_key(dedupe.key.clone());
    batch.one(
        "the same content has been kept already; its delivery can be sent again from there",
        "INSERT INTO identities
             (project, source, identity, version, content_hash, message, at, forget_at)
         SELECT project, source, $3, 1, $4, id, received_at, received_at + $5
         FROM messages WHERE project = $1 AND id = $2
         ON CONFLICT (project, source, identity) DO UPDATE SET
             version = identities.version + 1,
             content_hash = excluded.content_hash,
             message = excluded.message,
             at = excluded.at,
             forget_at = excluded.forget_at
         WHERE identities.content_hash <> excluded.content_hash
             OR identities.forget_at <= excluded.at",
        vec![
            project.into(),
            replay.message.into(),
            key.as_str().into(),
            Parameter::Bytes(dedupe.content_hash.to_vec()),
            Parameter::Integer(dedupe.window.map(|window| as_integer(window.as_micros()))),
        ],
    );
    batch.any(
        "UPDATE messages SET version = (
             SELECT i.version FROM identities i WHERE i.project = messages.project
             AND i.source = messages.source AND i.identity = $3)
         WHERE project = $1 AND id = $2",
        vec![project.into(), replay.message.into(), key.into()],
    );
}
