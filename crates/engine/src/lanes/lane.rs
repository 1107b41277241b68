//! One lane: what it may send, what it holds, and when to look again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use fieldpost_model::connection::Rate;

use super::Ready;
use super::breaker::{Allowance, Breaker};
use super::bucket::Bucket;

/// What a lease lasts beyond the longest calls that it covers.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// The bytes that cost a lane one turn; a larger payload costs more of them.
const BYTES_PER_TURN: u64 = 64 * 1024;
/// The most turns that one payload costs, so that the largest waits for a bounded time.
const MOST_TURNS: u64 = 256;

/// What a connection settles for its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneDefinition {
    /// Calls that may be under way at once.
    pub(crate) concurrency: u32,
    /// The longest that one call may take.
    pub(crate) timeout: Duration,
    /// How often the destination may be called.
    pub(crate) rate: Option<Rate>,
    /// Whether it is called at all.
    pub(crate) paused: bool,
}

/// What the bookkeeping knows of one lane.
#[derive(Debug)]
pub(super) struct LaneState {
    definition: LaneDefinition,
    pub(super) under_way: usize,
    pub(super) ready: VecDeque<Ready>,
    /// When the store is to be asked; `None`: when a hint comes, or at the next poll.
    pub(super) look_at: Option<Instant>,
    /// The lease that was last asked for: the timeout may be another by the time of the answer.
    pub(super) asked_lease: Duration,
    pub(super) breaker: Breaker,
    bucket: Option<Bucket>,
    /// Turns that were saved up for a large payload.
    turns: u64,
}

/// How much room the hub has for further calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HubRoom {
    /// Enough for every lane.
    Ample,
    /// So little that lanes which have a call under way already stand back.
    Scarce,
    /// None before a call is done.
    None,
}

/// Whether a lane can start a call.
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once, and never kept")]
pub(super) enum Start {
    /// Yes: here it is.
    Now(Ready),
    /// Not in this turn: its payload is large, and others may go first.
    LaterTurn,
    /// No.
    No,
}

impl LaneState {
    pub(super) fn new(definition: LaneDefinition, now: Instant) -> Self {
        Self {
            definition,
            under_way: 0,
            ready: VecDeque::new(),
            look_at: Some(now),
            asked_lease: Duration::ZERO,
            breaker: Breaker::default(),
            bucket: definition.rate.map(|rate| Bucket::new(rate, now)),
            turns: 0,
        }
    }

    pub(super) fn define(&mut self, definition: LaneDefinition, now: Instant) {
        if self.definition.paused && !definition.paused {
            self.look_at = Some(now);
        }
        // A bucket outlives changes of anything else: saving a connection must not refill it.
        if self.bucket.map(|bucket| bucket.rate()) != definition.rate {
            self.bucket = definition.rate.map(|rate| Bucket::new(rate, now));
        }
        self.definition = definition;
    }

    /// Its connection is defined no more.
    pub(super) fn retire(&mut self) {
        self.definition.paused = true;
    }

    pub(super) fn is_paused(&self) -> bool {
        self.definition.paused
    }

    /// Calls that may be under way at once, as things stand.
    fn most(&self, now: Instant) -> usize {
        if self.definition.paused {
            return 0;
        }
        match self.breaker.allowance(now) {
            Allowance::All => usize::try_from(self.definition.concurrency).unwrap_or(usize::MAX),
            // Beside what is still under way from before.
            Allowance::Probe => self.under_way + 1,
            Allowance::NoneBefore(_) | Allowance::AwaitProbe => 0,
        }
    }

    /// Calls that may be under way at once, where the hub has so much room.
    fn most_beside_others(&self, hub_room: HubRoom, now: Instant) -> usize {
        match hub_room {
            HubRoom::Ample => self.most(now),
            HubRoom::Scarce => self.most(now).min(1),
            HubRoom::None => 0,
        }
    }

    /// Deliveries that may be held in all, for all that the rate says: those under way and as many
    /// behind them.
    fn width(&self, now: Instant) -> usize {
        let most = self.most(now);
        if self.breaker.allowance(now) == Allowance::All { 2 * most } else { most }
    }

