//! The ceilings: servers that do only the unavoidable.

use std::sync::mpsc;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::load::announce;

/// A handler that reads the body and says yes.
pub(crate) async fn noop() -> Result<()> {
    let app = Router::new().route("/inbox/{secret}", post(|_body: Bytes| async { "{}" }));
    serve(app).await
}

type Job = (Bytes, oneshot::Sender<()>);

/// A handler that says yes once the body is committed and synced by a writer that drains what
/// waits: one table, one insert, the same settings of SQLite as the hub's.
pub(crate) async fn sqlite(folder: &str) -> Result<()> {
    let connection = Connection::open(std::path::Path::new(folder).join("bare.db"))?;
    connection.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 2048; PRAGMA journal_size_limit = 16777216;
         CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL);",
    )?;
    let (sender, receiver) = mpsc::channel::<Job>();
    std::thread::spawn(move || write(&connection, &receiver));
    let app = Router::new().route("/inbox/{secret}", post(keep)).with_state(sender);
    serve(app).await
}

async fn keep(State(writer): State<mpsc::Sender<Job>>, body: Bytes) -> &'static str {
    let (reply, committed) = oneshot::channel();
    if writer.send((body, reply)).is_ok() && committed.await.is_ok() { "{}" } else { "failed" }
}

fn write(connection: &Connection, jobs: &mpsc::Receiver<Job>) -> rusqlite::Result<()> {
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(1_023)).collect();
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        {
            let mut insert = connection.prepare_cached("INSERT INTO bodies (body) VALUES (?1)")?;
            for (body, _) in &batch {
                insert.execute([&body[..]])?;
            }
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        for (_, reply) in batch {
            // A client that has gone needs no answer.
            let _gone = reply.send(());
        }
    }
    Ok(())
}

async fn serve(app: Router) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?)?;
    Ok(axum::serve(listener, app).await?)
}
