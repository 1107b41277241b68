//! Project files: applied by command and at the start, exported, pruned.

use fieldpost_testkit::FakeDestination;
use fieldpost_testkit::tls::identity;

use crate::world::{Hub, PATIENCE, check_failure, fieldpost, folder, run, write};

const FILE: &str = "\
project: clinic
title: Clinic network
connections:
  warehouse:
    url: https://warehouse.example.org/hook
    auth: { basic: { username: fieldpost, password: \"${WAREHOUSE_PASSWORD}\" } }
    notify: [ops@example.org]
sources:
  kobo: { dialect: kobo, secret: \"${KOBO_INBOX}\" }
forwarders:
  births: { from: kobo, match: { form: births, weight: 3.10 }, to: warehouse }
  all: { to: warehouse, paused: true }
";

const SECRET: &str = "a-long-random-word-of-letters";

#[test]
fn a_file_is_applied_and_exported() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let file = write(folder.path(), "clinic.yaml", FILE);
    let apply = |arguments: &[&str], password: &str| {
        let mut command = hub.command(["apply"]);
        command.arg(&file).args(arguments);
        run(command.env("WAREHOUSE_PASSWORD", password).env("KOBO_INBOX", SECRET)).well()
    };
    let difference = "\
+ project clinic
    + title: Clinic network
+ connection warehouse
    + url: https://warehouse.example.org/hook
    + auth.basic.username: fieldpost
    + auth.basic.password: (secret)
    + notify: [ops@example.org]
+ source kobo
    + dialect: kobo
    + secret: (secret)
+ forwarder births
    + from: kobo
    + match.form: births
    + match.weight: 3.10
    + to: warehouse
+ forwarder all
    + to: warehouse
    + paused: true
clinic: 5 changes";
    assert_eq!(apply(&["--dry-run"], "hunter2"), format!("{difference} would be made\n"));
    check_failure(
        &mut hub.command(["export", "clinic"]),
        1,
        "error: there is no project \"clinic\" here [not-found]",
    );
    assert_eq!(apply(&[], "hunter2"), format!("{difference} made\n"));
    assert_eq!(apply(&[], "hunter2"), "clinic: nothing to change\n");
    assert_eq!(
        apply(&["--dry-run"], "hunter3"),
        "~ connection warehouse\n    ~ auth.basic.password: (secret) changed\nclinic: 1 change \
         would be made\n"
    );
    let exported = run(&mut hub.command(["export", "clinic"])).well();
    assert!(exported.contains("weight: 3.10"), "{exported}");
    assert!(!exported.contains("hunter2") && !exported.contains(SECRET), "{exported}");
    // What was exported can be applied again, and changes nothing.
    let exported = write(folder.path(), "exported.yaml", &exported);
    let said = run(hub.command(["apply"]).arg(&exported)).well();
    assert_eq!(said, "clinic: nothing to change\n");
    let json = run(&mut hub.command(["export", "clinic", "--json"])).json();
    assert_eq!(json["sources"]["kobo"]["dialect"], "kobo");
    // Numbers keep the text that they were written with.
    let listed = run(&mut hub.command(["forwarders", "list", "--json"])).well();
    assert!(listed.contains("\"weight\": 3.10"), "{listed}");
}

/// PEM text, as far as a definition looks at it.
#[test]
fn pem_files_are_read_beside_the_project_file() {
    let folder = folder();
    let parts = folder.path().join("tls");
    std::fs::create_dir(&parts).unwrap();
    let (certificate, key) = identity();
    write(&parts, "ca.pem", &certificate);
    write(&parts, "hub.pem", &certificate);
    write(&parts, "hub-key.pem", &key);
    let file = write(
        folder.path(),
        "clinic.yaml",
        "project: clinic\nconnections:\n  c:\n    url: https://c.example.org\n    notify: \
         [ops@example.org]\n    tls: { ca: tls/ca.pem, client_certificate: tls/hub.pem, client_key: \
         tls/hub-key.pem }\n",
    );
    let hub = Hub::start(&folder.path().join("data"), ["--project".as_ref(), file.as_os_str()]);
    let said = run(hub.command(["apply"]).arg(&file)).well();
    assert_eq!(said, "clinic: nothing to change\n");
    let exported = run(&mut hub.command(["export", "clinic", "--json"])).json();
    let tls = &exported["connections"]["c"]["tls"];
    assert_eq!(tls["ca"], certificate);
    assert_eq!(tls["client_key"], "•••••••");

    std::fs::remove_file(parts.join("ca.pem")).unwrap();
    let said = run(hub.command(["apply"]).arg(&file));
    assert_eq!(said.code, Some(1));
    assert!(said.errors.contains("the file `tls/ca.pem` cannot be used: No such file"), "{said:?}");
    write(&parts, "ca.pem", &"x".repeat(256 * 1_024 + 1));
    let said = run(hub.command(["apply"]).arg(&file));
    assert!(said.errors.contains("262145 bytes, more than 262144"), "{said:?}");
}

#[test]
fn only_prune_removes() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let file = write(folder.path(), "clinic.yaml", FILE);
    let apply = |arguments: &[&str]| {
        let mut command = hub.command(["apply"]);
        command.arg(&file).args(arguments);
        command.env("WAREHOUSE_PASSWORD", "hunter2").env("KOBO_INBOX", SECRET);
        command
    };
    run(&mut apply(&[])).well();
    let less = FILE.lines().filter(|line| !line.contains("all:")).collect::<Vec<_>>().join("\n");
    write(folder.path(), "clinic.yaml", &less);
    assert_eq!(run(&mut apply(&[])).well(), "clinic: nothing to change\n");
    // Something waits for what would go.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        assert_eq!(hub.post(SECRET, r#"{"form": "births"}"#).await, 200);
    });
    let dry = run(&mut apply(&["--prune", "--dry-run"])).well();
    assert_eq!(
        dry,
        "- forwarder all\n1 delivery waits for the forwarder all, and will be cancelled with \
         it\nclinic: 1 change would be made\n"
    );
    // Where nobody can be asked, what waits is told and what was asked for is done.
    let pruned = run(&mut apply(&["--prune"]));
    assert_eq!(
        pruned.errors,
        "clinic: 1 delivery waits for the forwarder all, and will be cancelled with it\n\
         warning: connections.warehouse.notify: nobody gets a mail when `warehouse` is in trouble: \
         no mail relay is set (--smtp-url) [no-mail-relay]\n  \
         hint: give the hub a relay with --smtp-url and --smtp-from\n"
    );
    assert_eq!(pruned.well(), "- forwarder all\nclinic: 1 change made\n");
    let deliveries = run(&mut hub.command(["deliveries", "list", "--json"])).json();
    assert_eq!(deliveries[0]["state"], "cancelled");
}

