//! The feed of changes, for those who keep a copy of what a project has: every form, submission and case at
//! its newest change, and a tombstone of what is gone.

use axum::Json;
use axum::extract::State;
use fieldpost_store::Change;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::names::FeedKindName;
use super::parameters::{Parameters, bad};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// Changes of a page unless asked otherwise, and at most.
const USUAL: usize = 50;
const MOST: usize = 500;

/// The newest change of one thing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FedChange {
    /// What it is of.
    #[schema(value_type = FeedKindName)]
    kind: &'static str,
    /// The id of that; the name of a form.
    id: String,
    /// Its version; that of what is gone is the last one.
    version: i64,
    /// When it was changed.
    #[schema(format = DateTime)]
    at: String,
    /// Whether it is gone.
    deleted: bool,
    /// Its place: given back as `since`, the feed goes on behind it.
    cursor: String,
}

impl From<Change> for FedChange {
    fn from(change: Change) -> Self {
        Self {
            kind: change.kind.name(),
            id: change.id,
            version: change.version,
            at: change.at.to_string(),
            deleted: change.is_tombstone,
            cursor: change.sequence.to_string(),
        }
    }
}

/// A stretch of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Feed {
    /// The changes, the earliest first; each thing stands there once, at its newest change.
    items: Vec<FedChange>,
    /// Give this back as `since` for what follows; null where nothing follows yet.
    #[schema(required)]
    next: Option<String>,
    /// Keep this, and give it back as `since` another day: the end of this stretch.
    cursor: String,
}

/// Which stretch of the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `next` or `cursor` of an earlier answer: what has changed since; from the beginning unless given.
    since: Option<String>,
    /// Changes of a page, 1 to 500; 50 unless given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// What has changed, the earliest first
///
/// Places are taken in the order of commits: whoever goes on from the last one misses nothing. What is
/// changed once more moves to the end; what is erased leaves a tombstone.
#[utoipa::path(
    get,
    path = "/projects/{project}/changes",
    operation_id = "list_changes",
    tag = "projects",
    params(("project" = String, Path), Wanted),
    responses((status = 200, body = Feed), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Feed>, Problem> {
    let since = match wanted.since.as_deref() {
        None => 0,
        Some(text) => text
            .parse::<i64>()
            .ok()
            .filter(|since| *since >= 0)
            .ok_or_else(|| bad("since", text, "give `next` or `cursor` back as it is"))?,
    };
    let limit = match wanted.limit.as_deref() {
        None => USUAL,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| bad("limit", text, format!("a number from 1 to {MOST}")))?,
    };
    app.hub.project(&project).await?;
    let mut found = app.hub.store().changes(&project, since, limit + 1).await?;
    let are_more = found.len() > limit;
    found.truncate(limit);
    let end = found.last().map_or(since, |last| last.sequence).to_string();
    Ok(Json(Feed {
        items: found.into_iter().map(FedChange::from).collect(),
        next: are_more.then(|| end.clone()),
        cursor: end,
    }))
}
