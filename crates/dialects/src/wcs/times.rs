//! Times as w.c.s. writes them: the same moment in up to three ways.
//!
//! Naive local times carry no zone and no fraction, so they repeat an hour each autumn; old clients
//! want them. Beside them a document has the moment in UTC, to the microsecond.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

/// `2013-01-04T13:39:47`: local time, without a zone.
pub(super) fn naive(time: Timestamp, zone: Tz) -> Value<'static> {
    formatted(time, zone, "%Y-%m-%dT%H:%M:%S")
}

/// `2013-01-04 13:39:47`: what the list of all forms has.
pub(super) fn for_people(time: Timestamp, zone: Tz) -> Value<'static> {
    formatted(time, zone, "%Y-%m-%d %H:%M:%S")
}

fn formatted(time: Timestamp, zone: Tz, format: &str) -> Value<'static> {
    let local = time.to_utc().map(|time| time.with_timezone(&zone));
    local.map_or(Value::Null, |time| Value::from(time.format(format).to_string()))
}

/// `2013-01-04T13:39:47.250000+01:00`: local time with its distance from UTC, and with microseconds
/// where there are any.
pub(super) fn with_offset(time: Timestamp, zone: Tz) -> Value<'static> {
    let Some(local) = time.to_utc().map(|time| time.with_timezone(&zone)) else {
        return Value::Null;
    };
    let has_fraction = time.0.rem_euclid(1_000_000) != 0;
    let digits = if has_fraction { SecondsFormat::Micros } else { SecondsFormat::Secs };
    Value::from(local.to_rfc3339_opts(digits, false))
}

/// The moment itself: RFC 3339 in UTC.
pub(super) fn utc(time: Timestamp) -> Value<'static> {
    Value::from(time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_three_ways() {
        for (moment, local, people, offset) in [
            (
                "2013-01-04T12:39:47.250Z",
                "2013-01-04T13:39:47",
                "2013-01-04 13:39:47",
                "2013-01-04T13:39:47.250000+01:00",
            ),
            (
                "2026-07-01T00:00:00Z",
                "2026-07-01T02:00:00",
                "2026-07-01 02:00:00",
                "2026-07-01T02:00:00+02:00",
            ),
            // The hour that there is twice.
            (
                "2026-10-25T00:30:00Z",
                "2026-10-25T02:30:00",
                "2026-10-25 02:30:00",
                "2026-10-25T02:30:00+02:00",
            ),
            (
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:30:00",
                "2026-10-25 02:30:00",
                "2026-10-25T02:30:00+01:00",
            ),
        ] {
            let time = Timestamp::parse(moment).unwrap();
            let zone = Tz::Europe__Paris;
            assert_eq!(naive(time, zone).as_str(), Some(local));
            assert_eq!(for_people(time, zone).as_str(), Some(people));
            assert_eq!(with_offset(time, zone).as_str(), Some(offset));
            assert_eq!(utc(time).as_str(), Some(&*time.to_string()));
        }
        assert_eq!(naive(Timestamp(i64::MAX), Tz::UTC), Value::Null);
    }
}
