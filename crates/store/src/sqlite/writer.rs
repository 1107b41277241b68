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

use crate::error::StoreError;

/// How urgent a job is, and how many of its kind one transaction takes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A sender waits for its answer.
    Accept,
    /// A claim, or an attempt's record.
    Deliver,
    /// Whatever else changes the store.
    Other,
}

/// Jobs per transaction, by priority.
const PER_TRANSACTION: [usize; 3] = [1024, 1024, 16];

/// A job: runs within a transaction, perhaps a second time after a roll-back, and is answered
/// after the commit.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
    fn bytes(&self) -> usize;
}

struct ClosureJob<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    bytes: usize,
}

impl<F, T> Job for ClosureJob<F, T>
where
    F: FnMut(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let work = &mut self.work;
        // A panic in one job must not end the thread that everybody waits for.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(StoreError::Refused("the writer's job panicked".to_owned())));
        self.result = Some(outcome?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let missing = || StoreError::Refused("the job left no result".to_owned());
        // Whoever asked may have gone; the work is done all the same.
        drop(reply.send(end.and_then(|()| result.ok_or_else(missing))));
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

#[derive(Default)]
struct Waiting {
    queues: [VecDeque<Box<dyn Job>>; 3],
    bytes: usize,
    stopped: bool,
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

    /// Runs `work` within the next transaction. `Ok` means committed and synced.
    ///
    /// If the caller stops waiting, the work is still done, whole. `bytes` is what the work
    /// holds in memory while it waits. Only accepting is bounded: everything else comes from
    /// the hub itself, in numbers that its own settings bound.
    pub(crate) async fn run<T, F>(
        &self,
        priority: Priority,
        bytes: usize,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        {
            let mut waiting = lock(&self.shared.waiting);
            if waiting.stopped {
                return Err(StoreError::Unavailable("the store is closed".to_owned()));
            }
            let queued: usize = waiting.queues.iter().map(VecDeque::len).sum();
            if priority == Priority::Accept
                && (queued >= self.bounds.jobs || waiting.bytes + bytes > self.bounds.bytes)
            {
                return Err(StoreError::Busy);
            }
            waiting.bytes += bytes;
            let job = Box::new(ClosureJob { work, result: None, reply, bytes });
            if let Some(queue) = waiting.queues.get_mut(priority as usize) {
                queue.push_back(job);
            }
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
        let mut jobs = {
            let mut waiting = lock(&shared.waiting);
            while waiting.queues.iter().all(VecDeque::is_empty) {
                if waiting.stopped {
                    return;
                }
                waiting = shared.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            drain(&mut waiting)
        };
        match together(connection, &mut jobs) {
            Ok(()) => {
                for job in jobs {
                    job.answer(Ok(()));
                }
            }
            Err(error) if error.is_temporary() => {
                for job in jobs {
                    job.answer(Err(error.clone()));
                }
            }
            Err(_) => {
                for mut job in jobs {
                    let end = together(connection, std::slice::from_mut(&mut job));
                    job.answer(end);
                }
            }
        }
    }
}

fn drain(waiting: &mut Waiting) -> Vec<Box<dyn Job>> {
    let mut jobs = Vec::new();
    for (queue, most) in waiting.queues.iter_mut().zip(PER_TRANSACTION) {
        let take = queue.len().min(most);
        jobs.extend(queue.drain(..take));
    }
    let bytes: usize = jobs.iter().map(|job| job.bytes()).sum();
    waiting.bytes = waiting.bytes.saturating_sub(bytes);
    jobs
}

/// Runs the jobs as one transaction.
fn together(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = jobs
        .iter_mut()
        .try_for_each(|job| job.run(connection))
        .and_then(|()| Ok(connection.prepare_cached("COMMIT")?.execute([]).map(drop)?));
    if done.is_err() && !connection.is_autocommit() {
        // Where the roll-back fails too, SQLite has already rolled back by itself.
        drop(connection.execute_batch("ROLLBACK"));
    }
    done
}
