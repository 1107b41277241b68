//! Reading what a claimed delivery carries: the same columns on both engines.

use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::event::Event;
use uuid::Uuid;

use crate::error::StoreError;
use crate::records::{Claimed, Lane, Payload};
use crate::statement::{Row, length};

/// The columns that [`read`] reads, of `deliveries d`, `messages m` and `message_bodies b`. The
/// number is [`LARGE_PAYLOAD`](crate::records::LARGE_PAYLOAD). The project is looked up apart: joined,
/// it would tempt a planner to begin with it, and to read all of its messages.
macro_rules! claimed_columns {
    () => {
        "d.forwarder, d.event, d.key, d.origin, d.resend_of, d.attempts, d.tries, \
         d.registered_at, d.payload_id, m.source, m.content_type, m.bytes, \
         CASE WHEN m.bytes <= 65536 THEN b.bytes END, d.hops, \
         (SELECT p.configuration_version FROM projects p WHERE p.project = d.project)"
    };
}
pub(crate) use claimed_columns;

/// How many columns those are.
pub(crate) const CLAIMED_COLUMNS: usize = 15;

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
        payload: row.id(8)?,
        fence: held.fence,
        sequence: held.sequence.clone(),
        collapse: held.collapse.clone(),
        hops: row.count(13)?,
        content: Payload {
            source: row.text(9)?,
            content_type: row.optional_text(10)?,
            bytes: length(row.integer(11)?)?,
            body: row.optional_bytes(12)?.map(Into::into),
        },
        configuration_version: row.integer(14)?,
    })
}

#[cfg(test)]
mod tests {
    use crate::records::LARGE_PAYLOAD;

    #[test]
    fn the_columns_hold_the_bound_that_is_told() {
        let bound = format!("m.bytes <= {LARGE_PAYLOAD} ");
        assert!(claimed_columns!().contains(&bound), "{}", claimed_columns!());
    }
}
