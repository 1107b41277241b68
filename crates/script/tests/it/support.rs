//! A pool of real processes, and jobs for them.

use std::sync::Mutex;

use fieldpost_script::adaptors;
use fieldpost_script::compile::{self, Adaptor, Compiled};
use fieldpost_script::protocol::{CallError, LogLine, Outcome, StepError};
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_script::sandbox::{Answer, Host, Limits, Pool, PoolSettings};
use serde_json::Value;
use serde_json::value::RawValue;

/// The bounds of most tests: small, so that what fills them does so soon; the time is one that no
/// honest job of a test comes near.
pub(crate) fn limits() -> Limits {
    Limits {
        memory_bytes: 64 * 1024 * 1024,
        time: std::time::Duration::from_mins(1),
        ..Limits::default()
    }
}

pub(crate) fn settings(workers: usize) -> PoolSettings {
    let mut settings = PoolSettings::new(env!("CARGO_BIN_EXE_job-runner"), []);
    settings.workers = workers;
    settings.limits = limits();
    settings
}

pub(crate) fn pool() -> Pool {
    Pool::new(settings(1))
}

pub(crate) fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn common() -> Adaptor {
    let exports = adaptors::exports(adaptors::COMMON).unwrap();
    Adaptor {
        specifier: adaptors::COMMON.to_owned(),
        exports: Some(exports.iter().map(ToString::to_string).collect()),
        reexport: true,
    }
}

pub(crate) fn compile(source: &str) -> Compiled {
    compile::compile(source, &[common()]).unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// A job in OpenFn's dialect, ready to run.
pub(crate) fn job(id: &str, source: &str) -> Job {
    let mut job = Job::compile(id, source, &[adaptors::COMMON])
        .unwrap_or_else(|error| panic!("{error}\n{source}"));
    job.work.limits = limits();
    job
}

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) state: Value,
    pub(crate) error: Option<StepError>,
    pub(crate) lines: Vec<LogLine>,
}

impl Ran {
    /// The name of the error.
    #[track_caller]
    pub(crate) fn kind(&self) -> &str {
        self.error.as_ref().map_or("none", |error| error.name.as_str())
    }

    pub(crate) fn log(&self) -> Vec<&str> {
        self.lines
            .iter()
            .filter(|line| line.source == "JOB")
            .map(|line| line.message.as_str())
            .collect()
    }
}

pub(crate) async fn run_job(pool: &Pool, job: &Job, state: &str) -> Ran {
    run_with(pool, job, state, &Recorder::default()).await
}

pub(crate) async fn run_with(pool: &Pool, job: &Job, state: &str, host: &Recorder) -> Ran {
    let mut work = job.work.clone();
    work.state = raw(state);
    let outcome = pool.step(work, host).await;
    let (Outcome { state, error }, _) = settle(outcome, &job.work.id, job.places.as_deref());
    let state = state.map(|state| serde_json::from_str(state.get()).unwrap()).unwrap_or_default();
    let lines = host.lines.lock().unwrap().clone();
    Ran { state, error, lines }
}

/// Runs a job in OpenFn's dialect.
pub(crate) async fn run(pool: &Pool, source: &str, state: &str) -> Ran {
    run_job(pool, &job("a", source), state).await
}

/// A host that writes the log down, and knows the calls `echo` and `never`.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) lines: Mutex<Vec<LogLine>>,
}

impl Host for Recorder {
    fn call(&self, name: &str, arguments: Box<RawValue>) -> Answer<'_> {
        match name {
            "echo" => Box::pin(async { Ok(arguments) }),
            "never" => Box::pin(std::future::pending()),
            _ => {
                let error = CallError { code: "no-such-call".into(), message: "not here".into() };
                Box::pin(async { Err(error) })
            }
        }
    }

    fn log(&self, line: LogLine) {
        self.lines.lock().unwrap().push(line);
    }
}
