//! The post: sends the notices that are due, and writes what came of each try.
//!
//! A notice is held by a lease that is longer than the longest conversation with a relay. Whoever
//! dies in between leaves it to the next one, who sends it under the same id.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::connection::{Authentication, Connection, IncidentPolicy, Tls};
use fieldpost_model::forwarder::Method;
use fieldpost_model::incident::NoticeChannel;
use fieldpost_outbound::Call;
use fieldpost_outbound::mail::{MAIL_TIMEOUT, Mail};
use fieldpost_rules::incident::notice_pause;
use fieldpost_rules::redact;
use fieldpost_store::{HeldNotice, NoticeOutcome, StoreError};
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::hub::Hub;

/// Notices that are sent at once.
const AT_ONCE: usize = 4;
/// Notices that are held at once.
const HELD: usize = 16;
/// How long a webhook may take.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a notice is held: each of those held before it may take the longest.
const LEASE: Duration = Duration::from_secs(MAIL_TIMEOUT.as_secs() * (HELD / AT_ONCE) as u64 + 60);
/// How long a stopping hub lets a conversation go on.
const WHEN_STOPPING: Duration = Duration::from_secs(5);

/// Sends what is due, at a hint at once, else at every poll.
pub(crate) async fn serve(hub: Hub) {
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    if hub.settings().hold_deliveries {
        return hub.stopping().cancelled().await;
    }
    if let Err(error) = hub.store().free_notices().await {
        tracing::warn!(%error, "notices of an earlier start could not be freed; their leases run out");
    }
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => {}
            () = hub.watch().notices_made() => {}
        }
        if let Err(error) = send_due(&hub).await {
            tracing::warn!(%error, "notices could not be sent; trying again");
        }
    }
}

async fn send_due(hub: &Hub) -> Result<(), StoreError> {
    while !hub.stopping().is_cancelled() {
        let held = hub.store().claim_notices(HELD, LEASE).await?;
        if held.is_empty() {
            return Ok(());
        }
        let sending = stream::iter(held).for_each_concurrent(AT_ONCE, async |held| {
            let stopped = async {
                hub.stopping().cancelled().await;
                tokio::time::sleep(WHEN_STOPPING).await;
            };
            tokio::select! {
                () = send_one(hub, &held) => {}
                // Its lease is freed by the next start.
                () = stopped => {}
            }
        });
        sending.await;
    }
    Ok(())
}

async fn send_one(hub: &Hub, held: &HeldNotice) {
    let notice = &held.notice;
    let sent = match notice.channel {
        NoticeChannel::Mail => mail(hub, held).await,
        NoticeChannel::Webhook => post(hub, held).await,
    };
    let outcome = match sent {
        Ok(()) => NoticeOutcome::Sent,
        Err(Refusal { message, is_final: true }) => NoticeOutcome::GivenUp(message),
        Err(Refusal { message, is_final: false }) => {
            let first = hub.settings().notice_pause;
            match notice_pause(first, notice.tries + 1, notice.created_at, hub.now()) {
                Some(pause) => NoticeOutcome::RetryIn(pause, message),
                None => NoticeOutcome::GivenUp(message),
            }
        }
    };
    let (id, kind, channel) = (notice.id, notice.kind, notice.channel);
    let end = match &outcome {
        NoticeOutcome::Sent => "sent",
        NoticeOutcome::RetryIn(..) => "failed",
        NoticeOutcome::GivenUp(_) => "given-up",
    };
    let labels = [("channel", channel.name()), ("kind", kind.name()), ("outcome", end)];
    metrics::counter!("fieldpost_notices_total", &labels).increment(1);
    match &outcome {
        NoticeOutcome::Sent => tracing::info!(%id, %kind, %channel, "sent notice {id}"),
        NoticeOutcome::RetryIn(_, error) | NoticeOutcome::GivenUp(error) => {
            tracing::warn!(%id, %kind, %channel, error, "notice {id} was not sent: {error}");
        }
    }
    match hub.store().record_notice(held, &outcome).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(%id, "the lease of notice {id} was lost: it may be sent twice"),
        Err(error) => tracing::warn!(%error, %id, "what came of notice {id} could not be written"),
    }
}

struct Refusal {
    message: String,
    is_final: bool,
}

async fn mail(hub: &Hub, held: &HeldNotice) -> Result<(), Refusal> {
    let notice = &held.notice;
    let Some(mailer) = &hub.settings().mailer else {
        // It was made by a hub, or in a time, that had a relay.
        let message = "this hub has no mail relay (--smtp-url)".to_owned();
        return Err(Refusal { message, is_final: false });
    };
    let mail = Mail {
        id: notice.id,
        to: &notice.recipient,
        subject: &notice.subject,
        text: &notice.text,
        html: notice.html.as_deref(),
        unsubscribe: notice.unsubscribe.as_deref(),
        date: notice.created_at,
    };
    let sent = mailer.send(&mail).await;
    sent.map_err(|error| Refusal { message: error.message, is_final: error.is_final })
}

/// Posts a notice as JSON, through the guard, to an address that a project chose.
async fn post(hub: &Hub, held: &HeldNotice) -> Result<(), Refusal> {
    let notice = &held.notice;
    let Some(webhook) = hub.webhook(&held.project, &notice.recipient) else {
        let message = "nobody names this address in `notify` any more".to_owned();
        return Err(Refusal { message, is_final: true });
    };
    let connection = Connection {
        name: "notice".to_owned(),
        url: webhook.url.clone(),
        authentication: Authentication::None,
        notify: Vec::new(),
        timeout: WEBHOOK_TIMEOUT,
        concurrency: 1,
        signing_secret: webhook.signing_secret,
        previous_signing_secret: None,
        credential: Vec::new(),
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
    };
    // What went wrong may name the URL; its path is nobody's to see.
    let refusal = |message: &str, is_final| {
        let message = redact::scrub(message, &hidden_parts(&webhook.url));
        Refusal { message, is_final }
    };
    let prepared = hub.outbound().prepare(&held.project, &connection);
    let prepared = prepared.map_err(|error| refusal(&error.message, true))?;
    let call = Call {
        method: Method::Post,
        query: &[],
        headers: &[],
        content_type: Some("application/json"),
        body: Bytes::from(notice.text.clone()),
        delivery_id: notice.id,
        now: hub.now(),
        asking: None,
    };
    match hub.outbound().send(&prepared, call).await.error {
        None => Ok(()),
        Some(error) => Err(refusal(&error.message, false)),
    }
}

/// The parts of a webhook's URL that are not shown.
fn hidden_parts(url: &str) -> Vec<&str> {
    let path_on = url.splitn(4, '/').nth(3).unwrap_or_default();
    let (path, query) = path_on.split_once('?').unwrap_or((path_on, ""));
    vec![path_on, path, query]
}
