//! `/i/<uuid>` and `/i/<project>/<path>`: webhooks as OpenFn v2 answers them.
//!
//! | case | status | body |
//! |---|---|---|
//! | `GET`, there is such a webhook | 200 | `{"message": …}` |
//! | kept, and it set off a run | 200 | `{"work_order_id": <run id>}` |
//! | kept without a run, or a duplicate | 200 | `{"work_order_id": <message id>}` |
//! | kept, and its run answers | as in `reply` | `{"data": …, "meta": …}` |
//! | unknown, or wrong credentials (which hides that it exists) | 404 | `{"error":"Webhook not found"}` |
//! | no credentials, where the source asks for some | 401 | `{"error":"Unauthorized"}` |
//! | a content type that the dialect cannot read | 415 | `{"error":"Unsupported Media Type"}` |
//! | the source is disabled | 403 | `{"error":"trigger_disabled", …}` |
//! | too large | 413 | text |
//! | not readable: kept as quarantined | 400 | `{"error": <code>, …, "message_id": …}` |
//! | a record of w.c.s. | as in `pushed` | `{"err": …}` |
//! | the store is not available | 503 | `{"error":"service_unavailable", …, "retry_after": …}` |
//!
//! The checks run in this order too: what a stranger may learn comes first. `PUT` and `PATCH` are
//! taken like `POST`. Any page may call a webhook, so every answer allows all origins.

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bytes::Bytes;
use fieldpost_engine::SourceRoute;
use fieldpost_model::source::{Dialect, Source};
use fieldpost_store::StoreError;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CONTENT_TYPE, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use uuid::Uuid;

use crate::app::{App, Shared};
use crate::body::{self, BodyRefusal};
use crate::incoming::{self, Intake, take_in};
use crate::problem::{Problem, seconds_to_retry};
use crate::pushed;
use crate::reply;
use crate::senders::{self, Proof};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, OPTIONS";
/// Media types that a source of JSON reads, beside all that end in `+json`.
const READABLE_AS_JSON: [&str; 5] = [
    "",
    "application/json",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
];

pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/i/{*webhook}", any(answer))
}

/// Answers one request, with the headers that let any page read the answer.
async fn answer(State(app): State<Shared>, request: Request) -> Response {
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(),
        _ => receive(&app, request).await.unwrap_or_else(Refusal::into_response),
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    response
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    // The star does not stand for `Authorization`.
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*, authorization"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

async fn receive(app: &App, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let route = find(app, parts.uri.path()).await?.ok_or(Refusal::Unknown)?;
    let source = route.source().ok_or(Refusal::Unknown)?;
    match senders::check(&source.authentication, &parts.headers) {
        Proof::Enough => {}
        Proof::Missing => return Err(Refusal::Unauthorized),
        Proof::Wrong => return Err(Refusal::Unknown),
    }
    match parts.method {
        Method::GET | Method::HEAD => return Ok(found()),
        Method::POST | Method::PUT | Method::PATCH => {}
        _ => return Err(Refusal::WrongMethod),
    }
    if !can_be_read(source, &parts.headers) {
        return Err(Refusal::UnsupportedMediaType);
    }
    if !source.enabled {
        return Err(Refusal::Disabled);
    }
    if source.dialect == Dialect::Wcs {
        return Ok(record(app, &route, &parts, body).await);
    }
    let body = body::read(body, &parts.headers, app.bounds()).await?;
    // The room of a compressed body is that of what it becomes: it is held until the message is kept.
    let held = body.clone();
    let body = filled(source, body);
    let intake = take_in(app, &route, incoming::incoming(&parts, body)).await;
    drop(held);
    match intake {
        Intake::Taken { message, runs } => {
            Ok(reply::answer(app, &route.routing.project, message, &runs).await)
        }
        Intake::Unreadable { message, code, reason } => {
            Err(Refusal::Unreadable { message, code, reason })
        }
        Intake::Refused(problem) => Err(problem.into()),
    }
}

/// Takes in a record of a w.c.s. Where a run answers, its sender stores what the run has left.
async fn record(app: &App, route: &SourceRoute, parts: &Parts, body: Body) -> Response {
    match pushed::take_in(app, route, parts, body).await {
        Ok(taken) if taken.runs.iter().any(|run| run.reply.is_some()) => {
            reply::answer(app, &route.routing.project, taken.message, &taken.runs).await
        }
        Ok(taken) => taken.answer,
        Err(refused) => refused,
    }
}

/// The source of a webhook's path. A project may be named like a UUID, so the id comes first and
/// the name second.
async fn find(app: &App, path: &str) -> Result<Option<SourceRoute>, StoreError> {
    let Some((first, rest)) = path
        .strip_prefix("/i/")
        .map(|path| path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest))))
    else {
        return Ok(None);
    };
    if let Ok(id) = Uuid::try_parse(first)
        && let Some(route) = app.hub.find_webhook(id).await?
    {
        return Ok(Some(route));
    }
    match rest {
        Some(custom) => app.hub.find_webhook_path(first, custom).await,
        None => Ok(None),
    }
}

