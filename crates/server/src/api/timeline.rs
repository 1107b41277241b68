//! The timeline of a message: where is my submission, as one document.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{self as engine, DeliveryTold, FiledByMessage, Reading};
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_store::{BroughtVersion, TouchedCase, Try, Version};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::deliveries::{Delivery, made_at};
use super::messages::{Explanation, Message};
use super::names::AttemptErrorKind;
use super::parameters::{NoParameters, Parameters, path_id};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// Where a message came from and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Timeline {
    /// The message.
    message: Message,
    /// The source that it came in by.
    source: TimelineSource,
    /// What it is about, by today's dialect of its source; null where it cannot be read, or its bytes
    /// are gone.
    #[schema(required)]
    decoded: Option<DecodedSummary>,
    /// Why it cannot be read.
    #[schema(required)]
    unreadable: Option<Unreadable>,
    /// Why each forwarder wants it or does not, by today's filters; empty where it cannot be read.
    matches: Vec<Explanation>,
    /// Its deliveries with their tries, oldest first.
    deliveries: Vec<TimelineDelivery>,
    /// Whether there are older deliveries beside the hundred that are told.
    deliveries_are_more: bool,
    /// The messages of the same identity with other content, newest first, this one among them. A
    /// hundred at the most.
    versions: Vec<MessageVersion>,
    /// Those of its deliveries that replays have made.
    replays: Vec<ReplayMade>,
    /// The versions of submissions that it brought. A hundred at the most.
    submissions: Vec<SubmissionBrought>,
    /// The cases that it had a part in. A hundred at the most.
    cases: Vec<CaseTouched>,
    /// Whether there are more submissions or cases.
    filed_are_more: bool,
}

/// A version of a submission that a message brought.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubmissionBrought {
    /// The submission.
    id: Uuid,
    /// Its form.
    #[schema(example = "births")]
    form: String,
    /// Its number among the submissions of its form.
    number: u64,
    /// Which version of it this is.
    version: i64,
}

/// A case that a message had a part in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseTouched {
    /// Its id, as its phone gave it.
    id: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    #[schema(example = "household")]
    case_type: String,
    /// What people call it.
    name: String,
}

impl From<BroughtVersion> for SubmissionBrought {
    fn from(brought: BroughtVersion) -> Self {
        let BroughtVersion { submission, form, number, version } = brought;
        Self { id: submission, form, number, version }
    }
}

impl From<TouchedCase> for CaseTouched {
    fn from(touched: TouchedCase) -> Self {
        let TouchedCase { id, case_type, name } = touched;
        Self { id, case_type, name }
    }
}

/// The source that a message came in by.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimelineSource {
    /// Its name.
    #[schema(example = "kobo")]
    name: String,
    /// How it reads messages today; null where it was removed.
    #[schema(required, example = "kobo")]
    dialect: Option<&'static str>,
}

/// What a message is about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecodedSummary {
    /// What kind of thing it is: `message`, `form`, `case`, `form-stub`, `app-schema` or
    /// `submission`.
    #[schema(example = "submission")]
    shape: &'static str,
    /// The form that was filled in, where the dialect knows.
    #[schema(required, example = "births")]
    form: Option<String>,
    /// What its deliveries can be kept in order by, where the dialect knows.
    #[schema(required)]
    key: Option<String>,
    /// Members of its parsed view; null where that is no object.
    #[schema(required)]
    members: Option<usize>,
}

/// Why a message cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Unreadable {
    /// A stable word.
    #[schema(example = "json-syntax")]
    code: &'static str,
    /// The same as a sentence.
    reason: String,
}

/// A delivery with its tries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimelineDelivery {
    #[serde(flatten)]
    delivery: Delivery,
    /// Its tries, in order. Of all deliveries together no more than a thousand are told.
    tries: Vec<TimelineTry>,
}

