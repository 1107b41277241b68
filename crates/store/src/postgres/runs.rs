//! Runs on PostgreSQL: kept with their messages, claimed and recorded in multi-row statements.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use deadpool_postgres::Transaction;
use fieldpost_model::run::RunState;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{MOST_REDOS, NOW, Postgres, both};
use crate::error::StoreError;
use crate::runs::order::{lock_key, lock_keys};
use crate::runs::{
    DROP_STATES, FinalState, RunEnd, RunHold, RunKept, RunLogLine, RunRecord, RunRow, RunThen,
    STEP_AGAIN, StepRecord, newest_version_sql,
};
use crate::statement::as_integer;

/// Keys or workflows, as the locks take them.
pub(super) const TOUCHED: &str = "SELECT * FROM unnest($1::text[], $2::text[]) AS t (project, key)";

static LOCK_KEYS: LazyLock<String> = LazyLock::new(|| lock_keys(TOUCHED));

/// Lets the first runs of order keys go.
const LET_GO: &str = "WITH heads AS MATERIALIZED (
         SELECT head.* FROM unnest($1::text[], $2::text[], $3::text[])
             AS t (project, workflow, order_key)
         CROSS JOIN LATERAL (
             SELECT q.project, q.run FROM run_queue q
             WHERE q.project = t.project AND q.workflow = t.workflow
             AND q.order_key = t.order_key
             ORDER BY q.position LIMIT 1) head)
     UPDATE run_queue q SET rank = q.rank - 2 FROM heads
     WHERE q.project = heads.project AND q.run = heads.run AND q.rank IN (2, 3)";

pub(super) type Parameters<'p> = Vec<&'p (dyn ToSql + Sync)>;

impl Postgres {
    /// Records as one transaction; a task of its own does it, so that it is done whole even if the caller
    /// stops waiting.
    pub(crate) async fn record_runs(
        &self,
        mut records: Vec<RunRecord>,
    ) -> Result<Vec<RunKept>, StoreError> {
        let pool = self.urgent.clone();
        let recorded = tokio::spawn(async move {
            let order: Vec<Uuid> = records.iter().map(|record| record.hold.run).collect();
            // In one order for everybody, so that two transactions never wait for each other.
            records.sort_by_key(|record| record.hold.run);
            let mut redos = 0;
            let kept = loop {
                match record_once(&pool, &records).await {
                    Err(StoreError::Busy) if redos < MOST_REDOS => redos += 1,
                    end => break end?,
                }
            };
            let kept_of = |run: &Uuid| kept.get(run).copied().unwrap_or(RunKept::LeaseLost);
            Ok(order.iter().map(kept_of).collect())
        });
        recorded.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }
}

/// Takes the locks of the order keys of runs that arrive, behind those of deliveries.
pub(super) async fn lock(
    transaction: &Transaction<'_>,
    rows: &[RunRow<'_>],
) -> Result<(), StoreError> {
    take_locks(transaction, &keys_of(rows)).await
}

/// Lets the first runs of the order keys go under which some have arrived.
pub(super) async fn let_go_arrived(
    transaction: &Transaction<'_>,
    rows: &[RunRow<'_>],
) -> Result<(), StoreError> {
    let_go(transaction, &keys_of(rows)).await
}

async fn take_locks(
    transaction: &Transaction<'_>,
    keys: &BTreeSet<(&str, &str, &str)>,
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let projects: Vec<&str> = keys.iter().map(|(project, ..)| *project).collect();
    let keys: Vec<String> = keys.iter().map(|(_, workflow, key)| lock_key(workflow, key)).collect();
    let statement = transaction.prepare_cached(&LOCK_KEYS).await?;
    transaction.query(&statement, &[&projects, &keys]).await?;
    Ok(())
}

/// Lets the first runs of order keys go, whose locks are taken.
async fn let_go(
    transaction: &Transaction<'_>,
    keys: &BTreeSet<(&str, &str, &str)>,
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let projects: Vec<&str> = keys.iter().map(|(project, ..)| *project).collect();
    let workflows: Vec<&str> = keys.iter().map(|(_, workflow, _)| *workflow).collect();
    let order_keys: Vec<&str> = keys.iter().map(|(.., key)| *key).collect();
    let statement = transaction.prepare_cached(LET_GO).await?;
    transaction.execute(&statement, &[&projects, &workflows, &order_keys]).await?;
    Ok(())
}

/// The order keys of runs that arrive.
fn keys_of<'r>(rows: &[RunRow<'r>]) -> BTreeSet<(&'r str, &'r str, &'r str)> {
    let key = |row: &RunRow<'r>| {
        let RunRow { project, run, .. } = *row;
        Some((project, &*run.workflow, run.order_key.as_deref()?))
    };
    rows.iter().filter_map(key).collect()
}

