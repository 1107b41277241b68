//! The hub under measurement: the `fieldpost` binary that lies beside this program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::load::Process;

/// The administrator's token of every measured hub.
pub(crate) const TOKEN: &str = "bench-admin-token-0123456789-0123456789";
/// The key of hubs on PostgreSQL; with SQLite each makes its own.
pub(crate) const KEY: &str = "fpk1_dGhlLWtleS1vZi1hbGwtYmVuY2gtaHVicy0zMi1ieXQ";
/// The project of every measured hub.
pub(crate) const PROJECT: &str = "bench";
/// The secret of the inbox `in` of every measured project.
pub(crate) const INBOX: &str = "/inbox/bench-inbox-secret-0123456789";
/// How long a hub may take to be ready, and to have nothing left to deliver.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which database the hub keeps its state in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Both, for the benchmarks that measure both.
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// The name in figures and bars.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A running hub with a project of its own.
pub(crate) struct Hub {
    process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) started_in: Duration,
    client: reqwest::Client,
    place: Place,
}

/// Where a hub keeps its state, running or not.
pub(crate) struct Place {
    folder: TempDir,
    /// The URL of its database; none means SQLite in the data folder.
    pub(crate) database: Option<String>,
}

impl Place {
    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Hub {
    /// Starts a hub with the sources, connections and forwarders of `project`, in YAML.
    pub(crate) async fn start(engine: Engine, project: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let yaml = format!(
            "project: {PROJECT}\nsources:\n  in: {{ dialect: json, secret: {} }}\n{project}",
            INBOX.trim_start_matches("/inbox/")
        );
        std::fs::write(folder.path().join("project.yaml"), yaml)?;
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(fieldpost_testkit::postgres::database().await),
        };
        Self::start_in(Place { folder, database }).await
    }

    /// Stops this hub and starts another one on the same state.
    pub(crate) async fn restart(self) -> Result<Self> {
        Self::start_in(self.stop()).await
    }

    /// Stops this hub; its state stays.
    pub(crate) fn stop(self) -> Place {
        let Self { process, place, .. } = self;
        drop(process);
        place
    }

    /// Starts a hub on the state of one that was stopped.
    pub(crate) async fn start_in(place: Place) -> Result<Self> {
        let address = free_address()?;
        let binary = std::env::current_exe()?.with_file_name("fieldpost");
        let mut command = Command::new(&binary);
        command
            .arg("serve")
            .args(["--listen", &address.to_string(), "--admin-token", TOKEN])
            .args(["--allow-network", "127.0.0.0/8", "--log-level", "error"])
            .arg("--data")
            .arg(place.data())
            .arg("--project")
            .arg(place.folder.path().join("project.yaml"))
            .stdout(Stdio::null());
        if let Some(database) = &place.database {
            command.args(["--database", database]).env("FIELDPOST_KEY", KEY);
        }
        let begun = Instant::now();
        let process = Process(
            command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?,
        );
        let client = plain_client()?;
        loop {
            let ready = client.get(format!("http://{address}/readyz")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            if begun.elapsed() > PATIENCE {
                bail!("the hub did not become ready");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let started_in = begun.elapsed();
        Ok(Self { process, address, started_in, client, place })
    }

    /// Waits until nothing waits to be delivered; the answer is when that was seen.
    pub(crate) async fn drained(&self) -> Result<Instant> {
        let begun = Instant::now();
        while self.waiting().await? > 0 {
            if begun.elapsed() > PATIENCE {
                bail!("deliveries still wait after {PATIENCE:?}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(Instant::now())
    }

    /// How many deliveries wait.
    pub(crate) async fn waiting(&self) -> Result<u64> {
        let answer = self
            .client
            .get(format!("http://{}/api/v1/status", self.address))
            .bearer_auth(TOKEN)
            .send()
            .await?
            .error_for_status()?;
        let status: serde_json::Value = serde_json::from_str(&answer.text().await?)?;
        status
            .get("waiting")
            .and_then(serde_json::Value::as_u64)
            .context("the status tells no waiting deliveries")
    }

    /// Resident memory in megabytes.
    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: f64 =
            line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?.parse()?;
        Ok(kilobytes / 1_024.0)
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A client without a guard: it talks to what this program started itself.
#[expect(clippy::disallowed_methods, reason = "it talks only to what this program started itself")]
pub(crate) fn plain_client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().pool_max_idle_per_host(256).build()?)
}
