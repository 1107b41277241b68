//! Signing in and out, and who one is.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{AccountError, BegunSession, Note, SignIn, Visitor};
use fieldpost_model::secret::Secret;
use fieldpost_store::{SIGN_IN_REFUSED, User as StoredUser, Who};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Input;
use super::cookie;
use super::names::{AccessName, PrincipalKind};
use super::parameters::{NoParameters, Parameters};
use super::principal::{Caller, Credential, is_administrator};
use super::refused::{self, Refused};
use super::visitor;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Who comes in: with a mail address and a password, or with the administrator's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSession {
    /// The mail address.
    email: Option<String>,
    /// The password.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<String>,
    /// The code of the second factor, or a recovery code.
    code: Option<String>,
    /// The administrator's token, in the place of address and password.
    #[schema(value_type = Option<String>, format = Password)]
    token: Option<String>,
}

/// Who one is, and what one may do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// The user; null for tokens and for the administrator.
    #[schema(required)]
    user: Option<SessionUser>,
    /// Who it is, whatever it is.
    principal: SessionPrincipal,
    /// Whether they run the installation.
    installation_admin: bool,
    /// The projects that they may look at, and what they may do there.
    projects: Vec<ProjectAccess>,
    /// Whether the account has a second factor.
    second_factor: bool,
    /// Whether there is no user yet.
    setup_needed: bool,
}

/// A user, to themself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionUser {
    /// The id.
    id: Uuid,
    /// The mail address.
    #[schema(example = "amina@example.org")]
    email: String,
    /// The name.
    name: String,
    /// The language of the page; null for that of the browser.
    #[schema(required, example = "fr")]
    language: Option<String>,
}

impl From<&StoredUser> for SessionUser {
    fn from(user: &StoredUser) -> Self {
        let StoredUser { id, email, name, language, .. } = user.clone();
        Self { id, email, name, language }
    }
}

/// Somebody who calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionPrincipal {
    /// What they are.
    #[schema(value_type = PrincipalKind)]
    kind: &'static str,
    /// By what name the books call them.
    name: String,
}

/// What somebody may do in a project.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ProjectAccess {
    /// The project.
    #[schema(example = "clinic")]
    pub(super) project: String,
    /// The level.
    #[schema(value_type = AccessName)]
    pub(super) access: &'static str,
}

/// Sign in
///
/// The answer sets the cookie `fieldpost_session`, which is for the server alone. Where the
/// account has a second factor and no `code` was sent, the answer is 401 `code-needed`. Too many
/// tries of an account or from an address are answered with 429 and `Retry-After`.
#[utoipa::path(
    post,
    path = "/session",
    operation_id = "sign_in",
    tag = "accounts",
    request_body = NewSession,
    responses((status = 200, body = Session), Problem),
    security(()),
)]
pub(super) async fn sign_in(
    State(app): State<Shared>,
    visitor::From(visitor): visitor::From,
    _: Parameters<NoParameters>,
    Input(new): Input<NewSession>,
) -> Result<Response, Problem> {
    let (begun, kind) = match (new.token, new.email, new.password) {
        (Some(token), None, None) => (of_administrator(&app, &token, &visitor).await?, "token"),
        (None, Some(email), Some(password)) => {
            let code = new.code.map(Secret::new);
            let password = Secret::new(password);
            let attempt = SignIn { email, password, code, visitor: visitor.clone() };
            (of_user(&app, &attempt).await?, "password")
        }
        _ => {
            let detail = "a session begins with `email` and `password`, or with `token`";
            return Err(Problem::bad_request("bad-body", detail)
                .hint("/api/docs shows what this address takes"));
        }
    };
    note(&app, who(begun.user.as_ref()), "session.started", &visitor, &json!({ "by": kind })).await;
    answer_begun(&app, &begun).await
}

async fn of_user(app: &App, attempt: &SignIn) -> Result<BegunSession, Problem> {
    let ended = app.hub.sign_in(attempt).await;
    if let Err(error) = &ended {
        note_refused(app, error, &attempt.visitor).await;
    }
    Ok(ended?)
}

async fn of_administrator(
    app: &App,
    token: &str,
    visitor: &Visitor,
) -> Result<BegunSession, Problem> {
    if let Err(error) = app.hub.count_try_of_address(visitor).await {
        note_refused(app, &error, visitor).await;
        return Err(error.into());
    }
    if !is_administrator(token.trim(), &app.settings.admin_token_digest) {
        let error = AccountError::WrongCredentials(None);
        note_refused(app, &error, visitor).await;
        return Err(error.into());
    }
    app.hub.give_try_of_address_back(visitor).await?;
    let digest = &app.settings.admin_token_digest;
    Ok(app.hub.begin_administrator_session(digest, visitor).await?)
}

