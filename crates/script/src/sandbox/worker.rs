//! One child process, as the hub sees it: started, given work, listened to, ended.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use super::pool::PoolSettings;
use super::{Limits, Scrubber};
use crate::protocol::{self, Call, CallError, Done, FromWorker, LogLine, Reply, ToWorker, frame};

/// What the hub answers to a call, some time.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Box<RawValue>, CallError>> + Send + 'a>>;

/// What a step can reach of the world, and who listens to it. The hub decides with each call
/// whether this step may have what it asks for: the other side of a call is a script.
pub trait Host: Send + Sync {
    /// Does what a step asks for.
    fn call(&self, name: &str, arguments: Box<RawValue>) -> Answer<'_>;

    /// Takes a line of the step's log. Secrets of the step's credential are masked in it.
    fn log(&self, line: LogLine);
}

/// A host that gives nothing and forgets what it is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&self, name: &str, _arguments: Box<RawValue>) -> Answer<'_> {
        let message = format!("`{name}` cannot be had here");
        Box::pin(async { Err(CallError { code: "no-such-call".to_owned(), message }) })
    }

    fn log(&self, _line: LogLine) {}
}

/// How a process ended that should have gone on.
#[derive(Debug)]
pub(super) enum Death {
    /// It was ended: its work took too long.
    Late,
    /// It had ended before it was given the work: nothing of the work has happened.
    Before,
    /// It ended by itself, or said what no worker says; for people.
    Ended(String),
}

/// How long a process has to start.
const START: Duration = Duration::from_secs(30);
/// How long a process has to end that says no more. What broke out of its engine can close a pipe and stay.
const END: Duration = Duration::from_secs(2);

/// A process that waits for work or does it.
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: FramedRead<ChildStdout, LengthDelimitedCodec>,
    /// How many pieces of work it has done.
    pub(super) done: u32,
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Worker").field("process", &self.child.id()).finish_non_exhaustive()
    }
}

