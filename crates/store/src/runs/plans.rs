//! Which way each engine takes to runs and their queue, as it tells itself: every claim, list, count and sweep
//! runs along an index that is named here, among so many runs that looking through them all would be felt.

use fieldpost_model::run::{RunOrigin, RunState};
use fieldpost_model::time::Timestamp;
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::claims::IN_QUEUE;
use super::cron::IS_IN_QUEUE;
use super::erase::{BY_MESSAGE, next_alone_sql, of_messages, waiting_sql};
use super::list::{Along, Reach, RunCondition, boundary_sql, count_sql, page_sql};
use super::order::LET_GO;
use super::states::{last_good_sql, old_answers_sql};
use crate::migrate;
use crate::retention::RetentionKind;
use crate::statement::Parameter;

/// Runs of the project `p`, and as many of another one; every second of them waits.
const RUNS: u32 = 50_000;

/// A query, and the index that it has to run along: as SQLite tells it, and its name on PostgreSQL.
struct Way {
    name: &'static str,
    sql: String,
    parameters: Vec<Parameter>,
    sqlite: &'static str,
    postgres: &'static str,
}

const ALL: Reach = Reach { newest_first: true, behind: None, below: None, limit: 50 };

/// The id of a run that was made as one of many.
const fn id(number: u32) -> Uuid {
    Uuid::from_u128(number as u128)
}

/// What lists are asked for, each with the index of its pages.
fn conditions() -> Vec<(&'static str, RunCondition, &'static str, &'static str)> {
    let none = RunCondition::default;
    let in_state = |state| RunCondition { states: vec![state], ..none() };
    let of_w = || RunCondition { workflow: Some("w7".to_owned()), ..none() };
    let (from, until) = (Some(Timestamp(1_000)), Some(Timestamp(i64::MAX / 4)));
    let (by_id, id) = ("r USING PRIMARY KEY (project=? AND id", "runs_pkey");
    let (workflow, message) = ("runs_by_workflow (project=? AND workflow=?", "runs_by_message");
    let in_trouble = "runs_in_trouble (project=? AND state=?";
    let queue = "q USING PRIMARY KEY (project=?";
    vec![
        ("all", none(), "r USING PRIMARY KEY (project=?", id),
        ("of a time", RunCondition { from, until, ..none() }, by_id, id),
        ("of a workflow", of_w(), workflow, "runs_by_workflow"),
        (
            "of a workflow and a time",
            RunCondition { from, until, ..of_w() },
            workflow,
            "runs_by_workflow",
        ),
        ("failed", in_state(RunState::Failed), in_trouble, "runs_in_trouble"),
        (
            "failed of a workflow",
            RunCondition { states: vec![RunState::Failed], ..of_w() },
            in_trouble,
            "runs_in_trouble",
        ),
        ("well", in_state(RunState::Success), by_id, id),
        (
            "well of a workflow",
            RunCondition { states: vec![RunState::Success], ..of_w() },
            workflow,
            "runs_by_workflow",
        ),
        ("waiting", in_state(RunState::Available), queue, "run_queue_pkey"),
        ("going on", in_state(RunState::Started), queue, "run_queue_pkey"),
        (
            "of a message",
            RunCondition { message: Some(self::id(77)), ..none() },
            "runs_by_message (project=? AND message=?",
            message,
        ),
        (
            "about a key",
            RunCondition { key: Some("k7".to_owned()), ..none() },
            "runs_by_key (project=? AND key=?",
            "runs_by_key",
        ),
        (
            "with an error",
            RunCondition { error_type: Some("JobError".to_owned()), ..none() },
            by_id,
            id,
        ),
        ("by hand", RunCondition { origin: Some(RunOrigin::Manual), ..none() }, by_id, id),
        ("again", RunCondition { retry_of: Some(self::id(8)), ..none() }, by_id, id),
        (
            "these",
            RunCondition { ids: vec![self::id(8), self::id(9)], ..none() },
            "r USING PRIMARY KEY (project=? AND id=?",
            id,
        ),
    ]
}

/// The pages of all lists, and the boundaries of those that look through rows.
fn lists(indexed_by: &dyn Fn(Option<&str>) -> String) -> Vec<Way> {
    let mut ways = Vec::new();
    for (name, condition, sqlite, postgres) in conditions() {
        for along in Along::of(&condition.states) {
            let looked_through = condition.is_looked_through(&along);
            let boundary = looked_through.then_some(id(RUNS - 5_000));
            let (sql, parameters) = page_sql(&along, "p", &condition, (ALL, boundary), indexed_by);
            ways.push(Way { name, sql, parameters, sqlite, postgres });
            if looked_through {
                let (sql, parameters) = boundary_sql(&along, "p", &condition, ALL);
                // The queue is looked through by itself.
                let sqlite = sqlite.replace("q USING", "r USING").replace(" AND id", "");
                let sqlite = String::leak(sqlite);
                ways.push(Way { name, sql, parameters, sqlite, postgres });
            }
        }
    }
    ways
}

