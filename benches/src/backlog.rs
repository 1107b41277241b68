//! A long queue: what it costs to claim from it, to hold it, to work it off, and to be beside it.
//!
//! The waiting deliveries are rows made in bulk ([`waiting`]). Their destination is
//! a gate: closed, it answers everything with 503; open, it takes all. The rate with no backlog is
//! that of a hub which has just as many deliveries to send as are measured, so that on neither side
//! anybody posts meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use fieldpost_store::{Claimed, Lane, LaneDemand, Release, Store};
use serde_json::json;
use tokio::time::sleep;

use crate::hub::{Engine, Hub, INBOX, PROJECT, Place, plain_client};
use crate::load::{Process, Sender, body, median, start_role};
use crate::receiver::ask;
use crate::report::{Report, rounded};
use crate::waiting;

/// Deliveries that wait.
const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];
/// Calls that the destination takes at once.
const CONCURRENCY: usize = 64;
/// Deliveries of one claim: so few that the shortest queue has enough for all claims.
const CLAIMED: usize = 12;
/// Claims that are timed, and those before them that are not.
const CLAIMS: usize = 75;
const CLAIMS_BEFORE: usize = 5;
/// How long a hub runs before its memory is looked at.
const SETTLING: Duration = Duration::from_secs(5);
/// Pairs of a drain without and one with a backlog.
const PAIRS: usize = 3;
/// Deliveries of a drain that are timed, and those before them that are not.
const DRAINED: usize = 30_000;
const DRAINED_BEFORE: usize = 5_000;
/// Deliveries after those: without a backlog the last few are fewer than could be sent at once.
const DRAINED_AFTER: usize = 1_000;
/// Messages for another destination, one after the other.
const FRESH: u64 = 10;
/// How long the hub may take to notice that a destination has recovered.
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    for engine in Engine::ALL {
        measure(engine, report).await?;
    }
    Ok(())
}

async fn measure(engine: Engine, report: &mut Report) -> Result<()> {
    let name = engine.name();
    let gate = Gate::start()?;
    let mut places = Vec::new();
    for size in SIZES {
        places.push(gate.place_with(engine, size).await?);
    }
    let claims = claim_times(&places).await?;
    let mut memory = Vec::new();
    let mut longest = None;
    for ((size, place), claim) in SIZES.into_iter().zip(places).zip(&claims) {
        let hub = Hub::start_in(place).await?;
        sleep(SETTLING).await;
        let resident = hub.resident_megabytes()?;
        Report::tell(
            "backlog",
            &json!({"engine": name, "waiting": size, "claim_us": (claim * 1e6).round(),
                    "resident_mb": rounded(resident), "start_ms": hub.started_in.as_millis()}),
        )?;
        memory.push(resident);
        longest = Some(hub);
    }
    let ratio = claims.last().unwrap_or(&f64::NAN) / claims.first().unwrap_or(&f64::NAN);
    let bar = format!("backlog: a claim among 1,000,000 to one among 1,000, {name}");
    report.at_most(&bar, ratio, 1.5)?;
    let most = memory.iter().copied().fold(f64::MIN, f64::max);
    let least = memory.iter().copied().fold(f64::MAX, f64::min);
    let bar = format!("backlog: memory between the sizes, MB, {name}");
    report.at_most(&bar, most - least, 30.0)?;
    if let Some(hub) = longest {
        drain(engine, &gate, hub, report).await?;
    }
    Ok(())
}

