//! Tallies: counting what comes in and goes out, for charts and overviews.
//!
//! A count is one addition to a number that the routing table already points at: nobody looks
//! anything up under a lock, and nobody waits. A loop takes what was counted every other second and
//! adds it to the store; what the store cannot take now is put back. So a hub that is killed loses
//! the counts of the last two seconds, and nothing else: charts, not messages.
//!
//! What was counted is added to the minute in which it is written, which is at most that much later
//! than it happened.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::tally::{TallyKind, TallyNoun, TallySpan};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{NewDelivery, NewTally, Outcome, StoreError, Verdict};

use crate::flow::ReceiptOutcome;
use crate::hub::Hub;
use crate::lifecycle::OWN_SOURCE;
use crate::routing::ProjectRouting;

/// How long the counts of minutes are kept.
pub(crate) const KEEP_MINUTES: Duration = Duration::from_hours(3 * 24);
/// How long the counts of hours are kept.
pub(crate) const KEEP_HOURS: Duration = Duration::from_hours(420 * 24);
/// How often old counts are swept out.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// How often one thing happened since that was last written, and when it did last.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    count: AtomicU64,
    last_at: AtomicI64,
}

impl Counter {
    fn add(&self, now: Timestamp) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.last_at.fetch_max(now.0, Ordering::Relaxed);
    }
}

/// What a counter counts: project, noun, kind and name.
type Key = (ProjectName, TallyNoun, TallyKind, String);

/// The counters of this hub. There are as many as its projects define things, and those of what is
/// defined no more go once they are written.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    counters: Mutex<HashMap<Key, Arc<Counter>>>,
}

impl Tallies {
    fn counters(&self) -> MutexGuard<'_, HashMap<Key, Arc<Counter>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was counted since the last time.
    fn take(&self) -> Vec<(Arc<Counter>, NewTally)> {
        let mut taken = Vec::new();
        self.counters().retain(|(project, noun, kind, name), counter| {
            let count = counter.count.swap(0, Ordering::Relaxed);
            if count > 0 {
                let last_at = Timestamp(counter.last_at.load(Ordering::Relaxed));
                let (project, name) = (project.clone(), name.clone());
                let tally = NewTally { project, noun: *noun, kind: *kind, name, count, last_at };
                taken.push((Arc::clone(counter), tally));
            }
            count > 0 || Arc::strong_count(counter) > 1
        });
        taken
    }
}

/// The counters of one project, as its routing table points at them.
#[derive(Debug)]
pub(crate) struct ProjectTallies {
    /// In the order of the definition.
    sources: Vec<SourceTallies>,
    /// Of what is filled in here.
    own: SourceTallies,
    /// In the order of the definition.
    forwarders: Vec<ForwarderTallies>,
    connections: HashMap<String, DeliveryTallies>,
}

#[derive(Debug)]
struct SourceTallies {
    received: Arc<Counter>,
    quarantined: Arc<Counter>,
    duplicate: Arc<Counter>,
}

#[derive(Debug)]
struct ForwarderTallies {
    matched: Arc<Counter>,
    deliveries: DeliveryTallies,
}

#[derive(Debug)]
struct DeliveryTallies {
    delivered: Arc<Counter>,
    failed_try: Arc<Counter>,
    given_up: Arc<Counter>,
}

impl DeliveryTallies {
    fn count(&self, verdict: &Verdict, now: Timestamp) {
        if *verdict == Verdict::Final(DeliveryState::Succeeded) {
            self.delivered.add(now);
            return;
        }
        self.failed_try.add(now);
        if let Verdict::Final(_) = verdict {
            self.given_up.add(now);
        }
    }
}

