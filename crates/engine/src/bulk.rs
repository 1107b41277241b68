//! Acting on many: retry, cancel, requeue and resend over a filter, and replay over a time range.
//!
//! What a person asks for is kept as an action, and worked off here in small steps, so that it
//! holds up nobody, survives a crash, and can be watched and stopped. Any hub takes what nobody is
//! at; the store makes sure that each delivery is dealt with once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::delivery::{Delivery, DeliveryOrigin};
use fieldpost_model::event::Event;
use fieldpost_model::message::{Message, MessageState};
use fieldpost_rules::delivery::{Action, Transition, apply, apply_to};
use fieldpost_store::{
    BulkAction, BulkChange, BulkKind, BulkState, DeliveryQuery, HeldAction, Replay, Replayed,
    StateCount, StoreError, Stretch,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

use crate::asked::Asked;
use crate::error::HubError;
use crate::events::Kept;
use crate::hub::Hub;
use crate::ids::{new_id, new_id_after};
use crate::looking::ContentQuery;
use crate::replay_query::ReplayQuery;
use crate::routing::ProjectRouting;
use crate::run_bulk::RunAction;
use crate::{matching, receive};

/// How long an action stays with a hub that gives no sign of life.
const LEASE: Duration = Duration::from_secs(30);
/// Actions that one hub is at.
const MOST_AT_ONCE: usize = 8;
/// Deliveries or messages that are read at once.
const PAGE: usize = 500;
/// Messages of a replay that are read at once: each is looked into.
const REPLAY_PAGE: usize = 100;
/// Deliveries that one transaction changes: so few that nobody waits for it noticeably.
const STEP: usize = 50;
/// The pause between two steps, in which others write.
pub(crate) const BREATH: Duration = Duration::from_millis(2);
/// The pause before a step is done again that the store could not take.
const STEP_AGAIN: Duration = Duration::from_millis(250);
/// Steps in a second, so that a rate is kept within each second as well.
const STEPS_PER_SECOND: usize = 10;
/// How often somebody who waits for the end of an action looks.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// How many deliveries a replay makes in a second where nobody says.
pub const DEFAULT_REPLAY_RATE: u32 = 50;

/// What an action would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkPreview {
    /// Deliveries that it would touch; for a replay, messages that it would look at.
    pub matched: u64,
    /// Deliveries whose state does not allow it.
    pub passed_over: u64,
    /// Of the deliveries that it would touch, how many stand in each state, by its name.
    pub states: BTreeMap<&'static str, u64>,
    /// How many of them were made by a resend or a replay.
    pub copies: u64,
}

/// What a replay does with the messages of its range.
#[derive(Clone)]
struct Wanted {
    /// The forwarder that they are matched with.
    forwarder: String,
    /// What they must have in them.
    content: Arc<ContentQuery>,
}

/// How the work on an action came to an end here.
pub(crate) enum End {
    /// All was looked at.
    Done,
    /// It was stopped, or another hub is at it.
    NotOurs,
    /// This hub stops: another one, or its next start, goes on.
    Stopping,
    /// It cannot go on.
    Failed(String),
}

/// Works off actions, for as long as the hub runs.
pub(crate) async fn serve(hub: Hub) {
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            () = hub.bulk_started() => {}
            _ = poll.tick() => {}
        }
        while let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
            match hub.store().hold_bulk(LEASE).await {
                Ok(Some(held)) => hub.spawn(work_off(hub.clone(), held, permit)),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "actions could not be looked for; trying again");
                    break;
                }
            }
        }
    }
}

async fn work_off(hub: Hub, mut held: HeldAction, _room: OwnedSemaphorePermit) {
    let end = loop {
        let worked = match held.action.action {
            BulkKind::Replay => hub.replay_step_by_step(&mut held).await,
            kind => match RunAction::of_kind(kind) {
                Some(action) => hub.act_on_runs_step_by_step(&mut held, action).await,
                None => hub.act_step_by_step(&mut held).await,
            },
        };
        match worked {
            Ok(end) => break end,
            Err(HubError::Store(error)) if error.is_temporary() => {
                if hub.pause(STEP_AGAIN).await {
                    break End::Stopping;
                }
            }
            Err(error) => break End::Failed(error.to_string()),
        }
    };
    let (id, action) = (held.action.id, held.action.action);
    let store = hub.store();
    let written = match end {
        End::NotOurs => Ok(()),
        End::Stopping => store.release_bulk(&held).await,
        End::Done => {
            tracing::info!(%id, "the action {id} ({action}) has been worked off");
            store.finish_bulk(&held, None).await
        }
        End::Failed(reason) => {
            tracing::warn!(%id, "the action {id} ({action}) cannot go on: {reason}");
            store.finish_bulk(&held, Some(&reason)).await
        }
    };
    if let Err(error) = written {
        tracing::warn!(%error, %id, "the end of the action {id} could not be written; it is looked at again");
    }
}

