//! Incidents, and the notices that tell people of them.
//!
//! An incident is one stretch of trouble: a destination that does not take what it is sent, a
//! source from which nothing comes any more, or calls of a lifecycle that fail. It is opened once, however many attempts fail and
//! however many hubs see them, and it ends when the trouble does. A notice is one thing told to
//! one recipient; it is kept and tried again like a delivery.

use uuid::Uuid;

use crate::names;
use crate::progress::{ActionList, Place};
use crate::time::Timestamp;

names! {
    /// What kind of trouble an incident is.
    pub enum IncidentKind {
        /// A destination does not take deliveries; the subject is the connection.
        Connection = "connection",
        /// Nothing comes in by a source that expects something; the subject is the source.
        Silence = "silence",
        /// The calls of one action of a lifecycle fail, where the lifecycle itself goes nowhere for
        /// that; the subject is the action: its form, where it stands and its id, as in
        /// `request/new/register` (a global action's: `request/global/close/register`).
        Call = "call",
    }
}

/// What an incident is about that concerns the calls of one action.
pub fn call_subject(form: &str, place: &Place) -> String {
    let action = &place.action;
    match &place.list {
        ActionList::Status(status) => format!("{form}/{status}/{action}"),
        ActionList::Global(id) => format!("{form}/global/{id}/{action}"),
    }
}

names! {
    /// Whether an incident lasts.
    pub enum IncidentState {
        /// It lasts.
        Open = "open",
        /// It is over.
        Recovered = "recovered",
    }
}

/// What a letter calls that which a delivery is about.
pub const KEY_LABEL: &str = "Form or case";

/// A delivery that shows what an incident is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The delivery.
    pub delivery: Uuid,
    /// The message that it comes of; `None` where no message set it off.
    pub message: Option<Uuid>,
    /// What it is about (a case id, a form id), where that is known.
    pub key: Option<String>,
}

/// What was seen last of what is in trouble: of a destination the last failure, of a source the last
/// message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When it was.
    pub at: Timestamp,
    /// What went wrong, as the remote gave it, without secrets.
    pub error: Option<String>,
    /// The status code, where there was an answer.
    pub status: Option<u16>,
    /// The URL as it was called, credentials masked.
    pub url: Option<String>,
    /// The delivery that failed.
    pub sample: Option<Sample>,
}

/// One stretch of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id, UUIDv7.
    pub id: Uuid,
    /// What kind of trouble it is.
    pub kind: IncidentKind,
    /// What is in trouble: a connection's or a source's name, or the place of an action.
    pub subject: String,
    /// Whether it lasts.
    pub state: IncidentState,
    /// When it was noticed.
    pub opened_at: Timestamp,
    /// When it was over.
    pub recovered_at: Option<Timestamp>,
    /// Failed attempts since it was noticed, those that led to it included.
    pub failures: u64,
    /// Deliveries that were given up meanwhile.
    pub given_up: u64,
    /// What was seen last. `None` for a source from which nothing ever came.
    pub last: Option<Sighting>,
    /// When people were last told that it lasts.
    pub reminded_at: Option<Timestamp>,
    /// Whether it followed so soon on the one before that a single success is no end of it.
    pub unsteady: bool,
    /// When its destination was last seen to work, where that was no end of it.
    pub success_at: Option<Timestamp>,
}

impl Incident {
    /// When what is in trouble was last seen so.
    pub fn last_seen_at(&self) -> Timestamp {
        self.last.as_ref().map_or(self.opened_at, |last| last.at)
    }

    /// When its destination last took something, where it lasts all the same and nothing has failed
    /// since: it seems to be over, and is not yet trusted.
    pub fn recovering_at(&self) -> Option<Timestamp> {
        let is_open = self.state == IncidentState::Open;
        self.success_at.filter(|at| is_open && *at > self.last_seen_at())
    }
}

names! {
    /// What a notice tells.
    pub enum NoticeKind {
        /// Trouble has begun.
        Opened = "opened",
        /// It lasts.
        Reminder = "reminder",
        /// It is over.
        Recovered = "recovered",
        /// Deliveries ended without having arrived.
        GivenUp = "given-up",
        /// What came in, went out and waits.
        Report = "report",
        /// What the lifecycle of a form tells.
        Lifecycle = "lifecycle",
    }
}

names! {
    /// How a notice travels.
    pub enum NoticeChannel {
        /// By mail.
        Mail = "mail",
        /// As a POST to a URL.
        Webhook = "webhook",
    }
}

names! {
    /// Where a notice stands.
    pub enum NoticeState {
        /// Will be sent, perhaps not for the first time.
        Pending = "pending",
        /// The relay or the destination took it.
        Sent = "sent",
        /// It was refused for good, or its last try failed.
        GivenUp = "given-up",
        /// Nobody can send it: no mail relay is set.
        NotSent = "not-sent",
    }
}

/// One thing told to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id, UUIDv7: the same over all tries, and part of the mail's `Message-ID`.
    pub id: Uuid,
    /// The incident that it tells of, where it is one.
    pub incident: Option<Uuid>,
    /// What it tells.
    pub kind: NoticeKind,
    /// How it travels.
    pub channel: NoticeChannel,
    /// To whom: a mail address or a URL.
    pub recipient: String,
    /// The mail's subject.
    pub subject: String,
    /// The mail's text; or the JSON that is posted.
    pub text: String,
    /// The mail's text once more as HTML.
    pub html: Option<String>,
    /// Where the recipient can end mails like this one.
    pub unsubscribe: Option<String>,
    /// Where it stands.
    pub state: NoticeState,
    /// How many tries were made.
    pub tries: u32,
    /// When it is tried next, while it is pending.
    pub next_at: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken.
    pub sent_at: Option<Timestamp>,
}
