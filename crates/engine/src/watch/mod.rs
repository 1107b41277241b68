//! Watch: sees trouble, tells people, and reports.
//!
//! ```text
//!   record.rs ─► destinations.rs ─┐
//!                endings.rs ──────┤
//!     lifecycle ─► calls.rs ──────┤
//!                silence.rs ──────┼─► words.rs, letter.rs ─► tell.rs ─► store ─► post.rs ─► relay
//!                reports.rs ──────┘    (what is said)        (to whom)
//! ```
//!
//! What is told is written in the transaction of what it tells, and sent from there. Nothing on the
//! way of a delivery waits for any of this.

mod calls;
mod closing;
mod destinations;
mod endings;
mod letter;
pub(crate) mod post;
mod presence;
mod reports;
mod silence;
mod tell;
mod topic;
mod trouble;
mod words;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fieldpost_store::{Lane, StoreError};
use tokio::sync::Notify;

use crate::hub::Hub;

pub(crate) use destinations::AttemptSeen;
use destinations::Destination;
use endings::Gathering;
use reports::Reports;
use silence::Silence;
pub use tell::Unreached;
pub use topic::{Subscription, Topic};

/// How often the loop looks at most: thousands of refusals in a second are one look at the store.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(100);
/// How long ended notices are kept, to be looked at.
const KEEP_NOTICES: Duration = Duration::from_hours(90 * 24);
/// How often old notices are swept out.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// What this hub has seen and not settled yet.
#[derive(Default)]
pub(crate) struct Watch {
    destinations: Mutex<HashMap<Lane, Destination>>,
    /// Wakes the loop that settles.
    noteworthy: Notify,
    /// Wakes the loop that sends.
    notices_made: Notify,
}

impl Watch {
    fn destinations(&self) -> MutexGuard<'_, HashMap<Lane, Destination>> {
        self.destinations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the loop that settles.
    pub(crate) fn look_soon(&self) {
        self.noteworthy.notify_one();
    }

    /// Wakes the loop that sends.
    pub(crate) fn tell_of_notices(&self) {
        self.told(true);
    }

    /// Wakes the loop that sends, where something was told.
    fn told(&self, told: bool) {
        if told {
            self.notices_made.notify_one();
        }
    }

    async fn notices_made(&self) {
        self.notices_made.notified().await;
    }
}

impl Hub {
    /// Counts an attempt that was recorded. It neither waits nor asks anybody.
    pub(crate) fn attempt_seen(&self, attempt: &AttemptSeen<'_>) {
        let routing = self.routing();
        let Some(lane) = routing
            .project(&attempt.lane.project)
            .and_then(|project| project.connections.get(&attempt.lane.name))
        else {
            return;
        };
        let policy = &lane.connection.incident;
        let now = self.now();
        let is_noteworthy = {
            let mut known = self.watch().destinations();
            if let Some(destination) = known.get_mut(attempt.lane) {
                destination.count(policy, attempt, now)
            } else {
                let mut destination = Destination::new(policy);
                let is_noteworthy = destination.count(policy, attempt, now);
                known.insert(attempt.lane.clone(), destination);
                is_noteworthy
            }
        };
        if is_noteworthy {
            self.watch().noteworthy.notify_one();
        }
    }

    /// Settles what was seen since the loop ended: what a stopping hub still recorded.
    pub(crate) async fn settle_the_last(&self) {
        let settled = async {
            let open = self.store().open_incidents().await?;
            self.settle_destinations(&open).await?;
            self.count_endings().await?;
            self.note_presence(self.store().present().await?).await
        };
        if let Err(error) = settled.await {
            tracing::warn!(%error, "the last attempts could not be counted for incidents");
        }
    }
}

/// The loop that settles: at a hint at once, else at every poll.
pub(crate) async fn serve(hub: Hub) {
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    let mut watchers = Watchers::default();
    let mut swept_at: Option<Instant> = None;
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => {}
            () = hub.watch().noteworthy.notified() => {}
        }
        if let Err(error) = look(&hub, &mut watchers).await {
            tracing::warn!(%error, "incidents could not be looked after; trying again");
        }
        if swept_at.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            match hub.store().sweep_notices(KEEP_NOTICES).await {
                // There may be more of them.
                Ok(swept) => swept_at = (swept == 0).then(Instant::now),
                Err(error) => tracing::warn!(%error, "old notices could not be swept out"),
            }
        }
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            () = tokio::time::sleep(LOOK_AT_MOST_EVERY) => {}
        }
    }
}

/// What the loop remembers from one look to the next.
#[derive(Default)]
struct Watchers {
    gathering: Gathering,
    silence: Silence,
    reports: Reports,
}

async fn look(hub: &Hub, watchers: &mut Watchers) -> Result<(), StoreError> {
    let open = hub.store().open_incidents().await?;
    // Each is tried, whatever became of the one before.
    let settled = hub.settle_destinations(&open).await.and(hub.settle_calls().await);
    let open = hub.store().open_incidents().await?;
    let gone_through = hub.go_through_open(&open).await;
    let counted = hub.count_endings().await;
    let told = watchers.gathering.tell(hub, &open).await;
    let listened = watchers.silence.listen(hub, &open).await;
    let reported = watchers.reports.write(hub, &open).await;
    settled.and(gone_through).and(counted).and(told).and(listened).and(reported)
}
