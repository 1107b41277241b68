//! `fieldpost connections`: the remote systems that a project sends to.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::connection_test::Test;
use super::pausing::{PAUSE, RESUME, act_on_each, pause, standing};
use super::show::{definition, elements, json, json_list, members, text};
use crate::client::{Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at the systems that are sent to: list, show, test, pause, resume
#[derive(Debug, Subcommand)]
pub(crate) enum Connections {
    List(List),
    Show(Show),
    Test(Test),
    /// Let all deliveries to them wait: they are still made, and not sent
    Pause(Named),
    /// Send what waited, at once, and what comes
    Resume(Named),
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

/// One connection, or several.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The connections' names.
    #[arg(required = true, value_name = "CONNECTION")]
    names: Vec<String>,

    /// Why: shown while a pause lasts, and kept in the audit log.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Connections {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Test(test) => test.execute().await,
            Self::Pause(named) => named.execute(PAUSE).await,
            Self::Resume(named) => named.execute(RESUME).await,
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
            let mut table = output::table(["connection", "sends to", "state"]);
            for connection in &connections {
                table.add_row(vec![
                    text(connection, "name").into(),
                    text(connection, "url").into(),
                    output::state_cell(standing(connection, "ok")),
                ]);
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
        let unsubscribed = elements(&connection, "unsubscribed").iter().filter_map(Value::as_str);
        let unsubscribed: Vec<&str> = unsubscribed.collect();
        members(&[
            ("connection", text(&connection, "name").into_owned()),
            ("sends to", text(&connection, "url").into_owned()),
            ("state", standing(&connection, "sends").to_owned()),
            ("paused", pause(&connection)),
            ("delivered", text(&connection, "last_delivered_at").into_owned()),
            ("failed", text(&connection, "last_failed_at").into_owned()),
            ("incident", text(&connection, "incident").into_owned()),
            ("unsubscribed", unsubscribed.join(", ")),
        ])?;
        definition(&connection)?;
        for warning in elements(&connection, "warnings") {
            output::note(format!(
                "warning: {} [{}]",
                text(warning, "message"),
                text(warning, "code")
            ));
        }
        Ok(Ending::Well)
    }
}

impl Named {
    async fn execute(self, action: &str) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let within = ["projects", &project, "connections"];
        act_on_each(&client, &within, &self.names, action, self.reason.as_deref(), self.target.json)
            .await
    }
}
