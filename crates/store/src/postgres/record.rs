//! Recording what attempts led to on PostgreSQL: what waits, as one transaction.

use std::collections::HashSet;

use deadpool_postgres::{Pool, Transaction};
use tokio::sync::oneshot;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::order::{self, LetGo, Sequences, Threads};
use super::{NOW, both, flusher};
use crate::ends::{End, RecordEnd};
use crate::error::StoreError;
use crate::order::key_of;
use crate::records::{Outcome, Recorded};
use crate::request::{attempt_request_text, headers_text};
use crate::statement::as_integer;

/// An outcome that waits to be written.
pub(super) struct Job {
    pub(super) outcome: Outcome,
    pub(super) reply: oneshot::Sender<Result<RecordEnd, StoreError>>,
}

impl flusher::Job for Job {
    type Answer = RecordEnd;

    fn answer(self, answer: Result<RecordEnd, StoreError>) {
        // Whoever asked may have gone; the work is done all the same.
        drop(self.reply.send(answer));
    }
}

/// An outcome, and what becomes of its delivery.
#[derive(Clone, Copy)]
struct Decided<'o> {
    outcome: &'o Outcome,
    end: End,
}

/// Writes the outcomes of all jobs in one transaction.
pub(super) fn flush<'f>(
    pool: &'f Pool,
    jobs: &'f [Job],
) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<RecordEnd>, StoreError>> + Send + 'f>> {
    Box::pin(async move {
        let mut client = pool.get().await?;
        let transaction = client.transaction().await?;
        // In one order for everybody, so that two flushers never wait for each other.
        let mut outcomes: Vec<&Outcome> = jobs.iter().map(|job| &job.outcome).collect();
        outcomes.sort_by_key(|outcome| outcome.delivery);
        let sequences = sequences(&outcomes);
        sequences.lock(&transaction).await?;
        let newer = order::newer(&transaction, &outcomes).await?;
        let end = |outcome: &Outcome| outcome.end(newer.get(&outcome.delivery).copied());
        let mut decided: Vec<Decided<'_>> =
            outcomes.iter().map(|outcome| Decided { outcome, end: end(outcome) }).collect();
        let (finals, others) =
            both(leave_queue(&transaction, &decided), stay_in_queue(&transaction, &decided))
                .await?;
        let held: HashSet<Hold> = finals.into_iter().chain(others).collect();
        let is_held = |outcome: &Outcome| held.contains(&(outcome.delivery, outcome.fence));
        decided.retain(|decided| is_held(decided.outcome));
        both(update_deliveries(&transaction, &decided), insert_attempts(&transaction, &decided))
            .await?;
        note_ended(&transaction, &decided).await?;
        come_back(&decided).demote(&transaction).await?;
        let let_go = sequences.promote(&threads(&outcomes), &transaction).await?;
        transaction.commit().await?;
        Ok(jobs
            .iter()
            .map(|Job { outcome, .. }| RecordEnd {
                recorded: if is_held(outcome) { Recorded::Written } else { Recorded::LeaseLost },
                state: end(outcome).state(),
                free_lanes: free_lanes(outcome, &let_go),
            })
            .collect())
    })
}

/// The sequences, by project, that outcomes are of.
fn sequences<'o>(outcomes: &[&'o Outcome]) -> Sequences<'o> {
    outcomes.iter().copied().filter_map(sequence).collect()
}

fn sequence(outcome: &Outcome) -> Option<(&str, &str)> {
    Some((&*outcome.lane.project, outcome.sequence.as_deref()?))
}

/// The sequences to which something comes back: nowhere else is anything ahead that should not be.
fn come_back<'o>(decided: &[Decided<'o>]) -> Sequences<'o> {
    decided
        .iter()
        .filter(|decided| matches!(decided.end, End::Waits(_) | End::Holds(_)))
        .filter_map(|decided| sequence(decided.outcome))
        .collect()
}

fn threads<'o>(outcomes: &[&'o Outcome]) -> Threads<'o> {
    outcomes
        .iter()
        .filter_map(|outcome| {
            let key = key_of(outcome.sequence.as_deref()?);
            Some((&*outcome.lane.project, &*outcome.forwarder, key))
        })
        .collect()
}

/// The lanes in which something was let go that has the key of an outcome.
fn free_lanes(outcome: &Outcome, let_go: &[LetGo]) -> Vec<String> {
    let Some((project, sequence)) = sequence(outcome) else { return Vec::new() };
    let_go
        .iter()
        .filter(|next| next.project == project && next.order_key == key_of(sequence))
        .map(|next| next.lane.clone())
        .collect()
}

