//! `fieldpost events`: what happens, as it happens.

use std::borrow::Cow;

use clap::Args;
use fieldpost_model::json::Value;
use fieldpost_store::clock;

use super::Ending;
use super::show::{counted, number, short_time, text};
use crate::client::{Event, Target};
use crate::failure::Failure;
use crate::output;

/// Follow what happens in a project, as it happens
///
/// Tells of messages that come in, of submissions and cases that they bring, of deliveries that change
/// their state, of incidents, of actions over many, and of definitions that are saved.
/// Runs until Ctrl-C, or until the hub stops. With --json every event is one line, an object with
/// the members `event`, `id` and `state`; of a submission `form`, of a case `type` instead. Events are
/// hints: one who is too slow misses some and is told so (`lagged`); the lists have everything.
#[derive(Args, Debug)]
pub(crate) struct Watch {
    #[command(flatten)]
    target: Target,
}

impl Watch {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let mut events = client.events(&project).await?;
        output::note(format!("following the project {project}; Ctrl-C ends it"));
        while let Some(event) = events.next().await? {
            if self.target.json {
                output::line(as_json(event).to_json())?;
            } else {
                output::line(told(&event))?;
            }
        }
        output::note("the hub has stopped");
        Ok(Ending::NotWell)
    }
}

/// The event's data, with its name as one more member.
fn as_json(event: Event) -> Value<'static> {
    let mut members = vec![(Cow::Borrowed("event"), Value::from(event.name))];
    if let Value::Object(data) = event.data {
        members.extend(data);
    }
    Value::Object(members)
}

/// The event as a line for people: when, what, which, and its state.
fn told(event: &Event) -> String {
    let now = short_time(&(clock::system())().to_string());
    let what = match &*event.name {
        "lagged" => {
            let missed = counted(number(&event.data, "missed"), "event was", "events were");
            output::bad(format!("{missed} missed; look at the lists"))
        }
        "configuration" => "configuration saved".to_owned(),
        name => {
            let more = match name {
                "submission" => "form",
                "case" => "type",
                _ => "state",
            };
            format!("{name:10} {} {}", text(&event.data, "id"), text(&event.data, more))
        }
    };
    format!("{} {what}", output::faint(now))
}
