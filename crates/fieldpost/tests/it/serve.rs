//! Starting and stopping a hub.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination};

use crate::world::{
    Hub, PATIENCE, TOKEN, check_failure, fieldpost, folder, http_client, run, write,
};

/// The longest that a start with an empty folder may take. On an idle machine it takes a tenth.
const START: Duration = Duration::from_secs(5);

#[test]
fn the_token_is_made_once_and_printed_once() {
    let folder = folder();
    let data = folder.path().join("data");
    let start = || {
        let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(&data).stdout(Stdio::piped()).stderr(Stdio::piped());
        let process = command.spawn().unwrap();
        let started = Instant::now();
        let notice = data.join("hub.json");
        while !notice.exists() {
            assert!(started.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(5));
        }
        // The line follows the notice.
        std::thread::sleep(Duration::from_millis(200));
        let status = std::process::Command::new("kill").arg(process.id().to_string()).status();
        assert!(status.unwrap().success());
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(!notice.exists(), "a hub that stopped leaves no notice");
        let errors = String::from_utf8(output.stderr).unwrap();
        (String::from_utf8(output.stdout).unwrap(), errors)
    };
    let (first, log) = start();
    let file = data.join("admin-token");
    let token = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = first.lines().collect();
    assert!(lines[0].starts_with("Fieldpost serves at http://127.0.0.1:"), "{first}");
    let told = format!(
        "Admin token, shown this once and kept in {}: {}",
        file.display(),
        token.trim_end()
    );
    assert_eq!(lines[1], told);
    let link = lines[2].strip_prefix("No user yet; make the first one in a browser: ").unwrap();
    let (page, secret) = link.split_once("/welcome#").unwrap();
    assert_eq!((page, secret.len()), (lines[0].rsplit(' ').next().unwrap(), 43), "{link}");
    assert_eq!(lines.len(), 3, "{first}");
    assert!(!log.contains(secret), "the link is in the log");
    assert!(!log.contains(token.trim_end()), "the token is in the log");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&data), 0o700);
    let (second, _) = start();
    assert_eq!(second.lines().count(), 2, "the link again, and not the token: {second}");
    assert!(!second.contains(secret), "each start makes another link");
    assert_eq!(fs::read_to_string(&file).unwrap(), token);
}

#[test]
fn a_given_token_that_could_be_guessed_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    let short = "x".repeat(31);
    let command = || {
        let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(&data);
        command
    };
    let told = "error: the admin token has 31 characters, and 32 are the least\nhint: take a long \
                random one, such as `openssl rand -base64 32` makes, or leave the setting \
                admin-token out: then the hub makes one";
    check_failure(command().args(["--admin-token", &short]), 1, told);
    check_failure(command().env("FIELDPOST_ADMIN_TOKEN", &short), 1, told);
    assert!(!data.exists(), "nothing was begun");
    let long = "x".repeat(32);
    let mut long_enough = command();
    drop(Hub::spawn(long_enough.args(["--admin-token", &long]), |_| data.clone()));
}

