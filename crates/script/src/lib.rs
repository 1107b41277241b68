//! Jobs: scripts that people write to turn one message into what other systems want.
//!
//! They are written in the OpenFn dialect of JavaScript, unchanged, and this crate does with them
//! all that is done: it turns a job into a module ([`compile`]), runs it in a process that can do
//! nothing but reckon ([`sandbox`]), and finds the way from step to step ([`runtime`]).
//!
//! ```text
//!  job, as its author wrote it
//!      │  compile     pure: text in, text out, with a place for every error
//!      ▼
//!  ES module
//!      │  sandbox     a child process with QuickJS, spoken to by the `protocol`
//!      ▼
//!  outcome: state, error, log
//!      │  runtime     pure: which steps follow
//!      ▼
//!  next step
//! ```
//!
//! What a job needs of the world it asks of its [`host`].
//!
//! A job is code of somebody whom the hub does not trust. Nothing in this crate runs it inside the
//! hub's own process.

pub mod adaptors;
pub mod compile;
pub mod host;
pub mod npm;
pub mod plan;
pub mod protocol;
pub mod runtime;
pub mod sandbox;
