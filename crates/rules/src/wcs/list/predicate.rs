//! What only the answers of a record tell.

use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField, keyed};
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node};

use super::distance::Distance;
use super::shown::ShownAs;
use crate::lifecycle::Record;
use crate::wcs::fields::Target;
use crate::wcs::operands::{Cell, Held, Test};
use crate::wcs::search::Search;

/// What a record must be, beside what a store decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predicate {
    pub(super) conditions: Vec<Condition>,
    pub(super) distance: Option<Distance>,
    pub(super) search: Option<Search>,
    /// The statuses that it must be shown in, where some are hidden from whoever asks.
    pub(super) shown_as: Option<ShownAs>,
    /// The ids that it must not have; empty for none.
    pub(super) other_identifiers: Vec<String>,
}

/// What is asked of one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) target: Target,
    pub(super) test: Test,
}

impl Predicate {
    /// Whether all records are so: a store can count and leave out rows by itself then.
    pub fn is_trivial(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a record is so.
    pub fn matches(&self, definition: &FormDefinition, record: &Record) -> bool {
        let has_distance = self.distance.is_none_or(|distance| {
            record.progress.geolocation.as_ref().is_some_and(|place| distance.holds(place))
        });
        has_distance
            && self.shown_as.as_ref().is_none_or(|shown| shown.matches(definition, record))
            && !self.other_identifiers.contains(&identifier(record))
            && self.conditions.iter().all(|it| it.test.holds(&held(&it.target, record)))
            && (self.search.is_none() || self.rank(definition, record).is_some())
    }

    /// How well it is found by what is searched for; `None` where it is not, or nothing is.
    pub fn rank(&self, definition: &FormDefinition, record: &Record) -> Option<usize> {
        let texts = texts(definition, record);
        self.search.as_ref()?.rank(texts.iter().copied())
    }
}

/// The id of a record: that of the form's template, else the number.
pub(super) fn identifier(record: &Record) -> String {
    let natural = record.progress.natural_id.clone();
    natural.unwrap_or_else(|| record.progress.number.to_string())
}

/// What a field of a record holds.
pub(super) fn held<'r>(target: &Target, record: &'r Record) -> Held<'r> {
    let group = if target.is_backoffice {
        &record.progress.backoffice_values
    } else {
        &record.submission.values
    };
    let Some(block) = &target.block else {
        return of_node(target.field_type, group.get(&target.key));
    };
    let rows = match group.get(block) {
        Some(Node::Repeat(rows)) => rows.as_slice(),
        _ => &[],
    };
    let mut cells = Vec::new();
    for row in rows {
        let Node::Group(group) = row else { continue };
        match of_node(target.field_type, group.get(&target.key)) {
            Held::One(cell) => cells.push(cell),
            Held::Many(several) => cells.extend(several),
        }
    }
    Held::Many(cells)
}

fn of_node(field_type: FieldType, node: Option<&Node>) -> Held<'_> {
    let Some(Node::Answer(answer)) = node else { return Held::One(Cell::Nothing) };
    match &answer.value {
        AnswerValue::Choices(ids) if !ids.is_empty() => {
            Held::Many(ids.iter().map(|id| Cell::text(id)).collect())
        }
        _ => Held::One(cell(field_type, answer)),
    }
}

fn cell(field_type: FieldType, answer: &Answer) -> Cell<'_> {
    let holds_texts = matches!(
        field_type,
        FieldType::String | FieldType::Text | FieldType::Email | FieldType::Phone | FieldType::Item
    );
    match &answer.value {
        AnswerValue::Boolean(truth) => Cell::Truth(*truth),
        AnswerValue::Integer(_) | AnswerValue::Decimal(_) if field_type == FieldType::Numeric => {
            match &answer.value {
                AnswerValue::Decimal(text) => Cell::Number(text.into()),
                _ => Cell::Number(answer.written().into()),
            }
        }
        // An empty text is one that was answered; what is not a text is nothing then.
        AnswerValue::Empty if answer.lexical.is_none() || !holds_texts => Cell::Nothing,
        AnswerValue::Choices(_) => Cell::Nothing,
        _ => Cell::text(answer.written()),
    }
}

/// All that a record is searched by: its answers with what people read of them, its ids, its digest, and whose it
/// is.
fn texts<'r>(definition: &'r FormDefinition, record: &'r Record) -> Vec<&'r str> {
    let progress = &record.progress;
    let mut texts = vec![progress.display_id.as_str()];
    texts.extend(progress.natural_id.as_deref());
    texts.extend(progress.digest.as_deref());
    if let Some(user) = &progress.user {
        texts.push(&user.name);
        texts.extend(user.email.as_deref());
    }
    of_group(&definition.fields, &record.submission.values, &mut texts);
    of_group(&definition.lifecycle.backoffice_fields, &progress.backoffice_values, &mut texts);
    texts
}

fn of_group<'r>(fields: &'r [FormField], group: &'r Group, texts: &mut Vec<&'r str>) {
    for (key, field) in keyed(fields) {
        match group.get(&key) {
            Some(Node::Answer(answer)) => of_answer(field, answer, texts),
            Some(Node::Repeat(rows)) => {
                for row in rows {
                    let Node::Group(row) = row else { continue };
                    if field.field_type == FieldType::Block {
                        of_group(&field.fields, row, texts);
                    } else {
                        texts.extend(row.members.iter().filter_map(|(_, node)| written(node)));
                    }
                }
            }
            _ => {}
        }
    }
}

fn written(node: &Node) -> Option<&str> {
    match node {
        Node::Answer(answer) => Some(answer.written()),
        _ => None,
    }
}

fn of_answer<'r>(field: &'r FormField, answer: &'r Answer, texts: &mut Vec<&'r str>) {
    let mut of_item = |id: &'r str| {
        texts.push(id);
        texts.extend(field.items.iter().find(|item| item.id == id).map(|item| item.text.as_str()));
    };
    match &answer.value {
        AnswerValue::Choices(ids) => ids.iter().for_each(|id| of_item(id)),
        AnswerValue::Geometry(_) | AnswerValue::Boolean(_) | AnswerValue::Empty => {}
        _ => of_item(answer.written()),
    }
}
