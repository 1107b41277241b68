//! Log lines: sentences with fields, to standard error, so that standard output holds only what a
//! command was asked for.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::{CommonSettings, LogFormat};
use crate::failure::Failure;

/// Starts logging as the settings say.
pub(crate) fn start(settings: &CommonSettings, default_level: &str) -> Result<(), Failure> {
    let level = settings.log_level.as_deref().unwrap_or(default_level);
    let filter = EnvFilter::try_new(level).map_err(|error| {
        Failure::usage(format!("log-level {level:?} cannot be read: {error}"))
            .hint("write error, warn, info, debug or trace")
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => {
            lines.with_target(false).with_ansi(io::stderr().is_terminal()).try_init()
        }
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::new(format!("logging cannot be started: {error}")))
}
