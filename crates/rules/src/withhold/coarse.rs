//! Values, less exactly. What cannot be made less exact is not sent at all: to send it as it is would
//! tell what was to be withheld.

use fieldpost_model::forwarder::{Coarseness, Withholding};
use fieldpost_model::submission::{Answer, AnswerValue, Geometry, Position};
use fieldpost_model::time::Timestamp;

/// The bytes of a day, as `2026-11-22`.
const DAY_LENGTH: usize = 10;

/// An answer that is no place, less exactly.
pub(super) fn answer(coarseness: &Coarseness, answer: &Answer) -> Option<Answer> {
    let coarse = text(coarseness, answer.written())?;
    let value = match (&answer.value, coarseness) {
        (AnswerValue::Integer(_), _) => coarse
            .parse()
            .map_or_else(|_| AnswerValue::Decimal(coarse.clone()), AnswerValue::Integer),
        (AnswerValue::Decimal(_), _) => AnswerValue::Decimal(coarse.clone()),
        _ => AnswerValue::Text,
    };
    Some(Answer { lexical: Some(coarse), value })
}

/// A text that is a number or a place, or begins with a day, less exactly.
pub(super) fn text(coarseness: &Coarseness, written: &str) -> Option<String> {
    match coarseness {
        Coarseness::Step(step) => stepped(written, step).or_else(|| squares(written, step)),
        Coarseness::Month => part_of_day(written, 2),
        Coarseness::Year => part_of_day(written, 1),
    }
}

/// The first parts of a day: `2026-11` of `2026-11-22`. What is no day of the calendar may be anything, a
/// number of somebody that looks like one.
fn part_of_day(written: &str, parts: usize) -> Option<String> {
    let (day, time) = written.trim().split_at_checked(DAY_LENGTH)?;
    let is_behind_a_day = time.is_empty() || time.starts_with(['T', 't', ' ']);
    let all: Vec<&str> = day.split('-').collect();
    let [year, month, number] = all.as_slice() else { return None };
    let lengths = [year.len(), month.len(), number.len()];
    let is_day = lengths == [4, 2, 2] && Timestamp::parse(&format!("{day}T00:00:00Z")).is_some();
    (is_day && is_behind_a_day).then(|| all.get(..parts).unwrap_or_default().join("-"))
}

/// A place as an answer, less exactly: each position in the middle of nothing, at the corner of its
/// square. How exactly it was known is not told.
pub(super) fn geometry(how: &Withholding, answer: Answer) -> Option<Answer> {
    let Withholding::Coarsen(Coarseness::Step(step)) = how else { return None };
    let AnswerValue::Geometry(place) = answer.value else { return None };
    let positions: Option<Vec<Position>> =
        place.positions.iter().map(|position| squared(position, step)).collect();
    let positions = positions?;
    let written = written(&positions);
    let value = AnswerValue::Geometry(Geometry { kind: place.kind, positions });
    Some(Answer { lexical: Some(written), value })
}

/// The same of a text that no form says the type of.
fn squares(text: &str, step: &str) -> Option<String> {
    let positions: Option<Vec<Position>> =
        places(text)?.iter().map(|position| squared(position, step)).collect();
    positions.map(|positions| written(&positions))
}

fn written(positions: &[Position]) -> String {
    let positions = positions.iter().map(|it| format!("{} {}", it.latitude, it.longitude));
    positions.collect::<Vec<_>>().join("; ")
}

/// The positions of a text that looks like a place as phones write it: `-1.29 36.82 1795 4.9`, and
/// several with `;` between them.
pub(super) fn places(text: &str) -> Option<Vec<Position>> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let positions: Option<Vec<Position>> = parts.map(place).collect();
    positions.filter(|positions| !positions.is_empty())
}

fn place(text: &str) -> Option<Position> {
    let is_within =
        |number: &str, most: f64| number.parse::<f64>().is_ok_and(|number| number.abs() <= most);
    let mut numbers = text.split_whitespace();
    let (latitude, longitude) = (numbers.next()?, numbers.next()?);
    let (altitude, accuracy) = (numbers.next(), numbers.next());
    let is_place = is_within(latitude, 90.0)
        && is_within(longitude, 180.0)
        && altitude.into_iter().chain(accuracy).all(|number| is_within(number, f64::MAX))
        && numbers.next().is_none();
    is_place.then(|| Position {
        latitude: latitude.to_owned(),
        longitude: longitude.to_owned(),
        altitude: altitude.map(str::to_owned),
        accuracy: accuracy.map(str::to_owned),
    })
}

