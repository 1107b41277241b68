//! Forms that the hub asks: the keys of one, read and written.
//!
//! What is asked stands under `fields`, what becomes of each submission under `lifecycle`. The words are
//! those of w.c.s.; what is left out is as w.c.s. has it. A form without a lifecycle, or a lifecycle
//! without statuses, has the usual ones.
//!
//! Whatever a form names of its own (statuses, functions, fields) is looked up while it is read; roles and
//! connections are the project's, and [`form_references`] looks for them.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::form_definition::{Drafts, FieldType, FormDefinition, TrackingCodes};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Lifecycle;

use super::fields::{Field, Fields, Place, Section, collect};
use super::problem::Problem;
use super::project::{check_name, read_title};
use super::write::Members;

mod action;
mod call;
mod field;
mod items;
mod jump;
mod known;
mod lifecycle;
mod references;
mod status;
mod text;
mod warned;
mod who;

use field::{OF_FORM, read_fields, write_fields};
use known::{Keys, Known};
use lifecycle::{read_lifecycle, write_lifecycle};
pub(in crate::definition) use references::ADD_ROLE;
pub use references::form_references;
use text::{read_template, read_texts, write_texts};
pub use warned::form_warnings;
use who::{People, read_role_names, read_who, write_who};

#[cfg(test)]
pub(super) mod tests;

/// What no form can be called, because something else is found at that address.
const RESERVED: [&str; 8] =
    ["api", "backoffice", "code", "formlist", "forms", "key", "read", "submission"];

/// The longest description and hint, in characters.
const MAX_DESCRIPTION: usize = 2_000;

/// How many words a form can be found by.
const MAX_KEYWORDS: usize = 50;

/// How many roles can be named in one place.
const MAX_ROLES: usize = 50;

/// How long drafts can be kept.
const LIFESPAN: RangeInclusive<Duration> =
    Duration::from_hours(1)..=Duration::from_hours(3_650 * 24);

/// How many drafts one person can be allowed.
const DRAFTS: RangeInclusive<u32> = 1..=1_000;

/// Reads a form. Whether its roles and connections exist is for [`form_references`] to tell.
pub fn read_form(name: &str, value: &Value<'_>) -> Result<FormDefinition, Vec<Problem>> {
    collect(&format!("forms.{name}"), |place| read(name, value, place))
}

/// Reads a form that is stored already. It may be called what became an address of the hub's own since.
pub fn read_stored_form(name: &str, value: &Value<'_>) -> Result<FormDefinition, Vec<Problem>> {
    collect(&format!("forms.{name}"), |place| read_whatever_its_name(name, value, place))
}

/// Writes a form; what is as it would be anyway is left out.
pub fn write_form(form: &FormDefinition) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(form.title == form.name, "title", form.title.clone());
    let description = form.description.clone();
    members.put_unless(description.is_empty(), "description", description);
    put_optional(&mut members, "category", form.category.as_deref());
    members.put_unless(form.keywords.is_empty(), "keywords", write_texts(&form.keywords));
    members.put_unless(!form.disabled, "disabled", form.disabled);
    members.put_unless(!form.only_allow_one, "only_allow_one", form.only_allow_one);
    members.put_unless(form.submitters.is_empty(), "submitters", write_who(&form.submitters));
    let roles = &form.submission_roles;
    members.put_unless(roles.is_empty(), "submission_roles", write_texts(roles));
    if let Some(codes) = &form.tracking_codes {
        members.put("tracking_codes", write_tracking_codes(codes));
    }
    members.put_unless(form.drafts == Some(Drafts::DEFAULT), "drafts", write_drafts(form.drafts));
    put_optional(&mut members, "digest", form.digest_template.as_deref());
    put_optional(&mut members, "id_template", form.id_template.as_deref());
    put_optional(&mut members, "geolocation", form.geolocation.as_deref());
    members.put("fields", write_fields(&form.fields, OF_FORM));
    let lifecycle = &form.lifecycle;
    members.put_unless(*lifecycle == Lifecycle::usual(), "lifecycle", write_lifecycle(lifecycle));
    members.into_value()
}

/// Adds a key whose text there may not be.
fn put_optional(members: &mut Members, key: &'static str, text: Option<&str>) {
    if let Some(text) = text {
        members.put(key, text.to_owned());
    }
}

/// What a key that may be left out says: nothing where it is, and nothing at all where it cannot be read.
#[expect(clippy::option_option, reason = "the outer one is whether it could be read")]
fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |read| read.map(Some))
}

pub(super) fn read(name: &str, value: &Value<'_>, place: Place<'_>) -> Option<FormDefinition> {
    // Nothing else checks this: a form that is stored under such a name must not keep a project from being read.
    if RESERVED.contains(&name) {
        place.report_with_hint::<()>(
            "reserved-name",
            format!("no form can be called `{name}`: addresses of the hub's own are called so"),
            format!("write `{name}-form`, or another name"),
        );
    }
    read_whatever_its_name(name, value, place)
}

