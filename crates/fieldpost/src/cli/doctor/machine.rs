//! What the machine gives: a folder to write to, space, speed, and the time.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fieldpost_model::time::Timestamp;
use fieldpost_store::{Inspection, clock};

use super::Check;

/// Below this much free space a hub is about to stop taking messages.
const LITTLE_SPACE: u64 = 1 << 30;
/// Below this much it hardly gets through the hour.
const NO_SPACE: u64 = 64 << 20;
/// Writes by which the disk's speed is measured.
const PROBES: u32 = 16;
/// What one of them writes: a page of the disk.
const PROBE_BYTES: [u8; 4_096] = [0; 4_096];
/// A sync that takes longer than this makes senders wait.
const SLOW_SYNC: Duration = Duration::from_millis(30);
/// No clock that is right shows an earlier time: this version did not exist yet.
const EARLIEST: &str = "2025-01-01T00:00:00Z";
/// By how much the clocks of the hub and of its database may differ.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);

/// The folder, or the nearest one above it that is there.
fn nearest(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

pub(super) fn data_folder(folder: &Path) -> Check {
    const NAME: &str = "data folder";
    let shown = folder.display();
    let existing = nearest(folder);
    if let Err(error) = write_probe(&existing, 1) {
        return Check::wrong(
            NAME,
            format!("{} cannot be written: {error}", existing.display()),
            "give the folder to the user that runs fieldpost, or name another with --data",
        );
    }
    if !folder.is_dir() {
        return Check::fine(NAME, format!("{shown} is not there yet; it can be made"));
    }
    let mode = fs::metadata(folder).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        return Check::noteworthy(
            NAME,
            format!("{shown} can be entered by other users (mode {mode:o}); it holds passwords"),
            format!("chmod 700 {shown}"),
        );
    }
    Check::fine(NAME, format!("{shown} can be written, by its owner only"))
}

pub(super) fn disk_space(folder: &Path) -> Check {
    const NAME: &str = "disk space";
    let existing = nearest(folder);
    let free = match rustix::fs::statvfs(&existing) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            return Check::noteworthy(
                NAME,
                format!("it cannot be told: {error}"),
                "look at it with df",
            );
        }
    };
    // Tenths of a gibibyte are as exact as anybody wants it.
    let tenths = free.saturating_mul(10) >> 30;
    let finding = format!("{}.{} GiB free", tenths / 10, tenths % 10);
    let hint = "make room, or move the data folder; when the disk is full, senders get 503";
    match free {
        0..NO_SPACE => Check::wrong(NAME, finding, hint),
        NO_SPACE..LITTLE_SPACE => Check::noteworthy(NAME, finding, hint),
        _ => Check::fine(NAME, finding),
    }
}

/// Every yes to a sender waits for a sync, so that its speed is the speed of the hub.
pub(super) fn sync_speed(folder: &Path) -> Check {
    const NAME: &str = "sync speed";
    match write_probe(&nearest(folder), PROBES) {
        Ok(took) => {
            let each = took / PROBES;
            let finding = format!("{:.1} ms for each sync to disk", each.as_secs_f64() * 1_000.0);
            if each > SLOW_SYNC {
                let hint = "a hub on this disk works and is slow; a local SSD is quicker";
                Check::noteworthy(NAME, finding, hint)
            } else {
                Check::fine(NAME, finding)
            }
        }
        Err(error) => {
            Check::wrong(NAME, format!("a file cannot be synced: {error}"), "look at the disk")
        }
    }
}

/// Writes and syncs a small file and takes it away again; answers how long the syncs took.
fn write_probe(folder: &Path, times: u32) -> io::Result<Duration> {
    let path = folder.join(format!(".fieldpost-doctor-{}", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    let mut write = || {
        let started = Instant::now();
        for _ in 0..times {
            file.write_all(&PROBE_BYTES)?;
            file.sync_data()?;
        }
        Ok(started.elapsed())
    };
    let took = write();
    fs::remove_file(&path)?;
    took
}

pub(super) fn clock(found: Option<&Inspection>) -> Check {
    const NAME: &str = "clock";
    let now = (clock::system())();
    if Timestamp::parse(EARLIEST).is_some_and(|earliest| now < earliest) {
        return Check::wrong(
            NAME,
            format!("the clock shows {now}, which is long past"),
            "set the clock, and let the system keep it (NTP); signatures carry the time",
        );
    }
    if let Some(theirs) = found.and_then(|found| found.clock) {
        let difference = now.since(theirs).max(theirs.since(now));
        if difference > CLOCK_DIFFERENCE {
            return Check::noteworthy(
                NAME,
                format!("it differs from the database's by {} s", difference.as_secs()),
                "let both systems keep their clocks (NTP); the database's decides what is due",
            );
        }
    }
    Check::fine(NAME, format!("{now}"))
}
