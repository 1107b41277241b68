//! A form, read from the document that another system gives of it.
//!
//! Every key of the document is taken out of its object once it is understood ([`Keys`]); what is still there at
//! the end is told. So nothing that a schema says is lost without a word, whatever it is.

use std::time::Duration;

use fieldpost_model::form_definition::{
    Drafts, FieldType, FormDefinition, FormField, TrackingCodes, keyed,
};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{CriticalityLevel, Function, Lifecycle, RECEIVER, Status};

use super::fields::Around;
use super::keys::{Keys, filled, written};
use super::missing::{Missing, MissingCode};
use super::reader::{Reader, colour};
use super::{DIGEST, PLACE};
use crate::openfn::names::Names;

/// The longest that drafts can be kept, in days.
const MOST_DAYS: u64 = 3_650;

/// The most drafts that one person can be allowed.
const MOST_DRAFTS: u32 = 1_000;

/// A form that was read, and what its author has to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The form, as far as the document says.
    pub definition: FormDefinition,
    /// What the document does not say, or what cannot be taken over.
    pub missing: Vec<Missing>,
}

/// Reads a form. `None` where it is no such document: it has no fields, or no name.
pub fn read(document: &Value<'_>) -> Option<Found> {
    let mut reader = Reader::default();
    let mut keys = Keys::of(document)?;
    let asked = keys.take("fields", Value::as_array)?;
    let (title, slug) = (keys.text("name"), keys.text("url_name"));
    let title = title.or_else(|| slug.clone())?;
    let fields = reader.fields(asked, Around { path: "fields", prefix: "", depth: 0 });
    let lifecycle = reader.lifecycle(&mut keys);
    let category = keys.text("category");
    // The id of a category is its place in the other system's own list; what is written here follows from its name.
    let own_id = category.as_deref().map(super::category_slug);
    keys.take("category_id", |id| (id.as_str() == own_id.as_deref()).then_some(()));
    let definition = FormDefinition {
        name: slug.unwrap_or_else(|| super::category_slug(&title)),
        title,
        description: keys.take("description", written).unwrap_or_default(),
        category,
        keywords: reader.keywords(&mut keys),
        disabled: keys.flag("disabled").unwrap_or(false),
        only_allow_one: keys.flag("only_allow_one").unwrap_or(false),
        submission_roles: reader.roles(&mut keys, "backoffice_submission_roles"),
        tracking_codes: reader.tracking_codes(&mut keys, &fields),
        drafts: Some(drafts(&mut keys)),
        digest_template: reader.digest(&mut keys),
        id_template: keys.text("id_template"),
        geolocation: reader.place(&mut keys, &fields),
        fields,
        lifecycle,
        ..FormDefinition::default()
    };
    reader.leave(keys, "");
    Some(Found { definition, missing: reader.missing })
}

/// How drafts are kept: w.c.s. counts days.
fn drafts(keys: &mut Keys<'_>) -> Drafts {
    let days = |value: &Value<'_>| {
        let days: u64 = filled(value)?.parse().ok()?;
        (1..=MOST_DAYS).contains(&days).then(|| Duration::from_hours(days * 24))
    };
    let most = |value: &Value<'_>| {
        let most: u32 = filled(value)?.parse().ok()?;
        (1..=MOST_DRAFTS).contains(&most).then_some(most)
    };
    let usual = Drafts::DEFAULT;
    Drafts {
        lifespan: keys.take("drafts_lifespan", days).unwrap_or(usual.lifespan),
        max_per_user: keys.take("drafts_max_per_user", most).unwrap_or(usual.max_per_user),
    }
}

impl Reader {
    /// Words, as a list or with commas between them.
    fn keywords(&mut self, keys: &mut Keys<'_>) -> Vec<String> {
        let words = keys.take("keywords", Value::as_str);
        words.map_or_else(
            || self.texts(keys, "keywords", ""),
            |words| {
                let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
                words.map(str::to_owned).collect()
            },
        )
    }

