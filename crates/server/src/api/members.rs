//! The people of a project.
//!
//! Nobody gives more than they have, and nobody changes somebody who has more.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{Invited, NewPerson};
use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_rules::account::email_key;
use fieldpost_store::{MemberChange, Membership, User};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::audited::Audited;
use super::body::Input;
use super::list::List;
use super::names::AccessName;
use super::parameters::{NoParameters, Parameters, path_id};
use super::path::Path;
use super::principal::Caller;
use super::users::{name_target, read_access};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Somebody who may do something in a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Member {
    /// The user.
    user: MemberUser,
    /// The level.
    #[schema(value_type = AccessName)]
    access: &'static str,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
}

/// A user, to the others of a project.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberUser {
    /// The id.
    id: Uuid,
    /// The mail address.
    #[schema(example = "amina@example.org")]
    email: String,
    /// The name.
    name: String,
    /// Whether they were invited, and have not come in yet.
    invited: bool,
    /// Whether they are kept out of the hub.
    disabled: bool,
}

/// Somebody who is to be a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMember {
    /// The mail address. Whoever has no account yet is invited.
    email: String,
    /// The name, for somebody who has no account yet.
    name: Option<String>,
    /// The level.
    #[schema(value_type = AccessName)]
    access: String,
}

/// A level.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Level {
    /// The level.
    #[schema(value_type = AccessName)]
    access: String,
}

/// A new member.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedMember {
    /// The member.
    member: Member,
    /// The link by which somebody who has no account yet chooses a password; null where they have
    /// one, or where the link is mailed to them and is for them alone.
    #[schema(required)]
    invitation_url: Option<String>,
    /// Whether a link is mailed to them.
    mailed: bool,
}

impl Member {
    fn shown(user: User, membership: &Membership) -> Self {
        let User { id, email, name, has_password, disabled, .. } = user;
        Self {
            user: MemberUser { id, email, name, invited: !has_password, disabled },
            access: membership.access.name(),
            since: membership.since.to_string(),
        }
    }
}

/// The people of a project
///
/// By mail address, always on one page. Who runs the installation may do everything without being
/// in the list.
#[utoipa::path(
    get,
    path = "/projects/{project}/members",
    operation_id = "list_members",
    tag = "members",
    responses((status = 200, body = List<Member>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Member>>, Problem> {
    app.hub.project(&project).await?;
    let mut members = Vec::new();
    for membership in app.hub.store().members(&project).await? {
        if let Some(user) = app.hub.store().user(membership.account).await? {
            members.push(Member::shown(user, &membership));
        }
    }
    members.sort_by(|one, other| one.user.email.cmp(&other.user.email));
    Ok(Json(List::whole(members)))
}

/// Add somebody to a project
///
/// Whoever has no account yet is invited: the answer has the link, or it is mailed to them. So it
/// tells whether there is an account of this address; nobody adds more than 60 people within a
/// quarter of an hour.
#[utoipa::path(
    post,
    path = "/projects/{project}/members",
    operation_id = "add_member",
    tag = "members",
    request_body = NewMember,
    responses((status = 201, body = AddedMember), Problem),
)]
pub(super) async fn add(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(new): Input<NewMember>,
) -> Result<Response, Problem> {
    app.hub.project(&project).await?;
    let access = read_access(&new.access)?;
    if let Some(user) = caller.user().filter(|user| !user.installation_admin) {
        app.hub.count_added_member(user.id).await?;
    }
    let known = app.hub.store().user_by_email(&email_key(&new.email)).await?;
    let has = match &known {
        Some(user) => access_of(&app, &project, user.id).await?,
        None => None,
    };
    may_give(&caller, &project, access, has)?;
    if let Some(has) = has {
        audited.detail("before", has.name());
    }
    let (id, link, mailed) = if let Some(user) = known {
        app.hub.change_member(change(&caller, &project, user.id, has, Some(access))).await?;
        let elsewhere = is_more_than_member_of(&app, &user, &project).await?;
        if user.has_password || (elsewhere && has.is_some() && !caller.is_installation_admin()) {
            (user.id, None, false)
        } else {
            // Invited before, and not come yet: the link of then may be lost, or good no more.
            let sent = app.hub.send_link(user.id, false).await?;
            let may_have = !elsewhere || caller.is_installation_admin();
            let link = link_for(&app, &caller, &sent).filter(|_| may_have);
            (user.id, link, sent.mailed)
        }
    } else {
        let name = new.name.unwrap_or_else(|| new.email.clone());
        let projects = vec![(ProjectName::from(&*project), access)];
        let person = NewPerson { email: new.email, name, installation_admin: false, projects };
        let sent = app.hub.invite(person).await?;
        (sent.user.id, link_for(&app, &caller, &sent), sent.mailed)
    };
    audited.detail("access", access.name());
    audited.detail("invited", link.is_some() || mailed);
    let member = found(&app, &project, id).await?;
    name_target(&audited, id, &member.user.email);
    let added = AddedMember { member, invitation_url: link, mailed };
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

/// Change what somebody may do
#[utoipa::path(
    put,
    path = "/projects/{project}/members/{user}",
    operation_id = "put_member",
    tag = "members",
    request_body = Level,
    responses((status = 200, body = Member), Problem),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path((project, user)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Input(level): Input<Level>,
) -> Result<Json<Member>, Problem> {
    let id = path_id("member", &user)?;
    let access = read_access(&level.access)?;
    let has = access_of(&app, &project, id).await?;
    let has = has.ok_or_else(|| Problem::not_found("member", id))?;
    may_give(&caller, &project, access, Some(has))?;
    app.hub.change_member(change(&caller, &project, id, Some(has), Some(access))).await?;
    audited.detail("access", access.name());
    audited.detail("before", has.name());
    let member = found(&app, &project, id).await?;
    name_target(&audited, id, &member.user.email);
    Ok(Json(member))
}

/// Take somebody out of a project
///
/// What their sessions may do here ends at once, and so do the tokens that they made. The last owner
/// goes only by who runs the installation.
#[utoipa::path(
    delete,
    path = "/projects/{project}/members/{user}",
    operation_id = "remove_member",
    tag = "members",
    responses((status = 204, description = "They are no member any more"), Problem),
)]
pub(super) async fn remove(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path((project, user)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let id = path_id("member", &user)?;
    let has = access_of(&app, &project, id).await?;
    let has = has.ok_or_else(|| Problem::not_found("member", id))?;
    let email = app.hub.store().user(id).await?.map(|user| user.email);
    app.hub.change_member(change(&caller, &project, id, Some(has), None)).await?;
    name_target(&audited, id, email.as_deref().unwrap_or_default());
    audited.detail("before", has.name());
    Ok(StatusCode::NO_CONTENT)
}

/// A change of somebody's level. Who runs the installation may leave a project without an owner.
fn change<'c>(
    caller: &Caller,
    project: &'c str,
    account: Uuid,
    before: Option<Access>,
    after: Option<Access>,
) -> MemberChange<'c> {
    let last_owner_may_go = caller.is_installation_admin();
    MemberChange { project, account, before, after, last_owner_may_go }
}

