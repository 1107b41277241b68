//! Projects: making them, and their definitions as a whole.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fieldpost_rules::definition::{self, Secrets, read_project, write_project, yaml};
use fieldpost_store::Project as StoredProject;
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::body::{Document, Input};
use super::changes::Applied;
use super::exact;
use super::list::List;
use super::parameters::{self, NoParameters, Parameters, boolean};
use super::path::Path;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Project {
    /// Its key everywhere.
    #[schema(example = "clinic")]
    name: String,
    /// What people call it.
    title: String,
    /// Grows by one with every change of its definitions.
    version: i64,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<StoredProject> for Project {
    fn from(project: StoredProject) -> Self {
        Self {
            name: project.name.to_string(),
            title: project.title,
            version: project.configuration_version,
            created_at: project.created_at.to_string(),
        }
    }
}

/// A project that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProject {
    /// Its key everywhere: lower-case letters, digits, `-` and `_`, at most 64 of them.
    name: String,
    /// What people call it; the name, unless given.
    title: Option<String>,
}

/// All projects
///
/// By name, always on one page.
#[utoipa::path(
    get,
    path = "/projects",
    operation_id = "list_projects",
    tag = "projects",
    responses((status = 200, body = List<Project>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Project>>, Problem> {
    let projects = app.hub.store().projects().await?;
    Ok(Json(List::whole(projects.into_iter().map(Project::from))))
}

/// Make a project
///
/// Without definitions; see `apply` for making one from a project file.
#[utoipa::path(
    post,
    path = "/projects",
    operation_id = "create_project",
    tag = "projects",
    request_body = NewProject,
    responses((status = 201, body = Project), Problem),
)]
pub(super) async fn create(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
    Input(new): Input<NewProject>,
) -> Result<Response, Problem> {
    let title = new.title.as_deref().unwrap_or(&new.name);
    app.hub.create_project(&new.name, title).await?;
    let project = find(&app, &new.name).await?;
    let location = [(LOCATION, app.link(&format!("{BASE}/projects/{}", new.name)))];
    Ok((StatusCode::CREATED, location, Json(Project::from(project))).into_response())
}

/// One project
#[utoipa::path(
    get,
    path = "/projects/{project}",
    operation_id = "get_project",
    tag = "projects",
    responses((status = 200, body = Project), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<Project>, Problem> {
    Ok(Json(find(&app, &project).await?.into()))
}

async fn find(app: &App, name: &str) -> Result<StoredProject, Problem> {
    let configuration = app.hub.store().configuration(name).await?;
    let found = configuration.map(|configuration| configuration.project);
    found.ok_or_else(|| Problem::not_found("project", name))
}

/// How a project file is applied.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToApply {
    /// Whether what the file lacks is removed. Deliveries that wait for a removed forwarder are
    /// cancelled.
    #[param(value_type = Option<bool>)]
    prune: Option<String>,
    /// Whether only the difference is told, and nothing is saved.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// Apply a project file
///
/// Makes the project what the body says: a project file as JSON. Where the project does not exist
/// it is made. A secret that is written as its placeholder stays as it is.
#[utoipa::path(
    post,
    path = "/projects/{project}/apply",
    operation_id = "apply_project",
    tag = "projects",
    params(("project" = String, Path), HowToApply),
    request_body(content = Object, description = "A project file, as JSON"),
    responses((status = 200, body = Applied), Problem),
)]
pub(super) async fn apply(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(how): Parameters<HowToApply>,
    document: Document,
) -> Result<Json<Applied>, Problem> {
    let prune = boolean("prune", how.prune.as_deref())?;
    let dry_run = boolean("dry_run", how.dry_run.as_deref())?;
    let draft = read_project(&document.value()?).map_err(Problem::invalid)?;
    if draft.name != project {
        return Err(Problem::invalid(vec![definition::Problem {
            path: "project".to_owned(),
            code: "wrong-value",
            message: format!("the file is of the project `{}`", draft.name),
            hint: Some(format!("send it to {BASE}/projects/{}/apply", draft.name)),
        }]));
    }
    Ok(Json(app.hub.apply(&draft, prune, dry_run).await?.into()))
}

/// How a project is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToExport {
    /// `yaml`, which is the default, or `json`.
    #[param(example = "yaml")]
    format: Option<String>,
}

/// Export a project file
///
/// Secrets are written as their placeholder; applying the file again keeps those that are stored.
#[utoipa::path(
    get,
    path = "/projects/{project}/export",
    operation_id = "export_project",
    tag = "projects",
    params(("project" = String, Path), HowToExport),
    responses(
        (
            status = 200,
            description = "The project file",
            content((String = "application/yaml"), (Object = "application/json")),
        ),
        Problem,
    ),
)]
pub(super) async fn export(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(how): Parameters<HowToExport>,
) -> Result<Response, Problem> {
    let (_, definition) = app.hub.definition(&project).await?;
    let value = write_project(&definition, Secrets::Hidden);
    match how.format.as_deref() {
        None | Some("yaml") => {
            Ok(([(CONTENT_TYPE, "application/yaml")], yaml::write(&value)).into_response())
        }
        Some("json") => Ok(exact::json(value.to_json_pretty())),
        Some(other) => Err(parameters::bad("format", other, "one of yaml, json")),
    }
}
