//! The embedded engine: one file in the data folder, one writer, a few readers.

mod accept;
mod claim;
mod filing;
#[cfg(test)]
mod filing_plans;
mod order;
#[cfg(test)]
mod plans;
mod readers;
mod record;
mod rows;
mod runs;
pub(crate) mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params_from_iter};

use fieldpost_model::time::Timestamp;

use crate::StoreSettings;
use crate::clock::Clock;
use crate::ends::{AcceptEnd, RecordEnd};
use crate::error::StoreError;
use crate::filing::MOVED;
use crate::filing::batch::LateFiling;
use crate::leases::LeaseClock;
use crate::migrate;
use crate::records::{Accept, Claims, LaneDemand, Outcome};
use crate::statement::{Batch, Expect, Parameter, Row};
use readers::Readers;
use writer::{Bounds, Priority, Writer};

/// How often the log is asked to be emptied while others still read from it.
const CHECKPOINT_TRIES: usize = 20;
/// The file of the database in the data folder.
pub(crate) const DATABASE_FILE: &str = "fieldpost.db";
/// Connections that only read.
const READERS: usize = 4;
/// How long a connection waits for another one's lock.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the write-ahead log is copied into the database beside the writer.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// Pages of the log at which the writer itself has to finish a checkpoint, so that the log stays
/// bounded however busy it is: 16 MiB of 8 KiB pages. On a disk that is nearly full the log must not
/// take the last of the room: it could never be emptied then, since what it holds has to find room in
/// the database first.
const CHECKPOINT_PAGES: i64 = 2_048;
/// The log file keeps this size between checkpoints: overwriting is cheaper than appending.
const JOURNAL_BYTES: i64 = CHECKPOINT_PAGES * PAGE_BYTES;
/// The size of a page, in bytes.
const PAGE_BYTES: i64 = 8_192;

/// The embedded database.
pub(crate) struct Sqlite {
    pub(crate) writer: Writer,
    readers: Readers,
    leases: LeaseClock,
    /// Dropped with the store: ends the thread that checkpoints.
    _checkpoints: std::sync::mpsc::Sender<()>,
    /// Held for as long as the store is open.
    _lock: File,
}

impl Sqlite {
    /// Opens the database of a data folder, makes it where it is missing, migrates it where it is
    /// older, and refuses where another process has it or a newer version wrote it.
    pub(crate) fn open(settings: &StoreSettings) -> Result<(Self, String), StoreError> {
        let folder = &settings.data;
        let lock = lock_folder(folder)?;
        let path = folder.join(DATABASE_FILE);
        let mut connection = connect(&path, OpenFlags::default())?;
        // What is deleted is overwritten: what was erased must not stand in the file any more. At all
        // times, and not only while something is erased: a row of the queue names the case that its
        // delivery is about, and is deleted as soon as that has arrived, long before anybody erases
        // it. It costs next to nothing: zeros go into pages that the deletion writes anyway, and
        // only a page that becomes free as a whole is written for their sake alone.
        connection.execute_batch(&format!(
            "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
             PRAGMA journal_size_limit = {JOURNAL_BYTES}; PRAGMA cache_size = -32768;
             PRAGMA secure_delete = ON;"
        ))?;
        let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        if synchronous != 2 {
            return Err(StoreError::Open(format!(
                "SQLite runs with synchronous = {synchronous}, not FULL: a yes would not be durable"
            )));
        }
        migrate::sqlite(&mut connection)?;
        let mut readers = Vec::new();
        for _ in 0..READERS {
            let reader = connect(&path, OpenFlags::default())?;
            reader.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096;")?;
            readers.push(reader);
        }
        let checkpoints = start_checkpoints(connect(&path, OpenFlags::default())?)?;
        let owner = count_start(&connection)?;
        let bounds = Bounds { jobs: settings.accept_queue, bytes: settings.accept_queue_bytes };
        let writer = Writer::start(connection, bounds)
            .map_err(|error| StoreError::Open(format!("no thread for the writer: {error}")))?;
        let readers = Readers::start(readers)
            .map_err(|error| StoreError::Open(format!("no threads for the readers: {error}")))?;
        let leases = LeaseClock::start(&settings.clock);
        Ok((Self { writer, readers, leases, _checkpoints: checkpoints, _lock: lock }, owner))
    }

    /// The present, as leases of deliveries are measured.
    pub(crate) fn lease_now(&self) -> Timestamp {
        self.leases.now()
    }

    pub(crate) async fn accept(
        &self,
        accept: Accept,
        quarantine_limit: u32,
    ) -> Result<AcceptEnd, StoreError> {
        self.writer.accept(accept, quarantine_limit).await
    }

    pub(crate) async fn claim(
        &self,
        demands: Vec<LaneDemand>,
        owner: String,
        clock: Clock,
    ) -> Result<Claims, StoreError> {
        let leases = self.leases.clone();
        let (held, outlook) = self
            .writer
            .run(Priority::Deliver, move |connection| {
                let now = clock();
                let mut all = Vec::new();
                let mut outlook = Vec::with_capacity(demands.len());
                for demand in &demands {
                    let until = leases.now() + demand.lease;
                    let (held, lane) = claim::hold(connection, demand, now, until, &owner)?;
                    all.extend(held);
                    outlook.push(lane);
                }
                Ok((all, outlook))
            })
            .await?;
        if held.is_empty() {
            return Ok(Claims { claimed: Vec::new(), outlook });
        }
        let claimed = self.read(move |connection| claim::contents(connection, &held)).await?;
        Ok(Claims { claimed, outlook })
    }

