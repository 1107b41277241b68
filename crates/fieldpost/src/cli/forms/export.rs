//! `fieldpost forms export`: a form that the project defines, as others take it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fieldpost_dialects::openrosa::{left_out, write_xform};
use fieldpost_dialects::wcs::schema;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::person::Role;
use fieldpost_rules::definition::form::read_form;
use fieldpost_rules::definition::people::read_role;
use fieldpost_rules::definition::yaml;

use super::super::Ending;
use super::super::show::text;
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Write a form that the project defines, for others to take
///
/// As an XForm it can be given to ODK Collect, Enketo and other servers of OpenRosa; what an XForm cannot say is told.
/// As a schema of w.c.s. it can be imported there and in other hubs, and as YAML it is a part of a project file.
#[derive(Args, Debug)]
pub(in crate::cli) struct Export {
    /// The form's name.
    name: String,

    /// What it is written as.
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    format: Format,

    /// Write it to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    target: Target,
}

/// What a form can be written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// An `XForm`, for phones.
    Xform,
    /// What a w.c.s. answers at `/api/formdefs/<slug>/schema`.
    WcsSchema,
    /// A part of a project file.
    Yaml,
}

impl Export {
    pub(in crate::cli) async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "form-definitions", &self.name];
        let found = client.get(&path, &Query::new()).await?;
        let written = found.get("definition").cloned().unwrap_or(Value::Null);
        let text = match self.format {
            Format::Yaml => of_project_file(&self.name, written),
            Format::Xform => {
                let form = read(&self.name, &written)?;
                for left in left_out(&form) {
                    output::note(format!("forms.{}.{}: {}", self.name, left.path, left.what));
                }
                let number = number(&client, &project, &self.name).await?;
                write_xform(&form.form(), Some(&number))
            }
            Format::WcsSchema => {
                let form = read(&self.name, &written)?;
                let roles = roles(&client, &project).await?;
                format!("{}\n", schema::write(&form, &roles, true).to_json_pretty())
            }
        };
        match &self.output {
            None => output::bytes(text.as_bytes())?,
            Some(file) => std::fs::write(file, text).map_err(|error| {
                Failure::new(format!("{} cannot be written: {error}", file.display()))
            })?,
        }
        Ok(Ending::Well)
    }
}

fn of_project_file(name: &str, written: Json) -> String {
    let forms = Value::object([(name.to_owned(), written)]);
    yaml::write(&Value::object([("forms", forms)]))
}

fn read(name: &str, written: &Json) -> Result<FormDefinition, Failure> {
    read_form(name, written).map_err(|problems| {
        let told =
            problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message));
        Failure::new(format!("the hub's form \"{name}\" cannot be read by this command"))
            .details(told)
            .hint("use the command of the hub's own version")
    })
}

/// The number of a form's definition, which phones know as its version.
async fn number(client: &HubClient, project: &str, name: &str) -> Result<String, Failure> {
    let form = client.get(&["projects", project, "forms", name], &Query::new()).await?;
    Ok(text(&form, "definition").into_owned())
}

async fn roles(client: &HubClient, project: &str) -> Result<Vec<Role>, Failure> {
    let found = client.whole_list(&["projects", project, "roles"]).await?;
    let role = |found: &Json| {
        let definition = found.get("definition")?;
        read_role(&text(found, "id"), definition).ok()
    };
    Ok(found.iter().filter_map(role).collect())
}
