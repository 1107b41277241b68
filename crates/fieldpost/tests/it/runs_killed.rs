//! Hubs that are killed while they run workflows.
//!
//! Senders post while the hub is killed and started again, with steps under way. In the end every
//! message that got a yes has its run, each run has ended well, and each of its steps was recorded
//! as done once.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination, postgres};
use tempfile::TempDir;

use crate::load::Load;
use crate::world::{Hub, LOOK_AGAIN, PATIENCE, folder, write};

/// How often the hub is killed.
const ROUNDS: u64 = 6;
/// How long the senders post before the hub is killed.
const ROUND: Duration = Duration::from_millis(400);
const SENDERS: usize = 4;
/// How long what is left may take at the end: a claim on PostgreSQL waits until its lease is over.
const DRAIN: Duration = Duration::from_secs(90);
const SECRET: &str = "a-long-random-word-of-letters";
/// The paths that the steps tell of each message.
pub(crate) const PATHS: [&str; 2] = ["/one", "/two"];

/// A hub with one workflow of two steps, each of which tells the destination the name of its message.
pub(crate) struct Field {
    folder: TempDir,
    project: PathBuf,
    database: Option<String>,
    pub(crate) destination: FakeDestination,
}

impl Field {
    pub(crate) async fn new(database: Option<String>) -> Self {
        let destination = FakeDestination::start().await;
        let folder = folder();
        let job =
            |path| format!("post('{}', state => ({{ name: state.name }}))", destination.url(path));
        let text = format!(
            "project: p\nsources: {{ s: {{ dialect: json, secret: {SECRET} }} }}\n\
             workflows:\n  w:\n    trigger: {{ source: s }}\n    steps:\n      \
               name: {{ adaptor: common, job: 'fn(state => ({{ name: state.data.name }}))', next: one }}\n      \
               one: {{ adaptor: http, job: \"{}\", next: two }}\n      \
               two: {{ adaptor: http, job: \"{}\" }}\n",
            job(PATHS[0]),
            job(PATHS[1]),
        );
        let project = write(folder.path(), "project.yaml", &text);
        Self { folder, project, database, destination }
    }

    /// What `serve` is told beside its data folder.
    pub(crate) fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["--allow-network", "private", "--job-workers", "4"];
        arguments.extend(["--stop-timeout", "1s", "--project"]);
        arguments.push(self.project.to_str().unwrap());
        arguments.extend(self.database.iter().flat_map(|url| ["--database", url]));
        arguments
    }

    pub(crate) fn start(&self) -> Hub {
        Hub::start(&self.folder.path().join("data"), self.arguments())
    }

    pub(crate) fn inbox(hub: &Hub) -> String {
        format!("{}/inbox/{SECRET}", hub.url)
    }

    /// Lets each step that tells the destination take a while, so that steps are under way when something breaks.
    pub(crate) fn answer_slowly(&self) {
        for path in PATHS {
            self.destination.answer(path, Answer::status(200).delay(Duration::from_millis(30)));
        }
    }

    /// The names that arrived at a path, as often as they did.
    pub(crate) fn names(&self, path: &str) -> HashMap<String, usize> {
        let mut names = HashMap::new();
        for request in self.destination.received().iter().filter(|request| request.path == path) {
            let name = request.json()["name"].as_str().unwrap().to_owned();
            *names.entry(name).or_default() += 1;
        }
        names
    }

    /// Every message that got a yes has done all that its workflow says; each that was kept has one run; each
    /// run has ended well, and each of its steps was recorded as done once.
    pub(crate) async fn check_books(&self, hub: &Hub, acknowledged: &HashSet<String>) {
        assert!(!acknowledged.is_empty());
        wait_for_end(hub, "projects/p/runs").await;
        for path in PATHS {
            let names = self.names(path);
            let missing = acknowledged.iter().filter(|name| !names.contains_key(*name)).count();
            assert_eq!(missing, 0, "of {} at {path}", acknowledged.len());
        }
        let api = hub.api();
        let messages = api.all("projects/p/messages").await;
        let kept = messages.iter().filter(|message| message["state"] == "kept").count();
        let runs = api.all("projects/p/runs").await;
        assert_eq!(runs.len(), kept, "each message has one run");
        let of_messages: HashSet<&str> =
            runs.iter().map(|run| run["message"].as_str().unwrap()).collect();
        assert_eq!(of_messages.len(), runs.len());
        for run in &runs {
            assert_eq!(run["state"], "success", "{run:#?}");
            let run = api.get(&format!("projects/p/runs/{}", run["id"].as_str().unwrap())).await;
            let steps = run["steps"].as_array().unwrap();
            let told: Vec<_> = steps
                .iter()
                .map(|step| (step["step"].as_str().unwrap(), step["state"].as_str().unwrap()))
                .collect();
            assert_eq!(told, [("name", "success"), ("one", "success"), ("two", "success")]);
        }
    }
}

