//! Collections: what jobs keep between runs, JSON by key.
//!
//! They are OpenFn's: a collection has a name and is there as soon as something is kept in it. Keys are
//! compared byte by byte and asked for one by one or by a pattern, in which `*` stands for anything; what
//! stands before the first `*` is looked up along the index, so that a pattern costs what it finds. Values may be
//! large, so keys are chosen first, without them, and the values of a page are read in small pieces, as many as
//! a page may have bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use fieldpost_model::pattern;
use fieldpost_model::time::Timestamp;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Parameter, Row};

/// How many items a page has at most.
pub const MOST_COLLECTION_ITEMS: usize = 1_000;
/// How many bytes the keys and values of a page have at most; the first item of a page may have more.
pub const MOST_COLLECTION_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// How many keys are looked at by one statement, whether they meet the pattern or not.
const LOOK: usize = 1_000;
/// How many values one statement reads.
const READ: usize = 32;
/// How many items one statement writes.
const WRITE: usize = 500;
/// How many keys one statement removes.
const REMOVE: usize = 500;

/// One item of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionItem {
    /// Its key.
    pub key: String,
    /// Its value: JSON.
    pub value: Bytes,
    /// When the key was first kept.
    pub created_at: Timestamp,
    /// When the value was kept.
    pub updated_at: Timestamp,
}

/// Which items of a collection are wanted. Every part that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionQuery {
    /// What keys look like: `*` stands for anything. `None`: any key.
    pub pattern: Option<String>,
    /// Kept first at that time or later, and before that time.
    pub created: (Option<Timestamp>, Option<Timestamp>),
    /// Kept last at that time or later, and before that time.
    pub updated: (Option<Timestamp>, Option<Timestamp>),
}

/// A page of items, in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionPage {
    /// The items.
    pub items: Vec<CollectionItem>,
    /// The key after which the next page begins; `None` where there is no more.
    pub next: Option<String>,
}

/// A page of keys, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionKeys {
    /// The keys.
    pub keys: Vec<String>,
    /// The key after which the next page begins; `None` where there is no more.
    pub next: Option<String>,
}

/// What is known of an item without its value.
struct Seen {
    key: String,
    /// How many bytes its value has.
    bytes: usize,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Whether the values of a page are wanted as well, and so have a bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sizes {
    Any,
    Bounded,
}

/// A collection as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// How many items it has.
    pub items: u64,
    /// When something was kept in it last.
    pub updated_at: Timestamp,
}

impl CollectionQuery {
    /// What all keys begin with.
    fn beginning(&self) -> &str {
        pattern::beginning(self.pattern.as_deref().unwrap_or_default())
    }

    fn asks_for_times(&self) -> bool {
        [self.created, self.updated].iter().any(|(from, until)| from.is_some() || until.is_some())
    }

    fn wants(&self, item: &Seen) -> bool {
        let within = |at: Timestamp, (from, until): (Option<Timestamp>, Option<Timestamp>)| {
            from.is_none_or(|from| at >= from) && until.is_none_or(|until| at < until)
        };
        self.pattern.as_deref().is_none_or(|wanted| pattern::meets(&item.key, wanted))
            && within(item.created_at, self.created)
            && within(item.updated_at, self.updated)
    }
}

