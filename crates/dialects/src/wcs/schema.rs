//! The definition of a form as `/api/formdefs/<slug>/schema` gives it, out and in.
//!
//! The document says what is asked and which statuses there are, so that another program can make sense of
//! records. It does not say all: lists of items are not in it, nor what a status does. So a form that is read
//! from one ([`read()`]) has to be completed by its author, and what is missing is told as [`Missing`]; so is
//! whatever a document says that a form here cannot have. Without `include-id=on` fields have no ids; they are
//! numbered then.

mod fields;
mod keys;
mod missing;
mod read;
mod reader;

use fieldpost_model::form_definition::{Drafts, FieldType, FormDefinition, FormField};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{ActionKind, CriticalityLevel, Lifecycle, Status, Who};
use fieldpost_model::person::Role;

use super::catalogue::category_slug;
use super::pieces::{Object, Tree};
use super::record::texts;
pub use missing::{Missing, MissingCode};
pub use read::{Found, read};

/// What the language of conditions is called.
const CONDITION_LANGUAGE: &str = "django";
/// What the one digest of a form is called.
const DIGEST: &str = "default";
/// What the one place of a record is called.
const PLACE: &str = "base";

/// Writes the definition of a form.
pub fn write(definition: &FormDefinition, roles: &[Role], has_ids: bool) -> Value<'static> {
    let mut object = Object::default();
    object.set("name", definition.title.clone());
    object.set("url_name", definition.name.clone());
    if let Some(category) = &definition.category {
        object.set("category", category.clone());
        object.set("category_id", category_slug(category));
    }
    object.set("description", definition.description.clone());
    object.set("keywords", definition.keywords.join(","));
    object.set("disabled", definition.disabled);
    object.set("only_allow_one", definition.only_allow_one);
    object.set("enable_tracking_codes", definition.tracking_codes.is_some());
    let codes = definition.tracking_codes.as_ref();
    let verify = codes.map(|codes| texts(&codes.verify_fields));
    object.set("tracking_code_verify_fields", verify.unwrap_or_else(|| Value::Null.into()));
    let text = |text: &Option<String>| Tree::text_or_null(text.as_deref());
    object.set("id_template", text(&definition.id_template));
    let digest = definition.digest_template.clone();
    object.set_some("digest_templates", digest.map(|it| Value::object([(DIGEST, it)])));
    let place = definition.geolocation.clone();
    object.set_some("geolocations", place.map(|key| Value::object([(PLACE, key)])));
    if !definition.submission_roles.is_empty() {
        object.set("backoffice_submission_roles", texts(&definition.submission_roles));
    }
    add_drafts(&mut object, definition.drafts);
    object.set("fields", fields(&definition.fields, has_ids));
    object.set("workflow", workflow(&definition.lifecycle, roles, has_ids));
    Tree::from(object).into_value()
}

/// How drafts are kept, where it is not the usual: w.c.s. counts whole days.
fn add_drafts(object: &mut Object, drafts: Option<Drafts>) {
    const DAY: u64 = 24 * 60 * 60;
    let (Some(drafts), usual) = (drafts, Drafts::DEFAULT) else { return };
    let seconds = drafts.lifespan.as_secs();
    if drafts.lifespan != usual.lifespan && seconds.is_multiple_of(DAY) {
        object.set("drafts_lifespan", (seconds / DAY).to_string());
    }
    if drafts.max_per_user != usual.max_per_user {
        object.set("drafts_max_per_user", drafts.max_per_user.to_string());
    }
}

fn fields(fields: &[FormField], has_ids: bool) -> Tree {
    Tree::List(fields.iter().map(|it| field(it, has_ids)).collect())
}

fn field(field: &FormField, has_ids: bool) -> Tree {
    let mut object = Object::default();
    if has_ids {
        object.set("id", field.id.clone());
    }
    object.set("type", field.field_type.name());
    object.set("label", field.label.clone());
    if !field.field_type.is_layout() {
        object.set("varname", Tree::text_or_null(field.name.as_deref()));
        object.set("required", field.required);
        object.set("anonymise", field.anonymise.name());
    }
    let hint = Some(field.hint.clone()).filter(|hint| !hint.is_empty());
    object.set_some("hint", hint);
    let condition = field.condition.clone();
    let condition =
        condition.map(|it| Value::object([("type", CONDITION_LANGUAGE.to_owned()), ("value", it)]));
    object.set_some("condition", condition);
    if field.display_locations != FormField::USUAL_DISPLAY {
        let places = field.display_locations.iter().map(|place| Value::from(place.name()));
        object.set("display_locations", Value::Array(places.collect()));
    }
    if field.field_type.has_columns() {
        object.set("columns", texts(&field.columns));
    }
    if field.field_type == FieldType::Table {
        object.set("rows", texts(&field.rows));
    }
    if field.field_type == FieldType::Computed {
        let template = field.template.clone().unwrap_or_default();
        let value = [("type", "template".to_owned()), ("value", template)];
        object.set("value", Value::object(value));
    }
    if field.field_type == FieldType::Block {
        let mut block = Object::default();
        block.set("name", field.label.clone());
        block.set("fields", fields(&field.fields, has_ids));
        object.set("schema", block);
    }
    object.into()
}

fn workflow(lifecycle: &Lifecycle, roles: &[Role], has_ids: bool) -> Object {
    let mut object = Object::default();
    object.set("name", lifecycle.name.clone());
    object.set("statuses", Tree::List(lifecycle.statuses.iter().map(status).collect()));
    object.set("fields", fields(&lifecycle.backoffice_fields, has_ids));
    let functions = lifecycle.functions.iter().map(|it| (it.id.clone(), it.name.clone()));
    object.set("functions", Value::object(functions));
    let roles = roles.iter().map(|role| (role.id.clone(), role.name.clone()));
    object.set("roles", Value::object(roles));
    object.set("actions", actions(lifecycle));
    if !lifecycle.criticality_levels.is_empty() {
        let levels = lifecycle.criticality_levels.iter().map(level);
        object.set("criticality_levels", Tree::List(levels.collect()));
    }
    object
}

fn level(level: &CriticalityLevel) -> Tree {
    let mut object = Object::default();
    object.set("name", level.name.clone());
    object.set_some("colour", level.colour.clone());
    object.into()
}

fn status(status: &Status) -> Tree {
    let mut object = Object::default();
    object.set("id", status.id.clone());
    object.set("name", status.name.clone());
    object.set("endpoint", status.is_endpoint());
    object.set("waitpoint", status.is_waitpoint());
    object.set("forced_endpoint", status.forced_endpoint);
    if !status.visible_to.is_empty() {
        let people = status.visible_to.iter().map(Who::name).map(str::to_owned);
        object.set("visibility", texts(&people.collect::<Vec<_>>()));
    }
    object.set_some("colour", status.colour.clone());
    object.into()
}

/// What programs can do: hooks and triggers, each by its key in the documents of records.
fn actions(lifecycle: &Lifecycle) -> Object {
    let mut object = Object::default();
    let label = |label: &str| Value::object([("label", label.to_owned())]);
    for action in lifecycle.global_actions.iter().filter(|action| !action.hook.is_empty()) {
        object.set(&format!("global-action:{}", action.id), label(&action.name));
    }
    for action in lifecycle.statuses.iter().flat_map(|status| &status.actions) {
        if let ActionKind::Jump(jump) = &action.kind
            && let Some(name) = &jump.trigger
        {
            let text = if jump.label.is_empty() { name } else { &jump.label };
            object.set(&format!("jump:{name}"), label(text));
        }
    }
    object
}
