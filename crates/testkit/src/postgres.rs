//! A PostgreSQL server for tests.
//!
//! A test that needs a database asks [`database`] for the URL of a fresh, empty one. The server
//! behind it is the one that `FIELDPOST_TEST_POSTGRES` names (`make test` starts it once for all
//! tests), or one that this process starts for itself. A test that stops and starts its server
//! holds one of its own, a [`TemporaryPostgres`].
//!
//! How a server is found, started and cleaned away is the business of `scripts/with-postgres`,
//! which is run here as well. It reads its orders from a pipe; when this process dies, however it
//! dies, the pipe ends and the server goes.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tokio::sync::OnceCell;
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::tls;

/// The script that holds a server.
const WITH_POSTGRES: &str = include_str!("../../../scripts/with-postgres");

/// Names a server that is there already: `postgres://user@host:port/postgres`.
pub const SERVER_VARIABLE: &str = "FIELDPOST_TEST_POSTGRES";

/// The server of this process, started when the first test asks for a database.
static SERVER: OnceCell<TemporaryPostgres> = OnceCell::const_new();

/// The URL of a fresh, empty database. Without a PostgreSQL installation the test ends with a hint.
pub async fn database() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests are set up by the environment")]
    let given = std::env::var(SERVER_VARIABLE);
    match given {
        Ok(server) if !server.is_empty() => create_database(&server).await,
        _ => SERVER.get_or_init(TemporaryPostgres::start_private).await.database().await,
    }
}

/// The answer of a query that has one text.
pub async fn ask(database: &str, query: &str) -> String {
    let (client, connection) =
        tokio_postgres::connect(database, NoTls).await.expect("it is reached");
    let connection = tokio::spawn(connection);
    let row = client.query_one(query, &[]).await.expect("it answers with one row");
    let answer = row.get(0);
    drop(client);
    connection.await.expect("the connection ends").expect("the connection ends well");
    answer
}

/// Everything that lies in the tables of a database: each row as text, with the name of its table.
/// Bytes are written in hexadecimal digits.
pub async fn everything_in(url: &str) -> Vec<(String, Vec<u8>)> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("it is reached");
    // It ends with its client.
    tokio::spawn(connection);
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
    let mut found = Vec::new();
    for table in client.query(tables, &[]).await.expect("tables are listed") {
        let table: String = table.get(0);
        let rows = format!("SELECT t::text FROM {table} t");
        for row in client.query(&rows, &[]).await.expect("a table is read") {
            found.push((table.clone(), row.get::<_, String>(0).into_bytes()));
        }
    }
    found
}

/// A PostgreSQL server of one's own. It goes, with its data, when it is dropped.
pub struct TemporaryPostgres {
    url: String,
    script: Child,
    /// `None` once the script was told that there are no more orders.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl TemporaryPostgres {
    /// Makes a server and starts it; ends the test with a hint where PostgreSQL is not installed.
    pub async fn start_private() -> Self {
        tokio::task::spawn_blocking(Self::spawn).await.expect("the server starts")
    }

    /// The URL of its database `postgres`, as the superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of a fresh, empty database on it.
    pub async fn database(&self) -> String {
        create_database(&self.url).await
    }

    /// Stops the server as an operator does: connections are ended, everything is written.
    pub fn stop(&mut self) {
        self.order("stop");
    }

    /// Starts it again: same address, same data.
    pub fn start(&mut self) {
        self.order("start");
    }

    /// Ends the server without letting it write anything, and starts it again: it recovers from
    /// its log, as after a crash.
    pub fn restart_immediate(&mut self) {
        self.order("stop-immediately");
        self.order("start");
    }

    /// Has the server offer encrypted connections from now on; the answer is the certificate that
    /// one must trust to trust it, as PEM text.
    pub async fn encrypt(&self) -> String {
        let (certificate, key) = tls::identity_of("127.0.0.1");
        let (client, connection) =
            tokio_postgres::connect(&self.url, NoTls).await.expect("it is reached");
        let connection = tokio::spawn(connection);
        // The server writes both itself: it wants them to be its own.
        for (file, text) in [("server.crt", &certificate), ("server.key", &key)] {
            let copy = format!(
                "COPY (SELECT unnest(string_to_array('{text}', E'\n')))
                 TO PROGRAM 'umask 077; cat > {file}'"
            );
            client.batch_execute(&copy).await.expect("the server can write");
        }
        client.batch_execute("ALTER SYSTEM SET ssl = on").await.expect("it is a setting");
        client.batch_execute("SELECT pg_reload_conf()").await.expect("it reads its settings");
        drop(client);
        connection.await.expect("the connection ends").expect("the connection ends well");
        certificate
    }

