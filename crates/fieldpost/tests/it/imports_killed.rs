//! Hubs that are killed while cards are imported: MUST-1 and MUST-16 of docs/specs/submission.md for imports.
//!
//! An import of cases is one message, so it is there whole or not at all; one of a form's submissions is taken row by
//! row, so some rows may be there. Either way whoever got no answer sends the same import again, and each card is there
//! once. What a job told before the kill it tells behind it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fieldpost_testkit::postgres;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::world::{Hub, LOOK_AGAIN, PATIENCE, TOKEN, folder, http_client, write};

/// How often the hub is killed while it imports.
const ROUNDS: u32 = 4;
/// How long the first import of cases is under way when the hub is killed; each other three times as long.
const AT_FIRST: Duration = Duration::from_millis(20);
/// Rows of one import.
const CASES: usize = 1_500;
const TREES: usize = 250;

struct Field {
    folder: TempDir,
    project: PathBuf,
    database: Option<String>,
}

impl Field {
    fn new(database: Option<String>) -> Self {
        let folder = folder();
        let text = json!({
            "project": "p",
            "api_access": { "handsets": { "secret": "the-secret-of-the-handsets" } },
            "sources": { "handsets": { "dialect": "commcare", "access": ["handsets"] } },
            "forms": { "tree": {
                "title": "Tree", "submission_roles": ["clerks"],
                "fields": [
                    { "name": "kind", "label": "Kind", "type": "string", "required": true },
                    { "name": "note", "label": "Note", "type": "string" },
                ],
            } },
            "roles": { "clerks": { "name": "Clerks" } },
        });
        let project = write(folder.path(), "project.yaml", &text.to_string());
        Self { folder, project, database }
    }

    fn start(&self) -> Hub {
        let mut arguments = vec!["--project", self.project.to_str().unwrap()];
        arguments.extend(self.database.iter().flat_map(|url| ["--database", url]));
        Hub::start(&self.folder.path().join("data"), arguments)
    }
}

/// The rows of one round, which no other has.
fn rows(heading: &str, round: u32, count: usize) -> String {
    let rows = (0..count).map(|number| format!("r{round}-{number},x{number}\n"));
    format!("{heading}\n{}", rows.collect::<Vec<_>>().concat())
}

/// Sends an import; what it answers, where it answers.
fn import(hub: &Hub, path: &str, body: &str) -> JoinHandle<Option<Value>> {
    let url = format!("{}/p/p/api/cards/{path}", hub.url);
    let sent = http_client().put(url).bearer_auth(TOKEN).body(body.to_owned()).send();
    tokio::spawn(async move {
        let answer = sent.await.ok()?;
        let text = answer.text().await.ok()?;
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["err"], 0, "{told}");
        Some(told["data"].clone())
    })
}

async fn good(hub: &Hub, path: &str) -> Value {
    let url = format!("{}/p/p/api/{path}", hub.url);
    let answer = http_client().get(url).bearer_auth(TOKEN).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// The names of one round's cards that are there, each as often as it is.
async fn there(hub: &Hub, kind: &str, field: &str, round: u32) -> Vec<String> {
    let list = format!("cards/{kind}/list?include-fields=on&limit=100000");
    // A kind of cases is there with its first case.
    let url = format!("{}/p/p/api/{list}", hub.url);
    let answer = http_client().get(url).bearer_auth(TOKEN).send().await.unwrap();
    if answer.status() == 404 {
        return Vec::new();
    }
    let list: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let names = list["data"].as_array().unwrap().iter();
    let names = names.map(|row| row["fields"][field].as_str().unwrap().to_owned());
    let prefix = format!("r{round}-");
    names.filter(|name| name.starts_with(&prefix)).collect()
}

#[track_caller]
fn check_once(names: &[String], count: usize) {
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!((different.len(), names.len()), (count, count), "each is there once");
}

/// Kills the hub while cases are imported; whether that was before they were there.
async fn kill_amid_cases(field: &Field, hub: &mut Hub, round: u32) -> bool {
    let body = rows("id,case_name", round, CASES);
    let at_work = import(hub, "child/import-csv?async=on", &body);
    // Reading, planning and writing take their time: the rounds come amid these, and maybe behind them.
    tokio::time::sleep(AT_FIRST * 3_u32.pow(round)).await;
    hub.kill();
    let answered = at_work.await.unwrap();
    *hub = field.start();
    let found = there(hub, "child", "external_id", round).await.len();
    assert!(found == 0 || found == CASES, "all or nothing: {found}");
    assert!(answered.is_none() || found == CASES, "what was answered is there");
    let done = import(hub, "child/import-csv", &body).await.unwrap().unwrap();
    let expected = if found == 0 { "created" } else { "skipped" };
    assert_eq!(done[expected], CASES, "{done}");
    check_once(&there(hub, "child", "external_id", round).await, CASES);
    found == 0
}

/// Kills the hub as soon as some rows of a form are there; whether that was before all were.
async fn kill_amid_trees(field: &Field, hub: &mut Hub, round: u32) -> bool {
    let body = rows("kind,note", round, TREES);
    let at_work = import(hub, "tree/import-csv?async=on", &body);
    let started = Instant::now();
    while there(hub, "tree", "kind", round).await.is_empty() {
        assert!(started.elapsed() < PATIENCE, "no row comes");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    hub.kill();
    let answered = at_work.await.unwrap();
    *hub = field.start();
    let found = there(hub, "tree", "kind", round).await.len();
    assert!(found > 0 && (answered.is_none() || found == TREES), "{found}");
    let done = import(hub, "tree/import-csv", &body).await.unwrap().unwrap();
    let counts = (&done["created"], &done["skipped"]);
    assert_eq!(counts, (&json!(TREES - found), &json!(found)), "{done}");
    check_once(&there(hub, "tree", "kind", round).await, TREES);
    found < TREES
}

async fn check_rounds(database: Option<String>) {
    let field = Field::new(database);
    let mut hub = field.start();
    // A job that was over before is told of as it was.
    let job = import(&hub, "child/import-csv?async=on", "id,case_name\nfirst,Ann\n");
    let job = job.await.unwrap().unwrap()["job"]["id"].as_str().unwrap().to_owned();
    let told = good(&hub, &format!("jobs/{job}/")).await["data"].clone();
    assert_eq!(
        (&told["status"], &told["job_result_data"]["created"]),
        (&json!("completed"), &json!(1))
    );
    let (mut cases, mut trees) = (false, false);
    for round in 0..ROUNDS {
        cases |= kill_amid_cases(&field, &mut hub, round).await;
        trees |= kill_amid_trees(&field, &mut hub, round).await;
    }
    assert!(cases && trees, "a hub was killed amid each: {cases} {trees}");
    assert_eq!(good(&hub, &format!("jobs/{job}/")).await["data"], told);
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_imports_are_sent_again_after_a_kill_on_sqlite() {
    check_rounds(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_imports_are_sent_again_after_a_kill_on_postgres() {
    check_rounds(Some(postgres::database().await)).await;
}
