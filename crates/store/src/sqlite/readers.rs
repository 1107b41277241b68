//! The threads that only read, each with a connection of its own.
//!
//! ```text
//!   read ─► a permit ─► the thread that was idle last ─► its connection ─► the answer
//! ```
//!
//! They are a few threads that stay, and not those of a pool: what a thread has read is freed by whoever asked, and an
//! allocator keeps such room for the thread that it came from. Spread over a pool's threads a list of a hundred
//! thousand rows would hold the room of each of them. For the same reason, and for the pages that its connection
//! remembers, the thread that was idle last goes first: one list, read page after page, stays with one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::StoreError;

/// How often what is still read at the end is interrupted.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(1);

/// Work for a thread. It answers whoever asked by itself.
type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The threads. They end when this is gone, and their connections are closed by then.
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    /// Always there until the end.
    idle: Option<Arc<Idle>>,
    threads: Vec<(JoinHandle<()>, InterruptHandle)>,
}

/// The threads that have nothing to do, the last of them on top.
#[derive(Default)]
struct Idle(Mutex<Vec<Sender<Job>>>);

impl Idle {
    fn threads(&self) -> MutexGuard<'_, Vec<Sender<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that was taken. It goes back to the others however its work ends: done, panicked, or no
/// longer waited for. The permit goes after it.
struct Taken {
    thread: Option<Sender<Job>>,
    idle: Arc<Idle>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.idle.threads().extend(self.thread.take());
    }
}

impl Readers {
    /// Starts a thread for each connection.
    pub(super) fn start(connections: Vec<Connection>) -> std::io::Result<Self> {
        let permits = Arc::new(Semaphore::new(connections.len()));
        let idle = Arc::new(Idle::default());
        let mut threads = Vec::with_capacity(connections.len());
        for connection in connections {
            let interrupt = connection.get_interrupt_handle();
            let (thread, jobs) = channel::<Job>();
            let handle =
                std::thread::Builder::new().name("sqlite-reader".to_owned()).spawn(move || {
                    for job in jobs {
                        job(&connection);
                    }
                })?;
            threads.push((handle, interrupt));
            idle.threads().push(thread);
        }
        Ok(Self { permits, idle: Some(idle), threads })
    }

    /// Has a thread do `work`, as soon as one is idle. If the caller stops waiting, work that has
    /// begun is still done.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let none = || StoreError::Unavailable("no reader is free".to_owned());
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| none())?;
        let idle = Arc::clone(self.idle.as_ref().ok_or_else(none)?);
        let thread = idle.threads().pop();
        let taken = Taken { thread, idle, _permit: permit };
        let thread = taken.thread.clone().ok_or_else(none)?;
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |connection: &Connection| {
            let done = catch_unwind(AssertUnwindSafe(|| work(connection)));
            drop(taken);
            let panicked = |_| Err(StoreError::Unavailable("the reader panicked".to_owned()));
            // Whoever asked may have gone.
            drop(reply.send(done.unwrap_or_else(panicked)));
        });
        thread.send(job).map_err(|_| none())?;
        answer.await.unwrap_or_else(|_| Err(none()))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        // A thread ends when nobody can send to it any more. What one still reads, nobody waits for.
        self.idle = None;
        // Again and again: what is interrupted is a statement, and the next may be about to begin. All of them: as
        // long as one reads, it holds what the others hear from.
        while self.threads.iter().any(|(thread, _)| !thread.is_finished()) {
            self.threads.iter().for_each(|(_, interrupt)| interrupt.interrupt());
            std::thread::sleep(INTERRUPT_AGAIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readers of a database that has one row, and its folder.
    fn readers(count: usize) -> (Readers, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let open = || Connection::open(folder.path().join("a.db")).unwrap();
        open()
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (7)",
            )
            .unwrap();
        (Readers::start((0..count).map(|_| open()).collect()).unwrap(), folder)
    }

    fn seven(connection: &Connection) -> Result<i64, StoreError> {
        Ok(connection.query_row("SELECT a FROM t", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_reader_that_panicked_reads_again() {
        let (readers, _folder) = readers(1);
        for _ in 0..3 {
            let end = readers.run(|_| -> Result<(), StoreError> { panic!("a fault") }).await;
            assert!(matches!(end, Err(StoreError::Unavailable(_))), "{end:?}");
            assert_eq!(readers.run(seven).await, Ok(7));
        }
    }

    #[tokio::test]
    async fn more_than_there_are_threads_wait_for_their_turn() {
        let (readers, _folder) = readers(2);
        let all = (0..50).map(|_| readers.run(seven));
        let ends = futures_util::future::join_all(all).await;
        assert!(ends.iter().all(|end| *end == Ok(7)), "{ends:?}");
    }

    #[tokio::test]
    async fn whoever_stops_waiting_takes_no_thread_along() {
        let (readers, _folder) = readers(1);
        let (begun, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = channel::<()>();
        let slow = readers.run(move |connection| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            seven(connection)
        });
        tokio::select! {
            end = slow => panic!("{end:?}"),
            end = has_begun => end.unwrap(),
        }
        // The one thread is still at it; the next waits for it, and is answered.
        let next = readers.run(seven);
        go_on.send(()).unwrap();
        assert_eq!(next.await, Ok(7));
    }

    /// A read without an end is interrupted, and the connections are closed: the last of them takes the log along.
    #[tokio::test]
    async fn what_still_reads_is_interrupted_at_the_end() {
        let (readers, folder) = readers(2);
        let (begun, has_begun) = oneshot::channel();
        let endless = readers.run(move |connection| {
            begun.send(()).unwrap();
            let sql = "WITH RECURSIVE n (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT max(a) FROM n";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        });
        tokio::select! {
            end = endless => panic!("{end:?}"),
            end = has_begun => end.unwrap(),
        }
        let closing = tokio::task::spawn_blocking(move || drop(readers));
        tokio::time::timeout(Duration::from_mins(1), closing).await.unwrap().unwrap();
        assert!(!folder.path().join("a.db-wal").exists());
    }
}
