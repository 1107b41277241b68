//! What applying a definition would change, for people to read before it happens.
//!
//! Both sides are written out as they would be exported, and compared key by key. So the paths are
//! those of the project file, and defaults that somebody wrote out count as no change. Which values
//! are secret is found out the same way: they are those that differ between the two ways of
//! writing. They are never in what is returned.

use std::collections::HashMap;
use std::fmt;

use fieldpost_model::connection::Connection;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::json::Value;
use fieldpost_model::person::{Role, User};
use fieldpost_model::project::ProjectSettings;
use fieldpost_model::secret::PLACEHOLDER;
use fieldpost_model::source::Source;
use fieldpost_model::workflow::Workflow;

use super::settings::put_settings;
use super::tls::{IN_SHORT, with_short_certificates};
use super::write::{Members, Secrets};
use super::yaml;
use super::{ProjectDefinition, ProjectDraft, SourceDraft};
use super::{connection, form, forwarder, people, source, workflow};

mod lines;

use lines::{differing_lines, in_few_words};

/// What stands in the place of a secret.
const SECRET: &str = "(secret)";

/// What stands in the place of a secret that is another one from now on.
const SECRET_CHANGED: &str = "(secret) changed";

/// The key of a connection under which all is secret.
const CREDENTIAL: &str = "credential";

/// What the place of a job ends with.
const JOB: &str = ".job";

/// What is said of the same certificates in another text.
const WRITTEN_OTHERWISE: &str = "written otherwise";

fieldpost_model::names! {
    /// What happens to a noun.
    pub enum ChangeAction {
        /// It is made.
        Added = "added",
        /// It becomes another.
        Changed = "changed",
        /// It goes.
        Removed = "removed",
    }
}

fieldpost_model::names! {
    /// What a change happens to.
    pub enum ChangeKind {
        /// The project itself.
        Project = "project",
        /// A connection.
        Connection = "connection",
        /// A source.
        Source = "source",
        /// A role.
        Role = "role",
        /// Somebody.
        User = "user",
        /// A form.
        Form = "form",
        /// A forwarder.
        Forwarder = "forwarder",
        /// A workflow.
        Workflow = "workflow",
    }
}

/// One noun that applying a definition would touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub action: ChangeAction,
    /// To what.
    pub kind: ChangeKind,
    /// Its name.
    pub name: String,
    /// Key by key; empty for what is removed.
    pub details: Vec<Detail>,
}

/// One key of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The keys from the noun down, `retry.first`.
    pub path: String,
    /// What was written there; `None` where nothing was.
    pub before: Option<String>,
    /// What will be written there; `None` where nothing will.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            ChangeAction::Added => '+',
            ChangeAction::Changed => '~',
            ChangeAction::Removed => '-',
        };
        write!(formatter, "{sign} {} {}", self.kind, self.name)?;
        for detail in &self.details {
            write!(formatter, "\n    {detail}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.before, &self.after) {
            (_, Some(after)) if after == SECRET_CHANGED => write!(formatter, "~ {path}: {after}"),
            (Some(before), Some(after)) => write!(formatter, "~ {path}: {before} → {after}"),
            (None, Some(after)) => write!(formatter, "+ {path}: {after}"),
            (Some(before), None) => write!(formatter, "- {path}: {before}"),
            (None, None) => formatter.write_str(path),
        }
    }
}

