//! The same jobs on ours and on the published runtime of OpenFn: the same state in the end, or an
//! error of the same name.
//!
//! The jobs are the files in `tests/jobs`: scripts with their state in the first line, and workflows
//! as JSON. Both sides run what our compiler made of them, since theirs is no package of its own.
//! [`comparable`] says what is left out of the comparison.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fieldpost_script::protocol::Severity;
use fieldpost_script::runtime::graph::{Edge, Graph, When};
use fieldpost_script::runtime::workflow::{Processes, Workflow};
use fieldpost_script::sandbox::{NoHost, Pool};
use serde_json::{Value, json};

use crate::support::{compile, job, raw, settings};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A case of the comparison: a workflow in OpenFn's form with its source texts, and a state.
struct Case {
    name: String,
    plan: Value,
    state: Value,
}

fn cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder("tests/jobs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| case(file)).collect()
}

fn case(file: &Path) -> Case {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(file).unwrap();
    if file.extension().is_some_and(|extension| extension == "json") {
        let mut plan: Value = serde_json::from_str(&text).unwrap();
        let state = plan["state"].take();
        return Case { name, plan, state };
    }
    let (first, _) = text.split_once('\n').unwrap();
    let state = first.strip_prefix("// state: ").unwrap_or_else(|| panic!("{name} has no state"));
    let plan = json!({ "workflow": { "steps": [{ "id": "a", "expression": text }] } });
    Case { name, plan, state: serde_json::from_str(state).unwrap() }
}

/// The workflow as ours runs it.
fn workflow(plan: &Value) -> Workflow {
    let steps = plan["workflow"]["steps"].as_array().unwrap();
    let mut jobs = HashMap::new();
    let mut graph = Vec::new();
    for step in steps {
        let id = step["id"].as_str().unwrap();
        if let Some(expression) = step["expression"].as_str() {
            let mut job = job(id, expression);
            let field = |name: &str| step.get(name).map(|value| raw(&value.to_string()));
            job.work.configuration = field("configuration");
            job.work.defaults = field("state");
            jobs.insert(id.to_owned(), job);
        }
        graph.push((id.to_owned(), edges(&step["next"])));
    }
    let start = plan["options"]["start"].as_str();
    Workflow { graph: Graph::new(graph, start).unwrap(), steps: jobs }
}

fn edges(next: &Value) -> Vec<Edge> {
    let edge = |to: &str, when| Edge { to: to.to_owned(), when };
    match next {
        Value::String(to) => vec![edge(to, When::Always)],
        Value::Object(edges) => edges
            .iter()
            .map(|(to, value)| match (value, value["condition"].as_str()) {
                (Value::Bool(true), _) => edge(to, When::Always),
                (_, Some(condition)) => edge(to, When::from_openfn(condition)),
                _ => edge(to, When::Never),
            })
            .collect(),
        _ => Vec::new(),
    }
}

async fn on_ours(cases: &[Case]) -> BTreeMap<String, Value> {
    let processes = Processes::from(Pool::new(settings(1)));
    let mut results = BTreeMap::new();
    for case in cases {
        let workflow = workflow(&case.plan);
        let finished = workflow.run(raw(&case.state.to_string()), None, &processes, &NoHost).await;
        let result = if let Some(error) = finished.error {
            assert_ne!(error.severity, Severity::Fail);
            json!({ "error": error })
        } else {
            let state = finished.state.map(|state| serde_json::from_str(state.get()).unwrap());
            json!({ "state": state.unwrap_or(Value::Null) })
        };
        results.insert(case.name.clone(), result);
    }
    results
}

fn on_theirs(cases: &[Case]) -> BTreeMap<String, Value> {
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| {
            let mut plan = case.plan.clone();
            for step in plan["workflow"]["steps"].as_array_mut().unwrap() {
                if let Some(expression) = step["expression"].as_str() {
                    step["expression"] = compile(expression).module.into();
                }
            }
            json!({ "name": case.name, "plan": plan, "state": case.state })
        })
        .collect();
    run_published(&json!(cases))
}

/// Runs cases, compiled, on the published runtime, which makes of each `{state}` or `{error}`.
pub(crate) fn run_published(cases: &Value) -> BTreeMap<String, Value> {
    let packages = folder("../../target/tools/openfn-runtime");
    assert!(
        packages.join("pinned").exists(),
        "OpenFn's runtime is not there: run scripts/setup-tests"
    );
    let mut node = Command::new("node")
        .args(["--experimental-vm-modules", "--no-warnings"])
        .arg(folder("tests/it/published.mjs"))
        .current_dir(packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(cases.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What both sides must agree on. Engines word their own errors differently, and the published
/// runtime is given no map of places.
fn comparable(mut result: Value) -> Value {
    if let Some(error) = result.get_mut("error") {
        *error = json!({ "name": error["name"], "severity": error["severity"], "subtype": error["subtype"] });
    }
    comparable_errors(&mut result["state"]);
    result
}

fn comparable_errors(state: &mut Value) {
    let Value::Object(fields) = state else { return };
    if let Some(Value::Object(errors)) = fields.get_mut("errors") {
        for error in errors.values_mut() {
            let Value::Object(error) = error else { continue };
            for place in ["pos", "step", "line", "operationName"] {
                error.remove(place);
            }
            if error.get("name").is_some_and(|name| name == "RuntimeError") {
                error.remove("message");
            }
            // Readers of CSV tell more than what went wrong, each something else.
            if let Some(Value::Object(details)) = error.get_mut("details") {
                details.retain(|key, _| {
                    ["message", "code", "description", "fix"].contains(&key.as_str())
                });
            }
        }
    }
    // The leaves of several branches, each a state of its own.
    fields.values_mut().filter(|value| value.get("errors").is_some()).for_each(comparable_errors);
}

#[tokio::test]
async fn jobs_come_to_the_same_end() {
    let cases = cases();
    assert!(cases.len() >= 80, "{} jobs", cases.len());
    let (ours, theirs) = (on_ours(&cases).await, on_theirs(&cases));
    let mut differing = Vec::new();
    for case in &cases {
        let name = case.name.as_str();
        let pair = [&ours, &theirs].map(|side| comparable(side[name].clone()));
        if pair[0] != pair[1] {
            differing.push(format!("{name}\n  ours:   {}\n  theirs: {}", ours[name], theirs[name]));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}
