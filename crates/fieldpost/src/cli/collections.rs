//! `fieldpost collections`: what jobs of a project keep between runs.
//!
//! Items are asked for, kept and removed as by the command `openfn collections`: one by its key, many by a
//! pattern in which `*` stands for anything.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::deliveries::is_confirmed;
use super::show::{counted, json, list, number, short_time, text};
use super::time::Moment;
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Items that one request keeps at most; the API takes no more.
const MOST_ITEMS: usize = 1_000;
/// How many bytes of items one request has, unless one item alone has more: a hub takes 10 MiB unless it is
/// told otherwise.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Look at what jobs keep between runs, put items there and remove them: list, get, set, remove
#[derive(Debug, Subcommand)]
pub(crate) enum Collections {
    List(List),
    Get(Box<Get>),
    Set(Set),
    Remove(Box<Remove>),
}

/// List the collections of a project, by name
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// Write the value of a key, or an object with the items of a pattern, as JSON
///
/// With `--json`, items are written with the times at which they were kept.
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The collection's name.
    name: String,

    /// The key; `*` in it stands for anything, and `*` alone for all items.
    key: String,

    /// At most so many items.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,

    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output_path: Option<PathBuf>,

    #[command(flatten)]
    times: Times,
    #[command(flatten)]
    target: Target,
}

/// Keep a value under a key, or many items
///
/// For example: fieldpost collections set visits 2026-01-31-a1 visit.json
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The collection's name; it begins with the first item.
    name: String,

    /// The key; an item that has it gets the value.
    #[arg(required_unless_present = "items", conflicts_with = "items", requires = "value")]
    key: Option<String>,

    /// The file with the value as JSON, or - for standard input.
    #[arg(value_name = "FILE")]
    value: Option<PathBuf>,

    /// A file with many items, or - for standard input: a JSON object of values by key, or what
    /// `collections get --json` writes.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,

    #[command(flatten)]
    target: Target,
}

/// Remove the item of a key, or all items of a pattern
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// The collection's name.
    name: String,

    /// The key; `*` in it stands for anything, and `*` alone for all items.
    key: String,

    /// Only say how many it would be.
    #[arg(long)]
    dry_run: bool,

    /// Remove many items without asking.
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    times: Times,
    #[command(flatten)]
    target: Target,
}

/// When items were kept.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which items")]
struct Times {
    /// Only those whose key was first kept at this time or later: 2026-01-31T12:00:00Z, 2026-01-31, or 2h
    /// for two hours ago.
    #[arg(long, value_name = "TIME")]
    created_after: Option<Moment>,

    /// Only those whose key was first kept before this time.
    #[arg(long, value_name = "TIME")]
    created_before: Option<Moment>,

    /// Only those whose value was kept at this time or later.
    #[arg(long, value_name = "TIME")]
    updated_after: Option<Moment>,

    /// Only those whose value was kept before this time.
    #[arg(long, value_name = "TIME")]
    updated_before: Option<Moment>,
}

impl Times {
    fn query(&self) -> Query {
        [
            ("created_after", self.created_after),
            ("created_before", self.created_before),
            ("updated_after", self.updated_after),
            ("updated_before", self.updated_before),
        ]
        .into_iter()
        .filter_map(|(name, time)| Some((name, time?.for_query())))
        .collect()
    }

    /// Whether a key means one item and nothing else.
    fn leave_one(&self, key: &str) -> bool {
        !key.contains('*') && self.query().is_empty()
    }
}

impl Collections {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Get(get) => get.execute().await,
            Self::Set(set) => set.execute().await,
            Self::Remove(remove) => remove.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let collections = client.whole_list(&["projects", &project, "collections"]).await?;
        list(collections, self.target.json, "no collections", |collections| {
            let mut table = output::table(["collection", "items", "changed (UTC)"]);
            for collection in collections {
                table.add_row(vec![
                    text(collection, "name").into_owned(),
                    text(collection, "items").into_owned(),
                    short_time(&text(collection, "updated_at")),
                ]);
            }
            table
        })
    }
}

impl Get {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let place = ["projects", &*project, "collections", &*self.name, "items"];
        let found = if self.times.leave_one(&self.key) {
            let item = client.get(&[&place[..], &[&*self.key]].concat(), &Query::new()).await?;
            if self.target.json { item } else { value_of(item) }
        } else {
            let mut query = self.times.query();
            query.push(("key", self.key.clone()));
            let items = client.list(&place, &query, self.limit.unwrap_or(usize::MAX)).await?;
            if self.target.json { Value::Array(items) } else { by_key(items) }
        };
        match &self.output_path {
            None => json(&found)?,
            Some(file) => std::fs::write(file, found.to_json_pretty() + "\n")
                .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?,
        }
        Ok(Ending::Well)
    }
}

/// The value of an item.
fn value_of(item: Json) -> Json {
    let Value::Object(members) = item else { return Value::Null };
    members.into_iter().find(|(name, _)| name == "value").map_or(Value::Null, |(_, value)| value)
}

/// Items as an object: values by key.
fn by_key(items: Vec<Json>) -> Json {
    let pairs = items.into_iter().map(|item| {
        let key = item.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        (key, value_of(item))
    });
    Value::object(pairs)
}

