//! Messages: what came in, exactly, and why it went where it went.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{ContentQuery, ExplainedSubject, ForwarderExplanation, Replayed};
use fieldpost_model::json::Value;
use fieldpost_model::message::{self, MessageState};
use fieldpost_rules::definition::Secrets;
use fieldpost_rules::field_path::FieldCondition;
use fieldpost_rules::{filter, redact};
use fieldpost_store::{Listener, MessageQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::exact;
use super::known;
use super::list::{List, Listed, SearchedList, Turn};
use super::names::{FilterComparison, FilterPart, MessageStateName};
use super::parameters::{NoParameters, Parameters, bad, named, path_id, time};
use super::path::Path;
use super::principal::Caller;
use super::reason::{Reason, Reasoned};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A message: everything but its bytes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Message {
    /// Its id; ids sort by time of receipt.
    id: Uuid,
    /// The source that it came in by.
    source: String,
    /// When it was there.
    #[schema(format = DateTime)]
    received_at: String,
    /// What became of it.
    #[schema(value_type = MessageStateName)]
    state: &'static str,
    /// The message that this one repeats.
    #[schema(required)]
    duplicate_of: Option<Uuid>,
    /// Why it is quarantined.
    #[schema(required)]
    reason: Option<String>,
    /// The content type that the sender claimed.
    #[schema(required)]
    content_type: Option<String>,
    /// The length of its body, after decompression.
    bytes: u64,
    /// What its sender knows it by.
    #[schema(required)]
    identity: Option<String>,
    /// 1 for the first content of an identity, more for the next other content.
    version: u32,
    /// How often a quarantined content came in; 1 for every other message.
    seen: u32,
    /// When its bytes were erased, by the project's retention or by a person; null where they are
    /// there.
    #[schema(required, format = DateTime)]
    erased_at: Option<String>,
}

impl From<message::Message> for Message {
    fn from(message: message::Message) -> Self {
        Self {
            id: message.id,
            source: message.source,
            received_at: message.received_at.to_string(),
            state: message.state.name(),
            duplicate_of: message.duplicate_of,
            reason: message.reason,
            content_type: message.content_type,
            bytes: message.bytes,
            identity: message.identity,
            version: message.version,
            seen: message.seen,
            erased_at: message.erased_at.map(|time| time.to_string()),
        }
    }
}

/// Which messages are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MessageFilter {
    /// Of this source only.
    source: Option<String>,
    /// In this state only.
    #[param(value_type = Option<MessageStateName>)]
    state: Option<String>,
    /// Received at this time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Received before this time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// With this text in the body, the identity or a part of the id, in upper or lower case.
    text: Option<String>,
    /// With this in a field, as `form.age=42`: a path, `=`, and JSON or text. May stand several times.
    value: Option<Vec<String>>,
    /// Containing this JSON, as a filter's `match` asks for it.
    r#match: Option<String>,
}

/// Conditions on fields that are taken at most.
const MOST_VALUES: usize = 20;

