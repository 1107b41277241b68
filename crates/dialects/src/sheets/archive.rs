//! A ZIP archive that is written while it is sent.
//!
//! Sizes and checksums stand behind each part, where they are known; the list of the parts stands last.

use std::io::{self, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// The signatures of what an archive is made of.
const LOCAL_FILE: u32 = 0x0403_4B50;
const BEHIND_FILE: u32 = 0x0807_4B50;
const CENTRAL_FILE: u32 = 0x0201_4B50;
const END_OF_ARCHIVE: u32 = 0x0605_4B50;
/// The version of the format that is needed to read it: 2.0.
const VERSION: u16 = 20;
/// Sizes stand behind the file, and names are UTF-8.
const FLAGS: u16 = 0x0808;
/// Names are UTF-8; sizes stand before the file.
const PLAIN_FLAGS: u16 = 0x0800;
/// Deflate.
const DEFLATED: u16 = 8;
/// As it is.
const STORED: u16 = 0;
/// The first of January 1980, which is no day at all in archives.
const DAY: u16 = 0x0021;

/// A ZIP archive under construction.
#[derive(Debug, Default)]
pub(super) struct Archive {
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
    is_stored: bool,
}

impl Archive {
    pub(super) fn file(&mut self, name: &str, content: &str) -> io::Result<()> {
        self.begin_file(name);
        self.write(content.as_bytes())?;
        self.end_file()
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        let offset = self.position();
        // The checksum and the sizes are not known yet.
        self.put_head(name, FLAGS, DEFLATED, [0; 3]);
        self.open = Some(OpenFile {
            name: name.to_owned(),
            offset,
            encoder: DeflateEncoder::new(Vec::new(), Compression::fast()),
            checksum: Crc::new(),
            size: 0,
            compressed: 0,
        });
    }

    /// A small file that is kept as it is, for readers that look at fixed places of an archive.
    pub(super) fn stored(&mut self, name: &str, content: &str) -> io::Result<()> {
        let mut checksum = Crc::new();
        checksum.update(content.as_bytes());
        let size = bounded(as_u64(content.len()))?;
        let file = ArchivedFile {
            name: name.to_owned(),
            offset: bounded(self.position())?,
            checksum: checksum.sum(),
            size,
            compressed: size,
            is_stored: true,
        };
        self.put_head(name, PLAIN_FLAGS, STORED, [file.checksum, size, size]);
        self.pending.extend_from_slice(content.as_bytes());
        self.files.push(file);
        Ok(())
    }

    fn put_head(&mut self, name: &str, flags: u16, method: u16, sizes: [u32; 3]) {
        self.put_u32(LOCAL_FILE);
        self.put_kind(flags, method);
        for number in sizes {
            self.put_u32(number);
        }
        self.put_u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
        self.put_u16(0);
        self.pending.extend_from_slice(name.as_bytes());
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.encoder.write_all(bytes)?;
        open.checksum.update(bytes);
        open.size += as_u64(bytes.len());
        let compressed = open.encoder.get_mut();
        open.compressed += as_u64(compressed.len());
        self.pending.append(compressed);
        Ok(())
    }

    pub(super) fn end_file(&mut self) -> io::Result<()> {
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
            is_stored: false,
        };
        self.put_u32(BEHIND_FILE);
        for number in [file.checksum, file.compressed, file.size] {
            self.put_u32(number);
        }
        self.files.push(file);
        Ok(())
    }

    /// What is there to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.sent += as_u64(self.pending.len());
        std::mem::take(&mut self.pending)
    }

    pub(super) fn end(mut self) -> io::Result<Vec<u8>> {
        let begin = bounded(self.position())?;
        let files = std::mem::take(&mut self.files);
        for file in &files {
            self.put_u32(CENTRAL_FILE);
            self.put_u16(VERSION);
            let (flags, method) =
                if file.is_stored { (PLAIN_FLAGS, STORED) } else { (FLAGS, DEFLATED) };
            self.put_kind(flags, method);
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
    fn put_kind(&mut self, flags: u16, method: u16) {
        for number in [VERSION, flags, method, 0, DAY] {
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
