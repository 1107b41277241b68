//! `fieldpost runs`: each execution of a workflow, and what a person may do about it.

mod acting;
mod steps;

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use fieldpost_model::json::Value;
use fieldpost_model::run::{RunOrigin, RunState};
use uuid::Uuid;

use super::Ending;
use super::show::{
    elements, id, json, json_list, list, members, number, or_dash, short_time, text,
};
use super::time::Moment;
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;
use acting::Asked;
use steps::told_step;

/// How often it is looked whether a run has ended, or has logged more.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Lines of a log that one request asks for; the API gives no more.
const LOG_PAGE: usize = 500;

/// Look at runs of workflows, and act on them: list, show, log, state, retry, cancel
#[derive(Debug, Subcommand)]
pub(crate) enum Runs {
    List(List),
    Show(Show),
    Log(Log),
    State(State),
    Retry(Retry),
    /// End runs that wait, and stop those that go on
    Cancel(Cancel),
}

/// Which runs are meant.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which runs")]
pub(crate) struct Filters {
    /// Only those of this workflow.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,

    /// Only those in this state, or in one of several with commas between them: available, claimed,
    /// started, success, failed, crashed, cancelled, killed, exception.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,

    /// Only those of this message.
    #[arg(long, value_name = "ID", value_parser = id)]
    message: Option<Uuid>,

    /// Only those about this key: a case id, a form id.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Only those that ended by an error of this name, such as `RuntimeError`.
    #[arg(long, value_name = "NAME")]
    error_type: Option<String>,

    /// Only those made at this time or later: 2026-01-31T12:00:00Z, 2026-01-31, or 2h for two hours ago.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Only those made before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
}

/// List runs, newest first
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

/// Show one run, with each of its steps
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The run's id.
    #[arg(value_parser = id)]
    id: Uuid,
    #[command(flatten)]
    target: Target,
}

/// Show what a run has logged
#[derive(Args, Debug)]
pub(crate) struct Log {
    /// The run's id.
    #[arg(value_parser = id)]
    id: Uuid,

    /// Go on with what it logs, until it has ended.
    #[arg(long, short)]
    follow: bool,

    #[command(flatten)]
    target: Target,
}

/// Show the state that a run has left, or that went into or came out of a step, as JSON
#[derive(Args, Debug)]
pub(crate) struct State {
    /// The run's id.
    #[arg(value_parser = id)]
    id: Uuid,

    /// The number of a step, as `runs show` numbers them.
    #[arg(long, value_name = "NUMBER")]
    step: Option<u32>,

    /// What went into the step, not what came out.
    #[arg(long, requires = "step")]
    input: bool,

    #[command(flatten)]
    target: Target,
}

/// Which version of the workflow a retry runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Version {
    /// The newest.
    Newest,
    /// The one that ran.
    Same,
}

/// Begin runs again, as new runs
#[derive(Args, Debug)]
pub(crate) struct Retry {
    /// The step to begin with: its name, or its number, as `runs show` has both; the start, unless given.
    #[arg(long, value_name = "STEP", conflicts_with = "all")]
    from_step: Option<String>,

    /// Which version of the workflow runs: the one that ran, unless given; with `--all` it is the newest.
    #[arg(long, value_enum, default_value_t = Version::Same, conflicts_with = "all")]
    version: Version,

    /// Wait until the new runs have ended, and show how; the exit code says whether all ended well.
    #[arg(long, conflicts_with = "all")]
    wait: bool,

    #[command(flatten)]
    which: Which,
}

/// What is cancelled.
#[derive(Args, Debug)]
pub(crate) struct Cancel {
    #[command(flatten)]
    which: Which,
}

/// Some runs by id, or all that filters describe.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The runs' ids.
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

    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    target: Target,
}

