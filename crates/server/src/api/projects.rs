//! Projects: making them, and their definitions as a whole.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{Asked, HubError};
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{
    self, Secrets, in_order, read_project, read_settings, write_project, write_settings, yaml,
};
use fieldpost_store::{DefinitionKind, Project as StoredProject};
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::BASE;
use super::audited::Audited;
use super::body::{Document, Input, ProjectDocument};
use super::changes::{Applied, Erases};
use super::exact;
use super::list::List;
use super::parameters::{self, NoParameters, Parameters, boolean};
use super::path::Path;
use super::pause::Pause;
use super::principal::Caller;
use super::reason::{Reason, Reasoned};
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
    /// Whether it is paused: messages are taken in, and nothing is sent.
    paused: bool,
    /// Since when, by whom and why; null where it is not paused, or has been since before this was
    /// kept.
    #[schema(required)]
    pause: Option<Pause>,
    /// Grows by one with every change of its definitions.
    version: i64,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Project {
    async fn shown(app: &App, project: StoredProject) -> Result<Self, Problem> {
        let routing = app.hub.project(&project.name).await?;
        Ok(Self {
            pause: Pause::shown(routing.pause(DefinitionKind::Project, &project.name)),
            name: project.name.to_string(),
            title: project.title,
            paused: routing.definition.settings.paused,
            version: project.configuration_version,
            created_at: project.created_at.to_string(),
        })
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

/// The projects that one may look at
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
    caller: Caller,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Project>>, Problem> {
    let mut projects = Vec::new();
    for project in app.hub.store().projects().await? {
        if caller.access(&project.name).is_some() {
            projects.push(Project::shown(&app, project).await?);
        }
    }
    Ok(Json(List::whole(projects)))
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
    audited: Audited,
    _: Parameters<NoParameters>,
    Input(new): Input<NewProject>,
) -> Result<Response, Problem> {
    audited.project(new.name.as_str());
    let title = new.title.as_deref().unwrap_or(&new.name);
    app.hub.create_project(&new.name, title).await?;
    let project = find(&app, &new.name).await?;
    let location = [(LOCATION, app.link(&format!("{BASE}/projects/{}", new.name)))];
    Ok((StatusCode::CREATED, location, Json(project)).into_response())
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
    Ok(Json(find(&app, &project).await?))
}

async fn find(app: &App, name: &str) -> Result<Project, Problem> {
    let configuration = app.hub.store().configuration(name).await?;
    let found = configuration.map(|configuration| configuration.project);
    Project::shown(app, found.ok_or_else(|| Problem::not_found("project", name))?).await
}

/// What a project settles for all that it holds
///
/// Whether it is paused, who is told of silent sources, who gets reports, and how long things are
/// kept: the keys of the project file.
#[utoipa::path(
    get,
    path = "/projects/{project}/settings",
    operation_id = "get_project_settings",
    tag = "projects",
    responses((status = 200, body = Object), Problem),
)]
pub(super) async fn settings(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let (_, definition) = app.hub.definition(&project).await?;
    Ok(exact::json(write_settings(&definition.settings, Secrets::Hidden).to_json()))
}

/// Replace what a project settles for all that it holds
///
/// The body has the keys of the project file: `paused`, `notify`, `reports`, `retention`. What is
/// left out is as it is without that key.
///
/// The answer has the settings as they are then. Where a shorter retention erases something at
/// once, `erases` counts it there, as `apply` does; a `dry_run` of that counts before.
#[utoipa::path(
    put,
    path = "/projects/{project}/settings",
    operation_id = "put_project_settings",
    tag = "projects",
    request_body(content = Object, description = "The settings, as in the project file"),
    responses((status = 200, body = Object), Problem),
)]
pub(super) async fn put_settings(
    state: State<Shared>,
    caller: Caller,
    project: Path<String>,
    parameters: Parameters<NoParameters>,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_settings(&document.value()?).map_err(Problem::invalid)?;
    let erases = state.hub.put_settings(&project.0, &draft, &Asked::by(caller.name())).await?;
    if erases.is_nothing() {
        return settings(state, project, parameters).await;
    }
    let (_, definition) = state.hub.definition(&project.0).await?;
    let mut answer = write_settings(&definition.settings, Secrets::Hidden);
    if let Value::Object(members) = &mut answer {
        members.push(("erases".into(), Erases::from(erases).written()));
    }
    Ok(exact::json(answer.to_json()))
}

