//! Filters of days and times.

use chrono::{
    DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike,
};
use chrono_tz::Tz;
use fieldpost_model::time::Timestamp;

use super::super::{Datum, Language, Surroundings};

type Filtered = Result<Datum, String>;

/// How days are written, beside ISO 8601: as people of w.c.s. do.
const DAYS: [&str; 4] = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"];
/// How times of day are written.
const CLOCKS: [&str; 4] = ["%H:%M:%S%.f", "%H:%M", "%Hh%M", "%H"];

/// The day that a text says.
pub(in super::super) fn day_of(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = text.split(['T', ' ']).next()?;
    DAYS.iter().find_map(|format| NaiveDate::parse_from_str(day, format).ok())
}

/// A moment of that place; the first of two where the clock is set back, the next where it is set
/// forward.
fn in_zone(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Tz>> {
    let found = zone.from_local_datetime(&local);
    found.earliest().or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
}

fn moment(surroundings: &Surroundings, value: &Datum) -> Option<DateTime<Tz>> {
    match value {
        Datum::Moment(moment) => Some(*moment),
        Datum::Day(day) => in_zone(surroundings.zone, day.and_time(NaiveTime::MIN)),
        Datum::Text(text) => {
            let text = text.trim();
            if let Ok(time) = DateTime::parse_from_rfc3339(text) {
                return surroundings.local(Timestamp(time.timestamp_micros()));
            }
            let clock = match text.split_once(['T', ' ']) {
                None => NaiveTime::MIN,
                Some((_, clock)) => CLOCKS
                    .iter()
                    .find_map(|format| NaiveTime::parse_from_str(clock.trim(), format).ok())?,
            };
            in_zone(surroundings.zone, day_of(text)?.and_time(clock))
        }
        _ => None,
    }
}

pub(super) fn day(value: &Datum) -> Option<NaiveDate> {
    match value {
        Datum::Day(day) => Some(*day),
        Datum::Moment(moment) => Some(moment.date_naive()),
        Datum::Text(text) => day_of(text),
        _ => None,
    }
}

/// The day that it says; with a format, a text of it.
pub(super) fn date(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(match argument {
        None => day(value).map_or_else(|| Datum::text(""), Datum::Day),
        Some(format) => formatted(at, value, &format.written()),
    })
}

/// The moment that it says; with a format, a text of it.
pub(super) fn datetime(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(match argument {
        None => moment(at, value).map_or_else(|| Datum::text(""), Datum::Moment),
        Some(format) => formatted(at, value, &format.written()),
    })
}

/// The time of day, in the format that is said.
pub(super) fn time(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let format = argument.map_or_else(|| "H:i".to_owned(), Datum::written);
    Ok(formatted(at, value, &format))
}

fn formatted(at: &Surroundings, value: &Datum, format: &str) -> Datum {
    let Some(moment) = moment(at, value) else { return Datum::text("") };
    let mut written = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => written.extend(letters.next()),
            _ => match part(at.language, &moment, letter) {
                Some(part) => written.push_str(&part),
                None => written.push(letter),
            },
        }
    }
    Datum::text(written)
}

/// What one letter of a format means, as Django has it.
fn part(language: Language, moment: &DateTime<Tz>, letter: char) -> Option<String> {
    let by_chrono = match letter {
        'd' => "%d",
        'm' => "%m",
        'y' => "%y",
        'Y' => "%Y",
        'H' => "%H",
        'h' => "%I",
        'i' => "%M",
        's' => "%S",
        'u' => "%6f",
        'O' => "%z",
        'e' | 'T' => "%Z",
        'o' => "%G",
        'W' => return Some(moment.iso_week().week().to_string()),
        'j' => return Some(moment.day().to_string()),
        'n' => return Some(moment.month().to_string()),
        'G' => return Some(moment.hour().to_string()),
        'g' => return Some(moment.hour12().1.to_string()),
        'w' => return Some(moment.weekday().num_days_from_sunday().to_string()),
        'z' => return Some(moment.ordinal().to_string()),
        'U' => return Some(moment.timestamp().to_string()),
        'c' => return Some(moment.format("%Y-%m-%dT%H:%M:%S%:z").to_string()),
        'A' => return Some(if moment.hour() < 12 { "AM" } else { "PM" }.to_owned()),
        'a' => return Some(if moment.hour() < 12 { "a.m." } else { "p.m." }.to_owned()),
        'L' => return Some(python(moment.date_naive().leap_year())),
        't' => return Some(moment.num_days_in_month().to_string()),
        'F' | 'M' | 'b' | 'l' | 'D' => return Some(name(language, moment, letter)),
        _ => return None,
    };
    Some(moment.format(by_chrono).to_string())
}

