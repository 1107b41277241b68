//! What becomes of the submissions of a form: the key `lifecycle`, read and written.

use fieldpost_model::form_definition::FormField;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{CriticalityLevel, Function, Lifecycle, RECEIVER};

use super::field::{OF_LIFECYCLE, read_fields, write_fields};
use super::known::{Keys, Known};
use super::status::{
    read_global_actions, read_statuses, report_circles, write_global_actions, write_statuses,
};
use super::text::read_line;
use super::who::read_role;
use super::{optional, put_optional};
use crate::definition::fields::{Field, Section};
use crate::definition::write::Members;

/// How many functions a lifecycle can have.
const MAX_FUNCTIONS: usize = 50;

/// The longest id of a function, in bytes.
const MAX_FUNCTION_ID: usize = 64;

/// How many levels of criticality there can be.
const MAX_LEVELS: usize = 20;

/// What can be named where actions are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'k> {
    pub(super) known: &'k Known,
    /// The fields of the form.
    pub(super) asked: &'k Keys,
    /// The lifecycle's own.
    pub(super) added: &'k Keys,
    /// How many levels of criticality there are; `None` where they could not be read.
    pub(super) levels: Option<usize>,
}

pub(super) fn read_lifecycle(
    field: &Field<'_, '_>,
    known: &Known,
    asked: &Keys,
) -> Option<Lifecycle> {
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.take("name").map(|field| read_line(&field));
    let functions = fields.take("functions").map(|field| read_functions(&field));
    let backoffice_fields =
        fields.take("backoffice_fields").map(|field| read_backoffice_fields(&field));
    let backoffice_fields = backoffice_fields.unwrap_or_else(|| Some(Vec::new()));
    let added = Keys::of(backoffice_fields.as_deref());
    let levels = fields.take("criticality_levels").map(|field| read_levels(&field));
    let levels = levels.unwrap_or_else(|| Some(Vec::new()));
    let around = Around { known, asked, added: &added, levels: levels.as_ref().map(Vec::len) };
    let statuses = fields.take("statuses").map(|field| read_statuses(&field, around));
    let global_actions =
        fields.take("global_actions").map(|field| read_global_actions(&field, around));
    let place = fields.place.clone();
    fields.close();
    let lifecycle = Lifecycle {
        name: name.unwrap_or_else(|| Some(String::new()))?,
        functions: functions.unwrap_or_else(|| Some(vec![Function::receiver()]))?,
        statuses: statuses.unwrap_or_else(|| Some(Lifecycle::usual().statuses))?,
        global_actions: global_actions.unwrap_or_else(|| Some(Vec::new()))?,
        backoffice_fields: backoffice_fields?,
        criticality_levels: levels?,
    };
    report_circles(&place.key("statuses"), &lifecycle)?;
    Some(lifecycle)
}

pub(super) fn write_lifecycle(lifecycle: &Lifecycle) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(lifecycle.name.is_empty(), "name", lifecycle.name.clone());
    let are_usual = lifecycle.functions == [Function::receiver()];
    members.put_unless(are_usual, "functions", write_functions(&lifecycle.functions));
    let fields = &lifecycle.backoffice_fields;
    members.put_unless(fields.is_empty(), "backoffice_fields", write_fields(fields, OF_LIFECYCLE));
    let levels = &lifecycle.criticality_levels;
    members.put_unless(levels.is_empty(), "criticality_levels", write_levels(levels));
    let are_usual = lifecycle.statuses == Lifecycle::usual().statuses;
    members.put_unless(are_usual, "statuses", write_statuses(&lifecycle.statuses));
    let actions = &lifecycle.global_actions;
    members.put_unless(actions.is_empty(), "global_actions", write_global_actions(actions));
    members.into_value()
}

/// Reads the functions; the one that every lifecycle has comes first, wherever it stands.
fn read_functions(field: &Field<'_, '_>) -> Option<Vec<Function>> {
    field.value.as_object().or_else(|| field.wrong_type("an object of functions"))?;
    let entries = field.entries();
    if entries.len() > MAX_FUNCTIONS {
        let message = format!("there are more than {MAX_FUNCTIONS} functions");
        return field.place.report("out-of-range", message);
    }
    let read: Vec<Option<Function>> =
        entries.into_iter().map(|(id, field)| read_function(id, &field)).collect();
    let mut functions = read.into_iter().collect::<Option<Vec<_>>>()?;
    match functions.iter().position(|function| function.id == RECEIVER) {
        None => functions.insert(0, Function::receiver()),
        Some(place) => {
            let receiver = functions.remove(place);
            functions.insert(0, receiver);
        }
    }
    Some(functions)
}

