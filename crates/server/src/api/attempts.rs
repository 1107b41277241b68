//! Attempts: each try of a delivery, whole.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_model::attempt;
use fieldpost_model::hexadecimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::List;
use super::messages::{content, headers};
use super::names::AttemptErrorKind;
use super::parameters::{NoParameters, Parameters, path_id};
use super::path::Path;
use super::{deliveries, exact};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// One try of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Attempt {
    /// 1 for the first.
    number: u32,
    /// When the hub began.
    #[schema(format = DateTime)]
    started_at: String,
    /// From there to the last byte of the answer, or to the error.
    duration_ms: u64,
    /// What was sent; null where it could not be built.
    #[schema(required)]
    request: Option<AttemptRequest>,
    /// What came back.
    #[schema(required)]
    response: Option<AttemptResponse>,
    /// What went wrong; null for a success.
    #[schema(required)]
    error: Option<AttemptError>,
    /// When the bodies of the request and of the answer were erased; null where they are there.
    #[schema(required, format = DateTime)]
    erased_at: Option<String>,
}

/// The request as it was sent. Credentials in it are masked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptRequest {
    /// The method.
    method: String,
    /// The whole URL.
    url: String,
    /// The headers, names in lower case; the values of a repeated one are joined by commas.
    headers: BTreeMap<String, String>,
    /// SHA-256 of the body, in hexadecimal digits.
    body_sha256: String,
    /// The length of the body.
    bytes: u64,
}

/// The answer, with as much of its body as is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptResponse {
    /// The status.
    status: u16,
    /// The headers, names in lower case; the values of a repeated one are joined by commas.
    headers: BTreeMap<String, String>,
    /// The body as text; the exact bytes are at `/attempts/{number}/response`.
    body: String,
    /// Whether the body was longer than what is kept.
    truncated: bool,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptError {
    /// Which part of the attempt.
    #[schema(value_type = AttemptErrorKind)]
    kind: &'static str,
    /// The cause, in a sentence.
    message: String,
}

impl From<attempt::AttemptError> for AttemptError {
    fn from(error: attempt::AttemptError) -> Self {
        Self { kind: error.kind.name(), message: error.message }
    }
}

impl From<attempt::Attempt> for Attempt {
    fn from(attempt: attempt::Attempt) -> Self {
        let request = |request: attempt::AttemptRequest| AttemptRequest {
            method: request.method,
            url: request.url,
            headers: headers(request.headers),
            body_sha256: hexadecimal::encode(&request.body_sha256),
            bytes: request.bytes,
        };
        let response = |response: attempt::AttemptResponse| AttemptResponse {
            status: response.status,
            headers: headers(response.headers),
            body: String::from_utf8_lossy(&response.body).into_owned(),
            truncated: response.truncated,
        };
        Self {
            number: attempt.number,
            started_at: attempt.started_at.to_string(),
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            request: attempt.request.map(request),
            response: attempt.response.map(response),
            error: attempt.error.map(AttemptError::from),
            erased_at: None,
        }
    }
}

/// The attempts of a delivery
///
/// In order, always on one page.
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/{delivery}/attempts",
    operation_id = "list_attempts",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path)),
    responses((status = 200, body = List<Attempt>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path((project, delivery)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Attempt>>, Problem> {
    let delivery = deliveries::find(&app, &project, &delivery).await?;
    let attempts = app.hub.store().attempts(&project, delivery.id).await?;
    let erasures = app.hub.store().attempt_erasures(&project, delivery.id).await?;
    let told = |attempt: attempt::Attempt| {
        let erased = erasures.iter().find(|(number, _)| *number == attempt.number);
        let erased_at = erased.map(|(_, at)| at.to_string());
        Attempt { erased_at, ..attempt.into() }
    };
    Ok(Json(List::whole(attempts.into_iter().map(told))))
}

/// The number in a path. What is no number is the number of nothing.
pub(super) fn number(text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| no_attempt(text))
}

fn no_attempt(number: impl std::fmt::Display) -> Problem {
    Problem::not_found("attempt", number)
}

/// The attempt of that number.
async fn find(
    app: &App,
    project: &str,
    delivery: Uuid,
    number: u32,
) -> Result<attempt::Attempt, Problem> {
    let attempts = app.hub.store().attempts(project, delivery).await?;
    let found = attempts.into_iter().find(|attempt| attempt.number == number);
    found.ok_or_else(|| no_attempt(number))
}

/// Refuses where the bodies of an attempt are gone.
async fn require_bodies(
    app: &App,
    project: &str,
    delivery: Uuid,
    number: u32,
) -> Result<(), Problem> {
    let erasures = app.hub.store().attempt_erasures(project, delivery).await?;
    match erasures.into_iter().find(|(erased, _)| *erased == number) {
        Some((_, at)) => Err(Problem::erased("body", at)),
        None => Ok(()),
    }
}

/// The value of a header.
fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    let found = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The body that an attempt sent, byte for byte
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/{delivery}/attempts/{number}/request",
    operation_id = "get_attempt_request",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path), ("number" = u32, Path)),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn request_body(
    State(app): State<Shared>,
    Path((project, delivery, attempt)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let id = path_id("delivery", &delivery)?;
    let number = number(&attempt)?;
    let (content_type, bytes) = sent(&app, &project, id, number).await?;
    Ok(exact::bytes(content_type.as_deref(), bytes, &format!("request-{id}-{number}")))
}

/// What an attempt sent: its content type, and the bytes.
pub(super) async fn sent(
    app: &App,
    project: &str,
    delivery: Uuid,
    number: u32,
) -> Result<(Option<String>, Vec<u8>), Problem> {
    let attempt = find(app, project, delivery, number).await?;
    let request = attempt.request.ok_or_else(|| {
        Problem::not_found("request", number).hint("this attempt ended before one could be built")
    })?;
    require_bodies(app, project, delivery, number).await?;
    let own = app.hub.store().attempt_body(project, delivery, number).await?;
    let bytes = if let Some(bytes) = own.ok_or_else(|| no_attempt(number))? {
        bytes
    } else {
        // It sent the message's own bytes, which are kept once.
        let delivery = deliveries::find(app, project, &delivery.to_string()).await?;
        let (_, bytes) = content(app, project, delivery.message.unwrap_or_default()).await?;
        bytes
    };
    Ok((header(&request.headers, "content-type").map(str::to_owned), bytes))
}

/// The body that an attempt was answered with, byte for byte
///
/// As much of it as is kept.
#[utoipa::path(
    get,
    path = "/projects/{project}/deliveries/{delivery}/attempts/{number}/response",
    operation_id = "get_attempt_response",
    tag = "deliveries",
    params(("project" = String, Path), ("delivery" = Uuid, Path), ("number" = u32, Path)),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        Problem,
    ),
)]
pub(super) async fn response_body(
    State(app): State<Shared>,
    Path((project, delivery, attempt)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let id = path_id("delivery", &delivery)?;
    let number = number(&attempt)?;
    let attempt = find(&app, &project, id, number).await?;
    let response = attempt.response.ok_or_else(|| {
        Problem::not_found("response", number).hint("this attempt ended before an answer came")
    })?;
    require_bodies(&app, &project, id, number).await?;
    let content_type = header(&response.headers, "content-type");
    Ok(exact::bytes(content_type, response.body, &format!("response-{id}-{number}")))
}
