//! Acting on thousands by command: previewed, watched, stopped; cut off by a crash and gone on with.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::terminal::Terminal;
use crate::world::{Hub, LOOK_AGAIN, PATIENCE, TOKEN, folder, http_client, run, write};

const SECRET: &str = "a-long-random-word-of-letters";
const MANY: usize = 5_000;
/// Senders that post at once.
const AT_ONCE: usize = 64;
/// How long acting on many may take.
const LONG: Duration = Duration::from_secs(90);

fn start(folder: &Path, destination: &FakeDestination, is_paused: bool) -> Hub {
    let text = format!(
        "project: p\nsources: {{ s: {{ dialect: json, secret: {SECRET} }} }}\n\
         connections: {{ c: {{ url: '{}' }} }}\n\
         forwarders: {{ f: {{ to: c, paused: {is_paused} }} }}\n",
        destination.url("/hook")
    );
    let file = write(folder, "p.yaml", &text);
    let arguments =
        ["--allow-network".as_ref(), "private".as_ref(), "--project".as_ref(), file.as_os_str()];
    Hub::start(&folder.join("data"), arguments)
}

async fn post_many(hub: &Hub, count: usize) {
    let client = http_client();
    let url = format!("{}/inbox/{SECRET}", hub.url);
    let mut senders = JoinSet::new();
    for sender in 0..AT_ONCE {
        let (client, url) = (client.clone(), url.clone());
        senders.spawn(async move {
            for number in (sender..count).step_by(AT_ONCE) {
                let answer = client.post(&url).body(number.to_string()).send().await.unwrap();
                assert_eq!(answer.status(), 200);
            }
        });
    }
    senders.join_all().await;
}

