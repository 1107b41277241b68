//! The locks of runs on PostgreSQL, and letting the first one of an order key go.
//!
//! On SQLite the writer is alone.

use std::collections::BTreeSet;

use crate::statement::Batch;
use crate::{Engine, Store};

/// The number of the first lock of order keys of runs: behind those of deliveries, since whoever takes both
/// takes them in the order of their numbers. 1,024 locks are shared by all keys.
const ORDER_LOCKS: i64 = 5_073_697_969_740_447_744 + 1_024;
/// The number of the first lock of workflows whose runs are counted before they are claimed.
const CONCURRENCY_LOCKS: i64 = ORDER_LOCKS + 1_024;

fn lock(first: i64, touched: &str) -> String {
    format!(
        "SELECT pg_advisory_xact_lock(number) FROM (
             SELECT DISTINCT {first} + (hashtextextended(project || '/' || key, 0) & 1023) AS number
             FROM ({touched}) touched ORDER BY number) locks"
    )
}

/// Takes the locks of the order keys which `touched` lists as `project` and `key`.
pub(crate) fn lock_keys(touched: &str) -> String {
    lock(ORDER_LOCKS, touched)
}

/// Takes the locks of the workflows which `touched` lists as `project` and `key`.
pub(crate) fn lock_workflows(touched: &str) -> String {
    lock(CONCURRENCY_LOCKS, touched)
}

/// What the lock of an order key is found by.
pub(crate) fn lock_key(workflow: &str, order_key: &str) -> String {
    format!("{workflow}/{order_key}")
}

/// Lets the first run of the order key `$3` of the workflow `$2` of the project `$1` go.
pub(crate) const LET_GO: &str = "UPDATE run_queue SET rank = rank - 2
     WHERE project = $1 AND rank IN (2, 3) AND run = (
         SELECT first.run FROM run_queue first
         WHERE first.project = $1 AND first.workflow = $2 AND first.order_key = $3
         ORDER BY first.position LIMIT 1)";

/// An order key, with its workflow.
pub(crate) type OrderKey<'k> = (&'k str, &'k str);

impl Store {
    /// Adds the statement that takes the locks of order keys.
    pub(crate) fn lock_run_keys<'k>(
        &self,
        batch: &mut Batch,
        project: &str,
        keys: impl Iterator<Item = OrderKey<'k>>,
    ) {
        let Engine::Postgres(_) = &self.engine else { return };
        let keys: BTreeSet<String> = keys.map(|(workflow, key)| lock_key(workflow, key)).collect();
        if keys.is_empty() {
            return;
        }
        let places: Vec<String> =
            (2..2 + keys.len()).map(|place| format!("(${place}::text)")).collect();
        let touched = format!(
            "SELECT $1::text AS project, column1 AS key FROM (VALUES {}) listed",
            places.join(", ")
        );
        let parameters =
            std::iter::once(project.into()).chain(keys.into_iter().map(Into::into)).collect();
        batch.any(lock_keys(&touched), parameters);
    }
}

/// Adds the statement that lets the first run of an order key go.
pub(crate) fn let_go(batch: &mut Batch, project: &str, (workflow, key): OrderKey<'_>) {
    batch.any(LET_GO, vec![project.into(), workflow.into(), key.into()]);
}
