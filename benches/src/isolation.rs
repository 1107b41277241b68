//! Destinations in trouble among a hundred: what they cost those that are well.
//!
//! Messages are offered at a fixed rate, whatever becomes of them: what a hundred destinations take
//! evenly. In one run of each pair all are well; in the other, one never answers, five take two
//! seconds for each call, and five refuse everything. The same 89 are well in both, and only theirs
//! is looked at.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior};

use crate::hub::{Engine, Hub, INBOX, plain_client};
use crate::load::{Sender, body_sent_at, median, post_all, quantile, start_role};
use crate::receiver::{ask, now_micros};
use crate::report::{Report, rounded};

const DESTINATIONS: usize = 100;
/// The first so many destinations hang in a run with trouble, the next so many are slow, and the
/// next so many fail.
const HANGING: usize = 1;
const SLOW: usize = 5;
const FAILING: usize = 5;
const IN_TROUBLE: usize = HANGING + SLOW + FAILING;
/// Calls that one destination may hold.
const CAP: u32 = 8;
const PAIRS: usize = 5;
/// Messages of each run: those for the destinations that are well are more than 20,000.
const MESSAGES: f64 = 24_000.0;
/// The share of the measured capacity that is offered.
const OFFERED: f64 = 0.4;
/// Posts by which the capacity is measured.
const CAPACITY_POSTS: u64 = 20_000;
/// Connections that the offered posts are spread over: so many that none has to hurry.
const CONNECTIONS: usize = 64;
/// How long what was offered may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let capacity = capacity().await?;
    let rate = capacity * OFFERED;
    let (mut p50s, mut p99s) = (Vec::new(), Vec::new());
    let (mut most_held, mut least_arrived) = (0, usize::MAX);
    for pair in 0..PAIRS {
        // Whatever changes with time is on either side alike.
        let (well, trouble) = if pair % 2 == 0 {
            let well = offer(rate, false).await?;
            (well, offer(rate, true).await?)
        } else {
            let trouble = offer(rate, true).await?;
            (offer(rate, false).await?, trouble)
        };
        p50s.push(trouble.p50 / well.p50);
        p99s.push(trouble.p99 / well.p99);
        most_held = most_held.max(trouble.most_held);
        least_arrived = least_arrived.min(well.arrived).min(trouble.arrived);
        Report::tell(
            "isolation-pair",
            &json!({"p50_us": [well.p50, trouble.p50], "p99_us": [well.p99, trouble.p99],
                    "p50_ratio": rounded(trouble.p50 / well.p50),
                    "p99_ratio": rounded(trouble.p99 / well.p99),
                    "held": trouble.most_held, "arrived": [well.arrived, trouble.arrived]}),
        )?;
    }
    let (p50, p99) = (median(p50s), median(p99s));
    Report::tell(
        "isolation",
        &json!({"capacity_per_second": capacity.round(), "offered_per_second": rate.round(),
                "p50_ratio": rounded(p50), "p99_ratio": rounded(p99)}),
    )?;
    report.at_least("isolation: deliveries in each run", least_arrived as f64, 20_000.0)?;
    report.at_most("isolation: the others' p99, eleven in trouble", p99, 1.3)?;
    report.at_most("isolation: the others' p50, eleven in trouble", p50, 1.1)?;
    report.at_most("isolation: calls held by the hanging one", most_held as f64, f64::from(CAP))
}

/// Messages per second that go all the way, as fast as they can.
async fn capacity() -> Result<f64> {
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let hub = Hub::start(Engine::Sqlite, &project(receiver, false)?).await?;
    post_all(hub.address, INBOX, CONNECTIONS, CAPACITY_POSTS / 5).await?;
    hub.drained().await?;
    let begun = std::time::Instant::now();
    post_all(hub.address, INBOX, CONNECTIONS, CAPACITY_POSTS).await?;
    let ended = hub.drained().await?;
    Ok(CAPACITY_POSTS as f64 / ended.duration_since(begun).as_secs_f64())
}

