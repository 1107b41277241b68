//! A copy of the SQLite database and of the files that it names, made while the hub goes on.
//!
//! The copy is of one moment: a read transaction holds that moment for as long as the copying
//! takes, and the hub writes on beside it. The write-ahead log cannot be shortened meanwhile, so
//! that it grows by what is written during the backup.
//!
//! Files never change, and a row never names one that is not on disk: so those that the copy names
//! are taken after it. Where the backup lies on the same disk, each is one more name for the same
//! content, and costs no room.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::StoreSettings;
use crate::error::StoreError;
use crate::files::Files;
use crate::sqlite::{BUSY_TIMEOUT, DATABASE_FILE};

/// Pages that are copied before progress is told: 8 MiB.
const PAGES_PER_STEP: i32 = 1_024;

/// What a backup is copying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupPart {
    /// The database, in pages.
    Database,
    /// The files that it names.
    Files,
}

/// What a backup holds beside the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackedUpFiles {
    /// The files in it.
    pub files: u64,
    /// Files that the database names and that are not there: they were erased since, or lost before.
    pub missing: u64,
}

/// Where the files of a backup lie: beside the copy of the database, under its name with `.files`.
pub fn backup_files(target: &Path) -> PathBuf {
    with_ending(target, ".files")
}

/// Copies the database of these settings into the file `target`, and the files that it names into the
/// folder [`backup_files`], neither of which may exist. `progress` is told how much is done, and how much
/// there is. This blocks.
///
/// When it returns `Ok`, the copy is whole and synced. Whatever else happens, no file `target`
/// appears that is not whole: the copy is made beside it and gets its name at the end. While another
/// backup is made in the same folder, this waits for it.
pub fn backup(
    settings: &StoreSettings,
    target: &Path,
    mut progress: impl FnMut(BackupPart, u64, u64),
) -> Result<BackedUpFiles, StoreError> {
    let path = settings.data.join(DATABASE_FILE);
    let cannot_write =
        |error: io::Error| StoreError::Open(format!("cannot write {}: {error}", target.display()));
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(cannot_write)?;
    // One at a time in a folder: two for one place would take each other's parts away.
    if let Err(error) = folder.lock() {
        tracing::debug!(%error, "the folder of the backup knows no locks");
    }
    let files = backup_files(target);
    for there in [target, &files] {
        if there.exists() {
            return Err(StoreError::Open(format!("{} is there already", there.display())));
        }
    }
    let beside = with_ending(target, ".partial");
    let files_beside = with_ending(&files, ".partial");
    let source = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| StoreError::Open(format!("cannot open {}: {error}", path.display())))?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    // What an interrupted backup left behind.
    remove_parts(&beside, &files_beside).map_err(cannot_write)?;
    // It holds what the data folder holds: it is for its owner only.
    File::options().write(true).create_new(true).mode(0o600).open(&beside).map_err(cannot_write)?;
    let copied = copy(&source, &beside, &mut |done, all| progress(BackupPart::Database, done, all))
        .and_then(|()| {
            let parts = (settings.files.as_path(), files_beside.as_path());
            copy_files(&beside, parts, &mut |done, all| progress(BackupPart::Files, done, all))
        });
    let Ok(taken) = copied else {
        // The error of the copying is the one to tell.
        drop(remove_parts(&beside, &files_beside));
        return copied;
    };
    File::open(&beside).and_then(|file| file.sync_all()).map_err(cannot_write)?;
    if taken.files > 0 {
        fs::rename(&files_beside, &files).map_err(cannot_write)?;
    }
    remove_logs(&beside).map_err(cannot_write)?;
    fs::rename(&beside, target).map_err(cannot_write)?;
    folder.sync_all().map_err(cannot_write)?;
    Ok(taken)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Removes a copy that was not ended, and the files that were taken for it.
fn remove_parts(database: &Path, files: &Path) -> io::Result<()> {
    gone(fs::remove_file(database))?;
    remove_logs(database)?;
    gone(fs::remove_dir_all(files))
}

/// Removes what SQLite leaves beside a copy that was read: it keeps the mode of the hub's database, in which
/// readers have an index of the write-ahead log. The copying has put everything into the copy itself.
fn remove_logs(database: &Path) -> io::Result<()> {
    ["-wal", "-shm"].iter().try_for_each(|log| gone(fs::remove_file(with_ending(database, log))))
}

/// What is not there is removed as well.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the files that a copied database names from one folder into another.
fn copy_files(
    database: &Path,
    (from, to): (&Path, &Path),
    progress: &mut impl FnMut(u64, u64),
) -> Result<BackedUpFiles, StoreError> {
    let cannot =
        |error: io::Error| StoreError::Open(format!("cannot write {}: {error}", to.display()));
    let (from, to) = (Files::at(from.to_owned()), Files::at(to.to_owned()));
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let all = database
        .query_row(&format!("SELECT COUNT(*) FROM ({NAMED})"), [], |row| row.get::<_, i64>(0))?;
    let mut statement = database.prepare(NAMED)?;
    let mut rows = statement.query([])?;
    let (mut taken, mut folders) = (BackedUpFiles::default(), BTreeSet::new());
    while let Some(row) = rows.next()? {
        let sha256: [u8; 32] = row.get(0)?;
        match from.copy_to(&to, &sha256).map_err(cannot)? {
            Some(folder) => {
                taken.files += 1;
                folders.insert(folder);
            }
            None => taken.missing += 1,
        }
        progress(taken.files + taken.missing, all.unsigned_abs());
    }
    to.sync_folders(&folders).map_err(cannot)?;
    Ok(taken)
}

/// The digests of all files that rows name.
const NAMED: &str = "SELECT sha256 FROM submission_files WHERE sha256 IS NOT NULL
                     UNION SELECT sha256 FROM form_files WHERE sha256 IS NOT NULL
                     UNION SELECT sha256 FROM progress_files";

fn copy(
    source: &Connection,
    target: &Path,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), StoreError> {
    // The first read of a transaction fixes the moment that it sees.
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    let mut copy = Connection::open(target)?;
    {
        let backup = Backup::new(source, &mut copy)?;
        loop {
            let step = backup.step(PAGES_PER_STEP)?;
            let at = backup.progress();
            let pages = u64::try_from(at.pagecount).unwrap_or(0);
            let left = u64::try_from(at.remaining).unwrap_or(0);
            progress(pages.saturating_sub(left), pages);
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                // Nobody else writes the copy, and readers of the source are never kept waiting.
                _ => return Err(StoreError::Unavailable("the database is locked".to_owned())),
            }
        }
    }
    copy.close().map_err(|(_, error)| error)?;
    Ok(source.execute_batch("COMMIT")?)
}
