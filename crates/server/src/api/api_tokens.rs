//! Tokens by which programs use the API.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{Hub, NewToken as Draft};
use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_model::duration;
use fieldpost_model::time::Timestamp;
use fieldpost_store::ListedToken;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::audited::Audited;
use super::body::Input;
use super::list::List;
use super::names::AccessName;
use super::parameters::{NoParameters, Parameters, bad, path_id};
use super::path::Path;
use super::principal::Caller;
use super::users::read_access;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A token, without what opens anything.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiToken {
    /// The id.
    id: Uuid,
    /// What people call it.
    name: String,
    /// The project that it opens; null for all of them.
    #[schema(required)]
    project: Option<String>,
    /// What it may do.
    #[schema(value_type = AccessName)]
    access: &'static str,
    /// Who made it, as they were called then.
    created_by: String,
    /// The user who made it; null for the administrator.
    #[schema(required)]
    maker: Option<TokenMaker>,
    /// Whether it opens anything: not once it has expired, and not while its maker is gone, kept out,
    /// or may do less than it.
    works: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it opens anything; null for ever.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// When it was used last, to the minute.
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
}

/// The user who made a token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenMaker {
    /// The id.
    id: Uuid,
    /// The mail address; null where there is no such user any more.
    #[schema(required, example = "amina@example.org")]
    email: Option<String>,
}

/// A token that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// What people call it.
    name: String,
    /// What it may do: `viewer`, `editor` or `admin`.
    #[schema(value_type = AccessName)]
    access: String,
    /// How long it is good; for ever, unless given.
    #[schema(example = "90d")]
    expires_in: Option<String>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// What there is to know of it.
    #[serde(flatten)]
    about: ApiToken,
    /// The token itself, shown this once.
    #[schema(example = "fpt_…")]
    token: String,
}

impl ApiToken {
    fn shown(listed: ListedToken, now: Timestamp) -> Self {
        let ListedToken { token, maker_email, is_backed } = listed;
        Self {
            id: token.id,
            maker: token.maker.map(|id| TokenMaker { id, email: maker_email }),
            works: is_backed && token.expires_at.is_none_or(|expires_at| expires_at > now),
            name: token.name,
            project: token.project.map(|project| project.to_string()),
            access: token.access.name(),
            created_by: token.created_by,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|time| time.to_string()),
            last_used_at: token.used_at.map(|time| time.to_string()),
        }
    }
}

/// The tokens that open all projects
///
/// The newest first, expired ones included, always on one page.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list_tokens",
    tag = "tokens",
    responses((status = 200, body = List<ApiToken>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<ApiToken>>, Problem> {
    listed(&app, None).await
}

/// Make a token that opens all projects
///
/// It has its level in every project, also in those that are made later, as long as its maker runs
/// the installation. It does not run the installation itself.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "create_token",
    tag = "tokens",
    request_body = NewToken,
    responses((status = 201, body = MadeToken), Problem),
)]
pub(super) async fn create(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    _: Parameters<NoParameters>,
    Input(new): Input<NewToken>,
) -> Result<Response, Problem> {
    made(&app, &caller, &audited, None, new).await
}

/// Revoke a token that opens all projects
#[utoipa::path(
    delete,
    path = "/tokens/{token}",
    operation_id = "revoke_token",
    tag = "tokens",
    responses((status = 204, description = "It opens nothing any more"), Problem),
)]
pub(super) async fn revoke(
    State(app): State<Shared>,
    audited: Audited,
    Path(token): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    revoked(&app, &audited, None, &token).await
}

