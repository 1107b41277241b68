//! Each type with what fits it and what does not.

use super::*;

/// What a text means, in short: `integer 7`, `unfit`.
#[track_caller]
fn check(kind: AnswerType, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let answer = answer(kind, (*text).to_owned());
        assert_eq!(answer.written(), *text, "the text stays");
        let points = |positions: &[Position]| {
            let part = |part: &Option<String>| part.as_deref().unwrap_or("-").to_owned();
            let write = |p: &Position| {
                format!(
                    "{} {} {} {}",
                    p.longitude,
                    p.latitude,
                    part(&p.altitude),
                    part(&p.accuracy)
                )
            };
            positions.iter().map(write).collect::<Vec<_>>().join("; ")
        };
        let meaning = match &answer.value {
            AnswerValue::Empty => "empty".to_owned(),
            AnswerValue::Text => "text".to_owned(),
            AnswerValue::Integer(number) => format!("integer {number}"),
            AnswerValue::Decimal(number) => format!("decimal {number}"),
            AnswerValue::Boolean(truth) => format!("boolean {truth}"),
            AnswerValue::DateTime(None) => "time without offset".to_owned(),
            AnswerValue::DateTime(Some(time)) => time.to_string(),
            AnswerValue::Choices(choices) => format!("choices {}", choices.join("|")),
            AnswerValue::Geometry(place) => format!("{} {}", place.kind, points(&place.positions)),
            AnswerValue::File => "file".to_owned(),
            AnswerValue::Unfit => "unfit".to_owned(),
        };
        assert_eq!(meaning, *expected, "{kind} {text:?}");
    }
}

#[test]
fn texts_are_texts() {
    for kind in [AnswerType::Text, AnswerType::SelectOne, AnswerType::Barcode] {
        check(kind, &[("L.", "text"), (" 7 ", "text"), ("", "empty"), (" \n ", "empty")]);
    }
    check(AnswerType::File, &[("1.jpg", "file"), ("", "empty")]);
}

#[test]
fn numbers_keep_their_digits() {
    check(
        AnswerType::Integer,
        &[
            ("7", "integer 7"),
            (" 7 ", "integer 7"),
            ("+7", "integer 7"),
            ("-7", "integer -7"),
            ("007", "integer 7"),
            ("7.0", "integer 7"),
            ("9223372036854775807", "integer 9223372036854775807"),
            ("9223372036854775808", "unfit"),
            ("7.5", "unfit"),
            ("seven", "unfit"),
            ("", "empty"),
        ],
    );
    check(
        AnswerType::Decimal,
        &[
            ("3.20", "decimal 3.20"),
            (".5", "decimal 0.5"),
            ("-.5", "decimal -0.5"),
            ("5.", "decimal 5"),
            ("+03.5", "decimal 3.5"),
            ("1E5", "decimal 1E5"),
            ("01e+5", "decimal 1e+5"),
            ("12345678901234567890.123456789", "decimal 12345678901234567890.123456789"),
            (".", "unfit"),
            ("3,2", "unfit"),
            ("INF", "unfit"),
            ("NaN", "unfit"),
            ("1e", "unfit"),
        ],
    );
    check(
        AnswerType::Boolean,
        &[
            ("true", "boolean true"),
            ("1", "boolean true"),
            ("false", "boolean false"),
            ("0", "boolean false"),
            ("yes", "unfit"),
        ],
    );
}

#[test]
fn times_stay_as_sent() {
    check(
        AnswerType::Date,
        &[
            ("2026-01-31", "text"),
            ("2024-02-29", "text"),
            ("2026-02-29", "unfit"),
            ("2026-01-31T00:00:00.000+01", "text"),
            ("31/01/2026", "unfit"),
        ],
    );
    check(
        AnswerType::Time,
        &[
            ("10:15:00.000+01:00", "text"),
            ("10:15:00.000-04", "text"),
            ("10:15", "text"),
            ("25:00:00", "unfit"),
            ("ten", "unfit"),
        ],
    );
    check(
        AnswerType::DateTime,
        &[
            ("2015-04-17T16:04:54.950-04", "2015-04-17T20:04:54.950000Z"),
            ("2026-01-01T10:00:00.000+01:00", "2026-01-01T09:00:00.000000Z"),
            ("2026-01-01T10:00:00+0530", "2026-01-01T04:30:00.000000Z"),
            ("2026-01-01T10:00Z", "2026-01-01T10:00:00.000000Z"),
            ("2026-01-01T10:00:00", "time without offset"),
            ("2026-01-01", "unfit"),
            ("2026-13-01T10:00:00Z", "unfit"),
        ],
    );
}

#[test]
fn several_choices_are_words() {
    for kind in [AnswerType::SelectMany, AnswerType::Rank] {
        check(
            kind,
            &[
                ("f c", "choices f|c"),
                ("f", "choices f"),
                (" f  c\n", "choices f|c"),
                ("", "choices "),
            ],
        );
    }
}

#[test]
fn places_turn_from_latitude_first_to_longitude_first() {
    check(
        AnswerType::Geopoint,
        &[
            ("48.1 2.2 0 5", "Point 2.2 48.1 0 5"),
            ("48.10 2.2", "Point 2.2 48.10 - -"),
            ("-48.1 -2.2 120.5", "Point -2.2 -48.1 120.5 -"),
            ("90 180", "Point 180 90 - -"),
            ("90.1 2", "unfit"),
            ("2 180.1", "unfit"),
            ("48.1", "unfit"),
            ("48.1 2.2 0 5 6", "unfit"),
            ("here", "unfit"),
        ],
    );
    check(
        AnswerType::Geotrace,
        &[
            ("1 2 0 0;3 4 0 0", "LineString 2 1 0 0; 4 3 0 0"),
            ("1 2; 3 4;", "LineString 2 1 - -; 4 3 - -"),
            ("1 2", "unfit"),
            ("1 2;x", "unfit"),
        ],
    );
    check(
        AnswerType::Geoshape,
        &[
            ("0 0;0 1;1 1;0 0", "Polygon 0 0 - -; 1 0 - -; 1 1 - -; 0 0 - -"),
            ("0 0;0 1;1 1", "Polygon 0 0 - -; 1 0 - -; 1 1 - -; 0 0 - -"),
            ("0 0;0 1;0 0", "unfit"),
            ("0 0;0 1", "unfit"),
            (";", "unfit"),
        ],
    );
}
