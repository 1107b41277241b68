//! What phones are told: an `OpenRosaResponse`, with the headers that belong to the protocol.

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::openrosa;
use fieldpost_model::openrosa::{Nature, ProtocolVersion, Reply};
use fieldpost_rules::openrosa::Flavour;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Turned;
use crate::app::App;
use crate::uploaded::never_run;

const VERSION: HeaderName = HeaderName::from_static("x-openrosa-version");
const ACCEPT_LENGTH: HeaderName = HeaderName::from_static("x-openrosa-accept-content-length");
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

/// The version of the protocol that a request speaks.
pub(super) fn version(headers: &HeaderMap) -> ProtocolVersion {
    let header = headers.get(VERSION).and_then(|value| value.to_str().ok());
    ProtocolVersion::of_header(header)
}

/// Adds what every answer of a receiver has.
pub(super) fn with_headers(
    app: &App,
    flavour: Flavour,
    version: ProtocolVersion,
    mut response: Response,
) -> Response {
    let version = match (flavour, version) {
        (Flavour::Odk | Flavour::Kobo, _) => "1.0",
        (Flavour::Commcare, ProtocolVersion::Two) => "2.0",
        (Flavour::Commcare, ProtocolVersion::Three) => "3.0",
    };
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static(version));
    headers.insert(ACCEPT_LENGTH, HeaderValue::from(app.settings.max_upload));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Definitions and their files are what somebody uploaded: a browser must not run any of it.
    never_run(headers);
    response
}

/// A document.
pub(super) fn xml(status: StatusCode, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, XML);
    response
}

/// What became of a submission.
pub(super) fn reply(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    xml(status, openrosa::response(reply))
}

/// Why a request was turned away.
pub(super) fn turned(flavour: Flavour, turned: &Turned) -> Response {
    let Turned { problem, challenges } = turned;
    let mut message = format!("{} [{}]", problem.detail(), problem.code());
    if let Some(hint) = problem.hint_text() {
        message.push_str(" – ");
        message.push_str(hint);
    }
    let nature = match flavour {
        Flavour::Odk | Flavour::Kobo => Nature::Error,
        Flavour::Commcare => Nature::SubmitError,
    };
    let mut response = reply(&Reply { status: problem.status().as_u16(), nature, message });
    let headers = response.headers_mut();
    for challenge in challenges.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
        headers.append(WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = problem.seconds_to_wait() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
