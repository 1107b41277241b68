//! Workflows ready to run: the text of a version read, its graph built, its jobs compiled.
//!
//! What was prepared is kept for the next run of the same version, up to a bound. A job is compiled
//! when a run comes to its step for the first time: a step that cannot be compiled, since an adaptor
//! of it is gone, costs those runs only that come to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::workflow::{self, Step, When, Workflow};
use fieldpost_rules::definition::read_workflow;
use fieldpost_script::adaptors;
use fieldpost_script::npm::{Meant, Packages};
use fieldpost_script::protocol::{Severity, StepError};
use fieldpost_script::runtime::graph::{self, Edge, Graph};
use fieldpost_script::runtime::walk::{Join, Walk};
use fieldpost_script::runtime::workflow::Job;
use fieldpost_script::sandbox::Limits;
use fieldpost_store::{Store, StoreError};

use super::settings::JobSettings;

/// How many versions of workflows are kept ready, and how many bytes of definitions.
const MOST_KEPT: usize = 512;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A workflow, ready to run.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) workflow: Workflow,
    graph: Result<Graph, String>,
    jobs: HashMap<String, OnceLock<Result<Job, Box<StepError>>>>,
    bytes: usize,
}

impl Prepared {
    fn new(name: &str, text: &str) -> Result<Self, String> {
        let value = Value::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let workflow = read_workflow(name, &value)
            .map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))?;
        let steps = workflow.steps.iter().map(|step| (step.id.clone(), edges(&step.next)));
        let graph = Graph::with_start(steps, edges(&workflow.start));
        let jobs = workflow.steps.iter().map(|step| (step.id.clone(), OnceLock::new())).collect();
        let graph = graph.map_err(|error| error.to_string());
        Ok(Self { graph, jobs, workflow, bytes: text.len() })
    }

    /// The edges that leave a step.
    pub(super) fn edges(&self, step: &str) -> &[Edge] {
        self.graph.as_ref().map_or(&[], |graph| graph.edges(step))
    }

    /// How long a run may take.
    pub(super) fn run_time(&self, settings: &JobSettings) -> Duration {
        self.workflow.timeout.unwrap_or(settings.run_time).min(settings.run_time)
    }

    /// The walk of a run that begins where the workflow says, or with this step.
    pub(super) fn walk(&self, from_step: Option<&str>) -> Result<Walk, Box<StepError>> {
        let invalid =
            |message: String| Box::new(StepError::new("ValidationError", Severity::Crash, message));
        let graph = self.graph.clone().map_err(invalid)?;
        let graph = match from_step {
            Some(step) => graph.from_step(step).map_err(|error| invalid(error.to_string()))?,
            None => graph,
        };
        Ok(Walk::new(graph).joining(match self.workflow.join {
            workflow::Join::EachPath => Join::EachPath,
            workflow::Join::All => Join::All,
        }))
    }

    pub(super) fn step(&self, id: &str) -> Option<&Step> {
        self.workflow.steps.iter().find(|step| step.id == id)
    }

    /// The job of a step. It is compiled by whoever asks first, which takes as long as it is large:
    /// not for a thread that others wait for. What lacks a package is looked at again: it may be
    /// installed meanwhile.
    pub(super) fn job(
        &self,
        step: &Step,
        limits: Limits,
        packages: &Packages,
    ) -> Result<Job, Box<StepError>> {
        let Some(place) = self.jobs.get(&step.id) else { return compile(step, limits, packages) };
        if let Some(known) = place.get() {
            return known.clone();
        }
        let made = compile(step, limits, packages);
        if made.as_ref().is_err_and(|error| error.name == NO_PACKAGE) {
            return made;
        }
        place.get_or_init(|| made).clone()
    }

    /// Whether the job of a step was compiled before.
    pub(super) fn is_compiled(&self, step: &str) -> bool {
        self.jobs.get(step).is_some_and(|job| job.get().is_some())
    }
}

fn edges(edges: &[workflow::Edge]) -> Vec<Edge> {
    let when = |edge: &workflow::Edge| match &edge.when {
        _ if edge.disabled => graph::When::Never,
        When::Always => graph::When::Always,
        When::OnJobSuccess => graph::When::OnSuccess,
        When::OnJobFailure => graph::When::OnFailure,
        When::Expression(expression) => graph::When::Expression(expression.clone()),
    };
    edges.iter().map(|edge| Edge { to: edge.to.clone(), when: when(edge) }).collect()
}

/// OpenFn's name for an adaptor that is not there.
const NO_PACKAGE: &str = "AutoinstallError";

fn compile(step: &Step, limits: Limits, packages: &Packages) -> Result<Job, Box<StepError>> {
    let missing =
        |message: String| Box::new(StepError::new(NO_PACKAGE, Severity::Exception, message));
    let mut meant = Vec::new();
    for name in &step.adaptors {
        let found = packages.meant(name).map_err(|error| {
            missing(format!("The packages of npm cannot be looked at: {error}"))
        })?;
        meant.push(found.ok_or_else(|| {
            missing(format!("There is no adaptor \"{name}\" here: {}", packages.advice(name)))
        })?);
    }
    if meant.is_empty() {
        meant.push(Meant::BuiltIn(adaptors::COMMON));
    }
    let mut job = Job::compile_for(&step.id, &step.job, &meant).map_err(|error| {
        Box::new(StepError::new("CompileError", Severity::Crash, error.to_string()))
    })?;
    job.work.name = Some(step.name.clone()).filter(|name| !name.is_empty());
    job.work.limits = Limits {
        time: step.timeout.unwrap_or(limits.time).min(limits.time),
        memory_bytes: step.memory_bytes.unwrap_or(limits.memory_bytes).min(limits.memory_bytes),
        ..limits
    };
    Ok(job)
}

