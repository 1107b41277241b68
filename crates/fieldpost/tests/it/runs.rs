//! Runs of workflows, from the message that sets them off to the requests that their jobs make.

use std::time::{Duration, Instant};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Api, Hub, LOOK_AGAIN, PATIENCE, folder, write};

const SECRET: &str = "a-long-random-word-of-letters";

/// How long runs may take: a little less than what a whole test may.
const RUNS_PATIENCE: Duration = Duration::from_secs(100);

/// A hub with the project `p`, its workflows, and a destination.
struct World {
    hub: Hub,
    api: Api,
    destination: FakeDestination,
    _folder: TempDir,
}

impl World {
    /// `workflows` is YAML; `DESTINATION` in it stands for the address of the destination.
    async fn start(workflows: &str) -> Self {
        Self::start_with(workflows, &[]).await
    }

    async fn start_with(workflows: &str, more: &[&str]) -> Self {
        let destination = FakeDestination::start().await;
        let folder = folder();
        let text = format!(
            "project: p\n\
             sources: {{ s: {{ dialect: json, secret: {SECRET} }} }}\n\
             connections:\n  there:\n    url: '{url}'\n    auth: {{ basic: {{ username: ann, password: a-long-password }} }}\n\
             workflows:\n{workflows}",
            url = destination.url(""),
        );
        let text = text.replace("DESTINATION", destination.url("").trim_end_matches('/'));
        let project = write(folder.path(), "project.yaml", &text);
        let mut arguments = vec!["--allow-network", "private", "--poll-interval", "100ms"];
        arguments.extend(["--project", project.to_str().unwrap()]);
        arguments.extend(more);
        let hub = Hub::start(&folder.path().join("data"), arguments);
        Self { api: hub.api(), hub, destination, _folder: folder }
    }

    async fn post(&self, body: &Value) {
        assert_eq!(self.hub.post(SECRET, body.to_string()).await, 200);
    }

    /// Waits for the first run that the list shows in a state, and answers by its document.
    async fn wait_for(&self, workflow: &str, state: &str) -> Value {
        self.wait_for_runs(workflow, state, 1).await.remove(0)
    }

