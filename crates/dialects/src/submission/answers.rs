//! What the text of an answer means, by the type that its form gives it.
//!
//! | type | meaning | what does not fit |
//! |---|---|---|
//! | text, select-one, barcode | the text | – |
//! | integer | a machine integer | what is longer, or no integer |
//! | decimal | a number with the digits that were sent | what is none; `INF`, `NaN` |
//! | boolean | `true`, `1`; `false`, `0` | anything else |
//! | date, time | the text | no such day, no such time |
//! | date-time | the text, and the moment where an offset is given | no such time |
//! | select-many, rank | the words of the text | – |
//! | geopoint | `latitude longitude [altitude [accuracy]]` | no numbers; beyond the poles or the date line |
//! | geotrace | points with `;` between them | fewer than two |
//! | geoshape | the same; the last is the first again, and is added where it is not | fewer than three |
//! | file | the file's name | – |
//!
//! White space around a text does not count for its meaning. The text itself is always kept.

use fieldpost_model::form::AnswerType;
use fieldpost_model::json::number;
use fieldpost_model::submission::{Answer, AnswerValue, Geometry, GeometryKind, Position};
use fieldpost_model::time::Timestamp;

/// The answer that a text is.
pub(super) fn answer(kind: AnswerType, lexical: String) -> Answer {
    let text = lexical.trim();
    let value = match kind {
        // Nothing chosen is a choice of nothing.
        AnswerType::SelectMany | AnswerType::Rank => {
            AnswerValue::Choices(text.split_whitespace().map(str::to_owned).collect())
        }
        _ if text.is_empty() => AnswerValue::Empty,
        _ => meaning(kind, text).unwrap_or(AnswerValue::Unfit),
    };
    Answer { lexical: Some(lexical), value }
}

fn meaning(kind: AnswerType, text: &str) -> Option<AnswerValue> {
    Some(match kind {
        AnswerType::Text | AnswerType::SelectOne | AnswerType::Barcode => AnswerValue::Text,
        AnswerType::Integer => AnswerValue::Integer(integer(text)?),
        AnswerType::Decimal => AnswerValue::Decimal(decimal(text)?),
        AnswerType::Boolean => AnswerValue::Boolean(boolean(text)?),
        AnswerType::Date => day(text)?,
        AnswerType::Time => time_of_day(text)?,
        AnswerType::DateTime => {
            date_and_time(text)?;
            AnswerValue::DateTime(moment_with_offset(text))
        }
        AnswerType::SelectMany | AnswerType::Rank => return None,
        AnswerType::Geopoint => geometry(GeometryKind::Point, vec![position(text)?]),
        AnswerType::Geotrace => {
            let positions = positions(text)?;
            (positions.len() >= 2).then(|| geometry(GeometryKind::Line, positions))?
        }
        AnswerType::Geoshape => polygon(positions(text)?)?,
        AnswerType::File => AnswerValue::File,
    })
}

/// A whole number. Servers that know only numbers write `7.0`.
fn integer(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}

/// The text as a JSON number: without `+`, without zeros in front, with a digit on either side of
/// the point.
pub(crate) fn decimal(text: &str) -> Option<String> {
    if number::is_number(text) {
        return Some(text.to_owned());
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
    let (mantissa, exponent) = unsigned.split_at_checked(end)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let written = format!("{sign}{whole}{point}{fraction}{exponent}");
    number::is_number(&written).then_some(written)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A day. Old clients send midnight in the device's zone instead; the text stays either way.
fn day(text: &str) -> Option<AnswerValue> {
    Timestamp::parse_lenient(text).map(|_| AnswerValue::Text)
}

fn time_of_day(text: &str) -> Option<AnswerValue> {
    date_and_time(&format!("1970-01-01T{text}")).map(|_| AnswerValue::Text)
}

fn date_and_time(text: &str) -> Option<Timestamp> {
    text.contains('T').then(|| Timestamp::parse_lenient(text))?
}

/// The moment that a text means, if it is a day and time that says how far from UTC it was.
pub(crate) fn moment_with_offset(text: &str) -> Option<Timestamp> {
    let (_, clock) = text.split_once('T')?;
    clock.contains(['Z', '+', '-']).then(|| Timestamp::parse_lenient(text))?
}

fn geometry(kind: GeometryKind, positions: Vec<Position>) -> AnswerValue {
    AnswerValue::Geometry(Geometry { kind, positions })
}

/// The smallest number of corners that an area has.
const CORNERS: usize = 3;

/// An area, closed where the device did not close it.
fn polygon(mut positions: Vec<Position>) -> Option<AnswerValue> {
    let (first, last) = (positions.first()?, positions.last()?);
    let is_closed = (&first.longitude, &first.latitude) == (&last.longitude, &last.latitude);
    if !is_closed {
        positions.push(first.clone());
    }
    (positions.len() > CORNERS).then(|| geometry(GeometryKind::Polygon, positions))
}

fn positions(text: &str) -> Option<Vec<Position>> {
    text.split(';').map(str::trim).filter(|point| !point.is_empty()).map(position).collect()
}

/// A position, latitude first.
pub(crate) fn position(text: &str) -> Option<Position> {
    let numbers: Option<Vec<String>> = text.split_whitespace().map(decimal).collect();
    let mut numbers = numbers?.into_iter();
    let (latitude, longitude) = (numbers.next()?, numbers.next()?);
    let position =
        Position { longitude, latitude, altitude: numbers.next(), accuracy: numbers.next() };
    let is_on_earth = is_within(&position.latitude, 90.0) && is_within(&position.longitude, 180.0);
    (is_on_earth && numbers.next().is_none()).then_some(position)
}

/// Whether a number of degrees is at most so many, to either side.
pub(super) fn is_within(degrees: &str, most: f64) -> bool {
    degrees.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most)
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
