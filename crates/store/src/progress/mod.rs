//! Where submissions are on their way through the lifecycles of their forms.
//!
//! The store knows no lifecycle. Whoever takes a submission along reads its progress, decides, and says with
//! the outcome which revision that was made from, and which version of the submission. One transaction
//! compares both and keeps all that the step comes to: the progress, the calls and notices that it sets off,
//! what it was told; or nothing, where something has moved, and the step is made again.
//!
//! ```text
//!   accept ──► untold                 the order to tell the lifecycle what happened, beside the submission
//!                │
//!                ▼  read, decide, keep_step: ONE transaction
//!   progress · progress_bodies ──► deliveries ──► lifecycle_calls      calls that are out
//!                ▲                                    │
//!                └───── told how the call ended ◄─────┘
//! ```
//!
//! What lists read (`progress`) is narrow and has an index for each order. What happened, which may be long,
//! lies apart (`progress_bodies`). Forms without a lifecycle have neither: their lists read the submissions
//! themselves, see [`recorded`].
//!
//! A step moves the place of its submission in the feed of changes, as a new version does: whoever keeps a
//! copy learns of it there.

mod answers;
mod call_ends;
mod calls;
mod codec;
mod counts;
pub(crate) mod erase;
mod files;
mod list;
mod nonces;
#[cfg(test)]
mod plans;
mod problems;
mod pushdown;
mod read;
mod recorded;
mod rewrite;
mod step;
mod texts;
mod untold;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::{Progress, StoredFile};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

pub use self::call_ends::{CallChange, CallEnd, NotedCallEnd};
pub use self::counts::CountedPart;
pub use self::list::ListedProgress;
pub use self::problems::LifecycleProblem;
use crate::notices::NewNotice;
use crate::payloads::NewPayload;
use crate::records::NewDelivery;
use crate::runs::NewRun;

/// What progress is asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressKey<'k> {
    /// The submission.
    Submission(Uuid),
    /// The number among those of a form.
    Number {
        /// The form.
        form: &'k str,
        /// The number.
        number: u64,
    },
    /// The id that the template of a form made.
    NaturalId {
        /// The form.
        form: &'k str,
        /// The id.
        id: &'k str,
    },
    /// The id that it has everywhere.
    Uuid(Uuid),
    /// The tracking code, in capitals or not.
    TrackingCode(&'k str),
}

/// Progress as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProgress {
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// Grows with every step; from 1.
    pub revision: i64,
    /// The newest version of the submission.
    pub version: i64,
    /// The place of the submission in the feed of changes.
    pub place: i64,
    /// The progress. Of one whose answers were erased, what lists show of it: nothing of what happened.
    pub progress: Progress,
    /// Whether retention has taken away what happened to it, with the answers.
    pub is_erased: bool,
    /// When the lifecycle goes on by itself.
    pub due_at: Option<Timestamp>,
    /// Whether the lifecycle is still to be told of something.
    pub is_behind: bool,
}

/// A step of a submission along its lifecycle, to be kept as a whole or not at all.
#[derive(Clone, Debug)]
pub struct ProgressStep {
    /// The project.
    pub project: ProjectName,
    /// The version of the definitions that the step was decided with.
    pub configuration_version: i64,
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// The revision of the progress that was read; 0: there was none.
    pub expected: i64,
    /// The version of the submission that was read.
    pub expected_version: i64,
    /// The progress as it is now.
    pub progress: Progress,
    /// Whether it is pending or done; `None` for a draft, or where its status is gone.
    pub standing: Option<StatusKind>,
    /// Who can do something now: ids of roles, [`SUBMITTER`], [`person`].
    pub acting: Vec<String>,
    /// Whom it concerns, in the same words.
    pub concerned: Vec<String>,
    /// When the lifecycle goes on by itself, if nothing else happens.
    pub due_at: Option<Timestamp>,
    /// The versions that the lifecycle has been told of by this.
    pub told: Vec<i64>,
    /// The call whose end it was told.
    pub ended_call: Option<Uuid>,
    /// What went wrong on the way.
    pub problems: Vec<LifecycleProblem>,
    /// How calls ended that it was told of.
    pub call_ends: Vec<CallEnd>,
    /// The calls that are to be made.
    pub calls: Vec<NewCall>,
    /// The mails that are to be sent.
    pub notices: Vec<NewNotice>,
    /// The files that what happened names. Those that are there stay, unless they are forgotten below.
    pub files: Vec<StoredFile>,
    /// The versions of the submission that say something else from here on.
    pub rewritten: Vec<RewrittenVersion>,
    /// Of the files of the submission those that stay, by name; `None`: all.
    pub kept_files: Option<Vec<String>>,
    /// Of the files that what happened names those that stay, by SHA-256; `None`: all.
    pub kept_step_files: Option<Vec<[u8; 32]>>,
    /// How far the submission was made anonymous. Where that is for good, the bytes of what brought it go
    /// as well: see [`Store::keep_step`](crate::Store::keep_step).
    pub anonymised: Option<AnonymiseMode>,
    /// The deliveries of what the step tells of; those of calls stand there.
    pub deliveries: Vec<NewDelivery>,
    /// The runs of what the step tells of.
    pub runs: Vec<NewRun>,
    /// What these carry.
    pub payloads: Vec<NewPayload>,
}

/// What stands for whoever filled a submission in, among those who can do something or whom it concerns.
pub const SUBMITTER: &str = "_submitter";

/// What stands for one person there, by number.
pub fn person(number: u64) -> String {
    format!("_user:{number}")
}

/// A call that a step makes.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// Its number among all that the submission has set off.
    pub number: u64,
    /// The delivery that makes it.
    pub delivery: NewDelivery,
    /// What it carries.
    pub payload: NewPayload,
}

/// A version of a submission that says something else from here on: less, where it was made anonymous, or
/// more, where something was computed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewrittenVersion {
    /// The version.
    pub version: i64,
    /// The answers, as JSON text.
    pub values: String,
    /// What the form does not know, as JSON text.
    pub extra: String,
    /// What is known of it beside the answers, as JSON text.
    pub metadata: String,
    /// Where it was filled in: a geometry in GeoJSON. Counts for the newest version.
    pub position: Option<String>,
    /// Whether it is forgotten who filled it in.
    pub forgets_user: bool,
}

/// What became of a step. Only [`Written`](Self::Written) has changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// It is kept.
    Written {
        /// The revision of the progress from here on.
        revision: i64,
    },
    /// The progress or the submission has moved since it was read, or is gone: to be read and decided again.
    Moved,
    /// The definitions have changed since: to be decided again with the newest.
    Stale,
    /// Another submission of the project has the tracking code.
    TakenCode,
    /// Another submission of the form has the natural id.
    TakenNaturalId,
}

/// What a lifecycle is still to be told of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingUntold {
    /// The project.
    pub project: ProjectName,
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// The version that it came with.
    pub version: i64,
    /// What happened, as its planner wrote it.
    pub happening: String,
    /// Since when it waits.
    pub since: Timestamp,
}

/// How far lifecycles have been given submissions that were there before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// How many are to be told of now that were not before.
    pub told: u64,
    /// How many were looked at: none are left behind the last of them where it is fewer than asked for.
    pub looked_at: u64,
}

/// A call that has ended, and whose lifecycle may not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedCall {
    /// The project.
    pub project: ProjectName,
    /// The submission.
    pub submission: Uuid,
    /// The number of the call.
    pub number: u64,
    /// The delivery.
    pub delivery: Uuid,
    /// How it ended; cancelled where the delivery itself is gone.
    pub state: DeliveryState,
}
