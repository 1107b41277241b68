//! People and programs, from the command line: accounts, tokens, and who did what.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Hub, check_failure, fieldpost, folder, http_client, run, write};

const PROJECT: &str = "\
project: clinic
sources: { inbox: { dialect: json, secret: a-long-random-word-of-letters } }
";

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = fieldpost(arguments);
    command.arg("--data").arg(data);
    command
}

fn said(data: &Path, arguments: &[&str]) -> String {
    run(&mut command(data, arguments)).well()
}

/// Uses a link with a password; the answer is the status.
fn accept(hub: &Hub, link: &str, password: &str) -> u16 {
    let (page, secret) = link.trim_end().split_once('#').unwrap();
    assert_eq!(page, format!("{}/welcome", hub.url));
    let body = json!({ "secret": secret, "password": password });
    post(hub, "invitations/accept", &body)
}

fn post(hub: &Hub, path: &str, body: &Value) -> u16 {
    let url = format!("{}/api/v1/{path}", hub.url);
    let request = http_client().post(url).body(body.to_string());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { request.send().await.unwrap().status().as_u16() })
}

fn sign_in(hub: &Hub, password: &str) -> u16 {
    post(hub, "session", &json!({ "email": "amina@example.org", "password": password }))
}

#[test]
fn people_are_invited_reset_and_kept_out() {
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "clinic.yaml", PROJECT);
    let hub = Hub::start(&data, ["--project", file.to_str().unwrap()]);
    let said = |arguments: &[&str]| said(&data, arguments);
    assert_eq!(said(&["user", "list"]), "");
    let add = ["user", "add", "amina@example.org", "--name", "Amina"];
    let link = said(&[&add[..], &["--project", "clinic", "--access", "editor"]].concat());
    assert_eq!(accept(&hub, &link, "seven green bottles"), 200);
    assert_eq!(accept(&hub, &link, "seven green bottles"), 410);
    assert_eq!(sign_in(&hub, "seven green bottles"), 200);
    let list = said(&["user", "list"]);
    assert!(list.contains("amina@example.org") && list.contains("clinic (editor)"), "{list}");
    let link = said(&["user", "reset", "AMINA@example.org"]);
    assert_eq!(accept(&hub, &link, "eight green bottles"), 200);
    assert_eq!(sign_in(&hub, "seven green bottles"), 401);
    said(&["user", "disable", "amina@example.org"]);
    assert_eq!(sign_in(&hub, "eight green bottles"), 401);
    said(&["user", "enable", "amina@example.org"]);
    assert_eq!(sign_in(&hub, "eight green bottles"), 200);
    check_failure(
        &mut command(&data, &["user", "reset", "nobody@example.org"]),
        1,
        "error: there is no user with the mail address nobody@example.org\nhint: `fieldpost user \
         list` shows who there is",
    );
    let log = run(&mut command(&data, &["audit", "list", "--json", "--action", "user"])).json();
    let log = log.as_array().unwrap();
    let actions: Vec<&str> = log.iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["user.saved", "user.saved", "user.reset", "user.invited"]);
    let table = said(&["audit", "list", "--who", "amina"]);
    assert!(table.contains("session.refused") && table.contains("127.0.0.1"), "{table}");
}

#[test]
fn programs_have_tokens_that_open_what_they_are_for() {
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "clinic.yaml", PROJECT);
    let hub = Hub::start(&data, ["--project", file.to_str().unwrap()]);
    let made = ["token", "create", "CI", "--access", "editor", "--expires-in", "90d"];
    let token = said(&data, &[&made[..], &["--project", "clinic"]].concat());
    let with_token = |arguments: &[&str]| {
        let mut command = fieldpost(arguments);
        command.args(["--url", &hub.url, "--token", token.trim_end()]);
        command
    };
    // The project is found without being told of the hub.
    assert!(run(&mut with_token(&["sources", "list"])).well().contains("inbox"));
    run(&mut with_token(&["projects", "pause", "clinic"])).well();
    let refused = run(&mut with_token(&["user", "list"]));
    assert!(refused.errors.contains("[access-too-low]"), "{}", refused.errors);
    let list = run(&mut command(&data, &["token", "list", "--json", "--project", "clinic"])).json();
    assert_eq!((&list[0]["name"], &list[0]["created_by"]), (&json!("CI"), &json!("administrator")));
    let id = list[0]["id"].as_str().unwrap();
    assert!(said(&data, &["token", "list", "--project", "clinic"]).contains("editor"));
    said(&data, &["token", "revoke", id, "--project", "clinic"]);
    let refused = run(&mut with_token(&["sources", "list"]));
    assert!(refused.errors.contains("does not know this token"), "{}", refused.errors);
}