/// What happens beside a million waiting deliveries, and after their destination has recovered.
async fn drain(engine: Engine, gate: &Gate, mut hub: Hub, report: &mut Report) -> Result<()> {
    let name = engine.name();
    let away = gate.fresh_beside(&hub).await?;
    let (mut ratios, mut slowest) = (Vec::new(), away);
    for _ in 0..PAIRS {
        // The hub with the backlog is down meanwhile.
        let place = hub.stop();
        let without = gate.drain_without_backlog(engine).await?;
        hub = Hub::start_in(place).await?;
        sleep(SETTLING).await;
        gate.set(true).await?;
        let opened = Instant::now();
        let mut watch = gate.watch();
        watch.until(DRAINED_BEFORE).await?;
        let noticed_in = opened.elapsed();
        let (with, fresh) = tokio::join!(watch.rate(), gate.post_fresh(&hub));
        let (with, fresh) = (with?, fresh.and(watch.slowest_fresh().await)?);
        let resident = hub.resident_megabytes()?;
        gate.set(false).await?;
        Report::tell(
            "backlog-drain",
            &json!({"engine": name, "per_second": with.round(), "without_backlog": without.round(),
                    "ratio": rounded(with / without), "fresh_ms": milliseconds(fresh),
                    "noticed_in_ms": noticed_in.as_millis(), "resident_mb": rounded(resident)}),
        )?;
        ratios.push(with / without);
        slowest = slowest.max(fresh);
    }
    let ratio = median(ratios);
    report.at_least(&format!("backlog: drain to that without a backlog, {name}"), ratio, 0.8)?;
    Report::tell("backlog-fresh", &json!({"engine": name, "while_away_ms": milliseconds(away)}))?;
    report.at_most(
        &format!("backlog: fresh ones beside 1,000,000, the slowest, ms, {name}"),
        milliseconds(slowest),
        1_000.0,
    )
}

/// The median time, in seconds, of claims of [`CLAIMED`] deliveries at each place. They take turns,
/// so that what else the machine does, and the moods of its disk, are in all of them.
///
/// Each delivery is claimed once and given back in the end: where rows are written again and again,
/// their pages have room for it, and a short queue would soon be one of such rows alone.
async fn claim_times(places: &[Place]) -> Result<Vec<f64>> {
    let mut queues = Vec::new();
    for (size, place) in SIZES.iter().zip(places) {
        let store = waiting::open(place).await?;
        queues.push(Queue { size: *size, store, times: Vec::new(), claimed: Vec::new() });
    }
    for number in 0..CLAIMS_BEFORE + CLAIMS {
        // Whoever comes first meets another disk than whoever comes last.
        queues.rotate_left(1);
        for queue in &mut queues {
            let took = queue.claim().await?;
            if number >= CLAIMS_BEFORE {
                queue.times.push(took.as_secs_f64());
            }
        }
    }
    queues.sort_by_key(|queue| queue.size);
    let mut medians = Vec::new();
    for Queue { store, times, claimed, .. } in queues {
        store.release(claimed).await?;
        medians.push(median(times));
    }
    Ok(medians)
}

/// A queue that is claimed from.
struct Queue {
    size: u64,
    store: Store,
    times: Vec<f64>,
    /// What is to be given back.
    claimed: Vec<Release>,
}

impl Queue {
    async fn claim(&mut self) -> Result<Duration> {
        let lane = Lane { project: PROJECT.into(), name: "there".to_owned() };
        let demand = LaneDemand { lane, limit: CLAIMED, lease: Duration::from_mins(10) };
        let begun = Instant::now();
        let claims = self.store.claim(vec![demand]).await?;
        let took = begun.elapsed();
        if claims.claimed.len() != CLAIMED {
            bail!("{} deliveries were claimed", claims.claimed.len());
        }
        let release = |Claimed { lane, id, fence, sequence, .. }| Release {
            lane,
            delivery: id,
            fence,
            sequence,
        };
        self.claimed.extend(claims.claimed.into_iter().map(release));
        Ok(took)
    }
}

fn milliseconds(micros: u64) -> f64 {
    rounded(micros as f64 / 1_000.0)
}

/// The destination of the backlog, and of what comes beside it.
struct Gate {
    _process: Process,
    url: String,
    client: reqwest::Client,
}

