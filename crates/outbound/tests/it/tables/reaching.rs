//! The way to a database: the guard, TLS, who may come in, and trying it.

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{Authentication, Connection};
use fieldpost_model::secret::Secret;
use fieldpost_outbound::{
    Client, Exchange, OutboundSettings, ProbeCall, ProbeMethod, Step, TableCall,
};
use fieldpost_testkit::FakeDestination;
use fieldpost_testkit::postgres::{self, TemporaryPostgres};
use tokio::net::TcpListener;

use super::{Warehouse, as_user, birth, result, write};
use crate::common::{SECONDS, call, client, connection, error, project};
use fieldpost_model::time::Timestamp;

async fn probe(client: &Client, connection: &Connection) -> Vec<Step> {
    let call = ProbeCall {
        method: ProbeMethod::Get,
        query: Vec::new(),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
        content_type: None,
        now: Timestamp(SECONDS * 1_000_000),
    };
    client.probe(&project(), connection, call).await
}

fn names(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.name.name()).collect()
}

fn fact<'s>(steps: &'s [Step], step: &str, name: &str) -> Option<&'s str> {
    let step = steps.iter().find(|it| it.name.name() == step)?;
    step.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn the_guard_stands_before_databases_as_well() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let guarded = Client::new(OutboundSettings::default()).unwrap();
    let rows = birth("s-1", 1, Vec::new());
    for host in ["127.0.0.1", "localhost", "[::1]", "0x7f.1"] {
        let url = format!("postgres://{host}:{port}/d?sslmode=disable");
        let exchange = write(&guarded, &as_user(&url, "u"), &rows).await;
        let (kind, message) = error(&exchange);
        assert!(kind == ErrorKind::Refused && message.contains("is refused"), "{host}: {message}");
        let steps = probe(&guarded, &as_user(&url, "u")).await;
        assert_eq!(names(&steps), ["url", "dns"], "{host}");
    }
    let nobody =
        tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "somebody was dialled");
}

#[tokio::test]
async fn a_database_is_no_service_and_a_service_no_database() {
    let destination = FakeDestination::start().await;
    let rows = birth("s-1", 1, Vec::new());
    let exchange = write(&client(), &connection(&destination.url("/")), &rows).await;
    assert!(error(&exchange).1.contains("is no database"));
    let to_database = as_user("postgres://127.0.0.1:1/d", "u");
    let exchange = crate::common::send(&client(), &to_database, call()).await;
    let (kind, message) = error(&exchange);
    assert!(kind == ErrorKind::Build && message.contains("`format: table`"), "{message}");
    let mut with_token = to_database;
    with_token.authentication = Authentication::Bearer { token: Secret::new("hunter2") };
    let refused = client().prepare(&project(), &with_token).unwrap_err();
    assert!(refused.kind == ErrorKind::Build && refused.message.contains("`auth.basic`"));
    // What listens there may be anything.
    let address = destination.address();
    for (query, kind, told) in [
        ("?sslmode=require", ErrorKind::Tls, "what answers there is not PostgreSQL"),
        ("?sslmode=disable", ErrorKind::Connect, "The connection to"),
    ] {
        let exchange =
            write(&client(), &as_user(&format!("postgres://{address}/d{query}"), "u"), &rows).await;
        let (found, message) = error(&exchange);
        assert!(message.contains(told), "{message}");
        assert_eq!(found, kind, "{message}");
    }
}

/// The kind and the message of what was not written.
fn told(exchange: &Exchange) -> (ErrorKind, String) {
    let (kind, message) = error(exchange);
    (kind, message.to_owned())
}

