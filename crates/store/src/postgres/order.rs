//! Keeping order on PostgreSQL: the locks first, then a look, then what follows from it.
//!
//! Every part here does nothing, and asks the server nothing, where nothing is kept in order.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::arriving::{Arriving, Older, collapse_within};
use crate::error::StoreError;
use crate::order::lock;
use crate::records::Outcome;
use crate::statement::as_integer;

/// The sequences that are touched, as the statements below take them.
const TOUCHED: &str = "SELECT * FROM unnest($1::text[], $2::text[]) AS t (project, sequence)";

static LOCK: LazyLock<String> = LazyLock::new(|| lock(TOUCHED));

/// Blocks what is ahead in its sequence and should not be: see [`crate::order::demote`]. The
/// conditions of the choice stand again, as there.
const DEMOTE: &str = "WITH ahead AS MATERIALIZED (
         SELECT q.* FROM unnest($1::text[], $2::text[]) AS t (project, sequence)
         CROSS JOIN LATERAL (
             SELECT a.project, a.delivery, a.sequence FROM queue a
             WHERE a.project = t.project AND a.sequence = t.sequence AND a.rank < 2
             ORDER BY a.rank) q),
     behind AS MATERIALIZED (
         SELECT a.project, a.delivery FROM ahead a
         WHERE a.delivery <> (
             SELECT q.delivery FROM queue q
             WHERE q.project = a.project AND q.sequence = a.sequence
             ORDER BY q.position LIMIT 1)
         OR (
             SELECT q.delivery FROM queue q
             WHERE q.project = a.project AND q.sequence = a.sequence AND q.rank < 2
             AND q.owner IS NOT NULL AND q.delivery <> a.delivery
             ORDER BY q.rank LIMIT 1) IS NOT NULL)
     UPDATE queue q SET rank = q.rank + 2 FROM behind
     WHERE q.project = behind.project AND q.delivery = behind.delivery
     AND q.rank < 2 AND q.owner IS NULL";

/// Lets the heads go of sequences in which nothing is ahead, and the next ones of threads: see
/// [`crate::order::promote_after`]. They are found first, by themselves: the planner would otherwise
/// begin with all that is blocked, which is the whole backlog. That they still are blocked is sure,
/// since the locks are taken.
const PROMOTE: &str = "WITH candidates AS MATERIALIZED (
         SELECT head.* FROM unnest($1::text[], $2::text[]) AS t (project, sequence)
         CROSS JOIN LATERAL (
             SELECT q.project, q.delivery, q.rank, q.sequence, q.forwarder, q.order_key FROM queue q
             WHERE q.project = t.project AND q.sequence = t.sequence
             ORDER BY q.position LIMIT 1) head
         UNION
         SELECT next.* FROM unnest($3::text[], $4::text[], $5::text[])
             AS t (project, forwarder, order_key)
         CROSS JOIN LATERAL (
             SELECT q.project, q.delivery, q.rank, q.sequence, q.forwarder, q.order_key FROM queue q
             WHERE q.project = t.project AND q.forwarder = t.forwarder AND q.order_key = t.order_key
             ORDER BY q.position LIMIT 1) next),
     heads AS MATERIALIZED (
         SELECT c.project, c.delivery FROM candidates c
         WHERE c.rank IN (2, 3) AND c.delivery = (
             SELECT q.delivery FROM queue q
             WHERE q.project = c.project AND q.sequence = c.sequence
             ORDER BY q.position LIMIT 1)
         AND c.delivery = (
             SELECT q.delivery FROM queue q
             WHERE q.project = c.project AND q.forwarder = c.forwarder
             AND q.order_key = c.order_key
             ORDER BY q.position LIMIT 1)
         AND (
             SELECT q.delivery FROM queue q
             WHERE q.project = c.project AND q.sequence = c.sequence AND q.rank < 2
             ORDER BY q.rank LIMIT 1) IS NULL)
     UPDATE queue q SET rank = q.rank - 2 FROM heads
     WHERE q.project = heads.project AND q.delivery = heads.delivery
     RETURNING q.project, q.lane, q.order_key";

