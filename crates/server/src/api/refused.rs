//! What is written into the audit log of what was refused.
//!
//! A change that somebody was not allowed to make, a password that was asked for once more and was
//! wrong, and those who try too often. A flood of them is a few rows: see
//! [`Refusals`](crate::refusals::Refusals).

use std::net::IpAddr;
use std::time::Instant;

use axum::response::Response;
use fieldpost_engine::{Note, network};
use fieldpost_store::{CHANGE_REFUSED, PASSWORD_REFUSED, TOKENS_REFUSED, Who};
use http::{Extensions, StatusCode};
use serde_json::{Map, Value};

use super::access::Addressed;
use super::principal::Caller;
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::ProblemCode;

/// What somebody was refused.
pub(super) struct Refused {
    pub(super) who: Who,
    /// What the log calls it.
    pub(super) action: &'static str,
    /// Why, as the code of the answer says it.
    pub(super) reason: String,
    /// What they would have done.
    pub(super) change: Option<&'static str>,
    pub(super) project: Option<String>,
    pub(super) address: Option<IpAddr>,
}

/// Somebody of whom nothing is known.
pub(super) fn nobody() -> Who {
    Who { kind: "nobody".to_owned(), name: "unknown".to_owned(), id: None }
}

impl Refused {
    /// What an answer refuses, if it is something that the log tells of.
    pub(super) fn of(request: &Extensions, response: &Response) -> Option<Self> {
        let ProblemCode(code) = response.extensions().get::<ProblemCode>()?;
        let addressed = request.get::<Addressed>();
        let change = addressed.and_then(|addressed| addressed.operation.action);
        let is_account =
            addressed.is_some_and(|addressed| addressed.operation.template.starts_with("/account"));
        let caller = request.get::<Caller>();
        let action = match (response.status(), &**code, caller) {
            (StatusCode::TOO_MANY_REQUESTS, "too-many-tries", None) => TOKENS_REFUSED,
            (_, "wrong-credentials" | "too-many-tries", Some(_)) if is_account => PASSWORD_REFUSED,
            (StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS, _, Some(_))
                if change.is_some() =>
            {
                CHANGE_REFUSED
            }
            _ => return None,
        };
        let project = addressed.and_then(|addressed| addressed.parameter("project"));
        Some(Self {
            who: caller.map_or_else(nobody, |caller| caller.who()),
            action,
            reason: code.clone().into_owned(),
            change,
            project: project.map(str::to_owned),
            address: request.get::<ClientAddress>().map(|client| client.0),
        })
    }

    /// Writes it into the log, unless the same was written a moment ago.
    pub(super) async fn note(self, app: &App) {
        let Self { who, action, reason, change, project, address } = self;
        let whose = who.id.map_or_else(|| who.name.clone(), |id| id.to_string());
        let from = address.map(network).unwrap_or_default();
        let in_project = project.as_deref().unwrap_or_default();
        let change = change.unwrap_or_default();
        let kind = format!("{action} {reason} {} {whose} {from} {in_project} {change}", who.kind);
        let Some(times) = app.refusals.count(&kind, Instant::now()) else { return };
        let mut detail = Map::new();
        detail.insert("reason".to_owned(), Value::from(reason));
        if !change.is_empty() {
            detail.insert("change".to_owned(), Value::from(change));
        }
        if times > 1 {
            detail.insert("times".to_owned(), Value::from(times));
        }
        let note = Note {
            project,
            who,
            action: action.to_owned(),
            target: None,
            detail: Value::Object(detail).to_string(),
            address,
        };
        app.hub.note(note).await;
    }
}

/// Notes that somebody tried so many keys of a project that open nothing that no more are looked at.
pub(crate) async fn note_too_many_keys(app: &App, project: &str, address: Option<IpAddr>) {
    let refused = Refused {
        who: nobody(),
        action: TOKENS_REFUSED,
        reason: "too-many-tries".to_owned(),
        change: None,
        project: Some(project.to_owned()),
        address,
    };
    refused.note(app).await;
}
