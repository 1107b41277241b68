//! XLSForms, as people write them: made with openpyxl, converted by the published `pyxform`, which
//! `scripts/setup-tests` fetches, filled in as a client would, and read back with their types.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Hub, TOKEN, check_failure, folder, http_client, run, write};

const PROJECT: &str =
    "project: clinic\nsources:\n  phones: { dialect: openrosa, access: anonymous }\n";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const BOUNDARY: &str = "a-boundary-of-the-tests";

/// Where `scripts/setup-tests` puts the packages.
fn packages() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/pyxform");
    assert!(folder.join("pinned").exists(), "pyxform is not there: run scripts/setup-tests");
    folder.join("python").canonicalize().unwrap()
}

/// A program that runs `pyxform` as an installation of it does.
fn xls2xform(folder: &Path) -> PathBuf {
    let script = format!(
        "#!/bin/sh\nPYTHONPATH='{}' exec python3 -m pyxform.xls2xform \"$@\"\n",
        packages().display()
    );
    let path = write(folder, "xls2xform", &script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Makes the tables.
fn make(folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/xlsforms/make.py");
    let mut command = Command::new("python3");
    run(command.arg(script).arg(folder).env("PYTHONPATH", packages())).well();
}

fn start(folder: &Path, pyxform: &str) -> Hub {
    let file = write(folder, "clinic.yaml", PROJECT);
    let arguments = ["--project", file.to_str().unwrap(), "--pyxform", pyxform];
    Hub::start(&folder.join("data"), arguments)
}

/// Posts a filled form as ODK Collect does, with a photo where there is one.
async fn fill_in(hub: &Hub, form: &str, photo: Option<&[u8]>) {
    let part = |name: &str, file: &str, kind: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        )
    };
    let mut body = part("xml_submission_file", "form.xml", "text/xml").into_bytes();
    body.extend_from_slice(form.as_bytes());
    if let Some(photo) = photo {
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(part("1.jpg", "1.jpg", "image/jpeg").as_bytes());
        body.extend_from_slice(photo);
    }
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let answer = http_client()
        .post(format!("{}/p/clinic/submission", hub.url))
        .header("x-openrosa-version", "1.0")
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    assert_eq!(status, 201, "{}", answer.text().await.unwrap());
}

