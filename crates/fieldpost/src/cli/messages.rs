//! `fieldpost messages`: what came in.

mod record;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use uuid::Uuid;

use super::actions::{tell_outcome, watch};
use super::show::{
    counted, elements, id, is, json, json_list, list, members, number, or_dash, short_time,
    tell_refusals, text, with,
};
use super::time::Moment;
use super::{Ending, deliveries, runs};
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at what came in: list, show, explain, replay, record
#[derive(Debug, Subcommand)]
pub(crate) enum Messages {
    List(List),
    Show(Show),
    Explain(Explain),
    Replay(Box<Replay>),
    Body(Body),
    Record(record::Record),
}

/// List messages, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,

    /// Only those that came in by this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Only those in this state: kept, quarantined or duplicate.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,

    /// Only those received at this time or later: 2026-01-31T12:00:00Z, 2026-01-31, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only those received before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Only those with this text in their body, their identity or their id.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// Only those with this in a field, as form.age=42; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    value: Vec<String>,

    /// Only those whose content contains this JSON, as a filter's match asks for it.
    #[arg(long = "match", value_name = "JSON")]
    matches: Option<String>,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

/// Show one message, with the deliveries that it set off
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The message's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// Say for each forwarder and workflow why it wants a message, or does not
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The message's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// Match messages again with today's filters
///
/// The new deliveries are marked as replay. A quarantined message that can be read by now is
/// released. With --forwarder instead of ids: all kept messages of a time range are matched again
/// with that forwarder, oldest first and at a bounded rate; asks before it acts.
#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// The messages' ids.
    #[arg(required_unless_present = "forwarder", conflicts_with = "forwarder", value_parser = id)]
    ids: Vec<Uuid>,

    /// Why, for those who look at the actions or the audit log later.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    target: Target,
}

/// Which messages are replayed, to which forwarder, and how fast.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which messages")]
struct Range {
    /// Match the messages that the filters describe with this forwarder.
    #[arg(long, value_name = "NAME")]
    forwarder: Option<String>,

    /// Only those received at this time or later.
    #[arg(long, value_name = "TIME", requires = "forwarder")]
    since: Option<Moment>,

    /// Only those received before this time.
    #[arg(long, value_name = "TIME", requires = "forwarder")]
    until: Option<Moment>,

    /// Only those that came in by this source.
    #[arg(long, value_name = "NAME", requires = "forwarder")]
    source: Option<String>,

    /// Only those in this state: kept, unless given, or duplicate.
    #[arg(long, value_name = "STATE", requires = "forwarder")]
    state: Option<String>,

    /// Only those with this text in their identity, or with this id.
    #[arg(long, value_name = "TEXT", requires = "forwarder")]
    text: Option<String>,

    /// Only those with this in a field, as form.age=42; may be given several times.
    #[arg(long, value_name = "PATH=VALUE", requires = "forwarder")]
    value: Vec<String>,

    /// Only those whose content contains this JSON, as a filter's match asks for it.
    #[arg(long = "match", value_name = "JSON", requires = "forwarder")]
    matches: Option<String>,

    /// How many deliveries are made in a second at most, as 20/s; 0 is no bound.
    #[arg(long, value_name = "RATE", default_value = "50/s", value_parser = per_second)]
    rate: u32,

    /// Only say how many messages it would be.
    #[arg(long, requires = "forwarder")]
    dry_run: bool,

    /// Act without asking.
    #[arg(long, short, requires = "forwarder")]
    yes: bool,
}

fn per_second(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number.parse().map_err(|_| format!("{text:?} is not a rate: write 20/s"))
}

