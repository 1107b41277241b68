//! Forms with cases on bad days: MUST-1, MUST-4, MUST-16 and MUST-30 of docs/specs/submission.md, for all that
//! a form is filed as and all that is told of it.
//!
//! Senders post forms that each change two cases of a few, while the hub is killed and started again, or the
//! disk below it is full. Every form that got a yes is a submission in the end; it and both of its cases were
//! told, each once or more; and the last that was told of a case is the state that the hub has of it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faults::{RECOVERY, SOME};
use crate::load::Load;
use crate::small_disk::SmallDisk;
use crate::world::{Api, Hub, LOOK_AGAIN, PATIENCE, TOKEN, folder, http_client, write};

/// How often the hub is killed.
const ROUNDS: u32 = 5;
/// How long the senders post in one round before the hub is killed.
const ROUND: Duration = Duration::from_millis(300);
/// Senders that post at once.
const SENDERS: usize = 4;
/// Cases that a form changes one of, of either kind.
const CASES: u64 = 5;
/// Deliveries that a form calls for: the form itself, and its cases.
const TOLD: usize = 3;
/// How long what is left may take at the end.
const DRAIN: Duration = Duration::from_mins(1);
const SECRET: &str = "a-long-random-word-of-letters";
/// Where forms and cases are told.
const PATHS: [&str; 2] = ["/forms", "/cases"];

/// The cases that the form of that number changes.
fn cases_of(number: u64) -> [String; 2] {
    [format!("child-{}", number % CASES), format!("home-{}", number / CASES % CASES)]
}

/// The form that a message of this name brings. Phones have clocks: each is filled in a second later.
fn form(name: &str) -> String {
    let number: u64 = name.rsplit('-').next().unwrap().parse().unwrap();
    let (minute, second) = (number / 60 % 60, number % 60);
    let block = |case: &str| {
        format!(
            r#"<case xmlns="http://commcarehq.org/case/transaction/v2" case_id="{case}" user_id="u1"
                 date_modified="2026-11-22T08:{minute:02}:{second:02}.000000Z"><create>
                 <case_type>child</case_type><case_name>Amina</case_name><owner_id>o</owner_id>
                 </create><update><last>{name}</last></update></case>"#
        )
    };
    let blocks: String = cases_of(number).iter().map(|case| block(case)).collect();
    format!(
        r#"<data xmlns="http://openrosa.org/formdesigner/F1" name="Registration">
             <village>village {}</village>{blocks}
             <meta xmlns="http://openrosa.org/jr/xforms"><instanceID>{name}</instanceID>
             <userID>u1</userID></meta></data>"#,
        number % 10
    )
}

/// A hub that tells a destination of forms, byte for byte, and of cases, in their order.
struct Clinic {
    folder: TempDir,
    project: PathBuf,
    database: Option<String>,
    destination: FakeDestination,
}

