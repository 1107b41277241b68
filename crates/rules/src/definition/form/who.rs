//! Who may see or do something, read and written as a list of words.

use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Who;

use super::MAX_ROLES;
use super::known::Known;
use crate::definition::fields::Field;
use crate::definition::project::{check_name, is_name};

/// Whom a list can name, by what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum People {
    /// Those who see something or act on a page: people.
    OnPages,
    /// Those who begin: nobody is the submitter of anything yet.
    Submitting,
    /// Those who call a trigger: whoever signs, too.
    Calling,
    /// Those who call a hook: everybody, too.
    Hooking,
}

impl People {
    /// Why somebody cannot be named; `None` where they can.
    fn objection(self, who: &Who) -> Option<&'static str> {
        match (self, who) {
            (Self::OnPages | Self::Submitting, Who::SignedCalls) => {
                Some("only people can do this, and programs that sign are none")
            }
            (Self::OnPages | Self::Submitting, Who::Anyone) => Some(
                "this is never open to everybody; leave the list out where it need not be said",
            ),
            (Self::Submitting, Who::Submitter) => {
                Some("whoever submits is only known after this is decided")
            }
            (Self::Calling, Who::Anyone) => {
                Some("a trigger is never open to everybody; a hook of a global action can be")
            }
            _ => None,
        }
    }
}

/// Reads a list of functions, roles and words, each once.
pub(super) fn read_who(field: &Field<'_, '_>, known: &Known, people: People) -> Vec<Who> {
    let elements = field.elements();
    if elements.len() > MAX_ROLES {
        let message = format!("at most {MAX_ROLES} can be named, these are {}", elements.len());
        field.place.report::<()>("out-of-range", message);
        return Vec::new();
    }
    let mut all = Vec::new();
    for field in elements {
        let Some(who) = read_one(&field, known, people) else { continue };
        if !all.contains(&who) {
            all.push(who);
        }
    }
    all
}

pub(super) fn read_one(field: &Field<'_, '_>, known: &Known, people: People) -> Option<Who> {
    let name = field.text()?;
    let who = Who::from_name(name);
    if let Some(why) = people.objection(&who) {
        return field
            .place
            .report("does-not-apply", format!("`{name}` cannot be named here: {why}"));
    }
    match &who {
        Who::Function(id) => known.check_function(field, id)?,
        Who::Role(role) => check_role(field, role)?,
        _ => {}
    }
    Some(who)
}

/// Writes a list of functions, roles and words.
pub(super) fn write_who(who: &[Who]) -> Value<'static> {
    Value::Array(who.iter().map(|who| Value::from(who.name().to_owned())).collect())
}

/// Reads a list of roles, each once.
pub(super) fn read_role_names(field: &Field<'_, '_>) -> Vec<String> {
    let elements = field.elements();
    if elements.len() > MAX_ROLES {
        let message =
            format!("at most {MAX_ROLES} roles can be named, these are {}", elements.len());
        field.place.report::<()>("out-of-range", message);
        return Vec::new();
    }
    let mut roles = Vec::new();
    for role in elements.iter().filter_map(read_role) {
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

/// Reads the id of a role.
pub(super) fn read_role(field: &Field<'_, '_>) -> Option<String> {
    let role = field.text()?;
    check_role(field, role)?;
    Some(role.to_owned())
}

fn check_role(field: &Field<'_, '_>, role: &str) -> Option<()> {
    if Who::WORDS.contains(&role) || role.starts_with('_') {
        return field.place.report_with_hint(
            "bad-name",
            format!("`{role}` is no role"),
            "name one of the project's `roles`",
        );
    }
    check_name(&field.place, role);
    is_name(role).then_some(())
}
