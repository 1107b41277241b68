//! Tables, put together of what their rows have.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::json::Value;
use fieldpost_model::rows::{Cell, Column, ColumnName, MAX_COLUMNS, Table};

use super::answers::Entry;
use super::names::{
    NEVER, column_name, fitted, identifier, joined, read_table, suffixed, table_after,
};

/// What stands between the name of a main table and that of a repeat.
const INSIDE: &str = "__";

/// What is added to a column's name for that of its spare.
const SPARE: &str = "text";

/// Where tables are: the schema, and the name of the main one.
pub(super) struct Place {
    schema: Option<String>,
    name: String,
}

impl Place {
    /// The table that a person named, or the one that is called after a thing.
    pub(super) fn of(table: Option<&str>, after: &str) -> Result<Self, String> {
        match table {
            Some(table) => read_table(table).map(|(schema, name)| Self { schema, name }),
            None => Ok(Self { schema: None, name: table_after(after) }),
        }
    }

    /// The name of the table of a repeat, of any length.
    fn inside(&self, path: &[String]) -> String {
        format!("{}{INSIDE}{}", self.name, joined(path))
    }
}

/// A table whose columns are not named yet.
pub(super) struct Draft {
    keys: usize,
    /// The hub's own columns, with what stands in them where the rows do not bring it.
    fixed: Vec<Entry>,
    rows: Vec<(Vec<Cell>, Vec<Entry>)>,
}

/// What is told apart: no question takes the place of what the hub says itself.
fn key(entry: &Entry) -> (bool, &str) {
    (entry.is_fixed, &entry.source)
}

impl Draft {
    pub(super) fn new(keys: usize, fixed: Vec<Entry>) -> Self {
        Self { keys, fixed, rows: Vec::new() }
    }

    /// Adds a row: the cells of the first fixed columns, and what else it has.
    pub(super) fn add(&mut self, cells: Vec<Cell>, entries: Vec<Entry>) {
        self.rows.push((cells, entries));
    }

    /// The table, at a path of repeats. The error is a sentence.
    pub(super) fn table(self, place: &Place, path: &[String]) -> Result<Table, String> {
        let name = if path.is_empty() {
            place.name.clone()
        } else {
            fitted(&place.inside(path), &path.join("/"))
        };
        let mut places = BTreeMap::new();
        let mut drafted = Vec::new();
        let brought = self.rows.iter().flat_map(|(_, entries)| entries);
        for entry in self.fixed.iter().chain(brought) {
            places.entry(key(entry)).or_insert_with(|| {
                drafted.push(entry);
                drafted.len() - 1
            });
        }
        if drafted.len() > MAX_COLUMNS {
            return Err(format!(
                "the table `{name}` would have {} columns: PostgreSQL takes at most {MAX_COLUMNS}; \
                 send the form in another format, or withhold what is not needed",
                drafted.len()
            ));
        }
        let columns = named(&drafted)?;
        let row = |(cells, entries): &(Vec<Cell>, Vec<Entry>)| {
            let own = self.fixed.iter().map(|entry| &entry.cell).skip(cells.len());
            let mut row: Vec<Cell> = cells.iter().chain(own).cloned().collect();
            row.resize(drafted.len(), Cell::Null);
            for entry in entries {
                if let Some(cell) = places.get(&key(entry)).and_then(|place| row.get_mut(*place)) {
                    *cell = entry.cell.clone();
                }
            }
            row.into_iter().map(clean).collect()
        };
        let rows = self.rows.iter().map(row).collect();
        Ok(Table { schema: place.schema.clone(), name, columns, keys: self.keys, rows })
    }
}

/// Names the columns. Those that would have the same name get another, all of them.
fn named(drafted: &[&Entry]) -> Result<Vec<Column>, String> {
    let fixed: BTreeSet<&str> =
        drafted.iter().filter(|it| it.is_fixed).map(|it| it.plain.as_str()).collect();
    let is_taken = |name: &str| fixed.contains(name) || NEVER.contains(&name);
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    for it in drafted.iter().filter(|it| !it.is_fixed) {
        *wanted.entry(fitted(&it.plain, &it.source)).or_default() += 1;
    }
    let name = |it: &Entry| {
        let name = fitted(&it.plain, &it.source);
        let is_wanted = wanted.get(&name).is_some_and(|wanted| *wanted > 1);
        column_name(&it.plain, &it.source, !it.is_fixed && (is_wanted || is_taken(&name)))
    };
    let names: Vec<ColumnName> = drafted.iter().map(|it| name(it)).collect();
    let mut taken = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !taken.insert(name.name.as_str())) {
        return Err(format!("two questions come to the column `{}`: rename one", twice.name));
    }
    let spare = |name: &ColumnName| {
        let source = format!("{} ({SPARE})", name.source);
        let plain = format!("{}_{SPARE}", name.name);
        let fitted = fitted(&plain, &source);
        column_name(&plain, &source, taken.contains(&*fitted) || is_taken(&fitted))
    };
    let spares: Vec<ColumnName> = names.iter().map(spare).collect();
    let columns = drafted.iter().zip(names.iter().cloned().zip(spares));
    Ok(columns
        .map(|(it, (name, spare))| Column { name, kind: it.kind, spare, expected: it.expected })
        .collect())
}

/// Gives tables of repeats that would have the same name names of their own.
pub(super) fn with_names_of_their_own(tables: Vec<(Vec<String>, Table)>) -> Vec<Table> {
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    for (_, table) in &tables {
        *wanted.entry(table.name.clone()).or_default() += 1;
    }
    let named = tables.into_iter().map(|(path, mut table)| {
        if wanted.get(&table.name).is_some_and(|wanted| *wanted > 1) {
            table.name = suffixed(&table.name, &path.join("/"));
        }
        table
    });
    named.collect()
}

/// A cell that a database takes: none has the character that ends texts elsewhere.
fn clean(cell: Cell) -> Cell {
    match cell {
        Cell::Text(text) => Cell::Text(clean_text(text)),
        Cell::Unfit(text) => Cell::Unfit(clean_text(text)),
        Cell::Texts(texts) => Cell::Texts(texts.into_iter().map(clean_text).collect()),
        Cell::Json(value) => Cell::Json(clean_value(value)),
        other => other,
    }
}

fn clean_text(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

fn clean_value(value: Value<'static>) -> Value<'static> {
    match value {
        Value::String(text) => Value::from(clean_text(text.into_owned())),
        Value::Array(values) => Value::Array(values.into_iter().map(clean_value).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (clean_text(name.into_owned()).into(), clean_value(value)))
                .collect(),
        ),
        other => other,
    }
}

/// The name that a column of a case has, of any length.
pub(super) fn of_property(name: &str) -> String {
    identifier(name)
}
