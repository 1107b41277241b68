//! What lists ask for, and what they are counted by.

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::{DeliveryOrigin, DeliveryState};
use fieldpost_model::message::MessageState;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

/// Which messages a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Of this source only.
    pub source: Option<String>,
    /// In this state only.
    pub state: Option<MessageState>,
    /// Received at this time or later.
    pub since: Option<Timestamp>,
    /// Received before this time.
    pub until: Option<Timestamp>,
    /// With this text in the identity, in upper or lower case; or with this text, of four or more
    /// hexadecimal digits, in the id or in the id of the message that it repeats.
    pub text: Option<String>,
}

/// Which deliveries a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Of this forwarder only.
    pub forwarder: Option<String>,
    /// To this connection only.
    pub connection: Option<String>,
    /// In this state only.
    pub state: Option<DeliveryState>,
    /// In one of these states only; none is no condition.
    pub states: Vec<DeliveryState>,
    /// Answered last with a status within these two.
    pub status: Option<(u16, u16)>,
    /// Failed last for this reason.
    pub error_kind: Option<ErrorKind>,
    /// Made for this reason only.
    pub origin: Option<DeliveryOrigin>,
    /// These only; none is no condition.
    pub ids: Vec<Uuid>,
    /// Carrying this payload only.
    pub payload: Option<Uuid>,
    /// Of messages of this source only.
    pub source: Option<String>,
    /// About this key only.
    pub key: Option<String>,
    /// Made at this time or later, to the millisecond.
    pub since: Option<Timestamp>,
    /// Made before this time, to the millisecond.
    pub until: Option<Timestamp>,
    /// With this text in the key or the last error, in upper or lower case; or with this text, of
    /// four or more hexadecimal digits, in its own or its payload's id.
    pub text: Option<String>,
    /// Cancelled by this action only.
    pub cancelled_by: Option<Uuid>,
    /// Only those that hold others until a person decides.
    pub holds: bool,
}

/// Deliveries that are counted together, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// Where they stand.
    pub state: DeliveryState,
    /// Whether they hold others.
    pub holds: bool,
    /// Why they were made.
    pub origin: DeliveryOrigin,
    /// How many they are.
    pub count: u64,
}
