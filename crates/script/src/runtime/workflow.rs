//! A whole run in one go: from a state through all steps to a result.
//!
//! This is for whoever wants nothing kept in between: the command that runs a job from a file, and
//! tests. Steps run one after the other, in OpenFn's order.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::graph::{self, Edge, Graph, When};
use super::outcome::{Next, Places, settle};
use super::walk::{Left, Walk};
use crate::adaptors;
use crate::compile::{self, Adaptor, CompileError};
use crate::npm::Meant;
use crate::protocol::{Operation, Outcome, Position, StepError};
use crate::sandbox::{Host, Limits, Pool, Work};

/// A workflow that is ready to run: every job compiled.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// How the steps hang together.
    pub graph: Graph,
    /// What runs in each of them, by id. A step that is not here passes its state on.
    pub steps: HashMap<String, Job>,
}

/// What runs in a step.
#[derive(Clone)]
pub struct Job {
    /// The step but for its state: that is put in when the step is reached.
    pub work: Work,
    /// Where in the author's text an error of the compiled module is.
    pub places: Option<Arc<Places>>,
    /// Whether it needs packages of npm, which run in Node.js.
    pub in_node: bool,
}

impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Job").field("work", &self.work).finish_non_exhaustive()
    }
}

/// What became of a run.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// The state of the one leaf, or the states of several by step.
    pub state: Option<Box<RawValue>>,
    /// Every step that ran, in order, by its name in this run, with its error if it had one.
    pub steps: Vec<(String, Option<StepError>)>,
    /// The error that ended the run before its time: a crash, a kill, an exception.
    pub error: Option<StepError>,
}

/// The processes that steps run in.
#[derive(Debug, Clone)]
pub struct Processes {
    /// Those of the program's own runner.
    pub own: Pool,
    /// Those of Node.js, which steps with packages of npm need.
    pub node: Option<Pool>,
}

impl From<Pool> for Processes {
    fn from(own: Pool) -> Self {
        Self { own, node: None }
    }
}

impl Processes {
    fn of(&self, job: &Job) -> &Pool {
        self.node.as_ref().filter(|_| job.in_node).unwrap_or(&self.own)
    }
}

impl Job {
    /// Compiles a job that may use these adaptors of the binary without importing them; all others
    /// of the binary it may import.
    pub fn compile(id: &str, source: &str, adaptors: &[&str]) -> Result<Self, CompileError> {
        let known = adaptors.iter().map(|name| adaptor(name)).collect();
        let mut job = Self::compile_with(id, source, known)?;
        job.work.modules = adaptors::names().map(str::to_owned).collect();
        Ok(job)
    }

    /// Compiles a job for what its step means by its adaptors. With a package of npm among them it runs in
    /// Node.js, and may import nothing but these.
    pub fn compile_for(id: &str, source: &str, meant: &[Meant]) -> Result<Self, CompileError> {
        let known = meant.iter().map(Meant::adaptor).collect();
        let mut job = Self::compile_with(id, source, known)?;
        job.in_node = meant.iter().any(|meant| matches!(meant, Meant::Package(_)));
        job.work.modules = if job.in_node {
            let collections = adaptors::COLLECTIONS.0.to_owned();
            meant.iter().map(Meant::module).chain([collections]).collect()
        } else {
            adaptors::names().map(str::to_owned).collect()
        };
        Ok(job)
    }

    /// Compiles a job that may use these adaptors without importing them, and `collections`. It may import
    /// nothing else, unless more is added to its modules.
    pub fn compile_with(
        id: &str,
        source: &str,
        mut known: Vec<Adaptor>,
    ) -> Result<Self, CompileError> {
        known.push(collections());
        let compiled = compile::compile(source, &known)?;
        let mut work = Work::new(id, compiled.module, empty());
        work.modules = known.into_iter().map(|adaptor| adaptor.specifier).collect();
        work.operations = compiled
            .operations
            .into_iter()
            .map(|found| Operation {
                name: found.name.unwrap_or_default(),
                line: found.position.line,
            })
            .collect();
        let positions = compiled.positions;
        let places: Arc<Places> = Arc::new(move |Position { line, column }, message| {
            let named = compile::Position { line, column };
            let place = compile::place_of_failure(&positions, named, message)?;
            Some(Position { line: place.line, column: place.column })
        });
        Ok(Self { work, places: Some(places), in_node: false })
    }

