//! A workbook of Excel, written while it is sent: a few rows are in memory, however many there are.
//!
//! It is a ZIP archive of XML. Sizes and checksums stand behind each part, where they are known, and what
//! names the sheets is written last, when their number is. A sheet takes so many rows; then the next
//! begins. Texts are texts: nothing is taken for a formula, whatever it begins with.

use std::io::{self, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Rows of a sheet, that of the names included: Excel knows no more.
const MOST_ROWS: usize = 1_048_576;
/// Bytes of a sheet before they are compressed, after which the next begins. Archives of the plain kind
/// know files of up to 4 GiB.
const MOST_SHEET_BYTES: u64 = 2 * 1_024 * 1_024 * 1_024;
/// How long a text in a cell may be, in UTF-16 units.
const MOST_TEXT: usize = 32_767;
/// Digits that a number keeps in a cell; one of more is written as a text.
const MOST_DIGITS: usize = 15;

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

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell<'c> {
    pub(super) text: &'c str,
    /// Whether it is a number; a text of digits is none.
    pub(super) is_number: bool,
}

impl<'c> Cell<'c> {
    pub(super) const fn text(text: &'c str) -> Self {
        Self { text, is_number: false }
    }
}

/// A workbook under construction.
#[derive(Debug)]
pub(super) struct Workbook {
    archive: Archive,
    /// The row that every sheet begins with, as XML.
    head: String,
    sheets: usize,
    rows: usize,
    written: u64,
}

