//! Cards: what w.c.s. keeps as reference, with the addresses of forms below `/api/cards/`.
//!
//! A form of the project can be used as a kind of cards: its submissions are the cards. So can every type of cases:
//! each case is one, see [`case_records`]. A form goes before cases of the same name.

use fieldpost_dialects::is_element_name;
use fieldpost_engine::FollowedForm;
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::StoreError;

use super::answer::Turned;
use super::{Asked, case_records};

/// Kinds of cases that are listed.
const MOST_KINDS: usize = 1_000;
/// The longest name of a kind that an import makes.
const MOST_NAME_BYTES: usize = 255;

/// The kinds of cards that there are, by name, each with its title.
pub(super) async fn kinds(asked: &Asked) -> Result<Vec<(String, String)>, StoreError> {
    let routing = &asked.admitted.routing;
    let definitions = routing.form_definitions().iter();
    let mut kinds: Vec<(String, String)> =
        definitions.map(|it| (it.name.clone(), it.title.clone())).collect();
    let types = asked.app.hub.store().case_types(asked.project(), MOST_KINDS).await?;
    let types = types.into_iter().filter(|name| routing.form_definition(name).is_none());
    kinds.extend(types.map(|name| (name.clone(), name)));
    Ok(kinds)
}

/// The kind of that name: a form of the project, else the cases of that type.
pub(super) async fn find(asked: &Asked, name: &str) -> Result<FollowedForm, Turned> {
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let found = if routing.form_definition(name).is_some() {
        hub.followed_form(routing, name).await?
    } else {
        case_records::kind(asked, name).await?
    };
    Ok(found.ok_or_else(|| no_kind(name))?)
}

/// The kind of that name, where there is one or an import can make it: a type of cases is one with its first case.
pub(super) async fn find_or_new(asked: &Asked, name: &str) -> Result<FollowedForm, Turned> {
    if asked.admitted.routing.form_definition(name).is_some() {
        return find(asked, name).await;
    }
    if is_element_name(name) && name.len() <= MOST_NAME_BYTES {
        return Ok(case_records::known_kind(asked, name).await?);
    }
    find(asked, name).await
}

/// There is no such kind, and how one comes to be.
fn no_kind(name: &str) -> Refusal {
    let text = format!(
        "There are no cards of the kind \"{name}\". A form of the project is a kind of cards; any other one is a type \
         of cases, which is there from its first case on: PUT /api/cards/<slug>/import-csv or import-json makes it, a \
         form of a phone, or the API of cases."
    );
    Refusal { description: text, ..Refusal::not_found() }
}
