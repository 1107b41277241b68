//! Reading OpenFn's `workflow.json`: the steps of a workflow, what runs in them, and how they hang
//! together.
//!
//! Files of today have `workflow.steps`, older ones `workflow.jobs` or `jobs`. What a file has
//! beside the keys that are read is left alone, as OpenFn leaves it; what would change the run and
//! cannot be done is refused.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::runtime::graph::{Edge, Graph, GraphError, When};

/// A workflow as its file has it: nothing is compiled yet.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The steps in the order of the file.
    pub steps: Vec<PlanStep>,
    /// Where a run begins, if the file says so.
    pub start: Option<String>,
    /// The credentials that every step has, beneath its own.
    pub credentials: Option<Box<RawValue>>,
}

/// A step of a plan.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// Its id; `job-1` and so on where the file gives none.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// The job, or the path of the file that it is in; a step without one passes its state on.
    pub expression: Option<String>,
    /// The adaptors, by whatever name the file has for them.
    pub adaptors: Vec<String>,
    /// The credential: an object.
    pub configuration: Option<Box<RawValue>>,
    /// The state beneath the one that comes in.
    pub state: Option<Box<RawValue>>,
    /// The edges that leave it.
    pub edges: Vec<Edge>,
}

/// Why a file is no workflow that can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is not JSON, or not of this shape.
    #[error("The workflow cannot be read: {0}")]
    Shape(String),
    /// It has no steps.
    #[error("The workflow has no steps")]
    NoSteps,
    /// It wants something that is not there.
    #[error("{0}")]
    NotYet(String),
    /// The steps make no workflow.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl PlanError {
    /// The stable word for all of these.
    pub const CODE: &str = "bad-workflow";
}

#[derive(Deserialize)]
struct File {
    workflow: Option<Workflow>,
    jobs: Option<Vec<Step>>,
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize)]
struct Workflow {
    #[serde(alias = "jobs")]
    steps: Option<Vec<Step>>,
    credentials: Option<Box<RawValue>>,
    globals: Option<Value>,
}

#[derive(Deserialize, Default)]
struct Options {
    start: Option<String>,
}

#[derive(Deserialize)]
struct Step {
    id: Option<String>,
    name: Option<String>,
    expression: Option<String>,
    adaptor: Option<String>,
    #[serde(default)]
    adaptors: Vec<String>,
    configuration: Option<Box<RawValue>>,
    state: Option<Box<RawValue>>,
    #[serde(default)]
    next: Value,
}

impl Plan {
    /// Reads the file, and makes sure that its steps make a workflow.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let file: File =
            serde_json::from_str(text).map_err(|error| PlanError::Shape(error.to_string()))?;
        let (steps, credentials) = match file.workflow {
            Some(Workflow { globals: Some(_), .. }) => {
                let message = "The workflow has `globals`, which are not run yet";
                return Err(PlanError::NotYet(message.to_owned()));
            }
            Some(workflow) => (workflow.steps.or(file.jobs), workflow.credentials),
            None => (file.jobs, None),
        };
        let steps = steps.unwrap_or_default();
        if steps.is_empty() {
            return Err(PlanError::NoSteps);
        }
        let steps: Result<Vec<_>, _> =
            steps.into_iter().enumerate().map(|(index, step)| step.read(index)).collect();
        let plan = Self { steps: steps?, start: file.options.start, credentials };
        plan.graph(None)?;
        Ok(plan)
    }

    /// How the steps hang together, for a run that begins at this step, or else where the file says.
    pub fn graph(&self, start: Option<&str>) -> Result<Graph, GraphError> {
        let steps = self.steps.iter().map(|step| (step.id.clone(), step.edges.clone()));
        Graph::new(steps, start.or(self.start.as_deref()))
    }
}

