//! Users: who has an account here, and what they may do.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{Invited as Sent, NewPerson};
use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_store::{User as StoredUser, UserChange};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;
use uuid::Uuid;

use super::audited::Audited;
use super::body::{Input, Optional};
use super::list::List;
use super::names::AccessName;
use super::parameters::{NoParameters, Parameters, bad, path_id};
use super::path::Path;
use super::principal::Caller;
use super::session::ProjectAccess;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A user.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct User {
    /// The id.
    id: Uuid,
    /// The mail address.
    #[schema(example = "amina@example.org")]
    email: String,
    /// The name.
    name: String,
    /// Whether they run the installation.
    installation_admin: bool,
    /// Whether they are kept out.
    disabled: bool,
    /// Whether they were invited, and have not come in yet.
    invited: bool,
    /// Whether they have a second factor.
    second_factor: bool,
    /// What they may do, project by project.
    projects: Vec<ProjectAccess>,
    /// When the account was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When they came in last.
    #[schema(required, format = DateTime)]
    last_sign_in_at: Option<String>,
}

/// A user who is to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// The mail address.
    email: String,
    /// The name.
    name: String,
    /// Whether they run the installation.
    #[serde(default)]
    #[schema(required = false)]
    installation_admin: bool,
    /// What they may do from the beginning.
    #[serde(default)]
    #[schema(required = false)]
    projects: Vec<Granted>,
}

/// A level in a project.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Granted {
    /// The project.
    project: String,
    /// The level.
    #[schema(value_type = AccessName)]
    access: String,
}

/// What is changed about a user; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeUser {
    /// The name.
    name: Option<String>,
    /// Whether they run the installation.
    installation_admin: Option<bool>,
    /// Whether they are kept out; whoever is, is signed out everywhere.
    disabled: Option<bool>,
}

/// How a user is reset.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// Whether the second factor goes as well, when the link is used: for who has lost it.
    #[serde(default)]
    #[schema(required = false)]
    second_factor: bool,
}

/// A user with a link.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitedUser {
    /// The user.
    user: User,
    /// The link by which they choose a password: good once, for seven days.
    #[schema(example = "https://hub.example.org/welcome#…")]
    invitation_url: String,
    /// Whether the link is mailed to them.
    mailed: bool,
}

impl User {
    fn shown(user: StoredUser, projects: Vec<ProjectAccess>) -> Self {
        let last_sign_in_at = user.last_sign_in_at.map(|time| time.to_string());
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            installation_admin: user.installation_admin,
            disabled: user.disabled,
            invited: !user.has_password,
            second_factor: user.second_factor,
            projects,
            created_at: user.created_at.to_string(),
            last_sign_in_at,
        }
    }

    async fn found(app: &App, id: Uuid) -> Result<Self, Problem> {
        let user = app.hub.store().user(id).await?;
        let user = user.ok_or_else(|| Problem::not_found("user", id))?;
        let memberships = app.hub.store().memberships(id).await?;
        let projects = memberships
            .into_iter()
            .map(|it| ProjectAccess { project: it.project.to_string(), access: it.access.name() });
        Ok(Self::shown(user, projects.collect()))
    }
}

impl InvitedUser {
    async fn of(app: &App, sent: Sent) -> Result<Self, Problem> {
        Ok(Self {
            user: User::found(app, sent.user.id).await?,
            invitation_url: app.link(sent.path.expose()),
            mailed: sent.mailed,
        })
    }
}

/// All users
///
/// By mail address, always on one page.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list_users",
    tag = "users",
    responses((status = 200, body = List<User>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<User>>, Problem> {
    let mut projects: HashMap<Uuid, Vec<ProjectAccess>> = HashMap::new();
    for it in app.hub.store().all_memberships().await? {
        let access = ProjectAccess { project: it.project.to_string(), access: it.access.name() };
        projects.entry(it.account).or_default().push(access);
    }
    let users = app.hub.store().users().await?;
    Ok(Json(List::whole(users.into_iter().map(|user| {
        let of_user = projects.remove(&user.id).unwrap_or_default();
        User::shown(user, of_user)
    }))))
}

/// Invite a user
///
/// The answer has a link by which they choose a password. Where the hub has a mail relay and a
/// public address, it is mailed to them as well.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "invite_user",
    tag = "users",
    request_body = NewUser,
    responses((status = 201, body = InvitedUser), Problem),
)]
pub(super) async fn invite(
    State(app): State<Shared>,
    audited: Audited,
    _: Parameters<NoParameters>,
    Input(new): Input<NewUser>,
) -> Result<Response, Problem> {
    let mut projects = Vec::new();
    let mut levels = Map::new();
    for Granted { project, access } in new.projects {
        let access = read_access(&access)?;
        app.hub.project(&project).await?;
        levels.insert(project.clone(), access.name().into());
        projects.push((ProjectName::from(project), access));
    }
    let NewUser { email, name, installation_admin, .. } = new;
    let sent = app.hub.invite(NewPerson { email, name, installation_admin, projects }).await?;
    name_target(&audited, sent.user.id, &sent.user.email);
    audited.detail("name", sent.user.name.as_str());
    audited.detail("installation_admin", installation_admin);
    audited.detail("projects", levels);
    Ok((StatusCode::CREATED, Json(InvitedUser::of(&app, sent).await?)).into_response())
}

