//! Collections: what jobs of a project keep between runs, and what people look up in it, put there and
//! take away.
//!
//! A collection is there as long as something is kept in it. Who asks for one that is not is told so, as with
//! every other name: a typing mistake must not look like an empty collection.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use fieldpost_rules::collection::{self, NotKept};
use fieldpost_store::{CollectionItem, CollectionQuery, MOST_COLLECTION_ITEMS};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::audited::Audited;
use super::body::Input;
use super::exact::ExactJson;
use super::list::{List, ListedByText, Turn, text_cursor};
use super::parameters::{NoParameters, Parameters, boolean, nearest, shortened, time};
use super::path::Path;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// A collection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Collection {
    /// Its name.
    #[schema(example = "visits")]
    name: String,
    /// How many items it has.
    items: u64,
    /// When something was kept in it last.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// An item of a collection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Item {
    /// Its key.
    #[schema(example = "2026-01-31-a1")]
    key: String,
    /// Its value: any JSON, as it was kept.
    #[schema(required, value_type = Option<Object>)]
    value: ExactJson,
    /// When the key was first kept.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the value was kept.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Keep {
    /// The items, 1,000 at most. Of several with one key the last one counts.
    #[schema(max_items = 1000)]
    items: Vec<KeepItem>,
}

/// An item that is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeepItem {
    /// Its key, of 255 bytes at most; an item that has it gets the value.
    #[schema(example = "2026-01-31-a1")]
    key: String,
    /// Its value: any JSON, of a million characters at most.
    #[schema(value_type = Object)]
    value: Box<RawValue>,
}

/// What was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Kept {
    /// How many items were kept, new ones and others.
    upserted: u64,
}

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Removed {
    /// How many items were removed, or would be.
    removed: u64,
}

/// Which items are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemFilter {
    /// With this key, in which `*` stands for anything; any key unless given.
    #[param(example = "2026-*")]
    key: Option<String>,
    /// Whose key was first kept at this time or later.
    #[param(format = DateTime)]
    created_after: Option<String>,
    /// Whose key was first kept before this time.
    #[param(format = DateTime)]
    created_before: Option<String>,
    /// Whose value was kept at this time or later.
    #[param(format = DateTime)]
    updated_after: Option<String>,
    /// Whose value was kept before this time.
    #[param(format = DateTime)]
    updated_before: Option<String>,
}

/// Which items are removed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Removal {
    /// With this key, in which `*` stands for anything. It must be there: `*` alone removes the collection.
    #[param(example = "2025-*")]
    key: Option<String>,
    /// Whose key was first kept at this time or later.
    #[param(format = DateTime)]
    created_after: Option<String>,
    /// Whose key was first kept before this time.
    #[param(format = DateTime)]
    created_before: Option<String>,
    /// Whose value was kept at this time or later.
    #[param(format = DateTime)]
    updated_after: Option<String>,
    /// Whose value was kept before this time.
    #[param(format = DateTime)]
    updated_before: Option<String>,
    /// Whether it is only told how many would be removed.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

impl From<fieldpost_store::Collection> for Collection {
    fn from(collection: fieldpost_store::Collection) -> Self {
        let fieldpost_store::Collection { name, items, updated_at } = collection;
        Self { name, items, updated_at: updated_at.to_string() }
    }
}

impl From<CollectionItem> for Item {
    fn from(item: CollectionItem) -> Self {
        let value = String::from_utf8_lossy(&item.value).into_owned();
        Self {
            key: item.key,
            value: ExactJson::of_text(value),
            created_at: item.created_at.to_string(),
            updated_at: item.updated_at.to_string(),
        }
    }
}

impl ItemFilter {
    fn read(self) -> Result<CollectionQuery, Problem> {
        let Self { key, created_after, created_before, updated_after, updated_before } = self;
        Ok(CollectionQuery {
            pattern: key,
            created: (
                time("created_after", created_after.as_deref())?,
                time("created_before", created_before.as_deref())?,
            ),
            updated: (
                time("updated_after", updated_after.as_deref())?,
                time("updated_before", updated_before.as_deref())?,
            ),
        })
    }
}

/// The collections of a project, by name
#[utoipa::path(
    get,
    path = "/projects/{project}/collections",
    operation_id = "list_collections",
    tag = "workflows",
    params(("project" = String, Path)),
    responses((status = 200, body = List<Collection>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Json<List<Collection>>, Problem> {
    app.hub.project(&project).await?;
    let found = app.hub.store().collections(&project).await?;
    Ok(Json(List::whole(found.into_iter().map(Collection::from))))
}

/// The items of a collection, by key
///
/// A page has 8 MiB at most, so that it may have fewer items than asked for although more follow.
#[utoipa::path(
    get,
    path = "/projects/{project}/collections/{collection}/items",
    operation_id = "list_collection_items",
    tag = "workflows",
    params(("project" = String, Path), ("collection" = String, Path), ItemFilter, Turn),
    responses((status = 200, body = List<Item>), Problem),
)]
pub(super) async fn items(
    State(app): State<Shared>,
    Path((project, collection)): Path<(String, String)>,
    ListedByText { filter, after, limit }: ListedByText<ItemFilter>,
) -> Result<Json<List<Item>>, Problem> {
    let query = filter.read()?;
    app.hub.project(&project).await?;
    let store = app.hub.store();
    let page =
        store.collection_items(&project, &collection, &query, after.as_deref(), limit).await?;
    if page.items.is_empty() {
        need_collection(&app, &project, &collection).await?;
    }
    let next = page.next.map(|key| text_cursor(&key));
    Ok(Json(List::turned(page.items.into_iter().map(Item::from).collect(), next)))
}

