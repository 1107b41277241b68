//! Looking and acting by command: messages, deliveries, forwarders, sources, filters, backups.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::Value;

use crate::world::{Hub, PATIENCE, check_failure, fieldpost, folder, run, write};

const SECRET: &str = "a-long-random-word-of-letters";

/// A hub with a destination that refuses, and one message in it.
async fn hub_with_a_refused_message() -> (tempfile::TempDir, FakeDestination, Hub) {
    let destination = FakeDestination::start().await;
    destination.answer("/hook", Answer::status(422).body("no district"));
    let folder = folder();
    let file = write(
        folder.path(),
        "p.yaml",
        &format!(
            "project: p\nsources: {{ s: {{ dialect: json, secret: {SECRET} }} }}\n\
             connections: {{ c: {{ url: '{}' }} }}\n\
             forwarders: {{ f: {{ match: {{ form: births }}, to: c }} }}\n",
            destination.url("/hook")
        ),
    );
    let arguments =
        ["--allow-network".as_ref(), "private".as_ref(), "--project".as_ref(), file.as_os_str()];
    let hub = Hub::start(&folder.path().join("data"), arguments);
    assert_eq!(hub.post(SECRET, r#"{"form": "births", "n": 1.10}"#).await, 200);
    assert_eq!(hub.post(SECRET, r#"{"form": "deaths"}"#).await, 200);
    assert_eq!(hub.post(SECRET, r#"{"form": "#).await, 400);
    hub.api().wait_until_nothing_waits(PATIENCE).await;
    (folder, destination, hub)
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_shown_explained_and_replayed() {
    let (_folder, destination, hub) = hub_with_a_refused_message().await;
    let list = run(&mut hub.command(["messages", "list", "--json", "--state", "kept"])).json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let (deaths, births) = (id(&list[0]), id(&list[1]));
    let quarantined = run(&mut hub.command(["messages", "list", "--state", "quarantined"])).well();
    assert!(quarantined.contains("quarantined"), "{quarantined}");
    let body = run(&mut hub.command(["messages", "body", &births])).well();
    assert_eq!(body, r#"{"form": "births", "n": 1.10}"#);
    let shown = run(&mut hub.command(["messages", "show", &births])).well();
    assert!(shown.contains("It set off 1 delivery:") && shown.contains("rejected"), "{shown}");
    let shown = run(&mut hub.command(["messages", "show", &births, "--json"])).json();
    assert_eq!(shown["deliveries"][0]["last_status"], 422);
    let wants = run(&mut hub.command(["messages", "explain", &births])).well();
    assert!(wants.starts_with("f wants it\n"), "{wants}");
    let wants = run(&mut hub.command(["messages", "explain", &deaths])).well();
    assert!(wants.starts_with("f does not want it\n  ✗ "), "{wants}");
    let replayed = run(&mut hub.command(["messages", "replay", &births, &deaths])).well();
    assert_eq!(replayed, format!("{births}: 1 delivery\n{deaths}: 0 deliveries\n"));
    destination.wait_for(2, PATIENCE).await;
    // One that is not there does not keep the others from being replayed.
    let nobody = "0192f0c8-7b9e-7cc0-8000-000000000000";
    let said = run(&mut hub.command(["messages", "replay", "--json", nobody, &births, &deaths]));
    assert_eq!(said.code, Some(1));
    let answers: Value = serde_json::from_str(&said.output).unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 2, "{answers}");
    assert!(said.errors.starts_with(&format!("{nobody}\nerror: there is no message")));
    check_failure(
        &mut hub.command(["messages", "explain", nobody]),
        1,
        "error: there is no message \"0192f0c8-7b9e-7cc0-8000-000000000000\" here [not-found]\nhint: a message \
         of another project is explained there: name it with --project",
    );
    check_failure(
        &mut hub.command(["messages", "show", "0192f0c8-7b9e-7cc0-8000-000000000000"]),
        1,
        "error: there is no message \"0192f0c8-7b9e-7cc0-8000-000000000000\" here [not-found]",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_acts_says_why() {
    let (_folder, _destination, hub) = hub_with_a_refused_message().await;
    let list = run(&mut hub.command(["deliveries", "list", "--json", "--sort", "oldest"])).json();
    let delivery = id(&list[0]);
    let why = ["--reason", "their server was moved"];
    let mut acts = vec![
        vec!["forwarders", "pause", "f"],
        vec!["connections", "pause", "c"],
        vec!["projects", "pause", "p"],
        vec!["deliveries", "requeue", &delivery],
        vec!["deliveries", "cancel", "--all", "--yes"],
        vec!["messages", "replay", "--forwarder", "f", "--yes"],
    ];
    for act in &mut acts {
        act.extend(why);
        run(&mut hub.command(act.as_slice())).well();
    }
    let log = run(&mut hub.command(["audit", "list", "--json"])).json();
    let told: Vec<&str> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["detail"]["reason"] == why[1])
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    let expected = [
        "messages.acted-on",
        "deliveries.acted-on",
        "delivery.requeued",
        "project.paused",
        "connection.paused",
        "forwarder.paused",
    ];
    assert_eq!(told, expected, "{log}");
    run(&mut hub.command(["messages", "replay", "--forwarder", "f", "--dry-run"])).well();
    let list = run(&mut hub.command(["audit", "list"])).well();
    let lines: Vec<&str> = list.lines().skip(2).collect();
    assert!(lines[0].contains("messages.acted-on (dry run)"), "{list}");
    assert!(!lines[1].contains("(dry run)") && lines[1].contains(why[1]), "{list}");
    for (noun, name) in [("forwarders", "f"), ("connections", "c")] {
        let shown = run(&mut hub.command([noun, "show", name])).well();
        assert!(shown.contains("by administrator: their server was moved\n"), "{shown}");
    }
    let lanes = run(&mut hub.command(["lanes", "list"])).well();
    assert!(lanes.contains("when the project is resumed (paused since 2"), "{lanes}");
    let actions = run(&mut hub.command(["deliveries", "actions", "--json"])).json();
    let shown = run(&mut hub.command(["deliveries", "actions", "show", &id(&actions[0])])).well();
    assert!(shown.contains("their server was moved"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_shown_and_acted_on() {
    let (_folder, destination, hub) = hub_with_a_refused_message().await;
    let list = run(&mut hub.command(["deliveries", "list", "--json"])).json();
    let delivery = id(&list[0]);
    let shown = run(&mut hub.command(["deliveries", "show", &delivery])).well();
    for part in ["state        rejected", "attempt 1", "status 422", "no district"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = run(&mut hub.command(["deliveries", "show", &delivery, "--json"])).json();
    assert_eq!(shown["attempts"], 1);
    assert_eq!(shown["tries"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(shown["tries"][0]["response"]["status"], 422);
    // Some actions make no sense in some states.
    let retried = run(&mut hub.command(["deliveries", "retry", &delivery]));
    assert_eq!(retried.code, Some(1));
    assert!(retried.errors.contains("delivery-not-waiting"), "{}", retried.errors);
    assert!(retried.errors.contains("hint: `requeue`"), "{}", retried.errors);
    destination.answer("/hook", Answer::status(200));
    let resent = run(&mut hub.command(["deliveries", "resend", "--json", &delivery])).json();
    assert_eq!(resent[0]["resend_of"], delivery);
    destination.wait_for(2, PATIENCE).await;
    let all = ["deliveries", "requeue", "--all", "--state", "rejected"];
    let dry = run(hub.command(all).arg("--dry-run")).well();
    assert_eq!(dry, "requeue would touch 1 delivery (1 rejected)\n");
    check_failure(
        &mut hub.command(all),
        2,
        "error: requeue would touch 1 delivery (1 rejected), and nobody can be asked\nhint: give --yes to act \
         without asking, or --dry-run to see how many it would be",
    );
    assert_eq!(run(hub.command(all).arg("--yes")).well(), "requeue: 1 delivery\n");
    check_failure(
        &mut hub.command(["deliveries", "resend", "--forwarder", "f"]),
        2,
        "error: nothing says which deliveries to resend\nhint: add --all to act on all that the \
         filters describe; it asks before it acts",
    );
    check_failure(
        &mut hub.command(["deliveries", "resend", "--all", "--yes", "--connection", "cc"]),
        1,
        "error: there is no connection \"cc\" here [not-found]\nhint: did you mean `c`?",
    );
    hub.api().wait_until_nothing_waits(PATIENCE).await;
    let list = run(&mut hub.command(["deliveries", "list", "--json"])).json();
    assert!(list.as_array().unwrap().iter().all(|item| item["state"] == "succeeded"), "{list}");
    assert_eq!(run(hub.command(all).arg("--yes")).well(), "requeue: nothing matches\n");
    let dry = ["deliveries", "resend", "--all", "--dry-run"];
    let dry = run(&mut hub.command(dry)).well();
    let many = "2 deliveries (2 succeeded; 1 made by resends or replays)";
    assert_eq!(dry, format!("resend would touch {many}\n"));
    let table = run(&mut hub.command(["deliveries", "list"])).well();
    assert!(table.contains("f (resend)"), "{table}");
    let copy = list.as_array().unwrap().iter().find(|item| item["origin"] == "resend").unwrap();
    let shown = run(&mut hub.command(["deliveries", "show", &id(copy)])).well();
    assert!(shown.contains(&format!("resend of {delivery}")), "{shown}");
    check_failure(
        &mut hub.command(["deliveries", "list", "--state", "x"]),
        1,
        "error: `x` is no value of `state` [bad-parameter]\nhint: one of pending, failed, \
         succeeded, cancelled, rejected, broken, superseded",
    );
}

/// What was refused and holds others is told wherever one of them is shown, with the way out.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_delivery_that_holds_others_is_seen_and_let_go() {
    let destination = FakeDestination::start().await;
    destination.answer("/hook", Answer::status(422));
    let folder = folder();
    let text = format!(
        "project: p\nsources: {{ s: {{ dialect: json, secret: {SECRET} }} }}\n\
         connections: {{ a: {{ url: '{0}' }}, c: {{ url: '{0}', rate: 50/s }} }}\n\
         forwarders: {{ f: {{ to: c, order_by: connection, on_rejected: hold }} }}\n",
        destination.url("/hook")
    );
    let file = write(folder.path(), "p.yaml", &text);
    let arguments =
        ["--allow-network".as_ref(), "private".as_ref(), "--project".as_ref(), file.as_os_str()];
    let hub = Hub::start(&folder.path().join("data"), arguments);
    assert_eq!(hub.post(SECRET, "1").await, 200);
    hub.api().wait_until_nothing_waits(PATIENCE).await;
    assert_eq!(hub.post(SECRET, "2").await, 200);
    assert_eq!(hub.post(SECRET, "3").await, 200);
    let list = hub.api().all("projects/p/deliveries").await;
    let (follower, refused) = (id(&list[0]), id(&list[2]));

    let table = run(&mut hub.command(["deliveries", "list"])).well();
    assert!(table.contains("rejected, holds 2"), "{table}");
    assert_eq!(table.matches(&format!("behind …{}", refused.split_at(28).1)).count(), 2, "{table}");
    let held = run(&mut hub.command(["deliveries", "list", "--held", "--json"])).json();
    assert_eq!((held.as_array().unwrap().len(), id(&held[0])), (1, refused.clone()));
    let lanes = run(&mut hub.command(["lanes", "list"])).well();
    let rows: Vec<&str> = lanes.lines().skip(2).map(str::trim).collect();
    assert!(rows[0].starts_with("c ") && rows[0].contains("2 (2 behind others)"), "{lanes}");
    let shown = run(&mut hub.command(["deliveries", "show", &follower])).well();
    for part in [
        format!("for {refused} (rejected, holds 2)"),
        format!("`fieldpost deliveries requeue {refused}`"),
        format!("`fieldpost deliveries cancel {refused}`"),
    ] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    let shown = run(&mut hub.command(["deliveries", "show", &refused])).well();
    assert!(shown.contains("2 behind it, until it is requeued"), "{shown}");
    let retried = run(&mut hub.command(["deliveries", "retry", &follower]));
    let still = format!("{follower} still waits for {refused}");
    assert!(retried.code == Some(0) && retried.errors.contains(&still), "{retried:?}");
    let tried = run(&mut hub.command(["lanes", "try-now", "a"])).well();
    assert_eq!(tried, "nothing waits for a: the next delivery to it is sent at once\n");

    destination.answer("/hook", Answer::status(200));
    run(&mut hub.command(["deliveries", "cancel", &refused])).well();
    hub.api().wait_until_nothing_waits(PATIENCE).await;
    run(&mut hub.command(["forwarders", "pause", "f"])).well();
    assert_eq!(hub.post(SECRET, "4").await, 200);
    let lanes = run(&mut hub.command(["lanes", "list"])).well();
    assert!(lanes.contains("1 (1 of paused forwarders)"), "{lanes}");
    let table = run(&mut hub.command(["deliveries", "list", "--limit", "1"])).well();
    assert!(table.contains("forwarder paused"), "{table}");
    run(&mut hub.command(["projects", "pause", "p"])).well();
    let lanes = run(&mut hub.command(["lanes", "list"])).well();
    assert!(lanes.contains("when the project is resumed"), "{lanes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarders_sources_and_filters() {
    let (_folder, destination, hub) = hub_with_a_refused_message().await;
    assert_eq!(run(&mut hub.command(["forwarders", "pause", "f"])).well(), "f is paused\n");
    let list = run(&mut hub.command(["forwarders", "list"])).well();
    assert!(list.contains("paused") && list.contains("1 rejected"), "{list}");
    assert_eq!(run(&mut hub.command(["forwarders", "resume", "f"])).well(), "f sends\n");
    for (noun, name) in [("connections", "c"), ("projects", "p")] {
        let said = run(&mut hub.command([noun, "pause", name])).well();
        assert_eq!(said, format!("{name} is paused\n"));
        let list = run(&mut hub.command([noun, "list"])).well();
        assert!(list.contains("paused"), "{list}");
        let resumed = run(&mut hub.command([noun, "resume", name, "--json"])).json();
        assert_eq!(resumed[0]["paused"], false);
        let list = run(&mut hub.command([noun, "list"])).well();
        assert!(!list.contains("paused"), "{list}");
    }
    let shown = run(&mut hub.command(["forwarders", "show", "f"])).well();
    for part in ["forwarder   f\n", "state       sends\n", "1 rejected\n", "form: births"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = run(&mut hub.command(["forwarders", "show", "f", "--json"])).json();
    assert_eq!(shown["definition"]["match"]["form"], "births");
    let listed = run(&mut hub.command(["connections", "list"])).well();
    assert!(listed.contains(&destination.url("/hook")), "{listed}");
    let listed = run(&mut hub.command(["connections", "list", "--json"])).json();
    assert_eq!(listed[0]["name"], "c");
    let shown = run(&mut hub.command(["connections", "show", "c"])).well();
    assert!(shown.contains("connection   c\n") && shown.contains("  url: "), "{shown}");
    let shown = run(&mut hub.command(["connections", "show", "c", "--json"])).json();
    assert_eq!(shown["definition"]["url"], destination.url("/hook"));
    let shown = run(&mut hub.command(["sources", "show", "s"])).well();
    assert!(shown.contains(&format!("inbox   {}/inbox/{SECRET}\n", hub.url)), "{shown}");
    let listed = run(&mut hub.command(["sources", "list"])).well();
    assert!(!listed.contains(SECRET), "{listed}");
    let tried = run(&mut hub.command(["filter", "try", "--match", r#"{"n": 11e-1}"#])).well();
    assert!(
        tried.ends_with("1 of the 3 newest messages match; 1 message could not be read\n"),
        "{tried}"
    );
    let wrong = run(&mut hub.command(["filter", "try", "--match", "{form: births}"]));
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.errors.contains("--match is not JSON: line 1"), "{}", wrong.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_whole_database() {
    let (folder, _destination, hub) = hub_with_a_refused_message().await;
    let copy = folder.path().join("restored");
    std::fs::create_dir(&copy).unwrap();
    let file = copy.join("fieldpost.db");
    let backup = || {
        let mut command = fieldpost(["backup"]);
        command.arg(&file).arg("--data").arg(folder.path().join("data"));
        command
    };
    assert!(run(&mut backup()).well().contains("is whole"));
    check_failure(&mut backup(), 1, &format!("error: {} is there already", file.display()));
    // The key is not in the copy.
    std::fs::copy(folder.path().join("data").join("key"), copy.join("key")).unwrap();
    let restored = Hub::start(&copy, [""; 0]);
    let (of_original, of_copy) = (hub.api(), restored.api());
    for list in ["projects/p/messages", "projects/p/deliveries"] {
        assert_eq!(of_original.all(list).await, of_copy.all(list).await, "{list}");
    }
    let mut command = fieldpost(["backup", "x.db", "--data"]);
    command.arg(folder.path()).current_dir(folder.path());
    let said = run(&mut command);
    assert!(said.errors.contains("there is no database in the data folder"), "{}", said.errors);
    command.env("FIELDPOST_DATABASE", "postgres://me:hunter2@db.example/x");
    check_failure(
        &mut command,
        2,
        "error: the state lies in postgres://me:***@db.example/x, not in SQLite\nhint: use \
         PostgreSQL's own tools: pg_dump, or continuous archiving",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_until_the_hub_stops() {
    let (_folder, _destination, mut hub) = hub_with_a_refused_message().await;
    let mut watching = hub.command(["events", "--json"]);
    let mut watching = watching.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut notes = BufReader::new(watching.stderr.take().unwrap()).lines().map_while(Result::ok);
    let first = notes.next();
    assert_eq!(first.as_deref(), Some("following the project p; Ctrl-C ends it"));
    assert_eq!(hub.post(SECRET, r#"{"form": "births", "n": 2}"#).await, 200);
    let lines = BufReader::new(watching.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut events = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap());
    let event = events.next().unwrap();
    assert_eq!((&event["event"], &event["state"]), (&"message".into(), &"kept".into()), "{event}");
    let list = run(&mut hub.command(["messages", "list", "--json", "--limit", "1"])).json();
    assert_eq!(event["id"], list[0]["id"]);
    let is_refused = |event: &Value| event["event"] == "delivery" && event["state"] == "rejected";
    assert!(events.any(|event| is_refused(&event)));
    hub.signal("TERM");
    hub.wait();
    assert_eq!(notes.next().as_deref(), Some("the hub has stopped"));
    assert_eq!(watching.wait().unwrap().code(), Some(1));
}

#[test]
fn a_database_is_made_and_migrated_by_command() {
    let folder = folder();
    let migrate = |arguments: &[&str]| {
        let mut command = fieldpost(["migrate", "--data"]);
        command.arg(folder.path().join("data")).args(arguments);
        run(&mut command).well()
    };
    assert_eq!(migrate(&["--dry-run"]), "There is no database yet; it would be made\n");
    let made = migrate(&[]);
    assert!(made.starts_with("The database was made, with schema version "), "{made}");
    assert!(migrate(&[]).ends_with(": nothing to do\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_step_by_step() {
    let (folder, destination, hub) = hub_with_a_refused_message().await;
    destination.answer("/hook", Answer::status(202));
    let said = run(&mut hub.command(["connection", "test", "c"]));
    let shown = said.well();
    let first = format!("GET {}\n\n✓ url ", destination.url("/hook"));
    assert!(shown.starts_with(&first), "{shown}");
    assert!(shown.contains("\n✓ request") && shown.contains(" ms\n"), "{shown}");
    assert!(shown.contains("    status: 202\n"), "{shown}");
    assert!(shown.contains("\n\nIt works as far as GET shows;"), "{shown}");

    let kept = run(&mut hub.command(["messages", "list", "--json", "--state", "kept"])).json();
    let births = id(&kept[1]);
    let sample = ["--message", &births, "--forwarder", "f", "--json"];
    let told = run(hub.command(["connections", "test", "c"]).args(sample)).json();
    assert_eq!((told["ok"].as_bool(), told["method"].as_str()), (Some(true), Some("POST")));
    assert_eq!(destination.received().last().unwrap().text(), r#"{"form": "births", "n": 1.10}"#);

    let file = write(folder.path(), "sample.xml", "<birth/>");
    let mut command = hub.command(["connection", "test", "c", "--method", "put"]);
    command.arg("--body").arg(&file).args(["--content-type", "text/xml"]);
    let shown = run(&mut command).well();
    assert!(shown.starts_with("PUT ") && shown.contains("took the sample"), "{shown}");
    let request = destination.received().pop().unwrap();
    assert_eq!((request.method.as_str(), request.text()), ("PUT", "<birth/>"));
    assert_eq!(request.header("content-type"), Some("text/xml"));

    // A step that fails is one that no colour is needed to see, and that a script can ask for.
    destination.answer("/hook", Answer::status(405).header("allow", "POST"));
    let said = run(&mut hub.command(["connection", "test", "c"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    let shown = said.output;
    assert!(shown.contains("\n✗ request"), "{shown}");
    assert!(shown.contains("    error: 405 Method Not Allowed\n    hint: "), "{shown}");
    assert!(shown.ends_with("\n\nIt does not work: the step `request` failed.\n"), "{shown}");
    check_failure(
        &mut hub.command(["connection", "test", "d"]),
        1,
        "error: there is no connection \"d\" here [not-found]",
    );
}
