//! Deliveries: what goes out, and what a person can do about it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use fieldpost_engine::{DeliveryPlace, WaitReason};
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::{self, DeliveryOrigin, DeliveryState, PayloadKind};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::delivery::Action;
use fieldpost_store::{
    DeliveriesFound, DeliveryOrder, DeliveryPage, DeliveryQuery, NextTryOrder, Page, WaitingFound,
};
use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::known;
use super::list::{self, SearchedList, Wanted};
use super::names::{
    AttemptErrorKind, DeliveryOriginName, DeliverySortName, DeliveryStateName, WaitReasonName,
};
use super::parameters::{self, NoParameters, Parameters, bad, boolean, named, path_id, time};
use super::path::Path;
use super::reason::{Reason, Reasoned};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A delivery: one payload on its way to one connection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    /// Its id, the same over all attempts: the `webhook-id` that the destination sees.
    id: Uuid,
    /// The forwarder that ordered it.
    forwarder: String,
    /// The connection that it goes to.
    connection: String,
    /// What set it off.
    #[schema(example = "message")]
    event: &'static str,
    /// What it carries.
    #[schema(example = "message")]
    payload_kind: &'static str,
    /// The id of what it carries.
    payload_id: Uuid,
    /// The message that it came of; null where none set it off.
    #[schema(required)]
    message: Option<Uuid>,
    /// What it is about, where the dialect knows.
    #[schema(required)]
    key: Option<String>,
    /// Where it stands.
    #[schema(value_type = DeliveryStateName)]
    state: &'static str,
    /// Why it was made.
    #[schema(value_type = DeliveryOriginName)]
    origin: &'static str,
    /// The delivery that this one sends again.
    #[schema(required)]
    resend_of: Option<Uuid>,
    /// How many tries were made.
    attempts: u32,
    /// When it was made.
    #[schema(format = DateTime)]
    made_at: String,
    /// Since when its budget of tries runs: when it was made, or last requeued.
    #[schema(format = DateTime)]
    registered_at: String,
    /// When it is due; null once it is final.
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The status of the last answer.
    #[schema(required)]
    last_status: Option<u16>,
    /// What went wrong last, in a sentence.
    #[schema(required)]
    last_error: Option<String>,
    /// Why the last try failed, as a stable word; null where it did not, or none was made.
    #[schema(required, value_type = Option<AttemptErrorKind>)]
    error_kind: Option<&'static str>,
    /// The newer delivery that took its place.
    #[schema(required)]
    superseded_by: Option<Uuid>,
    /// Whether it ended without success, and what follows it in order waits until it is requeued
    /// or cancelled.
    holds: bool,
    /// How many wait until it is requeued or cancelled; at most 1,000 are counted.
    holds_count: u32,
    /// Why it is not sent when its time comes; null where nothing is in its way.
    #[schema(required, value_type = Option<WaitReasonName>)]
    waits_because: Option<&'static str>,
    /// The delivery that is sent before it, since both are kept in order; null where it waits for
    /// nobody.
    #[schema(required)]
    waits_for: Option<Uuid>,
    /// When its destination is tried again, where that is left alone.
    #[schema(required, format = DateTime)]
    waits_until: Option<String>,
}

/// A delivery, and how it stands at this moment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryDetails {
    #[serde(flatten)]
    delivery: Delivery,
    /// The submission that it carries, or that made what it carries; null where there is none.
    #[schema(required)]
    submission: Option<Uuid>,
    /// The case that it carries; null where it carries none.
    #[schema(required)]
    case: Option<String>,
    /// How many deliveries wait behind it in order; at most 1,000 are counted.
    followers: u32,
    /// When it would be tried, should every try fail at once: the next five tries at most. Empty
    /// where it waits for another delivery, is paused, or has ended.
    #[schema(format = DateTime)]
    planned_attempts: Vec<String>,
}

/// A delivery as the store has it, and what holds it up.
type Placed = (delivery::Delivery, DeliveryPlace);

impl From<Placed> for Delivery {
    fn from((delivery, place): Placed) -> Self {
        let made_at = made_at(&delivery);
        Self {
            id: delivery.id,
            forwarder: delivery.forwarder,
            connection: delivery.connection,
            event: delivery.event.name(),
            payload_kind: delivery.payload_kind.name(),
            payload_id: delivery.payload_id,
            message: delivery.message,
            key: delivery.key,
            state: delivery.state.name(),
            origin: delivery.origin.name(),
            resend_of: delivery.resend_of,
            attempts: delivery.attempts,
            made_at: made_at.to_string(),
            registered_at: delivery.registered_at.to_string(),
            next_attempt_at: delivery.next_attempt_at.map(|time| time.to_string()),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            error_kind: place.failed_by.map(ErrorKind::name),
            superseded_by: delivery.superseded_by,
            holds: delivery.holds,
            holds_count: place.holds,
            waits_because: place.because.map(WaitReason::name),
            waits_for: place.waits_for,
            waits_until: place.until.map(|time| time.to_string()),
        }
    }
}

