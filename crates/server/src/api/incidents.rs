//! Incidents: stretches of trouble, and what people were told of them.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{self as engine, IncidentStanding, PausedBy, ProjectRouting};
use fieldpost_model::incident::{self, IncidentKind, IncidentState};
use fieldpost_store::IncidentQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::list::{List, Listed, Turn};
use super::names::{
    IncidentKindName, IncidentStateName, NoticeChannelName, NoticeKindName, NoticeStateName,
    PausedByName,
};
use super::parameters::{NoParameters, Parameters, named, path_id};
use super::path::Path;
use super::traffic::Traffic;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// The notices that an incident is shown with, the first ones.
const MOST_NOTICES: usize = 500;

/// One stretch of trouble.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Incident {
    /// Its id.
    id: Uuid,
    /// What kind of trouble it is.
    #[schema(value_type = IncidentKindName)]
    kind: &'static str,
    /// What is in trouble: a connection's or a source's name; or the action of a lifecycle whose calls fail, as
    /// `form/status/action` or `form/global/id/action`.
    #[schema(example = "warehouse")]
    subject: String,
    /// Whether it lasts.
    #[schema(value_type = IncidentStateName)]
    state: &'static str,
    /// When it was noticed.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it was over.
    #[schema(required, format = DateTime)]
    recovered_at: Option<String>,
    /// Failed attempts since it was noticed, those that led to it included.
    failures: u64,
    /// Deliveries that were given up meanwhile.
    given_up: u64,
    /// When people were last told that it lasts.
    #[schema(required, format = DateTime)]
    reminded_at: Option<String>,
    /// That its destination takes something again while the incident lasts; null where it does not.
    /// An incident that begins soon after another one is not over with the first success.
    #[schema(required)]
    recovering: Option<Recovering>,
    /// Whose pause keeps its destination from being called while it lasts: nothing is sent, so that
    /// it does not end by itself. Null where nothing is paused.
    #[schema(required, value_type = Option<PausedByName>)]
    paused_by: Option<&'static str>,
    /// What was seen last: of a destination or a call the last failure, of a source the last message; null
    /// for a source from which nothing ever came.
    #[schema(required)]
    last: Option<Sighting>,
}

/// What was seen last.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sighting {
    /// When it was.
    #[schema(format = DateTime)]
    at: String,
    /// What went wrong, as the destination gave it.
    #[schema(required)]
    error: Option<String>,
    /// The status of the answer.
    #[schema(required)]
    status: Option<u16>,
    /// The URL as it was called; credentials in it are masked.
    #[schema(required)]
    url: Option<String>,
    /// The delivery that failed.
    #[schema(required)]
    delivery: Option<Uuid>,
    /// The message that it came of; null where no message set it off.
    #[schema(required)]
    payload_id: Option<Uuid>,
    /// What it was about, where that is known.
    #[schema(required)]
    key: Option<String>,
    /// The submission whose call it was, where one incident is asked for; null in lists, and where it was no call.
    #[schema(required)]
    submission: Option<Uuid>,
}

/// That a destination takes something again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Recovering {
    /// When it last did.
    #[schema(format = DateTime)]
    worked_at: String,
    /// When the incident is over, if nothing fails until then.
    #[schema(format = DateTime)]
    over_at: String,
}

impl From<engine::Recovering> for Recovering {
    fn from(recovering: engine::Recovering) -> Self {
        let engine::Recovering { worked_at, over_at } = recovering;
        Self { worked_at: worked_at.to_string(), over_at: over_at.to_string() }
    }
}

impl Incident {
    fn show(app: &App, routing: &ProjectRouting, incident: incident::Incident) -> Self {
        let IncidentStanding { recovering, paused_by } =
            app.hub.incident_standing(routing, &incident);
        Self {
            recovering: recovering.map(Recovering::from),
            paused_by: paused_by.map(PausedBy::name),
            id: incident.id,
            kind: incident.kind.name(),
            subject: incident.subject,
            state: incident.state.name(),
            opened_at: incident.opened_at.to_string(),
            recovered_at: incident.recovered_at.map(|time| time.to_string()),
            failures: incident.failures,
            given_up: incident.given_up,
            reminded_at: incident.reminded_at.map(|time| time.to_string()),
            last: incident.last.map(Sighting::from),
        }
    }
}