/// Tells what applying `wanted` would change. `current` is `None` for a new project; what the
/// draft lacks is listed as removed only with `prune`. Placeholders in the draft must have been
/// replaced by [`keep_secrets`](super::keep_secrets) before. Project first, then connections,
/// sources, roles, users, forms, forwarders and workflows, each in the order of its definition.
pub fn compare(
    current: Option<&ProjectDefinition>,
    wanted: &ProjectDraft,
    prune: bool,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let before: Vec<_> = current
        .iter()
        .map(|project| project_sheet(&project.name, &project.title, &project.settings))
        .collect();
    let after = [project_sheet(&wanted.name, &wanted.title, &wanted.settings)];
    compare_kind(ChangeKind::Project, &before, &after, false, &mut changes);

    let stored_connections = current.map_or(&[][..], |project| &project.connections);
    let stored_sources = current.map_or(&[][..], |project| &project.sources);
    let stored_forwarders = current.map_or(&[][..], |project| &project.forwarders);
    let connections: Vec<_> = stored_connections.iter().map(connection_sheet).collect();
    let sources: Vec<_> =
        stored_sources.iter().map(|source| source_sheet(&SourceDraft::from(source))).collect();
    let forwarders: Vec<_> = stored_forwarders.iter().map(forwarder_sheet).collect();
    let wanted_connections: Vec<_> = wanted.connections.iter().map(connection_sheet).collect();
    let wanted_sources: Vec<_> = wanted
        .sources
        .iter()
        .map(|draft| source_sheet(&with_stored_urls(draft, stored_sources)))
        .collect();
    let wanted_forwarders: Vec<_> = wanted.forwarders.iter().map(forwarder_sheet).collect();
    let stored_workflows = current.map_or(&[][..], |project| &project.workflows);
    let workflows: Vec<_> = stored_workflows.iter().map(workflow_sheet).collect();
    let wanted_workflows: Vec<_> = wanted.workflows.iter().map(workflow_sheet).collect();
    let roles: Vec<_> = current.map_or(&[][..], |it| &it.roles).iter().map(role_sheet).collect();
    let wanted_roles: Vec<_> = wanted.roles.iter().map(role_sheet).collect();
    let users: Vec<_> = current.map_or(&[][..], |it| &it.users).iter().map(user_sheet).collect();
    let wanted_users: Vec<_> = wanted.users.iter().map(user_sheet).collect();
    let stored_forms = current.map_or(&[][..], |project| &project.forms);
    let forms: Vec<_> = stored_forms.iter().map(|form| form_sheet(form)).collect();
    let wanted_forms: Vec<_> = wanted.forms.iter().map(|form| form_sheet(form)).collect();
    for (kind, before, after) in [
        (ChangeKind::Connection, connections, wanted_connections),
        (ChangeKind::Source, sources, wanted_sources),
        (ChangeKind::Role, roles, wanted_roles),
        (ChangeKind::User, users, wanted_users),
        (ChangeKind::Form, forms, wanted_forms),
        (ChangeKind::Forwarder, forwarders, wanted_forwarders),
        (ChangeKind::Workflow, workflows, wanted_workflows),
    ] {
        compare_kind(kind, &before, &after, prune, &mut changes);
    }
    changes
}

/// A noun as it is written.
struct Sheet {
    name: String,
    leaves: Vec<Leaf>,
}

/// One value of a noun.
struct Leaf {
    path: String,
    /// The value itself, which may be secret: to compare.
    text: String,
    /// The value for people to see.
    shown: String,
}

impl Leaf {
    /// The text of a job; `None` where it is something else.
    fn job(&self) -> Option<String> {
        if !self.path.ends_with(JOB) {
            return None;
        }
        let text = Value::parse(self.text.as_bytes()).ok();
        let text = text.as_ref().and_then(Value::as_str);
        Some(text.unwrap_or(&self.text).to_owned())
    }

    /// The value for people to see, of a job with many lines the first one.
    fn in_short(&self) -> String {
        let job = self.job();
        job.as_deref().and_then(in_few_words).unwrap_or_else(|| self.shown.clone())
    }
}

/// What differs between two jobs, line by line where they have lines; `None` where they are no jobs.
fn differing_jobs(before: Option<&Leaf>, after: &Leaf) -> Option<Vec<Detail>> {
    let job = after.job()?;
    if let Some(before) = before {
        return differing_lines(&after.path, &before.job()?, &job);
    }
    let (path, after) = (after.path.clone(), Some(after.in_short()));
    Some(vec![Detail { path, before: None, after }])
}

impl Sheet {
    /// Writes a noun both ways; where the two differ, there is a secret.
    fn new(name: &str, write: impl Fn(Secrets) -> Value<'static>) -> Self {
        let placeholder = yaml::scalar(&Value::from(PLACEHOLDER));
        let hidden = with_short_certificates(&write(Secrets::Hidden));
        let hidden = values_with_paths(&hidden).into_iter();
        let leaves = values_with_paths(&write(Secrets::Shown))
            .into_iter()
            .zip(hidden)
            .map(|((path, text), (_, hidden))| {
                let shown = if hidden == placeholder { SECRET.to_owned() } else { bare(hidden) };
                Leaf { path, text, shown }
            })
            .collect();
        Self { name: name.to_owned(), leaves }
    }

    fn leaf(&self, path: &str) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.path == path)
    }
}

/// Certificates in short without the quotes that a file would need.
fn bare(text: String) -> String {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match quoted.filter(|text| text.starts_with(IN_SHORT)) {
        Some(short) => short.to_owned(),
        None => text,
    }
}

/// The sheet of the project itself.
fn project_sheet(name: &str, title: &str, settings: &ProjectSettings) -> Sheet {
    Sheet::new(name, |secrets| {
        let mut members = Members::default();
        members.put("title", title.to_owned());
        put_settings(settings, secrets, &mut members);
        members.into_value()
    })
}

fn connection_sheet(connection: &Connection) -> Sheet {
    Sheet::new(&connection.name, |secrets| connection::write_connection(connection, secrets))
}

fn role_sheet(role: &Role) -> Sheet {
    Sheet::new(&role.id, |_| people::write_role(role))
}

fn user_sheet(user: &User) -> Sheet {
    Sheet::new(&user.id, |_| people::write_user(user))
}

