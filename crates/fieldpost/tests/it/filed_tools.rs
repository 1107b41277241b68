//! Tools around forms and cases from the command line: filters tried, payloads previewed, fields indexed,
//! cases exported, and all of it backed up with its files.

use std::fs;

use serde_json::{Value, json};

use crate::world::{Hub, check_failure, fieldpost, folder, http_client, run, write};

const FILE: &str = "\
project: clinic
sources:
  forms: { dialect: openrosa, access: anonymous }
connections:
  ministry: { url: https://ministry.example/ }
forwarders:
  children: { on: case-created, case_types: child, to: ministry, format: case_json }
";

/// A form with one case of a type, named as given.
fn form(id: &str, case_type: &str, name: &str) -> String {
    format!(
        "<data id=\"visit\"><village>Kibera</village>\
         <n:case xmlns:n=\"http://commcarehq.org/case/transaction/v2\" case_id=\"c-{id}\" \
         user_id=\"u\" date_modified=\"2026-01-31T10:00:00Z\"><n:create><n:case_name>{name}</n:case_name>\
         <n:case_type>{case_type}</n:case_type><n:owner_id>o</n:owner_id></n:create></n:case>\
         <meta><instanceID>uuid:{id}</instanceID></meta></data>"
    )
}

/// Posts a form as a phone does, with a photo beside it.
async fn post(hub: &Hub, form: &str, photo: &str) {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"f.xml\"\r\n\
         Content-Type: text/xml\r\n\r\n{form}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"p.jpg\"; filename=\"p.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n{photo}\r\n--b--\r\n"
    );
    let request = http_client().post(format!("{}/p/clinic/submission", hub.url));
    let request = request.header("content-type", "multipart/form-data; boundary=b").body(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}

fn picture(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("p1.jpg");
    fs::write(&path, b"\xFF\xD8\xFF\xE0\0\x10JFIF\0").unwrap();
    path
}

async fn hub_with_two_forms() -> (tempfile::TempDir, Hub) {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", FILE);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);
    post(&hub, &form("a", "child", "Ann"), "one").await;
    post(&hub, &form("b", "household", "\u{202e}Bo"), "two").await;
    (folder, hub)
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_of_cases_are_tried_and_payloads_previewed() {
    let (folder, hub) = hub_with_two_forms().await;
    let tried =
        run(&mut hub.command(["filter", "try", "--on", "case", "--case-type", "child"])).well();
    assert!(tried.contains("c-a ") && tried.contains("c-b comes near:"), "{tried}");
    let end = "1 of the 2 newest cases match; 0 messages could not be read\n";
    assert!(tried.ends_with(end), "{tried}");
    let mut command = hub.command(["filter", "try", "--on", "form", "--form", "visit", "--json"]);
    assert_eq!(run(&mut command).json()["matched"], 2);

    let shown = run(&mut hub.command(["forwarders", "preview", "children"])).well();
    for part in ["case c-a: wants it", "POST https://ministry.example/", "\"case_id\":\"c-a\""] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let mut command = hub.command(["forwarders", "preview", "children", "--case", "c-b", "--json"]);
    let shown = run(&mut command).json();
    assert_eq!((&shown["id"], &shown["matched"]), (&json!("c-b"), &json!(false)));
    let mut command = hub.command(["forwarders", "preview", "children", "--case", "nosuch"]);
    let said = run(&mut command);
    assert!(said.code == Some(1) && said.errors.contains("no case"), "{said:?}");
    let unwanted = FILE.replace("case_types: child", "case_types: farm");
    let unwanted = write(folder.path(), "unwanted.yaml", &unwanted);
    let said = run(hub.command(["forwarders", "preview", "children", "--file"]).arg(&unwanted));
    assert!(said.errors.contains("it wants nothing of what came last"), "{said:?}");
    let said = run(hub.command(["forms", "upload"]).arg(picture(folder.path())));
    assert!(said.errors.contains("The file is no form"), "{said:?}");

    let draft = FILE.replace("format: case_json", "format: template, template: '{{ name }}!'");
    let draft = write(folder.path(), "draft.yaml", &draft);
    let mut command = hub.command(["forwarders", "preview", "children", "--file"]);
    let shown = run(command.arg(&draft)).well();
    assert!(shown.ends_with("\nAnn!\n"), "{shown}");
    check_failure(
        hub.command(["forwarders", "preview", "other", "--file"]).arg(&draft),
        2,
        &format!("error: {} has no forwarder \"other\"", draft.display()),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_indexed_and_cases_exported() {
    let (folder, hub) = hub_with_two_forms().await;
    let index = |arguments: &[&str]| {
        let mut command = hub.command(["forms", "index", "visit", "--json"]);
        let indexed = run(command.args(arguments)).json();
        let paths = indexed.as_array().unwrap().iter().map(|field| field["path"].clone());
        paths.collect::<Vec<Value>>()
    };
    assert_eq!(index(&[]), [json!(null); 0]);
    assert_eq!(index(&["village", "name"]), ["village", "name"]);
    assert_eq!(index(&["age", "--remove", "name"]), ["village", "age"]);
    assert_eq!(index(&[]), ["village", "age"]);
    check_failure(
        &mut hub.command(["forms", "index", "visit", "--remove", "none"]),
        2,
        "error: \"none\" is not indexed\nhint: `fieldpost forms index visit` lists those that are",
    );
    let told = run(&mut hub.command(["forms", "index", "visit"])).well();
    assert!(told.contains("village") && told.contains("index"), "{told}");

    let table = run(&mut hub.command(["cases", "export", "--type", "child"])).well();
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with("_id,_type,") && lines[1].starts_with("c-a,child,Ann,"),
        "{table}"
    );
    assert_eq!(lines.len(), 2, "{table}");
    let book = folder.path().join("cases.xlsx");
    run(hub.command(["cases", "export", "--format", "xlsx", "-o"]).arg(&book)).well();
    assert!(fs::read(&book).unwrap().starts_with(b"PK"));
    // A name that turns the letters of a line around is written out.
    let listed = run(&mut hub.command(["cases", "list"])).well();
    assert!(listed.contains("\\u{202e}Bo") && !listed.contains('\u{202e}'), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_has_the_files_and_is_restored_with_them() {
    let (folder, hub) = hub_with_two_forms().await;
    let data = folder.path().join("data");
    let file = folder.path().join("copy.db");
    let files = folder.path().join("copy.db.files");
    // What nobody names stays where it is.
    let stray = data.join("files").join("00").join("00");
    fs::create_dir_all(&stray).unwrap();
    fs::write(stray.join("0".repeat(64)), "stray").unwrap();
    let backup = || {
        let mut command = fieldpost(["backup"]);
        command.arg(&file).arg("--data").arg(&data);
        command
    };
    let said = run(&mut backup()).well();
    assert!(said.contains(&format!("{} has 2 files\n", files.display())), "{said}");
    assert!(!files.join("00").exists());
    let beside: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("partial"))
        .collect();
    assert!(beside.is_empty(), "{beside:?}");
    check_failure(&mut backup(), 1, &format!("error: {} is there already", file.display()));
    fs::rename(&file, folder.path().join("moved.db")).unwrap();
    check_failure(&mut backup(), 1, &format!("error: {} is there already", files.display()));

    let restored = folder.path().join("restored");
    fs::create_dir(&restored).unwrap();
    fs::rename(folder.path().join("moved.db"), restored.join("fieldpost.db")).unwrap();
    fs::rename(&files, restored.join("files")).unwrap();
    fs::copy(data.join("key"), restored.join("key")).unwrap();
    drop(hub);
    fs::remove_dir_all(&data).unwrap();
    let hub = Hub::start(&restored, [""; 0]);
    let listed =
        run(&mut hub.command(["submissions", "list", "--json", "--sort", "oldest"])).json();
    for (submission, photo) in listed.as_array().unwrap().iter().zip(["one", "two"]) {
        let id = submission["id"].as_str().unwrap();
        let mut command = hub.command(["submissions", "attachment", id, "p.jpg"]);
        assert_eq!(run(&mut command).well(), photo);
    }
    let examine = || {
        let mut command = fieldpost(["doctor", "--json", "--data"]);
        let examined = run(command.arg(&restored)).output;
        let examined: Value = serde_json::from_str(&examined).unwrap();
        let checks = examined["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["check"] == "folder of files").unwrap()
    };
    let check = examine();
    assert_eq!(check["state"], "ok", "{check}");
    assert!(check["finding"].as_str().unwrap().contains("2 files looked for"), "{check}");
    // What is erased since, or lost, is said.
    fs::remove_dir_all(restored.join("files")).unwrap();
    let check = examine();
    assert_eq!(check["state"], "wrong", "{check}");
    assert!(check["finding"].as_str().unwrap().contains("lacks 2 of 2 files"), "{check}");
    assert!(check["hint"].as_str().unwrap().contains("FILE.files"), "{check}");
    let id = listed[0]["id"].as_str().unwrap();
    let said = run(&mut hub.command(["submissions", "attachment", id, "p.jpg"]));
    assert!(said.errors.contains("is missing from the folder of files"), "{}", said.errors);
    let again = folder.path().join("again.db");
    let mut command = fieldpost(["backup"]);
    let said = run(command.arg(&again).arg("--data").arg(&restored));
    assert!(said.errors.contains("2 files are named and not there"), "{}", said.errors);
}
