//! Parking: what waits for a paused forwarder waits in a lane of its own.
//!
//! A lane that held the deliveries of a paused forwarder would have to be searched for those of
//! the others. So a paused forwarder's deliveries lie in its parking lane, `!` and its name. This
//! loop moves what lies in another lane than today's, in small steps: after a resume back to the
//! connection's lane, due at once; to another connection's, where the forwarder sends elsewhere
//! now. It looks at the present state only, so it does not matter where the last hub that did this
//! was stopped, nor who put something into the wrong lane a moment after it looked. Nor does the
//! order of what is kept in order depend on it: what has been moved waits for what has not. It also ends
//! what waits for a forwarder that is no more; the store makes sure that it really is. And it mends
//! what is kept in order and has nobody ahead, should there ever be such a key.
//!
//! To look at everything is for the moment after a change of definitions, and for now and then. A call
//! that was under way meanwhile leaves its delivery where it was: whoever ends the call notes that one
//! delivery, and it alone is moved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_store::{Lane, Move, StoreError, Walk, connection_of};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::hub::Hub;
use crate::standing_order;

/// How often parking lanes are looked at although no definition changed: a delivery that was being
/// sent while its forwarder was resumed may have been parked since.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// How often deliveries of forwarders that are no more are looked for although no definition
/// changed: one that was being sent when its forwarder was removed may wait again since.
const SWEEP_AGAIN: Duration = Duration::from_mins(5);

/// Deliveries that may be noted one by one. Where there are more, everything is looked at.
const MOST_NOTED: usize = 10_000;

/// Deliveries that wait again, and lie where their forwarder does not send from any more.
#[derive(Debug, Default)]
pub(crate) struct Misplaced {
    noted: Mutex<Noted>,
    told: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    by_place: BTreeMap<Place, BTreeSet<Uuid>>,
    count: usize,
    /// There were more than may be noted.
    are_more: bool,
}

/// Where a misplaced delivery lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    project: ProjectName,
    forwarder: String,
    lane: String,
}

/// A delivery that waits again after it was claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Returned<'r> {
    /// The lane in which it lies.
    pub(crate) lane: &'r Lane,
    /// The delivery.
    pub(crate) delivery: Uuid,
    /// Its forwarder.
    pub(crate) forwarder: &'r str,
    /// What it is kept in order with.
    pub(crate) sequence: Option<&'r str>,
}

impl Misplaced {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, place: Place, deliveries: impl IntoIterator<Item = Uuid>) {
        let mut noted = self.noted();
        let noted = &mut *noted;
        let of_place = noted.by_place.entry(place).or_default();
        for delivery in deliveries {
            if noted.count >= MOST_NOTED {
                noted.are_more = true;
                return;
            }
            noted.count += usize::from(of_place.insert(delivery));
        }
    }

    fn take(&self) -> Noted {
        std::mem::take(&mut *self.noted())
    }

    /// Waits until something was noted since the last time.
    async fn told(&self) {
        self.told.notified().await;
    }
}

/// Moves what lies in the wrong lane.
pub(crate) async fn serve(hub: Hub) {
    let mut seen: Vec<(ProjectName, i64)> = Vec::new();
    let mut looked_at = Instant::now();
    let mut swept_at = Instant::now();
    let mut are_more_misplaced = false;
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            () = hub.misplaced().told() => {}
            _ = poll.tick() => {}
        }
        are_more_misplaced |= hub.put_back_misplaced().await;
        let versions = versions(&hub);
        let changed = versions != seen || are_more_misplaced;
        if !changed && looked_at.elapsed() < LOOK_AGAIN {
            continue;
        }
        let sweep = changed || swept_at.elapsed() >= SWEEP_AGAIN;
        let tidied = if sweep { hub.put_in_place().await } else { hub.unpark_all().await };
        match tidied {
            Ok(()) => {
                seen = versions;
                looked_at = Instant::now();
                if sweep {
                    are_more_misplaced = false;
                    swept_at = looked_at;
                }
            }
            Err(error) => tracing::warn!(%error, "waiting deliveries could not be moved yet"),
        }
    }
}