/// Write a message's exact bytes
#[derive(Args, Debug)]
pub(crate) struct Body {
    /// The message's id.
    #[arg(value_parser = id)]
    id: Uuid,
    /// Write them to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

impl Messages {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Explain(explain) => explain.execute().await,
            Self::Replay(replay) => replay.execute().await,
            Self::Body(body) => body.execute().await,
            Self::Record(record) => record.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let query: Query = [
            ("source", self.source),
            ("state", self.state),
            ("since", self.since.map(Moment::for_query)),
            ("until", self.until.map(Moment::for_query)),
            ("text", self.text),
            ("match", self.matches),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .chain(self.value.into_iter().map(|value| ("value", value)))
        .collect();
        let asks_for_content =
            query.iter().any(|(name, _)| matches!(*name, "text" | "match" | "value"));
        let looking = asks_for_content.then(|| output::spinner("looking through the messages"));
        let messages = client.list(&["projects", &project, "messages"], &query, self.limit).await?;
        if let Some(looking) = looking {
            looking.finish_and_clear();
        }
        list(messages, self.target.json, "no messages", table)
    }
}

/// A list of messages for people.
fn table(messages: &[Json]) -> comfy_table::Table {
    let mut table =
        output::table(["id", "received (UTC)", "source", "state", "identity", "bytes", "note"]);
    for message in messages {
        table.add_row(vec![
            text(message, "id").into(),
            short_time(&text(message, "received_at")).into(),
            text(message, "source").into(),
            output::state_cell(&text(message, "state")),
            or_dash(&text(message, "identity")).into(),
            text(message, "bytes").into(),
            note(message).into(),
        ]);
    }
    table
}

/// What a person should know about a message beside its state.
fn note(message: &Json) -> String {
    let is_erased = !text(message, "erased_at").is_empty();
    let notes = [if is_erased { "erased".to_owned() } else { String::new() }, remark(message)];
    notes.iter().filter(|note| !note.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

/// What its state leaves open: what it repeats, why it is held, which version it is.
fn remark(message: &Json) -> String {
    let of = text(message, "duplicate_of");
    if !of.is_empty() {
        return format!("of {of}");
    }
    let reason = text(message, "reason");
    if !reason.is_empty() {
        return reason.into_owned();
    }
    match number(message, "version") {
        0 | 1 => String::new(),
        version => format!("version {version}"),
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let message = client.get(&["projects", &project, "messages", &id], &Query::new()).await?;
        let deliveries = deliveries_of(&client, &project, &id).await?;
        let query = vec![("message", id)];
        let runs = client.list(&["projects", &project, "runs"], &query, usize::MAX).await?;
        if self.target.json {
            let message = with(message, "deliveries", Value::Array(deliveries));
            json(&with(message, "runs", Value::Array(runs)))?;
            return Ok(Ending::Well);
        }
        members(&[
            ("id", text(&message, "id").into_owned()),
            ("source", text(&message, "source").into_owned()),
            ("received", text(&message, "received_at").into_owned()),
            ("state", text(&message, "state").into_owned()),
            ("identity", text(&message, "identity").into_owned()),
            ("version", text(&message, "version").into_owned()),
            ("duplicate of", text(&message, "duplicate_of").into_owned()),
            ("reason", text(&message, "reason").into_owned()),
            ("erased", text(&message, "erased_at").into_owned()),
            ("content type", text(&message, "content_type").into_owned()),
            ("bytes", text(&message, "bytes").into_owned()),
        ])?;
        if deliveries.is_empty() {
            output::line("It set off no deliveries.")?;
        } else {
            let count = deliveries.len() as u64;
            output::line(format!("\nIt set off {}:", counted(count, "delivery", "deliveries")))?;
            output::print_table(&deliveries::table(&deliveries))?;
        }
        if !runs.is_empty() {
            let count = counted(runs.len() as u64, "run of a workflow", "runs of workflows");
            output::line(format!("\nIt set off {count}:"))?;
            output::print_table(&runs::table(&runs))?;
        }
        Ok(Ending::Well)
    }
}

async fn deliveries_of(
    client: &HubClient,
    project: &str,
    message: &str,
) -> Result<Vec<Json>, Failure> {
    let query = vec![("payload_id", message.to_owned())];
    client.list(&["projects", project, "deliveries"], &query, usize::MAX).await
}

impl Explain {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let path = ["projects", &project, "messages", &id, "explain"];
        let listeners = client.whole_list(&path).await.map_err(|failure| {
            failure.hint_where_missing(
                &id,
                "a message of another project is explained there: name it with --project",
            )
        })?;
        if self.target.json {
            json_list(listeners)?;
        } else if listeners.is_empty() {
            output::note("the project has no forwarders, and no workflows that events set off");
        } else {
            listeners.iter().try_for_each(|listener| output::line(explanation(listener)))?;
        }
        Ok(Ending::Well)
    }
}

fn explanation(listener: &Json) -> String {
    let verdict = if is(listener, "matched") {
        output::good("wants it")
    } else {
        output::bad("does not want it")
    };
    let workflow = text(listener, "workflow");
    let paused = match (is(listener, "paused"), workflow.is_empty()) {
        (false, _) => "",
        (true, true) => " (paused: its deliveries wait)",
        (true, false) => " (paused: its runs wait)",
    };
    let about = listener.get("about").filter(|about| text(about, "kind") != "message");
    let about = about.filter(|about| about.as_object().is_some());
    let about = about.map(|about| format!(": {} {}", text(about, "kind"), text(about, "id")));
    let name = if workflow.is_empty() {
        output::strong(text(listener, "forwarder"))
    } else {
        output::strong(format!("workflow {workflow}"))
    };
    let mut lines = vec![format!("{name} {verdict}{paused}{}", about.unwrap_or_default())];
    let remark = text(listener, "remark");
    if !remark.is_empty() {
        lines.push(format!("  {} {remark}", output::bad("✗")));
    }
    lines.extend(conditions(listener));
    lines.join("\n")
}

/// The conditions of an explanation, one a line, each with a sign.
pub(super) fn conditions(explanation: &Json) -> impl Iterator<Item = String> {
    elements(explanation, "conditions").iter().map(|condition| {
        let sign = if is(condition, "holds") { output::good("✓") } else { output::bad("✗") };
        format!("  {sign} {}", text(condition, "note"))
    })
}

impl Range {
    async fn execute(
        &self,
        client: &HubClient,
        project: &str,
        reason: Option<&str>,
        as_json: bool,
    ) -> Result<Ending, Failure> {
        let would = self.order(client, project, None, true).await?;
        let count = number(&would, "matched");
        let many = counted(count, "message", "messages");
        if self.dry_run || count == 0 {
            if as_json {
                json(&would)?;
            } else if self.dry_run {
                output::line(format!("replay would look at {many}"))?;
            } else {
                output::line("replay: nothing matches")?;
            }
            return Ok(Ending::Well);
        }
        if !self.yes && !deliveries::is_confirmed(&format!("replay {many}"))? {
            output::note("nothing was done");
            return Ok(Ending::NotWell);
        }
        let begun = self.order(client, project, reason, false).await?;
        let outcome = watch(client, project, begun, "replay").await?;
        if as_json {
            json(&outcome)?;
            return Ok(Ending::Well);
        }
        tell_outcome(&outcome)
    }

    async fn order(
        &self,
        client: &HubClient,
        project: &str,
        reason: Option<&str>,
        dry_run: bool,
    ) -> Result<Json, Failure> {
        let filter = [
            ("source", self.source.clone()),
            ("state", self.state.clone()),
            ("since", self.since.map(Moment::for_query)),
            ("until", self.until.map(Moment::for_query)),
            ("text", self.text.clone()),
            ("match", self.matches.clone()),
        ];
        let values = self.value.iter().cloned().map(Value::from).collect();
        let filter =
            filter.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?))));
        let filter = filter.chain([("value", Value::Array(values))]);
        let order = Value::object([
            ("action", Value::from("replay".to_owned())),
            ("filter", Value::object(filter)),
            ("forwarder", Value::from(self.forwarder.clone().unwrap_or_default())),
            ("rate", Value::from(u64::from(self.rate))),
            ("dry_run", Value::from(dry_run)),
            ("wait", Value::from(false)),
            ("reason", reason.map_or(Value::Null, Value::from)),
        ]);
        client
            .post(&["projects", project, "messages", "actions"], &Query::new(), order.to_json())
            .await
    }
}

