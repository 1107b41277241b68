//! Writing a project as OpenFn's portable project, 4.0.
//!
//! Everything that OpenFn has is written so that it works there as here; a filter of messages becomes a
//! condition on the edges that leave the trigger. What OpenFn has no word for is told, and where leaving
//! it out would make a workflow run for more than it should, its trigger is written as switched off.

use fieldpost_model::event::Event;
use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;
use fieldpost_model::workflow::{
    CatchUp, CronTrigger, Edge, EventTrigger, Join, KeepStates, Overlap, RunOrder, Step, Trigger,
    When, Workflow,
};

use super::Note;
use super::edges::{condition_text, edge};
use super::names::{Names, whole_adaptor};

/// The version of the format.
const VERSION: &str = "4.0";

/// A project in OpenFn's format.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The document.
    pub value: Value<'static>,
    /// What OpenFn has no word for.
    pub notes: Vec<Note>,
}

/// Writes workflows as a project. `owner` is the mail address of who owns the credentials there.
pub fn write(name: &str, title: &str, workflows: &[Workflow], owner: Option<&str>) -> Exported {
    let mut writer = Writer { owner, notes: Vec::new(), connections: Vec::new() };
    let written: Vec<Value<'static>> =
        workflows.iter().map(|workflow| writer.workflow(workflow)).collect();
    let credentials = writer.connections.iter().map(|name| {
        let owner = owner.map(|owner| ("owner", owner.to_owned()));
        Value::object(owner.into_iter().chain([("name", name.clone())]))
    });
    let credentials: Vec<Value<'static>> = credentials.collect();
    if owner.is_none() && !credentials.is_empty() {
        writer.note("credentials", "OpenFn wants to know whose they are: name an owner");
    }
    let title = if title.is_empty() { name } else { title };
    let mut members = vec![
        ("id", Value::from(name.to_owned())),
        ("name", Value::from(title.to_owned())),
        ("schema_version", Value::from(VERSION)),
    ];
    if !credentials.is_empty() {
        members.push(("credentials", Value::Array(credentials)));
    }
    members.push(("workflows", Value::Array(written)));
    Exported { value: Value::object(members), notes: writer.notes }
}

struct Writer<'o> {
    owner: Option<&'o str>,
    notes: Vec<Note>,
    connections: Vec<String>,
}

/// A trigger as OpenFn has it.
struct Written {
    /// `webhook`, `cron`, or nothing for a workflow that is run by hand.
    kind: Option<&'static str>,
    /// Its keys beside those of every trigger.
    members: Vec<(&'static str, Value<'static>)>,
    /// The condition that its filter makes.
    filter: Option<String>,
    /// Whether it would run for too much, and is therefore off.
    off: bool,
}

