//! What people do with deliveries and messages: retry, cancel, requeue, resend, replay, explain,
//! and trying a filter before it is saved.

use std::sync::Arc;

use bytes::Bytes;
use fieldpost_model::delivery::{Delivery, DeliveryOrigin};
use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::message::{Message, MessageRequest, MessageState};
use fieldpost_rules::delivery::{Action, Transition, apply_to};
use fieldpost_rules::filter::{Explanation, explain, matches};
use fieldpost_rules::order;
use fieldpost_store::{MessageQuery, Page, Released, Replay, StoreError};
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;
use crate::{keep, matching, receive};

/// Messages that a filter can be tried against at most.
const MOST_TRIED: usize = 10_000;
/// Messages that one step of a trial reads.
const TRIAL_PAGE: usize = 100;
/// Matching messages that a trial shows.
const EXAMPLES: usize = 10;
/// Messages that fail a filter by little, which a trial explains.
const NEAR_MISSES: usize = 3;

/// The text of a cancellation by a person.
const CANCELLED: &str = "cancelled by a person";

/// Why a forwarder wants a message, or does not.
#[derive(Clone, Debug)]
pub struct ForwarderExplanation {
    /// The forwarder's name.
    pub forwarder: String,
    /// Whether it is paused: it still makes deliveries.
    pub paused: bool,
    /// Condition by condition.
    pub explanation: Explanation,
}

/// What a replay did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The new deliveries, with the forwarder that ordered each.
    pub deliveries: Vec<(Uuid, String)>,
    /// Why the message still cannot be read.
    pub unreadable: Option<String>,
    /// The message of the same content that was kept meanwhile: this one is its duplicate now.
    pub duplicate_of: Option<Uuid>,
}

/// What a filter would have matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterTrial {
    /// Messages looked at, newest first.
    pub looked_at: u64,
    /// Messages that match.
    pub matched: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// The newest that match.
    pub examples: Vec<Message>,
    /// Those that fail by the fewest conditions, with the reasons; the newest of equals first.
    pub near: Vec<(Message, Explanation)>,
}

impl FilterTrial {
    /// Keeps a message that is not wanted, if it comes nearer than one that is kept so far.
    fn missed(&mut self, message: Message, explanation: Explanation) {
        let failed = |explanation: &Explanation| {
            explanation.conditions.iter().filter(|condition| !condition.holds).count()
        };
        // Messages come newest first, so that an older one stands behind its equals.
        let place = self.near.partition_point(|(_, kept)| failed(kept) <= failed(&explanation));
        self.near.insert(place, (message, explanation));
        self.near.truncate(NEAR_MISSES);
    }
}

/// What a filter says of a message.
enum Verdict {
    /// It wants it.
    Wanted,
    /// It does not, and why.
    Unwanted(Explanation),
    /// The message cannot be read.
    Unreadable,
}

impl Hub {
    /// Does what a person asks of a delivery. The answer is the delivery, or the new one that a
    /// resend makes.
    pub async fn act(&self, project: &str, action: Action, id: Uuid) -> Result<Delivery, HubError> {
        let delivery = self
            .store()
            .delivery(project, id)
            .await?
            .ok_or_else(|| HubError::not_found("delivery", &id))?;
        let touched = self.act_on(project, action, &delivery).await?;
        let after = self.store().delivery(project, touched).await?;
        after.ok_or_else(|| HubError::not_found("delivery", &touched))
    }

    async fn act_on(
        &self,
        project: &str,
        action: Action,
        delivery: &Delivery,
    ) -> Result<Uuid, HubError> {
        let transition = apply_to(action, delivery).map_err(|refusal| HubError::NotAllowed {
            code: refusal.code,
            message: refusal.message,
            hint: refusal.hint.to_owned(),
        })?;
        if matches!(transition, Transition::WaitAgain | Transition::SendCopy) {
            self.unerased(project, delivery.payload_id).await?;
        }
        // Where the forwarder sends to today; one that is no more sent to where it did.
        let (connection, parked) = self.project(project).await?.destination(delivery);
        let connection = connection.as_str();
        match transition {
            Transition::DueNow => self.store().retry(project, delivery).await?,
            Transition::End => self.store().cancel(project, delivery, CANCELLED).await?,
            Transition::WaitAgain => {
                self.store().requeue(project, delivery, connection, parked).await?;
            }
            Transition::SendCopy => {
                let new = new_id(self.now());
                self.store().resend(project, delivery, new, connection, parked).await?;
                return Ok(new);
            }
        }
        Ok(delivery.id)
    }

