//! One call, from the assembled request to the recorded exchange.
//!
//! Most calls are one request and one answer. Two things make more of it, both bounded and both
//! within the same time limit: an answer of 401 that a new proof may mend (once), and a redirect
//! that keeps method and body (three times). What is recorded is the last request with its answer.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::{AttemptError, AttemptRequest, AttemptResponse};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::redact;
use http::StatusCode;
use http::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use tokio::sync::mpsc;
use url::Url;

use crate::address::host_and_port;
use crate::auth::{Circumstance, Lesson, Shown};
use crate::failure::{Circumstances, Failure, Stage, describe_status};
use crate::fetch;
use crate::guard::AllowNetworks;
use crate::hiding;
use crate::prepared::Prepared;
use crate::redirect::{self, Follows, Hop, REDIRECT_RECORD};
use crate::request::{Assembled, record};
use crate::response::{
    BodyLimits, Deadline, excerpt, pass_body, quotable_text, read_body, record_head,
};
use crate::settings::OutboundSettings;

/// Refusals that may be due to missing credentials: some servers do not tell strangers what is there.
const ASKS_FOR_CREDENTIALS: [u16; 3] = [401, 403, 404];

/// One call and all that is to be recorded of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// From the beginning to the last byte of the answer, or to the error.
    pub duration: Duration,
    /// The request as sent, credentials masked; `None` where it could not be built. Where
    /// redirects were followed or the destination had to be asked twice, the last one.
    pub request: Option<AttemptRequest>,
    /// What came back, even where it broke off. Each redirect that was followed on the way stands
    /// before its headers as `fieldpost-redirected`.
    pub response: Option<AttemptResponse>,
    /// What went wrong; `None` for a whole answer with a status of 200 to 299.
    pub error: Option<AttemptError>,
    /// The header `retry-after`, as it came.
    pub retry_after: Option<String>,
}

impl Exchange {
    /// An exchange that ended before anything was sent, as an attempt on a connection that could
    /// not be prepared does.
    pub fn unsent(duration: Duration, error: AttemptError) -> Self {
        Self { duration, request: None, response: None, error: Some(error), retry_after: None }
    }
}

/// What a call is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) settings: &'a OutboundSettings,
    pub(crate) user_agent: &'a HeaderValue,
    pub(crate) deadline: Deadline,
    /// When the call began, by the wall clock.
    pub(crate) began: Timestamp,
    /// Takes the body of a success, for who fetches something: it is not recorded then.
    pub(crate) pieces: Option<&'a mpsc::Sender<Bytes>>,
    /// Whether all that is read of an answer is kept, since somebody waits for it.
    pub(crate) keeps_all: bool,
}

/// An exchange, and how it came about.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) exchange: Exchange,
    /// Whether the destination asked for another proof and was given one.
    pub(crate) proved_again: bool,
}

/// An answer, or why there is none.
struct Answer {
    record: Option<AttemptResponse>,
    /// Status and headers, unmasked.
    head: Option<(StatusCode, HeaderMap)>,
    error: Option<AttemptError>,
}