impl Writer<'_> {
    fn note(&mut self, place: &str, message: impl Into<String>) {
        self.notes.push(Note { place: place.to_owned(), message: message.into() });
    }

    fn workflow(&mut self, workflow: &Workflow) -> Value<'static> {
        let place = format!("workflows.{}", workflow.name);
        self.tell_what_is_ours(&place, workflow);
        let title = if workflow.title.is_empty() { &workflow.name } else { &workflow.title };
        let mut members =
            vec![("id", Value::from(workflow.name.clone())), ("name", Value::from(title.clone()))];
        let trigger = self.trigger(&format!("{place}.trigger"), &workflow.trigger);
        let mut names = Names::default();
        for step in &workflow.steps {
            names.step(&step.id, "step");
        }
        let mut steps = Vec::new();
        match trigger.kind {
            Some(kind) => {
                let id = names.step(kind, kind);
                members.push(("start", Value::from(id.clone())));
                steps.push(trigger_step(&id, kind, workflow, trigger));
            }
            None => members.extend(self.start_by_hand(&place, workflow)),
        }
        if let Some(options) = options(workflow) {
            members.push(("options", options));
        }
        if let Some(concurrency) = workflow.concurrency {
            members.push(("concurrency", Value::from(i64::from(concurrency))));
        }
        steps.extend(workflow.steps.iter().map(|step| self.step(&place, step)));
        members.push(("steps", Value::Array(steps)));
        Value::object(members)
    }

    /// What OpenFn has no word for.
    fn tell_what_is_ours(&mut self, place: &str, workflow: &Workflow) {
        if workflow.order_by != RunOrder::None {
            self.note(place, format!("`order_by: {}`: OpenFn keeps no order", workflow.order_by));
        }
        if workflow.join != Join::EachPath {
            self.note(place, "`join: all`: OpenFn runs a step once for each path that leads to it");
        }
        if workflow.keep != KeepStates::All {
            self.note(place, "`keep`: OpenFn settles this for the whole project");
        }
    }

    fn start_by_hand(
        &mut self,
        place: &str,
        workflow: &Workflow,
    ) -> Option<(&'static str, Value<'static>)> {
        let first = workflow.start.first()?;
        if workflow.start.len() > 1 || first.when != When::Always {
            self.note(place, "`start`: without a trigger OpenFn begins with one step, always");
        }
        Some(("start", Value::from(first.to.clone())))
    }

    fn trigger(&mut self, place: &str, trigger: &Trigger) -> Written {
        match trigger {
            Trigger::Manual => {
                Written { kind: None, members: Vec::new(), filter: None, off: false }
            }
            Trigger::Cron(cron) => self.cron(place, cron),
            Trigger::Event(event) if event.on == Event::Message => self.webhook(place, event),
            Trigger::Event(event) => self.without_word(place, &format!("`event: {}`", event.on)),
            Trigger::Trouble(trouble) => self.without_word(place, &format!("`event: {trouble}`")),
        }
    }

    fn without_word(&mut self, place: &str, what: &str) -> Written {
        self.note(
            place,
            format!("{what}: OpenFn has no such event, so this is a webhook that is off"),
        );
        Written { kind: Some("webhook"), members: Vec::new(), filter: None, off: true }
    }

    fn webhook(&mut self, place: &str, event: &EventTrigger) -> Written {
        let MessageFilter { from, matches, unless, headers, query, .. } = &event.filter;
        let has_more =
            MessageFilter { from: None, matches: None, unless: None, ..event.filter.clone() }
                != MessageFilter::default();
        if has_more {
            let what = if headers.is_empty() && query.is_empty() {
                "its filter"
            } else {
                "`headers` and `query`"
            };
            self.note(
                place,
                format!("{what}: OpenFn filters by the body alone, so the webhook is off"),
            );
        }
        let from = from.as_deref().unwrap_or("any source");
        self.note(
            place,
            format!("senders of `{from}` must call the address that OpenFn gives this workflow"),
        );
        let mut conditions = Vec::new();
        conditions.extend(matches.as_ref().and_then(|filter| contains(filter, "state.data", 0)));
        if let Some(unless) = unless {
            let condition = contains(unless, "state.data", 0);
            conditions.push(format!("!({})", condition.as_deref().unwrap_or("true")));
        }
        let mut members = Vec::new();
        if let Some(reply) = event.reply {
            members.push(("webhook_reply", Value::from("after_completion")));
            members.push((
                "webhook_response_config",
                Value::object([
                    ("success_code", Value::from(i64::from(reply.success_code))),
                    ("error_code", Value::from(i64::from(reply.error_code))),
                ]),
            ));
        }
        let filter = (!conditions.is_empty()).then(|| conditions.join(" && "));
        Written { kind: Some("webhook"), members, filter, off: has_more }
    }

    fn cron(&mut self, place: &str, cron: &CronTrigger) -> Written {
        if cron.time_zone != "UTC" {
            self.note(
                place,
                format!("`time_zone: {}`: OpenFn reads the fields in UTC", cron.time_zone),
            );
        }
        if cron.overlap != Overlap::Parallel {
            self.note(
                place,
                format!("`overlap: {}`: at OpenFn runs go on beside each other", cron.overlap),
            );
        }
        if cron.catch_up != CatchUp::None {
            self.note(
                place,
                format!(
                    "`catch_up: {}`: at OpenFn points that were missed are gone",
                    cron.catch_up
                ),
            );
        }
        let mut members = vec![("cron_expression", Value::from(cron.expression.clone()))];
        if let Some(step) = &cron.cursor_step {
            members.push(("cron_cursor_job_id", Value::from(step.clone())));
        }
        Written { kind: Some("cron"), members, filter: None, off: false }
    }

    fn step(&mut self, place: &str, step: &Step) -> Value<'static> {
        let place = format!("{place}.steps.{}", step.id);
        if step.retry.is_some() {
            self.note(&place, "`retry`: OpenFn tries a step once");
        }
        if step.timeout.is_some() {
            self.note(&place, "`timeout`: OpenFn bounds the run, not the step");
        }
        let mut members = vec![("id", Value::from(step.id.clone()))];
        if !step.name.is_empty() {
            members.push(("name", Value::from(step.name.clone())));
        }
        if let Some(adaptor) = step.adaptors.first() {
            members.push(("adaptor", Value::from(whole_adaptor(adaptor))));
        }
        if step.adaptors.len() > 1 {
            self.note(&place, "`adaptor`: OpenFn has one for each step, so the first is written");
        }
        members.push(("expression", Value::from(step.job.clone())));
        if let Some(connection) = &step.connection {
            if !self.connections.contains(connection) {
                self.connections.push(connection.clone());
            }
            let owner = self.owner.map(|owner| format!("{owner}|")).unwrap_or_default();
            members.push(("configuration", Value::from(format!("{owner}{connection}"))));
        }
        if !step.next.is_empty() {
            members.push(("next", edges(&step.next, None)));
        }
        Value::object(members)
    }
}