/// Keeps the runs of arriving messages, under the locks of their order keys; asks the server nothing where
/// there are none.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    rows: &[RunRow<'_>],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let history = Box::pin(insert_history(transaction, rows));
    let states = Box::pin(insert_given(transaction, rows));
    both(history, both(states, enqueue(transaction, rows))).await?;
    Ok(())
}

async fn insert_history(
    transaction: &Transaction<'_>,
    rows: &[RunRow<'_>],
) -> Result<(), StoreError> {
    let runs = || rows.iter().map(|row| row.run);
    let projects: Vec<&str> = rows.iter().map(|row| row.project).collect();
    let ids: Vec<Uuid> = runs().map(|run| run.id).collect();
    let workflows: Vec<&str> = runs().map(|run| &*run.workflow).collect();
    let versions: Vec<Option<i64>> = runs().map(|run| run.version).collect();
    let origins: Vec<&str> = runs().map(|run| run.origin.name()).collect();
    let inputs: Vec<&str> = runs().map(|run| run.input.name()).collect();
    let messages: Vec<Option<Uuid>> = rows.iter().map(|row| row.message).collect();
    let payloads: Vec<Option<Uuid>> = runs().map(|run| run.payload).collect();
    let keys: Vec<Option<&str>> = runs().map(|run| run.key.as_deref()).collect();
    let order_keys: Vec<Option<&str>> = runs().map(|run| run.order_key.as_deref()).collect();
    let hops: Vec<i64> = runs().map(|run| i64::from(run.hops)).collect();
    let retries: Vec<Option<Uuid>> = runs().map(|run| run.retry_of).collect();
    let steps: Vec<Option<&str>> = runs().map(|run| run.from_step.as_deref()).collect();
    let by: Vec<Option<&str>> = runs().map(|run| run.by.as_deref()).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "INSERT INTO runs (project, id, workflow, version, state, origin, input, message, payload, key,
                 order_key, hops, retry_of, from_step, asked_by, registered_at)
             SELECT n.project, n.id, n.workflow, coalesce(n.version, {}), '{}', n.origin, n.input,
                 n.message, n.payload, n.key, n.order_key, n.hops, n.retry_of, n.from_step, n.asked_by,
                 {NOW}
             FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                         $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::bigint[],
                         $12::uuid[], $13::text[], $14::text[])
                 AS n (project, id, workflow, version, origin, input, message, payload, key,
                       order_key, hops, retry_of, from_step, asked_by)",
            newest_version_sql("n.project", "n.workflow"),
            RunState::Available.name()
        ))
        .await?;
    let parameters: Parameters<'_> = vec![
        &projects,
        &ids,
        &workflows,
        &versions,
        &origins,
        &inputs,
        &messages,
        &payloads,
        &keys,
        &order_keys,
        &hops,
        &retries,
        &steps,
        &by,
    ];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

/// Keeps the states that runs were given to begin with.
async fn insert_given(
    transaction: &Transaction<'_>,
    rows: &[RunRow<'_>],
) -> Result<(), StoreError> {
    let given =
        rows.iter().filter_map(|row| Some((row.project, row.run.id, row.run.state.as_deref()?)));
    insert_states(transaction, "given", given).await
}

async fn insert_states<'s>(
    transaction: &Transaction<'_>,
    kind: &str,
    states: impl Iterator<Item = (&'s str, Uuid, &'s [u8])>,
) -> Result<(), StoreError> {
    let (mut projects, mut runs, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (project, run, state) in states {
        projects.push(project);
        runs.push(run);
        bytes.push(state);
    }
    if projects.is_empty() {
        return Ok(());
    }
    let statement = transaction
        .prepare_cached(
            "INSERT INTO run_states (project, run, kind, bytes)
             SELECT project, run, $4::text, bytes
             FROM unnest($1::text[], $2::uuid[], $3::bytea[]) AS n (project, run, bytes)",
        )
        .await?;
    transaction.execute(&statement, &[&projects, &runs, &bytes, &kind]).await?;
    Ok(())
}

/// Puts runs into the queue. What is kept in order begins blocked.
async fn enqueue(transaction: &Transaction<'_>, rows: &[RunRow<'_>]) -> Result<(), StoreError> {
    let projects: Vec<&str> = rows.iter().map(|row| row.project).collect();
    let runs: Vec<Uuid> = rows.iter().map(|row| row.run.id).collect();
    let workflows: Vec<&str> = rows.iter().map(|row| &*row.run.workflow).collect();
    let keys: Vec<Option<&str>> = rows.iter().map(|row| row.run.order_key.as_deref()).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "INSERT INTO run_queue (project, run, workflow, rank, next_at, fence, order_key, position,
                 cancel_asked)
             SELECT project, run, workflow, CASE WHEN order_key IS NULL THEN 0 ELSE 2 END, {NOW}, 0,
                 order_key, CASE WHEN order_key IS NOT NULL THEN nextval('positions') END, 0
             FROM (SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
                       WITH ORDINALITY AS n (project, run, workflow, order_key, place)
                   ORDER BY place) ordered"
        ))
        .await?;
    transaction.execute(&statement, &[&projects, &runs, &workflows, &keys]).await?;
    Ok(())
}