    /// Matches a message again with today's filters. Its new deliveries are marked as replay; a
    /// quarantined message that can be read by now is released.
    pub async fn replay(&self, project: &str, id: Uuid) -> Result<Replayed, HubError> {
        for _ in 0..keep::MOST_PLANS {
            let (message, request, body) = self.whole_message(project, id).await?;
            let routing = self.project(project).await?;
            let (replay, replayed) = self.plan_replay(&routing, &message, &request, &body)?;
            match self.store().replay(&replay).await? {
                fieldpost_store::Replayed::Done => return Ok(replayed),
                fieldpost_store::Replayed::DuplicateOf(of) => {
                    let duplicate_of = Some(of);
                    return Ok(Replayed { duplicate_of, ..Replayed::default() });
                }
                fieldpost_store::Replayed::Stale => {
                    self.refresh_beyond(project, Some(routing.version)).await?;
                }
            }
        }
        Err(StoreError::Busy.into())
    }

    fn plan_replay(
        &self,
        routing: &ProjectRouting,
        message: &Message,
        request: &MessageRequest,
        body: &Bytes,
    ) -> Result<(Replay, Replayed), HubError> {
        let source = routing
            .source(&message.source)
            .ok_or_else(|| HubError::not_found("source", &message.source))?;
        let quarantined = message.state == MessageState::Quarantined;
        let mut replay = Replay {
            project: routing.project.clone(),
            configuration_version: routing.version,
            message: message.id,
            released: None,
            still_quarantined: None,
            deliveries: Vec::new(),
        };
        match receive::read(source, message.content_type.as_deref(), body) {
            Ok(decoded) => {
                let candidate = matching::candidate(
                    &message.source,
                    &decoded,
                    &request.headers,
                    &request.query,
                );
                let origin = DeliveryOrigin::Replay;
                replay.deliveries =
                    matching::plan(routing, &candidate, &decoded, origin, self.now());
                if quarantined {
                    let (identity, dedupe) =
                        receive::identify(source, &request.headers, &decoded, body);
                    replay.released = Some(Released { identity, dedupe });
                }
            }
            Err(unreadable) => replay.still_quarantined = Some(unreadable.reason),
        }
        let replayed = Replayed {
            deliveries: replay
                .deliveries
                .iter()
                .map(|delivery| (delivery.id, delivery.forwarder.clone()))
                .collect(),
            unreadable: replay.still_quarantined.clone(),
            duplicate_of: None,
        };
        Ok((replay, replayed))
    }