impl ProjectTallies {
    /// The counters of what a project defines; those that are there already go on.
    pub(crate) fn new(
        tallies: &Tallies,
        project: &ProjectName,
        definition: &ProjectDefinition,
    ) -> Self {
        let mut counters = tallies.counters();
        let mut counter = |noun: TallyNoun, kind: TallyKind, name: &str| {
            Arc::clone(counters.entry((project.clone(), noun, kind, name.to_owned())).or_default())
        };
        let mut of_deliveries = |noun, name: &str| DeliveryTallies {
            delivered: counter(noun, TallyKind::Delivered, name),
            failed_try: counter(noun, TallyKind::FailedTry, name),
            given_up: counter(noun, TallyKind::GivenUp, name),
        };
        let connections = definition.connections.iter().map(|connection| {
            let tallies = of_deliveries(TallyNoun::Connection, &connection.name);
            (connection.name.clone(), tallies)
        });
        let connections = connections.collect();
        let forwarded: Vec<DeliveryTallies> = definition
            .forwarders
            .iter()
            .map(|forwarder| of_deliveries(TallyNoun::Forwarder, &forwarder.name))
            .collect();
        let forwarders = definition.forwarders.iter().zip(forwarded);
        let forwarders = forwarders.map(|(forwarder, deliveries)| ForwarderTallies {
            matched: counter(TallyNoun::Forwarder, TallyKind::Matched, &forwarder.name),
            deliveries,
        });
        let forwarders = forwarders.collect();
        let mut of_source = |name: &str| SourceTallies {
            received: counter(TallyNoun::Source, TallyKind::Received, name),
            quarantined: counter(TallyNoun::Source, TallyKind::Quarantined, name),
            duplicate: counter(TallyNoun::Source, TallyKind::Duplicate, name),
        };
        let sources = definition.sources.iter().map(|source| of_source(&source.name)).collect();
        let own = of_source(OWN_SOURCE);
        Self { sources, own, forwarders, connections }
    }
}

impl ProjectRouting {
    /// The forwarders that ordered these deliveries, by their place in the definition.
    pub(crate) fn forwarders_of(&self, deliveries: &[NewDelivery]) -> Vec<usize> {
        deliveries.iter().filter_map(|delivery| self.forwarder_place(&delivery.forwarder)).collect()
    }

    /// Counts a message that came in, and the forwarders that wanted it.
    pub(crate) fn tally_received(
        &self,
        source: &str,
        outcome: &ReceiptOutcome,
        forwarders: &[usize],
        now: Timestamp,
    ) {
        let place = self.definition.sources.iter().position(|one| one.name == source);
        let own = (source == OWN_SOURCE).then_some(&self.tallies.own);
        let defined = place.and_then(|place| self.tallies.sources.get(place));
        let Some(tallies) = defined.or(own) else {
            return;
        };
        tallies.received.add(now);
        match outcome {
            ReceiptOutcome::Kept => {
                for place in forwarders {
                    if let Some(forwarder) = self.tallies.forwarders.get(*place) {
                        forwarder.matched.add(now);
                    }
                }
            }
            ReceiptOutcome::Duplicate { .. } => tallies.duplicate.add(now),
            ReceiptOutcome::Quarantined { .. } => tallies.quarantined.add(now),
        }
    }

    /// Counts an attempt that was recorded.
    pub(crate) fn tally_attempt(&self, outcome: &Outcome, now: Timestamp) {
        if let Some(tallies) = self.tallies.connections.get(&outcome.lane.name) {
            tallies.count(&outcome.verdict, now);
        }
        let place = self.forwarder_place(&outcome.forwarder);
        if let Some(tallies) = place.and_then(|place| self.tallies.forwarders.get(place)) {
            tallies.deliveries.count(&outcome.verdict, now);
        }
    }
}

impl Hub {
    /// Writes what was counted since the last time. What cannot be written is counted again.
    pub(crate) async fn write_tallies(&self) -> Result<(), StoreError> {
        let taken = self.tallies().take();
        if taken.is_empty() {
            return Ok(());
        }
        let (counters, tallies): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let written = self.store().add_tallies(self.now(), &tallies).await;
        if written.is_err() {
            for (counter, tally) in counters.iter().zip(&tallies) {
                counter.count.fetch_add(tally.count, Ordering::Relaxed);
            }
        }
        written
    }

    async fn sweep_tallies(&self) -> Result<(), StoreError> {
        let now = self.now();
        for project in self.routing().projects() {
            for (span, keep) in [(TallySpan::Minute, KEEP_MINUTES), (TallySpan::Hour, KEEP_HOURS)] {
                self.store().sweep_tallies(&project.project, span, now - keep).await?;
            }
        }
        Ok(())
    }
}

/// The loop that writes what was counted. What a stopping hub still counts is written by
/// [`Hub::stop`].
pub(crate) async fn serve(hub: Hub) {
    let mut tick = tokio::time::interval(hub.settings().tally_interval);
    let mut swept_at: Option<Instant> = None;
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = hub.write_tallies().await {
            tracing::debug!(%error, "what was counted could not be written; trying again");
        }
        if swept_at.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            match hub.sweep_tallies().await {
                Ok(()) => swept_at = Some(Instant::now()),
                Err(error) => tracing::debug!(%error, "old counts could not be swept out"),
            }
        }
    }
}
