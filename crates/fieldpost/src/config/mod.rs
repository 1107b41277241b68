//! The settings: read once, checked, and handed down.
//!
//! ```text
//!   flag  ──►  environment variable  ──►  settings file  ──►  default
//!   (the first that says something decides)
//! ```
//!
//! `settings` names each of them once; the help, the environment variables, the keys of the file
//! and the reference (docs/reference/settings.md) are made from there. This is the one place that
//! reads the environment.

mod concealed;
mod data_folder;
mod environment;
mod file;
mod jobs;
mod keys;
mod mail;
mod pages;
mod reference;
mod settings;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, Command};

pub(crate) use data_folder::{DataFolder, RunningHub};
pub(crate) use environment::variable;
pub(crate) use jobs::{PACKAGES_FOLDER, RUNNER_FOLDER};
pub(crate) use keys::{KEY_VARIABLE, key_file, key_source};
pub(crate) use reference::reference;
pub(crate) use settings::{CommonSettings, LogFormat, Settings, StorageSettings};
pub(crate) use values::{BaseUrl, Token};

use crate::failure::Failure;
use file::SettingsFile;

/// The command whose arguments are the settings of a hub.
const SERVE: &str = "serve";

/// Reads the arguments, with the environment and the settings file behind them.
pub(crate) fn read_arguments(
    command: &Command,
    arguments: &[OsString],
) -> Result<clap::ArgMatches, Failure> {
    let matches = command.clone().try_get_matches_from(arguments)?;
    let Some(path) = deepest(&matches).get_one::<PathBuf>("config").cloned() else {
        return Ok(matches);
    };
    let file = SettingsFile::read(&path, command)?;
    let command = file.into_defaults(command.clone());
    // Without the file everything was in order, so what is wrong now stands in it.
    command.try_get_matches_from(arguments).map_err(|error| {
        Failure::from(error).within(format!("the settings file {}", path.display()))
    })
}

/// The matches of the innermost subcommand: what is given there has precedence for arguments that
/// every command has.
fn deepest(matches: &clap::ArgMatches) -> &clap::ArgMatches {
    match matches.subcommand() {
        Some((_, below)) => deepest(below),
        None => matches,
    }
}

/// The arguments that are settings of a hub: those with an environment variable.
fn settings_of_the_hub(command: &Command) -> impl Iterator<Item = &Arg> {
    let serve = command.find_subcommand(SERVE).into_iter().flat_map(Command::get_arguments);
    command.get_arguments().chain(serve).filter(|argument| argument.get_env().is_some())
}
