//! The adaptor `postgresql` against a real server.

use std::time::Duration;

use fieldpost_model::json::Value as Cell;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::sql::{SqlAnswer, SqlBounds, SqlFailure, SqlLoan, SqlPool, SqlTarget};
use fieldpost_outbound::{AnswerRoom, Client, OutboundSettings};
use fieldpost_script::adaptors;
use fieldpost_script::host::StepHost;
use fieldpost_script::host::sql::SqlService;
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_script::sandbox::Pool;
use fieldpost_testkit::postgres;
use serde_json::{Value, json};
use url::Url;

use crate::support::{limits, pool, raw};

/// A database of its own, and what runs jobs on it.
struct World {
    url: String,
    configuration: Value,
    pool: Pool,
    sessions: SqlPool,
}

impl World {
    async fn new() -> Self {
        let url = postgres::database().await;
        let parts = Url::parse(&url).unwrap();
        let configuration = json!({
            "host": parts.host_str(), "port": parts.port(), "user": parts.username(),
            "database": parts.path().trim_start_matches('/'), "password": parts.password(),
        });
        Self { url, configuration, pool: pool(), sessions: SqlPool::new(client("private")) }
    }

    /// Runs a job; gives its state or its error.
    async fn run(&self, source: &str, data: Value) -> Result<Value, Value> {
        let adaptor = adaptors::named("postgresql").unwrap();
        let mut work = Job::compile("a", source, &[adaptor]).unwrap().work;
        work.limits = limits();
        work.state = raw(&json!({ "data": data }).to_string());
        work.configuration = Some(raw(&self.configuration.to_string()));
        let host = StepHost::new(|_| {}).with(SqlService::new(self.sessions.clone()));
        let (outcome, _) = settle(self.pool.step(work, &host).await, "a", None);
        if let Some(error) = outcome.error {
            return Err(serde_json::to_value(error).unwrap());
        }
        Ok(serde_json::from_str(outcome.state.unwrap().get()).unwrap())
    }

    async fn well(&self, source: &str, data: Value) -> Value {
        self.run(source, data).await.unwrap_or_else(|error| panic!("{source}: {error:#}"))
    }

    async fn ask(&self, query: &str) -> String {
        postgres::ask(&self.url, query).await
    }

    /// A session of the pool that jobs have theirs from.
    async fn session(&self) -> SqlLoan {
        let text = |name: &str| self.configuration[name].as_str().unwrap_or_default().to_owned();
        let target = SqlTarget {
            host: text("host"),
            port: Url::parse(&self.url).unwrap().port().unwrap_or(5432),
            database: text("database"),
            user: text("user"),
            password: self.configuration["password"].as_str().map(Secret::new),
            tls: None,
        };
        self.sessions.session(&target).await.unwrap()
    }

    /// Waits until so many statements wait for a lock.
    async fn until_waiting(&self, number: &str) {
        let query = "SELECT count(*)::text FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let seen = async {
            while self.ask(query).await != number {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(Duration::from_mins(1), seen).await;
        assert!(seen.is_ok(), "there were never {number} statements that wait");
    }

    /// Holds the table for itself, until the session is dropped.
    async fn lock(&self) -> SqlLoan {
        let holder = self.session().await;
        done(&holder, "BEGIN").await;
        done(&holder, "LOCK TABLE births IN EXCLUSIVE MODE").await;
        holder
    }
}

async fn done(loan: &SqlLoan, sql: &str) -> Vec<Vec<Cell<'static>>> {
    let answer = within(loan, sql, usize::MAX).await;
    answer.unwrap_or_else(|failed| panic!("{sql}: {failed:?}")).rows
}

/// The answer to a statement that may bring so many bytes.
async fn within(loan: &SqlLoan, sql: &str, bytes: usize) -> Result<SqlAnswer, SqlFailure> {
    let bounds = SqlBounds { time: Duration::from_mins(1), bytes, room: &AnswerRoom::of_step() };
    loan.session().unwrap().run(sql, &[], &bounds).await.map(|(answer, _)| answer)
}

