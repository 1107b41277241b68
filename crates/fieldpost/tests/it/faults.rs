//! What is below the hub breaks: MUST-4 and MUST-30 of docs/specs/submission.md.
//!
//! The database goes away and comes back, the disk fills and is cleared; the hub itself is never
//! touched. While it cannot keep anything it says so with 503, and afterwards it goes on by itself.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fieldpost_testkit::TemporaryPostgres;
use serde_json::json;
use tempfile::TempDir;

use crate::crash::{Field, check_books, inbox};
use crate::load::Load;
use crate::world::{Hub, LOOK_AGAIN, Said, TOKEN, clean, folder, run};

/// Senders that post at once.
const SENDERS: usize = 8;
/// Messages that have to get a yes before something breaks, and after it was mended.
pub(crate) const SOME: usize = 100;
/// How soon the hub has to go on after what broke was mended.
pub(crate) const RECOVERY: Duration = Duration::from_secs(15);

/// Every refusal is a 503 that says when to come back, and there were some.
#[track_caller]
fn check_refusals(load: &Load) {
    let refused = load.refused();
    assert!(!refused.is_empty(), "nobody was refused while nothing could be kept");
    for refusal in &refused {
        assert!(refusal.status == 503 && refusal.says_when, "{refusal:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_postgres_goes_away_and_comes_back() {
    let mut postgres = TemporaryPostgres::start_private().await;
    let field = Field::new(Some(postgres.database().await)).await;
    let hub = field.start();
    let load = Load::start(&inbox(&hub), SENDERS);
    load.wait_for_more(SOME, RECOVERY).await;
    // As by an operator, with time to notice.
    postgres.stop();
    let while_away = load.acknowledged().len();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(load.acknowledged().len() <= while_away + SENDERS, "a yes without a database");
    check_refusals(&load);
    postgres.start();
    load.wait_for_more(SOME, RECOVERY).await;
    // As by a crash, twice.
    for _ in 0..2 {
        postgres.restart_immediate();
        load.wait_for_more(SOME, RECOVERY).await;
    }
    check_refusals(&load);
    let acknowledged = load.end().await;
    check_books(&hub.api(), &acknowledged, &field.destination).await;
}

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

    /// Starts a hub whose data lie on the disk.
    pub(crate) fn start(&self, field: &Field) -> Hub {
        let data = self.folder.path().join("data");
        if self.is_mounted_here {
            return field.start_in(&data);
        }
        let script =
            format!("mount -t tmpfs -o {} tmpfs \"$1\" && shift && exec \"$@\"", Self::SIZE);
        let mut command = clean(Command::new("unshare"), ["-rm", "sh", "-c", &script, "sh"]);
        command.arg(self.folder.path()).arg(env!("CARGO_BIN_EXE_fieldpost"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"]);
        command.args(["--admin-token", TOKEN, "--data"]).arg(&data).args(field.arguments());
        Hub::spawn(&mut command, |process| seen_by(process, &data))
    }

    /// Starts a hub whose key would lie on the disk, which is full, and tells what it says and what
    /// became of the key.
    fn start_full(&self, data: &Path) -> Said {
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

/// Fills what is left of a disk to the last byte.
pub(crate) fn fill(path: &Path) {
    let mut ballast = File::options().create(true).append(true).open(path).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0; size];
        while ballast.write_all(&piece).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_and_cleared() {
    let field = Field::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&field);
    let load = Load::start(&inbox(&hub), SENDERS);
    for _ in 0..2 {
        load.wait_for_more(SOME, RECOVERY).await;
        let ballast = disk.path(&hub).join("ballast");
        let refused = load.refused().len();
        let full = async {
            // The log is overwritten in place for a while before it has to grow.
            while load.refused().len() < refused + SOME {
                fill(&ballast);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = tokio::time::timeout(RECOVERY * 2, full).await;
        assert!(in_time.is_ok(), "a full disk was never noticed");
        fs::remove_file(&ballast).unwrap();
        load.wait_for_more(SOME, RECOVERY).await;
    }
    check_refusals(&load);
    let acknowledged = load.end().await;
    check_books(&hub.api(), &acknowledged, &field.destination).await;
}

/// An action that works goes on where it was, and nothing is said to have been told that was not kept.
#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_while_an_action_works_and_something_is_told() {
    let field = Field::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&field);
    let api = hub.api();
    let load = Load::start(&inbox(&hub), SENDERS);
    load.wait_for_more(SOME, RECOVERY).await;
    let acknowledged = load.end().await;
    api.wait_until_nothing_waits(RECOVERY).await;
    let messages = api.all("projects/p/messages").await.len();
    let replay = json!({ "action": "replay", "filter": {}, "forwarder": "two", "rate": 50,
        "wait": false });
    let (status, action) = api.post("projects/p/messages/actions", &replay).await;
    assert_eq!(status, 202, "{action}");
    let action = format!("projects/p/deliveries/actions/{}", action["id"].as_str().unwrap());
    let touched = async || api.get(&action).await["touched"].as_u64().unwrap();
    while touched().await == 0 {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let report = json!({ "every": "day", "to": "lead@example.org" });
    let ballast = disk.path(&hub).join("ballast");
    let (refused, since) = (async || api.post("projects/p/reports", &report).await, Instant::now());
    let problem = loop {
        fill(&ballast);
        let (status, answer) = refused().await;
        if status != 200 {
            assert_eq!(status, 503, "{answer}");
            break answer;
        }
        assert!(since.elapsed() < RECOVERY, "a full disk was never noticed");
    };
    assert_eq!(problem["code"], "store-unavailable", "{problem}");
    let kept = api.all("projects/p/notices").await.len();
    assert!(touched().await < messages as u64, "it was not under way any more");
    fs::remove_file(&ballast).unwrap();
    assert_eq!(refused().await.0, 200);
    assert_eq!(api.all("projects/p/notices").await.len(), kept + 1);
    while api.get(&action).await["state"] == "running" {
        assert!(since.elapsed() < RECOVERY * 4, "the action does not go on");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    api.wait_until_nothing_waits(RECOVERY).await;
    assert_eq!(touched().await, messages as u64, "each once");
    let copies = api.all("projects/p/deliveries?forwarder=two").await;
    assert_eq!(copies.len(), 2 * messages, "each once");
    assert!(acknowledged.len() <= messages);
}

/// Half a key would be worse than none: nothing of it stays, and no hub runs without one.
#[test]
fn fault_the_disk_is_full_when_the_key_is_made() {
    let disk = SmallDisk::new();
    let data = folder();
    let said = disk.start_full(data.path());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(!said.output.contains("fpk1_"), "{said:?}");
    assert!(said.errors.contains("No space left"), "{said:?}");
}