impl From<incident::Sighting> for Sighting {
    fn from(last: incident::Sighting) -> Self {
        let (delivery, payload_id, key) = match last.sample {
            Some(sample) => (Some(sample.delivery), sample.message, sample.key),
            None => (None, None, None),
        };
        Self {
            at: last.at.to_string(),
            error: last.error,
            status: last.status,
            url: last.url,
            delivery,
            payload_id,
            key,
            submission: None,
        }
    }
}

/// One thing told to one recipient.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Notice {
    /// Its id: part of the mail's `Message-ID`, or the `webhook-id`.
    id: Uuid,
    /// The incident that it tells of.
    #[schema(required)]
    incident: Option<Uuid>,
    /// What it tells.
    #[schema(value_type = NoticeKindName)]
    kind: &'static str,
    /// How it travels.
    #[schema(value_type = NoticeChannelName)]
    channel: &'static str,
    /// To whom: a mail address, or a URL whose credentials are masked.
    recipient: String,
    /// The subject.
    subject: String,
    /// The mail's text; or the JSON that is posted. Links by which the recipient unsubscribes are
    /// his alone, and are not shown.
    text: String,
    /// Where it stands.
    #[schema(value_type = NoticeStateName)]
    state: &'static str,
    /// How many tries were made.
    tries: u32,
    /// When it is tried next.
    #[schema(required, format = DateTime)]
    next_at: Option<String>,
    /// Why the last try failed.
    #[schema(required)]
    last_error: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was taken.
    #[schema(required, format = DateTime)]
    sent_at: Option<String>,
}

impl From<incident::Notice> for Notice {
    fn from(notice: incident::Notice) -> Self {
        let text = match &notice.unsubscribe {
            Some(link) => notice.text.replace(link.as_str(), "…"),
            None => notice.text,
        };
        Self {
            id: notice.id,
            incident: notice.incident,
            kind: notice.kind.name(),
            channel: notice.channel.name(),
            recipient: notice.recipient,
            subject: notice.subject,
            text,
            state: notice.state.name(),
            tries: notice.tries,
            next_at: notice.next_at.map(|time| time.to_string()),
            last_error: notice.last_error,
            created_at: notice.created_at.to_string(),
            sent_at: notice.sent_at.map(|time| time.to_string()),
        }
    }
}

/// An incident, and what people were told of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IncidentWithNotices {
    #[serde(flatten)]
    incident: Incident,
    /// What people were told, in the order in which it was written.
    notices: Vec<Notice>,
}

/// Which incidents are meant. What is left out does not matter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct IncidentFilter {
    /// In this state only.
    #[param(value_type = Option<IncidentStateName>)]
    state: Option<String>,
    /// Of this kind only.
    #[param(value_type = Option<IncidentKindName>)]
    kind: Option<String>,
    /// About this connection, source or call only.
    subject: Option<String>,
}

