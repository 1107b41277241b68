//! `POST /inbox/<secret>`: the way in that the OpenFn v1 platform had, and most senders use.
//!
//! A yes is `200` with `{}`, as its clients expect; a w.c.s. wants more, and is [told](crate::pushed) what its
//! record has become. Everything else is a problem in JSON that says what to do. The secret is the sender's only proof, so it is in no log and in no answer.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use fieldpost_model::source::Dialect;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};

use crate::app::App;
use crate::body;
use crate::incoming::{self, Intake, take_in};
use crate::problem::Problem;
use crate::pushed;

/// What an inbox's path begins with.
pub(crate) const PREFIX: &str = "/inbox/";

/// Takes in one message.
pub(crate) async fn answer<B>(app: &App, request: Request<B>) -> Response
where
    B: hyper::body::Body<Data = bytes::Bytes> + Unpin,
{
    match receive(app, request).await {
        Ok(answer) => answer,
        Err(problem) if problem.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = [(ALLOW, HeaderValue::from_static("POST"))];
            (allowed, problem).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn receive<B>(app: &App, request: Request<B>) -> Result<Response, Problem>
where
    B: hyper::body::Body<Data = bytes::Bytes> + Unpin,
{
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            format!("an inbox takes POST, not {}", parts.method),
        )
        .hint("send what is to be kept as the body of a POST; to read messages, see /api/docs"));
    }
    let secret = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let route = app.hub.find_inbox(secret).await?.ok_or_else(incoming::source_gone)?;
    if route.source().is_some_and(|source| !source.enabled) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "source-disabled",
            "this source does not take messages at present",
        )
        .hint("set `enabled: true` on the source to open it"));
    }
    if route.source().is_some_and(|source| source.dialect == Dialect::Wcs) {
        let taken = pushed::take_in(app, &route, &parts, body).await;
        return Ok(taken.map_or_else(|refused| refused, |taken| taken.answer));
    }
    let body = body::read(body, &parts.headers, app.bounds()).await?;
    // The room of a compressed body is that of what it becomes: it is held until the answer.
    let _held = body.clone();
    match take_in(app, &route, incoming::incoming(&parts, body)).await {
        Intake::Taken { .. } => Ok(taken()),
        Intake::Unreadable { message, code, reason } => {
            Err(incoming::kept_unreadable(Problem::bad_request(code, reason), message))
        }
        Intake::Refused(problem) => Err(problem),
    }
}

fn taken() -> Response {
    let mut response = Response::new(Body::from("{}"));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