    pub(crate) async fn record(
        &self,
        outcome: Outcome,
        clock: Clock,
    ) -> Result<RecordEnd, StoreError> {
        self.writer
            .run(Priority::Deliver, move |connection| record::record(connection, &outcome, clock()))
            .await
    }

    /// Reads with one of the readers, on a thread that may block.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Writes the definitions anew, which are sealed by now, and overwrites the pages that they lay
    /// in before. Sealing row by row is not enough: where it splits a page, the older content stays
    /// in what is free of it, although deletions overwrite.
    pub(crate) async fn overwrite_definitions(&self) -> Result<(), StoreError> {
        self.writer
            .run(Priority::Other, |connection| {
                Ok(connection.execute_batch(
                    "CREATE TEMP TABLE sealed_definitions AS SELECT * FROM definitions;
                     DELETE FROM definitions;
                     INSERT INTO definitions SELECT * FROM sealed_definitions;
                     DROP TABLE sealed_definitions;",
                )?)
            })
            .await
    }

    /// Copies the log into the database and cuts it to nothing, so that no older page stays in it.
    /// `false`: somebody reads from it for longer than we wait.
    pub(crate) async fn empty_log(&self) -> Result<bool, StoreError> {
        for _ in 0..CHECKPOINT_TRIES {
            let busy = self
                .read(|connection| {
                    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                    Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
                })
                .await?;
            if busy == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs a query that is alike on both engines.
    pub(crate) async fn query<T: Send + 'static>(
        &self,
        sql: String,
        parameters: Vec<Parameter>,
        map: fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&numbered(&sql))?;
            let mut rows = statement.query(params_from_iter(&parameters))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(map(&Row::Sqlite(row))?);
            }
            Ok(found)
        })
        .await
    }

    /// Runs a batch as one transaction; the answer is the rows touched by each statement.
    pub(crate) async fn change(
        &self,
        batch: Batch,
        late: Option<LateFiling>,
    ) -> Result<Vec<u64>, StoreError> {
        let outcome = self
            .writer
            .run(Priority::Other, move |connection| {
                // A savepoint of its own: a conflict undoes this batch, not its neighbours.
                connection.execute_batch("SAVEPOINT batch")?;
                let outcome = apply(connection, &batch, late.as_ref());
                let end = if matches!(outcome, Ok(Ok(_))) {
                    "RELEASE batch"
                } else {
                    "ROLLBACK TO batch; RELEASE batch"
                };
                connection.execute_batch(end)?;
                outcome
            })
            .await?;
        outcome.map_err(|conflict| StoreError::Conflict(conflict.to_owned()))
    }
}

/// Says that a table's rows are found by this index and by nothing else.
pub(crate) fn indexed_by(index: &str) -> String {
    format!("INDEXED BY {index}")
}

/// `$2` is the second parameter for PostgreSQL; SQLite takes `$2` for a name, numbered by where it
/// first stands, and `?2` for the second parameter.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn apply(
    connection: &Connection,
    batch: &Batch,
    late: Option<&LateFiling>,
) -> Result<Result<Vec<u64>, &'static str>, StoreError> {
    let mut counts = Vec::with_capacity(batch.0.len());
    for statement in &batch.0 {
        // Not cached: the present time stands in the text, and would push out what is used often.
        let touched = connection
            .prepare(&numbered(&statement.sql))?
            .execute(params_from_iter(&statement.parameters))?;
        match statement.expect {
            Expect::One(conflict) if touched != 1 => return Ok(Err(conflict)),
            _ => counts.push(touched as u64),
        }
    }
    if let Some(late) = late
        && !filing::write_late(connection, late)?
    {
        return Ok(Err(MOVED));
    }
    Ok(Ok(counts))
}

/// Counts this start. Answers by what name it holds its leases.
fn count_start(connection: &Connection) -> Result<String, StoreError> {
    let start: i64 = connection.query_row(
        "INSERT INTO nodes (node, start) VALUES ('local', 1)
         ON CONFLICT (node) DO UPDATE SET start = start + 1 RETURNING start",
        [],
        |row| row.get(0),
    )?;
    Ok(format!("local/{start}"))
}

fn connect(path: &PathBuf, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| StoreError::Open(format!("cannot open {}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// One process per data folder: two writers would each believe to be the only one.
pub(crate) fn lock_folder(folder: &Path) -> Result<File, StoreError> {
    let describe =
        |error: std::io::Error| StoreError::Open(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(describe)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"))
        .map_err(describe)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Open(format!(
            "the data folder {} is in use by another fieldpost process; stop that one, or give \
             this one its own folder with --data",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(describe(error)),
    }
}

/// Copies the log into the database every now and then, beside the writer, so that the writer
/// seldom has to stop for it. Ends when the sender of the channel is dropped.
fn start_checkpoints(connection: Connection) -> Result<std::sync::mpsc::Sender<()>, StoreError> {
    let (sender, stopped) = std::sync::mpsc::channel::<()>();
    std::thread::Builder::new()
        .name("sqlite-checkpoint".to_owned())
        .spawn(move || {
            while stopped.recv_timeout(CHECKPOINT_EVERY)
                == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                // Passive: it takes what it can get and disturbs nobody; the next one goes on.
                let _busy: Result<i64, _> =
                    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(0));
            }
        })
        .map_err(|error| StoreError::Open(format!("no thread for checkpoints: {error}")))?;
    Ok(sender)
}
