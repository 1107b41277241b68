//! `POST /api/forms/<slug>/<id>/`: answers of a record are changed, where its status allows that to the
//! caller. What the body names is changed, all else stays; the answers as they were are kept as a version.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::wcs::read::{self, BadBody, Warning, warnings_value};
use fieldpost_engine::{
    Edit, Followed, FollowedForm, Hub, LifecycleError, ProjectRouting, RecordKey,
};
use fieldpost_model::json::Value;
use fieldpost_rules::lifecycle::Caller;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::reading::Kind;
use fieldpost_store::StoreError;
use http::request::Parts;

use super::answer::{Turned, json};
use super::submit::{
    asked_form, bad_body, json_body, kept_in, parsed, strictly, turned, values_of,
};
use super::{Asked, forms};
use crate::incoming;

/// How often an edit is made again that something else overtook.
const MOST_TRIES: usize = 5;

/// Changes answers.
pub(super) async fn answer(
    asked: &Asked,
    _kind: Kind,
    form: &str,
    id: &str,
    body: Body,
) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    forms::require_somebody(&caller)?;
    caller.require_unrestricted()?;
    let form = asked_form(asked, form).await?;
    let body = json_body(asked, body).await?;
    let value = parsed(&body)?;
    let sent = AnswersSent {
        body: &value,
        caller: asked.admitted.actor(),
        action: None,
        path: asked.parts.uri.path().to_owned(),
        headers: headers(&asked.parts),
    };
    let check = |warnings: &[Warning]| strictly(asked, warnings);
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let (_, warnings) = edited(hub, routing, &form, RecordKey::Id(id), &sent, check).await?;
    Ok(json(&told(id, &warnings)))
}

/// Answers that were sent to be changed, as the w.c.s. API takes them.
#[derive(Debug)]
pub(crate) struct AnswersSent<'v> {
    /// The body: an object with `data`.
    pub(crate) body: &'v Value<'v>,
    /// Who changes them.
    pub(crate) caller: Caller,
    /// The action that allows it; `None`: the first that does.
    pub(crate) action: Option<String>,
    /// The path that they were sent to.
    pub(crate) path: String,
    /// The headers that they were sent with.
    pub(crate) headers: Vec<(String, String)>,
}

/// Why answers were not changed.
#[derive(Debug)]
pub(crate) enum NotEdited {
    /// There is no such record.
    NotFound,
    /// The body cannot be read.
    Bad(BadBody),
    /// Its lifecycle does not allow it, or something else went wrong.
    Lifecycle(LifecycleError),
}

impl From<NotEdited> for Turned {
    fn from(why: NotEdited) -> Self {
        match why {
            NotEdited::NotFound => Refusal::not_found().into(),
            NotEdited::Bad(bad) => bad_body(bad),
            NotEdited::Lifecycle(error) => turned(error),
        }
    }
}

/// Changes answers: what was sent is merged into what is there, again where something else overtook it. `check`
/// may refuse what was amiss before anything is changed. The answer is the record as it is then, `None` where its
/// lifecycle has erased it, and what was amiss.
pub(crate) async fn edited<E: From<NotEdited>>(
    hub: &Hub,
    routing: &Arc<ProjectRouting>,
    form: &FollowedForm,
    key: RecordKey<'_>,
    sent: &AnswersSent<'_>,
    check: impl Fn(&[Warning]) -> Result<(), E>,
) -> Result<(Option<Followed>, Vec<Warning>), E> {
    let stored = |error: StoreError| NotEdited::Lifecycle(error.into());
    let mut tries = 0;
    loop {
        tries += 1;
        let followed = hub.record(routing, form, key).await.map_err(stored)?;
        let followed = followed.ok_or(NotEdited::NotFound)?;
        let record = &followed.record;
        let found = read::edit(&form.definition, &record.submission, &record.files, sent.body)
            .map_err(NotEdited::Bad)?;
        check(&found.warnings)?;
        let edit = Edit {
            submission: found.submission,
            files: kept_in(hub, &found.files).await.map_err(stored)?,
            caller: sent.caller.clone(),
            action: sent.action.clone(),
            backoffice_values: values_of(&found.backoffice_values),
            path: sent.path.clone(),
            headers: sent.headers.clone(),
        };
        match hub.edit(routing, &followed, edit).await {
            Ok(followed) => return Ok((followed, found.warnings)),
            // What was merged into is not what is there any more.
            Err(LifecycleError::Store(StoreError::Busy)) if tries < MOST_TRIES => {}
            Err(error) => return Err(NotEdited::Lifecycle(error).into()),
        }
    }
}

fn headers(parts: &Parts) -> Vec<(String, String)> {
    incoming::incoming(parts, bytes::Bytes::new()).headers
}

fn told(id: &str, warnings: &[Warning]) -> Value<'static> {
    let data = Value::object([("id", Value::from(id.to_owned()))]);
    let mut members = vec![("err", Value::from(0_i64)), ("data", data)];
    if !warnings.is_empty() {
        members.push(("warnings", warnings_value(warnings)));
    }
    Value::object(members)
}
