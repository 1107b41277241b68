//! The command line: one file for each command.

mod actions;
mod adaptor;
mod alone;
mod apply;
mod audit;
mod backup;
mod cases;
mod collections;
mod completions;
mod connection_test;
mod connections;
mod deliveries;
mod demo;
mod doctor;
mod erase;
mod events;
mod export;
mod filter;
mod forms;
mod forwarder_preview;
mod forwarders;
mod import;
mod incidents;
mod job;
mod job_runner;
mod key;
mod lanes;
mod messages;
mod migrate;
mod overview;
mod pausing;
mod projects;
mod reference;
mod reports;
mod runs;
mod serve;
mod show;
mod sources;
mod submissions;
mod test;
mod time;
mod tokens;
mod users;
mod workflows;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use show::{legible, number};

use crate::config::{self, CommonSettings};
use crate::failure::Failure;
use crate::{output, telemetry};

/// A post office for field data: keeps what KoboToolbox, CommCare, ODK, w.c.s. and others post,
/// finds out whom it concerns, delivers it there, and shows what became of it.
#[derive(Debug, Parser)]
#[command(
    name = "fieldpost",
    version,
    max_term_width = 100,
    after_help = "Start with `fieldpost demo`. The settings of `serve` are also environment variables and keys of \
                  a settings file: docs/reference/settings.md lists them."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: CommonSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    Demo(demo::Demo),
    Doctor(Box<doctor::Doctor>),
    Apply(apply::Apply),
    Export(export::Export),
    #[command(subcommand)]
    Import(import::Import),
    #[command(subcommand)]
    Projects(projects::Projects),
    Overview(overview::Overview),
    #[command(subcommand)]
    Messages(messages::Messages),
    #[command(subcommand)]
    Forms(forms::Forms),
    #[command(subcommand)]
    Submissions(submissions::Submissions),
    #[command(subcommand)]
    Cases(cases::Cases),
    #[command(subcommand)]
    Deliveries(Box<deliveries::Deliveries>),
    #[command(subcommand)]
    Forwarders(forwarders::Forwarders),
    #[command(subcommand)]
    Sources(sources::Sources),
    #[command(subcommand, visible_alias = "connection")]
    Connections(connections::Connections),
    #[command(subcommand)]
    Lanes(lanes::Lanes),
    #[command(subcommand)]
    Incidents(incidents::Incidents),
    #[command(subcommand)]
    Reports(reports::Reports),
    #[command(subcommand, visible_alias = "workflow")]
    Workflows(workflows::Workflows),
    #[command(subcommand)]
    Runs(Box<runs::Runs>),
    #[command(subcommand, visible_alias = "collection")]
    Collections(collections::Collections),
    #[command(subcommand)]
    Filter(filter::Filter),
    Job(Box<job::Job>),
    Test(test::Test),
    #[command(subcommand, visible_alias = "adaptors")]
    Adaptor(adaptor::Adaptor),
    Erase(erase::Erase),
    Events(events::Watch),
    #[command(name = "user", visible_alias = "users", subcommand)]
    Users(users::Users),
    #[command(name = "token", visible_alias = "tokens", subcommand)]
    Tokens(tokens::Tokens),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(subcommand)]
    Key(key::Key),
    Migrate(migrate::Migrate),
    Backup(backup::Backup),
    Completions(completions::Completions),
    #[command(name = "job-runner", hide = true)]
    JobRunner(job_runner::JobRunner),
    #[command(hide = true)]
    Reference(reference::Reference),
}

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything is well.
    Well,
    /// What was looked at is not as it should be.
    NotWell,
    /// A second signal said that it is to end at once.
    AtOnce,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Well => Self::SUCCESS,
            Ending::NotWell | Ending::AtOnce => Self::FAILURE,
        }
    }
}

pub(crate) use alone::run_jobs;