impl Workbook {
    /// A workbook whose sheets begin with these names.
    pub(super) fn begin<'c>(names: impl Iterator<Item = &'c str>) -> io::Result<Self> {
        let mut archive = Archive::default();
        archive.file("[Content_Types].xml", CONTENT_TYPES)?;
        archive.file("_rels/.rels", RELATIONSHIPS)?;
        let head = row(names.map(Cell::text));
        let mut book = Self { archive, head, sheets: 0, rows: 0, written: 0 };
        book.next_sheet()?;
        Ok(book)
    }

    /// Adds a row.
    pub(super) fn add<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> io::Result<()> {
        if self.rows >= MOST_ROWS || self.written >= MOST_SHEET_BYTES {
            self.end_sheet()?;
            self.next_sheet()?;
        }
        self.write_row(&row(cells))
    }

    /// What is there to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.archive.take()
    }

    /// Ends the workbook; what is left to be sent.
    pub(super) fn end(mut self) -> io::Result<Vec<u8>> {
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
        } else if is_number && is_exact(text) {
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

/// Whether a cell keeps all digits of a number.
fn is_exact(number: &str) -> bool {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    digits <= MOST_DIGITS && number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Adds a text as a cell may hold it: what is too long ends with a sign that something is missing.
fn add_text(row: &mut String, text: &str) {
    let is_cut = text.len() > MOST_TEXT && text.encode_utf16().count() > MOST_TEXT;
    let mut room = if is_cut { MOST_TEXT - 1 } else { usize::MAX };
    for (place, character) in text.char_indices() {
        let Some(left) = room.checked_sub(character.len_utf16()) else { break };
        room = left;
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

/// The signatures of what an archive is made of.
const LOCAL_FILE: u32 = 0x0403_4B50;
const BEHIND_FILE: u32 = 0x0807_4B50;
const CENTRAL_FILE: u32 = 0x0201_4B50;
const END_OF_ARCHIVE: u32 = 0x0605_4B50;
/// The version of the format that is needed to read it: 2.0.
const VERSION: u16 = 20;
/// Sizes stand behind the file, and names are UTF-8.
const FLAGS: u16 = 0x0808;
/// Deflate.
const METHOD: u16 = 8;
/// The first of January 1980, which is no day at all in archives.
const DAY: u16 = 0x0021;

/// A ZIP archive under construction.
#[derive(Debug, Default)]
struct Archive {
    pending: Vec<u8>,
    /// Bytes that went before the pending ones.
    sent: u64,
    open: Option<OpenFile>,
    files: Vec<ArchivedFile>,
}

#[derive(Debug)]
struct OpenFile {
    name: String,
    offset: u64,
    encoder: DeflateEncoder<Vec<u8>>,
    checksum: Crc,
    size: u64,
    compressed: u64,
}

#[derive(Debug)]
struct ArchivedFile {
    name: String,
    offset: u32,
    checksum: u32,
    size: u32,
    compressed: u32,
}

impl Archive {
    fn file(&mut self, name: &str, content: &str) -> io::Result<()> {
        self.begin_file(name);
        self.write(content.as_bytes())?;
        self.end_file()
    }

    fn begin_file(&mut self, name: &str) {
        let offset = self.position();
        self.put_u32(LOCAL_FILE);
        self.put_kind();
        for _ in 0..3 {
            // The checksum and the sizes are not known yet.
            self.put_u32(0);
        }
        self.put_u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
        self.put_u16(0);
        self.pending.extend_from_slice(name.as_bytes());
        self.open = Some(OpenFile {
            name: name.to_owned(),
            offset,
            encoder: DeflateEncoder::new(Vec::new(), Compression::fast()),
            checksum: Crc::new(),
            size: 0,
            compressed: 0,
        });
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.encoder.write_all(bytes)?;
        open.checksum.update(bytes);
        open.size += as_u64(bytes.len());
        let compressed = open.encoder.get_mut();
        open.compressed += as_u64(compressed.len());
        self.pending.append(compressed);
        Ok(())
    }

    fn end_file(&mut self) -> io::Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let rest = open.encoder.finish()?;
        open.compressed += as_u64(rest.len());
        self.pending.extend(rest);
        let file = ArchivedFile {
            name: open.name,
            offset: bounded(open.offset)?,
            checksum: open.checksum.sum(),
            size: bounded(open.size)?,
            compressed: bounded(open.compressed)?,
        };
        self.put_u32(BEHIND_FILE);
        for number in [file.checksum, file.compressed, file.size] {
            self.put_u32(number);
        }
        self.files.push(file);
        Ok(())
    }

    /// What is there to be sent.
    fn take(&mut self) -> Vec<u8> {
        self.sent += as_u64(self.pending.len());
        std::mem::take(&mut self.pending)
    }

    fn end(mut self) -> io::Result<Vec<u8>> {
        let begin = bounded(self.position())?;
        let files = std::mem::take(&mut self.files);
        for file in &files {
            self.put_u32(CENTRAL_FILE);
            self.put_u16(VERSION);
            self.put_kind();
            for number in [file.checksum, file.compressed, file.size] {
                self.put_u32(number);
            }
            self.put_u16(u16::try_from(file.name.len()).unwrap_or(u16::MAX));
            for _ in 0..4 {
                self.put_u16(0);
            }
            self.put_u32(0);
            self.put_u32(file.offset);
            self.pending.extend_from_slice(file.name.as_bytes());
        }
        let length = bounded(self.position())?.saturating_sub(begin);
        let count = u16::try_from(files.len()).map_err(|_| too_large())?;
        self.put_u32(END_OF_ARCHIVE);
        self.put_u32(0);
        self.put_u16(count);
        self.put_u16(count);
        self.put_u32(length);
        self.put_u32(begin);
        self.put_u16(0);
        Ok(self.pending)
    }

    fn position(&self) -> u64 {
        self.sent + as_u64(self.pending.len())
    }

    /// How a file is kept: version, flags, method, time, day.
    fn put_kind(&mut self) {
        for number in [VERSION, FLAGS, METHOD, 0, DAY] {
            self.put_u16(number);
        }
    }

    fn put_u16(&mut self, number: u16) {
        self.pending.extend_from_slice(&number.to_le_bytes());
    }

    fn put_u32(&mut self, number: u32) {
        self.pending.extend_from_slice(&number.to_le_bytes());
    }
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn bounded(number: u64) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| too_large())
}

fn too_large() -> io::Error {
    io::Error::other("a workbook of more than 4 GiB cannot be written; export CSV instead")
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
