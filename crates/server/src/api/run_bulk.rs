//! Actions over many runs: what is done to all that a filter describes.

use axum::extract::State;
use fieldpost_engine::{Asked, RunAction};
use serde::Deserialize;
use utoipa::ToSchema;

use super::actions::{Answer, Ordered, begun, patiently, preview};
use super::audited::Audited;
use super::body::Input;
use super::known;
use super::names::RunActionName;
use super::parameters::{self, NoParameters, Parameters, named};
use super::path::Path;
use super::principal::Caller;
use super::reason;
use super::runs::RunFilter;
use crate::app::Shared;
use crate::problem::Problem;

/// What is to be done to many runs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActOnRuns {
    /// What is to be done.
    #[schema(value_type = RunActionName)]
    action: String,
    /// To which runs. An empty filter means all of them.
    filter: RunFilter,
    /// Whether it is only told how many would be touched.
    #[serde(default)]
    dry_run: bool,
    /// Whether the answer may wait for the end; unless this is false, it does for two seconds.
    #[serde(default = "patiently")]
    wait: bool,
    /// Why it is done, in your own words; 500 characters at most.
    #[schema(max_length = 500, example = "the job was mended")]
    reason: Option<String>,
}

/// Act on many runs
///
/// On those that a filter describes and that are there now, oldest first. `retry` begins those that have
/// ended again, from their start and with the newest version of their workflow; `cancel` ends those that
/// have not. Begin with `dry_run`. What takes longer than a moment goes on by itself: the answer is then
/// 202 and the action as it stands; it is found with those on deliveries.
#[utoipa::path(
    post,
    path = "/projects/{project}/runs/actions",
    operation_id = "act_on_runs",
    tag = "workflows",
    params(("project" = String, Path)),
    request_body = ActOnRuns,
    responses((status = 200, body = Ordered), (status = 202, body = Ordered), Problem),
)]
pub(super) async fn act(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(wanted): Input<ActOnRuns>,
) -> Result<Answer, Problem> {
    let action = named("action", Some(&wanted.action), RunAction::ALL, RunAction::name)?;
    let action = action.ok_or_else(|| parameters::bad("action", &wanted.action, "name one"))?;
    let reason = reason::read(wanted.reason)?;
    let condition = wanted.filter.condition()?;
    known::runs(&app, &project, &condition).await?;
    audited.detail("dry_run", wanted.dry_run);
    if wanted.dry_run {
        return Ok(preview(app.hub.preview_runs(&project, action, &condition).await?));
    }
    reason::note(&audited, reason.as_deref());
    let asked = Asked { by: caller.name().to_owned(), reason };
    let action = app.hub.act_on_runs(&project, action, &condition, asked).await?;
    begun(&app, &project, action, wanted.wait).await
}
