//! `fieldpost audit`: who did what, and when.

use clap::{Args, Subcommand};

use super::Ending;
use super::show::{json_list, or_dash, short_time, text};
use super::time::Moment;
use crate::client::{HubAddress, Json, Query};
use crate::failure::Failure;
use crate::output;

/// Look at who did what: list
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(List),
}

/// List what people and programs did, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only in this project. Without it, in the whole installation.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Only of this one: an id, or a part of a name.
    #[arg(long, value_name = "WHO")]
    who: Option<String>,

    /// Only this: forwarder.saved, or what it begins with, forwarder.
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// Only from this time on: 2026-01-31T12:00:00Z, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Audit {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let mut query = Query::new();
        for (name, value) in [
            ("who", self.who),
            ("action", self.action),
            ("from", self.since.map(Moment::for_query)),
            ("to", self.until.map(Moment::for_query)),
        ] {
            query.extend(value.map(|value| (name, value)));
        }
        let path = match &self.project {
            Some(project) => vec!["projects", project, "audit"],
            None => vec!["audit"],
        };
        let entries = self.hub.client()?.list(&path, &query, self.limit).await?;
        if self.json {
            json_list(entries)?;
        } else if entries.is_empty() {
            output::note("nothing");
        } else {
            output::print_table(&table(&entries))?;
        }
        Ok(Ending::Well)
    }
}

fn table(entries: &[Json]) -> comfy_table::Table {
    let mut table = output::table(["when (UTC)", "who", "what", "project", "to what", "from"]);
    for entry in entries {
        let who = entry.get("who").map(|who| text(who, "name").into_owned());
        table.add_row([
            short_time(&text(entry, "at")),
            who.unwrap_or_default(),
            text(entry, "action").into_owned(),
            or_dash(&text(entry, "project")).to_owned(),
            or_dash(&text(entry, "target")).to_owned(),
            or_dash(&text(entry, "address")).to_owned(),
        ]);
    }
    table
}