/// What the destinations saw that are well in every run.
struct Offered {
    p50: f64,
    p99: f64,
    most_held: u64,
    arrived: usize,
}

/// Offers messages at a fixed rate, and waits until what was for the destinations that are well has
/// arrived.
async fn offer(rate: f64, trouble: bool) -> Result<Offered> {
    let (_receiver, receiver) = start_role(&["serve-receiver"])?;
    let hub = Hub::start(Engine::Sqlite, &project(receiver, trouble)?).await?;
    let mut seen = Seen::at(receiver)?;
    // Warm up, then forget.
    let sent = post_at_rate(hub.address, rate, Duration::from_secs(1)).await?;
    seen.wait_for(sent).await?;
    seen.times.clear();
    let sent = post_at_rate(hub.address, rate, Duration::from_secs_f64(MESSAGES / rate)).await?;
    seen.wait_for(sent).await?;
    let Seen { mut times, most_held, .. } = seen;
    times.sort_unstable();
    Ok(Offered {
        p50: quantile(&times, 0.5) as f64,
        p99: quantile(&times, 0.99) as f64,
        most_held,
        arrived: times.len(),
    })
}

/// What the receiver has seen so far.
struct Seen {
    client: reqwest::Client,
    url: String,
    /// How long each message was under way to a destination that is well, in microseconds.
    times: Vec<u64>,
    most_held: u64,
}

impl Seen {
    fn at(receiver: SocketAddr) -> Result<Self> {
        let (client, url) = (plain_client()?, format!("http://{receiver}"));
        Ok(Self { client, url, times: Vec::new(), most_held: 0 })
    }

    async fn wait_for(&mut self, count: usize) -> Result<()> {
        let begun = Instant::now();
        while self.times.len() < count {
            if begun.elapsed() > PATIENCE {
                bail!("{} of {count} have arrived after {PATIENCE:?}", self.times.len());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            for (name, stats) in ask(&self.client, &self.url).await? {
                self.most_held = self.most_held.max(stats.most_under_way);
                let number = name.trim_start_matches('d').parse::<usize>()?;
                if is_always_well(number) {
                    self.times.extend(stats.times);
                }
            }
        }
        Ok(())
    }
}

fn is_always_well(destination: usize) -> bool {
    destination >= IN_TROUBLE
}

/// Posts for so long; the answer is how many were for destinations that are always well.
async fn post_at_rate(address: SocketAddr, rate: f64, duration: Duration) -> Result<usize> {
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
            let mut for_well = 0;
            loop {
                let due = tick.tick().await;
                if due >= end {
                    return Ok::<_, anyhow::Error>(for_well);
                }
                let sent = schedule.micros_at(due);
                let destination = number % DESTINATIONS;
                let status =
                    sender.post(INBOX, &body_sent_at(number as u64, destination, sent)).await?;
                if status != 200 {
                    bail!("answered with {status}");
                }
                for_well += usize::from(is_always_well(destination));
                // Steps of a number prime to the destinations: every connection meets them all.
                number += 7;
            }
        }));
    }
    let mut for_well = 0;
    for task in tasks {
        for_well += task.await??;
    }
    Ok(for_well)
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

/// How a destination behaves, as the receiver's path says it.
fn kind(destination: usize, trouble: bool) -> &'static str {
    if !trouble || is_always_well(destination) {
        "to"
    } else if destination < HANGING {
        "hang"
    } else if destination < HANGING + SLOW {
        "slow"
    } else {
        "fail"
    }
}

fn project(receiver: SocketAddr, trouble: bool) -> Result<String> {
    let (mut connections, mut forwarders) = (String::new(), String::new());
    for number in 0..DESTINATIONS {
        let kind = kind(number, trouble);
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

    #[test]
    fn one_hangs_five_are_slow_five_fail_and_the_others_are_well() {
        let count = |wanted| (0..DESTINATIONS).filter(|it| kind(*it, true) == wanted).count();
        assert_eq!(["hang", "slow", "fail", "to"].map(count), [1, 5, 5, 89]);
        assert!((0..DESTINATIONS).all(|it| kind(it, false) == "to"));
    }
}