impl Clinic {
    async fn new(database: Option<String>) -> Self {
        let (destination, folder) = (FakeDestination::start().await, folder());
        let retry = "retry: { first: 100ms, factor: 1 }";
        let text = format!(
            "project: p\n\
             sources: {{ s: {{ dialect: commcare, secret: {SECRET} }} }}\n\
             connections:\n  forms: {{ url: '{}', timeout: 2s }}\n  \
             cases: {{ url: '{}', timeout: 2s }}\n\
             forwarders:\n  forms: {{ on: form, format: form_xml, to: forms, {retry} }}\n  \
             cases: {{ on: case, format: case_json, order_by: case, to: cases, {retry} }}\n",
            destination.url(PATHS[0]),
            destination.url(PATHS[1])
        );
        let project = write(folder.path(), "project.yaml", &text);
        Self { folder, project, database, destination }
    }

    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["--allow-network", "private", "--project"];
        arguments.push(self.project.to_str().unwrap());
        arguments.extend(self.database.iter().flat_map(|url| ["--database", url]));
        arguments
    }

    fn start(&self) -> Hub {
        Hub::start(&self.folder.path().join("data"), self.arguments())
    }

    fn answer(&self, answer: &Answer) {
        for path in PATHS {
            self.destination.answer(path, answer.clone());
        }
    }

    /// Checks what the hub has, and what was told, against what got a yes.
    async fn check(&self, api: &Api, acknowledged: &HashSet<String>) {
        assert!(!acknowledged.is_empty());
        api.wait_until_nothing_waits(DRAIN).await;
        let kept = check_deliveries(api).await;
        let lost: Vec<&String> = acknowledged.difference(&kept).collect();
        assert!(lost.is_empty(), "{} forms got a yes and are gone: {lost:?}", lost.len());
        let submissions = api.all("projects/p/submissions").await;
        let filed: Vec<&str> =
            submissions.iter().map(|it| it["instance_id"].as_str().unwrap()).collect();
        let distinct: HashSet<String> = filed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(filed.len(), distinct.len(), "a form is filed twice");
        assert_eq!(distinct, kept, "a message without its form, or a form without its message");

        let told = self.destination.received();
        let forms: BTreeSet<&str> =
            told.iter().filter(|it| it.path == PATHS[0]).map(|it| it.text()).collect();
        let expected: BTreeSet<String> = kept.iter().map(|name| form(name)).collect();
        assert_eq!(forms, expected.iter().map(String::as_str).collect());

        let mut last_told: BTreeMap<String, String> = BTreeMap::new();
        for told in told.iter().filter(|it| it.path == PATHS[1]) {
            let (case, last) = state_of(&told.json(), "case_id");
            last_told.insert(case, last);
        }
        let cases = api.all("projects/p/cases").await;
        let there: BTreeMap<String, String> =
            cases.iter().map(|case| state_of(case, "id")).collect();
        let touched: BTreeSet<String> = kept.iter().flat_map(|name| touched_by(name)).collect();
        assert_eq!(there.keys().cloned().collect::<BTreeSet<_>>(), touched);
        assert_eq!(last_told, there, "what was told last is not what is there");
    }
}

fn touched_by(name: &str) -> [String; 2] {
    cases_of(name.rsplit('-').next().unwrap().parse().unwrap())
}

/// The id of a case, and which form changed it last.
fn state_of(case: &Value, id: &str) -> (String, String) {
    let last = case["properties"]["last"].as_str().unwrap().to_owned();
    (case[id].as_str().unwrap().to_owned(), last)
}

/// Checks that each message that was kept has told of its form and of both of its cases, and that all of it
/// has arrived. The answer is what these messages are called.
async fn check_deliveries(api: &Api) -> HashSet<String> {
    let mut by_message: HashMap<String, Vec<String>> = HashMap::new();
    for delivery in api.all("projects/p/deliveries").await {
        assert_eq!(delivery["state"], "succeeded", "{delivery}");
        let message = delivery["message"].as_str().unwrap().to_owned();
        by_message.entry(message).or_default().push(delivery["key"].as_str().unwrap().to_owned());
    }
    let mut kept = HashSet::new();
    for message in api.all("projects/p/messages").await {
        assert_ne!(message["state"], "quarantined", "{message}");
        if message["state"] == "kept" {
            let name = message["identity"].as_str().unwrap().to_owned();
            let told = by_message.remove(message["id"].as_str().unwrap()).unwrap_or_default();
            assert_eq!(told.len(), TOLD, "half a form: {message} {told:?}");
            let told: BTreeSet<String> = told.into_iter().collect();
            let expected = touched_by(&name).into_iter().chain([name.clone()]);
            assert_eq!(told, expected.collect());
            kept.insert(name);
        }
    }
    assert!(by_message.is_empty(), "deliveries of nothing: {by_message:?}");
    kept
}

fn inbox(hub: &Hub) -> String {
    format!("{}/inbox/{SECRET}", hub.url)
}

