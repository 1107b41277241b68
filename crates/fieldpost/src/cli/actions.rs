//! Actions over many: watching one until it ends, and `fieldpost deliveries actions`.
//!
//! An action goes on in the hub, whoever watches. So an interrupt only ends the watching, unless
//! the person says otherwise.

use std::time::Duration;

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use fieldpost_rules::delivery::Action;
use fieldpost_store::BulkKind;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

use super::Ending;
use super::show::{counted, id, json, json_list, members, number, short_time, text};
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// How often a running action is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Look at actions over many, and stop them
///
/// Without a further word they are listed, newest first: replays of messages, too.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Actions {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show one action: how far it is, and what it did
    Show(One),
    /// Stop an action that is at work; what was done stays done
    Stop(One),
}

/// List actions, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

/// One action
#[derive(Args, Debug)]
pub(crate) struct One {
    /// The action's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

impl Actions {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self.what {
            None => self.list.execute().await,
            Some(What::Show(one)) => one.show().await,
            Some(What::Stop(one)) => one.stop().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "deliveries", "actions"];
        let actions = client.list(&path, &Query::new(), self.limit).await?;
        if self.target.json {
            json_list(actions)?;
        } else if actions.is_empty() {
            output::note("no actions");
        } else {
            let mut table =
                output::table(["id", "action", "state", "touched", "passed over", "began (UTC)"]);
            for action in &actions {
                table.add_row(vec![
                    text(action, "id").into(),
                    text(action, "action").into(),
                    output::state_cell(&text(action, "state")),
                    touched(action).into(),
                    text(action, "passed_over").into(),
                    short_time(&text(action, "created_at")).into(),
                ]);
            }
            output::print_table(&table)?;
        }
        Ok(Ending::Well)
    }
}

impl One {
    async fn show(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        self.tell(&get(&client, &project, &self.id.to_string()).await?)
    }

    async fn stop(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        self.tell(&stop(&client, &project, &self.id.to_string()).await?)
    }

    fn tell(&self, action: &Json) -> Result<Ending, Failure> {
        if self.target.json {
            json(action)?;
            return Ok(Ending::Well);
        }
        let filter = action.get("filter").map(Value::to_json).unwrap_or_default();
        members(&[
            ("id", text(action, "id").into_owned()),
            ("action", text(action, "action").into_owned()),
            ("filter", filter),
            ("forwarder", text(action, "forwarder").into_owned()),
            ("rate", text(action, "rate").into_owned()),
            ("state", text(action, "state").into_owned()),
            ("touched", touched(action)),
            ("passed over", text(action, "passed_over").into_owned()),
            ("began", text(action, "created_at").into_owned()),
            ("by", text(action, "started_by").into_owned()),
            ("reason", text(action, "reason").into_owned()),
            ("ended", text(action, "finished_at").into_owned()),
            ("last error", text(action, "last_error").into_owned()),
        ])?;
        Ok(Ending::Well)
    }
}

/// How far an action is. A replay looks at messages, and touches those that its forwarder wants.
fn touched(action: &Json) -> String {
    let (touched, matched) = (text(action, "touched"), text(action, "matched"));
    if text(action, "action") == BulkKind::Replay.name() {
        return format!("{touched}, looked at {} of {matched}", looked_at(action));
    }
    format!("{touched} of {matched}")
}

/// How many messages a replay has looked at.
fn looked_at(replay: &Json) -> u64 {
    number(replay, "touched") + number(replay, "passed_over")
}

async fn get(client: &HubClient, project: &str, id: &str) -> Result<Json, Failure> {
    client.get(&["projects", project, "deliveries", "actions", id], &Query::new()).await
}

async fn stop(client: &HubClient, project: &str, id: &str) -> Result<Json, Failure> {
    client.act(&["projects", project, "deliveries", "actions", id, "stop"]).await
}

fn is_running(action: &Json) -> bool {
    text(action, "state") == "running"
}

/// Watches an action until it ends, or the person has seen enough.
pub(super) async fn watch(
    client: &HubClient,
    project: &str,
    begun: Json,
    doing: &str,
) -> Result<Json, Failure> {
    let id = text(&begun, "id").into_owned();
    // From here on an interrupt is a question, and no end of this program.
    let mut interrupts = signal(SignalKind::interrupt())?;
    // At once: whoever interrupts this must still know it.
    output::note(format!("action {id}"));
    let length = usize::try_from(number(&begun, "matched")).unwrap_or(usize::MAX);
    let bar = output::progress_bar(length, doing);
    let is_replay = text(&begun, "action") == "replay";
    let mut action = begun;
    while is_running(&action) {
        // A replay looks at every message, an action on deliveries touches what it counted.
        let looked_at = if is_replay { number(&action, "passed_over") } else { 0 };
        bar.set_position(number(&action, "touched") + looked_at);
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => action = get(client, project, &id).await?,
            _ = interrupts.recv() => {
                bar.suspend(|| output::note(""));
                if output::can_be_asked() && output::ask("stop it?")? {
                    action = stop_or_look(client, project, &id).await?;
                }
                break;
            }
        }
    }
    bar.finish_and_clear();
    Ok(action)
}

/// Stops an action; one that has ended meanwhile is told as it ended.
async fn stop_or_look(client: &HubClient, project: &str, id: &str) -> Result<Json, Failure> {
    match stop(client, project, id).await {
        Ok(action) => Ok(action),
        Err(_) => get(client, project, id).await,
    }
}

/// Says what an action came to.
pub(super) fn tell_outcome(action: &Json) -> Result<Ending, Failure> {
    let (name, state) = (text(action, "action"), text(action, "state"));
    let mut touched = counted(number(action, "touched"), "delivery", "deliveries");
    if name == BulkKind::Replay.name() {
        let messages = counted(looked_at(action), "message", "messages");
        // Those that it touches are messages too: one may call for several deliveries.
        let wanted = counted(number(action, "touched"), "message", "messages");
        touched = format!("the deliveries of {wanted}, looked at {messages}");
    }
    let passed_over = number(action, "passed_over");
    if state == "failed" {
        return Err(Failure::new(format!(
            "{name} ended after {touched}: {}",
            text(action, "last_error")
        )));
    }
    output::line(match &*state {
        "running" => format!("{name}: {touched} so far; it goes on in the hub"),
        "stopped" => format!("{name}: stopped after {touched}"),
        _ => format!("{name}: {touched}"),
    })?;
    if name == "replay" && passed_over > 0 {
        let messages = counted(passed_over, "message was", "messages were");
        output::line(format!("{messages} passed over: the forwarder does not want them"))?;
    } else if passed_over > 0 {
        output::line(format!(
            "{passed_over} were passed over: they are being sent, or their state does not allow it"
        ))?;
    }
    let id = text(action, "id");
    if is_running(action) {
        output::note(format!("`fieldpost deliveries actions show {id}` shows how far it is"));
    } else if name == Action::Cancel.name() && number(action, "touched") > 0 {
        output::note(format!(
            "`fieldpost deliveries requeue --all --cancelled-by {id}` takes it back"
        ));
    }
    Ok(if state == "done" { Ending::Well } else { Ending::NotWell })
}
