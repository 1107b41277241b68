//! `fieldpost deliveries`: what goes out, and what a person may do about it.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use fieldpost_rules::delivery::Action;
use uuid::Uuid;

use super::Ending;
use super::actions::{Actions, tell_outcome, watch};
use super::show::{
    counted, json, json_list, members, number, or_dash, short_time, tell_refusals, text, with,
};
use super::time::Moment;
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at what goes out, and act on it: list, show, retry, cancel, requeue, resend, actions
#[derive(Debug, Subcommand)]
pub(crate) enum Deliveries {
    List(List),
    Show(Show),
    /// Make waiting deliveries due now, under the same budget
    Retry(Act),
    /// End deliveries that wait
    Cancel(Act),
    /// Let final deliveries wait again, under the same id and with a fresh budget
    Requeue(Act),
    /// Send the same bytes again, as new deliveries
    Resend(Act),
    Actions(Actions),
}

/// Which deliveries are meant.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which deliveries")]
pub(crate) struct Filters {
    /// Only those of this forwarder.
    #[arg(long, value_name = "NAME")]
    forwarder: Option<String>,

    /// Only those to this connection.
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,

    /// Only those in this state: pending, failed, succeeded, cancelled, rejected, broken or superseded.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,

    /// Only those of this message.
    #[arg(long, value_name = "ID")]
    message: Option<Uuid>,

    /// Only those of messages that came in by this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Only those about this key: a case id, a form id.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Only those made at this time or later: 2026-01-31T12:00:00Z, 2026-01-31, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only those made before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Only those with this text in their key or last error, or with this id.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// Only those that this action cancelled.
    #[arg(long, value_name = "ID")]
    cancelled_by: Option<Uuid>,
}

/// List deliveries, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    filters: Filters,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

/// Show one delivery, with every attempt
///
/// In JSON `attempts` is their number, as everywhere, and `tries` lists them.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The delivery's id.
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// What an action is done to.
#[derive(Args, Debug)]
pub(crate) struct Act {
    /// The deliveries' ids.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<Uuid>,

    /// All that the filters describe; asks before it acts.
    #[arg(long)]
    all: bool,

    /// Only say how many it would be.
    #[arg(long, requires = "all")]
    dry_run: bool,

    /// Act without asking.
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    target: Target,
}

