//! Who may come in: the keys of `api_access`, and the `access` of the sources that own receiver
//! paths.
//!
//! A receiver path has the project's name in it and nothing secret, so it needs somebody who proves
//! himself, or a source that says it takes posts from anybody. Of the sources of one dialect only one
//! can own its paths, for a post must not find two. The addresses of a source of w.c.s. are secret; with
//! `access` what comes to them must be signed by one of these keys as well.

use std::ops::RangeInclusive;

use fieldpost_model::connection::SigningAlgorithm;
use fieldpost_model::json::Value;
use fieldpost_model::project::{ApiAccess, NonceRule};
use fieldpost_model::secret::Secret;
use fieldpost_model::source::{Dialect, ReceiverAccess, Source};

use super::fields::{ADD_KEY, Field, Section, suggestion_or};
use super::problem::Problem;
use super::project::check_name;
use super::write::{Members, Secrets};
use super::{ProjectDefinition, ProjectDraft, SourceDraft};

/// The most keys of a project: each of them is compared with a wrong token.
const MOST_KEYS: usize = 200;

/// The longest secret of a key, in bytes.
const SECRET_BYTES: RangeInclusive<usize> = 1..=256;

/// The most roles of a key.
const MOST_ROLES: usize = 50;

/// The dialects that have receiver paths.
const WITH_RECEIVER: [Dialect; 2] = [Dialect::Openrosa, Dialect::Commcare];

/// The dialect whose senders prove themselves at the addresses of the source, which it shares with nobody.
const WITH_SIGNATURES: Dialect = Dialect::Wcs;

/// What `access` says where anybody may post.
const ANONYMOUS: &str = "anonymous";

/// What the queries of a key may be signed with, unless it says so itself.
const USUAL_ALGORITHMS: [SigningAlgorithm; 1] = [SigningAlgorithm::Sha256];

/// Reads the keys of a project.
pub(super) fn read_api_access(field: &Field<'_, '_>) -> Vec<ApiAccess> {
    let entries = field.entries();
    if entries.len() > MOST_KEYS {
        field.place.report::<()>("out-of-range", format!("there are more than {MOST_KEYS} keys"));
        return Vec::new();
    }
    entries.into_iter().filter_map(|(name, field)| read_key(name, &field)).collect()
}

fn read_key(name: &str, field: &Field<'_, '_>) -> Option<ApiAccess> {
    check_name(&field.place, name);
    let mut fields = field.fields(Section::Inner)?;
    let secret = fields.require("secret").and_then(read_secret);
    let algorithms = fields.take("algorithms").map(|field| read_algorithms(&field));
    let roles = fields.take("roles").map(|field| read_roles(&field));
    let anonymised_only = fields.take("anonymised_only").map(|field| field.boolean());
    let nonce = fields.take("nonce").map(|field| field.choice(NonceRule::ALL, NonceRule::name));
    fields.close();
    Some(ApiAccess {
        name: name.to_owned(),
        secret: secret?,
        algorithms: algorithms.unwrap_or_else(|| USUAL_ALGORITHMS.to_vec()),
        roles: roles.unwrap_or_default(),
        anonymised_only: anonymised_only.unwrap_or(Some(false))?,
        nonce: nonce.unwrap_or(Some(NonceRule::Required))?,
    })
}

/// A secret is sent as a password, so it has no character that HTTP does not send.
fn read_secret(field: Field<'_, '_>) -> Option<Secret> {
    let place = field.place.clone();
    let secret = field.secret()?;
    let text = secret.expose();
    if !SECRET_BYTES.contains(&text.len()) || text.chars().any(char::is_control) {
        return place.report(
            "bad-secret",
            format!(
                "the secret of a key has at most {} bytes, and no control characters",
                SECRET_BYTES.end()
            ),
        );
    }
    Some(secret)
}

fn read_algorithms(field: &Field<'_, '_>) -> Vec<SigningAlgorithm> {
    let elements = field.elements().into_iter();
    let mut algorithms: Vec<_> = elements
        .filter_map(|field| field.choice(SigningAlgorithm::ALL, SigningAlgorithm::name))
        .collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    algorithms
}

fn read_roles(field: &Field<'_, '_>) -> Vec<String> {
    let elements = field.elements();
    if elements.len() > MOST_ROLES {
        field.place.report::<()>("out-of-range", format!("there are more than {MOST_ROLES} roles"));
        return Vec::new();
    }
    let roles = elements.into_iter().filter_map(|field| {
        let role = field.text()?;
        check_name(&field.place, role);
        Some(role.to_owned())
    });
    roles.collect()
}

/// Writes the keys of a project, each under its name.
pub(super) fn write_api_access(keys: &[ApiAccess], secrets: Secrets) -> Value<'static> {
    Value::object(keys.iter().map(|key| (key.name.clone(), write_key(key, secrets))))
}

fn write_key(key: &ApiAccess, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("secret", secrets.secret(&key.secret));
    let algorithms: Vec<_> = key.algorithms.iter().map(|it| Value::from(it.name())).collect();
    members.put_unless(key.algorithms == USUAL_ALGORITHMS, "algorithms", algorithms);
    let roles: Vec<_> = key.roles.iter().cloned().map(Value::from).collect();
    members.put_unless(roles.is_empty(), "roles", roles);
    members.put_unless(!key.anonymised_only, "anonymised_only", key.anonymised_only);
    members.put_unless(key.nonce == NonceRule::Required, "nonce", key.nonce.name());
    members.into_value()
}