#[test]
fn a_shorter_retention_erases_only_what_somebody_said_yes_to() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let kept_long = format!("{FILE}retention: {{ messages: 30d }}\n");
    let file = write(folder.path(), "clinic.yaml", &kept_long);
    let apply = |arguments: &[&str]| {
        let mut command = hub.command(["apply"]);
        command.arg(&file).args(arguments);
        command.env("WAREHOUSE_PASSWORD", "hunter2").env("KOBO_INBOX", SECRET);
        command
    };
    run(&mut apply(&[])).well();
    run(&mut hub.command(["connections", "pause", "warehouse"])).well();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        assert_eq!(hub.post(SECRET, r#"{"form": "deaths"}"#).await, 200);
    });
    run(&mut hub.command(["deliveries", "cancel", "--all", "--state", "pending", "--yes"])).well();
    // The letter is missed by a key's breadth.
    write(folder.path(), "clinic.yaml", &kept_long.replace("30d", "1s"));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let dry = run(&mut apply(&["--dry-run"])).well();
    assert!(dry.contains("\nthis erases 1 message now\n"), "{dry}");
    let refused = run(&mut apply(&[]));
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert_eq!(
        refused.errors,
        "clinic: this erases 1 message now\nerror: clinic: the retention would erase that much, \
         and nobody can be asked\nhint: look at `retention`; give --yes to apply without asking\n"
    );
    let exported = run(&mut hub.command(["export", "clinic"])).well();
    assert!(exported.contains("messages: 30d"), "{exported}");
    run(&mut apply(&["--yes"])).well();
    let exported = run(&mut hub.command(["export", "clinic"])).well();
    assert!(exported.contains("messages: 1s"), "{exported}");
}

