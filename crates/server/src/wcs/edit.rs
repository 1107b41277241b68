//! `POST /api/forms/<slug>/<id>/`: answers of a record are changed, where its status allows that to the
//! caller. What the body names is changed, all else stays; the answers as they were are kept as a version.

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::wcs::read::{self, warnings_value};
use fieldpost_engine::{Edit, LifecycleError, RecordKey};
use fieldpost_model::json::Value;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::reading::Kind;
use fieldpost_store::StoreError;
use http::request::Parts;

use super::answer::{Turned, json};
use super::submit::{asked_form, bad_body, json_body, kept, parsed, strictly, turned, values_of};
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
    if caller.is_anonymised_only() {
        return Err(Refusal::denied("Restricted API access.").into());
    }
    let form = asked_form(asked, form).await?;
    let body = json_body(asked, body).await?;
    let value = parsed(&body)?;
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let mut tries = 0;
    loop {
        tries += 1;
        let followed = hub.record(routing, &form, RecordKey::Id(id)).await?;
        let followed = followed.ok_or_else(Refusal::not_found)?;
        let record = &followed.record;
        let edited = read::edit(
            &form.definition,
            &record.submission,
            &record.progress,
            &record.files,
            &value,
        )
        .map_err(bad_body)?;
        strictly(asked, &edited.warnings)?;
        let edit = Edit {
            submission: edited.submission,
            files: kept(asked, &edited.files).await?,
            caller: asked.admitted.actor(),
            action: None,
            backoffice_values: values_of(&edited.backoffice_values),
            path: asked.parts.uri.path().to_owned(),
            headers: headers(&asked.parts),
        };
        match hub.edit(routing, &followed, edit).await {
            Ok(_) => return Ok(json(&told(id, &edited.warnings))),
            // What was merged into is not what is there any more.
            Err(LifecycleError::Store(StoreError::Busy)) if tries < MOST_TRIES => {}
            Err(error) => return Err(turned(error)),
        }
    }
}

fn headers(parts: &Parts) -> Vec<(String, String)> {
    incoming::incoming(parts, bytes::Bytes::new()).headers
}

fn told(id: &str, warnings: &[read::Warning]) -> Value<'static> {
    let data = Value::object([("id", Value::from(id.to_owned()))]);
    let mut members = vec![("err", Value::from(0_i64)), ("data", data)];
    if !warnings.is_empty() {
        members.push(("warnings", warnings_value(warnings)));
    }
    Value::object(members)
}
