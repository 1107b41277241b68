//! What is recorded of a run that goes on: steps, log lines, and how it goes on from here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::run::{JobPlace, RunState, RunStep};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::text::storable;
use crate::{Engine, Store};

/// A claim of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHold {
    /// The project.
    pub project: ProjectName,
    /// The run.
    pub run: Uuid,
    /// The claim's fence.
    pub fence: i64,
}

/// What is to be recorded of a run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The claim.
    pub hold: RunHold,
    /// Its workflow.
    pub workflow: String,
    /// As it was claimed.
    pub order_key: Option<String>,
    /// When its first step began, with the record that first tells of one.
    pub started_at: Option<Timestamp>,
    /// Executions of steps, new ones and such as were recorded as running before.
    pub steps: Vec<StepRecord>,
    /// What was logged since the last record.
    pub log: Vec<RunLogLine>,
    /// How it goes on.
    pub then: RunThen,
    /// Whether it is forgotten how many [claims](super::ClaimedRun::lost_claims) were lost before: with the first step
    /// that is recorded as done behind them.
    pub forgets_lost_claims: bool,
}

/// An execution of a step, and what went in and came out.
#[derive(Clone, Debug)]
pub struct StepRecord {
    /// The execution. Its numbers of bytes are what lists tell, whether or not the states are given.
    pub step: RunStep,
    /// What went in, as JSON; `None`: what the execution before it has left, or nothing that is kept.
    pub input: Option<Bytes>,
    /// What came out, as JSON.
    pub output: Option<Bytes>,
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLogLine {
    /// Its number within the run, from one.
    pub number: u32,
    /// The number of the execution that logged it; `None`: the hub, about the run.
    pub step_number: Option<u32>,
    /// When.
    pub at: Timestamp,
    /// How much it matters, by OpenFn's name.
    pub level: String,
    /// Who logged it, by OpenFn's name.
    pub source: String,
    /// The line.
    pub message: String,
}

/// How a run goes on after a record.
#[derive(Clone, Debug, PartialEq)]
pub enum RunThen {
    /// It is still ours.
    GoesOn,
    /// It waits for the next try of a step: it can be claimed again after this pause.
    AgainIn(Duration),
    /// It has ended.
    Ended(RunEnd),
}

/// How a run has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// A final state.
    pub state: RunState,
    /// Its error.
    pub error: Option<RunError>,
    /// What it has left.
    pub final_state: Option<FinalState>,
    /// Whether the states are dropped that were kept of it until now.
    pub drop_states: bool,
}

/// The error that a run has ended by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunError {
    /// OpenFn's name of it.
    pub error_type: String,
    /// What it says.
    pub message: String,
    /// The step.
    pub step: Option<String>,
    /// Where in the job of the step.
    pub place: Option<JobPlace>,
}

/// What a run has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinalState {
    /// The same as the execution of this number.
    OfStep(u32),
    /// This, as JSON.
    State(Bytes),
    /// Nothing that is kept but what the sender who waits is answered with, in the words of whoever answers:
    /// it is dropped with the answer, or when nobody can wait any more.
    Answer(Bytes),
}

impl FinalState {
    /// What is kept beside the states of the steps, and under which name.
    pub(crate) fn kept(&self) -> Option<(&'static str, &Bytes)> {
        match self {
            Self::OfStep(_) => None,
            Self::State(state) => Some(("final", state)),
            Self::Answer(answer) => Some(("answer", answer)),
        }
    }
}

/// What became of a claim that was recorded or renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKept {
    /// It was written.
    Written {
        /// Whether somebody has asked to end the run.
        cancel_asked: bool,
    },
    /// The lease had been lost: nothing was written, whoever holds it now will.
    LeaseLost,
}

/// What becomes of an execution that was recorded before. What went in and came out stays, where that is not
/// told anew.
pub(crate) const STEP_AGAIN: &str = "ON CONFLICT (project, run, number) DO UPDATE SET
     step = excluded.step, name_in_state = excluded.name_in_state,
     after_number = excluded.after_number, state = excluded.state, attempt = excluded.attempt,
     started_at = excluded.started_at, finished_at = excluded.finished_at,
     input_bytes = coalesce(excluded.input_bytes, run_steps.input_bytes),
     output_bytes = coalesce(excluded.output_bytes, run_steps.output_bytes), error = excluded.error, log_lines = excluded.log_lines,
     input = coalesce(excluded.input, run_steps.input),
     output = coalesce(excluded.output, run_steps.output)";

/// Fits a text to what every database can hold.
fn fit(text: &mut String) {
    *text = storable(std::mem::take(text));
}

impl RunRecord {
    /// The state that the run is in afterwards.
    pub(crate) const fn state(&self) -> RunState {
        match &self.then {
            RunThen::GoesOn => RunState::Started,
            RunThen::AgainIn(_) => RunState::Available,
            RunThen::Ended(end) => end.state,
        }
    }

    /// Its order key, where those behind it may go from now on.
    pub(crate) fn left_key(&self) -> Option<(&str, &str)> {
        let key = self.order_key.as_deref()?;
        matches!(self.then, RunThen::Ended(_)).then_some((&*self.workflow, key))
    }

    /// How it has ended.
    pub(crate) const fn end(&self) -> Option<&RunEnd> {
        match &self.then {
            RunThen::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Fits what only serves people to what every database can hold.
    fn make_storable(&mut self) {
        // One statement writes them all, and cannot write a row twice: the last word counts.
        let last: HashMap<u32, usize> =
            self.steps.iter().enumerate().map(|(place, it)| (it.step.number, place)).collect();
        let mut place = 0..;
        self.steps.retain(|it| last.get(&it.step.number).copied() == place.next());
        for StepRecord { step, .. } in &mut self.steps {
            step.error = step.error.take().map(storable);
            fit(&mut step.step);
            fit(&mut step.name_in_state);
        }
        for line in &mut self.log {
            fit(&mut line.message);
            fit(&mut line.source);
            fit(&mut line.level);
        }
        if let RunThen::Ended(RunEnd { error: Some(error), .. }) = &mut self.then {
            fit(&mut error.message);
            fit(&mut error.error_type);
            error.step = error.step.take().map(storable);
        }
    }
}

impl Store {
    /// Records what has happened with runs, in one transaction; the answers stand in the order of the
    /// records. Of one whose lease was lost nothing is written. No run stands in it twice.
    pub async fn record_runs(
        &self,
        mut records: Vec<RunRecord>,
    ) -> Result<Vec<RunKept>, StoreError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        records.iter_mut().for_each(RunRecord::make_storable);
        let told: Vec<_> = records
            .iter()
            .map(|record| {
                let RunHold { project, run, .. } = &record.hold;
                (project.clone(), *run, record.workflow.clone(), record.state())
            })
            .collect();
        let kept = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.record_runs(records, Arc::clone(&self.clock)).await?,
            Engine::Postgres(postgres) => postgres.record_runs(records).await?,
        };
        for ((project, run, workflow, state), kept) in told.into_iter().zip(&kept) {
            if *kept != RunKept::LeaseLost {
                self.told_run(&project, run, &workflow, state);
            }
        }
        Ok(kept)
    }
}
