//! The shared engine: several hubs on one PostgreSQL.
//!
//! The hot paths go through flushers: a few tasks that each take what waits and write it as one
//! transaction of multi-row statements. Two or three flushers keep the server busy while another
//! one waits for its sync. Everything else takes a pooled connection for one short transaction; no
//! transaction is ever open during a call to a destination. The database's clock decides what is
//! due and when a lease ends, so that hubs whose clocks differ agree.

mod accept;
mod claim;
mod filing;
#[cfg(test)]
mod filing_plans;
mod flusher;
mod notify;
mod order;
mod record;
mod rows;
mod run_claims;
mod runs;
mod server;

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Pool, Runtime, Timeouts};
use futures_util::future::join;
use tokio::sync::broadcast;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::StoreSettings;
use crate::ends::{AcceptEnd, RecordEnd};
use crate::error::StoreError;
use crate::filing::MOVED;
use crate::filing::batch::LateFiling;
use crate::migrate;
use crate::records::{Accept, Outcome, Signal};
use crate::sqlite::lock_folder;
use crate::statement::{Batch, Expect, Parameter, Row};
use flusher::Flushers;
use notify::Notifier;
#[cfg(test)]
pub(crate) use run_claims::statements as claims_of_runs;
use server::CONNECTION_WAIT;
pub(crate) use server::Server;

/// The present in microseconds, by the database's clock; the same wherever it stands in a statement.
pub(crate) const NOW: &str = "(extract(epoch from statement_timestamp()) * 1000000)::bigint";

/// How long any statement may take before the server ends it.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a transaction may stand still before the server ends it. A hub that is frozen in the
/// middle of one holds rows that nobody else can claim meanwhile: this must end well within the
/// margin by which leases outlast their calls.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);
/// Tasks that write messages.
const ACCEPT_FLUSHERS: usize = 3;
/// Tasks that write attempts.
const RECORD_FLUSHERS: usize = 2;
/// Claims of deliveries and of runs, and records of runs, that may be under way at once before one waits
/// for another.
const CLAIMS: usize = 3;
/// Connections that accepting, recording and claiming have to themselves: a few slow lists that
/// somebody looks at must not hold up a sender.
const URGENT_CONNECTIONS: usize = ACCEPT_FLUSHERS + RECORD_FLUSHERS + CLAIMS;
/// The fewest connections for everything else.
const FEWEST_OTHER_CONNECTIONS: usize = 2;
/// Every statement of accepting, recording and claiming finds its rows by a key. The planner does
/// not know how few they are, and after an ANALYZE it may rather read a long queue whole.
pub(crate) const LOOK_UPS_ONLY: &str =
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";
/// How often a transaction is redone that the database gave up in favour of another one.
const MOST_REDOS: usize = 5;

/// A PostgreSQL database.
pub(crate) struct Postgres {
    /// For accepting, recording and claiming.
    urgent: Pool,
    /// For everything else.
    pool: Pool,
    accepts: Flushers<accept::Job>,
    records: Flushers<record::Job>,
    notifier: Notifier,
    /// Held for as long as the store is open: the folder names this node.
    _lock: std::fs::File,
}

impl Postgres {
    pub(crate) async fn open(
        settings: &StoreSettings,
        url: &str,
        signals: broadcast::Sender<Signal>,
    ) -> Result<(Self, String), StoreError> {
        let lock = lock_folder(&settings.data)?;
        let node = node_identity(&settings.data)?;
        let server = Server::parse(url, "fieldpost")?;
        let urgent = make_pool(&server, URGENT_CONNECTIONS, LOOK_UPS_ONLY)?;
        let others = settings.database_connections.saturating_sub(URGENT_CONNECTIONS);
        let pool = make_pool(&server, others.max(FEWEST_OTHER_CONNECTIONS), "")?;
        let mut client = pool
            .get()
            .await
            .map_err(|error| StoreError::Open(format!("cannot reach the database: {error}")))?;
        migrate::postgres(&mut client).await?;
        let owner = count_start(&client, &node).await?;
        warn_where_not_durable(&client).await?;
        drop(client);
        let bytes = settings.accept_queue_bytes;
        let accepts =
            Flushers::start(&urgent, ACCEPT_FLUSHERS, settings.accept_queue, bytes, accept::flush);
        // Attempts under way are bounded by the hub's own settings, so that this never fills.
        let records =
            Flushers::start(&urgent, RECORD_FLUSHERS, usize::MAX >> 4, usize::MAX, record::flush);
        let notifier = Notifier::start(&pool, server, &owner, signals);
        Ok((Self { urgent, pool, accepts, records, notifier, _lock: lock }, owner))
    }

    pub(crate) async fn accept(
        &self,
        accept: Accept,
        quarantine_limit: u32,
    ) -> Result<AcceptEnd, StoreError> {
        let bytes = accept.held_bytes();
        self.accepts.run(bytes, |reply| accept::Job { accept, quarantine_limit, reply }).await
    }

    pub(crate) async fn record(&self, outcome: Outcome) -> Result<RecordEnd, StoreError> {
        let bytes = outcome.held_bytes();
        self.records.run(bytes, |reply| record::Job { outcome, reply }).await
    }

