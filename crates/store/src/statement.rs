//! SQL that is alike on both engines, written once.
//!
//! Both engines understand `$1` placeholders, `ON CONFLICT` and `RETURNING`; times are integers and
//! ids have one parameter type here. What remains is to bind parameters and to read columns, which
//! this file does for both. A change of several statements is a [`Batch`]: one transaction, in
//! which a statement can say how many rows it must touch (compare-and-set); where it touches
//! others, all is undone and the answer is a conflict.

use std::error::Error;

use fieldpost_model::hexadecimal;
use fieldpost_model::time::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::error::StoreError;
use crate::text::storable;

/// A value that is bound to a placeholder. An absent value is typed as well, by `None`.
#[derive(Clone, Debug)]
pub(crate) enum Parameter {
    Text(Option<String>),
    Integer(Option<i64>),
    Id(Option<Uuid>),
    Bytes(Vec<u8>),
    OptionalBytes(Option<Vec<u8>>),
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Parameter {
    fn from(text: String) -> Self {
        Self::Text(Some(storable(text)))
    }
}

impl From<Option<String>> for Parameter {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(storable))
    }
}

impl From<i64> for Parameter {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<Timestamp> for Parameter {
    fn from(time: Timestamp) -> Self {
        Self::Integer(Some(time.0))
    }
}

impl From<Uuid> for Parameter {
    fn from(id: Uuid) -> Self {
        Self::Id(Some(id))
    }
}

impl From<Option<Uuid>> for Parameter {
    fn from(id: Option<Uuid>) -> Self {
        Self::Id(id)
    }
}

impl rusqlite::ToSql for Parameter {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Integer(Some(number)) => ValueRef::Integer(*number),
            Self::Id(Some(id)) => ValueRef::Blob(id.as_bytes()),
            Self::Bytes(bytes) | Self::OptionalBytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Text(None) | Self::Integer(None) | Self::Id(None) | Self::OptionalBytes(None) => {
                ValueRef::Null
            }
        }))
    }
}

impl ToSql for Parameter {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(kind, out),
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Id(id) => id.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
            Self::OptionalBytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::VARCHAR | Type::INT8 | Type::UUID | Type::BYTEA)
    }

    to_sql_checked!();
}

/// A row of either engine, read by column number.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

macro_rules! column {
    ($name:ident, $type:ty) => {
        pub(crate) fn $name(&self, column: usize) -> Result<$type, StoreError> {
            Ok(match self {
                Self::Sqlite(row) => row.get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }
    };
}

impl Row<'_> {
    column!(text, String);
    column!(optional_text, Option<String>);
    column!(integer, i64);
    column!(optional_integer, Option<i64>);
    column!(bytes, Vec<u8>);
    column!(optional_bytes, Option<Vec<u8>>);

    pub(crate) fn id(&self, column: usize) -> Result<Uuid, StoreError> {
        self.optional_id(column)?.ok_or_else(|| unreadable("id", "NULL"))
    }

    pub(crate) fn optional_id(&self, column: usize) -> Result<Option<Uuid>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.get::<_, Option<[u8; 16]>>(column)?.map(Uuid::from_bytes),
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// Reads a column that holds the name of a member of an enumeration.
    pub(crate) fn named<T>(
        &self,
        column: usize,
        from_name: fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let name = self.text(column)?;
        from_name(&name).ok_or_else(|| unreadable("name", &name))
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        Ok(Timestamp(self.integer(column)?))
    }

    pub(crate) fn optional_time(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_integer(column)?.map(Timestamp))
    }

    /// Reads a number that is never negative and small, such as a count or a status.
    pub(crate) fn count(&self, column: usize) -> Result<u32, StoreError> {
        let number = self.integer(column)?;
        u32::try_from(number).map_err(|_| unreadable("count", &number.to_string()))
    }
}

/// The database holds something that this version never wrote there.
pub(crate) fn unreadable(what: &str, value: &str) -> StoreError {
    StoreError::Refused(format!("the database holds an unreadable {what}: {value}"))
}

/// Reads a SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    <[u8; 32]>::try_from(bytes).map_err(|_| unreadable("digest", &hexadecimal::encode(bytes)))
}

/// Reads a number of bytes.
pub(crate) fn length(bytes: i64) -> Result<u64, StoreError> {
    u64::try_from(bytes).map_err(|_| unreadable("length", &bytes.to_string()))
}

/// A count as the database holds it. Nothing here comes near the bound.
pub(crate) fn as_integer(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// How many rows a statement must touch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// Any number.
    Any,
    /// Exactly one; otherwise the whole batch is undone and this sentence is the conflict.
    One(&'static str),
}

/// One statement with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) expect: Expect,
}

/// Statements that are one transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch(pub(crate) Vec<Statement>);

impl Batch {
    /// Adds a statement that may touch any number of rows.
    pub(crate) fn any(&mut self, sql: impl Into<String>, parameters: Vec<Parameter>) {
        self.0.push(Statement { sql: sql.into(), parameters, expect: Expect::Any });
    }

    /// Adds a statement that must touch one row.
    pub(crate) fn one(
        &mut self,
        conflict: &'static str,
        sql: impl Into<String>,
        parameters: Vec<Parameter>,
    ) {
        self.0.push(Statement { sql: sql.into(), parameters, expect: Expect::One(conflict) });
    }
}

/// Builds the `WHERE` of a list: conditions joined by AND, each with its own placeholders.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    sql: String,
    pub(crate) parameters: Vec<Parameter>,
}

impl Conditions {
    /// Adds a condition in which every `?` stands for `parameter`.
    pub(crate) fn add(&mut self, condition: &str, parameter: impl Into<Parameter>) {
        let placeholder = self.bind(parameter);
        self.add_plain(&condition.replace('?', &placeholder));
    }

    /// Binds a parameter; the answer is its placeholder.
    pub(crate) fn bind(&mut self, parameter: impl Into<Parameter>) -> String {
        self.parameters.push(parameter.into());
        format!("${}", self.parameters.len())
    }

    /// Adds a condition without a parameter.
    pub(crate) fn add_plain(&mut self, condition: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE " } else { " AND " });
        self.sql.push_str(condition);
    }

    /// Adds the condition that one of these columns holds a text, in upper or lower case.
    pub(crate) fn add_search(&mut self, text: &str, columns: &[&str]) {
        let pattern = self.bind(like_anywhere(text));
        let holds: Vec<String> = columns.iter().map(|column| contains(column, &pattern)).collect();
        self.add_plain(&format!("({})", holds.join(" OR ")));
    }

    /// The text, beginning with ` WHERE `, or nothing.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }
}

/// The condition that a column holds the text bound to `placeholder`, which is made by
/// [`like_anywhere`]. LIKE itself minds the case on one engine and not on the other; `lower` makes
/// them agree about ASCII. Beyond it SQLite minds the case, and PostgreSQL does where the
/// database's locale knows no better.
pub(crate) fn contains(column: &str, placeholder: &str) -> String {
    format!(r"lower({column}) LIKE lower({placeholder}) ESCAPE '\'")
}

/// Escapes what LIKE takes for wildcards, and puts wildcards around it.
pub(crate) fn like_anywhere(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}