/// When a delivery was made: its id says so, to the millisecond.
pub(super) fn made_at(delivery: &delivery::Delivery) -> Timestamp {
    if delivery.id.get_timestamp().is_some() {
        made_by_id(delivery.id)
    } else {
        delivery.registered_at
    }
}

/// The time that an id tells.
pub(super) fn made_by_id(id: Uuid) -> Timestamp {
    let (seconds, nanoseconds) = id.get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    Timestamp::default() + Duration::new(seconds, nanoseconds)
}

/// Which deliveries are meant. What is left out does not matter.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryFilter {
    /// Of this forwarder only.
    forwarder: Option<String>,
    /// To this connection only.
    connection: Option<String>,
    /// In this state only.
    #[param(value_type = Option<DeliveryStateName>)]
    #[schema(value_type = Option<DeliveryStateName>)]
    state: Option<String>,
    /// In one of these states only, with commas between them: `failed,rejected`.
    states: Option<String>,
    /// Answered last with this status, as `503`, or with one of its class, as `5xx`.
    status: Option<String>,
    /// Failed last for this reason only.
    #[param(value_type = Option<AttemptErrorKind>)]
    #[schema(value_type = Option<AttemptErrorKind>)]
    error_kind: Option<String>,
    /// Of messages of this source only.
    source: Option<String>,
    /// Made for this reason only.
    #[param(value_type = Option<DeliveryOriginName>)]
    #[schema(value_type = Option<DeliveryOriginName>)]
    origin: Option<String>,
    /// These only: ids with commas between them, 500 at most.
    ids: Option<String>,
    /// Carrying this message only.
    #[param(value_type = Option<Uuid>)]
    #[schema(value_type = Option<Uuid>)]
    payload_id: Option<String>,
    /// About this key only.
    key: Option<String>,
    /// Cancelled by this action only: what a bulk cancellation ended, to be requeued.
    #[param(value_type = Option<Uuid>)]
    #[schema(value_type = Option<Uuid>)]
    cancelled_by: Option<String>,
    /// Made at this time or later.
    #[param(format = DateTime)]
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Made before this time.
    #[param(format = DateTime)]
    #[schema(format = DateTime)]
    until: Option<String>,
    /// With this text in the key or the last error, or this as its own or its message's id.
    text: Option<String>,
    /// Only those that hold others until they are requeued or cancelled.
    #[param(value_type = Option<bool>)]
    #[schema(value_type = Option<String>)]
    holds: Option<String>,
}

impl DeliveryFilter {
    pub(super) fn query(self) -> Result<DeliveryQuery, Problem> {
        Ok(DeliveryQuery {
            state: named("state", self.state.as_deref(), DeliveryState::ALL, DeliveryState::name)?,
            states: states(self.states.as_deref())?,
            status: self.status.as_deref().map(status_range).transpose()?,
            error_kind: named(
                "error_kind",
                self.error_kind.as_deref(),
                ErrorKind::ALL,
                ErrorKind::name,
            )?,
            origin: named(
                "origin",
                self.origin.as_deref(),
                DeliveryOrigin::ALL,
                DeliveryOrigin::name,
            )?,
            ids: parameters::ids("ids", self.ids.as_deref())?,
            payload: parameters::id("payload_id", self.payload_id.as_deref())?,
            cancelled_by: parameters::id("cancelled_by", self.cancelled_by.as_deref())?,
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            forwarder: self.forwarder,
            connection: self.connection,
            source: self.source,
            key: self.key,
            text: self.text,
            holds: boolean("holds", self.holds.as_deref())?,
        })
    }
}

/// Reads states with commas between them.
fn states(text: Option<&str>) -> Result<Vec<DeliveryState>, Problem> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let read = |name| named("states", Some(name), DeliveryState::ALL, DeliveryState::name);
    text.split(',').map(read).filter_map(Result::transpose).collect()
}

