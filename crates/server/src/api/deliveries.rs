//! Deliveries: what goes out, and what a person can do about it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{DeliveryPlace, WaitReason};
use fieldpost_model::delivery::{self, DeliveryOrigin, DeliveryState};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::delivery::Action;
use fieldpost_store::DeliveryQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::known;
use super::list::{List, Listed, Turn};
use super::names::{DeliveryOriginName, DeliveryStateName, WaitReasonName};
use super::parameters::{self, NoParameters, Parameters, boolean, named, path_id, time};
use super::path::Path;
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
    let (seconds, nanoseconds) = match delivery.id.get_timestamp() {
        Some(timestamp) => timestamp.to_unix(),
        None => return delivery.registered_at,
    };
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

/// Deliveries, newest first
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries",
    operation_id = "list_deliveries",
    tag = "deliveries",
    params(("project" = String, Path), DeliveryFilter, Turn),
    responses((status = 200, body = List<Delivery>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { filter, wanted }: Listed<DeliveryFilter>,
) -> Result<Json<List<Delivery>>, Problem> {
    let query = filter.query()?;
    known::deliveries(&app, &project, &query).await?;
    let found = app.hub.store().deliveries(&project, &query, wanted.page()).await?;
    let places = app.hub.delivery_places(&project, &found).await?;
    let placed: Vec<Placed> = found.into_iter().zip(places).collect();
    Ok(Json(List::page(&wanted, placed, |(delivery, _)| delivery.id)))
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
    Ok(Json(DeliveryDetails {
        delivery: (delivery, outlook.place).into(),
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
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn retry(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
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
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn cancel(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
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
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn requeue(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
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
    responses((status = 200, body = Delivery), Problem),
)]
pub(super) async fn resend(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Delivery>, Problem> {
    act(&app, Action::Resend, &project, &delivery).await
}
