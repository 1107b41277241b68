//! What happens, as it happens: server-sent events.
//!
//! Events are hints. One who is too slow misses some and is told so by the event `lagged`; one who
//! wants to be sure looks at the lists again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use fieldpost_store::Signal;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use super::principal::Caller;
use crate::app::Shared;
use crate::problem::Problem;

/// How long a quiet stream goes without a sign of life: less than proxies wait for one.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How often it is looked whether the listener may still listen.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What happens in a project, live
///
/// A stream of server-sent events. `message`: a message came in; `delivery`: a delivery was made
/// or changed its state; `incident`: trouble was noticed, told of again, or is over; the data of all
/// is `{"id": …, "state": …}`. `lagged`: some events were missed, `{"missed": 3}`; look at the lists
/// again.
#[utoipa::path(
    get,
    path = "/projects/{project}/events",
    operation_id = "watch_events",
    tag = "hub",
    responses(
        (status = 200, description = "The events", content_type = "text/event-stream"),
        Problem,
    ),
)]
pub(super) async fn events(
    State(app): State<Shared>,
    caller: Caller,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // Listening begins before the answer does: what happens after the first byte is told.
    let signals = app.hub.store().listen();
    app.hub.project(&project).await?;
    let stopping = app.stopping.clone();
    let listener = Listener { project: project.clone(), signals, stopping };
    let watch = Watch { app, caller, project, looked_at: Instant::now() };
    let events = unfold((listener, watch), async |(mut listener, mut watch)| {
        let Told { name, data } = watch.next_of(&mut listener).await?;
        Some((Ok(Event::default().event(name).data(data.to_string())), (listener, watch)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

/// Whether the listener may still listen: a stream lasts for hours, and access may be taken away
/// within them.
struct Watch {
    app: Shared,
    caller: Caller,
    project: String,
    looked_at: Instant,
}

impl Watch {
    /// The next event; none where there is nothing more to tell, or not to this one.
    async fn next_of(&mut self, listener: &mut Listener) -> Option<Told> {
        loop {
            let told = tokio::time::timeout_at(self.looked_at + LOOK_AGAIN, listener.next()).await;
            if self.looked_at.elapsed() >= LOOK_AGAIN {
                if !self.is_allowed().await {
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
    async fn is_allowed(&self) -> bool {
        match self.caller.again(&self.app).await {
            Ok(Some(principal)) => principal.access(&self.project).is_some(),
            Ok(None) => false,
            Err(error) => error.is_temporary(),
        }
    }
}

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

struct Listener {
    project: String,
    signals: Receiver<Signal>,
    stopping: CancellationToken,
}

impl Listener {
    /// The next event of the project; `None` when the hub stops.
    async fn next(&mut self) -> Option<Told> {
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
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    return Some(Told { name: "lagged", data: json!({ "missed": missed }) });
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
        let mut listener =
            Listener { project: "clinic".to_owned(), signals, stopping: stopping.clone() };
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
        stopping.cancel();
        assert_eq!(listener.next().await, None);
    }
}
