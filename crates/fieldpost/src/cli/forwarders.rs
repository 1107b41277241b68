//! `fieldpost forwarders`: the standing orders.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::forwarder_preview::Preview;
use super::pausing::{PAUSE, RESUME, act_on_each, pause, standing};
use super::show::{definition, json, list, members, or_dash, text};
use crate::client::{Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at the standing orders: list, show, preview, pause, resume
#[derive(Debug, Subcommand)]
pub(crate) enum Forwarders {
    List(List),
    Show(Show),
    Preview(Preview),
    /// Let deliveries wait: they are still made, and not sent
    Pause(Named),
    /// Send what waited, at once, and what comes
    Resume(Named),
}

/// List forwarders, with what waits for each
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// Show one forwarder, with what waits for it and how the project file has it
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The forwarder's name.
    #[arg(value_name = "FORWARDER")]
    name: String,
    #[command(flatten)]
    target: Target,
}

/// One forwarder, or several.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The forwarders' names.
    #[arg(required = true, value_name = "FORWARDER")]
    names: Vec<String>,

    /// Why: shown while a pause lasts, and kept in the audit log.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Forwarders {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Preview(preview) => preview.execute().await,
            Self::Pause(named) => named.execute(PAUSE).await,
            Self::Resume(named) => named.execute(RESUME).await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let forwarders = client.whole_list(&["projects", &project, "forwarders"]).await?;
        list(forwarders, self.target.json, "no forwarders", table)
    }
}

fn table(forwarders: &[Json]) -> comfy_table::Table {
    let mut table = output::table(["forwarder", "from", "match", "to", "state", "not arrived"]);
    for forwarder in forwarders {
        let filter = forwarder.get("definition").map(|definition| text(definition, "match"));
        let from = text(forwarder, "from");
        table.add_row(vec![
            text(forwarder, "name").into(),
            (if from.is_empty() { "any source" } else { &*from }).into(),
            or_dash(&filter.unwrap_or_default()).into(),
            text(forwarder, "to").into(),
            output::state_cell(standing(forwarder, "ok")),
            not_arrived(forwarder).into(),
        ]);
    }
    table
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "forwarders", &self.name];
        let forwarder = client.get(&path, &Query::new()).await?;
        if self.target.json {
            json(&forwarder)?;
            return Ok(Ending::Well);
        }
        members(&[
            ("forwarder", text(&forwarder, "name").into_owned()),
            ("state", standing(&forwarder, "sends").to_owned()),
            ("paused", pause(&forwarder)),
            ("delivered", text(&forwarder, "last_delivered_at").into_owned()),
            ("failed", text(&forwarder, "last_failed_at").into_owned()),
            ("not arrived", not_arrived(&forwarder)),
        ])?;
        definition(&forwarder)?;
        Ok(Ending::Well)
    }
}

/// The deliveries that have not arrived, by state: `2 failed, 1 pending`.
fn not_arrived(forwarder: &Json) -> String {
    let counts = forwarder.get("deliveries").and_then(Value::as_object).unwrap_or_default();
    let counts = counts.iter().map(|(state, count)| format!("{} {state}", count.to_json()));
    or_dash(&counts.collect::<Vec<_>>().join(", ")).to_owned()
}

impl Named {
    async fn execute(self, action: &str) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let within = ["projects", &project, "forwarders"];
        act_on_each(&client, &within, &self.names, action, self.reason.as_deref(), self.target.json)
            .await
    }
}
