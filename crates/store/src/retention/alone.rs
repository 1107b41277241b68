//! Erasing what deliveries carry that no message has set off: what is told when a form is saved.
//!
//! It is rare, and nothing leads to it from messages, so there is no cursor: an index holds nothing else, and
//! what a step erases is not found by the next one. With the *bytes* go the facts, which leaves an empty text
//! in the row, and what was sent of them; as a *tombstone* only the deliveries are left.

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::{Retained, RetentionKind, RetentionStep};
use crate::erase::{
    Depth, ErasePlan, KeptBy, attempts_without_bytes, places, with_ids, without_attempts,
    without_last_error, without_subject, without_words,
};
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::statement::{Batch, Parameter, as_integer};
use crate::{Engine, Store};

/// What has to be true of the payload `p` to be erased: it came alone, before `$2`.
const DUE: &str = "p.project = $1 AND p.message IS NULL AND p.id < $2";
/// The deliveries `d` of the payload `p`.
const THEIR_DELIVERIES: &str =
    "deliveries d WHERE d.project = p.project AND d.payload_id = p.id AND d.subject = p.id";
/// The condition that a run `r` began with the payload `p`.
const THEIR_RUNS: &str = "r.project = p.project AND r.payload = p.id AND r.message IS NULL";
/// The index that leads to them, named for SQLite: see [`Engine::indexed_by`].
const BY_PAYLOAD: &str = "runs_by_payload";

impl Store {
    /// Erases the next payloads that came alone and have come of age. Those that a delivery needs are passed
    /// over.
    pub async fn retain_alone(&self, step: RetentionStep<'_>) -> Result<Retained, StoreError> {
        let RetentionStep { project, kind, cutoff, now, limit, .. } = step;
        let mut parameters: Vec<Parameter> = vec![project.into(), first_id_at(cutoff).into()];
        parameters.push(as_integer(limit).into());
        if kind == RetentionKind::AfterSuccess {
            parameters.push(cutoff.into());
        }
        let sql = next_sql(kind, &self.engine.indexed_by(Some(BY_PAYLOAD)));
        let ids = self.query(sql, parameters, |row| row.id(0)).await?;
        if ids.is_empty() {
            return Ok(Retained::default());
        }
        let mut batch = Batch::default();
        let plan = self.add_erase_alone(&mut batch, project, &ids, kind, now);
        let counts = self.change(batch).await?;
        Ok(Retained { looked_at: ids.len(), erased: plan.erased(&counts) })
    }

    /// Adds the statements that erase these, all but those that a delivery has come to need.
    fn add_erase_alone(
        &self,
        batch: &mut Batch,
        project: &str,
        ids: &[Uuid],
        kind: RetentionKind,
        now: Timestamp,
    ) -> ErasePlan {
        let (list, list_after_now) = (places(2, ids.len()), places(3, ids.len()));
        let parameters = || with_ids(vec![project.into()], ids);
        if let Engine::Postgres(_) = &self.engine {
            // Behind whoever lets a delivery wait again.
            batch.any(
                format!(
                    "SELECT id FROM payloads WHERE project = $1 AND id IN ({list})
                     ORDER BY id FOR UPDATE"
                ),
                parameters(),
            );
        }
        batch.any(
            format!(
                "UPDATE payloads SET facts = '', content_type = NULL, original = NULL
                 WHERE project = $1 AND id IN ({list}) AND NOT EXISTS (
                     SELECT 1 FROM deliveries d WHERE d.project = payloads.project
                     AND d.payload_id = payloads.id AND {})
                 AND NOT EXISTS (SELECT 1 FROM runs r {} WHERE r.project = payloads.project
                     AND r.payload = payloads.id AND r.message IS NULL AND {})",
                kind.kept_by().deliveries,
                self.engine.indexed_by(Some(BY_PAYLOAD)),
                kind.kept_by().runs
            ),
            parameters(),
        );
        // From here on the empty text says which of them are meant.
        let deliveries = |list: &str| {
            format!(
                "SELECT d.id FROM payloads p CROSS JOIN {THEIR_DELIVERIES}
                 AND p.project = $1 AND p.id IN ({list}) AND p.facts = ''"
            )
        };
        let mut plan = ErasePlan { attempts: Some(batch.0.len()), ..ErasePlan::default() };
        if kind.depth() == Depth::Bytes {
            batch.any(
                attempts_without_bytes("$2", &deliveries(&list_after_now)),
                with_ids(vec![project.into(), now.into()], ids),
            );
            batch.any(without_last_error(&deliveries(&list)), parameters());
            return plan;
        }
        let theirs = deliveries(&list);
        batch.any(without_attempts(&theirs), parameters());
        batch.any(without_words(&format!("last_delivery IN ({theirs})")), parameters());
        plan.deliveries = Some(batch.0.len());
        batch.any(without_subject(&theirs), parameters());
        batch.any(
            format!("DELETE FROM payloads WHERE project = $1 AND id IN ({list}) AND facts = ''"),
            parameters(),
        );
        plan
    }
}