    /// Whether records are found by a code, and what must be said with it: fields by their keys, or by their ids
    /// as w.c.s. has them.
    fn tracking_codes(
        &mut self,
        keys: &mut Keys<'_>,
        fields: &[FormField],
    ) -> Option<TrackingCodes> {
        if !keys.flag("enable_tracking_codes").unwrap_or(false) {
            return None;
        }
        let keyed = keyed(fields);
        let known = |value: &Value<'_>| {
            let written = filled(value)?;
            let is_it = |it: &&(String, &FormField)| it.0 == written;
            let found = keyed.iter().find(is_it);
            let found = found.or_else(|| keyed.iter().find(|(_, field)| field.id == written));
            found.map(|(key, _)| key.clone())
        };
        let verify_fields = self.list(keys, "tracking_code_verify_fields", "", known);
        Some(TrackingCodes { verify_fields: verify_fields.unwrap_or_default() })
    }

    /// The one template that tells records apart; others belong to views, which there are not here.
    fn digest(&mut self, keys: &mut Keys<'_>) -> Option<String> {
        const ALL: &str = "digest_templates";
        let Some(mut all) = keys.take(ALL, Keys::of) else { return keys.text("digest_template") };
        let digest = all.text(DIGEST);
        self.leave(all, ALL);
        digest
    }

    /// The field that places a record. w.c.s. writes a label there and takes the first map; this system writes
    /// the key of the field.
    fn place(&mut self, keys: &mut Keys<'_>, fields: &[FormField]) -> Option<String> {
        const ALL: &str = "geolocations";
        let mut all = keys.take(ALL, Keys::of)?;
        let keyed = keyed(fields).into_iter();
        let maps: Vec<_> = keyed.filter(|(_, field)| field.field_type == FieldType::Map).collect();
        let label = all.peek(PLACE).and_then(filled);
        let named = maps.iter().find(|(key, _)| Some(key) == label.as_ref());
        let named = named.or_else(|| maps.iter().find(|(_, it)| Some(&it.label) == label.as_ref()));
        if named.is_some() {
            all.text(PLACE);
        }
        let is_there = all.peek(PLACE).is_some() || named.is_some();
        let found = named.or_else(|| maps.first()).filter(|_| is_there);
        self.leave(all, ALL);
        found.map(|(key, _)| key.clone())
    }

    fn lifecycle(&mut self, form: &mut Keys<'_>) -> Lifecycle {
        const HERE: &str = "lifecycle";
        let Some(mut keys) = form.take("workflow", Keys::of) else { return Lifecycle::usual() };
        let statuses = self.statuses(&mut keys);
        let added = keys.take("fields", Value::as_array).unwrap_or_default();
        let around = Around { path: "lifecycle.backoffice_fields", prefix: "bo", depth: 0 };
        let backoffice_fields = self.fields(added, around);
        let functions = self.functions(&mut keys);
        if let Some(actions) = keys.take("actions", Keys::of) {
            for (key, action) in actions.rest() {
                self.miss_said(MissingCode::Action, key, HERE.to_owned(), action);
            }
        }
        if let Some(roles) = keys.take("roles", Keys::of) {
            for (id, name) in roles.rest() {
                self.miss_said(MissingCode::Role, id, format!("{HERE}.roles.{id}"), name);
            }
        }
        let levels = self.list(&mut keys, "criticality_levels", HERE, level);
        let lifecycle = Lifecycle {
            name: keys.text("name").unwrap_or_default(),
            functions,
            statuses,
            backoffice_fields,
            criticality_levels: levels.unwrap_or_default(),
            ..Lifecycle::default()
        };
        self.leave(keys, HERE);
        lifecycle
    }

    fn statuses(&mut self, workflow: &mut Keys<'_>) -> Vec<Status> {
        let written = workflow.take("statuses", Value::as_array).unwrap_or_default();
        let mut statuses: Vec<Status> = Vec::new();
        let mut ids = Names::default();
        for (status, number) in written.iter().zip(1_u64..) {
            match self.status(status, &mut ids) {
                Some(status) => statuses.push(status),
                None => self.leave_out(&number.to_string(), "lifecycle.statuses", status),
            }
        }
        if statuses.is_empty() { Lifecycle::usual().statuses } else { statuses }
    }

    /// A status; nothing where it has no id. Of two with one id the later one gets another.
    fn status(&mut self, status: &Value<'_>, ids: &mut Names) -> Option<Status> {
        let mut keys = Keys::of(status)?;
        let written = keys.text("id")?;
        let id = ids.id(&written);
        let path = format!("lifecycle.statuses.{id}");
        if id != written {
            self.miss_said(MissingCode::Twice, &id, path.clone(), &Value::from(written.clone()));
        }
        let is_end = keys.flag("endpoint").unwrap_or(true);
        let is_left_at_once = keys.peek("waitpoint").and_then(Value::as_bool) == Some(false);
        if !is_end {
            let path = format!("{path}.actions");
            if is_left_at_once {
                let said = Value::object([("waitpoint", false)]);
                self.miss_said(MissingCode::StatusActions, &id, path, &said);
            } else {
                self.miss(MissingCode::StatusActions, &id, path);
            }
        }
        // Records wait in whatever is an end; so there only the contrary would say something.
        if !(is_end && is_left_at_once) {
            keys.flag("waitpoint");
        }
        let mut visible_to = self.people(&mut keys, "visible_to", &path);
        visible_to.extend(self.people(&mut keys, "visibility", &path));
        let status = Status {
            name: keys.text("name").unwrap_or(written),
            forced_endpoint: keys.flag("forced_endpoint").unwrap_or(false),
            visible_to,
            colour: keys.take("colour", colour).or_else(|| keys.take("color", colour)),
            id,
            ..Status::default()
        };
        self.leave(keys, &path);
        Some(status)
    }

    /// Functions by their ids; the receiver is always there, and first.
    fn functions(&mut self, workflow: &mut Keys<'_>) -> Vec<Function> {
        let written = workflow.take("functions", Keys::of);
        let mut functions: Vec<Function> = Vec::new();
        for (id, described) in written.into_iter().flat_map(Keys::rest) {
            functions.push(self.function(id, described));
        }
        if !functions.iter().any(|function| function.id == RECEIVER) {
            functions.insert(0, Function::receiver());
        }
        functions.sort_by_key(|function| function.id != RECEIVER);
        for function in functions.iter().filter(|function| function.role.is_none()) {
            let path = format!("lifecycle.functions.{}", function.id);
            self.miss(MissingCode::FunctionRole, &function.id, path);
        }
        functions
    }

    /// A function: what it is called, or that and the role that has it.
    fn function(&mut self, id: &str, described: &Value<'_>) -> Function {
        let usual = Function::named(id);
        if let Some(name) = filled(described) {
            return Function { name, ..usual };
        }
        let Some(mut keys) = Keys::of(described) else {
            self.leave_out(id, "lifecycle.functions", described);
            return usual;
        };
        let path = format!("lifecycle.functions.{id}");
        let name = keys.text("label").or_else(|| keys.text("name"));
        let way = format!("{path}.role");
        let mut bound = self.bound(&mut keys, "role", &way);
        if bound.is_none()
            && let Some(mut described) = keys.take("role", Keys::of)
        {
            bound = self.bound(&mut described, "slug", &way);
            bound = bound.or_else(|| self.bound(&mut described, "id", &way));
            self.leave(described, &way);
        }
        self.leave(keys, &path);
        Function { name: name.unwrap_or(usual.name), role: bound, id: usual.id }
    }

    /// The role that stands under a key, if it can be one.
    fn bound(&mut self, keys: &mut Keys<'_>, key: &str, path: &str) -> Option<String> {
        let role = self.role(keys.peek(key)?, path)?;
        keys.take(key, Some);
        Some(role)
    }
}

/// How pressing a record can be: a name, or a name with its colour.
fn level(value: &Value<'_>) -> Option<CriticalityLevel> {
    if let Some(name) = filled(value) {
        return Some(CriticalityLevel { name, colour: None });
    }
    let mut keys = Keys::of(value)?;
    let name = keys.text("name")?;
    let colour = keys.take("colour", colour).or_else(|| keys.take("color", colour));
    let has_more = keys.rest().any(|(_, value)| super::keys::says_something(value));
    (!has_more).then_some(CriticalityLevel { name, colour })
}