/// The counts of what one index leads to. Who counts all runs of a project reads all of them.
fn counts(indexed_by: &dyn Fn(Option<&str>) -> String) -> Vec<Way> {
    let mut ways = Vec::new();
    for (name, condition, sqlite, postgres) in conditions() {
        if sqlite.contains("PRIMARY KEY") && condition.ids.is_empty() {
            continue;
        }
        for along in Along::of(&condition.states) {
            let below = id(RUNS * 3);
            let (sql, parameters) = count_sql(&along, "p", &condition, below, indexed_by);
            ways.push(Way { name, sql, parameters, sqlite, postgres });
        }
    }
    ways
}

/// What is swept, erased, and looked up.
fn others(indexed_by: &dyn Fn(Option<&str>) -> String) -> Vec<Way> {
    let by_message = indexed_by(Some(BY_MESSAGE));
    let young = || Parameter::from(id(RUNS));
    let kinds = [
        (RetentionKind::Messages, "runs_alone (project=? AND id<?", "runs_alone "),
        (RetentionKind::Bodies, "runs_alone_whole (project=? AND id<?", "runs_alone_whole"),
        (RetentionKind::AfterSuccess, "runs_alone_whole (project=? AND id<?", "runs_alone_whole"),
    ];
    let retained = kinds.map(|(kind, sqlite, postgres)| Way {
        name: kind.name(),
        sql: next_alone_sql(kind, |index| indexed_by(Some(index))),
        parameters: vec!["p".into(), young(), 25.into(), 9.into()],
        sqlite,
        postgres,
    });
    let by_its_message = "r USING INDEX runs_by_message (project=? AND message=?)";
    let way = |name, sql: String, parameters, sqlite, postgres| Way {
        name,
        sql,
        parameters,
        sqlite,
        postgres,
    };
    let mut ways = vec![
        way(
            "erased with a message",
            of_messages("$2, $3", &by_message),
            vec!["p".into(), id(7).into(), id(8).into()],
            by_its_message,
            "runs_by_message",
        ),
        way(
            "told of a case and waiting",
            waiting_sql("$2, $3", &by_message),
            vec!["p".into(), "c7".into(), "c8".into()],
            by_its_message,
            "runs_by_message",
        ),
        way(
            "the last good one",
            last_good_sql(indexed_by, 1),
            vec!["p".into(), "w7".into()],
            "runs_by_workflow (project=? AND workflow=?",
            "runs_by_workflow",
        ),
        way(
            "answers",
            old_answers_sql(indexed_by),
            vec!["p".into(), young(), 25.into()],
            "run_answers (project=? AND run<?",
            "run_answers",
        ),
        way(
            "one in the queue",
            IS_IN_QUEUE.to_owned(),
            vec!["p".into(), "w7".into()],
            "run_queue_due (project=? AND workflow=?",
            "run_queue_due",
        ),
        way(
            "let go",
            LET_GO.to_owned(),
            vec!["p".into(), "w7".into(), "o7".into()],
            "run_queue_in_order (project=? AND workflow=? AND order_key=?",
            "run_queue_in_order",
        ),
    ];
    ways.extend(retained);
    ways
}

fn all_ways(indexed_by: &dyn Fn(Option<&str>) -> String) -> Vec<Way> {
    [lists(indexed_by), counts(indexed_by), others(indexed_by)].into_iter().flatten().collect()
}

