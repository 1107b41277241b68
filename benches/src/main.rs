//! The benchmarks: each figure beside a ceiling that was measured in the same run.
//!
//! A figure alone says little on a shared machine; a ratio to a bare server that does nothing but
//! the unavoidable, measured a moment before with the same client, says what Fieldpost costs. Every
//! server runs in a process of its own: this program starts itself again as the bare servers and
//! as the receiver, and starts the `fieldpost` binary beside it as the hub.
//!
//! `fieldpost-bench [ingest] [delivery] [isolation] [backlog] [footprint] [submissions] [lists]
//! [jobs] [runs] [page]` runs those named, or all.
//! Each prints what it measured as one line of JSON, with the bar that it is held to; the program ends
//! non-zero where a bar was missed.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of a benchmark lie far below what a float holds exactly"
)]

mod backlog;
mod bare;
mod delivery;
mod footprint;
mod hub;
mod ingest;
mod isolation;
mod jobs;
mod lists;
mod load;
mod page;
mod receiver;
mod report;
mod runs;
mod submissions;
mod waiting;

use anyhow::{Result, bail};
use report::Report;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        bail!("the TLS provider was installed twice");
    }
    if let [role, rest @ ..] = words.as_slice() {
        match (role.as_str(), rest) {
            ("serve-noop", _) => return bare::noop().await,
            ("serve-sqlite", [folder]) => return bare::sqlite(folder).await,
            ("serve-receiver", _) => return receiver::serve().await,
            _ => {}
        }
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let mut report = Report::default();
    if wanted("ingest") {
        ingest::run(&mut report).await?;
    }
    if wanted("delivery") {
        delivery::run(&mut report).await?;
    }
    if wanted("isolation") {
        isolation::run(&mut report).await?;
    }
    if wanted("backlog") {
        backlog::run(&mut report).await?;
    }
    if wanted("footprint") {
        footprint::run(&mut report).await?;
    }
    if wanted("submissions") {
        // `submissions 10000` tries it small.
        let stored = words.iter().find_map(|word| word.parse().ok());
        submissions::run(stored.unwrap_or(submissions::STORED), &mut report).await?;
    }
    if wanted("lists") {
        let stored = words.iter().find_map(|word| word.parse().ok());
        lists::run(stored.unwrap_or(lists::STORED), &mut report).await?;
    }
    if wanted("jobs") {
        jobs::run(&mut report).await?;
    }
    if wanted("runs") {
        runs::run(&mut report).await?;
    }
    if wanted("page") {
        page::run(&mut report).await?;
    }
    report.end()
}