fn versions(hub: &Hub) -> Vec<(ProjectName, i64)> {
    let routing = hub.routing();
    let mut versions: Vec<_> =
        routing.projects().map(|project| (project.project.clone(), project.version)).collect();
    versions.sort();
    versions
}

impl Hub {
    /// Looks at every lane in which something waits for a forwarder, and moves what lies in
    /// another than today's: the forwarder was paused or resumed, or sends to another connection.
    /// What waits for a forwarder that is no more is ended, and what waits for nobody goes on.
    async fn put_in_place(&self) -> Result<(), StoreError> {
        for project in self.routing().projects() {
            let mut orphaned = BTreeSet::new();
            for place in self.store().queue_places(&project.project).await? {
                if self.stopping().is_cancelled() {
                    return Ok(());
                }
                if standing_order::is_of_calls(&place.forwarder) {
                    continue;
                }
                match project.forwarder(&place.forwarder) {
                    None => drop(orphaned.insert(place.forwarder)),
                    Some(found) => {
                        let lane = lane_of(found);
                        // What is parked is in order with what goes over the connection of today.
                        let is_elsewhere = place.connection.is_some_and(|over| over != found.to);
                        if place.lane != lane || is_elsewhere {
                            self.move_all(&project.project, found, &place.lane, &lane).await?;
                        }
                    }
                }
            }
            for forwarder in orphaned {
                self.cancel_waiting(&project.project, &forwarder).await?;
            }
            self.repair_order(&project.project).await?;
        }
        self.cancel_orphaned_runs().await
    }

    /// Cancels what waits of workflows that are no more, where whoever removed them did not come to it.
    async fn cancel_orphaned_runs(&self) -> Result<(), StoreError> {
        for (name, workflow) in self.store().workflows_in_queue().await? {
            let routing = self.routing();
            let project = routing.project(&name);
            if project.is_some_and(|project| project.workflow(&workflow).is_none()) {
                self.cancel_waiting_runs(&name, &workflow).await?;
            }
        }
        Ok(())
    }

    /// Lets the first go of every key of a project in which all wait for each other. There should be
    /// none.
    async fn repair_order(&self, project: &str) -> Result<(), StoreError> {
        while !self.stopping().is_cancelled() {
            match self.store().repair_order(project).await? {
                0 => break,
                mended => tracing::warn!(
                    project,
                    "{mended} deliveries of `{project}` waited for nobody, and were mended"
                ),
            }
        }
        Ok(())
    }

    /// Looks at the parking lanes of forwarders that are not paused.
    async fn unpark_all(&self) -> Result<(), StoreError> {
        for project in self.routing().projects() {
            for forwarder in &project.definition.forwarders {
                if self.stopping().is_cancelled() {
                    return Ok(());
                }
                if !forwarder.paused {
                    self.unpark(&project.project, forwarder).await?;
                }
            }
        }
        Ok(())
    }

    /// Has a delivery that waits again moved at once, where its forwarder was paused, led elsewhere
    /// or removed since it was claimed.
    pub(crate) fn check_place(&self, returned: Returned<'_>) {
        let Returned { lane, delivery, forwarder, sequence } = returned;
        if standing_order::is_of_calls(forwarder) {
            return;
        }
        let routing = self.routing();
        let Some(project) = routing.project(&lane.project) else { return };
        let is_in_place = project.forwarder(forwarder).is_some_and(|found| {
            lane_of(found) == lane.name
                && sequence.is_none_or(|sequence| connection_of(sequence) == found.to)
        });
        if !is_in_place {
            let (project, lane) = (lane.project.clone(), lane.name.clone());
            let place = Place { project, forwarder: forwarder.to_owned(), lane };
            self.misplaced().note(place, [delivery]);
            self.misplaced().told.notify_one();
        }
    }