impl Set {
    async fn execute(self) -> Result<Ending, Failure> {
        let items = match (self.items, self.key, self.value) {
            (Some(file), ..) => items_of(read(&file)?)?,
            (None, Some(key), Some(value)) => vec![(key, read(&value)?)],
            _ => return Err(Failure::usage("nothing says what is to be kept")),
        };
        let (client, project) = self.target.open().await?;
        let place = ["projects", &*project, "collections", &*self.name, "items"];
        let mut upserted = 0;
        for batch in batches(items) {
            let body = Value::object([("items", Value::Array(batch))]).to_json();
            upserted += number(&client.post(&place, &Query::new(), body).await?, "upserted");
        }
        if self.target.json {
            json(&counts("upserted", upserted))?;
        } else {
            output::line(format!("{} kept in {}", counted(upserted, "item", "items"), self.name))?;
        }
        Ok(Ending::Well)
    }
}

fn counts(name: &'static str, count: u64) -> Json {
    Value::object([(name, Value::from(count))])
}

/// The items of a file: an object of values by key, or a list of keys with values.
fn items_of(given: Json) -> Result<Vec<(String, Json)>, Failure> {
    match given {
        Value::Object(members) => {
            Ok(members.into_iter().map(|(key, value)| (key.into_owned(), value)).collect())
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| match item.get("key").and_then(Value::as_str).map(str::to_owned) {
                Some(key) if item.get("value").is_some() => Ok((key, value_of(item))),
                _ => Err(Failure::usage("an item of the list has no `key`, or no `value`")),
            })
            .collect(),
        _ => Err(Failure::usage("items are a JSON object of values by key, or a list of items")),
    }
}

/// Items in pieces that one request takes.
fn batches(items: Vec<(String, Json)>) -> Vec<Vec<Json>> {
    let mut batches: Vec<Vec<Json>> = Vec::new();
    let mut bytes = BATCH_BYTES;
    for (key, value) in items {
        let size = key.len() + value.to_json().len();
        let item = Value::object([("key", Value::from(key)), ("value", value)]);
        match batches.last_mut() {
            Some(batch) if bytes + size <= BATCH_BYTES && batch.len() < MOST_ITEMS => {
                batch.push(item);
                bytes += size;
            }
            _ => {
                batches.push(vec![item]);
                bytes = size;
            }
        }
    }
    batches
}

/// Reads JSON from a file, or from standard input.
fn read(file: &Path) -> Result<Json, Failure> {
    let trouble = |error: std::io::Error| Failure::new(format!("{}: {error}", file.display()));
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).map_err(trouble)?
    } else {
        std::fs::read_to_string(file).map_err(trouble)?
    };
    let value = Value::parse(text.as_bytes())
        .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", file.display())))?;
    Ok(value.into_owned())
}

impl Remove {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let is_one = self.times.leave_one(&self.key);
        if self.dry_run || (!is_one && !self.yes) {
            let would = self.ask(&client, &project, true).await?;
            let items = counted(number(&would, "removed"), "item", "items");
            if self.dry_run {
                if self.target.json {
                    json(&would)?;
                } else {
                    output::line(format!("remove would touch {items}"))?;
                }
                return Ok(Ending::Well);
            }
            if !is_confirmed(&format!("remove {items}"))? {
                output::note("nothing was done");
                return Ok(Ending::NotWell);
            }
        }
        let done = if is_one {
            let place = ["projects", &*project, "collections", &*self.name, "items", &*self.key];
            client.delete(&place).await?;
            counts("removed", 1)
        } else {
            self.ask(&client, &project, false).await?
        };
        if self.target.json {
            json(&done)?;
        } else {
            let items = counted(number(&done, "removed"), "item", "items");
            output::line(format!("{items} removed from {}", self.name))?;
        }
        Ok(Ending::Well)
    }

    async fn ask(&self, client: &HubClient, project: &str, dry_run: bool) -> Result<Json, Failure> {
        let place = ["projects", project, "collections", &*self.name, "items"];
        let mut query = self.times.query();
        query.push(("key", self.key.clone()));
        query.push(("dry_run", dry_run.to_string()));
        client.take_away(&place, &query).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Json {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[test]
    fn items_are_an_object_or_a_list() {
        let expected = vec![("a".to_owned(), parsed("1.10")), ("b".to_owned(), parsed("null"))];
        for text in [
            r#"{"a": 1.10, "b": null}"#,
            r#"[{"key": "a", "value": 1.10, "created_at": "x"}, {"key": "b", "value": null}]"#,
        ] {
            assert_eq!(items_of(parsed(text)).unwrap(), expected, "{text}");
        }
        for text in ["1", r#"[{"key": "a"}]"#, r#"[{"value": 1}]"#, "[1]"] {
            assert!(items_of(parsed(text)).is_err(), "{text}");
        }
        assert_eq!(by_key(vec![parsed(r#"{"key":"a","value":[1]}"#)]), parsed(r#"{"a":[1]}"#));
    }

    #[test]
    fn batches_have_a_bound_of_items_and_one_of_bytes() {
        let sizes = |items: Vec<(String, Json)>| -> Vec<usize> {
            batches(items).iter().map(Vec::len).collect()
        };
        let small = |count| (0..count).map(|key: usize| (key.to_string(), Value::Null)).collect();
        assert_eq!(sizes(small(0)), [0; 0]);
        assert_eq!(sizes(small(MOST_ITEMS)), [MOST_ITEMS]);
        assert_eq!(sizes(small(MOST_ITEMS + 1)), [MOST_ITEMS, 1]);
        let large = || ("k".to_owned(), Value::from("x".repeat(BATCH_BYTES / 2 - 3)));
        assert_eq!(sizes(vec![large(), large()]), [2]);
        assert_eq!(sizes(vec![large(), large(), ("k".to_owned(), Value::Null)]), [2, 1]);
        let larger = ("k".to_owned(), Value::from("x".repeat(BATCH_BYTES)));
        assert_eq!(sizes(vec![larger, large()]), [1, 1]);
    }
}