    pub(crate) fn tell_others(&self, signal: &Signal) {
        self.notifier.tell(signal);
    }

    /// Runs a query that is alike on both engines.
    pub(crate) async fn query<T>(
        &self,
        sql: &str,
        parameters: &[Parameter],
        map: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &references(parameters)).await?;
        rows.iter().map(|row| map(&Row::Postgres(row))).collect()
    }

    /// Runs a batch as one transaction; the answer is the rows touched by each statement.
    ///
    /// A task of its own does it, so that it is done whole even if the caller stops waiting.
    pub(crate) async fn change(
        &self,
        batch: Batch,
        late: Option<LateFiling>,
    ) -> Result<Vec<u64>, StoreError> {
        let pool = self.pool.clone();
        let changed = tokio::spawn(async move {
            let mut redos = 0;
            loop {
                match change_once(&pool, &batch, late.as_ref()).await {
                    Err(StoreError::Busy) if redos < MOST_REDOS => redos += 1,
                    end => return end,
                }
            }
        });
        changed.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }
}

/// A late filing's locks go behind the first statement, which holds the project's row or is a lock
/// itself, and before everything else: that is the order of those who accept and erase.
async fn change_once(
    pool: &Pool,
    batch: &Batch,
    late: Option<&LateFiling>,
) -> Result<Vec<u64>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let mut counts = Vec::with_capacity(batch.0.len());
    for statement in &batch.0 {
        let prepared = transaction.prepare_cached(&statement.sql).await?;
        let touched = transaction.execute(&prepared, &references(&statement.parameters)).await?;
        match statement.expect {
            Expect::One(conflict) if touched != 1 => {
                transaction.rollback().await?;
                return Err(StoreError::Conflict(conflict.to_owned()));
            }
            _ => counts.push(touched),
        }
        if let (1, Some(late)) = (counts.len(), late) {
            filing::lock_late(&transaction, late).await?;
        }
    }
    if let Some(late) = late
        && !filing::write_late(&transaction, late).await?
    {
        transaction.rollback().await?;
        return Err(StoreError::Conflict(MOVED.to_owned()));
    }
    transaction.commit().await?;
    Ok(counts)
}

/// Waits for two parts of one transaction that are sent one after the other without waiting. Of two
/// errors the answer is the one that says more: once a statement has failed, the server only says
/// of those behind it that the transaction is over.
async fn both<A, B, E: Into<StoreError>>(
    one: impl Future<Output = Result<A, E>>,
    other: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), StoreError> {
    match join(one, other).await {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error.into()),
        (Err(one), Err(other)) => Err(match (one.into(), other.into()) {
            (StoreError::Unavailable(_), other) => other,
            (one, _) => one,
        }),
    }
}

fn references(parameters: &[Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}

fn make_pool(server: &Server, connections: usize, settings: &str) -> Result<Pool, StoreError> {
    let prepare_session = format!(
        "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {};
         SET jit = off; {settings}
         SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') IN ('off', 'local');",
        STATEMENT_TIMEOUT.as_millis(),
        IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
    );
    Pool::builder(server.manager())
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(CONNECTION_WAIT),
            create: Some(CONNECTION_WAIT),
            recycle: Some(CONNECTION_WAIT),
        })
        .post_create(Hook::async_fn(move |client, _| {
            let prepare_session = prepare_session.clone();
            Box::pin(async move {
                client.batch_execute(&prepare_session).await.map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| StoreError::Open(error.to_string()))
}

/// The name of this node, made once and kept in its data folder.
fn node_identity(folder: &std::path::Path) -> Result<String, StoreError> {
    let path = folder.join("node");
    let describe = |error: std::io::Error| StoreError::Open(format!("{}: {error}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(node) if !node.trim().is_empty() => Ok(node.trim().to_owned()),
        Ok(_) | Err(_) => {
            let node = Uuid::new_v4().to_string();
            std::fs::write(&path, &node).map_err(describe)?;
            Ok(node)
        }
    }
}

/// Counts this start. Answers by what name it holds its leases; those of other nodes are theirs.
async fn count_start(client: &tokio_postgres::Client, node: &str) -> Result<String, StoreError> {
    let row = client
        .query_one(
            "INSERT INTO nodes (node, start) VALUES ($1, 1)
             ON CONFLICT (node) DO UPDATE SET start = nodes.start + 1 RETURNING start",
            &[&node],
        )
        .await?;
    let start: i64 = row.try_get(0)?;
    Ok(format!("{node}/{start}"))
}

/// A yes must survive a power cut. Where the server is set up otherwise, say so loudly.
async fn warn_where_not_durable(client: &tokio_postgres::Client) -> Result<(), StoreError> {
    let row = client
        .query_one(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'),
                    current_setting('full_page_writes')",
            &[],
        )
        .await?;
    let (fsync, commit): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    if commit == "off" || commit == "local" {
        return Err(StoreError::Open(format!(
            "the server keeps synchronous_commit = {commit} although this session sets it: a yes \
             would not be durable"
        )));
    }
    if fsync != "on" {
        tracing::warn!(
            "the PostgreSQL server runs with fsync = {fsync}: after a power cut, messages that \
             were answered with 200 can be lost"
        );
    }
    Ok(())
}
