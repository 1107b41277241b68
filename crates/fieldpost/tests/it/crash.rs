//! Killed hubs: MUST-1, MUST-16, MUST-17, MUST-28 and MUST-29 of docs/specs/submission.md.
//!
//! Senders post without a pause while the hub is killed, or told to stop, and started again, round
//! after round, with deliveries under way. At the end every message that got a yes is there, each
//! message (also one that got none) has its deliveries, and each of them has arrived.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::Value;
use tempfile::TempDir;

use crate::load::Load;
use crate::world::{Api, Hub, LOOK_AGAIN, PATIENCE, folder, write};

/// How often the hub is ended in one test.
const ROUNDS: u32 = 10;
/// How long the senders post in one round before the hub is ended.
const ROUND: Duration = Duration::from_millis(400);
/// How soon after a start deliveries of the time before have to go on.
const GO_ON: Duration = Duration::from_secs(2);
/// Senders that post at once.
const SENDERS: usize = 8;
/// How long what is left may take at the end. A claim whose answer was lost with the database waits
/// until its lease has run out.
const DRAIN: Duration = Duration::from_mins(1);

const SECRET: &str = "a-long-random-word-of-letters";
/// The paths that each message goes to, one for each forwarder.
pub(crate) const PATHS: [&str; 2] = ["/one", "/two"];

/// How a hub is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// As by a power cut.
    Kill,
    /// By an order, which it obeys.
    Stop,
}

/// A hub that can be started again and again, with a destination.
pub(crate) struct Field {
    folder: TempDir,
    project: PathBuf,
    database: Option<String>,
    pub(crate) destination: FakeDestination,
}

impl Field {
    /// A field whose hubs keep their state in SQLite, or in the database given.
    pub(crate) async fn new(database: Option<String>) -> Self {
        let destination = FakeDestination::start().await;
        let folder = folder();
        let text = format!(
            "project: p\n\
             sources: {{ s: {{ dialect: json, secret: {SECRET} }}, \
             phones: {{ dialect: openrosa, access: anonymous }} }}\n\
             connections:\n  one: {{ url: '{}', timeout: 2s }}\n  \
             two: {{ url: '{}', timeout: 2s }}\n\
             forwarders:\n  one: {{ to: one, retry: {{ first: 100ms, factor: 1 }} }}\n  \
             two: {{ to: two, retry: {{ first: 100ms, factor: 1 }} }}\n",
            destination.url(PATHS[0]),
            destination.url(PATHS[1])
        );
        let project = write(folder.path(), "project.yaml", &text);
        Self { folder, project, database, destination }
    }

    /// The folder for the hub's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What `serve` is told beside its data folder.
    pub(crate) fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["--allow-network", "private", "--stop-timeout", "5s", "--project"];
        arguments.push(self.project.to_str().unwrap());
        arguments.extend(self.database.iter().flat_map(|url| ["--database", url]));
        arguments
    }

    pub(crate) fn start(&self) -> Hub {
        self.start_in(&self.data())
    }

    pub(crate) fn start_in(&self, data: &Path) -> Hub {
        Hub::start(data, self.arguments())
    }

    /// The names of the messages that have arrived, at both ends.
    pub(crate) fn arrived(&self) -> HashSet<String> {
        let mut names: HashMap<String, HashSet<String>> = HashMap::new();
        for request in self.destination.received() {
            let name = request.json()["name"].as_str().unwrap().to_owned();
            names.entry(name).or_default().insert(request.path);
        }
        let everywhere = names.into_iter().filter(|(_, paths)| paths.len() == PATHS.len());
        everywhere.map(|(name, _)| name).collect()
    }

    /// Waits until these messages have arrived at both ends.
    async fn wait_for(&self, names: &HashSet<String>, patience: Duration) {
        let started = Instant::now();
        loop {
            let arrived = self.arrived();
            let missing = names.difference(&arrived).count();
            if missing == 0 {
                return;
            }
            assert!(
                started.elapsed() < patience,
                "{missing} of {} messages have not arrived {patience:?} after the start",
                names.len()
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// The address of the inbox.
pub(crate) fn inbox(hub: &Hub) -> String {
    format!("{}/inbox/{SECRET}", hub.url)
}

/// Checks what the hub says it has against what got a yes and what has arrived.
pub(crate) async fn check_books(
    api: &Api,
    acknowledged: &HashSet<String>,
    destination: &FakeDestination,
) {
    api.wait_until_nothing_waits(DRAIN).await;
    let messages = api.all("projects/p/messages").await;
    let deliveries = api.all("projects/p/deliveries").await;
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let kept: HashSet<String> = messages
        .iter()
        .filter(|message| message["state"] == "kept")
        .map(|message| text(message, "identity"))
        .collect();
    let lost: Vec<&String> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{} messages got a yes and are gone: {lost:?}", lost.len());
    assert!(!acknowledged.is_empty());
    let mut by_message: HashMap<String, usize> = HashMap::new();
    for delivery in &deliveries {
        *by_message.entry(text(delivery, "payload_id")).or_default() += 1;
        assert_eq!(delivery["state"], "succeeded", "{delivery}");
    }
    for message in &messages {
        let count = by_message.get(&text(message, "id")).copied().unwrap_or(0);
        assert_eq!(count, PATHS.len(), "half a message: {message}");
    }
    let seen: HashSet<String> = destination
        .received()
        .iter()
        .map(|request| request.header("webhook-id").unwrap().to_owned())
        .collect();
    let known: HashSet<String> = deliveries.iter().map(|delivery| text(delivery, "id")).collect();
    let claimed: Vec<&String> = known.difference(&seen).collect();
    assert!(claimed.is_empty(), "recorded as sent, never seen by the destination: {claimed:?}");
    let unknown: Vec<&String> = seen.difference(&known).collect();
    assert!(unknown.is_empty(), "the destination has what the hub does not know: {unknown:?}");
}

async fn check_rounds(database: Option<String>, end: End) {
    let field = Field::new(database).await;
    let mut hub = field.start();
    let load = Load::start(&inbox(&hub), SENDERS);
    for round in 0..ROUNDS {
        tokio::time::sleep(ROUND).await;
        // From here on answers take their time, so that deliveries are under way and others wait
        // when the hub ends.
        for path in PATHS {
            field.destination.answer(path, Answer::status(200).delay(Duration::from_millis(300)));
        }
        tokio::time::sleep(ROUND / 4 + Duration::from_millis(u64::from(7 * round))).await;
        match end {
            End::Kill => hub.kill(),
            End::Stop => {
                hub.signal("TERM");
                assert_eq!(hub.wait().code(), Some(0));
            }
        }
        let acknowledged = load.acknowledged();
        for path in PATHS {
            field.destination.answer(path, Answer::status(200));
        }
        hub = field.start();
        load.turn_to(&inbox(&hub));
        field.wait_for(&acknowledged, GO_ON).await;
    }
    load.wait_for_more(1, PATIENCE).await;
    // A hub that stops may send a request away, and says so; anything else is kept.
    let refused = load.refused();
    assert!(refused.iter().all(|refusal| refusal.status == 503), "{refused:?}");
    let acknowledged = load.end().await;
    check_books(&hub.api(), &acknowledged, &field.destination).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_kill_on_sqlite() {
    check_rounds(None, End::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_kill_on_postgres() {
    check_rounds(Some(fieldpost_testkit::postgres::database().await), End::Kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_stop_on_sqlite() {
    check_rounds(None, End::Stop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_stop_on_postgres() {
    check_rounds(Some(fieldpost_testkit::postgres::database().await), End::Stop).await;
}
