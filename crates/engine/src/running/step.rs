//! One try of a step: its job in a process, its edges judged.

use std::sync::Arc;

use fieldpost_model::time::Timestamp;
use fieldpost_script::protocol::{Outcome, Severity, StepError};
use fieldpost_script::runtime::outcome::{Next, settle};
use fieldpost_script::runtime::walk::Visit;
use fieldpost_script::runtime::workflow::{Job, decide};
use fieldpost_script::sandbox::Pool;
use serde_json::value::RawValue;

use super::going::Going;

/// What became of a try of a step.
pub(super) struct Ended {
    pub(super) visit: Visit,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
    pub(super) outcome: Outcome,
    /// Which of its edges are taken, or why that cannot be said.
    pub(super) taken: Result<Vec<bool>, Box<StepError>>,
    /// Whether an earlier claim of the run has recorded it.
    pub(super) is_recorded: bool,
}

/// Runs a step, and judges its edges.
pub(super) async fn run(going: Arc<Going>, visit: Visit) -> Ended {
    let started_at = going.now();
    let (outcome, next) = execute(&going, &visit).await;
    let finished_at = going.now();
    let taken = match next {
        Next::GoOn => judge(&going, &visit.step, outcome.state.as_deref()).await,
        Next::End => Ok(Vec::new()),
    };
    Ended { visit, started_at, finished_at, outcome, taken, is_recorded: false }
}

/// Says of a step what an earlier claim of the run has recorded, and judges its edges once more: the
/// state that it left is the same.
pub(super) async fn recall(going: Arc<Going>, visit: Visit, outcome: Outcome) -> Ended {
    let now = going.now();
    let taken = judge(&going, &visit.step, outcome.state.as_deref()).await;
    Ended { visit, started_at: now, finished_at: now, outcome, taken, is_recorded: true }
}

async fn judge(
    going: &Going,
    step: &str,
    state: Option<&RawValue>,
) -> Result<Vec<bool>, Box<StepError>> {
    let edges = going.graph_edges(step);
    decide(&going.runner.pool, edges, step, state, going.runner.settings.limits)
        .await
        .map_err(Box::new)
}

async fn execute(going: &Arc<Going>, visit: &Visit) -> (Outcome, Next) {
    let broken = |error: StepError| settle(Outcome::ended(error), &visit.step, None);
    let mut job = match job(going, &visit.step).await {
        Ok(job) => job,
        Err(error) => return broken(*error),
    };
    match going.configuration(&visit.step).await {
        Ok(configuration) => job.work.configuration = configuration,
        Err(error) => return broken(error),
    }
    let host = going.host(&visit.step, visit.number);
    let pool = match pool(going, &job).await {
        Ok(pool) => pool,
        Err(error) => return broken(*error),
    };
    job.run(visit.state.as_deref(), &pool, &host).await
}

/// The processes that a job runs in: the hub's own, or those of Node.js that the project has.
async fn pool(going: &Going, job: &Job) -> Result<Pool, Box<StepError>> {
    if !job.in_node {
        return Ok(going.runner.pool.clone());
    }
    let project = &going.routing.project;
    going.runner.node.of(project).await.map_err(|error| {
        let message = format!("Packages of npm cannot be used: {error}");
        Box::new(StepError::new("AutoinstallError", Severity::Exception, message))
    })
}

/// The compiled job. Compiling takes a thread of its own, since it takes long.
async fn job(going: &Arc<Going>, step: &str) -> Result<Job, Box<StepError>> {
    let limits = going.runner.settings.limits;
    let packages = going.runner.settings.packages.clone();
    let fault =
        |message: &str| Box::new(StepError::new("ExecutionError", Severity::Exception, message));
    let Some(definition) = going.prepared.step(step) else {
        return Err(fault("The step is gone"));
    };
    if going.prepared.is_compiled(step) {
        return going.prepared.job(definition, limits, &packages);
    }
    let (prepared, definition) = (Arc::clone(&going.prepared), definition.clone());
    let compiling =
        tokio::task::spawn_blocking(move || prepared.job(&definition, limits, &packages));
    compiling.await.unwrap_or_else(|_| Err(fault("The compiler has failed")))
}