impl Filters {
    fn query(&self) -> Query {
        [
            ("workflow", self.workflow.clone()),
            ("state", self.state.clone()),
            ("message", self.message.map(|id| id.to_string())),
            ("key", self.key.clone()),
            ("error_type", self.error_type.clone()),
            ("since", self.since.map(Moment::for_query)),
            ("until", self.until.map(Moment::for_query)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

impl Runs {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Log(log) => log.execute().await,
            Self::State(state) => state.execute().await,
            Self::Retry(retry) => retry.execute().await,
            Self::Cancel(cancel) => cancel.execute().await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &project, "runs"];
        let runs = client.list(&path, &self.filters.query(), self.limit).await?;
        list(runs, self.target.json, "no runs", table)
    }
}

/// A list of runs for people.
pub(super) fn table(runs: &[Json]) -> comfy_table::Table {
    let mut table = output::table(["id", "workflow", "state", "made (UTC)", "took", "error"]);
    for run in runs {
        table.add_row(vec![
            text(run, "id").into(),
            workflow(run).into(),
            output::state_cell(&text(run, "state")),
            short_time(&text(run, "registered_at")).into(),
            or_dash(&took(run)).into(),
            or_dash(&error(run)).into(),
        ]);
    }
    table
}

/// The workflow, and whether it was not its event that made the run.
fn workflow(run: &Json) -> String {
    let (workflow, origin) = (text(run, "workflow"), text(run, "origin"));
    if origin == RunOrigin::Event.name() || origin.is_empty() {
        return workflow.into_owned();
    }
    format!("{workflow} ({origin})")
}

/// How long something took that has ended; empty for what has not.
fn took(run: &Json) -> String {
    match &*text(run, "duration_ms") {
        "" => String::new(),
        milliseconds => format!("{milliseconds} ms"),
    }
}

/// The error of a run or a step, on one line: `RuntimeError: … (load)`.
fn error(run: &Json) -> String {
    let Some(error) = run.get("error").filter(|error| **error != Value::Null) else {
        return String::new();
    };
    let named = |key: &str| text(error, key).into_owned();
    let kind = if named("type").is_empty() { named("name") } else { named("type") };
    let step = named("step");
    let place = [step, place(error)].into_iter().filter(|part| !part.is_empty());
    let place = place.collect::<Vec<_>>().join(", ");
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    let message = named("message");
    // Errors that were thrown by their class tell their name in the message already.
    let kind = if message.starts_with(&format!("{kind}:")) { String::new() } else { kind };
    let parts = [kind, message].into_iter().filter(|part| !part.is_empty());
    format!("{}{place}", parts.collect::<Vec<_>>().join(": "))
}

/// Where in the job of its step the error of a run is, as far as that is known.
fn place(error: &Json) -> String {
    match (number(error, "line"), number(error, "column")) {
        (0, _) => String::new(),
        (line, 0) => format!("line {line}"),
        (line, column) => format!("line {line}, column {column}"),
    }
}

/// Where a run stands, for whoever began it or waited for it.
pub(super) fn outcome(run: &Json) -> String {
    let (id, state) = (text(run, "id"), text(run, "state"));
    match (took(run), error(run)) {
        (took, _) if took.is_empty() => format!("run {id}: {state}"),
        (took, error) if error.is_empty() => format!("run {id}: {state} after {took}"),
        (took, error) => format!("run {id}: {state} after {took}: {error}"),
    }
}

fn has_ended(run: &Json) -> bool {
    RunState::ALL.iter().any(|state| state.is_final() && state.name() == text(run, "state"))
}

/// Waits until a run has ended.
pub(super) async fn wait_for_end(
    client: &HubClient,
    project: &str,
    id: &str,
) -> Result<Json, Failure> {
    loop {
        let run = client.get(&["projects", project, "runs", id], &Query::new()).await?;
        if has_ended(&run) {
            return Ok(run);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let run = client.get(&["projects", &project, "runs", &id], &Query::new()).await?;
        if self.target.json {
            json(&run)?;
            return Ok(Ending::Well);
        }
        members(&[
            ("id", id),
            ("workflow", format!("{}, version {}", text(&run, "workflow"), text(&run, "version"))),
            ("state", text(&run, "state").into_owned()),
            ("origin", origin(&run)),
            ("began with", began_with(&run)),
            ("message", text(&run, "message").into_owned()),
            ("key", text(&run, "key").into_owned()),
            ("made", text(&run, "registered_at").into_owned()),
            ("started", text(&run, "started_at").into_owned()),
            ("ended", text(&run, "finished_at").into_owned()),
            ("took", took(&run)),
            ("due", text(&run, "next_at").into_owned()),
            ("error", error(&run)),
        ])?;
        elements(&run, "steps").iter().try_for_each(|step| output::line(told_step(step)))?;
        Ok(Ending::Well)
    }
}

/// Why a run was made, and who asked for it; empty where its event happened.
fn origin(run: &Json) -> String {
    let (origin, of, by) = (text(run, "origin"), text(run, "retry_of"), text(run, "by"));
    if origin == RunOrigin::Event.name() {
        return String::new();
    }
    let of = if of.is_empty() { String::new() } else { format!(" of {of}") };
    let from = text(run, "from_step");
    let from = if from.is_empty() { String::new() } else { format!(", from the step {from}") };
    let by = if by.is_empty() { String::new() } else { format!(", asked for by {by}") };
    format!("{origin}{of}{from}{by}")
}

fn began_with(run: &Json) -> String {
    let Some(input) = run.get("input") else { return String::new() };
    format!("{} {}", text(input, "kind"), text(input, "id")).trim_end().to_owned()
}

impl Log {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let id = self.id.to_string();
        let mut after = 0;
        let mut all = Vec::new();
        loop {
            // Whether it has ended is asked first: what it logged until then is read afterwards.
            let path = ["projects", &project, "runs", &id];
            let run = client.get(&path, &Query::new()).await?;
            loop {
                let query = vec![("after", after.to_string()), ("limit", LOG_PAGE.to_string())];
                let path = ["projects", &*project, "runs", &*id, "log"];
                let page = client.get(&path, &query).await?;
                let lines = elements(&page, "items");
                after = lines.last().map_or(after, |line| number(line, "number"));
                if self.target.json {
                    all.extend(lines.iter().cloned());
                } else {
                    lines.iter().try_for_each(|line| output::line(told_line(line)))?;
                }
                if lines.len() < LOG_PAGE {
                    break;
                }
            }
            if !self.follow || has_ended(&run) {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        if self.target.json {
            json_list(all)?;
        }
        Ok(Ending::Well)
    }
}

fn told_line(line: &Json) -> String {
    let time = output::faint(short_time(&text(line, "at")));
    let step = text(line, "step_number");
    let step = if step.is_empty() { "run".to_owned() } else { format!("step {step}") };
    let (level, message) = (text(line, "level"), text(line, "message"));
    format!("{time} {step} {} {level}: {message}", text(line, "source"))
}

impl State {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let (id, number) = (self.id.to_string(), self.step.map(|number| number.to_string()));
        let side = if self.input { "input" } else { "output" };
        let mut path = vec!["projects", &*project, "runs", &*id];
        match &number {
            Some(number) => path.extend(["steps", number, side]),
            None => path.push("state"),
        }
        json(&client.get(&path, &Query::new()).await?)?;
        Ok(Ending::Well)
    }
}

impl Retry {
    async fn execute(self) -> Result<Ending, Failure> {
        let version = match self.version {
            Version::Newest => "newest",
            Version::Same => "same",
        };
        let order = Value::object([("version", Value::from(version))]);
        let asked = Asked { action: "retry", order, from_step: self.from_step, wait: self.wait };
        self.which.execute(asked).await
    }
}

impl Cancel {
    async fn execute(self) -> Result<Ending, Failure> {
        let order = Value::Object(Vec::new());
        let asked = Asked { action: "cancel", order, from_step: None, wait: false };
        self.which.execute(asked).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(text: &str) -> Json {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[test]
    fn a_run_is_told_in_a_line() {
        for (run, expected) in [
            (r#"{"id": "7", "state": "available", "duration_ms": null}"#, "run 7: available"),
            (r#"{"id": "7", "state": "success", "duration_ms": 12}"#, "run 7: success after 12 ms"),
            (
                r#"{"id": "7", "state": "failed", "duration_ms": 12, "error":
                    {"type": "JobError", "message": "no birth", "step": "load"}}"#,
                "run 7: failed after 12 ms: JobError: no birth (load)",
            ),
            (
                r#"{"id": "7", "state": "failed", "duration_ms": 12, "error": {"type": "JobError",
                    "message": "no birth", "step": "load", "line": 3, "column": 12}}"#,
                "run 7: failed after 12 ms: JobError: no birth (load, line 3, column 12)",
            ),
            (
                r#"{"id": "7", "state": "failed", "duration_ms": 12, "error": {"type": "AdaptorError",
                    "message": "no", "step": "load", "line": 3, "column": null}}"#,
                "run 7: failed after 12 ms: AdaptorError: no (load, line 3)",
            ),
            (
                r#"{"id": "7", "state": "failed", "duration_ms": 12, "error":
                    {"type": "TypeError", "message": "TypeError: no birth", "step": "load"}}"#,
                "run 7: failed after 12 ms: TypeError: no birth (load)",
            ),
        ] {
            assert_eq!(outcome(&json_of(run)), expected);
        }
    }

    #[test]
    fn the_origin_is_told_where_no_event_made_the_run() {
        for (run, expected) in [
            (r#"{"origin": "event"}"#, ""),
            (r#"{"origin": "cron"}"#, "cron"),
            (
                r#"{"origin": "retry", "retry_of": "6", "from_step": "load", "by": "amina"}"#,
                "retry of 6, from the step load, asked for by amina",
            ),
        ] {
            assert_eq!(origin(&json_of(run)), expected);
        }
    }
}
