//! Parking: what waits for a paused forwarder waits in a lane of its own.
//!
//! A lane that held the deliveries of a paused forwarder would have to be searched for those of
//! the others. So a paused forwarder's deliveries lie in its parking lane, `!` and its name. This
//! loop moves what lies in the wrong one of the two, in small steps: after a resume back to the
//! connection's lane, due at once. It looks at the present state only, so it does not matter where
//! the last hub that did this was stopped, nor who put something into the wrong lane a moment
//! after it looked. It also ends what waits for a forwarder that is no more.

use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_store::{Lane, StoreError};

use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// How often parking lanes are looked at although no definition changed: a delivery that was being
/// sent while its forwarder was resumed may have been parked since. Each look costs little.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often deliveries of forwarders that are no more are looked for although no definition
/// changed: one that was being sent when its forwarder was removed may wait again since.
const SWEEP_AGAIN: Duration = Duration::from_mins(5);

/// Moves what lies in the wrong lane.
pub(crate) async fn serve(hub: Hub) {
    let mut seen: Vec<(ProjectName, i64)> = Vec::new();
    let mut looked_at = Instant::now();
    let mut swept_at = Instant::now();
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => {}
        }
        let versions = versions(&hub);
        let changed = versions != seen;
        if !changed && looked_at.elapsed() < LOOK_AGAIN {
            continue;
        }
        let sweep = changed || swept_at.elapsed() >= SWEEP_AGAIN;
        match hub.tidy_lanes(changed, sweep).await {
            Ok(()) => {
                seen = versions;
                looked_at = Instant::now();
                if sweep {
                    swept_at = looked_at;
                }
            }
            Err(error) => tracing::warn!(%error, "parked deliveries could not be moved yet"),
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
    async fn tidy_lanes(&self, park: bool, sweep: bool) -> Result<(), StoreError> {
        for project in self.routing().projects() {
            for forwarder in &project.definition.forwarders {
                let (name, to) = (&forwarder.name, &forwarder.to);
                if !forwarder.paused {
                    self.unpark(&project.project, name, to).await?;
                } else if park {
                    // Searching the connection's lane costs more, so it is done once; what was
                    // claimed already is parked by the dispatcher when it comes to it.
                    let parking = Lane::parking(name);
                    self.move_all(&project.project, name, to, &parking, false).await?;
                }
            }
            if sweep {
                self.end_orphans(project).await?;
            }
        }
        Ok(())
    }

    /// Cancels what waits for forwarders that are no more.
    async fn end_orphans(&self, project: &ProjectRouting) -> Result<(), StoreError> {
        for (forwarder, states) in self.store().open_counts(&project.project).await? {
            let waits = states.keys().any(|state| state.is_waiting());
            if waits && project.forwarder(&forwarder).is_none() {
                self.cancel_waiting(&project.project, &forwarder).await?;
            }
        }
        Ok(())
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
        forwarder: &str,
        connection: &str,
    ) -> Result<(), StoreError> {
        self.move_all(project, forwarder, &Lane::parking(forwarder), connection, true).await
    }

    async fn move_all(
        &self,
        project: &str,
        forwarder: &str,
        from: &str,
        to: &str,
        due_now: bool,
    ) -> Result<(), StoreError> {
        while self.store().move_lane(project, forwarder, from, to, due_now).await? > 0 {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