impl Filters {
    fn query(&self) -> Query {
        [
            ("forwarder", self.forwarder.clone()),
            ("connection", self.connection.clone()),
            ("state", self.state.clone()),
            ("payload_id", self.message.map(|id| id.to_string())),
            ("source", self.source.clone()),
            ("key", self.key.clone()),
            ("since", self.since.map(Moment::for_query)),
            ("until", self.until.map(Moment::for_query)),
            ("text", self.text.clone()),
            ("cancelled_by", self.cancelled_by.map(|id| id.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

impl Deliveries {
    pub(crate) async fn execute(self: Box<Self>) -> Result<Ending, Failure> {
        match *self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Retry(act) => act.execute(Action::Retry).await,
            Self::Cancel(act) => act.execute(Action::Cancel).await,
            Self::Requeue(act) => act.execute(Action::Requeue).await,
            Self::Resend(act) => act.execute(Action::Resend).await,
            Self::Actions(actions) => actions.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "deliveries"];
        let deliveries = client.list(&path, &self.filters.query(), self.limit).await?;
        if self.target.json {
            json_list(deliveries)?;
        } else if deliveries.is_empty() {
            output::note("no deliveries");
        } else {
            output::print_table(&table(&deliveries))?;
        }
        Ok(Ending::Well)
    }
}

/// A list of deliveries for people.
pub(super) fn table(deliveries: &[Json]) -> comfy_table::Table {
    let mut table = output::table([
        "id",
        "forwarder",
        "connection",
        "state",
        "attempts",
        "next (UTC)",
        "last answer",
    ]);
    for delivery in deliveries {
        table.add_row(vec![
            text(delivery, "id").into(),
            text(delivery, "forwarder").into(),
            text(delivery, "connection").into(),
            output::state_cell(&text(delivery, "state")),
            text(delivery, "attempts").into(),
            or_dash(&short_time(&text(delivery, "next_attempt_at"))).into(),
            last_answer(delivery).into(),
        ]);
    }
    table
}

fn last_answer(delivery: &Json) -> String {
    let (status, error) = (text(delivery, "last_status"), text(delivery, "last_error"));
    match (status.is_empty(), error.is_empty()) {
        (true, true) => "–".to_owned(),
        (_, false) => error.into_owned(),
        (false, true) => status.into_owned(),
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let delivery =
            client.get(&["projects", &project, "deliveries", &id], &Query::new()).await?;
        let attempts =
            client.whole_list(&["projects", &project, "deliveries", &id, "attempts"]).await?;
        if self.target.json {
            // `attempts` is their number, here as in the API's lists.
            json(&with(delivery, "tries", Value::Array(attempts)))?;
            return Ok(Ending::Well);
        }
        let kind = text(&delivery, "payload_kind");
        members(&[
            ("id", text(&delivery, "id").into_owned()),
            ("forwarder", text(&delivery, "forwarder").into_owned()),
            ("connection", text(&delivery, "connection").into_owned()),
            ("event", text(&delivery, "event").into_owned()),
            ("carries", format!("{kind} {}", text(&delivery, "payload_id"))),
            ("key", text(&delivery, "key").into_owned()),
            ("state", text(&delivery, "state").into_owned()),
            ("made", text(&delivery, "registered_at").into_owned()),
            ("next attempt", text(&delivery, "next_attempt_at").into_owned()),
            ("planned", planned(&delivery)),
            ("waits for", text(&delivery, "waits_for").into_owned()),
            ("replaced by", text(&delivery, "superseded_by").into_owned()),
            ("holds", held(&delivery)),
            ("last error", text(&delivery, "last_error").into_owned()),
        ])?;
        attempts.iter().try_for_each(|attempt| output::line(told_attempt(attempt)))?;
        Ok(Ending::Well)
    }
}

/// The tries after the next one, should each fail at once.
fn planned(delivery: &Json) -> String {
    let planned = delivery.get("planned_attempts").and_then(Json::as_array);
    let later = planned.into_iter().flatten().skip(1).filter_map(Json::as_str);
    later.collect::<Vec<_>>().join(", ")
}

/// Whom a refused delivery holds; empty where it holds nobody.
fn held(delivery: &Json) -> String {
    if delivery.get("holds").and_then(Json::as_bool) == Some(true) {
        format!("{} behind it, until it is requeued or cancelled", text(delivery, "followers"))
    } else {
        String::new()
    }
}

/// An attempt in a few lines: when, what was sent where, and what came of it.
fn told_attempt(attempt: &Json) -> String {
    let part = |part: &str, key: &str| {
        attempt.get(part).map(|object| text(object, key).into_owned()).unwrap_or_default()
    };
    let (method, url) = (part("request", "method"), part("request", "url"));
    let (status, kind) = (part("response", "status"), part("error", "kind"));
    let outcome = if kind.is_empty() {
        output::good(status)
    } else {
        let status = if status.is_empty() { status } else { format!(" {status}") };
        output::bad(format!("{kind}{status}: {}", part("error", "message")))
    };
    // What could not be built, or may not be dialled, has no request.
    let request = if url.is_empty() { url } else { format!("  {method} {url}\n") };
    format!(
        "\n{} {} after {} ms\n{request}  {outcome}",
        output::strong(format!("attempt {}", text(attempt, "number"))),
        output::faint(text(attempt, "started_at")),
        text(attempt, "duration_ms"),
    )
}

impl Act {
    async fn execute(self, action: Action) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        if self.all {
            return self.act_on_all(&client, &project, action).await;
        }
        if !self.filters.query().is_empty() {
            return Err(Failure::usage("filters do not go together with ids")
                .hint("leave the ids out and give --all"));
        }
        let bar = output::progress_bar(self.ids.len(), format!("{action}"));
        let mut done = Vec::new();
        let mut refused = Vec::new();
        for id in &self.ids {
            let path = ["projects", &project, "deliveries", &id.to_string(), action.name()];
            match client.act(&path).await {
                Ok(delivery) => done.push(delivery),
                Err(failure) => refused.push((id, failure)),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if self.target.json {
            json_list(done)?;
        } else if !done.is_empty() {
            output::print_table(&table(&done))?;
        }
        tell_refusals(&refused);
        Ok(if refused.is_empty() { Ending::Well } else { Ending::NotWell })
    }

    async fn act_on_all(
        &self,
        client: &HubClient,
        project: &str,
        action: Action,
    ) -> Result<Ending, Failure> {
        let would = self.bulk(client, project, action, true).await?;
        let count = number(&would, "touched");
        let many = counted(count, "delivery", "deliveries");
        if self.dry_run || count == 0 {
            if self.target.json {
                json(&would)?;
            } else {
                output::line(format!("{action} would touch {many}"))?;
            }
            return Ok(Ending::Well);
        }
        if !self.yes && !is_confirmed(&format!("{action} {many}"))? {
            output::note("nothing was done");
            return Ok(Ending::NotWell);
        }
        let begun = self.bulk(client, project, action, false).await?;
        let outcome = watch(client, project, begun, action.name()).await?;
        if self.target.json {
            json(&outcome)?;
            return Ok(Ending::Well);
        }
        tell_outcome(&outcome)
    }

    async fn bulk(
        &self,
        client: &HubClient,
        project: &str,
        action: Action,
        dry_run: bool,
    ) -> Result<Json, Failure> {
        let filter = self.filters.query().into_iter();
        let order = Value::object([
            ("action", Value::from(action.name())),
            ("filter", Value::object(filter.map(|(name, value)| (name, Value::from(value))))),
            ("dry_run", Value::from(dry_run)),
        ]);
        let path = ["projects", project, "deliveries", "actions"];
        client.post(&path, &Query::new(), order.to_json()).await
    }
}

/// Asks whether so much is meant, such as `cancel 5 deliveries`.
pub(super) fn is_confirmed(order: &str) -> Result<bool, Failure> {
    if output::can_be_asked() {
        return Ok(output::ask(&format!("{order}?"))?);
    }
    let (action, many) = order.split_once(' ').unwrap_or((order, ""));
    Err(Failure::usage(format!("{action} would touch {many}, and nobody can be asked"))
        .hint("give --yes to act without asking, or --dry-run to see how many it would be"))
}
