//! Workflows: the keys of one, read and written.
//!
//! What a workflow is set off by stands under `trigger`, its graph under `start` and `steps`. The keys
//! and words are OpenFn's where it has the thing; what is beyond it may be left out, and then a
//! workflow behaves as it does there.
//!
//! What a job says is for the compiler to judge, and what a connection or source of that name is for
//! [`workflow_references`]. Whether the steps hang together is told here.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::workflow::{CronTrigger, Edge, Join, KeepStates, RunOrder, Trigger, When};
use fieldpost_model::workflow::{Step, Workflow};

use super::fields::{
    ADD_CONNECTION, ADD_SOURCE, Fields, Place, Section, collect, suggestion, suggestion_or,
};
use super::problem::Problem;
use super::project::{check_name, read_title};
use super::write::{Members, Secrets};

mod edges;
mod graph;
mod jobs;
mod steps;
mod trigger;

use edges::{read_edges, read_start, write_edges};
use graph::{report_circles, unreachable_steps};
pub use jobs::put_jobs;
use steps::{read_steps, write_steps};
pub use trigger::trigger_formats;
use trigger::{read_trigger, write_trigger};

/// How many runs of a workflow can be allowed at once.
const CONCURRENCY: RangeInclusive<u32> = 1..=1_000;

/// How long a run, or a try of a step, can be allowed to take.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(24);

/// Reads a workflow. Whether its connections and its source exist is for [`workflow_references`] to
/// tell.
pub fn read_workflow(name: &str, value: &Value<'_>) -> Result<Workflow, Vec<Problem>> {
    collect(&format!("workflows.{name}"), |place| read(name, value, place))
}

/// Writes a workflow; what is as it would be anyway is left out.
pub fn write_workflow(workflow: &Workflow, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    let Workflow { order_by, join, keep, .. } = *workflow;
    members.put_unless(workflow.title.is_empty(), "title", workflow.title.clone());
    if let Some(trigger) = write_trigger(&workflow.trigger, secrets) {
        members.put("trigger", trigger);
    }
    let starts_anyway = workflow.start == first_step(&workflow.steps);
    members.put_unless(starts_anyway, "start", write_edges(&workflow.start));
    members.put_unless(!workflow.paused, "paused", workflow.paused);
    if let Some(concurrency) = workflow.concurrency {
        members.put("concurrency", u64::from(concurrency));
    }
    members.put_unless(order_by == RunOrder::None, "order_by", order_by.name());
    members.put_unless(join == Join::EachPath, "join", join.name());
    if let Some(timeout) = workflow.timeout {
        members.put("timeout", duration::format(timeout));
    }
    members.put_unless(keep == KeepStates::All, "keep", keep.name());
    members.put("steps", write_steps(&workflow.steps));
    members.into_value()
}

/// What a workflow refers to and is not there.
pub fn workflow_references(
    workflow: &Workflow,
    connections: &[&str],
    sources: &[&str],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut unknown = |key: String, code, noun, name: &str, known: &[&str], how| {
        problems.push(Problem {
            path: format!("workflows.{}.{key}", workflow.name),
            code,
            message: format!("there is no {noun} `{name}` in this project"),
            hint: Some(suggestion_or(name, known, how)),
        });
    };
    if let Some(source) = source_of(workflow).filter(|source| !sources.contains(source)) {
        let key = "trigger.source".to_owned();
        unknown(key, "unknown-source", "source", source, sources, ADD_SOURCE);
    }
    for step in &workflow.steps {
        let connection = step.connection.as_deref();
        if let Some(name) = connection.filter(|name| !connections.contains(name)) {
            let key = format!("steps.{}.connection", step.id);
            unknown(key, "unknown-connection", "connection", name, connections, ADD_CONNECTION);
        }
    }
    problems
}

/// What is allowed in a workflow and likely to be regretted.
pub fn workflow_warnings(workflow: &Workflow) -> Vec<Problem> {
    let place = |step: &str| format!("workflows.{}.steps.{step}", workflow.name);
    unreachable_steps(workflow)
        .map(|step| Problem {
            path: place(step),
            code: "unreachable-step",
            message: format!("no edge leads to the step `{step}`, so it never runs"),
            hint: Some(format!("name it in `start`, or in the `next` of another step: `{step}`")),
        })
        .collect()
}

/// The one source that a workflow listens to.
pub(super) fn source_of(workflow: &Workflow) -> Option<&str> {
    match &workflow.trigger {
        Trigger::Event(trigger) => trigger.filter.from.as_deref(),
        Trigger::Cron(_) | Trigger::Trouble(_) | Trigger::Manual => None,
    }
}