/// Incidents, newest first
#[utoipa::path(
    get,
    path = "/projects/{project}/incidents",
    operation_id = "list_incidents",
    tag = "incidents",
    params(("project" = String, Path), IncidentFilter, Turn),
    responses((status = 200, body = List<Incident>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { filter, wanted }: Listed<IncidentFilter>,
) -> Result<Json<List<Incident>>, Problem> {
    let query = IncidentQuery {
        state: named("state", filter.state.as_deref(), IncidentState::ALL, IncidentState::name)?,
        kind: named("kind", filter.kind.as_deref(), IncidentKind::ALL, IncidentKind::name)?,
        subject: filter.subject,
    };
    let routing = app.hub.project(&project).await?;
    let found = app.hub.store().incidents(&project, &query, wanted.page()).await?;
    let found = found.into_iter().map(|incident| Incident::show(&app, &routing, incident));
    Ok(Json(List::page(&wanted, found.collect(), |incident: &Incident| incident.id)))
}

/// One incident
///
/// With what people were told of it.
#[utoipa::path(
    get,
    path = "/projects/{project}/incidents/{incident}",
    operation_id = "get_incident",
    tag = "incidents",
    params(("project" = String, Path), ("incident" = Uuid, Path)),
    responses((status = 200, body = IncidentWithNotices), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, incident)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<IncidentWithNotices>, Problem> {
    let id = path_id("incident", &incident)?;
    let routing = app.hub.project(&project).await?;
    let store = app.hub.store();
    let found = store.incident(&project, id).await?;
    let found = found.ok_or_else(|| Problem::not_found("incident", &incident))?;
    let notices = store.notices_of(&project, id, MOST_NOTICES).await?;
    let notices = notices.into_iter().map(Notice::from).collect();
    let submission = submission_of(&app, &project, &found).await?;
    let mut incident = Incident::show(&app, &routing, found);
    if let Some(last) = &mut incident.last {
        last.submission = submission;
    }
    Ok(Json(IncidentWithNotices { incident, notices }))
}

/// The submission whose call failed last.
async fn submission_of(
    app: &App,
    project: &str,
    incident: &incident::Incident,
) -> Result<Option<Uuid>, Problem> {
    let sample = incident.last.as_ref().and_then(|last| last.sample.as_ref());
    let Some(sample) = sample.filter(|_| incident.kind == IncidentKind::Call) else {
        return Ok(None);
    };
    let store = app.hub.store();
    let Some(delivery) = store.delivery(project, sample.delivery).await? else { return Ok(None) };
    let carried = store.payload(project, delivery.payload_id).await?;
    Ok(carried.and_then(|payload| payload.submission))
}

/// The chart of an incident
///
/// What went to its destination (`delivered`, `failed_try`, `given_up`) or came in by its source
/// (`received`, `quarantined`, `duplicate`), from a while before it was noticed to a while after it
/// was over, or to now. In the finest steps that show all of it: minutes for six hours within the
/// last two days, five minutes for two days, hours for 62 days, days beyond; never more than 1,500
/// points. Of one that lasted longer than 400 days, the last of them.
#[utoipa::path(
    get,
    path = "/projects/{project}/incidents/{incident}/traffic",
    operation_id = "get_incident_traffic",
    tag = "incidents",
    params(("project" = String, Path), ("incident" = Uuid, Path)),
    responses((status = 200, body = Traffic), Problem),
)]
pub(super) async fn traffic(
    State(app): State<Shared>,
    Path((project, incident)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Traffic>, Problem> {
    let id = path_id("incident", &incident)?;
    let found = app.hub.store().incident(&project, id).await?;
    let found = found.ok_or_else(|| Problem::not_found("incident", &incident))?;
    Ok(Json(app.hub.incident_traffic(&project, &found).await?.into()))
}

/// Close an incident
///
/// For one that does not end by itself, because nothing is left to be sent. Those who were told that
/// it began are told; where the trouble goes on, another one is opened. One that is over stays as
/// it is.
#[utoipa::path(
    post,
    path = "/projects/{project}/incidents/{incident}/close",
    operation_id = "close_incident",
    tag = "incidents",
    params(("project" = String, Path), ("incident" = Uuid, Path)),
    responses((status = 200, body = Incident), Problem),
)]
pub(super) async fn close(
    State(app): State<Shared>,
    Path((project, incident)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Incident>, Problem> {
    let id = path_id("incident", &incident)?;
    let closed = app.hub.close_incident(&project, id).await?;
    let routing = app.hub.project(&project).await?;
    Ok(Json(Incident::show(&app, &routing, closed)))
}

/// Notices, newest first
///
/// What people were told of incidents, of deliveries that were given up, and in reports. Those that
/// ended are kept for 90 days.
#[utoipa::path(
    get,
    path = "/projects/{project}/notices",
    operation_id = "list_notices",
    tag = "incidents",
    params(("project" = String, Path), Turn),
    responses((status = 200, body = List<Notice>), Problem),
)]
pub(super) async fn notices(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { wanted, .. }: Listed<NoParameters>,
) -> Result<Json<List<Notice>>, Problem> {
    app.hub.project(&project).await?;
    let found = app.hub.store().notices(&project, wanted.page()).await?;
    Ok(Json(List::page(&wanted, found, |notice| notice.id)))
}
