//! The way of one run through the steps of its workflow: what was done says what is next.
//!
//! A walk hands out the steps that may begin now, several at once where branches part, and is told
//! what became of each. By default a step that several edges lead to runs once for each of them, as
//! OpenFn has it; with [`Join::All`] it runs once, when nothing that still goes on can lead to it.
//! A step that no edge was taken from is a leaf: the result of a run is the state of its one leaf,
//! or an object of the states of several.
//!
//! Each try of each step has a number. Whoever keeps these can walk the same way again after a
//! crash: a walk that is told what was begun hands out the same numbers, and whoever walks says of
//! each what is known to have become of it, instead of running it.
//!
//! All of it is decided here, on values: nothing runs, waits or fails in this file.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::value::RawValue;

use super::graph::{Graph, is_true};
use super::join;

/// How a step with several edges into it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// Once for each path that leads to it.
    #[default]
    EachPath,
    /// Once, with the states of all paths that led to it.
    All,
}

/// A try of a step that an earlier walk of the same run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub number: u32,
    /// The step.
    pub step: String,
    /// The number of what led to it.
    pub after: Option<u32>,
    /// Which try of it this was, from one.
    pub attempt: u32,
}

/// A step that is to run now.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The step's id in the workflow.
    pub step: String,
    /// Its name in this run: a step that runs again is `x-1`, then `x-2`.
    pub name: String,
    /// Its number in this run, from one; that of the last try where there were some.
    pub number: u32,
    /// The number of what led to it; none where the run begins.
    pub after: Option<u32>,
    /// Which try this is, from one.
    pub attempt: u32,
    /// Whether an earlier walk began this try already.
    pub known: bool,
    /// Whether the state was put together from several: it is nobody's output.
    pub joined: bool,
    /// The state that it is given; none where the step before left none.
    pub state: Option<Box<RawValue>>,
    index: usize,
}

/// What became of a step.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    /// The state that it left.
    pub state: Option<&'a RawValue>,
    /// Whether it failed.
    pub failed: bool,
    /// Which of its edges are taken.
    pub taken: &'a [bool],
}

/// What a run has come to.
#[derive(Debug, Default)]
pub struct Finish {
    /// The state of the one leaf, or the states of several by name.
    pub state: Option<Box<RawValue>>,
    /// The number of the step that left this very state; none where there are several leaves.
    pub leaf: Option<u32>,
    /// The first leaf that failed, by its number: the run failed then.
    pub failed: Option<u32>,
    /// The names of all steps that ran, by their numbers. Names are given in the order in which
    /// OpenFn would have run the steps; where branches ran at once, a step that two of them led to
    /// may have begun under another name.
    pub names: Vec<(u32, String)>,
}

/// A run on its way.
#[derive(Debug)]
pub struct Walk {
    graph: Graph,
    join: Join,
    end: Option<String>,
    waiting: VecDeque<Arrival>,
    /// What has come to steps that wait for all of their paths.
    gathering: BTreeMap<String, Vec<Arrival>>,
    executions: Vec<Execution>,
    last_number: u32,
    /// What an earlier walk began: the tries of each execution, by what led to which step.
    begun: HashMap<(Option<u32>, String), VecDeque<Tries>>,
}

/// The tries of one execution of a step: the number of each, and which try it is.
type Tries = Vec<(u32, u32)>;

/// A path that has come to a step.
#[derive(Debug)]
struct Arrival {
    step: String,
    /// The execution that led there, and the place of the edge among those that leave it.
    from: Option<usize>,
    edge: usize,
    state: Option<Box<RawValue>>,
}

/// A step that was begun.
#[derive(Debug)]
struct Execution {
    number: u32,
    step: String,
    from: Option<usize>,
    edge: usize,
    under_way: bool,
    leaf: Option<Leaf>,
}

#[derive(Debug)]
struct Leaf {
    state: Option<Box<RawValue>>,
    failed: bool,
}

impl Walk {
    /// A run through this graph that has not begun.
    pub fn new(graph: Graph) -> Self {
        Self {
            graph,
            join: Join::default(),
            end: None,
            waiting: VecDeque::new(),
            gathering: BTreeMap::new(),
            executions: Vec::new(),
            last_number: 0,
            begun: HashMap::new(),
        }
    }

