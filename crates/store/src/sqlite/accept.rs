//! Keeping messages on SQLite: all that wait, within the writer's transaction.
//!
//! What a message turns out to be is decided one by one, in the order of arrival, since one may
//! repeat the other; the rows that follow from it are gathered, and inserted together at the end.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::message::MessageState;
use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::filing;
use super::order::{self, Replaced};
use super::rows::Insert;
use super::runs;
use crate::arriving::{Arriving, Ordered};
use crate::ends::AcceptEnd;
use crate::error::StoreError;
use crate::payloads::{self, NewPayload};
use crate::records::{Accept, Accepted, DedupeKey, Lane, NewDelivery, NewMessage};
use crate::request::request_text;
use crate::runs::RunRow;
use crate::statement::{as_integer, unreadable};

/// A message that waits to be kept.
pub(super) struct AcceptJob {
    pub(super) accept: Accept,
    pub(super) quarantine_limit: u32,
    pub(super) end: Option<AcceptEnd>,
    pub(super) reply: oneshot::Sender<Result<AcceptEnd, StoreError>>,
}

impl AcceptJob {
    /// Tells the sender how it ended.
    pub(super) fn answer(self, end: Result<(), StoreError>) {
        let Self { accept, end: decided, reply, .. } = self;
        let missing = || StoreError::Refused("the message was not decided on".to_owned());
        let answer = end.and_then(|()| decided.ok_or_else(missing));
        // The body goes first: whoever is answered may send the next one into its room.
        drop(accept);
        // Whoever asked may have gone; the work is done all the same.
        drop(reply.send(answer));
    }
}

/// Keeps messages and the work they call for. The caller's transaction makes it all or nothing.
pub(super) fn accept_all(
    connection: &Connection,
    jobs: &mut [AcceptJob],
) -> Result<(), StoreError> {
    let mut versions = Versions::default();
    let mut rows = Rows { next_body: next_body(connection)?, ..Rows::default() };
    let mut filings = filing::begin(connection, jobs.iter().map(|job| &job.accept))?;
    for AcceptJob { accept, quarantine_limit, end, .. } in &mut *jobs {
        let current = versions.current(connection, &accept.project)?;
        let is_current = current == Some(accept.configuration_version);
        let accepted = if is_current && filings.fits(accept) {
            let accepted = decide(connection, accept, *quarantine_limit, &mut rows)?;
            match accepted {
                Accepted::Kept { .. } => filings.note(accept),
                Accepted::Duplicate { .. } => filings.note_repetition(accept),
                _ => {}
            }
            filings.add(accept, &accepted);
            accepted
        } else {
            Accepted::Stale
        };
        *end = Some(accepted.into());
    }
    rows.insert(connection)?;
    filing::write(connection, filings.into_rows())?;
    let replaced = rows.replaced;
    tell_replaced(jobs, &replaced);
    Ok(())
}

/// Notes with each message the deliveries whose place its own have taken.
fn tell_replaced(jobs: &mut [AcceptJob], replaced: &[Replaced]) {
    if replaced.is_empty() {
        return;
    }
    let mut older_by_newer: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for Replaced { older, newer } in replaced {
        older_by_newer.entry(*newer).or_default().push(*older);
    }
    for AcceptJob { accept, end, .. } in jobs {
        let Some(end) = end else { continue };
        for delivery in &accept.deliveries {
            end.superseded.extend(older_by_newer.remove(&delivery.id).unwrap_or_default());
        }
    }
}

