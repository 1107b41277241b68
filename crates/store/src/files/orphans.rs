//! Takes away what no row names: files whose transaction never came, and those whose submissions
//! were erased.
//!
//! A file is an orphan when no row names its digest and it is a day old; what is younger may belong
//! to a transaction that is about to come. A row could still come, or the same content be written
//! anew, between the look into the database and the removal. So an orphan is first moved aside, and
//! looked at once more where nobody can change it: what is young by then, or named, goes back.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fieldpost_model::hexadecimal;
use fieldpost_model::time::Timestamp;

use super::{Files, INCOMING, is_not_there};
use crate::Store;
use crate::error::StoreError;
use crate::statement::Parameter;

/// How long a file may wait for the transaction that names it.
const KEPT_FOR: Duration = Duration::from_hours(24);
/// What the name of a file ends in that has been moved aside.
const ASIDE: &str = ".aside";
/// Digests that the database is asked about at once.
const ASKED_AT_ONCE: usize = 200;

/// A file as it lies in a folder.
#[derive(Clone, Debug)]
struct Found {
    sha256: [u8; 32],
    is_aside: bool,
    is_old: bool,
}

impl Store {
    /// Takes away the orphans of one of the 256 parts of the folder, with what was never finished;
    /// the answer is how many. Several hubs may do this at once.
    pub async fn remove_orphans(&self, part: u8) -> Result<u64, StoreError> {
        let before = (self.clock)();
        let before = Timestamp(before.0.saturating_sub(micros(KEPT_FOR)));
        let mut removed = self.files.blocking(move |it| it.remove_unfinished(before)).await?;
        for group in self.files.blocking(move |files| files.groups(part)).await? {
            removed += self.remove_orphans_of(group, before).await?;
        }
        Ok(removed)
    }

    async fn remove_orphans_of(
        &self,
        group: [u8; 2],
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut found = self.files.blocking(move |files| files.list(group, before)).await?;
        found.retain(|file| file.is_old || file.is_aside);
        if found.is_empty() {
            return Ok(0);
        }
        let named = self.named(&found).await?;
        found.retain(|file| file.is_aside || !named.contains(&file.sha256));
        let orphans = found.clone();
        self.files.blocking(move |files| files.move_aside(&orphans)).await?;
        let named = self.named(&found).await?;
        self.files.blocking(move |files| files.remove_aside(&found, &named, before)).await
    }

    /// Those of the files that rows name.
    async fn named(&self, files: &[Found]) -> Result<HashSet<[u8; 32]>, StoreError> {
        let mut named = HashSet::new();
        for files in files.chunks(ASKED_AT_ONCE) {
            let asked: Vec<_> = (1..=files.len()).map(|number| format!("${number}")).collect();
            let asked = asked.join(", ");
            let sql = format!(
                "SELECT sha256 FROM submission_files WHERE sha256 IN ({asked})
                 UNION SELECT sha256 FROM form_files WHERE sha256 IN ({asked})
                 UNION SELECT sha256 FROM progress_files WHERE sha256 IN ({asked})"
            );
            let digests = files.iter().map(|file| Parameter::Bytes(file.sha256.to_vec()));
            let rows = self.query(sql, digests.collect(), |row| row.bytes(0)).await?;
            named.extend(rows.iter().filter_map(|row| <[u8; 32]>::try_from(&row[..]).ok()));
        }
        Ok(named)
    }
}

impl Files {
    /// Removes what somebody began before and never finished.
    fn remove_unfinished(&self, before: Timestamp) -> io::Result<u64> {
        let mut removed = 0;
        for entry in entries(&self.folder.join(INCOMING))? {
            if modified(&entry)?.is_some_and(|modified| modified < before) {
                removed += u64::from(remove(&entry)?);
            }
        }
        Ok(removed)
    }

    /// The groups of a part that have a folder.
    fn groups(&self, part: u8) -> io::Result<Vec<[u8; 2]>> {
        let folders = entries(&self.folder.join(hexadecimal::encode(&[part])))?;
        let second = |folder: &PathBuf| bytes_of::<1>(folder.file_name()?.to_str()?);
        Ok(folders.iter().filter_map(second).map(|[second]| [part, second]).collect())
    }

    /// The files of a group.
    fn list(&self, group: [u8; 2], before: Timestamp) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in entries(&self.group(group))? {
            let Some(name) = entry.file_name().and_then(|name| name.to_str()) else { continue };
            let digest = name.strip_suffix(ASIDE);
            let Some(sha256) = bytes_of(digest.unwrap_or(name)) else { continue };
            let is_old = modified(&entry)?.is_some_and(|modified| modified < before);
            found.push(Found { sha256, is_aside: digest.is_some(), is_old });
        }
        Ok(found)
    }

    fn move_aside(&self, orphans: &[Found]) -> io::Result<()> {
        for orphan in orphans.iter().filter(|orphan| !orphan.is_aside) {
            let path = self.path_of(&orphan.sha256);
            rename(&path, &aside(&path))?;
        }
        Ok(())
    }

    /// Removes what was moved aside, but for what is named or young after all.
    fn remove_aside(
        &self,
        orphans: &[Found],
        named: &HashSet<[u8; 32]>,
        before: Timestamp,
    ) -> io::Result<u64> {
        let mut removed = 0;
        for orphan in orphans {
            let path = self.path_of(&orphan.sha256);
            let aside = aside(&path);
            let Some(modified) = modified(&aside)? else { continue };
            if named.contains(&orphan.sha256) || modified >= before {
                rename(&aside, &path)?;
            } else {
                removed += u64::from(remove(&aside)?);
            }
        }
        Ok(removed)
    }
}

/// Where a file is moved that may be an orphan.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    aside.into()
}

/// What lies in a folder; nothing where there is no such folder.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if is_not_there(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// When a file was last written; `None` where another hub was quicker and took it away.
fn modified(path: &Path) -> io::Result<Option<Timestamp>> {
    match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(time) => {
            let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            Ok(Some(Timestamp(micros(since))))
        }
        Err(error) if is_not_there(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether this was the one that removed it.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_not_there(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Renames a file, unless another hub was quicker.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to).or_else(|error| if is_not_there(&error) { Ok(()) } else { Err(error) })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The bytes that are written in hexadecimal digits, if they are so many and nothing else.
fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (hexadecimal::encode(&bytes) == digits).then_some(bytes)
}
