//! People, the audit log and charts on days when hubs are killed and disks are full.
//!
//! Who was made with a yes is there afterwards, with all that was said of them; whoever was refused
//! is there not at all, or wholly where the yes was lost on the way. The audit log tells of nothing
//! that did not happen. Charts may lack the last seconds before a crash; lists lack nothing.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::crash::{Field, check_books, inbox};
use crate::faults::{RECOVERY, SOME};
use crate::load::Load;
use crate::small_disk::SmallDisk;
use crate::world::{Api, Hub, LOOK_AGAIN, TOKEN, http_client};

/// How often the hub is killed.
const ROUNDS: u32 = 4;
/// People who have to be made with a yes in each round before it is.
const PEOPLE: usize = 20;
/// Those who make people at once.
const MAKERS: usize = 4;

/// Somebody who was made with a yes.
#[derive(Clone, Debug)]
struct Made {
    email: String,
    /// The link, which must work.
    link: String,
}

/// People who are made without a pause.
struct Making {
    url: Arc<Mutex<String>>,
    ended: Arc<AtomicBool>,
    made: Arc<Mutex<Vec<Made>>>,
    makers: JoinSet<()>,
}

fn new_user(email: &str) -> Value {
    json!({ "email": email, "name": "Amina", "projects": [{ "project": "p", "access": "editor" }] })
}

impl Making {
    fn start(hub: &Hub) -> Self {
        let url = Arc::new(Mutex::new(hub.url.clone()));
        let (ended, made) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Made>>>::default());
        let mut makers = JoinSet::new();
        for maker in 0..MAKERS {
            let (url, ended, made) = (Arc::clone(&url), Arc::clone(&ended), Arc::clone(&made));
            makers.spawn(async move {
                let http = http_client();
                let mut number = 0;
                while !ended.load(Ordering::Relaxed) {
                    number += 1;
                    let email = format!("m{maker}-{number}@example.org");
                    let address = format!("{}/api/v1/users", url.lock().unwrap());
                    let request = http.post(address).bearer_auth(TOKEN);
                    // Where there is no answer nobody knows whether it was done.
                    let Ok(answer) = request.body(new_user(&email).to_string()).send().await else {
                        tokio::time::sleep(LOOK_AGAIN).await;
                        continue;
                    };
                    assert_eq!(answer.status().as_u16(), 201);
                    let Ok(text) = answer.text().await else { continue };
                    let answer: Value = serde_json::from_str(&text).unwrap();
                    let link = answer["invitation_url"].as_str().unwrap().to_owned();
                    made.lock().unwrap().push(Made { email, link });
                }
            });
        }
        Self { url, ended, made, makers }
    }

    /// Waits until so many more got a yes.
    async fn wait_for_more(&self, more: usize) {
        let (since, wanted) = (Instant::now(), self.made.lock().unwrap().len() + more);
        while self.made.lock().unwrap().len() < wanted {
            assert!(since.elapsed() < RECOVERY, "nobody gets a yes any more");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn end(mut self) -> Vec<Made> {
        self.ended.store(true, Ordering::Relaxed);
        while let Some(ended) = self.makers.join_next().await {
            ended.unwrap();
        }
        self.made.lock().unwrap().clone()
    }
}

/// Everybody who is there, by address: each wholly.
async fn check_people(api: &Api) -> HashMap<String, Value> {
    let mut people = HashMap::new();
    for user in api.get("users").await["items"].as_array().unwrap() {
        assert_eq!(user["projects"], json!([{ "project": "p", "access": "editor" }]), "{user}");
        assert_eq!(user["invited"], true, "{user}");
        people.insert(user["email"].as_str().unwrap().to_owned(), user.clone());
    }
    people
}

/// Whom the audit log says to have been invited; nobody twice.
async fn noted(api: &Api) -> HashSet<String> {
    let entries = api.all("audit?action=user.invited").await;
    let targets: Vec<String> =
        entries.iter().map(|entry| entry["target"].as_str().unwrap().to_owned()).collect();
    let told: HashSet<String> = targets.iter().cloned().collect();
    assert_eq!(told.len(), targets.len(), "somebody stands twice in the log");
    told
}

async fn check_link(hub: &Hub, link: &str) {
    let (_, secret) = link.split_once('#').unwrap();
    let request = http_client().get(format!("{}/api/v1/invitations/current", hub.url));
    let answer = request.header("fieldpost-invitation", secret).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "a link that was handed out does not work");
}

