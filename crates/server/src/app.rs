//! What every handler holds in its hand.

use std::sync::Arc;

use fieldpost_engine::Hub;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::health::Readiness;
use crate::settings::ServerSettings;

/// The hub, the settings, and the word to stop.
pub(crate) struct App {
    pub(crate) hub: Hub,
    pub(crate) settings: ServerSettings,
    /// Cancelled when the server begins to stop: endless answers end.
    pub(crate) stopping: CancellationToken,
    pub(crate) readiness: Readiness,
    /// Changes that were begun; a stopping server waits for them.
    pub(crate) changes: TaskTracker,
}

/// A handle to it; every request gets one.
pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(hub: Hub, settings: ServerSettings, stopping: CancellationToken) -> Self {
        Self {
            hub,
            settings,
            stopping,
            readiness: Readiness::default(),
            changes: TaskTracker::new(),
        }
    }

    /// A link to this hub: below the public URL where there is one, else a path.
    pub(crate) fn link(&self, path: &str) -> String {
        match &self.settings.public_url {
            Some(base) => format!("{}{path}", base.trim_end_matches('/')),
            None => path.to_owned(),
        }
    }
}
