//! How many records came in, and when: what statistics are made of.
//!
//! A store counts in quarters of an hour, because it knows no time zones and every zone of today is a whole number of
//! quarters away from UTC. So whoever knows the zone puts them together to its hours, days, months and years without
//! a record on the wrong side of midnight.

use std::time::Duration;

use crate::names;
use crate::progress::Channel;
use crate::time::Timestamp;

/// How long a quarter of an hour is.
pub const QUARTER: Duration = Duration::from_mins(15);

names! {
    /// What records are counted apart by.
    pub enum CountGroup {
        /// The status that each is in now.
        Status = "status",
        /// Whether it is pending or done.
        Standing = "simple-status",
        /// The way that it took.
        Channel = "channel",
        /// The form that it is of.
        Form = "form",
    }
}

/// Which records are counted. Drafts never are; those that were made anonymous are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountQuery {
    /// Of this form only.
    pub form: Option<String>,
    /// That took this way only.
    pub channel: Option<Channel>,
    /// That came in at this time or later.
    pub from: Option<Timestamp>,
    /// That came in before this time.
    pub before: Option<Timestamp>,
    /// What they are counted apart by.
    pub group: Option<CountGroup>,
}

/// How many came in within one quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When the quarter began.
    pub since: Timestamp,
    /// What they have in common; `None` where they are not counted apart, or have nothing there.
    pub group: Option<String>,
    /// How many.
    pub count: u64,
}
