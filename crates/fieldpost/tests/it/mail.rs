//! Mail about incidents, by the real binary and a real relay.

use std::time::Duration;

use fieldpost_testkit::smtp::{FakeSmtp, SmtpSecurity};

use crate::world::{Hub, fieldpost, folder, run, write};

const PATIENCE: Duration = Duration::from_secs(20);
const SECRET: &str = "a-long-random-word-of-letters";

/// A project whose destination is a port where nobody listens.
const PROJECT: &str = "project: clinic
sources: { inbox: { dialect: json, secret: a-long-random-word-of-letters } }
connections:
  there:
    url: 'http://127.0.0.1:1/hook'
    notify: [ops@example.org]
    incident: { failures: 1 }
forwarders: { all: { to: there } }
";

// MUST-39
#[tokio::test(flavor = "multi_thread")]
async fn who_dies_before_the_relay_answered_sends_the_same_mail_again() {
    let relay = FakeSmtp::start(SmtpSecurity::None, Some(("hub", "word"))).await;
    relay.take_silently(1);
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "clinic.yaml", PROJECT);
    let url = relay.url().replace("smtp://", "smtp://hub@");
    let arguments = [
        "--project",
        file.to_str().unwrap(),
        "--allow-network",
        "private",
        "--smtp-url",
        &url,
        "--smtp-from",
        "Fieldpost <hub@example.org>",
        "--smtp-password",
        "word",
        "--public-url",
        "https://hub.example.org",
    ];
    let mut hub = Hub::start(&data, arguments);
    assert_eq!(hub.post(SECRET, "{}").await, 200);
    relay.wait_for(1, PATIENCE).await;
    hub.kill();
    let hub = Hub::start(&data, arguments);
    let mails = relay.wait_for(2, PATIENCE).await;
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
    assert_eq!(mails[0].plain(), mails[1].plain());
    assert_eq!(mails[1].subject(), "[Fieldpost] clinic: there does not take deliveries");

    let listed = hub.command(["incidents", "list", "--state", "open", "--json"]);
    let incidents = tokio::task::block_in_place(|| run(&mut { listed }).json());
    let id = incidents[0]["id"].as_str().unwrap().to_owned();
    let said = tokio::task::block_in_place(|| run(&mut hub.command(["incidents", "show", &id])));
    let said = said.well();
    for part in ["connection there", "ops@example.org", "opened", "127.0.0.1"] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let said = tokio::task::block_in_place(|| run(&mut hub.command(["incidents", "notices"])));
    assert!(said.well().contains("does not take deliveries"));

    let mut send = hub.command(["reports", "send", "--to", "lead@example.org"]);
    let said = tokio::task::block_in_place(|| run(&mut send));
    assert!(said.well().contains("a report is on its way to lead@example.org"));
    let mail = relay.wait_for(3, PATIENCE).await.remove(2);
    assert_eq!(mail.subject(), "[Fieldpost] clinic: preview of a report: the last 24 hours");

    let mut doctor = fieldpost(["doctor", "--json", "--data"]);
    doctor.arg(&data).args(arguments);
    let examined = tokio::task::block_in_place(|| run(&mut doctor)).json();
    let checks = examined["checks"].as_array().unwrap();
    assert!(!checks.iter().any(|check| check["check"] == "refused addresses"), "{examined}");
    let found = checks.iter().find(|check| check["check"] == "mail relay").unwrap();
    assert_eq!((&found["state"], &found["finding"]), (&"ok".into(), &"it lets the hub in".into()));
}

#[test]
fn a_relay_without_a_sender_stops_the_start() {
    let folder = folder();
    let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(folder.path()).args(["--smtp-url", "smtp://me:hunter2@mail.example.org"]);
    let said = run(&mut command);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.contains("--smtp-from") && !said.errors.contains("hunter2"), "{said:?}");
    let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(folder.path()).args(["--smtp-url", "https://me:hunter2@mail.example.org"]);
    let said = run(&mut command);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(!said.errors.contains("hunter2"), "{said:?}");
}

#[test]
fn connections_that_tell_nobody_are_one_line() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let connections =
        ["c0", "c1", "c2"].map(|it| format!("  {it}: {{ url: https://x.example }}\n"));
    let connections = connections.concat();
    let text = format!("project: clinic\nconnections:\n{connections}");
    let file = write(folder.path(), "clinic.yaml", &text);
    let mut command = hub.command(["apply"]);
    let said = run(command.arg(&file));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.errors.matches("warning: ").count(), 1, "{said:?}");
    assert!(
        said.errors.contains("nobody is told when these are in trouble: c0, c1, c2"),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_of_addresses_that_get_no_mail() {
    let relay = FakeSmtp::start(SmtpSecurity::None, None).await;
    relay.refuse_recipient("ops@example.org", "550 5.1.1 nobody of that name");
    let folder = folder();
    let data = folder.path().join("data");
    let file = write(folder.path(), "clinic.yaml", PROJECT);
    let (file, url) = (file.to_str().unwrap(), relay.url());
    let mail = ["--smtp-url", &url, "--smtp-from", "hub@example.org"];
    let start = ["--project", file, "--allow-network", "private"];
    let hub = Hub::start(&data, start.into_iter().chain(mail));
    assert_eq!(hub.post(SECRET, "{}").await, 200);
    let mut doctor = fieldpost(["doctor", "--json", "--data"]);
    doctor.arg(&data);
    let begun = std::time::Instant::now();
    let found = loop {
        let examined = tokio::task::block_in_place(|| run(&mut doctor)).json();
        let checks = examined["checks"].as_array().unwrap();
        if let Some(found) = checks.iter().find(|check| check["check"] == "refused addresses") {
            break found.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{examined}");
    };
    let finding = found["finding"].as_str().unwrap();
    assert!(finding.contains("clinic: ops@example.org: ") && finding.contains("550"), "{finding}");
}
