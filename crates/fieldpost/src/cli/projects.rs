//! `fieldpost projects`: which projects there are.

use clap::{Args, Subcommand};

use super::Ending;
use super::show::{json_list, short_time, text};
use crate::client::HubAddress;
use crate::failure::Failure;
use crate::output;

/// Look at the projects of a hub: list
#[derive(Debug, Subcommand)]
pub(crate) enum Projects {
    List(List),
}

/// List projects
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Projects {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let projects = self.hub.client()?.whole_list(&["projects"]).await?;
        if self.json {
            json_list(projects)?;
            return Ok(Ending::Well);
        }
        if projects.is_empty() {
            output::note("no projects; write a project file and give it to `fieldpost apply`");
            return Ok(Ending::Well);
        }
        let mut table = output::table(["project", "title", "version", "made (UTC)"]);
        for project in &projects {
            table.add_row([
                &*text(project, "name"),
                &text(project, "title"),
                &text(project, "version"),
                &short_time(&text(project, "created_at")),
            ]);
        }
        output::print_table(&table)?;
        Ok(Ending::Well)
    }
}
