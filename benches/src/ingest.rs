//! Durable ingest: 1 KiB of JSON, 100 forwarders defined, one of them matching, 64 connections.

use std::fmt::Write;

use anyhow::Result;
use serde_json::json;

use crate::hub::{Engine, Hub, INBOX};
use crate::load::{median, milliseconds, post_all, start_role};
use crate::report::{Report, rounded};

const CONNECTIONS: usize = 64;
/// Posts of one round, and rounds; each round measures all servers one after the other.
const POSTS: u64 = 30_000;
const ROUNDS: usize = 5;
/// Posts that warm a server up.
const WARM_UP: u64 = 3_000;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_string_lossy().into_owned();
    let (_noop, noop) = start_role(&["serve-noop"])?;
    let (_bare, bare) = start_role(&["serve-sqlite", &path])?;
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let destination = format!("http://{receiver}/to/all");
    let paused = Hub::start(Engine::Sqlite, &project(&destination, true)?).await?;
    let delivering = Hub::start(Engine::Sqlite, &project(&destination, false)?).await?;
    let postgres = Hub::start(Engine::Postgres, &project(&destination, true)?).await?;
    let servers = [
        ("noop", noop),
        ("bare_sqlite", bare),
        ("fieldpost", paused.address),
        ("fieldpost_delivering", delivering.address),
        ("fieldpost_postgres", postgres.address),
    ];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
    let mut p99s: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
    for (_, address) in servers {
        post_all(address, INBOX, CONNECTIONS, WARM_UP).await?;
    }
    for _ in 0..ROUNDS {
        for ((rates, p99s), (name, address)) in rates.iter_mut().zip(&mut p99s).zip(servers) {
            let run = post_all(address, INBOX, CONNECTIONS, POSTS).await?;
            rates.push(run.per_second);
            p99s.push(milliseconds(run.p99));
            Report::tell(
                "ingest-round",
                &json!({"server": name, "per_second": run.per_second.round(),
                        "p50_ms": milliseconds(run.p50), "p99_ms": milliseconds(run.p99)}),
            )?;
            if name == "fieldpost_delivering" {
                delivering.drained().await?;
            }
        }
    }
    let ratio = |ours: usize, ceiling: usize| {
        let pairs =
            rates.get(ours).into_iter().flatten().zip(rates.get(ceiling).into_iter().flatten());
        median(pairs.map(|(ours, ceiling)| ours / ceiling).collect())
    };
    let p99 = |server: usize| median(p99s.get(server).cloned().unwrap_or_default());
    Report::tell(
        "ingest",
        &json!({
            "to_bare_sqlite": rounded(ratio(2, 1)), "to_noop": rounded(ratio(2, 0)),
            "bare_sqlite_to_noop": rounded(ratio(1, 0)),
            "delivering_to_bare_sqlite": rounded(ratio(3, 1)),
            "postgres_to_bare_sqlite": rounded(ratio(4, 1)),
            "p99_ms": p99(2), "bare_sqlite_p99_ms": p99(1), "postgres_p99_ms": p99(4),
        }),
    )?;
    report.at_least(
        "ingest: ratio to a bare axum handler with SQLite group commit",
        ratio(2, 1),
        0.6,
    )
}

/// 100 forwarders on one path, one of which wants what is posted.
fn project(destination: &str, paused: bool) -> Result<String> {
    let mut project = format!(
        "connections:\n  there: {{ url: \"{destination}\", concurrency: 64 }}\nforwarders:\n\
         \x20 wanted: {{ on: message, to: there, paused: {paused}, match: {{ form: births }} }}\n"
    );
    for number in 1..100 {
        writeln!(
            project,
            "  other{number}: {{ on: message, to: there, match: {{ form: form{number} }} }}"
        )?;
    }
    Ok(project)
}
