//! Runs: each execution of a workflow, and what a person can do about it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use fieldpost_engine::RunAction;
use fieldpost_model::run::{self, RunOrigin, RunState};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{RunCondition, RunPage, RunsFound};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::deliveries::made_by_id;
use super::known;
use super::list::{self, Listed, SearchedList, Turn};
use super::names::{RunInputName, RunOriginName, RunStateName};
use super::parameters::{self, NoParameters, Parameters, named, path_id, time};
use super::path::Path;
use super::run_parts::{RunStep, step_names};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A run: one execution of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Run {
    /// Its id.
    id: Uuid,
    /// The workflow.
    #[schema(example = "register")]
    workflow: String,
    /// The version of the workflow that it runs.
    version: i64,
    /// Where it stands.
    #[schema(value_type = RunStateName)]
    state: &'static str,
    /// Why it was made.
    #[schema(value_type = RunOriginName)]
    origin: &'static str,
    /// What it began with.
    input: RunInput,
    /// The message that it came of; null where none set it off.
    #[schema(required)]
    message: Option<Uuid>,
    /// What it is about (a case, a form), where that is known.
    #[schema(required)]
    key: Option<String>,
    /// The run that was begun again.
    #[schema(required)]
    retry_of: Option<Uuid>,
    /// The step that it began with, where that is not the workflow's start.
    #[schema(required)]
    from_step: Option<String>,
    /// Who asked for it, as they were called then; null where nobody did.
    #[schema(required)]
    by: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    registered_at: String,
    /// When its first step began.
    #[schema(required, format = DateTime)]
    started_at: Option<String>,
    /// When it ended.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
    /// How long it took from the start of its first step to its end, in milliseconds.
    #[schema(required)]
    duration_ms: Option<u64>,
    /// When it is due, while it is available.
    #[schema(required, format = DateTime)]
    next_at: Option<String>,
    /// The error that is the reason of its state; null where there is none.
    #[schema(required)]
    error: Option<RunError>,
}

/// What a run began with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunInput {
    /// What it is.
    #[schema(value_type = RunInputName)]
    kind: &'static str,
    /// The id of a message or of what was made of one; null for a state.
    #[schema(required)]
    id: Option<Uuid>,
}

/// The error that a run ended by.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunError {
    /// OpenFn's name of it.
    #[serde(rename = "type")]
    #[schema(required, example = "RuntimeError")]
    kind: Option<String>,
    /// What it says, in a sentence.
    message: String,
    /// The step that it came from.
    #[schema(required)]
    step: Option<String>,
    /// The line of the step's job that it came from, from 1; null where that is not known.
    #[schema(required)]
    line: Option<u32>,
    /// The column in that line, from 1; null where only the line is known.
    #[schema(required)]
    column: Option<u32>,
}

/// A run with its steps.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunDetails {
    #[serde(flatten)]
    run: Run,
    /// Each execution of a step, in the order in which they began.
    steps: Vec<RunStep>,
}

impl From<run::Run> for Run {
    fn from(run: run::Run) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let has_error = run.error_type.is_some() || run.error_message.is_some();
        let error = has_error.then(|| RunError {
            kind: run.error_type,
            message: run.error_message.unwrap_or_default(),
            step: run.error_step,
            line: run.error_place.map(|place| place.line),
            column: run.error_place.and_then(|place| place.column),
        });
        Self {
            id: run.id,
            workflow: run.workflow,
            version: run.version,
            state: run.state.name(),
            origin: run.origin.name(),
            input: RunInput { kind: run.input.name(), id: run.input_id },
            message: run.message,
            key: run.key,
            retry_of: run.retry_of,
            from_step: run.from_step,
            by: run.by,
            registered_at: run.registered_at.to_string(),
            started_at: time(run.started_at),
            finished_at: time(run.finished_at),
            duration_ms: milliseconds(run.started_at, run.finished_at),
            next_at: time(run.next_at),
            error,
        }
    }
}

/// How long something took that has ended.
pub(super) fn milliseconds(started: Option<Timestamp>, finished: Option<Timestamp>) -> Option<u64> {
    let (started, finished) = started.zip(finished)?;
    u64::try_from(finished.0.saturating_sub(started.0).max(0) / 1_000).ok()
}

