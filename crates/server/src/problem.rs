//! What a client is told when it does not get what it asked for: `application/problem+json`.
//!
//! Every problem has a stable kebab-case `code` for machines, a sentence for people, and a hint
//! wherever there is something to do about it. What went wrong inside the hub is logged here, once,
//! and not told to strangers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::IntoResponse;
use fieldpost_engine::{AccountError, HubError};
use fieldpost_model::time::Timestamp;
use fieldpost_store::StoreError;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode, Uri};
use serde::Serialize;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, PartialSchema, ToSchema};
use uuid::Uuid;

use crate::body::BodyRefusal;

/// Clients that have to come back are told to do so after one to this many seconds, in turn, so
/// that they do not all come back at once.
const LONGEST_RETRY_AFTER: u32 = 5;

/// What is the matter. Boxed, since it is the rarer half of many results.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Told>);

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Told {
    /// Always `about:blank`: `code` says what is the matter.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The words of the status.
    title: &'static str,
    /// The status of the answer.
    #[schema(example = 404)]
    status: u16,
    /// What is the matter, in a sentence.
    detail: String,
    /// The same as a stable word.
    #[schema(value_type = String, example = "not-found")]
    code: Cow<'static, str>,
    /// What to do about it.
    #[schema(required)]
    hint: Option<Cow<'static, str>>,
    /// Where a definition is wrong: all its mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    problems: Vec<Mistake>,
    /// Where a message could not be read: the message that is kept of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<Uuid>,
    /// Where somebody asked for a session: whether there is no user yet, and the first one is to
    /// be made by the link that the hub prints.
    #[serde(skip_serializing_if = "Option::is_none")]
    setup_needed: Option<bool>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// One mistake in a definition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Mistake {
    /// Where: the keys from the top, `forwarders.births.to`.
    path: String,
    /// What, as a stable word.
    code: &'static str,
    /// What, in a sentence.
    message: String,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
}

impl From<fieldpost_rules::definition::Problem> for Mistake {
    fn from(problem: fieldpost_rules::definition::Problem) -> Self {
        let fieldpost_rules::definition::Problem { path, code, message, hint } = problem;
        Self { path, code, message, hint }
    }
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Told {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            hint: None,
            problems: Vec::new(),
            message_id: None,
            setup_needed: None,
            retry_after: None,
        }))
    }

    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn about_message(mut self, id: Uuid) -> Self {
        self.0.message_id = Some(id);
        self
    }

    pub(crate) fn setup_needed(mut self, needed: bool) -> Self {
        self.0.setup_needed = Some(needed);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub(crate) fn not_found(noun: &str, name: impl std::fmt::Display) -> Self {
        let detail = format!("there is no {noun} \"{name}\" here");
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// Who tried too often has to wait.
    pub(crate) fn too_many_tries(wait: Duration, detail: impl Into<String>) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", detail)
            .hint("try again after the time that the header Retry-After names")
            .retry_after(seconds)
    }

    /// What was there, and has been erased.
    pub(crate) fn erased(what: &str, at: Timestamp) -> Self {
        let detail = format!("the {what} was erased at {at}");
        Self::new(StatusCode::GONE, "erased", detail)
            .hint("by the project's retention, or because somebody asked for it; nothing is left of it here")
    }

    /// Everything that is wrong with a definition.
    pub(crate) fn invalid(problems: Vec<fieldpost_rules::definition::Problem>) -> Self {
        let detail = match &*problems {
            [only] => only.message.clone(),
            [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
            [] => "the definition is not valid".to_owned(),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-definition", detail);
        problem.0.hint = problems.first().and_then(|first| first.hint.clone()).map(Cow::Owned);
        problem.places(problems)
    }

    /// The same refusal, with everything that is wrong by its place.
    pub(crate) fn places(mut self, problems: Vec<fieldpost_rules::definition::Problem>) -> Self {
        self.0.problems = problems.into_iter().map(Mistake::from).collect();
        self
    }

    /// What is told, for tests.
    #[cfg(test)]
    pub(crate) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(&*self.0).unwrap()
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What to do about it.
    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// After how many seconds it may be tried again, where that is the matter.
    pub(crate) fn seconds_to_wait(&self) -> Option<u32> {
        self.0.retry_after
    }
}

/// The seconds after which the next client that is sent away may come back.
pub(crate) fn seconds_to_retry() -> u32 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    1 + TURN.fetch_add(1, Ordering::Relaxed) % LONGEST_RETRY_AFTER
}

/// How often the log tells that requests are sent away: when the store is in trouble, they come by
/// the thousand.
const TELL_AGAIN: Duration = Duration::from_secs(1);

fn tell_of_a_request_sent_away(error: &StoreError) {
    static TOLD: Mutex<(Option<Instant>, u64)> = Mutex::new((None, 0));
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let (last, requests) = &mut *told;
    *requests += 1;
    if last.is_none_or(|last| last.elapsed() >= TELL_AGAIN) {
        tracing::warn!(%error, requests, "requests are told to come back later: {error}");
        (*last, *requests) = (Some(Instant::now()), 0);
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = HubError::from(error.clone()).code();
        match error {
            StoreError::Busy | StoreError::Unavailable(_) => {
                tell_of_a_request_sent_away(&error);
                let detail = "the hub cannot store anything right now; nothing was changed";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
                    .hint("try again after the time that the header Retry-After names")
                    .retry_after(seconds_to_retry())
            }
            StoreError::Conflict(what) => Self::new(StatusCode::CONFLICT, code, what)
                .hint("look at how it stands now, and try again"),
            StoreError::Keys(what) => {
                tracing::error!(code, "a request needs what cannot be opened: {what}");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, what)
                    .hint("the operator finds with `fieldpost key status` which key is missing")
            }
            StoreError::Refused(_) | StoreError::Open(_) => {
                tracing::error!(%error, code, "the store did not do what a request asked for");
                let detail = "the store did not do this; the hub's log says why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, detail)
            }
        }
    }
}

