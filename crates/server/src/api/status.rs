//! The hub itself.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{NoParameters, Parameters};
use crate::app::Shared;
use crate::problem::Problem;

/// What the hub says about itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// The hub's version.
    version: &'static str,
    /// `sqlite` or `postgres`.
    #[schema(example = "sqlite")]
    engine: &'static str,
    /// Deliveries that wait to be sent, over all projects.
    waiting: u64,
    /// The project that is meant where none is named.
    #[schema(required)]
    default_project: Option<String>,


/// How the hub is doing
#[utoipa::path(
    get,
    path = "/status",
    operation_id = "get_status",
    tag = "hub",
    responses((status = 200, body = Status), Problem),
)]
pub(super) async fn status(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
) -> Result<Json<Status>, Problem> {
    let unreadable = app.hub.unreadable_projects();
    let unreadable_projects = unreadable.iter().map(|unreadable| UnreadableProject {
        project: unreadable.project.to_string(),
        reason: unreadable.reason.clone(),
    });
    Ok(Json(Status {
        unreadable_projects: unreadable_projects.collect(),
        version: app.settings.version,
        engine: app.hub.store().engine_name(),
        waiting: app.hub.store().waiting().await?,
        default_project: app.settings.default_project.clone(),
    }))
}
