//! Erasing: what is taken away of a message, and what is left.
//!
//! There are two depths. *Bytes*: the message's body and the request that it came in by, the bodies
//! of all attempts of its deliveries, and the words of their errors, which quote what was answered;
//! the kind of an error stays. *Tombstone*: beside these all that could tell of whom
//! the message was: its identity, its reason and content type, the keys and errors of its
//! deliveries, their attempts. What is left still counts: that something of so many bytes came in,
//! when, by which source, what became of it and of its deliveries.
//!
//! Nothing that still waits loses its bytes. A transaction that erases and one that lets a delivery
//! wait again lock the message's row first, so that one of them sees what the other did.

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::runs::erase::add_erase_runs;
use crate::statement::{Batch, Parameter};
use crate::{Engine, Store, runs};

/// How much is erased of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Its bytes.
    Bytes,
    /// All but what counts.
    Tombstone,
}

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Messages that lost their bytes, or everything but their tombstones.
    pub messages: u64,
    /// Deliveries whose key and last error were cleared.
    pub deliveries: u64,
    /// Attempts that lost their bodies, or were deleted.
    pub attempts: u64,
}

/// The text of the conflict that is run into by what needs bytes that are gone.
pub(crate) const ERASED: &str = "what it carries has been erased";
/// The condition that a delivery `d` still needs its bytes: it waits, or it holds others until a
/// person lets it wait again.
pub(crate) const WAITING: &str =
    "EXISTS (SELECT 1 FROM queue q WHERE q.project = d.project AND q.delivery = d.id)";
/// The condition that more is left of a message `m` than its tombstone. What says that its bytes are gone
/// does not say whether the rest is; what it was known by goes with the rest.
pub(crate) const MORE_THAN_TOMBSTONE: &str =
    "(m.erased_at IS NULL OR m.identity IS NOT NULL OR m.content_type IS NOT NULL)";
/// What keeps a message from being erased.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptBy {
    /// The condition that a delivery `d` of it does.
    pub(crate) deliveries: &'static str,
    /// The condition that a run `r` of it does.
    pub(crate) runs: &'static str,
}

impl KeptBy {
    /// What still needs the bytes.
    pub(crate) const WHAT_WAITS: Self = Self { deliveries: WAITING, runs: runs::erase::WAITING };
}

/// `$from, $from+1, …` for so many parameters.
pub(crate) fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count).map(|number| format!("${number}")).collect();
    places.join(", ")
}

pub(crate) fn with_ids(mut parameters: Vec<Parameter>, ids: &[Uuid]) -> Vec<Parameter> {
    parameters.extend(ids.iter().map(|id| Parameter::from(*id)));
    parameters
}

impl Store {
    /// Adds the condition that a message still has its bytes, and keeps it so until the
    /// transaction ends.
    pub(crate) fn require_bytes(&self, batch: &mut Batch, project: &str, message: Uuid) {
        let sql = match &self.engine {
            // There is one writer: to look is enough, and only what changes a row can look here.
            Engine::Sqlite(_) => {
                "UPDATE messages SET erased_at = NULL
                 WHERE project = $1 AND id = $2 AND erased_at IS NULL"
            }
            Engine::Postgres(_) => {
                "SELECT id FROM messages
                 WHERE project = $1 AND id = $2 AND erased_at IS NULL FOR SHARE"
            }
        };
        batch.one(ERASED, sql, vec![project.into(), message.into()]);
    }

