//! Keeping a step: one transaction for the progress and all that the step sets off.
//!
//! On PostgreSQL locks are taken in the order of those who accept: the project's version, the submission and
//! the project's feed of changes, the sequences of deliveries and runs; then rows. Under the lock of the feed
//! no other step of the project is kept, so that what is looked for (a tracking code that is taken) stays as
//! it is found until the transaction ends.

use std::collections::BTreeSet;

use fieldpost_model::progress::StoredFile;
use fieldpost_model::submission::Position;

use super::call_ends::add_call_ends;
use super::list::UNITS;
use super::problems::add_problems;
use super::read::folded_code;
use super::texts::{functions, lines};
use super::{ProgressStep, Stepped, codec};
use crate::arriving::Ordered;
use crate::changes::changes_lock;
use crate::erase::places;
use crate::error::StoreError;
use crate::filing::MOVED;
use crate::filing::keys::{lock_statement, submission_lock};
use crate::notices::add_notices;
use crate::payloads::add_payloads;
use crate::records::{NewDelivery, Signal};
use crate::replay::STALE;
use crate::statement::{Batch, Parameter, as_integer};
use crate::text::{storable, storable_key};
use crate::{Engine, Store};

/// The text of the conflict that a step runs into whose tracking code another submission has.
const TAKEN_CODE: &str = "another submission has this tracking code";
/// The text of the conflict that a step runs into whose natural id another submission has.
const TAKEN_NATURAL_ID: &str = "another submission of the form has this id";

impl Store {
    /// Keeps a step, if nothing that it was decided from has moved. After [`Stepped::Written`] all of it is
    /// committed and synced; after anything else, and where the process dies inside, nothing of it is there.
    ///
    /// A step that makes a submission anonymous for good takes with it the bytes of the messages that brought
    /// the submission, what they made for deliveries to carry, and what was sent of it: as retention does with
    /// bytes. What still waits is left, and goes by retention.
    pub async fn keep_step(&self, step: &ProgressStep) -> Result<Stepped, StoreError> {
        let rewriting = self.rewriting(step).await?;
        let mut batch = Batch::default();
        self.add_step_conditions(&mut batch, step);
        add_progress(&mut batch, step);
        add_told(&mut batch, step);
        add_problems(&mut batch, step);
        add_call_ends(&mut batch, step);
        self.add_set_off(&mut batch, step);
        add_files(&mut batch, step);
        self.add_rewritten(&mut batch, step, &rewriting);
        let told = match self.change(batch).await {
            Ok(_) => Stepped::Written { revision: step.expected + 1 },
            Err(StoreError::Conflict(conflict)) => match &*conflict {
                MOVED => Stepped::Moved,
                STALE => Stepped::Stale,
                TAKEN_CODE => Stepped::TakenCode,
                TAKEN_NATURAL_ID => Stepped::TakenNaturalId,
                _ => return Err(StoreError::Conflict(conflict)),
            },
            Err(error) => return Err(error),
        };
        if let Stepped::Written { .. } = told {
            self.tell_step(step);
        }
        Ok(told)
    }

    fn add_step_conditions(&self, batch: &mut Batch, step: &ProgressStep) {
        let project = &*step.project;
        self.require_version(batch, project, step.configuration_version);
        if let Engine::Postgres(_) = &self.engine {
            let keys = vec![submission_lock(project, step.submission), changes_lock(project)];
            let (sql, parameters) = lock_statement(keys);
            batch.any(sql, parameters);
        }
        let deliveries = step.all_deliveries().filter_map(Ordered::of);
        let sequences: BTreeSet<String> = deliveries.map(|ordered| ordered.sequence).collect();
        let sequences: Vec<String> = sequences.into_iter().collect();
        self.lock_sequences(batch, project, &sequences);
        self.lock_made_runs(batch, project, &step.runs);
        // The submission is as it was, and takes the next place in the feed.
        batch.one(
            MOVED,
            format!(
                "UPDATE submissions SET indexed_at = {}
                 WHERE project = $1 AND id = $2 AND version = $3",
                self.engine.next_place((self.clock)())
            ),
            vec![project.into(), step.submission.into(), step.expected_version.into()],
        );
        if let Some(code) = &step.progress.tracking_code {
            self.require_free(
                batch,
                TAKEN_CODE,
                "o.tracking_code = $3",
                vec![project.into(), step.submission.into(), folded_code(code).into()],
            );
        }
        if let Some(id) = &step.progress.natural_id {
            let id = storable_key(id.clone());
            let form = step.form.as_str();
            self.require_free(
                batch,
                TAKEN_NATURAL_ID,
                "o.natural_id = $3 AND o.form = $4",
                vec![project.into(), step.submission.into(), id.into(), form.into()],
            );
        }
    }