/// Reads a workflow as far as it can be read, with what is usual in the place of the rest: so its jobs and what it
/// names are looked at, whatever else is wrong with it. It is only of use where nothing was reported.
pub(super) fn read(name: &str, value: &Value<'_>, place: Place<'_>) -> Option<Workflow> {
    check_name(&place, name);
    let mut fields = Fields::open(Section::Workflow, value, place)?;
    let title = fields.take("title").and_then(|field| read_title(&field));
    let trigger = fields.take("trigger").map(|field| read_trigger(&field));
    let start = fields.take("start").map(|field| read_start(&field));
    let paused = fields.take("paused").map(|field| field.boolean());
    let concurrency = fields.take("concurrency").map(|field| field.whole_number(CONCURRENCY));
    let order_by = fields.take("order_by").map(|field| field.choice(RunOrder::ALL, RunOrder::name));
    let join = fields.take("join").map(|field| field.choice(Join::ALL, Join::name));
    let timeout = fields.take("timeout").map(|field| field.duration(TIMEOUT));
    let keep = fields.take("keep").map(|field| field.choice(KeepStates::ALL, KeepStates::name));
    let steps = fields.require("steps").map(|field| read_steps(&field)).unwrap_or_default();
    let place = fields.place.clone();
    fields.close();
    let is_trigger_known = !matches!(trigger, Some(None));
    let workflow = Workflow {
        name: name.to_owned(),
        title: title.unwrap_or_default().to_owned(),
        trigger: trigger.flatten().unwrap_or(Trigger::Manual),
        paused: paused.flatten().unwrap_or(false),
        start: start.unwrap_or_else(|| first_step(&steps)),
        steps,
        concurrency: concurrency.flatten(),
        order_by: order_by.flatten().unwrap_or(RunOrder::None),
        join: join.flatten().unwrap_or(Join::EachPath),
        timeout: timeout.flatten(),
        keep: keep.flatten().unwrap_or(KeepStates::All),
    };
    report_unknown_steps(&place, &workflow, value);
    report_circles(&place, &workflow);
    if is_trigger_known {
        report_idle_order(&place, &workflow);
    }
    report_lost_cursor(&place, &workflow);
    Some(workflow)
}

/// Where a run begins if nothing is said: with the first step.
fn first_step(steps: &[Step]) -> Vec<Edge> {
    steps.iter().take(1).map(|step| always(&step.id)).collect()
}

/// An edge that is always taken.
fn always(to: &str) -> Edge {
    Edge { to: to.to_owned(), when: When::Always, label: String::new(), disabled: false }
}

/// Reports edges that lead nowhere, and a cursor that is no step's. A step is known by being written,
/// even where what stands under it cannot be read.
fn report_unknown_steps(place: &Place<'_>, workflow: &Workflow, value: &Value<'_>) {
    let written = value.get("steps").and_then(Value::as_object).unwrap_or_default();
    let known: Vec<&str> = written.iter().map(|(id, _)| id.as_ref()).collect();
    let report = |place: Place<'_>, to: &str| {
        if !known.contains(&to) {
            let message = format!("there is no step `{to}` in this workflow");
            place.report_with_hint::<()>("unknown-step", message, suggestion(to, &known));
        }
    };
    for edge in &workflow.start {
        report(place.key("start").key(&edge.to), &edge.to);
    }
    for step in &workflow.steps {
        for edge in &step.next {
            report(place.key("steps").key(&step.id).key("next").key(&edge.to), &edge.to);
        }
    }
    if let Trigger::Cron(CronTrigger { cursor_step: Some(step), .. }) = &workflow.trigger {
        report(place.key("trigger").key("cursor_step"), step);
    }
}

/// Reports a cursor that would never move on: what its step has left is not kept.
fn report_lost_cursor(place: &Place<'_>, workflow: &Workflow) {
    let Trigger::Cron(CronTrigger { cursor_step: Some(_), .. }) = &workflow.trigger else { return };
    if workflow.keep != KeepStates::All {
        place.key("trigger").key("cursor_step").report_with_hint::<()>(
            "cursor-not-kept",
            format!(
                "with `keep: {}` nothing is kept of what this step has left, so the next run could not begin \
                 with it",
                workflow.keep
            ),
            "leave `keep` out, or leave `cursor_step` out: what the whole run has left is kept for the next one",
        );
    }
}

/// Reports an order by case or form where a run is about neither.
fn report_idle_order(place: &Place<'_>, workflow: &Workflow) {
    let is_about_something = matches!(workflow.trigger, Trigger::Event(_));
    if matches!(workflow.order_by, RunOrder::Case | RunOrder::Form) && !is_about_something {
        place.key("order_by").report_with_hint::<()>(
            "does-not-apply",
            format!(
                "`order_by: {}` asks what a run is about, and only runs that an event sets off are \
                 about something",
                workflow.order_by
            ),
            "write `order_by: workflow` to have one run after the other",
        );
    }
}