    /// Adds the statements that erase these messages, all but those that something keeps.
    pub(crate) fn add_erase(
        &self,
        batch: &mut Batch,
        project: &str,
        ids: &[Uuid],
        depth: Depth,
        kept_by: KeptBy,
        now: Timestamp,
    ) -> ErasePlan {
        let mut plan = ErasePlan::default();
        if ids.is_empty() {
            return plan;
        }
        let (list, list_after_now) = (places(2, ids.len()), places(3, ids.len()));
        let parameters = || with_ids(vec![project.into()], ids);
        let with_now = || with_ids(vec![project.into(), now.into()], ids);
        if let Engine::Postgres(_) = &self.engine {
            batch.any(
                format!(
                    "SELECT id FROM messages WHERE project = $1 AND id IN ({list})
                     ORDER BY id FOR UPDATE"
                ),
                parameters(),
            );
        }
        let by_message = self.engine.indexed_by(Some(runs::erase::BY_MESSAGE));
        plan.messages = Some(batch.0.len());
        batch.any(
            format!(
                "UPDATE messages SET erased_at = $2
                 WHERE project = $1 AND id IN ({list_after_now}) AND erased_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.project = messages.project
                     AND d.payload_id = messages.id AND {})
                 AND NOT EXISTS (SELECT 1 FROM runs r {by_message}
                     WHERE r.project = messages.project
                     AND r.message = messages.id AND {})",
                kept_by.deliveries, kept_by.runs
            ),
            with_now(),
        );
        // From here on `erased_at` says which of them are meant.
        let gone = format!("project = $1 AND id IN ({list}) AND erased_at IS NOT NULL");
        let their_deliveries = |list: &str| {
            format!(
                "SELECT d.id FROM deliveries d
                 JOIN messages m ON m.project = d.project AND m.id = d.payload_id
                 WHERE d.project = $1 AND d.payload_id IN ({list}) AND m.erased_at IS NOT NULL"
            )
        };
        add_leave_quarantine(batch, &list, &list_after_now, parameters(), with_now());
        self.add_erase_bodies(batch, &gone, &parameters);
        add_erase_runs(batch, project, ids, depth, &by_message);
        // What was made of them holds what they said.
        batch.any(
            format!(
                "DELETE FROM payloads WHERE project = $1 AND message IN ({list})
                 AND message IN (SELECT id FROM messages WHERE {gone})"
            ),
            parameters(),
        );
        plan.attempts = Some(batch.0.len());
        match depth {
            Depth::Bytes => {
                let theirs = their_deliveries(&list_after_now);
                batch.any(attempts_without_bytes("$2", &theirs), with_now());
                batch.any(without_last_error(&their_deliveries(&list)), parameters());
            }
            Depth::Tombstone => {
                let theirs = their_deliveries(&list);
                batch.any(without_attempts(&theirs), parameters());
                add_forget_identities(batch, &list, &gone, &parameters);
                plan.messages = Some(batch.0.len() - 1);
                plan.deliveries = Some(batch.0.len());
                batch.any(without_subject(&theirs), parameters());
            }
        }
        plan
    }

    fn add_erase_bodies(
        &self,
        batch: &mut Batch,
        gone: &str,
        parameters: &impl Fn() -> Vec<Parameter>,
    ) {
        match &self.engine {
            Engine::Sqlite(_) => {
                batch.any(
                    format!(
                        "DELETE FROM message_bodies WHERE body IN (
                             SELECT body FROM messages WHERE {gone} AND body <> 0)"
                    ),
                    parameters(),
                );
                // The number is free again, and may be taken by a new message's body: the old one
                // must not point there.
                batch.any(format!("UPDATE messages SET body = 0 WHERE {gone}"), parameters());
            }
            Engine::Postgres(_) => batch.any(
                format!(
                    "DELETE FROM message_bodies WHERE project = $1 AND message IN (
                         SELECT id FROM messages WHERE {gone})"
                ),
                parameters(),
            ),
        }
    }
}

/// Takes the bodies and the words of their errors away from the attempts of these deliveries.
pub(crate) fn attempts_without_bytes(now: &str, deliveries: &str) -> String {
    format!(
        "UPDATE attempts SET request_body = NULL, response_body = NULL,
             error_message = substr(error_message, 1, 0), erased_at = {now}
         WHERE project = $1 AND erased_at IS NULL AND delivery IN ({deliveries})"
    )
}

