//! The fields of a form, of a block and of a lifecycle, read and written.

use fieldpost_model::form_definition::{
    AnonymiseMode, DisplayLocation, FieldType, FormField, keyed,
};
use fieldpost_model::json::Value;

use super::items::{read_items, write_items};
use super::text::{
    check_id, read_any_template, read_condition, read_line, read_lines, read_texts, read_variable,
    write_texts,
};
use super::{MAX_DESCRIPTION, optional, put_optional};
use crate::definition::fields::{Field, Fields, Place, Section};
use crate::definition::write::Members;

/// How many fields a form, a block or a lifecycle can have of its own.
const MAX_FIELDS: usize = 1_000;

/// How deep blocks can stand in blocks.
const MAX_BLOCK_DEPTH: usize = 4;

/// How many columns or rows a table can have.
const MAX_COLUMNS: usize = 100;

/// Where fields stand: how deep, and what their ids begin with if nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    depth: usize,
    prefix: &'static str,
}

/// The fields of a form itself.
pub(super) const OF_FORM: Level = Level { depth: 0, prefix: "" };

/// The fields of a lifecycle: their ids tell them from those of a form.
pub(super) const OF_LIFECYCLE: Level = Level { depth: 0, prefix: "bo_" };

impl Level {
    /// The fields of a block at this level.
    const fn inner(self) -> Self {
        Self { depth: self.depth + 1, prefix: "" }
    }

    /// The id of a field that is given none: made of its name, or of its type and place where it asks
    /// nothing. What asks something and has no name must have an id.
    fn usual_id(self, name: Option<&str>, field_type: FieldType, index: usize) -> Option<String> {
        match name {
            Some(name) => Some(format!("{}{name}", self.prefix)),
            None if field_type.is_layout() => {
                Some(format!("{}{field_type}-{}", self.prefix, index + 1))
            }
            None => None,
        }
    }
}