/// Finds the next payloads that are due: `$2` is the first id that is too young, `$4` the time before which the
/// last attempt ended, where that is asked for.
fn next_sql(kind: RetentionKind, by_payload: &str) -> String {
    let KeptBy { deliveries, runs } = kind.kept_by();
    let unneeded = format!(
        "NOT EXISTS (SELECT 1 FROM {THEIR_DELIVERIES} AND {deliveries})
         AND NOT EXISTS (SELECT 1 FROM runs r {by_payload} WHERE {THEIR_RUNS} AND {runs})"
    );
    let more = match kind {
        RetentionKind::Messages => "",
        RetentionKind::Bodies => "AND p.facts <> ''",
        RetentionKind::AfterSuccess => {
            "AND p.facts <> '' AND NOT EXISTS (
                 SELECT 1 FROM deliveries d CROSS JOIN attempts a
                 WHERE d.project = p.project AND d.payload_id = p.id AND a.project = d.project
                 AND a.delivery = d.id AND a.started_at + a.duration > $4)"
        }
    };
    format!("SELECT p.id FROM payloads p WHERE {DUE} AND {unneeded} {more} ORDER BY p.id LIMIT $3")
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::migrate;

    const KINDS: [(RetentionKind, &str); 3] = [
        (RetentionKind::Messages, "payloads_alone"),
        (RetentionKind::Bodies, "payloads_alone_whole"),
        (RetentionKind::AfterSuccess, "payloads_alone_whole"),
    ];

    fn sql(kind: RetentionKind, by_payload: &str) -> String {
        next_sql(kind, by_payload).replace("$1", "'p'").replace("$3", "9").replace("$4", "5")
    }

    #[test]
    fn sqlite_walks_along_what_came_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::sqlite(&mut connection).unwrap();
        for (kind, index) in KINDS {
            let sql = format!(
                "EXPLAIN QUERY PLAN {}",
                sql(kind, &crate::sqlite::indexed_by(BY_PAYLOAD)).replace("$2", "x'00'")
            );
            let mut statement = connection.prepare(&sql).unwrap();
            let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            let plan = steps.map(Result::unwrap).collect::<Vec<_>>().join("; ");
            assert!(
                plan.contains(&format!("INDEX {index} (project=? AND id<?)")),
                "{kind}: {plan}"
            );
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{kind}: {plan}");
        }
    }

    /// There are many payloads, and few that came alone.
    #[tokio::test]
    async fn postgres_walks_along_what_came_alone() {
        let url = fieldpost_testkit::postgres::database().await;
        let (mut client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        migrate::postgres(&mut client).await.unwrap();
        client
            .batch_execute(
                "INSERT INTO payloads (project, id, message, kind, facts)
                 SELECT 'p', gen_random_uuid(), CASE WHEN n % 50 > 0 THEN gen_random_uuid() END,
                     'case', '{}' FROM generate_series(1, 20000) n;
                 ANALYZE payloads",
            )
            .await
            .unwrap();
        for (kind, index) in KINDS {
            let last = "'ffffffff-ffff-ffff-ffff-ffffffffffff'";
            let sql = format!("EXPLAIN {}", sql(kind, "").replace("$2", last));
            let rows = client.query(&sql, &[]).await.unwrap();
            let plan =
                rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
            assert!(plan.contains(&format!("{index} on payloads")), "{kind}: {plan}");
            assert!(!plan.contains("Seq Scan on payloads"), "{kind}: {plan}");
        }
        drop(client);
        connection.await.unwrap().unwrap();
    }
}
