//! Where one submission is on its way through the lifecycle of its form.
//!
//! What was answered is a [`Submission`](crate::submission::Submission), as for any other form; this
//! is everything that happens to it afterwards.

use uuid::Uuid;

use crate::json::Value;
use crate::lifecycle::Who;
use crate::names;
use crate::person::UserReference;
use crate::submission::{Group, Position};
use crate::time::Timestamp;

mod waiting;
mod written;

pub use waiting::{ActionList, Fired, LatestCall, Place, Waiting};

/// Where one submission is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The id that it has for ever and everywhere.
    pub uuid: Uuid,
    /// Its number among the submissions of its form, from 1.
    pub number: u64,
    /// The id that its form's template made, in the place of the number.
    pub natural_id: Option<String>,
    /// What people call it: `1-28`, or what another program gave it.
    pub display_id: String,
    /// The status that it is in; `None` for a draft, which no lifecycle has begun for.
    pub status: Option<String>,
    /// The statuses that a jump back leads to, the last one last.
    pub markers: Vec<String>,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it last came to the status that it is in: timeouts are counted from here.
    pub arrived_at: Timestamp,
    /// What happened to it, the oldest first.
    pub history: Vec<HistoryEntry>,
    /// What calls, triggers and hooks left: an object. A file in it is an object with `filename`,
    /// `content_type` and [`FILE_DIGEST`]; its bytes are where those of attachments are.
    pub data: Value<'static>,
    /// What those who handle it added, under the keys of the lifecycle's backoffice fields.
    pub backoffice_values: Group,
    /// The functions that are bound to other roles than the form says, each with its roles.
    pub functions: Vec<(String, Vec<String>)>,
    /// How pressing it is: the level, counted from 0.
    pub criticality: u32,
    /// The code that it is found by.
    pub tracking_code: Option<String>,
    /// How it came in.
    pub origin: Origin,
    /// Whom it concerns: the submitter, where known by name.
    pub user: Option<UserReference>,
    /// When it was made anonymous.
    pub anonymised_at: Option<Timestamp>,
    /// Where it is.
    pub geolocation: Option<Position>,
    /// What tells it from others in a list.
    pub digest: Option<String>,
    /// The calls that are out. At most one of them has actions waiting behind it.
    pub waiting: Vec<Waiting>,
    /// How many calls, mails and the like it has set off: each has a number that never comes again.
    pub set_off: u64,
    /// The latest call of each name.
    pub calls: Vec<LatestCall>,
    /// The global actions that happened by themselves.
    pub fired: Vec<Fired>,
}

/// The member of a file's object that names its bytes: their SHA-256, in hexadecimal.
pub const FILE_DIGEST: &str = "content_sha256";

/// How a submission came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The way that it took.
    pub channel: Channel,
    /// Whether somebody filled it in for another.
    pub is_backoffice: bool,
    /// Who did so.
    pub agent: Option<UserReference>,
    /// The submission that it was made from.
    pub parent: Option<Parent>,
    /// What else was sent of it, as an object: `comments`, `thumbnail_url`.
    pub context: Option<Value<'static>>,
}

/// The submission that another was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The name of its form.
    pub form: String,
    /// Its number.
    pub number: u64,
}

names! {
    /// The way that a submission took, by the names of w.c.s.
    #[derive(Default)]
    pub enum Channel {
        /// The web.
        #[default]
        Web = "web",
        /// A letter.
        Mail = "mail",
        /// A mail message.
        Email = "email",
        /// A telephone call.
        Phone = "phone",
        /// Somebody at a counter.
        Counter = "counter",
        /// A fax.
        Fax = "fax",
        /// A social network.
        SocialNetwork = "social-network",
    }
}

/// One thing that happened to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub time: Timestamp,
    /// When it last went on from there to the same status again.
    pub last_jump_at: Option<Timestamp>,
    /// Who did it; `None` where it happened by itself or a program did it.
    pub who: Option<Actor>,
    /// The status that it came to; `None` where it stayed.
    pub status: Option<String>,
    /// What belongs to it.
    pub parts: Vec<Part>,
}

/// Who did something to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever filled it in, known by name or not.
    Submitter,
    /// Somebody else.
    User(UserReference),
}

/// What belongs to a thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Somebody said something: `workflow-comment`.
    Comment {
        /// The variable name of the action that asked for it.
        identifier: Option<String>,
        /// What was said, as safe HTML.
        html: String,
    },
    /// Somebody added a file, or a call was answered by one: `workflow-attachment`.
    Attachment {
        /// The variable name that it can be read by.
        identifier: Option<String>,
        /// The file.
        file: StoredFile,
        /// Who sees it; empty for all who see the submission.
        visible_to: Vec<Who>,
    },
    /// What was sent along by trigger, hook or form: `workflow-form`.
    FormData {
        /// What it is stored under.
        key: String,
        /// What was sent: an object.
        data: Value<'static>,
    },
    /// A call failed: `wscall-error`. Only for those who handle the submission.
    CallError {
        /// What happened: `404 Not Found`.
        summary: String,
        /// What the call is called.
        label: Option<String>,
        /// What was answered, up to [`MAX_CALL_ERROR_BYTES`]; the whole is in the attempt.
        data: Vec<u8>,
        /// The delivery that made the call.
        delivery: Option<Uuid>,
    },
}

/// How much of a failed call's answer the history keeps, in bytes: as much as w.c.s. does.
pub const MAX_CALL_ERROR_BYTES: usize = 10_000;

/// A file whose bytes the hub keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// The name of a file whose own name another one has: `photo.jpg` as `photo-2.jpg`.
pub fn numbered_file_name(name: &str, count: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem}-{count}.{extension}"),
        _ => format!("{name}-{count}"),
    }
}

impl Progress {
    /// A draft: received and changed at one time, and nothing else known.
    pub fn draft(uuid: Uuid, number: u64, now: Timestamp) -> Self {
        Self {
            uuid,
            number,
            natural_id: None,
            display_id: number.to_string(),
            status: None,
            markers: Vec::new(),
            received_at: now,
            updated_at: now,
            arrived_at: now,
            history: Vec::new(),
            data: Value::Object(Vec::new()),
            backoffice_values: Group::default(),
            functions: Vec::new(),
            criticality: 0,
            tracking_code: None,
            origin: Origin::default(),
            user: None,
            anonymised_at: None,
            geolocation: None,
            digest: None,
            waiting: Vec::new(),
            set_off: 0,
            calls: Vec::new(),
            fired: Vec::new(),
        }
    }

    /// Whether a call is out that actions wait for: w.c.s. calls that processing actions.
    pub fn is_busy(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.goes_on)
    }

    /// Whether its lifecycle has not begun.
    pub fn is_draft(&self) -> bool {
        self.status.is_none()
    }

    /// When it first came to a status.
    pub fn first_arrival(&self, status: &str) -> Option<Timestamp> {
        self.history.iter().find(|entry| entry.is_at(status)).map(|entry| entry.time)
    }

    /// When it last came to a status: a jump to the status that it was in counts.
    pub fn latest_arrival(&self, status: &str) -> Option<Timestamp> {
        let entry = self.history.iter().rfind(|entry| entry.is_at(status))?;
        Some(entry.last_jump_at.unwrap_or(entry.time))
    }
}

impl HistoryEntry {
    fn is_at(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}