impl MessageFilter {
    /// What is asked of the content.
    fn content(&mut self) -> Result<ContentQuery, Problem> {
        let values = self.value.take().unwrap_or_default();
        let text = self.text.take().filter(|text| !text.is_empty());
        Ok(ContentQuery { text, ..content_query(&values, self.r#match.as_deref())? })
    }
}

/// What conditions on fields and a JSON text ask of a content.
pub(super) fn content_query(
    values: &[String],
    matches: Option<&str>,
) -> Result<ContentQuery, Problem> {
    if let Some(first) = values.get(MOST_VALUES) {
        return Err(bad("value", first, format!("at most {MOST_VALUES} of them")));
    }
    let field = |text: &String| {
        let hint = "write a path, `=`, and what stands there: `form.age=42`";
        FieldCondition::parse(text).ok_or_else(|| bad("value", text, hint))
    };
    let read = |text: &str| match Value::parse(text.as_bytes()) {
        Ok(value) => Ok(value.into_owned()),
        Err(_) => Err(bad("match", text, "write JSON: `{\"form\": \"births\"}`")),
    };
    Ok(ContentQuery {
        text: None,
        fields: values.iter().map(field).collect::<Result<_, _>>()?,
        matches: matches.map(read).transpose()?,
    })
}

/// Messages, newest first
///
/// Where `text`, `value` or `match` ask for content, each message is looked at, from the newest on:
/// 2,000 of them or for half a second, whatever is over first. The answer says how far it came, and
/// `next` goes on from there; it may have few items, or none. A whole id as `text` is found at once.
#[utoipa::path(
    get,
    path = "/projects/{project}/messages",
    operation_id = "list_messages",
    tag = "messages",
    params(("project" = String, Path), MessageFilter, Turn),
    responses((status = 200, body = SearchedList<Message>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { mut filter, wanted }: Listed<MessageFilter>,
) -> Result<Json<SearchedList<Message>>, Problem> {
    let content = filter.content()?;
    let query = MessageQuery {
        state: named("state", filter.state.as_deref(), MessageState::ALL, MessageState::name)?,
        since: time("since", filter.since.as_deref())?,
        until: time("until", filter.until.as_deref())?,
        source: filter.source,
        text: None,
    };
    known::messages(&app, &project, &query).await?;
    if content.is_empty() {
        let found = app.hub.store().messages(&project, &query, wanted.page()).await?;
        return Ok(Json(List::page(&wanted, found, |message| message.id).into()));
    }
    let page = wanted.exactly();
    let looked = app.hub.look_through(&project, &query, &Arc::new(content), page).await?;
    let found = looked.found.into_iter().map(Message::from);
    Ok(Json(SearchedList::looked_through(found, looked.until, looked.is_more)))
}

/// One message
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}",
    operation_id = "get_message",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = Message), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Message>, Problem> {
    Ok(Json(find(&app, &project, &message).await?.into()))
}

async fn find(app: &App, project: &str, id: &str) -> Result<message::Message, Problem> {
    let found = app.hub.store().message(project, path_id("message", id)?).await?;
    found.ok_or_else(|| Problem::not_found("message", id))
}

/// A message's body, byte for byte
///
/// With the content type that its sender claimed.
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}/body",
    operation_id = "get_message_body",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn body(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let id = path_id("message", &message)?;
    let (content_type, bytes) = content(&app, &project, id).await?;
    Ok(exact::bytes(content_type.as_deref(), bytes, &format!("message-{id}")))
}

/// A message that still has its bytes.
async fn unerased(app: &App, project: &str, id: Uuid) -> Result<message::Message, Problem> {
    let found = app.hub.store().message(project, id).await?;
    let message = found.ok_or_else(|| Problem::not_found("message", id))?;
    match message.erased_at {
        Some(at) => Err(Problem::erased("message", at)),
        None => Ok(message),
    }
}

/// The content type and the bytes of a message.
pub(super) async fn content(
    app: &App,
    project: &str,
    id: Uuid,
) -> Result<(Option<String>, Vec<u8>), Problem> {
    let message = unerased(app, project, id).await?;
    let content = app.hub.store().message_content(project, id).await?;
    let (_, bytes) = content.ok_or_else(|| Problem::not_found("message", id))?;
    Ok((message.content_type, bytes))
}

/// The request that a message came in by. Credentials in it are masked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageRequest {
    /// The method.
    method: String,
    /// The path; that of a webhook is masked for those who may not change its source.
    path: String,
    /// The query, as pairs of a name and a value.
    #[schema(value_type = Vec<Vec<String>>)]
    query: Vec<(String, String)>,
    /// The headers, names in lower case; the values of a repeated one are joined by commas.
    headers: BTreeMap<String, String>,
}

/// Headers as an object: the values of a repeated one are joined, as RFC 9110 has it.
pub(super) fn headers(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        headers
            .entry(name.to_ascii_lowercase())
            .and_modify(|values| {
                values.push_str(", ");
                values.push_str(&value);
            })
            .or_insert(value);
    }
    headers
}

/// The request that a message came in by
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}/request",
    operation_id = "get_message_request",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = MessageRequest), Problem),
)]
pub(super) async fn request(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<MessageRequest>, Problem> {
    let id = path_id("message", &message)?;
    unerased(&app, &project, id).await?;
    let content = app.hub.store().message_content(&project, id).await?;
    let (request, _) = content.ok_or_else(|| Problem::not_found("message", id))?;
    Ok(Json(MessageRequest {
        method: request.method,
        path: match caller.sees(&project) {
            Secrets::HiddenWithAddresses => redact::mask_webhook_path(&request.path),
            Secrets::Shown | Secrets::Hidden => request.path,
        },
        query: request.query,
        headers: headers(request.headers),
    }))
}

/// A message's parsed view
///
/// As JSON, by today's dialect of its source: what filters look at.
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}/view",
    operation_id = "get_message_view",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    responses(
        (status = 200, body = Object, description = "Any JSON"),
        Problem,
    ),
)]
pub(super) async fn view(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let id = path_id("message", &message)?;
    Ok(exact::json(app.hub.view(&project, id).await?))
}

