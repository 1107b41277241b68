//! Record: what became of an attempt, decided and written.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::{Attempt, AttemptError, ErrorKind};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Forwarder, OnRejected};
use fieldpost_model::incident::Sample;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::Exchange;
use fieldpost_rules::retry;
use fieldpost_store::{Claimed, Lane, Outcome, Recorded, Verdict};

use crate::asked::Asked;
use crate::hub::Hub;
use crate::ids::jitter;
use crate::parking::Returned;
use crate::telemetry;
use crate::watch::AttemptSeen;

/// The pause before a record that the store could not take is offered again.
const RECORD_AGAIN: Duration = Duration::from_millis(200);
/// Who pauses a forwarder where no person does.
const ITSELF: &str = "Fieldpost";
/// Why it is paused then.
const GONE: &str = "the destination answered 410: it is gone for good";
/// How long a stopping hub offers a record.
const RECORD_FOR_WHEN_STOPPING: Duration = Duration::from_secs(5);

impl Hub {
    /// Decides what an exchange leads to, and writes it.
    pub(crate) async fn record_exchange(
        &self,
        claimed: Claimed,
        forwarder: &Forwarder,
        started_at: Timestamp,
        exchange: Exchange,
        request_body: Option<Bytes>,
    ) {
        let now = self.now();
        let outcome = outcome_of(&exchange, now);
        let tried =
            retry::Tried { attempts: claimed.tries + 1, registered_at: claimed.registered_at, now };
        let decision = retry::decide(&forwarder.retry, &tried, &outcome, jitter());
        let verdict = match decision.next_attempt_at {
            Some(at) => Verdict::RetryIn(at.since(now)),
            None => Verdict::Final(decision.state),
        };
        let status = exchange.response.as_ref().map(|response| response.status);
        let said = exchange.error.as_ref().map(|error| error.message.as_str());
        let last_error = told(decision.reason, said, status);
        let holds_followers = forwarder.on_rejected == OnRejected::Hold;
        // It stays in the queue: to be tried again, or to hold those behind it.
        let stays = matches!(verdict, Verdict::RetryIn(_))
            || (holds_followers && decision.state != DeliveryState::Succeeded);
        let (lane, delivery, sequence) =
            (claimed.lane.clone(), claimed.id, claimed.sequence.clone());
        let sample = Sample { delivery: claimed.id, message: claimed.message, key: claimed.key };
        let is_call = claimed.event == Event::Call;
        let end_of_call = match verdict {
            Verdict::Final(state) if is_call => Some(state),
            _ => None,
        };
        let outcome = Outcome {
            lane: claimed.lane,
            delivery: claimed.id,
            forwarder: claimed.forwarder,
            fence: claimed.fence,
            attempt: Attempt {
                number: claimed.attempts + 1,
                started_at,
                duration: exchange.duration,
                request: exchange.request,
                response: exchange.response,
                error: exchange.error,
            },
            request_body,
            verdict,
            counts: decision.counts,
            holds_followers,
            sequence: claimed.sequence,
            collapse: claimed.collapse,
            last_error,
        };
        if self.write(outcome, sample, decision.pause_forwarder && !is_call).await
            != Some(Recorded::Written)
        {
            // Who lost the lease has no say in what follows from the attempt.
            return;
        }
        if let Some(state) = end_of_call {
            let (hub, project) = (self.clone(), lane.project.clone());
            self.spawn(async move { hub.settle_call(project, delivery, state).await });
            return;
        }
        if stays {
            self.check_place(Returned {
                lane: &lane,
                delivery,
                forwarder: &forwarder.name,
                sequence: sequence.as_deref(),
            });
        }
        if decision.pause_forwarder && !is_call {
            self.pause_after_gone(&lane, forwarder).await;
        }
    }

    /// Pauses a forwarder whose destination said that it is gone for good.
    async fn pause_after_gone(&self, lane: &Lane, forwarder: &Forwarder) {
        let asked = Asked { by: ITSELF.to_owned(), reason: Some(GONE.to_owned()) };
        let name = &forwarder.name;
        if let Err(error) = self.set_paused(&lane.project, name, true, &asked).await {
            tracing::warn!(%error, forwarder = name, "could not pause `{name}` after a 410");
        }
    }

    /// Writes that the hub stopped before the answer of a call came. The delivery is due again at
    /// once, and has lost no try; nobody knows whether the destination took it. For the calls that a
    /// stopping hub abandons: a claim whose call had not begun is released instead.
    pub(crate) async fn record_interrupted(
        &self,
        claimed: Claimed,
        forwarder: &Forwarder,
        started_at: Timestamp,
        request_body: Option<Bytes>,
    ) {
        let error = AttemptError {
            kind: ErrorKind::Interrupted,
            message: "the call was under way when the hub stopped".to_owned(),
        };
        let duration = self.now().since(started_at);
        let exchange = Exchange::unsent(duration, error);
        self.record_exchange(claimed, forwarder, started_at, exchange, request_body).await;
    }