    /// Deliveries that may be held in all. Behind those under way there are no more than the rate
    /// lets go before their leases end: what is claimed too early is given back when its turn
    /// comes, and a lane that is called less often than a lease lasts would never send anything.
    fn window(&self, now: Instant) -> usize {
        let width = self.width(now);
        self.bucket.as_ref().map_or(width, |bucket| {
            let calls = bucket.calls_within(self.definition.timeout, now);
            width.min(self.under_way.saturating_add(calls))
        })
    }

    fn room(&self, now: Instant) -> usize {
        self.window(now).saturating_sub(self.under_way + self.ready.len())
    }

    /// Whether the store is worth asking. Asking for one delivery at a time would cost a
    /// transaction each: a lane that has calls to start waits until half of its window is free.
    fn wants_more(&self, now: Instant) -> bool {
        let room = self.room(now);
        room > 0 && (self.ready.is_empty() || room >= self.window(now).div_ceil(2))
    }

    /// How many to ask the store for, if it is to be asked now.
    pub(super) fn demand(&self, now: Instant) -> Option<usize> {
        let is_due = self.look_at.is_some_and(|at| at <= now);
        (is_due && self.wants_more(now)).then(|| self.room(now))
    }

    /// A delivery may wait for a whole call before its own begins.
    pub(super) fn lease(&self) -> Duration {
        2 * self.definition.timeout + LEASE_MARGIN
    }

    /// When the store wants to be asked, as far as that is a matter of time alone.
    fn ask_at(&self, now: Instant) -> Option<Instant> {
        let at = self.look_at?;
        if self.wants_more(now) {
            return Some(at);
        }
        let bucket = self.bucket.as_ref()?;
        let is_held_by_rate = self.ready.is_empty() && self.under_way < self.width(now);
        let claimable = bucket.ready_at(now).checked_sub(self.definition.timeout).unwrap_or(now);
        is_held_by_rate.then(|| at.max(claimable))
    }

    /// When this lane wants to be looked at by itself: to ask the store, to start what it holds,
    /// or because its breaker lets a probe through.
    pub(super) fn next_look(&self, hub_room: HubRoom, now: Instant) -> Option<Instant> {
        if self.definition.paused {
            return None;
        }
        match self.breaker.allowance(now) {
            Allowance::NoneBefore(until) => return Some(until),
            Allowance::AwaitProbe => return None,
            Allowance::All | Allowance::Probe => {}
        }
        // Where it is not the rate that holds back what is ready, the end of a call lets it go.
        let may_start = self.under_way < self.most_beside_others(hub_room, now);
        let start = self
            .bucket
            .as_ref()
            .filter(|_| !self.ready.is_empty() && may_start)
            .map(|bucket| bucket.ready_at(now));
        [self.ask_at(now), start].into_iter().flatten().min()
    }

    /// Starts the next call, if it is its turn.
    pub(super) fn start(&mut self, hub_room: HubRoom, now: Instant) -> Start {
        let most = self.most_beside_others(hub_room, now);
        let Some(ready) = self.ready.front().filter(|_| self.under_way < most) else {
            self.turns = 0;
            return Start::No;
        };
        let cost = (ready.claimed.content.bytes / BYTES_PER_TURN).min(MOST_TURNS);
        if self.turns < cost {
            self.turns += 1;
            return Start::LaterTurn;
        }
        if self.bucket.as_mut().is_some_and(|bucket| !bucket.take(now)) {
            return Start::No;
        }
        self.turns = 0;
        match self.ready.pop_front() {
            Some(mut ready) => {
                self.under_way += 1;
                ready.is_probe = self.breaker.started();
                Start::Now(ready)
            }
            None => Start::No,
        }
    }

    /// What is held ready and cannot be sent soon: it goes back to the store, where it is in
    /// nobody's way and no lease runs out.
    pub(super) fn give_up_unsendable(&mut self, now: Instant) -> impl Iterator<Item = Ready> + '_ {
        let keep = match self.breaker.allowance(now) {
            _ if self.definition.paused => 0,
            Allowance::All => self.ready.len(),
            Allowance::Probe => 1,
            Allowance::NoneBefore(_) | Allowance::AwaitProbe => 0,
        };
        self.ready.drain(keep.min(self.ready.len())..)
    }
}
