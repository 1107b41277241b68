//! A spreadsheet of the Open Document Format, written while it is sent.
//!
//! The archive begins with its kind, kept as it is, because readers look for it at a fixed place. All
//! tables stand in one document, so a file is bounded by what an archive of the plain kind knows.

use std::io;

use super::archive::Archive;
use super::{Cell, SheetFormat, shortened};

/// Rows of a table, that of the names included: spreadsheets know no more.
const MOST_ROWS: usize = 1_048_576;
/// How long a text in a cell may be, in UTF-16 units: what Excel takes of it.
const MOST_TEXT: usize = 32_767;

const MANIFEST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" manifest:version=\"1.2\">\
    <manifest:file-entry manifest:full-path=\"/\" manifest:version=\"1.2\" manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/>\
    <manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/>\
    </manifest:manifest>";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
    xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
    xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" office:version=\"1.2\">\
    <office:body><office:spreadsheet>";
const END: &str = "</table:table></office:spreadsheet></office:body></office:document-content>";

/// A spreadsheet under construction.
#[derive(Debug)]
pub(crate) struct OpenDocument {
    archive: Archive,
    /// The row that every table begins with, as XML.
    head: String,
    tables: usize,
    rows: usize,
}

impl OpenDocument {
    /// A spreadsheet whose tables begin with these names.
    pub(crate) fn begin<'c>(names: impl Iterator<Item = &'c str>) -> io::Result<Self> {
        let mut archive = Archive::default();
        archive.stored("mimetype", SheetFormat::Ods.content_type())?;
        archive.file("META-INF/manifest.xml", MANIFEST)?;
        archive.begin_file("content.xml");
        archive.write(HEAD.as_bytes())?;
        let head = row(names.map(Cell::text));
        let mut document = Self { archive, head, tables: 0, rows: 0 };
        document.next_table()?;
        Ok(document)
    }

    /// Adds a row.
    pub(crate) fn add<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> io::Result<()> {
        if self.rows >= MOST_ROWS {
            self.archive.write(b"</table:table>")?;
            self.next_table()?;
        }
        self.write_row(&row(cells))
    }

    /// What is there to be sent.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.archive.take()
    }

    /// Ends the spreadsheet; what is left to be sent.
    pub(crate) fn end(mut self) -> io::Result<Vec<u8>> {
        self.archive.write(END.as_bytes())?;
        self.archive.end_file()?;
        self.archive.end()
    }

    fn next_table(&mut self) -> io::Result<()> {
        self.tables += 1;
        self.rows = 0;
        let opening = format!("<table:table table:name=\"Sheet{}\">", self.tables);
        self.archive.write(opening.as_bytes())?;
        let head = self.head.clone();
        self.write_row(&head)
    }

    fn write_row(&mut self, row: &str) -> io::Result<()> {
        self.rows += 1;
        self.archive.write(row.as_bytes())
    }
}

/// A row as XML.
fn row<'c>(cells: impl Iterator<Item = Cell<'c>>) -> String {
    let mut row = String::from("<table:table-row>");
    for Cell { text, is_number } in cells {
        if text.is_empty() {
            row.push_str("<table:table-cell/>");
            continue;
        }
        if is_number && super::is_exact(text) {
            row.push_str("<table:table-cell office:value-type=\"float\" office:value=\"");
            row.push_str(text);
            row.push_str("\">");
        } else {
            row.push_str("<table:table-cell office:value-type=\"string\">");
        }
        add_paragraphs(&mut row, text);
        row.push_str("</table:table-cell>");
    }
    row.push_str("</table:table-row>");
    row
}

/// Adds a text as paragraphs, one for each line. Blanks beside each other would become one, and are
/// therefore counted out.
fn add_paragraphs(row: &mut String, text: &str) {
    let (text, is_cut) = shortened(text, MOST_TEXT);
    row.push_str("<text:p>");
    let mut is_after_blank = true;
    for character in text.chars() {
        match character {
            '\r' => continue,
            '\n' => row.push_str("</text:p><text:p>"),
            '\t' => row.push_str("<text:tab/>"),
            ' ' if is_after_blank => row.push_str("<text:s/>"),
            '<' => row.push_str("&lt;"),
            '>' => row.push_str("&gt;"),
            '&' => row.push_str("&amp;"),
            '\u{FFFE}' | '\u{FFFF}' => row.push(char::REPLACEMENT_CHARACTER),
            other if other < ' ' => row.push(char::REPLACEMENT_CHARACTER),
            other => row.push(other),
        }
        is_after_blank = matches!(character, ' ' | '\n');
    }
    row.push_str(if is_cut { "…</text:p>" } else { "</text:p>" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbers_or_texts_and_never_formulas() {
        let string = "<table:table-cell office:value-type=\"string\">";
        for (text, is_number, expected) in [
            ("", false, "<table:table-cell/>".to_owned()),
            (
                "1.50",
                true,
                "<table:table-cell office:value-type=\"float\" office:value=\"1.50\">\
                 <text:p>1.50</text:p></table:table-cell>"
                    .to_owned(),
            ),
            ("1.50", false, format!("{string}<text:p>1.50</text:p></table:table-cell>")),
            (
                "=A1&\"<",
                false,
                format!("{string}<text:p>=A1&amp;\"&lt;</text:p></table:table-cell>"),
            ),
            (
                "a  b\r\n c\t\u{1}",
                false,
                format!(
                    "{string}<text:p>a <text:s/>b</text:p><text:p><text:s/>c<text:tab/>\u{FFFD}</text:p>\
                     </table:table-cell>"
                ),
            ),
        ] {
            let cell = Cell { text, is_number };
            let expected = format!("<table:table-row>{expected}</table:table-row>");
            assert_eq!(row(std::iter::once(cell)), expected, "{text:?}");
        }
    }

    #[test]
    fn the_archive_begins_with_its_kind() {
        let mut document = OpenDocument::begin(["a"].into_iter()).unwrap();
        document.add(std::iter::once(Cell::text("x"))).unwrap();
        let bytes = document.end().unwrap();
        assert_eq!(&bytes[30..38], b"mimetype");
        assert_eq!(&bytes[38..84], b"application/vnd.oasis.opendocument.spreadsheet");
    }
}
