//! Hubs that are killed while they bring linked files home and write tables for others.
//!
//! Senders post submissions of Kobo, each with a link to a file, and each second one as a correction of
//! the one before, while the hub is killed and started again. In the end every submission that got a yes
//! has its file, and stands in the table once, in its newest version.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination, postgres};
use serde_json::{Value, json};

use crate::load::Load;
use crate::world::{Api, Hub, LOOK_AGAIN, PATIENCE, TOKEN, folder, http_client, write};

/// How often the hub is killed.
const ROUNDS: u64 = 5;
/// How long the senders post before the hub is killed.
const ROUND: Duration = Duration::from_millis(300);
const SENDERS: usize = 2;
/// How long what is left may take at the end.
const DRAIN: Duration = Duration::from_mins(1);
const SECRET: &str = "a-long-random-word-of-letters";
const CONTENT: &str = "a photo";

const XFORM: &str = r#"<h:html xmlns="http://www.w3.org/2002/xforms"
    xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Visit</h:title><model>
    <instance><data id="visit"><name/><child><first/></child><meta><instanceID/></meta></data></instance>
    <bind nodeset="/data/name" type="string"/><bind nodeset="/data/child/first" type="string"/>
    </model></h:head><h:body><input ref="/data/name"/>
    <group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/first"/></repeat>
    </group></h:body></h:html>"#;

/// The submission that a message of this name brings: each second one corrects the one before.
fn submission(link: &str, name: &str) -> String {
    let number: u64 = name.rsplit('-').next().unwrap().parse().unwrap();
    let file = json!({ "download_url": link, "mimetype": "image/jpeg", "filename": "u/a.jpg" });
    json!({
        "_xform_id_string": "visit", "_uuid": format!("{}", number / 2), "name": name,
        "child": [{ "child/first": name }, { "child/first": "Ann" }], "_attachments": [file],
    })
    .to_string()
}

async fn define(hub: &Hub) {
    let request = http_client().post(format!("{}/api/v1/projects/p/forms", hub.url));
    let request = request.bearer_auth(TOKEN).header("content-type", "application/xml");
    let answer = request.body(XFORM).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

/// What the table has of each submission, and the names of its children in their order.
async fn rows(registry: &str) -> Vec<(String, String)> {
    let query = "SELECT coalesce(json_agg(json_build_array(v.submission_id,
            concat_ws(',', v.version, v.name, (SELECT string_agg(c.first, ',' ORDER BY c.position)
                FROM visit__child c WHERE c.submission_id = v.submission_id)))), '[]')::text FROM visit v";
    let rows: Vec<(String, String)> =
        serde_json::from_str(&postgres::ask(registry, query).await).unwrap();
    rows
}

/// Waits until each of these submissions has its file.
async fn wait_for_files(api: &Api, submissions: &[Value]) {
    let started = Instant::now();
    for submission in submissions {
        let path =
            format!("projects/p/submissions/{}/attachments", submission["id"].as_str().unwrap());
        loop {
            let files = api.get(&path).await;
            let files = files["items"].as_array().unwrap();
            assert_eq!(files.len(), 1, "{files:?}");
            if files[0]["fetch"]["state"] == "fetched" {
                assert_eq!(files[0]["bytes"], CONTENT.len());
                break;
            }
            assert!(started.elapsed() < DRAIN, "it has not come: {}", files[0]);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

async fn check_rounds(database: Option<String>) {
    let (registry, destination) = (postgres::database().await, FakeDestination::start().await);
    let folder = folder();
    let text = format!(
        "project: p\n\
         sources: {{ s: {{ dialect: kobo, secret: {SECRET}, fetch_files: files }} }}\n\
         connections:\n  files: {{ url: '{}', auth: {{ bearer: a-token }} }}\n  \
         registry: {{ url: '{}?sslmode=disable', timeout: 5s, \
         auth: {{ basic: {{ username: postgres, password: none }} }} }}\n\
         forwarders:\n  rows: {{ on: form, format: table, to: registry, \
         retry: {{ first: 100ms, factor: 1 }} }}\n",
        destination.url("/"),
        registry.replace("postgres@", ""),
    );
    let project = write(folder.path(), "project.yaml", &text);
    let mut arguments = vec!["--allow-network", "private", "--project", project.to_str().unwrap()];
    arguments.extend(database.iter().flat_map(|url| ["--database", url]));
    let data = folder.path().join("data");
    let inbox = |hub: &Hub| format!("{}/inbox/{SECRET}", hub.url);

    let mut hub = Hub::start(&data, &arguments);
    define(&hub).await;
    let link = destination.url("/a.jpg");
    let load = Load::start_with(&inbox(&hub), SENDERS, move |name| submission(&link, name));
    for round in 0..ROUNDS {
        // Files are under way when the hub is killed.
        let slow = Answer::status(200).body(CONTENT).delay(Duration::from_millis(200));
        destination.answer("/a.jpg", slow);
        load.wait_for_more(1, PATIENCE).await;
        tokio::time::sleep(ROUND + Duration::from_millis(13 * round)).await;
        hub.kill();
        hub = Hub::start(&data, &arguments);
        load.turn_to(&inbox(&hub));
    }
    destination.answer("/a.jpg", Answer::status(200).body(CONTENT));
    let acknowledged = load.end().await;
    let api = hub.api();
    api.wait_until_nothing_waits(DRAIN).await;
    let messages = api.all("projects/p/messages").await;
    let kept: HashSet<&str> =
        messages.iter().map(|message| message["identity"].as_str().unwrap()).collect();
    assert!(acknowledged.iter().all(|name| kept.contains(name.as_str())));
    let submissions = api.all("projects/p/submissions").await;
    assert!(!acknowledged.is_empty() && !submissions.is_empty());
    wait_for_files(&api, &submissions).await;
    let told = |submission: &Value| {
        let name = submission["values"]["name"].as_str().unwrap();
        (
            submission["id"].as_str().unwrap().to_owned(),
            format!("{},{name},{name},Ann", submission["version"]),
        )
    };
    let expected: BTreeMap<String, String> = submissions.iter().map(told).collect();
    let found = rows(&registry).await;
    assert_eq!(found.len(), expected.len(), "each stands there once");
    assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_and_tables_are_right_on_sqlite() {
    check_rounds(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_and_tables_are_right_on_postgres() {
    check_rounds(Some(postgres::database().await)).await;
}