async fn check_rounds(database: Option<String>) {
    let clinic = Clinic::new(database).await;
    let mut hub = clinic.start();
    let load = Load::start_with(&inbox(&hub), SENDERS, form);
    for round in 0..ROUNDS {
        load.wait_for_more(1, PATIENCE).await;
        tokio::time::sleep(ROUND).await;
        // Deliveries are under way, and others wait, when the hub is killed.
        clinic.answer(&Answer::status(200).delay(Duration::from_millis(300)));
        tokio::time::sleep(ROUND / 4 + Duration::from_millis(u64::from(7 * round))).await;
        hub.kill();
        clinic.answer(&Answer::status(200));
        hub = clinic.start();
        load.turn_to(&inbox(&hub));
    }
    load.wait_for_more(1, PATIENCE).await;
    let acknowledged = load.end().await;
    clinic.check(&hub.api(), &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_kill_while_cases_are_told_on_sqlite() {
    check_rounds(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_kill_while_cases_are_told_on_postgres() {
    check_rounds(Some(fieldpost_testkit::postgres::database().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_while_cases_are_told() {
    let clinic = Clinic::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&clinic.arguments());
    let load = Load::start_with(&inbox(&hub), SENDERS, form);
    load.wait_for_more(SOME, RECOVERY).await;
    let full = async {
        // The log is overwritten in place for a while before it has to grow.
        while load.refused().len() < SOME {
            disk.fill(&hub);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(RECOVERY * 2, full).await;
    assert!(in_time.is_ok(), "a full disk was never noticed");
    disk.clear(&hub);
    load.wait_for_more(SOME, RECOVERY).await;
    let refused = load.refused();
    assert!(refused.iter().all(|it| it.status == 503 && it.says_when), "{refused:?}");
    let acknowledged = load.end().await;
    clinic.check(&hub.api(), &acknowledged).await;
}

/// Has fields of the form indexed, and no others. One that is still being taken away is waited for.
async fn index(hub: &Hub, paths: &[&str]) {
    let url = format!("{}/api/v1/projects/p/forms/registration/indexed", hub.url);
    let since = Instant::now();
    loop {
        let request = http_client().put(&url).bearer_auth(TOKEN);
        let request = request.header("content-type", "application/json");
        let answer = request.body(json!({ "paths": paths }).to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status.is_success() {
            return;
        }
        assert!(status.as_u16() == 409 && since.elapsed() < PATIENCE, "{status} {text}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn check_index(database: Option<String>) {
    let clinic = Clinic::new(database).await;
    let mut hub = clinic.start();
    let load = Load::start_with(&inbox(&hub), 2 * SENDERS, form);
    load.wait_for_more(6 * SOME, PATIENCE * 2).await;
    let acknowledged = load.end().await;
    for round in 0..ROUNDS {
        index(&hub, &["village"]).await;
        // Sooner or later into the work, and sometimes behind it.
        tokio::time::sleep(Duration::from_millis(u64::from(3 * round))).await;
        hub.kill();
        hub = clinic.start();
        let (api, since) = (hub.api(), Instant::now());
        loop {
            let fields = api.get("projects/p/forms/registration/indexed").await;
            assert_eq!(fields["paths"][0]["path"], "village", "it is forgotten: {fields}");
            if fields["paths"][0]["complete"] == true {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "it never is complete: {fields}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let found = async |village: usize| {
            let list = format!(
                "projects/p/submissions?form=registration&where=values.village=village%20{village}"
            );
            api.all(&list).await.len()
        };
        let mut all = 0;
        for village in 0..10 {
            all += found(village).await;
        }
        let submissions = api.all("projects/p/submissions").await.len();
        assert_eq!(all, submissions, "the index lacks some");
        assert!(submissions >= acknowledged.len());
        index(&hub, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_kill_while_a_field_is_indexed_on_sqlite() {
    check_index(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_kill_while_a_field_is_indexed_on_postgres() {
    check_index(Some(fieldpost_testkit::postgres::database().await)).await;
}
