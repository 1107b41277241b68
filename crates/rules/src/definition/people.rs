//! People and roles of a project: the keys `users` and `roles`, read and written.
//!
//! People are named by programs, by mail address or by the id that an identity provider knows them by; so
//! no two of a project have the same.

use fieldpost_model::access::Access;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Who;
use fieldpost_model::person::{Role, User};
use fieldpost_model::project::ApiAccess;

use super::address::{read_mail_address, read_mail_addresses};
use super::fields::{Field, Section, collect, suggestion_or};
use super::form::ADD_ROLE;
use super::problem::Problem;
use super::project::{check_name, is_name, read_title};
use super::write::Members;

/// How many roles, and how many people, a project can have.
const MAX_ENTRIES: usize = 10_000;

/// The longest text about a role, in characters.
const MAX_DETAILS: usize = 2_000;

/// How many ids at the identity provider somebody can have.
const MAX_NAME_IDS: usize = 10;

/// The longest of them, in bytes.
const MAX_NAME_ID_BYTES: usize = 256;

/// How many roles somebody can have.
const MAX_ROLES: usize = 200;

/// What somebody may do in the project, if nothing is said.
const USUAL_ACCESS: Access = Access::Viewer;

/// What is done about two people who are known by the same.
const GIVE_TO_ONE: &str = "give it to one of them";

/// Reads a role.
pub fn read_role(id: &str, value: &Value<'_>) -> Result<Role, Vec<Problem>> {
    collect(&format!("roles.{id}"), |place| role(id, &Field::alone(value, place)))
}

/// Reads somebody. Whether their roles exist is for [`user_references`] to tell, and whether somebody else
/// is known by the same for [`shared_names`].
pub fn read_user(id: &str, value: &Value<'_>) -> Result<User, Vec<Problem>> {
    collect(&format!("users.{id}"), |place| user(id, &Field::alone(value, place)))
}

/// Reads the section of the roles.
pub(super) fn take_roles(field: Option<Field<'_, '_>>) -> Vec<Role> {
    field.map(|field| entries(&field, role)).unwrap_or_default()
}

/// Reads the section of the people, of whom no two may be known by the same.
pub(super) fn take_users(field: Option<Field<'_, '_>>) -> Vec<User> {
    let Some(field) = field else { return Vec::new() };
    let users = entries(&field, user);
    for (index, user) in users.iter().enumerate() {
        for (key, other) in shared(user, users.get(..index).unwrap_or_default()) {
            let place = field.place.key(&user.id).key(key);
            place.report_with_hint::<()>("duplicate-value", shared_with(other), GIVE_TO_ONE);
        }
    }
    users
}

/// What would name somebody of a draft and somebody else, who stays beside the draft, at once.
pub fn shared_names(users: &[User], staying: &[User]) -> Vec<Problem> {
    let is_named = |other: &&User| users.iter().any(|user| user.id == other.id);
    let staying: Vec<User> = staying.iter().filter(|it| !is_named(it)).cloned().collect();
    let found = users.iter().flat_map(|user| {
        shared(user, &staying).map(|(key, other)| Problem {
            path: format!("users.{}.{key}", user.id),
            code: "duplicate-value",
            message: shared_with(other),
            hint: Some(GIVE_TO_ONE.to_owned()),
        })
    });
    found.collect()
}

/// The roles that people have and that are not there.
pub fn user_references(users: &[User], roles: &[&str]) -> Vec<Problem> {
    let named = users.iter().flat_map(|user| {
        let roles = user.roles.iter().enumerate();
        roles.map(|(index, role)| (format!("users.{}.roles[{index}]", user.id), role))
    });
    named.filter_map(|(path, role)| unknown_role(path, role, roles)).collect()
}

/// The roles that keys have and that are not there.
pub fn key_references(keys: &[ApiAccess], roles: &[&str]) -> Vec<Problem> {
    let named = keys.iter().flat_map(|key| {
        let roles = key.roles.iter().enumerate();
        roles.map(|(index, role)| (format!("api_access.{}.roles[{index}]", key.name), role))
    });
    named.filter_map(|(path, role)| unknown_role(path, role, roles)).collect()
}

fn unknown_role(path: String, role: &str, roles: &[&str]) -> Option<Problem> {
    (!roles.contains(&role)).then(|| Problem {
        path,
        code: "unknown-role",
        message: format!("there is no role `{role}` in this project"),
        hint: Some(suggestion_or(role, roles, ADD_ROLE)),
    })
}

/// Reads an object of things by their names.
fn entries<T>(field: &Field<'_, '_>, read: impl Fn(&str, &Field<'_, '_>) -> Option<T>) -> Vec<T> {
    let entries = field.entries();
    if entries.len() > MAX_ENTRIES {
        let message =
            format!("there are {} entries; at most {MAX_ENTRIES} can be had", entries.len());
        field.place.report::<()>("out-of-range", message);
        return Vec::new();
    }
    entries.iter().filter_map(|(id, field)| read(id, field)).collect()
}

