//! Points in time: what a cron expression means, and which of its points are due.
//!
//! An expression has five fields (minute, hour, day of the month, month, day of the week) and is read
//! in the time zone of its trigger. Where clocks change, both edges are as in the cron of Vixie:
//!
//! ```text
//! clocks go forward, 02:00 → 03:00     30 2 * * *     runs once, at 03:00: its time did not exist
//!                                      */30 * * * *   01:30, 03:00: goes on with the clock
//! clocks go back,    03:00 → 02:00     30 2 * * *     runs once, the first time that it is 02:30
//!                                      */30 * * * *   02:00, 02:30, 02:00, 02:30: each half hour
//! ```
//!
//! Nothing here knows what time it is. [`Schedule::due`] is told up to which point everything was
//! considered and what time it is now, and gives the points that are to have a run. A point counts as
//! missed when it lies further back than a hub that is up needs to notice it ([`ON_TIME`]); what
//! happens with those is for the trigger to say.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::{CatchUp, CronTrigger};

/// The longest expression, in bytes.
pub const MAX_EXPRESSION: usize = 256;

/// The code of a time zone that is not there: the expression itself may be right.
pub const UNKNOWN_TIME_ZONE: &str = "unknown-time-zone";

/// How late a point can be noticed and still not be missed: a hub looks several times a minute.
pub const ON_TIME: Duration = Duration::from_secs(90);

/// How many points [`CatchUp::All`] makes up for, and how many are due at once at the most. The newest
/// are taken.
pub const MOST_CAUGHT_UP: usize = 100;

/// The first moment of 2024, a leap year: an expression that has no point within the hundreds of
/// years after it, such as one for the 30th of February, has none at all.
const SOME_LEAP_YEAR: Timestamp = Timestamp(1_704_067_200_000_000);

/// Why an expression or its time zone cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to write instead.
    pub hint: &'static str,
}

/// A cron expression in its time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

impl Schedule {
    /// Reads an expression of five fields, and the IANA name of its time zone.
    pub fn read(expression: &str, time_zone: &str) -> Result<Self, Unusable> {
        let fields = expression.split_whitespace().count();
        if expression.len() > MAX_EXPRESSION {
            return Err(bad_cron(format!(
                "the expression has {} bytes, more than {MAX_EXPRESSION}",
                expression.len()
            )));
        }
        if fields != 5 {
            return Err(bad_cron(format!("`{expression}` has {fields} fields, not five")));
        }
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(expression)
            .map_err(|_| bad_cron(format!("`{expression}` is no cron expression")))?;
        let zone = time_zone.parse::<Tz>().map_err(|_| Unusable {
            code: UNKNOWN_TIME_ZONE,
            message: format!("there is no time zone `{time_zone}`"),
            hint: "write its IANA name, such as `Africa/Nairobi` or `UTC`",
        })?;
        let schedule = Self { cron, zone };
        if schedule.next(SOME_LEAP_YEAR).is_none() {
            return Err(bad_cron(format!("`{expression}` names no day that exists")));
        }
        Ok(schedule)
    }

    /// The schedule of a trigger.
    pub fn of(trigger: &CronTrigger) -> Result<Self, Unusable> {
        Self::read(&trigger.expression, &trigger.time_zone)
    }

    /// The first point after a time; `None` where there is none.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        timestamp(self.cron.find_next_occurrence(&self.local(after)?, false).ok()?)
    }

    /// The points after a time, the nearest first, so many at most.
    pub fn coming(&self, after: Timestamp, most: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next(after), |point| self.next(*point)).take(most).collect()
    }

    /// A time as a clock in the time zone shows it, with how far that is from UTC:
    /// `2026-11-24T09:00:00+03:00`.
    pub fn on_the_clock(&self, time: Timestamp) -> Option<String> {
        Some(self.local(time)?.to_rfc3339_opts(SecondsFormat::Secs, false))
    }

    /// The points that are to have a run, the oldest first: those after `considered` and not after
    /// `now`, of the missed ones as many as `catch_up` wants.
    pub fn due(&self, considered: Timestamp, now: Timestamp, catch_up: CatchUp) -> Vec<Timestamp> {
        let since = match catch_up {
            CatchUp::None => considered.max(now - ON_TIME),
            CatchUp::One | CatchUp::All => considered,
        };
        let most = match catch_up {
            CatchUp::One => 1,
            CatchUp::None | CatchUp::All => MOST_CAUGHT_UP,
        };
        let mut points = self.newest(since, now, most);
        points.reverse();
        points
    }

    /// At most so many points after `since` and not after `until`, the newest first.
    fn newest(&self, since: Timestamp, until: Timestamp, most: usize) -> Vec<Timestamp> {
        let mut points = Vec::new();
        let Some(mut before) = self.local(until) else { return points };
        let mut inclusive = true;
        while points.len() < most {
            let Ok(point) = self.cron.find_previous_occurrence(&before, inclusive) else { break };
            match timestamp(point) {
                Some(time) if time > since => points.push(time),
                _ => break,
            }
            before = point;
            inclusive = false;
        }
        points
    }

    fn local(&self, time: Timestamp) -> Option<DateTime<Tz>> {
        Some(time.to_utc()?.with_timezone(&self.zone))
    }
}

