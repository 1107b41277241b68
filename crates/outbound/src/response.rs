//! Reading an answer without trusting it.
//!
//! A destination may answer with a gigabyte, with a byte a second, or with headers that are a
//! library of their own. What is read, what is kept and how long it takes are bounded apart.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::attempt::AttemptResponse;
use http::header::{CONTENT_TYPE, HeaderMap};
use reqwest::Response;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::failure::{Failure, Stage};
use crate::request::record_headers;

/// How many bytes of header names and values are kept of an answer. The HTTP library reads at most
/// some hundred kilobytes; nobody wants those in the history of every attempt.
pub(crate) const RESPONSE_HEADERS_KEPT: usize = 16 * 1024;

/// How many characters of an answer's body an error message quotes.
pub(crate) const EXCERPT_CHARACTERS: usize = 200;

/// The two bounds on a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) kept: usize,
    pub(crate) read: usize,
}

/// The head of an answer, as it is kept.
pub(crate) fn record_head(response: &Response) -> AttemptResponse {
    let mut room = RESPONSE_HEADERS_KEPT;
    let mut headers = record_headers(response.headers());
    headers.retain(|(name, value)| {
        let fits = room.checked_sub(name.len() + value.len());
        room = fits.unwrap_or(0);
        fits.is_some()
    });
    AttemptResponse {
        status: response.status().as_u16(),
        headers,
        body: Vec::new(),
        truncated: false,
    }
}

/// Reads the body into `record`, to its end, to the limit, or to the deadline. What came before a
/// failure is kept.
pub(crate) async fn read_body(
    mut response: Response,
    record: &mut AttemptResponse,
    limits: BodyLimits,
    deadline: Deadline,
) -> Result<(), Failure> {
    let mut read = 0;
    loop {
        let chunk = deadline
            .keep(response.chunk())
            .await
            .map_err(|_elapsed| Failure::TimedOut(Stage::Body))?
            .map_err(|error| Failure::Transport(Stage::Body, error))?;
        let Some(chunk) = chunk else { return Ok(()) };
        let room = limits.kept.saturating_sub(record.body.len());
        record.truncated |= chunk.len() > room;
        record.body.extend(chunk.iter().take(room));
        read += chunk.len();
        if read > limits.read {
            // Whoever drops an answer that was not read to its end drops the connection with it.
            record.truncated = true;
            return Ok(());
        }
    }
}

/// Passes the body on, piece by piece, to its end or to the deadline. It also ends where nobody takes the
/// pieces any more: whoever closed the channel knows why.
pub(crate) async fn pass_body(
    mut response: Response,
    pieces: &mpsc::Sender<Bytes>,
    deadline: Deadline,
) -> Result<(), Failure> {
    let timed_out = |_elapsed| Failure::TimedOut(Stage::Body);
    loop {
        let piece = deadline.keep(response.chunk()).await.map_err(timed_out)?;
        let piece = piece.map_err(|error| Failure::Transport(Stage::Body, error))?;
        let Some(piece) = piece else { return Ok(()) };
        if deadline.keep(pieces.send(piece)).await.map_err(timed_out)?.is_err() {
            return Ok(());
        }
    }
}

/// The moment by which a call must have ended, by the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    started: Instant,
    limit: Duration,
}

impl Deadline {
    /// Starts to run now.
    pub(crate) fn starting_now(limit: Duration) -> Self {
        Self { started: Instant::now(), limit }
    }

    /// The whole time that the call has.
    pub(crate) fn limit(self) -> Duration {
        self.limit
    }

    /// What is left of it.
    pub(crate) fn remaining(self) -> Duration {
        self.limit.saturating_sub(self.elapsed())
    }

    /// How long the call has taken.
    pub(crate) fn elapsed(self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for `future`, but not beyond the deadline.
    pub(crate) async fn keep<F: Future>(
        self,
        future: F,
    ) -> Result<F::Output, tokio::time::error::Elapsed> {
        tokio::time::timeout(self.remaining(), future).await
    }
}

/// The answer's body as a text that an error message may quote from; empty where it is none.
pub(crate) fn quotable_text(body: &[u8], headers: &HeaderMap) -> String {
    let claims_other = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(
        |content_type| {
            ["image/", "audio/", "video/", "application/octet-stream"]
                .iter()
                .any(|binary| content_type.starts_with(binary))
        },
    );
    // The body may have been cut in the midst of a character: its valid beginning will do.
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => body
            .get(..error.valid_up_to())
            .map_or("", |valid| std::str::from_utf8(valid).unwrap_or_default()),
        Err(_) => "",
    };
    let is_text = !claims_other
        && text.chars().all(|character| !character.is_control() || character.is_whitespace());
    if is_text { text.to_owned() } else { String::new() }
}

/// The first characters of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > EXCERPT_CHARACTERS * 4 {
            break;
        }
    }
    match words.char_indices().nth(EXCERPT_CHARACTERS) {
        Some((end, _)) => {
            words.truncate(end);
            words + "…"
        }
        None => words,
    }
}