#[test]
fn mistakes_are_told_all_at_once_and_without_a_hub() {
    let folder = folder();
    let file = write(
        folder.path(),
        "clinic.yaml",
        "project: clinic\nsources: { kobo: { dialect: koob, secret: \"${KOBO_INBOX}\" } }\n\
         forwarders: { births: { fron: kobo, to: warehouse } }\n",
    );
    let mut command = fieldpost(["apply"]);
    let said = run(command.arg(&file).env("KOBO_INBOX", SECRET).current_dir(folder.path()));
    assert_eq!(said.code, Some(1));
    for part in ["is not a valid project file", "sources.kobo.dialect", "fron"] {
        assert!(said.errors.contains(part), "{part}: {}", said.errors);
    }
    let said = run(command.env_remove("KOBO_INBOX"));
    // A variable that is not set hides nothing else, and is told once.
    for part in ["the variable `KOBO_INBOX` is not set", "sources.kobo.dialect", "fron"] {
        assert!(said.errors.contains(part), "{part}: {}", said.errors);
    }
    assert_eq!(said.errors.matches("sources.kobo.secret").count(), 1, "{}", said.errors);
    // Two files, and mistakes of every kind: all are told at once, in the order of their places.
    write(
        folder.path(),
        "more.yaml",
        "project: clinic\nlanguage: xx\nroles: { agents: {} }\nconnections:\n  \
         api: { url: 'https://example.org', tls: { ca: nowhere.pem } }\nsources:\n  box: { dialect: json, secret: \
         \"${UNSET_HERE}\" }\nforms:\n  f: { fields: [ { name: a, type: strin } ] }\nforwarders:\n  \
         f: { from: box, to: nowhere }\n",
    );
    write(folder.path(), "again.yaml", "project: clinic\nroles: { agents: { name: Others } }\n");
    let mut command = fieldpost(["apply", "more.yaml", "again.yaml"]);
    let said = run(command.current_dir(folder.path()).env_remove("UNSET_HERE"));
    let places = [
        "language: ",
        "roles.agents: two files define this, and differently",
        "connections.api.tls.ca: ",
        "sources.box.secret: ",
        "forms.f.fields[0].type: ",
        "forwarders.f.to: there is no connection `nowhere` in the project's files",
        "if the hub has it already, leave this as it is",
    ];
    let places =
        places.map(|part| said.errors.find(part).unwrap_or_else(|| panic!("{part}: {said:?}")));
    assert!(places.is_sorted(), "{said:?}");
    check_failure(
        fieldpost(["apply", "nowhere.yaml"]).current_dir(folder.path()),
        1,
        "error: nowhere.yaml cannot be read: No such file or directory (os error 2)",
    );
}

#[test]
fn what_the_hub_has_already_is_not_told_as_missing_beside_other_mistakes() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let there = write(folder.path(), "there.yaml", "project: p\nroles: { agents: {} }\n");
    run(hub.command(["apply"]).arg(&there)).well();
    let one = write(
        folder.path(),
        "one.yaml",
        "project: p\nforms: { f: { fields: [], submitters: [agents, clerks] } }\n",
    );
    let two = write(folder.path(), "two.yaml", "sources: { a: { dialect: jsn } }\n");
    let said = run(hub.command(["apply"]).args([&one, &two]));
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "sources.a.dialect: ",
        "did you mean `json`?",
        "forms.f.submitters[1]: there is no role `clerks` in this project [unknown-role]",
        "known here: `agents`",
    ] {
        assert!(said.errors.contains(part), "{part}: {said:?}");
    }
    assert!(!said.errors.contains("submitters[0]"), "{said:?}");
    // Without the hub nobody knows; that is said.
    let said = run(fieldpost(["apply"]).args([&one, &two]).current_dir(folder.path()));
    let expected = "forms.f.submitters[0]: there is no role `agents` in the project's files";
    assert!(said.errors.contains(expected), "{said:?}");
    assert_eq!(said.errors.matches("if the hub has it already").count(), 2, "{said:?}");
}

