//! Plain values as they are sent: numbers, days, truths, positions. Each is read, or read in an unusual
//! way, or not at all.

use chrono::NaiveDate;
use fieldpost_model::json::{Value, number};
use fieldpost_model::submission::{Answer, AnswerValue, Geometry, GeometryKind, Position};

/// What a value was read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read<T> {
    /// It is what it should be.
    Plain(T),
    /// It was understood.
    Converted(T),
    /// It was not.
    Unreadable,
}

pub(super) fn text(value: &Value<'_>) -> Read<Answer> {
    match value {
        Value::String(text) => Read::Plain(Answer::text(text.to_string())),
        Value::Number(_) | Value::Bool(_) => Read::Converted(Answer::text(value.to_json())),
        _ => Read::Unreadable,
    }
}

pub(super) fn boolean(value: &Value<'_>) -> Read<Answer> {
    let answer = |truth: bool| Answer {
        lexical: Some(truth.to_string()),
        value: AnswerValue::Boolean(truth),
    };
    match value {
        Value::Bool(truth) => Read::Plain(answer(*truth)),
        Value::Number(number) if number == "1" || number == "0" => {
            Read::Converted(answer(number == "1"))
        }
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Read::Converted(answer(true)),
            "false" | "off" | "no" | "0" => Read::Converted(answer(false)),
            _ => Read::Unreadable,
        },
        _ => Read::Unreadable,
    }
}

/// A number, or the text of one: w.c.s. writes numbers as texts.
pub(super) fn numeric(value: &Value<'_>) -> Read<Answer> {
    let answer = |number: String| Answer {
        lexical: Some(number.clone()),
        value: AnswerValue::Decimal(number),
    };
    match value {
        Value::Number(number) => Read::Plain(answer(number.to_string())),
        Value::String(text) if number::is_number(text) => Read::Plain(answer(text.to_string())),
        Value::String(text) => {
            tidied_number(text).map_or(Read::Unreadable, |number| Read::Converted(answer(number)))
        }
        _ => Read::Unreadable,
    }
}

/// `+5,50`, ` 007`, `.5`: a number as people write it.
fn tidied_number(text: &str) -> Option<String> {
    let text = text.trim().replace(',', ".");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let digits = digits.trim_start_matches('0');
    let zero = if digits.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
    let number = format!("{sign}{zero}{digits}");
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    (has_digit && number::is_number(&number)).then_some(number)
}

/// A day: `2026-11-23`, also with a time behind it or as `23/11/2026`.
pub(super) fn date(value: &Value<'_>) -> Read<Answer> {
    let Some(text) = value.as_str() else { return Read::Unreadable };
    let is_day =
        |text: &str| text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    if is_day(text) {
        return Read::Plain(Answer::text(text));
    }
    let day = text.split(['T', ' ']).next().filter(|day| is_day(day)).map(str::to_owned);
    let day = day.or_else(|| {
        let day = NaiveDate::parse_from_str(text.trim(), "%d/%m/%Y").ok()?;
        Some(day.format("%Y-%m-%d").to_string()).filter(|day| is_day(day))
    });
    day.map_or(Read::Unreadable, |day| Read::Converted(Answer::text(day)))
}

/// A position: an object, or `lat;lon` of old.
pub(super) fn position(value: &Value<'_>) -> Read<Answer> {
    if let Some(text) = value.as_str() {
        let parts = text.split_once(';');
        let position = parts.and_then(|(latitude, longitude)| {
            point(tidied_number(latitude)?, tidied_number(longitude)?)
        });
        return position.map_or(Read::Unreadable, Read::Plain);
    }
    let degrees = |name: &str| {
        let degrees = value.get(name)?;
        match degrees {
            Value::Number(number) => Some((number.to_string(), false)),
            Value::String(text) => Some((tidied_number(text)?, true)),
            _ => None,
        }
    };
    let (Some((latitude, is_lat_text)), Some((longitude, is_lon_text))) =
        (degrees("lat"), degrees("lon"))
    else {
        return Read::Unreadable;
    };
    match point(latitude, longitude) {
        Some(answer) if is_lat_text || is_lon_text => Read::Converted(answer),
        Some(answer) => Read::Plain(answer),
        None => Read::Unreadable,
    }
}