async fn record_once(
    pool: &deadpool_postgres::Pool,
    records: &[RunRecord],
) -> Result<HashMap<Uuid, RunKept>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let keys: BTreeSet<(&str, &str, &str)> = records
        .iter()
        .filter_map(|record| {
            let (workflow, key) = record.left_key()?;
            Some((&*record.hold.project, workflow, key))
        })
        .collect();
    take_locks(&transaction, &keys).await?;
    let kept = change_queue(&transaction, records).await?;
    let ours: Vec<&RunRecord> =
        records.iter().filter(|record| kept.contains_key(&record.hold.run)).collect();
    forget_lost_claims(&transaction, &ours).await?;
    let history = Box::pin(change_history(&transaction, &ours));
    let steps = Box::pin(insert_steps(&transaction, &ours));
    let log = Box::pin(insert_log(&transaction, &ours));
    both(history, both(steps, log)).await?;
    keep_states(&transaction, &ours).await?;
    let_go(&transaction, &keys).await?;
    transaction.commit().await?;
    Ok(kept)
}

/// Takes runs out of the queue, or gives them their next time; the answer is those that were still ours.
async fn change_queue(
    transaction: &Transaction<'_>,
    records: &[RunRecord],
) -> Result<HashMap<Uuid, RunKept>, StoreError> {
    let among = "unnest($1::text[], $2::uuid[], $3::bigint[]) AS o (project, run, fence)";
    let is_ours = "q.project = o.project AND q.run = o.run AND q.fence = o.fence AND q.rank = 4";
    let go_on = format!(
        "SELECT q.run, q.cancel_asked FROM run_queue q JOIN {among} ON {is_ours}
         ORDER BY q.run FOR UPDATE OF q"
    );
    let leave = format!(
        "DELETE FROM run_queue q USING {among} WHERE {is_ours} RETURNING q.run, q.cancel_asked"
    );
    let wait = format!(
        "UPDATE run_queue q SET rank = 1, next_at = {NOW} + o.pause, owner = NULL
         FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[])
             AS o (project, run, fence, pause)
         WHERE {is_ours} RETURNING q.run, q.cancel_asked"
    );
    let mut kept = HashMap::new();
    for (sql, is_one) in [
        (go_on, (|then| matches!(then, RunThen::GoesOn)) as fn(&RunThen) -> bool),
        (leave, |then| matches!(then, RunThen::Ended(_))),
        (wait, |then| matches!(then, RunThen::AgainIn(_))),
    ] {
        let some: Vec<&RunRecord> = records.iter().filter(|record| is_one(&record.then)).collect();
        if some.is_empty() {
            continue;
        }
        let projects: Vec<&str> = some.iter().map(|record| &*record.hold.project).collect();
        let runs: Vec<Uuid> = some.iter().map(|record| record.hold.run).collect();
        let fences: Vec<i64> = some.iter().map(|record| record.hold.fence).collect();
        let pauses: Vec<i64> = some.iter().filter_map(|record| pause(&record.then)).collect();
        let mut parameters: Parameters<'_> = vec![&projects, &runs, &fences];
        if !pauses.is_empty() {
            parameters.push(&pauses);
        }
        let statement = transaction.prepare_cached(&sql).await?;
        for row in transaction.query(&statement, &parameters).await? {
            let cancel_asked: i64 = row.try_get(1)?;
            let cancel_asked = cancel_asked != 0;
            kept.insert(row.try_get(0)?, RunKept::Written { cancel_asked });
        }
    }
    Ok(kept)
}

