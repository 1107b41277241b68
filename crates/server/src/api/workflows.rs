//! Workflows: graphs of jobs, what sets them off, and pausing them.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{Draft, Saved, is_bad};
use fieldpost_model::run::{self, RunState};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::{self, Trigger};
use fieldpost_rules::definition::{Secrets, read_workflow, write_workflow};
use fieldpost_store::{DefinitionKind, RunCondition, RunPage, RunTallies};
use futures_util::future::try_join3;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{as_json, current, find, put as save, remove, saved, with_versions};
use super::exact::ExactJson;
use super::list::List;
use super::names::RunStateName;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::pause::Pause;
use super::principal::Caller;
use super::reason::{Reason, Reasoned};
use super::schedules::{DueTime, due_of};
use crate::app::{App, Shared};
use crate::problem::{Mistake, Problem};

/// Workflows of a list that the store is asked about at once.
const SHOWN_AT_ONCE: usize = 8;

/// Runs that are shown with a workflow.
const LAST_RUNS: usize = 10;

/// The time of `last_day`.
const DAY: Duration = Duration::from_hours(24);

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Workflow {
    /// Its name within the project.
    #[schema(example = "register")]
    name: String,
    /// What people call it; empty where nothing was said.
    #[schema(example = "Register births")]
    title: String,
    /// What sets it off.
    trigger: TriggerShown,
    /// How many steps it has.
    steps: usize,
    /// Whether it is paused: its runs are made, and wait.
    paused: bool,
    /// Since when, by whom and why; null where it is not paused.
    #[schema(required)]
    pause: Option<Pause>,
    /// Its version: that of the project's definitions that it was saved with.
    version: i64,
    /// When it was saved.
    #[schema(required, format = DateTime)]
    saved_at: Option<String>,
    /// Its newest runs, 10 at most, the newest first.
    last_runs: Vec<LastRun>,
    /// How its runs of the last 24 hours went.
    last_day: RunsOfDay,
    /// What is allowed, and likely to be regretted about having made it what it is; told to whoever does.
    warnings: Vec<Mistake>,
    /// The workflow as the project file has it; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

/// How the runs of a workflow went that were made within a day, counted up to 10,000.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunsOfDay {
    /// Those that ended well.
    succeeded: u64,
    /// Those that failed, crashed, were stopped or met a fault of the hub.
    failed: u64,
    /// Those that somebody ended.
    cancelled: u64,
    /// Whether there are more than were counted.
    is_more: bool,
    /// Runs that have not ended, whenever they were made, counted up to 10,000.
    waiting: u64,
    /// Whether more of them wait than were counted.
    waiting_is_more: bool,
}

impl From<RunTallies> for RunsOfDay {
    fn from(tallies: RunTallies) -> Self {
        let of = |holds: fn(RunState) -> bool| tallies.of(|_, state| holds(state));
        Self {
            succeeded: of(|state| state == RunState::Success),
            failed: of(is_bad),
            cancelled: of(|state| state == RunState::Cancelled),
            is_more: tallies.made_is_more,
            waiting: tallies.waiting,
            waiting_is_more: tallies.waiting_is_more,
        }
    }
}

/// A run of a workflow, in brief.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LastRun {
    /// Its id.
    id: Uuid,
    /// Where it stands.
    #[schema(value_type = RunStateName)]
    state: &'static str,
    /// When it was made.
    #[schema(format = DateTime)]
    registered_at: String,
    /// When it ended.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
}

impl From<run::Run> for LastRun {
    fn from(run: run::Run) -> Self {
        Self {
            id: run.id,
            state: run.state.name(),
            registered_at: run.registered_at.to_string(),
            finished_at: run.finished_at.map(|time| time.to_string()),
        }
    }
}

/// What sets a workflow off, in brief.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TriggerShown {
    /// `manual`, `cron`, or the event: `message`, `form`, `case`, `delivery-ended` and so on.
    #[schema(example = "message")]
    kind: &'static str,
    /// The one source whose messages it listens to; null for all, and where it listens to none.
    #[schema(required)]
    source: Option<String>,
    /// The points in time, as a cron expression.
    #[schema(required, example = "*/5 * * * *")]
    cron: Option<String>,
    /// The time zone of the cron expression.
    #[schema(required, example = "Africa/Nairobi")]
    time_zone: Option<String>,
    /// When the cron expression is due next, three times; empty where there is none.
    next: Vec<DueTime>,
    /// Whether the sender of the message is answered with what the run has left.
    replies: bool,
}

impl TriggerShown {
    fn new(trigger: &Trigger, now: Timestamp) -> Self {
        let plain = |kind| Self {
            kind,
            source: None,
            cron: None,
            time_zone: None,
            next: Vec::new(),
            replies: false,
        };
        match trigger {
            Trigger::Event(event) => Self {
                source: event.filter.from.clone(),
                replies: event.reply.is_some(),
                ..plain(event.on.name())
            },
            Trigger::Cron(cron) => Self {
                cron: Some(cron.expression.clone()),
                time_zone: Some(cron.time_zone.clone()),
                next: due_of(cron, now),
                ..plain("cron")
            },
            Trigger::Trouble(trouble) => plain(trouble.name()),
            Trigger::Manual => plain("manual"),
        }
    }
}

