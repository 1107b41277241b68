//! The overview of a project: is anything wrong, since when, and whom does it concern.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{self as engine, ConnectionShown, LONGEST_TODAY, SourceShown};
use fieldpost_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::incidents::Recovering;
use super::names::{ConnectionStateName, SourceStateName};
use super::parameters::{Parameters, bad, time};
use super::path::Path;
use super::pause::Pause;
use super::tries::Tries;
use crate::app::{App, Shared};
use crate::problem::{Mistake, Problem};

/// A project at one look.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Overview {
    /// Since when `today` counts.
    #[schema(format = DateTime)]
    today_since: String,
    /// Messages that came in.
    received: Counts,
    /// Deliveries that arrived.
    delivered: Counts,
    /// Messages of today that could not be read.
    quarantined_today: u64,
    /// Deliveries that ended today without having arrived.
    given_up_today: u64,
    /// Deliveries that wait; those of each connection are counted up to 10,000.
    waiting: u64,
    /// Whether there are more than that.
    waiting_is_more: bool,
    /// The one of them that waits longest; null where none does.
    #[schema(required)]
    oldest_waiting: Option<OldestWaiting>,
    /// Incidents that last.
    incidents_open: usize,
    /// The sources, in the order of the project.
    sources: Vec<SourceHealth>,
    /// The connections, in the order of the project.
    connections: Vec<ConnectionHealth>,
}

/// How often something happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Counts {
    /// Since `today_since`.
    today: u64,
    /// In the last sixty minutes.
    last_hour: u64,
}

impl From<engine::Counts> for Counts {
    fn from(counts: engine::Counts) -> Self {
        let engine::Counts { today, last_hour } = counts;
        Self { today, last_hour }
    }
}

/// The delivery that waits longest.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OldestWaiting {
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// The connection that it is for.
    #[schema(example = "warehouse")]
    connection: String,
}

/// A source at one look.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceHealth {
    /// Its name.
    #[schema(example = "kobo")]
    name: String,
    /// What its messages are written in.
    #[schema(example = "kobo")]
    dialect: &'static str,
    /// Whether it takes messages.
    enabled: bool,
    /// When the last message came in; null where none ever did.
    #[schema(required, format = DateTime)]
    last_received_at: Option<String>,
    /// Messages that came in today.
    today: u64,
    /// `well`; `silent`: something is expected and does not come; `quiet`: nothing came for a day,
    /// and nothing is expected; `never`: nothing ever came.
    #[schema(value_type = SourceStateName)]
    state: &'static str,
    /// The incident that lasts.
    #[schema(required)]
    incident: Option<Uuid>,
    /// Since when that lasts.
    #[schema(required, format = DateTime)]
    since: Option<String>,
}

/// A connection at one look.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectionHealth {
    /// Its name.
    #[schema(example = "warehouse")]
    name: String,
    #[serde(flatten)]
    tries: Tries,
    /// Deliveries that arrived today.
    today: u64,
    /// Tries that failed today.
    failed_today: u64,
    /// Deliveries that wait for it, counted up to 10,000; those of its paused forwarders included.
    waiting: u64,
    /// Whether there are more than that.
    waiting_is_more: bool,
    /// Since when the oldest of them waits.
    #[schema(required, format = DateTime)]
    oldest_waiting_since: Option<String>,
    /// When the next of them is tried; null where nothing waits, or a pause has to end first.
    #[schema(required, format = DateTime)]
    next_try_at: Option<String>,
    /// `well`; `in_trouble`: its destination does not take what it is sent, or is left alone for a
    /// while; `paused`; `idle`: nothing was sent to it today, and nothing waits.
    #[schema(value_type = ConnectionStateName)]
    state: &'static str,
    /// Since when its incident lasts, whatever `state` says: one lasts on while a pause does.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    /// The incident that lasts.
    #[schema(required)]
    incident: Option<Uuid>,
    /// That its destination takes something again while the incident lasts; null where it does not.
    #[schema(required)]
    recovering: Option<Recovering>,
    /// What went wrong last, while it lasts.
    #[schema(required)]
    last_error: Option<String>,
    /// Since when its own pause or the project's lasts, who began it and why; null where neither
    /// does, or it has lasted since before this was kept.
    #[schema(required)]
    pause: Option<Pause>,
    /// What is allowed, and likely to be regretted.
    warnings: Vec<Mistake>,
}

