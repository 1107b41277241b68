//! What sets a lifecycle going, and what it sets going.

use std::time::Duration;

use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{CallFiles, CallMethod, CallResponse};
use fieldpost_model::progress::{Place, Progress, StoredFile};
use fieldpost_model::submission::Submission;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::template::Datum;

/// A submission with all that became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was answered.
    pub submission: Submission,
    /// What became of it.
    pub progress: Progress,
    /// The files that are kept of it.
    pub files: Vec<StoredFile>,
}

/// The bounds of lifecycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many jumps may follow each other without waiting for a person or for the time.
    pub jumps_without_waiting: u32,
    /// How long what calls, triggers and hooks left may become, as JSON, in bytes.
    pub data_bytes: usize,
    /// How many statuses are kept to go back to.
    pub markers: usize,
    /// How long until a timeout is looked at again whose condition did not hold.
    pub timeout_again: Duration,
}

/// The bounds where nobody says otherwise.
pub const DEFAULT_BOUNDS: Bounds = Bounds {
    jumps_without_waiting: 50,
    data_bytes: 4 * 1_024 * 1_024,
    markers: 100,
    timeout_again: Duration::from_mins(20),
};

/// What was sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing.
    Nothing,
    /// JSON; files in it are objects already that name their bytes. And these files.
    Json(Value<'static>, Vec<StoredFile>),
    /// A file.
    File(StoredFile),
}

/// What happened to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It was sent, for the first time or after it was a draft: its lifecycle begins.
    Submitted,
    /// A program takes a jump by its name.
    Trigger {
        /// The name.
        name: String,
        /// What came along.
        sent: Sent,
        /// Whether it is taken even while a call is out.
        bypass: bool,
    },
    /// A person takes a jump by its button.
    Button {
        /// The id of the action in the status.
        action: String,
    },
    /// A global action is done by hand.
    GlobalAction {
        /// Its id.
        id: String,
    },
    /// A global action is set off by a program.
    Hook {
        /// Its id.
        id: String,
        /// What came along.
        sent: Sent,
        /// Whether it is taken even while a call is out. It is not where it comes to a call itself: then
        /// it is refused, because what stands behind two calls cannot wait for both.
        bypass: bool,
    },
    /// Answers were changed.
    Edited {
        /// The action that allows it; `None`: the first that does.
        action: Option<String>,
        /// All answers, as they are now.
        submission: Box<Submission>,
        /// The files that came with them.
        files: Vec<StoredFile>,
    },
    /// Answers were changed by another system, which is not asked whether it may: the record has the new
    /// ones already. Drafts and records that wait for a call are changed too. Where it was made anonymous,
    /// what came is made anonymous as well.
    Changed,
    /// Somebody said something.
    Commented {
        /// The action that allows it; `None`: the first that does.
        action: Option<String>,
        /// What was said, as safe HTML.
        html: String,
    },
    /// Somebody added a file.
    Attached {
        /// The action that allows it; `None`: the first that does.
        action: Option<String>,
        /// The file.
        file: StoredFile,
    },
    /// The time has come that [`Step::next_due`] told.
    TimeCame,
    /// A call ended.
    CallEnded {
        /// Its number.
        number: u64,
        /// How.
        outcome: Box<CallOutcome>,
    },
}

/// Why a call counts as failed, in the order in which the policies are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallError {
    /// The program says so.
    App,
    /// A status from 400 to 499.
    Client,
    /// A status from 500 to 599.
    Server,
    /// An answer that is not JSON.
    BadData,
    /// No answer.
    Network,
    /// It could not be made: its keys contradict each other.
    Payload,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// The address that was called.
    pub url: String,
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
    /// Why it counts as failed; empty where it did not.
    pub errors: Vec<CallError>,
    /// What is stored, under full names: `register_status`, `register_response`.
    pub stored: Vec<(String, Value<'static>)>,
    /// What the program calls the submission from now on.
    pub display_id: Option<String>,
    /// The answer, where it is a file.
    pub file: Option<StoredFile>,
    /// What went wrong, in a few words: `404 Not Found`.
    pub summary: String,
    /// What was answered, where that was an error.
    pub data: Vec<u8>,
    /// The delivery that made the call.
    pub delivery: Option<Uuid>,
}

/// A call, its templates rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPlan {
    /// Its number among all that the submission set off: with the submission's id the key by which it is
    /// made once.
    pub number: u64,
    /// Where the action stands.
    pub place: Place,
    /// What people call it.
    pub label: String,
    /// The variable name that its outcome is stored under.
    pub name: Option<String>,
    /// The connection that makes it.
    pub connection: String,
    /// What is put behind the connection's URL.
    pub path: String,
    /// The method.
    pub method: CallMethod,
    /// What is added to the query.
    pub query: Vec<(String, String)>,
    /// Whether the whole document is sent; what is sent of its own is under `extra` then.
    pub document: bool,
    /// How its files are sent.
    pub files: CallFiles,
    /// What is sent of its own: keys such as `a/b/0`, still flat.
    pub own: Vec<(String, Datum)>,
    /// What is done with the answer.
    pub response: CallResponse,
}

/// A mail, its templates rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailPlan {
    /// Its number among all that the submission set off.
    pub number: u64,
    /// The roles that it goes to.
    pub roles: Vec<String>,
    /// The addresses that it goes to.
    pub addresses: Vec<String>,
    /// Its subject, one line.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// What went wrong in a lifecycle, for those who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Option<Place>,
    /// Its code.
    pub code: &'static str,
    /// A sentence that tells nothing of what was answered.
    pub sentence: String,
}

/// Why a call failed, as those are told who look after the project: nothing of whoever is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallTrouble {
    /// What happened, in a few words.
    pub summary: String,
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
    /// The address that was called.
    pub url: Option<String>,
    /// The delivery that made it; `None` where none could be made.
    pub delivery: Option<Uuid>,
}

/// What a lifecycle sets going, in the order in which it does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A call is to be made; its end is told by [`Happening::CallEnded`].
    Call(Box<CallPlan>),
    /// A mail is to be sent.
    Mail(MailPlan),
    /// It came to a status.
    StatusChanged {
        /// The one that it was in; `None` at its beginning.
        from: Option<String>,
        /// The one that it is in.
        to: String,
    },
    /// Its answers changed: the old ones are kept as a version.
    NewVersion,
    /// Answers were taken away, now and in all versions that are kept.
    Anonymised(AnonymiseMode),
    /// It belongs to nobody now.
    Unlinked,
    /// It is to be erased; nothing follows.
    Deleted,
    /// Those whom a connection notifies are to be told that a call failed.
    Notify {
        /// The connection.
        connection: String,
        /// What happened.
        summary: String,
    },
    /// A call ended: well, or with trouble that nothing in the lifecycle is there for. Where its error leads to
    /// another status, the lifecycle's author has thought of it, and there is no such news.
    CallEnded {
        /// Where the action stands that made it.
        place: Place,
        /// What went wrong; `None` where it went well.
        trouble: Option<CallTrouble>,
    },
    /// Something went wrong that its author should know.
    Problem(Problem),
}

/// What follows from a happening.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The submission, as it is now. Kept in one transaction with the effects.
    pub record: Record,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// When the lifecycle goes on by itself, if nothing else happens.
    pub next_due: Option<Timestamp>,
}

impl Step {
    /// Whether the submission is to be erased.
    pub fn is_deleted(&self) -> bool {
        self.effects.contains(&Effect::Deleted)
    }
}
