//! The portable project, 4.0, and `workflow.json`: steps, each with what follows it.
//!
//! A trigger is a step there, with a `type` and no job. `workflow.json` has none: it is run by hand.

use std::time::Duration;

use fieldpost_model::json::Value;
use fieldpost_model::workflow::{Edge, Trigger, Workflow};

use super::assemble;
use super::edges::{always, read_next};
use super::reader::{Reader, entries, named};

/// The least memory that a step can be given, in bytes.
const LEAST_MEMORY: u64 = 4 << 20;

/// The longest that a run can be given.
const LONGEST: Duration = Duration::from_hours(24);

/// Reads the workflows of a project.
pub(super) fn read(reader: &mut Reader<'_>, workflows: &[(String, &Value<'static>)]) -> usize {
    workflows.iter().map(|(key, workflow)| read_workflow(reader, key, workflow)).sum()
}

/// Reads a workflow of a project.
pub(super) fn read_workflow(reader: &mut Reader<'_>, key: &str, value: &Value<'static>) -> usize {
    let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = text("id").or_else(|| text("name")).unwrap_or(key).to_owned();
    let known = ["name", "steps", "start", "options", "concurrency", "globals"];
    reader.unread(&format!("workflows.{id}"), value, &known);
    let start = text("start").map(str::to_owned);
    read_parts(reader, &id, value, value.get("steps"), start.as_deref(), value.get("options"));
    1
}

/// Reads a `workflow.json`.
pub(super) fn read_plan(reader: &mut Reader<'_>, value: &Value<'static>) -> usize {
    let workflow = value.get("workflow").unwrap_or(value);
    let name = workflow.get("id").and_then(Value::as_str).or_else(|| named(workflow));
    let name = name.unwrap_or("workflow").to_owned();
    reader.unread("workflow", workflow, &["name", "steps", "jobs", "globals", "options"]);
    let steps = [workflow.get("steps"), workflow.get("jobs"), value.get("jobs")];
    let options = value.get("options");
    let start = options.and_then(|options| options.get("start")).and_then(Value::as_str);
    if options.is_some_and(|options| options.get("end").is_some()) {
        reader.note("options.end", "is not taken over: a run goes on to its end");
    }
    read_parts(reader, &name, workflow, steps.into_iter().flatten().next(), start, options);
    1
}

fn read_parts(
    reader: &mut Reader<'_>,
    id: &str,
    value: &Value<'static>,
    steps: Option<&Value<'static>>,
    start: Option<&str>,
    options: Option<&Value<'static>>,
) {
    let name = reader.workflow_names.name(id, "workflow");
    let place = format!("workflows.{id}");
    let mut workflow = reader.workflow(name, named(value).unwrap_or(id));
    if value.get("globals").is_some_and(|globals| !globals.is_null()) {
        reader.note(
            &format!("{place}.globals"),
            "there are no globals here: write them into the jobs",
        );
    }
    let number = |value: Option<&Value<'_>>| value?.as_number()?.parse::<u64>().ok();
    workflow.concurrency = number(value.get("concurrency")).and_then(|it| u32::try_from(it).ok());
    let option = |key: &str| number(options.and_then(|options| options.get(key)));
    workflow.timeout = option("timeout")
        .filter(|milliseconds| *milliseconds > 0)
        .map(|milliseconds| Duration::from_millis(milliseconds).min(LONGEST));
    let memory = option("run_memory_limit_mb").map(|megabytes| megabytes.saturating_mul(1_000_000));
    let mut wanted = Vec::new();
    let mut triggers = Vec::new();
    for (index, (_, step)) in entries(steps).into_iter().enumerate() {
        let given = step.get("id").and_then(Value::as_str).or_else(|| named(step));
        let id = given.map_or_else(|| format!("job-{}", index + 1), str::to_owned);
        if is_trigger(step) {
            triggers.push((id, step));
        } else {
            read_step(reader, &place, &mut workflow, &id, step);
            wanted.push(id);
        }
    }
    for step in &mut workflow.steps {
        step.memory_bytes = memory.map(|bytes| bytes.max(LEAST_MEMORY));
    }
    begin(reader, &place, &mut workflow, &triggers, start);
    assemble::add(reader, &place, workflow, &wanted);
}

/// Sets what begins a workflow off, and where it begins.
fn begin(
    reader: &mut Reader<'_>,
    place: &str,
    workflow: &mut Workflow,
    triggers: &[(String, &Value<'static>)],
    start: Option<&str>,
) {
    let chosen = triggers.iter().find(|(id, _)| Some(id.as_str()) == start);
    let chosen = chosen.or_else(|| triggers.first());
    for (id, _) in triggers.iter().filter(|other| Some(*other) != chosen) {
        reader.note(&format!("{place}.steps.{id}"), "is a second trigger: left out");
    }
    let Some((id, trigger)) = chosen else {
        workflow.start = start.map(always).into_iter().collect();
        return;
    };
    let place = format!("{place}.steps.{id}");
    workflow.trigger = reader.trigger(&place, &workflow.name, trigger);
    workflow.start = read_next(reader, &place, trigger.get("next"));
    let is_off = trigger.get("enabled").and_then(Value::as_bool) == Some(false);
    workflow.paused = is_off && matches!(workflow.trigger, Trigger::Cron(_));
}

/// Whether a step is a trigger: it has a type, and no job.
fn is_trigger(step: &Value<'_>) -> bool {
    step.get("type").is_some() && step.get("expression").is_none() && step.get("adaptor").is_none()
}

fn read_step(
    reader: &mut Reader<'_>,
    place: &str,
    workflow: &mut Workflow,
    id: &str,
    value: &Value<'static>,
) {
    let place = format!("{place}.steps.{id}");
    let known =
        ["name", "expression", "adaptor", "adaptors", "configuration", "state", "next", "previous"];
    reader.unread(&place, value, &known);
    let adaptors: Vec<&str> = value
        .get("adaptor")
        .into_iter()
        .chain(value.get("adaptors").and_then(Value::as_array).unwrap_or_default())
        .filter_map(Value::as_str)
        .collect();
    let job = reader.job(&format!("{place}.expression"), value.get("expression"));
    let next: Vec<Edge> = read_next(reader, &place, value.get("next"));
    let mut step = Reader::step(id, named(value), &adaptors, job);
    let adaptor = step.adaptors.first().cloned().unwrap_or_default();
    step.next = next;
    step.connection = match value.get("configuration") {
        Some(Value::String(key)) => Some(reader.connections.used(key, &adaptor)),
        Some(fields @ Value::Object(_)) => Some(reader.connections.inline(id, fields, &adaptor)),
        _ => None,
    };
    if value.get("state").is_some_and(|state| !state.is_null()) {
        reader.note(
            &format!("{place}.state"),
            "a step has no state of its own here: begin the job with `fn(state => ({ …, ...state }))`",
        );
    }
    workflow.steps.push(step);
}
