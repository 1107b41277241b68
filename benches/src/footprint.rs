//! Start to ready, and resident memory: idle, and with 100,000 deliveries waiting.

use anyhow::Result;
use serde_json::json;

use crate::hub::{Engine, Hub, INBOX};
use crate::load::{milliseconds, post_all};
use crate::report::{Report, rounded};

const WAITING: u64 = 100_000;
const CONNECTIONS: usize = 64;
/// A destination that nobody answers for, so that what is posted waits.
const DEAD: &str = "connections:\n  there: { url: \"http://127.0.0.1:9/\", timeout: 1s }\n\
                    forwarders:\n  all: { on: message, to: there }\n";

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    // The first start makes and migrates the database; the second is what an operator waits for.
    let hub = Hub::start(Engine::Sqlite, DEAD).await?;
    let first = hub.started_in;
    let hub = hub.restart().await?;
    let second = hub.started_in;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let idle = hub.resident_megabytes()?;
    post_all(hub.address, INBOX, CONNECTIONS, WAITING).await?;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let loaded = hub.resident_megabytes()?;
    let waiting = hub.waiting().await?;
    let hub = hub.restart().await?;
    let with_backlog = hub.started_in;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let restarted = hub.resident_megabytes()?;
    Report::tell(
        "footprint",
        &json!({
            "first_start_ms": milliseconds(first), "start_ms": milliseconds(second),
            "start_with_backlog_ms": milliseconds(with_backlog), "idle_mb": rounded(idle),
            "waiting": waiting, "after_load_mb": rounded(loaded),
            "restarted_with_backlog_mb": rounded(restarted),
        }),
    )?;
    report.at_most("footprint: start to ready, ms", milliseconds(second), 200.0)?;
    report.at_most("footprint: resident when idle, MB", idle, 50.0)?;
    report.at_most("footprint: more with 100,000 waiting, MB", loaded - idle, 50.0)
}
