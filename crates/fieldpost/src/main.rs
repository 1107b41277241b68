//! The one binary: the command line, the settings, and the place that puts the hub together.
//!
//! ```text
//!   main ── cli/ ──┬── serve, demo ──── hub.rs ──► store, outbound, engine, server
//!                  ├── messages, deliveries, … ── client/ ──► a running hub, over HTTP
//!                  └── doctor, migrate, backup ──► the data folder itself
//!   config/ reads the settings, telemetry writes the log, output and failure speak to people
//! ```

mod cli;
mod client;
mod config;
mod demo;
mod failure;
mod hub;
mod output;
mod projects;
mod rehearsal;
mod telemetry;

use std::process::ExitCode;

/// The system's allocator is slow for many small pieces from many threads, which is what a hub
/// does all day.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(ended) = cli::run_jobs(&arguments) {
        return ended;
    }
    // Installed once, before anything speaks TLS. The only error is that one was there already.
    drop(rustls::crypto::ring::default_provider().install_default());
    cli::run(&arguments)
}