fn python(truth: bool) -> String {
    if truth { "True" } else { "False" }.to_owned()
}

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
/// As Django shortens them in French.
const SHORT_FRENCH_MONTHS: [&str; 12] =
    ["jan", "fév", "mars", "avr", "mai", "juin", "juil", "août", "sep", "oct", "nov", "déc"];
const FRENCH_DAYS: [&str; 7] =
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const SHORT_FRENCH_DAYS: [&str; 7] = ["lun", "mar", "mer", "jeu", "ven", "sam", "dim"];

/// The name of a month or a day of the week.
fn name(language: Language, moment: &DateTime<Tz>, letter: char) -> String {
    let month = usize::try_from(moment.month0()).unwrap_or(0);
    let weekday = usize::try_from(moment.weekday().num_days_from_monday()).unwrap_or(0);
    let (english, french) = match letter {
        'F' => ("%B", FRENCH_MONTHS.get(month)),
        'M' | 'b' => ("%b", SHORT_FRENCH_MONTHS.get(month)),
        'l' => ("%A", FRENCH_DAYS.get(weekday)),
        _ => ("%a", SHORT_FRENCH_DAYS.get(weekday)),
    };
    let name = match (language, french) {
        (Language::French, Some(name)) => (*name).to_owned(),
        _ => moment.format(english).to_string(),
    };
    if letter == 'b' { name.to_lowercase() } else { name }
}

fn count(argument: Option<&Datum>) -> Result<i64, String> {
    let wrong = || "the argument is no whole number".to_owned();
    let text = argument.map(Datum::written).ok_or_else(wrong)?;
    text.trim().parse().map_err(|_| wrong())
}

/// So many days later.
pub(super) fn add_days(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let days = Duration::try_days(count(argument)?);
    let later = day(value).zip(days).and_then(|(day, days)| day.checked_add_signed(days));
    Ok(later.map_or_else(|| Datum::text(""), Datum::Day))
}

fn later(at: &Surroundings, value: &Datum, duration: Option<Duration>) -> Datum {
    let later = moment(at, value)
        .zip(duration)
        .and_then(|(moment, duration)| moment.checked_add_signed(duration));
    later.map_or_else(|| Datum::text(""), Datum::Moment)
}

/// So many hours later.
pub(super) fn add_hours(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(later(at, value, Duration::try_hours(count(argument)?)))
}

/// So many minutes later.
pub(super) fn add_minutes(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(later(at, value, Duration::try_minutes(count(argument)?)))
}

/// The day and that of now, or of the argument.
fn span(
    at: &Surroundings,
    value: &Datum,
    argument: Option<&Datum>,
) -> Option<(NaiveDate, NaiveDate)> {
    let until = match argument {
        Some(argument) => day(argument)?,
        None => at.local(at.now)?.date_naive(),
    };
    Some((day(value)?, until))
}

fn whole(number: Option<i64>) -> Datum {
    number.map_or_else(|| Datum::text(""), Datum::whole)
}

/// How many days ago.
pub(super) fn age_in_days(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(whole(span(at, value, argument).map(|(from, until)| (until - from).num_days())))
}

/// How many hours ago.
pub(super) fn age_in_hours(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let until = match argument {
        Some(argument) => moment(at, argument),
        None => at.local(at.now),
    };
    let hours = moment(at, value).zip(until).map(|(from, until)| (until - from).num_hours());
    Ok(whole(hours))
}

/// How many whole months ago.
pub(super) fn age_in_months(
    at: &Surroundings,
    value: &Datum,
    argument: Option<&Datum>,
) -> Filtered {
    Ok(whole(span(at, value, argument).map(|(from, until)| months(from, until))))
}

/// How many whole years ago.
pub(super) fn age_in_years(at: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(whole(span(at, value, argument).map(|(from, until)| months(from, until).div_euclid(12))))
}

fn months(from: NaiveDate, until: NaiveDate) -> i64 {
    let years = i64::from(until.year()) - i64::from(from.year());
    let months = i64::from(until.month()) - i64::from(from.month());
    years * 12 + months - i64::from(until.day() < from.day())
}
