//! The doctor finds what is wrong, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};

use crate::world::{Hub, KEY, LOOK_AGAIN, PATIENCE, fieldpost, folder, http_client, run, write};

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
    check(&examined, "key", "ok", "is not there yet; it is made at the first start");
    check(&examined, "hub", "ok", "none runs here");
    check(&examined, "allowed networks", "ok", "the public internet only");
    check(&examined, "job processes", "ok", "the kernel filters what they ask for (seccomp)");
    check(&examined, "mail relay", "ok", "nobody waits for a mail");
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
         paused: true\n\
         connections:\n\
         \x20 c: { url: 'https://c.example.org', paused: true }\n\
         \x20 d: { url: 'https://d.example.org', notify: [ops@example.org], \
         tls: { skip_verification: true } }\n\
         \x20 e: { url: 'http://e.example.org', notify: [ops@example.org], \
         auth: { bearer: hunter2 } }\n\
         \x20 f: { url: 'http://192.168.7.9/', notify: [ops@example.org] }\n\
         \x20 g: { url: 'http://10.0.0.9/', notify: [ops@example.org] }\n\
         forwarders: { f: { to: c, paused: true } }\n",
    );
    let file = file.to_str().unwrap();
    let started = ["--project", file, "--allow-network", "192.168.7.0/24"];
    let hub = Hub::start(&data, started);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        assert_eq!(hub.post("a-long-random-word-of-letters", "{}").await, 200);
        let request = http_client().get(format!("{}/api/v1/session", hub.url));
        request.header("x-forwarded-for", "192.0.2.1").send().await.unwrap();
    });
    let (code, examined) = examine(&data, &["--allow-network", "10.0.0.0/8"]);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "hub", "ok", &format!("it serves at {}", hub.url));
    check(&examined, "schema", "ok", "this version's own");
    check(&examined, "notify addresses", "warning", "p/c");
    check(&examined, "mail relay", "warning", "none is set: nobody gets a mail");
    check(&examined, "certificates", "warning", "included: p/d");
    check(&examined, "plain HTTP", "warning", "in the clear to these: p/e");
    check(&examined, "signing secrets", "ok", "none is too short");
    check(&examined, "closed networks", "warning", "not open: p/g");
    check(&examined, "paused projects", "warning", "wait: p");
    check(&examined, "paused connections", "warning", "wait: p/c");
    check(&examined, "paused forwarders", "warning", "p/f");
    check(&examined, "waiting deliveries", "ok", "1 delivery waits, the oldest since ");
    check(&examined, "proxies", "warning", "X-Forwarded-For comes from 127.0.0.1");
    check(&examined, "users", "warning", "nobody has an account");
    // What counts is what the hub was started with.
    check(&examined, "allowed networks", "ok", "the public internet, and 192.168.7.0/24");
    check(&examined, "sync speed", "ok", " ms for each sync");
    check(&examined, "key", "ok", "for its owner only");
}

#[test]
fn what_counts_is_what_the_running_hub_was_started_with() {
    let folder = folder();
    let data = folder.path().join("data");
    let own = ["--listen", "127.0.0.1:0", "--allow-network", "10.0.0.0/8"];
    let (_, examined) = examine(&data, &own);
    let of_command = "and 10.0.0.0/8 (by the settings of this command)";
    check(&examined, "allowed networks", "ok", of_command);
    let relay = ["--smtp-url", "smtp://127.0.0.1:1", "--smtp-from", "hub@example.org"];
    let public = ["--public-url", "https://hub.example.org"];
    let _hub = Hub::start(&data, relay.iter().chain(&public));
    let (code, examined) = examine(&data, &own);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "allowed networks", "ok", "the public internet only");
    check(&examined, "mail relay", "ok", "the hub has 127.0.0.1:1");
    check(&examined, "links", "ok", "they begin with https://hub.example.org");
    // Whoever knows how to reach the relay has it greeted.
    let (_, examined) = examine(&data, &relay);
    check(&examined, "mail relay", "wrong", "");
}

#[test]
fn phones_need_to_know_where_the_forms_are() {
    let folder = folder();
    let data = folder.path().join("data");
    let project = "project: p\nsources: { phones: { dialect: openrosa, access: anonymous } }\n";
    let file = write(folder.path(), "p.yaml", project);
    drop(Hub::start(&data, ["--project", file.to_str().unwrap()]));
    let listen = ["--listen", "127.0.0.1:0"];
    let (code, examined) = examine(&data, &listen);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "links", "warning", "lists of forms of these: p/phones");
    let public = ["--public-url", "https://hub.example.org"];
    let (_, examined) = examine(&data, &[listen, public].concat());
    check(&examined, "links", "ok", "they begin with https://hub.example.org");
}

#[test]
fn a_key_that_does_not_fit_is_told() {
    let folder = folder();
    let data = folder.path().join("data");
    let path = data.join("key");
    drop(Hub::start(&data, [""; 0]));
    let listen = ["--listen", "127.0.0.1:0"];
    let kept = fs::read(&path).unwrap();
    let set_mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();

    set_mode(0o640);
    let (code, examined) = examine(&data, &listen);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "key", "warning", "which others can read (mode 640)");
    set_mode(0o644);
    let (code, examined) = examine(&data, &listen);
    assert_eq!(code, Some(1), "{examined}");
    check(&examined, "key", "wrong", "every user of this machine (mode 644)");
    set_mode(0o600);
    fs::write(&path, format!("{KEY}\n")).unwrap();
    let (code, examined) = examine(&data, &listen);
    assert_eq!(code, Some(1), "{examined}");
    check(&examined, "key", "wrong", "the secrets in the database are sealed with ");
    fs::remove_file(&path).unwrap();
    let (_, examined) = examine(&data, &listen);
    check(&examined, "key", "wrong", "is not there, and the database is sealed with the key ");
    fs::write(&path, kept).unwrap();
    set_mode(0o600);
    let (_, examined) = examine(&data, &listen);
    check(&examined, "key", "ok", "");
}

