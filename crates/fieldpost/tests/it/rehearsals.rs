//! `fieldpost test`: recorded messages, what a project makes of them, and the snapshots of that.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{
    Hub, LOOK_AGAIN, PATIENCE, TOKEN, check_failure, fieldpost, folder, http_client, run, write,
};

const PROJECT: &str = "\
project: clinic
connections:
  registry:
    url: '${REGISTRY_URL}/api'
    auth: { basic: { username: ann, password: '${REGISTRY_PASSWORD}' } }
  database:
    url: postgres://db.example.org/births
    auth: { basic: { username: writer, password: '${DB_PASSWORD}' } }
  archive:
    url: https://archive.example.org/in
    auth: { bearer: '${ARCHIVE_TOKEN}' }
    signing_secret: '${SIGNING}'
  token:
    url: https://login.example.org
    auth: { oauth2_client: { token_url: 'https://login.example.org/token', client_id: hub, client_secret: '${OAUTH}' } }
sources:
  kobo: { dialect: kobo, secret: '${KOBO_SECRET}' }
forwarders:
  copy: { on: message, to: archive }
workflows:
  register:
    trigger: { source: kobo, match: { form: birth } }
    steps:
      look:
        adaptor: http
        connection: registry
        job: |
          get('/people', { query: { name: $.data.body.name } });
        next: { make: 'state.data.found === false', tell: on_job_failure }
      make:
        adaptor: http
        connection: registry
        job: |
          post('/people', state => ({ id: Math.random(), at: new Date().toISOString(), name: state.data.name }));
        next: { keep: on_job_success, tell: on_job_failure }
      keep:
        adaptor: postgresql
        connection: database
        retry: { tries: 2, first: 1h, max: 1h }
        job: |
          sql('SELECT id FROM births');
          fn(state => { state.n = state.data.length; return state; });
          collections.set('births', 'last', { n: 1 });
      tell:
        adaptor: mail
        job: |
          send({ to: 'ops@example.org', subject: 'no birth', text: 'look' });
  others:
    trigger: { source: kobo, match: { form: death } }
    steps:
      only: { adaptor: common, job: 'fn(state => state)' }
  called:
    trigger: { source: kobo, match: { form: birth } }
    steps:
      ask: { adaptor: http, connection: token, job: \"get('/me')\" }
";

const CASE: &str = "\
source: kobo
body: body.json
content_type: application/json
received_at: 2026-01-31T12:00:00Z
answers:
  - { step: look, method: GET, url: '*/people*', json: { found: false, name: Bo } }
  - { step: make, status: 201, json: { id: 7 } }
  - { step: keep, sql: SELECT, rows: [{ id: 1 }, { id: 2 }] }
";

const BODY: &str = r#"{"form": "birth", "body": {"_uuid": "u-1", "name": "Bo"}}"#;

/// A project with one case.
fn project() -> TempDir {
    let folder = folder();
    write(folder.path(), "clinic.yaml", PROJECT);
    case(folder.path(), "birth", CASE);
    folder
}

fn case(folder: &Path, name: &str, text: &str) {
    let case = folder.join("tests").join(name);
    fs::create_dir_all(&case).unwrap();
    write(&case, "case.yaml", text);
    write(&case, "body.json", BODY);
}

fn test<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = fieldpost(["test", "clinic.yaml"].into_iter().chain(arguments));
    command.current_dir(folder);
    command
}

fn snapshot(folder: &Path, name: &str) -> Value {
    let path = folder.join("tests").join(name).join("snapshot.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The run of a workflow in a snapshot.
fn run_of<'s>(snapshot: &'s Value, workflow: &str) -> &'s Value {
    let runs = snapshot["workflows"].as_array().unwrap();
    runs.iter().find(|run| run["workflow"] == workflow).unwrap_or_else(|| panic!("{snapshot:#}"))
}

