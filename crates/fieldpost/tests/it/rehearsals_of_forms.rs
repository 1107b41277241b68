//! `fieldpost test` with forms: what phones posted to receivers, with its files, and what was filled in on the
//! hub's own pages goes the way in a rehearsal that it went in the hub.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Hub, Said, fieldpost, folder, http_client, run, write};

const PROJECT: &str = "\
project: clinic
sources:
  collect: { dialect: openrosa, access: anonymous }
  handsets: { dialect: commcare, access: anonymous }
  w: { dialect: wcs, form: request, secret: secret-of-the-pushes-1 }
connections:
  ministry: { url: https://ministry.example/ }
forwarders:
  forms: { on: form, to: ministry, format: form_json }
  children: { on: case-created, case_types: child, to: ministry, format: case_json }
  pushed: { on: message, from: w, to: ministry }
forms:
  repair:
    title: Something to be mended
    fields: [ { name: what, label: What is wrong, type: text, required: true } ]
    lifecycle:
      statuses:
        new: { name: New, actions: [ { jump: seen } ] }
        seen: { name: Seen, endpoint: true }
workflows:
  greet:
    trigger: { event: case-created, case_types: child }
    steps:
      greet: { adaptor: common, job: 'fn(state => state)' }
";

/// A form of CommCare with one case.
const COMMCARE_FORM: &str = "\
<data xmlns=\"http://openrosa.org/formdesigner/visit\" name=\"Visit\"><village>Kibera</village>\
<n:case xmlns:n=\"http://commcarehq.org/case/transaction/v2\" case_id=\"c-1\" user_id=\"u\" \
date_modified=\"2026-01-31T10:00:00Z\"><n:create><n:case_name>Ann</n:case_name>\
<n:case_type>child</n:case_type><n:owner_id>o</n:owner_id></n:create></n:case>\
<n1:meta xmlns:n1=\"http://openrosa.org/jr/xforms\"><n1:instanceID>f-1</n1:instanceID></n1:meta></data>";

fn odk_form(meta: &str) -> String {
    format!("<data id=\"visit\"><photo>p 1.JPG</photo><age>7</age>{meta}</data>")
}

struct World {
    folder: TempDir,
    hub: Hub,
}

impl World {
    fn new() -> Self {
        let folder = folder();
        let file = write(folder.path(), "clinic.yaml", PROJECT);
        let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);
        Self { folder, hub }
    }

    async fn post(&self, path: &str, content_type: &str, body: String) -> u16 {
        let request = http_client().post(format!("{}{path}", self.hub.url)).body(body);
        request.header("content-type", content_type).send().await.unwrap().status().as_u16()
    }

    /// Records the newest message as a case of this name, plays it, and gives the case with its snapshot.
    fn rehearsed(&self, name: &str) -> (String, Value) {
        let messages = run(&mut self.hub.command(["messages", "list", "--json"])).json();
        let id = messages[0]["id"].as_str().unwrap();
        let mut record = self.hub.command(["messages", "record", id, "--name", name]);
        run(record.current_dir(self.folder.path())).well();
        let case = fs::read_to_string(self.case(name).join("case.yaml")).unwrap();
        test(self.folder.path(), ["--update", "--only", name]).well();
        // The same again is the same.
        test(self.folder.path(), ["--only", name]).well();
        (case, snapshot(self.folder.path(), name))
    }

    fn case(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("tests").join(name)
    }

    /// What the hub itself would send of the newest form.
    fn sent(&self, forwarder: &str) -> Value {
        let mut preview = self.hub.command(["forwarders", "preview", forwarder, "--json"]);
        run(&mut preview).json()
    }
}

fn test<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Said {
    let mut command = fieldpost(["test", "clinic.yaml"].into_iter().chain(arguments));
    run(command.current_dir(folder))
}

