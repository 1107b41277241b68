//! Runs in the hub: how soon a message has set off a request, and how many runs it makes durable.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::hub::{Engine, Hub, INBOX, PROJECT, TOKEN, plain_client};
use crate::load::{post_all, quantile, start_role};
use crate::receiver::ask;
use crate::report::{Report, rounded};

const IN_FLIGHT: usize = 64;
/// Messages whose way to the destination is timed, one after the other.
const TIMED: u64 = 1_000;
/// Messages that make a run each.
const MESSAGES: u64 = 20_000;
const WARM_UP: u64 = 300;
const PATIENCE: Duration = Duration::from_mins(5);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    for engine in Engine::ALL {
        let (p50_ms, p99_ms) = to_a_request(engine).await?;
        let (runs, ingest) = durable(engine).await?;
        Report::tell(
            "runs",
            &json!({
                "engine": engine.name(), "message_to_request_p50_ms": p50_ms,
                "message_to_request_p99_ms": p99_ms, "runs_per_second": runs.round(),
                "ingest_per_second": ingest.round(), "to_ingest": rounded(runs / ingest),
            }),
        )?;
        if engine == Engine::Sqlite {
            report.at_most("runs: message to request, median, ms", p50_ms, 10.0)?;
            report.at_least("runs: durable runs to ingest", runs / ingest, 0.1)?;
        }
    }
    Ok(())
}

/// From the sending of a message to the arrival of what a job makes of it.
async fn to_a_request(engine: Engine) -> Result<(f64, f64)> {
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let receiver = format!("http://{receiver}");
    let project = format!(
        "connections:\n  there: {{ url: \"{receiver}\" }}\nworkflows:\n  load:\n    trigger: {{ source: in }}\n\
         \x20   steps:\n      send: {{ adaptor: http, connection: there, job: \"post('/to/all', $.data)\" }}\n"
    );
    let hub = Hub::start(engine, &project).await?;
    let client = plain_client()?;
    post_all(hub.address, INBOX, 1, WARM_UP).await?;
    runs_ended(&hub).await?;
    ask(&client, &receiver).await?;
    post_all(hub.address, INBOX, 1, TIMED).await?;
    runs_ended(&hub).await?;
    let mut times = ask(&client, &receiver).await?.remove("all").context("nothing arrived")?.times;
    if times.len() as u64 != TIMED {
        bail!("{} of {TIMED} arrived", times.len());
    }
    times.sort_unstable();
    let in_milliseconds = |share| rounded(quantile(&times, share) as f64 / 1_000.0);
    Ok((in_milliseconds(0.5), in_milliseconds(0.99)))
}

/// Runs that are durable from the message to their end, and messages that only are: of each, how many a
/// second.
async fn durable(engine: Engine) -> Result<(f64, f64)> {
    let plain = Hub::start(engine, "").await?;
    post_all(plain.address, INBOX, IN_FLIGHT, WARM_UP).await?;
    let ingest = post_all(plain.address, INBOX, IN_FLIGHT, MESSAGES).await?.per_second;
    drop(plain);
    let project = "workflows:\n  load:\n    trigger: { source: in }\n    steps:\n\
                   \x20     count: { adaptor: common, job: \"fn(state => ({ ...state, data: { x: state.data.number + 1 } }))\" }\n";
    let hub = Hub::start(engine, project).await?;
    post_all(hub.address, INBOX, IN_FLIGHT, WARM_UP).await?;
    runs_ended(&hub).await?;
    let begun = Instant::now();
    post_all(hub.address, INBOX, IN_FLIGHT, MESSAGES).await?;
    let ended = runs_ended(&hub).await?;
    Ok((MESSAGES as f64 / ended.duration_since(begun).as_secs_f64(), ingest))
}

/// Waits until no run waits or goes on; the answer is when that was seen. A run that did not end well is a
/// fault of the benchmark.
async fn runs_ended(hub: &Hub) -> Result<Instant> {
    let begun = Instant::now();
    while any_run(hub, "available,claimed,started").await? {
        if begun.elapsed() > PATIENCE {
            bail!("runs still go on after {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ended = Instant::now();
    if any_run(hub, "failed,crashed,killed,exception,lost").await? {
        bail!("runs have failed");
    }
    Ok(ended)
}

async fn any_run(hub: &Hub, states: &str) -> Result<bool> {
    let url =
        format!("http://{}/api/v1/projects/{PROJECT}/runs?limit=1&state={states}", hub.address);
    let answer = plain_client()?.get(url).bearer_auth(TOKEN).send().await?.error_for_status()?;
    let list: Value = serde_json::from_str(&answer.text().await?)?;
    Ok(!list.get("items").and_then(Value::as_array).context("no list of runs")?.is_empty())
}
