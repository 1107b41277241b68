//! Group commit on PostgreSQL: a few tasks that each write what waits as one transaction.
//!
//! There is no timer: a flusher takes whatever arrived while it and its siblings were writing, cut
//! into batches that no server finds too large or too slow. A
//! batch that fails for the sake of one job is redone one by one, so that only the offender is
//! refused; a batch that the database gave up in favour of another transaction is redone as it is;
//! where the database is gone, all are told so at once.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deadpool_postgres::Pool;
use futures_util::FutureExt;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::MOST_REDOS;
use crate::error::StoreError;

/// Jobs that one transaction takes at most.
const PER_TRANSACTION: usize = 512;

/// Bytes that one transaction takes at most, unless a single job has more. A server refuses values
/// and messages of a gigabyte, and ends statements that take too long; redone as it is, a batch too
/// large would be so for ever.
const BYTES_PER_TRANSACTION: usize = 32 * 1024 * 1024;

/// A job that can be answered.
pub(super) trait Job: Send + Sync + 'static {
    type Answer: Send + 'static;
    fn answer(self, answer: Result<Self::Answer, StoreError>);
}

type Flushed<'f, A> = Pin<Box<dyn Future<Output = Result<Vec<A>, StoreError>> + Send + 'f>>;
/// Writes jobs as one transaction; the answers stand in the order of the jobs.
type Flush<J> = for<'f> fn(&'f Pool, &'f [J]) -> Flushed<'f, <J as Job>::Answer>;

/// The way in to a group of flushers. They end when it is dropped.
pub(super) struct Flushers<J: Job> {
    sender: mpsc::Sender<(usize, J)>,
    bytes: Arc<AtomicUsize>,
    most_bytes: usize,
}

impl<J: Job> Flushers<J> {
    pub(super) fn start(
        pool: &Pool,
        count: usize,
        most_jobs: usize,
        most_bytes: usize,
        flush: Flush<J>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(most_jobs.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let bytes = Arc::new(AtomicUsize::new(0));
        for _ in 0..count {
            let flusher = Flusher {
                pool: pool.clone(),
                receiver: Arc::clone(&receiver),
                bytes: Arc::clone(&bytes),
                flush,
            };
            tokio::spawn(flusher.serve());
        }
        Self { sender, bytes, most_bytes }
    }

    /// Hands a job over and waits until it is committed, or refused.
    pub(super) async fn run(
        &self,
        bytes: usize,
        job: impl FnOnce(oneshot::Sender<Result<J::Answer, StoreError>>) -> J,
    ) -> Result<J::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // Alone, a job may be larger than the bound: it would never fit otherwise.
        if waiting > 0 && waiting.saturating_add(bytes) > self.most_bytes {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(StoreError::Busy);
        }
        if let Err(error) = self.sender.try_send((bytes, job(reply))) {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Closed(_) => {
                    StoreError::Unavailable("the store is closed".to_owned())
                }
            });
        }
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the flusher has ended".to_owned())))
    }
}

struct Flusher<J: Job> {
    pool: Pool,
    receiver: Arc<Mutex<mpsc::Receiver<(usize, J)>>>,
    bytes: Arc<AtomicUsize>,
    flush: Flush<J>,
}

impl<J: Job> Flusher<J> {
    async fn serve(self) {
        let mut waiting = Vec::with_capacity(PER_TRANSACTION);
        loop {
            // The lock is held only while nothing waits: siblings take turns at the door.
            if self.receiver.lock().await.recv_many(&mut waiting, PER_TRANSACTION).await == 0 {
                return;
            }
            for (bytes, jobs) in batches(waiting.drain(..), BYTES_PER_TRANSACTION) {
                self.together(jobs).await;
                self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
    }

    async fn together(&self, jobs: Vec<J>) {
        match self.write(&jobs).await {
            Ok(answers) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    job.answer(Ok(answer));
                }
            }
            Err(error) if error.is_temporary() || jobs.len() == 1 => {
                for job in jobs {
                    job.answer(Err(error.clone()));
                }
            }
            Err(_) => {
                for job in jobs {
                    let alone = self.write(std::slice::from_ref(&job)).await;
                    job.answer(alone.and_then(|answers| {
                        answers
                            .into_iter()
                            .next()
                            .ok_or_else(|| StoreError::Refused("no answer was made".to_owned()))
                    }));
                }
            }
        }
    }

    /// Writes the jobs as one transaction, again where another transaction got in the way.
    async fn write(&self, jobs: &[J]) -> Result<Vec<J::Answer>, StoreError> {
        let mut redos = 0;
        loop {
            // A panic over one job must not end the task that everybody waits for.
            let written = AssertUnwindSafe((self.flush)(&self.pool, jobs)).catch_unwind().await;
            let panicked = |_| Err(StoreError::Refused("writing it panicked".to_owned()));
            match written.unwrap_or_else(panicked) {
                Err(StoreError::Busy) if redos < MOST_REDOS => redos += 1,
                end => return end,
            }
        }
    }
}

/// Cuts jobs into batches of at most `most` bytes, in their order; a larger job has one to itself.
fn batches<J>(jobs: impl Iterator<Item = (usize, J)>, most: usize) -> Vec<(usize, Vec<J>)> {
    let mut batches: Vec<(usize, Vec<J>)> = Vec::new();
    for (bytes, job) in jobs {
        match batches.last_mut() {
            Some((sum, batch)) if sum.saturating_add(bytes) <= most => {
                *sum += bytes;
                batch.push(job);
            }
            _ => batches.push((bytes, vec![job])),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[usize], expected: &[&[usize]]) {
        let cut = batches(sizes.iter().map(|size| (*size, *size)), 10);
        let (sums, jobs): (Vec<usize>, Vec<Vec<usize>>) = cut.into_iter().unzip();
        assert_eq!(jobs, expected);
        assert_eq!(sums, jobs.iter().map(|batch| batch.iter().sum()).collect::<Vec<usize>>());
    }

    #[test]
    fn batches_are_cut_at_the_bound_and_nothing_is_left_out() {
        check(&[], &[]);
        check(&[4, 6], &[&[4, 6]]);
        check(&[4, 7], &[&[4], &[7]]);
        check(&[11, 1, 11, 11], &[&[11], &[1], &[11], &[11]]);
        check(&[0, 0, 10, 0, 1], &[&[0, 0, 10, 0], &[1]]);
    }
}
