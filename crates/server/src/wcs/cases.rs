//! Lists of cases: what of a list's query the store decides, and what is decided here.
//!
//! ```text
//!   Pushdown ──► CaseQuery ──► cases in the order of their changes ──► rows
//!            └─► what no query of cases says, row by row
//! ```
//!
//! The store lists cases in one order, that of their changes: so that is the order of their lists unless another is
//! asked for. Any other is made here of the narrow rows, up to as many as are ever ordered.

use std::cmp::Ordering;

use fieldpost_dialects::wcs::case;
use fieldpost_model::case::{Case, Closing};
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::Channel;
use fieldpost_model::progress_list::{DraftRule, ListPlace, Order, OrderKey, Pushdown};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::caller::Caller;
use fieldpost_rules::wcs::list::ListQuery;
use fieldpost_rules::wcs::{Parameters, Refusal};
use fieldpost_store::{
    CaseOrder, CasePage, CasePlace, CaseQuery, CaseTime, CaseTimeCondition, Comparison, ListedCase,
    ListedProgress, StoreError,
};

use super::Asked;
use super::case_records::changed_at;
use super::chosen::MOST_SORTED;
use super::rows::{AT_ONCE, place};

fn of_type(name: &str) -> CaseQuery {
    CaseQuery { case_type: Some(name.to_owned()), ..CaseQuery::default() }
}

/// Refuses to tell of one case without names: its id is what was asked for, and may follow from what can be guessed of
/// somebody.
pub(super) fn refuse_without_names(
    caller: &Caller<'_>,
    parameters: &Parameters,
) -> Result<(), Refusal> {
    if caller.is_anonymised_only() || parameters.has("anonymise") {
        let text = "Cards of cases are told without names in lists alone.";
        return Err(Refusal::denied(text));
    }
    Ok(())
}

/// The order of a list that asks for none. Cases are kept in that of their changes, and that of their numbers would tell
/// their ids. Whoever goes on by cursors reads the oldest change first: what changes between two pages moves behind the
/// last one and comes again, where it would be missed if it moved before the first.
pub(super) fn usual_order(parameters: &Parameters) -> Order {
    Order { by: OrderKey::UpdatedAt, descending: !parameters.has("cursor") }
}

/// Refuses to find cases by their numbers, and to go on behind one, where nobody is named: these follow from their ids.
pub(super) fn refuse_asking_for_ids(query: &ListQuery) -> Result<(), Refusal> {
    if !query.pushdown.numbers.is_empty() {
        return Err(Refusal::invalid("Invalid filter \"internal-id\"."));
    }
    if query.gives_cursor {
        let text = "There are no cursors in lists of cases without names: ask for an offset.";
        return Err(Refusal::invalid(text));
    }
    Ok(())
}

/// The next rows of a list, `limit` of them or more where there are so many; and whether these are all that are left.
pub(super) async fn list(
    asked: &Asked,
    wanted: &Pushdown,
    limit: usize,
) -> Result<(Vec<ListedProgress>, bool), StoreError> {
    let Some(query) = query(wanted) else { return Ok((Vec::new(), true)) };
    let is_native = wanted.order.by == OrderKey::UpdatedAt && wanted.identifiers.is_empty();
    if !is_native {
        return Ok((sorted(asked, wanted, &query).await?, true));
    }
    let order =
        if wanted.order.descending { CaseOrder::LastChanged } else { CaseOrder::FirstChanged };
    let mut after = wanted.after.as_ref().map(|place| behind(place, wanted.order.descending));
    let mut rows = Vec::new();
    loop {
        // However few are asked for: what a query of cases does not say is said by hardly one of them.
        let page = CasePage { order, after, limit: limit.max(AT_ONCE) };
        let found = asked.app.hub.store().list_cases(asked.project(), &query, &page).await?;
        rows.extend(found.found.iter().map(listed).filter(|row| holds(row, wanted)));
        if found.next.is_none() || rows.len() >= limit {
            return Ok((rows, found.next.is_none()));
        }
        after = found.next;
    }
}