impl<'a> Caller<'a> {
    /// What a proof is made with.
    pub(crate) fn circumstance(&self) -> Circumstance<'a> {
        Circumstance {
            profile: &self.prepared.profile,
            user_agent: self.user_agent,
            connect_timeout: self.settings.connect_timeout,
            deadline: self.deadline,
            began: self.began,
        }
    }

    /// Sends a request without its proof, adds that, and does what the answers ask for.
    pub(crate) async fn converse(self, mut plain: Assembled, body: Bytes) -> Conversation {
        let proof = &self.prepared.proof;
        let mut trusted = self.pieces.is_none() || fetch::is_own(self.prepared, &plain.url);
        let mut refused: Option<Shown> = None;
        let mut hops: Vec<Hop> = Vec::new();
        let mut proved_again = false;
        let mut recorded = (None, None);
        // What any of the requests was shown with may come back in any of the answers.
        let mut got: Vec<Secret> = hiding::secrets_of_request(&plain);
        loop {
            let mut request = plain.clone();
            let mut shown = Shown::default();
            if trusted {
                match proof.show(&mut request, refused.take(), &self.circumstance()).await {
                    Ok(made) => shown = made,
                    Err(error) => {
                        let exchange = self.finish(recorded, Some(error), None, &hops, &got);
                        return Conversation { exchange, proved_again };
                    }
                }
            }
            got.append(&mut shown.secrets);
            let sent = record(&request, self.prepared, &got, &body);
            let url = request.url.clone();
            let Answer { record, head, mut error } =
                self.exchange(request, body.clone(), trusted, &got).await;
            recorded = (Some(sent), record);
            let Some((status, headers)) = head else {
                let exchange = self.finish(recorded, error, None, &hops, &got);
                return Conversation { exchange, proved_again };
            };
            if status == StatusCode::UNAUTHORIZED && trusted {
                match proof.learn(&mut shown, &headers) {
                    Lesson::TryAgain if !proved_again => {
                        (proved_again, refused) = (true, Some(shown));
                        continue;
                    }
                    Lesson::FinalBecause(why) => {
                        error = error.map(|error| explained(error, &why));
                    }
                    Lesson::TryAgain | Lesson::Final => {}
                }
            } else {
                proof.keep(&mut shown);
            }
            if !trusted && !proof.is_none() && ASKS_FOR_CREDENTIALS.contains(&status.as_u16()) {
                error = error.map(|error| explained(error, &self.without_credentials()));
            }
            match self.next(&mut plain, &url, status, &headers, hops.len(), &got) {
                Ok(Some((hop, stays))) => {
                    hops.push(hop);
                    trusted &= stays;
                }
                Ok(None) => {
                    let retry_after = text_of(&headers, RETRY_AFTER.as_str());
                    let exchange = self.finish(recorded, error, retry_after, &hops, &got);
                    return Conversation { exchange, proved_again };
                }
                Err(error) => {
                    let exchange = self.finish(recorded, Some(error), None, &hops, &got);
                    return Conversation { exchange, proved_again };
                }
            }
        }
    }

    /// Why a stranger may have refused the request.
    fn without_credentials(&self) -> String {
        let Prepared { name, url, .. } = self.prepared;
        let origin = url.origin().ascii_serialization();
        format!("asked without the credentials of {name}, which are for {origin}")
    }

    /// The networks that may be dialled for this address. A link is the word of whoever sent the message:
    /// what the operator opened for connections opens nothing else to it.
    fn allowed_at(&self, url: &Url) -> &'a AllowNetworks {
        if self.is_foreign_link(url) {
            &self.settings.link_networks
        } else {
            &self.settings.allow_networks
        }
    }

    fn is_foreign_link(&self, url: &Url) -> bool {
        self.pieces.is_some() && !fetch::is_own(self.prepared, url)
    }

    /// Turns the request to where the answer leads, if it leads anywhere. Answers with the hop,
    /// and whether the proof may go along.
    fn next(
        &self,
        plain: &mut Assembled,
        from: &Url,
        status: StatusCode,
        headers: &HeaderMap,
        followed: usize,
        got: &[Secret],
    ) -> Result<Option<(Hop, bool)>, AttemptError> {
        let follows = match self.pieces {
            Some(_) => Follows::EveryRedirect,
            None => Follows::SameRequest,
        };
        if !follows.at(status) {
            return Ok(None);
        }
        let target = redirect::target(from, status, headers, followed, |url| self.allowed_at(url))?;
        let Some(mut target) = target else { return Ok(None) };
        self.prepared.proof.take_back(&mut target, from, &plain.url);
        let masked = |url: &Url| self.prepared.scrub(&redact::mask_url(url.as_str()), got);
        let hop = Hop { status: status.as_u16(), from: masked(&plain.url), to: masked(&target) };
        let stays = redirect::turn(plain, target)?;
        Ok(Some((hop, stays)))
    }

    /// One request and its answer. `trusted` is the connection's own origin; elsewhere its client
    /// certificate is not shown, and what it trusts does not hold.
    async fn exchange(
        &self,
        Assembled { method, url, headers }: Assembled,
        body: Bytes,
        trusted: bool,
        got: &[Secret],
    ) -> Answer {
        let (deadline, prepared) = (self.deadline, self.prepared);
        let host = host_and_port(&url);
        let circumstances = Circumstances {
            host: &host,
            secure: url.scheme() == "https",
            timeout: deadline.limit(),
            connect_timeout: self.settings.connect_timeout,
        };
        let profile = if trusted {
            &prepared.profile
        } else if self.is_foreign_link(&url) {
            &prepared.profile_of_links
        } else {
            &prepared.profile_elsewhere
        };
        let request = profile.http.request(method, url).headers(headers).body(body).send();
        let response = match deadline.keep(request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Answer::none(&Failure::Transport(Stage::Head, error), circumstances);
            }
            Err(_elapsed) => {
                return Answer::none(&Failure::TimedOut(Stage::Head), circumstances);
            }
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let mut record = record_head(&response);
        let limits = self.body_limits();
        let read = match self.pieces.filter(|_| status.is_success()) {
            Some(pieces) => pass_body(response, pieces, deadline).await,
            None => read_body(response, &mut record, limits, deadline).await,
        };
        prepared.hide(&mut record, got, limits.kept, read.is_err());
        let error = if status.is_success() {
            read.err().map(|failure| failure.describe(circumstances))
        } else {
            // A refusal is a refusal, however its explanation ended.
            let text = quotable_text(&record.body, &headers);
            let location = text_of(&headers, LOCATION.as_str());
            let location = location.map(|location| redact::mask_url(&location));
            Some(describe_status(status, location.as_deref(), &excerpt(&text)))
        };
        Answer { record: Some(record), head: Some((status, headers)), error }
    }

    /// Puts together what is recorded.
    fn finish(
        &self,
        (request, response): (Option<AttemptRequest>, Option<AttemptResponse>),
        error: Option<AttemptError>,
        retry_after: Option<String>,
        hops: &[Hop],
        got: &[Secret],
    ) -> Exchange {
        let response = response.map(|mut response| {
            let told = hops.iter().map(|hop| (REDIRECT_RECORD.to_owned(), hop.describe()));
            response.headers.splice(0..0, told);
            response
        });
        let error = error.map(|error| match hops.last() {
            Some(Hop { to, .. }) => explained(error, &format!("it was redirected to {to}")),
            None => error,
        });
        Exchange {
            duration: self.deadline.elapsed(),
            request,
            response,
            error: error.map(|AttemptError { kind, message }| AttemptError {
                kind,
                message: self.prepared.scrub(&message, got),
            }),
            retry_after,
        }
    }

    fn body_limits(&self) -> BodyLimits {
        let OutboundSettings { response_body_kept: kept, response_body_read: read, .. } =
            *self.settings;
        BodyLimits { kept: if self.keeps_all { read } else { kept.min(read) }, read }
    }
}

impl Answer {
    fn none(failure: &Failure, circumstances: Circumstances<'_>) -> Self {
        Self { record: None, head: None, error: Some(failure.describe(circumstances)) }
    }
}

/// Adds a reason to an error.
fn explained(mut error: AttemptError, why: &str) -> AttemptError {
    error.message = format!("{} ({why})", error.message);
    error
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
