//! Points in time: microseconds since 1970 UTC, as an integer.
//!
//! An integer sorts, compares and stores alike on both database engines, and survives every
//! round trip. On the wire a time is RFC 3339 in UTC with six decimals.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339 text, in any offset.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_micros()))
    }

    /// Reads a time as phones write it (ISO 8601): what [`parse`](Self::parse) reads, a blank for the
    /// `T`, an offset without minutes (`-04`) or without a colon (`-0400`), none at all (UTC), and a
    /// date alone (its midnight, UTC).
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let text = text.trim();
        if NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() {
            return Self::parse(&format!("{text}T00:00:00Z"));
        }
        let (date, clock) = text.split_once(['T', 't', ' '])?;
        let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
            Some(place) => clock.split_at_checked(place)?,
            None => (clock, "Z"),
        };
        let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
        let offset = match (offset.len(), offset.contains(':')) {
            (3, false) => format!("{offset}:00"),
            (5, false) => {
                let (hours, minutes) = offset.split_at_checked(3)?;
                format!("{hours}:{minutes}")
            }
            _ => offset.to_owned(),
        };
        Self::parse(&format!("{date}T{clock}{seconds}{offset}"))
    }

    /// Whole seconds since 1970, as the `webhook-timestamp` header wants them.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time as chrono knows it; `None` beyond the years that chrono can hold.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }

    /// How long from `earlier` to this time; zero where it lies the other way.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(time) => formatter.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(formatter, "{} µs", self.0),
        }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_utc_with_microseconds() {
        let time = Timestamp::parse("2015-04-17T16:04:54.950-04:00").unwrap();
        assert_eq!(time.to_string(), "2015-04-17T20:04:54.950000Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        assert_eq!((time + Duration::from_secs(2)).since(time), Duration::from_secs(2));
        assert_eq!(time.since(time + Duration::from_secs(2)), Duration::ZERO);
    }
    #[test]
    fn phones_write_times_in_many_ways() {
        for (text, expected) in [
            ("2015-04-17T16:04:54.950-04", Some("2015-04-17T20:04:54.950000Z")),
            ("2015-04-17T16:04:54.950-0430", Some("2015-04-17T20:34:54.950000Z")),
            ("2015-04-17T16:04:54.950-04:00", Some("2015-04-17T20:04:54.950000Z")),
            ("2015-04-17 16:04:54+02", Some("2015-04-17T14:04:54.000000Z")),
            ("2015-04-17T16:04:54Z", Some("2015-04-17T16:04:54.000000Z")),
            (" 2015-04-17T16:04:54 ", Some("2015-04-17T16:04:54.000000Z")),
            ("2015-04-17T16:04", Some("2015-04-17T16:04:00.000000Z")),
            ("2015-04-17", Some("2015-04-17T00:00:00.000000Z")),
            ("2015-04-31", None),
            ("2015-04-17T25:04:54Z", None),
            ("2015-04-17T16:04:54+é", None),
            ("17/04/2015", None),
            ("yesterday", None),
            ("", None),
        ] {
            let time = Timestamp::parse_lenient(text).map(|time| time.to_string());
            assert_eq!(time.as_deref(), expected, "{text:?}");
        }
    }
}
