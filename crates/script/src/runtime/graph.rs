//! The steps of a workflow, and how they hang together.
//!
//! Edges lead from step to step, always, or after a success or a failure of the step that they
//! leave, or if an expression holds. No step leads back to itself. The way of one run along the
//! edges is in [`super::walk`].

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

/// When an edge is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Whatever became of the step.
    Always,
    /// If the step has left no error.
    OnSuccess,
    /// If the step has left an error.
    OnFailure,
    /// If this expression holds over the state that the step left.
    Expression(String),
    /// Never: it is switched off.
    Never,
}

impl When {
    /// The condition that OpenFn's files write so.
    pub fn from_openfn(condition: &str) -> Self {
        match condition {
            "always" => Self::Always,
            "on_job_success" | "on_upstream_success" => Self::OnSuccess,
            "on_job_failure" | "on_upstream_fail" => Self::OnFailure,
            expression => Self::Expression(expression.to_owned()),
        }
    }
}

/// An edge from a step to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The step that it leads to.
    pub to: String,
    /// When it is taken.
    pub when: When,
}

/// The steps of a workflow and how they hang together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    start: Vec<Edge>,
    /// Whether a run begins at a step of its own choice, not where the workflow says.
    begins_within: bool,
    edges: HashMap<String, Vec<Edge>>,
    /// The steps in the order of the definition.
    order: Vec<String>,
}

/// Why steps and edges make no workflow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The run is to begin where no step is.
    #[error("Could not find start job: {0}")]
    NoStart(String),
    /// An edge leads nowhere.
    #[error("Cannot find job: {0}")]
    NoStep(String),
    /// Two steps have the same id.
    #[error("Two steps are called {0}")]
    Twice(String),
    /// A step would run before itself.
    #[error("Circular dependency: {from} <-> {to}")]
    Circle {
        /// A step of the circle.
        from: String,
        /// The step that leads back to it.
        to: String,
    },
}

impl Graph {
    /// A graph of steps, each with the edges that leave it, in the order in which they are tried.
    /// Without a start, a run begins with the first step.
    pub fn new(
        steps: impl IntoIterator<Item = (String, Vec<Edge>)>,
        start: Option<&str>,
    ) -> Result<Self, GraphError> {
        let steps: Vec<_> = steps.into_iter().collect();
        let start = start.or(steps.first().map(|(first, _)| first.as_str())).unwrap_or_default();
        let start = vec![Edge { to: start.to_owned(), when: When::Always }];
        Self::with_start(steps, start)
    }

    /// A graph whose runs begin along these edges.
    pub fn with_start(
        steps: impl IntoIterator<Item = (String, Vec<Edge>)>,
        start: Vec<Edge>,
    ) -> Result<Self, GraphError> {
        let mut edges = HashMap::new();
        let mut order = Vec::new();
        for (id, leaving) in steps {
            if edges.insert(id.clone(), leaving).is_some() {
                return Err(GraphError::Twice(id));
            }
            order.push(id);
        }
        if let Some(lost) = start.iter().find(|edge| !edges.contains_key(&edge.to)) {
            return Err(GraphError::NoStart(lost.to.clone()));
        }
        let graph = Self { start, begins_within: false, edges, order };
        graph.check()?;
        Ok(graph)
    }

    /// The same steps, for a run that begins with this one whatever leads to it.
    pub fn from_step(&self, step: &str) -> Result<Self, GraphError> {
        if !self.edges.contains_key(step) {
            return Err(GraphError::NoStart(step.to_owned()));
        }
        let start = vec![Edge { to: step.to_owned(), when: When::Always }];
        Ok(Self { start, begins_within: true, ..self.clone() })
    }

    /// The step that a run begins with; the first where it may begin with several.
    pub fn start(&self) -> &str {
        self.start.first().map_or("", |edge| edge.to.as_str())
    }

    /// The edges along which a run begins.
    pub fn starts(&self) -> &[Edge] {
        &self.start
    }

    /// Whether a run begins at a step of its own choice, not where the workflow says.
    pub(super) fn begins_within(&self) -> bool {
        self.begins_within
    }

    /// The edges that leave a step.
    pub fn edges(&self, step: &str) -> &[Edge] {
        self.edges.get(step).map_or(&[], Vec::as_slice)
    }

    /// Where a step stands in the definition.
    pub(super) fn place(&self, step: &str) -> usize {
        self.order.iter().position(|id| id == step).unwrap_or(usize::MAX)
    }

    /// How many edges lead to a step that may be taken.
    pub(super) fn ways_into(&self, step: &str) -> usize {
        let begun = if self.begins_within { &[] } else { self.start.as_slice() };
        let edges = self.edges.values().flatten().chain(begun);
        edges.filter(|edge| edge.to == step && edge.when != When::Never).count()
    }

    /// Whether some way leads from a step to another one.
    pub(super) fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![from];
        while let Some(step) = open.pop() {
            for edge in self.edges(step).iter().filter(|edge| edge.when != When::Never) {
                if edge.to == to {
                    return true;
                }
                if seen.insert(edge.to.as_str()) {
                    open.push(&edge.to);
                }
            }
        }
        false
    }

    fn check(&self) -> Result<(), GraphError> {
        for edge in self.edges.values().flatten() {
            if !self.edges.contains_key(&edge.to) {
                return Err(GraphError::NoStep(edge.to.clone()));
            }
        }
        // A step whose ways all end is done; one that is met again on its own way is a circle.
        let mut done = HashSet::new();
        let mut ids: Vec<&str> = self.edges.keys().map(String::as_str).collect();
        ids.sort_unstable();
        for id in ids {
            self.follow(id, &mut done)?;
        }
        Ok(())
    }

    fn follow<'a>(&'a self, from: &'a str, done: &mut HashSet<&'a str>) -> Result<(), GraphError> {
        // Each step of the way with the number of its edges that were followed.
        let mut way: Vec<(&str, usize)> = vec![(from, 0)];
        while let Some((id, tried)) = way.last_mut() {
            let Some(edge) = self.edges(id).get(*tried) else {
                done.insert(id);
                way.pop();
                continue;
            };
            *tried += 1;
            let last = *id;
            let to = edge.to.as_str();
            if way.iter().any(|(id, _)| *id == to) {
                return Err(GraphError::Circle { from: to.to_owned(), to: last.to_owned() });
            }
            if !done.contains(to) {
                way.push((to, 0));
            }
        }
        Ok(())
    }
}

/// Whether JavaScript takes this value for true.
pub fn is_true(value: &RawValue) -> bool {
    !matches!(value.get().trim(), "null" | "false" | "0" | "-0" | "\"\"")
}

/// Which edges of a step are taken, as far as no script has to be asked: `None` stands where an
/// expression decides.
pub fn taken(edges: &[Edge], step: &str, state: Option<&RawValue>) -> Vec<Option<bool>> {
    #[derive(Deserialize)]
    struct Errors {
        #[serde(default)]
        errors: Option<HashMap<String, Box<RawValue>>>,
    }
    let errors = state.and_then(|state| serde_json::from_str::<Errors>(state.get()).ok());
    let failed =
        errors.and_then(|state| state.errors?.remove(step)).is_some_and(|error| is_true(&error));
    edges
        .iter()
        .map(|edge| match edge.when {
            When::Always => Some(true),
            When::OnSuccess => Some(!failed),
            When::OnFailure => Some(failed),
            When::Never => Some(false),
            When::Expression(_) => None,
        })
        .collect()
}

#[cfg(test)]
#[path = "graph_tests.rs"]
pub(in crate::runtime) mod tests;
