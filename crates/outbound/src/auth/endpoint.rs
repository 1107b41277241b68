//! The conversation with whoever hands out tokens.
//!
//! A token endpoint is an address that a project chose, like any other: it is judged by the guard
//! and called with the connection's own client. What goes wrong here is no fault of the payload, so
//! whatever the endpoint answers, the delivery is tried again by schedule, and the error says that
//! it was the endpoint and not the destination.

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;
use fieldpost_rules::redact;
use http::StatusCode;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, LOCATION,
    USER_AGENT,
};
use url::Url;

use super::{Circumstance, Preparation};
use crate::address::{host_and_port, host_header, judge_host, read_url, unbuildable};
use crate::failure::{Circumstances, Failure, Stage, describe_status};
use crate::response::{BodyLimits, excerpt, quotable_text, read_body, record_head};

/// How many bytes of an answer are read. Tokens have some kilobytes at most.
pub(super) const TOKEN_ANSWER_LIMIT: usize = 256 * 1024;

/// Where tokens are handed out.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    host: HeaderValue,
    /// What a person calls it: "token endpoint".
    name: &'static str,
    /// What is sent to it, and must not come back in an error message.
    secrets: Vec<Secret>,
}

/// What is posted to an endpoint.
pub(super) struct Question {
    pub(super) content_type: &'static str,
    pub(super) body: String,
    pub(super) authorization: Option<HeaderValue>,
    /// Secrets of this question alone.
    pub(super) secrets: Vec<Secret>,
}

/// Why an endpoint gave no token.
#[derive(Debug)]
pub(super) struct NoToken {
    /// What the attempt records.
    pub(super) error: AttemptError,
    /// Whether the endpoint understood the question and said no to it.
    pub(super) refused: bool,
}

impl Endpoint {
    /// Reads and judges the endpoint's URL. `secrets` are those that are sent to it.
    pub(super) fn prepare(
        url: &str,
        name: &'static str,
        secrets: Vec<Secret>,
        preparation: &mut Preparation<'_>,
    ) -> Result<Self, AttemptError> {
        let what = format!("The URL of the connection's {name}");
        let url = read_url(url, &what)?;
        judge_host(&url, &what, preparation.allow_networks)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unbuildable(format!(
                "{what} has a user name in it; write it among the credentials"
            )));
        }
        preparation.secrets.extend(secrets.iter().cloned());
        Ok(Self { host: host_header(&url)?, url, name, secrets })
    }

    /// The endpoint, as a person would name it: "token endpoint auth.example.org".
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.name, host_and_port(&self.url))
    }

    /// Asks, and reads the answer as JSON.
    pub(super) async fn ask(
        &self,
        question: Question,
        circumstance: &Circumstance<'_>,
    ) -> Result<Value<'static>, NoToken> {
        let secrets = question.secrets.clone();
        let request = circumstance
            .profile
            .http
            .post(self.url.clone())
            .headers(self.headers(&question, circumstance))
            .body(question.body)
            .send();
        let deadline = circumstance.deadline;
        let response = match deadline.keep(request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Err(self.broke(&Failure::Transport(Stage::Head, error), circumstance));
            }
            Err(_elapsed) => return Err(self.broke(&Failure::TimedOut(Stage::Head), circumstance)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let mut answer = record_head(&response);
        let limits = BodyLimits { kept: TOKEN_ANSWER_LIMIT, read: TOKEN_ANSWER_LIMIT };
        let read = read_body(response, &mut answer, limits, deadline).await;
        if !status.is_success() {
            return Err(self.refusal(status, &headers, &answer.body, &secrets));
        }
        read.map_err(|failure| self.broke(&failure, circumstance))?;
        if answer.truncated {
            return Err(
                self.useless(&format!("its answer is longer than {TOKEN_ANSWER_LIMIT} bytes"))
            );
        }
        // The answer holds a token, so nothing of it is quoted.
        let value = Value::parse(&answer.body).map(Value::into_owned);
        value.map_err(|_| self.useless(&format!("it answered {status} with what is no JSON")))
    }

    /// An answer that makes no sense; `why` is the end of a sentence.
    pub(super) fn useless(&self, why: &str) -> NoToken {
        let message = format!("The {} gave no token: {why}", self.describe());
        NoToken { error: AttemptError { kind: ErrorKind::Authentication, message }, refused: false }
    }

    fn headers(&self, question: &Question, circumstance: &Circumstance<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, circumstance.user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(question.content_type));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(question.body.len()));
        if let Some(authorization) = &question.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        headers
    }

    fn refusal(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[Secret],
    ) -> NoToken {
        let known: Vec<&str> = self.secrets.iter().chain(secrets).map(Secret::expose).collect();
        let text = redact::scrub(&quotable_text(body, headers), &known);
        let location = headers
            .get(LOCATION)
            .map(|location| redact::mask_url(&String::from_utf8_lossy(location.as_bytes())));
        let told = describe_status(status, location.as_deref(), &excerpt(&text));
        NoToken { refused: is_refusal(status), ..self.useless(&told.message) }
    }

    fn broke(&self, failure: &Failure, circumstance: &Circumstance<'_>) -> NoToken {
        let error = failure.describe(Circumstances {
            host: &host_and_port(&self.url),
            secure: self.url.scheme() == "https",
            timeout: circumstance.deadline.limit(),
            connect_timeout: circumstance.connect_timeout,
        });
        let told = self.useless(&error.message);
        NoToken { error: AttemptError { kind: error.kind, ..told.error }, refused: false }
    }
}

/// Whether a status says no to what was asked, and not only to its moment: whoever asks too slowly
/// or too often may well be given an answer the next time.
fn is_refusal(status: StatusCode) -> bool {
    let of_the_moment = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    status.is_client_error() && !of_the_moment.contains(&status)
}
