//! Retention: erases what a project does not want to keep any longer.
//!
//! Two loops. One walks along what has come of age, project by project, in steps so small that
//! nobody waits for them noticeably, with a pause after each. The other listens for deliveries that
//! have arrived, for projects that keep nothing after success: their bytes go at once. What it
//! misses, the first loop finds a minute later. Several hubs may do this side by side; the store
//! makes sure that each step is done by one.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::project::{ProjectSettings, Retention};
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{
    Due, MOST_DUE_COUNTED, Retained, RetentionKind, RetentionStep, Signal, StoreError,
};
use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::hub::Hub;
use crate::telemetry;

/// Messages or deliveries that one step looks at.
const STEP: usize = 25;
/// The pause after a step, in which others write.
const BREATH: Duration = Duration::from_millis(10);
/// How often it is looked for what has come of age, in polls.
const POLLS: u32 = 10;
/// When what was found too early is looked at again, at the soonest.
const AGAIN: Duration = Duration::from_mins(1);
/// How old a message is before the walk looks whether it has arrived everywhere: most have by then.
const SETTLED: Duration = Duration::from_mins(1);
/// How long news of deliveries that arrived are gathered, so that one step serves many.
const GATHER: Duration = Duration::from_millis(200);
/// How long an erasure has to tell again what it has cancelled. What it has not told by then, since it was
/// given up or the hub was stopped, is told by the walk.
const GIVEN_UP: Duration = Duration::from_mins(1);
/// How long it is kept what a run has left for a sender who waits and nobody else: longer than anybody waits.
const ANSWERS_KEPT: Duration = Duration::from_hours(1);
/// Nonces that one step forgets.
const NONCES_AT_ONCE: usize = 1_000;
/// How long actions are remembered that have ended.
const ENDED_ACTIONS_KEPT: Duration = Duration::from_hours(90 * 24);

/// Walks along what has come of age, for as long as the hub runs.
pub(crate) async fn serve(hub: Hub) {
    let mut look = tokio::time::interval(hub.settings().poll_interval * POLLS);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = look.tick() => {}
        }
        if let Err(error) = hub.retain_all().await {
            tracing::warn!(%error, "what has come of age could not be erased yet");
        }
    }
}

/// Erases the bytes of what has just arrived, where nothing is kept after success.
pub(crate) async fn serve_news(hub: Hub, mut signals: broadcast::Receiver<Signal>) {
    let mut news: HashMap<ProjectName, Vec<Uuid>> = HashMap::new();
    let mut gathered = tokio::time::interval(GATHER);
    gathered.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = gathered.tick(), if !news.is_empty() => {
                for (project, deliveries) in news.drain() {
                    hub.retain_delivered(&project, &deliveries).await;
                }
            }
            signal = signals.recv() => match signal {
                Ok(Signal::Delivery { project, id, state: DeliveryState::Succeeded }) => {
                    if hub.retention(&project).after_success.is_some() {
                        news.entry(project).or_default().push(id);
                    }
                }
                // The walk finds what is missed here.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            },
        }
    }
}

/// What becomes shorter in a retention; what stays or becomes longer is `None`.
fn shortened(before: Retention, after: Retention) -> Retention {
    let shorter = |before: Option<Duration>, after: Option<Duration>| {
        after.filter(|after| before.is_none_or(|before| *after < before))
    };
    Retention {
        messages: shorter(before.messages, after.messages),
        bodies: shorter(before.bodies, after.bodies),
        attempts: shorter(before.attempts, after.attempts),
        after_success: shorter(before.after_success, after.after_success),
    }
}

impl Hub {
    /// What would be erased at once with other settings of a project, and not with its present ones.
    pub(crate) async fn newly_due(
        &self,
        current: &ProjectDefinition,
        wanted: &ProjectSettings,
    ) -> Result<Due, StoreError> {
        let shortened = shortened(current.settings.retention, wanted.retention);
        if shortened == Retention::default() {
            return Ok(Due::default());
        }
        self.store().due_for_erasure(&current.name, shortened, self.now(), MOST_DUE_COUNTED).await
    }

    /// How long a project keeps things.
    fn retention(&self, project: &str) -> Retention {
        let routing = self.routing();
        let settings = routing.project(project).map(|project| &project.definition.settings);
        settings.map(|settings| settings.retention).unwrap_or_default()
    }

