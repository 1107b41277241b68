//! The audit log: who did what, and when.

use axum::Json;
use axum::extract::State;
use fieldpost_store::{AuditEntry as StoredEntry, AuditQuery, Who as StoredWho};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::list::{List, Listed};
use super::parameters::time;
use super::path::Path;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditEntry {
    /// The id.
    id: Uuid,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    who: AuditWho,
    /// What, as a noun and a verb.
    #[schema(example = "forwarder.saved")]
    action: String,
    /// In which project; null for the installation.
    #[schema(required)]
    project: Option<String>,
    /// To what: its name or id.
    #[schema(required)]
    target: Option<String>,
    /// More about it. Never a secret.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// From which address.
    #[schema(required)]
    address: Option<String>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditWho {
    /// `user`, `token`, `administrator`, `nobody` for a sign-in that was refused, or `operator` for
    /// who gave a project file to a hub that was started.
    #[schema(example = "user")]
    kind: String,
    /// The name at that time.
    name: String,
    /// The id of the user or token.
    #[schema(required)]
    id: Option<Uuid>,
}

/// Which entries of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// Of whom: an id, or a part of a name.
    who: Option<String>,
    /// What: `forwarder.saved`, or what it begins with, `forwarder`.
    action: Option<String>,
    /// From this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
}

impl From<StoredEntry> for AuditEntry {
    fn from(entry: StoredEntry) -> Self {
        let StoredWho { kind, name, id } = entry.who;
        Self {
            id: entry.id,
            at: entry.at.to_string(),
            who: AuditWho { kind, name, id },
            action: entry.action,
            project: entry.project,
            target: entry.target,
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
            address: entry.address,
        }
    }
}

/// Who did what, in the whole installation
///
/// Newest first: every change that was asked of the API, each sign-in, and each one that was
/// refused.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_audit",
    tag = "audit",
    params(AuditFilter, super::list::Turn),
    responses((status = 200, body = List<AuditEntry>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    listed: Listed<AuditFilter>,
) -> Result<Json<List<AuditEntry>>, Problem> {
    found(&app, None, listed).await
}

/// Who did what, in a project
#[utoipa::path(
    get,
    path = "/projects/{project}/audit",
    operation_id = "list_project_audit",
    tag = "audit",
    params(("project" = String, Path), AuditFilter, super::list::Turn),
    responses((status = 200, body = List<AuditEntry>), Problem),
)]
pub(super) async fn list_of_project(
    State(app): State<Shared>,
    Path(project): Path<String>,
    listed: Listed<AuditFilter>,
) -> Result<Json<List<AuditEntry>>, Problem> {
    app.hub.project(&project).await?;
    found(&app, Some(project), listed).await
}

async fn found(
    app: &App,
    project: Option<String>,
    Listed { filter, wanted }: Listed<AuditFilter>,
) -> Result<Json<List<AuditEntry>>, Problem> {
    let query = AuditQuery {
        project,
        who: filter.who,
        action: filter.action,
        from: time("from", filter.from.as_deref())?,
        to: time("to", filter.to.as_deref())?,
    };
    let found = app.hub.store().audit(&query, wanted.page()).await?;
    Ok(Json(List::page(&wanted, found, |entry| entry.id)))
}
