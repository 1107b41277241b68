//! Forwarders: the standing orders, and pausing them.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::{Draft, LastTimes, Saved};
use fieldpost_model::forwarder;
use fieldpost_model::tally::TallyNoun;
use fieldpost_rules::definition::{Secrets, read_forwarder, write_forwarder};
use fieldpost_store::{DefinitionKind, OpenCounts};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{
    Counts, as_json, current, find, named_counts, put as save, remove, saved, with_versions,
};
use super::exact::ExactJson;
use super::list::List;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::pause::Pause;
use super::principal::Caller;
use super::reason::{Reason, Reasoned};
use super::tries::Tries;
use crate::app::{App, Shared};
use crate::problem::{Mistake, Problem};

/// A forwarder.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Forwarder {
    /// Its name within the project.
    #[schema(example = "births")]
    name: String,
    /// What sets it off.
    #[schema(example = "message")]
    on: &'static str,
    /// The one source it listens to; null for all.
    #[schema(required)]
    from: Option<String>,
    /// The connection that it sends to.
    #[schema(example = "warehouse")]
    to: String,
    /// Whether it is paused: its deliveries are made, and wait.
    paused: bool,
    /// Since when, by whom and why; null where it is not paused, or has been since before this was
    /// kept.
    #[schema(required)]
    pause: Option<Pause>,
    /// Its deliveries that have not arrived, by state; states without any are left out. No more than
    /// 10,000 are counted of those that wait for one connection, or have ended in one state.
    #[schema(value_type = std::collections::BTreeMap<String, u64>, example = json!({"failed": 2}))]
    deliveries: Counts,
    /// Whether there may be more of them than were counted.
    deliveries_are_more: bool,
    #[serde(flatten)]
    tries: Tries,
    /// What is allowed, and likely to be regretted about having made it what it is; told to whoever does.
    warnings: Vec<Mistake>,
    /// The forwarder as the project file has it; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

impl Forwarder {
    fn show(app: &App, forwarder: &forwarder::Forwarder, seen: &Seen) -> Self {
        let Seen { stored, counts, last } = seen;
        let (deliveries, deliveries_are_more) = counts.of_forwarder(&forwarder.name, &forwarder.to);
        Self {
            name: forwarder.name.clone(),
            on: forwarder.on.name(),
            from: forwarder.filter.from.clone(),
            to: forwarder.to.clone(),
            paused: forwarder.paused,
            pause: Pause::shown(stored.pause(DefinitionKind::Forwarder, &forwarder.name)),
            deliveries: named_counts(deliveries),
            deliveries_are_more,
            tries: Tries::of(app, last.tries(TallyNoun::Forwarder, &forwarder.name)),
            warnings: Vec::new(),
            definition: write_forwarder(forwarder, Secrets::Hidden).into(),
        }
    }
}

/// What is seen of all forwarders of a project at once.
struct Seen {
    stored: Saved,
    counts: OpenCounts,
    last: LastTimes,
}

impl Seen {
    async fn of(app: &App, project: &str) -> Result<Self, Problem> {
        Ok(Self {
            stored: with_versions(app, project).await?,
            counts: app.hub.store().open_counts(project).await?,
            last: app.hub.last_times(project).await?,
        })
    }
}

fn name_of(forwarder: &forwarder::Forwarder) -> &str {
    &forwarder.name
}

/// All forwarders
///
/// With the number of their deliveries that have not arrived.
#[utoipa::path(
    get,
    path = "/projects/{project}/forwarders",
    operation_id = "list_forwarders",
    tag = "forwarders",
    responses((status = 200, body = List<Forwarder>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Forwarder>>, Problem> {
    let seen = Seen::of(&app, &project).await?;
    let forwarders = seen.stored.definition.forwarders.iter();
    Ok(Json(List::whole(forwarders.map(|forwarder| Forwarder::show(&app, forwarder, &seen)))))
}

async fn shown(app: &App, project: &str, name: &str) -> Result<Tagged<Forwarder>, Problem> {
    let seen = Seen::of(app, project).await?;
    let forwarder = find("forwarder", &seen.stored.definition.forwarders, name, name_of)?;
    let shown = Forwarder::show(app, forwarder, &seen);
    Ok(Tagged(seen.stored.saved_in(DefinitionKind::Forwarder, name), shown))
}

/// One forwarder
#[utoipa::path(
    get,
    path = "/projects/{project}/forwarders/{forwarder}",
    operation_id = "get_forwarder",
    tag = "forwarders",
    responses(
        (
            status = 200,
            body = Forwarder,
            headers(("etag" = String, description = "Another one whenever it is saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, forwarder)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<Forwarder>>, Problem> {
    Ok(as_json(shown(&app, &project, &forwarder).await?))
}

/// Make or replace a forwarder
///
/// The body is a forwarder as the project file has it. It acts on messages from now on.
#[utoipa::path(
    put,
    path = "/projects/{project}/forwarders/{forwarder}",
    operation_id = "put_forwarder",
    tag = "forwarders",
    params(("project" = String, Path), ("forwarder" = String, Path), Conditions),
    request_body(content = Object, description = "A forwarder, as in the project file"),
    responses(
        (status = 200, body = Forwarder, description = "Replaced"),
        (status = 201, body = Forwarder, description = "Made"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, forwarder)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_forwarder(&forwarder, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("forwarder", &before.forwarders, &forwarder, name_of).is_err();
    let drafts = std::slice::from_ref(&draft);
    let mut warnings = app.hub.reordering_warnings(&before, drafts).await?;
    warnings.extend(app.hub.unknown_form_warnings(&project, drafts).await?);
    warnings.extend(app.hub.unknown_field_warnings(&project, drafts).await?);
    save(&app, &caller, &project, Draft::Forwarder(draft), &expected).await?;
    let Tagged(tag, made) = shown(&app, &project, &forwarder).await?;
    let warnings = warnings.into_iter().map(Mistake::from).collect();
    Ok(saved(is_new, Tagged(tag, Forwarder { warnings, ..made })))
}

/// Remove a forwarder
///
/// Deliveries that wait for it are cancelled; those that ended stay as a record.
#[utoipa::path(
    delete,
    path = "/projects/{project}/forwarders/{forwarder}",
    operation_id = "delete_forwarder",
    tag = "forwarders",
    params(("project" = String, Path), ("forwarder" = String, Path), Conditions),
    responses((status = 204, description = "Removed"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, forwarder)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::Forwarder, &forwarder, &expected).await
}

/// Pause a forwarder
///
/// Its deliveries are made as before, and wait.
#[utoipa::path(
    post,
    path = "/projects/{project}/forwarders/{forwarder}/pause",
    operation_id = "pause_forwarder",
    tag = "forwarders",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Forwarder), Problem),
)]
pub(super) async fn pause(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, forwarder)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Tagged<Json<Forwarder>>, Problem> {
    app.hub.set_paused(&project, &forwarder, true, &reason.asked(&caller)).await?;
    Ok(as_json(shown(&app, &project, &forwarder).await?))
}

/// Resume a forwarder
///
/// What waited is sent at once.
#[utoipa::path(
    post,
    path = "/projects/{project}/forwarders/{forwarder}/resume",
    operation_id = "resume_forwarder",
    tag = "forwarders",
    request_body = Option<Reasoned>,
    responses((status = 200, body = Forwarder), Problem),
)]
pub(super) async fn resume(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, forwarder)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    reason: Reason,
) -> Result<Tagged<Json<Forwarder>>, Problem> {
    app.hub.set_paused(&project, &forwarder, false, &reason.asked(&caller)).await?;
    Ok(as_json(shown(&app, &project, &forwarder).await?))
}
