//! Roles of a project: what several people may do in its forms.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{Draft, Saved};
use fieldpost_model::person;
use fieldpost_rules::definition::people::{read_role, write_role};
use fieldpost_store::DefinitionKind;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{as_json, current, find, put as save, remove, saved, with_versions};
use super::exact::ExactJson;
use super::list::List;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::principal::Caller;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A role of a project's forms.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Role {
    /// The key within the project, by which forms, people and keys name it.
    #[schema(example = "agents")]
    id: String,
    /// What people call it.
    #[schema(example = "Agents")]
    name: String,
    /// What is to be known of it; empty where nothing was said.
    details: String,
    /// Where mail to the role goes.
    emails: Vec<String>,
    /// Whether mail to the role goes to everybody who has it as well.
    emails_to_members: bool,
    /// Who has it: keys of people of the project.
    people: Vec<String>,
    /// The role as the project file has it; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

impl Role {
    fn show(role: &person::Role, stored: &Saved) -> Self {
        let people = stored.definition.users.iter().filter(|user| user.roles.contains(&role.id));
        Self {
            id: role.id.clone(),
            name: role.name.clone(),
            details: role.details.clone(),
            emails: role.emails.clone(),
            emails_to_members: role.emails_to_members,
            people: people.map(|user| user.id.clone()).collect(),
            definition: write_role(role).into(),
        }
    }
}

fn id_of(role: &person::Role) -> &str {
    &role.id
}

/// All roles
#[utoipa::path(
    get,
    path = "/projects/{project}/roles",
    operation_id = "list_roles",
    tag = "forms",
    responses((status = 200, body = List<Role>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Role>>, Problem> {
    let stored = with_versions(&app, &project).await?;
    let roles = stored.definition.roles.iter();
    Ok(Json(List::whole(roles.map(|role| Role::show(role, &stored)))))
}

async fn shown(app: &App, project: &str, id: &str) -> Result<Tagged<Role>, Problem> {
    let stored = with_versions(app, project).await?;
    let role = find("role", &stored.definition.roles, id, id_of)?;
    Ok(Tagged(stored.saved_in(DefinitionKind::Role, id), Role::show(role, &stored)))
}

/// One role
#[utoipa::path(
    get,
    path = "/projects/{project}/roles/{role}",
    operation_id = "get_role",
    tag = "forms",
    responses(
        (
            status = 200,
            body = Role,
            headers(("etag" = String, description = "Another one whenever it is saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, role)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<Role>>, Problem> {
    Ok(as_json(shown(&app, &project, &role).await?))
}

/// Make or replace a role
///
/// The body is a role as the project file has it.
#[utoipa::path(
    put,
    path = "/projects/{project}/roles/{role}",
    operation_id = "put_role",
    tag = "forms",
    params(("project" = String, Path), ("role" = String, Path), Conditions),
    request_body(content = Object, description = "A role, as in the project file"),
    responses(
        (status = 200, body = Role, description = "Replaced"),
        (status = 201, body = Role, description = "Made"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, role)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_role(&role, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("role", &before.roles, &role, id_of).is_err();
    save(&app, &caller, &project, Draft::Role(draft), &expected).await?;
    Ok(saved(is_new, shown(&app, &project, &role).await?))
}

/// Remove a role
///
/// One that a form, somebody or a key has cannot be removed.
#[utoipa::path(
    delete,
    path = "/projects/{project}/roles/{role}",
    operation_id = "delete_role",
    tag = "forms",
    params(("project" = String, Path), ("role" = String, Path), Conditions),
    responses((status = 204, description = "Removed"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, role)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::Role, &role, &expected).await
}
