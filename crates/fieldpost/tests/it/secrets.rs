//! Secrets are where they are used, and nowhere else; the key to them is changed while the hub runs.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::hexadecimal;
use fieldpost_testkit::{Answer, FakeDestination, postgres};
use serde_json::Value;

use crate::world::{
    Hub, KEY, PATIENCE, TOKEN, check_failure, fieldpost, folder, http_client, run, write,
};

/// The connections that deliver, by the path that each posts to.
const CONNECTIONS: [&str; 8] =
    ["basic", "bearer", "api-key", "headers", "digest", "oauth", "login", "signed"];
/// The id of the webhook.
const WEBHOOK: &str = "4c1a3c9e-5a44-4d4e-9d3f-2f6c1a0b7e11";
/// What the destination's token endpoints hand out.
const HANDED_OUT: [&str; 2] = ["planted-token-of-oauth", "planted-token-of-login"];

/// A secret of this name.
fn planted(name: &str) -> String {
    format!("planted-{name}-Zx81")
}

/// A signing secret of this name.
fn signing_secret(name: &str) -> String {
    format!("whsec_{}", STANDARD.encode(format!("planted-signing-secret-{name}")))
}

/// The names of all secrets in the project file, and the secrets.
fn secrets() -> Vec<(&'static str, String)> {
    let names = [
        "BASIC",
        "BEARER",
        "API_KEY",
        "HEADER",
        "DIGEST",
        "OAUTH",
        "LOGIN",
        "SIGNED",
        "INBOX",
        "HOOK_KEY",
        "HOOK_PASSWORD",
    ];
    let mut secrets: Vec<_> = names.iter().map(|name| (*name, planted(name))).collect();
    secrets.push(("SIGNING", signing_secret("new")));
    secrets.push(("PREVIOUS", signing_secret("old")));
    secrets
}

/// A project with a connection of every kind, all of which lead to one destination.
fn project(destination: &FakeDestination) -> String {
    let auth = |connection: &str| match connection {
        "basic" => "{ basic: { username: hub, password: '${BASIC}' } }".to_owned(),
        "bearer" => "{ bearer: '${BEARER}' }".to_owned(),
        "api-key" => "{ api_key: { header: x-any, key: '${API_KEY}' } }".to_owned(),
        "headers" => "{ headers: { x-other: '${HEADER}' } }".to_owned(),
        "digest" => "{ digest: { username: hub, password: '${DIGEST}' } }".to_owned(),
        "oauth" => format!(
            "{{ oauth2_client: {{ token_url: '{}', client_id: hub, client_secret: '${{OAUTH}}' }} }}",
            destination.url("/token")
        ),
        "login" => format!(
            "{{ login: {{ url: '{}', fields: {{ pin: '${{LOGIN}}' }}, token_at: $.key }} }}",
            destination.url("/session")
        ),
        _ => "{ signed_url: { orig: hub, key: '${SIGNED}' } }".to_owned(),
    };
    let mut text = format!(
        "project: p\nsources:\n  s: {{ dialect: json, secret: '${{INBOX}}', id: {WEBHOOK}, auth: \
         [ {{ api_key: '${{HOOK_KEY}}' }}, {{ basic: {{ username: u, password: \
         '${{HOOK_PASSWORD}}' }} }} ] }}\nconnections:\n"
    );
    for connection in CONNECTIONS {
        writeln!(
            text,
            "  {connection}: {{ url: '{}', notify: [ops@example.org], auth: {}, signing_secret: \
             '${{SIGNING}}', previous_signing_secret: '${{PREVIOUS}}' }}",
            destination.url(&format!("/{connection}")),
            auth(connection)
        )
        .unwrap();
    }
    text.push_str("forwarders:\n");
    for connection in CONNECTIONS {
        writeln!(text, "  {connection}: {{ to: {connection} }}").unwrap();
    }
    text
}

/// The files of a folder but the key, with what is in them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| !path.ends_with("key"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

