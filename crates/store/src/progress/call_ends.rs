//! How the calls of lifecycles ended, noted for whoever watches.
//!
//! A failed end is noted in the transaction of the step that was told of it, so that none passes unseen
//! whatever dies then; a good one only while there is trouble that it may end. Whoever watches reads the notes
//! in their order, and takes them away in the transaction that opens an incident for them, counts on, or ends it:
//! of several hubs one does.

use fieldpost_model::ProjectName;
use fieldpost_model::incident::{IncidentKind, IncidentState, Sample, Sighting};
use uuid::Uuid;

use super::ProgressStep;
use crate::Store;
use crate::error::StoreError;
use crate::incidents::{NewIncident, add_opened, failures as counted};
use crate::notices::NewNotice;
use crate::runs::NewRun;
use crate::statement::{Batch, Parameter, as_integer};
use crate::text::storable;

/// How a call ended that a step was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// The action that made it, as incidents name it.
    pub subject: String,
    /// What was seen of its failure; `None` where it went well.
    pub trouble: Option<Sighting>,
}

/// How a call ended, as it is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedCallEnd {
    /// The project.
    pub project: ProjectName,
    /// The submission whose call it was.
    pub submission: Uuid,
    /// The step that was told of it.
    pub revision: i64,
    /// Its place among those of the step.
    pub position: i64,
    /// How it ended.
    pub end: CallEnd,
}

/// What calls that ended make of the trouble with their action.
#[derive(Clone, Debug)]
pub enum CallChange<'c> {
    /// It begins, and people are told so.
    Opens {
        /// The incident.
        new: &'c NewIncident,
        /// What is told of it.
        notices: &'c [NewNotice],
        /// The runs that it sets off.
        runs: &'c [NewRun],
    },
    /// It goes on.
    Lasts {
        /// The incident.
        incident: Uuid,
        /// How many failed.
        failures: u64,
        /// What was seen last.
        last: Option<&'c Sighting>,
    },
    /// It stays as it is.
    Nothing,
}

/// Adds the statements that note how calls ended.
pub(super) fn add_call_ends(batch: &mut Batch, step: &ProgressStep) {
    for (position, CallEnd { subject, trouble }) in step.call_ends.iter().enumerate() {
        let mut parameters: Vec<Parameter> = vec![
            (&*step.project).into(),
            step.submission.into(),
            (step.expected + 1).into(),
            as_integer(position).into(),
            subject.as_str().into(),
        ];
        let Some(seen) = trouble else {
            parameters.push(step.progress.updated_at.into());
            parameters.push(IncidentKind::Call.name().into());
            batch.any(
                "INSERT INTO call_ends (project, submission, revision, position, subject, at, failed)
                 SELECT $1, $2, $3, $4, $5, $6, 0
                 WHERE EXISTS (SELECT 1 FROM incidents i WHERE i.project = $1 AND i.kind = $7
                         AND i.subject = $5 AND i.state = 'open')
                     OR EXISTS (SELECT 1 FROM call_ends c WHERE c.project = $1 AND c.subject = $5)",
                parameters,
            );
            continue;
        };
        let sample = seen.sample.as_ref();
        parameters.extend([
            seen.at.into(),
            seen.error.clone().map(storable).into(),
            Parameter::Integer(seen.status.map(i64::from)),
            seen.url.clone().map(storable).into(),
            sample.map(|sample| sample.delivery).into(),
            sample.and_then(|sample| sample.key.clone()).into(),
        ]);
        batch.any(
            "INSERT INTO call_ends (project, submission, revision, position, subject, at, failed, error,
                 status, url, delivery, key)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11)",
            parameters,
        );
    }
}

impl Store {
    /// How calls ended that nobody has looked at yet, in the order in which they did.
    pub async fn call_ends(&self, limit: usize) -> Result<Vec<NotedCallEnd>, StoreError> {
        let sql = "SELECT project, submission, revision, position, subject, at, failed, error, status, url,
                       delivery, key
                   FROM call_ends ORDER BY at, project, submission, revision, position LIMIT $1";
        self.query(sql.to_owned(), vec![as_integer(limit).into()], |row| {
            let sample = match row.optional_id(10)? {
                Some(delivery) => {
                    Some(Sample { delivery, message: None, key: row.optional_text(11)? })
                }
                None => None,
            };
            let seen = Sighting {
                at: row.time(5)?,
                error: row.optional_text(7)?,
                status: row.optional_integer(8)?.and_then(|status| u16::try_from(status).ok()),
                url: row.optional_text(9)?,
                sample,
            };
            Ok(NotedCallEnd {
                project: row.text(0)?.into(),
                submission: row.id(1)?,
                revision: row.integer(2)?,
                position: row.integer(3)?,
                end: CallEnd {
                    subject: row.text(4)?,
                    trouble: (row.integer(6)? != 0).then_some(seen),
                },
            })
        })
        .await
    }

    /// Takes away what was noted of the ends of one action's calls, with what they change about the trouble with
    /// it. The answer is whether it was this call that did so: where somebody else has taken one of them, or
    /// changed the incident, nothing is written.
    pub async fn settle_call_ends(
        &self,
        project: &str,
        ends: &[&NotedCallEnd],
        change: &CallChange<'_>,
    ) -> Result<bool, StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        let runs: &[NewRun] = match change {
            CallChange::Opens { runs, .. } => runs,
            CallChange::Lasts { .. } | CallChange::Nothing => &[],
        };
        self.lock_made_runs(&mut batch, project, runs);
        for end in ends {
            Self::once(
                &mut batch,
                // One that has lost its words since it was read must not bring them back.
                "DELETE FROM call_ends
                 WHERE project = $1 AND submission = $2 AND revision = $3 AND position = $4
                 AND COALESCE(error, '') = $5",
                vec![
                    project.into(),
                    end.submission.into(),
                    end.revision.into(),
                    end.position.into(),
                    error_of(end).into(),
                ],
            );
        }
        // What is told last goes with this one.
        let submission = ends.last().map(|end| end.submission);
        match change {
            CallChange::Opens { new, notices, .. } => {
                add_opened(&mut batch, project, new, submission, notices, &now);
                self.add_runs(&mut batch, project, None, runs);
            }
            CallChange::Lasts { incident, failures, last } => {
                // Where it is over meanwhile, the failure begins another: it is looked at again.
                let (sql, parameters) =
                    counted(project, *incident, (*failures, 0), *last, submission);
                Self::once(&mut batch, sql, parameters);
            }
            CallChange::Nothing => {}
        }
        let settled = self.change_unless_done(batch).await?;
        if let (true, CallChange::Opens { new, .. }) = (settled, change) {
            self.told_incident(project, new.id, IncidentState::Open);
            self.told_runs_of_trouble(settled, project, runs);
        }
        Ok(settled)
    }
}

/// The words of a failure, as they are noted.
fn error_of(noted: &NotedCallEnd) -> String {
    let seen = noted.end.trouble.as_ref();
    seen.and_then(|seen| seen.error.clone()).unwrap_or_default()
}
