//! `fieldpost adaptor`: packages of npm that jobs may use beside the adaptors that are built in.
//!
//! It works on the data folder and not on the running hub: what is installed is code that the hub will trust, so
//! nobody installs it who cannot reach the machine.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use fieldpost_script::adaptors;
use fieldpost_script::npm::{self, Package, Packages};

use super::Ending;
use crate::config::PACKAGES_FOLDER;
use crate::failure::Failure;
use crate::output;

/// Adaptors and other packages of npm for jobs: install, list, remove
#[derive(Debug, Subcommand)]
pub(crate) enum Adaptor {
    Install(Install),
    List(List),
    Remove(Remove),
}

/// Install a package of npm, with all that it needs
///
/// It is fetched once, from wherever npm of this machine fetches, and lies in the data folder from then on; its
/// scripts are not run. A step uses it by its name and version: `adaptor: dhis2@8.2.1`. A package is trusted code:
/// it runs in processes of Node.js with what Node.js holds it by, and could do what the hub can. The hub finds it
/// at once. Hubs that share a database each need it in their own data folder.
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// `NAME@VERSION`, as `@openfn/language-dhis2@8.2.1`; a folder; or a tarball.
    #[arg(value_name = "NAME@VERSION|FOLDER|TARBALL")]
    what: String,

    #[command(flatten)]
    place: Place,
}

/// Show the packages that are installed
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
}

/// Take a package away
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// `NAME@VERSION`, as the list has it.
    package: String,

    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Place {
    /// The hub's data folder.
    #[arg(
        long,
        env = "FIELDPOST_DATA",
        value_name = "DIR",
        default_value = "fieldpost-data",
        hide_env_values = true
    )]
    data: PathBuf,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,
}

impl Place {
    fn packages(&self) -> Packages {
        Packages::new(self.data.join(PACKAGES_FOLDER))
    }
}

impl Adaptor {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Install(install) => install.execute().await,
            Self::List(list) => list.execute(),
            Self::Remove(remove) => remove.execute(),
        }
    }
}

impl Install {
    async fn execute(self) -> Result<Ending, Failure> {
        let packages = self.place.packages();
        let spinner = output::spinner(format!("npm installs {}", self.what));
        let installed = npm::install(&packages, &self.what).await;
        spinner.finish_and_clear();
        let package = installed.map_err(|error| Failure::new(error.to_string()))?;
        if self.place.json {
            output::line(shown(&package).to_json())?;
            return Ok(Ending::Well);
        }
        output::line(format!("{} is installed: a step uses it as", package.id()))?;
        output::line(format!("    adaptor: \"{}\"", package.id()))?;
        if adaptors::named(&package.name).is_some() {
            let sentence =
                "without the version a step has the adaptor of that name which is built in";
            output::note(sentence);
        }
        Ok(Ending::Well)
    }
}

impl List {
    fn execute(self) -> Result<Ending, Failure> {
        let all = self.place.packages().list()?;
        if self.place.json {
            let all: Vec<Value<'static>> = all.iter().map(shown).collect();
            output::line(Value::from(all).to_json())?;
            return Ok(Ending::Well);
        }
        if all.is_empty() {
            output::line("no package is installed")?;
        }
        for package in &all {
            output::line(format!("{}  ({} names)", package.id(), package.exports.len()))?;
        }
        Ok(Ending::Well)
    }
}

impl Remove {
    fn execute(self) -> Result<Ending, Failure> {
        let packages = self.place.packages();
        let found = packages.list()?.into_iter().find(|package| package.id() == self.package);
        let Some(package) = found else {
            return Err(Failure::usage(format!("{:?} is not installed", self.package))
                .hint("`fieldpost adaptor list` shows what is"));
        };
        packages.remove(&package)?;
        let gone =
            format!("{} is gone; steps that name it end with AutoinstallError", package.id());
        output::line(if self.place.json { shown(&package).to_json() } else { gone })?;
        Ok(Ending::Well)
    }
}

fn shown(package: &Package) -> Value<'static> {
    let exports: Vec<Value<'static>> =
        package.exports.iter().map(|name| Value::from(name.clone())).collect();
    Value::object([
        ("name", Value::from(package.name.clone())),
        ("version", package.version.clone().into()),
        ("exports", exports.into()),
    ])
}
