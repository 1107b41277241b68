//! A list of records: what a store can decide of it by what it keeps beside them.
//!
//! A call asks for some of a form's records in some order. Part of that stands in columns: where a
//! record is in its lifecycle, when it came in, whose it is. That part is a [`Pushdown`], and a store
//! reads no more rows than it lets pass. What the answers alone tell is decided afterwards, row by row,
//! in `rules::wcs::list`. All that is said here must hold at once; what is `None` or empty says nothing.

use crate::lifecycle::StatusKind;
use crate::progress::{Channel, Parent};
use crate::time::Timestamp;

/// Which records a store gives, and in what order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pushdown {
    /// No record is meant: what is asked for contradicts itself, or names somebody unknown.
    pub nothing: bool,
    /// The forms, by name; empty for all of the project.
    pub forms: Vec<String>,
    /// Whether drafts are among them.
    pub drafts: DraftRule,
    /// Whether records that were made anonymous are among them.
    pub with_anonymised: bool,
    /// Pending or done. A record whose status is gone from its lifecycle is neither.
    pub standing: Option<StatusKind>,
    /// The statuses that it is in, or is not in.
    pub statuses: Option<Among<String>>,
    /// It is pending, and one of these can do something now.
    pub waiting_for: Option<Whom>,
    /// Not so: it is not pending, or none of these can do something now.
    pub not_waiting_for: Option<Whom>,
    /// One of these may see it: a role that it concerns, or whose it is.
    pub visible_to: Option<Whom>,
    /// When it came in.
    pub received: Span,
    /// When it last changed.
    pub updated: Span,
    /// Whose it is, by number.
    pub user: Option<u64>,
    /// Who filled it in for another, by number.
    pub agent: Option<u64>,
    /// Somebody plays a part in it.
    pub plays: Option<Plays>,
    /// The way that it took.
    pub channel: Option<Channel>,
    /// What it was made from.
    pub parent: Option<Parent>,
    /// What its number is; all of them hold.
    pub numbers: Vec<NumberTest>,
    /// What people call it: one of these; empty for any.
    pub display_ids: Vec<String>,
    /// The id that its form's template made, or its number where there is none: one of these; empty
    /// for any.
    pub identifiers: Vec<String>,
    /// How pressing it is: the level, counted from 0; all of them hold.
    pub criticality: Vec<NumberTest>,
    /// Where it is: in this box. The exact distance is decided afterwards.
    pub within: Option<Rectangle>,
    /// The order that rows come in.
    pub order: Order,
    /// Where to go on: rows that come after this place in the order.
    pub after: Option<ListPlace>,
}

/// Whether drafts are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DraftRule {
    /// No draft is.
    #[default]
    Without,
    /// They are, beside the others.
    With,
    /// Nothing else is.
    Only,
}

/// One of several values, or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Among<T> {
    /// It is one of these; of none, nothing is.
    In(Vec<T>),
    /// It is none of these; everything is none of none.
    NotIn(Vec<T>),
}

impl<T: PartialEq> Among<T> {
    /// Whether a value is meant.
    pub fn holds(&self, value: &T) -> bool {
        match self {
            Self::In(values) => values.contains(value),
            Self::NotIn(values) => !values.contains(value),
        }
    }
}

/// Roles, and a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// One of these is among the roles of the record.
    pub roles: Vec<String>,
    /// Or the record is of this user, by number; where it waits for somebody, only if the one whose it
    /// is can do something.
    pub user: Option<u64>,
}

/// From a moment to another, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Not after this.
    pub until: Option<Timestamp>,
}

impl Span {
    /// Whether a moment lies in it.
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time <= until)
    }
}

/// Somebody plays a part in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plays {
    /// The function.
    pub function: String,
    /// Where the record itself binds the function: to one of these roles.
    pub roles: Vec<String>,
    /// Where it does not: whether the form binds it to one of them.
    pub by_form: bool,
}

