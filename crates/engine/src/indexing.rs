//! Writes the values of fields that forms have indexed for what was there before, and takes those away that
//! are indexed no more: step by step, with a pause after each in which others write. Several hubs may do this
//! side by side; the store makes sure that each step is done by one.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::hub::Hub;

/// Submissions that one step writes.
const STEP: usize = 200;
/// The pause after a step.
const BREATH: Duration = Duration::from_millis(10);

/// Goes on wherever something is left to do, for as long as the hub runs.
pub(crate) async fn serve(hub: Hub) {
    let mut look = tokio::time::interval(hub.settings().poll_interval);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = look.tick() => {}
        }
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            () = go_on(&hub) => {}
        }
    }
}

async fn go_on(hub: &Hub) {
    loop {
        match hub.store().index_fields_step(STEP).await {
            Ok(true) => tokio::time::sleep(BREATH).await,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "indexed fields could not be written yet: {error}");
                return;
            }
        }
    }
}
