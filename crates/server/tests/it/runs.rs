//! Runs over the API. The hubs of these tests have no processes for jobs: the tests take the part of whoever
//! executes a run.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::run::{JobPlace, RunInput, RunOrigin, RunState, RunStep, StepState};
use fieldpost_store::{
    FinalState, NewRun, RunDemand, RunEnd, RunError, RunHold, RunLogLine, RunRecord, RunThen,
    StepRecord,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

const RUNS: &str = "projects/clinic/runs";
/// How long a run is held by a test.
const LEASE: Duration = Duration::from_mins(1);

/// A hub with a workflow of one step.
async fn hub(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let workflow = json!({
        "steps": { "load": { "name": "Load it", "adaptor": "common", "job": "fn(s => s)" } },
    });
    let answer = hub.put("projects/clinic/workflows/register", &workflow).await;
    assert_eq!(answer.status(), 201);
    hub
}

/// Makes a run that begins with this state, about this key.
async fn make(hub: &TestHub, state: &str, key: &str) -> Uuid {
    let id = Uuid::now_v7();
    let mut run = NewRun::new(id, "register", RunOrigin::Manual, RunInput::State);
    run.state = Some(Bytes::copy_from_slice(state.as_bytes()));
    run.key = Some(key.to_owned());
    run.by = Some("amina".to_owned());
    hub.hub.store().start_runs(&"clinic".into(), None, vec![run]).await.unwrap();
    id
}

/// Executes the oldest run of the workflow `register` that waits.
async fn fail_one(hub: &TestHub) {
    fail_one_of(hub, "register").await;
}

/// Executes the oldest run of a workflow that waits: it fails, with two lines in its log.
pub(crate) async fn fail_one_of(hub: &TestHub, workflow: &str) {
    let demand = RunDemand {
        project: "clinic".into(),
        workflow: workflow.to_owned(),
        limit: 1,
        concurrency: None,
        lease: LEASE,
    };
    let claimed = hub.hub.store().claim_runs(vec![demand]).await.unwrap().claimed.remove(0);
    let now = hub.hub.now();
    let line = |number, message: &str| RunLogLine {
        number,
        step_number: Some(1),
        at: now,
        level: "info".to_owned(),
        source: "JOB".to_owned(),
        message: message.to_owned(),
    };
    let step = RunStep {
        number: 1,
        step: "load".to_owned(),
        name_in_state: "load".to_owned(),
        after: None,
        state: StepState::Fail,
        attempt: 1,
        started_at: now,
        finished_at: Some(now + Duration::from_millis(20)),
        input_bytes: Some(7),
        output_bytes: Some(14),
        error: Some(r#"{"name":"JobError","message":"no such birth"}"#.to_owned()),
        log_lines: 2,
    };
    let output = Some(Bytes::from_static(br#"{"data":1.10}"#));
    let record = RunRecord {
        hold: RunHold { project: claimed.project, run: claimed.run.id, fence: claimed.fence },
        workflow: claimed.run.workflow,
        order_key: claimed.order_key,
        started_at: Some(now),
        steps: vec![StepRecord { step, input: None, output }],
        log: vec![line(1, "one"), line(2, "two")],
        then: RunThen::Ended(RunEnd {
            state: RunState::Failed,
            error: Some(RunError {
                error_type: "JobError".to_owned(),
                message: "no such birth".to_owned(),
                step: Some("load".to_owned()),
                place: Some(JobPlace { line: 3, column: Some(12) }),
            }),
            final_state: Some(FinalState::OfStep(1)),
            drop_states: false,
        }),
        forgets_lost_claims: false,
    };
    hub.hub.store().record_runs(vec![record]).await.unwrap();
}

fn ids(runs: &[Value]) -> Vec<&str> {
    runs.iter().map(|run| text(&run["id"])).collect()
}

#[tokio::test]
async fn a_run_is_told_with_its_steps_its_states_and_its_log() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        let id = make(&hub, r#"{"a": 1}"#, "c-1").await.to_string();
        let place = format!("{RUNS}/{id}");
        let waiting = hub.json(&place).await;
        assert_eq!((text(&waiting["state"]), &waiting["steps"]), ("available", &json!([])));
        assert_eq!(waiting["error"], json!(null));
        assert_eq!(waiting["input"], json!({ "kind": "state", "id": null }));
        assert_eq!((text(&waiting["by"]), text(&waiting["key"])), ("amina", "c-1"));
        problem(hub.get(&format!("{place}/state")).await, 404, "state-not-kept").await;

        fail_one(&hub).await;
        let run = hub.json(&place).await;
        assert_eq!(text(&run["state"]), "failed");
        let error = json!({ "type": "JobError", "message": "no such birth", "step": "load", "line": 3, "column": 12 });
        assert_eq!(run["error"], error);
        let step = &run["steps"][0];
        assert_eq!((text(&step["name"]), text(&step["state"])), ("Load it", "fail"));
        assert_eq!((&step["duration_ms"], &step["log_lines"]), (&json!(20), &json!(2)));
        assert_eq!(step["error"]["name"], "JobError");

        // States are handed out to the letter.
        let answer = hub.get(&format!("{place}/steps/1/output")).await;
        assert_eq!(answer.text().await.unwrap(), r#"{"data":1.10}"#);
        let answer = hub.get(&format!("{place}/steps/1/input")).await;
        assert_eq!(answer.text().await.unwrap(), r#"{"a": 1}"#);
        let answer = hub.get(&format!("{place}/state")).await;
        assert_eq!(answer.text().await.unwrap(), r#"{"data":1.10}"#);
        problem(hub.get(&format!("{place}/steps/2/output")).await, 404, "not-found").await;

        let first = hub.json(&format!("{place}/log?limit=1")).await;
        assert_eq!(first["items"][0]["message"], "one");
        let rest = hub.json(&format!("{place}/log?after={}", text(&first["next"]))).await;
        assert_eq!((&rest["items"][0]["message"], &rest["next"]), (&json!("two"), &json!(null)));
        let wrong = hub.get(&format!("{place}/log?after=x")).await;
        problem(wrong, 400, "bad-parameter").await;
    }
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_filtered() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        let mut made = Vec::new();
        for key in ["c-1", "c-2", "c-3"] {
            made.push(make(&hub, "{}", key).await.to_string());
        }
        fail_one(&hub).await;
        let newest = [&*made[2], &*made[1], &*made[0]];
        let workflow = hub.json("projects/clinic/workflows/register").await;
        let last = workflow["last_runs"].as_array().unwrap();
        assert_eq!(ids(last), newest);
        assert_eq!((&last[0]["state"], &last[2]["state"]), (&json!("available"), &json!("failed")));
        assert!(workflow["saved_at"].is_string(), "{workflow}");
        assert_eq!(ids(&hub.items(RUNS).await), newest);
        for (query, expected) in [
            ("workflow=register", &newest[..]),
            ("state=failed", &newest[2..]),
            ("state=available,failed", &newest[..]),
            ("state=success", &[]),
            ("key=c-2", &newest[1..2]),
            ("error_type=JobError", &newest[2..]),
            ("error_type=RuntimeError", &[]),
            ("origin=event", &[]),
            ("until=2020-01-01T00:00:00Z", &[]),
            ("since=2020-01-01T00:00:00Z", &newest[..]),
            (&format!("ids={}", made[1]), &newest[1..2]),
        ] {
            assert_eq!(ids(&hub.items(&format!("{RUNS}?{query}")).await), expected, "{query}");
        }
        let page = hub.json(&format!("{RUNS}?limit=2")).await;
        assert_eq!(ids(page["items"].as_array().unwrap()), newest[..2]);
        let rest = hub.json(&format!("{RUNS}?limit=2&cursor={}", text(&page["next"]))).await;
        assert_eq!(ids(rest["items"].as_array().unwrap()), newest[2..]);

        for (query, status, code) in [
            ("state=nothing", 400, "bad-parameter"),
            ("workflow=nothing", 404, "not-found"),
            ("from=x", 400, "unknown-parameter"),
        ] {
            problem(hub.get(&format!("{RUNS}?{query}")).await, status, code).await;
        }
        problem(hub.get(&format!("{RUNS}/{}", Uuid::now_v7())).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn every_save_of_a_workflow_is_a_version() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        let place = "projects/clinic/workflows/register";
        let first = hub.json(place).await;
        let mut changed = first["definition"].clone();
        changed["title"] = json!("Births");
        hub.put(place, &changed).await;
        let versions = hub.items(&format!("{place}/versions")).await;
        let numbers: Vec<&Value> = versions.iter().map(|version| &version["version"]).collect();
        assert_eq!(numbers.len(), 2, "{versions:?}");
        assert_eq!(numbers[1], &first["version"]);
        let page = hub.json(&format!("{place}/versions?limit=1")).await;
        let rest = format!("{place}/versions?cursor={}", text(&page["next"]));
        assert_eq!(hub.items(&rest).await, versions[1..]);
        let old = hub.json(&format!("{place}/versions/{}", first["version"])).await;
        assert_eq!((&old["definition"], &old["title"]), (&first["definition"], &json!("")));
        for nowhere in ["99999", "x"] {
            let answer = hub.get(&format!("{place}/versions/{nowhere}")).await;
            problem(answer, 404, "not-found").await;
        }
        let answer = hub.get("projects/clinic/workflows/nowhere/versions").await;
        problem(answer, 404, "not-found").await;
    }
}

#[tokio::test]
async fn runs_are_begun_by_hand_cancelled_and_begun_again() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        let by_hand = "projects/clinic/workflows/register/runs";
        let given = json!({ "state": { "data": { "a": 1 } } });
        let answer = hub.post(by_hand, &given).await;
        assert_eq!(answer.status(), 201);
        let made = json_of(answer).await;
        assert_eq!((text(&made["state"]), text(&made["origin"])), ("available", "manual"));
        assert_eq!(text(&made["by"]), "administrator");
        let place = format!("{RUNS}/{}", text(&made["id"]));
        let early = hub.post(&format!("{place}/retry"), &json!({})).await;
        problem(early, 409, "run-not-ended").await;

        fail_one(&hub).await;
        let again = hub.post(&format!("{place}/retry"), &json!({ "from_step": 1 })).await;
        assert_eq!(again.status(), 201);
        let again = json_of(again).await;
        assert_eq!((&again["retry_of"], text(&again["from_step"])), (&made["id"], "load"));
        assert_eq!(again["version"], made["version"]);
        let listed = hub.items(&format!("{RUNS}?retry_of={}", text(&made["id"]))).await;
        assert_eq!(ids(&listed), [text(&again["id"])]);

        let place = format!("{RUNS}/{}", text(&again["id"]));
        let cancelled = json_of(hub.post(&format!("{place}/cancel"), &json!({})).await).await;
        assert_eq!(text(&cancelled["state"]), "cancelled");
        problem(hub.post(&format!("{place}/cancel"), &json!({})).await, 409, "run-ended").await;

        let message = hub.keep(r#"{"a": 1}"#).await;
        let with_message = json!({ "message": message["id"] });
        let made = json_of(hub.post(by_hand, &with_message).await).await;
        assert_eq!(made["input"], json!({ "kind": "message", "id": message["id"] }));
        let with_run = json!({ "run": made["retry_of"], "step": 1 });
        problem(hub.post(by_hand, &with_run).await, 400, "bad-body").await;

        for (order, status, code) in [
            (json!({ "state": {}, "message": message["id"] }), 400, "bad-body"),
            (json!({ "state": [1] }), 409, "bad-state"),
            (json!({ "message": Uuid::now_v7() }), 404, "not-found"),
            (json!({ "version": 99_999 }), 404, "not-found"),
            (json!({ "from_step": "nowhere" }), 404, "not-found"),
        ] {
            problem(hub.post(by_hand, &order).await, status, code).await;
        }
        let wrong = hub.post(&format!("{place}/retry"), &json!({ "version": "old" })).await;
        problem(wrong, 400, "bad-parameter").await;
    }
}

#[tokio::test]
async fn many_runs_are_begun_again_and_ended_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        for key in ["c-1", "c-2", "c-3"] {
            make(&hub, "{}", key).await;
        }
        fail_one(&hub).await;
        let counts = hub.json(&format!("{RUNS}/counts?workflow=register")).await;
        let expected = json!({ "total": 3, "states": { "available": 2, "failed": 1 } });
        assert_eq!(counts, expected);

        let actions = format!("{RUNS}/actions");
        let order = json!({ "action": "retry", "filter": { "state": "failed" }, "dry_run": true });
        let would = json_of(hub.post(&actions, &order).await).await;
        assert_eq!((&would["touched"], &would["states"]), (&json!(1), &json!({ "failed": 1 })));
        let order = json!({ "action": "retry", "filter": { "state": "failed" }, "wait": false });
        let begun = json_of(hub.post(&actions, &order).await).await;
        let done = ended(&hub, text(&begun["id"])).await;
        assert_eq!((text(&done["action"]), &done["touched"]), ("retry-runs", &json!(1)));
        assert_eq!(hub.items(&format!("{RUNS}?origin=retry")).await.len(), 1);

        let order = json!({ "action": "cancel", "filter": {}, "wait": false });
        let begun = json_of(hub.post(&actions, &order).await).await;
        let done = ended(&hub, text(&begun["id"])).await;
        assert_eq!(done["touched"], 3);
        assert_eq!(hub.items(&format!("{RUNS}?state=cancelled")).await.len(), 3);
        let order = json!({ "action": "forget", "filter": {} });
        problem(hub.post(&actions, &order).await, 400, "bad-parameter").await;
    }
}

/// An action, as it ended.
async fn ended(hub: &TestHub, id: &str) -> Value {
    eventually("the action has ended", async || {
        let action = hub.json(&format!("projects/clinic/deliveries/actions/{id}")).await;
        (action["state"] == "done").then_some(action)
    })
    .await
}

#[tokio::test]
async fn what_waits_of_a_removed_workflow_is_cancelled() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for by_file in [false, true] {
            let hub = hub(engine).await;
            let id = make(&hub, "{}", "c-1").await;
            if by_file {
                hub.apply(hub.definition()).await;
            } else {
                let removed = hub.delete("projects/clinic/workflows/register").await;
                assert_eq!(removed.status(), 204);
            }
            let run = hub.json(&format!("{RUNS}/{id}")).await;
            assert_eq!(text(&run["state"]), "cancelled");
            assert_eq!(run["error"]["message"], "the workflow \"register\" has been removed");
        }
    }
}

#[tokio::test]
async fn a_workflow_tells_how_its_runs_of_the_last_day_went() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        let last_day =
            async || hub.json("projects/clinic/workflows/register").await["last_day"].take();
        let nothing = json!({
            "succeeded": 0, "failed": 0, "cancelled": 0, "is_more": false,
            "waiting": 0, "waiting_is_more": false,
        });
        assert_eq!(last_day().await, nothing);
        make(&hub, "{}", "a").await;
        fail_one(&hub).await;
        let ended = make(&hub, "{}", "b").await;
        make(&hub, "{}", "c").await;
        let cancelled = hub.post(&format!("{RUNS}/{ended}/cancel"), &json!({})).await;
        assert_eq!(cancelled.status(), 200);
        let mut expected = nothing;
        for key in ["failed", "cancelled", "waiting"] {
            expected[key] = json!(1);
        }
        assert_eq!(last_day().await, expected);
        let listed = hub.items("projects/clinic/workflows").await;
        assert_eq!(listed[0]["last_day"], expected);
    }
}

