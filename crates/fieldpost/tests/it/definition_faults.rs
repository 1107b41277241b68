//! Definitions on days when hubs are killed and disks are full: pauses with their reasons, the tags by
//! which editors notice each other, and the list of hubs.
//!
//! What was changed with a yes is so afterwards; what was refused is as it was, and so is its tag. A
//! pause has its reason from the same moment on. The list of hubs tells of the one that is there, and
//! not of its start that was killed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::crash::Field;
use crate::faults::RECOVERY;
use crate::small_disk::SmallDisk;
use crate::world::{Hub, LOOK_AGAIN, TOKEN, http_client};

/// How often the hub is killed.
const ROUNDS: u32 = 4;
/// Changes that have to be made in each round before it is.
const CHANGES: u64 = 10;
/// The connection that is paused and resumed.
const CONNECTION: &str = "projects/p/connections/one";

/// The connection as somebody saw it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    tag: String,
    definition: Value,
    paused: bool,
    reason: Option<String>,
}

impl Seen {
    /// What an answer shows; `None` where it broke off.
    async fn read(answer: Response) -> Option<Self> {
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let shown: Value = serde_json::from_str(&answer.text().await.ok()?).unwrap();
        let paused = shown["paused"] == true;
        assert_eq!(paused, shown["pause"].is_object(), "a pause and its reason: {shown}");
        let reason = shown["pause"]["reason"].as_str().map(str::to_owned);
        Some(Self { tag, definition: shown["definition"].clone(), paused, reason })
    }

    /// Whether it is as the change of that number leaves it: odd ones pause, even ones resume.
    fn is_after(&self, change: u64) -> bool {
        let reason = (change % 2 == 1).then(|| change.to_string());
        (self.paused, &self.reason) == (change % 2 == 1, &reason)
    }
}

/// Somebody who pauses and resumes the connection, again and again.
#[derive(Clone)]
struct Editor {
    url: Arc<Mutex<String>>,
    ended: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
}

impl Editor {
    fn at(hub: &Hub) -> Self {
        let url = Arc::new(Mutex::new(hub.url.clone()));
        Self { url, ended: Arc::default(), made: Arc::default() }
    }

    async fn ask(&self, method: Method, path: &str, tag: &str, body: &Value) -> Option<Response> {
        let address = format!("{}/api/v1/{path}", self.url.lock().unwrap());
        let mut request = http_client().request(method, address).bearer_auth(TOKEN);
        if !tag.is_empty() {
            request = request.header("if-match", tag);
        }
        let request = request.header("content-type", "application/json").body(body.to_string());
        request.send().await.ok()
    }