/// Reads who may post to the receiver paths of a source.
pub(super) fn read_access(
    field: &Field<'_, '_>,
    dialect: Option<Dialect>,
) -> Option<ReceiverAccess> {
    let has_access =
        |dialect: &Dialect| WITH_RECEIVER.contains(dialect) || *dialect == WITH_SIGNATURES;
    if let Some(dialect) = dialect.filter(|dialect| !has_access(dialect)) {
        return field.place.report_with_hint(
            "wrong-value",
            format!("a source of the dialect `{dialect}` has no receiver paths"),
            "leave `access` out, or write `dialect: openrosa` or `dialect: commcare`",
        );
    }
    match field.value {
        Value::String(text) if &**text == ANONYMOUS => Some(ReceiverAccess::Anonymous),
        Value::Array(keys) if keys.is_empty() => field.place.report_with_hint(
            "wrong-value",
            "an empty list lets nobody in",
            "name keys of `api_access`, or leave `access` out",
        ),
        Value::Array(_) => {
            let elements = field.elements().into_iter();
            let mut keys: Vec<String> = Vec::new();
            for name in elements.filter_map(|field| field.text()) {
                if !keys.iter().any(|key| key == name) {
                    keys.push(name.to_owned());
                }
            }
            Some(ReceiverAccess::Keys(keys))
        }
        _ => field.place.report_with_hint(
            "wrong-value",
            format!("{} is neither `{ANONYMOUS}` nor a list of keys", field.shown()),
            "write `access: [partner]` with a key of `api_access`, or `access: anonymous`",
        ),
    }
}

/// Writes who may post to the receiver paths of a source.
pub(super) fn write_access(access: &ReceiverAccess) -> Value<'static> {
    match access {
        ReceiverAccess::Anonymous => Value::from(ANONYMOUS),
        ReceiverAccess::Keys(keys) => Value::Array(keys.iter().cloned().map(Value::from).collect()),
    }
}

/// Leaves the keys that a draft does not name as they are, unless they are to be pruned: what a file
/// does not name stays.
pub fn keep_api_access(
    draft: &mut ProjectDraft,
    existing: Option<&ProjectDefinition>,
    prune: bool,
) {
    let stored = existing.filter(|_| !prune).map_or(&[][..], |it| &it.settings.api_access);
    let named = &mut draft.settings.api_access;
    let mut keys: Vec<ApiAccess> = stored
        .iter()
        .map(|stored| {
            let again = named.iter().position(|key| key.name == stored.name);
            again.map_or_else(|| stored.clone(), |place| named.remove(place))
        })
        .collect();
    keys.append(named);
    draft.settings.api_access = keys;
}

/// A source, as far as it matters who may post to it.
struct Way<'a> {
    name: &'a str,
    dialect: Dialect,
    access: &'a ReceiverAccess,
}

impl<'a> Way<'a> {
    fn of(source: &'a Source) -> Option<Self> {
        let Source { name, dialect, access, .. } = source;
        Some(Self { name, dialect: *dialect, access: access.as_ref()? })
    }

    fn of_draft(source: &'a SourceDraft) -> Option<Self> {
        let SourceDraft { name, dialect, access, .. } = source;
        Some(Self { name, dialect: *dialect, access: access.as_ref()? })
    }
}

/// What is wrong with who may post to these drafts of sources, among the sources that stay beside
/// them, with these keys of the project.
pub fn access_problems(
    drafts: &[SourceDraft],
    staying: &[Source],
    keys: &[ApiAccess],
) -> Vec<Problem> {
    let is_named = |source: &&Source| drafts.iter().any(|draft| draft.name == source.name);
    let staying = staying.iter().filter(|source| !is_named(source)).filter_map(Way::of);
    let mut ways: Vec<_> = staying.collect();
    let mut problems = Vec::new();
    for way in drafts.iter().filter_map(Way::of_draft) {
        problems.extend(second_owner(&way, &ways));
        problems.extend(unknown_keys(&way, keys));
        ways.push(way);
    }
    problems
}

/// What is wrong with the sources of a project if it has these keys and no others.
pub fn sources_without_key(sources: &[Source], keys: &[ApiAccess]) -> Vec<Problem> {
    sources.iter().filter_map(Way::of).flat_map(|way| unknown_keys(&way, keys)).collect()
}

fn second_owner(way: &Way<'_>, others: &[Way<'_>]) -> Option<Problem> {
    let owner = others.iter().find(|other| other.dialect == way.dialect)?;
    if way.dialect == WITH_SIGNATURES {
        return None;
    }
    Some(Problem {
        path: format!("sources.{}.access", way.name),
        code: "duplicate-value",
        message: format!(
            "the receiver paths of `{}` belong to the source `{}` already",
            way.dialect, owner.name
        ),
        hint: Some("leave `access` out of one of the two; its inbox address stays".to_owned()),
    })
}

fn unknown_keys(way: &Way<'_>, keys: &[ApiAccess]) -> Vec<Problem> {
    let ReceiverAccess::Keys(wanted) = way.access else { return Vec::new() };
    let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    let unknown = wanted.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str()));
    unknown
        .map(|(index, name)| Problem {
            path: format!("sources.{}.access[{index}]", way.name),
            code: "unknown-api-access",
            message: format!("there is no key `{name}` in the `api_access` of this project"),
            hint: Some(suggestion_or(name, &known, ADD_KEY)),
        })
        .collect()
}
