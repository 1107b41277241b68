//! `fieldpost workflows`: graphs of jobs, and running one by hand.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use uuid::Uuid;

use super::Ending;
use super::pausing::{PAUSE, RESUME, pause};
use super::runs::{outcome, wait_for_end};
use super::show::{
    id, is, json, json_list, list, members, or_dash, short_time, text, workflow_definition,
};
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Look at workflows, and run them: list, show, versions, run, pause, resume
#[derive(Debug, Subcommand)]
pub(crate) enum Workflows {
    List(List),
    Show(Show),
    Versions(Versions),
    Run(ByHand),
    /// Let runs wait: they are still made, and not begun
    Pause(Named),
    /// Begin what waited, and what comes
    Resume(Named),
}

/// List workflows, with what sets each off
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    target: Target,
}

/// Show one workflow as the project file has it, now or in an earlier version
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The workflow's name.
    #[arg(value_name = "WORKFLOW")]
    name: String,

    /// An earlier version; `versions` lists them.
    #[arg(long, value_name = "NUMBER")]
    version: Option<i64>,

    #[command(flatten)]
    target: Target,
}

/// List the versions of a workflow, newest first: every save is one
#[derive(Args, Debug)]
pub(crate) struct Versions {
    /// The workflow's name.
    #[arg(value_name = "WORKFLOW")]
    name: String,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    #[command(flatten)]
    target: Target,
}

/// Run a workflow now
///
/// With a state from a file, with a message that came in, or with what went into a step of an earlier
/// run. Without any of them it begins with an empty state.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("input").args(["state", "message", "run"]))]
pub(crate) struct ByHand {
    /// The workflow's name.
    #[arg(value_name = "WORKFLOW")]
    name: String,

    /// A file with the state to begin with, as JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// The message to begin with.
    #[arg(long, value_name = "ID", value_parser = id)]
    message: Option<Uuid>,

    /// The run whose input to begin with; with `--step`, what went into that step of it.
    #[arg(long, value_name = "ID", value_parser = id)]
    run: Option<Uuid>,

    /// The number of the step of that run, as `runs show` numbers them.
    #[arg(long, value_name = "NUMBER", requires = "run")]
    step: Option<u32>,

    /// The step to begin with, by its name; the start, unless given.
    #[arg(long, value_name = "STEP")]
    from_step: Option<String>,

    /// The version to run; the newest, unless given.
    #[arg(long, value_name = "NUMBER")]
    version: Option<i64>,

    /// Wait until it has ended; the exit code says whether it ended well.
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    target: Target,
}

/// One workflow, or several.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The workflows' names.
    #[arg(required = true, value_name = "WORKFLOW")]
    names: Vec<String>,

    /// Why: shown while a pause lasts, and kept in the audit log.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Workflows {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::List(list) => list.execute().await,
            Self::Show(show) => show.execute().await,
            Self::Versions(versions) => versions.execute().await,
            Self::Run(run) => run.execute().await,
            Self::Pause(named) => named.execute(PAUSE).await,
            Self::Resume(named) => named.execute(RESUME).await,
        }
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let workflows = client.whole_list(&["projects", &project, "workflows"]).await?;
        list(workflows, self.target.json, "no workflows", table)
    }
}

fn table(workflows: &[Json]) -> comfy_table::Table {
    let mut table =
        output::table(["workflow", "title", "set off by", "steps", "state", "last run (UTC)"]);
    for workflow in workflows {
        let last = workflow.get("last_runs").and_then(Value::as_array).and_then(<[_]>::first);
        let last = last.map(|run| {
            format!("{} {}", text(run, "state"), short_time(&text(run, "registered_at")))
        });
        table.add_row(vec![
            text(workflow, "name").into(),
            or_dash(&text(workflow, "title")).into(),
            set_off_by(workflow).into(),
            text(workflow, "steps").into(),
            output::state_cell(standing(workflow)),
            or_dash(&last.unwrap_or_default()).into(),
        ]);
    }
    table
}

fn standing(workflow: &Json) -> &'static str {
    if is(workflow, "paused") { "paused" } else { "ok" }
}

/// What sets a workflow off, in a few words: `message of kobo`, `cron */5 * * * * (UTC)`.
fn set_off_by(workflow: &Json) -> String {
    let Some(trigger) = workflow.get("trigger") else { return String::new() };
    let (kind, source) = (text(trigger, "kind"), text(trigger, "source"));
    let cron = text(trigger, "cron");
    match (source.is_empty(), cron.is_empty()) {
        (_, false) => format!("{kind} {cron} ({})", text(trigger, "time_zone")),
        (false, true) => format!("{kind} of {source}"),
        (true, true) => kind.into_owned(),
    }
}