fn client(networks: &str) -> Client {
    let allow_networks = networks.parse().unwrap();
    Client::new(OutboundSettings { allow_networks, ..OutboundSettings::default() }).unwrap()
}

const TABLE: &str = r#"insertTable("births", [
    { name: "id", type: "integer", identity: true, unique: true },
    { name: "code", type: "varchar(20)", unique: true },
    { name: "name", type: "text", required: true },
    { name: "weight", type: "numeric(6,2)", default: 3.5 },
    { name: "more", type: "jsonb" },
    { name: "Tags", type: "text[]" },
]);"#;

#[tokio::test]
async fn rows_are_written_changed_and_found() {
    let world = World::new().await;
    world.well(TABLE, Value::Null).await;
    let state = world
        .well(
            r#"
            insert("births", { code: "a", name: $.data.name, weight: "2.25", more: { deep: [1, "x"] } });
            upsert("births", "code", { code: "a", name: "Amadou" }, { writeSql: true });
            upsertMany("births", "code", [{ code: "b", name: "Bintou" }, { code: "c", name: "Cheikh" }]);
            upsertIf(false, "births", "code", { code: "a", name: "Nobody" });
            upsertIf(state => !state.data.length, "births", "ON CONSTRAINT births_code_key", { code: "c", name: "Coumba" });
            insertMany("births", []);
            fn(async state => ({ ...state, found: await findValue({
                uuid: "name", relation: "births", where: { code: "A" }, operator: { code: "ilike" } })(state) }));
            sql("SELECT code, name, weight, more FROM births WHERE code <> $1 ORDER BY code", { values: ["b"] });
            "#,
            json!({ "name": "O'Hara\"; DROP TABLE births; --" }),
        )
        .await;
    assert_eq!(state["found"], "Amadou");
    assert_eq!(
        state["data"],
        json!([
            { "code": "a", "name": "Amadou", "weight": "2.25", "more": { "deep": [1, "x"] } },
            { "code": "c", "name": "Coumba", "weight": "3.50", "more": null },
        ])
    );
    assert_eq!(state["result"]["rowCount"], 2);
    assert_eq!(state["result"]["command"], "SELECT");
    assert_eq!(state["queries"].as_array().unwrap().len(), 1);
    assert_eq!(state["references"].as_array().unwrap().len(), 5);
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "3");
}

