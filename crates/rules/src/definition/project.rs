//! The project as a whole: its sections, its names, and what must fit together.

use std::collections::HashMap;
use std::sync::Arc;

use fieldpost_model::connection::Connection;
use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::source::Source;

use super::access::access_problems;
use super::fetching::{fetching_problems, fetching_problems_of};
use super::fields::{Field, Fields, Place, Section, collect};
use super::forwarder::{unfit_format, unknown_references};
use super::lifecycles::{Named, form_problems};
use super::problem::Problem;
use super::settings::{put_settings, take_settings};
use super::workflow::{self, source_of, workflow_references};
use super::write::{Members, Secrets};
use super::{PauseUnsaid, ProjectDefinition, ProjectDraft, SourceDraft};
use super::{connection, form, forwarder, people, source};

/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// The longest title, in characters.
const MAX_TITLE: usize = 200;

/// Whether a text can be the name of a project or of anything that is defined in one: lower-case
/// letters, digits, `-` and `_`, at most 64 of them. Such a name is the same in a URL, a file, a
/// command and a database.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        })
}

/// Reads a whole project.
pub fn read_project(value: &Value<'_>) -> Result<ProjectDraft, Vec<Problem>> {
    collect("", |place| read(value, place))
}

/// The name of a connection or a source that stands at a place of the draft.
pub(super) fn name_at<'d>(draft: &'d ProjectDraft, path: &str) -> Option<&'d str> {
    let (section, rest) = path.split_once('.')?;
    let (name, key) = rest.split_once('.')?;
    match section {
        "forwarders" => {
            let forwarder = draft.forwarders.iter().find(|it| it.name == name)?;
            if key == "to" { Some(&forwarder.to) } else { forwarder.filter.from.as_deref() }
        }
        "workflows" => {
            let workflow = draft.workflows.iter().find(|it| it.name == name)?;
            let Some(step) = key.strip_prefix("steps.") else { return source_of(workflow) };
            let id = step.strip_suffix(".connection")?;
            workflow.steps.iter().find(|it| it.id == id)?.connection.as_deref()
        }
        "sources" => draft.sources.iter().find(|it| it.name == name)?.fetch_files.as_deref(),
        _ => None,
    }
}

/// Writes a whole project; what is as it would be anyway is left out.
pub fn write_project(project: &ProjectDefinition, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("project", project.name.clone());
    members.put_unless(project.title == project.name, "title", project.title.clone());
    put_settings(&project.settings, secrets, &mut members);
    let connections = project.connections.iter().map(|connection| {
        (connection.name.clone(), connection::write_connection(connection, secrets))
    });
    members.put_unless(project.connections.is_empty(), "connections", Value::object(connections));
    let sources = project
        .sources
        .iter()
        .map(|source| (source.name.clone(), source::write_source(source, secrets)));
    members.put_unless(project.sources.is_empty(), "sources", Value::object(sources));
    let roles = project.roles.iter().map(|it| (it.id.clone(), people::write_role(it)));
    members.put_unless(project.roles.is_empty(), "roles", Value::object(roles));
    let users = project.users.iter().map(|it| (it.id.clone(), people::write_user(it)));
    members.put_unless(project.users.is_empty(), "users", Value::object(users));
    let forms = project.forms.iter().map(|it| (it.name.clone(), form::write_form(it)));
    members.put_unless(project.forms.is_empty(), "forms", Value::object(forms));
    let forwarders = project
        .forwarders
        .iter()
        .map(|forwarder| (forwarder.name.clone(), forwarder::write_forwarder(forwarder, secrets)));
    members.put_unless(project.forwarders.is_empty(), "forwarders", Value::object(forwarders));
    let workflows =
        project.workflows.iter().map(|it| (it.name.clone(), workflow::write_workflow(it, secrets)));
    members.put_unless(project.workflows.is_empty(), "workflows", Value::object(workflows));
    members.into_value()
}

/// Reports a name that is none, with the nearest one that is.
pub(super) fn check_name(place: &Place<'_>, name: &str) {
    if is_name(name) {
        return;
    }
    let like: String = name
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' })
        .take(MAX_NAME)
        .collect();
    let hint = if is_name(&like) { format!("write it as `{like}`") } else { String::new() };
    let message = format!(
        "`{name}` is not a name: lower-case letters, digits, `-` and `_`, 1 to {MAX_NAME} of them"
    );
    if hint.is_empty() {
        place.report::<()>("bad-name", message);
    } else {
        place.report_with_hint::<()>("bad-name", message, hint);
    }
}

