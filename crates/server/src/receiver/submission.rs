//! `HEAD` and `POST` of submissions.
//!
//! Collect asks with `HEAD` first: for the question that it has to answer, and how much one post may
//! hold. A `POST` is answered when the form, its files and all that follows are committed and
//! synced, by the rules of whose client it is.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use fieldpost_dialects::{Received, decode};
use fieldpost_engine::{FormOutcome, FormPost, FormReceipt, SourceRoute};
use fieldpost_model::openrosa::{Nature, ProtocolVersion, Reply};
use fieldpost_model::source::{Dialect, OnBadBody};
use fieldpost_rules::openrosa::{Flavour, Outcome, commcare_reply, reply};
use http::header::{ALLOW, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use uuid::Uuid;

use super::answer::{self, version, with_headers};
use super::upload::{self, Upload};
use super::{Door, Turned};
use crate::app::{App, Shared};
use crate::incoming::{self, count_refused};
use crate::problem::Problem;

const FORM_ID: HeaderName = HeaderName::from_static("x-commcarehq-formid");
const METHODS: &str = "HEAD, POST";

/// The parts of an address of OpenRosa.
#[derive(Debug, Deserialize)]
pub(super) struct Openrosa {
    pub(super) project: String,
    pub(super) key: Option<String>,
}

impl From<Openrosa> for Door {
    fn from(Openrosa { project, key }: Openrosa) -> Self {
        Self { project, key, flavour: Flavour::Odk }
    }
}

/// The parts of an address of CommCare.
#[derive(Debug, Deserialize)]
pub(super) struct Commcare {
    project: String,
    rest: Option<String>,
}

/// Takes a submission of Collect and its kin.
pub(super) async fn openrosa(
    State(app): State<Shared>,
    Path(address): Path<Openrosa>,
    request: Request,
) -> Response {
    take(&app, &address.into(), None, request).await
}

/// Takes a submission of CommCare.
pub(super) async fn commcare(
    State(app): State<Shared>,
    Path(Commcare { project, rest }): Path<Commcare>,
    request: Request,
) -> Response {
    let door = Door { project, key: None, flavour: Flavour::Commcare };
    match application(rest.as_deref().unwrap_or_default()) {
        Ok(application) => take(&app, &door, application.as_deref(), request).await,
        Err(problem) => {
            let version = version(request.headers());
            let response = answer::turned(door.flavour, &problem.into());
            with_headers(&app, door.flavour, version, response)
        }
    }
}

/// The application that the rest of an address names: `<app>`, `secure/<app>`, or none in `api`,
/// `submission` and `secure`.
fn application(rest: &str) -> Result<Option<String>, Problem> {
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] | ["secure" | "api" | "submission"] | ["secure", "api" | "submission"] => Ok(None),
        ["secure", application] | [application] => Ok(Some((*application).to_owned())),
        _ => Err(super::no_receiver()),
    }
}

async fn take(app: &App, door: &Door, application: Option<&str>, request: Request) -> Response {
    let version = version(request.headers());
    let response = match answered(app, door, application, version, request).await {
        Ok(response) => response,
        Err(turned) => answer::turned(door.flavour, &turned),
    };
    with_headers(app, door.flavour, version, response)
}

async fn answered(
    app: &App,
    door: &Door,
    application: Option<&str>,
    version: ProtocolVersion,
    request: Request,
) -> Result<Response, Turned> {
    let (mut parts, body) = request.into_parts();
    let route = door.enter(app, &parts).await?;
    match parts.method {
        Method::HEAD => return Ok(ready(app, parts.uri.path())),
        Method::POST => {}
        _ => return Ok(wrong_method(door.flavour, &parts.method)),
    }
    let Upload { form, content_type, files } = upload::read(app, &parts.headers, body).await?;
    // What is kept is the form: its own type, and not that of the parts around it.
    if let Some(content_type) = content_type.and_then(|it| HeaderValue::try_from(it).ok()) {
        parts.headers.insert(CONTENT_TYPE, content_type);
    }
    // The room of the form is held until the answer.
    let _held = form.clone();
    let post = FormPost { flavour: door.flavour, application, files: &files };
    let incoming = incoming::incoming(&parts, form.clone());
    let received = app.hub.receive_form(&route, incoming, post).await;
    let FormReceipt { message, outcome } = received.map_err(|error| {
        let problem = incoming::refusal(error, false);
        count_refused(&route, &problem);
        problem
    })?;
    let told = told(door.flavour, version, &route, &outcome);
    if !matches!(&outcome, FormOutcome::Decided(decision) if decision.is_taken()) {
        let (project, outcome) = (&route.routing.project, word(&outcome));
        tracing::info!(%project, %message, outcome, "kept a form as quarantined: {outcome}");
    }
    let form_id = match door.flavour {
        Flavour::Odk | Flavour::Kobo => None,
        Flavour::Commcare => match form_id(&form) {
            Some(id) => Some(id),
            // A compressed form was undone on its way in.
            None => kept_form_id(app, &route, message).await?,
        },
    };
    let mut response = answer::reply(&told);
    let headers = response.headers_mut();
    if told.status == StatusCode::CREATED.as_u16()
        && let Ok(location) = HeaderValue::try_from(app.link(parts.uri.path()))
    {
        headers.insert(LOCATION, location);
    }
    if let Some(id) = form_id.and_then(|id| HeaderValue::try_from(id).ok()) {
        headers.insert(FORM_ID, id);
    }
    Ok(response)
}

