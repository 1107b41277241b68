//! The way of a submission from the socket to the yes: receive, decode, match, file, keep.
//!
//! This is the one place that knows the order of the steps; the steps do not know each other.

use std::sync::Arc;

use bytes::Bytes;
use fieldpost_dialects::Received;
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::run::RunInput;
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::Reply;
use fieldpost_rules::openrosa::Decision;
use fieldpost_store::{Accept, Accepted, Filing, NewRun, StoreError};
use thiserror::Error;
use uuid::Uuid;

use crate::events::Occurrence;
use crate::filing::{Arrival, FormBook, Planned, Reader, Refusal, Said, Turn, Way};
use crate::hub::Hub;
use crate::ids::new_id;
use crate::receive::{BodyError, Incoming};
use crate::routing::{ProjectRouting, SourceRoute};
use crate::{keep, matching, receive, telemetry};

/// What is said of a message whose filled forms name no form.
const NAMELESS: &str = "it names no form, so that no submission was made of it";

/// Bodies from this size on are read on a thread that may block, so that a large one does not hold
/// up the small ones of other senders.
pub(crate) const LARGE_BODY: usize = 256 * 1024;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The message's id; for a repeated quarantined content, the id of the one that is kept.
    pub message: Uuid,
    /// What became of it.
    pub outcome: ReceiptOutcome,
    /// The runs that the message itself has set off, in the order of the definition: none where it is not
    /// kept for the first time.
    pub runs: Vec<ReceivedRun>,
}

/// A run that a message has set off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRun {
    /// Its id.
    pub id: Uuid,
    /// The workflow.
    pub workflow: String,
    /// What the sender of the message is answered; `None` where that does not wait for the run.
    pub reply: Option<Reply>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    /// Kept; its deliveries exist.
    Kept,
    /// Kept as a repetition of this message.
    Duplicate {
        /// The message that it repeats.
        of: Uuid,
    },
    /// Kept as quarantined.
    Quarantined {
        /// A stable word.
        code: &'static str,
        /// Why, in a sentence.
        reason: String,
    },
}

/// Why a request was not kept. Nothing of it was.
#[derive(Clone, Debug, Error)]
pub enum ReceiveError {
    /// The body cannot be taken.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The source has been removed meanwhile.
    #[error("the source is gone")]
    SourceGone,
    /// The source's quarantine is full, and this body could not be read either.
    #[error("the body cannot be read ({reason}), and the source's quarantine is full")]
    QuarantineFull {
        /// Why it could not be read.
        reason: String,
    },
    /// The store is busy or not available: the sender may try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be kept, and why it would be quarantined.
struct Prepared {
    accept: Accept,
    unreadable: Option<(&'static str, String)>,
    /// What it says of forms and cases.
    said: Said,
}

/// What is to be kept, with what is to be filed.
struct Filed {
    accept: Accept,
    unreadable: Option<(&'static str, String)>,
    decision: Option<Decision>,
    submission: Option<Uuid>,
    refusal: Option<Refusal>,
    /// Held until it is kept, or planned again.
    turn: Option<Turn>,
}

/// What became of a request, and of the form in it.
pub(crate) struct TakenIn {
    pub(crate) receipt: Receipt,
    /// What became of its form; `None` where it has none, or was refused.
    pub(crate) decision: Option<Decision>,
    /// The submission that it is, new or not; `None` where it is none.
    pub(crate) submission: Option<Uuid>,
    /// Why its form was refused. The message is quarantined then.
    pub(crate) refusal: Option<Refusal>,
}

impl Hub {
    /// Takes a request in. `Ok` means: committed and synced, with everything that it calls for.
    pub async fn receive(
        &self,
        route: &SourceRoute,
        incoming: Incoming,
    ) -> Result<Receipt, ReceiveError> {
        Ok(self.take_in(route, incoming, Arrival::PUSHED).await?.receipt)
    }

