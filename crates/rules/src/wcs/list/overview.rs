//! Lists over all forms: `/api/forms/`, `/api/forms/geojson`, and those of one user.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::{Channel, Parent};
use fieldpost_model::progress_list::{DraftRule, Order, OrderKey, Pushdown, Whom};

use super::order::place;
use super::shown::ask_for_kind;
use super::{Predicate, page, search};
use crate::wcs::days::Calendar;
use crate::wcs::query::invalid_value;
use crate::wcs::reading::StatusReader;
use crate::wcs::{Parameters, Refusal};

/// How many rows a list over all forms has where nobody says how many.
const USUAL_LIMIT: u64 = 20;

/// What has to be known to read the query of a list over all forms.
#[derive(Clone, Copy)]
pub struct OverviewFacts<'a> {
    /// The forms.
    pub definitions: &'a [&'a FormDefinition],
    /// The caller: the roles, and the number of the user where the call acts for one.
    pub caller: &'a Whom,
    /// Whether it reads as one who runs the project.
    pub as_administrator: bool,
    /// Which statuses the caller sees.
    pub reader: &'a StatusReader,
    /// Finds a user by a name identifier.
    pub people: &'a dyn Fn(&str) -> Option<Whom>,
    /// The part of an address that a category is known by.
    pub category_slug: &'a dyn Fn(&str) -> String,
    /// Now, and where.
    pub calendar: Calendar,
}

impl std::fmt::Debug for OverviewFacts<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = formatter.debug_struct("OverviewFacts");
        told.field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// What a list over all forms is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// What a store decides.
    pub pushdown: Pushdown,
    /// What only the answers tell.
    pub predicate: Predicate,
    /// How many rows at most; `None` for all.
    pub limit: Option<u64>,
    /// How many rows are left out at the beginning.
    pub offset: u64,
    /// Whether the answer says where to go on.
    pub gives_cursor: bool,
    /// Whether each row says if the caller may open it.
    pub tells_readable: bool,
    /// Whether rows are whole documents.
    pub is_full: bool,
}

/// Reads the query of a list of all forms' records. What is found is in the order of time also where something
/// is searched for.
pub fn read_all(
    parameters: &Parameters,
    facts: &OverviewFacts<'_>,
    is_map: bool,
) -> Result<Overview, Refusal> {
    if !is_map && parameters.switch("full", false) {
        return Err(invalid_value("on", "full"));
    }
    let (mut pushdown, mut predicate) = (Pushdown::default(), Predicate::default());
    let ignores_roles = facts.as_administrator || parameters.switch("ignore-roles", false);
    let status = parameters.one("status")?.unwrap_or("waiting");
    let roles = || Whom { roles: facts.caller.roles.clone(), user: None };
    let visible = (!ignores_roles).then(roles);
    match status {
        "waiting" if ignores_roles => pushdown.standing = Some(StatusKind::Pending),
        "waiting" => pushdown.waiting_for = visible,
        "open" | "done" | "all" => {
            stand(status, facts, &mut pushdown, &mut predicate);
            pushdown.visible_to = visible;
        }
        _ => return Err(Refusal::invalid("Invalid status value.")),
    }
    let received = |name: &str| match parameters.one(name)?.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => facts.calendar.time(text).map(Some).ok_or_else(|| invalid_value(text, name)),
    };
    pushdown.received.from = received("start")?;
    pushdown.received.until = received("end")?;
    if let Some(name) = parameters.one("filter-user-uuid")?.filter(|name| !name.is_empty()) {
        let whom =
            if name == "__current__" { Some(facts.caller.clone()) } else { (facts.people)(name) };
        pushdown.user = whom.and_then(|whom| whom.user);
        pushdown.nothing |= pushdown.user.is_none();
    }
    if let Some(name) = parameters.one("submission_channel")?.filter(|name| !name.is_empty()) {
        pushdown.channel = Channel::from_name(name);
        pushdown.nothing |= pushdown.channel.is_none();
    }
    categories(parameters, facts, &mut pushdown);
    related(parameters, &mut pushdown);
    pushdown.with_anonymised = !is_map && parameters.switch("include-anonymised", false);
    pushdown.order = order(parameters)?;
    let cursor = parameters.one("cursor")?;
    if let Some(cursor) = cursor {
        pushdown.after = place(cursor, pushdown.order)?;
    }
    let (limit, offset) = page(parameters)?;
    Ok(Overview {
        pushdown,
        predicate: Predicate { search: search(parameters)?, ..predicate },
        limit: if is_map { limit } else { limit.or(Some(USUAL_LIMIT)) },
        offset,
        gives_cursor: cursor.is_some(),
        tells_readable: parameters.switch("ignore-roles", false),
        is_full: is_map && parameters.switch("full", false),
    })
}