/// Ends what waits for the same key and is not being sent; and finds the last position of the thread that
/// something has which does not collapse with it.
const REPLACE: &str = "WITH gone AS (
         DELETE FROM queue q
         USING unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
             AS n (project, sequence, collapse, newer)
         WHERE q.project = n.project AND q.collapse = n.collapse AND q.sequence = n.sequence
         AND q.rank < 4 AND q.owner IS NULL
         RETURNING n.newer, q.project, q.delivery, q.position, q.rank, q.next_at, q.forwarder,
             q.order_key, q.collapse)
     UPDATE deliveries d SET state = 'superseded', superseded_by = gone.newer,
         next_attempt_at = NULL
     FROM gone WHERE d.project = gone.project AND d.id = gone.delivery
     RETURNING gone.newer, d.id, gone.position, gone.rank, gone.next_at, (
         SELECT other.position FROM queue other
         WHERE other.project = gone.project AND other.forwarder = gone.forwarder
         AND other.order_key = gone.order_key AND other.collapse IS DISTINCT FROM gone.collapse
         ORDER BY other.position DESC LIMIT 1)";

/// The newest deliveries that wait to take the place of some that were sent.
const NEWER: &str = "SELECT o.delivery, newer.delivery
     FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
         AS o (project, delivery, sequence, collapse)
     JOIN queue own ON own.project = o.project AND own.delivery = o.delivery
     CROSS JOIN LATERAL (
         SELECT n.delivery FROM queue n
         WHERE n.project = o.project AND n.collapse = o.collapse AND n.sequence = o.sequence
         AND n.rank < 4 AND n.position > own.position
         ORDER BY n.position DESC LIMIT 1) newer";

/// Sequences, by project.
#[derive(Debug, Default)]
pub(super) struct Sequences<'s> {
    projects: Vec<&'s str>,
    sequences: Vec<&'s str>,
}

impl<'s> FromIterator<(&'s str, &'s str)> for Sequences<'s> {
    fn from_iter<I: IntoIterator<Item = (&'s str, &'s str)>>(all: I) -> Self {
        let distinct: HashSet<(&str, &str)> = all.into_iter().collect();
        let (projects, sequences) = distinct.into_iter().unzip();
        Self { projects, sequences }
    }
}

impl Sequences<'_> {
    fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Takes the locks of their keys, until the transaction ends.
    pub(super) async fn lock(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if !self.is_empty() {
            let statement = transaction.prepare_cached(&LOCK).await?;
            transaction.execute(&statement, &[&self.projects, &self.sequences]).await?;
        }
        Ok(())
    }

    /// Blocks what should not be ahead. Only what comes back to a sequence can be.
    pub(super) async fn demote(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if !self.is_empty() {
            let statement = transaction.prepare_cached(DEMOTE).await?;
            transaction.execute(&statement, &[&self.projects, &self.sequences]).await?;
        }
        Ok(())
    }

    /// Lets the heads go, and the next ones of the threads that something has left.
    pub(super) async fn promote(
        &self,
        left: &Threads<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Vec<LetGo>, StoreError> {
        if self.is_empty() && left.keys.is_empty() {
            return Ok(Vec::new());
        }
        let statement = transaction.prepare_cached(PROMOTE).await?;
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&self.projects, &self.sequences, &left.projects, &left.forwarders, &left.keys];
        let rows = transaction.query(&statement, &parameters).await?;
        rows.iter()
            .map(|row| {
                Ok(LetGo {
                    project: row.try_get(0)?,
                    lane: row.try_get(1)?,
                    order_key: row.try_get(2)?,
                })
            })
            .collect()
    }
}

/// Threads, by project, forwarder and order key.
#[derive(Debug, Default)]
pub(super) struct Threads<'t> {
    projects: Vec<&'t str>,
    forwarders: Vec<&'t str>,
    keys: Vec<&'t str>,
}

