//! Deliver: claims what is due, lane by lane, and makes the calls.
//!
//! One task, the dispatcher, holds the lanes' bookkeeping. It wakes when a hint says that a lane
//! may have something due, when a call is done, when a claim answers, and at every poll; then it
//! starts what it may start, and asks the store for more where there is room. One claim at a time
//! is under way, for all lanes together: what becomes due meanwhile makes the next one larger, so
//! that under load a transaction serves many deliveries.

use std::time::{Duration, Instant};

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_outbound::{Call, Exchange};
use fieldpost_store::{Claims, Lane, Release, Signal, StoreError};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::lanes::{Lanes, Ready};
use crate::payload::{self, Body};
use crate::routing::ProjectRouting;

/// The pause after a claim that failed, before the store is asked again.
const AFTER_FAILED_CLAIM: Duration = Duration::from_millis(250);
/// What must be left of a lease beyond the call's own time limit, to begin the call at all.
const LEASE_RESERVE: Duration = Duration::from_secs(5);

/// What comes back to the dispatcher.
enum Event {
    /// A call is done, its record may still be on its way.
    Done(Lane),
    /// A claim has answered.
    Claimed(Result<Claims, StoreError>, Instant),
}

/// The task that delivers.
pub(crate) struct Dispatcher {
    hub: Hub,
    lanes: Lanes,
    signals: broadcast::Receiver<Signal>,
    events: mpsc::UnboundedReceiver<Event>,
    sender: mpsc::UnboundedSender<Event>,
    claiming: bool,
    /// No claim before this time.
    not_before: Instant,
    /// Cancelled when the calls under way have had their time.
    abandon: CancellationToken,
}

impl Dispatcher {
    pub(crate) fn new(hub: Hub) -> Self {
        // The events are bounded by the calls and the one claim under way.
        let (sender, events) = mpsc::unbounded_channel();
        let signals = hub.store().listen();
        Self {
            hub,
            lanes: Lanes::default(),
            signals,
            events,
            sender,
            claiming: false,
            not_before: Instant::now(),
            abandon: CancellationToken::new(),
        }
    }

    pub(crate) async fn serve(mut self) {
        let mut poll = tokio::time::interval(self.hub.settings().poll_interval);
        self.define_lanes();
        loop {
            self.start_calls();
            self.ask_for_more();
            let look = self.next_look();
            tokio::select! {
                () = self.hub.stopping().clone().cancelled_owned() => break,
                event = self.events.recv() => self.take_event(event),
                signal = self.signals.recv() => self.take_signal(signal),
                _ = poll.tick() => {
                    self.define_lanes();
                    self.lanes.hint_all(Instant::now());
                }
                () = sleep_until(look) => {}
            }
        }
        self.wind_up().await;
    }

    fn define_lanes(&mut self) {
        let routing = self.hub.routing();
        let connections = routing.projects().flat_map(|project| {
            project.definition.connections.iter().map(|connection| {
                let lane = Lane { project: project.project.clone(), name: connection.name.clone() };
                (lane, connection.concurrency, connection.timeout)
            })
        });
        self.lanes.define(connections, Instant::now());
    }

    fn take_signal(&mut self, signal: Result<Signal, broadcast::error::RecvError>) {
        let now = Instant::now();
        match signal {
            Ok(Signal::Due(lane)) => {
                self.lanes.hint(&lane, now);
                self.take_waiting_signals(now);
            }
            Ok(Signal::Configuration(_)) => self.define_lanes(),
            Err(broadcast::error::RecvError::Lagged(_)) => self.lanes.hint_all(now),
            Ok(Signal::Message { .. } | Signal::Delivery { .. })
            | Err(broadcast::error::RecvError::Closed) => {}
        }
    }

    /// Takes in the hints that wait already, so that a burst of messages is one look at the store.
    fn take_waiting_signals(&mut self, now: Instant) {
        loop {
            match self.signals.try_recv() {
                Ok(Signal::Due(lane)) => self.lanes.hint(&lane, now),
                Ok(Signal::Configuration(_)) => self.define_lanes(),
                Ok(Signal::Message { .. } | Signal::Delivery { .. }) => {}
                Err(broadcast::error::TryRecvError::Lagged(_)) => self.lanes.hint_all(now),
                Err(_) => return,
            }
        }
    }

    fn take_event(&mut self, event: Option<Event>) {
        let mut next = event;
        while let Some(event) = next {
            match event {
                Event::Done(lane) => self.lanes.done(&lane),
                Event::Claimed(Ok(claims), asked_at) => {
                    self.claiming = false;
                    let Claims { claimed, outlook } = claims;
                    self.lanes.take_in(claimed, outlook, asked_at, Instant::now());
                }
                Event::Claimed(Err(error), _) => {
                    self.claiming = false;
                    tracing::warn!(%error, "due deliveries could not be claimed; trying again");
                    self.not_before = Instant::now() + AFTER_FAILED_CLAIM;
                    self.lanes.hint_all(self.not_before);
                }
            }
            next = self.events.try_recv().ok();
        }
    }

    fn ask_for_more(&mut self) {
        let now = Instant::now();
        if self.claiming || now < self.not_before {
            return;
        }
        let demands = self.lanes.demands(now);
        if demands.is_empty() {
            return;
        }
        self.claiming = true;
        let (hub, sender) = (self.hub.clone(), self.sender.clone());
        self.hub.spawn(async move {
            let claims = hub.store().claim(demands).await;
            // A dispatcher that has gone meanwhile has no use for it: the leases run out.
            drop(sender.send(Event::Claimed(claims, now)));
        });
    }

