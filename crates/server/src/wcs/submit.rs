//! `POST /api/formdefs/<slug>/submit`: a form is filled in by a program.
//!
//! The body is `{"data": …}`, or a document as it is pulled and pushed. What w.c.s. takes without a word is
//! taken here too, and each such mercy is told in `warnings`; with `?strict=on` they are a refusal. The same
//! `Idempotency-Key` again is the same submission. When this answers, the submission is committed and its
//! lifecycle has begun.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use fieldpost_dialects::formats;
use fieldpost_dialects::wcs::read::{
    self, BadBody, SentFile, Submitted, Warning, check_content_type, warnings_value,
};
use fieldpost_engine::ArrivedFile;
use fieldpost_engine::{Followed, FollowedForm, Hub, LifecycleError, NewSubmission};
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{Origin, Progress};
use fieldpost_model::progress_list::{DraftRule, Pushdown};
use fieldpost_model::submission::Group;
use fieldpost_rules::lifecycle::{Caller, who};
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::caller::{ActsFor, Proof};
use fieldpost_rules::wcs::reading::Kind;
use fieldpost_store::StoreError;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::answer::{Turned, json};
use super::{Asked, forms};
use crate::{body, incoming};

/// The name that a sender gives to one sending.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest of them, in bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;
/// How much of a submission's warnings a strict refusal tells.
const MOST_TOLD: usize = 5;

/// Takes in what was submitted.
pub(super) async fn answer(
    asked: &Asked,
    _kind: Kind,
    form: &str,
    body: Body,
) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    if caller.proof == Proof::Nothing {
        return Err(Refusal::denied("Unsigned API call.").into());
    }
    caller.require_unrestricted()?;
    let form = asked_form(asked, form).await?;
    let body = json_body(asked, body).await?;
    let (value, key) = (parsed(&body)?, idempotency_key(&asked.parts.headers)?);
    let submitted = read::submit(&form.definition, &value).map_err(bad_body)?;
    submit(asked, &form, submitted, key).await
}

/// A form that the project asks itself; no other can be filled in here.
pub(super) async fn asked_form(asked: &Asked, name: &str) -> Result<FollowedForm, Turned> {
    let form = forms::find(asked, name).await?;
    if form.is_tracked { Ok(form) } else { Err(Refusal::not_found().into()) }
}

/// The body of a call that sends JSON.
pub(super) async fn json_body(asked: &Asked, body: Body) -> Result<Bytes, Turned> {
    let content_type = asked.parts.headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    check_content_type(content_type).map_err(bad_body)?;
    bytes(asked, body).await
}

/// The body of a call, within its bounds.
pub(super) async fn bytes(asked: &Asked, body: Body) -> Result<Bytes, Turned> {
    let read = body::read(body, &asked.parts.headers, asked.app.bounds()).await;
    read.map_err(|refusal| Turned::Problem(refusal.into()))
}

/// The JSON of a body.
pub(super) fn parsed(body: &Bytes) -> Result<Value<'_>, Turned> {
    Value::parse(body).map_err(|_| Refusal::invalid(BadBody::NoObject.name()).into())
}

pub(super) fn bad_body(bad: BadBody) -> Turned {
    Refusal::invalid(bad.name()).into()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Turned> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|key| !key.is_empty() && key.len() <= MAX_IDEMPOTENCY_KEY);
    let wrong = || {
        let most = MAX_IDEMPOTENCY_KEY;
        Refusal::invalid(format!("Invalid Idempotency-Key: 1 to {most} characters of ASCII."))
    };
    Ok(Some(format!("api:{}", key.ok_or_else(wrong)?)))
}

/// Takes in what was read, where the caller may send it.
pub(super) async fn submit(
    asked: &Asked,
    form: &FollowedForm,
    submitted: Submitted,
    key: Option<String>,
) -> Result<Response, Turned> {
    let user = may_submit(asked, form, &submitted).await?;
    strictly(asked, &submitted.warnings)?;
    let warnings = submitted.warnings.clone();
    let taken = take(asked, form, submitted, user, key).await?;
    Ok(json(&told(asked, taken.as_ref(), &warnings)))
}

