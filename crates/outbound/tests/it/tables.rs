//! Rows of tables, against a real PostgreSQL.

mod reaching;

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::json::Value;
use fieldpost_model::rows::{Cell, Column, ColumnKind, ColumnName, MAX_COLUMNS, Rows, Table};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{Client, Exchange, TableCall};
use fieldpost_testkit::postgres;
use tokio_postgres::NoTls;

use crate::common::{client, error, project};

/// A database, and a connection to it.
struct Warehouse {
    url: String,
    connection: Connection,
    client: Client,
}

impl Warehouse {
    async fn new() -> Self {
        Self::at(postgres::database().await)
    }

    fn at(url: String) -> Self {
        let connection = as_user(&url, "postgres");
        Self { url, connection, client: client() }
    }

    async fn write(&self, rows: &Rows) -> Exchange {
        write(&self.client, &self.connection, rows).await
    }

    /// Runs statements as somebody else who uses the database.
    async fn run(&self, statements: &str) {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(statements).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    }

    /// The answer of a query that has one text.
    async fn ask(&self, query: &str) -> String {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let row = client.query_one(&format!("SELECT ({query})::text"), &[]).await.unwrap();
        let answer: Option<String> = row.get(0);
        drop(client);
        connection.await.unwrap().unwrap();
        answer.unwrap_or_default()
    }
}

/// A connection to a database, as a user; in the clear where the URL says nothing else.
fn as_user(url: &str, user: &str) -> Connection {
    let bare = url.replace("postgres@", "");
    let query = if bare.contains('?') { "" } else { "?sslmode=disable" };
    let mut connection = crate::common::connection(&format!("{bare}{query}"));
    let password = Secret::new("hunter2");
    connection.authentication = Authentication::Basic { username: user.to_owned(), password };
    connection
}

async fn write(client: &Client, connection: &Connection, rows: &Rows) -> Exchange {
    // As it is read anew for each change of a definition.
    let prepared = client.prepare(&project(), connection).unwrap();
    let body = Bytes::from(rows.to_json().to_json());
    client.write_table(&prepared, TableCall { rows, body }).await
}

fn name(name: &str) -> ColumnName {
    ColumnName {
        name: name.to_owned(),
        alternative: format!("{name}_0"),
        source: format!("it's/{name}"),
    }
}