/// A webhook that reads JSON says no to what is neither JSON nor a form before it reads it. The
/// other dialects look at the body.
fn can_be_read(source: &Source, headers: &HeaderMap) -> bool {
    if source.dialect != Dialect::Json {
        return true;
    }
    let Some(content_type) = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else {
        return true;
    };
    let media_type = String::from_utf8_lossy(content_type).to_ascii_lowercase();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    READABLE_AS_JSON.contains(&media_type) || media_type.ends_with("+json")
}

/// An empty request to a webhook that reads JSON means an empty object.
fn filled(source: &Source, body: Bytes) -> Bytes {
    if body.is_empty() && source.dialect == Dialect::Json {
        return Bytes::from_static(b"{}");
    }
    body
}

fn found() -> Response {
    let message = "OpenFn webhook trigger found. Make a POST request to execute this workflow.";
    json(StatusCode::OK, &serde_json::json!({ "message": message }))
}

/// Why a webhook says no, in the words of this surface.
enum Refusal {
    Unknown,
    Unauthorized,
    UnsupportedMediaType,
    Disabled,
    WrongMethod,
    TooLarge,
    Unreadable { message: Uuid, code: &'static str, reason: String },
    Unavailable,
    Other(Problem),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<BodyRefusal> for Refusal {
    fn from(refusal: BodyRefusal) -> Self {
        Problem::from(refusal).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        match problem.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            StatusCode::NOT_FOUND => Self::Unknown,
            _ => Self::Other(problem),
        }
    }
}

impl Refusal {
    fn into_response(self) -> Response {
        use serde_json::json as value;
        match self {
            Self::Unknown => json(StatusCode::NOT_FOUND, &value!({ "error": "Webhook not found" })),
            Self::Unauthorized => {
                let body = value!({ "error": "Unauthorized" });
                let mut response = json(StatusCode::UNAUTHORIZED, &body);
                let challenge = HeaderValue::from_static("Basic realm=\"webhook\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response
            }
            Self::UnsupportedMediaType => json(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                &value!({ "error": "Unsupported Media Type" }),
            ),
            Self::Disabled => json(
                StatusCode::FORBIDDEN,
                &value!({
                    "error": "trigger_disabled",
                    "message": "Unable to process request, trigger is disabled. Enable it on \
                                OpenFn to allow requests to this endpoint.",
                }),
            ),
            Self::WrongMethod => {
                let body = value!({ "error": "Method Not Allowed" });
                let mut response = json(StatusCode::METHOD_NOT_ALLOWED, &body);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
                response
            }
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large").into_response()
            }
            Self::Unreadable { message, code, reason } => json(
                StatusCode::BAD_REQUEST,
                &value!({ "error": code, "message": reason, "message_id": message.to_string() }),
            ),
            Self::Unavailable => {
                let seconds = seconds_to_retry();
                let message = format!("Unable to process request. Please try again in {seconds}s.");
                let body = value!({
                    "error": "service_unavailable", "message": message, "retry_after": seconds,
                });
                let mut response = json(StatusCode::SERVICE_UNAVAILABLE, &body);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
            Self::Other(problem) => json(
                problem.status(),
                &value!({ "error": problem.code(), "message": Cow::from(problem.detail()) }),
            ),
        }
    }
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