/// A position beside the answers, less exactly.
pub(super) fn position(how: &Withholding, position: &Position) -> Option<Position> {
    match how {
        Withholding::Coarsen(Coarseness::Step(step)) => squared(position, step),
        _ => None,
    }
}

fn squared(position: &Position, step: &str) -> Option<Position> {
    Some(Position {
        longitude: stepped(&position.longitude, step)?,
        latitude: stepped(&position.latitude, step)?,
        altitude: None,
        accuracy: None,
    })
}

/// The largest multiple of `step` that is not above a number. The digits are counted, not computed
/// with: 0.3 in steps of 0.1 is 0.3.
fn stepped(written: &str, step: &str) -> Option<String> {
    let decimals = step.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let size = units(step, decimals)?;
    let (number, is_exact) = (units(written.trim(), decimals)?, is_whole(written, decimals));
    // What was cut off a negative number had brought it further down.
    let number = if number <= 0 && written.trim().starts_with('-') && !is_exact {
        number.checked_sub(1)?
    } else {
        number
    };
    if size <= 0 {
        return None;
    }
    let multiple = number.div_euclid(size).checked_mul(size)?;
    Some(with_point(multiple, decimals))
}

/// A decimal number in units of the last of so many decimals; what stands behind is cut off.
fn units(written: &str, decimals: usize) -> Option<i128> {
    let (is_negative, digits) = match written.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, written.strip_prefix('+').unwrap_or(written)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(decimals).collect();
    let number: i128 = format!("{whole}{kept}").parse().ok()?;
    Some(if is_negative { -number } else { number })
}

/// Whether nothing but zeros stands behind so many decimals.
fn is_whole(written: &str, decimals: usize) -> bool {
    let fraction = written.trim().split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().skip(decimals).all(|byte| byte == b'0')
}

fn with_point(units: i128, decimals: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = decimals + 1);
    match digits.split_at_checked(digits.len() - decimals) {
        Some((whole, fraction)) if decimals > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_down_to_the_step_below() {
        for (written, step, expected) in [
            ("48.1173", "0.1", Some("48.1")),
            ("48.1173", "0.5", Some("48.0")),
            ("48.1173", "1", Some("48")),
            ("-1.2864", "0.1", Some("-1.3")),
            ("-1.3", "0.1", Some("-1.3")),
            ("-1.30", "0.1", Some("-1.3")),
            ("-0.04", "0.1", Some("-0.1")),
            ("0.3", "0.1", Some("0.3")),
            ("0.04", "0.1", Some("0.0")),
            ("34", "10", Some("30")),
            ("39.9", "10", Some("30")),
            (" 7 ", "5", Some("5")),
            ("+7", "5", Some("5")),
            ("7", "0.25", Some("7.00")),
            ("1e3", "1", None),
            ("seven", "1", None),
            ("", "1", None),
            (".5", "1", None),
            ("7", "0", None),
            ("99999999999999999999999999999999999999999", "1", None),
        ] {
            assert_eq!(stepped(written, step).as_deref(), expected, "{written} by {step}");
        }
    }

    #[test]
    fn days_keep_their_month_or_year() {
        for (written, month, year) in [
            ("2026-11-22", Some("2026-11"), Some("2026")),
            (" 2026-11-22T10:00:00.000+01:00 ", Some("2026-11"), Some("2026")),
            ("2024-02-29", Some("2024-02"), Some("2024")),
            ("2026-11-22 10:00", Some("2026-11"), Some("2026")),
            ("2026-13-45", None, None),
            ("2026-02-29", None, None),
            ("2026-00-10", None, None),
            ("2026-11-00", None, None),
            ("2026-1-123", None, None),
            ("123-45-678", None, None),
            ("+026-11-22", None, None),
            ("2026-11-22-0815", None, None),
            ("2026-11-2208", None, None),
            ("2026-11-2é", None, None),
            ("22/11/2026", None, None),
            ("2026-11", None, None),
            ("10:00", None, None),
            ("", None, None),
        ] {
            assert_eq!(text(&Coarseness::Month, written).as_deref(), month, "{written}");
            assert_eq!(text(&Coarseness::Year, written).as_deref(), year, "{written}");
        }
    }
}
