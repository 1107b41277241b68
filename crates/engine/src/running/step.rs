//! One try of a step: its job in a process, its edges judged.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::time::Timestamp;
use fieldpost_script::protocol::{Level, LogLine, Outcome, Severity, StepError};
use fieldpost_script::runtime::outcome::{Next, in_words, settle};
use fieldpost_script::runtime::walk::Visit;
use fieldpost_script::runtime::workflow::{Job, decide};
use fieldpost_script::sandbox::{Host as _, Pool};
use fieldpost_store::StateSide;
use serde_json::value::RawValue;

use super::going::Going;

/// The pause before the store is asked again that could not answer.
const AGAIN: Duration = Duration::from_millis(200);

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
/// state that it left is the same. That is read now, and not with the claim, so that a run whose steps have left
/// much does not hold all of it at once.
pub(super) async fn recall(going: Arc<Going>, visit: Visit, error: Option<StepError>) -> Ended {
    let now = going.now();
    let (state, taken) = match left(&going, visit.number).await {
        Ok(state) => {
            let taken = judge(&going, &visit.step, state.as_deref()).await;
            (state, taken)
        }
        Err(error) => (None, Err(error)),
    };
    let outcome = Outcome { state, error };
    Ended { visit, started_at: now, finished_at: now, outcome, taken, is_recorded: true }
}

/// The state that an execution of a step has left; none where it is not kept. A store that is away is asked again:
/// the run is stopped while it waits, where it has to be.
async fn left(going: &Going, number: u32) -> Result<Option<Box<RawValue>>, Box<StepError>> {
    let store = going.runner.hub.store();
    let output = loop {
        match store.step_state(&going.routing.project, going.run, number, StateSide::Output).await {
            Ok(output) => break output,
            Err(error) if error.is_temporary() => tokio::time::sleep(AGAIN).await,
            Err(error) => {
                let message = format!("What an earlier step has left cannot be read: {error}");
                return Err(Box::new(StepError::new(
                    "ExecutionError",
                    Severity::Exception,
                    message,
                )));
            }
        }
    };
    Ok(output.and_then(|output| serde_json::from_slice(&output).ok()))
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
    job.work.moment = going.runner.settings.rehearsal.as_ref().map(|it| it.moment);
    let host = going.host(&visit.step, visit.number);
    let pool = match pool(going, &job).await {
        Ok(pool) => pool,
        Err(error) => return broken(*error),
    };
    let (outcome, next) = job.run(visit.state.as_deref(), &pool, &host).await;
    if let Some(error) = &outcome.error {
        let (source, message) = ("R/T".to_owned(), in_words(error));
        host.log(LogLine { level: Level::Error, source, message });
    }
    (outcome, next)
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
