//! Timers: the runs of workflows that the time sets off.
//!
//! Each hub looks once a second which points in time have come. Up to which point a workflow's runs were
//! made is a mark in the store; whoever moves it makes the runs, in the same transaction, so that of
//! several hubs one makes them, and a hub that dies before has made none. What was missed while no hub was
//! running, or while the workflow was paused, is for `catch_up` to say.
//!
//! The time is the store's: machines have clocks that are minutes apart, and a point that has come for one of
//! them only would be made by it, and taken back by the other as one that is still to come. How far the hub's
//! clock is from the store's is looked at now and then; in between the hub's own goes on.
//!
//! A run of the clock is given no state: when it begins it takes up what the last good one has left, which
//! for a run that waited for another one is known only then.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_model::run::{RunInput, RunOrigin};
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::{CronTrigger, Overlap, Trigger, Workflow};
use fieldpost_rules::cron::Schedule;
use fieldpost_rules::order::{ALL_RUNS, order_of_run};
use fieldpost_store::{CronMark, NewRun, StoreError};

use crate::hub::Hub;
use crate::ids::new_id;

/// How far the store's clock may be set back. What was looked at beyond that was looked at with a clock that was
/// wrong.
const MOST_AHEAD: Duration = Duration::from_mins(5);

/// Makes the runs whose time has come, for as long as the hub serves.
pub(crate) async fn serve(hub: Hub, mut skew: Skew) {
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut clocks = Clocks::default();
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => {}
        }
        let looked = match skew.present(&hub).await {
            // The time before the definitions: what is paused at a time is paused for a look of that time.
            Ok(now) => clocks.look(&hub, now).await,
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            tracing::warn!(%error, "the runs whose time has come could not be made; trying again");
        }
    }
}

/// How far the store's clock is ahead of the hub's.
pub(crate) struct Skew {
    micros: i64,
    /// When it was looked at.
    seen: Instant,
}

impl Skew {
    /// Asks the store.
    pub(crate) async fn of(hub: &Hub) -> Result<Self, StoreError> {
        let asked = hub.now();
        let present = hub.store().present().await?;
        Ok(Self { micros: between(asked, present, hub.now()), seen: Instant::now() })
    }

    /// The present by the store's clock.
    async fn present(&mut self, hub: &Hub) -> Result<Timestamp, StoreError> {
        if self.seen.elapsed() >= hub.settings().clock_check {
            *self = Self::of(hub).await?;
        }
        Ok(Timestamp(hub.now().0.saturating_add(self.micros)))
    }
}

/// How far the store is ahead that was asked and answered at these times: nothing where it may have been asked at
/// the moment that it tells.
fn between(asked: Timestamp, present: Timestamp, answered: Timestamp) -> i64 {
    if (asked..=answered).contains(&present) {
        return 0;
    }
    present.0.saturating_sub(answered.0)
}

/// The clocks of all workflows that have one, by project and workflow.
#[derive(Default)]
struct Clocks(HashMap<(ProjectName, String), Clock>);

/// The clock of a workflow, as this hub knows it.
struct Clock {
    schedule: Schedule,
    mark: CronMark,
    /// The next point after the mark.
    next: Option<Timestamp>,
}

impl Clocks {
    /// Looks at every workflow that has a clock.
    async fn look(&mut self, hub: &Hub, now: Timestamp) -> Result<(), StoreError> {
        let routing = hub.routing();
        let mut seen = Vec::new();
        let mut failed = None;
        for project in routing.projects() {
            // What is paused stands still; what passes meanwhile counts as missed.
            let is_running =
                |workflow: &&Workflow| !workflow.paused && !project.definition.settings.paused;
            for workflow in project.definition.workflows.iter().filter(is_running) {
                let Trigger::Cron(cron) = &workflow.trigger else { continue };
                let key = (project.project.clone(), workflow.name.clone());
                if let Err(error) = self.look_at(hub, &key, (workflow, cron), now).await {
                    // What is known of it may be too old: it is read anew.
                    self.0.remove(&key);
                    failed = Some(error);
                }
                seen.push(key);
            }
        }
        self.0.retain(|key, _| seen.contains(key));
        failed.map_or(Ok(()), Err)
    }

