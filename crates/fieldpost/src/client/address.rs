//! Which hub is meant, and which of its projects.

use std::path::PathBuf;

use clap::Args;
use fieldpost_model::json::Value;
use url::{Host, Url};

use super::{HubClient, Query};
use crate::config::{BaseUrl, DataFolder, RunningHub, Token};
use crate::failure::Failure;

pub(super) const HOW_TO_START: &str = "`fieldpost serve` starts a hub; for one elsewhere give --url and --token, or set \
     FIELDPOST_URL and FIELDPOST_TOKEN";

const HOW_TO_GIVE_A_TOKEN: &str =
    "give it with --token or FIELDPOST_TOKEN; `fieldpost token create` makes one";

/// Which hub a command talks to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which hub")]
pub(crate) struct HubAddress {
    /// The address of the hub. Without it, the hub that runs with the data folder.
    #[arg(long, env = "FIELDPOST_URL", value_name = "URL", hide_env_values = true)]
    url: Option<BaseUrl>,

    /// A token of the hub. Without it, the admin token in the data folder, for a hub of this machine.
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
        let token = match &self.token {
            Some(token) => token.clone(),
            None => token_of_folder(&folder, running, &url)?,
        };
        HubClient::new(&url, token)
    }
}

/// The token that lies in the folder, for the hub that it belongs to: anybody else who got it
/// could do everything with that hub.
fn token_of_folder(
    folder: &DataFolder,
    running: Option<RunningHub>,
    url: &str,
) -> Result<Token, Failure> {
    let announced = running.as_ref().map(|running| &*running.url);
    if !is_local(url, announced) {
        return Err(Failure::new(format!(
            "the token in the data folder is not sent to {url}: that is not the hub of this folder"
        ))
        .hint(HOW_TO_GIVE_A_TOKEN));
    }
    let of_notice = running.and_then(|running| running.token?.parse().ok());
    let token = match of_notice {
        Some(token) => Some(token),
        None => folder.token()?,
    };
    token.ok_or_else(|| {
        Failure::new(format!("there is no token for the hub at {url}")).hint(HOW_TO_GIVE_A_TOKEN)
    })
}

/// Whether an address is that of the hub which the folder announces, or of this machine.
fn is_local(url: &str, announced: Option<&str>) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let announced = announced.and_then(|announced| Url::parse(announced).ok());
    if announced.is_some_and(|announced| announced.origin() == url.origin()) {
        return true;
    }
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
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

/// The only project that the token opens, or else the hub's default project.
async fn only_project(client: &HubClient) -> Result<String, Failure> {
    let projects = client.whole_list(&["projects"]).await?;
    let names: Vec<&str> =
        projects.iter().filter_map(|project| project.get("name")?.as_str()).collect();
    if let [name] = *names {
        return Ok(name.to_owned());
    }
    // A token that opens projects only is not told of the hub.
    let status = client.get(&["status"], &Query::new()).await.unwrap_or(Value::Null);
    let default = status.get("default_project").and_then(Value::as_str);
    if let Some(name) = default.filter(|name| names.contains(name)) {
        return Ok(name.to_owned());
    }
    match *names {
        [] => Err(Failure::new("the hub has no project yet")
            .hint("write a project file and give it to `fieldpost apply`")),
        _ => Err(Failure::usage("the hub has more than one project")
            .hint(format!("name one with --project: {}", names.join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_the_folder_stays_on_this_machine() {
        let announced = Some("http://192.168.1.5:8080");
        for (url, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9:1", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080/hub", true),
            ("http://192.168.1.5:8080", true),
            ("http://192.168.1.5:8080/hub", true),
            ("http://192.168.1.5:8081", false),
            ("https://192.168.1.5:8080", false),
            ("https://hub.example.org", false),
            ("http://127.0.0.1@hub.example.org", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(is_local(url, announced), expected, "{url}");
        }
        assert!(!is_local("http://192.168.1.5:8080", None));
    }
}
