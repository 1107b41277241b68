//! What has changed since: `GET /api/forms/changes?since=<place>`, `/api/forms/<slug>/changes`, and the same of cards.
//!
//! Clients of w.c.s. find out what was deleted or made anonymous by reading whole lists and comparing. Here they are
//! told: each record stands there once, at its newest change, in the order of the changes; what is gone is a
//! tombstone with nothing but its `record`, the id that it has in this feed. Places are taken in the order of commits, so whoever goes on from
//! `since` misses nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use axum::response::Response;
use fieldpost_dialects::wcs::RecordsAt;
use fieldpost_engine::FollowedForm;
use fieldpost_model::json::Value;
use fieldpost_model::progress_list::{Among, NumberTest, Order, OrderKey, Pushdown, Whom};
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::reading::Reading;
use fieldpost_store::{Change, ChangeKind, StoredProgress, StoredSubmission};
use uuid::Uuid;

use super::answer::{Turned, json};
use super::{Asked, case_changes, cases, written};

/// Changes of one answer unless asked otherwise, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 500;
/// Changes of everything in the project that are looked through for one answer. The feed goes on behind them.
const MOST_LOOKED_AT: usize = 10_000;

/// What is told of one change.
pub(super) struct Told {
    pub(super) place: i64,
    pub(super) row: Value<'static>,
}

pub(super) async fn answer(
    asked: &Asked,
    form: Option<&FollowedForm>,
    reading: Reading,
) -> Result<Response, Turned> {
    let parameters = &asked.admitted.parameters;
    if asked.records == RecordsAt::Cases {
        cases::refuse_without_names(&asked.admitted.caller(), parameters)?;
    }
    let mut since =
        match parameters.one("since")?.filter(|text| !text.is_empty()) {
            None => 0,
            Some(text) => text.parse().ok().filter(|since| *since >= 0).ok_or_else(|| {
                Refusal::invalid(format!("Invalid value \"{text}\" for \"since\"."))
            })?,
        };
    let limit = parameters.count("limit")?.unwrap_or(USUAL).clamp(1, MOST);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut told: Vec<Value<'static>> = Vec::new();
    let (mut looked_at, mut are_more) = (0, true);
    while told.len() < limit && looked_at < MOST_LOOKED_AT {
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let changes = asked.app.hub.store().changes(asked.project(), since, most).await?;
        looked_at += changes.len();
        let end = changes.last().map(|last| last.sequence);
        let is_last = changes.len() < most;
        for one in describe(asked, form, reading, changes).await? {
            if told.len() == limit {
                break;
            }
            since = one.place;
            told.push(one.row);
        }
        if told.len() < limit {
            // All of these were told or are about something else.
            since = end.unwrap_or(since);
            are_more = !is_last;
            if is_last {
                break;
            }
        }
    }
    let next = are_more.then(|| written::linked(asked, &[("since", since.to_string())], &[]));
    Ok(json(&Value::object([
        ("err", Value::from(0_i64)),
        ("data", Value::Array(told)),
        ("since", Value::from(since.to_string())),
        ("next", next.map_or(Value::Null, Value::from)),
    ])))
}

/// Those of some changes that are of records which the caller may know of.
async fn describe(
    asked: &Asked,
    form: Option<&FollowedForm>,
    reading: Reading,
    changes: Vec<Change>,
) -> Result<Vec<Told>, Turned> {
    if let Some(kind) = form.filter(|_| asked.records == RecordsAt::Cases) {
        return Ok(case_changes::describe(asked, &kind.definition.name, changes).await?);
    }
    let (store, project) = (asked.app.hub.store(), asked.project());
    let of_records = changes.into_iter().filter(|it| it.kind == ChangeKind::Submission);
    let of_records: Vec<(Uuid, Change)> =
        of_records.filter_map(|it| Some((it.id.parse().ok()?, it))).collect();
    let there = of_records.iter().filter(|(_, change)| !change.is_tombstone);
    let ids: Vec<Uuid> = there.map(|(id, _)| *id).collect();
    let submissions = store.submissions_by_id(project, &ids).await?;
    let progress = store.progresses(project, &ids).await?;
    let listed = listed(asked, reading, &submissions).await?;
    let own = Own { asked, form, reading, listed };
    let told = of_records.iter().filter_map(|(id, change)| {
        let row = if change.is_tombstone {
            Some(Own::tombstone(*id, change))
        } else {
            own.change(*id, change, &submissions, &progress)
        };
        Some(Told { place: change.sequence, row: row? })
    });
    Ok(told.collect())
}

