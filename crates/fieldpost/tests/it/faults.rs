//! What is below the hub breaks: MUST-4 and MUST-30 of docs/specs/submission.md.
//!
//! The database goes away and comes back, the disk fills and is cleared; the hub itself is never
//! touched. While it cannot keep anything it says so with 503, and afterwards it goes on by itself.

use std::fs;
use std::time::{Duration, Instant};

use fieldpost_testkit::TemporaryPostgres;
use serde_json::json;

use crate::crash::{Field, check_books, inbox};
use crate::load::Load;
use crate::small_disk::SmallDisk;
use crate::world::{LOOK_AGAIN, folder, http_client};

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

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_and_cleared() {
    let field = Field::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&field.arguments());
    let load = Load::start(&inbox(&hub), SENDERS);
    for _ in 0..2 {
        load.wait_for_more(SOME, RECOVERY).await;
        let refused = load.refused().len();
        let full = async {
            // The log is overwritten in place for a while before it has to grow.
            while load.refused().len() < refused + SOME {
                disk.fill(&hub);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = tokio::time::timeout(RECOVERY * 2, full).await;
        assert!(in_time.is_ok(), "a full disk was never noticed");
        disk.clear(&hub);
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
    let hub = disk.start(&field.arguments());
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
    let (refused, since) = (async || api.post("projects/p/reports", &report).await, Instant::now());
    let problem = loop {
        disk.fill(&hub);
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
    disk.clear(&hub);
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

/// A photo that does not fit is no submission without its photo: the phone is asked to come back, and
/// what was written of it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_while_a_photo_comes() {
    let field = Field::new(None).await;
    let disk = SmallDisk::new();
    let hub = disk.start(&field.arguments());
    let post = async || {
        let head = "--b\r\nContent-Disposition: form-data; name=";
        let form = "<data id='visit'><meta><instanceID>uuid:one</instanceID></meta></data>";
        let photo = "x".repeat(4 << 20);
        let body = format!(
            "{head}\"1.jpg\"; filename=\"1.jpg\"\r\n\r\n{photo}\r\n\
             {head}\"xml_submission_file\"; filename=\"a.xml\"\r\n\r\n{form}\r\n--b--\r\n"
        );
        let request = http_client().post(format!("{}/p/p/submission", hub.url)).body(body);
        request.header("content-type", "multipart/form-data; boundary=b").send().await.unwrap()
    };
    disk.fill(&hub);
    let refused = post().await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let told = refused.text().await.unwrap();
    assert!(told.contains("[store-unavailable]"), "{told}");
    let files = disk.path(&hub).join("data/files");
    let left = fs::read_dir(files.join("incoming")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "what was written of the photo is still there");
    disk.clear(&hub);
    assert_eq!(post().await.status(), 201);
    assert_eq!(hub.api().all("projects/p/messages").await.len(), 1);
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