#[test]
fn the_project_files_of_a_hub_are_read_as_it_would() {
    let folder = folder();
    let data = folder.path().join("data");
    let file = folder.path().join("p.yaml");
    let look = |text: &str| {
        fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        examine(&data, &["--listen", "127.0.0.1:0", "--project", file])
    };
    let connection = |keys: &str| format!("project: p\nconnections: {{ c: {{ {keys} }} }}\n");
    let sound = "url: 'https://c.example.org', notify: [ops@example.org]";
    let (code, examined) = look(&connection(sound));
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "project files", "ok", "they can be applied");
    let (code, examined) = look(&connection("url: 'https://c.example.org'"));
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "project files", "warning", "connections.c.notify: nobody is told");
    let (code, examined) = look(&connection(&format!("{sound}, tls: {{ ca: ca.pem }}")));
    assert_eq!(code, Some(1), "{examined}");
    check(&examined, "project files", "wrong", "the file `ca.pem` cannot be used");
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
    check(&examined, "key", "wrong", "hubs that share a database need the same key");
    let _hub = Hub::start(&data, ["--database", &database]);
    let (_, examined) = examine(&data, &arguments);
    check(&examined, "schema", "ok", "this version's own");
    check(&examined, "hub", "ok", "it serves at");
}

/// What went wrong in a lifecycle is told, with where to look; so is what its lifecycle is not told of.
#[test]
fn problems_of_lifecycles_are_told() {
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(
        folder.path(),
        "p.yaml",
        "project: p\n\
         roles: { agents: { name: Agents } }\n\
         api_access: { portal: { secret: the-secret-of-the-portal, roles: [agents] } }\n\
         forms:\n  request:\n    title: Request\n    submission_roles: [agents]\n\
         \x20   fields: [{ name: name, label: Name, type: string }]\n\
         \x20   lifecycle:\n      statuses:\n\
         \x20       new: { name: New, actions: [\
         { mail: { to: ['{{ form_var_name }}'], subject: s, body: b } }, { jump: done }] }\n\
         \x20       done: { name: Done, endpoint: true }\n",
    );
    let hub = Hub::start(&data, ["--project", file.to_str().unwrap()]);
    let (_, examined) = examine(&data, &[]);
    check(&examined, "lifecycles", "ok", "none met a problem in the last week");
    check(&examined, "lifecycles to go on", "ok", "none waits");
    let url = hub.url.replace("http://", "http://portal:the-secret-of-the-portal@");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let request = http_client().post(format!("{url}/p/p/api/formdefs/request/submit"));
        let request = request.header("content-type", "application/json");
        let answer = request.body(r#"{"data": {"name": "Ada"}}"#).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let submissions = hub.api().all("projects/p/submissions").await;
        let id = submissions[0]["id"].as_str().unwrap();
        let lifecycle = hub.api().get(&format!("projects/p/submissions/{id}/lifecycle")).await;
        assert_eq!(lifecycle["problems"][0]["code"], "bad-address", "{lifecycle}");
    });
    let (code, examined) = examine(&data, &[]);
    assert_eq!(code, Some(0), "{examined}");
    check(&examined, "lifecycles", "warning", "p/request: bad-address, 1 time, last at ");
}

#[test]
fn a_call_of_a_lifecycle_that_fails_is_named() {
    let folder = folder();
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let destination = runtime.block_on(FakeDestination::start());
    destination.answer("/register", Answer::status(422).body("no such street"));
    let project = json!({
        "project": "p",
        "sources": { "kobo": { "dialect": "kobo", "secret": "a-long-random-word-of-letters" } },
        "connections": { "works": { "url": destination.url("/") } },
        "forms": { "request": {
            "title": "A request",
            "fields": [{ "name": "what", "label": "What", "type": "string" }],
            "lifecycle": { "statuses": { "new": { "name": "New", "actions": [
                { "call": { "connection": "works", "path": "/register",
                            "on_error": { "4xx": "ignore" } }, "id": "send" } ] } } },
        } },
    });
    let file = write(folder.path(), "p.json", &project.to_string());
    let started = ["--project", file.to_str().unwrap(), "--allow-network", "127.0.0.0/8"];
    let hub = Hub::start(&data, started);
    let (_, examined) = examine(&data, &[]);
    check(&examined, "calls of lifecycles", "ok", "none fails");
    let sent = json!({ "_uuid": "0000-1", "_xform_id_string": "request", "what": "a lamp" });
    let taken = runtime.block_on(hub.post("a-long-random-word-of-letters", sent.to_string()));
    assert_eq!(taken, 200);
    let begun = Instant::now();
    let examined = loop {
        let (code, examined) = examine(&data, &[]);
        assert_eq!(code, Some(0), "{examined}");
        let checks = examined["checks"].as_array().unwrap();
        if checks.iter().any(|it| it["check"] == "calls of lifecycles" && it["state"] == "warning")
        {
            break examined;
        }
        assert!(begun.elapsed() < PATIENCE, "{examined}");
        std::thread::sleep(LOOK_AGAIN);
    };
    check(&examined, "calls of lifecycles", "warning", "p/request/new/send, 1 time since ");
    check(&examined, "calls of lifecycles", "warning", ": 422 Unprocessable Entity");
}
