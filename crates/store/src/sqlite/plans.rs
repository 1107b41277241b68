//! How much of a long queue a claim looks at, as SQLite itself counts it: the steps of its virtual
//! machine, which no busy machine makes more or fewer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fieldpost_model::time::Timestamp;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus, params};
use uuid::Uuid;

use super::{claim, indexed_by};
use crate::delivery_list::ROWS_LOOKED_THROUGH;
use crate::lanes::LANE_COUNT;
use crate::migrate;
use crate::records::{Lane, LaneDemand};
use crate::runs::MOST_RUNS_COUNTED;
use crate::runs::erase::BY_WORKFLOW;

const NOW: Timestamp = Timestamp(1_000_000_000);
/// Deliveries of one claim.
const CLAIMED: usize = 16;
const CLAIMS: usize = 3;
/// Deliveries that wait in a short queue, and in a long one.
const FEW: u128 = 100;
const MANY: u128 = 10_000;

/// What statements have cost so far.
#[derive(Default)]
struct Cost {
    steps: AtomicI64,
    /// Steps from row to row through a table, without an index that leads to the row.
    scanned: AtomicI64,
    sorted: AtomicI64,
}

/// A lane in which so many first tries are due, as many retries, and as many retries not yet.
fn queue_of(waiting: u128) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite(&mut connection).unwrap();
    let transaction = connection.transaction().unwrap();
    for (kind, rank, due) in [(1, 0, -1), (2, 1, -1), (3, 1, 1)] {
        for number in 0..waiting {
            let id = Uuid::from_u128((kind << 64) | number);
            transaction
                .execute(
                    "INSERT INTO queue (project, delivery, lane, rank, next_at, forwarder, fence)
                     VALUES ('clinic', ?1, 'ministry', ?2, ?3, 'births', 0)",
                    params![id.as_bytes(), rank, NOW.0 + due * i64::try_from(number + 1).unwrap()],
                )
                .unwrap();
        }
    }
    transaction.commit().unwrap();
    connection
}

/// What the statements of a connection cost from here on.
fn cost_from_here(connection: &mut Connection) -> Arc<Cost> {
    let cost = Arc::new(Cost::default());
    let counted = Arc::clone(&cost);
    let count = move |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            let status = |of| i64::from(statement.get_status(of));
            counted.steps.fetch_add(status(StatementStatus::VmStep), Ordering::Relaxed);
            counted.scanned.fetch_add(status(StatementStatus::FullscanStep), Ordering::Relaxed);
            counted.sorted.fetch_add(status(StatementStatus::Sort), Ordering::Relaxed);
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(count)).unwrap();
    cost
}

/// What a few claims cost, one after the other.
fn cost_of_claims(waiting: u128) -> Arc<Cost> {
    let mut connection = queue_of(waiting);
    let cost = cost_from_here(&mut connection);
    let lane = Lane { project: "clinic".into(), name: "ministry".to_owned() };
    for _ in 0..CLAIMS {
        let lease = Duration::from_mins(1);
        let demand = LaneDemand { lane: lane.clone(), limit: CLAIMED, lease };
        let (held, _) = claim::hold(&connection, &demand, NOW, NOW + lease, "hub").unwrap();
        assert_eq!(held.len(), CLAIMED);
        claim::contents(&connection, &held).unwrap();
    }
    cost
}

#[test]
fn a_claim_looks_at_what_it_takes_however_many_wait() {
    let few = cost_of_claims(FEW);
    let many = cost_of_claims(MANY);
    let steps = |cost: &Cost| cost.steps.load(Ordering::Relaxed);
    assert!(steps(&few) > 1_000, "{} steps", steps(&few));
    assert!(steps(&many) <= steps(&few) * 11 / 10, "{}, not {}", steps(&many), steps(&few));
    assert_eq!(many.scanned.load(Ordering::Relaxed), 0, "rows were looked through");
    assert_eq!(many.sorted.load(Ordering::Relaxed), 0, "rows were sorted");
}

#[test]
fn a_forwarders_counts_read_nothing_that_ended_well() {
    let connection = queue_of(1);
    let sql = crate::open_counts::ended_sql(true).replace('$', "?");
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let parameters = params!["clinic", "rejected", 10];
    let plan: Vec<String> =
        statement.query_map(parameters, |row| row.get(3)).unwrap().map(Result::unwrap).collect();
    assert!(plan.iter().any(|step| step.contains("deliveries_in_trouble")), "{plan:?}");
    assert!(!plan.iter().any(|step| step.contains("deliveries_by_forwarder")), "{plan:?}");
}

/// What a claim holds that was lost is found by its holder, and a walk goes on where it was.
#[test]
fn what_is_held_is_found_by_its_holder() {
    let connection = queue_of(1);
    for (sql, index) in [
        ("SELECT lane FROM queue WHERE owner IN ('a', 'b')", "queue_held (owner=?)"),
        (
            "SELECT lane FROM queue WHERE owner IS NOT NULL
             AND (owner <> 'a' AND substr(owner, 1, length('b')) = 'b')",
            "queue_held (owner>?)",
        ),
        (
            "SELECT forwarder FROM queue WHERE project = 'p' AND delivery > x'00'
             ORDER BY delivery LIMIT 500",
            "PRIMARY KEY (project=? AND delivery>?)",
        ),
    ] {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> =
            statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(plan.len() == 1 && plan[0].contains(index), "{plan:?}");
    }
}

