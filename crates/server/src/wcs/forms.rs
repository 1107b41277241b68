//! Forms by the name that addresses have for them, whether the project asks them itself or not.

use std::sync::Arc;

use fieldpost_engine::FollowedForm;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::caller::{ActsFor, Caller, Proof};
use fieldpost_rules::wcs::reading::Kind;
use fieldpost_store::FormQuery;

use super::answer::Turned;
use super::{Asked, cards};

/// Forms of other origins that are listed.
const MOST_RECORDED: usize = 10_000;

/// The form of that name.
pub(super) async fn find(asked: &Asked, name: &str) -> Result<FollowedForm, Turned> {
    let found = asked.app.hub.followed_form(&asked.admitted.routing, name).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}

/// What the records of an address are of: the form of that name, or the kind of cards.
pub(super) async fn find_kind(
    asked: &Asked,
    kind: Kind,
    name: &str,
) -> Result<FollowedForm, Turned> {
    match kind {
        Kind::Form => find(asked, name).await,
        Kind::Card => cards::find(asked, name).await,
    }
}

/// The forms that the project does not ask itself.
pub(super) async fn recorded(asked: &Asked) -> Result<Vec<Arc<FormDefinition>>, Turned> {
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    let all = FormQuery::default();
    let mut recorded = Vec::new();
    for head in hub.store().forms(asked.project(), &all, None, MOST_RECORDED).await? {
        if routing.form_definition(&head.name).is_none() {
            recorded.push(hub.seen_form(routing, &head).await?.definition);
        }
    }
    Ok(recorded)
}

/// The roles that a form concerns: those that play a part in its lifecycle. A form without one concerns every
/// role of the project.
pub(super) fn concerned(asked: &Asked, form: &FollowedForm) -> Vec<String> {
    if !form.is_tracked {
        return asked.admitted.routing.roles().iter().map(|role| role.id.clone()).collect();
    }
    let functions = &form.definition.lifecycle.functions;
    functions.iter().filter_map(|function| function.role.clone()).collect()
}

/// Refuses who has proved nothing before anything is looked for: whether there is such a record is not theirs
/// to know.
pub(super) fn require_somebody(caller: &Caller<'_>) -> Result<(), Refusal> {
    match (&caller.acts_for, caller.proof) {
        (ActsFor::Itself, Proof::Nothing) => Err(Refusal::denied("User not authenticated.")),
        _ => Ok(()),
    }
}