impl Worker {
    /// Starts a process, and waits until it has confined itself.
    pub(super) async fn start(settings: &PoolSettings) -> io::Result<Self> {
        let mut child = Command::new(&settings.program)
            .args(&settings.arguments)
            .env_clear()
            .envs(settings.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the process has no pipes"));
        };
        let longest = usize::try_from(settings.limits.message_bytes()).unwrap_or(usize::MAX);
        let codec = LengthDelimitedCodec::builder().max_frame_length(longest).new_codec();
        let mut worker = Self { child, input, output: FramedRead::new(output, codec), done: 0 };
        let deadline = Instant::now() + START;
        let setup =
            ToWorker::Setup { version: protocol::VERSION, process_bytes: settings.process_bytes() };
        worker.send(&setup, deadline).await?;
        match timeout_at(deadline, worker.output.next()).await {
            Ok(Some(Ok(bytes))) => match frame::decode(&bytes)? {
                FromWorker::Ready { version: protocol::VERSION } => Ok(worker),
                _ => Err(io::Error::other("the process speaks another version of the protocol")),
            },
            Ok(Some(Err(error))) => Err(error),
            Ok(None) => Err(io::Error::other(format!("the process {}", worker.ending().await))),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Whether the process is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    async fn send(&mut self, message: &ToWorker, deadline: Instant) -> io::Result<()> {
        let bytes = frame::encode(message)?;
        match timeout_at(deadline, self.input.write_all(&bytes)).await {
            Ok(written) => written,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Gives the process a piece of work, does what it asks for, and waits until it is done.
    pub(super) async fn work(
        &mut self,
        message: &ToWorker,
        work: u64,
        limits: &Limits,
        host: &dyn Host,
        scrubber: &Scrubber,
    ) -> Result<Done, Death> {
        let deadline = Instant::now() + limits.time + limits.grace;
        self.send(message, deadline).await.map_err(|error| match error.kind() {
            // It is there and does not listen.
            io::ErrorKind::TimedOut => Death::Late,
            _ => Death::Before,
        })?;
        let mut calls = FuturesUnordered::new();
        // What of an answer is still to be written: the process takes it in when it next waits, or says something.
        // What is answered meanwhile stands behind it, up to the bound of one answer.
        let mut answer_left = Bytes::new();
        let mut answers = VecDeque::new();
        let mut answered_bytes = 0_u64;
        let mut traffic = 0_u64;
        // What is asked for waits in the hub until it is answered. Beyond the bound of one call no further one is
        // read before: the process waits, with what it has asked for in its own memory.
        let mut asked_bytes = 0_u64;
        loop {
            if answer_left.is_empty()
                && let Some(next) = answers.pop_front()
            {
                answer_left = next;
                answered_bytes -= answer_left.len() as u64;
            }
            tokio::select! {
                () = sleep_until(deadline) => return Err(Death::Late),
                written = self.input.write_buf(&mut answer_left), if !answer_left.is_empty() => {
                    // A pipe that broke is told by the end of the other one.
                    if written.is_err() {
                        answer_left.clear();
                    }
                }
                Some((reply, bytes)) = calls.next(), if answered_bytes <= limits.call_bytes => {
                    asked_bytes -= bytes;
                    let answer = frame::encode(&ToWorker::Reply(reply)).unwrap_or_default();
                    answered_bytes += answer.len() as u64;
                    answers.push_back(Bytes::from(answer));
                }
                said = self.output.next(), if asked_bytes <= limits.call_bytes => match said {
                    Some(Ok(bytes)) => {
                        let length = bytes.len() as u64;
                        traffic += length;
                        if traffic > limits.traffic_bytes() {
                            return Err(Death::Ended("said more than a step may say".to_owned()));
                        }
                        match frame::decode(&bytes) {
                            Ok(FromWorker::Log(mut line)) => {
                                line.message = scrubber.text(line.message);
                                host.log(line);
                            }
                            Ok(FromWorker::Call(call)) => {
                                if calls.len() as u64 >= limits.calls {
                                    return Err(Death::Ended("called too often at once".to_owned()));
                                }
                                asked_bytes += length;
                                let answer = answer(host, work, call, limits.call_bytes);
                                calls.push(async move { (answer.await, length) });
                            }
                            Ok(FromWorker::Done(mut done)) if done.work == work => {
                                self.done += 1;
                                // Nobody waits for the answers behind it any more. The next piece of work comes behind
                                // the whole of this one, or to another process.
                                let rest = self.input.write_all_buf(&mut answer_left);
                                done.again &= matches!(timeout_at(deadline, rest).await, Ok(Ok(())));
                                return Ok(*done);
                            }
                            Ok(_) | Err(_) => {
                                return Err(Death::Ended("said what no runner says".to_owned()));
                            }
                        }
                    }
                    Some(Err(error)) => return Err(Death::Ended(format!("said too much: {error}"))),
                    None => return Err(Death::Ended(self.ending().await)),
                }
            }
        }
    }

    /// How the process ended that says no more, for people. It may be there still: whoever asks ends it.
    async fn ending(&mut self) -> String {
        match timeout(END, self.child.wait()).await {
            Ok(Ok(status)) => format!("ended unexpectedly ({status})"),
            Ok(Err(error)) => format!("ended unexpectedly ({error})"),
            Err(_) => "said no more, and did not end".to_owned(),
        }
    }

    /// Ends the process, whatever it does, and waits until it is gone.
    pub(super) async fn end(mut self) {
        drop(self.child.kill().await);
    }
}

async fn answer(host: &dyn Host, work: u64, call: Call, limit: u64) -> Reply {
    let result = host.call(&call.name, call.arguments).await.and_then(|value| {
        let length = value.get().len() as u64;
        if length <= limit {
            return Ok(value);
        }
        let message = format!("The answer has {length} bytes, where {limit} are the most");
        Err(CallError { code: "answer-too-large".to_owned(), message })
    });
    Reply { work, call: call.call, result }
}
