//! Marks: up to which point in time a workflow's clock has made its runs.
//!
//! Of several hubs that see the same point one moves the mark, and makes the runs in the same transaction.
//! A mark belongs to a schedule: what another one has made says nothing about this one.

use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

use super::making::NewRun;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Parameter};

/// The text of the conflict of two hubs that see the same point in time.
const MOVED: &str = "another hub has made the runs of this point in time";

/// Finds a run of a workflow that waits or goes on.
pub(super) const IS_IN_QUEUE: &str =
    "SELECT 1 FROM run_queue WHERE project = $1 AND workflow = $2 LIMIT 1";

/// Up to which point in time a schedule has made its runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronMark {
    /// The schedule, in the words of whoever keeps it.
    pub schedule: String,
    /// The latest point that was looked at.
    pub at: Timestamp,
}

/// Whether a workflow that is defined so has a clock.
pub(crate) fn has_clock(definition: &str) -> bool {
    Value::parse(definition.as_bytes())
        .is_ok_and(|definition| definition.path(&["trigger", "cron"]).is_some())
}

/// Adds the statement that forgets the mark of a workflow that has no clock any more: one of that name that
/// has one again begins anew, and makes no runs for the time in which there was none.
pub(crate) fn add_forget_mark(batch: &mut Batch, project: &str, workflow: &str) {
    batch.any(
        "DELETE FROM cron_marks WHERE project = $1 AND workflow = $2",
        vec![project.into(), workflow.into()],
    );
}

impl Store {
    /// The marks of a project, by workflow.
    pub async fn cron_marks(&self, project: &str) -> Result<Vec<(String, CronMark)>, StoreError> {
        let sql =
            "SELECT workflow, schedule, at FROM cron_marks WHERE project = $1 ORDER BY workflow";
        self.query(sql.to_owned(), vec![project.into()], |row| {
            Ok((row.text(0)?, CronMark { schedule: row.text(1)?, at: row.time(2)? }))
        })
        .await
    }

    /// Moves the mark of a workflow from where it was seen, and keeps the runs that this calls for. The answer
    /// is whether it was this call that moved it; otherwise nothing was written.
    pub async fn move_cron_mark(
        &self,
        project: &ProjectName,
        workflow: &str,
        seen: Option<&CronMark>,
        to: &CronMark,
        mut runs: Vec<NewRun>,
    ) -> Result<bool, StoreError> {
        runs.iter_mut().for_each(NewRun::make_storable);
        let mut batch = Batch::default();
        self.lock_made_runs(&mut batch, project, &runs);
        let mut parameters = vec![
            Parameter::from(&**project),
            workflow.into(),
            to.schedule.as_str().into(),
            to.at.into(),
        ];
        let sql = if let Some(seen) = seen {
            parameters.extend([seen.schedule.as_str().into(), seen.at.into()]);
            "UPDATE cron_marks SET schedule = $3, at = $4
             WHERE project = $1 AND workflow = $2 AND schedule = $5 AND at = $6"
        } else {
            // A hub that has not heard yet that the workflow is gone leaves no mark behind.
            "INSERT INTO cron_marks (project, workflow, schedule, at)
             SELECT d.project, d.name, $3, $4 FROM definitions d
             WHERE d.project = $1 AND d.kind = 'workflow' AND d.name = $2
             ON CONFLICT (project, workflow) DO NOTHING"
        };
        batch.one(MOVED, sql, parameters);
        self.add_runs(&mut batch, project, None, &runs);
        match self.change(batch).await {
            Err(StoreError::Conflict(conflict)) if conflict == MOVED => Ok(false),
            done => {
                done?;
                self.told_runs_made(project, &runs);
                Ok(true)
            }
        }
    }

    /// Whether a run of a workflow waits or goes on.
    pub async fn is_run_in_queue(&self, project: &str, workflow: &str) -> Result<bool, StoreError> {
        let parameters = vec![project.into(), workflow.into()];
        Ok(!self.query(IS_IN_QUEUE.to_owned(), parameters, |_| Ok(())).await?.is_empty())
    }
}
