//! `fieldpost projects`: which projects there are, and whether they send.

use clap::{Args, Subcommand};

use super::Ending;
use super::pausing::{PAUSE, RESUME, act_on_each};
use super::show::{is, json_list, short_time, text};
use crate::client::HubAddress;
use crate::failure::Failure;
use crate::output;

/// Look at the projects of a hub: list, pause, resume
#[derive(Debug, Subcommand)]
pub(crate) enum Projects {
    List(List),
    /// Let all deliveries of them wait: messages are taken in, and nothing is sent
    Pause(Named),
    /// Send what waited, at once, and what comes
    Resume(Named),
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

/// One project, or several.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The projects' names.
    #[arg(required = true, value_name = "PROJECT")]
    names: Vec<String>,

    /// Why: shown while a pause lasts, and kept in the audit log.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

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
            Self::Pause(named) => named.execute(PAUSE).await,
            Self::Resume(named) => named.execute(RESUME).await,
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
        let mut table = output::table(["project", "title", "state", "version", "made (UTC)"]);
        for project in &projects {
            table.add_row(vec![
                text(project, "name").into(),
                text(project, "title").into(),
                output::state_cell(if is(project, "paused") { "paused" } else { "ok" }),
                text(project, "version").into(),
                short_time(&text(project, "created_at")).into(),
            ]);
        }
        output::print_table(&table)?;
        Ok(Ending::Well)
    }
}

impl Named {
    async fn execute(self, action: &str) -> Result<Ending, Failure> {
        let reason = self.reason.as_deref();
        act_on_each(&self.hub.client()?, &["projects"], &self.names, action, reason, self.json)
            .await
    }
}
