//! Connections: the remote APIs that a project sends to.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{Draft, LastTimes, ProjectRouting, Saved, Unreached};
use fieldpost_model::connection;
use fieldpost_model::incident::{Incident, IncidentKind};
use fieldpost_model::tally::TallyNoun;
use fieldpost_rules::definition::{
    Secrets, connection_warnings, read_connection, write_connection,
};
use fieldpost_rules::redact::mask_url;
use fieldpost_store::{DefinitionKind, OpenCounts};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{
    Counts, as_json, current, find, named_counts, put as save, remove, saved, with_versions,
};
use super::exact::ExactJson;
use super::list::List;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::pause::Pause;
use super::principal::Caller;
use super::reason::{Reason, Reasoned};
use super::tries::Tries;
use crate::app::{App, Shared};
use crate::problem::{Mistake, Problem};

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Connection {
    /// Its name within the project.
    #[schema(example = "warehouse")]
    name: String,
    /// Where it sends to; credentials in it are masked.
    url: String,
    /// Whether it is paused: what is for it waits.
    paused: bool,
    /// Since when, by whom and why; null where it is not paused, or has been since before this was
    /// kept.
    #[schema(required)]
    pause: Option<Pause>,
    /// Deliveries to it that have not arrived, by state; states without any are left out. No more
    /// than 10,000 are counted of those that wait, or have ended in one state.
    #[schema(value_type = std::collections::BTreeMap<String, u64>, example = json!({"failed": 2}))]
    deliveries: Counts,
    /// Whether there may be more of them than were counted.
    deliveries_are_more: bool,
    #[serde(flatten)]
    tries: Tries,
    /// The incident that lasts; null where none does.
    #[schema(required)]
    incident: Option<Uuid>,
    /// Addresses in its `notify` that have unsubscribed from mails about it.
    unsubscribed: Vec<String>,
    /// What is allowed, and likely to be regretted.
    warnings: Vec<Mistake>,
    /// The connection as the project file has it; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

impl Connection {
    fn show(
        app: &App,
        project: &str,
        connection: &connection::Connection,
        Seen { stored, routing, unreached, counts, last, incidents }: &Seen,
    ) -> Self {
        let name = &connection.name;
        let is_its_own =
            |one: &&Incident| one.kind == IncidentKind::Connection && one.subject == *name;
        let mut warnings = connection_warnings(connection);
        warnings.extend(unreached.warnings(connection));
        warnings.extend(app.hub.refused_network(project, connection));
        let lanes = routing.lanes_to(&connection.name);
        let (deliveries, deliveries_are_more) = counts.of_lanes(&lanes);
        Self {
            deliveries: named_counts(deliveries),
            deliveries_are_more,
            tries: Tries::of(app, last.tries(TallyNoun::Connection, name)),
            incident: incidents.iter().find(is_its_own).map(|incident| incident.id),
            name: connection.name.clone(),
            url: mask_url(&connection.url),
            paused: connection.paused,
            pause: Pause::shown(stored.pause(DefinitionKind::Connection, &connection.name)),
            unsubscribed: unreached.unsubscribed_from(connection),
            warnings: warnings.into_iter().map(Mistake::from).collect(),
            definition: write_connection(connection, Secrets::Hidden).into(),
        }
    }
}

/// What is seen of all connections of a project at once.
struct Seen {
    stored: Saved,
    routing: Arc<ProjectRouting>,
    unreached: Unreached,
    counts: OpenCounts,
    last: LastTimes,
    incidents: Vec<Incident>,
}

impl Seen {
    async fn of(app: &App, project: &str) -> Result<Self, Problem> {
        Ok(Self {
            stored: with_versions(app, project).await?,
            routing: app.hub.project(project).await?,
            unreached: app.hub.unreached(project).await?,
            counts: app.hub.store().open_counts(project).await?,
            last: app.hub.last_times(project).await?,
            incidents: app.hub.store().open_incidents_of(project).await?,
        })
    }
}

fn name_of(connection: &connection::Connection) -> &str {
    &connection.name
}

/// All connections
#[utoipa::path(
    get,
    path = "/projects/{project}/connections",
    operation_id = "list_connections",
    tag = "connections",
    responses((status = 200, body = List<Connection>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Connection>>, Problem> {
    let seen = Seen::of(&app, &project).await?;
    let connections = seen.stored.definition.connections.iter();
    let shown: Vec<Connection> =
        connections.map(|it| Connection::show(&app, &project, it, &seen)).collect();
    Ok(Json(List::whole(shown)))
}

/// One connection
#[utoipa::path(
    get,
    path = "/projects/{project}/connections/{connection}",
    operation_id = "get_connection",
    tag = "connections",
    responses(
        (
            status = 200,
            body = Connection,
            headers(("etag" = String, description = "Another one whenever it is saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<Connection>>, Problem> {
    Ok(as_json(shown(&app, &project, &connection).await?))
}

async fn shown(app: &App, project: &str, name: &str) -> Result<Tagged<Connection>, Problem> {
    let seen = Seen::of(app, project).await?;
    let found = find("connection", &seen.stored.definition.connections, name, name_of)?;
    let shown = Connection::show(app, project, found, &seen);
    Ok(Tagged(seen.stored.saved_in(DefinitionKind::Connection, name), shown))
}

/// Make or replace a connection
///
/// The body is a connection as the project file has it. A secret that is written as its
/// placeholder stays as it is, unless it would go to another scheme, host or port than before, or
/// certificates are trusted that were not.
#[utoipa::path(
    put,
    path = "/projects/{project}/connections/{connection}",
    operation_id = "put_connection",
    tag = "connections",
    params(("project" = String, Path), ("connection" = String, Path), Conditions),
    request_body(content = Object, description = "A connection, as in the project file"),
    responses(
        (status = 200, body = Connection, description = "Replaced"),
        (status = 201, body = Connection, description = "Made"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_connection(&connection, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("connection", &before.connections, &connection, name_of).is_err();
    save(&app, &caller, &project, Draft::Connection(draft), &expected).await?;
    Ok(saved(is_new, shown(&app, &project, &connection).await?))
}

/// Remove a connection
///
/// A connection that a forwarder names cannot be removed.
#[utoipa::path(
    delete,
    path = "/projects/{project}/connections/{connection}",
    operation_id = "delete_connection",
    tag = "connections",
    params(("project" = String, Path), ("connection" = String, Path), Conditions),
    responses((status = 204, description = "Removed"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::Connection, &connection, &expected).await
}

/// Pause a connection
///
/// Its deliveries are made as before, and wait.
#[utoipa::path(
    post,
    path = "/projects/{project}/connections/{connection}/pause",
    operation_id = "pause_connection",
    tag = "connections",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Connection), Problem),
)]
pub(super) async fn pause(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Tagged<Json<Connection>>, Problem> {
    let asked = reason.asked(&caller);
    app.hub.set_connection_paused(&project, &connection, true, &asked).await?;
    Ok(as_json(shown(&app, &project, &connection).await?))
}

/// Resume a connection
///
/// What waited is sent at once.
#[utoipa::path(
    post,
    path = "/projects/{project}/connections/{connection}/resume",
    operation_id = "resume_connection",
    tag = "connections",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Connection), Problem),
)]
pub(super) async fn resume(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, connection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Tagged<Json<Connection>>, Problem> {
    let asked = reason.asked(&caller);
    app.hub.set_connection_paused(&project, &connection, false, &asked).await?;
    Ok(as_json(shown(&app, &project, &connection).await?))
}