fn snapshot(folder: &Path, name: &str) -> Value {
    let path = folder.join("tests").join(name).join("snapshot.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The delivery of a forwarder in a snapshot.
#[track_caller]
fn of_forwarder<'s>(told: &'s Value, name: &str) -> &'s Value {
    let forwarders = told["forwarders"].as_array().unwrap();
    let found = forwarders.iter().find(|delivery| delivery["forwarder"] == name);
    found.unwrap_or_else(|| panic!("{name}: {told:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_phone_is_rehearsed_with_its_files() {
    let world = World::new();
    let form = odk_form("<meta><instanceID>uuid:one</instanceID></meta>");
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"f.xml\"\r\n\
         Content-Type: text/xml\r\n\r\n{form}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"p 1.JPG\"; filename=\"p 1.JPG\"\r\n\
         Content-Type: image/jpeg\r\n\r\nthe picture\r\n--b--\r\n"
    );
    let answered =
        world.post("/p/clinic/submission", "multipart/form-data; boundary=b", body).await;
    assert_eq!(answered, 201);

    let (case, told) = world.rehearsed("visit");
    for part in ["path: /p/clinic/submission", "name: p 1.JPG", "file: file-1.jpg", "image/jpeg"] {
        assert!(case.contains(part), "{part}: {case}");
    }
    assert_eq!(fs::read(world.case("visit").join("file-1.jpg")).unwrap(), b"the picture");
    assert_eq!(fs::read_to_string(world.case("visit").join("body.xml")).unwrap(), form);

    assert_eq!(told["message"]["state"], "kept", "{told:#}");
    let sent = &of_forwarder(&told, "forms")["json"];
    assert_eq!(sent["is_phone_submission"], true, "{told:#}");
    let picture = &sent["attachments"]["p 1.JPG"];
    assert_eq!(
        (&picture["content_type"], &picture["length"]),
        (&json!("image/jpeg"), &json!(11)),
        "{told:#}"
    );
    // So it is in the hub.
    let of_hub = world.sent("forms");
    assert!(of_hub.to_string().contains("is_phone_submission"), "{of_hub:#}");

    // A picture that is missing from the folder is told.
    fs::remove_file(world.case("visit").join("file-1.jpg")).unwrap();
    let said = test(world.folder.path(), []);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.contains("file-1.jpg cannot be read"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_commcare_is_rehearsed_as_its_receiver_takes_it() {
    let world = World::new();
    let path = "/a/clinic/receiver/secure/app-7/";
    assert_eq!(world.post(path, "text/xml", COMMCARE_FORM.to_owned()).await, 201);
    let (case, told) = world.rehearsed("visit");
    assert!(case.contains(&format!("path: {path}")), "{case}");
    assert_eq!(of_forwarder(&told, "forms")["json"]["app_id"], "app-7", "{told:#}");
    let child = of_forwarder(&told, "children");
    assert_eq!((&child["case"], &child["event"]), (&json!("c-1"), &json!("case-created")));
    assert_eq!(told["workflows"][0]["workflow"], "greet", "{told:#}");

    // By an inbox it would name no application, and come from no phone.
    let text = case.replace(&format!("path: {path}"), "path: /inbox/handsets");
    fs::write(world.case("visit").join("case.yaml"), text).unwrap();
    let said = test(world.folder.path(), []);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.contains("\"is_phone_submission\": false"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_a_receiver_refuses_is_refused_in_its_rehearsal() {
    let world = World::new();
    assert_eq!(world.post("/p/clinic/submission", "text/xml", odk_form("")).await, 400);
    let (_, told) = world.rehearsed("nameless");
    let message = &told["message"];
    assert_eq!(
        (&message["state"], &message["code"]),
        (&json!("quarantined"), &json!("instance-id-missing")),
        "{told:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_a_wcs_pushes_is_rehearsed_as_one() {
    let world = World::new();
    let record = json!({
        "id": "request/16", "url": "https://forms.example.org/request/16/",
        "fields": { "name": "Ann" }, "workflow": { "status": { "id": "new", "name": "New" } },
    });
    let path = "/inbox/secret-of-the-pushes-1";
    assert_eq!(world.post(path, "application/json", record.to_string()).await, 200);
    let (case, told) = world.rehearsed("request");
    assert!(case.contains("source: w") && !case.contains("secret-of-the-pushes"), "{case}");
    assert_eq!(told["message"]["state"], "kept", "{told:#}");
    assert_eq!(of_forwarder(&told, "pushed")["json"], record, "{told:#}");
    assert_eq!(of_forwarder(&told, "forms")["event"], "form", "{told:#}");
}

#[test]
fn what_is_filled_in_here_is_rehearsed_until_its_lifecycle_waits() {
    let folder = folder();
    write(folder.path(), "clinic.yaml", PROJECT);
    let case = folder.path().join("tests/broken-lamp");
    fs::create_dir_all(&case).unwrap();
    write(
        &case,
        "case.yaml",
        "source: 'hub:forms'\nbody: body.json\ncontent_type: application/json\n",
    );
    let body = json!({
        "form": { "id": "repair" }, "instance_id": "uuid:0195a7c2-0000-7000-8000-000000000001",
        "values": { "what": "a lamp" }, "attachments": [],
    });
    write(&case, "body.json", &body.to_string());
    for _ in 0..2 {
        test(folder.path(), ["--update"]).well();
        let told = snapshot(folder.path(), "broken-lamp");
        assert_eq!(
            (&told["message"]["state"], &told["message"]["status"]),
            (&json!("kept"), &json!("seen")),
            "{told:#}"
        );
        assert_eq!(of_forwarder(&told, "forms")["event"], "form", "{told:#}");
    }
}

#[test]
fn what_is_wrong_with_a_case_of_a_form_is_told() {
    let folder = folder();
    write(folder.path(), "clinic.yaml", PROJECT);
    let case = folder.path().join("tests/visit");
    fs::create_dir_all(&case).unwrap();
    write(&case, "body.xml", &odk_form("<meta><instanceID>uuid:one</instanceID></meta>"));
    write(&case, "a.jpg", "a");
    for (more, expected) in [
        ("path: p/clinic/submission", "`path` is no path of a hub: p/clinic/submission"),
        ("files: { name: a.jpg }", "`files` are a list of {name, file}"),
        ("files: [{ name: a.jpg }]", "`file` of file 1 is missing"),
        ("files: [{ file: a.jpg }]", "`name` of file 1 is missing"),
        ("files: [{ name: a.jpg, file: a.jpg, type: x }]", "file 1 has no `type`"),
        ("files: [{ name: a.jpg, file: ../../clinic.yaml }]", "../../clinic.yaml: "),
        (
            "files: [{ name: a.jpg, file: a.jpg }, { name: a.jpg, file: a.jpg }]",
            "two files are called a.jpg",
        ),
    ] {
        write(&case, "case.yaml", &format!("source: collect\nbody: body.xml\n{more}\n"));
        let said = test(folder.path(), []);
        assert_eq!(said.code, Some(1), "{more}: {said:?}");
        assert!(said.output.contains(expected), "{expected}: {said:?}");
    }
}
