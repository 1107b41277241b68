//! `fieldpost doctor`: is everything as a hub needs it, and what to do where it is not.
//!
//! Nothing is changed by looking: the database is read without being opened as a store, so that
//! the doctor can be called beside a running hub and before the first start.

mod database;
mod definitions;
mod files;
mod jobs;
mod key;
mod machine;
mod mail;
mod surroundings;

use clap::Args;
use fieldpost_model::json::Value;

use super::Ending;
use super::show;
use crate::config::Settings;
use crate::failure::Failure;
use crate::output;

/// Look whether everything is as a hub needs it, and say what to do where it is not
///
/// Beside a running hub it looks at what that was started with; before, give it the settings that
/// `serve` gets. Ends with 1 where something is wrong; what is only
/// noteworthy does not count.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    settings: Settings,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Fine,
    Noteworthy,
    Wrong,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Noteworthy => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
struct Check {
    name: &'static str,
    health: Health,
    finding: String,
    hint: Option<String>,
}

impl Check {
    fn fine(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, health: Health::Fine, finding: finding.into(), hint: None }
    }

    fn noteworthy(name: &'static str, finding: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, health: Health::Noteworthy, finding: finding.into(), hint: Some(hint.into()) }
    }

    fn wrong(name: &'static str, finding: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { health: Health::Wrong, ..Self::noteworthy(name, finding, hint) }
    }
}

impl Doctor {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let spinner = output::spinner("looking");
        let checks = examine(&self.settings).await;
        spinner.finish_and_clear();
        let is_well = checks.iter().all(|check| check.health != Health::Wrong);
        if self.json {
            let checks: Vec<_> = checks
                .iter()
                .map(|check| {
                    Value::object([
                        ("check", Value::from(check.name)),
                        ("state", Value::from(check.health.word())),
                        ("finding", Value::from(check.finding.clone())),
                        ("hint", check.hint.clone().map_or(Value::Null, Value::from)),
                    ])
                })
                .collect();
            let checks = Value::Array(checks);
            show::json(&Value::object([("well", Value::from(is_well)), ("checks", checks)]))?;
        } else {
            tell(&checks)?;
        }
        Ok(if is_well { Ending::Well } else { Ending::NotWell })
    }
}

async fn examine(settings: &Settings) -> Vec<Check> {
    let data = &settings.storage.data;
    let mut checks = vec![machine::data_folder(data), machine::disk_space(data)];
    checks.push(machine::sync_speed(data));
    let (more, found) = database::examine(settings).await;
    checks.extend(more);
    checks.push(key::examine(settings, found.as_ref()));
    checks.push(machine::clock(found.as_ref()));
    checks.push(jobs::examine().await);
    let (hub, in_force) = surroundings::hub(settings).await;
    checks.push(hub);
    checks.push(surroundings::networks(&in_force));
    checks.push(surroundings::links(settings, &in_force, found.as_ref()));
    checks.extend(surroundings::proxies(&in_force));
    checks.extend(files::examine(settings));
    checks.extend(mail::examine(settings, &in_force, found.as_ref()).await);
    if let Some(found) = found {
        checks.extend(definitions::examine(&found, in_force.client().as_ref()));
    }
    checks
}

fn tell(checks: &[Check]) -> Result<(), Failure> {
    for check in checks {
        let sign = match check.health {
            Health::Fine => output::good("✓"),
            Health::Noteworthy => output::noteworthy("!"),
            Health::Wrong => output::bad("✗"),
        };
        output::line(format!("{sign} {}: {}", output::strong(check.name), check.finding))?;
        if let Some(hint) = &check.hint {
            output::line(format!("    hint: {hint}"))?;
        }
    }
    let count = |health| checks.iter().filter(|check| check.health == health).count() as u64;
    let (wrong, noteworthy) = (count(Health::Wrong), count(Health::Noteworthy));
    output::line(match (wrong, noteworthy) {
        (0, 0) => "\nEverything is as it should be.".to_owned(),
        (0, _) => {
            format!("\nNothing is wrong; {}.", show::counted(noteworthy, "warning", "warnings"))
        }
        _ => format!("\n{} wrong.", show::counted(wrong, "thing is", "things are")),
    })?;
    Ok(())
}
