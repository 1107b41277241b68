//! The lifecycle of a submission: what happens to it, who may make it happen, and what follows.
//!
//! ```text
//!   who ──────────┐
//!   template ─► variables ─► machine ─► effects
//!   anonymise, values ───────┘
//! ```
//!
//! [`Machine::step`] is the whole of it: a record, something that happened, who did it and when, and out come
//! the record as it is then, what is to be done, and when the lifecycle goes on by itself. Nothing here reads a
//! clock, waits, or remembers anything: whoever keeps records and effects in one transaction can stop and go on
//! anywhere.

pub mod anonymise;
mod effects;
mod machine;
pub mod template;
mod values;
mod variables;
pub mod who;

#[cfg(test)]
mod tests;

pub use effects::{
    Bounds, CallError, CallOutcome, CallPlan, CallTrouble, DEFAULT_BOUNDS, Effect, Happening,
    MailPlan, Problem, Record, Sent, Step,
};
pub use machine::{Available, Machine, check_trigger_method};
pub use values::position;
pub use variables::{Addresses, Facts};
pub use who::{Caller, Parties};
