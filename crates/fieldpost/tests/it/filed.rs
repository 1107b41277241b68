//! Forms, submissions and cases from the command line.

use std::fs;

use serde_json::{Value, json};

use crate::world::{Hub, check_failure, folder, run, write};

const FILE: &str = "\
project: clinic
sources:
  forms: { dialect: xml, secret: secret-of-the-inbox-1 }
";
const SECRET: &str = "secret-of-the-inbox-1";

fn form(id: &str, age: u32) -> String {
    format!(
        "<data id=\"visit\"><name>Ann, A</name><age>{age}</age>\
         <n:case xmlns:n=\"http://commcarehq.org/case/transaction/v2\" case_id=\"c-{id}\" \
         user_id=\"u\" date_modified=\"2026-01-31T10:00:00Z\"><n:create><n:case_name>Ann</n:case_name>\
         <n:case_type>patient</n:case_type><n:owner_id>o</n:owner_id></n:create>\
         <n:update><n:village>Kibera</n:village></n:update></n:case>\
         <meta><instanceID>uuid:{id}</instanceID></meta></data>"
    )
}

/// The members of that name of all items.
fn members<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_was_filled_in_is_looked_at_and_taken_elsewhere() {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", FILE);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);
    for (id, age) in [("a", 7), ("b", 42)] {
        assert_eq!(hub.post(SECRET, form(id, age)).await, 200);
    }
    let forms = run(&mut hub.command(["forms", "list", "--json"])).json();
    assert_eq!((members(&forms, "name"), &forms[0]["submissions"]), (vec!["visit"], &json!(2)));
    let told = run(&mut hub.command(["forms", "show", "visit"])).well();
    assert!(told.contains("It has no definition that can be read"), "{told}");
    check_failure(
        &mut hub.command(["forms", "definition", "visit"]),
        1,
        "error: the form \"visit\" has no definition",
    );

    for (arguments, expected) in [
        (vec![], vec!["uuid:b", "uuid:a"]),
        (vec!["--form", "visit", "--sort", "oldest"], vec!["uuid:a", "uuid:b"]),
        (vec!["--where", "values.age=42"], vec!["uuid:b"]),
        (vec!["--instance-id", "uuid:a"], vec!["uuid:a"]),
        (vec!["--limit", "1"], vec!["uuid:b"]),
    ] {
        let mut command = hub.command(["submissions", "list", "--json"]);
        let found = run(command.args(&arguments)).json();
        assert_eq!(members(&found, "instance_id"), expected, "{arguments:?}");
    }
    let found = run(&mut hub.command(["submissions", "list", "--json", "--sort", "oldest"])).json();
    let id = found[0]["id"].as_str().unwrap();
    let listed = run(&mut hub.command(["submissions", "list"])).well();
    assert!(listed.contains(id) && listed.contains("uuid:b"), "{listed}");
    let shown = run(&mut hub.command(["submissions", "show", id])).well();
    for part in ["uuid:a", "\"Ann, A\"", "c-a", "patient"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let whole = run(&mut hub.command(["submissions", "show", id, "--json"])).json();
    assert_eq!((&whole["cases"][0]["id"], &whole["attachments"]), (&json!("c-a"), &json!([])));
    let original = folder.path().join("original.xml");
    run(&mut hub.command(["submissions", "original", id, "-o", original.to_str().unwrap()])).well();
    assert_eq!(fs::read_to_string(&original).unwrap(), form("a", 7));
    let history = run(&mut hub.command(["submissions", "history", id])).well();
    assert!(history.starts_with("version 1 "), "{history}");

    let table = run(&mut hub.command(["submissions", "export", "visit"])).well();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("_id,_number,") && lines[1].contains(",\"Ann, A\",7,"), "{table}");
    let features = folder.path().join("visit.geojson");
    let arguments = ["submissions", "export", "visit", "--format", "geojson", "-o"];
    run(hub.command(arguments).arg(&features)).well();
    let features: Value = serde_json::from_slice(&fs::read(&features).unwrap()).unwrap();
    assert_eq!(features["features"].as_array().unwrap().len(), 2);
    check_failure(
        &mut hub.command(["submissions", "export", "none"]),
        1,
        "error: there is no form \"none\" here [not-found]\nhint: the list of forms has their names",
    );
}

#[tokio::test]
async fn cases_are_looked_at_and_erased() {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", FILE);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);
    for (id, age) in [("a", 7), ("b", 42)] {
        assert_eq!(hub.post(SECRET, form(id, age)).await, 200);
    }
    for (arguments, expected) in [
        (vec!["--type", "patient", "--open"], vec!["c-b", "c-a"]),
        (vec!["--closed"], vec![]),
        (vec!["--where", "properties.village=Kibera", "--text", "c-a"], vec!["c-a"]),
    ] {
        let mut command = hub.command(["cases", "list", "--json"]);
        let found = run(command.args(&arguments)).json();
        assert_eq!(members(&found, "id"), expected, "{arguments:?}");
    }
    let shown = run(&mut hub.command(["cases", "show", "c-a"])).well();
    assert!(shown.contains("patient") && shown.contains("village Kibera"), "{shown}");
    let history = run(&mut hub.command(["cases", "history", "c-a"])).well();
    assert!(history.contains("create, update by u, form uuid:a"), "{history}");
    assert!(history.contains("  village Kibera"), "{history}");

    let would = run(&mut hub.command(["cases", "erase", "c-a", "--dry-run"])).well();
    assert_eq!(would, "it would erase 1 message, 0 deliveries and 0 attempts\n");
    check_failure(
        &mut hub.command(["cases", "erase", "c-a"]),
        2,
        "error: this would erase 1 message, 0 deliveries and 0 attempts, and nobody can be asked\n\
         hint: give --yes to erase without asking, or --dry-run to see how much it would be",
    );
    run(&mut hub.command(["cases", "erase", "c-a", "--yes"])).well();
    check_failure(
        &mut hub.command(["cases", "show", "c-a"]),
        1,
        "error: there is no case \"c-a\" here [not-found]",
    );
    let left = run(&mut hub.command(["submissions", "list", "--json"])).json();
    assert_eq!(members(&left, "instance_id"), ["uuid:b"]);
    let id = left[0]["id"].as_str().unwrap();
    let erased = run(&mut hub.command(["submissions", "erase", id, "--yes", "--json"])).json();
    assert_eq!(erased["messages"], 1);
    assert_eq!(run(&mut hub.command(["cases", "list", "--json"])).json(), json!([]));
}
