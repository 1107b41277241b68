//! Hubs that are killed while lifecycles move: MUST-1, MUST-16 and MUST-17 of docs/specs/submission.md for what forms
//! of the hub's own set off.
//!
//! People fill in pages and programs submit by the API, while each submission has a call made to a server that is slow
//! and refuses some, waits for a moment, and comes to its end. The hub is killed and started again, round after round.
//! In the end each submission that got a yes is there once and has come to its end, numbers are counted without a
//! hole, and each call has arrived under one id.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination, postgres};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::load::Load;
use crate::world::{Hub, LOOK_AGAIN, PATIENCE, folder, http_client, run, write};

/// How often the hub is killed.
const ROUNDS: u64 = 4;
/// How long people and programs are at work before the hub is killed.
const ROUND: Duration = Duration::from_millis(400);
const PROGRAMS: usize = 3;
const PEOPLE: usize = 2;
/// How long what is left may take at the end.
const DRAIN: Duration = Duration::from_mins(1);
const CALLED: &str = "/orders";
const FORM: &str = "/p/p/request/";

/// A hub that can be started again and again, whose form has a lifecycle that calls a server.
pub(crate) struct LifecycleField {
    folder: TempDir,
    project: PathBuf,
    database: Option<String>,
    pub(crate) destination: FakeDestination,
}

impl LifecycleField {
    pub(crate) async fn new(database: Option<String>) -> Self {
        let destination = FakeDestination::start().await;
        let folder = folder();
        let lifecycle = json!({
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "call": { "connection": "works", "name": "told", "path": CALLED, "post": true,
                                "on_error": { "4xx": { "jump": "refused" } } } },
                    { "jump": "told" },
                ] },
                "refused": { "name": "Refused", "actions": [{ "jump": "new", "timeout": "1s" }] },
                "told": { "name": "Told", "actions": [{ "jump": "done", "timeout": "1s" }] },
                "done": { "name": "Done", "endpoint": true },
            },
        });
        let text = json!({
            "project": "p",
            "connections": { "works": { "url": destination.url("/"), "timeout": "5s" } },
            "roles": { "agents": { "name": "Agents" } },
            "api_access": { "portal": { "secret": "the-secret-of-the-portal", "roles": ["agents"] } },
            "forms": { "request": {
                "title": "Request", "tracking_codes": true, "submission_roles": ["agents"],
                "lifecycle": lifecycle,
                "fields": [{ "name": "name", "label": "Name", "type": "string", "required": true }],
            } },
        });
        // What is JSON is YAML too.
        let project = write(folder.path(), "project.yaml", &text.to_string());
        Self { folder, project, database, destination }
    }

    /// What `serve` is told beside its data folder.
    pub(crate) fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["--allow-network", "private", "--project"];
        arguments.push(self.project.to_str().unwrap());
        arguments.extend(self.database.iter().flat_map(|url| ["--database", url]));
        arguments
    }

    fn start(&self) -> Hub {
        Hub::start(&self.folder.path().join("data"), self.arguments())
    }

    /// Has the server take its time, and refuse some.
    fn be_slow(&self) {
        let slow = |status| Answer::status(status).delay(Duration::from_millis(150));
        self.destination.answer_in_turn(CALLED, [slow(422), slow(200), slow(422)], slow(200));
    }
}

/// The address where programs submit.
pub(crate) fn submit_address(hub: &Hub) -> String {
    format!("{}/p/p/api/formdefs/request/submit", with_secret(hub))
}

fn with_secret(hub: &Hub) -> String {
    hub.url.replace("http://", "http://portal:the-secret-of-the-portal@")
}

/// What a program submits.
pub(crate) fn submitted(name: &str) -> String {
    json!({ "data": { "name": name } }).to_string()
}

/// The number of the next page that somebody fills in, over all people of all tests.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct Shared {
    url: Mutex<String>,
    ended: AtomicBool,
    acknowledged: Mutex<HashSet<String>>,
}

/// People who fill in the form on its pages, again and again.
pub(crate) struct People {
    shared: Arc<Shared>,
    at_work: JoinSet<()>,
}

