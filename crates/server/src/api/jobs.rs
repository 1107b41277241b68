//! Jobs while they are written: whether one compiles, and what the adaptors give to it.

use axum::Json;
use axum::extract::State;
use fieldpost_engine as engine;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Input;
use super::list::List;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// Adaptors that one job may name.
const MOST_ADAPTORS: usize = 20;

/// A job that somebody writes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JobToCheck {
    /// The adaptors whose functions it uses, as its step names them; 20 at most.
    #[serde(default)]
    #[schema(example = json!(["http"]), max_items = 20)]
    adaptors: Vec<String>,
    /// The job.
    #[schema(example = "get('/births', { query: { since: $.cursor } });")]
    job: String,
}

/// What was found about a job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckedJob {
    /// What is wrong with it, and what may be.
    problems: Vec<JobProblem>,
    /// Its operations, in their order; empty where it does not compile.
    operations: Vec<JobOperation>,
}

/// Something that is wrong with a job, or may be.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobProblem {
    /// What, as a stable word.
    #[schema(example = "job-syntax")]
    code: &'static str,
    /// What, in a sentence.
    message: String,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
    /// Whether the job can be saved and run all the same.
    is_warning: bool,
    /// The line, from 1; null where it concerns the whole job.
    #[schema(required)]
    line: Option<u32>,
    /// The column in characters, from 1.
    #[schema(required)]
    column: Option<u32>,
}

/// An operation of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobOperation {
    /// What is called; null where it has no plain name.
    #[schema(required, example = "get")]
    name: Option<String>,
    /// The line that it begins on, from 1.
    line: u32,
}

/// An adaptor: a library of functions for jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Adaptor {
    /// Its name, as a step says it.
    #[schema(example = "http")]
    name: String,
    /// The module that a job may import.
    #[schema(example = "@openfn/language-http")]
    module: &'static str,
    /// What it gives to a job.
    functions: Vec<AdaptorFunction>,
}

/// Something that an adaptor gives to a job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdaptorFunction {
    /// Its name.
    #[schema(example = "get")]
    name: String,
    /// Its parameters, as they are written behind the name; empty where nothing is written about it.
    #[schema(example = "(path, options)")]
    parameters: String,
    /// What it does, in a sentence; empty where nothing is written about it.
    summary: String,
    /// How it is used.
    #[schema(required)]
    example: Option<String>,
}

impl From<engine::CheckedJob> for CheckedJob {
    fn from(checked: engine::CheckedJob) -> Self {
        let operations = checked.operations.into_iter();
        Self {
            problems: checked.problems.into_iter().map(JobProblem::from).collect(),
            operations: operations
                .map(|engine::JobOperation { name, line }| JobOperation { name, line })
                .collect(),
        }
    }
}

impl From<engine::JobProblem> for JobProblem {
    fn from(problem: engine::JobProblem) -> Self {
        let engine::JobProblem { code, message, hint, is_warning, line, column } = problem;
        Self { code, message, hint, is_warning, line, column }
    }
}

impl From<engine::AdaptorShown> for Adaptor {
    fn from(shown: engine::AdaptorShown) -> Self {
        let engine::AdaptorShown { name, module, functions } = shown;
        Self { name, module, functions: functions.into_iter().map(AdaptorFunction::from).collect() }
    }
}

impl From<engine::AdaptorFunction> for AdaptorFunction {
    fn from(function: engine::AdaptorFunction) -> Self {
        let engine::AdaptorFunction { name, parameters, summary, example } = function;
        Self { name, parameters, summary, example }
    }
}

/// Check a job
///
/// It is compiled and not run, and nothing is saved: an editor asks for this while somebody writes.
#[utoipa::path(
    post,
    path = "/projects/{project}/jobs/check",
    operation_id = "check_job",
    tag = "workflows",
    params(("project" = String, Path)),
    request_body = JobToCheck,
    responses((status = 200, body = CheckedJob), Problem),
)]
pub(super) async fn check(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(wanted): Input<JobToCheck>,
) -> Result<Json<CheckedJob>, Problem> {
    app.hub.project(&project).await?;
    if wanted.adaptors.len() > MOST_ADAPTORS {
        let detail = format!("a job names {MOST_ADAPTORS} adaptors at most");
        return Err(Problem::bad_request("bad-body", detail));
    }
    let packages = app.hub.packages();
    let checking = tokio::task::spawn_blocking(move || {
        engine::check_job(&packages, &wanted.adaptors, &wanted.job)
    });
    let checked = checking.await.map_err(|error| {
        tracing::error!(%error, "a job could not be checked: {error}");
        let detail = "the hub made a mistake here; its log says which";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
    })?;
    Ok(Json(checked.into()))
}

/// The adaptors that jobs can use
///
/// With the functions of each: what an editor offers, and explains.
#[utoipa::path(
    get,
    path = "/adaptors",
    operation_id = "list_adaptors",
    tag = "workflows",
    responses((status = 200, body = List<Adaptor>), Problem),
)]
pub(super) async fn adaptors(_: Parameters<NoParameters>) -> Json<List<Adaptor>> {
    Json(List::whole(engine::adaptors_shown().into_iter().map(Adaptor::from)))
}
