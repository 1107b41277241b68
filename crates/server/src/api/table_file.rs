//! A table as a file, written while its rows are read: CSV, or a workbook of Excel.

use std::io;

use fieldpost_model::names;
use fieldpost_store::StoreError;

use super::xlsx::{Cell, Workbook};

/// What a workbook of Excel is.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

names! {
    /// What a table is written as.
    pub enum TableFormat {
        /// Lines of text with commas, as RFC 4180 has them.
        Csv = "csv",
        /// A workbook of Excel.
        Xlsx = "xlsx",
    }
}

impl TableFormat {
    /// The content type of such a file.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => XLSX,
        }
    }
}

/// A table under construction.
pub(super) enum TableFile {
    Csv(String),
    Xlsx(Box<Workbook>),
}

impl TableFile {
    /// A table whose columns have these names.
    pub(super) fn begin<'c>(
        format: TableFormat,
        names: impl Iterator<Item = &'c str>,
    ) -> Result<Self, StoreError> {
        Ok(match format {
            TableFormat::Csv => Self::Csv(csv_line(names)),
            TableFormat::Xlsx => Self::Xlsx(Box::new(Workbook::begin(names).map_err(unwritten)?)),
        })
    }

    /// Adds a row.
    pub(super) fn add<'c>(
        &mut self,
        cells: impl Iterator<Item = Cell<'c>>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Csv(text) => text.push_str(&csv_line(cells.map(|cell| cell.text))),
            Self::Xlsx(book) => book.add(cells).map_err(unwritten)?,
        }
        Ok(())
    }

    /// What is there to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Csv(text) => std::mem::take(text).into_bytes(),
            Self::Xlsx(book) => book.take(),
        }
    }

    /// Ends the table; what is left to be sent.
    pub(super) fn end(self) -> Result<Vec<u8>, StoreError> {
        match self {
            Self::Csv(text) => Ok(text.into_bytes()),
            Self::Xlsx(book) => book.end().map_err(unwritten),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
fn unwritten(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// A line as RFC 4180 has it.
fn csv_line<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let mut line = String::new();
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cells: &[&str], expected: &str) {
        assert_eq!(csv_line(cells.iter().copied()), expected);
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        check(&["a", "", "é b"], "a,,é b\r\n");
        check(&["a,b", "\"", "c\nd", "\r"], "\"a,b\",\"\"\"\",\"c\nd\",\"\r\"\r\n");
        check(&[" a", "b "], "\" a\",\"b \"\r\n");
    }
}