    /// Waits for so many runs in a state, on a slow machine too: processes must start for them. The oldest
    /// is first.
    async fn wait_for_runs(&self, workflow: &str, state: &str, count: usize) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let path = format!("projects/p/runs?workflow={workflow}&state={state}");
            let mut found = self.api.all(&path).await;
            if found.len() >= count {
                found.reverse();
                let mut runs = Vec::new();
                for run in found {
                    runs.push(self.run(run["id"].as_str().unwrap()).await);
                }
                return runs;
            }
            if started.elapsed() > RUNS_PATIENCE {
                let all = self.api.all("projects/p/runs").await;
                panic!("{} of {count} runs of {workflow} are {state}: {all:#?}", found.len());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn run(&self, id: &str) -> Value {
        self.api.get(&format!("projects/p/runs/{id}")).await
    }

    async fn state(&self, run: &Value) -> Value {
        self.api.get(&format!("projects/p/runs/{}/state", run["id"].as_str().unwrap())).await
    }

    async fn step_state(&self, run: &Value, number: u64, side: &str) -> Value {
        let id = run["id"].as_str().unwrap();
        self.api.get(&format!("projects/p/runs/{id}/steps/{number}/{side}")).await
    }
}

/// Each execution of a step as `name state`, with the number of what led to it.
fn steps(run: &Value) -> Vec<String> {
    let steps = run["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            let text = |key: &str| step[key].as_str().unwrap();
            format!("{} {} after {}", text("name_in_state"), text("state"), step["after"])
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_through_the_steps_of_a_workflow() {
    let world = World::start(
        "  w:\n    trigger: { source: s, match: { form: births } }\n    steps:\n      \
           check:\n        job: |\n          fn(state => { console.log('n is', state.data.n); return {...state, n: state.data.n + 1}; })\n        \
             next: { send: 'state.n > 1', never: on_job_failure }\n      \
           send:\n        adaptor: http\n        connection: there\n        \
             job: |\n          post('/in', state => ({ n: state.n, via: state.request.method }))\n      \
           never: { job: 'fn(state => state)' }\n",
    )
    .await;
    world.post(&json!({"form": "deaths", "n": 1})).await;
    world.post(&json!({"form": "births", "n": 1})).await;
    let run = world.wait_for("w", "success").await;
    assert_eq!(steps(&run), ["check success after null", "send success after 1"]);
    assert_eq!(world.api.all("projects/p/runs").await.len(), 1);
    let received = world.destination.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].json(), json!({"n": 2, "via": "POST"}));
    assert!(received[0].header("authorization").unwrap().starts_with("Basic "));
    // What each step was given and left is there, without the credential.
    let input = world.step_state(&run, 1, "input").await;
    assert_eq!(input["data"], json!({"form": "births", "n": 1}));
    assert_eq!(input["request"]["path"], json!(["inbox", "•••••••"]));
    let between = world.step_state(&run, 1, "output").await;
    assert_eq!(world.step_state(&run, 2, "input").await, between);
    let left = world.state(&run).await;
    assert_eq!((&left["n"], left.get("configuration")), (&json!(2), None));
    assert!(!left.to_string().contains("a-long-password"));
    let log = format!("projects/p/runs/{}/log", run["id"].as_str().unwrap());
    let lines = world.api.all(&log).await;
    assert!(lines.iter().any(|line| line["message"] == "n is 1" && line["step_number"] == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_go_on_at_once() {
    let world = World::start(
        "  w:\n    trigger: { source: s }\n    start: { b: always, c: always }\n    steps:\n      \
           b: { adaptor: http, job: \"post('DESTINATION/b', {})\" }\n      \
           c: { adaptor: http, job: \"post('DESTINATION/c', {})\" }\n",
    )
    .await;
    for path in ["/b", "/c"] {
        world.destination.answer(path, Answer::hang());
    }
    world.post(&json!({})).await;
    // Neither is answered, and yet both have come.
    let mut paths: Vec<String> =
        world.destination.wait_for(2, PATIENCE).await.into_iter().map(|it| it.path).collect();
    paths.sort();
    assert_eq!(paths, ["/b", "/c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_can_wait_for_all_paths_or_run_for_each() {
    let steps_of = "start: { a: always, b: always }\n    steps:\n      \
         a: { job: 'fn(state => ({ data: 1 }))', next: c }\n      \
         b: { job: 'fn(state => ({ data: 2 }))', next: c }\n      \
         c: { job: 'fn(state => state)' }\n";
    let world = World::start(&format!(
        "  all:\n    trigger: {{ source: s }}\n    join: all\n    {steps_of}  \
           each:\n    trigger: {{ source: s }}\n    {steps_of}"
    ))
    .await;
    world.post(&json!({})).await;
    let all = world.wait_for("all", "success").await;
    assert_eq!(all["steps"].as_array().unwrap().len(), 3);
    assert_eq!(world.state(&all).await, json!({"data": {"a": 1, "b": 2}}));
    assert_eq!(world.step_state(&all, 3, "input").await, json!({"data": {"a": 1, "b": 2}}));
    let each = world.wait_for("each", "success").await;
    assert_eq!(each["steps"].as_array().unwrap().len(), 4);
    // Named as if the branches had run one after the other.
    assert_eq!(world.state(&each).await, json!({"c": {"data": 1}, "c-1": {"data": 2}}));
    for step in each["steps"].as_array().unwrap().iter().filter(|step| step["step"] == "c") {
        let number = step["number"].as_u64().unwrap();
        let left = world.step_state(&each, number, "output").await;
        let name = step["name_in_state"].as_str().unwrap();
        assert_eq!(left["data"], if name == "c" { 1 } else { 2 }, "{each:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_openfns_names_and_reasons() {
    let world = World::start(
        "  fails:\n    trigger: { source: s }\n    steps: { a: { job: \"fn(s => { throw new Error('no'); })\", next: { b: on_job_success } }, b: { job: '' } }\n  \
           mended:\n    trigger: { source: s }\n    steps: { a: { job: 'fn(s => s.x.y)', next: { b: on_job_failure } }, b: { job: 'fn(s => s)' } }\n  \
           crashes:\n    trigger: { source: s }\n    steps: { a: { job: 'fn(s => nothing)' } }\n  \
           killed:\n    trigger: { source: s }\n    timeout: 2s\n    steps: { a: { job: 'fn(s => { for (;;) {} })' } }\n  \
           step_killed:\n    trigger: { source: s }\n    steps: { a: { timeout: 1s, job: 'fn(s => { for (;;) {} })' } }\n",
    )
    .await;
    world.post(&json!({})).await;
    let told = |run: &Value| (run["error"]["type"].clone(), run["error"]["step"].clone());
    let failed = world.wait_for("fails", "failed").await;
    assert_eq!(told(&failed), (json!("JobError"), json!("a")));
    assert_eq!(failed["error"]["message"], "no");
    assert_eq!(world.state(&failed).await["errors"]["a"]["name"], "JobError");
    // What takes care of an error ends well.
    let mended = world.wait_for("mended", "success").await;
    assert_eq!(steps(&mended), ["a fail after null", "b success after 1"]);
    let crashed = world.wait_for("crashes", "crashed").await;
    assert_eq!(told(&crashed), (json!("ReferenceError"), json!("a")));
    let killed = world.wait_for("killed", "killed").await;
    assert_eq!(told(&killed), (json!("TimeoutError"), Value::Null));
    assert_eq!(steps(&killed), ["a kill after null"]);
    let killed = world.wait_for("step_killed", "killed").await;
    assert_eq!(told(&killed), (json!("TimeoutError"), json!("a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_step_is_tried_again() {
    let world = World::start(
        "  w:\n    trigger: { source: s }\n    steps:\n      \
           a: { adaptor: http, job: \"post('DESTINATION/a', {})\", next: b, retry: { tries: 3, first: 50ms, factor: 1, max: 1s } }\n      \
           b: { adaptor: http, job: \"post('DESTINATION/b', {})\", retry: { tries: 2, first: 50ms, factor: 1, max: 1s } }\n",
    )
    .await;
    world.destination.fail_then_succeed("/a", 2, 503);
    world.destination.answer("/b", Answer::status(500));
    world.post(&json!({})).await;
    let run = world.wait_for("w", "failed").await;
    assert_eq!(
        steps(&run),
        [
            "a fail after null",
            "a fail after null",
            "a success after null",
            "b fail after 3",
            "b fail after 3"
        ]
    );
    let attempts: Vec<_> =
        run["steps"].as_array().unwrap().iter().map(|step| step["attempt"].as_u64()).collect();
    assert_eq!(attempts, [1, 2, 3, 1, 2].map(Some));
    assert_eq!(run["error"]["step"], "b");
    assert_eq!(world.destination.received().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_can_be_cancelled_and_begun_again() {
    let world = World::start(
        "  w:\n    trigger: { source: s }\n    steps:\n      \
           a: { job: 'fn(s => ({...s, made: 1}))', next: b }\n      \
           b: { adaptor: http, job: \"post('DESTINATION/b', {})\" }\n",
    )
    .await;
    world.destination.answer("/b", Answer::hang());
    world.post(&json!({})).await;
    world.destination.wait_for(1, PATIENCE).await;
    let run = world.api.all("projects/p/runs").await.remove(0);
    let path = format!("projects/p/runs/{}", run["id"].as_str().unwrap());
    let (status, _) = world.api.post(&format!("{path}/cancel"), &json!({})).await;
    assert_eq!(status, 200);
    let run = world.wait_for("w", "cancelled").await;
    assert_eq!(steps(&run), ["a success after null", "b cancel after 1"]);
    // From the second step: the first one does not run again.
    world.destination.answer("/b", Answer::status(200));
    let (status, again) = world.api.post(&format!("{path}/retry"), &json!({"from_step": 2})).await;
    assert_eq!(status, 201, "{again}");
    assert_eq!(again["retry_of"], run["id"]);
    let run = world.wait_for("w", "success").await;
    assert_eq!(
        (&run["from_step"], steps(&run)),
        (&json!("b"), vec!["b success after null".into()])
    );
    assert_eq!(world.step_state(&run, 1, "input").await["made"], 1);
    // From the start.
    let (status, _) = world.api.post(&format!("{path}/retry"), &json!({})).await;
    assert_eq!(status, 201);
    let run = world.wait_for_runs("w", "success", 2).await.remove(1);
    assert_eq!(steps(&run), ["a success after null", "b success after 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_jobs_cost_their_own_runs_only() {
    let hostile = [
        "fn(s => { for (;;) {} })",
        "fn(s => { const all = []; for (;;) all.push(new Array(1e6).fill(1)); })",
        "fn(s => { const f = () => f(); return f(); })",
        "fn(s => ({ data: 'x'.repeat(9e6) }))",
        "fn(s => new Array(1e9) + '')",
    ];
    let mut workflows = String::from(
        "  good:\n    trigger: { source: s }\n    steps: { a: { adaptor: http, job: \"post('DESTINATION/good', $.data)\" } }\n",
    );
    workflows.extend(hostile.iter().enumerate().map(|(number, job)| {
        format!(
            "  bad{number}:\n    trigger: {{ source: s }}\n    steps: {{ a: {{ timeout: 500ms, job: \"{job}\" }} }}\n"
        )
    }));
    let bounds =
        ["--job-memory", "32MiB", "--max-state", "1MB", "--job-workers", "3", "--job-runs", "12"];
    let world = World::start_with(&workflows, &bounds).await;
    let posts = 2;
    for number in 0..posts {
        world.post(&json!({"number": number})).await;
    }
    assert_eq!(world.wait_for_runs("good", "success", posts).await.len(), posts);
    assert_eq!(world.destination.received().len(), posts);
    for (number, job) in hostile.iter().enumerate() {
        // A process that a hostile job has brought to its end may not be there in time for the next one.
        let ended = "killed,crashed,failed,exception";
        let runs = world.wait_for_runs(&format!("bad{number}"), ended, posts).await;
        assert!(runs.iter().all(|run| run["error"]["step"] == "a"), "{job}: {runs:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_keep_their_order_and_their_number() {
    let world = World::start_with(
        "  order:\n    trigger: { source: s }\n    order_by: workflow\n    steps: { a: { adaptor: http, job: \"post('DESTINATION/order', $.data)\" } }\n  \
           few:\n    trigger: { source: s }\n    concurrency: 2\n    steps: { a: { adaptor: http, job: \"post('DESTINATION/few', $.data)\" } }\n",
        &[],
    )
    .await;
    let under_way = 8;
    world.destination.answer("/few", Answer::hang());
    for number in 0..under_way {
        world.post(&json!({"number": number})).await;
    }
    let orders = world.wait_for_runs("order", "success", under_way).await;
    assert_eq!(orders.len(), under_way);
    let received = world.destination.received();
    let numbers: Vec<_> = received
        .iter()
        .filter(|request| request.path == "/order")
        .map(|request| request.json()["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..under_way as u64).collect::<Vec<_>>());
    // All of the others are held up by two that are not answered.
    assert!(received.iter().filter(|request| request.path == "/few").count() <= 2);
    let waiting = world.wait_for_runs("few", "available", under_way - 2).await;
    assert_eq!(waiting.len(), under_way - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_posts_to_its_own_source_comes_to_an_end() {
    let world = World::start(
        "  w:\n    trigger: { source: s }\n    steps: { a: { adaptor: http, job: 'post(state => state.data.url, $.data)' } }\n",
    )
    .await;
    let url = format!("{}/inbox/{SECRET}", world.hub.url);
    world.post(&json!({"url": url})).await;
    let most = usize::try_from(fieldpost_rules::order::MAX_HOPS).unwrap();
    world.wait_for_runs("w", "success", most).await;
    // The last message has passed through as many hubs as one may, and has set nothing off: its run
    // would have been made with it.
    let messages = world.api.all("projects/p/messages").await;
    let runs = world.api.all("projects/p/runs").await;
    assert_eq!((runs.len(), messages.len()), (most, most + 1), "{:#?}", messages[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_to_be_kept_is_gone_at_the_end() {
    let world = World::start(
        "  nothing:\n    trigger: { source: s }\n    keep: nothing\n    steps: { a: { job: 'fn(s => ({ data: 1 }))', next: b }, b: { job: 'fn(s => s)' } }\n  \
           failed:\n    trigger: { source: s }\n    keep: failed\n    steps: { a: { job: 'fn(s => { if (s.data.fail) throw 1; return s; })' } }\n",
    )
    .await;
    world.post(&json!({"fail": true})).await;
    world.post(&json!({"fail": false})).await;
    let nothing = world.wait_for_runs("nothing", "success", 2).await.remove(0);
    let failed = world.wait_for("failed", "failed").await;
    let good = world.wait_for("failed", "success").await;
    let gone = |run: &Value, what: &str| {
        let path = format!("projects/p/runs/{}/{what}", run["id"].as_str().unwrap());
        let url = format!("{}/api/v1/{path}", world.hub.url);
        async move {
            let request = crate::world::http_client().get(url).bearer_auth(crate::world::TOKEN);
            request.send().await.unwrap().status() == 404
        }
    };
    assert!(gone(&nothing, "steps/1/output").await && gone(&nothing, "state").await);
    assert!(gone(&good, "steps/1/output").await && gone(&good, "state").await);
    assert_eq!(world.step_state(&failed, 1, "output").await["data"]["fail"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_keeps_in_a_collection_the_next_one_finds() {
    let world = World::start(
        "  w:\n    trigger: { source: s }\n    concurrency: 1\n    steps:\n      \
           keep:\n        job: |\n          \
             collections.set('visits', (visit) => visit.id, $.data.visits);\n          \
             collections.set('totals', 'all', (state) => ({ last: state.data.visits.length }));\n          \
             collections.remove('visits', 'old-*');\n          \
             collections.each('visits', 'a*', (state, value, key) => ({ ...state, seen: [...(state.seen ?? []), key] }));\n          \
             collections.get('visits', { key: '*', limit: 2 });\n          \
             fn((state) => ({ ...state, all: state.data }));\n          \
             collections.get('totals', 'all');\n",
    )
    .await;
    world.post(&json!({"visits": [{"id": "a1", "n": 1}, {"id": "old-1"}, {"id": "b1"}]})).await;
    let run = world.wait_for("w", "success").await;
    let state = world.state(&run).await;
    assert_eq!((&state["seen"], &state["data"]), (&json!(["a1"]), &json!({"last": 3})));
    let kept = json!([
        {"key": "a1", "value": {"id": "a1", "n": 1}}, {"key": "b1", "value": {"id": "b1"}},
    ]);
    assert_eq!(state["all"], kept);
    world.post(&json!({"visits": [{"id": "a2"}]})).await;
    let runs = world.wait_for_runs("w", "success", 2).await;
    let state = world.state(&runs[1]).await;
    assert_eq!((&state["seen"], &state["cursor"]), (&json!(["a1", "a2"]), &json!("a2")));
}
