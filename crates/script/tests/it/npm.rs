//! Packages of npm: installed from a folder, run in Node.js, held away from what they need not have.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_script::compile::Adaptor;
use fieldpost_script::host::StepHost;
use fieldpost_script::host::http::{HttpLimits, HttpService};
use fieldpost_script::npm::{self, InstallError, NodePools, NodeSettings, Package, Packages};
use fieldpost_script::protocol::{LogLine, Moment};
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_script::sandbox::{Answer as Answered, Host, Pool};
use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Recorder, limits, raw};

/// A package of somebody's own: an adaptor, and some things that it should not do.
const PACKAGE: &str = r#"
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import { execSync } from "node:child_process";

let loaded = 0;
export const greet = (name) => (state) => {
  loaded += 1;
  console.log("nobody hears this");
  return { ...state, data: { hello: typeof name === "function" ? name(state) : name, loaded } };
};
export const fn = (operation) => (state) => operation(state);
export const ask = (url) => async (state) => {
  const answer = await fetch(url, { method: "POST", body: "over" });
  return { ...state, data: await answer.text() };
};
export const askPlainly = (url) => (state) =>
  new Promise((resolve, reject) => {
    const request = http.request(url, (answer) => {
      let text = "";
      answer.on("data", (piece) => (text += piece));
      answer.on("end", () => resolve({ ...state, data: text }));
    });
    request.on("error", reject);
    request.end();
  });
export const dial = (port) => () =>
  new Promise((resolve, reject) => net.connect(port, "127.0.0.1", () => resolve({ data: "dialled" })).on("error", reject));
export const read = (path) => () => ({ data: fs.readFileSync(path, "utf8") });
export const start = () => () => ({ data: execSync("id").toString() });
export const environment = () => () => ({ data: Object.keys(process.env) });
export const fail = () => () => { throw Object.assign(new Error("the service said no"), { statusCode: 418 }); };
export const later = (delay, action) => (state) => {
  setTimeout(() => action(state), delay);
  return state;
};
export const spin = () => () => { for (;;); };
export const die = () => () => process.exit(3);
"#;

/// What the script of a package makes, if anybody runs it.
const MARK: &str = "was-run-by-npm";

/// The packages of a hub, with one of somebody's own in it.
struct World {
    folder: TempDir,
    packages: Packages,
    package: Package,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = write_package(folder.path(), "own", r#""exports": "./index.js""#, PACKAGE);
        let packages = Packages::new(folder.path().join("packages"));
        let package = npm::install(&packages, own.to_str().unwrap()).await.unwrap();
        assert!(!folder.path().join(MARK).exists(), "npm has run the scripts of the package");
        Self { folder, packages, package }
    }

    fn pools(&self, networks: &str) -> NodePools {
        let allow_networks = networks.parse().unwrap();
        let client =
            Client::new(OutboundSettings { allow_networks, ..OutboundSettings::default() })
                .unwrap();
        let settings = NodeSettings {
            program: "node".into(),
            runner: self.folder.path().join("runner"),
            packages: self.packages.clone(),
            workers: 1,
            limits: limits(),
        };
        NodePools::new(settings, client)
    }

    fn job(&self, source: &str) -> Job {
        let adaptor = Adaptor {
            specifier: self.package.name.clone(),
            exports: Some(self.package.exports.clone()),
            reexport: true,
        };
        let mut job = Job::compile_with("a", source, vec![adaptor]).unwrap();
        job.work.modules = vec![self.package.id(), "@openfn/language-collections".to_owned()];
        job.work.limits = limits();
        job
    }

    async fn run(&self, pools: &NodePools, source: &str) -> Result<Value, Value> {
        self.run_with(&pools.of("clinic").await.unwrap(), source, &Recorder::default()).await
    }

