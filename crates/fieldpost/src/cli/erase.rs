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
    /// What the senders call the submissions: an instance id, with or without `uuid:`.
    #[arg(long, value_name = "IDENTITY", group = "whom")]
    identity: Option<String>,

    /// What deliveries are about: a case id, a form id.
    #[arg(long, value_name = "KEY", group = "whom")]
    key: Option<String>,

    /// A message: with it go all versions of its identity.
    #[arg(long, value_name = "ID", group = "whom", value_parser = id)]
    message: Option<Uuid>,

    #[command(flatten)]
    sureness: Sureness,

    #[command(flatten)]
    target: Target,
}

/// How sure somebody is of what is to be erased.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Sureness {
    /// Only say how much it would be.
    #[arg(long)]
    dry_run: bool,

    /// Erase without asking.
    #[arg(long, short)]
    yes: bool,
}

/// What is to be erased.
pub(super) enum Order<'o> {
    /// All that is about somebody: the project, and the members of the order.
    Person(&'o str, Vec<(&'static str, Value<'static>)>),
    /// What is at an address.
    At(&'o [&'o str]),
}

impl Erase {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let whom = [
            ("identity", self.identity),
            ("key", self.key),
            ("message", self.message.map(|id| id.to_string())),
        ];
        let whom = whom.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?))));
        let order = Order::Person(&project, whom.collect());
        carry_out(&client, &order, self.sureness, self.target.json).await
    }
}

/// Erases, once it is sure that so much is meant.
pub(super) async fn carry_out(
    client: &HubClient,
    order: &Order<'_>,
    sureness: Sureness,
    as_json: bool,
) -> Result<Ending, Failure> {
    let would = order.give(client, true).await?;
    let much = much(&would);
    if sureness.dry_run || number(&would, "messages") == 0 {
        return tell(&would, &format!("it would erase {much}"), as_json);
    }
    if !sureness.yes && !is_confirmed(&much)? {
        output::note("nothing was erased");
        return Ok(Ending::NotWell);
    }
    let spinner = output::spinner(format!("erasing {much}"));
    let outcome = order.give(client, false).await?;
    spinner.finish_and_clear();
    tell(&outcome, &format!("erased {}", self::much(&outcome)), as_json)
}

fn tell(outcome: &Json, sentence: &str, as_json: bool) -> Result<Ending, Failure> {
    if as_json {
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

impl Order<'_> {
    async fn give(&self, client: &HubClient, dry_run: bool) -> Result<Json, Failure> {
        match self {
            Self::Person(project, whom) => {
                let order = whom.iter().cloned().chain([("dry_run", Value::from(dry_run))]);
                let path = ["projects", project, "erasures"];
                client.post(&path, &Query::new(), Value::object(order).to_json()).await
            }
            Self::At(path) => client.take_away(path, &vec![("dry_run", dry_run.to_string())]).await,
        }
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
