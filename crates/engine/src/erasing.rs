//! Erasing a person: everything that is about one, at once and for good.

use std::time::Duration;

use fieldpost_store::{Criterion, Erased, Erasure, StoreError};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::new_id;

/// What the deliveries say that are cancelled for it.
const REASON: &str = "erased";
/// Messages that one transaction erases.
const STEP: usize = 25;
/// Polls after which the watch has written what it had seen before.
const POLLS: u32 = 2;
/// How long calls under way are waited for: what is being sent cannot be cancelled.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether they are over.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What was erased, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureOutcome {
    /// Its entry in the book; none where nothing was done.
    pub id: Option<Uuid>,
    /// How much.
    pub erased: Erased,
    /// Deliveries that waited and were cancelled.
    pub cancelled: u64,
    /// Deliveries that are being sent and keep their messages from being erased: ask again.
    pub being_sent: u64,
}

impl Hub {
    /// What there is about a person.
    pub async fn preview_erasure(
        &self,
        project: &str,
        criterion: &Criterion,
    ) -> Result<ErasureOutcome, HubError> {
        let traces = self.store().find_traces(project, criterion).await?;
        let extent = self.store().extent(project, &traces.messages).await?;
        Ok(ErasureOutcome {
            erased: Erased {
                messages: traces.messages.len() as u64,
                deliveries: extent.deliveries,
                attempts: extent.attempts,
            },
            cancelled: extent.waiting,
            ..ErasureOutcome::default()
        })
    }

    /// Erases everything that is about a person. What waits to be sent is cancelled first.
    pub async fn erase(
        &self,
        project: &str,
        criterion: &Criterion,
        started_by: &str,
    ) -> Result<ErasureOutcome, HubError> {
        let store = self.store();
        let traces = store.find_traces(project, criterion).await?;
        let cancelled = self.cancel_traces(project, &traces.messages).await?;
        if !traces.messages.is_empty() {
            // What the watch has seen of the latest attempts is written at each poll; what it would
            // write afterwards could name whom nothing is to name any more.
            tokio::time::sleep(self.settings().poll_interval * POLLS).await;
        }
        let mut erased = Erased::default();
        for messages in traces.messages.chunks(STEP) {
            let step = store.erase_messages(project, messages, self.now()).await?;
            erased.messages += step.messages;
            erased.deliveries += step.deliveries;
            erased.attempts += step.attempts;
        }
        store.erase_told(project, &traces).await?;
        let being_sent = store.waiting_of(project, &traces.messages).await?.len() as u64;
        let id = new_id(self.now());
        let entry = Erasure {
            id,
            criterion: criterion.kind().to_owned(),
            criterion_sha256: Sha256::digest(criterion.text()).into(),
            erased,
            cancelled,
            started_by: started_by.to_owned(),
            at: self.now(),
        };
        store.note_erasure(project, &entry).await?;
        if !store.empty_log().await? {
            tracing::warn!(
                "the database's log is being read and keeps what was erased for a while"
            );
        }
        Ok(ErasureOutcome { id: Some(id), erased, cancelled, being_sent })
    }

    /// Cancels what waits of these messages, and waits a while for what is being sent.
    async fn cancel_traces(&self, project: &str, messages: &[Uuid]) -> Result<u64, HubError> {
        let until = Instant::now() + PATIENCE;
        let mut cancelled = 0;
        loop {
            let waiting = self.store().waiting_of(project, messages).await?;
            let mut being_sent = false;
            for delivery in &waiting {
                match self.store().cancel(project, delivery, REASON).await {
                    Ok(()) => cancelled += 1,
                    Err(StoreError::Conflict(_)) => being_sent = true,
                    Err(error) => return Err(error.into()),
                }
            }
            if !being_sent || Instant::now() >= until {
                return Ok(cancelled);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
