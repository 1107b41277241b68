//! Sources: the ways in. Their secrets are shown only where they are asked for.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::Draft;
use fieldpost_model::secret::PLACEHOLDER;
use fieldpost_model::source;
use fieldpost_rules::definition::{Secrets, read_source, write_source};
use fieldpost_store::DefinitionKind;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Document;
use super::condition::{Condition, Conditions, Tagged};
use super::definitions::{as_json, current, find, put as save, remove, saved, with_versions};
use super::exact::ExactJson;
use super::list::List;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::principal::Caller;
use crate::app::{App, Shared};
use crate::inbox;
use crate::problem::Problem;

/// A source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Source {
    /// Its name within the project.
    #[schema(example = "kobo")]
    name: String,
    /// What its messages are written in.
    #[schema(example = "kobo")]
    dialect: &'static str,
    /// Whether it takes messages.
    enabled: bool,
    /// Its inbox, with the secret masked.
    #[schema(example = "/inbox/•••••••")]
    inbox_url: String,
    /// Its webhook URL; its end is masked for those who may not change the source.
    webhook_url: String,
    /// The source as the project file has it; give it back to change it.
    #[schema(value_type = Object)]
    definition: ExactJson,
}

impl Source {
    fn new(app: &App, source: &source::Source, secrets: Secrets) -> Self {
        let webhook = match secrets {
            Secrets::HiddenWithAddresses => PLACEHOLDER.to_owned(),
            Secrets::Shown | Secrets::Hidden => source.id.to_string(),
        };
        Self {
            name: source.name.clone(),
            dialect: source.dialect.name(),
            enabled: source.enabled,
            inbox_url: app.link(&format!("{}{PLACEHOLDER}", inbox::PREFIX)),
            webhook_url: app.link(&format!("/i/{webhook}")),
            definition: write_source(source, secrets).into(),
        }
    }
}

/// The addresses of a source, in full.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceUrls {
    /// The inbox. Who knows this address can post to it.
    inbox: String,
    /// The webhook.
    webhook: String,
    /// The webhook by its custom path, where it has one.
    #[schema(required)]
    custom: Option<String>,
}

fn name_of(source: &source::Source) -> &str {
    &source.name
}

/// All sources
#[utoipa::path(
    get,
    path = "/projects/{project}/sources",
    operation_id = "list_sources",
    tag = "sources",
    responses((status = 200, body = List<Source>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Source>>, Problem> {
    let definition = current(&app, &project).await?;
    let secrets = caller.sees(&project);
    let sources = definition.sources.iter().map(|source| Source::new(&app, source, secrets));
    Ok(Json(List::whole(sources)))
}

/// One source
#[utoipa::path(
    get,
    path = "/projects/{project}/sources/{source}",
    operation_id = "get_source",
    tag = "sources",
    responses(
        (
            status = 200,
            body = Source,
            headers(("etag" = String, description = "Another one whenever it is saved"))
        ),
        Problem,
    ),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, source)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Tagged<Json<Source>>, Problem> {
    Ok(as_json(shown(&app, &project, &source, caller.sees(&project)).await?))
}

async fn shown(
    app: &App,
    project: &str,
    name: &str,
    secrets: Secrets,
) -> Result<Tagged<Source>, Problem> {
    let stored = with_versions(app, project).await?;
    let source = find("source", &stored.definition.sources, name, name_of)?;
    Ok(Tagged(stored.saved_in(DefinitionKind::Source, name), Source::new(app, source, secrets)))
}

/// Make or replace a source
///
/// The body is a source as the project file has it. A secret or id that is left out stays as it
/// is, or is made.
#[utoipa::path(
    put,
    path = "/projects/{project}/sources/{source}",
    operation_id = "put_source",
    tag = "sources",
    params(("project" = String, Path), ("source" = String, Path), Conditions),
    request_body(content = Object, description = "A source, as in the project file"),
    responses(
        (status = 200, body = Source, description = "Replaced"),
        (status = 201, body = Source, description = "Made"),
        Problem,
    ),
)]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((project, source)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
    document: Document,
) -> Result<Response, Problem> {
    let draft = read_source(&source, &document.value()?).map_err(Problem::invalid)?;
    let before = current(&app, &project).await?;
    let is_new = find("source", &before.sources, &source, name_of).is_err();
    save(&app, &caller, &project, Draft::Source(draft), &expected).await?;
    Ok(saved(is_new, shown(&app, &project, &source, Secrets::Hidden).await?))
}

/// Remove a source
///
/// Its messages stay. A source that a forwarder names cannot be removed.
#[utoipa::path(
    delete,
    path = "/projects/{project}/sources/{source}",
    operation_id = "delete_source",
    tag = "sources",
    params(("project" = String, Path), ("source" = String, Path), Conditions),
    responses((status = 204, description = "Removed"), Problem),
)]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((project, source)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Condition(expected): Condition,
) -> Result<StatusCode, Problem> {
    remove(&app, &project, DefinitionKind::Source, &source, &expected).await
}

/// A source's addresses, secrets included
///
/// To be copied into the system that sends.
#[utoipa::path(
    get,
    path = "/projects/{project}/sources/{source}/urls",
    operation_id = "get_source_urls",
    tag = "sources",
    responses((status = 200, body = SourceUrls), Problem),
)]
pub(super) async fn urls(
    State(app): State<Shared>,
    Path((project, source)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<SourceUrls>, Problem> {
    let definition = current(&app, &project).await?;
    let source = find("source", &definition.sources, &source, name_of)?;
    let custom = source.path.as_ref().map(|path| app.link(&format!("/i/{project}/{path}")));
    Ok(Json(SourceUrls {
        inbox: app.link(&format!("{}{}", inbox::PREFIX, source.secret.expose())),
        webhook: app.link(&format!("/i/{}", source.id)),
        custom,
    }))
}