/// Reads a function: its role, or its name and its role, or nothing.
fn read_function(id: &str, field: &Field<'_, '_>) -> Option<Function> {
    check_function_id(field, id)?;
    match field.value {
        Value::Null => Some(Function { role: None, ..Function::named(id) }),
        Value::Object(_) => {
            let mut fields = field.fields(Section::Inner)?;
            let name = fields.take("name").map(|field| read_line(&field));
            let role = fields.take("role").map(|field| read_role(&field));
            fields.close();
            let usual = Function::named(id);
            Some(Function {
                name: name.unwrap_or(Some(usual.name))?,
                role: optional(role)?,
                id: usual.id,
            })
        }
        _ => Some(Function { role: Some(read_role(field)?), ..Function::named(id) }),
    }
}

/// Reports what could not be told from a role, or is a word with a meaning of its own.
fn check_function_id(field: &Field<'_, '_>, id: &str) -> Option<()> {
    let is_free = !fieldpost_model::lifecycle::Who::WORDS.contains(&id);
    let fits = (2..=MAX_FUNCTION_ID).contains(&id.len())
        && id.starts_with('_')
        && id.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        });
    if fits && is_free {
        return Some(());
    }
    let message = if is_free {
        format!("`{id}` is no function: `_`, then lower-case letters, digits, `-` and `_`")
    } else {
        format!("`{id}` has a meaning of its own")
    };
    field.place.report_with_hint("bad-name", message, "write it as `_manager`")
}

fn write_functions(functions: &[Function]) -> Value<'static> {
    Value::object(functions.iter().map(|function| (function.id.clone(), write_function(function))))
}

fn write_function(function: &Function) -> Value<'static> {
    let has_usual_name = function.name == Function::named(&function.id).name;
    if has_usual_name && let Some(role) = &function.role {
        return Value::from(role.clone());
    }
    let mut members = Members::default();
    members.put_unless(has_usual_name, "name", function.name.clone());
    put_optional(&mut members, "role", function.role.as_deref());
    members.into_value()
}

/// Reads the lifecycle's own fields. Nobody is asked for them, so none is required.
fn read_backoffice_fields(field: &Field<'_, '_>) -> Option<Vec<FormField>> {
    let fields = read_fields(field, OF_LIFECYCLE)?;
    let idle = fields.iter().find(|field| field.required || field.field_type.is_layout());
    match idle {
        None => Some(fields),
        Some(idle) => field.place.report_with_hint(
            "does-not-apply",
            format!("`{}` is on no page that anybody fills in", idle.id),
            "leave `required` out, and whatever is only there to be looked at",
        ),
    }
}

fn read_levels(field: &Field<'_, '_>) -> Option<Vec<CriticalityLevel>> {
    field.value.as_array().or_else(|| field.wrong_type("a list of levels"))?;
    let elements = field.elements();
    if elements.len() > MAX_LEVELS {
        return field
            .place
            .report("out-of-range", format!("there are more than {MAX_LEVELS} levels"));
    }
    let read: Vec<Option<CriticalityLevel>> = elements.iter().map(read_level).collect();
    read.into_iter().collect()
}

/// Reads a level: its name, or its name and its colour.
fn read_level(field: &Field<'_, '_>) -> Option<CriticalityLevel> {
    if field.value.as_object().is_none() {
        field.text()?;
        return Some(CriticalityLevel { name: read_line(field)?, colour: None });
    }
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.require("name").and_then(|field| read_line(&field));
    let colour = fields.take("colour").map(|field| read_colour(&field));
    fields.close();
    Some(CriticalityLevel { name: name?, colour: optional(colour)? })
}

/// Reads a colour: `#rrggbb`.
pub(super) fn read_colour(field: &Field<'_, '_>) -> Option<String> {
    let colour = field.text()?;
    let digits = colour.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Some(colour.to_ascii_lowercase());
    }
    field.place.report_with_hint(
        "wrong-value",
        format!("{} is no colour", field.shown()),
        "write it as `\"#ff8800\"`, in quotes",
    )
}

fn write_levels(levels: &[CriticalityLevel]) -> Value<'static> {
    let level = |level: &CriticalityLevel| match &level.colour {
        None if !level.name.is_empty() => Value::from(level.name.clone()),
        colour => {
            let mut members = Members::default();
            members.put("name", level.name.clone());
            put_optional(&mut members, "colour", colour.as_deref());
            members.into_value()
        }
    };
    Value::Array(levels.iter().map(level).collect())
}
