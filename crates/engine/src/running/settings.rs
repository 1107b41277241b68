//! What the operator can set about jobs: each bound has a name, a unit and a default.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fieldpost_script::host::StandIn;
use fieldpost_script::npm::{NodeSettings, Packages};
use fieldpost_script::protocol::Moment;
use fieldpost_script::sandbox::{Limits, PoolSettings};

/// How runs are gone through without anything leaving the hub, and the same way each time.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// Answers the requests of steps.
    pub stand_in: Arc<dyn StandIn>,
    /// The present and the chance of all steps.
    pub moment: Moment,
}

/// The settings of jobs and runs.
#[derive(Clone, Debug)]
pub struct JobSettings {
    /// The program that runs steps, and its arguments: as a rule the hub's own, as `job-runner`.
    /// Without one, this hub takes no runs.
    pub runner: Option<(PathBuf, Vec<OsString>)>,
    /// Processes that run steps at once.
    pub workers: usize,
    /// Runs that are under way at once. More than there are processes: one whose step has ended
    /// waits for its record, and gives its process to another.
    pub runs: usize,
    /// After how many steps a process is replaced.
    pub steps_per_worker: u32,
    /// What a step may take; a workflow may give its steps less.
    pub limits: Limits,
    /// How long a run may take, the waiting for a next try not counted; a workflow may give less.
    pub run_time: Duration,
    /// How many bytes the log of a run may have, from one claim of it to the next.
    pub log_bytes: u64,
    /// How long a run is held before somebody else may take it, unless the hold is renewed.
    pub lease: Duration,
    /// How many claims of a run in a row may end without a word, and without a step recorded as done, before it is
    /// ended: a run that takes its hub down would do so for ever.
    pub lost_claims: u32,
    /// How often is recorded what a step that goes on has logged.
    pub tell_every: Duration,
    /// The packages of npm that steps may use beside the adaptors of the binary.
    pub packages: Packages,
    /// The program that runs them: Node.js.
    pub node: PathBuf,
    /// The folder that the runner for it is written to.
    pub node_runner: PathBuf,
    /// Processes of Node.js that run steps at once, of each project.
    pub node_workers: usize,
    /// Where it is there, runs send nothing: somebody answers in the place of the world, no token is
    /// fetched, tries follow each other without a pause, and a hub that holds what it would send runs them.
    pub rehearsal: Option<Rehearsal>,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            runner: None,
            workers: 8,
            runs: 32,
            steps_per_worker: 10_000,
            limits: Limits::default(),
            run_time: Duration::from_hours(1),
            log_bytes: 10_000_000,
            lease: Duration::from_secs(30),
            lost_claims: 5,
            tell_every: Duration::from_millis(500),
            packages: Packages::none(),
            node: "node".into(),
            node_runner: PathBuf::new(),
            node_workers: 2,
            rehearsal: None,
        }
    }
}

impl JobSettings {
    /// The settings of the processes; none where this hub takes no runs.
    pub(super) fn pool(&self) -> Option<PoolSettings> {
        let (program, arguments) = self.runner.clone()?;
        Some(PoolSettings {
            workers: self.workers,
            steps_per_worker: self.steps_per_worker,
            limits: self.limits,
            ..PoolSettings::new(program, arguments)
        })
    }

    /// The settings of the processes for packages of npm.
    pub(super) fn node(&self) -> NodeSettings {
        NodeSettings {
            program: self.node.clone(),
            runner: self.node_runner.clone(),
            packages: self.packages.clone(),
            workers: self.node_workers,
            limits: self.limits,
        }
    }
}
