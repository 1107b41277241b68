//! `fieldpost connections`: the remote systems that a project sends to.

use clap::{Args, Subcommand};

use super::Ending;
use super::show::{definition, json, json_list, members, text};
use crate::client::{Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at the systems that are sent to: list, show
#[derive(Debug, Subcommand)]
pub(crate) enum Connections {
    List(List),
    Show(Show),
}

/// List connections
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// Show one connection, as the project file has it
///
/// Secrets are written as •••••••.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The connection's name.
    #[arg(value_name = "CONNECTION")]
    name: String,
    #[command(flatten)]
    target: Target,
}

impl Connections {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let connections = client.whole_list(&["projects", &project, "connections"]).await?;
        if self.target.json {
            json_list(connections)?;
        } else if connections.is_empty() {
            output::note("no connections");
        } else {
            let mut table = output::table(["connection", "sends to"]);
            for connection in &connections {
                table.add_row([text(connection, "name"), text(connection, "url")]);
            }
            output::print_table(&table)?;
        }
        Ok(Ending::Well)
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "connections", &self.name];
        let connection = client.get(&path, &Query::new()).await?;
        if self.target.json {
            json(&connection)?;
            return Ok(Ending::Well);
        }
        members(&[
            ("connection", text(&connection, "name").into_owned()),
            ("sends to", text(&connection, "url").into_owned()),
        ])?;
        definition(&connection)?;
        Ok(Ending::Well)
    }
}
