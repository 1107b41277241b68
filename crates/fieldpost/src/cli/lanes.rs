//! `fieldpost lanes`: the queue of each connection, and how its destination is.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{is, json_list, number, or_dash, text};
use crate::client::{Json, Target};
use crate::failure::Failure;
use crate::output;

/// Look at the queues of the destinations, and try one now: list, try-now
#[derive(Debug, Subcommand)]
pub(crate) enum Lanes {
    List(List),
    TryNow(TryNow),
}

/// List how each destination is, and what waits for it
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// Try a destination now that is left alone after failures
///
/// One delivery is sent at once. Where it goes well, the others follow.
#[derive(Args, Debug)]
pub(crate) struct TryNow {
    /// The connection's name.
    #[arg(value_name = "CONNECTION")]
    name: String,
    #[command(flatten)]
    target: Target,
}

impl Lanes {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::TryNow(try_now) => try_now.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let lanes = client.whole_list(&["projects", &project, "lanes"]).await?;
        if self.target.json {
            json_list(lanes)?;
        } else if lanes.is_empty() {
            output::note("no connections");
        } else {
            let mut table =
                output::table(["connection", "state", "waiting", "under way", "next"]);
            for lane in &lanes {
                table.add_row(vec![
                    text(lane, "connection").into(),
                    output::state_cell(&text(lane, "state")),
                    waiting(lane).into(),
                    number(lane, "under_way").to_string().into(),
                    or_dash(&next(lane)).into(),
                ]);
            }
            output::print_table(&table)?;
        }
        Ok(Ending::Well)
    }
}

/// `12`, or `10000+` where nobody counted on.
fn waiting(lane: &Json) -> String {
    let more = if is(lane, "waiting_is_more") { "+" } else { "" };
    format!("{}{more}", number(lane, "waiting"))
}

/// When the lane goes on, and why not now.
fn next(lane: &Json) -> String {
    let time = |key: &str| lane.get(key).and_then(Value::as_str);
    match (time("again_at"), time("next_retry_at"), &*text(lane, "cause")) {
        (Some(again), _, "asked") => format!("{again}, as the destination asked"),
        (Some(again), ..) => format!("{again}, after failures"),
        (None, Some(retry), _) => format!("{retry}, a retry"),
        (None, None, _) => String::new(),
    }
}

impl TryNow {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        client.act_only(&["projects", &project, "connections", &self.name, "try-now"]).await?;
        if !self.target.json {
            output::line(format!("{} is tried now", self.name))?;
        }
        Ok(Ending::Well)
    }
}