async fn check_people_survive(database: Option<String>) {
    let field = Field::new(database).await;
    let mut hub = field.start();
    let making = Making::start(&hub);
    for _ in 0..ROUNDS {
        making.wait_for_more(PEOPLE).await;
        hub.kill();
        hub = field.start();
        hub.url.clone_into(&mut making.url.lock().unwrap());
    }
    let made = making.end().await;
    let people = check_people(&hub.api()).await;
    let noted = noted(&hub.api()).await;
    for one in &made {
        assert!(people.contains_key(&one.email), "{} got a yes and is gone", one.email);
        assert!(noted.contains(&one.email), "{} is not in the audit log", one.email);
    }
    for email in &noted {
        assert!(people.contains_key(email), "{email} stands in the log and was never made");
    }
    for one in made.iter().rev().take(MAKERS) {
        check_link(&hub, &one.link).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_people_and_the_log_survive_on_sqlite() {
    check_people_survive(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_people_and_the_log_survive_on_postgres() {
    check_people_survive(Some(fieldpost_testkit::postgres::database().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_while_people_are_made() {
    let field = Field::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&field.arguments());
    let (api, since) = (hub.api(), Instant::now());
    let (mut made, mut refused) = (HashSet::new(), HashSet::new());
    let mut number = 0;
    while refused.len() < 10 {
        disk.fill(&hub);
        number += 1;
        let email = format!("n{number}@example.org");
        match api.post("users", &new_user(&email)).await {
            (201, _) => made.insert(email),
            (status, answer) => {
                assert_eq!((status, &answer["code"]), (503, &json!("store-unavailable")));
                refused.insert(email)
            }
        };
        assert!(since.elapsed() < RECOVERY * 2, "a full disk was never noticed");
    }
    // Who is there can still be looked at.
    assert!(check_people(&api).await.len() >= made.len());
    disk.clear(&hub);
    while api.post("users", &new_user("after@example.org")).await.0 != 201 {
        assert!(since.elapsed() < RECOVERY * 3, "nobody can be made any more");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let people = check_people(&api).await;
    for email in &made {
        assert!(people.contains_key(email), "{email} got a yes and is gone");
    }
    let half: Vec<&String> = refused.iter().filter(|email| people.contains_key(*email)).collect();
    assert!(half.is_empty(), "refused, and there nevertheless: {half:?}");
    let noted = noted(&api).await;
    assert!(noted.contains("after@example.org"));
    for email in &noted {
        assert!(people.contains_key(email), "{email} stands in the log and was never made");
    }
    // Whoever was refused can be made now.
    for email in refused {
        assert_eq!(api.post("users", &new_user(&email)).await.0, 201, "{email}");
    }
}

/// What the chart has counted of messages that came in.
async fn charted(api: &Api) -> u64 {
    let traffic = api.get("projects/p/traffic?step=1h").await;
    let received = |series: &&Value| series["kind"] == "received";
    let points = traffic["series"].as_array().unwrap().iter().filter(received);
    points
        .flat_map(|series| series["points"].as_array().unwrap())
        .map(|one| one[1].as_u64().unwrap())
        .sum()
}

/// A chart may lack what was counted in the seconds before a crash. Lists lack nothing, and a chart
/// never counts what there is not.
#[tokio::test(flavor = "multi_thread")]
async fn crash_lists_are_right_where_charts_lag() {
    let field = Field::new(None).await;
    let mut hub = field.start();
    let load = Load::start(&inbox(&hub), MAKERS);
    for _ in 0..ROUNDS {
        load.wait_for_more(SOME, RECOVERY).await;
        hub.kill();
        hub = field.start();
        load.turn_to(&inbox(&hub));
    }
    load.wait_for_more(SOME, RECOVERY).await;
    let acknowledged = load.end().await;
    let api = hub.api();
    check_books(&api, &acknowledged, &field.destination).await;
    let listed = api.all("projects/p/messages").await.len() as u64;
    let since = Instant::now();
    // What came in after the last crash is charted soon, and no more than there is.
    loop {
        let charted = charted(&api).await;
        assert!(charted <= listed, "the chart counts {charted}, and there are {listed}");
        if charted >= SOME as u64 {
            return;
        }
        assert!(since.elapsed() < RECOVERY, "the chart does not go on: {charted} of {listed}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
