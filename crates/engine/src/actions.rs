//! What people do with deliveries and messages: retry, cancel, requeue, resend, replay, explain.

use bytes::Bytes;
use fieldpost_dialects::Received;
use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState};
use fieldpost_model::message::{Message, MessageRequest, MessageState};
use fieldpost_rules::delivery::{Action, Transition, apply_to};
use fieldpost_rules::order;
use fieldpost_store::{Released, Replay, StoreError};
use uuid::Uuid;

use crate::error::HubError;
use crate::events::{ForwarderExplanation, Kept, Occurrence};
use crate::filing::{self, Arrival, ArrivedFile, InTurn, Reader, Refusal, Said, Turn, Way};
use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;
use crate::{keep, matching, receive};

/// The text of a cancellation by a person.
const CANCELLED: &str = "cancelled by a person";

/// Whether a person has ended it while it waited.
pub(crate) fn was_cancelled(delivery: &Delivery) -> bool {
    delivery.state == DeliveryState::Cancelled && delivery.last_error.as_deref() == Some(CANCELLED)
}

/// What a replay did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The new deliveries, with the forwarder that ordered each.
    pub deliveries: Vec<(Uuid, String)>,
    /// The new runs, each with its workflow.
    pub runs: Vec<(Uuid, String)>,
    /// Why the message still cannot be read.
    pub unreadable: Option<String>,
    /// The message of the same content that was kept meanwhile: this one is its duplicate now.
    pub duplicate_of: Option<Uuid>,
}

fn replayed_deliveries(replay: &Replay) -> Vec<(Uuid, String)> {
    let made = replay.deliveries.iter();
    made.map(|delivery| (delivery.id, delivery.forwarder.clone())).collect()
}

fn replayed_runs(replay: &Replay) -> Vec<(Uuid, String)> {
    replay.runs.iter().map(|run| (run.id, run.workflow.clone())).collect()
}

/// Leaves a message in quarantine, with the reason of today.
fn set_aside_again(replay: &mut Replay, reason: String) {
    replay.released = None;
    replay.still_quarantined = Some(reason);
    replay.deliveries.clear();
    replay.runs.clear();
    replay.payloads.clear();
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
        if matches!(transition, Transition::WaitAgain | Transition::SendCopy)
            && let Some(message) = delivery.message
        {
            self.unerased(project, message).await?;
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
            let (mut replay, mut replayed, said) =
                self.plan_replay(&routing, &message, &request, &body).await?;
            let turn = match said {
                Some(said) => {
                    self.file_released(&routing, &message, &request, said, &mut replay).await?
                }
                None => None,
            };
            replayed.unreadable = replay.still_quarantined.clone();
            replayed.deliveries = replayed_deliveries(&replay);
            replayed.runs = replayed_runs(&replay);
            let done = self.store().replay(&replay).await?;
            drop(turn);
            match done {
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

    /// Plans a replay by today's definitions. For a quarantined message that can be read now, the last
    /// part of the answer is what it says of forms and cases.
    async fn plan_replay(
        &self,
        routing: &ProjectRouting,
        message: &Message,
        request: &MessageRequest,
        body: &Bytes,
    ) -> Result<(Replay, Replayed, Option<Said>), HubError> {
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
            runs: Vec::new(),
            payloads: Vec::new(),
        };
        let mut said = None;
        let content_type = message.content_type.as_deref();
        match receive::read(source, content_type, body) {
            Ok(decoded) => {
                let candidate = matching::candidate(
                    &message.source,
                    &decoded,
                    &request.headers,
                    &request.query,
                );
                let origin = DeliveryOrigin::Replay;
                (replay.deliveries, replay.runs) =
                    matching::plan(routing, &candidate, &decoded, origin, self.now());
                if !quarantined {
                    let kept = Kept { message, request, body };
                    let work = self.work_again(routing, kept, &decoded).await?;
                    replay.deliveries.extend(work.deliveries);
                    replay.runs.extend(work.runs);
                    replay.payloads = work.payloads;
                }
                if quarantined {
                    let (identity, dedupe) =
                        receive::identify(source, &request.headers, &decoded, body);
                    let (source_name, at) = (message.source.clone(), self.now());
                    replay.released =
                        Some(Released { identity, dedupe, source: source_name, at, filing: None });
                    let reader = Reader {
                        project: &routing.project,
                        dialect: source.dialect,
                        book: self.form_book(),
                    };
                    let received = Received { content_type, body };
                    match self.read_said(routing, reader, &received, &decoded).await? {
                        Ok(read) => said = Some(read),
                        Err(unreadable) => set_aside_again(&mut replay, unreadable.reason),
                    }
                }
            }
            Err(unreadable) => replay.still_quarantined = Some(unreadable.reason),
        }
        Ok((replay, Replayed::default(), said))
    }

    /// Plans what a message makes of forms and cases that was set aside before. Where it is refused
    /// again, it stays quarantined.
    async fn file_released(
        &self,
        routing: &ProjectRouting,
        message: &Message,
        request: &MessageRequest,
        said: Said,
        replay: &mut Replay,
    ) -> Result<Option<Turn>, HubError> {
        let way = filing::way_of(routing.source(&message.source), &request.path);
        if said.is_nothing() {
            if way != Way::Pushed {
                set_aside_again(replay, Refusal::nameless().reason);
            }
            return Ok(None);
        }
        // What came with it lies under its own id.
        let files = self.store().files_of(&routing.project, message.id).await?;
        let files: Vec<ArrivedFile> = files.into_iter().filter_map(ArrivedFile::stored).collect();
        let application = filing::application_of(&request.path);
        let arrival = Arrival { way, application, files: &files, is_late: true, ..Arrival::PUSHED };
        let place = (routing, &*message.source);
        let InTurn { planned, turn } =
            self.plan_filing(place, message.id, self.now(), said, arrival).await?;
        match (planned, &mut replay.released) {
            (Ok(planned), Some(released)) => {
                if let Some(hops) = matching::hops(&request.headers) {
                    let occurrence = Occurrence {
                        routing,
                        source: &message.source,
                        headers: &request.headers,
                        query: &request.query,
                        origin: DeliveryOrigin::Replay,
                        hops,
                        now: self.now(),
                    };
                    let work = occurrence.plan(&planned.told, &planned.filing.forms);
                    replay.deliveries.extend(work.deliveries);
                    replay.runs.extend(work.runs);
                    replay.payloads = work.payloads;
                }
                released.filing = Some(Box::new(planned.filing));
            }
            (Err(refusal), _) => set_aside_again(replay, refusal.reason),
            (Ok(_), None) => {}
        }
        Ok(Some(turn))
    }

    /// Says for each forwarder and workflow why it wants a message, or does not, by today's filters.
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
                hint: "nobody looks at a quarantined message; change the source's dialect, \
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
        let kept = Kept { message: &message, request: &request, body: &body };
        Ok(self.explain_again(&routing, kept, &decoded).await?)
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
    pub(crate) async fn unerased(&self, project: &str, id: Uuid) -> Result<Message, HubError> {
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
