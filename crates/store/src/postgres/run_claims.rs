//! Runs on PostgreSQL, claimed: what is due is held by one statement for all workflows that are asked for, and read
//! by another.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use deadpool_postgres::Transaction;
use fieldpost_model::ProjectName;
use uuid::Uuid;

use super::runs::{Parameters, TOUCHED};
use super::{MOST_REDOS, Postgres};
use crate::error::StoreError;
use crate::runs::order::lock_workflows;
use crate::runs::{
    ClaimedRun, HeldRun, RunClaims, RunDemand, RunOutlook, read_claimed, run_content,
};
use crate::statement::{Row, as_integer};

static LOCK_WORKFLOWS: LazyLock<String> = LazyLock::new(|| lock_workflows(TOUCHED));

/// Holds what is due: per workflow what has not been begun, then what goes on, then what somebody has let
/// go by, as many as may go on at once: what is held still has lost a claim. Rows that another hub is about to claim are passed over. For
/// `greatest` see the claim of deliveries.
const HOLD: &str = "WITH present AS (
         SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint AS now),
     wanted AS MATERIALIZED (
         SELECT w.project, w.workflow, w.lease,
             CASE WHEN w.concurrency IS NULL THEN w.most ELSE greatest(0, least(w.most, w.concurrency - (
                 SELECT count(*) FROM run_queue g
                 WHERE g.project = w.project AND g.workflow = w.workflow AND g.rank = 4
                 AND g.next_at > present.now))) END AS most
         FROM present, unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
             AS w (project, workflow, most, concurrency, lease)),
     first AS MATERIALIZED (
         SELECT q.project, q.run, w.workflow, w.lease FROM present, wanted w
         CROSS JOIN LATERAL (
             SELECT project, run FROM run_queue
             WHERE project = w.project AND workflow = w.workflow AND rank = 0
             AND next_at <= present.now
             ORDER BY next_at, run LIMIT w.most FOR UPDATE SKIP LOCKED) q),
     again AS MATERIALIZED (
         SELECT q.project, q.run, w.workflow, w.lease FROM present, wanted w
         CROSS JOIN LATERAL (
             SELECT project, run FROM run_queue
             WHERE project = w.project AND workflow = w.workflow AND rank = 1
             AND next_at <= present.now
             ORDER BY next_at, run
             LIMIT greatest(0, w.most - (SELECT count(*) FROM first f
                             WHERE f.project = w.project AND f.workflow = w.workflow))
             FOR UPDATE SKIP LOCKED) q),
     lost AS MATERIALIZED (
         SELECT q.project, q.run, w.workflow, w.lease FROM present, wanted w
         CROSS JOIN LATERAL (
             SELECT project, run FROM run_queue
             WHERE project = w.project AND workflow = w.workflow AND rank = 4
             AND next_at <= present.now
             ORDER BY next_at, run
             LIMIT greatest(0, w.most - (SELECT count(*) FROM first f
                                 WHERE f.project = w.project AND f.workflow = w.workflow)
                             - (SELECT count(*) FROM again a
                                 WHERE a.project = w.project AND a.workflow = w.workflow))
             FOR UPDATE SKIP LOCKED) q),
     due AS (SELECT * FROM first UNION ALL SELECT * FROM again UNION ALL SELECT * FROM lost)
     UPDATE run_queue SET rank = 4, next_at = present.now + due.lease, owner = $6,
         fence = run_queue.fence + 1,
         lost_claims = run_queue.lost_claims + CASE WHEN run_queue.rank = 4 THEN 1 ELSE 0 END
     FROM due, present
     WHERE run_queue.project = due.project AND run_queue.run = due.run
     RETURNING run_queue.project, run_queue.run, run_queue.workflow, run_queue.fence,
         run_queue.cancel_asked, run_queue.lost_claims";

const CONTENTS: &str = concat!(
    "SELECT ",
    run_content!(),
    " FROM unnest($1::text[], $2::uuid[]) AS w (project, run)
     JOIN runs r ON r.project = w.project AND r.id = w.run
     LEFT JOIN payloads p ON p.project = r.project AND p.id = r.payload
     LEFT JOIN messages m ON m.project = r.project AND m.id = r.message
     LEFT JOIN message_bodies b ON b.project = m.project AND b.message = m.id
     LEFT JOIN run_states s ON s.project = r.project AND s.run = r.id AND s.kind = 'given'"
);

const NEXT_DUE: &str = "SELECT w.project, w.workflow, least(
         (SELECT min(next_at) FROM run_queue
          WHERE project = w.project AND workflow = w.workflow AND rank = 1 AND next_at > w.now),
         (SELECT min(next_at) FROM run_queue
          WHERE project = w.project AND workflow = w.workflow AND rank = 4 AND next_at > w.now))
         - w.now
     FROM (SELECT *, (extract(epoch from clock_timestamp()) * 1000000)::bigint AS now
           FROM unnest($1::text[], $2::text[]) AS l (project, workflow)) w";