/// Reads a project as far as it can be read. It is only of use as a whole where nothing was reported.
pub(super) fn read(value: &Value<'_>, place: Place<'_>) -> Option<ProjectDraft> {
    let mut fields = Fields::open(Section::Project, value, place)?;
    let name = fields.require("project").and_then(|field| {
        let name = field.text()?;
        check_name(&field.place, name);
        Some(name)
    });
    let title = fields.take("title").and_then(|field| read_title(&field));
    let settings = take_settings(&mut fields);
    let connections = read_section(fields.take("connections"), connection::read);
    let sources = read_section(fields.take("sources"), source::read);
    let roles = people::take_roles(fields.take("roles"));
    let users = people::take_users(fields.take("users"));
    let forms = read_section(fields.take("forms"), form::read).into_iter().map(Arc::new).collect();
    let forwarders = read_section(fields.take("forwarders"), forwarder::read);
    let workflows = read_section(fields.take("workflows"), workflow::read);
    report_shared_urls(&fields.place, &sources);
    fields.close();
    let name = name.unwrap_or_default().to_owned();
    Some(ProjectDraft {
        title: title.unwrap_or(&name).to_owned(),
        name,
        sources,
        connections,
        roles,
        users,
        forms,
        forwarders,
        workflows,
        settings,
        pause_unsaid: PauseUnsaid {
            project: value.get("paused").is_none_or(Value::is_null),
            connections: without_pause(value, "connections"),
            forwarders: without_pause(value, "forwarders"),
            workflows: without_pause(value, "workflows"),
        },
    })
}

/// The definitions of one section of which the document does not say whether they are paused.
fn without_pause(value: &Value<'_>, section: &str) -> Vec<String> {
    let definitions = value.get(section).and_then(Value::as_object).unwrap_or_default();
    definitions
        .iter()
        .filter(|(_, definition)| definition.get("paused").is_none_or(Value::is_null))
        .map(|(name, _)| name.to_string())
        .collect()
}

/// Forwarders and workflows that name a connection or a source, sources that name a key, forms that name a
/// connection or a role, and people and keys that name a role, which is neither in the draft nor, unless it
/// would be pruned, in the project that is there already. Sources whose receiver paths belong to another
/// one are found as well, and people who are known by the same as others.
pub fn dangling_references(
    draft: &ProjectDraft,
    existing: Option<&ProjectDefinition>,
    prune: bool,
) -> Vec<Problem> {
    let mut problems = dangling_flow(draft, existing, prune);
    problems.extend(form_problems(draft, existing, prune, Named::default()));
    problems
}

/// What is told of the way of messages alone.
pub(super) fn dangling_flow(
    draft: &ProjectDraft,
    existing: Option<&ProjectDefinition>,
    prune: bool,
) -> Vec<Problem> {
    let staying = existing.filter(|_| !prune);
    let connections = connections_of(draft, staying);
    let sources: Vec<&str> = draft
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .chain(
            staying
                .into_iter()
                .flat_map(|project| &project.sources)
                .map(|source| source.name.as_str()),
        )
        .collect();
    let sources = each_once(sources);
    let names: Vec<&str> = connections.iter().map(|it| it.name.as_str()).collect();
    let forwarders = draft.forwarders.iter();
    let mut problems: Vec<Problem> =
        forwarders.flat_map(|it| unknown_references(it, &connections, &sources)).collect();
    let workflows = draft.workflows.iter();
    problems.extend(workflows.flat_map(|it| workflow_references(it, &names, &sources)));
    if let Some(pruned) = existing.filter(|_| prune) {
        for problem in &mut problems {
            let Some(noun) = still_there(pruned, draft, problem) else { continue };
            problem.hint = Some(format!(
                "the hub has this {noun}, and pruning would remove it, since the file lacks it"
            ));
        }
    }
    problems.extend(unfit_forwarders_that_stay(draft, staying));
    problems.extend(fetching_problems(&draft.sources, &connections));
    let staying = staying.map_or(&[][..], |project| &project.sources);
    let is_named = |name: &str| draft.sources.iter().any(|own| own.name == name);
    let unnamed = staying.iter().filter(|source| !is_named(&source.name)).cloned();
    let unnamed: Vec<Source> = unnamed.collect();
    problems.extend(draft.connections.iter().flat_map(|it| fetching_problems_of(it, &unnamed)));
    problems.extend(access_problems(&draft.sources, staying, &draft.settings.api_access));
    problems
}

