//! `project.yaml` of OpenFn's first platform: jobs, and triggers that they share.
//!
//! There is one inbox, whose messages each filter sees: so all workflows listen to one source. A job
//! that runs after another one, when that succeeded or failed, becomes a step after it; each job that
//! nothing comes before becomes a workflow.

use fieldpost_model::json::Value;
use fieldpost_model::workflow::{Trigger, When, Workflow};

use super::assemble;
use super::edges::edge;
use super::reader::{Reader, Webhook, cron, entries, message};

/// What the one source of such a project is called.
const INBOX: &str = "inbox";

/// A job, with what sets it off.
struct Job<'v> {
    key: String,
    value: &'v Value<'static>,
    cause: Cause<'v>,
}

/// What sets a job off.
enum Cause<'v> {
    Filter(&'v Value<'static>),
    Time(&'v str),
    After(&'v str, When),
    Nothing,
}

/// Reads the jobs of a project; gives the number of workflows.
pub(super) fn read(reader: &mut Reader<'_>, value: &Value<'static>) -> usize {
    reader.project(value);
    let triggers = entries(value.get("triggers"));
    let jobs: Vec<Job<'_>> = entries(value.get("jobs"))
        .into_iter()
        .map(|(key, value)| {
            let cause = cause(reader, &key, value, &triggers);
            Job { key, value, cause }
        })
        .collect();
    let hears = jobs.iter().any(|job| matches!(job.cause, Cause::Filter(_)));
    let source = if hears { reader.webhook(INBOX, Webhook::default()) } else { String::new() };
    if hears {
        reader.note(
            "triggers",
            "all filters see the messages of the one source `inbox`: its address is a new one, \
             unless you write the last part of the old address as `secret` of the source",
        );
    }
    let mut placed = vec![false; jobs.len()];
    let mut count = 0;
    for (index, job) in jobs.iter().enumerate() {
        if !matches!(job.cause, Cause::After(..)) {
            read_workflow(reader, &jobs, index, &source, &mut placed);
            count += 1;
        }
    }
    for (job, _) in jobs.iter().zip(&placed).filter(|(_, placed)| !**placed) {
        reader.note(
            &format!("jobs.{}", job.key),
            "runs after a job that is not there, or that runs after it: left out",
        );
    }
    count
}

fn cause<'v>(
    reader: &mut Reader<'_>,
    job: &str,
    value: &'v Value<'static>,
    triggers: &[(String, &'v Value<'static>)],
) -> Cause<'v> {
    let place = format!("jobs.{job}.trigger");
    let trigger = match value.get("trigger") {
        None | Some(Value::Null) => return Cause::Nothing,
        Some(Value::String(name)) => {
            let found = triggers.iter().find(|(key, _)| key == name);
            let Some((_, trigger)) = found else {
                reader.note(
                    &place,
                    format!("there is no trigger `{name}`: the workflow runs by hand"),
                );
                return Cause::Nothing;
            };
            *trigger
        }
        Some(trigger) => trigger,
    };
    let text = |key: &str| trigger.get(key).and_then(Value::as_str);
    if trigger.get("criteria").is_some() {
        Cause::Filter(trigger)
    } else if let Some(expression) = text("cron") {
        Cause::Time(expression)
    } else if let Some(after) = text("success") {
        Cause::After(after, When::OnJobSuccess)
    } else if let Some(after) = text("failure") {
        Cause::After(after, When::OnJobFailure)
    } else {
        reader.note(
            &place,
            "has neither `criteria`, `cron`, `success` nor `failure`: the workflow runs by hand",
        );
        Cause::Nothing
    }
}