impl Postgres {
    pub(crate) async fn claim_runs(
        &self,
        demands: &[RunDemand],
        owner: &str,
    ) -> Result<RunClaims, StoreError> {
        let mut client = self.urgent.get().await?;
        let projects: Vec<&str> = demands.iter().map(|demand| &*demand.project).collect();
        let workflows: Vec<&str> = demands.iter().map(|demand| &*demand.workflow).collect();
        let most: Vec<i64> = demands.iter().map(|demand| as_integer(demand.limit)).collect();
        let concurrency: Vec<Option<i64>> =
            demands.iter().map(|demand| demand.concurrency.map(i64::from)).collect();
        let leases: Vec<i64> =
            demands.iter().map(|demand| as_integer(demand.lease.as_micros())).collect();
        let parameters: Parameters<'_> =
            vec![&projects, &workflows, &most, &concurrency, &leases, &owner];
        let mut redos = 0;
        let held = loop {
            match hold_once(&mut client, demands, &parameters).await {
                Err(StoreError::Busy) if redos < MOST_REDOS => redos += 1,
                end => break end?,
            }
        };
        let mut got: HashMap<(&str, &str), usize> = HashMap::new();
        for (held, workflow) in &held {
            *got.entry((&*held.project, workflow)).or_default() += 1;
        }
        let got_of = |demand: &RunDemand| {
            got.get(&(&*demand.project, &*demand.workflow)).copied().unwrap_or(0)
        };
        let idle: Vec<&RunDemand> =
            demands.iter().filter(|demand| got_of(demand) < demand.limit).collect();
        let next = next_due(&client, &idle).await?;
        let outlook = demands
            .iter()
            .map(|demand| RunOutlook {
                project: demand.project.clone(),
                workflow: demand.workflow.clone(),
                more: got_of(demand) >= demand.limit,
                next_due_in: next
                    .get(&(demand.project.to_string(), demand.workflow.clone()))
                    .copied(),
            })
            .collect();
        let held: Vec<HeldRun> = held.into_iter().map(|(held, _)| held).collect();
        let claimed = contents(&client, &held).await?;
        Ok(RunClaims { claimed, outlook })
    }
}

/// Holds what is due, once; the database may give it up in favour of somebody else.
async fn hold_once(
    client: &mut deadpool_postgres::Client,
    demands: &[RunDemand],
    parameters: &Parameters<'_>,
) -> Result<Vec<(HeldRun, String)>, StoreError> {
    let transaction = client.transaction().await?;
    lock_counted(&transaction, demands).await?;
    let hold = transaction.prepare_cached(HOLD).await?;
    let rows = transaction.query(&hold, parameters).await?;
    transaction.commit().await?;
    rows.iter().map(read_held).collect()
}

/// Holds off other claims of those workflows of which only so many runs may go on.
async fn lock_counted(
    transaction: &Transaction<'_>,
    demands: &[RunDemand],
) -> Result<(), StoreError> {
    let counted = || demands.iter().filter(|demand| demand.concurrency.is_some());
    let projects: Vec<&str> = counted().map(|demand| &*demand.project).collect();
    let workflows: Vec<&str> = counted().map(|demand| &*demand.workflow).collect();
    if !projects.is_empty() {
        let lock = transaction.prepare_cached(&LOCK_WORKFLOWS).await?;
        transaction.query(&lock, &[&projects, &workflows]).await?;
    }
    Ok(())
}

fn read_held(row: &tokio_postgres::Row) -> Result<(HeldRun, String), StoreError> {
    let (project, cancel_asked): (&str, i64) = (row.try_get(0)?, row.try_get(4)?);
    let lost_claims: i64 = row.try_get(5)?;
    let held = HeldRun {
        project: ProjectName::from(project),
        run: row.try_get(1)?,
        fence: row.try_get(3)?,
        cancel_asked: cancel_asked != 0,
        lost_claims: u32::try_from(lost_claims).unwrap_or(u32::MAX),
    };
    Ok((held, row.try_get(2)?))
}

async fn next_due(
    client: &deadpool_postgres::Client,
    idle: &[&RunDemand],
) -> Result<HashMap<(String, String), Duration>, StoreError> {
    let mut next = HashMap::new();
    if idle.is_empty() {
        return Ok(next);
    }
    let projects: Vec<&str> = idle.iter().map(|demand| &*demand.project).collect();
    let workflows: Vec<&str> = idle.iter().map(|demand| &*demand.workflow).collect();
    let statement = client.prepare_cached(NEXT_DUE).await?;
    for row in client.query(&statement, &[&projects, &workflows]).await? {
        let pause: Option<i64> = row.try_get(2)?;
        if let Some(pause) = pause.and_then(|pause| u64::try_from(pause).ok()) {
            next.insert((row.try_get(0)?, row.try_get(1)?), Duration::from_micros(pause));
        }
    }
    Ok(next)
}

async fn contents(
    client: &deadpool_postgres::Client,
    held: &[HeldRun],
) -> Result<Vec<ClaimedRun>, StoreError> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let (projects, runs): (Vec<&str>, Vec<Uuid>) =
        held.iter().map(|held| (&*held.project, held.run)).unzip();
    let known: HashMap<(&str, Uuid), &HeldRun> =
        held.iter().map(|held| ((&*held.project, held.run), held)).collect();
    let statement = client.prepare_cached(CONTENTS).await?;
    let mut claimed = Vec::with_capacity(held.len());
    for row in client.query(&statement, &[&projects, &runs]).await? {
        let project: &str = row.try_get(0)?;
        let Some(held) = known.get(&(project, row.try_get(1)?)) else { continue };
        claimed.extend(read_claimed(&Row::Postgres(&row), held)?);
    }
    claimed.sort_by_key(|claimed| claimed.run.id);
    Ok(claimed)
}

/// The statements of a claim, as they look for runs of a workflow `w7` of the project `p`.
#[cfg(test)]
pub(crate) fn statements() -> [(&'static str, String); 2] {
    let hold = HOLD.replace("$1", "ARRAY['p']").replace("$2", "ARRAY['w7']");
    let hold = hold.replace("$3", "ARRAY[5]").replace("$4", "ARRAY[9]").replace("$5", "ARRAY[1]");
    let next_due = NEXT_DUE.replace("$1", "ARRAY['p']").replace("$2", "ARRAY['w7']");
    [("hold", hold.replace("$6", "'hub'")), ("next due", next_due)]
}
