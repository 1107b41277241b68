//! Deliver: claims what is due, lane by lane, and makes the calls.
//!
//! One task, the dispatcher, holds the lanes' bookkeeping. It wakes when a hint says that a lane
//! may have something due, when a call is done, when a claim answers, and at every poll; then it
//! starts what it may start, and asks the store for more where there is room. One claim at a time
//! is under way, for all lanes together: what becomes due meanwhile makes the next one larger, so
//! that under load a transaction serves many deliveries.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::event::Event as DeliveryEvent;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{Asking, Call, Exchange, Prepared, TableCall};
use fieldpost_rules::{order, retry};
use fieldpost_store::{Claimed, Claims, Lane, Release, Signal, StoreError};
use futures_util::FutureExt;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::carried;
use crate::hub::Hub;
use crate::lanes::breaker::Feedback;
use crate::lanes::{LaneDefinition, Lanes, Ready};
use crate::parking::Returned;
use crate::rendering::Rendered;
use crate::routing::{Lane as RoutedLane, ProjectRouting};
use crate::{standing_order, telemetry};

/// The pause after a claim that failed, before the store is asked again.
const AFTER_FAILED_CLAIM: Duration = Duration::from_millis(250);
/// What must be left of a lease beyond the call's own time limit, to begin the call at all.
const LEASE_RESERVE: Duration = Duration::from_secs(5);