    async fn run_with(&self, pool: &Pool, source: &str, host: &dyn Host) -> Result<Value, Value> {
        let mut job = self.job(source);
        job.work.state = raw(r#"{"data":{"x":1}}"#);
        job.work.configuration = Some(raw(r#"{"password":"very-secret-indeed"}"#));
        let outcome = pool.step(job.work.clone(), host).await;
        let (outcome, _) = settle(outcome, "a", job.places.as_deref());
        match outcome.error {
            Some(error) => Err(serde_json::to_value(error).unwrap()),
            None => Ok(serde_json::from_str(outcome.state.unwrap().get()).unwrap()),
        }
    }
}

fn write_package(folder: &Path, name: &str, more: &str, index: &str) -> std::path::PathBuf {
    let own = folder.join(name);
    fs::create_dir(&own).unwrap();
    let mark = folder.join(MARK);
    let scripts = format!(r#""scripts": {{ "install": "touch '{}'" }}"#, mark.display());
    let text = format!(
        r#"{{ "name": "{name}", "version": "1.2.3", "type": "module", {scripts}, {more} }}"#
    );
    fs::write(own.join("package.json"), text).unwrap();
    fs::write(own.join("index.js"), index).unwrap();
    own
}

#[tokio::test]
async fn a_package_of_ones_own_is_installed_from_a_folder_and_runs() {
    let world = World::new().await;
    assert_eq!(world.package.id(), "own@1.2.3");
    assert!(world.package.exports.contains(&"greet".to_owned()), "{:?}", world.package.exports);
    assert_eq!(world.packages.list().unwrap(), std::slice::from_ref(&world.package));
    let pools = world.pools("private");
    let source =
        "greet($.data.x); fn(state => ({ ...state, seen: Object.keys(state.configuration) }));";
    let state = world.run(&pools, source).await.unwrap();
    assert_eq!(state, json!({ "data": { "hello": 1, "loaded": 1 }, "seen": ["password"] }));
    // The package stays loaded; the state and the globals of a job do not.
    let source = "fn(state => { globalThis.left = 1; return state; }); greet('again');";
    assert_eq!(world.run(&pools, source).await.unwrap()["data"]["loaded"], 2);
    let source = "fn(state => ({ ...state, left: typeof left }));";
    assert_eq!(world.run(&pools, source).await.unwrap()["left"], "undefined");
}

/// A rehearsal comes to the same end on every machine and every day, with packages as without.
#[tokio::test]
async fn a_rehearsed_moment_stands_still_in_node_as_well() {
    let world = World::new().await;
    let pool = world.pools("private").of("clinic").await.unwrap();
    let source = "fn(state => ({ now: Date.now(), date: new Date().toISOString(), \
                  chance: [Math.random(), Math.random()] }));";
    let run = async |moment: Option<Moment>| -> Value {
        let mut job = world.job(source);
        job.work.moment = moment;
        let (outcome, _) = job.run(Some(&raw("{}")), &pool, &Recorder::default()).await;
        serde_json::from_str(outcome.state.unwrap().get()).unwrap()
    };
    let moment = Moment { time_ms: 1_769_860_800_000, seed: 7 };
    let first = run(Some(moment)).await;
    assert_eq!(
        (&first["now"], &first["date"]),
        (&json!(moment.time_ms), &json!("2026-01-31T12:00:00.000Z"))
    );
    assert_ne!(first["chance"][0], first["chance"][1]);
    assert_eq!(run(Some(moment)).await, first, "the same again");
    let other = run(Some(Moment { seed: 8, ..moment })).await;
    assert_ne!(other["chance"], first["chance"]);
    let free = run(None).await;
    assert!(free["now"].as_i64().unwrap() > moment.time_ms, "{free}");
    assert_ne!(run(None).await["chance"], free["chance"]);
}

#[tokio::test]
async fn errors_are_those_of_the_runtime() {
    let world = World::new().await;
    let pools = world.pools("private");
    let error = world.run(&pools, "fail();").await.unwrap_err();
    assert_eq!(
        (&error["name"], &error["message"]),
        (&json!("AdaptorError"), &json!("the service said no"))
    );
    assert_eq!((&error["details"]["statusCode"], &error["line"]), (&json!(418), &json!(1)));
    let error = world.run(&pools, "\nfn(state => state.a.b);").await.unwrap_err();
    assert_eq!((&error["name"], &error["pos"]["line"]), (&json!("RuntimeError"), &json!(2)));
    let error = world.run(&pools, "fn(() => eval('1'));").await.unwrap_err();
    assert_eq!(error["name"], "SecurityError");
    let error = world.run(&pools, "import x from 'node:fs'; fn(s => s);").await.unwrap_err();
    assert_eq!(error["name"], "ImportError", "{error:#}");
    let error = world.run(&pools, "die();").await.unwrap_err();
    assert_eq!(error["name"], "RuntimeCrash");
    // The next step finds another process.
    assert_eq!(world.run(&pools, "greet('x');").await.unwrap()["data"]["loaded"], 1);
}

#[tokio::test]
async fn what_a_package_sends_goes_by_the_guarded_way() {
    let world = World::new().await;
    let server = FakeDestination::start().await;
    server.answer("/", Answer::status(200).body("there"));
    let url = server.url("/");
    let port = url.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    let sources =
        [format!("ask('{url}');"), format!("askPlainly('{url}');"), format!("dial({port});")];
    let pools = world.pools("private");
    for (source, data) in sources.iter().zip(["there", "there", "dialled"]) {
        assert_eq!(world.run(&pools, source).await.unwrap()["data"], data, "{source}");
    }
    assert_eq!(server.received().len(), 2);
    assert_eq!(server.received()[0].text(), "over");
    let pools = world.pools("");
    for source in &sources {
        let error = world.run(&pools, source).await.unwrap_err();
        // What has no frame of the package, as an event of a socket, counts as the job's own.
        let name = error["name"].as_str().unwrap();
        assert!(["AdaptorError", "JobError"].contains(&name), "{source}: {error:#}");
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_package_reads_no_files_starts_nothing_and_knows_no_environment() {
    let world = World::new().await;
    let pools = world.pools("private");
    for source in ["read('/etc/passwd');", "start();"] {
        let error = world.run(&pools, source).await.unwrap_err();
        assert_eq!(error["details"]["code"], "ERR_ACCESS_DENIED", "{source}: {error:#}");
    }
    assert_eq!(world.run(&pools, "environment();").await.unwrap()["data"], json!([]));
}

#[tokio::test]
async fn a_step_that_does_not_end_is_ended() {
    let world = World::new().await;
    let pools = world.pools("private");
    let mut job = world.job("spin();");
    job.work.limits.time = std::time::Duration::from_millis(500);
    let pool = pools.of("clinic").await.unwrap();
    let outcome = pool.step(job.work, &StepHost::new(|_| {}).with(http())).await;
    assert_eq!(outcome.error.unwrap().name, "TimeoutError");
    assert!(world.run(&pools, "greet('x');").await.is_ok());
}

/// Hears of calls, and answers none.
#[derive(Default)]
struct Silent(Mutex<Vec<String>>, Mutex<Vec<String>>);

impl Host for Silent {
    fn call(&self, name: &str, _: Box<RawValue>) -> Answered<'_> {
        self.0.lock().unwrap().push(name.to_owned());
        Box::pin(std::future::pending())
    }

    fn log(&self, line: LogLine) {
        self.1.lock().unwrap().push(line.message);
    }
}

#[tokio::test]
async fn what_a_step_leaves_behind_does_nothing_in_the_next_one() {
    let world = World::new().await;
    let pool = world.pools("private").of("clinic").await.unwrap();
    let source = r#"
        import { collections } from "@openfn/language-collections";
        fn(state => {
            const act = () => { console.log("late"); collections.get("kept", "a")(state).catch(() => {}); };
            setTimeout(act, 50);
            setInterval(act, 50);
            return state;
        });
        // This one is a timer of the package, which nobody clears.
        later(100, state => { console.log("late"); collections.get("kept", "a")(state).catch(() => {}); });
        greet("x");
    "#;
    let state = world.run_with(&pool, source, &Silent::default()).await.unwrap();
    assert_eq!(state["data"]["loaded"], 1);
    let next = Silent::default();
    let source =
        "fn(state => new Promise(done => setTimeout(() => done(state), 400))); greet('x');";
    let state = world.run_with(&pool, source, &next).await.unwrap();
    // It is the same process.
    assert_eq!(state["data"]["loaded"], 2);
    assert_eq!(next.0.into_inner().unwrap(), Vec::<String>::new());
    assert!(!next.1.into_inner().unwrap().contains(&"late".to_owned()));
}

#[tokio::test]
async fn a_process_that_still_waits_for_an_answer_ends_with_its_step() {
    let world = World::new().await;
    let pool = world.pools("private").of("clinic").await.unwrap();
    let source = r#"
        import { collections } from "@openfn/language-collections";
        greet("x");
        fn(state => { collections.get("kept", "a")(state).catch(() => {}); return state; });
    "#;
    let host = Silent::default();
    assert_eq!(world.run_with(&pool, source, &host).await.unwrap()["data"]["loaded"], 1);
    assert_eq!(host.0.into_inner().unwrap(), ["collections"]);
    let state = world.run_with(&pool, "greet('x');", &Silent::default()).await.unwrap();
    assert_eq!(state["data"]["loaded"], 1);
}

#[tokio::test]
async fn a_project_that_runs_something_keeps_its_way_out() {
    let world = World::new().await;
    let server = FakeDestination::start().await;
    server.answer("/", Answer::status(200).body("there"));
    let pools = world.pools("private");
    let pool = pools.of("clinic").await.unwrap();
    for number in 0..17 {
        pools.of(&format!("other-{number}")).await.unwrap();
    }
    let source = format!("ask('{}');", server.url("/"));
    let state = world.run_with(&pool, &source, &Recorder::default()).await.unwrap();
    assert_eq!(state["data"], "there");
}

fn http() -> HttpService {
    HttpService::new(Client::new(OutboundSettings::default()).unwrap(), HttpLimits::default())
}

#[tokio::test]
async fn what_cannot_be_installed_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let packages = Packages::new(folder.path().join("packages"));
    let broken = write_package(
        folder.path(),
        "broken",
        r#""exports": "./index.js""#,
        "throw new Error('no');",
    );
    let refused = npm::install(&packages, broken.to_str().unwrap()).await.unwrap_err();
    assert!(
        matches!(&refused, InstallError::Unusable { words, .. } if words.contains("no")),
        "{refused}"
    );
    let missing = folder.path().join("nothing.tgz");
    let refused = npm::install(&packages, missing.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(refused, InstallError::Refused { .. }), "{refused}");
    assert!(packages.list().unwrap().is_empty());
    assert_eq!(fs::read_dir(packages.folder()).unwrap().count(), 0);
}
