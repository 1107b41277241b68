//! Runs of workflows: kept, claimed, recorded, listed and ended.

mod claiming;
mod ending;
mod erasing;
mod lists;
mod order;
mod recording;
mod storm;
mod versions;

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::run::{Run, RunInput, RunOrigin, RunState, RunStep, StepState};
use fieldpost_store::{
    Accept, Accepted, ClaimedRun, NewRun, RunDemand, RunEnd, RunHold, RunKept, RunRecord, RunThen,
    StepRecord,
};
use uuid::Uuid;

use crate::support::{Change, LONG, PROJECT, TestStore, message, now};

/// The workflow that runs are of unless a test says otherwise.
const WORKFLOW: &str = "register";
/// What was recorded of a run of which nobody wants anything.
const WRITTEN: RunKept = RunKept::Written { cancel_asked: false };

/// A run that a message sets off.
fn run_of(workflow: &str) -> NewRun {
    let id = Uuid::now_v7();
    NewRun { version: Some(1), ..NewRun::new(id, workflow, RunOrigin::Event, RunInput::Message) }
}

/// The same in order.
fn ordered(key: &str) -> NewRun {
    NewRun { order_key: Some(key.to_owned()), key: Some(key.to_owned()), ..run_of(WORKFLOW) }
}

/// A run that was given a state.
fn given(state: &str) -> NewRun {
    NewRun {
        input: RunInput::State,
        state: Some(Bytes::from(state.to_owned())),
        ..run_of(WORKFLOW)
    }
}

/// A message that sets off runs.
fn setting_off(runs: Vec<NewRun>) -> Accept {
    message("{\"a\":1}").change(|accept| accept.runs = runs)
}

fn demand(limit: usize, lease: Duration) -> RunDemand {
    RunDemand {
        project: PROJECT.into(),
        workflow: WORKFLOW.to_owned(),
        limit,
        concurrency: None,
        lease,
    }
}

fn hold(claimed: &ClaimedRun) -> RunHold {
    RunHold { project: claimed.project.clone(), run: claimed.run.id, fence: claimed.fence }
}

/// An execution of a step that ended well.
fn step(number: u32, after: Option<u32>, output: &str) -> StepRecord {
    StepRecord {
        step: RunStep {
            number,
            step: format!("step-{number}"),
            name_in_state: format!("step-{number}"),
            after,
            state: StepState::Success,
            attempt: 1,
            started_at: now(),
            finished_at: Some(now()),
            input_bytes: Some(2),
            output_bytes: Some(output.len() as u64),
            error: None,
            log_lines: 0,
        },
        input: None,
        output: Some(Bytes::from(output.to_owned())),
    }
}

fn end(state: RunState) -> RunThen {
    RunThen::Ended(RunEnd { state, error: None, final_state: None, drop_states: false })
}

fn record(claimed: &ClaimedRun, then: RunThen) -> RunRecord {
    RunRecord {
        hold: hold(claimed),
        workflow: claimed.run.workflow.clone(),
        order_key: claimed.order_key.clone(),
        started_at: Some(now()),
        steps: Vec::new(),
        log: Vec::new(),
        then,
        forgets_lost_claims: false,
    }
}

impl TestStore {
    /// Keeps a message that sets off these runs.
    async fn set_off(&self, runs: Vec<NewRun>) {
        assert_eq!(self.accept(setting_off(runs)).await, Ok(Accepted::Kept { version: 1 }));
    }

    async fn claim_due(&self, limit: usize, lease: Duration) -> Vec<ClaimedRun> {
        self.claim_runs(vec![demand(limit, lease)]).await.unwrap().claimed
    }

    /// Claims the only run that is due, for long.
    async fn claim_one_run(&self) -> ClaimedRun {
        let mut claimed = self.claim_due(2, LONG).await;
        assert_eq!(claimed.len(), 1, "one run is due: {claimed:?}");
        claimed.remove(0)
    }

    async fn find_run(&self, id: Uuid) -> Run {
        self.run(PROJECT, id).await.unwrap().unwrap()
    }

    /// Records, of a run that is still ours.
    async fn write(&self, record: RunRecord) {
        assert_eq!(self.record_runs(vec![record]).await, Ok(vec![WRITTEN]));
    }
}

fn ids(claimed: &[ClaimedRun]) -> Vec<Uuid> {
    claimed.iter().map(|claimed| claimed.run.id).collect()
}
