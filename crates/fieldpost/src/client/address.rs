//! Which hub is meant, and which of its projects.

use std::path::PathBuf;

use clap::Args;
use fieldpost_model::json::Value;

use super::{HubClient, Query};
use crate::config::{BaseUrl, DataFolder, Token};
use crate::failure::Failure;

pub(super) const HOW_TO_START: &str = "`fieldpost serve` starts a hub; for one elsewhere give --url and --token, or set \
     FIELDPOST_URL and FIELDPOST_TOKEN";

/// Which hub a command talks to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which hub")]
pub(crate) struct HubAddress {
    /// The address of the hub. Without it, the hub that runs with the data folder.
    #[arg(long, env = "FIELDPOST_URL", value_name = "URL", hide_env_values = true)]
    url: Option<BaseUrl>,

    /// The hub's admin token. Without it, the one in the data folder.
    #[arg(long, env = "FIELDPOST_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<Token>,

    /// The data folder of the hub that runs on this machine.
    #[arg(
        long,
        env = "FIELDPOST_DATA",
        value_name = "FOLDER",
        default_value = "fieldpost-data",
        hide_env_values = true
    )]
    data: PathBuf,
}

impl HubAddress {
    /// A client of the hub that is meant.
    pub(crate) fn client(&self) -> Result<HubClient, Failure> {
        let folder = DataFolder::at(&self.data);
        let running = folder.running_hub();
        let url = match (&self.url, &running) {
            (Some(url), _) => url.as_str().to_owned(),
            (None, Some(running)) => running.url.clone(),
            (None, None) => {
                return Err(Failure::new(format!(
                    "no hub runs with the data folder {}",
                    self.data.display()
                ))
                .hint(HOW_TO_START));
            }
        };
        let from_notice = || running.and_then(|running| running.token?.parse().ok());
        let token = match self.token.clone().or_else(from_notice) {
            Some(token) => token,
            None => folder.token()?.ok_or_else(|| {
                Failure::new(format!("there is no token for the hub at {url}")).hint(
                    "give it with --token or FIELDPOST_TOKEN; `fieldpost serve` printed it at \
                           its first start",
                )
            })?,
        };
        HubClient::new(&url, token)
    }
}

/// Which hub and which project a command is about, and who reads its answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    #[command(flatten)]
    hub: HubAddress,

    /// The project. Without it, the hub's default project, or the only one there is.
    #[arg(long, value_name = "NAME", help_heading = "Which hub")]
    project: Option<String>,

    /// Write JSON, for machines.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Target {
    /// A client, and the name of the project.
    pub(crate) async fn open(&self) -> Result<(HubClient, String), Failure> {
        let client = self.hub.client()?;
        let project = match &self.project {
            Some(project) => project.clone(),
            None => only_project(&client).await?,
        };
        Ok((client, project))
    }
}

/// The hub's default project, or the only one there is.
async fn only_project(client: &HubClient) -> Result<String, Failure> {
    let status = client.get(&["status"], &Query::new()).await?;
    if let Some(name) = status.get("default_project").and_then(Value::as_str) {
        return Ok(name.to_owned());
    }
    let projects = client.whole_list(&["projects"]).await?;
    let names: Vec<&str> =
        projects.iter().filter_map(|project| project.get("name")?.as_str()).collect();
    match *names {
        [name] => Ok(name.to_owned()),
        [] => Err(Failure::new("the hub has no project yet")
            .hint("write a project file and give it to `fieldpost apply`")),
        _ => Err(Failure::usage("the hub has more than one project")
            .hint(format!("name one with --project: {}", names.join(", ")))),
    }
}
