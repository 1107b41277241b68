//! What a table lacks, and where each cell goes: decided from what the database says of its columns.
//!
//! A column that is there stays as it is. Where it has another type than the hub would give it, made
//! by a person or by an earlier version of the form, it takes what it can: a column of texts takes
//! everything as a text. What a column does not take goes to its spare, the text column beside it.
//! A column of the hub's own has a note of what it holds; where that is something else, the
//! question has its alternative name, so that no column ever holds the answers to two questions.

use std::collections::HashMap;

use fieldpost_model::json::Value;
use fieldpost_model::rows::{Cell, Column, ColumnKind, ColumnName, Table};

use super::statements::{NOTE, NewColumn, create, widen};

/// What a database says of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundColumn {
    /// The name of its type, as the catalogue has it: `int8`.
    pub(super) kind: String,
    /// What it holds, where the hub has made it.
    pub(super) source: Option<String>,
}

impl FoundColumn {
    pub(super) fn new(kind: String, note: Option<&str>) -> Self {
        let source = note.and_then(|note| note.strip_prefix(NOTE)).map(str::to_owned);
        Self { kind, source }
    }
}

/// The columns of a table; none: there is no such table.
pub(super) type Found = HashMap<String, FoundColumn>;

/// A column that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Its name.
    pub(super) name: String,
    /// The type that its values are given in.
    pub(super) kind: &'static str,
    /// The place of the cells in their rows.
    place: usize,
    way: Way,
}

/// How a cell is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// As it is.
    AsItIs,
    /// As a text.
    AsText,
    /// As a text where the column beside does not take it.
    Spare {
        /// Whether it takes nothing of what has the right type.
        takes_nothing: bool,
    },
}

/// What is to be done with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The columns that are written, in their order.
    pub(super) targets: Vec<Target>,
    /// The columns that are to be made first.
    pub(super) missing: Vec<NewColumn>,
    /// Columns of the hub's own that nothing is written to.
    pub(super) forgotten: Vec<String>,
}

impl Plan {
    /// Decides it.
    pub(super) fn new(table: &Table, found: &Found) -> Self {
        let mut plan = Self { targets: Vec::new(), missing: Vec::new(), forgotten: Vec::new() };
        for (place, column) in table.columns.iter().enumerate() {
            plan.add(table, place, column, found);
        }
        let written = |name: &String| plan.targets.iter().any(|target| target.name == *name);
        let own = found.iter().filter(|(_, column)| column.source.is_some());
        let mut forgotten: Vec<String> =
            own.map(|(name, _)| name.clone()).filter(|name| !written(name)).collect();
        forgotten.sort_unstable();
        plan.forgotten = forgotten;
        plan
    }

    /// The statement that makes what is missing; none where nothing is.
    pub(super) fn growth(&self, table: &Table, found: &Found) -> Option<(&'static str, String)> {
        if found.is_empty() {
            Some(("CREATE TABLE", create(table, &self.missing)))
        } else if self.missing.is_empty() {
            None
        } else {
            Some(("ALTER TABLE", widen(table, &self.missing)))
        }
    }

    fn add(&mut self, table: &Table, place: usize, column: &Column, found: &Found) {
        let cells = || table.rows.iter().filter_map(|row| row.get(place));
        let name = resolved(&column.name, found);
        let there = found.get(name);
        let fit = there.map_or(Fit::AsItIs(column.kind.name()), |it| fit(column.kind, &it.kind));
        let is_unfit = |cell: &Cell| matches!(cell, Cell::Unfit(_));
        let is_wanted = |cell: &Cell| !matches!(cell, Cell::Null | Cell::Unfit(_));
        if there.is_none() && !column.expected && !cells().any(is_wanted) {
            return;
        }
        if there.is_none() {
            self.miss(name, column.kind.name(), &column.name);
        }
        let takes_nothing = match fit {
            Fit::AsItIs(kind) => {
                self.target(name, kind, place, Way::AsItIs);
                false
            }
            Fit::AsText => {
                self.target(name, ColumnKind::Text.name(), place, Way::AsText);
                return;
            }
            Fit::NotAtAll => true,
        };
        let spare = resolved(&column.spare, found);
        let is_there = found.get(spare).is_some_and(|it| it.source.is_some());
        let is_needed = cells().any(|cell| is_unfit(cell) || (takes_nothing && is_wanted(cell)));
        if is_needed && !found.contains_key(spare) {
            self.miss(spare, ColumnKind::Text.name(), &column.spare);
        }
        if is_needed || is_there {
            let way = Way::Spare { takes_nothing };
            self.target(spare, ColumnKind::Text.name(), place, way);
        }
    }

    fn target(&mut self, name: &str, kind: &'static str, place: usize, way: Way) {
        self.targets.push(Target { name: name.to_owned(), kind, place, way });
    }

    fn miss(&mut self, name: &str, kind: &'static str, of: &ColumnName) {
        let (name, source) = (name.to_owned(), of.source.clone());
        self.missing.push(NewColumn { name, kind, source });
    }

    /// The rows as the one parameter of an insert.
    pub(super) fn values(&self, table: &Table) -> String {
        let value = |target: &Target, row: &[Cell]| {
            let cell = row.get(target.place).unwrap_or(&Cell::Null);
            let text = || cell.to_text().map_or(Value::Null, Value::from);
            match (target.way, cell) {
                (Way::AsItIs, Cell::Unfit(_)) => Value::Null,
                (Way::AsItIs, cell) => cell.to_json(),
                (Way::AsText | Way::Spare { takes_nothing: true }, _)
                | (Way::Spare { .. }, Cell::Unfit(_)) => text(),
                (Way::Spare { takes_nothing: false }, _) => Value::Null,
            }
        };
        let row = |row: &Vec<Cell>| {
            let cells = self.targets.iter().enumerate();
            Value::Object(
                cells.map(|(place, it)| (format!("c{place}").into(), value(it, row))).collect(),
            )
        };
        Value::Array(table.rows.iter().map(row).collect()).to_json()
    }
}

/// The name that a column has in this table.
fn resolved<'n>(name: &'n ColumnName, found: &Found) -> &'n str {
    let other = |it: &FoundColumn| it.source.as_ref().is_some_and(|source| *source != name.source);
    if found.get(&name.name).is_some_and(other) { &name.alternative } else { &name.name }
}

/// How a column that is there takes what is of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// As it is, given in this type.
    AsItIs(&'static str),
    /// As a text.
    AsText,
    /// Not at all.
    NotAtAll,
}

fn fit(kind: ColumnKind, there: &str) -> Fit {
    use ColumnKind as Kind;
    let given = match (kind, there) {
        (Kind::Text, "text" | "varchar" | "bpchar" | "name" | "citext")
        | (Kind::Integer, "int8" | "int4" | "int2" | "numeric" | "float8")
        | (Kind::Number, "numeric" | "float8" | "float4")
        | (Kind::Boolean, "bool")
        | (Kind::Date, "date")
        | (Kind::Moment, "timestamptz" | "timestamp")
        | (Kind::Texts, "_text" | "_varchar")
        | (Kind::Json, "jsonb" | "json") => kind.name(),
        (Kind::Texts, "jsonb" | "json") => Kind::Json.name(),
        (_, "text" | "varchar" | "bpchar") => return Fit::AsText,
        _ => return Fit::NotAtAll,
    };
    Fit::AsItIs(given)
}

#[cfg(test)]
mod tests;