#[tokio::test]
async fn names_mean_what_they_mean_in_sql() {
    let world = World::new().await;
    world.well(TABLE, Value::Null).await;
    let source = r#"
        modifyTable("Births", [{ name: "\"Given Name\"", type: "text" }, { name: "order", type: "int4" }]);
        insert("public.BIRTHS", { NAME: "Awa", '"Given Name"': "x", order: 1, tags: ["a b", null] }, { setNull: ["''"] });
        describeTable("births");
    "#;
    // `Tags` without quotes is `tags`, as the statement that made the table had it.
    let state = world.well(source, Value::Null).await;
    let columns: Vec<&str> = state["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["column_name"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["id", "code", "name", "weight", "more", "tags", "Given Name", "order"]);
    let query = r#"SELECT concat_ws('|', name, "Given Name", "order", tags::text) FROM births"#;
    assert_eq!(world.ask(query).await, r#"Awa|x|1|{"a b",NULL}"#);
    let hostile = r#"insert('births" (name) SELECT current_user; --', { name: "x" });"#;
    let error = world.run(hostile, Value::Null).await.unwrap_err();
    assert_eq!(error["details"]["code"], "42P01", "{error:#}");
    let hostile = r#"insertTable("t", [{ name: "a", type: "int); DROP TABLE births; --" }]);"#;
    let error = world.run(hostile, Value::Null).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("no type"), "{error:#}");
}

#[tokio::test]
async fn every_type_comes_as_a_client_of_nodejs_has_it() {
    let world = World::new().await;
    let source = r#"
        sql(`SELECT true AS b, 7::int2 AS i2, 7::int4 AS i4, 9007199254740993::int8 AS i8, 1.50::numeric AS n,
            0.1::float4 AS f4, 0.1::float8 AS f8, 'NaN'::float8 AS nan, 'text' AS t, '{"a":[1]}'::json AS j,
            '{"a":1}'::jsonb AS jb, '6f1ed002-ab5c-11e8-98d0-529269fb1459'::uuid AS u, '2024-02-29'::date AS d,
            '2024-02-29 12:34:56.789+02'::timestamptz AS tz, '2024-02-29 12:34:56.789'::timestamp AS ts,
            '12:34:56'::time AS ti, '1 year 2 days 03:04:05'::interval AS iv, '\\xdeadbeef'::bytea AS by,
            ARRAY[1, NULL, 3] AS list, ARRAY[['a','b'],['c','d']] AS lists, ARRAY['2024-02-29'::date] AS days,
            NULL::text AS nothing`);
        fn(state => {
            const [row] = state.data;
            return { ...state, kinds: [row.d instanceof Date, row.by.toString("hex"), Number.isNaN(row.nan)] };
        });
    "#;
    let state = world.well(source, Value::Null).await;
    assert_eq!(state["kinds"], json!([true, "deadbeef", true]));
    let expected = json!({
        "b": true, "i2": 7, "i4": 7, "i8": "9007199254740993", "n": "1.50", "f4": 0.1, "f8": 0.1, "nan": null,
        "t": "text", "j": { "a": [1] }, "jb": { "a": 1 }, "u": "6f1ed002-ab5c-11e8-98d0-529269fb1459",
        "d": "2024-02-29T00:00:00.000Z", "tz": "2024-02-29T10:34:56.789Z", "ts": "2024-02-29T12:34:56.789Z",
        "ti": "12:34:56", "iv": { "years": 1, "days": 2, "hours": 3, "minutes": 4, "seconds": 5 },
        "by": { "type": "Buffer", "data": [222, 173, 190, 239] }, "list": [1, null, 3],
        "lists": [["a", "b"], ["c", "d"]], "days": ["2024-02-29T00:00:00.000Z"], "nothing": null,
    });
    assert_eq!(state["data"][0], expected);
    let error = world.run("sql('SELECT point(1, 2) AS p');", Value::Null).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("column::text"), "{error:#}");
}

#[tokio::test]
async fn what_the_database_refuses_is_an_error_with_its_code() {
    let world = World::new().await;
    world.well(TABLE, Value::Null).await;
    for (source, code) in [
        ("sql('SELEC 1');", "42601"),
        ("insert('nowhere', { a: 1 });", "42P01"),
        ("insert('births', { code: 'a' });", "23502"),
        ("insert('births', { name: 'a', weight: 'heavy' });", "22P02"),
        ("sql('SELECT $1::int4', { values: [] });", "08P01"),
    ] {
        let error = world.run(source, Value::Null).await.unwrap_err();
        assert_eq!(
            (&error["name"], &error["details"]["code"]),
            (&json!("AdaptorError"), &json!(code)),
            "{source}"
        );
    }
    // What a statement is told to leave undone is left undone.
    let state = world
        .well("insert('births', { name: 'x' }, { execute: false, writeSql: true });", Value::Null)
        .await;
    assert_eq!(state["queries"][0], r#"INSERT INTO "births" ("name") VALUES ($1)"#);
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "0");
    let two = "sql('CREATE TABLE one (a int); SELECT 1 AS a, 2 AS b');";
    assert_eq!(world.well(two, Value::Null).await["data"], json!([{ "a": "1", "b": "2" }]));
}

