//! Workflows and runs by command, and the answers of webhooks that wait for a run.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Hub, check_failure, folder, http_client, run, write};

const WEBHOOK: &str = "4c1a3c9e-5a44-4d4e-9d3f-2f6c1a0b7e11";

/// A hub with the project `p`: `count` runs by hand, `answer` answers those who post to the webhook.
fn hub() -> (TempDir, Hub) {
    let folder = folder();
    let file = write(
        folder.path(),
        "p.yaml",
        &format!(
            "project: p\n\
             sources: {{ s: {{ dialect: json, id: {WEBHOOK} }} }}\n\
             workflows:\n  \
               count:\n    title: Count births\n    steps:\n      \
                 check: {{ name: Check it, job: \"fn(state => {{ console.log('checked'); return state; }})\", next: add }}\n      \
                 add:\n        job: |\n          fn(state => {{\n            \
                   if (typeof state.data !== 'number') throw new Error('no births');\n            \
                   return {{ data: state.data + 1 }};\n          }})\n  \
               answer:\n    trigger: {{ source: s, reply: {{ success_code: 200, error_code: 422 }} }}\n    steps:\n      \
                 reply:\n        job: |\n          fn(state => {{\n            \
                   if (state.data.wrong) throw new Error('wrong');\n            \
                   if (state.data.own) return {{ ...state, webhookResponse: {{ status: 202, body: {{ own: true }} }} }};\n            \
                   return {{ data: state.data }};\n          }})\n"
        ),
    );
    let arguments =
        ["--poll-interval".as_ref(), "100ms".as_ref(), "--project".as_ref(), file.as_os_str()];
    let hub = Hub::start(&folder.path().join("data"), arguments);
    (folder, hub)
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_are_shown_run_and_paused_by_command() {
    let (folder, hub) = hub();
    let listed = run(&mut hub.command(["workflows", "list"])).well();
    assert!(listed.contains("Count births") && listed.contains("message of s"), "{listed}");
    let shown = run(&mut hub.command(["workflows", "show", "count"])).well();
    assert!(shown.contains("manual") && shown.contains("Check it"), "{shown}");
    let versions = run(&mut hub.command(["workflows", "versions", "count", "--json"])).json();
    let version = versions[0]["version"].to_string();
    let arguments = ["workflows", "show", "count", "--version", &version, "--json"];
    let old = run(&mut hub.command(arguments)).json();
    assert_eq!(old["title"], "Count births");

    let state = write(folder.path(), "state.json", r#"{"data": 41}"#);
    let state = state.to_str().unwrap();
    let arguments = ["workflows", "run", "count", "--state", state, "--wait", "--json"];
    let ended = run(&mut hub.command(arguments)).json();
    assert_eq!((&ended["state"], &ended["origin"]), (&json!("success"), &json!("manual")));
    let id = ended["id"].as_str().unwrap();
    let left = run(&mut hub.command(["runs", "state", id])).json();
    assert_eq!(left, json!({ "data": 42 }));
    let given = run(&mut hub.command(["runs", "state", id, "--step", "1", "--input"])).json();
    assert_eq!(given, json!({ "data": 41 }));
    let shown = run(&mut hub.command(["runs", "show", id])).well();
    assert!(shown.contains("step 1 check Check it: success"), "{shown}");
    assert!(shown.contains("step 2 add: success"), "{shown}");
    let log = run(&mut hub.command(["runs", "log", id, "--follow"])).well();
    assert!(log.contains("checked"), "{log}");

    let paused = run(&mut hub.command(["workflows", "pause", "count", "--reason", "later"])).well();
    assert_eq!(paused, "count is paused\n");
    let said = run(&mut hub.command(["workflows", "run", "count", "--json"]));
    let told = "the workflow is paused: the run waits until `fieldpost workflows resume count`";
    assert!(said.errors.contains(told), "{said:?}");
    let waiting = said.json();
    assert_eq!(waiting["state"], "available");
    let cancelled = run(&mut hub.command(["runs", "cancel", waiting["id"].as_str().unwrap()]));
    assert!(cancelled.well().contains("cancelled"));
    let resumed = run(&mut hub.command(["workflows", "resume", "count"])).well();
    assert_eq!(resumed, "count runs\n");
    check_failure(
        &mut hub.command(["workflows", "show", "nowhere"]),
        1,
        "error: there is no workflow \"nowhere\" here [not-found]",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_listed_and_begun_again_by_command() {
    let (_folder, hub) = hub();
    let said = run(&mut hub.command(["workflows", "run", "count", "--wait"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.contains("failed after") && said.output.contains("no births"), "{said:?}");
    let failed = run(&mut hub.command(["runs", "list", "--state", "failed", "--json"])).json();
    assert_eq!(failed.as_array().unwrap().len(), 1);
    let id = failed[0]["id"].as_str().unwrap();
    let again = run(&mut hub.command(["runs", "retry", id, "--from-step", "2", "--json"])).json();
    assert_eq!((&again[0]["retry_of"], &again[0]["from_step"]), (&json!(id), &json!("add")));

    let all = ["runs", "retry", "--all", "--state", "failed", "--workflow", "count"];
    let would = run(&mut hub.command([&all[..], &["--dry-run", "--until", "2020-01-01"]].concat()));
    assert_eq!(would.well(), "retry would touch 0 runs\n");
    let first = format!("retry_of={id}");
    let done = run(&mut hub.command([&all[..], &["--yes"]].concat())).well();
    assert!(done.starts_with("retry-runs: "), "{done}");
    let runs = hub.api().all(&format!("projects/p/runs?{first}")).await;
    assert_eq!(runs.len(), 2, "{runs:#?}");
    check_failure(
        &mut hub.command(["runs", "cancel", "--state", "failed"]),
        2,
        "error: nothing says which runs to cancel\nhint: add --all to act on all that the filters \
         describe; it asks before it acts",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_can_wait_for_the_end_of_the_new_run() {
    let (folder, hub) = hub();
    let failed = run(&mut hub.command(["workflows", "run", "count", "--wait", "--json"]));
    let failed: Value = serde_json::from_str(&failed.output).unwrap();
    let state = write(folder.path(), "state.json", r#"{"data": 1}"#);
    let arguments = ["workflows", "run", "count", "--state", state.to_str().unwrap(), "--wait"];
    let good = run(&mut hub.command([&arguments[..], &["--json"]].concat())).json();
    let (failed, good) = (failed["id"].as_str().unwrap(), good["id"].as_str().unwrap());

    let said = run(&mut hub.command(["runs", "retry", failed, "--wait"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.output.contains(": failed after ") && said.output.contains("no births"),
        "{said:?}"
    );
    let told = run(&mut hub.command(["runs", "retry", good, "--wait", "--json"])).json();
    assert_eq!((&told[0]["state"], &told[0]["retry_of"]), (&json!("success"), &json!(good)));
    let both = run(&mut hub.command(["runs", "retry", good, failed, "--wait"]));
    assert_eq!(both.code, Some(1), "one of the two failed: {both:?}");
    let lines: Vec<&str> = both.output.lines().collect();
    assert!(
        lines[0].contains(": success after ") && lines[1].contains(": failed after "),
        "{lines:?}"
    );
    let said = run(&mut hub.command(["runs", "retry", "--all", "--wait"]));
    assert_eq!(said.code, Some(2), "{said:?}");
}

/// Posts to the webhook, and answers with the status and the body.
async fn post(hub: &Hub, body: &Value) -> (u16, Value) {
    let request = http_client().post(format!("{}/i/{WEBHOOK}", hub.url));
    let request = request.header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_answers_with_what_the_run_has_left() {
    let (_folder, hub) = hub();
    let (status, told) = post(&hub, &json!({ "n": 1 })).await;
    assert_eq!((status, &told["data"]), (200, &json!({ "data": { "n": 1 } })));
    assert_eq!(told["meta"]["state"], "success");
    let (status, told) = post(&hub, &json!({ "own": true })).await;
    assert_eq!((status, &told["data"]), (202, &json!({ "own": true })));
    let (status, told) = post(&hub, &json!({ "wrong": true })).await;
    assert_eq!((status, &told["meta"]["state"]), (422, &json!("failed")));
    let path = format!("projects/p/runs/{}", told["meta"]["run_id"].as_str().unwrap());
    let failed = hub.api().get(&path).await;
    assert_eq!(failed["state"], "failed");
    let message = failed["message"].as_str().unwrap();
    let shown = run(&mut hub.command(["messages", "show", message])).well();
    assert!(shown.contains("It set off 1 run of a workflow:"), "{shown}");
    let shown = run(&mut hub.command(["messages", "show", message, "--json"])).json();
    assert_eq!(shown["runs"][0]["id"], failed["id"]);
}
