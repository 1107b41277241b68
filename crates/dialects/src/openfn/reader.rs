//! What the readers of all formats share: what was found so far, and the parts that are alike.

use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Format, MessageFilter};
use fieldpost_model::json::Value;
use fieldpost_model::workflow::{
    CatchUp, CronTrigger, EventTrigger, Join, KeepStates, Overlap, Reply, RunOrder, Step, Trigger,
    Workflow,
};

use super::connections::Connections;
use super::names::{Names, short_adaptor};
use super::{Imported, Note, ReadFile};

/// Keys that say nothing about how a project works.
const SILENT: [&str; 14] = [
    "id",
    "uuid",
    "inserted_at",
    "updated_at",
    "deleted_at",
    "lock_version",
    "openfn",
    "history",
    "schema_version",
    "positions",
    "delete",
    "scheduled_deletion",
    "cli",
    "color",
];

/// Keys of a project that are of its users and its place there, or are read elsewhere.
const OF_PROJECT: [&str; 24] = [
    "name",
    "description",
    "workflows",
    "jobs",
    "triggers",
    "edges",
    "steps",
    "credentials",
    "project_credentials",
    "collections",
    "channels",
    "retention_policy",
    "history_retention_period",
    "dataclip_retention_period",
    "allow_support_access",
    "requires_mfa",
    "env",
    "parent_id",
    "concurrency",
    "options",
    "dirs",
    "formats",
    "project",
    "globals",
];

/// The status of an answer after completion, where nothing is said.
const REPLY_CODE: u16 = 201;

/// One day.
const DAY: Duration = Duration::from_hours(24);

/// A project while it is read.
pub(super) struct Reader<'f> {
    file: &'f ReadFile<'f>,
    folder: String,
    imported: Imported,
    keep: KeepStates,
    pub(super) connections: Connections,
    pub(super) workflow_names: Names,
    source_names: Names,
}

/// A webhook, as a trigger describes it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Webhook<'v> {
    pub(super) id: Option<&'v str>,
    pub(super) path: Option<&'v str>,
    pub(super) disabled: bool,
}

impl<'f> Reader<'f> {
    pub(super) fn new(file: &'f ReadFile<'f>) -> Self {
        Self {
            file,
            folder: String::new(),
            imported: Imported::default(),
            keep: KeepStates::All,
            connections: Connections::default(),
            workflow_names: Names::default(),
            source_names: Names::default(),
        }
    }

    /// Turns to a document in this folder.
    pub(super) fn enter(&mut self, folder: &str) {
        folder.clone_into(&mut self.folder);
    }

    pub(super) fn note(&mut self, place: &str, message: impl Into<String>) {
        self.imported.notes.push(Note { place: place.to_owned(), message: message.into() });
    }

    /// Tells which keys of an object nobody reads.
    pub(super) fn unread(&mut self, place: &str, value: &Value<'_>, known: &[&str]) {
        for (key, value) in value.as_object().unwrap_or_default() {
            let key = key.as_ref();
            let is_empty = match value {
                Value::Null => true,
                Value::Array(elements) => elements.is_empty(),
                Value::Object(members) => members.is_empty(),
                _ => false,
            };
            if !is_empty && !known.contains(&key) && !SILENT.contains(&key) {
                let separator = if place.is_empty() { "" } else { "." };
                self.note(&format!("{place}{separator}{key}"), "is not taken over");
            }
        }
    }

    /// Reads what stands at the top of a project: its name, its credentials, what it keeps.
    pub(super) fn project(&mut self, value: &Value<'_>) {
        // The workspace of a folder has it one level further down.
        let text = |key: &str| {
            let found = value.get(key).or_else(|| value.get("project")?.get(key));
            found.and_then(Value::as_str).unwrap_or_default()
        };
        // An id that is a UUID says nothing to people; a word does.
        let id = text("id");
        let name = if id.is_empty() || id.len() == 36 { text("name") } else { id };
        if self.imported.name.is_empty() && !name.is_empty() {
            self.imported.name = Names::default().name(name, "openfn");
        }
        if self.imported.title.is_empty() {
            text("name").clone_into(&mut self.imported.title);
        }
        for key in ["credentials", "project_credentials"] {
            for (key, credential) in entries(value.get(key)) {
                self.credential(&key, credential);
            }
        }
        self.retention(value);
        for (key, collection) in entries(value.get("collections")) {
            let name = collection.as_str().or_else(|| named(collection)).unwrap_or(&key);
            let message = "what is in the collection is not in the file: write it to the new one";
            self.note(&format!("collections.{name}"), message);
        }
        if value.get("concurrency").is_some_and(|runs| !runs.is_null()) {
            let message =
                "there is none of a whole project here: write `concurrency` into its workflows";
            self.note("concurrency", message);
        }
        for (key, channel) in entries(value.get("channels")) {
            let place = format!("channels.{}", named(channel).unwrap_or(&key));
            self.note(&place, "there are no channels here: let the sender call the service itself");
        }
        self.unread("", value, &OF_PROJECT);
    }