impl Gate {
    fn start() -> Result<Self> {
        let (process, address) = start_role(&["serve-receiver"])?;
        Ok(Self { _process: process, url: format!("http://{address}"), client: plain_client()? })
    }

    async fn set(&self, open: bool) -> Result<()> {
        let word = if open { "open" } else { "close" };
        self.client.post(format!("{}/{word}", self.url)).send().await?.error_for_status()?;
        Ok(())
    }

    /// The state of a hub with so many deliveries that wait for the gate.
    async fn place_with(&self, engine: Engine, waiting: u64) -> Result<Place> {
        let url = &self.url;
        let project = format!(
            "connections:\n  there: {{ url: \"{url}/gate/there\", concurrency: {CONCURRENCY} }}\n  \
             other: {{ url: \"{url}/to/other\" }}\n\
             forwarders:\n  all: {{ on: message, to: there, match: {{ destination: d0 }} }}\n  \
             fresh: {{ on: message, to: other, match: {{ destination: d1 }} }}\n"
        );
        let place = Hub::start(engine, &project).await?.stop();
        waiting::load(&place, "there", "all", waiting).await?;
        Ok(place)
    }

    async fn drain_without_backlog(&self, engine: Engine) -> Result<f64> {
        // Those that are seen at once beyond what was waited for are not to be missing at the end.
        let all = (DRAINED_BEFORE + DRAINED + DRAINED_AFTER) as u64;
        let place = self.place_with(engine, all).await?;
        self.set(true).await?;
        let mut watch = self.watch();
        ask(&self.client, &self.url).await?;
        let _hub = Hub::start_in(place).await?;
        watch.until(DRAINED_BEFORE).await?;
        let rate = watch.rate().await?;
        self.set(false).await?;
        Ok(rate)
    }

    /// How long the slowest of a few messages takes to another destination, in microseconds.
    async fn fresh_beside(&self, hub: &Hub) -> Result<u64> {
        let mut watch = self.watch();
        self.post_fresh(hub).await?;
        watch.slowest_fresh().await
    }

    async fn post_fresh(&self, hub: &Hub) -> Result<()> {
        let mut sender = Sender::connect(hub.address).await?;
        for number in 0..FRESH {
            let status = sender.post(INBOX, &body(number, 1)).await?;
            if status != 200 {
                bail!("answered with {status}");
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn watch(&self) -> Watch<'_> {
        Watch { gate: self, begun: Instant::now(), passed: 0, fresh: Vec::new() }
    }
}

/// Counts what arrives.
struct Watch<'g> {
    gate: &'g Gate,
    begun: Instant,
    /// How many have passed the gate.
    passed: usize,
    /// How long messages to the other destination were under way, in microseconds.
    fresh: Vec<u64>,
}

impl Watch<'_> {
    async fn look(&mut self) -> Result<()> {
        if self.begun.elapsed() > PATIENCE {
            bail!("after {PATIENCE:?} {} have passed, {} beside", self.passed, self.fresh.len());
        }
        sleep(LOOK_AGAIN).await;
        for (name, stats) in ask(&self.gate.client, &self.gate.url).await? {
            if name == "there" {
                self.passed += stats.times.len();
            } else {
                self.fresh.extend(stats.times);
            }
        }
        Ok(())
    }

    async fn until(&mut self, passed: usize) -> Result<()> {
        while self.passed < passed {
            self.look().await?;
        }
        Ok(())
    }

    /// How many pass in a second, from now on.
    async fn rate(&mut self) -> Result<f64> {
        let (begun, before) = (Instant::now(), self.passed);
        self.until(before + DRAINED).await?;
        Ok((self.passed - before) as f64 / begun.elapsed().as_secs_f64())
    }

    /// Waits for the last of the messages to the other destination.
    async fn slowest_fresh(&mut self) -> Result<u64> {
        while (self.fresh.len() as u64) < FRESH {
            self.look().await?;
        }
        Ok(self.fresh.iter().copied().max().unwrap_or_default())
    }
}
