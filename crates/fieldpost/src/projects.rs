//! Project files: from paths to one value for each project.
//!
//! `${NAME}` is replaced here, on the machine that reads the files, and so are the names of PEM files and
//! of jobs by what they hold; what goes to a hub over the API holds neither any more.

use std::fmt::{self, Display, Formatter};
use std::path::{Component, Path, PathBuf};

use fieldpost_engine::{Applied, Asked, Hub, Note, check_workflows};
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{
    MAX_PEM_BYTES, Problem, ProjectDraft, add_found, in_order, looked_over, put_files, put_jobs,
    read_project, yaml,
};
use fieldpost_script::compile::SOURCE_BYTES_MAX;
use fieldpost_script::npm::Packages;
use fieldpost_store::{Due, Store, Who};
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
    read_files_with(paths, &config::variable)
}

/// The same, where something else than the environment says what `${NAME}` becomes.
pub(crate) fn read_files_with(
    paths: &[PathBuf],
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<ProjectFile>, Failure> {
    let files =
        paths.iter().map(|path| read_file(path, lookup)).collect::<Result<Vec<_>, Failure>>()?;
    let mut names: Vec<String> = Vec::new();
    for file in &files {
        if let Some(name) = project_name(&file.value)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if let Some(file) = files.iter().find(|file| project_name(&file.value).is_none())
        && names.len() != 1
    {
        return Err(Failure::new(format!("{} does not say which project it is of", file.origin))
            .hint("write `project: <name>` at its top"));
    }
    names
        .into_iter()
        .map(|name| {
            let own: Vec<&ReadFile> = files
                .iter()
                .filter(|file| project_name(&file.value).is_none_or(|other| other == name))
                .collect();
            let origin: Vec<&str> = own.iter().map(|file| &*file.origin).collect();
            let origin = origin.join(", ");
            let values = own.iter().map(|file| file.value.clone()).collect();
            let (value, mut problems) = yaml::merge_on(values);
            problems.extend(own.into_iter().flat_map(|file| file.problems.clone()));
            if problems.is_empty() {
                return Ok(ProjectFile { name, value, origin });
            }
            Err(invalid(&origin, &all_mistakes(&value, problems)))
        })
        .collect()
}

/// A file, as far as it could be read.
struct ReadFile {
    value: Value<'static>,
    /// Variables that are not set, and PEM files that cannot be used.
    problems: Vec<Problem>,
    origin: String,
}

/// Everything that is wrong with a project file, `problems` being what was found while its files were read; in the order
/// of its places. What is at the place of a problem that is known already comes of that one.
///
/// Names that lead nowhere are told together with the rest alone: the hub may know them. Jobs are compiled, too; which
/// packages are installed says the hub, and whether a job compiles does not hang on that.
fn all_mistakes(value: &Value<'_>, mut problems: Vec<Problem>) -> Vec<Problem> {
    let (draft, mut others) = looked_over(value, None, false);
    let workflows = draft.map(|draft| draft.workflows).unwrap_or_default();
    add_found(&mut others, check_workflows(&Packages::none(), &workflows).problems);
    for problem in &mut others {
        if matches!(
            problem.code,
            "unknown-connection" | "unknown-source" | "unknown-role" | "unknown-api-access"
        ) {
            problem.message =
                problem.message.replace(" in this project", " in the project's files");
            let hint = problem.hint.take().unwrap_or_default();
            problem.hint = Some(format!("{hint}; if the hub has it already, leave this as it is"));
        }
    }
    add_found(&mut problems, others);
    in_order(value, problems)
}

fn read_file(path: &Path, lookup: &dyn Fn(&str) -> Option<String>) -> Result<ReadFile, Failure> {
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
    let (mut value, mut problems) =
        yaml::read_on(&text, lookup).map_err(|problem| invalid(&origin, &[problem]))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let read_pem = |name: &str| read_small(&folder.join(name), MAX_PEM_BYTES);
    let read_job = |name: &str| read_small(&below(folder, name)?, SOURCE_BYTES_MAX);
    problems.extend(put_files(&mut value, &read_pem));
    problems.extend(put_jobs(&mut value, &read_job));
    Ok(ReadFile { value, problems, origin })
}

/// The path of a job's file, which lies in the folder of the project file or below it: what a file of
/// somebody else names is read only from there.
pub(crate) fn below(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let is_within = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if is_within { Ok(folder.join(name)) } else { Err("it lies outside that folder".to_owned()) }
}

/// Reads a file that a project file names, and that has so many bytes at the most.
fn read_small(path: &Path, most: usize) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > most as u64 {
        return Err(format!("it has {length} bytes, more than {most}"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
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

/// What is allowed in a project and likely to be regretted, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// Where: the keys from the top.
    pub(crate) path: String,
    /// What, as a stable word.
    pub(crate) code: String,
    /// What, in a sentence.
    pub(crate) message: String,
    /// What to do about it; empty where that is not known.
    pub(crate) hint: String,
}

impl From<&Problem> for Warning {
    fn from(problem: &Problem) -> Self {
        let Problem { path, code, message, hint } = problem;
        Self {
            path: path.clone(),
            code: (*code).to_owned(),
            message: message.clone(),
            hint: hint.clone().unwrap_or_default(),
        }
    }
}

impl Warning {
    /// The same without a break, for where each line is something else.
    pub(crate) fn in_a_line(&self) -> String {
        self.to_string().replace("\n  hint: ", "; ")
    }
}

impl Display for Warning {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { path, code, message, hint } = self;
        write!(formatter, "{path}: {message} [{code}]")?;
        if hint.is_empty() { Ok(()) } else { write!(formatter, "\n  hint: {hint}") }
    }
}

/// Warnings with all connections in one that tell nobody of trouble: there are often many of them,
/// and what else is warned of would be lost among them.
pub(crate) fn in_few_words(warnings: impl IntoIterator<Item = Warning>) -> Vec<Warning> {
    let (mut few, others): (Vec<Warning>, Vec<Warning>) =
        warnings.into_iter().partition(|warning| warning.code == "no-notify");
    if few.len() > 1 {
        let name_of = |path: &str| {
            let name = path.strip_prefix("connections.").unwrap_or(path);
            name.strip_suffix(".notify").unwrap_or(name).to_owned()
        };
        let names: Vec<String> = few.iter().map(|warning| name_of(&warning.path)).collect();
        few = vec![Warning {
            path: "connections".to_owned(),
            code: "no-notify".to_owned(),
            message: format!("nobody is told when these are in trouble: {}", names.join(", ")),
            hint: "write `notify: [ops@example.org]` into them".to_owned(),
        }];
    }
    few.extend(others);
    few
}

/// By what name the books call whoever gave a project file to a hub that was started.
const OPERATOR: &str = "operator";

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
    for file in read_files(paths)? {
        let ProjectFile { name, value, origin } = &file;
        let draft = file.draft()?;
        let fact = format!("applied-project-file:{name}");
        let digest = hexadecimal::encode(&Sha256::digest(value.canonical().as_bytes()));
        if store.fact(&fact).await?.as_deref() == Some(digest.as_str()) {
            tracing::info!(project = name, "{origin} was applied before and is unchanged");
            continue;
        }
        let applied = hub
            .apply(&draft, false, false, &Asked::by(OPERATOR))
            .await
            .map_err(|error| Failure::from(error).within(origin))?;
        file.tell(&applied);
        if !applied.changes.is_empty() {
            hub.note(file.note(&applied)).await;
        }
        store.set_fact(&fact, &digest).await?;
    }
    Ok(())
}

impl ProjectFile {
    /// What the file says, or everything that is wrong with it.
    pub(crate) fn draft(&self) -> Result<ProjectDraft, Failure> {
        read_project(&self.value)
            .map_err(|_| invalid(&self.origin, &all_mistakes(&self.value, Vec::new())))
    }

    /// Says in the log what applying it did.
    fn tell(&self, applied: &Applied) {
        let Self { name: project, origin, .. } = self;
        let warnings = applied.warnings.iter().map(Warning::from);
        for Warning { path, code, message, hint } in in_few_words(warnings) {
            let hint = if hint.is_empty() { hint } else { format!("; {hint}") };
            tracing::warn!(project, code, "{origin}: {path}: {message}{hint}");
        }
        let erases = applied.erases;
        if !erases.is_nothing() {
            let Due { messages, bodies, attempts, .. } = erases;
            tracing::warn!(
                project,
                messages,
                bodies,
                attempts,
                "{origin} keeps things shorter than before: what is older is erased now"
            );
        }
        let changes = applied.changes.len();
        tracing::info!(project, changes, "{origin} was applied, with {changes} changes");
    }

    /// What the audit log keeps of it.
    fn note(&self, applied: &Applied) -> Note {
        let file = ("file", Value::from(self.origin.clone()));
        let counts = applied.counts();
        let counts = counts.map(|(action, count)| (action.name(), Value::from(count as u64)));
        Note {
            project: Some(self.name.clone()),
            who: Who { kind: OPERATOR.to_owned(), name: OPERATOR.to_owned(), id: None },
            action: "project.applied".to_owned(),
            target: None,
            detail: Value::object([file].into_iter().chain(counts)).to_json(),
            address: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_tell_nobody_are_one_line() {
        let warning = |path: &str, code: &str| Warning {
            path: path.to_owned(),
            code: code.to_owned(),
            message: "so it is".to_owned(),
            hint: String::new(),
        };
        let untold = |name: &str| warning(&format!("connections.{name}.notify"), "no-notify");
        let other = warning("sources.s.secret", "short-secret");
        assert_eq!(in_few_words([]), []);
        assert_eq!(in_few_words([other.clone(), untold("a")]), [untold("a"), other.clone()]);
        let few = in_few_words([untold("a"), other.clone(), untold("b")]);
        assert_eq!((few.len(), &few[1]), (2, &other));
        let told = few[0].to_string();
        assert!(told.contains("trouble: a, b [no-notify]\n  hint: write `notify"), "{told}");
    }
}
