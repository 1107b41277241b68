//! Renewing and giving back claims, and ending runs.

use std::collections::HashSet;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::run::{Run, RunInput, RunState};
use fieldpost_model::workflow::KeepStates;
use uuid::Uuid;

use super::order::let_go;
use super::records::{RunHold, RunKept};
use super::states::DROP_STATES;
use crate::Store;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::records::Signal;
use crate::statement::{Batch, Parameter, as_integer};

/// Claims that one transaction renews or gives back.
const STEP: usize = 200;

/// The text of the conflict of a run that is to be ended and has ended before.
pub(crate) const ENDED: &str = "the run has ended already";

/// The names of the claims that hold rows, as a condition with its parameters.
type HeldBy = (String, Vec<Parameter>);

/// Adds the statements that drop the states of a run, if it has ended by now.
pub(crate) fn add_drop_states_of_ended(batch: &mut Batch, project: &str, run: Uuid) {
    for drop in DROP_STATES {
        batch.any(
            format!(
                "{drop} AND NOT EXISTS (
                     SELECT 1 FROM run_queue q WHERE q.project = $1 AND q.run = $2)"
            ),
            vec![project.into(), run.into()],
        );
    }
}

impl Store {
    /// Holds runs for longer; the answers stand in the order of the claims.
    pub async fn renew_runs(
        &self,
        holds: &[RunHold],
        lease: Duration,
    ) -> Result<Vec<RunKept>, StoreError> {
        let mut kept = Vec::with_capacity(holds.len());
        for holds in holds.chunks(STEP) {
            kept.extend(self.renew_some(holds, lease).await?);
        }
        Ok(kept)
    }

    async fn renew_some(
        &self,
        holds: &[RunHold],
        lease: Duration,
    ) -> Result<Vec<RunKept>, StoreError> {
        let now = self.lease_now_sql();
        let mut batch = Batch::default();
        for RunHold { project, run, fence } in holds {
            batch.any(
                format!(
                    "UPDATE run_queue SET next_at = {now} + $4
                     WHERE project = $1 AND run = $2 AND fence = $3 AND rank = 4"
                ),
                vec![
                    (&**project).into(),
                    (*run).into(),
                    (*fence).into(),
                    as_integer(lease.as_micros()).into(),
                ],
            );
        }
        let counts = self.change(batch).await?;
        let asked = self.cancels_asked(holds).await?;
        Ok(holds
            .iter()
            .zip(counts)
            .map(|(hold, count)| match count {
                0 => RunKept::LeaseLost,
                _ => RunKept::Written { cancel_asked: asked.contains(&hold.run) },
            })
            .collect())
    }

    /// Those of these runs that somebody has asked to end.
    async fn cancels_asked(&self, holds: &[RunHold]) -> Result<HashSet<Uuid>, StoreError> {
        let runs: Vec<Uuid> = holds.iter().map(|hold| hold.run).collect();
        let projects: HashSet<&ProjectName> = holds.iter().map(|hold| &hold.project).collect();
        let mut asked = HashSet::new();
        for project in projects {
            let sql = format!(
                "SELECT run FROM run_queue WHERE project = $1 AND cancel_asked <> 0 AND run IN ({})",
                places(2, runs.len())
            );
            let parameters = with_ids(vec![(&**project).into()], &runs);
            asked.extend(self.query(sql, parameters, |row| row.id(0)).await?);
        }
        Ok(asked)
    }

    /// Gives claims back: they can be claimed at once.
    pub async fn give_back_runs(&self, holds: &[RunHold]) -> Result<(), StoreError> {
        let now = self.now_sql();
        for holds in holds.chunks(STEP) {
            let mut batch = Batch::default();
            for RunHold { project, run, fence } in holds {
                batch.any(
                    format!(
                        "UPDATE run_queue SET rank = 0, next_at = {now}, owner = NULL
                         WHERE project = $1 AND run = $2 AND fence = $3 AND rank = 4"
                    ),
                    vec![(&**project).into(), (*run).into(), (*fence).into()],
                );
            }
            self.change(batch).await?;
        }
        Ok(())
    }

    /// Gives back what claims hold that were made under these names.
    pub(crate) async fn free_runs_of(&self, owners: &[String]) -> Result<(), StoreError> {
        // Nobody has begun with them: the claims are not lost, their answers are.
        let held = format!("owner IN ({})", places(1, owners.len()));
        let parameters = owners.iter().map(|owner| Parameter::from(owner.as_str())).collect();
        self.free_runs((held, parameters), 0).await
    }

    /// Gives back what earlier starts of this node held.
    pub(crate) async fn free_runs_of_older_starts(&self) -> Result<(), StoreError> {
        let (held, parameters) = self.held_before(1);
        self.free_runs((format!("owner IS NOT NULL AND {held}"), parameters.into()), 1).await
    }

