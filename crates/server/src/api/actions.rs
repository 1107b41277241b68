//! Actions over many: what is done to all deliveries that a filter describes, or to all messages of
//! a time range.
//!
//! An action is kept, and goes on whatever becomes of the request that began it. Small ones have
//! ended by the time of the answer; of larger ones the answer shows the beginning.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{Asked, BulkPreview, DEFAULT_REPLAY_RATE, ReplayQuery};
use fieldpost_model::json::Value;
use fieldpost_model::message::MessageState;
use fieldpost_rules::delivery::Action;
use fieldpost_store::{BulkKind, BulkState, MessageQuery};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::audited::Audited;
use super::body::Input;
use super::deliveries::DeliveryFilter;
use super::exact::ExactJson;
use super::known;
use super::list::{List, Listed};
use super::messages::content_query;
use super::names::{ActionName, BulkKindName, BulkStateName, MessageStateName};
use super::parameters::{self, NoParameters, Parameters, named, path_id, time};
use super::path::Path;
use super::principal::Caller;
use super::reason;
use crate::app::Shared;
use crate::problem::Problem;

/// How long an answer waits for the end of an action.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be done to many deliveries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActOnDeliveries {
    /// What is to be done.
    #[schema(value_type = ActionName)]
    action: String,
    /// To which deliveries. An empty filter means all of them.
    filter: DeliveryFilter,
    /// Whether it is only told how many would be touched.
    #[serde(default)]
    dry_run: bool,
    /// Whether the answer may wait for the end; unless this is false, it does for two seconds.
    #[serde(default = "patiently")]
    wait: bool,
    /// Why it is done, in your own words; 500 characters at most.
    #[schema(max_length = 500, example = "their server was down over the weekend")]
    reason: Option<String>,
}

/// Which messages are replayed. What is left out does not matter.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayFilter {
    /// Of this source only.
    source: Option<String>,
    /// In this state only: `kept`, unless given, or `duplicate`.
    #[schema(value_type = Option<MessageStateName>)]
    state: Option<String>,
    /// Received at this time or later.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Received before this time.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// With this text in the identity, or with this id.
    text: Option<String>,
    /// With each of these in a field, as `form.age=42`: a path, `=`, and JSON or text; 20 at most.
    #[serde(default)]
    value: Vec<String>,
    /// Containing this JSON, written as text, as a filter's `match` asks for it.
    #[schema(example = "{\"form\": \"births\"}")]
    r#match: Option<String>,
}

/// What is to be done to many messages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActOnMessages {
    /// What is to be done: `replay`.
    #[schema(example = "replay")]
    action: String,
    /// To which messages.
    filter: ReplayFilter,
    /// The forwarder that they are matched with.
    forwarder: String,
    /// How many deliveries are made in a second at most; 50 unless given, and 0 is no bound.
    rate: Option<u32>,
    /// Whether it is only told how many messages would be looked at.
    #[serde(default)]
    dry_run: bool,
    /// Whether the answer may wait for the end; unless this is false, it does for two seconds.
    #[serde(default = "patiently")]
    wait: bool,
    /// Why it is done, in your own words; 500 characters at most.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Unless somebody says otherwise, an answer may wait.
pub(super) const fn patiently() -> bool {
    true
}

/// What an action would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preview {
    /// Deliveries that it would touch; for a replay, messages that it would look at.
    matched: u64,
    /// The same, as an action that has ended tells it.
    touched: u64,
    /// Deliveries whose state does not allow it.
    passed_over: u64,
    /// Of the deliveries that it would touch, how many stand in each state.
    states: BTreeMap<&'static str, u64>,
    /// How many of them were made by a resend or a replay.
    copies: u64,
}

impl From<BulkPreview> for Preview {
    fn from(preview: BulkPreview) -> Self {
        let BulkPreview { matched, passed_over, states, copies } = preview;
        Self { matched, touched: matched, passed_over, states, copies }
    }
}