/// The answer to who asks whether a submission would be taken. Collect goes where `Location` leads,
/// and takes a path for another host: so there is one where the public URL is known only.
fn ready(app: &App, path: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if app.settings.public_url.is_some()
        && let Ok(location) = HeaderValue::try_from(app.link(path))
    {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn wrong_method(flavour: Flavour, method: &Method) -> Response {
    let detail = format!("submissions come with POST, not with {method}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail);
    let mut response = answer::turned(flavour, &problem.into());
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// What the sender is told of what became of a form.
fn told(
    flavour: Flavour,
    version: ProtocolVersion,
    route: &SourceRoute,
    outcome: &FormOutcome,
) -> Reply {
    let accepts = route.source().is_some_and(|it| it.on_bad_body == OnBadBody::Accept);
    let refused = |status: StatusCode, reason: &str, code: &str| Reply {
        status: status.as_u16(),
        nature: Nature::Error,
        message: format!("{reason} [{code}]"),
    };
    match (outcome, flavour) {
        (FormOutcome::Decided(decision), _) => reply(flavour, version, *decision),
        (FormOutcome::Unreadable { .. }, Flavour::Commcare) if accepts => {
            commcare_reply(version, &Outcome::Ignored)
        }
        (FormOutcome::Unreadable { .. }, _) if accepts => Reply {
            status: StatusCode::CREATED.as_u16(),
            nature: Nature::SubmitSuccess,
            message: "What came was kept, and cannot be read so far.".to_owned(),
        },
        (FormOutcome::NotProcessable { reason, .. }, Flavour::Commcare) => {
            commcare_reply(version, &Outcome::NotProcessable(reason.clone()))
        }
        (FormOutcome::Unreadable { code, reason }, Flavour::Commcare) => {
            commcare_reply(version, &Outcome::Unreadable(format!("{reason} [{code}]")))
        }
        (FormOutcome::NotProcessable { code, reason }, _) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, reason, code)
        }
        (FormOutcome::Unreadable { code, reason }, _) => {
            refused(StatusCode::BAD_REQUEST, reason, code)
        }
    }
}

/// What became of a form, as a word for the log.
fn word(outcome: &FormOutcome) -> &'static str {
    match outcome {
        FormOutcome::Decided(decision) => decision.name(),
        FormOutcome::NotProcessable { code, .. } | FormOutcome::Unreadable { code, .. } => code,
    }
}

/// The id of a form of CommCare, as it is kept.
async fn kept_form_id(
    app: &App,
    route: &SourceRoute,
    message: Uuid,
) -> Result<Option<String>, Problem> {
    let found = app.hub.store().message(&route.routing.project, message).await?;
    Ok(found.and_then(|message| message.identity))
}

/// The id of a form of CommCare.
fn form_id(form: &[u8]) -> Option<String> {
    let received = Received { content_type: None, body: form };
    decode(Dialect::Commcare, &received).ok()?.identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_application_or_none() {
        for (rest, expected) in [
            ("", Some(None)),
            ("api/", Some(None)),
            ("submission/", Some(None)),
            ("secure", Some(None)),
            ("secure/api/", Some(None)),
            ("ab12", Some(Some("ab12"))),
            ("ab12/", Some(Some("ab12"))),
            ("secure/ab12/", Some(Some("ab12"))),
            ("ab12/more", None),
            ("secure/ab12/more/", None),
        ] {
            let found = application(rest).ok();
            let expected = expected.map(|name: Option<&str>| name.map(str::to_owned));
            assert_eq!(found, expected, "{rest}");
        }
    }
}