/// Runs the program.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    match understand(arguments).and_then(Cli::execute) {
        Ok(ending) => ending.into(),
        Err(failure) => match failure.asked_for() {
            Some(text) => {
                // A reader that went away has read enough.
                drop(text.print());
                ExitCode::SUCCESS
            }
            None if failure.is_closed_output() => ExitCode::SUCCESS,
            None => {
                output::note(&failure);
                ExitCode::from(failure.exit_code())
            }
        },
    }
}

fn understand(arguments: &[OsString]) -> Result<Cli, Failure> {
    if let Some(cli) = alone::understand(arguments) {
        return Ok(cli);
    }
    let matches = config::read_arguments(&Cli::command(), arguments)?;
    Ok(Cli::from_arg_matches(&matches)?)
}

impl Cli {
    fn execute(self) -> Result<Ending, Failure> {
        let Self { common, command } = self;
        if let Command::JobRunner(runner) = command {
            return runner.execute();
        }
        let runtime = command.runtime()?;
        telemetry::start(&common, command.default_log_level())?;
        let ended = runtime.block_on(command.execute());
        // Whatever is still running has nobody left to work for.
        runtime.shutdown_timeout(Duration::ZERO);
        ended
    }
}

impl Command {
    /// A hub uses every core; a command that asks a hub needs one.
    fn runtime(&self) -> io::Result<tokio::runtime::Runtime> {
        let mut builder = match self {
            Self::Serve(_) | Self::Demo(_) | Self::Test(_) => {
                tokio::runtime::Builder::new_multi_thread()
            }
            _ => tokio::runtime::Builder::new_current_thread(),
        };
        builder.enable_all().build()
    }

    /// The log of a hub is what its operator reads; other commands speak for themselves.
    fn default_log_level(&self) -> &'static str {
        match self {
            Self::Serve(_) => "info",
            _ => "error",
        }
    }

    async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Serve(serve) => Box::pin(serve.execute()).await,
            Self::Demo(demo) => Box::pin(demo.execute()).await,
            Self::Doctor(doctor) => Box::pin(doctor.execute()).await,
            Self::Apply(apply) => apply.execute().await,
            Self::Export(export) => export.execute().await,
            Self::Import(import) => import.execute(),
            Self::Projects(projects) => projects.execute().await,
            Self::Overview(overview) => overview.execute().await,
            Self::Messages(messages) => Box::pin(messages.execute()).await,
            Self::Forms(forms) => forms.execute().await,
            Self::Submissions(submissions) => submissions.execute().await,
            Self::Cases(cases) => cases.execute().await,
            Self::Deliveries(deliveries) => Box::pin(deliveries.execute()).await,
            Self::Forwarders(forwarders) => forwarders.execute().await,
            Self::Sources(sources) => sources.execute().await,
            Self::Connections(connections) => connections.execute().await,
            Self::Lanes(lanes) => lanes.execute().await,
            Self::Incidents(incidents) => incidents.execute().await,
            Self::Reports(reports) => reports.execute().await,
            Self::Workflows(workflows) => Box::pin(workflows.execute()).await,
            Self::Runs(runs) => Box::pin(runs.execute()).await,
            Self::Collections(collections) => Box::pin(collections.execute()).await,
            Self::Filter(filter) => filter.execute().await,
            Self::Erase(erase) => erase.execute().await,
            Self::Events(watch) => watch.execute().await,
            Self::Users(users) => users.execute().await,
            Self::Tokens(tokens) => tokens.execute().await,
            Self::Audit(audit) => audit.execute().await,
            Self::Key(key) => key.execute().await,
            Self::Migrate(migrate) => Box::pin(migrate.execute()).await,
            Self::Backup(backup) => backup.execute().await,
            Self::Completions(completions) => completions.execute(),
            Self::Job(job) => Box::pin(job.execute()).await,
            Self::Test(test) => Box::pin(test.execute()).await,
            Self::Adaptor(adaptor) => Box::pin(adaptor.execute()).await,
            // Ran before there was a runtime.
            Self::JobRunner(runner) => runner.execute(),
            Self::Reference(reference) => reference.execute(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
