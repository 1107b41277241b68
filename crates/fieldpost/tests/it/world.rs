//! The world of the tests: the binary, a hub that runs in a process of its own, and its API.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a hub may take to start or to end before a test gives up. Machines that run many tests
/// at once are slow; how quick a start has to be is a test of its own.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked again.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The token of all test hubs.
pub(crate) const TOKEN: &str = "the-token-of-the-tests-long-enough";
/// The key of all test hubs that share a database; with SQLite each makes its own.
pub(crate) const KEY: &str = "fpk1_dGhlLWtleS1vZi1hbGwtdGVzdC1odWJzLTMyLWJ5dGU";

/// An empty folder.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("fieldpost-test-").tempdir().unwrap()
}

/// The binary, in a world without settings.
pub(crate) fn fieldpost<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_fieldpost")), arguments)
}

/// The command with no settings in its environment.
pub(crate) fn clean<S: AsRef<OsStr>>(
    mut command: Command,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    command.env_clear().env("NO_COLOR", "1").args(arguments).stdin(Stdio::null());
    #[expect(clippy::disallowed_methods, reason = "programs are found by the path of the tests")]
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// The output of a command that ended well.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.output
    }

    /// The output as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.well()).unwrap()
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Said {
    command.output().unwrap().into()
}

/// Checks how a command fails: its exit code, and all that it says.
#[track_caller]
pub(crate) fn check_failure(command: &mut Command, code: i32, errors: &str) {
    let said = run(command);
    assert_eq!((said.code, said.errors.trim_end()), (Some(code), errors), "{}", said.output);
}

/// A hub in a process of its own. It is killed when it is dropped.
pub(crate) struct Hub {
    process: Child,
    pub(crate) url: String,
}

impl Hub {
    /// Starts a hub on a free port, with its data in a folder.
    pub(crate) fn start<S: AsRef<OsStr>>(
        data: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut command = fieldpost(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"]);
        command.args(["--admin-token", TOKEN, "--data"]).arg(data).args(arguments);
        if command.get_args().any(|argument| argument == "--database") {
            command.env("FIELDPOST_KEY", KEY);
        }
        Self::spawn(&mut command, |_| data.to_owned())
    }

    /// Starts the command of a hub and waits until it serves. `data` tells where its data folder is
    /// seen from here, given the number of its process.
    pub(crate) fn spawn(command: &mut Command, data: impl Fn(u32) -> PathBuf) -> Self {
        let process = command.stdout(Stdio::null()).spawn().unwrap();
        let mut hub = Self { process, url: String::new() };
        let id = hub.process.id();
        let notice = data(id).join("hub.json");
        let started = Instant::now();
        while hub.url.is_empty() {
            if let Some(status) = hub.process.try_wait().unwrap() {
                panic!("the hub ended before it served: {status}");
            }
            assert!(started.elapsed() < PATIENCE, "the hub does not serve");
            std::thread::sleep(LOOK_AGAIN);
            let text = fs::read_to_string(&notice).unwrap_or_default();
            let Ok(found) = serde_json::from_str::<Value>(&text) else { continue };
            // An older one may have left its notice behind.
            if found["process"] == id {
                hub.url = found["url"].as_str().unwrap().to_owned();
            }
        }
        hub
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the hub does not end");
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// A command that talks to this hub.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = fieldpost(arguments);
        command.env("FIELDPOST_URL", &self.url).env("FIELDPOST_TOKEN", TOKEN);
        command
    }

    /// The API.
    pub(crate) fn api(&self) -> Api {
        Api { http: http_client(), url: self.url.clone() }
    }

    /// Posts to an inbox.
    pub(crate) async fn post(&self, secret: &str, body: impl Into<reqwest::Body>) -> u16 {
        let url = format!("{}/inbox/{secret}", self.url);
        http_client().post(url).body(body).send().await.unwrap().status().as_u16()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A client for tests, which knows no proxy and no patience without end.
pub(crate) fn http_client() -> reqwest::Client {
    // Only the first test of a process installs it.
    drop(rustls::crypto::ring::default_provider().install_default());
    #[expect(clippy::disallowed_methods, reason = "tests dial their own hub")]
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// The API of a hub.
pub(crate) struct Api {
    http: reqwest::Client,
    url: String,
}

impl Api {
    /// GETs something.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/api/v1/{path}", self.url)).bearer_auth(TOKEN);
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// POSTs something; the answer is the status and the document.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.post(format!("{}/api/v1/{path}", self.url)).bearer_auth(TOKEN);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let response = request.send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Every item of a list.
    pub(crate) async fn all(&self, list: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let separator = if list.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{list}{separator}limit=500{cursor}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// Waits until no delivery waits any more.
    pub(crate) async fn wait_until_nothing_waits(&self, patience: Duration) {
        let started = Instant::now();
        loop {
            let waiting = self.get("status").await["waiting"].as_u64().unwrap();
            if waiting == 0 {
                return;
            }
            assert!(started.elapsed() < patience, "{waiting} deliveries still wait");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Writes a file into a folder.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}
