//! Who may do what: each request is looked up in the one table of `fieldpost_rules::access`, and
//! what is not there is refused. What was begun is finished; what was changed is noted, and so is who
//! was not allowed to change something.
//!
//! The layers stand before the router's handlers, from the outside inwards:
//!
//! ```text
//!   let_in (who, may they, from which page) ─► finish_what_was_begun ─► note_changes ─► handler
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::network;
use fieldpost_model::access::Access;
use fieldpost_rules::access::{Need, Operation, methods, operation};
use fieldpost_store::StoreError;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};

use super::BASE;
use super::audited::Audited;
use super::cookie::{self, Site};
use super::principal::{Caller, Principal, Unknown, unauthorized};
use super::refused::Refused;
use crate::app::{App, Shared};
use crate::client_address::ClientAddress;
use crate::problem::{Problem, wrong_method};

/// Names of people who can help that an answer tells, at most.
const MOST_HELPERS: usize = 5;

/// What the address of a request names: the operation, and its parameters.
#[derive(Clone, Debug)]
pub(super) struct Addressed {
    pub(super) operation: &'static Operation,
    pub(super) parameters: Vec<(String, String)>,
}

impl Addressed {
    /// A parameter of the address.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Why a request goes no further.
enum Refusal {
    Problem(Problem),
    /// The address takes other methods.
    Method(String),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// Lets through who may do what the request asks for.
pub(super) async fn let_in(
    State(app): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&app, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(Refusal::Problem(problem)) => {
            let response = problem.into_response();
            if let Some(refused) = Refused::of(request.extensions(), &response) {
                refused.note(&app).await;
            }
            response
        }
        Err(Refusal::Method(allowed)) => {
            let mut response = wrong_method(request.method().clone()).await.into_response();
            if let Ok(allowed) = HeaderValue::from_str(&allowed) {
                response.headers_mut().insert(ALLOW, allowed);
            }
            response
        }
    }
}

async fn admit(app: &App, request: &mut Request) -> Result<(), Refusal> {
    let template = template(request);
    let method = request.method().clone();
    let found = template.as_deref().and_then(|template| operation(method.as_str(), template));
    let site = cookie::site(request.headers(), app.settings.public_url.as_deref());
    if let Some(open) = found.filter(|found| found.need == Need::Nothing) {
        // Another site must not sign a browser in either: as somebody whom its owner is not.
        if !method.is_safe() && site == Site::Other {
            return Err(cookie::cross_site().into());
        }
        request.extensions_mut().insert(Addressed { operation: open, parameters: Vec::new() });
        return Ok(());
    }
    let principal = match Principal::identify(app, request.headers()).await? {
        Ok(principal) => Arc::new(principal),
        Err(unknown) => {
            let address = request.extensions().get::<ClientAddress>().map(|client| client.0);
            return Err(nobody(app, address, template.as_deref(), unknown).await?.into());
        }
    };
    request.extensions_mut().insert(Caller(Arc::clone(&principal)));
    if let Some(operation) = found {
        let parameters = parameters(request).await;
        request.extensions_mut().insert(Addressed { operation, parameters });
    }
    if principal.is_session() && !method.is_safe() && site != Site::Own {
        return Err(cookie::cross_site().into());
    }
    // There is nothing at this address; the router says so.
    let Some(template) = template else { return Ok(()) };
    let Some(addressed) = request.extensions().get::<Addressed>() else {
        return Err(closed(&template));
    };
    Ok(require(app, &principal, addressed).await?)
}

/// The address below the base, as the table writes it; none where the router has no such address.
fn template(request: &Request) -> Option<String> {
    let matched = request.extensions().get::<MatchedPath>()?;
    matched.as_str().strip_prefix(BASE).map(str::to_owned)
}

/// The parameters of the address, read as handlers read them. Those that are no text are none.
async fn parameters(request: &mut Request) -> Vec<(String, String)> {
    let (mut parts, body) = std::mem::take(request).into_parts();
    let read = RawPathParams::from_request_parts(&mut parts, &()).await;
    *request = Request::from_parts(parts, body);
    let Ok(read) = read else { return Vec::new() };
    read.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The answer to nobody; who looks for a session is told whether there is anybody yet.
async fn nobody(
    app: &App,
    address: Option<IpAddr>,
    template: Option<&str>,
    unknown: Unknown,
) -> Result<Problem, Problem> {
    let problem = match unknown {
        Unknown::Nothing => unauthorized("the request carries neither a token nor a session"),
        Unknown::WrongSession(reason) => unauthorized(reason),
        Unknown::WrongToken(reason) => {
            let network = address.map(network).unwrap_or_default();
            if let Some(wait) = app.wrong_tokens.count(network, Instant::now()) {
                let detail = "too many tokens came from this address that open nothing";
                return Ok(Problem::too_many_tries(wait, detail));
            }
            unauthorized(reason)
        }
    };
    if template == Some("/session") {
        return Ok(problem.setup_needed(!app.hub.store().has_users().await?));
    }
    Ok(problem)
}

/// What the table lacks is closed, to everybody.
fn closed(template: &str) -> Refusal {
    let allowed = methods(template);
    if allowed.is_empty() {
        let detail = "it is not settled who may use this address, so nobody may";
        Problem::new(StatusCode::FORBIDDEN, "access-not-settled", detail).into()
    } else {
        Refusal::Method(allowed)
    }
}

async fn require(app: &App, principal: &Principal, to: &Addressed) -> Result<(), Problem> {
    match to.operation.need {
        Need::Nothing | Need::Anybody => Ok(()),
        // Where the address is no text, the handler says so to those who may know.
        _ if principal.is_installation_admin() => Ok(()),
        Need::Installation => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "access-too-low",
            "this is for those who run the installation",
        )
        .hint("an installation admin can do it, or make you one")),
        Need::Project(needed) => {
            let project = to.parameter("project").unwrap_or_default();
            match principal.access(project) {
                // Whether there is such a project is not theirs to know.
                None => Err(Problem::not_found("project", project)),
                Some(has) if has < needed => {
                    Err(too_low(app, principal, project, has, needed).await?)
                }
                Some(_) => Ok(()),
            }
        }
    }
}

