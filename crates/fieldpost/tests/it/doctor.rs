//! The doctor finds what is wrong, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::world::{Hub, fieldpost, folder, run, write};

fn examine(data: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = fieldpost(["doctor", "--json", "--data"]);
    let said = run(command.arg(data).args(arguments));
    (said.code, serde_json::from_str(&said.output).unwrap())
}

#[track_caller]
fn check(examined: &Value, name: &str, state: &str, finding: &str) {
    let checks = examined["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["check"] == name);
    let found = found.unwrap_or_else(|| panic!("{name} was not looked at"));
    assert_eq!(found["state"], state, "{found}");
    assert!(found["finding"].as_str().unwrap().contains(finding), "{found}");
}

#[test]
fn before_the_first_start() {
    let folder = folder();
    let data = folder.path().join("data");
    let (code, examined) = examine(&data, &["--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "data folder", "ok", "is not there yet; it can be made");
    check(&examined, "database", "ok", "it is made at the first start");
    check(&examined, "hub", "ok", "none runs here");
    check(&examined, "allowed networks", "ok", "the public internet only");
    assert!(!data.exists(), "looking makes nothing");
}

#[test]
fn beside_a_running_hub() {
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(
        folder.path(),
        "p.yaml",
        "project: p\nsources: { s: { dialect: json, secret: a-long-random-word-of-letters } }\n\
         connections: { c: { url: 'https://c.example.org' } }\n\
         forwarders: { f: { to: c, paused: true } }\n",
    );
    let hub = Hub::start(&data, ["--project".as_ref(), file.as_os_str()]);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        assert_eq!(hub.post("a-long-random-word-of-letters", "{}").await, 200);
    });
    let (code, examined) = examine(&data, &["--allow-network", "10.0.0.0/8"]);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "hub", "ok", &format!("it serves at {}", hub.url));
    check(&examined, "schema", "ok", "this version's own");
    check(&examined, "notify addresses", "warning", "p/c");
    check(&examined, "paused forwarders", "warning", "p/f");
    check(&examined, "waiting deliveries", "ok", "1 delivery waits, the oldest since ");
    check(&examined, "allowed networks", "ok", "the public internet, and 10.0.0.0/8");
    check(&examined, "sync speed", "ok", " ms for each sync");
}

#[test]
fn what_is_wrong_is_told() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, examined) = examine(
        &data,
        &["--listen", &address, "--database", "postgres://me:hunter2@127.0.0.1:1/x"],
    );
    assert_eq!(code, Some(1), "{examined}");
    check(&examined, "data folder", "warning", "can be entered by other users");
    check(&examined, "hub", "wrong", "cannot be listened on");
    check(&examined, "database", "wrong", "postgres://me:***@127.0.0.1:1/x");
    let (_, examined) = examine(&data, &["--listen", "0.0.0.0:0"]);
    check(&examined, "links", "warning", "does not know its own address");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_looked_into() {
    let database = fieldpost_testkit::postgres::database().await;
    let folder = folder();
    let data = folder.path().join("data");
    let arguments = ["--listen", "127.0.0.1:0", "--database", &database];
    let (code, examined) = examine(&data, &arguments);
    assert_eq!(code, Some(1).filter(|_| !examined["well"].as_bool().unwrap()).or(Some(0)));
    check(&examined, "schema", "warning", "version 0");
    let _hub = Hub::start(&data, ["--database", &database]);
    let (_, examined) = examine(&data, &arguments);
    check(&examined, "schema", "ok", "this version's own");
    check(&examined, "hub", "ok", "it serves at");
}