    /// How steps with several edges into them are begun.
    #[must_use]
    pub fn joining(mut self, join: Join) -> Self {
        self.join = join;
        self
    }

    /// The step after which the run is over.
    #[must_use]
    pub fn ending_after(mut self, end: Option<String>) -> Self {
        self.end = end;
        self
    }

    /// Goes the way of an earlier walk, as far as that came.
    #[must_use]
    pub fn resumed(mut self, begun: impl IntoIterator<Item = Begun>) -> Self {
        let mut begun: Vec<Begun> = begun.into_iter().collect();
        begun.sort_unstable_by_key(|begun| begun.number);
        for Begun { number, step, after, attempt } in begun {
            self.last_number = self.last_number.max(number);
            let executions = self.begun.entry(self.key(after, &step)).or_default();
            // A try goes on from the one before it; a first one begins another execution.
            let before =
                executions.iter_mut().find(|tries| tries.last().is_some_and(|it| it.1 < attempt));
            match before.filter(|_| attempt > 1) {
                Some(tries) => tries.push((number, attempt)),
                None => executions.push_back(vec![(number, attempt)]),
            }
        }
        self
    }

    /// A step that waits for all its paths runs once, whichever of them came last.
    fn key(&self, after: Option<u32>, step: &str) -> (Option<u32>, String) {
        (after.filter(|_| self.join == Join::EachPath), step.to_owned())
    }

    /// The run begins with this state; `taken` says along which of the graph's first edges.
    pub fn begin(&mut self, state: &RawValue, taken: &[bool]) {
        let taken = self.graph.starts().iter().zip(taken).enumerate();
        let taken: Vec<(usize, String)> = taken
            .filter(|(_, (_, taken))| **taken)
            .map(|(place, (edge, _))| (place, edge.to.clone()))
            .collect();
        for (edge, step) in taken {
            let arrival = Arrival { step, from: None, edge, state: Some(state.to_owned()) };
            if self.graph.begins_within() {
                self.waiting.push_back(arrival);
            } else {
                self.arrive(arrival);
            }
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        if self.join == Join::All && self.graph.ways_into(&arrival.step) > 1 {
            self.gathering.entry(arrival.step.clone()).or_default().push(arrival);
        } else {
            self.waiting.push_back(arrival);
        }
    }

    /// A step that may begin now: whoever takes it says with [`Walk::leave`] what became of it.
    pub fn next_visit(&mut self) -> Option<Visit> {
        if let Some(arrival) = self.waiting.pop_front() {
            let Arrival { step, from, edge, state } = arrival;
            return Some(self.visit(step, from, edge, state, false));
        }
        let ready = self.gathering.keys().find(|step| !self.may_come(step))?.clone();
        let arrivals = self.gathering.remove(&ready)?;
        let (from, edge) = arrivals.last().map(|last| (last.from, last.edge))?;
        let state = self.joined(arrivals);
        Some(self.visit(ready, from, edge, Some(state), true))
    }

    /// Whether something that goes on, or waits itself, may still lead to this step.
    fn may_come(&self, step: &str) -> bool {
        let under_way = self.executions.iter().filter(|execution| execution.under_way);
        let under_way = under_way.map(|execution| execution.step.as_str());
        let gathering = self.gathering.keys().map(String::as_str).filter(|other| *other != step);
        under_way.chain(gathering).any(|from| self.graph.leads_to(from, step))
    }

    /// The states of several paths as one, in the order of the definition.
    fn joined(&self, mut arrivals: Vec<Arrival>) -> Box<RawValue> {
        let from = |arrival: &Arrival| Some(self.executions.get(arrival.from?)?.step.as_str());
        arrivals.sort_by_key(|arrival| from(arrival).map(|step| self.graph.place(step)));
        let states = arrivals
            .iter()
            .map(|arrival| (from(arrival).unwrap_or(join::START), arrival.state.as_deref()));
        join::joined(states)
    }

    fn visit(
        &mut self,
        step: String,
        from: Option<usize>,
        edge: usize,
        state: Option<Box<RawValue>>,
        joined: bool,
    ) -> Visit {
        let after = from.and_then(|from| self.executions.get(from)).map(|it| it.number);
        let known = self.begun.get_mut(&self.key(after, &step)).and_then(VecDeque::pop_front);
        let known = known.and_then(|tries| tries.last().copied());
        let (number, attempt) = known.unwrap_or_else(|| {
            self.last_number += 1;
            (self.last_number, 1)
        });
        let count = self.executions.iter().filter(|execution| execution.step == step).count();
        let name = named(&step, count);
        let index = self.executions.len();
        let execution =
            Execution { number, step: step.clone(), from, edge, under_way: true, leaf: None };
        self.executions.push(execution);
        let known = known.is_some();
        Visit { step, name, number, after, attempt, known, joined, state, index }
    }

    /// The step is tried once more: it gets a number of its own for that.
    pub fn again(&mut self, visit: &mut Visit) {
        self.last_number += 1;
        visit.number = self.last_number;
        visit.attempt += 1;
        visit.known = false;
        if let Some(execution) = self.executions.get_mut(visit.index) {
            execution.number = visit.number;
        }
    }

    /// The step has ended.
    pub fn leave(&mut self, visit: &Visit, left: Left<'_>) {
        let early = self.end.as_deref() == Some(visit.step.as_str());
        let edges = self.graph.edges(&visit.step).iter().zip(left.taken).enumerate();
        let next: Vec<(usize, String)> = edges
            .filter(|(_, (_, taken))| **taken)
            .map(|(place, (edge, _))| (place, edge.to.clone()))
            .collect();
        if let Some(execution) = self.executions.get_mut(visit.index) {
            execution.under_way = false;
            if early || next.is_empty() {
                let state = left.state.filter(|state| is_true(state)).map(ToOwned::to_owned);
                execution.leaf = Some(Leaf { state, failed: left.failed });
            }
        }
        if early {
            self.waiting.clear();
            self.gathering.clear();
            return;
        }
        for (edge, step) in next {
            let state = left.state.map(ToOwned::to_owned);
            self.arrive(Arrival { step, from: Some(visit.index), edge, state });
        }
    }

    /// Whether no step waits to begin; some may be under way.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.gathering.is_empty()
    }