/// The connections that there will be, by name; those of the draft in the place of older ones.
fn connections_of<'c>(
    draft: &'c ProjectDraft,
    staying: Option<&'c ProjectDefinition>,
) -> Vec<&'c Connection> {
    let staying = staying.map_or(&[][..], |project| &project.connections);
    let mut connections: Vec<&Connection> = draft.connections.iter().chain(staying).collect();
    connections.sort_by(|left, right| left.name.cmp(&right.name));
    connections.dedup_by(|later, first| later.name == first.name);
    connections
}

/// Forwarders that the draft does not name, and whose format no longer fits a connection of it.
fn unfit_forwarders_that_stay<'d>(
    draft: &'d ProjectDraft,
    staying: Option<&'d ProjectDefinition>,
) -> impl Iterator<Item = Problem> + 'd {
    let staying = staying.map_or(&[][..], |project| &project.forwarders).iter();
    let staying = staying.filter(|it| !draft.forwarders.iter().any(|own| own.name == it.name));
    staying.filter_map(|forwarder| {
        let to = draft.connections.iter().find(|connection| connection.name == forwarder.to)?;
        unfit_format(forwarder, to)
    })
}

/// What a draft refers to and lacks, and the hub has: its noun.
fn still_there(
    project: &ProjectDefinition,
    draft: &ProjectDraft,
    problem: &Problem,
) -> Option<&'static str> {
    let name = name_at(draft, &problem.path)?;
    match problem.code {
        "unknown-connection" => {
            project.connections.iter().any(|it| it.name == name).then_some("connection")
        }
        "unknown-source" => project.sources.iter().any(|it| it.name == name).then_some("source"),
        _ => None,
    }
}

fn each_once(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Leaves what the draft does not call paused or running as it is: a person, or a destination that
/// answered 410, paused it for a reason.
pub fn keep_pauses(draft: &mut ProjectDraft, existing: Option<&ProjectDefinition>) {
    let ProjectDraft { connections, forwarders, workflows, settings, pause_unsaid, .. } = draft;
    if pause_unsaid.project {
        settings.paused = existing.is_some_and(|project| project.settings.paused);
    }
    for connection in
        connections.iter_mut().filter(|it| pause_unsaid.connections.contains(&it.name))
    {
        let stored = existing
            .and_then(|project| project.connections.iter().find(|it| it.name == connection.name));
        connection.paused = stored.is_some_and(|stored| stored.paused);
    }
    for forwarder in forwarders.iter_mut().filter(|it| pause_unsaid.forwarders.contains(&it.name)) {
        let stored = existing
            .and_then(|project| project.forwarders.iter().find(|it| it.name == forwarder.name));
        forwarder.paused = stored.is_some_and(|stored| stored.paused);
    }
    for workflow in workflows.iter_mut().filter(|it| pause_unsaid.workflows.contains(&it.name)) {
        let stored = existing
            .and_then(|project| project.workflows.iter().find(|it| it.name == workflow.name));
        workflow.paused = stored.is_some_and(|stored| stored.paused);
    }
}

pub(super) fn read_title<'v>(field: &Field<'v, '_>) -> Option<&'v str> {
    let title = field.text()?;
    if title.chars().count() <= MAX_TITLE && !title.chars().any(char::is_control) {
        return Some(title);
    }
    field
        .place
        .report("out-of-range", format!("a title is one line of at most {MAX_TITLE} characters"))
}

/// Reads the definitions of one section, each under its name.
fn read_section<'v, 'p, T>(
    section: Option<Field<'v, 'p>>,
    read: impl Fn(&str, &'v Value<'v>, Place<'p>) -> Option<T>,
) -> Vec<T> {
    let entries = section.map(|field| field.entries()).unwrap_or_default();
    entries.into_iter().filter_map(|(name, field)| read(name, field.value, field.place)).collect()
}

/// Reports sources of which a sender could not say which one is meant.
fn report_shared_urls(place: &Place<'_>, sources: &[SourceDraft]) {
    let mut owners: HashMap<(&str, String), &str> = HashMap::new();
    for source in sources {
        let secret = source.secret.as_ref().map(Secret::expose);
        let parts = [
            ("secret", secret.filter(|secret| *secret != PLACEHOLDER).map(str::to_owned)),
            ("id", source.id.map(|id| id.to_string())),
            ("path", source.path.clone()),
        ];
        for (key, part) in parts {
            let Some(part) = part else { continue };
            if let Some(other) = owners.insert((key, part), &source.name) {
                place.key("sources").key(&source.name).key(key).report::<()>(
                    "duplicate-value",
                    format!("the source `{other}` has the same `{key}`, and thus the same URL"),
                );
            }
        }
    }
}
