//! What happens, as it happens: server-sent events.
//!
//! Events are hints. One who is too slow misses some and is told so by the event `lagged`; one who
//! wants to be sure looks at the lists again.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use fieldpost_engine::Share;
use fieldpost_model::duration;
use fieldpost_rules::access::{Need, operation};
use fieldpost_store::Signal;
use futures_util::Stream;
use futures_util::stream::unfold;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use uuid::Uuid;

use super::parameters::{Parameters, bad};
use super::path::Path;
use super::principal::{Caller, Principal};
use crate::app::{MOST_STREAMS, Shared};
use crate::problem::{Problem, seconds_to_retry};

/// How long a quiet stream goes without a sign of life: less than proxies wait for one.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How often it is looked whether the listener may still listen.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How often events of one kind can be asked for.
const PACES: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(1);

/// How often a page wants to be told.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Pace {
    /// Tell of each kind at most this often, from `100ms` to `1m`; each event by itself, unless given.
    #[param(example = "1s")]
    at_most_every: Option<String>,
}

impl Pace {
    fn read(self) -> Result<Option<Duration>, Problem> {
        let read = |text: String| {
            duration::parse(&text)
                .filter(|every| PACES.contains(every))
                .ok_or_else(|| bad("at_most_every", &text, "a time from 100ms to 1m"))
        };
        self.at_most_every.map(read).transpose()
    }
}

