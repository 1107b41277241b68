//! People: whom a call acts for, who there is, and what of records is somebody's.
//!
//! Pages that show a person their own records ask for them before the person has ever been here; so what is refused
//! below `/api/user/forms` is refused with status 200.

use axum::response::Response;
use fieldpost_dialects::wcs::catalogue;
use fieldpost_engine::Person;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::caller::own_user;
use fieldpost_rules::wcs::reading::may_read_definitions;
use fieldpost_rules::wcs::search::Search;

use super::answer::{Turned, json};
use super::{Asked, overview};

/// People of one answer unless asked otherwise, and at most.
const USUAL: u64 = 20;
const MOST: u64 = 500;

/// `GET /api/user/`: whom the call acts for.
pub(super) fn me(asked: &Asked) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    let user = own_user(&caller)?;
    let number = asked.admitted.reference.as_ref().map_or(0, |reference| reference.number);
    Ok(json(&catalogue::user(user, number, &asked.site())))
}

/// `GET /api/user/forms`, `/api/user/drafts`: what is theirs.
pub(super) async fn mine(asked: &Asked, drafts: bool) -> Result<Response, Turned> {
    own_user(&asked.admitted.caller())?;
    let number = asked.admitted.reference.as_ref().map_or(0, |reference| reference.number);
    overview::of_user(asked, number, drafts, true).await
}

/// `GET /api/users/?q=…`: people.
pub(super) fn list(asked: &Asked) -> Result<Response, Turned> {
    may_know_people(asked)?;
    let parameters = &asked.admitted.parameters;
    let roles = parameters.list("roles");
    let search = parameters.one("q")?.and_then(Search::of);
    let limit = parameters.count("limit")?.unwrap_or(USUAL).min(MOST);
    let is_meant = |person: &&Person| {
        let user = &person.user;
        let has_role = roles.is_empty() || user.roles.iter().any(|role| roles.contains(&&**role));
        let texts = [Some(user.name.as_str()), user.email.as_deref()];
        let is_found =
            search.as_ref().is_none_or(|it| it.rank(texts.into_iter().flatten()).is_some());
        has_role && is_found
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = asked.admitted.routing.people().iter().filter(is_meant).take(limit);
    let found: Vec<_> = found.map(|person| (&person.user, person.number)).collect();
    Ok(json(&catalogue::users(&found)))
}

/// `GET /api/users/<id>/forms`: what is somebody's. Who calls for a user is told what that user may read.
pub(super) async fn forms_of(asked: &Asked, id: &str) -> Result<Response, Turned> {
    may_know_people(asked)?;
    let routing = &asked.admitted.routing;
    let by_number = id.parse().ok().and_then(|number| routing.person_by_number(number));
    let person = by_number.or_else(|| routing.person_by_name_id(id));
    let number = person.ok_or_else(Refusal::not_found)?.number;
    overview::of_user(asked, number, false, false).await
}

fn may_know_people(asked: &Asked) -> Result<(), Refusal> {
    let caller = asked.admitted.caller();
    caller.require_unrestricted()?;
    may_read_definitions(&caller)
}
