//! Claiming runs, workflow by workflow, and holding them while they go on.
//!
//! One task, the dispatcher, knows which workflows may have something due and which runs are under
//! way here. It wakes when a hint says that a run was made, when a run has ended, when a claim
//! answers, and at every poll; then it asks the store for as many runs as there is room for. One
//! claim at a time is under way, for all workflows together. Workflows take turns: one that makes
//! thousands of runs gets its share of the room, and no more while others wait.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_model::run::RunState;
use fieldpost_model::workflow::{RunOrder, Workflow};
use fieldpost_store::{
    ClaimedRun, RunClaims, RunDemand, RunHold, RunKept, RunOutlook, Signal, StoreError,
};
use futures_util::FutureExt as _;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::drive::Reins;
use super::going::Runner;
use super::records::hold_of;
use super::run;
use super::under_way::UnderWay;
use crate::routing::ProjectRouting;

/// The pause after a claim that failed, before the store is asked again.
const AFTER_FAILED_CLAIM: Duration = Duration::from_millis(250);
/// While many runs are under way, room for a few more is not asked for at once: within this pause more of them end,
/// and all that they have left is filled with one claim.
const GATHERING: Duration = Duration::from_millis(4);
/// Room for one part of these of all runs is worth a claim at once.
const WORTH_A_CLAIM: usize = 4;
/// A hold is renewed when so much of it is over: one part of these.
const RENEWED_IN: u32 = 3;

/// The runs of one workflow.
type Queue = (ProjectName, String);

/// What comes back to the dispatcher.
enum Event {
    /// A claim has answered.
    Claimed(Result<RunClaims, StoreError>, Instant),
    /// These workflows have something in the queue.
    Listed(Vec<Queue>),
    /// These holds were renewed, or lost.
    Renewed(Vec<(RunHold, RunKept)>),
    /// A claim of a run does not go on here any more.
    Done(RunHold),
}

/// The task that runs workflows.
pub(super) struct Dispatcher {
    runner: Arc<Runner>,
    signals: broadcast::Receiver<Signal>,
    events: mpsc::UnboundedReceiver<Event>,
    sender: mpsc::UnboundedSender<Event>,
    /// Since when, or from when on, a workflow may have something due.
    due: BTreeMap<Queue, Instant>,
    /// The workflow that was asked for last: the next one in order begins the next turn.
    last: Option<Queue>,
    under_way: UnderWay,
    claiming: bool,
    listing: bool,
    /// No claim before this time.
    not_before: Instant,
    /// When was asked for runs last.
    asked_at: Option<Instant>,
    /// Cancelled when the runs under way have had their time.
    abandon: CancellationToken,
}

impl Dispatcher {
    pub(super) fn new(runner: Arc<Runner>) -> Self {
        // The events are bounded by the runs, the claim and the look under way.
        let (sender, events) = mpsc::unbounded_channel();
        let signals = runner.hub.store().listen();
        Self {
            runner,
            signals,
            events,
            sender,
            due: BTreeMap::new(),
            last: None,
            under_way: UnderWay::default(),
            claiming: false,
            listing: false,
            not_before: Instant::now(),
            asked_at: None,
            abandon: CancellationToken::new(),
        }
    }

    pub(super) async fn serve(mut self) {
        let hub = self.runner.hub.clone();
        let mut poll = tokio::time::interval(hub.settings().poll_interval);
        let mut renew = self.renewing();
        loop {
            self.ask_for_more();
            let look = self.next_look();
            tokio::select! {
                () = hub.stopping().cancelled() => break,
                event = self.events.recv() => self.take_event(event),
                signal = self.signals.recv() => self.take_signal(signal),
                _ = poll.tick() => self.list(),
                _ = renew.tick() => self.renew(),
                () = sleep_until(look) => {}
            }
        }
        self.wind_up().await;
    }

    fn renewing(&self) -> tokio::time::Interval {
        let every = self.runner.settings.lease / RENEWED_IN;
        tokio::time::interval(every.max(Duration::from_millis(1)))
    }

    fn hint(&mut self, queue: Queue) {
        self.due.insert(queue, Instant::now());
    }

    fn take_signal(&mut self, signal: Result<Signal, broadcast::error::RecvError>) {
        let mut next = signal;
        loop {
            match next {
                Ok(signal) => self.take_one_signal(signal),
                Err(broadcast::error::RecvError::Lagged(_)) => self.list(),
                Err(broadcast::error::RecvError::Closed) => return,
            }
            next = match self.signals.try_recv() {
                Ok(signal) => Ok(signal),
                Err(broadcast::error::TryRecvError::Lagged(missed)) => {
                    Err(broadcast::error::RecvError::Lagged(missed))
                }
                Err(_) => return,
            };
        }
    }

