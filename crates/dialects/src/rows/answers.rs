//! What an answer is in a row: the columns that its question has, and what stands in them.

use fieldpost_model::form::{AnswerType, Leaf};
use fieldpost_model::json::Value;
use fieldpost_model::rows::{Cell, ColumnKind};
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node, Position};
use fieldpost_model::time::Timestamp;

use super::names::{EXTRA, joined};
use crate::formats::{geometry, values};
use crate::submission::moment_with_offset;

/// How many digits, and how large an exponent, a number of a database can have. PostgreSQL's own
/// limits are a little wider.
const MAX_DIGITS: usize = 10_000;

/// A cell, with what its column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name, as it would be if it were free and of any length.
    pub(super) plain: String,
    /// What the column holds: the path of a question, or `@` and the hub's own name for it.
    pub(super) source: String,
    pub(super) kind: ColumnKind,
    pub(super) cell: Cell,
    /// Whether the name is the hub's own, that no question can have.
    pub(super) is_fixed: bool,
    /// Whether there is a column even while nothing stands in it.
    pub(super) expected: bool,
}

impl Entry {
    /// What the hub says of every row.
    pub(super) fn fixed(name: &str, kind: ColumnKind, cell: Cell) -> Self {
        let (plain, source) = (name.to_owned(), format!("@{name}"));
        Self { plain, source, kind, cell, is_fixed: true, expected: true }
    }

    /// What no form knows.
    pub(super) fn extra(value: Value<'static>) -> Self {
        Self { expected: false, ..Self::fixed(EXTRA, ColumnKind::Json, Cell::Json(value)) }
    }

    /// What stands at a path.
    pub(super) fn at(path: &[String], kind: ColumnKind, cell: Cell) -> Self {
        let (plain, source) = (joined(path), path.join("/"));
        Self { plain, source, kind, cell, is_fixed: false, expected: true }
    }

    /// A part of what stands at a path.
    fn part(path: &[String], part: &str, number: Option<&String>) -> Self {
        let plain = format!("{}_{part}", joined(path));
        let cell = number.map_or(Cell::Null, |number| Cell::Number(number.clone()));
        let source = format!("{} ({part})", path.join("/"));
        let kind = ColumnKind::Number;
        Self { plain, source, kind, cell, is_fixed: false, expected: true }
    }
}

/// A text.
pub(super) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A moment, where the text is one.
pub(super) fn moment(written: &str) -> Cell {
    match moment_with_offset(written.trim()) {
        Some(at) => storable(at, written),
        None => unfit(written),
    }
}

/// The entries of an answer.
pub(super) fn entries(
    path: &[String],
    leaf: Option<&Leaf>,
    answer: &Answer,
    entries: &mut Vec<Entry>,
) {
    let kind = leaf.map_or_else(|| kind_of_value(&answer.value), |leaf| kind_of(leaf.answer));
    entries.push(Entry::at(path, kind, cell(kind, answer)));
    if leaf.is_some_and(|leaf| leaf.answer == AnswerType::Geopoint) {
        let position = match &answer.value {
            AnswerValue::Geometry(place) => place.positions.first(),
            _ => None,
        };
        let longitude = position.map(|it| &it.longitude);
        let latitude = position.map(|it| &it.latitude);
        let altitude = position.and_then(|Position { altitude, .. }| altitude.as_ref());
        let accuracy = position.and_then(|Position { accuracy, .. }| accuracy.as_ref());
        for (part, number) in [
            ("longitude", longitude),
            ("latitude", latitude),
            ("altitude", altitude),
            ("accuracy", accuracy),
        ] {
            entries.push(Entry::part(path, part, number));
        }
    }
}

/// What stood there more than once, and nobody knows whether it always does.
pub(super) fn list(path: &[String], name: &str, node: &Node) -> Entry {
    let alone = Group { members: vec![(name.to_owned(), node.clone())], extra: Vec::new() };
    let value = values(&alone).get(name).cloned();
    Entry::at(path, ColumnKind::Json, value.map_or(Cell::Null, Cell::Json))
}

fn kind_of(answer: AnswerType) -> ColumnKind {
    match answer {
        AnswerType::Text
        | AnswerType::SelectOne
        | AnswerType::Barcode
        | AnswerType::Time
        | AnswerType::File => ColumnKind::Text,
        AnswerType::Integer => ColumnKind::Integer,
        AnswerType::Decimal => ColumnKind::Number,
        AnswerType::Boolean => ColumnKind::Boolean,
        AnswerType::Date => ColumnKind::Date,
        AnswerType::DateTime => ColumnKind::Moment,
        AnswerType::SelectMany | AnswerType::Rank => ColumnKind::Texts,
        AnswerType::Geopoint | AnswerType::Geotrace | AnswerType::Geoshape => ColumnKind::Json,
    }
}

/// The kind of what no form knows: a text mostly.
fn kind_of_value(value: &AnswerValue) -> ColumnKind {
    match value {
        AnswerValue::Choices(_) => ColumnKind::Texts,
        AnswerValue::Geometry(_) => ColumnKind::Json,
        _ => ColumnKind::Text,
    }
}

/// What an answer is in a column of that kind.
fn cell(kind: ColumnKind, answer: &Answer) -> Cell {
    let written = answer.written();
    match (kind, &answer.value) {
        (_, AnswerValue::Empty) => Cell::Null,
        (ColumnKind::Text, _) => text(written),
        (ColumnKind::Integer | ColumnKind::Number, AnswerValue::Integer(number)) => {
            Cell::Number(number.to_string())
        }
        (ColumnKind::Number, AnswerValue::Decimal(number)) if is_moderate(number) => {
            Cell::Number(number.clone())
        }
        (ColumnKind::Boolean, AnswerValue::Boolean(truth)) => Cell::Boolean(*truth),
        (ColumnKind::Date, AnswerValue::Text) => day(written),
        (ColumnKind::Moment, AnswerValue::DateTime(Some(at))) => storable(*at, written),
        (ColumnKind::Texts, AnswerValue::Choices(choices)) => Cell::Texts(choices.clone()),
        (ColumnKind::Json, AnswerValue::Geometry(place)) => Cell::Json(geometry(place)),
        _ => unfit(written),
    }
}

fn unfit(written: &str) -> Cell {
    if written.is_empty() { Cell::Null } else { Cell::Unfit(written.to_owned()) }
}

/// The day, as the device wrote it: some write its midnight.
fn day(written: &str) -> Cell {
    let day = written.trim().get(..10).unwrap_or_default();
    let is_day = Timestamp::parse_lenient(day).is_some() && !day.starts_with("0000");
    if is_day { Cell::Date(day.to_owned()) } else { unfit(written) }
}

/// A moment of a year that a database and a person can both write: 1 to 9999.
fn storable(at: Timestamp, written: &str) -> Cell {
    let text = at.to_string();
    let year = text.split_once('-').map_or("", |(year, _)| year);
    let is_plain = year.len() == 4 && year != "0000" && text.ends_with('Z');
    if is_plain { Cell::Moment(at) } else { unfit(written) }
}

/// Whether a database takes a number.
fn is_moderate(number: &str) -> bool {
    let exponent = number.split_once(['e', 'E']).map_or("0", |(_, exponent)| exponent);
    let exponent = exponent
        .parse::<i64>()
        .map_or(usize::MAX, |it| usize::try_from(it.unsigned_abs()).unwrap_or(usize::MAX));
    number.len() <= MAX_DIGITS && exponent <= MAX_DIGITS
}