    /// Adds the condition that no other submission's progress is such.
    fn require_free(
        &self,
        batch: &mut Batch,
        conflict: &'static str,
        taken: &str,
        parameters: Vec<Parameter>,
    ) {
        let free = format!(
            "NOT EXISTS (SELECT 1 FROM progress o
                 WHERE o.project = $1 AND o.submission <> $2 AND {taken})"
        );
        let sql = match &self.engine {
            // Only what changes a row can look here.
            Engine::Sqlite(_) => format!(
                "UPDATE submissions SET version = version
                 WHERE project = $1 AND id = $2 AND {free}"
            ),
            Engine::Postgres(_) => {
                format!("SELECT id FROM submissions WHERE project = $1 AND id = $2 AND {free}")
            }
        };
        batch.one(conflict, sql, parameters);
    }

    /// Adds the calls, notices, deliveries and runs that the step sets off.
    fn add_set_off(&self, batch: &mut Batch, step: &ProgressStep) {
        let project = &*step.project;
        for call in &step.calls {
            add_payloads(batch, project, None, std::slice::from_ref(&call.payload));
            self.add_newest(batch, project, None, &call.delivery);
            batch.any(
                "INSERT INTO lifecycle_calls (project, delivery, submission, number)
                 VALUES ($1, $2, $3, $4)",
                vec![
                    project.into(),
                    call.delivery.id.into(),
                    step.submission.into(),
                    as_integer(call.number).into(),
                ],
            );
        }
        add_notices(batch, project, &step.notices, &self.now_sql());
        for notice in &step.notices {
            // By this they are erased with it.
            batch.any(
                "UPDATE notices SET submission = $3 WHERE project = $1 AND id = $2",
                vec![project.into(), notice.id.into(), step.submission.into()],
            );
        }
        add_payloads(batch, project, None, &step.payloads);
        for delivery in &step.deliveries {
            self.add_newest(batch, project, None, delivery);
        }
        self.add_runs(batch, project, None, &step.runs);
    }

    fn tell_step(&self, step: &ProgressStep) {
        self.signal(Signal::Submission {
            project: step.project.clone(),
            id: step.submission,
            form: step.form.clone(),
        });
        for delivery in step.all_deliveries() {
            self.told_made(&step.project, std::slice::from_ref(delivery));
        }
        self.told_runs_made(&step.project, &step.runs);
    }
}

impl ProgressStep {
    fn all_deliveries(&self) -> impl Iterator<Item = &NewDelivery> {
        self.calls.iter().map(|call| &call.delivery).chain(&self.deliveries)
    }
}

/// The columns that a step sets, but for the key and the revision.
const SET: [&str; 24] = [
    "form",
    "number",
    "uuid",
    "natural_id",
    "display_id",
    "digest",
    "status",
    "standing",
    "received_at",
    "updated_at",
    "arrived_at",
    "channel",
    "user_number",
    "agent_number",
    "parent_form",
    "parent_number",
    "criticality",
    "latitude",
    "longitude",
    "tracking_code",
    "functions",
    "acting",
    "concerned",
    "anonymised_at",
];

/// Adds the statements that write the progress, if it is still of the revision that was read.
fn add_progress(batch: &mut Batch, step: &ProgressStep) {
    let places: Vec<String> = (4..).take(SET.len()).map(|number| format!("${number}")).collect();
    let (due, expected) = (4 + SET.len(), 5 + SET.len());
    let key = || -> Vec<Parameter> { vec![(&*step.project).into(), step.submission.into()] };
    let mut parameters = key();
    parameters.push((step.expected + 1).into());
    parameters.extend(columns(step));
    parameters.push(Parameter::Integer(step.due_at.map(|due| due.0)));
    let sql = if step.expected == 0 {
        format!(
            "INSERT INTO progress (project, submission, revision, {}, due_at)
             VALUES ($1, $2, $3, {}, ${due}) ON CONFLICT (project, submission) DO NOTHING",
            SET.join(", "),
            places.join(", ")
        )
    } else {
        parameters.push(step.expected.into());
        let sets: Vec<String> =
            SET.iter().zip(&places).map(|(column, place)| format!("{column} = {place}")).collect();
        format!(
            "UPDATE progress SET revision = $3, {}, due_at = ${due}
             WHERE project = $1 AND submission = $2 AND revision = ${expected}",
            sets.join(", ")
        )
    };
    batch.one(MOVED, sql, parameters);
    let mut parameters = key();
    parameters.push(codec::write(&step.progress).into());
    batch.any(
        "INSERT INTO progress_bodies (project, submission, body) VALUES ($1, $2, $3)
         ON CONFLICT (project, submission) DO UPDATE SET body = excluded.body",
        parameters,
    );
}

