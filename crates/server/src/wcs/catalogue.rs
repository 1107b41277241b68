//! What there is: forms, categories, roles, kinds of cards.
//!
//! Forms that are open to everybody are shown to everybody. Those for some people are shown to them, and to
//! whoever signs without naming anybody. Forms that the hub does not ask itself, such as those of KoboToolbox,
//! are shown to who signs and asks for them: `include-recorded=on`. A portal puts what is listed on a page for
//! everybody, and has nothing to fill in for those. Roles are told with their mail addresses to who signs and who
//! has roles, and with their names alone to everybody else.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use fieldpost_dialects::wcs::Site;
use fieldpost_dialects::wcs::catalogue::{self, FormFacts};
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::Who;
use fieldpost_model::person::Role;
use fieldpost_model::progress_list::{Pushdown, Span};
use fieldpost_rules::wcs::caller::{ActsFor, Caller, Proof};
use fieldpost_rules::wcs::reading::{Kind, may_read_definitions};
use fieldpost_rules::wcs::search::Search;
use fieldpost_rules::wcs::{Parameters, Refusal};

use super::answer::{Turned, json};
use super::{Asked, cards, forms};

/// The spans that how much a form is in use is counted over.
const DAYS: [u64; 3] = [2, 8, 30];

/// `GET /api/formdefs/`.
pub(super) async fn forms(asked: &Asked) -> Result<Response, Turned> {
    let parameters = &asked.admitted.parameters;
    let caller = asked.admitted.caller();
    let for_others = parameters.switch("backoffice-submission", false);
    let mut shown = Vec::new();
    for definition in listed(asked, &caller).await? {
        let may_for_others =
            caller.has_one_of(definition.submission_roles.iter().map(String::as_str));
        if for_others && !may_for_others {
            continue;
        }
        let mut facts =
            FormFacts { count: None, has_backoffice_submission: for_others && may_for_others };
        if parameters.switch("include-count", false) {
            facts.count = Some(count(asked, &definition).await?);
        }
        shown.push((definition, facts));
    }
    let shown: Vec<_> = shown.iter().map(|(definition, facts)| (&**definition, *facts)).collect();
    let roles = told_roles(asked, &caller);
    Ok(json(&catalogue::forms(&shown, &Site { roles: &roles, ..asked.site() })))
}

/// `GET /api/formdefs/<slug>/schema`, `/api/cards/<slug>/@schema`.
pub(super) async fn schema(asked: &Asked, kind: Kind, form: &str) -> Result<Response, Turned> {
    may_read_definitions(&asked.admitted.caller())?;
    let definition = forms::find_kind(asked, kind, form).await?.definition;
    let with_ids = asked.admitted.parameters.switch("include-id", false);
    let roles = asked.admitted.routing.roles();
    Ok(json(&fieldpost_dialects::wcs::schema::write(&definition, roles, with_ids)))
}

/// `GET /api/categories/`.
pub(super) async fn categories(asked: &Asked) -> Result<Response, Turned> {
    let is_full = asked.admitted.parameters.switch("full", false);
    let caller = asked.admitted.caller();
    let listed = listed(asked, &caller).await?;
    let listed: Vec<&FormDefinition> = listed.iter().map(|it| &**it).collect();
    let roles = told_roles(asked, &caller);
    let site = Site { roles: &roles, ..asked.site() };
    Ok(json(&catalogue::categories(&listed, is_full, &site)))
}

/// `GET /api/categories/<slug>/formdefs/`.
pub(super) async fn category(asked: &Asked, slug: &str) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    let listed = listed(asked, &caller).await?;
    let listed: Vec<&FormDefinition> = listed.iter().map(|it| &**it).collect();
    let roles = told_roles(asked, &caller);
    let site = Site { roles: &roles, ..asked.site() };
    let found = catalogue::category_forms(&listed, slug, &site);
    Ok(json(&found.ok_or_else(Refusal::not_found)?))
}

/// `GET /api/roles`.
pub(super) fn roles(asked: &Asked) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    may_read_definitions(&caller)?;
    Ok(json(&catalogue::roles(&told_roles(asked, &caller))))
}

/// The roles of the project, as far as they are told to a caller.
fn told_roles<'a>(asked: &'a Asked, caller: &Caller<'_>) -> Cow<'a, [Role]> {
    let roles = asked.admitted.routing.roles();
    if caller.may_know_addresses() {
        return Cow::Borrowed(roles);
    }
    let named =
        |role: &Role| Role { id: role.id.clone(), name: role.name.clone(), ..Role::default() };
    Cow::Owned(roles.iter().map(named).collect())
}

/// `GET /api/cards/@list`.
pub(super) async fn card_kinds(asked: &Asked) -> Result<Response, Turned> {
    may_read_definitions(&asked.admitted.caller())?;
    let kinds = cards::kinds(asked).await?;
    let kinds: Vec<(&str, &str)> =
        kinds.iter().map(|(name, title)| (name.as_str(), title.as_str())).collect();
    Ok(json(&catalogue::card_kinds(&kinds, &asked.site())))
}