fn decide<'j>(
    connection: &Connection,
    accept: &'j Accept,
    quarantine_limit: u32,
    rows: &mut Rows<'j>,
) -> Result<Accepted, StoreError> {
    let Accept { project, message, deliveries, runs, payloads, .. } = accept;
    if message.quarantined.is_some() {
        return quarantine(connection, project, message, quarantine_limit, rows);
    }
    let Place { version, previous } = match &message.dedupe {
        None => Place::FIRST,
        Some(dedupe) => {
            if let Some(place) = claim_identity(connection, project, message, dedupe)? {
                place
            } else {
                let (of, version) = holder(connection, project, message, dedupe)?
                    .ok_or_else(|| unreadable("identity", &dedupe.key))?;
                let place = Place { version, previous: None };
                rows.message(project, message, MessageState::Duplicate, Some(of), place);
                return Ok(Accepted::Duplicate { of });
            }
        }
    };
    rows.message(project, message, MessageState::Kept, None, Place { version, previous });
    let payload_of = |payload| PayloadRow { project, message: message.id, payload };
    rows.payloads.extend(payloads.iter().map(payload_of));
    for delivery in deliveries {
        rows.deliveries.push(DeliveryRow {
            project,
            payload: message.id,
            now: message.received_at,
            delivery,
            ordered: Ordered::of(delivery),
        });
    }
    let run_of = |run| (RunRow { project, message: Some(message.id), run }, message.received_at);
    rows.runs.extend(runs.iter().map(run_of));
    Ok(Accepted::Kept { version })
}

/// The projects' versions, read once for each transaction: nothing changes them within it before
/// the messages are kept.
#[derive(Default)]
struct Versions(Vec<(ProjectName, Option<i64>)>);

impl Versions {
    fn current(
        &mut self,
        connection: &Connection,
        project: &ProjectName,
    ) -> Result<Option<i64>, StoreError> {
        if let Some((_, version)) = self.0.iter().find(|(known, _)| known == project) {
            return Ok(*version);
        }
        let version = connection
            .prepare_cached("SELECT configuration_version FROM projects WHERE project = ?1")?
            .query_row([&**project], |row| row.get(0))
            .optional()?;
        self.0.push((project.clone(), version));
        Ok(version)
    }
}

/// The place of a message among those of its identity.
#[derive(Clone, Copy, Debug)]
struct Place {
    version: u32,
    /// The message whose content was known by the identity before.
    previous: Option<Uuid>,
}

impl Place {
    const FIRST: Self = Self { version: 1, previous: None };
}

/// Takes the identity for this message. `None`: the same content is there already. The unique key
/// decides, in one statement.
fn claim_identity(
    connection: &Connection,
    project: &ProjectName,
    message: &NewMessage,
    dedupe: &DedupeKey,
) -> Result<Option<Place>, StoreError> {
    let forget_at = dedupe.window.map(|window| (message.received_at + window).0);
    Ok(connection
        .prepare_cached(
            "INSERT INTO identities
                 (project, source, identity, version, content_hash, message, at, forget_at)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)
             ON CONFLICT (project, source, identity) DO UPDATE SET
                 version = version + (content_hash <> excluded.content_hash),
                 previous = iif(content_hash <> excluded.content_hash, message, previous),
                 content_hash = excluded.content_hash,
                 message = excluded.message,
                 at = excluded.at,
                 forget_at = excluded.forget_at
             WHERE content_hash <> excluded.content_hash OR forget_at <= excluded.at
             RETURNING version, previous",
        )?
        .query_row(
            params![
                &**project,
                message.source,
                dedupe.key,
                dedupe.content_hash,
                message.id.as_bytes(),
                message.received_at.0,
                forget_at
            ],
            |row| {
                let previous: Option<[u8; 16]> = row.get(1)?;
                Ok(Place { version: row.get(0)?, previous: previous.map(Uuid::from_bytes) })
            },
        )
        .optional()?)
}

/// The message that holds an identity, and its version.
fn holder(
    connection: &Connection,
    project: &ProjectName,
    message: &NewMessage,
    dedupe: &DedupeKey,
) -> Result<Option<(Uuid, u32)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT message, version FROM identities
             WHERE project = ?1 AND source = ?2 AND identity = ?3",
        )?
        .query_row(params![&**project, message.source, dedupe.key], |row| {
            Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?))
        })
        .optional()?)
}

