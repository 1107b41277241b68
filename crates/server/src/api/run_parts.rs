//! What a run is made of: executions of steps, the states that went in and came out, and the log.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_model::json::Value;
use fieldpost_model::run;
use fieldpost_rules::definition::read_workflow;
use fieldpost_store::{RunLogLine, StateSide};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::exact::{self, ExactJson};
use super::list::{List, read_limit};
use super::names::StepStateName;
use super::parameters::{NoParameters, Parameters, bad, shortened};
use super::path::Path;
use super::runs::{find, milliseconds};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// One execution of a step within a run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunStep {
    /// Its number within the run, from 1, in the order in which they began.
    number: u32,
    /// The step.
    #[schema(example = "load")]
    step: String,
    /// What people call the step; empty where the workflow says nothing.
    name: String,
    /// What the state that it left is called in the run's final state.
    name_in_state: String,
    /// The number of the execution that led to it; null for the first.
    #[schema(required)]
    after: Option<u32>,
    /// Where it stands.
    #[schema(value_type = StepStateName)]
    state: &'static str,
    /// Which try of it this is, from 1.
    attempt: u32,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
    /// How long it took, in milliseconds.
    #[schema(required)]
    duration_ms: Option<u64>,
    /// How many bytes of JSON went in; null where that is not kept.
    #[schema(required)]
    input_bytes: Option<u64>,
    /// How many came out.
    #[schema(required)]
    output_bytes: Option<u64>,
    /// The error, as `state.errors` has it.
    #[schema(required, value_type = Option<Object>)]
    error: Option<ExactJson>,
    /// How many lines it logged.
    log_lines: u32,
}

impl RunStep {
    /// An execution, with what its workflow calls the step.
    pub(super) fn shown(step: run::RunStep, name: String) -> Self {
        let error = step.error.and_then(|text| {
            Value::parse(text.as_bytes()).ok().map(|error| ExactJson::from(error.into_owned()))
        });
        Self {
            number: step.number,
            name,
            step: step.step,
            name_in_state: step.name_in_state,
            after: step.after,
            state: step.state.name(),
            attempt: step.attempt,
            started_at: step.started_at.to_string(),
            finished_at: step.finished_at.map(|time| time.to_string()),
            duration_ms: milliseconds(Some(step.started_at), step.finished_at),
            input_bytes: step.input_bytes,
            output_bytes: step.output_bytes,
            error,
            log_lines: step.log_lines,
        }
    }
}

/// What the workflow of a run calls its steps, in the version that ran; nothing where that cannot be
/// read any more.
pub(super) async fn step_names(
    app: &App,
    project: &str,
    run: &run::Run,
) -> BTreeMap<String, String> {
    let found = app.hub.store().workflow_version(project, &run.workflow, run.version).await;
    let Ok(Some((_, text))) = found else { return BTreeMap::new() };
    let Ok(definition) = Value::parse(text.as_bytes()) else { return BTreeMap::new() };
    let Ok(workflow) = read_workflow(&run.workflow, &definition) else { return BTreeMap::new() };
    workflow.steps.into_iter().map(|step| (step.id, step.name)).collect()
}

/// A line of a run's log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogLine {
    /// Its number within the run, from 1.
    number: u32,
    /// The number of the execution of a step that logged it; null where the hub did, about the run.
    #[schema(required)]
    step_number: Option<u32>,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// How much it matters: `debug`, `info`, `success`, `warn`, `error`.
    #[schema(example = "info")]
    level: String,
    /// Who logged it: the job, an adaptor, or the runtime.
    #[schema(example = "JOB")]
    source: String,
    /// The line.
    message: String,
}

impl From<RunLogLine> for LogLine {
    fn from(line: RunLogLine) -> Self {
        let RunLogLine { number, step_number, at, level, source, message } = line;
        Self { number, step_number, at: at.to_string(), level, source, message }
    }
}

/// Which lines of a log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogStretch {
    /// Only lines behind the one of this number.
    #[param(value_type = Option<u32>)]
    after: Option<String>,
    /// Lines, 1 to 500; 50 unless given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// The log of a run, oldest first
