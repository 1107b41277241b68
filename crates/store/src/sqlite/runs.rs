//! Runs on SQLite: kept with their messages, claimed and recorded as jobs of the writer.
//!
//! There is one process, and its clock may jump. So what is held stays held until its holder is done with
//! it, and what has not been begun is due whatever the clock says.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use std::time::Duration;

use fieldpost_model::run::RunState;
use fieldpost_model::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::Sqlite;
use super::rows::Insert;
use super::writer::Priority;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::runs::order::LET_GO;
use crate::runs::{
    ClaimedRun, DROP_STATES, FinalState, HeldRun, RunClaims, RunDemand, RunEnd, RunHold, RunKept,
    RunLogLine, RunOutlook, RunRecord, RunRow, RunThen, STEP_AGAIN, StepRecord, newest_version_sql,
    read_claimed, run_content,
};
use crate::statement::{Row, as_integer};

impl Sqlite {
    pub(crate) async fn claim_runs(
        &self,
        demands: Vec<RunDemand>,
        owner: String,
        clock: Clock,
    ) -> Result<RunClaims, StoreError> {
        let leases = self.leases.clone();
        let (held, outlook) = self
            .writer
            .run(Priority::Deliver, move |connection| {
                let now = clock();
                let (mut all, mut outlook) = (Vec::new(), Vec::with_capacity(demands.len()));
                for demand in &demands {
                    let until = leases.now() + demand.lease;
                    let (held, workflow) = hold(connection, demand, now, until, &owner)?;
                    all.extend(held);
                    outlook.push(workflow);
                }
                Ok((all, outlook))
            })
            .await?;
        if held.is_empty() {
            return Ok(RunClaims { claimed: Vec::new(), outlook });
        }
        let claimed = self.read(move |connection| contents(connection, &held)).await?;
        Ok(RunClaims { claimed, outlook })
    }

    pub(crate) async fn record_runs(
        &self,
        records: Vec<RunRecord>,
        clock: Clock,
    ) -> Result<Vec<RunKept>, StoreError> {
        self.writer
            .run(Priority::Deliver, move |connection| record(connection, &records, clock()))
            .await
    }
}

/// Holds what is due of a workflow, as many as may go on at once.
fn hold(
    connection: &Connection,
    demand: &RunDemand,
    now: Timestamp,
    until: Timestamp,
    owner: &str,
) -> Result<(Vec<HeldRun>, RunOutlook), StoreError> {
    let RunDemand { project, workflow, limit, concurrency, .. } = demand;
    let room = match concurrency {
        None => *limit,
        Some(most) => {
            let going_on: u32 = connection
                .prepare_cached(
                    "SELECT count(*) FROM run_queue
                     WHERE project = ?1 AND workflow = ?2 AND rank = 4",
                )?
                .query_row(params![&**project, workflow], |row| row.get(0))?;
            (*limit).min(most.saturating_sub(going_on) as usize)
        }
    };
    let mut held: Vec<HeldRun> = Vec::new();
    for (rank, latest) in [(0, i64::MAX), (1, now.0)] {
        let wanted = room - held.len();
        if wanted == 0 {
            break;
        }
        let mut statement = connection.prepare_cached(HOLD)?;
        let rows = statement.query_map(
            params![&**project, workflow, rank, latest, as_integer(wanted), until.0, owner],
            |row| {
                Ok(HeldRun {
                    project: project.clone(),
                    run: Uuid::from_bytes(row.get(0)?),
                    fence: row.get(1)?,
                    cancel_asked: row.get(2)?,
                    lost_claims: row.get(3)?,
                })
            },
        )?;
        let first = held.len();
        for row in rows {
            held.push(row?);
        }
        if let Some(latest) = held.get_mut(first..) {
            latest.sort_by_key(|held| held.run);
        }
    }
    let more = held.len() >= *limit;
    let next_due_in = if more { None } else { next_due(connection, demand, now)? };
    let (project, workflow) = (project.clone(), workflow.clone());
    Ok((held, RunOutlook { project, workflow, more, next_due_in }))
}

/// Holds the first runs of a rank.
pub(super) const HOLD: &str = "UPDATE OR FAIL run_queue
     SET rank = 4, next_at = ?6, owner = ?7, fence = fence + 1
     WHERE project = ?1 AND run IN (
         SELECT run FROM run_queue
         WHERE project = ?1 AND workflow = ?2 AND rank = ?3 AND next_at <= ?4
         ORDER BY next_at, run LIMIT ?5)
     RETURNING run, fence, cancel_asked, lost_claims";

