//! Endings: deliveries that will not be tried again, and how people are told of them.
//!
//! What ends together is told together: the first ending waits a little for those that follow it,
//! and after a mail there is none for an hour. What ends meanwhile is kept in the store, and told
//! when the hour is over, so that nothing ends in silence. Nor does what a hub ends in its last
//! moment: each ending is noted with what ended it, and gathered from there by whoever comes next.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::{Delivery, DeliveryState};
use fieldpost_model::incident::{IncidentKind, NoticeKind};
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{EndedDelivery, Endings, Lane, OpenIncident, StoreError};

use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::watch::destinations::bounded;
use crate::watch::letter::Table;
use crate::watch::topic::Topic;
use crate::watch::words::{Telling, begun, counted, optional, url_of};

/// How often people are told, at most, that deliveries to a connection were given up.
const TELL_EVERY: Duration = Duration::from_hours(1);
/// The latest ended deliveries that are remembered for each connection.
const MOST_ENDED: usize = 10;
/// Endings that are counted at once.
const COUNTED_AT_ONCE: usize = 200;
/// The deliveries that a mail names.
const MOST_NAMED: usize = 5;
/// The longest answer that is shown beside a delivery, in characters.
const LONGEST_ANSWER: usize = 160;

/// A delivery that ended, as it is kept with the endings of its connection.
fn value(ended: &EndedDelivery) -> Value<'static> {
    Value::object([
        ("delivery", Value::from(ended.delivery.to_string())),
        ("state", ended.state.name().into()),
        ("key", optional(ended.key.clone())),
        ("error", optional(ended.error.as_deref().map(bounded))),
    ])
}

/// The latest endings, as they are kept: those that were kept before and those that came.
fn latest(before: Option<&str>, came: &[EndedDelivery]) -> String {
    let mut all = before.map_or_else(Vec::new, noted);
    all.extend(came.iter().map(value));
    all.drain(..all.len().saturating_sub(MOST_ENDED));
    Value::Array(all).to_json()
}

/// What was kept, oldest first.
fn noted(sample: &str) -> Vec<Value<'static>> {
    let value = Value::parse(sample.as_bytes()).map_or(Value::Null, Value::into_owned);
    value.as_array().unwrap_or_default().to_vec()
}

/// Since when this hub knows of endings that nobody was told of.
#[derive(Default)]
pub(super) struct Gathering {
    since: HashMap<Lane, Instant>,
}

impl Gathering {
    /// Tells of what was gathered for long enough.
    pub(super) async fn tell(
        &mut self,
        hub: &Hub,
        open: &[OpenIncident],
    ) -> Result<(), StoreError> {
        let due = hub.store().endings_to_tell(TELL_EVERY).await?;
        let lane_of = |endings: &Endings| Lane {
            project: endings.project.clone(),
            name: endings.connection.clone(),
        };
        self.since.retain(|lane, _| due.iter().any(|endings| lane_of(endings) == *lane));
        for endings in due {
            let lane = lane_of(&endings);
            let since = *self.since.entry(lane.clone()).or_insert_with(Instant::now);
            if since.elapsed() >= hub.settings().gather_endings {
                hub.tell_of_endings(&endings, open).await?;
                self.since.remove(&lane);
            }
        }
        Ok(())
    }
}

/// A delivery that a mail names.
struct Named {
    delivery: Delivery,
    key: String,
    answer: String,
    /// How many wait for it.
    holds: u32,
}

