//! `fieldpost export`: the project becomes a project file, of ours or of another system.

mod jobs;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use fieldpost_dialects::openfn;
use fieldpost_model::json::Value;
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::{read_workflow, yaml};

use super::Ending;
use crate::client::HubAddress;
use crate::failure::Failure;
use crate::{output, projects};

/// Write a project as a project file
///
/// Secrets are written as •••••••. Applied to the same project again, such a file keeps the
/// secrets that are there.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The project's name.
    project: String,

    /// The system whose project file it is to be. For OpenFn the workflows are written, as its portable
    /// project 4.0, and what OpenFn has no word for is told.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// The mail address of who owns the credentials at OpenFn.
    #[arg(long, value_name = "MAIL")]
    owner: Option<String>,

    /// Write each job into a file of its own below this folder, as WORKFLOW/STEP.js; the project file names
    /// them. The folder counts from where the project file is to lie, so run it there. What is there already
    /// under these names is replaced.
    #[arg(long, value_name = "FOLDER")]
    jobs: Option<PathBuf>,

    /// Write JSON instead of YAML.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

/// Whose project file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Ours.
    #[default]
    Fieldpost,
    /// OpenFn's.
    Openfn,
}

impl Export {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self.format {
            Format::Fieldpost => self.fieldpost().await,
            Format::Openfn => self.openfn().await,
        }
    }

    async fn fieldpost(self) -> Result<Ending, Failure> {
        if let Some(folder) = &self.jobs {
            return self.with_job_files(folder).await;
        }
        let client = self.hub.client()?;
        let format = if self.json { "json" } else { "yaml" };
        let query = vec![("format", format.to_owned())];
        let mut text = client.bytes(&["projects", &self.project, "export"], &query).await?;
        if text.last() != Some(&b'\n') {
            text.push(b'\n');
        }
        output::bytes(&text)?;
        Ok(Ending::Well)
    }

    /// Writes the jobs into files, and the project file that names them.
    async fn with_job_files(&self, folder: &Path) -> Result<Ending, Failure> {
        let folder = jobs::folder_name(folder)?;
        let (project, files) = jobs::take_out(self.read().await?, &folder);
        jobs::write(&files)?;
        let text = if self.json {
            format!("{}\n", project.to_json_pretty())
        } else {
            yaml::write(&project)
        };
        output::bytes(text.as_bytes())?;
        for file in &files {
            output::note(format!("written: {}", file.name));
        }
        Ok(Ending::Well)
    }

    /// The project as the hub has it.
    async fn read(&self) -> Result<Value<'static>, Failure> {
        let query = vec![("format", "json".to_owned())];
        let path = ["projects", &self.project, "export"];
        let text = self.hub.client()?.bytes(&path, &query).await?;
        let project = Value::parse(&text)
            .map_err(|error| Failure::new(format!("the hub answered with no JSON: {error}")))?;
        Ok(project.into_owned())
    }

    async fn openfn(self) -> Result<Ending, Failure> {
        if self.jobs.is_some() {
            return Err(Failure::usage("OpenFn's project files hold their jobs")
                .hint("leave --jobs out, or --format"));
        }
        let project = self.read().await?;
        let title = project.get("title").and_then(Value::as_str).unwrap_or_default();
        let workflows = workflows(&self.project, &project)?;
        if workflows.is_empty() {
            return Err(Failure::new(format!("{} has no workflow", self.project)));
        }
        let exported = openfn::write(&self.project, title, &workflows, self.owner.as_deref());
        let mut text = if self.json {
            exported.value.to_json_pretty()
        } else {
            yaml::write_as_is(&exported.value)
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        output::bytes(text.as_bytes())?;
        for note in &exported.notes {
            output::note(format!("{}: {}", note.place, note.message));
        }
        Ok(Ending::Well)
    }
}

/// The workflows of a project, in the order of its file.
fn workflows(origin: &str, project: &Value<'_>) -> Result<Vec<Workflow>, Failure> {
    let section = project.get("workflows").and_then(Value::as_object).unwrap_or_default();
    section
        .iter()
        .map(|(name, value)| read_workflow(name, value))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|problems| projects::invalid(origin, &problems))
}
