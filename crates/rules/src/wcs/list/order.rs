//! `order_by` and `cursor`: the order of a list, and where it goes on.
//!
//! One key: `id`, `receipt_time`, `last_update_time`, the name of a field, or `f` and its id; `-` before it turns it
//! round. What is not said is the newest first; what is searched for, the best first; sheets have the greatest
//! number first. Rows that name nobody have no other order, because an order by answers would tell of them. Records
//! that are kept in another order than submissions say so ([`ListFacts::usual`]): then that one stands for all of these.

use std::cmp::{Ordering, Reverse};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::progress::Progress;
use fieldpost_model::progress_list::{ListPlace, Order, OrderKey};

use super::predicate::{held, identifier};
use super::{ListFacts, Predicate};
use crate::lifecycle::Record;
use crate::wcs::fields::{Filterable, Target, filterable};
use crate::wcs::operands::{Cell, Held, Operand};
use crate::wcs::query::invalid_value;
use crate::wcs::reading::Address;
use crate::wcs::{Parameters, Refusal};

/// The order of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListOrder {
    /// That in which the store gives the rows.
    Native,
    /// By the id that the form's template makes.
    Identifier {
        /// Whether the greatest comes first.
        descending: bool,
    },
    /// By an answer. Records without one come last, either way.
    Field {
        /// The field.
        target: Target,
        /// Whether the greatest comes first.
        descending: bool,
    },
    /// What is found best comes first.
    Rank,
}

/// An order as a store has it, and what is decided afterwards.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) native: Order,
    pub(super) order: ListOrder,
}

/// The newest number first.
const BY_NUMBER: Order = Order { by: OrderKey::Number, descending: true };

pub(super) fn read(
    parameters: &Parameters,
    facts: &ListFacts<'_>,
    has_search: bool,
    has_cursor: bool,
) -> Result<Ordered, Refusal> {
    let wanted = parameters.one("order_by")?.filter(|wanted| !wanted.is_empty());
    let native = |native| Ok(Ordered { native, order: ListOrder::Native });
    let cheapest = facts.usual.unwrap_or(BY_NUMBER);
    if facts.reading.anonymised {
        return native(cheapest);
    }
    let usual = match facts.address {
        Address::Sheet => cheapest,
        _ => facts.usual.unwrap_or_default(),
    };
    let Some(wanted) = wanted else {
        let order = if has_search && !has_cursor { ListOrder::Rank } else { ListOrder::Native };
        return Ok(Ordered { native: usual, order });
    };
    let refusal = || invalid_value(wanted, "order_by");
    let (name, descending) = wanted.strip_prefix('-').map_or((wanted, false), |name| (name, true));
    let has_ids = facts.definition.id_template.is_some();
    let by = match name {
        "id" if has_ids && has_cursor => return Err(refusal()),
        "id" if has_ids => {
            let order = ListOrder::Identifier { descending };
            return Ok(Ordered { native: cheapest, order });
        }
        "id" => OrderKey::Number,
        "receipt_time" => OrderKey::ReceivedAt,
        "last_update_time" => OrderKey::UpdatedAt,
        name => {
            let target = target(facts.definition, name).filter(|_| !has_cursor);
            let target = target.ok_or_else(refusal)?;
            let order = ListOrder::Field { target, descending };
            return Ok(Ordered { native: cheapest, order });
        }
    };
    native(Order { by, descending })
}

/// The field that a key of an order means.
fn target(definition: &FormDefinition, name: &str) -> Option<Target> {
    let fields = filterable(definition);
    let by_name = |field: &&Filterable| field.name.as_deref() == Some(name);
    let by_id = |field: &&Filterable| {
        let id = name.strip_prefix('f');
        id.is_some_and(|id| id == field.id || id == field.id.replace('-', "_"))
    };
    let found = fields.iter().find(by_name).or_else(|| fields.iter().find(by_id));
    let found = found.filter(|field| !field.target.field_type.is_layout());
    found.map(|field| field.target.clone())
}