/// Reads the query of a list of one user's records: `/api/user/forms`, `/api/user/drafts`,
/// `/api/users/<id>/forms`. The oldest comes first.
pub fn read_of_user(
    parameters: &Parameters,
    facts: &OverviewFacts<'_>,
    user: &Whom,
    only_drafts: bool,
) -> Result<Overview, Refusal> {
    let (mut pushdown, mut predicate) = (Pushdown::default(), Predicate::default());
    if parameters.switch("include-accessible", false) {
        pushdown.visible_to = Some(user.clone());
    } else {
        pushdown.user = user.user;
        pushdown.nothing = user.user.is_none();
    }
    let status = parameters.one("status")?.filter(|status| !status.is_empty()).unwrap_or("all");
    match status {
        "open" | "done" | "all" => stand(status, facts, &mut pushdown, &mut predicate),
        _ => return Err(Refusal::invalid("Invalid status parameter value.")),
    }
    pushdown.drafts = match (only_drafts, parameters.switch("include-drafts", false)) {
        (true, _) => DraftRule::Only,
        (false, true) => DraftRule::With,
        (false, false) => DraftRule::Without,
    };
    categories(parameters, facts, &mut pushdown);
    related(parameters, &mut pushdown);
    let descending = parameters.one("sort")? == Some("desc");
    pushdown.order = Order { by: OrderKey::ReceivedAt, descending };
    let cursor = parameters.one("cursor")?;
    if let Some(cursor) = cursor {
        pushdown.after = place(cursor, pushdown.order)?;
    }
    let (limit, offset) = page(parameters)?;
    Ok(Overview {
        pushdown,
        predicate,
        limit,
        offset,
        gives_cursor: cursor.is_some(),
        tells_readable: true,
        is_full: parameters.switch("full", false),
    })
}

impl Overview {
    /// Where the list goes on behind a record.
    pub fn cursor_behind(
        &self,
        form: &str,
        progress: &fieldpost_model::progress::Progress,
    ) -> String {
        super::order::cursor(self.pushdown.order, form, progress, None)
    }
}

/// Asks for what is open or done, as the caller is shown it.
fn stand(
    status: &str,
    facts: &OverviewFacts<'_>,
    pushdown: &mut Pushdown,
    predicate: &mut Predicate,
) {
    let kind = match status {
        "open" => StatusKind::Pending,
        "done" => StatusKind::Done,
        _ => return,
    };
    let definitions = facts.definitions.iter().copied();
    ask_for_kind(facts.reader, definitions, kind, (pushdown, predicate));
}

/// The forms of some categories; no record where none of them is there.
fn categories(parameters: &Parameters, facts: &OverviewFacts<'_>, pushdown: &mut Pushdown) {
    let slugs = parameters.list("category_slugs");
    if slugs.is_empty() {
        return;
    }
    let is_meant = |definition: &&&FormDefinition| {
        let slug = definition.category.as_deref().map(|category| (facts.category_slug)(category));
        slug.is_some_and(|slug| slugs.contains(&slug.as_str()))
    };
    let forms = facts.definitions.iter().filter(is_meant);
    pushdown.forms = forms.map(|definition| definition.name.clone()).collect();
    pushdown.nothing |= pushdown.forms.is_empty();
}

/// `related=formdef:<slug>:<id>`: what was made from a record. What does not say so is related to nothing.
fn related(parameters: &Parameters, pushdown: &mut Pushdown) {
    let Some(related) = parameters.all("related").last() else { return };
    let mut parts = related.splitn(3, ':');
    let is_kind = matches!(parts.next(), Some("formdef" | "carddef"));
    let form = parts.next().filter(|form| !form.is_empty());
    let number = parts.next().and_then(|id| id.parse().ok());
    pushdown.parent = form
        .zip(number)
        .filter(|_| is_kind)
        .map(|(form, number)| Parent { form: form.to_owned(), number });
    pushdown.nothing |= pushdown.parent.is_none();
}

fn order(parameters: &Parameters) -> Result<Order, Refusal> {
    let Some(wanted) = parameters.one("order_by")?.filter(|wanted| !wanted.is_empty()) else {
        return Ok(Order::default());
    };
    let (name, descending) = wanted.strip_prefix('-').map_or((wanted, false), |name| (name, true));
    let by = match name {
        "id" => OrderKey::Number,
        "receipt_time" => OrderKey::ReceivedAt,
        "last_update_time" => OrderKey::UpdatedAt,
        _ => return Err(invalid_value(wanted, "order_by")),
    };
    Ok(Order { by, descending })
}
