//! What has changed since: `GET /api/forms/changes?since=<place>`, `/api/forms/<slug>/changes`.
//!
//! Clients of w.c.s. find out what was deleted or made anonymous by reading whole lists and comparing. Here they are
//! told: each record stands there once, at its newest change, in the order of the changes; what is gone is a
//! tombstone with nothing but its `record`, the id that it has in this feed. Places are taken in the order of commits, so whoever goes on from
//! `since` misses nothing.

use std::collections::HashMap;

use axum::response::Response;
use fieldpost_engine::FollowedForm;
use fieldpost_model::json::Value;
use fieldpost_rules::wcs::Refusal;
use fieldpost_rules::wcs::reading::Reading;
use fieldpost_store::{Change, ChangeKind, StoredProgress, StoredSubmission};
use uuid::Uuid;

use super::answer::{Turned, json};
use super::{Asked, written};

/// Changes of one answer unless asked otherwise, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 500;
/// Changes of everything in the project that are looked through for one answer. The feed goes on behind them.
const MOST_LOOKED_AT: usize = 10_000;

/// What is told of one change.
struct Told {
    place: i64,
    row: Value<'static>,
}

pub(super) async fn answer(
    asked: &Asked,
    form: Option<&FollowedForm>,
    reading: Reading,
) -> Result<Response, Turned> {
    let parameters = &asked.admitted.parameters;
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
    let (store, project) = (asked.app.hub.store(), asked.project());
    let of_records = changes.into_iter().filter(|it| it.kind == ChangeKind::Submission);
    let of_records: Vec<(Uuid, Change)> =
        of_records.filter_map(|it| Some((it.id.parse().ok()?, it))).collect();
    let there = of_records.iter().filter(|(_, change)| !change.is_tombstone);
    let ids: Vec<Uuid> = there.map(|(id, _)| *id).collect();
    let submissions = store.submissions_by_id(project, &ids).await?;
    let progress = store.progresses(project, &ids).await?;
    let own = Own { asked, form, reading, roles: asked.admitted.caller().roles().to_vec() };
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
    roles: Vec<String>,
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
        if !is_meant || !self.may_know(submission, progress) {
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

    /// Whether the record concerns the caller. What is not finished concerns nobody but who fills it in.
    fn may_know(&self, submission: &StoredSubmission, progress: Option<&StoredProgress>) -> bool {
        let routing = &self.asked.admitted.routing;
        let Some(definition) = routing.form_definition(&submission.form) else {
            return self.reading.as_administrator || !self.roles.is_empty();
        };
        let Some(stored) = progress.filter(|stored| !stored.progress.is_draft()) else {
            return false;
        };
        if self.reading.as_administrator {
            return true;
        }
        let own = &stored.progress.functions;
        let bound = definition.lifecycle.functions.iter().flat_map(|function| {
            match own.iter().find(|(name, _)| *name == function.id) {
                Some((_, roles)) => roles.clone(),
                None => function.role.iter().cloned().collect(),
            }
        });
        bound.into_iter().any(|role| self.roles.contains(&role))
    }
}
