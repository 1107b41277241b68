//! A copy of the SQLite database, made while the hub goes on.
//!
//! The copy is of one moment: a read transaction holds that moment for as long as the copying
//! takes, and the hub writes on beside it. The write-ahead log cannot be shortened meanwhile, so
//! that it grows by what is written during the backup.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::StoreSettings;
use crate::error::StoreError;
use crate::sqlite::{BUSY_TIMEOUT, DATABASE_FILE};

/// Pages that are copied before progress is told: 8 MiB.
const PAGES_PER_STEP: i32 = 1_024;

/// Copies the database of these settings into the file `target`, which must not exist. `progress`
/// is told how many pages are done and how many there are. This blocks.
///
/// When it returns `Ok`, the copy is whole and synced. Whatever else happens, no file `target`
/// appears that is not whole: the copy is made beside it and gets its name at the end.
pub fn backup(
    settings: &StoreSettings,
    target: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), StoreError> {
    let path = settings.data.join(DATABASE_FILE);
    let cannot_write = |error: std::io::Error| {
        StoreError::Open(format!("cannot write {}: {error}", target.display()))
    };
    if target.exists() {
        return Err(StoreError::Open(format!("{} is there already", target.display())));
    }
    let mut beside = target.as_os_str().to_owned();
    beside.push(".partial");
    let beside = Path::new(&beside);
    let source = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| StoreError::Open(format!("cannot open {}: {error}", path.display())))?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    // What an interrupted backup left behind.
    match fs::remove_file(beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(cannot_write(error));
        }
        _ => {}
    }
    // It holds what the data folder holds: it is for its owner only.
    File::options().write(true).create_new(true).mode(0o600).open(beside).map_err(cannot_write)?;
    let copied = copy(&source, beside, &mut progress);
    if copied.is_err() {
        // The error of the copying is the one to tell.
        drop(fs::remove_file(beside));
        return copied;
    }
    File::open(beside).and_then(|file| file.sync_all()).map_err(cannot_write)?;
    fs::rename(beside, target).map_err(cannot_write)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot_write)
}

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
