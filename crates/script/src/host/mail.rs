//! The call `mail`: a letter by the hub's relay, under the hub's name.
//!
//! ```text
//! { to: [text], cc: [text], bcc: [text], reply_to, subject, text, html,
//!   files: [{name, content_type, base64}] }
//! → { id, accepted: [text] }
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::mail::{Enclosure, Letter, Mailer};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Service, failure, read, write};
use crate::protocol::CallError;
use crate::sandbox::Answer;

/// How many letters one step may send, those that the relay refuses included.
const MOST_LETTERS: usize = 20;
/// How many people one letter may go to.
const MOST_RECIPIENTS: usize = 50;
/// How many files one letter may have.
const MOST_FILES: usize = 20;
/// How many bytes the words and files of one letter may have.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// Sends letters, where the operator has set a relay.
#[derive(Debug)]
pub struct MailService {
    mailer: Option<Mailer>,
    /// How many letters the step has asked for that were within their bounds.
    letters: AtomicUsize,
}

#[derive(Deserialize)]
struct Asked {
    to: Vec<String>,
    #[serde(default)]
    cc: Vec<String>,
    #[serde(default)]
    bcc: Vec<String>,
    reply_to: Option<String>,
    subject: String,
    #[serde(default)]
    text: String,
    html: Option<String>,
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    content_type: String,
    base64: String,
}

impl MailService {
    /// By that relay, for one step; without one every letter is refused with a sentence that says so.
    pub fn new(mailer: Option<Mailer>) -> Self {
        Self { mailer, letters: AtomicUsize::new(0) }
    }

    async fn send(&self, asked: Asked) -> Result<Box<RawValue>, CallError> {
        let mailer = self.mailer.as_ref().ok_or_else(|| {
            failure("no-mail-relay", "No mail can be sent: the hub has no relay (`--smtp-url`)")
        })?;
        asked.need_bounds()?;
        let files = asked.files.iter().map(File::read).collect::<Result<Vec<_>, _>>()?;
        if self.letters.fetch_add(1, Ordering::Relaxed) >= MOST_LETTERS {
            let message =
                format!("A step may send {MOST_LETTERS} letters, and this would be one more");
            return Err(failure("too-many-letters", message));
        }
        let id = Uuid::now_v7();
        let letter = Letter {
            id,
            to: asked.to.iter().map(String::as_str).collect(),
            copies: asked.cc.iter().map(String::as_str).collect(),
            blind_copies: asked.bcc.iter().map(String::as_str).collect(),
            reply_to: asked.reply_to.as_deref(),
            subject: &asked.subject,
            text: &asked.text,
            html: asked.html.as_deref(),
            files,
            date: now(),
        };
        mailer.post(letter).await.map_err(|error| failure("mail-refused", error.message))?;
        let accepted = [asked.to.as_slice(), &asked.cc, &asked.bcc].concat();
        write(&json!({ "id": id, "accepted": accepted }))
    }
}

impl Asked {
    fn need_bounds(&self) -> Result<(), CallError> {
        let recipients = self.to.len() + self.cc.len() + self.bcc.len();
        if self.to.is_empty() {
            return Err(failure("bad-mail", "A letter goes to somebody: `to` is empty"));
        }
        if recipients > MOST_RECIPIENTS {
            let message =
                format!("A letter goes to {MOST_RECIPIENTS} people at most, not to {recipients}");
            return Err(failure("bad-mail", message));
        }
        if self.files.len() > MOST_FILES {
            let message =
                format!("A letter has {MOST_FILES} files at most, not {}", self.files.len());
            return Err(failure("bad-mail", message));
        }
        let files: usize = self.files.iter().map(|file| file.base64.len() / 4 * 3).sum();
        let bytes = self.text.len() + self.html.as_ref().map_or(0, String::len) + files;
        if bytes > MOST_BYTES {
            let message = format!("A letter has {MOST_BYTES} bytes at most, not {bytes}");
            return Err(failure("bad-mail", message));
        }
        Ok(())
    }
}

impl File {
    fn read(&self) -> Result<Enclosure<'_>, CallError> {
        let bytes = BASE64.decode(&self.base64).map_err(|error| {
            failure("bad-mail", format!("The file {:?} is no base64: {error}", self.name))
        })?;
        Ok(Enclosure { name: &self.name, content_type: &self.content_type, bytes })
    }
}

impl Service for MailService {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn call(&self, arguments: Box<RawValue>) -> Answer<'_> {
        Box::pin(async move { self.send(read(&arguments)?).await })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a letter carries the time of day, and nothing is decided by it"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
