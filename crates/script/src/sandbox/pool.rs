//! The processes that run steps: so many, kept warm, each with one step at a time.

use std::any::Any;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::worker::{Death, Worker};
use super::{Host, Limits, NoHost, Scrubber};
use crate::protocol::{
    Decide, Done, Level, Moment, Operation, Outcome, Severity, Step, StepError, ToWorker,
};

/// How a pool starts its processes, and how many.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// The program: as a rule the hub's own.
    pub program: PathBuf,
    /// Its arguments: as a rule the command `job-runner`.
    pub arguments: Vec<OsString>,
    /// All that its environment has.
    pub environment: Vec<(OsString, OsString)>,
    /// How many processes run steps at once.
    pub workers: usize,
    /// After how many steps a process is replaced, so that what a library leaks stays small.
    pub steps_per_worker: u32,
    /// The bounds of every step. A step may ask for less, not for more.
    pub limits: Limits,
}

impl PoolSettings {
    /// The usual pool of a program, which runs jobs when it is started with these arguments.
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().collect(),
            environment: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            steps_per_worker: 10_000,
            limits: Limits::default(),
        }
    }

    /// How many bytes a process may take beyond those that it starts with: those of the script,
    /// its state as text on both ways, and a remainder for everything else.
    pub(super) fn process_bytes(&self) -> u64 {
        const REMAINDER: u64 = 64 * 1024 * 1024;
        let limits = &self.limits;
        let texts = limits.input_bytes + limits.state_bytes + limits.call_bytes;
        limits.memory_bytes + limits.stack_bytes + 4 * texts + REMAINDER
    }
}

/// A step to run.
#[derive(Debug, Clone)]
pub struct Work {
    /// The step's id in its workflow.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// The job as a module, as the compiler wrote it.
    pub code: String,
    /// The operations of the module in their order.
    pub operations: Vec<Operation>,
    /// The modules that the job may import, beside the runtime's own.
    pub modules: Vec<String>,
    /// The state that comes in.
    pub state: Box<RawValue>,
    /// The step's credential.
    pub configuration: Option<Box<RawValue>>,
    /// The credentials of the workflow, beneath those of the step.
    pub credentials: Option<Box<RawValue>>,
    /// The step's own state, beneath the one that comes in.
    pub defaults: Option<Box<RawValue>>,
    /// The keys that are taken from the state when the step has ended.
    pub remove: Vec<String>,
    /// The lowest level of lines that are logged.
    pub log_level: Level,
    /// What it takes for the present and for chance, where it is to do the same each time.
    pub moment: Option<Moment>,
    /// What the step may take; never more than the pool gives.
    pub limits: Limits,
}

/// What OpenFn's worker takes from a state when a step has ended.
const REMOVED: [&str; 2] = ["configuration", "response"];

impl Work {
    /// A step with nothing but a job and a state.
    pub fn new(id: &str, code: impl Into<String>, state: Box<RawValue>) -> Self {
        Self {
            id: id.to_owned(),
            name: None,
            code: code.into(),
            operations: Vec::new(),
            modules: Vec::new(),
            state,
            configuration: None,
            credentials: None,
            defaults: None,
            remove: REMOVED.map(str::to_owned).to_vec(),
            log_level: Level::Info,
            moment: None,
            limits: Limits::default(),
        }
    }

    fn input_bytes(&self) -> u64 {
        let more = [&self.configuration, &self.credentials, &self.defaults];
        let more: usize = more.into_iter().flatten().map(|text| text.get().len()).sum();
        (self.state.get().len() + more) as u64
    }
}

/// How many processes may end before a piece of work has begun in one of them.
const MOST_BEGUN: u32 = 3;

/// Runs steps in child processes. Clones share the processes.
#[derive(Debug, Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: PoolSettings,
    /// One for each process that may be busy.
    places: Semaphore,
    idle: Mutex<Vec<Worker>>,
    last_work: AtomicU64,
    /// What the processes need for as long as somebody has the pool.
    _company: Option<Box<dyn Any + Send + Sync>>,
}

impl Pool {
    /// A pool without processes yet: [`Pool::warm`] starts them, or the first steps do.
    pub fn new(settings: PoolSettings) -> Self {
        Self::made(settings, None)
    }

    /// The same beside something that the processes need, which lives as long as the pool.
    pub fn beside(settings: PoolSettings, company: impl Any + Send + Sync) -> Self {
        Self::made(settings, Some(Box::new(company)))
    }

    fn made(settings: PoolSettings, company: Option<Box<dyn Any + Send + Sync>>) -> Self {
        let places = Semaphore::new(settings.workers.max(1));
        let inner = Inner {
            settings,
            places,
            idle: Mutex::default(),
            last_work: AtomicU64::new(0),
            _company: company,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Whether anybody else has this pool, as whoever runs a step with it does.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.inner) > 1
    }

    /// Starts the processes, so that the first steps need not wait for them.
    pub async fn warm(&self) -> std::io::Result<()> {
        for _ in self.idle()..self.inner.settings.workers {
            let worker = Worker::start(&self.inner.settings).await?;
            self.inner.keep(worker);
        }
        Ok(())
    }

