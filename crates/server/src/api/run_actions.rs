//! What a person asks of runs: one by hand, one again, and an end.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use fieldpost_engine::{Asked, ByHand, GivenInput, RetryVersion};
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Optional;
use super::parameters::{NoParameters, Parameters, bad, path_id};
use super::path::Path;
use super::principal::Caller;
use super::reason::{Reason, Reasoned};
use super::runs::Run;
use crate::app::Shared;
use crate::problem::Problem;

/// What a run by hand begins with: one of a state, a message and a step of an earlier run. Without any of
/// them it is an empty state.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunByHand {
    /// A state: an object.
    #[schema(value_type = Option<Object>, example = json!({"data": {"village": "Kibera"}}))]
    state: Option<Box<RawValue>>,
    /// A message, as if it had set the workflow off.
    message: Option<Uuid>,
    /// A run: what went into it, or with `step` into that step of it.
    run: Option<Uuid>,
    /// The number of an execution of a step in that run; the first one unless given.
    #[schema(minimum = 1)]
    step: Option<u32>,
    /// The step of the workflow to begin with; its start unless given.
    from_step: Option<String>,
    /// The version of the workflow; the newest unless given.
    version: Option<i64>,
}

impl RunByHand {
    fn read(self) -> Result<ByHand, Problem> {
        let Self { state, message, run, step, from_step, version } = self;
        let input = match (state, message, run) {
            (None, None, None) => GivenInput::Nothing,
            (Some(state), None, None) => {
                GivenInput::State(Bytes::from(String::from(Box::<str>::from(state))))
            }
            (None, Some(message), None) => GivenInput::Message(message),
            (None, None, Some(run)) => GivenInput::Step(run, step.unwrap_or(1)),
            _ => {
                let detail = "a run begins with one of a state, a message and a run";
                return Err(Problem::bad_request("bad-body", detail).hint("leave one of them"));
            }
        };
        if step.is_some() && run.is_none() {
            let detail = "a step is given, and no run that it is of";
            return Err(Problem::bad_request("bad-body", detail).hint("name the run as `run`"));
        }
        Ok(ByHand { input, from_step, version })
    }
}

/// Run a workflow
///
/// Now, whatever sets it off otherwise. The answer is the run, which goes on by itself.
#[utoipa::path(
    post,
    path = "/projects/{project}/workflows/{workflow}/runs",
    operation_id = "run_workflow",
    tag = "workflows",
    params(("project" = String, Path), ("workflow" = String, Path)),
    request_body = Option<RunByHand>,
    responses((status = 201, body = Run), Problem),
)]
pub(super) async fn start(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, workflow)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Optional(wanted): Optional<RunByHand>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let by_hand = wanted.read()?;
    let asked = Asked::by(caller.name());
    let made = app.hub.run_by_hand(&project, &workflow, by_hand, &asked).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// How a run is begun again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryRun {
    /// The number of the execution of a step to begin with, with what went into it then; null is the
    /// start of the run.
    from_step: Option<u32>,
    /// The version of the workflow: `same`, the one that ran, or `newest`; `same` unless given.
    #[schema(example = "newest")]
    version: Option<String>,
}

/// The version that is meant.
pub(super) fn retry_version(text: Option<&str>) -> Result<RetryVersion, Problem> {
    match text {
        None | Some("same") => Ok(RetryVersion::Same),
        Some("newest") => Ok(RetryVersion::Newest),
        Some(other) => Err(bad("version", other, "one of same, newest")),
    }
}

/// Begin a run again
///
/// As a new run, which is the answer: from the start, or from a step.
#[utoipa::path(
    post,
    path = "/projects/{project}/runs/{run}/retry",
    operation_id = "retry_run",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path)),
    request_body = Option<RetryRun>,
    responses((status = 201, body = Run), Problem),
)]
pub(super) async fn retry(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, run)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Optional(RetryRun { from_step, version }): Optional<RetryRun>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let version = retry_version(version.as_deref())?;
    let id = path_id("run", &run)?;
    let asked = Asked::by(caller.name());
    let made = app.hub.retry_run(&project, id, from_step, version, &asked).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Cancel a run
///
/// One that waits is ended at once; the job of one that goes on is stopped in a moment.
#[utoipa::path(
    post,
    path = "/projects/{project}/runs/{run}/cancel",
    operation_id = "cancel_run",
    tag = "workflows",
    params(("project" = String, Path), ("run" = Uuid, Path)),
    request_body = Option<Reasoned>,
    responses((status = 200, body = Run), Problem),
)]
pub(super) async fn cancel(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, run)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Json<Run>, Problem> {
    let id = path_id("run", &run)?;
    let run = app.hub.cancel_run(&project, id, &reason.asked(&caller)).await?;
    Ok(Json(run.into()))
}
