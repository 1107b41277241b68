//! What there is: forms, categories, kinds of cards, people, roles, what a tracking code stands for.
//!
//! Which of them somebody may see is decided elsewhere; here is only how they are written.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::person::{Role, User};

use super::pieces::{Object, Tree};
use super::record::{self, Record, Site, escaped};

/// What is told of a form beside its definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormFacts {
    /// How much it is in use, where that was asked for: see [`popularity`].
    pub count: Option<u64>,
    /// Whether the caller may fill it in for others, where that was asked for.
    pub has_backoffice_submission: bool,
}

/// How much a form is in use: what came in lately counts more.
pub fn popularity(last_two_days: u64, last_eight_days: u64, last_thirty_days: u64) -> u64 {
    4 * last_two_days + 2 * last_eight_days + last_thirty_days
}

/// `GET /api/formdefs/`: all forms.
pub fn forms(forms: &[(&FormDefinition, FormFacts)], site: &Site<'_>) -> Value<'static> {
    ok(forms.iter().map(|(definition, facts)| form(definition, *facts, site)))
}

/// A form, as lists of forms have it.
fn form(definition: &FormDefinition, facts: FormFacts, site: &Site<'_>) -> Tree {
    let mut object = Object::default();
    object.set("title", definition.title.clone());
    object.set("slug", definition.name.clone());
    object.set("url", site.form_address(&definition.name));
    object.set("description", definition.description.clone());
    object.set("keywords", record::texts(&definition.keywords));
    object.set("authentication_required", !definition.submitters.is_empty());
    object.set("always_advertise", false);
    object.set("redirection", false);
    object.set("functions", functions(definition, site));
    if let Some(category) = &definition.category {
        object.set("category", category.clone());
        object.set("category_slug", category_slug(category));
    }
    object.set_some("count", facts.count);
    if facts.has_backoffice_submission {
        let slug = escaped(&definition.name);
        let address = format!("{}/backoffice/submission/{slug}/", site.base);
        object.set("backoffice_submission_url", address);
    }
    object.into()
}

fn functions(definition: &FormDefinition, site: &Site<'_>) -> Object {
    let mut object = Object::default();
    for function in &definition.lifecycle.functions {
        let mut described = Object::default();
        described.set("label", function.name.clone());
        let role = function.role.as_deref().and_then(|id| site.role(id));
        described.set_some("role", role.map(record::role));
        object.set(&function.id, described);
    }
    object
}

/// A category's name as part of an address.
pub fn category_slug(category: &str) -> String {
    let mut slug = String::new();
    for character in category.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// `GET /api/categories/`: the categories of these forms, by name. With `is_full` each has its forms.
pub fn categories(
    definitions: &[&FormDefinition],
    is_full: bool,
    site: &Site<'_>,
) -> Value<'static> {
    let mut names: Vec<&str> =
        definitions.iter().filter_map(|form| form.category.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let category = |name: &&str| {
        let slug = category_slug(name);
        let members: Vec<&FormDefinition> = definitions
            .iter()
            .copied()
            .filter(|form| form.category.as_deref() == Some(*name))
            .collect();
        let mut keywords: Vec<String> =
            members.iter().flat_map(|form| form.keywords.iter().cloned()).collect();
        keywords.sort_unstable();
        keywords.dedup();
        let mut object = Object::default();
        object.set("title", (*name).to_owned());
        object.set("url", site.form_address(&slug));
        object.set("slug", slug);
        object.set("keywords", record::texts(&keywords));
        if is_full {
            let forms = members.iter().map(|one| form(one, FormFacts::default(), site));
            object.set("forms", Tree::List(forms.collect()));
        }
        Tree::from(object)
    };
    data(names.iter().map(category))
}

/// `GET /api/categories/<slug>/formdefs/`: the forms of a category; nothing where there is none.
pub fn category_forms(
    definitions: &[&FormDefinition],
    slug: &str,
    site: &Site<'_>,
) -> Option<Value<'static>> {
    let is_member = |form: &&&FormDefinition| {
        form.category.as_deref().is_some_and(|category| category_slug(category) == slug)
    };
    let members: Vec<_> =
        definitions.iter().filter(is_member).map(|one| (*one, FormFacts::default())).collect();
    (!members.is_empty()).then(|| forms(&members, site))
}

/// `GET /api/cards/@list`: the kinds of cards, each with its name in addresses and its title.
pub fn card_kinds(kinds: &[(&str, &str)], site: &Site<'_>) -> Value<'static> {
    ok(kinds.iter().map(|(slug, title)| {
        let escaped = escaped(slug);
        let mut object = Object::default();
        object.set("title", (*title).to_owned());
        object.set("slug", (*slug).to_owned());
        object.set("url", format!("{}/backoffice/data/{escaped}/", site.base));
        object.set("description", "");
        object.set("keywords", Tree::List(Vec::new()));
        object.into()
    }))
}

/// `GET /api/user/`: somebody, with the roles of the project that they have.
pub fn user(user: &User, number: u64, site: &Site<'_>) -> Value<'static> {
    let known = user.roles.iter().filter_map(|id| site.role(id));
    let roles = known.map(|role| {
        Value::object([
            ("name", role.name.clone()),
            ("text", role.name.clone()),
            ("slug", role.id.clone()),
            ("id", role.id.clone()),
        ])
    });
    let mut object = identity(user, number);
    object.set("user_display_name", user.name.clone());
    object.set("user_email", Tree::text_or_null(user.email.as_deref()));
    object.set("user_roles", Tree::Value(Value::Array(roles.collect())));
    Tree::from(object).into_value()
}

fn identity(user: &User, number: u64) -> Object {
    record::user(&fieldpost_model::person::UserReference {
        number,
        name: user.name.clone(),
        email: user.email.clone(),
        name_ids: user.name_ids.clone(),
    })
}

/// `GET /api/users/`: people with the numbers that records know them by.
pub fn users(users: &[(&User, u64)]) -> Value<'static> {
    ok(users.iter().map(|(user, number)| {
        let mut object = Object::default();
        object.set("user_display_name", user.name.clone());
        object.set("user_email", Tree::text_or_null(user.email.as_deref()));
        object.set("user_id", *number);
        object.set("user_nameid", Tree::text_or_null(user.name_ids.first().map(String::as_str)));
        object.into()
    }))
}

/// `GET /api/roles`.
pub fn roles(roles: &[Role]) -> Value<'static> {
    ok(roles.iter().map(|role| record::role(role).into()))
}

/// `GET /api/code/<code>`: where the submission is. `load` is an address by which its bearer comes in
/// for a short time.
pub fn code(
    record: &Record<'_>,
    site: &Site<'_>,
    load: Option<&str>,
    is_backoffice: bool,
) -> Value<'static> {
    let addresses = site.addresses(&record.definition.name, &record.id());
    let url = if is_backoffice { addresses.backoffice } else { addresses.front };
    let mut object = Object::default();
    object.set("err", 0_i64);
    object.set("url", url);
    object.set_some("load_url", load.map(str::to_owned));
    Tree::from(object).into_value()
}

