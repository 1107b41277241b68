//! Reading what a claimed delivery carries: the same columns on both engines.

use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::event::Event;
use uuid::Uuid;

use crate::error::StoreError;
use crate::records::{Claimed, Lane, Payload};
use crate::statement::Row;

/// The columns that [`read`] reads, of `deliveries d`, `messages m` and `message_bodies b`.
macro_rules! claimed_columns {
    () => {
        "d.forwarder, d.event, d.key, d.origin, d.resend_of, d.attempts, d.tries, \
         d.registered_at, d.payload_id, m.source, m.content_type, b.bytes"
    };
}
pub(crate) use claimed_columns;

/// Reads a claimed delivery from those columns.
pub(crate) fn read(
    row: &Row<'_>,
    lane: &Lane,
    id: Uuid,
    fence: i64,
) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        lane: lane.clone(),
        id,
        forwarder: row.text(0)?,
        event: row.named(1, Event::from_name)?,
        key: row.optional_text(2)?,
        origin: row.named(3, DeliveryOrigin::from_name)?,
        resend_of: row.optional_id(4)?,
        attempts: row.count(5)?,
        tries: row.count(6)?,
        registered_at: row.time(7)?,
        payload: row.id(8)?,
        fence,
        content: Payload {
            source: row.text(9)?,
            content_type: row.optional_text(10)?,
            body: row.bytes(11)?.into(),
        },
    })
}