#[tokio::test]
async fn workflows_and_their_runs_are_found() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        let titled = json!({ "title": "Tell the office", "steps": { "a": { "job": "" } } });
        assert_eq!(hub.put("projects/clinic/workflows/tell", &titled).await.status(), 201);
        let run = make(&hub, "{}", "case-77").await.to_string();
        let find = async |query: &str| {
            let items = hub.items(&format!("search?q={query}")).await;
            let told = |item: &Value| {
                [&item["kind"], &item["title"], &item["url_path"]].map(text).join(" ")
            };
            items.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(find("regis").await, ["workflow register /projects/clinic/workflows/register"]);
        let by_title = "workflow Tell the office /projects/clinic/workflows/tell";
        assert_eq!(find("OFFICE").await, [by_title]);
        let by_id = format!("run case-77, register, available /projects/clinic/runs/{run}");
        assert_eq!(find(&run).await, std::slice::from_ref(&by_id));
        let beginning: String = run.chars().take(13).collect();
        assert!(find(&beginning).await.contains(&by_id));
        assert_eq!(find("case-77").await, [by_id]);
    }
}

#[tokio::test]
async fn workflows_stand_on_the_map_between_what_sets_them_off_and_what_they_use() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let step = |connection: Option<&str>| json!({ "job": "", "connection": connection });
        let steps = json!({ "a": step(Some("there")), "b": step(None), "c": step(Some("there")) });
        for (name, definition) in [
            (
                "load",
                json!({
                    "title": "Load births",
                    "trigger": { "source": "inbox", "match": { "form": "births" } },
                    "start": { "a": "always", "b": "always", "c": "always" },
                    "steps": steps,
                }),
            ),
            (
                "nightly",
                json!({ "trigger": { "cron": "0 3 * * *" }, "steps": { "a": step(None) } }),
            ),
            ("any", json!({ "trigger": { "event": "form" }, "steps": { "a": step(None) } })),
        ] {
            let mut definition = definition;
            for step in definition["steps"].as_object_mut().unwrap().values_mut() {
                step.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
            let answer = hub.put(&format!("projects/clinic/workflows/{name}"), &definition).await;
            assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        }
        hub.keep(r#"{"form": "births"}"#).await;
        let map = hub.json("projects/clinic/map").await;
        let nodes = map["nodes"].as_array().unwrap();
        let node = |id: &str| nodes.iter().find(|node| node["id"] == id).unwrap();
        let load = node("workflow:load");
        let expected = json!({
            "id": "workflow:load", "kind": "workflow", "name": "load", "title": "Load births",
            "state": "well", "failing": false, "today": 1, "waiting": 1, "waiting_is_more": false,
            "filter": "{\"form\":\"births\"}", "on": "message",
        });
        assert_eq!(*load, expected);
        let nightly = node("workflow:nightly");
        assert_eq!(
            (&nightly["on"], &nightly["filter"]),
            (&json!("cron"), &json!("0 3 * * * (UTC)"))
        );
        assert_eq!(node("workflow:any")["on"], "form");
        let of_workflows = |map: &Value| -> Vec<(String, String, Value)> {
            let edges = map["edges"].as_array().unwrap().iter();
            let told = |it: &Value| -> (String, String, Value) {
                (text(&it["from"]).into(), text(&it["to"]).into(), it["today"].clone())
            };
            let of_workflow = |id: &str| id.starts_with("workflow:");
            edges.map(told).filter(|(from, to, _)| of_workflow(from) || of_workflow(to)).collect()
        };
        let edge =
            |from: &str, to: &str, today: u64| (from.to_owned(), to.to_owned(), json!(today));
        let expected = [
            edge("any_source:*", "workflow:any", 0),
            edge("source:inbox", "workflow:load", 1),
            edge("workflow:load", "connection:there", 0),
        ];
        assert_eq!(of_workflows(&map), expected);
        // Its last run has failed, and it is paused: then that is told.
        fail_one_of(&hub, "load").await;
        let map = hub.json("projects/clinic/map").await;
        let load = |map: &Value| {
            let nodes = map["nodes"].as_array().unwrap();
            let load = nodes.iter().find(|node| node["id"] == "workflow:load").unwrap();
            [&load["failing"], &load["waiting"], &load["state"]].map(Value::clone)
        };
        assert_eq!(load(&map), [json!(true), json!(0), json!("well")]);
        hub.post("projects/clinic/workflows/load/pause", &json!({})).await;
        let map = hub.json("projects/clinic/map").await;
        assert_eq!(load(&map), [json!(true), json!(0), json!("paused")]);
    }
}