    fn next_look(&self) -> Option<Instant> {
        if self.claiming {
            return None;
        }
        self.lanes.next_look().map(|look| look.max(self.not_before))
    }

    fn start_calls(&mut self) {
        let most = self.hub.settings().delivery_concurrency;
        while let Some(ready) = self.lanes.start_one(most) {
            let (hub, sender) = (self.hub.clone(), self.sender.clone());
            let abandon = self.abandon.clone();
            self.hub.spawn(async move {
                let lane = ready.claimed.lane.clone();
                let done = OnDrop(Some((lane, sender)));
                deliver_one(&hub, ready, done, &abandon).await;
            });
        }
    }

    /// Gives back what is held ready, waits for the calls under way for as long as the setting
    /// says, and has the rest given back.
    async fn wind_up(mut self) {
        let deadline = tokio::time::Instant::now() + self.hub.settings().stop_timeout;
        let mut overdue = false;
        while self.lanes.under_way() > 0 || self.claiming {
            release(&self.hub, self.lanes.give_up_ready()).await;
            tokio::select! {
                event = self.events.recv() => self.take_event(event),
                () = tokio::time::sleep_until(deadline), if !overdue => {
                    overdue = true;
                    self.abandon.cancel();
                }
            }
        }
        release(&self.hub, self.lanes.give_up_ready()).await;
    }
}

/// Tells the dispatcher that a call is done, however it ends.
struct OnDrop(Option<(Lane, mpsc::UnboundedSender<Event>)>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some((lane, sender)) = self.0.take() {
            // Without a dispatcher there is nobody to tell.
            drop(sender.send(Event::Done(lane)));
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

async fn release(hub: &Hub, claims: Vec<fieldpost_store::Claimed>) {
    let releases: Vec<Release> = claims
        .into_iter()
        .map(|claim| Release { lane: claim.lane, delivery: claim.id, fence: claim.fence })
        .collect();
    if !releases.is_empty()
        && let Err(error) = hub.store().release(releases).await
    {
        tracing::warn!(%error, "claims could not be given back; their leases run out by themselves");
    }
}

/// Makes one call and has it recorded.
async fn deliver_one(hub: &Hub, ready: Ready, done: OnDrop, abandon: &CancellationToken) {
    let Ready { claimed, lease_ends } = ready;
    let routing = hub.routing();
    let Some(project) = routing.project(&claimed.lane.project) else {
        return release(hub, vec![claimed]).await;
    };
    let Some(forwarder) = project.forwarder(&claimed.forwarder) else {
        let gone = format!("the forwarder \"{}\" has been removed", claimed.forwarder);
        return hub.record_orphan(claimed, gone).await;
    };
    if forwarder.paused {
        let lane = Lane { name: Lane::parking(&forwarder.name), ..claimed.lane.clone() };
        return release(hub, vec![fieldpost_store::Claimed { lane, ..claimed }]).await;
    }
    let timeout = project.connections.get(&claimed.lane.name).map(|lane| lane.connection.timeout);
    let needed = timeout.unwrap_or_default() + LEASE_RESERVE;
    if lease_ends.saturating_duration_since(Instant::now()) < needed {
        // It waited too long behind slow calls; whoever claims it next has the time.
        return release(hub, vec![claimed]).await;
    }
    let started_at = hub.now();
    let body = payload::body(forwarder.format, &claimed, project);
    let call = call(hub, project, forwarder, &claimed, body.as_ref());
    let exchange = tokio::select! {
        exchange = call => exchange,
        () = abandon.cancelled() => return release(hub, vec![claimed]).await,
    };
    drop(done);
    let own_body = body.ok().filter(|body| !body.is_payload).map(|body| body.bytes);
    hub.record_exchange(claimed, forwarder, started_at, exchange, own_body).await;
}

async fn call(
    hub: &Hub,
    project: &ProjectRouting,
    forwarder: &fieldpost_model::forwarder::Forwarder,
    claimed: &fieldpost_store::Claimed,
    body: Result<&Body, &String>,
) -> Exchange {
    let unbuildable = |message: String| {
        Exchange::unsent(Duration::ZERO, AttemptError { kind: ErrorKind::Build, message })
    };
    let body = match body {
        Ok(body) => body,
        Err(reason) => return unbuildable(reason.clone()),
    };
    let prepared = match project.connections.get(&claimed.lane.name).map(|lane| &lane.prepared) {
        Some(Ok(prepared)) => prepared,
        Some(Err(error)) => return Exchange::unsent(Duration::ZERO, error.clone()),
        None => {
            let name = &claimed.lane.name;
            return unbuildable(format!("the connection \"{name}\" has been removed"));
        }
    };
    let mut headers = forwarder.headers.clone();
    if let Some(original) = claimed.resend_of {
        headers.push(("fieldpost-resend-of".to_owned(), original.to_string()));
    }
    let call = Call {
        method: forwarder.method,
        query: &forwarder.query,
        headers: &headers,
        content_type: body.content_type.as_deref(),
        body: body.bytes.clone(),
        delivery_id: claimed.id,
        now: hub.now(),
    };
    hub.outbound().send(prepared, call).await
}
