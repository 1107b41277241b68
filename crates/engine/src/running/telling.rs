//! What runs tell their operators: one function for each thing that happens, which writes the log line and
//! moves the counters. No payload and no credential passes through here.

use fieldpost_model::time::Timestamp;
use fieldpost_store::{ClaimedRun, RunEnd};

/// A run has ended.
pub(super) fn run_ended(claimed: &ClaimedRun, end: &RunEnd, now: Timestamp) {
    let (project, workflow) = (&*claimed.project, &*claimed.run.workflow);
    let (id, state) = (claimed.run.id, end.state.name());
    let labels = [
        ("project", project.to_owned()),
        ("workflow", workflow.to_owned()),
        ("state", state.to_owned()),
    ];
    metrics::counter!("fieldpost_runs_total", &labels).increment(1);
    let waited = now.since(claimed.run.registered_at);
    metrics::histogram!("fieldpost_run_seconds", &labels).record(waited);
    // The sentence of the error may quote a payload: it is with the run.
    match &end.error {
        None => {
            tracing::debug!(project, workflow, run = %id, state, "run {id} of `{workflow}` ended: {state}");
        }
        Some(error) => {
            let (error_type, step) = (&*error.error_type, error.step.as_deref());
            tracing::info!(
                project, workflow, run = %id, state, error_type, step,
                "run {id} of `{workflow}` ended as {state} by {error_type}"
            );
        }
    }
}