/// One item of a collection
#[utoipa::path(
    get,
    path = "/projects/{project}/collections/{collection}/items/{key}",
    operation_id = "get_collection_item",
    tag = "workflows",
    params(("project" = String, Path), ("collection" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = Item), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, collection, key)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Item>, Problem> {
    app.hub.project(&project).await?;
    match app.hub.store().collection_item(&project, &collection, &key).await? {
        Some(item) => Ok(Json(item.into())),
        None => Err(no_such_item(&app, &project, &collection, &key).await?),
    }
}

/// Keep items
///
/// All of them or, where one will not do, none. A collection begins with the first item that is kept in it.
#[utoipa::path(
    post,
    path = "/projects/{project}/collections/{collection}/items",
    operation_id = "keep_collection_items",
    tag = "workflows",
    params(("project" = String, Path), ("collection" = String, Path)),
    request_body = Keep,
    responses((status = 200, body = Kept), Problem),
)]
pub(super) async fn keep(
    State(app): State<Shared>,
    audited: Audited,
    Path((project, collection)): Path<(String, String)>,
    _: Parameters<NoParameters>,
    Input(Keep { items }): Input<Keep>,
) -> Result<Json<Kept>, Problem> {
    app.hub.project(&project).await?;
    collection::check_name("The name of a collection", &collection).map_err(not_kept)?;
    if items.len() > MOST_COLLECTION_ITEMS {
        let detail = format!(
            "{} items at once are too many: {MOST_COLLECTION_ITEMS} are the most",
            items.len()
        );
        return Err(Problem::bad_request("bad-body", detail).hint("send them in several requests"));
    }
    for item in &items {
        collection::check_item(&item.key, item.value.get()).map_err(not_kept)?;
    }
    let items = items.into_iter().map(|item| {
        let text: Box<str> = item.value.into();
        (item.key, Bytes::from(String::from(text)))
    });
    let store = app.hub.store();
    let upserted = store.set_collection_items(&project, &collection, items.collect()).await?;
    audited.detail("items", upserted);
    Ok(Json(Kept { upserted }))
}

/// Remove items
///
/// Those that the query describes and that are there now.
#[utoipa::path(
    delete,
    path = "/projects/{project}/collections/{collection}/items",
    operation_id = "remove_collection_items",
    tag = "workflows",
    params(("project" = String, Path), ("collection" = String, Path), Removal),
    responses((status = 200, body = Removed), Problem),
)]
pub(super) async fn remove(
    State(app): State<Shared>,
    audited: Audited,
    Path((project, collection)): Path<(String, String)>,
    Parameters(removal): Parameters<Removal>,
) -> Result<Json<Removed>, Problem> {
    let Removal { key, created_after, created_before, updated_after, updated_before, dry_run } =
        removal;
    if key.is_none() {
        let detail = "the parameter `key` is not there, which says what is removed";
        let problem = Problem::bad_request("missing-parameter", detail);
        return Err(problem.hint("a key, a pattern such as 2025-*, or * for all items"));
    }
    let filter = ItemFilter { key, created_after, created_before, updated_after, updated_before };
    let (query, dry_run) = (filter.read()?, boolean("dry_run", dry_run.as_deref())?);
    app.hub.project(&project).await?;
    let store = app.hub.store();
    let mut removed = 0;
    let mut after = None;
    loop {
        let (behind, most) = (after.as_deref(), MOST_COLLECTION_ITEMS);
        let page = store.collection_keys(&project, &collection, &query, behind, most).await?;
        removed += if dry_run {
            page.keys.len() as u64
        } else {
            store.remove_collection_items(&project, &collection, &page.keys).await?
        };
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if removed == 0 {
        need_collection(&app, &project, &collection).await?;
    }
    audited.detail("items", removed);
    Ok(Json(Removed { removed }))
}

/// Remove one item of a collection
#[utoipa::path(
    delete,
    path = "/projects/{project}/collections/{collection}/items/{key}",
    operation_id = "remove_collection_item",
    tag = "workflows",
    params(("project" = String, Path), ("collection" = String, Path), ("key" = String, Path)),
    responses((status = 204, description = "The collection has no such item any more"), Problem),
)]
pub(super) async fn remove_one(
    State(app): State<Shared>,
    audited: Audited,
    Path((project, collection, key)): Path<(String, String, String)>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    // A key may name a person, and the audit log is kept for long.
    audited.target(collection.clone());
    app.hub.project(&project).await?;
    let store = app.hub.store();
    let keys = [key];
    if store.remove_collection_items(&project, &collection, &keys).await? == 0 {
        return Err(no_such_item(&app, &project, &collection, &keys[0]).await?);
    }
    audited.detail("items", 1);
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses the name of a collection in which nothing is kept.
async fn need_collection(app: &App, project: &str, name: &str) -> Result<(), Problem> {
    let store = app.hub.store();
    let first = store.collection_keys(project, name, &CollectionQuery::default(), None, 1).await?;
    if !first.keys.is_empty() {
        return Ok(());
    }
    let known = store.collections(project).await?;
    let problem = Problem::not_found("collection", shortened(name));
    Err(match nearest(name, known.iter().map(|one| one.name.as_str())) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("a collection is there as long as something is kept in it"),
    })
}

async fn no_such_item(
    app: &App,
    project: &str,
    collection: &str,
    key: &str,
) -> Result<Problem, Problem> {
    need_collection(app, project, collection).await?;
    Ok(Problem::not_found("item", shortened(key)))
}

fn not_kept(reason: NotKept) -> Problem {
    let detail = match reason {
        NotKept::BadName(detail) | NotKept::TooLong(detail) => detail,
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit-item", detail)
}