/// Reads a status or a class of them; the answer is the least and the greatest that is meant.
fn status_range(text: &str) -> Result<(u16, u16), Problem> {
    let wrong = || bad("status", text, "a status as `503`, or a class of them as `5xx`");
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 =
            class.parse().ok().filter(|class| (1..=9).contains(class)).ok_or_else(wrong)?;
        return Ok((class * 100, class * 100 + 99));
    }
    let status: u16 = text.parse().ok().filter(|it| (100..=999).contains(it)).ok_or_else(wrong)?;
    Ok((status, status))
}

fieldpost_model::names! {
    /// What a list of deliveries is sorted by.
    pub enum DeliverySort {
        /// The newest first.
        Newest = "newest",
        /// The oldest first.
        Oldest = "oldest",
        /// What waits, by the time at which it is tried next: the first one first.
        NextAttempt = "next_attempt",
        /// What waits, by the time at which it is tried next: the last one first.
        LatestAttempt = "latest_attempt",
    }
}

/// What a list of deliveries is sorted by.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sorting {
    /// Items of a page, 1 to 500; 50 unless given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// The newest first, unless given. By the next attempt there is only what waits, the first one
    /// (`next_attempt`) or the last one (`latest_attempt`) first, and of all filters only
    /// `connection` goes with it. State, status and reason are filters: no index has them in an
    /// order, and a list costs the same however long it is.
    #[param(value_type = Option<DeliverySortName>)]
    sort: Option<String>,
}

/// The query of a list of deliveries.
pub(super) struct DeliveryListing {
    filter: DeliveryFilter,
    wanted: Wanted,
    sort: DeliverySort,
}

impl<S: Sync> FromRequestParts<S> for DeliveryListing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let (filter, Sorting { limit, cursor, sort }) = parameters::read_both(query)?;
        let sort = named("sort", sort.as_deref(), DeliverySort::ALL, DeliverySort::name)?;
        let wanted = Wanted::read(limit.as_deref(), cursor.as_deref())?;
        Ok(Self { filter, wanted, sort: sort.unwrap_or(DeliverySort::Newest) })
    }
}

/// Deliveries
///
/// The newest first, unless sorted otherwise. What no index tells is looked for in 50,000 deliveries
/// at a time: the page may then have few items, or none, and `next` goes on from there.
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries",
    operation_id = "list_deliveries",
    tag = "deliveries",
    params(("project" = String, Path), DeliveryFilter, Sorting),
    responses((status = 200, body = SearchedList<Delivery>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    DeliveryListing { filter, wanted, sort }: DeliveryListing,
) -> Result<Json<SearchedList<Delivery>>, Problem> {
    let query = filter.query()?;
    known::deliveries(&app, &project, &query).await?;
    let order = match sort {
        DeliverySort::Newest => DeliveryOrder::Newest,
        DeliverySort::Oldest => DeliveryOrder::Oldest,
        DeliverySort::NextAttempt => {
            return waiting(&app, &project, &query, wanted, NextTryOrder::Soonest).await.map(Json);
        }
        DeliverySort::LatestAttempt => {
            return waiting(&app, &project, &query, wanted, NextTryOrder::Latest).await.map(Json);
        }
    };
    let Page { before: after, limit } = wanted.exactly();
    let page = DeliveryPage { order, after, limit };
    let DeliveriesFound { found, next } =
        app.hub.store().list_deliveries(&project, &query, page).await?;
    let until = next.filter(|_| found.len() < limit).map(made_by_id);
    let shown = shown(&app, &project, found).await?;
    Ok(Json(SearchedList::new(shown, next.map(list::cursor), until)))
}

/// What waits, by the time at which it is tried next.
async fn waiting(
    app: &App,
    project: &str,
    query: &DeliveryQuery,
    wanted: Wanted,
    order: NextTryOrder,
) -> Result<SearchedList<Delivery>, Problem> {
    let connection = query.connection.clone();
    if *query != (DeliveryQuery { connection, ..DeliveryQuery::default() }) {
        let hint = "of all filters only `connection` goes with it; it shows what waits";
        let sort = match order {
            NextTryOrder::Soonest => DeliverySort::NextAttempt,
            NextTryOrder::Latest => DeliverySort::LatestAttempt,
        };
        return Err(bad("sort", sort.name(), hint));
    }
    let lanes = match &query.connection {
        Some(connection) => app.hub.project(project).await?.lanes_to(connection),
        None => Vec::new(),
    };
    let limit = wanted.exactly().limit;
    let WaitingFound { found, next } = app
        .hub
        .store()
        .list_by_next_try(project, &lanes, order, wanted.after_time(), limit)
        .await?;
    let next = next.map(|(time, id)| list::cursor_at(time, id));
    Ok(SearchedList::new(shown(app, project, found).await?, next, None))
}

/// Deliveries as lists show them.
async fn shown(
    app: &App,
    project: &str,
    found: Vec<delivery::Delivery>,
) -> Result<Vec<Delivery>, Problem> {
    let places = app.hub.delivery_places(project, &found).await?;
    Ok(found.into_iter().zip(places).map(Delivery::from).collect())
}

/// How many deliveries stand in which state.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryCounts {
    /// All of them.
    total: u64,
    /// By state; states without any are left out.
    states: BTreeMap<&'static str, u64>,
}