#[test]
fn what_a_delivery_carries_is_looked_up() {
    let connection = queue_of(1);
    let sql = format!("EXPLAIN QUERY PLAN {}", claim::CONTENTS);
    let mut statement = connection.prepare(&sql).unwrap();
    let plan: Vec<String> = statement
        .query_map(params!["clinic", [0_u8; 16]], |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .filter(|step: &String| !step.contains("SCALAR SUBQUERY"))
        .collect();
    let looked_up = |step: &String| step.starts_with("SEARCH") && step.contains("=?");
    assert!(plan.len() == 5 && plan.iter().all(looked_up), "{plan:?}");
    let by_both = "p USING INDEX sqlite_autoindex_payloads_1 (project=? AND id=?)";
    assert!(plan.iter().any(|step| step.contains(by_both)), "{plan:?}");
}

/// What it costs to tell what waits in every lane.
fn cost_of_backlogs(waiting: u128) -> i64 {
    let mut connection = queue_of(waiting);
    let cost = cost_from_here(&mut connection);
    let sql = crate::backlogs::backlogs_sql().replace('$', "?");
    let counted: i64 = connection.query_row(&sql, ["clinic"], |row| row.get(1)).unwrap();
    assert_eq!(counted, i64::try_from(LANE_COUNT).unwrap() + 1, "no further than that");
    cost.steps.load(Ordering::Relaxed)
}

#[test]
fn what_waits_is_told_at_the_same_cost_however_much_it_is() {
    let (some, twice) = (cost_of_backlogs(11_000), cost_of_backlogs(22_000));
    assert!(some > 10_000, "{some} steps");
    assert!(twice <= some * 11 / 10, "{twice} steps, not {some}");
}

/// What it costs to tell how a workflow's runs went, with so many of its own and of others.
fn cost_of_run_tallies(runs: usize) -> Arc<Cost> {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite(&mut connection).unwrap();
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {runs})
             INSERT INTO runs (project, id, workflow, version, state, origin, input, hops, registered_at)
             SELECT 'clinic', unhex(printf('0195a7c2000070008000%06x%06x', i, w.column1)),
                 w.column2, 1, 'available', 'event', 'message', 0, 0
             FROM n, (VALUES (1, 'register'), (2, 'other')) w;
             INSERT INTO run_queue (project, run, workflow, rank, next_at, fence, cancel_asked)
             SELECT project, id, workflow, 0, 0, 0, 0 FROM runs"
        ))
        .unwrap();
    let cost = cost_from_here(&mut connection);
    let sql = crate::runs::tallies_sql(&indexed_by(BY_WORKFLOW)).replace('$', "?");
    let limit = i64::try_from(MOST_RUNS_COUNTED + 1).unwrap();
    let counted: Vec<i64> = connection
        .prepare(&sql)
        .unwrap()
        .query_map(params!["clinic", "register", [0_u8; 16], limit], |row| row.get(2))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(counted, [limit, limit], "no further than that");
    cost
}

#[test]
fn how_runs_went_is_told_at_the_same_cost_however_many_they_are() {
    let (some, twice) = (cost_of_run_tallies(11_000), cost_of_run_tallies(22_000));
    let steps = |cost: &Cost| cost.steps.load(Ordering::Relaxed);
    assert!(steps(&twice) <= steps(&some) * 11 / 10, "{}, not {}", steps(&twice), steps(&some));
}

/// A list whose filter no index has, over so many deliveries of others.
fn cost_of_a_page(others: u32) -> i64 {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite(&mut connection).unwrap();
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {others})
             INSERT INTO deliveries (project, id, forwarder, connection, event, payload_kind,
                 payload_id, state, origin, attempts, tries, registered_at)
             SELECT 'clinic', unhex(printf('0195a7c2000070008000%012x', i)), 'births', 'ministry',
                 'message', 'message', zeroblob(16), 'succeeded', 'event', 1, 1, 0 FROM n"
        ))
        .unwrap();
    let cost = cost_from_here(&mut connection);
    let skipped = ROWS_LOOKED_THROUGH - 1;
    let boundary: [u8; 16] = connection
        .query_row(
            "SELECT id FROM deliveries WHERE project = 'clinic' ORDER BY id DESC LIMIT 1 OFFSET ?1",
            [skipped.cast_signed()],
            |row| row.get(0),
        )
        .unwrap();
    let found: Vec<i64> = connection
        .prepare(
            "SELECT 1 FROM deliveries WHERE project = 'clinic' AND connection = 'warehouse'
             AND id >= ?1 ORDER BY id DESC LIMIT 51",
        )
        .unwrap()
        .query_map([boundary], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, [] as [i64; 0]);
    assert_eq!(cost.sorted.load(Ordering::Relaxed), 0, "rows were sorted");
    cost.steps.load(Ordering::Relaxed)
}

#[test]
fn a_page_looks_through_so_many_rows_however_many_there_are() {
    let rows = u32::try_from(ROWS_LOOKED_THROUGH).unwrap();
    let (some, thrice) = (cost_of_a_page(rows), cost_of_a_page(3 * rows));
    assert!(thrice <= some * 11 / 10, "{thrice} steps, not {some}");
}

#[test]
fn what_was_counted_is_found_by_its_time() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite(&mut connection).unwrap();
    for sql in [
        "SELECT noun, kind, name, sum(count) FROM tallies
         WHERE project = 'clinic' AND span = 1 AND at >= 2 AND at < 3 GROUP BY 1, 2, 3",
        "SELECT noun, kind, name, at FROM last_times WHERE project = 'clinic'",
        "SELECT id FROM incidents WHERE project = 'clinic' AND state = 'open'",
    ] {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> =
            statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(plan[0].starts_with("SEARCH"), "{plan:?}");
    }
}
