//! `fieldpost deliveries`: what goes out, and what a person may do about it.

use std::time::Duration;

use clap::{Args, Subcommand};
use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::delivery::Action;
use uuid::Uuid;

use super::Ending;
use super::actions::{Actions, tell_outcome, watch};
use super::show::{
    counted, id, is, json, json_list, list, members, number, or_dash, short_time, tell_refusals,
    text, with,
};
use super::time::Moment;
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Characters of an id that are shown where a whole one would take too much room.
const TAIL: usize = 8;
/// A budget that began so soon after its delivery was made began with it.
const SAME_MOMENT: Duration = Duration::from_secs(2);

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
    #[arg(long, value_name = "ID", value_parser = id)]
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

    /// Only those that were refused and hold others, until they are requeued or cancelled.
    #[arg(long)]
    held: bool,

    /// Only those that this action cancelled.
    #[arg(long, value_name = "ID", value_parser = id)]
    cancelled_by: Option<Uuid>,
}

/// List deliveries, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    filters: Filters,

    /// `newest`, `oldest`; or `next_attempt`, `latest_attempt`: what waits, by its next try.
    #[arg(long, value_name = "ORDER")]
    sort: Option<String>,

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
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// What an action is done to.
#[derive(Args, Debug)]
pub(crate) struct Act {
    /// The deliveries' ids.
    #[arg(conflicts_with = "all", value_parser = id)]
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

    /// Why, for those who look at the actions or the audit log later.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

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
            ("holds", self.held.then(|| true.to_string())),
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
        let mut query = self.filters.query();
        query.extend(self.sort.map(|sort| ("sort", sort)));
        let deliveries = client.list(&path, &query, self.limit).await?;
        list(deliveries, self.target.json, "no deliveries", table)
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
            forwarder(delivery).into(),
            text(delivery, "connection").into(),
            output::state_cell(&state(delivery)),
            text(delivery, "attempts").into(),
            or_dash(&next(delivery)).into(),
            last_answer(delivery).into(),
        ]);
    }
    table
}

/// The forwarder, and whether it was not its event that made the delivery.
fn forwarder(delivery: &Json) -> String {
    let (forwarder, origin) = (text(delivery, "forwarder"), text(delivery, "origin"));
    if origin == DeliveryOrigin::Event.name() || origin.is_empty() {
        return forwarder.into_owned();
    }
    format!("{forwarder} ({origin})")
}

/// Where it stands, and how many it holds: `rejected, holds 2`.
fn state(delivery: &Json) -> String {
    let state = text(delivery, "state");
    if is(delivery, "holds") {
        return format!("{state}, holds {}", number(delivery, "holds_count"));
    }
    state.into_owned()
}

/// When it is tried next, or what it waits for instead.
fn next(delivery: &Json) -> String {
    let because = text(delivery, "waits_because");
    match &*because {
        "order" => format!("behind {}", tail(&text(delivery, "waits_for"))),
        "left-alone" if text(delivery, "waits_until").is_empty() => "left alone".to_owned(),
        "left-alone" => format!("left alone to {}", short_time(&text(delivery, "waits_until"))),
        "rate" => "as the rate lets".to_owned(),
        "" => short_time(&text(delivery, "next_attempt_at")),
        paused => match paused.strip_prefix("paused-") {
            Some(whose) => format!("{whose} paused"),
            None => paused.to_owned(),
        },
    }
}

/// The end of an id, which tells ids of one moment apart: `…0192f0c8`.
fn tail(id: &str) -> String {
    let begin = id.char_indices().rev().nth(TAIL - 1).map_or(0, |(begin, _)| begin);
    format!("…{}", id.get(begin..).unwrap_or(id))
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
        let waits = waits(&client, &project, &delivery).await?;
        members(&[
            ("id", text(&delivery, "id").into_owned()),
            ("forwarder", text(&delivery, "forwarder").into_owned()),
            ("connection", text(&delivery, "connection").into_owned()),
            ("event", text(&delivery, "event").into_owned()),
            ("carries", carried(&delivery)),
            ("key", text(&delivery, "key").into_owned()),
            ("origin", origin(&delivery)),
            ("state", text(&delivery, "state").into_owned()),
            ("made", text(&delivery, "made_at").into_owned()),
            ("budget since", budget_since(&delivery)),
            ("next attempt", text(&delivery, "next_attempt_at").into_owned()),
            ("planned", planned(&delivery)),
            ("waits", waits),
            ("replaced by", text(&delivery, "superseded_by").into_owned()),
            ("holds", held(&delivery)),
            ("last error", text(&delivery, "last_error").into_owned()),
        ])?;
        attempts.iter().try_for_each(|attempt| output::line(told_attempt(attempt)))?;
        Ok(Ending::Well)
    }
}

/// What a delivery carries, by the id that its own commands know it by.
fn carried(delivery: &Json) -> String {
    let kind = text(delivery, "payload_kind");
    let submission = text(delivery, "submission");
    let is_submission = kind == PayloadKind::Submission.name() && !submission.is_empty();
    let id = if is_submission { submission } else { text(delivery, "payload_id") };
    format!("{kind} {id}")
}

/// Why a delivery was made; empty where its event happened.
fn origin(delivery: &Json) -> String {
    let (origin, of) = (text(delivery, "origin"), text(delivery, "resend_of"));
    match (&*origin, of.is_empty()) {
        ("event", _) => String::new(),
        (_, true) => origin.into_owned(),
        (_, false) => format!("{origin} of {of}"),
    }
}

