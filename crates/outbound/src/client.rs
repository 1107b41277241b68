//! The client: one call, from the prepared connection to the recorded exchange.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, AttemptRequest, AttemptResponse};
use fieldpost_model::connection::Connection;
use fieldpost_rules::redact;
use http::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use rustls::RootCertStore;

use crate::failure::{Circumstances, Failure, Stage, describe_status};
use crate::prepared::Prepared;
use crate::profile::Profiles;
use crate::request::{Assembled, Call, assemble, record};
use crate::resolver::GuardedResolver;
use crate::response::{BodyLimits, Deadline, excerpt, quotable_text, read_body, record_head};
use crate::settings::{OutboundError, OutboundSettings};
use crate::tls;
use crate::tokens::{MemoryTokens, TokenStore};

/// The one HTTP client of the hub. Copies share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    profiles: Profiles,
    tokens: Arc<dyn TokenStore>,
    user_agent: HeaderValue,
    settings: OutboundSettings,
}

/// One call and all that is to be recorded of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// From the beginning to the last byte of the answer, or to the error.
    pub duration: Duration,
    /// The request as sent, credentials masked; `None` where it could not be built.
    pub request: Option<AttemptRequest>,
    /// What came back, even where it broke off.
    pub response: Option<AttemptResponse>,
    /// What went wrong; `None` for a whole answer with a status of 200 to 299.
    pub error: Option<AttemptError>,
    /// The header `retry-after`, as it came.
    pub retry_after: Option<String>,
}

impl Client {
    /// Makes the client. It trusts the certificate authorities of this machine, and keeps tokens
    /// for itself.
    pub fn new(settings: OutboundSettings) -> Result<Self, OutboundError> {
        Self::with_tokens(settings, Arc::new(MemoryTokens::default()))
    }

    /// Makes the client, which shares its tokens through the given store.
    pub fn with_tokens(
        settings: OutboundSettings,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Self, OutboundError> {
        let resolver = GuardedResolver::new(settings.allow_networks.clone());
        Self::assembled_from(settings, resolver, tls::trusted_authorities(), tokens)
    }

    /// Makes the client of given parts, so that tests have a name service and an authority of
    /// their own.
    pub(crate) fn assembled_from(
        settings: OutboundSettings,
        resolver: GuardedResolver,
        authorities: RootCertStore,
        tokens: Arc<dyn TokenStore>,
    ) -> Result<Self, OutboundError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| OutboundError::UserAgent { value: settings.user_agent.clone() })?;
        let profiles = Profiles::new(resolver, authorities, settings.connect_timeout)?;
        Ok(Self { shared: Arc::new(Shared { profiles, tokens, user_agent, settings }) })
    }

    /// Reads a connection once, for all the calls that will be made to it. The error is what an
    /// attempt on this connection records.
    pub fn prepare(
        &self,
        project: &ProjectName,
        connection: &Connection,
    ) -> Result<Prepared, AttemptError> {
        let Shared { profiles, settings, .. } = &*self.shared;
        Prepared::new(project, connection, &settings.allow_networks, profiles)
    }

    /// Makes one call. It ends by the connection's time limit, whatever the destination does.
    pub async fn send(&self, prepared: &Prepared, call: Call<'_>) -> Exchange {
        let deadline = Deadline::starting_now(prepared.timeout);
        let assembled = match assemble(prepared, &call, &self.shared.user_agent) {
            Ok(assembled) => assembled,
            Err(error) => return Exchange::unsent(deadline.elapsed(), error),
        };
        let request = record(&assembled, prepared, &call.body);
        let answer = self.exchange(assembled, call.body, prepared, deadline).await;
        Exchange {
            duration: deadline.elapsed(),
            request: Some(request),
            response: answer.response,
            error: answer
                .error
                .map(|error| AttemptError { message: prepared.scrub(&error.message), ..error }),
            retry_after: answer.retry_after,
        }
    }

    async fn exchange(
        &self,
        Assembled { method, url, headers }: Assembled,
        body: Bytes,
        prepared: &Prepared,
        deadline: Deadline,
    ) -> Answer {
        let request = prepared.profile.http.request(method, url).headers(headers).body(body).send();
        let response = match deadline.keep(request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let failure = Failure::Transport(Stage::Head, error);
                return Answer::none(failure.describe(self.circumstances(prepared)));
            }
            Err(_elapsed) => {
                let failure = Failure::TimedOut(Stage::Head);
                return Answer::none(failure.describe(self.circumstances(prepared)));
            }
        };
        let status = response.status();
        let headers = response.headers().clone();
        let mut record = record_head(&response);
        let read = read_body(response, &mut record, self.body_limits(), deadline).await;
        let error = if status.is_success() {
            read.err().map(|failure| failure.describe(self.circumstances(prepared)))
        } else {
            // A refusal is a refusal, however its explanation ended.
            let text = prepared.scrub(&quotable_text(&record.body, &headers));
            let location = text_of(&headers, LOCATION.as_str());
            let location = location.map(|location| redact::mask_url(&location));
            Some(describe_status(status, location.as_deref(), &excerpt(&text)))
        };
        let retry_after = text_of(&headers, RETRY_AFTER.as_str());
        Answer { response: Some(record), error, retry_after }
    }

    fn circumstances<'a>(&self, prepared: &'a Prepared) -> Circumstances<'a> {
        Circumstances {
            host: prepared.host.to_str().unwrap_or_default(),
            secure: prepared.url.scheme() == "https",
            timeout: prepared.timeout,
            connect_timeout: self.shared.settings.connect_timeout,
        }
    }

    fn body_limits(&self) -> BodyLimits {
        let OutboundSettings { response_body_kept: kept, response_body_read: read, .. } =
            self.shared.settings;
        BodyLimits { kept: kept.min(read), read }
    }
}

impl Exchange {
    /// An exchange that ended before anything was sent, as an attempt on a connection that could
    /// not be prepared does.
    pub fn unsent(duration: Duration, error: AttemptError) -> Self {
        Self { duration, request: None, response: None, error: Some(error), retry_after: None }
    }
}

/// What came of a request.
struct Answer {
    response: Option<AttemptResponse>,
    error: Option<AttemptError>,
    retry_after: Option<String>,
}

impl Answer {
    fn none(error: AttemptError) -> Self {
        Self { response: None, error: Some(error), retry_after: None }
    }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests;
