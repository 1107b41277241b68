//! From an HTTP request to what the engine takes in: the same for every surface that senders use.

use bytes::Bytes;
use fieldpost_engine::{
    BodyError, Incoming, Receipt, ReceiptOutcome, ReceiveError, ReceivedRun, SourceRoute,
};
use fieldpost_model::source::OnBadBody;
use http::StatusCode;
use http::request::Parts;
use uuid::Uuid;

use crate::app::App;
use crate::body::BodyRefusal;
use crate::problem::{Problem, seconds_to_retry};

/// What became of a request, as a surface has to answer it.
pub(crate) enum Intake {
    /// It is kept: yes.
    Taken {
        /// The message.
        message: Uuid,
        /// The runs that the message itself has set off.
        runs: Vec<ReceivedRun>,
    },
    /// It could not be read, and is kept as quarantined; the sender is told.
    Unreadable {
        /// The message that is kept of it.
        message: Uuid,
        /// Why, as a stable word.
        code: &'static str,
        /// Why, in a sentence.
        reason: String,
    },
    /// It is not kept.
    Refused(Problem),
}

/// Hands a request to the engine. When this returns `Taken`, the message is committed.
pub(crate) async fn take_in(app: &App, route: &SourceRoute, incoming: Incoming) -> Intake {
    let received = app.hub.receive(route, incoming).await;
    let Some(source) = route.source() else { return Intake::Refused(source_gone()) };
    let accepts_bad_bodies = source.on_bad_body == OnBadBody::Accept;
    match received {
        Ok(Receipt { message, outcome, runs }) => match outcome {
            ReceiptOutcome::Quarantined { code, reason } if !accepts_bad_bodies => {
                Intake::Unreadable { message, code, reason }
            }
            _ => Intake::Taken { message, runs },
        },
        Err(error) => {
            let problem = refusal(error, accepts_bad_bodies);
            count_refused(route, &problem);
            Intake::Refused(problem)
        }
    }
}

/// Counts a request that was not kept, and tells the log.
pub(crate) fn count_refused(route: &SourceRoute, problem: &Problem) {
    let project = &route.routing.project;
    let source = route.source().map_or_else(String::new, |source| source.name.clone());
    let code = problem.code().to_owned();
    // Who is sent away for a moment is counted, and told by `problem`: a crowd of them must not
    // drown the log.
    if problem.status() != StatusCode::SERVICE_UNAVAILABLE {
        tracing::info!(%project, source, code, "refused a request to `{source}`: {code}");
    }
    metrics::counter!(
        "fieldpost_messages_refused_total",
        "project" => project.to_string(), "source" => source, "code" => code
    )
    .increment(1);
}

pub(crate) fn refusal(error: ReceiveError, accepts_bad_bodies: bool) -> Problem {
    match error {
        ReceiveError::Body(BodyError::TooLarge { limit }) => BodyRefusal::TooLarge(limit).into(),
        ReceiveError::Body(error @ BodyError::Encoding(_)) => {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Problem::new(status, "unsupported-encoding", error.to_string())
                .hint("send it as it is, or with Content-Encoding gzip, deflate or br")
        }
        ReceiveError::SourceGone => source_gone(),
        // This sender would stop at a refusal; it is asked to come back until there is room.
        ReceiveError::QuarantineFull { .. } if accepts_bad_bodies => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "quarantine-full",
            "the body cannot be read, and there is no room to keep it for a person to look at",
        )
        .retry_after(seconds_to_retry()),
        ReceiveError::QuarantineFull { reason } => Problem::bad_request("quarantine-full", reason)
            .hint(
                "nothing was kept: the source's quarantine is full of messages that a person has \
                 not looked at",
            ),
        ReceiveError::Store(error) => error.into(),
    }
}

/// What is said of a body that could not be read and is kept all the same.
pub(crate) fn kept_unreadable(problem: Problem, message: Uuid) -> Problem {
    problem.about_message(message).hint(
        "the body is kept as quarantined under this message id; once the source can read it, it can be \
         replayed",
    )
}

pub(crate) fn source_gone() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown-inbox", "there is no such inbox")
        .hint("copy the address anew from the source's page; it may have been changed")
}

/// The request as the engine wants it. Bytes that are no UTF-8 are replaced in headers, since
/// people are to read them; in the body nothing is touched.
pub(crate) fn incoming(parts: &Parts, body: Bytes) -> Incoming {
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let value = match value.to_str() {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            (name.as_str().to_owned(), value)
        })
        .collect();
    let query = parts.uri.query().map_or_else(Vec::new, |query| {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    });
    Incoming {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query,
        headers,
        body,
    }
}