fn read_whatever_its_name(
    name: &str,
    value: &Value<'_>,
    place: Place<'_>,
) -> Option<FormDefinition> {
    check_name(&place, name);
    let mut form = Fields::open(Section::Inner, value, place)?;
    let known = Known::of(value.get("lifecycle"));
    let asked = form.require("fields").map(|field| read_fields(&field, OF_FORM));
    let asked = asked.flatten();
    let keys = Keys::of(asked.as_deref());
    let lifecycle = form.take("lifecycle").map(|field| read_lifecycle(&field, &known, &keys));
    let title = form.take("title").map(|field| read_title(&field).map(str::to_owned));
    let description =
        form.take("description").map(|field| text::read_lines(&field, MAX_DESCRIPTION));
    let category = form.take("category").map(|field| read_title(&field).map(str::to_owned));
    let keywords = form.take("keywords").map(|field| read_texts(&field, MAX_KEYWORDS));
    let disabled = form.take("disabled").map(|field| field.boolean());
    let only_allow_one = form.take("only_allow_one").map(|field| field.boolean());
    let submitters =
        form.take("submitters").map(|field| read_who(&field, &known, People::Submitting));
    let submission_roles = form.take("submission_roles").map(|field| read_role_names(&field));
    let tracking_codes =
        form.take("tracking_codes").map(|field| read_tracking_codes(&field, &keys));
    let drafts = form.take("drafts").map(|field| read_drafts(&field));
    let digest_template = form.take("digest").map(|field| read_template(&field));
    let id_template = form.take("id_template").map(|field| read_template(&field));
    let geolocation = form.take("geolocation").map(|field| keys.read(&field, Some(FieldType::Map)));
    form.close();
    Some(FormDefinition {
        name: name.to_owned(),
        title: title.unwrap_or_else(|| Some(name.to_owned()))?,
        description: description.unwrap_or_else(|| Some(String::new()))?,
        category: optional(category)?,
        keywords: keywords.unwrap_or_default(),
        disabled: disabled.unwrap_or(Some(false))?,
        only_allow_one: only_allow_one.unwrap_or(Some(false))?,
        submitters: submitters.unwrap_or_default(),
        submission_roles: submission_roles.unwrap_or_default(),
        tracking_codes: tracking_codes.unwrap_or(Some(None))?,
        drafts: drafts.unwrap_or(Some(Some(Drafts::DEFAULT)))?,
        digest_template: optional(digest_template)?,
        id_template: optional(id_template)?,
        geolocation: optional(geolocation)?,
        fields: asked?,
        lifecycle: lifecycle.unwrap_or_else(|| Some(Lifecycle::usual()))?,
    })
}

/// Reads `true`, `false`, or which answers must be given with a code.
#[expect(clippy::option_option, reason = "the outer one is whether it could be read")]
fn read_tracking_codes(field: &Field<'_, '_>, keys: &Keys) -> Option<Option<TrackingCodes>> {
    if field.value.as_object().is_none() {
        return Some(field.boolean()?.then(TrackingCodes::default));
    }
    let mut fields = field.fields(Section::Inner)?;
    let verify = fields
        .take("verify")
        .map(|field| field.elements().iter().filter_map(|field| keys.read(field, None)).collect());
    fields.close();
    Some(Some(TrackingCodes { verify_fields: verify.unwrap_or_default() }))
}

fn write_tracking_codes(codes: &TrackingCodes) -> Value<'static> {
    match codes.verify_fields.as_slice() {
        [] => Value::from(true),
        verify => Value::object([("verify", write_texts(verify))]),
    }
}

/// Reads `true`, `false`, or how long and how many drafts are kept.
#[expect(clippy::option_option, reason = "the outer one is whether it could be read")]
fn read_drafts(field: &Field<'_, '_>) -> Option<Option<Drafts>> {
    if field.value.as_object().is_none() {
        return Some(field.boolean()?.then_some(Drafts::DEFAULT));
    }
    let mut fields = field.fields(Section::Inner)?;
    let lifespan = fields.take("lifespan").map(|field| field.duration(LIFESPAN));
    let max_per_user = fields.take("max_per_user").map(|field| field.whole_number(DRAFTS));
    fields.close();
    Some(Some(Drafts {
        lifespan: lifespan.unwrap_or(Some(Drafts::DEFAULT.lifespan))?,
        max_per_user: max_per_user.unwrap_or(Some(Drafts::DEFAULT.max_per_user))?,
    }))
}

fn write_drafts(drafts: Option<Drafts>) -> Value<'static> {
    let Some(Drafts { lifespan, max_per_user }) = drafts else { return Value::from(false) };
    let default = Drafts::DEFAULT;
    let mut members = Members::default();
    members.put_unless(lifespan == default.lifespan, "lifespan", duration::format(lifespan));
    let is_default = max_per_user == default.max_per_user;
    members.put_unless(is_default, "max_per_user", u64::from(max_per_user));
    members.into_value()
}
