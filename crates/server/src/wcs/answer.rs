//! Answers as clients of w.c.s. read them.
//!
//! What is refused has the four members that [`Refusal`] writes. What is the matter with the hub itself has
//! the same four and the hint that all errors of the hub have; `err_code` is the code of its reference then.

use axum::body::Body;
use axum::response::Response;
use fieldpost_engine::HubError;
use fieldpost_model::json::Value;
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::StoreError;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::body::BodyRefusal;
use crate::problem::Problem;
use crate::uploaded::never_run;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// How to prove oneself by a password.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"w.c.s. API\", charset=\"UTF-8\"");

/// Why somebody does not get what they asked for.
#[derive(Debug)]
pub(crate) enum Turned {
    /// In the words of w.c.s.
    Refused(Refusal),
    /// The address takes other methods: these.
    Method(String),
    /// In the words of w.c.s., with the warnings that the caller does not want to pass over.
    Warned(Refusal, Value<'static>),
    /// In those of the hub.
    Problem(Problem),
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<HubError> for Turned {
    fn from(error: HubError) -> Self {
        match error {
            HubError::NotFound { .. } => Refusal::not_found().into(),
            other => Self::Problem(other.into()),
        }
    }
}

impl From<BodyRefusal> for Turned {
    fn from(refusal: BodyRefusal) -> Self {
        Self::Problem(refusal.into())
    }
}

impl From<StoreError> for Turned {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// A document.
pub(crate) fn json(value: &Value<'_>) -> Response {
    text(StatusCode::OK, value.to_json())
}

/// A document for whoever does not call the API itself.
pub(crate) fn taken(value: &Value<'_>) -> Response {
    finished(json(value))
}

/// A document that was written already.
pub(crate) fn text(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Adds what every answer has: it is for whoever asked, and what is in it came from others. Who keeps an
/// answer must ask whether it is still good.
pub(crate) fn finished(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    never_run(headers);
    response
}

/// Why somebody does not get what they asked for.
pub(crate) fn turned(turned: &Turned) -> Response {
    let response = match turned {
        Turned::Refused(refusal) => refused(refusal),
        Turned::Method(allowed) => {
            let mut response = refused(&Refusal::method_not_allowed());
            if let Ok(allowed) = HeaderValue::from_str(allowed) {
                response.headers_mut().insert(ALLOW, allowed);
            }
            response
        }
        Turned::Warned(refusal, warnings) => {
            let mut value = refusal.to_value();
            if let Value::Object(members) = &mut value {
                members.push(("warnings".into(), warnings.clone()));
            }
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            text(status, value.to_json())
        }
        Turned::Problem(problem) => told(problem),
    };
    finished(response)
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::FORBIDDEN);
    let mut response = text(status, refusal.to_value().to_json());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    }
    response
}

fn told(problem: &Problem) -> Response {
    let status = problem.status();
    let class = status.canonical_reason().unwrap_or("Error").to_owned();
    let mut members = vec![
        ("err", Value::from(1_i64)),
        ("err_class", Value::from(class)),
        ("err_code", Value::from(problem.code().to_owned())),
        ("err_desc", Value::from(problem.detail().to_owned())),
    ];
    members.extend(problem.hint_text().map(|hint| ("hint", Value::from(hint.to_owned()))));
    let mut response = text(status, Value::object(members).to_json());
    if let Some(seconds) = problem.seconds_to_wait() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn check(error: Turned, status: u16, headers: &[&str], expected: &str) {
        let response = turned(&error);
        assert_eq!(response.status().as_u16(), status);
        for name in headers {
            assert!(response.headers().contains_key(*name), "{name}");
        }
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
    }

    #[tokio::test]
    async fn every_error_has_the_members_that_clients_read() {
        check(
            Refusal::denied("Invalid orig.").into(),
            403,
            &["cache-control"],
            r#"{"err":1,"err_class":"Access denied","err_code":"access-denied","err_desc":"Invalid orig."}"#,
        )
        .await;
        check(
            Refusal::unauthorized("x").into(),
            401,
            &["www-authenticate"],
            r#"{"err":1,"err_class":"Access denied","err_code":"access-unauthorized","err_desc":"x"}"#,
        )
        .await;
        check(
            Turned::Method("GET".to_owned()),
            405,
            &["allow"],
            r#"{"err":1,"err_class":"Method not allowed","err_code":"method-not-allowed","err_desc":"This address does not take this method."}"#,
        )
        .await;
        let busy = Problem::too_many_tries(std::time::Duration::from_secs(7), "too many");
        check(
            busy.into(),
            429,
            &["retry-after"],
            r#"{"err":1,"err_class":"Too Many Requests","err_code":"too-many-tries","err_desc":"too many","hint":"try again after the time that the header Retry-After names"}"#,
        )
        .await;
        check(
            HubError::NotFound { noun: "project", name: "x".to_owned() }.into(),
            404,
            &[],
            r#"{"err":1,"err_class":"Page not found","err_code":"not-found","err_desc":"There is nothing at this address."}"#,
        )
        .await;
    }
}
