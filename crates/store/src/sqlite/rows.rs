//! Inserting many rows with one statement.
//!
//! A statement costs more than a row: cursors are opened and every index is searched from its
//! root. Within one statement the cursors stay where the last row went, and since ids grow, the
//! next row goes right behind it. So rows are inserted sixteen at a time, and the rest one by one.
//!
//! The hot statements say OR FAIL: by default SQLite notes down what a statement changes, to undo
//! half of it where a constraint stops it. Here any failure rolls the whole transaction back.

use rusqlite::{Connection, Statement, ToSql};

use crate::error::StoreError;

/// Rows of one statement.
const ROWS: usize = 16;

/// An insert, as text for many rows and for one.
pub(super) struct Insert {
    many: String,
    one: String,
}

impl Insert {
    /// `head` is the statement up to and without VALUES; `columns` is how many values a row has.
    pub(super) fn new(head: &str, columns: usize) -> Self {
        Self::with_tail(head, columns, "")
    }

    /// The same with something behind the rows.
    pub(super) fn with_tail(head: &str, columns: usize, tail: &str) -> Self {
        let text = |rows: usize| {
            let tuples: Vec<String> = (0..rows)
                .map(|row| {
                    let values: Vec<String> = (1..=columns)
                        .map(|column| format!("?{}", row * columns + column))
                        .collect();
                    format!("({})", values.join(", "))
                })
                .collect();
            format!("{head} VALUES {} {tail}", tuples.join(", "))
        };
        Self { many: text(ROWS), one: text(1) }
    }

    /// Inserts the rows; `bind` puts the values of one row in the order of the columns.
    pub(super) fn run<R>(
        &self,
        connection: &Connection,
        rows: &[R],
        bind: impl Fn(&R, &mut Values<'_, '_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let (chunks, rest) = rows.as_chunks::<ROWS>();
        let many = chunks.iter().map(|chunk| (&self.many, &chunk[..]));
        let ones = rest.chunks(1).map(|row| (&self.one, row));
        for (sql, rows) in many.chain(ones) {
            let mut statement = connection.prepare_cached(sql)?;
            let mut values = Values { statement: &mut statement, next: 1 };
            for row in rows {
                bind(row, &mut values)?;
            }
            statement.raw_execute()?;
        }
        Ok(())
    }
}

/// Takes the values of a statement, one after the other.
pub(super) struct Values<'s, 'c> {
    statement: &'s mut Statement<'c>,
    next: usize,
}

impl Values<'_, '_> {
    /// The next value.
    pub(super) fn put(&mut self, value: impl ToSql) -> rusqlite::Result<&mut Self> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(self)
    }
}
