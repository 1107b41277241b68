//! Erasing a person, and the book of what was erased.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::ErasureOutcome;
use fieldpost_model::hexadecimal;
use fieldpost_store::Criterion;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audited::Audited;
use super::body::Input;
use super::list::{List, Listed};
use super::parameters::{self, NoParameters, Parameters};
use super::path::Path;
use super::principal::Caller;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Whom everything is erased about: one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ErasureOrder {
    /// What messages are called by their senders; an instance id with or without `uuid:`.
    identity: Option<String>,
    /// What deliveries are about: a case id, a form id.
    key: Option<String>,
    /// A message: with it go all versions of its identity, and what repeats them.
    #[schema(value_type = Option<Uuid>)]
    message: Option<String>,
    /// Whether it is only told how much would be erased.
    #[serde(default)]
    dry_run: bool,
}

impl ErasureOrder {
    fn criterion(&self) -> Result<Criterion, Problem> {
        let message = parameters::id("message", self.message.as_deref())?;
        match (self.identity.clone(), self.key.clone(), message) {
            (Some(identity), None, None) if !identity.is_empty() => {
                Ok(Criterion::Identity(identity))
            }
            (None, Some(key), None) if !key.is_empty() => Ok(Criterion::Key(key)),
            (None, None, Some(id)) => Ok(Criterion::Message(id)),
            _ => Err(Problem::bad_request(
                "bad-body",
                "an erasure names one of `identity`, `key` and `message`",
            )
            .hint("erase what is known by each name with an order of its own")),
        }
    }
}

/// What was erased, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outcome {
    /// Its entry in the book; null where nothing was done.
    #[schema(required)]
    id: Option<Uuid>,
    /// Messages of which tombstones are left.
    messages: u64,
    /// Deliveries that tell nothing any more of what they were about.
    deliveries: u64,
    /// Attempts that were deleted.
    attempts: u64,
    /// Deliveries that waited, and were cancelled.
    cancelled: u64,
    /// Deliveries that are being sent, and whose messages are still there: ask again in a while.
    being_sent: u64,
}

impl From<ErasureOutcome> for Outcome {
    fn from(outcome: ErasureOutcome) -> Self {
        Self {
            id: outcome.id,
            messages: outcome.erased.messages,
            deliveries: outcome.erased.deliveries,
            attempts: outcome.erased.attempts,
            cancelled: outcome.cancelled,
            being_sent: outcome.being_sent,
        }
    }
}

/// An entry of the book of erasures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Erasure {
    /// Its id.
    id: Uuid,
    /// By what the person was known: `identity`, `key` or `message`.
    criterion: String,
    /// SHA-256 of the name itself, in hexadecimal digits: who knows the name can tell that it was
    /// meant.
    criterion_sha256: String,
    /// Messages of which tombstones are left.
    messages: u64,
    /// Deliveries that tell nothing any more of what they were about.
    deliveries: u64,
    /// Attempts that were deleted.
    attempts: u64,
    /// Deliveries that waited, and were cancelled.
    cancelled: u64,
    /// Who asked for it.
    started_by: String,
    /// When it was done.
    #[schema(format = DateTime)]
    at: String,
}

impl From<fieldpost_store::Erasure> for Erasure {
    fn from(erasure: fieldpost_store::Erasure) -> Self {
        Self {
            id: erasure.id,
            criterion: erasure.criterion,
            criterion_sha256: hexadecimal::encode(&erasure.criterion_sha256),
            messages: erasure.erased.messages,
            deliveries: erasure.erased.deliveries,
            attempts: erasure.erased.attempts,
            cancelled: erasure.cancelled,
            started_by: erasure.started_by,
            at: erasure.at.to_string(),
        }
    }
}

/// Erase everything about a person
///
/// Messages, their deliveries and attempts; what waits is cancelled first. What is left still
/// counts, and tells of nobody. Begin with `dry_run`.
#[utoipa::path(
    post,
    path = "/projects/{project}/erasures",
    operation_id = "erase",
    tag = "messages",
    params(("project" = String, Path)),
    request_body = ErasureOrder,
    responses((status = 200, body = Outcome), Problem),
)]
pub(super) async fn erase(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(order): Input<ErasureOrder>,
) -> Result<Json<Outcome>, Problem> {
    let criterion = order.criterion()?;
    app.hub.project(&project).await?;
    carry_out(&app, &caller, &audited, &project, &criterion, order.dry_run).await
}

/// Whether what is to be taken away is only counted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DryRun {
    /// Only tells how much would be erased.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

impl DryRun {
    pub(super) fn read(self) -> Result<bool, Problem> {
        parameters::boolean("dry_run", self.dry_run.as_deref())
    }
}

/// Erases what is known by something, or tells how much that would be.
pub(super) async fn carry_out(
    app: &App,
    caller: &Caller,
    audited: &Audited,
    project: &str,
    criterion: &Criterion,
    dry_run: bool,
) -> Result<Json<Outcome>, Problem> {
    audited.detail("dry_run", dry_run);
    let outcome = if dry_run {
        app.hub.preview_erasure(project, criterion).await?
    } else {
        app.hub.erase(project, criterion, caller.name()).await?
    };
    Ok(Json(outcome.into()))
}

/// What was erased, newest first
#[utoipa::path(
    get,
    path = "/projects/{project}/erasures",
    operation_id = "list_erasures",
    tag = "messages",
    params(("project" = String, Path), super::list::Turn),
    responses((status = 200, body = List<Erasure>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { filter: NoParameters {}, wanted }: Listed<NoParameters>,
) -> Result<Json<List<Erasure>>, Problem> {
    app.hub.project(&project).await?;
    let found = app.hub.store().erasures(&project, wanted.page()).await?;
    Ok(Json(List::page(&wanted, found, |erasure| erasure.id)))
}