/// What a workflow is known by: its version never changes.
type Key = (ProjectName, String, i64);

/// What was prepared, and when it was used last.
#[derive(Debug, Default)]
struct Kept {
    turn: u64,
    bytes: usize,
    all: HashMap<Key, (u64, Arc<Prepared>)>,
}

/// The workflows that are kept ready.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    kept: Mutex<Kept>,
}

/// Why a workflow cannot be run.
#[derive(Debug)]
pub(super) enum Unprepared {
    /// Its text is gone, or cannot be read: this is how the run ends.
    Unusable(Box<StepError>),
    /// The store could not be asked.
    Store(StoreError),
}

impl Shelf {
    /// A version of a workflow.
    pub(super) async fn get(
        &self,
        store: &Store,
        project: &ProjectName,
        workflow: &str,
        version: i64,
    ) -> Result<Arc<Prepared>, Unprepared> {
        let key = (project.clone(), workflow.to_owned(), version);
        if let Some(found) = self.find(&key) {
            return Ok(found);
        }
        let found = store.workflow_version(project, workflow, version).await;
        let unusable = |name, message: String| {
            Unprepared::Unusable(Box::new(StepError::new(name, Severity::Exception, message)))
        };
        let Some((_, text)) = found.map_err(Unprepared::Store)? else {
            let message = format!("Version {version} of the workflow is gone");
            return Err(unusable("ExecutionError", message));
        };
        let prepared = Prepared::new(workflow, &text)
            .map_err(|message| unusable("ExecutionError", message))?;
        let prepared = Arc::new(prepared);
        self.keep(key, Arc::clone(&prepared));
        Ok(prepared)
    }

    fn find(&self, key: &Key) -> Option<Arc<Prepared>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.turn += 1;
        let turn = kept.turn;
        let (used, found) = kept.all.get_mut(key)?;
        *used = turn;
        Some(Arc::clone(found))
    }

    fn keep(&self, key: Key, prepared: Arc<Prepared>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.turn += 1;
        kept.bytes += prepared.bytes;
        let turn = kept.turn;
        if let Some((_, before)) = kept.all.insert(key, (turn, prepared)) {
            kept.bytes -= before.bytes;
        }
        while kept.all.len() > MOST_KEPT || (kept.bytes > MOST_BYTES && kept.all.len() > 1) {
            let oldest = kept.all.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            if let Some((_, gone)) = kept.all.remove(&oldest) {
                kept.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"steps": {
        "a": {"job": "fn(state => state)", "next": {"b": "on_job_failure", "c": {"disabled": true, "condition": "always"}}},
        "b": {"job": "fn(state", "adaptor": "common"},
        "c": {"job": "", "adaptor": "no-such-adaptor", "timeout": "1h"}}}"#;

    #[test]
    fn a_definition_becomes_a_graph_and_jobs_of_their_own() {
        let prepared = Prepared::new("w", TEXT).unwrap();
        let walk = prepared.walk(None).unwrap();
        assert_eq!(walk.graph().start(), "a");
        let when: Vec<_> = walk.graph().edges("a").iter().map(|edge| edge.when.clone()).collect();
        assert_eq!(when, [graph::When::OnFailure, graph::When::Never]);
        let job =
            |id| prepared.job(prepared.step(id).unwrap(), Limits::default(), &Packages::none());
        assert!(job("a").is_ok());
        assert_eq!(job("b").unwrap_err().name, "CompileError");
        assert_eq!(job("c").unwrap_err().name, "AutoinstallError");
        assert!(prepared.walk(Some("c")).is_ok());
        assert_eq!(prepared.walk(Some("x")).unwrap_err().name, "ValidationError");
    }

    #[test]
    fn a_step_may_ask_for_less_than_the_hub_gives_and_not_for_more() {
        let prepared = Prepared::new(
            "w",
            r#"{"steps": {"a": {"job": "fn(s => s)", "timeout": "1s"}, "b": {"job": "fn(s => s)", "timeout": "9h"}}}"#,
        )
        .unwrap();
        let time = |id| {
            let step = prepared.step(id).unwrap();
            prepared.job(step, Limits::default(), &Packages::none()).unwrap().work.limits.time
        };
        assert_eq!(time("a"), Duration::from_secs(1));
        assert_eq!(time("b"), Limits::default().time);
    }

    #[test]
    fn the_shelf_holds_so_many() {
        let shelf = Shelf::default();
        let prepared = Arc::new(Prepared::new("w", TEXT).unwrap());
        let key = |version: usize| {
            (ProjectName::from("p".to_owned()), "w".to_owned(), i64::try_from(version).unwrap())
        };
        for version in 0..=MOST_KEPT {
            shelf.keep(key(version), Arc::clone(&prepared));
            assert!(shelf.find(&key(0)).is_some(), "what is used stays");
        }
        assert!(shelf.find(&key(1)).is_none());
        assert!(shelf.find(&key(MOST_KEPT)).is_some());
        assert_eq!(shelf.kept.lock().unwrap().all.len(), MOST_KEPT);
    }
}