/// Why a forwarder or a workflow wants a message, or does not.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explanation {
    /// The forwarder; null where this is about a workflow.
    #[schema(required)]
    forwarder: Option<String>,
    /// The workflow; null where this is about a forwarder.
    #[schema(required)]
    workflow: Option<String>,
    /// Whether it is paused: it still makes deliveries, or runs.
    paused: bool,
    /// What it listens to.
    #[schema(example = "case")]
    on: &'static str,
    /// What it was asked about: the message, a submission or a case; null where the message has brought
    /// nothing of that kind.
    #[schema(required)]
    about: Option<Explained>,
    /// Whether it wants it: whether all conditions hold, and nothing else is the matter.
    matched: bool,
    /// Condition by condition; empty for one that wants everything.
    conditions: Vec<Condition>,
    /// Why it is not wanted whatever the conditions say, in a sentence; null where nothing is the matter.
    #[schema(required)]
    remark: Option<&'static str>,
}

/// What a forwarder or a workflow was asked about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explained {
    /// What it is.
    #[schema(example = "submission")]
    kind: &'static str,
    /// Its id.
    id: String,
}

/// One thing that a filter asks of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Condition {
    /// The part of the filter.
    #[schema(value_type = FilterPart)]
    part: &'static str,
    /// Where in the message; empty for the body as a whole and for `from`.
    path: String,
    /// What the filter names there.
    expected: String,
    /// What the message has there; null where it has nothing.
    #[schema(required)]
    found: Option<String>,
    /// Whether the message may pass, as far as this condition goes.
    holds: bool,
    /// How what the filter names and what the message has compare. With `part`, `path`, `expected`
    /// and `found` it says what `note` says, for those who say it in another language; for `unless`,
    /// what compares is what excludes.
    #[schema(value_type = FilterComparison)]
    comparison: &'static str,
    /// The same as a sentence.
    note: String,
}

impl From<ExplainedSubject> for Explained {
    fn from(subject: ExplainedSubject) -> Self {
        Self { kind: subject.kind.name(), id: subject.id }
    }
}

impl From<ForwarderExplanation> for Explanation {
    fn from(explained: ForwarderExplanation) -> Self {
        let ForwarderExplanation { listener, paused, event, subject, explanation, remark } =
            explained;
        let (forwarder, workflow) = match listener {
            Listener::Forwarder(name) => (Some(name), None),
            Listener::Workflow(name) => (None, Some(name)),
        };
        let filter::Explanation { matched, conditions } = explanation;
        let conditions = conditions.into_iter().map(Condition::from).collect();
        let about = subject.map(Explained::from);
        let on = event.name();
        Self { forwarder, workflow, paused, on, about, matched, conditions, remark }
    }
}

impl From<filter::Condition> for Condition {
    fn from(condition: filter::Condition) -> Self {
        Self {
            part: condition.part.name(),
            path: condition.path,
            expected: condition.expected,
            found: condition.found,
            holds: condition.holds,
            comparison: condition.comparison.name(),
            note: condition.note,
        }
    }
}

/// Why each forwarder and workflow wants a message, or does not
///
/// By today's filters.
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}/explain",
    operation_id = "explain_message",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = List<Explanation>), Problem),
)]
pub(super) async fn explain(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Explanation>>, Problem> {
    let explained = app.hub.explain(&project, path_id("message", &message)?).await?;
    Ok(Json(List::whole(explained.into_iter().map(Explanation::from))))
}

/// What a replay did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Replay {
    /// The new deliveries.
    deliveries: Vec<ReplayedDelivery>,
    /// The new runs.
    runs: Vec<ReplayedRun>,
    /// Why the message still cannot be read; null where it can.
    #[schema(required)]
    unreadable: Option<String>,
    /// The message of the same content that was kept meanwhile: this one is its duplicate now,
    /// and has no new deliveries. Null where there is none.
    #[schema(required)]
    duplicate_of: Option<Uuid>,
}

/// A delivery that a replay made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayedDelivery {
    /// Its id.
    id: Uuid,
    /// The forwarder that ordered it.
    forwarder: String,
}

/// A run that a replay made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayedRun {
    /// Its id.
    id: Uuid,
    /// The workflow.
    workflow: String,
}

/// Match a message again
///
/// By today's filters. Its new deliveries and runs are marked as replay; a quarantined message that can be
/// read by now is released.
#[utoipa::path(
    post,
    path = "/projects/{project}/messages/{message}/replay",
    operation_id = "replay_message",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    request_body = Option<Reasoned>,
    responses((status = 200, body = Replay), Problem),
)]
pub(super) async fn replay(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    _: Reason,
) -> Result<Json<Replay>, Problem> {
    let Replayed { deliveries, runs, unreadable, duplicate_of } =
        app.hub.replay(&project, path_id("message", &message)?).await?;
    let deliveries =
        deliveries.into_iter().map(|(id, forwarder)| ReplayedDelivery { id, forwarder }).collect();
    let runs = runs.into_iter().map(|(id, workflow)| ReplayedRun { id, workflow }).collect();
    Ok(Json(Replay { deliveries, runs, unreadable, duplicate_of }))
}