/// A try of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimelineTry {
    /// 1 for the first.
    number: u32,
    /// When the hub began.
    #[schema(format = DateTime)]
    started_at: String,
    /// From there to the end of the answer, or to the error, in milliseconds.
    duration_ms: u64,
    /// The status that was answered.
    #[schema(required)]
    status: Option<u16>,
    /// Which part went wrong; null for a success.
    #[schema(required, value_type = Option<AttemptErrorKind>)]
    error_kind: Option<&'static str>,
    /// What went wrong, in a sentence.
    #[schema(required)]
    error: Option<String>,
}

/// A message of the same identity.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageVersion {
    /// The message.
    id: Uuid,
    /// 1 for the first content, more for the next other content.
    version: u32,
    /// When it came in.
    #[schema(format = DateTime)]
    received_at: String,
}

/// A delivery that a replay made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayMade {
    /// The delivery.
    id: Uuid,
    /// The forwarder that ordered it.
    forwarder: String,
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
}

impl From<Version> for MessageVersion {
    fn from(version: Version) -> Self {
        let Version { id, version, received_at } = version;
        Self { id, version, received_at: received_at.to_string() }
    }
}

impl From<Try> for TimelineTry {
    fn from(one: Try) -> Self {
        Self {
            number: one.number,
            started_at: one.started_at.to_string(),
            duration_ms: u64::try_from(one.duration.as_millis()).unwrap_or(u64::MAX),
            status: one.status,
            error_kind: one.error.as_ref().map(|error| error.kind.name()),
            error: one.error.map(|error| error.message),
        }
    }
}

impl From<DeliveryTold> for TimelineDelivery {
    fn from(told: DeliveryTold) -> Self {
        let DeliveryTold { delivery, place, tries } = told;
        Self {
            delivery: (delivery, place).into(),
            tries: tries.into_iter().map(TimelineTry::from).collect(),
        }
    }
}

impl From<engine::Timeline> for Timeline {
    fn from(timeline: engine::Timeline) -> Self {
        let (decoded, unreadable) = match timeline.decoded {
            Reading::Readable(engine::Summary { shape, form, key, members }) => {
                (Some(DecodedSummary { shape, form, key, members }), None)
            }
            Reading::Unreadable(code, reason) => (None, Some(Unreadable { code, reason })),
            Reading::Gone => (None, None),
        };
        let replays = timeline.deliveries.iter().map(|told| &told.delivery);
        let replays = replays.filter(|delivery| delivery.origin == DeliveryOrigin::Replay);
        let replays = replays.map(|delivery| ReplayMade {
            id: delivery.id,
            forwarder: delivery.forwarder.clone(),
            at: made_at(delivery).to_string(),
        });
        let FiledByMessage { submissions, cases, are_more } = timeline.filed;
        Self {
            submissions: submissions.into_iter().map(SubmissionBrought::from).collect(),
            cases: cases.into_iter().map(CaseTouched::from).collect(),
            filed_are_more: are_more,
            replays: replays.collect(),
            source: TimelineSource {
                name: timeline.message.source.clone(),
                dialect: timeline.dialect.map(fieldpost_model::source::Dialect::name),
            },
            message: timeline.message.into(),
            decoded,
            unreadable,
            matches: timeline.explained.into_iter().map(Explanation::from).collect(),
            deliveries: timeline.deliveries.into_iter().map(TimelineDelivery::from).collect(),
            deliveries_are_more: timeline.deliveries_are_more,
            versions: timeline.versions.into_iter().map(MessageVersion::from).collect(),
        }
    }
}

/// Where a message came from and what became of it
///
/// Source, content, filters, deliveries, tries and versions in one document.
#[utoipa::path(
    get,
    path = "/projects/{project}/messages/{message}/timeline",
    operation_id = "get_message_timeline",
    tag = "messages",
    params(("project" = String, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = Timeline), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, message)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Timeline>, Problem> {
    let id = path_id("message", &message)?;
    Ok(Json(app.hub.timeline(&project, id).await?.into()))
}