    /// The connection as it is, as soon as a hub tells.
    async fn look(&self) -> Seen {
        let since = Instant::now();
        loop {
            if let Some(answer) = self.ask(Method::GET, CONNECTION, "", &Value::Null).await
                && let Some(seen) = Seen::read(answer).await
            {
                return seen;
            }
            assert!(since.elapsed() < RECOVERY, "nobody tells any more");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Makes the change of that number; `None` where no answer came.
    async fn change(&self, number: u64) -> Option<Response> {
        let (action, body) = match number % 2 {
            1 => ("pause", json!({ "reason": number.to_string() })),
            _ => ("resume", json!({})),
        };
        self.ask(Method::POST, &format!("{CONNECTION}/{action}"), "", &body).await
    }

    async fn edit(self) {
        let mut seen = self.look().await;
        let mut number = 0;
        while !self.ended.load(Ordering::Relaxed) {
            let answer = self.change(number + 1).await;
            let told = match answer {
                Some(answer) => {
                    assert_eq!(answer.status().as_u16(), 200);
                    Seen::read(answer).await
                }
                None => None,
            };
            let after = match told {
                Some(told) => told,
                // Nobody knows whether it was made: it was whole, or not at all.
                None => self.look().await,
            };
            if after == seen {
                continue;
            }
            number += 1;
            assert!(after.is_after(number), "the change {number} of {seen:?} made {after:?}");
            assert_ne!(after.tag, seen.tag, "a change without a tag of its own");
            seen = after;
            self.made.fetch_add(1, Ordering::Relaxed);
        }
        assert_eq!(self.look().await, seen, "what was changed with a yes is so");
    }

    /// Waits until so many more changes were made.
    async fn wait_for_more(&self, more: u64) {
        let (since, wanted) = (Instant::now(), self.made.load(Ordering::Relaxed) + more);
        while self.made.load(Ordering::Relaxed) < wanted {
            assert!(since.elapsed() < RECOVERY, "nothing can be changed any more");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// The hub that answers: of those that it tells of, the one that was seen last.
async fn newest(hub: &Hub) -> Value {
    let since = Instant::now();
    loop {
        let told = hub.api().get("status").await["hubs"][0].clone();
        if told.is_object() {
            return told;
        }
        assert!(since.elapsed() < RECOVERY, "the hub does not tell of itself");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn check_definitions_survive(database: Option<String>) {
    let field = Field::new(database).await;
    let mut hub = field.start();
    let editor = Editor::at(&hub);
    let first = editor.look().await;
    let editing = tokio::spawn(editor.clone().edit());
    for _ in 0..ROUNDS {
        editor.wait_for_more(CHANGES).await;
        let killed = newest(&hub).await;
        hub.kill();
        hub = field.start();
        hub.url.clone_into(&mut editor.url.lock().unwrap());
        // Its next start takes the place of the one that was killed.
        let started = newest(&hub).await;
        assert!(started["id"] != killed["id"] && started["is_this_one"] == true, "{started}");
        let hubs = hub.api().get("status").await["hubs"].clone();
        assert_eq!(hubs.as_array().unwrap().len(), 1, "{hubs}");
    }
    editor.wait_for_more(CHANGES).await;
    editor.ended.store(true, Ordering::Relaxed);
    editing.await.unwrap();
    // Who saw it before the first change notices; who sees it now can change it.
    let now = editor.look().await;
    let put = async |tag: &str| {
        let answer = editor.ask(Method::PUT, CONNECTION, tag, &now.definition).await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(put(&first.tag).await, 412);
    assert_eq!(put(&now.tag).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_pauses_tags_and_hubs_survive_on_sqlite() {
    check_definitions_survive(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_pauses_tags_and_hubs_survive_on_postgres() {
    check_definitions_survive(Some(fieldpost_testkit::postgres::database().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_while_something_is_paused() {
    let field = Field::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&field.arguments());
    let editor = Editor::at(&hub);
    let since = Instant::now();
    let mut seen = editor.look().await;
    let (mut number, mut refused) = (0, 0);
    while refused < 10 {
        disk.fill(&hub);
        let answer = editor.change(number + 1).await.unwrap();
        if answer.status().as_u16() == 200 {
            seen = Seen::read(answer).await.unwrap();
            number += 1;
            assert!(seen.is_after(number), "{number}: {seen:?}");
        } else {
            let status = answer.status().as_u16();
            let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            assert_eq!((status, &told["code"]), (503, &json!("store-unavailable")));
            refused += 1;
            // It is as it was, and so is its tag.
            assert_eq!(editor.look().await, seen);
        }
        assert!(since.elapsed() < RECOVERY * 2, "a full disk was never noticed");
    }
    // The hub is still told of, with what it could write last.
    let before = newest(&hub).await;
    disk.clear(&hub);
    loop {
        let answer = editor.change(number + 1).await.unwrap();
        if answer.status().as_u16() == 200 {
            let after = Seen::read(answer).await.unwrap();
            assert!(after.is_after(number + 1) && after.tag != seen.tag, "{after:?}");
            break;
        }
        assert!(since.elapsed() < RECOVERY * 3, "nothing can be changed any more");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    while newest(&hub).await["seen_at"] == before["seen_at"] {
        assert!(since.elapsed() < RECOVERY * 4, "the hub does not tell of itself any more");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    assert_eq!(newest(&hub).await["id"], before["id"]);
}