/// Reads a list of fields; nothing where one of them cannot be read.
pub(super) fn read_fields(field: &Field<'_, '_>, level: Level) -> Option<Vec<FormField>> {
    let elements = field.elements();
    field.value.as_array()?;
    if elements.len() > MAX_FIELDS {
        let message =
            format!("there are {} fields; at most {MAX_FIELDS} can be had", elements.len());
        return field.place.report("out-of-range", message);
    }
    let read: Vec<(Place<'_>, Option<FormField>)> = elements
        .into_iter()
        .enumerate()
        .map(|(index, field)| (field.place.clone(), read_field(&field, level, index)))
        .collect();
    let is_whole = read.iter().all(|(_, field)| field.is_some());
    let (places, fields): (Vec<Place<'_>>, Vec<FormField>) =
        read.into_iter().filter_map(|(place, field)| Some((place, field?))).unzip();
    report_repeated(&fields, &places)?;
    is_whole.then_some(fields)
}

/// Reports fields that could not be told apart.
fn report_repeated(fields: &[FormField], places: &[Place<'_>]) -> Option<()> {
    let mut are_apart = Some(());
    for (index, (field, place)) in fields.iter().zip(places).enumerate() {
        if fields.iter().take(index).any(|other| other.id == field.id) {
            are_apart = place.report_with_hint(
                "duplicate-value",
                format!("there are two fields with the id `{}`", field.id),
                "give one of them another `name`, or an `id` of its own where both are to have the name",
            );
        }
    }
    are_apart?;
    let keys = keyed(fields);
    for (index, (key, field)) in keys.iter().enumerate() {
        let is_repeated = keys.iter().take(index).any(|(other, _)| other == key);
        let place = fields.iter().position(|it| it.id == field.id).and_then(|at| places.get(at));
        if let Some(place) = place.filter(|_| is_repeated) {
            are_apart = place.report_with_hint(
                "duplicate-value",
                format!("the answers of two fields would stand under `{key}`"),
                "give one of them another `name` or `id`",
            );
        }
    }
    are_apart
}

fn read_field(field: &Field<'_, '_>, level: Level, index: usize) -> Option<FormField> {
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.take("name").map(|field| read_variable(&field));
    let id = fields.take("id").map(|field| {
        let id = field.scalar_text()?;
        check_id(&field.place, id).map(|()| id.to_owned())
    });
    let label = fields.take("label").map(|field| read_line(&field));
    let field_type =
        fields.require("type").and_then(|field| field.choice(FieldType::ALL, FieldType::name));
    let required = fields.take("required").map(|field| field.boolean());
    let hint = fields.take("hint").map(|field| read_lines(&field, MAX_DESCRIPTION));
    let condition = fields.take("condition").map(|field| read_condition(&field));
    let anonymise = fields.take("anonymise").map(|field| read_anonymise(&field));
    let display = fields.take("display").map(|field| read_display(&field));
    let Some(field_type) = field_type else {
        if !fields.has("type") {
            // Perhaps it is misspelt: one mistake is not told twice.
            return None;
        }
        // Which of these belong here the type would say; what is in them is looked at all the same.
        for key in ["items", "columns", "rows", "template"] {
            fields.take(key);
        }
        if let Some(inside) = fields.take("fields").filter(|_| level.depth < MAX_BLOCK_DEPTH) {
            read_fields(&inside, level.inner());
        }
        fields.close();
        return None;
    };
    let parts = read_parts(&mut fields, field_type, level);
    let place = fields.place.clone();
    fields.close();
    let (name, parts) = (optional(name)?, parts?);
    let usual_id = level.usual_id(name.as_deref(), field_type, index);
    let Some(id) = optional(id)?.or(usual_id) else {
        return place.key("name").report_with_hint(
            "missing-key",
            "`name` is missing",
            "a field that is in no document has an `id` instead",
        );
    };
    Some(FormField {
        label: label.unwrap_or_else(|| Some(name.clone().unwrap_or_default()))?,
        id,
        name,
        field_type,
        required: required.unwrap_or(Some(false))?,
        hint: hint.unwrap_or_else(|| Some(String::new()))?,
        condition: optional(condition)?,
        anonymise: anonymise.unwrap_or_else(|| Some(field_type.default_anonymise()))?,
        display_locations: display.unwrap_or_else(|| FormField::USUAL_DISPLAY.to_vec()),
        ..parts
    })
}

/// Reads what only some types of fields have.
fn read_parts(
    fields: &mut Fields<'_, '_>,
    field_type: FieldType,
    level: Level,
) -> Option<FormField> {
    let mut parts = FormField::new("", field_type);
    if field_type.has_items() {
        parts.items = fields.take("items").map_or(Some(Vec::new()), |field| read_items(&field))?;
    }
    if field_type.has_columns() {
        parts.columns = read_texts(&fields.require("columns")?, MAX_COLUMNS);
    }
    if field_type == FieldType::Table {
        let rows = fields.take("rows").map(|field| read_texts(&field, MAX_COLUMNS));
        parts.rows = rows.unwrap_or_default();
    }
    if field_type == FieldType::Computed {
        parts.template = Some(read_any_template(&fields.require("template")?)?);
    }
    if field_type == FieldType::Block {
        let inside = fields.require("fields")?;
        if level.depth == MAX_BLOCK_DEPTH {
            let message = format!("blocks stand in each other at most {MAX_BLOCK_DEPTH} deep");
            return inside.place.report("out-of-range", message);
        }
        parts.fields = read_fields(&inside, level.inner())?;
    }
    Some(parts)
}

/// Reads when an answer is taken away. `false` is what YAML of old makes of `no`.
fn read_anonymise(field: &Field<'_, '_>) -> Option<AnonymiseMode> {
    match field.value {
        Value::Bool(false) => Some(AnonymiseMode::No),
        _ => field.choice(AnonymiseMode::ALL, AnonymiseMode::name),
    }
}

fn read_display(field: &Field<'_, '_>) -> Vec<DisplayLocation> {
    let elements = field.elements().into_iter();
    let mut places: Vec<DisplayLocation> = elements
        .filter_map(|field| field.choice(DisplayLocation::ALL, DisplayLocation::name))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Writes a list of fields.
pub(super) fn write_fields(fields: &[FormField], level: Level) -> Value<'static> {
    let all = fields.iter().enumerate();
    Value::Array(all.map(|(index, field)| write_field(field, level, index)).collect())
}

fn write_field(field: &FormField, level: Level, index: usize) -> Value<'static> {
    let mut members = Members::default();
    let name = field.name.as_deref();
    put_optional(&mut members, "name", name);
    let usual_id = level.usual_id(name, field.field_type, index);
    members.put_unless(usual_id.as_ref() == Some(&field.id), "id", field.id.clone());
    let is_usual = field.label == name.unwrap_or_default();
    members.put_unless(is_usual, "label", field.label.clone());
    members.put("type", field.field_type.name());
    members.put_unless(!field.required, "required", field.required);
    members.put_unless(field.hint.is_empty(), "hint", field.hint.clone());
    put_optional(&mut members, "condition", field.condition.as_deref());
    let is_usual = field.anonymise == field.field_type.default_anonymise();
    members.put_unless(is_usual, "anonymise", field.anonymise.name());
    let display: Vec<_> = field.display_locations.iter().map(|it| Value::from(it.name())).collect();
    members.put_unless(field.display_locations == FormField::USUAL_DISPLAY, "display", display);
    members.put_unless(field.items.is_empty(), "items", write_items(&field.items));
    let (columns, rows) = (write_texts(&field.columns), write_texts(&field.rows));
    members.put_unless(!field.field_type.has_columns(), "columns", columns);
    members.put_unless(field.rows.is_empty(), "rows", rows);
    put_optional(&mut members, "template", field.template.as_deref());
    if field.field_type == FieldType::Block {
        members.put("fields", write_fields(&field.fields, level.inner()));
    }
    members.into_value()
}
