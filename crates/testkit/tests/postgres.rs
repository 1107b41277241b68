//! The temporary server keeps what was committed, gives every test a database of its own, and
//! leaves nothing behind.

#![expect(clippy::expect_used, reason = "a failure to set the scene up fails the test")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fieldpost_testkit::{TemporaryPostgres, postgres};
use tokio_postgres::{Client, NoTls};

const WITH_POSTGRES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/with-postgres");

async fn connect(url: &str) -> Client {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.expect("the server takes connections");
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn every_database_is_fresh() {
    let (first, second) = tokio::join!(postgres::database(), postgres::database());
    assert_ne!(first, second);
    for url in [first, second] {
        connect(&url).await.batch_execute("CREATE TABLE mine (id bigint)").await.unwrap();
    }
}

#[tokio::test]
async fn committed_rows_survive_a_stop_and_a_crash() {
    let mut server = TemporaryPostgres::start_private().await;
    let url = server.database().await;
    let client = connect(&url).await;
    let fsync = client.query_one("SHOW fsync", &[]).await.unwrap().get::<_, String>(0);
    assert_eq!(fsync, "on");
    client
        .batch_execute("CREATE TABLE kept (id bigint); INSERT INTO kept VALUES (1)")
        .await
        .unwrap();

    server.restart_immediate();
    assert!(client.query("SELECT 1", &[]).await.is_err(), "the connection outlived the crash");
    let client = connect(&url).await;
    client.batch_execute("INSERT INTO kept VALUES (2)").await.unwrap();

    server.stop();
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err(), "a stopped server answers");
    server.start();
    let rows = connect(&url).await.query("SELECT id FROM kept ORDER BY id", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>(), [1, 2]);

    drop(server);
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err(), "a dropped server answers");
}

/// The pipe on which the script takes its orders ends with the process that gives them, however
/// that process ends.
#[tokio::test]
async fn the_server_goes_with_the_process_that_gives_orders() {
    let mut script = Command::new(WITH_POSTGRES)
        .arg("--obey")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(script.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let client = connect(url.trim()).await;
    let row = client.query_one("SHOW data_directory", &[]).await.unwrap();
    let data = PathBuf::from(row.get::<_, String>(0));
    assert!(data.exists());

    drop(script.stdin.take());
    assert!(script.wait().unwrap().success());
    assert!(tokio_postgres::connect(url.trim(), NoTls).await.is_err(), "the server is still there");
    assert!(!data.exists() && !data.parent().unwrap().exists(), "{} is left", data.display());
}

#[track_caller]
fn check_script(arguments: &[&str], status: i32, output: &str, message: &str) {
    let done = Command::new(WITH_POSTGRES).args(arguments).output().expect("the script runs");
    assert_eq!(String::from_utf8_lossy(&done.stdout), output);
    assert_eq!(String::from_utf8_lossy(&done.stderr), message);
    assert_eq!(done.status.code(), Some(status));
}

#[test]
fn the_script_returns_the_status_of_its_command() {
    check_script(&["sh", "-c", "echo ran; exit 7"], 7, "ran\n", "");
    check_script(&["true"], 0, "", "");
    let hint = "with-postgres: give a command to run, for example: scripts/with-postgres cargo nextest run\n";
    check_script(&[], 1, "", hint);
}