/// Pause a project
///
/// Messages are taken in and deliveries are made as before; they wait.
#[utoipa::path(
    post,
    path = "/projects/{project}/pause",
    operation_id = "pause_project",
    tag = "projects",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Project), Problem),
)]
pub(super) async fn pause(
    State(app): State<Shared>,
    caller: Caller,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Json<Project>, Problem> {
    app.hub.set_project_paused(&project, true, &reason.asked(&caller)).await?;
    Ok(Json(find(&app, &project).await?))
}

/// Resume a project
///
/// What waited is sent at once, but for what a paused connection or forwarder holds back.
#[utoipa::path(
    post,
    path = "/projects/{project}/resume",
    operation_id = "resume_project",
    tag = "projects",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Project), Problem),
)]
pub(super) async fn resume(
    State(app): State<Shared>,
    caller: Caller,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Json<Project>, Problem> {
    app.hub.set_project_paused(&project, false, &reason.asked(&caller)).await?;
    Ok(Json(find(&app, &project).await?))
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
/// Makes the project what the body says: a project file as JSON, or as YAML where the body says so
/// (`content-type: application/yaml`; a `${NAME}` in it is a mistake here). Where the project does
/// not exist it is made, by whoever runs the installation. A secret that is written as its
/// placeholder stays as it is.
#[utoipa::path(
    post,
    path = "/projects/{project}/apply",
    operation_id = "apply_project",
    tag = "projects",
    params(("project" = String, Path), HowToApply),
    request_body(
        description = "A project file",
        content((Object = "application/json"), (String = "application/yaml")),
    ),
    responses((status = 200, body = Applied), Problem),
)]
pub(super) async fn apply(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    Parameters(how): Parameters<HowToApply>,
    document: ProjectDocument,
) -> Result<Json<Applied>, Problem> {
    let prune = boolean("prune", how.prune.as_deref())?;
    let dry_run = boolean("dry_run", how.dry_run.as_deref())?;
    let value = document.value()?;
    let Ok(draft) = read_project(&value) else {
        // All that is wrong at once: also what only the project as it is can tell.
        let mistakes = app.hub.mistakes(&project, value.into_owned(), prune).await?;
        return Err(Problem::invalid(mistakes));
    };
    if draft.name != project {
        return Err(Problem::invalid(vec![definition::Problem {
            path: "project".to_owned(),
            code: "wrong-value",
            message: format!("the file is of the project `{}`", draft.name),
            hint: Some(format!("send it to {BASE}/projects/{}/apply", draft.name)),
        }]));
    }
    if !caller.is_installation_admin() {
        // A token of all projects must not make another one.
        app.hub.project(&project).await?;
    }
    let asked = Asked::by(caller.name());
    let applied = app.hub.apply(&draft, prune, dry_run, &asked).await;
    let applied = applied.map_err(|error| match error {
        HubError::Invalid(problems) => Problem::invalid(in_order(&value, problems)),
        other => other.into(),
    })?;
    for (action, count) in applied.counts() {
        audited.detail(action.name(), count);
    }
    Ok(Json(applied.into()))
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
/// Secrets are written as their placeholder, and so are the addresses of webhooks for those who may
/// not change sources; applying the file again keeps those that are stored.
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
    caller: Caller,
    Path(project): Path<String>,
    Parameters(how): Parameters<HowToExport>,
) -> Result<Response, Problem> {
    let (_, definition) = app.hub.definition(&project).await?;
    let value = write_project(&definition, caller.sees(&project));
    match how.format.as_deref() {
        None | Some("yaml") => {
            Ok(([(CONTENT_TYPE, "application/yaml")], yaml::write(&value)).into_response())
        }
        Some("json") => Ok(exact::json(value.to_json_pretty())),
        Some(other) => Err(parameters::bad("format", other, "one of yaml, json")),
    }
}