    fn credential(&mut self, key: &str, value: &Value<'_>) {
        // A list of newer files has `{name, owner}`, an older file a name with the values.
        let owner = value.get("owner").and_then(Value::as_str);
        let name = named(value).filter(|_| owner.is_some() || value.get("id").is_some());
        let mut keys = vec![key.to_owned()];
        for further in [
            owner.zip(name).map(|(owner, name)| format!("{owner}|{name}")),
            name.map(str::to_owned),
            value.get("id").and_then(Value::as_str).map(str::to_owned),
        ] {
            keys.extend(further.filter(|further| !keys.contains(further)));
        }
        let fields = if name.is_some() { None } else { Some(value) };
        self.connections.declare(name.unwrap_or(key), keys, fields);
    }

    fn retention(&mut self, value: &Value<'_>) {
        let days = |key: &str| {
            let days = value.get(key)?.as_number()?.parse::<u32>().ok()?;
            Some(Value::from(duration::format(DAY.saturating_mul(days))))
        };
        let periods =
            [("messages", "history_retention_period"), ("bodies", "dataclip_retention_period")];
        for (key, period) in periods {
            self.imported.retention.extend(days(period).map(|days| (key, days)));
        }
        self.keep = match value.get("retention_policy").and_then(Value::as_str) {
            Some("erase_all") => KeepStates::Nothing,
            Some("retain_with_errors") => KeepStates::Failed,
            _ => KeepStates::All,
        };
    }

    /// The text of a job: the text itself, or that of a file which it names.
    pub(super) fn job(&mut self, place: &str, value: Option<&Value<'_>>) -> String {
        let path = value.and_then(|value| value.get("path")).and_then(Value::as_str);
        let Some(text) = path.or_else(|| value.and_then(Value::as_str)) else {
            if value.is_some_and(|value| !value.is_null()) {
                self.note(place, "is no text: the job is empty");
            }
            return String::new();
        };
        let address = text.trim();
        if let Some((scheme, rest)) = address.split_once("://")
            && !address.contains(char::is_whitespace)
        {
            if scheme == "file" {
                return self.file_text(place, rest.trim_start_matches('/'));
            }
            self.note(place, "names a job that lies elsewhere: fetch it, and put its text here");
            return format!("// The job lies at {address}\n");
        }
        let is_path = path.is_some() || is_job_file(address);
        if is_path { self.file_text(place, address) } else { text.to_owned() }
    }

    fn file_text(&mut self, place: &str, path: &str) -> String {
        let path = path.strip_prefix("./").unwrap_or(path);
        match (self.file)(&format!("{}{path}", self.folder)) {
            Ok(text) => text,
            Err(error) => {
                self.note(
                    place,
                    format!("the file `{path}` cannot be read ({error}): the job is empty"),
                );
                String::new()
            }
        }
    }

    /// A step, from the keys that all formats have in common.
    pub(super) fn step(id: &str, name: Option<&str>, adaptors: &[&str], job: String) -> Step {
        Step {
            id: id.to_owned(),
            name: name.filter(|name| *name != id).unwrap_or_default().to_owned(),
            adaptors: adaptors.iter().map(|name| short_adaptor(name)).collect(),
            connection: None,
            job,
            next: Vec::new(),
            retry: None,
            timeout: None,
            memory_bytes: None,
        }
    }

    /// A source of its own for a webhook; its name.
    pub(super) fn webhook(&mut self, like: &str, webhook: Webhook<'_>) -> String {
        let name = self.source_names.name(like, "inbox");
        // Nothing that OpenFn receives is left out as a repetition.
        let mut members = vec![("dialect", Value::from("json")), ("dedupe", Value::from("none"))];
        members.extend(webhook.id.map(|id| ("id", Value::from(id.to_owned()))));
        members.extend(webhook.path.map(|path| ("path", Value::from(path.to_owned()))));
        if webhook.disabled {
            members.push(("enabled", Value::Bool(false)));
        }
        self.imported.sources.push((name.clone(), Value::object(members)));
        name
    }