/// What is told to one caller.
struct Own<'a> {
    asked: &'a Asked,
    form: Option<&'a FollowedForm>,
    reading: Reading,
    /// The records that lists give the caller.
    listed: HashSet<Uuid>,
}

impl Own<'_> {
    /// Of what is gone nobody knows of which form it was; its id tells nobody anything who has it not.
    fn tombstone(id: Uuid, change: &Change) -> Value<'static> {
        Value::object([
            ("place", Value::from(change.sequence.to_string())),
            ("what", Value::from("deleted")),
            ("record", Value::from(id.to_string())),
            ("at", Value::from(change.at.to_string())),
        ])
    }

    fn change(
        &self,
        id: Uuid,
        change: &Change,
        submissions: &HashMap<Uuid, StoredSubmission>,
        progress: &HashMap<Uuid, StoredProgress>,
    ) -> Option<Value<'static>> {
        let submission = submissions.get(&id)?;
        let progress = progress.get(&id);
        let is_meant = self.form.is_none_or(|form| form.definition.name == submission.form);
        if !is_meant || !self.listed.contains(&id) {
            return None;
        }
        let way = progress.map(|stored| &stored.progress);
        let is_anonymised = way.is_some_and(|way| way.anonymised_at.is_some());
        let natural = way.and_then(|way| way.natural_id.clone());
        let natural = natural.filter(|_| !self.reading.anonymised);
        let uuid = way.map_or(id, |way| way.uuid);
        let number = submission.number.to_string();
        let record_id = natural.unwrap_or(number);
        let address = self.asked.site().record_address(&submission.form, &record_id);
        Some(Value::object([
            ("place", Value::from(change.sequence.to_string())),
            ("what", Value::from(if is_anonymised { "anonymised" } else { "changed" })),
            ("record", Value::from(id.to_string())),
            ("at", Value::from(change.at.to_string())),
            ("uuid", Value::from(uuid.to_string())),
            ("form", Value::from(submission.form.clone())),
            ("id", Value::from(record_id)),
            ("api_url", Value::from(address)),
        ]))
    }
}

/// Those of some submissions that a list gives this caller, by the same rights: the store decides, by what it keeps
/// beside them. What was made anonymous is among them, because that is a change to be told; what is not finished
/// concerns nobody but who fills it in.
async fn listed(
    asked: &Asked,
    reading: Reading,
    submissions: &HashMap<Uuid, StoredSubmission>,
) -> Result<HashSet<Uuid>, Turned> {
    let (store, routing) = (asked.app.hub.store(), &asked.admitted.routing);
    let roles = asked.admitted.caller().roles().to_vec();
    let visible_to = (!reading.as_administrator).then(|| Whom { roles: roles.clone(), user: None });
    let (mut found, mut by_form) = (HashSet::new(), BTreeMap::<&str, Vec<u64>>::new());
    for (id, submission) in submissions {
        if routing.form_definition(&submission.form).is_some() {
            by_form.entry(&submission.form).or_default().push(submission.number);
        } else if reading.as_administrator || !roles.is_empty() {
            // What is recorded concerns every role.
            found.insert(*id);
        }
    }
    for (form, numbers) in by_form {
        let most = numbers.len();
        let wanted = Pushdown {
            forms: vec![form.to_owned()],
            numbers: vec![NumberTest::Among(Among::In(numbers))],
            with_anonymised: true,
            visible_to: visible_to.clone(),
            order: Order { by: OrderKey::Number, descending: false },
            ..Pushdown::default()
        };
        let rows = store.list_progress(asked.project(), &wanted, most).await?;
        found.extend(rows.into_iter().map(|row| row.submission));
    }
    Ok(found)
}
