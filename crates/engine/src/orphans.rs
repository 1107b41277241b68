//! Takes away the files that nothing names: those of submissions that were erased, and those whose
//! sender or hub died before the submission was kept.
//!
//! The folder is walked in parts, with a pause after each, so that nobody waits for it. Nothing
//! hurries: an orphan is a day old before it counts as one.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::hub::Hub;

/// The pause before the first walk, in which a start has more important things to do.
const FIRST: Duration = Duration::from_mins(10);
/// How often the folder is walked.
const EVERY: Duration = Duration::from_hours(6);
/// The pause after a part.
const BREATH: Duration = Duration::from_millis(500);

/// Walks the folder again and again, for as long as the hub runs.
pub(crate) async fn serve(hub: Hub) {
    let mut walk = interval_at(Instant::now() + FIRST, EVERY);
    walk.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = walk.tick() => {}
        }
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            () = walk_once(&hub) => {}
        }
    }
}

async fn walk_once(hub: &Hub) {
    let mut removed = 0;
    for part in 0..=u8::MAX {
        match hub.store().remove_orphans(part).await {
            Ok(orphans) => removed += orphans,
            Err(error) => {
                tracing::warn!(%error, "the folder of files could not be cleared up: {error}");
                return;
            }
        }
        tokio::time::sleep(BREATH).await;
    }
    if removed > 0 {
        tracing::info!(removed, "removed {removed} files that nothing names");
    }
}