/// The link, for whoever may have it in his hands. Who has it is that person: where it reaches
/// them by mail, nobody else needs it.
fn link_for(app: &App, caller: &Caller, sent: &Invited) -> Option<String> {
    let is_shown = !sent.mailed || caller.is_installation_admin();
    is_shown.then(|| app.link(sent.path.expose()))
}

/// Whether somebody may do more than this project has to give.
async fn is_more_than_member_of(app: &App, user: &User, project: &str) -> Result<bool, Problem> {
    let memberships = app.hub.store().memberships(user.id).await?;
    let elsewhere = memberships.iter().any(|membership| *membership.project != *project);
    Ok(elsewhere || user.installation_admin)
}

async fn access_of(app: &App, project: &str, id: Uuid) -> Result<Option<Access>, Problem> {
    let memberships = app.hub.store().memberships(id).await?;
    let found = memberships.iter().find(|membership| *membership.project == *project);
    Ok(found.map(|membership| membership.access))
}

async fn found(app: &App, project: &str, id: Uuid) -> Result<Member, Problem> {
    let user = app.hub.store().user(id).await?;
    let memberships = app.hub.store().memberships(id).await?;
    let membership = memberships.iter().find(|membership| *membership.project == *project);
    match (user, membership) {
        (Some(user), Some(membership)) => Ok(Member::shown(user, membership)),
        _ => Err(Problem::not_found("member", id)),
    }
}

/// Refuses what is beyond whoever gives: a level above theirs, or over somebody above them.
fn may_give(
    caller: &Caller,
    project: &str,
    gives: Access,
    has: Option<Access>,
) -> Result<(), Problem> {
    if caller.token().is_some() {
        // A token ends some day or is revoked; a person whom it let in would stay.
        let detail = "people are let in by people: a token cannot say who may do what";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not-for-tokens", detail)
            .hint("sign in, and do it there"));
    }
    let own = caller.access(project).unwrap_or(Access::Viewer);
    let needed = has.map_or(gives, |has| has.max(gives));
    if needed <= own {
        return Ok(());
    }
    let detail = format!("this needs the level `{needed}` in the project `{project}`");
    Err(Problem::new(StatusCode::FORBIDDEN, "access-too-low", detail)
        .hint("an owner of the project can do it"))
}