    /// How many processes wait for work.
    pub fn idle(&self) -> usize {
        self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Runs a step. Whatever the job does, this returns: at the latest when its time is over. When
    /// the future is dropped, the step's process is ended.
    pub async fn step(&self, work: Work, host: &dyn Host) -> Outcome {
        let limits = self.within(work.limits);
        let input = work.input_bytes();
        if input > limits.input_bytes {
            let most = limits.input_bytes;
            let message = format!("The step's input has {input} bytes, where {most} are the most");
            return Outcome::ended(StepError::new("InputError", Severity::Crash, message));
        }
        let credentials = [&work.configuration, &work.credentials];
        let scrubber = Scrubber::new(credentials.into_iter().flatten().map(AsRef::as_ref));
        let number = self.inner.next_work();
        let message = ToWorker::Step(Box::new(step(work, number, &limits)));
        match self.run(&message, number, &limits, host, &scrubber).await {
            Ok(done) => {
                let mut outcome = done.outcome;
                outcome.error = outcome.error.map(|error| scrubber.error(error));
                outcome.state = outcome.state.map(|state| scrubber.state(state));
                outcome
            }
            Err(error) => Outcome::ended(error),
        }
    }

    /// Says which of these conditions of edges hold over the state that a step left.
    pub async fn decide(
        &self,
        state: Option<&RawValue>,
        upstream: &str,
        conditions: Vec<String>,
        limits: Limits,
    ) -> Result<Vec<bool>, StepError> {
        let limits = self.within(limits);
        let number = self.inner.next_work();
        let message = ToWorker::Decide(Decide {
            work: number,
            state: state.map(ToOwned::to_owned),
            upstream: upstream.to_owned(),
            conditions,
            limits: limits.of_step(),
        });
        let done = self.run(&message, number, &limits, &NoHost, &Scrubber::default()).await?;
        match done.outcome.error {
            Some(error) => Err(error),
            None => Ok(done.holds),
        }
    }

    /// The bounds of a step within those of the pool: processes and pipes are made for these.
    fn within(&self, asked: Limits) -> Limits {
        let most = &self.inner.settings.limits;
        Limits {
            memory_bytes: asked.memory_bytes.min(most.memory_bytes),
            stack_bytes: asked.stack_bytes.min(most.stack_bytes),
            time: asked.time.min(most.time),
            grace: asked.grace.min(most.grace),
            input_bytes: asked.input_bytes.min(most.input_bytes),
            state_bytes: asked.state_bytes.min(most.state_bytes),
            log_lines: asked.log_lines.min(most.log_lines),
            log_line_bytes: asked.log_line_bytes.min(most.log_line_bytes),
            calls: asked.calls.min(most.calls),
            call_bytes: asked.call_bytes.min(most.call_bytes),
        }
    }

    async fn run(
        &self,
        message: &ToWorker,
        number: u64,
        limits: &Limits,
        host: &dyn Host,
        scrubber: &Scrubber,
    ) -> Result<Done, StepError> {
        let Ok(_place) = self.inner.places.acquire().await else {
            return Err(fault("The pool of processes is closed".to_owned()));
        };
        for _ in 0..MOST_BEGUN {
            let mut worker = self.worker().await?;
            match worker.work(message, number, limits, host, scrubber).await {
                Ok(done) => {
                    if done.again && worker.done < self.inner.settings.steps_per_worker {
                        self.inner.keep(worker);
                    } else {
                        worker.end().await;
                        self.replace();
                    }
                    return Ok(done);
                }
                // It died while it waited; the work has not begun.
                Err(Death::Before) => worker.end().await,
                Err(Death::Late) => {
                    worker.end().await;
                    self.replace();
                    let time = u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX);
                    return Err(StepError::timeout(time));
                }
                Err(Death::Ended(how)) => {
                    worker.end().await;
                    self.replace();
                    let message = format!("The process that ran the step {how}");
                    return Err(StepError::new("RuntimeCrash", Severity::Crash, message));
                }
            }
        }
        // Whatever ends them would end the next one as well.
        let message = format!("{MOST_BEGUN} processes ended before the step had begun in one");
        Err(fault(message))
    }

    async fn worker(&self) -> Result<Worker, StepError> {
        while let Some(mut worker) = self.inner.take() {
            if worker.is_alive() {
                return Ok(worker);
            }
        }
        Worker::start(&self.inner.settings).await.map_err(|error| {
            fault(format!("The process that runs jobs cannot be started: {error}"))
        })
    }

    /// Starts a process in the place of one that is gone, before somebody needs it.
    fn replace(&self) {
        let inner = self.inner.clone();
        tokio::spawn(async move {
            if let Ok(worker) = Worker::start(&inner.settings).await {
                inner.keep(worker);
            }
        });
    }
}

impl Inner {
    fn next_work(&self) -> u64 {
        self.last_work.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn take(&self) -> Option<Worker> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Lets a process wait for work, if there are not enough of them already.
    fn keep(&self, worker: Worker) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.settings.workers.max(1) {
            idle.push(worker);
        }
    }
}

fn fault(message: String) -> StepError {
    StepError::new("ExecutionError", Severity::Exception, message)
}

fn step(work: Work, number: u64, limits: &Limits) -> Step {
    let Work { id, name, code, operations, mut modules, state, configuration, .. } = work;
    modules.push("@openfn/runtime".to_owned());
    Step {
        work: number,
        id,
        name,
        code,
        operations,
        modules,
        state,
        configuration,
        credentials: work.credentials,
        defaults: work.defaults,
        remove: work.remove,
        log_level: work.log_level,
        moment: work.moment,
        limits: limits.of_step(),
    }
}
