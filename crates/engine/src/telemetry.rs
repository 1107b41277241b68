//! What the flow tells its operators: one function for each thing that happens, which writes the
//! log line and moves the counters. No payload and no credential passes through here.

use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_store::{Lane, Verdict};
use uuid::Uuid;

use crate::flow::ReceiptOutcome;

/// A message was kept, recognised as a repetition, or quarantined.
pub(crate) fn message_received(
    project: &str,
    source: &str,
    id: Uuid,
    outcome: &ReceiptOutcome,
    bytes: usize,
) {
    let state = match outcome {
        ReceiptOutcome::Kept => "kept",
        ReceiptOutcome::Duplicate { .. } => "duplicate",
        ReceiptOutcome::Quarantined { .. } => "quarantined",
    };
    metrics::counter!(
        "fieldpost_messages_total",
        "project" => project.to_owned(), "source" => source.to_owned(), "state" => state
    )
    .increment(1);
    match outcome {
        ReceiptOutcome::Quarantined { code, .. } => {
            tracing::info!(project, source, %id, code, bytes, "quarantined message {id} of `{source}`: {code}");
        }
        _ => {
            tracing::debug!(project, source, %id, state, bytes, "{state} message {id} of `{source}`");
        }
    }
}

/// An attempt of a delivery was made and recorded.
pub(crate) fn attempt_recorded(
    lane: &Lane,
    delivery: Uuid,
    number: u32,
    verdict: &Verdict,
    duration: Duration,
    error: Option<ErrorKind>,
    status: Option<u16>,
) {
    let outcome = match verdict {
        Verdict::Final(state) => state.name(),
        Verdict::RetryIn(_) => "failed",
    };
    let labels = [
        ("project", lane.project.to_string()),
        ("connection", lane.name.clone()),
        ("outcome", outcome.to_owned()),
    ];
    metrics::counter!("fieldpost_attempts_total", &labels).increment(1);
    metrics::histogram!("fieldpost_attempt_duration_seconds", &labels).record(duration);
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (project, connection) = (&*lane.project, &*lane.name);
    match error {
        None => tracing::debug!(
            project, connection, %delivery, number, duration_ms,
            "delivery {delivery} arrived at `{connection}`"
        ),
        // The sentence of the error may quote the destination's answer: it is with the attempt.
        Some(error) => tracing::info!(
            project, connection, %delivery, number, duration_ms, outcome, %error, status,
            "attempt {number} of delivery {delivery} to `{connection}` ended as {outcome}: {error}"
        ),
    }
}
