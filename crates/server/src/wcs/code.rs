//! What a tracking code stands for: `GET /api/code/<code>`.
//!
//! Who signs may ask, and a key without roles, so that the page which asks people for their codes can have a key
//! that reads nothing else. A key that gives no names may not: a code leads to the page of whoever has it. For
//! whoever asks is trusted to be the portal that people type their codes into: `load_url` opens the record as they
//! do, and nothing that the form wants verified is asked for. Wrong codes are counted by the key that they come with,
//! apart from those that people try at the hub's own pages, and beyond a number no code is looked at.

use axum::response::Response;
use fieldpost_dialects::wcs::catalogue;
use fieldpost_engine::RecordKey;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::caller::Proof;
use fieldpost_rules::wcs::reading::may_follow;
use fieldpost_rules::wcs::tracking_code::normalised;
use fieldpost_store::ProgressKey;

use super::answer::{Turned, json};
use super::{Asked, document};
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::wrong_codes::Trier;

pub(super) async fn answer(asked: &Asked, typed: &str) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    may_follow(&caller)?;
    caller.require_unrestricted()?;
    let (app, now) = (&asked.app, asked.app.hub.now());
    let trier = match caller.proof {
        Proof::Signature(key) | Proof::Basic(key) => {
            Trier::Key { project: asked.project(), name: &key.name }
        }
        Proof::Nothing | Proof::Session(_) => {
            let from = asked.parts.extensions.get::<ClientAddress>().map(|client| client.0);
            Trier::Address(from)
        }
    };
    if let Some(wait) = app.wrong_codes.must_wait(trier, now) {
        let detail = "too many tracking codes came with this key that are nobody's";
        return Err(Problem::too_many_tries(wait, detail).into());
    }
    let Some(followed) = find(asked, typed).await? else {
        app.wrong_codes.count(trier, now);
        return Err(Refusal::not_found().into());
    };
    let (record, site) = (followed.as_record(), asked.site());
    let parameters = &asked.admitted.parameters;
    if document::is_classic(parameters) {
        return Ok(json(&catalogue::classic_code(&record, &site)));
    }
    let is_backoffice = parameters.switch("backoffice", false);
    let form = followed.form.definition.name.as_str();
    let number = followed.record.progress.number;
    let load = crate::pages::load_url(app, asked.project(), form, number, now).await?;
    Ok(json(&catalogue::code(&record, &site, Some(&load), is_backoffice)))
}

/// The record of a code; none where its form has no codes any more.
async fn find(asked: &Asked, typed: &str) -> Result<Option<fieldpost_engine::Followed>, Turned> {
    let Some(code) = normalised(typed) else { return Ok(None) };
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let key = ProgressKey::TrackingCode(&code);
    let Some(found) = hub.store().progress(asked.project(), key).await? else { return Ok(None) };
    let Some(form) = hub.followed_form(routing, &found.form).await? else { return Ok(None) };
    if form.definition.tracking_codes.is_none() {
        return Ok(None);
    }
    Ok(hub.record(routing, &form, RecordKey::Submission(found.submission)).await?)
}