/// Takes all attempts away from these deliveries.
pub(crate) fn without_attempts(deliveries: &str) -> String {
    format!("DELETE FROM attempts WHERE project = $1 AND delivery IN ({deliveries})")
}

/// Takes whatever tells what they are about away from these deliveries.
pub(crate) fn without_subject(deliveries: &str) -> String {
    format!(
        "UPDATE deliveries SET key = NULL, last_error = NULL, order_key = NULL
         WHERE project = $1 AND id IN ({deliveries})"
    )
}

/// Takes what was seen last away from the incidents of which the condition holds.
pub(crate) fn without_words(incidents: &str) -> String {
    format!(
        "UPDATE incidents SET last_error = NULL, last_url = NULL, last_key = NULL
         WHERE project = $1 AND {incidents}"
    )
}

/// Takes the words of the last error away from these deliveries.
pub(crate) fn without_last_error(deliveries: &str) -> String {
    format!(
        "UPDATE deliveries SET last_error = NULL
         WHERE project = $1 AND last_error IS NOT NULL AND id IN ({deliveries})"
    )
}

/// Where in a batch the statements stand whose rows are counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ErasePlan {
    pub(crate) messages: Option<usize>,
    pub(crate) deliveries: Option<usize>,
    pub(crate) attempts: Option<usize>,
}

impl ErasePlan {
    /// What was erased, by the rows that each statement of the batch touched.
    pub(crate) fn erased(self, counts: &[u64]) -> Erased {
        let count =
            |place: Option<usize>| place.and_then(|place| counts.get(place)).copied().unwrap_or(0);
        Erased {
            messages: count(self.messages),
            deliveries: count(self.deliveries),
            attempts: count(self.attempts),
        }
    }
}

/// A quarantined message without bytes counts no longer towards the limit, and its content is not
/// known any more: should it come again, it must be kept again.
fn add_leave_quarantine(
    batch: &mut Batch,
    list: &str,
    list_after_now: &str,
    parameters: Vec<Parameter>,
    with_now: Vec<Parameter>,
) {
    let left = format!(
        "m.project = $1 AND m.id IN ({list_after_now}) AND m.state = 'quarantined'
         AND m.erased_at = $2"
    );
    batch.any(
        format!(
            "UPDATE quarantine_counts SET messages = messages - (
                 SELECT count(*) FROM messages m WHERE m.source = quarantine_counts.source AND {left})
             WHERE project = $1 AND source IN (SELECT m.source FROM messages m WHERE {left})"
        ),
        with_now,
    );
    batch.any(
        format!(
            "DELETE FROM identities WHERE project = $1 AND message IN ({list})
             AND substr(identity, 1, 11) = 'quarantine:'"
        ),
        parameters.clone(),
    );
    // The files that came with what was set aside lie under the id of the message.
    batch.any(
        format!("DELETE FROM submission_files WHERE project = $1 AND submission IN ({list})"),
        parameters,
    );
}

/// What a message was known by is forgotten: the same content is news from here on.
fn add_forget_identities(
    batch: &mut Batch,
    list: &str,
    gone: &str,
    parameters: &impl Fn() -> Vec<Parameter>,
) {
    batch.any(
        format!(
            // Each column has a list of its own: so the key is used on both engines.
            "DELETE FROM identities WHERE project = $1 AND message IN ({list})
             AND source IN (SELECT source FROM messages WHERE {gone})
             AND identity IN (
                 SELECT 'id:' || identity FROM messages WHERE {gone} AND identity IS NOT NULL
                 UNION ALL
                 SELECT 'key:' || identity FROM messages WHERE {gone} AND identity IS NOT NULL)"
        ),
        parameters(),
    );
    batch.any(
        format!(
            "UPDATE messages SET identity = NULL, reason = NULL, content_type = NULL WHERE {gone}"
        ),
        parameters(),
    );
}