#[tokio::test]
async fn a_transaction_is_kept_whole_or_not_at_all_and_the_next_step_finds_a_clean_session() {
    let world = World::new().await;
    world.well(TABLE, Value::Null).await;
    let source = r#"
        transaction(
            insert("births", { code: "a", name: "Awa" }),
            insert("births", { code: "b", name: $.references[0].second }),
        );
    "#;
    world.run(source, json!({ "second": null })).await.unwrap_err();
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "0");
    world.well(source, json!({ "second": "Bintou" })).await;
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "2");
    // A job that leaves a transaction open and a setting changed leaves nothing to the next.
    let left = "sql('BEGIN'); sql(\"SET statement_timeout = 77\"); insert('births', { code: 'c', name: 'C' });";
    world.well(left, Value::Null).await;
    let state = world.well("sql('SHOW statement_timeout');", Value::Null).await;
    assert_eq!(state["data"], json!([{ "statement_timeout": "0" }]));
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "2");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cancelled_and_does_nothing_later() {
    let world = World::new().await;
    world.well(TABLE, Value::Null).await;
    let holder = world.lock().await;
    let source = r#"
        const codeOf = async (operation, state) => {
            try { await operation(state); return "none"; } catch (error) { return error.code; }
        };
        fn(async state => ({ ...state, codes: [
            await codeOf(insert("births", { code: "a", name: "A" }, { timeout: 300 }), state),
            await codeOf(sql("SELECT 1"), state),
        ] }));
    "#;
    let state = world.well(source, Value::Null).await;
    assert_eq!(state["codes"], json!(["ETIMEDOUT", "ECONNRESET"]));
    world.until_waiting("0").await;
    done(&holder, "ROLLBACK").await;
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "0");
    // The next step has a session that works.
    world.well("insert('births', { code: 'b', name: 'B' });", Value::Null).await;
}

#[tokio::test]
async fn a_statement_of_a_step_that_is_ended_is_cancelled() {
    let world = World::new().await;
    world.well(TABLE, Value::Null).await;
    let holder = world.lock().await;
    tokio::select! {
        ended = world.run("insert('births', { code: 'a', name: 'A' });", Value::Null) => panic!("{ended:?}"),
        () = world.until_waiting("1") => {}
    }
    world.until_waiting("0").await;
    done(&holder, "ROLLBACK").await;
    assert_eq!(world.ask("SELECT count(*)::text FROM births").await, "0");
}

#[tokio::test]
async fn a_session_that_is_used_again_knows_types_and_has_nothing_of_the_step_before() {
    let world = World::new().await;
    world
        .well(
            "sql(`CREATE TYPE first AS ENUM ('a'); CREATE TYPE second AS ENUM ('b')`);",
            Value::Null,
        )
        .await;
    let session = world.session().await;
    assert_eq!(done(&session, "SELECT 'a'::first").await, [["a".into()]]);
    done(&session, "PREPARE own AS SELECT 1").await;
    done(&session, "SELECT pg_advisory_lock(7)").await;
    let number = done(&session, "SELECT pg_backend_pid()").await;
    drop(session);
    // It is there again when it is clean; what comes before is kept, so that it is not given again.
    let mut others = Vec::new();
    let session = loop {
        let session = world.session().await;
        if done(&session, "SELECT pg_backend_pid()").await == number {
            break session;
        }
        others.push(session);
        assert!(others.len() < 50, "the session did not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(done(&session, "SELECT 'b'::second").await, [["b".into()]]);
    let left = "SELECT (SELECT count(*) FROM pg_prepared_statements WHERE from_sql)::int4, \
         (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::int4";
    assert_eq!(done(&session, left).await, [[Cell::from(0_i64), Cell::from(0_i64)]]);
}

#[tokio::test]
async fn what_a_column_begins_with_is_a_value() {
    let world = World::new().await;
    let source = r#"insertTable("births", [
        { name: "id", type: "integer", identity: true },
        { name: "text", type: "text", default: "1); DROP TABLE kept; --" },
        { name: "quoted", type: "text", default: "'O''Hara'" },
        { name: "plain", type: "text", default: "it's \\ unknown" },
        { name: "number", type: "numeric(4,2)", default: 3.5 },
        { name: "holds", type: "boolean", default: true },
        { name: "listed", type: "jsonb", default: { a: ["x"] } },
        { name: "made", type: "timestamptz", default: "now()" },
        { name: "changed", type: "timestamptz", default: "CURRENT_TIMESTAMP" },
    ]);"#;
    world.well("sql('CREATE TABLE kept (a int)');", Value::Null).await;
    world.well(source, Value::Null).await;
    world
        .well("sql('INSERT INTO births DEFAULT VALUES; SELECT count(*) FROM kept');", Value::Null)
        .await;
    let query = "SELECT concat_ws('|', text, quoted, plain, number, holds, listed, made = changed) FROM births";
    let row = r#"1); DROP TABLE kept; --|O'Hara|it's \ unknown|3.50|t|{"a": ["x"]}|t"#;
    assert_eq!(world.ask(query).await, row);
}

