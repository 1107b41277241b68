//! What the rest of the hub reads of a form that the hub asks: the form as any other.

use std::collections::HashSet;
use std::sync::Arc;

use super::{FieldType, FormDefinition, FormField, Item};
use crate::form::{AnswerType, Choice, Field, FieldKind, Form, Labels, Leaf};

/// The name of a submission's outermost element.
const ROOT: &str = "data";

/// What says that a condition always holds.
const ALWAYS: &str = "true()";

/// The fields with the keys that their answers stand under, in their order. What is only looked at has
/// none and is left out.
pub fn keyed(fields: &[FormField]) -> Vec<(String, &FormField)> {
    let mut taken = HashSet::new();
    let answered = fields.iter().filter(|field| !field.field_type.is_layout());
    answered
        .map(|field| {
            let named = field.name.as_deref().filter(|name| taken.insert(*name));
            (named.map_or_else(|| key_of_id(&field.id), str::to_owned), field)
        })
        .collect()
}

/// The key of a field that has no name to itself.
fn key_of_id(id: &str) -> String {
    format!("f{}", id.replace('-', "_"))
}

/// The key of a table's column, counted from 0.
pub fn column_key(index: usize) -> String {
    format!("c{}", index + 1)
}

/// The fields as those of any form; computed ones and what is only looked at are not among them.
pub fn derived_fields(fields: &[FormField]) -> Vec<Field> {
    keyed(fields)
        .into_iter()
        .filter_map(|(key, field)| Some((key, field, kind(field)?)))
        .map(|(key, field, kind)| Field {
            labels: Labels::plain(field.label.clone()),
            required: field.required.then(|| ALWAYS.to_owned()),
            ..Field::new(key, kind)
        })
        .collect()
}

fn kind(field: &FormField) -> Option<FieldKind> {
    let answer = match field.field_type {
        FieldType::String | FieldType::Text | FieldType::Email | FieldType::Phone => {
            AnswerType::Text
        }
        FieldType::Bool => AnswerType::Boolean,
        FieldType::Numeric => AnswerType::Decimal,
        FieldType::Date => AnswerType::Date,
        FieldType::Item => AnswerType::SelectOne,
        FieldType::Items => AnswerType::SelectMany,
        FieldType::RankedItems => AnswerType::Rank,
        FieldType::File => AnswerType::File,
        FieldType::Map => AnswerType::Geopoint,
        FieldType::Block => return Some(FieldKind::Repeat(derived_fields(&field.fields))),
        FieldType::Table | FieldType::TableRows => {
            return Some(FieldKind::Repeat(columns(&field.columns)));
        }
        FieldType::Computed
        | FieldType::Page
        | FieldType::Title
        | FieldType::Subtitle
        | FieldType::Comment => return None,
    };
    let choices = field.items.iter().map(choice).collect::<Arc<[Choice]>>();
    Some(FieldKind::Leaf(Leaf { choices, ..Leaf::of(answer) }))
}

fn choice(item: &Item) -> Choice {
    Choice { value: item.id.clone(), labels: Labels::plain(item.text.clone()) }
}

fn columns(headings: &[String]) -> Vec<Field> {
    let leaf = |(index, heading): (usize, &String)| Field {
        labels: Labels::plain(heading.clone()),
        ..Field::new(column_key(index), FieldKind::Leaf(Leaf::of(AnswerType::Text)))
    };
    headings.iter().enumerate().map(leaf).collect()
}

impl FormDefinition {
    /// The form that the rest of the hub works with.
    pub fn form(&self) -> Form {
        Form {
            name: self.name.clone(),
            title: self.title.clone(),
            form_id: Some(self.name.clone()),
            root: ROOT.to_owned(),
            fields: derived_fields(&self.fields),
            ..Form::default()
        }
    }

    /// The field that a key stands for, in the form itself or, after a `_`, in one of its blocks.
    pub fn field(&self, key: &str) -> Option<&FormField> {
        let fields = keyed(&self.fields);
        if let Some((_, field)) = fields.iter().find(|(name, _)| name == key) {
            return Some(field);
        }
        let blocks = fields.into_iter().filter(|(_, field)| field.field_type == FieldType::Block);
        blocks
            .filter_map(|(name, block)| Some((key.strip_prefix(&name)?.strip_prefix('_')?, block)))
            .find_map(|(inner, block)| {
                let inside = keyed(&block.fields);
                inside.into_iter().find(|(name, _)| name == inner).map(|(_, field)| field)
            })
    }
}