fn point(latitude: String, longitude: String) -> Option<Answer> {
    let within = |degrees: &str, most: f64| {
        degrees.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most)
    };
    if !within(&latitude, 90.0) || !within(&longitude, 180.0) {
        return None;
    }
    let lexical = Some(format!("{latitude};{longitude}"));
    let position = Position { longitude, latitude, altitude: None, accuracy: None };
    let place = Geometry { kind: GeometryKind::Point, positions: vec![position] };
    Some(Answer { lexical, value: AnswerValue::Geometry(place) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reader: fn(&Value<'_>) -> Read<Answer>, json: &str) -> (char, String) {
        match reader(&Value::parse(json.as_bytes()).unwrap()) {
            Read::Plain(answer) => ('=', answer.written().to_owned()),
            Read::Converted(answer) => ('~', answer.written().to_owned()),
            Read::Unreadable => ('!', String::new()),
        }
    }

    #[test]
    fn numbers_are_read_as_people_and_programs_write_them() {
        for (json, kind, expected) in [
            ("5.50", '=', "5.50"),
            ("\"5.5\"", '=', "5.5"),
            ("12345678901234567890.10", '=', "12345678901234567890.10"),
            ("\"5,5\"", '~', "5.5"),
            ("\" +007 \"", '~', "7"),
            ("\"-.5\"", '~', "-0.5"),
            ("\"0\"", '=', "0"),
            ("\"00\"", '~', "0"),
            ("\"five\"", '!', ""),
            ("\"\"", '!', ""),
            ("\".\"", '!', ""),
            ("\"1.2.3\"", '!', ""),
            ("true", '!', ""),
            ("[1]", '!', ""),
        ] {
            assert_eq!(read(numeric, json), (kind, expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn days_are_read() {
        for (json, kind, expected) in [
            ("\"2026-02-28\"", '=', "2026-02-28"),
            ("\"2026-02-28T10:00:00\"", '~', "2026-02-28"),
            ("\"28/02/2026\"", '~', "2026-02-28"),
            ("\"2026-02-29\"", '!', ""),
            ("\"2026-2-8\"", '!', ""),
            ("\"tomorrow\"", '!', ""),
            ("20260228", '!', ""),
        ] {
            assert_eq!(read(date, json), (kind, expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn truths_are_read() {
        for (json, kind, expected) in [
            ("true", '=', "true"),
            ("false", '=', "false"),
            ("\"On\"", '~', "true"),
            ("\"false\"", '~', "false"),
            ("0", '~', "false"),
            ("2", '!', ""),
            ("\"perhaps\"", '!', ""),
            ("{}", '!', ""),
        ] {
            assert_eq!(read(boolean, json), (kind, expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn positions_are_read() {
        for (json, kind, expected) in [
            (r#"{"lat":1.5,"lon":2.25}"#, '=', "1.5;2.25"),
            ("\"1.5;2.25\"", '=', "1.5;2.25"),
            (r#"{"lat":"1.5","lon":2}"#, '~', "1.5;2"),
            (r#"{"lat":90,"lon":-180}"#, '=', "90;-180"),
            (r#"{"lat":91,"lon":0}"#, '!', ""),
            (r#"{"lat":0,"lon":181}"#, '!', ""),
            (r#"{"lat":1.5}"#, '!', ""),
            ("\"1.5\"", '!', ""),
            ("\"here;there\"", '!', ""),
        ] {
            assert_eq!(read(position, json), (kind, expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn texts_are_read() {
        for (json, kind, expected) in [
            ("\"a\"", '=', "a"),
            ("1.50", '~', "1.50"),
            ("true", '~', "true"),
            ("{}", '!', ""),
            ("[]", '!', ""),
        ] {
            assert_eq!(read(text, json), (kind, expected.to_owned()), "{json}");
        }
    }
}