/// The action that a person names, as the store keeps it.
const fn kind_of(action: Action) -> BulkKind {
    match action {
        Action::Retry => BulkKind::Retry,
        Action::Cancel => BulkKind::Cancel,
        Action::Requeue => BulkKind::Requeue,
        Action::Resend => BulkKind::Resend,
    }
}

/// The action of deliveries that is kept under this name; those of messages and runs are none.
const fn action_of(kind: BulkKind) -> Option<Action> {
    match kind {
        BulkKind::Retry => Some(Action::Retry),
        BulkKind::Cancel => Some(Action::Cancel),
        BulkKind::Requeue => Some(Action::Requeue),
        BulkKind::Resend => Some(Action::Resend),
        BulkKind::Replay | BulkKind::RetryRuns | BulkKind::CancelRuns => None,
    }
}

impl Hub {
    /// How many deliveries an action would touch, of those that are there now.
    pub async fn preview_action(
        &self,
        project: &str,
        action: Action,
        query: &DeliveryQuery,
    ) -> Result<BulkPreview, HubError> {
        self.count_for_action(project, action, query, new_id(self.now())).await
    }

    async fn count_for_action(
        &self,
        project: &str,
        action: Action,
        query: &DeliveryQuery,
        below: Uuid,
    ) -> Result<BulkPreview, HubError> {
        let counts = self.store().count_deliveries_by_state(project, query, below).await?;
        let mut preview = BulkPreview::default();
        for StateCount { state, holds, origin, count } in counts {
            let lets_go = action == Action::Cancel && holds;
            if lets_go || apply(action, state).is_ok() {
                preview.matched += count;
                *preview.states.entry(state.name()).or_default() += count;
                if origin != DeliveryOrigin::Event {
                    preview.copies += count;
                }
            } else {
                preview.passed_over += count;
            }
        }
        Ok(preview)
    }

    /// Begins to do what a person asks to every delivery that a query describes.
    pub async fn act_on_all(
        &self,
        project: &str,
        action: Action,
        query: &DeliveryQuery,
        asked: Asked,
    ) -> Result<BulkAction, HubError> {
        let routing = self.project(project).await?;
        // What comes later than the id is not part of what the person saw.
        let id = new_id(self.now());
        let preview = self.count_for_action(project, action, query, id).await?;
        self.begin(BulkAction {
            action: kind_of(action),
            filter: query.to_json(),
            matched: preview.matched,
            ..self.new_action(&routing, id, asked)
        })
        .await
    }

    /// How many messages a replay would look at, of those that are there now.
    pub async fn preview_replay(
        &self,
        project: &str,
        query: &ReplayQuery,
    ) -> Result<BulkPreview, HubError> {
        let below = new_id(self.now());
        let matched = self.store().count_messages(project, &query.messages, below).await?;
        Ok(BulkPreview { matched, ..BulkPreview::default() })
    }

    /// Begins to match messages again for one forwarder, oldest first. `rate` is how many
    /// deliveries are made in a second at most; 0 is no bound.
    pub async fn replay_all(
        &self,
        project: &str,
        forwarder: &str,
        query: &ReplayQuery,
        rate: u32,
        asked: Asked,
    ) -> Result<BulkAction, HubError> {
        let routing = self.project(project).await?;
        if routing.forwarder(forwarder).is_none() {
            return Err(HubError::not_found("forwarder", &forwarder));
        }
        let id = new_id(self.now());
        let matched = self.store().count_messages(project, &query.messages, id).await?;
        self.begin(BulkAction {
            action: BulkKind::Replay,
            filter: query.to_json(),
            forwarder: Some(forwarder.to_owned()),
            rate,
            matched,
            ..self.new_action(&routing, id, asked)
        })
        .await
    }

    pub(crate) fn new_action(
        &self,
        routing: &ProjectRouting,
        id: Uuid,
        asked: Asked,
    ) -> BulkAction {
        BulkAction {
            project: routing.project.clone(),
            id,
            action: BulkKind::Retry,
            filter: String::new(),
            forwarder: None,
            rate: 0,
            state: BulkState::Running,
            matched: 0,
            cursor: None,
            touched: 0,
            passed_over: 0,
            started_by: asked.by,
            created_at: self.now(),
            finished_at: None,
            last_error: None,
            reason: asked.reason,
        }
    }

    pub(crate) async fn begin(&self, action: BulkAction) -> Result<BulkAction, HubError> {
        self.store().start_bulk(&action).await?;
        self.bulk_was_started();
        Ok(action)
    }

