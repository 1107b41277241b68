//! The settings file: TOML whose keys are the names of the flags.
//!
//! What it says becomes the default of the flag of that name, and so flags and environment
//! variables have precedence over it, and its values are checked by the very code that checks
//! theirs. A key that is no setting is refused: a misspelt setting would silently do nothing.

use std::path::Path;

use clap::{Arg, ArgAction, Command};

use super::settings_of_the_hub;
use crate::failure::Failure;

/// How alike a wrong key and a setting must be for the one to be offered for the other.
const ALIKE: f64 = 0.7;

/// What a settings file says: the name of a setting with its values as text.
#[derive(Debug, Default)]
pub(crate) struct SettingsFile {
    values: Vec<(String, Vec<String>)>,
}

impl SettingsFile {
    /// Reads the file.
    pub(crate) fn read(path: &Path, command: &Command) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(format!("the settings file {} cannot be read: {error}", path.display()))
        })?;
        Self::parse(&text, command)
            .map_err(|failure| failure.within(format!("the settings file {}", path.display())))
    }

    fn parse(text: &str, command: &Command) -> Result<Self, Failure> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| Failure::new(told(text, &error)))?;
        let known: Vec<String> = settings_of_the_hub(command)
            .filter_map(Arg::get_long)
            // A file that names another one would make one wonder which is in force.
            .filter(|name| *name != "config")
            .map(str::to_owned)
            .collect();
        let several: Vec<String> = settings_of_the_hub(command)
            .filter(|setting| matches!(setting.get_action(), ArgAction::Append))
            .filter_map(Arg::get_long)
            .map(str::to_owned)
            .collect();
        let mut values = Vec::new();
        for (key, value) in &table {
            if !known.contains(key) {
                return Err(unknown_key(key, &known));
            }
            let texts = texts_of(value).ok_or_else(|| {
                Failure::new(format!("`{key}` cannot be a {}", value.type_str()))
                    .hint("write a text, a whole number, or a list of texts")
            })?;
            let takes_several = several.contains(key);
            if texts.len() != 1 && !takes_several {
                return Err(Failure::new(format!("`{key}` has one value, not a list")));
            }
            values.push((key.clone(), texts));
        }
        Ok(Self { values })
    }

    /// Makes the values the defaults of the flags of these names, in the command and in those
    /// below it.
    pub(crate) fn into_defaults(self, command: Command) -> Command {
        let settings: Vec<(String, String, Vec<String>)> = settings_of_the_hub(&command)
            .filter_map(|setting| {
                let variable = setting.get_env()?.to_str()?.to_owned();
                let (_, texts) =
                    self.values.iter().find(|(key, _)| Some(&**key) == setting.get_long())?;
                Some((setting.get_id().to_string(), variable, texts.clone()))
            })
            .collect();
        with_defaults(command, &settings)
    }
}

/// Another argument may have the same name and mean something else (`--project`); the environment
/// variable tells them apart.
fn with_defaults(mut command: Command, settings: &[(String, String, Vec<String>)]) -> Command {
    for (id, variable, texts) in settings {
        let is_there = command.get_arguments().any(|argument| {
            argument.get_id() == id.as_str()
                && argument.get_env().is_some_and(|name| name == variable.as_str())
        });
        if is_there {
            command = command.mut_arg(id, |argument| argument.default_values(texts.clone()));
        }
    }
    let names: Vec<String> =
        command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |below| with_defaults(below, settings));
    }
    command
}

fn texts_of(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Array(elements) => {
            let texts: Option<Vec<Vec<String>>> = elements.iter().map(texts_of).collect();
            texts.map(|texts| texts.concat())
        }
        _ => None,
    }
}

/// Where the file is no TOML, and why. The line itself is not shown: it may hold a secret.
fn told(text: &str, error: &toml::de::Error) -> String {
    let reason = error.message().trim_end();
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
            format!("line {line}, column {column}: {reason}")
        }
        None => reason.to_owned(),
    }
}

fn unknown_key(key: &str, known: &[String]) -> Failure {
    let likeness = |name: &&String| strsim::jaro_winkler(name, &key.replace('_', "-"));
    let nearest = known
        .iter()
        .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
        .filter(|name| likeness(name) >= ALIKE);
    let failure = Failure::new(format!("`{key}` is not a setting"));
    match nearest {
        Some(name) => failure.hint(format!("did you mean `{name}`?")),
        None => failure.hint(format!("the settings are {}", known.join(", "))),
    }
}