/// Keeps what could not be read, once per content, up to a limit for each source.
fn quarantine<'j>(
    connection: &Connection,
    project: &'j ProjectName,
    message: &'j NewMessage,
    limit: u32,
    rows: &mut Rows<'j>,
) -> Result<Accepted, StoreError> {
    // At the limit a known content is still recognised: look before the count decides.
    if let Some(dedupe) = &message.dedupe
        && let Some((id, _)) = holder(connection, project, message, dedupe)?
    {
        // The message may be one of this very batch.
        rows.insert(connection)?;
        let seen = connection
            .prepare_cached(
                "UPDATE messages SET seen = seen + 1 WHERE project = ?1 AND id = ?2
                 RETURNING seen",
            )?
            .query_row(params![&**project, id.as_bytes()], |row| row.get(0))?;
        return Ok(Accepted::Quarantined { id, seen });
    }
    let counted: usize = connection
        .prepare_cached(
            "INSERT INTO quarantine_counts (project, source, messages) VALUES (?1, ?2, 1)
             ON CONFLICT (project, source) DO UPDATE SET messages = messages + 1
             WHERE messages < ?3",
        )?
        .execute(params![&**project, message.source, limit])?;
    if counted == 0 {
        return Ok(Accepted::QuarantineFull);
    }
    if let Some(dedupe) = &message.dedupe {
        claim_identity(connection, project, message, dedupe)?;
    }
    rows.message(project, message, MessageState::Quarantined, None, Place::FIRST);
    Ok(Accepted::Quarantined { id: message.id, seen: 1 })
}

/// The key of the next body: the writer is alone, so it can count by itself.
fn next_body(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(body), 0) + 1 FROM message_bodies")?
        .query_row([], |row| row.get(0))?)
}

struct MessageRow<'j> {
    project: &'j ProjectName,
    message: &'j NewMessage,
    state: MessageState,
    duplicate_of: Option<Uuid>,
    place: Place,
    body: i64,
}

struct DeliveryRow<'j> {
    project: &'j ProjectName,
    payload: Uuid,
    now: Timestamp,
    delivery: &'j NewDelivery,
    ordered: Option<Ordered>,
}

impl DeliveryRow<'_> {
    /// The newer one of the same batch that takes its place.
    fn superseded_by(&self) -> Option<Uuid> {
        self.ordered.as_ref()?.superseded_by
    }
}

struct PayloadRow<'j> {
    project: &'j ProjectName,
    message: Uuid,
    payload: &'j NewPayload,
}

/// The rows that a batch calls for.
#[derive(Default)]
struct Rows<'j> {
    messages: Vec<MessageRow<'j>>,
    payloads: Vec<PayloadRow<'j>>,
    deliveries: Vec<DeliveryRow<'j>>,
    runs: Vec<(RunRow<'j>, Timestamp)>,
    next_body: i64,
    /// What was in the queue, or would have been, and was replaced.
    replaced: Vec<Replaced>,
}

impl<'j> Rows<'j> {
    fn message(
        &mut self,
        project: &'j ProjectName,
        message: &'j NewMessage,
        state: MessageState,
        duplicate_of: Option<Uuid>,
        place: Place,
    ) {
        let body = self.next_body;
        self.next_body += 1;
        self.messages.push(MessageRow { project, message, state, duplicate_of, place, body });
    }

    /// Inserts what was gathered so far.
    fn insert(&mut self, connection: &Connection) -> Result<(), StoreError> {
        BODIES.run(connection, &self.messages, |row, values| {
            values.put(row.body)?.put(request_text(&row.message.request))?;
            values.put(&row.message.body[..]).map(drop)
        })?;
        MESSAGES.run(connection, &self.messages, |row, values| {
            let message = row.message;
            values.put(&**row.project)?.put(message.id.as_bytes())?.put(&message.source)?;
            values.put(message.received_at.0)?.put(row.state.name())?;
            values.put(row.duplicate_of.as_ref().map(Uuid::as_bytes))?.put(message.reason())?;
            values.put(&message.content_type)?.put(as_integer(message.body.len()))?;
            values.put(&message.identity)?.put(row.place.version)?.put(1)?.put(row.body)?;
            values.put(row.place.previous.as_ref().map(Uuid::as_bytes)).map(drop)
        })?;
        PAYLOADS.run(connection, &self.payloads, |row, values| {
            let payload = row.payload;
            values.put(&**row.project)?.put(payload.id.as_bytes())?.put(row.message.as_bytes())?;
            values.put(payload.kind.name())?;
            values.put(payload.submission.as_ref().map(Uuid::as_bytes))?.put(&payload.case)?;
            values.put(&payload.facts)?.put(payload.content_type())?;
            values.put(payload.bytes()).map(drop)
        })?;
        self.arrange(connection)?;
        self.insert_deliveries(connection)?;
        self.settle(connection)?;
        runs::insert(connection, &self.runs)?;
        self.runs.clear();
        self.messages.clear();
        self.payloads.clear();
        self.deliveries.clear();
        Ok(())
    }