impl Hub {
    /// Counts what ended for each connection, with the latest of what nobody was told of yet.
    pub(super) async fn count_endings(&self) -> Result<(), StoreError> {
        loop {
            let ended = self.store().ended_deliveries(COUNTED_AT_ONCE).await?;
            let is_last = ended.len() < COUNTED_AT_ONCE;
            let mut by_lane: BTreeMap<_, Vec<EndedDelivery>> = BTreeMap::new();
            for it in ended {
                by_lane.entry((it.project.clone(), it.connection.clone())).or_default().push(it);
            }
            for ((project, connection), ended) in by_lane {
                let before = self.store().untold_sample(&project, &connection).await?;
                let sample = latest(before.as_deref(), &ended);
                let routing = self.routing();
                let runs = routing.project(&project).map(|it| self.runs_of_endings(it, &ended));
                let runs = runs.unwrap_or_default();
                // Of several hubs one counts them.
                self.store().count_endings(&project, &connection, &ended, &sample, &runs).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn tell_of_endings(
        &self,
        endings: &Endings,
        open: &[OpenIncident],
    ) -> Result<(), StoreError> {
        let Some(project) = self.routing().project(&endings.project).cloned() else {
            return Ok(());
        };
        let incident = open.iter().find(|open| {
            open.project == endings.project
                && open.incident.kind == IncidentKind::Connection
                && open.incident.subject == endings.connection
        });
        let topic = Topic::Connection(endings.connection.clone());
        let named = self.named(&endings.project, &noted(&endings.sample)).await?;
        let telling = tell(&project, endings, &named, self.now());
        let recipients = topic.recipients(&project);
        let incident = incident.map(|open| open.incident.id);
        let kind = NoticeKind::GivenUp;
        let notices = self.notices(&project, &topic, recipients, kind, incident, telling).await?;
        self.watch().told(self.store().tell_endings(endings, &notices).await?);
        Ok(())
    }

    /// The latest that are named in the mail, newest first. What somebody took up again meanwhile
    /// is nobody's concern any more.
    async fn named(
        &self,
        project: &ProjectName,
        noted: &[Value<'static>],
    ) -> Result<Vec<Named>, StoreError> {
        let mut named = Vec::new();
        for ended in noted.iter().rev() {
            let text = |key: &str| ended.get(key).and_then(Value::as_str).unwrap_or_default();
            let Ok(id) = text("delivery").parse() else { continue };
            let Some(delivery) = self.store().delivery(project, id).await? else { continue };
            if delivery.state.name() != text("state") {
                continue;
            }
            let holds = self.store().standing(project, id).await?.followers;
            let (key, answer) = (text("key").to_owned(), in_short(text("error")));
            named.push(Named { delivery, key, answer, holds });
            if named.len() == MOST_NAMED {
                break;
            }
        }
        Ok(named)
    }
}

/// The first line of an answer, as it stands in a table.
fn in_short(answer: &str) -> String {
    let line = answer.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(LONGEST_ANSWER).collect();
    if short.len() < answer.trim_end().len() {
        short.push('…');
    }
    short
}

/// What is told of deliveries that will not be tried again.
fn tell(project: &ProjectRouting, endings: &Endings, named: &[Named], now: Timestamp) -> Telling {
    let count = (endings.given_up + endings.refused).saturating_sub(endings.told);
    let name = &endings.connection;
    let deliveries = counted(count, "delivery", "deliveries");
    let mut letter = begun(project, &format!("{deliveries} to {name} will not be tried again"));
    letter.paragraphs.push(
        "They were refused for good, or every try of them failed. Their data is kept: once the \
         cause is mended, requeue them and they are sent."
            .to_owned(),
    );
    letter.paragraphs.push(commands(&project.project, name, named));
    let latest = noted(&endings.sample);
    let error = latest.last().and_then(|ended| ended.get("error")).and_then(Value::as_str);
    letter.quote = error.filter(|it| !it.is_empty()).map(str::to_owned);
    letter.facts.push(("Connection", name.clone()));
    letter.facts.extend(url_of(project, name).map(|url| ("URL", url)));
    let title = if count > named.len() as u64 { "The latest of them" } else { "The deliveries" };
    letter.tables.extend((!named.is_empty()).then(|| table(title, named)));
    let told = Value::object([
        ("connection", Value::from(name.clone())),
        ("ended", count.into()),
        ("given_up_in_all", endings.given_up.into()),
        ("refused_in_all", endings.refused.into()),
        ("latest", Value::Array(latest)),
    ]);
    let payload = project.envelope("deliveries.given-up", now, ("deliveries", told));
    Telling { letter, payload }
}

/// What to type to see all of them, and to send them once more.
fn commands(project: &str, connection: &str, named: &[Named]) -> String {
    let mut states: Vec<DeliveryState> = named.iter().map(|it| it.delivery.state).collect();
    states.sort_unstable();
    states.dedup();
    if states.is_empty() {
        states.push(DeliveryState::Rejected);
    }
    let list = |state: &DeliveryState| {
        format!(
            "`fieldpost deliveries list --project {project} --connection {connection} --state {state}`"
        )
    };
    let lists: Vec<String> = states.iter().map(list).collect();
    let id = named.first().map_or_else(|| "ID".to_owned(), |it| it.delivery.id.to_string());
    format!(
        "{} shows them; `fieldpost deliveries requeue --project {project} {id}` sends one again.",
        lists.join(" or ")
    )
}

fn table(title: &'static str, named: &[Named]) -> Table {
    let row = |it: &Named| {
        let holds = match it.holds {
            0 => String::new(),
            holds => format!("holds {holds} behind it"),
        };
        let (id, state) = (it.delivery.id.to_string(), it.delivery.state.to_string());
        vec![id, state, it.key.clone(), holds, it.answer.clone()]
    };
    let mut columns = ["delivery", "became", "about", "", "answer"].map(str::to_owned).to_vec();
    let mut rows: Vec<Vec<String>> = named.iter().map(row).collect();
    // What is empty in every row is left out.
    for column in (0..columns.len()).rev() {
        let is_empty = |row: &Vec<String>| row.get(column).is_none_or(String::is_empty);
        if rows.iter().all(is_empty) {
            columns.remove(column);
            for row in &mut rows {
                row.remove(column);
            }
        }
    }
    Table { title, columns, rows }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_latest_are_kept_whenever_they_came() {
        let ended = |number: u128| EndedDelivery {
            project: "clinic".into(),
            connection: "there".to_owned(),
            delivery: Uuid::from_u128(number),
            state: DeliveryState::Rejected,
            key: None,
            error: Some("422".to_owned()),
            forwarder: None,
            message: None,
            payload: None,
            hops: 0,
        };
        let first = latest(None, &[ended(1), ended(2)]);
        assert_eq!(noted(&first).len(), 2);
        let both = latest(Some(&first), &[ended(3)]);
        assert_eq!(noted(&both).len(), 3);
        let many: Vec<EndedDelivery> = (4..4 + MOST_ENDED as u128).map(ended).collect();
        let kept = noted(&latest(Some(&both), &many));
        assert_eq!(kept, many.iter().map(value).collect::<Vec<_>>());
        assert_eq!(noted("no JSON").len(), 0);
    }

    #[test]
    fn an_answer_is_shown_in_a_line() {
        for (answer, shown) in [("", ""), ("422 no", "422 no"), ("422 no\nfield\n", "422 no…")] {
            assert_eq!(in_short(answer), shown);
        }
        let long = "ü".repeat(LONGEST_ANSWER + 1);
        assert_eq!(in_short(&long).chars().count(), LONGEST_ANSWER + 1);
        assert!(in_short(&long).ends_with('…'));
    }
}
