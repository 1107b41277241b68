//! `fieldpost completions`: what a shell needs to complete our commands.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Ending};
use crate::failure::Failure;
use crate::output;

/// Write a script that completes commands in a shell
///
/// For bash, for example: source <(fieldpost completions bash)
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn execute(self) -> Result<Ending, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "fieldpost", &mut script);
        output::bytes(&script)?;
        Ok(Ending::Well)
    }
}