///
/// Give the number of the last line that you have as `after` to go on; `next` is that number, and null
/// where there is nothing more for now.
#[utoipa::path(
    get,
    path = "/projects/{project}/runs/{run}/log",
    operation_id = "get_run_log",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path), LogStretch),
    responses((status = 200, body = List<LogLine>), Problem),
)]
pub(super) async fn log(
    State(app): State<Shared>,
    Path((project, run)): Path<(String, String)>,
    Parameters(LogStretch { after, limit }): Parameters<LogStretch>,
) -> Result<Json<List<LogLine>>, Problem> {
    let limit = read_limit(limit.as_deref())?;
    let after = after.map_or(Ok(0), |text| {
        text.parse().map_err(|_| bad("after", &text, "the number of a line"))
    })?;
    let run = find(&app, &project, &run).await?;
    let mut lines = app.hub.store().run_log(&project, run.id, after, limit + 1).await?;
    let is_more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines.last().filter(|_| is_more).map(|line| line.number.to_string());
    Ok(Json(List::turned(lines.into_iter().map(LogLine::from).collect(), next)))
}

/// What went into a step
///
/// The state as JSON, without the credential.
#[utoipa::path(
    get,
    path = "/projects/{project}/runs/{run}/steps/{number}/input",
    operation_id = "get_run_step_input",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path), ("number" = u32, Path)),
    responses((status = 200, body = Object, description = "Any JSON"), Problem),
)]
pub(super) async fn input(
    State(app): State<Shared>,
    Path((project, run, number)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    state_of(&app, (&project, &run, &number), StateSide::Input).await
}

/// What came out of a step
///
/// The state as JSON, without the credential, and with the secrets of the credential masked.
#[utoipa::path(
    get,
    path = "/projects/{project}/runs/{run}/steps/{number}/output",
    operation_id = "get_run_step_output",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path), ("number" = u32, Path)),
    responses((status = 200, body = Object, description = "Any JSON"), Problem),
)]
pub(super) async fn output(
    State(app): State<Shared>,
    Path((project, run, number)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    state_of(&app, (&project, &run, &number), StateSide::Output).await
}

/// What a run has left
///
/// The state of its one last step, or of several an object with the state of each.
#[utoipa::path(
    get,
    path = "/projects/{project}/runs/{run}/state",
    operation_id = "get_run_state",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = Object, description = "Any JSON"), Problem),
)]
pub(super) async fn final_state(
    State(app): State<Shared>,
    Path((project, run)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let run = find(&app, &project, &run).await?;
    let state = app.hub.store().final_state(&project, run.id).await?;
    state.map(|state| as_json(&state)).ok_or_else(|| not_kept("final state"))
}

async fn state_of(
    app: &App,
    (project, run, number): (&str, &str, &str),
    side: StateSide,
) -> Result<Response, Problem> {
    let run = find(app, project, run).await?;
    let no_step = || Problem::not_found("step", shortened(number));
    let number: u32 = number.parse().map_err(|_| no_step())?;
    let steps = app.hub.store().run_steps(project, run.id).await?;
    if !steps.iter().any(|step| step.number == number) {
        return Err(no_step());
    }
    let state = match side {
        StateSide::Input => app.hub.step_input(project, &run, number).await?,
        StateSide::Output => app.hub.store().step_state(project, run.id, number, side).await?,
    };
    state.map(|state| as_json(&state)).ok_or_else(|| not_kept(side.name()))
}

/// The answer where something was there, or will be, and is not.
fn not_kept(what: &str) -> Problem {
    let detail = format!("the {what} is not here");
    Problem::new(StatusCode::NOT_FOUND, "state-not-kept", detail).hint(
        "a step has one once it has ended, and one that broke off (crashed, killed, exception) leaves none; \
         the workflow's `keep` and the project's retention say for how long one stays",
    )
}

fn as_json(state: &[u8]) -> Response {
    exact::json(String::from_utf8_lossy(state).into_owned())
}
