//! What is counted of the traffic, for charts and overviews: how often something happened, by the
//! thing that it happened to.

use crate::names;

names! {
    /// What something is counted of.
    pub enum TallyNoun {
        /// A source, by its name.
        Source = "source",
        /// A forwarder, by its name.
        Forwarder = "forwarder",
        /// A connection, by its name.
        Connection = "connection",
    }
}

names! {
    /// What is counted.
    pub enum TallyKind {
        /// A message came in by a source, whatever became of it.
        Received = "received",
        /// One that its dialect could not read.
        Quarantined = "quarantined",
        /// One that repeats another.
        Duplicate = "duplicate",
        /// A forwarder wanted a message that came in.
        Matched = "matched",
        /// A delivery arrived.
        Delivered = "delivered",
        /// A try of a delivery did not succeed.
        FailedTry = "failed_try",
        /// A delivery ended with such a try.
        GivenUp = "given_up",
    }
}

names! {
    /// How long a time one count is of.
    pub enum TallySpan {
        /// A minute.
        Minute = "minute",
        /// An hour.
        Hour = "hour",
    }
}

impl TallySpan {
    /// Its length in microseconds.
    pub const fn microseconds(self) -> i64 {
        match self {
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
        }
    }
}
