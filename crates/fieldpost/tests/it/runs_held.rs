//! Runs that wait for a paused project, and runs that the database refuses to keep.

use std::time::Instant;

use fieldpost_testkit::postgres;
use serde_json::json;

use crate::world::{Hub, LOOK_AGAIN, PATIENCE, folder, write};

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_paused_project_wait() {
    let folder = folder();
    let project = |name: &str, more: &str| {
        let text = format!(
            "project: {name}\n{more}workflows:\n  w:\n    steps:\n      a: {{ job: 'fn(state => state)' }}\n"
        );
        write(folder.path(), &format!("{name}.yaml"), &text)
    };
    let (paused, running) = (project("stands", "paused: true\n"), project("goes", ""));
    let arguments =
        ["--poll-interval", "100ms", "--project", paused.to_str().unwrap(), "--project"];
    let arguments = arguments.into_iter().chain(running.to_str());
    let hub = Hub::start(&folder.path().join("data"), arguments);
    let api = hub.api();
    let begin = async |project: &str| {
        let path = format!("projects/{project}/workflows/w/runs");
        let (status, run) = api.post(&path, &json!({})).await;
        assert_eq!(status, 201, "{run}");
        format!("projects/{project}/runs/{}", run["id"].as_str().unwrap())
    };
    let waits = begin("stands").await;
    let goes = begin("goes").await;
    // Whoever claims the later one has looked at the earlier one.
    let started = Instant::now();
    while api.get(&goes).await["state"] != "success" {
        assert!(started.elapsed() < PATIENCE * 4, "{}", api.get(&goes).await);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let run = api.get(&waits).await;
    assert_eq!((&run["state"], &run["started_at"]), (&json!("available"), &json!(null)), "{run}");
}

/// What the database refuses for good must not keep a run going on for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_last_record_is_refused_ends_without_it() {
    let folder = folder();
    let text = "project: p\nworkflows:\n  w:\n    paused: true\n    start: { a: always, b: always }\n    \
                steps: { a: { job: 'fn(state => state)' }, b: { job: 'fn(state => state)' } }\n";
    let project = write(folder.path(), "p.yaml", text);
    let database = postgres::database().await;
    let arguments = ["--poll-interval", "100ms", "--database", &database, "--project"];
    let arguments = arguments.into_iter().chain(project.to_str());
    let hub = Hub::start(&folder.path().join("data"), arguments);
    let api = hub.api();
    let (status, run) = api.post("projects/p/workflows/w/runs", &json!({})).await;
    assert_eq!(status, 201, "{run}");
    let id = run["id"].as_str().unwrap();
    // What two ends leave is kept beside the steps, where something stands already.
    let taken = format!(
        "WITH taken AS (INSERT INTO run_states (project, run, kind, bytes) VALUES ('p', '{id}', 'final', '{{}}')
             RETURNING kind) SELECT kind FROM taken"
    );
    assert_eq!(postgres::ask(&database, &taken).await, "final");
    let (status, resumed) = api.post("projects/p/workflows/w/resume", &json!({})).await;
    assert_eq!(status, 200, "{resumed}");
    let path = format!("projects/p/runs/{id}");
    let started = Instant::now();
    let run = loop {
        let run = api.get(&path).await;
        if !run["finished_at"].is_null() {
            break run;
        }
        assert!(started.elapsed() < PATIENCE * 4, "{run}");
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    assert_eq!(run["state"], "exception", "{run}");
    assert_eq!(run["error"]["message"], "What the run did could not be recorded");
}
