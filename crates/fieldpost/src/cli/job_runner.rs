//! `fieldpost job-runner`: a process that runs steps of jobs, started by a hub for itself.

use clap::Args;
use fieldpost_script::sandbox;

use super::Ending;
use crate::failure::Failure;

/// Run steps of jobs for the hub that started this process
#[derive(Args, Debug)]
pub(crate) struct JobRunner {}

impl JobRunner {
    /// Runs until the hub closes the pipe. It must come before anything else opens a file or starts
    /// a thread: the process closes and confines itself first.
    pub(crate) fn execute(self) -> Result<Ending, Failure> {
        let Self {} = self;
        sandbox::run_child().map_err(|error| Failure::new(error.to_string()))?;
        Ok(Ending::Well)
    }
}