/// Whether the caller may send this, and whose it is.
async fn may_submit(
    asked: &Asked,
    form: &FollowedForm,
    submitted: &Submitted,
) -> Result<Option<UserReference>, Turned> {
    let definition = &form.definition;
    if definition.disabled {
        return Err(Refusal::denied("Disabled form.").into());
    }
    let caller = asked.admitted.caller();
    // A key with roles is nobody in particular: what it sends was filled in for somebody else.
    let is_backoffice = is_backoffice(asked, submitted);
    if is_backoffice {
        if matches!(caller.acts_for, ActsFor::Itself | ActsFor::Unknown) {
            return Err(Refusal::denied("User not authenticated.").into());
        }
        if definition.submission_roles.is_empty() {
            return Err(Refusal::denied_as(
                "no-backoffice-submission-role",
                "No backoffice submission roles on form.",
            )
            .into());
        }
        let roles = definition.submission_roles.iter().map(String::as_str);
        if !caller.is_administrator() && !caller.has_one_of(roles) {
            return Err(Refusal::denied_as(
                "user-not-allowed-backoffice-submission",
                "User is not allowed to perform backoffice submission.",
            )
            .into());
        }
    }
    let user = whose(asked, submitted, is_backoffice);
    if !is_backoffice {
        is_open_to(asked, definition, user.as_ref())?;
    }
    if definition.only_allow_one && !submitted.is_draft {
        let user = user.as_ref().ok_or_else(|| Refusal::denied("User not authenticated."))?;
        if has_one(asked, definition, user).await? {
            return Err(Refusal::denied("Only one formdata by user is allowed.").into());
        }
    }
    Ok(user)
}

fn is_backoffice(asked: &Asked, submitted: &Submitted) -> bool {
    submitted.is_backoffice || matches!(asked.admitted.caller().acts_for, ActsFor::Roles(_))
}

/// Whose a submission is: whom the body names; for somebody else, whom its context does; else who calls.
fn whose(asked: &Asked, submitted: &Submitted, is_backoffice: bool) -> Option<UserReference> {
    let routing = &asked.admitted.routing;
    if let Some(claim) = &submitted.user {
        return routing.person_claimed(claim).map(fieldpost_engine::Person::reference);
    }
    if is_backoffice {
        let number = submitted.user_id.as_deref().and_then(|id| id.parse().ok())?;
        return routing.person_by_number(number).map(fieldpost_engine::Person::reference);
    }
    asked.admitted.reference.clone()
}

/// Whether whoever fills it in may: a form can be open to some only.
fn is_open_to(
    asked: &Asked,
    definition: &FormDefinition,
    user: Option<&UserReference>,
) -> Result<(), Refusal> {
    if definition.submitters.is_empty() {
        return Ok(());
    }
    let mut caller = asked.admitted.actor();
    if let Some(user) = user
        && let Some(person) = asked.admitted.routing.person_by_number(user.number)
    {
        caller = Caller { user: Some(user.clone()), roles: person.user.roles.clone(), ..caller };
    }
    let nobody = Progress::draft(uuid::Uuid::nil(), 0, asked.app.hub.now());
    if who::matches_any(&definition.submitters, &caller, definition, &nobody) {
        return Ok(());
    }
    let is_known = caller.user.is_some();
    Err(Refusal::denied(if is_known { "Unsufficient roles." } else { "User not authenticated." }))
}

/// Whether somebody has a submission of a form already.
async fn has_one(
    asked: &Asked,
    definition: &FormDefinition,
    user: &UserReference,
) -> Result<bool, Turned> {
    let theirs = Pushdown {
        forms: vec![definition.name.clone()],
        drafts: DraftRule::Without,
        user: Some(user.number),
        ..Pushdown::default()
    };
    let store = asked.app.hub.store();
    Ok(store.count_progress(asked.project(), &theirs).await? > 0)
}

/// Whether the caller wants to be told of what is taken only out of mercy.
pub(super) fn is_strict(asked: &Asked) -> bool {
    asked.admitted.parameters.switch("strict", false)
}

