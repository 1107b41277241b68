//! The way of a submission from the socket to the yes: receive, decode, match, keep.
//!
//! This is the one place that knows the order of the steps; the steps do not know each other.

use std::sync::Arc;

use bytes::Bytes;
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_store::{Accept, Accepted, StoreError};
use thiserror::Error;
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::new_id;
use crate::receive::{BodyError, Incoming};
use crate::routing::{ProjectRouting, SourceRoute};
use crate::{keep, matching, receive, telemetry};

/// Bodies from this size on are read on a thread that may block, so that a large one does not hold
/// up the small ones of other senders.
const LARGE_BODY: usize = 256 * 1024;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The message's id; for a repeated quarantined content, the id of the one that is kept.
    pub message: Uuid,
    /// What became of it.
    pub outcome: ReceiptOutcome,
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
}

impl Hub {
    /// Takes a request in. `Ok` means: committed and synced, with everything that it calls for.
    pub async fn receive(
        &self,
        route: &SourceRoute,
        incoming: Incoming,
    ) -> Result<Receipt, ReceiveError> {
        let source = route.source().ok_or(ReceiveError::SourceGone)?.name.clone();
        let mut routing = Arc::clone(&route.routing);
        let incoming = Arc::new(incoming);
        let body = self.decompress(&incoming).await?;
        for _ in 0..keep::MOST_PLANS {
            let Prepared { accept, unreadable } =
                self.prepare(&routing, &source, &incoming, &body).await?;
            let id = accept.message.id;
            let wanted_by = routing.forwarders_of(&accept.deliveries);
            if let Some(accepted) = keep::keep(self.store(), accept).await? {
                let receipt = receipt(id, &accepted, unreadable)?;
                telemetry::message_received(
                    &routing,
                    &source,
                    receipt.message,
                    &receipt.outcome,
                    body.len(),
                );
                routing.tally_received(&source, &receipt.outcome, &wanted_by, self.now());
                return Ok(receipt);
            }
            self.refresh_beyond(&routing.project, Some(routing.version)).await?;
            let fresh = self.routing();
            routing = fresh.project(&routing.project).cloned().ok_or(ReceiveError::SourceGone)?;
        }
        // Somebody saves definitions without a pause: the sender is asked to come back.
        Err(ReceiveError::Store(StoreError::Busy))
    }

    async fn decompress(&self, incoming: &Arc<Incoming>) -> Result<Bytes, ReceiveError> {
        let limit = self.settings().max_body;
        if incoming.header("content-encoding").is_none() {
            return Ok(receive::decompress(incoming, limit)?);
        }
        let incoming = Arc::clone(incoming);
        Ok(self.aside(move || receive::decompress(&incoming, limit)).await??)
    }

    async fn prepare(
        &self,
        routing: &Arc<ProjectRouting>,
        source: &str,
        incoming: &Arc<Incoming>,
        body: &Bytes,
    ) -> Result<Prepared, ReceiveError> {
        let now = self.now();
        if body.len() < LARGE_BODY {
            return prepare(routing, source, incoming, body, now);
        }
        let (routing, source) = (Arc::clone(routing), source.to_owned());
        let (incoming, body) = (Arc::clone(incoming), body.clone());
        self.aside(move || prepare(&routing, &source, &incoming, &body, now)).await?
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
    routing: &ProjectRouting,
    source: &str,
    incoming: &Incoming,
    body: &Bytes,
    now: fieldpost_model::time::Timestamp,
) -> Result<Prepared, ReceiveError> {
    let source = routing.source(source).ok_or(ReceiveError::SourceGone)?;
    let id = new_id(now);
    let read = receive::read(source, incoming.header("content-type"), body);
    let message = receive::message(id, now, source, incoming, body, read.as_ref());
    let deliveries = match &read {
        Ok(decoded) => {
            let candidate =
                matching::candidate(&source.name, decoded, &incoming.headers, &incoming.query);
            matching::plan(routing, &candidate, decoded, DeliveryOrigin::Event, now)
        }
        Err(_) => Vec::new(),
    };
    Ok(Prepared {
        accept: Accept {
            project: routing.project.clone(),
            configuration_version: routing.version,
            message,
            deliveries,
        },
        unreadable: read.err().map(|unreadable| (unreadable.code, unreadable.reason)),
    })
}

fn receipt(
    id: Uuid,
    accepted: &Accepted,
    unreadable: Option<(&'static str, String)>,
) -> Result<Receipt, ReceiveError> {
    let (code, reason) = unreadable.unwrap_or_default();
    let (message, outcome) = match *accepted {
        Accepted::Kept { .. } => (id, ReceiptOutcome::Kept),
        Accepted::Duplicate { of } => (id, ReceiptOutcome::Duplicate { of }),
        Accepted::Quarantined { id, .. } => (id, ReceiptOutcome::Quarantined { code, reason }),
        Accepted::QuarantineFull => return Err(ReceiveError::QuarantineFull { reason }),
        Accepted::Stale => return Err(StoreError::Busy.into()),
    };
    Ok(Receipt { message, outcome })
}