/// Checks that none of the secrets is in any of these, in none of the ways of writing them.
#[track_caller]
fn assert_nowhere(places: &[(String, Vec<u8>)]) {
    let mut forms: Vec<String> = secrets().into_iter().map(|(_, secret)| secret).collect();
    forms.extend(HANDED_OUT.map(str::to_owned));
    forms.extend(["BASIC", "OAUTH"].map(|name| STANDARD.encode(format!("hub:{}", planted(name)))));
    forms.push(STANDARD.encode(format!("u:{}", planted("HOOK_PASSWORD"))));
    let bare = |secret: &String| secret.strip_prefix("whsec_").map(str::to_owned);
    let bare: Vec<String> = forms.iter().filter_map(bare).collect();
    forms.extend(bare);
    forms.extend(["new", "old"].map(|name| format!("planted-signing-secret-{name}")));
    let in_bytea: Vec<String> =
        forms.iter().map(|form| hexadecimal::encode(form.as_bytes())).collect();
    forms.extend(in_bytea);
    for (place, bytes) in places {
        for form in &forms {
            let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "{form} is readable in {place}");
        }
    }
}

/// A hub that delivers by every kind of authentication, asked everything that it can be asked; it
/// is killed in the end. The answers are all that it said, its log, its files, and its database.
async fn all_traces(database: Option<&str>) -> Vec<(String, Vec<u8>)> {
    let destination = FakeDestination::start().await;
    let [of_oauth, of_login] = HANDED_OUT;
    let token =
        format!(r#"{{"access_token":"{of_oauth}","token_type":"Bearer","expires_in":3600}}"#);
    let json =
        |body: String| Answer::status(200).header("content-type", "application/json").body(body);
    destination.answer("/token", json(token));
    destination.answer("/session", json(format!(r#"{{"key":"{of_login}"}}"#)));
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "p.yaml", &project(&destination));
    let log = folder.path().join("log");
    let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--log-level", "debug"]);
    command.args(["--allow-network", "private", "--admin-token", TOKEN, "--data"]).arg(&data);
    if let Some(database) = database {
        command.args(["--database", database]).env("FIELDPOST_KEY", KEY);
    }
    command.stderr(File::create(&log).unwrap());
    let mut hub = Hub::spawn(&mut command, |_| data.clone());

    let mut traces: Vec<(String, Vec<u8>)> = Vec::new();
    let mut ask = |arguments: &[&str]| {
        let mut command = hub.command(arguments);
        let said = run(command.envs(secrets()).env("FIELDPOST_LOG_LEVEL", "debug"));
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        traces.push((arguments.join(" "), format!("{}{}", said.output, said.errors).into_bytes()));
    };
    ask(&["apply", file.to_str().unwrap()]);
    post(&hub, &format!("/inbox/{}", planted("INBOX")), &[]).await;
    post(&hub, &format!("/i/{WEBHOOK}"), &[("x-api-key", planted("HOOK_KEY"))]).await;
    let basic = STANDARD.encode(format!("u:{}", planted("HOOK_PASSWORD")));
    post(&hub, &format!("/i/{WEBHOOK}"), &[("authorization", format!("Basic {basic}"))]).await;
    let api = hub.api();
    api.wait_until_nothing_waits(PATIENCE).await;
    ask(&["apply", file.to_str().unwrap()]);
    ask(&["export", "p"]);
    for connection in CONNECTIONS {
        ask(&["connections", "show", connection]);
    }
    ask(&["key", "status"]);
    for list in ["messages", "deliveries", "connections", "sources", "forwarders"] {
        ask(&[list, "list", "--json"]);
    }
    for delivery in api.all("projects/p/deliveries").await {
        let id = delivery["id"].as_str().unwrap();
        assert_eq!(delivery["state"], "succeeded", "{delivery}");
        ask(&["deliveries", "show", id, "--json"]);
    }
    for message in api.all("projects/p/messages").await {
        ask(&["messages", "show", message["id"].as_str().unwrap(), "--json"]);
    }
    for page in ["status", "keys", "projects/p/export?format=json"] {
        let url = format!("{}/api/v1/{page}", hub.url);
        let answer = http_client().get(url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{page}");
        traces.push((page.to_owned(), answer.bytes().await.unwrap().to_vec()));
    }
    if let Some(database) = database {
        traces.extend(postgres::everything_in(database).await);
    } else {
        let copy = folder.path().join("copy.db");
        let mut backup = fieldpost(["backup"]);
        let said = run(backup.arg(&copy).arg("--data").arg(&data)).well();
        assert!(said.contains("which is not in it"), "{said}");
        traces.push(("the backup".to_owned(), fs::read(copy).unwrap()));
    }
    hub.kill();
    traces.extend(files(&data));
    traces.push(("the log".to_owned(), fs::read(log).unwrap()));
    // All of it was used: what was searched for went out.
    let received = format!("{:?}", destination.received());
    for name in ["BEARER", "API_KEY", "HEADER", "LOGIN"] {
        assert!(received.contains(&planted(name)), "{name} was not sent");
    }
    assert!(HANDED_OUT.iter().all(|token| received.contains(token)), "{received}");
    traces
}

/// Posts a message that must be kept.
async fn post(hub: &Hub, path: &str, headers: &[(&str, String)]) {
    let mut request = http_client().post(format!("{}{path}", hub.url)).body(r#"{"form":"births"}"#);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 200, "{path}");
}

// MUST-37
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_files_logs_answers_or_backups() {
    let traces = all_traces(None).await;
    for expected in ["fieldpost.db", "fieldpost.db-wal", "the log", "the backup"] {
        assert!(traces.iter().any(|(place, _)| place.ends_with(expected)), "{expected}");
    }
    assert_nowhere(&traces);
}

// MUST-37
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_tables_of_postgres() {
    let database = postgres::database().await;
    let traces = all_traces(Some(&database)).await;
    for expected in ["definitions", "tokens", "attempts", "messages"] {
        assert!(traces.iter().any(|(place, _)| place == expected), "{expected}");
    }
    assert_nowhere(&traces);
}

/// The keys of the file in a data folder, without what is for people.
fn keys_in(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| line.starts_with("fpk1_")).map(str::to_owned).collect()
}

/// A project whose one forwarder sends with a password, beside many other connections.
fn project_of_many(destination: &FakeDestination, others: usize) -> String {
    let mut text = format!(
        "project: p\nsources: {{ s: {{ dialect: json, secret: '{}' }} }}\n\
         forwarders: {{ f: {{ to: c }} }}\nconnections:\n  c: {{ url: '{}', auth: {{ bearer: '{}' \
         }} }}\n",
        planted("INBOX"),
        destination.url("/"),
        planted("BEARER")
    );
    for number in 0..others {
        writeln!(
            text,
            "  c{number}: {{ url: 'https://c.example.org', auth: {{ bearer: hunter2 }} }}"
        )
        .unwrap();
    }
    text
}

/// Checks that a message still reaches the destination with the password.
async fn assert_delivers(hub: &Hub, destination: &FakeDestination) {
    let before = destination.received().len();
    post(hub, &format!("/inbox/{}", planted("INBOX")), &[]).await;
    let received = destination.wait_for(before + 1, PATIENCE).await;
    let authorization = received.last().unwrap().header("authorization");
    assert_eq!(authorization, Some(&*format!("Bearer {}", planted("BEARER"))));
}

// MUST-37
#[tokio::test(flavor = "multi_thread")]
async fn crash_in_the_middle_of_a_rotation() {
    const CONNECTIONS: usize = 300;
    let destination = FakeDestination::start().await;
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "p.yaml", &project_of_many(&destination, CONNECTIONS));
    let start = || Hub::start(&data, ["--allow-network", "private"]);
    let mut hub = start();
    run(hub.command(["apply"]).arg(&file)).well();
    let first = keys_in(&data.join("key"));
    for milliseconds in [0, 1, 3, 8, 20] {
        let rotate = format!("{}/api/v1/keys/rotate", hub.url);
        let answer = http_client().post(rotate).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        hub.kill();
        hub = start();
        let status = run(&mut hub.command(["key", "status", "--json"])).json();
        // The project's settings, the source, the forwarder, and the connections.
        let keys = status["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "{status}");
        assert!(keys[0]["records"].as_u64().unwrap() >= CONNECTIONS as u64 + 3, "{status}");
        assert_eq!(keys_in(&data.join("key")).len(), 1);
        assert_delivers(&hub, &destination).await;
    }
    let said = run(&mut hub.command(["key", "rotate"])).well();
    assert!(said.contains(" records were sealed anew"), "{said}");
    assert!(said.contains("Keep a copy of the key file"), "{said}");
    assert_ne!(keys_in(&data.join("key")), first);
    assert_delivers(&hub, &destination).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_opens_with_the_key_that_it_was_made_with() {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "p.yaml", &project_of_many(&destination, 0));
    let hub = Hub::start(&data, ["--allow-network", "private"]);
    run(hub.command(["apply"]).arg(&file)).well();
    let restored = folder.path().join("restored");
    fs::create_dir(&restored).unwrap();
    let copy = restored.join("fieldpost.db");
    let mut backup = fieldpost(["backup", "--with-key", "--data"]);
    let said = run(backup.arg(&data).arg(&copy)).well();
    assert!(said.contains("whoever has both can read every secret"), "{said}");
    // The hub goes on to another key; the copy still wants its own.
    run(&mut hub.command(["key", "rotate"])).well();
    fs::copy(data.join("key"), restored.join("key")).unwrap();
    let mut wrong = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let said = run(wrong.arg(&restored));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.contains("are sealed with the key "), "{}", said.errors);
    let keys = restored.join("fieldpost.db.key");
    let right =
        Hub::start(&restored, ["--allow-network", "private", "--key-file", keys.to_str().unwrap()]);
    assert_delivers(&right, &destination).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hubs_of_one_database_are_given_the_same_key() {
    let database = postgres::database().await;
    let destination = FakeDestination::start().await;
    let folder = folder();
    let file = write(folder.path(), "p.yaml", &project_of_many(&destination, 0));
    let serve = |data: &str, keys: &[(&str, &str)]| {
        let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"]);
        command.args(["--admin-token", TOKEN, "--allow-network", "private"]);
        command.args(["--database", &database]).arg("--data").arg(folder.path().join(data));
        command.envs(keys.iter().copied());
        command
    };
    let said = run(&mut serve("one", &[]));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.contains("make one with `fieldpost key generate`"), "{}", said.errors);
    assert!(!folder.path().join("one").join("key").exists(), "no hub makes one by itself");

    let generate = || run(&mut fieldpost(["key", "generate"])).well().trim().to_owned();
    let (old, new) = (generate(), generate());
    let hub = |data: &str, keys: &[(&str, &str)]| {
        let mut command = serve(data, keys);
        let data = folder.path().join(data);
        Hub::spawn(&mut command, move |_| data.clone())
    };
    let one = hub("one", &[("FIELDPOST_KEY", &old)]);
    run(one.command(["apply"]).arg(&file)).well();
    let said = run(&mut serve("other", &[("FIELDPOST_KEY", &new)]));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.contains("and this hub has "), "{}", said.errors);
    assert!(!said.errors.contains("is the server up"), "{}", said.errors);
    check_failure(
        &mut serve("other", &[("FIELDPOST_KEY", &old), ("FIELDPOST_KEY_FILE", "key")]),
        2,
        "error: FIELDPOST_KEY and a key file are both given\nhint: leave one of them out: it would \
         not be plain which one seals",
    );
    let said = run(&mut serve("other", &[("FIELDPOST_KEY", "hunter2")]));
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.errors.contains("entry 1, not shown here, is no key"), "{}", said.errors);
    assert!(!said.errors.contains("hunter2"), "{}", said.errors);

    // The other one has the new key first, in a file; then everything is sealed anew with it.
    let keys =
        write(folder.path(), "keys", &format!("{new}\n{old} # until all have the new one\n"));
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    fs::set_permissions(&keys, mode).unwrap();
    let other = hub("other", &[("FIELDPOST_KEY_FILE", keys.to_str().unwrap())]);
    assert_delivers(&other, &destination).await;
    let said = run(&mut other.command(["key", "rotate"])).well();
    assert!(said.contains("Nothing is sealed with "), "{said}");
    assert_eq!(keys_in(&keys).len(), 2, "the file is the operator's");
    let status = run(&mut one.command(["key", "status", "--json"]));
    assert_eq!(status.code, Some(1), "the first hub misses a key: {status:?}");
    let status: Value = serde_json::from_str(&status.output).unwrap();
    let missing: Vec<_> =
        status["keys"].as_array().unwrap().iter().filter(|key| key["present"] == false).collect();
    assert_eq!(missing.len(), 1, "{status}");
    drop(one);
    let both = format!("{new},{old}");
    let one = hub("one", &[("FIELDPOST_KEY", &both)]);
    assert_delivers(&one, &destination).await;
}