/// An action over many deliveries or messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BulkAction {
    /// Its id. It concerns what was there when it began.
    id: Uuid,
    /// What it does.
    #[schema(value_type = BulkKindName)]
    action: &'static str,
    /// To which deliveries, or messages for a replay.
    #[schema(value_type = Object)]
    filter: ExactJson,
    /// The forwarder that a replay matches messages with.
    #[schema(required)]
    forwarder: Option<String>,
    /// How many deliveries a replay makes in a second at most; null is no bound.
    #[schema(required)]
    rate: Option<u32>,
    /// Where it stands.
    #[schema(value_type = BulkStateName)]
    state: &'static str,
    /// How many it would touch, counted when it began; for a replay, messages to be looked at.
    matched: u64,
    /// How many were touched so far.
    touched: u64,
    /// How many were passed over: being sent at that moment, or in a state that does not allow the
    /// action; for a replay, messages that the forwarder does not want, or that have not the content
    /// asked for.
    passed_over: u64,
    /// Who began it.
    started_by: String,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ended.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
    /// Why it could not go on.
    #[schema(required)]
    last_error: Option<String>,
    /// Why it was asked for, in the words of whoever did.
    #[schema(required)]
    reason: Option<String>,
}

impl From<fieldpost_store::BulkAction> for BulkAction {
    fn from(action: fieldpost_store::BulkAction) -> Self {
        let filter = Value::parse(action.filter.as_bytes()).unwrap_or(Value::Null);
        let is_bounded = action.action == BulkKind::Replay && action.rate > 0;
        Self {
            id: action.id,
            action: action.action.name(),
            filter: filter.into(),
            forwarder: action.forwarder,
            rate: is_bounded.then_some(action.rate),
            state: action.state.name(),
            matched: action.matched,
            touched: action.touched,
            passed_over: action.passed_over,
            started_by: action.started_by,
            created_at: action.created_at.to_string(),
            finished_at: action.finished_at.map(|time| time.to_string()),
            last_error: action.last_error,
            reason: action.reason,
        }
    }
}

/// What an order is answered with: what it would do, or the action that it began.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Ordered {
    Preview(Preview),
    Action(Box<BulkAction>),
}

/// What an order is answered with.
pub(super) type Answer = (StatusCode, Json<Ordered>);

/// The answer to who only asks what would be done.
pub(super) fn preview(preview: BulkPreview) -> Answer {
    (StatusCode::OK, Json(Ordered::Preview(preview.into())))
}

/// Gives an action a moment to end, unless its id is wanted at once.
pub(super) async fn begun(
    app: &Shared,
    project: &str,
    action: fieldpost_store::BulkAction,
    wait: bool,
) -> Result<Answer, Problem> {
    let patience = if wait { PATIENCE } else { Duration::ZERO };
    let action = app.hub.wait_for_action(project, action.id, patience).await?;
    let is_running = action.state == BulkState::Running;
    let status = if is_running { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Ordered::Action(Box::new(action.into())))))
}

/// Act on many deliveries
///
/// On those that a filter describes and that are there now, oldest first. Begin with `dry_run`.
/// What takes longer than a moment goes on by itself: the answer is then 202 and the action as it
/// stands; look at it under its id.
#[utoipa::path(
    post,
    path = "/projects/{project}/deliveries/actions",
    operation_id = "act_on_deliveries",
    tag = "deliveries",
    params(("project" = String, Path)),
    request_body = ActOnDeliveries,
    responses((status = 200, body = Ordered), (status = 202, body = Ordered), Problem),
)]
pub(super) async fn act_on_deliveries(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(wanted): Input<ActOnDeliveries>,
) -> Result<Answer, Problem> {
    let action = named("action", Some(&wanted.action), Action::ALL, Action::name)?;
    let action = action.ok_or_else(|| parameters::bad("action", &wanted.action, "name one"))?;
    let reason = reason::read(wanted.reason)?;
    let query = wanted.filter.query()?;
    known::deliveries(&app, &project, &query).await?;
    audited.detail("dry_run", wanted.dry_run);
    if wanted.dry_run {
        return Ok(preview(app.hub.preview_action(&project, action, &query).await?));
    }
    reason::note(&audited, reason.as_deref());
    let asked = Asked { by: caller.name().to_owned(), reason };
    let action = app.hub.act_on_all(&project, action, &query, asked).await?;
    begun(&app, &project, action, wanted.wait).await
}

