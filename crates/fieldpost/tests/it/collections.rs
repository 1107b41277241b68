//! What jobs keep between runs, looked at and changed by command: as `openfn collections` does it.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Hub, Said, check_failure, folder, run, write};

/// The command with this on its standard input.
fn given(hub: &Hub, arguments: &[&str], input: &str) -> Said {
    let mut command = hub.command(arguments);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Said::from(child.wait_with_output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_written_and_read_by_command_and_by_jobs_alike() {
    let folder = folder();
    let file = write(
        folder.path(),
        "p.yaml",
        "project: p\n\
         workflows:\n  \
           count:\n    steps:\n      \
             add:\n        job: |\n          \
               collections.get('visits', '2026-*');\n          \
               fn(state => ({ ...state, count: state.data.length }));\n          \
               collections.set('visits', 'count', $.count);\n",
    );
    let arguments =
        ["--poll-interval".as_ref(), "100ms".as_ref(), "--project".as_ref(), file.as_os_str()];
    let hub = Hub::start(&folder.path().join("data"), arguments);
    let collections =
        |arguments: &[&str]| run(&mut hub.command([&["collections"], arguments].concat()));

    assert_eq!(collections(&["list", "--json"]).json(), json!([]));
    let value = write(folder.path(), "visit.json", "{\"weight\": 1.10}\n");
    let set = collections(&["set", "visits", "2026-01", value.to_str().unwrap()]).well();
    assert_eq!(set, "1 item kept in visits\n");
    let set = given(&hub, &["collections", "set", "visits", "2025-01", "-"], "null").well();
    assert_eq!(set, "1 item kept in visits\n");
    let many: serde_json::Map<String, Value> =
        (0..1_500).map(|number| (format!("2026-02-{number:04}"), json!(number))).collect();
    let many = write(folder.path(), "many.json", &Value::from(many).to_string());
    let set = collections(&["set", "visits", "--items", many.to_str().unwrap(), "--json"]).json();
    assert_eq!(set, json!({ "upserted": 1_500 }));

    run(&mut hub.command(["workflows", "run", "count", "--wait"])).well();
    assert_eq!(collections(&["get", "visits", "count"]).well(), "1501\n");
    assert_eq!(collections(&["get", "visits", "2026-01"]).well(), "{\n  \"weight\": 1.10\n}\n");
    let by_key = collections(&["get", "visits", "*-01"]).json();
    assert_eq!(by_key, json!({ "2025-01": null, "2026-01": { "weight": 1.10 } }));
    let all = collections(&["get", "visits", "2026-02-*", "--json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 1_500, "page by page");
    let some = collections(&["get", "visits", "2026-02-*", "--limit", "7", "--json"]).json();
    assert_eq!(some.as_array().unwrap().len(), 7);
    assert_eq!(collections(&["get", "visits", "*", "--created-before", "1h"]).json(), json!({}));
    let listed = collections(&["list", "--json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["items"]), (&json!("visits"), &json!(1_503)));

    // What was read as a list can be kept elsewhere as it is.
    let copy = folder.path().join("copy.json");
    let copy = copy.to_str().unwrap();
    assert_eq!(collections(&["get", "visits", "*-01", "--json", "-o", copy]).well(), "");
    let set = collections(&["set", "copies", "--items", copy]).well();
    assert_eq!(set, "2 items kept in copies\n");
    assert_eq!(collections(&["get", "copies", "*"]).json(), by_key);

    let would = collections(&["remove", "visits", "2026-02-*", "--dry-run"]).well();
    assert_eq!(would, "remove would touch 1500 items\n");
    check_failure(
        &mut hub.command(["collections", "remove", "visits", "2026-02-*"]),
        2,
        "error: remove would touch 1500 items, and nobody can be asked\nhint: give --yes to act \
         without asking, or --dry-run to see how many it would be",
    );
    let removed = collections(&["remove", "visits", "2026-02-*", "--yes"]).well();
    assert_eq!(removed, "1500 items removed from visits\n");
    let removed = collections(&["remove", "visits", "2025-01"]).well();
    assert_eq!(removed, "1 item removed from visits\n");
    check_failure(
        &mut hub.command(["collections", "remove", "visits", "2025-01"]),
        1,
        "error: there is no item \"2025-01\" here [not-found]",
    );
    check_failure(
        &mut hub.command(["collections", "get", "visit", "a"]),
        1,
        "error: there is no collection \"visit\" here [not-found]\nhint: did you mean `visits`?",
    );
}
