//! `fieldpost reference`: the pages of docs/reference that are made from the program itself.

use clap::{Args, CommandFactory as _, ValueEnum};
use fieldpost_script::adaptors::{FunctionDocs, documented};

use super::{Cli, Ending};
use crate::config;
use crate::failure::Failure;
use crate::output;

/// Write a page of the reference
#[derive(Args, Debug)]
pub(crate) struct Reference {
    page: Page,
}

/// The pages.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Page {
    /// docs/reference/settings.md
    Settings,
    /// docs/reference/commands.md
    Commands,
    /// docs/reference/adaptors.md
    Adaptors,
}

impl Reference {
    pub(crate) fn execute(self) -> Result<Ending, Failure> {
        let mut command = Cli::command();
        command.build();
        let page = match self.page {
            Page::Settings => config::reference(&command),
            Page::Commands => commands(&mut command),
            Page::Adaptors => adaptors(),
        };
        output::bytes(page.as_bytes())?;
        Ok(Ending::Well)
    }
}

const OF_ADAPTORS: &str = "\
# Adaptors

<!-- This page is generated: change what is written above the functions (crates/script/src/adaptors), then run
`fieldpost reference adaptors > docs/reference/adaptors.md`. -->

What the adaptors give to jobs. A step names its adaptor; every one gives the functions of `common` beside its own. An
argument may be a value, or a function of the state. [The guide](../guides/adaptors.md) tells what each adaptor is for
and what its credential has.
";

fn adaptors() -> String {
    let mut page = OF_ADAPTORS.to_owned();
    for adaptor in documented() {
        page.extend(["\n## ", adaptor.name, "\n\n`", adaptor.module, "`\n"]);
        for FunctionDocs { name, parameters, summary, example } in &adaptor.functions {
            page.extend(["\n### `", name, parameters, "`\n\n", summary, "\n"]);
            if let Some(example) = example {
                page.extend(["\n```js\n", example, "\n```\n"]);
            }
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Commands

<!-- This page is generated: change the help of the commands (crates/fieldpost/src/cli), then run
`fieldpost reference commands > docs/reference/commands.md`. -->

A command ends with 0 when all is well, with 1 when something went wrong or is not as it should be, and with 2 when it
was not understood. `--json` is for machines. Every command also takes the settings `--config`, `--log-level` and
`--log-format`; the [settings](settings.md) of `serve` have a page of their own.
";

fn commands(command: &mut clap::Command) -> String {
    let mut page = INTRODUCTION.to_owned();
    add_commands(command, "fieldpost", &mut page);
    page
}

/// Adds every command that does something, in depth.
fn add_commands(command: &mut clap::Command, name: &str, page: &mut String) {
    for below in command.get_subcommands_mut() {
        if below.is_hide_set() || below.get_name() == "help" {
            continue;
        }
        let name = format!("{name} {}", below.get_name());
        if !below.is_subcommand_required_set() {
            add_command(below, &name, page);
        }
        add_commands(below, &name, page);
    }
}

fn add_command(command: &mut clap::Command, name: &str, page: &mut String) {
    // Settings have a page of their own.
    let settings: Vec<clap::Id> = command
        .get_arguments()
        .filter(|argument| argument.get_env().is_some() || argument.get_long() == Some("help"))
        .map(|argument| argument.get_id().clone())
        .collect();
    let mut shown =
        command.clone().disable_help_flag(true).disable_version_flag(true).term_width(100);
    for id in settings {
        shown = shown.mut_arg(id, |argument| argument.hide(true));
    }
    let help = shown.bin_name(name).render_long_help().to_string();
    let help: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    for part in ["\n## ", name, "\n\n```text\n", &help.join("\n"), "\n```\n"] {
        page.push_str(part);
    }
}
