//! Rows of tables: what of a submission or a case is kept in a database of somebody else.
//!
//! One thing makes a row of a main table and, for each of its repeats, any number of rows of a table
//! of their own. Whoever makes them knows no database, whoever writes them knows no forms; both meet
//! here. A column has one type for ever. What does not fit it is not lost: it stands, as a text, in a
//! column beside it, the *spare*.

use crate::json::Value;
use crate::names;
use crate::time::Timestamp;

/// How many columns a table can have; the limit is PostgreSQL's.
pub const MAX_COLUMNS: usize = 1_600;

/// How long a name can be, in bytes; the limit is PostgreSQL's.
pub const MAX_IDENTIFIER: usize = 63;

names! {
    /// The types of columns, by the names that PostgreSQL gives them.
    pub enum ColumnKind {
        /// Any text.
        Text = "text",
        /// A whole number.
        Integer = "bigint",
        /// A number, with its digits.
        Number = "numeric",
        /// Yes or no.
        Boolean = "boolean",
        /// A day.
        Date = "date",
        /// A moment.
        Moment = "timestamptz",
        /// Several texts.
        Texts = "text[]",
        /// Anything.
        Json = "jsonb",
    }
}

/// What a column is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// Its name.
    pub name: String,
    /// Its name where the table has a column of that name for something else.
    pub alternative: String,
    /// What it holds, for ever: the path of a question, `household/age`.
    pub source: String,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: ColumnName,
    /// What it takes.
    pub kind: ColumnKind,
    /// The column beside it, for what it does not take.
    pub spare: ColumnName,
    /// Whether it is made even while there is nothing to put in it.
    pub expected: bool,
}

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// The text of a JSON number.
    Number(String),
    /// Yes or no.
    Boolean(bool),
    /// A day, `2026-11-22`.
    Date(String),
    /// A moment.
    Moment(Timestamp),
    /// Several texts.
    Texts(Vec<String>),
    /// Anything.
    Json(Value<'static>),
    /// What its column does not take, as it was written.
    Unfit(String),
}

impl Cell {
    /// The cell as JSON.
    pub fn to_json(&self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) | Self::Date(text) | Self::Unfit(text) => Value::from(text.clone()),
            Self::Number(text) => Value::Number(text.clone().into()),
            Self::Boolean(truth) => Value::Bool(*truth),
            Self::Moment(at) => Value::from(at.to_string()),
            Self::Texts(texts) => {
                Value::Array(texts.iter().map(|text| Value::from(text.clone())).collect())
            }
            Self::Json(value) => value.clone(),
        }
    }

    /// The cell as a text; nothing where there is nothing.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) | Self::Date(text) | Self::Unfit(text) | Self::Number(text) => {
                Some(text.clone())
            }
            Self::Boolean(truth) => Some(truth.to_string()),
            Self::Moment(at) => Some(at.to_string()),
            Self::Texts(texts) => Some(texts.join(" ")),
            Self::Json(value) => Some(value.to_json()),
        }
    }
}

/// A table, and the rows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The schema; none: where the database puts what names none.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
    /// The columns, in their order.
    pub columns: Vec<Column>,
    /// How many of them, from the first on, make the key.
    pub keys: usize,
    /// The rows; each has a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The name as people write it: `clinic.births`.
    pub fn full_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The columns that make the key.
    pub fn key(&self) -> &[Column] {
        self.columns.get(..self.keys).unwrap_or_default()
    }
}

/// What one submission or case is in tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The main table, with one row.
    pub main: Table,
    /// The name of the column that tells a newer state from an older one: it never goes down.
    pub newer_by: &'static str,
    /// The tables of repeats, each after the one that it belongs to. The first column of each is that
    /// of the main table, and the rows given are all that there are to it.
    pub repeats: Vec<Table>,
}

impl Rows {
    /// All tables, the main one first.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        std::iter::once(&self.main).chain(&self.repeats)
    }

    /// The rows as JSON, by table: what people see of them.
    pub fn to_json(&self) -> Value<'static> {
        Value::object(self.tables().map(|table| {
            let rows = table.rows.iter().map(|row| row_as_json(&table.columns, row));
            (table.full_name(), Value::Array(rows.collect()))
        }))
    }
}

fn row_as_json(columns: &[Column], row: &[Cell]) -> Value<'static> {
    Value::object(columns.iter().zip(row).map(|(column, cell)| {
        let name = match cell {
            Cell::Unfit(_) => &column.spare,
            _ => &column.name,
        };
        (name.name.clone(), cell.to_json())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_what_does_not_fit_where_it_stands() {
        let name = |name: &str| ColumnName {
            name: name.to_owned(),
            alternative: format!("{name}_0"),
            source: name.to_owned(),
        };
        let column = |it: &str, kind| Column {
            name: name(it),
            kind,
            spare: name(&format!("{it}_text")),
            expected: true,
        };
        let table = Table {
            schema: Some("clinic".to_owned()),
            name: "births".to_owned(),
            columns: vec![column("id", ColumnKind::Text), column("age", ColumnKind::Integer)],
            keys: 1,
            rows: vec![vec![Cell::Text("a".to_owned()), Cell::Unfit("seven".to_owned())]],
        };
        assert_eq!(table.key().len(), 1);
        let rows = Rows { main: table, newer_by: "version", repeats: Vec::new() };
        let expected = r#"{"clinic.births":[{"id":"a","age_text":"seven"}]}"#;
        assert_eq!(rows.to_json().to_json(), expected);
    }

    #[test]
    fn every_cell_is_a_text_as_well() {
        for (cell, json, text) in [
            (Cell::Null, "null", None),
            (Cell::Text("a".to_owned()), r#""a""#, Some("a")),
            (Cell::Number("1.50".to_owned()), "1.50", Some("1.50")),
            (Cell::Boolean(true), "true", Some("true")),
            (Cell::Date("2026-11-22".to_owned()), r#""2026-11-22""#, Some("2026-11-22")),
            (
                Cell::Moment(Timestamp(0)),
                r#""1970-01-01T00:00:00.000000Z""#,
                Some("1970-01-01T00:00:00.000000Z"),
            ),
            (Cell::Texts(vec!["a".to_owned(), "b".to_owned()]), r#"["a","b"]"#, Some("a b")),
            (Cell::Json(Value::Array(Vec::new())), "[]", Some("[]")),
            (Cell::Unfit("x".to_owned()), r#""x""#, Some("x")),
        ] {
            assert_eq!(cell.to_json().to_json(), json);
            assert_eq!(cell.to_text().as_deref(), text);
        }
    }
}
