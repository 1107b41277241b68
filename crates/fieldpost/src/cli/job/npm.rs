//! Packages of npm for jobs from files: those that `fieldpost adaptor install` has put into a data folder. What
//! they are, and in which processes they run, is as in a hub.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_script::npm::{NodePools, NodeSettings, Packages};
use fieldpost_script::sandbox::{Limits, Pool};

use crate::config::{PACKAGES_FOLDER, RUNNER_FOLDER};
use crate::failure::Failure;

/// The code of Node.js that cannot be used.
const NO_NODE: &str = "no-node";

/// The processes of Node.js belong to a project, and what is in a file is one.
const PROJECT: &str = "job";

/// Where packages of npm are, and what runs them.
#[derive(Args, Debug)]
pub(super) struct Npm {
    /// The data folder with the packages of npm that jobs may use beside the adaptors of the binary: those of
    /// `fieldpost adaptor install`.
    #[arg(
        long,
        env = "FIELDPOST_DATA",
        value_name = "FOLDER",
        default_value = "fieldpost-data",
        hide_env_values = true
    )]
    data: PathBuf,

    /// The program that runs packages of npm: Node.js 20 or newer.
    #[arg(
        long,
        env = "FIELDPOST_NODE",
        value_name = "PROGRAM",
        default_value = "node",
        hide_env_values = true
    )]
    node: PathBuf,
}

impl Npm {
    /// The packages that are installed.
    pub(super) fn packages(&self) -> Packages {
        Packages::new(self.data.join(PACKAGES_FOLDER))
    }

    /// The processes that run steps with packages, which reach what these settings allow.
    pub(super) async fn pool(
        &self,
        outbound: OutboundSettings,
        time: Duration,
    ) -> Result<Pool, Failure> {
        let settings = NodeSettings {
            program: self.node.clone(),
            runner: self.data.join(RUNNER_FOLDER),
            packages: self.packages(),
            workers: 1,
            limits: Limits { time, ..Limits::default() },
        };
        let unusable = |reason: String| {
            Failure::new(format!("packages of npm cannot be used: {reason} [{NO_NODE}]"))
                .hint("they need Node.js 20 or newer; --node names its program")
        };
        let client = tokio::task::spawn_blocking(move || Client::new(outbound)).await;
        let client = client.map_err(|error| unusable(error.to_string()))?;
        let client = client.map_err(|error| unusable(error.to_string()))?;
        let pools = NodePools::new(settings, client);
        pools.of(PROJECT).await.map_err(|error| unusable(error.to_string()))
    }
}
