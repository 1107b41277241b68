//! What applying a project file changes, for people to read before and after.

use fieldpost_model::json::Value;
use fieldpost_rules::definition;
use fieldpost_store::Due;
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
    /// What a shorter retention erases at once.
    erases: Erases,
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

/// What a shorter retention erases at once. What waits to be delivered is not in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Erases {
    /// Messages of which nothing but a tombstone stays.
    messages: u64,
    /// Other messages that lose their bytes.
    bodies: u64,
    /// Attempts.
    attempts: u64,
    /// Whether there are more: no more than 10,000 of each are counted.
    more: bool,
}

impl From<Due> for Erases {
    fn from(due: Due) -> Self {
        let Due { messages, bodies, attempts, more } = due;
        Self { messages, bodies, attempts, more }
    }
}

impl Erases {
    /// The same as a member of a definition.
    pub(super) fn written(&self) -> Value<'static> {
        let Self { messages, bodies, attempts, more } = *self;
        Value::Object(vec![
            ("messages".into(), messages.into()),
            ("bodies".into(), bodies.into()),
            ("attempts".into(), attempts.into()),
            ("more".into(), more.into()),
        ])
    }
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
            erases: applied.erases.into(),
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
