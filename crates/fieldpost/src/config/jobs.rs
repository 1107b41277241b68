//! The settings of jobs: how many go on at once, and what each may take.

use std::path::{Path, PathBuf};

use clap::Args;
use fieldpost_engine::JobSettings as HubJobSettings;
use fieldpost_script::npm::Packages;
use fieldpost_script::sandbox::Limits;

use super::values::{Count, Size, Span};

/// Jobs and the runs of workflows.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Jobs")]
pub(crate) struct JobSettings {
    /// Processes that run steps of workflows at once. A step that waits for an answer keeps its process.
    #[arg(
        long,
        env = "FIELDPOST_JOB_WORKERS",
        value_name = "COUNT",
        default_value = "8",
        hide_env_values = true
    )]
    pub(crate) job_workers: Count,

    /// Runs of workflows that are under way at once in this hub.
    #[arg(
        long,
        env = "FIELDPOST_JOB_RUNS",
        value_name = "COUNT",
        default_value = "32",
        hide_env_values = true
    )]
    pub(crate) job_runs: Count,

    /// How many times in a row a hub may end, or stand still, while it runs a run, before a step of it is recorded as
    /// done. Then the run is ended, since it may be what ends hubs.
    #[arg(
        long,
        env = "FIELDPOST_RUN_LOST_CLAIMS",
        value_name = "COUNT",
        default_value = "5",
        hide_env_values = true
    )]
    pub(crate) run_lost_claims: Count,

    /// How much memory the values of a step's job may take. A workflow may give its steps less.
    #[arg(
        long,
        env = "FIELDPOST_JOB_MEMORY",
        value_name = "SIZE",
        default_value = "256MiB",
        hide_env_values = true
    )]
    pub(crate) job_memory: Size,

    /// How long one try of a step may take, its requests included. A workflow may give its steps less.
    #[arg(
        long,
        env = "FIELDPOST_JOB_TIMEOUT",
        value_name = "TIME",
        default_value = "5m",
        hide_env_values = true
    )]
    pub(crate) job_timeout: Span,

    /// How long a run may take, the waiting for the next try of a step not counted. A workflow may give less.
    #[arg(
        long,
        env = "FIELDPOST_RUN_TIMEOUT",
        value_name = "TIME",
        default_value = "1h",
        hide_env_values = true
    )]
    pub(crate) run_timeout: Span,

    /// The largest state that goes into a step or comes out of one.
    #[arg(
        long,
        env = "FIELDPOST_MAX_STATE",
        value_name = "SIZE",
        default_value = "32MiB",
        hide_env_values = true
    )]
    pub(crate) max_state: Size,

    /// The largest request that a step makes of the hub, and the largest answer to one.
    #[arg(
        long,
        env = "FIELDPOST_MAX_JOB_CALL",
        value_name = "SIZE",
        default_value = "32MiB",
        hide_env_values = true
    )]
    pub(crate) max_job_call: Size,

    /// The most lines that a step may log.
    #[arg(
        long,
        env = "FIELDPOST_MAX_JOB_LOG_LINES",
        value_name = "COUNT",
        default_value = "10000",
        hide_env_values = true
    )]
    pub(crate) max_job_log_lines: Count,

    /// The longest log of a run.
    #[arg(
        long,
        env = "FIELDPOST_MAX_RUN_LOG",
        value_name = "SIZE",
        default_value = "10MB",
        hide_env_values = true
    )]
    pub(crate) max_run_log: Size,

    /// Processes of Node.js that run steps with packages of npm at once, of each project. There are none until
    /// a package is installed (`fieldpost adaptor install`) and a step uses it.
    #[arg(
        long,
        env = "FIELDPOST_NODE_WORKERS",
        value_name = "COUNT",
        default_value = "2",
        hide_env_values = true
    )]
    pub(crate) node_workers: Count,

    /// The program that runs packages of npm: Node.js 20 or newer.
    #[arg(
        long,
        env = "FIELDPOST_NODE",
        value_name = "PROGRAM",
        default_value = "node",
        hide_env_values = true
    )]
    pub(crate) node: PathBuf,
}

/// The folder of packages of npm within a data folder.
pub(crate) const PACKAGES_FOLDER: &str = "adaptors";
/// The folder of their runner within a data folder.
pub(crate) const RUNNER_FOLDER: &str = "node-runner";

impl JobSettings {
    /// The settings as the hub takes them; steps run in processes of this program.
    pub(crate) fn of_hub(&self, program: PathBuf, data: &Path) -> HubJobSettings {
        let limits = Limits {
            memory_bytes: self.job_memory.0,
            time: self.job_timeout.0,
            input_bytes: self.max_state.0,
            state_bytes: self.max_state.0,
            call_bytes: self.max_job_call.0,
            log_lines: self.max_job_log_lines.in_memory() as u64,
            ..Limits::default()
        };
        HubJobSettings {
            runner: Some((program, vec!["job-runner".into()])),
            workers: self.job_workers.in_memory(),
            runs: self.job_runs.in_memory(),
            limits,
            run_time: self.run_timeout.0,
            log_bytes: self.max_run_log.0,
            lost_claims: self.run_lost_claims.0,
            packages: Packages::new(data.join(PACKAGES_FOLDER)),
            node: self.node.clone(),
            node_runner: data.join(RUNNER_FOLDER),
            node_workers: self.node_workers.in_memory(),
            ..HubJobSettings::default()
        }
    }
}