    /// Takes in a request that came with files, or by a way of its own.
    pub(crate) async fn take_in(
        &self,
        route: &SourceRoute,
        incoming: Incoming,
        arrival: Arrival<'_>,
    ) -> Result<TakenIn, ReceiveError> {
        let source = route.source().ok_or(ReceiveError::SourceGone)?.name.clone();
        let mut routing = Arc::clone(&route.routing);
        let incoming = Arc::new(incoming);
        let body = self.decompress(&incoming).await?;
        for _ in 0..keep::MOST_PLANS {
            let mut prepared = self.prepare(&routing, &source, &incoming, &body).await?;
            if arrival.is_draft {
                prepared.accept.deliveries.clear();
                prepared.accept.runs.clear();
            }
            let Filed { accept, unreadable, decision, submission, refusal, turn } =
                Box::pin(self.file(&routing, &incoming, prepared, arrival)).await?;
            let id = accept.message.id;
            let wanted_by = routing.forwarders_of(&accept.deliveries);
            let runs = received_runs(&routing, &accept.runs);
            let kept = keep::keep(self.store(), accept).await?;
            drop(turn);
            if let Some(accepted) = kept {
                let receipt = receipt(id, &accepted, unreadable, runs)?;
                telemetry::message_received(
                    &routing,
                    &source,
                    receipt.message,
                    &receipt.outcome,
                    body.len(),
                );
                routing.tally_received(&source, &receipt.outcome, &wanted_by, self.now());
                return Ok(TakenIn { receipt, decision, submission, refusal });
            }
            self.refresh_beyond(&routing.project, Some(routing.version)).await?;
            let fresh = self.routing();
            routing = fresh.project(&routing.project).cloned().ok_or(ReceiveError::SourceGone)?;
        }
        // Somebody saves definitions without a pause: the sender is asked to come back.
        Err(ReceiveError::Store(StoreError::Busy))
    }

    /// Plans what is to be filed with a message. What is refused is set aside, with the files that came.
    async fn file(
        &self,
        routing: &ProjectRouting,
        incoming: &Incoming,
        Prepared { mut accept, mut unreadable, said }: Prepared,
        arrival: Arrival<'_>,
    ) -> Result<Filed, StoreError> {
        let (id, now) = (accept.message.id, accept.message.received_at);
        let (mut decision, mut submission, mut refusal, mut turn) = (None, None, None, None);
        if !said.is_nothing() {
            let place = (routing, &*accept.message.source);
            let in_turn = self.plan_filing(place, id, now, said, arrival).await?;
            turn = Some(in_turn.turn);
            match in_turn.planned {
                Ok(planned) => {
                    tell(routing, incoming, &planned, &mut accept);
                    decision = planned.decision;
                    submission = planned.submission;
                    accept.filing = Some(Box::new(planned.filing));
                }
                Err(refused) => refusal = Some(refused),
            }
        } else if unreadable.is_none() && arrival.way != Way::Pushed {
            refusal = Some(Refusal::nameless());
        } else if said.is_nameless {
            accept.message.remark.get_or_insert_with(|| NAMELESS.to_owned());
        }
        if let Some(refused) = &refusal {
            unreadable = Some((refused.code, refused.reason.clone()));
            receive::set_aside(&mut accept.message, &refused.reason);
            accept.deliveries.clear();
            accept.runs.clear();
        }
        if unreadable.is_some() && !arrival.files.is_empty() {
            let files = arrival.files.iter().map(|file| file.filed(id)).collect();
            accept.filing = Some(Box::new(Filing { files, ..Filing::default() }));
        }
        Ok(Filed { accept, unreadable, decision, submission, refusal, turn })
    }

    async fn decompress(&self, incoming: &Arc<Incoming>) -> Result<Bytes, ReceiveError> {
        let limit = self.settings().max_body;
        if incoming.header("content-encoding").is_none() {
            return Ok(receive::decompress(incoming, limit)?);
        }
        let incoming = Arc::clone(incoming);
        Ok(self.aside(move || receive::decompress(&incoming, limit)).await??)
    }

    /// Reads a body and plans what it calls for, with the answers typed where their form is known.
    async fn prepare(
        &self,
        routing: &Arc<ProjectRouting>,
        source: &str,
        incoming: &Arc<Incoming>,
        body: &Bytes,
    ) -> Result<Prepared, ReceiveError> {
        let mut prepared = self.prepare_once(routing, source, incoming, body).await?;
        if self.look_up_forms(routing, &mut prepared.said).await? {
            prepared = self.prepare_once(routing, source, incoming, body).await?;
            self.look_up_forms(routing, &mut prepared.said).await?;
        }
        Ok(prepared)
    }

