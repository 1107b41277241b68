//! A form, read from the document that another system gives of it.

use std::borrow::Cow;

use fieldpost_model::form_definition::{
    AnonymiseMode, Drafts, FieldType, FormDefinition, FormField, Item, TrackingCodes,
};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{Function, Lifecycle, RECEIVER, Status};

use super::{CONDITION_LANGUAGE, DIGEST, PLACE};

/// The deepest that blocks can stand in each other.
const MOST_BLOCKS: usize = 8;

/// A form that was read, and what its author has to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The form, as far as the document says.
    pub definition: FormDefinition,
    /// What the document does not say, or what cannot be taken over.
    pub missing: Vec<Missing>,
}

fieldpost_model::names! {
    /// What is missing of a form that was read.
    pub enum MissingCode {
        /// The items of a list: anything can be chosen.
        Items = "items",
        /// The fields of a block.
        BlockFields = "block-fields",
        /// A field, because there is none of its type here.
        Field = "field",
        /// A condition, because it is written in another language.
        Condition = "condition",
        /// What a status does: records would stay in it for ever.
        StatusActions = "status-actions",
        /// What an action does that programs can set off.
        Action = "action",
        /// The roles that the functions are bound to.
        FunctionRole = "function-role",
    }
}

/// Something that is missing of a form that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What.
    pub code: MissingCode,
    /// Where: the label or name of a field, the id of a status, a function or an action.
    pub place: String,
    /// The same as a way through the form: keys of the project file, with names in the place of numbers.
    pub path: String,
}

impl Missing {
    /// What is missing and what to do about it, in a sentence.
    pub fn what(&self) -> String {
        let place = &self.place;
        match self.code {
            MissingCode::Items => format!(
                "The schema does not say what can be chosen in {place}: write its `items`, each with `id` and \
                 `text`. Until then any text is taken."
            ),
            MissingCode::BlockFields => {
                format!("The schema does not say what the block {place} asks: write its `fields`.")
            }
            MissingCode::Field => {
                format!("The field {place} is of a type that there is not here: it is left out.")
            }
            MissingCode::Condition => format!(
                "The condition of {place} is an expression of Python: write it as a condition of a template. \
                 Until then the field is always asked."
            ),
            MissingCode::StatusActions => format!(
                "The schema does not say what the status {place} does: write its `actions`. Until then it \
                 is an end."
            ),
            MissingCode::Action => format!(
                "Programs can set off {place}; the schema does not say what it does: write the jump or the \
                 global action."
            ),
            MissingCode::FunctionRole => format!(
                "The schema does not say which role has the function {place}: write `functions: {{ {place}: \
                 <role> }}`."
            ),
        }
    }
}

/// Reads a form. `None` where it is no such document: it has no fields, or no name.
pub fn read(document: &Value<'_>) -> Option<Found> {
    let mut reader = Reader::default();
    let asked = document.get("fields")?.as_array()?;
    let title = text(document, "name").or_else(|| text(document, "url_name"))?;
    let name = text(document, "url_name").unwrap_or_else(|| super::category_slug(&title));
    let is = |key: &str| document.get(key).and_then(Value::as_bool).unwrap_or(false);
    let verify_fields = strings(document.get("tracking_code_verify_fields"));
    let definition = FormDefinition {
        name,
        title,
        description: text(document, "description").unwrap_or_default(),
        category: text(document, "category"),
        keywords: keywords(document.get("keywords")),
        disabled: is("disabled"),
        only_allow_one: is("only_allow_one"),
        tracking_codes: is("enable_tracking_codes").then_some(TrackingCodes { verify_fields }),
        drafts: Some(Drafts::DEFAULT),
        digest_template: document.path(&["digest_templates", DIGEST]).and_then(filled),
        id_template: text(document, "id_template"),
        fields: reader.fields(asked, Around { path: "fields", prefix: "", depth: 0 }),
        lifecycle: reader.lifecycle(document.get("workflow")),
        ..FormDefinition::default()
    };
    let geolocation = place(document, &definition.fields);
    Some(Found {
        definition: FormDefinition { geolocation, ..definition },
        missing: reader.missing,
    })
}

#[derive(Default)]
struct Reader {
    missing: Vec<Missing>,
}

