//! Matching a message again: its new deliveries, in one transaction with the version check.

use std::collections::BTreeSet;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::message::MessageState;
use uuid::Uuid;

use crate::arriving::Ordered;
use crate::error::StoreError;
use crate::filing::MOVED;
use crate::filing::batch::LateFiling;
use crate::payloads::add_payloads;
use crate::records::{DedupeKey, NewDelivery, Released, Replay, Replayed, Signal};
use crate::signals::filed;
use crate::statement::{Batch, Parameter, as_integer, unreadable};
use crate::text::storable_key;
use crate::{Engine, Store};

/// The text of the conflict that a plan from older definitions runs into.
pub const STALE: &str = "the project's definitions have changed since the plan was made";

/// The text of the conflict that a release runs into whose content was kept meanwhile.
const KEPT_MEANWHILE: &str = "the same content has been kept meanwhile";

/// The text of the conflict that a release runs into which somebody else has done already.
const RELEASED: &str = "the message is not quarantined any more";

impl Store {
    /// Keeps the work that a replay calls for.
    pub async fn replay(&self, replay: &Replay) -> Result<Replayed, StoreError> {
        let mut batch = Batch::default();
        self.check_version(&mut batch, replay);
        if let Some(released) = &replay.released {
            self.add_release(&mut batch, replay, released);
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
        let late = replay.released.as_ref().and_then(|released| late_filing(replay, released));
        match (self.change_and_file(batch, late).await, &replay.released) {
            (Err(StoreError::Conflict(conflict)), _) if conflict == STALE || conflict == MOVED => {
                Ok(Replayed::Stale)
            }
            (
                Err(StoreError::Conflict(conflict)),
                Some(released @ Released { dedupe: Some(dedupe), .. }),
            ) if conflict == KEPT_MEANWHILE => {
                self.release_as_duplicate(replay, released, dedupe).await
            }
            (done, _) => {
                done?;
                self.announce(replay);
                Ok(Replayed::Done)
            }
        }
    }

    /// The message is kept from here on, and known by its identity: what comes later is compared with it as
    /// with any other.
    ///
    /// Rows are taken in the order of those who accept: the identity, the count of the quarantine, the
    /// message; so that nobody waits for somebody who waits for them.
    fn add_release(&self, batch: &mut Batch, replay: &Replay, released: &Released) {
        let of_message = || vec![replay.project_parameter(), replay.message.into()];
        batch.one(RELEASED, self.is_quarantined_sql(), of_message());
        let key = released.dedupe.as_ref().map(|dedupe| {
            let key = storable_key(dedupe.key.clone());
            take_identity(batch, replay, dedupe, &key);
            key
        });
        leave_quarantine(batch, replay);
        let mut parameters = of_message();
        parameters.push(released.identity.clone().map(storable_key).into());
        batch.one(
            RELEASED,
            "UPDATE messages SET state = 'kept', reason = NULL, identity = $3
             WHERE project = $1 AND id = $2 AND state = 'quarantined'",
            parameters,
        );
        let Some(key) = key else { return };
        let mut parameters = of_message();
        parameters.push(key.into());
        batch.any(
            "UPDATE messages SET (version, previous) = (
                 SELECT i.version, i.previous FROM identities i WHERE i.project = messages.project
                 AND i.source = messages.source AND i.identity = $3)
             WHERE project = $1 AND id = $2",
            parameters,
        );
    }