    /// Makes a user who has to prove the password, by SCRAM; others are let in as before.
    pub async fn add_user_with_password(&self, user: &str, password: &str) {
        let (client, connection) =
            tokio_postgres::connect(&self.url, NoTls).await.expect("it is reached");
        let connection = tokio::spawn(connection);
        for statement in [
            "SET password_encryption = 'scram-sha-256'".to_owned(),
            format!("CREATE ROLE {user} LOGIN SUPERUSER PASSWORD '{password}'"),
            // The first line that fits counts.
            format!(
                "COPY (SELECT 'host all {user} all scram-sha-256')
                 TO PROGRAM 'cat - pg_hba.conf > pg_hba.new && mv pg_hba.new pg_hba.conf'"
            ),
            "SELECT pg_reload_conf()".to_owned(),
        ] {
            client.batch_execute(&statement).await.expect("the server can do it");
        }
        drop(client);
        connection.await.expect("the connection ends").expect("the connection ends well");
    }

    /// The answer of a query that has one text.
    pub async fn ask(&self, database: &str, query: &str) -> String {
        ask(database, query).await
    }

    fn spawn() -> Self {
        let mut script = Command::new("sh")
            .args(["-c", WITH_POSTGRES, "with-postgres", "--obey"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Of its own group, so that a signal to the tests' group leaves it alive to clean up.
            .process_group(0)
            .spawn()
            .expect("sh can be run");
        let orders = script.stdin.take();
        let answers = script.stdout.take().map(BufReader::new).expect("the output is a pipe");
        let mut server = Self { url: String::new(), script, orders, answers };
        server.url = server.answer();
        server
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("the script takes orders until the end");
        writeln!(orders, "{order}").expect("the script takes orders");
        let answer = self.answer();
        assert_eq!(answer, "done", "the PostgreSQL server was told to {order}");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the script answers");
        if line.is_empty() {
            let mut reason = String::new();
            if let Some(messages) = &mut self.script.stderr {
                messages.read_to_string(&mut reason).expect("the script's messages are text");
            }
            panic!("the tests need a PostgreSQL server: {}", reason.trim_end());
        }
        line.trim_end().to_owned()
    }
}

impl Drop for TemporaryPostgres {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Waits until everything is cleaned away; a failure to wait has no consequence here.
        drop(self.script.wait());
    }
}

impl fmt::Debug for TemporaryPostgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TemporaryPostgres at {}", self.url)
    }
}

/// Makes a database with a name that nobody has, on the server whose URL is given.
async fn create_database(server: &str) -> String {
    let name = format!("fieldpost_test_{}", Uuid::new_v4().simple());
    let (client, connection) = tokio_postgres::connect(server, NoTls)
        .await
        .unwrap_or_else(|error| panic!("no connection to PostgreSQL at {server}: {error}"));
    let connection = tokio::spawn(connection);
    let statement = format!("CREATE DATABASE {name} TEMPLATE template0");
    client.batch_execute(&statement).await.expect("a database can be created");
    drop(client);
    connection.await.expect("the connection ends").expect("the connection ends well");
    in_database(server, &name)
}

/// The URL with another database: `postgres://host/postgres?x=1` becomes `postgres://host/name?x=1`.
fn in_database(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
    let start = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = match start.rsplit_once('/') {
        Some((_, database)) => address.strip_suffix(database).unwrap_or(address),
        None => address,
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    let separator = if parameters.is_empty() { "" } else { "?" };
    format!("{host}/{name}{separator}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_pointed_at_another_database() {
        for (server, url) in [
            ("postgres://u@h:1/postgres", "postgres://u@h:1/x"),
            ("postgres://u@h:1", "postgres://u@h:1/x"),
            ("postgres://u@h:1/", "postgres://u@h:1/x"),
            ("postgres://u:p@h/a?sslmode=disable", "postgres://u:p@h/x?sslmode=disable"),
        ] {
            assert_eq!(in_database(server, "x"), url);
        }
    }
}
