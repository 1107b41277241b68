//! What the flow tells its operators: one function for each thing that happens, which writes the
//! log line and moves the counters. No payload and no credential passes through here.

use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_store::{Lane, Verdict};
use metrics::Counter;
use uuid::Uuid;

use crate::flow::ReceiptOutcome;
use crate::lanes::Standing;
use crate::routing::ProjectRouting;

/// The counter of the messages of a source that were kept.
pub(crate) fn kept_counter(project: &str, source: &str) -> Counter {
    message_counter(project, source, "kept")
}

fn message_counter(project: &str, source: &str, state: &'static str) -> Counter {
    metrics::counter!(
        "fieldpost_messages_total",
        "project" => project.to_owned(), "source" => source.to_owned(), "state" => state
    )
}

/// A message was kept, recognised as a repetition, or quarantined.
pub(crate) fn message_received(
    routing: &ProjectRouting,
    source: &str,
    id: Uuid,
    outcome: &ReceiptOutcome,
    bytes: usize,
) {
    let project = &*routing.project;
    match outcome {
        ReceiptOutcome::Kept => {
            routing.count_kept(source);
            tracing::debug!(project, source, %id, bytes, "kept message {id} of `{source}`");
        }
        ReceiptOutcome::Duplicate { of } => {
            message_counter(project, source, "duplicate").increment(1);
            tracing::debug!(project, source, %id, %of, "message {id} of `{source}` repeats {of}");
        }
        ReceiptOutcome::Quarantined { code, .. } => {
            message_counter(project, source, "quarantined").increment(1);
            tracing::info!(project, source, %id, code, bytes, "quarantined message {id} of `{source}`: {code}");
        }
    }
}

/// Messages, or attempts, were erased in time.
pub(crate) fn erased(project: &str, kind: &'static str, count: u64) {
    if count > 0 {
        metrics::counter!("fieldpost_erased_total", "project" => project.to_owned(), "kind" => kind)
            .increment(count);
        tracing::debug!(project, kind, count, "retention erased {count} ({kind})");
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
        Some(error) => {
            let answer = said(error, status);
            tracing::info!(
                project, connection, %delivery, number, duration_ms, outcome, %error, status,
                "attempt {number} of delivery {delivery} to `{connection}` ended as {outcome}: {answer}"
            );
        }
    }
}

/// What came of an attempt that failed, in words: the answer, or what there was in its place.
fn said(error: ErrorKind, status: Option<u16>) -> String {
    match (error, status) {
        (ErrorKind::Status, Some(status)) => format!("the answer was {status}"),
        (error, Some(status)) => format!("{error}, with the answer {status}"),
        (error, None) => format!("no answer ({error})"),
    }
}

/// A lane's breaker opened or closed.
pub(crate) fn breaker_changed(lane: &Lane, standing: &Standing) {
    let (project, connection) = (&*lane.project, &*lane.name);
    let Some((cause, _)) = standing.open else {
        tracing::info!(project, connection, "`{connection}` takes deliveries again");
        return;
    };
    let cause = cause.name();
    metrics::counter!(
        "fieldpost_breaker_opened_total",
        "project" => project.to_owned(), "connection" => connection.to_owned(),
        "cause" => cause
    )
    .increment(1);
    tracing::warn!(
        project,
        connection,
        cause,
        "`{connection}` is left alone for a while ({cause}); what is for it waits"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_is_told_by_its_answer() {
        assert_eq!(said(ErrorKind::Status, Some(503)), "the answer was 503");
        assert_eq!(said(ErrorKind::Timeout, None), "no answer (timeout)");
        assert_eq!(said(ErrorKind::Timeout, Some(200)), "timeout, with the answer 200");
    }
}
