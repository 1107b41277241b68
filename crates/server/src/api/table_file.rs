//! A table as a file, written while its rows are read: CSV, or a workbook of Excel.

use std::io;

use fieldpost_dialects::sheets::{Cell, Csv, Sheet, SheetFormat};
use fieldpost_model::names;
use fieldpost_store::StoreError;

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
        self.sheet().content_type()
    }

    const fn sheet(self) -> SheetFormat {
        match self {
            Self::Csv => SheetFormat::Csv,
            Self::Xlsx => SheetFormat::Xlsx,
        }
    }
}

/// A table under construction. Programs read it as well as people: its CSV says what was answered, to
/// the letter.
#[derive(Debug)]
pub(super) struct TableFile(Sheet);

impl TableFile {
    /// A table whose columns have these names.
    pub(super) fn begin<'c>(
        format: TableFormat,
        names: impl Iterator<Item = &'c str>,
    ) -> Result<Self, StoreError> {
        Sheet::begin(format.sheet(), Csv::Exact, names).map(Self).map_err(unwritten)
    }

    /// Adds a row.
    pub(super) fn add<'c>(
        &mut self,
        cells: impl Iterator<Item = Cell<'c>>,
    ) -> Result<(), StoreError> {
        self.0.add(cells).map_err(unwritten)
    }

    /// What is there to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }

    /// Ends the table; what is left to be sent.
    pub(super) fn end(self) -> Result<Vec<u8>, StoreError> {
        self.0.end().map_err(unwritten)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
fn unwritten(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
