//! Erasing a person: everything that is about one, at once and for good.

use std::time::Duration;

use fieldpost_store::{Criterion, Erased, Erasure, StoreError, TOLD_MEANWHILE, Traces};
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
/// How long they are waited for while nobody else can plan with the cases.
const BRIEFLY: Duration = Duration::from_secs(1);
/// How often it is looked whether they are over.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Whose message set something off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The person's.
    Own,
    /// Somebody else's.
    Others,
}

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
        let waiting = self.store().waiting_of(project, &traces).await?;
        Ok(ErasureOutcome {
            erased: Erased {
                messages: traces.messages.len() as u64,
                deliveries: extent.deliveries,
                attempts: extent.attempts,
            },
            cancelled: extent.waiting.max(waiting.len() as u64),
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
        let (cancelled, others) = self.clear_the_way(project, &traces).await?;
        if others > 0 {
            // Once the changes of its case are erased, nothing would lead to it any more.
            return Ok(ErasureOutcome {
                cancelled,
                being_sent: others,
                ..ErasureOutcome::default()
            });
        }
        let mut erased = Erased::default();
        for messages in traces.messages.chunks(STEP) {
            let step = store.erase_messages(project, messages, self.now()).await?;
            erased.messages += step.messages;
            erased.deliveries += step.deliveries;
            erased.attempts += step.attempts;
        }
        store.erase_told(project, &traces).await?;
        // What others tell of the cases by now, they tell of them as they were made anew.
        let being_sent = self.being_sent(project, &traces, Whose::Own).await?;
        if being_sent == 0 && !traces.cases.is_empty() {
            store.erase_cases(project, &traces, self.now()).await?;
        }
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
        self.tell_anew(&project.into(), self.now()).await?;
        if !store.empty_log().await? {
            tracing::warn!(
                "the database's log is being read and keeps what was erased for a while"
            );
        }
        Ok(ErasureOutcome { id: Some(id), erased, cancelled, being_sent })
    }

    /// Cancels what waits, and erases the changes of cases, which go before their messages, as whole cases go
    /// after them: so an erasure that was interrupted finds again what is left. The answer is how much was
    /// cancelled, and how much is being sent that messages of others have set off; then changes stay.
    async fn clear_the_way(&self, project: &str, traces: &Traces) -> Result<(u64, u64), HubError> {
        let (mut cancelled, is_stuck) = self.cancel_traces(project, traces, PATIENCE).await?;
        if is_stuck {
            let others = self.being_sent(project, traces, Whose::Others).await?;
            if others > 0 {
                return Ok((cancelled, others));
            }
        }
        if !traces.messages.is_empty() {
            // What the watch has seen of the latest attempts is written at each poll; what it would
            // write afterwards could name whom nothing is to name any more.
            tokio::time::sleep(self.settings().poll_interval * POLLS).await;
        }
        if !traces.cases.is_empty() {
            // What others have told meanwhile waits as well.
            let (more, _) = self.cancel_traces(project, traces, PATIENCE).await?;
            let others = self.being_sent(project, traces, Whose::Others).await?;
            return Ok((cancelled + more, others));
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let (more, others) = self.take_changes(project, traces).await?;
            cancelled += more;
            if others == 0 || Instant::now() >= until {
                return Ok((cancelled, others));
            }
        }
    }

    /// Cancels what others have told of cases meanwhile, erases the changes of these, and makes them anew. The
    /// answer is how much was cancelled, and how much is being sent that others have set off; then changes
    /// stay.
    async fn take_changes(&self, project: &str, traces: &Traces) -> Result<(u64, u64), HubError> {
        // Before anything is cancelled: nobody tells of the cases from here on, however long it takes, unless
        // another hub does.
        let turn = self.turn_of_cases(project, &traces.touched).await;
        let (cancelled, _) = self.cancel_traces(project, traces, BRIEFLY).await?;
        let mut others = self.being_sent(project, traces, Whose::Others).await?;
        if others == 0 {
            match self.store().erase_cases(project, traces, self.now()).await {
                Err(StoreError::Conflict(conflict)) if conflict == TOLD_MEANWHILE => others = 1,
                erased => erased?,
            }
            // Of some, changes may be erased where of others they stay.
            self.rebuild_cases(&project.into()).await?;
        }
        drop(turn);
        Ok((cancelled, others))
    }

    /// How much waits, or is being sent, that tells of a person or of a person's cases.
    async fn being_sent(
        &self,
        project: &str,
        traces: &Traces,
        whose: Whose,
    ) -> Result<u64, HubError> {
        let waiting = self.store().waiting_of(project, traces).await?;
        let runs = self.store().waiting_runs_of(project, traces).await?;
        let of = |message: Option<Uuid>| match message {
            Some(message) if traces.messages.contains(&message) => Whose::Own,
            _ => Whose::Others,
        };
        let messages = waiting.iter().map(|delivery| delivery.message);
        let messages = messages.chain(runs.iter().map(|run| run.message));
        Ok(messages.filter(|message| of(*message) == whose).count() as u64)
    }

    /// Cancels what waits of these traces, and waits so long for what is being sent. The answer is how much was
    /// cancelled, and whether something is being sent all the same.
    async fn cancel_traces(
        &self,
        project: &str,
        traces: &Traces,
        patience: Duration,
    ) -> Result<(u64, bool), HubError> {
        let until = Instant::now() + patience;
        let mut cancelled = 0;
        let store = self.store();
        loop {
            let waiting = store.waiting_of(project, traces).await?;
            let mut being_sent = false;
            for delivery in &waiting {
                match store.cancel_to_erase(project, traces, delivery, REASON, self.now()).await {
                    Ok(()) => cancelled += 1,
                    Err(StoreError::Conflict(_)) => being_sent = true,
                    Err(error) => return Err(error.into()),
                }
            }
            for run in &store.waiting_runs_of(project, traces).await? {
                match store.cancel_run_to_erase(&project.into(), traces, run, REASON).await {
                    Ok(true) => cancelled += 1,
                    Ok(false) => being_sent = true,
                    // It has ended meanwhile.
                    Err(StoreError::Conflict(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if !being_sent || Instant::now() >= until {
                return Ok((cancelled, being_sent));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
