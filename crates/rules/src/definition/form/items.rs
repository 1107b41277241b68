//! What can be chosen in a field, read and written.

use std::collections::HashSet;

use fieldpost_model::form_definition::Item;
use fieldpost_model::json::Value;

use super::text::read_line;
use crate::definition::fields::{Field, Section};
use crate::definition::write::Members;

/// How many items a field can have.
const MAX_ITEMS: usize = 10_000;

/// The longest id of an item, in bytes.
const MAX_ITEM_ID: usize = 200;

/// The members that an item's structure has already, so that no attribute can be called so.
const OWN: [&str; 2] = ["id", "text"];

/// Reads a list of items: texts, or objects with an id, a text and attributes.
pub(super) fn read_items(field: &Field<'_, '_>) -> Option<Vec<Item>> {
    let elements = field.elements();
    if elements.len() > MAX_ITEMS {
        let message = format!("there are {} items; at most {MAX_ITEMS} can be had", elements.len());
        return field.place.report("out-of-range", message);
    }
    let mut ids = HashSet::new();
    let mut are_read = field.value.as_array().map(|_| ());
    let mut items = Vec::new();
    for field in elements {
        match read_item(&field) {
            Some(item) if !ids.insert(item.id.clone()) => {
                let message = format!("there are two items with the id `{}`", item.id);
                are_read = field.place.report("duplicate-value", message);
            }
            Some(item) => items.push(item),
            None => are_read = None,
        }
    }
    are_read.map(|()| items)
}

fn read_item(field: &Field<'_, '_>) -> Option<Item> {
    if field.value.as_object().is_none() {
        let text = field.text()?;
        check_item_id(field, text)?;
        return Some(Item::new(text, text));
    }
    let mut fields = field.fields(Section::Inner)?;
    let id = fields.require("id").and_then(|field| {
        field.text().filter(|id| check_item_id(&field, id).is_some()).map(str::to_owned)
    });
    let text = fields.take("text").map(|field| read_line(&field));
    let attributes = fields.take("attributes").map(|field| read_attributes(&field));
    fields.close();
    let id = id?;
    Some(Item {
        text: text.unwrap_or_else(|| Some(id.clone()))?,
        id,
        attributes: attributes.unwrap_or_default(),
    })
}

/// Reports an id that a filter could not ask for: `|` stands between several.
fn check_item_id(field: &Field<'_, '_>, id: &str) -> Option<()> {
    if id.len() <= MAX_ITEM_ID && !id.contains('|') && !id.chars().any(char::is_control) {
        return Some(());
    }
    field.place.report_with_hint(
        "wrong-value",
        format!(
            "{} is no id of an item: one line of at most {MAX_ITEM_ID} bytes, without `|`",
            field.shown()
        ),
        "what people are to read can be written as `text`",
    )
}

fn read_attributes(field: &Field<'_, '_>) -> Vec<(String, Value<'static>)> {
    let entries = field.entries().into_iter();
    let attributes = entries.filter_map(|(name, field)| {
        if OWN.contains(&name) {
            let message = format!("`{name}` is what an item has anyway");
            return field.place.report("duplicate-value", message);
        }
        Some((name.to_owned(), field.value.clone().into_owned()))
    });
    attributes.collect()
}

/// Writes a list of items, as shortly as they can be read.
pub(super) fn write_items(items: &[Item]) -> Value<'static> {
    Value::Array(items.iter().map(write_item).collect())
}

fn write_item(item: &Item) -> Value<'static> {
    if item.text == item.id && item.attributes.is_empty() {
        return Value::from(item.id.clone());
    }
    let mut members = Members::default();
    members.put("id", item.id.clone());
    members.put_unless(item.text == item.id, "text", item.text.clone());
    let attributes = Value::object(item.attributes.iter().cloned());
    members.put_unless(item.attributes.is_empty(), "attributes", attributes);
    members.into_value()
}