    /// Moves what was noted to lie in the wrong place, and nothing else. The answer is whether there
    /// was more than could be noted. What could not be moved stays noted.
    async fn put_back_misplaced(&self) -> bool {
        let Noted { by_place, are_more, .. } = self.misplaced().take();
        for (place, deliveries) in by_place {
            let ids: Vec<Uuid> = deliveries.iter().copied().collect();
            if let Err(error) = self.put_back(&place, &ids).await {
                tracing::warn!(%error, "deliveries in a wrong lane could not be moved yet");
                self.misplaced().note(place, deliveries);
            }
        }
        are_more
    }

    async fn put_back(&self, place: &Place, deliveries: &[Uuid]) -> Result<(), StoreError> {
        let Place { project, forwarder, lane } = place;
        let routing = self.routing();
        let Some(found) = routing.project(project) else { return Ok(()) };
        let Some(forwarder) = found.forwarder(forwarder) else {
            return self.cancel_orphans(project, forwarder, deliveries).await;
        };
        let to = lane_of(forwarder);
        self.store().move_deliveries(&step(project, forwarder, lane, &to), deliveries).await?;
        Ok(())
    }

    /// Cancels what waits for a forwarder that is no more, in one walk through the project's queue.
    /// One walk at a time: several of them would only be in each other's way.
    pub(crate) async fn cancel_waiting(
        &self,
        project: &str,
        forwarder: &str,
    ) -> Result<(), StoreError> {
        let _alone = self.cancelling().lock().await;
        let reason = removed(forwarder);
        let mut walk = Walk::default();
        while !walk.is_over() && !self.stopping().is_cancelled() {
            self.store().cancel_step(project, forwarder, &reason, &mut walk).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Cancels the runs that wait of a workflow that is no more, and has those ended that go on.
    pub(crate) async fn cancel_waiting_runs(
        &self,
        project: &str,
        workflow: &str,
    ) -> Result<(), StoreError> {
        let (store, project) = (self.store(), ProjectName::from(project));
        let reason = format!("the workflow \"{workflow}\" has been removed");
        while !self.stopping().is_cancelled()
            && store.cancel_runs_of_removed(&project, workflow, &reason).await? > 0
        {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Cancels deliveries that wait for a forwarder that is no more.
    pub(crate) async fn cancel_orphans(
        &self,
        project: &str,
        forwarder: &str,
        deliveries: &[Uuid],
    ) -> Result<(), StoreError> {
        let reason = removed(forwarder);
        self.store().cancel_orphans(project, forwarder, &reason, deliveries).await.map(drop)
    }

    /// Sends what waited for a forwarder that is not paused any more.
    pub(crate) async fn unpark(
        &self,
        project: &str,
        forwarder: &Forwarder,
    ) -> Result<(), StoreError> {
        self.move_all(project, forwarder, &Lane::parking(&forwarder.name), &forwarder.to).await
    }

    /// Moves what waits for a forwarder from one lane to another. It
    /// walks through the lane until it meets nothing more.
    async fn move_all(
        &self,
        project: &str,
        forwarder: &Forwarder,
        from: &str,
        to: &str,
    ) -> Result<(), StoreError> {
        let step = step(project, forwarder, from, to);
        loop {
            let mut walk = Walk::default();
            let mut moved = 0;
            while !walk.is_over() {
                if self.stopping().is_cancelled() {
                    return Ok(());
                }
                moved += self.store().move_step(&step, &mut walk).await?;
            }
            if moved == 0 {
                return Ok(());
            }
        }
    }
}

/// The lane in which a forwarder's deliveries wait.
fn lane_of(forwarder: &Forwarder) -> String {
    if forwarder.paused { Lane::parking(&forwarder.name) } else { forwarder.to.clone() }
}

/// What moves a forwarder's deliveries from one lane to another; what was parked is due at once.
fn step<'m>(project: &'m str, forwarder: &'m Forwarder, from: &'m str, to: &'m str) -> Move<'m> {
    let Forwarder { name, to: connection, .. } = forwarder;
    let due_now = from != to && from == Lane::parking(name);
    Move { project, forwarder: name, from, to, connection, due_now }
}

fn removed(forwarder: &str) -> String {
    format!("the forwarder \"{forwarder}\" has been removed")
}