/// How long until the next run that goes on later is due; what has not been begun is due at once.
fn next_due(
    connection: &Connection,
    RunDemand { project, workflow, .. }: &RunDemand,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let next: Option<i64> = connection
        .prepare_cached(
            "SELECT next_at FROM run_queue WHERE project = ?1 AND workflow = ?2 AND rank = 1
             AND next_at > ?3 ORDER BY next_at LIMIT 1",
        )?
        .query_row(params![&**project, workflow, now.0], |row| row.get(0))
        .optional()?;
    Ok(next.map(|at| Timestamp(at).since(now)))
}

/// What a run begins with.
pub(super) const CONTENTS: &str = concat!(
    "SELECT ",
    run_content!(),
    " FROM runs r
     LEFT JOIN payloads p ON p.project = r.project AND p.id = r.payload
     LEFT JOIN messages m ON m.project = r.project AND m.id = r.message
     LEFT JOIN message_bodies b ON b.body = m.body
     LEFT JOIN run_states s ON s.project = r.project AND s.run = r.id AND s.kind = 'given'
     WHERE r.project = ?1 AND r.id = ?2"
);

/// Reads what the held runs begin with. One that was taken away meanwhile is left out.
fn contents(connection: &Connection, held: &[HeldRun]) -> Result<Vec<ClaimedRun>, StoreError> {
    let mut statement = connection.prepare_cached(CONTENTS)?;
    let mut claimed = Vec::with_capacity(held.len());
    for held in held {
        let mut rows = statement.query(params![&*held.project, held.run.as_bytes()])?;
        let Some(row) = rows.next()? else { continue };
        claimed.extend(read_claimed(&Row::Sqlite(row), held)?);
    }
    Ok(claimed)
}

/// A run on its way into the tables.
struct Placed<'r> {
    row: RunRow<'r>,
    now: Timestamp,
    version: i64,
    position: Option<i64>,
}

