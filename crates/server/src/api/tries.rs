//! What the latest tries of a connection or a forwarder came to.

use fieldpost_engine::LatestTries;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// What the latest tries came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tries {
    /// When the last delivery arrived; null where none has since this is counted.
    #[schema(required, format = DateTime)]
    last_delivered_at: Option<String>,
    /// When a try last failed; null where none has since this is counted.
    #[schema(required, format = DateTime)]
    last_failed_at: Option<String>,
    /// Whether all tries of late failed, with or without an incident: the last one did, within the
    /// last day, and nothing had arrived in the ten seconds before it.
    failing: bool,
}

impl Tries {
    /// As they are at this moment.
    pub(super) fn of(app: &App, tries: LatestTries) -> Self {
        Self::new(tries, tries.are_failing(app.hub.now()))
    }

    /// As they were looked at.
    pub(super) fn new(tries: LatestTries, failing: bool) -> Self {
        Self {
            last_delivered_at: tries.delivered_at.map(|at| at.to_string()),
            last_failed_at: tries.failed_at.map(|at| at.to_string()),
            failing,
        }
    }
}
