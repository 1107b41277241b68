//! The one thread that writes: group commit on SQLite.
//!
//! ```text
//!   accept   ─►┐
//!   complete ─►├─ bounded queues ─► drain ─► BEGIN, every job, COMMIT (fsync) ─► answer everybody
//!   other    ─►┘                               └ on failure: roll back, redo one by one
//! ```
//!
//! There is no timer: a batch is whatever arrived while the previous one was being synced. Jobs
//! that accept messages go first, then records of attempts, then everything else, each in bounded
//! numbers, so that housekeeping never holds up a sender. A job is answered only after the commit
//! that contains it. Where a batch fails for the sake of one job, each job is tried in a
//! transaction of its own and only the offender is refused; where the disk is full or failing,
//! nobody would fare better alone and all are told so at once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::accept::{AcceptJob, accept_all};
use crate::ends::AcceptEnd;
use crate::error::StoreError;
use crate::records::Accept;

/// How urgent a job is, beside accepting messages, which goes before all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A claim, or an attempt's record.
    Deliver,
    /// Whatever else changes the store.
    Other,
}

/// Messages that one transaction keeps.
const ACCEPTS_PER_TRANSACTION: usize = 1_024;
/// Other jobs per transaction, by priority.
const PER_TRANSACTION: [usize; 2] = [1_024, 16];

/// A job: runs within a transaction, perhaps a second time after a roll-back, and is answered
/// after the commit.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

struct ClosureJob<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for ClosureJob<F, T>
where
    F: FnMut(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let work = &mut self.work;
        self.result = Some(unharmed(|| work(connection))?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let missing = || StoreError::Refused("the job left no result".to_owned());
        // Whoever asked may have gone; the work is done all the same.
        drop(reply.send(end.and_then(|()| result.ok_or_else(missing))));
    }
}

/// A panic in one job must not end the thread that everybody waits for.
fn unharmed<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError::Refused("the writer's job panicked".to_owned())))
}

#[derive(Default)]
struct Waiting {
    accepts: VecDeque<AcceptJob>,
    /// What the waiting messages hold in memory.
    accept_bytes: usize,
    jobs: [VecDeque<Box<dyn Job>>; 2],
    stopped: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.accepts.is_empty() && self.jobs.iter().all(VecDeque::is_empty)
    }

    fn drain(&mut self) -> Batch {
        let take = self.accepts.len().min(ACCEPTS_PER_TRANSACTION);
        let accepts: Vec<AcceptJob> = self.accepts.drain(..take).collect();
        let bytes: usize = accepts.iter().map(|job| job.accept.held_bytes()).sum();
        self.accept_bytes = self.accept_bytes.saturating_sub(bytes);
        let mut jobs = Vec::new();
        for (queue, most) in self.jobs.iter_mut().zip(PER_TRANSACTION) {
            let take = queue.len().min(most);
            jobs.extend(queue.drain(..take));
        }
        Batch { accepts, jobs }
    }
}

/// What one transaction does.
struct Batch {
    accepts: Vec<AcceptJob>,
    jobs: Vec<Box<dyn Job>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

/// How much may wait for the writer before new messages are refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Messages.
    pub(crate) jobs: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
}

/// A handle to the writer thread. The thread ends when the last handle is gone.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    bounds: Bounds,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, bounds: Bounds) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || serve(&connection, &for_thread))?;
        Ok(Self { shared, bounds, thread: Some(thread) })
    }

    /// Keeps a message with the next transaction. `Ok` means committed and synced. Where more
    /// waits than the bounds allow, nothing is taken.
    pub(super) async fn accept(
        &self,
        accept: Accept,
        quarantine_limit: u32,
    ) -> Result<AcceptEnd, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = AcceptJob { accept, quarantine_limit, end: None, reply };
        self.hand_over(answer, |waiting| {
            let bytes = waiting.accept_bytes + job.accept.held_bytes();
            // Alone, a message may be larger than the bound: it would never fit otherwise.
            let too_large = bytes > self.bounds.bytes && !waiting.accepts.is_empty();
            if waiting.accepts.len() >= self.bounds.jobs || too_large {
                return Err(StoreError::Busy);
            }
            waiting.accept_bytes = bytes;
            waiting.accepts.push_back(job);
            Ok(())
        })
        .await
    }

    /// Runs `work` within the next transaction. `Ok` means committed and synced.
    ///
    /// If the caller stops waiting, the work is still done, whole. Only accepting is bounded:
    /// everything else comes from the hub itself, in numbers that its own settings bound.
    pub(crate) async fn run<T, F>(&self, priority: Priority, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(ClosureJob { work, result: None, reply });
        self.hand_over(answer, |waiting| {
            if let Some(queue) = waiting.jobs.get_mut(priority as usize) {
                queue.push_back(job);
            }
            Ok(())
        })
        .await
    }

    async fn hand_over<T>(
        &self,
        answer: oneshot::Receiver<Result<T, StoreError>>,
        push: impl FnOnce(&mut Waiting) -> Result<(), StoreError>,
    ) -> Result<T, StoreError> {
        {
            let mut waiting = lock(&self.shared.waiting);
            if waiting.stopped {
                return Err(StoreError::Unavailable("the store is closed".to_owned()));
            }
            push(&mut waiting)?;
        }
        self.shared.arrived.notify_one();
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has ended".to_owned())))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        lock(&self.shared.waiting).stopped = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told to everybody who waited for it.
            drop(thread.join());
        }
    }
}

/// A panic while the lock was held cannot leave the queues half changed: take them as they are.
fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(connection: &Connection, shared: &Shared) {
    loop {
        let batch = {
            let mut waiting = lock(&shared.waiting);
            while waiting.is_empty() {
                if waiting.stopped {
                    return;
                }
                waiting = shared.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            waiting.drain()
        };
        serve_batch(connection, batch);
    }
}

fn serve_batch(connection: &Connection, mut batch: Batch) {
    let end = together(connection, &mut batch.accepts, &mut batch.jobs);
    if end.as_ref().is_err_and(|error| !error.is_temporary()) {
        // One of them is at fault: each has a transaction of its own.
        for mut job in batch.accepts {
            let end = together(connection, std::slice::from_mut(&mut job), &mut []);
            job.answer(end);
        }
        for mut job in batch.jobs {
            let end = together(connection, &mut [], std::slice::from_mut(&mut job));
            job.answer(end);
        }
        return;
    }
    for job in batch.accepts {
        job.answer(end.clone());
    }
    for job in batch.jobs {
        job.answer(end.clone());
    }
}

/// Keeps the messages and runs the jobs as one transaction.
fn together(
    connection: &Connection,
    accepts: &mut [AcceptJob],
    jobs: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let kept =
        if accepts.is_empty() { Ok(()) } else { unharmed(|| accept_all(connection, accepts)) };
    let done = kept
        .and_then(|()| jobs.iter_mut().try_for_each(|job| job.run(connection)))
        .and_then(|()| Ok(connection.prepare_cached("COMMIT")?.execute([]).map(drop)?));
    if done.is_err() && !connection.is_autocommit() {
        // Where the roll-back fails too, SQLite has already rolled back by itself.
        drop(connection.execute_batch("ROLLBACK"));
    }
    done
}
