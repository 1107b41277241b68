//! The hub itself.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use fieldpost_engine::TELL_EVERY;
use fieldpost_model::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{NoParameters, Parameters};
use crate::app::Shared;
use crate::problem::Problem;

/// After so long without a sign a hub counts as gone: two signs may be late.
const MISSED: Duration = Duration::from_secs(3 * TELL_EVERY.as_secs());

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
    /// What the operator has set about the ways out and back.
    settings: OperatorSettings,
    /// Addresses that sent `X-Forwarded-For` and are not trusted to. A proxy among them has to be
    /// named by the setting `trusted-proxy`.
    #[schema(example = json!(["10.0.0.5"]))]
    unbelieved_proxies: Vec<String>,
    /// Projects whose definitions cannot be read. Nothing of them is sent; the others go on.
    unreadable_projects: Vec<UnreadableProject>,
    /// The hubs that work on this database, those seen last first; 100 at the most. One that stops
    /// is not among them any more; one that was killed stays for seven days.
    hubs: Vec<SeenHub>,
}

/// A hub that works on this database.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SeenHub {
    /// Its node and the number of its start.
    #[schema(example = "local/12")]
    id: String,
    /// Its version.
    version: String,
    /// What its machine is called; null where it has an address for a name, or none.
    #[schema(required, example = "relay-2")]
    host: Option<String>,
    /// When it started.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it told last that it is there.
    #[schema(format = DateTime)]
    seen_at: String,
    /// Whether it told so within the last half minute. It tells every ten seconds.
    is_there: bool,
    /// Whether it is the one that gives this answer.
    is_this_one: bool,
    /// Lanes in which it had calls under way when it told last.
    lanes: u64,
    /// Calls under way when it told last.
    calls: u64,
}

impl SeenHub {
    fn new(seen: fieldpost_store::SeenHub, present: Timestamp) -> Self {
        let fieldpost_store::SeenHub { hub, news, started_at, seen_at, is_this_one } = seen;
        Self {
            id: hub,
            version: news.version,
            host: news.host,
            started_at: started_at.to_string(),
            seen_at: seen_at.to_string(),
            is_there: present.since(seen_at) < MISSED,
            is_this_one,
            lanes: news.lanes,
            calls: news.calls,
        }
    }
}

/// A project whose definitions cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnreadableProject {
    /// The project.
    #[schema(example = "clinic")]
    project: String,
    /// Why not.
    reason: String,
}

/// What the operator has set about the ways out and back. It holds no secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperatorSettings {
    /// The networks beside the public internet that deliveries may go to; empty where there are
    /// none.
    #[schema(example = "10.0.0.0/8")]
    allow_networks: String,
    /// The mail relay.
    #[schema(required, example = "mail.example.org:587")]
    mail_relay: Option<String>,
    /// What links to this hub begin with.
    #[schema(required, example = "https://hub.example.org")]
    public_url: Option<String>,
}

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
    let present = app.hub.store().present().await?;
    let hubs = app.hub.store().seen_hubs().await?;
    let unbelieved = app.unbelieved_proxies.addresses();
    Ok(Json(Status {
        hubs: hubs.into_iter().map(|seen| SeenHub::new(seen, present)).collect(),
        unreadable_projects: unreadable_projects.collect(),
        unbelieved_proxies: unbelieved.iter().map(ToString::to_string).collect(),
        version: app.settings.version,
        engine: app.hub.store().engine_name(),
        waiting: app.hub.store().waiting().await?,
        default_project: app.settings.default_project.clone(),
        settings: OperatorSettings {
            allow_networks: app.settings.allow_networks.clone(),
            mail_relay: app.settings.mail_relay.clone(),
            public_url: app.settings.public_url.clone(),
        },
    }))
}
