//! What a person does about runs: about those that are named, one by one, or about all that filters leave.

use fieldpost_model::json::Value;
use fieldpost_model::run::RunState;

use super::super::Ending;
use super::super::actions::watch;
use super::super::deliveries::is_confirmed;
use super::super::show::{counted, json, json_list, number, tell_refusals, text};
use super::steps::number_of;
use super::{Which, outcome, table, wait_for_end};
use crate::client::{HubClient, Json, Query};
use crate::failure::Failure;
use crate::output;

/// What is asked for.
pub(super) struct Asked {
    /// The word for it in the API's addresses.
    pub(super) action: &'static str,
    /// What the API is told beside.
    pub(super) order: Json,
    /// The step to begin with, where one is given.
    pub(super) from_step: Option<String>,
    /// Whether it is waited for the end of what was begun.
    pub(super) wait: bool,
}

impl Which {
    /// Does something to each run that is meant.
    pub(super) async fn execute(self, asked: Asked) -> Result<Ending, Failure> {
        let Asked { action, order, from_step, wait } = asked;
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
        let mut done = Vec::new();
        let mut refused = Vec::new();
        for id in &self.ids {
            let id = id.to_string();
            let asked = ask(&client, &project, &id, action, &order, from_step.as_deref());
            match asked.await {
                Ok(run) => done.push(run),
                Err(failure) => refused.push((id, failure)),
            }
        }
        let mut all_ended_well = true;
        if wait {
            for run in &mut done {
                *run = wait_for_end(&client, &project, &text(run, "id")).await?;
                all_ended_well &= text(run, "state") == RunState::Success.name();
            }
        }
        if self.target.json {
            json_list(done)?;
        } else if wait {
            done.iter().try_for_each(|run| output::line(outcome(run)))?;
        } else if !done.is_empty() {
            output::print_table(&table(&done))?;
        }
        tell_refusals(&refused);
        let is_well = refused.is_empty() && all_ended_well;
        Ok(if is_well { Ending::Well } else { Ending::NotWell })
    }

    fn nothing_named(&self, action: &str) -> Failure {
        let hint = if self.filters.query().is_empty() {
            "give ids, or --all and filters"
        } else {
            "add --all to act on all that the filters describe; it asks before it acts"
        };
        Failure::usage(format!("nothing says which runs to {action}")).hint(hint)
    }

    async fn act_on_all(
        &self,
        client: &HubClient,
        project: &str,
        action: &str,
    ) -> Result<Ending, Failure> {
        let would = self.bulk(client, project, action, true).await?;
        let count = number(&would, "touched");
        let many = counted(count, "run", "runs");
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
        let outcome = watch(client, project, begun, action).await?;
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
        action: &str,
        dry_run: bool,
    ) -> Result<Json, Failure> {
        let filter = self.filters.query().into_iter();
        let order = Value::object([
            ("action", Value::from(action.to_owned())),
            ("filter", Value::object(filter.map(|(name, value)| (name, Value::from(value))))),
            ("dry_run", Value::from(dry_run)),
            // Its id is to be known before anybody has enough of watching.
            ("wait", Value::from(false)),
        ]);
        let path = ["projects", project, "runs", "actions"];
        client.post(&path, &Query::new(), order.to_json()).await
    }
}

/// Asks for something to be done with a run.
async fn ask(
    client: &HubClient,
    project: &str,
    id: &str,
    action: &str,
    order: &Json,
    from_step: Option<&str>,
) -> Result<Json, Failure> {
    let path = ["projects", project, "runs", id];
    let mut order = order.clone();
    if let (Some(step), Value::Object(members)) = (from_step, &mut order) {
        let number = match step.parse() {
            Ok(number) => number,
            Err(_) => number_of(&client.get(&path, &Query::new()).await?, step)?,
        };
        members.push(("from_step".into(), Value::Number(number.to_string().into())));
    }
    let path = ["projects", project, "runs", id, action];
    client.post(&path, &Query::new(), order.to_json()).await
}

/// Says what an action over many runs came to.
fn tell_outcome(action: &Json) -> Result<Ending, Failure> {
    let touched = counted(number(action, "touched"), "run", "runs");
    let (name, state) = (text(action, "action"), text(action, "state"));
    output::line(match &*state {
        "running" => format!("{name}: {touched} so far; it goes on in the hub"),
        "done" => format!("{name}: {touched}"),
        _ => format!("{name}: {state} after {touched} {}", text(action, "last_error")),
    })?;
    let passed_over = number(action, "passed_over");
    if passed_over > 0 {
        output::line(format!("{passed_over} were passed over: their state does not allow it"))?;
    }
    if state == "running" {
        let id = text(action, "id");
        output::note(format!("`fieldpost deliveries actions show {id}` shows how far it is"));
    }
    Ok(if state == "done" { Ending::Well } else { Ending::NotWell })
}