/// Since when the budget of tries runs; empty where that is since the delivery was made.
fn budget_since(delivery: &Json) -> String {
    let time = |key: &str| Timestamp::parse(&text(delivery, key));
    match (time("made_at"), time("registered_at")) {
        // The id's time and the database's may be of two clocks.
        (Some(made), Some(since)) if since.since(made) > SAME_MOMENT => {
            format!("{since}, when it was requeued")
        }
        _ => String::new(),
    }
}

/// What a delivery waits for beside its time, and what a person can do about it.
async fn waits(client: &HubClient, project: &str, delivery: &Json) -> Result<String, Failure> {
    let because = text(delivery, "waits_because");
    let (forwarder, connection) = (text(delivery, "forwarder"), text(delivery, "connection"));
    Ok(match &*because {
        "order" => {
            let ahead = text(delivery, "waits_for");
            let path = ["projects", project, "deliveries", &ahead];
            told_ahead(&client.get(&path, &Query::new()).await?)
        }
        "paused-project" => {
            format!("for its project, which is paused: `fieldpost projects resume {project}`")
        }
        "paused-connection" => format!(
            "for its connection, which is paused: `fieldpost connections resume {connection}`"
        ),
        "paused-forwarder" => {
            format!("for its forwarder, which is paused: `fieldpost forwarders resume {forwarder}`")
        }
        "paused-hub" => "for the hub, which holds back all that leaves it".to_owned(),
        "left-alone" => format!(
            "for its connection, which is left alone: `fieldpost lanes try-now {connection}`"
        ),
        "rate" => "for the rate of its connection".to_owned(),
        _ => String::new(),
    })
}

/// The delivery ahead, how it stands, and how to let it go.
fn told_ahead(ahead: &Json) -> String {
    let (id, stands) = (text(ahead, "id"), state(ahead));
    let word = if is(ahead, "holds") { Action::Requeue } else { Action::Retry };
    format!(
        "for {id} ({stands}), which goes before it: `fieldpost deliveries {word} {id}` sends that \
         one again, `fieldpost deliveries cancel {id}` leaves it out"
    )
}

/// The tries after the next one, should each fail at once.
fn planned(delivery: &Json) -> String {
    let planned = delivery.get("planned_attempts").and_then(Json::as_array);
    let later = planned.into_iter().flatten().skip(1).filter_map(Json::as_str);
    later.collect::<Vec<_>>().join(", ")
}

/// Whom a refused delivery holds; empty where it holds nobody.
fn held(delivery: &Json) -> String {
    if is(delivery, "holds") {
        let id = text(delivery, "id");
        format!(
            "{} behind it, until it is requeued or cancelled: `fieldpost deliveries requeue {id}` \
             or `cancel {id}`",
            text(delivery, "holds_count")
        )
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
        if !self.all && self.ids.is_empty() {
            return Err(self.nothing_named(action));
        }
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
            match client.act_because(&path, self.reason.as_deref()).await {
                Ok(delivery) => done.push(delivery),
                Err(failure) => refused.push((id, failure)),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if self.target.json {
            json_list(done.clone())?;
        } else if !done.is_empty() {
            output::print_table(&table(&done))?;
        }
        for delivery in done.iter().filter(|one| !text(one, "waits_for").is_empty()) {
            output::note(format!(
                "{} still waits for {}: `fieldpost deliveries show {0}` says what to do",
                text(delivery, "id"),
                text(delivery, "waits_for"),
            ));
        }
        tell_refusals(&refused);
        Ok(if refused.is_empty() { Ending::Well } else { Ending::NotWell })
    }

    fn nothing_named(&self, action: Action) -> Failure {
        let hint = if self.filters.query().is_empty() {
            "give ids, or --all and filters"
        } else {
            "add --all to act on all that the filters describe; it asks before it acts"
        };
        Failure::usage(format!("nothing says which deliveries to {action}")).hint(hint)
    }

    async fn act_on_all(
        &self,
        client: &HubClient,
        project: &str,
        action: Action,
    ) -> Result<Ending, Failure> {
        let would = self.bulk(client, project, action, true).await?;
        let count = number(&would, "touched");
        let many = format!("{}{}", counted(count, "delivery", "deliveries"), broken_down(&would));
        if self.dry_run || count == 0 {
            if self.target.json {
                json(&would)?;
            } else if self.dry_run {
                output::line(format!("{action} would touch {many}"))?;
            } else {
                output::line(format!("{action}: nothing matches{}", passed_over(&would)))?;
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
            // Its id is to be known before anybody has enough of watching.
            ("wait", Value::from(false)),
            ("reason", self.reason.clone().map_or(Value::Null, Value::from)),
        ]);
        let path = ["projects", project, "deliveries", "actions"];
        client.post(&path, &Query::new(), order.to_json()).await
    }
}

/// How many of those that an action would touch stand in each state, and how many are copies:
/// ` (3 failed, 2 pending; 2 made by resends or replays)`. Empty where there are none.
fn broken_down(would: &Json) -> String {
    let states = match would.get("states") {
        Some(Value::Object(states)) => states.as_slice(),
        _ => &[],
    };
    if states.is_empty() {
        return String::new();
    }
    let states: Vec<String> =
        states.iter().map(|(state, count)| format!("{} {state}", count.to_json())).collect();
    let copies = match number(would, "copies") {
        0 => String::new(),
        copies => format!("; {copies} made by resends or replays"),
    };
    format!(" ({}{copies})", states.join(", "))
}

/// How many the filters describe that are in a state which does not allow the action.
fn passed_over(would: &Json) -> String {
    match number(would, "passed_over") {
        0 => String::new(),
        count => format!(
            "; {} in a state that does not allow it",
            counted(count, "delivery is", "deliveries are")
        ),
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