    /// Runs it with this state, and says what the next step sees of it.
    pub async fn run(
        &self,
        state: Option<&RawValue>,
        pool: &Pool,
        host: &dyn Host,
    ) -> (Outcome, Next) {
        let mut work = self.work.clone();
        work.state = state.map_or_else(empty, ToOwned::to_owned);
        let step = work.id.clone();
        settle(pool.step(work, host).await, &step, self.places.as_deref())
    }
}

fn adaptor(specifier: &str) -> Adaptor {
    let exports = adaptors::exports(specifier);
    Adaptor {
        specifier: specifier.to_owned(),
        exports: exports.map(|names| names.iter().map(ToString::to_string).collect()),
        reexport: true,
    }
}

/// What every job has of the adaptor `collections`: its one name.
pub fn collections() -> Adaptor {
    let (specifier, name) = adaptors::COLLECTIONS;
    let (specifier, exports) = (specifier.to_owned(), Some(vec![name.to_owned()]));
    Adaptor { specifier, exports, reexport: false }
}

impl Workflow {
    /// Whether a step of it needs packages of npm.
    pub fn needs_node(&self) -> bool {
        self.steps.values().any(|job| job.in_node)
    }

    /// Runs all of it. `end` is the step after which the run is over.
    pub async fn run(
        &self,
        state: Box<RawValue>,
        end: Option<&str>,
        processes: &Processes,
        host: &dyn Host,
    ) -> Finished {
        let mut finished = Finished::default();
        let mut walk = Walk::new(self.graph.clone()).ending_after(end.map(str::to_owned));
        let limits = Limits::default();
        let pool = &processes.own;
        match decide(pool, self.graph.starts(), START, Some(&state), limits).await {
            Ok(taken) => walk.begin(&state, &taken),
            Err(error) => return Finished { error: Some(error), ..finished },
        }
        while let Some(visit) = walk.next_visit() {
            let mut left = visit.state.clone();
            let mut failed = false;
            let mut limits = limits;
            if let Some(job) = self.steps.get(&visit.step) {
                limits = job.work.limits;
                let (outcome, next) =
                    job.run(visit.state.as_deref(), processes.of(job), host).await;
                finished.steps.push((visit.name.clone(), outcome.error.clone()));
                if next == Next::End {
                    finished.error = outcome.error;
                    return finished;
                }
                failed = outcome.error.is_some();
                left = outcome.state;
            }
            let edges = self.graph.edges(&visit.step);
            match decide(pool, edges, &visit.step, left.as_deref(), limits).await {
                Ok(taken) => {
                    walk.leave(&visit, Left { state: left.as_deref(), failed, taken: &taken });
                }
                Err(error) => {
                    finished.error = Some(error);
                    return finished;
                }
            }
        }
        finished.state = walk.finish().state;
        finished
    }
}

/// What conditions of the edges along which a run begins are told of the step before.
pub const START: &str = "trigger";

/// Which of these edges are taken after a step left this state; the sandbox is asked only where an
/// expression decides.
pub async fn decide(
    pool: &Pool,
    edges: &[Edge],
    step: &str,
    state: Option<&RawValue>,
    limits: Limits,
) -> Result<Vec<bool>, StepError> {
    let expressions: Vec<String> = edges
        .iter()
        .filter_map(|edge| match &edge.when {
            When::Expression(expression) => Some(expression.clone()),
            _ => None,
        })
        .collect();
    let decided = if expressions.is_empty() {
        Vec::new()
    } else {
        pool.decide(state, step, expressions, limits).await?
    };
    let mut decided = decided.into_iter();
    let known = graph::taken(edges, step, state);
    Ok(known.into_iter().map(|taken| taken.or_else(|| decided.next()).unwrap_or(false)).collect())
}

fn empty() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).unwrap_or_default()
}
