//! What sources, connections and forwarders have in common: they are defined in the words of the
//! project file, made or replaced whole, and removed by name.

use std::collections::BTreeMap;
use std::fmt::Display;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use fieldpost_engine::{Asked, Draft, Expected, Saved};
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{DefinitionKind, StateCounts};
use http::StatusCode;
use serde::Serialize;

use super::condition::Tagged;
use super::principal::Caller;
use crate::app::App;
use crate::problem::Problem;

/// Deliveries by state; states without any are left out.
pub(super) type Counts = BTreeMap<&'static str, u64>;

/// A project's definitions as they are.
pub(super) async fn current(app: &App, project: &str) -> Result<ProjectDefinition, Problem> {
    let (_, definition) = app.hub.definition(project).await?;
    Ok(definition)
}

/// The one of that name.
pub(super) fn find<'d, T>(
    noun: &str,
    all: &'d [T],
    name: &str,
    name_of: fn(&T) -> &str,
) -> Result<&'d T, Problem> {
    let found = all.iter().find(|one| name_of(one) == name);
    found.ok_or_else(|| Problem::not_found(noun, shown(name)))
}

/// Makes or replaces one definition, where it is as expected.
pub(super) async fn put(
    app: &App,
    caller: &Caller,
    project: &str,
    draft: Draft,
    expected: &Expected,
) -> Result<(), Problem> {
    let asked = Asked::by(caller.name());
    Ok(app.hub.put_expecting(project, draft, expected, &asked).await?)
}

/// A project's definitions as they are, with the version of each.
pub(super) async fn with_versions(app: &App, project: &str) -> Result<Saved, Problem> {
    Ok(app.hub.saved(project).await?)
}

/// The answer to making (201) or replacing (200).
pub(super) fn saved<T: Serialize>(is_new: bool, Tagged(tag, one): Tagged<T>) -> Response {
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Tagged(tag, (status, Json(one))).into_response()
}

/// The answer with one that is there.
pub(super) fn as_json<T>(Tagged(tag, one): Tagged<T>) -> Tagged<Json<T>> {
    Tagged(tag, Json(one))
}

/// Removes one definition, where it is as expected.
pub(super) async fn remove(
    app: &App,
    project: &str,
    kind: DefinitionKind,
    name: &str,
    expected: &Expected,
) -> Result<StatusCode, Problem> {
    app.hub.remove(project, kind, name, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The counts of states by the names of these.
pub(super) fn named_counts(counts: StateCounts) -> Counts {
    counts.into_iter().map(|(state, count)| (state.name(), count)).collect()
}

/// A name from a path, which may be anything, as it may be repeated in an answer.
fn shown(name: &str) -> impl Display {
    name.chars().take(64).collect::<String>()
}