    /// Says for each forwarder why it wants a message, or does not, by today's filters.
    pub async fn explain(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Vec<ForwarderExplanation>, HubError> {
        let (message, request, body) = self.whole_message(project, id).await?;
        let routing = self.project(project).await?;
        let source = routing
            .source(&message.source)
            .ok_or_else(|| HubError::not_found("source", &message.source))?;
        let decoded = receive::read(source, message.content_type.as_deref(), &body).map_err(
            |unreadable| HubError::NotAllowed {
                code: unreadable.code,
                message: format!("the message cannot be read: {}", unreadable.reason),
                hint: "no forwarder looks at a quarantined message; change the source's dialect, \
                       then replay it"
                    .to_owned(),
            },
        )?;
        if let Some(reason) = order::too_many_hops(order::hops(&request.headers)) {
            return Err(HubError::NotAllowed {
                code: "too-many-hops",
                message: reason,
                hint: "look for systems that send to each other through hubs, and let a filter \
                       leave out what comes back"
                    .to_owned(),
            });
        }
        let candidate =
            matching::candidate(&message.source, &decoded, &request.headers, &request.query);
        Ok(matching::explain_all(&routing, &candidate)
            .into_iter()
            .map(|(forwarder, explanation)| ForwarderExplanation {
                paused: routing.forwarder(&forwarder).is_some_and(|found| found.paused),
                forwarder,
                explanation,
            })
            .collect())
    }

    /// Tries a filter against the newest messages, without saving it.
    pub async fn try_filter(
        &self,
        project: &str,
        filter: &MessageFilter,
        last: usize,
    ) -> Result<FilterTrial, HubError> {
        let routing = self.project(project).await?;
        let query = MessageQuery { source: filter.from.clone(), ..MessageQuery::default() };
        let filter = Arc::new(filter.clone());
        let mut trial = FilterTrial::default();
        let mut before = None;
        let mut left = last.min(MOST_TRIED);
        while left > 0 {
            let page = Page { before, limit: left.min(TRIAL_PAGE) };
            let messages = self.store().messages(project, &query, page).await?;
            let Some(oldest) = messages.last() else { break };
            before = Some(oldest.id);
            left -= messages.len();
            for message in messages {
                self.try_on(&routing, &filter, message, &mut trial).await?;
            }
        }
        Ok(trial)
    }

    async fn try_on(
        &self,
        routing: &Arc<ProjectRouting>,
        filter: &Arc<MessageFilter>,
        message: Message,
        trial: &mut FilterTrial,
    ) -> Result<(), HubError> {
        trial.looked_at += 1;
        let Some((request, body)) =
            self.store().message_content(&routing.project, message.id).await?
        else {
            return Ok(());
        };
        let verdict = {
            let (routing, filter) = (Arc::clone(routing), Arc::clone(filter));
            let message = message.clone();
            self.aside(move || judge(&routing, &filter, &message, &request, &body)).await?
        };
        match verdict {
            Verdict::Unreadable => trial.unreadable += 1,
            Verdict::Unwanted(explanation) => trial.missed(message, explanation),
            Verdict::Wanted => {
                trial.matched += 1;
                if trial.examples.len() < EXAMPLES {
                    trial.examples.push(message);
                }
            }
        }
        Ok(())
    }

    /// A message's parsed view, as JSON text, by today's dialect of its source.
    pub async fn view(&self, project: &str, id: Uuid) -> Result<String, HubError> {
        let (message, _, body) = self.whole_message(project, id).await?;
        let routing = self.project(project).await?;
        let source = routing
            .source(&message.source)
            .ok_or_else(|| HubError::not_found("source", &message.source))?;
        match receive::read(source, message.content_type.as_deref(), &body) {
            Ok(decoded) => Ok(decoded.view.to_json()),
            Err(unreadable) => Err(HubError::NotAllowed {
                code: unreadable.code,
                message: unreadable.reason,
                hint: "the exact bytes are at the message's body".to_owned(),
            }),
        }
    }

    /// A message that still has its bytes.
    async fn unerased(&self, project: &str, id: Uuid) -> Result<Message, HubError> {
        let found = self.store().message(project, id).await?;
        let message = found.ok_or_else(|| HubError::not_found("message", &id))?;
        match message.erased_at {
            Some(at) => Err(HubError::Erased { what: "message", at }),
            None => Ok(message),
        }
    }

    pub(crate) async fn whole_message(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<(Message, MessageRequest, Bytes), HubError> {
        let missing = || HubError::not_found("message", &id);
        let message = self.unerased(project, id).await?;
        let (request, body) =
            self.store().message_content(project, id).await?.ok_or_else(missing)?;
        Ok((message, request, body.into()))
    }
}

/// What a filter says of a message, by today's dialect of its source.
fn judge(
    routing: &ProjectRouting,
    filter: &MessageFilter,
    message: &Message,
    request: &MessageRequest,
    body: &[u8],
) -> Verdict {
    let Some(source) = routing.source(&message.source) else { return Verdict::Unreadable };
    let Ok(decoded) = receive::read(source, message.content_type.as_deref(), body) else {
        return Verdict::Unreadable;
    };
    let candidate =
        matching::candidate(&message.source, &decoded, &request.headers, &request.query);
    if matches(filter, &candidate) {
        Verdict::Wanted
    } else {
        Verdict::Unwanted(explain(filter, &candidate))
    }
}
