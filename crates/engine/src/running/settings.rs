//! What the operator can set about jobs: each bound has a name, a unit and a default.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use fieldpost_script::npm::{NodeSettings, Packages};
use fieldpost_script::sandbox::{Limits, PoolSettings};

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
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            runner: None,
            workers: 8,
            runs: 32,
            steps_per_worker: 1_000,
            limits: Limits::default(),
            run_time: Duration::from_hours(1),
            log_bytes: 10_000_000,
            lease: Duration::from_secs(30),
            tell_every: Duration::from_millis(500),
            packages: Packages::none(),
            node: "node".into(),
            node_runner: PathBuf::new(),
            node_workers: 2,
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
