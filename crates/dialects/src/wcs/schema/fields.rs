//! The fields of a form, of a block and of a workflow, read from a schema.

use fieldpost_model::form_definition::{
    AnonymiseMode, DisplayLocation, FieldType, FormField, Item,
};
use fieldpost_model::json::Value;

use super::CONDITION_LANGUAGE;
use super::keys::{Keys, filled, says_something, written};
use super::missing::MissingCode;
use super::reader::Reader;
use crate::openfn::names::Names;

/// The deepest that blocks can stand in each other.
const MOST_BLOCKS: usize = 8;

/// What the type of a block begins with; the name of the block follows.
const NAMED_BLOCK: &str = "block:";

/// What a list is called that stands in the field itself, as a text of JSON.
const LIST_IN_PLACE: &str = "jsonvalue";

/// Where fields stand.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// The way to them.
    pub(super) path: &'a str,
    /// What the ids of those begin with that have none of their own.
    pub(super) prefix: &'a str,
    /// How many blocks are around them.
    pub(super) depth: usize,
}

impl Reader {
    /// Fields without ids are numbered. Of two with one id the later one gets another.
    pub(super) fn fields(&mut self, asked: &[Value<'_>], around: Around<'_>) -> Vec<FormField> {
        let mut ids = Names::default();
        let mut fields = Vec::new();
        for (asked, number) in asked.iter().zip(1_u32..) {
            let Some(mut field) = self.field(asked, around, number) else { continue };
            let id = ids.id(&field.id);
            if id != field.id {
                let place = field.name.as_deref().unwrap_or(&field.label);
                let path = format!("{}.{place}.id", around.path);
                self.miss_said(MissingCode::Twice, &id, path, &Value::from(field.id));
                field.id = id;
            }
            fields.push(field);
        }
        fields
    }

    fn field(&mut self, asked: &Value<'_>, around: Around<'_>, number: u32) -> Option<FormField> {
        let Some(mut keys) = Keys::of(asked) else {
            self.leave_out(&number.to_string(), around.path, asked);
            return None;
        };
        let label = keys.take("label", written).unwrap_or_default();
        let name = keys.text("varname");
        let place = name.clone().unwrap_or_else(|| label.clone());
        let path = format!("{}.{place}", around.path);
        let Some(field_type) = self.field_type(&mut keys, name.as_deref(), &path) else {
            self.miss_said(MissingCode::Field, &place, path, asked);
            return None;
        };
        let mut field = FormField {
            id: keys.text("id").unwrap_or_else(|| format!("{}{number}", around.prefix)),
            name,
            required: keys.flag("required").unwrap_or(false),
            hint: keys.take("hint", written).unwrap_or_default(),
            condition: self.condition(&mut keys, &place, &path),
            anonymise: keys.take("anonymise", anonymise).unwrap_or(field_type.default_anonymise()),
            label,
            ..FormField::new(String::new(), field_type)
        };
        let shown = |value: &Value<'_>| DisplayLocation::from_name(value.as_str()?);
        if let Some(mut locations) = self.list(&mut keys, "display_locations", &path, shown) {
            locations.sort_unstable();
            locations.dedup();
            field.display_locations = locations;
        }
        self.parts(&mut keys, &mut field, &place, Around { path: &path, ..around });
        self.leave(keys, &path);
        Some(field)
    }

    fn field_type(
        &mut self,
        keys: &mut Keys<'_>,
        name: Option<&str>,
        path: &str,
    ) -> Option<FieldType> {
        let written = keys.peek("type")?;
        let text = written.as_str()?;
        let block = text.strip_prefix(NAMED_BLOCK);
        let field_type = FieldType::from_name(block.map_or(text, |_| FieldType::Block.name()))?;
        keys.text("type");
        // The name that blocks are shared under in the other system; it says nothing new where the variable
        // is called the same.
        if block.is_some_and(|block| Some(block) != name) {
            self.leave_out("type", path, written);
        }
        Some(field_type)
    }

    /// What only some types of fields have. The way is that of the field.
    fn parts(
        &mut self,
        keys: &mut Keys<'_>,
        field: &mut FormField,
        place: &str,
        around: Around<'_>,
    ) {
        let path = around.path;
        if field.field_type.has_items() {
            field.items = self.items(keys, path);
            if field.items.is_empty() {
                self.miss(MissingCode::Items, place, format!("{path}.items"));
            }
        }
        if field.field_type.has_columns() {
            field.columns = self.texts(keys, "columns", path);
        }
        if field.field_type == FieldType::Table {
            field.rows = self.texts(keys, "rows", path);
        }
        if field.field_type == FieldType::Computed {
            let named = keys.take("value_template", written);
            field.template =
                Some(named.or_else(|| keys.take("value", template)).unwrap_or_default());
        }
        if field.field_type == FieldType::Block {
            field.fields = self.block(keys, &field.label, place, around);
        }
    }

    fn block(
        &mut self,
        keys: &mut Keys<'_>,
        label: &str,
        place: &str,
        around: Around<'_>,
    ) -> Vec<FormField> {
        let path = format!("{}.fields", around.path);
        let inside = keys.peek("schema").filter(|_| around.depth < MOST_BLOCKS);
        let Some(mut inside) = inside.and_then(Keys::of) else {
            self.miss(MissingCode::BlockFields, place, path);
            return Vec::new();
        };
        keys.take("schema", Some);
        let own = Around { path: &path, prefix: "", depth: around.depth + 1 };
        let fields = if let Some(fields) = inside.take("fields", Value::as_array) {
            self.fields(fields, own)
        } else {
            self.miss(MissingCode::BlockFields, place, path.clone());
            Vec::new()
        };
        inside.take("name", |name| (name.as_str() == Some(label)).then_some(()));
        self.leave(inside, &format!("{}.schema", around.path));
        fields
    }

    /// Conditions were expressions of Python once; those cannot be taken over.
    fn condition(&mut self, keys: &mut Keys<'_>, place: &str, path: &str) -> Option<String> {
        let condition = keys.take("condition", Some)?;
        let mut parts = Keys::of(condition);
        let value = parts.as_mut().and_then(|parts| parts.text("value"));
        let is_ours = |name: &Value<'_>| (name.as_str() == Some(CONDITION_LANGUAGE)).then_some(());
        let is_template = parts.as_mut().and_then(|parts| parts.take("type", is_ours)).is_some();
        let path = format!("{path}.condition");
        match parts {
            Some(rest) if is_template => {
                self.leave(rest, &path);
                value
            }
            // A language in which nothing is written says nothing.
            Some(rest)
                if value.is_none() && rest.peek("value").is_none_or(|it| !says_something(it)) =>
            {
                None
            }
            _ => {
                if says_something(condition) {
                    self.miss_said(MissingCode::Condition, place, path, condition);
                }
                None
            }
        }
    }

    /// Items, where the document has them: in a list of their own, or as a source that holds them itself.
    fn items(&mut self, keys: &mut Keys<'_>, path: &str) -> Vec<Item> {
        let mut items = self.list(keys, "items", path, item).unwrap_or_default();
        if items.is_empty()
            && let Some(list) = keys.take("data_source", list_in_place)
        {
            let elements = list.as_array().unwrap_or_default();
            items = self.elements(elements, &format!("{path}.data_source"), item);
        }
        items
    }
}

/// When an answer is taken away: by its name, or, as old releases have it, whether.
fn anonymise(value: &Value<'_>) -> Option<AnonymiseMode> {
    match value.as_bool() {
        Some(true) => Some(AnonymiseMode::Final),
        Some(false) => Some(AnonymiseMode::No),
        None => AnonymiseMode::from_name(value.as_str()?),
    }
}

/// An item: a text, an id with a text, or an object, of which all that is neither is an attribute.
fn item(element: &Value<'_>) -> Option<Item> {
    if let Some(text) = filled(element) {
        return Some(Item::new(text.clone(), text));
    }
    if let Some([id, text]) = element.as_array() {
        return Some(Item::new(filled(id)?, written(text)?));
    }
    let mut keys = Keys::of(element)?;
    let id = keys.text("id");
    let text = keys.text("text").or_else(|| keys.text("label"));
    let id = id.or_else(|| text.clone())?;
    let mut item = Item::new(id.clone(), text.unwrap_or(id));
    let own = |value: &Value<'_>| value.clone().into_owned();
    for (key, value) in keys.rest() {
        match value.as_object().filter(|_| key == "attributes") {
            Some(members) => {
                item.attributes.extend(members.iter().map(|(key, it)| (key.to_string(), own(it))));
            }
            None => item.attributes.push((key.to_owned(), own(value))),
        }
    }
    let is_told_apart = item.attributes.iter().all(|(key, _)| key != "id" && key != "text");
    is_told_apart.then_some(item)
}

/// The list that a source holds itself.
fn list_in_place(source: &Value<'_>) -> Option<Value<'static>> {
    let mut keys = Keys::of(source)?;
    let kind = keys.text("type")?;
    let list = keys.take("value", |value| match value.as_str() {
        Some(text) => Value::parse(text.as_bytes()).ok().map(Value::into_owned),
        None => Some(value.clone().into_owned()),
    })?;
    let has_more = keys.rest().any(|(_, value)| says_something(value));
    (kind == LIST_IN_PLACE && list.as_array().is_some() && !has_more).then_some(list)
}

/// The template of a computed field: a text, or a text that says of itself that it is one.
fn template(value: &Value<'_>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let mut keys = Keys::of(value)?;
    let kind = keys.text("type")?;
    let text = keys.take("value", written)?;
    let has_more = keys.rest().any(|(_, value)| says_something(value));
    (kind == "template" && !has_more).then_some(text)
}
