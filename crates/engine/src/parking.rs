//! Parking: what waits for a paused forwarder waits in a lane of its own.
//!
//! A lane that held the deliveries of a paused forwarder would have to be searched for those of
//! the others. So a paused forwarder's deliveries lie in its parking lane, `!` and its name. This
//! loop moves what lies in the wrong one of the two, in small steps: after a resume back to the
//! connection's lane, due at once. It looks at the present state only, so it does not matter where
//! the last hub that did this was stopped.

use fieldpost_store::{Lane, StoreError};

use crate::hub::Hub;

/// Moves what lies in the wrong lane, whenever the definitions may have changed.
pub(crate) async fn serve(hub: Hub) {
    let mut seen: Vec<(fieldpost_model::ProjectName, i64)> = Vec::new();
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => {}
        }
        let routing = hub.routing();
        let mut versions: Vec<_> =
            routing.projects().map(|project| (project.project.clone(), project.version)).collect();
        versions.sort();
        if versions == seen {
            continue;
        }
        match hub.park_and_unpark().await {
            Ok(()) => seen = versions,
            Err(error) => tracing::warn!(%error, "parked deliveries could not be moved yet"),
        }
    }
}

impl Hub {
    async fn park_and_unpark(&self) -> Result<(), StoreError> {
        for project in self.routing().projects() {
            for forwarder in &project.definition.forwarders {
                let name = &forwarder.name;
                if forwarder.paused {
                    // What was claimed already is parked by the dispatcher when it comes to it.
                    self.move_all(
                        &project.project,
                        name,
                        &forwarder.to,
                        &Lane::parking(name),
                        false,
                    )
                    .await?;
                } else {
                    self.unpark(&project.project, name, &forwarder.to).await?;
                }
            }
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
