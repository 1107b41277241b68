//! `fieldpost lanes`: the queue of each connection, and how its destination is.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::pausing::pause;
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
        let mut lanes = client.whole_list(&["projects", &project, "lanes"]).await?;
        if self.target.json {
            json_list(lanes)?;
        } else if lanes.is_empty() {
            output::note("no connections");
        } else {
            let mut table = output::table(["connection", "state", "waiting", "under way", "next"]);
            lanes.sort_by_key(urgency);
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

/// Lanes in trouble go first, then those in which something waits.
fn urgency(lane: &Json) -> (bool, bool) {
    (text(lane, "state") == "open", number(lane, "waiting") + number(lane, "parked") == 0)
}

/// `12`, or `10000+` where nobody counted on; and how many of them only wait for others, or for a
/// paused forwarder: `15 (2 behind others, 3 of paused forwarders)`.
fn waiting(lane: &Json) -> String {
    let more = if is(lane, "waiting_is_more") { "+" } else { "" };
    let parked = number(lane, "parked");
    let count = number(lane, "waiting") + parked;
    let parts: Vec<String> =
        [(number(lane, "waiting_behind"), "behind others"), (parked, "of paused forwarders")]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| format!("{count} {why}"))
            .collect();
    if parts.is_empty() {
        return format!("{count}{more}");
    }
    format!("{count}{more} ({})", parts.join(", "))
}

/// When the lane goes on, and why not now.
fn next(lane: &Json) -> String {
    let time = |key: &str| lane.get(key).and_then(Value::as_str);
    let (paused_by, cause) = (text(lane, "paused_by"), text(lane, "cause"));
    if !paused_by.is_empty() {
        let pause = pause(lane);
        let pause = if pause.is_empty() { pause } else { format!(" (paused {pause})") };
        return format!("when the {paused_by} is resumed{pause}");
    }
    let has_rate_to_wait_for = number(lane, "waiting") > number(lane, "waiting_behind");
    match (time("again_at"), time("rate"), time("next_retry_at")) {
        (Some(again), ..) if cause == "asked" => format!("{again}, as the destination asked"),
        (Some(again), ..) => format!("{again}, after failures"),
        (None, Some(rate), _) if has_rate_to_wait_for => format!("rate {rate}"),
        (None, _, Some(retry)) => format!("{retry}, a retry"),
        (None, ..) => String::new(),
    }
}

impl TryNow {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        // As it stands before: a moment later what waits may have been sent.
        let lanes = client.whole_list(&["projects", &project, "lanes"]).await?;
        client.act_only(&["projects", &project, "connections", &self.name, "try-now"]).await?;
        if !self.target.json {
            let lane = lanes.iter().find(|lane| text(lane, "connection") == *self.name);
            output::line(tried(&self.name, lane))?;
        }
        Ok(Ending::Well)
    }
}

/// What trying a connection now does: without a delivery there is nothing to try it with.
fn tried(name: &str, lane: Option<&Json>) -> String {
    let is_idle = |lane: &Json| number(lane, "waiting") + number(lane, "under_way") == 0;
    match lane {
        Some(lane) if text(lane, "state") == "paused" => {
            format!("{name} is paused: nothing is sent before it is resumed")
        }
        Some(lane) if is_idle(lane) => {
            format!("nothing waits for {name}: the next delivery to it is sent at once")
        }
        _ => format!("{name} is tried now"),
    }
}
