//! The project of Lightning: jobs, triggers and edges of each workflow.
//!
//! What `openfn deploy` reads has them by key, what the server gives has them as lists with ids; the
//! keys of an edge differ accordingly.

use std::collections::HashMap;

use fieldpost_model::json::Value;
use fieldpost_model::workflow::{Edge, Trigger, When, Workflow};

use super::assemble;
use super::edges::{always, condition};
use super::reader::{Reader, entries, named};

/// Reads the workflows of a project.
pub(super) fn read(reader: &mut Reader<'_>, workflows: &[(String, &Value<'static>)]) -> usize {
    for (key, workflow) in workflows {
        read_workflow(reader, key, workflow);
    }
    workflows.len()
}

fn read_workflow(reader: &mut Reader<'_>, key: &str, value: &Value<'static>) {
    let title = named(value).unwrap_or(key);
    let place = format!("workflows.{title}");
    let name = reader.workflow_names.name(title, "workflow");
    let known =
        ["name", "jobs", "triggers", "edges", "concurrency", "enable_job_logs", "project_id"];
    reader.unread(&place, value, &known);
    let mut workflow = reader.workflow(name, title);
    workflow.concurrency = value
        .get("concurrency")
        .and_then(Value::as_number)
        .and_then(|number| number.parse().ok())
        .filter(|runs| *runs > 0);
    let mut wanted = Vec::new();
    for (key, job) in entries(value.get("jobs")) {
        // The key of a list is an id that means nothing; a name does.
        wanted.push(
            if job.get("id").is_some() { named(job).unwrap_or(&key) } else { &key }.to_owned(),
        );
        read_job(reader, &place, &mut workflow, &key, job);
    }
    let triggers = entries(value.get("triggers"));
    let chosen = triggers.first();
    for (key, _) in triggers.iter().skip(1) {
        reader.note(&format!("{place}.triggers.{key}"), "is a second trigger: left out");
    }
    if let Some((key, trigger)) = chosen {
        let place = format!("{place}.triggers.{key}");
        workflow.trigger = reader.trigger(&place, &workflow.name, trigger);
        let is_off = trigger.get("enabled").and_then(Value::as_bool) == Some(false);
        workflow.paused = is_off && matches!(workflow.trigger, Trigger::Cron(_));
    }
    let edges = entries(value.get("edges"));
    read_edges(reader, &place, &mut workflow, &edges, chosen.map(|(key, _)| key.as_str()));
    assemble::add(reader, &place, workflow, &wanted);
}

fn read_job(
    reader: &mut Reader<'_>,
    place: &str,
    workflow: &mut Workflow,
    key: &str,
    value: &Value<'static>,
) {
    let place = format!("{place}.jobs.{}", named(value).unwrap_or(key));
    let known = [
        "name",
        "adaptor",
        "body",
        "credential",
        "project_credential_id",
        "keychain_credential_id",
        "project_credential",
        "workflow_id",
    ];
    reader.unread(&place, value, &known);
    let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let adaptor = text("adaptor").unwrap_or("@openfn/language-common@latest");
    let job = reader.job(&format!("{place}.body"), value.get("body"));
    let mut step = Reader::step(key, named(value), &[adaptor], job);
    let used = step.adaptors.first().cloned().unwrap_or_default();
    let credential = text("credential")
        .or_else(|| text("project_credential_id"))
        .or_else(|| text("project_credential"));
    step.connection = credential.map(|key| reader.connections.used(key, &used));
    if text("keychain_credential_id").is_some() {
        reader.note(
            &place,
            "chooses its credential by a value of the state: write a step for each connection, \
             with an edge that looks at that value",
        );
    }
    workflow.steps.push(step);
}

fn read_edges(
    reader: &mut Reader<'_>,
    place: &str,
    workflow: &mut Workflow,
    edges: &[(String, &Value<'static>)],
    trigger: Option<&str>,
) {
    let places: HashMap<String, usize> =
        workflow.steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index)).collect();
    for (key, value) in edges {
        let place = format!("{place}.edges.{key}");
        let text = |names: [&str; 2]| {
            names.into_iter().find_map(|name| value.get(name).and_then(Value::as_str))
        };
        let (from, to) = key.split_once("->").unwrap_or(("", ""));
        let Some(to) =
            text(["target_job", "target_job_id"]).or(Some(to)).filter(|to| !to.is_empty())
        else {
            reader.note(&place, "leads nowhere: left out");
            continue;
        };
        let edge = read_edge(value, to);
        let from_trigger = text(["source_trigger", "source_trigger_id"]);
        let from_job = text(["source_job", "source_job_id"]);
        let from = from_job.unwrap_or(from);
        match places.get(from).and_then(|index| workflow.steps.get_mut(*index)) {
            Some(step) if from_trigger.is_none() => step.next.push(edge),
            _ if from_trigger.is_some() && from_trigger != trigger => {
                reader.note(&place, "begins with a trigger that is left out");
            }
            _ if from_trigger.is_some() || trigger == Some(from) => workflow.start.push(edge),
            _ => reader.note(&place, format!("comes from `{from}`, which is not there: left out")),
        }
    }
}

fn read_edge(value: &Value<'_>, to: &str) -> Edge {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let when = match (
        text("condition_type").or_else(|| text("condition")),
        text("condition_expression"),
    ) {
        (Some("js_expression"), Some(expression)) => When::Expression(expression.trim().to_owned()),
        (Some(word), _) => condition(word),
        (None, _) => When::Always,
    };
    Edge {
        when,
        label: text("condition_label").unwrap_or_default().to_owned(),
        disabled: value.get("enabled").and_then(Value::as_bool) == Some(false),
        ..always(to)
    }
}