/// Keeps the runs of arriving messages, each as of its time.
pub(super) fn insert(
    connection: &Connection,
    runs: &[(RunRow<'_>, Timestamp)],
) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    let placed = place(connection, runs)?;
    RUNS.run(connection, &placed, |placed, values| {
        let RunRow { project, message, run } = placed.row;
        values.put(project)?.put(run.id.as_bytes())?.put(&run.workflow)?.put(placed.version)?;
        values.put(RunState::Available.name())?.put(run.origin.name())?.put(run.input.name())?;
        values.put(message.as_ref().map(Uuid::as_bytes))?;
        values.put(run.payload.as_ref().map(Uuid::as_bytes))?;
        values.put(&run.key)?.put(&run.order_key)?.put(run.hops)?;
        values.put(run.retry_of.as_ref().map(Uuid::as_bytes))?.put(&run.from_step)?;
        values.put(&run.by)?.put(placed.now.0).map(drop)
    })?;
    let states: Vec<_> = placed
        .iter()
        .filter_map(|placed| Some((placed.row, placed.row.run.state.as_deref()?)))
        .collect();
    STATES.run(connection, &states, |(row, state), values| {
        values.put(row.project)?.put(row.run.id.as_bytes())?.put("given")?.put(state).map(drop)
    })?;
    QUEUE.run(connection, &placed, |placed, values| {
        let RunRow { project, run, .. } = placed.row;
        values.put(project)?.put(run.id.as_bytes())?.put(&run.workflow)?;
        // What is kept in order begins blocked; the first one is let go afterwards.
        values.put(if run.order_key.is_some() { 2 } else { 0 })?.put(placed.now.0)?.put(0)?;
        values.put(&run.order_key)?.put(placed.position)?.put(0).map(drop)
    })?;
    let keys = placed.iter().filter_map(|placed| {
        let RunRow { project, run, .. } = placed.row;
        Some((project, &*run.workflow, run.order_key.as_deref()?))
    });
    let_go(connection, &keys.collect())
}

/// Gives positions to what is kept in order, and the newest version to what names none.
fn place<'r>(
    connection: &Connection,
    runs: &[(RunRow<'r>, Timestamp)],
) -> Result<Vec<Placed<'r>>, StoreError> {
    let ordered = runs.iter().filter(|(row, _)| row.run.order_key.is_some()).count();
    let mut next: i64 = 0;
    if ordered > 0 {
        let last: i64 = connection
            .prepare_cached("UPDATE OR FAIL positions SET last = last + ?1 RETURNING last")?
            .query_row([as_integer(ordered)], |row| row.get(0))?;
        next = last - as_integer(ordered);
    }
    let mut newest: HashMap<(&str, &str), i64> = HashMap::new();
    let mut placed = Vec::with_capacity(runs.len());
    for (row, now) in runs {
        let position = row.run.order_key.is_some().then(|| {
            next += 1;
            next
        });
        let version = match (row.run.version, newest.get(&(row.project, &*row.run.workflow))) {
            (Some(version), _) => version,
            (None, Some(version)) => *version,
            (None, None) => {
                let sql = format!("SELECT {}", newest_version_sql("?1", "?2"));
                let version = connection
                    .prepare_cached(&sql)?
                    .query_row(params![row.project, row.run.workflow], |found| found.get(0))?;
                newest.insert((row.project, &row.run.workflow), version);
                version
            }
        };
        placed.push(Placed { row: *row, now: *now, version, position });
    }
    Ok(placed)
}

/// Lets the first run of each order key go.
fn let_go(connection: &Connection, keys: &BTreeSet<(&str, &str, &str)>) -> Result<(), StoreError> {
    for (project, workflow, key) in keys {
        connection
            .prepare_cached(&LET_GO.replace('$', "?"))?
            .execute(params![project, workflow, key])?;
    }
    Ok(())
}

/// Writes what has happened with runs, as far as the claims are still ours.
fn record(
    connection: &Connection,
    records: &[RunRecord],
    now: Timestamp,
) -> Result<Vec<RunKept>, StoreError> {
    let (mut kept, mut ours) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records {
        let cancel_asked = change_queue(connection, record, now)?;
        kept.push(match cancel_asked {
            None => RunKept::LeaseLost,
            Some(cancel_asked) => {
                forget_lost_claims(connection, record)?;
                change_run(connection, record, now)?;
                ours.push(record);
                RunKept::Written { cancel_asked }
            }
        });
    }
    insert_steps(connection, &ours)?;
    insert_log(connection, &ours)?;
    for record in &ours {
        let RunHold { project, run, .. } = &record.hold;
        let Some(RunEnd { drop_states, final_state, .. }) = record.end() else { continue };
        if *drop_states {
            for sql in DROP_STATES {
                connection
                    .prepare_cached(&sql.replace('$', "?"))?
                    .execute(params![&**project, run.as_bytes()])?;
            }
        }
        if let Some((kind, state)) = final_state.as_ref().and_then(FinalState::kept) {
            let values = params![&**project, run.as_bytes(), kind, &state[..]];
            connection
                .prepare_cached(
                    "INSERT OR FAIL INTO run_states (project, run, kind, bytes) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(values)?;
        }
    }
    let left = ours.iter().filter_map(|record| {
        let (workflow, key) = record.left_key()?;
        Some((&*record.hold.project, workflow, key))
    });
    let_go(connection, &left.collect())?;
    Ok(kept)
}

/// Takes a run out of the queue, or gives it its next time; `None` where the claim is ours no more.
fn change_queue(
    connection: &Connection,
    RunRecord { hold, then, .. }: &RunRecord,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let RunHold { project, run, fence } = hold;
    let found = match then {
        RunThen::GoesOn => connection
            .prepare_cached(
                "SELECT cancel_asked FROM run_queue
                 WHERE project = ?1 AND run = ?2 AND fence = ?3 AND rank = 4",
            )?
            .query_row(params![&**project, run.as_bytes(), fence], |row| row.get(0)),
        RunThen::AgainIn(pause) => connection
            .prepare_cached(
                "UPDATE OR FAIL run_queue SET rank = 1, next_at = ?4, owner = NULL
                 WHERE project = ?1 AND run = ?2 AND fence = ?3 AND rank = 4 RETURNING cancel_asked",
            )?
            .query_row(params![&**project, run.as_bytes(), fence, (now + *pause).0], |row| {
                row.get(0)
            }),
        RunThen::Ended(_) => connection
            .prepare_cached(
                "DELETE FROM run_queue WHERE project = ?1 AND run = ?2 AND fence = ?3 AND rank = 4
                 RETURNING cancel_asked",
            )?
            .query_row(params![&**project, run.as_bytes(), fence], |row| row.get(0)),
    };
    Ok(found.optional()?)
}

/// A run that has got on begins to be counted anew.
fn forget_lost_claims(connection: &Connection, record: &RunRecord) -> Result<(), StoreError> {
    let RunRecord { hold: RunHold { project, run, .. }, forgets_lost_claims, .. } = record;
    if *forgets_lost_claims {
        connection
            .prepare_cached(
                "UPDATE OR FAIL run_queue SET lost_claims = 0 WHERE project = ?1 AND run = ?2",
            )?
            .execute(params![&**project, run.as_bytes()])?;
    }
    Ok(())
}

/// Writes into the history when a run began and how it ended.
fn change_run(
    connection: &Connection,
    record: &RunRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let RunHold { project, run, .. } = &record.hold;
    let started_at = record.started_at.map(|at| at.0);
    let Some(end) = record.end() else {
        if started_at.is_some() {
            connection
                .prepare_cached(
                    "UPDATE OR FAIL runs SET started_at = coalesce(started_at, ?3)
                     WHERE project = ?1 AND id = ?2",
                )?
                .execute(params![&**project, run.as_bytes(), started_at])?;
        }
        return Ok(());
    };
    let final_step = match &end.final_state {
        Some(FinalState::OfStep(number)) => Some(number),
        _ => None,
    };
    let error = end.error.as_ref();
    let place = error.and_then(|error| error.place);
    connection
        .prepare_cached(
            "UPDATE OR FAIL runs SET state = ?3, started_at = coalesce(started_at, ?4), finished_at = ?5,
                 error_type = ?6, error_message = ?7, error_step = ?8, final_step = ?9,
                 error_line = ?10, error_column = ?11
             WHERE project = ?1 AND id = ?2",
        )?
        .execute(params![
            &**project,
            run.as_bytes(),
            end.state.name(),
            started_at,
            now.0,
            error.map(|error| &error.error_type),
            error.map(|error| &error.message),
            error.and_then(|error| error.step.as_ref()),
            final_step,
            place.map(|place| place.line),
            place.and_then(|place| place.column)
        ])?;
    Ok(())
}

fn insert_steps(connection: &Connection, records: &[&RunRecord]) -> Result<(), StoreError> {
    let steps: Vec<(&RunHold, &StepRecord)> = records
        .iter()
        .flat_map(|record| record.steps.iter().map(|step| (&record.hold, step)))
        .collect();
    STEPS.run(connection, &steps, |(hold, record), values| {
        let step = &record.step;
        values.put(&*hold.project)?.put(hold.run.as_bytes())?.put(step.number)?.put(&step.step)?;
        values.put(&step.name_in_state)?.put(step.after)?.put(step.state.name())?;
        values.put(step.attempt)?.put(step.started_at.0)?.put(step.finished_at.map(|at| at.0))?;
        values.put(step.input_bytes.map(as_integer))?.put(step.output_bytes.map(as_integer))?;
        values.put(&step.error)?.put(step.log_lines)?;
        values.put(record.input.as_deref())?.put(record.output.as_deref()).map(drop)
    })
}

fn insert_log(connection: &Connection, records: &[&RunRecord]) -> Result<(), StoreError> {
    let lines: Vec<(&RunHold, &RunLogLine)> = records
        .iter()
        .flat_map(|record| record.log.iter().map(|line| (&record.hold, line)))
        .collect();
    LOG.run(connection, &lines, |(hold, line), values| {
        values.put(&*hold.project)?.put(hold.run.as_bytes())?.put(line.number)?;
        values.put(line.step_number)?.put(line.at.0)?.put(&line.level)?.put(&line.source)?;
        values.put(&line.message).map(drop)
    })
}

static RUNS: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new(
        "INSERT OR FAIL INTO runs (project, id, workflow, version, state, origin, input, message, payload,
             key, order_key, hops, retry_of, from_step, asked_by, registered_at)",
        16,
    )
});

static STATES: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("INSERT OR FAIL INTO run_states (project, run, kind, bytes)", 4));

static QUEUE: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new(
        "INSERT OR FAIL INTO run_queue (project, run, workflow, rank, next_at, fence, order_key, position,
             cancel_asked)",
        9,
    )
});

static STEPS: LazyLock<Insert> = LazyLock::new(|| {
    Insert::with_tail(
        "INSERT INTO run_steps (project, run, number, step, name_in_state, after_number, state, attempt,
             started_at, finished_at, input_bytes, output_bytes, error, log_lines, input, output)",
        16,
        STEP_AGAIN,
    )
});

static LOG: LazyLock<Insert> = LazyLock::new(|| {
    Insert::with_tail(
        "INSERT INTO run_log (project, run, number, step_number, at, level, source, message)",
        8,
        "ON CONFLICT (project, run, number) DO NOTHING",
    )
});