/// The order of two records: less comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    is_missing: bool,
    value: Value,
    descending: bool,
    /// Of equal ones, the greatest number comes first.
    number: Reverse<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Nothing,
    Text(String),
    Number(String),
    Truth(bool),
    Rank(Reverse<usize>),
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = || {
            let order = self.value.order(&other.value);
            if self.descending { order.reverse() } else { order }
        };
        let by_number = || self.number.cmp(&other.number);
        self.is_missing.cmp(&other.is_missing).then_with(by_value).then_with(by_number)
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Value {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => {
                let folded = |text: &str| text.to_lowercase();
                folded(one).cmp(&folded(other)).then_with(|| one.cmp(other))
            }
            (Self::Number(one), Self::Number(other)) => {
                let order = Operand::Number(other.clone()).compare(&Cell::Number(one.into()));
                order.unwrap_or(Ordering::Equal)
            }
            (Self::Truth(one), Self::Truth(other)) => one.cmp(other),
            (Self::Rank(one), Self::Rank(other)) => one.cmp(other),
            (one, other) => one.kind().cmp(&other.kind()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Truth(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::Rank(_) => 4,
        }
    }
}

impl ListOrder {
    /// What a record is ordered by; `None` where the store has done so.
    pub fn key(
        &self,
        predicate: &Predicate,
        definition: &FormDefinition,
        record: &Record,
    ) -> Option<SortKey> {
        let (value, descending) = match self {
            Self::Native => return None,
            Self::Identifier { descending } => (Value::Text(identifier(record)), *descending),
            Self::Field { target, descending } => (of_field(target, record), *descending),
            Self::Rank => {
                let rank = predicate.rank(definition, record).unwrap_or(0);
                (Value::Rank(Reverse(rank)), false)
            }
        };
        let is_missing = value == Value::Nothing;
        let number = Reverse(record.progress.number);
        Some(SortKey { is_missing, value, descending, number })
    }
}

fn of_field(target: &Target, record: &Record) -> Value {
    let cell = match held(target, record) {
        Held::One(cell) => cell,
        // Several are ordered as they are written behind each other.
        Held::Many(cells) => {
            let texts = cells.iter().filter_map(|cell| match cell {
                Cell::Text(text) | Cell::Number(text) => Some(text.as_ref()),
                Cell::Nothing | Cell::Truth(_) => None,
            });
            let joined = texts.collect::<Vec<_>>().join(", ");
            return if joined.is_empty() { Value::Nothing } else { Value::Text(joined) };
        }
    };
    match cell {
        Cell::Nothing => Value::Nothing,
        Cell::Text(text) if text.is_empty() => Value::Nothing,
        Cell::Text(text) => Value::Text(text.into_owned()),
        Cell::Number(number) => Value::Number(number.into_owned()),
        Cell::Truth(truth) => Value::Truth(truth),
    }
}

/// The letters of the orders that a store knows.
const LETTERS: [(char, OrderKey); 3] =
    [('n', OrderKey::Number), ('r', OrderKey::ReceivedAt), ('u', OrderKey::UpdatedAt)];

/// Where a list goes on behind a record, as a text: the order, the key, the number, behind that the id of a case where
/// it is one, the form.
pub(super) fn cursor(
    order: Order,
    form: &str,
    progress: &Progress,
    case_id: Option<&str>,
) -> String {
    let key = match order.by {
        OrderKey::Number => i64::try_from(progress.number).unwrap_or(i64::MAX),
        OrderKey::ReceivedAt => progress.received_at.0,
        OrderKey::UpdatedAt => progress.updated_at.0,
    };
    let case_id = case_id.map(|id| format!(":{}", URL_SAFE_NO_PAD.encode(id)));
    let case_id = case_id.unwrap_or_default();
    format!("{}.{key}.{}{case_id}.{form}", letters(order), progress.number)
}

fn letters(order: Order) -> String {
    let letter = LETTERS.iter().find(|(_, by)| *by == order.by).map_or('n', |(letter, _)| *letter);
    let direction = if order.descending { 'd' } else { 'a' };
    format!("{letter}{direction}")
}

/// The place that a cursor tells; nothing for the beginning. One of another order is refused.
pub(super) fn place(cursor: &str, order: Order) -> Result<Option<ListPlace>, Refusal> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let parsed = || {
        let mut parts = cursor.splitn(4, '.');
        let is_of_order = parts.next()? == letters(order);
        let key = parts.next()?.parse().ok()?;
        let number = parts.next()?;
        let (number, case_id) = match number.split_once(':') {
            Some((number, id)) => {
                let id = URL_SAFE_NO_PAD.decode(id).ok()?;
                (number, Some(String::from_utf8(id).ok()?))
            }
            None => (number, None),
        };
        let number = number.parse().ok()?;
        let form = parts.next()?.to_owned();
        is_of_order.then_some(ListPlace { key, form, number, case_id })
    };
    parsed().map(Some).ok_or_else(|| invalid_value(cursor, "cursor"))
}
