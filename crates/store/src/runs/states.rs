//! The steps of a run, their states, and the log.

use bytes::Bytes;
use fieldpost_model::names;
use fieldpost_model::run::{RunOrigin, RunStep, StepState};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::erase::BY_WORKFLOW;
use super::list::IndexedBy;
use super::records::RunLogLine;
use crate::Store;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::statement::{Batch, Row, as_integer, length};

names! {
    /// Which state of a step.
    pub enum StateSide {
        /// What went in.
        Input = "input",
        /// What came out.
        Output = "output",
    }
}

/// Drops the states of the run `$2` of the project `$1`.
pub(crate) const DROP_STATES: &[&str] = &[
    "UPDATE run_steps SET input = NULL, output = NULL
     WHERE project = $1 AND run = $2 AND (input IS NOT NULL OR output IS NOT NULL)",
    "DELETE FROM run_states WHERE project = $1 AND run = $2",
];

/// The columns that [`read_step`] reads.
const STEP_COLUMNS: &str = "number, step, name_in_state, after_number, state, attempt, started_at, finished_at, input_bytes, \
     output_bytes, error, log_lines";

/// Finds what runs have left for senders who wait no more.
pub(super) fn old_answers_sql(indexed_by: IndexedBy<'_>) -> String {
    format!(
        "SELECT run FROM run_states {} WHERE project = $1 AND kind = 'answer' AND run < $2
         ORDER BY run LIMIT $3",
        indexed_by(Some("run_answers"))
    )
}

/// How many runs are looked through for what a step has left last: those before them have nothing to do with
/// the clock any more.
const GOOD_RUNS: usize = 100;

/// Finds the newest runs of a workflow that ended well, so many at most.
pub(super) fn last_good_sql(indexed_by: IndexedBy<'_>, limit: usize) -> String {
    format!(
        "SELECT id, origin FROM runs {} WHERE project = $1 AND workflow = $2 AND state = 'success'
         ORDER BY id DESC LIMIT {limit}",
        indexed_by(Some(BY_WORKFLOW))
    )
}

impl Store {
    /// The executions of the steps of a run, in the order in which they began.
    pub async fn run_steps(&self, project: &str, run: Uuid) -> Result<Vec<RunStep>, StoreError> {
        let sql = format!(
            "SELECT {STEP_COLUMNS} FROM run_steps WHERE project = $1 AND run = $2 ORDER BY number"
        );
        self.query(sql, vec![project.into(), run.into()], read_step).await
    }

