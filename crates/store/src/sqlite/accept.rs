//! Keeping a message on SQLite: one job of the writer's transaction.

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::{DeliveryState, PayloadKind};
use fieldpost_model::message::MessageState;
use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::StoreError;
use crate::records::{Accept, Accepted, DedupeKey, Lane, NewDelivery, NewMessage};
use crate::request::request_text;
use crate::statement::{as_integer, unreadable};

/// Keeps a message and the work it calls for. The caller's transaction makes it all or nothing.
pub(super) fn accept(
    connection: &Connection,
    accept: &Accept,
    quarantine_limit: u32,
) -> Result<Accepted, StoreError> {
    let Accept { project, configuration_version, message, deliveries } = accept;
    if !is_current(connection, project, *configuration_version)? {
        return Ok(Accepted::Stale);
    }
    if message.quarantined.is_some() {
        return quarantine(connection, project, message, quarantine_limit);
    }
    let version = match &message.dedupe {
        None => 1,
        Some(dedupe) => match claim_identity(connection, project, message, dedupe)? {
            Some(version) => version,
            None => return keep_duplicate(connection, project, message, dedupe),
        },
    };
    insert_message(connection, project, message, MessageState::Kept, None, version)?;
    for delivery in deliveries {
        insert_delivery(connection, project, message.id, message.received_at, delivery)?;
    }
    Ok(Accepted::Kept { version })
}

pub(super) fn is_current(
    connection: &Connection,
    project: &ProjectName,
    configuration_version: i64,
) -> Result<bool, StoreError> {
    let version: Option<i64> = connection
        .prepare_cached("SELECT configuration_version FROM projects WHERE project = ?1")?
        .query_row([&**project], |row| row.get(0))
        .optional()?;
    Ok(version == Some(configuration_version))
}

/// Takes the identity for this message. `None`: the same content is there already. The unique key
/// decides, in one statement.
fn claim_identity(
    connection: &Connection,
    project: &ProjectName,
    message: &NewMessage,
    dedupe: &DedupeKey,
) -> Result<Option<u32>, StoreError> {
    let forget_at = dedupe.window.map(|window| (message.received_at + window).0);
    Ok(connection
        .prepare_cached(
            "INSERT INTO identities
                 (project, source, identity, version, content_hash, message, at, forget_at)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)
             ON CONFLICT (project, source, identity) DO UPDATE SET
                 version = version + (content_hash <> excluded.content_hash),
                 content_hash = excluded.content_hash,
                 message = excluded.message,
                 at = excluded.at,
                 forget_at = excluded.forget_at
             WHERE content_hash <> excluded.content_hash OR forget_at <= excluded.at
             RETURNING version",
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
            |row| row.get(0),
        )
        .optional()?)
}

fn keep_duplicate(
    connection: &Connection,
    project: &ProjectName,
    message: &NewMessage,
    dedupe: &DedupeKey,
) -> Result<Accepted, StoreError> {
    let (of, version) = holder(connection, project, message, dedupe)?
        .ok_or_else(|| unreadable("identity", &dedupe.key))?;
    insert_message(connection, project, message, MessageState::Duplicate, Some(of), version)?;
    Ok(Accepted::Duplicate { of })
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
fn quarantine(
    connection: &Connection,
    project: &ProjectName,
    message: &NewMessage,
    limit: u32,
) -> Result<Accepted, StoreError> {
    // At the limit a known content is still recognised: look before the count decides.
    if let Some(dedupe) = &message.dedupe
        && let Some((id, _)) = holder(connection, project, message, dedupe)?
    {
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
    insert_message(connection, project, message, MessageState::Quarantined, None, 1)?;
    Ok(Accepted::Quarantined { id: message.id, seen: 1 })
}

fn insert_message(
    connection: &Connection,
    project: &ProjectName,
    message: &NewMessage,
    state: MessageState,
    duplicate_of: Option<Uuid>,
    version: u32,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO message_bodies (request, bytes) VALUES (?1, ?2)")?
        .execute(params![request_text(&message.request), &message.body[..]])?;
    connection
        .prepare_cached(
            "INSERT INTO messages (project, id, source, received_at, state, duplicate_of, reason,
                 content_type, bytes, identity, version, seen, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12)",
        )?
        .execute(params![
            &**project,
            message.id.as_bytes(),
            message.source,
            message.received_at.0,
            state.name(),
            duplicate_of.as_ref().map(Uuid::as_bytes),
            message.quarantined,
            message.content_type,
            as_integer(message.body.len()),
            message.identity,
            version,
            connection.last_insert_rowid()
        ])?;
    Ok(())
}

/// Makes a delivery and puts it into its lane.
pub(super) fn insert_delivery(
    connection: &Connection,
    project: &ProjectName,
    payload: Uuid,
    now: Timestamp,
    delivery: &NewDelivery,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                 payload_id, key, state, origin, attempts, tries, registered_at, next_attempt_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?11, ?11)",
        )?
        .execute(params![
            &**project,
            delivery.id.as_bytes(),
            delivery.forwarder,
            delivery.connection,
            delivery.event.name(),
            PayloadKind::Message.name(),
            payload.as_bytes(),
            delivery.key,
            DeliveryState::Pending.name(),
            delivery.origin.name(),
            now.0
        ])?;
    let parking;
    let lane = if delivery.parked {
        parking = Lane::parking(&delivery.forwarder);
        &parking
    } else {
        &delivery.connection
    };
    connection
        .prepare_cached(
            "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence, owner)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, 0, NULL)",
        )?
        .execute(params![&**project, delivery.id.as_bytes(), lane, now.0, delivery.forwarder])?;
    Ok(())
}
