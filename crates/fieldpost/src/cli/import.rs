//! `fieldpost import`: projects of other systems become project files.
//!
//! Nothing is sent to a hub: what is made is a file for a person to read, to complete and to apply.
//! What the other system has and this one has not, or does otherwise, is told on standard error.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fieldpost_dialects::openfn::{self, Imported};
use fieldpost_engine::{CheckedWorkflows, check_workflows};
use fieldpost_model::json::Value;
use fieldpost_rules::definition::{Secrets, add_found, read_project, write_workflow, yaml};
use fieldpost_script::npm::Packages;

use super::Ending;
use super::show::counted;
use crate::failure::Failure;
use crate::output;

mod files;
mod wcs;

/// The folder for the jobs, beside the project file.
const JOBS: &str = "jobs";

/// What stands for a variable while the project is looked through: it fits wherever one can stand.
const ANY_TEXT: &str = "example.org";

/// Make a project file of a project of another system
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    Openfn(Openfn),
    Wcs(wcs::Wcs),
}

/// Make a project file of a project of OpenFn
///
/// Takes `project.yaml` of every version, the project that `openfn` pulls or deploys (as one file, or as
/// the folder that it is expanded into), and `workflow.json`. Credentials become connections with a
/// variable for each of their values; what cannot be taken over is told. Ends with 1 where the file cannot be
/// applied as it is.
#[derive(Args, Debug)]
pub(crate) struct Openfn {
    /// The file or the folder.
    path: PathBuf,

    /// The name of the project here; otherwise it has that of the file.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Write the project to this file, and its jobs to a folder `jobs` beside it, instead of everything
    /// to standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write over files that are there.
    #[arg(long, requires = "output")]
    force: bool,
}

impl Import {
    pub(crate) fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Openfn(openfn) => openfn.execute(),
            Self::Wcs(wcs) => wcs.execute(),
        }
    }
}

impl Openfn {
    fn execute(self) -> Result<Ending, Failure> {
        let folder = files::Folder::of(&self.path)?;
        let documents = folder.documents()?;
        let mut imported =
            openfn::read(&documents, &|path| folder.text(path)).map_err(|error| {
                Failure::new(format!(
                    "{} is no project of OpenFn: {}",
                    self.path.display(),
                    error.message
                ))
                .hint("give a project.yaml, a workflow.json, or the folder of a project")
            })?;
        if let Some(name) = &self.project {
            name.clone_into(&mut imported.name);
        }
        let found = found(&imported);
        match &self.output {
            None => output::bytes(text(&imported, &sections(&imported, false)).as_bytes())?,
            Some(file) => self.write(file, &imported)?,
        }
        tell(&imported, &found);
        Ok(if found.problems.is_empty() { Ending::Well } else { Ending::NotWell })
    }

    /// Writes the project file, and each job to a file of its own.
    fn write(&self, file: &Path, imported: &Imported) -> Result<(), Failure> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut files = vec![(file.to_owned(), text(imported, &sections(imported, true)))];
        for workflow in &imported.workflows {
            for step in &workflow.steps {
                let job = ending_with_a_line_break(&step.job);
                files.push((folder.join(job_file(&workflow.name, &step.id)), job));
            }
        }
        if !self.force
            && let Some((there, _)) = files.iter().find(|(file, _)| file.exists())
        {
            let message = format!("{} is there already", there.display());
            return Err(Failure::usage(message).hint("give --force to write over it"));
        }
        for (file, text) in &files {
            let written = file
                .parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| std::fs::write(file, text));
            written.map_err(|error| {
                Failure::new(format!("{} cannot be written: {error}", file.display()))
            })?;
        }
        Ok(())
    }
}

fn ending_with_a_line_break(job: &str) -> String {
    if job.is_empty() || job.ends_with('\n') { job.to_owned() } else { format!("{job}\n") }
}

/// The name of the file of a job, from the folder of the project file.
fn job_file(workflow: &str, step: &str) -> String {
    format!("{JOBS}/{workflow}/{step}.js")
}

/// The sections of the project file, with their keys.
fn sections(imported: &Imported, jobs_in_files: bool) -> Vec<(&'static str, Value<'static>)> {
    let named = |members: &[(String, Value<'static>)]| Value::object(members.iter().cloned());
    let workflows = imported.workflows.iter().map(|workflow| {
        let mut workflow = workflow.clone();
        for step in workflow.steps.iter_mut().filter(|_| jobs_in_files) {
            step.job = job_file(&workflow.name, &step.id);
        }
        (workflow.name.clone(), write_workflow(&workflow, Secrets::Shown))
    });
    let mut sections = vec![("project", Value::from(imported.name.clone()))];
    if !imported.title.is_empty() {
        sections.push(("title", Value::from(imported.title.clone())));
    }
    if !imported.retention.is_empty() {
        sections.push(("retention", Value::object(imported.retention.iter().cloned())));
    }
    for (key, section) in [("connections", &imported.connections), ("sources", &imported.sources)] {
        if !section.is_empty() {
            sections.push((key, named(section)));
        }
    }
    sections.push(("workflows", Value::object(workflows)));
    sections
}

/// The project file.
fn text(imported: &Imported, sections: &[(&'static str, Value<'static>)]) -> String {
    let mut text = "# Made by `fieldpost import openfn`. Read it, complete it, and apply it with \
                    `fieldpost apply`.\n"
        .to_owned();
    if !imported.variables.is_empty() {
        text.push_str("# These variables must be set where it is applied:\n");
        for variable in &imported.variables {
            text.extend(["#   ", &variable.name, ": ", &variable.meaning, "\n"]);
        }
    }
    for (key, section) in sections {
        let written = yaml::write(&Value::object([(*key, section.clone())]));
        // In what was imported `${` is a part of a text; in connections it names our variables.
        let is_ours = *key == "connections";
        text.push_str(&if is_ours { written.replace("$${", "${") } else { written });
    }
    text
}

/// What a hub would say of the project, before anything is filled in.
fn found(imported: &Imported) -> CheckedWorkflows {
    let text = text(imported, &sections(imported, false));
    let mut found = check_workflows(&Packages::none(), &imported.workflows);
    let read = yaml::read(&text, &|name| Some(any_value(name)));
    let mut problems = read.and_then(|value| read_project(&value)).err().unwrap_or_default();
    add_found(&mut problems, found.problems);
    found.problems = problems;
    found
}

/// A value for a variable, of the kind that it stands for.
fn any_value(name: &str) -> String {
    if name.ends_with("_URL") { format!("https://{ANY_TEXT}") } else { ANY_TEXT.to_owned() }
}

/// Says what a person should know about the file that was made.
fn tell(imported: &Imported, found: &CheckedWorkflows) {
    for note in &imported.notes {
        output::note(format!("{}: {}", note.place, note.message));
    }
    for problem in found.problems.iter().chain(&found.warnings) {
        output::note(format!("{}: {} [{}]", problem.path, problem.message, problem.code));
        if let Some(hint) = &problem.hint {
            output::note(format!("  hint: {hint}"));
        }
    }
    let count =
        |many: usize, one: &'static str, more: &'static str| counted(many as u64, one, more);
    output::note(format!(
        "{}: {}, {}, {}; {} to set",
        imported.name,
        count(imported.workflows.len(), "workflow", "workflows"),
        count(imported.sources.len(), "source", "sources"),
        count(imported.connections.len(), "connection", "connections"),
        count(imported.variables.len(), "variable", "variables"),
    ));
}