#[tokio::test]
async fn what_keeps_the_hub_out_is_said() {
    let url = postgres::database().await;
    let rows = birth("s-1", 1, Vec::new());
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let other_database = format!("{url}_nowhere");
    let mut over_tls = as_user(&url, "postgres");
    over_tls.url = over_tls.url.replace("disable", "require");
    for (connection, kind, said) in [
        (as_user(&format!("postgres://{address}/d"), "u"), ErrorKind::Connect, "No connection to"),
        (as_user("postgres://nonexistent.invalid/d", "u"), ErrorKind::Dns, "not resolve"),
        (
            as_user(&url, "nobody_of_that_name"),
            ErrorKind::Authentication,
            "(SQLSTATE 28000). Hint:",
        ),
        (
            as_user(&other_database, "postgres"),
            ErrorKind::Authentication,
            "(SQLSTATE 3D000). Hint:",
        ),
        (over_tls, ErrorKind::Tls, "`sslmode=disable`"),
    ] {
        let (found, message) = told(&write(&client(), &connection, &rows).await);
        assert!(message.contains(said), "{message}");
        assert_eq!(found, kind, "{message}");
        let steps = probe(&client(), &connection).await;
        let failed = steps.last().unwrap();
        assert_eq!(failed.error.as_ref().unwrap().kind, kind, "{steps:?}");
        assert!(!format!("{steps:?}{message}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_database_is_tried_step_by_step() {
    let warehouse = Warehouse::new().await;
    let steps = probe(&warehouse.client, &warehouse.connection).await;
    assert!(steps.iter().all(|step| step.ok), "{steps:?}");
    assert_eq!(names(&steps), ["url", "dns", "tcp", "authentication", "request"]);
    for (step, name, expected) in [
        ("url", "scheme", "postgres"),
        ("url", "host", "127.0.0.1"),
        ("authentication", "user", "postgres"),
        ("request", "statement", "SELECT 1"),
        ("request", "schema", "public"),
        ("request", "may make tables", "yes"),
    ] {
        assert_eq!(fact(&steps, step, name), Some(expected), "{step} {name}");
    }
    let role = format!("viewer_{}", uuid::Uuid::new_v4().simple());
    let revoke = "REVOKE CREATE ON SCHEMA public FROM public";
    warehouse.run(&format!("CREATE ROLE {role} LOGIN; {revoke}")).await;
    let steps = probe(&warehouse.client, &as_user(&warehouse.url, &role)).await;
    assert_eq!(fact(&steps, "request", "may make tables"), Some("no"));
    assert_eq!(steps.last().unwrap().hint.as_ref().unwrap().code, "grant-create");
    warehouse.run(&format!("DROP ROLE {role}")).await;
}

/// One server of its own, for all that no other test may see.
#[tokio::test]
async fn tls_and_a_restart() {
    let mut server = TemporaryPostgres::start_private().await;
    let warehouse = Warehouse::at(server.database().await);
    let rows = birth("s-1", 1, Vec::new());
    let prepared = warehouse.client.prepare(&project(), &warehouse.connection).unwrap();
    let call = || TableCall { rows: &rows, body: bytes::Bytes::new() };
    assert_eq!(result(&warehouse.client.write_table(&prepared, call()).await), "inserted");
    // A session that waited, and whose server has been restarted, is no failure.
    server.restart_immediate();
    assert_eq!(result(&warehouse.client.write_table(&prepared, call()).await), "updated");

    let authority = server.encrypt().await;
    let mut secure = warehouse.connection.clone();
    secure.url = secure.url.replace("?sslmode=disable", "");
    let (kind, message) = told(&write(&warehouse.client, &secure, &rows).await);
    assert!(kind == ErrorKind::Tls && message.contains("does not know"), "{message}");
    secure.tls.authorities = Some(authority);
    assert_eq!(result(&write(&warehouse.client, &secure, &rows).await), "updated");
    let steps = probe(&warehouse.client, &secure).await;
    assert_eq!(names(&steps), ["url", "dns", "tcp", "tls", "authentication", "request"]);
    assert_eq!(fact(&steps, "tls", "version"), Some("TLSv1.3"));
}

/// The users of other servers are let in without a question.
#[tokio::test]
async fn a_password_is_proved_and_never_sent() {
    let server = TemporaryPostgres::start_private().await;
    server.add_user_with_password("clerk", "hunter2").await;
    let url = server.database().await;
    let rows = birth("s-1", 1, Vec::new());
    // The server reads its rules a moment after it was told to.
    let mut nobody = as_user(&url, "clerk");
    nobody.authentication =
        Authentication::Basic { username: "clerk".to_owned(), password: Secret::new("hunter3") };
    let (kind, message) = loop {
        let exchange = write(&client(), &nobody, &rows).await;
        if exchange.error.is_some() {
            break told(&exchange);
        }
    };
    assert!(kind == ErrorKind::Authentication && message.contains("(SQLSTATE 28P01)"), "{message}");
    assert!(
        message.contains("check the user name and the password") && !message.contains("hunter3")
    );
    let clerk = as_user(&url, "clerk");
    let written = result(&write(&client(), &clerk, &rows).await);
    assert!(["inserted", "updated"].contains(&&*written), "{written}");
    let steps = probe(&client(), &clerk).await;
    assert!(steps.iter().all(|step| step.ok), "{steps:?}");
    let method = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules
        WHERE user_name = '{clerk}'";
    assert_eq!(server.ask(&url, method).await, "scram-sha-256");
    let kept = "SELECT substr(rolpassword, 1, 13) FROM pg_authid WHERE rolname = 'clerk'";
    assert_eq!(server.ask(&url, kept).await, "SCRAM-SHA-256");
}
