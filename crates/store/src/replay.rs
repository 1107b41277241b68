//! Matching a message again: its new deliveries, in one transaction with the version check.

use std::collections::BTreeSet;

use fieldpost_model::delivery::{DeliveryState, PayloadKind};
use fieldpost_model::message::MessageState;

use crate::arriving::Ordered;
use crate::error::StoreError;
use crate::records::{DedupeKey, Lane, NewDelivery, Released, Replay, Replayed, Signal};
use crate::statement::{Batch, Parameter, as_integer, unreadable};
use crate::text::storable_key;
use crate::{Engine, Store};

/// The text of the conflict that a plan from older definitions runs into.
pub(crate) const STALE: &str = "the project's definitions have changed since the plan was made";

/// The text of the conflict that a release runs into whose content was kept meanwhile.
const KEPT_MEANWHILE: &str = "the same content has been kept meanwhile";

impl Store {
    /// Keeps the work that a replay calls for.
    pub async fn replay(&self, replay: &Replay) -> Result<Replayed, StoreError> {
        let mut batch = Batch::default();
        self.check_version(&mut batch, replay);
        if let Some(released) = &replay.released {
            release(&mut batch, replay, released);
        }
        if let Some(reason) = &replay.still_quarantined {
            batch.any(
                "UPDATE messages SET reason = $3
                 WHERE project = $1 AND id = $2 AND state = 'quarantined'",
                vec![replay.project_parameter(), replay.message.into(), reason.as_str().into()],
            );
        }
        self.lock_replayed(&mut batch, std::slice::from_ref(replay));
        self.add_replayed(&mut batch, replay);
        match (self.change(batch).await, &replay.released) {
            (Err(StoreError::Conflict(conflict)), _) if conflict == STALE => Ok(Replayed::Stale),
            (
                Err(StoreError::Conflict(conflict)),
                Some(Released { identity, dedupe: Some(dedupe) }),
            ) if conflict == KEPT_MEANWHILE => {
                self.release_as_duplicate(replay, identity.clone(), dedupe).await
            }
            (done, _) => {
                done?;
                self.announce(replay);
                Ok(Replayed::Done)
            }
        }
    }

    /// Releases a message whose content was kept meanwhile as another message.
    async fn release_as_duplicate(
        &self,
        replay: &Replay,
        identity: Option<String>,
        dedupe: &DedupeKey,
    ) -> Result<Replayed, StoreError> {
        let mut batch = Batch::default();
        self.check_version(&mut batch, replay);
        // The holder may have gone on to other content since: then there is a new plan to make.
        batch.one(
            STALE,
            "UPDATE messages SET state = 'duplicate', reason = NULL, identity = $3,
                 (duplicate_of, version) = (
                     SELECT i.message, i.version FROM identities i
                     WHERE i.project = messages.project AND i.source = messages.source
                     AND i.identity = $4)
             WHERE project = $1 AND id = $2 AND state = 'quarantined' AND EXISTS (
                 SELECT 1 FROM identities i WHERE i.project = messages.project
                 AND i.source = messages.source AND i.identity = $4 AND i.content_hash = $5)",
            vec![
                replay.project_parameter(),
                replay.message.into(),
                identity.map(storable_key).into(),
                storable_key(dedupe.key.clone()).into(),
                Parameter::Bytes(dedupe.content_hash.to_vec()),
            ],
        );
        leave_quarantine(&mut batch, replay);
        match self.change(batch).await {
            Err(StoreError::Conflict(conflict)) if conflict == STALE => {
                return Ok(Replayed::Stale);
            }
            done => done?,
        };
        self.signal(Signal::Message {
            project: replay.project.clone(),
            id: replay.message,
            state: MessageState::Duplicate,
        });
        let message = self.message(&replay.project, replay.message).await?;
        let of = message.and_then(|message| message.duplicate_of);
        of.map(Replayed::DuplicateOf)
            .ok_or_else(|| unreadable("duplicate", &replay.message.to_string()))
    }

    /// Adds the statement that takes the locks of the keys of all that these replays make:
    /// all of a transaction before its first row, in the order that everybody keeps.
    pub(crate) fn lock_replayed(&self, batch: &mut Batch, replays: &[Replay]) {
        let Some(Replay { project, .. }) = replays.first() else { return };
        let made = replays.iter().flat_map(|replay| &replay.deliveries);
        let sequences: BTreeSet<String> =
            made.filter_map(Ordered::of).map(|ordered| ordered.sequence).collect();
        let sequences: Vec<String> = sequences.into_iter().collect();
        self.lock_sequences(batch, project, &sequences);
    }

    /// Adds the deliveries of a replay, as long as there are bytes for them to carry. The locks of
    /// their sequences are taken.
    pub(crate) fn add_replayed(&self, batch: &mut Batch, replay: &Replay) {
        if !replay.deliveries.is_empty() {
            self.require_bytes(batch, &replay.project, replay.message);
        }
        for delivery in &replay.deliveries {
            self.add_delivery(batch, replay, delivery);
        }
    }

    pub(crate) fn check_version(&self, batch: &mut Batch, replay: &Replay) {
        let version = replay.configuration_version.into();
        batch.one(STALE, self.version_check_sql(), vec![replay.project_parameter(), version]);
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
                     next_attempt_at, hops, order_key)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, {now}, {now}, $11, $12)"
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
                i64::from(delivery.hops).into(),
                delivery.order_key.clone().map(storable_key).into(),
            ],
        );
        // It takes the place of nothing: what it carries is older than what waits already.
        self.enqueue(
            batch,
            project,
            delivery.id,
            &delivery.forwarder,
            &delivery.connection,
            delivery.parked,
        );
    }

    pub(crate) fn announce(&self, replay: &Replay) {
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
    leave_quarantine(batch, replay);
    let Some(dedupe) = &released.dedupe else { return };
    let key = storable_key(dedupe.key.clone());
    batch.one(
        KEPT_MEANWHILE,
        "INSERT INTO identities
             (project, source, identity, version, content_hash, message, at, forget_at)
         SELECT project, source, $3, 1, $4, id, received_at, received_at + $5
         FROM messages WHERE project = $1 AND id = $2
         ON CONFLICT (project, source, identity) DO UPDATE SET
             version = identities.version + 1,
             previous = identities.message,
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
        "UPDATE messages SET (version, previous) = (
             SELECT i.version, i.previous FROM identities i WHERE i.project = messages.project
             AND i.source = messages.source AND i.identity = $3)
         WHERE project = $1 AND id = $2",
        vec![project.into(), replay.message.into(), key.into()],
    );
}

/// The message counts as unreadable no longer. Its content is not known as such any more either:
/// should it be unreadable again one day, then it is a message of its own.
fn leave_quarantine(batch: &mut Batch, replay: &Replay) {
    batch.any(
        "UPDATE quarantine_counts SET messages = messages - 1
         WHERE project = $1 AND messages > 0 AND source = (
             SELECT source FROM messages WHERE project = $1 AND id = $2)",
        vec![replay.project_parameter(), replay.message.into()],
    );
    batch.any(
        "DELETE FROM identities WHERE project = $1 AND message = $2
         AND substr(identity, 1, 11) = 'quarantine:'",
        vec![replay.project_parameter(), replay.message.into()],
    );
}

impl Replay {
    fn project_parameter(&self) -> Parameter {
        (&*self.project).into()
    }
}