/// Waits until so many runs have ended well and none is left.
async fn wait_for_end(hub: &Hub, path: &str) {
    let started = Instant::now();
    let api = hub.api();
    loop {
        let open = api.all(&format!("{path}?state=available,claimed,started")).await;
        if open.is_empty() {
            return;
        }
        assert!(started.elapsed() < DRAIN, "{} runs go on still: {:#?}", open.len(), open[0]);
        tokio::time::sleep(LOOK_AGAIN * 10).await;
    }
}

async fn check_rounds(database: Option<String>) {
    let field = Field::new(database).await;
    field.answer_slowly();
    let mut hub = field.start();
    let load = Load::start(&Field::inbox(&hub), SENDERS);
    for round in 0..ROUNDS {
        load.wait_for_more(1, PATIENCE).await;
        tokio::time::sleep(ROUND + Duration::from_millis(17 * round)).await;
        hub.kill();
        hub = field.start();
        load.turn_to(&Field::inbox(&hub));
    }
    let acknowledged = load.end().await;
    field.check_books(&hub, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_runs_go_on_on_sqlite() {
    check_rounds(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_runs_go_on_on_postgres() {
    check_rounds(Some(postgres::database().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_behind_its_last_finished_step() {
    let field = Field::new(None).await;
    field.destination.answer("/two", Answer::hang());
    let mut hub = field.start();
    assert_eq!(hub.post(SECRET, r#"{"name": "a"}"#).await, 200);
    field.destination.wait_for(2, PATIENCE).await;
    hub.kill();
    field.destination.answer("/two", Answer::status(200));
    let hub = field.start();
    field.destination.wait_for(3, PATIENCE).await;
    wait_for_end(&hub, "projects/p/runs").await;
    let runs = hub.api().all("projects/p/runs").await;
    assert_eq!(runs[0]["state"], "success");
    assert_eq!(field.names("/one").values().sum::<usize>(), 1, "what was done is not done again");
    assert_eq!(field.names("/two").values().sum::<usize>(), 2);
}

/// A large state is not among what a claim brings: it is asked for when the run goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_has_left_is_taken_up_again_however_large_it_is() {
    let field = Field::new(None).await;
    field.destination.answer("/two", Answer::hang());
    let mut hub = field.start();
    let name = "é".repeat(2_000_000);
    assert_eq!(hub.post(SECRET, format!(r#"{{"name": "{name}"}}"#)).await, 200);
    field.destination.wait_for(2, PATIENCE).await;
    hub.kill();
    field.destination.answer("/two", Answer::status(200));
    let hub = field.start();
    field.destination.wait_for(3, PATIENCE).await;
    wait_for_end(&hub, "projects/p/runs").await;
    assert_eq!(hub.api().all("projects/p/runs").await[0]["state"], "success");
    assert!(field.names("/one") == HashMap::from([(name.clone(), 1)]), "done once, and whole");
    assert!(field.names("/two") == HashMap::from([(name, 2)]), "begun twice with the same state");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_told_to_stop_gives_its_runs_back() {
    let field = Field::new(None).await;
    field.destination.answer("/two", Answer::hang());
    let mut hub = field.start();
    assert_eq!(hub.post(SECRET, r#"{"name": "a"}"#).await, 200);
    field.destination.wait_for(2, PATIENCE).await;
    hub.signal("TERM");
    field.destination.answer("/two", Answer::status(200));
    assert_eq!(hub.wait().code(), Some(0));
    let hub = field.start();
    field.destination.wait_for(3, PATIENCE).await;
    wait_for_end(&hub, "projects/p/runs").await;
    assert_eq!(hub.api().all("projects/p/runs").await[0]["state"], "success");
    assert_eq!(field.names("/one").values().sum::<usize>(), 1);
}