    /// Finds the places of what is kept in order.
    fn arrange(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let arriving: Vec<Arriving<'_>> = self
            .deliveries
            .iter_mut()
            .filter_map(|row| {
                let DeliveryRow { project, delivery, ordered, .. } = row;
                let (forwarder, delivery) = (&*delivery.forwarder, delivery.id);
                Some(Arriving { project, forwarder, delivery, ordered: ordered.as_mut()? })
            })
            .collect();
        if !arriving.is_empty() {
            self.replaced.extend(order::arrange(connection, arriving)?);
        }
        Ok(())
    }

    fn insert_deliveries(&mut self, connection: &Connection) -> Result<(), StoreError> {
        DELIVERIES.run(connection, &self.deliveries, |row, values| {
            let delivery = row.delivery;
            let newer = row.superseded_by();
            let state =
                if newer.is_some() { DeliveryState::Superseded } else { DeliveryState::Pending };
            values.put(&**row.project)?.put(delivery.id.as_bytes())?.put(&delivery.forwarder)?;
            values.put(&delivery.connection)?.put(delivery.event.name())?;
            values.put(delivery.payload_kind().name())?.put(row.payload.as_bytes())?;
            values.put(&delivery.key)?.put(state.name())?;
            values.put(delivery.origin.name())?.put(0)?.put(0)?;
            values.put(row.now.0)?.put(newer.is_none().then_some(row.now.0))?;
            values.put(newer.as_ref().map(Uuid::as_bytes))?.put(delivery.hops)?;
            values.put(&delivery.order_key)?;
            values.put(delivery.payload.as_ref().map(Uuid::as_bytes)).map(drop)
        })?;
        self.deliveries.retain(|row| row.superseded_by().is_none());
        QUEUE.run(connection, &self.deliveries, |row, values| {
            let delivery = row.delivery;
            let ordered = row.ordered.as_ref();
            values.put(&**row.project)?.put(delivery.id.as_bytes())?;
            if delivery.parked {
                values.put(Lane::parking(&delivery.forwarder))?;
            } else {
                values.put(&delivery.connection)?;
            }
            let since = ordered.and_then(|ordered| ordered.waits_since);
            let next_at = since.map_or(row.now.0, |since| since.min(row.now.0));
            // What is kept in order begins blocked; settling lets the heads go.
            values.put(if ordered.is_some() { 2 } else { 0 })?.put(next_at)?;
            values.put(&delivery.forwarder)?.put(0)?;
            values.put(ordered.map(|ordered| ordered.position))?;
            values.put(ordered.map(|ordered| &ordered.sequence))?;
            values.put(ordered.and_then(|ordered| ordered.collapse.as_ref())).map(drop)
        })
    }

    fn settle(&self, connection: &Connection) -> Result<(), StoreError> {
        let sequences: BTreeSet<(&str, &str)> = self
            .deliveries
            .iter()
            .filter_map(|row| Some((&**row.project, &*row.ordered.as_ref()?.sequence)))
            .collect();
        for (project, sequence) in sequences {
            order::settle(connection, project, sequence)?;
        }
        Ok(())
    }
}

static BODIES: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT OR FAIL INTO message_bodies (body, request, bytes)", 3));

static MESSAGES: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new(
        "INSERT OR FAIL INTO messages (project, id, source, received_at, state, duplicate_of, reason,
             content_type, bytes, identity, version, seen, body, previous)",
        14,
    )
});

static PAYLOADS: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new(&format!("INSERT OR FAIL INTO payloads ({})", payloads::COLUMNS), 9)
});

static DELIVERIES: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new(
        "INSERT OR FAIL INTO deliveries (project, id, forwarder, connection, event, payload_kind,
             payload_id, key, state, origin, attempts, tries, registered_at, next_attempt_at,
             superseded_by, hops, order_key, subject)",
        18,
    )
});

static QUEUE: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new(
        "INSERT OR FAIL INTO queue (project, delivery, lane, rank, next_at, forwarder, fence,
             position, sequence, collapse)",
        10,
    )
});