    async fn retain_all(&self) -> Result<(), StoreError> {
        for project in self.routing().projects() {
            let name = &project.project;
            let retention = project.definition.settings.retention;
            let kinds = [
                (RetentionKind::AfterSuccess, retention.after_success),
                (RetentionKind::Bodies, retention.bodies),
                (RetentionKind::Messages, retention.messages),
            ];
            for (kind, age) in kinds {
                if let Some(age) = age {
                    self.retain_old(name, kind, age).await?;
                }
            }
            if let Some(age) = retention.attempts {
                self.prune_attempts(name, age).await?;
            }
            self.drop_answers(name).await?;
            while self.drop_left_drafts(project).await? && !self.breathe().await {}
            self.rebuild_cases(name).await?;
            self.tell_anew(name, self.now() - GIVEN_UP).await?;
        }
        self.sweep_nonces().await?;
        self.store().forget_bulk(self.now() - ENDED_ACTIONS_KEPT).await.map(drop)
    }

    /// Forgets what signed requests have said only once and could say again by now: it is too old.
    async fn sweep_nonces(&self) -> Result<(), StoreError> {
        while self.store().sweep_nonces(NONCES_AT_ONCE).await? == NONCES_AT_ONCE as u64 {
            if self.breathe().await {
                break;
            }
        }
        Ok(())
    }

    /// Drops what runs have left for senders who wait no more.
    async fn drop_answers(&self, project: &str) -> Result<(), StoreError> {
        let before = self.now() - ANSWERS_KEPT;
        while self.store().drop_run_answers(project, before, STEP).await? == STEP {
            if self.breathe().await {
                break;
            }
        }
        Ok(())
    }

    /// Erases one kind of what is older than `age`, step by step.
    async fn retain_old(
        &self,
        project: &str,
        kind: RetentionKind,
        age: Duration,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let step =
            RetentionStep { project, kind, cutoff: now - age, now, again: AGAIN, limit: STEP };
        let walked = match kind {
            RetentionKind::AfterSuccess => RetentionStep { cutoff: now - age.max(SETTLED), ..step },
            RetentionKind::Bodies | RetentionKind::Messages => step,
        };
        while self.go_on(kind, project, self.store().retain_next(walked).await?).await {}
        while self.go_on(kind, project, self.store().retain_again(step).await?).await {}
        while self.go_on(kind, project, self.store().retain_alone(step).await?).await {}
        while self.go_on(kind, project, self.store().retain_runs_alone(step).await?).await {}
        Ok(())
    }

    /// Counts what a step did, and breathes; the answer is whether there may be more.
    async fn go_on(&self, kind: RetentionKind, project: &str, done: Retained) -> bool {
        telemetry::erased(project, kind.name(), done.erased.messages);
        done.looked_at == STEP && !self.breathe().await
    }

    /// Lets others write; the answer is whether the hub stops.
    async fn breathe(&self) -> bool {
        tokio::select! {
            () = self.stopping().cancelled() => true,
            () = tokio::time::sleep(BREATH) => false,
        }
    }

    async fn prune_attempts(&self, project: &str, age: Duration) -> Result<(), StoreError> {
        let cutoff = self.now() - age;
        let mut after = Some(Uuid::nil());
        while let Some(cursor) = after {
            let (deleted, next) =
                self.store().prune_attempts(project, cutoff, cursor, STEP).await?;
            telemetry::erased(project, "attempts", deleted);
            after = next;
            if self.breathe().await {
                break;
            }
        }
        Ok(())
    }

    async fn retain_delivered(&self, project: &str, deliveries: &[Uuid]) {
        let Some(age) = self.retention(project).after_success else { return };
        let now = self.now();
        let step = RetentionStep {
            project,
            kind: RetentionKind::AfterSuccess,
            cutoff: now - age,
            now,
            again: if age.is_zero() { AGAIN } else { age },
            limit: STEP,
        };
        for deliveries in deliveries.chunks(STEP) {
            match self.store().retain_delivered(step, deliveries).await {
                Ok(done) => {
                    telemetry::erased(project, step.kind.name(), done.erased.messages);
                }
                Err(error) => {
                    tracing::warn!(%error, "what has arrived could not be erased yet");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: Option<u64>, after: Option<u64>, expected: Option<u64>) {
        let retention = |hours: Option<u64>| Retention {
            messages: hours.map(Duration::from_hours),
            bodies: hours.map(Duration::from_hours),
            attempts: hours.map(Duration::from_hours),
            after_success: hours.map(Duration::from_hours),
        };
        let found = shortened(retention(before), retention(after));
        assert_eq!(found, retention(expected), "{before:?} {after:?}");
    }

    #[test]
    fn only_what_is_kept_shorter_than_before_is_newly_due() {
        check(None, None, None);
        check(None, Some(2), Some(2));
        check(Some(2), Some(1), Some(1));
        check(Some(2), Some(2), None);
        check(Some(2), Some(3), None);
        check(Some(2), None, None);
    }
}