/// What a number is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberTest {
    /// It is less.
    Less(u64),
    /// It is less or equal.
    LessOrEqual(u64),
    /// It is greater.
    Greater(u64),
    /// It is greater or equal.
    GreaterOrEqual(u64),
    /// It is one of these, or none of them.
    Among(Among<u64>),
}

impl NumberTest {
    /// Whether a number is meant.
    pub fn holds(&self, number: u64) -> bool {
        match self {
            Self::Less(bound) => number < *bound,
            Self::LessOrEqual(bound) => number <= *bound,
            Self::Greater(bound) => number > *bound,
            Self::GreaterOrEqual(bound) => number >= *bound,
            Self::Among(among) => among.holds(&number),
        }
    }
}

/// A part of the earth between two meridians and two parallels, in degrees, its edges included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rectangle {
    /// Not south of this latitude.
    pub south: f64,
    /// Not north of this latitude.
    pub north: f64,
    /// Not west of this longitude.
    pub west: f64,
    /// Not east of this longitude. Less than `west` where it lies on both sides of the date line:
    /// then a place is in it that is east of `west` or west of `east`.
    pub east: f64,
}

impl Rectangle {
    /// Whether a place lies in it.
    pub fn holds(&self, latitude: f64, longitude: f64) -> bool {
        let is_between = if self.west <= self.east {
            (self.west..=self.east).contains(&longitude)
        } else {
            longitude >= self.west || longitude <= self.east
        };
        is_between && (self.south..=self.north).contains(&latitude)
    }
}

/// An order of rows. Rows with equal keys are in the order of their form's name, then of their number,
/// both in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The key.
    pub by: OrderKey,
    /// Whether the greatest key comes first.
    pub descending: bool,
}

impl Default for Order {
    /// What came in last comes first.
    fn default() -> Self {
        Self { by: OrderKey::ReceivedAt, descending: true }
    }
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// The number among those of the form.
    Number,
    /// When it came in.
    ReceivedAt,
    /// When it last changed.
    UpdatedAt,
}

/// The place of one row in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPlace {
    /// Its key: its number, or a time in microseconds.
    pub key: i64,
    /// The name of its form.
    pub form: String,
    /// Its number.
    pub number: u64,
    /// The id of its case, where it is one: cases have no numbers that put them in an order.
    pub case_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_can_lie_on_both_sides_of_the_date_line() {
        let usual = Rectangle { south: -1.0, north: 1.0, west: 2.0, east: 3.0 };
        let across = Rectangle { west: 179.0, east: -179.0, ..usual };
        for (rectangle, latitude, longitude, expected) in [
            (usual, 0.0, 2.5, true),
            (usual, 1.0, 3.0, true),
            (usual, 1.1, 2.5, false),
            (usual, 0.0, 3.1, false),
            (usual, 0.0, -178.0, false),
            (across, 0.0, 179.5, true),
            (across, 0.0, -179.5, true),
            (across, 0.0, 0.0, false),
        ] {
            assert_eq!(rectangle.holds(latitude, longitude), expected, "{latitude} {longitude}");
        }
    }

    #[test]
    fn spans_and_numbers_include_what_they_say() {
        let span = |from: i64, until: i64| Span {
            from: Some(Timestamp(from)),
            until: Some(Timestamp(until)),
        };
        assert!(Span::default().holds(Timestamp(7)));
        assert!(span(7, 7).holds(Timestamp(7)));
        assert!(!span(8, 9).holds(Timestamp(7)) && !span(5, 6).holds(Timestamp(7)));
        for (test, holds_six, holds_seven, holds_eight) in [
            (NumberTest::Less(7), true, false, false),
            (NumberTest::LessOrEqual(7), true, true, false),
            (NumberTest::Greater(7), false, false, true),
            (NumberTest::GreaterOrEqual(7), false, true, true),
            (NumberTest::Among(Among::In(vec![7])), false, true, false),
            (NumberTest::Among(Among::NotIn(vec![7])), true, false, true),
        ] {
            let held = [6, 7, 8].map(|number| test.holds(number));
            assert_eq!(held, [holds_six, holds_seven, holds_eight], "{test:?}");
        }
    }
}