/// Where fields stand.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The way to them.
    path: &'a str,
    /// What the ids of those begin with that have none of their own.
    prefix: &'a str,
    /// How many blocks are around them.
    depth: usize,
}

impl Around<'_> {
    fn path_of(self, place: &str) -> String {
        format!("{}.{place}", self.path)
    }
}

/// What the type of a block begins with; the name of the block follows.
const NAMED_BLOCK: &str = "block:";

impl Reader {
    fn miss(&mut self, code: MissingCode, place: &str, path: String) {
        self.missing.push(Missing { code, place: place.to_owned(), path });
    }

    /// Fields without ids are numbered.
    fn fields(&mut self, asked: &[Value<'_>], around: Around<'_>) -> Vec<FormField> {
        let numbered = asked.iter().zip(1_u32..);
        numbered.filter_map(|(asked, number)| self.field(asked, around, number)).collect()
    }

    fn field(&mut self, asked: &Value<'_>, around: Around<'_>, number: u32) -> Option<FormField> {
        let label = asked.get("label").and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text(asked, "varname");
        let place = name.clone().unwrap_or_else(|| label.clone());
        let path = around.path_of(&place);
        let written = asked.get("type").and_then(Value::as_str).unwrap_or_default();
        let is_named_block = written.starts_with(NAMED_BLOCK);
        let written = if is_named_block { FieldType::Block.name() } else { written };
        let Some(field_type) = FieldType::from_name(written) else {
            self.miss(MissingCode::Field, &place, path);
            return None;
        };
        let id = text(asked, "id").unwrap_or_else(|| format!("{}{number}", around.prefix));
        let anonymise = asked.get("anonymise").and_then(Value::as_str);
        let anonymise = anonymise.and_then(AnonymiseMode::from_name);
        let items = items(asked.get("items"));
        if field_type.has_items() && items.is_empty() {
            self.miss(MissingCode::Items, &place, format!("{path}.items"));
        }
        let fields = if field_type == FieldType::Block {
            self.block(asked, &place, around)
        } else {
            Vec::new()
        };
        let columns =
            if field_type.has_columns() { strings(asked.get("columns")) } else { Vec::new() };
        let is_table = field_type == FieldType::Table;
        Some(FormField {
            id,
            label,
            name,
            required: asked.get("required").and_then(Value::as_bool).unwrap_or(false),
            hint: text(asked, "hint").unwrap_or_default(),
            condition: self.condition(asked.get("condition"), &place, &path),
            anonymise: anonymise.unwrap_or_else(|| field_type.default_anonymise()),
            items: if field_type.has_items() { items } else { Vec::new() },
            fields,
            columns,
            rows: if is_table { strings(asked.get("rows")) } else { Vec::new() },
            template: (field_type == FieldType::Computed).then(|| template(asked.get("value"))),
            ..FormField::new(String::new(), field_type)
        })
    }

    fn block(&mut self, asked: &Value<'_>, place: &str, around: Around<'_>) -> Vec<FormField> {
        let path = format!("{}.fields", around.path_of(place));
        let fields = asked.path(&["schema", "fields"]).and_then(Value::as_array);
        if let Some(fields) = fields.filter(|_| around.depth < MOST_BLOCKS) {
            self.fields(fields, Around { path: &path, prefix: "", depth: around.depth + 1 })
        } else {
            self.miss(MissingCode::BlockFields, place, path);
            Vec::new()
        }
    }

    /// Conditions were expressions of Python once; those cannot be taken over.
    fn condition(
        &mut self,
        condition: Option<&Value<'_>>,
        place: &str,
        path: &str,
    ) -> Option<String> {
        let condition = condition?;
        let value = condition.get("value").and_then(filled)?;
        if condition.get("type").and_then(Value::as_str) == Some(CONDITION_LANGUAGE) {
            return Some(value);
        }
        self.miss(MissingCode::Condition, place, format!("{path}.condition"));
        None
    }

    fn lifecycle(&mut self, workflow: Option<&Value<'_>>) -> Lifecycle {
        let Some(workflow) = workflow.filter(|it| it.as_object().is_some()) else {
            return Lifecycle::usual();
        };
        let statuses = workflow.get("statuses").and_then(Value::as_array).unwrap_or_default();
        let statuses: Vec<Status> = statuses.iter().filter_map(|it| self.status(it)).collect();
        let added = workflow.get("fields").and_then(Value::as_array).unwrap_or_default();
        let around = Around { path: "lifecycle.backoffice_fields", prefix: "bo", depth: 0 };
        let backoffice_fields = self.fields(added, around);
        let functions = self.functions(workflow.get("functions"));
        for (key, _) in workflow.get("actions").and_then(Value::as_object).unwrap_or_default() {
            self.miss(MissingCode::Action, key, "lifecycle".to_owned());
        }
        let statuses = if statuses.is_empty() { Lifecycle::usual().statuses } else { statuses };
        let name = text(workflow, "name").unwrap_or_default();
        Lifecycle { name, functions, statuses, backoffice_fields, ..Lifecycle::default() }
    }

    fn status(&mut self, status: &Value<'_>) -> Option<Status> {
        let id = text(status, "id")?;
        let is = |key: &str| status.get(key).and_then(Value::as_bool);
        if is("endpoint") == Some(false) {
            let path = format!("lifecycle.statuses.{id}.actions");
            self.miss(MissingCode::StatusActions, &id, path);
        }
        let name = text(status, "name").unwrap_or_else(|| id.clone());
        let forced_endpoint = is("forced_endpoint").unwrap_or(false);
        Some(Status { id, name, forced_endpoint, ..Status::default() })
    }

    /// Functions by their ids; the receiver is always there, and first.
    fn functions(&mut self, functions: Option<&Value<'_>>) -> Vec<Function> {
        let written = functions.and_then(Value::as_object).unwrap_or_default();
        let mut functions: Vec<Function> = written
            .iter()
            .map(|(id, name)| {
                let usual = Function::named(id);
                let name = filled(name).or_else(|| text(name, "label"));
                Function { name: name.unwrap_or(usual.name), ..usual }
            })
            .collect();
        if !functions.iter().any(|function| function.id == RECEIVER) {
            functions.insert(0, Function::receiver());
        }
        functions.sort_by_key(|function| function.id != RECEIVER);
        for function in &functions {
            let path = format!("lifecycle.functions.{}", function.id);
            self.miss(MissingCode::FunctionRole, &function.id, path);
        }
        functions
    }
}

/// A text that is not empty; ids are numbers at times.
fn filled(value: &Value<'_>) -> Option<String> {
    let text = value.as_str().or_else(|| value.as_number())?;
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn text(value: &Value<'_>, key: &str) -> Option<String> {
    filled(value.get(key)?)
}

fn strings(value: Option<&Value<'_>>) -> Vec<String> {
    let elements = value.and_then(Value::as_array).unwrap_or_default();
    elements.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Words, as a list or with commas between them.
fn keywords(value: Option<&Value<'_>>) -> Vec<String> {
    match value.and_then(Value::as_str) {
        Some(words) => {
            let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        }
        None => strings(value),
    }
}

/// Items, where the document has them: texts, or objects with an id.
fn items(value: Option<&Value<'_>>) -> Vec<Item> {
    let elements = value.and_then(Value::as_array).unwrap_or_default();
    let item = |element: &Value<'_>| {
        if let Some(text) = filled(element) {
            return Some(Item::new(text.clone(), text));
        }
        let id = text(element, "id")?;
        let own = text(element, "text").unwrap_or_else(|| id.clone());
        Some(Item::new(id, own))
    };
    elements.iter().filter_map(item).collect()
}

fn template(value: Option<&Value<'_>>) -> String {
    let Some(value) = value else { return String::new() };
    let written = value.get("value").unwrap_or(value).as_str();
    written.map_or(Cow::Borrowed(""), Cow::Borrowed).into_owned()
}

/// The field that places a record. w.c.s. writes a label there and takes the first map; this system writes the key
/// of the field.
fn place(document: &Value<'_>, fields: &[FormField]) -> Option<String> {
    let written = document.get("geolocations")?.get(PLACE)?;
    let keyed = fieldpost_model::form_definition::keyed(fields);
    let mut maps = keyed.into_iter().filter(|(_, field)| field.field_type == FieldType::Map);
    let wanted = written.as_str();
    let first = maps.next()?;
    if Some(first.0.as_str()) == wanted {
        return Some(first.0);
    }
    let named = maps.find(|(key, _)| Some(key.as_str()) == wanted);
    Some(named.map_or(first.0, |(key, _)| key))
}