/// Where cases go on behind a row. Cases that were there before each change had a place of its own can share one: there
/// the id says who is behind whom. A place that names no case is behind all that have it.
fn behind(place: &ListPlace, descending: bool) -> CasePlace {
    let behind_all = || if descending { String::new() } else { char::MAX.to_string() };
    let id = place.case_id.clone().unwrap_or_else(behind_all);
    CasePlace { indexed_at: Timestamp(place.key), id }
}

/// All rows that are meant, in an order that the store does not know.
async fn sorted(
    asked: &Asked,
    wanted: &Pushdown,
    query: &CaseQuery,
) -> Result<Vec<ListedProgress>, StoreError> {
    let mut rows = if wanted.identifiers.is_empty() {
        read_all(asked, wanted, query).await?
    } else {
        by_identifiers(asked, wanted, query).await?
    };
    let (by, descending) = (wanted.order.by, wanted.order.descending);
    let key = |row: &ListedProgress| {
        let place = place(row, by);
        (place.key, place.number)
    };
    let turned = |order: Ordering| if descending { order.reverse() } else { order };
    rows.sort_by(|one, other| turned(key(one).cmp(&key(other))));
    if let Some(after) = &wanted.after {
        let after = (after.key, after.number);
        rows.retain(|row| turned(key(row).cmp(&after)) == Ordering::Greater);
    }
    Ok(rows)
}

async fn read_all(
    asked: &Asked,
    wanted: &Pushdown,
    query: &CaseQuery,
) -> Result<Vec<ListedProgress>, StoreError> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = CasePage { order: CaseOrder::FirstChanged, after, limit: AT_ONCE };
        let found = asked.app.hub.store().list_cases(asked.project(), query, &page).await?;
        rows.extend(found.found.iter().map(listed).filter(|row| holds(row, wanted)));
        if rows.len() > MOST_SORTED {
            return Err(StoreError::Refused(format!(
                "more than {MOST_SORTED} cards match: they are read in the order of their changes \
                 alone, order_by=last_update_time"
            )));
        }
        after = found.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// The rows of cases that are named by their ids.
async fn by_identifiers(
    asked: &Asked,
    wanted: &Pushdown,
    query: &CaseQuery,
) -> Result<Vec<ListedProgress>, StoreError> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let ids: Vec<&str> = wanted.identifiers.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let found = store.cases(project, ids).await?;
        let changed = store.indexing_of_cases(project, ids).await?;
        let there = found
            .into_values()
            .map(|found| found.value)
            .filter(|case| !case.deleted && Some(&case.case_type) == query.case_type.as_ref());
        rows.extend(there.map(|case| row(&case, changed_at(&case, &changed))));
    }
    rows.retain(|row| holds(row, wanted));
    Ok(rows)
}

/// How many rows a list has; `None` where only reading them tells.
pub(super) async fn count(asked: &Asked, wanted: &Pushdown) -> Result<Option<u64>, StoreError> {
    let Some(query) = query(wanted) else { return Ok(Some(0)) };
    let is_plain = wanted.numbers.is_empty()
        && wanted.display_ids.is_empty()
        && wanted.identifiers.is_empty()
        && wanted.criticality.is_empty()
        && query.times.is_empty();
    if !is_plain {
        return Ok(None);
    }
    let store = asked.app.hub.store();
    store.count_cases(asked.project(), &query, CaseOrder::LastChanged).await
}

