//! Claiming due deliveries on PostgreSQL: all lanes in one statement, then the contents in one.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::Postgres;
use crate::claimed::{self, CLAIMED_COLUMNS, Held, claimed_columns, claimed_condition};
use crate::error::StoreError;
use crate::records::{Claimed, Claims, Lane, LaneDemand, LaneOutlook};
use crate::statement::{Row, as_integer};

/// Holds what is due: per lane first tries, then retries for what is left of its limit. Rows that
/// another hub is about to claim are passed over. Where somebody changed a row a moment ago, PostgreSQL
/// looks at the statement's parts once more for that row alone, and what is left of a limit can
/// seem to be less than nothing; hence `greatest`.
const HOLD: &str = "WITH wanted AS (
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
             AS w (project, lane, most, lease)),
     present AS (SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint AS now),
     first AS MATERIALIZED (
         SELECT q.project, q.delivery, w.lane, w.lease FROM present, wanted w
         CROSS JOIN LATERAL (
             SELECT project, delivery FROM queue
             WHERE project = w.project AND lane = w.lane AND rank = 0 AND next_at <= present.now
             ORDER BY next_at, delivery LIMIT w.most FOR UPDATE SKIP LOCKED) q),
     again AS MATERIALIZED (
         SELECT q.project, q.delivery, w.lane, w.lease FROM present, wanted w
         CROSS JOIN LATERAL (
             SELECT project, delivery FROM queue
             WHERE project = w.project AND lane = w.lane AND rank = 1 AND next_at <= present.now
             ORDER BY next_at, delivery
             LIMIT greatest(0, w.most - (SELECT count(*) FROM first f
                             WHERE f.project = w.project AND f.lane = w.lane))
             FOR UPDATE SKIP LOCKED) q),
     due AS (SELECT * FROM first UNION ALL SELECT * FROM again)
     UPDATE queue SET next_at = present.now + due.lease, owner = $5, fence = queue.fence + 1
     FROM due, present
     WHERE queue.project = due.project AND queue.delivery = due.delivery
     RETURNING queue.project, queue.delivery, queue.lane, queue.fence, queue.sequence,
         queue.collapse";

const CONTENTS: &str = concat!(
    "SELECT ",
    claimed_columns!(),
    ", d.project, d.id
     FROM unnest($1::text[], $2::uuid[]) AS w (project, delivery)
     JOIN deliveries d ON d.project = w.project AND d.id = w.delivery
     LEFT JOIN payloads p ON p.project = d.project AND p.id = d.subject
     LEFT JOIN messages m ON m.project = d.project AND m.id = d.payload_id
     LEFT JOIN message_bodies b ON b.project = m.project AND b.message = m.id
     WHERE ",
    claimed_condition!()
);

/// Where [`CONTENTS`] names the delivery, after the columns that `claimed` reads.
const PROJECT_COLUMN: usize = CLAIMED_COLUMNS;
const DELIVERY_COLUMN: usize = CLAIMED_COLUMNS + 1;

const NEXT_DUE: &str = "SELECT w.project, w.lane, least(
         (SELECT min(next_at) FROM queue
          WHERE project = w.project AND lane = w.lane AND rank = 0 AND next_at > w.now),
         (SELECT min(next_at) FROM queue
          WHERE project = w.project AND lane = w.lane AND rank = 1 AND next_at > w.now)) - w.now
     FROM (SELECT *, (extract(epoch from clock_timestamp()) * 1000000)::bigint AS now
           FROM unnest($1::text[], $2::text[]) AS l (project, lane)) w";

