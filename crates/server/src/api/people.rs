//! People of a project: those who take part in what its forms set going. They are no accounts; who has an
//! account may look into the hub, and is a member of the project.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{Draft, Saved};
use fieldpost_model::access::Access;
use fieldpost_model::person;
use fieldpost_rules::definition::people::{read_user, write_user};
use fieldpost_store::DefinitionKind;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{as_json, current, find, put as save, remove, saved, with_versions};
use super::exact::ExactJson;
use super::list::List;
use super::names::AccessName;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::principal::Caller;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Somebody whom the project names.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Person {
    /// The key within the project.
    #[schema(example = "desk")]
    id: String,
    /// The number that documents know them by. It is given once, and is nobody else's ever after.
    #[schema(example = 1)]
    number: u64,
    /// What people call them.
    #[schema(example = "Front desk")]
    name: String,
    /// Their mail address.
    #[schema(required)]
    email: Option<String>,
    /// Their ids at the identity provider: `NameID` of w.c.s.
    name_ids: Vec<String>,
    /// The roles that they have in forms.
    roles: Vec<String>,
    /// What they may do in the project.
    #[schema(value_type = AccessName)]
    access: &'static str,
    /// Them as the project file has them; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

impl Person {
    fn show(user: &person::User, stored: &Saved) -> Self {
        let access: Access = user.access;
        Self {
            id: user.id.clone(),
            number: stored.number(&user.id).unwrap_or_default(),
            name: user.name.clone(),
            email: user.email.clone(),
            name_ids: user.name_ids.clone(),
            roles: user.roles.clone(),
            access: access.name(),
            definition: write_user(user).into(),
        }
    }
}

fn id_of(user: &person::User) -> &str {
    &user.id
}

/// All people of the project's forms
#[utoipa::path(
    get,
    path = "/projects/{project}/people",
    operation_id = "list_people",
    tag = "forms",
    responses((status = 200, body = List<Person>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Person>>, Problem> {
    let stored = with_versions(&app, &project).await?;
    let users = stored.definition.users.iter();
    Ok(Json(List::whole(users.map(|user| Person::show(user, &stored)))))
}

async fn shown(app: &App, project: &str, id: &str) -> Result<Tagged<Person>, Problem> {
    let stored = with_versions(app, project).await?;
    let user = find("person", &stored.definition.users, id, id_of)?;
    Ok(Tagged(stored.saved_in(DefinitionKind::User, id), Person::show(user, &stored)))
}

/// Somebody of the project's forms
#[utoipa::path(
    get,
    path = "/projects/{project}/people/{person}",
    operation_id = "get_person",
    tag = "forms",
    responses(
        (
            status = 200,
            body = Person,
            headers(("etag" = String, description = "Another one whenever they are saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, person)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<Person>>, Problem> {
    Ok(as_json(shown(&app, &project, &person).await?))
}

/// Add or change somebody
///
/// The body is one of `users` as the project file has it.
#[utoipa::path(
    put,
    path = "/projects/{project}/people/{person}",
    operation_id = "put_person",
    tag = "forms",
    params(("project" = String, Path), ("person" = String, Path), Conditions),
    request_body(content = Object, description = "One of `users`, as in the project file"),
    responses(
        (status = 200, body = Person, description = "Replaced"),
        (status = 201, body = Person, description = "Added"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, person)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_user(&person, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("person", &before.users, &person, id_of).is_err();
    save(&app, &caller, &project, Draft::User(draft), &expected).await?;
    Ok(saved(is_new, shown(&app, &project, &person).await?))
}

/// Take somebody out of the project
///
/// What is written about them stays, and so does their number, should they come back.
#[utoipa::path(
    delete,
    path = "/projects/{project}/people/{person}",
    operation_id = "delete_person",
    tag = "forms",
    params(("project" = String, Path), ("person" = String, Path), Conditions),
    responses((status = 204, description = "Taken out"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, person)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::User, &person, &expected).await
}
