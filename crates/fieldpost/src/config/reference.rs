//! docs/reference/settings.md, made from the command line's own description of its arguments.

use std::collections::HashSet;
use std::fmt::Write as _;

use clap::{Arg, Command};

use super::settings_of_the_hub;

const INTRODUCTION: &str = "\
# Settings

<!-- This page is generated from the program's own description of its flags: change it there
(crates/fieldpost/src/config/settings.rs), then run `fieldpost reference settings > docs/reference/settings.md`. -->

Every setting of a hub can be given as a flag of `fieldpost serve`, as an environment variable, or in a settings
file (`--config FILE`). The first of these that says something decides; where none does, the default holds.

The settings file is TOML. Its keys are the names of the flags, and a key that is no setting is refused:

```toml
listen = \"127.0.0.1:9000\"
data = \"/var/lib/fieldpost\"
project = [\"clinic.yaml\"]
max-body = \"25MB\"
```

Values have a unit, which the tables name:

- *size*: bytes, or a number with `kB`, `MB`, `GB` (thousands) or `KiB`, `MiB`, `GiB` (1024s): `10MB`
- *time*: a whole number with `ms`, `s`, `m`, `h` or `d`: `15s`
- *count*: a whole number, 1 at least
- *network*: `10.20.0.0/16`, or one address
";

const FOR_COMMANDS: &str = "
## For commands that talk to a hub

Commands that look or act talk to the running hub over HTTP. Without these they take the hub that runs with the
data folder of this machine (`--data`, `FIELDPOST_DATA`).
";

/// The page.
pub(crate) fn reference(command: &Command) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut heading = String::new();
    // A command that is built has the settings of every command among those of `serve` as well.
    let mut known = HashSet::new();
    let (of_all, of_serve): (Vec<&Arg>, Vec<&Arg>) = settings_of_the_hub(command)
        .filter(|setting| known.insert(setting.get_id()))
        .partition(|setting| setting.is_global_set());
    for setting in of_serve.into_iter().chain(of_all) {
        let under = setting.get_help_heading().unwrap_or("Every command");
        if under != heading {
            under.clone_into(&mut heading);
            begin_table(&mut page, &format!("\n## {heading}\n"));
        }
        add_row(&mut page, setting, true);
    }
    begin_table(&mut page, FOR_COMMANDS);
    let messages = command.find_subcommand("messages");
    let list = messages.and_then(|messages| messages.find_subcommand("list"));
    let address = list.into_iter().flat_map(Command::get_arguments);
    for setting in address.filter(|setting| matches!(setting.get_long(), Some("url" | "token"))) {
        add_row(&mut page, setting, false);
    }
    page
}

fn begin_table(page: &mut String, title: &str) {
    page.push_str(title);
    page.push_str("\n| flag | environment variable | key in the file | unit | default | |\n");
    page.push_str("|---|---|---|---|---|---|\n");
}

fn add_row(page: &mut String, setting: &Arg, in_file: bool) {
    let name = setting.get_long().unwrap_or_default();
    let variable = setting.get_env().map(|name| name.to_string_lossy()).unwrap_or_default();
    let unit = setting
        .get_value_names()
        .and_then(<[_]>::first)
        .map(|name| name.to_lowercase())
        .unwrap_or_default();
    let choices: Vec<String> = setting
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let unit = if choices.is_empty() { unit } else { choices.join(", ") };
    let defaults: Vec<String> = setting
        .get_default_values()
        .iter()
        .map(|text| format!("`{}`", text.to_string_lossy()))
        .collect();
    let help = setting.get_long_help().or_else(|| setting.get_help());
    let sentence = help.map(ToString::to_string).unwrap_or_default().replace(['\n', '|'], " ");
    let key = if in_file && name != "config" { format!("`{name}`") } else { "–".to_owned() };
    let default = if defaults.is_empty() { "–".to_owned() } else { defaults.join(", ") };
    // Writing to a text cannot fail.
    let _always_written =
        writeln!(page, "| `--{name}` | `{variable}` | {key} | {unit} | {default} | {sentence} |");
}
