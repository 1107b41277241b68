//! Records of runs, gathered: what several runs have to record at one moment goes to the store in
//! one transaction.
//!
//! One batch is under way at a time; what comes meanwhile makes the next one larger. Where many runs are under way,
//! a batch that follows upon another waits a little for those that are about to come: each transaction costs as
//! much as some records. A run offers its next record after the answer to the one before, so that it stands in a batch
//! once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fieldpost_store::{RunKept, RunRecord, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::hub::Hub;

/// Records of one batch, and about how many bytes of states and logs.
const MOST_RECORDS: usize = 256;
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Records that wait for a batch. Beyond these, runs wait before they offer theirs.
const MOST_WAITING: usize = 1_024;
/// From so many runs under way on, a batch waits until so much time has passed since the one before.
const MANY_RUNS: usize = 16;
const GATHERING: Duration = Duration::from_millis(2);
/// The pause before records that the store could not take are offered again.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a stopping hub offers a record.
const FOR_WHEN_STOPPING: Duration = Duration::from_secs(5);

/// A record, and who waits for the answer.
struct Offer {
    record: RunRecord,
    bytes: usize,
    answer: oneshot::Sender<RunKept>,
}

/// Where runs offer their records.
#[derive(Clone)]
pub(super) struct Recorder {
    offers: mpsc::Sender<Offer>,
}

impl Recorder {
    /// Starts the task that writes records. It ends when nobody offers any more. `under_way` is how many runs there
    /// are that may offer any.
    pub(super) fn start(hub: &Hub, under_way: Arc<AtomicUsize>) -> Self {
        let (offers, waiting) = mpsc::channel(MOST_WAITING);
        hub.spawn(serve(hub.clone(), waiting, under_way));
        Self { offers }
    }

    /// Writes a record. `None`: the store did not take it, and the run goes on elsewhere some time.
    pub(super) async fn record(&self, record: RunRecord) -> Option<RunKept> {
        let (answer, answered) = oneshot::channel();
        let bytes = bytes_of(&record);
        self.offers.send(Offer { record, bytes, answer }).await.ok()?;
        answered.await.ok()
    }
}

fn bytes_of(record: &RunRecord) -> usize {
    let states = record.steps.iter().flat_map(|step| [&step.input, &step.output]);
    let states: usize = states.flatten().map(bytes::Bytes::len).sum();
    states + record.log.iter().map(|line| line.message.len()).sum::<usize>()
}

async fn serve(hub: Hub, mut waiting: mpsc::Receiver<Offer>, under_way: Arc<AtomicUsize>) {
    let mut held: Option<Offer> = None;
    let mut last: Option<Instant> = None;
    loop {
        let first = match held.take() {
            Some(offer) => offer,
            None => match waiting.recv().await {
                Some(offer) => offer,
                None => return,
            },
        };
        if let Some(last) = last.filter(|_| under_way.load(Ordering::Relaxed) >= MANY_RUNS) {
            tokio::time::sleep_until(last + GATHERING).await;
        }
        let mut bytes = first.bytes;
        let mut batch = vec![first];
        while batch.len() < MOST_RECORDS {
            let Ok(offer) = waiting.try_recv() else { break };
            bytes += offer.bytes;
            if bytes > MOST_BYTES {
                held = Some(offer);
                break;
            }
            batch.push(offer);
        }
        write(&hub, batch).await;
        last = Some(Instant::now());
    }
}

/// Writes a batch. Where the store refuses it, each record is offered alone, so that one that cannot
/// be written does not take the others with it.
async fn write(hub: &Hub, batch: Vec<Offer>) {
    let records = batch.iter().map(|offer| offer.record.clone()).collect();
    match offered(hub, records).await {
        Ok(kept) => {
            for (offer, kept) in batch.into_iter().zip(kept) {
                // Whoever asked may have been stopped.
                offer.answer.send(kept).ok();
            }
        }
        Err(error) if batch.len() == 1 => {
            let run = batch.first().map(|offer| offer.record.hold.run);
            tracing::error!(%error, ?run, "a run could not be recorded; it goes on when its lease is over");
        }
        Err(_) => {
            for offer in batch {
                Box::pin(write(hub, vec![offer])).await;
            }
        }
    }
}

async fn offered(hub: &Hub, records: Vec<RunRecord>) -> Result<Vec<RunKept>, StoreError> {
    let begun = Instant::now();
    loop {
        match hub.store().record_runs(records.clone()).await {
            Err(error) if error.is_temporary() => {
                if hub.stopping().is_cancelled() && begun.elapsed() >= FOR_WHEN_STOPPING {
                    return Err(error);
                }
                tokio::time::sleep(AGAIN).await;
            }
            done => return done,
        }
    }
}