impl Store {
    /// Keeps items; of several with one key the last. The answer is how many keys that were.
    pub async fn set_collection_items(
        &self,
        project: &str,
        collection: &str,
        items: Vec<(String, Bytes)>,
    ) -> Result<u64, StoreError> {
        // One statement must not change a row twice.
        let items: BTreeMap<String, Bytes> = items.into_iter().collect();
        let count = items.len() as u64;
        let now = self.now_sql();
        let mut batch = Batch::default();
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let mut parameters: Vec<Parameter> = vec![project.into(), collection.into()];
            let mut rows = Vec::new();
            for (key, value) in items.by_ref().take(WRITE) {
                let place = parameters.len();
                rows.push(format!("($1, $2, ${}, ${}, {now}, {now})", place + 1, place + 2));
                parameters.push(key.into());
                parameters.push(Parameter::Bytes(value.to_vec()));
            }
            batch.any(
                format!(
                    "INSERT INTO collection_items (project, collection, key, value, created_at, updated_at)
                     VALUES {} ON CONFLICT (project, collection, key)
                     DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
                    rows.join(", ")
                ),
                parameters,
            );
        }
        self.change(batch).await?;
        Ok(count)
    }

    /// The item of that key.
    pub async fn collection_item(
        &self,
        project: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<CollectionItem>, StoreError> {
        let sql = "SELECT key, value, created_at, updated_at FROM collection_items
                   WHERE project = $1 AND collection = $2 AND key = $3";
        let parameters = vec![project.into(), collection.into(), key.into()];
        Ok(self.query(sql.to_owned(), parameters, read_item).await?.into_iter().next())
    }

    /// The items that are wanted, from behind a key on: [`MOST_COLLECTION_ITEMS`] and
    /// [`MOST_COLLECTION_PAGE_BYTES`] at most.
    pub async fn collection_items(
        &self,
        project: &str,
        collection: &str,
        query: &CollectionQuery,
        after: Option<&str>,
        limit: usize,
    ) -> Result<CollectionPage, StoreError> {
        let (seen, mut next) =
            self.seen_items(project, collection, query, after, limit, Sizes::Bounded).await?;
        let mut page = CollectionPage::default();
        let mut bytes = 0;
        let mut pieces = seen.chunks(READ).peekable();
        while let Some(piece) = pieces.next() {
            let keys = piece.iter().map(|seen| seen.key.as_str());
            let items = self.values_of(project, collection, keys).await?;
            bytes += items.iter().map(|item| item.key.len() + item.value.len()).sum::<usize>();
            page.items.extend(items);
            // A value may have grown since it was looked at.
            if bytes > MOST_COLLECTION_PAGE_BYTES && pieces.peek().is_some() {
                next = piece.last().map(|seen| seen.key.clone());
                break;
            }
        }
        page.next = next;
        Ok(page)
    }

    /// The keys of the items that are wanted, from behind a key on, [`MOST_COLLECTION_ITEMS`] at most.
    pub async fn collection_keys(
        &self,
        project: &str,
        collection: &str,
        query: &CollectionQuery,
        after: Option<&str>,
        limit: usize,
    ) -> Result<CollectionKeys, StoreError> {
        let (seen, next) =
            self.seen_items(project, collection, query, after, limit, Sizes::Any).await?;
        Ok(CollectionKeys { keys: seen.into_iter().map(|seen| seen.key).collect(), next })
    }

    /// The items that are wanted, as many as a page may have, and the last one's key where more follow.
    async fn seen_items(
        &self,
        project: &str,
        collection: &str,
        query: &CollectionQuery,
        after: Option<&str>,
        limit: usize,
        sizes: Sizes,
    ) -> Result<(Vec<Seen>, Option<String>), StoreError> {
        let limit = limit.clamp(1, MOST_COLLECTION_ITEMS);
        let beginning = query.beginning();
        let mut behind = after.map(str::to_owned);
        let (mut chosen, mut bytes) = (Vec::<Seen>::new(), 0);
        let mut look = LOOK.min(limit + 1);
        loop {
            let from = behind.as_deref();
            let found = self.items_behind(project, collection, query, from, look).await?;
            let is_all = found.len() < look;
            look = LOOK;
            for seen in found {
                // Keys lie in order, so that those with one beginning lie together.
                if !seen.key.starts_with(beginning) {
                    return Ok((chosen, None));
                }
                behind = Some(seen.key.clone());
                if !query.wants(&seen) {
                    continue;
                }
                bytes += seen.key.len() + seen.bytes;
                let is_too_much = sizes == Sizes::Bounded && bytes > MOST_COLLECTION_PAGE_BYTES;
                if chosen.len() == limit || (is_too_much && !chosen.is_empty()) {
                    let last = chosen.last().map(|seen| seen.key.clone());
                    return Ok((chosen, last));
                }
                chosen.push(seen);
            }
            if is_all {
                return Ok((chosen, None));
            }
        }
    }

    async fn items_behind(
        &self,
        project: &str,
        collection: &str,
        query: &CollectionQuery,
        behind: Option<&str>,
        look: usize,
    ) -> Result<Vec<Seen>, StoreError> {
        let beginning = query.beginning();
        // A key that begins so is never before its own beginning.
        let (comparison, from) = match behind {
            Some(behind) if behind >= beginning => (">", behind),
            _ => (">=", beginning),
        };
        // On SQLite the times lie behind the value, which is passed through to get at them.
        let times = if query.asks_for_times() {
            "created_at, updated_at"
        } else {
            "CAST(0 AS BIGINT), CAST(0 AS BIGINT)"
        };
        let sql = format!(
            "SELECT key, CAST(LENGTH(value) AS BIGINT), {times} FROM collection_items
             WHERE project = $1 AND collection = $2 AND key {comparison} $3 ORDER BY key LIMIT {look}"
        );
        let parameters = vec![project.into(), collection.into(), from.into()];
        self.query(sql, parameters, |row: &Row<'_>| {
            Ok(Seen {
                key: row.text(0)?,
                bytes: usize::try_from(row.integer(1)?).unwrap_or(usize::MAX),
                created_at: row.time(2)?,
                updated_at: row.time(3)?,
            })
        })
        .await
    }

    /// The items of a few keys. Those that are gone by now are left out.
    async fn values_of(
        &self,
        project: &str,
        collection: &str,
        keys: impl Iterator<Item = &str>,
    ) -> Result<Vec<CollectionItem>, StoreError> {
        let mut parameters: Vec<Parameter> = vec![project.into(), collection.into()];
        parameters.extend(keys.map(Parameter::from));
        let places: Vec<String> = (3..=parameters.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT key, value, created_at, updated_at FROM collection_items
             WHERE project = $1 AND collection = $2 AND key IN ({}) ORDER BY key",
            places.join(", ")
        );
        self.query(sql, parameters, read_item).await
    }

    /// Removes items by their keys; the answer is how many there were.
    pub async fn remove_collection_items(
        &self,
        project: &str,
        collection: &str,
        keys: &[String],
    ) -> Result<u64, StoreError> {
        let mut batch = Batch::default();
        for keys in keys.chunks(REMOVE) {
            let mut parameters: Vec<Parameter> = vec![project.into(), collection.into()];
            let places: Vec<String> =
                (3..3 + keys.len()).map(|place| format!("${place}")).collect();
            parameters.extend(keys.iter().map(|key| Parameter::from(key.as_str())));
            batch.any(
                format!(
                    "DELETE FROM collection_items
                     WHERE project = $1 AND collection = $2 AND key IN ({})",
                    places.join(", ")
                ),
                parameters,
            );
        }
        Ok(self.change(batch).await?.into_iter().sum())
    }

    /// All collections of a project, by name.
    pub async fn collections(&self, project: &str) -> Result<Vec<Collection>, StoreError> {
        let sql = "SELECT collection, COUNT(*), MAX(updated_at) FROM collection_items
                   WHERE project = $1 GROUP BY collection ORDER BY collection";
        self.query(sql.to_owned(), vec![project.into()], |row: &Row<'_>| {
            Ok(Collection {
                name: row.text(0)?,
                items: row.integer(1)?.cast_unsigned(),
                updated_at: row.time(2)?,
            })
        })
        .await
    }
}

fn read_item(row: &Row<'_>) -> Result<CollectionItem, StoreError> {
    Ok(CollectionItem {
        key: row.text(0)?,
        value: row.bytes(1)?.into(),
        created_at: row.time(2)?,
        updated_at: row.time(3)?,
    })
}
