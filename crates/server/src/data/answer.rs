//! Answers in the shape that the clients of each system know. An error has its sentence where they look for
//! it, and beside it the code and the hint that all errors of the hub have.

use axum::body::Body;
use axum::response::Response;
use fieldpost_model::json::Value;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::gate::Turned;
use crate::problem::Problem;
use crate::uploaded::never_run;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Whose clients are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    CommCare,
    Kobo,
}

impl Surface {
    /// The member that has the sentence.
    const fn sentence(self) -> &'static str {
        match self {
            Self::CommCare => "error",
            Self::Kobo => "detail",
        }
    }
}

/// A document.
pub(super) fn json(value: &Value<'_>) -> Response {
    text(StatusCode::OK, value.to_json())
}

/// A document that was written already.
pub(super) fn text(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Adds what every answer has: it is for whoever asked, and what is in it came from others.
pub(super) fn finished(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    never_run(headers);
    response
}

/// What is the matter.
pub(super) fn problem(surface: Surface, problem: &Problem) -> Response {
    let optional =
        |text: Option<&str>| text.map_or(Value::Null, |text| Value::string(text.to_owned()));
    let told = Value::object([
        (surface.sentence(), Value::string(problem.detail().to_owned())),
        ("code", Value::string(problem.code().to_owned())),
        ("hint", optional(problem.hint_text())),
    ]);
    let mut response = text(problem.status(), told.to_json());
    if let Some(seconds) = problem.seconds_to_wait() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    finished(response)
}

/// Why somebody is turned away, and how to prove oneself.
pub(super) fn turned(surface: Surface, turned: &Turned) -> Response {
    let mut response = problem(surface, &turned.problem);
    for challenge in turned.challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().append(WWW_AUTHENTICATE, challenge);
    }
    response
}
