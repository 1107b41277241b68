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

use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_store::{Lane, Move, StoreError, Walk};

use crate::hub::Hub;

/// How often parking lanes are looked at although no definition changed: a delivery that was being
/// sent while its forwarder was resumed may have been parked since.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// How often deliveries of forwarders that are no more are looked for although no definition
/// changed: one that was being sent when its forwarder was removed may wait again since.
const SWEEP_AGAIN: Duration = Duration::from_mins(5);

/// Moves what lies in the wrong lane.
pub(crate) async fn serve(hub: Hub) {
    let mut seen: Vec<(ProjectName, i64)> = Vec::new();
    let mut looked_at = Instant::now();
    let mut swept_at = Instant::now();
    let mut is_told = false;
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            () = hub.misplaced() => is_told = true,
            _ = poll.tick() => {}
        }
        let versions = versions(&hub);
        let changed = versions != seen || is_told;
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
                    is_told = false;
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
            for place in self.store().queue_places(&project.project).await? {
                if self.stopping().is_cancelled() {
                    return Ok(());
                }
                let name = &project.project;
                match project.forwarder(&place.forwarder) {
                    None => self.cancel_waiting(name, &place.forwarder).await?,
                    Some(found) => {
                        let parking = Lane::parking(&found.name);
                        let lane = if found.paused { &parking } else { &found.to };
                        // What is parked is in order with what goes over the connection of today.
                        let is_elsewhere = place.connection.is_some_and(|over| over != found.to);
                        if place.lane != *lane || is_elsewhere {
                            self.move_all(name, found, &place.lane, lane).await?;
                        }
                    }
                }
            }
            self.repair_order(&project.project).await?;
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
    /// or removed while it was being sent.
    pub(crate) fn check_place(&self, lane: &Lane, forwarder: &str) {
        let routing = self.routing();
        let Some(project) = routing.project(&lane.project) else { return };
        let place = project
            .forwarder(forwarder)
            .map(|found| if found.paused { Lane::parking(&found.name) } else { found.to.clone() });
        if place.is_none_or(|place| place != lane.name) {
            self.something_is_misplaced();
        }
    }

    /// Cancels what waits for a forwarder that is no more.
    pub(crate) async fn cancel_waiting(
        &self,
        project: &str,
        forwarder: &str,
    ) -> Result<(), StoreError> {
        let reason = format!("the forwarder \"{forwarder}\" has been removed");
        while self.store().cancel_forwarder(project, forwarder, &reason).await? > 0 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Sends what waited for a forwarder that is not paused any more.
    pub(crate) async fn unpark(
        &self,
        project: &str,
        forwarder: &Forwarder,
    ) -> Result<(), StoreError> {
        self.move_all(project, forwarder, &Lane::parking(&forwarder.name), &forwarder.to).await
    }

    /// Moves what waits for a forwarder from one lane to another; what was parked is due at once. It
    /// walks through the lane until it meets nothing more.
    async fn move_all(
        &self,
        project: &str,
        forwarder: &Forwarder,
        from: &str,
        to: &str,
    ) -> Result<(), StoreError> {
        let Forwarder { name, to: connection, .. } = forwarder;
        let due_now = from != to && from == Lane::parking(name);
        let step = Move { project, forwarder: name, from, to, connection, due_now };
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