/// The tokens of a project
///
/// The newest first, expired ones included, always on one page.
#[utoipa::path(
    get,
    path = "/projects/{project}/tokens",
    operation_id = "list_project_tokens",
    tag = "tokens",
    responses((status = 200, body = List<ApiToken>), Problem),
)]
pub(super) async fn list_of_project(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<ApiToken>>, Problem> {
    app.hub.project(&project).await?;
    listed(&app, Some(&project)).await
}

/// Make a token of a project
///
/// It may do no more than whoever makes it, and only as long as they may do as much themselves.
#[utoipa::path(
    post,
    path = "/projects/{project}/tokens",
    operation_id = "create_project_token",
    tag = "tokens",
    request_body = NewToken,
    responses((status = 201, body = MadeToken), Problem),
)]
pub(super) async fn create_in_project(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(new): Input<NewToken>,
) -> Result<Response, Problem> {
    app.hub.project(&project).await?;
    made(&app, &caller, &audited, Some(ProjectName::from(&*project)), new).await
}

/// Revoke a token of a project
#[utoipa::path(
    delete,
    path = "/projects/{project}/tokens/{token}",
    operation_id = "revoke_project_token",
    tag = "tokens",
    responses((status = 204, description = "It opens nothing any more"), Problem),
)]
pub(super) async fn revoke_in_project(
    State(app): State<Shared>,
    audited: Audited,
    Path((project, token)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    revoked(&app, &audited, Some(&project), &token).await
}

async fn listed(app: &App, project: Option<&str>) -> Result<Json<List<ApiToken>>, Problem> {
    let tokens = app.hub.store().api_tokens(project).await?;
    let now = (app.hub.settings().clock)();
    Ok(Json(List::whole(tokens.into_iter().map(|token| ApiToken::shown(token, now)))))
}

async fn made(
    app: &App,
    caller: &Caller,
    audited: &Audited,
    project: Option<ProjectName>,
    new: NewToken,
) -> Result<Response, Problem> {
    if caller.token().is_some() {
        // It would outlive the one that made it, whatever becomes of that.
        let detail = "tokens are made by people: a token cannot make another one";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not-for-tokens", detail)
            .hint("sign in, and make it there"));
    }
    let NewToken { name, access, expires_in } = new;
    let access = read_access(&access)?;
    let own = project.as_deref().map_or(Some(Access::Owner), |project| caller.access(project));
    if own.is_none_or(|own| access > own) {
        let detail = format!("a token with the level `{access}` may do more than its maker");
        return Err(Problem::new(StatusCode::FORBIDDEN, "access-too-low", detail)
            .hint("choose a lower level"));
    }
    let expires_at = expires_in.as_deref().map(|text| end_of(&app.hub, text)).transpose()?;
    let created_by = caller.name().to_owned();
    let maker = caller.user().map(|user| user.id);
    let maker_email = caller.user().map(|user| user.email.clone());
    let draft = Draft { project, name, access, expires_at, maker, created_by };
    let (token, text) = app.hub.create_api_token(draft).await?;
    audited.target(token.name.as_str());
    audited.detail("id", token.id.to_string());
    audited.detail("access", access.name());
    let listed = ListedToken { token, maker_email, is_backed: true };
    let about = ApiToken::shown(listed, (app.hub.settings().clock)());
    let made = MadeToken { about, token: text.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// The end of a time that begins now.
fn end_of(hub: &Hub, text: &str) -> Result<Timestamp, Problem> {
    let read = duration::parse(text).filter(|span| !span.is_zero());
    let span = read
        .ok_or_else(|| bad("expires_in", text, "write a whole number with a unit, such as 90d"))?;
    Ok((hub.settings().clock)() + span)
}

async fn revoked(
    app: &App,
    audited: &Audited,
    project: Option<&str>,
    token: &str,
) -> Result<StatusCode, Problem> {
    let id = path_id("token", token)?;
    let tokens = app.hub.store().api_tokens(project).await?;
    if let Some(listed) = tokens.into_iter().find(|listed| listed.token.id == id) {
        audited.target(listed.token.name);
        audited.detail("id", id.to_string());
    }
    if app.hub.store().revoke_api_token(project, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("token", id))
    }
}
