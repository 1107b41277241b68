//! `fieldpost sources`: the ways in, with their addresses.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{is, json, json_list, members, text, with};
use crate::client::{HubClient, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at the ways in: list, show with their addresses
#[derive(Debug, Subcommand)]
pub(crate) enum Sources {
    List(List),
    Show(Show),
}

/// List sources
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// Show one source, with the addresses that take its messages
///
/// Whoever knows an address can post to it: treat what this prints as a password.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The source's name.
    #[arg(value_name = "SOURCE")]
    name: String,
    #[command(flatten)]
    target: Target,
}

impl Sources {
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
        let sources = client.whole_list(&["projects", &project, "sources"]).await?;
        if self.target.json {
            json_list(sources)?;
            return Ok(Ending::Well);
        }
        if sources.is_empty() {
            output::note("no sources");
            return Ok(Ending::Well);
        }
        let mut table = output::table(["source", "dialect", "state"]);
        for source in &sources {
            table.add_row(vec![
                text(source, "name").into(),
                text(source, "dialect").into(),
                output::state_cell(if is(source, "enabled") { "ok" } else { "disabled" }),
            ]);
        }
        output::print_table(&table)?;
        output::note("`fieldpost sources show NAME` shows a source's addresses");
        Ok(Ending::Well)
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "sources", &self.name];
        let source = client.get(&path, &Query::new()).await?;
        let urls = urls(&client, &project, &self.name).await?;
        if self.target.json {
            let urls = Value::object(urls.into_iter().map(|(kind, url)| (kind, Value::from(url))));
            json(&with(source, "urls", urls))?;
            return Ok(Ending::Well);
        }
        let mut pairs =
            vec![("source", self.name.clone()), ("dialect", text(&source, "dialect").into_owned())];
        pairs.extend(urls.iter().map(|(kind, url)| (kind.as_str(), url.clone())));
        members(&pairs)?;
        Ok(Ending::Well)
    }
}

/// The addresses that take a source's messages, whole.
pub(crate) async fn urls(
    client: &HubClient,
    project: &str,
    source: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let path = ["projects", project, "sources", source, "urls"];
    let urls = client.get(&path, &Query::new()).await?;
    let members = urls.as_object().unwrap_or_default().iter();
    Ok(members
        .filter_map(|(kind, url)| Some((kind.to_string(), client.link(url.as_str()?))))
        .collect())
}
