//! Receive → kept → delivered → recorded, against a client that only posts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::hub::{Engine, Hub, INBOX, plain_client};
use crate::load::{body, median, post_all, quantile, start_role};
use crate::receiver::ask;
use crate::report::{Report, rounded};

const IN_FLIGHT: usize = 64;
const MESSAGES: u64 = 20_000;
const ROUNDS: usize = 3;
/// Messages that warm the hub and the receiver up.
const WARM_UP: u64 = 2_000;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    for engine in Engine::ALL {
        let measured = measure(engine).await?;
        Report::tell(
            "delivery",
            &json!({
                "engine": engine.name(), "per_second": measured.per_second.round(),
                "bare_client_per_second": measured.bare.round(),
                "ratio": rounded(measured.ratio), "receipt_to_arrival_p50_ms": measured.p50_ms,
                "receipt_to_arrival_p99_ms": measured.p99_ms,
            }),
        )?;
        if engine == Engine::Sqlite {
            report.at_least("delivery: ratio to a bare client", measured.ratio, 0.15)?;
        }
    }
    Ok(())
}

struct Measured {
    per_second: f64,
    bare: f64,
    ratio: f64,
    p50_ms: f64,
    p99_ms: f64,
}

async fn measure(engine: Engine) -> Result<Measured> {
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let receiver = format!("http://{receiver}");
    let project = format!(
        "connections:\n  there: {{ url: \"{receiver}/to/all\", concurrency: {IN_FLIGHT} }}\n\
         forwarders:\n  all: {{ on: message, to: there }}\n"
    );
    let hub = Hub::start(engine, &project).await?;
    let client = plain_client()?;
    post_all(hub.address, INBOX, IN_FLIGHT, WARM_UP).await?;
    hub.drained().await?;
    bare_client(&client, &receiver, WARM_UP).await?;
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let ceiling = bare_client(&client, &receiver, MESSAGES).await?;
        ask(&client, &receiver).await?;
        let begun = Instant::now();
        post_all(hub.address, INBOX, IN_FLIGHT, MESSAGES).await?;
        let ended = hub.drained().await?;
        let rate = MESSAGES as f64 / ended.duration_since(begun).as_secs_f64();
        for stats in ask(&client, &receiver).await?.into_values() {
            times.extend(stats.times);
        }
        ratios.push(rate / ceiling);
        ours.push(rate);
        bare.push(ceiling);
    }
    times.sort_unstable();
    let in_milliseconds = |share| rounded(quantile(&times, share) as f64 / 1_000.0);
    Ok(Measured {
        per_second: median(ours),
        bare: median(bare),
        ratio: median(ratios),
        p50_ms: in_milliseconds(0.5),
        p99_ms: in_milliseconds(0.99),
    })
}

/// Posts per second of a client that does nothing else.
async fn bare_client(client: &reqwest::Client, receiver: &str, count: u64) -> Result<f64> {
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..IN_FLIGHT {
        let (client, next) = (client.clone(), Arc::clone(&next));
        let url = format!("{receiver}/to/all");
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, anyhow::Error>(());
                }
                let request = client.post(&url).header("content-type", "application/json");
                let answer = request.body(body(number, 0)).send().await?.error_for_status()?;
                answer.bytes().await?;
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}