    async fn free_runs(
        &self,
        (held, parameters): HeldBy,
        lost_claims: u32,
    ) -> Result<(), StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        batch.any(
            format!(
                "UPDATE run_queue SET rank = 0, next_at = {now}, owner = NULL,
                     lost_claims = lost_claims + {lost_claims}
                 WHERE rank = 4 AND {held}"
            ),
            parameters,
        );
        self.change(batch).await.map(drop)
    }

    /// Ends a run that waits, or asks whoever has it to end it. The answer is whether it has ended; `false`:
    /// it will, and its holder is told. A conflict: it had ended before.
    pub async fn cancel_run(
        &self,
        project: &ProjectName,
        run: &Run,
        reason: &str,
    ) -> Result<bool, StoreError> {
        self.cancel_run_and(project, run, reason, Batch::default()).await
    }

    /// The same, and what follows in the same transaction.
    pub(crate) async fn cancel_run_and(
        &self,
        project: &ProjectName,
        run: &Run,
        reason: &str,
        following: Batch,
    ) -> Result<bool, StoreError> {
        let key = self.order_key_of(project, run.id).await?;
        let mut batch = Batch::default();
        let has_ended = self.add_cancel_run(&mut batch, project, run, key.as_deref(), reason);
        batch.0.extend(following.0);
        if self.keeps_nothing_of(project, run).await? {
            add_drop_states_of_ended(&mut batch, project, run.id);
        }
        let counts = self.change(batch).await?;
        let has_ended = counts.get(has_ended) == Some(&1);
        self.told_run_cancelled(project, run, has_ended);
        Ok(has_ended)
    }

    /// Ends some of the runs that wait of a workflow, and asks whoever has one; the answer is how many have been
    /// dealt with, and 0 means that none is left. It does nothing where the workflow is defined.
    pub async fn cancel_runs_of_removed(
        &self,
        project: &ProjectName,
        workflow: &str,
        reason: &str,
    ) -> Result<usize, StoreError> {
        let sql =
            "SELECT run FROM run_queue WHERE project = $1 AND workflow = $2 AND cancel_asked = 0
                   AND NOT EXISTS (SELECT 1 FROM definitions d WHERE d.project = $1
                       AND d.kind = 'workflow' AND d.name = $2)
                   LIMIT $3";
        let parameters = vec![(&**project).into(), workflow.into(), as_integer(STEP).into()];
        let waiting = self.query(sql.to_owned(), parameters, |row| row.id(0)).await?;
        for run in &waiting {
            let Some(run) = self.run(project, *run).await? else { continue };
            match self.cancel_run(project, &run, reason).await {
                // It has ended meanwhile.
                Err(StoreError::Conflict(_)) => {}
                done => done.map(drop)?,
            }
        }
        Ok(waiting.len())
    }

    /// Whether a run that is about to be ended has states, and its workflow keeps none of them. What cannot be
    /// read says nothing about it.
    pub(crate) async fn keeps_nothing_of(
        &self,
        project: &str,
        run: &Run,
    ) -> Result<bool, StoreError> {
        if run.started_at.is_none() && run.input != RunInput::State {
            return Ok(false);
        }
        let version = self.workflow_version(project, &run.workflow, run.version).await?;
        let Some((_, text)) = version else { return Ok(false) };
        let definition = Value::parse(text.as_bytes());
        let keep = definition.as_ref().ok().and_then(|it| it.get("keep")).and_then(Value::as_str);
        Ok(keep == Some(KeepStates::Nothing.name()))
    }

    /// Tells of a run that was cancelled, or is to be ended by whoever has it.
    pub(crate) fn told_run_cancelled(&self, project: &ProjectName, run: &Run, has_ended: bool) {
        if has_ended {
            self.told_run(project, run.id, &run.workflow, RunState::Cancelled);
        } else {
            self.signal(Signal::CancelRun { project: project.clone(), id: run.id });
        }
    }

    /// The order key of a run, which never changes while it waits.
    pub(crate) async fn order_key_of(
        &self,
        project: &str,
        run: Uuid,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT order_key FROM run_queue WHERE project = $1 AND run = $2";
        let found = self
            .query(sql.to_owned(), vec![project.into(), run.into()], |row| row.optional_text(0));
        Ok(found.await?.into_iter().flatten().next())
    }

    /// Adds the statements that end a run that waits, or ask whoever has it. The answer is the place of the
    /// statement that touches a row where the run has ended by it.
    pub(crate) fn add_cancel_run(
        &self,
        batch: &mut Batch,
        project: &str,
        run: &Run,
        key: Option<&str>,
        reason: &str,
    ) -> usize {
        let (now, lease_now) = (self.now_sql(), self.lease_now_sql());
        let key = key.map(|key| (&*run.workflow, key));
        let of_run = || vec![project.into(), run.id.into()];
        self.lock_run_keys(batch, project, key.into_iter());
        // From here on nobody claims it until this is over.
        batch.one(
            ENDED,
            "UPDATE run_queue SET cancel_asked = 1 WHERE project = $1 AND run = $2",
            of_run(),
        );
        let has_ended = batch.0.len();
        batch.any(
            format!(
                "DELETE FROM run_queue WHERE project = $1 AND run = $2
                 AND (rank < 4 OR next_at <= {lease_now})"
            ),
            of_run(),
        );
        let mut parameters = of_run();
        parameters.push(reason.into());
        batch.any(
            format!(
                "UPDATE runs SET state = 'cancelled', finished_at = {now}, error_message = $3
                 WHERE project = $1 AND id = $2 AND state = 'available' AND NOT EXISTS (
                     SELECT 1 FROM run_queue q WHERE q.project = $1 AND q.run = $2)"
            ),
            parameters,
        );
        if let Some(key) = key {
            let_go(batch, project, key);
        }
        has_ended
    }

    /// The present as leases are measured.
    pub(crate) fn lease_now_sql(&self) -> String {
        match &self.engine {
            crate::Engine::Sqlite(sqlite) => sqlite.lease_now().0.to_string(),
            crate::Engine::Postgres(_) => self.now_sql(),
        }
    }
}