    /// The steps, and how they hang together.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the run has come to.
    pub fn finish(self) -> Finish {
        let order = self.breadth_first();
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut finish = Finish::default();
        let mut states: Vec<(String, Box<RawValue>)> = Vec::new();
        let mut executions: Vec<Option<Execution>> =
            self.executions.into_iter().map(Some).collect();
        for index in order {
            let Some(execution) = executions.get_mut(index).and_then(Option::take) else {
                continue;
            };
            let count = counts.entry(execution.step.clone()).or_default();
            let name = named(&execution.step, *count);
            *count += 1;
            if let Some(leaf) = execution.leaf {
                finish.failed = finish.failed.or(leaf.failed.then_some(execution.number));
                finish.leaf = leaf.state.is_some().then_some(execution.number).or(finish.leaf);
                states.extend(leaf.state.map(|state| (name.clone(), state)));
            }
            finish.names.push((execution.number, name));
        }
        finish.state = if states.len() < 2 {
            states.pop().map(|(_, state)| state)
        } else {
            finish.leaf = None;
            let states: BTreeMap<String, Box<RawValue>> = states.into_iter().collect();
            serde_json::value::to_raw_value(&states).ok()
        };
        finish
    }

    /// The executions as if they had run one after the other, as OpenFn runs them.
    fn breadth_first(&self) -> Vec<usize> {
        let mut after: HashMap<Option<usize>, Vec<(usize, usize)>> = HashMap::new();
        for (index, execution) in self.executions.iter().enumerate() {
            after.entry(execution.from).or_default().push((execution.edge, index));
        }
        let mut order = Vec::with_capacity(self.executions.len());
        let mut open = VecDeque::from([None]);
        while let Some(from) = open.pop_front() {
            let mut next = after.remove(&from).unwrap_or_default();
            next.sort_unstable();
            for (_, index) in next {
                order.push(index);
                open.push_back(Some(index));
            }
        }
        order
    }
}

fn named(step: &str, count: usize) -> String {
    if count == 0 { step.to_owned() } else { format!("{step}-{count}") }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
