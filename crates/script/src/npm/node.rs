//! Processes of Node.js that run steps with packages of npm: those of one project for itself.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{fs, io};

use fieldpost_outbound::{Client, GuardedProxy};
use serde_json::{Map, Value, json};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Packages;
use crate::runtime::scripts;
use crate::sandbox::{Limits, Pool, PoolSettings};
use crate::{adaptors, protocol};

/// The runner, file by file.
const RUNNER: [(&str, &str); 3] = [
    ("runner.mjs", include_str!("../../../../node-runner/runner.mjs")),
    ("frames.mjs", include_str!("../../../../node-runner/frames.mjs")),
    ("tunnel.mjs", include_str!("../../../../node-runner/tunnel.mjs")),
];
/// The file of the modules that are built in.
const LIBRARY: &str = "library.json";
/// How long a project that runs nothing keeps its processes.
const IDLE: Duration = Duration::from_mins(10);
/// Projects that have processes at once; of those that run nothing, the one that did for longest gives way. What
/// runs goes on: where all of them do, there are more.
const MOST_PROJECTS: usize = 16;

/// How steps with packages of npm are run.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// The program: `node`.
    pub program: PathBuf,
    /// The folder that the runner is written to.
    pub runner: PathBuf,
    /// The packages.
    pub packages: Packages,
    /// How many processes of one project run steps at once.
    pub workers: usize,
    /// The bounds of every step.
    pub limits: Limits,
}

/// The processes of all projects.
#[derive(Debug)]
pub struct NodePools {
    settings: NodeSettings,
    client: Client,
    pools: Mutex<HashMap<String, Held>>,
}

#[derive(Debug)]
struct Held {
    /// It has the way out of its processes with it.
    pool: Pool,
    used: Instant,
}

impl Held {
    fn is_wanted(&self) -> bool {
        self.pool.is_shared() || self.used.elapsed() < IDLE
    }
}

impl NodePools {
    /// No processes yet; what they send goes by the rules of that client.
    pub fn new(settings: NodeSettings, client: Client) -> Self {
        Self { settings, client, pools: Mutex::default() }
    }

    /// The packages that steps may use.
    pub fn packages(&self) -> &Packages {
        &self.settings.packages
    }

    /// The processes of a project.
    pub async fn of(&self, project: &str) -> io::Result<Pool> {
        let mut pools = self.pools.lock().await;
        pools.retain(|name, held| name == project || held.is_wanted());
        if let Some(held) = pools.get_mut(project) {
            held.used = Instant::now();
            return Ok(held.pool.clone());
        }
        if pools.len() >= MOST_PROJECTS {
            let resting = pools.iter().filter(|(_, held)| !held.pool.is_shared());
            let oldest = resting.min_by_key(|(_, held)| held.used).map(|(name, _)| name.clone());
            oldest.and_then(|name| pools.remove(&name));
        }
        let proxy = self.client.guarded_proxy().await?;
        let pool = Pool::beside(self.pool_settings(&proxy).await?, proxy);
        pools.insert(project.to_owned(), Held { pool: pool.clone(), used: Instant::now() });
        Ok(pool)
    }

    async fn pool_settings(&self, proxy: &GuardedProxy) -> io::Result<PoolSettings> {
        let settings = &self.settings;
        let (version, program) = node(&settings.program).await?;
        let folder = prepare(settings)?;
        let packages = settings.packages.folder().canonicalize()?;
        let mebibytes = (settings.limits.memory_bytes / (1024 * 1024)).max(64);
        let mut arguments: Vec<OsString> = vec![
            "--no-warnings".into(),
            "--experimental-vm-modules".into(),
            format!("--max-old-space-size={mebibytes}").into(),
        ];
        arguments.extend(permissions(version, &[&folder, &packages]));
        arguments.push(folder.join("runner.mjs").into());
        arguments.push(folder.join(LIBRARY).into());
        let mut made = PoolSettings::new(program, arguments);
        made.environment = vec![
            ("FIELDPOST_PROXY".into(), proxy.address().to_string().into()),
            ("FIELDPOST_PROXY_TOKEN".into(), proxy.token().into()),
        ];
        made.workers = settings.workers;
        made.limits = settings.limits;
        Ok(made)
    }
}

/// The first number of the version of Node.js, and where its program lies: processes that run steps have no
/// environment that would tell where to look for it.
async fn node(program: &Path) -> io::Result<(u32, PathBuf)> {
    const WHO: &str = "process.versions.node.split('.')[0] + ' ' + process.execPath";
    let asked = Command::new(program).args(["--print", WHO]).stdin(Stdio::null()).output();
    let output = asked.await?;
    let said = String::from_utf8_lossy(&output.stdout);
    let told = said.trim().split_once(' ');
    let known = told.and_then(|(version, path)| Some((version.parse().ok()?, path.into())));
    known.ok_or_else(|| io::Error::other(format!("{} tells no version", program.display())))
}

/// What holds Node.js away from files and from starting programs, where it has something to do that with.
fn permissions(version: u32, readable: &[&Path]) -> Vec<OsString> {
    let word = match version {
        ..20 => return Vec::new(),
        20..24 => "--experimental-permission",
        _ => "--permission",
    };
    let mut arguments: Vec<OsString> = vec![word.into()];
    for folder in readable {
        let mut allowed = OsString::from("--allow-fs-read=");
        allowed.push(folder.join("*"));
        arguments.push(allowed);
    }
    // From here on the network is one of the permissions. The proxy is what holds it.
    if version >= 25 {
        arguments.push("--allow-net".into());
    }
    arguments
}

/// Writes the runner and the modules that are built in, as this version of the hub has them.
fn prepare(settings: &NodeSettings) -> io::Result<PathBuf> {
    let folder =
        settings.runner.join(format!("{}-{}", env!("CARGO_PKG_VERSION"), protocol::VERSION));
    fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    for (name, text) in RUNNER {
        write_if_other(&folder.join(name), text.as_bytes())?;
    }
    let all = scripts::ALL.iter().chain(adaptors::ALL);
    let modules: Map<String, Value> =
        all.map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    let packages = settings.packages.folder();
    fs::create_dir_all(packages)?;
    let library = json!({ "modules": modules, "folder": packages.canonicalize()? });
    write_if_other(&folder.join(LIBRARY), library.to_string().as_bytes())?;
    Ok(folder)
}

/// Processes that begin at this moment read the file: it is replaced whole, and only where it has to be.
fn write_if_other(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let making = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&making, bytes)?;
    fs::rename(making, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_held_by_the_words_that_it_knows() {
        for (version, words) in [
            (18, &[][..]),
            (20, &["--experimental-permission", "--allow-fs-read=/a/*"]),
            (24, &["--permission", "--allow-fs-read=/a/*"]),
            (25, &["--permission", "--allow-fs-read=/a/*", "--allow-net"]),
        ] {
            assert_eq!(permissions(version, &[Path::new("/a")]), words, "{version}");
        }
    }

    #[tokio::test]
    async fn the_program_is_found_once_and_then_called_by_its_place() {
        let (version, program) = node(Path::new("node")).await.unwrap();
        assert!(version >= 20, "{version}");
        assert!(program.is_absolute() && program.exists(), "{}", program.display());
        assert!(node(Path::new("/bin/true")).await.is_err());
    }
}
