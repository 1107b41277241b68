//! Puts a package into the folder of packages, with all that it needs.
//!
//! npm does the work, from wherever npm of this machine fetches; scripts of packages are not run. The package comes
//! into being beside the others and is moved to its place when it is whole, so that an installation that breaks
//! off leaves nothing that anybody would use.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{fs, io};

use serde_json::Value;
use tokio::process::Command;

use super::{Package, Packages};

/// How long npm may take.
const NPM_TIME: Duration = Duration::from_mins(10);
/// How long a package may take to be loaded once.
const LOAD_TIME: Duration = Duration::from_mins(1);
/// What loads the package by the name that npm has given it.
const ENTRY: &str = "entry.mjs";
/// How much of npm's own words is told.
const MOST_WORDS: usize = 2_000;

/// Why a package was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A program is not there.
    #[error(
        "{program} cannot be started: {source}; packages of npm need Node.js 20 or newer, with npm"
    )]
    NoProgram {
        /// Which.
        program: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A program took too long.
    #[error("{0} did not end in time")]
    Late(&'static str),
    /// npm said no.
    #[error("npm did not install {what}: {words}")]
    Refused {
        /// What was to be installed.
        what: String,
        /// What npm said.
        words: String,
    },
    /// The package is none that can be imported.
    #[error("{package} cannot be loaded: {words}")]
    Unusable {
        /// Its name and version.
        package: String,
        /// What Node.js said.
        words: String,
    },
    /// The folder cannot be written.
    #[error("{}: {source}", path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Installs `NAME@VERSION`, a folder or a tarball; one of the same name and version is replaced.
pub async fn install(packages: &Packages, what: &str) -> Result<Package, InstallError> {
    let folder = packages.folder();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| InstallError::Folder { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let making = tempfile::Builder::new().prefix(".installing-").tempdir_in(folder);
    let making = making.map_err(failed(folder))?;
    let own = making.path();
    fs::write(own.join("package.json"), r#"{"private":true}"#).map_err(failed(own))?;
    fetch(own, what).await?;
    let (name, version) = installed(own).ok_or_else(|| InstallError::Refused {
        what: what.to_owned(),
        words: "it left no package behind".to_owned(),
    })?;
    let text = format!("export * from {};\n", Value::String(name.clone()));
    fs::write(own.join(ENTRY), text).map_err(failed(own))?;
    let mut package = Package { name, version, exports: Vec::new() };
    package.exports = exports(own, &package).await?;
    Packages::describe(own, &package).map_err(failed(own))?;
    let place = folder.join(package.folder_name());
    packages.remove(&package).map_err(failed(&place))?;
    fs::rename(own, &place).map_err(failed(&place))?;
    // What is moved is not to be looked for any more.
    drop(making.keep());
    Ok(package)
}

async fn fetch(folder: &Path, what: &str) -> Result<(), InstallError> {
    // A folder or a file is named from where the command was given.
    let path = Path::new(what);
    let what_npm = if path.exists() { fs::canonicalize(path).ok() } else { None };
    let what_npm = what_npm.map_or_else(|| what.into(), PathBuf::into_os_string);
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--omit=dev",
        "--save-exact",
    ])
    .args(["--install-links", "--no-package-lock", "--prefix"])
    .arg(folder)
    .arg("--")
    .arg(what_npm);
    let output = ended("npm", &mut npm, NPM_TIME).await?;
    if output.status.success() {
        return Ok(());
    }
    Err(InstallError::Refused { what: what.to_owned(), words: words(&output) })
}

/// The name and version of what npm has put there.
fn installed(folder: &Path) -> Option<(String, String)> {
    let read = |path: PathBuf| serde_json::from_slice::<Value>(&fs::read(path).ok()?).ok();
    let wanted = read(folder.join("package.json"))?;
    let name = wanted.get("dependencies")?.as_object()?.keys().next()?.clone();
    let own = read(folder.join("node_modules").join(&name).join("package.json"))?;
    let version = own.get("version")?.as_str()?.to_owned();
    Some((name, version))
}

/// The names that a package exports, asked of itself.
async fn exports(folder: &Path, package: &Package) -> Result<Vec<String>, InstallError> {
    const ASK: &str = "import(process.argv[1]).then((all) => { process.stdout.write(JSON.stringify(Object.keys(all))); process.exit(0); })";
    let mut node = Command::new("node");
    node.args(["--no-warnings", "--input-type=module", "--eval", ASK])
        .arg(folder.join(ENTRY))
        .current_dir(folder);
    let output = ended("node", &mut node, LOAD_TIME).await?;
    let unusable = |words| InstallError::Unusable { package: package.id(), words };
    if !output.status.success() {
        return Err(unusable(words(&output)));
    }
    // A package may print something while it is loaded.
    let said = String::from_utf8_lossy(&output.stdout);
    let list = said.rfind('[').and_then(|at| said.get(at..)).unwrap_or_default();
    serde_json::from_str(list).map_err(|error| unusable(error.to_string()))
}

async fn ended(
    program: &'static str,
    command: &mut Command,
    time: Duration,
) -> Result<Output, InstallError> {
    let started = command.stdin(Stdio::null()).kill_on_drop(true).output();
    match tokio::time::timeout(time, started).await {
        Ok(output) => output.map_err(|source| InstallError::NoProgram { program, source }),
        Err(_elapsed) => Err(InstallError::Late(program)),
    }
}

fn words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let begin = said.char_indices().rev().nth(MOST_WORDS).map_or(0, |(at, _)| at);
    said.get(begin..).unwrap_or(said).to_owned()
}