impl<'t> FromIterator<(&'t str, &'t str, &'t str)> for Threads<'t> {
    fn from_iter<I: IntoIterator<Item = (&'t str, &'t str, &'t str)>>(all: I) -> Self {
        let distinct: HashSet<(&str, &str, &str)> = all.into_iter().collect();
        let mut threads = Self::default();
        for (project, forwarder, key) in distinct {
            threads.projects.push(project);
            threads.forwarders.push(forwarder);
            threads.keys.push(key);
        }
        threads
    }
}

/// A delivery that may be claimed now.
pub(super) struct LetGo {
    pub(super) project: String,
    /// The lane that it waits in.
    pub(super) lane: String,
    pub(super) order_key: String,
}

/// Gives positions to what arrives, in this order, and lets it take the place of what it collapses
/// with: of this batch, and of what waits. The locks are taken. The answer is what left the queue,
/// by what took its place.
pub(super) async fn arrange(
    transaction: &Transaction<'_>,
    mut arriving: Vec<Arriving<'_>>,
) -> Result<HashMap<Uuid, Vec<Uuid>>, StoreError> {
    if arriving.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = transaction
        .prepare_cached("SELECT nextval('positions') FROM generate_series(1::bigint, $1)")
        .await?;
    let positions = transaction.query(&statement, &[&as_integer(arriving.len())]).await?;
    for (arriving, row) in arriving.iter_mut().zip(positions) {
        arriving.ordered.position = row.try_get(0)?;
    }
    let mut newest = collapse_within(arriving);
    if newest.is_empty() {
        return Ok(HashMap::new());
    }
    replace(transaction, &mut newest).await
}

async fn replace(
    transaction: &Transaction<'_>,
    newest: &mut [Arriving<'_>],
) -> Result<HashMap<Uuid, Vec<Uuid>>, StoreError> {
    let projects: Vec<&str> = newest.iter().map(|newer| newer.project).collect();
    let ids: Vec<Uuid> = newest.iter().map(|newer| newer.delivery).collect();
    let sequences: Vec<&str> = newest.iter().map(|newer| &*newer.ordered.sequence).collect();
    let collapses: Vec<Option<&str>> =
        newest.iter().map(|newer| newer.ordered.collapse.as_deref()).collect();
    let statement = transaction.prepare_cached(REPLACE).await?;
    let gone = transaction.query(&statement, &[&projects, &sequences, &collapses, &ids]).await?;
    let mut replaced: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    let mut by_id: HashMap<Uuid, &mut Arriving<'_>> =
        newest.iter_mut().map(|newer| (newer.delivery, newer)).collect();
    for row in gone {
        let newer: Uuid = row.try_get(0)?;
        if let Some(newer) = by_id.get_mut(&newer) {
            newer.ordered.replace(Older {
                position: row.try_get(2)?,
                rank: row.try_get(3)?,
                next_at: row.try_get(4)?,
                last_other: row.try_get(5)?,
            });
        }
        replaced.entry(newer).or_default().push(row.try_get(1)?);
    }
    Ok(replaced)
}

/// For what was sent and collapses: the newest delivery that waits to take its place. The locks are
/// taken.
pub(super) async fn newer(
    transaction: &Transaction<'_>,
    outcomes: &[&Outcome],
) -> Result<HashMap<Uuid, Uuid>, StoreError> {
    let mut projects: Vec<&str> = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    let mut sequences: Vec<&str> = Vec::new();
    let mut collapses: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if let (Some(sequence), Some(collapse)) = (&outcome.sequence, &outcome.collapse) {
            projects.push(&outcome.lane.project);
            ids.push(outcome.delivery);
            sequences.push(sequence);
            collapses.push(collapse);
        }
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = transaction.prepare_cached(NEWER).await?;
    let rows = transaction.query(&statement, &[&projects, &ids, &sequences, &collapses]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