fn trigger_step(
    id: &str,
    kind: &'static str,
    workflow: &Workflow,
    trigger: Written,
) -> Value<'static> {
    let mut members = vec![
        ("id", Value::from(id.to_owned())),
        ("type", Value::from(kind)),
        ("enabled", Value::Bool(!workflow.paused && !trigger.off)),
    ];
    members.extend(trigger.members);
    members.push(("next", edges(&workflow.start, trigger.filter.as_deref())));
    Value::object(members)
}

fn options(workflow: &Workflow) -> Option<Value<'static>> {
    let milliseconds = workflow.timeout.and_then(|timeout| i64::try_from(timeout.as_millis()).ok());
    let bytes = workflow.steps.iter().filter_map(|step| step.memory_bytes).max();
    let megabytes = bytes.and_then(|bytes| i64::try_from(bytes.div_ceil(1_000_000)).ok());
    let members: Vec<(&str, Value<'static>)> =
        [("timeout", milliseconds), ("run_memory_limit_mb", megabytes)]
            .into_iter()
            .filter_map(|(key, number)| Some((key, Value::from(number?))))
            .collect();
    (!members.is_empty()).then(|| Value::object(members))
}

/// Edges, each taken only where `filter` holds as well.
fn edges(edges: &[Edge], filter: Option<&str>) -> Value<'static> {
    let filtered = |it: &Edge| match (filter, &it.when) {
        (None, _) => it.clone(),
        (Some(filter), When::Expression(expression)) => {
            let both = format!("({filter}) && ({expression})");
            Edge { when: When::Expression(both), ..it.clone() }
        }
        (Some(filter), _) => {
            let when = When::Expression(filter.to_owned());
            Edge { label: it.label.clone(), disabled: it.disabled, ..edge(&it.to, when) }
        }
    };
    Value::object(edges.iter().map(|edge| (edge.to.clone(), write_edge(&filtered(edge)))))
}

fn write_edge(edge: &Edge) -> Value<'static> {
    let mut members = vec![("condition", Value::from(condition_text(&edge.when).to_owned()))];
    if !edge.label.is_empty() {
        members.push(("label", Value::from(edge.label.clone())));
    }
    if edge.disabled {
        members.push(("disabled", Value::Bool(true)));
    }
    Value::object(members)
}

/// The JavaScript that says whether what stands at `path` contains a filter; nothing where everything
/// does that a message can be.
fn contains(filter: &Value<'_>, path: &str, depth: usize) -> Option<String> {
    match filter {
        Value::Object(members) if members.is_empty() && depth == 0 => None,
        Value::Object(members) if members.is_empty() => {
            Some(format!("({path} && typeof {path} === \"object\" && !Array.isArray({path}))"))
        }
        Value::Object(members) => {
            let inner = members
                .iter()
                .filter_map(|(key, value)| contains(value, &member(path, key), depth + 1));
            Some(inner.collect::<Vec<_>>().join(" && "))
        }
        Value::Array(elements) if elements.is_empty() => Some(format!("Array.isArray({path})")),
        Value::Array(elements) => {
            let inner = elements.iter().map(|element| {
                let item = format!("item{depth}");
                let inner =
                    contains(element, &item, depth + 1).unwrap_or_else(|| "true".to_owned());
                format!("(Array.isArray({path}) && {path}.some({item} => {inner}))")
            });
            Some(inner.collect::<Vec<_>>().join(" && "))
        }
        scalar => Some(format!("{path} === {}", scalar.to_json())),
    }
}

fn member(path: &str, key: &str) -> String {
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain {
        format!("{path}?.{key}")
    } else {
        format!("{path}?.[{}]", Value::from(key).to_json())
    }
}
