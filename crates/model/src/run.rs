//! A run: one execution of a workflow, with its steps and its log.
//!
//! States, reasons and names of errors are OpenFn's own, so that what was written for them goes on
//! working. `lost` is there for what is imported; no run of this hub ends so, since the lease of a hub
//! that died returns its runs.

use uuid::Uuid;

use crate::names;
use crate::time::Timestamp;

names! {
    /// Where a run stands.
    pub enum RunState {
        /// It waits: for its turn, or for the next try of a step.
        Available = "available",
        /// A hub has taken it.
        Claimed = "claimed",
        /// Its first step has begun.
        Started = "started",
        /// It ended well.
        Success = "success",
        /// A step failed, and nothing took care of that.
        Failed = "failed",
        /// A job cannot work.
        Crashed = "crashed",
        /// Somebody ended it.
        Cancelled = "cancelled",
        /// It was stopped: it took too long, too much, or what it may not have.
        Killed = "killed",
        /// The hub is at fault.
        Exception = "exception",
        /// Nobody knows what became of it.
        Lost = "lost",
    }
}

impl RunState {
    /// Whether nothing more happens with it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Available | Self::Claimed | Self::Started)
    }
}

names! {
    /// Where one execution of a step stands.
    pub enum StepState {
        /// It goes on, or went on in a hub that died.
        Running = "running",
        /// It ended well.
        Success = "success",
        /// It failed; `state.errors` has it.
        Fail = "fail",
        /// The job cannot work.
        Crash = "crash",
        /// Somebody ended the run.
        Cancel = "cancel",
        /// It was stopped.
        Kill = "kill",
        /// The hub is at fault.
        Exception = "exception",
    }
}

names! {
    /// Why a run was made.
    pub enum RunOrigin {
        /// Its event happened.
        Event = "event",
        /// Its time had come.
        Cron = "cron",
        /// A person or a program asked for it.
        Manual = "manual",
        /// An earlier run was begun again, from its start or from a step.
        Retry = "retry",
        /// A message was matched again.
        Replay = "replay",
    }
}

names! {
    /// What a run began with.
    pub enum RunInput {
        /// A message: `{data, request}`.
        Message = "message",
        /// A filled form.
        Submission = "submission",
        /// The state that a form left a case in.
        Case = "case",
        /// An application that was saved or built.
        Application = "application",
        /// A state that was given with it, or that an earlier run left.
        State = "state",
    }
}

/// A run as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id, UUIDv7.
    pub id: Uuid,
    /// The name of the workflow.
    pub workflow: String,
    /// The version of the workflow that it runs.
    pub version: i64,
    /// Where it stands.
    pub state: RunState,
    /// Why it was made.
    pub origin: RunOrigin,
    /// What it began with.
    pub input: RunInput,
    /// The id of what it began with: a message, or a payload made of one; `None` for a state.
    pub input_id: Option<Uuid>,
    /// The message that it came of; `None` where no message set it off.
    pub message: Option<Uuid>,
    /// What it is about (a case id, a form id), where that is known.
    pub key: Option<String>,
    /// The run that was begun again.
    pub retry_of: Option<Uuid>,
    /// The step that it began with, where that is not the workflow's start.
    pub from_step: Option<String>,
    /// Who asked for it, as they were called then.
    pub by: Option<String>,
    /// When it was made.
    pub registered_at: Timestamp,
    /// When its first step began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it is due, while it is available.
    pub next_at: Option<Timestamp>,
    /// The error that ended it or is its reason: OpenFn's name of it.
    pub error_type: Option<String>,
    /// What that error says, in a sentence.
    pub error_message: Option<String>,
    /// The step of that error.
    pub error_step: Option<String>,
    /// Where in the job of that step it is.
    pub error_place: Option<JobPlace>,
}

/// A place in a job as its author wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPlace {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; nothing where only the line of an operation is known.
    pub column: Option<u32>,
}

/// One execution of a step within a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStep {
    /// Its number within the run, from one, in the order in which they began.
    pub number: u32,
    /// The step's id in the workflow.
    pub step: String,
    /// Its id in the final state where a step is reached several times: `x`, `x-1`.
    pub name_in_state: String,
    /// The number of the execution that led to it; `None` for the first.
    pub after: Option<u32>,
    /// Where it stands.
    pub state: StepState,
    /// Which try of it this is, from one.
    pub attempt: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How many bytes of JSON went in; `None` where they are not kept.
    pub input_bytes: Option<u64>,
    /// How many came out.
    pub output_bytes: Option<u64>,
    /// The error, as `state.errors` has it: JSON.
    pub error: Option<String>,
    /// How many lines it logged.
    pub log_lines: u32,
}
