//! Looking from the command line: a project at one look, and messages by what stands in them.

use std::time::Instant;

use crate::world::{Hub, PATIENCE, check_failure, folder, run, write};

const SECRET: &str = "secret-of-the-inbox-1";
const FILE: &str = "\
project: clinic
connections:
  warehouse: { url: http://127.0.0.1:9, notify: [ops@example.org], paused: true }
sources:
  intake: { dialect: json, secret: secret-of-the-inbox-1 }
  kobo: { dialect: kobo }
forwarders:
  all: { to: warehouse }
";

#[tokio::test]
async fn a_project_is_shown_at_one_look() {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", FILE);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);
    assert_eq!(hub.post(SECRET, r#"{"name": "Ann", "age": "42"}"#).await, 200);
    assert_eq!(hub.post(SECRET, r#"{"name": "Bo", "age": 7}"#).await, 200);
    let begun = Instant::now();
    let overview = loop {
        let overview = run(&mut hub.command(["overview", "--json"])).json();
        if overview["received"]["today"] == 2 {
            break overview;
        }
        assert!(begun.elapsed() < PATIENCE, "never counted: {overview}");
    };
    assert_eq!((&overview["waiting"], &overview["incidents_open"]), (&2.into(), &0.into()));
    let told = run(&mut hub.command(["overview"])).well();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "today: 2 messages in, 0 deliveries out");
    assert!(lines[1].starts_with("2 deliveries wait, the oldest since 2"), "{told}");
    let line = |name: &str| lines.iter().find(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(line("kobo").ends_with("never"), "{told}");
    assert!(line("warehouse").ends_with("paused"), "{told}");

    for (arguments, expected) in [
        (vec!["--text", "ann"], 1),
        (vec!["--value", "age=42"], 1),
        (vec!["--value", "age=7", "--value", "name=Bo"], 1),
        (vec!["--match", r#"{"name": "Bo"}"#], 1),
        (vec!["--value", "age=43"], 0),
        (vec![], 2),
    ] {
        let mut command = hub.command(["messages", "list", "--json"]);
        let found = run(command.args(&arguments)).json();
        assert_eq!(found.as_array().unwrap().len(), expected, "{arguments:?}");
    }
    check_failure(
        &mut hub.command(["messages", "list", "--value", "age"]),
        1,
        "error: `age` is no value of `value` [bad-parameter]\n\
         hint: write a path, `=`, and what stands there: `form.age=42`",
    );
}