/// Refuses what has warnings, where the caller wants to be told.
pub(super) fn strictly(asked: &Asked, warnings: &[Warning]) -> Result<(), Turned> {
    if warnings.is_empty() || !is_strict(asked) {
        return Ok(());
    }
    let told: Vec<String> = warnings.iter().take(MOST_TOLD).map(Warning::text).collect();
    let mut refusal = Refusal::invalid(told.join(" "));
    refusal.code = "has-warnings";
    Err(Turned::Warned(refusal, warnings_value(warnings)))
}

async fn take(
    asked: &Asked,
    form: &FollowedForm,
    submitted: Submitted,
    user: Option<UserReference>,
    idempotency_key: Option<String>,
) -> Result<Option<Followed>, Turned> {
    let is_backoffice = is_backoffice(asked, &submitted);
    let files = kept(asked, &submitted.files).await?;
    let agent = if is_backoffice { asked.admitted.reference.clone() } else { None };
    let incoming = incoming::incoming(&asked.parts, Bytes::new());
    let mut caller = asked.admitted.actor();
    caller.is_submitter = !is_backoffice;
    let new = NewSubmission {
        submission: submitted.submission,
        files,
        caller,
        user,
        origin: Origin {
            channel: submitted.channel,
            is_backoffice,
            agent,
            parent: None,
            context: submitted.context,
        },
        is_draft: submitted.is_draft,
        backoffice_values: values_of(&submitted.backoffice_values),
        idempotency_key,
        path: incoming.path,
        headers: incoming.headers,
        ..NewSubmission::default()
    };
    let hub = &asked.app.hub;
    let taken = hub.submit(&asked.admitted.routing, form, new).await.map_err(turned)?;
    Ok(taken.followed)
}

/// Values of the lifecycle's own fields, where there are any.
pub(super) fn values_of(group: &Group) -> Option<Value<'static>> {
    (!group.members.is_empty() || !group.extra.is_empty()).then(|| formats::values(group))
}

/// Files that were sent inside JSON, in the folder of files.
pub(super) async fn kept(asked: &Asked, files: &[SentFile]) -> Result<Vec<ArrivedFile>, Turned> {
    Ok(kept_in(&asked.app.hub, files).await?)
}

/// The same, wherever they came from.
pub(super) async fn kept_in(hub: &Hub, files: &[SentFile]) -> Result<Vec<ArrivedFile>, StoreError> {
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        let (name, content_type) = (file.name.clone(), file.content_type.clone());
        let stored = hub.keep_bytes(name, content_type, &file.bytes).await?;
        kept.push(ArrivedFile {
            name: stored.name,
            content_type: Some(stored.content_type),
            sha256: stored.sha256,
            bytes: stored.bytes,
        });
    }
    Ok(kept)
}

/// Why a lifecycle did not do what was asked for, in the words of w.c.s.
pub(super) fn turned(error: LifecycleError) -> Turned {
    match error {
        LifecycleError::Refused(refusal) => refusal.into(),
        LifecycleError::NotFound => Refusal::not_found().into(),
        LifecycleError::Receive(error) => incoming::refusal(error, false).into(),
        LifecycleError::Store(error) => error.into(),
    }
}

/// What a program that sent a form is told.
fn told(asked: &Asked, taken: Option<&Followed>, warnings: &[Warning]) -> Value<'static> {
    let mut members = vec![("err", Value::from(0_i64))];
    // Its lifecycle may have erased it, as it was told to: then there is nothing to name.
    let data = taken.map_or(Value::Null, |followed| {
        let progress = &followed.record.progress;
        let form = &followed.form.definition.name;
        let addresses = asked.app.hub.addresses(asked.project(), form, progress);
        let number = progress.number.to_string();
        Value::object([
            ("id", Value::from(progress.natural_id.clone().unwrap_or(number))),
            ("url", Value::from(addresses.url)),
            ("backoffice_url", Value::from(addresses.backoffice_url)),
            ("api_url", Value::from(addresses.api_url)),
        ])
    });
    members.push(("data", data));
    if let Some(code) = taken.and_then(|followed| followed.record.progress.tracking_code.clone()) {
        members.push(("tracking_code", Value::from(code)));
    }
    if !warnings.is_empty() {
        members.push(("warnings", warnings_value(warnings)));
    }
    Value::object(members)
}

/// A header as a text, where it is one.
pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(HeaderValue::to_str).and_then(Result::ok)
}