impl From<HubError> for Problem {
    fn from(error: HubError) -> Self {
        match error {
            HubError::NotFound { noun, name } => Self::not_found(noun, name),
            HubError::Invalid(problems) => Self::invalid(problems),
            HubError::NotAllowed { code, message, hint } => {
                Self::new(StatusCode::CONFLICT, code, message).hint(hint)
            }
            HubError::NotAsExpected { code, message, hint } => {
                Self::new(StatusCode::PRECONDITION_FAILED, code, message).hint(hint)
            }
            HubError::Erased { what, at } => Self::erased(what, at),
            HubError::Store(error) => error.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let sentence = error.to_string();
        match error {
            AccountError::WrongCredentials(_) => {
                Self::new(StatusCode::UNAUTHORIZED, "wrong-credentials", sentence)
                    .hint("who runs the installation can reset a lost password or second factor")
            }
            AccountError::CodeNeeded(_) => {
                Self::new(StatusCode::UNAUTHORIZED, "code-needed", sentence)
                    .hint("send the code that the app shows as `code`, or a recovery code")
            }
            AccountError::TooManyTries(wait) => Self::too_many_tries(wait, sentence),
            AccountError::UsedLink => Self::new(StatusCode::GONE, "used-invitation", sentence)
                .hint("ask whoever sent it for another one"),
            AccountError::NotFirst => Self::new(StatusCode::GONE, "used-invitation", sentence)
                .hint(
                    "sign in with that account; on the hub's machine, `fieldpost user reset \
                     <mail address>` makes a link that chooses its password anew",
                ),
            AccountError::Unfit { field, what, hint } => {
                let detail = format!("{field}: {what}");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit-value", detail).hint(hint)
            }
            AccountError::Hub(error) => error.into(),
        }
    }
}

impl From<BodyRefusal> for Problem {
    fn from(refusal: BodyRefusal) -> Self {
        match refusal {
            BodyRefusal::TooLarge(limit) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                format!("the body is longer than {limit} bytes"),
            )
            .hint("the operator can raise the setting max-body"),
            BodyRefusal::TooSlow(timeout) => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "body-too-slow",
                format!("the body was not there after {} s", timeout.as_secs_f64()),
            )
            .hint("send it again, or in smaller pieces"),
            BodyRefusal::NoRoom => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "the hub holds as many bodies in memory as it may; this one was not taken",
            )
            .hint(
                "try again after the time that the header Retry-After names; the operator can \
                 raise the setting bodies-in-memory",
            )
            .retry_after(seconds_to_retry()),
            BodyRefusal::Broken => Self::bad_request(
                "body-broken-off",
                "the body broke off before its end, or its framing makes no sense",
            ),
        }
    }
}

/// The description of the API names what is told, wherever a handler names the problem.
impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Told::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Told::schemas(schemas);
    }
}

impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name(Self::name()))).build();
        let response = ResponseBuilder::new()
            .description("What is the matter")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        let status = self.status();
        let code = ProblemCode(self.0.code.clone());
        let text = serde_json::to_vec(&*self.0).unwrap_or_default();
        let mut response = http::Response::new(Body::from(text));
        *response.status_mut() = status;
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"fieldpost\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The code of an answer that is a problem, beside it, for whoever keeps the books.
#[derive(Clone, Debug)]
pub(crate) struct ProblemCode(pub(crate) Cow<'static, str>);

/// The answer where there is nothing.
pub(crate) async fn no_such_page(uri: Uri) -> Problem {
    // A path may hold the secret of an inbox, mistyped by a letter: it is not repeated.
    let hint = match uri.path().split('/').nth(1) {
        Some("inbox") => "an inbox is /inbox/<secret>, without anything after it",
        Some("api") => "/api/docs lists what there is",
        _ => "the way in for a source is /inbox/<secret>, the API begins with /api/v1",
    };
    Problem::new(StatusCode::NOT_FOUND, "no-such-page", "there is nothing at this address")
        .hint(hint)
}

/// The answer where the address is right and the method is not. The header `Allow` is the router's.
pub(crate) async fn wrong_method(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        format!("this address does not take {method}"),
    )
    .hint("the header Allow names the methods that it takes")
}