#[test]
fn a_message_goes_the_whole_way_and_nothing_leaves() {
    let folder = project();
    let said = run(&mut test(folder.path(), ["--update"]));
    assert_eq!(said.code, Some(0), "{said:?}");
    let told = snapshot(folder.path(), "birth");
    let remark = "it names no form, so that no submission was made of it";
    let message = json!({"state": "kept", "identity": "u-1", "remark": remark});
    assert_eq!(told["message"], message, "{told:#}");
    let copy = &told["forwarders"][0];
    assert_eq!((&copy["forwarder"], &copy["http"]), (&json!("copy"), &json!("POST")), "{told:#}");
    assert_eq!(copy["json"], serde_json::from_str::<Value>(BODY).unwrap(), "{told:#}");
    assert_eq!(copy["headers"]["webhook-id"], "<id 1>", "{told:#}");
    assert_eq!(copy["proves_itself"], "bearer", "{told:#}");

    assert_eq!(told["workflows"].as_array().unwrap().len(), 2, "{told:#}");
    let register = run_of(&told, "register");
    assert_eq!(register["outcome"], "success", "{told:#}");
    let steps = register["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["look", "make", "keep"], "{told:#}");
    let look = &steps[0]["asks"][0];
    assert_eq!(look["url"], "https://placeholder-of-registry-url/api/people?name=Bo", "{told:#}");
    assert_eq!((&look["proves_itself"], &look["answer"]), (&json!("basic"), &json!("200")));
    let make = &steps[1]["asks"][0];
    assert_eq!((&make["http"], &make["answer"]), (&json!("POST"), &json!("201")), "{told:#}");
    assert_eq!(make["json"]["at"], "2026-01-31T12:00:00.000Z", "{told:#}");
    assert_eq!(make["json"]["name"], "Bo", "{told:#}");
    let keep = &steps[2]["asks"];
    assert_eq!(keep[0]["sql"], "SELECT id FROM births", "{told:#}");
    assert_eq!(keep[0]["database"], "db.example.org:5432/births", "{told:#}");
    assert_eq!(keep[0]["answer"], "2 rows", "{told:#}");
    assert_eq!(keep[1], json!({"collection": "births", "set": {"last": {"n": 1}}}), "{told:#}");

    // Nobody was asked for a token, and no answer was written for the request.
    let called = &run_of(&told, "called")["steps"][0]["asks"][0];
    assert_eq!(called["answer"], "200, since no answer fits", "{told:#}");
    let text = told.to_string();
    for secret in ["placeholder-of-registry-password", "placeholder-of-oauth", "token-of-the"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[test]
fn the_same_files_give_the_same_account() {
    let folder = project();
    run(&mut test(folder.path(), ["--update"])).well();
    for _ in 0..3 {
        // What the environment has is no matter.
        let mut command = test(folder.path(), []);
        let said = run(command.env("REGISTRY_URL", "https://real.example.org"));
        assert_eq!(said.code, Some(0), "{said:?}");
    }
}

#[test]
fn a_difference_is_told_line_by_line() {
    let folder = project();
    let said = run(&mut test(folder.path(), []));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.contains("birth: there is no snapshot.json yet"), "{said:?}");
    run(&mut test(folder.path(), ["--update"])).well();

    write(
        folder.path(),
        "clinic.yaml",
        &PROJECT.replace("name: state.data.name", "called: state.data.name"),
    );
    let said = run(&mut test(folder.path(), []));
    assert_eq!(said.code, Some(1), "{said:?}");
    for expected in
        ["✗ birth: differs from snapshot.json", "-  ", r#""name": "Bo""#, r#""called": "Bo""#]
    {
        assert!(said.output.contains(expected), "{expected}: {}", said.output);
    }
    assert!(said.errors.contains("--update"), "{said:?}");
    let told = run(&mut test(folder.path(), ["--json"]));
    let results: Value = serde_json::from_str(&told.output).unwrap();
    assert_eq!((&results[0]["case"], &results[0]["result"]), (&json!("birth"), &json!("differs")));
    assert!(results[0]["difference"].as_str().unwrap().contains("called"), "{results}");

    run(&mut test(folder.path(), ["--update"])).well();
    run(&mut test(folder.path(), [])).well();
}

#[test]
fn answers_lead_a_run_along_other_ways() {
    let folder = project();
    let failing = CASE.replace("status: 201, json: { id: 7 }", "error: ECONNREFUSED");
    case(folder.path(), "refused", &failing);
    let twice = CASE.replace(
        "  - { step: keep, sql: SELECT, rows",
        "  - { step: keep, sql: SELECT, failure: { code: '40001', message: again } }\n  \
         - { step: keep, sql: SELECT, rows",
    );
    case(folder.path(), "twice", &twice);
    run(&mut test(folder.path(), ["--update"])).well();

    let told = snapshot(folder.path(), "refused");
    let steps = run_of(&told, "register")["steps"].as_array().unwrap();
    assert_eq!(
        (&steps[1]["outcome"], &steps[2]["step"]),
        (&json!("fail"), &json!("tell")),
        "{told:#}"
    );
    let mail = &steps[2]["asks"][0]["mail"];
    assert_eq!(
        (&mail["to"], &mail["text"]),
        (&json!(["ops@example.org"]), &json!("look")),
        "{told:#}"
    );

    // The next try comes at once, though the workflow has it wait for an hour.
    let told = snapshot(folder.path(), "twice");
    let steps = run_of(&told, "register")["steps"].as_array().unwrap();
    let tries: Vec<_> = steps[2..].iter().map(|step| (&step["outcome"], &step["try"])).collect();
    assert_eq!(tries, [(&json!("fail"), &Value::Null), (&json!("success"), &json!(2))], "{told:#}");

    let said = run(&mut test(folder.path(), ["--only", "refu"]));
    assert_eq!(said.output, "✓ refused\n\n✓ 1 case\n", "{said:?}");
}

#[test]
fn what_cannot_be_tested_is_told() {
    let folder = project();
    let hint = "hint: a case is a folder with a case.yaml; `fieldpost messages record --beside PROJECT.yaml` makes one of a message";
    let error = format!("error: there is no folder nowhere with cases\n{hint}");
    check_failure(&mut test(folder.path(), ["--cases", "nowhere"]), 2, &error);
    let error = format!("error: tests has no case whose name has \"x-y\" in it\n{hint}");
    check_failure(&mut test(folder.path(), ["--only", "x-y"]), 2, &error);

    case(folder.path(), "gone", "source: gone\nbody: body.json\n");
    case(folder.path(), "wrong", "source: kobo\nbody: body.json\nanswer: []\n");
    let said = run(&mut test(folder.path(), []));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.contains("the project has no source `gone`"), "{said:?}");
    assert!(said.output.contains("a case has no `answer`"), "{said:?}");
    let sum = "1 of 3 cases not as in the snapshot, 2 could not be played";
    assert!(said.output.contains(sum), "{said:?}");
    // What cannot be played is not mended by new snapshots.
    let said = run(&mut test(folder.path(), ["--only", "gone"]));
    assert!(said.output.contains("1 of 1 case could not be played"), "{said:?}");
    assert!(!said.errors.contains("--update"), "{said:?}");
    fs::remove_dir_all(folder.path().join("tests/gone")).unwrap();
    fs::remove_dir_all(folder.path().join("tests/wrong")).unwrap();

    for (answer, expected) in [
        ("step: lok", "answer 1 is for nothing: no workflow has a step `lok`"),
        ("workflow: called, step: look", "the workflow `called` has no step `look`"),
        ("workflow: nowhere", "there is no workflow `nowhere`"),
    ] {
        let text = format!("source: kobo\nbody: body.json\nanswers: [{{ {answer} }}]\n");
        case(folder.path(), "lost", &text);
        let said = run(&mut test(folder.path(), ["--only", "lost"]));
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.output.contains(expected), "{expected}: {said:?}");
    }
    fs::rename(
        folder.path().join("tests/lost/case.yaml"),
        folder.path().join("tests/lost/case.yml"),
    )
    .unwrap();
    let said = run(&mut test(folder.path(), ["--update"]));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.errors.contains("tests/lost has no case.yaml: it is not tested"), "{said:?}");
    write(folder.path(), "clinic.yaml", &PROJECT.replace("adaptor: mail", "adaptr: mail"));
    let said = run(&mut test(folder.path(), []));
    assert_eq!((said.code, said.output.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.errors.contains("workflows.register.steps.tell"), "{said:?}");
}

const RECORDED: &str = "\
project: clinic
sources:
  kobo: { dialect: kobo, secret: secret-of-the-inbox-1 }
workflows:
  register:
    trigger: { source: kobo }
    steps:
      load: { adaptor: common, job: 'fn(state => ({ ...state, name: state.data.body.name }))', next: { ask: always } }
      ask: { adaptor: http, job: \"fn(state => ({ ...state, data: { id: 7 } }))\" }
";

#[tokio::test]
async fn a_message_of_a_hub_becomes_a_case() {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", RECORDED);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);
    let inbox = format!("{}/inbox/secret-of-the-inbox-1?app_id=a1&token=hidden-from-all", hub.url);
    let request = http_client().post(&inbox).header("content-type", "application/json").body(BODY);
    let request =
        request.header("authorization", "Token hidden-from-all").header("x-form", "birth");
    assert_eq!(request.send().await.unwrap().status(), 200);
    let begun = std::time::Instant::now();
    loop {
        let runs = run(&mut hub.command(["runs", "list", "--state", "success", "--json"])).json();
        if runs.as_array().unwrap().len() == 1 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {runs}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let messages = run(&mut hub.command(["messages", "list", "--json"])).json();
    let id = messages[0]["id"].as_str().unwrap();

    let mut record = hub.command(["messages", "record", id, "--name", "birth"]);
    let said = run(record.current_dir(folder.path()));
    assert_eq!(said.output, "written: tests/birth\n", "{said:?}");
    assert!(said.errors.contains("take out what is personal"), "{said:?}");
    let case = folder.path().join("tests/birth");
    assert_eq!(fs::read_to_string(case.join("body.json")).unwrap(), BODY);
    let text = fs::read_to_string(case.join("case.yaml")).unwrap();
    for expected in ["source: kobo", "x-form: birth", "app_id: a1", "step: ask", "id: 7"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("hidden-from-all") && !text.contains("authorization"), "{text}");
    assert!(!text.contains("step: load") && !text.contains(TOKEN), "{text}");

    let said = run(record.current_dir(folder.path()));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.contains("is there already"), "{said:?}");
    // From elsewhere it is written where `fieldpost test` looks: beside the project file.
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let arguments = ["messages", "record", id, "--name", "again", "--beside", "../clinic.yaml"];
    let said = run(hub.command(arguments).current_dir(&elsewhere));
    assert_eq!(said.output, "written: ../tests/again\n", "{said:?}");
    assert!(said.errors.contains("looks in tests/ beside that file"), "{said:?}");
    assert!(folder.path().join("tests/again/case.yaml").is_file(), "{said:?}");
    let arguments = ["messages", "record", id, "--beside", "nowhere.yaml"];
    let said = run(hub.command(arguments).current_dir(&elsewhere));
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.errors.starts_with("error: there is no file nowhere.yaml\n"), "{said:?}");

    // What was recorded is a case as it is.
    run(&mut test(folder.path(), ["--update"])).well();
    let told = snapshot(folder.path(), "birth");
    assert_eq!(run_of(&told, "register")["final_state"]["name"], "Bo", "{told:#}");
}
