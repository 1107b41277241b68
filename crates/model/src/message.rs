//! A message: one request or polled record, with its exact bytes.

use uuid::Uuid;

use crate::names;
use crate::time::Timestamp;

names! {
    /// What became of a message.
    pub enum MessageState {
        /// Read, matched, and kept.
        Kept = "kept",
        /// Kept, but its dialect could not read it.
        Quarantined = "quarantined",
        /// Equal to one that was there already.
        Duplicate = "duplicate",
    }
}

/// A message as lists show it: everything but its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, UUIDv7: ids sort by the time of receipt.
    pub id: Uuid,
    /// The name of the source it came in by.
    pub source: String,
    /// When the last byte of it was there.
    pub received_at: Timestamp,
    /// What became of it.
    pub state: MessageState,
    /// The message that this one repeats.
    pub duplicate_of: Option<Uuid>,
    /// Why it is quarantined, or calls for nothing.
    pub reason: Option<String>,
    /// The content type that the sender claimed.
    pub content_type: Option<String>,
    /// The length of the body, after decompression.
    pub bytes: u64,
    /// What the dialect (or an `Idempotency-Key`) calls it by.
    pub identity: Option<String>,
    /// 1 for the first content of an identity, 2 for the next other content, and so on.
    pub version: u32,
    /// How often a quarantined content came in; 1 for every other message.
    pub seen: u32,
    /// When its bytes were erased, by retention or by a person.
    pub erased_at: Option<Timestamp>,
}

/// The request that a message came in by, as it is kept: credentials are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRequest {
    /// The HTTP method.
    pub method: String,
    /// The path; an inbox secret in it is masked.
    pub path: String,
    /// The query as pairs; credential values are masked.
    pub query: Vec<(String, String)>,
    /// The headers, in the order sent, names in lower case; credential values are masked.
    pub headers: Vec<(String, String)>,
}