    fn take_one_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Run { project, workflow, state: RunState::Available, .. } => {
                self.hint((project, workflow));
            }
            // Another run of it may have waited for this one.
            Signal::Run { project, workflow, state, .. } if state.is_final() => {
                let routing = self.runner.hub.routing();
                let found = routing.project(&project);
                let found =
                    found.and_then(|project| workflow_of(&project.definition.workflows, &workflow));
                if found.is_some_and(|it| it.concurrency.is_some() || it.order_by != RunOrder::None)
                {
                    self.hint((project, workflow));
                }
            }
            Signal::CancelRun { id, .. } => self.under_way.cancel(id),
            _ => {}
        }
    }

    fn take_event(&mut self, event: Option<Event>) {
        let mut next = event;
        while let Some(event) = next {
            match event {
                Event::Claimed(Ok(claims), asked_at) => self.take_claims(claims, asked_at),
                Event::Claimed(Err(error), _) => {
                    self.claiming = false;
                    self.not_before = Instant::now() + AFTER_FAILED_CLAIM;
                    tracing::warn!(%error, "due runs could not be claimed; trying again");
                }
                Event::Listed(queues) => {
                    self.listing = false;
                    let now = Instant::now();
                    for queue in queues {
                        self.due.entry(queue).or_insert(now);
                    }
                }
                Event::Renewed(kept) => {
                    for (hold, kept) in &kept {
                        self.under_way.renewed(hold, *kept);
                    }
                }
                Event::Done(hold) => {
                    self.under_way.done(&hold);
                    self.count();
                }
            }
            next = self.events.try_recv().ok();
        }
    }

    fn take_claims(&mut self, claims: RunClaims, asked_at: Instant) {
        self.claiming = false;
        let now = Instant::now();
        for RunOutlook { project, workflow, more, next_due_in } in claims.outlook {
            let queue = (project, workflow);
            let is_newer = self.due.get(&queue).is_some_and(|due| *due > asked_at && *due <= now);
            match next_due_in.map(|pause| now + pause) {
                _ if is_newer => {}
                _ if more => drop(self.due.insert(queue, now)),
                Some(due) => drop(self.due.insert(queue, due)),
                None => drop(self.due.remove(&queue)),
            }
        }
        for claimed in claims.claimed {
            self.begin(claimed);
        }
    }

    /// Tells who gathers records how many runs there are that may have some.
    fn count(&self) {
        self.runner.under_way.store(self.under_way.len(), Ordering::Relaxed);
    }

    fn begin(&mut self, claimed: ClaimedRun) {
        let reins = Reins { abandon: self.abandon.clone(), ..Reins::default() };
        let (id, hold) = (claimed.run.id, hold_of(&claimed));
        self.under_way.begin(hold.clone(), reins.clone());
        self.count();
        let (runner, done) = (Arc::clone(&self.runner), Done { hold, sender: self.sender.clone() });
        self.runner.hub.spawn(async move {
            let kept = claimed.clone();
            let running = run::serve(Arc::clone(&runner), claimed, reins);
            if AssertUnwindSafe(running).catch_unwind().await.is_err() {
                tracing::error!(run = %id, "run {id} failed inside the hub");
                run::end_as_fault(&runner, &kept).await;
            }
            drop(done);
        });
    }

    /// Asks for as many runs as there is room for.
    fn ask_for_more(&mut self) {
        let now = Instant::now();
        if self.claiming || now < self.not_before() {
            return;
        }
        let demands = self.demands(now);
        if demands.is_empty() {
            return;
        }
        self.claiming = true;
        self.asked_at = Some(now);
        let (hub, sender) = (self.runner.hub.clone(), self.sender.clone());
        self.runner.hub.spawn(async move {
            let claims = AssertUnwindSafe(hub.store().claim_runs(demands)).catch_unwind().await;
            let claims = claims.unwrap_or_else(|_| {
                Err(StoreError::Unavailable("the claim ended without an answer".to_owned()))
            });
            // Without a dispatcher there is nobody to tell: the leases run out.
            drop(sender.send(Event::Claimed(claims, now)));
        });
    }

    /// When a claim may be made: later, where there is room for few runs and was asked a moment ago.
    fn not_before(&self) -> Instant {
        let is_worth_it = self.room() >= self.runner.settings.runs.div_ceil(WORTH_A_CLAIM);
        match self.asked_at {
            Some(asked_at) if !is_worth_it => self.not_before.max(asked_at + GATHERING),
            _ => self.not_before,
        }
    }

    fn room(&self) -> usize {
        self.runner.settings.runs.saturating_sub(self.under_way.len())
    }

    /// Whether runs wait as deliveries do. Those that send nothing need not.
    fn is_held(&self) -> bool {
        let Runner { hub, settings, .. } = &*self.runner;
        hub.settings().hold_deliveries && settings.rehearsal.is_none()
    }

    /// What is asked for: the workflows that may have something due, in turn.
    fn demands(&mut self, now: Instant) -> Vec<RunDemand> {
        let room = self.room();
        let hub = &self.runner.hub;
        if room == 0 || self.is_held() {
            return Vec::new();
        }
        let routing = hub.routing();
        let mut demands = Vec::new();
        let mut idle = Vec::new();
        for queue in in_turn(&self.due, self.last.as_ref(), now) {
            let (project, workflow) = queue;
            let known = routing.project(project).filter(|_| !hub.is_unreadable(project));
            match known.filter(|known| !is_paused(known, workflow)) {
                Some(known) => demands.push(RunDemand {
                    project: project.clone(),
                    workflow: workflow.clone(),
                    limit: 0,
                    concurrency: workflow_of(&known.definition.workflows, workflow)
                        .and_then(|found| found.concurrency),
                    lease: self.runner.settings.lease,
                }),
                // It is looked at again when it is listed.
                None => idle.push(queue.clone()),
            }
            if demands.len() == room {
                break;
            }
        }
        for queue in idle {
            self.due.remove(&queue);
        }
        let share = room.checked_div(demands.len()).unwrap_or(0).max(1);
        for demand in &mut demands {
            demand.limit = share;
        }
        if let Some(last) = demands.last() {
            self.last = Some((last.project.clone(), last.workflow.clone()));
        }
        demands
    }

    /// When something may be due that is not due now.
    fn next_look(&self) -> Option<Instant> {
        if self.claiming || self.room() == 0 || self.is_held() {
            return None;
        }
        self.due.values().min().map(|due| (*due).max(self.not_before()))
    }

    /// Asks which workflows have something in the queue: what hints have missed.
    fn list(&mut self) {
        if self.listing {
            return;
        }
        self.listing = true;
        let (hub, sender) = (self.runner.hub.clone(), self.sender.clone());
        self.runner.hub.spawn(async move {
            let listed = hub.store().workflows_in_queue().await.unwrap_or_else(|error| {
                tracing::debug!(%error, "the queue of runs could not be looked at");
                Vec::new()
            });
            drop(sender.send(Event::Listed(listed)));
        });
    }

    /// Holds the runs under way for longer.
    fn renew(&self) {
        let holds = self.under_way.holds();
        if holds.is_empty() {
            return;
        }
        let (hub, sender) = (self.runner.hub.clone(), self.sender.clone());
        let lease = self.runner.settings.lease;
        self.runner.hub.spawn(async move {
            match hub.store().renew_runs(&holds, lease).await {
                Ok(kept) => {
                    drop(sender.send(Event::Renewed(holds.into_iter().zip(kept).collect())));
                }
                Err(error) => tracing::warn!(%error, "the leases of runs could not be renewed"),
            }
        });
    }

    /// Waits for the runs under way for as long as the setting says, and has the rest given back.
    async fn wind_up(mut self) {
        let deadline = tokio::time::Instant::now() + self.runner.hub.settings().stop_timeout;
        let mut renew = self.renewing();
        let mut overdue = false;
        while !self.under_way.is_empty() || self.claiming {
            tokio::select! {
                event = self.events.recv() => self.take_event(event),
                _ = renew.tick() => self.renew(),
                () = tokio::time::sleep_until(deadline), if !overdue => {
                    overdue = true;
                    self.abandon.cancel();
                }
            }
        }
    }
}

