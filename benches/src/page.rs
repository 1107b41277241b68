//! Scrolling through a list of a million in a browser: what the longest task of the page takes.
//!
//! The hub serves the built application and answers every page of rows from its store; Chromium is
//! driven by the same program as in the tests (`web/e2e/long-list.bench.ts`).

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::hub::{Engine, Hub, TOKEN};
use crate::report::Report;
use crate::waiting;

/// Messages in the list, each with a delivery that waits.
const ROWS: u64 = 1_000_000;
/// The lists that are scrolled through.
const LISTS: [&str; 2] = ["messages", "deliveries"];
/// How long the longest task may take, in milliseconds of the processor.
const LONGEST_TASK: f64 = 200.0;
/// A destination that nobody calls.
const PAUSED: &str = "connections:\n  there: { url: \"http://127.0.0.1:9/\" }\n\
                      forwarders:\n  all: { on: message, to: there, paused: true }\n";

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    for engine in Engine::ALL {
        let place = Hub::start(engine, PAUSED).await?.stop();
        waiting::load(&place, "there", "all", ROWS).await?;
        let hub = Hub::start_in(place).await?;
        let figures = scroll(&hub)?;
        Report::tell("page", &serde_json::json!({"engine": engine.name(), "browser": figures}))?;
        for list in LISTS {
            let longest = figures.pointer(&format!("/longest_task_ms/{list}"));
            let longest = longest.and_then(Value::as_f64).context("a list was not measured")?;
            let bar = format!(
                "page: the longest task while 10,000 of 1,000,000 {list} are scrolled through, \
                 ms, {}",
                engine.name()
            );
            report.at_most(&bar, longest, LONGEST_TASK)?;
        }
    }
    Ok(())
}

/// Has a browser scroll through the hub's lists; the answer is what it measured.
fn scroll(hub: &Hub) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let figures = folder.path().join("figures.json");
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    let output = std::process::Command::new("npm")
        .args(["run", "--silent", "e2e"])
        .current_dir(web)
        .env("FIELDPOST_BENCH_HUB", format!("http://{}", hub.address))
        .env("FIELDPOST_BENCH_TOKEN", TOKEN)
        .env("FIELDPOST_BENCH_FIGURES", &figures)
        .output()
        .context("npm cannot be started: the page is measured with Node and Chromium")?;
    if !output.status.success() {
        bail!("the browser failed: {}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(serde_json::from_str(&std::fs::read_to_string(figures)?)?)
}
