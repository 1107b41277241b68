//! Where jobs run: processes that can do nothing but reckon.
//!
//! A job is written by somebody whom the hub does not trust, and QuickJS is a large program in C
//! that was not written to hold such people. So a job runs in a child process of the same binary,
//! which holds the engine and nothing else:
//!
//! ```text
//!   hub                            fieldpost job-runner            (one of several, warm)
//!    │                                │ no environment, no file, no socket: three pipes
//!    │        Setup                   │ memory, processes and descriptors bounded by the kernel
//!    │ ──────────────────────────────►│
//!    │        Step: code, state       │ QuickJS, made anew for each step: memory, stack, time bounded
//!    │ ──────────────────────────────►│──┐
//!    │        Call: http {…}          │  │ the script
//!    │ ◄──────────────────────────────│◄─┤
//!    │  [`Host`] decides              │  │
//!    │        Reply                   │  │
//!    │ ──────────────────────────────►│─►│
//!    │        Done: state, error      │◄─┘
//!    │ ◄──────────────────────────────│
//! ```
//!
//! Three walls stand one behind the other. QuickJS's own bounds end most runaway scripts with a
//! clear error. What they miss, such as a native loop that asks nobody, is ended with its process
//! at the deadline. And a script that breaks out of QuickJS finds a process without descriptors to
//! open, without credentials but those of its own step, and without any other run's state.
//!
//! What a dead process costs is the step that it ran. The pool starts another one.

mod child;
mod limits;
mod pool;
mod program;
mod scrub;
mod worker;

pub use child::{RunnerError, run as run_child};
pub use limits::Limits;
pub use pool::{Pool, PoolSettings, Work};
pub use program::give_back_program;
pub use scrub::Scrubber;
pub use worker::{Answer, Host, NoHost};
