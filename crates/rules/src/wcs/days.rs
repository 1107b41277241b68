//! Days and times as queries write them: ISO 8601 or as people do in France, in the time zone of the
//! project unless they say how far from UTC they are.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use fieldpost_model::time::Timestamp;

/// Now, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Now.
    pub now: Timestamp,
    /// The time zone that times without one are in.
    pub zone: Tz,
}

const DAY_FORMATS: [&str; 2] = ["%Y-%m-%d", "%d/%m/%Y"];
const CLOCK_FORMATS: [&str; 3] = ["%H:%M:%S%.f", "%H:%M", "%Hh%M"];

/// A day, as ISO 8601 or `dd/mm/yyyy`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    DAY_FORMATS.iter().find_map(|format| {
        // Years of other lengths are slips of the pen.
        let has_four_digits = text.len() == "2026-01-31".len();
        NaiveDate::parse_from_str(text, format).ok().filter(|_| has_four_digits)
    })
}

/// A day as records have it.
pub fn iso(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

impl Calendar {
    /// The day that it is.
    pub fn today(&self) -> Option<NaiveDate> {
        Some(self.now.to_utc()?.with_timezone(&self.zone).date_naive())
    }

    /// The Monday of this week.
    pub fn monday(&self) -> Option<NaiveDate> {
        let today = self.today()?;
        today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))
    }

    /// The moment of a text: a day, whose midnight it is, or a day and a time.
    pub fn time(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Some(day) = day(text) {
            return self.moment(day.and_time(NaiveTime::MIN));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
            return Some(Timestamp(time.timestamp_micros()));
        }
        let (date, clock) = text.split_once(['T', ' '])?;
        let clock = CLOCK_FORMATS
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(clock.trim(), format).ok())?;
        self.moment(day(date)?.and_time(clock))
    }

    /// The moment of a time in the zone; of an hour that there is twice the first, and of one that
    /// there is not, the same one an hour later.
    fn moment(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let found = self.zone.from_local_datetime(&local).earliest().or_else(|| {
            let later = local.checked_add_signed(chrono::Duration::hours(1))?;
            self.zone.from_local_datetime(&later).earliest()
        });
        Some(Timestamp(found?.timestamp_micros()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris() -> Calendar {
        Calendar {
            now: Timestamp::parse("2021-06-12T22:30:00Z").unwrap(),
            zone: chrono_tz::Europe::Paris,
        }
    }

    #[test]
    fn days_are_written_in_two_ways() {
        for (text, expected) in [
            ("2021-06-11", Some("2021-06-11")),
            ("11/06/2021", Some("2021-06-11")),
            (" 11/06/2021 ", Some("2021-06-11")),
            ("2021-02-29", None),
            ("11/13/2021", None),
            ("11/06/21", None),
            ("20210611", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(day(text).map(iso).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn times_are_in_the_zone_of_the_project() {
        for (text, expected) in [
            ("2020-01-03", Some("2020-01-02T23:00:00.000000Z")),
            ("03/01/2020", Some("2020-01-02T23:00:00.000000Z")),
            ("2020-01-03 10:00", Some("2020-01-03T09:00:00.000000Z")),
            ("2020-01-03T10:00:05", Some("2020-01-03T09:00:05.000000Z")),
            ("2020-07-03 10:00:05.25", Some("2020-07-03T08:00:05.250000Z")),
            ("03/07/2020 10h30", Some("2020-07-03T08:30:00.000000Z")),
            ("2020-01-03T10:00:00Z", Some("2020-01-03T10:00:00.000000Z")),
            ("2020-01-03T10:00:00+05:00", Some("2020-01-03T05:00:00.000000Z")),
            // A plus sign that nobody encoded has become a blank; that is no time.
            ("2020-01-03T10:00:00 05:00", None),
            // There is no half past two on that night, and on the other there are two.
            ("2021-03-28 02:30", Some("2021-03-28T01:30:00.000000Z")),
            ("2021-10-31 02:30", Some("2021-10-31T00:30:00.000000Z")),
            ("2020-01-03 25:00", None),
            ("10:00", None),
            ("", None),
        ] {
            let time = paris().time(text).map(|time| time.to_string());
            assert_eq!(time.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn today_is_where_the_project_is() {
        assert_eq!(paris().today().map(iso).as_deref(), Some("2021-06-13"));
        assert_eq!(paris().monday().map(iso).as_deref(), Some("2021-06-07"));
        let there = Calendar { zone: chrono_tz::America::Lima, ..paris() };
        assert_eq!(there.today().map(iso).as_deref(), Some("2021-06-12"));
    }
}
