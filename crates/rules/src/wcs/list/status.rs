//! `filter=`: by status.
//!
//! `pending`, `done`, `waiting`, `all`, or a status by its id or its name; with `in` and `not_in` several of them,
//! `|` between them. A status that the form does not have is one that no record is in. `waiting` cannot be
//! mixed with others: such a list is empty, as with w.c.s. For somebody who reads as one who runs the project
//! and is nobody in particular, everything waits that is pending. A status that is hidden from the caller is no
//! other than those that are shown in its place.

use fieldpost_model::lifecycle::{Status, StatusKind};
use fieldpost_model::progress_list::{Among, Pushdown, Whom};

use super::shown::{ask_for_kind, ask_for_statuses};
use super::{ListFacts, Predicate};
use crate::wcs::fields::Operator;
use crate::wcs::reading::Address;
use crate::wcs::{Parameters, Refusal};

pub(super) fn read(
    parameters: &Parameters,
    facts: &ListFacts<'_>,
    pushdown: &mut Pushdown,
    predicate: &mut Predicate,
) -> Result<(), Refusal> {
    let operator = operator(parameters)?;
    let usual = match facts.address {
        Address::Record | Address::List => "all",
        Address::Geojson | Address::Sheet | Address::Calendar => "waiting",
    };
    let wanted = parameters.one("filter")?.unwrap_or(usual);
    let is_list = matches!(operator, Operator::In | Operator::NotIn);
    let is_negative = matches!(operator, Operator::NotEqual | Operator::NotIn);
    let wanted: Vec<&str> = if is_list { wanted.split('|').collect() } else { vec![wanted] };
    if wanted.contains(&"all") {
        pushdown.nothing |= is_negative;
    } else if wanted.contains(&"waiting") {
        if is_list {
            pushdown.nothing = true;
        } else {
            waiting(facts, (pushdown, predicate), is_negative);
        }
    } else if let ([one], false) = (&wanted[..], is_negative)
        && let Some(standing) = StatusKind::from_name(one)
    {
        let both = (pushdown, predicate);
        ask_for_kind(facts.reader, [facts.definition], standing, both);
    } else {
        let statuses = wanted.iter().flat_map(|wanted| ids(facts, wanted)).collect();
        let wanted = if is_negative { Among::NotIn(statuses) } else { Among::In(statuses) };
        ask_for_statuses((facts.reader, facts.definition), wanted, (pushdown, predicate));
    }
    Ok(())
}

fn operator(parameters: &Parameters) -> Result<Operator, Refusal> {
    let name = parameters.one("filter-operator")?.filter(|name| !name.is_empty()).unwrap_or("eq");
    let known = [Operator::Equal, Operator::NotEqual, Operator::In, Operator::NotIn];
    let operator = known.into_iter().find(|operator| operator.name() == name);
    operator.ok_or_else(|| {
        Refusal::invalid(format!("Invalid operator \"{name}\" for \"filter-operator\"."))
    })
}

fn waiting(
    facts: &ListFacts<'_>,
    (pushdown, predicate): (&mut Pushdown, &mut Predicate),
    is_negative: bool,
) {
    let is_nobody = facts.caller.roles.is_empty() && facts.caller.user.is_none();
    if facts.reading.as_administrator && is_nobody {
        let standing = if is_negative { StatusKind::Done } else { StatusKind::Pending };
        ask_for_kind(facts.reader, [facts.definition], standing, (pushdown, predicate));
        return;
    }
    // Lists are read by those who handle records; whose a record is does not matter here.
    let whom = Whom { roles: facts.caller.roles.clone(), user: None };
    if is_negative {
        pushdown.not_waiting_for = Some(whom);
    } else {
        pushdown.waiting_for = Some(whom);
    }
}

/// The statuses that a word means.
fn ids(facts: &ListFacts<'_>, wanted: &str) -> Vec<String> {
    let statuses = &facts.definition.lifecycle.statuses;
    if let Some(kind) = StatusKind::from_name(wanted) {
        let of_kind = statuses.iter().filter(|status| status.kind() == kind);
        return of_kind.map(|status| status.id.clone()).collect();
    }
    let by = |test: fn(&Status, &str) -> bool| statuses.iter().find(|status| test(status, wanted));
    let found = by(|status, id| status.id == id).or_else(|| by(|status, name| status.name == name));
    vec![found.map_or_else(|| wanted.to_owned(), |status| status.id.clone())]
}
