//! The difference of two messages: what a newer version of a submission changed; and of two payloads:
//! what a later attempt sent that an earlier one did not.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::MessageDifference;
use fieldpost_rules::difference;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::attempts;
use super::exact::ExactJson;
use super::messages::Message;
use super::parameters::{Parameters, id, path_id};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// Two messages, and where their contents differ.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Comparison {
    /// The one of the two that came in first.
    before: Message,
    /// The other one.
    after: Message,
    /// Where they differ; empty where they mean the same. A thousand places at the most.
    differences: Vec<Difference>,
    /// Whether there are more places.
    more: bool,
}

/// One place where two messages differ.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Difference {
    /// Where: `form.meta.id`, `people[2].name`; empty for the whole content.
    path: String,
    /// Whether something stood there before.
    was_there: bool,
    /// What stood there before: any JSON; null also where nothing did.
    #[schema(required, value_type = Option<Object>)]
    before: Option<ExactJson>,
    /// Whether something stands there now.
    is_there: bool,
    /// What stands there now: any JSON; null also where nothing does.
    #[schema(required, value_type = Option<Object>)]
    after: Option<ExactJson>,
}

impl From<difference::Difference> for Difference {
    fn from(found: difference::Difference) -> Self {
        let difference::Difference { path, before, after } = found;
        Self {
            path,
            was_there: before.is_some(),
            before: before.map(ExactJson::from),
            is_there: after.is_some(),
            after: after.map(ExactJson::from),
        }
    }
}

impl From<MessageDifference> for Comparison {
    fn from(found: MessageDifference) -> Self {
        Self {
            before: found.before.into(),
            after: found.after.into(),
            differences: found.differences.into_iter().map(Difference::from).collect(),
            more: found.is_more,
        }
    }
}

/// What a message is compared with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct With {
    /// The other message; it must be given.
    #[param(value_type = Option<Uuid>)]
    with: Option<String>,
}

/// What two messages differ in
///
/// As today's dialects of their sources read them. The order of members and the writing of numbers
/// make no difference.
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}/difference",
    operation_id = "compare_messages",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path), With),
    responses((status = 200, body = Comparison), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    Parameters(with): Parameters<With>,
) -> Result<Json<Comparison>, Problem> {
    let one = path_id("message", &message)?;
    let other = id("with", with.with.as_deref())?.ok_or_else(|| {
        Problem::bad_request("missing-parameter", "the other message is not named")
            .hint("add `?with=` and the id of the message to compare with")
    })?;
    Ok(Json(app.hub.message_difference(&project, one, other).await?.into()))
}

/// What one attempt sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SentPayload {
    /// The attempt.
    number: u32,
    /// Its content type.
    #[schema(required)]
    content_type: Option<String>,
    /// Its length.
    bytes: u64,
}

/// What two attempts of a delivery sent, and where it differs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayloadComparison {
    /// The earlier one.
    before: SentPayload,
    /// The later one.
    after: SentPayload,
    /// Whether both sent the same, byte for byte.
    same_bytes: bool,
    /// Where they differ; empty where they mean the same, null where one of them is no JSON. A
    /// thousand places at the most.
    #[schema(required)]
    differences: Option<Vec<Difference>>,
    /// Whether there are more places.
    more: bool,
}

/// What an attempt is compared with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WithAttempt {
    /// The number of the other attempt; it must be given.
    #[param(value_type = Option<u32>)]
    with: Option<String>,
}

/// What two attempts of a delivery sent, compared
///
/// By their bytes, and place by place where both are JSON. They differ where the forwarder, the
/// connection or what builds the payload was changed between them.
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/{delivery}/attempts/{number}/difference",
    operation_id = "compare_attempts",
    tag = "deliveries",
    params(
        ("project" = String, Path),
        ("delivery" = Uuid, Path),
        ("number" = u32, Path),
        WithAttempt,
    ),
    responses((status = 200, body = PayloadComparison), Problem),
)]
pub(super) async fn of_attempts(
    State(app): State<Shared>,
    Path((project, delivery, attempt)): Path<(String, String, String)>,
    Parameters(with): Parameters<WithAttempt>,
) -> Result<Json<PayloadComparison>, Problem> {
    let id = path_id("delivery", &delivery)?;
    let other = with.with.ok_or_else(|| {
        Problem::bad_request("missing-parameter", "the other attempt is not named")
            .hint("add `?with=` and the number of the attempt to compare with")
    })?;
    let (one, other) = (attempts::number(&attempt)?, attempts::number(&other)?);
    let (first, last) = (one.min(other), one.max(other));
    let (before_type, before) = attempts::sent(&app, &project, id, first).await?;
    let (after_type, after) = attempts::sent(&app, &project, id, last).await?;
    let shown = |number, content_type, body: &[u8]| SentPayload {
        number,
        content_type,
        bytes: body.len() as u64,
    };
    let (earlier, later) = (shown(first, before_type, &before), shown(last, after_type, &after));
    let found = app.hub.payload_difference(before, after).await?;
    let told =
        |found: Vec<difference::Difference>| found.into_iter().map(Difference::from).collect();
    Ok(Json(PayloadComparison {
        before: earlier,
        after: later,
        same_bytes: found.are_same,
        differences: found.differences.map(told),
        more: found.is_more,
    }))
}