impl Postgres {
    pub(crate) async fn claim(
        &self,
        demands: &[LaneDemand],
        owner: &str,
    ) -> Result<Claims, StoreError> {
        let client = self.urgent.get().await?;
        let projects: Vec<&str> = demands.iter().map(|demand| &*demand.lane.project).collect();
        let lanes: Vec<&str> = demands.iter().map(|demand| &*demand.lane.name).collect();
        let most: Vec<i64> = demands.iter().map(|demand| as_integer(demand.limit)).collect();
        let leases: Vec<i64> =
            demands.iter().map(|demand| as_integer(demand.lease.as_micros())).collect();
        let hold = client.prepare_cached(HOLD).await?;
        let held = client.query(&hold, &[&projects, &lanes, &most, &leases, &owner]).await?;
        let held = held.iter().map(read_held).collect::<Result<Vec<Held>, StoreError>>()?;
        let claimed = contents(&client, &held).await?;
        let outlook = outlook(&client, demands, &held).await?;
        Ok(Claims { claimed, outlook })
    }
}

fn read_held(row: &tokio_postgres::Row) -> Result<Held, StoreError> {
    let project: &str = row.try_get(0)?;
    Ok(Held {
        lane: Lane { project: project.into(), name: row.try_get(2)? },
        delivery: row.try_get(1)?,
        fence: row.try_get(3)?,
        sequence: row.try_get(4)?,
        collapse: row.try_get(5)?,
    })
}

async fn contents(
    client: &deadpool_postgres::Client,
    held: &[Held],
) -> Result<Vec<Claimed>, StoreError> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let (projects, deliveries): (Vec<&str>, Vec<Uuid>) =
        held.iter().map(|held| (&*held.lane.project, held.delivery)).unzip();
    let known: HashMap<(&str, Uuid), &Held> =
        held.iter().map(|held| ((&*held.lane.project, held.delivery), held)).collect();
    let statement = client.prepare_cached(CONTENTS).await?;
    let mut claimed = Vec::with_capacity(held.len());
    for row in client.query(&statement, &[&projects, &deliveries]).await? {
        let project: &str = row.try_get(PROJECT_COLUMN)?;
        let Some(held) = known.get(&(project, row.try_get(DELIVERY_COLUMN)?)) else { continue };
        claimed.extend(claimed::read(&Row::Postgres(&row), held)?);
    }
    // As the queue had them: first tries before retries, and the oldest first, since the ids begin
    // with the time at which they were made.
    claimed.sort_by_key(|claim| (claim.tries > 0, claim.id));
    Ok(claimed)
}

async fn outlook(
    client: &deadpool_postgres::Client,
    demands: &[LaneDemand],
    held: &[Held],
) -> Result<Vec<LaneOutlook>, StoreError> {
    let mut got: HashMap<&Lane, usize> = HashMap::new();
    for Held { lane, .. } in held {
        *got.entry(lane).or_default() += 1;
    }
    let more = |demand: &LaneDemand| got.get(&demand.lane).copied().unwrap_or(0) >= demand.limit;
    let idle: Vec<&Lane> =
        demands.iter().filter(|demand| !more(demand)).map(|demand| &demand.lane).collect();
    let projects: Vec<&str> = idle.iter().map(|lane| &*lane.project).collect();
    let lanes: Vec<&str> = idle.iter().map(|lane| &*lane.name).collect();
    let mut next: HashMap<(String, String), Duration> = HashMap::new();
    if !idle.is_empty() {
        let statement = client.prepare_cached(NEXT_DUE).await?;
        for row in client.query(&statement, &[&projects, &lanes]).await? {
            let pause: Option<i64> = row.try_get(2)?;
            if let Some(pause) = pause.and_then(|pause| u64::try_from(pause).ok()) {
                let lane = (row.try_get(0)?, row.try_get(1)?);
                next.insert(lane, Duration::from_micros(pause));
            }
        }
    }
    Ok(demands
        .iter()
        .map(|demand| LaneOutlook {
            lane: demand.lane.clone(),
            more: more(demand),
            next_due_in: next
                .get(&(demand.lane.project.to_string(), demand.lane.name.clone()))
                .copied(),
        })
        .collect())
}
