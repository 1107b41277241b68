//! Tables as files, written while their rows are read: of a million rows a few are in memory.
//!
//! One row after the other is added, and what is ready to be sent is taken away in between. The three
//! kinds differ in what a cell can be: a workbook keeps texts and numbers apart, so nothing in it is
//! taken for a formula; a line of CSV does not, and programs that open it run what begins with `=`.
//! Who writes for people asks for [`Csv::Guarded`], who writes for programs for [`Csv::Exact`].

mod archive;
mod csv;
mod ods;
mod xlsx;

use std::io;

use fieldpost_model::names;

pub use csv::Csv;
use ods::OpenDocument;
use xlsx::Workbook;

/// Digits that a number keeps in a cell; one of more is written as a text.
const MOST_DIGITS: usize = 15;

names! {
    /// What a table is written as.
    pub enum SheetFormat {
        /// Lines of text with commas, as RFC 4180 has them.
        Csv = "csv",
        /// A workbook of Excel.
        Xlsx = "xlsx",
        /// A spreadsheet of the Open Document Format.
        Ods = "ods",
    }
}

impl SheetFormat {
    /// The content type of such a file.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
        }
    }
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'c> {
    /// Its text.
    pub text: &'c str,
    /// Whether it is a number; a text of digits is none.
    pub is_number: bool,
}

impl<'c> Cell<'c> {
    /// A text, whatever it looks like.
    pub const fn text(text: &'c str) -> Self {
        Self { text, is_number: false }
    }
}

/// A table under construction.
#[derive(Debug)]
pub struct Sheet(Kind);

#[derive(Debug)]
enum Kind {
    Csv(Csv, String),
    Xlsx(Box<Workbook>),
    Ods(Box<OpenDocument>),
}

impl Sheet {
    /// A table whose columns have these names. `csv` says whom a line of CSV is for.
    pub fn begin<'c>(
        format: SheetFormat,
        csv: Csv,
        names: impl Iterator<Item = &'c str>,
    ) -> io::Result<Self> {
        Ok(Self(match format {
            SheetFormat::Csv => Kind::Csv(csv, csv.line(names.map(Cell::text))),
            SheetFormat::Xlsx => Kind::Xlsx(Box::new(Workbook::begin(names)?)),
            SheetFormat::Ods => Kind::Ods(Box::new(OpenDocument::begin(names)?)),
        }))
    }

    /// Adds a row.
    pub fn add<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> io::Result<()> {
        match &mut self.0 {
            Kind::Csv(csv, text) => text.push_str(&csv.line(cells)),
            Kind::Xlsx(book) => book.add(cells)?,
            Kind::Ods(document) => document.add(cells)?,
        }
        Ok(())
    }

    /// What is there to be sent.
    pub fn take(&mut self) -> Vec<u8> {
        match &mut self.0 {
            Kind::Csv(_, text) => std::mem::take(text).into_bytes(),
            Kind::Xlsx(book) => book.take(),
            Kind::Ods(document) => document.take(),
        }
    }

    /// Ends the table; what is left to be sent.
    pub fn end(self) -> io::Result<Vec<u8>> {
        match self.0 {
            Kind::Csv(_, text) => Ok(text.into_bytes()),
            Kind::Xlsx(book) => book.end(),
            Kind::Ods(document) => document.end(),
        }
    }
}

/// Whether a cell keeps all digits of a number.
fn is_exact(number: &str) -> bool {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    digits <= MOST_DIGITS && number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// What is longer than `most` UTF-16 units ends with a sign that something is missing.
fn shortened(text: &str, most: usize) -> (&str, bool) {
    if text.len() <= most || text.encode_utf16().count() <= most {
        return (text, false);
    }
    let mut room = most.saturating_sub(1);
    for (place, character) in text.char_indices() {
        match room.checked_sub(character.len_utf16()) {
            Some(left) => room = left,
            None => return (text.get(..place).unwrap_or_default(), true),
        }
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_says_so() {
        for (text, most, expected) in [
            ("abc", 3, ("abc", false)),
            ("abcd", 3, ("ab", true)),
            ("ééé", 3, ("ééé", false)),
            ("éééé", 3, ("éé", true)),
            ("😀😀", 4, ("😀😀", false)),
            ("😀😀a", 4, ("😀", true)),
        ] {
            assert_eq!(shortened(text, most), expected, "{text:?}");
        }
    }

    #[test]
    fn numbers_that_a_cell_cannot_keep_are_texts() {
        for (number, expected) in [
            ("1", true),
            ("-1.50", true),
            ("123456789012345", true),
            ("1234567890123456", false),
            ("1e400", false),
            ("", false),
            ("x", false),
        ] {
            assert_eq!(is_exact(number), expected, "{number}");
        }
    }
}
