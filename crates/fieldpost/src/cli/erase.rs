//! `fieldpost erase`: takes away everything that is about a person.

use clap::Args;
use fieldpost_model::json::Value;
use uuid::Uuid;

use super::Ending;
use super::show::{counted, id, json, number};
use crate::client::{HubClient, Json, Query, Target};
use crate::failure::Failure;
use crate::output;

/// Erase everything about a person: messages, their deliveries and attempts
///
/// All versions and repetitions of what is found are erased as well. What waits to be sent is
/// cancelled first. What is left still counts, and tells of nobody; it cannot be brought back.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("whom").required(true).multiple(false))]
pub(crate) struct Erase {
    /// What the senders call the submissions: an instance id, for example.
    #[arg(long, value_name = "IDENTITY", group = "whom")]
    identity: Option<String>,

    /// What deliveries are about: a case id, a form id.
    #[arg(long, value_name = "KEY", group = "whom")]
    key: Option<String>,

    /// A message: with it go all versions of its identity.
    #[arg(long, value_name = "ID", group = "whom", value_parser = id)]
    message: Option<Uuid>,

    /// Only say how much it would be.
    #[arg(long)]
    dry_run: bool,

    /// Erase without asking.
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    target: Target,
}

impl Erase {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let would = self.order(&client, &project, true).await?;
        let much = much(&would);
        if self.dry_run || number(&would, "messages") == 0 {
            return self.tell(&would, &format!("it would erase {much}"));
        }
        if !self.yes && !is_confirmed(&much)? {
            output::note("nothing was erased");
            return Ok(Ending::NotWell);
        }
        let spinner = output::spinner(format!("erasing {much}"));
        let outcome = self.order(&client, &project, false).await?;
        spinner.finish_and_clear();
        self.tell(&outcome, &format!("erased {}", self::much(&outcome)))
    }

    fn tell(&self, outcome: &Json, sentence: &str) -> Result<Ending, Failure> {
        if self.target.json {
            json(outcome)?;
        } else {
            output::line(sentence)?;
        }
        let being_sent = number(outcome, "being_sent");
        if being_sent == 0 {
            return Ok(Ending::Well);
        }
        let many = counted(being_sent, "delivery is", "deliveries are");
        output::note(format!("{many} being sent: their messages are still there; erase again"));
        Ok(Ending::NotWell)
    }

    async fn order(
        &self,
        client: &HubClient,
        project: &str,
        dry_run: bool,
    ) -> Result<Json, Failure> {
        let whom = [
            ("identity", self.identity.clone()),
            ("key", self.key.clone()),
            ("message", self.message.map(|id| id.to_string())),
        ];
        let whom = whom.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?))));
        let order = whom.chain([("dry_run", Value::from(dry_run))]);
        let path = ["projects", project, "erasures"];
        client.post(&path, &Query::new(), Value::object(order).to_json()).await
    }
}

/// How much is, or would be, erased.
fn much(outcome: &Json) -> String {
    let messages = counted(number(outcome, "messages"), "message", "messages");
    let deliveries = counted(number(outcome, "deliveries"), "delivery", "deliveries");
    let attempts = counted(number(outcome, "attempts"), "attempt", "attempts");
    let waiting = match number(outcome, "cancelled") {
        0 => String::new(),
        cancelled => format!(" ({cancelled} of them waiting)"),
    };
    format!("{messages}, {deliveries}{waiting} and {attempts}")
}

/// Asks whether so much is meant.
fn is_confirmed(much: &str) -> Result<bool, Failure> {
    if output::can_be_asked() {
        return Ok(output::ask(&format!("erase {much} for good?"))?);
    }
    Err(Failure::usage(format!("this would erase {much}, and nobody can be asked"))
        .hint("give --yes to erase without asking, or --dry-run to see how much it would be"))
}