/// The answer to somebody who may do less than is needed.
async fn too_low(
    app: &App,
    principal: &Principal,
    project: &str,
    has: Access,
    needed: Access,
) -> Result<Problem, Problem> {
    let detail = format!(
        "this needs the level `{needed}` in the project `{project}`; {} has `{has}`",
        principal.name()
    );
    let hint = if principal.token().is_some() {
        format!("take a token with the level {needed}")
    } else {
        let helpers = helpers(app, project, needed).await?;
        let whom = if helpers.is_empty() {
            "an installation admin".to_owned()
        } else {
            helpers.join(", ")
        };
        format!("{whom} can give you the level {needed}")
    };
    Ok(Problem::new(StatusCode::FORBIDDEN, "access-too-low", detail).hint(hint))
}

/// The people of a project who can give a level.
async fn helpers(app: &App, project: &str, needed: Access) -> Result<Vec<String>, Problem> {
    let least = needed.max(Access::Admin);
    let mut names = Vec::new();
    for member in app.hub.store().members(project).await? {
        if names.len() == MOST_HELPERS {
            break;
        }
        if member.access >= least
            && let Some(user) = app.hub.store().user(member.account).await?
            && !user.disabled
        {
            names.push(user.name);
        }
    }
    Ok(names)
}

/// Runs what changes something in a task of its own: a client that hangs up in the middle must not
/// leave the first half of a change behind.
pub(super) async fn finish_what_was_begun(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    app.changes.spawn(next.run(request)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request of the API ended in the middle");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal-error",
            "the hub made a mistake here; its log says which",
        )
        .into_response()
    })
}

/// Writes what was changed into the audit log, right after it was.
pub(super) async fn note_changes(
    State(app): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>().cloned();
    let addressed = request.extensions().get::<Addressed>().cloned();
    let (Some(caller), Some(addressed)) = (caller, addressed) else {
        return next.run(request).await;
    };
    if request.method() == Method::GET || addressed.operation.action.is_none() {
        return next.run(request).await;
    }
    let audited = Audited::of(&request);
    request.extensions_mut().insert(audited.clone());
    let extensions = request.extensions().clone();
    let response = next.run(request).await;
    if response.status().is_success() {
        app.hub.note(audited.note(&caller, &addressed)).await;
    } else if let Some(refused) = Refused::of(&extensions, &response) {
        refused.note(&app).await;
    }
    response
}