impl People {
    pub(crate) fn start(hub: &Hub, count: usize) -> Self {
        let mut people = Self { shared: Arc::default(), at_work: JoinSet::new() };
        people.turn_to(hub);
        for _ in 0..count {
            let shared = Arc::clone(&people.shared);
            people.at_work.spawn(async move {
                while !shared.ended.load(Ordering::Relaxed) {
                    let name = format!("page-{:06}", NEXT.fetch_add(1, Ordering::Relaxed));
                    let url = shared.url.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    if fill_in(&url, &name).await.is_some() {
                        let mut all = shared.acknowledged.lock().unwrap();
                        all.insert(name);
                    }
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            });
        }
        people
    }

    pub(crate) fn turn_to(&self, hub: &Hub) {
        *self.shared.url.lock().unwrap() = format!("{}{FORM}", hub.url);
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.shared.acknowledged.lock().unwrap().len()
    }

    /// Lets them finish what they are at; answers by the names that got a yes.
    pub(crate) async fn end(mut self) -> HashSet<String> {
        self.shared.ended.store(true, Ordering::Relaxed);
        while let Some(ended) = self.at_work.join_next().await {
            ended.unwrap();
        }
        self.shared.acknowledged.lock().unwrap().clone()
    }
}

/// Fills the form in and sends it; `None` where that was not answered with a yes.
async fn fill_in(url: &str, name: &str) -> Option<()> {
    let client = http_client();
    let page = client.get(url).send().await.ok()?.text().await.ok()?;
    let post = async |state: &str, more: &str| {
        let body = format!("state={state}&{more}");
        let request = client.post(url).header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.ok()
    };
    let checked = post(&state_of(&page)?, &format!("a.name={name}&go=next")).await?;
    let checked = checked.text().await.ok()?;
    let sent = post(&state_of(&checked)?, "go=send").await?;
    // The client follows to the page of the submission.
    (sent.status().is_success() || sent.status() == 403).then_some(())?;
    sent.url().path().starts_with(FORM).then_some(())?;
    (sent.url().path() != FORM).then_some(())
}

/// The form under way in a page.
fn state_of(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("name=\"state\" value=\"")?;
    Some(rest.split('"').next()?.to_owned())
}

/// Every submission, as the API tells it.
async fn listed(hub: &Hub) -> Vec<Value> {
    let url = format!("{}/p/p/api/forms/request/list?full=on&filter=all", with_secret(hub));
    let answer = http_client().get(url).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status} {text}");
    serde_json::from_str(&text).unwrap()
}

fn status(record: &Value) -> &str {
    record["workflow"]["status"]["id"].as_str().unwrap_or_default()
}

/// Checks that all that got a yes is there once and at its end, and that each call arrived.
pub(crate) async fn check_ends(
    hub: &Hub,
    acknowledged: &HashSet<String>,
    destination: &FakeDestination,
) {
    let started = Instant::now();
    let records = loop {
        let records = listed(hub).await;
        let left = records.iter().filter(|record| status(record) != "done").count();
        if left == 0 && records.len() >= acknowledged.len() {
            break records;
        }
        assert!(started.elapsed() < DRAIN, "{left} of {} are not at their end", records.len());
        tokio::time::sleep(LOOK_AGAIN * 20).await;
    };
    let mut names: HashMap<&str, usize> = HashMap::new();
    for record in &records {
        *names.entry(record["fields"]["name"].as_str().unwrap()).or_default() += 1;
    }
    let lost: Vec<_> =
        acknowledged.iter().filter(|name| !names.contains_key(name.as_str())).collect();
    assert!(lost.is_empty(), "they got a yes and are gone: {lost:?}");
    assert!(names.values().all(|times| *times == 1), "each is there once: {names:?}");
    let numbers: BTreeSet<u64> =
        records.iter().map(|record| record["id"].as_str().unwrap().parse().unwrap()).collect();
    let count = u64::try_from(records.len()).unwrap();
    assert!(numbers.into_iter().eq(1..=count), "numbers are counted without a hole");
    // An id is that of one call of one submission, however often it arrives.
    let mut by_id: HashMap<String, String> = HashMap::new();
    for request in destination.received() {
        let (id, told) = (request.header("webhook-id").unwrap().to_owned(), request.json());
        let number = told["id"].as_str().unwrap().to_owned();
        let known = by_id.entry(id).or_insert_with(|| number.clone());
        assert_eq!(*known, number, "an id belongs to one submission");
    }
    let called: HashSet<&String> = by_id.values().collect();
    assert_eq!(called.len(), records.len(), "a call of each has arrived");
}

/// Checks that nothing waits to be told.
fn check_nothing_waits(field: &LifecycleField) {
    let mut command = crate::world::fieldpost(["doctor", "--json", "--data"]);
    command.arg(field.folder.path().join("data"));
    if let Some(url) = &field.database {
        command.args(["--database", url]).env("FIELDPOST_KEY", crate::world::KEY);
    }
    let examined: Value = serde_json::from_str(&run(&mut command).output).unwrap();
    for (name, finding) in [
        ("lifecycles to go on", "none waits"),
        ("lifecycles", "none met a problem in the last week"),
    ] {
        let checks = examined["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["check"] == name).unwrap();
        assert_eq!(found["finding"], finding, "{found}");
    }
}

async fn check_rounds(database: Option<String>) {
    let field = LifecycleField::new(database).await;
    field.be_slow();
    let mut hub = field.start();
    let load = Load::start_with(&submit_address(&hub), PROGRAMS, submitted);
    let people = People::start(&hub, PEOPLE);
    for round in 0..ROUNDS {
        load.wait_for_more(1, PATIENCE).await;
        tokio::time::sleep(ROUND + Duration::from_millis(37 * round)).await;
        hub.kill();
        field.be_slow();
        hub = field.start();
        load.turn_to(&submit_address(&hub));
        people.turn_to(&hub);
    }
    let mut acknowledged = load.end().await;
    let by_people = people.end().await;
    assert!(!acknowledged.is_empty() && !by_people.is_empty(), "both ways were gone");
    acknowledged.extend(by_people);
    field.destination.answer(CALLED, Answer::status(200));
    check_ends(&hub, &acknowledged, &field.destination).await;
    check_nothing_waits(&field);
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_lifecycles_go_on_after_a_kill_on_sqlite() {
    check_rounds(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_lifecycles_go_on_after_a_kill_on_postgres() {
    check_rounds(Some(postgres::database().await)).await;
}
