//! The inside of a job's process: takes one piece of work after the other until nobody sends any.
//!
//! Three threads share the work. One reads what the hub says, so that the hub can always write; it
//! also ends the process when the hub has gone, whatever the script does meanwhile. One holds the
//! script, on a stack whose size we know. The first only waits for them.

mod confine;
mod engine;
#[cfg(target_os = "linux")]
mod filter;
mod json;
mod memory;
mod modules;

use std::cell::RefCell;
use std::io::{self, BufReader, Write as _};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::give_back_program;
use crate::protocol::{self, Done, FromWorker, Outcome, StepError, ToWorker, frame};

/// How many bytes of stack the script's thread has beside those that a step may use.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// How long a message of the hub may be. The hub is trusted: this only turns nonsense away.
const MESSAGE_BYTES: usize = 1 << 30;

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
    let mut input = BufReader::new(io::stdin());
    let Ok(Some(ToWorker::Setup { version, process_bytes })) =
        frame::read(&mut input, MESSAGE_BYTES)
    else {
        return Err(RunnerError::NotTheHub);
    };
    if version != protocol::VERSION {
        return Err(RunnerError::Version { own: protocol::VERSION, theirs: version });
    }
    let (sender, inbox) = mpsc::channel();
    thread::Builder::new().name("hub".to_owned()).spawn(move || {
        while let Ok(Some(message)) = frame::read(&mut input, MESSAGE_BYTES) {
            if sender.send(message).is_err() {
                break;
            }
        }
        confine::end();
    })?;
    let script = thread::Builder::new().name("script".to_owned()).stack_size(STACK_BYTES).spawn(
        move || -> Result<(), RunnerError> {
            let engine = engine::Engine::new().map_err(io::Error::other)?;
            give_back_program();
            confine::confine(process_bytes)?;
            serve(&inbox, &engine)
        },
    )?;
    script.join().map_err(|_| RunnerError::Panic)?
}

thread_local! {
    /// What the script's thread has still to say.
    static HELD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Says something to the hub with the next message, or before the script waits: each message wakes the hub.
fn hold(message: &FromWorker) -> io::Result<()> {
    let frame = frame::encode(message)?;
    HELD.with_borrow_mut(|held| held.extend_from_slice(&frame));
    Ok(())
}

/// Says what is held. Without a hub there is nothing left to do.
fn say_held() -> io::Result<()> {
    let held = HELD.take();
    if held.is_empty() {
        return Ok(());
    }
    let mut output = io::stdout().lock();
    output.write_all(&held)?;
    output.flush()
}

/// Says something to the hub, and what was held before it.
fn say(message: &FromWorker) -> io::Result<()> {
    hold(message)?;
    say_held()
}

fn serve(inbox: &Receiver<ToWorker>, engine: &engine::Engine) -> Result<(), RunnerError> {
    say(&FromWorker::Ready { version: protocol::VERSION })?;
    while let Ok(message) = inbox.recv() {
        let done = match message {
            ToWorker::Step(step) => engine.run_step(&step, inbox),
            ToWorker::Decide(decide) => engine.decide(&decide),
            // An answer that came after its step had ended.
            ToWorker::Reply(_) => continue,
            ToWorker::Setup { .. } => return Err(RunnerError::NotTheHub),
        };
        let again = done.again;
        if say(&FromWorker::Done(Box::new(done))).is_err() || !again {
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
