//! OpenFn's project files: read, and written.
//!
//! There are four ways in which OpenFn wrote projects down, and people have files of all of them:
//!
//! | file | known by | module |
//! |---|---|---|
//! | `project.yaml` of version 1: jobs, and triggers by filter, time or another job | `jobs` at the top | `legacy` |
//! | the project of Lightning: jobs, triggers and edges of each workflow, as lists or by key; alone, or as `data` of an answer | `workflows`, each with `jobs` | `lightning` |
//! | the portable project, 4.0: steps with what follows each, in one file or a folder | `workflows`, each with `steps` | `portable` |
//! | `workflow.json`: one workflow for the command line | `workflow.steps`, `workflow.jobs`, `jobs` as a list | `portable` |
//!
//! All become an [`Imported`] project: sources, connections and workflows, with a [`Note`] for each
//! thing that is not taken over or works otherwise, at its place. What a file holds of credentials is
//! never taken over: connections name variables in its stead, so that the result can be shown to
//! anybody. Files that a project names come in through a function; nothing is read here.

use fieldpost_model::json::Value;
use fieldpost_model::workflow::Workflow;

mod assemble;
mod connections;
mod edges;
mod legacy;
mod lightning;
pub(crate) mod names;
mod portable;
mod reader;
#[cfg(test)]
mod tests;
mod write;

pub use write::{Exported, write};

use reader::Reader;

/// A project that was read, in the words of ours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The name that the file suggests; empty where it has none.
    pub name: String,
    /// What people call it; empty where the file does not say.
    pub title: String,
    /// Its retention, as a project file has it; nothing where nothing is said.
    pub retention: Vec<(&'static str, Value<'static>)>,
    /// Its ways in, as a project file has them.
    pub sources: Vec<(String, Value<'static>)>,
    /// What its credentials became, as a project file has it, with a `${VARIABLE}` for each value.
    pub connections: Vec<(String, Value<'static>)>,
    /// The workflows.
    pub workflows: Vec<Workflow>,
    /// The variables that must be set before the project is applied.
    pub variables: Vec<Variable>,
    /// What is not taken over, or works otherwise.
    pub notes: Vec<Note>,
}

/// A variable that stands for a value of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub meaning: String,
}

/// Something that a person should know about what was read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where in the file it stands: `workflows.register.triggers.webhook`.
    pub place: String,
    /// What about it, in a sentence.
    pub message: String,
}

/// A part of a project: one file, as a value.
#[derive(Clone, Debug)]
pub struct Document {
    /// The folder of the file, from the folder of the project: empty, or ending with `/`.
    pub folder: String,
    /// What it holds.
    pub value: Value<'static>,
}

/// Why a file is no project of OpenFn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotOpenfn {
    /// What is missing, in a sentence.
    pub message: String,
}

/// Gives the text of a file that a project names, by its path from the project's folder, or says why it
/// cannot.
pub type ReadFile<'f> = dyn Fn(&str) -> Result<String, String> + 'f;

/// Reads a project: one document, or the documents of its folder.
pub fn read(documents: &[Document], file: &ReadFile<'_>) -> Result<Imported, NotOpenfn> {
    let mut reader = Reader::new(file);
    let mut workflows = 0;
    for Document { folder, value } in documents {
        reader.enter(folder);
        workflows += read_document(&mut reader, value)?;
    }
    if workflows == 0 {
        return Err(NotOpenfn { message: "there is no workflow and no job in it".to_owned() });
    }
    Ok(reader.finish())
}

/// Whether a document is a project file of this program: it names its project, and has sections that no project of
/// OpenFn has, or steps by their names.
fn is_ours(value: &Value<'_>) -> bool {
    const OUR_SECTIONS: [&str; 3] = ["sources", "connections", "forwarders"];
    let has_our_steps = || {
        let workflows = value.get("workflows").and_then(Value::as_object).unwrap_or_default();
        let mut steps = workflows.iter().filter_map(|(_, workflow)| workflow.get("steps"));
        steps.any(|steps| steps.as_object().is_some())
    };
    value.get("project").is_some_and(|name| name.as_str().is_some())
        && (OUR_SECTIONS.iter().any(|key| value.get(key).is_some()) || has_our_steps())
}

/// Reads a document of whichever format; gives the number of workflows that it has.
fn read_document(reader: &mut Reader<'_>, value: &Value<'static>) -> Result<usize, NotOpenfn> {
    if value.as_object().is_none() {
        let message = format!("it holds no object but this: {}", value.kind_name());
        return Err(NotOpenfn { message });
    }
    // The server wraps what it answers.
    let wrapped = value.get("data").filter(|data| data.get("workflows").is_some());
    let value = wrapped.unwrap_or(value);
    if is_ours(value) {
        let message =
            "it is a project file of Fieldpost already, which `fieldpost apply` takes as it is";
        return Err(NotOpenfn { message: message.to_owned() });
    }
    let is_list = |key: &str| value.get(key).is_some_and(|jobs| jobs.as_array().is_some());
    if value.get("workflow").is_some() || is_list("jobs") {
        return Ok(portable::read_plan(reader, value));
    }
    if value.get("jobs").is_some_and(|jobs| jobs.as_object().is_some()) {
        return Ok(legacy::read(reader, value));
    }
    if is_list("steps") {
        return Ok(portable::read_workflow(reader, "", value));
    }
    reader.project(value);
    let workflows = reader::entries(value.get("workflows"));
    let has_steps = workflows.iter().any(|(_, workflow)| workflow.get("steps").is_some());
    if has_steps {
        return Ok(portable::read(reader, &workflows));
    }
    Ok(lightning::read(reader, &workflows))
}