/// A delivery and the fence that it was held with.
type Hold = (Uuid, i64);

/// Takes final deliveries out of the queue; the answer is those that were still ours.
async fn leave_queue(
    transaction: &Transaction<'_>,
    decided: &[Decided<'_>],
) -> Result<Vec<Hold>, StoreError> {
    let finals: Vec<&Outcome> = decided
        .iter()
        .filter(|decided| matches!(decided.end, End::Leaves(_) | End::Superseded { .. }))
        .map(|decided| decided.outcome)
        .collect();
    if finals.is_empty() {
        return Ok(Vec::new());
    }
    let projects: Vec<&str> = finals.iter().map(|outcome| &*outcome.lane.project).collect();
    let ids: Vec<Uuid> = finals.iter().map(|outcome| outcome.delivery).collect();
    let fences: Vec<i64> = finals.iter().map(|outcome| outcome.fence).collect();
    let statement = transaction
        .prepare_cached(
            "DELETE FROM queue q
             USING unnest($1::text[], $2::uuid[], $3::bigint[]) AS o (project, delivery, fence)
             WHERE q.project = o.project AND q.delivery = o.delivery AND q.fence = o.fence
             RETURNING q.delivery, q.fence",
        )
        .await?;
    let rows = transaction.query(&statement, &[&projects, &ids, &fences]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Makes failed deliveries due again later, and lets those stay that hold others; the answer is those
/// that were still ours.
async fn stay_in_queue(
    transaction: &Transaction<'_>,
    decided: &[Decided<'_>],
) -> Result<Vec<Hold>, StoreError> {
    let mut projects: Vec<&str> = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    let mut fences: Vec<i64> = Vec::new();
    let mut ranks: Vec<i64> = Vec::new();
    let mut pauses: Vec<Option<i64>> = Vec::new();
    for Decided { outcome, end } in decided {
        let rank = match end {
            End::Waits(_) => 1,
            End::Holds(_) => 4,
            End::Leaves(_) | End::Superseded { .. } => continue,
        };
        projects.push(&outcome.lane.project);
        ids.push(outcome.delivery);
        fences.push(outcome.fence);
        ranks.push(rank);
        pauses.push(end.pause().map(|pause| as_integer(pause.as_micros())));
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = transaction
        .prepare_cached(&format!(
            "UPDATE queue q SET rank = o.rank, next_at = coalesce({NOW} + o.pause, q.next_at),
                 owner = NULL
             FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])
                 AS o (project, delivery, fence, rank, pause)
             WHERE q.project = o.project AND q.delivery = o.delivery AND q.fence = o.fence
             RETURNING q.delivery, q.fence"
        ))
        .await?;
    let rows = transaction.query(&statement, &[&projects, &ids, &fences, &ranks, &pauses]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn update_deliveries(
    transaction: &Transaction<'_>,
    decided: &[Decided<'_>],
) -> Result<(), StoreError> {
    if decided.is_empty() {
        return Ok(());
    }
    let outcomes = || decided.iter().map(|decided| decided.outcome);
    let ends = || decided.iter().map(|decided| decided.end);
    let projects: Vec<&str> = outcomes().map(|outcome| &*outcome.lane.project).collect();
    let ids: Vec<Uuid> = outcomes().map(|outcome| outcome.delivery).collect();
    let states: Vec<&str> = ends().map(|end| end.state().name()).collect();
    let pauses: Vec<Option<i64>> =
        ends().map(|end| end.pause().map(|pause| as_integer(pause.as_micros()))).collect();
    let newer: Vec<Option<Uuid>> = ends().map(End::superseded_by).collect();
    let numbers: Vec<i64> = outcomes().map(|outcome| i64::from(outcome.attempt.number)).collect();
    let counts: Vec<i64> = outcomes().map(|outcome| i64::from(outcome.counts)).collect();
    let statuses: Vec<Option<i64>> = outcomes()
        .map(|outcome| outcome.attempt.response.as_ref().map(|answer| i64::from(answer.status)))
        .collect();
    let errors: Vec<Option<&str>> =
        outcomes().map(|outcome| outcome.last_error.as_deref()).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "UPDATE deliveries d SET state = o.state, attempts = o.number,
                 tries = d.tries + o.counts, next_attempt_at = {NOW} + o.pause,
                 last_status = o.status, last_error = o.error, superseded_by = o.newer
             FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[],
                         $6::bigint[], $7::text[], $8::bigint[], $9::uuid[])
                 AS o (project, id, state, number, pause, status, error, counts, newer)
             WHERE d.project = o.project AND d.id = o.id"
        ))
        .await?;
    let parameters: [&(dyn ToSql + Sync); 9] =
        [&projects, &ids, &states, &numbers, &pauses, &statuses, &errors, &counts, &newer];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

/// Notes the deliveries that ended without having arrived.
async fn note_ended(
    transaction: &Transaction<'_>,
    decided: &[Decided<'_>],
) -> Result<(), StoreError> {
    let ended: Vec<_> = decided.iter().filter(|it| it.end.is_without_success()).collect();
    if ended.is_empty() {
        return Ok(());
    }
    let projects: Vec<&str> = ended.iter().map(|it| &*it.outcome.lane.project).collect();
    let ids: Vec<Uuid> = ended.iter().map(|it| it.outcome.delivery).collect();
    let connections: Vec<&str> = ended.iter().map(|it| it.outcome.lane.name.as_str()).collect();
    let states: Vec<&str> = ended.iter().map(|it| it.end.state().name()).collect();
    let statement = transaction
        .prepare_cached(
            "INSERT INTO ended (project, delivery, connection, state)
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
             ON CONFLICT (project, delivery) DO NOTHING",
        )
        .await?;
    transaction.execute(&statement, &[&projects, &ids, &connections, &states]).await?;
    Ok(())
}

/// The rows of `attempts`, column by column, as `unnest` takes them.
#[derive(Default)]
struct Columns<'o> {
    projects: Vec<&'o str>,
    deliveries: Vec<Uuid>,
    numbers: Vec<i64>,
    starts: Vec<i64>,
    durations: Vec<i64>,
    requests: Vec<Option<String>>,
    digests: Vec<Option<&'o [u8]>>,
    lengths: Vec<i64>,
    bodies: Vec<Option<&'o [u8]>>,
    statuses: Vec<Option<i64>>,
    headers: Vec<Option<String>>,
    answers: Vec<Option<&'o [u8]>>,
    truncated: Vec<i64>,
    kinds: Vec<Option<&'static str>>,
    errors: Vec<Option<&'o str>>,
}

impl<'o> Columns<'o> {
    fn push(&mut self, outcome: &'o Outcome) {
        let attempt = &outcome.attempt;
        let (request, response) = (attempt.request.as_ref(), attempt.response.as_ref());
        self.projects.push(&outcome.lane.project);
        self.deliveries.push(outcome.delivery);
        self.numbers.push(i64::from(attempt.number));
        self.starts.push(attempt.started_at.0);
        self.durations.push(as_integer(attempt.duration.as_micros()));
        self.requests.push(request.map(attempt_request_text));
        self.digests.push(request.map(|request| &request.body_sha256[..]));
        let length = request.map_or(0, |request| request.bytes);
        self.lengths.push(as_integer(length));
        self.bodies.push(outcome.request_body.as_deref());
        self.statuses.push(response.map(|response| i64::from(response.status)));
        self.headers.push(response.map(|response| headers_text(&response.headers)));
        self.answers.push(response.map(|response| &response.body[..]));
        self.truncated.push(i64::from(response.is_some_and(|response| response.truncated)));
        self.kinds.push(attempt.error.as_ref().map(|error| error.kind.name()));
        self.errors.push(attempt.error.as_ref().map(|error| &*error.message));
    }
}

async fn insert_attempts(
    transaction: &Transaction<'_>,
    decided: &[Decided<'_>],
) -> Result<(), StoreError> {
    if decided.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for decided in decided {
        columns.push(decided.outcome);
    }
    let statement = transaction
        .prepare_cached(
            "INSERT INTO attempts (project, delivery, number, started_at, duration, request,
                 request_sha256, request_bytes, request_body, status, response_headers,
                 response_body, truncated, error_kind, error_message)
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[],
                 $5::bigint[], $6::text[], $7::bytea[], $8::bigint[], $9::bytea[], $10::bigint[],
                 $11::text[], $12::bytea[], $13::bigint[], $14::text[], $15::text[])",
        )
        .await?;
    let Columns {
        projects,
        deliveries,
        numbers,
        starts,
        durations,
        requests,
        digests,
        lengths,
        bodies,
        statuses,
        headers,
        answers,
        truncated,
        kinds,
        errors,
    } = &columns;
    transaction
        .execute(
            &statement,
            &[
                projects, deliveries, numbers, starts, durations, requests, digests, lengths,
                bodies, statuses, headers, answers, truncated, kinds, errors,
            ],
        )
        .await?;
    Ok(())
}