#[test]
fn files_of_one_project_are_merged() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let one = write(folder.path(), "one.yaml", "project: p\nsources: { a: { dialect: json } }\n");
    let two = write(folder.path(), "two.yaml", "sources: { b: { dialect: json } }\n");
    let other = write(folder.path(), "other.yaml", "project: q\n");
    run(hub.command(["apply"]).args([&one, &two])).well();
    let sources = run(&mut hub.command(["sources", "list", "--json"])).json();
    assert_eq!(sources.as_array().unwrap().len(), 2);
    check_failure(
        hub.command(["apply"]).args([&one, &two, &other]),
        1,
        &format!(
            "error: {} does not say which project it is of\nhint: write `project: <name>` at its \
             top",
            two.display()
        ),
    );
    run(hub.command(["apply"]).arg(&other)).well();
    let projects = run(&mut hub.command(["projects", "list", "--json"])).json();
    let names: Vec<_> =
        projects.as_array().unwrap().iter().map(|project| &project["name"]).collect();
    assert_eq!(names, ["p", "q"]);
    let projects = run(&mut hub.command(["projects", "list"])).well();
    assert!(projects.contains("project") && projects.contains("\n p "), "{projects}");
    check_failure(
        &mut hub.command(["sources", "list"]),
        2,
        "error: the hub has more than one project\nhint: name one with --project: p, q",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_at_the_start_only_when_it_changed() {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let data = folder.path().join("data");
    let text = format!(
        "project: p\nsources: {{ s: {{ dialect: json, secret: \"${{INBOX}}\" }} }}\n\
         connections: {{ c: {{ url: '{}' }} }}\nforwarders: {{ f: {{ to: c }} }}\n",
        destination.url("/hook")
    );
    let file = write(folder.path(), "p.yaml", &text);
    let start = |inbox: &str| {
        let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"]);
        command.args(["--admin-token", crate::world::TOKEN, "--allow-network", "private"]);
        command.arg("--project").arg(&file).arg("--data").arg(&data).env("INBOX", inbox);
        Hub::spawn(&mut command, |_| data.clone())
    };
    let mut hub = start("the-first-secret-of-the-tests");
    assert_eq!(hub.post("the-first-secret-of-the-tests", "{}").await, 200);
    destination.wait_for(1, PATIENCE).await;
    let noted = |hub: &Hub| {
        let list = ["audit", "list", "--json", "--project", "p", "--action", "project.applied"];
        run(&mut hub.command(list)).json().as_array().unwrap().clone()
    };
    let log = noted(&hub);
    assert_eq!((log.len(), &log[0]["who"]["kind"]), (1, &"operator".into()), "{log:?}");
    let added = serde_json::json!({ "file": file.to_str().unwrap(), "added": 4 });
    assert_eq!(log[0]["detail"], added);
    // What somebody changed since stays: the file is the same.
    run(&mut hub.command(["forwarders", "pause", "f"])).well();
    hub.kill();
    let mut hub = start("the-first-secret-of-the-tests");
    let paused = |hub: &Hub| {
        let list = run(&mut hub.command(["forwarders", "list", "--json"])).json();
        list[0]["paused"].as_bool().unwrap()
    };
    assert!(paused(&hub));
    assert_eq!(noted(&hub).len(), 1, "nothing was applied");
    hub.kill();
    // Another value in the environment is a change. The file does not speak of the pause.
    let mut hub = start("the-second-secret-of-the-tests");
    assert!(paused(&hub));
    let log = noted(&hub);
    assert_eq!((log.len(), &log[0]["detail"]["changed"]), (2, &1.into()), "{log:?}");
    assert_eq!(hub.post("the-first-secret-of-the-tests", "{}").await, 404);
    assert_eq!(hub.post("the-second-secret-of-the-tests", "{}").await, 200);
    hub.kill();
    // Another file that says the same changes nothing, and is not noted.
    write(folder.path(), "p.yaml", &text.replace("forwarders:", "title: p\nforwarders:"));
    let mut hub = start("the-second-secret-of-the-tests");
    assert_eq!(noted(&hub).len(), 2);
    hub.kill();
    // And a mistake in the file stops the start.
    write(folder.path(), "p.yaml", &text.replace("to: c", "to: d"));
    let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let said = run(command.arg(&data).arg("--project").arg(&file).env("INBOX", "x"));
    assert_eq!(said.code, Some(1));
    assert!(said.errors.contains("p.yaml: the definition is not valid"), "{}", said.errors);
    assert!(said.errors.contains("forwarders.f.to: there is no connection `d`"), "{}", said.errors);
}
