//! One hanging destination among twenty: what it costs the others.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior};

use crate::hub::{Engine, Hub, INBOX, plain_client};
use crate::load::{Sender, body_sent_at, median, post_all, quantile, start_role};
use crate::receiver::{ask, now_micros};
use crate::report::{Report, rounded};

const DESTINATIONS: usize = 20;
/// Calls that the hanging destination may hold.
const CAP: u32 = 8;
const PAIRS: usize = 5;
const SECONDS: u64 = 6;
/// The share of the measured capacity that is offered.
const OFFERED: f64 = 0.3;
/// Posts by which the capacity is measured.
const CAPACITY_POSTS: u64 = 10_000;
/// Connections that the offered posts are spread over.
const CONNECTIONS: usize = 8;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let rate = capacity().await? * OFFERED;
    let (mut p50s, mut p99s) = (Vec::new(), Vec::new());
    let mut most_held = 0;
    for _ in 0..PAIRS {
        let healthy = offer(rate, false).await?;
        let hanging = offer(rate, true).await?;
        p50s.push(hanging.p50 / healthy.p50);
        p99s.push(hanging.p99 / healthy.p99);
        most_held = most_held.max(hanging.most_held);
        Report::tell(
            "isolation-pair",
            &json!({"offered_per_second": rate.round(), "healthy_p50_us": healthy.p50,
                    "hanging_p50_us": hanging.p50, "healthy_p99_us": healthy.p99,
                    "hanging_p99_us": hanging.p99, "held": hanging.most_held,
                    "arrived": [healthy.arrived, hanging.arrived]}),
        )?;
    }
    let (p50, p99) = (median(p50s), median(p99s));
    Report::tell("isolation", &json!({"p50_ratio": rounded(p50), "p99_ratio": rounded(p99)}))?;
    report.at_most("isolation: the others' p99, one hanging", p99, 1.3)?;
    report.at_most("isolation: the others' p50, one hanging", p50, 1.1)?;
    report.at_most("isolation: calls held by the hanging one", most_held as f64, f64::from(CAP))
}

/// Messages per second that go all the way, as fast as they can.
async fn capacity() -> Result<f64> {
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let hub = Hub::start(Engine::Sqlite, &project(receiver, false)?).await?;
    post_all(hub.address, INBOX, CONNECTIONS * 4, CAPACITY_POSTS / 5).await?;
    hub.drained().await?;
    let begun = std::time::Instant::now();
    post_all(hub.address, INBOX, CONNECTIONS * 4, CAPACITY_POSTS).await?;
    let ended = hub.drained().await?;
    Ok(CAPACITY_POSTS as f64 / ended.duration_since(begun).as_secs_f64())
}

struct Offered {
    p50: f64,
    p99: f64,
    most_held: u64,
    arrived: usize,
}

/// Offers messages at a fixed rate, whatever becomes of them, and asks the receiver.
async fn offer(rate: f64, hanging: bool) -> Result<Offered> {
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let hub = Hub::start(Engine::Sqlite, &project(receiver, hanging)?).await?;
    let client = plain_client()?;
    // Warm up, then forget.
    post_at_rate(hub.address, rate, Duration::from_secs(1)).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let receiver = format!("http://{receiver}");
    ask(&client, &receiver).await?;
    post_at_rate(hub.address, rate, Duration::from_secs(SECONDS)).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = ask(&client, &receiver).await?;
    let most_held = seen.get("d0").map_or(0, |stats| stats.most_under_way);
    let others = seen.into_iter().filter(|(name, _)| name != "d0");
    let mut times: Vec<u64> = others.flat_map(|(_, stats)| stats.times).collect();
    times.sort_unstable();
    Ok(Offered {
        p50: quantile(&times, 0.5) as f64,
        p99: quantile(&times, 0.99) as f64,
        most_held,
        arrived: times.len(),
    })
}

async fn post_at_rate(address: SocketAddr, rate: f64, duration: Duration) -> Result<()> {
    let each = Duration::from_secs_f64(CONNECTIONS as f64 / rate);
    let mut tasks = Vec::new();
    for connection in 0..CONNECTIONS {
        tasks.push(tokio::spawn(async move {
            let mut sender = Sender::connect(address).await?;
            tokio::time::sleep(each.mul_f64(connection as f64 / CONNECTIONS as f64)).await;
            let mut tick = tokio::time::interval(each);
            tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let schedule = Schedule::from_now();
            let end = schedule.begun + duration;
            let mut number = connection;
            loop {
                let due = tick.tick().await;
                if due >= end {
                    break;
                }
                let sent = schedule.micros_at(due);
                let body = body_sent_at(number as u64, number % DESTINATIONS, sent);
                sender.post(INBOX, &body).await?;
                // Steps of a number prime to the destinations: every connection meets them all.
                number += 7;
            }
            Ok::<_, anyhow::Error>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Tells the times at which bodies should have been sent. A sender that waits for a slow answer
/// sends its next bodies late; counted from the moment of their sending, the wait would be in
/// nobody's time.
struct Schedule {
    begun: Instant,
    begun_micros: u64,
}

impl Schedule {
    fn from_now() -> Self {
        Self { begun: Instant::now(), begun_micros: now_micros() }
    }

    /// The moment in microseconds since 1970; what was due before the beginning was due then.
    fn micros_at(&self, due: Instant) -> u64 {
        let since = due.saturating_duration_since(self.begun).as_micros();
        self.begun_micros.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}

fn project(receiver: SocketAddr, hanging: bool) -> Result<String> {
    let (mut connections, mut forwarders) = (String::new(), String::new());
    for number in 0..DESTINATIONS {
        let kind = if hanging && number == 0 { "hang" } else { "to" };
        writeln!(
            connections,
            "  d{number}: {{ url: \"http://{receiver}/{kind}/d{number}\", concurrency: {CAP} }}"
        )?;
        writeln!(
            forwarders,
            "  f{number}: {{ on: message, to: d{number}, match: {{ destination: d{number} }} }}"
        )?;
    }
    Ok(format!("connections:\n{connections}forwarders:\n{forwarders}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_body_counts_from_when_it_was_due() {
        let schedule = Schedule { begun: Instant::now(), begun_micros: 1_000_000 };
        let due = schedule.begun + Duration::from_millis(5);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(schedule.micros_at(due), 1_005_000);
        let body = body_sent_at(1, 2, schedule.micros_at(due));
        assert!(body.starts_with(r#"{"number":1,"sent":1005000,"destination":"d2","#), "{body}");
    }
}