/// What comes back to the dispatcher.
enum Event {
    /// A call is done, its record may still be on its way.
    Done { lane: Lane, feedback: Feedback, is_probe: bool },
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
        let lanes = Lanes::new(hub.settings().breaker);
        Self {
            hub,
            lanes,
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
        let hub = self.hub.clone();
        self.define_lanes();
        loop {
            self.start_calls();
            self.ask_for_more();
            let look = self.next_look();
            tokio::select! {
                () = hub.stopping().cancelled() => break,
                event = self.events.recv() => self.take_event(event),
                signal = self.signals.recv() => self.take_signal(signal),
                () = hub.routing_changed() => self.define_lanes(),
                _ = poll.tick() => {
                    let now = Instant::now();
                    self.lanes.hint_all(now);
                    self.hub.show_lanes(self.lanes.standings(now));
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
                let definition = LaneDefinition {
                    concurrency: connection.concurrency,
                    timeout: connection.timeout,
                    rate: connection.rate,
                    paused: self.hub.holds_back(project, connection),
                };
                (lane, definition)
            })
        });
        self.lanes.define(connections, Instant::now());
        self.give_up_unsendable();
    }

    /// Gives back what is held ready and cannot be sent soon.
    fn give_up_unsendable(&mut self) {
        let unsendable = self.lanes.give_up_unsendable(Instant::now());
        self.release_aside(unsendable);
    }

    /// Gives claims back while the dispatcher goes on.
    fn release_aside(&self, claims: Vec<Claimed>) {
        if !claims.is_empty() {
            let hub = self.hub.clone();
            self.hub.spawn(async move { release(&hub, claims).await });
        }
    }

    fn take_signal(&mut self, signal: Result<Signal, broadcast::error::RecvError>) {
        let now = Instant::now();
        match signal {
            Ok(signal) => {
                self.take_lane_signal(&signal, now);
                self.take_waiting_signals(now);
            }
            Err(broadcast::error::RecvError::Lagged(_)) => self.lanes.hint_all(now),
            Err(broadcast::error::RecvError::Closed) => {}
        }
    }

    fn take_lane_signal(&mut self, signal: &Signal, now: Instant) {
        match signal {
            Signal::Due(lane) => self.lanes.hint(lane, now),
            Signal::TryNow(lane) => self.lanes.try_now(lane, now),
            Signal::Message { .. }
            | Signal::Delivery { .. }
            | Signal::Incident { .. }
            | Signal::Action { .. }
            | Signal::Audit { .. }
            | Signal::Submission { .. }
            | Signal::Case { .. }
            | Signal::Run { .. }
            | Signal::CancelRun { .. }
            | Signal::Configuration(_) => {}
        }
    }

    /// Takes in the hints that wait already, so that a burst of messages is one look at the store.
    fn take_waiting_signals(&mut self, now: Instant) {
        loop {
            match self.signals.try_recv() {
                Ok(signal) => self.take_lane_signal(&signal, now),
                Err(broadcast::error::TryRecvError::Lagged(_)) => self.lanes.hint_all(now),
                Err(_) => return,
            }
        }
    }

    fn take_event(&mut self, event: Option<Event>) {
        let mut next = event;
        while let Some(event) = next {
            match event {
                Event::Done { lane, feedback, is_probe } => {
                    self.call_done(&lane, feedback, is_probe);
                }
                Event::Claimed(Ok(claims), asked_at) => {
                    self.claiming = false;
                    let Claims { claimed, outlook } = claims;
                    let homeless = self.lanes.take_in(claimed, outlook, asked_at, Instant::now());
                    self.release_aside(homeless);
                    // A breaker may have opened while the store was asked.
                    self.give_up_unsendable();
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

    fn call_done(&mut self, lane: &Lane, feedback: Feedback, is_probe: bool) {
        let now = Instant::now();
        if !self.lanes.done(lane, feedback, is_probe, now) {
            return;
        }
        self.give_up_unsendable();
        let standings = self.lanes.standings(now);
        if let Some(standing) = standings.get(lane) {
            telemetry::breaker_changed(lane, standing);
        }
        self.hub.show_lanes(standings);
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
            let mut answer = ClaimAnswer { claims: None, asked_at: now, sender };
            answer.claims = Some(hub.store().claim(demands).await);
        });
    }

    fn next_look(&self) -> Option<Instant> {
        if self.claiming {
            return None;
        }
        let most = self.hub.settings().delivery_concurrency;
        self.lanes.next_look(most, Instant::now()).map(|look| look.max(self.not_before))
    }

    fn start_calls(&mut self) {
        let most = self.hub.settings().delivery_concurrency;
        while let Some(ready) = self.lanes.start_one(most, Instant::now()) {
            let (hub, sender) = (self.hub.clone(), self.sender.clone());
            let abandon = self.abandon.clone();
            self.hub.spawn(async move {
                let Claimed { lane, id, .. } = &ready.claimed;
                let (id, back) = (*id, vec![Back::from(&ready.claimed)]);
                let done = Done {
                    lane: lane.clone(),
                    feedback: Feedback::Nothing,
                    is_probe: ready.is_probe,
                    sender,
                };
                let delivering = deliver_one(&hub, ready, done, &abandon);
                if AssertUnwindSafe(delivering).catch_unwind().await.is_err() {
                    // A fault of ours in one delivery must not hold it until the next start.
                    tracing::error!(delivery = %id, "delivery {id} failed inside the hub");
                    give_back(&hub, back).await;
                }
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

/// Tells the dispatcher what a claim came to, however its task ends.
struct ClaimAnswer {
    claims: Option<Result<Claims, StoreError>>,
    asked_at: Instant,
    sender: mpsc::UnboundedSender<Event>,
}

impl Drop for ClaimAnswer {
    fn drop(&mut self) {
        let claims = self.claims.take().unwrap_or_else(|| {
            Err(StoreError::Unavailable("the claim ended without an answer".to_owned()))
        });
        // A dispatcher that has gone meanwhile has no use for it: the leases run out.
        drop(self.sender.send(Event::Claimed(claims, self.asked_at)));
    }
}

/// Tells the dispatcher that a call is done, however it ends, and what it says of the destination.
struct Done {
    lane: Lane,
    feedback: Feedback,
    is_probe: bool,
    sender: mpsc::UnboundedSender<Event>,
}

impl Drop for Done {
    fn drop(&mut self) {
        // Without a dispatcher there is nobody to tell.
        let Self { lane, feedback, is_probe, .. } = self;
        let done = Event::Done { lane: lane.clone(), feedback: *feedback, is_probe: *is_probe };
        drop(self.sender.send(done));
    }
}

/// What an exchange says of its destination. One that refuses a payload is well.
fn feedback(exchange: &Exchange, now: Timestamp) -> Feedback {
    let no_answer = |kind: ErrorKind| match kind {
        ErrorKind::Build | ErrorKind::Refused | ErrorKind::Interrupted => Feedback::Nothing,
        _ => Feedback::Trouble,
    };
    match (&exchange.error, &exchange.response) {
        (None, _) => Feedback::Well,
        (Some(error), Some(response)) if error.kind == ErrorKind::Status => {
            let asked = exchange.retry_after.as_deref();
            let asked = asked.and_then(|header| retry::retry_after(header, now));
            match (response.status, asked) {
                (429 | 503, Some(until)) => Feedback::Asked(until.since(now)),
                (408 | 425 | 429, _) => Feedback::Trouble,
                (status, _) if (400..500).contains(&status) => Feedback::Well,
                _ => Feedback::Trouble,
            }
        }
        (Some(error), _) => no_answer(error.kind),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// What is needed to give a claim back.
struct Back {
    release: Release,
    forwarder: String,
}

impl From<&Claimed> for Back {
    fn from(claimed: &Claimed) -> Self {
        let Claimed { lane, id, fence, forwarder, sequence, .. } = claimed;
        Self {
            release: Release {
                lane: lane.clone(),
                delivery: *id,
                fence: *fence,
                sequence: sequence.clone(),
            },
            forwarder: forwarder.clone(),
        }
    }
}

async fn release(hub: &Hub, claims: Vec<Claimed>) {
    give_back(hub, claims.iter().map(Back::from).collect()).await;
}

/// Gives claims back. Their forwarders may have been led elsewhere since they were made.
async fn give_back(hub: &Hub, backs: Vec<Back>) {
    if backs.is_empty() {
        return;
    }
    let releases = backs.iter().map(|back| back.release.clone()).collect();
    if let Err(error) = hub.store().release(releases).await {
        tracing::warn!(%error, "claims could not be given back; their leases run out by themselves");
        return;
    }
    for Back { release, forwarder } in &backs {
        hub.check_place(Returned {
            lane: &release.lane,
            delivery: release.delivery,
            forwarder,
            sequence: release.sequence.as_deref(),
        });
    }
}

/// Makes one call and has it recorded.
async fn deliver_one(hub: &Hub, ready: Ready, mut done: Done, abandon: &CancellationToken) {
    let Ready { mut claimed, lease_ends, .. } = ready;
    let Some(project) = project_of(hub, &claimed).await else {
        return release(hub, vec![claimed]).await;
    };
    let order_of_call = (claimed.event == DeliveryEvent::Call).then(|| {
        standing_order::order(&claimed.forwarder, &claimed.lane.name, hub.settings().call_patience)
    });
    let found = order_of_call.as_ref().or_else(|| project.forwarder(&claimed.forwarder));
    let Some(forwarder) = found else {
        return end_orphan(hub, claimed).await;
    };
    if forwarder.paused {
        let lane = Lane { name: Lane::parking(&forwarder.name), ..claimed.lane.clone() };
        return release(hub, vec![Claimed { lane, ..claimed }]).await;
    }
    let Some(RoutedLane { connection, prepared }) = project.connections.get(&claimed.lane.name)
    else {
        // Removed since it was claimed: it will be moved to where its forwarder sends now.
        return release(hub, vec![claimed]).await;
    };
    if hub.holds_back(&project, connection) {
        // Paused since it was claimed: it waits in its lane.
        return release(hub, vec![claimed]).await;
    }
    // Both are given back when the record is written: what is sent and not yet recorded is bounded.
    let Ok(_unrecorded) = Arc::clone(&hub.bounds().unrecorded).acquire_owned().await else {
        return;
    };
    let Some(_payload) = carried::load(hub, &mut claimed).await else {
        return release(hub, vec![claimed]).await;
    };
    let rendered = match carried::render(hub, &project, forwarder, &claimed).await {
        Ok(rendered) => rendered,
        Err(error) => {
            tracing::warn!(%error, "a payload could not be written; its delivery waits");
            return release(hub, vec![claimed]).await;
        }
    };
    let needed = connection.timeout + LEASE_RESERVE;
    if lease_ends.saturating_duration_since(Instant::now()) < needed {
        // It waited too long behind slow calls; whoever claims it next has the time.
        return release(hub, vec![claimed]).await;
    }
    let started_at = hub.now();
    let call = call(hub, prepared, forwarder, &claimed, rendered.as_ref());
    let exchange = tokio::select! {
        exchange = call => Some(exchange),
        () = abandon.cancelled() => None,
    };
    let own_body = || {
        let body = rendered.ok().map(|rendered| rendered.body);
        body.filter(|body| !body.is_payload).map(|body| body.bytes)
    };
    let Some(exchange) = exchange else {
        drop(done);
        return hub.record_interrupted(claimed, forwarder, started_at, own_body()).await;
    };
    done.feedback = feedback(&exchange, hub.now());
    drop(done);
    let own_body = own_body();
    hub.record_exchange(claimed, forwarder, started_at, exchange, own_body).await;
}

/// The project's definitions, at least as new as those that the delivery was claimed under:
/// another hub may have saved some that this one has not read yet.
async fn project_of(hub: &Hub, claimed: &Claimed) -> Option<Arc<ProjectRouting>> {
    let name = &claimed.lane.project;
    let known = hub.routing().project(name).cloned();
    let version = known.as_ref().map(|project| project.version);
    if version.is_some_and(|version| version >= claimed.configuration_version) {
        return known;
    }
    if let Err(error) = hub.refresh_beyond(name, version).await {
        tracing::warn!(%error, "the definitions of `{name}` could not be read; trying again");
        return None;
    }
    hub.routing().project(name).cloned()
}

/// A delivery whose forwarder is no more is given back, where nobody claims it, and ended. Whoever
/// removed the forwarder ends all others of it.
async fn end_orphan(hub: &Hub, claimed: Claimed) {
    let (project, forwarder) = (claimed.lane.project.clone(), claimed.forwarder.clone());
    let id = claimed.id;
    let lane = Lane { project: project.clone(), name: Lane::parking(&forwarder) };
    release(hub, vec![Claimed { lane, ..claimed }]).await;
    if let Err(error) = hub.cancel_orphans(&project, &forwarder, &[id]).await {
        tracing::warn!(%error, "delivery {id} of the removed `{forwarder}` could not be ended yet");
    }
}

async fn call(
    hub: &Hub,
    prepared: &Result<Prepared, AttemptError>,
    forwarder: &fieldpost_model::forwarder::Forwarder,
    claimed: &Claimed,
    rendered: Result<&Rendered, &String>,
) -> Exchange {
    let unbuildable = |message: String| {
        Exchange::unsent(Duration::ZERO, AttemptError { kind: ErrorKind::Build, message })
    };
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(reason) => return unbuildable(reason.clone()),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Exchange::unsent(Duration::ZERO, error.clone()),
    };
    if let Some(rows) = &rendered.body.rows {
        let call = TableCall { rows, body: rendered.body.bytes.clone() };
        return hub.outbound().write_table(prepared, call).await;
    }
    let mut headers = rendered.headers(forwarder);
    if let Some(original) = claimed.resend_of {
        headers.push(("fieldpost-resend-of".to_owned(), original.to_string()));
    }
    headers.push((order::HOPS_HEADER.to_owned(), claimed.hops.saturating_add(1).to_string()));
    if claimed.origin == DeliveryOrigin::Replay {
        headers.push(("fieldpost-replay".to_owned(), "true".to_owned()));
    }
    let call = Call {
        method: forwarder.method,
        query: &rendered.query(forwarder),
        headers: &headers,
        content_type: rendered.body.content_type.as_deref(),
        body: rendered.body.bytes.clone(),
        delivery_id: claimed.id,
        now: hub.now(),
        asking: rendered
            .asked
            .as_ref()
            .map(|asked| Asking { method: asked.method, path: &asked.path }),
    };
    let mut exchange = hub.outbound().send(prepared, call).await;
    if let Some(asked) = &rendered.asked {
        asked.hidden.take_out_of(&mut exchange);
    }
    exchange
}