    async fn look_at(
        &mut self,
        hub: &Hub,
        key: &(ProjectName, String),
        (workflow, cron): (&Workflow, &CronTrigger),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = format!("{} {}", cron.expression, cron.time_zone);
        if self.0.get(key).is_none_or(|clock| clock.mark.schedule != text) {
            let Ok(schedule) = Schedule::of(cron) else { return Ok(()) };
            let Some(clock) = read(hub, key, schedule, &text, now).await? else { return Ok(()) };
            self.0.insert(key.clone(), clock);
        }
        let Some(clock) = self.0.get_mut(key) else { return Ok(()) };
        if clock.mark.at > now + MOST_AHEAD {
            if !begin_anew(hub, key, clock, now).await? {
                self.0.remove(key);
            }
            return Ok(());
        }
        if clock.next.is_none_or(|next| next > now) {
            return Ok(());
        }
        let due = clock.schedule.due(clock.mark.at, now, cron.catch_up);
        let runs = runs(hub, &key.0, workflow, cron.overlap, &due).await?;
        let mark = CronMark { schedule: text, at: due.last().copied().unwrap_or(now) };
        let seen = Some(&clock.mark);
        if hub.store().move_cron_mark(&key.0, &workflow.name, seen, &mark, runs).await? {
            clock.next = clock.schedule.next(mark.at);
            clock.mark = mark;
        } else {
            // Another hub was first; where it moved the mark to is in the store.
            self.0.remove(key);
        }
        Ok(())
    }
}

/// Has a clock begin now that was looked at in what is still to come: the time of the hub was wrong, and
/// until then nothing would be due. `false`: another hub was just as quick.
async fn begin_anew(
    hub: &Hub,
    (project, workflow): &(ProjectName, String),
    clock: &mut Clock,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let begun = CronMark { schedule: clock.mark.schedule.clone(), at: now };
    let (store, seen) = (hub.store(), Some(&clock.mark));
    if !store.move_cron_mark(project, workflow, seen, &begun, Vec::new()).await? {
        return Ok(false);
    }
    tracing::warn!(
        project = &**project,
        workflow,
        "the clock of `{workflow}` was looked at up to {}, which is still to come: it begins anew at {now}",
        clock.mark.at
    );
    clock.next = clock.schedule.next(now);
    clock.mark = begun;
    Ok(true)
}

/// Reads where a clock stands. A schedule that was never looked at begins now; `None` where another hub
/// was just as quick to begin it.
async fn read(
    hub: &Hub,
    (project, workflow): &(ProjectName, String),
    schedule: Schedule,
    text: &str,
    now: Timestamp,
) -> Result<Option<Clock>, StoreError> {
    let marks = hub.store().cron_marks(project).await?;
    let known = marks.into_iter().find(|(name, _)| name == workflow).map(|(_, mark)| mark);
    let mark = match known {
        Some(mark) if mark.schedule == text => mark,
        other => {
            let begun = CronMark { schedule: text.to_owned(), at: now };
            let store = hub.store();
            if !store.move_cron_mark(project, workflow, other.as_ref(), &begun, Vec::new()).await? {
                return Ok(None);
            }
            begun
        }
    };
    let next = schedule.next(mark.at);
    Ok(Some(Clock { schedule, mark, next }))
}

/// The runs of points in time.
async fn runs(
    hub: &Hub,
    project: &ProjectName,
    workflow: &Workflow,
    overlap: Overlap,
    due: &[Timestamp],
) -> Result<Vec<NewRun>, StoreError> {
    let due = match overlap {
        Overlap::Queue | Overlap::Parallel => due,
        Overlap::Skip => {
            if hub.store().is_run_in_queue(project, &workflow.name).await? {
                return Ok(Vec::new());
            }
            // Each of several would be left out for the one before it.
            due.get(due.len().saturating_sub(1)..).unwrap_or_default()
        }
    };
    let order_key = match overlap {
        Overlap::Queue => Some(ALL_RUNS.to_owned()),
        Overlap::Skip | Overlap::Parallel => order_of_run(workflow.order_by, None, None),
    };
    let run = |point: &Timestamp| NewRun {
        key: Some(point.to_string()),
        order_key: order_key.clone(),
        ..NewRun::new(new_id(hub.now()), &workflow.name, RunOrigin::Cron, RunInput::State)
    };
    Ok(due.iter().map(run).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_may_have_told_the_same_time_is_not_ahead() {
        for (asked, present, answered, expected) in
            [(10, 10, 10, 0), (10, 15, 20, 0), (10, 21, 20, 1), (10, 9, 20, -11), (20, 50, 10, 40)]
        {
            let ahead = between(Timestamp(asked), Timestamp(present), Timestamp(answered));
            assert_eq!(ahead, expected, "{asked} {present} {answered}");
        }
    }
}