fn filled(id: &str, version: &str, answers: &str) -> String {
    format!(
        "<data id=\"{id}\" version=\"{version}\">{answers}<meta><instanceID>uuid:{id}</instanceID></meta></data>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_become_forms_whose_answers_have_types() {
    let folder = folder();
    make(folder.path());
    let hub = start(folder.path(), xls2xform(folder.path()).to_str().unwrap());
    let picture = folder.path().join("map.png");
    fs::write(&picture, b"\x89PNG a map").unwrap();
    for name in ["groups", "repeats", "choices", "places", "pictures"] {
        let table = folder.path().join(format!("{name}.xlsx"));
        let mut command = hub.command(["forms", "upload"]);
        command.arg(&table).args(["--application", "field"]);
        if name == "pictures" {
            command.arg("--media").arg(&picture);
        }
        assert_eq!(run(&mut command).well(), format!("{name}\n"));
    }

    let version = "2026";
    for (name, answers, photo, expected) in [
        (
            "groups",
            "<nom>Ann</nom><home><rooms>3</rooms><head><born>1990-01-31</born></head></home>",
            None,
            json!({"nom": "Ann", "home": {"rooms": 3, "head": {"born": "1990-01-31"}}}),
        ),
        (
            "repeats",
            "<child><name>A</name><weight>3.5</weight></child>",
            None,
            json!({"child": [{"name": "A", "weight": 3.5}]}),
        ),
        (
            "choices",
            "<sick>y</sick><signs>fever cough</signs>",
            None,
            json!({"sick": "y", "signs": ["fever", "cough"]}),
        ),
        (
            "places",
            "<point>48.5 2.25 30 5</point><way>0 1;2 3</way><field>0 0;0 1;1 1;0 0</field>",
            None,
            json!({
                "point": {"type": "Point", "coordinates": [2.25, 48.5, 30], "properties": {"accuracy": 5}},
                "way": {"type": "LineString", "coordinates": [[1, 0], [3, 2]]},
                "field": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            }),
        ),
        (
            "pictures",
            "<photo>1.jpg</photo>",
            Some(&b"a photo"[..]),
            json!({"look": null, "photo": {"filename": "1.jpg"}}),
        ),
    ] {
        fill_in(&hub, &filled(name, version, answers), photo).await;
        let api = hub.api();
        let found = api.get(&format!("projects/clinic/submissions?form={name}")).await;
        let submission = &found["items"][0];
        assert_eq!(submission["values"], expected, "{name}");
        assert_eq!((&submission["untyped"], &submission["extra"]), (&json!(false), &json!({})));
        if let Some(photo) = photo {
            let id = submission["id"].as_str().unwrap();
            let path = format!("projects/clinic/submissions/{id}/attachments");
            let files = api.get(&path).await;
            assert_eq!(files["items"][0]["bytes"], json!(photo.len()), "{files}");
        }
    }

    let rows = sheet(&hub, folder.path(), "groups");
    let (names, cells) = (rows[0].as_array().unwrap(), &rows[1]);
    let cell = |name: &str| &cells[names.iter().position(|it| it == name).unwrap()];
    for (name, expected) in [
        ("_number", json!(1)),
        ("_instance_id", json!("uuid:groups")),
        ("nom", json!("Ann")),
        ("home.rooms", json!(3)),
        ("home.head.born", json!("1990-01-31")),
        ("_extra", Value::Null),
    ] {
        assert_eq!(cell(name), &expected, "{name}: {rows}");
    }
    assert_eq!(rows.as_array().unwrap().len(), 2);

    // What phones fetch: each form with its hash, and the picture.
    let list = text(&hub, "/p/clinic/formList").await;
    assert_eq!(list.matches("<xform>").count(), 5, "{list}");
    let manifest = text(&hub, "/p/clinic/forms/pictures/manifest").await;
    assert!(manifest.contains("<filename>map.png</filename>"), "{manifest}");
    assert!(text(&hub, "/p/clinic/forms/pictures/media/map.png").await.ends_with("a map"));
    let form = hub.api().get("projects/clinic/forms/pictures").await;
    assert_eq!(form["application"], "field");
    assert_eq!(form["files"][0]["content_type"], "image/png");
}

/// What a spreadsheet shows of the submissions of a form: the rows, as JSON.
fn sheet(hub: &Hub, folder: &Path, form: &str) -> Value {
    let file = folder.join("export.xlsx");
    let mut command = hub.command(["submissions", "export", form, "--format", "xlsx", "-o"]);
    run(command.arg(&file)).well();
    let script = "import json, sys, openpyxl; \
        print(json.dumps([list(row) for row in openpyxl.load_workbook(sys.argv[1]).active.values]))";
    let mut command = Command::new("python3");
    run(command.args(["-c", script]).arg(&file).env("PYTHONPATH", packages())).json()
}

async fn text(hub: &Hub, path: &str) -> String {
    let answer = http_client().get(format!("{}{path}", hub.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned()
}

/// Uploads bytes; the status and what is said.
async fn upload(hub: &Hub, content_type: &str, body: Vec<u8>) -> (u16, Value) {
    let url = format!("{}/api/v1/projects/clinic/forms", hub.url);
    let request = http_client().request(Method::POST, url).header("content-type", content_type);
    let answer = request.bearer_auth(TOKEN).body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pyxform_does_not_take_is_told_in_its_own_words() {
    let folder = folder();
    make(folder.path());
    let hub = start(folder.path(), xls2xform(folder.path()).to_str().unwrap());
    let wrong = fs::read(folder.path().join("wrong.xlsx")).unwrap();
    let (status, said) = upload(&hub, XLSX, wrong.clone()).await;
    assert_eq!((status, &said["code"]), (422, &json!("xlsform-refused")), "{said}");
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("nonsense"), "{detail}");
    // An archive that is no table.
    let (status, said) = upload(&hub, XLSX, b"PK\x03\x04 and so on".to_vec()).await;
    assert_eq!((status, &said["code"]), (422, &json!("xlsform-refused")), "{said}");
    for (content_type, body) in [
        ("application/vnd.ms-excel", &b"\xD0\xCF\x11\xE0"[..]),
        (XLSX, b"\xD0\xCF\x11\xE0"),
        ("application/octet-stream", b"\xD0\xCF\x11\xE0"),
        ("text/csv", b"type,name\ntext,a\n"),
    ] {
        let (status, said) = upload(&hub, content_type, body.to_vec()).await;
        assert_eq!((status, &said["code"]), (415, &json!("unsupported-content-type")), "{said}");
        assert!(said["hint"].as_str().unwrap().contains(".xlsx"), "{said}");
    }
    let wrong = folder.path().join("wrong.xlsx");
    let said = run(hub.command(["forms", "upload"]).arg(&wrong));
    assert!(said.errors.contains("nonsense"), "{}", said.errors);
    assert_eq!(hub.api().get("projects/clinic/forms").await["items"], json!([]));
}

#[tokio::test]
async fn without_pyxform_it_is_said_how_to_get_it() {
    let folder = folder();
    let table = b"PK\x03\x04 whatever";
    let path = folder.path().join("a.xlsx");
    fs::write(&path, table).unwrap();
    for (pyxform, wanted) in [("off", "is off"), ("/nowhere/xls2xform", "finds no pyxform")] {
        let hub = start(folder.path(), pyxform);
        let (status, said) = upload(&hub, XLSX, table.to_vec()).await;
        assert_eq!((status, &said["code"]), (501, &json!("pyxform-missing")), "{said}");
        assert!(said["detail"].as_str().unwrap().contains(wanted), "{said}");
        assert!(said["hint"].as_str().unwrap().contains("xls2xform form.xlsx form.xml"), "{said}");
    }
}

#[tokio::test]
async fn a_form_is_defined_by_hand_and_its_files_are_changed() {
    let folder = folder();
    let hub = start(folder.path(), "off");
    let definition =
        r#"{"id":"births","title":"Births","questions":[{"path":"age","type":"integer"}]}"#;
    let file = write(folder.path(), "births.json", definition);
    assert_eq!(run(hub.command(["forms", "upload"]).arg(&file)).well(), "births\n");
    fill_in(&hub, &filled("births", "1", "<age>7</age>"), None).await;
    let found = hub.api().get("projects/clinic/submissions?form=births").await;
    assert_eq!(found["items"][0]["values"], json!({"age": 7}));
    // It is written as an XForm for phones.
    assert!(text(&hub, "/p/clinic/formList").await.contains("<formID>births</formID>"));
    let wrong = write(folder.path(), "wrong.json", r#"{"id":"births"}"#);
    check_failure(
        hub.command(["forms", "upload"]).arg(&wrong),
        1,
        "error: The definition cannot be used: it has no list of \"questions\". [form-definition]",
    );

    let url = |name: &str| format!("{}/api/v1/projects/clinic/forms/births/files/{name}", hub.url);
    let send = async |method: Method, name: &str, body: &'static [u8]| {
        let request = http_client().request(method, url(name)).bearer_auth(TOKEN);
        let answer = request.header("content-type", "image/png").body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    };
    assert_eq!(send(Method::PUT, "a%20map.png", b"one").await.0, 201);
    assert_eq!(send(Method::PUT, "a%20map.png", b"two").await.0, 200);
    assert_eq!(send(Method::GET, "a%20map.png", b"").await, (200, b"two".to_vec()));
    assert_eq!(send(Method::PUT, "a%2Fb", b"x").await.0, 400);
    let form = hub.api().get("projects/clinic/forms/births").await;
    assert_eq!(
        (&form["files"][0]["name"], &form["files"][0]["bytes"]),
        (&json!("a map.png"), &json!(3))
    );
    // The definition stays what it was.
    assert_eq!((&form["definition"], &form["fields"][0]["type"]), (&json!(1), &json!("integer")));
    assert_eq!(send(Method::DELETE, "a%20map.png", b"").await.0, 204);
    assert_eq!(send(Method::DELETE, "a%20map.png", b"").await.0, 404);
    assert_eq!(send(Method::GET, "a%20map.png", b"").await.0, 404);
}
