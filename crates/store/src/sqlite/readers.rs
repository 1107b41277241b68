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

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::StoreError;

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
        for (thread, interrupt) in self.threads.drain(..) {
            interrupt.interrupt();
            drop(thread.join());
        }
    }
}
