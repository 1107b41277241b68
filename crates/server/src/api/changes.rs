//! What applying a project file changes, for people to read before and after.

use fieldpost_rules::definition;
use serde::Serialize;
use utoipa::ToSchema;

use super::names::{ChangeActionName, ChangedKind};
use crate::problem::Mistake;

/// What applying a project file did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Applied {
    /// What changed: the project first, then connections, sources, forwarders.
    changes: Vec<Change>,
    /// The same as text.
    text: String,
    /// What is allowed, and likely to be regretted.
    warnings: Vec<Mistake>,
    /// Forwarders that are removed although deliveries wait for them: these are cancelled.
    waiting: Vec<Waiting>,
    /// The version of the definitions afterwards; null where nothing was saved.
    #[schema(required)]
    version: Option<i64>,
}

/// One thing that changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Change {
    /// What happened.
    #[schema(value_type = ChangeActionName)]
    action: &'static str,
    /// To what.
    #[schema(value_type = ChangedKind)]
    kind: &'static str,
    /// Its name.
    name: String,
    /// Key by key; empty for what is removed.
    details: Vec<Detail>,
}

/// One key that changed. Secrets are not shown.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detail {
    /// The keys down to it, `retry.first`.
    path: String,
    /// What was written there; null where nothing was.
    #[schema(required)]
    before: Option<String>,
    /// What is written there now; null where nothing is.
    #[schema(required)]
    after: Option<String>,
}

/// Deliveries that wait for a forwarder that is removed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Waiting {
    /// The forwarder.
    forwarder: String,
    /// How many.
    deliveries: u64,
}

impl From<fieldpost_engine::Applied> for Applied {
    fn from(applied: fieldpost_engine::Applied) -> Self {
        let lines: Vec<String> = applied.changes.iter().map(ToString::to_string).collect();
        Self {
            changes: applied.changes.into_iter().map(Change::from).collect(),
            text: lines.join("\n"),
            warnings: applied.warnings.into_iter().map(Mistake::from).collect(),
            waiting: applied
                .waiting
                .into_iter()
                .map(|(forwarder, deliveries)| Waiting { forwarder, deliveries })
                .collect(),
            version: applied.version,
        }
    }
}

impl From<definition::Change> for Change {
    fn from(change: definition::Change) -> Self {
        Self {
            action: change.action.name(),
            kind: change.kind.name(),
            name: change.name,
            details: change
                .details
                .into_iter()
                .map(|definition::Detail { path, before, after }| Detail { path, before, after })
                .collect(),
        }
    }
}