    async fn prepare_once(
        &self,
        routing: &Arc<ProjectRouting>,
        source: &str,
        incoming: &Arc<Incoming>,
        body: &Bytes,
    ) -> Result<Prepared, ReceiveError> {
        let now = self.now();
        if body.len() < LARGE_BODY {
            return prepare(self.form_book(), routing, source, incoming, body, now);
        }
        let (hub, routing, source) = (self.clone(), Arc::clone(routing), source.to_owned());
        let (incoming, body) = (Arc::clone(incoming), body.clone());
        self.aside(move || prepare(hub.form_book(), &routing, &source, &incoming, &body, now))
            .await?
    }

    /// Runs what takes long on a thread that may block, no more of it at once than there are
    /// processors.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let unavailable = |error: String| StoreError::Unavailable(error);
        let permit = Arc::clone(&self.bounds().large_bodies)
            .acquire_owned()
            .await
            .map_err(|error| unavailable(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(|error| unavailable(error.to_string()))
    }
}

/// Reads a body and plans what it calls for. Pure but for the ids.
fn prepare(
    book: &FormBook,
    routing: &ProjectRouting,
    source: &str,
    incoming: &Incoming,
    body: &Bytes,
    now: Timestamp,
) -> Result<Prepared, ReceiveError> {
    let source = routing.source(source).ok_or(ReceiveError::SourceGone)?;
    let id = new_id(now);
    let content_type = incoming.header("content-type");
    let reader = Reader { project: &routing.project, dialect: source.dialect, book };
    let read = receive::read(source, content_type, body).and_then(|decoded| {
        let said = reader.read(&Received { content_type, body }, &decoded)?;
        Ok((decoded, said))
    });
    let decoded = read.as_ref().map(|(decoded, _)| decoded);
    let message = receive::message(id, now, source, incoming, body, decoded);
    let (deliveries, runs) = match &decoded {
        Ok(decoded) => {
            let candidate =
                matching::candidate(&source.name, decoded, &incoming.headers, &incoming.query);
            matching::plan(routing, &candidate, decoded, DeliveryOrigin::Event, now)
        }
        Err(_) => Default::default(),
    };
    let (said, unreadable) = match read {
        Ok((_, said)) => (said, None),
        Err(unreadable) => (Said::default(), Some((unreadable.code, unreadable.reason))),
    };
    Ok(Prepared {
        accept: Accept {
            project: routing.project.clone(),
            configuration_version: routing.version,
            message,
            deliveries,
            runs,
            payloads: Vec::new(),
            filing: None,
        },
        unreadable,
        said,
    })
}

/// Adds what the forms and cases of a message call for.
fn tell(routing: &ProjectRouting, incoming: &Incoming, planned: &Planned, accept: &mut Accept) {
    let Some(hops) = matching::hops(&incoming.headers) else { return };
    let occurrence = Occurrence {
        routing,
        source: &accept.message.source,
        headers: &incoming.headers,
        query: &incoming.query,
        origin: DeliveryOrigin::Event,
        hops,
        now: accept.message.received_at,
    };
    let work = occurrence.plan(&planned.told, &planned.filing.forms);
    accept.deliveries.extend(work.deliveries);
    accept.runs.extend(work.runs);
    accept.payloads = work.payloads;
}

/// The runs that begin with the message itself, with what its sender is answered.
fn received_runs(routing: &ProjectRouting, runs: &[NewRun]) -> Vec<ReceivedRun> {
    let of_message = runs.iter().filter(|run| run.input == RunInput::Message);
    let received = |run: &NewRun| {
        let trigger = routing.workflow(&run.workflow).and_then(matching::event_trigger);
        let reply = trigger.and_then(|trigger| trigger.reply);
        ReceivedRun { id: run.id, workflow: run.workflow.clone(), reply }
    };
    of_message.map(received).collect()
}

fn receipt(
    id: Uuid,
    accepted: &Accepted,
    unreadable: Option<(&'static str, String)>,
    runs: Vec<ReceivedRun>,
) -> Result<Receipt, ReceiveError> {
    let (code, reason) = unreadable.unwrap_or_default();
    let (message, outcome) = match *accepted {
        Accepted::Kept { .. } => (id, ReceiptOutcome::Kept),
        Accepted::Duplicate { of } => (id, ReceiptOutcome::Duplicate { of }),
        Accepted::Quarantined { id, .. } => (id, ReceiptOutcome::Quarantined { code, reason }),
        Accepted::QuarantineFull => return Err(ReceiveError::QuarantineFull { reason }),
        Accepted::Stale => return Err(StoreError::Busy.into()),
    };
    let runs = if outcome == ReceiptOutcome::Kept { runs } else { Vec::new() };
    Ok(Receipt { message, outcome, runs })
}