/// Orders an action without waiting for its answer, which comes when a small one has ended.
async fn order_and_leave(hub: &Hub, body: Value) -> Value {
    let url = format!("{}/api/v1/projects/p/deliveries/actions", hub.url);
    let request = http_client().post(url).bearer_auth(TOKEN).body(body.to_string());
    // The hub may be killed before it answers.
    tokio::spawn(async move { drop(request.send().await) });
    let begun = Instant::now();
    loop {
        if let Some(action) = hub.api().all("projects/p/deliveries/actions").await.pop() {
            return action;
        }
        assert!(begun.elapsed() < LONG, "no action begins");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Looks at an action until this holds of it.
async fn until(hub: &Hub, action: &Value, holds: impl Fn(&Value) -> bool) -> Value {
    let path = format!("projects/p/deliveries/actions/{}", action["id"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let action = hub.api().get(&path).await;
        if holds(&action) {
            return action;
        }
        assert!(begun.elapsed() < LONG, "{action}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn number(value: &Value, key: &str) -> usize {
    value[key].as_u64().unwrap().try_into().unwrap()
}

// MUST-40
#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_are_resent_once_each_although_the_hub_is_killed() {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let mut hub = start(folder.path(), &destination, true);
    post_many(&hub, MANY).await;
    let resend = ["deliveries", "resend", "--all"];
    let dry = run(hub.command(resend).arg("--dry-run")).well();
    assert_eq!(dry, format!("resend would touch {MANY} deliveries ({MANY} pending)\n"));

    let begun = order_and_leave(&hub, json!({ "action": "resend", "filter": {} })).await;
    assert_eq!(number(&begun, "matched"), MANY, "{begun}");
    for _ in 0..2 {
        let before = until(&hub, &begun, |action| number(action, "touched") > 0).await;
        hub.kill();
        assert!(number(&before, "touched") < MANY, "it is killed in the middle: {before}");
        hub = start(folder.path(), &destination, true);
    }
    let done = until(&hub, &begun, |action| action["state"] != "running").await;
    assert_eq!((&done["state"], number(&done, "touched")), (&json!("done"), MANY), "{done}");
    let deliveries = hub.api().all("projects/p/deliveries").await;
    let mut copies: HashMap<&str, usize> = HashMap::new();
    for original in deliveries.iter().filter_map(|delivery| delivery["resend_of"].as_str()) {
        *copies.entry(original).or_default() += 1;
    }
    assert_eq!(copies.len(), MANY);
    assert!(copies.values().all(|count| *count == 1), "some were sent twice");
    assert_eq!(deliveries.len(), 2 * MANY);
}

// MUST-40
#[tokio::test(flavor = "multi_thread")]
async fn actions_are_watched_listed_stopped_and_taken_back() {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let hub = start(folder.path(), &destination, true);
    post_many(&hub, 300).await;
    let cancel = ["deliveries", "cancel", "--all", "--state", "pending", "--yes"];
    let said = run(&mut hub.command(cancel));
    assert_eq!((said.code, &*said.output), (Some(0), "cancel: 300 deliveries\n"), "{said:?}");
    let list = run(&mut hub.command(["deliveries", "actions", "--json"])).json();
    let id = list[0]["id"].as_str().unwrap().to_owned();
    assert!(said.errors.contains(&format!("--cancelled-by {id}")), "{said:?}");
    assert!(said.errors.starts_with(&format!("action {id}\n")), "{said:?}");
    let table = run(&mut hub.command(["deliveries", "actions"])).well();
    assert!(table.contains("300 of 300") && table.contains("done"), "{table}");
    let shown = run(&mut hub.command(["deliveries", "actions", "show", &id])).well();
    assert!(shown.contains("filter      {\"state\":\"pending\"}"), "{shown}");
    let requeue = ["deliveries", "requeue", "--all", "--yes", "--cancelled-by", &id];
    assert_eq!(run(&mut hub.command(requeue)).well(), "requeue: 300 deliveries\n");
    let stop = run(&mut hub.command(["deliveries", "actions", "stop", &id]));
    assert_eq!(stop.code, Some(1));
    assert!(stop.errors.contains("[action-ended]"), "{stop:?}");

    // A slow one is stopped by another command, and its watcher says so.
    let replay = ["messages", "replay", "--forwarder", "f", "--rate", "10/s"];
    let dry = run(hub.command(replay).arg("--dry-run")).well();
    assert_eq!(dry, "replay would look at 300 messages\n");
    let asked = run(&mut hub.command(replay));
    assert_eq!(asked.code, Some(2));
    assert!(asked.errors.contains("replay would touch 300 messages"), "{asked:?}");
    let mut watcher = hub.command(replay);
    let watcher = watcher.arg("--yes").stdout(std::process::Stdio::piped()).spawn().unwrap();
    let slow = tokio::time::timeout(PATIENCE, async {
        loop {
            let list = hub.api().all("projects/p/deliveries/actions").await;
            if list[0]["action"] == "replay" && number(&list[0], "touched") > 0 {
                return list[0].clone();
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    });
    let slow = slow.await.unwrap();
    let stop = ["deliveries", "actions", "stop", slow["id"].as_str().unwrap()];
    let stopped = run(&mut hub.command(stop)).well();
    assert!(stopped.contains("state       stopped"), "{stopped}");
    let watched = watcher.wait_with_output().unwrap();
    let told = String::from_utf8(watched.stdout).unwrap();
    assert!(told.starts_with("replay: stopped after ") && told.contains("looked at"), "{told}");
    let table = run(&mut hub.command(["deliveries", "actions"])).well();
    assert!(table.contains("looked at") && table.contains("of 300"), "{table}");
    assert_eq!(watched.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_watching_and_the_action_if_it_is_meant() {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let hub = start(folder.path(), &destination, true);
    post_many(&hub, 300).await;
    let replay = ["messages", "replay", "--forwarder", "f", "--rate", "10/s", "--yes"];

    let mut watcher = Terminal::start(hub.command(replay));
    watcher.until("action ").await;
    watcher.interrupt();
    watcher.until("stop it? [y/N]").await;
    watcher.enter("n\n");
    watcher.until("it goes on in the hub").await;
    watcher.ended().await;
    let actions = hub.api().all("projects/p/deliveries/actions").await;
    assert_eq!(actions[0]["state"], "running", "{actions:?}");

    let stop = ["deliveries", "actions", "stop", actions[0]["id"].as_str().unwrap()];
    run(&mut hub.command(stop)).well();
    let mut watcher = Terminal::start(hub.command(replay));
    watcher.until("action ").await;
    watcher.interrupt();
    watcher.until("stop it? [y/N]").await;
    watcher.enter("y\n");
    watcher.until("replay: stopped after ").await;
    assert_eq!(watcher.ended().await.code(), Some(1));
    let actions = hub.api().all("projects/p/deliveries/actions").await;
    assert!(actions.iter().all(|action| action["state"] == "stopped"), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_from_the_files_as_well() {
    const NAME: &str = "Wilhelmina-Featherstonehaugh";
    let destination = FakeDestination::start().await;
    destination.answer_with("/hook", |request| {
        let is_hers = request.text().contains(NAME);
        Answer::status(422).body(if is_hers { format!("no {NAME} here") } else { "no".to_owned() })
    });
    let folder = folder();
    let hub = start(folder.path(), &destination, false);
    let url = format!("{}/inbox/{SECRET}", hub.url);
    for number in 0..20 {
        let body = json!({ "name": NAME, "number": number, "padding": "x".repeat(number * 500) });
        let post = http_client().post(&url).header("idempotency-key", NAME).body(body.to_string());
        assert_eq!(post.send().await.unwrap().status(), 200);
        let other = http_client().post(&url).body(json!({ "other": number }).to_string());
        assert_eq!(other.send().await.unwrap().status(), 200);
    }
    hub.api().wait_until_nothing_waits(PATIENCE).await;
    let in_files = || -> usize {
        let data = folder.path().join("data");
        let files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
        let bytes: Vec<u8> = files.flat_map(|path| std::fs::read(path).unwrap()).collect();
        bytes.windows(NAME.len()).filter(|window| *window == NAME.as_bytes()).count()
    };
    assert!(in_files() > 60, "body, error and answer name her");
    let erase = ["erase", "--identity", NAME];
    let much = "20 messages, 20 deliveries and 20 attempts";
    let dry = run(hub.command(erase).arg("--dry-run")).well();
    assert_eq!(dry, format!("it would erase {much}\n"));
    let asked = run(&mut hub.command(erase));
    assert_eq!(asked.code, Some(2));
    assert!(asked.errors.contains(&format!("this would erase {much}")), "{asked:?}");
    assert!(in_files() > 60, "nothing was done yet");
    assert_eq!(run(hub.command(erase).arg("--yes")).well(), format!("erased {much}\n"));
    assert_eq!(in_files(), 0);
    assert_eq!(hub.api().all("projects/p/messages").await.len(), 40);
    let list = run(&mut hub.command(["messages", "list"])).well();
    assert_eq!(list.matches("erased").count(), 20, "{list}");
    let nobody = run(hub.command(erase).arg("--yes")).well();
    assert_eq!(nobody, "it would erase 0 messages, 0 deliveries and 0 attempts\n");
}
