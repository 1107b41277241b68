//! What a claimed delivery carries: read where it was too large to be claimed along, and written as its
//! forwarder wants it.

use std::sync::Arc;

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_store::{Claimed, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::hub::{Hub, PAYLOAD_KILOBYTES};
use crate::rendering::{Rendered, Subject, Unrendered};
use crate::routing::ProjectRouting;

/// What was not claimed with a delivery.
#[derive(Default)]
struct Missing {
    /// The message whose body it is.
    message: Option<Uuid>,
    /// The payload whose document it is.
    original: Option<Uuid>,
    /// The payload whose facts they are.
    facts: Option<Uuid>,
    /// How many bytes all of this has.
    bytes: u64,
}

/// What is to be read before a delivery can be sent; `None` where all of it is there.
fn missing(claimed: &Claimed) -> Option<Missing> {
    let mut missing = Missing::default();
    let mut is_of_message = claimed.about.is_none();
    if let Some(payload) = &claimed.about {
        if payload.facts.is_none() {
            missing.facts = Some(payload.id);
            missing.bytes += payload.facts_length;
        }
        match payload.original_bytes {
            Some(bytes) if payload.original.is_none() => {
                missing.original = Some(payload.id);
                missing.bytes += bytes;
            }
            Some(_) => {}
            None => is_of_message = payload.kind == PayloadKind::Submission,
        }
    }
    if is_of_message && claimed.content.body.is_none() {
        missing.message = claimed.message;
        missing.bytes += claimed.content.bytes;
    }
    let is_complete =
        missing.message.is_none() && missing.original.is_none() && missing.facts.is_none();
    (!is_complete).then_some(missing)
}

/// Reads a payload that was too large to be claimed with its delivery. The permit bounds how many
/// of these are in memory; `None`: it could not be read.
pub(crate) async fn load(hub: &Hub, claimed: &mut Claimed) -> Option<Option<OwnedSemaphorePermit>> {
    let Some(missing) = missing(claimed) else { return Some(None) };
    let kilobytes = usize::try_from(missing.bytes / 1_024).unwrap_or(usize::MAX);
    let permits = u32::try_from(kilobytes.clamp(1, PAYLOAD_KILOBYTES)).unwrap_or(u32::MAX);
    let kilobytes = Arc::clone(&hub.bounds().payload_kilobytes);
    let permit = kilobytes.acquire_many_owned(permits).await.ok()?;
    match read(hub, claimed, missing).await {
        Ok(true) => Some(Some(permit)),
        Ok(false) => None,
        Err(error) => {
            tracing::warn!(%error, "a payload could not be read; its delivery waits");
            None
        }
    }
}

/// Whether all of it was there.
async fn read(hub: &Hub, claimed: &mut Claimed, missing: Missing) -> Result<bool, StoreError> {
    let project = &claimed.lane.project;
    if let Some(message) = missing.message {
        let Some((_, body)) = hub.store().message_content(project, message).await? else {
            return Ok(false);
        };
        claimed.content.body = Some(body.into());
    }
    let Some(payload) = &mut claimed.about else { return Ok(true) };
    if let Some(id) = missing.original {
        payload.original = hub.store().payload_original(project, id).await?;
    }
    if let Some(id) = missing.facts {
        payload.facts = hub.store().payload_facts(project, id).await?;
    }
    let is_there = missing.original.is_none() || payload.original.is_some();
    Ok(is_there && payload.facts.is_some())
}

/// Writes what a delivery sends. The inner error is a sentence: the delivery is broken, since another
/// try would write the same.
pub(crate) async fn render(
    hub: &Hub,
    project: &ProjectRouting,
    forwarder: &Forwarder,
    claimed: &Claimed,
) -> Result<Result<Rendered, String>, StoreError> {
    let about = claimed.about.as_ref();
    let subject = Subject {
        event: claimed.event,
        facts: about.map(|payload| (payload.kind, payload.facts.as_deref().unwrap_or_default())),
        original: about.and_then(|payload| payload.original.clone()),
        content: &claimed.content,
    };
    match hub.render(project, forwarder, subject).await {
        Ok(rendered) => Ok(Ok(rendered)),
        Err(Unrendered::Impossible(sentence)) => Ok(Err(sentence)),
        Err(Unrendered::Store(error)) => Err(error),
    }
}
