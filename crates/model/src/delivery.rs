//! A delivery: one payload on its way to one connection.

use uuid::Uuid;

use crate::event::Event;
use crate::names;
use crate::time::Timestamp;

names! {
    /// Where a delivery stands.
    pub enum DeliveryState {
        /// Waits for its first try.
        Pending = "pending",
        /// Was tried, and will be tried again.
        Failed = "failed",
        /// Arrived.
        Succeeded = "succeeded",
        /// Given up after its last try, or ended by a person.
        Cancelled = "cancelled",
        /// The destination refused this payload for good.
        Rejected = "rejected",
        /// The hub could not build the request.
        Broken = "broken",
        /// A newer delivery took its place.
        Superseded = "superseded",
    }
}

impl DeliveryState {
    /// Whether the delivery still has a try before it.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Failed)
    }
}

names! {
    /// What a delivery carries.
    pub enum PayloadKind {
        /// A message.
        Message = "message",
        /// A filled form, in one of its versions.
        Submission = "submission",
        /// The state that a form left a case in.
        Case = "case",
        /// An application that was saved or built.
        Application = "application",
        /// What the lifecycle of a submission sends in a call.
        Call = "call",
    }
}

names! {
    /// Why a delivery was made.
    pub enum DeliveryOrigin {
        /// Its event happened.
        Event = "event",
        /// A person sent the same bytes again, as a new delivery.
        Resend = "resend",
        /// A message was matched again.
        Replay = "replay",
    }
}

/// A delivery as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, UUIDv7, the same over all attempts: the `webhook-id` on the wire.
    pub id: Uuid,
    /// The name of the forwarder that ordered it.
    pub forwarder: String,
    /// The name of the connection it goes to.
    pub connection: String,
    /// What set it off.
    pub event: Event,
    /// What it carries.
    pub payload_kind: PayloadKind,
    /// The id of what it carries: a message, or a payload that was made of one.
    pub payload_id: Uuid,
    /// The message that it came of; `None` where no message set it off.
    pub message: Option<Uuid>,
    /// What it is about (a case id, a form id), where the dialect knows.
    pub key: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why it was made.
    pub origin: DeliveryOrigin,
    /// The delivery that this one sends again.
    pub resend_of: Option<Uuid>,
    /// How many tries were made.
    pub attempts: u32,
    /// When it was made, or given a fresh budget by a requeue.
    pub registered_at: Timestamp,
    /// When it is due; `None` once it is final.
    pub next_attempt_at: Option<Timestamp>,
    /// The status code of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong last, in a sentence.
    pub last_error: Option<String>,
    /// The newer delivery that took its place.
    pub superseded_by: Option<Uuid>,
    /// Whether it ended without success, and what follows it in order waits until a person requeues
    /// or cancels it.
    pub holds: bool,
}