impl Replay {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        if self.range.forwarder.is_some() {
            let reason = self.reason.as_deref();
            return self.range.execute(&client, &project, reason, self.target.json).await;
        }
        let bar = output::progress_bar(self.ids.len(), "replaying");
        let mut answers = Vec::new();
        let mut refused = Vec::new();
        for id in &self.ids {
            let path = ["projects", &project, "messages", &id.to_string(), "replay"];
            match client.act_because(&path, self.reason.as_deref()).await {
                Ok(answer) => answers.push((id, answer)),
                Err(failure) => refused.push((id, failure)),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let is_read = |answer: &Json| text(answer, "unreadable").is_empty();
        let all_read = answers.iter().all(|(_, answer)| is_read(answer));
        if self.target.json {
            json_list(answers.into_iter().map(|(_, answer)| answer).collect())?;
        } else {
            answers
                .iter()
                .try_for_each(|(id, answer)| output::line(format!("{id}: {}", replayed(answer))))?;
        }
        let is_well = all_read && refused.is_empty();
        tell_refusals(&refused);
        Ok(if is_well { Ending::Well } else { Ending::NotWell })
    }
}

/// What came of a replay.
fn replayed(answer: &Json) -> String {
    let (unreadable, of) = (text(answer, "unreadable"), text(answer, "duplicate_of"));
    match (unreadable.is_empty(), of.is_empty()) {
        (false, _) => format!("still cannot be read: {unreadable}"),
        (true, false) => format!("repeats {of}, which was kept meanwhile: no deliveries"),
        (true, true) => {
            let made = elements(answer, "deliveries").len() as u64;
            counted(made, "delivery", "deliveries")
        }
    }
}

impl Body {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let body =
            client.bytes(&["projects", &project, "messages", &id, "body"], &Query::new()).await?;
        match self.output {
            Some(path) => std::fs::write(&path, body)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?,
            None => output::bytes(&body)?,
        }
        Ok(Ending::Well)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_tells_what_came_of_it() {
        for (answer, expected) in [
            (
                r#"{"deliveries": [{}, {}], "unreadable": null, "duplicate_of": null}"#,
                "2 deliveries",
            ),
            (r#"{"deliveries": [], "unreadable": null}"#, "0 deliveries"),
            (r#"{"deliveries": [], "unreadable": "no JSON"}"#, "still cannot be read: no JSON"),
            (
                r#"{"deliveries": [], "duplicate_of": "0192"}"#,
                "repeats 0192, which was kept meanwhile: no deliveries",
            ),
        ] {
            let answer = Value::parse(answer.as_bytes()).unwrap().into_owned();
            assert_eq!(replayed(&answer), expected);
        }
    }
}
