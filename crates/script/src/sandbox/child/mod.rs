//! The inside of a job's process: takes one piece of work after the other until nobody sends any.
//!
//! Three threads share the work. One holds the script, on a stack whose size we know, and speaks with the hub.
//! One ends the process when the hub has gone, whatever the script does meanwhile. The first only waits for them.

mod blocks;
mod confine;
mod engine;
#[cfg(target_os = "linux")]
mod filter;
mod json;
mod memory;
mod modules;
mod pipes;

use std::io;
use std::thread;

use super::give_back_program;
use crate::protocol::{self, Done, FromWorker, Outcome, StepError, ToWorker};

/// How many bytes of stack the script's thread has beside those that a step may use.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Why the runner of jobs could not begin, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// What came in was not what the hub says.
    #[error("job-runner is started by the hub alone, which speaks to it over its standard input")]
    NotTheHub,
    /// The hub is of another release.
    #[error("job-runner speaks version {own} of the protocol, the hub {theirs}")]
    Version {
        /// Ours.
        own: u32,
        /// Theirs.
        theirs: u32,
    },
    /// The process could not be confined, or a pipe broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The script's thread ended in a panic.
    #[error("the thread of the script has ended unexpectedly")]
    Panic,
}

/// Runs steps for the hub at the other end of the standard input, until it closes. This is the
/// whole of the command `job-runner`.
pub fn run() -> Result<(), RunnerError> {
    confine::give_up_privileges()?;
    // Nothing follows upon it before this process is ready, so this thread leaves nothing of what came to the others.
    let Some(ToWorker::Setup { version, process_bytes }) = pipes::next() else {
        return Err(RunnerError::NotTheHub);
    };
    if version != protocol::VERSION {
        return Err(RunnerError::Version { own: protocol::VERSION, theirs: version });
    }
    thread::Builder::new().name("hub".to_owned()).spawn(pipes::watch)?;
    let script = thread::Builder::new().name("script".to_owned()).stack_size(STACK_BYTES).spawn(
        move || -> Result<(), RunnerError> {
            pipes::open()?;
            let engine = engine::Engine::new().map_err(io::Error::other)?;
            give_back_program();
            confine::confine(process_bytes)?;
            serve(&engine)
        },
    )?;
    script.join().map_err(|_| RunnerError::Panic)?
}

fn serve(engine: &engine::Engine) -> Result<(), RunnerError> {
    pipes::say(&FromWorker::Ready { version: protocol::VERSION })?;
    while let Some(message) = pipes::next() {
        let done = match message {
            ToWorker::Step(step) => engine.run_step(&step),
            ToWorker::Decide(decide) => engine.decide(&decide),
            // An answer that came after its step had ended.
            ToWorker::Reply(_) => continue,
            ToWorker::Setup { .. } => return Err(RunnerError::NotTheHub),
        };
        let again = done.again;
        // What came meanwhile may be more than could be kept: then nothing is understood that comes behind it.
        let said = pipes::say(&FromWorker::Done(Box::new(done)));
        if said.is_err() || !again || pipes::is_lost() {
            break;
        }
        // The hub goes on meanwhile.
        engine.restore();
    }
    Ok(())
}

/// The end of a piece of work that left nothing but an error.
fn ended(work: u64, error: StepError, again: bool) -> Done {
    Done { work, outcome: Outcome::ended(error), holds: Vec::new(), again }
}
