//! The map of a project: what goes where.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{self as engine, ProjectMap};
use serde::Serialize;
use utoipa::ToSchema;

use super::names::MapNodeKindName;
use super::overview::Today;
use super::parameters::Parameters;
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// What goes where in a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Map {
    /// Since when `today` counts.
    #[schema(format = DateTime)]
    today_since: String,
    /// The places: sources first, then forwarders, workflows and connections.
    nodes: Vec<MapNode>,
    /// The ways between them.
    edges: Vec<MapEdge>,
}

/// A place of the map.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MapNode {
    /// What edges name it by: `kind:name`.
    #[schema(example = "source:kobo")]
    id: String,
    /// What stands there. `any_source` stands for all sources together, where a forwarder or a workflow
    /// listens to every one.
    #[schema(value_type = MapNodeKindName)]
    kind: &'static str,
    /// Its name; `*` for all sources together.
    #[schema(example = "kobo")]
    name: String,
    /// What people call a workflow; empty where nothing was said.
    title: String,
    /// How it is: a source or a connection as in the overview, a forwarder or a workflow `well` or
    /// `paused`.
    #[schema(example = "well")]
    state: &'static str,
    /// Whether all its tries of late failed, of a forwarder or a connection: the last one did, and
    /// nothing has arrived for a while. Of a workflow, whether the last run that has ended failed.
    failing: bool,
    /// What came in by it today, was wanted by it, or arrived at it; of a workflow, its runs of today,
    /// counted up to 10,000.
    today: u64,
    /// Deliveries that wait for a connection, or runs of a workflow that have not ended, counted up to
    /// 10,000.
    #[schema(required)]
    waiting: Option<u64>,
    /// Whether there are more than that.
    waiting_is_more: bool,
    /// What a forwarder or a workflow asks for beside its source, in short, or the points in time of a
    /// clock; empty where it asks for nothing.
    #[schema(required)]
    filter: Option<String>,
    /// What sets a forwarder or a workflow off: an event, `cron`, trouble such as `incident-opened`, or
    /// `manual`.
    #[schema(required, example = "message")]
    on: Option<&'static str>,
}

/// A way of the map.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MapEdge {
    /// The node where it begins.
    #[schema(example = "source:kobo")]
    from: String,
    /// The node that it leads to.
    #[schema(example = "forwarder:births")]
    to: String,
    /// Into a forwarder, the messages of today that it wanted; out of one, the deliveries of it that
    /// arrived today. Into a workflow, the runs of today that were set off; out of one, those that ended
    /// well.
    today: u64,
}

fn id(kind: engine::MapNodeKind, name: &str) -> String {
    format!("{kind}:{name}")
}

impl From<engine::MapNode> for MapNode {
    fn from(node: engine::MapNode) -> Self {
        let engine::MapNode { kind, name, title, state, is_failing, today, waiting, filter, on } =
            node;
        Self {
            id: id(kind, &name),
            kind: kind.name(),
            name,
            title,
            state,
            failing: is_failing,
            today,
            waiting: waiting.map(|(count, _)| count),
            waiting_is_more: waiting.is_some_and(|(_, is_more)| is_more),
            filter,
            on,
        }
    }
}

impl From<engine::MapEdge> for MapEdge {
    fn from(edge: engine::MapEdge) -> Self {
        let engine::MapEdge { from: (from_kind, from), to: (to_kind, to), today } = edge;
        Self { from: id(from_kind, &from), to: id(to_kind, &to), today }
    }
}

impl From<ProjectMap> for Map {
    fn from(map: ProjectMap) -> Self {
        Self {
            today_since: map.today_since.to_string(),
            nodes: map.nodes.into_iter().map(MapNode::from).collect(),
            edges: map.edges.into_iter().map(MapEdge::from).collect(),
        }
    }
}

/// What goes where in a project
///
/// Sources lead to forwarders and workflows, these to connections; with what went there today, what
/// waits and how each is.
#[utoipa::path(
    get,
    path = "/projects/{project}/map",
    operation_id = "get_map",
    tag = "projects",
    params(("project" = String, Path), Today),
    responses((status = 200, body = Map), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(today): Parameters<Today>,
) -> Result<Json<Map>, Problem> {
    let today = today.read(&app)?;
    Ok(Json(app.hub.map(&project, today).await?.into()))
}