/// `GET /api/code/<code>` of old releases: the address before the number.
pub fn classic_code(record: &Record<'_>, site: &Site<'_>) -> Value<'static> {
    let url = site.addresses(&record.definition.name, &record.id()).front;
    Value::object([("url", Value::from(url)), ("err", Value::from(0_i64))])
}

/// The answer to a submission: where it is now, and the code that it is found by.
pub fn submitted(record: &Record<'_>, site: &Site<'_>) -> Value<'static> {
    let addresses = site.addresses(&record.definition.name, &record.id());
    let mut data = Object::default();
    data.set("id", record.id());
    data.set("url", addresses.front);
    data.set("backoffice_url", addresses.backoffice);
    data.set("api_url", addresses.api);
    let mut object = Object::default();
    object.set("err", 0_i64);
    object.set("data", data);
    object.set_some("tracking_code", record.progress.tracking_code.clone());
    Tree::from(object).into_value()
}

fn ok(trees: impl Iterator<Item = Tree>) -> Value<'static> {
    let mut object = Object::default();
    object.set("err", 0_i64);
    object.set("data", Tree::List(trees.collect()));
    Tree::from(object).into_value()
}

fn data(trees: impl Iterator<Item = Tree>) -> Value<'static> {
    let mut object = Object::default();
    object.set("data", Tree::List(trees.collect()));
    Tree::from(object).into_value()
}
