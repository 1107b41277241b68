//! Recording what attempts led to on SQLite, and giving claims back.

use fieldpost_model::ProjectName;
use fieldpost_model::attempt::Attempt;
use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::order;
use crate::ends::{End, RecordEnd};
use crate::error::StoreError;
use crate::records::{Outcome, Recorded};
use crate::request::{attempt_request_text, headers_text};
use crate::statement::as_integer;

/// Writes an attempt and the state that it led to, if the claim is still ours.
pub(super) fn record(
    connection: &Connection,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<RecordEnd, StoreError> {
    let Outcome { lane, delivery, attempt, .. } = outcome;
    let project = &lane.project;
    let newer = match (&outcome.sequence, &outcome.collapse) {
        (Some(sequence), Some(collapse)) => {
            order::newer(connection, project, *delivery, sequence, collapse)?
        }
        _ => None,
    };
    let end = outcome.end(newer);
    let next_at = end.pause().map(|pause| now + pause);
    if change_queue(connection, outcome, end, next_at)? == 0 {
        let recorded = Recorded::LeaseLost;
        return Ok(RecordEnd { recorded, state: end.state(), free_lanes: Vec::new() });
    }
    connection
        .prepare_cached(
            "UPDATE OR FAIL deliveries SET state = ?3, attempts = ?4, tries = tries + ?5,
                 next_attempt_at = ?6, last_status = ?7, last_error = ?8, superseded_by = ?9
             WHERE project = ?1 AND id = ?2",
        )?
        .execute(params![
            &**project,
            delivery.as_bytes(),
            end.state().name(),
            attempt.number,
            outcome.counts,
            next_at.map(|at| at.0),
            attempt.response.as_ref().map(|response| response.status),
            outcome.last_error,
            end.superseded_by().as_ref().map(Uuid::as_bytes)
        ])?;
    insert_attempt(connection, project, *delivery, attempt, outcome.request_body.as_deref())?;
    if end.is_without_success() {
        note_ended(connection, outcome, end)?;
    }
    let free_lanes = match &outcome.sequence {
        Some(sequence) => order::settle_after(connection, project, sequence, &outcome.forwarder)?,
        None => Vec::new(),
    };
    Ok(RecordEnd { recorded: Recorded::Written, state: end.state(), free_lanes })
}

/// Takes the delivery out of the queue, or gives it its next time; the answer is the rows touched,
/// none where the claim is ours no more.
fn change_queue(
    connection: &Connection,
    Outcome { lane, delivery, fence, .. }: &Outcome,
    end: End,
    next_at: Option<Timestamp>,
) -> Result<usize, StoreError> {
    let project = &*lane.project;
    Ok(match (end, next_at) {
        (End::Waits(_), Some(next_at)) => connection
            .prepare_cached(
                "UPDATE OR FAIL queue SET rank = 1, next_at = ?4, owner = NULL
                 WHERE project = ?1 AND delivery = ?2 AND fence = ?3",
            )?
            .execute(params![project, delivery.as_bytes(), fence, next_at.0])?,
        (End::Holds(_), _) => connection
            .prepare_cached(
                "UPDATE OR FAIL queue SET rank = 4, owner = NULL
                 WHERE project = ?1 AND delivery = ?2 AND fence = ?3",
            )?
            .execute(params![project, delivery.as_bytes(), fence])?,
        _ => connection
            .prepare_cached(
                "DELETE FROM queue WHERE project = ?1 AND delivery = ?2 AND fence = ?3",
            )?
            .execute(params![project, delivery.as_bytes(), fence])?,
    })
}

/// Notes that the delivery ended without having arrived.
fn note_ended(
    connection: &Connection,
    Outcome { lane, delivery, .. }: &Outcome,
    end: End,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO ended (project, delivery, connection, state)
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (project, delivery) DO NOTHING",
        )?
        .execute(params![&*lane.project, delivery.as_bytes(), lane.name, end.state().name()])?;
    Ok(())
}

fn insert_attempt(
    connection: &Connection,
    project: &ProjectName,
    delivery: Uuid,
    attempt: &Attempt,
    request_body: Option<&[u8]>,
) -> Result<(), StoreError> {
    let Attempt { number, started_at, duration, request, response, error } = attempt;
    connection
        .prepare_cached(
            "INSERT OR FAIL INTO attempts (project, delivery, number, started_at, duration, request,
                 request_sha256, request_bytes, request_body, status, response_headers,
                 response_body, truncated, error_kind, error_message)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            &**project,
            delivery.as_bytes(),
            number,
            started_at.0,
            as_integer(duration.as_micros()),
            request.as_ref().map(attempt_request_text),
            request.as_ref().map(|request| request.body_sha256),
            request.as_ref().map_or(0, |request| as_integer(request.bytes)),
            request_body,
            response.as_ref().map(|response| response.status),
            response.as_ref().map(|response| headers_text(&response.headers)),
            response.as_ref().map(|response| &response.body),
            response.as_ref().is_some_and(|response| response.truncated),
            error.as_ref().map(|error| error.kind.name()),
            error.as_ref().map(|error| &error.message)
        ])?;
    Ok(())
}