impl Show {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let number = self.version.map(|version| version.to_string());
        let mut path = vec!["projects", &*project, "workflows", &*self.name];
        path.extend(number.iter().flat_map(|number| ["versions", number]));
        let workflow = client.get(&path, &Query::new()).await?;
        if self.target.json {
            json(&workflow)?;
            return Ok(Ending::Well);
        }
        let state = if number.is_none() { standing(&workflow) } else { "" };
        members(&[
            ("workflow", self.name.clone()),
            ("title", text(&workflow, "title").into_owned()),
            ("set off by", set_off_by(&workflow)),
            ("state", state.to_owned()),
            ("paused", pause(&workflow)),
            ("version", text(&workflow, "version").into_owned()),
            ("saved", text(&workflow, "saved_at").into_owned()),
        ])?;
        workflow_definition(&workflow, &text(&workflow, "name"))?;
        Ok(Ending::Well)
    }
}

impl Versions {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let path = ["projects", &*project, "workflows", &*self.name, "versions"];
        let versions = client.list(&path, &Query::new(), self.limit).await?;
        list(versions, self.target.json, "no versions", |versions| {
            let mut table = output::table(["version", "saved (UTC)"]);
            for version in versions {
                let saved = short_time(&text(version, "saved_at"));
                table.add_row(vec![text(version, "version").into_owned(), saved]);
            }
            table
        })
    }
}

impl ByHand {
    async fn execute(self) -> Result<Ending, Failure> {
        let state = match &self.state {
            Some(file) => Some(read_state(file)?),
            None => None,
        };
        let (client, project) = self.target.open().await?;
        let id = |id: Option<Uuid>| id.map(|id| Value::from(id.to_string()));
        let number =
            |number: Option<i64>| number.map(|number| Value::Number(number.to_string().into()));
        let order = [
            ("state", state),
            ("message", id(self.message)),
            ("run", id(self.run)),
            ("step", number(self.step.map(i64::from))),
            ("from_step", self.from_step.map(Value::from)),
            ("version", number(self.version)),
        ];
        let order = order.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let path = ["projects", &*project, "workflows", &*self.name, "runs"];
        let body = Value::object(order).to_json();
        let made = client.post(&path, &Query::new(), body).await?;
        tell_of_pause(&client, &project, &self.name).await;
        let made = if self.wait {
            wait_for_end(&client, &project, &text(&made, "id")).await?
        } else {
            made
        };
        if self.target.json {
            json(&made)?;
        } else {
            output::line(outcome(&made))?;
        }
        let ended_well = !self.wait || text(&made, "state") == "success";
        Ok(if ended_well { Ending::Well } else { Ending::NotWell })
    }
}

/// Says why a run does not begin where its workflow, or the whole project, is paused. Who may not see that is told
/// nothing.
async fn tell_of_pause(client: &HubClient, project: &str, workflow: &str) {
    let paused = async |path: &[&str]| {
        client.get(path, &Query::new()).await.is_ok_and(|found| is(&found, "paused"))
    };
    if paused(&["projects", project, "workflows", workflow]).await {
        let resume = format!("fieldpost workflows resume {workflow}");
        output::note(format!("the workflow is paused: the run waits until `{resume}`"));
    } else if paused(&["projects", project]).await {
        output::note(format!(
            "the project is paused: the run waits until `fieldpost projects resume {project}`"
        ));
    }
}

/// Reads a state from a file, or from standard input.
fn read_state(file: &std::path::Path) -> Result<Json, Failure> {
    let trouble = |error: std::io::Error| Failure::new(format!("{}: {error}", file.display()));
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).map_err(trouble)?
    } else {
        std::fs::read_to_string(file).map_err(trouble)?
    };
    let state = Value::parse(text.as_bytes())
        .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", file.display())))?;
    Ok(state.into_owned())
}

impl Named {
    async fn execute(self, action: &str) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let done = if action == PAUSE { "is paused" } else { "runs" };
        let mut answers = Vec::new();
        for name in &self.names {
            let path = ["projects", &*project, "workflows", &**name, action];
            answers.push(client.act_because(&path, self.reason.as_deref()).await?);
            if !self.target.json {
                output::line(format!("{name} {done}"))?;
            }
        }
        if self.target.json {
            json_list(answers)?;
        }
        Ok(Ending::Well)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sets_a_workflow_off_is_told_in_a_few_words() {
        for (trigger, expected) in [
            (r#"{"kind": "manual", "source": null, "cron": null}"#, "manual"),
            (r#"{"kind": "message", "source": "kobo", "cron": null}"#, "message of kobo"),
            (r#"{"kind": "case", "source": null, "cron": null}"#, "case"),
            (
                r#"{"kind": "cron", "cron": "*/5 * * * *", "time_zone": "Africa/Nairobi"}"#,
                "cron */5 * * * * (Africa/Nairobi)",
            ),
        ] {
            let workflow = format!(r#"{{"trigger": {trigger}}}"#);
            let workflow = Value::parse(workflow.as_bytes()).unwrap();
            assert_eq!(set_off_by(&workflow.into_owned()), expected);
        }
    }
}