    /// A statement that touches one row if the message is quarantined, and holds no row on PostgreSQL.
    fn is_quarantined_sql(&self) -> &'static str {
        match &self.engine {
            Engine::Sqlite(_) => {
                "UPDATE messages SET seen = seen
                 WHERE project = $1 AND id = $2 AND state = 'quarantined'"
            }
            Engine::Postgres(_) => {
                "SELECT id FROM messages
                 WHERE project = $1 AND id = $2 AND state = 'quarantined'"
            }
        }
    }

    /// Releases a message whose content was kept meanwhile as another message. The files that came with it
    /// are filed, as those of any repetition.
    async fn release_as_duplicate(
        &self,
        replay: &Replay,
        released: &Released,
        dedupe: &DedupeKey,
    ) -> Result<Replayed, StoreError> {
        let mut batch = Batch::default();
        self.check_version(&mut batch, replay);
        leave_quarantine(&mut batch, replay);
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
                released.identity.clone().map(storable_key).into(),
                storable_key(dedupe.key.clone()).into(),
                Parameter::Bytes(dedupe.content_hash.to_vec()),
            ],
        );
        let late = late_filing(replay, released);
        let late = late.map(|late| LateFiling { is_repetition: true, ..late });
        match self.change_and_file(batch, late).await {
            Err(StoreError::Conflict(conflict)) if conflict == STALE || conflict == MOVED => {
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
        self.lock_made(batch, project, replays.iter().flat_map(|replay| &replay.deliveries));
        let runs = replays.iter().flat_map(|replay| &replay.runs);
        self.lock_made_runs(batch, project, runs);
    }

    /// Adds the statement that takes the locks of the keys of new deliveries.
    pub(crate) fn lock_made<'d>(
        &self,
        batch: &mut Batch,
        project: &str,
        made: impl Iterator<Item = &'d NewDelivery>,
    ) {
        let sequences: BTreeSet<String> =
            made.filter_map(Ordered::of).map(|ordered| ordered.sequence).collect();
        let sequences: Vec<String> = sequences.into_iter().collect();
        self.lock_sequences(batch, project, &sequences);
    }

    /// Adds the deliveries of a replay, as long as there are bytes for them to carry. The locks of
    /// their sequences are taken.
    pub(crate) fn add_replayed(&self, batch: &mut Batch, replay: &Replay) {
        let Replay { project, message, deliveries, runs, payloads, .. } = replay;
        if deliveries.is_empty() && runs.is_empty() {
            return;
        }
        self.require_bytes(batch, project, *message);
        add_payloads(batch, project, Some(*message), payloads);
        for delivery in deliveries {
            if replay.released.is_some() {
                self.add_newest(batch, project, Some(*message), delivery);
            } else {
                // It takes the place of nothing: what it carries is older than what waits already.
                self.add_delivery(batch, project, Some(*message), delivery);
            }
        }
        self.add_runs(batch, project, Some(*message), runs);
    }

    pub(crate) fn check_version(&self, batch: &mut Batch, replay: &Replay) {
        self.require_version(batch, &replay.project, replay.configuration_version);
    }

    /// Adds the condition that a plan was made from the newest definitions.
    pub(crate) fn require_version(&self, batch: &mut Batch, project: &str, version: i64) {
        batch.one(STALE, self.version_check_sql(), vec![project.into(), version.into()]);
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

    /// Adds a delivery that comes of a message, or of nothing but its payload, and takes the place of nothing.
    /// What it carries is in the batch already, and the locks of its sequence are taken.
    pub(crate) fn add_delivery(
        &self,
        batch: &mut Batch,
        project: &str,
        message: Option<Uuid>,
        delivery: &NewDelivery,
    ) {
        let now = self.now_sql();
        batch.any(
            format!(
                "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                     payload_id, key, state, origin, attempts, tries, registered_at,
                     next_attempt_at, hops, order_key, subject)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, {now}, {now}, $11, $12,
                     $13)"
            ),
            vec![
                project.into(),
                delivery.id.into(),
                delivery.forwarder.as_str().into(),
                delivery.connection.as_str().into(),
                delivery.event.name().into(),
                delivery.payload_kind().name().into(),
                message.or(delivery.payload).into(),
                delivery.key.clone().map(storable_key).into(),
                DeliveryState::Pending.name().into(),
                delivery.origin.name().into(),
                i64::from(delivery.hops).into(),
                delivery.order_key.clone().map(storable_key).into(),
                delivery.payload.into(),
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

    pub(crate) fn announce(&self, replay: &Replay) {
        let project = &replay.project;
        if let Some(released) = &replay.released {
            self.signal(Signal::Message {
                project: project.clone(),
                id: replay.message,
                state: MessageState::Kept,
            });
            for signal in released.filing.iter().flat_map(|filing| filed(project, filing)) {
                self.signal(signal);
            }
        }
        self.told_made(project, &replay.deliveries);
        self.told_runs_made(project, &replay.runs);
    }

    /// Tells of new deliveries.
    pub(crate) fn told_made(&self, project: &str, deliveries: &[NewDelivery]) {
        for NewDelivery { id, connection, .. } in deliveries {
            self.told_waiting(project, *id, connection, DeliveryState::Pending);
        }
    }
}

/// Takes the identity for a message that is released, unless its content was kept meanwhile.
fn take_identity(batch: &mut Batch, replay: &Replay, dedupe: &DedupeKey, key: &str) {
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
            replay.project_parameter(),
            replay.message.into(),
            key.into(),
            Parameter::Bytes(dedupe.content_hash.to_vec()),
            Parameter::Integer(dedupe.window.map(|window| as_integer(window.as_micros()))),
        ],
    );
}

/// What a message that is released makes of forms, submissions and cases.
fn late_filing(replay: &Replay, released: &Released) -> Option<LateFiling> {
    let mut filing = released.filing.as_deref()?.clone();
    filing.make_storable();
    Some(LateFiling {
        project: replay.project.clone(),
        message: replay.message,
        source: released.source.clone(),
        at: released.at,
        is_repetition: false,
        filing,
    })
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
