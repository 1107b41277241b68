//! Pauses: since when something is held back, by whom and why.

use fieldpost_store as store;
use serde::Serialize;
use utoipa::ToSchema;

/// A pause that lasts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Pause {
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// Who paused it, as they were called then; `Fieldpost` where no person did.
    #[schema(example = "amina@example.org")]
    by: String,
    /// Why, in their own words.
    #[schema(required, example = "their server is being moved")]
    reason: Option<String>,
}

impl Pause {
    /// As it is shown; none where nothing is paused, or none of it was kept.
    pub(super) fn shown(pause: Option<&store::Pause>) -> Option<Self> {
        pause.map(|store::Pause { since, by, reason }| Self {
            since: since.to_string(),
            by: by.clone(),
            reason: reason.clone(),
        })
    }
}
