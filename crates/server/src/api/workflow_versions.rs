//! Versions of workflows: every save is one, and stays.

use axum::Json;
use axum::extract::State;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{Secrets, read_workflow, write_workflow};
use fieldpost_store::{self as store, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use super::exact::ExactJson;
use super::list::{List, ListedByText, Turn, bad_cursor, text_cursor};
use super::parameters::{NoParameters, Parameters, shortened};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// A version of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkflowVersion {
    /// Its number: the version of the project's definitions that it was saved with.
    version: i64,
    /// When it was saved.
    #[schema(format = DateTime)]
    saved_at: String,
}

/// A version of a workflow, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkflowVersionDetails {
    #[serde(flatten)]
    version: WorkflowVersion,
    /// What people called it then.
    title: String,
    /// The workflow as the project file had it; put it back to have it again.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

impl From<store::WorkflowVersion> for WorkflowVersion {
    fn from(version: store::WorkflowVersion) -> Self {
        let store::WorkflowVersion { version, saved_at } = version;
        Self { version, saved_at: saved_at.to_string() }
    }
}

/// The versions of a workflow, newest first
#[utoipa::path(
    get,
    path = "/projects/{project}/workflows/{workflow}/versions",
    operation_id = "list_workflow_versions",
    tag = "workflows",
    params(("project" = String, Path), ("workflow" = String, Path), Turn),
    responses((status = 200, body = List<WorkflowVersion>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path((project, workflow)): Path<(String, String)>,
    ListedByText { filter: NoParameters {}, after, limit }: ListedByText<NoParameters>,
) -> Result<Json<List<WorkflowVersion>>, Problem> {
    app.hub.project(&project).await?;
    let before = after.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let store = app.hub.store();
    let mut found = store.workflow_versions(&project, &workflow, before, limit + 1).await?;
    if found.is_empty() && before.is_none() {
        return Err(Problem::not_found("workflow", shortened(&workflow)));
    }
    let is_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| is_more).map(|last| text_cursor(&last.version.to_string()));
    Ok(Json(List::turned(found.into_iter().map(WorkflowVersion::from).collect(), last)))
}

/// One version of a workflow
#[utoipa::path(
    get,
    path = "/projects/{project}/workflows/{workflow}/versions/{version}",
    operation_id = "get_workflow_version",
    tag = "workflows",
    params(("project" = String, Path), ("workflow" = String, Path), ("version" = i64, Path)),
    responses((status = 200, body = WorkflowVersionDetails), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, workflow, version)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<WorkflowVersionDetails>, Problem> {
    app.hub.project(&project).await?;
    let not_there = || Problem::not_found("version", shortened(&version));
    let number = version.parse().map_err(|_| not_there())?;
    let found = app.hub.store().workflow_version(&project, &workflow, number).await?;
    let (version, text) = found.ok_or_else(not_there)?;
    let unreadable = || {
        let what = format!("version {number} of the workflow \"{workflow}\" cannot be read");
        Problem::from(StoreError::Refused(what))
    };
    let definition = Value::parse(text.as_bytes()).map_err(|_| unreadable())?;
    let read = read_workflow(&workflow, &definition).map_err(|_| unreadable())?;
    Ok(Json(WorkflowVersionDetails {
        version: version.into(),
        title: read.title.clone(),
        definition: write_workflow(&read, Secrets::Hidden).into(),
    }))
}
