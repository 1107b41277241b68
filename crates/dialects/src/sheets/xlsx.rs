//! A workbook of Excel, written while it is sent: a few rows are in memory, however many there are.
//!
//! It is a ZIP archive of XML. Sizes and checksums stand behind each part, where they are known, and what
//! names the sheets is written last, when their number is. A sheet takes so many rows; then the next
//! begins. Texts are texts: nothing is taken for a formula, whatever it begins with.

use std::io;

use super::Cell;
use super::archive::Archive;

/// Rows of a sheet, that of the names included: Excel knows no more.
const MOST_ROWS: usize = 1_048_576;
/// Bytes of a sheet before they are compressed, after which the next begins. Archives of the plain kind
/// know files of up to 4 GiB.
const MOST_SHEET_BYTES: u64 = 2 * 1_024 * 1_024 * 1_024;
/// How long a text in a cell may be, in UTF-16 units.
const MOST_TEXT: usize = 32_767;

/// What each sheet is by its end; only the book is named. So it can stand first, where readers look for it.
const CONTENT_TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
    <Default Extension=\"xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>\
    <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
    </Types>";
const RELATIONSHIPS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>\
    </Relationships>";
const SHEET_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>";
const SHEET_END: &str = "</sheetData></worksheet>";

/// A workbook under construction.
#[derive(Debug)]
pub(crate) struct Workbook {
    archive: Archive,
    /// The row that every sheet begins with, as XML.
    head: String,
    sheets: usize,
    rows: usize,
    written: u64,
}

impl Workbook {
    /// A workbook whose sheets begin with these names.
    pub(crate) fn begin<'c>(names: impl Iterator<Item = &'c str>) -> io::Result<Self> {
        let mut archive = Archive::default();
        archive.file("[Content_Types].xml", CONTENT_TYPES)?;
        archive.file("_rels/.rels", RELATIONSHIPS)?;
        let head = row(names.map(Cell::text));
        let mut book = Self { archive, head, sheets: 0, rows: 0, written: 0 };
        book.next_sheet()?;
        Ok(book)
    }

    /// Adds a row.
    pub(crate) fn add<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> io::Result<()> {
        if self.rows >= MOST_ROWS || self.written >= MOST_SHEET_BYTES {
            self.end_sheet()?;
            self.next_sheet()?;
        }
        self.write_row(&row(cells))
    }

    /// What is there to be sent.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.archive.take()
    }

    /// Ends the workbook; what is left to be sent.
    pub(crate) fn end(mut self) -> io::Result<Vec<u8>> {
        self.end_sheet()?;
        let sheet = |number: usize| {
            format!("<sheet name=\"Sheet{number}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>")
        };
        let relationship = |number: usize| {
            format!(
                "<Relationship Id=\"rId{number}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            )
        };
        let sheets: String = (1..=self.sheets).map(sheet).collect();
        let relationships: String = (1..=self.sheets).map(relationship).collect();
        self.archive.file(
            "xl/workbook.xml",
            &format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
                 <workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                 xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
                 <sheets>{sheets}</sheets></workbook>"
            ),
        )?;
        self.archive.file(
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
                 <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
                 {relationships}</Relationships>"
            ),
        )?;
        self.archive.end()
    }

    fn next_sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        (self.rows, self.written) = (0, 0);
        self.archive.begin_file(&format!("xl/worksheets/sheet{}.xml", self.sheets));
        self.archive.write(SHEET_HEAD.as_bytes())?;
        let head = self.head.clone();
        self.write_row(&head)
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        self.archive.write(SHEET_END.as_bytes())?;
        self.archive.end_file()
    }

    fn write_row(&mut self, row: &str) -> io::Result<()> {
        self.rows += 1;
        self.written += u64::try_from(row.len()).unwrap_or(u64::MAX);
        self.archive.write(row.as_bytes())
    }
}

/// A row as XML.
fn row<'c>(cells: impl Iterator<Item = Cell<'c>>) -> String {
    let mut row = String::from("<row>");
    for Cell { text, is_number } in cells {
        if text.is_empty() {
            row.push_str("<c/>");
        } else if is_number && super::is_exact(text) {
            row.push_str("<c><v>");
            row.push_str(text);
            row.push_str("</v></c>");
        } else {
            row.push_str("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">");
            add_text(&mut row, text);
            row.push_str("</t></is></c>");
        }
    }
    row.push_str("</row>");
    row
}

/// Adds a text as a cell may hold it: what is too long ends with a sign that something is missing.
fn add_text(row: &mut String, text: &str) {
    let (text, is_cut) = super::shortened(text, MOST_TEXT);
    for (place, character) in text.char_indices() {
        match character {
            '<' => row.push_str("&lt;"),
            '>' => row.push_str("&gt;"),
            '&' => row.push_str("&amp;"),
            '\r' => row.push_str("_x000D_"),
            // Else a text that looks like one of Excel's own escapes would be read as one.
            '_' if is_escape(text.get(place..).unwrap_or_default()) => row.push_str("_x005F_"),
            '\t' | '\n' => row.push(character),
            '\u{FFFE}' | '\u{FFFF}' => row.push(char::REPLACEMENT_CHARACTER),
            other if other < ' ' => row.push(char::REPLACEMENT_CHARACTER),
            other => row.push(other),
        }
    }
    if is_cut {
        row.push('…');
    }
}

/// Whether a text begins with `_x000D_` or the like.
fn is_escape(text: &str) -> bool {
    matches!(text.as_bytes(), [b'_', b'x', digits @ .., ] if digits.len() >= 5
        && digits.iter().take(4).all(u8::is_ascii_hexdigit)
        && digits.get(4) == Some(&b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbers_or_texts_and_never_formulas() {
        for (text, is_number, expected) in [
            ("", false, "<c/>"),
            ("1.50", true, "<c><v>1.50</v></c>"),
            ("1.50", false, "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">1.50</t></is></c>"),
            (
                "1234567890123456",
                true,
                "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">1234567890123456</t></is></c>",
            ),
            (
                "=A1&\"<",
                false,
                "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">=A1&amp;\"&lt;</t></is></c>",
            ),
            (
                "a\r\n\u{1}_x000D__x",
                false,
                "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">a_x000D_\n\u{FFFD}_x005F_x000D__x</t></is></c>",
            ),
        ] {
            let cell = Cell { text, is_number };
            assert_eq!(row(std::iter::once(cell)), format!("<row>{expected}</row>"), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_says_so() {
        let length = |text: &str| {
            let mut cell = String::new();
            add_text(&mut cell, text);
            (cell.encode_utf16().count(), cell.ends_with('…'))
        };
        assert_eq!(length(&"é".repeat(MOST_TEXT)), (MOST_TEXT, false));
        assert_eq!(length(&"é".repeat(MOST_TEXT + 1)), (MOST_TEXT, true));
        let wide = "😀".repeat(MOST_TEXT / 2 + 1);
        assert!(length(&wide).0 <= MOST_TEXT && length(&wide).1);
    }

    #[test]
    fn a_sheet_takes_so_many_rows_and_no_more() {
        let mut book = Workbook::begin(["a"].into_iter()).unwrap();
        let mut bytes = 0;
        for _ in 1..MOST_ROWS {
            book.add(std::iter::once(Cell::text("x"))).unwrap();
            bytes += book.take().len();
        }
        assert_eq!((book.sheets, book.rows), (1, MOST_ROWS));
        assert!(bytes < MOST_ROWS, "rows that are alike are pressed together");
        book.add(std::iter::once(Cell::text("x"))).unwrap();
        assert_eq!((book.sheets, book.rows), (2, 2));
    }
}