/// The forms that a caller is shown, as the parameters narrow them down.
async fn listed(asked: &Asked, caller: &Caller<'_>) -> Result<Vec<Arc<FormDefinition>>, Turned> {
    let parameters = &asked.admitted.parameters;
    let is_trusted = may_read_definitions(caller).is_ok();
    let with_disabled = is_trusted && parameters.switch("include-disabled", false);
    let mut all: Vec<Arc<FormDefinition>> = asked.admitted.routing.form_definitions().to_vec();
    if is_trusted && parameters.switch("include-recorded", false) {
        all.extend(forms::recorded(asked).await?);
    }
    all.retain(|form| (with_disabled || !form.disabled) && is_shown(form, caller));
    narrow(&mut all, parameters)?;
    Ok(all)
}

/// Whether a form is shown to a caller: who may fill it in is shown it, and who asks for nobody in particular.
fn is_shown(form: &FormDefinition, caller: &Caller<'_>) -> bool {
    let may_for_others = caller.has_one_of(form.submission_roles.iter().map(String::as_str));
    let asks_for_nobody =
        caller.acts_for == ActsFor::Itself && matches!(caller.proof, Proof::Signature(_));
    let is_open = form.submitters.is_empty()
        || form.submitters.iter().any(|who| match who {
            Who::Anyone => true,
            Who::LoggedIn => caller.user().is_some(),
            Who::Role(role) => caller.has_one_of([role.as_str()]),
            Who::Function(_) | Who::Submitter | Who::SignedCalls => false,
        });
    is_open || may_for_others || asks_for_nobody || caller.is_administrator()
}

fn narrow(all: &mut Vec<Arc<FormDefinition>>, parameters: &Parameters) -> Result<(), Refusal> {
    let slugs = parameters.list("category_slugs");
    if !slugs.is_empty() {
        all.retain(|form| {
            let slug = form.category.as_deref().map(catalogue::category_slug);
            slug.is_some_and(|slug| slugs.contains(&slug.as_str()))
        });
    }
    if let Some(search) = parameters.one("q")?.and_then(Search::of) {
        let texts = |form: &FormDefinition| {
            let mut texts = vec![form.title.clone(), form.description.clone()];
            texts.extend(form.keywords.iter().cloned());
            texts
        };
        all.retain(|form| search.rank(texts(form).iter().map(String::as_str)).is_some());
    }
    Ok(())
}

/// How much a form is in use.
async fn count(asked: &Asked, definition: &FormDefinition) -> Result<u64, Turned> {
    let now = asked.app.hub.now();
    let mut counts = [0; DAYS.len()];
    for (count, days) in counts.iter_mut().zip(DAYS) {
        let since = now - Duration::from_hours(24 * days);
        let wanted = Pushdown {
            forms: vec![definition.name.clone()],
            with_anonymised: true,
            received: Span { from: Some(since), until: None },
            ..Pushdown::default()
        };
        let store = asked.app.hub.store();
        *count = if asked.admitted.routing.form_definition(&definition.name).is_some() {
            store.count_progress(asked.project(), &wanted).await?
        } else {
            store.count_recorded(asked.project(), &wanted).await?
        };
    }
    let [two, eight, thirty] = counts;
    Ok(catalogue::popularity(two, eight, thirty))
}

#[cfg(test)]
mod tests {
    use fieldpost_model::connection::SigningAlgorithm;
    use fieldpost_model::project::{ApiAccess, NonceRule};
    use fieldpost_model::secret::Secret;

    use super::*;

    fn form(submitters: &[Who], submission_roles: &[&str]) -> FormDefinition {
        FormDefinition {
            submitters: submitters.to_vec(),
            submission_roles: submission_roles.iter().map(|&role| role.to_owned()).collect(),
            ..FormDefinition::default()
        }
    }

    #[test]
    fn a_form_is_shown_to_those_who_may_fill_it_in() {
        let key = ApiAccess {
            name: "partner".to_owned(),
            secret: Secret::new("s3cret"),
            algorithms: vec![SigningAlgorithm::Sha256],
            roles: Vec::new(),
            anonymised_only: false,
            nonce: NonceRule::Required,
        };
        let nobody = Caller { proof: Proof::Nothing, acts_for: ActsFor::Itself };
        let signed = Caller { proof: Proof::Signature(&key), acts_for: ActsFor::Itself };
        let unknown = Caller { proof: Proof::Signature(&key), acts_for: ActsFor::Unknown };
        let agents = ActsFor::Roles(vec!["agents".to_owned()]);
        let agents = Caller { proof: Proof::Basic(&key), acts_for: agents };
        let agent = Who::Role("agents".to_owned());
        for (submitters, submission_roles, expected) in [
            (vec![], vec![], [true, true, true, true]),
            (vec![Who::Anyone], vec![], [true, true, true, true]),
            (vec![agent], vec![], [false, true, false, true]),
            (vec![Who::LoggedIn], vec![], [false, true, false, false]),
            (vec![Who::LoggedIn], vec!["agents"], [false, true, false, true]),
        ] {
            let form = form(&submitters, &submission_roles);
            let shown = [&nobody, &signed, &unknown, &agents].map(|it| is_shown(&form, it));
            assert_eq!(shown, expected, "{submitters:?} {submission_roles:?}");
        }
    }
}