    /// An action, as soon as it has ended, or as it stands after this time.
    pub async fn wait_for_action(
        &self,
        project: &str,
        id: Uuid,
        patience: Duration,
    ) -> Result<BulkAction, HubError> {
        let until = Instant::now() + patience;
        loop {
            let action = self.bulk_action(project, id).await?;
            if action.state != BulkState::Running || Instant::now() >= until {
                return Ok(action);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// An action as it stands.
    pub async fn bulk_action(&self, project: &str, id: Uuid) -> Result<BulkAction, HubError> {
        let found = self.store().bulk_action(project, id).await?;
        found.ok_or_else(|| HubError::not_found("action", &id))
    }

    /// Stops an action; what was done stays done.
    pub async fn stop_action(&self, project: &str, id: Uuid) -> Result<BulkAction, HubError> {
        let action = self.bulk_action(project, id).await?;
        match self.store().stop_bulk(project, id).await {
            Ok(()) => self.bulk_action(project, id).await,
            Err(StoreError::Conflict(_)) => Err(HubError::NotAllowed {
                code: "action-ended",
                message: format!("the action has ended already: {}", action.action),
                hint: "what it did stays done; `requeue` undoes a cancellation".to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits; the answer is whether the hub stops.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.stopping().cancelled() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }

    async fn act_step_by_step(&self, held: &mut HeldAction) -> Result<End, HubError> {
        let Some(action) = action_of(held.action.action) else {
            return Ok(End::Failed("it is no action on deliveries".to_owned()));
        };
        let query = DeliveryQuery::from_json(&held.action.filter)?;
        loop {
            let stretch = Stretch { after: held.action.cursor, below: held.action.id, limit: PAGE };
            let project = held.action.project.clone();
            let page = self.store().oldest_deliveries(&project, &query, stretch).await?;
            if page.is_empty() {
                return Ok(End::Done);
            }
            let routing = self.project(&project).await?;
            let changes = page
                .into_iter()
                .map(|delivery| {
                    let change = self.change_of(held.action.id, action, &delivery, &routing);
                    (delivery, change)
                })
                .collect();
            for step in steps(changes) {
                if self.pause(BREATH).await {
                    return Ok(End::Stopping);
                }
                if !self.store().bulk_step(held, &step).await? {
                    return Ok(End::NotOurs);
                }
            }
        }
    }

    /// What an action does to a delivery, as the delivery stands.
    fn change_of(
        &self,
        id: Uuid,
        action: Action,
        delivery: &Delivery,
        routing: &ProjectRouting,
    ) -> BulkChange {
        let (connection, parked) = routing.destination(delivery);
        match apply_to(action, delivery) {
            Err(_) => BulkChange::PassOver,
            Ok(Transition::DueNow) => BulkChange::Retry,
            Ok(Transition::End) => BulkChange::Cancel,
            Ok(Transition::WaitAgain) => BulkChange::Requeue { connection, parked },
            Ok(Transition::SendCopy) => {
                // The action was begun by another hub's clock, perhaps; it must not meet its copies.
                BulkChange::Resend { new: new_id_after(id, self.now()), connection, parked }
            }
        }
    }

    async fn replay_step_by_step(&self, held: &mut HeldAction) -> Result<End, HubError> {
        let query = ReplayQuery::from_json(&held.action.filter)?;
        let content = match query.content() {
            Ok(content) => content,
            Err(text) => return Ok(End::Failed(format!("the filter cannot be read: {text}"))),
        };
        let forwarder = held.action.forwarder.clone().unwrap_or_default();
        let wanted = Wanted { forwarder, content: Arc::new(content) };
        let mut pace = Pace::new(held.action.rate);
        loop {
            let stretch =
                Stretch { after: held.action.cursor, below: held.action.id, limit: REPLAY_PAGE };
            let project = held.action.project.clone();
            let page = self.store().oldest_messages(&project, &query.messages, stretch).await?;
            if page.is_empty() {
                return Ok(End::Done);
            }
            let routing = self.project(&project).await?;
            if routing.forwarder(&wanted.forwarder).is_none() {
                let name = &wanted.forwarder;
                return Ok(End::Failed(format!("the forwarder \"{name}\" has been removed")));
            }
            let end = self.replay_page(held, &routing, &wanted, page, &mut pace).await?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// Replays a page of messages. `None`: go on behind the cursor.
    async fn replay_page(
        &self,
        held: &mut HeldAction,
        routing: &Arc<ProjectRouting>,
        wanted: &Wanted,
        page: Vec<Message>,
        pace: &mut Pace,
    ) -> Result<Option<End>, HubError> {
        let mut replays: Vec<Replay> = Vec::new();
        let mut made = 0;
        let mut passed_over = 0;
        let mut left = page.len();
        for message in page {
            left -= 1;
            let last = message.id;
            match self.plan_one(routing, wanted, message).await? {
                Some(replay) => {
                    // One message can tell of thousands of cases.
                    made += replay.deliveries.len().max(1);
                    replays.push(replay);
                }
                None => passed_over += 1,
            }
            if made < pace.step && left > 0 {
                continue;
            }
            if pace.wait(self, made).await {
                return Ok(Some(End::Stopping));
            }
            match self.store().bulk_replay_step(held, &replays, last, passed_over).await? {
                None => return Ok(Some(End::NotOurs)),
                Some(Replayed::Done | Replayed::DuplicateOf(_)) => {}
                Some(Replayed::Stale) => {
                    self.refresh_beyond(&routing.project, Some(routing.version)).await?;
                    return Ok(None);
                }
            }
            replays.clear();
            (made, passed_over) = (0, 0);
        }
        Ok(None)
    }

    /// What a message calls for, by today's filter of one forwarder. `None`: nothing, or it has not
    /// what is asked of its content.
    async fn plan_one(
        &self,
        routing: &Arc<ProjectRouting>,
        wanted: &Wanted,
        message: Message,
    ) -> Result<Option<Replay>, HubError> {
        if message.state == MessageState::Quarantined || message.erased_at.is_some() {
            return Ok(None);
        }
        let content = self.store().message_content(&routing.project, message.id).await?;
        let Some((request, body)) = content else { return Ok(None) };
        let (definitions, Wanted { forwarder, content }) = (Arc::clone(routing), wanted.clone());
        let now = self.now();
        let look = move || {
            let source = definitions.source(&message.source)?;
            let decoded = receive::read(source, message.content_type.as_deref(), &body).ok()?;
            if !content.is_in(&decoded.view) {
                return None;
            }
            let candidate =
                matching::candidate(&message.source, &decoded, &request.headers, &request.query);
            let (mut deliveries, _) =
                matching::plan(&definitions, &candidate, &decoded, DeliveryOrigin::Replay, now);
            deliveries.retain(|delivery| delivery.forwarder == forwarder);
            drop(decoded);
            Some((message, request, body, deliveries))
        };
        let Some((message, request, body, mut deliveries)) = self.aside(look).await? else {
            return Ok(None);
        };
        let mut payloads = Vec::new();
        let is_told_more =
            routing.forwarder(&wanted.forwarder).is_some_and(|it| it.on != Event::Message);
        if is_told_more {
            let kept = Kept { message: &message, request: &request, body: &body };
            let mut work = self.work_again_of(routing, kept).await?;
            work.keep_only(&wanted.forwarder);
            deliveries.extend(work.deliveries);
            payloads = work.payloads;
        }
        Ok((!deliveries.is_empty()).then(|| Replay {
            project: routing.project.clone(),
            configuration_version: routing.version,
            message: message.id,
            released: None,
            still_quarantined: None,
            deliveries,
            runs: Vec::new(),
            payloads,
        }))
    }
}

/// Cuts a page into steps that change a bounded number of deliveries. What is passed over costs
/// nothing, and goes along.
fn steps(changes: Vec<(Delivery, BulkChange)>) -> Vec<Vec<(Delivery, BulkChange)>> {
    let mut steps: Vec<Vec<_>> = Vec::new();
    let mut room = 0;
    for (delivery, change) in changes {
        let costs = usize::from(!matches!(change, BulkChange::PassOver));
        match steps.last_mut() {
            Some(step) if room >= costs => step.push((delivery, change)),
            _ => {
                steps.push(vec![(delivery, change)]);
                room = STEP;
            }
        }
        room -= costs;
    }
    steps
}

/// Keeps a replay to its rate.
struct Pace {
    rate: u32,
    /// Deliveries of one step.
    step: usize,
    next: Instant,
}

impl Pace {
    fn new(rate: u32) -> Self {
        let per_second = usize::try_from(rate).unwrap_or(usize::MAX);
        let step = if rate == 0 { STEP } else { (per_second / STEPS_PER_SECOND).clamp(1, STEP) };
        Self { rate, step, next: Instant::now() }
    }

    /// Waits until so many more may be made; the answer is whether the hub stops.
    async fn wait(&mut self, hub: &Hub, deliveries: usize) -> bool {
        let begin = self.next.max(Instant::now() + BREATH);
        let stops = tokio::select! {
            () = hub.stopping().cancelled() => true,
            () = tokio::time::sleep_until(begin) => false,
        };
        if self.rate > 0 {
            let deliveries = u32::try_from(deliveries).unwrap_or(u32::MAX);
            self.next = begin + Duration::from_secs(1) * deliveries / self.rate;
        }
        stops
    }
}