/// Runs that have got on begin to be counted anew.
async fn forget_lost_claims(
    transaction: &Transaction<'_>,
    records: &[&RunRecord],
) -> Result<(), StoreError> {
    let holds = records.iter().filter(|record| record.forgets_lost_claims).map(|it| &it.hold);
    let (projects, runs): (Vec<&str>, Vec<Uuid>) =
        holds.map(|hold| (&*hold.project, hold.run)).unzip();
    if projects.is_empty() {
        return Ok(());
    }
    let statement = transaction
        .prepare_cached(
            "UPDATE run_queue q SET lost_claims = 0
             FROM unnest($1::text[], $2::uuid[]) AS o (project, run)
             WHERE q.project = o.project AND q.run = o.run",
        )
        .await?;
    transaction.execute(&statement, &[&projects, &runs]).await?;
    Ok(())
}

fn pause(then: &RunThen) -> Option<i64> {
    match then {
        RunThen::AgainIn(pause) => Some(as_integer(pause.as_micros())),
        _ => None,
    }
}

/// Writes into the history when runs began and how they ended.
async fn change_history(
    transaction: &Transaction<'_>,
    records: &[&RunRecord],
) -> Result<(), StoreError> {
    let changed: Vec<&&RunRecord> = records
        .iter()
        .filter(|record| record.started_at.is_some() || record.end().is_some())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let ends = || changed.iter().map(|record| record.end());
    let errors = || ends().map(|end| end.and_then(|end| end.error.as_ref()));
    let projects: Vec<&str> = changed.iter().map(|record| &*record.hold.project).collect();
    let runs: Vec<Uuid> = changed.iter().map(|record| record.hold.run).collect();
    let started: Vec<Option<i64>> =
        changed.iter().map(|record| record.started_at.map(|at| at.0)).collect();
    let states: Vec<Option<&str>> = ends().map(|end| end.map(|end| end.state.name())).collect();
    let types: Vec<Option<&str>> = errors().map(|error| error.map(|it| &*it.error_type)).collect();
    let messages: Vec<Option<&str>> = errors().map(|error| error.map(|it| &*it.message)).collect();
    let steps: Vec<Option<&str>> =
        errors().map(|error| error.and_then(|it| it.step.as_deref())).collect();
    let places = || errors().map(|error| error.and_then(|it| it.place));
    let lines: Vec<Option<i64>> = places().map(|place| Some(place?.line.into())).collect();
    let columns: Vec<Option<i64>> = places().map(|place| Some(place?.column?.into())).collect();
    let finals: Vec<Option<i64>> = ends().map(|end| end.and_then(final_step)).collect();
    let statement = transaction
        .prepare_cached(&format!(
            "UPDATE runs r SET started_at = coalesce(r.started_at, o.started_at),
                 state = coalesce(o.state, r.state),
                 finished_at = CASE WHEN o.state IS NOT NULL THEN {NOW} END,
                 error_type = o.error_type, error_message = o.error_message,
                 error_step = o.error_step, final_step = o.final_step,
                 error_line = o.error_line, error_column = o.error_column
             FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                         $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
                 AS o (project, id, started_at, state, error_type, error_message, error_step,
                       final_step, error_line, error_column)
             WHERE r.project = o.project AND r.id = o.id"
        ))
        .await?;
    let parameters: Parameters<'_> = vec![
        &projects, &runs, &started, &states, &types, &messages, &steps, &finals, &lines, &columns,
    ];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}

fn final_step(end: &RunEnd) -> Option<i64> {
    match &end.final_state {
        Some(FinalState::OfStep(number)) => Some(i64::from(*number)),
        _ => None,
    }
}

/// Drops the states that are not to be kept, and keeps what runs have left.
async fn keep_states(
    transaction: &Transaction<'_>,
    records: &[&RunRecord],
) -> Result<(), StoreError> {
    for record in records {
        let RunHold { project, run, .. } = &record.hold;
        if record.end().is_some_and(|end| end.drop_states) {
            for sql in DROP_STATES {
                let statement = transaction.prepare_cached(sql).await?;
                transaction.execute(&statement, &[&&**project, run]).await?;
            }
        }
    }
    for of_kind in ["final", "answer"] {
        let left = records.iter().filter_map(|record| {
            let (kind, state) = record.end()?.final_state.as_ref()?.kept()?;
            let RunHold { project, run, .. } = &record.hold;
            (kind == of_kind).then_some((&**project, *run, &state[..]))
        });
        insert_states(transaction, of_kind, left).await?;
    }
    Ok(())
}

