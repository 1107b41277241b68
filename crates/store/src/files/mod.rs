//! The files that come with submissions and forms: photos, recordings, whatever a phone sends beside
//! the answers. They lie in a folder beside the database, each under the digest of its content:
//!
//! ```text
//!   files/incoming/<random>         while it is being written
//!   files/ab/cd/<SHA-256 in full>   once it is whole and on disk
//! ```
//!
//! Rows name files by their digest, so one content lies there once, however often it comes. A file
//! is written and synced *before* the transaction that names it: a row never names what is not
//! there. Whoever dies in between leaves a file that no row names, or half of one; `orphans` takes
//! these away after a day. Nothing here holds a file in memory.
//!
//! Hubs that share a database have to share this folder too.

mod orphans;

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use fieldpost_model::hexadecimal;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use crate::error::StoreError;

/// The folder of files in a data folder, unless another one is named.
pub const FILES_FOLDER: &str = "files";
/// Where files lie that are still being written.
const INCOMING: &str = "incoming";
/// What people sent is for the hub's own user only.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// The most bytes of one file that are in memory at once.
const PIECE: usize = 64 * 1024;

/// Why a file was not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// It is longer than it may be.
    #[error("the file is longer than {most} bytes")]
    TooLarge {
        /// The most bytes that it may have.
        most: u64,
    },
    /// The folder cannot be written right now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file that is whole and on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// The SHA-256 of its content: its name.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: u64,
}

/// The folder of files. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Files {
    folder: Arc<PathBuf>,
    /// The folders whose own entries are known to be on disk.
    synced: Arc<Mutex<HashSet<[u8; 2]>>>,
}