/// Tells the dispatcher that a claim of a run does not go on here, however its task ends.
struct Done {
    hold: RunHold,
    sender: mpsc::UnboundedSender<Event>,
}

impl Drop for Done {
    fn drop(&mut self) {
        // Without a dispatcher there is nobody to tell.
        drop(self.sender.send(Event::Done(self.hold.clone())));
    }
}

/// Those that may have something due, beginning behind the one that was asked for last.
fn in_turn<'q>(
    due: &'q BTreeMap<Queue, Instant>,
    last: Option<&Queue>,
    now: Instant,
) -> impl Iterator<Item = &'q Queue> {
    let (before, behind): (Vec<_>, Vec<_>) = due
        .iter()
        .filter(|(_, at)| **at <= now)
        .map(|(queue, _)| queue)
        .partition(|queue| last.is_some_and(|last| *queue <= last));
    behind.into_iter().chain(before)
}

/// Whether a workflow stands still, or its whole project. What is left of a removed one has to be ended.
fn is_paused(project: &ProjectRouting, workflow: &str) -> bool {
    let definition = &project.definition;
    definition.settings.paused
        || workflow_of(&definition.workflows, workflow).is_some_and(|workflow| workflow.paused)
}

fn workflow_of<'w>(workflows: &'w [Workflow], name: &str) -> Option<&'w Workflow> {
    workflows.iter().find(|workflow| workflow.name == name)
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_take_turns() {
        let now = Instant::now();
        let queue = |name: &str| (ProjectName::from("p".to_owned()), name.to_owned());
        let mut due: BTreeMap<Queue, Instant> =
            ["a", "b", "c", "d"].into_iter().map(|name| (queue(name), now)).collect();
        due.insert(queue("c"), now + Duration::from_secs(1));
        let names = |last: Option<&str>| {
            let last = last.map(queue);
            let turn: Vec<_> = in_turn(&due, last.as_ref(), now).map(|it| it.1.clone()).collect();
            turn.concat()
        };
        assert_eq!(names(None), "abd");
        assert_eq!(names(Some("a")), "bda");
        assert_eq!(names(Some("c")), "dab");
        assert_eq!(names(Some("d")), "abd");
    }
}
