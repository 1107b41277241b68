//! The two commands that are started most and live shortest: each is understood by itself.
//!
//! The arguments of all commands together are some megabytes of memory, and a good part of the time that a small job
//! takes. A job, and each process that runs one, need none but their own. Whatever is not plain here, such as a
//! mistake, a question for help or a settings file, is left to the whole of the command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::job_runner::JobRunner;
use super::{Cli, Command, job};
use crate::config::CommonSettings;
use crate::output;

/// The command line as far as it is about jobs.
#[derive(Debug, Parser)]
#[command(name = "fieldpost", max_term_width = 100)]
struct Alone {
    #[command(flatten)]
    common: CommonSettings,
    #[command(subcommand)]
    command: Alternatives,
}

#[derive(Debug, Subcommand)]
enum Alternatives {
    Job(Box<job::Job>),
}

/// Runs the steps of jobs, where the program was started for that and for nothing else.
pub(crate) fn run_jobs(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, command] = arguments else { return None };
    if command != "job-runner" {
        return None;
    }
    Some(match (JobRunner {}).execute() {
        Ok(ending) => ending.into(),
        Err(failure) => {
            output::note(&failure);
            ExitCode::from(failure.exit_code())
        }
    })
}

/// The command line, where it is a plain `fieldpost job`.
pub(super) fn understand(arguments: &[OsString]) -> Option<Cli> {
    if arguments.get(1).is_none_or(|command| command != "job") {
        return None;
    }
    let matches = Alone::command().try_get_matches_from(arguments).ok()?;
    let Alone { common, command: Alternatives::Job(job) } =
        Alone::from_arg_matches(&matches).ok()?;
    common.config.is_none().then_some(Cli { common, command: Command::Job(job) })
}
