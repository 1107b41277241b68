//! Project files: from paths to one value for each project.
//!
//! `${NAME}` is replaced here, on the machine that reads the files, and so are the names of PEM files
//! by what they hold; what goes to a hub over the API holds neither any more.

use std::path::{Path, PathBuf};

use fieldpost_engine::Hub;
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{MAX_PEM_BYTES, Problem, put_files, read_project, yaml};
use fieldpost_store::{Due, Store};
use sha2::{Digest as _, Sha256};

use crate::config;
use crate::failure::Failure;

/// One project as its files define it.
#[derive(Debug)]
pub(crate) struct ProjectFile {
    /// The project's name.
    pub(crate) name: String,
    /// The definition, merged and with its variables replaced.
    pub(crate) value: Value<'static>,
    /// The files that it came from, for messages.
    pub(crate) origin: String,
}

/// Reads files. Those of one project are merged; a file that names no project belongs to the one
/// that the others name.
pub(crate) fn read_files(paths: &[PathBuf]) -> Result<Vec<ProjectFile>, Failure> {
    let files = paths
        .iter()
        .map(|path| Ok((path.as_path(), read_file(path)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let mut names: Vec<String> = Vec::new();
    for (_, value) in &files {
        if let Some(name) = project_name(value)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if let Some((path, _)) = files.iter().find(|(_, value)| project_name(value).is_none())
        && names.len() != 1
    {
        return Err(Failure::new(format!(
            "{} does not say which project it is of",
            path.display()
        ))
        .hint("write `project: <name>` at its top"));
    }
    names
        .into_iter()
        .map(|name| {
            let own: Vec<&(&Path, Value<'static>)> = files
                .iter()
                .filter(|(_, value)| project_name(value).is_none_or(|other| other == name))
                .collect();
            let origin: Vec<String> =
                own.iter().map(|(path, _)| path.display().to_string()).collect();
            let origin = origin.join(", ");
            let values = own.into_iter().map(|(_, value)| value.clone()).collect();
            let value = yaml::merge(values).map_err(|problems| invalid(&origin, &problems))?;
            Ok(ProjectFile { name, value, origin })
        })
        .collect()
}

fn read_file(path: &Path) -> Result<Value<'static>, Failure> {
    let origin = path.display().to_string();
    let length = std::fs::metadata(path).map(|metadata| metadata.len());
    let length = length.map_err(|error| unreadable(&origin, &error))?;
    if length > yaml::MAX_BYTES as u64 {
        return Err(Failure::new(format!(
            "{origin} has {length} bytes; a project file has {} at the most",
            yaml::MAX_BYTES
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&origin, &error))?;
    let value = read_text(&origin, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    put_files(value, &|name| read_pem(&folder.join(name)))
        .map_err(|problems| invalid(&origin, &problems))
}

/// Reads a PEM file that a project file names.
fn read_pem(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_PEM_BYTES as u64 {
        return Err(format!("it has {length} bytes, more than {MAX_PEM_BYTES}"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// Reads a project file's text, variables replaced.
fn read_text(origin: &str, text: &str) -> Result<Value<'static>, Failure> {
    yaml::read(text, &config::variable).map_err(|problems| invalid(origin, &problems))
}

fn unreadable(origin: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{origin} cannot be read: {error}"))
}

/// Says what is wrong with a project file, all at once.
pub(crate) fn invalid(origin: &str, problems: &[Problem]) -> Failure {
    Failure::new(format!("{origin} is not a valid project file")).details(problems)
}

fn project_name(value: &Value<'_>) -> Option<String> {
    value.get("project").and_then(Value::as_str).map(str::to_owned)
}

/// Applies the files of a starting hub that changed since they were last applied here. What the
/// files lack stays.
///
/// The digest is of the definition with its variables replaced, so that a new password in the
/// environment counts as a change. It is kept after the definition: a start that is killed in
/// between applies again, which changes nothing.
pub(crate) async fn apply_at_start(
    hub: &Hub,
    store: &Store,
    paths: &[PathBuf],
) -> Result<(), Failure> {
    for ProjectFile { name, value, origin } in read_files(paths)? {
        let draft = read_project(&value).map_err(|problems| invalid(&origin, &problems))?;
        let fact = format!("applied-project-file:{name}");
        let digest = hexadecimal::encode(&Sha256::digest(value.canonical().as_bytes()));
        if store.fact(&fact).await?.as_deref() == Some(digest.as_str()) {
            tracing::info!(project = name, "{origin} was applied before and is unchanged");
            continue;
        }
        let applied = hub
            .apply(&draft, false, false)
            .await
            .map_err(|error| Failure::from(error).within(&origin))?;
        for warning in &applied.warnings {
            tracing::warn!(project = name, code = warning.code, "{origin}: {}", warning.message);
        }
        let erases = applied.erases;
        if !erases.is_nothing() {
            let Due { messages, bodies, attempts, .. } = erases;
            tracing::warn!(
                project = name,
                messages,
                bodies,
                attempts,
                "{origin} keeps things shorter than before: what is older is erased now"
            );
        }
        let changes = applied.changes.len();
        tracing::info!(project = name, changes, "{origin} was applied, with {changes} changes");
        store.set_fact(&fact, &digest).await?;
    }
    Ok(())
}