/// The values of [`SET`].
fn columns(step: &ProgressStep) -> [Parameter; SET.len()] {
    let progress = &step.progress;
    let number = |user: Option<u64>| Parameter::Integer(user.map(as_integer));
    let parent = progress.origin.parent.as_ref();
    let place = progress.geolocation.as_ref().and_then(units);
    [
        step.form.as_str().into(),
        as_integer(progress.number).into(),
        progress.uuid.into(),
        progress.natural_id.clone().map(storable_key).into(),
        progress.display_id.as_str().into(),
        progress.digest.clone().into(),
        progress.status.clone().into(),
        step.standing.map(|standing| standing.name().to_owned()).into(),
        progress.received_at.into(),
        progress.updated_at.into(),
        progress.arrived_at.into(),
        progress.origin.channel.name().into(),
        number(progress.user.as_ref().map(|user| user.number)),
        number(progress.origin.agent.as_ref().map(|agent| agent.number)),
        parent.map(|parent| parent.form.clone()).into(),
        number(parent.map(|parent| parent.number)),
        i64::from(progress.criticality).into(),
        Parameter::Integer(place.map(|(latitude, _)| latitude)),
        Parameter::Integer(place.map(|(_, longitude)| longitude)),
        progress.tracking_code.as_deref().map(folded_code).into(),
        functions(&progress.functions).into(),
        lines(step.acting.iter().map(String::as_str)).into(),
        lines(step.concerned.iter().map(String::as_str)).into(),
        Parameter::Integer(progress.anonymised_at.map(|at| at.0)),
    ]
}

/// A place in the units of the columns; `None` where it is none on earth.
fn units(position: &Position) -> Option<(i64, i64)> {
    let units = |text: &str, most: f64| {
        let degrees: f64 = text.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "it is bounded")]
        (degrees.abs() <= most).then(|| (degrees * UNITS).round() as i64)
    };
    units(&position.latitude, 90.0).zip(units(&position.longitude, 180.0))
}

/// Adds the statements that forget what the lifecycle has been told.
fn add_told(batch: &mut Batch, step: &ProgressStep) {
    let project = || Parameter::from(&*step.project);
    if !step.told.is_empty() {
        let mut parameters = vec![project(), step.submission.into()];
        parameters.extend(step.told.iter().map(|version| Parameter::from(*version)));
        batch.any(
            format!(
                "DELETE FROM untold WHERE project = $1 AND submission = $2 AND version IN ({})",
                places(3, step.told.len())
            ),
            parameters,
        );
    }
    if let Some(delivery) = step.ended_call {
        batch.any(
            "DELETE FROM lifecycle_calls WHERE project = $1 AND delivery = $2",
            vec![project(), delivery.into()],
        );
    }
}

/// Adds the statements that write the files that what happened names.
fn add_files(batch: &mut Batch, step: &ProgressStep) {
    if let Some(kept) = &step.kept_step_files {
        let mut parameters = vec![(&*step.project).into(), step.submission.into()];
        parameters.extend(kept.iter().map(|sha256| Parameter::Bytes(sha256.to_vec())));
        let others = match kept.len() {
            0 => String::new(),
            count => format!("AND sha256 NOT IN ({})", places(3, count)),
        };
        batch.any(
            format!("DELETE FROM progress_files WHERE project = $1 AND submission = $2 {others}"),
            parameters,
        );
    }
    for StoredFile { name, content_type, bytes, sha256 } in &step.files {
        batch.any(
            "INSERT INTO progress_files (project, submission, sha256, name, content_type, bytes)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (project, submission, sha256) DO NOTHING",
            vec![
                (&*step.project).into(),
                step.submission.into(),
                Parameter::Bytes(sha256.to_vec()),
                storable(name.clone()).into(),
                content_type.as_str().into(),
                as_integer(*bytes).into(),
            ],
        );
    }
}