impl Workflow {
    async fn show(
        app: &App,
        project: &str,
        workflow: &workflow::Workflow,
        stored: &Saved,
    ) -> Result<Self, Problem> {
        let (kind, store) = (DefinitionKind::Workflow, app.hub.store());
        let of_it =
            RunCondition { workflow: Some(workflow.name.clone()), ..RunCondition::default() };
        let page = RunPage { before: None, limit: LAST_RUNS };
        let now = app.hub.now();
        let (newest, last, tallies) = try_join3(
            store.workflow_versions(project, &workflow.name, None, 1),
            store.runs(project, &of_it, page),
            store.run_tallies(project, &workflow.name, now - DAY),
        )
        .await?;
        Ok(Self {
            name: workflow.name.clone(),
            title: workflow.title.clone(),
            trigger: TriggerShown::new(&workflow.trigger, now),
            steps: workflow.steps.len(),
            paused: workflow.paused,
            pause: Pause::shown(stored.pause(kind, &workflow.name)),
            version: stored.saved_in(kind, &workflow.name).unwrap_or_default(),
            saved_at: newest.first().map(|version| version.saved_at.to_string()),
            last_runs: last.found.into_iter().map(LastRun::from).collect(),
            last_day: tallies.into(),
            warnings: Vec::new(),
            definition: write_workflow(workflow, Secrets::Hidden).into(),
        })
    }
}

fn name_of(workflow: &workflow::Workflow) -> &str {
    &workflow.name
}

/// All workflows
///
/// With the newest runs of each, and how those of the last day went.
#[utoipa::path(
    get,
    path = "/projects/{project}/workflows",
    operation_id = "list_workflows",
    tag = "workflows",
    responses((status = 200, body = List<Workflow>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Workflow>>, Problem> {
    let stored = with_versions(&app, &project).await?;
    let workflows = stored.definition.workflows.iter();
    let asked: Vec<_> =
        workflows.map(|workflow| Workflow::show(&app, &project, workflow, &stored)).collect();
    let shown: Vec<_> = stream::iter(asked).buffered(SHOWN_AT_ONCE).try_collect().await?;
    Ok(Json(List::whole(shown)))
}

async fn shown(app: &App, project: &str, name: &str) -> Result<Tagged<Workflow>, Problem> {
    let stored = with_versions(app, project).await?;
    let workflow = find("workflow", &stored.definition.workflows, name, name_of)?;
    let shown = Workflow::show(app, project, workflow, &stored).await?;
    Ok(Tagged(stored.saved_in(DefinitionKind::Workflow, name), shown))
}

/// One workflow
#[utoipa::path(
    get,
    path = "/projects/{project}/workflows/{workflow}",
    operation_id = "get_workflow",
    tag = "workflows",
    responses(
        (
            status = 200,
            body = Workflow,
            headers(("etag" = String, description = "Another one whenever it is saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, workflow)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<Workflow>>, Problem> {
    Ok(as_json(shown(&app, &project, &workflow).await?))
}

/// Make or replace a workflow
///
/// The body is a workflow as the project file has it, with the text of each job in it. Every save is a
/// version, which is kept; runs that were made before go on with the version that they began with.
#[utoipa::path(
    put,
    path = "/projects/{project}/workflows/{workflow}",
    operation_id = "put_workflow",
    tag = "workflows",
    params(("project" = String, Path), ("workflow" = String, Path), Conditions),
    request_body(content = Object, description = "A workflow, as in the project file"),
    responses(
        (status = 200, body = Workflow, description = "Replaced"),
        (status = 201, body = Workflow, description = "Made"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, workflow)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_workflow(&workflow, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("workflow", &before.workflows, &workflow, name_of).is_err();
    let warnings = app.hub.workflow_warnings(&project, &draft).await?;
    save(&app, &caller, &project, Draft::Workflow(draft), &expected).await?;
    let Tagged(tag, made) = shown(&app, &project, &workflow).await?;
    let warnings = warnings.into_iter().map(Mistake::from).collect();
    Ok(saved(is_new, Tagged(tag, Workflow { warnings, ..made })))
}

/// Remove a workflow
///
/// Runs that wait are cancelled; those that ended stay as a record.
#[utoipa::path(
    delete,
    path = "/projects/{project}/workflows/{workflow}",
    operation_id = "delete_workflow",
    tag = "workflows",
    params(("project" = String, Path), ("workflow" = String, Path), Conditions),
    responses((status = 204, description = "Removed"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, workflow)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::Workflow, &workflow, &expected).await
}

/// Pause a workflow
///
/// Its runs are made as before, and wait; those that go on come to their end.
#[utoipa::path(
    post,
    path = "/projects/{project}/workflows/{workflow}/pause",
    operation_id = "pause_workflow",
    tag = "workflows",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Workflow), Problem),
)]
pub(super) async fn pause(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, workflow)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Tagged<Json<Workflow>>, Problem> {
    app.hub.set_workflow_paused(&project, &workflow, true, &reason.asked(&caller)).await?;
    Ok(as_json(shown(&app, &project, &workflow).await?))
}

/// Resume a workflow
///
/// What waited is run at once.
#[utoipa::path(
    post,
    path = "/projects/{project}/workflows/{workflow}/resume",
    operation_id = "resume_workflow",
    tag = "workflows",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Workflow), Problem),
)]
pub(super) async fn resume(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, workflow)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Tagged<Json<Workflow>>, Problem> {
    app.hub.set_workflow_paused(&project, &workflow, false, &reason.asked(&caller)).await?;
    Ok(as_json(shown(&app, &project, &workflow).await?))
}
