//! Submissions as a calendar (iCalendar, RFC 5545): an event for each that says when it is.
//!
//! Where the answers say a day, the event lasts all day, up to and with the day that it ends on; where they say a time
//! of a day, it is one of the project's zone. A submission that says neither is no event.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use fieldpost_model::form_definition::{FormDefinition, keyed};
use fieldpost_model::submission::Node;

use super::record::{Record, Site, Viewer};

/// The media type of a calendar.
pub const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

const DAY_FORMATS: [&str; 2] = ["%Y-%m-%d", "%d/%m/%Y"];
const CLOCK_FORMATS: [&str; 3] = ["%H:%M:%S%.f", "%H:%M", "%Hh%M"];
/// A line has so many bytes at most; what is longer goes on in the next one.
const LONGEST_LINE: usize = 75;

/// Which answers say when an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFields {
    start: Field,
    end: Option<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    key: String,
    is_backoffice: bool,
}

impl EventFields {
    /// The fields with these variable names; the name that no field has otherwise.
    pub fn find<'n>(
        definition: &FormDefinition,
        start: &'n str,
        end: Option<&'n str>,
    ) -> Result<Self, &'n str> {
        let find = |name: &'n str| field(definition, name).ok_or(name);
        Ok(Self { start: find(start)?, end: end.map(find).transpose()? })
    }
}

fn field(definition: &FormDefinition, name: &str) -> Option<Field> {
    let lists = [(&definition.fields, false), (&definition.lifecycle.backoffice_fields, true)];
    lists.into_iter().find_map(|(fields, is_backoffice)| {
        let mut all = keyed(fields).into_iter();
        let (key, _) = all.find(|(key, field)| is_named(key, field, name))?;
        Some(Field { key, is_backoffice })
    })
}

fn is_named(key: &str, field: &fieldpost_model::form_definition::FormField, name: &str) -> bool {
    key == name || field.name.as_deref() == Some(name)
}

/// What a calendar begins with.
pub fn begin() -> String {
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Fieldpost//w.c.s. API//EN\r\n".to_owned()
}

/// What it ends with.
pub fn end() -> String {
    "END:VCALENDAR\r\n".to_owned()
}

/// When something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Day(NaiveDate),
    Moment(NaiveDateTime),
}

/// The event of a submission; `None` where it does not say when it is.
pub fn event(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    fields: &EventFields,
) -> Option<String> {
    let start = when(record, &fields.start)?;
    let end = fields.end.as_ref().and_then(|field| when(record, field));
    let progress = record.progress;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| add_line(&mut text, &format!("{name}:{value}"));
    line("BEGIN", "VEVENT");
    line("UID", &format!("urn:uuid:{}", progress.uuid));
    let stamp = progress.updated_at.to_utc()?;
    line("DTSTAMP", &stamp.format("%Y%m%dT%H%M%SZ").to_string());
    let (name, value) = property("DTSTART", start, site.time_zone);
    line(&name, &value);
    if let Some(end) = end.and_then(|end| last(start, end)) {
        let (name, value) = property("DTEND", end, site.time_zone);
        line(&name, &value);
    }
    line("SUMMARY", &escaped(&record.text()));
    let status = viewer.status.or_true(progress.status.as_deref());
    if let Some(status) = status.and_then(|id| record.definition.lifecycle.status(id)) {
        line("CATEGORIES", &escaped(&status.name));
    }
    if let Some(place) = &progress.geolocation {
        line("GEO", &format!("{};{}", place.latitude, place.longitude));
    }
    line("URL", &site.addresses(&record.definition.name, &record.id()).front);
    line("END", "VEVENT");
    Some(text)
}

fn when(record: &Record<'_>, field: &Field) -> Option<When> {
    let values = if field.is_backoffice {
        &record.progress.backoffice_values
    } else {
        &record.submission.values
    };
    match values.get(&field.key)? {
        Node::Answer(answer) => read(answer.written()),
        Node::Group(_) | Node::Repeat(_) => None,
    }
}

/// Reads a day, or a day and a time.
fn read(text: &str) -> Option<When> {
    let text = text.trim();
    let day = |text: &str| {
        DAY_FORMATS.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok())
    };
    if let Some(day) = day(text) {
        return Some(When::Day(day));
    }
    let (date, clock) = text.split_once(['T', ' '])?;
    let clock = clock.trim().trim_end_matches('Z');
    let clock =
        CLOCK_FORMATS.iter().find_map(|format| NaiveTime::parse_from_str(clock, format).ok())?;
    Some(When::Moment(day(date)?.and_time(clock)))
}

/// When an event ends, as calendars write it: what is at that moment is not part of it any more, so a day that it
/// lasts to is followed by another. Nothing where it would end before it begins, or is said in another way.
fn last(start: When, end: When) -> Option<When> {
    match (start, end) {
        (When::Day(start), When::Day(end)) if start <= end => {
            Some(When::Day(end.checked_add_days(Days::new(1))?))
        }
        (When::Moment(start), When::Moment(end)) if start < end => Some(When::Moment(end)),
        _ => None,
    }
}

fn property(name: &str, when: When, zone: Tz) -> (String, String) {
    match when {
        When::Day(day) => (format!("{name};VALUE=DATE"), day.format("%Y%m%d").to_string()),
        When::Moment(local) => {
            // Of an hour that there is twice, the first; one that there is not is taken as it stands.
            let moment = zone.from_local_datetime(&local).earliest();
            let utc = moment.map_or_else(|| Utc.from_utc_datetime(&local), |it| it.to_utc());
            (name.to_owned(), utc.format("%Y%m%dT%H%M%SZ").to_string())
        }
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// Adds a line, broken where it is too long: what follows begins with a blank.
fn add_line(text: &mut String, line: &str) {
    let mut length = 0;
    for character in line.chars() {
        if length + character.len_utf8() > LONGEST_LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(character);
        length += character.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_read() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let at = |hour, minute| Some(When::Moment(day.and_hms_opt(hour, minute, 0).unwrap()));
        for (text, expected) in [
            ("2026-11-23", Some(When::Day(day))),
            ("23/11/2026", Some(When::Day(day))),
            ("2026-11-23T09:30:00", at(9, 30)),
            ("2026-11-23 9h30", at(9, 30)),
            ("soon", None),
            ("2026-11-23 at noon", None),
            ("", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn an_event_ends_behind_its_last_day_and_in_the_zone_of_the_project() {
        let day = |number| When::Day(NaiveDate::from_ymd_opt(2026, 11, number).unwrap());
        assert_eq!(last(day(1), day(3)), Some(day(4)));
        assert_eq!(last(day(3), day(1)), None);
        let noon = read("2026-07-01 12:00").unwrap();
        assert_eq!(last(day(1), noon), None);
        let paris = chrono_tz::Europe::Paris;
        let starts = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(property("DTSTART", noon, paris), starts("DTSTART", "20260701T100000Z"));
        let whole = property("DTSTART", day(1), paris);
        assert_eq!(whole, starts("DTSTART;VALUE=DATE", "20261101"));
    }

    #[test]
    fn lines_are_escaped_and_broken() {
        assert_eq!(escaped("a;b,c\\d\ne\r"), "a\\;b\\,c\\\\d\\ne");
        let mut text = String::new();
        add_line(&mut text, &format!("X:{}", "é".repeat(60)));
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE));
        assert!(lines[1].starts_with(' ') && lines[2].is_empty());
    }
}