/// What the store is asked for; `None` where no case can be meant. A case waits for nobody, is nobody's that the
/// project knows, and came by the web.
fn query(wanted: &Pushdown) -> Option<CaseQuery> {
    let is_none = wanted.nothing
        || wanted.drafts == DraftRule::Only
        || wanted.waiting_for.is_some()
        || wanted.user.is_some()
        || wanted.agent.is_some()
        || wanted.plays.is_some()
        || wanted.parent.is_some()
        || wanted.channel.is_some_and(|channel| channel != Channel::Web);
    let statuses = [false, true].map(|is_closed| is_status_meant(wanted, is_closed));
    let is_closed = match statuses {
        _ if is_none => return None,
        [false, false] => return None,
        [true, true] => None,
        [_, is_closed] => Some(is_closed),
    };
    let time = |comparison, at: Option<Timestamp>| {
        at.map(|at| CaseTimeCondition { time: CaseTime::Opened, comparison, at })
    };
    let opened = [
        time(Comparison::AtLeast, wanted.received.from),
        time(Comparison::AtMost, wanted.received.until),
    ];
    Some(CaseQuery {
        is_closed,
        modified_since: wanted.updated.from,
        modified_until: wanted.updated.until.map(|until| Timestamp(until.0.saturating_add(1))),
        times: opened.into_iter().flatten().collect(),
        ..of_type(wanted.forms.first()?)
    })
}

fn is_status_meant(wanted: &Pushdown, is_closed: bool) -> bool {
    let standing = if is_closed { StatusKind::Done } else { StatusKind::Pending };
    let status = case::status(is_closed).to_owned();
    wanted.standing.is_none_or(|meant| meant == standing)
        && wanted.statuses.as_ref().is_none_or(|meant| meant.holds(&status))
}

/// Whether a row is meant, as far as no query of cases says it.
fn holds(row: &ListedProgress, wanted: &Pushdown) -> bool {
    let is_closed = row.standing == Some(StatusKind::Done);
    is_status_meant(wanted, is_closed)
        && wanted.received.holds(row.received_at)
        && wanted.updated.holds(row.updated_at)
        && wanted.numbers.iter().all(|test| test.holds(row.number))
        && wanted.criticality.iter().all(|test| test.holds(u64::from(row.criticality)))
        && (wanted.display_ids.is_empty() || wanted.display_ids.contains(&row.display_id))
}

/// A case as lists have it.
fn listed(found: &ListedCase) -> ListedProgress {
    let closing = found.closed_at.map(|at| Closing { at, by: found.closed_by.clone() });
    let case = Case {
        case_type: found.case_type.clone(),
        name: found.name.clone(),
        external_id: found.external_id.clone(),
        opened_at: found.opened_at,
        server_modified_at: found.server_modified_at,
        closing,
        ..Case::new(found.id.clone())
    };
    row(&case, found.indexed_at)
}

/// The row of a case: what its card shows without its properties.
fn row(case: &Case, changed_at: Timestamp) -> ListedProgress {
    let progress = case::progress(case, &FormDefinition::default(), changed_at);
    let standing = if case.is_closed() { StatusKind::Done } else { StatusKind::Pending };
    ListedProgress {
        submission: progress.uuid,
        form: case.case_type.clone(),
        number: progress.number,
        uuid: progress.uuid,
        natural_id: progress.natural_id,
        display_id: progress.display_id,
        digest: progress.digest,
        status: progress.status,
        standing: Some(standing),
        received_at: progress.received_at,
        updated_at: progress.updated_at,
        user: None,
        agent: None,
        criticality: progress.criticality,
        position: None,
        acting: Vec::new(),
        concerned: Vec::new(),
        anonymised_at: None,
        revision: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_behind_a_case_among_those_that_share_its_place() {
        let place = |case_id: Option<&str>| ListPlace {
            key: 5,
            form: "child".to_owned(),
            number: 1,
            case_id: case_id.map(str::to_owned),
        };
        for (case_id, descending, expected) in [
            (Some("b"), false, "b"),
            (Some("b"), true, "b"),
            (None, false, "\u{10ffff}"),
            (None, true, ""),
        ] {
            let behind = behind(&place(case_id), descending);
            assert_eq!((behind.indexed_at, &*behind.id), (Timestamp(5), expected));
        }
    }
}