fn role(id: &str, field: &Field<'_, '_>) -> Option<Role> {
    if Who::WORDS.contains(&id) || id.starts_with('_') {
        return field.place.report_with_hint(
            "bad-name",
            format!("`{id}` would not be told from a function, or has a meaning of its own"),
            "begin a role's name with a letter",
        );
    }
    check_name(&field.place, id);
    if field.value.is_null() {
        return Some(Role { id: id.to_owned(), name: id.to_owned(), ..Role::default() });
    }
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.take("name").map(|field| read_title(&field).map(str::to_owned));
    let details = fields.take("details").map(|field| {
        let details = field.any_text()?;
        if details.chars().count() > MAX_DETAILS {
            let message = format!("must have at most {MAX_DETAILS} characters");
            return field.place.report("out-of-range", message);
        }
        Some(details.to_owned())
    });
    let emails = fields.take("emails").map(|field| read_mail_addresses(&field));
    let emails_to_members = fields.take("emails_to_members").map(|field| field.boolean());
    fields.close();
    Some(Role {
        id: id.to_owned(),
        name: name.unwrap_or_else(|| Some(id.to_owned()))?,
        details: details.unwrap_or_else(|| Some(String::new()))?,
        emails: emails.unwrap_or_default(),
        emails_to_members: emails_to_members.unwrap_or(Some(false))?,
    })
}

/// Writes a role; what is as it would be anyway is left out.
pub fn write_role(role: &Role) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(role.name == role.id, "name", role.name.clone());
    members.put_unless(role.details.is_empty(), "details", role.details.clone());
    members.put_unless(role.emails.is_empty(), "emails", texts(&role.emails));
    members.put_unless(!role.emails_to_members, "emails_to_members", role.emails_to_members);
    members.into_value()
}

fn user(id: &str, field: &Field<'_, '_>) -> Option<User> {
    check_name(&field.place, id);
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.take("name").map(|field| read_title(&field).map(str::to_owned));
    let email = fields.take("email").map(|field| read_mail_address(&field));
    let name_ids = fields.take("name_id").map(|field| read_name_ids(&field));
    let roles = fields.take("roles").map(|field| read_role_ids(&field));
    let access = fields.take("access").map(|field| field.choice(Access::ALL, Access::name));
    fields.close();
    Some(User {
        id: id.to_owned(),
        name: name.unwrap_or_else(|| Some(id.to_owned()))?,
        email: email.map_or(Some(None), |read| read.map(Some))?,
        name_ids: name_ids.unwrap_or_else(|| Some(Vec::new()))?,
        roles: roles.unwrap_or_default(),
        access: access.unwrap_or(Some(USUAL_ACCESS))?,
    })
}

/// Reads an id at the identity provider, or a list of such ids.
fn read_name_ids(field: &Field<'_, '_>) -> Option<Vec<String>> {
    if field.value.as_array().is_none() {
        return Some(vec![read_name_id(field)?]);
    }
    let elements = field.elements();
    if elements.len() > MAX_NAME_IDS {
        let message = format!("at most {MAX_NAME_IDS} can be had, these are {}", elements.len());
        return field.place.report("out-of-range", message);
    }
    let all: Vec<Option<String>> = elements.iter().map(read_name_id).collect();
    all.into_iter().collect()
}

fn read_name_id(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    if text.len() <= MAX_NAME_ID_BYTES && !text.chars().any(char::is_control) {
        return Some(text.to_owned());
    }
    let message = format!("must be one line of at most {MAX_NAME_ID_BYTES} bytes");
    field.place.report("out-of-range", message)
}

fn read_role_ids(field: &Field<'_, '_>) -> Vec<String> {
    let elements = field.elements();
    if elements.len() > MAX_ROLES {
        field.place.report::<()>("out-of-range", format!("there are more than {MAX_ROLES} roles"));
        return Vec::new();
    }
    let mut roles: Vec<String> = Vec::new();
    for field in elements {
        let Some(role) = field.text() else { continue };
        check_name(&field.place, role);
        if is_name(role) && !roles.iter().any(|it| it == role) {
            roles.push(role.to_owned());
        }
    }
    roles
}

/// Writes somebody; what is as it would be anyway is left out.
pub fn write_user(user: &User) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(user.name == user.id, "name", user.name.clone());
    if let Some(email) = &user.email {
        members.put("email", email.clone());
    }
    match user.name_ids.as_slice() {
        [] => {}
        [only] => members.put("name_id", only.clone()),
        all => members.put("name_id", texts(all)),
    }
    members.put_unless(user.roles.is_empty(), "roles", texts(&user.roles));
    members.put_unless(user.access == USUAL_ACCESS, "access", user.access.name());
    members.into_value()
}

fn texts(texts: &[String]) -> Value<'static> {
    Value::Array(texts.iter().cloned().map(Value::from).collect())
}

/// By what somebody would be known as one of these others is: a program that names it means one person.
fn shared<'u>(user: &User, others: &'u [User]) -> impl Iterator<Item = (&'static str, &'u User)> {
    let same_email = |other: &&User| match (&other.email, &user.email) {
        (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
        _ => false,
    };
    let same_id = |other: &&User| other.name_ids.iter().any(|id| user.name_ids.contains(id));
    let found =
        [("email", others.iter().find(same_email)), ("name_id", others.iter().find(same_id))];
    found.into_iter().filter_map(|(key, other)| Some((key, other?)))
}

fn shared_with(other: &User) -> String {
    format!("`{}` has it already, and a program that names it means one person", other.id)
}