/// How many deliveries there are
///
/// All that the filter describes are counted, so that it takes longer the more they are.
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/counts",
    operation_id = "count_deliveries",
    tag = "deliveries",
    params(("project" = String, Path), DeliveryFilter),
    responses((status = 200, body = DeliveryCounts), Problem),
)]
pub(super) async fn counts(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(filter): Parameters<DeliveryFilter>,
) -> Result<Json<DeliveryCounts>, Problem> {
    let query = filter.query()?;
    known::deliveries(&app, &project, &query).await?;
    // A resend is the one action that every state allows, so that its preview counts them all.
    let preview = app.hub.preview_action(&project, Action::Resend, &query).await?;
    Ok(Json(DeliveryCounts { total: preview.matched, states: preview.states }))
}

/// One delivery
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/{delivery}",
    operation_id = "get_delivery",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path)),
    responses((status = 200, body = DeliveryDetails), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<DeliveryDetails>, Problem> {
    let delivery = find(&app, &project, &delivery).await?;
    let outlook = app.hub.delivery_outlook(&project, &delivery).await?;
    let carried = match delivery.payload_kind {
        PayloadKind::Message => None,
        _ => app.hub.store().payload(&project, delivery.payload_id).await?,
    };
    Ok(Json(DeliveryDetails {
        delivery: (delivery, outlook.place).into(),
        submission: carried.as_ref().and_then(|payload| payload.submission),
        case: carried.and_then(|payload| payload.case),
        followers: outlook.followers,
        planned_attempts: outlook.planned_attempts.iter().map(ToString::to_string).collect(),
    }))
}

/// The delivery of an id in a path.
pub(super) async fn find(
    app: &App,
    project: &str,
    id: &str,
) -> Result<delivery::Delivery, Problem> {
    let found = app.hub.store().delivery(project, path_id("delivery", id)?).await?;
    found.ok_or_else(|| Problem::not_found("delivery", id))
}

async fn act(
    app: &App,
    action: Action,
    project: &str,
    delivery: &str,
) -> Result<Json<Delivery>, Problem> {
    let id = path_id("delivery", delivery)?;
    let delivery = app.hub.act(project, action, id).await?;
    let place = app.hub.delivery_outlook(project, &delivery).await?.place;
    Ok(Json((delivery, place).into()))
}

/// Retry a delivery
///
/// What waits is due now, with the same budget.
#[utoipa::path(
    post,
    path = "/projects/{project}/deliveries/{delivery}/retry",
    operation_id = "retry_delivery",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path)),
    request_body = Option<Reasoned>,
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn retry(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    _: Reason,
) -> Result<Json<Delivery>, Problem> {
    act(&app, Action::Retry, &project, &delivery).await
}

/// Cancel a delivery
///
/// Ends what waits.
#[utoipa::path(
    post,
    path = "/projects/{project}/deliveries/{delivery}/cancel",
    operation_id = "cancel_delivery",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path)),
    request_body = Option<Reasoned>,
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn cancel(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    _: Reason,
) -> Result<Json<Delivery>, Problem> {
    act(&app, Action::Cancel, &project, &delivery).await
}

/// Requeue a delivery
///
/// What is final waits again under the same id, with a fresh budget.
#[utoipa::path(
    post,
    path = "/projects/{project}/deliveries/{delivery}/requeue",
    operation_id = "requeue_delivery",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path)),
    request_body = Option<Reasoned>,
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn requeue(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    _: Reason,
) -> Result<Json<Delivery>, Problem> {
    act(&app, Action::Requeue, &project, &delivery).await
}

/// Resend a delivery
///
/// The same bytes as a new delivery, which is the answer.
#[utoipa::path(
    post,
    path = "/projects/{project}/deliveries/{delivery}/resend",
    operation_id = "resend_delivery",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path)),
    request_body = Option<Reasoned>,
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn resend(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    _: Reason,
) -> Result<Json<Delivery>, Problem> {
    act(&app, Action::Resend, &project, &delivery).await
}
