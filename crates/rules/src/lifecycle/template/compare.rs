//! How templates compare: as Python does, with two lenient turns.
//!
//! What cannot be compared is neither less nor greater, so that a condition on a field without an answer is
//! false whatever way round it is written. A text beside a number counts as the number that it says, and
//! beside a day as the day.

use std::cmp::Ordering;

use chrono::NaiveDate;

use super::datum::Datum;
use super::filters::times;

/// Whether both are the same.
pub(super) fn equal(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Nothing, Datum::Nothing) => true,
        // A field without an answer equals the empty text, which is how people ask for it.
        (Datum::Nothing, Datum::Text(text)) | (Datum::Text(text), Datum::Nothing) => {
            text.is_empty()
        }
        (Datum::List(left), Datum::List(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Datum::Map(left), Datum::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| {
                    right.iter().any(|(other, there)| name == other && equal(value, there))
                })
        }
        (Datum::File(left), Datum::File(right)) => left == right,
        _ => order(left, right) == Some(Ordering::Equal),
    }
}

/// Which of both is greater, where that can be said.
pub(super) fn order(left: &Datum, right: &Datum) -> Option<Ordering> {
    match (left, right) {
        (Datum::Text(left), Datum::Text(right)) => Some(left.cmp(right)),
        (Datum::Day(_) | Datum::Moment(_), _) | (_, Datum::Day(_) | Datum::Moment(_)) => {
            dates(left, right)
        }
        _ => Some(left.as_decimal()?.cmp(&right.as_decimal()?)),
    }
}

/// Moments are compared exactly where both are some, else by their days.
fn dates(left: &Datum, right: &Datum) -> Option<Ordering> {
    if let (Datum::Moment(left), Datum::Moment(right)) = (left, right) {
        return Some(left.cmp(right));
    }
    Some(day(left)?.cmp(&day(right)?))
}

fn day(datum: &Datum) -> Option<NaiveDate> {
    match datum {
        Datum::Day(day) => Some(*day),
        Datum::Moment(moment) => Some(moment.date_naive()),
        Datum::Text(text) => times::day_of(text),
        _ => None,
    }
}

/// Whether one is in the other: an element in a list, a key among names, a text in a text.
pub(super) fn contains(whole: &Datum, part: &Datum) -> bool {
    match whole {
        Datum::List(elements) => elements.iter().any(|element| equal(element, part)),
        Datum::Map(members) => members.iter().any(|(name, _)| *name == part.written()),
        Datum::Text(text) => match part {
            Datum::Text(part) => text.contains(part.as_str()),
            Datum::Number(_) | Datum::Decimal(_) => text.contains(&part.written()),
            _ => false,
        },
        _ => false,
    }
}
