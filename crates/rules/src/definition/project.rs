//! The project as a whole: its sections, its names, and what must fit together.

use std::collections::HashMap;

use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};

use super::fields::{Field, Fields, Place, Section, collect};
use super::forwarder::unknown_references;
use super::problem::Problem;
use super::settings::{put_settings, take_settings};
use super::write::{Members, Secrets};
use super::{PauseUnsaid, ProjectDefinition, ProjectDraft, SourceDraft};
use super::{connection, forwarder, source};

/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// The longest title, in characters.
const MAX_TITLE: usize = 200;

/// Whether a text can be the name of a project, source, connection or forwarder: lower-case
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
    let forwarders = project
        .forwarders
        .iter()
        .map(|forwarder| (forwarder.name.clone(), forwarder::write_forwarder(forwarder, secrets)));
    members.put_unless(project.forwarders.is_empty(), "forwarders", Value::object(forwarders));
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

fn read(value: &Value<'_>, place: Place<'_>) -> Option<ProjectDraft> {
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
    let forwarders = read_section(fields.take("forwarders"), forwarder::read);
    report_shared_urls(&fields.place, &sources);
    fields.close();
    let name = name?.to_owned();
    Some(ProjectDraft {
        title: title.unwrap_or(&name).to_owned(),
        name,
        sources,
        connections,
        forwarders,
        settings: settings?,
        pause_unsaid: PauseUnsaid {
            project: value.get("paused").is_none_or(Value::is_null),
            connections: without_pause(value, "connections"),
            forwarders: without_pause(value, "forwarders"),
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

/// Forwarders that name a connection or a source which is neither in the draft nor, unless it
/// would be pruned, in the project that is there already.
pub fn dangling_references(
    draft: &ProjectDraft,
    existing: Option<&ProjectDefinition>,
    prune: bool,
) -> Vec<Problem> {
    let staying = existing.filter(|_| !prune);
    let connections: Vec<&str> = draft
        .connections
        .iter()
        .chain(staying.into_iter().flat_map(|project| &project.connections))
        .map(|connection| connection.name.as_str())
        .collect();
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
    let (connections, sources) = (each_once(connections), each_once(sources));
    let pruned = existing.filter(|_| prune);
    let mut problems = Vec::new();
    for forwarder in &draft.forwarders {
        for mut problem in unknown_references(forwarder, &connections, &sources) {
            if let Some(noun) = pruned.and_then(|project| still_there(project, forwarder, &problem))
            {
                problem.hint = Some(format!(
                    "the hub has this {noun}, and pruning would remove it, since the file lacks it"
                ));
            }
            problems.push(problem);
        }
    }
    problems
}

/// What a forwarder refers to that the file lacks and the hub has: its noun.
fn still_there(
    project: &ProjectDefinition,
    forwarder: &Forwarder,
    problem: &Problem,
) -> Option<&'static str> {
    if problem.code == "unknown-connection" {
        let is_there = project.connections.iter().any(|it| it.name == forwarder.to);
        return is_there.then_some("connection");
    }
    let from = forwarder.filter.from.as_deref()?;
    project.sources.iter().any(|it| it.name == from).then_some("source")
}

fn each_once(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Leaves what the draft does not call paused or running as it is: a person, or a destination that
/// answered 410, paused it for a reason.
pub fn keep_pauses(draft: &mut ProjectDraft, existing: Option<&ProjectDefinition>) {
    let ProjectDraft { connections, forwarders, settings, pause_unsaid, .. } = draft;
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
}

fn read_title<'v>(field: &Field<'v, '_>) -> Option<&'v str> {
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