fn written(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

impl From<SourceShown> for SourceHealth {
    fn from(shown: SourceShown) -> Self {
        let SourceShown { source, last_received_at, today, state, incident } = shown;
        Self {
            name: source.name,
            dialect: source.dialect.name(),
            enabled: source.enabled,
            last_received_at: written(last_received_at),
            today,
            state: state.name(),
            incident: incident.as_ref().map(|incident| incident.id),
            since: written(incident.map(|incident| incident.opened_at)),
        }
    }
}

impl From<ConnectionShown> for ConnectionHealth {
    fn from(shown: ConnectionShown) -> Self {
        Self {
            name: shown.name,
            tries: Tries::new(shown.tries, shown.is_failing),
            today: shown.today,
            failed_today: shown.failed_today,
            waiting: shown.waiting,
            waiting_is_more: shown.waiting_is_more,
            oldest_waiting_since: written(shown.oldest_waiting_since),
            next_try_at: written(shown.next_try_at),
            state: shown.state.name(),
            since: written(shown.since),
            incident: shown.incident.map(|incident| incident.id),
            recovering: shown.standing.recovering.map(Recovering::from),
            last_error: shown.last_error,
            pause: Pause::shown(shown.pause.as_ref()),
            warnings: shown.warnings.into_iter().map(Mistake::from).collect(),
        }
    }
}

impl From<engine::Overview> for Overview {
    fn from(overview: engine::Overview) -> Self {
        Self {
            today_since: overview.today_since.to_string(),
            received: overview.received.into(),
            delivered: overview.delivered.into(),
            quarantined_today: overview.quarantined_today,
            given_up_today: overview.given_up_today,
            waiting: overview.waiting,
            waiting_is_more: overview.waiting_is_more,
            oldest_waiting: overview
                .oldest_waiting
                .map(|(since, connection)| OldestWaiting { since: since.to_string(), connection }),
            incidents_open: overview.incidents_open,
            sources: overview.sources.into_iter().map(SourceHealth::from).collect(),
            connections: overview.connections.into_iter().map(ConnectionHealth::from).collect(),
        }
    }
}

/// Since when today counts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Today {
    /// Since when `today` counts, as midnight where the reader is; midnight UTC unless given, and
    /// at most 48 hours ago.
    #[param(format = DateTime)]
    today: Option<String>,
}

impl Today {
    /// The time, which is neither to come nor too long ago.
    pub(super) fn read(self, app: &App) -> Result<Option<Timestamp>, Problem> {
        let read = time("today", self.today.as_deref())?;
        let now = app.hub.now();
        match (read, self.today) {
            (Some(since), Some(text)) if since > now || now.since(since) > LONGEST_TODAY => {
                let hours = LONGEST_TODAY.as_secs() / 3_600;
                Err(bad(
                    "today",
                    &text,
                    format!("a time that is past, and at most {hours} hours ago"),
                ))
            }
            _ => Ok(read),
        }
    }
}

/// A project at one look
///
/// What came in and went out today, what waits, what is in trouble and since when. Nothing is
/// counted for it, so that it can be asked for often. Its counts are up to two seconds behind, and a
/// hub that was killed has lost those of its last two seconds.
#[utoipa::path(
    get,
    path = "/projects/{project}/overview",
    operation_id = "get_overview",
    tag = "projects",
    params(("project" = String, Path), Today),
    responses((status = 200, body = Overview), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(today): Parameters<Today>,
) -> Result<Json<Overview>, Problem> {
    let today = today.read(&app)?;
    Ok(Json(app.hub.overview(&project, today).await?.into()))
}
