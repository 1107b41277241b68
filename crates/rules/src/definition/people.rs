//! People and roles of a project: the keys `users` and `roles`, read and written.
//!
//! A whole project does not take them yet (see `later`); alone they can be read and written.

use fieldpost_model::access::Access;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Who;
use fieldpost_model::person::{Role, User};

use super::address::{read_mail_address, read_mail_addresses};
use super::fields::{Field, Section, collect, suggestion_or};
use super::form::ADD_ROLE;
use super::problem::Problem;
use super::project::{check_name, read_title};
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

/// Reads the roles of a project: an object of them, by id.
pub fn read_roles(value: &Value<'_>) -> Result<Vec<Role>, Vec<Problem>> {
    collect("roles", |place| read_entries(&Field::alone(value, place), read_role))
}

/// Writes the roles of a project; what is as it would be anyway is left out.
pub fn write_roles(roles: &[Role]) -> Value<'static> {
    Value::object(roles.iter().map(|role| (role.id.clone(), write_role(role))))
}

/// Reads the people of a project: an object of them, by id. Whether their roles exist is for
/// [`user_references`] to tell.
pub fn read_users(value: &Value<'_>) -> Result<Vec<User>, Vec<Problem>> {
    collect("users", |place| {
        let field = Field::alone(value, place);
        let users = read_entries(&field, read_user)?;
        report_shared(&field, &users)?;
        Some(users)
    })
}

/// Writes the people of a project; what is as it would be anyway is left out.
pub fn write_users(users: &[User]) -> Value<'static> {
    Value::object(users.iter().map(|user| (user.id.clone(), write_user(user))))
}

/// The roles that people have and that are not there.
pub fn user_references(users: &[User], roles: &[&str]) -> Vec<Problem> {
    let named = users.iter().flat_map(|user| {
        let roles = user.roles.iter().enumerate();
        roles.map(|(index, role)| (format!("users.{}.roles[{index}]", user.id), role))
    });
    let unknown = named.filter(|(_, role)| !roles.contains(&role.as_str()));
    unknown
        .map(|(path, role)| Problem {
            path,
            code: "unknown-role",
            message: format!("there is no role `{role}` in this project"),
            hint: Some(suggestion_or(role, roles, ADD_ROLE)),
        })
        .collect()
}

/// Reads an object of things by their names; nothing where one of them cannot be read.
fn read_entries<T>(
    field: &Field<'_, '_>,
    read: fn(&str, &Field<'_, '_>) -> Option<T>,
) -> Option<Vec<T>> {
    field.value.as_object().or_else(|| field.wrong_type("an object with keys"))?;
    let entries = field.entries();
    if entries.len() > MAX_ENTRIES {
        let message =
            format!("there are {} entries; at most {MAX_ENTRIES} can be had", entries.len());
        return field.place.report("out-of-range", message);
    }
    let all: Vec<Option<T>> = entries.iter().map(|(id, field)| read(id, field)).collect();
    all.into_iter().collect()
}

fn read_role(id: &str, field: &Field<'_, '_>) -> Option<Role> {
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

fn write_role(role: &Role) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(role.name == role.id, "name", role.name.clone());
    members.put_unless(role.details.is_empty(), "details", role.details.clone());
    members.put_unless(role.emails.is_empty(), "emails", texts(&role.emails));
    members.put_unless(!role.emails_to_members, "emails_to_members", role.emails_to_members);
    members.into_value()
}

fn read_user(id: &str, field: &Field<'_, '_>) -> Option<User> {
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
        if !roles.iter().any(|it| it == role) {
            roles.push(role.to_owned());
        }
    }
    roles
}

fn write_user(user: &User) -> Value<'static> {
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

/// Reports what would name two people at once: a program that names somebody means one.
fn report_shared(field: &Field<'_, '_>, users: &[User]) -> Option<()> {
    let mut result = Some(());
    for (index, user) in users.iter().enumerate() {
        let others = users.get(..index).unwrap_or_default();
        let same_email = |other: &&User| match (&other.email, &user.email) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            _ => false,
        };
        let same_id = |other: &&User| other.name_ids.iter().any(|id| user.name_ids.contains(id));
        for (key, other) in
            [("email", others.iter().find(same_email)), ("name_id", others.iter().find(same_id))]
        {
            if let Some(other) = other {
                result = field.place.key(&user.id).key(key).report_with_hint(
                    "duplicate-value",
                    format!(
                        "`{}` has it already, and a program that names it means one person",
                        other.id
                    ),
                    "give it to one of them",
                );
            }
        }
    }
    result
}