/// Notes a sign-in that was refused. What a stranger typed is not kept: it may be a password that
/// went into the wrong field. How often an account or an address may try is bounded, so each wrong
/// try is a row; of the others there may be many, and they are told together.
pub(super) async fn note_refused(app: &App, error: &AccountError, visitor: &Visitor) {
    let (whose, reason) = match error {
        AccountError::WrongCredentials(whose) => {
            let who = whose.as_ref().map_or_else(refused::nobody, |user| who(Some(user)));
            let detail = json!({ "reason": "wrong-credentials" });
            return note(app, who, SIGN_IN_REFUSED, visitor, &detail).await;
        }
        AccountError::CodeNeeded(user) => (who(Some(user)), "code-needed"),
        AccountError::TooManyTries(_) => (refused::nobody(), "too-many-tries"),
        _ => return,
    };
    let refused = Refused {
        who: whose,
        action: SIGN_IN_REFUSED,
        reason: reason.to_owned(),
        change: None,
        project: None,
        address: visitor.address,
    };
    refused.note(app).await;
}

/// A user as the log calls them; none is the administrator.
pub(super) fn who(user: Option<&StoredUser>) -> Who {
    match user {
        Some(user) => Who { kind: "user".to_owned(), name: user.name.clone(), id: Some(user.id) },
        None => {
            Who { kind: "administrator".to_owned(), name: "administrator".to_owned(), id: None }
        }
    }
}

pub(super) async fn note(
    app: &App,
    who: Who,
    action: &str,
    visitor: &Visitor,
    detail: &serde_json::Value,
) {
    let note = Note {
        project: None,
        who,
        action: action.to_owned(),
        target: None,
        detail: detail.to_string(),
        address: visitor.address,
    };
    app.hub.note(note).await;
}

/// Gives a browser its session.
pub(super) async fn answer_begun(app: &App, begun: &BegunSession) -> Result<Response, Problem> {
    let session = of_begun(app, begun).await?;
    let lasts = app.hub.settings().session_lifetime;
    let given = cookie::give(&begun.secret, lasts, app.settings.public_url.as_deref());
    let mut response = Json(session).into_response();
    response.headers_mut().insert(SET_COOKIE, given);
    Ok(response)
}

async fn of_begun(app: &App, begun: &BegunSession) -> Result<Session, Problem> {
    let store = app.hub.store();
    let is_admin = begun.user.as_ref().is_none_or(|user| user.installation_admin);
    let projects = match &begun.user {
        Some(user) if !is_admin => {
            let memberships = store.memberships(user.id).await?;
            memberships
                .into_iter()
                .map(|it| ProjectAccess {
                    project: it.project.to_string(),
                    access: it.access.name(),
                })
                .collect()
        }
        _ => all_as_owner(app).await?,
    };
    let who = who(begun.user.as_ref());
    let kind = if begun.user.is_some() { "user" } else { "administrator" };
    Ok(Session {
        user: begun.user.as_ref().map(SessionUser::from),
        principal: SessionPrincipal { kind, name: who.name },
        installation_admin: is_admin,
        projects,
        second_factor: begun.user.as_ref().is_some_and(|user| user.second_factor),
        setup_needed: begun.user.is_none() && !store.has_users().await?,
    })
}

async fn all_as_owner(app: &App) -> Result<Vec<ProjectAccess>, Problem> {
    let projects = app.hub.store().projects().await?;
    let access = fieldpost_model::access::Access::Owner.name();
    Ok(projects
        .into_iter()
        .map(|project| ProjectAccess { project: project.name.to_string(), access })
        .collect())
}

/// Who one is
///
/// Without a session or a token the answer is 401, whose `setup_needed` says whether there is no
/// user yet.
#[utoipa::path(
    get,
    path = "/session",
    operation_id = "get_session",
    tag = "accounts",
    responses((status = 200, body = Session), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
) -> Result<Json<Session>, Problem> {
    let mut projects = Vec::new();
    for project in app.hub.store().projects().await? {
        if let Some(access) = caller.access(&project.name) {
            let project = project.name.to_string();
            projects.push(ProjectAccess { project, access: access.name() });
        }
    }
    Ok(Json(Session {
        user: caller.user().map(SessionUser::from),
        principal: SessionPrincipal { kind: caller.kind(), name: caller.name().to_owned() },
        installation_admin: caller.is_installation_admin(),
        projects,
        second_factor: caller.user().is_some_and(|user| user.second_factor),
        setup_needed: caller.user().is_none() && !app.hub.store().has_users().await?,
    }))
}

/// Sign out
///
/// The session ends; where a token was sent, there is none to end.
#[utoipa::path(
    delete,
    path = "/session",
    operation_id = "sign_out",
    tag = "accounts",
    responses((status = 204, description = "The session has ended"), Problem),
)]
pub(super) async fn sign_out(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    if let Credential::Session(digest, _) = caller.credential() {
        app.hub.store().end_session(digest).await?;
    }
    Ok(answer_ended(&app))
}

/// Sign out everywhere
///
/// All sessions of the account end, this one as well.
#[utoipa::path(
    delete,
    path = "/sessions",
    operation_id = "sign_out_everywhere",
    tag = "accounts",
    responses((status = 204, description = "All sessions have ended"), Problem),
)]
pub(super) async fn sign_out_everywhere(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    if caller.token().is_none() {
        let account = caller.user().map(|user| user.id);
        app.hub.store().end_sessions(account).await?;
    }
    Ok(answer_ended(&app))
}

/// Takes a browser's session away.
fn answer_ended(app: &App) -> Response {
    let taken = cookie::take_away(app.settings.public_url.as_deref());
    (StatusCode::NO_CONTENT, [(SET_COOKIE, taken)]).into_response()
}