impl Files {
    /// The files of a folder, which is made with the first of them.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder: Arc::new(folder), synced: Arc::default() }
    }

    /// Begins a file of at most so many bytes.
    pub async fn begin(&self, most: u64) -> Result<NewFile, StoreError> {
        let incoming = self.folder.join(INCOMING);
        let path = incoming.join(Uuid::new_v4().simple().to_string());
        let (temporary, file) = self
            .blocking(move |_| {
                make_folder(&incoming)?;
                let mut options = OpenOptions::new();
                let file = options.write(true).create_new(true).mode(FILE_MODE).open(&path)?;
                Ok((Temporary(Some(path)), file))
            })
            .await?;
        let mut file = File::from_std(file);
        file.set_max_buf_size(PIECE);
        Ok(NewFile { files: self.clone(), temporary, file, hash: Sha256::new(), bytes: 0, most })
    }

    /// Whether anything can be written right now: a disk that is full often takes an empty file.
    pub async fn try_room(&self) -> Result<(), StoreError> {
        let incoming = self.folder.join(INCOMING);
        let path = incoming.join(Uuid::new_v4().simple().to_string());
        self.blocking(move |_| {
            make_folder(&incoming)?;
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(FILE_MODE).open(&path)?;
            let _temporary = Temporary(Some(path));
            file.write_all(&vec![0; PIECE])?;
            file.sync_data()
        })
        .await
    }

    /// Opens a file; `None` where there is none of that content.
    pub async fn open(&self, sha256: &[u8; 32]) -> Result<Option<OpenFile>, StoreError> {
        let path = self.path_of(sha256);
        let open = || async move {
            let mut file = File::open(path).await?;
            file.set_max_buf_size(PIECE);
            let bytes = file.metadata().await?.len();
            Ok(OpenFile { files: self.clone(), file, bytes })
        };
        match open().await {
            Ok(file) => Ok(Some(file)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    /// Whether there is a file of that content. This blocks.
    pub(crate) fn has(&self, sha256: &[u8; 32]) -> io::Result<bool> {
        self.path_of(sha256).try_exists()
    }

    /// Where a file of that content lies.
    fn path_of(&self, sha256: &[u8; 32]) -> PathBuf {
        self.group(group_of(sha256)).join(hexadecimal::encode(sha256))
    }

    /// The folder of the files whose digests begin alike.
    fn group(&self, [first, second]: [u8; 2]) -> PathBuf {
        self.folder.join(hexadecimal::encode(&[first])).join(hexadecimal::encode(&[second]))
    }

    /// Gives a whole and synced file its name. It is on disk when this returns.
    fn put(&self, mut temporary: Temporary, sha256: &[u8; 32]) -> io::Result<()> {
        let group = group_of(sha256);
        let folder = self.group(group);
        make_folder(&folder)?;
        // Also where there is one of that name: the new one is younger, and thus no orphan yet.
        fs::rename(temporary.path(), folder.join(hexadecimal::encode(sha256)))?;
        temporary.is_named();
        sync(&folder)?;
        let is_known = |synced: &Mutex<HashSet<[u8; 2]>>| {
            synced.lock().unwrap_or_else(PoisonError::into_inner).contains(&group)
        };
        if !is_known(&self.synced) {
            // The folders above may be new as well; their entries are theirs to sync.
            let above = [folder.parent(), Some(&**self.folder), self.folder.parent()];
            for folder in above.into_iter().flatten().filter(|it| !it.as_os_str().is_empty()) {
                sync(folder)?;
            }
            self.synced.lock().unwrap_or_else(PoisonError::into_inner).insert(group);
        }
        Ok(())
    }

    /// Puts a file into another folder of files too, where it is one more name for the same content if
    /// both are on one disk. The answer is the group of its folder there; `None` where there is no such
    /// file. This blocks.
    pub(crate) fn copy_to(&self, other: &Self, sha256: &[u8; 32]) -> io::Result<Option<[u8; 2]>> {
        let (path, group) = (self.path_of(sha256), group_of(sha256));
        make_folder(&other.group(group))?;
        let target = other.path_of(sha256);
        let linked = fs::hard_link(&path, &target).or_else(|error| {
            if is_not_there(&error) {
                return Err(error);
            }
            // Another disk, or one that knows no second names.
            copy_anew(&path, &target)
        });
        match linked {
            Ok(()) => Ok(Some(group)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts the entries of groups on disk, and of the folders above them. This blocks.
    pub(crate) fn sync_folders(&self, groups: &BTreeSet<[u8; 2]>) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        for group in groups {
            let folder = self.group(*group);
            folders.extend(folder.parent().map(Path::to_owned));
            folders.insert(folder);
        }
        if !folders.is_empty() {
            folders.insert(self.folder.to_path_buf());
        }
        folders.iter().try_for_each(|folder| sync(folder))
    }

    /// Does what blocks beside the others.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&files)).await;
        match done {
            Ok(done) => done.map_err(|error| self.trouble(&error)),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    fn trouble(&self, error: &io::Error) -> StoreError {
        StoreError::Unavailable(format!("the folder of files {}: {error}", self.folder.display()))
    }
}

/// A file that is being written. Dropped, it is gone.
#[derive(Debug)]
pub struct NewFile {
    files: Files,
    temporary: Temporary,
    file: File,
    hash: Sha256,
    bytes: u64,
    most: u64,
}

impl NewFile {
    /// Adds some bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > self.most - self.bytes {
            return Err(FileError::TooLarge { most: self.most });
        }
        self.bytes += length;
        self.hash.update(bytes);
        let written = self.file.write_all(bytes).await;
        Ok(written.map_err(|error| self.files.trouble(&error))?)
    }

    /// The bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the file. It is whole and on disk, under its name, when this returns `Ok`.
    pub async fn finish(self) -> Result<KeptFile, StoreError> {
        self.end().await?.keep().await
    }

    /// Ends the file without giving it its name: its content is on disk when this returns `Ok`.
    pub async fn end(self) -> Result<WholeFile, StoreError> {
        let Self { files, temporary, mut file, hash, bytes, .. } = self;
        file.flush().await.map_err(|error| files.trouble(&error))?;
        let file = file.into_std().await;
        files.blocking(move |_| file.sync_all()).await?;
        Ok(WholeFile { files, temporary, sha256: hash.finalize().into(), bytes })
    }
}

/// A file that is whole and on disk, without its name yet. Dropped, it is gone: so nothing stays of
/// what is refused.
#[derive(Debug)]
pub struct WholeFile {
    files: Files,
    temporary: Temporary,
    sha256: [u8; 32],
    bytes: u64,
}

impl WholeFile {
    /// The SHA-256 of its content.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Gives the file its name, which is on disk when this returns `Ok`.
    pub async fn keep(self) -> Result<KeptFile, StoreError> {
        let Self { files, temporary, sha256, bytes } = self;
        files.blocking(move |files| files.put(temporary, &sha256)).await?;
        Ok(KeptFile { sha256, bytes })
    }
}

/// A file without its name yet, which is removed unless it gets it.
#[derive(Debug)]
struct Temporary(Option<PathBuf>);

impl Temporary {
    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    fn is_named(&mut self) {
        self.0 = None;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = fs::remove_file(&path)
        {
            // What stays behind is an orphan, and goes with the others.
            tracing::debug!(path = %path.display(), %error, "an unfinished file stays for a day");
        }
    }
}

/// A file that is being read.
#[derive(Debug)]
pub struct OpenFile {
    files: Files,
    file: File,
    bytes: u64,
}

impl OpenFile {
    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = self.file.read_buf(&mut piece).await;
        let length = read.map_err(|error| self.files.trouble(&error))?;
        Ok((length > 0).then(|| piece.freeze()))
    }
}

const fn group_of(sha256: &[u8; 32]) -> [u8; 2] {
    let [first, second, ..] = *sha256;
    [first, second]
}

/// Copies a file to where there is none. What is there is left alone: it may be the file itself, by another
/// name.
fn copy_anew(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = fs::File::open(from)?;
    let mut to = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

/// Makes a folder and those above it, unless they are there.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Puts the entries of a folder on disk.
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

fn is_not_there(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_there_already_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let [hub, copy] = ["hub", "copy"].map(|name| Files::at(folder.path().join(name)));
        let mut file = hub.begin(100).await.unwrap();
        file.write(b"a photo").await.unwrap();
        let sha256 = file.finish().await.unwrap().sha256;
        assert_eq!(hub.copy_to(&copy, &sha256).unwrap(), Some(group_of(&sha256)));
        let again = hub.copy_to(&copy, &sha256).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        for files in [&hub, &copy] {
            assert_eq!(fs::read(files.path_of(&sha256)).unwrap(), b"a photo");
        }
        let other = copy.path_of(&sha256).with_extension("other");
        copy_anew(&hub.path_of(&sha256), &other).unwrap();
        assert_eq!(fs::read(other).unwrap(), b"a photo");
        assert_eq!(hub.copy_to(&copy, &[7; 32]).unwrap(), None);
    }
}