/// What happens in a project, live
///
/// A stream of server-sent events. `message`: a message came in; `delivery`: a delivery was made
/// or changed its state; `incident`: trouble was noticed, told of again, or is over; `action`: an
/// action over many was started, has come further, or is over; the data of all is
/// `{"id": …, "state": …}`. `run`: a run of a workflow was made, or changed its state, `{"id": …,
/// "workflow": …, "state": …}`. `submission`: one was filed, or a new version of one, `{"id": …,
/// "form": …}`; `case`: a form made or changed one, `{"id": …, "type": …}`, of a form that touches
/// more than twenty the first twenty; both also where something of one was erased, of up to twenty with each
/// step of an erasure. `configuration`: definitions were saved, `{}`. `audit`:
/// something was written into the audit log, `{"id": …}`, for those who may read it. `lagged`: some
/// events were missed, `{"missed": 3}`; look at the lists again.
///
/// With `at_most_every` there is one event of each kind within that time at the most: the first at
/// once, those that follow it together, as the last of them with their `count`.
#[utoipa::path(
    get,
    path = "/projects/{project}/events",
    operation_id = "watch_events",
    tag = "hub",
    params(("project" = String, Path), Pace),
    responses(
        (status = 200, description = "The events", content_type = "text/event-stream"),
        Problem,
    ),
)]
pub(super) async fn events(
    State(app): State<Shared>,
    caller: Caller,
    Path(project): Path<String>,
    Parameters(pace): Parameters<Pace>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let gathered = pace.read()?.map(Gathered::new);
    let share = app.streams.take(caller.key()).ok_or_else(too_many_streams)?;
    // Listening begins before the answer does: what happens after the first byte is told.
    let signals = app.hub.store().listen();
    app.hub.project(&project).await?;
    let stopping = app.stopping.clone();
    let hears_audit = may_read_audit(&caller, &project);
    let listener = Listener { project: project.clone(), signals, stopping, gathered, hears_audit };
    let watch = Watch { app, caller, project, looked_at: Instant::now(), _share: share };
    let events = unfold((listener, watch), async |(mut listener, mut watch)| {
        let Told { name, data } = watch.next_of(&mut listener).await?;
        Some((Ok(Event::default().event(name).data(data.to_string())), (listener, watch)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

fn too_many_streams() -> Problem {
    let detail = format!("you listen to {MOST_STREAMS} streams of events at this hub already");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-streams", detail)
        .hint("close one first: a page that is not looked at any more, or a program that is lost")
        .retry_after(seconds_to_retry())
}

/// Whether the listener may still listen: a stream lasts for hours, and access may be taken away
/// within them.
struct Watch {
    app: Shared,
    caller: Caller,
    project: String,
    looked_at: Instant,
    /// The stream's place in the share of whoever listens.
    _share: Share,
}

impl Watch {
    /// The next event; none where there is nothing more to tell, or not to this one.
    async fn next_of(&mut self, listener: &mut Listener) -> Option<Told> {
        loop {
            let told = timeout_at(self.looked_at + LOOK_AGAIN, listener.next()).await;
            if self.looked_at.elapsed() >= LOOK_AGAIN {
                if !self.is_allowed(listener).await {
                    return None;
                }
                self.looked_at = Instant::now();
            }
            if let Ok(told) = told {
                return told;
            }
        }
    }

    /// Whether the one who listens may, as things stand now. A store that does not answer for a
    /// moment ends nothing: what it tells comes from there as well.
    async fn is_allowed(&self, listener: &mut Listener) -> bool {
        match self.caller.again(&self.app).await {
            Ok(Some(principal)) => {
                listener.hears_audit = may_read_audit(&principal, &self.project);
                principal.access(&self.project).is_some()
            }
            Ok(None) => false,
            Err(error) => error.is_temporary(),
        }
    }
}

/// Whether somebody may read the audit log of a project.
fn may_read_audit(principal: &Principal, project: &str) -> bool {
    let Some(reading) = operation("GET", "/projects/{project}/audit") else { return false };
    match reading.need {
        Need::Project(needed) => principal.access(project).is_some_and(|has| has >= needed),
        Need::Nothing | Need::Anybody | Need::Installation => false,
    }
}

/// The name of the event that tells that others were missed.
const LAGGED: &str = "lagged";

/// One event as it is told.
#[derive(Debug, PartialEq)]
struct Told {
    name: &'static str,
    data: Value,
}

impl Told {
    fn state_of(name: &'static str, id: Uuid, state: &str) -> Self {
        Self { name, data: json!({ "id": id.to_string(), "state": state }) }
    }
}

/// Events that wait to be told together.
struct Gathered {
    every: Duration,
    /// By kind: the last of them, and how many there are.
    waiting: BTreeMap<&'static str, (Value, u64)>,
    /// When something of a kind was told last.
    told_at: BTreeMap<&'static str, Instant>,
}

impl Gathered {
    const fn new(every: Duration) -> Self {
        Self { every, waiting: BTreeMap::new(), told_at: BTreeMap::new() }
    }

    fn add(&mut self, Told { name, data }: Told) {
        let (last, count) = self.waiting.entry(name).or_default();
        *last = data;
        *count += 1;
    }

    /// What is to be told next, and when; `None` where nothing waits.
    fn next(&self, now: Instant) -> Option<(&'static str, Instant)> {
        let due = |name| self.told_at.get(name).map_or(now, |told_at| *told_at + self.every);
        self.waiting.keys().map(|name| (*name, due(name))).min_by_key(|(_, at)| *at)
    }

    fn take(&mut self, name: &'static str, now: Instant) -> Option<Told> {
        let (mut data, count) = self.waiting.remove(name)?;
        self.told_at.insert(name, now);
        if let Value::Object(members) = &mut data {
            members.insert("count".to_owned(), count.into());
        }
        Some(Told { name, data })
    }
}

struct Listener {
    project: String,
    signals: Receiver<Signal>,
    stopping: CancellationToken,
    /// Where events are told together.
    gathered: Option<Gathered>,
    /// Whether entries of the audit log are told.
    hears_audit: bool,
}

impl Listener {
    /// The next event of the project; `None` when the hub stops. Nothing is lost where the wait for
    /// it is given up.
    async fn next(&mut self) -> Option<Told> {
        loop {
            let now = Instant::now();
            let Some(gathered) = &mut self.gathered else { return self.hear().await };
            let next = gathered.next(now);
            let heard = match next {
                Some((name, at)) if at <= now => return gathered.take(name, now),
                Some((_, at)) => match timeout_at(at, self.hear()).await {
                    Ok(heard) => heard?,
                    Err(_) => continue,
                },
                None => self.hear().await?,
            };
            match &mut self.gathered {
                Some(gathered) if heard.name != LAGGED => gathered.add(heard),
                _ => return Some(heard),
            }
        }
    }

    /// The next thing that happens in the project; `None` when the hub stops.
    async fn hear(&mut self) -> Option<Told> {
        loop {
            let signal = tokio::select! {
                () = self.stopping.cancelled() => return None,
                signal = self.signals.recv() => signal,
            };
            match signal {
                Ok(Signal::Message { project, id, state }) if *project == *self.project => {
                    return Some(Told::state_of("message", id, state.name()));
                }
                Ok(Signal::Delivery { project, id, state }) if *project == *self.project => {
                    return Some(Told::state_of("delivery", id, state.name()));
                }
                Ok(Signal::Incident { project, id, state }) if *project == *self.project => {
                    return Some(Told::state_of("incident", id, state.name()));
                }
                Ok(Signal::Action { project, id, state }) if *project == *self.project => {
                    return Some(Told::state_of("action", id, state.name()));
                }
                Ok(Signal::Run { project, id, workflow, state }) if *project == *self.project => {
                    let (id, state) = (id.to_string(), state.name());
                    let data = json!({ "id": id, "workflow": workflow, "state": state });
                    return Some(Told { name: "run", data });
                }
                Ok(Signal::Audit { project, id })
                    if self.hears_audit && *project == *self.project =>
                {
                    return Some(Told { name: "audit", data: json!({ "id": id.to_string() }) });
                }
                Ok(Signal::Submission { project, id, form }) if *project == *self.project => {
                    let data = json!({ "id": id.to_string(), "form": form });
                    return Some(Told { name: "submission", data });
                }
                Ok(Signal::Case { project, id, case_type }) if *project == *self.project => {
                    let data = json!({ "id": id, "type": case_type });
                    return Some(Told { name: "case", data });
                }
                Ok(Signal::Configuration(project)) if *project == *self.project => {
                    return Some(Told { name: "configuration", data: json!({}) });
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    return Some(Told { name: LAGGED, data: json!({ "missed": missed }) });
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::message::MessageState;
    use tokio::sync::broadcast;

    use super::*;

    #[tokio::test]
    async fn who_misses_something_is_told_so() {
        let (sender, signals) = broadcast::channel(2);
        let stopping = CancellationToken::new();
        let mut listener = Listener {
            project: "clinic".to_owned(),
            signals,
            stopping: stopping.clone(),
            gathered: None,
            hears_audit: false,
        };
        let audit = Signal::Audit { project: "clinic".into(), id: Uuid::from_u128(9) };
        let message = |project: &str, number| Signal::Message {
            project: project.into(),
            id: Uuid::from_u128(number),
            state: MessageState::Kept,
        };
        for number in 0..5 {
            sender.send(message("clinic", number)).unwrap();
        }
        let lagged = Told { name: "lagged", data: json!({ "missed": 3 }) };
        assert_eq!(listener.next().await, Some(lagged));
        let told = |number| Some(Told::state_of("message", Uuid::from_u128(number), "kept"));
        assert_eq!(listener.next().await, told(3));
        assert_eq!(listener.next().await, told(4));
        sender.send(message("north", 5)).unwrap();
        sender.send(message("clinic", 6)).unwrap();
        assert_eq!(listener.next().await, told(6));
        // Of the audit log those hear who may read it.
        sender.send(audit.clone()).unwrap();
        sender.send(message("clinic", 7)).unwrap();
        assert_eq!(listener.next().await, told(7));
        listener.hears_audit = true;
        sender.send(audit).unwrap();
        let id = Uuid::from_u128(9).to_string();
        let noted = Told { name: "audit", data: json!({ "id": id }) };
        assert_eq!(listener.next().await, Some(noted));
        stopping.cancel();
        assert_eq!(listener.next().await, None);
    }

    #[test]
    fn events_of_a_kind_are_told_together() {
        let every = Duration::from_secs(1);
        let mut gathered = Gathered::new(every);
        let begun = Instant::now();
        let message = |number| Told::state_of("message", Uuid::from_u128(number), "kept");
        let told = |number, count: u64| {
            let id = Uuid::from_u128(number).to_string();
            let data = json!({ "id": id, "state": "kept", "count": count });
            Some(Told { name: "message", data })
        };
        assert_eq!(gathered.next(begun), None);
        gathered.add(message(1));
        assert_eq!(gathered.next(begun), Some(("message", begun)), "the first is told at once");
        assert_eq!(gathered.take("message", begun), told(1, 1));
        for number in 2..=50 {
            gathered.add(message(number));
        }
        assert_eq!(gathered.next(begun), Some(("message", begun + every)));
        gathered.add(Told { name: "configuration", data: json!({}) });
        let next = gathered.next(begun);
        assert_eq!(next, Some(("configuration", begun)), "another kind does not wait for this one");
        let configured = Told { name: "configuration", data: json!({ "count": 1 }) };
        assert_eq!(gathered.take("configuration", begun), Some(configured));
        assert_eq!(gathered.take("message", begun + every), told(50, 49));
        assert_eq!(gathered.next(begun + every), None);
        assert_eq!(gathered.take("message", begun), None);
    }

    #[tokio::test]
    async fn whoever_gathers_hears_the_first_at_once() {
        let (sender, signals) = broadcast::channel(2);
        let stopping = CancellationToken::new();
        let gathered = Some(Gathered::new(Duration::from_hours(1)));
        let project = "clinic".to_owned();
        let mut listener =
            Listener { project, signals, stopping: stopping.clone(), gathered, hears_audit: false };
        let message = |number| Signal::Message {
            project: "clinic".into(),
            id: Uuid::from_u128(number),
            state: MessageState::Kept,
        };
        sender.send(message(1)).unwrap();
        assert_eq!(listener.next().await.unwrap().data["count"], 1);
        for number in 2..=6 {
            sender.send(message(number)).unwrap();
        }
        // That some were missed is told at once, however long the others wait.
        let lagged = Told { name: "lagged", data: json!({ "missed": 3 }) };
        assert_eq!(listener.next().await, Some(lagged));
        stopping.cancel();
        assert_eq!(listener.next().await, None);
    }

    #[test]
    fn a_pace_has_bounds() {
        for (text, is_one) in
            [("100ms", true), ("99ms", false), ("1m", true), ("61s", false), ("often", false)]
        {
            let pace = Pace { at_most_every: Some(text.to_owned()) };
            assert_eq!(pace.read().is_ok(), is_one, "{text}");
        }
        assert_eq!(Pace { at_most_every: None }.read().ok(), Some(None));
    }
}