    /// Whether a record that the store cannot take now is offered again. The fence makes a late
    /// record safe: it is written if nobody else has claimed the delivery since, and not otherwise.
    fn offers_again(&self, begun: tokio::time::Instant) -> bool {
        !self.stopping().is_cancelled() || begun.elapsed() < RECORD_FOR_WHEN_STOPPING
    }

    /// Writes an outcome; `None`: the store could not take it.
    async fn write(
        &self,
        outcome: Outcome,
        sample: Sample,
        pauses_forwarder: bool,
    ) -> Option<Recorded> {
        let delivery = outcome.delivery;
        let begun = tokio::time::Instant::now();
        loop {
            match self.store().record(outcome.clone()).await {
                Ok(Recorded::Written) => {
                    telemetry::attempt_recorded(
                        &outcome.lane,
                        delivery,
                        outcome.attempt.number,
                        &outcome.verdict,
                        outcome.attempt.duration,
                        outcome.attempt.error.as_ref().map(|error| error.kind),
                        outcome.attempt.response.as_ref().map(|response| response.status),
                    );
                    if let Some(project) = self.routing().project(&outcome.lane.project) {
                        project.tally_attempt(&outcome, self.now());
                    }
                    self.attempt_seen(&AttemptSeen {
                        lane: &outcome.lane,
                        state: state_after(&outcome.verdict),
                        attempt: &outcome.attempt,
                        last_error: outcome.last_error.as_deref(),
                        sample,
                        pauses_forwarder,
                    });
                    return Some(Recorded::Written);
                }
                Ok(Recorded::LeaseLost) => {
                    tracing::warn!(%delivery, "the lease of delivery {delivery} was lost: its attempt is not recorded");
                    return Some(Recorded::LeaseLost);
                }
                Err(error) if error.is_temporary() && self.offers_again(begun) => {
                    tokio::time::sleep(RECORD_AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, %delivery, "the attempt of delivery {delivery} could not be recorded; it will be made again");
                    return None;
                }
            }
        }
    }
}

/// Why a try did not succeed, and what the destination said. Both begin or end with the status that
/// was answered: it is told once.
fn told(reason: Option<String>, said: Option<&str>, status: Option<u16>) -> Option<String> {
    let (Some(reason), Some(said)) = (&reason, said) else {
        return reason.or_else(|| said.map(str::to_owned));
    };
    let status = status.map(|status| status.to_string()).unwrap_or_default();
    let repeats = !status.is_empty() && said.starts_with(&status);
    let begun = reason.strip_suffix('.').and_then(|reason| reason.strip_suffix(&*status));
    Some(match (repeats, begun, said.split_once(": ")) {
        (false, ..) => format!("{reason} {said}"),
        (true, Some(begun), _) => format!("{begun}{said}"),
        (true, None, Some((_, more))) => format!("{reason} ({more})"),
        (true, None, None) => reason.clone(),
    })
}

fn state_after(verdict: &Verdict) -> DeliveryState {
    match verdict {
        Verdict::Final(state) => *state,
        Verdict::RetryIn(_) => DeliveryState::Failed,
    }
}

/// What an exchange came to, as far as the rules of trying again ask.
pub(crate) fn outcome_of(exchange: &Exchange, now: Timestamp) -> retry::Outcome {
    let retry_after =
        exchange.retry_after.as_deref().and_then(|header| retry::retry_after(header, now));
    match (&exchange.response, &exchange.error) {
        (_, Some(error)) if error.kind != ErrorKind::Status => {
            retry::Outcome::Failed { kind: error.kind }
        }
        (Some(response), _) => retry::Outcome::Answered { status: response.status, retry_after },
        (None, _) => retry::Outcome::Failed { kind: ErrorKind::Connect },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: &str, said: &str, status: Option<u16>, expected: &str) {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let told = told(given(reason), given(said).as_deref(), status);
        assert_eq!(told.as_deref(), given(expected).as_deref());
    }

    #[test]
    fn a_status_is_told_once() {
        let refused = "The destination refused this payload for good: it answered 422.";
        check(
            refused,
            "422 Unprocessable Entity",
            Some(422),
            "The destination refused this payload for good: it answered 422 Unprocessable Entity",
        );
        check(
            refused,
            "422 Unprocessable Entity: no such district",
            Some(422),
            "The destination refused this payload for good: it answered 422 Unprocessable Entity: \
             no such district",
        );
        check(
            "given up after 3 tries in 2 days: The destination answered 503.",
            "503 Service Unavailable",
            Some(503),
            "given up after 3 tries in 2 days: The destination answered 503 Service Unavailable",
        );
        let gone = "The destination answered 410: it is gone for good.";
        check(gone, "410 Gone", Some(410), gone);
        check(gone, "410 Gone: moved", Some(410), &format!("{gone} (moved)"));
        check(
            "The hub stopped.",
            "the call was under way",
            None,
            "The hub stopped. the call was under way",
        );
        check("given up", "", None, "given up");
        check("", "connection refused", None, "connection refused");
        check("", "", None, "");
    }
}