/// One user
#[utoipa::path(
    get,
    path = "/users/{user}",
    operation_id = "get_user",
    tag = "users",
    responses((status = 200, body = User), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(user): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<User>, Problem> {
    Ok(Json(User::found(&app, path_id("user", &user)?).await?))
}

/// Change a user
///
/// Nobody keeps themself out or takes the installation out of their own hands: somebody else does.
#[utoipa::path(
    patch,
    path = "/users/{user}",
    operation_id = "change_user",
    tag = "users",
    request_body = ChangeUser,
    responses((status = 200, body = User), Problem),
)]
pub(super) async fn change(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(user): Path<String>,
    _: Parameters<NoParameters>,
    Input(sent): Input<ChangeUser>,
) -> Result<Json<User>, Problem> {
    let id = path_id("user", &user)?;
    let found = User::found(&app, id).await?;
    name_target(&audited, id, &found.email);
    if sent.disabled == Some(true) || sent.installation_admin == Some(false) {
        require_another(&caller, id)?;
    }
    let ChangeUser { name, installation_admin, disabled } = sent;
    if let Some(disabled) = disabled {
        audited.detail("disabled", disabled);
    }
    if let Some(admin) = installation_admin {
        audited.detail("installation_admin", admin);
    }
    let change = UserChange { name, installation_admin, disabled, ..UserChange::default() };
    app.hub.change_user(id, change).await?;
    Ok(Json(User::found(&app, id).await?))
}

/// Delete a user
///
/// What they did stays in the books. The tokens that they made open nothing any more.
#[utoipa::path(
    delete,
    path = "/users/{user}",
    operation_id = "delete_user",
    tag = "users",
    responses((status = 204, description = "There is no such user any more"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(user): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let id = path_id("user", &user)?;
    let found = User::found(&app, id).await?;
    name_target(&audited, id, &found.email);
    require_another(&caller, id)?;
    audited.detail("name", found.name);
    app.hub.store().delete_user(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make another link for a user
///
/// For who has lost the password, or the first link. The password stays until the link is used, and
/// so does the second factor where that is to go as well.
#[utoipa::path(
    post,
    path = "/users/{user}/reset",
    operation_id = "reset_user",
    tag = "users",
    request_body = Option<Reset>,
    responses((status = 200, body = InvitedUser), Problem),
)]
pub(super) async fn reset(
    State(app): State<Shared>,
    audited: Audited,
    Path(user): Path<String>,
    _: Parameters<NoParameters>,
    Optional(how): Optional<Reset>,
) -> Result<Json<InvitedUser>, Problem> {
    let id = path_id("user", &user)?;
    let sent = app.hub.send_link(id, how.second_factor).await?;
    name_target(&audited, id, &sent.user.email);
    audited.detail("second_factor", how.second_factor);
    Ok(Json(InvitedUser::of(&app, sent).await?))
}

/// Names a person in the log as people know them, beside the id.
pub(super) fn name_target(audited: &Audited, id: Uuid, email: &str) {
    audited.target(email);
    audited.detail("id", id.to_string());
}

/// Refuses what somebody would do to themself, and could not take back.
fn require_another(caller: &Caller, id: Uuid) -> Result<(), Problem> {
    if caller.user().is_none_or(|user| user.id != id) {
        return Ok(());
    }
    let detail = "this is your own account";
    Err(Problem::new(StatusCode::CONFLICT, "own-account", detail)
        .hint("another installation admin can do it"))
}

/// A level, by its name.
pub(super) fn read_access(name: &str) -> Result<Access, Problem> {
    Access::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Access::ALL.iter().map(|access| access.name()).collect();
        bad("access", name, format!("one of {}", names.join(", ")))
    })
}
