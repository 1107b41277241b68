//! Whether the steps of a workflow hang together: no step leads back to itself, and each is led to.

use std::collections::HashSet;

use fieldpost_model::workflow::{Edge, Step, Workflow};

use crate::definition::fields::Place;

/// Reports edges that lead back to a step that led to them. A run would never end.
pub(super) fn report_circles(place: &Place<'_>, workflow: &Workflow) {
    let mut walk = Walk { workflow, open: Vec::new(), done: HashSet::new(), back: Vec::new() };
    for step in &workflow.steps {
        walk.visit(step);
    }
    for (from, to) in walk.back {
        place.key("steps").key(from).key("next").key(to).report_with_hint::<()>(
            "circular-workflow",
            if from == to {
                format!("the step `{from}` leads to itself")
            } else {
                format!("`{to}`, to which this leads, leads to `{from}`: the run would never end")
            },
            "for repeating work within a step there is `each`; for repeating a failed step, `retry`",
        );
    }
}

/// The steps that no way from the start leads to, disabled edges included.
pub(super) fn unreachable_steps(workflow: &Workflow) -> impl Iterator<Item = &str> {
    let mut reached = HashSet::new();
    let mut ahead: Vec<&Edge> = workflow.start.iter().collect();
    while let Some(edge) = ahead.pop() {
        if reached.insert(edge.to.as_str()) {
            ahead.extend(step_of(workflow, &edge.to).into_iter().flat_map(|step| &step.next));
        }
    }
    let ids = workflow.steps.iter().map(|step| step.id.as_str());
    ids.filter(move |id| !reached.contains(id))
}

fn step_of<'w>(workflow: &'w Workflow, id: &str) -> Option<&'w Step> {
    workflow.steps.iter().find(|step| step.id == id)
}

/// A walk along all edges, depth first. It goes as deep as there are steps, whose number is bounded.
struct Walk<'w> {
    workflow: &'w Workflow,
    /// The steps from where it began to where it is.
    open: Vec<&'w str>,
    /// Those from which everything was seen.
    done: HashSet<&'w str>,
    /// The edges that lead back.
    back: Vec<(&'w str, &'w str)>,
}

impl<'w> Walk<'w> {
    fn visit(&mut self, step: &'w Step) {
        if self.done.contains(step.id.as_str()) {
            return;
        }
        self.open.push(&step.id);
        for edge in &step.next {
            if self.open.contains(&edge.to.as_str()) {
                self.back.push((&step.id, &edge.to));
            } else if let Some(next) = step_of(self.workflow, &edge.to) {
                self.visit(next);
            }
        }
        self.open.pop();
        self.done.insert(&step.id);
    }
}
