//! What the hub and a worker say to each other.
//!
//! A worker is a process that runs steps: a child of the same binary that holds QuickJS, or a
//! Node.js process that holds adaptors of npm. Both speak this protocol over their standard input
//! and output, so the hub has one way to start, to feed and to end them.
//!
//! ```text
//!   hub                                   worker
//!    │ ── Setup ──────────────────────────► │   once, before anything else
//!    │ ◄────────────────────────── Ready ── │
//!    │ ── Step ───────────────────────────► │   one piece of work at a time
//!    │ ◄──────────────────── Log, Call … ── │
//!    │ ── Reply ──────────────────────────► │
//!    │ ◄─────────────────────────── Done ── │
//! ```
//!
//! Each message is a frame: four bytes that say how long it is, the highest first, and so many
//! bytes of JSON. Whoever reads a frame says how long it may be, and a longer one ends the
//! conversation before a byte of it is kept. States travel as JSON text that nobody between the
//! hub's store and the script parses.

pub mod frame;
mod work;

pub use work::{
    Call, CallError, Decide, Done, Level, LogLine, Moment, Operation, Outcome, Position, Reply,
    Severity, Step, StepError, StepLimits,
};

use serde::{Deserialize, Serialize};

/// Which form of the messages below both sides speak. It changes with every change of them, so that
/// a worker of another release is refused rather than misunderstood.
pub const VERSION: u32 = 2;

/// What the hub says to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToWorker {
    /// The first message: who speaks, and how much the whole process may take.
    Setup {
        /// The [`VERSION`] of the hub.
        version: u32,
        /// How many bytes of memory the process may take beyond those that it starts with, QuickJS
        /// and everything beside it.
        process_bytes: u64,
    },
    /// Run this step.
    Step(Box<Step>),
    /// Say which of these conditions of edges hold.
    Decide(Decide),
    /// The answer to a call.
    Reply(Reply),
}

/// What a worker says to the hub.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromWorker {
    /// The worker holds itself within its bounds, and takes work.
    Ready {
        /// The [`VERSION`] of the worker.
        version: u32,
    },
    /// A line of the step's log.
    Log(LogLine),
    /// The step wants something of the hub.
    Call(Call),
    /// The work is done, well or not.
    Done(Box<Done>),
}
