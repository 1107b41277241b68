//! The call `collections`: what jobs of a project keep between runs, in the hub's own store.
//!
//! ```text
//! { get: {name, key} }                     → {key, value, created, updated} or null
//! { list: {name, pattern, cursor, limit, created_after, created_before, updated_after, updated_before,
//!          keys_only} }                    → {items: […], cursor: text or null}
//! { set: {name, items: [{key, value}]} }   → {upserted}
//! { remove: {name, keys: [text]} }         → {removed}
//! ```
//!
//! A value is a text of JSON. A list has no more bytes than a page of the store, and `keys_only` brings items
//! without values.

use std::sync::Arc;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::collection::{self, NotKept};
use fieldpost_script::host::{Service, failure, read, write};
use fieldpost_script::protocol::CallError;
use fieldpost_script::sandbox::Answer;
use fieldpost_store::{CollectionItem, CollectionQuery, MOST_COLLECTION_ITEMS, Store, StoreError};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// The collections of one project, for one step.
pub(super) struct CollectionService {
    store: Arc<Store>,
    project: ProjectName,
    /// A step reads one answer after the other: a page may be large, and a step may ask for many at once.
    reads: Mutex<()>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Asked {
    Get { name: String, key: String },
    List(Box<List>),
    Set { name: String, items: Vec<Item> },
    Remove { name: String, keys: Vec<String> },
}

#[derive(Deserialize)]
struct List {
    name: String,
    pattern: String,
    cursor: Option<String>,
    limit: Option<usize>,
    created_after: Option<String>,
    created_before: Option<String>,
    updated_after: Option<String>,
    updated_before: Option<String>,
    #[serde(default)]
    keys_only: bool,
}

#[derive(Deserialize)]
struct Item {
    key: String,
    value: String,
}

impl Service for CollectionService {
    fn name(&self) -> &'static str {
        "collections"
    }

    fn call(&self, arguments: Box<RawValue>) -> Answer<'_> {
        Box::pin(async move {
            let asked: Asked = read(&arguments)?;
            let _turn = match asked {
                Asked::Get { .. } | Asked::List(_) => Some(self.reads.lock().await),
                Asked::Set { .. } | Asked::Remove { .. } => None,
            };
            write(&self.answer(asked).await?)
        })
    }
}

impl CollectionService {
    pub(super) fn new(store: Arc<Store>, project: ProjectName) -> Self {
        Self { store, project, reads: Mutex::new(()) }
    }

    async fn answer(&self, asked: Asked) -> Result<Value, CallError> {
        match asked {
            Asked::Get { name, key } => {
                let found = self.store.collection_item(&self.project, &name, &key).await;
                Ok(found
                    .map_err(|error| unusable(&error))?
                    .map_or(Value::Null, |item| shown(&item)))
            }
            Asked::List(list) => self.list(*list).await,
            Asked::Set { name, items } => self.set(&name, items).await,
            Asked::Remove { name, keys } => {
                need_few(keys.len())?;
                let removed = self.store.remove_collection_items(&self.project, &name, &keys).await;
                Ok(json!({ "removed": removed.map_err(|error| unusable(&error))? }))
            }
        }
    }

    async fn list(&self, list: List) -> Result<Value, CallError> {
        let query = CollectionQuery {
            pattern: Some(list.pattern),
            created: (time(list.created_after)?, time(list.created_before)?),
            updated: (time(list.updated_after)?, time(list.updated_before)?),
        };
        let limit = list.limit.unwrap_or(MOST_COLLECTION_ITEMS);
        let after = list.cursor.as_deref();
        if list.keys_only {
            let page =
                self.store.collection_keys(&self.project, &list.name, &query, after, limit).await;
            let page = page.map_err(|error| unusable(&error))?;
            let items: Vec<Value> = page.keys.iter().map(|key| json!({ "key": key })).collect();
            return Ok(json!({ "items": items, "cursor": page.next }));
        }
        let page =
            self.store.collection_items(&self.project, &list.name, &query, after, limit).await;
        let page = page.map_err(|error| unusable(&error))?;
        let items: Vec<Value> = page.items.iter().map(shown).collect();
        Ok(json!({ "items": items, "cursor": page.next }))
    }

    async fn set(&self, name: &str, items: Vec<Item>) -> Result<Value, CallError> {
        need_few(items.len())?;
        collection::check_name("The name of a collection", name).map_err(not_kept)?;
        for Item { key, value } in &items {
            collection::check_item(key, value).map_err(not_kept)?;
        }
        let items = items.into_iter().map(|item| (item.key, Bytes::from(item.value))).collect();
        let upserted = self.store.set_collection_items(&self.project, name, items).await;
        Ok(json!({ "upserted": upserted.map_err(|error| unusable(&error))? }))
    }
}

fn shown(item: &CollectionItem) -> Value {
    json!({
        "key": item.key, "value": String::from_utf8_lossy(&item.value),
        "created": item.created_at.to_string(), "updated": item.updated_at.to_string(),
    })
}

fn time(text: Option<String>) -> Result<Option<Timestamp>, CallError> {
    let Some(text) = text else { return Ok(None) };
    let read = Timestamp::parse(&text);
    read.map(Some).ok_or_else(|| failure("bad-call", format!("{text:?} is no time")))
}

fn need_few(items: usize) -> Result<(), CallError> {
    if items > MOST_COLLECTION_ITEMS {
        let message =
            format!("{items} items at once are too many: {MOST_COLLECTION_ITEMS} are the most");
        return Err(failure("bad-call", message));
    }
    Ok(())
}

fn not_kept(reason: NotKept) -> CallError {
    match reason {
        NotKept::BadName(message) => failure("bad-call", message),
        NotKept::TooLong(message) => failure("too-large", message),
    }
}

/// The database's own words are for the hub's log, not for jobs.
fn unusable(error: &StoreError) -> CallError {
    tracing::warn!(%error, "a collection could not be used");
    failure("unavailable", "The collections of the hub cannot be used at this moment")
}