    /// A trigger of the later formats: one word for its kind, and keys beside it.
    pub(super) fn trigger(&mut self, place: &str, workflow: &str, trigger: &Value<'_>) -> Trigger {
        let text = |key: &str| trigger.get(key).and_then(Value::as_str);
        let disabled = trigger.get("enabled").and_then(Value::as_bool) == Some(false);
        self.unread(
            place,
            trigger,
            &[
                "name",
                "type",
                "enabled",
                "cron_expression",
                "cron_cursor_job",
                "cron_cursor_job_id",
                "webhook_reply",
                "webhook_response_config",
                "custom_path",
                "next",
                "comment",
                "has_auth_method",
                "webhook_auth_methods",
            ],
        );
        let kind = text("type").unwrap_or("webhook");
        if kind == "cron" {
            let expression = text("cron_expression").unwrap_or("0 0 * * *");
            let cursor = text("cron_cursor_job").or_else(|| text("cron_cursor_job_id"));
            return cron(expression, cursor);
        }
        if kind != "webhook" {
            self.note(place, format!("there is no `{kind}` here: it is a webhook that is off"));
        }
        let uuid = trigger.path(&["openfn", "uuid"]).and_then(Value::as_str);
        let id = uuid.or_else(|| text("id").filter(|id| is_uuid(id)));
        let webhook =
            Webhook { id, path: text("custom_path"), disabled: disabled || kind != "webhook" };
        if id.is_none() && webhook.path.is_none() {
            self.note(
                place,
                "its address is not in the file: give the sender the new one, or write the id of \
                 the old one as `id` of the source",
            );
        }
        if ["has_auth_method", "webhook_auth_methods"].iter().any(|key| trigger.get(key).is_some())
        {
            self.note(
                place,
                "how senders prove themselves is not in the file: write `auth` of the source",
            );
        }
        let source = self.webhook(workflow, webhook);
        message(&source, None, None, reply(trigger))
    }

    /// Adds a workflow with what every workflow of OpenFn has.
    pub(super) fn workflow(&mut self, name: String, title: &str) -> Workflow {
        Workflow {
            title: if title == name { String::new() } else { title.to_owned() },
            name,
            trigger: Trigger::Manual,
            paused: false,
            start: Vec::new(),
            steps: Vec::new(),
            concurrency: None,
            order_by: RunOrder::None,
            join: Join::EachPath,
            timeout: None,
            keep: self.keep,
        }
    }

    pub(super) fn add(&mut self, workflow: Workflow) {
        self.imported.workflows.push(workflow);
    }

    /// The project, with the connections that its jobs use.
    pub(super) fn finish(mut self) -> Imported {
        let made = self.connections.make();
        self.imported.connections = made.connections;
        self.imported.variables = made.variables;
        self.imported.notes.extend(made.notes);
        if self.imported.name.is_empty() {
            "openfn".clone_into(&mut self.imported.name);
        }
        if self.imported.title == self.imported.name {
            self.imported.title.clear();
        }
        self.imported
    }
}

/// A trigger by messages of a source.
pub(super) fn message(
    source: &str,
    matches: Option<Value<'static>>,
    unless: Option<Value<'static>>,
    reply: Option<Reply>,
) -> Trigger {
    let filter = MessageFilter {
        from: Some(source.to_owned()),
        matches,
        unless,
        ..MessageFilter::default()
    };
    Trigger::Event(EventTrigger { on: Event::Message, filter, format: Format::Json, reply })
}

/// A trigger by time, as OpenFn has it: runs may go on at once, and what was missed is gone.
pub(super) fn cron(expression: &str, cursor_step: Option<&str>) -> Trigger {
    Trigger::Cron(CronTrigger {
        expression: expression.to_owned(),
        time_zone: "UTC".to_owned(),
        overlap: Overlap::Parallel,
        catch_up: CatchUp::None,
        cursor_step: cursor_step.map(str::to_owned),
    })
}

fn reply(trigger: &Value<'_>) -> Option<Reply> {
    let waits = trigger.get("webhook_reply").and_then(Value::as_str) == Some("after_completion");
    let code = |key: &str| {
        let code = trigger.path(&["webhook_response_config", key]).and_then(Value::as_number);
        code.and_then(|code| code.parse().ok()).unwrap_or(REPLY_CODE)
    };
    waits.then(|| Reply { success_code: code("success_code"), error_code: code("error_code") })
}

/// The entries of a section that some formats write as an object, others as a list.
pub(super) fn entries<'v, 'a>(section: Option<&'v Value<'a>>) -> Vec<(String, &'v Value<'a>)> {
    match section {
        Some(Value::Object(members)) => {
            members.iter().map(|(key, value)| (key.to_string(), value)).collect()
        }
        Some(Value::Array(elements)) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let key = value.get("id").and_then(Value::as_str).or_else(|| named(value));
                (key.map_or_else(|| index.to_string(), str::to_owned), value)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The name that something gives itself.
pub(super) fn named<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.get("name").and_then(Value::as_str).filter(|name| !name.is_empty())
}

/// Whether a text is meant as the name of a job's file: a job has spaces, calls or several lines.
fn is_job_file(text: &str) -> bool {
    text.strip_suffix(".js").is_some_and(|name| !name.contains([' ', '\n', '(', ';']))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
