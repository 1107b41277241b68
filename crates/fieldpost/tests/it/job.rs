//! `fieldpost job`: jobs and workflows from files, as `openfn` runs them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};

use crate::world::{Said, check_failure, fieldpost, folder, run, write};

/// The command, in a folder.
fn job<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = fieldpost(["job"].into_iter().chain(arguments));
    command.current_dir(folder);
    command
}

/// The command's output as JSON, however it ended.
#[track_caller]
fn output(said: &Said) -> Value {
    serde_json::from_str(&said.output).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

const WORKFLOW: &str = r#"{
  "workflow": {
    "name": "numbers",
    "steps": [
      { "id": "load", "name": "Load it", "adaptors": ["common@3.3.4"], "expression": "load.js",
        "next": { "double": { "condition": "on_job_success" }, "tell": "on_job_failure" } },
      { "id": "double", "adaptor": "common", "expression": "fn(s => ({ ...s, n: s.n * 2 }))" },
      { "id": "tell", "adaptor": "common", "expression": "fn(s => ({ ...s, told: true }))" }
    ]
  }
}"#;

#[test]
fn a_job_runs_and_its_state_is_written_beside_it() {
    let folder = folder();
    let jobs = folder.path().join("jobs");
    fs::create_dir(&jobs).unwrap();
    write(
        &jobs,
        "job.js",
        "fn(s => { console.log('hello'); return { ...s, n: s.data.n + 1 }; });\n",
    );
    write(folder.path(), "state.json", r#"{"data":{"n":1},"configuration":{"token":"a-secret"}}"#);
    let said = run(&mut job(folder.path(), ["jobs/job.js", "-a", "common", "-s", "state.json"]));
    assert_eq!((said.code, said.output.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(said.errors, "JOB info  hello\n");
    let expected = json!({"data": {"n": 1}, "n": 2});
    assert_eq!(read(&jobs.join("output.json")), expected);

    // A folder with a job in it is that job.
    let said = run(&mut job(
        folder.path(),
        ["jobs", "-a", "common", "-s", "state.json", "-o", "left.json"],
    ));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(read(&folder.path().join("left.json")), expected);
}

#[test]
fn the_state_comes_by_the_command_line_or_standard_input() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(s => ({ n: s.data.n }))");
    let given = ["job.js", "-a", "@openfn/language-common", "-O", "-S", r#"{"data":{"n":7}}"#];
    let said = run(&mut job(folder.path(), given));
    assert_eq!(said.well(), "{\n  \"n\": 7\n}\n");
    let mut command = job(folder.path(), ["job.js", "-a", "common", "-O", "-S"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(br#"{"data":{"n":8}}"#).unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(output(&said), json!({"n": 8}));
}

#[test]
fn a_step_that_fails_is_shown_with_its_line() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(s => s);\nfn(s => s.data.a.b);\n");
    let said = run(&mut job(folder.path(), ["job.js", "-a", "common", "-O"]));
    assert_eq!(said.code, Some(1));
    let state = output(&said);
    let error = &state["errors"]["job-1"];
    assert_eq!(error["name"], "RuntimeError");
    assert_eq!(error["pos"]["line"], 2);
    assert!(said.errors.starts_with("failed: job.js: RuntimeError: TypeError: "), "{said:?}");
    assert!(said.errors.contains("(line 2, column "), "{said:?}");
    assert!(said.errors.contains("\n  2 | fn(s => s.data.a.b);\n    |  "), "{said:?}");
    let said =
        run(&mut job(folder.path(), ["job.js", "-a", "common", "-O", "--openfn-exit-codes"]));
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn an_adaptor_that_fails_is_shown_with_the_line_of_its_operation() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(s => s);\n\nassert(false, 'no water');\n");
    let said = run(&mut job(folder.path(), ["job.js", "-a", "common", "-O"]));
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.errors.trim_end(),
        "failed: job.js: AdaptorError: no water (in assert, line 3)\n  \
         3 | assert(false, 'no water');\n    | ^"
    );
}

#[test]
fn a_run_that_breaks_off_writes_nothing() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(s => missing);\n");
    for more in [&[][..], &["--openfn-exit-codes"]] {
        let arguments = ["job.js", "-a", "common"].into_iter().chain(more.iter().copied());
        let said = run(&mut job(folder.path(), arguments));
        assert_eq!((said.code, said.output.as_str()), (Some(1), ""), "{said:?}");
        assert!(said.errors.contains("error: job.js: RuntimeCrash: ReferenceError: "), "{said:?}");
        assert!(said.errors.contains("1 | fn(s => missing);"), "{said:?}");
        assert!(!folder.path().join("output.json").exists());
    }
    let said = run(&mut job(folder.path(), ["job.js"]));
    assert_eq!(said.code, Some(1));
    assert!(said.errors.contains("hint: name the adaptor"), "{said:?}");
}

#[test]
fn a_job_that_takes_too_long_is_ended() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(() => { for (;;); })");
    let said = run(&mut job(folder.path(), ["job.js", "-a", "common", "-t", "200"]));
    assert_eq!(said.code, Some(1));
    assert!(said.errors.contains("TimeoutError: Job took longer than 200ms"), "{said:?}");
}

#[test]
fn a_workflow_goes_along_its_edges() {
    let folder = folder();
    write(folder.path(), "workflow.json", WORKFLOW);
    write(
        folder.path(),
        "load.js",
        "fn(s => ({ ...s, n: s.data.n ?? fail() }));\nfunction fail() { throw Error('no n') }",
    );
    let well = run(&mut job(folder.path(), [".", "-O", "-S", r#"{"data":{"n":2}}"#])).json();
    assert_eq!(well, json!({"data": {"n": 2}, "n": 4}));
    let said = run(&mut job(folder.path(), ["workflow.json", "-O"]));
    assert_eq!(said.code, Some(1));
    let state = output(&said);
    assert_eq!(
        (&state["told"], &state["errors"]["load"]["message"]),
        (&json!(true), &json!("no n"))
    );
    assert!(said.errors.contains("load.js: "), "the file of the step is named: {said:?}");
}

#[test]
fn a_part_of_a_workflow_runs() {
    let folder = folder();
    write(folder.path(), "workflow.json", WORKFLOW);
    write(folder.path(), "load.js", "fn(s => ({ ...s, n: 5 }))");
    let check = |arguments: &[&str], n: u32| {
        let all = ["workflow.json", "-O", "-S", r#"{"n":1}"#].into_iter();
        let state = run(&mut job(folder.path(), all.chain(arguments.iter().copied()))).json();
        assert_eq!(state["n"], n, "{arguments:?}");
    };
    check(&[], 10);
    check(&["--start", "double"], 2);
    check(&["--start", "doub"], 2);
    check(&["--end", "Load it"], 5);
    check(&["--only", "load"], 5);
    check_failure(
        &mut job(folder.path(), ["workflow.json", "--only", "l"]),
        2,
        "error: \"l\" fits several steps: load, double, tell [no-such-step]\nhint: give the whole id",
    );
    check_failure(
        &mut job(folder.path(), ["workflow.json", "--start", "gone"]),
        2,
        "error: there is no step \"gone\" [no-such-step]\nhint: the steps are load, double, tell",
    );
}

#[test]
fn jobs_are_compiled_without_being_run() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(s => s);\n");
    let module = run(&mut job(folder.path(), ["job.js", "-a", "common", "--compile-only"])).well();
    assert!(module.contains("export default ["), "{module}");
    assert!(module.contains("\"@openfn/language-common\""), "{module}");
    write(folder.path(), "workflow.json", WORKFLOW);
    write(folder.path(), "load.js", "fn(s => s)");
    let arguments = ["workflow.json", "--compile-only", "-o", "compiled.json"];
    run(&mut job(folder.path(), arguments)).well();
    let compiled = read(&folder.path().join("compiled.json"));
    let steps = compiled["workflow"]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|it| it["expression"].as_str().unwrap().contains("export default")));
}

#[test]
fn a_job_may_use_packages_of_npm_that_are_installed() {
    let folder = folder();
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    write(
        &own,
        "package.json",
        r#"{"name": "@openfn/language-clinic", "version": "1.2.3", "type": "module", "exports": "./index.js"}"#,
    );
    write(
        &own,
        "index.js",
        "export const fn = (operation) => (state) => operation(state);\n\
         export const where = () => (state) => ({ ...state, where: process.release.name });\n\
         export const fail = () => () => { throw new Error('no water'); };\n",
    );
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let install = ["adaptor", "install", own.to_str().unwrap(), "--data", data];
    run(&mut fieldpost(install)).well();

    write(folder.path(), "job.js", "where();\nfn(s => ({ ...s, n: s.data.n + 1 }));\n");
    let state = r#"{"data":{"n":1}}"#;
    for name in ["clinic", "clinic@1.2.3", "@openfn/language-clinic@1.2.3"] {
        let arguments = ["job.js", "-a", name, "--data", data, "-O", "-S", state];
        let said = run(&mut job(folder.path(), arguments)).json();
        assert_eq!(said, json!({ "data": { "n": 1 }, "where": "node", "n": 2 }), "{name}");
    }
    // Steps of the binary go on in its own processes.
    let workflow = json!({ "workflow": { "steps": [
        { "id": "a", "adaptors": ["clinic"], "expression": "where();", "next": "b" },
        { "id": "b", "adaptors": ["common"],
          "expression": "fn(s => ({ ...s, here: typeof process }));", "next": "c" },
        { "id": "c", "adaptors": ["clinic"], "expression": "fn(s => s);\nfail();" },
    ] } });
    write(folder.path(), "workflow.json", &workflow.to_string());
    let arguments = ["workflow.json", "--data", data, "-O", "-S", state];
    let said = run(&mut job(folder.path(), arguments));
    assert_eq!(said.code, Some(1), "{said:?}");
    let left = output(&said);
    assert_eq!((&left["where"], &left["here"]), (&json!("node"), &json!("undefined")));
    assert_eq!(left["errors"]["c"]["message"], "no water");
    assert!(said.errors.contains("no water (in fail, line 2)"), "{said:?}");

    let unknown = job(folder.path(), ["job.js", "-a", "clinic@9.9.9", "--data", data]);
    let said = run(&mut { unknown });
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.errors.contains("there is no adaptor \"clinic@9.9.9\""), "{said:?}");
    let arguments = ["job.js", "-a", "clinic", "--data", data, "--node", "/nowhere/node"];
    let said = run(&mut job(folder.path(), arguments));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.starts_with("error: packages of npm cannot be used: "), "{said:?}");
    assert!(said.errors.contains("[no-node]\nhint: they need Node.js 20"), "{said:?}");
}

#[test]
fn what_cannot_be_run_is_refused_with_its_place() {
    let folder = folder();
    write(folder.path(), "job.js", "fn(s => s);\nget($.data;\n");
    let said = run(&mut job(folder.path(), ["job.js", "-a", "common"]));
    assert_eq!(said.code, Some(1));
    assert!(said.errors.starts_with("error: job.js: The job is not valid JavaScript"), "{said:?}");
    assert!(said.errors.contains("[job-syntax]\n  2 | get($.data;\n"), "{said:?}");

    let unknown = run(&mut job(folder.path(), ["job.js", "-a", "salesforce"]));
    assert_eq!(unknown.code, Some(2));
    let expected =
        "error: there is no adaptor \"salesforce\" [no-such-adaptor]\nhint: the binary has ";
    assert!(unknown.errors.starts_with(expected), "{unknown:?}");
    for name in ["common", "dhis2", "http", "adaptor install @openfn/language-salesforce@VERSION"] {
        assert!(unknown.errors.contains(name), "{unknown:?}");
    }
    check_failure(
        &mut job(folder.path(), ["job.js", "-a", "dhsi2"]),
        2,
        "error: there is no adaptor \"dhsi2\" [no-such-adaptor]\nhint: did you mean `dhis2`?",
    );
    write(folder.path(), "workflow.json", r#"{"workflow":{"steps":[{"id":"a","next":"b"}]}}"#);
    check_failure(
        &mut job(folder.path(), ["workflow.json"]),
        1,
        "error: workflow.json: Cannot find job: b [bad-workflow]",
    );
    check_failure(
        &mut job(folder.path(), ["job.js", "-S", "[1]", "-a", "common"]),
        1,
        said.errors.trim_end(),
    );
    write(folder.path(), "job.js", "fn(s => s)");
    check_failure(
        &mut job(folder.path(), ["job.js", "-S", "[1]", "-a", "common"]),
        2,
        "error: the state in --state-stdin is no object",
    );
    let said = run(&mut job(folder.path(), ["gone.js"]));
    assert_eq!(said.code, Some(2), "{said:?}");
    let said = run(&mut job(folder.path(), ["job.js", "-t", "0"]));
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn a_job_cannot_steer_the_terminal_nor_show_its_credential() {
    let folder = folder();
    write(
        folder.path(),
        "job.js",
        "fn(s => { console.log('\\u001b[2J' + s.configuration.password); return s; })",
    );
    let state = r#"{"configuration":{"password":"hunter2-long"}}"#;
    let said = run(&mut job(folder.path(), ["job.js", "-a", "common", "-O", "-S", state]));
    assert_eq!(said.errors, "JOB info  \\u{1b}[2J***\n");
    assert_eq!(output(&said).get("configuration"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reaches_what_is_opened_to_it() {
    let server = FakeDestination::start().await;
    server.answer(
        "/api/items",
        Answer::status(200).header("content-type", "application/json").body(r#"{"n":3}"#),
    );
    let folder = folder();
    write(folder.path(), "job.js", "get('items');");
    let state = json!({ "configuration": {
        "baseUrl": server.url("/api"), "username": "ann", "password": "hunter2",
    }});
    write(folder.path(), "state.json", &state.to_string());
    let arguments = ["job.js", "-a", "http", "-s", "state.json", "-O"];
    let said = run(&mut job(folder.path(), arguments));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.errors.contains("--allow-network 127.0.0.1/32"), "{said:?}");
    assert_eq!(server.received().len(), 0);

    let opened = arguments.into_iter().chain(["--allow-network", "private"]);
    let said = run(&mut job(folder.path(), opened));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(output(&said)["data"], json!({ "n": 3 }));
    assert_eq!(output(&said)["response"]["statusCode"], 200);
    assert!(said.errors.contains("GET http://127.0.0.1:"), "{said:?}");
    assert!(!format!("{said:?}").contains("hunter2"));
    let request = &server.received()[0];
    assert_eq!(request.header("authorization"), Some("Basic YW5uOmh1bnRlcjI="));
}