fn column(it: &str, kind: ColumnKind) -> Column {
    Column { name: name(it), kind, spare: name(&format!("{it}_text")), expected: true }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn number(number: impl ToString + Copy) -> Cell {
    Cell::Number(number.to_string())
}

/// A submission of `births`, in a version, with further answers.
fn birth(id: &str, version: u64, answers: Vec<(&str, ColumnKind, Cell)>) -> Rows {
    let own = [
        ("submission_id", ColumnKind::Text, text(id)),
        ("version", ColumnKind::Integer, number(version)),
    ];
    let all: Vec<_> = own.into_iter().chain(answers).collect();
    let main = Table {
        schema: None,
        name: "births".to_owned(),
        columns: all.iter().map(|(name, kind, _)| column(name, *kind)).collect(),
        keys: 1,
        rows: vec![all.into_iter().map(|(_, _, cell)| cell).collect()],
    };
    Rows { main, newer_by: "version", repeats: Vec::new() }
}

/// The same with these children.
fn with_children(mut rows: Rows, names: &[&str]) -> Rows {
    let id = rows.main.rows[0][0].clone();
    let row =
        |(position, child): (usize, &&str)| vec![id.clone(), number(position + 1), text(child)];
    rows.repeats.push(Table {
        schema: None,
        name: "births__child".to_owned(),
        columns: vec![
            column("submission_id", ColumnKind::Text),
            column("position", ColumnKind::Integer),
            column("name", ColumnKind::Text),
        ],
        keys: 2,
        rows: names.iter().enumerate().map(row).collect(),
    });
    rows
}

/// What came of rows that were written.
#[track_caller]
fn result(exchange: &Exchange) -> String {
    assert!(exchange.error.is_none(), "{exchange:?}");
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(response.status, 200);
    let body = Value::parse(&response.body).unwrap();
    body.get("result").unwrap().as_str().unwrap().to_owned()
}

/// The status and the message of rows that were not.
#[track_caller]
fn refusal(exchange: &Exchange) -> (u16, &str) {
    let (kind, message) = error(exchange);
    assert_eq!(kind, ErrorKind::Status, "{message}");
    (exchange.response.as_ref().unwrap().status, message)
}

#[tokio::test]
async fn every_type_is_kept_as_it_is() {
    let warehouse = Warehouse::new().await;
    let point = Value::parse(br#"{"type": "Point", "coordinates": [36.80, -1.29]}"#).unwrap();
    let rows = birth(
        "s-1",
        1,
        vec![
            ("name", ColumnKind::Text, text("O'Hara \"the\" \\ é")),
            ("age", ColumnKind::Integer, number(i64::MIN)),
            ("weight", ColumnKind::Number, number("3.250000000000000000001")),
            ("twin", ColumnKind::Boolean, Cell::Boolean(true)),
            ("day", ColumnKind::Date, Cell::Date("2026-11-22".to_owned())),
            ("at", ColumnKind::Moment, Cell::Moment(Timestamp(1_700_000_000_123_456))),
            ("given", ColumnKind::Texts, Cell::Texts(vec!["a, b".to_owned(), "{c}".to_owned()])),
            ("place", ColumnKind::Json, Cell::Json(point.into_owned())),
            ("nothing", ColumnKind::Integer, Cell::Null),
        ],
    );
    let exchange = warehouse.write(&rows).await;
    assert_eq!(result(&exchange), "inserted");
    for (query, expected) in [
        ("SELECT name FROM births", "O'Hara \"the\" \\ é"),
        ("SELECT age FROM births", "-9223372036854775808"),
        ("SELECT weight FROM births", "3.250000000000000000001"),
        ("SELECT twin FROM births", "true"),
        ("SELECT day + 1 FROM births", "2026-11-23"),
        ("SELECT at = '2023-11-14T22:13:20.123456Z' FROM births", "true"),
        ("SELECT given[1] || given[2] FROM births", "a, b{c}"),
        ("SELECT place->'coordinates'->>0 FROM births", "36.80"),
        ("SELECT nothing IS NULL FROM births", "true"),
        (
            "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position)
             FROM information_schema.columns WHERE table_name = 'births'",
            "submission_id text, version bigint, name text, age bigint, weight numeric, twin boolean, \
             day date, at timestamp with time zone, given ARRAY, place jsonb, nothing bigint",
        ),
        ("SELECT col_description('births'::regclass, 3)", "Fieldpost: it's/name"),
    ] {
        assert_eq!(warehouse.ask(query).await, expected, "{query}");
    }
    let request = exchange.request.unwrap();
    assert_eq!(request.method, "UPSERT");
    assert!(request.url.starts_with("postgres://127.0.0.1:"), "{}", request.url);
    assert!(
        request.url.ends_with("/births") && !request.url.contains("hunter2"),
        "{}",
        request.url
    );
}

#[tokio::test]
async fn a_table_grows_with_its_form() {
    let warehouse = Warehouse::new().await;
    let first = birth("s-1", 1, vec![("age", ColumnKind::Integer, number(7))]);
    assert_eq!(result(&warehouse.write(&first).await), "inserted");
    warehouse.run("ALTER TABLE births ADD COLUMN remark text DEFAULT 'none'").await;
    // The next version of the form asks for a weight, and for the age in words.
    let answers = vec![
        ("weight", ColumnKind::Number, number("3.5")),
        ("age", ColumnKind::Text, text("seven")),
    ];
    let second = warehouse.write(&birth("s-2", 1, answers)).await;
    assert_eq!(result(&second), "inserted");
    let told = String::from_utf8(second.response.unwrap().body).unwrap();
    assert!(told.contains(r#""columns_made":{"births":["weight","age_text"]}"#), "{told}");
    // An edit of the first that leaves the age out clears it, and nothing that is not the hub's.
    let edited = birth("s-1", 2, vec![("weight", ColumnKind::Number, number("3.6"))]);
    assert_eq!(result(&warehouse.write(&edited).await), "updated");
    let rows = "SELECT string_agg(concat_ws(',', submission_id, version, coalesce(age::text, '-'),
        coalesce(age_text, '-'), weight, remark), ';' ORDER BY submission_id) FROM births";
    assert_eq!(warehouse.ask(rows).await, "s-1,2,-,-,3.6,none;s-2,1,-,seven,3.5,none");
    // What fits at last leaves nothing behind of what did not.
    let mended = birth("s-2", 2, vec![("age", ColumnKind::Integer, number(7))]);
    assert_eq!(result(&warehouse.write(&mended).await), "updated");
    assert_eq!(warehouse.ask(rows).await, "s-1,2,-,-,3.6,none;s-2,2,7,-,none");
}

/// Two hubs, many deliveries, no table: each makes what it needs, and none fails.
#[tokio::test]
async fn first_deliveries_meet_without_harm() {
    let warehouse = Warehouse::new().await;
    let hubs = [client(), client()];
    let mut writing = tokio::task::JoinSet::new();
    for number in 0..12 {
        let client = hubs[number % 2].clone();
        let connection = warehouse.connection.clone();
        let answer = format!("q{}", number % 3);
        writing.spawn(async move {
            let answers = vec![(answer.as_str(), ColumnKind::Text, text("x"))];
            let rows = with_children(birth(&format!("s-{number}"), 1, answers), &["Ann", "Bob"]);
            write(&client, &connection, &rows).await
        });
    }
    while let Some(exchange) = writing.join_next().await {
        assert_eq!(result(&exchange.unwrap()), "inserted");
    }
    let counted = "SELECT concat_ws(',', count(*), count(q0), count(q1), count(q2)) FROM births";
    assert_eq!(warehouse.ask(counted).await, "12,4,4,4");
    assert_eq!(warehouse.ask("SELECT count(*) FROM births__child").await, "24");
}

#[tokio::test]
async fn a_late_retry_overwrites_nothing_newer() {
    let warehouse = Warehouse::new().await;
    let version = |version: u64, names: &[&str]| {
        let answers = vec![("q", ColumnKind::Integer, number(version))];
        with_children(birth("s-1", version, answers), names)
    };
    let state = "SELECT (SELECT version || ',' || q FROM births) || ':' ||
        coalesce((SELECT string_agg(name, ',' ORDER BY position) FROM births__child), '')";
    for (rows, expected, there) in [
        (version(2, &["Ann", "Bob"]), "inserted", "2,2:Ann,Bob"),
        (version(1, &["Cid"]), "older", "2,2:Ann,Bob"),
        (version(2, &["Ann", "Bob"]), "updated", "2,2:Ann,Bob"),
        (version(3, &["Dan"]), "updated", "3,3:Dan"),
        (version(4, &[]), "updated", "4,4:"),
    ] {
        assert_eq!(result(&warehouse.write(&rows).await), expected);
        assert_eq!(warehouse.ask(state).await, there);
    }
}

#[tokio::test]
async fn names_are_names_and_never_statements() {
    let warehouse = Warehouse::new().await;
    let hostile = r#"a" text); DROP TABLE births; --"#;
    let mut rows =
        birth("s-1", 1, vec![(hostile, ColumnKind::Text, text("'); DROP TABLE births; --"))]);
    rows.main.schema = Some("my \"schema".to_owned());
    rows.main.name = r#"bir"ths'; --"#.to_owned();
    warehouse.run(r#"CREATE SCHEMA "my ""schema"; CREATE TABLE births ()"#).await;
    assert_eq!(result(&warehouse.write(&rows).await), "inserted");
    let rest = r#"SELECT "a"" text); DROP TABLE births; --" FROM "my ""schema"."bir""ths'; --""#;
    // The column's own alias stands at the end of a line.
    assert_eq!(warehouse.ask(&format!("{rest}\n")).await, "'); DROP TABLE births; --");
    assert_eq!(warehouse.ask("SELECT count(*) FROM births").await, "0");
}

#[tokio::test]
async fn a_table_of_somebody_else_takes_what_it_can() {
    let warehouse = Warehouse::new().await;
    warehouse
        .run(
            "CREATE TABLE births (submission_id varchar(50) PRIMARY KEY, version int, age text,
             name varchar(3), weight double precision NOT NULL)",
        )
        .await;
    let rows = |name: &str, weight: Cell| {
        birth(
            "s-1",
            1,
            vec![
                ("age", ColumnKind::Integer, number(7)),
                ("name", ColumnKind::Text, text(name)),
                ("weight", ColumnKind::Number, weight),
            ],
        )
    };
    assert_eq!(result(&warehouse.write(&rows("Ann", number("3.5"))).await), "inserted");
    assert_eq!(warehouse.ask("SELECT age || name || weight FROM births").await, "7Ann3.5");
    for (refused, told) in [
        (rows("Annabel", number(1)), "a text is longer than its column takes (SQLSTATE 22001)"),
        (rows("Ann", Cell::Null), "the column `weight` must not be empty (SQLSTATE 23502)"),
    ] {
        let exchange = warehouse.write(&refused).await;
        let (status, message) = refusal(&exchange);
        assert_eq!((status, message), (422, format!("INSERT INTO `births`: {told}").as_str()));
        let answer = String::from_utf8(exchange.response.unwrap().body).unwrap();
        assert!(!answer.contains("Annabel") && answer.contains(r#""statement":"INSERT INTO""#));
    }
    warehouse
        .run("CREATE TABLE keyless (submission_id text); ALTER TABLE births RENAME TO old")
        .await;
    let mut rows = rows("Ann", number(1));
    rows.main.name = "keyless".to_owned();
    let exchange = warehouse.write(&rows).await;
    let (status, message) = refusal(&exchange);
    assert!(status == 422 && message.contains("give it a primary key"), "{message}");
}

#[tokio::test]
async fn more_columns_than_a_table_has_are_refused() {
    let warehouse = Warehouse::new().await;
    let names: Vec<String> = (0..2_000).map(|number| format!("q{number}")).collect();
    let wide = |number: usize| {
        let answers = names.iter().take(number);
        birth(
            "s-1",
            1,
            answers.map(|name| (name.as_str(), ColumnKind::Boolean, Cell::Null)).collect(),
        )
    };
    assert_eq!(result(&warehouse.write(&wide(MAX_COLUMNS - 2)).await), "inserted");
    let exchange = warehouse.write(&wide(2_000)).await;
    let (status, message) = refusal(&exchange);
    assert!(status == 422 && message.contains("SQLSTATE 54011"), "{message}");
    assert!(message.starts_with("ALTER TABLE `births`: "), "{message}");
}

#[tokio::test]
async fn what_changes_behind_the_hub_is_looked_at_again() {
    let warehouse = Warehouse::new().await;
    let prepared = warehouse.client.prepare(&project(), &warehouse.connection).unwrap();
    let rows = with_children(birth("s-1", 1, vec![("q", ColumnKind::Text, text("x"))]), &["Ann"]);
    for (change, expected) in [
        ("SELECT 1", "inserted"),
        ("ALTER TABLE births DROP COLUMN q", "updated"),
        ("DROP TABLE births", "inserted"),
        ("DROP TABLE births__child", "updated"),
        ("ALTER TABLE births ALTER COLUMN q TYPE jsonb USING NULL", "updated"),
    ] {
        warehouse.run(change).await;
        let call = TableCall { rows: &rows, body: Bytes::new() };
        let exchange = warehouse.client.write_table(&prepared, call).await;
        assert_eq!(result(&exchange), expected, "{change}");
    }
    assert_eq!(warehouse.ask("SELECT q_text FROM births").await, "x");
    // All of it over one session and those that took its place: none is left open beside.
    let sessions = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'fieldpost' AND datname = current_database()";
    assert_eq!(warehouse.ask(sessions).await, "1");
}

#[tokio::test]
async fn a_user_who_may_not_is_told_what_is_needed() {
    let warehouse = Warehouse::new().await;
    let role = format!("reader_{}", uuid::Uuid::new_v4().simple());
    let rows = birth("s-1", 1, Vec::new());
    warehouse
        .run(&format!("CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM public"))
        .await;
    let exchange = write(&warehouse.client, &as_user(&warehouse.url, &role), &rows).await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Authentication, "{message}");
    assert!(
        message.starts_with("CREATE TABLE `births`: ")
            && message.contains("(SQLSTATE 42501). Hint: "),
        "{message}"
    );
    // With a table that is there, nothing more than its rows is asked for.
    warehouse
        .run(&format!(
            "CREATE TABLE births (submission_id text PRIMARY KEY, version bigint);
             GRANT SELECT, INSERT, UPDATE, DELETE ON births TO {role}"
        ))
        .await;
    let exchange = write(&warehouse.client, &as_user(&warehouse.url, &role), &rows).await;
    assert_eq!(result(&exchange), "inserted");
    warehouse.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_locked_table_costs_no_more_than_the_time_limit() {
    let mut warehouse = Warehouse::new().await;
    let rows = birth("s-1", 1, Vec::new());
    assert_eq!(result(&warehouse.write(&rows).await), "inserted");
    let (holder, connection) = tokio_postgres::connect(&warehouse.url, NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE births IN ACCESS EXCLUSIVE MODE").await.unwrap();
    warehouse.connection.timeout = Duration::from_millis(300);
    let exchange = warehouse.write(&rows).await;
    assert!(exchange.error.is_some() && exchange.duration < Duration::from_secs(3), "{exchange:?}");
    holder.batch_execute("ROLLBACK").await.unwrap();
    warehouse.connection.timeout = Duration::from_secs(5);
    assert_eq!(result(&warehouse.write(&rows).await), "updated");
}