/// Fills the tables of runs alike on both engines: `numbers` lists numbers as `n`, and `made` makes the id of one.
fn fill(numbers: &str, made: impl Fn(&str) -> String) -> String {
    let of_project = |project: &str, first: u32| {
        let id = made(&format!("n + {first}"));
        let message = made("n / 2");
        format!(
            "INSERT INTO runs (project, id, workflow, version, state, origin, input, message, payload, key,
                 hops, registered_at, started_at, finished_at, retry_of)
             SELECT '{project}', {id}, 'w' || (n % 50), 1,
                 CASE WHEN n % 2 = 0 THEN 'available' WHEN n % 99 = 0 THEN 'failed' ELSE 'success' END,
                 'event', 'message', CASE WHEN n % 50 > 0 THEN {message} END, {message},
                 'k' || (n % 1000), 0, n, CASE WHEN n % 2 = 1 OR n % 20 = 8 THEN n END, n,
                 CASE WHEN n % 1000 = 0 THEN {id} END FROM {numbers};
             INSERT INTO run_queue (project, run, workflow, rank, next_at, fence, order_key, position,
                 cancel_asked)
             SELECT '{project}', {id}, 'w' || (n % 50), n % 10 / 2, n, 0,
                 CASE WHEN n % 20 = 0 THEN 'o' || (n % 1000) END, n, 0 FROM {numbers} WHERE n % 2 = 0;
             INSERT INTO payloads (project, id, message, kind, case_id, facts)
             SELECT '{project}', {id}, {message}, 'case', 'c' || (n % 1000), '' FROM {numbers};
             INSERT INTO run_states (project, run, kind, bytes)
             SELECT '{project}', {id}, CASE WHEN n % 50 = 1 THEN 'answer' ELSE 'final' END, {bytes}
             FROM {numbers} WHERE n % 2 = 1;",
            bytes = if numbers.contains("generate_series") { "''::bytea" } else { "x''" },
        )
    };
    of_project("p", 0) + &of_project("q", RUNS)
}

#[test]
fn sqlite_finds_runs_by_indexes() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite(&mut connection).unwrap();
    let named = |index: Option<&str>| index.map(crate::sqlite::indexed_by).unwrap_or_default();
    for Way { name, sql, parameters, sqlite, .. } in all_ways(&named) {
        let sql = format!("EXPLAIN QUERY PLAN {}", sql.replace('$', "?"));
        let mut statement = connection.prepare(&sql).unwrap();
        let used = parameters.iter().take(statement.parameter_count());
        let steps =
            statement.query_map(rusqlite::params_from_iter(used), |row| row.get(3)).unwrap();
        let plan = steps.map(Result::unwrap).collect::<Vec<String>>().join("; ");
        assert!(plan.contains(sqlite), "{name}: {plan}\n{sql}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{name}: {plan}\n{sql}");
    }
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {IN_QUEUE}")).unwrap();
    let steps = statement.query_map([], |row| row.get(3)).unwrap();
    let plan = steps.map(Result::unwrap).collect::<Vec<String>>();
    let of_queue: Vec<_> =
        plan.iter().filter(|step| step.contains("run_queue") || step.contains(" q ")).collect();
    assert!(of_queue.iter().all(|step| step.starts_with("SEARCH")), "{plan:?}");
}

/// A parameter as it is written in SQL.
fn written(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Text(Some(text)) => format!("'{text}'"),
        Parameter::Integer(Some(number)) => format!("{number}::bigint"),
        Parameter::Id(Some(id)) => format!("'{id}'::uuid"),
        other => panic!("{other:?} is not written yet"),
    }
}

async fn plan(client: &Client, sql: &str) -> String {
    let rows = client.query(&format!("EXPLAIN {sql}"), &[]).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}

/// No hint tells PostgreSQL about lists, only what it has counted; what claims is told to look up only.
#[tokio::test]
async fn postgres_finds_runs_by_indexes() {
    let url = fieldpost_testkit::postgres::database().await;
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    migrate::postgres(&mut client).await.unwrap();
    let made = |number: &str| format!("lpad(to_hex({number}), 32, '0')::uuid");
    let filled = fill(&format!("generate_series(1, {RUNS}) n"), made);
    client.batch_execute(&filled).await.unwrap();
    client.batch_execute("ANALYZE runs, run_queue, payloads, run_states").await.unwrap();
    for Way { name, mut sql, parameters, postgres, .. } in all_ways(&|_| String::new()) {
        for (number, parameter) in parameters.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", number + 1), &written(parameter));
        }
        let plan = plan(&client, &sql).await;
        // With a space behind it, since the name of one index can begin another's.
        assert!(plan.contains(&format!("{} ", postgres.trim_end())), "{name}: {plan}\n{sql}");
        for table in ["runs", "run_queue", "run_states"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{name}: {plan}\n{sql}");
        }
    }
    client.batch_execute(crate::postgres::LOOK_UPS_ONLY).await.unwrap();
    for (name, sql) in crate::postgres::claims_of_runs() {
        let plan = plan(&client, &sql).await;
        assert!(!plan.contains("Seq Scan on run"), "{name}: {plan}");
        assert!(plan.contains("run_queue_due"), "{name}: {plan}");
    }
    drop(client);
    connection.await.unwrap().unwrap();
}