/// The rows of `run_steps`, column by column, as `unnest` takes them.
#[derive(Default)]
struct StepColumns<'r> {
    projects: Vec<&'r str>,
    runs: Vec<Uuid>,
    numbers: Vec<i64>,
    steps: Vec<&'r str>,
    names: Vec<&'r str>,
    after: Vec<Option<i64>>,
    states: Vec<&'static str>,
    attempts: Vec<i64>,
    started: Vec<i64>,
    finished: Vec<Option<i64>>,
    input_bytes: Vec<Option<i64>>,
    output_bytes: Vec<Option<i64>>,
    errors: Vec<Option<&'r str>>,
    log_lines: Vec<i64>,
    inputs: Vec<Option<&'r [u8]>>,
    outputs: Vec<Option<&'r [u8]>>,
}

impl<'r> StepColumns<'r> {
    fn push(&mut self, hold: &'r RunHold, StepRecord { step, input, output }: &'r StepRecord) {
        self.projects.push(&hold.project);
        self.runs.push(hold.run);
        self.numbers.push(i64::from(step.number));
        self.steps.push(&step.step);
        self.names.push(&step.name_in_state);
        self.after.push(step.after.map(i64::from));
        self.states.push(step.state.name());
        self.attempts.push(i64::from(step.attempt));
        self.started.push(step.started_at.0);
        self.finished.push(step.finished_at.map(|at| at.0));
        self.input_bytes.push(step.input_bytes.map(as_integer));
        self.output_bytes.push(step.output_bytes.map(as_integer));
        self.errors.push(step.error.as_deref());
        self.log_lines.push(i64::from(step.log_lines));
        self.inputs.push(input.as_deref());
        self.outputs.push(output.as_deref());
    }

    fn parameters(&self) -> Parameters<'_> {
        vec![
            &self.projects,
            &self.runs,
            &self.numbers,
            &self.steps,
            &self.names,
            &self.after,
            &self.states,
            &self.attempts,
            &self.started,
            &self.finished,
            &self.input_bytes,
            &self.output_bytes,
            &self.errors,
            &self.log_lines,
            &self.inputs,
            &self.outputs,
        ]
    }
}

async fn insert_steps(
    transaction: &Transaction<'_>,
    records: &[&RunRecord],
) -> Result<(), StoreError> {
    let mut columns = StepColumns::default();
    for record in records {
        for step in &record.steps {
            columns.push(&record.hold, step);
        }
    }
    if columns.runs.is_empty() {
        return Ok(());
    }
    let statement = transaction
        .prepare_cached(&format!(
            "INSERT INTO run_steps (project, run, number, step, name_in_state, after_number, state,
                 attempt, started_at, finished_at, input_bytes, output_bytes, error, log_lines, input,
                 output)
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[],
                 $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
                 $12::bigint[], $13::text[], $14::bigint[], $15::bytea[], $16::bytea[])
             {STEP_AGAIN}"
        ))
        .await?;
    transaction.execute(&statement, &columns.parameters()).await?;
    Ok(())
}

async fn insert_log(
    transaction: &Transaction<'_>,
    records: &[&RunRecord],
) -> Result<(), StoreError> {
    let lines: Vec<(&RunHold, &RunLogLine)> = records
        .iter()
        .flat_map(|record| record.log.iter().map(|line| (&record.hold, line)))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let projects: Vec<&str> = lines.iter().map(|(hold, _)| &*hold.project).collect();
    let runs: Vec<Uuid> = lines.iter().map(|(hold, _)| hold.run).collect();
    let of = || lines.iter().map(|(_, line)| *line);
    let numbers: Vec<i64> = of().map(|line| i64::from(line.number)).collect();
    let steps: Vec<Option<i64>> = of().map(|line| line.step_number.map(i64::from)).collect();
    let times: Vec<i64> = of().map(|line| line.at.0).collect();
    let levels: Vec<&str> = of().map(|line| &*line.level).collect();
    let sources: Vec<&str> = of().map(|line| &*line.source).collect();
    let messages: Vec<&str> = of().map(|line| &*line.message).collect();
    let statement = transaction
        .prepare_cached(
            "INSERT INTO run_log (project, run, number, step_number, at, level, source, message)
             SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[],
                 $6::text[], $7::text[], $8::text[])
             ON CONFLICT (project, run, number) DO NOTHING",
        )
        .await?;
    let parameters: Parameters<'_> =
        vec![&projects, &runs, &numbers, &steps, &times, &levels, &sources, &messages];
    transaction.execute(&statement, &parameters).await?;
    Ok(())
}