/// Reads a job that nothing comes before, with all that come after it.
fn read_workflow(
    reader: &mut Reader<'_>,
    jobs: &[Job<'_>],
    root: usize,
    source: &str,
    placed: &mut [bool],
) {
    let Some(first) = jobs.get(root) else { return };
    let place = format!("jobs.{}", first.key);
    let name = reader.workflow_names.name(&first.key, "workflow");
    let title = first.value.get("name").and_then(Value::as_str).unwrap_or(&first.key).to_owned();
    let mut workflow = reader.workflow(name, &title);
    let mut wanted = Vec::new();
    let mut ahead = std::collections::VecDeque::from([root]);
    while let Some((index, job)) =
        ahead.pop_front().and_then(|index| Some((index, jobs.get(index)?)))
    {
        if let Some(placed) = placed.get_mut(index) {
            *placed = true;
        }
        read_job(reader, &mut workflow, job);
        wanted.push(job.key.clone());
        for (next, follower) in jobs.iter().enumerate() {
            if let Cause::After(after, when) = &follower.cause
                && *after == job.key
                && let Some(step) = workflow.steps.last_mut()
            {
                let mut edge = edge(&follower.key, when.clone());
                edge.disabled = is_off(follower);
                step.next.push(edge);
                if is_off(follower) {
                    let place = format!("jobs.{}", follower.key);
                    reader.note(&place, "does not run by itself: the edge to it is disabled");
                }
                ahead.push_back(next);
            }
        }
    }
    workflow.trigger = trigger(reader, &place, &mut workflow, first, source);
    if is_off(first) {
        workflow.paused = true;
        reader.note(&place, "does not run by itself: the workflow is paused, and its runs wait");
    }
    assemble::add(reader, &place, workflow, &wanted);
}

/// Whether a job does not run by itself. The first platform says so with `autoprocess`, some files with
/// `enabled`.
fn is_off(job: &Job<'_>) -> bool {
    let says_no = |key: &str| job.value.get(key).and_then(Value::as_bool) == Some(false);
    says_no("autoprocess") || says_no("enabled")
}

fn trigger(
    reader: &mut Reader<'_>,
    place: &str,
    workflow: &mut Workflow,
    job: &Job<'_>,
    source: &str,
) -> Trigger {
    match &job.cause {
        Cause::Filter(filter) => {
            let matches = fragment(filter.get("criteria"));
            let exclusion = filter.get("exclusion").or_else(|| filter.get("exclusion_criteria"));
            let unless = fragment(exclusion);
            if let (Ok(matches), Ok(unless)) = (matches, unless) {
                return message(source, matches, unless, None);
            }
            // With half of its filter it would run for what it must not see.
            reader.note(
                &format!("{place}.trigger"),
                "has a filter that is no JSON: write it as `match` of the trigger; until then the \
                 workflow runs by hand",
            );
            Trigger::Manual
        }
        Cause::Time(expression) => {
            // The state of the job itself goes on to the next point, not of those after it.
            let cursor = (workflow.steps.len() > 1).then_some(job.key.as_str());
            cron(expression, cursor)
        }
        Cause::After(..) | Cause::Nothing => Trigger::Manual,
    }
}

/// A filter: JSON, as a text or as it is. `{}` and nothing want every message.
fn fragment(value: Option<&Value<'static>>) -> Result<Option<Value<'static>>, ()> {
    let value = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => Value::parse(text.as_bytes()).map_err(|_| ())?.into_owned(),
        Some(value) => value.clone(),
    };
    Ok(Some(value))
}

fn read_job(reader: &mut Reader<'_>, workflow: &mut Workflow, job: &Job<'_>) {
    let place = format!("jobs.{}", job.key);
    let known = [
        "name",
        "expression",
        "adaptor",
        "language_pack",
        "trigger",
        "credential",
        "autoprocess",
        "enabled",
    ];
    reader.unread(&place, job.value, &known);
    let text = |key: &str| job.value.get(key).and_then(Value::as_str);
    let adaptor = text("adaptor").or_else(|| text("language_pack"));
    let expression = reader.job(&format!("{place}.expression"), job.value.get("expression"));
    let adaptors: Vec<&str> = adaptor.into_iter().collect();
    let mut step = Reader::step(&job.key, text("name"), &adaptors, expression);
    let used = step.adaptors.first().cloned().unwrap_or_default();
    step.connection = text("credential").map(|key| reader.connections.used(key, &used));
    workflow.steps.push(step);
}
