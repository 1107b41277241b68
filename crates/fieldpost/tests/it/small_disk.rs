//! A disk of few megabytes below a hub, which a test fills and clears.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::world::{Hub, LOOK_AGAIN, Said, TOKEN, clean, folder, run};

/// How soon the system has to give back what a file took that was removed.
const GIVEN_BACK: Duration = Duration::from_secs(30);

/// A small disk of our own: a file system in memory.
///
/// Mounting needs rights. Where this process has them the disk is mounted here; elsewhere the hub
/// is started in a namespace of its own, in which it has them, and the disk is seen through the
/// hub's process.
pub(crate) struct SmallDisk {
    folder: TempDir,
    is_mounted_here: bool,
}

impl SmallDisk {
    const SIZE: &str = "size=48m";

    pub(crate) fn new() -> Self {
        let folder = folder();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", Self::SIZE, "tmpfs"])
            .arg(folder.path())
            .output()
            .unwrap();
        Self { folder, is_mounted_here: mounted.status.success() }
    }

    /// Starts a hub whose data lie on the disk. `arguments` is what `serve` is told beside that.
    pub(crate) fn start(&self, arguments: &[&str]) -> Hub {
        let data = self.folder.path().join("data");
        if self.is_mounted_here {
            return Hub::start(&data, arguments);
        }
        let script =
            format!("mount -t tmpfs -o {} tmpfs \"$1\" && shift && exec \"$@\"", Self::SIZE);
        let mut command = clean(Command::new("unshare"), ["-rm", "sh", "-c", &script, "sh"]);
        command.arg(self.folder.path()).arg(env!("CARGO_BIN_EXE_fieldpost"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"]);
        command.args(["--admin-token", TOKEN, "--data"]).arg(&data).args(arguments);
        Hub::spawn(&mut command, |process| seen_by(process, &data))
    }

    /// Starts a hub whose key would lie on the disk, which is full, and tells what it says and what
    /// became of the key.
    pub(crate) fn start_full(&self, data: &Path) -> Said {
        // In a namespace of its own, if this process may not mount: the disk is filled from there.
        let script = "test -n \"$2\" && mount -t tmpfs -o \"$2\" tmpfs \"$1\"; \
                      dd if=/dev/zero of=\"$1/ballast\" bs=4096 2>/dev/null; \
                      \"$3\" serve --listen 127.0.0.1:0 --data \"$4\" --key-file \"$1/key\"; \
                      code=$?; cat \"$1\"/*key*; exit $code";
        let (program, before, options) = if self.is_mounted_here {
            ("sh", vec!["-c"], "")
        } else {
            ("unshare", vec!["-rm", "sh", "-c"], Self::SIZE)
        };
        let mut command = clean(Command::new(program), before);
        command.arg(script).arg("sh").arg(self.folder.path()).arg(options);
        run(command.arg(env!("CARGO_BIN_EXE_fieldpost")).arg(data))
    }

    /// The disk as this process can reach it.
    pub(crate) fn path(&self, hub: &Hub) -> PathBuf {
        if self.is_mounted_here {
            self.folder.path().to_owned()
        } else {
            seen_by(hub.process(), self.folder.path())
        }
    }

    /// Fills what is left of the disk to the last byte.
    pub(crate) fn fill(&self, hub: &Hub) {
        let path = self.path(hub).join("ballast");
        let mut ballast = File::options().create(true).append(true).open(path).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            let piece = vec![0; size];
            while ballast.write_all(&piece).is_ok() {}
        }
    }

    /// Gives back what `fill` took. Returns when the disk itself says that there is room, so that
    /// whoever waits for the hub from then on waits for nothing else.
    pub(crate) fn clear(&self, hub: &Hub) {
        let disk = self.path(hub);
        fs::remove_file(disk.join("ballast")).unwrap();
        let (probe, since) = (disk.join("probe"), Instant::now());
        while fs::write(&probe, vec![0; 1 << 20]).is_err() {
            assert!(since.elapsed() < GIVEN_BACK, "the disk is still full: {:?}", files(&disk));
            std::thread::sleep(LOOK_AGAIN);
        }
        fs::remove_file(probe).unwrap();
    }
}

/// What lies in a folder and below it, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => files(&entry.path()),
            Ok(data) => vec![(entry.path(), data.len())],
            Err(_) => Vec::new(),
        })
        .collect()
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.is_mounted_here {
            // Lazily: the hub may be about to let go of it.
            drop(Command::new("umount").arg("-l").arg(self.folder.path()).status());
        }
    }
}

/// A path as another process sees it.
fn seen_by(process: u32, path: &Path) -> PathBuf {
    let mut seen = PathBuf::from(format!("/proc/{process}/root"));
    seen.extend(path.components().skip(1));
    seen
}