    /// A state of one execution of a step; `None` where it is not kept, and for the input of a first step that
    /// is made of what set the run off.
    pub async fn step_state(
        &self,
        project: &str,
        run: Uuid,
        number: u32,
        side: StateSide,
    ) -> Result<Option<Bytes>, StoreError> {
        let sql = match side {
            StateSide::Output => {
                "SELECT output FROM run_steps WHERE project = $1 AND run = $2 AND number = $3"
            }
            // What the step before has left lies there only, and so does what the run was given.
            StateSide::Input => {
                "SELECT CASE WHEN s.input IS NOT NULL THEN s.input WHEN s.after_number IS NULL THEN (
                     SELECT g.bytes FROM run_states g
                     WHERE g.project = s.project AND g.run = s.run AND g.kind = 'given')
                 ELSE (
                     SELECT b.output FROM run_steps b WHERE b.project = s.project AND b.run = s.run
                     AND b.number = s.after_number) END
                 FROM run_steps s WHERE s.project = $1 AND s.run = $2 AND s.number = $3"
            }
        };
        let parameters = vec![project.into(), run.into(), i64::from(number).into()];
        let found = self.query(sql.to_owned(), parameters, |row| row.optional_bytes(0)).await?;
        Ok(found.into_iter().flatten().next().map(Into::into))
    }

    /// The state that a run was given to begin with; `None` where it was given none, or it is not kept.
    pub async fn given_state(&self, project: &str, run: Uuid) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT bytes FROM run_states WHERE project = $1 AND run = $2 AND kind = 'given'";
        let found =
            self.query(sql.to_owned(), vec![project.into(), run.into()], |row| row.bytes(0));
        Ok(found.await?.into_iter().next().map(Into::into))
    }

    /// What a run has left; `None` where it has not ended, or that is not kept.
    pub async fn final_state(&self, project: &str, run: Uuid) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT coalesce(
                       (SELECT s.bytes FROM run_states s
                        WHERE s.project = r.project AND s.run = r.id AND s.kind = 'final'),
                       (SELECT s.output FROM run_steps s
                        WHERE s.project = r.project AND s.run = r.id AND s.number = r.final_step))
                   FROM runs r WHERE r.project = $1 AND r.id = $2";
        let found = self
            .query(sql.to_owned(), vec![project.into(), run.into()], |row| row.optional_bytes(0));
        Ok(found.await?.into_iter().flatten().next().map(Into::into))
    }

    /// What a run that keeps nothing has left for the sender who waits; `None` where there is no such thing.
    pub async fn run_answer(&self, project: &str, run: Uuid) -> Result<Option<Bytes>, StoreError> {
        let sql =
            "SELECT bytes FROM run_states WHERE project = $1 AND run = $2 AND kind = 'answer'";
        let found =
            self.query(sql.to_owned(), vec![project.into(), run.into()], |row| row.bytes(0));
        Ok(found.await?.into_iter().next().map(Into::into))
    }

    /// Drops what a run has left for the sender, who has it.
    pub async fn drop_run_answer(&self, project: &str, run: Uuid) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            "DELETE FROM run_states WHERE project = $1 AND run = $2 AND kind = 'answer'",
            vec![project.into(), run.into()],
        );
        self.change(batch).await.map(drop)
    }

    /// Drops what runs that were made before then have left for their senders, so many at most: nobody waits
    /// for it any more. The answer is how many.
    pub async fn drop_run_answers(
        &self,
        project: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let sql = old_answers_sql(&|index| self.engine.indexed_by(index));
        let parameters = vec![project.into(), first_id_at(before).into(), as_integer(limit).into()];
        let runs = self.query(sql, parameters, |row| row.id(0)).await?;
        if runs.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::default();
        batch.any(
            format!(
                "DELETE FROM run_states WHERE project = $1 AND kind = 'answer' AND run IN ({})",
                places(2, runs.len())
            ),
            with_ids(vec![project.into()], &runs),
        );
        self.change(batch).await?;
        Ok(runs.len())
    }

    /// What the newest run of a workflow that ended well has left; `None` where there is no such run, or that is
    /// not kept. With a step: what that left last in a run that ended well. A run that ended well although the
    /// step failed in it, or was not reached, hands on what the clock gave it; one that somebody began with
    /// something else says nothing of the step, and is passed over.
    pub async fn last_good_state(
        &self,
        project: &str,
        workflow: &str,
        step: Option<&str>,
    ) -> Result<Option<Bytes>, StoreError> {
        let limit = step.map_or(1, |_| GOOD_RUNS);
        let sql = last_good_sql(&|index| self.engine.indexed_by(index), limit);
        let good = self.query(sql, vec![project.into(), workflow.into()], |row| {
            Ok((row.id(0)?, row.named(1, RunOrigin::from_name)?))
        });
        for (run, origin) in good.await? {
            let Some(step) = step else { return self.final_state(project, run).await };
            if let Some(left) = self.left_by(project, run, step).await? {
                return Ok(left);
            }
            if origin == RunOrigin::Cron
                && let Some(given) = self.first_input(project, run).await?
            {
                return Ok(Some(given));
            }
        }
        Ok(None)
    }

    /// What a step has left in a run the last time that it went well; `None` where it never did.
    async fn left_by(
        &self,
        project: &str,
        run: Uuid,
        step: &str,
    ) -> Result<Option<Option<Bytes>>, StoreError> {
        let sql = "SELECT output FROM run_steps
                   WHERE project = $1 AND run = $2 AND step = $3 AND state = 'success'
                   ORDER BY number DESC LIMIT 1";
        let parameters = vec![project.into(), run.into(), step.into()];
        let found = self.query(sql.to_owned(), parameters, |row| row.optional_bytes(0)).await?;
        Ok(found.into_iter().next().map(|output| output.map(Into::into)))
    }

    /// What the clock gave a run, which stands with its first step.
    async fn first_input(&self, project: &str, run: Uuid) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT input FROM run_steps
                   WHERE project = $1 AND run = $2 AND after_number IS NULL AND input IS NOT NULL
                   ORDER BY number LIMIT 1";
        let parameters = vec![project.into(), run.into()];
        let found = self.query(sql.to_owned(), parameters, |row| row.bytes(0)).await?;
        Ok(found.into_iter().next().map(Into::into))
    }

    /// Lines of the log of a run, behind a number.
    pub async fn run_log(
        &self,
        project: &str,
        run: Uuid,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RunLogLine>, StoreError> {
        let sql = "SELECT number, step_number, at, level, source, message FROM run_log
                   WHERE project = $1 AND run = $2 AND number > $3 ORDER BY number LIMIT $4";
        let parameters =
            vec![project.into(), run.into(), i64::from(after).into(), as_integer(limit).into()];
        self.query(sql.to_owned(), parameters, |row| {
            Ok(RunLogLine {
                number: row.count(0)?,
                step_number: optional_count(row, 1)?,
                at: row.time(2)?,
                level: row.text(3)?,
                source: row.text(4)?,
                message: row.text(5)?,
            })
        })
        .await
    }
}

fn optional_count(row: &Row<'_>, column: usize) -> Result<Option<u32>, StoreError> {
    row.optional_integer(column)?.map(|_| row.count(column)).transpose()
}

/// Reads an execution of a step.
fn read_step(row: &Row<'_>) -> Result<RunStep, StoreError> {
    Ok(RunStep {
        number: row.count(0)?,
        step: row.text(1)?,
        name_in_state: row.text(2)?,
        after: optional_count(row, 3)?,
        state: row.named(4, StepState::from_name)?,
        attempt: row.count(5)?,
        started_at: row.time(6)?,
        finished_at: row.optional_time(7)?,
        input_bytes: row.optional_integer(8)?.map(length).transpose()?,
        output_bytes: row.optional_integer(9)?.map(length).transpose()?,
        error: row.optional_text(10)?,
        log_lines: row.count(11)?,
    })
}