fn form_sheet(form: &FormDefinition) -> Sheet {
    Sheet::new(&form.name, |_| form::write_form(form))
}

fn workflow_sheet(workflow: &Workflow) -> Sheet {
    Sheet::new(&workflow.name, |secrets| workflow::write_workflow(workflow, secrets))
}

fn source_sheet(source: &SourceDraft) -> Sheet {
    Sheet::new(&source.name, |secrets| source::write(source, secrets))
}

fn forwarder_sheet(forwarder: &Forwarder) -> Sheet {
    Sheet::new(&forwarder.name, |secrets| forwarder::write_forwarder(forwarder, secrets))
}

/// A draft that does not name its secret or id keeps those of the source that is there.
fn with_stored_urls(draft: &SourceDraft, stored: &[Source]) -> SourceDraft {
    let mut draft = draft.clone();
    let stored = stored.iter().find(|source| source.name == draft.name);
    if let Some(stored) = stored {
        draft.secret.get_or_insert_with(|| stored.secret.clone());
        draft.id.get_or_insert(stored.id);
    }
    draft
}

fn compare_kind(
    kind: ChangeKind,
    before: &[Sheet],
    after: &[Sheet],
    prune: bool,
    changes: &mut Vec<Change>,
) {
    let by_name: HashMap<&str, &Sheet> =
        before.iter().map(|sheet| (sheet.name.as_str(), sheet)).collect();
    for wanted in after {
        let current = by_name.get(wanted.name.as_str()).copied();
        let details = compare_sheets(current, wanted);
        let action = match current {
            None => ChangeAction::Added,
            Some(_) if details.is_empty() => continue,
            Some(_) => ChangeAction::Changed,
        };
        changes.push(Change { action, kind, name: wanted.name.clone(), details });
    }
    let wanted: Vec<&str> = after.iter().map(|sheet| sheet.name.as_str()).collect();
    let gone = before.iter().filter(|sheet| prune && !wanted.contains(&sheet.name.as_str()));
    changes.extend(gone.map(|sheet| Change {
        action: ChangeAction::Removed,
        kind,
        name: sheet.name.clone(),
        details: Vec::new(),
    }));
}

/// The keys in which two sheets differ: in the order of the new one, then those that went.
fn compare_sheets(before: Option<&Sheet>, after: &Sheet) -> Vec<Detail> {
    let mut details = Vec::new();
    for leaf in &after.leaves {
        let was = before.and_then(|before| before.leaf(&leaf.path));
        if was.is_some_and(|was| was.text == leaf.text) {
            continue;
        }
        if let Some(differing) = differing_jobs(was, leaf) {
            details.extend(differing);
            continue;
        }
        // Two values that are different and look the same differ in what is secret of them.
        let looks_the_same = was.is_some_and(|was| was.shown == leaf.shown);
        // Certificates can also differ in what stands around them.
        let shown = match &leaf.shown {
            shown if !looks_the_same => shown.clone(),
            shown if shown.starts_with(IN_SHORT) => format!("{shown}, {WRITTEN_OTHERWISE}"),
            _ => SECRET_CHANGED.to_owned(),
        };
        details.push(Detail {
            path: leaf.path.clone(),
            before: was.map(|was| was.shown.clone()),
            after: Some(shown),
        });
    }
    let before = before.map_or(&[][..], |before| &before.leaves);
    let gone = before.iter().filter(|leaf| after.leaf(&leaf.path).is_none());
    details.extend(gone.map(|leaf| Detail {
        path: leaf.path.clone(),
        before: Some(leaf.in_short()),
        after: None,
    }));
    details
}

/// The values of a written noun with their paths. Lists of plain values stay in one piece.
fn values_with_paths(value: &Value<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    add_values("", value, &mut found);
    found
}

fn add_values(path: &str, value: &Value<'_>, found: &mut Vec<(String, String)>) {
    match value {
        // Each member is one secret, whatever it is made of.
        Value::Object(members) if path == CREDENTIAL => {
            let shown = |value: &Value<'_>| match value {
                Value::Array(_) | Value::Object(_) => value.to_json(),
                value => yaml::scalar(value),
            };
            let members = members.iter();
            found.extend(members.map(|(key, value)| (format!("{path}.{key}"), shown(value))));
        }
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                add_values(&path, value, found);
            }
        }
        Value::Array(elements) if elements.iter().any(is_collection) => {
            for (index, element) in elements.iter().enumerate() {
                add_values(&format!("{path}[{index}]"), element, found);
            }
        }
        Value::Array(elements) => {
            let texts: Vec<_> = elements.iter().map(yaml::scalar).collect();
            found.push((path.to_owned(), format!("[{}]", texts.join(", "))));
        }
        _ => found.push((path.to_owned(), yaml::scalar(value))),
    }
}

fn is_collection(value: &Value<'_>) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}