fn timestamp(time: DateTime<Tz>) -> Option<Timestamp> {
    let whole = time.timestamp().checked_mul(1_000_000)?;
    Some(Timestamp(whole))
}

fn bad_cron(message: String) -> Unusable {
    Unusable {
        code: "bad-cron",
        message,
        hint: "write minute, hour, day of the month, month and day of the week: `*/5 * * * *`",
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Offset as _, TimeZone as _};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn schedule(expression: &str, zone: &str) -> Schedule {
        Schedule::read(expression, zone).unwrap()
    }

    #[track_caller]
    fn check_points(expression: &str, zone: &str, after: &str, expected: &[&str]) {
        let schedule = schedule(expression, zone);
        let mut time = at(after);
        for point in expected {
            time = schedule.next(time).unwrap();
            assert_eq!(time, at(point), "{expression} in {zone}: {time}");
        }
    }

    #[test]
    fn points_follow_the_five_fields() {
        check_points(
            "*/20 6-7 * * MON-FRI",
            "UTC",
            "2026-11-20T07:10:00Z",
            &["2026-11-20T07:20:00Z", "2026-11-20T07:40:00Z", "2026-11-23T06:00:00Z"],
        );
        check_points("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", &["2028-02-29T00:00:00Z"]);
        // A day of the month and a day of the week: either will do, as in every cron.
        check_points(
            "0 0 13 * 5",
            "UTC",
            "2026-11-01T00:00:00Z",
            &["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"],
        );
        check_points("0 9 L * *", "UTC", "2026-02-01T00:00:00Z", &["2026-02-28T09:00:00Z"]);
    }

    #[test]
    fn a_point_is_after_the_time_and_read_in_its_zone() {
        check_points(
            "0 9 * * *",
            "Africa/Nairobi",
            "2026-11-23T06:00:00Z",
            &["2026-11-24T06:00:00Z"],
        );
        check_points(
            "0 9 * * *",
            "Africa/Nairobi",
            "2026-11-23T05:59:59.999999Z",
            &["2026-11-23T06:00:00Z"],
        );
    }

    #[track_caller]
    fn check_coming(expression: &str, zone: &str, after: &str, expected: &[&str]) {
        let schedule = schedule(expression, zone);
        let coming = schedule.coming(at(after), 3);
        let shown: Vec<String> =
            coming.into_iter().filter_map(|point| schedule.on_the_clock(point)).collect();
        assert_eq!(shown, expected, "{expression} in {zone}");
    }

    #[test]
    fn what_comes_is_told_as_the_clock_shows_it() {
        check_coming(
            "0 9 * * MON-FRI",
            "Africa/Nairobi",
            "2026-11-20T05:59:59Z",
            &[
                "2026-11-20T09:00:00+03:00",
                "2026-11-23T09:00:00+03:00",
                "2026-11-24T09:00:00+03:00",
            ],
        );
        check_coming(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-27T12:00:00Z",
            &[
                "2026-03-28T02:30:00+01:00",
                "2026-03-29T03:00:00+02:00",
                "2026-03-30T02:30:00+02:00",
            ],
        );
        check_coming(
            "0 0 1 1 *",
            "UTC",
            "2026-11-20T00:00:00Z",
            &[
                "2027-01-01T00:00:00+00:00",
                "2028-01-01T00:00:00+00:00",
                "2029-01-01T00:00:00+00:00",
            ],
        );
        assert_eq!(schedule("* * * * *", "UTC").coming(at("2026-11-20T00:00:00Z"), 0), []);
    }

    #[test]
    fn a_time_that_the_clock_leaves_out_is_made_up_for_once() {
        // 29 March 2026: 02:00 becomes 03:00 in Berlin, which is 01:00 UTC.
        check_points(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        );
        check_points(
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-03-29T00:10:00Z",
            &["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
        );
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_is_one_point_unless_it_is_an_interval() {
        // 25 October 2026: 03:00 becomes 02:00 in Berlin, which is 01:00 UTC.
        check_points(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        );
        check_points(
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-24T23:50:00Z",
            &[
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
            ],
        );
    }

    #[track_caller]
    fn check_refused(expression: &str, zone: &str, code: &str, message: &str) {
        let error = Schedule::read(expression, zone).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        check_refused("* * * *", "UTC", "bad-cron", "`* * * *` has 4 fields, not five");
        check_refused("0 * * * * *", "UTC", "bad-cron", "`0 * * * * *` has 6 fields, not five");
        check_refused("@daily", "UTC", "bad-cron", "`@daily` has 1 fields, not five");
        check_refused("61 * * * *", "UTC", "bad-cron", "`61 * * * *` is no cron expression");
        check_refused("a b c d e", "UTC", "bad-cron", "`a b c d e` is no cron expression");
        check_refused("0 0 30 2 *", "UTC", "bad-cron", "`0 0 30 2 *` names no day that exists");
        check_refused(
            "* * * * *",
            "Mars/Base",
            "unknown-time-zone",
            "there is no time zone `Mars/Base`",
        );
        let list = vec!["1"; MAX_EXPRESSION].join(",");
        let long = format!("{list} * * * *");
        assert!(Schedule::read(&long, "UTC").unwrap_err().message.contains("more than 256"));
        let longest = format!("{}1 * * * *", "1,".repeat((MAX_EXPRESSION - 9) / 2));
        assert!(Schedule::read(&longest, "UTC").is_ok());
    }

    #[track_caller]
    fn check_due(considered: &str, now: &str, catch_up: CatchUp, expected: &[&str]) {
        let schedule = schedule("0 * * * *", "UTC");
        let expected: Vec<Timestamp> = expected.iter().map(|text| at(text)).collect();
        assert_eq!(schedule.due(at(considered), at(now), catch_up), expected);
    }

    #[test]
    fn a_point_is_due_once() {
        let point = "2026-11-23T06:00:00Z";
        for catch_up in [CatchUp::None, CatchUp::One, CatchUp::All] {
            check_due("2026-11-23T05:59:58Z", "2026-11-23T05:59:59Z", catch_up, &[]);
            check_due("2026-11-23T05:59:58Z", point, catch_up, &[point]);
            check_due("2026-11-23T05:59:58Z", "2026-11-23T06:00:05Z", catch_up, &[point]);
            check_due(point, "2026-11-23T06:00:05Z", catch_up, &[]);
        }
    }

    #[test]
    fn missed_points_are_gone_or_have_one_run_or_each_their_own() {
        let (considered, now) = ("2026-11-23T03:30:00Z", "2026-11-23T06:10:00Z");
        let all = ["2026-11-23T04:00:00Z", "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"];
        check_due(considered, now, CatchUp::None, &[]);
        check_due(considered, now, CatchUp::One, &all[2..]);
        check_due(considered, now, CatchUp::All, &all);
        check_due(considered, "2026-11-23T06:01:30Z", CatchUp::None, &[]);
        check_due(considered, "2026-11-23T06:01:29Z", CatchUp::None, &all[2..]);
    }

    #[test]
    fn of_very_many_missed_points_the_newest_are_made_up_for() {
        let schedule = schedule("* * * * *", "UTC");
        let due =
            schedule.due(at("2016-11-23T06:00:00Z"), at("2026-11-23T06:00:30Z"), CatchUp::All);
        assert_eq!(due.len(), MOST_CAUGHT_UP);
        assert_eq!(due.last(), Some(&at("2026-11-23T06:00:00Z")));
        assert_eq!(due.first(), Some(&at("2026-11-23T04:21:00Z")));
    }

    /// The hours of 2026 and 2027 in which the clocks of a zone change, in seconds.
    fn changes(zone: Tz) -> Vec<i64> {
        let offset = |seconds: i64| {
            zone.offset_from_utc_datetime(
                &DateTime::from_timestamp(seconds, 0).unwrap().naive_utc(),
            )
            .fix()
        };
        let hours = (1_767_225_600_i64..1_830_297_600).step_by(3_600);
        hours.filter(|hour| offset(*hour) != offset(hour + 3_600)).collect()
    }

    /// Whether looked at from before or from behind, the points are the same: also where clocks change.
    #[test]
    fn points_are_the_same_from_both_sides() {
        let expressions = [
            "30 2 * * *",
            "*/30 * * * *",
            "0 * * * *",
            "15 1-3 * * *",
            "0 0 * * 0",
            "0 */6 1 * *",
            "59 23 L * *",
            "0 2 * * SUN#1",
            "5,35 2 * 3,10,11 *",
        ];
        for (zone, count) in [
            ("UTC", 0),
            ("Europe/Berlin", 4),
            ("America/New_York", 4),
            ("Australia/Lord_Howe", 4),
            ("Asia/Kathmandu", 0),
            ("Africa/Casablanca", 4),
        ] {
            let mut starts = changes(zone.parse().unwrap());
            assert_eq!(starts.len(), count, "{zone}: {starts:?}");
            starts.push(1_767_225_600);
            for (expression, start) in
                expressions.iter().flat_map(|text| starts.iter().map(move |start| (text, start)))
            {
                let schedule = schedule(expression, zone);
                // From the day before the change until well after it.
                let start = Timestamp((start - 86_400 - 1_000) * 1_000_000);
                let mut forward = Vec::new();
                let mut time = start;
                while forward.len() < 60 {
                    time = schedule.next(time).unwrap();
                    forward.push(time);
                }
                let back = schedule.due(start, time, CatchUp::All);
                assert_eq!(back, forward, "{expression} in {zone} from {start}");
            }
        }
    }
}