/// Which runs are meant. What is left out does not matter.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct RunFilter {
    /// Of this workflow only.
    workflow: Option<String>,
    /// In one of these states only, with commas between them: `failed,crashed`.
    state: Option<String>,
    /// Made for this reason only.
    #[param(value_type = Option<RunOriginName>)]
    #[schema(value_type = Option<RunOriginName>)]
    origin: Option<String>,
    /// Made at this time or later.
    #[param(format = DateTime)]
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Made before this time.
    #[param(format = DateTime)]
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Of this message only.
    #[param(value_type = Option<Uuid>)]
    #[schema(value_type = Option<Uuid>)]
    message: Option<String>,
    /// About this key only.
    key: Option<String>,
    /// Ended by an error of this name only: `RuntimeError`.
    error_type: Option<String>,
    /// Begun again from this run only.
    #[param(value_type = Option<Uuid>)]
    #[schema(value_type = Option<Uuid>)]
    retry_of: Option<String>,
    /// These only: ids with commas between them, 500 at most.
    ids: Option<String>,
}

impl RunFilter {
    pub(super) fn condition(self) -> Result<RunCondition, Problem> {
        Ok(RunCondition {
            states: states(self.state.as_deref())?,
            origin: named("origin", self.origin.as_deref(), RunOrigin::ALL, RunOrigin::name)?,
            from: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            message: parameters::id("message", self.message.as_deref())?,
            retry_of: parameters::id("retry_of", self.retry_of.as_deref())?,
            ids: parameters::ids("ids", self.ids.as_deref())?,
            workflow: self.workflow,
            key: self.key,
            error_type: self.error_type,
        })
    }
}

/// Reads states with commas between them.
fn states(text: Option<&str>) -> Result<Vec<RunState>, Problem> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let read = |name| named("state", Some(name), RunState::ALL, RunState::name);
    text.split(',').map(read).filter_map(Result::transpose).collect()
}

/// Runs, newest first
///
/// What no index tells is looked for in a bounded number of runs at a time: the page may then have few
/// items, or none, and `next` goes on from there.
#[utoipa::path(
    get,
    path = "/projects/{project}/runs",
    operation_id = "list_runs",
    tag = "workflows",
    params(("project" = String, Path), RunFilter, Turn),
    responses((status = 200, body = SearchedList<Run>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { filter, wanted }: Listed<RunFilter>,
) -> Result<Json<SearchedList<Run>>, Problem> {
    let condition = filter.condition()?;
    known::runs(&app, &project, &condition).await?;
    let exactly = wanted.exactly();
    let page = RunPage { before: exactly.before, limit: exactly.limit };
    let RunsFound { found, next } = app.hub.store().runs(&project, &condition, page).await?;
    let until = next.filter(|_| found.len() < exactly.limit).map(made_by_id);
    let items = found.into_iter().map(Run::from).collect();
    Ok(Json(SearchedList::new(items, next.map(list::cursor), until)))
}

/// How many runs stand in which state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunCounts {
    /// All of them.
    total: u64,
    /// By state; states without any are left out.
    states: BTreeMap<&'static str, u64>,
}

/// How many runs there are
///
/// All that the filter describes are counted, so that it takes longer the more they are.
#[utoipa::path(
    get,
    path = "/projects/{project}/runs/counts",
    operation_id = "count_runs",
    tag = "workflows",
    params(("project" = String, Path), RunFilter),
    responses((status = 200, body = RunCounts), Problem),
)]
pub(super) async fn counts(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(filter): Parameters<RunFilter>,
) -> Result<Json<RunCounts>, Problem> {
    let condition = filter.condition()?;
    known::runs(&app, &project, &condition).await?;
    let mut states = BTreeMap::new();
    // Of every run, one of the two actions is possible.
    for action in RunAction::ALL {
        states.extend(app.hub.preview_runs(&project, *action, &condition).await?.states);
    }
    Ok(Json(RunCounts { total: states.values().sum(), states }))
}

/// One run, with its steps
#[utoipa::path(
    get,
    path = "/projects/{project}/runs/{run}",
    operation_id = "get_run",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = RunDetails), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, run)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<RunDetails>, Problem> {
    let run = find(&app, &project, &run).await?;
    let steps = app.hub.store().run_steps(&project, run.id).await?;
    let names = step_names(&app, &project, &run).await;
    let steps = steps.into_iter().map(|step| {
        // A step can have run several times.
        let name = names.get(&step.step).cloned().unwrap_or_default();
        RunStep::shown(step, name)
    });
    let steps = steps.collect();
    Ok(Json(RunDetails { run: run.into(), steps }))
}

/// The run of an id in a path.
pub(super) async fn find(app: &App, project: &str, id: &str) -> Result<run::Run, Problem> {
    let found = app.hub.store().run(project, path_id("run", id)?).await?;
    found.ok_or_else(|| Problem::not_found("run", parameters::shortened(id)))
}
