//! Lanes: the queue of each connection, and how its destination is.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{LaneShown, PausedBy};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::List;
use super::names::PausedByName;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::pause::Pause;
use crate::app::Shared;
use crate::problem::Problem;

/// The lane of a connection, as this hub sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Lane {
    /// The connection.
    #[schema(example = "warehouse")]
    connection: String,
    /// `open`: what is due is sent. `paused`: its connection or its project is. `left-alone`: its
    /// calls failed, or its destination asked for time. `probing`: one call is let through to see.
    #[schema(example = "left-alone")]
    state: &'static str,
    /// Why it is left alone: `failures`, or `asked` by the destination.
    #[schema(required)]
    cause: Option<&'static str>,
    /// When it is tried again.
    #[schema(required, format = DateTime)]
    again_at: Option<String>,
    /// Calls under way from this hub.
    under_way: usize,
    /// Deliveries that wait, counted up to 10,000.
    waiting: u64,
    /// Whether there are more than that.
    waiting_is_more: bool,
    /// How many of those counted wait for another one, which goes before them in order.
    waiting_behind: u64,
    /// Deliveries that wait beside them, since the forwarders that send them here are paused. Each
    /// forwarder's are counted up to 10,000.
    parked: u64,
    /// Whose pause holds it back; null where it is not paused.
    #[schema(required, value_type = Option<PausedByName>)]
    paused_by: Option<&'static str>,
    /// Since when that pause lasts, who began it and why; null where it is the hub's, or has lasted
    /// since before this was kept.
    #[schema(required)]
    pause: Option<Pause>,
    /// How often its destination is called at most, as the project file has it.
    #[schema(required, example = "50/s")]
    rate: Option<String>,
    /// Since when the oldest one waits for its first try.
    #[schema(required, format = DateTime)]
    oldest_first_try_at: Option<String>,
    /// When the next retry is due.
    #[schema(required, format = DateTime)]
    next_retry_at: Option<String>,
}

impl From<LaneShown> for Lane {
    fn from(lane: LaneShown) -> Self {
        let LaneShown { connection, state, cause, again_at, under_way, backlog, .. } = lane;
        Self {
            connection,
            state: state.name(),
            cause: cause.map(fieldpost_engine::Cause::name),
            again_at: again_at.map(|at| at.to_string()),
            under_way,
            waiting: backlog.waiting,
            waiting_is_more: backlog.is_more,
            waiting_behind: backlog.behind,
            parked: lane.parked,
            paused_by: lane.paused_by.map(PausedBy::name),
            pause: Pause::shown(lane.pause.as_ref()),
            rate: lane.rate.map(|rate| rate.to_string()),
            oldest_first_try_at: backlog.oldest_first_try.map(|at| at.to_string()),
            next_retry_at: backlog.next_retry.map(|at| at.to_string()),
        }
    }
}

/// How all lanes stand
#[utoipa::path(
    get,
    path = "/projects/{project}/lanes",
    operation_id = "list_lanes",
    tag = "connections",
    responses((status = 200, body = List<Lane>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Lane>>, Problem> {
    let lanes = app.hub.lanes(&project).await?;
    Ok(Json(List::whole(lanes.into_iter().map(Lane::from))))
}

/// Try a destination now
///
/// One delivery is sent at once although the lane is left alone; where it goes well, the others
/// follow. Every hub does so.
#[utoipa::path(
    post,
    path = "/projects/{project}/connections/{connection}/try-now",
    operation_id = "try_connection_now",
    tag = "connections",
    responses((status = 202, description = "It is tried"), Problem),
)]
pub(super) async fn try_now(
    State(app): State<Shared>,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    app.hub.try_now(&project, &connection).await?;
    Ok(StatusCode::ACCEPTED)
}
