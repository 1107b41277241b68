//! Finding anything by what somebody has of it: what the command palette asks.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{Found, FoundKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::List;
use super::names::FoundKindName;
use super::parameters::{Parameters, bad};
use super::principal::Caller;
use crate::app::Shared;
use crate::problem::Problem;

/// All but what ids are usually made of.
const IN_A_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');
/// Items of an answer at most, over all projects.
const MOST_ITEMS: usize = 50;
/// The longest text that is looked for, in bytes: no identity is longer.
const LONGEST_TEXT: usize = 300;

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchItem {
    /// What it is.
    #[schema(value_type = FoundKindName)]
    kind: &'static str,
    /// Its id; its name, where it has none.
    id: String,
    /// What to tell it by.
    #[schema(example = "births → warehouse")]
    title: String,
    /// The project that it belongs to.
    #[schema(example = "clinic")]
    project: String,
    /// Its page.
    #[schema(example = "/projects/clinic/forwarders/births")]
    url_path: String,
}

impl SearchItem {
    fn new(project: &str, found: Found) -> Self {
        let Found { kind, id, title } = found;
        let pages = match kind {
            FoundKind::Source => "sources",
            FoundKind::Forwarder => "forwarders",
            FoundKind::Workflow => "workflows",
            FoundKind::Connection => "connections",
            FoundKind::Message => "messages",
            FoundKind::Delivery => "deliveries",
            FoundKind::Run => "runs",
            FoundKind::Incident => "incidents",
            FoundKind::Form => "forms",
            FoundKind::Submission => "submissions",
            FoundKind::Case => "cases",
        };
        // Ids of cases are whatever their phones make them of.
        let place = utf8_percent_encode(&id, IN_A_PATH);
        let url_path = format!("/projects/{project}/{pages}/{place}");
        Self { kind: kind.name(), id, title, project: project.to_owned(), url_path }
    }
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// A name or a part of one; an id or its first eight digits at least; the identity of a message or
    /// a submission, the id of a case or the key of deliveries and runs, whole. Nothing is found without it.
    q: Option<String>,
    /// In this project only.
    project: Option<String>,
}

/// Find anything
///
/// In the projects that one may look at: by ids, names, identities and keys, all of which are found
/// at once. What stands in messages is looked for by the list of messages.
#[utoipa::path(
    get,
    path = "/search",
    operation_id = "search",
    tag = "projects",
    params(Search),
    responses((status = 200, body = List<SearchItem>), Problem),
)]
pub(super) async fn search(
    State(app): State<Shared>,
    caller: Caller,
    Parameters(Search { q, project: only }): Parameters<Search>,
) -> Result<Json<List<SearchItem>>, Problem> {
    let text = q.unwrap_or_default();
    if text.len() > LONGEST_TEXT {
        return Err(bad("q", &text, format!("a text of at most {LONGEST_TEXT} bytes")));
    }
    let routing = app.hub.routing();
    let mut projects: Vec<&str> = routing
        .projects()
        .map(|project| &*project.project)
        .filter(|name| {
            caller.access(name).is_some() && only.as_deref().is_none_or(|only| only == *name)
        })
        .collect();
    if let (Some(only), true) = (&only, projects.is_empty()) {
        return Err(Problem::not_found("project", only));
    }
    projects.sort_unstable();
    let mut items = Vec::new();
    for project in projects {
        let found = app.hub.find_anything(project, &text).await?;
        items.extend(found.into_iter().map(|found| SearchItem::new(project, found)));
        if items.len() >= MOST_ITEMS {
            break;
        }
    }
    items.truncate(MOST_ITEMS);
    Ok(Json(List::whole(items)))
}
