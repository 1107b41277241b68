//! Cards: what w.c.s. keeps as reference, with the addresses of forms below `/api/cards/`.
//!
//! A form of the project can be used as a kind of cards: its submissions are the cards. So can every type of cases:
//! each case is one, see [`cases`]. A form goes before cases of the same name.

use fieldpost_engine::FollowedForm;
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::StoreError;

use super::answer::Turned;
use super::{Asked, cases};

/// Kinds of cases that are listed.
const MOST_KINDS: usize = 1_000;

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
        cases::kind(asked, name).await?
    };
    Ok(found.ok_or_else(Refusal::not_found)?)
}