#[test]
fn a_given_token_is_the_only_one() {
    let folder = folder();
    let data = folder.path().join("data");
    let hub = Hub::start(&data, [""; 0]);
    assert!(!data.join("admin-token").exists());
    let mut list = fieldpost(["sources", "list", "--project", "x", "--url", &hub.url, "--token"]);
    check_failure(
        list.arg("a-wrong-token"),
        1,
        &format!(
            "error: the hub at {} does not know this token\nhint: give the admin token, or \
             one that `fieldpost token create` printed, with --token or FIELDPOST_TOKEN",
            hub.url
        ),
    );
    // Commands of this machine find address and token in the data folder.
    let mut found = fieldpost(["messages", "list", "--data"]);
    check_failure(
        found.arg(&data),
        1,
        "error: the hub has no project yet\nhint: write a project file and give it to `fieldpost \
         apply`",
    );
    assert_eq!(fs::metadata(data.join("hub.json")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_start_is_quick() {
    let folder = folder();
    let started = Instant::now();
    let _hub = Hub::start(&folder.path().join("data"), [""; 0]);
    assert!(started.elapsed() < START, "took {:?}", started.elapsed());
}

#[test]
fn a_data_folder_is_for_one_process() {
    let folder = folder();
    let data = folder.path().join("data");
    let _hub = Hub::start(&data, [""; 0]);
    let mut second = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
    check_failure(
        second.arg(&data),
        1,
        &format!(
            "error: the data folder {} is in use by another fieldpost process; stop that one, or \
             give this one its own folder with --data",
            data.display()
        ),
    );
}

#[test]
fn a_taken_port_is_told() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("data");
    check_failure(
        fieldpost(["serve", "--listen", &address, "--data"]).arg(&data),
        1,
        &format!(
            "error: cannot listen on {address}: Address already in use (os error 98)\nhint: \
             another program listens there; stop it, or choose another port with --listen"
        ),
    );
    assert!(!data.exists(), "nothing is touched before the port is taken");
}

#[test]
fn a_database_that_is_none_is_told() {
    let folder = folder();
    let data = folder.path();
    write(data, "fieldpost.db", &"this is no database. ".repeat(100));
    let said = run(fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data));
    assert_eq!(said.code, Some(1));
    assert!(said.errors.contains("file is not a database"), "{}", said.errors);
}

/// Holds MUST-29.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_a_hub_that_holds_its_deliveries() {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let text = format!(
        "project: p\nsources: {{ s: {{ dialect: json, secret: a-long-random-word }} }}\n\
         connections: {{ c: {{ url: '{}' }} }}\nforwarders: {{ f: {{ to: c }} }}\n",
        destination.url("/")
    );
    let file = write(folder.path(), "p.yaml", &text);
    let data = folder.path().join("data");
    let arguments = |more: &[&'static str]| -> Vec<String> {
        let file = file.to_str().unwrap();
        let usual = ["--allow-network", "private", "--project", file];
        usual.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    };
    let mut held = Hub::start(&data, arguments(&["--hold-deliveries"]));
    assert_eq!(held.post("a-long-random-word", "{\"n\":1}").await, 200);
    let lanes = held.api().get("projects/p/lanes").await;
    assert_eq!(lanes["items"][0]["state"], "paused", "{lanes}");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(destination.received().is_empty());
    assert_eq!(held.api().get("status").await["waiting"], 1);
    held.signal("TERM");
    held.wait();
    let _hub = Hub::start(&data, arguments(&[]));
    assert_eq!(destination.wait_for(1, PATIENCE).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_finish_what_is_under_way() {
    let destination = FakeDestination::start().await;
    destination.answer("/slow", Answer::status(200).delay(Duration::from_millis(700)));
    let folder = folder();
    let data = folder.path().join("data");
    let project = write(
        folder.path(),
        "project.yaml",
        &format!(
            "project: p\nsources: {{ s: {{ dialect: json, secret: the-secret-of-the-tests }} }}\n\
             connections: {{ c: {{ url: '{}' }} }}\nforwarders: {{ f: {{ to: c }} }}\n",
            destination.url("/slow")
        ),
    );
    let arguments =
        ["--allow-network".as_ref(), "private".as_ref(), "--project".as_ref(), project.as_os_str()];
    let mut hub = Hub::start(&data, arguments);
    assert_eq!(hub.post("the-secret-of-the-tests", "{}").await, 200);
    destination.wait_for(1, PATIENCE).await;
    hub.signal("TERM");
    assert_eq!(hub.wait().code(), Some(0));
    let again = Hub::start(&data, arguments);
    let deliveries = again.api().all("projects/p/deliveries").await;
    assert_eq!(deliveries[0]["state"], "succeeded", "{deliveries:?}");
    assert_eq!(destination.received().len(), 1, "it was sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_at_once() {
    let destination = FakeDestination::start().await;
    destination.answer("/never", Answer::hang());
    let folder = folder();
    let data = folder.path().join("data");
    let project = write(
        folder.path(),
        "project.yaml",
        &format!(
            "project: p\nsources: {{ s: {{ dialect: json, secret: the-secret-of-the-tests }} }}\n\
             connections: {{ c: {{ url: '{}' }} }}\nforwarders: {{ f: {{ to: c }} }}\n",
            destination.url("/never")
        ),
    );
    let arguments =
        ["--allow-network".as_ref(), "private".as_ref(), "--project".as_ref(), project.as_os_str()];
    let mut hub = Hub::start(&data, arguments);
    assert_eq!(hub.post("the-secret-of-the-tests", "{}").await, 200);
    destination.wait_for(1, PATIENCE).await;
    hub.signal("INT");
    tokio::time::sleep(Duration::from_millis(300)).await;
    hub.signal("INT");
    let asked = Instant::now();
    assert_eq!(hub.wait().code(), Some(1));
    assert!(asked.elapsed() < Duration::from_secs(5), "took {:?}", asked.elapsed());
    // What was under way is not lost, and no final state was made up for it.
    let again = Hub::start(&data, arguments);
    let deliveries = again.api().all("projects/p/deliveries").await;
    assert_eq!(deliveries[0]["state"], "pending", "{deliveries:?}");
    destination.wait_for(2, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_share_the_memory_that_is_set() {
    const LENGTH: usize = 90_000;
    let folder = folder();
    let project = write(
        folder.path(),
        "project.yaml",
        "project: p\nsources: { s: { dialect: json, secret: the-secret-of-the-tests } }\n",
    );
    let bounds = ["--max-body", "100kB", "--bodies-in-memory", "100kB", "--project"];
    let arguments = bounds.iter().map(OsStr::new).chain([project.as_os_str()]);
    let hub = Hub::start(&folder.path().join("data"), arguments);
    let post = async || {
        let url = format!("{}/inbox/the-secret-of-the-tests", hub.url);
        let body = format!("\"{}\"", "x".repeat(LENGTH));
        http_client().post(url).body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post().await, 200);
    // One that takes its time has taken its share as well.
    let slow = begin_request(&hub, LENGTH);
    let started = Instant::now();
    while post().await != 503 {
        assert!(started.elapsed() < PATIENCE, "there is always room");
    }
    drop(slow);
    while post().await != 200 {
        assert!(started.elapsed() < PATIENCE, "there is never room again");
    }
}

/// Begins a request to the inbox whose body does not come.
fn begin_request(hub: &Hub, length: usize) -> TcpStream {
    let mut request = TcpStream::connect(hub.url.trim_start_matches("http://")).unwrap();
    let path = "/inbox/the-secret-of-the-tests";
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    request.write_all(head.as_bytes()).unwrap();
    request
}

/// Requests and deliveries that do not end share one `stop-timeout`.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_takes_its_time_only_once() {
    let destination = FakeDestination::start().await;
    destination.answer("/never", Answer::hang());
    let folder = folder();
    let project = write(
        folder.path(),
        "project.yaml",
        &format!(
            "project: p\nsources: {{ s: {{ dialect: json, secret: the-secret-of-the-tests }} }}\n\
             connections: {{ c: {{ url: '{}' }} }}\nforwarders: {{ f: {{ to: c }} }}\n",
            destination.url("/never")
        ),
    );
    let arguments = ["--stop-timeout", "3s", "--allow-network", "private", "--project"];
    let arguments = arguments.iter().map(OsStr::new).chain([project.as_os_str()]);
    let mut hub = Hub::start(&folder.path().join("data"), arguments);
    assert_eq!(hub.post("the-secret-of-the-tests", "{}").await, 200);
    destination.wait_for(1, PATIENCE).await;
    let _unfinished = begin_request(&hub, 9);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    hub.signal("TERM");
    assert_eq!(hub.wait().code(), Some(0));
    let took = asked.elapsed();
    assert!(took >= Duration::from_secs(2), "neither was waited for: {took:?}");
    assert!(took < Duration::from_secs(5), "one waited for the other: {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_can_be_json() {
    let folder = folder();
    let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    command.args(["--admin-token", TOKEN, "--data"]).arg(folder.path().join("data"));
    let project = "project: p\nconnections: { registry: { url: 'http://127.0.0.1:9' } }\n";
    command.arg("--project").arg(write(folder.path(), "p.yaml", project));
    command.stderr(Stdio::piped());
    let data = folder.path().join("data");
    let process = command.stdout(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !data.join("hub.json").exists() {
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let notice: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(data.join("hub.json")).unwrap()).unwrap();
    let url = notice["url"].as_str().unwrap();
    assert!(
        http_client().get(format!("{url}/healthz")).send().await.unwrap().status().is_success()
    );
    let status = std::process::Command::new("kill").arg(process.id().to_string()).status();
    assert!(status.unwrap().success());
    let output = process.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.lines().count() >= 2, "{log}");
    let mut refused = Vec::new();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
        if line["code"] == "refused-network" {
            refused.push(line["message"].as_str().unwrap().to_owned());
        }
    }
    // Whoever reads it knows which connection is meant.
    assert!(refused.len() == 1 && refused[0].contains(": connections.registry: "), "{refused:?}");
}