/// However much a database would send: the hub reads as much as it may, and has the statement cancelled.
#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let world = World::new().await;
    let some = "SELECT repeat('x', 1000) FROM generate_series(1, 50)";
    // In the list of columns, since what stands behind FROM is made as a whole first.
    let endless = "SELECT repeat('x', 1000), generate_series(1, 1000000000)";
    let several = format!("SELECT 1; {endless}");
    for sql in [endless, &several] {
        let loan = world.session().await;
        assert_eq!(within(&loan, some, 60_000).await.unwrap().rows.len(), 50);
        let failed = within(&loan, sql, 60_000).await.unwrap_err();
        assert_eq!(failed.code, "answer-too-large");
        assert!(failed.message.contains("more than 60000 bytes"), "{}", failed.message);
        let closed = within(&loan, "SELECT 1", 60_000).await.unwrap_err();
        assert_eq!(closed.code, "ECONNRESET");
    }
    // In a job, which may take care of it.
    let error = world.run(&format!("sql(\"{endless}\");"), Value::Null).await.unwrap_err();
    assert_eq!(error["details"]["code"], "answer-too-large", "{error:#}");
    let query = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() \
         AND state = 'active' AND query LIKE '%1000000000)'";
    let over = async {
        while world.ask(query).await != "0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let over = tokio::time::timeout(Duration::from_mins(1), over).await;
    assert!(over.is_ok(), "the database is still at it");
}

#[tokio::test]
async fn nobody_opens_a_database_where_addresses_are_refused() {
    let mut world = World::new().await;
    world.sessions = SqlPool::new(client(""));
    let error = world.run("sql('SELECT 1');", Value::Null).await.unwrap_err();
    assert_eq!(error["details"]["code"], "address-refused", "{error:#}");
    world.configuration = json!({ "host": "127.0.0.1", "database": "x" });
    let error = world.run("sql('SELECT 1');", Value::Null).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("no user"), "{error:#}");
}

#[tokio::test]
async fn a_pattern_is_filled_with_quoted_values() {
    let world = World::new().await;
    let source = r#"
        fn(state => ({ ...state, data: [
            util.format("SELECT %L, %L, %L", "O'Hara", null, true),
            util.format("%I.%I = %s %%", "Births", "a\"b", 5),
            util.format("IN (%L)", ["a", "b\\"]),
            util.format("%2$L %1$L", 1, { a: 1 }),
        ] }));
        fn(async state => ({ ...state, row: (await sql(util.format("SELECT %L AS a", "\\' OR 1=1"))(state)).data[0] }));
    "#;
    let state = world.well(source, Value::Null).await;
    assert_eq!(
        state["data"],
        json!([
            "SELECT 'O''Hara', NULL, 't'",
            r#""births"."a""b" = 5 %"#,
            r"IN ('a', E'b\\')",
            r#"'{"a":1}'::jsonb '1'"#,
        ])
    );
    assert_eq!(state["row"], json!({ "a": "\\' OR 1=1" }));
}
