//! Matching a message again: its new deliveries, in one transaction with the version check.

use fieldpost_model::delivery::{DeliveryState, PayloadKind};
use fieldpost_model::message::MessageState;

use crate::error::StoreError;
use crate::records::{Lane, NewDelivery, Replay, Signal};
use crate::statement::Batch;
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
        if let Some(identity) = &replay.released {
            batch.one(
                "the message is not quarantined any more",
                "UPDATE messages SET state = 'kept', reason = NULL, identity = $3
                 WHERE project = $1 AND id = $2 AND state = 'quarantined'",
                vec![
                    project.into(),
                    replay.message.into(),
                    identity.clone().map(storable_key).into(),
                ],
            );
            batch.any(
                "UPDATE quarantine_counts SET messages = messages - 1
                 WHERE project = $1 AND messages > 0 AND source = (
                     SELECT source FROM messages WHERE project = $1 AND id = $2)",
                vec![project.into(), replay.message.into()],
            );
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