/// Replay many messages
///
/// Those of a time range are matched again with one forwarder, oldest first, and at a bounded
/// rate. Their deliveries are marked as replay. Where `value` or `match` ask for content, each message
/// of the range is looked into when its turn comes, and passed over where it has it not; a `dry_run`
/// counts those to be looked into. The action is found with those on deliveries.
#[utoipa::path(
    post,
    path = "/projects/{project}/messages/actions",
    operation_id = "act_on_messages",
    tag = "messages",
    params(("project" = String, Path)),
    request_body = ActOnMessages,
    responses((status = 200, body = Ordered), (status = 202, body = Ordered), Problem),
)]
pub(super) async fn act_on_messages(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(wanted): Input<ActOnMessages>,
) -> Result<Answer, Problem> {
    named("action", Some(&wanted.action), &[BulkKind::Replay], BulkKind::name)?;
    let reason = reason::read(wanted.reason)?;
    let query = wanted.filter.query()?;
    known::forwarder(&app, &project, &wanted.forwarder).await?;
    known::messages(&app, &project, &query.messages).await?;
    audited.detail("dry_run", wanted.dry_run);
    if wanted.dry_run {
        return Ok(preview(app.hub.preview_replay(&project, &query).await?));
    }
    let rate = wanted.rate.unwrap_or(DEFAULT_REPLAY_RATE);
    reason::note(&audited, reason.as_deref());
    let asked = Asked { by: caller.name().to_owned(), reason };
    let action = app.hub.replay_all(&project, &wanted.forwarder, &query, rate, asked).await?;
    begun(&app, &project, action, wanted.wait).await
}

impl ReplayFilter {
    fn query(self) -> Result<ReplayQuery, Problem> {
        content_query(&self.value, self.r#match.as_deref())?;
        let known = [MessageState::Kept, MessageState::Duplicate];
        let state = named("state", self.state.as_deref(), &known, MessageState::name)?;
        let messages = MessageQuery {
            state: Some(state.unwrap_or(MessageState::Kept)),
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            source: self.source,
            text: self.text,
        };
        Ok(ReplayQuery { messages, values: self.value, matches: self.r#match })
    }
}

/// Actions on deliveries, messages and runs, newest first
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/actions",
    operation_id = "list_actions",
    tag = "deliveries",
    params(("project" = String, Path), super::list::Turn),
    responses((status = 200, body = List<BulkAction>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { filter: NoParameters {}, wanted }: Listed<NoParameters>,
) -> Result<Json<List<BulkAction>>, Problem> {
    app.hub.project(&project).await?;
    let found = app.hub.store().bulk_actions(&project, wanted.page()).await?;
    Ok(Json(List::page(&wanted, found, |action| action.id)))
}

/// One action on deliveries, messages or runs
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/actions/{action}",
    operation_id = "get_action",
    tag = "deliveries",
    params(("project" = String, Path), ("action" = Uuid, Path)),
    responses((status = 200, body = BulkAction), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, action)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<BulkAction>, Problem> {
    let action = app.hub.bulk_action(&project, path_id("action", &action)?).await?;
    Ok(Json(action.into()))
}

/// Stop an action
///
/// What was done stays done. What a cancellation ended is requeued with the filter `cancelled_by`
/// and its id.
#[utoipa::path(
    post,
    path = "/projects/{project}/deliveries/actions/{action}/stop",
    operation_id = "stop_action",
    tag = "deliveries",
    params(("project" = String, Path), ("action" = Uuid, Path)),
    responses((status = 200, body = BulkAction), Problem),
)]
pub(super) async fn stop(
    State(app): State<Shared>,
    Path((project, action)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<BulkAction>, Problem> {
    let action = app.hub.stop_action(&project, path_id("action", &action)?).await?;
    Ok(Json(action.into()))
}
