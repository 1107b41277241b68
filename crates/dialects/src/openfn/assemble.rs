//! Putting a workflow together: ids that fit, and edges that lead somewhere.

use std::collections::HashMap;

use fieldpost_model::workflow::{Edge, Trigger, When, Workflow};

use super::names::Names;
use super::reader::Reader;

/// Adds a workflow whose steps and edges still have the ids of the file. `wanted` has for each step the
/// id that it is to be like.
pub(super) fn add(reader: &mut Reader<'_>, place: &str, mut workflow: Workflow, wanted: &[String]) {
    let mut names = Names::default();
    let mut ids = HashMap::new();
    for (step, wanted) in workflow.steps.iter_mut().zip(wanted) {
        let id = names.step(wanted, "step");
        if step.id == *wanted && id != *wanted {
            reader.note(
                &format!("{place}.steps.{wanted}"),
                format!("is called `{id}` here: so is its error in `state.errors`"),
            );
        }
        ids.entry(std::mem::replace(&mut step.id, id.clone())).or_insert(id);
    }
    for step in &mut workflow.steps {
        let place = format!("{place}.steps.{}", step.id);
        step.next = lead(reader, &place, std::mem::take(&mut step.next), &ids);
    }
    let start = lead(reader, place, std::mem::take(&mut workflow.start), &ids);
    workflow.start = start.into_iter().map(|edge| started(reader, place, edge)).collect();
    if workflow.start.is_empty()
        && let Some(first) = workflow.steps.first()
    {
        workflow.start = vec![super::edges::always(&first.id)];
    }
    if let Trigger::Cron(cron) = &mut workflow.trigger
        && let Some(cursor) = cron.cursor_step.take()
    {
        cron.cursor_step = ids.get(&cursor).cloned();
        if cron.cursor_step.is_none() {
            reader
                .note(place, format!("has its cursor from `{cursor}`, which is no step: left out"));
        }
    }
    if workflow.steps.is_empty() {
        reader.note(place, "has no step: left out");
        return;
    }
    reader.add(workflow);
}

/// The edges that lead to a step, by the ids of here.
fn lead(
    reader: &mut Reader<'_>,
    place: &str,
    edges: Vec<Edge>,
    ids: &HashMap<String, String>,
) -> Vec<Edge> {
    let mut led: Vec<Edge> = Vec::new();
    for edge in edges {
        let Some(to) = ids.get(&edge.to) else {
            reader.note(place, format!("leads to `{}`, which is no step: left out", edge.to));
            continue;
        };
        if led.iter().any(|there| there.to == *to) {
            reader.note(place, format!("leads to `{to}` twice: the first edge is taken"));
            continue;
        }
        led.push(Edge { to: to.clone(), ..edge });
    }
    led
}

/// An edge from the trigger: nothing has run before it.
fn started(reader: &mut Reader<'_>, place: &str, edge: Edge) -> Edge {
    match edge.when {
        When::OnJobSuccess => Edge { when: When::Always, ..edge },
        When::OnJobFailure => {
            reader.note(
                place,
                format!(
                    "begins with `{}` after a failure, of which there is none: disabled",
                    edge.to
                ),
            );
            Edge { when: When::Always, disabled: true, ..edge }
        }
        When::Always | When::Expression(_) => edge,
    }
}