impl Step {
    fn read(self, index: usize) -> Result<PlanStep, PlanError> {
        let id = self.id.clone().unwrap_or_else(|| format!("job-{}", index + 1));
        let configuration = self.configuration.clone().filter(|it| it.get() != "null");
        for (what, value) in [("configuration", &configuration), ("state", &self.state)] {
            if value.as_ref().is_some_and(|value| value.get().starts_with('"')) {
                return Err(PlanError::NotYet(format!(
                    "The {what} of the step {id} is the name of something else; only an object in \
                     its place can be taken yet"
                )));
            }
        }
        let edges = edges(&self.next).ok_or_else(|| {
            PlanError::Shape(format!("`next` of the step {id} is neither a step nor an object"))
        })?;
        let adaptors = self.adaptor.iter().chain(&self.adaptors).cloned().collect();
        let Self { name, expression, state, .. } = self;
        Ok(PlanStep { id, name, expression, adaptors, configuration, state, edges })
    }
}

/// The edges of `next`: the id of a step, or an object of ids with what each edge depends on.
/// An object without a condition is never taken, as OpenFn has it.
fn edges(next: &Value) -> Option<Vec<Edge>> {
    let edge = |to: &str, when| Edge { to: to.to_owned(), when };
    let when = |value: &Value| match (value, &value["condition"]) {
        _ if value["disabled"] == true => When::Never,
        (Value::Bool(true), _) | (_, Value::Bool(true)) => When::Always,
        (Value::String(condition), _) | (_, Value::String(condition)) => {
            When::from_openfn(condition)
        }
        _ => When::Never,
    };
    match next {
        Value::Null => Some(Vec::new()),
        Value::String(to) => Some(vec![edge(to, When::Always)]),
        Value::Object(edges) => {
            Some(edges.iter().map(|(to, value)| edge(to, when(value))).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(text: &str) -> Vec<(String, When)> {
        let file =
            format!(r#"{{"workflow":{{"steps":[{{"id":"a","next":{text}}},{{"id":"b"}}]}}}}"#);
        let plan = Plan::read(&file).unwrap();
        plan.steps[0].edges.iter().map(|edge| (edge.to.clone(), edge.when.clone())).collect()
    }

    #[track_caller]
    fn check_edge(text: &str, expected: When) {
        assert_eq!(when(text), [("b".to_owned(), expected)]);
    }

    #[test]
    fn edges_are_read_as_openfn_reads_them() {
        check_edge(r#""b""#, When::Always);
        check_edge(r#"{"b":true}"#, When::Always);
        check_edge(r#"{"b":false}"#, When::Never);
        check_edge(r#"{"b":{}}"#, When::Never);
        check_edge(r#"{"b":{"condition":"on_job_failure"}}"#, When::OnFailure);
        check_edge(r#"{"b":"!state.errors"}"#, When::Expression("!state.errors".into()));
        check_edge(r#"{"b":{"condition":"always","disabled":true}}"#, When::Never);
        assert!(when("null").is_empty());
    }

    #[test]
    fn old_files_have_jobs_and_steps_get_ids() {
        for text in [
            r#"{"jobs":[{"expression":"fn(s => s)","adaptor":"common"}]}"#,
            r#"{"workflow":{"jobs":[{"expression":"fn(s => s)","adaptors":["common"]}]}}"#,
        ] {
            let plan = Plan::read(text).unwrap();
            assert_eq!(plan.steps[0].id, "job-1");
            assert_eq!(plan.steps[0].adaptors, ["common"]);
            assert_eq!(plan.graph(None).unwrap().start(), "job-1");
        }
    }

    #[track_caller]
    fn check_refused(text: &str, message: &str) {
        let error = Plan::read(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        check_refused("{", "cannot be read");
        check_refused("{}", "no steps");
        check_refused(r#"{"workflow":{"steps":[]}}"#, "no steps");
        check_refused(r#"{"jobs":[{"id":"a","next":"b"}]}"#, "Cannot find job: b");
        check_refused(r#"{"jobs":[{"id":"a","next":7}]}"#, "neither a step nor an object");
        check_refused(r#"{"jobs":[{"id":"a"},{"id":"a"}]}"#, "Two steps are called a");
        check_refused(
            r#"{"jobs":[{"configuration":"my-key"}]}"#,
            "configuration of the step job-1",
        );
        check_refused(r#"{"workflow":{"steps":[{}],"globals":"./g.js"}}"#, "globals");
        check_refused(r#"{"jobs":[{"id":"a"}],"options":{"start":"x"}}"#, "start job: x");
    }
}
