//! Reading what a claimed delivery carries: the same columns on both engines.

use bytes::Bytes;
use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
use fieldpost_model::event::Event;
use uuid::Uuid;

use crate::error::StoreError;
use crate::filing::Original;
use crate::payloads::ClaimedPayload;
use crate::records::{Claimed, Lane, Payload};
use crate::statement::{Row, length};

/// The columns that [`read`] reads, of `deliveries d`, `payloads p`, `messages m` and `message_bodies
/// b`. The number is [`LARGE_PAYLOAD`](crate::records::LARGE_PAYLOAD). The project is looked up apart:
/// joined, it would tempt a planner to begin with it, and to read all of its messages.
macro_rules! claimed_columns {
    () => {
        "d.forwarder, d.event, d.key, d.origin, d.resend_of, d.attempts, d.tries, \
         d.registered_at, m.id, m.source, m.content_type, \
         CASE WHEN p.original IS NULL AND (p.kind IS NULL OR p.kind = 'submission') \
             THEN m.bytes END, \
         CASE WHEN p.original IS NULL AND (p.kind IS NULL OR p.kind = 'submission') \
             AND m.bytes <= 65536 THEN b.bytes END, d.hops, \
         (SELECT o.configuration_version FROM projects o WHERE o.project = d.project), \
         p.id, p.kind, CASE WHEN length(p.facts) <= 65536 THEN p.facts END, p.content_type, \
         CAST(length(p.original) AS BIGINT), \
         CASE WHEN length(p.original) <= 65536 THEN p.original END, \
         CAST(length(p.facts) AS BIGINT)"
    };
}
pub(crate) use claimed_columns;

/// The condition that all is there of what a delivery carries. The rows are joined by LEFT JOIN, since
/// some carry no payload and some come of no message.
macro_rules! claimed_condition {
    () => {
        "CASE WHEN d.subject IS NULL THEN b.bytes IS NOT NULL ELSE p.id IS NOT NULL END"
    };
}
pub(crate) use claimed_condition;

/// How many columns those are.
pub(crate) const CLAIMED_COLUMNS: usize = 22;

/// A delivery that was claimed, before its content is read.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) lane: Lane,
    pub(crate) delivery: Uuid,
    pub(crate) fence: i64,
    pub(crate) sequence: Option<String>,
    pub(crate) collapse: Option<String>,
}

/// Reads what a claimed delivery carries from those columns. One that cannot be read is left out and
/// told of: it must not keep the others from being sent.
pub(crate) fn read(row: &Row<'_>, held: &Held) -> Result<Option<Claimed>, StoreError> {
    match read_whole(row, held) {
        Ok(claimed) => Ok(Some(claimed)),
        Err(error) if error.is_temporary() => Err(error),
        Err(error) => {
            let id = held.delivery;
            tracing::error!(%error, delivery = %id, "delivery {id} cannot be read and is not sent");
            Ok(None)
        }
    }
}

fn read_whole(row: &Row<'_>, held: &Held) -> Result<Claimed, StoreError> {
    let bytes = row.optional_integer(11)?;
    Ok(Claimed {
        lane: held.lane.clone(),
        id: held.delivery,
        forwarder: row.text(0)?,
        event: row.named(1, Event::from_name)?,
        key: row.optional_text(2)?,
        origin: row.named(3, DeliveryOrigin::from_name)?,
        resend_of: row.optional_id(4)?,
        attempts: row.count(5)?,
        tries: row.count(6)?,
        registered_at: row.time(7)?,
        message: row.optional_id(8)?,
        about: read_payload(row)?,
        fence: held.fence,
        sequence: held.sequence.clone(),
        collapse: held.collapse.clone(),
        hops: row.count(13)?,
        content: Payload {
            source: row.optional_text(9)?.unwrap_or_default(),
            content_type: row.optional_text(10)?,
            bytes: length(bytes.unwrap_or(0))?,
            body: match bytes {
                Some(_) => row.optional_bytes(12)?.map(Into::into),
                None => Some(Bytes::new()),
            },
        },
        configuration_version: row.integer(14)?,
    })
}

fn read_payload(row: &Row<'_>) -> Result<Option<ClaimedPayload>, StoreError> {
    let Some(id) = row.optional_id(15)? else { return Ok(None) };
    let (content_type, original) = (row.optional_text(18)?, row.optional_bytes(20)?);
    Ok(Some(ClaimedPayload {
        id,
        kind: row.named(16, PayloadKind::from_name)?,
        facts: row.optional_text(17)?,
        facts_length: length(row.optional_integer(21)?.unwrap_or(0))?,
        original: original.map(|bytes| Original { content_type, bytes: bytes.into() }),
        original_bytes: row.optional_integer(19)?.map(length).transpose()?,
    }))
}

#[cfg(test)]
mod tests {
    use crate::records::LARGE_PAYLOAD;

    #[test]
    fn the_columns_hold_the_bound_that_is_told() {
        for what in ["m.bytes", "length(p.original)", "length(p.facts)"] {
            let bound = format!("{what} <= {LARGE_PAYLOAD} ");
            assert!(claimed_columns!().contains(&bound), "{}", claimed_columns!());
        }
    }
}
